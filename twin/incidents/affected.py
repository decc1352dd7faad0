"""Who is without heat by an incident: what its place cuts off for certain, and what hangs on the stations that ring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.answers.impact import impact, lost_together, union
from topology.assets import KIND_CODE
from topology.network import Network

IntArray = NDArray[np.int32]
Floats = NDArray[np.float64]
_CUTS = frozenset({"cut_off", "source_stopped"})
"""Hypotheses by which everything behind the place is without heat; by the others only those who ring are."""


@dataclass(frozen=True, slots=True)
class Affected:
    """Lists of those without heat, by asset id, rising; facts of buildings beside their ids.

    Attributes
    ----------
    station_ids, building_ids
        Substations and buildings.
    heated_area_m2, heat_user_count, heat_load_mw
        Of each building.
    rows
        Rows of the network.
    """

    station_ids: IntArray
    building_ids: IntArray
    heated_area_m2: Floats
    heat_user_count: IntArray
    heat_load_mw: Floats
    rows: IntArray


def affected(network: Network, places: Sequence[int], hypothesis: str, ringing: Iterable[int]) -> Affected:
    """Return who is without heat.

    Parameters
    ----------
    places
        Segments, or source or pump, of the cause; the most likely first. Only that one is taken: the others are instead of it.
    hypothesis
        As in `topology.causes.root_cause.Cause`.
    ringing
        Assets that ring for it; those that the network does not hold are passed over.

    Notes
    -----
    Cost: one flood of what hangs on the ringing stations, a few milliseconds for a city.
    """
    assets = network.assets
    known = [asset_id for asset_id in ringing if assets.row_of(asset_id) >= 0]
    own = [np.sort(assets.rows_of(np.array(known, np.int64))).astype(np.int32)] if known else []
    parts = [*own, lost_together(network, known)] if known else []
    if hypothesis in _CUTS and places and assets.row_of(places[0]) >= 0:
        parts.append(impact(network, places[0]).lost)
    rows = union(assets, parts)
    kind = assets.kind[rows]
    stations, buildings = rows[kind == KIND_CODE["substation"]], rows[kind == KIND_CODE["building"]]
    return Affected(
        station_ids=assets.asset_id[stations],
        building_ids=assets.asset_id[buildings],
        heated_area_m2=np.asarray(assets.heated_area_m2[buildings], np.float64),
        heat_user_count=np.asarray(assets.heat_user_count[buildings], np.int32),
        heat_load_mw=np.asarray(assets.heat_load_mw[buildings], np.float64),
        rows=rows,
    )
