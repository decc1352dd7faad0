"""Signatures against the full solver and pandapipes; a planted leak is found."""

from __future__ import annotations

import numpy as np
import pytest

from tests.topology.flow_builders import DEGC, flows_of, ring_zone, solver_of
from topology.flow.solver import FlowSolver, Leak
from topology.hydraulics import pandapipes_net
from topology.hydraulics.zone import Zone
from topology.leaks.locate import locate, prepare
from topology.leaks.signatures import Errors, by_demand, by_roughness, cut_pieces, influence, linear_signatures, metered_nodes


@pytest.fixture(scope="module")
def zone() -> Zone:
    return ring_zone(11, rings=4, lifts=1)


@pytest.fixture(scope="module")
def solver(zone: Zone) -> FlowSolver:
    return solver_of(zone)


def test_the_adjoint_equals_finite_differences_of_pandapipes(zone: Zone, solver: FlowSolver):
    station, feed = flows_of(zone)
    nodes = metered_nodes(zone, np.array([3, 9, 15]))
    lift = influence(solver, solver.solve(station, feed), nodes)
    by_share = by_demand(zone, station, lift)
    step = 0.002
    for moved in (2, 11):
        pressures = []
        for sign in (-1.0, 1.0):
            other = station.copy()
            other[moved] *= 1.0 + sign * step
            found = pandapipes_net.solve(
                zone, station_kg_per_s=other, feed_kg_per_s=feed, temperature_degc=DEGC, roughness_mm=0.5, local_share=0.2
            )
            pressures.append(found.pressure_mpa[nodes])
        differences = (pressures[1] - pressures[0]) / (2.0 * step)
        assert by_share[moved] == pytest.approx(differences, rel=0.02, abs=1e-5)


def test_roughness_and_leaks_move_the_pressures_as_the_full_solver_says(zone: Zone, solver: FlowSolver):
    flows = flows_of(zone)
    base = solver.solve(*flows)
    nodes = metered_nodes(zone, np.array([3, 9, 15]))
    lift = influence(solver, base, nodes)
    rough = by_roughness(solver, base, lift)
    pieces = cut_pieces(zone)
    linear = linear_signatures(zone, pieces, lift)
    for pipe in (4, 30, 70):
        roughness = np.full(len(zone.pipe_id), 0.5)
        roughness[pipe] *= 1.002
        full = solver_of(zone, roughness).solve(*flows).pressure_mpa - base.pressure_mpa
        assert rough[pipe] * 0.002 == pytest.approx(full[nodes], rel=0.02, abs=1e-9)
        piece = int(np.flatnonzero(pieces.pipe == pipe)[0])
        leaking = solver.solve(*flows, leak=Leak(pipe, float(pieces.share[piece]), 0.01))
        assert linear[piece] * 0.01 == pytest.approx((leaking.pressure_mpa - base.pressure_mpa)[nodes], rel=0.02, abs=1e-8)


def test_pieces_are_short_and_add_up(zone: Zone):
    pieces = cut_pieces(zone)
    assert pieces.length_m.max() <= 50.0
    assert np.bincount(pieces.pipe, pieces.length_m) == pytest.approx(zone.pipe_length_m)


@pytest.mark.parametrize("before", [True, False])
def test_a_planted_leak_is_found(zone: Zone, solver: FlowSolver, before: bool):
    """Without noise no place is likelier than the true one; it lies on the right side."""
    flows = flows_of(zone)
    metered = np.arange(len(zone.station_id))
    search = prepare(solver, *flows, metered=metered, ends_m=np.zeros((len(zone.pipe_id), 4)))
    nodes, pieces = metered_nodes(zone, metered), search.pieces
    for pipe in (10, 25, len(zone.pipe_id) // 2 + 10):
        piece = int(np.flatnonzero(pieces.pipe == pipe)[0])
        leaking = solver.solve(*flows, leak=Leak(pipe, float(pieces.share[piece]), 8.0)).pressure_mpa[nodes]
        usual = search.expected.pressure_mpa[nodes] if before else None
        found = locate(search, leaking, 8.0, before_mpa=usual, errors=Errors(reading_mpa=2e-4))
        assert found.likelihood.sum() == pytest.approx(1.0)
        density = found.likelihood / pieces.length_m
        assert density[piece] > 0.9 * density.max()
        assert found.leak_kg_per_s[piece] == pytest.approx(8.0, rel=0.02)
        sides = np.bincount(zone.node_side[zone.pipe_u[pieces.pipe]], found.likelihood)
        assert np.argmax(sides) == zone.node_side[zone.pipe_u[pipe]]


def test_a_level_that_is_not_read_does_not_matter(zone: Zone, solver: FlowSolver):
    flows = flows_of(zone)
    ends = np.zeros((len(zone.pipe_id), 4))
    metered = np.arange(len(zone.station_id))
    search = prepare(solver, *flows, metered=metered, ends_m=ends)
    nodes = metered_nodes(zone, metered)
    leaking = solver.solve(*flows, leak=Leak(25, 0.4, 4.0)).pressure_mpa[nodes]
    half = len(nodes) // 2
    shifted = leaking + np.repeat([0.03, -0.02], half)
    plain, moved = (locate(search, each, 4.0, levels_known=False) for each in (leaking, shifted))
    assert moved.likelihood == pytest.approx(plain.likelihood, abs=0.02)


def test_a_zone_with_more_leaks_in_one_pipe_is_told(zone: Zone, solver: FlowSolver):
    with pytest.raises(ValueError, match="two leaks"):
        solver.solve(*flows_of(zone), leak=[Leak(3, 0.1, 1.0), Leak(3, 0.2, 1.0)])
