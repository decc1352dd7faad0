from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.errors import Refused
from api.simulator import SimulatorOptions, run_simulator
from data.pool import connect
from tests.api.live_helpers import watch
from tests.api.serving import free_port, serve, wait_for
from tests.cities import TinyAsset, insert_city
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


def test_every_source_of_the_city_reports_in_every_round(city_server: str, database_url: str) -> None:
    said = _run(city_server, 3)
    assert said[0].startswith("simulating 4 sources")
    with connect(database_url) as connection:
        rows = connection.execute("select source_id, count(*) from reading_frame group by source_id order by 1").fetchall()
        flags = connection.execute("select distinct quality from reading_frame").fetchall()
    assert [count for _, count in rows] == [3, 3, 3, 3]
    assert {flag for row in flags for flag in bytes(row[0])} == {1}


def test_a_burst_makes_exactly_what_it_cuts_off_glow(branches: tuple[str, dict[str, int]]) -> None:
    url, ids = branches
    with watch(url) as viewer:
        viewer.receive()
        said = _run(url, 14, burst_pipe="E-supply-far")
        assert "pipe E-supply-far bursts and cuts off 1 substations" in said
        viewer.until(lambda state: state[ids["E"]][1] == Status.ALARM_LEVEL_1)
        assert viewer.state[ids["W"]][1] == Status.NORMAL
    alarms = httpx.get(f"{url}/alarms").json()["items"]
    impact = httpx.get(f"{url}/assets/{ids['E-supply-far']}/impact").json()
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


def _frame_count(database_url: str) -> int:
    with connect(database_url) as connection:
        row = connection.execute("select count(*) from reading_frame").fetchone()
    assert row is not None
    return int(row[0])
