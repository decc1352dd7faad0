"""Frame schemas: which points a reading frame of a source holds, in which order; and those that ship with the program.

Shipped schemas come out of the table of `twin.points`: one for each class of facility that the platform requirements name, and
what they lack. `docs/points.md` lists them all.
"""

from __future__ import annotations

from collections.abc import Mapping

from twin.points.model import (
    DEFAULT_PERIOD_S,
    MAX_PERIOD_S,
    MAX_POINTS,
    FrameSchema,
    Point,
    Slot,
    point_from_json,
    schema_from_json,
)
from twin.points.reporting import SCHEMA_OF_KIND, device_schema
from twin.points.table import shipped_schemas

__all__ = [
    "DEFAULT_PERIOD_S",
    "DEFAULT_SCHEMAS",
    "MAX_PERIOD_S",
    "MAX_POINTS",
    "SCHEMA_OF_KIND",
    "SHIPPED_SCHEMAS",
    "FrameSchema",
    "Point",
    "Slot",
    "device_schema",
    "point_from_json",
    "schema_from_json",
]

SHIPPED_SCHEMAS: tuple[FrameSchema, ...] = tuple(shipped_schemas())
"""All shipped schemas in all versions, earlier versions before later ones."""

DEFAULT_SCHEMAS: Mapping[str, FrameSchema] = {schema.code: schema for schema in SHIPPED_SCHEMAS}
"""The newest version of each shipped schema by code; `SCHEMA_OF_KIND` tells which kinds of asset report by it."""
