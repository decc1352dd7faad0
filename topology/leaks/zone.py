"""Places of a zone in metres, and readings of its stations put in order for `topology.leaks.locate`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from topology.flow.friction import Floats, Ints
from topology.hydraulics.zone import Zone
from topology.network import Network

LEAST_STATIONS = 3
"""Fewer metered stations cannot place a leak."""
_M_PER_DEG = 111_320.0


@dataclass(frozen=True, slots=True)
class Reading:
    """Primary pressures of one station, MPa above the atmosphere."""

    supply_mpa: float
    return_mpa: float


def node_positions(network: Network, zone: Zone) -> Floats:
    """Return lon and lat of each node, shape (nodes, 2): the start of a pipe, else the station or source there; NaN = unknown."""
    assets = network.assets
    out = np.full((len(zone.node_side), 2), math.nan)
    for ids, nodes in (
        (zone.feed_id, zone.feed_supply),
        (zone.feed_id, zone.feed_return),
        (zone.station_id, zone.station_supply),
        (zone.station_id, zone.station_return),
        (zone.pipe_id, zone.pipe_u),
    ):
        rows = assets.rows_of(ids)
        known = (rows >= 0) & np.isfinite(assets.lon[rows])
        out[nodes[known]] = np.stack([assets.lon[rows[known]], assets.lat[rows[known]]], axis=1)
    return out


def pipe_ends(network: Network, zone: Zone) -> Floats:
    """Return lon and lat of both ends of each pipe, shape (pipes, 4); an end that nothing tells is that of the other."""
    at = node_positions(network, zone)
    u, v = at[zone.pipe_u], at[zone.pipe_v]
    return np.concatenate([np.where(np.isfinite(u), u, v), np.where(np.isfinite(v), v, u)], axis=1)


def in_metres(lon_lat: Floats) -> Floats:
    """Return pairs of lon and lat as metres in a plane about their mean; good within a city."""
    east = _M_PER_DEG * math.cos(math.radians(float(np.nanmean(lon_lat[:, 1::2]))))
    metres: Floats = lon_lat * np.tile([east, _M_PER_DEG], lon_lat.shape[1] // 2)
    return metres


def in_order(zone: Zone, readings: Mapping[int, Reading]) -> tuple[Ints, Floats]:
    """Return the metered stations (places in the zone's arrays) and their supply, then return pressures."""
    metered = np.flatnonzero(np.isin(zone.station_id, list(readings)))
    found = [readings[int(station)] for station in zone.station_id[metered]]
    return metered, np.array([*(each.supply_mpa for each in found), *(each.return_mpa for each in found)], float)
