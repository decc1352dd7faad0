"""Downstream, upstream, connected: traces on the drawing, pipe by pipe.

A way is one that water from a running source can take without passing a place twice, over open valves. In a tree that
fixes the direction; inside a ring both directions count. No trust is put into the direction a pipe was drawn in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.answers.impact import own_rows, row_of, union
from topology.assets import KIND_CODE, KINDS
from topology.build.drawing import Drawing
from topology.codes import EXCHANGER, SOURCE
from topology.findings import Finding, finding
from topology.network import Network

Rows = NDArray[np.int32]

DOWNSTREAM = (
    "blocks below the asset in the drawing over open valves: everything that some way from a running source reaches through it"
)
UPSTREAM = (
    "blocks between the running sources and the asset in the drawing over open valves: everything some way to it leads through"
)
CONNECTED = "the zone of the asset: joined by water over open valves, without exchangers"


@dataclass(frozen=True, slots=True)
class Trace:
    """One answer as rows of `Network.assets`, rising.

    Attributes
    ----------
    asset_id, city_id, network_version, valve_version
        What was asked of which state.
    rows
        The answer; pipes and valves bring their pair on the other side along.
    method
        How it was found.
    """

    asset_id: int
    city_id: int
    network_version: int
    valve_version: int
    rows: Rows
    method: str


def downstream(network: Network, asset_id: int) -> Trace:
    """Return what is fed through an asset, the asset with it. Nothing where no running source reaches it.

    Raises
    ------
    NotTraceable
        When the network does not hold the asset.

    Notes
    -----
    Cost: one slice and a sort of the answer; the first trace after a change of state numbers the drawing (see docs/topology.md).
    """
    row = row_of(network, asset_id)
    return _trace(network, asset_id, downstream_rows(network, np.array([row], np.int32)), DOWNSTREAM)


def downstream_rows(network: Network, rows: Rows) -> Rows:
    """Return what is fed through any of some assets; see `downstream`.

    Notes
    -----
    Cost: one pass over the edges and the answer once, however many assets are named.
    """
    drawing, assets = network.drawing, network.assets
    consumer = np.isin(assets.kind[rows], (KIND_CODE["building"], KIND_CODE["building_inlet"]))
    parts = [own_rows(network, int(row)) for row in rows[consumer]]
    through = rows[~consumer]
    parts += [_below(network, drawing, head) for head in _topmost(drawing, _entry_nodes(network, drawing, through))]
    for row in through[assets.kind[through] == KIND_CODE["substation"]]:
        if _entry_nodes(network, drawing, np.array([row], np.int32)).size:
            parts.append(np.array([row], np.int32))
    return union(assets, parts)


def upstream(network: Network, asset_id: int) -> Trace:
    """Return through what an asset is fed, up to the sources, the asset with it. Nothing where no running source reaches it.

    Raises
    ------
    NotTraceable
        When the network does not hold the asset.

    Notes
    -----
    Cost: one pass over the edges, milliseconds for a city.
    """
    row = row_of(network, asset_id)
    drawing = network.drawing
    nodes = _exit_nodes(network, drawing, row)
    rows = _above(network, drawing, nodes)
    fed = rows.size > 0
    return _trace(network, asset_id, union(network.assets, [rows, np.array([row] if fed else [], np.int32)]), UPSTREAM)


def connected(network: Network, asset_id: int) -> Trace:
    """Return what stands in one water with an asset: its zones on both sides. Of consumers only those that are fed.

    Raises
    ------
    NotTraceable
        When the network does not hold the asset.
    """
    row = row_of(network, asset_id)
    drawing = network.drawing
    edges, segments, fed = network.edges, network.segments, network.state.fed
    own = np.flatnonzero(edges.row == row)
    nodes = np.concatenate([edges.v[own], edges.u[own], _exit_nodes(network, drawing, row)])
    zones = np.unique(fed.zone[segments.of_node[nodes[nodes >= 0]]])
    return _trace(network, asset_id, union(network.assets, [network.state.of_zone.at(zones)]), CONNECTED)


def findings_of(network: Network, asset_id: int, rows: Rows) -> tuple[Finding, ...]:
    """Return the findings that name an asset; where a trace found nothing, why."""
    row = row_of(network, asset_id)
    found = tuple(network.findings_at(np.array([row], np.int32)))
    if rows.size:
        return found
    kind = KINDS[network.assets.kind[row]]
    message = (
        f"nothing is found for {kind} {asset_id}: it is shut, stands still, meets no pipe, or no running source "
        "reaches it in this valve state"
    )
    return (finding("not_fed", [asset_id], network.assets.lon[row], network.assets.lat[row], message), *found)


def _trace(network: Network, asset_id: int, rows: Rows, method: str) -> Trace:
    return Trace(asset_id, network.city_id, network.network_version, network.valve_version, rows, method)


def _entry_nodes(network: Network, drawing: Drawing, rows: Rows) -> Rows:
    """Nodes whose blocks lie behind some assets: the far end of their edges, or the node they sit on."""
    edge, station = np.isin(network.edges.row, rows), np.isin(network.station_row, rows)
    nodes: Rows = np.concatenate([drawing.far[edge], network.station_node[station]])
    reached: Rows = nodes[(nodes >= 0) & (drawing.blocks.first[nodes] >= 0)]
    return reached


def _topmost(drawing: Drawing, nodes: Rows) -> list[int]:
    """Return the heads of the blocks of some nodes, without those that lie below another one."""
    blocks = drawing.blocks
    heads = np.unique(blocks.head[nodes])
    found: list[int] = []
    upto = -1
    for head in heads[np.argsort(blocks.first[heads])].tolist():
        if blocks.first[head] >= upto:
            found.append(head)
            upto = int(blocks.last[head])
    return found


def _exit_nodes(network: Network, drawing: Drawing, row: int) -> Rows:
    """Nodes from which the way to the sources starts."""
    kind = KINDS[network.assets.kind[row]]
    edges, services = network.edges, network.services
    own = edges.row == row
    if kind == "substation":
        nodes = edges.u[own]
    elif kind in {"building", "building_inlet"}:
        mine = network.state.fed.service & ((services.inlet_row == row) | (services.building_row == row))
        nodes = np.concatenate([services.supply_node[mine], services.return_node[mine]])
    else:
        nodes = np.concatenate([drawing.far[own], network.station_node[network.station_row == row]])
    reached: Rows = nodes[(nodes >= 0) & (drawing.blocks.first[nodes] >= 0)]
    return reached


def _below(network: Network, drawing: Drawing, head: int) -> Rows:
    """Rows below the head of a block, and everything that the exchangers among them feed."""
    blocks, state = drawing.blocks, network.state
    first, last = int(blocks.first[head]), int(blocks.last[head])
    low, high = np.searchsorted(drawing.exchanger_at, [first, last])
    zones = np.unique(drawing.exchanger_zone[low:high])
    return np.concatenate([drawing.rows.between(first, last), state.of_zone.at(zones)])


def _above(network: Network, drawing: Drawing, nodes: Rows) -> Rows:
    """Collect the edges of all blocks on the way to the root; through exchangers the way goes on in the primary network."""
    edges, blocks = network.edges, drawing.blocks
    parts: list[Rows] = []
    while nodes.size:
        heads = _heads_to_root(drawing, nodes)
        edge = np.flatnonzero(np.isin(drawing.block, heads))
        kind = edges.kind[edge]
        paired = edges.pair[edge[(kind != EXCHANGER) & (kind != SOURCE)]]
        parts += [edges.row[edge], edges.row[paired[paired >= 0]]]
        nodes = edges.u[edge[kind == EXCHANGER]]
        nodes = nodes[blocks.first[nodes] >= 0]
    return union(network.assets, parts)


def _heads_to_root(drawing: Drawing, nodes: Rows) -> Rows:
    blocks = drawing.blocks
    heads: set[int] = set()
    for start in nodes:
        node = int(start)
        while node != drawing.root:
            head = int(blocks.head[node])
            if head in heads:
                break
            heads.add(head)
            node = int(blocks.parent[head])
    return np.fromiter(heads, np.int32, len(heads))
