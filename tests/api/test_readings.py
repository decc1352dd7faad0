from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from data.pool import connect
from tests.api.live_helpers import S1, S2, frame, now_ms, post, substation_values
from twin.schemas import DEFAULT_SCHEMAS

DAY_MS = 86_400_000


def _count(database_url: str, table: str) -> int:
    with connect(database_url) as connection:
        row = connection.execute(f"select count(*) from {table}").fetchone()
    assert row is not None
    return int(row[0])


def _history(http: httpx.Client, asset_id: int, **parameters: Any) -> dict[str, Any]:
    answer = http.get(f"/assets/{asset_id}/readings", params=parameters)
    assert answer.status_code == 200, answer.text
    series: dict[str, Any] = answer.json()["series"][0]
    return series


def test_a_register_comes_back_with_the_digits_of_the_meter(http: httpx.Client) -> None:
    at = now_ms() - 5000
    post(http, frame("substation:S1", at, substation_values(primary_heat_total_gj=987654321.123)))
    points = {point["name"]: point for point in _history(http, S1)["points"]}
    assert points["primary_heat_total_gj"]["values"] == [987654321.123]
    assert points["secondary_supply_temperature_degc"]["values"] == [52.3]
    assert points["primary_heat_total_gj"]["unit"] == "GJ"


def test_a_repeated_frame_is_a_no_op_and_another_value_is_kept_aside(http: httpx.Client, database_url: str) -> None:
    at = now_ms() - 5000
    first, other = frame("substation:S1", at), frame("substation:S1", at, substation_values(outdoor_temperature_degc=-3.0))
    assert post(http, first) == ["accepted"]
    assert post(http, first) == ["duplicate"]
    assert post(http, other) == ["conflict"]
    assert post(http, other, first) == ["conflict", "duplicate"]
    assert _count(database_url, "reading_frame") == 1
    assert _count(database_url, "reading_conflict") == 1
    point = _history(http, S1, points="outdoor_temperature_degc")["points"]
    assert [(item["name"], item["values"]) for item in point] == [("outdoor_temperature_degc", [-12.0])]


def test_within_one_body_the_first_of_a_key_wins(http: httpx.Client, database_url: str) -> None:
    at = now_ms() - 5000
    other = substation_values(outdoor_temperature_degc=None)
    same, differs = frame("substation:S1", at), frame("substation:S1", at, other)
    assert post(http, same, same, differs, frame("substation:S2", at)) == ["accepted", "duplicate", "conflict", "accepted"]
    assert _count(database_url, "reading_frame") == 2


def test_each_frame_gets_its_own_answer(http: httpx.Client, database_url: str) -> None:
    at = now_ms()
    frames = [
        frame("substation:S1", at),
        frame("substation:none", at),
        {**frame("substation:S2", at), "schema": "plant"},
        frame("substation:S2", at, ["warm", *substation_values()[1:]]),  # type: ignore[list-item]
        frame("substation:S2", at - 401 * DAY_MS),
        frame("substation:S2", at + 2 * DAY_MS),
        frame("weather_station:W1", at, [None]),
    ]
    answer = http.post("/readings", json={"frames": frames}).json()
    expected = ["accepted", "unknown_source", "bad_schema", "bad_value", "too_old", "future", "accepted"]
    assert answer["results"] == expected
    assert answer["counts"]["accepted"] == 2
    assert _count(database_url, "reading_frame") == 2


def test_a_missing_value_is_null_with_flag_9(http: httpx.Client) -> None:
    at = now_ms()
    post(http, frame("weather_station:W1", at, [None]), frame("weather_station:W1", at - 1000, [-60.0]))
    point = _history(http, 7, to=at + 1)["points"][0]
    assert (point["values"], point["quality"]) == ([-60.0, None], [4, 9])


def test_a_season_of_frames_goes_into_daily_partitions(http: httpx.Client, database_url: str) -> None:
    at = now_ms()
    frames = [frame("weather_station:W1", at - day * DAY_MS, [float(-day)]) for day in (0, 1, 30, 399)]
    assert post(http, *frames) == ["accepted"] * 4
    with connect(database_url) as connection:
        row = connection.execute(
            "select count(*), bool_and(tableoid::regclass::text = 'reading_frame_' ||"
            " to_char(observed_at at time zone 'UTC', 'YYYYMMDD')) from reading_frame"
        ).fetchone()
    assert row == (4, True)
    series = _history(http, 7, **{"from": at - 400 * DAY_MS, "to": at + 1})
    assert series["points"][0]["values"] == [-399.0, -30.0, -1.0, 0.0]
    assert series["observed_at"] == sorted(item["observed_at"] for item in frames)
    assert _history(http, 7, **{"from": at - 2 * DAY_MS, "to": at})["points"][0]["values"] == [-1.0]


def test_many_senders_at_once_are_all_stored_once(http: httpx.Client, database_url: str) -> None:
    at = now_ms() - 100_000

    def send(number: int) -> list[str]:
        return post(http, *(frame("weather_station:W1", at + number % 20 * 10 + i, [float(i)]) for i in range(10)))

    with ThreadPoolExecutor(8) as pool:
        results = [result for answer in pool.map(send, range(40)) for result in answer]
    assert results.count("accepted") == results.count("duplicate") == 200
    assert _count(database_url, "reading_frame") == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b"[]", 422),
        (b'{"frames": {}}', 422),
        (json.dumps({"frames": [{}] * 5001}).encode(), 413),
        (b'{"frames": []}' + b" " * (8 * 2**20), 413),
        (b'{"frames": []}', 200),
        (b'{"frames": [null, 1, "a", [], {}]}', 200),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_whole(unchanged: httpx.Client, body: bytes, status: int) -> None:
    answer = unchanged.post("/readings", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text


def test_a_body_without_length_is_cut_off_at_the_limit(unchanged: httpx.Client) -> None:
    answer = unchanged.post("/readings", content=(b" " * 2**20 for _ in range(9)))
    assert answer.status_code == 413


def test_sources_are_there_for_every_asset_that_reports(unchanged: httpx.Client) -> None:
    sources = {item["code"]: item for item in unchanged.get("/sources").json()}
    assert set(sources) == {"substation:S1", "substation:S2", "room_sensor:R1", "weather_station:W1"}
    assert sources["substation:S1"]["schema"] == "substation/2"
    assert sources["room_sensor:R1"]["substation_id"] == S1
    schemas = {item["code"]: item for item in unchanged.get("/schemas").json()}
    assert set(schemas) == set(DEFAULT_SCHEMAS)
    assert [point["name"] for point in schemas["substation"]["points"]] == [p.name for p in DEFAULT_SCHEMAS["substation"].points]


def test_a_new_schema_and_source_take_frames_at_once(http: httpx.Client) -> None:
    points = [{"name": "secondary_flow_m3_per_h", "quantity": "flow", "max": 500}]
    schema = {"code": "pump", "points": points}
    assert http.post("/schemas", json=schema).json()["version"] == 1
    assert http.post("/schemas", json=schema).json()["version"] == 1
    source = {"code": "pump:7", "schema": "pump", "asset_kind": "substation", "asset_code": "S2", "period_s": 30}
    made = http.post("/sources", json=source)
    assert made.status_code == 200, made.text
    assert (made.json()["asset_id"], made.json()["schema"]) == (S2, "pump/1")
    at = now_ms()
    assert post(http, {"source": "pump:7", "schema": "pump", "observed_at": at, "values": [12.5]}) == ["accepted"]

    wider = {"code": "pump", "points": [*points, {"name": "electricity_kwh", "quantity": "energy", "slot": "total"}]}
    assert http.post("/schemas", json=wider).json()["version"] == 2
    assert http.post("/sources", json=source).json()["schema"] == "pump/2"
    assert post(http, {"source": "pump:7", "schema": "pump/2", "observed_at": at + 1, "values": [13.5, 9.0]}) == ["accepted"]
    answer = http.get(f"/assets/{S2}/readings").json()["series"]
    series = next(item for item in answer if item["source"] == "pump:7")
    assert [point["values"] for point in series["points"]] == [[12.5, 13.5], [None, 9.0]]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/sources", {"code": "x", "schema": "substation", "asset_id": 99}, 404),
        ("/sources", {"code": "x", "schema": "nothing", "asset_id": S1}, 404),
        ("/sources", {"code": "x", "schema": "substation"}, 400),
        ("/sources", {"code": "x", "schema": "substation", "asset_id": S1, "period_s": 0}, 422),
        ("/schemas", {"code": "pump", "points": []}, 422),
        ("/schemas", {"code": "pump", "points": [{"name": "flow_kg", "quantity": "flow"}]}, 422),
        ("/schemas", {"code": "Pump!", "points": [{"name": "flow_m3_per_h", "quantity": "flow"}]}, 422),
    ],
)
def test_a_registration_that_does_not_fit_is_refused(unchanged: httpx.Client, path: str, body: Any, status: int) -> None:
    assert unchanged.post(path, json=body).status_code == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/assets/1/readings", 404),
        ("/assets/3/readings?points=no_such", 400),
        ("/assets/3/readings?from=5&to=5", 400),
        ("/assets/3/readings?to=99999999999999999", 400),
        ("/assets/3/readings?city=2", 404),
        ("/alarms?state=gone", 422),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(unchanged: httpx.Client, path: str, status: int) -> None:
    answer = unchanged.get(path)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]


def test_an_alarm_that_does_not_exist_cannot_be_acknowledged(unchanged: httpx.Client) -> None:
    assert unchanged.post("/alarms/1/acknowledge").status_code == 404


def test_acknowledging_again_keeps_the_first_seat_and_logs_once(http: httpx.Client, database_url: str) -> None:
    post(http, frame("substation:S1", now_ms(), substation_values(secondary_supply_temperature_degc=20.0)))
    alarm = http.get("/alarms").json()["items"][0]
    first = http.post(f"/alarms/{alarm['alarm_id']}/acknowledge", json={"note": "seen"}).json()
    again = http.post(f"/alarms/{alarm['alarm_id']}/acknowledge", json={"note": "again"}).json()
    assert again == first
    with connect(database_url) as connection:
        rows = connection.execute("select transition, seat, note from alarm_transition order by transition_id").fetchall()
    assert rows == [("raised", "rules", ""), ("acknowledged", first["acknowledged_by"], "seen")]
