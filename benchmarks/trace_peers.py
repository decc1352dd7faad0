"""The question "who loses heat when this segment is shut", asked of the libraries that a user would pick instead.

Every peer gets the same drawing: nodes of both sides, pipes and open valves as two-way edges, running sources under one root. It
floods from the root without the nodes of the segment, then from the exchangers that are fed on both sides; who was fed before and
is not any more is the answer, which must be ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import rustworkx as rx
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from data.pool import Connection
from topology.codes import CLOSED, EXCHANGER, OPEN, SOURCE, VALVE
from topology.network import Network

Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]


class Flood(Protocol):
    """Marks the nodes that some starts reach when some nodes are out; shape (nodes,)."""

    def __call__(self, starts: Ints, out: Ints) -> Bools:
        """Flood once."""


@dataclass(frozen=True, eq=False)
class City:
    """The drawing as plain arrays.

    Attributes
    ----------
    nodes
        Number of nodes.
    u, v
        Ends of pipes and of valves that are not closed.
    sources
        Nodes at which running sources feed.
    before, behind, station
        Exchanger halves: primary node, secondary node, row of the substation.
    supply, back, building
        Services: nodes (-1 = not drawn), row of the building (-1 = none).
    segment_nodes
        Nodes of the segment of each pipe, by its position among the pipes.
    """

    nodes: int
    u: Ints
    v: Ints
    sources: Ints
    before: Ints
    behind: Ints
    station: Ints
    supply: Ints
    back: Ints
    building: Ints
    segment_nodes: Callable[[int], Ints]

    def lost(self, flood: Flood, pipe: int, fed: Bools) -> Ints:
        """Return rows of the buildings that lose heat; `fed` by row tells who has it now."""
        return np.flatnonzero(fed & ~self.fed(flood, self.segment_nodes(pipe)))

    def fed(self, flood: Flood, out: Ints) -> Bools:
        """Return by row which buildings have heat when some nodes are out."""
        first = flood(self.sources, out)
        works = np.ones(int(self.station.max(initial=-1)) + 1, bool)
        np.logical_and.at(works, self.station, first[self.before])
        reached = first | flood(self.behind[works[self.station]], out)
        reached[out] = False
        service = np.ones(len(self.building), bool)
        for node in (self.supply, self.back):
            drawn = node >= 0
            service[drawn] &= reached[node[drawn]]
        rows = np.zeros(int(self.building.max(initial=-1)) + 1, bool)
        rows[self.building[service & (self.building >= 0)]] = True
        return rows


def city_of(network: Network) -> City:
    """Return the drawing of a network as plain arrays."""
    edges, services = network.edges, network.services
    usable = (edges.kind != EXCHANGER) & (edges.kind != SOURCE) & ((edges.kind != VALVE) | (edges.state != CLOSED))
    exchanger, source = edges.kind == EXCHANGER, (edges.kind == SOURCE) & (edges.state == OPEN)
    order = np.argsort(network.segments.of_node, kind="stable")
    start = np.searchsorted(network.segments.of_node[order], np.arange(network.segments.count + 1))

    def segment_nodes(pipe: int) -> Ints:
        segment = network.segments.of_node[edges.u[pipe]]
        return order[start[segment] : start[segment + 1]]

    return City(
        nodes=network.node_count,
        u=edges.u[usable].astype(np.int64),
        v=edges.v[usable].astype(np.int64),
        sources=edges.v[source].astype(np.int64),
        before=edges.u[exchanger].astype(np.int64),
        behind=edges.v[exchanger].astype(np.int64),
        station=edges.row[exchanger].astype(np.int64),
        supply=services.supply_node.astype(np.int64),
        back=services.return_node.astype(np.int64),
        building=services.building_row.astype(np.int64),
        segment_nodes=segment_nodes,
    )


def _marked(nodes: int, found: Any) -> Bools:
    mark = np.zeros(nodes, bool)
    numbers = np.fromiter(found, np.int64)
    mark[numbers[(numbers >= 0) & (numbers < nodes)]] = True
    return mark


def networkx_plain(city: City) -> Flood:
    """Take the nodes out of the graph, flood, put them back."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(city.nodes))
    graph.add_edges_from(zip(city.u.tolist(), city.v.tolist(), strict=True))
    root = city.nodes

    def flood(starts: Ints, out: Ints) -> Bools:
        gone = [(a, b) for a in out.tolist() for b in graph.adj[a]]
        graph.remove_nodes_from(out.tolist())
        graph.add_edges_from((root, a) for a in np.setdiff1d(starts, out).tolist())
        graph.add_node(root)
        found = nx.node_connected_component(graph, root)
        graph.remove_node(root)
        graph.add_nodes_from(out.tolist())
        graph.add_edges_from(gone)
        return _marked(city.nodes, found)

    return flood


def networkx_view(city: City) -> Flood:
    """Hide the nodes behind a filtered view (`networkx.subgraph_view`)."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(city.nodes))
    graph.add_edges_from(zip(city.u.tolist(), city.v.tolist(), strict=True))
    root = city.nodes

    def flood(starts: Ints, out: Ints) -> Bools:
        hidden = set(out.tolist())
        graph.add_edges_from((root, a) for a in starts.tolist())
        view = nx.subgraph_view(graph, filter_node=lambda node: node not in hidden)
        found = nx.node_connected_component(view, root)
        graph.remove_node(root)
        return _marked(city.nodes, found)

    return flood


def rustworkx_flood(city: City) -> Flood:
    """Take the edges of the nodes out of a directed rustworkx graph, flood, put them back."""
    graph = rx.PyDiGraph(multigraph=True)
    graph.add_nodes_from(range(city.nodes + 1))
    both = np.concatenate([np.stack([city.u, city.v], 1), np.stack([city.v, city.u], 1)])
    graph.extend_from_edge_list([(int(a), int(b)) for a, b in both])
    root = city.nodes

    def flood(starts: Ints, out: Ints) -> Bools:
        gone = [(a, b) for a in out.tolist() for b in graph.successor_indices(a)]
        gone += [(a, b) for b in out.tolist() for a in graph.predecessor_indices(b)]
        gone = list(dict.fromkeys(gone))
        graph.remove_edges_from(gone)
        graph.extend_from_edge_list([(root, a) for a in np.setdiff1d(starts, out).tolist()])
        found = rx.descendants(graph, root)
        graph.remove_edges_from([(root, a) for a in graph.successor_indices(root)])
        graph.extend_from_edge_list(gone)
        return _marked(city.nodes, found)

    return flood


def igraph_flood(city: City) -> Flood:
    """Delete the nodes' edges from a copy of an igraph graph and ask for the component of the root."""
    graph = igraph.Graph(n=city.nodes + 1, edges=np.stack([city.u, city.v], 1))
    root = city.nodes

    def flood(starts: Ints, out: Ints) -> Bools:
        own = graph.copy()
        own.delete_edges(sorted({edge for node in out.tolist() for edge in graph.incident(node)}))
        own.add_edges([(root, a) for a in np.setdiff1d(starts, out).tolist()])
        return _marked(city.nodes, own.subcomponent(root))

    return flood


def scipy_flood(city: City) -> Flood:
    """Make a sparse matrix without the nodes and go breadth first."""

    def flood(starts: Ints, out: Ints) -> Bools:
        gone = np.zeros(city.nodes + 1, bool)
        gone[out] = True
        kept = ~gone[city.u] & ~gone[city.v]
        first = starts[~gone[starts]]
        u = np.concatenate([city.u[kept], np.full(len(first), city.nodes)])
        v = np.concatenate([city.v[kept], first])
        graph = csr_array((np.ones(len(u), np.int8), (u, v)), shape=(city.nodes + 1, city.nodes + 1))
        return _marked(city.nodes, breadth_first_order(graph, city.nodes, directed=False, return_predecessors=False))

    return flood


def load_edges(connection: Connection, city: City) -> None:
    """Write the edges into a table for the two peers in the database, indexed as they want it."""
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists bench_edge")
        cursor.execute("create table bench_edge (id bigint primary key, source bigint not null, target bigint not null)")
        with cursor.copy("copy bench_edge (id, source, target) from stdin") as copy:
            frame = pd.DataFrame({"id": np.arange(len(city.u)) + 1, "source": city.u, "target": city.v})
            copy.write(frame.to_csv(sep="\t", header=False, index=False))
        cursor.execute("create index on bench_edge (source) include (target)")
        cursor.execute("create index on bench_edge (target) include (source)")
    connection.commit()
    connection.autocommit = True
    connection.execute("vacuum analyze bench_edge")


def drop_edges(connection: Connection) -> None:
    """Take the table away again."""
    connection.execute("drop table if exists bench_edge")


_CTE = """
with recursive reached (node) as (
    select unnest(%(starts)s::bigint[])
    union
    select other.node
      from reached r
     cross join lateral (select target as node from bench_edge where source = r.node
                          union all
                         select source from bench_edge where target = r.node) other
     where other.node <> all (%(out)s::bigint[])
)
select coalesce(array_agg(node), '{}') from reached
"""


def cte_flood(connection: Connection, city: City) -> Flood:
    """Flood by a recursive common table expression over covering indexes."""

    def flood(starts: Ints, out: Ints) -> Bools:
        row = connection.execute(_CTE, {"starts": np.setdiff1d(starts, out).tolist(), "out": out.tolist()}).fetchone()
        return _marked(city.nodes, row[0] if row else ())

    return flood


_PGROUTING = """
select coalesce(array_agg(distinct node), '{{}}')
  from pgr_drivingDistance(
       $$select id, source, target, 1.0 as cost, 1.0 as reverse_cost
           from bench_edge
          where source <> all ('{{{out}}}'::bigint[]) and target <> all ('{{{out}}}'::bigint[])
          union all
         select 1000000000 + node, {root}, node, 1.0, -1.0 from unnest('{{{starts}}}'::bigint[]) node$$,
       {root}, 1e9, true)
"""


def pgrouting_flood(connection: Connection, city: City) -> Flood:
    """Flood by `pgr_drivingDistance` without a limit; it reads the edges at every call."""

    def flood(starts: Ints, out: Ints) -> Bools:
        first = np.setdiff1d(starts, out)
        query = _PGROUTING.format(
            out=",".join(map(str, out.tolist())), starts=",".join(map(str, first.tolist())), root=city.nodes
        )
        row = connection.execute(query.encode()).fetchone()
        return _marked(city.nodes, row[0] if row else ())

    return flood
