"""Our vector tiles against the Mapbox Vector Tile Specification 2.1: a strict reader, two decoders of others, GDAL.

The strict reader is held against the fixtures of `@mapbox/mvt-fixtures` first, and so is the decoder that tests use.
"""

from __future__ import annotations

import gzip
import json
import math
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import mapbox_vector_tile
import morecantile
import pytest

from tests.api.serving import serve
from tests.conftest import LoadedSample, create_database, drop_database
from tests.tiles.mvt_rules import area, breaches, read

GRID = morecantile.tms.get("WebMercatorQuad")
POLYGON = 3
_OF_THE_FIXTURES = {
    "016": "it has the very bytes of fixture 003, which is called a breach",
    "039": "its layer is of version 1, as info.json says nothing of; a tile of version 2 may not hold it",
    "057": "its MoveTo counts 2^29 positions and gives one: fixture 052 calls the same thing invalid",
}
"""Fixtures that we judge otherwise than their authors, and why."""
_NOT_DECODED = {"016": "a feature of unknown type", "039": "custom defaults", "057": "a giant MoveTo"}
"""Valid fixtures that `mapbox-vector-tile` does not read."""


# ---------------------------------------------------------------- the strict reader and the decoder


def fixtures(shared: Path) -> Iterator[tuple[str, Mapping[str, Any], bytes, Path]]:
    for folder in sorted((shared / "data" / "mvt-fixtures" / "fixtures").iterdir()):
        yield folder.name, json.loads((folder / "info.json").read_text()), (folder / "tile.mvt").read_bytes(), folder


def test_the_strict_reader_judges_every_fixture_as_its_authors(shared: Path) -> None:
    judged = {name: (info["validity"]["v2"], not breaches(tile)) for name, info, tile, _ in fixtures(shared)}
    assert len(judged) == 74
    assert {name for name, (theirs, ours) in judged.items() if theirs != ours} == set(_OF_THE_FIXTURES)


def test_the_strict_reader_finds_nothing_in_tiles_of_the_world(shared: Path) -> None:
    files = list((shared / "data" / "mvt-fixtures" / "real-world").rglob("*.mvt"))
    assert len(files) == 29
    assert {file.name: found for file in files if (found := breaches(plain(file.read_bytes())))} == {}


def plain(data: bytes) -> bytes:
    """Return a body that may be compressed as it was before."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    return zlib.decompress(data) if data.startswith(b"\x78") else data


def test_the_decoder_of_the_tests_reads_what_the_fixtures_say(shared: Path) -> None:
    valid = [item for item in fixtures(shared) if item[1]["validity"]["v2"] and item[0] not in _NOT_DECODED]
    assert len(valid) == 43
    for name, _, tile, folder in valid:
        told = json.loads((folder / "tile.json").read_text()).get("layers", [])
        decoded = mapbox_vector_tile.decode(tile)
        assert {layer["name"]: len(layer["features"]) for layer in told} == {
            layer: len(found["features"]) for layer, found in decoded.items()
        }, name
        for layer in told:
            for feature, found in zip(layer["features"], decoded[layer["name"]]["features"], strict=True):
                # a feature without an id is one with 0 to this decoder
                assert found.get("id", 0) == feature.get("id", 0), name
                told_here = told_attributes(layer, feature)
                assert set(found["properties"]) == set(told_here), name
                assert [key for key, value in told_here.items() if not alike(found["properties"][key], value)] == [], name


def alike(found: object, told: object) -> bool:
    """Tell whether two values are equal, numbers to the precision of a float of 32 bits."""
    if isinstance(found, float) and isinstance(told, int | float):
        return math.isclose(found, told, rel_tol=1e-6)
    return found == told


def told_attributes(layer: Mapping[str, Any], feature: Mapping[str, Any]) -> dict[str, Any]:
    tags = feature.get("tags", [])
    # fixture 076 writes a text without its quotes
    values = [str(said) if kind == "string_value" else said for value in layer["values"] for kind, said in value.items()]
    return {layer["keys"][key]: values[value] for key, value in zip(tags[::2], tags[1::2], strict=True)}


# ---------------------------------------------------------------- our tiles


@dataclass(frozen=True)
class CityTiles:
    """Tiles of the sample city around the middle of its network: bodies by tileset, z, x, y, and the TileJSONs."""

    url: str
    documents: Mapping[str, Mapping[str, Any]]
    bodies: Mapping[tuple[str, int, int, int], bytes]


@pytest.fixture(scope="module")
def city_tiles(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CityTiles]:
    """Yield the tiles of every tileset at every zoom that hold the middle of the network, with all attributes."""
    database_url = create_database(server_url, sample.template)
    with (
        serve(database_url, tmp_path_factory.mktemp("mvt")) as url,
        httpx.Client(base_url=url, timeout=60, params={"city": 1}) as http,
    ):
        listed = [item["tileset"] for item in http.get("/tiles").json()]
        documents = {name: http.get(f"/tiles/{name}.json", params=wanted(name)).json() for name in listed}
        centre = http.get("/styles/network-dn.json").json()["center"]
        bodies = {}
        for name, document in documents.items():
            for zoom in range(document["minzoom"], document["maxzoom"] + 1):
                at = GRID.tile(*centre, zoom)
                answer = http.get(f"/tiles/{name}/{zoom}/{at.x}/{at.y}.mvt", params=wanted(name))
                assert answer.status_code in {200, 204}, answer.text
                if answer.status_code == 200:
                    bodies[name, zoom, at.x, at.y] = answer.content
        yield CityTiles(url, documents, bodies)
    drop_database(database_url)


def wanted(tileset: str) -> dict[str, str]:
    return {"city": "1"} | ({"with": "all"} if tileset == "network" else {})


def test_the_middle_of_the_city_has_tiles_of_every_tileset(city_tiles: CityTiles) -> None:
    # a clean city may have no problem there
    assert {name for name, *_ in city_tiles.bodies} >= set(city_tiles.documents) - {"problems"}
    assert set(city_tiles.documents) >= {"base", "network", "assets", "buildings", "coverage"}
    assert len(city_tiles.bodies) > 30


def test_our_tiles_keep_every_rule_of_the_specification(city_tiles: CityTiles) -> None:
    assert {key: found for key, body in city_tiles.bodies.items() if (found := breaches(body))} == {}


def test_layers_attributes_and_codes_are_those_of_the_tilejson(city_tiles: CityTiles) -> None:
    for (name, zoom, *_), body in city_tiles.bodies.items():
        told = {layer["id"]: layer for layer in city_tiles.documents[name]["vector_layers"]}
        for layer in read(body)[0]:
            assert layer.features, (name, zoom, layer.name)
            assert layer.extent == 4096
            assert zoom >= told[layer.name]["minzoom"]
            assert set(layer.keys) <= set(told[layer.name]["fields"]), (name, zoom)
            for feature in layer.features:
                for key, value in layer.attributes(feature).items():
                    codes = told[layer.name]["codes"].get(key)
                    assert codes is None or str(value) in codes, (name, zoom, key, value)


def test_ids_are_unique_but_for_segments_across_a_border(city_tiles: CityTiles) -> None:
    for (name, zoom, *_), body in city_tiles.bodies.items():
        for layer in read(body)[0]:
            ids = [feature.id for feature in layer.features]
            unnamed = ids.count(None)
            # pipes outside the heat network are in no segment, and merged problems have no number of their own
            assert unnamed == 0 or (name == "network" and zoom < 14) or name == "problems", (name, zoom, layer.name)
            twice = [number for number, times in Counter(ids).items() if times > 1 and number is not None]
            if name == "network" and zoom < 14:
                owners = {(feature.id, tuple(feature.tags)) for feature in layer.features}
                assert len(twice) <= len(owners)
                continue
            assert twice == [], (name, zoom, layer.name)


def test_rings_wind_as_the_specification_wants(city_tiles: CityTiles) -> None:
    rings = 0
    for body in city_tiles.bodies.values():
        for layer in read(body)[0]:
            for feature in (feature for feature in layer.features if feature.type == POLYGON):
                areas = [area(part) for part in feature.parts]
                rings += len(areas)
                # holes follow the ring they are in, so no hole can be larger than the last exterior ring
                outer = math.inf
                for signed in areas:
                    outer = signed if signed > 0 else outer
                    assert abs(signed) <= outer
    assert rings > 500


def test_the_decoder_reads_what_the_strict_reader_reads(city_tiles: CityTiles) -> None:
    for key, body in city_tiles.bodies.items():
        decoded = mapbox_vector_tile.decode(body)
        layers, _ = read(body)
        assert list(decoded) == [layer.name for layer in layers], key
        for layer in layers:
            found = decoded[layer.name]
            assert found["version"] == 2
            assert [feature.get("id") for feature in found["features"]] == [feature.id or 0 for feature in layer.features] or [
                feature.get("id") for feature in found["features"]
            ] == [feature.id for feature in layer.features], key
            assert [feature["properties"] for feature in found["features"]] == [
                layer.attributes(feature) for feature in layer.features
            ], key


# ---------------------------------------------------------------- GDAL opens the addresses

_GDAL = """
import json, sys
import numpy, pyogrio, shapely
for address in sys.stdin.read().split():
    for name, kind in pyogrio.list_layers(address):
        meta, _, wkb, columns = pyogrio.raw.read(address, layer=name, CLIP="NO")
        shapes = shapely.from_wkb(wkb)
        ids = columns[list(meta["fields"]).index("mvt_id")] if "mvt_id" in meta["fields"] else []
        print(json.dumps({
            "address": address, "layer": name, "crs": meta["crs"], "ids": [int(n) for n in ids if n == n],
            "count": len(shapes), "valid": bool(shapely.is_valid(shapes[shapely.get_type_id(shapes) < 3]).all()),
            "bounds": [float(n) for n in shapely.total_bounds(shapes)]}))
"""


def test_gdal_opens_every_address_with_the_right_layers_ids_and_places(city_tiles: CityTiles) -> None:
    addresses = {
        f"MVT:{city_tiles.url}/tiles/{name}/{z}/{x}/{y}.mvt?city=1" + ("&with=all" if name == "network" else ""): (name, z, x, y)
        for name, z, x, y in city_tiles.bodies
    }
    # in a process of its own: GDAL waits without letting this process, which serves, go on
    ran = subprocess.run(
        [sys.executable, "-c", _GDAL], input="\n".join(addresses), capture_output=True, text=True, timeout=180, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    expected = {(address, layer.name): layer for address, key in addresses.items() for layer in read(city_tiles.bodies[key])[0]}
    assert {(item["address"], item["layer"]) for item in found} == set(expected)
    for item in found:
        layer = expected[item["address"], item["layer"]]
        assert item["crs"] == "EPSG:3857"
        assert item["valid"], item["address"]
        assert set(item["ids"]) == {feature.id for feature in layer.features if feature.id is not None}, item["address"]
        west, south, east, north = GRID.xy_bounds(
            morecantile.Tile(*addresses[item["address"]][2:], addresses[item["address"]][1])
        )
        margin = (east - west) * 64 / 4096 + 1
        assert west - margin <= item["bounds"][0] <= item["bounds"][2] <= east + margin
        assert south - margin <= item["bounds"][1] <= item["bounds"][3] <= north + margin
