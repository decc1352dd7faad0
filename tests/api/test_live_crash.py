from __future__ import annotations

import signal
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from websockets.exceptions import ConnectionClosed

from data.pool import connect
from tests.api.live_helpers import S1, S2, TINY_CITY, frame, now_ms, substation_values, watch
from tests.api.serving import free_port, serve, serve_process, wait_for
from tests.cities import insert_city
from twin import delta
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


def _degc(number: int) -> float:
    return 40.0 + number % 500 / 10


def _warm_up(url: str, start_ms: int) -> None:
    """Send a frame of one substation after the other, each warmer than the one before, until the server is gone."""
    with suppress(httpx.TransportError), httpx.Client(base_url=url, timeout=30) as client:
        for number in range(10_000):
            values = substation_values(secondary_supply_temperature_degc=_degc(number))
            client.post("/readings", json={"frames": [frame("substation:S1", start_ms + number, values)]})


def _stored_degc(database_url: str, start_ms: int) -> float:
    """Return what the last stored frame says: its time tells its number."""
    return round(_degc(max(at for _, at in _keys(database_url)) - start_ms), 1)


def _held(url: str, query: str) -> dict[int, tuple[float | None, int, int]]:
    """Return what a server says its state is."""
    items = httpx.get(f"{url}/live/state?{query}", timeout=60).json()["items"]
    return {item[0]: tuple(item[1:]) for item in items}


def test_viewers_of_two_servers_agree_and_one_that_is_killed_among_deltas_costs_nobody_his_state(
    database_url: str, tmp_path: Path
) -> None:
    """Frames go into one server, which is killed while it sends deltas; its viewer goes on at the other."""
    insert_city(database_url, TINY_CITY)
    port, start = free_port(), now_ms() - 100_000
    one = f"http://127.0.0.1:{port}"
    theme = "city=1&theme=secondary_supply_temperature_degc"
    with serve(database_url, tmp_path / "other") as other, watch(other, theme) as far:
        far.receive()
        with serve_process(database_url, tmp_path / "one", port=port) as process, watch(one, theme) as near:
            near.receive()
            sender = threading.Thread(target=_warm_up, args=(one, start), daemon=True)
            sender.start()
            for _ in range(3):
                near.receive()
            process.send_signal(signal.SIGKILL)
            process.wait()
            with suppress(ConnectionClosed):
                while True:
                    near.receive()
            sender.join(timeout=30)
        left = near.messages[-1]
        # the other server comes to what was committed, and its viewer to what it has
        wait_for(lambda: _held(other, theme)[S1][0] == _stored_degc(database_url, start), what="the other server to follow")
        far.until(lambda state: state == _held(other, theme))
        with watch(other, f"{theme}&since={left.epoch}:{left.seq}") as moved:
            assert moved.receive().kind is delta.MessageKind.SNAPSHOT  # numbers of another server mean nothing
            assert moved.state == far.state
        # and from here on it is told of what comes to its own server
        warm = substation_values(secondary_supply_temperature_degc=17.5)
        httpx.post(f"{other}/readings", json={"frames": [frame("substation:S1", now_ms(), warm)]}, timeout=60).raise_for_status()
        far.until(lambda state: state[S1][0] == 17.5)
        assert far.state == _held(other, theme)
