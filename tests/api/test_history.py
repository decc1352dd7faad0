"""Readings at any zoom of time, over HTTP."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.pool import connect
from tests.api.live_helpers import R1, S1, S2, frame, now_ms, post, substation_values

MINUTE_MS = 60_000
HEAT, SUPPLY = "primary_heat_total_gj", "secondary_supply_temperature_degc"


def _sent(http: httpx.Client) -> list[int]:
    """Send two hours of one substation up to now, a frame a minute; the supply temperature counts them."""
    first = (now_ms() // 3_600_000 - 2) * 3_600_000
    times = [first + n * MINUTE_MS for n in range(120)]
    frames = []
    for n, at in enumerate(times):
        values: dict[str, float | None] = {SUPPLY: 40 + n / 10, HEAT: 98765432.125 + n / 1000}
        if n == 7:
            values[SUPPLY] = None
        if n == 8:
            values[SUPPLY] = 140.0  # beyond the range of the point: flag 4
        frames.append(frame("substation:S1", at, substation_values(**values)))
    assert post(http, *frames) == ["accepted"] * len(frames)
    return times


def _ask(http: httpx.Client, asset_id: int = S1, **parameters: Any) -> httpx.Response:
    answer = http.get(f"/assets/{asset_id}/readings", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer


def test_a_curve_comes_in_buckets_with_spread_count_and_quality(http: httpx.Client) -> None:
    times = _sent(http)
    span = {"from": times[0], "to": times[-1] + 1, "points": f"{SUPPLY},{HEAT}"}
    series = _ask(http, **span, every="600").json()["series"][0]
    assert (series["every_s"], series["frames"]) == (600, [10] * 12)
    assert series["observed_at"] == times[::10]
    points = {point["name"]: point for point in series["points"]}
    supply, heat = points[SUPPLY], points[HEAT]
    assert (supply["min"][0], supply["max"][0], supply["count"][0], supply["quality"][0]) == (40.0, 40.9, 8, 9)
    assert (supply["min"][1], supply["max"][1], supply["values"][1], supply["quality"][1]) == (41.0, 41.9, 41.45, 1)
    assert heat["values"][0] == 98765432.134
    assert heat["increase"][1] == pytest.approx(0.01, abs=1e-7)
    assert "min" not in heat
    assert "increase" not in supply

    _no_more_points_than_wanted(http, times)


def _no_more_points_than_wanted(http: httpx.Client, times: list[int]) -> None:
    span = {"from": times[0], "to": times[-1] + 1, "points": SUPPLY}
    for most in (3, 10, 50, 1000):
        series = _ask(http, **span, max=most).json()["series"][0]
        assert 0 < len(series["observed_at"]) <= most
        assert series["every_s"] == {3: 10_800, 10: 1800, 50: 300, 1000: 0}[most]
    raw = _ask(http, **span, every="raw", max=5).json()["series"][0]
    assert (raw["observed_at"], raw["truncated"]) == (times[:5], True)
    season = _ask(http, **{"from": times[0] - 180 * 86_400_000, "to": times[-1]}, every="auto").json()["series"][0]
    assert season["every_s"] == 6 * 3600
    assert sum(season["frames"]) == len(times)


def _a_curve_as_files(http: httpx.Client, times: list[int]) -> None:
    span = {"from": times[0], "to": times[-1] + 1, "points": f"{SUPPLY},{HEAT}"}
    rows = list(csv.DictReader(io.StringIO(http.get(f"/assets/{S1}/readings", params=span, headers={"Accept": "text/csv"}).text)))
    assert len(rows) == len(times)
    assert rows[3]["observed_at"] == datetime.fromtimestamp(times[3] / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert (rows[3][SUPPLY], rows[3][HEAT], rows[7][SUPPLY], rows[8][f"{SUPPLY}__quality"]) == ("40.3", "98765432.128", "", "4")
    table = pq.read_table(io.BytesIO(_ask(http, **span, every="3600", format="parquet").content))
    assert table[f"{SUPPLY}__count"].to_pylist() == [58, 60]
    stream = pa.ipc.open_stream(_ask(http, **span, format="arrow").content).read_all()
    assert stream[HEAT].to_pylist()[0] == 98765432.125


def test_an_export_has_the_frames_of_several_assets_and_is_noted_with_the_seat(http: httpx.Client, database_url: str) -> None:
    times = _sent(http)
    _a_curve_as_files(http, times)
    post(http, frame("substation:S2", times[5]), frame("room_sensor:R1", times[6], [20.5, 41.0, 88.0][: _room_points(http)]))
    span = {"from": times[0], "to": times[-1] + 1, "points": f"{SUPPLY},{HEAT},room_temperature_degc"}
    answer = http.get("/readings/export", params={**span, "assets": f"{S1},{S2},{R1}"})
    assert answer.status_code == 200, answer.text
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert int(answer.headers["X-Export-Rows"]) == len(rows) == len(times) + 2
    assert {row["source"] for row in rows} == {"substation:S1", "substation:S2", "room_sensor:R1"}
    room = next(row for row in rows if row["source"] == "room_sensor:R1")
    assert (room["room_temperature_degc"], room[SUPPLY]) == ("20.5", "")
    table = pq.read_table(
        io.BytesIO(
            http.get("/readings/export", params={**span, "points": HEAT, "kinds": "substation", "format": "parquet"}).content
        )
    )
    assert sorted(table[HEAT].to_pylist())[0] == 98765432.125
    with connect(database_url) as connection:
        noted = connection.execute("select state, seat, parameters ->> 'layer' from job where kind = 'export'").fetchall()
    assert [(state, layer) for state, _, layer in noted] == [("done", "readings")] * 2
    assert all(seat for _, seat, _ in noted)


def _room_points(http: httpx.Client) -> int:
    source = next(each for each in http.get("/sources").json() if each["code"] == "room_sensor:R1")
    schema = next(each for each in http.get("/schemas").json() if f"{each['code']}/{each['version']}" == source["schema"])
    return len(schema["points"])


REFUSED = {
    f"/assets/{S1}/readings?every=60&from=0": 400,
    f"/assets/{S1}/readings?every=7": 422,
    f"/assets/{S1}/readings?max=2": 422,
    f"/assets/{S1}/readings?from=-99999999999999999": 400,
    "/assets/99999999999/readings": 422,
    "/readings/export": 400,
    "/readings/export?assets=a": 400,
    "/readings/export?assets=99": 404,
    "/readings/export?kinds=no_such": 404,
    f"/readings/export?assets={S1}&points=no_such": 400,
    f"/readings/export?assets={S1}&from=0": 413,
}


def test_what_makes_no_sense_is_refused(http: httpx.Client) -> None:
    assert {path: http.get(path).status_code for path in REFUSED} == REFUSED
