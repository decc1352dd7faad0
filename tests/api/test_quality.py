"""Data quality over HTTP: flags, scores with reasons, rules written and tried, the live theme; each as the seat may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.live_helpers import R1, S1, S2, TINY_CITY, frame, now_ms, post, substation_values, watch
from tests.api.serving import serve, wait_for
from tests.cities import insert_city
from twin.quality_rules.shipped import SHIPPED_RULES

SUPPLY = "primary_supply_temperature_degc"
HOT_ROOM = {
    "code": "room_too_warm",
    "kind": "boundary",
    "name_zh": "室温过高",
    "severity": 3,
    "schemas": ["room_sensor"],
    "points": ["room_temperature_degc"],
    "parameters": {"high": 30},
}


@pytest.fixture(scope="module")
def judged(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str]]:
    """Yield a client of a server whose first station sends nonsense, its second none, and a warm room."""
    from tests.conftest import create_database, drop_database  # noqa: PLC0415 - the fixture's own database

    database_url = create_database(server_url)
    insert_city(database_url, TINY_CITY)
    now = now_ms()
    wrong = substation_values(**{SUPPLY: -9999.0, "primary_heat_power_mw": 9.0})
    with (
        serve(database_url, tmp_path_factory.mktemp("quality"), quality_check_minutes=0) as url,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        wait_for(lambda: client.get("/quality/scores").json()["items"] == [], what="the first look")
        frames = [frame("substation:S1", now - 60_000), frame("substation:S1", now - 30_000, wrong), frame("substation:S2", now)]
        assert post(client, *frames, frame("room_sensor:R1", now, [33.5, 40.0, 80.0])) == ["accepted"] * 4
        wait_for(lambda: client.get("/quality/scores").json()["total"]["checked"] >= 14 + 14 + 3, what="the frames to be judged")
        yield client, url
    drop_database(database_url)


def _flags(client: httpx.Client, asset: int) -> dict[tuple[str, str], dict[str, Any]]:
    answer = client.get("/quality/flags", params={"asset": asset})
    assert answer.status_code == 200, answer.text
    return {(item["rule"], item["point"]): item for item in answer.json()["flags"]}


def test_an_assets_flags_say_which_rule_and_why(judged: tuple[httpx.Client, str]) -> None:
    client, _ = judged
    flags = _flags(client, S1)
    sentinel = flags["sentinel_numbers", SUPPLY]
    assert (sentinel["value"], sentinel["flag"]) == (-9999.0, 4)
    assert sentinel["why_en"] == "-9999 stands for no value"
    assert ("range", SUPPLY) in flags  # every rule that flags it, not only the first
    assert ("supply_above_return_primary", SUPPLY) in flags
    assert _flags(client, S2) == {}
    assert client.get("/quality/flags", params={"asset": S2}).json()["score"] == 100


def test_scores_of_companies_name_what_each_rule_costs(judged: tuple[httpx.Client, str]) -> None:
    client, _ = judged
    answer = client.get("/quality/scores").json()
    rows = {row["key"]: row for row in answer["items"]}
    assert rows[2]["score"] == 100
    first = rows[1]
    assert first["score"] < 100
    assert sum(reason["points"] for reason in first["reasons"]) == pytest.approx(100 - first["score"], abs=0.01)
    assert "sentinel_numbers" in {reason["rule"] for reason in first["reasons"]}
    assert answer["items"][0] == first  # the lowest first
    for by in ("kind", "day"):
        other = client.get("/quality/scores", params={"by": by}).json()
        assert sum(row["checked"] for row in other["items"]) == answer["total"]["checked"]


def test_rules_tell_what_they_flag_now_and_where(judged: tuple[httpx.Client, str]) -> None:
    client, _ = judged
    rules = {rule["code"]: rule for rule in client.get("/quality/rules").json()["rules"]}
    assert {rule.code for rule in SHIPPED_RULES} <= set(rules)
    assert (rules["sentinel_numbers"]["sources"], rules["sentinel_numbers"]["values"]) == (1, 1)
    listed = client.get("/quality/assets", params={"rule": "sentinel_numbers"}).json()
    assert [item["asset_id"] for item in listed["items"]] == [S1]
    assert client.get("/quality/assets", params={"kind": "weather_station"}).json() == {"total": 0, "items": []}


def test_history_is_marked_where_the_rules_flag_it(judged: tuple[httpx.Client, str]) -> None:
    client, _ = judged
    marks = client.get("/quality/marks", params={"asset": S1}).json()["marks"]
    assert len({mark["observed_at"] for mark in marks}) == 1
    assert ("sentinel_numbers", SUPPLY, -9999.0) in {(mark["rule"], mark["point"], mark["value"]) for mark in marks}


def test_the_live_theme_shows_the_score(judged: tuple[httpx.Client, str]) -> None:
    _, url = judged
    with watch(url, "city=1&theme=quality_score") as viewer:
        viewer.until(lambda state: S1 in state and S2 in state)
        assert viewer.state[S2][0] == 100
        assert (viewer.state[S1][0] or 0) < 95


def test_a_rule_is_tried_on_live_state_and_history_and_leaves_nothing(judged: tuple[httpx.Client, str]) -> None:
    client, _ = judged
    answer = client.post("/quality/rules/try", json={"rule": {**HOT_ROOM, "code": "only_tried"}, "assets": [R1]})
    assert answer.status_code == 200, answer.text
    tried = answer.json()
    assert (tried["now"]["sources"], tried["now"]["flagged_values"]) == (1, 1)
    assert tried["now"]["examples"][0]["why_en"] == "33.5 is outside -∞ to 30 degC"
    assert (tried["history"]["frames"], tried["history"]["flagged_values"]) == (1, 1)
    assert "only_tried" not in {rule["code"] for rule in client.get("/quality/rules").json()["rules"]}


def test_a_rule_that_is_written_flags_at_once_and_keeps_its_versions(judged: tuple[httpx.Client, str]) -> None:
    client, _ = judged
    written = client.post("/quality/rules", json={**HOT_ROOM, "note": "试行"})
    assert written.status_code == 200, written.text
    assert written.json()["version"] == 1
    assert written.json()["seat"]
    wait_for(lambda: ("room_too_warm", "room_temperature_degc") in _flags(client, R1), what="the rule to flag")
    edited = {**HOT_ROOM, "parameters": {"high": 34}, "version": 1, "note": "放宽"}
    assert client.put("/quality/rules/room_too_warm", json=edited).json()["version"] == 2
    wait_for(lambda: not _flags(client, R1), what="the edited rule to let go")
    versions = client.get("/quality/rules/room_too_warm/versions").json()["versions"]
    assert [(one["version"], one["note"]) for one in versions] == [(2, "放宽"), (1, "试行")]
    assert client.put("/quality/rules/room_too_warm", json=edited).status_code == 409
    assert client.post("/quality/rules", json=HOT_ROOM).status_code == 409


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "magic"}, "kind"),
        ({"parameters": {"low": 50, "high": 4}}, "low must be below"),
        ({"points": ["moon_degc"]}, "moon_degc"),
        ({"kind": "related", "parameters": {"expression": "__import__('os')"}}, "formula"),
        ({"kind": "related", "parameters": {"expression": "room_temperature_degc ** 9 < 1"}}, "formula"),
        ({"parameters": {"high": "very"}}, "high"),
        ({"parameters": {"high": [[1]]}}, "high"),
        ({"parameters": {"high": 1e300}}, "high"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(judged: tuple[httpx.Client, str], change: dict[str, Any], told: str) -> None:
    client, _ = judged
    for path, body in (
        ("/quality/rules", {**HOT_ROOM, "code": "odd", **change}),
        ("/quality/rules/try", {"rule": {**HOT_ROOM, **change}}),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code == 422, (path, answer.text)
        assert told in answer.text


# ---------------------------------------------------------------- checks by hand


def _open_check(client: httpx.Client, rule: str, point: str) -> dict[str, Any]:
    items: list[dict[str, Any]] = []

    def made() -> bool:
        answer = client.get("/quality/checks", params={"state": "unfinished", "rule": rule})
        assert answer.status_code == 200, answer.text
        items[:] = [item for item in answer.json()["items"] if item["point"] == point]
        return bool(items)

    wait_for(made, what="the check to be made")
    return items[0]


def _seat(client: httpx.Client, role: str, name: str = "") -> int:
    seats = client.get("/seats").json()
    return int(next(seat["seat_id"] for seat in seats if seat["role"] == role and name in seat["organisation"]))


def test_a_flag_that_lasts_becomes_a_check_whose_correction_stands_beside_the_original(
    judged: tuple[httpx.Client, str],
) -> None:
    client, _ = judged
    check = _open_check(client, "sentinel_numbers", SUPPLY)
    assert (check["asset_id"], check["value"], check["flag"], check["made_by"]) == (S1, -9999.0, 4, "")
    assert check["why_zh"] == "-9999 是占位值"
    path = f"/quality/checks/{check['check_id']}/verdict"
    for body, status, told in (
        ({"verdict": "right", "corrected": 94.0, "note": "-"}, 400, "only a wrong value"),
        ({"verdict": "wrong", "corrected": 940.0, "note": "-"}, 400, "0 to 150 degC"),
        ({"verdict": "perhaps", "note": "-"}, 422, "right"),
    ):
        refused = client.post(path, json=body)
        assert refused.status_code == status, refused.text
        assert told in refused.text
    assert client.post(path, json={"verdict": "unsure", "note": "待现场"}).json()["state"] == "open"
    done = client.post(path, json={"verdict": "wrong", "corrected": 94.5, "note": "现场表计 94.5"}).json()
    assert (done["state"], done["value"], done["corrected"]) == ("closed", -9999.0, 94.5)
    assert done["verdict_by"]
    steps = client.get(f"/quality/checks/{check['check_id']}").json()["steps"]
    assert [(step["action"], step["value"]) for step in steps] == [("unsure", None), ("wrong", 94.5)]
    rule = next(rule for rule in client.get("/quality/rules").json()["rules"] if rule["code"] == "sentinel_numbers")
    assert (rule["judged"], rule["false_flags"]) == (1, 0)

    asked = {"points": SUPPLY}
    point = client.get(f"/assets/{S1}/readings", params=asked).json()["series"][0]["points"][0]
    assert point["values"] == [95.0, -9999.0]
    assert [(item["original"], item["value"]) for item in point["corrections"]] == [(-9999.0, 94.5)]
    corrected = client.get(f"/assets/{S1}/readings", params={**asked, "corrected": True}).json()["series"][0]["points"][0]
    assert (corrected["values"], corrected["quality"]) == ([95.0, 94.5], [1, 1])
    refused = client.get(f"/assets/{S1}/readings", params={**asked, "corrected": True, "every": "60"})
    assert refused.status_code == 400
    assert "every=raw" in refused.text


def test_missing_readings_are_filled_beside_themselves(judged: tuple[httpx.Client, str]) -> None:
    client, _ = judged
    at = now_ms() - 7_200_000
    warm = {"primary_supply_temperature_degc": 90.0}
    frames = [frame("substation:S2", at + 60_000 * i, substation_values(**warm)) for i in (0, 1, 4)]
    assert post(client, *frames) == ["accepted"] * 3
    asked = {"points": SUPPLY, "from": at, "to": at + 600_000}
    for method in ("interpolate", "last", "mean", "median", "mode"):
        answer = client.get(f"/assets/{S2}/readings", params={**asked, "fill": method})
        point = answer.json()["series"][0]["points"][0]
        assert point["values"] == [90.0] * 3
        assert point["filled"] == {
            "filled": True,
            "method": method,
            "flag": 3,
            "observed_at": [at + 120_000, at + 180_000],
            "values": [90.0, 90.0],
        }
    short = client.get(f"/assets/{S2}/readings", params={**asked, "fill": "last", "fill_gap_s": 100}).json()
    assert short["series"][0]["points"][0]["filled"]["values"] == []
    profile = client.get(f"/assets/{S2}/readings", params={**asked, "fill": "profile"}).json()
    assert profile["series"][0]["points"][0]["filled"]["values"] == []  # no days before
    for more, status, told in (
        ({"fill": "guess"}, 422, "interpolate"),
        ({"fill": "last", "format": "csv"}, 400, "json"),
        ({"fill": "profile", "from": 0}, 400, "31 days"),
    ):
        refused = client.get(f"/assets/{S2}/readings", params={**asked, **more})
        assert refused.status_code == status, refused.text
        assert told in refused.text


def test_a_check_goes_to_its_company_and_comes_back_as_a_closed_work_order(judged: tuple[httpx.Client, str]) -> None:
    client, url = judged
    at = client.get(f"/assets/{S2}/readings", params={"points": SUPPLY}).json()["series"][0]["observed_at"][0]
    doubt = {"asset_id": S2, "point": SUPPLY, "observed_at": at, "note": "与巡检不符", "send": True}
    made = client.post("/quality/checks", json=doubt)
    assert made.status_code == 200, made.text
    number, path = made.json()["check_id"], f"/quality/checks/{made.json()['check_id']}"
    assert (made.json()["state"], made.json()["rule"], made.json()["why_zh"]) == ("sent", "", "人工提出")
    assert client.post("/quality/checks", json=doubt).status_code == 409
    assert client.post("/quality/checks", json={**doubt, "observed_at": at + 1}).status_code == 404
    assert client.post("/quality/checks", json={**doubt, "point": "weather"}).status_code == 400
    assert client.post(f"{path}/send").status_code == 409  # it is there already
    with httpx.Client(base_url=url, timeout=30) as company:
        company.post("/session", json={"seat_id": _seat(client, "company", "C1")})
        assert company.get(path).status_code == 404
        assert company.post(f"{path}/answer", json={"note": "-"}).status_code == 404
        company.post("/session", json={"seat_id": _seat(client, "company", "C2")})
        assert [item["check_id"] for item in company.get("/quality/checks", params={"state": "sent"}).json()["items"]] == [number]
        assert company.post(f"{path}/verdict", json={"verdict": "right", "note": "-"}).status_code == 403
        answered = company.post(f"{path}/answer", json={"note": "表计已校准", "suggested": 91.0})
        assert answered.status_code == 200, answered.text
        assert (answered.json()["state"], answered.json()["suggested"]) == ("answered", 91.0)
        assert company.post(f"{path}/answer", json={"note": "-"}).status_code == 409
    done = client.post(f"{path}/verdict", json={"verdict": "right", "note": "读数无误"}).json()
    assert (done["state"], done["answer"]) == ("closed", "表计已校准")
    steps = [step["action"] for step in client.get(path).json()["steps"]]
    assert steps == ["made", "sent", "answered", "right"]
    assert client.post(f"{path}/send").status_code == 409


def test_a_time_is_asked_for_again(judged: tuple[httpx.Client, str]) -> None:
    client, _ = judged
    at = now_ms() - 3_600_000
    body = {"asset_id": S1, "observed_at": at, "until": at + 1_800_000, "note": "中断", "send": True}
    made = client.post("/quality/checks", json=body).json()
    assert (made["rule"], made["state"], made["until"], made["flag"]) == ("fetch_again", "sent", at + 1_800_000, 9)
    refused = client.post("/quality/checks", json={**body, "until": at})
    assert refused.status_code == 400
    assert "31 days" in refused.text


def test_companies_are_told_apart_by_how_they_upload(judged: tuple[httpx.Client, str]) -> None:
    client, _ = judged
    at = now_ms() - 3_600_000
    again = {"asset_id": S1, "point": SUPPLY, "observed_at": at, "until": at + 60_000, "note": "中断", "send": True}
    assert client.post("/quality/checks", json=again).status_code == 200
    companies = {row["company_id"]: row for row in client.get("/quality/companies").json()["items"]}
    first, second = companies[1], companies[2]
    assert (first["state"], first["sources"], first["failed"]) == ("invalid", 1, 1)
    assert first["reason_zh"]
    assert first["unfinished_checks"] >= first["waiting_checks"] >= 1  # what was asked for again
    assert (second["state"], second["silent"], second["failed"]) == ("good", 0, 0)
    assert companies[None]["never"] >= 1  # the weather station


def test_a_company_sees_its_own_and_writes_no_rule(judged: tuple[httpx.Client, str]) -> None:
    client, url = judged
    seats = client.get("/seats").json()
    seat = next(seat for seat in seats if seat["role"] == "company" and "C2" in seat["organisation"])
    with httpx.Client(base_url=url, timeout=30) as company:
        assert company.post("/session", json={"seat_id": seat["seat_id"]}).status_code == 200
        assert company.get("/quality/flags", params={"asset": S1}).status_code == 404
        assert company.get("/quality/marks", params={"asset": S1}).status_code == 404
        rules = {rule["code"]: rule["values"] for rule in company.get("/quality/rules").json()["rules"]}
        assert rules["sentinel_numbers"] == 0
        assert 1 not in {row["key"] for row in company.get("/quality/scores").json()["items"]}
        assert S1 not in {item["asset_id"] for item in company.get("/quality/assets").json()["items"]}
        tried = company.post("/quality/rules/try", json={"rule": {**HOT_ROOM, "schemas": ["substation"], "points": [SUPPLY]}})
        assert tried.json()["now"]["sources"] == 1
        assert company.post("/quality/rules", json={**HOT_ROOM, "code": "mine"}).status_code == 403


def _alarms(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get("/quality/alarms", params=asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_what_lasts_is_a_quality_alarm_of_its_company_until_its_work_order_is_closed(judged: tuple[httpx.Client, str]) -> None:
    client, url = judged
    wait_for(lambda: _alarms(client, kind="upload_invalid"), what="the upload that is invalid")
    (upload,) = _alarms(client, kind="upload_invalid")
    assert (upload["company_id"], upload["asset_id"], upload["state"], upload["check_id"]) == (1, 1, "open", None)
    wait_for(lambda: _alarms(client, kind="value", company_id=1), what="an alarm of a value that is flagged for long")
    assert {one["asset_id"] for one in _alarms(client, kind="value")} == {S1}
    at = client.get(f"/assets/{S1}/readings", params={"points": SUPPLY}).json()["series"][0]["observed_at"][0]
    doubt = {"asset_id": S1, "point": "secondary_supply_temperature_degc", "observed_at": at, "note": "与巡检不符", "send": True}
    made = client.post("/quality/checks", json=doubt).json()
    alarm = next(one for one in _alarms(client, kind="doubt", state="sent") if one["check_id"] == made["check_id"])
    kpis = client.get("/alarms/totals").json()
    assert "quality" not in str(kpis)  # alarms of operation know nothing of them

    with httpx.Client(base_url=url, timeout=30) as company, httpx.Client(base_url=url, timeout=30) as other:
        for seated, name in ((company, "C1"), (other, "C2")):
            seated.post("/session", json={"seat_id": _seat(client, "company", name)}).raise_for_status()
        assert {one["company_id"] for one in _alarms(company)} == {1}
        assert upload["quality_alarm_id"] not in {one["quality_alarm_id"] for one in _alarms(other)}

        def about() -> list[dict[str, Any]]:
            return [one for one in company.get("/notices/popups").json()["items"] if one["quality"]]

        wait_for(about, what="the company's pop-up")
        assert about()[0]["quality"]["company_id"] == 1
        assert "数据质量告警" in about()[0]["quality"]["title_zh"]
        assert not any((one["quality"] or {}).get("company_id") == 1 for one in other.get("/notices/popups").json()["items"])
        told = [one["notice_id"] for one in company.get("/notices").json()["items"] if one["quality"]]
        assert about()[0]["notice_id"] in told
        assert other.post(f"/notices/{about()[0]['notice_id']}/seen").status_code == 404
        while about():
            assert company.post(f"/notices/{about()[0]['notice_id']}/seen").status_code == 200

        check = f"/quality/checks/{alarm['check_id']}"
        assert company.post(f"{check}/answer", json={"note": "已更换"}).status_code == 200
        assert client.post(f"{check}/verdict", json={"verdict": "wrong", "note": "已核"}).status_code == 200
    closed = next(one for one in _alarms(client, state="closed") if one["quality_alarm_id"] == alarm["quality_alarm_id"])
    assert (closed["verdict"], closed["over_at"] is not None) == ("wrong", True)
    for by, key in (("company", "1"), ("kind", "substation"), ("alarm", "upload_invalid"), ("day", alarm["raised_at"][:4])):
        rows = client.get("/quality/alarms/totals", params={"by": by}).json()["items"]
        assert any(row["key"].startswith(key) and row["raised"] >= 1 for row in rows), (by, rows)
    rows = {row["key"]: row for row in client.get("/quality/alarms/totals").json()["items"]}
    assert rows["1"]["closed"] >= 1
    late = client.get("/quality/alarms/totals", params={"from": "2026-02-01", "to": "2026-01-01"})
    assert late.status_code == 400
