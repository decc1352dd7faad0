"""The whole city, judged by its plan and by the files of a thin one: all quarters, few buildings."""

from __future__ import annotations

import filecmp
import os
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.spatial import cKDTree

from data.demo import outlines
from data.demo.delivery import ORIGIN_GK, gk
from data.demo.households import DEVICE_TYPES, ROOM_TERMINAL
from data.demo.layout import TIES, TOWNS, Lattice, lay_out
from data.demo.sizes import size_of
from data.demo.transmission import fed_directly
from data.demo.whole import BRANCHES
from data.hydraulics import read_hydraulic_tables
from data.imports.run import run_import
from data.network import read_network_tables
from data.pool import connect
from gis.datums import from_wgs84, to_wgs84
from tests.data.demo_files import THIN, Delivery, side_graph
from topology.hydraulics.solve import solve_zone
from topology.network import build_network

PLAN = size_of("city")


@pytest.fixture(scope="module")
def layout():
    towns = from_wgs84(np.array([town[1:] for town in TOWNS]), gk()) - ORIGIN_GK
    return lay_out(PLAN, towns, np.random.default_rng(1))


@pytest.fixture(scope="module")
def city(thin_city) -> Delivery:
    return thin_city


# ---------------------------------------------------------------- plan


def test_the_plan_has_the_stated_counts(layout):
    assert PLAN.quarters * PLAN.buildings == 50_000
    assert PLAN.quarters * PLAN.substations == 3_500
    assert (PLAN.quarters * PLAN.room_sensors, PLAN.quarters * PLAN.heating_devices) == (120_000, 110_000)
    assert len(layout.quarters) == PLAN.quarters
    plans = [quarter.plan for quarter in layout.quarters]
    assert (
        sum(len(set(plan.closed_ties) | set(plan.open_ties)) for plan in plans) + sum(bool(link.tie) for link in layout.links)
        == TIES
    )
    peak = sum(len(quarter.plan.boiler_blocks) for quarter in layout.quarters if quarter.plant >= 0)
    own = sum(len(quarter.plan.boiler_blocks) for quarter in layout.quarters if quarter.plant < 0)
    assert (peak, own) == (80, 80)
    assert len(fed_directly(layout, BRANCHES)) == 29


def test_every_zone_of_own_boiler_houses_has_one(layout):
    """Closed ties cut such a quarter into a southern and a northern zone."""
    for quarter in layout.quarters:
        if quarter.plant < 0:
            south = [row <= PLAN.main_streets[0] for _, row in quarter.plan.boiler_blocks]
            assert any(south)
            assert not all(south)


def test_quarters_and_plants_lie_inside_the_real_outlines_and_apart(layout):
    covered = shapely.union_all([district.outline for district in outlines.read_districts("220100")])
    grid = Lattice(PLAN)
    half = np.array([grid.width, grid.height]) / 2.0 + 100.0  # turned quarters reach further than their sides
    middles = np.array([quarter.plan.origin_m for quarter in layout.quarters])
    squares = shapely.box(*(middles - half).T, *(middles + half).T)
    first, second = shapely.STRtree(squares).query(squares, predicate="intersects")
    assert (first == second).all()
    corners = np.vstack([shapely.get_coordinates(squares), layout.plants])
    assert shapely.contains_xy(covered, to_wgs84(corners + ORIGIN_GK, gk())).all()


# ---------------------------------------------------------------- files


def test_the_same_seed_gives_the_same_bytes_in_another_process(city, tmp_path):
    script = (
        "import sys, pathlib; from data.demo.whole_delivery import write_whole; from tests.data.demo_files import THIN\n"
        "write_whole(pathlib.Path(sys.argv[1]), THIN, seed=1, city_id=1, clean=True, report=lambda *_: None)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "54321", "TZ": "Pacific/Auckland"}
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=root, env=environment, check=True)
    names = sorted(path.name for path in city.folder.iterdir())
    assert names == sorted(path.name for path in tmp_path.iterdir())
    assert len(names) > 40
    assert filecmp.cmpfiles(city.folder, tmp_path, names, shallow=False)[1:] == ([], [])


def test_buildings_stand_in_their_estate_clear_of_water_and_of_pipes(city):
    buildings, estates = city.geojson_wgs84("buildings"), city.geojson_wgs84("estates").set_index("code")
    shapes = buildings.geometry.to_numpy()
    assert len(buildings) == THIN.quarters * THIN.buildings
    assert shapely.contains(estates.loc[buildings["estate_code"]].geometry.to_numpy(), shapes).all()
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="intersects")
    assert (first == second).all()
    assert len(tree.query(city.geojson_wgs84("water").geometry.to_numpy(), predicate="intersects")[0]) == 0
    pipes = shapely.force_2d(city.pipes.to_crs(4326).geometry.to_numpy())
    pipe, building = shapely.STRtree(shapes).query(pipes, predicate="intersects")
    assert (shapely.length(shapely.intersection(pipes[pipe], shapes[building])) * 111_100).max(initial=0.0) < 0.02


@pytest.mark.parametrize("side", ["supply", "return"])
def test_every_inlet_is_fed_through_open_valves_by_a_running_source(city, side):
    built = side_graph(city, side)
    graph = nx.Graph(built.graph)
    for code in city.substations["编号"]:
        graph.add_edge(built.node_of[f"primary:{code}"], built.node_of[f"secondary:{code}"])
    running = city.sources.loc[city.sources["running"].astype(str).str.lower() == "true", "code"]
    assert len(running) == 126  # every second helper of a plant stands by
    reached = set().union(*(nx.node_connected_component(graph, built.node_of[code]) for code in running))
    assert all(built.node_of[code] in reached for code in city.inlets["code"])


def test_the_primary_network_is_one_ringed_whole_around_the_old_town_and_islands_in_the_towns(city):
    built = side_graph(city, "supply", ties_as_they_are=False)
    primary = set(np.flatnonzero((city.pipes[city.pipes["side"] == "supply"]["network_level"] != "secondary").to_numpy()))
    graph = nx.Graph((a, b) for a, b, pipe in built.graph.edges(data="pipe") if pipe in primary)
    parts = sorted(nx.connected_components(graph), key=len)
    assert len(parts) == 1 + len(TOWNS)
    assert graph.number_of_edges() - graph.number_of_nodes() + len(parts) > 300
    sources = {built.node_of[code] for code in city.sources["code"]}
    assert all(len(sources & part) > 1 for part in parts)


def test_no_two_valves_of_a_side_share_a_place(city):
    for _, valves in city.valves.groupby("side"):
        assert len(cKDTree(shapely.get_coordinates(valves.geometry.to_numpy())).query_pairs(0.5)) == 0


def test_pipe_numbers_start_with_the_district_they_lie_in_and_stand_once(city):
    codes = city.pipes["code"]
    assert codes.is_unique
    assert codes.str.fullmatch(r"2201\d\dRS[012][GH]\d{7}").all()
    assert codes.str[:6].nunique() >= 8
    assert set(city.pipes["network_level"]) == {"transmission", "primary", "secondary"}


def test_zones_overlap_districts_and_devices_stand_outside_the_built_up_extent(city):
    zones, districts = city.geojson_wgs84("zones"), city.geojson("districts")
    zone, _ = shapely.STRtree(districts.geometry.to_numpy()).query(zones.geometry.to_numpy(), predicate="overlaps")
    assert len(zones) == 6
    assert np.bincount(zone, minlength=6).max() >= 2
    devices = city.table_wgs84("heating_devices")
    assert set(devices["device_type"]) == {ROOM_TERMINAL} | {each.name for each in DEVICE_TYPES}
    assert len(DEVICE_TYPES) == 17
    coverage = city.geojson_wgs84("coverage").set_index("code")
    urban = coverage.loc["CSFW"].geometry
    assert not shapely.contains_xy(urban, devices["lon"], devices["lat"]).any()
    buildings = city.geojson_wgs84("buildings").geometry.to_numpy()
    shapely.prepare(urban)
    assert shapely.contains(urban, buildings).all()


def test_what_watches_the_city_names_what_there_is(city):
    sensors, devices, gateways, cameras, air, villages, homes = (
        city.table_wgs84(name)
        for name in ("room_sensors", "heating_devices", "gateways", "cameras", "air_stations", "villages", "households")
    )
    stations, houses = set(city.substations["编号"]), city.sources["code"].str.startswith("GLF")
    assert len(cameras) == 3 * (len(stations) + houses.sum())
    assert set(cameras["of_code"]) == stations | set(city.sources.loc[houses, "code"])
    assert set(gateways["code"]) == set(sensors["gateway_code"]) | set(devices["gateway_code"])
    assert set(gateways["of_code"]) <= stations | set(villages["code"])
    assert set(sensors["building_code"]) <= set(city.geojson("buildings")["code"])
    assert set(devices["household_code"]) <= set(homes["code"])
    assert set(homes["village_code"]) <= set(villages["code"])
    assert (len(villages), len(air), len(homes)) == (2_200, 150 + 17, THIN.quarters * THIN.households)


def test_two_estates_have_rows_of_heat_users_which_their_sensors_name(city):
    users = pd.read_csv(city.folder / "heat_users.csv")
    buildings = city.geojson("buildings").set_index("code")
    held = buildings.loc[users["building_code"].unique()]
    assert held["estate_code"].nunique() == 2
    assert len(held) == buildings["estate_code"].isin(held["estate_code"]).sum()
    assert (users.groupby("building_code").size() == held["heat_user_count"]).all()
    tied = city.table_wgs84("room_sensors").dropna(subset="heat_user_code")
    assert len(tied) > 0
    assert set(tied["heat_user_code"]) <= set(users["code"])


def test_389_projects_stand_in_17_areas(city):
    projects = pd.read_excel(city.folder / "projects.xlsx", sheet_name="项目库")
    areas = set(city.geojson("districts")["adcode"].astype(str)) | set(city.geojson_wgs84("zones")["code"])
    assert len(projects) == 389
    assert set(projects["区县（开发区）代码"].astype(str)) == areas


def test_names_of_roads_and_estates_stand_once(city):
    for layer in ("roads", "estates", "substations"):
        names = city.substations["名称"] if layer == "substations" else city.geojson(layer)["name"]
        assert names.is_unique


def test_the_import_and_the_network_room_find_nothing_wrong(city, database_url):
    report = run_import(city.folder / "manifest.toml", database_url, seat="test")
    assert [problem for problem in report.problems if problem.severity != "note"] == []
    with connect(database_url) as connection:
        tables, sizes = read_network_tables(connection, 1), read_hydraulic_tables(connection, 1)
        counts = pd.Series(dict(connection.execute("select kind, count(*) from asset group by kind").fetchall()))
    network = build_network(tables)
    assert network.findings == ()
    for plant in tables.sources.loc[tables.sources["kind"] == "plant", "asset_id"].tolist():
        zone = solve_zone(network, sizes, plant)
        assert zone.converged
        assert zone.problems == ()
        assert len(zone.stations.asset_id) > 100
    expected = {
        "plant": 6,
        "plant_branch": 29,
        "boiler_house": 160,
        "company": 70,
        "district": 11,
        "zone": 6,
        "weather_station": 150,
    }
    assert counts[list(expected)].to_dict() == expected
