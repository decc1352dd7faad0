from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from api.auth import vault
from api.errors import Refused
from api.simulator import SimulatorOptions, run_simulator
from api.simulator_server import read_key
from data import accounts
from data.pool import connect
from tests.api.live_helpers import watch
from tests.api.serving import free_port, serve, wait_for
from tests.cities import TinyAsset, insert_city
from twin.seats import Organisation
from twin.simulator.faults import FaultShares
from twin.status import Status

WEST, MIDDLE, EAST = "125.320 43.880", "125.325 43.880", "125.330 43.880"
HEAT = {"network_level": "primary", "medium": "heat"}
VALVE = {"network_level": "primary", "normal_state": "open", "operability": "usable"}
# a plant with a substation on each side; each side has its own pipes and valves
TWO_BRANCHES = (
    TinyAsset("plant", "P", wkt=f"POINT({MIDDLE})"),
    TinyAsset("substation", "W", attributes={"source_code": "P"}, wkt=f"POINT({WEST})"),
    TinyAsset("substation", "E", attributes={"source_code": "P"}, wkt=f"POINT({EAST})"),
    *(
        TinyAsset("pipe", f"{branch}-{side}-{part}", attributes={**HEAT, "side": side}, wkt=f"LINESTRING({start}, {end})")
        for branch, far, valve in (("W", WEST, "125.324 43.880"), ("E", EAST, "125.326 43.880"))
        for side in ("supply", "return")
        for part, start, end in (("near", MIDDLE, valve), ("far", valve, far))
    ),
    *(
        TinyAsset("valve", f"V{branch}-{side}", attributes={**VALVE, "side": side}, wkt=f"POINT({at})")
        for branch, at in (("W", "125.324 43.880"), ("E", "125.326 43.880"))
        for side in ("supply", "return")
    ),
)


class FastClock:
    """A wall clock that starts in the past and moves ten seconds with each look: minutes of simulation in a moment."""

    def __init__(self, start_s: float) -> None:
        self.now_s = start_s

    def __call__(self) -> float:
        self.now_s += 10.0
        return self.now_s


def _run(url: str, rounds: int, **options: Any) -> list[str]:
    said: list[str] = []
    clock = FastClock(1_795_000_000.0)
    run_simulator(url, SimulatorOptions(**options), stop=threading.Event(), say=said.append, clock=clock, rounds=rounds)
    return said


@pytest.fixture
def branches(database_url: str, tmp_path: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield a server over two branches of a network, and the asset ids by code."""
    ids = insert_city(database_url, TWO_BRANCHES)
    with serve(database_url, tmp_path / "var") as url:
        yield url, ids


def test_every_source_of_the_city_reports_at_its_period(city_server: str, database_url: str) -> None:
    said = _run(city_server, 8, station_period_s=10.0)
    assert said[0].startswith("simulating 4 sources")
    counts = _counts(database_url)
    # rooms report once a minute
    assert counts["substation"] == counts["weather_station"] >= 3 * counts["room_sensor"] >= 3
    with connect(database_url) as connection:
        payloads = connection.execute("select payload from reading_frame").fetchall()
        conflicts = connection.execute("select count(*) from reading_conflict").fetchone()
    assert payloads
    assert conflicts == (0,)


def test_faults_are_stored_as_their_labels_say(city_server: str, database_url: str, tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    shares = FaultShares(0.0, 0.2, 0.2, 0.2, silent=0.0, skewed=0.0, stuck=0.0, unregistered=1.0, outage_s=0.0)
    said = _run(city_server, 30, station_period_s=10.0, faults=shares, labels=labels, connections=1)
    told = [orjson.loads(line) for line in labels.read_bytes().splitlines()]
    assert {label["fault"] for label in told} == {"duplicate", "conflict", "bad", "unregistered"}
    conflicts = [label for label in told if label["fault"] == "conflict"]
    with connect(database_url) as connection:
        rows = connection.execute(
            "select s.code, (extract(epoch from c.observed_at) * 1000)::bigint"
            " from reading_conflict c join source s using (city_id, source_id)"
        ).fetchall()
        frames = connection.execute("select count(*), count(distinct (source_id, observed_at)) from reading_frame").fetchone()
    sent = {(label["source"], label["observed_at"]) for label in conflicts}
    # those of the last ten seconds were not sent any more
    assert set(rows) <= sent
    assert len(rows) >= len(sent) - 6 > 0
    assert frames is not None
    assert frames[0] == frames[1] > 50
    assert any("unknown_source" in line for line in said)


def test_a_signed_simulator_sends_where_nothing_is_taken_without_a_signature(database_url: str, tmp_path: Path) -> None:
    insert_city(database_url, [TinyAsset("substation", "S1")])
    secret_file, var_dir = tmp_path / "secret", tmp_path / "var"
    secret_file.write_text("of the gateway\n", encoding="ascii")
    office = Organisation("市供热管理办公室", "city", None, None)
    with serve(database_url, var_dir, host="0.0.0.0") as url:
        with pytest.raises(Refused, match="401"):
            _run(url, 1)
        with connect(database_url) as connection:
            accounts.add_seat(
                connection, login="gateway", person="", role="administrator", organisation=office, password_hash=None
            )
            encrypted = vault.encrypt(vault.load_key(var_dir), b"of the gateway", app_id="app-1")
            accounts.add_key(connection, login="gateway", app_id="app-1", secret_encrypted=encrypted, digest="sm3")
        _run(url, 2, key=read_key("app-1", secret_file, "sm3"))
    assert _frame_count(database_url) >= 1


def test_a_burst_makes_exactly_what_it_cuts_off_glow(branches: tuple[str, dict[str, int]]) -> None:
    url, ids = branches
    with watch(url) as viewer:
        viewer.receive()
        said = _run(url, 14, station_period_s=10.0, burst_pipe="E-supply-far")
        assert "pipe E-supply-far bursts and cuts off 1 substations" in said
        viewer.until(lambda state: state[ids["E"]][1] == Status.ALARM_LEVEL_1)
        assert viewer.state[ids["W"]][1] == Status.NORMAL
    alarms = httpx.get(f"{url}/alarms", timeout=60).json()["items"]
    impact = httpx.get(f"{url}/assets/{ids['E-supply-far']}/impact", timeout=60).json()
    assert [alarm["asset_id"] for alarm in alarms] == [item["asset_id"] for item in impact["lost"]["substations"]] == [ids["E"]]


def test_a_pipe_that_is_not_there_ends_the_simulator_with_its_name(city_server: str) -> None:
    with pytest.raises(Refused, match="there is no pipe 'NONE'"):
        _run(city_server, 2, burst_pipe="NONE")


def test_the_command_waits_for_a_server_and_leaves_cleanly_when_told(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "api.cli", "simulate", "--url", f"http://127.0.0.1:{port}", "--period", "0.2"]
    insert_city(database_url, [TinyAsset("substation", "S1")])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        # it speaks only after a first refused connection: the server starts after that
        assert "trying again" in process.stdout.readline()
        with serve(database_url, tmp_path / "var", port=port):
            wait_for(lambda: _frame_count(database_url) >= 3, what="three frames of the simulator", limit_s=60)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _counts(database_url: str) -> dict[str, int]:
    with connect(database_url) as connection:
        rows = connection.execute(
            "select split_part(s.code, ':', 1), count(*) / count(distinct s.source_id) from reading_frame f"
            " join source s using (city_id, source_id) group by 1"
        ).fetchall()
    return {str(kind): int(count) for kind, count in rows}


def _frame_count(database_url: str) -> int:
    with connect(database_url) as connection:
        row = connection.execute("select count(*) from reading_frame").fetchone()
    assert row is not None
    return int(row[0])
