"""Alarms over HTTP: what persons do with one, rules as data, the clock, figures, the stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.live_helpers import S1, S2, TINY_CITY, frame, now_ms, post, substation_values
from tests.api.serving import serve, wait_for
from tests.cities import insert_city
from tests.conftest import create_database, drop_database

LOW = "secondary_supply_temperature_low"
COLD = substation_values(secondary_supply_temperature_degc=20.0)


@pytest.fixture(scope="module")
def client(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of one server over a tiny city, for all tests of this module."""
    url = create_database(server_url)
    insert_city(url, TINY_CITY)
    with serve(url, tmp_path_factory.mktemp("alarms")) as base, httpx.Client(base_url=base, timeout=30) as http:
        yield http
    drop_database(url)


def ring(client: httpx.Client, source: str = "substation:S1") -> dict[str, Any]:
    """Let a substation go cold and return its new alarm."""
    assert post(client, frame(source, now_ms(), COLD)) == ["accepted"]
    found: list[dict[str, Any]] = client.get("/alarms", params={"rule": LOW, "asset": {"S1": S1, "S2": S2}[source[-2:]]}).json()[
        "items"
    ]
    assert len(found) == 1
    return found[0]


def calm(client: httpx.Client, source: str = "substation:S1") -> None:
    """Let it be warm again."""
    assert post(client, frame(source, now_ms())) == ["accepted"]


def act(client: httpx.Client, alarm: dict[str, Any], action: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/alarms/{alarm['alarm_id']}/{action}", json=body)
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


def status_of(client: httpx.Client, asset_id: int) -> int:
    rows = client.get("/live/state", params={"theme": "status"}, headers={"Accept": "application/json"}).json()["items"]
    found: int = next(row[2] for row in rows if row[0] == asset_id)
    return found


def test_an_alarm_is_acknowledged_confirmed_and_judged_and_its_log_names_who_did_what(client: httpx.Client) -> None:
    alarm = ring(client)
    early = client.post(f"/alarms/{alarm['alarm_id']}/confirm")
    assert (early.status_code, early.json()["error"]["kind"]) == (409, "BadAlarmAction")
    assert act(client, alarm, "acknowledge", note="on our way")["acknowledged"] is True
    assert act(client, alarm, "confirm")["confirmed"] is True
    act(client, alarm, "comment", note="valve was stuck")
    assert act(client, alarm, "verdict", false_alarm=False, note="it was cold")["false_alarm"] is False
    calm(client)
    log = client.get(f"/alarms/{alarm['alarm_id']}/transitions").json()["items"]
    words = ["raised", "acknowledged", "confirmed", "commented", "judged_true", "cleared"]
    assert [line["transition"] for line in log] == words
    assert log[0]["seat"] == log[-1]["seat"] == "rules"
    assert all(line["seat"] not in {"", "rules"} for line in log[1:-1])
    assert [line["note"] for line in log[1:5]] == ["on our way", "", "valve was stuck", "it was cold"]


def test_a_shelved_alarm_stays_quiet_when_it_comes_again_and_rings_after_its_end(client: httpx.Client) -> None:
    alarm = ring(client)
    wait_for(lambda: status_of(client, S1) == 7, what="the alarm on the map")
    until = datetime.now(UTC) + timedelta(seconds=4)
    assert act(client, alarm, "shelve", note="repair", until=until.isoformat())["shelved_until"] is not None
    wait_for(lambda: status_of(client, S1) == 1, what="the shelved alarm to leave the map")
    assert [each["alarm_id"] for each in client.get("/alarms", params={"state": "shelved"}).json()["items"]] == [
        alarm["alarm_id"]
    ]
    calm(client)
    again = ring(client)
    assert again["alarm_id"] != alarm["alarm_id"]
    assert again["shelved_until"] is not None
    wait_for(lambda: status_of(client, S1) == 7, what="the alarm to ring after its shelf")
    log = client.get(f"/alarms/{again['alarm_id']}/transitions").json()["items"]
    assert [(line["transition"], line["seat"]) for line in log] == [("raised", "rules"), ("unshelved", "rules")]
    calm(client)


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("shelve", {"note": "x", "until": "2001-01-01T00:00:00Z"}, 409),
        ("shelve", {"note": "x", "until": "2999-01-01T00:00:00Z"}, 409),
        ("shelve", {"note": "x", "until": "2999-01-01T00:00:00"}, 422),
        ("shelve", {"until": "2999-01-01T00:00:00Z"}, 422),
        ("comment", {"note": "  "}, 409),
        ("verdict", {"note": "x"}, 422),
        ("out-of-service", {}, 422),
    ],
)
def test_an_action_without_its_reason_or_end_is_refused(
    client: httpx.Client, action: str, body: dict[str, Any], status: int
) -> None:
    alarm = ring(client, "substation:S2")
    assert client.post(f"/alarms/{alarm['alarm_id']}/{action}", json=body).status_code == status
    assert (
        client.post(
            f"/alarms/999999/{action}", json={"note": "x", "until": "2001-01-01T00:00:00Z", "false_alarm": True}
        ).status_code
        == 404
    )


def test_an_alarm_out_of_service_leaves_the_map_until_it_returns(client: httpx.Client) -> None:
    alarm = ring(client, "substation:S2")
    act(client, alarm, "out-of-service", note="sensor is being changed")
    wait_for(lambda: status_of(client, S2) == 1, what="the alarm to leave the map")
    assert act(client, alarm, "return-to-service")["out_of_service"] is False
    wait_for(lambda: status_of(client, S2) == 7, what="the alarm to come back")
    calm(client, "substation:S2")


def edit(client: httpx.Client, code: str, **changes: Any) -> httpx.Response:
    rule = client.get(f"/alarms/rules/{LOW}").json()["rule"]
    known = ("name_zh", "name_en", "schema_code", "point", "above", "below", "deadband", "level")
    return client.put(f"/alarms/rules/{code}", json={name: rule[name] for name in known} | {"note": "why"} | changes)


def test_a_rule_with_a_delay_opens_on_the_clock_and_a_rule_that_is_switched_off_closes_its_alarms(client: httpx.Client) -> None:
    made = edit(client, "return_hot", point="primary_return_temperature_degc", above=40.0, below=None, on_delay_s=1.0, level=3)
    assert made.status_code == 200, made.text
    calm(client)
    assert client.get("/alarms", params={"rule": "return_hot"}).json()["items"] == []
    wait_for(lambda: client.get("/alarms", params={"rule": "return_hot", "asset": S1}).json()["total"] == 1, what="the delay")
    assert edit(client, "return_hot", enabled=False).json()["version"] == 2
    assert client.get("/alarms", params={"rule": "return_hot"}).json()["items"] == []
    versions = client.get("/alarms/rules/return_hot").json()["versions"]
    assert [(each["version"], each["rule"]["enabled"], each["note"]) for each in versions] == [
        (2, False, "why"),
        (1, True, "why"),
    ]


def test_water_loss_needs_both_make_up_up_and_pressure_down(client: httpx.Client) -> None:
    rules = {rule["code"]: rule for rule in client.get("/alarms/rules").json()["items"]}
    loss = rules["water_loss_substation"]
    assert (loss["unit"], loss["also"][0]["point"]) == ("m3/h", "constant_pressure_point_pressure_mpa")
    names = ("name_zh", "name_en", "schema_code", "point", "above", "below", "deadband", "per_h", "level")
    given = {name: loss[name] for name in names}
    also = [{"point": "secondary_return_pressure_mpa", "below": 0.2, "deadband": 0.05}]
    quick = {"also": also, "note": "its pressure is that of the return", "on_delay_s": 0}
    assert client.put("/alarms/rules/water_loss_substation", json=given | quick).status_code == 200

    def report(m3: float, mpa: float) -> None:
        values = substation_values(makeup_volume_total_m3=m3, secondary_return_pressure_mpa=mpa)
        assert post(client, frame("substation:S2", now_ms(), values)) == ["accepted"]

    def lost() -> int:
        total: int = client.get("/alarms", params={"rule": "water_loss_substation"}).json()["total"]
        return total

    report(100.0, 0.3)
    report(900.0, 0.1)
    wait_for(lambda: lost() == 1, what="water loss to be seen")
    report(1900.0, 0.3)
    wait_for(lambda: lost() == 0, what="water loss to be over")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"point": "no_such_point"}, "do not hold"),
        ({"schema_code": "no_such_schema"}, "no such schema"),
        ({"deadband": 80.0}, "never clears"),
        ({"deadband": -1.0}, "not negative"),
        ({"on_delay_s": -1.0}, "on_delay_s -1"),
        ({"level": 0}, "level is 0"),
        ({"level": 4}, "level is 4"),
        ({"above": 1.0}, "exactly one"),
        ({"season": "13-01/03-01"}, "season"),
        ({"per_h": True}, "not a register"),
        ({"also": [{"point": "nowhere", "above": 1.0}]}, "nowhere"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_and_says_why(client: httpx.Client, wrong: dict[str, Any], says: str) -> None:
    answer = edit(client, LOW, **wrong)
    assert answer.status_code == 422
    assert says in answer.json()["error"]["message"]
    assert client.get(f"/alarms/rules/{LOW}").json()["rule"]["version"] == 1


def test_the_list_is_filtered_and_paged(client: httpx.Client) -> None:
    ring(client, "substation:S1")
    ring(client, "substation:S2")
    page = client.get("/alarms", params={"rule": LOW, "limit": 1, "offset": 1}).json()
    assert (len(page["items"]), page["total"]) == (1, 2)
    filters: list[tuple[str, int]] = [
        ("company=1", 1),
        ("level=1", 2),
        ("level=2", 0),
        ("kind=substation", 2),
        ("kind=plant", 0),
        (f"asset={S1}", 1),
        (f"state=unacknowledged&asset={S2}&company=1", 0),
    ]
    for wanted, total in filters:
        assert client.get(f"/alarms?rule={LOW}&{wanted}").json()["total"] == total, wanted
    calm(client, "substation:S1")
    calm(client, "substation:S2")


def test_figures_count_what_was_raised_judged_and_chattered(client: httpx.Client) -> None:
    before = client.get("/alarms/kpis").json()
    for _ in range(3):
        alarm = ring(client)
        calm(client)
    act(client, alarm, "verdict", false_alarm=True, note="sensor")
    act(client, alarm, "acknowledge")
    after = client.get("/alarms/kpis", params={"operators": 2}).json()
    assert after["raised"] == before["raised"] + 3
    assert after["per_operator_10_min"] == pytest.approx(after["raised"] / 2 / 144, rel=1e-3)
    assert after["chattering"] >= 1
    assert after["acknowledge_p50_s"] >= 0
    mine = next(rule for rule in after["rules"] if rule["rule_code"] == LOW)
    assert mine["false_rate"] == mine["false_alarms"] / mine["judged"] > 0
    assert client.get(f"/alarms?state=all&asset={S1}&rule={LOW}").json()["items"][0]["chattering"] is True
    assert (
        client.get("/alarms/kpis", params={"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}).status_code == 400
    )


def test_the_stream_tells_what_happens_and_goes_on_after_the_last_event_that_came(client: httpx.Client) -> None:
    alarm = ring(client)
    log = client.get(f"/alarms/{alarm['alarm_id']}/transitions").json()["items"]
    seen: list[dict[str, Any]] = []
    with client.stream("GET", "/alarms/stream", headers={"Last-Event-ID": str(log[0]["transition_id"] - 1)}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line[6:]))
                if len(seen) == 1:
                    httpx.post(f"{client.base_url}/alarms/{alarm['alarm_id']}/acknowledge", json={"note": "seen"})
                else:
                    break
    assert [(each["transition"], each["alarm_id"], each["rule_code"]) for each in seen] == [
        ("raised", alarm["alarm_id"], LOW),
        ("acknowledged", alarm["alarm_id"], LOW),
    ]
    calm(client)
