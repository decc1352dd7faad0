"""What an alarm on one element cuts off: reach, lost, degraded, each with its figures.

- **reach**: fed through it. Some way from a running source to the asset, without passing anything twice, leads through the
  element; on rings both ways count. An upper bound.
- **lost**: no open way from any running source is left when the element is shut. Certain.
- **degraded**: reach without lost. Candidates for the hydraulic solver; no trace can judge them.

The element is the whole segment between valves for a pipe (that is what a crew shuts), and the thing itself for a valve,
substation or source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.assets import KIND_CODE, KINDS, AssetTable, not_traceable
from topology.codes import VALVE
from topology.cuts.cuts import edges_of, lost_without
from topology.errors import NotTraceable
from topology.findings import Finding, finding
from topology.network import Network
from topology.states.state import State, element_of_edge, flood

Rows = NDArray[np.int32]
_NO_ROWS: Rows = np.zeros(0, np.int32)
_FEW = 20_000
"""Fewer rows than this are sorted or searched, more are marked in a mask over all assets."""

SLICE = "slice"
FLOOD = "flood"
METHODS: Mapping[str, str] = {
    "reach": "blocks below the element in the graph of segments over open valves: every asset that some way from a running "
    "source, passing nothing twice, reaches through it (upper bound)",
    SLICE: "slice of the dominator tree of the segment graph over open valves: no way from any running source is left (certain)",
    FLOOD: "flood without the elements of all that hangs on them: no way from any running source is left (certain)",
    "degraded": "reach without lost: still connected, pressure and capacity not judged",
    "own": "the asset itself: nothing else is fed through it",
}
"""How each set is found."""


@dataclass(frozen=True, slots=True)
class Impact:
    """The three answers as rows of `Network.assets`, rising; lost is a subset of reach.

    Attributes
    ----------
    asset_id, city_id, network_version, valve_version
        What was asked of which state.
    reach, lost, degraded
        Rows.
    methods
        How each was found.
    findings
        What is wrong in the network around the answer, and why an answer is empty.
    """

    asset_id: int
    city_id: int
    network_version: int
    valve_version: int
    reach: Rows
    lost: Rows
    degraded: Rows
    methods: Mapping[str, str]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a set of rows adds up to, within what the caller may see.

    Attributes
    ----------
    asset_ids
        Visible assets, rising.
    counts
        Visible assets by kind.
    substations
        Asset id and name of visible substations.
    heat_user_count, heated_area_m2, heat_load_mw
        Sums over visible buildings.
    pipe_length_m
        Sum over visible pipes, both sides.
    outside_scope
        Number of assets that the caller may not see.
    """

    asset_ids: NDArray[np.int32]
    counts: Mapping[str, int]
    substations: tuple[tuple[int, str], ...]
    heat_user_count: int
    heated_area_m2: float
    heat_load_mw: float
    pipe_length_m: float
    outside_scope: int


def union(assets: AssetTable, parts: Sequence[Rows]) -> Rows:
    """Return the rows of all parts once, rising. Few are sorted; answers of half a city are faster by a mask."""
    if sum(len(part) for part in parts) < _FEW:
        rows: Rows = np.sort(np.concatenate([_NO_ROWS, *parts]))
        once: Rows = rows[np.concatenate([rows[:1] >= 0, rows[1:] != rows[:-1]])]
        return once
    mask = np.zeros(assets.asset_id.size, bool)
    for part in parts:
        mask[part] = True
    return np.flatnonzero(mask).astype(np.int32)


def figures(assets: AssetTable, rows: Rows, visible: NDArray[np.bool_] | None = None) -> Figures:
    """Add up rows.

    Parameters
    ----------
    assets
        The network's assets.
    rows
        Rows, rising.
    visible
        True for rows that the caller may see, shape (assets,); None = all.
    """
    seen = rows if visible is None else rows[visible[rows]]
    kind = assets.kind[seen]
    number = np.bincount(kind, minlength=len(KINDS))
    # only buildings have users, area and load, only pipes a length
    substations, buildings, pipes = (seen[kind == KIND_CODE[name]] for name in ("substation", "building", "pipe"))
    named = zip(assets.asset_id[substations].tolist(), substations.tolist(), strict=True)
    return Figures(
        asset_ids=assets.asset_id[seen],
        counts={name: count for name, count in zip(KINDS, number.tolist(), strict=True) if count},
        substations=tuple([(asset_id, assets.names.get(row, "")) for asset_id, row in named]),
        heat_user_count=int(assets.heat_user_count[buildings].sum()),
        heated_area_m2=float(assets.heated_area_m2[buildings].sum()),
        heat_load_mw=float(assets.heat_load_mw[buildings].sum()),
        pipe_length_m=float(assets.length_m[pipes].sum()),
        outside_scope=len(rows) - len(seen),
    )


def row_of(network: Network, asset_id: int) -> int:
    """Return the row of an asset.

    Raises
    ------
    NotTraceable
        When the network does not hold the asset.
    """
    row = network.assets.row_of(asset_id)
    if row < 0:
        raise not_traceable(network.city_id, asset_id)
    return row


def elements_of(network: Network, row: int) -> list[int]:
    """Return the elements that fall with an asset, at most one a side; none for buildings, inlets and what no pipe meets."""
    edges, segments = network.edges, network.segments
    elements = {element_of_edge(int(edge), edges, segments) for edge in edges_of(network, row)}
    elements |= {1 + int(segment) for segment in segments.of_node[network.station_node[network.station_row == row]]}
    return sorted(elements)


def impact(network: Network, asset_id: int) -> Impact:
    """Tell what an alarm on an asset cuts off.

    Parameters
    ----------
    network
        The network in its present state.
    asset_id
        A pipe, valve, substation, plant, boiler house, building inlet, building, pump or other station on a pipe.

    Raises
    ------
    NotTraceable
        When the network does not hold the asset.

    Notes
    -----
    Cost: slices and a sort of the answer; of a source the flood of what hangs on it. See docs/topology.md.
    """
    row = row_of(network, asset_id)
    kind = KINDS[network.assets.kind[row]]
    if kind in {"building", "building_inlet"}:
        own = own_rows(network, row)
        return _answer(network, asset_id, own, own, "own")
    reached = [element for element in elements_of(network, row) if network.state.dominators.first[element] >= 0]
    parts = [_reach(network.state, element) for element in reached]
    lost, method = _lost(network, kind, reached)
    if kind == "substation" and reached:
        own_row = np.array([row], np.int32)
        parts.append(own_row)
        lost = np.append(lost, own_row)
    return _answer(network, asset_id, union(network.assets, parts), union(network.assets, [lost]), method)


def impact_of(network: Network, asset_ids: Sequence[int]) -> Impact:
    """Tell what alarms on several assets at once cut off; `asset_id` of the answer is the first of them.

    Parameters
    ----------
    network
        The network in its present state.
    asset_ids
        At least one; kinds as for `impact`.

    Raises
    ------
    NotTraceable
        When the network does not hold one of them.

    Notes
    -----
    What two cuts lose together is more than what each loses alone, so one flood answers for all (`lost_together`). Reach is what
    any of them reaches, and what is lost.
    """
    if not asset_ids:
        raise NotTraceable("nothing was asked about: name at least one asset")
    each = [impact(network, asset_id) for asset_id in dict.fromkeys(asset_ids)]
    if len(each) == 1:
        return each[0]
    lost = lost_together(network, asset_ids)
    reach = union(network.assets, [lost, *(found.reach for found in each)])
    findings = dict.fromkeys(item for found in each for item in found.findings)
    return Impact(
        asset_id=each[0].asset_id,
        city_id=network.city_id,
        network_version=network.network_version,
        valve_version=network.valve_version,
        reach=reach,
        lost=lost,
        degraded=_without(network.assets, reach, lost),
        methods={"reach": METHODS["reach"], "lost": METHODS[FLOOD], "degraded": METHODS["degraded"]},
        findings=tuple(findings),
    )


def lost_together(network: Network, asset_ids: Sequence[int]) -> Rows:
    """Return the rows that lose heat when several assets fall at once, by one flood of what hangs on them.

    A building with several inlets is lost when each of them is, whether it was asked for or cut off.

    Raises
    ------
    NotTraceable
        When the network does not hold one of them.
    """
    rows = [row_of(network, asset_id) for asset_id in dict.fromkeys(asset_ids)]
    kind = [KINDS[network.assets.kind[row]] for row in rows]
    ends = [row for row, of in zip(rows, kind, strict=True) if of in {"building", "building_inlet"}]
    elements = {element for row in rows for element in elements_of(network, row)}
    return lost_without(network, sorted(elements), ends=ends)


def _answer(network: Network, asset_id: int, reach: Rows, lost: Rows, method: str) -> Impact:
    own = method == "own"
    return Impact(
        asset_id=asset_id,
        city_id=network.city_id,
        network_version=network.network_version,
        valve_version=network.valve_version,
        reach=reach,
        lost=lost,
        degraded=_without(network.assets, reach, lost),
        methods={
            "reach": METHODS["own" if own else "reach"],
            "lost": METHODS[method],
            "degraded": METHODS["degraded"],
        },
        findings=_findings_around(network, asset_id, reach),
    )


def _without(assets: AssetTable, rows: Rows, out: Rows) -> Rows:
    """Return rows without others; both rising."""
    if not len(out):
        return rows
    if len(rows) < _FEW:
        stays = out[np.minimum(out.searchsorted(rows), len(out) - 1)] != rows
    else:
        gone = np.zeros(assets.asset_id.size, bool)
        gone[out] = True
        stays = ~gone[rows]
    kept: Rows = rows[stays]
    return kept


def _reach(state: State, element: int) -> Rows:
    """Rows below the element's block, and everything that the exchangers among them feed."""
    blocks = state.blocks
    head = blocks.head[element]
    first, last = int(blocks.first[head]), int(blocks.last[head])
    low, high = np.searchsorted(state.exchanger_at, [first, last])
    zones = np.unique(state.exchanger_zone[low:high])
    return np.concatenate([state.reach.between(first, last), state.of_zone.at(zones)])


def _lost(network: Network, kind: str, elements: list[int]) -> tuple[Rows, str]:
    # a substation stops as a whole, so one half tells; the sides of a source are cut together, and slices do not compose
    if len(elements) > 1 and kind != "substation":
        return lost_without(network, elements), FLOOD
    state = network.state
    tree = state.dominators
    return (state.lost.between(tree.first[elements[0]], tree.last[elements[0]]) if elements else _NO_ROWS), SLICE


def lost_by_flood(network: Network, elements: list[int]) -> Rows:
    """Return what is fed now and not without these elements, by flooding everything; holds for several cuts at once.

    The plain way, against which the fast ones are held (`lost_without`).

    Notes
    -----
    Cost: a few milliseconds for a city (slices cost microseconds, but do not compose).
    """
    edges, segments, services = network.edges, network.segments, network.services
    links, before = network.state.links, network.state.fed
    removed = np.zeros(1 + segments.count + len(links.edge), bool)
    removed[elements] = True
    after = flood(links, edges.state[edges.pipe_count :], services, segments, removed=removed)
    segment_lost = before.zone_fed[before.zone] & ~after.zone_fed[after.zone]
    edge = np.flatnonzero(segment_lost[segments.of_node[edges.u[: edges.pipe_count]]])
    valve = (links.kind == VALVE) & before.passes
    # a valve is lost when no side of it is fed any more; one beside the cut still has water
    cut = removed[1 + segments.count :] | (segment_lost[np.maximum(links.a, 0)] & segment_lost[links.b])
    edge = np.concatenate([edge, links.edge[valve & before.zone_fed[before.zone[links.b]] & cut]])
    paired = edges.pair[edge]
    halves = before.works & ~after.works
    rows = [
        edges.row[edge],
        edges.row[paired[paired >= 0]],
        links.row[halves],
        _services_lost(network, before.service, after.service),
    ]
    return np.unique(np.concatenate(rows)).astype(np.int32)


def _services_lost(network: Network, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Rows:
    services = network.services
    gone = before & ~after
    still = np.unique(services.building_row[after])
    buildings = np.setdiff1d(services.building_row[gone], still)
    rows = np.concatenate([services.inlet_row[gone], buildings])
    return rows[rows >= 0]


def own_rows(network: Network, row: int) -> Rows:
    """Return the rows of an inlet (or building) that fall with it: the building falls when this was its last fed inlet."""
    services = network.services
    fed = network.state.fed.service
    mine = fed & ((services.inlet_row == row) | (services.building_row == row))
    buildings = services.building_row[mine]
    if KINDS[network.assets.kind[row]] == "building":
        rows = np.concatenate([services.inlet_row[mine], buildings])
    else:
        others = services.building_row[fed & ~mine]
        rows = np.concatenate([services.inlet_row[mine], np.setdiff1d(buildings, others)])
    return np.unique(rows[rows >= 0]).astype(np.int32)


def _findings_around(network: Network, asset_id: int, reach: Rows) -> tuple[Finding, ...]:
    """Findings that touch the asset or what it reaches; an empty answer is explained."""
    row = row_of(network, asset_id)
    found = network.findings_at(np.append(reach, np.int32(row)))
    if len(reach):
        return tuple(found)
    message = (
        f"nothing is fed through {KINDS[network.assets.kind[row]]} {asset_id} now: it is shut, stands still, "
        "or no running source reaches it in the present valve state"
    )
    here = finding("not_fed", [asset_id], network.assets.lon[row], network.assets.lat[row], message)
    return (here, *found)
