"""Where the heat of an asset comes from, and whom a source, branch, substation or pipe serves: traced beside declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.answers.impact import row_of
from topology.answers.path import nodes_of
from topology.answers.trace import downstream_rows
from topology.answers.ways import CLOSED_VALVE_M, Ways, ways
from topology.assets import KIND_CODE, KINDS
from topology.codes import CLOSED, RETURN, SOURCE, SUPPLY, VALVE
from topology.errors import NotTraceable
from topology.network import Network

Rows = NDArray[np.int32]

SOURCES = (
    "shortest ways by pipe length from the asset towards the sources, over open valves and through exchangers from the "
    "secondary to the primary network (Dijkstra); the running sources reached can feed it now"
)
AFTER_OPENING = (
    "the same with closed valves passed too, as few of them as possible: running sources that could feed it after these valves "
    "were opened, and standing ones that could if they were started; pressure and capacity are not judged"
)
TRACED = "downstream over open valves: everything some way from a running source reaches through it; on rings an upper bound"
DECLARED = "what the delivered tables say: the substation of a building, the source and the branch of a substation"


@dataclass(frozen=True, slots=True)
class Feeding:
    """A source with the way from it to an asset.

    Attributes
    ----------
    row
        Row of the source.
    running
        Whether it runs.
    length_m
        Pipe length of the way.
    valves
        Rows of the closed valves that must be opened for it.
    substation
        Row of the last substation on the way, -1 = none.
    """

    row: int
    running: bool
    length_m: float
    valves: Rows
    substation: int


@dataclass(frozen=True, slots=True)
class Sources:
    """Sources of an asset, nearest first: those that can feed it now, and those that could."""

    now: tuple[Feeding, ...]
    could: tuple[Feeding, ...]


def sources(network: Network, asset_id: int) -> Sources:
    """Return which sources can feed an asset now, and which could after valves were opened or sources started.

    Raises
    ------
    NotTraceable
        When the network does not hold the asset, or no pipe meets it.

    Notes
    -----
    Cost: two searches that end with the primary network; 20 ms for a city.
    """
    row = row_of(network, asset_id)
    side, starts = _starts(network, row)
    here = ways(network, starts, towards_sources=True)
    now = _feedings(network, here, side)
    could = _feedings(network, ways(network, starts, towards_sources=True, open_valves=True), side)
    fed = {each.row for each in now if each.running}
    return Sources(now=tuple(each for each in now if each.running), could=tuple(each for each in could if each.row not in fed))


def _starts(network: Network, row: int) -> tuple[int, Rows]:
    """Return the side and the nodes from which the way to the sources begins; of a substation its primary side."""
    edges = network.edges
    for side in (SUPPLY, RETURN):
        nodes = nodes_of(network, row, side)
        if KINDS[network.assets.kind[row]] == "substation":
            nodes = edges.u[(edges.row == row) & (edges.side == side)]
        if nodes.size:
            return side, nodes
    raise NotTraceable(
        f"{KINDS[network.assets.kind[row]]} {network.assets.asset_id[row]} is drawn off the network: no pipe meets it, "
        "so no heat source can reach it"
    )


def _feedings(network: Network, found: Ways, side: int) -> tuple[Feeding, ...]:
    edges = network.edges
    best: dict[int, Feeding] = {}
    for edge in np.flatnonzero((edges.kind == SOURCE) & (edges.side == side)):
        node, row = int(edges.v[edge]), int(edges.row[edge])
        if not np.isfinite(found.length_m[node]):
            continue
        way = found.edges_to(node)
        closed = way[(edges.kind[way] == VALVE) & (edges.state[way] == CLOSED)]
        stations = edges.row[way][network.assets.kind[edges.row[way]] == KIND_CODE["substation"]]
        length = float(found.length_m[node]) - CLOSED_VALVE_M * closed.size
        each = Feeding(
            row, bool(edges.state[edge] != CLOSED), length, edges.row[closed], int(stations[-1]) if stations.size else -1
        )
        if row not in best or (closed.size, length) < (best[row].valves.size, best[row].length_m):
            best[row] = each
    return tuple(sorted(best.values(), key=lambda each: (each.valves.size, each.length_m, each.row)))


@dataclass(frozen=True, slots=True)
class SupplyArea:
    """Whom something serves, as rows of `Network.assets`, rising.

    Attributes
    ----------
    traced
        Everything behind it over open valves.
    declared
        Substations and buildings that the tables name; None for what nothing is declared to (a pipe, a valve).
    only_traced, only_declared
        Substations and buildings in one and not in the other.
    """

    traced: Rows
    declared: Rows | None
    only_traced: Rows
    only_declared: Rows


def supply_area(network: Network, asset_ids: Sequence[int], declared: Rows | None = None) -> SupplyArea:
    """Return whom some assets serve together.

    Parameters
    ----------
    network
        At the state that is asked about.
    asset_ids
        A plant, boiler house, substation, pipe or valve; the pipes of a branch.
    declared
        What is declared to them where it does not follow from the network: of a branch.

    Raises
    ------
    NotTraceable
        When the network does not hold one of them.
    """
    rows = np.array([row_of(network, asset_id) for asset_id in asset_ids], np.int32)
    traced = downstream_rows(network, rows)
    said = declared_to(network, rows) if declared is None else declared
    served = np.zeros(network.assets.asset_id.size, bool)
    served[traced] = True
    named = np.zeros(network.assets.asset_id.size, bool)
    if said is not None:
        named[said] = True
    consumer = np.isin(network.assets.kind, [KIND_CODE["substation"], KIND_CODE["building"]])
    consumer[rows] = False
    compared = consumer if said is not None else np.zeros_like(consumer)
    return SupplyArea(
        traced=traced,
        declared=said,
        only_traced=np.flatnonzero(compared & served & ~named).astype(np.int32),
        only_declared=np.flatnonzero(compared & named & ~served).astype(np.int32),
    )


def declared_to(network: Network, rows: Rows) -> Rows | None:
    """Return the substations and buildings that the tables declare to sources or substations; None for other kinds."""
    assets, declared = network.assets, network.declared
    kinds = {KINDS[kind] for kind in assets.kind[rows]}
    if not kinds <= {"plant", "boiler_house", "substation"}:
        return None
    return with_buildings(network, np.flatnonzero(np.isin(declared.source_of, rows) | np.isin(np.arange(assets.kind.size), rows)))


def with_buildings(network: Network, rows: NDArray[np.integer]) -> Rows:
    """Return the substations of some rows and the buildings declared to them, rising."""
    assets = network.assets
    substation = np.zeros(assets.kind.size + 1, bool)  # the last one takes the -1 of what is declared to nobody
    substation[rows] = assets.kind[rows] == KIND_CODE["substation"]
    found: Rows = np.flatnonzero(substation[:-1] | substation[network.declared.substation_of]).astype(np.int32)
    return found
