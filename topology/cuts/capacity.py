"""Is there enough: running power against load of connected parts of the primary network, and the water in its pipes.

A bookkeeping check that costs microseconds: it knows no pressure, no losses, and no limit of a pipe or a pump between a source
and a load; of isolating stations it knows the rated power (`topology.cuts.passages`). Where it says short, heat is missing for
certain; where it says enough, the solver decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology.assets import AssetTable
from topology.build.segment_net import SegmentNet
from topology.codes import EXCHANGER, RETURN, SOURCE, SUPPLY
from topology.cuts.cuts import cut_index
from topology.cuts.isolation_kernels import LOAD, POWER, RUNNING, UNKNOWN, USERS, homes
from topology.cuts.kernels import RETURN_AT, SUPPLY_AT
from topology.cuts.passages import PASSAGES, Reaches, reaches_of
from topology.hydraulics.tables import HydraulicTables
from topology.network import Network

Floats = NDArray[np.float64]
IntArray = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Capacity:
    """Powers, loads and volumes by asset row; NaN = unknown (or another kind of asset). Does not depend on states.

    Attributes
    ----------
    power_mw
        Design power of plants and boiler houses.
    load_mw
        Design load of substations.
    volume_m3
        Water in each pipe.
    passing_mw
        Rated power of isolating and relay energy stations.
    """

    power_mw: Floats
    load_mw: Floats
    volume_m3: Floats
    passing_mw: Floats


def read_capacity(assets: AssetTable, tables: HydraulicTables) -> Capacity:
    """Take what the check needs out of the tables of the solver.

    Notes
    -----
    Volumes are known for transmission and primary pipes only: the tables hold no others. Cost: 10 ms for a city.
    """
    pipes, passages = tables.pipes, tables.stations[tables.stations["kind"].isin(PASSAGES)]
    diameter_m = pipes["inner_diameter_mm"].to_numpy(float) / 1000.0
    volume = np.pi / 4.0 * np.where(diameter_m > 0, diameter_m, np.nan) ** 2 * pipes["length_m"].to_numpy(float)
    return Capacity(
        power_mw=_by_row(assets, tables.sources, tables.sources["design_power_mw"]),
        load_mw=_by_row(assets, tables.substations, tables.substations["heat_load_mw"]),
        volume_m3=_by_row(assets, pipes, volume),
        passing_mw=_by_row(assets, passages, passages["design_power_mw"]),
    )


def _by_row(assets: AssetTable, frame: pd.DataFrame, values: NDArray[np.float64] | pd.Series[float]) -> Floats:
    found = np.full(assets.asset_id.size, np.nan)
    rows = assets.rows_of(frame["asset_id"].to_numpy(dtype=np.int64))
    found[rows[rows >= 0]] = np.asarray(values, np.float64)[rows >= 0]
    return found


@dataclass(frozen=True, slots=True)
class Weights:
    """What stands on links and segments in one state; columns as named in `topology.cuts.isolation_kernels`.

    Attributes
    ----------
    of_link
        Running sources and working exchangers: each counts on both of its sides; shape (links, 5).
    of_reach
        Buildings that hang directly on a reach (`topology.cuts.passages`) with their load, and the users of all buildings at the
        reach from which their substation is fed; shape (reaches, 5).
    of_segment
        The same by segment; shape (segments, 5).
    volume_m3, unknown_m
        Water in the pipes of each segment, and length of those whose volume is not known.
    """

    of_link: Floats
    of_reach: Floats
    of_segment: Floats
    volume_m3: Floats
    unknown_m: Floats


_WEIGHTS: WeakKeyDictionary[Network, WeakKeyDictionary[Capacity, Weights]] = WeakKeyDictionary()
_VOLUMES: WeakKeyDictionary[Capacity, WeakKeyDictionary[SegmentNet, tuple[Floats, Floats]]] = WeakKeyDictionary()


def weights_of(network: Network, capacity: Capacity) -> Weights:
    """Return the weights of a network; made once a state."""
    of_network = _WEIGHTS.setdefault(network, WeakKeyDictionary())
    weights = of_network.get(capacity)
    if weights is None:
        weights = of_network[capacity] = _weights(network, capacity)
    return weights


def _weights(network: Network, capacity: Capacity) -> Weights:
    links, fed = network.state.links, network.state.fed
    of_link = np.zeros((len(links.kind), 5))
    running = np.flatnonzero((links.kind == SOURCE) & fed.passes)
    power = capacity.power_mw[links.row[running]]
    of_link[running, POWER] = np.nan_to_num(power)
    of_link[running, UNKNOWN] = np.isnan(power)
    of_link[running, RUNNING] = 1.0
    works = np.flatnonzero((links.kind == EXCHANGER) & fed.passes)
    counted = works[~_stands_in(network)[works]]
    of_link[counted, LOAD] = np.nan_to_num(capacity.load_mw[links.row[counted]])
    of_drawing = _VOLUMES.setdefault(capacity, WeakKeyDictionary())
    volumes = of_drawing.get(network.state.net)
    if volumes is None:
        volumes = of_drawing[network.state.net] = _volumes(network, capacity)
    reaches = reaches_of(network)
    of_reach = _of_reach(network, reaches)
    of_segment = of_reach[: network.segments.count].copy()
    np.add.at(of_segment, reaches.segment[network.segments.count :], of_reach[network.segments.count :])
    return Weights(of_link, of_reach, of_segment, *volumes)


def _volumes(network: Network, capacity: Capacity) -> tuple[Floats, Floats]:
    edges, segments = network.edges, network.segments
    rows, at = edges.row[: edges.pipe_count], segments.of_node[edges.u[: edges.pipe_count]]
    volume, length = capacity.volume_m3[rows], np.nan_to_num(network.assets.length_m[rows])
    known = np.isfinite(volume)
    water, unknown = np.zeros(segments.count), np.zeros(segments.count)
    np.add.at(water, at[known], volume[known])
    np.add.at(unknown, at[~known], length[~known])
    return water, unknown


def _stands_in(network: Network) -> NDArray[np.bool_]:
    """Tell exchanger halves that stand on a segment of the other side, where the twin half is counted already."""
    links, net = network.state.links, network.state.net
    side = cut_index(network).layout.side
    stands_in: NDArray[np.bool_] = (net.partner >= 0) & (network.edges.side[links.edge] != side[np.maximum(links.a, 0)])
    return stands_in


def _of_reach(network: Network, reaches: Reaches) -> Floats:
    index, net, assets = cut_index(network), network.state.net, network.assets
    layout, ways = index.layout, index.ways
    services = layout.services.copy()
    services[:, SUPPLY_AT], services[:, RETURN_AT] = reaches.supply, reaches.back
    feeder = _feeder_of_zone(network, reaches)[network.state.fed.zone[reaches.segment]]
    tree = ways.tree[reaches.segment]
    at, direct = homes(layout.home_start, layout.home_at, services, ways.service_fed, tree, feeder)
    users, load = assets.heat_user_count[net.building_row], assets.heat_load_mw[net.building_row]
    total = np.zeros((reaches.count, 5))
    side = layout.side[reaches.segment]
    for column, wanted in enumerate((SUPPLY, RETURN)):
        home = at[:, column]
        counted = (home >= 0) & (side[np.maximum(home, 0)] == wanted)
        np.add.at(total[:, USERS], home[counted], users[counted])
        counted &= direct[:, column]
        np.add.at(total[:, LOAD], home[counted], load[counted])
    return total


def _feeder_of_zone(network: Network, reaches: Reaches) -> IntArray:
    """Return the primary reach from which each zone of a secondary network is fed (of several the first), -1 = none."""
    links, fed = network.state.links, network.state.fed
    works = np.flatnonzero((links.kind == EXCHANGER) & fed.passes)[::-1]
    feeder = np.full(len(fed.zone_fed), -1, np.int32)
    feeder[fed.zone[links.b[works]]] = reaches.a[works]
    return feeder


def drained(network: Network, capacity: Capacity | None, segments: Sequence[int] | IntArray) -> tuple[float | None, float, float]:
    """Return how much water stands in the pipes of these segments.

    Returns
    -------
    volume_m3, length_m, unknown_m
        Volume of the pipes of known diameter (None where there is none), length of all pipes, and of those without diameter.
    """
    length = float(cut_index(network).layout.length_m[segments].sum())
    if capacity is None:
        return None, length, length
    weights = weights_of(network, capacity)
    unknown = float(weights.unknown_m[segments].sum())
    volume = float(weights.volume_m3[segments].sum())
    return volume if volume > 0 else None, length, unknown
