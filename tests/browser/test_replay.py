"""A past hour on the pages: marked as past, its alarm glows while it was open, plays on, and leads back to now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest

from data.pool import connect
from tests.browser.conftest import OpenViewer
from twin.frames import encode_payloads
from twin.schemas import schema_from_json
from twin.status import Status

HOUR = timedelta(hours=1)
"""The alarm was open for this long, and ended as long ago."""

_SOURCE = """
select s.source_id, f.schema_id, f.code, f.version, f.points
  from source s
  join frame_schema f using (city_id, schema_id)
 where s.city_id = 1 and s.code = %s
"""
_FRAME = "insert into reading_frame values (1, %s, %s, %s, 0, %s) on conflict do nothing"
_ALARM = """
insert into alarm (city_id, rule_id, asset_id, source_id, level, active, value, limit_value, raised_at, cleared_at)
select 1, rule_id, %s, %s, level, false, 31.5, 35, %s, %s from alarm_rule where city_id = 1 order by rule_id limit 1
"""
_PRIMARY_VALVES = """
select asset_id from asset
 where city_id = 1 and kind = 'valve' and attributes ->> 'network_level' = 'primary' and attributes ->> 'side' = 'supply'
   and attributes ->> 'normal_state' = 'open'
 order by asset_id
"""
_SEGMENT = "window.__ht.map.getFeatureState({source: 'network', sourceLayer: 'pipe', id: %d}).segment"


@pytest.fixture(scope="module")
def past_alarm(sample_database: str, sample_server: str) -> datetime:
    """Let a substation be heard each minute of three hours, with an alarm in the second one; returns the end of the third."""
    now = datetime.now(UTC).replace(microsecond=0)
    with httpx.Client(base_url=sample_server, timeout=60) as client:
        client.post("/session", json={"seat_id": client.get("/seats").json()[0]["seat_id"]})
        answer = client.get("/sources", params={"city": 1}).json()
        listed = answer if isinstance(answer, list) else answer["items"]
    source = next(item for item in listed if item["asset_kind"] == "substation")
    with connect(sample_database) as connection:
        found = connection.execute(_SOURCE, (source["code"],)).fetchone()
        assert found is not None
        source_id, schema_id, code, version, points = found
        schema = schema_from_json(code, version, points)
        shape = 1, len(schema.points)
        payload = encode_payloads(schema, np.ones(shape), np.ones(shape, np.uint8)).tobytes()
        for minute in range(180, 0, -1):
            connection.execute(_FRAME, (schema_id, source_id, now - timedelta(minutes=minute), payload))
        connection.execute(_ALARM, (source["asset_id"], source_id, now - 2 * HOUR, now - HOUR))
    return now


@pytest.fixture
def shut(sample_database: str, program: httpx.Client) -> Iterator[list[int]]:
    """Shut a valve of the primary network that cuts something off; returns the segments that are cut off for it."""

    def cut() -> set[int]:
        items = program.get("/live/state", params={"city": 1, "ids": "segments"}).json()["items"]
        return {item[0] for item in items if item[2] == Status.CUT_OFF}

    before = cut()
    with connect(sample_database) as connection:
        valves = connection.execute(_PRIMARY_VALVES).fetchall()
    for (valve,) in valves:
        program.post(f"/valves/{valve}/state", json={"state": "closed", "origin": "measured"}).raise_for_status()
        found = cut() - before
        if found:
            break
        program.post(f"/valves/{valve}/state", json={"state": "open", "origin": "measured"}).raise_for_status()
    yield sorted(found)
    program.post(f"/valves/{valve}/state", json={"state": "open", "origin": "measured"}).raise_for_status()


def test_a_past_hour_is_marked_plays_and_leads_back_to_now(
    viewer: OpenViewer, past_alarm: datetime, shut: list[int], pictures: Path
) -> None:
    during = past_alarm - 1.02 * HOUR
    assert shut
    with viewer(1440, 900) as shown:
        shown.open(f"/?city=1&at={during.strftime('%Y-%m-%dT%H:%M:%SZ')}")
        bar = shown.page.locator(".replay-bar")
        bar.get_by_text("历史回放 · 非实时").wait_for()
        row = shown.page.locator(".panel.alarms .row.alarm")
        row.first.wait_for()
        assert row.count() == 1
        # the valve that is shut now was open then
        shown.wait(_SEGMENT % shut[0] + " === 0 || " + _SEGMENT % shut[0] + " === undefined", what="the valve as it was")
        assert row.get_by_role("button", name="确认").count() == 0  # nothing is written in the past
        shown.shoot(pictures / "replay-supervisor.png")
        bar.get_by_text("60×").click()
        bar.get_by_role("button", name="播放").click()
        shown.page.locator(".panel.alarms .row.alarm").wait_for(state="detached")
        bar.get_by_role("button", name="暂停").click()
        shown.wait(
            "new URL(location.href).searchParams.get('at') > " + repr(during.isoformat()[:19]), what="the address to follow"
        )
        bar.get_by_role("button", name="回到实时").click()
        bar.wait_for(state="detached")
        shown.wait("!new URL(location.href).searchParams.has('at')", what="the present")
        shown.wait("(window.__ht.map.jumpTo({zoom: 12}), true)", what="the map far out")
        for segment in shut[:5]:
            shown.wait(_SEGMENT % segment + " === 8", what="what a shut valve cuts off to be drawn so")
        shown.shoot(pictures / "segments-cut-off.png")
        shown.assert_clean()
