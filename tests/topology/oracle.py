"""Who is fed, found another way: pipes are the vertices of a NetworkX graph, read straight from the tables, and flooded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import networkx as nx

from topology.tables import NetworkTables

Place = tuple[float, float]


@dataclass(frozen=True)
class Service:
    """Fed when, on each side that is drawn, one of its pipes is fed, and the substation (if any) works."""

    inlet: int
    building: int
    sides: tuple[frozenset[int], ...]
    substation: int = 0


class Oracle:
    """The tables of a network; `fed` floods them without some assets."""

    def __init__(self, tables: NetworkTables) -> None:
        self.tables = tables
        self.side = {int(p.asset_id): int(p.side) for p in tables.pipes.itertuples()}
        self.ends: dict[tuple[Place, int], list[int]] = defaultdict(list)
        for p in tables.pipes.itertuples():
            group = 2 * (p.level == 3) + (p.side == 2)
            self.ends[(p.start_lon, p.start_lat), group].append(int(p.asset_id))
            self.ends[(p.end_lon, p.end_lat), group].append(int(p.asset_id))
        self.valves: dict[tuple[Place, int], tuple[int, str]] = {}
        for v in tables.valves.itertuples():
            key = ((v.lon, v.lat), 2 * (v.level == 3) + (v.side == 2))
            if len(self.ends[key]) == 2 and len(set(self.ends[key])) == 2:
                self.valves.setdefault(key, (int(v.asset_id), v.state))
        self.services = list(self._services())
        between = self.graph(through_valves=False)
        self.segments = {pipe: frozenset(part) for part in nx.connected_components(between) for pipe in part}
        self._fed: dict[frozenset[int], set[int]] = {}

    def at(self, row: object, group: int) -> frozenset[int]:
        return frozenset(self.ends.get(((row.lon, row.lat), group), ()))  # type: ignore[attr-defined]

    def _services(self) -> Iterator[Service]:
        served = set()
        known = set(self.tables.buildings["asset_id"])
        for row in self.tables.inlets.itertuples():
            sides = tuple(self.at(row, 2 + side) or self.at(row, side) for side in (0, 1))
            drawn = tuple(side for side in sides if side)
            if drawn:
                served.add(row.building_id)
                yield Service(int(row.asset_id), int(row.building_id) if row.building_id in known else 0, drawn)
        stations = {row.asset_id: row for row in self.tables.substations.itertuples()}
        for row in self.tables.buildings.itertuples():
            station = stations.get(row.substation_id)
            if row.asset_id not in served and station is not None:
                drawn = tuple(side for group in (2, 3) if (side := self.at(station, group)))
                # the undrawn secondary side of a drawn primary side is the substation itself
                undrawn = any(self.at(station, group) and not self.at(station, 2 + group) for group in (0, 1))
                if undrawn or drawn:
                    yield Service(0, int(row.asset_id), drawn, int(station.asset_id) if undrawn else 0)

    def graph(self, removed: frozenset[int] = frozenset(), *, through_valves: bool = True) -> nx.Graph:
        graph = nx.Graph()
        graph.add_nodes_from(pipe for pipe in self.side if pipe not in removed)
        for key, pipes in self.ends.items():
            valve = self.valves.get(key)
            if valve is not None and (not through_valves or valve[1] == "closed" or valve[0] in removed):
                continue
            graph.add_edges_from(pair for pair in combinations(set(pipes) - removed, 2))
        return graph

    def fed(self, removed: frozenset[int] = frozenset()) -> set[int]:
        """Return all pipes, substations, inlets and buildings that are fed with those assets out."""
        if removed not in self._fed:
            self._fed[removed] = self._flood(removed)
        return self._fed[removed]

    def _flood(self, removed: frozenset[int]) -> set[int]:
        graph = self.graph(removed)
        pipes: set[int] = set()

        def open_at(start: frozenset[int]) -> None:
            for pipe in start:
                if pipe in graph:
                    pipes.update(nx.node_connected_component(graph, pipe))

        for row in self.tables.sources.itertuples():
            if row.running and row.asset_id not in removed:
                for group in range(4):
                    open_at(self.at(row, group))
        working = set()
        for row in self.tables.substations.itertuples():
            drawn = [side for group in (0, 1) if (side := self.at(row, group))]
            if drawn and row.asset_id not in removed and all(side & pipes for side in drawn):
                working.add(int(row.asset_id))
        for row in self.tables.substations.itertuples():
            if row.asset_id in working:
                open_at(self.at(row, 2))
                open_at(self.at(row, 3))
        return pipes | working | self._served(pipes, working, removed)

    def _served(self, pipes: set[int], working: set[int], removed: frozenset[int]) -> set[int]:
        served = set()
        for service in self.services:
            if service.inlet in removed or (service.substation and service.substation not in working):
                continue
            if all(side & pipes for side in service.sides):
                served |= {service.inlet, service.building} - {0}
        return served
