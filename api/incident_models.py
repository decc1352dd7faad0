"""Incidents as they are sent and received."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

State = Literal["open", "repairing", "restored", "closed"]


class LeakModel(BaseModel):
    """Where the leak of a burst is likely, by the last pressures of its zone."""

    source_id: int
    pipe_id: int
    position: tuple[float, float] = Field(description="longitude, latitude in WGS-84 degrees")
    within_m: float = Field(description="Radius that holds 80 % of the likelihood.", examples=[180.0])
    likelihood: float = Field(description="Of that pipe.", examples=[0.41])
    residual_mpa: float = Field(description="What it leaves unexplained; above 0.02 the answer is no ground to dig.")
    stations: int


class CauseOfIncident(BaseModel):
    """The place that explains the alarms, as answered then."""

    version: int = Field(description="Answers of an incident are numbered; the last one counts.", examples=[2])
    answered_at: datetime
    answered_by: str = Field(description="rules = the search; else who has set it.", examples=["rules"])
    kind: str = Field(description="segment, source, substation or pump.", examples=["segment"])
    hypothesis: str = Field(
        description="cut_off, shut, burst, source_stopped, pump_stopped; set = named by a person.", examples=["cut_off"]
    )
    segment_ids: list[int] = Field(description="Segments that cannot be told apart, most likely first.", examples=[[401]])
    asset_ids: list[int] = Field(description="Their pipes, and sources, substations, pumps of the group; rising.")
    silent_below: list[int] = Field(description="Sensors that should ring and do not: go and look.")
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees of the most likely one")
    length_m: float
    hit_rate: float
    score: float
    confidence: float = Field(examples=[0.97])
    prepared: bool = Field(description="False: judged without the solved network, so segments of rings could not be told.")
    network_version: int
    valve_version: int
    leak: LeakModel | None


class AffectedFigures(BaseModel):
    """Who was without heat when it was answered."""

    substations: int = Field(examples=[14])
    buildings: int = Field(examples=[120])
    estates: int = Field(examples=[9])
    heat_user_count: int = Field(examples=[5400])
    heated_area_m2: float = Field(examples=[431000.0])
    heat_gj_per_h: float = Field(description="Design heat load.", examples=[62.3])
    band: str = Field(description="Fault band of GB/T 43097; none = no heated area.", examples=["to_1_million_m2"])
    band_zh: str = Field(examples=["影响供热面积≤100万m²"])
    restore_within_h: float | None = Field(description="Hours that count as restored in time.", examples=[12.0])
    outside_scope: int = Field(description="Further substations and buildings that this seat may not see.")


class IncidentModel(BaseModel):
    """One incident: the alarms that one place explains."""

    incident_id: int = Field(examples=[3])
    state: State = Field(description="open, repairing (somebody has taken it), restored, closed")
    drill: bool = Field(description="Made by an exercise; in no statistics.")
    dismissed: bool = Field(description="A person says: no fault.")
    fixed: bool = Field(description="A person has set its cause.")
    merged_into: int | None
    level: int = Field(description="Highest level of its open alarms, 1 highest .. 3.", examples=[1])
    alarms: int = Field(description="Alarms that it holds and this seat may see.", examples=[37])
    open_alarms: int = Field(description="Those of them that ring.", examples=[35])
    unacknowledged: int = Field(description="Those that ring and nobody has acknowledged.", examples=[35])
    outside_scope: int = Field(description="Further alarms that this seat may not see.")
    rule_code: str = Field(description="The rule that rings most.", examples=["secondary_supply_temperature_low"])
    rule_name_zh: str
    rule_name_en: str
    started_at: datetime = Field(description="Of its first alarm.")
    opened_at: datetime
    restored_at: datetime | None
    closed_at: datetime | None
    taken_by: str | None = Field(description="Seat that took it last.")
    taken_at: datetime | None
    cause: CauseOfIncident
    affected: AffectedFigures


class FloodModel(BaseModel):
    """Whether alarms come faster than people can follow."""

    flood: bool
    since: datetime | None
    raised: int = Field(description="Alarms of the last ten minutes.", examples=[4])
    limit: int = Field(description="More than so many begin a flood; it ends at half of it.", examples=[10])


class IncidentsAnswer(BaseModel):
    """Incidents, those that ring first, then by level and time."""

    items: list[IncidentModel]
    total: int = Field(description="How many there are on all pages; 0 beyond the last one.", examples=[1])
    outside_scope: int = Field(description="Incidents in these states of which this seat may not see an alarm.")
    unfolded: int = Field(description="Open alarms in no incident, as far as this seat may see them.", examples=[2])
    flood: FloodModel


class EstateModel(BaseModel):
    """An estate with how many of its buildings are without heat."""

    asset_id: int
    name: str
    buildings: int


class LogLineModel(BaseModel):
    """One line of the log of an incident."""

    log_id: int
    word: str = Field(description="opened, taken, noted, cause_set, split, restored, reopened, merged, dismissed, closed")
    state: State = Field(description="After it.")
    seat: str = Field(description="Who did it; rules = the program.", examples=["rules"])
    happened_at: datetime
    note: str


class IncidentDetail(IncidentModel):
    """One incident with its lists and its log; its alarms come from `GET /alarms?incident=`."""

    station_ids: list[int] = Field(description="Substations that were without heat.")
    building_ids: list[int] = Field(description="Buildings that were without heat.")
    estate_list: list[EstateModel]
    explained: list[int] = Field(description="Assets whose open alarms it holds.")
    log: list[LogLineModel]


class NoteBody(BaseModel):
    """What the person has to say."""

    note: str = Field("", max_length=2000, examples=["抢修队已出发"])


class ReasonBody(BaseModel):
    """A reason that must be given."""

    note: str = Field(min_length=1, max_length=2000, examples=["阀门已更换，恢复供热"])


class CauseBody(ReasonBody):
    """The place that is really the cause, and how that is known."""

    asset_id: int = Field(ge=1, le=2**31 - 1, description="A pipe, valve, source, pump or substation.", examples=[401])


class SplitBody(ReasonBody):
    """An alarm that is not of this incident."""

    alarm_id: int = Field(ge=1, le=2**63 - 1, examples=[7])


class FaultRow(BaseModel):
    """One figure of the table of heating faults."""

    no: int = Field(description="Row of GB/T 43097-2023, table 供热故障数据统计.", examples=[1])
    name_zh: str = Field(examples=["故障总次数"])
    name_en: str
    unit: str = Field(examples=["次"])
    value: float | None = Field(description="null = cannot be told: nothing restored, or no heated area.", examples=[3.0])


class FaultsAnswer(BaseModel):
    """Heating faults that began within a period, by affected heated area."""

    since: datetime
    until: datetime
    rows: list[FaultRow]
    undecided: int = Field(description="Open faults whose hours have not passed; in the total and in neither row of their band.")
    total_area_m2: float = Field(description="Heated area that row 13 is a share of.")
