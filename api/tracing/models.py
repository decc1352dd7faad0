"""Shapes of questions and answers, for the documentation and for the body of `POST /trace`; answers are not validated again."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.tracing.asking import MOST_ASSETS, MOST_OVERRIDES, Ids, QuestionName, ValveStateName
from api.tracing.findings import FindingModel

AssetId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Geometry = Annotated[
    dict[str, object] | None,
    Field(description="FeatureCollection when asked for: id = asset_id, properties asset_id, kind, set (the list it stands in)."),
]


class TraceBody(BaseModel):
    """A question to the network."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "impact", "asset_ids": [1200], "valves": {"1310": "closed"}, "ids": "buildings"},
                {"question": "path", "asset_ids": [12], "to": 348},
            ]
        },
    )

    question: QuestionName = Field(examples=["impact"])
    asset_ids: list[AssetId] = Field(min_length=1, max_length=MOST_ASSETS, description="Several fall at once.", examples=[[1200]])
    to: AssetId | None = Field(None, description="Other end of a path.")
    valves: dict[AssetId, ValveStateName] = Field(
        default_factory=dict, max_length=MOST_OVERRIDES, description="Sandbox: states of valves for this answer only."
    )
    sources: dict[AssetId, bool] = Field(
        default_factory=dict, max_length=MOST_OVERRIDES, description="Sandbox: whether sources run, for this answer only."
    )
    stuck: list[AssetId] = Field(
        default_factory=list, max_length=MOST_OVERRIDES, description="Valves that cannot be closed, for an isolation."
    )
    as_of: AwareDatetime | None = Field(None, description="Valve and source states of that time, on the present drawing.")
    ids: Ids = Field("assets", description="What asset_ids of the lists holds.")
    geometry: bool = Field(False, description="True: with the geometries, for drawing.")
    repair_h: float | None = Field(
        None, ge=0, le=10_000, description="Hours until heat is back; default: the limit of the fault's band.", examples=[8]
    )
    outdoor_degc: float | None = Field(None, ge=-60, le=50, description="Default: the weather stations, else the design value.")


class AssetName(BaseModel):
    """An asset by id and name."""

    asset_id: int
    name: str


class KindName(AssetName):
    """An asset by id, kind and name."""

    kind: str = Field(examples=["substation"])


class ShareModel(AssetName):
    """An estate or company with how many buildings of the list are its own."""

    buildings: int = Field(examples=[12])


class FiguresModel(BaseModel):
    """Assets of one list, as far as the caller may see them, what they add up to, and whom they concern."""

    asset_ids: list[int] = Field(
        description="Rising; pipes and valves of both sides, substations, sources, inlets, buildings; or what `ids` asks for."
    )
    counts: dict[str, int] = Field(description="By kind.", examples=[{"pipe": 14, "substation": 2, "building": 31}])
    substations: list[AssetName]
    heat_user_count: int = Field(examples=[1240])
    heated_area_m2: float = Field(examples=[98_000.0])
    heat_load_mw: float = Field(examples=[4.3])
    pipe_length_m: float = Field(description="Supply and return together.", examples=[812.5])
    outside_scope: int = Field(description="Further assets that this seat may not see.", examples=[0])
    estates: list[ShareModel] = Field(description="Estates (小区) of the buildings, those with most buildings first.")
    companies: list[ShareModel] = Field(description="Heating companies (热力企业) of the buildings, likewise.")
    hospitals: list[AssetName] = Field(description="Buildings of hospitals (医院).")
    schools: list[AssetName] = Field(description="Buildings of schools and kindergartens (学校).")


class Head(BaseModel):
    """What every answer begins with."""

    question: QuestionName
    asset_ids: list[int] = Field(examples=[[12]])
    city_id: int = Field(examples=[1])
    network_version: int = Field(description="Version of the drawing that was asked.")
    valve_version: int = Field(description="Version of the valve and source states that was asked.")
    sandbox: bool = Field(description="True: valves or sources of the question hold for this answer only.")
    as_of: AwareDatetime | None
    states: str = Field(description="Which states the answer counts with, in words.")


class MethodsModel(BaseModel):
    """How each list was found."""

    reach: str
    lost: str
    degraded: str


class FaultModel(BaseModel):
    """What a stop of heat counts as (GB/T 43097-2023 8.8)."""

    band: str = Field(
        description="Band of affected heated area; `none` where no heated area is cut off.", examples=["to_1_million_m2"]
    )
    label_zh: str = Field(examples=["影响供热面积≤100万m²"])
    label_en: str = Field(examples=["up to 1 million m2"])
    restore_within_h: float | None = Field(description="24 h, or 12 h in the smallest band.", examples=[12])
    affected_area_m2: float = Field(description="Heated area of what is lost.", examples=[98_000.0])
    repair_h: float = Field(description="As asked, else restore_within_h.", examples=[12])
    stopped_area_hours_m2_h: float = Field(description="Area times hours (停止供热面积小时数).", examples=[1_176_000])
    row: int | None = Field(
        description="Row of the table heating_fault that counts it, by whether it is restored in time.", examples=[9]
    )


class HoursModel(BaseModel):
    """Hours over buildings, each counting once; null where rooms never get that cold or nothing is lost."""

    min: float | None = Field(examples=[2.3])
    median: float | None = Field(examples=[3.3])
    max: float | None = Field(examples=[6.6])


class CoolingModel(BaseModel):
    """How long rooms of the lost buildings stay warm."""

    outdoor_degc: float = Field(examples=[-12.5])
    outdoor_source: Literal["parameter", "weather_station", "design"]
    to_18_degc_h: HoursModel
    to_0_degc_h: HoursModel
    assumptions: list[str]


class ImpactAnswer(Head):
    """What an alarm cuts off."""

    reach: FiguresModel = Field(description="Fed through it, on rings both ways: an upper bound.")
    lost: FiguresModel = Field(description="No open way from any running source is left: certain.")
    degraded: FiguresModel = Field(description="Reach without lost: pressure and capacity are not judged.")
    fault: FaultModel
    cooling: CoolingModel
    methods: MethodsModel
    findings: list[FindingModel] = Field(description="What is wrong around the answer.")
    geometry: Geometry


class TraceAnswer(Head):
    """What lies before, behind or around an asset."""

    found: FiguresModel
    method: str
    findings: list[FindingModel]
    geometry: Geometry


class FeedingModel(KindName):
    """A heat source with the way from it."""

    running: bool
    length_m: float = Field(description="Pipe length of the shortest way, one side.", examples=[4210.5])
    valves_to_open: list[int] = Field(description="Closed valves on the way.")
    substation: KindName | None = Field(description="Substation on the way that is nearest to the source.")


class SourcesMethods(BaseModel):
    """How the sources were found."""

    now: str
    could: str


class SourcesAnswer(Head):
    """Where heat can come from."""

    now: list[FeedingModel] = Field(description="Running sources that reach it, nearest first.")
    could: list[FeedingModel] = Field(
        description="Those that could after valves were opened or they were started, fewest valves first."
    )
    outside_scope: int
    methods: SourcesMethods
    findings: list[FindingModel]
    geometry: Geometry


class AreaMethods(BaseModel):
    """How the area was found."""

    traced: str
    declared: str


class SupplyAreaAnswer(Head):
    """Whom something serves: traced and declared side by side."""

    traced: FiguresModel
    declared: FiguresModel | None = Field(
        description="Substations and buildings by the tables; null for kinds nothing is declared to."
    )
    only_traced: FiguresModel = Field(description="Substations and buildings that the tables declare to something else.")
    only_declared: FiguresModel = Field(description="Those that are declared, and that the drawing does not lead to.")
    pipes: list[int] = Field(description="Pipes that the trace begins with: of a branch those along it.")
    methods: AreaMethods
    findings: list[FindingModel]
    geometry: Geometry


class PathAnswer(Head):
    """The shortest way between two assets."""

    to: int
    found: bool = Field(description="False: no open way; the one shown leads over closed_valves.")
    side: Literal["supply", "return"]
    length_m: float
    passed: list[int] = Field(description="Everything passed, in the order of the way, the two ends with it.")
    pipes: list[int]
    valves: list[int]
    closed_valves: list[int]
    substations: list[KindName]
    outside_scope: int
    method: str
    findings: list[FindingModel]
    geometry: Geometry


class LinkModel(KindName):
    """One link of a chain."""

    role: Literal["user", "substation", "source", "branch", "company"]


class DifferenceModel(BaseModel):
    """Where drawing and tables disagree."""

    role: str
    declared: int
    traced: list[int]


class DeclaredAnswer(Head):
    """The declared chain beside the traced one: user, substation, source, branch, company."""

    declared: list[LinkModel]
    traced: list[LinkModel]
    differences: list[DifferenceModel]
    methods: AreaMethods
    findings: list[FindingModel]
    geometry: Geometry


class ValveItem(AssetName):
    """A valve with where it is and whether it can be operated."""

    code: str = Field(examples=["FM0123"])
    state: str = Field(description="open, closed, unknown", examples=["open"])
    operability: str = Field(description="usable, stuck, no_access, tagged_out", examples=["usable"])
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")


class IsolationValve(ValveItem):
    """A valve of an isolation."""

    side: int = Field(description="1 supply, 2 return, 0 both by itself")
    role: Literal["close", "closed_already", "cannot_close"]


class GivesBack(BaseModel):
    """What an alternative gives back, of what the caller may see."""

    buildings: int
    heat_user_count: int
    heated_area_m2: float
    heat_load_mw: float


class CapacityModel(BaseModel):
    """Running power against load of the part that would feed; null = unknown."""

    running_mw: float | None
    load_mw: float | None
    enough: bool | None


class BoundModel(BaseModel):
    """What bounds the heat most where an alternative feeds: running sources, or isolating stations on the way."""

    by: Literal["sources", "stations"]
    stations: list[KindName] = Field(description="Isolating and relay energy stations that bound it.")
    available_mw: float = Field(description="What sources and stations bring to the tightest part about it.")
    load_mw: float = Field(description="Load of that part, with what is given back.")


class AlternativeModel(BaseModel):
    """Valves that give heat back when they are opened, in the order of opening."""

    valves: list[ValveItem]
    valves_outside_scope: int
    gives_back: GivesBack
    capacity: CapacityModel
    bound: BoundModel | None = Field(description="What `capacity.enough` is decided by; null without powers and loads.")


class IsolationAnswer(Head):
    """How to shut off a break, and what that costs."""

    segments: list[int] = Field(description="Ids of what is shut, both sides.")
    valves: list[IsolationValve] = Field(description="On the edge of what is shut, and those that it grew through.")
    valves_outside_scope: int
    order: list[int] = Field(description="Valves to close, in this order.")
    grown_through: list[int] = Field(description="Open valves that cannot be closed.")
    shut_at: list[int] = Field(description="Substations and inlets that join what is shut to what is fed.")
    sources_inside: list[int] = Field(description="Running sources that must be stopped.")
    drained_m3: float | None = Field(description="Water in the pipes of known diameter.")
    drained_pipe_length_m: float
    drained_unknown_m: float = Field(description="Length of pipes whose diameter is not known; not in drained_m3.")
    lost: FiguresModel = Field(description="What the isolation loses; in a sandbox, on top of what that takes off itself.")
    lost_with_sandbox: FiguresModel | None = Field(
        description="In a sandbox: what it and the isolation take off together, against the state without it; else null."
    )
    alternatives: list[AlternativeModel] = Field(
        description="What gives heat back, best first: by buildings for each valve that is operated."
    )
    possible: list[ValveItem] = Field(
        description="Closed valves beside what is lost whose side is not known: as drawn they give back nobody."
    )
    method: str
    findings: list[FindingModel]
    geometry: Geometry


class CriticalSegment(BaseModel):
    """What one segment takes along when it is shut."""

    segment_id: int
    side: int = Field(description="1 supply, 2 return")
    label: str = Field(description="Name of its first pipe, else its code.")
    position: tuple[float, float] | None
    pipe_length_m: float
    buildings_lost: int
    users_lost: int
    area_lost_m2: float
    users_short: int = Field(description="Users of parts that are then short of running power.")


class CriticalityAnswer(BaseModel):
    """Segments by what they take along, in the normal state of the valves."""

    city_id: int
    network_version: int
    total: int
    items: list[CriticalSegment]
