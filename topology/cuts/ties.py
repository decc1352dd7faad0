"""Ties: closed valves between what a cut loses and what is fed, alone and in pairs, and what each gives back.

What is lost falls into *parts* that open valves hold together, each of one side. What opening some valves gives back depends on
the parts that it feeds and on nothing else, so each set of parts is looked at once, however many valves feed it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from topology.assets import KIND_CODE
from topology.build.segment_net import SegmentNet
from topology.codes import VALVE
from topology.cuts.cuts import Cut, cut_index, lost_rows
from topology.cuts.kernels import SECONDARY
from topology.cuts.tie_kernels import give_back, lost_parts, ties
from topology.network import Network

Rows = NDArray[np.int32]
_Key: TypeAlias = tuple[frozenset[int], frozenset[tuple[int, int]]]
_BUILDING, _SUBSTATION = KIND_CODE["building"], KIND_CODE["substation"]
MOST_KINDS = 64
"""Most kinds of ties that are tried in pairs: those that feed the most segments."""
MOST_SETS = 64
"""Most sets of parts that pairs are tried for: those of the most segments."""
MOST_ALIKE = 20
"""Most ties of a kind that are named in pairs."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Valves that are opened together: one with its pair on the other side, or one that shuts both sides by itself.

    Attributes
    ----------
    links
        What is opened, supply first.
    valves
        How many valves that are to operate.
    fed
        Fed segments beside its links, with the link: supply first.
    feeds
        Lost parts beside something fed.
    joins
        Pairs of lost parts that it joins.
    """

    links: tuple[int, ...]
    valves: int
    fed: tuple[tuple[int, int], ...]
    feeds: frozenset[int]
    joins: frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Back:
    """What some open valves give back.

    Attributes
    ----------
    left
        What stays lost.
    rows
        Rows that have heat again, rising.
    worth
        Buildings, users and substations among them.
    """

    left: Cut
    rows: Rows
    worth: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Opened:
    """One or two units with what they give back."""

    units: tuple[Unit, ...]
    back: Back

    @property
    def links(self) -> tuple[int, ...]:
        """All that is opened."""
        return tuple(link for unit in self.units for link in unit.links)

    @property
    def rank(self) -> tuple[float, ...]:
        """Best highest: buildings for each valve to operate, then all buildings; where these equal, users, substations."""
        valves = sum(unit.valves for unit in self.units)
        return tuple(value for one in self.back.worth for value in (one / valves, one))


class Ties:
    """The closed valves beside what a cut loses.

    Parameters
    ----------
    network
        Before the cut.
    found, lost
        The cut of the shut segments, and the rows that it loses.
    usable
        Links that a crew can operate.
    """

    def __init__(self, network: Network, found: Cut, lost: Rows, usable: NDArray[np.bool_]) -> None:
        index = cut_index(network)
        layout, ways = index.layout, index.ways
        self._network, self._found, self._lost, self._index = network, found, lost, index
        self._tried: dict[_Key, Back] = {}
        joins = ties(layout.start, layout.near, ways.closed, usable, ways.tree, found.mark, found.lost)
        self.units: tuple[Unit, ...] = ()
        # nothing that is fed lies beyond a closed valve: no valve gives anything back
        if (joins[:, 2] >= 0).any():
            part, size = lost_parts(layout.start, layout.near, ways.passes, found.mark, found.gone, found.lost)
            self._size, self._secondary = size, self._secondary_parts(part, len(size))
            self.units = tuple(self._units(joins, part, usable))

    def singles(self) -> list[Opened]:
        """Return each unit with what it gives back, the best first; those that give back nobody last."""
        found = [Opened((unit,), self._try((unit,))) for unit in self.units if unit.feeds]
        return sorted(found, key=lambda opened: opened.rank, reverse=True)

    def pairs(self, singles: Sequence[Opened]) -> list[Opened]:
        """Return the pairs of units that give back more than either of them, the best first.

        Notes
        -----
        Units that feed and join the same parts are tried once. All pairs of the `MOST_KINDS` of them that feed most segments,
        for the `MOST_SETS` largest sets of parts.
        """
        alone = {opened.units[0].links: opened.back.worth for opened in singles}

        def worth(units: Sequence[Unit]) -> tuple[int, int, int]:
            return alone.get(units[0].links, (0, 0, 0))

        kinds: dict[_Key, list[Unit]] = {}
        for unit in self.units:
            kinds.setdefault((unit.feeds, unit.joins), []).append(unit)
        groups = sorted(kinds.values(), key=lambda units: self._segments(units[0].feeds), reverse=True)[:MOST_KINDS]
        wanted: dict[_Key, list[tuple[list[Unit], list[Unit]]]] = {}
        for one, other in combinations(groups, 2):
            # two of which neither meets anything fed give nothing back; nor does one that adds no part to the other
            key = self._key((one[0], other[0]))
            if (one[0].feeds or other[0].feeds) and key not in (self._key(one[:1]), self._key(other[:1])):
                wanted.setdefault(key, []).append((one, other))
        found: list[Opened] = []
        for key in sorted(wanted, key=lambda each: self._segments(each[0]), reverse=True)[:MOST_SETS]:
            for one, other in wanted[key]:
                back = self._try((one[0], other[0]))
                first, second = (one, other) if worth(one) >= worth(other) else (other, one)
                if back.worth > worth(first):
                    found += [Opened(pair, back) for pair in product(first[:MOST_ALIKE], second[:MOST_ALIKE])]
        return sorted(found, key=lambda opened: opened.rank, reverse=True)

    def _segments(self, parts: Collection[int]) -> int:
        return sum(int(self._size[part]) for part in parts)

    def _secondary_parts(self, part: Rows, count: int) -> NDArray[np.bool_]:
        secondary = np.zeros(count, np.bool_)
        named = self._found.lost[part[self._found.lost] >= 0]
        secondary[part[named]] = self._index.ways.tree[named, SECONDARY] == 1
        return secondary

    def _units(self, joins: Rows, part: Rows, usable: NDArray[np.bool_]) -> Iterator[Unit]:
        side, links = self._network.edges.side, self._network.state.links
        beside: dict[int, list[tuple[int, int, int]]] = {}
        for link, lost_at, fed_at, other_at in joins.tolist():
            at, other = int(part[lost_at]), int(part[other_at]) if other_at >= 0 else -1
            if at != other:
                beside.setdefault(link, []).append((at, fed_at, other))
        seen: set[int] = set()
        for link in beside:
            if link in seen:
                continue
            together = self._together(link, usable)
            seen.update(together)
            opened = sorted(together, key=lambda each: int(side[links.edge[each]]))
            met = [(each, *place) for each in opened for place in beside.get(each, [])]
            yield Unit(
                links=tuple(opened),
                valves=len({int(links.row[each]) for each in opened}),
                fed=tuple((each, fed_at) for each, _, fed_at, _ in met if fed_at >= 0),
                feeds=frozenset(at for _, at, fed_at, _ in met if fed_at >= 0),
                joins=frozenset((min(at, other), max(at, other)) for _, at, _, other in met if other >= 0),
            )

    def _together(self, link: int, usable: NDArray[np.bool_]) -> list[int]:
        """Return the links that open with one: those of the same valve, and those of its pair where that is closed and usable."""
        edges, closed = self._network.edges, self._index.ways.closed
        both = several_sides(self._network)
        found = both.get(link, [link])
        pair = int(edges.pair[self._network.state.links.edge[link]]) - edges.pipe_count
        if pair >= 0 and pair not in found and closed[pair] and usable[pair]:
            found = [*found, *both.get(pair, [pair])]
        return found

    def _key(self, units: Sequence[Unit]) -> _Key:
        """Return the parts that units feed, and how they join secondary parts, which exchangers may feed again."""
        fed = set().union(*(unit.feeds for unit in units))
        joins = set().union(*(unit.joins for unit in units))
        while reached := {join for join in joins if (join[0] in fed) != (join[1] in fed)}:
            fed.update(part for join in reached for part in join)
        joins = {join for join in joins if self._secondary[join[0]] and join[0] not in fed}
        return frozenset(fed), frozenset(joins)

    def _try(self, units: Sequence[Unit]) -> Back:
        key = self._key(units)
        back = self._tried.get(key)
        if back is None:
            back = self._tried[key] = self._open([link for unit in units for link in unit.links])
        return back

    def _open(self, opened: Sequence[int]) -> Back:
        network, found = self._network, self._found
        layout, ways = self._index.layout, self._index.ways
        passes = ways.passes.copy()
        passes[list(opened)] = True
        mark, gone = found.mark.copy(), found.gone.copy()
        still, dead = give_back(layout.start, layout.near, layout.links, passes, ways.tree, found.lost, found.dead, mark, gone)
        left = Cut(mark, gone, still, dead)
        rows = np.setdiff1d(self._lost, lost_rows(network, left), assume_unique=True)
        kind = network.assets.kind[rows]
        buildings, substations = rows[kind == _BUILDING], np.count_nonzero(kind == _SUBSTATION)
        users = int(network.assets.heat_user_count[buildings].sum())
        return Back(left, rows, (len(buildings), users, int(substations)))


_SEVERAL: WeakKeyDictionary[SegmentNet, dict[int, list[int]]] = WeakKeyDictionary()


def several_sides(network: Network) -> dict[int, list[int]]:
    """Return the links of valves that shut several pipes by themselves (delivered without a side), by each of them.

    Notes
    -----
    Found once a drawing.
    """
    net = network.state.net
    found = _SEVERAL.get(net)
    if found is None:
        valve = np.flatnonzero(net.links.kind == VALVE)
        count = np.bincount(net.links.row[valve], minlength=1)
        many = valve[count[net.links.row[valve]] > 1]
        by_row: dict[int, list[int]] = {}
        for link in many.tolist():
            by_row.setdefault(int(net.links.row[link]), []).append(link)
        found = _SEVERAL[net] = {link: links for links in by_row.values() for link in links}
    return found
