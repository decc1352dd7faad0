"""Changes to what is solved: pumps that stand, and leaks, which part a pipe in its middle."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from topology.errors import NotSolvable
from topology.hydraulics.pandapipes_net import Losses
from topology.hydraulics.scenario import Leak
from topology.hydraulics.tables import HydraulicTables
from topology.hydraulics.zone import Zone


def without_pumps(tables: HydraulicTables, station_ids: Collection[int]) -> HydraulicTables:
    """Return the tables with the heads of these relay pump stations at 0: the water passes by the standing pump."""
    if not station_ids:
        return tables
    stands = tables.stations["asset_id"].isin(list(station_ids))
    return replace(tables, stations=tables.stations.assign(head_mpa=tables.stations["head_mpa"].where(~stands, 0.0)))


def with_leaks(zone: Zone, leaks: Sequence[Leak]) -> tuple[Zone, Losses]:
    """Part every leaking pipe of the zone in its middle; the second halves come last, under the same asset id.

    Leaks on pipes that are not in the zone are left out.

    Raises
    ------
    NotSolvable
        When a pipe is named twice.
    """
    places = np.array([_place(zone, leak) for leak in leaks], np.int64)
    inside = places >= 0
    places, count = places[inside], len(zone.node_side)
    if len(np.unique(places)) < len(places):
        raise NotSolvable("a pipe leaks twice; name it once with the whole flow")
    middle = count + np.arange(len(places))
    u, v = zone.pipe_u[places], zone.pipe_v[places]
    half = zone.pipe_length_m[places] / 2.0
    pipe_v, length = zone.pipe_v.copy(), zone.pipe_length_m.copy()
    pipe_v[places], length[places] = middle, half
    height = (zone.node_height_m[u] + zone.node_height_m[v]) / 2.0
    parted = replace(
        zone,
        node_side=np.concatenate([zone.node_side, zone.node_side[u]]),
        node_height_m=np.concatenate([zone.node_height_m, height]),
        pipe_id=np.concatenate([zone.pipe_id, zone.pipe_id[places]]),
        pipe_u=np.concatenate([zone.pipe_u, middle]),
        pipe_v=np.concatenate([pipe_v, v]),
        pipe_length_m=np.concatenate([length, half]),
        pipe_diameter_mm=np.concatenate([zone.pipe_diameter_mm, zone.pipe_diameter_mm[places]]),
    )
    flows = np.array([leak.kg_per_s for leak in leaks], float)[inside]
    return parted, Losses(middle, flows)


def _place(zone: Zone, leak: Leak) -> int:
    found = np.flatnonzero(zone.pipe_id == leak.asset_id)
    return int(found[0]) if len(found) else -1
