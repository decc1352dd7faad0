"""What the routes of arrivals answer."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import BaseModel, Field

from api.arrival_sources import SourceState

GroupBy: TypeAlias = Literal["company", "kind", "district", "schema"]


class FiguresModel(BaseModel):
    """Figures of some sources over a time; docs/arrivals.md defines each."""

    sources: int = Field(description="Registered sources.")
    expected: int = Field(description="应到: frames that should have come.")
    received: int = Field(description="实到: distinct frames that came, at most as many as expected of each source and hour.")
    in_time: int = Field(description="及时: those that came at most three periods after their time.")
    arrival_rate: float | None = Field(description="到报率: received / expected; null where nothing was expected.")
    in_time_rate: float | None = Field(description="及时率: in_time / expected.")
    good_rate: float | None = Field(description="完好率: values whose flag is neither 4 nor 9 / all values.")
    accepted: int = Field(description="Frames stored, those beyond the expected ones too.")
    late: int
    duplicate: int = Field(description="Frames that were stored already.")
    conflict: int = Field(description="Frames kept aside: same source and time, other values.")
    values: int
    bad_values: int = Field(description="Values flagged 4 (fail) or 9 (missing).")
    delay_p50_s: float | None = Field(description="Half of the frames came within so many seconds.")
    delay_p95_s: float | None
    delay_p99_s: float | None


class ArrivalRow(FiguresModel):
    """Figures of one company, kind, district or schema."""

    key: int | str | None = Field(description="Asset id of the company or district, name of the kind, code of the schema.")
    name: str
    silent: int = Field(description="Sources without a frame for three periods, as of now.")
    never: int = Field(description="Sources that were never heard.")


class CoursePoint(BaseModel):
    """Figures of all of it in one hour, or in one day of a long time."""

    at_ms: int
    length_ms: int
    expected: int
    received: int
    arrival_rate: float | None
    in_time_rate: float | None
    good_rate: float | None


class ArrivalsAnswer(BaseModel):
    """Who reports, how late, how complete."""

    from_ms: int = Field(description="Beginning of the first hour.")
    to_ms: int = Field(description="End of the last hour.")
    as_of_ms: int
    since_ms: int = Field(description="Frames are expected since this moment: the first start of the server on this city.")
    recounting: bool = Field(description="True while hours are counted again after a crash: figures may be too low.")
    by: GroupBy
    total: ArrivalRow
    items: list[ArrivalRow] = Field(description="The lowest arrival rate first.")
    course: list[CoursePoint]
    unregistered: int = Field(description="Unregistered sources heard, of those this seat may see.")
    refused: int = Field(description="Frames refused in this time.")


class ArrivingSource(BaseModel):
    """One source with what it has sent."""

    code: str
    asset_id: int
    asset_name: str
    kind: str
    schema_: str = Field(alias="schema", examples=["substation/2"])
    period_s: int
    company_id: int | None
    company_name: str | None
    states: list[SourceState]
    observed_at: int | None = Field(description="Time of its newest frame by its own clock, epoch milliseconds.")
    received_at: int | None = Field(description="When that came; null = never heard.")
    expected: int
    received: int
    arrival_rate: float | None
    accepted: int
    late: int
    duplicate: int
    conflict: int
    bad_values: int
    delay_min_s: int | None
    delay_mean_s: float | None = Field(description="Negative = its clock is ahead.")
    delay_max_s: int | None


class ArrivingSourcesAnswer(BaseModel):
    """Sources that are silent, late, incomplete or whose clock is wrong."""

    from_ms: int
    to_ms: int
    as_of_ms: int
    total: int
    items: list[ArrivingSource]


class UnregisteredSource(BaseModel):
    """A code that no source has, and who sends it."""

    code: str
    sender: str
    first_ms: int
    last_ms: int
    messages: int = Field(description="Requests or messages that named it.")
    registered: bool = Field(description="True = the source exists, outside the scope of its sender (or by now).")


class UnregisteredAnswer(BaseModel):
    """The newest unregistered sources."""

    total: int
    items: list[UnregisteredSource]


class RefusedFrames(BaseModel):
    """Frames of one sender that were refused for one reason."""

    sender: str = Field(description="App id, seat, or mqtt:<company>.")
    result: str = Field(description="As in the answer of POST /readings.", examples=["unknown_source"])
    frames: int
    last_hour_ms: int


class RefusedFramesAnswer(BaseModel):
    """Refused frames by sender and result."""

    from_ms: int
    to_ms: int
    total: int = Field(description="Frames.")
    by_result: dict[str, int]
    items: list[RefusedFrames]


class ConflictPoint(BaseModel):
    """A point in which two frames of one key differ."""

    name: str
    unit: str
    stored: float | None
    stored_quality: int | None
    sent: float | None
    sent_quality: int | None


class Conflict(BaseModel):
    """A frame kept aside, beside the one that is stored."""

    conflict_id: int
    source: str
    asset_id: int
    asset_name: str
    kind: str
    observed_at: int
    received_at: int
    schema_: str = Field(alias="schema")
    stored_received_at: int | None = Field(description="Arrival of the stored frame; null = it is in the archive.")
    stored_schema: str | None
    points: list[ConflictPoint] = Field(description="Where both differ; all that were sent where the stored frame is archived.")


class ConflictsAnswer(BaseModel):
    """Frames kept aside, the newest first."""

    total: int = Field(description="Counted up to 10,000.")
    items: list[Conflict]
