"""Reads buildings for meshes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Related:
    """What buildings name by its code: assets of estates and of substations.

    Attributes
    ----------
    estate_ids, substation_ids
        Asset id by code.
    """

    estate_ids: Mapping[str, int]
    substation_ids: Mapping[str, int]

    @property
    def digest(self) -> str:
        """The same for the same assets."""
        named = [sorted(self.estate_ids.items()), sorted(self.substation_ids.items())]
        return hashlib.blake2b(repr(named).encode(), digest_size=16).hexdigest()


def read_related(connection: Connection, city_id: int, scope: Scope = EVERYTHING) -> Related:
    """Return the estates and substations of a city that a Scope holds.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city.
    """
    of_scope = scope_parameters(scope, city_id).as_tuple()
    with psycopg.RawCursor(connection) as cursor:
        rows = cursor.execute(sql("building_relations"), of_scope, binary=True).fetchall()
    by_kind = {wanted: {code: asset_id for kind, code, asset_id in rows if kind == wanted} for wanted in ("estate", "substation")}
    return Related(by_kind["estate"], by_kind["substation"])


@dataclass(frozen=True, slots=True)
class BuildingMarks:
    """What tells which rows of buildings were written anew.

    Attributes
    ----------
    asset_ids
        Of all buildings of the city, rising, uint32.
    marks
        22 bytes each (dtype `V22`): another value whenever the row was written.
    """

    asset_ids: NDArray[np.uint32]
    marks: NDArray[Any]


def read_building_marks(connection: Connection, city_id: int) -> BuildingMarks:
    """Return the marks of all buildings of a city.

    Cost: about 0.1 s for 50,000 buildings, a tenth of reading them.
    """
    parameters = scope_parameters(EVERYTHING, city_id).as_tuple()
    with psycopg.RawCursor(connection) as cursor:
        row = cursor.execute(sql("building_marks"), parameters, binary=True).fetchone()
    found = np.frombuffer((row[0] if row is not None else None) or b"", dtype=[("asset_id", ">u4"), ("mark", "V22")])
    return BuildingMarks(found["asset_id"].astype(np.uint32), found["mark"].copy())


def read_buildings(
    connection: Connection,
    city_id: int,
    scope: Scope = EVERYTHING,
    *,
    asset_ids: NDArray[np.uint32] | None = None,
    related: Related | None = None,
) -> Buildings:
    """Return the buildings of a city that a Scope holds, rounded to its grid.

    Parameters
    ----------
    asset_ids
        Only these; None = all.
    related
        From `read_related`, where it is known already.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city.

    Cost: about 0.7 s for 50,000 buildings.
    """
    of_scope = scope_parameters(scope, city_id).as_tuple()
    wanted = None if asset_ids is None else asset_ids.tolist()
    related = related or read_related(connection, city_id, scope)
    with psycopg.RawCursor(connection) as cursor:
        parameters = (*of_scope, rounding_grid_m(scope), wanted)
        rows = cursor.execute(sql("building_footprints"), parameters, binary=True).fetchall()
    columns = list(zip(*rows, strict=True)) or [()] * 10
    ids, codes, names, kinds, sources, heights, storeys, estates, substations, outlines = columns
    return Buildings(
        np.array(ids, dtype=np.uint32),
        _texts(codes),
        _texts(names),
        _texts([kind or "" for kind in kinds]),
        _texts([source or "" for source in sources]),
        np.array(heights, dtype=np.float64),
        np.array(storeys, dtype=np.float64),
        np.array([related.estate_ids.get(code, 0) for code in estates], dtype=np.uint32),
        np.array([related.substation_ids.get(code, 0) for code in substations], dtype=np.uint32),
        _texts(outlines),
    )
