"""What-ifs over HTTP with the real worker process: progress, cancelling, a killed worker, rights; zones and pressure lines."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from api import what_if_room
from api.simulator_server import Server
from api.what_if_worker import Solver
from data.pool import connect
from tests.api.serving import serve, told, wait_for
from tests.conftest import LoadedSample, create_database, drop_database
from twin.simulator.city import figures, start
from twin.simulator.network import MPA_PER_M

pytestmark = pytest.mark.timeout(900)  # every worker loads pandapipes anew, beside whatever else the machine does


@pytest.fixture(scope="module")
def database(sample: LoadedSample, server_url: str) -> Iterator[str]:
    """Yield a sample city of this module's own, its zones solved as the worker does."""
    url = create_database(server_url, sample.template)
    solver = Solver(url)
    while solver.sweep(1):
        pass
    yield url
    drop_database(url)


@pytest.fixture(scope="module")
def server(database: str, sample: LoadedSample, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(database, sample.copy_var_dir(tmp_path_factory.mktemp("whatif"))) as url:
        yield url


@pytest.fixture
def planner(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server, timeout=60) as client:
        yield client


def asset_id(client: httpx.Client, **query: str) -> int:
    return int(client.get("/assets", params={"limit": 1, **query}).json()["items"][0]["asset_id"])


def ask(client: httpx.Client, **body: Any) -> int:
    answer = client.post("/whatif", json=body)
    assert answer.status_code == 202, answer.text
    return int(answer.json()["job_id"])


def finished(client: httpx.Client, job_id: int) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        answer: dict[str, Any] | None = told(client, f"/whatif/{job_id}")
        return answer if answer is not None and answer["state"] not in {"queued", "running"} else None

    return wait_for(ended, what=f"what-if {job_id}", limit_s=400)


def worker_processes() -> list[int]:
    """Return the workers that this process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                parent = int((entry / "stat").read_bytes().rsplit(b")", 1)[1].split()[1])
            except OSError:
                continue
            if b"api.what_if_worker" in command and parent == os.getpid():
                found.append(int(entry.name))
    return found


def has_begun(client: httpx.Client, job_id: int) -> bool:
    answer = told(client, f"/whatif/{job_id}")
    return answer is not None and answer["state"] != "queued"


def caught(client: httpx.Client, source_id: int) -> int:
    """Return a what-if that runs, its worker held still, so that no machine is fast enough to end it meanwhile."""
    for outdoor_degc in range(-6, -20, -1):
        job_id = ask(client, source_id=source_id, outdoor_degc=float(outdoor_degc))
        wait_for(partial(has_begun, client, job_id), what="a start", limit_s=200)
        workers = worker_processes()
        for process in workers:
            os.kill(process, signal.SIGSTOP)
        if client.get(f"/whatif/{job_id}").json()["state"] == "running":
            return job_id
        for process in workers:
            os.kill(process, signal.SIGCONT)
    raise AssertionError("every what-if ended before its worker could be held")


def test_a_what_if_is_answered_and_the_worker_outlives_a_cancel_and_a_kill(server: str, planner: httpx.Client) -> None:
    plant = asset_id(planner, kind="plant")
    first = finished(planner, ask(planner, source_id=plant, outdoor_degc=-5.0))
    assert first["state"] == "done", first["error"]
    result = first["result"]
    assert result["converged"]
    assert result["agrees"]
    assert result["before"]["stations"] == result["after"]["stations"] == 60
    assert result["after"]["supply_degc"] < result["before"]["supply_degc"] == 110.0
    assert result["after"]["load_mw"] < result["before"]["load_mw"]
    assert result["topology_off"] == result["short_stations"] == []
    line = result["pressure_line"]["points"]
    assert line[0]["position"] is not None
    assert all(each["supply_m"] > each["return_m"] > each["axis_m"] for each in line)
    (worker,) = worker_processes()

    # cancelled while it runs: the process ends though the solver is at work, and the next what-if gets another one
    cancelled = caught(planner, plant)
    planner.post(f"/jobs/{cancelled}/cancel").raise_for_status()
    assert finished(planner, cancelled)["state"] == "cancelled"

    # killed while it runs: the job fails, says so, and the next what-if is answered
    killed = caught(planner, plant)
    for process in worker_processes():
        os.kill(process, signal.SIGKILL)
    failed = finished(planner, killed)
    assert failed["state"] == "failed"
    assert "ended" in failed["error"]
    again = finished(planner, ask(planner, source_id=plant))
    assert again["state"] == "done"
    assert worker not in worker_processes()
    jobs = {job["job_id"]: job for job in planner.get("/jobs").json()}
    assert jobs[again["job_id"]]["progress"] == 1.0
    assert set(jobs[again["job_id"]]["result"]) == {"source_id", "converged", "agrees"}


def test_a_full_queue_says_when_to_come_again(planner: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    plant = asset_id(planner, kind="plant")
    monkeypatch.setattr(what_if_room, "MOST_WAITING", 0)
    answer = planner.post("/whatif", json={"source_id": plant})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert "what-ifs wait or run" in answer.json()["error"]["message"]


def test_what_cannot_be_tried_is_refused_in_words(planner: httpx.Client) -> None:
    plant, pipe = asset_id(planner, kind="plant"), asset_id(planner, kind="pipe")
    building = asset_id(planner, kind="building")
    for body, status, text in (
        ({}, 422, "nothing is named"),
        ({"source_id": plant, "close": [pipe]}, 422, "is a pipe; it must be a valve"),
        ({"source_id": plant, "stop_pumps": [plant]}, 422, "a plant is stopped by stop_sources"),
        ({"source_id": plant, "leaks": [{"asset_id": plant, "kg_per_s": 3}]}, 422, "must be a pipe"),
        ({"source_id": plant, "leaks": [{"asset_id": pipe, "kg_per_s": -3}]}, 422, "greater than 0"),
        ({"source_id": plant, "stop_sources": [plant, plant]}, 422, "operated twice"),
        ({"source_id": plant, "outdoor_degc": 30.0}, 422, "a what-if heats between"),
        ({"source_id": 99_999_999}, 404, "there is no asset 99999999"),
        ({"source_id": plant, "nonsense": 1}, 422, "Extra inputs"),
        ({"asset_id": building}, 202, ""),
    ):
        answer = planner.post("/whatif", json=body)
        assert answer.status_code == status, (body, answer.text)
        assert text in answer.text
    # known only when the zones are cut: the job says it
    assert "lies in no zone" in finished(planner, answer.json()["job_id"])["error"]
    assert planner.get("/whatif/99999999").status_code == 404


def test_the_simulator_runs_on_the_solved_zones(planner: httpx.Client) -> None:
    said: list[str] = []
    server = Server(planner, None, threading.Event(), said.append)
    (sources, schemas), zones = server.sources(), server.zones()
    simulation = start(sources, schemas, seed=1, clock_s=1_795_000_000.0, zones=zones)
    network, shown = simulation.design.network, figures(simulation)
    assert [int((network.zone == number).sum()) for number in range(len(zones))] == [len(zone.station_ids) for zone in zones]
    for number, zone in enumerate(zones):
        mine, fed = network.zone == number, network.heat_source_zone == number
        assert shown.source_flow_m3_per_h[fed].sum() == pytest.approx(shown.flow_m3_per_h[mine].sum(), rel=1e-6)
        assert shown.source_power_mw[fed].sum() > shown.power_mw[mine].sum() > 0
        # the solve's own pressures and flows, apart from how far the station's valve is open now
        assert shown.flow_m3_per_h[mine].sum() == pytest.approx(zone.flow_m3_per_h.sum(), rel=0.2)
        assert np.all(shown.primary_supply_mpa[mine] - shown.primary_return_mpa[mine] > 0.02)
        line = planner.get(f"/zones/{zone.source_id}/line").json()
        row = simulation.design.substation_ids.tolist().index(line["station_id"])
        heads = [point["supply_m"] for point in line["points"]]
        assert heads == sorted(heads, reverse=True)
        now_m = shown.primary_supply_mpa[row] / MPA_PER_M + line["points"][-1]["axis_m"]
        assert heads[-1] - 0.2 * (heads[0] - heads[-1]) - 3 < now_m < heads[0]
    assert not said


def test_zones_and_lines_are_those_that_were_solved_until_a_valve_moves(planner: httpx.Client, database: str) -> None:
    zones = planner.get("/zones").json()["zones"]
    assert len(zones) >= 1
    zone = zones[0]
    assert zone["stations"] == 60
    assert zone["stale"] is False
    assert zone["problems"] == []
    line = planner.get(f"/zones/{zone['source_id']}/line").json()
    assert line["station_id"] == zone["worst_station_id"]
    assert line["station_name"]
    last = line["points"][-1]
    station = planner.get(f"/assets/{line['station_id']}").json()["solved"]
    assert station["supply_mpa"] - station["return_mpa"] == pytest.approx(zone["worst_differential_mpa"], abs=1e-3)
    assert (station["flow_share"], station["stale"], station["flow_direction"]) == (1.0, False, None)
    # water of 110 and 60 degC: kg/m3 out of steam tables
    assert last["supply_m"] - last["axis_m"] == pytest.approx(station["supply_mpa"] * 1e6 / (950.9 * 9.80665), rel=0.01)
    assert last["return_m"] - last["axis_m"] == pytest.approx(station["return_mpa"] * 1e6 / (983.2 * 9.80665), abs=1.0)
    pipe = planner.get(f"/assets/{last['asset_id']}").json()["solved"]
    assert pipe["flow_direction"] in {0, 1}
    assert (pipe["flow_m3_per_h"] >= 0) == (pipe["flow_direction"] == 0)
    assert [each["distance_m"] for each in line["points"]] == sorted(each["distance_m"] for each in line["points"])
    assert any(each["ground_m"] is not None and each["ground_m"] > each["axis_m"] for each in line["points"])
    stations = {each["asset_id"]: each for each in planner.get(f"/zones/{zone['source_id']}/stations").json()["stations"]}
    assert len(stations) == zone["stations"]
    worst = stations[line["station_id"]]
    assert worst["supply_mpa"] == pytest.approx(station["supply_mpa"], abs=1e-3)
    assert worst["supply_loss_m"] == pytest.approx(line["points"][0]["supply_m"] - last["supply_m"], abs=0.02)
    assert worst["return_loss_m"] == pytest.approx(last["return_m"] - line["points"][0]["return_m"], abs=0.02)
    other = asset_id(planner, kind="substation")
    assert planner.get(f"/zones/{other}/stations").status_code == 404
    assert planner.get(f"/zones/{zone['source_id']}/line", params={"station_id": other}).json()["station_id"] == other
    assert planner.get(f"/zones/{other}/line").status_code == 404
    with connect(database, autocommit=True) as connection:
        counts = connection.execute("select count(*), count(distinct flow_direction) from zone_pipe").fetchone()
        assert counts is not None
        assert counts[0] > 1000
        connection.execute("update city set valve_version = valve_version + 1")
    assert planner.get("/zones").json()["zones"][0]["stale"] is True
