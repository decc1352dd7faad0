from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from twin.alarms import DEFAULT_RULE
from twin.errors import BadFault
from twin.physics import heat_power_mw
from twin.quality import Quality
from twin.readings import Source, prepare
from twin.schemas import DEFAULT_SCHEMAS
from twin.simulate import SimulatedSource, Simulation, advance, frames, parse_fault, start

CLOCK_S = 1_795_255_200.0
SUBSTATIONS = 20


def _source(kind: str, number: int, asset_id: int, substation_id: int | None = None) -> SimulatedSource:
    points = tuple(point.name for point in DEFAULT_SCHEMAS[kind].points)
    return SimulatedSource(f"{kind}:{number}", f"{kind}/1", points, kind, asset_id, substation_id)


SOURCES = (
    *(_source("substation", i, i) for i in range(1, SUBSTATIONS + 1)),
    _source("plant", 1, 101),
    _source("boiler_house", 1, 102),
    _source("room_sensor", 1, 103, substation_id=1),
    _source("room_sensor", 2, 104, substation_id=2),
    _source("weather_station", 1, 105),
)


def _read(simulation: Simulation) -> dict[str, dict[str, Any]]:
    points = {source.code: source.points for source in simulation.sources}
    return {f["source"]: dict(zip(points[f["source"]], f["values"], strict=True)) for f in frames(simulation, 0)}


def _run(steps: int, dt_s: float = 10.0, **options: Any) -> Simulation:
    simulation = start(SOURCES, seed=3, clock_s=CLOCK_S)
    for _ in range(steps):
        simulation = advance(simulation, dt_s, **options)
    return simulation


def test_same_seed_same_readings_and_another_seed_others() -> None:
    assert frames(_run(5), 1) == frames(_run(5), 1)
    assert frames(start(SOURCES, seed=4, clock_s=CLOCK_S), 1) != frames(start(SOURCES, seed=3, clock_s=CLOCK_S), 1)


def test_the_order_of_the_sources_does_not_matter() -> None:
    turned = start(SOURCES[::-1], seed=3, clock_s=CLOCK_S)
    assert frames(turned, 1) == frames(start(SOURCES, seed=3, clock_s=CLOCK_S), 1)


def test_every_frame_fits_the_shipped_schemas_without_a_failed_value() -> None:
    sources = {
        s.code: Source(i, s.code, s.asset_id, s.kind, None, None, i, DEFAULT_SCHEMAS[s.kind], 60) for i, s in enumerate(SOURCES)
    }
    for simulation in (_run(0), _run(30), _run(30, cut_off={1, 2})):
        prepared = prepare(frames(simulation, int(CLOCK_S * 1000)), sources, now_ms=int(CLOCK_S * 1000))
        assert set(prepared.results) == {None}
        assert {int(flag) for batch in prepared.batches for flag in np.unique(batch.quality)} == {Quality.GOOD}


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
    again = start(SOURCES, seed=3, clock_s=CLOCK_S + 600)
    for name in ("primary_heat_total_gj", "primary_flow_total_m3", "makeup_volume_total_m3"):
        values = [_read(simulation)["substation:1"][name] for simulation in (_run(0), _run(1), first, again)]
        assert values == sorted(values), name
        assert values[0] < values[2]


def test_advancing_leaves_the_old_city_as_it_was() -> None:
    simulation = start(SOURCES, seed=3, clock_s=CLOCK_S)
    before = frames(simulation, 1)
    advance(simulation, 600.0, cut_off={1})
    assert frames(simulation, 1) == before


def test_a_fault_names_its_pipe() -> None:
    assert parse_fault("burst:P-1:2") == "P-1:2"
    for wrong in ("burst:", "leak:P1", "P1"):
        with pytest.raises(BadFault, match="burst:PIPE_CODE"):
            parse_fault(wrong)


def _air(number: int, lonlat: tuple[float, float] | None) -> SimulatedSource:
    points = tuple(point.name for point in DEFAULT_SCHEMAS["air_station"].points)
    return SimulatedSource(f"air_station:{number}", "air_station/1", points, "air_station", 200 + number, None, lonlat)


def test_the_air_is_dirtier_in_the_middle_of_the_city_and_every_pollutant_is_sent() -> None:
    places = [(125.3, 43.9), (125.31, 43.9), (125.29, 43.91), (125.7, 44.2), None]
    simulation = start([_air(number, place) for number, place in enumerate(places)], seed=3, clock_s=CLOCK_S)
    read = _read(simulation)
    assert set(read["air_station:0"]) == {"pm25_ug_per_m3", "pm10_ug_per_m3", "so2_ug_per_m3", "no2_ug_per_m3"}
    for point, middle in read["air_station:0"].items():
        assert middle > 1.5 * read["air_station:3"][point] > 0
        assert read["air_station:3"][point] < read["air_station:4"][point] < middle
