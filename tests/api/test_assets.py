"""Assets and valve states over HTTP, on a small town drawn by hand; questions to the network: test_traces.py."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from api.networks import NetworkStore
from data.pool import connect, open_pool
from data.valves import set_valve_state
from tests.handmade_town import COMPANY_A, DISTRICT_WEST, SUBSTATION, TOWN, insert_town, line, pipe
from twin.scope import Scope

# in the town that tiles draw, the return pipe passes the valve a metre away; here both sides meet there and are shut by it
ROWS = tuple(
    pipe(21, line((-1200, 900), (-700, 450), (-300, 0)), pair_id=20, side="return", company_id=COMPANY_A, area_id=DISTRICT_WEST)
    if row.asset_id == 21
    else row
    for row in TOWN
)


@pytest.fixture
def town(database_url: str, client: httpx.Client) -> httpx.Client:
    """Return a client of a server over the town, asking as the demo seat."""
    insert_town(database_url, ROWS)
    return client


def get(client: httpx.Client, path: str, **query: object) -> dict:
    answer = client.get(path, params={"city": 1, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_list_filters_and_pages(town: httpx.Client) -> None:
    pipes = get(town, "/assets", kind="pipe", limit=2, offset=1)
    assert pipes["total"] == 8
    assert [item["asset_id"] for item in pipes["items"]] == [21, 22]
    assert get(town, "/assets", q="一号")["items"][0]["asset_id"] == SUBSTATION
    assert get(town, "/assets", code="valve-11")["total"] == 1
    assert get(town, "/assets", kind="pipe", offset=100)["total"] == 8
    position = get(town, "/assets", kind="substation")["items"][0]["position"]
    near = ",".join(str(value) for value in (position[0] - 1e-5, position[1] - 1e-5, position[0] + 1e-5, position[1] + 1e-5))
    assert {item["asset_id"] for item in get(town, "/assets", bbox=near)["items"]} >= {SUBSTATION, 22, 23}
    assert get(town, "/assets", bbox="1,1,2,2")["total"] == 0


def test_a_search_takes_its_signs_literally(town: httpx.Client) -> None:
    assert get(town, "/assets", q="%")["total"] == 0
    assert {item["asset_id"] for item in get(town, "/assets", q="_")["items"]} == {
        12,
        14,
    }


@pytest.mark.parametrize("bbox", ["1,2", "a,b,c,d", "2,1,1,2", "nan,0,1,1", "0,0,181,1"])
def test_a_bad_bbox_is_named(town: httpx.Client, bbox: str) -> None:
    answer = town.get("/assets", params={"city": 1, "bbox": bbox})
    assert answer.status_code == 400
    assert bbox in answer.json()["error"]["message"]


def test_detail_carries_labels_owner_and_geometry(town: httpx.Client) -> None:
    detail = get(town, "/assets/20")
    assert (detail["kind"], detail["kind_zh"]) == ("pipe", "管线")
    assert detail["company"]["name"] == "甲热力"
    assert detail["area"] == {"asset_id": DISTRICT_WEST, "name": "西区"}
    assert detail["geometry"]["type"] == "LineString"
    level = next(item for item in detail["attributes"] if item["name"] == "network_level")
    assert level == {
        "name": "network_level",
        "label_zh": "管网级别",
        "value": "primary",
        "unit": "",
        "meaning": "一次网 primary network",
    }
    assert detail["status"] == 0


def test_as_of_shows_the_version_valid_then(town: httpx.Client, database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("update asset set valid_from_at = '2026-01-01Z', valid_to_at = '2026-02-01Z' where asset_id = 20")
        connection.execute(
            "insert into asset select city_id, asset_id, 2, kind, code, '新管', source_key, company_id, area_id, pair_id, geom,"
            " attributes, row_sha256, '2026-02-01Z', null, import_id from asset where asset_id = 20"
        )
    assert get(town, "/assets/20")["name"] == "新管"
    assert get(town, "/assets/20", as_of="2026-01-15T00:00:00Z")["version"] == 1
    assert get(town, "/assets/20", as_of="2026-02-01T08:00:00+08:00")["version"] == 2
    before = town.get("/assets/20", params={"city": 1, "as_of": "2025-01-01T00:00:00Z"})
    assert before.status_code == 404


def test_a_closed_valve_counts_in_the_next_answer(town: httpx.Client, database_url: str) -> None:
    before = get(town, "/assets/20/impact")
    assert SUBSTATION in before["lost"]["asset_ids"]
    written = town.post("/valves/11/state", params={"city": 1}, json={"state": "closed", "origin": "reported", "note": "抢修"})
    assert written.status_code == 200, written.text
    assert written.json()["valve_version"] == before["valve_version"] + 1
    after = get(town, "/assets/20/impact")
    assert after["valve_version"] == before["valve_version"] + 1
    assert SUBSTATION not in after["reach"]["asset_ids"]
    with connect(database_url) as connection:
        row = connection.execute("select state, origin, seat, note from valve_state where asset_id = 11").fetchone()
    assert row == ("closed", "reported", written.json()["seat"], "抢修")
    assert "part_not_fed" in get(town, "/network/findings")["counts"]


def test_only_valves_have_states(town: httpx.Client) -> None:
    answer = town.post("/valves/20/state", params={"city": 1}, json={"state": "closed"})
    assert answer.status_code == 404
    assert town.post("/valves/11/state", params={"city": 1}, json={"state": "ajar"}).status_code == 422


def test_a_new_import_is_seen_without_a_restart(town: httpx.Client, database_url: str) -> None:
    assert SUBSTATION in get(town, "/assets/20/impact")["lost"]["asset_ids"]
    with connect(database_url) as connection:
        connection.execute("delete from asset where asset_id in (22, 23)")
        connection.execute("update city set network_version = network_version + 1")
    assert SUBSTATION not in get(town, "/assets/20/impact")["reach"]["asset_ids"]


def test_waiting_requests_share_one_build_and_a_valve_only_refreshes(database_url: str) -> None:
    insert_town(database_url, ROWS)

    async def run() -> None:
        pool = await open_pool(database_url)
        try:
            store = NetworkStore(database_url, pool)
            first, *others = await asyncio.gather(*(store.get(1) for _ in range(5)))
            assert all(other is first for other in others)
            assert await store.get(1) is first
            await set_valve_state(pool, Scope(), 1, 11, state="closed", origin="measured", seat="test")
            later = await store.get(1)
            assert later is not first
            assert later.assets is first.assets
            assert (later.valve_version, first.valve_version) == (1, 0)
        finally:
            await pool.close()

    asyncio.run(run())
