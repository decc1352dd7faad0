"""Criticality (关键管段): what each segment takes along when it is shut, in the valve state of the network that is given.

- *lost*: buildings without any open way from a running source; one slice of the dominator tree a segment, added up by prefix
  sums.
- *short*: users of the parts of the primary network that still have running sources, but less power than load once the segment is
  out (capacity only; pressures are the solver's business). One depth-first walk over each zone without the root above its sources
  answers all segments at once. A zone that is short of power as it stands counts nowhere and is told apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.cuts.capacity import Capacity, weights_of
from topology.cuts.cuts import cut_index
from topology.cuts.isolation_kernels import own_sums, short_without_each
from topology.network import Network

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Criticality:
    """Figures by segment (number in `Network.segments`), supply and return each for itself; arrays of shape (segments,).

    Attributes
    ----------
    city_id, network_version, valve_version
        What was asked of which state.
    segment_id
        Smallest asset id of the segment's pipes; 0 = no pipes.
    side
        1 supply, 2 return.
    pipe_length_m
        Length of its pipes.
    buildings_lost, users_lost, area_lost_m2
        Buildings without heat when it is shut, their heat users and heated area.
    users_short
        Users of parts that are short of power when it is shut; 0 without capacity.
    already_short
        Users of the zone where the zone is short of power as it stands; `users_short` is 0 there.
    """

    city_id: int
    network_version: int
    valve_version: int
    segment_id: NDArray[np.int32]
    side: NDArray[np.uint8]
    pipe_length_m: Floats
    buildings_lost: NDArray[np.int64]
    users_lost: NDArray[np.int64]
    area_lost_m2: Floats
    users_short: NDArray[np.int64]
    already_short: NDArray[np.int64]

    def ranked(self) -> NDArray[np.intp]:
        """Return the segments that have pipes, most users lost first, then most users short, then most buildings, then by id."""
        order = np.lexsort((self.segment_id, -self.buildings_lost, -self.users_short, -self.users_lost))
        ranked: NDArray[np.intp] = order[self.segment_id[order] > 0]
        return ranked


def criticality(network: Network, capacity: Capacity | None = None) -> Criticality:
    """Tell for every segment what it takes along.

    Parameters
    ----------
    network
        In the normal valve state, if that is what is asked for.
    capacity
        Powers and loads; without it nothing is short.

    Notes
    -----
    Cost: docs/isolation.md; linear in segments, links and services.
    """
    layout = cut_index(network).layout
    short, already = _short(network, capacity)
    buildings, users, area = _lost(network)
    return Criticality(
        city_id=network.city_id,
        network_version=network.network_version,
        valve_version=network.valve_version,
        segment_id=network.segments.segment_id,
        side=layout.side,
        pipe_length_m=layout.length_m,
        buildings_lost=buildings,
        users_lost=users,
        area_lost_m2=area,
        users_short=short,
        already_short=already,
    )


def _lost(network: Network) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Add up the buildings that fall with each segment."""
    found, assets = network.state.buildings, network.assets
    row = assets.rows_of(found.consumer_id)[found.place]
    users, area = assets.heat_user_count[row], assets.heated_area_m2[row]
    one = 1 + np.arange(network.segments.count)
    low, high = found.low[one], found.high[one]
    buildings: NDArray[np.int64] = (high - low).astype(np.int64)
    totals = [np.concatenate([np.zeros(1, figure.dtype), np.cumsum(figure)]) for figure in (users, area)]
    sums = [total[high] - total[low] for total in totals]
    for segment in np.flatnonzero(found.twice[one]):
        place = np.unique(row[low[segment] : high[segment]])
        buildings[segment] = len(place)
        for total, figure in zip(sums, (assets.heat_user_count, assets.heated_area_m2), strict=True):
            total[segment] = figure[place].sum()
    return buildings, sums[0], np.maximum(sums[1], 0.0)


def _short(network: Network, capacity: Capacity | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if capacity is None:
        none = np.zeros(network.segments.count, np.int64)
        return none, none
    index, weights = cut_index(network), weights_of(network, capacity)
    layout, ways = index.layout, index.ways
    own = own_sums(layout.start, layout.near, ways.passes, weights.of_link, weights.of_segment)
    short, already = short_without_each(layout.start, layout.near, ways.passes, ways.tree, own)
    return np.rint(short).astype(np.int64), np.rint(already).astype(np.int64)
