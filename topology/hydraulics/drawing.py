"""The primary network as the hydraulic solver sees it: what open valves join is one node, pump stations part their mains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from topology.assets import KIND_CODE
from topology.build.segments import components
from topology.codes import CLOSED, EXCHANGER, OPEN, RETURN, SOURCE, SUPPLY, VALVE
from topology.hydraulics.tables import HydraulicTables
from topology.network import Network

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
PUMP_STATION = "relay_pump_station"
PASSAGES = ("isolating_station", "relay_energy_station")
"""Stations at which heat passes and water does not."""
_TRANSMISSION = 1
_TRANSMISSION_SHARE = 0.001
"""A transmission main counts as a thousandth of its length when ways from the plants are sought: it is the way, however long."""


@dataclass(slots=True)
class HydraulicDrawing:
    """Primary pipes of both sides between nodes that open valves have made one.

    `ends` has shape (2, pipes); `lifts` rows are asset id, from node, to node, MPa; `passages` rows asset id, side, node towards
    the plants, node beyond.
    """

    pipes: pd.DataFrame
    side: NDArray[np.uint8]
    ends: Ints
    count: int
    node: Ints
    lifts: list[tuple[int, int, int, float]]
    passages: list[tuple[int, int, int, int]]


def draw(network: Network, tables: HydraulicTables) -> HydraulicDrawing:
    """Draw the primary pipes of both sides between nodes that open valves have made one."""
    edges = network.edges
    asset_id = network.assets.asset_id[edges.row[: edges.pipe_count]]
    known = pd.Series(np.arange(len(tables.pipes)), index=tables.pipes["asset_id"].to_numpy(np.int64))
    place = known[~known.index.duplicated()].reindex(asset_id)
    mine = np.flatnonzero(place.notna().to_numpy())
    pipes = tables.pipes.iloc[place.to_numpy()[mine].astype(np.int64)].reset_index(drop=True)
    ends = np.stack([edges.u[mine], edges.v[mine]]).astype(np.int64)
    touched = np.zeros(network.node_count, bool)
    touched[ends] = True
    valve = (edges.kind == VALVE) & (edges.state != CLOSED)
    valve &= touched[np.maximum(edges.u, 0)] | touched[edges.v]
    count, node = components(edges.u[valve], edges.v[valve], network.node_count)
    named = np.where(np.bincount(node, weights=touched, minlength=count)[node] > 0, node, -1)
    return HydraulicDrawing(pipes, edges.side[mine], node[ends].astype(np.int64), count, named.astype(np.int64), [], [])


def sources_of(network: Network, tables: HydraulicTables, drawing: HydraulicDrawing) -> pd.DataFrame:
    """Return the sources that meet primary pipes on both sides: asset id, nodes, power, kind, whether they run."""
    edges = network.edges
    source = np.flatnonzero(edges.kind == SOURCE)
    frame = pd.DataFrame(
        {
            "asset_id": network.assets.asset_id[edges.row[source]].astype(np.int64),
            "node": drawing.node[edges.v[source]],
            "side": edges.side[source],
            "running": edges.state[source] == OPEN,
            "plant": network.assets.kind[edges.row[source]] == KIND_CODE["plant"],
        }
    )
    frame = frame[frame["node"] >= 0].drop_duplicates(["asset_id", "side"])
    sides = [frame[frame["side"] == side].set_index("asset_id") for side in (SUPPLY, RETURN)]
    both = sides[0].join(sides[1][["node"]].rename(columns={"node": "return"}), how="inner").rename(columns={"node": "supply"})
    power = tables.sources.set_index("asset_id")["design_power_mw"].astype(float)
    return both.assign(power=power.reindex(both.index).to_numpy()).reset_index()


def part_at_stations(drawing: HydraulicDrawing, network: Network, tables: HydraulicTables, sources: pd.DataFrame) -> None:
    """Split the node of every station on a main, and remember lifts and passages; changes `drawing`."""
    kinds = tables.stations.drop_duplicates("asset_id").set_index("asset_id")
    station, at = network.assets.asset_id[network.station_row], drawing.node[network.station_node]
    running = sources[sources["running"]]
    roots = running[running["plant"]] if running["plant"].any() else running
    for side, column in ((SUPPLY, "supply"), (RETURN, "return")):
        mine = np.flatnonzero(drawing.side == side)
        is_of_side = np.zeros(drawing.count, bool)
        is_of_side[drawing.ends[:, mine]] = True
        chosen = [i for i in np.flatnonzero(np.isin(station, kinds.index)) if at[i] >= 0 and is_of_side[at[i]]]
        before = _before(drawing, mine, roots[column].to_numpy()) if chosen and len(roots) else None
        mine = mine[np.isin(drawing.ends[:, mine], at[chosen]).any(axis=0)]
        for i in chosen:
            kind, head = kinds.loc[station[i], "kind"], float(kinds.loc[station[i], "head_mpa"])
            pumps = kind == PUMP_STATION and head > 0 and kinds.loc[station[i], "pumped_side"] in ("both", column)
            if before is None or not (pumps or kind in PASSAGES):
                continue
            fresh = _part(drawing, mine, int(at[i]), int(before[at[i]]))
            if fresh < 0:
                continue
            if pumps:
                way = (int(at[i]), fresh) if side == SUPPLY else (fresh, int(at[i]))
                drawing.lifts.append((int(station[i]), *way, head))
            else:
                drawing.passages.append((int(station[i]), side, int(at[i]), fresh))


def _part(drawing: HydraulicDrawing, mine: NDArray[np.intp], node: int, before: int) -> int:
    """Give the pipe ends that lead on from a node one of their own and return it; -1 where there is nothing to part."""
    here = drawing.ends[:, mine] == node
    beyond = here & (drawing.ends[::-1, mine] != before)
    if before < 0 or not beyond.any():
        return -1  # no plant reaches it, or the main ends here
    row, column = np.nonzero(beyond)
    drawing.ends[row, mine[column]] = drawing.count
    drawing.count += 1
    return drawing.count - 1


def passages_of(drawing: HydraulicDrawing, tables: HydraulicTables) -> pd.DataFrame:
    """Return the isolating and relay energy stations parted on both sides: sources, with their nodes towards the plants too."""
    frame = pd.DataFrame(drawing.passages, columns=["asset_id", "side", "from", "to"]).astype(np.int64)
    sides = [frame[frame["side"] == side].drop_duplicates("asset_id").set_index("asset_id") for side in (SUPPLY, RETURN)]
    both = pd.DataFrame(
        {
            "supply": sides[0]["to"],
            "return": sides[1]["to"],
            "supply_from": sides[0]["from"],
            "return_from": sides[1]["from"],
        }
    ).dropna()
    power = tables.stations.drop_duplicates("asset_id").set_index("asset_id")["design_power_mw"].astype(float)
    return both.astype(np.int64).assign(power=power.reindex(both.index).to_numpy()).rename_axis("asset_id").reset_index()


def _before(drawing: HydraulicDrawing, mine: NDArray[np.intp], roots: NDArray[np.integer[Any]]) -> Ints:
    """Return for each node the one before it on the way from the nearest root; -1 where there is none."""
    u, v = drawing.ends[:, mine]
    level = drawing.pipes["level"].to_numpy()[mine]
    way = np.maximum(drawing.pipes["length_m"].to_numpy(float)[mine], 1e-3)
    way = np.where(level == _TRANSMISSION, _TRANSMISSION_SHARE * way, way)
    # of parallel pipes only the shorter counts; a sparse matrix would add them up
    pair = pd.DataFrame({"a": np.minimum(u, v), "b": np.maximum(u, v), "way": way}).sort_values("way")
    pair = pair.drop_duplicates(["a", "b"])
    graph = coo_array((pair["way"], (pair["a"], pair["b"])), shape=(drawing.count, drawing.count)).tocsr()
    _, before, _ = dijkstra(graph, directed=False, indices=np.unique(roots), min_only=True, return_predecessors=True)
    return np.where(before < 0, -1, before).astype(np.int64)


def parts_of(drawing: HydraulicDrawing) -> NDArray[np.int32]:
    """Label the part of every node: what pipes and pumps connect."""
    lifts = np.array([lift[1:3] for lift in drawing.lifts], np.int64).reshape(-1, 2)
    u, v = np.concatenate([drawing.ends, lifts.T], axis=1)
    return components(u.astype(np.int32), v.astype(np.int32), drawing.count)[1]


def stations_of(network: Network, tables: HydraulicTables, drawing: HydraulicDrawing) -> pd.DataFrame:
    """Return the substations that meet primary pipes: asset id, nodes (-1 = none of that side), load."""
    edges = network.edges
    exchanger = np.flatnonzero(edges.kind == EXCHANGER)
    frame = pd.DataFrame(
        {
            "asset_id": network.assets.asset_id[edges.row[exchanger]].astype(np.int64),
            "node": drawing.node[edges.u[exchanger]],
            "side": edges.side[exchanger],
        }
    )
    sides = [frame[frame["side"] == side].drop_duplicates("asset_id").set_index("asset_id")["node"] for side in (SUPPLY, RETURN)]
    both = pd.concat([sides[0].rename("supply"), sides[1].rename("return")], axis=1).fillna(-1).astype(np.int64).sort_index()
    load = tables.substations.set_index("asset_id")["heat_load_mw"].astype(float)
    return both.assign(load=load.reindex(both.index).fillna(0.0).to_numpy()).reset_index()
