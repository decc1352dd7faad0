"""Reads buildings for meshes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from data.pool import Connection
from data.statements import scope_parameters, sql
from data.tiles import rounding_grid_m
from twin.scope import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class Buildings:
    """Buildings of a city by rising asset id, with what is stated of them; all arrays have the same length.

    Attributes
    ----------
    asset_ids
        Their ids, uint32.
    codes, names, kinds, height_sources
        Texts (object arrays), empty for none; `kinds` are values of the code list `building_type`, `height_sources` what a
        stated height says of itself (`attribute`, `storeys`, `default`).
    heights_m, storeys
        As stated, NaN for none; both may be impossible.
    estate_ids, substation_ids
        Asset of the estate, asset of the substation that feeds it; 0 for none, or none that the Scope holds. uint32.
    outlines_wkb
        Outline as WKB, lon/lat degrees, rounded to the grid of the Scope; None for none. Any type of geometry.
    """

    asset_ids: NDArray[np.uint32]
    codes: NDArray[Any]
    names: NDArray[Any]
    kinds: NDArray[Any]
    height_sources: NDArray[Any]
    heights_m: NDArray[np.float64]
    storeys: NDArray[np.float64]
    estate_ids: NDArray[np.uint32]
    substation_ids: NDArray[np.uint32]
    outlines_wkb: NDArray[Any]

    def __len__(self) -> int:
        return len(self.asset_ids)

    @classmethod
    def of(cls, shapes_wgs84: Sequence[Any], heights_m: Sequence[float] | NDArray[np.float64]) -> Self:
        """Return buildings of which nothing is known but their outlines and heights, numbered from 1."""
        count = len(shapes_wgs84)
        none, zero, nan = _texts([""] * count), np.zeros(count, dtype=np.uint32), np.full(count, np.nan)
        shapes = np.empty(count, dtype=object)
        shapes[:] = list(shapes_wgs84)
        wkb = shapely.to_wkb(shapes, byte_order=1)
        ids = np.arange(1, count + 1, dtype=np.uint32)
        return cls(ids, none, none, none, none, np.array(heights_m, dtype=np.float64), nan, zero, zero, wkb)

    def take(self, rows: NDArray[Any]) -> Self:
        """Return some of them, by their rows or a mask, in the order given."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))


def _texts(values: Sequence[Any]) -> NDArray[Any]:
    """Return values as an object array."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def read_buildings(connection: Connection, city_id: int, scope: Scope = EVERYTHING) -> Buildings:
    """Return the buildings of a city that a Scope holds, rounded to its grid.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city.

    Cost: about 0.5 s for 50,000 buildings.
    """
    of_scope = scope_parameters(scope, city_id).as_tuple()
    with psycopg.RawCursor(connection) as cursor:
        rows = cursor.execute(sql("building_footprints"), (*of_scope, rounding_grid_m(scope)), binary=True).fetchall()
        named = cursor.execute(sql("building_relations"), of_scope, binary=True).fetchall()
    columns = list(zip(*rows, strict=True)) or [()] * 10
    ids, codes, names, kinds, sources, heights, storeys, estates, substations, outlines = columns
    estate_ids = {code: asset_id for kind, code, asset_id in named if kind == "estate"}
    substation_ids = {code: asset_id for kind, code, asset_id in named if kind == "substation"}
    return Buildings(
        np.array(ids, dtype=np.uint32),
        _texts(codes),
        _texts(names),
        _texts([kind or "" for kind in kinds]),
        _texts([source or "" for source in sources]),
        np.array(heights, dtype=np.float64),
        np.array(storeys, dtype=np.float64),
        np.array([estate_ids.get(code, 0) for code in estates], dtype=np.uint32),
        np.array([substation_ids.get(code, 0) for code in substations], dtype=np.uint32),
        _texts(outlines),
    )
