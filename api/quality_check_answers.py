"""What the routes of checks by hand ask and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field

CheckStateName: TypeAlias = Literal["open", "sent", "answered", "closed"]
ValueVerdict: TypeAlias = Literal["right", "wrong", "unsure"]
CompanyState: TypeAlias = Literal["stopped", "partly", "invalid", "good"]
ReadingValue = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]


class QualityCheckBody(BaseModel):
    """A value that somebody doubts, or a time that is to be sent again."""

    asset_id: int = Field(ge=1, le=2**31 - 1, examples=[12])
    source: str | None = Field(
        None, max_length=200, description="Which of the asset's sources; needed only where it has several."
    )
    point: str = Field("", max_length=100, description="Empty = the whole frame.", examples=["primary_supply_temperature_degc"])
    observed_at: int = Field(ge=0, le=4_102_444_800_000, description="Epoch milliseconds of its frame.", examples=[1795255200000])
    until: int | None = Field(
        None,
        ge=0,
        le=4_102_444_800_000,
        description="Epoch milliseconds: asks the company to send all from `observed_at` to here again.",
    )
    note: str = Field(min_length=1, max_length=2000, examples=["与巡检读数不符"])
    send: bool = Field(False, description="Send it to the company at once.")


class QualityVerdictBody(BaseModel):
    """What a person found out about a value."""

    verdict: ValueVerdict = Field(description="Of the value: right = the flag was false.", examples=["wrong"])
    corrected: ReadingValue | None = Field(
        None,
        description="Of a wrong value: what it should be, in the point's unit. It is kept beside the original.",
        examples=[82.5],
    )
    note: str = Field(min_length=1, max_length=2000, examples=["现场核对：传感器松动"])


class QualitySendBody(BaseModel):
    """What the company is asked."""

    note: str = Field("", max_length=2000, examples=["请核对传感器并回复"])


class QualityAnswerBody(BaseModel):
    """What the company says."""

    note: str = Field(min_length=1, max_length=2000, examples=["已更换传感器，数据已补传"])
    suggested: ReadingValue | None = Field(None, description="What the value was, if the company knows.", examples=[82.5])


class QualityCheckStep(BaseModel):
    """One line of the log of a check."""

    action: str = Field(description="made, sent, answered, or a verdict.", examples=["wrong"])
    seat: str
    note: str
    value: float | None = Field(
        description="The original where it was made, the correction of a verdict, what an answer suggests."
    )
    happened_at: datetime


class QualityCheckModel(BaseModel):
    """A doubtful value, who judged it and how, and what its company says."""

    check_id: int
    asset_id: int
    asset_name: str
    kind: str
    company_id: int | None
    source: str
    point: str = Field(description="Empty = the whole frame.")
    observed_at: int = Field(description="Epoch milliseconds of the frame.")
    until: int | None = Field(description="Of a request to send again: its end.")
    value: float | None = Field(description="As reported; null = missing.")
    flag: int = Field(description="QARTOD flag when it was made.")
    rule: str = Field(description="Rule that flagged it; empty = a person doubts it; fetch_again = a request to send again.")
    why_zh: str
    why_en: str
    times: int = Field(description="How often rules brought it up while it was unfinished.")
    made_by: str = Field(description="Seat; empty = made by the rules.")
    made_at: datetime
    last_at: datetime = Field(description="When it last came up.")
    state: CheckStateName
    verdict: ValueVerdict | None
    verdict_by: str | None
    verdict_at: datetime | None
    corrected: float | None = Field(description="What it should be; the reading itself stays as it came.")
    note: str
    sent_by: str | None
    sent_at: datetime | None
    answer: str
    suggested: float | None
    answered_by: str | None
    answered_at: datetime | None


class QualityCheckDetail(QualityCheckModel):
    """A check with its log."""

    steps: list[QualityCheckStep]


class QualityChecksAnswer(BaseModel):
    """A page of checks: unfinished ones first, of those the worst."""

    total: int
    items: list[QualityCheckModel]


class QualityCompany(BaseModel):
    """How one company's uploads are."""

    company_id: int | None = Field(description="null = sources that no company owns.")
    name: str
    state: CompanyState = Field(
        description="stopped = none of its sources reports; partly = at least a tenth is silent; invalid = at least 5 % of the"
        " values that came in their latest frames are failed; good = none of these."
    )
    sources: int
    never: int = Field(description="Sources that have never reported; they do not count as silent.")
    silent: int = Field(description="Sources that have reported and do not any more.")
    last_received_at: int | None = Field(description="Epoch milliseconds of the last frame of any source.")
    values: int = Field(description="Values of the latest frames.")
    failed: int = Field(description="Of those, failed ones.")
    suspect: int = Field(description="Of those, suspect ones.")
    score: float | None = Field(description="Of today, 0 to 100.")
    reason_zh: str = Field(description="The rule that costs it most today; empty = none.")
    reason_en: str
    unfinished_checks: int
    waiting_checks: int = Field(description="Of those, sent and not answered yet.")


class QualityCompaniesAnswer(BaseModel):
    """Companies, those that stopped first."""

    as_of_ms: int
    items: list[QualityCompany]
