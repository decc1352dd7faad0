"""Cuts out of a network what the pumps of one heat source move: the zone that the hydraulic solver is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology.codes import SOURCE, SUPPLY
from topology.errors import NotSolvable
from topology.hydraulics.drawing import (
    Floats,
    HydraulicDrawing,
    Ints,
    draw,
    part_at_stations,
    parts_of,
    passages_of,
    sources_of,
    stations_of,
)
from topology.hydraulics.sharing import depth_of, share_loads
from topology.hydraulics.tables import HydraulicTables
from topology.network import Network

__all__ = ["Floats", "Ints", "Zone", "ZoneMap", "cut_zone", "map_zones"]


@dataclass(frozen=True, eq=False)
class Zone:
    """The primary network that hangs on one running source in the present valve state; nodes are numbered from 0.

    Attributes
    ----------
    source_id
        The source that holds the pressure.
    node_side, node_height_m
        Of each node: `codes.SUPPLY` or `RETURN`, height of the pipe's axis (of unknown ones the mean of the zone).
    pipe_id, pipe_u, pipe_v, pipe_length_m, pipe_diameter_mm
        Pipes as drawn, with their nodes.
    lift_id, lift_u, lift_v, lift_mpa
        Relay pumps: the water goes from `u` to `v`.
    station_id, station_supply, station_return, station_load_mw
        Consumers with the nodes of both sides: substations, and what passes at isolating and relay energy stations.
    feed_id, feed_supply, feed_return, feed_power_mw, feed_load_mw
        Running sources with the nodes of both sides, power (NaN = unknown) and share; the first one is `source_id`.
    one_sided_ids
        Substations that only one side of the zone reaches; nothing flows there.
    height_unknown, diameter_unknown
        How many nodes and pipes got a stand-in.
    """

    source_id: int
    node_side: NDArray[np.uint8]
    node_height_m: Floats
    pipe_id: Ints
    pipe_u: Ints
    pipe_v: Ints
    pipe_length_m: Floats
    pipe_diameter_mm: Floats
    lift_id: Ints
    lift_u: Ints
    lift_v: Ints
    lift_mpa: Floats
    station_id: Ints
    station_supply: Ints
    station_return: Ints
    station_load_mw: Floats
    feed_id: Ints
    feed_supply: Ints
    feed_return: Ints
    feed_power_mw: Floats
    feed_load_mw: Floats
    one_sided_ids: tuple[int, ...]
    height_unknown: int
    diameter_unknown: int


@dataclass(frozen=True, eq=False)
class ZoneMap:
    """All zones of a network in one state of its valves, sources and pumps; made by `map_zones`, cut by `cut`.

    Attributes
    ----------
    network
        At that state.
    drawing
        Primary pipes between nodes.
    part
        Connected part of each node; supply and return are parts of their own.
    sources
        Sources that meet primary pipes, running or not.
    feeds
        What gives heat to a part: running sources and living passages, with the load that each takes.
    consumers
        Substations, and passages with what they must take.
    """

    network: Network
    drawing: HydraulicDrawing
    part: NDArray[np.int32]
    sources: pd.DataFrame
    feeds: pd.DataFrame
    consumers: pd.DataFrame

    def key(self, source_id: int) -> tuple[int, int]:
        """Return the parts (supply, return) that a feed stands on; two feeds of one zone have the same.

        Raises
        ------
        NotSolvable
            When it is no source, or one that does not run.
        """
        own = self._feed(source_id)
        return int(self.part[int(own["supply"])]), int(self.part[int(own["return"])])

    def feed_ids(self, key: tuple[int, int]) -> list[int]:
        """Return the feeds of a zone, the one that should hold the pressure first: plants before others, then by power."""
        keys = self._keys(self.feeds)
        mine = self.feeds[(keys == key).all(axis=1)]
        plant = mine["asset_id"].isin(self.sources.loc[self.sources["plant"], "asset_id"])
        order = mine.assign(plant=plant).sort_values(["plant", "power", "asset_id"], ascending=[False, False, True])
        return [int(each) for each in order["asset_id"]]

    def holders(self) -> list[int]:
        """Return the source that should hold the pressure of every zone, by rising asset id."""
        keys = {(int(a), int(b)) for a, b in self._keys(self.feeds)}
        return sorted(self.feed_ids(key)[0] for key in keys)

    def holder_at(self, asset_id: int) -> int:
        """Return the holder of the zone in which an asset lies; of a closed valve or a pump between two, the lowest.

        Raises
        ------
        NotSolvable
            When it lies in no zone of a running source.
        """
        holders = self.holders_at(asset_id)
        if not holders:
            text = f"asset {asset_id} lies in no zone of a running heat source; name a source, a substation or a primary pipe"
            raise NotSolvable(text)
        return holders[0]

    def holders_at(self, asset_id: int) -> list[int]:
        """Return the holders of the zones that an asset touches, rising: a source, substation, pump, valve or primary pipe."""
        if asset_id in self.feeds["asset_id"].to_numpy():
            return [self.feed_ids(self.key(asset_id))[0]]
        parts = set(self.part[self._nodes_of(asset_id)].tolist())
        keys = {(int(a), int(b)) for a, b in self._keys(self.feeds)}
        return sorted(self.feed_ids(key)[0] for key in keys if parts & set(key))

    def passages_of(self, key: tuple[int, int]) -> list[int]:
        """Return the isolating and relay energy stations that take heat from a zone, alive or not."""
        named = pd.DataFrame(self.drawing.passages, columns=["asset_id", "side", "from", "to"])
        inside = np.isin(self.part[named["from"].to_numpy(np.int64)], key)
        return sorted({int(each) for each in named["asset_id"][inside]})

    def pipe_ids(self, key: tuple[int, int]) -> Ints:
        """Return the pipes of a zone."""
        inside = np.isin(self.part[self.drawing.ends[0]], key)
        return self.drawing.pipes["asset_id"].to_numpy(np.int64)[inside]

    def undrawn_ids(self) -> frozenset[int]:
        """Return the substations that meet primary pipes of one side only, in whatever state the valves are."""
        drawn = (self.consumers[["supply", "return"]] >= 0).all(axis=1)
        return frozenset(int(each) for each in self.consumers["asset_id"][~drawn])

    def _nodes_of(self, asset_id: int) -> Ints:
        drawing, network = self.drawing, self.network
        pipe = np.flatnonzero(drawing.pipes["asset_id"].to_numpy() == asset_id)
        if len(pipe):
            of_pipe: Ints = drawing.ends[0, pipe]
            return of_pipe
        row = network.assets.rows_of(np.array([asset_id]))[0]
        if row < 0:
            return np.zeros(0, np.int64)
        edge = np.flatnonzero(network.edges.row == row)
        of_edges = np.concatenate([network.edges.u[edge], network.edges.v[edge]])
        nodes = np.concatenate([of_edges, network.station_node[network.station_row == row]])
        found: Ints = drawing.node[nodes[nodes >= 0]]
        return found[found >= 0]

    def cut(self, source_id: int) -> Zone:
        """Cut out the zone of a source; see `cut_zone`."""
        own = self._feed(source_id)
        inside = np.isin(self.part, self.part[[int(own["supply"]), int(own["return"])]])
        ends = self.consumers[["supply", "return"]].to_numpy()
        reached = inside[ends] & (ends >= 0)
        half = self.consumers["asset_id"][reached.any(axis=1) & ~reached.all(axis=1)]
        feeds = self.feeds[inside[self.feeds["supply"]] & inside[self.feeds["return"]]].sort_values("asset_id")
        feeds = pd.concat([feeds[feeds["asset_id"] == source_id], feeds[feeds["asset_id"] != source_id]])
        served = self.consumers[reached.all(axis=1)].sort_values("asset_id")
        return replace(_numbered(self.drawing, inside, served, feeds), one_sided_ids=tuple(int(i) for i in half))

    def _keys(self, feeds: pd.DataFrame) -> Ints:
        nodes = feeds[["supply", "return"]].to_numpy(np.int64)
        keys: Ints = self.part[nodes].astype(np.int64)
        return keys

    def _feed(self, source_id: int) -> pd.Series[Any]:
        own = self.feeds[self.feeds["asset_id"] == source_id]
        if len(own):
            return own.iloc[0]
        edges, assets = self.network.edges, self.network.assets
        if source_id in self.sources["asset_id"].to_numpy():
            raise NotSolvable(f"heat source {source_id} does not run, so it holds no pressure")
        if source_id in assets.asset_id[edges.row[edges.kind == SOURCE]]:
            raise NotSolvable(f"heat source {source_id} does not meet primary pipes of both sides")
        raise NotSolvable(f"{source_id} is no heat source of this network; name a plant, a boiler house or an isolating station")


def map_zones(network: Network, tables: HydraulicTables) -> ZoneMap:
    """Find all zones; several are then cut at the price of one.

    Notes
    -----
    Cost: 0.25 s for a city of 40,000 primary pipes (scipy).
    """
    drawing = draw(network, tables)
    sources = sources_of(network, tables, drawing)
    part_at_stations(drawing, network, tables, sources)
    passages = passages_of(drawing, tables)
    part = parts_of(drawing)
    running = sources[sources["running"]]
    depth = depth_of(part, running, passages)
    passages = passages.assign(depth=depth)[depth > 0]
    feeds = pd.concat([running.assign(depth=0), passages], ignore_index=True)
    feeds, consumers = share_loads(part, feeds, passages, stations_of(network, tables, drawing))
    return ZoneMap(network, drawing, part, sources, feeds, consumers)


def cut_zone(network: Network, tables: HydraulicTables, source_id: int) -> Zone:
    """Cut out the zone of a source.

    1. Only transmission and primary pipes count; what an open valve joins is one node, a closed valve cuts.
    2. At a relay pump station with a head the pipes are parted: one end towards the plants, the others beyond the pump.
    3. At an isolating or relay energy station they are parted as well. No water passes: it is a consumer of the part towards the
       plants and a source of the part beyond, as long as a running source feeds it.
    4. The zone is what pipes and pumps then connect with the source, on its supply and on its return side.
    5. All sources of a connected part share its load by their power.

    Parameters
    ----------
    network
        At the valve state that is asked about.
    tables
        Sizes of the same city.
    source_id
        A running plant or boiler house, or an isolating or relay energy station.

    Raises
    ------
    NotSolvable
        When there is no such source, it does not run, or one side of it meets no primary pipe.

    Notes
    -----
    Cost: 0.3 s for a city of 40,000 primary pipes (scipy).
    """
    return map_zones(network, tables).cut(source_id)


def _numbered(drawing: HydraulicDrawing, inside: NDArray[np.bool_], stations: pd.DataFrame, feeds: pd.DataFrame) -> Zone:
    number = np.cumsum(inside) - 1
    pipe = np.flatnonzero(inside[drawing.ends[0]])
    pipes, ends = drawing.pipes.iloc[pipe], number[drawing.ends[:, pipe]]
    count = int(inside.sum())
    side = np.full(count, SUPPLY, np.uint8)
    side[ends] = drawing.side[pipe]
    lifts = [lift for lift in drawing.lifts if inside[lift[1]]]
    height, without_height = _heights(pipes, ends, lifts, number, count)
    diameter, without_diameter = _diameters(pipes)
    return Zone(
        source_id=int(feeds["asset_id"].iloc[0]),
        node_side=side,
        node_height_m=height,
        pipe_id=pipes["asset_id"].to_numpy(np.int64),
        pipe_u=ends[0],
        pipe_v=ends[1],
        pipe_length_m=pipes["length_m"].to_numpy(float),
        pipe_diameter_mm=diameter,
        lift_id=np.array([lift[0] for lift in lifts], np.int64),
        lift_u=np.array([number[lift[1]] for lift in lifts], np.int64),
        lift_v=np.array([number[lift[2]] for lift in lifts], np.int64),
        lift_mpa=np.array([lift[3] for lift in lifts], float),
        station_id=stations["asset_id"].to_numpy(np.int64),
        station_supply=number[stations["supply"]],
        station_return=number[stations["return"]],
        station_load_mw=stations["load"].to_numpy(float),
        feed_id=feeds["asset_id"].to_numpy(np.int64),
        feed_supply=number[feeds["supply"]],
        feed_return=number[feeds["return"]],
        feed_power_mw=feeds["power"].to_numpy(float),
        feed_load_mw=feeds["load"].to_numpy(float),
        one_sided_ids=(),
        height_unknown=without_height,
        diameter_unknown=without_diameter,
    )


def _heights(
    pipes: pd.DataFrame, ends: Ints, lifts: list[tuple[int, int, int, float]], number: Ints, count: int
) -> tuple[Floats, int]:
    """Return the mean height of the pipe ends at each node; where none is known, that of the zone, or 0 in a zone without any."""
    z = np.stack([pipes["start_z_m"].to_numpy(float), pipes["end_z_m"].to_numpy(float)])
    known = np.isfinite(z)
    of = np.bincount(ends[known], minlength=count)
    total = np.bincount(ends[known], weights=z[known], minlength=count)
    height: Floats = np.divide(total, of, out=np.full(count, np.nan), where=of > 0)
    for _, u, v, _ in lifts:  # both sides of a pump stand on one floor
        pair = height[[number[u], number[v]]]
        height[[number[u], number[v]]] = pair[np.isfinite(pair)].mean() if np.isfinite(pair).any() else np.nan
    without = ~np.isfinite(height)
    stand_in = float(height[~without].mean()) if not without.all() else 0.0
    filled: Floats = np.where(without, stand_in, height)
    return filled, int(without.sum())


def _diameters(pipes: pd.DataFrame) -> tuple[Floats, int]:
    """Return inner diameters; an unknown one becomes the median of its level in the zone."""
    given = pipes["inner_diameter_mm"].astype(float).where(lambda d: d > 0)
    if given.isna().all():
        raise NotSolvable(f"no pipe of the zone has a diameter (first pipe {int(pipes['asset_id'].iloc[0])})")
    median = {level: each.median() for level, each in given.dropna().groupby(pipes["level"])}
    filled: Floats = np.asarray(given.fillna(pipes["level"].map(median)).fillna(given.median()), np.float64)
    return filled, int(given.isna().sum())
