/** Short names of the generated shapes of the archive, its problems, datums, coverage and statistics. */

import type { Answer } from "./shapes";
import type { components } from "./types.gen";

type Schemas = components["schemas"];

export type Json = Record<string, unknown>;
export type Value = string | number | boolean | null;

export interface Page<T> {
  total: number;
  items: T[];
}

export type Problem = Schemas["ProblemModel"];
export type ProblemDetail = Schemas["ProblemAnswer"];
export type ProblemState = Problem["state"];
export type Severity = Problem["severity"];
export type Rule = Schemas["RuleModel"];
export type Accepted = Schemas["AcceptRuleAnswer"];

export type Difference = ChangedAsset["differences"][number];
export type History = Answer<"/assets/{asset_id}/history", "get">;
export type Version = Schemas["VersionModel"];
export type Change = Schemas["ChangeModel"];
export type ChangeDetail = Schemas["ChangeAnswer"];
export type ChangedAsset = Schemas["ChangedAssetModel"];
export type Origin = Change["origin"];
export type ArchiveDifference = Schemas["StateDifferenceAnswer"];
export type Proposal = Schemas["ProposalModel"];
export type ProposalState = Proposal["state"];
export type Refresh = Schemas["RefreshAnswer"];

/** What a form changes of an asset. */
export interface AssetEdit {
  name?: string;
  attributes?: Record<string, Value>;
  geometry?: GeoJSON.Geometry;
}

export type Datum = Schemas["DatumModel"];
export type Conversion = Schemas["ConversionModel"];
export type Grid = Schemas["GridModel"];

export type Covered = Schemas["CoverageItem"];
export type CoveredDetail = Schemas["CoverageDetail"];
export type CoverageState = Covered["state"];
export type DistrictCoverage = Schemas["DistrictModel"];
export type LengthRow = Schemas["LengthRowModel"];
export type Lengths = Schemas["LengthsAnswer"];

export type Arrivals = Schemas["ArrivalsAnswer"];
export type QualityScores = Schemas["ScoresAnswer"];
export type QualityScore = Schemas["ScoreRow"];
export type QualityRules = Schemas["QualityRulesAnswer"];
export type QualityRule = Schemas["QualityRuleModel"];
export type QualityFlags = Schemas["FlagsAnswer"];
export type QualityMark = Schemas["MarkModel"];
export type QualityMarks = Schemas["MarksAnswer"];
export type QualityRuleEdit = Schemas["QualityRuleEdit"];
export type QualityTrial = Schemas["TryAnswer"];
export type QualityCheck = Schemas["QualityCheckModel"];
export type QualityAlarm = Schemas["QualityAlarmModel"];
export type QualityAlarmTotals = Schemas["QualityAlarmTotalsAnswer"];
export type QualityCompany = Schemas["QualityCompany"];
export type ValueVerdict = Schemas["QualityVerdictBody"]["verdict"];
export type QualityVerdict = Schemas["QualityVerdictBody"];
export type QualityCheckReply = Schemas["QualityAnswerBody"];
export type Correction = Schemas["CorrectionModel"];
export type FillMethod = Schemas["FilledModel"]["method"];
export type Filled = Schemas["FilledModel"];
export type FlaggedSources = Schemas["FlaggedAnswer"];
export type ArrivalRow = Schemas["ArrivalRow"];
export type CoursePoint = Schemas["CoursePoint"];
export type ArrivingSource = Schemas["ArrivingSource"];
export type UnregisteredSource = Schemas["UnregisteredSource"];
export type Refused = Schemas["RefusedFramesAnswer"];
export type ReadingConflict = Schemas["Conflict"];
export type Channel = Schemas["ChannelModel"];

export type Within = Schemas["WithinAnswer"];
export type Near = Schemas["NearModel"];
