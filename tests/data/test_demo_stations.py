"""Main stations, accumulators, tanks, pressure points and second systems of the demo cities, judged by their files."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.spatial import cKDTree

from data.demo.systems import count_systems, share_of
from tests.data.demo_files import JOIN_M, Delivery, ends_of, side_graph

pytestmark = pytest.mark.plain

EXACT_M = 1e-3


def ends_at(city: Delivery, points: np.ndarray) -> list[pd.DataFrame]:
    """Return for each point the pipes that end there, one row an end."""
    first, last = ends_of(city.pipes.geometry)
    near = cKDTree(np.vstack([first, last])).query_ball_point(points, EXACT_M)
    return [city.pipes.iloc[[index % len(city.pipes) for index in sorted(found)]] for found in near]


def xy_of(frame) -> np.ndarray:
    return shapely.get_coordinates(frame.geometry.to_numpy())


# ---------------------------------------------------------------- main stations


def test_every_branch_leads_from_its_plant_over_stations_to_the_edge_of_a_quarter(thin_city):
    """Follow the transmission pipes alone: plant, stations of the branch, and nothing else at which they end."""
    pipes = thin_city.pipes
    mains = pipes[(pipes["side"] == "supply") & (pipes["network_level"] == "transmission")]
    graph = nx.MultiGraph(zip(mains["start_code"], mains["end_code"], strict=True))
    branches, stations = thin_city.survey("plant_branch").set_index("code"), thin_city.stations.dropna(subset="branch_code")
    assert len(branches) == 29
    assert set(stations["branch_code"]) == set(branches.index)
    of = stations.set_index("code")["branch_code"]
    plants = set(branches["plant_code"])
    lines = graph.copy()
    lines.remove_nodes_from(plants)
    for line in nx.connected_components(lines):
        on_it = of.reindex(list(line)).dropna()
        assert on_it.nunique() == 1
        ends = {code for code in line if graph.degree(code) == 1}
        assert len(ends) == 1
        assert ends <= set(on_it.index)
        assert set().union(*(graph[code] for code in line)) & plants == {branches.loc[on_it.iloc[0], "plant_code"]}


def test_most_branches_end_at_pumps_some_at_exchangers_and_no_stretch_is_longer_than_15_km(thin_city):
    levels = [set(found["network_level"]) for found in ends_at(thin_city, xy_of(thin_city.stations))]
    kinds = thin_city.stations["kind"]
    at_end = kinds[[level == {"transmission", "primary"} for level in levels]]
    assert at_end.value_counts().to_dict() == {"relay_pump_station": 21, "isolating_station": 6, "relay_energy_station": 2}
    assert set(kinds[[level == {"transmission"} for level in levels]]) == {"relay_pump_station"}
    pipes = thin_city.pipes
    mains = pipes[(pipes["side"] == "supply") & (pipes["network_level"] == "transmission")]
    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(mains["start_code"], mains["end_code"], mains["length_m"], strict=True))
    stops = [*thin_city.sources["code"], *thin_city.stations["code"]]
    graph.remove_nodes_from([code for code in stops if code in graph])
    assert max(graph.subgraph(part).size("weight") for part in nx.connected_components(graph)) < 15_000


def test_supply_and_return_of_both_pipes_meet_exactly_at_every_main_station(thin_city):
    stations = thin_city.stations[thin_city.stations["kind"] != "accumulator"]
    for found in ends_at(thin_city, xy_of(stations)):
        assert sorted(found["side"]) == ["return", "return", "supply", "supply"]


@pytest.mark.parametrize("side", ["supply", "return"])
def test_the_heat_of_a_plant_passes_a_station_before_it_reaches_anybody(thin_city, side):
    built = side_graph(thin_city, side, ties_as_they_are=False)
    cut = built.graph.copy()
    main = thin_city.stations[thin_city.stations["kind"] != "accumulator"]
    cut.remove_nodes_from(built.node_of[code] for code in main["code"])
    substations = {built.node_of[f"primary:{code}"] for code in thin_city.substations["编号"]}
    for plant in thin_city.survey("plant_branch")["plant_code"].unique():
        assert nx.node_connected_component(built.graph, built.node_of[plant]) & substations
        assert not nx.node_connected_component(cut, built.node_of[plant]) & substations


def test_a_substation_names_the_branch_down_which_its_heat_flows(thin_city):
    """Follow the stated flow directions from the end station of each branch."""
    pipes = thin_city.pipes[(thin_city.pipes["side"] == "supply") & (thin_city.pipes["network_level"] == "primary")]
    forward, back = pipes[pipes["flow_direction"] == "0"], pipes[pipes["flow_direction"] == "1"]
    flow = nx.DiGraph([*zip(forward["start_code"], forward["end_code"], strict=True)])
    flow.add_edges_from(zip(back["end_code"], back["start_code"], strict=True))
    declared = thin_city.substations.set_index("编号")["支线编号"].replace("", None).dropna()
    expected = {
        code: station.branch_code
        for station in thin_city.stations.dropna(subset="branch_code").itertuples()
        if station.code in flow
        for code in nx.descendants(flow, station.code)
        if code.startswith("HRZ")
    }
    assert declared.to_dict() == expected
    assert declared.nunique() == 29
    plant = thin_city.survey("plant_branch").set_index("code")["plant_code"]
    sources = thin_city.substations.set_index("编号").loc[declared.index, "热源编号"]
    assert (plant.loc[declared].to_numpy() == sources.to_numpy()).all()


# ---------------------------------------------------------------- stores and pressure points


@pytest.mark.parametrize(("name", "count"), [("sample_city", 1), ("thin_city", 4)])
def test_accumulators_hang_on_their_plant_behind_a_valve_of_either_side(name, count, request):
    city: Delivery = request.getfixturevalue(name)
    stores = city.survey("accumulator")
    assert len(stores) == count
    plants = city.sources.set_index("code").geometry
    for store, found in zip(stores.itertuples(), ends_at(city, xy_of(stores)), strict=True):
        assert sorted(found["side"]) == ["return", "supply"]
        assert set(found["network_level"]) == {"primary"}
        assert store.geometry.distance(plants[store.source_code]) < 150.0
        assert 10_000.0 < store.volume_m3 < 40_000.0
        valves = city.valves.set_index("code")
        assert set(found["start_code"]) <= set(valves.index)
        assert set(valves.loc[found["start_code"], "side"]) == {"supply", "return"}


@pytest.mark.parametrize(("name", "count"), [("sample_city", 1), ("thin_city", 86)])
def test_every_source_that_is_no_helper_has_a_tank_beside_its_halls(name, count, request):
    city: Delivery = request.getfixturevalue(name)
    tanks, sources = city.table_wgs84("water_tanks"), city.sources.set_index("code")
    assert len(tanks) == count
    helpers = sources["peak_only"].astype(str).str.lower() == "true"
    assert sorted(tanks["source_code"]) == sorted(sources.index[~helpers])
    scale = np.array([80_300.0, 111_100.0])  # metres per degree here
    places = shapely.points(tanks[["lon", "lat"]].to_numpy() * scale)
    own = sources.loc[tanks["source_code"], ["lon", "lat"]].to_numpy() * scale
    assert shapely.distance(places, shapely.points(own)).max() < 400.0
    halls = shapely.transform(city.geojson_wgs84("halls").geometry.to_numpy(), lambda xy: xy * scale)
    assert shapely.distance(places, shapely.union_all(halls)).min() > 10.0


@pytest.mark.parametrize(("name", "least", "most"), [("sample_city", 16, 40), ("thin_city", 300, 900)])
def test_pressure_is_watched_at_the_end_of_the_named_pipe_on_both_sides(name, least, most, request):
    city: Delivery = request.getfixturevalue(name)
    points, pipes = city.table_wgs84("pressure_points"), city.pipes.set_index("code")
    assert least <= len(points) <= most
    assert (points["side"] == "supply").sum() * 2 == len(points)
    named = pipes.loc[points["pipe_code"]]
    assert (named["side"].to_numpy() == points["side"].to_numpy()).all()
    assert "secondary" not in set(named["network_level"])
    scale = np.array([80_300.0, 111_100.0])
    lines = shapely.force_2d(named.to_crs(4326).geometry.to_numpy())
    ends = [shapely.transform(shapely.get_point(lines, place), lambda xy: xy * scale) for place in (0, -1)]
    at = shapely.points(points[["lon", "lat"]].to_numpy() * scale)
    assert np.minimum(*(shapely.distance(at, end) for end in ends)).max() < 0.02
    wanted = {"section_valve", "branch_node"} | ({"strainer"} if name == "thin_city" else set())
    assert set(points["place"]) == wanted


# ---------------------------------------------------------------- systems


def test_the_storeys_of_a_building_are_shared_among_the_systems_that_reach_it():
    for storeys, systems in ((6, 1), (6, 3), (18, 2), (24, 1), (24, 2), (24, 3), (33, 3)):
        assert sum(share_of(storeys, system, systems) for system in range(1, systems + 1)) == pytest.approx(1.0)
    assert [share_of(33, system, 3) for system in (1, 2, 3)] == pytest.approx([18 / 33, 12 / 33, 3 / 33])
    assert share_of(18, 2, 2) == 0.0
    assert [count_systems(storeys) for storeys in ([6, 18], [6, 19], [24, 30], [33, 24], [33, 24, 24])] == [1, 2, 2, 3, 2]


@pytest.mark.parametrize("name", ["sample_city", "thin_city"])
def test_a_substation_feeds_the_zones_of_high_buildings_by_networks_of_their_own(name, request):
    city: Delivery = request.getfixturevalue(name)
    inlets, buildings = city.inlets, city.geojson("buildings").set_index("code")
    stated = city.substations.set_index("编号")["系统数"]
    assert set(stated) == {1, 2, 3}
    assert inlets.groupby("substation_code")["system_number"].max().to_dict() == stated.to_dict()
    high = buildings[buildings["storeys"] > 18]
    assert set(inlets.loc[inlets["system_number"] == 2, "building_code"]) == set(high.index)
    assert sorted(inlets.loc[inlets["system_number"] == 1, "building_code"]) == sorted(buildings.index)
    assert inlets["code"].is_unique
    assert inlets["code"].str.len().max() == 8


@pytest.mark.parametrize("side", ["supply", "return"])
@pytest.mark.parametrize("name", ["sample_city", "thin_city"])
def test_systems_of_a_substation_meet_nowhere_but_in_it(name, side, request):
    city: Delivery = request.getfixturevalue(name)
    built = side_graph(city, side)
    stations = {code: built.node_of[f"secondary:{code}"] for code in city.substations["编号"]}
    cut = built.graph.copy()
    cut.remove_nodes_from(stations.values())
    part = {node: number for number, nodes in enumerate(nx.connected_components(cut)) for node in nodes}
    inlets = city.inlets.assign(part=[part[built.node_of[code]] for code in city.inlets["code"]])
    assert (inlets.groupby("part")["system_number"].nunique() == 1).all()
    assert (inlets.groupby("part")["substation_code"].nunique() == 1).all()
    for row in inlets[inlets["system_number"] > 1].itertuples():
        around = {part[node] for node in built.graph[stations[row.substation_code]]}
        assert row.part in around


@pytest.mark.parametrize("name", ["sample_city", "thin_city"])
def test_pipes_of_different_systems_may_cross_but_never_lie_in_one_another(name, request):
    city: Delivery = request.getfixturevalue(name)
    pipes = city.pipes[city.pipes["network_level"] == "secondary"]
    lines = shapely.force_2d(pipes.geometry.to_numpy())
    first, second = shapely.STRtree(lines).query(lines, predicate="intersects")
    first, second = first[first < second], second[first < second]
    assert shapely.length(shapely.intersection(lines[first], lines[second])).max(initial=0.0) < JOIN_M
