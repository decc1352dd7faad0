"""Small deliveries written by the tests, and full dumps of a database."""

from __future__ import annotations

from pathlib import Path

import geopandas
from psycopg import sql

from data.pool import connect

CITY = """
[city]
id = 7
name = "测试城"
name_en = "Test city"
extent = [125.0, 43.5, 125.8, 44.2]

[defaults]
datum = "wgs84"
"""

PIPES = """
[[layer]]
file = "pipes.geojson"
kind = "pipe"
key = "no"
[layer.columns]
code = "code"
network_level = { value = "primary" }
side = "side"
dn = "dn"
pair_code = "pair"
company_code = "owner"
"""


def table_dump(url: str) -> dict[str, list[str]]:
    """Return every row of every table as text, but not the catalogue of PostGIS."""
    with connect(url) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "select tablename from pg_tables where schemaname = 'public' and tablename <> 'spatial_ref_sys' order by 1"
            ).fetchall()
        ]
        query = sql.SQL("select t::text from {} t order by 1")
        return {name: [row[0] for row in connection.execute(query.format(sql.Identifier(name))).fetchall()] for name in names}


def write_manifest(folder: Path, *layers: str, city: str = CITY) -> Path:
    """Write a manifest of one city and some layers."""
    path = folder / "manifest.toml"
    path.write_text(city + "".join(layers), encoding="utf-8")
    return path


def write_layer(path: Path, geometry: list[object], **columns: list[object]) -> None:
    """Write a GeoJSON layer with columns."""
    geopandas.GeoDataFrame(columns, geometry=geometry, crs=4326).to_file(path, driver="GeoJSON")


def asset_rows(url: str, columns: str, *, condition: str = "valid_to_at is null") -> list[tuple[object, ...]]:
    """Return columns of the assets by rising id and version."""
    with connect(url) as connection:
        return connection.execute(f"select {columns} from asset where {condition} order by asset_id, version").fetchall()
