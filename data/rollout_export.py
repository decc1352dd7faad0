"""Writes the figures of the rollout as a table or as a GeoPackage."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import geopandas
import pandas as pd
import shapely

from data.pool import Pool
from data.rollout import AreaFigures, AreaFilter, asked_areas
from data.sheets import Cell
from data.statements import sql
from twin.rollout import FIGURES
from twin.scope import Scope

_FIXED = ("area_id", "kind", "code", "name", "parent_id")


def figure_table(items: Sequence[AreaFigures], lang: str) -> tuple[list[str], list[list[Cell]]]:
    """Return head and rows: what an area is, then every figure with its unit in the head (`zh` or `en`)."""
    named = [f.name_zh if lang == "zh" else f.name for f in FIGURES]
    head = [*_FIXED, *(f"{name} ({f.unit})" for name, f in zip(named, FIGURES, strict=True))]
    return head, [[*(getattr(item, name) for name in _FIXED), *item.figures.values()] for item in items]


async def figure_package(pool: Pool, scope: Scope, city_id: int, wanted: AreaFilter, items: Sequence[AreaFigures]) -> bytes:
    """Return the figures with the outlines of their areas (WGS-84) as a GeoPackage; without any, no geometry."""
    rows = await pool.fetch(sql("rollout_outline_list"), *asked_areas(scope, city_id, wanted))
    outlines = {row["area_id"]: row["wkb"] for row in rows}
    columns = {name: [getattr(item, name) for item in items] for name in _FIXED}
    columns |= {f.name: [item.figures[f.name] for item in items] for f in FIGURES}
    shapes = shapely.from_wkb([outlines.get(item.area_id) for item in items])
    frame = geopandas.GeoDataFrame(pd.DataFrame(columns), geometry=shapes, crs="EPSG:4326")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rollout.gpkg"
        frame.to_file(path, layer="rollout", driver="GPKG", engine="pyogrio")
        return path.read_bytes()
