"""Live state of segments: the worst of what reports on each, cut off by the valves as they are, each seat its own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.api.live_helpers import frame, now_ms, post, substation_values, watch
from tests.api.serving import serve
from tests.api.test_traces import ROWS, VALVE, insert_keys
from tests.conftest import create_database, drop_database
from tests.handmade_town import COMPANY_B, SUBSTATION, insert_town
from twin import delta
from twin.status import Status

SOURCE = f"substation:substation-{SUBSTATION}"
TRUNK, BEHIND, SECONDARY = 20, 22, 24
"""Segments by their smallest pipe: up to the valve, from it to the substation, and what the substation feeds."""


@pytest.fixture(scope="module")
def town(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over the handmade town."""
    url = create_database(server_url)
    insert_town(url, ROWS)
    insert_keys(url)
    with serve(url, tmp_path_factory.mktemp("segments")) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client
    drop_database(url)


def _operate(client: httpx.Client, state: str) -> None:
    client.post(f"/valves/{VALVE}/state", json={"state": state, "origin": "measured"}).raise_for_status()


def test_alarms_and_valves_reach_the_segments_of_a_viewer_as_numbered_deltas(town: httpx.Client) -> None:
    start = now_ms() - 60_000
    assert post(town, frame(SOURCE, start)) == ["accepted"]
    with watch(str(town.base_url), "city=1&ids=segments") as viewer:
        first = viewer.receive()
        assert (first.kind, first.segments, first.past) == (delta.MessageKind.SNAPSHOT, True, False)
        viewer.until(lambda state: state[BEHIND][1] == Status.NORMAL)
        assert viewer.state[TRUNK] == (None, Status.NO_DATA, 9)  # nothing on it reports

        post(town, frame(SOURCE, start + 10_000, substation_values(secondary_supply_temperature_degc=20.0)))
        viewer.until(lambda state: state[BEHIND][1] == state[SECONDARY][1] == Status.ALARM_LEVEL_1)
        assert (viewer.messages[-1].kind, viewer.messages[-1].segments) == (delta.MessageKind.DELTA, True)

        _operate(town, "closed")
        viewer.until(lambda state: state[BEHIND][1] == state[SECONDARY][1] == Status.CUT_OFF)
        assert viewer.state[TRUNK][1] == Status.NO_DATA
        left = viewer.messages[-1]

        _operate(town, "open")
        viewer.until(lambda state: state[BEHIND][1] == Status.ALARM_LEVEL_1)
        numbers = [message.seq for message in viewer.messages]
        assert numbers == sorted(set(numbers))

        with watch(str(town.base_url), f"ids=segments&since={left.epoch}:{left.seq}") as other:
            missed = other.receive()
            assert missed.kind is delta.MessageKind.DELTA
            assert {BEHIND, SECONDARY} <= set(missed.asset_ids.tolist())
        with watch(str(town.base_url), f"ids=segments&since={left.epoch + 1}:{left.seq}") as stranger:
            assert stranger.receive().kind is delta.MessageKind.SNAPSHOT

        told = town.get("/live/state", params={"city": 1, "ids": "segments"}).json()
        assert {item[0]: tuple(item[1:]) for item in told["items"]} == viewer.state
        binary = town.get("/live/state", params={"ids": "segments"}, headers={"Accept": "application/octet-stream"})
        whole = delta.decode(delta.inflate(binary.content))
        assert (whole.segments, whole.asset_ids.tolist()) == (True, sorted(viewer.state))
    assert town.get("/live/state", params={"ids": "segments", "theme": "open_alarms"}).status_code == 400


def test_a_seat_gets_its_own_segments_with_its_own_assets_on_them(town: httpx.Client) -> None:
    post(town, frame(SOURCE, now_ms(), substation_values(secondary_supply_temperature_degc=20.0)))
    seats = town.get("/seats").json()
    (seat,) = [each["seat_id"] for each in seats if each["role"] == "company" and "乙" in json.dumps(each, ensure_ascii=False)]
    with httpx.Client(base_url=town.base_url, timeout=60) as company:
        company.post("/session", json={"seat_id": seat}).raise_for_status()
        told = company.get("/live/state", params={"ids": "segments"}).json()["items"]
        pipes = company.get("/assets", params={"kind": "pipe", "limit": 100}).json()["items"]
    # the secondary pipes are its own; the substation at their end, which is in alarm, is another company's
    assert {item[0]: item[2] for item in told if item[0] in {TRUNK, BEHIND, SECONDARY}} == {SECONDARY: Status.NO_DATA}
    assert {item[0] for item in told} <= {pipe["asset_id"] for pipe in pipes}
    assert COMPANY_B in {pipe["company_id"] for pipe in pipes}
