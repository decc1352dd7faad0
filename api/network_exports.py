"""Writes the network of a city into a file: GraphML or a pandapipes net. Over HTTP in a process of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from api.errors import Busy
from data.hydraulics import read_hydraulic_tables
from data.network import read_network
from data.pool import Connection, connect
from topology.assets import KIND_CODE
from topology.codes import OPEN, SOURCE
from topology.errors import NotSolvable
from topology.export import drawing_graph, graphml, zone_json
from topology.graph import segment_graph
from topology.network import Network
from twin.errors import OutsideScope
from twin.scope import Scope

NetworkFormat: TypeAlias = Literal["graphml", "json"]
_busy = asyncio.Lock()


@dataclass(frozen=True, slots=True)
class NetworkOrder:
    """What to write.

    Attributes
    ----------
    city_id
        The city.
    format
        graphml: the graph of segments, or the whole drawing; json: the zone of a source for pandapipes.
    whole
        True: the whole drawing, pipe by pipe.
    source_id
        Of the zone; None = the running plant with the lowest id, else the running boiler house.
    """

    city_id: int
    format: NetworkFormat
    whole: bool = False
    source_id: int | None = None


def require_whole_view(scope: Scope) -> None:
    """Raise `OutsideScope` unless a scope holds the whole network: a graph with holes would give wrong answers."""
    for name, limit in (("districts", scope.areas), ("companies", scope.company_ids), ("layers", scope.layers)):
        if limit is not None:
            raise OutsideScope(f"this seat sees some {name} only; the graph of a part gives wrong answers, so it is not exported")
    if scope.precision_m is not None:
        raise OutsideScope("this seat sees rounded positions only; the network is not exported")


def write_network(database_url: str, order: NetworkOrder, path: Path) -> None:
    """Read the network of a city and write it into a file.

    Raises
    ------
    NotFound
        When there is no such city.
    NotSolvable
        When the zone of the source cannot be solved, or no source runs.
    """
    with connect(database_url) as connection:
        write_from(connection, order, path)


def write_from(connection: Connection, order: NetworkOrder, path: Path) -> None:
    """Do `write_network` with a connection."""
    network = read_network(connection, order.city_id)
    tables = read_hydraulic_tables(connection, order.city_id) if order.format == "json" else None
    if tables is not None:
        source_id = order.source_id if order.source_id is not None else first_running(network)
        path.write_text(zone_json(network, tables, source_id), encoding="utf-8")
        return
    graph = drawing_graph(network) if order.whole else segment_graph(network)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(graphml(graph))


def first_running(network: Network) -> int:
    """Return the running plant with the lowest id, else the running boiler house.

    Raises
    ------
    NotSolvable
        When no source runs.
    """
    edges = network.edges
    rows = np.unique(edges.row[(edges.kind == SOURCE) & (edges.state == OPEN)])
    if not rows.size:
        raise NotSolvable(f"no heat source of city {network.city_id} runs and meets a pipe, so there is no zone to export")
    plants = rows[network.assets.kind[rows] == KIND_CODE["plant"]]
    return int(network.assets.asset_id[plants[0] if plants.size else rows[0]])


async def write_apart(database_url: str, order: NetworkOrder, path: Path) -> None:
    """Do `write_network` in a process of its own, one at a time: it takes seconds of one core and heavy libraries.

    Raises
    ------
    Busy
        When another one is being written.
    """
    if _busy.locked():
        raise Busy("another export of the network is being written; try again in a moment", retry_after_s=10)
    async with _busy:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            await asyncio.get_running_loop().run_in_executor(pool, write_network, database_url, order, path)
