"""Plans (检修计划): saved, changed, started, ended, with who loses heat and what they clash with."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from api.dependencies import Caller, CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from api.plan_losses import Conflict, PlanLosses, figure_values, lost_by_draft, saved_values, sum_of
from api.routes.archive import LimitQuery, OffsetQuery
from data import plan_steps, plans
from data.network import ValveState
from data.plans import Action, Draft, Plan, PlanFilter, PlanState
from data.pool import Pool
from data.valves import Operability
from topology.errors import NotTraceable
from topology.network import Network

router = APIRouter(tags=["plans"])

PlanIdPath = Annotated[int, Path(ge=1, le=2**31 - 1, description="Number of the plan within the city.", examples=[1])]
AssetId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Title = Annotated[str, Field(min_length=1, max_length=200, examples=["三号干线换阀"])]
Crew = Annotated[str, Field(max_length=200, examples=["抢修二班"])]
Note = Annotated[str, Field(max_length=2000)]
Periods = dict[int, tuple[datetime, datetime]]
_MOST_ASSETS = 1000
_MOST_VALVES = 1000


class PlanValveBody(BaseModel):
    """A valve that the plan operates."""

    model_config = ConfigDict(extra="forbid")

    asset_id: AssetId = Field(examples=[11])
    action: Action = Field(examples=["close"])
    order: int = Field(0, ge=0, le=_MOST_VALVES, description="Rising: in this order; equal ones as they come.", examples=[1])


class PlanBody(BaseModel):
    """A plan as wished."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    asset_ids: list[AssetId] = Field(
        default_factory=list, max_length=_MOST_ASSETS, description="What is worked on.", examples=[[12]]
    )
    valves: list[PlanValveBody] = Field(default_factory=list, max_length=_MOST_VALVES, description="In the order of operation.")
    planned_from_at: AwareDatetime = Field(description="ISO time with zone.", examples=["2027-05-10T08:00:00+08:00"])
    planned_to_at: AwareDatetime = Field(description="After its start.", examples=["2027-05-10T16:00:00+08:00"])
    crew: Crew = ""
    note: Note = ""

    @model_validator(mode="after")
    def _fits(self) -> PlanBody:
        if self.planned_to_at <= self.planned_from_at:
            raise ValueError(f"planned_to_at {self.planned_to_at.isoformat()} must lie after planned_from_at")
        if not self.asset_ids and not self.valves:
            raise ValueError("a plan names at least one asset or valve")
        return self

    def draft(self) -> Draft:
        """Return what is to be stored."""
        valves = sorted(self.valves, key=lambda valve: valve.order)
        return Draft(
            title=self.title,
            asset_ids=tuple(dict.fromkeys(self.asset_ids)),
            valves=tuple((valve.asset_id, valve.action) for valve in valves),
            planned_from_at=self.planned_from_at,
            planned_to_at=self.planned_to_at,
            crew=self.crew,
            note=self.note,
        )


class PlanChangeBody(BaseModel):
    """What is to change in a plan that waits; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    asset_ids: list[AssetId] | None = Field(None, max_length=_MOST_ASSETS)
    valves: list[PlanValveBody] | None = Field(None, max_length=_MOST_VALVES)
    planned_from_at: AwareDatetime | None = None
    planned_to_at: AwareDatetime | None = None
    crew: Crew | None = None
    note: Note | None = None
    expected_version: int | None = Field(None, ge=1, description="Version of the plan that the caller read; another one: 409.")


class StepBody(BaseModel):
    """A word on a step of a plan."""

    note: str = Field("", max_length=2000, examples=["阀门已挂牌"])


class PlanValveModel(BaseModel):
    """A valve of a plan."""

    asset_id: int
    code: str
    name: str
    order: int
    action: Action
    state_before: ValveState | None = Field(description="When the plan was started; put back when it ends.")
    state: ValveState = Field(description="Now.")
    operability: Operability = Field(description="Now: reported, else as drawn.")
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")


class LostModel(BaseModel):
    """What loses heat, as far as the caller may see it."""

    buildings: int = Field(examples=[31])
    heat_user_count: int = Field(examples=[1240])
    heated_area_m2: float = Field(examples=[98_000.0])
    heat_load_mw: float = Field(examples=[4.3])


class LostNowModel(LostModel):
    """The same on the present state of the network."""

    network_version: int
    valve_version: int


class ConflictModel(BaseModel):
    """Another plan that waits or runs at the same time."""

    plan_id: int
    title: str
    state: PlanState
    from_at: datetime
    to_at: datetime
    joint: LostModel = Field(description="Lost while both run: one flood over all that both shut.")
    apart: LostModel = Field(description="The sum of what each costs alone; a ring cut at two places loses more than that.")
    only_together: LostModel = Field(description="Lost only because both run at the same time.")
    shared_valve_ids: list[int] = Field(description="Both bring them to the same state; they are put back by the last that ends.")
    opposed_valve_ids: list[int] = Field(description="One closes what the other opens: they cannot run together.")


class PlanEventModel(BaseModel):
    """One step of a plan."""

    version: int
    event: Literal["saved", "changed", "started", "finished", "cancelled"]
    seat: str
    note: str
    content: dict[str, Any] = Field(description="What the plan said from then on; states before; valves left as they are.")
    happened_at: datetime


class LeftAsIsModel(BaseModel):
    """A valve that was not put back, and why."""

    asset_id: int
    message: str


class ObstacleModel(BaseModel):
    """A valve that cannot be operated as the plan wants, and why."""

    asset_id: int
    message: str


class PlanModel(BaseModel):
    """One plan."""

    plan_id: int = Field(examples=[1])
    version: int = Field(description="Rises with every change and step.")
    title: str
    asset_ids: list[int]
    valves: list[PlanValveModel]
    planned_from_at: datetime
    planned_to_at: datetime
    crew: str
    note: str
    state: PlanState
    seat: str = Field(description="Who made it.")
    made_at: datetime
    network_version: int = Field(description="Of the network on which `lost` was computed.")
    valve_version: int
    lost: LostModel = Field(description="As computed when the plan was saved or last changed.")
    lost_now: LostNowModel | None = Field(
        description="On the present network, when that has moved on and the plan has not ended; else null."
    )
    problem: str | None = Field(description="Why it cannot be computed any more.")
    conflicts: list[ConflictModel]
    obstacles: list[ObstacleModel] = Field(
        description="Valves that cannot be operated now (stuck, no access, tagged out): with any a plan that waits does not "
        "start, and the end of one that runs leaves them as they are."
    )
    conflicts_outside_scope: int = Field(description="Further plans at the same time that this seat may not see.")


class PlanDetailModel(PlanModel):
    """One plan with its steps."""

    events: list[PlanEventModel]
    left_as_is: list[LeftAsIsModel] = Field(description="Valves that its end did not put back.")


class PlansAnswer(BaseModel):
    """Plans, the earliest first."""

    total: int
    items: list[PlanModel]


@router.get("/plans")
async def get_plans(
    *,
    request: Request,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    state: Annotated[list[PlanState] | None, Query(description="Only these; may be repeated.", examples=[["planned"]])] = None,
    from_at: Annotated[AwareDatetime | None, Query(alias="from", description="Only plans that end after this time.")] = None,
    to_at: Annotated[AwareDatetime | None, Query(alias="to", description="Only plans that start before this time.")] = None,
    limit: LimitQuery = 100,
    offset: OffsetQuery = 0,
) -> PlansAnswer:
    """List the plans all of whose assets the caller sees, with what they clash with."""
    wanted = PlanFilter(state, from_at, to_at)
    total, found = await plans.list_plans(pool, caller.scope, city, wanted, limit=limit, offset=offset)
    eyes = await _Eyes.open(request, caller, city, pool) if found else None
    return PlansAnswer(total=total, items=[] if eyes is None else [PlanModel(**await eyes.see(plan)) for plan in found])


@router.post("/plans", status_code=201)
async def post_plan(*, request: Request, body: PlanBody, caller: CallerDep, city: CityDep, pool: PoolDep) -> PlanDetailModel:
    """Save a plan in the name of the caller's seat; who loses heat is computed now."""
    draft = body.draft()
    await plans.require_named(pool, caller.scope, city, draft)
    lost = await lost_by_draft(await request.app.state.networks.get(city), draft)
    plan_id = await plans.add_plan(pool, city, draft, lost, seat=caller.seat)
    return await _detail(request, caller, city, pool, plan_id)


@router.get("/plans/{plan_id}")
async def get_plan(*, request: Request, plan_id: PlanIdPath, caller: CallerDep, city: CityDep, pool: PoolDep) -> PlanDetailModel:
    """Return one plan with its steps."""
    return await _detail(request, caller, city, pool, plan_id)


@router.patch("/plans/{plan_id}")
async def patch_plan(
    *, request: Request, plan_id: PlanIdPath, body: PlanChangeBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> PlanDetailModel:
    """Change a plan that has not been started; who loses heat is computed anew."""
    draft = _changed(await plans.read_plan(pool, caller.scope, city, plan_id), body).draft()
    await plans.require_named(pool, caller.scope, city, draft)
    lost = await lost_by_draft(await request.app.state.networks.get(city), draft)
    expected = body.expected_version
    await plans.change_plan(pool, city, plan_id, draft, lost, seat=caller.seat, expected_version=expected)
    return await _detail(request, caller, city, pool, plan_id)


@router.post("/plans/{plan_id}/start")
async def post_start(
    *, request: Request, plan_id: PlanIdPath, body: StepBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> PlanDetailModel:
    """Start a plan: its valves are operated in their order, recorded with the plan's number."""
    await plan_steps.start_plan(pool, caller.scope, city, plan_id, seat=caller.seat, note=body.note)
    return await _detail(request, caller, city, pool, plan_id)


@router.post("/plans/{plan_id}/finish")
async def post_finish(
    *, request: Request, plan_id: PlanIdPath, body: StepBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> PlanDetailModel:
    """Finish a running plan: its valves are put back, the last operated first."""
    await plan_steps.end_plan(pool, caller.scope, city, plan_id, "finished", seat=caller.seat, note=body.note)
    return await _detail(request, caller, city, pool, plan_id)


@router.post("/plans/{plan_id}/cancel")
async def post_cancel(
    *, request: Request, plan_id: PlanIdPath, body: StepBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> PlanDetailModel:
    """Cancel a plan; one that runs needs the right to switch valves, because its valves are put back."""
    operates = "switch_valves" in caller.permissions
    await plan_steps.end_plan(
        pool, caller.scope, city, plan_id, "cancelled", seat=caller.seat, note=body.note, may_operate=operates
    )
    return await _detail(request, caller, city, pool, plan_id)


# ---------------------------------------------------------------- answering


def _changed(plan: Plan, body: PlanChangeBody) -> PlanBody:
    valves = [PlanValveBody(asset_id=v.asset_id, action=v.action, order=v.order) for v in plan.valves]
    stored = {
        "title": plan.title,
        "asset_ids": list(plan.asset_ids),
        "valves": valves,
        "planned_from_at": plan.planned_from_at,
        "planned_to_at": plan.planned_to_at,
        "crew": plan.crew,
        "note": plan.note,
    }
    given = {name: value for name in stored if (value := getattr(body, name)) is not None}
    return plan_body(stored | given)


def plan_body(values: dict[str, Any]) -> PlanBody:
    """Return a plan as wished, held against the same rules as one that is sent.

    Raises
    ------
    BadRequest
        When the parts do not fit together.
    """
    try:
        return PlanBody(**values)
    except ValidationError as error:
        raise BadRequest("; ".join(item["msg"] for item in error.errors())) from None


async def _detail(request: Request, caller: Caller, city: int, pool: Pool, plan_id: int) -> PlanDetailModel:
    plan = await plans.read_plan(pool, caller.scope, city, plan_id)
    events = [PlanEventModel(**asdict(event)) for event in await plans.plan_events(pool, city, plan_id)]
    eyes = await _Eyes.open(request, caller, city, pool)
    left = events[-1].content.get("left_as_is", []) if events else []
    return PlanDetailModel(**await eyes.see(plan), events=events, left_as_is=left)


class _Eyes:
    """What one request needs to show plans to its caller."""

    def __init__(self, caller: Caller, network: Network, losses: PlanLosses, active: list[Plan], periods: Periods) -> None:
        self._caller = caller
        self._network = network
        self._losses = losses
        self._active = active
        self._periods = periods
        self._now = datetime.now(UTC)

    @classmethod
    async def open(cls, request: Request, caller: Caller, city: int, pool: Pool) -> _Eyes:
        network = await request.app.state.networks.get(city)
        active = await plans.active_plans(pool, caller.scope, city)
        periods = await plans.active_periods(pool, city, datetime.now(UTC))
        return cls(caller, network, request.app.state.plan_losses, active, periods)

    async def see(self, plan: Plan) -> dict[str, Any]:
        """Return the fields of a `PlanModel`."""
        problem, lost_now, conflicts = None, None, []
        try:
            lost_now = await self._lost_now(plan)
            conflicts = await self._losses.conflicts(self._network, plan, self._active, self._now)
        except NotTraceable as error:
            problem = str(error)
        fields = {name: getattr(plan, name) for name in PlanModel.model_fields if hasattr(plan, name)}
        return {
            **fields,
            "valves": [asdict(valve) for valve in plan.valves],
            "obstacles": [asdict(obstacle) for obstacle in plan.obstacles],
            "network_version": plan.lost.network_version,
            "valve_version": plan.lost.valve_version,
            "lost": saved_values(self._network, plan.lost, self._caller.scope),
            "lost_now": lost_now,
            "problem": problem,
            "conflicts": [self._conflict(conflict) for conflict in conflicts],
            "conflicts_outside_scope": self._hidden(plan),
        }

    async def _lost_now(self, plan: Plan) -> dict[str, float] | None:
        network = self._network
        versions = (network.network_version, network.valve_version)
        if plan.state in {"finished", "cancelled"} or versions == (plan.lost.network_version, plan.lost.valve_version):
            return None
        values = figure_values(network, await self._losses.lost(network, [plan]), self._caller.scope)
        return values | {"network_version": versions[0], "valve_version": versions[1]}

    def _conflict(self, conflict: Conflict) -> dict[str, Any]:
        network, scope, other = self._network, self._caller.scope, conflict.other
        mine, theirs = (figure_values(network, rows, scope) for rows in conflict.apart)
        return {
            "plan_id": other.plan_id,
            "title": other.title,
            "state": other.state,
            "from_at": other.planned_from_at,
            "to_at": other.planned_to_at,
            "joint": figure_values(network, conflict.joint, scope),
            "apart": sum_of(mine, theirs),
            "only_together": figure_values(network, conflict.only_together, scope),
            "shared_valve_ids": list(conflict.clash.shared),
            "opposed_valve_ids": list(conflict.clash.opposed),
        }

    def _hidden(self, plan: Plan) -> int:
        if plan.plan_id not in self._periods:
            return 0
        start, end = self._periods[plan.plan_id]
        seen = {each.plan_id for each in self._active}
        return sum(other_id not in seen and other[0] < end and start < other[1] for other_id, other in self._periods.items())
