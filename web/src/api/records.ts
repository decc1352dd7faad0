/** Shapes of the routes of the archive, its problems, datums, coverage and statistics, as they are agreed. */

export type Json = Record<string, unknown>;
export type Value = string | number | boolean | null;

export type Severity = "error" | "warning" | "notice";
export type ProblemState = "open" | "accepted" | "dismissed" | "reverted" | "gone";

export interface Problem {
  problem_id: number;
  rule: string;
  group: string;
  severity: Severity;
  state: ProblemState;
  asset_ids: number[];
  asset_count: number;
  kind: string;
  code: string;
  name: string;
  register: string | null;
  row_code: string | null;
  area_id: number | null;
  company_id: number | null;
  position: [number, number] | null;
  message_zh: string;
  message_en: string;
  repair: { action: string; text_zh: string; text_en: string } | null;
  found_at: string;
  decided_by: string | null;
  decided_at: string | null;
  reason: string | null;
  change_id: number | null;
}

export interface ProblemDetail extends Problem {
  geometry_before: Json | null;
  geometry_after: Json | null;
  attributes_before: Json | null;
  attributes_after: Json | null;
}

export interface Rule {
  rule: string;
  group: string;
  severity: Severity;
  label_zh: string;
  label_en: string;
  meaning_zh: string;
  meaning_en: string;
  repairable: boolean;
  open: number;
  accepted: number;
  dismissed: number;
  reverted: number;
}

export interface Accepted {
  accepted: number;
  refused: number;
  change_id: number | null;
}

export interface Difference {
  field: string;
  label_zh: string;
  before: unknown;
  after: unknown;
}

export type Origin = "import" | "edit" | "repair" | "restore" | "approval";

export interface ChangeHead {
  change_id: number;
  seat: string;
  reason: string;
  origin: Origin;
  source: string;
  made_at: string;
}

export interface Version {
  version: number;
  valid_from_at: string;
  valid_to_at: string | null;
  change: ChangeHead | null;
  ended_by: ChangeHead | null;
  differences: Difference[];
}

export interface History {
  asset_id: number;
  versions: Version[];
}

export interface Change extends ChangeHead {
  import_id: number | null;
  added: number;
  changed: number;
  retired: number;
}

export interface ChangedAsset {
  asset_id: number;
  kind: string;
  code: string;
  name: string;
  status: "added" | "changed" | "retired";
  differences: Difference[];
}

export interface Page<T> {
  total: number;
  items: T[];
}

export interface ChangeDetail extends Change, Page<ChangedAsset> {}

export interface ArchiveDifference {
  added: number;
  changed: number;
  retired: number;
  items: ChangedAsset[];
}

export interface AssetEdit {
  name?: string;
  attributes?: Record<string, Value>;
  geometry?: GeoJSON.Geometry;
}

export type ProposalState = "open" | "approved" | "rejected" | "withdrawn";

export interface Proposal {
  proposal_id: number;
  asset_id: number;
  kind: string;
  code: string;
  version: number;
  present_version: number;
  retire: boolean;
  differences: Difference[];
  seat: string;
  reason: string;
  proposed_at: string;
  state: ProposalState;
  decided_by: string | null;
  decided_at: string | null;
  decision_reason: string | null;
  change_id: number | null;
}

export interface Datum {
  name: string;
  unit: string;
  operation: string;
  accuracy_m: number | null;
  note_zh: string;
  note_en: string;
}

export interface Conversion {
  import_id: number;
  layer: string;
  file: string;
  datum_in: string;
  datum_out: string;
  evidence: string;
  operation: string;
  accuracy_m: number | null;
  vertex_count: number;
  bounds_out: [number, number, number, number] | null;
  round_trip_max_m: number | null;
  output_sha256: string;
  program_version: string;
  seat: string;
  made_at: string;
}

export interface GridPoint {
  name: string;
  position: [number, number] | null;
  dx_m: number;
  dy_m: number;
  left_out_m: number;
}

export interface Grid {
  datum: string;
  model: string;
  rms_m: number;
  max_m: number;
  tolerance_m: number;
  /** Empty where no point is suspect. */
  suspect: string;
  file: string;
  fitted_at: string;
  points: GridPoint[];
}

export interface Refresh {
  present_version: number;
  shown_version: number;
  older: boolean;
}

export type CoverageState = "agrees" | "differs" | "derived" | "unserved" | "none";

export interface Covered {
  of_kind: string;
  asset_id: number;
  kind: string;
  code: string;
  name: string;
  state: CoverageState;
  declared_m2: number | null;
  served_m2: number | null;
  served_buildings: number;
  inside_buildings: number;
  outside_buildings: number;
  foreign_buildings: number;
  unserved_buildings: number;
  heated_area_m2: number;
  derived: boolean;
  agreement: number | null;
  geometry_declared?: Json | null;
  geometry_derived?: Json | null;
}

export interface CoveredDetail {
  item: Covered;
  buildings: { relation: "outside" | "foreign" | "unserved"; asset_id: number; code: string; name: string }[];
}

export interface DistrictCoverage {
  asset_id: number | null;
  name: string | null;
  area_m2: number | null;
  buildings: number;
  heated_buildings: number;
  heated_area_m2: number;
  covered: number;
  uncovered: number;
  unconnected: number;
}

export interface LengthRow {
  class: string;
  breakdown: string;
  band: string;
  no: number | null;
  label_zh: string;
  label_en: string;
  pipes: number;
  supply_km: number | null;
  stated_difference_km: number;
}

export interface Lengths {
  unit: string;
  year: number;
  rows: LengthRow[];
  total: number;
  without_side_pipes: number;
  without_side_km: number;
  assets_version: number;
  counted_version: number;
  counted_at: string;
}
