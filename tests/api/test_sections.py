"""Vertical sections over HTTP, on a small town drawn by hand."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely import LineString

from data.pool import open_pool
from data.sections import count_hidden_pipes, read_section_assets
from tests.handmade_town import DISTRICT_EAST, DISTRICT_WEST, lonlat
from tests.handmade_town import insert_town as insert
from tiles.raster import heights_within, sample_heights
from twin.scope import Scope


def text(*places: tuple[float, float]) -> str:
    return ";".join(lonlat(*place).replace(" ", ",") for place in places)


def wgs84(*places: tuple[float, float]) -> LineString:
    return LineString([[float(number) for number in lonlat(*place).split()] for place in places])


def ask(town: httpx.Client, line: str, **more: Any) -> Any:
    answer = town.get("/sections", params={"city": 1, "line": line, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_section_across_a_street_has_its_pipes_and_road(ogc_town: httpx.Client) -> None:
    found = ask(ogc_town, text((-150, 40), (-150, -60)))
    assert found["length_m"] == pytest.approx(100, rel=2e-3)
    assert [pipe["asset_id"] for pipe in found["pipes"]] == [22, 23]
    supply, back = found["pipes"]
    assert (supply["pair_id"], back["pair_id"]) == (22, 22)
    assert (supply["dn"], supply["level"], supply["side"], back["side"]) == (400, 2, 1, 2)
    assert supply["depth_source"] == "default"
    assert supply["course"][0]["crown_depth_m"] == 1.2
    assert back["course"][0]["distance_m"] - supply["course"][0]["distance_m"] == pytest.approx(1.0, abs=0.02)
    assert [(area["kind"], area["name"]) for area in found["areas"]] == [("road", "人民大街")]
    assert supply["course"][0]["ground_m"] is None  # the town has no ground raster
    assert found["hidden_pipes"] == 0


def test_buildings_and_fittings_stand_in_a_section(ogc_town: httpx.Client) -> None:
    assert [area["asset_id"] for area in ask(ogc_town, text((100, 70), (200, 70)))["areas"]] == [30]
    assert ask(ogc_town, text((-301, 5), (-301, -5)), reach_m=0)["fittings"] == []
    (valve,) = ask(ogc_town, text((-301, 5), (-301, -5)), reach_m=2)["fittings"]
    assert (valve["asset_id"], valve["offset_m"]) == (11, pytest.approx(1.0, abs=0.02))


def test_a_pipe_along_the_line_is_a_stretch(ogc_town: httpx.Client) -> None:
    along = [pipe for pipe in ask(ogc_town, text((-250, 0), (-50, 0)))["pipes"] if pipe["along"]]
    assert 22 in [pipe["asset_id"] for pipe in along]
    assert along[0]["width_m"] is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("125.32,43.88", "2 to 50"),
        ("125.32,43.88;125.32,43.88", "long"),
        ("125.32,43.88;125.45,43.88", "5000 m"),
        ("125.32,43.88;nan,43.88", "-180 to 180"),
        ("125.32,43.88;x,43.88", "lon,lat"),
        ("125.32,43.88;125.32,43.88,3", "lon,lat"),
        ("12.32,43.88;12.321,43.88", "outside the city"),
        (";".join(f"125.32,{43.88 + n / 1e5}" for n in range(51)), "51 points"),
    ],
)
def test_a_line_that_is_none_is_refused_with_what_would_be_right(ogc_town: httpx.Client, line: str, said: str) -> None:
    answer = ogc_town.get("/sections", params={"city": 1, "line": line})
    assert answer.status_code == 400
    assert said in answer.text


def test_a_scope_hides_pipes_counts_them_and_rounds(database_url: str) -> None:
    insert(database_url)
    line = wgs84((-150, 40), (-150, -60), (60, -60), (60, 60))

    async def look() -> None:
        pool = await open_pool(database_url)

        async def ids(scope: Scope) -> set[int]:
            found = await read_section_assets(pool, scope, 1, line, 5.0)
            return {each.asset_id for each in found if each.kind == "pipe"}

        assert {22, 23, 24, 25} <= await ids(Scope())
        west = Scope(areas=(DISTRICT_WEST,))
        assert await ids(west) & {22, 23, 24, 25} == {22, 23}
        assert await count_hidden_pipes(pool, west, 1, line) == 2
        assert await count_hidden_pipes(pool, Scope(areas=(DISTRICT_EAST,)), 1, line) == 2
        assert await count_hidden_pipes(pool, Scope(areas=(DISTRICT_EAST,), precision_m=50), 1, line) is None
        assert await count_hidden_pipes(pool, Scope(layers=("building",)), 1, line) is None
        assert await ids(Scope(layers=("building",))) == set()
        exact = {each.asset_id: each.shape_wgs84 for each in await read_section_assets(pool, Scope(), 1, line, 5.0)}
        for each in await read_section_assets(pool, Scope(precision_m=50), 1, line, 5.0):
            if each.kind == "pipe" and each.asset_id in exact:
                assert not each.shape_wgs84.equals(exact[each.asset_id])
        await pool.close()

    asyncio.run(look())


def test_heights_of_a_part_are_those_of_the_whole(tmp_path: Path) -> None:
    heights = np.random.default_rng(7).uniform(200, 260, (60, 80)).astype(np.float32)
    place = from_origin(125.3, 43.9, 0.001, 0.001)
    path = tmp_path / "ground.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=80, height=60, count=1, dtype="float32", crs="EPSG:4326", transform=place
    ) as file:
        file.write(heights, 1)
    points = np.random.default_rng(8).uniform([125.32, 43.86], [125.34, 43.88], (200, 2))
    part = heights_within(path, (125.32, 43.86, 125.34, 43.88))
    np.testing.assert_allclose(part(points), sample_heights(path, points), atol=1e-6)
    assert np.isnan(heights_within(path, (120.0, 40.0, 120.1, 40.1))(np.array([[120.05, 40.05]])))[0]
