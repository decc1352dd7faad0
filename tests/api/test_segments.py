"""Live state of segments: the worst of what reports on each, cut off by the valves as they are, each seat its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from data.pool import connect
from tests.api.live_helpers import frame, now_ms, post, substation_values, watch
from tests.api.serving import serve
from tests.api.test_traces import ROWS, VALVE, insert_keys
from tests.conftest import create_database, drop_database
from tests.handmade_town import COMPANY_B, SUBSTATION, insert_town
from twin import delta
from twin.status import Status

pytestmark = pytest.mark.in_order
_RECORD = """
insert into valve_state_history (city_id, asset_id, state, origin, seat, changed_at, valve_version)
values (1, %s, %s, 'measured', 'test', now() - make_interval(mins => %s), %s)
"""
SOURCE = f"substation:substation-{SUBSTATION}"
TRUNK, BEHIND, SECONDARY = 20, 22, 24
"""Segments by their smallest pipe: up to the valve, from it to the substation, and what the substation feeds."""


@pytest.fixture(scope="module")
def town_url(server_url: str) -> Iterator[str]:
    """Yield the address of a database with the handmade town."""
    url = create_database(server_url)
    insert_town(url, ROWS)
    insert_keys(url)
    yield url
    drop_database(url)


@pytest.fixture(scope="module")
def town(town_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over the handmade town."""
    with serve(town_url, tmp_path_factory.mktemp("segments")) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


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


def test_a_replay_cuts_off_what_the_valves_cut_off_then_and_a_question_in_it_gets_the_answer_of_then(
    town: httpx.Client, town_url: str
) -> None:
    """The valve was shut twenty minutes ago, and opened ten minutes ago."""
    now = now_ms()
    _operate(town, "open")
    with connect(town_url) as connection:
        connection.execute("delete from valve_state_history where asset_id = %s", (VALVE,))
        for minutes, state, version in ((20, "closed", 101), (10, "open", 102)):
            connection.execute(_RECORD, (VALVE, state, minutes, version))
    seen = []
    query = f"city=1&ids=assets,segments&replay={now - 25 * 60_000}&speed=0"
    with watch(str(town.base_url), query) as viewer:
        for ago in (25, 15, 5):
            if ago != 25:
                viewer.socket.send(json.dumps({"at": now - ago * 60_000}))
            assert not viewer.receive().segments
            message = viewer.receive()
            assert (message.segments, message.past, message.kind) == (True, True, delta.MessageKind.SNAPSHOT)
            states = dict(zip(message.asset_ids.tolist(), (message.packed >> 4).tolist(), strict=True))
            seen.append((states[TRUNK] == Status.CUT_OFF, states[BEHIND] == Status.CUT_OFF, states[SECONDARY] == Status.CUT_OFF))
            at = datetime.fromtimestamp((now - ago * 60_000) / 1000, UTC).isoformat()
            fed = town.post("/trace", json={"question": "sources", "asset_ids": [SUBSTATION], "as_of": at}).json()
            assert bool(fed["now"]) == (ago != 15)
        # and on from there, as time goes by: shut, opened, each told once
        viewer.socket.send(json.dumps({"at": now - 25 * 60_000, "speed": 600}))
        told = []
        while (message := viewer.receive()).as_of_ms < now - 5 * 60_000:
            if message.segments and BEHIND in message.asset_ids:
                told.append(int(message.packed[message.asset_ids.tolist().index(BEHIND)]) >> 4 == Status.CUT_OFF)
        assert told == [False, True, False]
    assert seen == [(False, False, False), (False, True, True), (False, False, False)]


@pytest.mark.parametrize(
    "query", ["ids=segments&replay=1795262400000", "ids=assets,segments", "ids=assets,segments&replay=1795262400000&theme=colour"]
)
def test_segments_that_cannot_be_had_are_closed_with_the_reason(town: httpx.Client, query: str) -> None:
    with watch(str(town.base_url), query) as viewer, pytest.raises(ConnectionClosed) as closed:
        viewer.receive()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "must be one of" in closed.value.rcvd.reason) == (4400, True)
