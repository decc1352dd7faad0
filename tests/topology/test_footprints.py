"""Footprints: the quick zone against the slow one, curves, and what taking alarms out leaves behind."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.topology.flow_builders import ring_zone
from tests.topology.test_root_cause import ring
from topology.causes.footprints import BURST_SHARES, CHANCES, FALL_PRIOR, LEVELS, code_of, make_footprints
from topology.causes.kernels import LARGEST_RATE, take_out, tally
from topology.causes.physics import Failure, ZoneModel
from topology.causes.quick import QuickZone
from topology.causes.root_cause import STRAY_RATE, CauseEngine
from topology.causes.search import HIT_RATES, _tables
from topology.network import Network, build_network


@pytest.fixture(scope="module")
def model() -> ZoneModel:
    return ZoneModel(ring_zone(3, rings=6))


@pytest.fixture(scope="module")
def quick(model: ZoneModel) -> QuickZone:
    return QuickZone(model)


class TestQuickZone:
    """Against `ZoneModel`, which solves with `FlowSolver`; tolerances in MPa of a differential of 0.1 and more."""

    def test_a_healthy_zone_is_the_same(self, model: ZoneModel, quick: QuickZone) -> None:
        assert np.abs(quick.normal_mpa - model.normal_mpa).max() < 1e-3

    @pytest.mark.parametrize("pipe", [2, 9, 30, 62, 64])
    def test_a_shut_pipe_is_felt_alike(self, model: ZoneModel, quick: QuickZone, pipe: int) -> None:
        slow, fast = model.differential_mpa(Failure(removed_pipes=(pipe,))), quick.shut([pipe])
        assert slow is not None
        assert fast is not None
        assert np.abs(slow - fast).max() < 5e-3

    @pytest.mark.parametrize("pipe", [4, 20, 40])
    def test_bursts_of_rising_size_are_felt_alike(self, model: ZoneModel, quick: QuickZone, pipe: int) -> None:
        sizes = np.array([0.1, 0.3, 0.6]) * model.station_kg_per_s.sum()
        for size, fast in zip(sizes, quick.burst(pipe, sizes), strict=True):
            slow = model.differential_mpa(Failure(leak_pipe=pipe, leak_kg_per_s=float(size)))
            assert slow is not None
            assert np.median(np.abs(slow - fast)) < 5e-3
            assert np.abs(slow - fast).max() < 0.05  # the burst takes its water from one end of its pipe

    def test_a_stopped_source_is_felt_alike(self, model: ZoneModel, quick: QuickZone) -> None:
        slow, fast = model.differential_mpa(Failure(stopped_feeds=(1,))), quick.stopped(1)
        assert slow is not None
        assert fast is not None
        assert np.abs(slow - fast).max() < 5e-3

    def test_a_stopped_lift_is_felt_alike(self) -> None:
        model = ZoneModel(ring_zone(5, rings=3, lifts=2))
        slow, fast = model.differential_mpa(Failure(stopped_lifts=(901,))), QuickZone(model).without_lift(901)
        assert slow is not None
        assert fast is not None
        assert np.abs(slow - fast).max() < 5e-3


def test_every_curve_finds_its_own_code() -> None:
    kept = [code for code in range(len(LEVELS), len(CHANCES)) if CHANCES[code].max() >= 0.05]
    assert np.abs(CHANCES[code_of(CHANCES[kept])] - CHANCES[kept]).max() < 1e-9
    assert code_of(np.zeros((1, len(BURST_SHARES)))).tolist() == [-1]


@pytest.fixture(scope="module")
def net() -> Network:
    return build_network(ring().tables())


def a_code(middle: int) -> int:
    """Return the code of a station that rings from about the `middle`-th severity on."""
    sharp = np.arange(len(LEVELS), len(CHANCES), 3)
    return int(sharp[np.argmin(np.abs(CHANCES[sharp].sum(axis=1) - (len(BURST_SHARES) - middle)))])


@pytest.mark.parametrize("hypothesis", ["burst", "shut"])
def test_severities_are_those_of_the_likelihood_written_out(net: Network, hypothesis: str) -> None:
    pipe, segment = net.segment_id_of_pipe()
    trench = int(segment[pipe == 111][0])
    felt, codes = [22, 23, 24, 25], [a_code(1), a_code(3), a_code(4), a_code(7)]
    engine = CauseEngine(net, make_footprints([(hypothesis, 50.0, [trench], np.array(felt), np.array(codes))]))
    alarmed, silent = felt[:3], [felt[3]]

    def score(severity: int, rate: float) -> float:
        total = 0.0 if hypothesis == "burst" else float(FALL_PRIOR[severity])
        for station, code in zip(felt, codes, strict=True):
            chance = min(STRAY_RATE + (1 - STRAY_RATE) * CHANCES[code, severity] * rate, LARGEST_RATE)
            total += math.log(chance / STRAY_RATE) if station in alarmed else math.log((1 - chance) / (1 - STRAY_RATE))
        return total

    cause = engine.root_cause(alarmed, silent)[0]
    assert cause.hypothesis == hypothesis
    assert cause.score == pytest.approx(max(score(k, rate) for k in range(len(BURST_SHARES)) for rate in HIT_RATES))
    assert cause.explained == tuple(alarmed)


def test_alarms_taken_out_and_put_back_leave_nothing_behind(net: Network) -> None:
    rng = np.random.default_rng(4)
    pipe, segment = net.segment_id_of_pipe()
    trenches = [int(segment[pipe == 101 + 10 * k][0]) for k in range(4)]
    rows = [
        ("burst", 9.0, [trench], np.arange(20, 28), rng.integers(0, len(CHANCES), 8)) for trench in trenches for _ in range(5)
    ]
    engine = CauseEngine(net, make_footprints(rows))
    layout, tables = engine._ground.layout, _tables(STRAY_RATE)
    evidence = engine._evidence(engine._places.rows_of(np.arange(20, 26)), engine._places.rows_of(np.arange(26, 28)), None)
    kept = np.array([0, 2, 3, 4])

    def fresh(points: np.ndarray) -> tuple[np.ndarray, ...]:
        number, column = evidence.number[points], evidence.column[points]
        found = tally(layout, tables, number, column, int((points < 6).sum()))
        return found.alarms, found.sensors, found.rung, found.column_alarms

    everything = np.arange(8)
    found = tally(layout, tables, evidence.number, evidence.column, 6)
    out = np.setdiff1d(np.arange(6), kept)
    take_out(layout, tables, found, evidence.number[out], evidence.column[out], -1)
    for mine, anew in zip(
        (found.alarms, found.sensors, found.rung, found.column_alarms), fresh(np.concatenate([kept, [6, 7]])), strict=True
    ):
        assert (mine == anew).all()
    take_out(layout, tables, found, evidence.number[out], evidence.column[out], 1)
    for mine, anew in zip((found.alarms, found.sensors, found.rung, found.column_alarms), fresh(everything), strict=True):
        assert (mine == anew).all()


def test_a_source_that_is_no_element_of_the_tree_can_be_named(net: Network) -> None:
    # as an isolating station is the source of the zone beyond it; here a substation stands for it
    row = ("source_stopped", 0.0, [20], np.array([22, 23, 24]), np.full(3, 5))
    cause = CauseEngine(net, make_footprints([row])).root_cause([22, 23, 24], [20, 21, 25, 26, 27])[0]
    assert cause.hypothesis == "source_stopped"
    assert cause.tied_ids == (20,)
    assert cause.kind == "source"
