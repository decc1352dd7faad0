"""The simulated city: physics of its network, and frames that hang on seed, source and time only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from twin.alarms import DEFAULT_RULE
from twin.errors import BadFault
from twin.physics import heat_power_mw
from twin.quality import Quality, flag_values
from twin.schemas import SHIPPED_SCHEMAS
from twin.simulator.bodies import as_json, reports_at
from twin.simulator.city import Simulation, advance, figures, parse_fault, start
from twin.simulator.network import MPA_PER_M, ZoneFeed, ZoneSolution
from twin.simulator.schedule import due, periods_s, phases, require_arrival
from twin.simulator.sources import SimulatedSource

CLOCK_S = 1_795_255_200.0
SUBSTATIONS = 20
SCHEMAS = {f"{schema.code}/{schema.version}": schema for schema in SHIPPED_SCHEMAS}
NEWEST = {schema.code: f"{schema.code}/{schema.version}" for schema in SHIPPED_SCHEMAS}


def _source(kind: str, number: int, asset_id: int, substation_id: int | None = None, schema: str = "") -> SimulatedSource:
    return SimulatedSource(f"{kind}:{number}", NEWEST[schema or kind], kind, asset_id, substation_id=substation_id)


SOURCES = (
    *(_source("substation", i, i) for i in range(1, SUBSTATIONS + 1)),
    _source("plant", 1, 101),
    _source("boiler_house", 1, 102),
    _source("room_sensor", 1, 103, substation_id=1),
    _source("room_sensor", 2, 104, substation_id=2),
    _source("weather_station", 1, 105),
    *(
        _source("heating_device", i, 110 + i, schema=name)
        for i, name in enumerate(
            ("electric_heating_set", "biomass_stove", "solar_heating_set", "air_source_heater", "heating_device")
        )
    ),
    *(_source(kind, 1, 130 + i) for i, kind in enumerate(("pressure_point", "gas_station", "building_inlet"))),
)


def _frames(simulation: Simulation, observed_ms: int = 0) -> list[dict[str, Any]]:
    found = [frame for reports in reports_at(simulation, observed_ms) for frame in as_json(reports)]
    return sorted(found, key=lambda frame: str(frame["source"]))


def _read(simulation: Simulation) -> dict[str, dict[str, Any]]:
    now_ms = int(simulation.clock_s * 1000)
    names = {name: [point.name for point in schema.points] for name, schema in SCHEMAS.items()}
    return {f["source"]: dict(zip(names[f["schema"]], f["values"], strict=True)) for f in _frames(simulation, now_ms)}


def _start(sources: tuple[SimulatedSource, ...] = SOURCES, *, seed: int = 3, clock_s: float = CLOCK_S, **more: Any) -> Simulation:
    return start(sources, SCHEMAS, seed=seed, clock_s=clock_s, **more)


def _run(steps: int, dt_s: float = 10.0, **options: Any) -> Simulation:
    simulation = _start()
    for _ in range(steps):
        simulation = advance(simulation, dt_s, **options)
    return simulation


def test_same_seed_same_readings_and_another_seed_others() -> None:
    assert _frames(_run(5), 1) == _frames(_run(5), 1)
    assert _frames(_start(seed=4), 1) != _frames(_start(), 1)


def test_neither_order_nor_company_changes_what_a_source_shows() -> None:
    assert _frames(_start(SOURCES[::-1]), 1) == _frames(_start(), 1)
    rooms = tuple(source for source in SOURCES if source.kind in {"substation", "room_sensor"})
    alone = {frame["source"]: frame for frame in _frames(_start(rooms), 1)}
    together = {frame["source"]: frame for frame in _frames(_start(), 1)}
    assert alone == {code: together[code] for code in alone}


def test_every_frame_fits_the_shipped_schemas_without_a_failed_value() -> None:
    for simulation in (_run(0), _run(30), _run(30, cut_off={1, 2})):
        for reports in reports_at(simulation, int(CLOCK_S * 1000)):
            schema = SCHEMAS[reports.schema]
            given = np.full(reports.values.shape, int(Quality.NOT_EVALUATED), np.uint8)
            flags = flag_values(reports.values, given, schema.low, schema.high)
            assert set(np.unique(flags).tolist()) == {int(Quality.GOOD)}, reports.schema


def test_each_meter_is_consistent_in_itself() -> None:
    """Heat power = flow x density x heat capacity x drop, to the digits that instruments print."""
    for simulation in (_run(3), _run(9, cut_off={1, 2, 3})):
        for code, row in _read(simulation).items():
            if not code.startswith("substation"):
                continue
            drop = row["primary_supply_temperature_degc"] - row["primary_return_temperature_degc"]
            power = float(heat_power_mw(np.array([row["primary_flow_m3_per_h"]]), np.array([drop]))[0])
            # two temperatures rounded to 0.01 K each
            tolerance = row["primary_flow_m3_per_h"] * 0.01 * 1.14e-3 + 1e-5
            assert row["primary_heat_power_mw"] == pytest.approx(power, abs=tolerance)


def test_heat_sources_give_what_substations_take() -> None:
    rows = _read(_run(3))
    taken = sum(row["primary_heat_power_mw"] for code, row in rows.items() if code.startswith("substation"))
    given = rows["plant:1"]["heat_power_mw"] + rows["boiler_house:1"]["heat_power_mw"]
    assert given == pytest.approx(taken, rel=1e-4)


def test_a_burst_empties_what_it_cuts_off_within_two_minutes_and_nothing_else() -> None:
    cut_off = {2, 5, 7}
    before, after = _read(_run(0)), _read(_run(12, cut_off=cut_off))
    for number in range(1, SUBSTATIONS + 1):
        old, new = before[f"substation:{number}"], after[f"substation:{number}"]
        if number in cut_off:
            assert new[DEFAULT_RULE.point] < DEFAULT_RULE.limit
            assert new["primary_supply_pressure_mpa"] < 0.1
            assert new["primary_flow_m3_per_h"] < 0.05 * old["primary_flow_m3_per_h"]
        else:
            assert new[DEFAULT_RULE.point] > DEFAULT_RULE.limit + DEFAULT_RULE.deadband
            assert new["primary_supply_pressure_mpa"] == pytest.approx(old["primary_supply_pressure_mpa"], abs=0.02)


def test_a_repaired_network_warms_up_past_the_deadband() -> None:
    simulation = _run(12, cut_off={2})
    for _ in range(120):
        simulation = advance(simulation, 10.0)
    assert _read(simulation)["substation:2"][DEFAULT_RULE.point] > DEFAULT_RULE.limit + DEFAULT_RULE.deadband


def test_rooms_stay_warm_for_weeks_and_cool_slowly_without_heat() -> None:
    weeks = _run(21 * 24, dt_s=3600.0, speed=1.0)
    assert 17 < _read(weeks)["room_sensor:1"]["room_temperature_degc"] < 23
    cold = _run(12, dt_s=3600.0, cut_off={1})
    drop = _read(_run(0))["room_sensor:1"]["room_temperature_degc"] - _read(cold)["room_sensor:1"]["room_temperature_degc"]
    assert 2 < drop < 15


def test_registers_never_turn_back_also_not_over_a_restart() -> None:
    first = _run(60)
    again = _start(clock_s=CLOCK_S + 600)
    for name in ("primary_heat_total_gj", "primary_flow_total_m3", "makeup_volume_total_m3"):
        values = [_read(simulation)["substation:1"][name] for simulation in (_run(0), _run(1), first, again)]
        assert values == sorted(values), name
        assert values[0] < values[2]


def test_advancing_leaves_the_old_city_as_it_was() -> None:
    simulation = _start()
    before = _frames(simulation, 1)
    advance(simulation, 600.0, cut_off={1})
    assert _frames(simulation, 1) == before


def test_a_fault_names_its_pipe() -> None:
    assert parse_fault("burst:P-1:2") == "P-1:2"
    for wrong in ("burst:", "leak:P1", "P1"):
        with pytest.raises(BadFault, match="burst:PIPE_CODE"):
            parse_fault(wrong)


def _air(number: int, lonlat: tuple[float, float] | None) -> SimulatedSource:
    return replace(_source("air_station", number, 200 + number), lonlat=lonlat)


def test_the_air_is_dirtier_in_the_middle_of_the_city_and_every_pollutant_is_sent() -> None:
    places = [(125.3, 43.9), (125.31, 43.9), (125.29, 43.91), (125.7, 44.2), None]
    read = _read(_start(tuple(_air(number, place) for number, place in enumerate(places))))
    assert set(read["air_station:0"]) == {"pm25_ug_per_m3", "pm10_ug_per_m3", "so2_ug_per_m3", "no2_ug_per_m3"}
    for point, middle in read["air_station:0"].items():
        assert middle > 1.5 * read["air_station:3"][point] > 0
        assert read["air_station:3"][point] < read["air_station:4"][point] < middle


# ---------------------------------------------------------------- the network

ZONE = ZoneSolution(
    source_id=101,
    supply_degc=110.0,
    feeds=(ZoneFeed(101, 1.2, 0.4, 300.0), ZoneFeed(102, 1.1, 0.42, 100.0)),
    # a main with five stations one behind the other: heads fall towards the last
    station_ids=np.array([1, 2, 3, 4, 5], np.int64),
    supply_mpa=1.2 - MPA_PER_M * np.array([5.0, 11.0, 18.0, 22.0, 25.0]),
    return_mpa=0.4 + MPA_PER_M * np.array([4.0, 9.0, 15.0, 19.0, 22.0]),
    supply_loss_m=np.array([5.0, 11.0, 18.0, 22.0, 25.0]),
    return_loss_m=np.array([4.0, 9.0, 15.0, 19.0, 22.0]),
    flow_m3_per_h=np.array([50.0, 80.0, 120.0, 90.0, 60.0]),
    station_degc=np.array([109.7, 109.1, 108.2, 107.5, np.nan]),
)


def _solved(steps: int = 3, **options: Any) -> Simulation:
    simulation = _start(zones=(ZONE,))
    for _ in range(steps):
        simulation = advance(simulation, 10.0, **options)
    return simulation


def _of(read: Mapping[str, Mapping[str, float]], name: str, ids: range) -> list[float]:
    return [read[f"substation:{number}"][name] for number in ids]


@pytest.mark.parametrize("cut_off", [set(), {4}, {1, 2, 3, 4, 5}])
def test_the_sources_of_a_zone_give_the_flow_and_heat_that_its_stations_take(cut_off: set[int]) -> None:
    read, zone, rest = _read(_solved(20, cut_off=cut_off)), range(1, 6), range(6, SUBSTATIONS + 1)
    sources = [read["plant:1"], read["boiler_house:1"]]
    taken = sum(_of(read, "primary_flow_m3_per_h", zone))
    assert sum(each["flow_m3_per_h"] for each in sources) == pytest.approx(taken, abs=0.01)
    # the shares of the solve
    assert sources[0]["flow_m3_per_h"] == pytest.approx(3 * sources[1]["flow_m3_per_h"], rel=1e-3, abs=0.01)
    given, used = sum(each["heat_power_mw"] for each in sources), sum(_of(read, "primary_heat_power_mw", zone))
    lost_k = [read["plant:1"]["supply_temperature_degc"] - degc for degc in _of(read, "primary_supply_temperature_degc", zone)]
    flows = _of(read, "primary_flow_m3_per_h", zone)
    # what the pipes lose on the way there, and about half as much on the way back
    there = float(heat_power_mw(np.array(flows), np.array(lost_k)).sum())
    if not cut_off:
        assert used + there < given < used + 1.6 * there + 0.01
    assert all(power > 0 for power in _of(read, "primary_heat_power_mw", rest))


def test_pressures_fall_along_the_supply_and_rise_along_the_return_at_any_flow() -> None:
    for simulation in (_solved(0), _solved(3), _solved(20, cut_off={5}), _solved(20, cut_off={2, 3})):
        shown = figures(simulation)
        alive = [row for row in range(5) if simulation.state.supply[row] > 0.999]
        supply = [1.2, *shown.primary_supply_mpa[alive]]
        back = [0.4, *shown.primary_return_mpa[alive]]
        assert all(near > far for near, far in pairwise(supply))
        assert all(near < far for near, far in pairwise(back))


def test_at_the_flow_of_the_solve_the_pressures_are_those_of_the_solve_and_with_less_flow_less_is_lost() -> None:
    full, less = _solved(0), _solved(60, cut_off={3})
    shown, network = figures(full), full.design.network
    share = shown.zone_flow_m3_per_h[0] / network.design_flow_m3_per_h[0]
    lost = 1.2 - shown.primary_supply_mpa[:5]
    assert lost == pytest.approx(MPA_PER_M * ZONE.supply_loss_m * share**2, rel=1e-6)
    alive = [0, 1, 3, 4]
    assert np.all(figures(less).primary_supply_mpa[alive] > shown.primary_supply_mpa[alive])
    assert network.power_mw[:5] == pytest.approx(heat_power_mw(ZONE.flow_m3_per_h, np.full(5, 50.0)))


def test_a_first_solve_turns_no_register_back() -> None:
    before, after = _read(_start()), _read(_start(clock_s=CLOCK_S + 60, zones=(ZONE,)))
    for code, row in before.items():
        for name, value in row.items():
            if name.endswith(("_total_gj", "_total_m3", "_kwh", "_gj", "_kg")):
                assert after[code][name] >= value, (code, name)


# ---------------------------------------------------------------- when


def test_each_source_reports_once_a_period_whatever_the_spans_are() -> None:
    group = next(group for group in _start().groups if group.kind == "substation")
    period, phase = periods_s(group, scale=2.0, station_period_s=None), phases(group, "spread")
    assert set(period.tolist()) == {30.0}
    whole = due(period, phase, CLOCK_S, CLOCK_S + 90.0)
    parts = [due(period, phase, CLOCK_S + s, CLOCK_S + s + 7.5) for s in (7.5 * step for step in range(12))]
    joined = sorted((row, at) for rows, times in parts for row, at in zip(rows.tolist(), times.tolist(), strict=True))
    assert joined == sorted(zip(whole[0].tolist(), whole[1].tolist(), strict=True))
    assert np.bincount(whole[0]).tolist() == [3] * SUBSTATIONS
    assert set(periods_s(group, scale=1.0, station_period_s=10.0).tolist()) == {10.0}


def test_in_a_burst_four_fifths_arrive_in_the_first_twelfth_of_the_period() -> None:
    many = tuple(_source("room_sensor", number, number) for number in range(1000, 3000))
    (group,) = _start(many).groups
    early = (phases(group, "burst") < 1 / 12).mean()
    assert early == pytest.approx(0.8, abs=0.03)
    assert (phases(group, "spread") < 1 / 12).mean() == pytest.approx(1 / 12, abs=0.03)
    with pytest.raises(BadFault, match="spread or burst"):
        require_arrival("all at once")
