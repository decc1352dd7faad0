"""OGC API Tiles: held against the schemas of the standard, morecantile and the tiles of `/tiles`."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import mapbox_vector_tile
import morecantile
import pytest
import referencing
from referencing.jsonschema import DRAFT202012

from tests.handmade_town import LAT, LON
from tiles.matrix_sets import WEB_MERCATOR_QUAD, tile_limits, tile_matrix_set

ORACLE = morecantile.tms.get(WEB_MERCATOR_QUAD)
MVT = "application/vnd.mapbox-vector-tile"
EVERYTHING = "base,network,buildings,assets,coverage"


def get(town: httpx.Client, path: str, **query: Any) -> Any:
    answer = town.get(f"/ogc{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rels(document: Any) -> dict[str, Any]:
    return {each["rel"]: each for each in document["links"]}


def validator(shared: Path, name: str) -> jsonschema.Draft202012Validator:
    """Return a validator of one schema of the OpenAPI document of OGC API Tiles."""
    document = json.loads((shared / "data/ogc-conformance/ogcapi-tiles-1.bundled.json").read_text(encoding="utf-8"))
    registry = referencing.Registry().with_resource("urn:tiles", DRAFT202012.create_resource(document))
    return jsonschema.Draft202012Validator({"$ref": f"urn:tiles#/components/schemas/{name}"}, registry=registry)


def refuses_each_loss(check: jsonschema.Draft202012Validator, document: Any, needed: tuple[str, ...]) -> None:
    """The schema says yes to the document, and no to it without each of the members that it needs."""
    check.validate(document)
    for name in needed:
        worse = copy.deepcopy(document)
        del worse[name]
        assert not check.is_valid(worse), f"the schema does not miss {name}"


def test_the_matrix_set_is_that_of_the_registry_and_of_morecantile(ogc_town: httpx.Client, shared: Path) -> None:
    mine = get(ogc_town, f"/tileMatrixSets/{WEB_MERCATOR_QUAD}")
    registry = json.loads((shared / "data/ogc-conformance/tms2/registry/json/WebMercatorQuad.json").read_text(encoding="utf-8"))
    for name in ("id", "uri", "crs", "orderedAxes", "wellKnownScaleSet"):
        assert mine[name] == registry[name]
    assert len(mine["tileMatrices"]) == len(registry["tileMatrices"]) == len(ORACLE.tileMatrices)
    for given, listed, oracle in zip(mine["tileMatrices"], registry["tileMatrices"], ORACLE.tileMatrices, strict=True):
        assert given.keys() >= listed.keys()
        for name, value in listed.items():
            assert given[name] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-9)), name
        assert given["cellSize"] == pytest.approx(oracle.cellSize, rel=1e-9)
        assert given["matrixWidth"] == oracle.matrixWidth
    refuses_each_loss(validator(shared, "tileMatrixSet"), mine, ("crs", "tileMatrices"))
    listed = get(ogc_town, "/tileMatrixSets")["tileMatrixSets"]
    assert [each["id"] for each in listed] == [WEB_MERCATOR_QUAD]
    validator(shared, "tileMatrixSet-item").validate(listed[0])
    assert "gcj" not in json.dumps([mine, listed]).lower(), "GCJ-02 has no standard reference system"


@pytest.mark.parametrize("path", ["/tiles", "/collections/pipe/tiles", "/collections/building/tiles"])
def test_tilesets_fit_the_schemas_of_the_standard(ogc_town: httpx.Client, shared: Path, path: str) -> None:
    (listed,) = get(ogc_town, path, city=1)["tilesets"]
    refuses_each_loss(validator(shared, "tileSet-item"), listed, ("dataType", "links", "crs"))
    assert {"self", "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"} <= rels(listed).keys()
    tileset = ogc_town.get(rels(listed)["self"]["href"]).json()
    refuses_each_loss(validator(shared, "tileSet"), tileset, ("dataType", "links", "crs"))
    assert tileset["dataType"] == "vector"
    assert tileset["tileMatrixSetURI"] == tile_matrix_set()["uri"]
    assert rels(tileset)["item"]["templated"] is True
    assert rels(tileset)["item"]["href"].endswith("/{tileMatrix}/{tileRow}/{tileCol}?city=1")
    scheme = ogc_town.get(rels(tileset)["http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"]["href"])
    assert scheme.json()["id"] == WEB_MERCATOR_QUAD


def test_the_limits_are_the_tiles_that_morecantile_finds(ogc_town: httpx.Client) -> None:
    tileset = get(ogc_town, f"/collections/pipe/tiles/{WEB_MERCATOR_QUAD}")
    west, south, east, north = [*tileset["boundingBox"]["lowerLeft"], *tileset["boundingBox"]["upperRight"]]
    assert get(ogc_town, "/collections/pipe")["extent"]["spatial"]["bbox"] == [[west, south, east, north]]
    for limits in tileset["tileMatrixSetLimits"]:
        tiles = list(ORACLE.tiles(west, south, east, north, zooms=int(limits["tileMatrix"])))
        assert (limits["minTileCol"], limits["maxTileCol"]) == (min(tile.x for tile in tiles), max(tile.x for tile in tiles))
        assert (limits["minTileRow"], limits["maxTileRow"]) == (min(tile.y for tile in tiles), max(tile.y for tile in tiles))
    zooms = [int(limits["tileMatrix"]) for limits in tileset["tileMatrixSetLimits"]]
    layers = tileset["layers"]
    assert [layer["id"] for layer in layers] == ["pipe"]
    assert zooms == list(range(int(layers[0]["minTileMatrix"]), int(layers[0]["maxTileMatrix"]) + 1))


def test_limits_stay_inside_the_world() -> None:
    (limits,) = tile_limits((-200.0, -95.0, 200.0, 95.0), [3])
    assert limits == {"tileMatrix": "3", "minTileRow": 0, "maxTileRow": 7, "minTileCol": 0, "maxTileCol": 7}


@pytest.mark.parametrize("zoom", [9, 12, 14, 15, 16])
def test_tiles_are_those_of_the_tile_routes(ogc_town: httpx.Client, zoom: int) -> None:
    at = ORACLE.tile(LON, LAT, zoom)
    pairs = [(f"/ogc/tiles/{WEB_MERCATOR_QUAD}/{zoom}/{at.y}/{at.x}", f"/tiles/{EVERYTHING}/{zoom}/{at.x}/{at.y}.mvt")]
    if zoom >= 10:
        own = f"/ogc/collections/pipe/tiles/{WEB_MERCATOR_QUAD}/{zoom}/{at.y}/{at.x}"
        pairs.append((own, f"/tiles/network/{zoom}/{at.x}/{at.y}.mvt"))
        chosen = f"/ogc/tiles/{WEB_MERCATOR_QUAD}/{zoom}/{at.y}/{at.x}?collections=pipe"
        pairs.append((chosen, f"/tiles/network/{zoom}/{at.x}/{at.y}.mvt"))
    for standard, plain in pairs:
        mine, theirs = ogc_town.get(standard), ogc_town.get(plain, params={"city": 1})
        assert mine.status_code == theirs.status_code == 200, (standard, mine.text)
        assert mine.content == theirs.content, standard
        assert mine.headers["content-type"] == MVT
        again = ogc_town.get(standard, headers={"If-None-Match": mine.headers["etag"]})
        assert again.status_code == 304


def test_a_collections_tile_holds_that_kind_alone(ogc_town: httpx.Client) -> None:
    at = ORACLE.tile(LON, LAT, 16)
    every, stations = (
        mapbox_vector_tile.decode(ogc_town.get(f"/ogc{path}/{WEB_MERCATOR_QUAD}/16/{at.y}/{at.x}").content)
        for path in ("/tiles", "/collections/substation/tiles")
    )
    assert {feature["id"] for feature in stations["asset"]["features"]} == {10}
    assert {feature["id"] for feature in every["asset"]["features"]} > {10}
    assert {name for name, layer in stations.items() if layer["features"]} == {"asset"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tileMatrixSets/WorldCRS84Quad", 404),
        ("/tiles/GCJ02Quad", 404),
        ("/tiles/WebMercatorQuad/25/0/0", 404),
        ("/tiles/WebMercatorQuad/14/16384/0", 404),
        ("/tiles/WebMercatorQuad/14/-1/0", 404),
        ("/tiles/WebMercatorQuad/NaN/0/0", 404),
        ("/tiles/WebMercatorQuad/14/1e999/0", 404),
        ("/tiles/WebMercatorQuad/14/0/%00", 404),
        ("/tiles/WebMercatorQuad/99999999999999999999/0/0", 404),
        ("/tiles/WebMercatorQuad/14/0/0;drop table asset", 404),
        ("/tiles/WebMercatorQuad/14/0/0?f=png", 400),
        ("/tiles/WebMercatorQuad?crs=gcj02", 400),
        ("/tiles?collections=pipe,nothing", 400),
        ("/collections/nothing/tiles", 404),
        ("/collections/gas_pipe/tiles", 404),
    ],
)
def test_what_there_is_not_is_said(ogc_town: httpx.Client, path: str, status: int) -> None:
    answer = ogc_town.get(f"/ogc{path}")
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]


def test_pages_for_people_name_address_and_layers(ogc_town: httpx.Client) -> None:
    for path, said in (
        ("/tiles", "瓦片集"),
        (f"/collections/pipe/tiles/{WEB_MERCATOR_QUAD}", "{tileMatrix}/{tileRow}/{tileCol}"),
        ("/tileMatrixSets", WEB_MERCATOR_QUAD),
        (f"/tileMatrixSets/{WEB_MERCATOR_QUAD}", "559082264.029"),
    ):
        page = ogc_town.get(f"/ogc{path}", headers={"Accept": "text/html"})
        assert page.status_code == 200, page.text
        assert said in page.text
