import { type RefObject, useEffect, useRef, useState } from "react";
import * as server from "../api/server";
import type { Tileset3D } from "../api/shapes";
import { observeGlobe } from "../panels/observe";
import type { AppState } from "../state/app";
import { useApp, useParts } from "../state/context";
import { failed, LOADING, type Remote, ready } from "../state/remote";
import type { Camera } from "../state/view";
import { CesiumMissing, loadCesium } from "./cesium";
import { Globe, type Picked } from "./globe";
import type { Look, Paint } from "./styles";

/** What the page's panel shows and changes. */
export interface GlobeState {
  /** The tilesets of the city that this seat may see; failed with the reason, `missing` without Cesium. */
  tilesets: Remote<readonly Tileset3D[]> | { state: "missing" };
  shown: ReadonlySet<string>;
  show(name: string, on: boolean): void;
  paint: Paint;
  setPaint(paint: Paint): void;
  groundOpacity: number;
  setGroundOpacity(alpha: number): void;
  picked: Picked | null;
  problems: ReadonlyMap<string, string>;
}

/** Take the globe to what the page wants to see: a new goal, else where the address says. */
function place(globe: Globe, state: AppState, asked: boolean): void {
  const { camera } = state.view;
  const { goal } = state;
  if (camera !== null && !asked) globe.lookAt(camera);
  else if (goal?.to === "box") globe.lookAtBox(goal.box);
  else if (goal?.to === "point") {
    const [lon, lat] = goal.position;
    globe.lookAt({ lon, lat, zoom: goal.zoom, pitch: camera?.pitch ?? 45, bearing: camera?.bearing ?? 0 });
  }
}

/** A globe in an element, which follows the state of the page: city, camera, selection, live states. */
export function useGlobe(container: RefObject<HTMLElement | null>): GlobeState {
  const { store, statuses, controller } = useParts();
  const city = useApp((state) => state.view.city);
  const rasters = useApp((state) => (state.tilesets.state === "ready" ? state.rasters : null));
  const [tilesets, setTilesets] = useState<GlobeState["tilesets"]>(LOADING);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [paint, setPaint] = useState<Paint>("status");
  const [groundOpacity, setGroundOpacity] = useState(1);
  const [picked, setPicked] = useState<Picked | null>(null);
  const [problems, setProblems] = useState<ReadonlyMap<string, string>>(new Map());
  const globe = useRef<Globe | null>(null);
  const look = useRef<Look>({ paint: "status", selected: null, statusOf: (id) => statuses.get(id) });

  useEffect(() => {
    const element = container.current;
    if (element === null || city === null || rasters === null) return;
    let made: Globe | null = null;
    let left = false;
    const onProblem = (what: string, message: string) => setProblems((known) => new Map(known).set(what, message));
    const events = {
      onProblem,
      onPicked: (found: Picked | null) => {
        setPicked(found);
        controller.select(found?.assetId ?? null);
      },
      onMoved: (camera: Camera) => store.dispatch({ type: "view/moved", camera }),
      onSettled: () => observeGlobe(made, store.get()),
    };
    async function open(): Promise<void> {
      const [cesium, found] = await Promise.all([loadCesium(), server.tilesets3d(city as number)]);
      if (left || element === null) return;
      made = globe.current = new Globe(cesium, element, look.current, events);
      await Promise.all(
        found.map(({ name, addresses }) => addresses.ellipsoid && made?.load(name, addresses.ellipsoid)),
      );
      if (!left) await made.layGround(rasters ?? [], city as number);
      if (left) return;
      place(made, store.get(), false);
      setTilesets(ready(found));
    }
    setTilesets(LOADING);
    open().catch((error: unknown) => {
      if (left) return;
      if (error instanceof CesiumMissing) setTilesets({ state: "missing" });
      else setTilesets(failed(error instanceof Error ? error.message : String(error)));
    });
    return () => {
      left = true;
      made?.destroy();
      globe.current = null;
      observeGlobe(null, store.get());
    };
  }, [container, city, rasters, store, controller]);

  const selected = useApp((state) => state.view.selected);
  useEffect(() => {
    Object.assign(look.current, { paint, selected });
    globe.current?.recolour();
  }, [paint, selected]);
  useEffect(() => controller.onStatusChange(() => globe.current?.recolour()), [controller]);
  useEffect(() => globe.current?.setGroundOpacity(groundOpacity), [groundOpacity]);

  const goal = useApp((state) => state.goal);
  useEffect(() => {
    if (globe.current !== null && goal !== null) place(globe.current, store.get(), true);
  }, [goal, store]);

  const names = tilesets.state === "ready" ? tilesets.value.map(({ name }) => name) : [];
  return {
    tilesets,
    shown: new Set(names.filter((name) => !hidden.has(name))),
    show(name, on) {
      globe.current?.show(name, on);
      setHidden((before) => new Set(on ? [...before].filter((one) => one !== name) : [...before, name]));
    },
    paint,
    setPaint,
    groundOpacity,
    setGroundOpacity,
    picked: picked !== null && picked.assetId === selected ? picked : null,
    problems,
  };
}
