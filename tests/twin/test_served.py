"""Who serves which building: traced, chosen among several, declared where nothing is drawn."""

from __future__ import annotations

import pytest

from tests.topology.builders import Sketch, tree
from topology.network import build_network
from twin.served import DECLARED, NOBODY, TRACED, Served, served_buildings


def served(sketch: Sketch) -> dict[int, tuple[int, int, int]]:
    """Return substation, source and evidence of each building."""
    found = served_buildings(build_network(sketch.tables()))
    return rows(found)


def rows(found: Served) -> dict[int, tuple[int, int, int]]:
    columns = (found.building_id, found.substation_id, found.source_id, found.evidence)
    return {building: (station, source, int(how)) for building, station, source, how in zip(*columns, strict=True)}


def test_buildings_are_served_through_their_inlet_and_its_substation() -> None:
    assert served(tree()) == {30: (20, 1, TRACED), 31: (21, 1, TRACED)}


def test_a_declaration_that_the_drawing_contradicts_does_not_count() -> None:
    sketch = tree()
    sketch.rows["buildings"][0]["substation_id"] = 21
    assert served(sketch)[30] == (20, 1, TRACED)


def test_behind_a_closed_valve_nobody_serves() -> None:
    sketch = tree()
    for valve in sketch.rows["valves"]:
        if valve["asset_id"] in {201, 10_201}:
            valve["state"] = "closed"
    assert served(sketch) == {30: (20, 1, TRACED), 31: (0, 0, NOBODY)}


def test_a_building_without_an_inlet_follows_its_declared_substation() -> None:
    sketch = tree()
    sketch.building(32, substation=21)
    assert served(sketch)[32] == (21, 1, DECLARED)


def test_a_substation_on_no_pipe_follows_its_declared_source() -> None:
    sketch = tree()
    sketch.substation(22, 90)
    sketch.rows["substations"][-1]["source_id"] = 1
    sketch.building(32, substation=22)
    assert served(sketch)[32] == (22, 1, DECLARED)


def test_a_building_that_declares_nothing_and_hangs_nowhere_is_served_by_nobody() -> None:
    sketch = tree()
    sketch.building(32)
    assert served(sketch)[32] == (0, 0, NOBODY)


def test_a_building_on_a_pipe_of_the_source_itself_has_no_substation() -> None:
    sketch = Sketch()
    sketch.source(1, 0)
    sketch.pipe(100, 0, 1)
    sketch.inlet(50, 1, 30)
    sketch.building(30)
    assert served(sketch)[30] == (0, 1, TRACED)


def two_sources() -> Sketch:
    """Sources at 0 and 10; substations 20 at 3 and 21 at 8, all on one line, each with a building."""
    sketch = Sketch()
    sketch.source(1, 0)
    sketch.source(2, 10)
    for number, (start, end) in enumerate([(0, 3), (3, 8), (8, 10)]):
        sketch.pipe(100 + number, start, end)
    for number, at in ((0, 3), (1, 8)):
        sketch.substation(20 + number, at)
        sketch.pipe(110 + number, at, at + 0.4, level=3)
        sketch.inlet(50 + number, at + 0.4, 30 + number)
        sketch.building(30 + number)
    return sketch


def test_of_several_sources_the_nearest_along_the_pipes_serves() -> None:
    assert served(two_sources()) == {30: (20, 1, TRACED), 31: (21, 2, TRACED)}


@pytest.mark.parametrize(("declared", "source"), [(2, 2), (7, 1)])
def test_the_declared_source_serves_when_it_runs_in_the_same_network(declared: int, source: int) -> None:
    sketch = two_sources()
    sketch.source(7, 70)
    sketch.rows["substations"][0]["source_id"] = declared
    assert served(sketch)[30] == (20, source, TRACED)


def test_a_source_that_stands_still_serves_nobody() -> None:
    sketch = two_sources()
    sketch.rows["sources"][1]["running"] = False
    assert served(sketch)[31] == (21, 1, TRACED)


def test_of_two_substations_on_one_secondary_network_the_declared_one_serves() -> None:
    for declared, expected in ((0, 20), (21, 21), (20, 20)):
        sketch = two_sources()
        sketch.pipe(120, 3.4, 8.4, level=3)
        sketch.rows["buildings"][0]["substation_id"] = declared
        assert served(sketch)[30][0] == expected


def test_the_supplier_is_the_owner_of_what_serves() -> None:
    sketch = tree()
    sketch.rows["substations"][0]["company_id"] = 77
    found = served_buildings(build_network(sketch.tables()))
    assert dict(zip(found.building_id.tolist(), found.supplier_id.tolist(), strict=True)) == {30: 77, 31: 0}


def test_an_empty_city_serves_nobody() -> None:
    assert served(Sketch()) == {}
