from __future__ import annotations

import signal
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from data.pool import connect
from tests.api.live_helpers import S1, S2, TINY_CITY, frame, now_ms, substation_values, watch
from tests.api.serving import free_port, serve_process, wait_for
from tests.cities import insert_city
from twin.status import Status

COLD = substation_values(secondary_supply_temperature_degc=20.0)


def _wait_until_nobody_writes(database_url: str) -> None:
    """The statements of the killed server end, one way or the other, when the database notices."""
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    with connect(database_url, autocommit=True) as connection:
        wait_for(lambda: connection.execute(others).fetchone() == (0,), what="the end of the killed server's connections")


def _keys(database_url: str) -> set[tuple[str, int]]:
    with connect(database_url) as connection:
        rows = connection.execute(
            "select s.code, (extract(epoch from f.observed_at) * 1000)::bigint"
            " from reading_frame f join source s using (city_id, source_id)"
        ).fetchall()
    return {(row[0], row[1]) for row in rows}


@dataclass
class _Sender(threading.Thread):
    """Sends batches of two frames, one second apart by the device's clock, until the server is gone."""

    url: str
    start_ms: int
    sent: list[set[tuple[str, int]]] = field(default_factory=list)
    acknowledged: int = 0

    def __post_init__(self) -> None:
        threading.Thread.__init__(self, daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        with suppress(httpx.TransportError), httpx.Client(base_url=self.url, timeout=30) as client:
            while True:
                at = self.start_ms + len(self.sent) * 10
                self.sent.append({("substation:S1", at), ("substation:S2", at)})
                frames = [frame("substation:S1", at, COLD), frame("substation:S2", at)]
                assert client.post("/readings", json={"frames": frames}).json()["results"] == ["accepted", "accepted"]
                self.acknowledged += 1


def test_a_killed_server_loses_nothing_that_it_acknowledged(database_url: str, tmp_path: Path) -> None:
    """`python -m benchmarks.crash` does it often, to the database too, and while days are archived."""
    insert_city(database_url, TINY_CITY)
    port, start = free_port(), now_ms() - 100_000
    url = f"http://127.0.0.1:{port}"
    with serve_process(database_url, tmp_path / "var", port=port) as process:
        senders = [_Sender(url, start + number) for number in range(3)]
        for sender in senders:
            sender.start()
        wait_for(lambda: min(sender.acknowledged for sender in senders) >= 10, what="acknowledged batches")
        process.send_signal(signal.SIGKILL)
        process.wait()
        for sender in senders:
            sender.join(timeout=30)
    _wait_until_nobody_writes(database_url)
    stored = _keys(database_url)
    for sender in senders:
        assert len(sender.sent) == sender.acknowledged + 1
        assert set().union(*sender.sent[: sender.acknowledged]) <= stored
        assert len(sender.sent[-1] & stored) in {0, 2}
    assert stored <= set().union(*(batch for sender in senders for batch in sender.sent))

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


def test_live_state_of_an_older_program_comes_back_from_history(database_url: str, tmp_path: Path) -> None:
    """It has frames, and neither a checkpoint nor a ledger."""
    insert_city(database_url, TINY_CITY)
    port, at = free_port(), now_ms() - 5000
    url = f"http://127.0.0.1:{port}"
    with serve_process(database_url, tmp_path / "var", port=port):
        httpx.post(
            f"{url}/readings", json={"frames": [frame("substation:S1", at, COLD), frame("substation:S1", at - 1)]}, timeout=60
        )
    with connect(database_url) as connection:
        connection.execute("truncate latest_checkpoint, reading_commit")
    with (
        serve_process(database_url, tmp_path / "var", port=port),
        watch(url, "theme=secondary_supply_temperature_degc") as viewer,
    ):
        viewer.receive()
        assert viewer.state[S1] == (20.0, Status.ALARM_LEVEL_1, 1)
