"""The alarm desk over HTTP: limits of single sources, records, figures, warnings and drills."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.api.live_helpers import S1, S2, TINY_CITY, frame, now_ms, post, substation_values
from tests.api.serving import serve, wait_for
from tests.cities import insert_city
from tests.conftest import create_database, drop_database

pytestmark = pytest.mark.in_order  # all is calm at first; what rings later takes a minute to end
LOW = "secondary_supply_temperature_low"
COLD = substation_values(secondary_supply_temperature_degc=20.0)


@pytest.fixture(scope="module")
def database(server_url: str) -> Iterator[str]:
    """Yield a database with a tiny city of this module's own."""
    url = create_database(server_url)
    insert_city(url, TINY_CITY)
    yield url
    drop_database(url)


@pytest.fixture(scope="module")
def client(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of one server over it."""
    with serve(database, tmp_path_factory.mktemp("desk")) as base, httpx.Client(base_url=base, timeout=30) as http:
        yield http


def sit(client: httpx.Client, role: str) -> None:
    """Take a seat of a role."""
    seat = next(seat for seat in client.get("/seats").json() if seat["role"] == role)
    client.post("/session", json={"seat_id": seat["seat_id"]}).raise_for_status()


def total(client: httpx.Client, rule: str, asset: int = S1) -> int:
    found: int = client.get("/alarms", params={"rule": rule, "asset": asset}).json()["total"]
    return found


def test_nothing_of_a_drill_is_counted_shown_or_told_as_real(client: httpx.Client, database: str) -> None:
    def real() -> tuple[Any, ...]:
        with psycopg.connect(database) as connection:
            log = connection.execute("select count(*) from alarm_transition").fetchone()
        kpis = client.get("/alarms/kpis").json()
        months = client.get("/warnings/statistics").json()
        alarms, warnings = (client.get(path).json()["total"] for path in ("/alarms?state=all", "/warnings?state=all"))
        state = client.get("/live/state?theme=open_alarms", headers={"Accept": "application/json"}).json()["items"]
        return log, kpis["raised"], kpis["rules"], months, alarms, warnings, state

    wait_for(lambda: not any(row[1] for row in real()[-1]), what="live state to show that all is calm")
    before = real()
    ends_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert client.post("/drills", json={"name": "x", "ends_at": "2999-01-01T00:00:00Z"}).status_code == 409
    drill = client.post("/drills", json={"name": "爆管演练", "ends_at": ends_at}).json()
    number = drill["drill_id"]
    assert client.post("/drills", json={"name": "二", "ends_at": ends_at}).status_code == 409
    body = {"asset_id": S1, "rule_code": "water_loss_substation"}
    alarm = client.post(f"/drills/{number}/alarms", json=body).json()["alarms"][0]
    assert (alarm["level"], alarm["asset_id"], alarm["acknowledged_at"]) == (1, S1, None)
    step = f"/drills/{number}/alarms/{alarm['drill_alarm_id']}"
    assert client.post(f"{step}/acknowledge").json()["alarms"][0]["acknowledged_by"]
    warning = {"name": "演练", "type": "03", "level": 1, "content": "x", "asset_id": S1, "drill_id": number}
    assert client.post("/warnings", json=warning).json()["drill_id"] == number
    assert client.get(f"/warnings?drill={number}").json()["total"] == 1
    assert client.post(f"{step}/clear").json()["alarms"][0]["cleared_at"]
    assert real() == before
    assert client.post(f"/drills/{number}/alarms", json=body | {"asset_id": 9999}).status_code == 404
    assert client.post(f"/drills/{number}/alarms", json=body | {"rule_code": "none"}).status_code == 404
    assert client.post("/drills/999/end").status_code == 404
    assert client.post(f"/drills/{number}/end").json()["running"] is False
    assert client.post(f"/drills/{number}/alarms", json=body).status_code == 409
    assert client.get("/drills?running=true").json()["items"] == []


def test_a_limit_of_one_source_counts_there_and_nowhere_else(client: httpx.Client) -> None:
    path, mild = f"/alarms/rules/{LOW}/limits", substation_values(secondary_supply_temperature_degc=38.0)
    body = {"source": "substation:S1", "limit": 40.0, "note": "long branch behind it"}
    assert client.put(path, json=body).json()["items"][0]["limit_value"] == 40.0
    post(client, frame("substation:S1", now_ms(), mild), frame("substation:S2", now_ms(), mild))
    alarm = client.get("/alarms", params={"rule": LOW}).json()["items"]
    assert [(each["asset_id"], each["limit_value"]) for each in alarm] == [(S1, 40.0)]
    assert client.put(path, json=body | {"limit": None, "note": "as before"}).json()["items"] == []
    post(client, frame("substation:S1", now_ms(), mild))
    wait_for(lambda: total(client, LOW) == 0, what="the rule's own limit to count again")
    for wrong, status in (({"source": "substation:none"}, 404), ({"place": 3}, 422), ({"source": "room_sensor:R1"}, 422)):
        assert client.put(path, json=body | wrong).status_code == status, wrong


def test_thresholds_of_a_measuring_device_ring_at_its_source_by_level(client: httpx.Client) -> None:
    point = {
        "facility_name": "S2 站",
        "street": "人民大街",
        "point_type": "压力", "point_code": "D1", "name": "二次供水", "asset_id": S2,
    }  # fmt: skip
    bsm = client.post("/measuring-points", json={"points": [point]}).json()["items"][0]["bsm"]
    device = {
        "point_bsm": bsm,
        "device_code": "P-1",
        "name": "压力变送器", "position": "二次供水管", "area": "朝阳区", "street": "人民大街",
        "installed_at": "2026-01-01T00:00:00Z", "sampling_frequency": "1min", "upload_frequency": "1min", "power_supply": "市电",
        "online_at": "2026-01-01T00:00:00Z", "state": "正常", "source": "substation:S2", "point": "secondary_supply_pressure_mpa",
        "device_type": "SBLX_0015", "item": "JCX_0015",
    }  # fmt: skip
    made = client.post("/measuring-devices", json={"devices": [device]})
    assert made.status_code == 200, made.text
    given = {"device_code": "P-1", "level_1": "", "level_2": ">0.7", "level_3": ">0.6"}
    answer = client.post("/measuring-thresholds", json={"thresholds": [given]})
    assert answer.status_code == 200, answer.text
    rules = {rule["code"]: rule for rule in client.get("/alarms/rules").json()["items"] if rule["by_device"]}
    assert sorted(rules) == [f"device_substation_secondary_supply_pressure_mpa_high_{level}" for level in (2, 3)]
    high = substation_values(secondary_supply_pressure_mpa=0.65)
    post(client, frame("substation:S1", now_ms(), high), frame("substation:S2", now_ms(), high))
    third, second = sorted(rules, reverse=True)
    wait_for(lambda: total(client, third, S2) == 1, what="the threshold of level 3")
    assert (total(client, second, S2), total(client, third, S1)) == (0, 0)
    higher = substation_values(secondary_supply_pressure_mpa=0.9)
    post(client, frame("substation:S2", now_ms(), higher))
    wait_for(lambda: total(client, second, S2) == 1, what="the threshold of level 2")

    def record() -> Any:
        items = client.get("/alarms/records", params={"asset": S2, "open": True}).json()["items"]
        found = next(each for each in items if each["alarm_code"] == third)
        return found if found["highest_value"] > found["first_value"] else None

    found = wait_for(record, what="the highest value to be written down")
    assert (found["device"], found["part"], found["item"], found["type"]) == ("P-1", "二次供水管", "JCX_0015", 0)
    assert (found["first_level"], found["highest_level"], found["ended_at"]) == (3, 2, None)
    assert (found["first_value"], found["highest_value"]) == (pytest.approx(0.65), pytest.approx(0.9))
    assert (found["exchange"]["BJDM"], found["exchange"]["ZGBJZ"]) == (third, pytest.approx(0.9))
    client.post(
        "/measuring-thresholds", json={"thresholds": [{"device_code": "P-1", "level_1": "", "level_2": "", "level_3": ""}]}
    )


def test_figures_grade_the_load_and_stand_in_the_metrics(client: httpx.Client) -> None:
    post(client, frame("substation:S1", now_ms(), COLD))
    kpis = client.get("/alarms/kpis").json()
    assert kpis["grade"] == "good"
    assert kpis["level_1"] + kpis["level_2"] + kpis["level_3"] == kpis["raised"] >= 1
    assert kpis["windows"][0]["raised"] == kpis["most_in_10_min"]
    wait_for(lambda: "heat_twin_alarms_raised_day{" in client.get("/metrics").text, what="figures in the metrics")
    for by in ("month", "day", "level", "kind", "area", "company", "rule"):
        items = client.get("/alarms/totals", params={"by": by}).json()["items"]
        assert sum(each["raised"] for each in items) == client.get("/alarms", params={"state": "all"}).json()["total"], by
    assert client.get("/alarms/totals", params={"by": "company"}).json()["items"][0]["name"].startswith("company C")
    post(client, frame("substation:S1", now_ms()))


def test_a_warning_is_issued_handled_and_lifted_by_persons_and_counted_by_month(client: httpx.Client) -> None:
    body = {"name": "疑似泄漏", "type": "04", "level": 2, "content": "补水量升高", "asset_id": S1, "model": "alarm"}
    made = client.post("/warnings", json=body)
    assert made.status_code == 200, made.text
    warning = made.json()
    assert (warning["state"], warning["type_zh"], warning["address"]) == ("01", "泄漏", "substation S1")
    assert warning["position"] == pytest.approx([125.323, 43.88])
    number = warning["warning_id"]
    placed = client.post("/warnings", json=body | {"asset_id": None, "address": "substation S2 门口", "level": 1}).json()
    assert placed["asset_id"] == S2
    for query, expected in (
        ("", [placed["warning_id"], number]), ("kind=substation", [placed["warning_id"], number]), ("kind=plant", []),
        ("type=03", []), ("model=alarm&level=2", [number]), ("model=leak", []),
    ):  # fmt: skip
        assert [each["warning_id"] for each in client.get(f"/warnings?{query}").json()["items"]] == expected, query
    assert client.post(f"/warnings/{number}/handle", json={"note": "抢修队出发"}).json()["state"] == "02"
    assert client.post(f"/warnings/{number}/handle", json={"note": "again"}).status_code == 422
    lifted = client.post(f"/warnings/{number}/lift", json={"note": "修好了"}).json()
    assert (lifted["state"], lifted["lifted_by"] != "") == ("03", True)
    assert client.post(f"/warnings/{number}/lift", json={"note": "again"}).status_code == 422
    log = client.get(f"/warnings/{number}/events").json()["items"]
    assert [(line["event"], line["note"]) for line in log] == [("issued", ""), ("handling", "抢修队出发"), ("lifted", "修好了")]
    months = client.get("/warnings/statistics").json()["items"]
    assert [(each["type"], each["level"], each["issued"], each["lifted"]) for each in months] == [
        ("04", 1, 1, 0),
        ("04", 2, 1, 1),
    ]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"type": "13"}, 422),
        ({"level": 5}, 422),
        ({"asset_id": 9999}, 404),
        ({"asset_id": None}, 422),
        ({"model": "oracle"}, 422),
        ({"asset_id": None, "address": "nowhere"}, 422),
        ({"name": "名" * 60}, 422),
        ({"drill_id": 77}, 404),
        ({"position": [200, 0]}, 400),
    ],
)
def test_a_warning_that_says_too_little_or_wrong_is_refused(client: httpx.Client, wrong: dict[str, Any], status: int) -> None:
    body = {"name": "泄漏", "type": "04", "level": 2, "content": "x", "asset_id": S1}
    assert client.post("/warnings", json=body | wrong).status_code == status


def test_a_drill_ends_by_itself(client: httpx.Client) -> None:
    ends_at = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    client.post("/drills", json={"name": "短", "ends_at": ends_at}).raise_for_status()
    wait_for(lambda: client.get("/drills?running=true").json()["items"] == [], what="the drill to end", limit_s=20)


def test_a_seat_without_the_right_neither_warns_nor_drills(client: httpx.Client) -> None:
    sit(client, "viewer")
    try:
        body = {"name": "泄漏", "type": "04", "level": 2, "content": "x", "asset_id": S1}
        assert client.post("/warnings", json=body).status_code == 403
        assert client.post("/drills", json={"name": "x", "ends_at": "2999-01-01T00:00:00Z"}).status_code == 403
        assert client.get("/drills").status_code == client.get("/warnings").status_code == 200
    finally:
        sit(client, "administrator")
