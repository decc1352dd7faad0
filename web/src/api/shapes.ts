/** Short names of the server's generated shapes (`npm run types`); nothing here is typed by hand. */

import type { components, paths } from "./types.gen";

type Schemas = components["schemas"];

/** JSON body that a route answers with. */
export type Answer<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  responses: { 200: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;

export type Alarm = Schemas["AlarmModel"];
/** One line of the log of an alarm. */
export type AlarmLine = Schemas["TransitionModel"];
export type Asset = Schemas["AssetAnswer"];
export type AssetItem = Schemas["AssetItemModel"];
export type City = Schemas["CityModel"];
/** What the pipes can be coloured by, with the legend. */
export type Colouring = Schemas["ColouringModel"];
export type Contents = Schemas["ContentsAnswer"];
export type Delivered = Schemas["DeliveredLayerModel"];
export type District = Schemas["DistrictRateModel"];
/** A live field (实况场) over the city. */
export type Field = Schemas["FieldModel"];
export type Figures = Schemas["FiguresModel"];
export type Findings = Schemas["FindingsAnswer"];
export type Impact = Schemas["ImpactAnswer"];
export type KindCount = Schemas["KindModel"];
export type Raster = Schemas["RasterModel"];
/** Projects of the rollout as points, and one of them. */
export type ProjectFeatures = Schemas["ProjectFeatures"];
export type Project = Schemas["ProjectModel"];
/** Figures of areas of the rollout in one year, and one area of its tree. */
export type AreaFigures = Schemas["Figures"];
export type RolloutArea = Schemas["AreaModel"];
export type VillageDevice = Answer<"/rollout/live/devices", "get">["items"][number];
export type Rollout = Schemas["DistrictRates"];
export type Seat = Schemas["SeatModel"];
/** A vertical section of the ground. */
export type Section = Schemas["SectionAnswer"];
export type Session = Schemas["SessionModel"];
export type SignIn = Schemas["SignIn"];
/** A tileset of 3D Tiles, a layer of the city or a model: names, addresses by height datum. */
export type Tileset3D = Pick<Schemas["Tileset3D"], "name" | "title_zh" | "title_en" | "addresses"> &
  Pick<Schemas["Model3dEntry"], "attribution">;

export type AssetKind = Schemas["AssetKindModel"];
export type KindAttribute = Schemas["KindAttributeModel"];
export type Job = Schemas["JobModel"];
