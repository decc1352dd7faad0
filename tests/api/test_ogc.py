"""OGC API Features: what the standard asks of documents and answers, and what a real client reads (GDAL through pyogrio)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import shapely
from shapely.geometry import shape

from api.ogc.documents import CONFORMS_TO
from data.features import CRSS
from tests.api.serving import serve
from tests.conftest import create_database, drop_database
from tests.handmade_town import COVERS, TOWN, insert_town

_GDAL = """
import json, sys
import pyogrio
found = {}
for name, _ in pyogrio.list_layers(sys.argv[1]):
    meta, _, wkb, columns = pyogrio.raw.read(sys.argv[1], layer=name)
    place = list(meta["fields"]).index("asset_id")
    found[name] = {
        "ids": [int(each) for each in columns[place]],
        "wkb": [None if each is None else each.hex() for each in wkb],
    }
print(json.dumps(found))
"""
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@pytest.fixture(scope="module")
def http(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over the handmade town; tests only read."""
    database_url = create_database(server_url)
    insert_town(database_url, [*TOWN, *COVERS])
    with serve(database_url, tmp_path_factory.mktemp("var")) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client
    drop_database(database_url)


def get(http: httpx.Client, path: str, **query: Any) -> Any:
    answer = http.get(f"/ogc{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(http: httpx.Client, **query: Any) -> list[int]:
    return [each["id"] for each in get(http, "/collections/pipe/items", **query)["features"]]


def links_of(document: Any) -> dict[tuple[str, str], str]:
    return {(each["rel"], each["type"]): each["href"] for each in document["links"]}


def test_every_link_answers_with_its_media_type_and_keeps_the_city(http: httpx.Client) -> None:
    todo = [(f"{http.base_url}/ogc?city=1&f=json", "application/json")]
    seen: set[str] = set()
    while todo:
        url, media = todo.pop()
        if url in seen:
            continue
        seen.add(url)
        answer = httpx.get(url, timeout=30)
        assert answer.status_code == 200, (url, answer.text)
        assert "city=1" in url
        assert media in answer.headers["content-type"], url
        if "json" in answer.headers["content-type"]:
            document = answer.json()
            nested = [each for found in document.get("collections", []) if found["id"] == "pipe" for each in found["links"]]
            todo.extend((each["href"], each["type"].partition(";")[0]) for each in [*document.get("links", []), *nested])
        else:
            assert "<html" in answer.text
            assert "http" not in answer.text.replace(str(http.base_url).rstrip("/"), "").replace("http://www.opengis.net", "")
    assert len(seen) > 15


def test_the_landing_page_names_what_the_standard_asks_for(http: httpx.Client) -> None:
    rels = {rel for rel, _ in links_of(get(http, ""))}
    assert {"self", "alternate", "service-desc", "service-doc", "conformance", "data"} <= rels
    assert get(http, "/conformance")["conformsTo"] == list(CONFORMS_TO)
    listed = get(http, "/collections")
    assert {"pipe", "building", "substation"} <= {each["id"] for each in listed["collections"]}
    assert listed["crs"][0].endswith("CRS84")
    pipe = get(http, "/collections/pipe")
    west, south, east, north = pipe["extent"]["spatial"]["bbox"][0]
    assert (west < east, south < north) == (True, True)
    assert pipe["crs"] == list(CRSS)
    assert pipe["storageCrs"] in CRSS


def test_pages_follow_one_another_without_gap_or_double(http: httpx.Client) -> None:
    everything = ids(http, limit=10000)
    assert everything == sorted(everything)
    url: str | None = f"{http.base_url}/ogc/collections/pipe/items?limit=2"
    walked: list[int] = []
    while url:
        page = httpx.get(url, timeout=60).json()
        assert page["numberMatched"] == len(everything)
        assert page["numberReturned"] == len(page["features"]) <= 2
        walked += [each["id"] for each in page["features"]]
        url = links_of(page).get(("next", "application/geo+json"))
    assert walked == everything
    assert ids(http, limit=999_999) == everything, "more than the most is the most, no error"


def test_box_filter_and_property_select_alike(http: httpx.Client) -> None:
    everything = get(http, "/collections/pipe/items")["features"]
    west, south, east, north = shapely.total_bounds([shape(each["geometry"]) for each in everything[:3]])
    box = shapely.box(west, south, east, north)
    expected = [each["id"] for each in everything if shape(each["geometry"]).intersects(box)]
    assert len(expected) > 0
    bbox = f"{west},{south},{east},{north}"
    assert ids(http, bbox=bbox) == expected
    assert ids(http, bbox=f"{south},{west},{north},{east}", **{"bbox-crs": EPSG + "4326"}) == expected
    assert ids(http, filter=f"S_INTERSECTS(geometry, BBOX({bbox}))") == expected
    assert (
        ids(http, filter=f"S_INTERSECTS(geometry, BBOX({south},{west},{north},{east}))", **{"filter-crs": EPSG + "4490"})
        == expected
    )
    by_dn = [each["id"] for each in everything if each["properties"].get("dn") == 400]
    assert by_dn
    assert ids(http, dn=400) == ids(http, filter="dn = 400") == by_dn
    as_json = '{"op": "=", "args": [{"property": "dn"}, 400]}'
    assert ids(http, filter=as_json, **{"filter-lang": "cql2-json"}) == by_dn


def test_every_reference_system_is_the_same_place(http: httpx.Client) -> None:
    for uri, crs in CRSS.items():
        answer = http.get("/ogc/collections/pipe/items", params={"crs": uri})
        assert answer.headers["content-crs"] == f"<{uri}>"
        for given, stored in zip(answer.json()["features"], get(http, "/collections/pipe/items")["features"], strict=True):
            back = crs.to_wgs84(shapely.force_2d(shape(given["geometry"])))
            assert shapely.hausdorff_distance(back, shapely.force_2d(shape(stored["geometry"]))) < 2e-7, uri


def test_times_show_the_versions_valid_then(http: httpx.Client) -> None:
    everything = ids(http)
    assert ids(http, datetime="2000-01-01T00:00:00Z") == []
    assert ids(http, datetime="../2000-01-01") == []
    assert ids(http, datetime="2000-01-01/..") == everything
    assert ids(http, datetime="2999-01-01T00:00:00Z") == everything


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "1,2,3,inf"}, "bbox"),
        ({"bbox": "5,6,7,8", "bbox-crs": "EPSG:4326"}, "bbox-crs"),
        ({"crs": EPSG + "2000"}, "crs"),
        ({"datetime": "yesterday"}, "datetime"),
        ({"datetime": "2026-02-01/2026-01-01"}, "before its start"),
        ({"datetime": ".."}, "datetime"),
        ({"dn": "wide"}, "dn"),
        ({"nothing": "1"}, "nothing"),
        ({"f": "xml"}, "f is"),
        ({"filter": "dn ="}, "filter"),
        ({"filter": "dn = 1", "filter-lang": "sql"}, "filter-lang"),
        ({"filter": "depth = 1"}, "depth"),
        ({"filter": "S_INTERSECTS(geometry, BBOX(1,2,3))"}, "geometry"),
    ],
)
def test_what_is_wrong_is_400_and_named(http: httpx.Client, query: dict[str, str], said: str) -> None:
    answer = http.get("/ogc/collections/pipe/items", params=query)
    assert answer.status_code == 400, answer.text
    assert said in answer.text


def test_unknown_collections_and_features_are_404(http: httpx.Client) -> None:
    for path in ("/collections/nothing", "/collections/nothing/items", "/collections/pipe/items/999999"):
        assert http.get(f"/ogc{path}").status_code == 404


def test_one_feature_equals_the_one_of_the_page(http: httpx.Client) -> None:
    first = get(http, "/collections/substation/items", limit=1)["features"][0]
    alone = get(http, f"/collections/substation/items/{first['id']}")
    assert {name: alone[name] for name in first} == first
    schema = get(http, "/collections/substation/queryables")
    assert set(first["properties"]) <= set(schema["properties"])
    assert schema["additionalProperties"] is False


def test_gdal_reads_every_collection(http: httpx.Client) -> None:
    # in a process of its own: GDAL waits without letting this process, which serves, go on
    done = subprocess.run(
        [sys.executable, "-c", _GDAL, f"OAPIF:{http.base_url}/ogc"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {each["id"] for each in get(http, "/collections")["collections"]}
    for name, layer in found.items():
        expected = get(http, f"/collections/{name}/items", limit=10000)["features"]
        assert layer["ids"] == [each["properties"]["asset_id"] for each in expected], name
        for mine, theirs in zip(expected, layer["wkb"], strict=True):
            assert (mine["geometry"] is None) == (theirs is None)
            if theirs is not None:
                drawn = shapely.force_2d(shapely.from_wkb(theirs))
                assert shapely.equals_exact(drawn, shapely.force_2d(shape(mine["geometry"])), 1e-9)


def test_the_definition_is_openapi_3_0(http: httpx.Client) -> None:
    definition = get(http, "/api")
    assert definition["openapi"].startswith("3.0")
    items = definition["paths"]["/collections/{kind}/items"]["get"]
    assert {"limit", "bbox", "crs", "filter"} <= {each["name"] for each in items["parameters"]}
    assert "'null'" not in str(definition)
