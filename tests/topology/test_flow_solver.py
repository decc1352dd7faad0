"""The fast solver against pandapipes, and by its own laws, on random ring networks with pumps and several sources."""

from __future__ import annotations

import numpy as np
import pytest

from tests.topology.flow_builders import DEGC, flows_of, ring_zone, solver_of
from topology.codes import SUPPLY
from topology.flow.solver import Held, Leak
from topology.hydraulics import pandapipes_net
from topology.hydraulics.pandapipes_net import Losses, OpenStations, Solved
from topology.hydraulics.zone import Zone

PRESSURE_MPA, FLOW_KG_PER_S = 1e-5, 1e-3


def by_pandapipes(zone: Zone) -> Solved:
    station, feed = flows_of(zone)
    return pandapipes_net.solve(
        zone, station_kg_per_s=station, feed_kg_per_s=feed, temperature_degc=DEGC, roughness_mm=0.5, local_share=0.2
    )


@pytest.mark.parametrize(("seed", "rings", "lifts"), [(1, 0, 0), (2, 4, 0), (3, 9, 2), (4, 2, 1)])
def test_pressures_flows_and_factors_are_those_of_pandapipes(seed: int, rings: int, lifts: int):
    zone = ring_zone(seed, rings=rings, lifts=lifts)
    theirs, ours = by_pandapipes(zone), solver_of(zone).solve(*flows_of(zone))
    assert theirs.converged
    assert ours.converged
    assert np.abs(ours.pressure_mpa - theirs.pressure_mpa).max() < PRESSURE_MPA
    assert np.abs(ours.flow_kg_per_s - theirs.flow_kg_per_s).max() < FLOW_KG_PER_S
    assert ours.lift_flow_kg_per_s == pytest.approx(theirs.lift_flow_kg_per_s, abs=FLOW_KG_PER_S)
    busy = np.abs(theirs.flow_kg_per_s) > 0.1
    assert ours.friction_factor[busy] == pytest.approx(theirs.friction_factor[busy], rel=1e-3)
    assert ours.imbalance_kg_per_s < 1e-6


def test_a_solution_to_begin_with_changes_nothing():
    zone = ring_zone(3, rings=9, lifts=2)
    solver = solver_of(zone)
    cold = solver.solve(*flows_of(zone))
    station, feed = flows_of(zone)
    warm = solver.solve(station * 1.1, feed * 1.1, start=cold)
    again = solver.solve(station * 1.1, feed * 1.1)
    assert np.abs(warm.pressure_mpa - again.pressure_mpa).max() < 1e-8


@pytest.mark.parametrize(("seed", "rings", "lifts"), [(1, 0, 0), (3, 9, 2)])
def test_open_stations_take_what_they_take_in_pandapipes(seed: int, rings: int, lifts: int):
    zone = ring_zone(seed, rings=rings, lifts=lifts)
    station, feed = flows_of(zone)
    opened = OpenStations(np.arange(len(station)) % 2 == 0, station, 0.05)
    losses = Losses(np.array([zone.station_supply[3]]), np.array([2.0]))
    theirs = pandapipes_net.solve(
        zone,
        station_kg_per_s=np.where(opened.mask, 0.0, station),
        feed_kg_per_s=0.5 * feed,
        temperature_degc=DEGC,
        roughness_mm=0.5,
        local_share=0.2,
        held_mpa=(0.7, 0.4),
        open_stations=opened,
        losses=losses,
    )
    ours = solver_of(zone).solve(station, 0.5 * feed, open_stations=opened, held_mpa=0.3, losses=losses)
    assert theirs.converged
    assert ours.converged
    held = np.where(zone.node_side == SUPPLY, 0.7, 0.4)
    assert np.abs(ours.pressure_mpa + held - theirs.pressure_mpa).max() < 2e-4
    assert ours.station_kg_per_s == pytest.approx(theirs.station_kg_per_s, rel=2e-3, abs=0.01)
    assert ours.station_kg_per_s[~opened.mask] == pytest.approx(station[~opened.mask])


def test_a_leak_is_a_pipe_parted_in_two():
    zone = ring_zone(2, rings=4)
    solver, flows = solver_of(zone), flows_of(zone)
    at_end = solver.solve(*flows, leak=Leak(7, 1.0, 5.0))
    near_end = solver.solve(*flows, leak=Leak(7, 1.0 - 1e-7, 5.0))
    assert np.abs(at_end.pressure_mpa - near_end.pressure_mpa).max() < 1e-6
    held = [zone.feed_supply[0], zone.feed_return[0]]
    given = np.zeros(len(zone.node_side))
    np.add.at(given, zone.pipe_u, at_end.flow_kg_per_s)
    np.subtract.at(given, np.delete(zone.pipe_v, 7), np.delete(at_end.flow_kg_per_s, 7))
    before = solver.solve(*flows)
    base = np.zeros(len(zone.node_side))
    np.add.at(base, zone.pipe_u, before.flow_kg_per_s)
    np.subtract.at(base, zone.pipe_v, before.flow_kg_per_s)
    assert (given - base)[held].sum() == pytest.approx(5.0, abs=1e-6)  # the holder makes it up


def test_what_no_holder_reaches_has_no_pressure_and_takes_nothing():
    zone = ring_zone(1, rings=0)
    solver, (station, feed) = solver_of(zone), flows_of(zone)
    solved = solver.solve(station, feed, removed_pipes=[0])
    assert np.isnan(solved.pressure_mpa).any()
    reached = np.isfinite(solved.pressure_mpa)
    on = reached[zone.station_supply] & reached[zone.station_return]
    given = feed[1] if reached[zone.feed_supply[1]] and reached[zone.feed_return[1]] else 0.0
    plant = zone.feed_return[0]
    back = solved.flow_kg_per_s[zone.pipe_v == plant].sum() - solved.flow_kg_per_s[zone.pipe_u == plant].sum()
    assert back == pytest.approx(station[on].sum() - given, abs=1e-6)
    assert not solved.flow_kg_per_s[~reached[zone.pipe_u]].any()


def test_two_holders_share_the_flow_by_their_pressures():
    zone = ring_zone(4, rings=2)
    solver, flows = solver_of(zone), flows_of(zone)
    alone = solver.solve(*flows)
    level = alone.pressure_mpa[[zone.feed_supply[1], zone.feed_return[1]]]
    both = solver.solve(*flows, held=Held(np.array([0, 1]), np.array([0.0, level[0]]), np.array([0.0, level[1]])))
    assert np.abs(both.pressure_mpa - alone.pressure_mpa).max() < 1e-6


@pytest.mark.parametrize("leak", [Leak(99_999, 0.5, 1.0), Leak(0, 1.5, 1.0)])
def test_a_leak_that_is_nowhere_is_told(leak: Leak):
    zone = ring_zone(1, rings=0)
    with pytest.raises(ValueError, match="leak"):
        solver_of(zone).solve(*flows_of(zone), leak=leak)
