"""Isolation found another way: pipes are the vertices, read straight from the tables; everything is tried and flooded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations

import networkx as nx

from tests.topology.builders import RETURN_OFFSET
from tests.topology.oracle import Oracle
from topology.tables import NetworkTables


@dataclass(frozen=True)
class Shut:
    """Pipes that are shut, valves by role, what is lost."""

    pipes: frozenset[int]
    close: frozenset[int]
    closed_already: frozenset[int]
    through: frozenset[int]
    lost: frozenset[int]


class IsolationOracle(Oracle):
    """Knows which valves can be operated."""

    def __init__(self, tables: NetworkTables, stuck: Collection[int] = ()) -> None:
        super().__init__(tables)
        usable = {int(v.asset_id) for v in tables.valves.itertuples() if v.operability == "usable"} - set(stuck)
        self.usable = {valve for valve, _ in self.valves.values() if valve in usable}
        self.closed = {valve for valve, state in self.valves.values() if state == "closed"}
        self.pipes_at = {valve: frozenset(self.ends[key]) for key, (valve, _) in self.valves.items()}

    def broken(self, asset_id: int) -> frozenset[int]:
        """Pipes that must be dry: the segments of a pipe and of its pair, those at both ends of a valve and its pair."""
        twins = [
            i for i in (asset_id, asset_id + RETURN_OFFSET, asset_id - RETURN_OFFSET) if i in self.side or i in self.pipes_at
        ]
        touched = [pipe for i in twins for pipe in self.pipes_at.get(i, {i})]
        return frozenset().union(*(self.segments[pipe] for pipe in touched))

    def shut(self, asset_ids: Collection[int]) -> Shut:
        start = frozenset().union(*(self.broken(i) for i in asset_ids))
        stays_open = [valve for valve in self.pipes_at if valve not in self.closed and valve not in self.usable]
        joined = nx.Graph()
        joined.add_nodes_from(self.segments.values())
        joined.add_edges_from(tuple(self.segments[p] for p in sorted(self.pipes_at[v])) for v in stays_open)
        inside = {
            pipe
            for part in nx.connected_components(joined)
            if any(s & start for s in part)
            for segment in part
            for pipe in segment
        }
        edge = {valve for valve, pipes in self.pipes_at.items() if len(pipes & inside) == 1}
        # a valve that a parallel pipe goes round parts nothing
        parts = {v for v in stays_open if len({self.segments[p] for p in self.pipes_at[v]}) == 2}
        through = {v for v in parts if self.pipes_at[v] <= inside and not self.pipes_at[v] <= start}
        lost = self.fed() - self.fed(frozenset(inside))
        return Shut(
            frozenset(inside), frozenset(edge - self.closed), frozenset(edge & self.closed), frozenset(through), frozenset(lost)
        )

    def ties(self, shut: Shut) -> dict[frozenset[int], frozenset[int]]:
        """Open each closed usable valve (with its pair, where that is closed and usable too) beside what is lost."""
        now, after = self.fed(), self.fed(shut.pipes)
        lost = now - after
        found = {}
        for valve in self.closed & self.usable:
            one, other = sorted(self.pipes_at[valve])
            joins = any(a in lost - shut.pipes and b in after for a, b in ((one, other), (other, one)))
            if joins:
                opened = self.together(valve)
                found[opened] = frozenset(self.fed_with(opened, shut) & lost)
        return {opened: back for opened, back in found.items() if any(i < 100 for i in back)}

    def together(self, valve: int) -> frozenset[int]:
        """Return a valve with its pair, where that is closed and usable too."""
        twin = valve - RETURN_OFFSET if valve > RETURN_OFFSET else valve + RETURN_OFFSET
        return frozenset({valve, twin} & self.closed & self.usable)

    def pairs(self, shut: Shut) -> dict[frozenset[int], frozenset[int]]:
        """Open every two closed usable valves (each with its pair) and keep what gives more consumers back than either."""
        units = sorted({self.together(valve) for valve in self.closed & self.usable}, key=sorted)
        back = {unit: self._consumers_back(unit, shut) for unit in units}
        found = {}
        for one, other in combinations(units, 2):
            both = self._consumers_back(one | other, shut)
            if len(both) > max(len(back[one]), len(back[other])):
                found[one | other] = both
        return found

    def _consumers_back(self, opened: frozenset[int], shut: Shut) -> frozenset[int]:
        return frozenset(i for i in self.fed_with(opened, shut) & shut.lost if 20 <= i < 60)

    def fed_with(self, opened: Collection[int], shut: Shut) -> set[int]:
        """Flood with some valves open; what stood dry before the break stays out, it is not what was lost."""
        valves, kept = dict(self.valves), self._fed
        self.valves = {key: (valve, "open" if valve in opened else state) for key, (valve, state) in valves.items()}
        self._fed = {}
        everything = {*self.side, *self.tables.substations["asset_id"].astype(int)}
        fed = self.fed(shut.pipes | (everything - kept[frozenset()]))
        self.valves, self._fed = valves, kept
        return fed
