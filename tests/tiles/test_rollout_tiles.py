"""Tiles of the rollout: which areas at which zoom, with the figures of the API, for each Scope; caches hear of new sums."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import mapbox_vector_tile
import numpy as np
import psycopg
import pytest

from data.pool import connect, open_pool
from data.rollout import AreaFigures, AreaFilter, list_figures
from data.rollout_refresh import refresh
from data.tile_tables import rebuild
from data.tiles import read_versions, rounding_grid_m
from tests.conftest import create_database, drop_database
from tests.handmade_town import lonlat, tile_of
from tests.rollout_town import NORTH, SOUTH, ZONE, areas, devices, insert_rollout, put_rows, register_rows
from tiles.held_tiles import Drawing, tiles_that_hold
from tiles.selections import Selection
from tiles.tilesets import ENERGIES, RETROFITS, ROLLOUT_KINDS, TILESETS
from tiles.vector import make_tile
from twin.scope import EVERYTHING, Scope

TILESET = TILESETS["rollout"]
NOW = dt.datetime.now(ZoneInfo("Asia/Shanghai"))
NO_SEGMENTS = (np.array([], dtype=np.int64), np.array([], dtype=np.int64))
SEED = 5
Address = tuple[int, int, int]
Decoded = dict[str, Any]


@pytest.fixture(scope="module")
def town_url(server_url: str) -> Iterator[str]:
    """Yield the town of the rollout with its sums and tiles; tests only read it."""
    url = create_database(server_url)
    fill(url)
    yield url
    drop_database(url)


@pytest.fixture
def own_url(server_url: str) -> Iterator[str]:
    """Yield the same town for one test."""
    url = create_database(server_url)
    fill(url)
    yield url
    drop_database(url)


def fill(url: str) -> None:
    insert_rollout(url, [*areas(), *devices(SEED)], register_rows(SEED, NOW))
    with connect(url) as connection:
        rebuild(connection, 1, NO_SEGMENTS)
        refresh(connection, 1)


def at(zoom: int, east_m: float = 0, north_m: float = 0) -> Address:
    lon, lat = map(float, lonlat(east_m, north_m).split())
    return (zoom, *tile_of(zoom, lon, lat))


def made(url: str, zxy: Address, scope: Scope = EVERYTHING) -> Decoded:
    """Return a decoded tile: layer to features by id."""

    async def make() -> bytes:
        pool = await open_pool(url, size=1)
        try:
            return await make_tile(pool, TILESET, scope, 1, zxy)
        finally:
            await pool.close()

    tile = asyncio.run(make())
    decoded = mapbox_vector_tile.decode(tile) if tile else {}
    return {layer: {feature["id"]: feature for feature in content["features"]} for layer, content in decoded.items()}


def figures_now(url: str) -> dict[int, AreaFigures]:
    async def ask() -> list[AreaFigures]:
        pool = await open_pool(url, size=1)
        try:
            return await list_figures(pool, EVERYTHING, 1, AreaFilter())
        finally:
            await pool.close()

    return {item.area_id: item for item in asyncio.run(ask())}


def kinds(features: Decoded) -> set[str]:
    return {ROLLOUT_KINDS[feature["properties"]["kind"] - 1] for feature in features.values()}


@pytest.mark.parametrize(
    ("zoom", "expected"),
    [
        (5, {"district", "zone"}),
        (7, {"district", "zone", "township"}),
        (11, {"district", "zone", "township", "village"}),
    ],
)
def test_levels_appear_at_their_zoom(town_url: str, zoom: int, expected: set[str]) -> None:
    assert kinds(made(town_url, at(zoom))["area_name"]) == expected


def test_every_area_is_there_and_a_village_without_outline_is_a_point_of_its_own(town_url: str) -> None:
    tile = made(town_url, at(11))
    areas_drawn, named = set(tile["area"]), set(tile["area_name"])
    assert named == {1, 2, 3, 11, 12, 13, *range(21, 28)}
    assert named - areas_drawn == {27}, "nobody lives in 27, so nothing can be drawn round it"
    assert tile["area_name"][27]["properties"]["outline"] == 3
    assert {tile["area"][village]["properties"]["outline"] for village in range(21, 27)} == {2}


def test_numbers_in_tiles_are_the_figures_of_the_api(town_url: str) -> None:
    found, told = made(town_url, at(11))["area_name"], figures_now(town_url)
    plain = {"finished": "finished_count", "target": "target_household_count", "stage": "stage", "marker": "marker"}
    plain |= {"devices": "device_count", "tickets": "ticket_count", "answers": "answer_count", "permanent": "permanent_count"}
    scaled = {
        "completion": ("completion_rate", 1000),
        "rate": ("clean_heating_rate", 1000),
        "satisfaction": ("satisfaction", 100),
    }
    compared = 0
    for area_id, feature in found.items():
        properties, figures = feature["properties"], told[area_id].figures
        for attribute, (name, times) in {**{key: (name, 1) for key, name in plain.items()}, **scaled}.items():
            value = figures[name]
            if value is None:
                assert attribute not in properties, (area_id, attribute)
            else:
                compared += 1
                # halves may go either way: SQL and Python round them apart
                assert abs(properties[attribute] - times * value) <= 0.5 + 1e-9, (area_id, attribute)
    assert compared > 80


def test_the_largest_type_and_energy_stand_for_an_area_and_shares_of_energies_are_whole(town_url: str) -> None:
    found, told = made(town_url, at(11))["area_name"], figures_now(town_url)
    for area_id, feature in found.items():
        properties, figures = feature["properties"], told[area_id].figures
        for attribute, names, column in (("type", RETROFITS, "{}_count"), ("energy", ENERGIES, "clean_{}_m2")):
            values = [figures[column.format(name)] or 0.0 for name in names]
            assert properties.get(attribute) == (1 + values.index(max(values)) if max(values) > 0 else None), (area_id, attribute)
        shares = [properties.get(f"{name}_share", 0) for name in ENERGIES]
        assert "energy" not in properties or abs(sum(shares) - 1000) <= len(ENERGIES) / 2
    assert {"energy", "heat_share"} & set(found[NORTH]["properties"]), "the north reports"


def test_a_seat_of_one_district_sees_what_lies_in_it_as_everybody_does(town_url: str) -> None:
    zxy = at(11)
    everything, own = made(town_url, zxy), made(town_url, zxy, Scope(areas=(NORTH,)))
    for layer in ("area", "area_name"):
        expected = {
            number: feature for number, feature in everything[layer].items() if feature["properties"].get("district_id") == NORTH
        }
        assert own[layer] == expected
        assert not {SOUTH, ZONE} & set(own[layer])
        assert NORTH in own[layer]
    assert made(town_url, zxy, Scope(layers=("pipe",))) == {}


def test_rounding_equals_the_tile_of_rounded_rows(own_url: str) -> None:
    scope, zxy = Scope(precision_m=30.0), at(14, -900, 700)
    restricted, plain = made(own_url, zxy, scope), made(own_url, zxy)
    with connect(own_url) as connection:
        for column in ("geom_3857", "point_3857"):
            connection.execute(f"update rollout_area set {column} = st_snaptogrid({column}, {rounding_grid_m(scope)})")
    assert restricted == made(own_url, zxy)
    assert restricted != plain


def test_held_tiles_are_those_that_have_something(town_url: str) -> None:
    async def held() -> set[Address]:
        pool = await open_pool(town_url, size=1)
        try:
            return {*await tiles_that_hold(pool, Drawing(Selection((TILESET,)), EVERYTHING, 1), zooms=(5, 12))}
        finally:
            await pool.close()

    found = asyncio.run(held())
    assert at(5) in found
    around = {(12, x + dx, y + dy) for _, x, y in [at(12)] for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    for zxy in around:
        assert (zxy in found) or made(town_url, zxy) == {}, zxy


def test_caches_hear_of_new_sums_and_only_then(own_url: str) -> None:
    ticket = next(row for row in register_rows(SEED, NOW) if row.kind == "service_ticket")
    with psycopg.connect(own_url, autocommit=True) as ear, connect(own_url) as connection:
        ear.execute("listen heat_twin_tiles")
        refresh(connection, 1)
        connection.commit()
        assert [*ear.notifies(timeout=0.1)] == [], "nothing had changed"
        put_rows(own_url, [ticket], change_id=2)
        refresh(connection, 1, force=True)
        connection.commit()
        heard = [json.loads(note.payload) for note in ear.notifies(timeout=2.0, stop_after=1)]
    assert heard == [{"city": 1, "tileset": "rollout", "all": True}]


def test_the_tileset_is_not_listed_before_its_sums_are_there(own_url: str) -> None:
    async def listed() -> set[str]:
        pool = await open_pool(own_url, size=1)
        try:
            return {*await read_versions(pool, 1)}
        finally:
            await pool.close()

    assert "rollout" in asyncio.run(listed())
    with connect(own_url) as connection:
        connection.execute("delete from rollout_version")
    assert "rollout" not in asyncio.run(listed())


def test_gdal_reads_a_tile(town_url: str, tmp_path: Path) -> None:
    if shutil.which("ogrinfo") is None:
        pytest.skip("ogrinfo is not installed")
    z, x, y = at(11)

    async def make() -> bytes:
        pool = await open_pool(town_url, size=1)
        try:
            return await make_tile(pool, TILESET, EVERYTHING, 1, (z, x, y))
        finally:
            await pool.close()

    file = tmp_path / "tile.mvt"
    file.write_bytes(asyncio.run(make()))
    shown = subprocess.run(
        ["ogrinfo", "-al", "-geom=NO", "-oo", f"X={x}", "-oo", f"Y={y}", "-oo", f"Z={z}", str(file)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Layer name: area_name" in shown
    assert "name (String) = 跨界开发区" in shown
    assert "satisfaction (Integer)" in shown
