"""Isolation (关阀分析): which valves to close around a break, what drains, who loses heat, and what gives it back.

1. A crew shuts both sides of the trench: the segment of each broken asset and that of its pair. A broken valve takes the segments
   at both of its ends; a substation the primary segments that it stands on, its secondary network stops with it; an inlet or a
   building the segments of its inlets.
2. Each side grows for itself through every open or unknown valve that cannot be closed (stuck, no access, tagged out, or named
   by the caller). A closed valve holds, whatever its operability.
3. What is open on the edge is to be closed; what is closed there stays closed and is named, not counted as work.
4. Lost is what was fed before and is not fed with all these segments out: what already lay dead behind a closed valve is not lost
   by this. It is found from what hangs below the cut (`topology.cuts.cuts`), for one cut or many alike.
5. Where a substation or an inlet stands on a shut segment with one side and on a fed one with the other, water would run back
   through it into the break; a substation that feeds a shut segment of its secondary network would pump into it. Both are to be
   shut on the spot and named in `shut_at`.

A valve that was delivered without a side and sits on pipes of both shuts both: it is one valve to operate, with side 0, and what
its other side shuts elsewhere is lost too.

Order of operation: supply before return, so that no closed return leaves consumers under the pressure of the supply; on each side
the valves first that hold back the running sources, the nearest to a source first, then those beyond the break. Opening again
goes the other way round.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from topology.answers.impact import row_of
from topology.assets import KINDS
from topology.codes import OPERABILITIES, STATES, SUPPLY
from topology.cuts.alternatives import Alternative, alternatives
from topology.cuts.capacity import Capacity, drained
from topology.cuts.cuts import Cut, CutIndex, cut, cut_index, edges_of, lost_rows
from topology.cuts.isolation_kernels import A_LINK, OUTSIDE, grow, on_the_spot
from topology.cuts.kernels import FIRST
from topology.cuts.ties import several_sides
from topology.errors import NotTraceable
from topology.network import Network

Rows = NDArray[np.int32]
CLOSE, CLOSED_ALREADY, CANNOT_CLOSE = "close", "closed_already", "cannot_close"
_STATE_NAMES = {code: name for name, code in STATES.items()}
_OPERABILITY_NAMES = {code: name for name, code in OPERABILITIES.items()}


@dataclass(frozen=True, slots=True)
class ValveToOperate:
    """A valve on the edge of what is shut, or one through which it grew.

    Attributes
    ----------
    asset_id, side
        The valve; 1 supply, 2 return, 0 both by itself.
    state, operability
        As in `topology.codes`: open | closed | unknown; usable | stuck | no_access | tagged_out.
    role
        close | closed_already | cannot_close.
    """

    asset_id: int
    side: int
    state: str
    operability: str
    role: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that the reader of an isolation must know.

    Attributes
    ----------
    rule
        `not_fed` no running source feeds the place now; `nothing_to_close` no valve can be closed, the whole zone stands still;
        `source_inside` running sources stand on what is shut and must be stopped; `one_side_only` only one side is drawn;
        `shuts_more` valves to close shut pipes elsewhere too, because they shut both sides by themselves.
    asset_ids
        Assets concerned.
    message
        The same in words.
    """

    rule: str
    asset_ids: tuple[int, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Isolation:
    """How to shut off a break, and what that costs.

    Attributes
    ----------
    asset_ids, city_id, network_version, valve_version
        What was asked of which state.
    segments
        Ids of the shut segments (smallest asset id of their pipes), both sides, rising.
    valves
        Valves on their edge and valves grown through.
    order
        Asset ids of the valves to close, in the order of closing.
    grown_through
        Asset ids of open valves that could not be closed.
    shut_at
        Asset ids of substations and inlets to shut on the spot (rule 5).
    sources_inside
        Asset ids of running sources that must be stopped.
    drained_m3
        Water in the pipes of known diameter; None where none is known.
    drained_pipe_length_m, drained_unknown_m
        Length of all shut pipes, and of those whose diameter is not known.
    lost
        Rows of `Network.assets` that lose heat, rising.
    alternatives
        What gives heat back, best first.
    possible
        Asset ids of closed valves that may give heat back, if only their side were known (`topology.cuts.alternatives`).
    remarks
        What else must be known.
    """

    asset_ids: tuple[int, ...]
    city_id: int
    network_version: int
    valve_version: int
    segments: tuple[int, ...]
    valves: tuple[ValveToOperate, ...]
    order: tuple[int, ...]
    grown_through: tuple[int, ...]
    shut_at: tuple[int, ...]
    sources_inside: tuple[int, ...]
    drained_m3: float | None
    drained_pipe_length_m: float
    drained_unknown_m: float
    lost: Rows
    alternatives: tuple[Alternative, ...]
    possible: tuple[int, ...]
    remarks: tuple[Remark, ...]


def isolate(
    network: Network, asset_ids: Sequence[int], *, stuck: Collection[int] = (), capacity: Capacity | None = None
) -> Isolation:
    """Plan how to shut off one or several broken assets.

    Parameters
    ----------
    network
        In the state that is asked about.
    asset_ids
        What is broken, at least one: pipes, valves, substations, sources, inlets, buildings, stations on a pipe.
    stuck
        Asset ids of valves that the caller knows cannot be operated, beside those whose operability says so.
    capacity
        Powers, loads and volumes (`topology.cuts.capacity.read_capacity`); without it neither volume nor capacity is answered.

    Raises
    ------
    NotTraceable
        When an asset is unknown, no kind of the network, or meets no pipe; when `stuck` names something that is no valve.

    Notes
    -----
    Cost: docs/isolation.md; what hangs below the shut segments, and for each alternative what was lost.
    """
    if not asset_ids:
        raise NotTraceable("nothing to shut off: name at least one asset")
    index = cut_index(network)
    starts = np.concatenate([segments_of_break(network, asset_id) for asset_id in asset_ids])
    usable = _usable(network, index, stuck)
    layout, ways = index.layout, index.ways
    inside, edge, through = grow(layout.start, layout.near, ways.closed, usable, starts)
    close = edge[~ways.closed[edge[:, A_LINK]]]
    more = _shut_besides(network, close[:, A_LINK], inside)
    found = cut(network, inside, more)
    lost = lost_rows(network, found, links=more)
    order = close[_order(network, index, found, close)]
    volume, length, unknown = drained(network, capacity, inside)
    shut_at, sources = _on_the_spot(network, index, found, inside)
    ids = network.segments.segment_id[inside]
    others = alternatives(network, found, lost, usable, capacity)
    return Isolation(
        asset_ids=tuple(int(i) for i in asset_ids),
        city_id=network.city_id,
        network_version=network.network_version,
        valve_version=network.valve_version,
        segments=tuple(np.sort(ids[ids > 0]).tolist()),
        valves=_valves(network, order, edge[ways.closed[edge[:, A_LINK]]], through),
        order=_ids(network, order[:, A_LINK]),
        grown_through=_ids(network, through),
        shut_at=shut_at,
        sources_inside=sources,
        drained_m3=volume,
        drained_pipe_length_m=length,
        drained_unknown_m=unknown,
        lost=lost,
        alternatives=others.found,
        possible=others.possible,
        remarks=tuple(_remarks(network, index, asset_ids, inside, more, closing=len(order), sources=sources)),
    )


def segments_of_break(network: Network, asset_id: int) -> Rows:
    """Return the segments, both sides and some twice, that must be without water before an asset can be repaired (rule 1).

    Raises
    ------
    NotTraceable
        When the network does not hold the asset, or no pipe meets it.
    """
    row = row_of(network, asset_id)
    edges, of_node, services = network.edges, network.segments.of_node, network.services
    kind = KINDS[network.assets.kind[row]]
    own = edges_of(network, row)
    paired = edges.pair[own]
    both = np.concatenate([own, paired[paired >= 0]])
    if kind == "substation":
        nodes = edges.u[own]
    elif kind in {"building", "building_inlet"}:
        mine = (services.inlet_row == row) | (services.building_row == row)
        nodes = np.concatenate([services.supply_node[mine], services.return_node[mine]])
    else:
        nodes = np.concatenate([edges.u[both], edges.v[both], network.station_node[network.station_row == row]])
    found: Rows = of_node[nodes[nodes >= 0]]
    if not len(found):
        raise NotTraceable(f"no pipe of the hot-water network meets {kind} {asset_id}; there is nothing to shut")
    return found


def _usable(network: Network, index: CutIndex, stuck: Collection[int]) -> NDArray[np.bool_]:
    if not stuck:
        return index.ways.usable
    usable = index.ways.usable.copy()
    for asset_id in stuck:
        row = row_of(network, asset_id)
        if KINDS[network.assets.kind[row]] != "valve":
            kind = KINDS[network.assets.kind[row]]
            raise NotTraceable(f"asset {asset_id} is a {kind}; only valves can be named as stuck")
        usable[edges_of(network, row) - network.edges.pipe_count] = False
    return usable


def _shut_besides(network: Network, close: Rows, inside: Rows) -> Rows:
    """Return the other links of valves to close that shut several pipes by themselves, as far as they lie outside."""
    both = several_sides(network)
    if not both:
        return close[:0]
    links, shut = network.state.links, set(inside.tolist())
    more = {other for link in close.tolist() for other in both.get(link, ()) if other not in close}
    return np.array([link for link in sorted(more) if not shut & {int(links.a[link]), int(links.b[link])}], np.int32)


def _ids(network: Network, links: Rows) -> tuple[int, ...]:
    """Return the asset ids of links, each once: a valve that shuts both sides is operated once."""
    return tuple(dict.fromkeys(network.assets.asset_id[network.state.links.row[links]].tolist()))


def _order(network: Network, index: CutIndex, found: Cut, edge: Rows) -> NDArray[np.intp]:
    """Return the order of closing (see the head of the module)."""
    link, outside = edge[:, A_LINK], edge[:, OUTSIDE]
    links = network.state.links
    feeds = (found.mark[outside] == 0) & (index.ways.tree[outside, FIRST] >= 0)
    side = network.edges.side[links.edge[link]]
    order: NDArray[np.intp] = np.lexsort((links.row[link], index.ways.level[outside], ~feeds, side))
    return order


def _valves(network: Network, close: Rows, closed: Rows, through: Rows) -> tuple[ValveToOperate, ...]:
    parts = ((CLOSE, close[:, A_LINK]), (CLOSED_ALREADY, closed[:, A_LINK]), (CANNOT_CLOSE, through))
    edges, links = network.edges, network.state.links
    found: dict[int, ValveToOperate] = {}
    for role, part in parts:
        for link in part:
            asset_id, side = int(network.assets.asset_id[links.row[link]]), int(edges.side[links.edge[link]])
            if asset_id in found:
                found[asset_id] = replace(found[asset_id], side=side if found[asset_id].side == side else 0)
                continue
            state, operability = int(edges.state[links.edge[link]]), int(edges.operability[links.edge[link]])
            found[asset_id] = ValveToOperate(asset_id, side, _STATE_NAMES[state], _OPERABILITY_NAMES[operability], role)
    return tuple(found.values())


def _on_the_spot(network: Network, index: CutIndex, found: Cut, inside: Rows) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what must be shut on the spot (rule 5), and the running sources on what is shut."""
    layout, ways = index.layout, index.ways
    rows = on_the_spot(
        layout.start,
        layout.near,
        layout.links,
        ways.passes,
        ways.tree,
        found.mark,
        found.gone,
        layout.service_start,
        layout.service_at,
        layout.services,
        inside,
    )
    shut, sources = (tuple(sorted(set(network.assets.asset_id[part].tolist()))) for part in rows)
    return shut, sources


def _remarks(
    network: Network,
    index: CutIndex,
    asset_ids: Sequence[int],
    inside: Rows,
    more: Rows,
    *,
    closing: int,
    sources: tuple[int, ...],
) -> Iterator[Remark]:
    named, asked = ", ".join(map(str, asset_ids)), tuple(int(i) for i in asset_ids)
    if not (index.ways.tree[inside, FIRST] >= 0).any():
        yield Remark("not_fed", asked, f"no running source feeds {named} in this valve state; shutting it off loses nobody")
    if not closing:
        text = f"around {named} no open valve can be closed: all of its part of the network must stand still"
        yield Remark("nothing_to_close", asked, text)
    if sources:
        listed = ", ".join(map(str, sources))
        yield Remark("source_inside", sources, f"heat source {listed} stands on what is shut and must be stopped")
    if len(more):
        valves = _ids(network, more)
        text = (
            f"valve {', '.join(map(str, valves))} shuts both sides by itself, the other one away from {named}: what hangs on it"
        )
        yield Remark("shuts_more", valves, f"{text} is lost too")
    supply = index.layout.side[inside] == SUPPLY
    if supply.all() or not supply.any():
        drawn, other = ("supply", "return") if supply[0] else ("return", "supply")
        yield Remark(
            "one_side_only", asked, f"only the {drawn} of {named} is known; find and close the valves of its {other} too"
        )
