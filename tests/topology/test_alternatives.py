"""What gives heat back after an isolation: all pairs of ties, valves without a side, and what isolating stations let pass."""

from __future__ import annotations

import random
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.topology.builders import RETURN_OFFSET, Sketch, tree
from tests.topology.isolation_oracle import IsolationOracle, Shut
from topology.cuts.alternatives import MOST, MOST_PAIRS, Alternative
from topology.cuts.capacity import read_capacity
from topology.cuts.isolation import CLOSE, Isolation, isolate
from topology.cuts.passages import Zones, bound_of
from topology.cuts.sandbox import lost_between, lost_in_all
from topology.hydraulics.tables import HydraulicTables
from topology.network import Network, build_network

BRIEF = settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)


def consumers(network: Network, rows: np.ndarray) -> frozenset[int]:
    return frozenset(i for i in network.assets.asset_id[rows].tolist() if 20 <= i < 60)


# ---------------------------------------------------------------- pairs of ties


class Rings:
    """A tree of open lines from the source at place 0, each with a valve at either end, and closed lines between its places."""

    def __init__(self, seed: int) -> None:
        self.rng, self.sketch = random.Random(seed), Sketch()
        self.middle, self.number = iter(range(1000, 2000)), iter(range(100, 10_000))
        self.places = self.rng.randint(4, 8)
        self.trunk: list[int] = []
        for place in range(1, self.places):
            self._open_line(self.rng.randint(0, min(place - 1, 2)), place)

    def _open_line(self, start: float, end: float) -> None:
        for last in (False, True):
            at = float(next(self.middle))
            pipe = self.sketch.pipe(next(self.number), start, at)
            self.sketch.valve(next(self.number), at)
            if last:
                self.trunk.append(pipe)
            start = at
        self.sketch.pipe(next(self.number), start, end)

    def closed_line(self, start: float) -> None:
        """Close a line on both sides, on one of them only, or with a valve that cannot be opened."""
        at, end = float(next(self.middle)), self.rng.randint(0, self.places - 1)
        sides = self.rng.choice([(1, 2), (1, 2), (1, 2), (1,), (2,)])
        usable = self.rng.choice(["usable"] * 8 + ["stuck"])
        opened = self.rng.choice([None] * 6 + ["open"])
        self.sketch.pipe(next(self.number), start, at, sides=sides)
        self.sketch.valve(next(self.number), at, sides=sides, state="closed", return_state=opened, operability=usable)
        self.sketch.pipe(next(self.number), at, end, sides=sides)

    def broken(self) -> int:
        """Return a pipe whose break takes places with it, most often one of the first."""
        return self.trunk[min(self.rng.randint(0, len(self.trunk) - 1) for _ in range(2))]


def tied_rings(seed: int) -> tuple[Sketch, int]:
    """A tree with ties, and a broken pipe of it."""
    rings = Rings(seed)
    for _ in range(rings.rng.randint(4, 8)):
        rings.closed_line(rings.rng.randint(1, rings.places - 1))
    s = rings.sketch
    s.source(1, 0)
    for place in range(1, rings.places):
        s.substation(20 + place, place)
        s.building(40 + place, substation=20 + place, users=rings.rng.randint(1, 9))
    # some lines in the lost part are closed too: what lies beyond them has another way
    for row in rings.rng.sample(s.rows["valves"], 2):
        row["state"] = "closed"
    return s, rings.broken()


@pytest.mark.parametrize("seed", range(24))
def test_pairs_of_ties_are_all_that_brute_force_finds(seed: int) -> None:
    sketch, broken = tied_rings(seed)
    tables = sketch.tables()
    network, oracle = build_network(tables), IsolationOracle(tables)
    found, shut = isolate(network, [broken]), oracle.shut([broken])
    back = {frozenset(each.valve_ids): consumers(network, each.gives_back) for each in found.alternatives}
    singles = {opened: frozenset(i for i in rows if i < 60) for opened, rows in oracle.ties(shut).items()}
    wanted = oracle.pairs(shut)
    assert len(singles) <= MOST
    assert {opened: rows for opened, rows in back.items() if opened in singles} == singles
    pairs = {opened: rows for opened, rows in back.items() if opened not in singles}
    assert all(rows == wanted[opened] for opened, rows in pairs.items())
    assert len(pairs) == min(len(wanted), MOST_PAIRS)
    # those that are left out are no better than those named
    worst = min((_rank(sketch, opened, rows) for opened, rows in pairs.items()), default=(0.0, 0))
    assert all(_rank(sketch, opened, rows) <= worst for opened, rows in wanted.items() if opened not in pairs)
    ranks = [_rank(sketch, frozenset(each.valve_ids), consumers(network, each.gives_back)) for each in found.alternatives]
    assert ranks == sorted(ranks, reverse=True)


def _rank(sketch: Sketch, opened: frozenset[int], back: frozenset[int]) -> tuple[float, ...]:
    users = {row["asset_id"]: row["heat_user_count"] for row in sketch.rows["buildings"]}
    buildings = [i for i in back if i in users]
    worth = (len(buildings), sum(users[i] for i in buildings), len(back) - len(buildings))
    return tuple(value for one in worth for value in (one / len(opened), one))


def two_halves() -> Sketch:
    """Plant 1 at 0 feeds station 20 at 2 behind the break; a closed supply valve to plant 2 at 3, a closed return valve at 5."""
    s = Sketch()
    s.source(1, 0)
    s.source(2, 9)
    s.pipe(100, 0, 1)
    s.valve(200, 1)
    s.pipe(101, 1, 2)
    s.valve(201, 2)
    s.pipe(102, 2, 2.5)
    s.substation(20, 2.5)
    s.building(40, substation=20)
    for number, at, closed in ((0, 3, (1,)), (1, 5, (2,))):
        s.pipe(110 + 2 * number, 2.5, at, sides=closed)
        s.valve(210 + number, at, sides=closed, state="closed")
        s.pipe(111 + 2 * number, at, 9, sides=closed)
    return s


def test_two_valves_of_which_neither_helps_alone() -> None:
    network = build_network(two_halves().tables())
    (both,) = isolate(network, [101]).alternatives
    assert set(both.valve_ids) == {210, 211 + RETURN_OFFSET}
    assert consumers(network, both.gives_back) == {20, 40}


def test_the_second_of_two_may_lie_between_two_lost_parts() -> None:
    s = Sketch()
    s.source(1, 0)
    s.source(2, 9)
    for start, at, end, state in ((0, 1, 2, "open"), (2, 3, 4, "open"), (2, 13, 14, "open"), (4, 5, 14, "closed")):
        s.pipe(100 + 10 * at, start, at)
        s.valve(200 + at, at, state=state)
        s.pipe(101 + 10 * at, at, end)
    s.pipe(190, 4, 8)
    s.valve(208, 8, state="closed")
    s.pipe(191, 8, 9)
    for i, at in ((0, 4), (1, 14)):
        s.substation(20 + i, at)
        s.building(40 + i, substation=20 + i)
    network = build_network(s.tables())
    found = isolate(network, [111])
    assert [each.valve_ids for each in found.alternatives] == [(10208, 208, 10205, 205), (10208, 208)]
    assert [each.buildings for each in found.alternatives] == [2, 1]


# ---------------------------------------------------------------- valves without a side


def without_side(sketch: Sketch, *valves: int) -> Sketch:
    """Deliver valves as one row each without a side, on the pipes of both."""
    sketch.rows["valves"] = [row for row in sketch.rows["valves"] if row["asset_id"] - RETURN_OFFSET not in valves]
    for row in sketch.rows["valves"]:
        if row["asset_id"] in valves:
            row.update(side=0, pair_id=0)
    return sketch


def tied_tree() -> Sketch:
    """The tree of the builders with a closed tie 202 from its end at 4 to plant 2."""
    s = tree()
    s.source(2, 20)
    s.pipe(105, 4, 10)
    s.valve(202, 10, state="closed")
    s.pipe(106, 10, 20)
    return s


def test_a_closed_valve_without_a_side_opens_the_pipes_that_it_joins() -> None:
    network = build_network(without_side(tied_tree(), 202).tables())
    found = isolate(network, [100])
    (tie,) = found.alternatives
    assert tie.valve_ids == (202,)
    assert consumers(network, tie.gives_back) == {20, 21, 30, 31, 50, 51}
    assert found.possible == ()


def test_a_valve_without_a_side_is_closed_once() -> None:
    network = build_network(without_side(tree(), 200).tables())
    found = isolate(network, [102])
    assert found.order == (200, 201, 10201)
    assert [(valve.asset_id, valve.side) for valve in found.valves if valve.role == CLOSE] == [(200, 0), (201, 1), (10201, 2)]


def test_a_valve_that_shuts_both_sides_takes_what_hangs_on_the_other_side() -> None:
    s = Sketch()
    s.source(1, 0)
    # the supply to substation 20 at 2 and the return of substation 21 at 7 cross at 1, and one valve shuts both
    for pipe, start, end, side in ((100, 0, 1, 1), (101, 1, 2, 1), (102, 2, 3, 2), (103, 3, 0, 2)):
        s.pipe(pipe, start, end, sides=(side,))
    for pipe, start, end, side in ((120, 0, 7, 1), (121, 7, 1, 2), (122, 1, 0, 2)):
        s.pipe(pipe, start, end, sides=(side,))
    s.valve(200, 1, sides=(1,))
    s.rows["valves"][-1].update(side=0)
    s.valve(201, 3, sides=(2,))
    for i, at in ((0, 2), (1, 7)):
        s.substation(20 + i, at)
        s.building(40 + i, substation=20 + i)
    network = build_network(s.tables())
    found = isolate(network, [101])
    assert found.order == (200,)
    assert [(valve.asset_id, valve.side) for valve in found.valves] == [(200, 1)]
    assert consumers(network, found.lost) == {20, 40, 21, 41}
    assert {remark.rule: remark.asset_ids for remark in found.remarks}["shuts_more"] == (200,)


def test_a_tie_whose_side_nobody_knows_is_named_as_possible() -> None:
    s = tied_tree()
    # one line was delivered for both pipes of the tie, and its valve without a side
    tie = (105, 106, 202)
    for table in ("pipes", "valves"):
        s.rows[table] = [row for row in s.rows[table] if row["asset_id"] - RETURN_OFFSET not in tie]
        for row in s.rows[table]:
            if row["asset_id"] in tie:
                row.update(side=0, pair_id=0)
    network = build_network(s.tables())
    found = isolate(network, [100])
    assert found.alternatives == ()
    assert found.possible == (202,)


# ---------------------------------------------------------------- isolating stations


def sized(power: dict[int, float], load: dict[int, float], rated: dict[int, float]) -> HydraulicTables:
    stations = pd.DataFrame({"asset_id": list(rated), "kind": "isolating_station", "design_power_mw": list(rated.values())})
    return HydraulicTables(
        substations=pd.DataFrame({"asset_id": list(load), "heat_load_mw": list(load.values())}),
        sources=pd.DataFrame({"asset_id": list(power), "design_power_mw": list(power.values())}),
        stations=stations.assign(head_mpa=np.nan, pumped_side=""),
    )


def behind_a_station() -> Sketch:
    """Plant 1 - station 20 behind the break; plant 2 at 9, isolating station 70 at 8, substation 21 at 7, closed tie 205 at 5."""
    s = Sketch()
    s.source(1, 0)
    s.source(2, 9)
    for start, at, end, state in ((0, 1, 2, "open"), (2, 3, 4, "open"), (4, 5, 7, "closed")):
        s.pipe(100 + 10 * at, start, at)
        s.valve(200 + at, at, state=state)
        s.pipe(101 + 10 * at, at, end)
    s.pipe(190, 7, 8)
    s.pipe(191, 8, 9, level=1)
    s.point("stations", 70, 8, kind="isolating_station")
    for i, at in ((0, 4), (1, 7)):
        s.substation(20 + i, at)
        s.building(40 + i, substation=20 + i)
    return s


def judged(sketch: Sketch, broken: int, *sizes: dict[int, float]) -> tuple[Network, Alternative]:
    network = build_network(sketch.tables())
    found: Isolation = isolate(network, [broken], capacity=read_capacity(network.assets, sized(*sizes)))
    return network, found.alternatives[0]


@pytest.mark.parametrize(
    ("power", "rated", "bound_mw", "enough", "by_station"),
    [
        (10.0, 8.0, 8.0, True, True),
        (10.0, 4.0, 4.0, False, True),
        (4.0, 8.0, 4.0, False, False),
        (6.0, 6.0, 6.0, True, False),
        (10.0, float("nan"), 0.0, None, True),
        (float("nan"), 4.0, 4.0, False, True),
        (float("nan"), 8.0, 0.0, None, False),
    ],
)
def test_no_more_passes_an_isolating_station_than_it_is_rated(power, rated, bound_mw, enough, by_station) -> None:
    network, tie = judged(behind_a_station(), 111, {1: 50.0, 2: power}, {20: 3.0, 21: 2.0}, {70: rated})
    assert (tie.running_mw, tie.load_mw) == (0.0 if np.isnan(power) else power, pytest.approx(5.0))
    assert tie.enough is enough
    assert tie.bound.power_mw == pytest.approx(bound_mw)
    assert tie.bound.load_mw == pytest.approx(5.0)
    assert network.assets.asset_id[list(tie.bound.station_rows)].tolist() == ([70] if by_station else [])


def test_a_station_that_pipes_go_round_bounds_nothing() -> None:
    s = behind_a_station()
    s.pipe(192, 7, 9)
    _, tie = judged(s, 111, {1: 50.0, 2: 10.0}, {20: 3.0, 21: 2.0}, {70: 4.0})
    assert (tie.enough, tie.bound.station_rows, tie.bound.power_mw) == (True, (), pytest.approx(10.0))


def test_a_station_within_what_is_given_back_bounds_what_is_beyond_it() -> None:
    s = behind_a_station()
    # substation 22 hangs behind a second station, at 14, of the part that is lost
    s.pipe(195, 4, 14)
    s.pipe(196, 14, 15)
    s.point("stations", 71, 14, kind="isolating_station")
    s.substation(22, 15)
    s.building(42, substation=22)
    load = {20: 1.0, 21: 1.0, 22: 3.0}
    network, tie = judged(s, 111, {1: 50.0, 2: 10.0}, load, {70: 8.0, 71: 2.0})
    assert tie.load_mw == pytest.approx(5.0)
    assert (tie.enough, tie.running_mw) == (False, 10.0)
    assert (tie.bound.power_mw, tie.bound.load_mw) == (pytest.approx(2.0), pytest.approx(3.0))
    assert network.assets.asset_id[list(tie.bound.station_rows)].tolist() == [71]


@BRIEF
@given(st.data())
def test_the_bound_is_the_tightest_of_all_sets_of_zones(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 5))
    mw = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0])
    power, load = (np.array([data.draw(mw) for _ in range(count)]) for _ in range(2))
    unknown = np.array([data.draw(st.sampled_from([False, False, False, True])) for _ in range(count)])
    place = st.integers(0, count - 1)
    joins = [pair for pair in data.draw(st.lists(st.tuples(place, place), max_size=6)) if pair[0] != pair[1]]
    between = np.array([(*pair, 70 + i) for i, pair in enumerate(joins)], np.int32).reshape(-1, 3)
    rated = np.array([data.draw(st.sampled_from([1.0, 2.0, 4.0, float("nan")])) for _ in joins])
    first = data.draw(place)
    found = bound_of(Zones(power, load, unknown, between, rated), [first])
    spare = {sure: _spares(power, load, unknown, joins, rated, first, sure) for sure in (False, True)}
    if min(spare[True].values()) >= 0:
        assert found.enough is True
    elif min(spare[False].values()) < 0:
        assert found.enough is False
    else:
        assert found.enough is None
    told = spare[found.enough is not False]
    assert found.power_mw - found.load_mw == pytest.approx(min(told.values()))


def _spares(power, load, unknown, joins, rated, first, sure: bool) -> dict[frozenset[int], float]:
    """Power less load of every set of zones with the first one; what is unknown counts as nothing (`sure`) or as plenty."""
    found, plenty = {}, 0.0 if sure else 1e6
    for size in range(len(power)):
        for others in combinations(set(range(len(power))) - {first}, size):
            inside = {first, *others}
            passing = sum(
                plenty if np.isnan(mw) else mw
                for (one, other), mw in zip(joins, rated, strict=True)
                if (one in inside) != (other in inside)
            )
            own = sum(power[i] + plenty * unknown[i] - load[i] for i in inside)
            found[frozenset(inside)] = own + passing
    return found


def parted_rings(seed: int) -> tuple[Sketch, dict[int, float], dict[int, float], dict[int, float], int]:
    """A tree with ties and isolating stations on lines of their own, with powers, loads, rated powers, and the broken pipe."""
    rings = Rings(seed)
    rng, s, rated = rings.rng, rings.sketch, {}
    power = {source: rng.choice([1.0, 3.0, 6.0]) for source in (1, 2)}
    load = {20 + i: rng.choice([0.5, 1.0, 2.0]) for i in range(rng.randint(3, 6))}
    s.source(1, 0)
    # behind each isolating station a place of its own, with the second source or a substation
    ends = [float(500 + i) for i in range(rng.randint(1, 3))]
    for i, end in enumerate(ends):
        start = rng.choice([float(place) for place in range(rings.places)] + ends[:i])
        s.pipe(next(rings.number), start, 600.0 + i)
        s.pipe(next(rings.number), 600.0 + i, end)
        rated[s.point("stations", 70 + i, 600.0 + i, kind="isolating_station")] = rng.choice([0.5, 1.0, 2.0, 4.0])
        rings.closed_line(end)
    for _ in range(rng.randint(1, 3)):
        rings.closed_line(rng.randint(1, rings.places - 1))
    places = [*range(1, rings.places), *ends]
    s.source(2, rng.choice(places))
    for substation in load:
        s.substation(substation, rng.choice(places))
        s.building(substation + 20, substation=substation)
    return s, power, load, rated, rings.broken()


@pytest.mark.parametrize("seed", range(32))
def test_capacity_equals_the_tightest_of_all_sets_of_zones_drawn_pipe_by_pipe(seed: int) -> None:
    sketch, power, load, rated, broken = parted_rings(seed)
    oracle = IsolationOracle(sketch.tables())
    network, shut = build_network(oracle.tables), oracle.shut([broken])
    found = isolate(network, [broken], capacity=read_capacity(network.assets, sized(power, load, rated)))
    for each in found.alternatives:
        if len(each.valve_ids) == 2:
            zones, rest = _zones(oracle, shut, set(each.valve_ids), (power, load, rated))
            assert each.running_mw == pytest.approx(sum(zones.nodes[zone]["power"] for zone in zones))
            assert each.load_mw == pytest.approx(sum(zones.nodes[zone]["load"] for zone in zones))
            assert each.bound.power_mw - each.bound.load_mw == pytest.approx(rest)
            assert each.enough == (rest >= -1e-9)


def _zones(oracle: IsolationOracle, shut: Shut, opened: set[int], sizes) -> tuple[nx.MultiGraph, float]:
    """Return the zones that stations join about a tie, and the least spare power of a set with one that has heat by it."""
    power, load, rated = sizes
    tables, fed = oracle.tables, oracle.fed_with(opened, shut)
    station = {(row.lon, row.lat): rated[row.asset_id] for row in tables.stations.itertuples()}
    pipes = nx.Graph()
    pipes.add_nodes_from(pipe for pipe in oracle.side if pipe < RETURN_OFFSET and pipe in fed)
    passing = []
    for key, ends in oracle.ends.items():
        valve, state = oracle.valves.get(key, (0, "open"))
        here = sorted(set(ends) & set(pipes))
        if key[0] in station:
            passing += [(*pair, station[key[0]]) for pair in combinations(here, 2)]
        elif state != "closed" or valve in opened:
            pipes.add_edges_from(combinations(here, 2))
    zone = {pipe: min(part) for part in nx.connected_components(pipes) for pipe in part}
    zones = nx.MultiGraph()
    zones.add_nodes_from(zone.values(), power=0.0, load=0.0)
    zones.add_edges_from((zone[one], zone[other], i, {"mw": mw}) for i, (one, other, mw) in enumerate(passing))
    for name, frame, figure in (("power", tables.sources, power), ("load", tables.substations, load)):
        for row in frame.itertuples():
            at = {zone[pipe] for pipe in oracle.at(row, 0) if pipe in zone}
            if at and row.asset_id in fed | set(power):
                zones.nodes[at.pop()][name] += figure[row.asset_id]
    tie = {zone[pipe] for valve in opened for pipe in oracle.pipes_at[valve] if pipe in zone}
    part = zones.subgraph(nx.node_connected_component(zones, next(iter(tie)))).copy()
    about = tie | {zone[pipe] for pipe in shut.lost if pipe in zone}
    sets = [set(some) for size in range(1, len(part) + 1) for some in combinations(part, size)]
    return part, min(_spare(part, some) for some in sets if some & about)


def _spare(zones: nx.MultiGraph, inside: set[int]) -> float:
    own = sum(zones.nodes[zone]["power"] - zones.nodes[zone]["load"] for zone in inside)
    return own + sum(mw for one, other, mw in zones.edges(data="mw") if (one in inside) != (other in inside))


# ---------------------------------------------------------------- in a sandbox


@pytest.mark.parametrize("seed", range(12))
def test_a_sandbox_and_an_isolation_in_it_lose_what_two_floods_tell_apart(seed: int) -> None:
    sketch, broken = tied_rings(seed)
    real, rng = IsolationOracle(sketch.tables()), random.Random(seed)
    states = {row["asset_id"]: rng.choice(["open", "closed"]) for row in rng.sample(sketch.rows["valves"], 3)}
    network = build_network(real.tables)
    supposed = network.with_states(states, valve_version=0)
    for row in sketch.rows["valves"]:
        row["state"] = states.get(row["asset_id"], row["state"])
    oracle = IsolationOracle(sketch.tables())
    found = isolate(supposed, [broken])
    after = oracle.fed(oracle.shut([broken]).pipes)
    total = consumers(network, lost_in_all(network, supposed, found.lost))
    assert total == {i for i in real.fed() - after if 20 <= i < 60}
    assert consumers(network, lost_between(network, supposed)) == {i for i in real.fed() - oracle.fed() if 20 <= i < 60}
    assert consumers(network, found.lost) == {i for i in oracle.fed() - after if 20 <= i < 60}
