"""`FactStore`: what answers say about consumers, read once a network version and kept in the API process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from data.consumers import read_consumers, read_normal_states
from data.hydraulics import read_hydraulic_tables
from data.network import visible_rows
from data.pool import connect
from topology.assets import AssetTable
from topology.cuts.capacity import Capacity, read_capacity
from topology.network import Network
from twin.consumers import Consumers
from twin.scope import Scope

_MOST_SCOPES = 64


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about the assets of a network; they hold for every state of its valves.

    Attributes
    ----------
    assets
        The table they are aligned with.
    consumers
        Estates, companies, hospitals, schools, classes of cooling, branches.
    capacity
        Loads, powers and volumes, for alternatives and critical segments.
    normal_states
        Normal state of every valve by asset id.
    segment_id
        Segment id of each row that is a pipe, 0 for everything else.
    """

    assets: AssetTable
    consumers: Consumers
    capacity: Capacity
    normal_states: Mapping[int, str]
    segment_id: NDArray[np.int32]
    _visible: dict[Scope, NDArray[np.bool_]] = field(default_factory=dict)

    def visible(self, network: Network, scope: Scope) -> NDArray[np.bool_] | None:
        """Tell for every row whether a scope holds it; None = all."""
        if scope.layers is None and scope.areas is None and scope.company_ids is None:
            return None
        found = self._visible.get(scope)
        if found is None:
            if len(self._visible) >= _MOST_SCOPES:
                self._visible.clear()
            found = self._visible[scope] = visible_rows(network, scope)
        return found


class FactStore:
    """Holds the facts of each city for its newest network.

    Parameters
    ----------
    database_url
        Where they are read from, by a connection of their own in a thread.
    """

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._facts: dict[int, Facts] = {}
        self._locks: dict[int, asyncio.Lock] = {}

    async def get(self, network: Network) -> Facts:
        """Return the facts of a network; the first call after a new network version reads them, once however many wait."""
        kept = self._facts.get(network.city_id)
        if kept is not None and kept.assets is network.assets:
            return kept
        async with self._locks.setdefault(network.city_id, asyncio.Lock()):
            kept = self._facts.get(network.city_id)
            if kept is None or kept.assets is not network.assets:
                kept = await asyncio.to_thread(self._read, network)
                self._facts[network.city_id] = kept
            return kept

    def _read(self, network: Network) -> Facts:
        with connect(self._database_url) as connection:
            return Facts(
                assets=network.assets,
                consumers=read_consumers(connection, network),
                capacity=read_capacity(network.assets, read_hydraulic_tables(connection, network.city_id)),
                normal_states=read_normal_states(connection, network.city_id),
                segment_id=segment_ids(network),
            )


def segment_ids(network: Network) -> NDArray[np.int32]:
    """Return the segment id of each row that is a pipe, 0 for everything else."""
    pipe, segment = network.segment_id_of_pipe()
    found = np.zeros(network.assets.asset_id.size, np.int32)
    found[network.assets.rows_of(pipe)] = segment
    return found
