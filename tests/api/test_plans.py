"""Plans over HTTP: saved, started, ended, and what they clash with, on a town with a ring."""

from __future__ import annotations

import io

import httpx
import openpyxl
import pytest

from data.pool import connect
from tests.ring_town import BUILDINGS_OF, PIPE_OF, E, N, insert_ring

DAY = {"planned_from_at": "2031-05-10T08:00:00+08:00", "planned_to_at": "2031-05-10T16:00:00+08:00"}
NEXT_DAY = {"planned_from_at": "2031-05-11T08:00:00+08:00", "planned_to_at": "2031-05-11T16:00:00+08:00"}


@pytest.fixture
def ring(database_url: str, client: httpx.Client) -> httpx.Client:
    """Return a client of a server over the ring, asking as the demo seat (an administrator)."""
    insert_ring(database_url)
    return client


def send(client: httpx.Client, method: str, path: str, status: int, **body: object) -> dict:
    answer = client.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def plan(client: httpx.Client, title: str, close: list[int], *, open_: tuple[int, ...] = (), **more: object) -> dict:
    valves = [{"asset_id": v, "action": "close", "order": i + 1} for i, v in enumerate(close)]
    valves += [{"asset_id": v, "action": "open", "order": 50 + i} for i, v in enumerate(open_)]
    return send(client, "POST", "/plans", 201, **{"title": title, "crew": "二班", "valves": valves, **DAY, **more})


def states(client: httpx.Client) -> dict[int, str]:
    return {item["asset_id"]: item["state"] for item in client.get("/valves/off-normal").json()["items"]}


def test_a_plan_says_who_loses_heat_and_runs_and_is_finished(ring: httpx.Client) -> None:
    saved = plan(ring, "换热站检修", [12, 11], asset_ids=[PIPE_OF["11", "N"]])
    assert saved["state"] == "planned"
    assert saved["lost"] == {
        "buildings": 2,
        "heat_user_count": 11 + 12,
        "heated_area_m2": 3000.0,
        "heat_load_mw": pytest.approx(0.2),
    }
    assert saved["lost_now"] is None
    assert [(v["asset_id"], v["order"], v["action"]) for v in saved["valves"]] == [(12, 1, "close"), (11, 2, "close")]
    assert states(ring) == {}

    running = send(ring, "POST", f"/plans/{saved['plan_id']}/start", 200, note="已挂牌")
    assert running["state"] == "running"
    assert [v["state_before"] for v in running["valves"]] == ["open", "open"]
    # the valves are shut now, and yet the plan costs what it costs
    assert running["lost_now"]["buildings"] == 2
    assert running["lost_now"]["valve_version"] == running["valve_version"] + 1
    assert states(ring) == {11: "closed", 12: "closed"}
    lost = ring.get(f"/assets/{PIPE_OF['A', '11']}/impact").json()
    assert N not in lost["reach"]["asset_ids"]
    history = ring.get("/valves/11/history").json()
    assert history["total"] == 1
    assert history["items"][0]["note"] == f"检修计划 {saved['plan_id']} 开始: 已挂牌"

    done = send(ring, "POST", f"/plans/{saved['plan_id']}/finish", 200)
    assert (done["state"], done["left_as_is"], done["lost_now"]) == ("finished", [], None)
    assert states(ring) == {}
    assert [event["event"] for event in done["events"]] == ["saved", "started", "finished"]
    assert ring.get("/valves/11/history").json()["total"] == 2


def test_steps_in_the_wrong_order_are_refused(ring: httpx.Client) -> None:
    number = plan(ring, "a", [11])["plan_id"]
    assert "planned" in send(ring, "POST", f"/plans/{number}/finish", 409)["error"]["message"]
    send(ring, "POST", f"/plans/{number}/start", 200)
    for step in ("start",):
        assert "running" in send(ring, "POST", f"/plans/{number}/{step}", 409)["error"]["message"]
    assert "running" in send(ring, "PATCH", f"/plans/{number}", 409, title="b")["error"]["message"]
    assert send(ring, "POST", f"/plans/{number}/cancel", 200)["state"] == "cancelled"
    assert states(ring) == {}
    for step in ("start", "finish", "cancel"):
        assert "cancelled" in send(ring, "POST", f"/plans/{number}/{step}", 409)["error"]["message"]
    send(ring, "POST", "/plans/99/start", 404)


def test_what_is_named_must_exist_and_fit(ring: httpx.Client) -> None:
    body = {"title": "a", "asset_ids": [], **DAY}
    bad = {"valves": [{"asset_id": 401, "action": "close"}]}
    assert "that is a pipe" in send(ring, "POST", "/plans", 404, **body, **bad)["error"]["message"]
    assert "999" in send(ring, "POST", "/plans", 404, **{**body, "asset_ids": [999]})["error"]["message"]
    assert "hot-water" in send(ring, "POST", "/plans", 422, **{**body, "asset_ids": [301]})["error"]["message"]
    twice = {"valves": [{"asset_id": 11, "action": "close"}, {"asset_id": 11, "action": "open"}]}
    assert "2 times" in send(ring, "POST", "/plans", 409, **body, **twice)["error"]["message"]
    send(ring, "POST", "/plans", 422, **body)
    turned = {"planned_from_at": DAY["planned_to_at"], "planned_to_at": DAY["planned_from_at"], "asset_ids": [401]}
    assert "must lie after" in send(ring, "POST", "/plans", 422, **{**body, **turned})["error"]["message"]


def test_two_plans_that_harm_nobody_alone_cut_the_ring_together(ring: httpx.Client) -> None:
    north = plan(ring, "北", [11])
    south = plan(ring, "南", [21])
    later = plan(ring, "次日", [21], **NEXT_DAY)
    assert (north["lost"]["buildings"], south["lost"]["buildings"]) == (0, 0)
    assert north["conflicts"] == []
    (conflict,) = south["conflicts"]
    assert (conflict["plan_id"], conflict["title"]) == (north["plan_id"], "北")
    assert (conflict["joint"]["buildings"], conflict["apart"]["buildings"], conflict["only_together"]["buildings"]) == (4, 0, 4)
    assert (conflict["shared_valve_ids"], conflict["opposed_valve_ids"]) == ([], [])
    assert later["conflicts"] == []
    # a running plan is judged against the town without it
    send(ring, "POST", f"/plans/{north['plan_id']}/start", 200)
    seen = ring.get(f"/plans/{south['plan_id']}").json()
    assert seen["lost"]["buildings"] == 0
    assert seen["lost_now"]["buildings"] == 4
    # it runs now, years before its planned time, and is not over
    assert [(c["state"], c["joint"]["buildings"], c["apart"]["buildings"]) for c in seen["conflicts"]] == [("running", 4, 0)]
    listed = ring.get("/plans", params={"state": "planned"}).json()
    assert [item["title"] for item in listed["items"]] == ["南", "次日"]
    to = {"to": "2031-05-10T23:00:00Z"}
    assert [item["title"] for item in ring.get("/plans", params=to).json()["items"]] == ["北", "南"]


def test_an_opened_valve_counts_as_what_it_gives_back(ring: httpx.Client) -> None:
    send(ring, "POST", "/valves/22/state", 200, state="closed")
    assert plan(ring, "关12", [12])["lost"]["buildings"] == len(BUILDINGS_OF[E])
    assert plan(ring, "关12开22", [12], open_=(22,))["lost"]["buildings"] == 0


def test_a_valve_that_another_plan_holds_stays_until_that_ends(ring: httpx.Client) -> None:
    first = plan(ring, "先", [11, 12])["plan_id"]
    second = plan(ring, "后", [12, 22])
    assert second["conflicts"][0]["shared_valve_ids"] == [12]
    for number in (first, second["plan_id"]):
        send(ring, "POST", f"/plans/{number}/start", 200)
    done = send(ring, "POST", f"/plans/{first}/finish", 200)
    assert [left["asset_id"] for left in done["left_as_is"]] == [12]
    assert f"plan {second['plan_id']} runs" in done["left_as_is"][0]["message"]
    assert states(ring) == {12: "closed", 22: "closed"}
    send(ring, "POST", f"/plans/{second['plan_id']}/finish", 200)
    assert states(ring) == {}


def test_a_plan_that_opens_what_a_running_one_closes_cannot_start(ring: httpx.Client) -> None:
    first = plan(ring, "关", [11])["plan_id"]
    other = plan(ring, "开", [21], open_=(11,))
    assert other["conflicts"][0]["opposed_valve_ids"] == [11]
    send(ring, "POST", f"/plans/{first}/start", 200)
    assert "holds valve 11 closed" in send(ring, "POST", f"/plans/{other['plan_id']}/start", 409)["error"]["message"]
    assert states(ring) == {11: "closed"}


def test_a_valve_operated_meanwhile_is_left_as_it_is(ring: httpx.Client) -> None:
    number = plan(ring, "关", [11, 12])["plan_id"]
    send(ring, "POST", f"/plans/{number}/start", 200)
    send(ring, "POST", "/valves/11/state", 200, state="unknown", note="阀杆断")
    done = send(ring, "POST", f"/plans/{number}/finish", 200)
    assert [left["asset_id"] for left in done["left_as_is"]] == [11]
    assert "is unknown, not closed any more" in done["left_as_is"][0]["message"]
    assert states(ring) == {11: "unknown"}


def test_a_change_computes_the_loss_anew_and_needs_the_version_read(ring: httpx.Client) -> None:
    saved = plan(ring, "a", [11])
    changed = send(ring, "PATCH", f"/plans/{saved['plan_id']}", 200, asset_ids=[PIPE_OF["21", "S"]], expected_version=1)
    assert (changed["version"], changed["title"], changed["lost"]["buildings"]) == (2, "a", 4)
    late = send(ring, "PATCH", f"/plans/{saved['plan_id']}", 409, title="b", expected_version=1)
    assert "version 2, not 1" in late["error"]["message"]
    send(ring, "PATCH", f"/plans/{saved['plan_id']}", 400, planned_to_at="2020-01-01T00:00:00Z")
    assert [event["event"] for event in changed["events"]] == ["saved", "changed"]


def test_customers_of_a_plan_as_tables(ring: httpx.Client) -> None:
    number = plan(ring, "换站", [11, 12], asset_ids=[N])["plan_id"]
    answer = ring.get(f"/plans/{number}/customers.csv")
    assert answer.status_code == 200, answer.text
    lines = answer.content.decode("utf-8-sig").splitlines()
    head = lines[0].split(",")
    rows = [dict(zip(head, row.split(","), strict=True)) for row in lines[1:]]
    assert [(row["楼栋"], row["单元"], row["门牌号"], row["联系电话"]) for row in rows] == [
        ("201号楼", "1", "101", "13800000001"),
        ("201号楼", "2", "202", "13800000002"),
        ("202号楼", "", "", ""),
    ]
    assert rows[0]["小区"] == "'=阳光小区"  # no spreadsheet program runs it
    assert rows[2]["用户数（户）"] == "12"
    assert answer.headers["x-export-rows"] == "3"
    book = openpyxl.load_workbook(io.BytesIO(ring.get(f"/plans/{number}/customers.xlsx").content))
    sheet = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert sheet[0] == head
    assert sheet[1][head.index("小区")] == "=阳光小区"
    assert len(sheet) == 4


def test_customers_of_any_set_are_masked_for_seats_that_may_not_read_persons(ring: httpx.Client, database_url: str) -> None:
    body = {"asset_ids": [201, 203, 401]}  # of a trace answer only the buildings count
    assert ring.post("/customers.csv", json=body).content.decode("utf-8-sig").count("\n") == 4
    seat = next(s["seat_id"] for s in ring.get("/seats").json() if s["role"] == "planner")
    ring.post("/session", json={"seat_id": seat}).raise_for_status()
    text = ring.post("/customers.csv", json=body).content.decode("utf-8-sig")
    assert text.count("***") >= 2
    assert "13800000001" not in text
    with connect(database_url) as connection:
        found = connection.execute("select count(*) from job where kind = 'export' and state = 'done'").fetchone()
    assert found == (2,)


def test_seats_plan_and_operate_as_their_roles_say(ring: httpx.Client) -> None:
    number = plan(ring, "a", [11])["plan_id"]
    seats = {s["role"]: s["seat_id"] for s in ring.get("/seats").json()}
    ring.post("/session", json={"seat_id": seats["planner"]}).raise_for_status()
    second = plan(ring, "b", [12])["plan_id"]
    send(ring, "POST", f"/plans/{number}/start", 403)
    ring.post("/session", json={"seat_id": seats["dispatcher"]}).raise_for_status()
    send(ring, "POST", f"/plans/{number}/start", 200)
    send(ring, "POST", f"/plans/{second}/cancel", 403)
    ring.post("/session", json={"seat_id": seats["planner"]}).raise_for_status()
    assert "switch valves" in send(ring, "POST", f"/plans/{number}/cancel", 403)["error"]["message"]
    send(ring, "POST", f"/plans/{second}/cancel", 200)
