"""Surveyed surfaces of buildings (LoD2): read from a file, kept beside the building of the same code, read for meshes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import psycopg
import pyproj
import shapely
from numpy.typing import NDArray

from data.errors import NotFound, UnfitValue
from data.pool import Connection
from data.statements import scope_parameters, sql
from twin.scope import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class SurfaceFile:
    """Surfaces of a file by the code of their building, sorted.

    Attributes
    ----------
    codes
        One a building.
    shapes_z
        shapely multipolygons: longitude, latitude, height above the sea in metres; same length.
    """

    codes: tuple[str, ...]
    shapes_z: NDArray[Any]


def read_surface_file(
    path: Path, *, key: str, crs: str | None = None, kind: str = "", left_out: tuple[str, ...] = ()
) -> SurfaceFile:
    """Read surfaces: rows of polygons with heights, one or several a building.

    Parameters
    ----------
    path
        Any vector file.
    key
        Column with the code of the building.
    crs
        Its reference system; None = as the file says. Heights are taken as metres above the sea.
    kind, left_out
        A column, and those of its values whose rows are not drawn: `Closure`.

    Raises
    ------
    UnfitValue
        When the file cannot be read, lacks a column, a reference system or heights.
    """
    rows = _rows(path, [key, *([kind] if kind else [])])
    system = crs or rows.crs
    if system is None:
        raise UnfitValue(f"{path.name} does not say in which reference system it is; name it with --crs EPSG:25833")
    drawn = rows[~rows[kind].isin(left_out)] if kind else rows
    parts, row = shapely.get_parts(drawn.geometry.to_numpy(), return_index=True)
    solid = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & shapely.has_z(parts)
    if not solid.any():
        raise UnfitValue(f"{path.name} has no polygons with heights")
    codes = drawn[key].astype(str).to_numpy()[row[solid]]
    placed = shapely.transform(parts[solid], _to_wgs84(system, path.name), include_z=True)
    names, owner = np.unique(codes, return_inverse=True)
    order = np.argsort(owner, kind="stable")
    shapes = shapely.multipolygons(placed[order], indices=owner[order])
    return SurfaceFile(tuple(names.tolist()), shapes)


def _rows(path: Path, columns: list[str]) -> Any:
    try:
        rows = gpd.read_file(path)
    except (OSError, ValueError, RuntimeError) as error:
        raise UnfitValue(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from None
    lacking = [column for column in columns if column not in rows.columns]
    if lacking:
        known = ", ".join(column for column in rows.columns if column != "geometry")
        raise UnfitValue(f"{path.name} has no column {lacking[0]!r}; there are {known}")
    return rows[rows.geometry.notna()]


def _to_wgs84(system: Any, name: str) -> Any:
    try:
        found = pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(system).to_2d(), "EPSG:4326", always_xy=True)
    except pyproj.exceptions.CRSError:
        raise UnfitValue(f"{system} is no reference system of {name}; name it as EPSG:25833") from None

    def move(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
        lon, lat = found.transform(xyz[:, 0], xyz[:, 1])
        if not (np.isfinite(lon).all() and np.isfinite(lat).all() and np.isfinite(xyz[:, 2]).all()):
            raise UnfitValue(f"{name} has corners that its reference system does not reach, or without a height")
        return np.column_stack([lon, lat, xyz[:, 2]])

    return move


@dataclass(frozen=True, slots=True)
class SurfaceReport:
    """What was stored: buildings with surfaces, those changed by this, codes without a building."""

    buildings: int
    changed: int
    unknown_codes: tuple[str, ...]


def put_surfaces(connection: Connection, city_id: int, surfaces: SurfaceFile, *, file: str, seat: str) -> SurfaceReport:
    """Keep surfaces beside the buildings of their codes; the city's derived copies are older than its assets then.

    Raises
    ------
    NotFound
        When the city has no building of any of the codes.
    """
    shapes = list(shapely.to_wkb(surfaces.shapes_z, output_dimension=3, flavor="iso"))
    values = {"city_id": city_id, "codes": list(surfaces.codes), "shapes": shapes, "file": file, "seat": seat}
    row = connection.execute(sql("surface_put"), values).fetchone()
    found, changed = (row[0] or [], int(row[1])) if row is not None else ([], 0)
    if not found:
        example = surfaces.codes[0]
        raise NotFound(f"city {city_id} has no building of any of the {len(surfaces.codes)} codes of {file} ({example!r}, ...)")
    if changed:
        connection.execute(sql("import_bump"), {"city_id": city_id, "network": 0})
    return SurfaceReport(len(found), changed, tuple(sorted(set(surfaces.codes) - set(found))))


def read_surfaces(connection: Connection, city_id: int, scope: Scope = EVERYTHING) -> tuple[NDArray[np.uint32], NDArray[Any]]:
    """Return the buildings of a Scope that have surfaces, by rising asset id, and their multipolygons with heights.

    None for a Scope with a precision: surfaces cannot be rounded to a grid and still meet.
    """
    if scope.precision_m is not None:
        return np.empty(0, np.uint32), np.empty(0, object)
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = psycopg.RawCursor(connection).execute(sql("building_surfaces"), parameters).fetchall()
    shapes = shapely.from_wkb(np.array([row[1] for row in rows], dtype=object))
    return np.array([row[0] for row in rows], dtype=np.uint32), shapes
