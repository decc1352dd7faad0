"""Causes of alarms: held against a likelihood that is written out plainly, over subtrees found by flooding."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.builders import Sketch
from tests.topology.oracle import Oracle
from topology.causes.footprints import LEVELS, level_of, make_footprints
from topology.causes.kernels import LARGEST_RATE
from topology.causes.root_cause import STRAY_RATE, CauseEngine
from topology.causes.times import SLOWEST, Times
from topology.network import Network, build_network

STATIONS = range(20, 32)


def comb() -> Sketch:
    """Plant 1, a trunk of four segments, three substations on each: 20-22 on the first, 23-25 on the second and so on."""
    s = Sketch()
    s.source(1, 0)
    s.pipe(90, 0, 1)
    s.valve(190, 1)
    for k in range(4):
        start = 1.0 + 10 * k
        s.pipe(100 + 10 * k, start, start + 9)
        for i in range(3):
            at = 100.0 + 10 * k + i
            s.pipe(101 + 10 * k + 2 * i, start + 9, at + 0.5)
            s.valve(300 + 3 * k + i, at + 0.5)
            s.pipe(102 + 10 * k + 2 * i, at + 0.5, at)
            s.substation(20 + 3 * k + i, at)
            s.building(40 + 3 * k + i, substation=20 + 3 * k + i)
        s.pipe(109 + 10 * k, start + 9, start + 10)
        if k < 3:
            s.valve(200 + k, start + 10)
    return s


def ring() -> Sketch:
    """Plant 1 on a ring of four segments with two substations each; nothing of the ring is cut off when one is shut."""
    s = Sketch()
    s.source(1, 0)
    corners = [0.0, 10.0, 20.0, 30.0, 0.0]
    for k, (start, end) in enumerate(pairwise(corners)):
        middle = 40.0 + k
        s.pipe(100 + 10 * k, start, start + 1 if k else 0.5)
        s.valve(200 + k, start + 1 if k else 0.5)
        s.pipe(101 + 10 * k, start + 1 if k else 0.5, middle)
        s.pipe(102 + 10 * k, middle, end)
        for i in range(2):
            at = 50.0 + 2 * k + i
            s.pipe(103 + 10 * k + i, middle, at)
            s.substation(20 + 2 * k + i, at)
    return s


@pytest.fixture(scope="module")
def network() -> Network:
    return build_network(comb().tables())


@pytest.fixture(scope="module")
def engine(network: Network) -> CauseEngine:
    return CauseEngine(network)


def plain_score(rang: int, sensors: int, stray: float = STRAY_RATE) -> float:
    """Return the log likelihood ratio, station by station."""
    if rang < 2:
        return 0.0
    rate = min(rang / sensors, LARGEST_RATE)
    if rate <= stray:
        return 0.0
    return sum(math.log(rate / stray) for _ in range(rang)) + sum(
        math.log((1 - rate) / (1 - stray)) for _ in range(sensors - rang)
    )


@given(st.sets(st.sampled_from(list(STATIONS))), st.sets(st.sampled_from(list(STATIONS))))
@settings(max_examples=60, deadline=None)
def test_the_best_subtree_of_brute_force_is_the_first_cause(alarmed: set[int], unmeasured: set[int]) -> None:
    sketch = comb()
    oracle, engine = Oracle(sketch.tables()), _engine()
    silent = set(STATIONS) - alarmed - unmeasured
    fed = oracle.fed() & set(STATIONS)
    scores = {}
    for segment in set(oracle.segments.values()):
        below = fed - oracle.fed(segment)
        scores[min(segment)] = plain_score(len(below & alarmed), len(below & (alarmed | silent)))
    found = engine.diagnose(alarmed, silent)
    elements = len(engine._places.element)
    best = max(scores.values())
    if abs(math.log(found.stray_rate / STRAY_RATE)) > 1e-9:
        return  # the rate was estimated anew; the scores above are those of the first one
    if best <= math.log(elements):
        assert found.causes == ()
        assert set(found.stray) == alarmed
        return
    cause = found.causes[0]
    assert cause.score == pytest.approx(best)
    # segments of equal score take the same stations and are tied, or others and are causes of their own
    named = {number for each in found.causes for number in each.tied_ids}
    assert {number for number, score in scores.items() if score > best - 1e-9} <= named
    assert any(scores.get(number) == pytest.approx(best) for number in cause.tied_ids)
    assert set(cause.explained) | {i for other in found.causes for i in other.explained} | set(found.stray) == alarmed


_KEPT: dict[str, CauseEngine] = {}


def _engine() -> CauseEngine:
    return _KEPT.setdefault("comb", CauseEngine(build_network(comb().tables())))


def test_a_failed_trunk_segment_is_named_with_its_twin(engine: CauseEngine) -> None:
    causes = engine.root_cause(range(26, 32), range(20, 26))
    assert len(causes) == 1
    assert causes[0].hypothesis == "cut_off"
    assert {119, 120} & set(causes[0].asset_ids)
    assert {10_119, 10_120} & set(causes[0].asset_ids)
    assert set(causes[0].explained) == set(range(26, 32))
    assert causes[0].confidence > 0.9


def test_places_with_the_same_stations_are_one_group(engine: CauseEngine) -> None:
    cause = engine.root_cause(STATIONS, ())[0]
    # the plant and the first pipe cut off the same twelve stations
    assert 1 in cause.tied_ids
    assert {90, 10_090} <= set(cause.tied_ids)


def test_silence_below_is_named_and_lowers_the_hit_rate(engine: CauseEngine) -> None:
    cause = engine.root_cause([20, 21, 22, 23, 24, 26, 27, 28, 29, 30, 31], [25])[0]
    assert cause.silent_below == (25,)
    assert 0.8 < cause.hit_rate < 1.0
    assert cause.unmeasured_below == 0


def test_stations_without_a_sensor_are_counted_and_say_nothing(engine: CauseEngine) -> None:
    cause = engine.root_cause([26, 27, 28, 29, 30], [20, 21, 22, 23, 24, 25])[0]
    assert cause.unmeasured_below == 1
    assert cause.silent_below == ()


def test_two_failures_are_two_causes_and_a_lone_alarm_is_stray() -> None:
    s = Sketch()
    s.source(1, 0)
    for k in range(24):
        s.pipe(200 + 20 * k, 0, 10.0 * k + 5)
        s.valve(900 + k, 10.0 * k + 5)
        s.pipe(201 + 20 * k, 10.0 * k + 5, 10.0 * k + 6)
        for i in range(4):
            s.pipe(202 + 20 * k + i, 10.0 * k + 6, 1000.0 + 10 * k + i)
            s.substation(20 + 4 * k + i, 1000.0 + 10 * k + i)
    engine = CauseEngine(build_network(s.tables()))
    alarmed = [20, 21, 22, 23, 28, 29, 30, 31, 43]
    found = engine.diagnose(alarmed, sorted(set(range(20, 116)) - set(alarmed)))
    assert sorted(cause.explained for cause in found.causes) == [(20, 21, 22, 23), (28, 29, 30, 31)]
    assert found.stray == (43,)


def test_no_alarms_have_no_cause(engine: CauseEngine) -> None:
    found = engine.diagnose([], STATIONS)
    assert (found.causes, found.stray, found.unknown, found.not_fed) == ((), (), (), ())


def test_unknown_ids_are_named_and_change_nothing(engine: CauseEngine) -> None:
    found = engine.diagnose([26, 27, 28, 29, 30, 31, 777_777, 2**31 - 1], [20, 888_888, -5])
    assert found.unknown == (777_777, 2**31 - 1)
    assert repr(found.causes) == repr(engine.diagnose(range(26, 32), [20]).causes)


def test_order_and_repetition_do_not_matter(engine: CauseEngine) -> None:
    rng = np.random.default_rng(0)
    alarmed, silent = [26, 27, 28, 29, 30, 31, 22], [20, 21, 23, 24, 25]
    first = engine.diagnose(alarmed, silent)
    for _ in range(5):
        mixed = rng.permutation(alarmed * 2).tolist()
        assert repr(engine.diagnose(mixed, rng.permutation(silent * 3).tolist())) == repr(first)


def test_what_a_closed_valve_cuts_off_is_told_apart(network: Network) -> None:
    closed = network.with_states({202: "closed", 10_202: "closed"}, {}, valve_version=2)
    found = CauseEngine(closed).diagnose([29, 30, 31, 20], range(21, 29))
    assert found.not_fed == (29, 30, 31)
    assert found.stray == (20,)
    assert found.causes == ()


def test_alarms_of_buildings_count_below_their_substation(engine: CauseEngine) -> None:
    # building and substation of each of the last three, and one building alone
    causes = engine.root_cause([29, 30, 31, 49, 50, 51, 40], [*range(20, 29), *range(41, 49)])
    assert set(causes[0].explained) == {29, 30, 31, 49, 50, 51}


@pytest.fixture(scope="module")
def net() -> Network:
    return build_network(ring().tables())


class TestRings:
    """On a ring nothing is cut off; a footprint says who falls short."""

    stations = tuple(range(20, 28))

    def segments(self, net: Network) -> list[int]:
        """Return the supply segments of the four tees, where the stations hang."""
        pipe, segment = net.segment_id_of_pipe()
        return [int(segment[pipe == 101 + 10 * k][0]) for k in range(4)]

    def shut(self, net: Network) -> list[tuple[str, float, list[int], np.ndarray, np.ndarray]]:
        """Each segment of the ring takes its own two stations, and the next two fall short, perhaps."""
        rows = []
        for segment, first in zip(self.segments(net), (20, 22, 24, 26), strict=True):
            felt = np.array([first, first + 1, 20 + (first - 18) % 8, 21 + (first - 18) % 8])
            rows.append(("shut", 0.0, [segment], felt, np.array([5, 5, 2, 1])))
        return rows

    def test_the_tree_alone_leaves_them_to_the_source(self, net: Network) -> None:
        for _, _, members, felt, _ in self.shut(net)[:3]:  # the plant stands on the last one
            cause = CauseEngine(net).root_cause(felt.tolist(), sorted(set(self.stations) - set(felt.tolist())))[0]
            assert 1 in cause.tied_ids
            assert members[0] not in cause.tied_ids

    def test_the_footprint_names_the_segment(self, net: Network) -> None:
        rows = self.shut(net)
        engine = CauseEngine(net, make_footprints(rows))
        for _, _, members, felt, _ in rows:
            cause = engine.root_cause(felt.tolist(), sorted(set(self.stations) - set(felt.tolist())))[0]
            assert cause.hypothesis == "shut"
            assert cause.segment_ids[0] == members[0]
            assert set(cause.explained) == set(felt.tolist())

    def test_scores_are_those_of_the_likelihood_written_out(self, net: Network) -> None:
        row = self.shut(net)[1]
        felt, levels = row[3].tolist(), row[4].tolist()
        engine = CauseEngine(net, make_footprints([row]))
        alarmed, silent = felt[:3], [felt[3]]
        from topology.causes.search import HIT_RATES  # noqa: PLC0415

        def score(rate: float) -> float:
            total = 0.0
            for station, level in zip(felt, levels, strict=True):
                chance = min(STRAY_RATE + (1 - STRAY_RATE) * LEVELS[level] * rate, LARGEST_RATE)
                total += math.log(chance / STRAY_RATE) if station in alarmed else math.log((1 - chance) / (1 - STRAY_RATE))
            return total

        cause = engine.root_cause(alarmed, silent)[0]
        assert cause.score == pytest.approx(max(score(rate) for rate in HIT_RATES))

    def test_footprints_of_what_is_not_there_any_more_are_left_out(self, net: Network) -> None:
        rows = [
            ("shut", 0.0, [999_999], np.array([20]), np.array([5])),
            ("pump_stopped", 0.0, [5], np.array([77]), np.array([5])),
        ]
        found = CauseEngine(net, make_footprints(rows)).diagnose([20, 21, 24], [22, 23])
        assert repr(found) == repr(CauseEngine(net).diagnose([20, 21, 24], [22, 23]))


class TestAges:
    """Alarms that rang at another time are not of the same cause."""

    def test_alarms_of_one_moment_stay_together(self, engine: CauseEngine) -> None:
        ages = dict.fromkeys(range(26, 32), 600.0)
        cause = engine.diagnose(range(26, 32), range(20, 26), ages).causes[0]
        assert set(cause.explained) == set(range(26, 32))
        assert cause.age_s >= 600.0

    def test_stations_nearer_to_the_source_that_do_not_ring_speak_against_it(self, engine: CauseEngine) -> None:
        """All rang a moment ago: the water from the source has passed those that are silent before it came to these."""
        alarmed = [20, *range(26, 32)]
        found = engine.diagnose(alarmed, range(21, 26), dict.fromkeys(alarmed, 20.0))
        assert found.causes[0].explained == tuple(range(26, 32))
        assert found.stray == (20,)

    @pytest.mark.parametrize("near_rang", [True, False])
    def test_cold_water_comes_to_the_near_stations_first(self, near_rang: bool) -> None:
        """Six stations at ten minutes to an hour from the source, six at three hours and more; half rang as slow water came."""
        near, far = np.linspace(600, 3600, 6), np.linspace(10_800, 18_000, 6)
        rang_s, silent_s = (near, far) if near_rang else (far, near)
        ages_s = 1.2 * (rang_s.max() - rang_s) + 20.0
        arrival_s = np.concatenate([rang_s, silent_s])
        times = Times(np.concatenate([ages_s, np.full(6, np.nan)]), arrival_s, arrival_s)
        fits, age_s = times.fits(-1, True, np.ones(12, bool), 6, STRAY_RATE)
        assert fits[:6].min() > 0.2, "what rang may have been reached"
        assert age_s >= rang_s.max() / SLOWEST
        assert (fits[6:].max() < 0.05) == near_rang, "silence of the near ones speaks against the source, of the far ones not"
        assert (fits[6:].min() > 0.9) != near_rang

    def test_an_alarm_of_yesterday_is_not_explained(self, engine: CauseEngine) -> None:
        ages = dict.fromkeys(range(26, 32), 600.0) | {26: 86_400.0}
        found = engine.diagnose(range(26, 32), range(20, 26), ages)
        assert 26 in found.stray
        assert 26 not in found.causes[0].explained

    def test_ages_that_are_no_numbers_are_left_out(self, engine: CauseEngine) -> None:
        ages = {26: float("nan"), 27: -5.0, 28: float("inf"), 999: 3.0}
        assert engine.diagnose(range(26, 32), range(20, 26), ages).causes[0].explained == tuple(range(26, 32))


def test_levels_are_the_nearest_chances() -> None:
    assert level_of(np.array([0.0, 0.04, 0.06, 0.19, 0.21, 0.62, 0.97, 1.0])).tolist() == [-1, -1, 0, 0, 1, 3, 5, 5]
