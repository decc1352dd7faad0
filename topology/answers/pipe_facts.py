"""What the network says of each pipe in the valve state it is given: who feeds it, and how much hangs on it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from topology.codes import EXCHANGER, SOURCE
from topology.cuts.capacity import Capacity
from topology.cuts.criticality import criticality
from topology.network import Network

IntArray = NDArray[np.int64]

CRITICALITY_LIMITS = (1, 100, 1_000, 10_000)
"""First heat user count of classes 2, 3, 4 and 5."""
CRITICALITY_CLASSES: Mapping[int, str] = {
    1: "nobody",
    2: "1-99 heat users",
    3: "100-999 heat users",
    4: "1,000-9,999 heat users",
    5: "10,000 heat users and more",
}
"""Criticality of a pipe: heat users with no heat, or too little, when its segment is shut; a building counts as one at least."""


def pipe_feeders(network: Network, capacity: Capacity) -> tuple[IntArray, IntArray]:
    """Return the pipes that something feeds and what feeds each, as asset ids: a running source, else a substation.

    Of several sources of one zone the strongest by design power counts, of several substations the one with the largest load;
    of equal ones the smallest asset id.

    Notes
    -----
    Cost: milliseconds for a city.
    """
    fed, links, assets = network.state.fed, network.state.links, network.assets
    best = np.full(fed.zone.size + 1, -1, np.int64)
    for kind, strength in ((EXCHANGER, capacity.load_mw), (SOURCE, capacity.power_mw)):
        feeds = np.flatnonzero((links.kind == kind) & fed.passes)
        rows, power = links.row[feeds], np.nan_to_num(strength[links.row[feeds]])
        weakest_first = np.lexsort((-rows, power))
        best[fed.zone[links.b[feeds]][weakest_first]] = rows[weakest_first]
    pipe = network.edges.pipe_count
    zone = fed.zone[network.segments.of_node[network.edges.u[:pipe]]]
    feeder = np.where(fed.zone_fed[zone], best[zone], -1)
    found = feeder >= 0
    pipes = assets.asset_id[network.edges.row[:pipe][found]]
    return pipes.astype(np.int64), assets.asset_id[feeder[found]].astype(np.int64)


def pipe_criticalities(network: Network, capacity: Capacity) -> tuple[IntArray, IntArray]:
    """Return the asset ids of all pipes and the class of each (`CRITICALITY_CLASSES`).

    Notes
    -----
    Cost: that of `topology.cuts.criticality`.
    """
    found = criticality(network, capacity)
    classes = user_classes(np.maximum(found.users_lost, found.buildings_lost) + found.users_short)
    pipe = network.edges.pipe_count
    segment = network.segments.of_node[network.edges.u[:pipe]]
    return network.assets.asset_id[network.edges.row[:pipe]].astype(np.int64), classes[segment]


def user_classes(users: IntArray) -> IntArray:
    """Return the class of each number of heat users."""
    classes: IntArray = 1 + np.searchsorted(np.array(CRITICALITY_LIMITS), users, side="right").astype(np.int64)
    return classes
