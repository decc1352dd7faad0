"""What the test suite of OGC API Features (ets-ogcapi-features10) asserts of parts 1 and 2, in our words, and OWSLib as a client.

Each check is a function over documents, so that it can be shown to accept the answers which the suite tests itself with, and to
refuse broken ones.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import shapely
from owslib.ogcapi.features import Features
from shapely.geometry import shape

from data.features import CRSS

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
GEOJSON, JSON, HTML = "application/geo+json", "application/json", "text/html"
CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
ETS = "data/ogc-conformance/ets-features10"


def get(town: httpx.Client, path: str, **query: Any) -> Any:
    answer = town.get(f"/ogc{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rel(document: Any, name: str) -> list[Any]:
    return [each for each in document["links"] if each["rel"] == name]


def conforms(document: Any) -> None:
    """`conformsTo` is a list of texts and holds the core."""
    assert isinstance(document["conformsTo"], list)
    assert all(isinstance(each, str) for each in document["conformsTo"])
    assert CORE in document["conformsTo"]


def typed_links(document: Any, *needed: str) -> None:
    """Every link has a relation, and those to other formats of this resource a media type; the needed relations are there."""
    for each in document["links"]:
        assert each["href"]
        assert each["rel"]
        if each["rel"] in {"self", "alternate"}:
            assert each["type"]
    assert set(needed) <= {each["rel"] for each in document["links"]}


def collection_fits(document: Any) -> None:
    """A collection has an id, links to its items with media types, and an extent whose box is one."""
    assert document["id"]
    assert rel(document, "items")
    assert all(each["type"] for each in rel(document, "items"))
    box = document.get("extent", {}).get("spatial", {}).get("bbox")
    boxes = [box] if box and not isinstance(box[0], list) else box or []  # the suite's own answers are of an older draft
    for west, south, east, north in boxes:
        assert -180 <= west <= east <= 180
        assert -90 <= south <= north <= 90


def feature_page_fits(document: Any, asked_at: datetime | None, limit: int | None) -> None:
    """A page is a FeatureCollection whose numbers fit what it holds, stamped with the time of the answer."""
    assert document["type"] == "FeatureCollection"
    assert all(each["type"] == "Feature" for each in document["features"])
    if "numberReturned" in document:
        assert document["numberReturned"] == len(document["features"])
    if "numberMatched" in document:
        assert document["numberMatched"] >= len(document["features"])
    if limit is not None:
        assert len(document["features"]) <= limit
    if asked_at is not None:
        stamped = datetime.fromisoformat(document["timeStamp"])
        assert abs(stamped - asked_at) < timedelta(minutes=1)


def limit_parameter_fits(parameter: Any) -> None:
    """`limit` is a whole number of the query with bounds and a default."""
    assert parameter["in"] == "query"
    assert not parameter.get("required", False)
    assert parameter["schema"]["type"] == "integer"
    assert parameter["schema"]["minimum"] == 1
    assert parameter["schema"]["default"] <= parameter["schema"]["maximum"]
    assert (parameter.get("style", "form"), parameter.get("explode", True)) == ("form", False)


def bbox_parameter_fits(parameter: Any) -> None:
    """`bbox` is a list of four to six numbers, joined by commas."""
    shape_of = parameter["schema"]
    assert (parameter["in"], shape_of["type"], shape_of["items"]["type"]) == ("query", "array", "number")
    assert (shape_of["minItems"], shape_of["maxItems"]) == (4, 6)
    assert (parameter.get("style", "form"), parameter.get("explode", True)) == ("form", False)


def refuses(check: Callable[..., None], *arguments: Any) -> None:
    with pytest.raises((AssertionError, KeyError, ValueError, TypeError)):
        check(*arguments)


# ---------------------------------------------------------------- the checks are right


def test_the_checks_accept_the_suites_own_answers_and_refuse_broken_ones(shared: Path) -> None:
    def read(name: str) -> Any:
        return json.loads((shared / ETS / name).read_text(encoding="utf-8"))

    conforms({"conformsTo": [*read("conformance/core/conformance/req-classes.json")["conformsTo"], CORE]})
    for name in ("req-classes_invalidConformsTo.json", "req-classes_invalidElementDataType.json"):
        refuses(conforms, read(f"conformance/core/conformance/{name}"))
    for name in ("flurstueck", "gebaeudebauwerk", "verwaltungseinheit"):
        found = read(f"conformance/core/collections/collection-{name}.json")
        collection_fits(found)
        worse = copy.deepcopy(found)
        worse["links"] = [each for each in worse["links"] if each["rel"] not in {"items", "item"}]
        refuses(collection_fits, worse)
        page = read(f"conformance/core/collections/collectionItems-{name}.json")
        feature_page_fits(page, None, None)
        refuses(feature_page_fits, page, None, len(page["features"]) - 1)
        refuses(feature_page_fits, page | {"numberReturned": len(page["features"]) + 1}, None, None)


# ---------------------------------------------------------------- part 1


def test_the_landing_page_leads_to_definition_conformance_and_data(ogc_town: httpx.Client, shared: Path) -> None:
    landing = get(ogc_town, "", f="json")
    typed_links(landing, "self", "alternate", "service-desc", "service-doc", "conformance", "data")
    (definition,) = rel(landing, "service-desc")
    answer = ogc_town.get(definition["href"])
    assert answer.headers["content-type"] == definition["type"] == "application/vnd.oai.openapi+json;version=3.0"
    conforms(get(ogc_town, "/conformance"))
    schemas = json.loads((shared / "data/ogc-conformance/ogcapi-tiles-1.bundled.json").read_text(encoding="utf-8"))
    for name, document in (("landingPage", landing), ("confClasses", get(ogc_town, "/conformance"))):
        rooted = schemas["components"]["schemas"][name] | {"components": schemas["components"]}
        jsonschema.Draft202012Validator(rooted).validate(document)


def test_each_collection_of_the_list_says_the_same_under_its_own_address(ogc_town: httpx.Client) -> None:
    listed = get(ogc_town, "/collections")
    typed_links(listed, "self", "alternate")
    for each in listed["collections"]:
        collection_fits(each)
        own = get(ogc_town, f"/collections/{each['id']}")
        typed_links(own, "self", "alternate", "items")
        for name in ("id", "title", "description", "extent", "itemType", "storageCrs"):
            assert own.get(name) == each.get(name), name


def test_features_fit_on_every_collection(ogc_town: httpx.Client) -> None:
    for each in get(ogc_town, "/collections")["collections"]:
        for query in ({}, {"limit": 3}):
            page = get(ogc_town, f"/collections/{each['id']}/items", **query)
            feature_page_fits(page, datetime.now(UTC), query.get("limit"))
            typed_links(page, "self", "alternate")
            assert {link["type"] for link in rel(page, "self") + rel(page, "alternate")} == {GEOJSON, HTML}
        for feature in page["features"][:1]:
            own = get(ogc_town, f"/collections/{each['id']}/items/{feature['id']}")
            typed_links(own, "self", "alternate", "collection")
            assert {link["type"] for link in rel(own, "self") + rel(own, "alternate")} == {GEOJSON, HTML}
            assert own["properties"] == feature["properties"]


def test_the_definition_describes_each_collection_as_the_standard_wants(ogc_town: httpx.Client) -> None:
    definition = get(ogc_town, "/api")
    base = definition["servers"][0]["url"]
    names = [each["id"] for each in get(ogc_town, "/collections")["collections"]]
    for name in names:
        path = f"/collections/{name}/items"
        parameters = {each["name"]: each for each in definition["paths"][path]["get"]["parameters"]}
        limit_parameter_fits(parameters["limit"])
        refuses(limit_parameter_fits, parameters["limit"] | {"explode": True})
        bbox_parameter_fits(parameters["bbox"])
        refuses(bbox_parameter_fits, parameters["bbox"] | {"in": "path"})
        assert (parameters["datetime"]["schema"]["type"], parameters["datetime"]["explode"]) == ("string", False)
        queryables = get(ogc_town, f"/collections/{name}/queryables")["properties"]
        assert set(queryables) - {"geometry"} <= parameters.keys()
        assert httpx.get(base + path, params={"limit": parameters["limit"]["schema"]["maximum"]}, timeout=60).status_code == 200
    mentioned = {path.split("/")[2] for path in definition["paths"] if path.endswith("/items") and "{" not in path}
    assert mentioned == set(names)


@pytest.mark.parametrize("half", [0.0005, 0.003, 0.02])
def test_a_box_selects_what_shapely_selects(ogc_town: httpx.Client, half: float) -> None:
    everything = get(ogc_town, "/collections/pipe/items")["features"]
    box = shapely.box(125.32 - half, 43.88 - half, 125.32 + half, 43.88 + half)
    expected = [each["id"] for each in everything if shape(each["geometry"]).intersects(box)]
    west, south, east, north = box.bounds
    for query in (
        {"bbox": f"{west},{south},{east},{north}"},
        {"bbox": f"{west},{south},-99,{east},{north},999"},
        {"bbox": f"{south},{west},{north},{east}", "bbox-crs": EPSG + "4326"},
        {"bbox": f"{west},{south},{east},{north}", "bbox-crs": CRS84},
    ):
        assert [each["id"] for each in get(ogc_town, "/collections/pipe/items", **query)["features"]] == expected, query


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "NaN"},
        {"limit": "1e999"},
        {"limit": "9" * 40},
        {"limit": "\0"},
        {"after": "-1"},
        {"after": "99999999999"},
        {"bbox": "NaN,NaN,NaN,NaN"},
        {"bbox": "1,2,3,1e999"},
        {"bbox": "1,2,3,4;drop table asset"},
        {"bbox": "\0,1,2,3"},
        {"bbox": "1,2,3,4,5"},
        {"datetime": "\0"},
        {"datetime": "9" * 30},
        {"datetime": "0000-00-00T00:00:00Z"},
        {"datetime": "2026-01-01T00:00:00Z/2025-01-01T00:00:00Z"},
        {"datetime": "'; drop table asset; --"},
        {"filter": "name = '\0'"},
        {"filter": "name = 'a' or 1=1; drop table asset"},
        {"filter": "dn > 1e999 or"},
        {"filter": "((((" * 30},
        {"filter": "S_INTERSECTS(geometry, POINT(1e999 0))"},
        {"filter": '{"op":"=","args":[{"property":"dn) or (true"},1]}', "filter-lang": "cql2-json"},
        {"filter": '{"op":"drop","args":[]}', "filter-lang": "cql2-json"},
        {"filter-lang": "cql2-text\0", "filter": "dn=1"},
        {"crs": "EPSG:4326"},
        {"crs": EPSG + "4490\0"},
        {"dn": "NaN; --", "crs": "x"},
        {"nothing": "1"},
    ],
)
def test_what_is_malformed_is_400(ogc_town: httpx.Client, query: dict[str, str]) -> None:
    answer = ogc_town.get("/ogc/collections/pipe/items", params=query)
    assert answer.status_code == 400, answer.text
    assert len(get(ogc_town, "/collections/pipe/items")["features"]) > 0


def test_numbers_beyond_all_bounds_find_nothing_and_fail_nothing(ogc_town: httpx.Client) -> None:
    for query in ({"dn": "1e308"}, {"dn": "-1e308"}, {"dn": "NaN"}, {"dn": "inf"}, {"code": "%"}, {"code": "' or ''='"}):
        answer = ogc_town.get("/ogc/collections/pipe/items", params=query)
        assert answer.status_code in {200, 400}, answer.text
        if answer.status_code == 200:
            assert answer.json()["features"] == []


# ---------------------------------------------------------------- part 2


def test_every_offered_system_is_answered_by_its_name(ogc_town: httpx.Client) -> None:
    listed = get(ogc_town, "/collections")
    assert listed["crs"] == list(CRSS)
    for each in listed["collections"]:
        assert each["crs"] == ["#/crs"]
        assert each["storageCrs"] in listed["crs"]
    for uri in listed["crs"]:
        for path in ("/collections/pipe/items", "/collections/substation/items/10"):
            answer = ogc_town.get(f"/ogc{path}", params={"crs": uri})
            assert answer.headers["content-crs"] == f"<{uri}>"
    assert ogc_town.get("/ogc/collections/pipe/items").headers["content-crs"] == f"<{CRS84}>"


def test_axes_stand_in_the_order_of_the_system(ogc_town: httpx.Client) -> None:
    def place(uri: str) -> list[float]:
        (found,) = get(ogc_town, "/collections/substation/items", crs=uri)["features"]
        coordinates: list[float] = found["geometry"]["coordinates"]
        return coordinates

    lon, lat = place(CRS84)
    assert place(EPSG + "4326") == place(EPSG + "4490") == [lat, lon]
    east, north = place(EPSG + "3857")
    assert (east, north) == pytest.approx((13_950_558.6, 5_448_029.1), rel=1e-3)


# ---------------------------------------------------------------- a client


def test_owslib_finds_and_reads_the_collections(ogc_town: httpx.Client) -> None:
    client = Features(f"{ogc_town.base_url}/ogc/")
    names = client.feature_collections()
    assert set(names) == {each["id"] for each in get(ogc_town, "/collections")["collections"]}
    assert CORE in client.conformance()["conformsTo"]
    assert client.api()["openapi"].startswith("3.0")
    assert client.collection("pipe")["id"] == "pipe"
    assert "dn" in client.collection_queryables("pipe")["properties"]
    wide = client.collection_items("pipe", filter="dn >= 400", limit=2)
    assert [each["properties"]["dn"] >= 400 for each in wide["features"]] == [True, True]
    everything = client.collection_items("pipe", bbox=[125, 43, 126, 44])
    assert everything["numberMatched"] == len(everything["features"])
    assert client.collection_item("substation", "10")["id"] == 10
