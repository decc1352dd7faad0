"""Works that run at the same time against brute force: what each loses alone, together, and only together."""

from __future__ import annotations

import copy

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.topology.builders import Sketch
from tests.topology.oracle import Oracle
from tests.topology.strategies import sketches
from topology.answers.plans import Work, clash, lost_to
from topology.network import Network, build_network

BRIEF = settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)


@st.composite
def works(draw: st.DrawFn) -> tuple[Sketch, list[Work]]:
    """A network and two works, each with pipes worked on and valves closed or opened."""
    sketch = draw(sketches())
    pipes = [row["asset_id"] for row in sketch.rows["pipes"]]
    valves = [row["asset_id"] for row in sketch.rows["valves"]]
    found = []
    for _ in range(2):
        chosen = draw(st.lists(st.sampled_from(valves), max_size=3, unique=True)) if valves else []
        states = {valve: draw(st.sampled_from(["closed", "closed", "open"])) for valve in chosen}
        found.append(Work(tuple(draw(st.lists(st.sampled_from(pipes), max_size=2, unique=True))), states))
    return sketch, found


def ids(network: Network, rows: np.ndarray) -> set[int]:
    return set(network.assets.asset_id[rows].tolist())


def by_flood(sketch: Sketch, running: list[Work]) -> set[int]:
    """Bring the valves to their states in the tables, take the segments of the pipes out, and flood before and after."""
    before, changed = Oracle(sketch.tables()), copy.deepcopy(sketch)
    wanted: dict[int, str] = {}
    for work in running:
        for valve, state in work.valves.items():
            wanted[valve] = "closed" if "closed" in (state, wanted.get(valve)) else state
    for row in changed.rows["valves"]:
        row["state"] = wanted.get(row["asset_id"], row["state"])
    after = Oracle(changed.tables())
    out = frozenset().union(*(after.segments[pipe] for work in running for pipe in work.asset_ids))
    return {i for i in before.fed() - after.fed(out) if 40 <= i < 60}


@BRIEF
@given(works())
def test_what_overlapping_works_lose_equals_a_flood(case: tuple[Sketch, list[Work]]) -> None:
    sketch, (one, other) = case
    network = build_network(sketch.tables())
    joint, *apart = (ids(network, lost_to(network, some)) for some in ([one, other], [one], [other]))
    assert joint == by_flood(sketch, [one, other])
    assert apart == [by_flood(sketch, [one]), by_flood(sketch, [other])]
    assert ids(network, lost_to(network, [other, one])) == joint
    # a valve that one of them opens may give back what the other takes
    if "open" not in {*one.valves.values(), *other.valves.values()}:
        assert apart[0] | apart[1] <= joint


@BRIEF
@given(works())
def test_shared_valves_are_told_from_opposed_ones(case: tuple[Sketch, list[Work]]) -> None:
    _, (one, other) = case
    found = clash(one, other)
    assert set(found.shared) == {v for v in one.valves if other.valves.get(v) == one.valves[v]}
    assert {*found.shared, *found.opposed} == set(one.valves) & set(other.valves)
