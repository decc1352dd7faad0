"""Where water leaks out of the primary network: `POST /leaks/locate`."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import CallerDep, CityDep
from api.errors import BadRequest
from api.leak_room import Found, LeakRoom, Question, last_readings
from data.network import visible_rows
from topology.codes import RETURN, SUPPLY
from topology.leaks.zone import Reading
from topology.network import Network
from twin.errors import OutsideScope
from twin.scope import Scope

router = APIRouter(tags=["leaks"])

MAX_STATIONS = 5_000
_LISTED = 50
_LEAST_LIKELIHOOD = 1e-4
_POOR_MPA = 0.02
_Pressure = Annotated[float, Field(ge=-0.2, le=10.0, allow_inf_nan=False, examples=[0.82])]


class PressuresModel(BaseModel):
    """Primary pressures of a station or of the source, above the atmosphere."""

    model_config = ConfigDict(extra="forbid")

    supply_mpa: _Pressure
    return_mpa: _Pressure


class LeakSearchBody(BaseModel):
    """Readings to hold against the solved zone."""

    model_config = ConfigDict(extra="forbid")

    source_id: int = Field(ge=1, le=2**31 - 1, description="Running source whose zone leaks.", examples=[210])
    readings: dict[int, PressuresModel] | None = Field(
        None, max_length=MAX_STATIONS, description="By asset id of the station. Default: the last readings."
    )
    source: PressuresModel | None = Field(None, description="Of the source itself; without it a whole side's level is free.")
    before: dict[int, PressuresModel] | None = Field(
        None, max_length=MAX_STATIONS, description="The same stations before the leak: what is unknown about pipes cancels out."
    )
    source_before: PressuresModel | None = Field(None, description="Of the source itself before the leak.")
    make_up_kg_per_s: float | None = Field(
        None,
        gt=0,
        le=10_000,
        allow_inf_nan=False,
        description="What the leak adds to the make-up flow. Default: 5 % of the flow.",
    )


class LeakCandidate(BaseModel):
    """A pipe that may leak."""

    pipe_id: int
    segment_id: int
    side: int = Field(description="1 supply, 2 return.")
    position: tuple[float, float] = Field(description="WGS-84 lon, lat of its likeliest place.", examples=[[125.3, 43.8]])
    likelihood: float = Field(description="Of the whole pipe; all pipes of the zone add up to 1.")
    leak_kg_per_s: float


class LeakAnswer(BaseModel):
    """Where a leak is likely."""

    source_id: int
    city_id: int
    network_version: int
    valve_version: int
    method: str
    stations: int = Field(description="Stations with readings that were used.")
    make_up_kg_per_s: float
    residual_mpa: float = Field(description="What the best place leaves unexplained, root mean square.")
    within_m: float = Field(description="Radius about the best place that holds 80 % of the likelihood.")
    position: tuple[float, float]
    problems: list[str]
    candidates: list[LeakCandidate]
    geometry: dict[str, Any] = Field(description="FeatureCollection of pipes with their likelihood.")


@router.post("/leaks/locate")
async def locate_leak(*, request: Request, body: LeakSearchBody, caller: CallerDep, city: CityDep) -> LeakAnswer:
    """Tell where a leak is likely, from pressures at stations and the make-up flow; changes nothing."""
    network: Network = await request.app.state.networks.get(city)
    rows = network.assets.rows_of(np.array([body.source_id]))
    visible = visible_rows(network, caller.scope)
    if rows[0] >= 0 and not visible[rows[0]]:
        raise OutsideScope(f"source {body.source_id} lies outside of what this seat may read")
    question = _question(request, city, body, network, visible)
    room: LeakRoom = request.app.state.leaks
    return _answer(network, await room.find(network, question), question, caller.scope)


def _question(request: Request, city: int, body: LeakSearchBody, network: Network, visible: np.ndarray) -> Question:
    stations = frozenset(network.assets.asset_id[visible].tolist())
    given = body.readings is not None
    live = request.app.state.live.city(city)
    last = {} if given or live is None else last_readings(live, stations)
    readings = _readings(body.readings) if given else {each: value for each, value in last.items() if each != body.source_id}
    strange = sorted(set(readings) - stations)
    if strange:
        raise BadRequest(f"readings name {strange[0]}, which is no station of this network that this seat may read")
    at_source = _reading(body.source) or last.get(body.source_id)
    return Question(
        source_id=body.source_id,
        readings=readings,
        at_source=at_source,
        before=_readings(body.before),
        at_source_before=_reading(body.source_before),
        make_up_kg_per_s=body.make_up_kg_per_s,
    )


def _reading(given: PressuresModel | None) -> Reading | None:
    return None if given is None else Reading(given.supply_mpa, given.return_mpa)


def _readings(given: dict[int, PressuresModel] | None) -> dict[int, Reading]:
    return {station: Reading(each.supply_mpa, each.return_mpa) for station, each in (given or {}).items()}


def _answer(network: Network, found: Found, question: Question, scope: Scope) -> LeakAnswer:
    places, zone, pieces = found.places, found.zone, found.search.pieces
    likelihood = np.bincount(pieces.pipe, places.likelihood, len(zone.pipe_id))
    rows = network.assets.rows_of(zone.pipe_id)
    shown = visible_rows(network, scope)[rows] & (likelihood >= _LEAST_LIKELIHOOD)
    order = np.flatnonzero(shown)[np.argsort(-likelihood[shown], kind="stable")]
    segment = dict(zip(*(each.tolist() for each in network.segment_id_of_pipe()), strict=True))
    best = {}
    for piece in np.argsort(places.likelihood / pieces.length_m, kind="stable"):
        best[int(pieces.pipe[piece])] = int(piece)  # the likeliest one stays
    candidates = [
        LeakCandidate(
            pipe_id=int(zone.pipe_id[pipe]),
            segment_id=segment[int(zone.pipe_id[pipe])],
            side=int(zone.node_side[zone.pipe_u[pipe]]),
            position=_position(found, best[int(pipe)]),
            likelihood=round(float(likelihood[pipe]), 5),
            leak_kg_per_s=round(float(places.leak_kg_per_s[best[int(pipe)]]), 2),
        )
        for pipe in order[:_LISTED]
    ]
    return LeakAnswer(
        source_id=question.source_id,
        city_id=network.city_id,
        network_version=network.network_version,
        valve_version=network.valve_version,
        method="pressures before and after" if question.before else "pressures against the solved zone",
        stations=len(found.search.metered),
        make_up_kg_per_s=round(found.make_up_kg_per_s, 3),
        residual_mpa=round(places.residual_mpa, 5),
        within_m=round(places.within_m, 1),
        position=_position(found, places.best),
        problems=_problems(found, question),
        candidates=candidates,
        geometry=_geometry(found, likelihood, order),
    )


def _position(found: Found, piece: int) -> tuple[float, float]:
    pieces = found.search.pieces
    share, ends = float(pieces.share[piece]), found.ends[pieces.pipe[piece]]
    lon, lat = (1.0 - share) * ends[:2] + share * ends[2:]
    return round(float(lon), 6), round(float(lat), 6)


def _problems(found: Found, question: Question) -> list[str]:
    said = []
    if found.places.residual_mpa > _POOR_MPA:
        said.append(
            f"the readings lie {found.places.residual_mpa:.3f} MPa off what any leak explains: the zone is run otherwise than"
            " it is solved, or stations read wrongly; do not dig by this answer"
        )
    if question.make_up_kg_per_s is None:
        said.append(f"no make-up flow was given; {found.make_up_kg_per_s:.1f} kg/s, 5 % of the flow, were taken for granted")
    if not found.levels_known:
        said.append("the source's own pressures were not given, so only differences among stations count")
    return said


def _geometry(found: Found, likelihood: np.ndarray, order: np.ndarray) -> dict[str, Any]:
    zone = found.zone
    side = {SUPPLY: "supply", RETURN: "return"}
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "LineString",
                "coordinates": [[round(float(x), 6), round(float(y), 6)] for x, y in found.ends[pipe].reshape(2, 2)],
            },
            "properties": {
                "pipe_id": int(zone.pipe_id[pipe]),
                "side": side[int(zone.node_side[zone.pipe_u[pipe]])],
                "likelihood": round(float(likelihood[pipe]), 5),
            },
        }
        for pipe in order
        if np.isfinite(found.ends[pipe]).all()
    ]
    return {"type": "FeatureCollection", "features": features}
