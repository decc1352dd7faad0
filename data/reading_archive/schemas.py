"""The frame schemas that stored frames name, for synchronous work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from data.pool import Connection
from data.statements import sql
from twin.schemas import FrameSchema, schema_from_json

Schemas: TypeAlias = Mapping[tuple[int, int], FrameSchema]
"""By (city, number of the schema)."""


def read_schemas(connection: Connection, city_id: int | None = None) -> Schemas:
    """Return the schemas of a city (None = of all)."""
    rows = connection.execute(sql("reading_schema_list"), {"city_id": city_id}).fetchall()
    return {(city, number): schema_from_json(code, version, points) for city, number, code, version, points in rows}
