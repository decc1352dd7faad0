"""Which heat sources feed which substations by one water: the two sides of a balance of heat or flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.codes import CLOSED, EXCHANGER, SOURCE, SUPPLY
from topology.network import Network

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class BalanceZones:
    """Members of the primary zones that can be balanced: arrays of asset ids with the zone of each.

    A zone is what one water joins over open valves on the supply side; a substation that lies in two of them is in both.
    """

    source_ids: Ids
    source_zone: Ids
    station_ids: Ids
    station_zone: Ids


def balance_zones(network: Network) -> BalanceZones:
    """Return the zones that have running heat sources and substations, and feed nobody else.

    What a zone gives to buildings directly no substation measures: such a zone cannot be balanced. Cost: one pass over the links,
    10 ms for a city.
    """
    links, state, edges = network.state.links, network.state, network.edges
    supply = edges.side[links.edge] == SUPPLY
    running = np.flatnonzero((links.kind == SOURCE) & supply & (edges.state[links.edge] != CLOSED))
    exchangers = np.flatnonzero((links.kind == EXCHANGER) & supply)
    source_zone, station_zone = state.fed.zone[links.b[running]], state.fed.zone[links.a[exchangers]]
    node = network.services.supply_node
    direct = state.fed.zone[network.segments.of_node[node[node >= 0]]]
    both = np.setdiff1d(np.intersect1d(source_zone, station_zone), direct)
    kept_sources, kept_stations = np.isin(source_zone, both), np.isin(station_zone, both)
    ids = network.assets.asset_id
    return BalanceZones(
        ids[links.row[running][kept_sources]].astype(np.int32),
        source_zone[kept_sources].astype(np.int32),
        ids[links.row[exchangers][kept_stations]].astype(np.int32),
        station_zone[kept_stations].astype(np.int32),
    )
