"""Impact against a flood of the tables, and the cases a planner would try first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.topology.builders import RETURN_OFFSET, Sketch, tree
from tests.topology.oracle import Oracle
from tests.topology.strategies import sketches
from topology.answers.impact import METHODS, SLICE, elements_of, figures, impact, lost_by_flood, row_of
from topology.assets import KIND_CODE
from topology.errors import NotTraceable
from topology.network import Network, build_network


def ids(network: Network, rows: np.ndarray) -> set[int]:
    return set(network.assets.asset_id[rows].tolist())


def consumers(network: Network, rows: np.ndarray) -> set[int]:
    return {i for i in ids(network, rows) if i < 100 and i not in (1, 2)}


# random networks are small as drawn; shrinking them traces every line of pandas and takes minutes
BRIEF = settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)


@BRIEF
@given(sketches())
def test_lost_equals_a_flood_without_the_element(sketch: Sketch) -> None:
    tables = sketch.tables()
    network, oracle = build_network(tables), Oracle(tables)
    now = oracle.fed()
    asked = [*oracle.side, *tables.substations["asset_id"], *tables.sources["asset_id"], *tables.inlets["asset_id"]]
    asked += [valve for valve, _ in oracle.valves.values()]
    partner = {a: b for a in oracle.side if (b := a + RETURN_OFFSET) in oracle.side}
    partner |= {b: a for a, b in partner.items()}
    for asset_id in map(int, asked):
        found = impact(network, asset_id)
        lost = now - oracle.fed(oracle.segments.get(asset_id, frozenset({asset_id})))
        assert consumers(network, found.lost) == {i for i in lost if i < 100}, asset_id
        pipes = {i for i in ids(network, found.lost) if i in oracle.side}
        whole = {i for i in lost if i in oracle.side}
        assert pipes <= whole | {partner[i] for i in whole if i in partner}, asset_id
        if asset_id in oracle.side:
            assert {i for i in whole if oracle.side[i] == oracle.side[asset_id]} <= pipes, asset_id
        assert set(found.lost) <= set(found.reach)
        assert set(found.degraded) == set(found.reach) - set(found.lost)


@BRIEF
@given(sketches())
def test_the_network_feeds_exactly_what_the_flood_feeds(sketch: Sketch) -> None:
    tables = sketch.tables()
    network, oracle = build_network(tables), Oracle(tables)
    services, fed = network.services, network.state.fed.service
    rows = np.concatenate([services.inlet_row[fed], services.building_row[fed], network.state.links.row[network.state.fed.works]])
    assert ids(network, rows[rows >= 0]) == {i for i in oracle.fed() if i < 100}


@BRIEF
@given(sketches())
def test_segments_are_the_pipes_between_valves(sketch: Sketch) -> None:
    tables = sketch.tables()
    oracle = Oracle(tables)
    pipes, segments = build_network(tables).segment_id_of_pipe()
    assert dict(zip(pipes.tolist(), segments.tolist(), strict=True)) == {p: min(oracle.segments[p]) for p in oracle.side}


def test_a_broken_return_pipe_loses_the_same_assets_as_its_supply_pipe() -> None:
    network = build_network(tree().tables())
    for pipe in (100, 101, 104, 110):
        supply, back = impact(network, pipe), impact(network, pipe + RETURN_OFFSET)
        assert ids(network, supply.lost) == ids(network, back.lost)


def test_a_pipe_takes_its_segment_and_what_lies_behind() -> None:
    network = build_network(tree().tables())
    found = impact(network, 104)
    assert ids(network, found.lost) == {104, 10104, 21, 111, 10111, 51, 31}
    assert found.degraded.size == 0


def ring(*, closed: int | None = None) -> Sketch:
    """Plant 1 at 0, ring 0-1-2-3-0 of pipes 100..103, a valve on each side of every substation tap (20 at 1, 21 at 3)."""
    s = Sketch()
    s.source(1, 0)
    for i in range(4):
        s.pipe(100 + 2 * i, i, i + 0.5)
        s.valve(200 + i, i + 0.5, state="closed" if closed == 200 + i else "open")
        s.pipe(101 + 2 * i, i + 0.5, (i + 1) % 4)
    for i, at in ((0, 1), (1, 3)):
        s.substation(20 + i, at)
        s.building(30 + i, substation=20 + i)
    return s


def test_on_a_ring_the_other_substation_is_degraded_and_not_lost() -> None:
    network = build_network(ring().tables())
    found = impact(network, 101)  # segment between valves 200 and 201, substation 20 sits on it
    assert consumers(network, found.lost) == {20, 30}
    assert consumers(network, found.degraded) == {21, 31}


def test_an_open_ring_is_a_tree() -> None:
    network = build_network(ring(closed=203).tables())
    found = impact(network, 101)
    assert consumers(network, found.lost) == {20, 21, 30, 31}
    assert found.degraded.size == 0


def test_closing_the_valve_gives_the_same_network_as_building_it_closed() -> None:
    closed = {203: "closed", 203 + RETURN_OFFSET: "closed"}
    operated = build_network(ring().tables()).with_valve_states(closed, valve_version=7)
    built = build_network(ring(closed=203).tables())
    for asset_id in built.assets.asset_id:
        one, two = impact(operated, int(asset_id)), impact(built, int(asset_id))
        assert one.lost.tolist() == two.lost.tolist()
        assert one.reach.tolist() == two.reach.tolist()
        assert one.valve_version == 7


def test_a_second_source_keeps_everyone_but_counts_as_reach() -> None:
    s = ring(closed=203)
    s.source(2, 3)
    network = build_network(s.tables())
    assert consumers(network, impact(network, 1).lost) == set()
    assert consumers(network, impact(network, 1).degraded) == {20, 21, 30, 31}


def test_a_source_that_stands_still_feeds_nothing_and_says_so() -> None:
    s = tree()
    s.rows["sources"][0]["running"] = False
    network = build_network(s.tables())
    found = impact(network, 100)
    assert found.reach.size == 0
    assert found.findings[0].rule == "not_fed"
    assert "part_not_fed" in {item.rule for item in network.findings}


def test_a_building_with_two_inlets_is_lost_only_with_both() -> None:
    s = tree()
    s.pipe(112, 4, 7, level=3)
    s.inlet(52, 7, 30)
    network = build_network(s.tables())
    assert 30 not in ids(network, impact(network, 110).lost)
    assert 30 in ids(network, impact(network, 110).degraded)
    assert 30 in ids(network, impact(network, 101).lost)
    assert ids(network, impact(network, 50).lost) == {50}
    assert ids(network, impact(network, 51).lost) == {51, 31}


def test_a_pump_on_a_pipe_falls_with_its_segment() -> None:
    s = tree()
    s.point("stations", 70, 2, kind="relay_pump_station")
    network = build_network(s.tables())
    assert impact(network, 70).lost.tolist() == impact(network, 101).lost.tolist()


@settings(BRIEF, max_examples=20)
@given(sketches())
def test_a_slice_holds_whatever_a_flood_of_everything_finds(sketch: Sketch) -> None:
    network = build_network(sketch.tables())
    kind, first = network.assets.kind, network.state.dominators.first
    for row in np.flatnonzero(np.isin(kind, [KIND_CODE[name] for name in ("pipe", "valve", "substation")])).tolist():
        found = impact(network, int(network.assets.asset_id[row]))
        elements = elements_of(network, row)
        whole = set(lost_by_flood(network, elements).tolist())
        if kind[row] == KIND_CODE["substation"] and (first[elements] >= 0).any():
            whole.add(row)
        assert found.methods["lost"] == METHODS[SLICE]
        assert set(found.lost.tolist()) == whole


def test_supply_and_return_on_different_exchangers_are_answered_by_a_slice() -> None:
    s = Sketch()
    s.source(1, 0)
    for i, at in ((0, 1), (1, 2)):
        s.pipe(100 + 10 * i, 0, at - 0.5)
        s.valve(200 + i, at - 0.5)
        s.pipe(101 + 10 * i, at - 0.5, at)
        s.substation(20 + i, at)
    s.pipe(120, 1, 5, level=3)
    s.pipe(121, 2, 5, level=3, sides=(1,))
    s.inlet(50, 5, 30)
    s.building(30)
    network = build_network(s.tables())
    found = impact(network, 101)
    assert found.methods["lost"] == METHODS[SLICE]
    assert consumers(network, found.lost) == {20, 30, 50}
    assert found.lost.tolist() == lost_by_flood(network, elements_of(network, row_of(network, 101))).tolist()


def test_a_pipe_without_a_pair_falls_with_the_other_side() -> None:
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 1)
    s.substation(20, 1)
    s.pipe(110, 1, 5, level=3)
    s.pipe(111, 5, 6, level=3, sides=(1,))
    network = build_network(s.tables())
    assert 111 in ids(network, impact(network, 100 + RETURN_OFFSET).lost)


def test_several_cuts_at_once_are_more_than_their_slices() -> None:
    network = build_network(ring().tables())
    one, two = row_of(network, 200), row_of(network, 203)
    cut = elements_of(network, one) + elements_of(network, two)
    lost = lost_by_flood(network, cut)
    assert consumers(network, lost) == {20, 21, 30, 31}
    assert consumers(network, impact(network, 200).lost) == set()


def test_an_asset_off_the_network_is_a_clear_error() -> None:
    network = build_network(tree().tables())
    with pytest.raises(NotTraceable, match="asset 999 is not part of the hot-water network of city 1"):
        impact(network, 999)


def test_figures_count_what_the_caller_may_see_and_only_number_the_rest() -> None:
    network = build_network(tree().tables())
    found = impact(network, 100)
    everything = figures(network.assets, found.lost)
    assert everything.counts == {"pipe": 14, "valve": 4, "substation": 2, "building_inlet": 2, "building": 2}
    assert (everything.heat_user_count, everything.heated_area_m2) == (20, 2000.0)
    assert everything.pipe_length_m == pytest.approx(2 * (100 + 100 + 100 + 150 + 50 + 200 + 200))
    assert everything.substations == ((20, "substation 20"), (21, "substation 21"))
    visible = np.ones(network.assets.asset_id.size, bool)
    visible[network.assets.rows_of(np.array([31, 51]))] = False
    part = figures(network.assets, found.lost, visible)
    assert part.outside_scope == 2
    assert part.heat_user_count == 10
    assert 31 not in part.asset_ids


def test_an_undrawn_primary_side_is_stood_for_by_the_other_and_both_fall_with_the_source() -> None:
    s = Sketch()
    s.source(1, 0)
    for i, sides in ((0, (1,)), (1, (2,))):
        s.pipe(100 + i, 0, 1 + i, sides=sides)
        s.substation(20 + i, 1 + i)
        s.pipe(110 + i, 1 + i, 5, level=3)
    s.inlet(50, 5, 30)
    s.building(30)
    network = build_network(s.tables())
    assert consumers(network, impact(network, 1).lost) == {20, 21, 30, 50}
    assert consumers(network, impact(network, 100).lost) == {20}


def test_a_consumer_drawn_on_one_side_falls_with_the_exchanger_whichever_side_breaks() -> None:
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 1)
    s.substation(20, 1)
    s.pipe(110, 1, 5, level=3, sides=(2,))
    s.inlet(50, 5, 30)
    s.building(30)
    network = build_network(s.tables())
    assert consumers(network, impact(network, 100).lost) == {20, 30, 50}
    assert consumers(network, impact(network, 100 + RETURN_OFFSET).lost) == {20, 30, 50}


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint64])
def test_rows_are_found_by_ids_of_any_width_and_what_is_no_id_has_none(dtype: type[np.generic]) -> None:
    assets = build_network(tree().tables()).assets
    wide = 2**32 + int(assets.asset_id[3])  # would be an asset if its upper half were cut off
    asked = np.array([*assets.asset_id, 0, 7, *([] if dtype is np.int32 else [wide])], dtype)
    known = [*range(assets.asset_id.size), -1, -1, -1][: len(asked)]
    assert assets.rows_of(asked).tolist() == known
    assert [assets.row_of(int(asset_id)) for asset_id in asked] == known
