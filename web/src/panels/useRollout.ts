import type { AreaFigures, AreaItem, Dimension, FigureAnswer, Part } from "../api/rolloutFigures";
import type { Answer } from "../api/shapes";
import { boxOf } from "../state/box";
import { useApp, useParts } from "../state/context";
import { arrived, type Remote } from "../state/remote";
import type { Definitions } from "./rollout";
import type { Look } from "./rolloutCharts";
import { useAnswer } from "./useAnswer";
import { usePolled } from "./usePolled";

/** A monthly report counts at once; the panels of a wall show it within a minute. */
const EVERY_MS = 60_000;
const POINT_MARGIN_DEG = 0.02;
const NONE: Definitions = new Map();

let asked: Promise<Definitions> | null = null;

/** How every figure is defined, by name; asked for once a page. */
export function useDefinitions(): Definitions {
  const { planning } = useParts();
  const found = useAnswer("rollout definitions", () => {
    asked ??= planning
      .get<Answer<"/rollout/definitions", "get">>("/rollout/definitions")
      .then(({ items }) => new Map(items.map((item) => [item.name, item])));
    asked.catch(() => {
      asked = null;
    });
    return asked;
  });
  return arrived(found) ?? NONE;
}

interface AskedFigures {
  kind?: string;
  parent?: number | null;
  area?: number;
  year?: number;
}

/** Figures of areas; what was here stays until the next answer. */
export function useFigures(wanted: AskedFigures): Remote<FigureAnswer> {
  const { planning } = useParts();
  return usePolled(`rollout figures ${JSON.stringify(wanted)}`, EVERY_MS, () =>
    planning.get<FigureAnswer>("/rollout/figures", { ...wanted }),
  );
}

/** The figures of one area, or null where the seat does not see it. */
export function oneOf(found: Remote<FigureAnswer>): AreaFigures | null {
  return arrived(found)?.items[0] ?? null;
}

export function useShares(area: number, dimension: Dimension): Remote<readonly Part[]> {
  const { planning } = useParts();
  return usePolled(`rollout parts ${area} ${dimension}`, EVERY_MS, async () => {
    type Body = Answer<"/rollout/parts", "get">;
    return (await planning.get<Body>("/rollout/parts", { area, dimension })).items;
  });
}

/** Areas of a kind, with a point inside each. */
export function useAreas(kind: AreaItem["kind"]): Remote<readonly AreaItem[]> {
  const { planning } = useParts();
  return useAnswer(`rollout areas ${kind}`, async () => {
    return (await planning.get<Answer<"/rollout/areas", "get">>("/rollout/areas", { kind })).items;
  });
}

/** Opens the page of an area and takes the map there. */
export function useAreaVisit(): (area: number) => void {
  const { desk, planning } = useParts();
  return (area) => {
    desk.open("rollout-area");
    desk.set({ place: area === 0 ? null : String(area) });
    if (area === 0) return;
    planning.get<{ geometry: object | null }>(`/assets/${area}`).then(
      ({ geometry }) => {
        const box = boxOf([{ geometry }]);
        if (box === null) return;
        const [west, south, east, north] = box;
        const margin = east - west + north - south === 0 ? POINT_MARGIN_DEG : 0;
        desk.goToBox([west - margin, south - margin, east + margin, north + margin]);
      },
      () => {},
    );
  };
}

/** Language and size of texts of charts: 12 px on a desk, 20 on a wall. */
export function useLook(wall: boolean): Look {
  const lang = useApp((state) => state.view.lang);
  return { lang, textPx: wall ? 20 : 12 };
}
