"""What the routes of data quality ask and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, Field, JsonValue

QualityGroupBy: TypeAlias = Literal["company", "kind", "day"]


class RuleBody(BaseModel):
    """A rule as somebody writes it."""

    code: str = Field(max_length=64, examples=["room_too_warm"])
    kind: str = Field(max_length=32, description="One of the kinds of docs/quality.md.", examples=["boundary"])
    name_zh: str = Field(min_length=1, max_length=100, examples=["室温过高"])
    name_en: str = Field("", max_length=100, examples=["Room too warm"])
    severity: Literal[3, 4] = Field(3, description="Flag that it gives: 3 = suspect, 4 = fail.", examples=[3])
    schemas: list[str] = Field(
        default_factory=list, max_length=100, description="Codes of frame schemas; none = all.", examples=[["room_sensor"]]
    )
    points: list[str] = Field(
        default_factory=list,
        max_length=100,
        description="Names or patterns with `*`; one that begins with `!` takes away; none = all.",
        examples=[["room_temperature_degc"]],
    )
    parameters: dict[str, JsonValue] = Field(
        default_factory=dict, description="By kind; docs/quality.md lists them.", examples=[{"high": 32}]
    )
    enabled: bool = Field(True, examples=[True])


class QualityRuleEdit(RuleBody):
    """A new version of a rule, or a new rule."""

    note: str = Field("", max_length=2000, description="Why.", examples=["用户反映传感器靠近暖气片"])
    version: int = Field(0, ge=0, description="Of an edit: the version that was edited.", examples=[1])


class QualityRuleModel(RuleBody):
    """A rule with its author, and what it flags now."""

    version: int = Field(examples=[1])
    seat: str = Field(description="Who wrote this version; empty = it ships.")
    note: str
    written_at: datetime
    sources: int = Field(description="Sources, of those the caller may see, with a value that it flags now.")
    values: int = Field(description="Values that it flags now; each is counted under one rule.")
    judged: int = Field(0, description="Its flags that persons have judged (docs/quality.md, checks by hand).")
    false_flags: int = Field(0, description="Of those, the false ones: the value was right.")


class QualityRulesAnswer(BaseModel):
    """All rules of a city."""

    rules: list[QualityRuleModel]
    intake: int = Field(description="Values that no rule flags and that came flagged by their sender.")


class QualityVersionsAnswer(BaseModel):
    """The versions of a rule, the newest first."""

    versions: list[QualityRuleModel]


class TryBody(BaseModel):
    """A rule to try out, on the history of some assets and on what is live."""

    rule: RuleBody
    assets: list[int] = Field(
        default_factory=list,
        max_length=20,
        description="Assets whose history is looked at; none = live state only.",
        examples=[[12]],
    )
    days: float = Field(1.0, gt=0, le=7, description="Length of the history in days.", examples=[1])
    to: int | None = Field(None, description="Epoch milliseconds, end of the history; default: now.")


class MarkModel(BaseModel):
    """One flagged value."""

    asset_id: int
    source: str
    point: str
    unit: str
    observed_at: int = Field(description="Epoch milliseconds.")
    value: float | None = Field(description="As reported; null = missing.")
    flag: int = Field(description="QARTOD: 3 suspect, 4 fail, 9 missing.")
    rule: str
    why_zh: str
    why_en: str


class TriedNow(BaseModel):
    """What a rule would flag at this moment, of the sources that the caller may see."""

    sources: int = Field(description="Sources that it looks at.")
    flagged_sources: int
    values: int = Field(description="Values that it looks at.")
    flagged_values: int
    examples: list[MarkModel]


class TriedHistory(BaseModel):
    """What a rule would have flagged."""

    frames: int
    values: int
    flagged_values: int
    truncated: bool = Field(description="True when an asset has more frames than are looked at; the oldest are.")
    examples: list[MarkModel]


class TryAnswer(BaseModel):
    """The outcome of a trial; nothing is kept of it."""

    now: TriedNow
    history: TriedHistory | None = Field(
        description="null = no assets were named, or the kind compares sources of one moment and has no history."
    )


class FlagsAnswer(BaseModel):
    """Which rules flag which points of an asset now, and why; a value may be flagged by several."""

    asset_id: int
    score: float | None = Field(description="0 to 100, the lowest of its sources; null = nothing was judged yet.")
    flags: list[MarkModel]


class MarksAnswer(BaseModel):
    """Flagged values of an asset over time, by source and time."""

    asset_id: int
    marks: list[MarkModel]
    truncated: bool = Field(description="True when there are more frames or marks than are given.")


class Reason(BaseModel):
    """What one rule costs a score."""

    rule: str
    name_zh: str
    name_en: str
    values: int = Field(description="Values that it flagged.")
    points: float = Field(description="Of a hundred.")


class ScoreRow(BaseModel):
    """Score of one group and day."""

    key: int | str | None = Field(description="Company or kind; null = no company.")
    name: str
    day: str = Field(description="Of the city; empty = all the days together.", examples=["2026-11-22"])
    score: float | None = Field(description="0 to 100.")
    checked: int = Field(description="Values.")
    reasons: list[Reason] = Field(description="The dearest rules first; their points add up to what the score lacks.")


class ScoresAnswer(BaseModel):
    """Scores, the lowest first; by day in their order."""

    by: QualityGroupBy
    total: ScoreRow
    items: list[ScoreRow]


class FlaggedAsset(BaseModel):
    """An asset with flagged values now."""

    asset_id: int
    name: str
    kind: str
    company_id: int | None
    source: str
    score: float | None
    flagged: int = Field(description="Values of its latest frame that are flagged.")
    rules: list[str]


class FlaggedAnswer(BaseModel):
    """Sources with flagged values now, the lowest score first."""

    total: int
    items: list[FlaggedAsset]


def rule_json(body: RuleBody) -> dict[str, Any]:
    """Return what `twin.quality_rules.model.rule_from_json` reads."""
    return body.model_dump(include=set(RuleBody.model_fields))
