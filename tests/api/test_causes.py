"""Causes of alarms over HTTP: named and open alarms, what a seat may see, the worker's files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from api.cause_files import Versions, read_footprints, write_footprints
from tests.api.serving import serve
from tests.conftest import LoadedSample, create_database, drop_database
from topology.causes.footprints import make_footprints
from topology.causes.prepare import Prepared


@pytest.fixture(scope="module")
def client(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    database_url = create_database(server_url, sample.template)
    with (
        serve(database_url, sample.copy_var_dir(tmp_path_factory.mktemp("causes"))) as url,
        httpx.Client(base_url=url, timeout=60) as made,
    ):
        yield made
    drop_database(database_url)


def stations_below_one_pipe(client: httpx.Client) -> list[int]:
    """Return the substations that a crew cuts off with one segment, at least five of them."""
    for item in client.get("/network/criticality", params={"limit": 200}).json()["items"]:
        answer = client.get(f"/assets/{item['segment_id']}/impact").json()
        stations = [each["asset_id"] for each in answer["lost"]["substations"]]
        if 5 <= len(stations) <= 40:
            return stations
    pytest.fail("the sample city has no segment with five substations below it")


def test_named_alarms_are_explained_and_unknown_ids_are_named(client: httpx.Client) -> None:
    alarmed = stations_below_one_pipe(client)
    found = client.get("/assets", params={"kind": "substation", "limit": 1000}).json()["items"]
    silent = [each["asset_id"] for each in found if each["asset_id"] not in alarmed]
    answer = client.post("/causes", json={"alarmed": [*alarmed, 2**31 - 1], "silent": silent})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["unknown"] == [2**31 - 1]
    assert set(body["causes"][0]["explained"]) == set(alarmed)
    assert body["causes"][0]["segment_ids"]
    assert body["causes"][0]["position"] is not None
    assert body["method"]


def test_without_alarms_nothing_is_explained(client: httpx.Client) -> None:
    body = client.get("/causes").json()
    assert (body["alarms"], body["causes"], body["stray"]) == (0, [], [])
    assert client.post("/causes", json={"alarmed": []}).json()["causes"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"alarmed": ["x"]},
        {"alarmed": [0]},
        {"alarmed": [2**31]},
        {"alarmed": [1], "alarm_age_s": {"1": -1}},
        {"alarmed": [1], "alarm_age_s": {"x": 1}},
        {"alarmed": None},
        {"alarmed": [1], "silent": [1e99]},
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(client: httpx.Client, body: object) -> None:
    answer = client.post("/causes", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]


def test_footprints_come_back_from_their_files_as_they_were(tmp_path: Path) -> None:
    zone = make_footprints([("shut", 0.0, [7, 8], np.array([3, 4]), np.array([5, 0]))])
    versions = Versions(1, 2, 3)
    assert read_footprints(tmp_path, versions) is None
    write_footprints(tmp_path, versions, Prepared({"a": zone}, (9,)))
    found = read_footprints(tmp_path, versions)
    assert found is not None
    assert (found.member_id.tolist(), found.station_id.tolist(), found.code.tolist()) == ([7, 8], [3, 4], [5, 0])
    (tmp_path / "a.npz").write_bytes(b"cut short")
    assert read_footprints(tmp_path, versions) is None
