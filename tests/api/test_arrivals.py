"""Arrivals over HTTP: counted as they come, exact after a kill, and seen by those who may."""

from __future__ import annotations

import csv
import io
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from data.pool import connect
from tests.api.live_helpers import S1, TINY_CITY, frame, now_ms, post, substation_values
from tests.api.serving import free_port, serve, serve_process, told, wait_for
from tests.cities import insert_city
from twin.arrivals import SOURCE_ROW, unpack

HOUR_MS = 3_600_000
BAD = substation_values(secondary_supply_temperature_degc=900.0, makeup_volume_total_m3=None)
COMPANY_1, COMPANY_2 = 1, 2


def _sources(client: httpx.Client, **query: Any) -> dict[str, dict[str, Any]]:
    answer = client.get("/arrivals/sources", params={"from": now_ms() - 6 * 24 * HOUR_MS, **query})
    assert answer.status_code == 200, answer.text
    return {item["code"]: item for item in answer.json()["items"]}


def _counted(database_url: str) -> dict[str, tuple[int, int]]:
    """Return frames and late frames of each source, counted by the database."""
    with connect(database_url) as connection:
        rows = connection.execute(
            "select s.code, count(*), count(*) filter (where f.delay_s > 3 * s.period_s)"
            " from reading_frame f join source s using (city_id, source_id) group by s.code"
        ).fetchall()
    return {code: (frames, late) for code, frames, late in rows}


def _told(client: httpx.Client) -> dict[str, tuple[int, int]]:
    return {code: (item["accepted"], item["late"]) for code, item in _sources(client).items() if item["accepted"]}


@pytest.fixture(scope="module")
def reporting(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str]]:
    """Yield a client of a server that has taken good, late, bad, repeated, differing and refused frames; tests only read."""
    from tests.conftest import create_database, drop_database  # noqa: PLC0415 - the fixture's own database

    database_url = create_database(server_url)
    insert_city(database_url, TINY_CITY)
    now = now_ms()
    with serve(database_url, tmp_path_factory.mktemp("arrivals")) as url, httpx.Client(base_url=url, timeout=30) as client:
        good = [frame("substation:S1", now - minute * 60_000) for minute in range(3)]
        assert post(client, *good) == ["accepted"] * 3
        assert post(client, good[0]) == ["duplicate"]
        assert post(client, frame("substation:S1", now, substation_values(primary_flow_m3_per_h=1.5))) == ["conflict"]
        assert post(client, frame("substation:S2", now - 30 * 60_000, BAD)) == ["accepted"]
        # a clock that is ten minutes behind
        post(client, *(frame("weather_station:W1", now - 600_000 - second * 1000, [-3.0]) for second in range(4)))
        results = post(client, frame("substation:NEW1", now), frame("substation:NEW1", now - 1), frame("substation:S1", 5))
        assert results[:2] == ["unknown_source"] * 2
        yield client, database_url
    drop_database(database_url)


def test_counts_are_those_of_the_stored_frames(reporting: tuple[httpx.Client, str]) -> None:
    client, database_url = reporting
    assert _told(client) == _counted(database_url)


def test_repeats_and_differing_frames_are_counted_apart(reporting: tuple[httpx.Client, str]) -> None:
    first = _sources(reporting[0])["substation:S1"]
    assert (first["accepted"], first["duplicate"], first["conflict"]) == (3, 1, 1)


def test_a_company_has_the_sum_of_its_sources(reporting: tuple[httpx.Client, str]) -> None:
    client, _ = reporting
    answer = client.get("/arrivals", params={"from": now_ms() - 24 * HOUR_MS}).json()
    companies = {item["key"]: item for item in answer["items"]}
    sources = _sources(client)
    assert companies[COMPANY_1]["accepted"] == 3
    second = companies[COMPANY_2]
    assert (second["accepted"], second["late"]) == (1, 1)
    points = len(substation_values())
    missing = BAD.count(None) + 1  # and the temperature out of its range
    assert (second["values"], second["bad_values"]) == (points, missing)
    assert second["good_rate"] == pytest.approx(1 - missing / points, abs=1e-5)
    assert answer["total"]["accepted"] == sum(item["accepted"] for item in sources.values())
    assert answer["total"]["sources"] == len(sources)
    assert sum(point["expected"] for point in answer["course"]) == answer["total"]["expected"]


@pytest.mark.parametrize("by", ["kind", "district", "schema"])
def test_every_grouping_has_the_same_total(reporting: tuple[httpx.Client, str], by: str) -> None:
    answer = reporting[0].get("/arrivals", params={"by": by}).json()
    assert sum(item["accepted"] for item in answer["items"]) == answer["total"]["accepted"]
    assert sum(item["sources"] for item in answer["items"]) == answer["total"]["sources"]


def test_who_was_never_heard_and_whose_clock_is_wrong_is_named(reporting: tuple[httpx.Client, str]) -> None:
    client, _ = reporting
    assert "room_sensor:R1" in _sources(client, state="never")
    assert set(_sources(client, state="skewed")) == {"weather_station:W1"}
    assert _sources(client)["weather_station:W1"]["delay_mean_s"] > 500


def test_lists_are_filtered_ordered_and_paged(reporting: tuple[httpx.Client, str]) -> None:
    client, _ = reporting
    everything = list(_sources(client, order="code"))
    pages = [list(_sources(client, order="code", limit=2, offset=offset)) for offset in range(0, len(everything), 2)]
    assert [code for page in pages for code in page] == everything
    assert set(_sources(client, company_id=COMPANY_1)) == {"substation:S1"}
    assert set(_sources(client, q="s2", kind="substation")) == {"substation:S2"}


def test_strangers_and_refusals_are_told_with_their_sender(reporting: tuple[httpx.Client, str]) -> None:
    client, _ = reporting

    def written() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get("/arrivals/unregistered").json()
        return found if found["total"] else None

    strangers = wait_for(written, what="the unregistered source")
    assert [(item["code"], item["registered"]) for item in strangers["items"]] == [("substation:NEW1", False)]
    refusals = client.get("/arrivals/refusals").json()
    assert refusals["by_result"]["unknown_source"] == 2
    assert refusals["total"] == 3
    assert {item["sender"] for item in refusals["items"]} == {strangers["items"][0]["sender"]}
    assert client.get("/arrivals").json()["unregistered"] == 1


def test_a_differing_frame_is_shown_beside_the_stored_one(reporting: tuple[httpx.Client, str]) -> None:
    answer = reporting[0].get("/readings/conflicts").json()
    assert answer["total"] == 1
    only = answer["items"][0]
    assert (only["source"], only["asset_id"]) == ("substation:S1", S1)
    assert [(point["name"], point["stored"], point["sent"]) for point in only["points"]] == [("primary_flow_m3_per_h", 61.2, 1.5)]


def test_a_table_is_written_out_under_chinese_headings(reporting: tuple[httpx.Client, str]) -> None:
    client, _ = reporting
    answer = client.get("/arrivals.csv")
    assert answer.status_code == 200, answer.text
    text = answer.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {"名称", "到报率", "及时率", "完好率"} <= set(rows[0])
    assert rows[-1]["名称"] == "合计"
    book = client.get("/arrivals/sources.xlsx", params={"state": "never"})
    assert book.content[:2] == b"PK"


def test_frames_are_expected_since_the_first_start_and_not_since_the_hour_began(reporting: tuple[httpx.Client, str]) -> None:
    client, _ = reporting
    answer = client.get("/arrivals", params={"from": now_ms() - 6 * 24 * HOUR_MS}).json()
    minutes = (now_ms() - answer["since_ms"]) / 60_000
    assert answer["total"]["expected"] <= answer["total"]["sources"] * (minutes + 1)


def test_counting_begins_when_the_server_starts_though_nobody_asks(database_url: str, tmp_path: Path) -> None:
    insert_city(database_url, TINY_CITY)
    before = now_ms()
    with serve(database_url, tmp_path / "var"), connect(database_url) as connection:
        row = connection.execute("select (extract(epoch from since_at) * 1000)::bigint from arrival_start").fetchone()
        assert row is not None
        assert before <= row[0] <= now_ms()


def test_a_time_that_is_none_is_refused(reporting: tuple[httpx.Client, str]) -> None:
    client, _ = reporting
    for query in ({"from": 5, "to": 4}, {"from": 0}, {"from": now_ms() + 10 * HOUR_MS}):
        answer = client.get("/arrivals", params=query)
        assert answer.status_code == 400, query
        assert "from" in answer.json()["error"]["message"]


def test_metrics_tell_what_is_expected_and_what_came(reporting: tuple[httpx.Client, str]) -> None:
    text = reporting[0].get("/metrics").text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("heat_twin_arrival"))
    assert float(lines['heat_twin_arrival_silent_sources{city="1",kind="room_sensor"}']) == 1
    assert float(lines['heat_twin_arrival_refused_frames_total{result="unknown_source"}']) == 2
    assert 'heat_twin_arrival_received_frames{city="1",kind="substation"}' in lines


def test_a_company_sees_only_its_own(database_url: str, tmp_path: Path) -> None:
    insert_city(database_url, TINY_CITY)
    now = now_ms()
    with serve(database_url, tmp_path / "var") as url, httpx.Client(base_url=url, timeout=30) as client:
        post(client, frame("substation:S1", now), frame("substation:S2", now), frame("substation:S9", now))
        post(client, frame("substation:S2", now, substation_values(primary_flow_m3_per_h=1.0)))
        seat = next(seat for seat in client.get("/seats").json() if seat["role"] == "company" and "C1" in seat["organisation"])
        assert client.post("/session", json={"seat_id": seat["seat_id"]}).status_code == 200
        answer = client.get("/arrivals").json()
        assert [item["key"] for item in answer["items"] if item["accepted"]] == [COMPANY_1]
        assert "substation:S2" not in _sources(client)
        assert client.get("/arrivals/sources", params={"company_id": COMPANY_2}).json()["total"] == 0
        assert client.get("/readings/conflicts").json() == {"total": 0, "items": []}
        assert client.get("/arrivals/unregistered").json()["total"] == 0
        assert client.get("/arrivals/refusals").json()["total"] == 0


def test_counts_are_exact_after_a_kill_and_after_a_stop(database_url: str, tmp_path: Path) -> None:
    insert_city(database_url, TINY_CITY)
    port, now = free_port(), now_ms()
    url = f"http://127.0.0.1:{port}"
    # of the running hour, of one long ago that only a mark in the frames' own transaction tells of, and of one in between
    times = [now - 1000 * n for n in range(40)] + [now - 3 * 24 * HOUR_MS - 60_000 * n for n in range(30)] + [now - 2 * HOUR_MS]
    with serve_process(database_url, tmp_path / "var", port=port) as process, httpx.Client(base_url=url, timeout=30) as client:
        for first in range(0, len(times), 30):
            pairs = [(frame("substation:S1", at), frame("substation:S2", at + 1, BAD)) for at in times[first : first + 30]]
            post(client, *(each for pair in pairs for each in pair))
        process.send_signal(signal.SIGKILL)
        process.wait()
    counted = _counted(database_url)
    assert Counter(frames for frames, _ in counted.values()) == {len(times): 2}
    with serve(database_url, tmp_path / "var") as url, httpx.Client(base_url=url, timeout=30) as client:
        wait_for(lambda: (told(client, "/arrivals") or {}).get("recounting") is False, what="the end of counting again")
        post(client, frame("substation:S1", now - 500), frame("substation:S1", times[-2] + 7))
        assert _told(client) == _counted(database_url)
        assert _sources(client)["substation:S2"]["bad_values"] == len(times) * (BAD.count(None) + 1)
    with connect(database_url) as connection:  # after a proper stop all is written, and nothing has to be counted again
        rows = connection.execute("select open, counts from arrival_hour").fetchall()
    assert {is_open for is_open, _ in rows} == {False}
    written = sum(int(unpack(counts, SOURCE_ROW)["accepted"].sum()) for _, counts in rows)
    assert written == 2 * len(times) + 2
