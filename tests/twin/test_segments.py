"""The state of segments, held against pipes that are joined and flooded by NetworkX, one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.builders import RETURN_OFFSET, Sketch, tree
from tests.topology.oracle import Oracle
from tests.topology.strategies import sketches
from topology.network import build_network
from topology.tables import NetworkTables
from twin import delta
from twin.quality import Quality
from twin.segments import cut_off, packed_of, segment_places, segment_state, segment_view
from twin.status import Status

REPORTING = ("substations", "sources", "valves", "pipes", "inlets", "buildings")


def _whole(tables: NetworkTables) -> NetworkTables:
    """Return the tables with every valve open and every source running."""
    return replace(tables, valves=tables.valves.assign(state="open"), sources=tables.sources.assign(running=True))


def _lies_on(oracle: Oracle) -> dict[int, set[int]]:
    """Return the pipes at which each asset stands, each way of standing asked for on its own."""
    tables = oracle.tables
    found: dict[int, set[int]] = {pipe: {pipe} for pipe in oracle.side}
    for table in (tables.substations, tables.sources):
        for row in table.itertuples():
            found[int(row.asset_id)] = set().union(*(oracle.at(row, group) for group in range(4)))
    for key, (valve, _) in oracle.valves.items():
        found[valve] = set(oracle.ends[key])
    for service in oracle.services:
        for asset in {service.inlet, service.building} - {0}:
            found.setdefault(asset, set()).update(*service.sides)
    return found


def _expected(tables: NetworkTables, statuses: dict[int, int], seen: set[int]) -> dict[int, int]:
    """Return the packed state of each segment of which a pipe is seen."""
    oracle = Oracle(tables)
    fed, reachable, lies_on = oracle.fed(), Oracle(_whole(tables)).fed(), _lies_on(oracle)
    expected = {}
    for pipes in set(oracle.segments.values()):
        if not pipes & seen:
            continue
        inside = [packed for asset, packed in statuses.items() if asset in seen and lies_on.get(asset, set()) & pipes]
        status = max((packed >> 4 for packed in inside), default=0)
        if pipes & reachable and not pipes & fed:
            status = int(Status.CUT_OFF)
        expected[min(pipes)] = status << 4 | max((packed & 15 for packed in inside), default=int(Quality.MISSING))
    return expected


@settings(deadline=None, max_examples=150)
@given(sketches(), st.randoms(use_true_random=False), st.booleans())
def test_a_segment_shows_the_worst_on_it_and_whether_it_is_cut_off(sketch: Sketch, chance: object, whole: bool) -> None:
    tables = sketch.tables(network_version=1, valve_version=1)
    pick = np.random.default_rng(chance.getrandbits(32))  # type: ignore[attr-defined]
    every = sorted({int(asset) for name in REPORTING for asset in getattr(tables, name)["asset_id"]})
    statuses = {
        asset: int(pick.integers(0, 8)) << 4 | int(pick.choice([1, 2, 3, 4, 9])) for asset in every if pick.random() < 0.6
    }
    seen = set(every) if whole else {asset for asset in every if pick.random() < 0.7}

    network = build_network(tables)
    places = segment_places(network)
    ids = np.array(sorted(statuses), np.int64)
    masks = None if whole else np.isin(ids, sorted(seen)), None if whole else np.isin(network.assets.asset_id, sorted(seen))
    view = segment_view(network, places, ids, seen=masks[0], visible=masks[1])
    state = segment_state(places, view, 7)
    packed = np.array([statuses[asset] for asset in ids.tolist()], np.uint8)
    state.put(packed_of(view, packed, cut_off(network, places)))
    message = state.message(since=None, as_of_ms=1)
    assert message is not None
    shown = dict(zip(message.asset_ids.tolist(), message.packed.tolist(), strict=True))
    assert shown == _expected(tables, statuses, seen)


def test_a_valve_that_is_shut_cuts_off_what_lies_behind_it_and_a_delta_says_so() -> None:
    network = build_network(tree().tables(network_version=1, valve_version=1))
    places = segment_places(network)
    view = segment_view(network, places, np.array([20, 21], np.int64), seen=None, visible=None)
    state, packed = segment_state(places, view, 7), np.array([Status.NORMAL << 4 | 1, Status.ALARM_LEVEL_2 << 4 | 3], np.uint8)
    assert state.put(packed_of(view, packed, cut_off(network, places)))
    assert not state.put(packed_of(view, packed, cut_off(network, places)))

    shut = network.with_states({201: "closed"}, valve_version=2)
    assert state.put(packed_of(view, packed, cut_off(shut, places)))
    message = state.message(since=1, as_of_ms=5)
    assert message is not None
    # behind the valve the supply to substation 21; without it the substation feeds nobody: both sides of its secondary network
    assert message.asset_ids.tolist() == [104, 111, 111 + RETURN_OFFSET]
    assert set((message.packed >> 4).tolist()) == {int(Status.CUT_OFF)}
    assert (message.seq, message.kind, message.segments) == (2, delta.MessageKind.DELTA, True)
    assert delta.decode(delta.encode(message)).segments

    back = shut.with_states({201: "open"}, valve_version=3)
    assert state.put(packed_of(view, packed, cut_off(back, places)))
    # who was away meanwhile gets one delta of what is other than it was told last, or has changed to and fro
    again = state.message(since=1, as_of_ms=6)
    assert again is not None
    assert dict(zip(again.asset_ids.tolist(), (again.packed >> 4).tolist(), strict=True))[104] == Status.ALARM_LEVEL_2


def test_a_piece_without_any_way_to_a_source_is_not_cut_off() -> None:
    sketch = tree()
    sketch.pipe(190, 50, 51)
    network = build_network(sketch.tables(network_version=1, valve_version=1))
    places = segment_places(network)
    stopped = network.with_states(None, {1: False}, valve_version=2)
    cut = dict(zip(places.segment_ids.tolist(), cut_off(stopped, places).tolist(), strict=True))
    assert (cut[100], cut[190]) == (True, False)
