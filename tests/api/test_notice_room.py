"""The notice room on a clock of the test's own: steps until somebody acknowledges, floods, quiet hours, late commits, retries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.live_room import LiveRoom
from api.notice_room import LEASE_S, NoticeRoom
from api.settings import Settings
from data import notices
from data.pool import Connection, Pool, connect, open_pool
from data.quality_alarms import count_quality_alarms, list_quality_alarms, note_uploads
from tests.api.notice_helpers import Receiver, receiver
from tests.cities import TinyAsset, insert_city
from tests.conftest import create_database, drop_database
from twin.notices import QuietHours, Step, Subscription, Wanted
from twin.scope import EVERYTHING, Scope

NOON = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)
CITY = (TinyAsset("company", "C1"), TinyAsset("substation", "S1", company_id=1))
LISTENED = Wanted(rules=("cold",))


@dataclass
class Scene:
    """A room, its store and its receiver; `now` is what its clock says."""

    url: str
    hooks: Receiver
    var_dir: Path
    now: datetime = NOON
    seat: int = 0
    made: list[int] = field(default_factory=list)

    def run(self, play: Callable[[Pool, NoticeRoom], Awaitable[None]]) -> None:
        """Play something in a room of its own."""

        async def whole() -> None:
            pool = await open_pool(self.url)
            settings = Settings(var_dir=self.var_dir, notice_hosts=(f"127.0.0.1:{self.hooks.port}",))
            room = NoticeRoom(settings, pool, LiveRoom(pool), clock=lambda: self.now)
            try:
                await room.look()
                await play(pool, room)
            finally:
                await room.senders.close()
                await pool.close()

        asyncio.run(whole())

    async def pass_to(self, room: NoticeRoom, **later: float) -> None:
        """Let time pass, look and send."""
        self.now = NOON + timedelta(**later)
        await room.look()
        await room.send()

    def step(self, path: str, after_min: float = 0.0, level: int = 3) -> Step:
        return Step("webhook", after_min, to=f"{self.hooks.url}/{path}", level=level)

    def counts(self, path: str) -> list[int]:
        return [post.json["count"] for post in self.hooks.at(f"/{path}")]


@pytest.fixture(scope="module")
def module_scene(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    url = create_database(server_url)
    insert_city(url, CITY)
    with connect(url) as connection:
        connection.execute(
            "insert into alarm_rule (city_id, rule_id, code, name_zh, name_en, schema_code, point, below, level)"
            " values (1, 900, 'cold', '冷', 'cold', 'substation', 'secondary_supply_temperature_degc', 35, 1)"
        )
        row = connection.execute(
            "with o as (insert into organisation (city_id, type, asset_id, name) values (1, 'company', 1, 'C1')"
            " returning organisation_id), p as (insert into person (login, name) values ('c1', '值班') returning person_id)"
            " insert into seat (person_id, organisation_id, role) select person_id, organisation_id, 'company' from o, p"
            " returning seat_id"
        ).fetchone()
        assert row is not None
    with receiver() as hooks:
        yield Scene(url, hooks, tmp_path_factory.mktemp("room"), seat=row[0])
    drop_database(url)


@pytest.fixture
def scene(module_scene: Scene) -> Scene:
    """Return the scene of this module without alarms, subscriptions and messages."""
    with connect(module_scene.url) as connection:
        connection.execute(
            "truncate alarm, alarm_transition, notice, notice_item, notice_cursor, notice_seen;"
            " delete from notice_subscription; update asset set company_id = 1 where asset_id = 2"
        )
    module_scene.hooks.posts.clear()
    module_scene.now = NOON
    return module_scene


def raise_alarms(connection: Connection, sources: range, level: int = 1) -> list[int]:
    """Raise an alarm at the substation for each source; returns their numbers."""
    rows = connection.execute(
        "with raised as (insert into alarm (city_id, rule_id, asset_id, source_id, level, active, value, limit_value, raised_at)"
        " select 1, 900, 2, s, %s, true, 20, 35, %s from generate_series(%s::int, %s::int) s returning alarm_id),"
        " logged as (insert into alarm_transition (city_id, alarm_id, transition, seat)"
        " select 1, alarm_id, 'raised', 'rules' from raised)"
        " select alarm_id from raised",
        (level, NOON, sources.start, sources.stop - 1),
    ).fetchall()
    return [row[0] for row in rows]


def raised(scene: Scene, sources: range, level: int = 1) -> list[int]:
    with connect(scene.url) as connection:
        return raise_alarms(connection, sources, level)


def change(scene: Scene, text: str, *values: Any) -> None:
    with connect(scene.url) as connection:
        connection.execute(text, values)  # type: ignore[arg-type]  # texts of this file


async def subscribe(pool: Pool, scene: Scene, *steps: Step, **more: Any) -> None:
    made = Subscription("test", steps, **({"wanted": LISTENED} | more))
    await notices.add_subscription(pool, 1, scene.seat, made, seat="test")


def test_steps_follow_until_somebody_acknowledges(scene: Scene) -> None:
    async def play(pool: Pool, room: NoticeRoom) -> None:
        await subscribe(pool, scene, scene.step("at-once"), scene.step("five", 5, level=1), scene.step("ten", 10))
        first, second = raised(scene, range(1, 3))
        raised(scene, range(3, 4), level=2)
        await scene.pass_to(room, seconds=0)
        assert scene.counts("at-once") == []  # the first second is for others that come with it
        await scene.pass_to(room, seconds=2)
        assert scene.counts("at-once") == [3]
        await scene.pass_to(room, minutes=4.9)
        assert scene.counts("five") == []
        change(scene, "update alarm set acknowledged = true where alarm_id = %s", first)
        await scene.pass_to(room, minutes=5.1)
        assert [alarm["alarm_id"] for alarm in scene.hooks.at("/five")[0].json["alarms"]] == [second]
        assert scene.hooks.at("/five")[0].json["title"].startswith("【5 分钟未确认】")
        change(scene, "update alarm set active = false where alarm_id = %s", second)
        change(scene, "update alarm set acknowledged = true where level = 2")
        await scene.pass_to(room, minutes=11)
        assert scene.counts("ten") == []
        assert (scene.counts("at-once"), scene.counts("five")) == ([3], [1])

    scene.run(play)


def test_three_thousand_alarms_are_one_message_and_a_flood_of_two_minutes_three(scene: Scene) -> None:
    async def play(pool: Pool, room: NoticeRoom) -> None:
        await subscribe(pool, scene, scene.step("flood"))
        raised(scene, range(1, 3001))
        await scene.pass_to(room, seconds=0)
        await scene.pass_to(room, seconds=2)
        assert scene.counts("flood") == [3000]
        for second in range(3, 123, 2):
            raised(scene, range(5000 + 50 * second, 5000 + 50 * second + 50))
            await scene.pass_to(room, seconds=second)
        await scene.pass_to(room, seconds=200)
        assert sum(scene.counts("flood")) == 6000
        assert len(scene.counts("flood")) <= 4
        popups = await notices.list_popups(pool, EVERYTHING, 1, None, since=0, most_alarms=20)
        assert len(popups) <= 4

    scene.run(play)


def test_quiet_hours_hold_until_the_morning_all_but_the_most_urgent(scene: Scene) -> None:
    async def play(pool: Pool, room: NoticeRoom) -> None:
        quiet = QuietHours("11:00", "13:00", level=1)  # noon by the city's clock
        await subscribe(pool, scene, scene.step("quiet"), quiet=quiet)
        raised(scene, range(1, 2), level=1)
        raised(scene, range(2, 3), level=2)
        await scene.pass_to(room, seconds=0)
        await scene.pass_to(room, seconds=2)
        assert [post.json["level"] for post in scene.hooks.at("/quiet")] == [1]
        await scene.pass_to(room, minutes=61)
        assert [post.json["level"] for post in scene.hooks.at("/quiet")] == [1, 2]

    scene.run(play)


def test_an_alarm_whose_transaction_ends_late_is_told_although_later_ones_were_told_before(scene: Scene) -> None:
    async def play(pool: Pool, room: NoticeRoom) -> None:
        await subscribe(pool, scene, scene.step("late"))
        with connect(scene.url) as slow:
            early = raise_alarms(slow, range(1, 2))
            late = raised(scene, range(2, 3))
            assert early < late
            for second in range(0, 10, 2):
                await scene.pass_to(room, seconds=second)
            assert scene.counts("late") == [1]
        for second in range(10, 20, 2):
            await scene.pass_to(room, seconds=second)
        told = [alarm["alarm_id"] for post in scene.hooks.at("/late") for alarm in post.json["alarms"]]
        assert told == late + early
        with connect(scene.url) as connection:
            cursor = connection.execute("select transition_id from notice_cursor").fetchone()
            last = connection.execute("select max(transition_id) from alarm_transition").fetchone()
        assert cursor == last

    scene.run(play)


def test_a_message_in_the_hands_of_a_dead_sender_comes_again_with_the_same_key(scene: Scene) -> None:
    async def play(pool: Pool, room: NoticeRoom) -> None:
        await subscribe(pool, scene, scene.step("again"))
        raised(scene, range(1, 2))
        await scene.pass_to(room, seconds=0)
        scene.now = NOON + timedelta(seconds=2)
        await room.look()
        held = await notices.claim(pool, scene.now, lease_s=LEASE_S)
        assert len(held) == 1
        await room.send()
        assert scene.counts("again") == []
        await scene.pass_to(room, seconds=3 + LEASE_S)
        assert [post.headers["idempotency-key"] for post in scene.hooks.at("/again")] == [held[0].dedup_key]
        await notices.finish(pool, held[0], "queued", title="", body="", next_try_at=scene.now)  # the dead one wakes up
        await room.send()
        assert scene.counts("again") == [1]

    scene.run(play)


def test_failures_are_tried_again_after_growing_pauses_and_given_up(scene: Scene) -> None:
    async def play(pool: Pool, room: NoticeRoom) -> None:
        await subscribe(pool, scene, scene.step("down"))
        scene.hooks.answers.extend([(503, b"later")] * 8)
        raised(scene, range(1, 2))
        await scene.pass_to(room, seconds=0)
        for hour_s in (2, 3, 7, 8, 30, 100, 500, 1500, 3500, 8000, 20000):
            await scene.pass_to(room, seconds=hour_s)
        row = (await notices.list_deliveries(pool, 1, scene.seat, everybody=False, state=None, limit=9, offset=0))[0]
        assert (row.state, row.attempts, len(scene.hooks.at("/down"))) == ("given_up", 8, 8)
        assert "503" in row.error

    scene.run(play)


def test_who_may_no_longer_see_an_asset_is_told_nothing_of_it_not_even_by_a_message_that_waits(scene: Scene) -> None:
    async def play(pool: Pool, room: NoticeRoom) -> None:
        await subscribe(pool, scene, scene.step("lost"))
        scene.hooks.answers.append((503, b"later"))
        raised(scene, range(1, 2))
        await scene.pass_to(room, seconds=0)
        await scene.pass_to(room, seconds=2)
        change(scene, "update asset set company_id = 99 where asset_id = 2")
        raised(scene, range(2, 3))
        for second in (10, 12, 30):
            await scene.pass_to(room, seconds=second)
        assert len(scene.hooks.at("/lost")) == 1
        row = (await notices.list_deliveries(pool, 1, scene.seat, everybody=False, state=None, limit=9, offset=0))[0]
        assert (row.state, "may see none" in row.error) == ("given_up", True)

    scene.run(play)


def test_a_quality_alarm_reaches_who_asks_for_it_once_in_its_own_words(scene: Scene) -> None:
    async def play(pool: Pool, room: NoticeRoom) -> None:
        change(scene, "update quality_alarm set over_at = now(), told_at = now() where told_at is null or over_at is null")
        change(scene, "delete from notice where kind = 'quality'")
        quiet = QuietHours("11:00", "13:00", level=1)  # noon by the city's clock
        await subscribe(pool, scene, scene.step("quality"), quality=True, wanted=Wanted(companies=(1,)))
        await subscribe(pool, scene, scene.step("morning"), quality=True, quiet=quiet)
        await subscribe(pool, scene, scene.step("others"), quality=True, wanted=Wanted(companies=(99,)))
        await subscribe(pool, scene, scene.step("alarms"))
        stopped = (1, "upload_stopped")
        assert await note_uploads(pool, 1, raised=[stopped], back=[]) == (1, 0)
        assert await note_uploads(pool, 1, raised=[stopped], back=[]) == (0, 0)  # once
        for second in range(3):
            await scene.pass_to(room, seconds=second)
        (sent,) = scene.hooks.at("/quality")
        assert (sent.json["count"], sent.json["test"], sent.json["alarms"]) == (1, False, [])
        assert (sent.json["quality"][0]["kind"], sent.json["quality"][0]["company_id"]) == ("upload_stopped", 1)
        assert "C1 上传中断" in sent.json["text"]
        assert [scene.hooks.at(f"/{path}") for path in ("morning", "others", "alarms")] == [[], [], []]
        assert await note_uploads(pool, 1, raised=[], back=[stopped]) == (0, 1)
        assert await note_uploads(pool, 1, raised=[stopped], back=[]) == (1, 0)  # it had come back
        await scene.pass_to(room, seconds=30)
        assert len(scene.hooks.at("/quality")) == 1  # the next message waits for its minute
        await scene.pass_to(room, seconds=62)
        assert [post.json["quality"][0]["state"] for post in scene.hooks.at("/quality")] == ["open", "open"]
        await scene.pass_to(room, minutes=61)
        assert [post.json["quality"][0]["state"] for post in scene.hooks.at("/morning")] == ["closed", "open"]
        before = Scope(company_ids=(1,))
        (total,) = await count_quality_alarms(pool, before, 1, by="alarm", first=date(2020, 1, 1), last=None, company_id=None)
        assert (total.key, total.raised, total.closed) == ("upload_stopped", 2, 1)
        assert (await list_quality_alarms(pool, Scope(company_ids=(2,)), 1))[0] == 0

    scene.run(play)
