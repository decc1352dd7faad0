"""What-ifs of small networks against sums by hand, and against laws that hold for every change."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.topology.builders import RETURN_OFFSET, Sketch
from tests.topology.test_hydraulics import CAPACITY, DENSITY, KG_PER_S_PER_MW, PLAIN, loss_mpa, sized, two_consumers, with_station
from topology.codes import RETURN, SUPPLY
from topology.errors import NotSolvable
from topology.hydraulics.gates import LEAST_DIFFERENTIAL_MPA
from topology.hydraulics.heating_curve import HeatingCurve, regulate
from topology.hydraulics.pressure_line import head_net, pressure_line
from topology.hydraulics.scenario import Leak, Scenario
from topology.hydraulics.solve import solve_cut
from topology.hydraulics.temperatures import GROUND_DEGC, heat_loss_w_per_m_k, zone_temperatures
from topology.hydraulics.what_if import WhatIf, what_if
from topology.hydraulics.what_if_answer import what_if_figures
from topology.hydraulics.zone import cut_zone, map_zones
from topology.network import Network, build_network

LOADS = {20: 10.0, 21: 6.0}


def network_of(sketch: Sketch) -> Network:
    return build_network(sketch.tables(network_version=3, valve_version=4))


def tried(sketch: Sketch, scenario: Scenario, **tables: object) -> WhatIf:
    return what_if(network_of(sketch), sized(sketch, LOADS, **tables), scenario, operation=PLAIN)


def both(*valves: int) -> tuple[int, ...]:
    return tuple(side for valve in valves for side in (valve, valve + RETURN_OFFSET))


def rules(result: WhatIf) -> set[str]:
    return {each.rule for each in result.problems}


def ring() -> Sketch:
    """The two consumers with a second way from the plant to substation 21, behind a closed tie 201 at 20."""
    s = two_consumers()
    s.pipe(110, 0, -5)
    s.pipe(111, -5, 20)
    s.valve(201, 20, state="closed")
    s.pipe(112, 20, 18)
    return s


def test_nothing_changed_changes_nothing():
    result = tried(two_consumers(), Scenario(source_id=1))
    assert result.converged
    assert result.agrees
    assert result.problems == ()
    pd.testing.assert_frame_equal(result.stations_before, result.stations_after, atol=1e-6)
    assert result.flows_turned == result.flows_stopped == ()
    assert result.off_by_topology == frozenset()


def test_a_closed_valve_turns_off_what_the_flood_says_and_the_other_gets_more():
    result = tried(two_consumers(), Scenario(asset_id=200, close=both(200)))
    assert result.source_id == 1
    assert result.off_by_topology == result.off_by_solver == {21}
    assert result.stations_after.index.tolist() == [20]
    assert result.stations_after["differential_mpa"][20] > result.stations_before["differential_mpa"][20]
    assert set(result.flows_stopped) == {102, 102 + RETURN_OFFSET, 103, 103 + RETURN_OFFSET}
    assert result.after[0].solved.result.operation.supply_mpa == result.before[0].solved.result.operation.supply_mpa
    assert result.problems == ()


def test_water_turns_where_the_way_changes():
    s = ring()
    s.valve(202, 16)
    s.rows["pipes"] = [row for row in s.rows["pipes"] if row["asset_id"] not in (103, 103 + RETURN_OFFSET)]
    s.pipe(103, 11, 16)
    s.substation(22, 14)
    s.rows["pipes"] = [row for row in s.rows["pipes"] if row["asset_id"] not in (103, 103 + RETURN_OFFSET)]
    s.pipe(103, 11, 14)
    s.pipe(104, 14, 16)
    s.pipe(105, 16, 18)
    loads = {**LOADS, 22: 2.0}
    result = what_if(network_of(s), sized(s, loads), Scenario(source_id=1, open=both(201), close=both(200)), operation=PLAIN)
    assert result.agrees
    assert result.off_by_topology == frozenset()
    assert set(result.flows_turned) == {104, 104 + RETURN_OFFSET, 105, 105 + RETURN_OFFSET}


def test_a_station_short_of_pressure_gets_what_its_open_valve_lets_through():
    """One pipe, one station: supply less return at the source = friction of both sides + what the open valve takes."""
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 20)
    s.substation(20, 20)
    zone = cut_zone(network_of(s), sized(s, {20: 10.0}, dn={100: 150.0}), 1)
    wanted = 10.0 * KG_PER_S_PER_MW
    needs = loss_of(wanted) + LEAST_DIFFERENTIAL_MPA
    held = 0.5 * needs
    solved = solve_cut(zone, versions=(1, 1), operation=replace(PLAIN, supply_mpa=0.4 + held, return_mpa=0.4), cut_short=True)
    share = float(solved.result.stations.flow_share[0])
    assert 0.6 < share < 0.8
    assert loss_of(share * wanted) + LEAST_DIFFERENTIAL_MPA * share**2 == pytest.approx(held, rel=0.02)
    assert solved.result.stations.differential_mpa[0] == pytest.approx(LEAST_DIFFERENTIAL_MPA * share**2, rel=0.02)
    assert {each.rule for each in solved.result.problems} == {"short_of_flow"} | (
        {"too_fast"} if solved.result.pipes.velocity_m_per_s.max() > 3.5 else set()
    )
    assert solved.solved.imbalance_kg_per_s < 1e-3


def loss_of(kg_per_s: float) -> float:
    return sum(_loss(kg_per_s, side) for side in (SUPPLY, RETURN))


def _loss(kg_per_s: float, side: int) -> float:
    from tests.topology.test_hydraulics import friction_pa_per_m  # noqa: PLC0415 - only this sum needs another diameter

    return friction_pa_per_m(kg_per_s, side, 0.15) * 2000.0 / 1e6


def test_nobody_gets_more_than_wanted_and_the_nearer_one_is_served_first():
    s = two_consumers()
    tables = sized(s, LOADS, dn={100: 150.0, 103: 120.0})
    zone = cut_zone(network_of(s), tables, 1)
    served = []
    for held in (0.02, 0.1, 0.3, 0.6, 2.0):
        operation = replace(PLAIN, supply_mpa=0.4 + held, return_mpa=0.4)
        solved = solve_cut(zone, versions=(1, 1), operation=operation, cut_short=True)
        assert solved.result.converged
        share = solved.result.stations.flow_share
        assert (share <= 1.0 + 1e-9).all()
        assert (share >= 0.0).all()
        assert share[0] >= share[1] - 1e-6
        served.append(float(solved.station_kg_per_s.sum()))
    assert served == sorted(served)


def test_raw_forced_pressures_are_never_shown():
    """Half the pipe: forced flows would need 2 MPa more than the pump gives; the answer is short stations instead."""
    s = ring()
    s.valve(203, 5)
    s.rows["pipes"] = [row for row in s.rows["pipes"] if row["asset_id"] not in (100, 100 + RETURN_OFFSET)]
    s.pipe(100, 0, 5)
    s.pipe(109, 5, 10)
    tables = sized(s, LOADS, dn={110: 100.0, 111: 100.0})
    scenario = Scenario(source_id=1, close=both(203), open=both(201))
    result = what_if(network_of(s), tables, scenario, operation=PLAIN)
    assert result.off_by_topology == frozenset()
    assert result.agrees
    assert set(result.short.index) == {20, 21}
    assert "short_of_flow" in rules(result)
    pressure = result.after[0].solved.result.nodes.pressure_mpa
    own = result.after[0].solved.result.operation
    assert own.return_mpa - 1e-3 <= pressure.min()
    assert pressure.max() <= own.supply_mpa + 1e-3
    figures = what_if_figures(result)
    assert [each["asset_id"] for each in figures["short_stations"]] == result.short.index.tolist()
    assert all(0 < each["flow_share"] < 1 for each in figures["short_stations"])


def test_a_leak_is_made_up_by_the_source_and_lowers_the_pressure_behind_it():
    result = tried(two_consumers(), Scenario(source_id=1, leaks=(Leak(100, 8.0),)))
    (after,), (before,) = result.after, result.before
    flow = {
        int(i): float(q) for i, q in zip(after.solved.result.pipes.asset_id, after.solved.result.pipes.flow_m3_per_h, strict=True)
    }
    was = {
        int(i): float(q)
        for i, q in zip(before.solved.result.pipes.asset_id, before.solved.result.pipes.flow_m3_per_h, strict=True)
    }
    first = np.flatnonzero(after.solved.result.pipes.asset_id == 100)[0]
    upstream = float(after.solved.result.pipes.flow_m3_per_h[first])
    assert upstream - was[100] == pytest.approx(8.0 * 3600.0 / DENSITY[SUPPLY], rel=0.01)
    assert flow[100 + RETURN_OFFSET] == pytest.approx(was[100 + RETURN_OFFSET], rel=1e-3)
    assert (result.stations_after["differential_mpa"] < result.stations_before["differential_mpa"]).all()
    assert "make_up_too_large" in rules(result)  # 8 of 76 kg/s
    assert after.solved.result.leak_kg_per_s == 8.0
    small = tried(two_consumers(), Scenario(source_id=1, leaks=(Leak(100, 1.0),)))
    assert "make_up_too_large" not in rules(small)


def test_a_stopped_relay_pump_lets_the_water_pass_by():
    sketch, tables = with_station("relay_pump_station", head_mpa=0.25, pumped_side="both")
    result = what_if(network_of(sketch), tables, Scenario(source_id=1, stop_pumps=(40,)), operation=PLAIN)
    assert result.agrees
    drop = result.stations_before["differential_mpa"] - result.stations_after["differential_mpa"]
    assert len(result.before[0].solved.result.lifts.asset_id) == 2
    assert len(result.after[0].solved.result.lifts.asset_id) == 0
    short = result.stations_after["flow_share"] < 1.0
    assert short.any() or drop.to_numpy() == pytest.approx(0.5, abs=1e-3)


def test_where_the_holder_stops_the_strongest_left_holds_the_pressure_it_had():
    s = two_consumers()
    s.source(2, 18, kind="boiler_house")
    s.source(3, 15, kind="boiler_house")
    tables = sized(s, LOADS, sources=pd.DataFrame({"asset_id": [1, 2, 3], "design_power_mw": [75.0, 20.0, 5.0]}))
    result = what_if(network_of(s), tables, Scenario(source_id=1, stop_sources=(1,)), operation=PLAIN)
    assert result.agrees
    assert [zone.solved.zone.source_id for zone in result.after] == [2]
    held = {feed.source_id: feed for feed in result.before[0].solved.result.feeds}[2]
    own = result.after[0].solved.result.operation
    assert (own.supply_mpa, own.return_mpa) == pytest.approx((held.supply_mpa, held.return_mpa), abs=1e-3)
    assert [feed.source_id for feed in result.after[0].solved.result.feeds] == [2, 3]


def test_a_zone_that_is_parted_is_solved_in_both_parts():
    s = two_consumers()
    s.source(2, 18, kind="boiler_house")
    result = what_if(network_of(s), sized(s, LOADS), Scenario(source_id=1, close=both(200)), operation=PLAIN)
    assert [zone.solved.zone.source_id for zone in result.after] == [1, 2]
    assert sorted(result.stations_after.index) == [20, 21]
    assert result.agrees
    joined = what_if(
        network_of(s).with_states(dict.fromkeys(both(200), "closed"), valve_version=5),
        sized(s, LOADS),
        Scenario(source_id=2, open=both(200)),
        operation=PLAIN,
    )
    assert [zone.solved.zone.source_id for zone in joined.before] == [1, 2]
    assert [zone.solved.zone.source_id for zone in joined.after] == [1]


def test_an_isolating_station_without_a_source_before_it_gives_nothing():
    sketch, tables = with_station("isolating_station", design_power_mw=20.0)
    network = network_of(sketch)
    result = what_if(network, tables, Scenario(source_id=1, stop_sources=(1,)), operation=PLAIN)
    assert result.after == ()
    assert result.off_by_solver == result.off_by_topology == {20, 21}
    assert map_zones(network.with_states(sources={1: False}, valve_version=5), tables).holders() == []


def test_the_heating_curve_passes_the_design_point_and_keeps_the_ends_of_the_exchanger():
    curve = HeatingCurve()
    design = regulate(curve.outdoor_degc, curve)
    assert (design.supply_degc, design.return_degc, design.given_share) == pytest.approx((110.0, 60.0, 1.0))
    half = regulate((curve.outdoor_degc + curve.room_degc) / 2, curve)
    assert half.given_share == pytest.approx(0.5)
    assert half.supply_degc - half.return_degc == pytest.approx(25.0)  # constant flow
    mean = 18.0 + 44.5 * 0.5 ** (1 / 1.3)
    assert half.supply_degc == pytest.approx(mean + 6.25 + 17.5, abs=1e-9)
    cold = regulate(-30.0, curve)
    assert cold.given_share == 1.0
    assert cold.wanted_share == pytest.approx(48.0 / 39.1)
    with pytest.raises(NotSolvable, match="heats between -60 and 16 degC"):
        regulate(17.0)


def test_warmer_weather_lowers_temperatures_and_keeps_the_flows():
    result = tried(two_consumers(), Scenario(source_id=1, outdoor_degc=-5.0))
    was, now = result.before[0].solved, result.after[0].solved
    assert now.station_kg_per_s == pytest.approx(was.station_kg_per_s, rel=0.01)
    assert now.result.operation.supply_degc < was.result.operation.supply_degc
    assert result.stations_after["load_mw"].sum() == pytest.approx(16.0 * 23.0 / 39.1, rel=1e-6)
    assert "colder_than_design" in rules(tried(two_consumers(), Scenario(source_id=1, outdoor_degc=-30.0)))


def test_water_cools_along_a_pipe_as_the_exponential_says():
    s = two_consumers()
    zone = cut_zone(network_of(s), sized(s, {20: 0.5, 21: 0.2}), 1)
    solved = solve_cut(zone, versions=(1, 1), operation=PLAIN)
    found = zone_temperatures(solved)
    assert found.converged
    assert found.problems == ()
    loss = float(heat_loss_w_per_m_k(np.array([250.0]))[0])
    hot = 110.0
    for megawatts, length in ((0.7, 1000.0), (0.5, 500.0)):
        hot = GROUND_DEGC + (hot - GROUND_DEGC) * math.exp(-loss * length / (megawatts * KG_PER_S_PER_MW * CAPACITY))
    assert found.station_supply_degc[0] == pytest.approx(hot, abs=0.2)
    assert found.station_heat_mw.sum() + found.lost_mw == pytest.approx(
        float(solved.feed_kg_per_s.sum()) * CAPACITY * (110.0 - found.source_return_degc) / 1e6, rel=0.02
    )


def test_standing_water_has_no_temperature():
    s = two_consumers()
    s.pipe(120, 10, 30)  # a dead end
    zone = cut_zone(network_of(s), sized(s, LOADS), 1)
    found = zone_temperatures(solve_cut(zone, versions=(1, 1), operation=PLAIN))
    dead = zone.pipe_v[zone.pipe_id == 120]
    assert np.isnan(found.node_degc[dead]).all()
    assert np.isfinite(found.station_supply_degc).all()


def test_the_pressure_line_is_friction_and_height_summed_along_the_way():
    s = two_consumers()
    heights = {0: 200.0, 10: 210.0, 11: 212.0, 15: 205.0, 18: 230.0}
    zone = cut_zone(network_of(s), sized(s, LOADS, z=heights), 1)
    solved = solve_cut(zone, versions=(1, 1), operation=PLAIN)
    line = pressure_line(head_net(solved), 21)
    assert line.distance_m.tolist() == [0.0, 1000.0, 1100.0, 1800.0]
    assert line.asset_id.tolist() == [1, 100, 102, 103]
    assert line.is_forward.all()
    assert line.axis_m.tolist() == [200.0, 210.0, 212.0, 230.0]
    friction = loss_mpa(16.0, 1000.0, SUPPLY) + loss_mpa(6.0, 800.0, SUPPLY)
    assert line.supply_m[0] - line.supply_m[-1] == pytest.approx(friction * 1e6 / (DENSITY[SUPPLY] * 9.80665), rel=0.02)
    back = loss_mpa(16.0, 1000.0, RETURN) + loss_mpa(6.0, 800.0, RETURN)
    assert line.return_m[-1] - line.return_m[0] == pytest.approx(back * 1e6 / (DENSITY[RETURN] * 9.80665), rel=0.02)
    assert (line.static_m == line.return_m[0]).all()
    # water of 110 degC boils at 1.43 bar: 0.42 bar above the atmosphere, 4.5 m
    assert line.boiling_m - line.axis_m == pytest.approx(4.5, abs=0.15)
    assert pressure_line(head_net(solved)).station_id == solved.result.worst_station_id
    with pytest.raises(NotSolvable, match="substation 99 is not in the zone"):
        pressure_line(head_net(solved), 99)


def test_a_pump_is_two_points_at_one_distance():
    sketch, tables = with_station("relay_pump_station", head_mpa=0.25, pumped_side="supply")
    solved = solve_cut(cut_zone(network_of(sketch), tables, 1), versions=(1, 1), operation=PLAIN)
    line = pressure_line(head_net(solved), 20)
    at = line.asset_id.tolist().index(40)
    assert line.distance_m[at] == line.distance_m[at - 1]
    assert line.supply_m[at] - line.supply_m[at - 1] == pytest.approx(0.25e6 / (DENSITY[SUPPLY] * 9.80665), rel=0.02)


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (Scenario(), "nothing is named"),
        (Scenario(source_id=1, close=(100,)), "asset 100 is a pipe; it must be a valve"),
        (Scenario(source_id=1, close=(200,), open=(200,)), "asset 200 is operated twice"),
        (Scenario(source_id=1, stop_sources=(20,)), "asset 20 is a substation; it must be a plant"),
        (Scenario(source_id=1, stop_pumps=(1,)), "a plant is stopped by stop_sources"),
        (Scenario(source_id=1, leaks=(Leak(100, 0.0),)), "leak of 0 kg/s"),
        (Scenario(source_id=1, leaks=(Leak(100, math.nan),)), "leak of nan kg/s"),
        (Scenario(source_id=1, leaks=(Leak(100, 1.0), Leak(100, 2.0))), "leaks twice"),
        (Scenario(source_id=1, leaks=(Leak(130, 1.0),)), "pipe 130 is not in the zone"),
        (Scenario(source_id=1, outdoor_degc=40.0), "outdoor temperature 40 degC"),
        (Scenario(source_id=777), "asset 777 is not part of the hot-water network"),
        (Scenario(asset_id=130), "asset 130 lies in no zone"),
        (Scenario(source_id=5), "heat source 5 does not run"),
    ],
)
def test_what_cannot_be_tried_is_refused(scenario: Scenario, message: str):
    s = two_consumers()
    s.source(5, 10, running=False)
    s.pipe(130, 300, 301)
    with pytest.raises(NotSolvable, match=message):
        tried(s, scenario)


def test_progress_rises_and_may_stop_the_work():
    heard: list[float] = []

    class Enough(Exception):
        pass

    def stop(share: float, message: str) -> None:
        heard.append(share)
        if "after" in message:
            raise Enough

    s = two_consumers()
    with pytest.raises(Enough):
        what_if(network_of(s), sized(s, LOADS), Scenario(source_id=1), operation=PLAIN, progress=stop)
    assert heard == sorted(heard)
    assert len(heard) == 3


def test_zones_solved_before_are_taken_again():
    known: dict = {}
    s = two_consumers()
    network, tables = network_of(s), sized(s, LOADS)
    first = what_if(network, tables, Scenario(source_id=1), operation=PLAIN, known=known)
    again = what_if(network, tables, Scenario(source_id=1, close=both(200)), operation=PLAIN, known=known)
    assert again.before[0] is first.before[0]
    assert list(known) == [(3, 4, 1)]
