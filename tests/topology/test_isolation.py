"""Isolation against brute force on random networks, and the cases that a crew meets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.topology.builders import RETURN_OFFSET, Sketch, tree
from tests.topology.isolation_oracle import IsolationOracle
from tests.topology.strategies import sketches
from topology.answers.impact import impact, impact_of, lost_by_flood, lost_together
from topology.cuts.capacity import Capacity, read_capacity
from topology.cuts.cuts import lost_without
from topology.cuts.isolation import CANNOT_CLOSE, CLOSE, CLOSED_ALREADY, Isolation, isolate
from topology.errors import NotTraceable
from topology.hydraulics.tables import HYDRAULIC_COLUMNS, HydraulicTables
from topology.network import Network, build_network

# random networks are small as drawn; shrinking them traces every line of pandas and takes minutes
BRIEF = settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
OPERABILITY = st.sampled_from(["usable"] * 5 + ["stuck", "no_access", "tagged_out"])


@st.composite
def breaks(draw: st.DrawFn) -> tuple[Sketch, list[int], list[int]]:
    """A network with valves of every operability, broken pipes and valves, and valves that the caller names as stuck."""
    sketch = draw(sketches())
    for valve in sketch.rows["valves"]:
        valve["operability"] = draw(OPERABILITY)
    ids = [row["asset_id"] for table in ("pipes", "valves") for row in sketch.rows[table]]
    valves = [row["asset_id"] for row in sketch.rows["valves"]]
    broken = draw(st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True))
    stuck = draw(st.lists(st.sampled_from(valves), max_size=2, unique=True)) if valves else []
    return sketch, broken, stuck


def ids(network: Network, rows: np.ndarray) -> set[int]:
    return set(network.assets.asset_id[rows].tolist())


def valves(found: Isolation, role: str) -> set[int]:
    return {valve.asset_id for valve in found.valves if valve.role == role}


def consumers(network: Network, rows: np.ndarray) -> set[int]:
    return {i for i in ids(network, rows) if i < 100 and i not in (1, 2)}


@BRIEF
@given(breaks())
def test_valves_segments_and_losses_equal_brute_force(case: tuple[Sketch, list[int], list[int]]) -> None:
    sketch, broken, stuck = case
    tables = sketch.tables()
    network, oracle = build_network(tables), IsolationOracle(tables, stuck)
    broken = [i for i in broken if i in oracle.side or i in oracle.pipes_at]
    if not broken:
        return
    found, shut = isolate(network, broken, stuck=stuck), oracle.shut(broken)
    assert set(found.segments) == {min(oracle.segments[pipe]) for pipe in shut.pipes}
    assert valves(found, CLOSE) == shut.close == set(found.order)
    assert valves(found, CLOSED_ALREADY) == shut.closed_already
    assert valves(found, CANNOT_CLOSE) == shut.through == set(found.grown_through)
    assert consumers(network, found.lost) == {i for i in shut.lost if i < 100}
    assert found.drained_pipe_length_m == pytest.approx(_length(tables, shut.pipes))
    singles = {frozenset(a.valve_ids): consumers(network, a.gives_back) for a in found.alternatives if len(a.valve_ids) <= 2}
    wanted = {opened: {i for i in back if i < 100} for opened, back in oracle.ties(shut).items()}
    assert {opened: back for opened, back in singles.items() if opened in wanted} == wanted
    for alternative in found.alternatives:
        back = oracle.fed_with(alternative.valve_ids, shut) & shut.lost
        assert consumers(network, alternative.gives_back) == {i for i in back if i < 100}
        assert set(alternative.gives_back) <= set(found.lost)


def _length(tables, pipes: frozenset[int]) -> float:
    return float(tables.pipes.set_index("asset_id")["length_m"].reindex(sorted(pipes)).sum())


@BRIEF
@given(breaks())
def test_closing_what_is_named_leaves_no_way_from_a_source_to_the_break(case: tuple[Sketch, list[int], list[int]]) -> None:
    sketch, broken, stuck = case
    network = build_network(sketch.tables())
    broken = [i for i in broken if i in network.assets.asset_id and impact(network, i).reach.size]
    if not broken:
        return
    found = isolate(network, broken, stuck=stuck)
    for valve in sketch.rows["valves"]:
        if valve["asset_id"] in found.order:
            valve["state"] = "closed"
    for source in sketch.rows["sources"]:
        if source["asset_id"] in found.sources_inside:
            source["running"] = False
    oracle = IsolationOracle(sketch.tables())
    assert not oracle.fed(frozenset(found.shut_at)) & oracle.shut(broken).pipes


@BRIEF
@given(sketches(), st.data())
def test_several_cuts_equal_a_flood(sketch: Sketch, data: st.DataObject) -> None:
    network = build_network(sketch.tables())
    count = 1 + network.segments.count + len(network.state.links.edge)
    for _ in range(10):
        elements = data.draw(st.lists(st.integers(1, count - 1), min_size=1, max_size=5))
        assert lost_without(network, elements).tolist() == lost_by_flood(network, elements).tolist()


def ring(**valve: str) -> Sketch:
    """Plant 1 at 0, ring of places 0..3, pipes 100..107, valve 200 + i between i and i + 1, substation 20 at 1 and 21 at 3."""
    s = Sketch()
    s.source(1, 0)
    for i in range(4):
        s.pipe(100 + 2 * i, i, i + 0.5)
        s.valve(200 + i, i + 0.5, **(valve if i == 3 else {}))
        s.pipe(101 + 2 * i, i + 0.5, (i + 1) % 4)
    for i, at in ((0, 1), (1, 3)):
        s.substation(20 + i, at)
        s.building(30 + i, substation=20 + i)
    return s


def sizes(*, power: float = 1.0, load: float = 0.3, diameter: float = 200.0) -> HydraulicTables:
    """Substations 20..23, sources 1 and 2, pipes of the ring with one diameter; pipe 107 has none."""
    pipes = pd.DataFrame({"asset_id": [*range(100, 108), *range(10100, 10108)], "level": 2, "length_m": 50.0})
    pipes = pipes.assign(inner_diameter_mm=diameter, start_z_m=0.0, end_z_m=0.0)
    pipes.loc[pipes["asset_id"] == 107, ["inner_diameter_mm"]] = np.nan
    return HydraulicTables(
        pipes=pipes,
        substations=pd.DataFrame({"asset_id": [20, 21, 22, 23], "heat_load_mw": load}),
        sources=pd.DataFrame({"asset_id": [1, 2], "design_power_mw": power}),
        stations=pd.DataFrame({column: [] for column in HYDRAULIC_COLUMNS["stations"]}),
    )


def capacity_of(network: Network, **changes: float) -> Capacity:
    return read_capacity(network.assets, sizes(**changes))


def test_valves_are_closed_from_the_source_on_supply_before_return() -> None:
    network = build_network(tree().tables())
    found = isolate(network, [102])
    assert found.segments == (101, 10101)
    assert found.order == (200, 201, 10200, 10201)
    assert found.valves[0].side == 1
    assert consumers(network, found.lost) == {20, 21, 30, 31, 50, 51}
    assert found.alternatives == ()
    assert found.remarks == ()


def test_a_break_on_the_return_shuts_the_same_trench() -> None:
    network = build_network(tree().tables())
    one, other = isolate(network, [102]), isolate(network, [102 + RETURN_OFFSET])
    assert (one.segments, one.order, one.lost.tolist()) == (other.segments, other.order, other.lost.tolist())


def test_a_stuck_valve_lets_the_break_grow_on_its_side_and_names_the_stations_between() -> None:
    network = build_network(tree().tables())
    found = isolate(network, [102], stuck=[201])
    assert found.grown_through == (201,)
    assert found.segments == (101, 104, 10101)
    assert found.order == (200, 10200, 10201)
    # the return of substation 21 is not shut: its water would run back through the station into the break
    assert found.shut_at == ()
    assert valves(found, CANNOT_CLOSE) == {201}


@pytest.mark.parametrize("state", ["open", "unknown"])
@pytest.mark.parametrize("operability", ["usable", "stuck", "no_access", "tagged_out"])
def test_growth_goes_through_every_open_or_unknown_valve_that_cannot_be_closed(operability: str, state: str) -> None:
    s = tree()
    for valve in s.rows["valves"]:
        if valve["asset_id"] in (201, 201 + RETURN_OFFSET):
            valve.update(operability=operability, state=state)
    found = isolate(build_network(s.tables()), [102])
    cannot = operability != "usable"
    assert (found.grown_through == (201, 10201), 104 in found.segments) == (cannot, cannot)
    assert {(v.asset_id, v.state, v.operability, v.role) for v in found.valves if v.side == 1 and v.asset_id == 201} == {
        (201, state, operability, CANNOT_CLOSE if cannot else CLOSE)
    }
    assert (201 in found.order) is not cannot


def test_on_a_ring_a_station_with_one_dry_side_is_to_be_shut_itself() -> None:
    network = build_network(ring().tables())
    found = isolate(network, [101], stuck=[201, 202])
    assert found.segments == (101, 103, 105, 10101)
    assert found.order == (200, 203, 10200, 10201)
    assert found.shut_at == (21,)
    assert consumers(network, found.lost) == {20, 21, 30, 31}


def test_a_closed_valve_holds_although_it_is_stuck_and_is_no_work() -> None:
    network = build_network(ring(state="closed", operability="stuck").tables())
    found = isolate(network, [106])
    assert found.segments == (105, 10105)
    assert valves(found, CLOSED_ALREADY) == {203, 10203}
    assert found.order == (202, 10202)


def test_who_is_dead_behind_a_closed_valve_is_not_lost_by_this() -> None:
    s = tree()
    s.rows["valves"][2]["state"] = s.rows["valves"][3]["state"] = "closed"
    network = build_network(s.tables())
    assert consumers(network, isolate(network, [102]).lost) == {20, 30, 50}


def test_nothing_closable_takes_the_whole_zone_and_its_source() -> None:
    network = build_network(tree().tables())
    found = isolate(network, [102], stuck=[200, 201, 10200, 10201])
    assert found.order == ()
    assert found.sources_inside == (1,)
    assert {remark.rule for remark in found.remarks} == {"nothing_to_close", "source_inside"}


def test_where_no_source_runs_nobody_is_lost_and_it_says_so() -> None:
    s = tree()
    s.rows["sources"][0]["running"] = False
    network = build_network(s.tables())
    found = isolate(network, [102])
    assert found.lost.size == 0
    assert [remark.rule for remark in found.remarks] == ["not_fed"]
    assert set(found.order) == {200, 201, 10200, 10201}


def test_a_valve_drawn_on_one_side_only_leaves_the_other_side_whole() -> None:
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 1)
    s.valve(200, 1, sides=(1,))
    s.pipe(101, 1, 2)
    s.substation(20, 2)
    s.building(30, substation=20)
    network = build_network(s.tables())
    found = isolate(network, [101])
    assert found.segments == (101, 10100)
    assert found.order == (200,)
    assert found.sources_inside == (1,)


def test_a_pipe_without_twin_says_that_one_side_is_missing() -> None:
    s = tree()
    s.pipe(120, 2, 9, sides=(1,))
    s.valve(220, 9, sides=(1,))
    s.pipe(121, 9, 10, sides=(1,))
    network = build_network(s.tables())
    assert "one_side_only" in {remark.rule for remark in isolate(network, [121]).remarks}


def test_a_tie_gives_back_what_lies_beyond_and_is_judged_by_power_against_load() -> None:
    network = build_network(ring(state="closed").tables())
    for power, enough in ((1.0, True), (0.29, False)):
        found = isolate(network, [101], capacity=capacity_of(network, power=power))
        (tie,) = found.alternatives
        assert tie.valve_ids == (10203, 203)
        assert consumers(network, tie.gives_back) == {21, 31}
        assert (tie.buildings, tie.heat_user_count, tie.heated_area_m2) == (1, 10, 1000.0)
        assert (tie.running_mw, tie.load_mw, tie.enough) == (power, pytest.approx(0.3), enough)


def test_power_that_nobody_knows_leaves_enough_open() -> None:
    network = build_network(ring(state="closed").tables())
    (tie,) = isolate(network, [101], capacity=capacity_of(network, power=float("nan"))).alternatives
    assert (tie.running_mw, tie.enough) == (0.0, None)
    (tie,) = isolate(network, [101]).alternatives
    assert (tie.running_mw, tie.load_mw, tie.enough) == (None, None, None)


@pytest.mark.parametrize("operability", ["stuck", "no_access", "tagged_out"])
def test_a_tie_that_cannot_be_opened_is_no_alternative(operability: str) -> None:
    network = build_network(ring(state="closed", operability=operability).tables())
    assert isolate(network, [101]).alternatives == ()
    network = build_network(ring(state="closed").tables())
    assert isolate(network, [101], stuck=[203, 10203]).alternatives == ()


def test_two_ties_together_where_neither_gives_everything_back() -> None:
    s = Sketch()
    s.source(1, 0)
    s.source(2, 20)
    s.pipe(100, 0, 1)
    s.valve(200, 1)
    s.pipe(101, 1, 2)
    for i in (0, 1):  # two branches behind the break, each with a closed tie to plant 2
        s.valve(210 + i, 2 + 0.1 * (i + 1))
        s.pipe(110 + 3 * i, 2, 2 + 0.1 * (i + 1))
        s.pipe(111 + 3 * i, 2 + 0.1 * (i + 1), 3 + i)
        s.substation(20 + i, 3 + i)
        s.building(30 + i, substation=20 + i, users=10 + i)
        s.pipe(112 + 3 * i, 3 + i, 10 + i)
        s.valve(220 + i, 10 + i, state="closed")
        s.pipe(130 + i, 10 + i, 20)
    network = build_network(s.tables())
    found = isolate(network, [101], capacity=capacity_of(network, power=0.5))
    assert [a.valve_ids for a in found.alternatives] == [(10221, 221, 10220, 220), (10221, 221), (10220, 220)]
    assert [a.buildings for a in found.alternatives] == [2, 1, 1]
    assert [a.enough for a in found.alternatives] == [False, True, True]


def test_water_drains_by_inner_diameter_and_pipes_without_one_are_told_apart() -> None:
    network = build_network(ring().tables())
    found = isolate(network, [107], capacity=capacity_of(network))
    assert found.segments == (100, 10100)
    assert found.drained_pipe_length_m == pytest.approx(2 * (50 + 350))
    assert found.drained_unknown_m == pytest.approx(350)
    assert found.drained_m3 == pytest.approx(np.pi / 4 * 0.2**2 * 3 * 50)
    assert isolate(network, [107]).drained_m3 is None


def test_a_broken_valve_takes_both_of_its_segments_and_a_substation_what_it_stands_on() -> None:
    network = build_network(tree().tables())
    assert isolate(network, [201]).segments == (101, 104, 10101, 10104)
    assert isolate(network, [201]).order == (200, 10200)
    assert isolate(network, [21]).segments == (104, 10104)
    assert isolate(network, [51]).segments == (111, 10111)
    assert isolate(network, [104, 110]).segments == (104, 110, 10104, 10110)


def test_a_break_behind_a_substation_is_shut_at_the_substation() -> None:
    network = build_network(tree().tables())
    found = isolate(network, [110])
    assert found.order == ()
    assert found.shut_at == (20,)
    assert {remark.rule for remark in found.remarks} == {"nothing_to_close"}
    assert consumers(network, found.lost) == {30, 50}


def test_what_cannot_be_isolated_is_a_clear_error() -> None:
    s = tree()
    s.substation(29, 77)
    network = build_network(s.tables())
    with pytest.raises(NotTraceable, match="asset 999 is not part of the hot-water network of city 1"):
        isolate(network, [999])
    with pytest.raises(NotTraceable, match="no pipe of the hot-water network meets substation 29"):
        isolate(network, [29])
    with pytest.raises(NotTraceable, match="asset 100 is a pipe; only valves can be named as stuck"):
        isolate(network, [102], stuck=[100])
    with pytest.raises(NotTraceable, match="asset 4000000000 is not part"):
        isolate(network, [4_000_000_000])
    for question in (isolate, impact_of):
        with pytest.raises(NotTraceable, match="name at least one asset"):
            question(network, [])


def test_several_assets_lose_more_together_than_each_alone() -> None:
    network = build_network(ring().tables())
    assert consumers(network, lost_together(network, [200, 203])) == {20, 21, 30, 31}
    together = impact_of(network, [200, 203])
    assert consumers(network, together.lost) == {20, 21, 30, 31}
    assert set(together.lost) <= set(together.reach)
    assert impact_of(network, [101]).lost.tolist() == impact(network, 101).lost.tolist()


def test_a_building_falls_with_one_inlet_asked_for_and_the_other_cut_off() -> None:
    s = tree()
    s.pipe(112, 4, 7, level=3)
    s.inlet(52, 7, 30)
    network = build_network(s.tables())
    assert 30 not in ids(network, lost_together(network, [50, 51]))
    assert 30 in ids(network, lost_together(network, [50, 52]))
    assert 30 in ids(network, lost_together(network, [50, 104]))
    assert 30 in ids(network, impact_of(network, [50, 104]).lost)


def test_states_share_the_layout_of_their_drawing() -> None:
    network = build_network(ring().tables())
    closed = network.with_states({203: "closed", 10203: "closed"}, valve_version=1)
    for asset_id in (100, 101, 103, 105):
        one, two = isolate(closed, [asset_id]), isolate(build_network(ring(state="closed").tables()), [asset_id])
        assert (one.segments, one.order, one.lost.tolist()) == (two.segments, two.order, two.lost.tolist())
    assert isolate(network, [101]).alternatives == ()
