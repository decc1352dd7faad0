"""Checks of where pipes lie: near nodes, ends on the other side's pipes, lengths that ends contradict, rings without a valve."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gis.snapping import local_metres
from topology.assets import AssetTable
from topology.build.edges import Edges
from topology.build.joining import GROUPS, Joined, group_of
from topology.build.segments import Segments
from topology.findings import Finding, finding
from topology.tables import NetworkTables

NEAR_M = 0.1
"""Nodes of one group nearer than this and not joined are a finding."""
DETOUR = 3.0
"""A pipe longer than this many times the distance of its ends is a finding."""
SNAPPED_M = 0.001
"""An end nearer than this to a node of the other side was put onto it."""
SAME_LENGTH_M = 0.01
"""Pipes between the same two nodes whose lengths differ by less are one pipe drawn twice."""

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int32]
Floats = NDArray[np.float64]


class Places:
    """Positions of all pipe ends in metres with their nodes; end `i` of pipe row `r` is number `r + pipes * i`."""

    def __init__(self, tables: NetworkTables, joined: Joined, loose: BoolArray) -> None:
        pipes = tables.pipes
        starts, ends = (pipes[[f"{end}_lon", f"{end}_lat"]].to_numpy(dtype=np.float64) for end in ("start", "end"))
        self.lonlat = np.concatenate([starts, ends])
        self.metres = np.full(self.lonlat.shape, np.nan)
        known = np.isfinite(self.lonlat).all(axis=1)
        if known.any():
            self.metres[known] = local_metres(self.lonlat[known])
        self.asset_id = np.tile(pipes["asset_id"].to_numpy(np.int64), 2)
        self.group = np.tile(group_of(pipes["level"].to_numpy(), pipes["side"].to_numpy()), 2)
        node = np.concatenate([joined.u, joined.v])
        # both nodes of a valve are one place
        same = np.arange(joined.count, dtype=np.int32)
        same[joined.valve_v] = joined.valve_u
        self.node = same[node]
        self.loose = np.concatenate([loose[:, 0], loose[:, 1]])
        _, first = np.unique(self.node, return_index=True)
        first = first[known[first]]
        self.single = first[~self.loose[first]]
        """One end of each node that meets something."""

    def at(self, end: int) -> tuple[float, float]:
        """Return the position of an end in degrees."""
        lon, lat = self.lonlat[end].tolist()
        return lon, lat


def check_places(
    tables: NetworkTables, joined: Joined, loose: BoolArray, *, edges: Edges, segments: Segments, assets: AssetTable
) -> Iterator[Finding]:
    """Check where pipes lie. Cost: see docs/topology.md; two k-d trees over the nodes."""
    places = Places(tables, joined, loose)
    yield from _long_pipes(tables, joined, places)
    yield from _near_nodes(places)
    yield from _crossed_sides(tables, places)
    yield from _rings(tables, joined, edges, segments, assets)


def _long_pipes(tables: NetworkTables, joined: Joined, places: Places) -> Iterator[Finding]:
    count = len(tables.pipes)
    distance_m = np.hypot(*(places.metres[:count] - places.metres[count:]).T)
    length_m = tables.pipes["length_m"].to_numpy(dtype=np.float64)
    for row in np.flatnonzero((length_m > DETOUR * distance_m) & (joined.u != joined.v)).tolist():
        text = f"pipe {places.asset_id[row]} is {length_m[row]:.1f} m long and its ends are {distance_m[row]:.1f} m apart"
        yield finding("pipe_longer_than_ends", [places.asset_id[row]], *places.at(row), text)


def _near_nodes(places: Places) -> Iterator[Finding]:
    """Find nodes that both meet something, but not each other; of loose ends `loose_end` tells."""
    one = places.single
    if not len(one):
        return
    # groups lie further apart than the reach, so one tree serves all
    tree = cKDTree(np.column_stack([places.metres[one], places.group[one] * (4.0 * NEAR_M)]))
    for a, b in np.sort(tree.query_pairs(NEAR_M, output_type="ndarray"), axis=1).tolist():
        ids = sorted({int(places.asset_id[one[a]]), int(places.asset_id[one[b]])})
        metres = float(np.hypot(*(places.metres[one[a]] - places.metres[one[b]])))
        text = f"an end of pipe {ids[0]} is {100 * metres:.0f} cm off a node of pipe {ids[-1]}, and they are not joined"
        yield finding("near_nodes", ids, *places.at(one[a]), text)


def _crossed_sides(tables: NetworkTables, places: Places) -> Iterator[Finding]:
    """Find loose ends of supply pipes that lie on a node of return pipes, and the other way round.

    Where the other pipe of the pair ends there too, both sides are drawn at one place, and nothing is crossed. Pipes whose side
    is told to be in doubt (none, or the same as that of their pair) are left to those rules.
    """
    pipes = tables.pipes
    in_doubt = (pipes["side"] == 0) | ((pipes["pair_id"] > 0) & pipes.duplicated(["pair_id", "side"], keep=False))
    asked = np.flatnonzero(places.loose & ~np.tile(in_doubt.to_numpy(dtype=bool), 2))
    one = places.single
    if not len(asked) or not len(one):
        return
    pair = np.tile(pipes["pair_id"].to_numpy(), 2)
    step = 4.0 * SNAPPED_M
    tree = cKDTree(np.column_stack([places.metres[one], places.group[one] * step]))
    other = np.arange(GROUPS).reshape(-1, 2)[:, ::-1].reshape(-1)[places.group[asked]]
    distance, found = tree.query(np.column_stack([places.metres[asked], other * step]), distance_upper_bound=SNAPPED_M)
    for end, place in zip(asked[np.isfinite(distance)].tolist(), found[np.isfinite(distance)].tolist(), strict=True):
        ids = [int(places.asset_id[end]), int(places.asset_id[one[place]])]
        mates = pair[np.flatnonzero(places.node == places.node[one[place]])]
        if pair[end] > 0 and pair[end] in mates:
            continue
        sides = ("supply", "return") if places.group[end] % 2 == 0 else ("return", "supply")
        text = f"an end of {sides[0]} pipe {ids[0]} lies on a node of {sides[1]} pipe {ids[1]}; supply never joins return"
        yield finding("supply_joined_to_return", ids, *places.at(end), text)


def _rings(tables: NetworkTables, joined: Joined, edges: Edges, segments: Segments, assets: AssetTable) -> Iterator[Finding]:
    """Find segments with a ring in them: no valve on it can open it. Pipes drawn twice are no ring."""
    pipe = slice(0, edges.pipe_count)
    u, v = edges.u[pipe], edges.v[pipe]
    segment = segments.of_node[u]
    real = ~_drawn_twice(tables, joined) & (u != v)
    nodes = np.bincount(segments.of_node, minlength=segments.count)
    rings = np.bincount(segment[real], minlength=segments.count) - nodes + 1
    inside = np.flatnonzero(real & (rings[segment] > 0))
    inside = inside[_on_rings(u[inside], v[inside], joined.count)]
    inside = inside[np.argsort(segment[inside], kind="stable")]
    for group in np.split(inside, np.flatnonzero(np.diff(segment[inside])) + 1) if len(inside) else []:
        rows = edges.row[group]
        first = rows[0]
        text = f"{len(rows)} pipes around pipe {assets.asset_id[first]} are a ring without a valve"
        yield finding("ring_without_valve", np.sort(assets.asset_id[rows]), assets.lon[first], assets.lat[first], text)


def _drawn_twice(tables: NetworkTables, joined: Joined) -> BoolArray:
    """Tell which pipes lie between the nodes of an equally long one, or of one of their own pair."""
    low, high = np.minimum(joined.u, joined.v), np.maximum(joined.u, joined.v)
    length_m, pair = tables.pipes["length_m"].to_numpy(dtype=float), tables.pipes["pair_id"].to_numpy()
    order = np.lexsort((length_m, high, low))
    here, there = order[:-1], order[1:]
    same = (low[here] == low[there]) & (high[here] == high[there])
    same &= (np.abs(length_m[here] - length_m[there]) < SAME_LENGTH_M) | ((pair[here] == pair[there]) & (pair[here] > 0))
    twice = np.zeros(len(pair), bool)
    twice[there[same]] = True
    return twice


def _on_rings(u: IntArray, v: IntArray, count: int) -> BoolArray:
    """Tell which edges are left when dead ends are taken off one after another: rings and what joins them."""
    left = np.ones(len(u), bool)
    while True:
        degree = np.bincount(np.concatenate([u[left], v[left]]), minlength=count)
        dead = left & ((degree[u] == 1) | (degree[v] == 1))
        if not dead.any():
            return left
        left &= ~dead
