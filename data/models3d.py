"""The register of 3D models that somebody brought: who, whose, from which file, where its tileset lies under the var dir."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from data.errors import NotFound
from data.pool import Connection, Pool
from data.statements import sql


@dataclass(frozen=True, slots=True)
class Model3d:
    """One registered model.

    Attributes
    ----------
    name, title
        Of its tileset; for people.
    kind
        gltf, ifc, las or tileset.
    folder
        Of its files, relative to the var dir; changes with the content.
    file, sha256
        What was brought.
    bounds
        West, south, east, north in WGS-84 degrees.
    facts
        Counts, and notes for people.
    wish
        How it was asked to be placed.
    attribution, licence
        Whose data it is, and what may be done with it.
    seat, added_at
        Who brought it, and when; empty before it is stored.
    """

    name: str
    title: str
    kind: str
    folder: str
    file: str
    sha256: str
    bounds: tuple[float, float, float, float]
    facts: Mapping[str, Any]
    wish: Mapping[str, Any]
    attribution: str
    licence: str
    seat: str
    added_at: datetime | None = None


def put_model(connection: Connection, city_id: int, model: Model3d) -> None:
    """Register a model, or give an existing one another file.

    Raises
    ------
    NotFound
        When there is no such city.
    """
    values = {
        "city_id": city_id,
        "name": model.name,
        "title": model.title,
        "kind": model.kind,
        "folder": model.folder,
        "file": model.file,
        "sha256": model.sha256,
        "bounds": list(model.bounds),
        "facts": Jsonb(dict(model.facts)),
        "wish": Jsonb(dict(model.wish)),
        "attribution": model.attribution,
        "licence": model.licence,
        "seat": model.seat,
    }
    try:
        connection.execute(sql("model3d_put"), values)
    except psycopg.errors.ForeignKeyViolation:
        raise NotFound(f"there is no city {city_id}; import it before its models") from None


def remove_model(connection: Connection, city_id: int, name: str) -> str:
    """Take a model out of the register and return the folder of its files.

    Raises
    ------
    NotFound
        When the city has none of that name.
    """
    row = connection.execute(sql("model3d_remove"), {"city_id": city_id, "name": name}).fetchone()
    if row is None:
        raise NotFound(f"city {city_id} has no 3D model {name!r}; `heat-twin tiles3d list` shows all")
    return str(row[0])


def models_of(connection: Connection, city_id: int, name: str | None = None) -> list[Model3d]:
    """Return the models of a city by name, or the one of a name."""
    cursor = psycopg.RawCursor(connection)
    rows = cursor.execute(sql("model3d_list"), (city_id, name)).fetchall()
    names = [column.name for column in cursor.description or ()]
    return [_model(dict(zip(names, row, strict=True))) for row in rows]


async def list_models(pool: Pool, city_id: int) -> Sequence[Model3d]:
    """Return the models of a city by name."""
    return [_model(dict(row)) for row in await pool.fetch(sql("model3d_list"), city_id, None)]


async def read_model(pool: Pool, city_id: int, name: str) -> Model3d:
    """Return one model.

    Raises
    ------
    NotFound
        When the city has none of that name.
    """
    row = await pool.fetchrow(sql("model3d_list"), city_id, name)
    if row is None:
        raise NotFound(f"city {city_id} has no 3D tileset {name!r}; GET /3dtiles?city={city_id} lists what there is")
    return _model(dict(row))


def _model(row: dict[str, Any]) -> Model3d:
    west, south, east, north = row["bounds"]
    decoded = {name: json.loads(row[name]) for name in ("facts", "wish")}
    return Model3d(**row | decoded | {"bounds": (west, south, east, north)})
