import type { Alarm } from "../api/shapes";
import { bandColouring } from "../layers/bands";
import type { LayerInput } from "../layers/definition";
import { flowOf } from "../layers/flow";
import { imageryOf } from "../layers/satellite";
import type { AppState } from "../state/app";
import { arrived } from "../state/remote";
import { rolloutChoice } from "../state/rolloutMap";
import { showsImpact } from "../state/work";

export const NO_ALARMS: readonly Alarm[] = [];

/** What the map is drawn from. */
export function layerInput(state: AppState): LayerInput {
  const { view } = state;
  return {
    lang: view.lang,
    mode: view.mode,
    tilesets: arrived(state.tilesets) ?? {},
    rasters: state.rasters,
    rollout: arrived(state.rollout),
    rolloutMap: state.rolloutMap,
    rolloutChoice: rolloutChoice(view.work),
    alarms: arrived(state.alarms) ?? NO_ALARMS,
    impact: showsImpact(view) ? arrived(state.impact) : null,
    selected: view.selected,
    selectedAt: arrived(state.asset)?.position ?? null,
    selectedFlow: flowOf(arrived(state.asset)),
    problems: shownProblems(state),
    colouring: shownColouring(state),
    imagery: view.ground === "satellite" && imageryOf(state.rasters) !== null,
    field: shownField(state),
    overlay: state.overlay,
    marks: { ...state.marks, features: [...state.marks.features, ...state.supposed] },
  };
}

/** What colours the pipes: the statistics while they do, else what was chosen and the server knows. */
export function shownColouring(state: AppState): LayerInput["colouring"] {
  const { view, bands } = state;
  if (view.panel === "statistics" && bands !== null && bands.names.length > 0) {
    return bandColouring(bands, arrived(state.tilesets)?.network);
  }
  return arrived(state.colourings)?.find(({ colouring }) => colouring === view.colouring) ?? null;
}

function shownField({ view, fields }: AppState): LayerInput["field"] {
  const shown = fields.find(({ field }) => field === view.field);
  return shown === undefined || view.city === null ? null : { shown, at: view.at, city: view.city };
}

/** What the panel lists is what the map shows; without it, everything that is open. */
function shownProblems({ view, archiveRevision }: AppState): LayerInput["problems"] {
  const { state, rule, problem } = view.panel === "problems" ? view.work : {};
  const chosen = problem === undefined ? null : Number(problem);
  return { state: state ?? "open", rule: rule ?? null, chosen, revision: archiveRevision };
}
