"""A replay that hops stands where one stands that plays every frame, whatever came late, fell silent or moved."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.alarms import DEFAULT_RULE
from twin.frames import Frames
from twin.live import LIVE_THEMES, build_city
from twin.readings import Source
from twin.replay import AHEAD_MS, LATEST_MS, PastAlarm, PastMark, Replay, alarm_times, silent_sources, usual_period_ms
from twin.schemas import DEFAULT_SCHEMAS
from twin.scope import EVERYTHING

START_MS = 1_795_255_200_000
LENGTH_S = 2 * 3600
BACK_MS = 70_000
NEW = DEFAULT_SCHEMAS["substation"]
# the version before had fewer points, in another order
OLD = replace(NEW, version=0, points=NEW.points[5:0:-1] + NEW.points[:1])
SCHEMAS = {1: NEW, 2: OLD}
SOURCES = tuple(Source(n, f"substation:{n}", n * 10, "substation", 1, 100, 1, NEW, 60) for n in range(1, 5))


@dataclass(frozen=True)
class Past:
    """All that happened: (schema, source, time, delay in seconds) of frames, alarms and marks, from `START_MS` on."""

    frames: tuple[tuple[int, int, int, int], ...]
    alarms: tuple[PastAlarm, ...]
    marks: tuple[PastMark, ...]


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    """Frames each minute or so: late, early, missing for long, one in a while of an older schema; alarms as frames came."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    silence, late = draw(st.sampled_from((0.0, 0.3, 0.97))), draw(st.sampled_from((0.0, 0.1, 0.6)))
    frames, alarms, marks = [], [], []
    for source in SOURCES:
        silent_s = range(*sorted(chance.integers(0, LENGTH_S, 2).tolist()))
        moved_s = int(chance.integers(0, LENGTH_S))
        raised_ms = None
        for begin_s in range(0, LENGTH_S, 60):
            if (begin_s in silent_s and chance.random() < 0.95) or chance.random() < silence:
                continue
            at_ms = START_MS + begin_s * 1000 + int(chance.integers(0, 60_000))
            delay_s = int(chance.choice((200, 900, 5000, 90_000))) if chance.random() < late else int(chance.integers(-55, 20))
            frames.append((1 if begin_s >= moved_s else 2, source.source_id, at_ms, delay_s))
            if chance.random() < 0.1:
                if raised_ms is not None:
                    alarms.append(PastAlarm(DEFAULT_RULE.rule_id, source.source_id, raised_ms, at_ms))
                raised_ms = None if raised_ms is not None else at_ms
            if chance.random() < 0.03:
                word = str(chance.choice(("shelved", "unshelved", "out_of_service", "in_service")))
                marks.append(PastMark(DEFAULT_RULE.rule_id, source.source_id, word, at_ms + 7))
        if raised_ms is not None:
            alarms.append(PastAlarm(DEFAULT_RULE.rule_id, source.source_id, raised_ms, None))
    return Past(tuple(frames), tuple(alarms), tuple(marks))


def _frames(rows: Sequence[tuple[int, int, int, int]]) -> list[Frames]:
    """Return stored frames; what one says follows from its source and time."""
    found = []
    for schema_id, schema in SCHEMAS.items():
        own = np.array([row[1:] for row in rows if row[0] == schema_id], np.int64).reshape(-1, 3)
        values = 20.0 + (own[:, :1] * 7 + own[:, 1:2] // 1000 + np.arange(len(schema.points))) % 60
        quality = np.where(own[:, 1:2] % 11 == 0, 3, 1) * np.ones(values.shape, np.uint8)
        ids, delays = own[:, 0].astype(np.int32), own[:, 2].astype(np.int32)
        found.append(Frames(schema_id, schema, ids, own[:, 1], delays, values, quality.astype(np.uint8)))
    return found


def _alarms(past: Past, start_ms: int, end_ms: int) -> tuple[list[PastAlarm], list[PastMark]]:
    """Return the alarms that were open at some time between, and the marks of their rules at their sources up to the end."""
    alarms = [a for a in past.alarms if a.raised_ms < end_ms and (a.cleared_ms is None or a.cleared_ms >= start_ms)]
    keys = {(each.rule_id, each.source_id) for each in alarms}
    return alarms, [m for m in past.marks if m.at_ms < end_ms and (m.rule_id, m.source_id) in keys]


def _begun() -> Replay:
    city = build_city(1, 9, SOURCES, (DEFAULT_RULE,))
    found = Replay(city, START_MS, START_MS)
    found.begin([], [], [])
    return found


def _play(replay: Replay, past: Past, to_ms: int) -> None:
    """Read everything up to a time, and play it step by step."""
    start_ms, end_ms = replay.loaded_ms, max(replay.loaded_ms, to_ms + AHEAD_MS)
    frames = _frames([row for row in past.frames if start_ms <= row[2] < end_ms])
    replay.load(frames, *_alarms(past, start_ms, end_ms), until_ms=end_ms)
    for step_ms in range(replay.at_ms, to_ms, 600_000):
        replay.advance(step_ms)
    replay.advance(to_ms)


def _hop(replay: Replay, past: Past, to_ms: int) -> int:
    """Read what a hop needs and no more; return how many frames that were."""
    start_ms, end_ms = replay.loaded_ms, max(replay.loaded_ms, to_ms + AHEAD_MS)
    from_ms = max(start_ms, to_ms - BACK_MS)
    alarms, marks = _alarms(past, start_ms, end_ms)
    window = [row for row in past.frames if from_ms <= row[2] < end_ms]
    silent = set(silent_sources(replay.city, _frames(window), came_ms=to_ms))
    turned = set(zip(*alarm_times(alarms, start_ms, from_ms), strict=True))
    passed = [row for row in past.frames if start_ms <= row[2] < from_ms]
    needed = [row for row in passed if (row[1], row[2]) in turned]
    for source_id in silent:
        own = [row for row in passed if row[1] == source_id and row[3] * 1000 <= LATEST_MS]
        known_ms = max((at_ms for _, _, at_ms, delay_s in own if at_ms + delay_s * 1000 <= to_ms), default=start_ms)
        needed += [row for row in own if row[2] >= known_ms]
    replay.load(_frames([*window, *needed]), alarms, marks, until_ms=end_ms)
    replay.advance(to_ms)
    return len(window) + len(needed)


def _hash(replay: Replay) -> str:
    """Return the hash of all themes and of the latest frames of all sources."""
    parts: list[np.ndarray] = []
    for theme in LIVE_THEMES:
        message = replay.message(theme, EVERYTHING, since=None)
        parts += [message.asset_ids, message.units, message.packed]
    for heard in replay.city.heard().values():
        parts += [heard.source_ids, heard.observed_ms, heard.received_ms, heard.values, heard.quality]
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


STOPS = st.lists(st.integers(1, LENGTH_S), min_size=1, max_size=5, unique=True).map(sorted)


@settings(max_examples=30, deadline=None)
@given(past=pasts(), stops_s=STOPS, mixed=st.booleans())
def test_hops_lead_to_the_states_that_every_frame_leads_to(past: Past, stops_s: list[int], mixed: bool) -> None:
    whole, hopping = _begun(), _begun()
    for number, stop_s in enumerate(stops_s):
        to_ms = START_MS + stop_s * 1000
        _play(whole, past, to_ms)
        if mixed and number % 2:
            _play(hopping, past, to_ms)
        else:
            _hop(hopping, past, to_ms)
        assert _hash(hopping) == _hash(whole)
    # what was late for the last of them comes in its time
    for more_s in (100, 1000, 6000):
        to_ms = START_MS + (stops_s[-1] + more_s) * 1000
        _play(whole, past, to_ms)
        _play(hopping, past, to_ms)
        assert _hash(hopping) == _hash(whole)


def test_a_long_hop_reads_few_of_the_frames() -> None:
    rows = [(1, source.source_id, START_MS + minute * 60_000, 1) for source in SOURCES for minute in range(LENGTH_S // 60)]
    read = _hop(_begun(), Past(tuple(rows), (), ()), START_MS + LENGTH_S * 1000 - 60_000)
    assert read < len(rows) / 20


def test_the_usual_period_is_that_of_nine_sources_in_ten() -> None:
    often = [replace(SOURCES[0], source_id=n, code=f"substation:{n}", asset_id=n) for n in range(1, 20)]
    seldom = replace(SOURCES[0], source_id=20, code="substation:20", asset_id=20, period_s=3600)
    assert usual_period_ms(build_city(1, 1, [*often, seldom], ())) == 60_000
    assert usual_period_ms(build_city(1, 1, [], ())) == 0
