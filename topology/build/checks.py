"""Checks of a built network. Each rule is one small function that returns findings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology.assets import AssetTable
from topology.build.checks_places import SAME_LENGTH_M, check_places
from topology.build.declared import Declared
from topology.build.edges import Edges, Services
from topology.build.feeders import exchanger_zones, feeders_of, primary_zones, service_zones, source_zones
from topology.build.joining import Joined
from topology.build.segments import Segments, components
from topology.codes import CLOSED, EXCHANGER, SOURCE, VALVE
from topology.findings import Finding, finding
from topology.states.state import State
from topology.tables import NetworkTables


def check_structure(
    tables: NetworkTables, joined: Joined, edges: Edges, segments: Segments, assets: AssetTable
) -> Iterator[Finding]:
    """Check the drawing; nothing here depends on valve states. Cost: linear in the tables."""
    yield from _pipes(tables, joined)
    yield from _pairs(tables)
    yield from _duplicates(tables, joined)
    yield from _loose_ends(tables, joined)
    yield from _points(tables, joined)
    yield from _buildings(tables, joined)
    yield from _parts_without_source(edges, segments, assets)
    yield from check_places(tables, joined, loose_ends(tables, joined), edges=edges, segments=segments, assets=assets)


def check_state(
    edges: Edges, segments: Segments, state: State, assets: AssetTable, *, services: Services, declared: Declared
) -> Iterator[Finding]:
    """Check what valve states and running sources leave, and whether the declared chains say the same. Cost: linear."""
    yield from _one_sided_valves(edges, assets)
    yield from _parts_not_fed(edges, segments, state, assets)
    yield from _declared_substations(segments, state, assets, services, declared)
    yield from _declared_sources(edges, state, assets, declared)


def _each(
    frame: pd.DataFrame, mask: NDArray[np.bool_] | np.bool_, rule: str, text: str, place: tuple[str, str] = ("lon", "lat")
) -> Iterator[Finding]:
    chosen = frame[["asset_id", *place]].iloc[np.flatnonzero(mask)]
    for asset_id, lon, lat in chosen.itertuples(index=False):
        yield finding(rule, [asset_id], lon, lat, text.format(int(asset_id)))


def _pipes(tables: NetworkTables, joined: Joined) -> Iterator[Finding]:
    pipes = tables.pipes
    located = np.isfinite(pipes[["start_lon", "start_lat", "end_lon", "end_lat"]].to_numpy(dtype=float)).all(axis=1)
    start = ("start_lon", "start_lat")
    yield from _each(pipes, ~located, "pipe_without_geometry", "pipe {} has no position; it joins nothing", start)
    zero = located & (joined.u == joined.v)
    yield from _each(pipes, zero, "zero_length_pipe", "both ends of pipe {} are the same node", start)
    text = "pipe {} names neither supply nor return; it is traced as supply"
    yield from _each(pipes, (pipes["side"] == 0).to_numpy(), "pipe_without_side", text, start)


def _pairs(tables: NetworkTables) -> Iterator[Finding]:
    pipes = tables.pipes
    size = pipes["pair_id"].map(pipes["pair_id"].value_counts())
    single = np.asarray((pipes["pair_id"] == 0) | (size == 1))
    start = ("start_lon", "start_lat")
    yield from _each(pipes, single, "pair_missing", "pipe {} has no pair on the other side", start)
    number = [(pipes["side"] == side).groupby(pipes["pair_id"]).transform("sum") for side in (1, 2)]
    uneven = np.flatnonzero(~single & np.asarray((number[0] != 1) | (number[1] != 1)))
    for pair_id, group in pipes.iloc[uneven].groupby("pair_id"):
        first = group.iloc[0]
        text = f"pair {pair_id} has pipes of sides {sorted(group['side'])}; it needs one supply (1) and one return (2)"
        yield finding("pair_of_one_side", group["asset_id"], first["start_lon"], first["start_lat"], text)


def _duplicates(tables: NetworkTables, joined: Joined) -> Iterator[Finding]:
    """Find pipes drawn twice. Nodes belong to one side and level; pipes of one pair are the business of `pair_of_one_side`."""
    pipes = tables.pipes
    low, high = np.minimum(joined.u, joined.v), np.maximum(joined.u, joined.v)
    length = pipes["length_m"].to_numpy(dtype=float)
    order = np.lexsort((length, high, low))
    here, there = order[:-1], order[1:]
    same = (low[here] == low[there]) & (high[here] == high[there]) & (low[here] != high[here])
    same &= np.abs(length[here] - length[there]) < SAME_LENGTH_M
    pair = pipes["pair_id"].to_numpy()
    same &= (pair[here] != pair[there]) | (pair[here] == 0)
    asset_id = pipes["asset_id"].to_numpy()
    for first, last in _runs(same):
        rows = order[first : last + 1]
        ids = np.sort(asset_id[rows])
        lon, lat = pipes["start_lon"].iloc[rows[0]], pipes["start_lat"].iloc[rows[0]]
        text = f"pipes {', '.join(map(str, ids))} lie between the same two nodes and are equally long"
        yield finding("duplicate_pipe", ids, lon, lat, text)


def _runs(same: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last place of each run of neighbours that are the same."""
    steps = np.diff(np.concatenate([[0], same.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist(), strict=True))


def loose_ends(tables: NetworkTables, joined: Joined) -> NDArray[np.bool_]:
    """Tell for the start and the end of each pipe whether it meets nothing, shape (pipes, 2)."""
    ends = np.bincount(np.concatenate([joined.u, joined.v]), minlength=joined.count)
    for at in joined.at.values():
        ends[at[at >= 0]] += 2
    ends[joined.valve_u] += 2
    ends[joined.valve_v] += 2
    located = np.isfinite(tables.pipes[["start_lon", "end_lon"]].to_numpy(dtype=float))
    loose: NDArray[np.bool_] = (ends[np.column_stack([joined.u, joined.v])] == 1) & located
    return loose


def _loose_ends(tables: NetworkTables, joined: Joined) -> Iterator[Finding]:
    loose = loose_ends(tables, joined)
    for place, (x, y) in enumerate((("start_lon", "start_lat"), ("end_lon", "end_lat"))):
        yield from _each(tables.pipes, loose[:, place], "loose_end", "an end of pipe {} meets nothing", (x, y))


def _points(tables: NetworkTables, joined: Joined) -> Iterator[Finding]:
    substations, at = tables.substations, joined.at["substations"] >= 0
    primary, secondary = at[:, :2].any(axis=1), at[:, 2:].any(axis=1)
    yield from _each(substations, ~primary, "substation_without_primary", "no primary pipe meets substation {}; nothing feeds it")
    text = "no secondary pipe meets substation {}; its buildings are known by declaration only"
    yield from _each(substations, ~secondary, "substation_without_secondary", text)
    uneven = (at[:, 0] != at[:, 1]) | (at[:, 2] != at[:, 3])
    text = "substation {} meets supply or return pipes only on one of its networks"
    yield from _each(substations, uneven, "substation_one_sided", text)
    at = joined.at["sources"] >= 0
    supply, back = at[:, [0, 2]].any(axis=1), at[:, [1, 3]].any(axis=1)
    yield from _each(tables.sources, ~(supply | back), "source_off_network", "no pipe meets heat source {}")
    yield from _each(tables.sources, supply != back, "source_without_return", "heat source {} meets pipes of one side only")
    for name, rule in (("inlets", "inlet_off_network"), ("stations", "station_off_network")):
        yield from _each(getattr(tables, name), (joined.at[name] < 0).all(axis=1), rule, "no pipe meets {}")


def _buildings(tables: NetworkTables, joined: Joined) -> Iterator[Finding]:
    buildings, inlets = tables.buildings, tables.inlets
    known = inlets["building_id"].isin(buildings["asset_id"]).to_numpy()
    yield from _each(inlets, ~known, "inlet_without_building", "building inlet {} names no known building")
    met = (joined.at["inlets"] >= 0).any(axis=1)
    heated = ((buildings["heated_area_m2"] > 0) | (buildings["substation_id"] > 0)).to_numpy()
    without = heated & ~buildings["asset_id"].isin(inlets["building_id"].to_numpy()[met]).to_numpy()
    declared = buildings["substation_id"].isin(tables.substations["asset_id"]).to_numpy()
    text = "building {} has no inlet on the network; it is traced through its declared substation"
    yield from _each(buildings, without & declared, "building_without_inlet", text)
    text = "building {} has neither inlet nor known substation; no trace finds it"
    yield from _each(buildings, without & ~declared, "building_not_connected", text)


def _parts_without_source(edges: Edges, segments: Segments, assets: AssetTable) -> Iterator[Finding]:
    """Find parts that no source and no substation's exchanger could feed even with every valve open."""
    part = slice(edges.pipe_count, None)
    kind, b = edges.kind[part], segments.of_node[edges.v[part]]
    a = np.where(kind == VALVE, segments.of_node[np.maximum(edges.u[part], 0)], b)
    count, label = components(a, b, segments.count)
    feeds = (kind == SOURCE) | (kind == EXCHANGER)
    sourced = np.zeros(count, bool)
    sourced[label[b[feeds]]] = True
    yield from _parts(edges, segments, assets, label, wanted=~sourced, rule="part_without_source", what="no heat source")


def _parts_not_fed(edges: Edges, segments: Segments, state: State, assets: AssetTable) -> Iterator[Finding]:
    fed = state.fed
    yield from _parts(edges, segments, assets, fed.zone, wanted=~fed.zone_fed, rule="part_not_fed", what="no running source")


def _parts(
    edges: Edges,
    segments: Segments,
    assets: AssetTable,
    label: NDArray[np.int32],
    *,
    wanted: NDArray[np.bool_],
    rule: str,
    what: str,
) -> Iterator[Finding]:
    pipe = slice(0, edges.pipe_count)
    of_pipe = label[segments.of_node[edges.u[pipe]]]
    chosen = np.flatnonzero(wanted[of_pipe])
    chosen = chosen[np.argsort(of_pipe[chosen], kind="stable")]
    bounds = np.flatnonzero(np.diff(of_pipe[chosen])) + 1
    for group in np.split(chosen, bounds) if len(chosen) else []:
        rows = edges.row[group]
        first = rows[0]
        text = f"{what} reaches a part of {len(rows)} pipes around pipe {assets.asset_id[first]}"
        yield finding(rule, np.sort(assets.asset_id[rows]), assets.lon[first], assets.lat[first], text)


def _declared_substations(
    segments: Segments, state: State, assets: AssetTable, services: Services, declared: Declared
) -> Iterator[Finding]:
    """Compare the declared substation of a building with the exchangers of the zones that its inlets lie in.

    One side that agrees is enough, and an inlet in a zone without exchanger says nothing: that zone is not fed, or by a source.
    """
    feeds = exchanger_zones(state)
    building, at = service_zones(segments, state, services, services.building_row)
    known = (declared.substation_of[building] >= 0) & _inside(at, feeds[1])
    wrong = _contradicted(building[known], at[known], declared.substation_of, feeds[1], feeds[0])
    fed_by = feeders_of(wrong, (building[known], at[known]), feeds)
    for row in wrong.tolist():
        ids = assets.asset_id[[row, declared.substation_of[row]]]
        instead = assets.asset_id[fed_by[row]]
        named = ", ".join(map(str, instead))
        text = f"building {ids[0]} is declared to substation {ids[1]}; in the drawing substation {named} feeds it"
        yield finding("declared_substation_differs", ids, assets.lon[row], assets.lat[row], text, instead=instead)


def _declared_sources(edges: Edges, state: State, assets: AssetTable, declared: Declared) -> Iterator[Finding]:
    """Compare the declared source of a substation with those that run in the zone that feeds it in the present valve state."""
    feeds = source_zones(edges, state)
    substation, at = primary_zones(state)
    known = (declared.source_of[substation] >= 0) & _inside(at, feeds[1])
    wrong = _contradicted(substation[known], at[known], declared.source_of, feeds[1], feeds[0])
    fed_by = feeders_of(wrong, (substation[known], at[known]), feeds)
    for row in wrong.tolist():
        ids = assets.asset_id[[row, declared.source_of[row]]]
        text = f"substation {ids[0]} is declared to source {ids[1]}, which does not run in the part of the network that feeds it"
        instead = assets.asset_id[fed_by[row]]
        yield finding("declared_source_differs", ids, assets.lon[row], assets.lat[row], text, instead=instead)


def _inside(zone: NDArray[np.int32], zones: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell which zones are among others. Cost: linear (`np.isin` would sort)."""
    member = np.zeros(max(zone.max(initial=-1), zones.max(initial=-1)) + 1, bool)
    member[zones] = True
    return member[zone]


def _contradicted(
    row: NDArray[np.int32],
    zone: NDArray[np.int32],
    declared: NDArray[np.int32],
    feeder_zone: NDArray[np.int32],
    feeder: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Return the rows whose declared feeder feeds none of their zones. Cost: linear, but for the sort of the feeders."""
    size = np.int64(len(declared))
    feeds = np.unique(feeder_zone * size + feeder)
    asked = zone * size + declared[row]
    agrees = feeds[np.minimum(np.searchsorted(feeds, asked), len(feeds) - 1)] == asked if len(feeds) else np.zeros(len(row), bool)
    wrong = np.zeros(len(declared), bool)
    wrong[row] = True
    wrong[row[agrees]] = False
    return np.flatnonzero(wrong).astype(np.int32)


def _one_sided_valves(edges: Edges, assets: AssetTable) -> Iterator[Finding]:
    valve = np.flatnonzero((edges.kind == VALVE) & (edges.pair >= 0) & (edges.side == 1))
    other = edges.pair[valve]
    uneven = (edges.state[valve] == CLOSED) != (edges.state[other] == CLOSED)
    for one, two in zip(valve[uneven], other[uneven], strict=True):
        rows = edges.row[[one, two]]
        ids = assets.asset_id[rows]
        text = f"of valve pair {ids[0]} and {ids[1]} one is closed and the other is not; traces take each side as it is"
        yield finding("one_sided_valve", ids, assets.lon[rows[0]], assets.lat[rows[0]], text)
