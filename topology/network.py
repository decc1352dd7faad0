"""The network as arrays: nodes, edges of both sides, states; built from tables, never from geometry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology.assets import AssetTable, asset_table
from topology.build.checks import check_state, check_structure
from topology.build.declared import Declared, read_declared
from topology.build.drawing import Drawing, number_drawing
from topology.build.edges import Edges, Services
from topology.build.grouped import Grouped, laid_out
from topology.build.joining import Joined, join
from topology.build.segment_net import SegmentNet, segment_net
from topology.build.segments import Segments, label_segments
from topology.codes import CLOSED, EXCHANGER, OPEN, OPERABILITIES, ORIGINS, PIPE, RETURN, SOURCE, STATES, SUPPLY, UNKNOWN, VALVE
from topology.findings import Finding
from topology.states.lost_several import lost_with_several
from topology.states.numbering import intervals
from topology.states.state import Fed, State, flood_net, read_state
from topology.tables import NetworkTables

Column: TypeAlias = NDArray[np.generic] | int


@dataclass(frozen=True, eq=False)
class Drawn:
    """The drawing that a network was built from, shared by all of its states.

    Attributes
    ----------
    tables
        The rows.
    joined
        Their nodes.
    join_findings
        What was wrong when joining.
    """

    tables: NetworkTables
    joined: Joined
    join_findings: tuple[Finding, ...]
    _found: dict[str, tuple[Finding, ...]] = field(default_factory=dict)

    def findings(self, net: SegmentNet) -> tuple[Finding, ...]:
        """Return what is wrong with the drawing; found once."""
        if "all" not in self._found:
            found = check_structure(self.tables, self.joined, net.edges, net.segments, net.assets)
            self._found["all"] = (*self.join_findings, *found)
        return self._found["all"]


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
    net
        Segments and links with everything about them that no valve changes.
    drawn
        The tables and nodes it was built from.
    state
        What follows from the states of valves and sources: zones, dominators, blocks.
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
    net: SegmentNet = field(repr=False)
    drawn: Drawn = field(repr=False)
    state: State = field(repr=False)

    @cached_property
    def structure_findings(self) -> tuple[Finding, ...]:
        """What is wrong with the drawing; found once a drawing, when first asked for."""
        return self.drawn.findings(self.net)

    @cached_property
    def state_findings(self) -> tuple[Finding, ...]:
        """What is wrong in the present state of valves and sources; found when first asked for."""
        found = check_state(self.edges, self.segments, self.state, self.assets, services=self.services, declared=self.declared)
        return tuple(found)

    @cached_property
    def drawing(self) -> Drawing:
        """The whole drawing numbered from its running sources; made at the first trace."""
        return number_drawing(self.edges, self.services, self.state, self.node_count)

    @cached_property
    def findings_by_row(self) -> Grouped:
        """Numbers of the findings in `findings` that concern each row."""
        number = np.repeat(np.arange(len(self.findings), dtype=np.int32), [len(item.asset_ids) for item in self.findings])
        asset_ids = np.fromiter((i for item in self.findings for i in item.asset_ids), np.int64, len(number))
        return laid_out(self.assets.rows_of(asset_ids), number, self.assets.asset_id.size)

    def findings_at(self, rows: NDArray[np.int32]) -> list[Finding]:
        """Return the findings that concern some rows, the drawing first."""
        return [self.findings[number] for number in np.unique(self.findings_by_row.at(rows)).tolist()]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is wrong, the drawing first."""
        return self.structure_findings + self.state_findings

    def segment_id_of_pipe(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return asset ids of all pipes and the id of their segment: the smallest asset id of the segment's pipes."""
        pipe = self.edges.pipe_count
        rows = self.edges.row[:pipe]
        return self.assets.asset_id[rows], self.segments.segment_id[self.segments.of_node[self.edges.u[:pipe]]]

    @property
    def _link_state(self) -> NDArray[np.uint8]:
        return self.edges.state[self.edges.pipe_count :]

    def lost_buildings(self, asset_id: int) -> NDArray[np.int32]:
        """Return the asset ids of the buildings that lose heat when an asset is shut, once each, an array of the caller's own.

        The same buildings as the list *lost* of `topology.answers.impact.impact`.

        Raises
        ------
        NotTraceable
            When the network does not hold the asset.

        Notes
        -----
        Cost: one slice of one array, a few microseconds; a source (whose sides are cut together) is answered by a flood.
        """
        element = self.net.elements.one.get(asset_id)
        if element is not None:
            return self.state.buildings.of(element)
        return lost_with_several(self.net, self.state, self._link_state, asset_id, city_id=self.city_id)

    def intervals(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """Return asset ids with their preorder intervals in the present state: `asset_id`, `tin`, `tout`.

        What is lost with *x* stands where `x.tin <= tin < x.tout` for one of the rows of *x*; see
        `topology.states.numbering.intervals`.
        """
        return intervals(self.net, self.state)

    def with_states(
        self,
        valves: Mapping[int, str] | None = None,
        sources: Mapping[int, bool] | None = None,
        *,
        valve_version: int,
        operability: Mapping[int, str] | None = None,
        origins: Mapping[int, str] | None = None,
    ) -> Network:
        """Return the network after valves were operated and sources started or stopped; the arrays of the drawing are shared.

        Parameters
        ----------
        valves
            State (`open`, `closed`, `unknown`) by asset id of the valve; valves not named keep theirs.
        sources
            Running or not by asset id of the source; sources not named keep theirs.
        valve_version
            Version of the states.
        operability, origins
            Of valves, likewise (`codes.OPERABILITIES`, `codes.ORIGINS`).

        Notes
        -----
        Cost: the refresh of `read_state`; see docs/topology.md.
        """
        running = {asset_id: OPEN if runs else CLOSED for asset_id, runs in (sources or {}).items()}
        state = self._with_codes(self.edges.state, SOURCE, running)
        state = self._with_codes(state, VALVE, {asset_id: STATES[value] for asset_id, value in (valves or {}).items()})
        able = {asset_id: OPERABILITIES[value] for asset_id, value in (operability or {}).items()}
        said = {asset_id: ORIGINS[value] for asset_id, value in (origins or {}).items()}
        edges = replace(
            self.edges,
            state=state,
            operability=self._with_codes(self.edges.operability, VALVE, able),
            origin=self._with_codes(self.edges.origin, VALVE, said),
        )
        refreshed = read_state(self.net, state[edges.pipe_count :])
        return replace(self, edges=edges, state=refreshed, valve_version=valve_version)

    def _with_codes(self, column: NDArray[np.uint8], kind: int, codes: Mapping[int, int]) -> NDArray[np.uint8]:
        """Return a column of the edges with the codes of some valves or sources set."""
        if not codes:
            return column
        value = np.full(self.assets.asset_id.size, _KEEP, np.uint8)
        rows = self.assets.rows_of(np.fromiter(codes, np.int64, len(codes)))
        value[rows[rows >= 0]] = np.fromiter(codes.values(), np.uint8, len(codes))[rows >= 0]
        given = value[self.net.links.row]
        changes = np.flatnonzero((self.net.links.kind == kind) & (given != _KEEP))
        changed = column.copy()
        changed[self.edges.pipe_count + changes] = given[changes]
        return changed

    def with_valve_states(self, states: Mapping[int, str], *, valve_version: int) -> Network:
        """Return the network after valves were operated; see `with_states`."""
        return self.with_states(states, valve_version=valve_version)

    def flood(self, removed: Sequence[int] | NDArray[np.integer]) -> Fed:
        """Find who is fed with some elements taken out; cost: below a millisecond for a city."""
        gone = np.zeros(self.net.element_count, bool)
        gone[np.asarray(removed, dtype=np.int64)] = True
        return flood_net(self.net, self._link_state, removed=gone)


_KEEP = 255


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
    net = segment_net(edges, services, segments, assets, stations=(station_row, station_node))
    return Network(
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
        net=net,
        drawn=Drawn(tables, joined, tuple(findings)),
        state=read_state(net, edges.state[edges.pipe_count :]),
    )


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
        origin=edges["origin"].to_numpy(np.uint8),
        pair=_pairs(edges, assets),
        pipe_count=len(tables.pipes),
    )
    return made, _services(tables, assets, joined, substations), count


def _frame(kind: int, *, row: Column, u: Column, v: Column, side: Column, state: Column = OPEN) -> pd.DataFrame:
    frame = pd.DataFrame({"row": row, "u": u, "v": v})
    return frame.assign(kind=kind, side=side, state=state, operability=0, origin=0)


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
    origin = valves["origin"] if "origin" in valves.columns else pd.Series("assumed", index=valves.index)
    return frame.assign(operability=_codes(valves["operability"], OPERABILITIES), origin=_codes(origin, ORIGINS))


def _codes(names: pd.Series, codes: Mapping[str, int]) -> NDArray[np.uint8]:
    return names.map(codes).astype(float).fillna(0).to_numpy().astype(np.uint8)


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
