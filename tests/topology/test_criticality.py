"""Criticality of every segment against taking each one out."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.topology.builders import RETURN_OFFSET, Sketch, tree
from tests.topology.oracle import Oracle
from tests.topology.strategies import sketches
from topology.cuts.alternatives import Alternative
from topology.cuts.capacity import read_capacity
from topology.cuts.criticality import criticality
from topology.cuts.isolation import isolate
from topology.hydraulics.tables import HYDRAULIC_COLUMNS, HydraulicTables
from topology.network import build_network
from topology.tables import NetworkTables

BRIEF = settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)


@BRIEF
@given(sketches())
def test_losses_of_every_segment_equal_a_flood_without_it(sketch: Sketch) -> None:
    tables = sketch.tables()
    network, oracle = build_network(tables), Oracle(tables)
    found = criticality(network)
    users = tables.buildings.set_index("asset_id")["heat_user_count"]
    area = tables.buildings.set_index("asset_id")["heated_area_m2"]
    for segment in np.flatnonzero(found.segment_id):
        pipes = oracle.segments[int(found.segment_id[segment])]
        lost = [i for i in oracle.fed() - oracle.fed(pipes) if 40 <= i < 50]
        assert found.buildings_lost[segment] == len(lost)
        assert found.users_lost[segment] == users.reindex(lost).sum()
        assert found.area_lost_m2[segment] == pytest.approx(area.reindex(lost).sum())
        assert {oracle.side[pipe] for pipe in pipes} == {found.side[segment]}
    assert not found.users_short.any()


@st.composite
def rings(draw: st.DrawFn) -> tuple[Sketch, HydraulicTables]:
    """Networks drawn on both sides, with valves, parallel mains, several sources with powers, stations with loads and users."""
    s = Sketch()
    places, middle, number = draw(st.integers(3, 7)), iter(range(1000, 2000)), iter(range(100, 10_000))
    near = st.integers(0, places - 1)
    for start, end in draw(st.lists(st.tuples(near, near), min_size=places - 1, max_size=2 * places)):
        at = float(next(middle))
        s.pipe(next(number), start, at)
        s.valve(next(number), at, state=draw(st.sampled_from(["open"] * 5 + ["closed", "unknown"])))
        s.pipe(next(number), at, end)
    sources = draw(st.integers(1, 3))
    for i in range(sources):
        s.source(1 + i, draw(near), running=draw(st.sampled_from([True, True, True, False])))
    stations = draw(st.integers(1, 5))
    for i in range(stations):
        s.substation(20 + i, draw(near))
        for k in range(draw(st.integers(0, 2))):
            s.building(40 + 3 * i + k, substation=20 + i, users=draw(st.integers(1, 9)))
    power = [draw(st.sampled_from([1.0, 2.0, 5.0, float("nan")])) for _ in range(sources)]
    load = [draw(st.sampled_from([0.5, 1.0, 2.0])) for _ in range(stations)]
    return s, HydraulicTables(
        substations=pd.DataFrame({"asset_id": range(20, 20 + stations), "heat_load_mw": load}),
        sources=pd.DataFrame({"asset_id": range(1, 1 + sources), "design_power_mw": power}),
        stations=pd.DataFrame({column: [] for column in HYDRAULIC_COLUMNS["stations"]}),
    )


class Ledger:
    """Powers, loads and users by connected part, added up pipe by pipe."""

    def __init__(self, tables: NetworkTables, sizes: HydraulicTables) -> None:
        self.oracle, self.tables = Oracle(tables), tables
        self.power = sizes.sources.set_index("asset_id")["design_power_mw"]
        self.load = sizes.substations.set_index("asset_id")["heat_load_mw"]
        self.users = tables.buildings.astype(float).groupby("substation_id")["heat_user_count"].sum()
        self.works = {int(i) for i in self.oracle.fed() if 20 <= i < 30}

    def parts(self, side: int, removed: frozenset[int] = frozenset()) -> list[set[int]]:
        graph = self.oracle.graph(removed)
        return [part for part in nx.connected_components(graph) if self.oracle.side[min(part)] == side]

    def sums(self, part: set[int], stations: set[int]) -> tuple[float, float, bool, int, int]:
        """Known power, load, whether a power is unknown, running sources, users."""
        side = self.oracle.side[min(part)] - 1
        running = [r.asset_id for r in self.tables.sources.itertuples() if r.running and self.oracle.at(r, side) & part]
        here = [
            r.asset_id for r in self.tables.substations.itertuples() if r.asset_id in stations and self.oracle.at(r, side) & part
        ]
        power = self.power.reindex(running)
        users = self.users.reindex(here).sum()
        return float(power.sum()), float(self.load.reindex(here).sum()), bool(power.isna().any()), len(running), int(users)

    def short(self, part: set[int], stations: set[int]) -> int:
        power, load, unknown, running, users = self.sums(part, stations)
        return users if running and not unknown and power < load - 1e-6 else 0


@BRIEF
@given(rings())
def test_users_short_of_power_equal_parts_added_up_without_each_segment(case: tuple[Sketch, HydraulicTables]) -> None:
    sketch, sizes = case
    tables = sketch.tables()
    network, ledger = build_network(tables), Ledger(tables, sizes)
    found = criticality(network, read_capacity(network.assets, sizes))
    now = ledger.oracle.fed()
    for segment in np.flatnonzero(found.segment_id):
        pipes = ledger.oracle.segments[int(found.segment_id[segment])]
        side = int(found.side[segment])
        (zone,) = [part for part in ledger.parts(side) if pipes <= part]
        if not pipes <= now:
            assert found.users_short[segment] == 0
            continue
        before = ledger.short(zone, ledger.works)
        assert found.already_short[segment] == before
        after = [part for part in ledger.parts(side, pipes) if part <= zone]
        wanted = 0 if before else sum(ledger.short(part, ledger.works) for part in after)
        assert found.users_short[segment] == wanted


@BRIEF
@given(rings(), st.data())
def test_the_capacity_of_alternatives_equals_parts_added_up(case: tuple[Sketch, HydraulicTables], data: st.DataObject) -> None:
    sketch, sizes = case
    for valve in sketch.rows["valves"]:  # more ties than a normal state has
        if valve["side"] == 1 and data.draw(st.booleans()):
            valve["state"] = "closed"
        elif valve["side"] == 2:
            valve["state"] = next(v["state"] for v in sketch.rows["valves"] if v["asset_id"] == valve["pair_id"])
    tables = sketch.tables()
    network, ledger = build_network(tables), Ledger(tables, sizes)
    capacity = read_capacity(network.assets, sizes)
    pipes_at = {valve: ledger.oracle.ends[key] for key, (valve, _) in ledger.oracle.valves.items()}
    for pipe in sorted(ledger.oracle.side)[:8]:
        found = isolate(network, [pipe], capacity=capacity)
        shut = frozenset().union(*(ledger.oracle.segments[i] for i in found.segments))
        after = ledger.oracle.fed(shut)
        for alternative in found.alternatives:
            _same_capacity(alternative, ledger, shut, after, pipes_at, network.assets.asset_id)


def _same_capacity(
    alternative: Alternative,
    ledger: Ledger,
    shut: frozenset[int],
    after: set[int],
    pipes_at: dict[int, list[int]],
    ids: np.ndarray,
) -> None:
    works = {i for i in after if 20 <= i < 30}
    fed = {pipe for valve in alternative.valve_ids if valve < RETURN_OFFSET for pipe in pipes_at[valve] if pipe in after}
    sums = [ledger.sums(part, works) for part in ledger.parts(1, shut) if part & fed]
    back = [int(i) for i in ids[alternative.gives_back] if 20 <= i < 30]
    power, load = sum(s[0] for s in sums), sum(s[1] for s in sums) + ledger.load.reindex(back).sum()
    assert alternative.running_mw == pytest.approx(power)
    assert alternative.load_mw == pytest.approx(load)
    enough = True if power >= load - 1e-9 else None if any(s[2] for s in sums) else False
    assert alternative.enough is enough


def test_segments_are_ranked_by_what_they_take_along() -> None:
    network = build_network(tree().tables())
    found = criticality(network)
    ranked = found.segment_id[found.ranked()].tolist()
    assert ranked[:2] == [100, 101]
    assert set(ranked) == {100, 101, 104, 110, 111, 10100, 10101, 10104, 10110, 10111}
    first = found.ranked()[0]
    assert (found.users_lost[first], found.buildings_lost[first], found.area_lost_m2[first]) == (20, 2, 2000.0)
    assert found.pipe_length_m[first] == pytest.approx(100.0)


def test_a_ring_that_loses_its_stronger_half_is_short_although_nobody_is_cut_off() -> None:
    s = Sketch()
    s.source(1, 0)
    s.source(2, 3)
    for i in range(3):
        s.pipe(100 + 2 * i, i, i + 0.5)
        s.valve(200 + i, i + 0.5)
        s.pipe(101 + 2 * i, i + 0.5, i + 1)
    for i, at in ((0, 0), (1, 3)):
        s.substation(20 + i, at)
        s.building(40 + i, substation=20 + i, users=7 + i)
    sizes = HydraulicTables(
        substations=pd.DataFrame({"asset_id": [20, 21], "heat_load_mw": [1.0, 1.0]}),
        sources=pd.DataFrame({"asset_id": [1, 2], "design_power_mw": [2.0, 0.5]}),
    )
    network = build_network(s.tables())
    found = criticality(network, read_capacity(network.assets, sizes))
    middle = int(np.flatnonzero(found.segment_id == 101)[0])
    assert (found.users_lost[middle], found.users_short[middle]) == (0, 8)
    end = int(np.flatnonzero(found.segment_id == 100)[0])
    assert (found.users_lost[end], found.users_short[end]) == (7, 8)
