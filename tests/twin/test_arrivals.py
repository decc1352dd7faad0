from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.arrivals import (
    GROUP_ROW,
    HOUR_MS,
    SOURCE_ROW,
    HourCounts,
    Roster,
    SourceWindow,
    count_frames,
    expected_frames,
    figures_of,
    group_totals,
    make_roster,
    no_rows,
    pack,
    recounted,
    unpack,
    visible_groups,
)
from twin.errors import BadFrame
from twin.scope import Scope

SOURCES, POINTS = 6, 8
HOUR = 1_795_262_400_000 // HOUR_MS * HOUR_MS
ROSTER = make_roster(
    POINTS,
    np.arange(1, SOURCES + 1, dtype=np.int32),
    np.array([60, 60, 300, 60, 3600, 86_400]),
    kinds=["substation"] * 4 + ["room_sensor"] * 2,
    company_ids=np.array([1, 2, 1, 0, 2, 2]),
    area_ids=np.array([10, 10, 11, 11, 10, 11]),
)
NOBODY = no_rows(np.zeros(0, np.int32))
frames = st.lists(
    st.tuples(
        st.integers(1, SOURCES), st.integers(-500, 100_000), st.integers(0, POINTS), st.sampled_from(["stored", "again", "other"])
    ),
    max_size=60,
)


def _count(rows: list[tuple[int, int, int, str]], roster: Roster = ROSTER) -> HourCounts:
    counts = HourCounts(NOBODY.copy())
    ids, delays, bad = (np.array([row[place] for row in rows], np.int64) for place in range(3))
    fates = np.array([row[3] for row in rows], "U6")
    found = count_frames(roster, ids.astype(np.int32), delays, bad, duplicate=fates == "again", conflict=fates == "other")
    counts.add(*found)
    return counts


@given(frames, frames)
def test_figures_are_those_of_a_count_frame_by_frame(
    one: list[tuple[int, int, int, str]], two: list[tuple[int, int, int, str]]
) -> None:
    counts = _count(one)
    counts.add(*[part for half in [_count(two)] for part in (half.rows, half.delays)])
    now = HOUR + 30 * 60_000
    found = figures_of(group_totals(counts, ROSTER, HOUR, now))
    stored: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for source, delay, bad, fate in one + two:
        if fate == "stored":
            stored[source].append((delay, bad))
    received = in_time = late = 0.0
    for source, sent in stored.items():
        period = int(ROSTER.period_s[source - 1])
        most = 1800 // period if period <= 3600 else 1
        too_late = sum(delay > 3 * period for delay, _ in sent)
        received += min(len(sent), most)
        in_time += min(len(sent) - too_late, most)
        late += too_late
    assert found.expected == round(30 + 30 + 6 + 30 + 0 + 1800 / 86_400)
    assert (found.received, found.in_time, found.late) == (received, in_time, late)
    assert found.accepted == sum(map(len, stored.values())) == sum(found.delays)
    assert found.bad_values == sum(bad for sent in stored.values() for _, bad in sent)
    assert found.values == POINTS * found.accepted
    assert found.duplicate == sum(row[3] == "again" for row in one + two)
    assert found.conflict == sum(row[3] == "other" for row in one + two)


@given(frames)
def test_a_table_of_counts_comes_back_as_it_was_packed(rows: list[tuple[int, int, int, str]]) -> None:
    counts = _count(rows)
    totals = group_totals(counts, ROSTER, HOUR, HOUR + HOUR_MS)
    assert (unpack(pack(counts.rows), SOURCE_ROW) == counts.rows).all()
    assert unpack(pack(totals), GROUP_ROW).tobytes() == totals.tobytes()


def test_bytes_that_are_no_table_are_named() -> None:
    with pytest.raises(BadFrame, match="cannot be read"):
        unpack(b"nonsense", SOURCE_ROW)


def test_a_punctual_source_is_never_behind_what_is_expected_of_it() -> None:
    rng = np.random.default_rng(4)
    for period in (1, 7, 60, 300, 900, 3600):
        for _ in range(50):
            phase, elapsed = rng.uniform(0, period), rng.uniform(0, 3600)
            sent = 0 if elapsed < phase else int((elapsed - phase) // period) + 1
            expected = expected_frames(np.array([period]), HOUR, HOUR + int(elapsed * 1000))[0]
            assert sent >= expected


def test_nothing_is_expected_of_the_time_before_anybody_counted() -> None:
    began, now = HOUR + 40 * 60_000, HOUR + 50 * 60_000
    found = figures_of(group_totals(None, ROSTER, HOUR, now, since_ms=began))
    assert found.expected == round(10 + 10 + 2 + 10 + 0 + 600 / 86_400)
    whole = expected_frames(ROSTER.period_s, HOUR, HOUR + 2 * HOUR_MS, began)
    assert whole.tolist() == expected_frames(ROSTER.period_s, HOUR, HOUR + 20 * 60_000).tolist()
    assert not expected_frames(ROSTER.period_s, HOUR - HOUR_MS, HOUR, began).any()


def test_who_sends_too_much_does_not_hide_who_is_silent() -> None:
    rows = [(1, 1, 0, "stored")] * 120  # twice as many as expected, the other one of its period sends nothing
    total = figures_of(group_totals(_count(rows), ROSTER, HOUR, HOUR + HOUR_MS))
    assert (total.received, total.accepted) == (60, 120)


def test_after_a_crash_frames_count_as_found_and_repeats_as_written() -> None:
    stored = _count([(1, 1, 0, "stored"), (1, 1, 0, "again"), (2, 1, 0, "stored"), (2, 1, 0, "stored")])
    found = _count([(1, 1, 0, "stored"), (1, 2, 3, "stored"), (2, 1, 0, "stored")])
    again = recounted(stored.rows, found.rows)
    # of the second source a frame has gone to the archive: what was written stays
    assert [(row["accepted"], row["duplicate"], row["bad_values"]) for row in again] == [(2, 1, 3), (2, 0, 0)]


def test_delays_have_percentiles_within_their_classes() -> None:
    rows = [(1, delay, 0, "stored") for delay in [0] * 50 + [4] * 45 + [900] * 5]
    figures = figures_of(group_totals(_count(rows), ROSTER, HOUR, HOUR + HOUR_MS))
    half, most, nearly_all = (figures.delay_percentile_s(share) or -1.0 for share in (0.5, 0.95, 0.99))
    assert 0 <= half <= 1 < most <= 6 < 600 < nearly_all <= 1801


@pytest.mark.parametrize(
    ("delays", "wrong"),
    [([-600, -590, -610], True), ([300, 305, 310], True), ([1, 2, 900], False), ([0, 1, 1], False), ([-600, -600], False)],
)
def test_only_a_steady_shift_is_a_wrong_clock(delays: list[int], wrong: bool) -> None:
    window = SourceWindow.empty(ROSTER)
    window.add(_count([(1, delay, 0, "stored") for delay in delays]).rows, HOUR, HOUR + HOUR_MS)
    assert bool(window.skewed[0]) is wrong


def test_a_source_is_not_expected_before_it_was_registered() -> None:
    window = SourceWindow.empty(ROSTER)
    window.add(_count([(1, 1, 0, "stored")]).rows, HOUR, HOUR + HOUR_MS)  # knows of the first source only
    window.add(None, HOUR + HOUR_MS, HOUR + 3 * HOUR_MS)  # nobody counted: all are expected
    assert window.expected.tolist() == [120, 60, 12, 60, 1, 1 / 24]
    assert window.incomplete.tolist()[:2] == [True, True]


def test_a_scope_holds_its_groups_and_those_without_owner() -> None:
    own = ROSTER.groups[visible_groups(ROSTER.groups, Scope(company_ids=(1,)))]
    assert set(own["company_id"].tolist()) == {0, 1}
    assert set(ROSTER.groups[visible_groups(ROSTER.groups, Scope(areas=(10,)))]["area_id"].tolist()) == {10}
    assert set(ROSTER.groups[visible_groups(ROSTER.groups, Scope(layers=("room_sensor",)))]["kind"].tolist()) == {b"room_sensor"}
