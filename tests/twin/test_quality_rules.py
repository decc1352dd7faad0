"""Rules of data quality: what each kind flags, scores with their reasons, live state and history alike, simulated faults."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.api.live_helpers import substation_values
from twin.arrays import Float64Array, UInt8Array
from twin.errors import BadQualityRule
from twin.frames import as_stored
from twin.history import Curve, PointCurve
from twin.quality import Quality, flag_values
from twin.quality_rules.balance import Side, balance
from twin.quality_rules.checks import INTAKE, Assessed, Check, assess, make_checks
from twin.quality_rules.live import Latest, Watch, compare_neighbours, make_watch, medians
from twin.quality_rules.model import RULE_KINDS, QualityRule, require_points, rule_from_json
from twin.quality_rules.reasons import reason
from twin.quality_rules.rows import Rows, rows_of_frames
from twin.quality_rules.shipped import SHIPPED_RULES
from twin.quality_rules.trial import try_rules
from twin.schemas import DEFAULT_SCHEMAS, SHIPPED_SCHEMAS
from twin.simulator.city import advance, start
from twin.simulator.faults import FaultShares, FaultyLine
from twin.simulator.instruments import look, values
from twin.simulator.schedule import due, periods_s, phases
from twin.simulator.sources import SimulatedSource

SUBSTATION = DEFAULT_SCHEMAS["substation"]
NAMES = [point.name for point in SUBSTATION.points]
NOW = 1_795_219_200_000
MINUTE = 60_000
SUPPLY = "primary_supply_temperature_degc"
Found = dict[str, set[str]]


def _values(**given: float | None) -> list[float]:
    return [np.nan if value is None else value for value in substation_values(**given)]


def _quality(shown: Float64Array, given: UInt8Array | None = None) -> UInt8Array:
    none = np.full(shown.shape, Quality.NOT_EVALUATED, np.uint8)
    return flag_values(shown, none if given is None else given, SUBSTATION.low, SUBSTATION.high)


def _rows(*frames: list[float], every_ms: int = MINUTE) -> Rows:
    shown = np.array(frames)
    return rows_of_frames(NOW + every_ms * np.arange(len(frames)), shown, _quality(shown), period_ms=MINUTE)


def _codes(assessed: Assessed, checks: tuple[Check, ...], row: int = -1) -> Found:
    """Return by rule the points that are flagged in one frame."""
    found: Found = {}
    for column in np.flatnonzero(assessed.by[row]).tolist():
        number = int(assessed.by[row, column])
        found.setdefault("intake" if number == INTAKE else checks[number - 1].rule.code, set()).add(NAMES[column])
    return found


def _flagged(*frames: list[float], every_ms: int = MINUTE) -> Found:
    checks = make_checks(SUBSTATION, SHIPPED_RULES)
    return _codes(assess(_rows(*frames, every_ms=every_ms), checks), checks)


def _rule(kind: str, parameters: dict[str, Any], **more: Any) -> QualityRule:
    return rule_from_json({"code": "mine", "kind": kind, "name_zh": "我的", "severity": 3, "parameters": parameters, **more})


# ---------------------------------------------------------------- kinds


def test_a_healthy_station_has_no_flag_and_a_hundred_points() -> None:
    checks = make_checks(SUBSTATION, SHIPPED_RULES)
    assessed = assess(_rows(_values(), _values(secondary_supply_temperature_degc=52.4)), checks)
    assert _codes(assessed, checks) == {}
    assert assessed.score.tolist() == [100.0, 100.0]


@pytest.mark.parametrize(
    ("given", "code", "point"),
    [
        ({SUPPLY: 1800.0}, "range", SUPPLY),
        ({SUPPLY: -9999.0}, "sentinel_numbers", SUPPLY),
        ({"outdoor_temperature_degc": 85.0}, "sentinel_sensor", "outdoor_temperature_degc"),
        ({"primary_supply_pressure_mpa": 850.0}, "unit_pressure", "primary_supply_pressure_mpa"),
        ({SUPPLY: 950.0}, "unit_temperature", SUPPLY),
        ({"secondary_supply_temperature_degc": 325.0}, "unit_temperature", "secondary_supply_temperature_degc"),
        ({SUPPLY: None}, "dropped", SUPPLY),
        ({SUPPLY: 125.0, "primary_flow_m3_per_h": 36.0}, "jump_pipe", SUPPLY),
        ({"primary_heat_total_gj": 98765000.0}, "register_back", "primary_heat_total_gj"),
        ({"primary_heat_power_mw": 9.0}, "heat_balance_primary", "primary_heat_power_mw"),
        ({"secondary_return_temperature_degc": 55.0}, "supply_above_return_secondary", "secondary_return_temperature_degc"),
        ({"primary_supply_pressure_mpa": 0.39}, "pressure_drop_primary", "primary_return_pressure_mpa"),
    ],
)
def test_each_shipped_rule_flags_its_fault(given: dict[str, float | None], code: str, point: str) -> None:
    found = _flagged(_values(), _values(**given))
    assert point in found.get(code, set()), found


def test_a_value_that_stands_still_for_two_hours_is_suspect() -> None:
    def frames(count: int) -> list[list[float]]:
        return [_values(primary_flow_m3_per_h=61.2 + 0.1 * (i % 3), primary_flow_total_m3=1234567.25 + i) for i in range(count)]

    assert SUPPLY not in _flagged(*frames(120)).get("flat_station", set())
    found = _flagged(*frames(122))["flat_station"]
    assert SUPPLY in found
    assert "primary_flow_m3_per_h" not in found


def test_what_follows_a_bad_value_is_no_jump() -> None:
    found = _flagged(_values(), _values(**{SUPPLY: -9999.0}), _values())
    assert found == {}


def test_a_change_over_a_gap_may_be_as_large_as_the_gap_is_long() -> None:
    changed = _values(**{SUPPLY: 125.0, "primary_flow_m3_per_h": 36.0})
    assert "jump_pipe" in _flagged(_values(), changed)
    assert "jump_pipe" not in _flagged(_values(), changed, every_ms=5 * MINUTE)


def test_a_whole_frame_that_repeats_itself_is_suspect() -> None:
    rule = _rule("duplicate", {"frames": 3})
    checks = make_checks(SUBSTATION, [rule])
    assert (assess(_rows(_values(), _values()), checks).by == 0).all()
    assert (assess(_rows(_values(), _values(), _values()), checks).by[2, :14] == 1).all()


def test_states_are_whole_numbers() -> None:
    rule = _rule("format", {"whole": True}, points=["*_state"])
    frame = _values()
    frame[NAMES.index("frequency_converter_state")] = 1.5
    frame[NAMES.index("electric_control_valve_state")] = 1.0
    checks = make_checks(SUBSTATION, [rule])
    assert _codes(assess(_rows(frame), checks), checks) == {"mine": {"frequency_converter_state"}}


def test_a_flag_of_the_sender_counts_under_its_own_name() -> None:
    shown = np.array([_values()])
    given = np.full(shown.shape, Quality.NOT_EVALUATED, np.uint8)
    given[0, NAMES.index(SUPPLY)] = Quality.SUSPECT
    rows = rows_of_frames(np.array([NOW]), shown, _quality(shown, given), period_ms=MINUTE)
    checks = make_checks(SUBSTATION, SHIPPED_RULES)
    assert _codes(assess(rows, checks), checks) == {"intake": {SUPPLY}}


def test_costs_by_rule_add_up_to_what_the_score_lacks() -> None:
    frame = _values(**{SUPPLY: -9999.0, "primary_heat_power_mw": 9.0, "makeup_volume_total_m3": None})
    assessed = assess(_rows(_values(), frame), make_checks(SUBSTATION, SHIPPED_RULES))
    rows, _, costs = assessed.costs()
    assert set(rows.tolist()) == {1}
    assert assessed.checked.tolist() == [14, 14]
    assert assessed.score[1] == pytest.approx(100 * (1 - costs.sum() / 14))
    assert assessed.worst.tolist() == [Quality.GOOD, Quality.MISSING]


def test_every_flag_has_its_reason_in_both_languages() -> None:
    frame = _values(
        **{SUPPLY: 1800.0, "primary_heat_power_mw": 9.0, "makeup_volume_total_m3": None, "outdoor_temperature_degc": 85.0}
    )
    rows, checks = _rows(_values(), frame), make_checks(SUBSTATION, SHIPPED_RULES)
    assessed = assess(rows, checks)
    told = {
        checks[number - 1].rule.code: reason(checks[number - 1], SUBSTATION, rows, 1, column)
        for column in np.flatnonzero(assessed.by[1]).tolist()
        if (number := int(assessed.by[1, column])) != INTAKE
    }
    assert told["range"] == ("1800 超出 0～150 degC", "1800 is outside 0 to 150 degC")
    assert all(zh and en for zh, en in told.values())
    assert len(told) >= 4


# ---------------------------------------------------------------- rules as data


@pytest.mark.parametrize("rule", SHIPPED_RULES, ids=lambda rule: rule.code)
def test_shipped_rules_are_read_as_they_are_written_and_look_at_something(rule: QualityRule) -> None:
    assert rule_from_json(rule.as_json()) == rule
    require_points(rule, SHIPPED_SCHEMAS)
    assert any(make_checks(schema, [rule]) for schema in SHIPPED_SCHEMAS)


def test_every_kind_of_rule_ships_and_codes_are_unique() -> None:
    assert {rule.kind for rule in SHIPPED_RULES} == set(RULE_KINDS)
    assert len({rule.code for rule in SHIPPED_RULES}) == len(SHIPPED_RULES)


@pytest.mark.parametrize(
    ("kind", "parameters", "more", "told"),
    [
        ("magic", {}, {}, "kind"),
        ("boundary", {"low": 5, "high": 4}, {}, "low must be below"),
        ("boundary", {"low": float("nan")}, {}, "low"),
        ("boundary", {"low": True}, {}, "low"),
        ("boundary", {"hihg": 5}, {}, "hihg"),
        ("jump", {}, {}, "needs parameter"),
        ("flat", {"minutes": 0}, {}, "minutes"),
        ("sentinel", {"values": []}, {}, "values"),
        ("sentinel", {"values": ["x"]}, {}, "values"),
        ("format", {"whole": 1}, {}, "whole"),
        ("related", {"expression": "import os"}, {}, "no formula"),
        ("related", {}, {}, "needs parameter"),
        ("boundary", {}, {"severity": 9}, "severity"),
        ("boundary", {}, {"code": "Drop table"}, "code"),
        ("boundary", {}, {"points": ["a b"]}, "points"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(kind: str, parameters: dict[str, Any], more: dict[str, Any], told: str) -> None:
    with pytest.raises(BadQualityRule, match=told):
        _rule(kind, parameters, **more)


def test_a_rule_for_a_point_or_schema_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadQualityRule, match="nowhere_degc"):
        require_points(_rule("related", {"expression": "nowhere_degc > 1"}), SHIPPED_SCHEMAS)
    with pytest.raises(BadQualityRule, match="no one schema"):
        require_points(
            _rule("related", {"expression": "room_temperature_degc > primary_flow_m3_per_h"}),
            [SUBSTATION, DEFAULT_SCHEMAS["room_sensor"]],
        )
    with pytest.raises(BadQualityRule, match="moon"):
        require_points(_rule("boundary", {}, schemas=["moon"]), SHIPPED_SCHEMAS)


def test_a_rule_that_is_off_flags_nothing() -> None:
    assert not make_checks(SUBSTATION, [replace(rule, enabled=False) for rule in SHIPPED_RULES])


# ---------------------------------------------------------------- live state and history


def _feed(watch: Watch, at_ms: int, shown: Float64Array, *, late_ms: int = 500, rows: list[int] | None = None) -> None:
    at = np.array(range(len(shown)) if rows is None else rows, np.int64)
    watch.look(
        Latest(at, shown, _quality(shown), np.full(len(at), at_ms), np.full(len(at), at_ms + late_ms)), now_ms=at_ms + late_ms
    )


def test_live_state_says_frame_by_frame_what_history_says_afterwards() -> None:
    random = np.random.default_rng(3)
    frames = np.tile(_values(), (200, 1))
    frames[:, NAMES.index(SUPPLY)] += random.normal(0, 6, 200).round(1)
    frames[random.random(200) < 0.1, NAMES.index(SUPPLY)] = -9999.0
    frames[random.random(200) < 0.1, NAMES.index("makeup_volume_total_m3")] = np.nan
    frames[random.random(200) < 0.1, NAMES.index("primary_heat_total_gj")] -= 5.0
    rules = [rule for rule in SHIPPED_RULES if rule.kind not in ("timeliness", "neighbour")]
    watch = make_watch(SUBSTATION, np.array([7], np.int32), np.array([MINUTE], np.int64), rules)
    live = []
    for number, frame in enumerate(frames):
        _feed(watch, NOW + number * MINUTE, frame[None])
        live.append(watch.by[0].copy())
    rows = rows_of_frames(NOW + MINUTE * np.arange(200), frames, _quality(frames), period_ms=MINUTE)
    past = assess(rows, make_checks(SUBSTATION, rules))
    assert np.array_equal(np.array(live), past.by)
    assert np.count_nonzero(past.by) > 100


def test_a_late_frame_a_clock_ahead_and_silence_are_not_timely() -> None:
    watch = make_watch(SUBSTATION, np.arange(3, dtype=np.int32), np.full(3, MINUTE, np.int64), SHIPPED_RULES)
    code = next(number for number, check in enumerate(watch.checks, 1) if check.rule.code == "timeliness")
    _feed(watch, NOW, np.array([_values()] * 3), late_ms=4 * MINUTE)
    assert (watch.by == code).any(axis=1).all()
    _feed(watch, NOW + MINUTE, np.array([_values()] * 3), late_ms=-30_000)
    assert (watch.by == code).any(axis=1).all()
    _feed(watch, NOW + 2 * MINUTE, np.array([_values()] * 3))
    assert not watch.by.any()
    observed, received = watch.seen_ms.copy(), watch.received_ms.copy()
    assert not watch.due(observed, received, now_ms=NOW + 4 * MINUTE).size
    silent = watch.due(observed, received, now_ms=NOW + 6 * MINUTE)
    assert silent.tolist() == [0, 1, 2]
    watch.again(now_ms=NOW + 6 * MINUTE)
    assert (watch.score == 50.0).all()
    assert not watch.due(observed, received, now_ms=NOW + 6 * MINUTE).size


def test_neighbours_compare_with_the_median_of_their_district() -> None:
    groups = np.array([1] * 6 + [2] * 3)
    found = medians(np.array([1.0, 2, 3, 4, 5, np.nan, 50, 60, 70]), groups, least=5)
    assert found.tolist() == [3.0] * 6 + [4.5] * 3  # the second has too few: the median of all
    assert np.isnan(medians(np.array([1.0, np.nan]), np.array([1, 1]), least=2)).all()


def test_an_outdoor_temperature_unlike_its_neighbours_is_suspect() -> None:
    watch = make_watch(SUBSTATION, np.arange(8, dtype=np.int32), np.full(8, MINUTE, np.int64), SHIPPED_RULES)
    shown = np.array([_values(outdoor_temperature_degc=-12.0 + 0.1 * i) for i in range(8)])
    shown[5, NAMES.index("outdoor_temperature_degc")] = 3.0
    _feed(watch, NOW, shown)
    compare_neighbours([watch], [np.ones(8, np.int64)], SHIPPED_RULES, now_ms=NOW + 1000)
    watch.again(now_ms=NOW + 1000)
    code = next(number for number, check in enumerate(watch.checks, 1) if check.rule.kind == "neighbour")
    assert np.argwhere(watch.by == code).tolist() == [[5, NAMES.index("outdoor_temperature_degc")]]


PLANT = DEFAULT_SCHEMAS["plant"]
BALANCED = next(rule for rule in SHIPPED_RULES if rule.code == "balance_heat")


def _balanced(station_mw: list[float | None], *, plant_mw: float) -> tuple[Watch, Watch, tuple[Check, ...]]:
    """Return the watches of a plant and of the substations of its water, judged by the balance of heat alone."""
    plants = make_watch(PLANT, np.array([1], np.int32), np.full(1, MINUTE, np.int64), [BALANCED])
    count = len(station_mw)
    stations = make_watch(SUBSTATION, np.arange(2, 2 + count, dtype=np.int32), np.full(count, MINUTE, np.int64), [BALANCED])
    heat = np.full((1, len(PLANT.points)), np.nan)
    heat[0, PLANT.column("heat_power_mw")] = plant_mw
    heard = [mw for mw in station_mw if mw is not None]
    shown = np.array([_values(primary_heat_power_mw=mw) for mw in heard])
    rows = [row for row, mw in enumerate(station_mw) if mw is not None]
    for _ in range(2):
        at = np.array([0])
        quality = np.where(np.isnan(heat), 9, 1).astype(np.uint8)
        plants.look(Latest(at, heat, quality, np.array([NOW]), np.array([NOW])), now_ms=NOW)
        _feed(stations, NOW, shown, rows=rows)
        sides = (Side(np.array([70]), np.array([3])), Side(np.arange(100, 100 + count), np.full(count, 3)))
        balance([plants, stations], [np.array([70]), np.arange(100, 100 + count)], BALANCED, sides, now_ms=NOW + 1000)
        plants.again(now_ms=NOW + 1000)
        stations.again(now_ms=NOW + 1000)
    return plants, stations, plants.checks


def test_a_source_that_gives_out_more_than_its_stations_take_in_makes_both_suspect() -> None:
    plants, stations, checks = _balanced([2.0] * 12, plant_mw=40.0)
    assert np.count_nonzero(plants.by) == 1
    assert np.argwhere(stations.by).tolist() == [[row, NAMES.index("primary_heat_power_mw")] for row in range(12)]
    rows = plants.rows(np.array([0]), np.zeros(1, np.int64))
    told = reason(checks[0], PLANT, rows, 0, PLANT.column("heat_power_mw") or 0)
    assert told == (
        "热源供出 40 MW，所带 12 座换热站合计 24 MW，相差 40%",
        "sources give out 40 MW, their 12 substations take in 24 MW: 40 % missing",
    )


@pytest.mark.parametrize(
    ("station_mw", "plant_mw", "flagged"),
    [
        ([2.0] * 12, 26.0, False),  # losses of the pipes
        ([2.0] * 12, 20.0, True),  # stations show more than there is
        ([2.0] * 11 + [None], 26.0, False),  # the one that is silent stands for its share
        ([2.0] * 6 + [None] * 6, 40.0, False),  # too few are known to say anything
    ],
)
def test_a_balance_allows_losses_and_judges_no_half_known_zone(
    station_mw: list[float | None], plant_mw: float, flagged: bool
) -> None:
    plants, stations, _ = _balanced(station_mw, plant_mw=plant_mw)
    assert (np.count_nonzero(plants.by) > 0, np.count_nonzero(stations.by) > 0) == (flagged, flagged)


def test_a_flag_that_lasts_or_comes_back_is_brought_up_once() -> None:
    sentinels = [rule for rule in SHIPPED_RULES if rule.code == "sentinel_numbers"]
    watch = make_watch(SUBSTATION, np.array([7], np.int32), np.array([MINUTE], np.int64), sentinels)
    column, wrong = NAMES.index(SUPPLY), np.array([_values(**{SUPPLY: -9999.0})])
    good, ripened = np.array([_values()]), []
    for minute in range(60):  # wrong in one minute of three
        _feed(watch, NOW + MINUTE * minute, wrong if minute % 3 == 0 else good)
        watch.note(60.0)
        rows, columns = watch.ripe(600.0)
        ripened += [(minute, *place) for place in zip(rows.tolist(), columns.tolist(), strict=True)]
        watch.brought_up[rows, columns] = True
    # a round of three minutes adds 1 - 2 / 6: after fourteen of them the next wrong minute makes ten
    assert ripened == [(42, 0, column)]
    for minute in range(60, 240):
        _feed(watch, NOW + MINUTE * minute, good)
        watch.note(60.0)
    assert not watch.brought_up.any()  # forgotten: it may come up anew


def test_a_watch_made_anew_takes_the_past_over() -> None:
    old = make_watch(SUBSTATION, np.array([3, 5], np.int32), np.full(2, MINUTE, np.int64), SHIPPED_RULES)
    _feed(old, NOW, np.array([_values(), _values()]))
    new = make_watch(SUBSTATION, np.array([1, 5], np.int32), np.full(2, MINUTE, np.int64), SHIPPED_RULES)
    new.taken_over(old)
    _feed(new, NOW + MINUTE, np.array([_values(**{SUPPLY: 125.0, "primary_flow_m3_per_h": 36.0})] * 2))
    jumped = [(new.by[row, NAMES.index(SUPPLY)] > 0) for row in (0, 1)]
    assert jumped == [False, True]


def test_a_trial_on_a_curve_counts_and_shows_examples() -> None:
    frames = np.array([_values(), _values(**{SUPPLY: 125.0}), _values(**{SUPPLY: 126.0})], np.float64)
    at_ms = NOW + MINUTE * np.arange(3)
    quality = _quality(frames)
    curves = tuple(PointCurve(point, frames[:, i], quality[:, i]) for i, point in enumerate(SUBSTATION.points))
    rule = _rule("boundary", {"high": 120}, points=[SUPPLY])
    trial = try_rules(SUBSTATION, Curve(0, at_ms, None, curves), [rule], period_ms=MINUTE, most=1)
    assert (trial.frames, trial.flagged, len(trial.marks)) == (3, 2, 1)
    assert (trial.marks[0].observed_ms, trial.marks[0].point, trial.marks[0].value) == (NOW + MINUTE, SUPPLY, 125.0)


# ---------------------------------------------------------------- simulated faults


SIMULATED = (
    *(SimulatedSource(f"substation:{i}", "substation/2", "substation", i, company_id=1 + i % 3) for i in range(1, 61)),
    *(SimulatedSource(f"heating_device:{i}", "heating_device/1", "heating_device", 1000 + i) for i in range(1, 401)),
    *(
        SimulatedSource(f"room_sensor:{i}", "room_sensor/2", "room_sensor", 5000 + i, substation_id=1 + i % 60)
        for i in range(1, 401)
    ),
)
SHARES = FaultShares(late=0, duplicate=0, conflict=0, bad=0.02, silent=0.02, skewed=0, stuck=0.05, unregistered=0, outage_s=0)


def _simulate(shares: FaultShares, *, minutes: int) -> dict[str, tuple[float, float]]:
    """Return by fault (found, made) of the simulated city, and under "" (false flags, values that are right)."""
    simulation = start(SIMULATED, {f"{one.code}/{one.version}": one for one in SHIPPED_SCHEMAS}, seed=5, clock_s=NOW / 1000)
    moment, line = look(simulation), FaultyLine(simulation.groups, seed=5, shares=shares)
    labels = line.labels()
    found = dict.fromkeys(("bad", "stuck", "silent", ""), (0.0, 0.0))

    def add(name: str, hits: float, made: float) -> None:
        found[name] = (found[name][0] + hits, found[name][1] + made)

    for group in simulation.groups:
        watch = make_watch(
            group.schema, np.arange(len(group), dtype=np.int32), np.full(len(group), MINUTE, np.int64), SHIPPED_RULES
        )
        codes = {code: row for row, code in enumerate(group.codes)}
        stuck = {
            codes[label.source]: label.detail["point"] for label in labels if label.fault == "stuck" and label.source in codes
        }
        ever = np.zeros(watch.by.shape, np.bool_)
        period, phase = periods_s(group, scale=1.0, station_period_s=None), phases(group, "spread")
        for minute in range(minutes):
            begin_s = NOW / 1000 + 60 * minute
            rows, observed_ms = due(period, phase, begin_s, begin_s + 60)
            for reports in line.carry(group, rows, observed_ms, values(moment, group, rows, observed_ms)):
                at = np.array([codes[code] for code in reports.codes], np.int64)
                given = (
                    np.full(reports.values.shape, Quality.NOT_EVALUATED, np.uint8) if reports.quality is None else reports.quality
                )
                quality = flag_values(reports.values, given, group.schema.low, group.schema.high)
                shown = as_stored(group.schema, reports.values)
                latest = Latest(at, shown, quality, reports.observed_ms, reports.observed_ms + 1000)
                watch.look(latest, now_ms=int(begin_s * 1000) + 61_000)
                flagged = watch.by[at] != 0
                wrong = {(codes[label.source], label.detail["point"]) for label in line.labels() if label.fault == "bad"}
                bad = np.zeros(watch.by.shape, np.bool_)
                for row, name in wrong:
                    bad[row, group.schema.column(name)] = True
                add("bad", np.count_nonzero(watch.by[bad]), np.count_nonzero(bad))
                right = ~bad[at]
                for row in stuck:
                    right[at == row] = False
                add("", np.count_nonzero(flagged & right), np.count_nonzero(right))
                ever[at] |= flagged
        column = {row: group.schema.column(name) for row, name in stuck.items()}
        add("stuck", sum(bool(ever[row, place]) for row, place in column.items()), len(stuck))
        silent = {codes[label.source] for label in labels if label.fault == "silent" and label.source in codes}
        never = set(np.flatnonzero(watch.seen_ms < 0).tolist())
        add("silent", len(silent & never), len(silent))
    return found


def test_injected_bad_values_are_found_and_good_ones_left_alone() -> None:
    found = _simulate(replace(SHARES, stuck=0.0), minutes=25)
    told = {name: f"{hits:.0f} of {made:.0f}" for name, (hits, made) in found.items()}
    print(told)  # noqa: T201 - the figures of this test
    hits, made = found["bad"]
    assert made > 200
    assert hits / made >= 0.99
    false, right = found[""]
    assert right > 100_000
    assert false / right <= 0.001
    assert found["silent"][0] == found["silent"][1] > 0


def test_judging_everything_at_once_says_what_judging_it_source_by_source_says() -> None:
    random = np.random.default_rng(4)
    watch = make_watch(SUBSTATION, np.arange(40, dtype=np.int32), np.full(40, MINUTE, np.int64), SHIPPED_RULES)
    for minute in range(3):
        shown = np.tile(_values(), (39, 1))  # the last source is never heard
        shown[random.random(shown.shape) < 0.02] = -9999.0
        _feed(watch, NOW + minute * MINUTE, shown)
    by, flags, score = watch.by.copy(), watch.flags.copy(), watch.score.copy()
    watch.flags_all(now_ms=NOW + 2 * MINUTE + 500)
    assert np.count_nonzero(by) > 20
    assert np.array_equal(watch.by, by)
    assert np.array_equal(watch.flags[:39], flags[:39])
    assert np.array_equal(watch.score, score, equal_nan=True)


def test_wrong_clocks_and_stuck_instruments_are_found() -> None:
    sources = SIMULATED[:60]
    simulation = start(sources, {f"{one.code}/{one.version}": one for one in SHIPPED_SCHEMAS}, seed=5, clock_s=NOW / 1000)
    shares = replace(SHARES, bad=0, silent=0, skewed=0.3, stuck=0.5)
    line, (group,) = FaultyLine(simulation.groups, seed=5, shares=shares), simulation.groups
    labels = [label for label in line.labels() if label.source in set(group.codes)]
    watch = make_watch(group.schema, np.arange(60, dtype=np.int32), np.full(60, MINUTE, np.int64), SHIPPED_RULES)
    codes, period, phase = (
        {code: row for row, code in enumerate(group.codes)},
        periods_s(group, scale=1.0, station_period_s=None),
        phases(group, "spread"),
    )
    number = {check.rule.code: place for place, check in enumerate(watch.checks, 1)}
    wrong_clock = {codes[label.source]: label.detail["skew_s"] for label in labels if label.fault == "skewed"}
    stuck = {(codes[label.source], label.detail["point"]) for label in labels if label.fault == "stuck"}
    # what 3 periods of delay and 20 s of advance can tell apart; pressures and states may stand still for hours
    told_clocks = {row for row, skew_s in wrong_clock.items() if skew_s > 20 or skew_s < -3 * 60}
    column = group.schema.column
    flat = next(check for check in watch.checks if check.rule.code == "flat_station")
    told_stuck = {(row, column(name)) for row, name in stuck if column(name) in flat.columns.tolist()}
    found_clocks, found_stuck, false, judged = set[int](), set[tuple[int, int]](), 0, 0
    for minute in range(150):
        begin_s = NOW / 1000 + 60 * minute
        rows, observed_ms = due(period, phase, begin_s, begin_s + 60)
        sent_ms = dict(zip([group.codes[row] for row in rows], observed_ms.tolist(), strict=True))
        simulation = advance(simulation, 60.0)
        reports = line.carry(group, rows, observed_ms, values(look(simulation), group, rows, observed_ms))
        for part in reports:
            at = np.array([codes[code] for code in part.codes], np.int64)
            shown = as_stored(group.schema, part.values)
            quality = flag_values(part.values, np.full(shown.shape, 2, np.uint8), group.schema.low, group.schema.high)
            received_ms = np.array([sent_ms[code] + 1000 for code in part.codes])
            watch.look(Latest(at, shown, quality, part.observed_ms, received_ms), now_ms=int(begin_s * 1000) + 61_000)
            timely = watch.by[at] == number["timeliness"]
            found_clocks |= set(at[timely.any(axis=1)].tolist())
            found_stuck |= {(row, place) for row, place in np.argwhere(watch.by == number["flat_station"]).tolist()}
        clean = np.ones(watch.by.shape, np.bool_)
        clean[list(wrong_clock)] = False
        clean[[row for row, _ in stuck]] = False
        false, judged = false + int(np.count_nonzero((watch.by != 0) & clean)), judged + int(np.count_nonzero(clean))
    told = {
        "clocks": f"{len(found_clocks & told_clocks)} of {len(told_clocks)} (of {len(wrong_clock)} wrong ones)",
        "stuck": f"{len(found_stuck & told_stuck)} of {len(told_stuck)} (of {len(stuck)})",
        "false": f"{false} of {judged}",
    }
    print(told)  # noqa: T201 - the figures of this test
    assert told_clocks
    assert found_clocks >= told_clocks
    assert found_clocks <= set(wrong_clock)
    assert told_stuck
    assert len(found_stuck & told_stuck) >= 0.99 * len(told_stuck)
    assert false <= 0.001 * judged
