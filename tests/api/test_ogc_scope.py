"""A seat with rights on one company alone learns nothing of the rest: not by counts, links, extents, tags, nor by error texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import shapely
from shapely.geometry import shape

from tests.handmade_town import COMPANY_B, COVERS, TOWN

UNKNOWN = 999_999
HIDDEN = 20
"""A pipe of company A."""
MINE = {row.asset_id for row in [*TOWN, *COVERS] if row.company_id in {None, COMPANY_B}}


@pytest.fixture(scope="module")
def company(ogc_town: httpx.Client) -> Iterator[httpx.Client]:
    """Yield a client in the seat of company B."""
    seats = ogc_town.get("/seats", params={"city": 1}).json()
    (seat,) = [each["seat_id"] for each in seats if each["role"] == "company" and "乙" in json.dumps(each, ensure_ascii=False)]
    with httpx.Client(base_url=ogc_town.base_url, timeout=60) as client:
        assert client.post("/session", json={"seat_id": seat}).status_code == 200
        yield client


def collections_of(client: httpx.Client) -> dict[str, Any]:
    return {each["id"]: each for each in client.get("/ogc/collections", params={"city": 1}).json()["collections"]}


def test_collections_are_those_of_the_visible_rows(company: httpx.Client, ogc_town: httpx.Client) -> None:
    mine, every = collections_of(company), collections_of(ogc_town)
    assert set(mine) < set(every)
    definition = company.get("/ogc/api").json()
    named = {path.split("/")[2] for path in definition["paths"] if path.endswith("/items") and "{" not in path}
    assert named == set(mine)
    for name, found in mine.items():
        page = company.get(f"/ogc/collections/{name}/items").json()
        assert {each["id"] for each in page["features"]} <= MINE
        assert page["numberMatched"] == page["numberReturned"] == len(page["features"]) > 0
        assert not [each for each in page["links"] if each["rel"] == "next"]
        places = [shape(each["geometry"]) for each in page["features"] if each["geometry"]]
        if places:
            assert found["extent"]["spatial"]["bbox"][0] == pytest.approx(tuple(shapely.total_bounds(places)), abs=1e-7)


def test_filters_find_nothing_outside(company: httpx.Client, ogc_town: httpx.Client) -> None:
    for query in ({"filter": f"asset_id = {HIDDEN}"}, {"asset_id": str(HIDDEN)}, {"filter": "code = 'pipe-20'"}):
        assert ogc_town.get("/ogc/collections/pipe/items", params=query).json()["numberMatched"] == 1
        page = company.get("/ogc/collections/pipe/items", params=query).json()
        assert (page["numberMatched"], page["features"]) == (0, [])
    after = company.get("/ogc/collections/pipe/items", params={"after": str(HIDDEN - 1), "limit": "1"}).json()
    assert after["features"][0]["id"] in MINE


def test_what_is_hidden_answers_as_what_does_not_exist(company: httpx.Client) -> None:
    paths = company.get("/openapi.json").json()["paths"]
    asked = 0
    for path, methods in sorted(paths.items()):
        names = re.findall(r"{(\w+)}", path)
        if "get" not in methods or names not in (["asset_id"], ["feature_id"], ["kind", "feature_id"]):
            continue
        address = path.replace("{kind}", "pipe")
        hidden, unknown = (
            company.get(re.sub(r"{\w+}", str(asset_id), address), params={"city": 1}) for asset_id in (HIDDEN, UNKNOWN)
        )
        asked += 1
        assert hidden.status_code == unknown.status_code, address
        assert hidden.text.replace(str(HIDDEN), "ID") == unknown.text.replace(str(UNKNOWN), "ID"), address
        assert hidden.headers.get("etag") == unknown.headers.get("etag"), address
    assert asked > 10


def test_totals_and_search_are_those_of_the_visible_rows(company: httpx.Client) -> None:
    listed = company.get("/assets", params={"limit": 1000}).json()
    assert {each["asset_id"] for each in listed["items"]} <= MINE
    assert listed["total"] == len(listed["items"])
    assert company.get("/assets", params={"q": "一号站"}).json() == {"total": 0, "items": []}
    assert company.get("/assets", params={"code": f"pipe-{HIDDEN}"}).json()["total"] == 0
    near = company.get("/assets/nearest", params={"lon": 125.32, "lat": 43.88, "limit": 200}).json()
    assert {each["asset_id"] for each in near["items"]} <= MINE
    around = company.get("/assets/within", params={"bbox": "125,43,126,45", "limit": 1000}).json()
    assert around["total"] == sum(around["counts"].values()) == len(around["items"])
    assert {each["asset_id"] for each in around["items"]} <= MINE


def test_error_texts_name_nothing_hidden(company: httpx.Client) -> None:
    for path in (
        "/ogc/collections/pipe/items?filter=dn%20%3D",
        "/ogc/collections/pipe/items?filter=nothing%20%3D%201",
        "/ogc/collections/pipe/items?datetime=x",
        "/ogc/collections/nothing/items",
        "/ogc/tiles/WebMercatorQuad/1/0/0",
        "/ogc/tiles?collections=nothing",
        "/assets?kind=nothing",
        "/assets/within?asset_id=20",
    ):
        text = company.get(path).text
        assert "甲热力" not in text
        assert "一号站" not in text
        assert not re.search(r"pipe-2[0-3]", text), text
