"""Critical segments (关键管段) as a list: what each takes along in the normal state of the valves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.tracing.facts import Facts
from api.tracing.findings import Answer
from api.tracing.rooms import Rooms
from data.assets import AssetItem, read_items
from data.pool import Pool
from topology.assets import AssetTable
from topology.cuts.criticality import Criticality, criticality
from topology.network import Network
from twin.scope import Scope


@dataclass(frozen=True, slots=True)
class Ranked:
    """Critical segments of one drawing, worst first."""

    assets: AssetTable
    found: Criticality
    order: NDArray[np.intp]


class Criticals:
    """Holds the critical segments of each city for its newest drawing; valves that are operated do not change them."""

    def __init__(self) -> None:
        self._kept: dict[int, Ranked] = {}
        self._lock = asyncio.Lock()

    async def get(self, network: Network, facts: Facts) -> Ranked:
        """Return the critical segments of a network; worked out in a thread at the first call after a new drawing."""
        async with self._lock:
            kept = self._kept.get(network.city_id)
            if kept is None or kept.assets is not network.assets:
                kept = self._kept[network.city_id] = await asyncio.to_thread(_rank, network, facts)
            return kept


def _rank(network: Network, facts: Facts) -> Ranked:
    normal = network.with_states(facts.normal_states, {}, valve_version=network.valve_version)
    found = criticality(normal, facts.capacity)
    return Ranked(network.assets, found, found.ranked())


async def critical_segments(rooms: Rooms, criticals: Criticals, pool: Pool, scope: Scope, *, city_id: int, page: slice) -> Answer:
    """Return a page of the critical segments whose first pipe the caller may see, and how many there are."""
    network = await rooms.networks.get(city_id)
    facts = await rooms.facts.get(network)
    ranked = await criticals.get(network, facts)
    found, order, visible = ranked.found, ranked.order, facts.visible(network, scope)
    if visible is not None:
        order = order[visible[network.assets.rows_of(found.segment_id[order])]]
    shown = order[page]
    items = {item.asset_id: item for item in await read_items(pool, scope, city_id, found.segment_id[shown].tolist())}
    return {
        "city_id": city_id,
        "network_version": network.network_version,
        "total": len(order),
        "items": [_segment(found, place, items.get(int(found.segment_id[place]))) for place in shown.tolist()],
    }


def _segment(found: Criticality, place: int, item: AssetItem | None) -> Answer:
    return {
        "segment_id": int(found.segment_id[place]),
        "side": int(found.side[place]),
        "label": "" if item is None else item.name or item.code,
        "position": None if item is None else item.position_wgs84,
        "pipe_length_m": round(float(found.pipe_length_m[place]), 1),
        "buildings_lost": int(found.buildings_lost[place]),
        "users_lost": int(found.users_lost[place]),
        "area_lost_m2": round(float(found.area_lost_m2[place]), 1),
        "users_short": int(found.users_short[place]),
    }
