"""`GET /datums`, `/conversions`, `/grids`: the registry, the ledger, the residuals."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import shapely

from data.imports.run import run_import
from data.ledger import read_conversions, read_grids
from data.pool import open_pool
from gis.datums import from_wgs84, parse_datum
from tests.data.import_helpers import CITY, write_layer, write_manifest
from twin.scope import Scope

GRID = parse_datum("gk(cgcs2000,3,126,plain)")
PLACES = np.random.default_rng(2).uniform((125.2, 43.7), (125.5, 44.0), (12, 2))
LAYERS = """
[[layer]]
file = "chambers.geojson"
kind = "chamber"
key = "no"
datum = "local(city)"

[datums.city]
base = "gk(cgcs2000,3,126,plain)"
control_points = "points.csv"
"""


def _delivered(folder: Path, url: str) -> None:
    """Import a layer in a city grid: the base grid moved by round numbers, one point 2 cm off."""
    base = from_wgs84(PLACES, GRID)
    city = base - (400_000.0, 4_800_000.0)
    given = base.copy()
    given[3] += (0.02, 0.0)
    columns = {
        "name": [f"K{n}" for n in range(12)],
        "x": city[:, 0],
        "y": city[:, 1],
        "x_base": given[:, 0],
        "y_base": given[:, 1],
    }
    pd.DataFrame(columns).to_csv(folder / "points.csv", index=False)
    write_layer(folder / "chambers.geojson", list(shapely.points(city)), no=list(range(12)))
    run_import(write_manifest(folder, LAYERS, city=CITY), url, seat="person 3")


def test_the_registry_names_what_a_manifest_may_write(client: httpx.Client) -> None:
    answer = client.get("/datums")
    assert answer.status_code == 200
    names = {item["name"]: item for item in answer.json()["datums"]}
    assert {"wgs84", "cgcs2000", "gcj02", "bd09"} <= set(names)
    assert names["gcj02"]["accuracy_m"] is None
    assert "6 fixed rounds" in names["gcj02"]["operation"]
    assert all(item["note_zh"] and item["note_en"] for item in names.values())


def test_the_ledger_and_the_residuals_are_those_of_the_import(client: httpx.Client, database_url: str, tmp_path: Path) -> None:
    _delivered(tmp_path, database_url)
    answer = client.get("/conversions", params={"city": 7}).json()
    (entry,) = answer["items"]
    assert answer["total"] == 1
    assert (entry["layer"], entry["datum_in"], entry["datum_out"], entry["seat"]) == (
        "chambers.geojson > chamber",
        "local(city)",
        "wgs84",
        "person 3",
    )
    assert entry["vertex_count"] == 12
    np.testing.assert_allclose(entry["bounds_out"], [*PLACES.min(axis=0), *PLACES.max(axis=0)], atol=1e-6)
    assert entry["parameters"]["base"] == "gk(cgcs2000,3,126,plain)"
    (grid,) = client.get("/grids", params={"city": 7}).json()["grids"]
    assert (grid["datum"], grid["file"], grid["suspect"]) == ("local(city)", "points.csv", "K3")
    np.testing.assert_allclose([point["position"] for point in grid["points"]], PLACES, atol=1e-6)
    worst = max(grid["points"], key=lambda point: abs(point["dx_m"]))
    assert worst["name"] == "K3"


def test_pages_of_the_ledger_follow_one_another(client: httpx.Client, database_url: str, tmp_path: Path) -> None:
    _delivered(tmp_path, database_url)
    page = client.get("/conversions", params={"city": 7, "limit": 1, "offset": 1}).json()
    assert page == {"total": 1, "items": []}
    assert client.get("/conversions", params={"city": 7, "limit": 0}).status_code == 422


def test_a_city_outside_the_seat_is_not_told_of(client: httpx.Client) -> None:
    for path in ("/conversions", "/grids"):
        answer = client.get(path, params={"city": 999})
        assert answer.status_code == 404
        assert answer.json()["error"]["kind"] == "NotFound"


def test_a_seat_that_sees_positions_rounded_gets_no_boxes_and_rounded_points(database_url: str, tmp_path: Path) -> None:
    _delivered(tmp_path, database_url)
    scope = Scope(precision_m=1000.0)

    async def ask() -> tuple[object, object]:
        pool = await open_pool(database_url, size=1)
        try:
            _, (entry,) = await read_conversions(pool, scope, 7, limit=10, offset=0)
            (grid,) = await read_grids(pool, scope, 7)
        finally:
            await pool.close()
        return entry, grid

    entry, grid = asyncio.run(ask())
    assert (entry.bounds_in, entry.bounds_out) == (None, None)  # type: ignore[attr-defined]
    positions = np.array([point.position for point in grid.points])  # type: ignore[attr-defined]
    assert 1e-5 < np.abs(positions - PLACES).max() < 0.02
    assert len(np.unique(positions, axis=0)) <= 12
