"""What a supposed state takes off by itself: rows fed in one state and not in another of the same drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topology.codes import VALVE
from topology.network import Network

Rows = NDArray[np.int32]


def lost_between(before: Network, after: Network) -> Rows:
    """Return the rows that are fed in one state and not in another; rising.

    Parameters
    ----------
    before, after
        The same drawing in two states.

    Notes
    -----
    Pipes bring their pairs along, as in every list of what is lost; a valve that passed water is lost where no side of it is fed
    any more. Cost: two milliseconds for a city.
    """
    was, is_now, net = before.state.fed, after.state.fed, before.state.net
    edges, links, services = before.edges, net.links, before.services
    gone = was.zone_fed[was.zone] & ~is_now.zone_fed[is_now.zone]
    pipe = np.flatnonzero(gone[before.segments.of_node[edges.u[: edges.pipe_count]]])
    fed = was.zone_fed[was.zone[links.b]]
    valve = (links.kind == VALVE) & was.passes & fed & gone[np.maximum(links.a, 0)] & gone[links.b]
    edge = np.concatenate([pipe, links.edge[valve]])
    paired = edges.pair[edge]
    unserved = was.service & ~is_now.service
    buildings = np.setdiff1d(services.building_row[unserved], services.building_row[is_now.service])
    rows = np.concatenate(
        [
            edges.row[edge],
            edges.row[paired[paired >= 0]],
            links.row[was.works & ~is_now.works],
            services.inlet_row[unserved],
            buildings,
        ]
    )
    found: Rows = np.unique(rows[rows >= 0]).astype(np.int32)
    return found


def fed_rows(network: Network, rows: Rows) -> Rows:
    """Return those of some rows of pipes, valves, substations, inlets and buildings that are fed."""
    fed, net, edges, services = network.state.fed, network.state.net, network.edges, network.services
    mask = np.zeros(network.assets.asset_id.size, np.bool_)
    segment = fed.zone_fed[fed.zone]
    mask[edges.row[: edges.pipe_count][segment[network.segments.of_node[edges.u[: edges.pipe_count]]]]] = True
    links = net.links
    mask[links.row[(links.kind == VALVE) & fed.passes & segment[links.b]]] = True
    mask[links.row[fed.works]] = True
    for row in (services.inlet_row, services.building_row):
        mask[row[fed.service & (row >= 0)]] = True
    found: Rows = rows[mask[rows]]
    return found


def lost_in_all(real: Network, supposed: Network, lost: Rows) -> Rows:
    """Return what a sandbox and an isolation in it take off together, against the state as it is; rising.

    Parameters
    ----------
    real, supposed
        The state as it is, and as it is supposed.
    lost
        What the isolation loses in the supposed state; what has heat there alone is not lost against the real one.
    """
    found: Rows = np.union1d(lost_between(real, supposed), fed_rows(real, lost)).astype(np.int32)
    return found
