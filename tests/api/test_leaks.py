"""Leaks over HTTP on the sample city: a planted leak is found, and what is missing is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from api.leak_room import _case
from data.hydraulics import read_hydraulic_tables
from data.network import read_network_tables
from data.pool import connect
from tests.api.serving import serve
from tests.conftest import LoadedSample, create_database, drop_database
from topology.flow.solver import Leak
from topology.hydraulics.zone import cut_zone
from topology.network import build_network


@pytest.fixture(scope="module")
def served(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    database_url = create_database(server_url, sample.template)
    with serve(database_url, sample.copy_var_dir(tmp_path_factory.mktemp("leaks"))) as url:
        yield url, database_url
    drop_database(database_url)


@pytest.fixture(scope="module")
def client(served: tuple[str, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served[0], timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def planted(served: tuple[str, str]) -> dict[str, Any]:
    """A leak in a supply pipe of the plant's zone, and what every station reads with and without it."""
    with connect(served[1]) as connection:
        network = build_network(read_network_tables(connection, 1))
        tables = read_hydraulic_tables(connection, 1)
    source_id = int(tables.sources.sort_values("design_power_mw")["asset_id"].iloc[-1])
    case = _case(cut_zone(network, tables, source_id))
    zone = case.zone
    busy = np.abs(case.solved.flow_kg_per_s) > 1.0
    pipe = int(np.flatnonzero(busy & (zone.node_side[zone.pipe_u] == 1))[-1])
    size = 0.2 * float(case.station_kg_per_s.sum())
    leaking = case.solver.solve(case.station_kg_per_s, case.feed_kg_per_s, leak=Leak(pipe, 0.5, size))

    def readings(pressure: np.ndarray) -> dict[str, dict[str, float]]:
        return {
            str(station): {"supply_mpa": 1.0 + float(pressure[u]), "return_mpa": 0.3 + float(pressure[v])}
            for station, u, v in zip(zone.station_id, zone.station_supply, zone.station_return, strict=True)
        }

    return {
        "pipe": int(zone.pipe_id[pipe]),
        "body": {"source_id": source_id, "make_up_kg_per_s": size, "source": {"supply_mpa": 1.0, "return_mpa": 0.3}},
        "now": readings(leaking.pressure_mpa),
        "before": readings(case.solved.pressure_mpa),
    }


def test_a_planted_leak_is_among_the_likely_pipes(client: httpx.Client, planted: dict[str, Any]) -> None:
    before = {"before": planted["before"], "source_before": planted["body"]["source"]}
    for extra in ({}, before):
        answer = client.post("/leaks/locate", json=planted["body"] | {"readings": planted["now"]} | extra)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert planted["pipe"] in [each["pipe_id"] for each in found["candidates"]]
        assert found["candidates"][0]["side"] == 1
        assert found["stations"] == len(planted["now"])
        assert found["problems"] == []
        assert found["residual_mpa"] < 0.002
        likelihoods = [each["properties"]["likelihood"] for each in found["geometry"]["features"]]
        assert likelihoods == sorted(likelihoods, reverse=True)
        assert 0.9 < sum(likelihoods) <= 1.001


def test_what_is_missing_is_told(client: httpx.Client, planted: dict[str, Any]) -> None:
    body = planted["body"]
    nothing = client.post("/leaks/locate", json=body | {"readings": {}})
    assert nothing.status_code == 400
    assert "at least 3 are needed" in nothing.text
    station = next(iter(planted["now"]))
    elsewhere = client.post("/leaks/locate", json=body | {"readings": {"999999999": planted["now"][station]}})
    assert elsewhere.status_code == 400
    assert "999999999" in elsewhere.text
    no_source = client.post("/leaks/locate", json=body | {"source_id": int(station), "readings": planted["now"]})
    assert no_source.status_code == 422
    assert "no heat source" in no_source.text
    for wrong in ({"make_up_kg_per_s": -1}, {"source_id": 0}, {"readings": {station: {"supply_mpa": 99, "return_mpa": 0}}}):
        assert client.post("/leaks/locate", json=body | {"readings": planted["now"]} | wrong).status_code == 422


def test_without_readings_the_last_ones_count(client: httpx.Client, planted: dict[str, Any]) -> None:
    """The sample has just been loaded and nothing has reported yet."""
    answer = client.post("/leaks/locate", json={"source_id": planted["body"]["source_id"]})
    assert answer.status_code == 400
    assert "0 of the" in answer.text
