"""Traces on the drawing: directions, rings, both sides."""

from __future__ import annotations

from tests.topology.builders import RETURN_OFFSET, Sketch, tree
from tests.topology.test_impact import ids, ring
from topology.answers.trace import connected, downstream, upstream
from topology.network import Network, build_network


def below(network: Network, asset_id: int) -> set[int]:
    return {i for i in ids(network, downstream(network, asset_id).rows) if i < RETURN_OFFSET}


def above(network: Network, asset_id: int) -> set[int]:
    return {i for i in ids(network, upstream(network, asset_id).rows) if i < RETURN_OFFSET}


def test_downstream_goes_pipe_by_pipe_and_not_by_segment() -> None:
    network = build_network(tree().tables())
    assert below(network, 102) == {102, 20, 110, 50, 30}
    assert below(network, 104) == {104, 21, 111, 51, 31}
    assert below(network, 201) == {201, 104, 21, 111, 51, 31}


def test_downstream_names_both_sides_whichever_is_asked() -> None:
    network = build_network(tree().tables())
    supply = ids(network, downstream(network, 102).rows)
    assert supply == ids(network, downstream(network, 102 + RETURN_OFFSET).rows)
    assert {102 + RETURN_OFFSET, 110 + RETURN_OFFSET} <= supply


def test_upstream_ends_at_the_source() -> None:
    network = build_network(tree().tables())
    assert above(network, 31) == {1, 100, 200, 101, 103, 201, 104, 21, 111, 31}
    assert above(network, 51) == above(network, 31) - {31} | {51}
    assert above(network, 21) == {1, 100, 200, 101, 103, 201, 104, 21}
    assert above(network, 1) == {1}


def test_upstream_of_a_ring_counts_both_ways() -> None:
    network = build_network(ring().tables())
    assert set(range(100, 108)) | {1, 200, 201, 202, 203} <= above(network, 20)
    assert below(network, 103) >= {20, 21, 30, 31}


def test_upstream_of_an_open_ring_is_one_way() -> None:
    network = build_network(ring(closed=203).tables())
    assert above(network, 21) & set(range(100, 108)) == {100, 101, 102, 103, 104, 105}
    assert below(network, 203) == set()


def test_direction_follows_the_source_and_not_the_pen() -> None:
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 1, 0)
    s.pipe(101, 1, 2)
    s.pipe(102, 2, 3)
    s.pipe(103, 2, 3)
    network = build_network(s.tables())
    directions = dict(zip(network.assets.asset_id[network.edges.row[:8]].tolist(), network.drawing.direction[:8], strict=True))
    assert (directions[100], directions[101]) == (-1, 1)
    assert (directions[102], directions[103]) == (0, 0)  # two ways between the same ends: a ring


def test_connected_stops_at_closed_valves_and_exchangers() -> None:
    s = tree()
    s.valve(202, 3, level=3)  # two primary ends do not meet here: it interrupts nothing
    network = build_network(s.tables()).with_valve_states({201: "closed"}, valve_version=1)
    assert {i for i in ids(network, connected(network, 104).rows) if i < RETURN_OFFSET and i >= 100} == {104}
    assert 111 not in ids(network, connected(network, 101).rows)
    assert {100, 101, 102, 103} <= ids(network, connected(network, 101).rows)
