/** Shapes of the figures of the rollout, by their short names. */

import type { Answer } from "./shapes";

export type FigureDefinition = Answer<"/rollout/definitions", "get">["items"][number];
export type AreaItem = Answer<"/rollout/areas", "get">["items"][number];
export type FigureAnswer = Answer<"/rollout/figures", "get">;
export type AreaFigures = FigureAnswer["items"][number];
export type Part = Answer<"/rollout/parts", "get">["items"][number];
export type Dimension = Answer<"/rollout/parts", "get">["dimension"];
export type ProjectPage = Answer<"/rollout/projects", "get">;
