"""3D Tiles, rasters, scenes, rates and jobs over HTTP, on the sample city."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from data.jobs import create_job
from data.pool import connect
from tests.api.serving import serve
from tests.conftest import LoadedSample, create_database, drop_database
from tests.handmade_town import tile_of
from tiles.raster import sample_heights
from tiles.scenes import check_scene
from tiles.tiles3d.check import read_glb
from twin.rollout import CLEAN_HEATING_RATE, clean_heating_rate


@pytest.fixture(scope="module")
def city(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Yield addresses of a database and of a server over a sample city of this module's own."""
    url = create_database(server_url, sample.template)
    var_dir = sample.copy_var_dir(tmp_path_factory.mktemp("pictures"))
    with serve(url, var_dir) as address:
        yield url, address
    drop_database(url)


@pytest.fixture
def http(city: tuple[str, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=city[1], timeout=60) as client:
        yield client


def take_seat(http: httpx.Client, organisation: str) -> dict[str, Any]:
    """Sit down on the first demo seat of an organisation of that type."""
    seats = http.get("/seats").json()
    kinds = {"district": "viewer", "company": "company"}
    seat = next(s for s in seats if s["role"] == kinds[organisation] and s["organisation"] != seats[0]["organisation"])
    answer = http.post("/session", json={"seat_id": seat["seat_id"]})
    assert answer.status_code == 200, answer.text
    return dict(seat)


def walk(tile: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tile
    for child in tile.get("children", []):
        yield from walk(child)


def asset_ids(http: httpx.Client, datum: str) -> set[int]:
    tree = http.get(f"/3dtiles/buildings/{datum}/tileset.json", params={"city": 1}).raise_for_status().json()
    found: set[int] = set()
    for tile in walk(tree["root"]):
        content = http.get(f"/3dtiles/buildings/{datum}/{tile['content']['uri']}").raise_for_status()
        assert content.headers["content-type"] == "model/gltf-binary"
        found |= set(read_glb(content.content).asset_ids.tolist())
    return found


@pytest.mark.parametrize("datum", ["ellipsoid", "ground"])
def test_the_tree_leads_to_every_building(http: httpx.Client, city: tuple[str, str], datum: str) -> None:
    with connect(city[0]) as connection:
        rows = connection.execute("select asset_id from asset where kind = 'building' and valid_to_at is null").fetchall()
    assert asset_ids(http, datum) == {row[0] for row in rows}


def test_buildings_stand_on_the_ground_raster_or_on_zero(http: httpx.Client) -> None:
    lowest = {}
    for datum in ("ellipsoid", "ground"):
        tree = http.get(f"/3dtiles/buildings/{datum}/tileset.json").json()
        content = http.get(f"/3dtiles/buildings/{datum}/{tree['root']['content']['uri']}").content
        points = read_glb(content).positions_m
        # the frame is flat, the earth is not
        lowest[datum] = (points[:, 2] + (points[:, :2] ** 2).sum(axis=1) / (2 * 6.38e6)).min()
    assert -2 < lowest["ground"] < 2
    assert 185 < lowest["ellipsoid"] < 235


def test_a_district_seat_gets_the_3d_tiles_of_its_district(http: httpx.Client, city: tuple[str, str]) -> None:
    everything = asset_ids(http, "ground")
    seat = take_seat(http, "district")
    with connect(city[0]) as connection:
        rows = connection.execute(
            "select b.asset_id from asset b join organisation o on o.type = 'district' and o.asset_id = b.area_id"
            " where b.kind = 'building' and o.name = %s",
            (seat["organisation"],),
        ).fetchall()
    expected = {row[0] for row in rows}
    answer = http.get("/3dtiles/buildings/ground/tileset.json")
    if not expected:
        assert (answer.status_code, answer.json()["error"]["kind"]) == (404, "NotFound")
    else:
        assert asset_ids(http, "ground") == expected <= everything


def test_content_is_gzipped_once_and_answers_304(http: httpx.Client) -> None:
    address = "/3dtiles/buildings/ground/tileset.json"
    with http.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as zipped:
        raw = b"".join(zipped.iter_raw())
    assert zipped.headers["content-encoding"] == "gzip"
    plain = http.get(address, headers={"Accept-Encoding": "identity"})
    assert json.loads(gzip.decompress(raw)) == plain.json()
    assert http.get(address, headers={"If-None-Match": plain.headers["etag"], "Accept-Encoding": "identity"}).status_code == 304


@pytest.mark.parametrize(
    "path",
    ["ground/..%2f..%2f..%2fcurrent.json", "ground/c-0000000000000000.glb", "sky/tileset.json", "ground/%2e%2e/current.json"],
)
def test_no_address_leads_out_of_the_tileset(http: httpx.Client, path: str) -> None:
    answer = http.get(f"/3dtiles/buildings/{path}")
    assert answer.status_code in {404, 422}
    assert "error" in answer.json()


def test_the_raster_list_leads_to_shaded_tiles(http: httpx.Client) -> None:
    ground, satellite = http.get("/raster", params={"city": 1}).json()
    assert (ground["layer"], ground["style"]) == ("ground", "hillshade")
    assert (satellite["layer"], satellite["style"]) == ("satellite", "colour")
    west, south, east, north = ground["bounds"]
    x, y = tile_of(14, (west + east) / 2, (south + north) / 2)
    answer = http.get(ground["tiles"].format(z=14, x=x, y=y))
    with Image.open(BytesIO(answer.content)) as image:
        pixels = np.asarray(image)
    assert (answer.headers["content-type"], pixels.shape) == ("image/png", (256, 256, 2))
    assert len(np.unique(pixels[..., 0])) > 8
    assert "content-encoding" not in answer.headers
    again = http.get(ground["tiles"].format(z=14, x=x, y=y), headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_a_height_layer_gives_its_heights_and_a_picture_has_none(http: httpx.Client, sample: LoadedSample) -> None:
    ground = http.get("/raster", params={"city": 1}).json()[0]
    west, south, east, north = ground["bounds"]
    z = 15
    x, y = tile_of(z, (west + east) / 2, (south + north) / 2)
    answer = http.get(f"/raster/ground/{z}/{x}/{y}.png", params={"style": "terrain"})
    with Image.open(BytesIO(answer.content)) as image:
        red, green, blue, alpha = np.asarray(image).astype(np.int64)[100, 150]
    lon = ((x + 150.5 / 256) / 2**z - 0.5) * 360
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (y + 100.5 / 256) / 2**z))))
    (delivered,) = sample_heights(sample.manifest.parent / "ground.tif", np.array([[lon, lat]]))
    assert alpha == 255
    assert -10_000 + (red * 65_536 + green * 256 + blue) / 10 == pytest.approx(delivered, abs=0.3)
    refused = http.get(f"/raster/satellite/{z}/{x}/{y}.png", params={"style": "terrain"})
    assert (refused.status_code, refused.json()["error"]["kind"]) == (422, "BadRaster")
    assert "colours, not heights" in refused.json()["error"]["message"]
    assert http.get(f"/raster/ground/{z}/{x}/{y}.png", params={"style": "colour"}).status_code == 422


def test_raster_tiles_outside_are_transparent_and_unknown_layers_are_404(http: httpx.Client) -> None:
    with Image.open(BytesIO(http.get("/raster/ground/10/1/1.png").content)) as image:
        assert not np.asarray(image)[..., 1].any()
    unknown = http.get("/raster/snow/10/1/1.png")
    assert (unknown.status_code, unknown.json()["error"]["kind"]) == (404, "NotFound")
    assert http.get("/raster/ground/10/1024/1.png").status_code == 404


def test_the_overview_scene_names_addresses_that_answer(http: httpx.Client) -> None:
    document = http.get("/scenes/overview.json", params={"city": 1})
    check_scene(document.content)
    layers = {layer["id"]: layer["data"] for layer in document.json()["layers"]}
    assert set(layers) == {"rates", "network", "buildings", "pipes", "fittings"}
    for address in layers.values():
        assert httpx.get(address, timeout=60).status_code == 200, address
    assert len(document.content) < 10_000
    assert http.get("/scenes/sunset.json").status_code == 404


def bearers(http: httpx.Client) -> set[tuple[int, int]]:
    found = http.get("/scenes/bearers", params={"city": 1}).raise_for_status().json()
    return set(zip(found["asset_ids"], found["solid_ids"], strict=True))


def test_a_building_bears_its_inlets_and_the_devices_inside_it_and_a_branch_its_pipes(
    http: httpx.Client, city: tuple[str, str]
) -> None:
    with connect(city[0], autocommit=True) as connection:
        inlets = connection.execute("select asset_id, attributes ->> 'building_code' from asset where kind = 'building_inlet'")
        codes = dict(connection.execute("select code, asset_id from asset where kind = 'building'").fetchall())
        expected = {(asset_id, codes[code]) for asset_id, code in inlets.fetchall()}
        assert expected
        assert bearers(http) == expected
        building = min(codes.values())
        inside = "(select st_pointonsurface(geom) from asset where asset_id = %s and kind = 'building')"
        pipe, way = connection.execute(
            "select asset_id, geom from asset where kind = 'pipe' and attributes ->> 'network_level' = 'primary' limit 1"
        ).fetchall()[0]
        connection.execute(f"update asset set geom = {inside} where kind = 'boiler_house'", (building,))
        connection.execute(
            """update asset set attributes = attributes || '{"network_level": "transmission"}' where asset_id = %s""", (pipe,)
        )
        connection.execute("update asset set kind = 'plant_branch', geom = %s where kind = 'water_tank'", (way,))
        connection.execute("update city set assets_version = assets_version + 1")
        added = {(house, building) for (house,) in connection.execute("select asset_id from asset where kind = 'boiler_house'")}
        branch = connection.execute("select asset_id from asset where kind = 'plant_branch'").fetchall()[0][0]
        assert bearers(http) - expected == added | {(branch, pipe)}
    take_seat(http, "district")
    assert bearers(http) < expected | added, "a district's seat is told of its own"


def test_rates_in_sql_are_those_of_the_definition(http: httpx.Client, city: tuple[str, str]) -> None:
    answer = http.get("/rollout/districts", params={"city": 1}).json()
    with connect(city[0]) as connection:
        stored = connection.execute(
            "select area_id, clean_area_m2, heated_area_m2 from rollout_rate where month = (select max(month) from rollout_rate)"
        ).fetchall()
    assert answer["formula"] == CLEAN_HEATING_RATE.formula
    assert {item["area_id"]: item["rate"] for item in answer["items"]} == {
        area: pytest.approx(clean_heating_rate(clean, heated)) for area, clean, heated in stored
    }
    assert all(item["geometry"]["type"] in {"Polygon", "MultiPolygon"} for item in answer["items"])


def test_rates_of_another_month_and_a_bad_month(http: httpx.Client) -> None:
    assert http.get("/rollout/districts", params={"month": "2026-08"}).json()["month"] == "2026-08"
    assert http.get("/rollout/districts", params={"month": "1999-01"}).json()["items"] == []
    assert http.get("/rollout/districts", params={"month": "August"}).status_code == 422


def test_an_area_where_nothing_is_heated_has_no_rate(http: httpx.Client, city: tuple[str, str]) -> None:
    with connect(city[0]) as connection:
        connection.execute(
            "insert into rollout_rate select city_id, area_id, '2020-01', 0, 0, 0.5 from rollout_rate where month = '2026-08'"
        )
    items = http.get("/rollout/districts", params={"month": "2020-01"}).json()["items"]
    assert items
    assert all(item["rate"] is None for item in items)


def test_the_load_is_in_the_ledger_and_a_job_can_be_cancelled_by_who_may(http: httpx.Client, city: tuple[str, str]) -> None:
    with connect(city[0], autocommit=True) as connection:
        job_id = create_job(connection, "tiles", city_id=1, seat="tests")
    listed = http.get("/jobs", params={"city": 1}).json()
    assert [(row["kind"], row["state"]) for row in listed if row["kind"] == "load"] == [("load", "done")]
    assert listed[-1]["result"]["built"] == ["tiles", "rollout", "raster", "tiles3d", "problems"]
    with httpx.Client(base_url=city[1], timeout=60) as viewer:
        take_seat(viewer, "district")
        assert viewer.post(f"/jobs/{job_id}/cancel").status_code == 403
    assert http.post(f"/jobs/{job_id}/cancel").json()["state"] == "cancelled"
    assert http.post(f"/jobs/{job_id}/cancel").status_code == 409
    assert http.post("/jobs/99999/cancel").status_code == 404


def test_cached_tiles_change_when_the_city_is_built_anew(http: httpx.Client, city: tuple[str, str]) -> None:
    template = http.get("/tiles/buildings.json").json()
    x, y = tile_of(14, *template["center"][:2])
    address = f"/tiles/buildings/14/{x}/{y}.mvt"
    first = http.get(address)
    with connect(city[0]) as connection:
        connection.execute("delete from tile_building where city_id = 1")
    assert http.get(address).content == first.content  # the copy did not say that it changed
    with connect(city[0]) as connection:
        connection.execute("update tile_version set built_at = clock_timestamp() where tileset = 'buildings'")
    assert http.get(address).status_code == 204


def test_a_tileset_that_is_not_built_is_not_listed(http: httpx.Client, city: tuple[str, str]) -> None:
    with connect(city[0]) as connection:
        connection.execute("insert into city (city_id, name_zh, name_en, zone) values (5, '空城', 'Empty', 'Asia/Shanghai')")
    assert http.get("/tiles", params={"city": 5}).json() == []
    missing = http.get("/tiles/network.json", params={"city": 5})
    assert missing.status_code == 404
    assert "heat-twin tiles rebuild" in missing.json()["error"]["message"]
    assert http.get("/3dtiles/buildings/ground/tileset.json", params={"city": 5}).status_code == 404
    assert http.get("/scenes/overview.json", params={"city": 5}).status_code == 404
