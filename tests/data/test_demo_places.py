"""Places, shapes and served ground of the demo cities, judged by the files."""

from __future__ import annotations

import json
from collections import Counter

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from scipy.spatial import cKDTree

from data.buildings import read_buildings
from data.pool import connect
from data.tile_tables import rebuild
from gis.datums import from_wgs84, parse_datum, to_wgs84
from tests.data.demo_files import GK, Delivery, ends_of
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.mesh import extrude

TILING_M2 = 2.0
"""Straight edges of different length bend differently from datum to datum: so much may two neighbours overlap."""
EDGE_M = 0.05


@pytest.fixture(params=["sample", "thin"])
def city(request) -> Delivery:
    return request.getfixturevalue(f"{request.param}_city")


def layer_m(city: Delivery, name: str) -> geopandas.GeoDataFrame:
    """Read a layer of polygons or lines, positions in Gauss-Krueger metres."""
    frame = city.geojson_wgs84(name)
    return frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), lambda lonlat: from_wgs84(lonlat, GK)))


def table_m(city: Delivery, name: str) -> tuple[pd.DataFrame, np.ndarray]:
    frame = city.table_wgs84(name)
    return frame, from_wgs84(frame[["lon", "lat"]].to_numpy(), GK)


def overlap_m2(shapes: np.ndarray) -> float:
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = first < second
    return float(shapely.area(shapely.intersection(shapes[first[pairs]], shapes[second[pairs]])).max(initial=0.0))


def metres_of(outlines: np.ndarray) -> np.ndarray:
    return shapely.transform(outlines, lambda lonlat: from_wgs84(lonlat, GK))


# ---------------------------------------------------------------- the tree


def test_communities_make_up_subdistricts_and_nothing_overlaps(city):
    subdistricts, communities = layer_m(city, "subdistricts"), layer_m(city, "communities")
    for frame in (subdistricts, communities):
        assert overlap_m2(frame.geometry.to_numpy()) < TILING_M2
        assert frame["code"].is_unique
        assert frame["name"].is_unique
    parents = dict(tuple(communities.groupby("parent_code")))
    assert set(parents) == set(subdistricts["code"])
    for code, extent in zip(subdistricts["code"], subdistricts.geometry, strict=True):
        united = shapely.union_all(parents[code].geometry.to_numpy())
        assert united.symmetric_difference(extent).area < TILING_M2


def test_codes_are_built_on_the_district(city):
    districts = set(city.geojson("districts")["adcode"].astype(str))
    subdistricts, communities, townships = (city.geojson(name) for name in ("subdistricts", "communities", "townships"))
    assert subdistricts["code"].str.fullmatch(r"\d{6}0\d\d").all()
    assert communities["code"].str.fullmatch(r"\d{12}").all()
    assert townships["code"].str.fullmatch(r"\d{6}[12]\d\d").all()
    assert set(subdistricts["parent_code"]) | set(townships["parent_code"]) <= districts
    for frame in (subdistricts, communities, townships):
        assert all(code.startswith(parent) for code, parent in zip(frame["code"], frame["parent_code"], strict=True))
    assert not set(subdistricts["code"]) & set(townships["code"])


def test_every_building_lies_in_exactly_one_community(city):
    buildings, communities = layer_m(city, "buildings"), layer_m(city, "communities")
    found, _ = shapely.STRtree(communities.geometry.to_numpy()).query(buildings.geometry.to_numpy(), predicate="within")
    assert np.bincount(found, minlength=len(buildings)).tolist() == [1] * len(buildings)


def test_subdistricts_and_townships_tile_the_districts(thin_city):
    parts = np.concatenate([layer_m(thin_city, name).geometry.to_numpy() for name in ("subdistricts", "townships")])
    districts = metres_of(thin_city.geojson("districts").geometry.to_numpy())
    covered = shapely.union_all(districts)
    together = shapely.union_all(parts)
    # edges of kilometres between few vertices: a metre here and there over 24,000 km2
    assert shapely.area(shapely.symmetric_difference(together, covered)) < 1e-5 * shapely.area(covered)
    assert shapely.area(parts).sum() == pytest.approx(shapely.area(together), rel=1e-6)


def test_the_counts_are_those_of_a_city(thin_city):
    subdistricts, communities, townships = (thin_city.geojson(name) for name in ("subdistricts", "communities", "townships"))
    assert 100 <= len(subdistricts) <= 150
    assert 400 <= len(communities) <= 600
    per_district = Counter(townships["parent_code"])
    assert len(per_district) >= 9
    assert max(per_district.values()) > 15
    roads, crossings = thin_city.geojson("roads"), pd.read_csv(thin_city.folder / "crossings.csv")
    classes = Counter(roads["road_class"])
    assert {"高速公路", "快速路", "主干路", "省道", "次干路", "支路"} == set(classes)
    assert classes["省道"] > 150
    assert len(crossings) > 50 * 56


def test_villages_lie_in_the_township_they_name(city):
    villages, xy = table_m(city, "villages")
    townships = layer_m(city, "townships").set_index("code").geometry
    own = townships.loc[villages["parent_code"].astype(str)].to_numpy()
    assert shapely.distance(own, shapely.points(xy)).max() < EDGE_M


# ---------------------------------------------------------------- roads


def test_a_crossing_lies_on_both_roads_that_its_name_gives(city):
    crossings, xy = table_m(city, "crossings")
    roads = layer_m(city, "roads").set_index("name").geometry
    assert crossings["name"].is_unique
    both = crossings["name"].str.extract(r"^(.+?)与(.+)交叉口$")
    assert both.notna().all(axis=None)
    for column in (0, 1):
        assert shapely.distance(roads.loc[both[column]].to_numpy(), shapely.points(xy)).max() < 0.5


def test_roads_keep_clear_of_buildings(thin_city):
    buildings = np.concatenate([layer_m(thin_city, name).geometry.to_numpy() for name in ("buildings", "halls")])
    roads = layer_m(thin_city, "roads").geometry.to_numpy()
    assert len(shapely.STRtree(buildings).query(roads, predicate="intersects")[0]) == 0


def test_streets_of_the_old_town_are_crooked(thin_city):
    """Turning of a street on its way through a quarter: the four of the old town against all others."""
    roads = layer_m(thin_city, "roads").geometry.to_numpy()[: 50 * 15]
    turning = np.empty(len(roads))
    for index, road in enumerate(roads):
        steps = np.diff(shapely.get_coordinates(road), axis=0)
        heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
        turning[index] = np.abs(np.diff(heading)).sum()
    quarters = turning.reshape(50, 15).mean(axis=1)
    crooked = np.argsort(quarters)[-4:]
    others = np.delete(quarters, crooked)
    assert quarters[crooked].min() > 2.0 * others.max()


# ---------------------------------------------------------------- organisation


def test_companies_name_an_authority_and_hold_a_licence(city):
    companies = pd.read_csv(city.folder / "companies.csv", dtype=str)
    authorities = pd.read_csv(city.folder / "authorities.csv", dtype=str)
    assert set(companies["authority_code"]) <= set(authorities["code"])
    assert companies["licence"].is_unique
    assert companies["name"].is_unique
    assert pd.to_datetime(companies["licence_until"]).dt.year.between(2027, 2031).all()
    assert (authorities["authority_level"] == "city").sum() == 1


def test_the_city_and_each_of_its_17_areas_have_an_authority(thin_city):
    authorities = pd.read_csv(thin_city.folder / "authorities.csv", dtype=str)
    areas = {*thin_city.geojson("districts")["adcode"].astype(str), *thin_city.geojson("zones")["code"]}
    assert set(authorities["code"]) == {f"ZG{code}" for code in (*areas, "220100")}
    companies = pd.read_csv(thin_city.folder / "companies.csv", dtype=str)
    assert companies["authority_code"].nunique() > 8


def test_licence_areas_do_not_overlap_and_hold_what_the_company_serves(city):
    licences = layer_m(city, "licence_areas").set_index("company_code")
    assert overlap_m2(licences.geometry.to_numpy()) < TILING_M2
    coverage = layer_m(city, "coverage")
    served = coverage[coverage["of_kind"] == "company"].set_index("of_code").geometry
    assert set(served.index) == set(licences.index)
    allowed = licences.loc[served.index].geometry.to_numpy()
    assert shapely.area(shapely.difference(served.to_numpy(), allowed)).max() < TILING_M2
    assert (shapely.area(allowed) > shapely.area(served.to_numpy())).all()


def test_coverage_areas_are_of_five_kinds_and_hold_their_members(city):
    coverage = layer_m(city, "coverage")
    assert coverage["code"].is_unique
    assert set(coverage["of_kind"]) == {"city", "company", "plant", "boiler_house", "substation", "estate"}
    ground = coverage.set_index(["of_kind", "of_code"]).geometry
    buildings = layer_m(city, "buildings")
    shapes = buildings.geometry.to_numpy()
    stations = city.substations.set_index("编号")
    source = stations.loc[buildings["substation_code"], "热源编号"]
    company = stations.loc[buildings["substation_code"], "企业编号"]
    kinds = np.where(source.str.startswith("DC"), "plant", "boiler_house")
    holders = {
        "substation": ground["substation"].loc[buildings["substation_code"]],
        "estate": ground["estate"].loc[buildings["estate_code"]],
        "company": ground["company"].loc[company],
        "source": ground.loc[list(zip(kinds, source, strict=True))],
    }
    for holder in holders.values():
        assert (shapely.area(shapely.difference(shapes, holder.to_numpy())) < EDGE_M * 100).all()


def test_coverage_areas_of_one_level_do_not_overlap(city):
    coverage = layer_m(city, "coverage")
    for kinds in (["company"], ["plant", "boiler_house"], ["substation"], ["estate"]):
        assert overlap_m2(coverage[coverage["of_kind"].isin(kinds)].geometry.to_numpy()) < 100.0


# ---------------------------------------------------------------- buildings


def vertices(shapes: np.ndarray) -> np.ndarray:
    """Return how many corners each building has."""
    parts, building = shapely.get_parts(shapes, return_index=True)
    _, part = shapely.get_rings(parts, return_index=True)
    return shapely.get_num_coordinates(shapes) - np.bincount(building[part], minlength=len(shapes))


def test_buildings_come_in_many_shapes(city):
    shapes = city.geojson("buildings").geometry.to_numpy()
    corners = vertices(shapes)
    assert shapely.is_valid(shapes).all()
    assert 0.2 < (corners == 4).mean() < 0.8
    assert {4, 6, 8, 12} <= set(corners.tolist())
    assert (corners > 16).sum() > 0.01 * len(corners)
    blocks = shapely.get_num_geometries(shapes)
    assert set(blocks.tolist()) == {1, 2, 3}
    assert (blocks > 1).sum() > 0.01 * len(shapes)


def test_most_schools_and_hospitals_look_like_ones(city):
    buildings = city.geojson("buildings")
    special = buildings[buildings["critical_use"].isin(["学校", "医院"])]
    assert len(special) > 5
    assert (vertices(special.geometry.to_numpy()) == 12).mean() > 0.6
    assert special["storeys"].ge(3).all()


def test_buildings_of_several_blocks_reach_store_tiles_and_meshes(sample_city, sample_copy_url):
    shapes = sample_city.geojson("buildings").geometry.to_numpy()
    several = int((shapely.get_num_geometries(shapes) > 1).sum())
    with connect(sample_copy_url) as connection:
        rebuild(connection, 1, None)
        tiled = connection.execute("select count(*) from tile_building where st_numgeometries(geom) > 1").fetchone()
        read = read_buildings(connection, 1)
    assert tiled == (several,)
    footprints = shapely.from_wkb(read.outlines_wkb)
    blocks = shapely.get_num_geometries(footprints)
    assert (blocks > 1).sum() == several > 20
    count = len(read)
    solids = extrude(footprints, Frame.at(125.3, 43.85), lift_m=np.zeros(count), height_m=np.full(count, 9.0))
    walls = np.bincount(solids.owners[np.abs(solids.normals[:, 2]) < 0.5], minlength=len(read)) // 4
    np.testing.assert_array_equal(walls, vertices(footprints))


# ---------------------------------------------------------------- files


def test_chambers_come_as_texts_of_a_drawing_and_lie_on_the_network(sample_city):
    drawing = pyogrio.read_dataframe(sample_city.folder / "chambers.dxf")
    assert b"ANSI_936" in (sample_city.folder / "chambers.dxf").read_bytes()
    assert set(drawing["Layer"]) == {"小室", "道路中心线"}
    chambers = drawing[drawing["Layer"] == "小室"]
    assert chambers["Text"].str.fullmatch(r"XS\d{6}").all()
    assert chambers["Text"].is_unique
    datum = parse_datum("local(demo_grid)", sample_city.grids)
    xy = from_wgs84(to_wgs84(shapely.get_coordinates(chambers.geometry.to_numpy()), datum), GK)
    first, last = ends_of(sample_city.pipes.geometry)
    away, _ = cKDTree(np.vstack([first, last])).query(xy)
    assert away.max() < 0.02


def test_control_points_fit_the_grid_to_millimetres(city):
    points = pd.read_csv(city.folder / "control_points.csv")
    assert len(points) == 12
    assert points["name"].is_unique
    grid = city.grids["demo_grid"]
    turn = np.exp(1j * np.radians(grid.rotation_deg))
    fitted = grid.dx_m + 1j * grid.dy_m + grid.scale * turn * (points["x"] + 1j * points["y"])
    off = np.abs(fitted - (points["x_base"] + 1j * points["y_base"]))
    assert 0.0005 < off.max() < 0.02


def test_the_import_lists_the_residuals_of_the_control_points(sample):
    assert "示例控制点07" in json.dumps(sample.imported.as_dict(), ensure_ascii=False)
