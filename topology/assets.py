"""`AssetTable`: every asset of the network in one row order, with the figures that answers add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology.errors import NotTraceable
from topology.tables import NetworkTables

KINDS: tuple[str, ...] = (
    "pipe",
    "valve",
    "substation",
    "plant",
    "boiler_house",
    "building_inlet",
    "building",
    "relay_pump_station",
    "isolating_station",
    "accumulator",
    "relay_energy_station",
)
"""Kinds that the network holds; `AssetTable.kind` is the index."""
KIND_CODE: Mapping[str, int] = {name: code for code, name in enumerate(KINDS)}

_FIGURES = ("length_m", "heat_user_count", "heated_area_m2", "heat_load_mw")


@dataclass(frozen=True, slots=True)
class AssetTable:
    """All assets of the network by rising asset id; a *row* is an index into these arrays, all of shape (n,).

    Attributes
    ----------
    asset_id
        Asset ids, rising.
    kind
        Index into `KINDS`.
    area_id, company_id, pair_id
        Asset ids; 0 = none.
    length_m
        Length of pipes; 0 elsewhere.
    heat_user_count, heated_area_m2, heat_load_mw
        Of buildings; 0 elsewhere and where unknown.
    lon, lat
        A position (WGS-84 degrees; of a pipe its start); NaN = none.
    names
        Names of substations and sources by row.
    """

    asset_id: NDArray[np.int32]
    kind: NDArray[np.uint8]
    area_id: NDArray[np.int32]
    company_id: NDArray[np.int32]
    pair_id: NDArray[np.int32]
    length_m: NDArray[np.float64]
    heat_user_count: NDArray[np.int64]
    heated_area_m2: NDArray[np.float64]
    heat_load_mw: NDArray[np.float64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    names: Mapping[int, str]

    def rows_of(self, asset_ids: NDArray[np.generic]) -> NDArray[np.int32]:
        """Return the row of each asset id, -1 where the network does not hold it."""
        if self.asset_id.size == 0:
            return np.full(len(asset_ids), -1, np.int32)
        found = np.minimum(np.searchsorted(self.asset_id, asset_ids), self.asset_id.size - 1)
        return np.where(self.asset_id[found] == asset_ids, found, -1).astype(np.int32)


def not_traceable(city_id: int, asset_id: int) -> NotTraceable:
    """Return the error for an asset that a network does not hold."""
    return NotTraceable(
        f"asset {asset_id} is not part of the hot-water network of city {city_id}; these kinds can be traced: {', '.join(KINDS)}"
    )


def asset_table(tables: NetworkTables) -> AssetTable:
    """Put the rows of all tables into one order."""
    frames = [
        tables.pipes.assign(kind="pipe", lon=tables.pipes["start_lon"], lat=tables.pipes["start_lat"]),
        tables.valves.assign(kind="valve"),
        tables.substations.assign(kind="substation"),
        tables.sources,
        tables.inlets.assign(kind="building_inlet"),
        tables.buildings.assign(kind="building"),
        tables.stations,
    ]
    wanted = ["asset_id", "kind", "area_id", "company_id", "pair_id", *_FIGURES, "lon", "lat", "name"]
    parts = [frame.reindex(columns=wanted) for frame in frames if len(frame)]
    if not parts:
        parts = [pd.DataFrame({column: [] for column in wanted})]
    merged = pd.concat([part.astype({"name": object, "kind": object}) for part in parts], ignore_index=True)
    merged = merged.sort_values("asset_id", kind="stable", ignore_index=True)

    def number(column: str, dtype: type[np.generic]) -> NDArray[np.generic]:
        return merged[column].astype(float).fillna(0).to_numpy().astype(dtype)

    named = merged["name"].to_list()
    return AssetTable(
        asset_id=number("asset_id", np.int32),  # type: ignore[arg-type]  # numpy stubs cannot follow the dtype
        kind=merged["kind"].map(KIND_CODE).astype(float).to_numpy().astype(np.uint8),
        area_id=number("area_id", np.int32),  # type: ignore[arg-type]
        company_id=number("company_id", np.int32),  # type: ignore[arg-type]
        pair_id=number("pair_id", np.int32),  # type: ignore[arg-type]
        length_m=number("length_m", np.float64),  # type: ignore[arg-type]
        heat_user_count=number("heat_user_count", np.int64),  # type: ignore[arg-type]
        heated_area_m2=number("heated_area_m2", np.float64),  # type: ignore[arg-type]
        heat_load_mw=number("heat_load_mw", np.float64),  # type: ignore[arg-type]
        lon=merged["lon"].to_numpy(np.float64),
        lat=merged["lat"].to_numpy(np.float64),
        names={row: name for row, name in enumerate(named) if isinstance(name, str) and name},
    )
