"""The network as arrays: nodes, edges of both sides, states; built from tables, never from geometry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology.assets import AssetTable, asset_table
from topology.checks import check_state, check_structure
from topology.codes import CLOSED, EXCHANGER, OPEN, OPERABILITIES, PIPE, RETURN, SOURCE, STATES, SUPPLY, UNKNOWN, VALVE
from topology.declared import Declared, read_declared
from topology.drawing import Drawing, number_drawing
from topology.edges import Edges, Services
from topology.findings import Finding
from topology.joining import Joined, join
from topology.segments import Segments, label_segments
from topology.state import State, read_state
from topology.tables import NetworkTables

Column: TypeAlias = NDArray[np.generic] | int


@dataclass(frozen=True, eq=False)
class Network:
    """The heat network of one city at one state of its valves; never changed, only replaced.

    Attributes
    ----------
    city_id, network_version, valve_version
        What it was built from.
    assets
        Every asset with its figures; a *row* is an index into it.
    node_count
        Number of nodes; both sides together.
    edges
        Pipes, valves, exchangers and sources (see `Edges`).
    services
        Who is fed where: inlets and buildings.
    declared
        Who should be fed by whom.
    station_row, station_node
        Assets that sit on a pipe without interrupting it.
    segments
        What lies between valves; does not depend on valve states.
    state
        What follows from the valve states: zones, dominators, blocks.
    structure_findings, state_findings
        What is wrong with the drawing, and with the state.
    """

    city_id: int
    network_version: int
    valve_version: int
    assets: AssetTable
    node_count: int
    edges: Edges
    services: Services
    declared: Declared
    station_row: NDArray[np.int32]
    station_node: NDArray[np.int32]
    segments: Segments
    state: State
    structure_findings: tuple[Finding, ...]
    state_findings: tuple[Finding, ...]

    @cached_property
    def drawing(self) -> Drawing:
        """The whole drawing numbered from its running sources; made at the first trace."""
        return number_drawing(self.edges, self.services, self.state, self.node_count)

    @cached_property
    def finding_rows(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Rows that findings concern, and the number of the finding in `findings` for each."""
        number = np.repeat(np.arange(len(self.findings)), [len(item.asset_ids) for item in self.findings])
        asset_ids = np.fromiter((i for item in self.findings for i in item.asset_ids), np.int64, len(number))
        rows = self.assets.rows_of(asset_ids)
        return rows[rows >= 0], number[rows >= 0]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is wrong, the drawing first."""
        return self.structure_findings + self.state_findings

    def segment_id_of_pipe(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return asset ids of all pipes and the id of their segment: the smallest asset id of the segment's pipes."""
        pipe = self.edges.pipe_count
        rows = self.edges.row[:pipe]
        return self.assets.asset_id[rows], self.segments.segment_id[self.segments.of_node[self.edges.u[:pipe]]]

    def with_valve_states(self, states: Mapping[int, str], *, valve_version: int) -> Network:
        """Return the network after valves were operated; the arrays of the drawing are shared.

        Parameters
        ----------
        states
            State (`open`, `closed`, `unknown`) by asset id of the valve; valves not named keep theirs.
        valve_version
            Version of the states.

        Notes
        -----
        Cost: the refresh of `read_state`.
        """
        state = self.edges.state.copy()
        rows = self.assets.rows_of(np.fromiter(states, np.int64, len(states)))
        value = np.full(self.assets.asset_id.size, 255, np.uint8)
        value[rows[rows >= 0]] = np.array([STATES[s] for s in states.values()], np.uint8)[rows >= 0]
        given = value[self.edges.row]
        changes = (self.edges.kind == VALVE) & (given != 255)
        state[changes] = given[changes]
        return _with_state(replace(self, edges=replace(self.edges, state=state), valve_version=valve_version))


def build_network(tables: NetworkTables) -> Network:
    """Build the network of a city. Never fails on wrong data: what does not fit is a finding.

    1. Ends within 5 cm of the same class and side become one node; supply never joins return.
    2. A valve splits the node it sits on.
    3. A substation joins its primary to its secondary network by one exchanger edge a side; where no secondary pipe is drawn, a
       node of its own stands for it.
    4. A source is an edge from the root to the pipes it meets, open while it runs.
    5. An inlet feeds its building; a building without an inlet hangs on its declared substation.

    Notes
    -----
    Cost: see docs/topology.md; about a second for a city of 170,000 pipe pieces, without reading the tables.
    """
    assets = asset_table(tables)
    joined, findings = join(tables)
    edges, services, node_count = _edges(tables, assets, joined)
    station_row, station_node = _stations(tables, assets, joined)
    segments = label_segments(edges, node_count, assets)
    network = Network(
        city_id=tables.city_id,
        network_version=tables.network_version,
        valve_version=tables.valve_version,
        assets=assets,
        node_count=node_count,
        edges=edges,
        services=services,
        declared=read_declared(tables, assets),
        station_row=station_row,
        station_node=station_node,
        segments=segments,
        state=read_state(edges, services, segments, assets),
        structure_findings=(),
        state_findings=(),
    )
    structure = (*findings, *check_structure(tables, joined, edges, segments, assets))
    return replace(network, structure_findings=structure, state_findings=_state_findings(network))


def _with_state(network: Network) -> Network:
    state = read_state(network.edges, network.services, network.segments, network.assets)
    network = replace(network, state=state)
    return replace(network, state_findings=_state_findings(network))


def _state_findings(network: Network) -> tuple[Finding, ...]:
    found = check_state(
        network.edges,
        network.segments,
        network.state,
        network.assets,
        services=network.services,
        declared=network.declared,
    )
    return tuple(found)


def _edges(tables: NetworkTables, assets: AssetTable, joined: Joined) -> tuple[Edges, Services, int]:
    substations = joined.at["substations"].copy()
    count = joined.count
    for primary, secondary in ((0, 2), (1, 3)):
        virtual = np.flatnonzero((substations[:, primary] >= 0) & (substations[:, secondary] < 0))
        substations[virtual, secondary] = count + np.arange(virtual.size)
        count += virtual.size
    parts = [
        _pipes(tables, assets, joined),
        _valves(tables, assets, joined),
        _exchangers(tables, assets, substations),
        _sources(tables, assets, joined),
    ]
    edges = pd.concat(parts, ignore_index=True)
    made = Edges(
        kind=edges["kind"].to_numpy(np.uint8),
        u=edges["u"].to_numpy(np.int32),
        v=edges["v"].to_numpy(np.int32),
        row=edges["row"].to_numpy(np.int32),
        side=edges["side"].to_numpy(np.uint8),
        state=edges["state"].to_numpy(np.uint8),
        operability=edges["operability"].to_numpy(np.uint8),
        pair=_pairs(edges, assets),
        pipe_count=len(tables.pipes),
    )
    return made, _services(tables, assets, joined, substations), count


def _frame(kind: int, *, row: Column, u: Column, v: Column, side: Column, state: Column = OPEN) -> pd.DataFrame:
    frame = pd.DataFrame({"row": row, "u": u, "v": v})
    return frame.assign(kind=kind, side=side, state=state, operability=0)


def _rows(assets: AssetTable, frame: pd.DataFrame, column: str = "asset_id") -> NDArray[np.int32]:
    return assets.rows_of(frame[column].to_numpy(dtype=np.int64, na_value=0) if len(frame) else np.zeros(0, np.int64))


def _pipes(tables: NetworkTables, assets: AssetTable, joined: Joined) -> pd.DataFrame:
    side = np.where(tables.pipes["side"].to_numpy() == RETURN, RETURN, SUPPLY)
    return _frame(PIPE, row=_rows(assets, tables.pipes), u=joined.u, v=joined.v, side=side)


def _valves(tables: NetworkTables, assets: AssetTable, joined: Joined) -> pd.DataFrame:
    valves = tables.valves.iloc[joined.valve_row]
    state = valves["state"].map(STATES).astype(float).fillna(UNKNOWN).to_numpy(np.uint8)
    side = joined.valve_group % 2 + 1
    frame = _frame(VALVE, row=_rows(assets, valves), u=joined.valve_u, v=joined.valve_v, side=side, state=state)
    return frame.assign(operability=valves["operability"].map(OPERABILITIES).astype(float).fillna(0).to_numpy(np.uint8))


def _exchangers(tables: NetworkTables, assets: AssetTable, nodes: NDArray[np.int32]) -> pd.DataFrame:
    row = _rows(assets, tables.substations)
    parts = []
    for side, primary, secondary in ((SUPPLY, 0, 2), (RETURN, 1, 3)):
        # where one side of the primary network is not drawn, the other stands for both
        before = np.where(nodes[:, primary] >= 0, nodes[:, primary], nodes[:, 1 - primary])
        has = (before >= 0) & (nodes[:, secondary] >= 0)
        parts.append(_frame(EXCHANGER, row=row[has], u=before[has], v=nodes[has, secondary], side=side))
    return pd.concat(parts, ignore_index=True)


def _sources(tables: NetworkTables, assets: AssetTable, joined: Joined) -> pd.DataFrame:
    index, group = np.nonzero(joined.at["sources"] >= 0)
    node = joined.at["sources"][index, group]
    running = tables.sources["running"].to_numpy(dtype=bool)[index]
    row = _rows(assets, tables.sources)[index]
    return _frame(SOURCE, row=row, u=-1, v=node, side=group % 2 + 1, state=np.where(running, OPEN, CLOSED))


def _pairs(edges: pd.DataFrame, assets: AssetTable) -> NDArray[np.int32]:
    """Pair a supply edge with the return edge of the same pair id and kind (of an exchanger or source: of the same asset)."""
    kind, side = edges["kind"].to_numpy(), edges["side"].to_numpy()
    drawn = (kind == PIPE) | (kind == VALVE)
    row = edges["row"].to_numpy()
    key = np.where(drawn, assets.pair_id[row], assets.asset_id[row]) if len(edges) else row
    frame = pd.DataFrame({"key": key, "kind": kind, "side": side, "edge": np.arange(len(edges), dtype=np.int32)})
    frame = frame[frame["key"] > 0].drop_duplicates(["key", "kind", "side"])
    supply, back = (frame[frame["side"] == side].set_index(["key", "kind"])["edge"] for side in (SUPPLY, RETURN))
    both = pd.concat([supply.rename("s"), back.rename("r")], axis=1, join="inner")
    pair = np.full(len(edges), -1, np.int32)
    pair[both["s"]], pair[both["r"]] = both["r"], both["s"]
    return pair


def _services(tables: NetworkTables, assets: AssetTable, joined: Joined, substations: NDArray[np.int32]) -> Services:
    at = joined.at["inlets"]
    nodes = np.stack([np.where(at[:, 2] >= 0, at[:, 2], at[:, 0]), np.where(at[:, 3] >= 0, at[:, 3], at[:, 1])], axis=1)
    met = (nodes >= 0).any(axis=1)
    inlet, building = _rows(assets, tables.inlets), _rows(assets, tables.inlets, "building_id")
    building_row = _rows(assets, tables.buildings)
    declared = _rows(assets, tables.buildings, "substation_id")
    position = pd.Series(np.arange(len(substations)), index=_rows(assets, tables.substations))
    position = position[~position.index.duplicated()]
    hangs = ~np.isin(building_row, building[met]) & np.isin(declared, position.index)
    own = position.reindex(declared[hangs]).to_numpy(dtype=np.int64)
    secondary = substations[own][:, [2, 3]].reshape(-1, 2)
    fed = (secondary >= 0).any(axis=1)
    return Services(
        inlet_row=np.concatenate([inlet[met], np.full(np.count_nonzero(fed), -1)]).astype(np.int32),
        building_row=np.concatenate([building[met], building_row[hangs][fed]]).astype(np.int32),
        supply_node=np.concatenate([nodes[met, 0], secondary[fed, 0]]).astype(np.int32),
        return_node=np.concatenate([nodes[met, 1], secondary[fed, 1]]).astype(np.int32),
    )


def _stations(tables: NetworkTables, assets: AssetTable, joined: Joined) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Stations, and valves that interrupt nothing, with the node they sit on."""
    rows, nodes = [], []
    interrupts = np.isin(np.arange(len(tables.valves)), joined.valve_row)[:, None]
    for name, at in (("stations", joined.at["stations"]), ("valves", np.where(interrupts, -1, joined.at["valves"]))):
        index, group = np.nonzero(at >= 0)
        rows.append(_rows(assets, getattr(tables, name))[index])
        nodes.append(at[index, group])
    return np.concatenate(rows).astype(np.int32), np.concatenate(nodes).astype(np.int32)
