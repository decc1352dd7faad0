"""`Question` as it came in, and `Asked`: the same with the picture of the network it is put to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from api.errors import BadRequest
from api.tracing.facts import Facts
from api.tracing.rooms import Rooms
from data.assets import read_kind
from data.errors import NotFound
from data.pool import Pool
from data.valves import states_at
from topology.assets import KINDS
from topology.codes import SOURCE, VALVE
from topology.errors import NotTraceable
from topology.network import Network
from twin.scope import Scope

QuestionName: TypeAlias = Literal[
    "impact", "isolation", "downstream", "upstream", "connected", "sources", "supply_area", "path", "declared"
]
Ids: TypeAlias = Literal["assets", "buildings", "segments", "none"]
AnswerFormat: TypeAlias = Literal["json", "geojson", "ids"]
ValveStateName: TypeAlias = Literal["open", "closed", "unknown"]

MOST_ASSETS = 50
"""How many assets one question may name."""
MOST_OVERRIDES = 1000
STATES: Mapping[tuple[bool, bool], str] = {
    (False, False): "valve and source states as they are now",
    (False, True): "valve and source states as they are now, changed by the sandbox of this question; nothing was written",
    (True, False): "valve and source states of the time as_of, on the present drawing",
    (True, True): "valve and source states of the time as_of, on the present drawing, changed by the sandbox of this question",
}
"""Which states an answer counts with, by whether it is of the past and whether it has a sandbox."""
_SOURCES = frozenset(("plant", "boiler_house"))


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the network.

    Attributes
    ----------
    name
        Which one.
    asset_ids
        What it is about.
    to
        Other end of a path.
    valves, sources
        The planner's sandbox: states that hold for this answer only.
    stuck
        Valves that cannot be closed, for an isolation.
    as_of
        Valve and source states of that time, on the present drawing; None = now.
    ids
        What `asset_ids` of the lists holds.
    geometry
        True: with a FeatureCollection.
    format
        How the answer is written.
    repair_h, outdoor_degc
        For the consequences; None = the limit of the fault's band, the latest reading.
    """

    name: QuestionName
    asset_ids: tuple[int, ...]
    to: int | None = None
    valves: Mapping[int, ValveStateName] = field(default_factory=dict)
    sources: Mapping[int, bool] = field(default_factory=dict)
    stuck: tuple[int, ...] = ()
    as_of: datetime | None = None
    ids: Ids = "assets"
    geometry: bool = False
    format: AnswerFormat = "json"
    repair_h: float | None = None
    outdoor_degc: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with everything that answers it.

    Attributes
    ----------
    question
        As it came.
    rooms, pool, scope
        Of the process and the caller.
    network
        In the state that is asked about.
    facts
        About its assets.
    visible
        True for rows that the caller may see, shape (assets,); None = all.
    sandbox
        Whether the states are the planner's own.
    unsupposed
        The network in the same state without the sandbox; None without one.
    """

    question: Question
    rooms: Rooms
    pool: Pool
    scope: Scope
    network: Network
    facts: Facts
    visible: NDArray[np.bool_] | None
    sandbox: bool
    unsupposed: Network | None = None

    def head(self) -> dict[str, Any]:
        """Return what every answer begins with."""
        as_of = self.question.as_of
        return {
            "question": self.question.name,
            "asset_ids": list(self.question.asset_ids),
            "city_id": self.network.city_id,
            "network_version": self.network.network_version,
            "valve_version": self.network.valve_version,
            "sandbox": self.sandbox,
            "as_of": None if as_of is None else as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "states": STATES[as_of is not None, self.sandbox],
        }


async def ask(rooms: Rooms, pool: Pool, scope: Scope, city_id: int, question: Question) -> Asked:
    """Take the picture of the network that a question is put to.

    Raises
    ------
    NotFound
        When an asset does not exist or the caller may not see it.
    NotTraceable
        When an asset is no part of the network.
    BadRequest
        When `as_of` lies in the future, or an override names what is no valve or source.
    """
    now = datetime.now(UTC)
    if question.as_of is not None and question.as_of > now:
        raise BadRequest(f"as_of is {question.as_of.isoformat()}, which is in the future; it is {now.isoformat()} now")
    network = await rooms.networks.get(city_id)
    facts = await rooms.facts.get(network)
    visible = facts.visible(network, scope)
    asked = Asked(question, rooms, pool, scope, network, facts, visible, bool(question.valves or question.sources))
    named = question.asset_ids if question.to is None else (*question.asset_ids, question.to)
    for asset_id in named:
        await _require_traceable(asked, asset_id)
    _require_kind(asked, "valves", tuple(question.valves), frozenset(("valve",)))
    _require_kind(asked, "sources", tuple(question.sources), _SOURCES)
    _require_kind(asked, "stuck", question.stuck, frozenset(("valve",)))
    return await _in_state(asked)


async def _require_traceable(asked: Asked, asset_id: int) -> None:
    """Tell an asset that nobody knows (or may see) from one that is no part of the heat network."""
    network, visible = asked.network, asked.visible
    row = int(network.assets.rows_of(np.array([asset_id], np.int32))[0])
    if row >= 0 and (visible is None or visible[row]):
        return
    kind = await read_kind(asked.pool, asked.scope, network.city_id, asset_id)
    if row >= 0 or (kind == "plant_branch" and asked.question.name in {"supply_area", "declared"}):
        return
    traced = ", ".join(KINDS)
    raise NotTraceable(
        f"asset {asset_id} is a {kind} and not part of the hot-water network; nothing is fed through it. Part of it are: {traced}"
    )


def _require_kind(asked: Asked, name: str, asset_ids: tuple[int, ...], kinds: frozenset[str]) -> None:
    """Check that overrides name what the caller may see and what can be operated."""
    network, visible = asked.network, asked.visible
    for asset_id, row in zip(asset_ids, network.assets.rows_of(np.array(asset_ids, np.int32)), strict=True):
        if row < 0 or (visible is not None and not visible[row]):
            raise NotFound(f"{name} names asset {asset_id}, and city {network.city_id} has no such {' or '.join(sorted(kinds))}")
        kind = KINDS[network.assets.kind[row]]
        if kind not in kinds:
            raise BadRequest(f"{name} names asset {asset_id}, which is a {kind}; it must be a {' or '.join(sorted(kinds))}")
        edge = SOURCE if kind in _SOURCES else VALVE
        if name != "stuck" and not ((network.edges.row == row) & (network.edges.kind == edge)).any():
            raise NotTraceable(f"{kind} {asset_id} is drawn off the network: its state changes nothing")


async def _in_state(asked: Asked) -> Asked:
    """Put the states of a past time and of the sandbox into a copy of the network."""
    question, network = asked.question, asked.network
    if question.as_of is None and not asked.sandbox:
        return asked
    valves: dict[int, str] = {}
    sources: dict[int, bool] = {}
    if question.as_of is not None:
        past_valves, past_sources = await states_at(asked.pool, network.city_id, question.as_of)
        valves, sources = dict(past_valves), dict(past_sources)
    unsupposed = None
    if asked.sandbox:
        unsupposed = await asked.rooms.sandboxes.get(network, valves, sources) if question.as_of is not None else network
    valves |= question.valves
    sources |= question.sources
    changed = await asked.rooms.sandboxes.get(network, valves, sources)
    return replace(asked, network=changed, unsupposed=unsupposed)
