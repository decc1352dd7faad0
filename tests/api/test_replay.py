"""A replay shows what live state showed: the same hash at every moment, out of hot days and of the archive."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from api.replay_room import MOST_REPLAYS, PRESENT_MS, ReplayRoom
from data.alarm_rules import list_rules
from data.alarms import store_changes
from data.history.merging import taken
from data.history.postgres import PostgresHistory
from data.pool import Pool, open_pool
from data.reading_copy import COLUMNS
from data.readings import ensure_partitions, from_ms
from data.replay import read_hop
from data.sources import ensure_sources, list_sources
from data.statements import sql
from tests.api.live_helpers import Viewer, now_ms, substation_values, watch
from tests.api.serving import serve, wait_for
from tests.cities import TinyAsset, insert_city
from tests.conftest import create_database, drop_database
from tests.data.history_helpers import CITY, write_archive
from twin import delta
from twin.frames import encode_payloads
from twin.live import LIVE_THEMES, LiveCity, build_city
from twin.readings import Batch, Source
from twin.scope import Scope

FULL = Scope()
STATIONS, ROOMS = 20, 10
HOUR_MS = 3_600_000
AFTER_ALL_MS = 4_102_444_800_000
"""2100: not yet, whenever this runs, and the same in every process."""
START_MS = now_ms() // 60_000 * 60_000 - 5 * HOUR_MS
"""A replay begins here; frames begin an hour earlier, so that some sources have fallen silent."""
MOMENTS = range(START_MS, START_MS + 1_800_000 + 1, 90_000)


def state_hash(message: delta.Message | None) -> str:
    """Return the hash of what a viewer has after a snapshot."""
    assert message is not None
    parts = (message.asset_ids.astype("<i8"), message.units.astype("<i2"), message.packed)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def hashes(city: LiveCity) -> dict[str, str]:
    return {theme: state_hash(city.message(theme, FULL, since=None)) for theme in LIVE_THEMES}


# ---------------------------------------------------------------- a live city that is recorded


@dataclass(frozen=True)
class Recorded:
    """A database of an hour and a half, and the hashes of live state at its moments."""

    url: str
    var_dir: Path
    shown: dict[int, dict[str, str]]
    alarms: dict[int, int]


def _arrivals(sources: list[Source]) -> list[tuple[int, int, Source]]:
    """Return (arrival, time, source): whole seconds, some late by minutes, some silent for a while or from some time on."""
    chance = np.random.default_rng(5)
    found = []
    for source in sources:
        silent_from = int(chance.integers(0, 90)) if chance.random() < 0.2 else 1000
        for minute in range(90):
            if minute >= silent_from or chance.random() < 0.03:
                continue
            at_ms = START_MS - HOUR_MS + minute * 60_000 + int(chance.integers(0, 60)) * 1000
            delay_s = int(chance.integers(120, 900)) if chance.random() < 0.1 else int(chance.integers(-20, 10))
            found.append((at_ms + delay_s * 1000, at_ms, source))
    return sorted(found, key=lambda each: (each[0], each[1], each[2].source_id))


def _batch(source: Source, at_ms: int, number: int) -> Batch:
    if source.kind == "substation":
        # a wave that crosses the limit of the default rule now and then
        temperature = 40.0 + 9.0 * math.sin(number / 15 + source.source_id)
        given = substation_values(secondary_supply_temperature_degc=temperature)
        values = [math.nan if value is None else value for value in given]
    else:
        values = [18.0 + source.source_id % 7 + number % 5 * 0.1, 40.0, 90.0]
    quality = np.full((1, len(values)), 1, np.uint8)
    quality[0, 0] = 3 if number % 11 == 0 else 1
    ids, times = np.array([source.source_id], np.int32), np.array([at_ms], np.int64)
    return Batch(source.schema_id, source.schema, np.zeros(1, np.int64), ids, times, np.array([values]), quality)


async def _record(pool: Pool, city: LiveCity, sources: list[Source]) -> tuple[dict[int, dict[str, str]], dict[int, int]]:
    """Let frames come in as the intake does: stored, alarms with them, then live; write down what is shown at each moment."""
    shown: dict[int, dict[str, str]] = {}
    alarms: dict[int, int] = {}
    rows, waiting = [], list(MOMENTS)
    async with pool.acquire() as connection, connection.transaction():
        for number, (came_ms, at_ms, source) in enumerate(_arrivals(sources)):
            while waiting and waiting[0] < came_ms:
                moment = waiting.pop(0)
                city.refresh(moment)
                shown[moment], alarms[moment] = hashes(city), city.active_alarms
            batch = _batch(source, at_ms, number)
            payload = encode_payloads(batch.schema, batch.values, batch.quality).tobytes()
            rows.append((CITY, source.schema_id, source.source_id, from_ms(at_ms), (came_ms - at_ms) // 1000, payload))
            plan = city.plan(batch)
            quiet = [each for step in plan.steps for each in await store_changes(connection, CITY, step.changes)]
            city.apply(plan, received_ms=came_ms)
            city.keep_quiet(quiet)
            if number % 40 == 0:
                await _mark(connection, city, came_ms, number // 40)
        await ensure_partitions(connection, {row[3].date() for row in rows})
        await connection.copy_records_to_table("reading_frame", records=rows, columns=COLUMNS)
    return shown, alarms


async def _mark(connection: asyncpg.Connection, city: LiveCity, at_ms: int, number: int) -> None:
    """Shelve the alarm that was raised last, or take it from its shelf; or out of service and back; as a person does."""
    word = ("shelved", "out_of_service", "unshelved", "in_service")[number % 4]
    alarm_id = await connection.fetchval("select max(alarm_id) from alarm")
    if alarm_id is None:
        return
    until = datetime(9999, 1, 1, tzinfo=UTC) if word == "shelved" else None
    values = {"shelved": "shelved_until = $2", "unshelved": "shelved_until = $2"}.get(word, "out_of_service = $2")
    given = until if "shelf" in values or "shelved" in values else word == "out_of_service"
    await connection.execute(f"update alarm set {values} where alarm_id = $1", alarm_id, given)
    await connection.execute(
        "insert into alarm_transition (city_id, alarm_id, transition, seat, happened_at) values ($1, $2, $3, 'test', $4)",
        *(CITY, alarm_id, word, from_ms(at_ms)),
    )
    rows = await connection.fetch(sql("alarm_active"), CITY)
    city.set_alarms([(row["rule_id"], row["source_id"], row["quiet"]) for row in rows])


@pytest.fixture(scope="module")
def recorded(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    url = create_database(server_url)
    assets = [TinyAsset("substation", f"S{n}") for n in range(STATIONS)]
    insert_city(url, [*assets, *(TinyAsset("room_sensor", f"R{n}") for n in range(ROOMS))], city_id=CITY)

    async def fill() -> tuple[dict[int, dict[str, str]], dict[int, int]]:
        pool = await open_pool(url, size=2)
        try:
            await ensure_sources(pool, CITY)
            sources = await list_sources(pool, CITY)
            return await _record(pool, build_city(CITY, 1, sources, await list_rules(pool, CITY)), sources)
        finally:
            await pool.close()

    shown, alarms = asyncio.run(fill())
    yield Recorded(url, tmp_path_factory.mktemp("var"), shown, alarms)
    drop_database(url)


class _Live:
    """The part of the live room that a replay asks: the city as it is now."""

    def __init__(self, city: LiveCity) -> None:
        self._city = city

    def require_city(self, city_id: int) -> LiveCity:
        assert city_id == self._city.city_id
        return self._city


async def _replayed(recorded: Recorded, *, begin_ms: int, step_ms: int) -> dict[int, dict[str, str]]:
    """Play from a time on in steps and return the hashes at the moments that come by."""
    pool = await open_pool(recorded.url, size=3)
    history = PostgresHistory(pool, recorded.var_dir)
    now = build_city(CITY, 2, await list_sources(pool, CITY), await list_rules(pool, CITY))
    found = {}
    try:
        async with ReplayRoom(pool, history, _Live(now)).place(CITY) as player:  # type: ignore[arg-type]
            await player.seek(begin_ms)
            found[begin_ms] = hashes(player.replay.city)
            while player.replay.at_ms < MOMENTS[-1]:
                await player.step(step_ms, 60.0)
                if player.replay.at_ms in MOMENTS:
                    found[player.replay.at_ms] = hashes(player.replay.city)
    finally:
        history.close()
        await pool.close()
    return found


def _equal(found: dict[int, dict[str, str]], recorded: Recorded) -> None:
    wrong = [
        (moment, theme) for moment, shown in found.items() for theme in shown if shown[theme] != recorded.shown[moment][theme]
    ]
    assert wrong == []


def test_the_state_at_every_moment_is_that_of_the_live_server_then(recorded: Recorded) -> None:
    # alarms open and close meanwhile: a replay without them would not pass
    assert len(set(recorded.alarms.values())) > 5
    assert len({shown["status"] for shown in recorded.shown.values()}) == len(MOMENTS)
    found = asyncio.run(_replayed(recorded, begin_ms=START_MS, step_ms=45_000))
    assert list(found) == list(MOMENTS)
    _equal(found, recorded)


@pytest.mark.parametrize("moment", [MOMENTS[5], MOMENTS[-2]])
def test_a_replay_that_begins_in_the_middle_shows_the_same(recorded: Recorded, moment: int) -> None:
    found = asyncio.run(_replayed(recorded, begin_ms=moment, step_ms=90_000))
    assert len(found) == len(MOMENTS) - list(MOMENTS).index(moment)
    _equal(found, recorded)


# ---------------------------------------------------------------- hops

HOPS = ((0, 1, 2, 5, 9, 20), (3, 4, 12, 13, 19), (1, 18, 20))
"""Moments at which hops land, by their numbers: from two minutes to half an hour, one after the other and far apart."""


async def _hopped(recorded: Recorded, numbers: Sequence[int]) -> tuple[dict[int, dict[str, str]], int]:
    """Hop from moment to moment; return the hashes there, and how many frames were read for it."""
    pool = await open_pool(recorded.url, size=3)
    history = PostgresHistory(pool, recorded.var_dir)
    now = build_city(CITY, 2, await list_sources(pool, CITY), await list_rules(pool, CITY))
    found, frames = {}, 0
    try:
        async with ReplayRoom(pool, history, _Live(now)).place(CITY) as player:  # type: ignore[arg-type]
            await player.seek(START_MS - 60_000)
            replay = player.replay
            for to_ms in (MOMENTS[number] for number in numbers):
                span = {"start_ms": replay.loaded_ms, "from_ms": to_ms - 70_000, "to_ms": to_ms}
                read = await read_hop(pool, history, replay.city, **span)
                frames += sum(map(len, read.frames))
                replay.load(read.frames, read.alarms, read.marks, until_ms=read.end_ms)
                replay.advance(to_ms)
                found[to_ms] = hashes(replay.city)
    finally:
        history.close()
        await pool.close()
    return found, frames


@pytest.mark.parametrize("numbers", HOPS)
def test_a_hop_leads_to_the_state_that_every_frame_leads_to(recorded: Recorded, numbers: Sequence[int]) -> None:
    found, frames = asyncio.run(_hopped(recorded, numbers))
    assert list(found) == [MOMENTS[number] for number in numbers]
    _equal(found, recorded)
    # and most frames were passed over
    assert frames < (STATIONS + ROOMS) * 6 * len(numbers)


async def _asked_too_much(recorded: Recorded, speed: float) -> dict[int, tuple[dict[str, str], dict[str, str]]]:
    """Play where every frame costs too much; return what is shown where it stands, and by one that plays them all."""
    pool = await open_pool(recorded.url, size=4)
    history = PostgresHistory(pool, recorded.var_dir)
    now = build_city(CITY, 2, await list_sources(pool, CITY), await list_rules(pool, CITY))
    found: dict[int, tuple[dict[str, str], dict[str, str]]] = {}
    try:
        room = ReplayRoom(pool, history, _Live(now))  # type: ignore[arg-type]
        async with room.place(CITY) as player, room.place(CITY) as other:
            await player.seek(START_MS)
            await other.seek(START_MS)
            while player.replay.at_ms < MOMENTS[-1]:
                player.pace.read(0.02, 10.0)
                await player.step(20_000.0, speed)
                # what is being read comes meanwhile
                await asyncio.sleep(0.01)
                at_ms = player.replay.at_ms
                if at_ms not in found:
                    while other.replay.at_ms < at_ms:
                        await other.step(at_ms - other.replay.at_ms, 60.0)
                    found[at_ms] = hashes(player.replay.city), hashes(other.replay.city)
            # in the middle of the next hop
            await player.step(1.0, speed)
    finally:
        history.close()
        await pool.close()
    return found


def test_a_replay_that_cannot_keep_up_hops_and_shows_what_was_at_each_time(recorded: Recorded) -> None:
    found = asyncio.run(_asked_too_much(recorded, 2000.0))
    assert len(found) > 3
    assert all(shown == played for shown, played in found.values())


def test_an_archived_day_is_replayed_as_a_hot_one(recorded: Recorded) -> None:
    """Half of the frames lie in Parquet, the other half is hot, as on the day that is being archived."""

    async def archive() -> None:
        pool = await open_pool(recorded.url, size=2)
        history = PostgresHistory(pool, recorded.var_dir)
        try:
            for part, frames in enumerate(await history.between(CITY, START_MS - HOUR_MS, MOMENTS[-1] + HOUR_MS)):
                days = frames.observed_ms // 86_400_000
                for day in np.unique(days).tolist():
                    rows = np.flatnonzero((days == day) & (frames.source_ids % 2 == 0))
                    if rows.size:
                        write_archive(recorded.url, recorded.var_dir, taken(frames, rows), part=part)
        finally:
            history.close()
            await pool.close()

    asyncio.run(archive())
    found = asyncio.run(_replayed(recorded, begin_ms=MOMENTS[8], step_ms=90_000))
    _equal(found, recorded)
    hopped, _ = asyncio.run(_hopped(recorded, HOPS[1]))
    _equal(hopped, recorded)


def test_a_replay_shows_a_scope_its_own_assets_only(recorded: Recorded) -> None:
    async def rooms_only() -> delta.Message:
        pool = await open_pool(recorded.url, size=3)
        history = PostgresHistory(pool, recorded.var_dir)
        now = build_city(CITY, 2, await list_sources(pool, CITY), await list_rules(pool, CITY))
        try:
            async with ReplayRoom(pool, history, _Live(now)).place(CITY) as player:  # type: ignore[arg-type]
                await player.seek(START_MS)
                return player.replay.message("status", Scope(layers=("readings", "room_sensor")), since=None)
        finally:
            history.close()
            await pool.close()

    message = asyncio.run(rooms_only())
    assert message.asset_ids.tolist() == list(range(STATIONS + 1, STATIONS + ROOMS + 1))
    assert message.past


# ---------------------------------------------------------------- through the channel


@pytest.fixture(scope="module")
def past_server(recorded: Recorded) -> Iterator[str]:
    with serve(recorded.url, recorded.var_dir) as url:
        yield url


def _replay(at_ms: object, speed: object = 0, more: str = "") -> str:
    return f"city={CITY}&theme=status&replay={at_ms}&speed={speed}{more}"


def test_a_viewer_plays_seeks_and_pauses_on_the_channel_of_live_state(recorded: Recorded, past_server: str) -> None:
    with watch(past_server, _replay(MOMENTS[2])) as viewer:
        first = viewer.receive()
        assert (first.kind, first.past, first.as_of_ms) == (delta.MessageKind.SNAPSHOT, True, MOMENTS[2])
        assert state_hash(first) == recorded.shown[MOMENTS[2]]["status"]
        viewer.socket.send(json.dumps({"at": MOMENTS[6]}))
        sought = viewer.receive()
        assert (sought.kind, sought.as_of_ms) == (delta.MessageKind.SNAPSHOT, MOMENTS[6])
        assert sought.epoch != first.epoch
        assert state_hash(sought) == recorded.shown[MOMENTS[6]]["status"]
        viewer.socket.send(json.dumps({"speed": 3600}))
        while viewer.messages[-1].as_of_ms < MOMENTS[9]:
            message = viewer.receive()
            assert (message.kind, message.past, message.epoch) == (delta.MessageKind.DELTA, True, sought.epoch)
        # what the deltas have made of the snapshot is what the server has
        reached = viewer.messages[-1].as_of_ms
        viewer.socket.send(json.dumps({"speed": 0, "at": reached}))
        while viewer.receive().kind is delta.MessageKind.DELTA:
            pass
        whole = viewer.state
    times = [message.as_of_ms for message in viewer.messages[1:-1]]
    assert times == sorted(times)
    assert len(whole) == STATIONS + ROOMS


def test_deltas_of_a_replay_lead_to_the_state_of_a_snapshot(past_server: str) -> None:
    with watch(past_server, _replay(START_MS, 3600)) as viewer:
        while viewer.receive().as_of_ms < MOMENTS[-1]:
            pass
        played, reached = dict(viewer.state), viewer.messages[-1].as_of_ms
        with watch(past_server, _replay(reached)) as other:
            other.receive()
            assert other.state == played


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (_replay("yesterday"), "must be a number"),
        (_replay(AFTER_ALL_MS), "before now"),
        (_replay(-1), "before now"),
        (_replay("1e999"), "must be a number"),
        (_replay(START_MS, 4000), "3600"),
        (_replay(START_MS, "nan"), "must be a number"),
        (_replay(START_MS, 1, "&since=1:1"), "since"),
    ],
    # all processes of a run must give a test one name, also over the turn of a minute
    ids=("a word", "to come", "before all", "endless", "too fast", "no speed", "since"),
)
def test_a_replay_that_makes_no_sense_is_closed_with_its_reason(past_server: str, query: str, reason: str) -> None:
    with watch(past_server, query) as viewer, pytest.raises(ConnectionClosed) as closed:
        viewer.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400
    assert reason in closed.value.rcvd.reason


@pytest.mark.parametrize(
    "command", ["stop", "[]", "{}", '{"speed": -1}', '{"speed": true}', '{"at": "now"}', '{"to": 1}', "[" * 300]
)
def test_a_command_that_makes_no_sense_ends_the_replay_with_its_reason(past_server: str, command: str) -> None:
    with watch(past_server, _replay(START_MS)) as viewer:
        viewer.receive()
        viewer.socket.send(command)
        with pytest.raises(ConnectionClosed) as closed:
            viewer.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400


def test_alarms_of_a_past_time_are_those_that_were_open_then(recorded: Recorded, past_server: str) -> None:
    moment = max(recorded.alarms, key=lambda each: recorded.alarms[each])
    with httpx.Client(base_url=past_server, timeout=30) as client:
        at = datetime.fromtimestamp(moment / 1000, UTC).isoformat()
        items = client.get("/alarms", params={"city": CITY, "at": at}).json()["items"]
        # by the device's clock, and all of them open: a few came later than they happened
        assert items
        assert abs(len(items) - recorded.alarms[moment]) <= 3
        assert all(item["active"] and not item["acknowledged"] and item["raised_at"] <= at for item in items)
        assert client.get("/alarms", params={"city": CITY, "at": "2020-01-01T00:00:00Z"}).json()["items"] == []
        assert client.get("/alarms", params={"city": CITY, "at": "yesterday"}).status_code == 422


def test_more_replays_than_a_server_plays_are_refused_until_one_ends(past_server: str) -> None:
    with ExitStack() as open_ones:
        for _ in range(MOST_REPLAYS):
            open_ones.enter_context(watch(past_server, _replay(START_MS))).receive()
        with watch(past_server, _replay(START_MS)) as viewer, pytest.raises(ConnectionClosed) as closed:
            viewer.receive()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4503
    wait_for(lambda: _plays(past_server), what="a place for a replay")


def _plays(url: str) -> bool:
    with watch(url, _replay(START_MS)) as viewer:
        try:
            return viewer.receive().past
        except ConnectionClosed:
            return False


def test_a_replay_ends_when_it_has_come_to_the_present(past_server: str) -> None:
    query = _replay(now_ms() - PRESENT_MS - 60_000, 3600)
    with watch(past_server, query) as viewer, pytest.raises(ConnectionClosed) as closed:
        _receive_all(viewer)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "present" in closed.value.rcvd.reason) == (1000, True)


def _receive_all(viewer: Viewer) -> None:
    while viewer.receive().past:
        pass
