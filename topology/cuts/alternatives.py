"""Alternatives (反向供热): closed valves that give heat back to what an isolation loses, best first, with a capacity check.

1. A valve counts when it is closed, can be operated, and joins something lost to something that is still fed. A valve and its
   pair on the other side are opened together where the pair is closed and can be opened; alone otherwise. A valve that was
   delivered without a side shuts whatever pipes it sits on, and opens them together.
2. What it gives back is found by feeding the lost part alone; nothing else is looked at again.
3. Two together: all pairs that give back more than either of them (`topology.cuts.ties`). The second may lie between two parts
   that are lost; what lay dead before stays dead.
4. Best is what gives back most buildings for each valve that is operated, of equal ones the one that gives back more.
5. Capacity: running power of all sources in the part of the primary network that would feed it, against the load there plus the
   load given back, and the rated power of isolating stations on the way (`topology.cuts.passages`). No pressure, no losses: the
   solver has the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from topology.assets import KIND_CODE
from topology.codes import SUPPLY
from topology.cuts.capacity import Capacity, Weights, weights_of
from topology.cuts.cuts import Cut, cut_index
from topology.cuts.isolation_kernels import LOAD, POWER, UNKNOWN, entry_of, sum_part
from topology.cuts.kernels import FIRST, LOST, SECONDARY
from topology.cuts.passages import Bound, Zones, bound_of, merged, reaches_of
from topology.cuts.ties import Opened, Ties, Unit
from topology.network import Network

Rows = NDArray[np.int32]
Flags: TypeAlias = NDArray[np.bool_]
_BUILDING, _SUBSTATION = KIND_CODE["building"], KIND_CODE["substation"]
MOST = 20
"""Most single alternatives in one answer; those that give back least are left out."""
MOST_PAIRS = 10
"""Most pairs in one answer."""


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
        Whether that power covers that load, and passes the isolating stations on the way; None where a source or station of
        unknown power decides, or without capacity.
    bound
        What bounds the heat: sources or isolating stations; None without capacity.
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
    bound: Bound | None


@dataclass(frozen=True, slots=True)
class Alternatives:
    """What gives heat back after a cut.

    Attributes
    ----------
    found
        Best first.
    possible
        Asset ids of closed valves beside what is lost whose side nobody knows: as drawn they give back nobody, but what they
        shut may be drawn on the wrong side.
    """

    found: tuple[Alternative, ...] = ()
    possible: tuple[int, ...] = ()


class _Parts:
    """Zones of the primary network after the cut, which passages join; each is walked once."""

    def __init__(self, network: Network, found: Cut, passes: Flags, weights: Weights, capacity: Capacity) -> None:
        self._network = network
        self._reaches = reaches_of(network)
        self._found, self._passes, self._weights, self._capacity = found, passes, weights, capacity
        self._mark = found.mark[self._reaches.segment]
        self._label = np.full(self._reaches.count, -1, np.int32)
        self._sums: list[NDArray[np.float64]] = []
        passages, tree = self._reaches.passages, cut_index(network).ways.tree
        beside = passages[:, :2]
        fed = (self._mark[beside] == 0) & (tree[self._reaches.segment[beside], FIRST] >= 0)
        self._passages = passages[fed.all(axis=1)]

    def around(self, link: int, segment: int) -> int:
        """Return the number of the zone that feeds a segment beside a link."""
        reaches, found = self._reaches, self._found
        reach = reaches.b[link] if reaches.segment[reaches.b[link]] == segment else reaches.a[link]
        if cut_index(self._network).ways.tree[segment, SECONDARY] == 1:
            reach = entry_of(reaches.start, reaches.near, self._passes, self._mark, found.gone, np.int32(reach))
        return self._walk(int(reach))

    def _walk(self, reach: int) -> int:
        if self._label[reach] < 0:
            total = sum_part(
                self._reaches.start,
                self._reaches.near,
                self._passes,
                self._mark,
                self._found.gone,
                self._weights.of_link,
                self._weights.of_reach,
                self._label,
                len(self._sums),
                reach,
            )
            self._sums.append(total)
        return int(self._label[reach])

    def labels(self, reaches: Rows) -> list[int]:
        """Return the zones of reaches, -1 where none was walked."""
        found: list[int] = self._label[reaches].tolist()
        return found

    def zones(self, numbers: Iterable[int]) -> tuple[Zones, dict[int, int]]:
        """Return all zones that passages join to some, and their places by number."""
        joined = dict.fromkeys(numbers)
        ends = self._passages[:, :2].tolist()
        while here := [end for end in ends if not joined.keys().isdisjoint(self._label[end].tolist())]:
            ends = [end for end in ends if end not in here]
            joined |= dict.fromkeys(self._walk(reach) for end in here for reach in end)
        place = {number: i for i, number in enumerate(joined)}
        label, rows = self._label[self._passages[:, :2]].tolist(), self._passages[:, 2].tolist()
        met = [(place[a], place[b], row) for (a, b), row in zip(label, rows, strict=True) if a in place and a != b]
        between = np.array(met, np.int32).reshape(-1, 3)
        total = np.array([self._sums[number] for number in joined])
        rated = self._capacity.passing_mw[between[:, 2]]
        zones = Zones(total[:, POWER], total[:, LOAD], total[:, UNKNOWN] > 0, between, rated)
        return zones, place


def alternatives(network: Network, found: Cut, lost: Rows, usable: Flags, capacity: Capacity | None = None) -> Alternatives:
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
    Cost: one walk through what was lost for each set of parts that ties feed; one walk through each part that would feed it.
    """
    ties = Ties(network, found, lost, usable)
    if not ties.units:
        return Alternatives()
    singles = ties.singles()
    useful = [opened for opened in singles if any(opened.back.worth)]
    chosen = sorted([*useful[:MOST], *ties.pairs(singles)[:MOST_PAIRS]], key=lambda opened: opened.rank, reverse=True)
    judge = _Judge(network, found, capacity) if capacity is not None else None
    answer = tuple(_alternative(network, opened, judge) for opened in chosen)
    named = {unit.links for opened in chosen for unit in opened.units}
    doubtful = [opened.units[0] for opened in singles if not any(opened.back.worth) and opened.units[0].links not in named]
    return Alternatives(answer, _without_side(network, doubtful))


def _without_side(network: Network, units: Sequence[Unit]) -> tuple[int, ...]:
    """Return those valves that, or whose pipes, were delivered without a side, and that open one side only."""
    if not units:
        return ()
    tables, edges, links, assets = network.drawn.tables, network.edges, network.state.links, network.assets
    lone = [unit for unit in units if len({int(edges.side[links.edge[link]]) for link in unit.links}) == 1]
    unsided = set(tables.valves.loc[tables.valves["side"] == 0, "asset_id"].tolist())
    pipes = np.flatnonzero(tables.pipes["side"].to_numpy() == 0)
    doubtful = np.zeros(network.node_count, np.bool_)
    doubtful[edges.u[pipes]] = doubtful[edges.v[pipes]] = True
    found = set()
    for link in (link for unit in lone for link in unit.links):
        asset_id, edge = int(assets.asset_id[links.row[link]]), links.edge[link]
        if asset_id in unsided or doubtful[edges.u[edge]] or doubtful[edges.v[edge]]:
            found.add(asset_id)
    return tuple(sorted(found))


def _alternative(network: Network, opened: Opened, judge: _Judge | None) -> Alternative:
    assets, row, rows = network.assets, network.state.links.row, opened.back.rows
    buildings = rows[assets.kind[rows] == _BUILDING]
    running, load, bound = (None, None, None) if judge is None else judge.of(opened)
    # a valve that shuts both sides is operated once
    order = dict.fromkeys(int(assets.asset_id[row[link]]) for unit in opened.units for link in reversed(unit.links))
    return Alternative(
        valve_ids=tuple(order),
        gives_back=rows,
        buildings=len(buildings),
        heat_user_count=int(assets.heat_user_count[buildings].sum()),
        heated_area_m2=float(assets.heated_area_m2[buildings].sum()),
        heat_load_mw=float(assets.heat_load_mw[buildings].sum()),
        running_mw=running,
        load_mw=load,
        enough=None if bound is None else bound.enough,
        bound=bound,
    )


class _Judge:
    """Holds power against load for what is opened."""

    def __init__(self, network: Network, found: Cut, capacity: Capacity) -> None:
        self._network, self._found, self._capacity = network, found, capacity
        self._weights = weights_of(network, capacity)
        self._parts = self._walks(found, cut_index(network).ways.passes)

    def _walks(self, found: Cut, passes: Flags) -> _Parts:
        return _Parts(self._network, found, passes, self._weights, self._capacity)

    def of(self, opened: Opened) -> tuple[float, float, Bound]:
        """Return running power, load with what is given back, and what bounds the heat."""
        parts, added, back = self._parts, self._added_mw(opened.back.rows), self._passed_back(opened)
        if len(back):
            # the load beyond them must pass them, so it is counted where it stands
            passes = cut_index(self._network).ways.passes.copy()
            passes[list(opened.links)] = True
            parts, added = self._walks(opened.back.left, passes), 0.0
        numbers = dict.fromkeys(parts.around(link, fed) for link, fed in self._fed(opened))
        zones, place = parts.zones(numbers)
        running, load = float(zones.power.sum()), float(zones.load.sum()) + added
        zones, number = merged(zones, [place[each] for each in numbers], added)
        about = {*numbers, *parts.labels(back)} & place.keys()
        return running, load, bound_of(zones, {int(number[place[each]]) for each in about})

    def _fed(self, opened: Opened) -> list[tuple[int, int]]:
        """Return the fed segments beside what is opened with their links, the supply side where it is opened."""
        edge, side = self._network.state.links.edge, self._network.edges.side
        found = [place for unit in opened.units for place in unit.fed]
        supply = [place for place in found if side[edge[place[0]]] == SUPPLY]
        return supply or found

    def _added_mw(self, rows: Rows) -> float:
        assets = self._network.assets
        stations = rows[assets.kind[rows] == _SUBSTATION]
        # buildings count by their substations; through a tie of secondary networks only buildings come back
        added = self._capacity.load_mw[stations] if len(stations) else assets.heat_load_mw[rows[assets.kind[rows] == _BUILDING]]
        return float(np.nansum(added))

    def _passed_back(self, opened: Opened) -> Rows:
        """Return the reaches beside passages that have heat again."""
        reaches = reaches_of(self._network)
        beside = reaches.passages[:, :2].reshape(-1)
        at = reaches.segment[beside]
        found: Rows = beside[(self._found.mark[at] == LOST) & (opened.back.left.mark[at] == 0)]
        return found
