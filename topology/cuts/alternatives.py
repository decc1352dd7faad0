"""Alternatives (反向供热): closed valves that give heat back to what an isolation loses, best first, with a capacity check.

1. A valve counts when it is closed, can be operated, and joins something lost to something that is still fed. A valve and its
   pair on the other side are opened together where the pair is closed and can be opened; alone otherwise.
2. What it gives back is found by feeding the lost part alone; nothing else is looked at again.
3. Where the best one leaves somebody without heat, the best second one beside it is added as a combination of two (greedy:
   two of which neither helps alone are not found).
4. Capacity: running power of all sources in the part of the primary network that would feed it, against the load there plus the
   load given back. No pressure, no losses: the solver has the last word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from topology.assets import KIND_CODE
from topology.cuts.capacity import Capacity, Weights, weights_of
from topology.cuts.cuts import Cut, cut_index, lost_rows
from topology.cuts.isolation_kernels import LOAD, POWER, UNKNOWN, entry_of, give_back, sum_part, ties
from topology.cuts.kernels import SECONDARY
from topology.network import Network

Rows = NDArray[np.int32]
_SLACK = 1e-9
_BUILDING, _SUBSTATION = KIND_CODE["building"], KIND_CODE["substation"]
MOST = 20
"""Most alternatives in one answer; those that give back least are left out."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Valves to open, and what that gives back.

    Attributes
    ----------
    valve_ids
        Asset ids, in the order of opening: return before supply.
    gives_back
        Rows of `Network.assets` that have heat again, rising.
    buildings, heat_user_count, heated_area_m2, heat_load_mw
        Of the buildings among them.
    running_mw, load_mw
        Known power of running sources in the part that would feed it, and its load with what is given back; None without
        capacity.
    enough
        Whether that power covers that load; None where a source of unknown power decides, or without capacity.
    """

    valve_ids: tuple[int, ...]
    gives_back: Rows
    buildings: int
    heat_user_count: int
    heated_area_m2: float
    heat_load_mw: float
    running_mw: float | None
    load_mw: float | None
    enough: bool | None


_Pair: TypeAlias = tuple[tuple[int, ...], int]
"""Links that are opened together, supply first, with the fed segment beside the first of them."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """One or two pairs of valves, what stays lost with them open, the rows that come back and what these are worth."""

    pairs: tuple[_Pair, ...]
    left: Cut
    back: Rows
    worth: tuple[int, int, int]


class _Parts:
    """Sums over parts of the primary network after the cut; each part is walked once."""

    def __init__(self, network: Network, found: Cut, weights: Weights) -> None:
        self.index = cut_index(network)
        self.found = found
        self.weights = weights
        self.label = np.full(len(found.mark), -1, np.int32)
        self.sums: list[NDArray[np.float64]] = []

    def around(self, segment: int) -> int:
        """Return the number of the part that feeds a segment."""
        layout, ways, found = self.index.layout, self.index.ways, self.found
        if ways.tree[segment, SECONDARY] == 1:
            segment = int(entry_of(layout.start, layout.near, ways.passes, found.mark, found.gone, np.int32(segment)))
        if self.label[segment] < 0:
            total = sum_part(
                layout.start,
                layout.near,
                ways.passes,
                found.mark,
                found.gone,
                self.weights.of_link,
                self.weights.of_segment,
                self.label,
                len(self.sums),
                segment,
            )
            self.sums.append(total)
        return int(self.label[segment])


def alternatives(
    network: Network, found: Cut, lost: Rows, usable: NDArray[np.bool_], capacity: Capacity | None = None
) -> tuple[Alternative, ...]:
    """Find what gives heat back after a cut, best first.

    Parameters
    ----------
    network
        Before the cut.
    found, lost
        The cut of the shut segments, and the rows that it loses.
    usable
        Links that a crew can operate.
    capacity
        Powers and loads; without it capacity is not judged.

    Notes
    -----
    Cost: one walk through what was lost for each tie; one walk through each part that would feed it.
    """
    singles = [opened for pair in _pairs(network, found, usable) if (opened := _open(network, found, lost, (pair,)))]
    if not singles:
        return ()
    singles.sort(key=lambda opened: opened.worth, reverse=True)
    chosen = [*_with_second(network, found, lost, singles[0], usable), *singles[:MOST]]
    parts = _Parts(network, found, weights_of(network, capacity)) if capacity is not None else None
    return tuple(_alternative(network, opened, capacity, parts) for opened in chosen)


def _pairs(network: Network, found: Cut, usable: NDArray[np.bool_]) -> list[_Pair]:
    """Return what can be opened towards what a cut leaves without heat, each pair of valves once."""
    index, links, edges = cut_index(network), network.state.links, network.edges
    layout, ways = index.layout, index.ways
    joins = ties(layout.start, layout.near, ways.closed, usable, ways.tree, found.mark, found.lost)
    # supply first, so that its sources are the ones that are added up
    joins = joins[np.argsort(edges.side[links.edge[joins[:, 0]]], kind="stable")]
    seen: set[int] = set()
    pairs: list[_Pair] = []
    for link, fed in joins.tolist():
        if link in seen:
            continue
        pair = int(edges.pair[links.edge[link]]) - edges.pipe_count
        together = pair >= 0 and ways.closed[pair] and usable[pair]
        opened: tuple[int, ...] = (link, pair) if together else (link,)
        seen.update(opened)
        pairs.append((opened, fed))
    return pairs


def _open(network: Network, found: Cut, lost: Rows, pairs: tuple[_Pair, ...]) -> _Opened | None:
    """Open valves after a cut and tell what comes back; None when nobody does."""
    index = cut_index(network)
    layout, ways = index.layout, index.ways
    passes = ways.passes.copy()
    passes[[link for links, _ in pairs for link in links]] = True
    mark, gone = found.mark.copy(), found.gone.copy()
    still, dead = give_back(layout.start, layout.near, layout.links, passes, ways.tree, found.lost, found.dead, mark, gone)
    left = Cut(mark, gone, still, dead)
    back = np.setdiff1d(lost, lost_rows(network, left), assume_unique=True)
    kind = network.assets.kind[back]
    buildings, substations = back[kind == _BUILDING], np.count_nonzero(kind == _SUBSTATION)
    worth = (len(buildings), int(network.assets.heat_user_count[buildings].sum()), int(substations))
    return _Opened(pairs, left, back, worth) if any(worth) else None


def _with_second(network: Network, found: Cut, lost: Rows, best: _Opened, usable: NDArray[np.bool_]) -> list[_Opened]:
    """Return the best alternative with the second pair that adds most to it, if any does."""
    both = [_open(network, found, lost, (*best.pairs, pair)) for pair in _pairs(network, best.left, usable)]
    more = [opened for opened in both if opened is not None and opened.worth > best.worth]
    return [max(more, key=lambda opened: opened.worth)] if more else []


def _alternative(network: Network, opened: _Opened, capacity: Capacity | None, parts: _Parts | None) -> Alternative:
    assets, row = network.assets, network.state.links.row
    buildings = opened.back[assets.kind[opened.back] == _BUILDING]
    running, load, enough = (None, None, None) if capacity is None or parts is None else _judge(network, opened, capacity, parts)
    return Alternative(
        valve_ids=tuple(int(assets.asset_id[row[link]]) for links, _ in opened.pairs for link in reversed(links)),
        gives_back=opened.back,
        buildings=len(buildings),
        heat_user_count=int(assets.heat_user_count[buildings].sum()),
        heated_area_m2=float(assets.heated_area_m2[buildings].sum()),
        heat_load_mw=float(assets.heat_load_mw[buildings].sum()),
        running_mw=running,
        load_mw=load,
        enough=enough,
    )


def _judge(network: Network, opened: _Opened, capacity: Capacity, parts: _Parts) -> tuple[float, float, bool | None]:
    """Return running power, load with what is given back, and whether it is enough."""
    numbers = {parts.around(fed) for _, fed in opened.pairs if parts.found.mark[fed] == 0}
    total = np.sum([parts.sums[number] for number in numbers], axis=0)
    assets, back = network.assets, opened.back
    stations = back[assets.kind[back] == _SUBSTATION]
    # buildings count by their substations; through a tie of secondary networks only buildings come back
    added = capacity.load_mw[stations] if len(stations) else assets.heat_load_mw[back[assets.kind[back] == _BUILDING]]
    running, load = float(total[POWER]), float(total[LOAD] + np.nansum(added))
    if running >= load * (1.0 - _SLACK):
        return running, load, True
    return running, load, None if total[UNKNOWN] else False
