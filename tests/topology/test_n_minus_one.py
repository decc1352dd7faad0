"""Segments shut in turn, against the network's own answer and a new cut of the zone with closed valves."""

from __future__ import annotations

import numpy as np
import pytest

from tests.topology.builders import RETURN_OFFSET, Sketch
from tests.topology.flow_builders import solver_of
from tests.topology.test_hydraulics import KG_PER_S_PER_MW, sized
from topology.flow.n_minus_one import Case, make_case, n_minus_one
from topology.hydraulics import short
from topology.hydraulics.tables import HydraulicTables
from topology.hydraulics.zone import cut_zone
from topology.network import Network, build_network


def ring() -> Sketch:
    """Plant 1 at 0; a ring 2-4-6 with valves; stations 20 at 4 and 21 on a branch at 9."""
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 2)
    s.pipe(101, 2, 3)
    s.valve(201, 3)
    s.pipe(102, 3, 4)
    s.pipe(108, 4, 5)
    s.valve(202, 5)
    s.pipe(103, 5, 6)
    s.pipe(104, 2, 2.5)
    s.valve(203, 2.5)
    s.pipe(105, 2.5, 6)
    s.pipe(106, 6, 6.5)
    s.valve(204, 6.5)
    s.pipe(107, 6.5, 9)
    s.substation(20, 4)
    s.substation(21, 9)
    return s


def case_of(network: Network, tables: HydraulicTables) -> Case:
    zone = cut_zone(network, tables, 1)
    return make_case(
        zone,
        solver_of(zone),
        station_kg_per_s=zone.station_load_mw * KG_PER_S_PER_MW,
        feed_kg_per_s=zone.feed_load_mw * KG_PER_S_PER_MW,
    )


@pytest.fixture(scope="module")
def ringed() -> tuple[Network, Case, HydraulicTables]:
    sketch = ring()
    tables = sized(sketch, {20: 6.0, 21: 4.0})
    network = build_network(sketch.tables())
    return network, case_of(network, tables), tables


def test_who_is_cut_off_is_what_closing_the_valves_around_a_segment_says(ringed):
    network, case, tables = ringed
    outages = n_minus_one(network, case)
    assert outages.converged.all()
    edges = network.edges
    segment_of = dict(zip(*(each.tolist() for each in network.segment_id_of_pipe()), strict=True))
    for row, segment in enumerate(outages.segment_id):
        twins = {int(segment), segment_of[int(segment) + RETURN_OFFSET]}
        ids = network.segments.segment_id[network.segments.of_node]
        around = {
            int(network.assets.asset_id[edges.row[e]]): "closed"
            for e in np.flatnonzero(edges.kind == 2)
            if {int(ids[edges.u[e]]), int(ids[edges.v[e]])} & twins
        }
        pipes_of_it = [pipe for pipe, of in segment_of.items() if of in twins]
        if 100 in pipes_of_it:
            assert outages.stations_off[row] == len(case.zone.station_id)  # the plant stands on it
            continue
        cut = network.with_valve_states(around, valve_version=9)
        left = set(cut_zone(cut, tables, 1).station_id.tolist())
        off = {int(s) for s in case.zone.station_id} - left
        found = {int(s) for s in case.zone.station_id[np.isnan(outages.differential_mpa[row])]}
        assert found == off, (segment, around)


@pytest.mark.parametrize(("segment", "valves", "left"), [(107, (204,), 20), (102, (201, 202), 21)])
def test_differentials_after_a_cut_are_those_of_the_zone_cut_anew(ringed, segment: int, valves: tuple[int, ...], left: int):
    network, case, tables = ringed
    outages = n_minus_one(network, case)
    row = outages.segment_id.tolist().index(segment)
    states = {valve + side: "closed" for valve in valves for side in (0, RETURN_OFFSET)}
    anew = case_of(network.with_valve_states(states, valve_version=2), tables)
    assert anew.zone.station_id.tolist() == [left]
    expected = anew.differential_mpa(anew.solved) - anew.held_mpa + case.held_mpa
    assert outages.stations_off[row] == 1
    assert outages.differential_mpa[row][case.zone.station_id == left] == pytest.approx(expected, abs=1e-6)


def choked() -> tuple[Network, HydraulicTables]:
    """Two ways to the tee at 10, a wide one and one of 150 mm; without the wide one the narrow one cannot carry 16 MW."""
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 1)
    s.valve(200, 1)
    s.pipe(101, 1, 9)
    s.valve(201, 9)
    s.pipe(102, 0, 30)
    s.pipe(103, 30, 10)
    s.pipe(104, 9, 10)
    s.substation(20, 10)
    return build_network(s.tables()), sized(s, {20: 16.0}, dn={102: 150.0, 103: 150.0})


def test_a_station_short_of_pressure_takes_less_and_never_pumps():
    network, tables = choked()
    outages = n_minus_one(network, case_of(network, tables))
    row = outages.segment_id.tolist().index(101)
    assert outages.converged.all()
    assert (outages.stations_off[row], outages.stations_short[row]) == (0, 1)
    assert 0.0 < outages.load_short_mw[row] < 16.0
    assert -0.005 < outages.worst_differential_mpa[row] < 0.05
    assert (outages.power_mw[row], outages.missing_mw[row]) == (100.0, 0.0)


def test_turns_that_find_no_end_are_no_solution(monkeypatch):
    network, tables = choked()
    monkeypatch.setattr(short, "_TURNS", 1)
    outages = n_minus_one(network, case_of(network, tables))
    row = outages.segment_id.tolist().index(101)
    assert not outages.converged[row], "the station is short, and one turn cannot tell by how much"
    assert np.isnan(outages.worst_differential_mpa[row])
