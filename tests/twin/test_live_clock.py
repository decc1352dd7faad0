"""Live state under a wall clock that jumps, and viewers that were away: what they have is what the server has."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin import delta
from twin.alarms import DEFAULT_RULE
from twin.live import LIVE_THEMES, LiveCity, build_city, unheard_city
from twin.quality import Quality
from twin.readings import Batch, Source
from twin.schemas import DEFAULT_SCHEMAS
from twin.scope import EVERYTHING

NOW = 1_795_255_200_000
HOUR_MS = 3_600_000
STATION = DEFAULT_SCHEMAS["substation"]
SUPPLY = "secondary_supply_temperature_degc"
# ids far from each other, so that a delta has long gaps that a snapshot has not
SOURCES = tuple(
    Source(number, f"substation:{number}", asset, "substation", None, None, 1, STATION, 60)
    for number, asset in enumerate((3, 40_000, 80_000, 120_000, 200_000, 200_001), 1)
)

Shown = dict[int, tuple[int, int]]


def _report(city: LiveCity, source: Source, observed_ms: int, value: float, now_ms: int) -> None:
    values = np.full((1, len(STATION.points)), 1.0)
    values[0, STATION.column(SUPPLY)] = value
    ids, times = np.array([source.source_id], np.int32), np.array([observed_ms], np.int64)
    flags = np.full(values.shape, Quality.GOOD, np.uint8)
    city.apply(city.plan(Batch(1, STATION, np.zeros(1, np.int64), ids, times, values, flags)), received_ms=now_ms)


def _taken(shown: Shown, message: delta.Message | None) -> Shown:
    """Return what a viewer has after a message, which went over the line."""
    if message is None:
        return shown
    got = delta.decode(delta.inflate(delta.deflate(delta.encode(message))))
    items = dict(zip(got.asset_ids.tolist(), zip(got.units.tolist(), got.packed.tolist(), strict=True), strict=True))
    return items if got.kind is delta.MessageKind.SNAPSHOT else shown | items


def _whole(city: LiveCity, theme: str) -> Shown:
    return _taken({}, city.snapshot(theme, EVERYTHING))


STEPS = st.lists(
    st.tuples(
        st.integers(0, len(SOURCES) - 1),
        st.sampled_from([20.0, 52.3, math.nan]),
        # the wall clock goes on, stands still, jumps back or ahead by an hour, or by a day
        st.sampled_from([1_000, 1_000, 61_000, 0, -HOUR_MS, HOUR_MS, 24 * HOUR_MS, -24 * HOUR_MS]),
    ),
    min_size=1,
    max_size=25,
)


@settings(deadline=None, max_examples=80)
@given(STEPS, st.randoms(use_true_random=False))
def test_whoever_was_away_has_the_servers_state_whatever_its_clock_did(
    steps: list[tuple[int, float, int]], chance: object
) -> None:
    city = build_city(1, 77, SOURCES, (DEFAULT_RULE,))
    city.refresh(NOW)
    now, left = NOW, {theme: [(city.seq, _whole(city, theme))] for theme in LIVE_THEMES}
    for number, (place, value, jump_ms) in enumerate(steps):
        now += jump_ms
        _report(city, SOURCES[place], NOW + number * 1000, value, now)
        before = city.seq
        city.refresh(now)
        assert city.seq in {before, before + 1}
        for theme in LIVE_THEMES:
            left[theme].append((city.seq, _whole(city, theme)))
    for theme, moments in left.items():
        seq, shown = moments[chance.randrange(len(moments))]  # type: ignore[attr-defined]
        message = city.message(theme, EVERYTHING, since=seq)
        assert _taken(shown, message) == _whole(city, theme)
        if message is not None:
            # one merged delta, however long one was away, and never more than a snapshot
            assert len(delta.encode(message)) <= len(delta.encode(city.snapshot(theme, EVERYTHING)))

    # a server that starts now from the latest frames and open alarms shows the same
    again = unheard_city(city, 78)
    for schema_id, frames in city.heard().items():
        again.restore(schema_id, frames)
    again.set_alarms(
        [
            (rule.rule_id, int(block.source_ids[row]), False)
            for block in city.blocks.values()
            for place, rule in enumerate(block.rules)
            for row in np.flatnonzero(block.active[place]).tolist()
        ]
    )
    again.refresh(now)
    assert [_whole(again, theme) for theme in LIVE_THEMES] == [_whole(city, theme) for theme in LIVE_THEMES]
