"""The list of raster layers; the files themselves lie under the var dir."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from data.errors import NotFound
from data.pool import Connection, Pool
from data.statements import sql


@dataclass(frozen=True, slots=True)
class RasterLayer:
    """One raster layer of a city; `path` is relative to the var dir and changes with the content."""

    layer: str
    path: str
    style: str
    attribution: str
    added_at: datetime


def put_raster(connection: Connection, city_id: int, *, layer: str, path: str, style: str, attribution: str) -> None:
    """Register a raster layer, or give an existing one another file or style. The same again changes nothing.

    Raises
    ------
    NotFound
        When there is no such city.
    """
    values = {"city_id": city_id, "layer": layer, "path": path, "style": style, "attribution": attribution}
    try:
        connection.execute(sql("raster_put"), values)
    except psycopg.errors.ForeignKeyViolation:
        raise NotFound(f"there is no city {city_id}; import it before its rasters") from None


def raster_path(connection: Connection, city_id: int, layer: str) -> str | None:
    """Return the path of a layer, relative to the var dir; None when the city has none of that name."""
    row = connection.execute(sql("raster_path"), {"city_id": city_id, "layer": layer}).fetchone()
    return None if row is None else str(row[0])


def raster_ground(connection: Connection, city_id: int) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north in degrees of what is drawn of a city; None when nothing is.

    Raises
    ------
    NotFound
        When there is no such city.
    """
    row = connection.execute(sql("raster_ground"), {"city_id": city_id}).fetchone()
    if row is None:
        raise NotFound(f"there is no city {city_id}; import it before its rasters")
    return None if row[0] is None else (row[0], row[1], row[2], row[3])


async def list_rasters(pool: Pool, city_id: int) -> Sequence[RasterLayer]:
    """Return the raster layers of a city by name."""
    return [RasterLayer(**row) for row in await pool.fetch(sql("raster_list"), city_id, None)]


async def read_raster(pool: Pool, city_id: int, layer: str) -> RasterLayer:
    """Return one raster layer.

    Raises
    ------
    NotFound
        When the city has none of that name.
    """
    row = await pool.fetchrow(sql("raster_list"), city_id, layer)
    if row is None:
        raise NotFound(f"city {city_id} has no raster layer {layer!r}; `heat-twin raster add` adds one")
    return RasterLayer(**row)
