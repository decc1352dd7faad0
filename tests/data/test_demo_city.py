"""The sample city, judged by its files."""

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
import rasterio
import shapely
from scipy.spatial import cKDTree

from data.demo.city import write_city
from data.demo.sizes import size_of
from data.errors import BadDemo
from data.imports.manifest import read_manifest
from tests.data.demo_files import JOIN_M, Delivery, ends_of, side_graph

pytestmark = pytest.mark.plain


@pytest.fixture
def city(sample_city: Delivery) -> Delivery:
    return sample_city


def wgs84(frame):
    return frame.to_crs(4326).geometry.to_numpy()


# ---------------------------------------------------------------- files


def test_the_same_seed_gives_the_same_bytes_in_another_process_and_time_zone(city, tmp_path):
    script = "import sys, pathlib, data.demo.city as demo; demo.write_city(pathlib.Path(sys.argv[1]), clean=True)"
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "TZ": "Pacific/Auckland", "LC_ALL": "C.UTF-8"}
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "again")], cwd=root, env=environment, check=True)
    names = sorted(path.name for path in city.folder.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "again").iterdir())
    match, mismatch, errors = filecmp.cmpfiles(city.folder, tmp_path / "again", names, shallow=False)
    assert (mismatch, errors) == ([], [])
    assert len(match) == len(names) > 20


def test_another_seed_gives_another_city(city, second_city):
    other = second_city.folder
    assert (other / "buildings.geojson").read_bytes() != (city.folder / "buildings.geojson").read_bytes()
    assert (other / "districts.geojson").read_bytes() == (city.folder / "districts.geojson").read_bytes()


def test_the_manifest_fits_the_format_and_names_every_file(city):
    manifest = read_manifest(city.folder / "manifest.toml")
    assert (manifest.city.id, manifest.city.name, manifest.city.synthetic) == (1, "示例城区", True)
    assert "合成" in manifest.city.attribution
    named = manifest.files() | {"manifest.toml"}
    assert {path.name for path in city.folder.iterdir() if path.suffix not in {".dbf", ".shx", ".prj", ".cpg"}} == named


def test_the_delivery_comes_in_the_datums_and_encodings_of_the_field(city):
    datums = {layer.get("datum", "") for layer in city.manifest["layer"]}
    assert {"gcj02", "gk(cgcs2000,3,126,plain)", "local(demo_grid)", "cgcs2000"} <= datums
    suffixes = {Path(layer["file"]).suffix for layer in city.manifest["layer"]}
    assert {".geojson", ".gpkg", ".shp", ".csv"} <= suffixes
    assert city.substations["名称"].iloc[0].encode("gbk") in (city.folder / "substations.dbf").read_bytes()


def test_progress_rises_to_one(tmp_path):
    told = []
    write_city(tmp_path, progress=lambda message, fraction: told.append((message, fraction)))
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_a_size_that_does_not_exist_is_refused_with_those_that_do(tmp_path):
    with pytest.raises(BadDemo, match=r"'village' is not a size .* sample"):
        write_city(tmp_path, size="village")


# ---------------------------------------------------------------- counts and codes


@pytest.fixture
def third_city(tmp_path) -> Delivery:
    return Delivery(write_city(tmp_path, seed=3, clean=True).parent)


@pytest.mark.parametrize("seeded", ["sample_city", "second_city", "third_city"])
def test_the_sample_has_its_stated_size(seeded, request):
    city: Delivery = request.getfixturevalue(seeded)
    assert 900 <= len(city.geojson("buildings")) <= 1100
    assert len(city.substations) == size_of("sample").substations == 60
    assert 4500 <= len(city.pipes) <= 5500
    assert sorted(city.sources["source_kind"]) == ["电厂", "锅炉房"]
    assert 30 <= len(city.geojson("estates")) <= 45
    assert len(pd.read_csv(city.folder / "room_sensors.csv")) == 60


def test_no_code_stands_twice_and_pipe_numbers_fit_the_standard(city):
    for codes in (
        city.pipes["code"],
        city.valves["code"],
        city.inlets["code"],
        city.substations["编号"],
        pd.concat([city.geojson("buildings")["code"], city.geojson("halls")["code"]]),
        pd.read_csv(city.folder / "pipe_points.csv")["code"],
    ):
        assert codes.is_unique
    assert city.pipes["code"].str.fullmatch(r"[0-9A-Z]{17}").all()
    ends = pd.concat([city.pipes["start_code"], city.pipes["end_code"]])
    assert ends.str.len().le(8).all()


def test_pipe_ends_name_things_that_exist(city):
    known = {*city.valves["code"], *city.inlets["code"], *city.substations["编号"], *city.sources["code"], *city.stations["code"]}
    known |= set(pd.read_csv(city.folder / "pipe_points.csv")["code"])
    assert set(city.pipes["start_code"]) | set(city.pipes["end_code"]) <= known


def test_references_between_tables_hold(city):
    buildings, estates = city.geojson("buildings"), city.geojson("estates")
    assert set(buildings["estate_code"]) == set(estates["code"])
    assert set(buildings["substation_code"]) == set(city.substations["编号"])
    assert set(city.inlets["building_code"]) == set(buildings["code"])
    assert set(city.substations["热源编号"]) == set(city.sources["code"])
    companies = set(pd.read_csv(city.folder / "companies.csv")["code"])
    assert {*city.pipes["company_code"], *city.substations["企业编号"], *estates["company_code"]} <= companies
    assert {"医院", "学校"} <= set(buildings["critical_use"].dropna())


def test_substations_add_up_to_their_buildings(city):
    buildings = city.geojson("buildings")
    area = buildings.groupby("substation_code")["heated_area_m2"].sum()
    stated = city.substations.set_index("编号")["供热面积"]
    assert np.allclose(area.loc[stated.index], stated, atol=0.1)
    load = buildings.groupby("substation_code")["heat_load_mw"].sum()
    assert (city.substations.set_index("编号")["供热能力"] > load.loc[stated.index]).all()
    assert city.sources["design_power_mw"].sum() > buildings["heat_load_mw"].sum()


# ---------------------------------------------------------------- map


def test_buildings_keep_clear_of_water_roads_and_each_other(city):
    buildings = np.concatenate([city.geojson(name).geometry.to_numpy() for name in ("buildings", "halls")])
    assert shapely.is_valid(buildings).all()
    first, second = shapely.STRtree(buildings).query(buildings, predicate="intersects")
    assert (first == second).all()
    for name in ("water", "roads"):
        others = city.geojson(name).geometry.to_numpy()
        assert len(shapely.STRtree(others).query(buildings, predicate="intersects")[0]) == 0


def test_buildings_stand_in_their_estate(city):
    buildings, estates = city.geojson("buildings"), city.geojson("estates").set_index("code")
    assert shapely.contains(estates.loc[buildings["estate_code"]].geometry.to_numpy(), buildings.geometry.to_numpy()).all()


def test_some_courts_have_holes_and_heights_follow_storeys(city):
    buildings = city.geojson("buildings")
    assert (shapely.get_num_interior_rings(buildings.geometry.to_numpy()) > 0).sum() > 20
    assert buildings["storeys"].between(3, 33).all()
    assert (buildings["height_m"] / buildings["storeys"]).between(2.8, 3.4).all()


def test_the_quarter_lies_in_one_district(city):
    districts = city.geojson("districts")
    buildings = shapely.GeometryCollection(city.geojson_wgs84("buildings").geometry.to_list())
    holding = districts[shapely.contains(districts.geometry.to_numpy(), buildings)]
    assert len(holding) == 1
    assert city.pipes["code"].str.startswith(str(holding["adcode"].iloc[0])).all()


def test_layers_of_different_datums_meet_on_the_ground(city):
    """Inlets come in Gauss-Krueger metres, buildings in GCJ-02 (half a kilometre off), sensors in the city's grid."""
    buildings = city.geojson_wgs84("buildings").set_index("code").geometry
    scale = np.array([80_300.0, 111_100.0])  # metres per degree here
    inlets = shapely.transform(wgs84(city.inlets), lambda xy: xy * scale)
    facades = shapely.transform(buildings.loc[city.inlets["building_code"]].to_numpy(), lambda xy: xy * scale)
    assert shapely.distance(inlets, facades).max() < 0.02
    sensors = city.table_wgs84("room_sensors")
    rooms = buildings.loc[sensors["building_code"]].to_numpy()
    assert shapely.contains(rooms, shapely.points(sensors["lon"], sensors["lat"])).all()


def test_no_pipe_lies_under_a_building(city):
    buildings = city.geojson_wgs84("buildings").geometry.to_numpy()
    pipes = wgs84(city.pipes)
    pipe, building = shapely.STRtree(buildings).query(pipes, predicate="intersects")
    under_m = shapely.length(shapely.intersection(shapely.force_2d(pipes[pipe]), buildings[building])) * 111_100
    assert under_m.max(initial=0.0) < 0.02  # an inlet sits on its facade to a centimetre


# ---------------------------------------------------------------- network


@pytest.mark.parametrize("side", ["supply", "return"])
def test_no_pipe_end_is_loose(city, side):
    """Every end meets another end of its side and level, or a station, source or inlet."""
    built = side_graph(city, side, ties_as_they_are=False)
    anchors = set(built.node_of.values())
    assert [node for node, degree in built.graph.degree if degree == 1 and node not in anchors] == []
    assert [name for name, node in built.node_of.items() if built.graph.degree[node] == 0] == []


@pytest.mark.parametrize("side", ["supply", "return"])
def test_a_valve_sits_where_exactly_two_ends_of_its_side_meet(city, side):
    valves = shapely.get_coordinates(city.valves[city.valves["side"] == side].geometry.to_numpy())
    for other, expected in (("supply", 2 if side == "supply" else 0), ("return", 2 if side == "return" else 0)):
        first, last = ends_of(city.pipes[city.pipes["side"] == other].geometry)
        near = cKDTree(np.vstack([first, last])).query_ball_point(valves, JOIN_M, return_length=True)
        assert (near == expected).all()


def test_every_building_is_reached_from_a_source_over_supply_pipes(city):
    """NetworkX flood: sources, open primary pipes, exchangers, secondary pipes, inlets."""
    built = side_graph(city, "supply")
    graph = nx.Graph(built.graph)
    for code in city.substations["编号"]:
        graph.add_edge(built.node_of[f"primary:{code}"], built.node_of[f"secondary:{code}"])
    reached = set()
    for code in city.sources["code"]:
        reached |= nx.node_connected_component(graph, built.node_of[code])
    assert all(built.node_of[code] in reached for code in city.inlets["code"])


def test_a_building_hangs_on_the_substation_it_names(city):
    built = side_graph(city, "supply")
    for code in city.substations["编号"]:
        tree = nx.node_connected_component(built.graph, built.node_of[f"secondary:{code}"])
        declared = set(city.inlets.loc[city.inlets["substation_code"] == code, "code"])
        assert declared == {inlet for inlet in city.inlets["code"] if built.node_of[inlet] in tree}
        assert len(tree) - 1 == built.graph.subgraph(tree).number_of_edges()


def test_the_primary_network_has_rings_and_two_ways_in(city):
    built = side_graph(city, "supply")
    primary = set(np.flatnonzero((city.pipes[city.pipes["side"] == "supply"]["network_level"] == "primary").to_numpy()))
    graph = nx.Graph((a, b) for a, b, pipe in built.graph.edges(data="pipe") if pipe in primary)
    rings = graph.number_of_edges() - graph.number_of_nodes() + nx.number_connected_components(graph)
    assert rings >= 3
    sources = [built.node_of[code] for code in city.sources["code"]]
    assert nx.has_path(graph, *sources)


def test_closed_ties_hold_back_water_on_both_sides(city):
    ties = city.valves[city.valves["tie"].astype(bool)]
    closed = ties[ties["normal_state"] == "closed"]
    assert len(ties) > len(closed) >= 2
    assert (closed.groupby("pair_code").size() == 2).all()
    assert (city.valves["operability"] == "usable").mean() > 0.85
    assert (city.valves["operability"] == "stuck").any()


def test_supply_and_return_lie_side_by_side(city):
    supply = city.pipes[city.pipes["side"] == "supply"].set_index("pair_code")
    back = city.pipes[city.pipes["side"] == "return"].set_index("pair_code").loc[supply.index]
    assert len(supply) == len(back) == len(city.pipes) / 2
    middle = shapely.line_interpolate_point(supply.geometry.to_numpy(), 0.5, normalized=True)
    apart = shapely.distance(middle, back.geometry.to_numpy())
    assert ((apart > 0.6) & (apart < 1.2)).all()


def test_valves_guard_every_substation_and_source(city):
    """Cutting all valves' nodes separates every substation and source from the mains."""
    built = side_graph(city, "supply")
    pipes = city.pipes[city.pipes["side"] == "supply"].reset_index(drop=True)
    first, last = ends_of(pipes.geometry)
    _, at = cKDTree(np.vstack([first, last])).query(
        shapely.get_coordinates(city.valves[city.valves["side"] == "supply"].geometry.to_numpy())
    )
    cut = built.graph.copy()
    cut.remove_nodes_from(np.concatenate([built.starts, built.ends])[at].tolist())
    alone = [nx.node_connected_component(cut, built.node_of[f"primary:{code}"]) for code in city.substations["编号"]]
    alone += [nx.node_connected_component(cut, built.node_of[code]) for code in city.sources["code"]]
    assert {len(part) for part in alone} == {1}


def test_heat_flows_as_drawn_from_the_sources_to_every_inlet_and_back(city):
    """Follow only the stated flow directions (0 start to end, 1 end to start, 2 both)."""
    for side, backwards in (("supply", False), ("return", True)):
        built = side_graph(city, side)
        pipes = city.pipes[city.pipes["side"] == side].reset_index(drop=True)
        directed = nx.DiGraph()
        for a, b, pipe in built.graph.edges(data="pipe"):
            start, end = int(built.starts[pipe]), int(built.ends[pipe])
            assert {a, b} == {start, end}
            flow = pipes["flow_direction"].iloc[pipe]
            if (flow == "0") != backwards or flow == "2":
                directed.add_edge(start, end)
            if (flow == "1") != backwards or flow == "2":
                directed.add_edge(end, start)
        for code in city.substations["编号"]:
            directed.add_edge(built.node_of[f"primary:{code}"], built.node_of[f"secondary:{code}"])
        reached = set().union(*(nx.descendants(directed, built.node_of[code]) for code in city.sources["code"]))
        assert all(built.node_of[code] in reached for code in city.inlets["code"])


def test_pipes_are_wide_enough_for_their_substation(city):
    """Velocity from the load: 50 K on the branch, water of 965 kg/m3; under 3 m/s and not absurdly wide."""
    branches = city.pipes[(city.pipes["side"] == "supply") & (city.pipes["network_level"] == "primary")]
    load = city.geojson("buildings").groupby("substation_code")["heat_load_mw"].sum()
    for code, load_mw in load.items():
        pipe = branches[branches["end_code"] == code].iloc[0]
        bore_m = (pipe["outer_diameter_mm"] - 2 * pipe["wall_mm"]) / 1000
        velocity_m_per_s = load_mw * 1e6 / (4190 * 50 * 965) / (np.pi / 4 * bore_m**2)
        assert 0.3 < velocity_m_per_s < 3.0


def test_pipe_heights_follow_the_ground_raster(city):
    pipes = city.pipes
    xyz, row = shapely.get_coordinates(pipes.geometry.to_numpy(), include_z=True, return_index=True)
    lonlat = shapely.get_coordinates(wgs84(pipes))
    with rasterio.open(city.folder / "ground.tif") as raster:
        assert (raster.crs.to_epsg(), raster.dtypes[0], raster.nodata) == (4326, "float32", -9999.0)
        heights = np.array([value[0] for value in raster.sample(lonlat.tolist())])
    assert heights.min() > 185.0
    assert heights.max() < 235.0
    cover = heights - xyz[:, 2] - pipes["outer_diameter_mm"].to_numpy()[row] / 2000 - pipes["burial_depth_m"].to_numpy()[row]
    assert np.abs(cover).max() < 0.8  # cells of 10 m on slopes of a few per cent
    assert abs(np.median(cover)) < 0.02
