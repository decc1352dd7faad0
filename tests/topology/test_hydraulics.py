"""Pressures of small networks against sums by hand: Darcy and Weisbach with Colebrook's factor, iterated here."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.topology.builders import RETURN_OFFSET, Sketch
from topology.codes import RETURN, SUPPLY
from topology.errors import BadTables, NotSolvable
from topology.hydraulics.solve import Operation, ZoneHydraulics, boiling_mpa, solve_zone
from topology.hydraulics.summary import summary
from topology.hydraulics.tables import HYDRAULIC_COLUMNS, HydraulicTables
from topology.network import build_network

DENSITY = {SUPPLY: 950.9, RETURN: 983.2}
"""kg/m3 of water at 110 and 60 degC, from steam tables."""
VISCOSITY = {SUPPLY: 255e-6, RETURN: 466e-6}
"""Pa s, the same."""
CAPACITY = 4200.0
PLAIN = Operation(local_share=0.0)
KG_PER_S_PER_MW = 1e6 / (CAPACITY * 50.0)


def sized(
    sketch: Sketch,
    loads: dict[int, float],
    *,
    dn: dict[int, float] | None = None,
    z: dict[float, float] | None = None,
    **tables: object,
) -> HydraulicTables:
    """Give every primary pipe of a sketch 250 mm and no height, every source 100 MW, unless told otherwise."""
    pipes = pd.DataFrame(sketch.rows["pipes"])
    pipes = pipes[pipes["level"] < 3]
    trench = np.where(pipes["side"] == 2, pipes["asset_id"] - RETURN_OFFSET, pipes["asset_id"])
    height = {round(125.0 + 0.001 * place, 6): value for place, value in (z or {}).items()}
    sizes = pipes[["asset_id", "level", "length_m"]].assign(
        inner_diameter_mm=[(dn or {}).get(int(each), 250.0) for each in trench],
        start_z_m=[height.get(round(lon, 6), 0.0) for lon in pipes["start_lon"]],
        end_z_m=[height.get(round(lon, 6), 0.0) for lon in pipes["end_lon"]],
    )
    sources = pd.DataFrame({"asset_id": [row["asset_id"] for row in sketch.rows["sources"]], "design_power_mw": 100.0})
    stations = pd.DataFrame({"asset_id": list(loads), "heat_load_mw": list(loads.values())})
    return HydraulicTables(**{"pipes": sizes, "substations": stations, "sources": sources, **tables})


def friction_pa_per_m(kg_per_s: float, side: int, diameter_m: float = 0.25) -> float:
    """Darcy and Weisbach with Colebrook's factor, roughness 0.5 mm."""
    velocity = kg_per_s / (DENSITY[side] * math.pi / 4.0 * diameter_m**2)
    reynolds = DENSITY[side] * velocity * diameter_m / VISCOSITY[side]
    factor = 0.02
    for _ in range(50):
        factor = (-2.0 * math.log10(0.0005 / (3.71 * diameter_m) + 2.51 / (reynolds * math.sqrt(factor)))) ** -2
    return factor / diameter_m * DENSITY[side] * velocity**2 / 2.0


def loss_mpa(megawatts: float, length_m: float, side: int) -> float:
    return friction_pa_per_m(megawatts * KG_PER_S_PER_MW, side) * length_m / 1e6


def two_consumers() -> Sketch:
    """Plant 1 at 0, main 100 to a tee at 10, branches 101 to substation 20 at 15 and 102 (valve 200 at 11) to 21 at 18."""
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 10)
    s.pipe(101, 10, 15)
    s.pipe(102, 10, 11)
    s.valve(200, 11)
    s.pipe(103, 11, 18)
    s.substation(20, 15)
    s.substation(21, 18)
    return s


def solved(sketch: Sketch, tables: HydraulicTables, source: int = 1, operation: Operation = PLAIN) -> ZoneHydraulics:
    return solve_zone(build_network(sketch.tables(network_version=3, valve_version=4)), tables, source, operation=operation)


def station(zone: ZoneHydraulics, asset_id: int) -> int:
    return int(np.flatnonzero(zone.stations.asset_id == asset_id)[0])


def flow_kg_per_s(zone: ZoneHydraulics, pipe: int) -> float:
    at = int(np.flatnonzero(zone.pipes.asset_id == pipe)[0])
    return float(zone.pipes.flow_m3_per_h[at]) * DENSITY[int(zone.nodes.side[zone.pipes.u[at]])] / 3600.0


def rules(zone: ZoneHydraulics) -> set[str]:
    return {problem.rule for problem in zone.problems}


def test_pressures_of_a_tree_are_those_summed_by_hand_within_2_percent():
    zone = solved(two_consumers(), sized(two_consumers(), {20: 10.0, 21: 6.0}))
    assert zone.converged
    assert zone.problems == ()
    assert (zone.network_version, zone.valve_version) == (3, 4)
    lost = {(20, side): loss_mpa(16.0, 1000.0, side) + loss_mpa(10.0, 500.0, side) for side in (SUPPLY, RETURN)} | {
        (21, side): loss_mpa(16.0, 1000.0, side) + loss_mpa(6.0, 800.0, side) for side in (SUPPLY, RETURN)
    }
    own = zone.feeds[0]
    for asset_id in (20, 21):
        at = station(zone, asset_id)
        assert own.supply_mpa - zone.stations.supply_mpa[at] == pytest.approx(lost[asset_id, SUPPLY], rel=0.02)
        assert zone.stations.return_mpa[at] - own.return_mpa == pytest.approx(lost[asset_id, RETURN], rel=0.02)
    assert zone.pipes.friction_pa_per_m[0] == pytest.approx(friction_pa_per_m(16.0 * KG_PER_S_PER_MW, SUPPLY), rel=0.02)
    assert own.power_mw == pytest.approx(16.0)
    # the operation asks for 0.1 MPa at the worst one, rounded up to a hundredth at the source
    assert 0.1 <= zone.stations.differential_mpa.min() <= 0.11
    assert zone.worst_station_id == 20


def test_flow_velocity_and_local_losses_follow_their_definitions():
    tables = sized(two_consumers(), {20: 10.0, 21: 6.0})
    plain, local = solved(two_consumers(), tables), solved(two_consumers(), tables, operation=Operation(local_share=0.5))
    at = int(np.flatnonzero(plain.pipes.asset_id == 100)[0])
    assert plain.pipes.flow_m3_per_h[at] == pytest.approx(16.0 * KG_PER_S_PER_MW * 3600.0 / DENSITY[SUPPLY], rel=0.01)
    assert plain.pipes.velocity_m_per_s[at] == pytest.approx(plain.pipes.flow_m3_per_h[at] / 3600.0 / (math.pi / 4.0 * 0.25**2))
    back = int(np.flatnonzero(plain.pipes.asset_id == 100 + RETURN_OFFSET)[0])
    assert plain.pipes.flow_m3_per_h[back] < 0.0  # drawn away from the plant, and the water comes back
    drop = [zone.feeds[0].supply_mpa - zone.stations.supply_mpa[0] for zone in (plain, local)]
    assert drop[1] / drop[0] == pytest.approx(1.5, rel=1e-3)
    assert local.pipes.friction_pa_per_m[at] == pytest.approx(plain.pipes.friction_pa_per_m[at], rel=1e-3)


def test_a_ring_shares_the_flow_so_that_both_ways_lose_the_same():
    """From the tee at 5 one way leads straight to 20, the other through 30 is longer; the station hangs at 20."""
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 5)
    s.pipe(101, 5, 20)
    s.pipe(102, 5, 30)
    s.pipe(103, 30, 20)
    s.pipe(104, 20, 25)
    s.substation(20, 25)
    zone = solved(s, sized(s, {20: 12.0}))
    short, long = flow_kg_per_s(zone, 101), flow_kg_per_s(zone, 102)
    assert short + long == pytest.approx(12.0 * KG_PER_S_PER_MW, rel=0.01)
    assert flow_kg_per_s(zone, 103) == pytest.approx(long, rel=1e-4)
    one, other = friction_pa_per_m(short, SUPPLY) * 1500.0, friction_pa_per_m(long, SUPPLY) * 3500.0
    assert one == pytest.approx(other, rel=0.02)
    assert zone.problems == ()


def test_standing_water_differs_by_its_height_only():
    zone = solved(two_consumers(), sized(two_consumers(), {20: 0.0, 21: 0.0}, z={15: 40.0}))
    at = station(zone, 20)
    assert zone.feeds[0].supply_mpa - zone.stations.supply_mpa[at] == pytest.approx(
        DENSITY[SUPPLY] * 9.80665 * 40.0 / 1e6, rel=0.002
    )
    assert zone.feeds[0].return_mpa - zone.stations.return_mpa[at] == pytest.approx(
        DENSITY[RETURN] * 9.80665 * 40.0 / 1e6, rel=0.002
    )
    # 40 m of water and 0.05 MPa stay below the highest point
    assert zone.operation.return_mpa == 0.44
    supply = zone.nodes.side == SUPPLY
    assert np.ptp(zone.nodes.head_m[supply]) == pytest.approx(0.0, abs=0.05)


def test_sources_share_the_load_by_power_and_the_named_one_takes_the_rest():
    s = two_consumers()
    s.source(2, 18, kind="boiler_house")
    tables = sized(s, {20: 10.0, 21: 6.0}, sources=pd.DataFrame({"asset_id": [1, 2], "design_power_mw": [75.0, 25.0]}))
    zone = solved(s, tables)
    assert [feed.source_id for feed in zone.feeds] == [1, 2]
    assert [feed.power_mw for feed in zone.feeds] == pytest.approx([12.0, 4.0])
    assert flow_kg_per_s(zone, 102) == pytest.approx(2.0 * KG_PER_S_PER_MW, rel=0.01)
    turned = solved(s, tables, source=2)
    assert [feed.source_id for feed in turned.feeds] == [2, 1]
    assert [feed.power_mw for feed in turned.feeds] == pytest.approx([4.0, 12.0])


def test_a_source_that_is_too_small_is_told():
    tables = sized(two_consumers(), {20: 10.0, 21: 6.0}, sources=pd.DataFrame({"asset_id": [1], "design_power_mw": [9.0]}))
    assert rules(solved(two_consumers(), tables)) == {"source_overloaded"}


def with_station(kind: str, **values: object) -> tuple[Sketch, HydraulicTables]:
    """The two consumers behind a transmission main with a station at its end."""
    s = two_consumers()
    s.rows["pipes"] = [row for row in s.rows["pipes"] if row["asset_id"] not in (100, 100 + RETURN_OFFSET)]
    s.pipe(90, 0, 8, level=1)
    s.pipe(91, 8, 10)
    s.point("stations", 40, 8, kind=kind)
    row = {"asset_id": 40, "kind": kind, "head_mpa": math.nan, "pumped_side": "", "design_power_mw": math.nan, **values}
    return s, sized(s, {20: 10.0, 21: 6.0}, stations=pd.DataFrame([row]))


def test_a_relay_pump_lifts_both_sides_in_the_direction_of_the_water():
    sketch, tables = with_station("relay_pump_station", head_mpa=0.25, pumped_side="both")
    zone = solved(sketch, tables, operation=replace(PLAIN, supply_mpa=1.0, return_mpa=0.4))
    still = solved(
        sketch,
        replace(tables, stations=tables.stations.assign(head_mpa=0.0)),
        operation=replace(PLAIN, supply_mpa=1.0, return_mpa=0.4),
    )
    assert zone.lifts.asset_id.tolist() == [40, 40]
    assert (zone.lifts.outlet_mpa - zone.lifts.inlet_mpa).tolist() == pytest.approx([0.25, 0.25], abs=1e-6)
    assert (zone.lifts.flow_m3_per_h > 0).all()
    assert zone.stations.supply_mpa - still.stations.supply_mpa == pytest.approx(0.25, abs=1e-4)
    assert still.stations.return_mpa - zone.stations.return_mpa == pytest.approx(0.25, abs=1e-4)


def test_a_pump_on_the_return_lifts_the_return_only():
    sketch, tables = with_station("relay_pump_station", head_mpa=0.25, pumped_side="return")
    zone = solved(sketch, tables)
    assert len(zone.lifts.asset_id) == 1
    assert zone.nodes.side[zone.pipes.u[zone.pipes.asset_id == 91 + RETURN_OFFSET]] == RETURN


def test_at_an_isolating_station_heat_passes_and_water_does_not():
    sketch, tables = with_station("isolating_station", design_power_mw=20.0)
    before, behind = solved(sketch, tables), solved(sketch, tables, source=40)
    assert before.stations.asset_id.tolist() == [40]
    assert before.stations.load_mw.tolist() == pytest.approx([16.0])
    assert 90 in before.pipes.asset_id
    assert 91 not in before.pipes.asset_id
    assert behind.stations.asset_id.tolist() == [20, 21]
    assert behind.feeds[0].source_id == 40
    assert behind.feeds[0].power_mw == pytest.approx(16.0)
    assert before.problems == behind.problems == ()


def test_the_strongest_source_gives_what_passes_at_an_isolating_station_and_the_others_their_share_of_the_rest():
    sketch, tables = with_station("isolating_station", design_power_mw=20.0)
    sketch.source(2, 4, kind="boiler_house")
    sketch.rows["pipes"] = [row for row in sketch.rows["pipes"] if row["asset_id"] not in (90, 90 + RETURN_OFFSET)]
    sketch.pipe(93, 0, 4, level=1)
    sketch.pipe(94, 4, 8, level=1)
    sketch.pipe(95, 4, 6)
    sketch.substation(22, 6)
    powers = pd.DataFrame({"asset_id": [1, 2], "design_power_mw": [80.0, 20.0]})
    sizes = sized(sketch, {20: 10.0, 21: 6.0, 22: 8.0}, sources=powers, stations=tables.stations)
    zone = solved(sketch, sizes)
    assert zone.stations.asset_id.tolist() == [22, 40]
    # directly 80 - 20 and 20 MW of power for 8 MW: 6 and 2 MW; the plant gives the 16 MW that pass besides
    assert [feed.source_id for feed in zone.feeds] == [1, 2]
    assert [feed.power_mw for feed in zone.feeds] == pytest.approx([22.0, 2.0])


def test_a_closed_valve_cuts_its_part_off():
    s = two_consumers()
    s.rows["valves"] = [{**row, "state": "closed"} for row in s.rows["valves"]]
    zone = solved(s, sized(s, {20: 10.0, 21: 6.0}))
    assert zone.stations.asset_id.tolist() == [20]
    assert zone.feeds[0].power_mw == pytest.approx(10.0)
    assert 103 not in zone.pipes.asset_id


def test_a_closed_valve_that_cuts_all_is_an_answer():
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 5)
    s.valve(200, 5, state="closed")
    s.pipe(101, 5, 8)
    s.substation(20, 8)
    tables = sized(s, {20: 10.0})
    zone = solved(s, tables)
    assert rules(zone) == {"no_station"}
    assert zone.problems[0].message == "no substation is connected with source 1 on both sides"
    assert zone.worst_station_id == 0
    assert summary(zone, tables)["station_differential_mpa"] == []


def test_a_valve_closed_on_the_return_only_leaves_stations_on_one_side():
    s = two_consumers()
    s.rows["valves"] = [{**row, "state": "closed" if row["side"] == 2 else "open"} for row in s.rows["valves"]]
    zone = solved(s, sized(s, {20: 10.0, 21: 6.0}))
    assert zone.stations.asset_id.tolist() == [20]
    assert [(each.rule, each.asset_ids) for each in zone.problems] == [("one_sided_station", (21,))]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (999, "999 is no heat source of this network; name a plant, a boiler house or an isolating station"),
        (20, "20 is no heat source"),
        (2, "heat source 2 does not run, so it holds no pressure"),
        (3, "3 is no heat source"),
    ],
)
def test_a_source_that_holds_no_pressure_is_refused(source, message):
    s = two_consumers()
    s.source(2, 10, running=False)
    s.source(3, 400)  # meets nothing
    with pytest.raises(NotSolvable, match=message):
        solved(s, sized(s, {20: 10.0, 21: 6.0}), source=source)


def test_pressures_that_make_no_sense_are_named():
    tables = sized(two_consumers(), {20: 10.0, 21: 6.0})
    weak = solved(two_consumers(), tables, operation=replace(PLAIN, supply_mpa=0.45, return_mpa=0.4))
    assert rules(weak) == {"differential_too_small"}
    assert weak.problems[0].asset_ids == (20, 21)
    assert rules(solved(two_consumers(), tables, operation=replace(PLAIN, limit_mpa=0.45))) == {"pressure_too_high"}
    low = solved(two_consumers(), tables, operation=replace(PLAIN, supply_mpa=0.3, return_mpa=0.0))
    assert {"boiling", "return_too_low"} & rules(low) == {"return_too_low"}
    steep = solved(
        two_consumers(),
        sized(two_consumers(), {20: 1.0, 21: 1.0}, z={15: 30.0}),
        operation=replace(PLAIN, supply_mpa=0.3, return_mpa=0.1),
    )
    assert rules(steep) >= {"boiling", "return_too_low"}


def test_unknown_sizes_get_a_stand_in_that_is_counted():
    tables = sized(two_consumers(), {20: 10.0, 21: 6.0})
    pipes = tables.pipes.copy()
    pipes.loc[pipes["asset_id"] == 101, ["inner_diameter_mm", "end_z_m"]] = math.nan
    zone = solved(two_consumers(), replace(tables, pipes=pipes))
    assert (zone.diameter_unknown, zone.height_unknown) == (1, 1)
    assert zone.problems == ()
    with pytest.raises(NotSolvable, match="no pipe of the zone has a diameter"):
        solved(two_consumers(), replace(tables, pipes=pipes.assign(inner_diameter_mm=math.nan)))


def test_a_table_without_a_column_is_refused():
    with pytest.raises(BadTables, match="table 'sources' lacks design_power_mw"):
        HydraulicTables(sources=pd.DataFrame({"asset_id": [1]}))
    assert set(HYDRAULIC_COLUMNS) == {"pipes", "substations", "sources", "stations"}


@pytest.mark.parametrize(("degc", "mpa"), [(100.0, 0.0), (120.0, 0.0972), (130.0, 0.1688), (150.0, 0.3745)])
def test_water_boils_where_steam_tables_say(degc, mpa):
    assert boiling_mpa(degc) + 0.1013 == pytest.approx(mpa + 0.1013, rel=0.01)


def test_the_summary_is_what_was_solved():
    tables = sized(two_consumers(), {20: 10.0, 21: 6.0})
    zone = solved(two_consumers(), tables)
    figures = summary(zone, tables)
    assert figures["stations"] == 2
    assert figures["worst_station_id"] == 20
    assert figures["station_differential_mpa"][0] == round(float(zone.stations.differential_mpa.min()), 3)
    assert figures["source_supply_mpa"] == zone.operation.supply_mpa
    assert "transmission_friction_pa_per_m" not in figures


def test_losses_of_a_published_network_are_met(shared):
    """IBPSA DESTEST, 24 pipes: total loss of supply and return at peak load (20 K, roughness 0.05 mm), published with each pipe.

    Its viscosity is one constant that is not stated; so all losses may be off by one factor.
    """
    pipes = pd.read_csv(shared / "data/net-destest/pipe_data.csv")
    ends = pipes[["Beginning Node", "Ending Node"]]
    names = [name for name in pd.unique(ends.to_numpy().ravel()) if name != "i"]
    place = {"i": 0.0, **{name: 2.0 + number for number, name in enumerate(names)}}
    s = Sketch()
    s.source(1, 0)
    loads = {}
    for number, (first, last) in enumerate(ends.itertuples(index=False)):
        s.pipe(100 + number, place[last], place[first])
        for side in (0, RETURN_OFFSET):
            row = next(row for row in s.rows["pipes"] if row["asset_id"] == 100 + number + side)
            row["length_m"] = float(pipes["Length [m]"][number])
        if first.startswith("Simple"):
            s.substation(1000 + number, place[first])
            loads[1000 + number] = float(pipes["Peak Load [kW]"][number]) / 1000.0
    diameters = {100 + number: 1000.0 * float(each) for number, each in enumerate(pipes["Inner Diameter [m]"])}
    operation = Operation(supply_degc=50.0, return_degc=30.0, roughness_mm=0.05, local_share=0.0)
    zone = solved(s, sized(s, loads, dn=diameters), operation=operation)
    loss = pd.Series(zone.pipes.friction_pa_per_m, index=zone.pipes.asset_id)
    both = np.array([loss[100 + n] + loss[100 + n + RETURN_OFFSET] for n in range(len(pipes))]) * pipes["Length [m]"].to_numpy()
    ratio = both / pipes["Total pressure loss [Pa/m]"].to_numpy()
    assert ratio == pytest.approx(1.0, rel=0.08)
    assert ratio == pytest.approx(ratio.mean(), rel=0.02)
    assert zone.feeds[0].power_mw == pytest.approx(2 * 0.15477823)
