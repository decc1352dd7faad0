"""3D models that somebody brought, whose files lie under the var dir, and surveyed surfaces of buildings."""

from __future__ import annotations

from sqlalchemy import Column, Double, ForeignKey, Integer, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from data.tables.columns import geometry, metadata, now

model3d = Table(
    "model3d",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("name", Text, primary_key=True, comment="of its tileset: /3dtiles/{name}"),
    Column("title", Text, nullable=False, comment="for people; the name where none was given"),
    Column("kind", Text, nullable=False, comment="gltf, ifc, las, tileset"),
    Column("folder", Text, nullable=False, comment="of the served build, relative to the var dir"),
    Column("file", Text, nullable=False, comment="name of the file that was brought"),
    Column("sha256", Text, nullable=False, comment="of that file"),
    Column("bounds", ARRAY(Double), nullable=False, comment="west, south, east, north in WGS-84 degrees"),
    Column("facts", JSONB, nullable=False, comment="tiles, contents, bytes, triangles, points, notes"),
    Column("wish", JSONB, nullable=False, comment="how it was asked to be placed"),
    Column("attribution", Text, nullable=False),
    Column("licence", Text, nullable=False),
    Column("seat", Text, nullable=False),
    now("added_at"),
)

building_surface = Table(
    "building_surface",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False, comment="the building"),
    geometry("geom", "MULTIPOLYGONZ", 4326, dimension=3, nullable=False),
    Column("file", Text, nullable=False, comment="name of the file it came from"),
    Column("seat", Text, nullable=False),
    now("added_at"),
)
