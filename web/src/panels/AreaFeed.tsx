import { useEffect } from "react";
import { AREA_KINDS, VILLAGES_FROM_ZOOM } from "../layers/rolloutThemes";
import { useApp, useParts } from "../state/context";
import { rolloutChoice } from "../state/rolloutMap";
import { ASKED_FIGURES, liveValues, merged, valuesOf } from "../state/rolloutValues";

/** Asks for what the map of the rollout shows beside its tiles, as long as a layer wants it. */
export function AreaFeed() {
  const city = useApp((state) => state.view.city);
  const projects = useApp((state) => state.view.layers.includes("rollout-projects"));
  const areas = useApp((state) => state.view.layers.includes("rollout-areas"));
  const signedIn = useApp((state) => state.tilesets.state === "ready");
  if (city === null || !signedIn) return null;
  return (
    <>
      {projects && <ProjectPoints key={`projects ${city}`} />}
      {areas && <Years key={`years ${city}`} />}
      {areas && <PastYear key={`past ${city}`} />}
      {areas && <Live key={`live ${city}`} />}
    </>
  );
}

function ProjectPoints() {
  const { desk } = useParts();
  const district = useApp((state) => rolloutChoice(state.view.work).district);
  const revision = useApp((state) => state.archiveRevision);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of the archive asks again
  useEffect(() => {
    let left = false;
    desk.projectPoints({ area: district }).then(
      (projects) => !left && desk.setRolloutMap({ projects }),
      // a seat that may not see projects has none to show
      () => !left && desk.setRolloutMap({ projects: null }),
    );
    return () => {
      left = true;
    };
  }, [desk, district, revision]);
  return null;
}

/** Which years there are to choose from. */
function Years() {
  const { desk } = useParts();
  const revision = useApp((state) => state.archiveRevision);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of the archive asks again
  useEffect(() => {
    let left = false;
    desk.rolloutFigures({ area: 0, names: "household_count" }).then(
      ({ years }) => !left && desk.setRolloutMap({ years }),
      () => !left && desk.setRolloutMap({ years: [] }),
    );
    return () => {
      left = true;
    };
  }, [desk, revision]);
  return null;
}

/** Tiles hold the present; a past year comes as numbers of all areas. */
function PastYear() {
  const { desk } = useParts();
  const year = useApp((state) => rolloutChoice(state.view.work).year);
  const revision = useApp((state) => state.archiveRevision);
  const villages = useVillagesDrawn();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of the archive asks again
  useEffect(() => {
    if (year === null) return;
    let left = false;
    const ask = (kind: string) => desk.rolloutFigures({ kind, year, names: ASKED_FIGURES });
    // all villages are 1.6 MB: asked for where they are drawn
    Promise.all(AREA_KINDS.filter((kind) => villages || kind !== "village").map(ask)).then(
      (found) => !left && desk.setRolloutMap({ year, values: valuesOf(found.flatMap(({ items }) => items)) }),
      () => !left && desk.setRolloutMap({ year, values: {} }),
    );
    return () => {
      left = true;
    };
  }, [desk, year, revision, villages]);
  return null;
}

function useVillagesDrawn(): boolean {
  return useApp(
    ({ view }) => (view.camera?.zoom ?? 0) >= VILLAGES_FROM_ZOOM || rolloutChoice(view.work).tier === "village",
  );
}

/** How often devices and rooms are asked for, and those of all villages, which are a megabyte. */
const UPPER_PERIOD_MS = 60_000;
const VILLAGES_PERIOD_MS = 180_000;

/** What devices and rooms tell now: of districts and townships always, of villages where their numbers colour the map. */
function Live() {
  const monitored = useApp((state) => rolloutChoice(state.view.work).theme === "monitoring");
  const villages = useVillagesDrawn();
  return (
    <>
      <LiveOf kinds={UPPER} periodMs={UPPER_PERIOD_MS} />
      {monitored && villages && <LiveOf kinds={VILLAGES} periodMs={VILLAGES_PERIOD_MS} />}
    </>
  );
}

const UPPER: readonly string[] = ["city", "district", "zone", "township"];
const VILLAGES: readonly string[] = ["village"];

function LiveOf({ kinds, periodMs }: { kinds: readonly string[]; periodMs: number }) {
  const { desk, store } = useParts();
  const replayed = useApp((state) => state.view.at !== null);
  useEffect(() => {
    let left = false;
    async function ask(): Promise<void> {
      const found = await Promise.all(kinds.map((kind) => desk.rolloutLive({ kind })));
      if (!left)
        desk.setRolloutMap({
          live: merged(store.get().rolloutMap.live, liveValues(found.flatMap((one) => one.items))),
        });
    }
    // nothing of the present stands in a replay
    if (replayed) {
      desk.setRolloutMap({ live: {} });
      return;
    }
    const asking = () => void ask().catch(() => {});
    asking();
    const timer = setInterval(asking, periodMs);
    return () => {
      left = true;
      clearInterval(timer);
    };
  }, [desk, store, kinds, periodMs, replayed]);
  return null;
}
