"""Who loses heat by plans: alone, together, on the network as it is now; for a caller's eyes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from data.network import visible_rows
from data.plans import STATE_OF, Draft, Lost, Plan
from topology.answers.impact import figures
from topology.answers.plans import Clash, Work, clash, lost_to
from topology.network import Network
from twin.scope import Scope

Rows: TypeAlias = NDArray[np.int32]
FigureValues: TypeAlias = dict[str, float]
_KEPT: Final = 4000


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two plans that meet in time.

    Attributes
    ----------
    other
        The other plan.
    joint, apart, only_together
        Rows that lose heat while both run; the rows of each alone; and those that keep heat while only one runs.
    clash
        Valves that both operate.
    """

    other: Plan
    joint: Rows
    apart: tuple[Rows, Rows]
    only_together: Rows
    clash: Clash


class PlanLosses:
    """Remembers what was computed for plans on one state of a network; the least recently asked for goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Rows] = OrderedDict()

    async def lost(self, network: Network, plans: Sequence[Plan], *, beside: Sequence[Plan] = ()) -> Rows:
        """Return the buildings that lose heat while these plans run, against the state without them and those `beside` them.

        Raises
        ------
        NotTraceable
            When something that is worked on is no longer part of the network.
        """
        versions = (network.city_id, network.network_version, network.valve_version)
        key = (*versions, frozenset((p.plan_id, p.version) for p in plans), frozenset((p.plan_id, p.version) for p in beside))
        found = self._kept.get(key)
        if found is None:
            base = without_running(network, [*plans, *beside])
            found = await asyncio.to_thread(lost_to, base, [work_of(plan) for plan in plans])
            self._kept[key] = found
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found

    async def conflicts(self, network: Network, plan: Plan, active: Sequence[Plan], now: datetime) -> list[Conflict]:
        """Return the plans that wait or run and meet a plan in time, with what both together cut off."""
        if plan.state not in {"planned", "running"}:
            return []
        others = [other for other in active if other.plan_id != plan.plan_id and plan.overlaps(other, now)]
        return [await self._conflict(network, plan, other) for other in others]

    async def _conflict(self, network: Network, plan: Plan, other: Plan) -> Conflict:
        joint = await self.lost(network, [plan, other])
        # both against the same state: that without either
        mine, theirs = await self.lost(network, [plan], beside=[other]), await self.lost(network, [other], beside=[plan])
        only = np.setdiff1d(joint, np.union1d(mine, theirs)).astype(np.int32)
        return Conflict(other, joint, (mine, theirs), only, clash(work_of(plan), work_of(other)))


def work_of(plan: Plan) -> Work:
    """Return what a plan does to the network."""
    return Work(plan.asset_ids, {valve.asset_id: STATE_OF[valve.action] for valve in plan.valves})


def without_running(network: Network, plans: Sequence[Plan]) -> Network:
    """Return the network as it would be if those of the plans that run had not been started."""
    before = {
        valve.asset_id: valve.state_before
        for plan in plans
        if plan.state == "running"
        for valve in plan.valves
        if valve.state_before is not None
    }
    return network.with_states(before, valve_version=network.valve_version) if before else network


async def lost_by_draft(network: Network, draft: Draft) -> Lost:
    """Compute who loses heat by a plan that is to be saved.

    Raises
    ------
    NotTraceable
        When something that is worked on is no part of the network.
    """
    work = Work(tuple(draft.asset_ids), {asset_id: STATE_OF[action] for asset_id, action in draft.valves})
    rows = await asyncio.to_thread(lost_to, network, [work])
    ids = network.assets.asset_id[rows].tolist()
    return Lost(ids, figure_values(network, rows, None), network.network_version, network.valve_version)


def figure_values(network: Network, rows: Rows, scope: Scope | None) -> FigureValues:
    """Add rows up, as far as a caller may see them (None: all)."""
    seen = figures(network.assets, rows, None if scope is None else visible_rows(network, scope))
    return {
        "buildings": len(seen.asset_ids),
        "heat_user_count": seen.heat_user_count,
        "heated_area_m2": seen.heated_area_m2,
        "heat_load_mw": seen.heat_load_mw,
    }


def saved_values(network: Network, lost: Lost, scope: Scope) -> FigureValues:
    """Return the figures of a plan as saved; for a caller who does not see all of its buildings, those of the visible ones."""
    rows = network.assets.rows_of(np.array(lost.building_ids, np.int64))
    rows = rows[rows >= 0].astype(np.int32)
    if visible_rows(network, scope)[rows].all():
        return dict(lost.figures)
    return figure_values(network, rows, scope)


def sum_of(one: FigureValues, other: FigureValues) -> FigureValues:
    """Add two sets of figures."""
    return {name: value + other[name] for name, value in one.items()}
