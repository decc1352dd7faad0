"""Starting and ending plans when something is in the way: valves that cannot be operated, other planners, a broken connection."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from data.pool import connect
from tests.api.serving import wait_for
from tests.api.test_plans import plan, send, states
from tests.ring_town import insert_ring


@pytest.fixture
def ring(database_url: str, client: httpx.Client) -> httpx.Client:
    """Return a client of a server over the ring, asking as the demo seat (an administrator)."""
    insert_ring(database_url)
    return client


def stored(database_url: str) -> str:
    """Everything that a step of a plan writes."""
    tables = ("plan", "plan_valve", "plan_event", "valve_state", "valve_state_history")
    with connect(database_url) as connection:
        rows = [connection.execute(f"select to_jsonb(t) from {table} t order by 1").fetchall() for table in tables]
        version = connection.execute("select valve_version from city where city_id = 1").fetchone()
    return json.dumps([rows, version])


@pytest.mark.parametrize("operability", ["stuck", "no_access", "tagged_out"])
def test_a_valve_that_can_no_longer_be_operated_is_told_and_stops_the_start(
    ring: httpx.Client, database_url: str, operability: str
) -> None:
    saved = plan(ring, "换阀", [11, 12, 22])
    assert saved["obstacles"] == []
    send(ring, "POST", "/valves/12/state", 200, state="open", operability=operability, note="巡检")
    read = ring.get(f"/plans/{saved['plan_id']}").json()
    (obstacle,) = read["obstacles"]
    assert (obstacle["asset_id"], read["valves"][1]["operability"]) == (12, operability)
    assert "cannot be brought to closed" in obstacle["message"]
    assert ring.get("/plans").json()["items"][0]["obstacles"] == [obstacle]
    before = stored(database_url)
    refused = send(ring, "POST", f"/plans/{saved['plan_id']}/start", 409)["error"]["message"]
    assert obstacle["message"] in refused
    assert stored(database_url) == before
    send(ring, "POST", "/valves/12/state", 200, state="open", operability="usable")
    assert send(ring, "POST", f"/plans/{saved['plan_id']}/start", 200)["obstacles"] == []
    assert states(ring) == {11: "closed", 12: "closed", 22: "closed"}


def test_a_valve_that_stands_in_its_state_already_need_not_be_operated(ring: httpx.Client) -> None:
    number = plan(ring, "换阀", [11, 12])["plan_id"]
    send(ring, "POST", "/valves/12/state", 200, state="closed", operability="stuck")
    assert send(ring, "POST", f"/plans/{number}/start", 200)["obstacles"] == []


def test_a_valve_that_became_stuck_while_the_plan_ran_is_left_as_it_is(ring: httpx.Client) -> None:
    number = plan(ring, "换阀", [11, 12])["plan_id"]
    send(ring, "POST", f"/plans/{number}/start", 200)
    send(ring, "POST", "/valves/12/state", 200, state="closed", operability="stuck", note="阀杆断")
    assert [each["asset_id"] for each in ring.get(f"/plans/{number}").json()["obstacles"]] == [12]
    done = send(ring, "POST", f"/plans/{number}/finish", 200)
    assert [(each["asset_id"], "stuck" in each["message"]) for each in done["left_as_is"]] == [(12, True)]
    assert (states(ring), done["obstacles"]) == ({12: "closed"}, [])


def test_a_valve_that_was_retired_meanwhile_stops_the_start_and_nothing_is_written(ring: httpx.Client, database_url: str) -> None:
    number = plan(ring, "换阀", [11, 12])["plan_id"]
    with connect(database_url, autocommit=True) as connection:
        connection.execute("update asset set valid_to_at = now() where asset_id = 12")
    before = stored(database_url)
    assert "no valve 12" in send(ring, "POST", f"/plans/{number}/start", 404)["error"]["message"]
    assert stored(database_url) == before


def at_once(client: httpx.Client, paths: list[str]) -> list[int]:
    """Send all at the same time, each on a connection of its own."""

    def post(path: str) -> int:
        return httpx.post(client.base_url.join(path), json={}, timeout=60).status_code

    with ThreadPoolExecutor(len(paths)) as pool:
        return list(pool.map(post, paths))


def test_of_several_who_start_a_plan_at_once_one_does(ring: httpx.Client) -> None:
    number = plan(ring, "换阀", [11])["plan_id"]
    assert sorted(at_once(ring, [f"/plans/{number}/start"] * 5)) == [200, 409, 409, 409, 409]
    assert ring.get("/valves/11/history").json()["total"] == 1
    assert sorted(at_once(ring, [f"/plans/{number}/{step}" for step in ("finish", "cancel", "finish")])) == [200, 409, 409]
    assert states(ring) == {}


def test_of_two_plans_that_want_a_valve_differently_one_starts(ring: httpx.Client) -> None:
    send(ring, "POST", "/valves/22/state", 200, state="closed")
    numbers = [plan(ring, "关", [22])["plan_id"], plan(ring, "开", [], open_=(22,))["plan_id"]]
    assert sorted(at_once(ring, [f"/plans/{number}/start" for number in numbers])) == [200, 409]


def test_plans_that_share_valves_start_and_end_at_once_and_leave_the_town_as_it_was(ring: httpx.Client) -> None:
    numbers = [plan(ring, f"第{i}组", [11, 12, other])["plan_id"] for i, other in enumerate((21, 22, 31))]
    assert at_once(ring, [f"/plans/{number}/start" for number in numbers]) == [200] * 3
    assert states(ring) == dict.fromkeys((11, 12, 21, 22, 31), "closed")
    assert at_once(ring, [f"/plans/{number}/finish" for number in numbers]) == [200] * 3
    assert states(ring) == {}


def test_a_start_whose_connection_breaks_writes_nothing_and_can_be_repeated(ring: httpx.Client, database_url: str) -> None:
    number = plan(ring, "换阀", [11, 12])["plan_id"]
    before = stored(database_url)
    waiting = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as pool, connect(database_url) as holder, connect(database_url, autocommit=True) as killer:
        # somebody else operates: the start has the plans of the city, and waits for its valves
        holder.execute("select valve_version from city where city_id = 1 for update")
        answer = pool.submit(httpx.post, ring.base_url.join(f"/plans/{number}/start"), json={}, timeout=60)
        (pid,) = wait_for(lambda: killer.execute(waiting).fetchone(), what="the start to wait")
        killer.execute("select pg_terminate_backend(%s)", (pid,))
        assert answer.result().status_code == 503
        holder.rollback()
    assert stored(database_url) == before
    assert send(ring, "POST", f"/plans/{number}/start", 200)["state"] == "running"


def test_the_same_state_twice_says_so(ring: httpx.Client) -> None:
    first, second = (send(ring, "POST", "/valves/11/state", 200, state="closed") for _ in range(2))
    assert (first["changed"], second["changed"]) == (True, False)
    assert "was closed already" in second["message"]


def test_customers_of_thousands_of_buildings_are_written_as_they_come(ring: httpx.Client, database_url: str) -> None:
    """8,000 buildings with two users each, of which the file holds every one."""
    with connect(database_url, autocommit=True) as connection:
        connection.execute(_BUILDINGS)
        connection.execute(_USERS)
        connection.execute("analyze asset, register_row")
    ids = list(range(10_000, 18_000))
    answer = ring.post("/customers.csv", json={"asset_ids": ids})
    assert answer.status_code == 200
    assert answer.headers["x-export-rows"] == "16000"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.content.count(b"\r\n") == 16_001


_BUILDINGS = """
insert into asset (city_id, asset_id, version, kind, code, name, company_id, area_id, geom, attributes, row_sha256, import_id)
select city_id, n, version, kind, 'b' || n, name, company_id, area_id, geom, attributes, row_sha256, import_id
  from asset, generate_series(10000, 17999) n
 where asset_id = 203
"""
_USERS = """
insert into register_row (city_id, kind, row_id, code, name, asset_id, company_id, area_id, attributes, row_sha256, import_id)
select 1, 'heat_user', n, 'u' || n, '用户', 10000 + n % 8000, company_id, area_id, attributes, ''::bytea, 0
  from register_row, generate_series(100, 16099) n
 where row_id = 1
"""
