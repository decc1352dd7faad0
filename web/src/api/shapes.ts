/** Names of the server's shapes as the viewer uses them. */

export interface Ring {
  asset_ids: number[];
  counts: Record<string, number>;
  substations: { asset_id: number; name: string }[];
  heat_user_count: number;
  heated_area_m2: number;
  heat_load_mw: number;
  pipe_length_m: number;
  outside_scope: number;
}
export interface FeatureCollection {
  type: "FeatureCollection";
  features: Feature[];
}
export interface Feature {
  type: "Feature";
  id?: number;
  geometry: GeoJSON.Geometry;
  properties: Record<string, unknown>;
}
export interface Impact {
  asset_id: number;
  city_id: number;
  network_version: number;
  valve_version: number;
  reach: Ring;
  lost: Ring;
  degraded: Ring;
  methods: Record<string, string>;
  findings: unknown[];
  geometry: FeatureCollection | null;
}
export interface City {
  city_id: number;
  name_zh: string;
  name_en: string;
  zone: string;
  synthetic: boolean;
  attribution: string;
  assets_version: number;
  bbox: [number, number, number, number] | null;
}
export interface AssetItem {
  asset_id: number;
  kind: string;
  code: string;
  name: string;
  company_id: number | null;
  area_id: number | null;
  position: [number, number] | null;
}
export interface AssetList {
  total: number;
  items: AssetItem[];
}
export interface AssetAttribute {
  name: string;
  label_zh: string;
  value: unknown;
  unit: string;
  meaning: string;
}
export interface Asset {
  asset_id: number;
  kind: string;
  kind_zh: string;
  code: string;
  name: string;
  source_key: string;
  version: number;
  company: { asset_id: number; name: string } | null;
  area: { asset_id: number; name: string } | null;
  pair_id: number | null;
  position: [number, number] | null;
  attributes: AssetAttribute[];
  geometry: GeoJSON.Geometry | null;
  valid_from_at: string;
  status: number;
}
export interface Alarm {
  alarm_id: number;
  asset_id: number;
  asset_name: string;
  asset_kind: string;
  rule_code: string;
  rule_name_zh: string;
  rule_name_en: string;
  point: string;
  unit: string;
  level: number;
  value: number;
  limit_value: number;
  active: boolean;
  acknowledged: boolean;
  raised_at: string;
  cleared_at: string | null;
  position: [number, number] | null;
}
export interface AlarmList {
  items: Alarm[];
}
export interface Seat {
  seat_id: number;
  person: string;
  organisation: string;
  role: string;
  role_zh: string;
}
export interface Session {
  demo_mode: boolean;
  seat: Seat | null;
  must_change_password: boolean;
}
export interface District {
  area_id: number;
  name: string;
  rate: number;
  target_rate: number;
  heated_area_m2: number;
  clean_area_m2: number;
  geometry: GeoJSON.Geometry;
}
export interface Rollout {
  month: string;
  items: District[];
  formula: string;
  source: string;
}
export interface History {
  asset_id: number;
  series: { source: string; observed_at: number[]; points: { name: string; unit: string; values: (number | null)[] }[] }[];
}
