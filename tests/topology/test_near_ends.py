"""Ends, inlets and valves that miss their node by a little: what they are meant for is proposed where it is one thing."""

from __future__ import annotations

import numpy as np

from tests.topology.builders import RETURN_OFFSET, Sketch, place
from topology.build.joining import join
from topology.build.near_ends import Move, gaps, near_joins, valve_moves
from topology.tables import NetworkTables

METRE = 1.0 / 81.3
"""One metre along the line of places, in places."""
NO_ANCHORS = np.zeros((0, 2))


def joins(tables: NetworkTables, anchors: np.ndarray = NO_ANCHORS) -> list[Move]:
    moves = near_joins(tables, join(tables)[0], anchors)
    # ends of the line of pipes are loose by nature and near nothing
    return sorted(set(moves), key=lambda move: move.asset_id)


def test_an_end_that_misses_a_node_of_other_pipes_is_moved_onto_it() -> None:
    s = Sketch()
    s.pipe(100, 0, 1, sides=(1,))
    s.pipe(101, 1, 2, sides=(1,))
    s.pipe(102, 1 + METRE, 5, sides=(1,))
    (move,) = joins(s.tables())
    assert (move.asset_id, move.end) == (102, 0)
    assert (move.target_id, move.target_end) in {(100, 1), (101, 0)}  # both end at the node
    assert abs(move.metres - 1.0) < 0.01
    assert move.mends == ((102, 0),)


def test_of_two_loose_ends_the_one_at_a_pipe_point_stays_else_that_of_the_older_pipe() -> None:
    s = Sketch()
    s.pipe(100, 0, 1, sides=(1,))
    s.pipe(101, 1 + METRE, 2, sides=(1,))
    (move,) = joins(s.tables())
    assert (move.asset_id, move.end, move.target_id, move.target_end) == (101, 0, 100, 1)
    (move,) = joins(s.tables(), np.array([place(1 + METRE)]))
    assert (move.asset_id, move.end, move.target_id, move.target_end) == (100, 1, 101, 0)
    assert set(move.mends) == {(100, 1), (101, 0)}


def test_nothing_is_proposed_beyond_reach_between_sides_or_where_two_things_may_be_meant() -> None:
    s = Sketch()
    s.pipe(100, 0, 1, sides=(1,))
    s.pipe(101, 1 + 2.2 * METRE, 2, sides=(1,))
    assert joins(s.tables()) == []
    s = Sketch()
    s.pipe(100, 0, 1, sides=(1,))
    s.pipe(101, 1 + METRE, 2, sides=(2,))
    assert joins(s.tables()) == []
    s = Sketch()
    s.pipe(100, 0, 1, sides=(1,))
    s.pipe(101, 1 + METRE, 2, sides=(1,))
    s.pipe(102, 1 - METRE, -5, sides=(1,))
    assert 100 not in {move.asset_id for move in joins(s.tables())}


def test_an_inlet_beside_both_ends_of_its_service_is_moved_onto_them() -> None:
    s = Sketch()
    s.pipe(100, 0, 1, level=3)
    s.inlet(50, 1 + METRE, 30)
    s.building(30)
    (move,) = joins(s.tables())
    assert (move.asset_id, move.end) == (50, -1)
    assert set(move.mends) == {(100, 1), (100 + RETURN_OFFSET, 1)}


def test_an_end_beside_an_inlet_that_the_other_side_meets_is_moved_onto_the_inlet() -> None:
    s = Sketch()
    s.pipe(100, 0, 1, level=3, sides=(2,))
    s.pipe(101, 0, 1 + METRE, level=3, sides=(1,))
    s.inlet(50, 1, 30)
    s.building(30)
    (move,) = [each for each in joins(s.tables()) if each.target_id == 50]
    assert (move.asset_id, move.end, move.target_end) == (101, 1, -1)


def test_a_valve_beside_the_node_of_two_pipes_is_moved_onto_it_and_one_on_its_node_stays() -> None:
    s = Sketch()
    s.pipe(100, 0, 1)
    s.pipe(101, 1, 2)
    s.pipe(102, 2, 3)
    s.valve(200, 1 + METRE, sides=(1,))
    s.valve(201, 2)
    tables = s.tables()
    (move,) = valve_moves(tables, join(tables)[0])
    assert (move.asset_id, move.end) == (200, -1)
    assert (move.target_id, move.target_end) in {(100, 1), (101, 0)}


def test_ends_of_one_node_that_are_apart_are_brought_to_the_oldest_and_equal_ones_are_not() -> None:
    s = Sketch()
    s.pipe(100, 0, 1, sides=(1,))
    s.pipe(101, 1 + 0.02 * METRE, 2, sides=(1,))
    s.pipe(102, 2, 3, sides=(1,))
    tables = s.tables()
    (move,) = gaps(tables, join(tables)[0])
    assert (move.asset_id, move.end, move.target_id, move.target_end) == (101, 0, 100, 1)
    assert 0.019 < move.metres < 0.021


def test_an_empty_network_has_nothing_to_move() -> None:
    tables = NetworkTables(1)
    joined = join(tables)[0]
    assert (near_joins(tables, joined, NO_ANCHORS), valve_moves(tables, joined), gaps(tables, joined)) == ([], [], [])
