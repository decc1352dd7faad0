"""`GET /rollout/projects`: what a seat may see, progress and money of each, the same as points."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest

from data.pool import connect, open_pool
from data.rollout_projects import Project, ProjectFilter, list_projects
from tests.api.serving import serve
from tests.conftest import create_database, drop_database
from tests.handmade_town import DISTRICT_EAST, DISTRICT_WEST, insert_town
from twin.errors import OutsideScope
from twin.scope import EVERYTHING, Scope

MONEY = {"planned_central_cny": 600, "planned_local_cny": 300, "planned_company_cny": 100, "paid_central_cny": 500}
HEAT, ENERGY = {"project_kind": "热源清洁化"}, {"project_kind": "建筑能效提升"}
ROWS = (
    (1, "XM1", "西区生物质", DISTRICT_WEST, True, {**HEAT, **MONEY, "stage": "施工", "scale_m2": 200, "done_m2": 50}),
    (2, "XM2", "东区节能", DISTRICT_EAST, True, {**ENERGY, "stage": "验收", "scale_m2": 900, "done_m2": 990}),
    (3, "XM3", "无位置", DISTRICT_EAST, False, {**HEAT, "stage": "前期", "scale_m2": 0}),
)


@pytest.fixture(scope="module")
def projects_url(server_url: str) -> Iterator[str]:
    """Yield a town with three projects; tests only read."""
    url = create_database(server_url)
    insert_town(url)
    with connect(url) as connection:
        for row_id, code, name, area, placed, attributes in ROWS:
            connection.execute(
                "insert into register_row (city_id, kind, row_id, code, name, area_id, asset_id, geom, attributes, row_sha256,"
                " import_id) values (1, 'retrofit_project', %s, %s, %s, %s, %s, case when %s then st_setsrid(st_point(125.3213,"
                " 43.8817), 4326) end, %s, '', 1)",
                (row_id, code, name, area, area, placed, orjson.dumps(attributes).decode()),
            )
    yield url
    drop_database(url)


@pytest.fixture(scope="module")
def program(projects_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over that town, in the seat of the administrator."""
    folder = tmp_path_factory.mktemp("projects")
    with serve(projects_url, folder) as address, httpx.Client(base_url=address, timeout=60) as client:
        seat = next(seat for seat in client.get("/seats").json() if seat["role"] == "administrator")
        client.post("/session", json={"seat_id": seat["seat_id"]}).raise_for_status()
        yield client


def asked(client: httpx.Client, path: str = "/rollout/projects", **query: object) -> dict[str, Any]:
    answer = client.get(path, params={"city": 1, **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def codes(found: dict[str, Any]) -> list[str]:
    return [item["code"] for item in found["items"]]


def test_the_largest_project_comes_first_and_pages_keep_the_total(program: httpx.Client) -> None:
    found = asked(program)
    assert (found["total"], codes(found)) == (3, ["XM2", "XM1", "XM3"])
    second = asked(program, limit=1, offset=1)
    assert (second["total"], codes(second)) == (3, ["XM1"])


def test_progress_and_money_are_those_of_the_row_and_nothing_is_made_of_what_is_not_given(program: httpx.Client) -> None:
    items = {item["code"]: item for item in asked(program)["items"]}
    west, east, nowhere = items["XM1"], items["XM2"], items["XM3"]
    assert (west["completion"], west["planned_cny"], west["paid_cny"], west["payment_rate"]) == (0.25, 1000, 500, 0.5)
    assert west["paid_local_cny"] is None
    assert east["completion"] == pytest.approx(1.1)
    assert (east["planned_cny"], east["payment_rate"]) == (None, None)
    assert (nowhere["completion"], nowhere["position"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"area": DISTRICT_WEST}, ["XM1"]),
        ({"stage": "验收"}, ["XM2"]),
        ({"kind": "热源清洁化"}, ["XM1", "XM3"]),
        ({"q": "节能"}, ["XM2"]),
        ({"q": "%"}, []),
        ({"technical_type": "燃气"}, []),
    ],
)
def test_a_filter_leaves_what_fits(program: httpx.Client, query: dict[str, object], expected: list[str]) -> None:
    found = asked(program, **query)
    assert (found["total"], codes(found)) == (len(expected), expected)


def test_points_are_the_projects_that_have_a_place(program: httpx.Client) -> None:
    features = asked(program, "/rollout/projects.geojson")["features"]
    assert [feature["id"] for feature in features] == [2, 1]
    assert features[1]["geometry"] == {"type": "Point", "coordinates": [125.3213, 43.8817]}
    assert features[1]["properties"]["stage"] == "施工"


def test_what_is_no_stage_is_refused_with_those_there_are(program: httpx.Client) -> None:
    answer = program.get("/rollout/projects", params={"city": 1, "stage": "开工"})
    assert answer.status_code == 422
    assert "前期" in answer.text


def test_a_scope_of_one_district_holds_its_projects_only_and_rounds_their_places(
    program: httpx.Client, projects_url: str
) -> None:
    async def ask(scope: Scope) -> tuple[int, list[Project]]:
        pool = await open_pool(projects_url, size=1)
        try:
            return await list_projects(pool, scope, 1, ProjectFilter(), limit=10, offset=0)
        finally:
            await pool.close()

    total, found = asyncio.run(ask(replace(EVERYTHING, areas=(DISTRICT_WEST,), precision_m=1000.0)))
    assert (total, [project.code for project in found]) == (1, ["XM1"])
    assert found[0].position_wgs84 != (125.3213, 43.8817)
    with pytest.raises(OutsideScope):
        asyncio.run(ask(replace(EVERYTHING, layers=("pipe",))))
