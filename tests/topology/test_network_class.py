"""The class of pipes by what their run ends at."""

import numpy as np
import pytest

from tests.topology.builders import RETURN_OFFSET, Sketch, tree
from topology.build.network_class import CLASSES, derived_classes, differing


def classes(sketch: Sketch) -> dict[int, str]:
    """Return the class of each supply pipe, and see that its return pipe has the same."""
    tables = sketch.tables()
    of = dict(zip(tables.pipes["asset_id"].tolist(), (CLASSES[c] for c in derived_classes(tables).tolist()), strict=True))
    for asset_id, name in of.items():
        assert of.get(asset_id + RETURN_OFFSET, name) == name
    return {asset_id: name for asset_id, name in of.items() if asset_id < RETURN_OFFSET}


def station(sketch: Sketch, asset_id: int, at: float, kind: str = "isolating_station") -> None:
    sketch.point("stations", asset_id, at, kind=kind)


def test_a_tree_is_primary_up_to_the_substations_and_secondary_behind_them() -> None:
    assert classes(tree()) == {**dict.fromkeys((100, 101, 102, 103, 104), "primary"), 110: "secondary", 111: "secondary"}


@pytest.mark.parametrize("kind", ["relay_pump_station", "relay_energy_station", "isolating_station"])
def test_a_plant_s_main_to_a_main_station_is_long_distance(kind: str) -> None:
    s = tree()
    s.source(2, -3)
    s.pipe(90, -3, -2)
    s.pipe(91, -2, -1)
    station(s, 60, -1, kind)
    s.pipe(92, -1, 1.5)
    s.pipe(93, 1.5, 2)
    found = classes(s)
    assert (found[90], found[91], found[92], found[93]) == ("transmission", "transmission", "primary", "primary")


def test_between_two_main_stations_it_is_long_distance() -> None:
    s = Sketch()
    for number, (start, end) in enumerate(((0, 1), (1, 2), (2, 3))):
        s.pipe(100 + number, start, end)
    s.source(1, 0)
    station(s, 60, 1, "relay_pump_station")
    station(s, 61, 2)
    s.substation(20, 3)
    assert classes(s) == {100: "transmission", 101: "transmission", 102: "primary"}


def test_an_accumulator_ends_no_run_and_hangs_on_the_primary_network() -> None:
    s = tree()
    station(s, 60, 2, "accumulator")
    s.pipe(90, 0, -1)
    station(s, 61, -1, "accumulator")
    assert classes(s)[90] == "primary"
    assert set(classes(s).values()) == {"primary", "secondary"}


def test_an_accumulator_beside_a_long_distance_main_changes_nothing() -> None:
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 1)
    s.pipe(101, 1, 2)
    station(s, 60, 2)
    s.pipe(102, 1, 5)
    station(s, 61, 5, "accumulator")
    assert classes(s) == {100: "transmission", 101: "transmission", 102: "primary"}


def test_a_source_that_feeds_inlets_is_connected_directly() -> None:
    s = Sketch()
    s.source(1, 0, kind="boiler_house")
    s.pipe(100, 0, 1)
    s.pipe(101, 1, 2)
    s.pipe(102, 1, 3)
    s.inlet(50, 2, 30)
    s.inlet(51, 3, 31)
    assert set(classes(s).values()) == {"direct"}


def test_a_building_on_the_primary_network_has_a_direct_branch_only() -> None:
    s = tree()
    s.pipe(105, 2, 9)
    s.inlet(52, 9, 32)
    found = classes(s)
    assert found[105] == "direct"
    assert found[101] == "primary"


def test_a_peak_boiler_house_in_the_network_makes_no_long_distance_pipe() -> None:
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 1)
    station(s, 60, 1)
    s.pipe(101, 1, 2)
    s.pipe(102, 2, 3)
    s.source(2, 3, kind="boiler_house", running=False)
    s.pipe(103, 2, 4)
    s.substation(20, 4)
    assert classes(s) == {100: "transmission", 101: "primary", 102: "primary", 103: "primary"}


def test_rings_count_whole() -> None:
    s = Sketch()
    s.source(1, 0)
    for number, (start, end) in enumerate(((0, 1), (1, 2), (2, 3), (3, 1))):
        s.pipe(100 + number, start, end)
    s.pipe(110, 3, 4)
    s.substation(20, 4)
    s.pipe(120, 2, 5)
    s.pipe(121, 5, 6)
    s.pipe(122, 6, 5.5)
    s.pipe(123, 5.5, 5)  # a ring of buildings behind one pipe
    s.inlet(50, 6, 30)
    found = classes(s)
    assert {found[n] for n in (100, 101, 102, 103, 110)} == {"primary"}
    assert {found[n] for n in (120, 121, 122, 123)} == {"direct"}


def test_a_capped_branch_is_of_the_class_it_hangs_on() -> None:
    s = tree()
    s.pipe(106, 2, 8)
    s.pipe(107, 8, 8.5)
    assert (classes(s)[106], classes(s)[107]) == ("primary", "primary")


def test_what_ends_at_nothing_is_not_determined() -> None:
    s = Sketch()
    s.pipe(100, 0, 1)
    s.source(1, 5)
    s.pipe(101, 5, 6)
    assert classes(s) == {100: "", 101: ""}
    assert not differing(s.tables(), derived_classes(s.tables())).any()


def test_substations_in_a_row_hand_the_primary_network_on() -> None:
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 1)
    s.substation(20, 1)
    s.pipe(101, 1, 2)
    s.substation(21, 2)
    assert classes(s) == {100: "primary", 101: "primary"}


def test_a_wrong_level_is_found_and_cuts_nothing() -> None:
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 1)
    s.pipe(101, 1, 2, level=3)
    s.pipe(102, 2, 3)
    s.substation(20, 3)
    tables = s.tables()
    derived = derived_classes(tables)
    wrong = tables.pipes["asset_id"].to_numpy()[differing(tables, derived)]
    assert wrong.tolist() == [101, 101 + RETURN_OFFSET]
    assert set(derived.tolist()) == {2}


def test_no_pipes_no_classes() -> None:
    assert derived_classes(Sketch().tables()).size == 0
    s = Sketch()
    s.pipe(100, 0, 1)
    s.rows["pipes"][0]["start_lon"] = np.nan
    assert derived_classes(s.tables()).tolist() == [0, 0]
