from __future__ import annotations

import signal
from pathlib import Path

import httpx

from data.pool import connect
from tests.api.live_helpers import S1, S2, TINY_CITY, frame, now_ms, substation_values, watch
from tests.api.serving import free_port, serve_process
from tests.cities import insert_city
from twin.status import Status

COLD = substation_values(secondary_supply_temperature_degc=20.0)


def _keys(database_url: str) -> set[tuple[str, int]]:
    with connect(database_url) as connection:
        rows = connection.execute(
            "select s.code, (extract(epoch from f.observed_at) * 1000)::bigint"
            " from reading_frame f join source s using (city_id, source_id)"
        ).fetchall()
    return {(row[0], row[1]) for row in rows}


def test_a_killed_server_loses_nothing_that_it_acknowledged(database_url: str, tmp_path: Path) -> None:
    insert_city(database_url, TINY_CITY)
    port, start = free_port(), now_ms() - 100_000
    url = f"http://127.0.0.1:{port}"
    acknowledged: set[tuple[str, int]] = set()
    with serve_process(database_url, tmp_path / "var", port=port) as process:
        with httpx.Client(base_url=url, timeout=30) as client:
            for second in range(25):
                at = start + second * 1000
                frames = [frame("substation:S1", at, COLD), frame("substation:S2", at)]
                results = client.post("/readings", json={"frames": frames}).json()["results"]
                assert results == ["accepted", "accepted"]
                acknowledged |= {("substation:S1", at), ("substation:S2", at)}
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert _keys(database_url) == acknowledged

    with serve_process(database_url, tmp_path / "var", port=port), httpx.Client(base_url=url, timeout=30) as client:
        with watch(url) as viewer:
            viewer.receive()
            assert viewer.state[S1][1] == Status.ALARM_LEVEL_1
            assert viewer.state[S2][1] == Status.NORMAL
        alarms = client.get("/alarms").json()["items"]
        assert [alarm["asset_id"] for alarm in alarms] == [S1]
        # the restored alarm is the old one: it is not raised again, and good data closes it
        again = client.post("/readings", json={"frames": [frame("substation:S1", start + 40_000, COLD)]}).json()["results"]
        assert again == ["accepted"]
        assert len(client.get("/alarms", params={"state": "all"}).json()["items"]) == 1
        client.post("/readings", json={"frames": [frame("substation:S1", start + 50_000)]})
        assert client.get("/alarms").json()["items"] == []


def test_live_state_comes_back_from_history_when_the_checkpoint_is_gone(database_url: str, tmp_path: Path) -> None:
    """PostgreSQL empties unlogged tables when it recovers from a crash."""
    insert_city(database_url, TINY_CITY)
    port, at = free_port(), now_ms() - 5000
    url = f"http://127.0.0.1:{port}"
    with serve_process(database_url, tmp_path / "var", port=port):
        httpx.post(f"{url}/readings", json={"frames": [frame("substation:S1", at, COLD), frame("substation:S1", at - 1)]})
    with connect(database_url) as connection:
        connection.execute("truncate latest_frame")
    with (
        serve_process(database_url, tmp_path / "var", port=port),
        watch(url, "theme=secondary_supply_temperature_degc") as viewer,
    ):
        viewer.receive()
        assert viewer.state[S1] == (20.0, Status.ALARM_LEVEL_1, 1)
