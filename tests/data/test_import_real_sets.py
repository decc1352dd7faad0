"""Real data sets through the import: boundaries, a village, a water network, mapped pipes, and what must be refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pytest
import shapely

from data.errors import BadManifest, ImportFailed
from data.imports.run import run_import
from data.pool import connect
from gis.errors import GisError
from gis.reading import read_layer
from gis.snapping import join_ends

pytestmark = pytest.mark.store

Import = Callable[..., object]


@pytest.fixture
def bring_in(shared: Path, database_url: str, tmp_path: Path):
    """Return a function that imports layers of the shared data into a city with an extent."""

    def bring_in_(extent: list[float], *layers: str, zone: str = "Asia/Shanghai"):
        path = tmp_path / "manifest.toml"
        city = f'[city]\nid = 1\nname = "城"\nzone = "{zone}"\nextent = {extent}\n[defaults]\nlicence = "as its README says"\n'
        path.write_text(city + "".join(layers), encoding="utf-8")
        return run_import(path, database_url, seat="tests", data_root=shared / "data")

    return bring_in_


def _shapes(url: str, kind: str) -> dict[str, shapely.Geometry]:
    with connect(url) as connection:
        rows = connection.execute(
            "select code, st_asbinary(geom) from asset where kind = %s and geom is not null", (kind,)
        ).fetchall()
    return {row[0]: shapely.from_wkb(bytes(row[1])) for row in rows}


# ---------------------------------------------------------------- boundaries


@pytest.mark.parametrize(
    ("file", "code", "name", "count", "extent"),
    [
        ("changchun_districts", "district_adcode", "district_name", 11, [124, 43, 127.5, 45.5]),
        ("xuchang_districts", "district_adcode", "district_name", 6, [113, 33.5, 114.5, 34.6]),
        ("shaoxing_districts", "district_adcode", "district_name", 6, [119.8, 29.2, 121.3, 30.3]),
        ("jilin_cities", "city_adcode", "city_name", 9, [121.5, 40.8, 131.4, 46.4]),
        ("tibet_cities", "city_adcode", "city_name", 7, [78, 26, 100, 37]),
        ("tibet_districts", "district_adcode", "district_name", 74, [78, 26, 100, 37]),
        ("tibet_province", "province_adcode", "province_name", 1, [78, 26, 100, 37]),
    ],
)
def test_boundaries_of_tianditu_come_whole_and_valid(
    bring_in, shared: Path, database_url: str, file: str, code: str, name: str, count: int, extent: list[float]
) -> None:
    path = f"admin-cn-tianditu/{file}.geojson"
    layer = (
        f'[[layer]]\nfile = "{path}"\nkind = "district"\ndatum = "cgcs2000"\n[layer.columns]\ncode = "{code}"\nname = "{name}"\n'
    )
    report = bring_in(extent, layer)
    assert [(item.read, item.new, item.rejected) for item in report.layers] == [(count, count, 0)]
    stored = _shapes(database_url, "district")
    assert len(stored) == count
    assert all(shape.is_valid for shape in stored.values())
    source = geopandas.read_file(shared / "data" / path)
    area = {str(int(row[code])): row.geometry.area for _, row in source.iterrows()}
    for key, shape in stored.items():
        assert shape.area == pytest.approx(area[key], rel=1e-3), key


# ---------------------------------------------------------------- other systems


def test_a_village_in_utm_lies_where_another_program_puts_it(bring_in, shared: Path, database_url: str) -> None:
    folder = shared / "data/net-village-topotherm"
    layers = [
        f'[[layer]]\nfile = "net-village-topotherm/{file}"\nkind = "{kind}"\ndatum = "epsg:25832"\n[layer.columns]\n{columns}\n'
        for file, kind, columns in (
            ("roads.gpkg", "road", 'code = "objid"\nname = "nam"'),
            ("sinks.gpkg", "building", 'heat_load_mw = { from = "ts_0", unit = "kW" }'),
        )
    ]
    report = bring_in([9.7, 50.1, 10.0, 50.4], *layers, zone="Europe/Berlin")
    assert sum(item.new for item in report.layers) == 297
    wanted = geopandas.read_file(folder / "roads.gpkg").to_crs(4326)
    stored = _shapes(database_url, "road")
    assert len(stored) == 97
    for row in wanted.itertuples():
        assert shapely.hausdorff_distance(stored[row.objid], row.geometry) < 1e-7
    with connect(database_url) as connection:
        row = connection.execute(
            "select sum((attributes ->> 'heat_load_mw')::float) from asset where kind = 'building'"
        ).fetchone()
    assert row is not None
    assert row[0] == pytest.approx(geopandas.read_file(folder / "sinks.gpkg")["ts_0"].sum() / 1000, rel=1e-9)


KY4 = """
[[layer]]
file = "net-ky4-water/{file}"
kind = "pipe"
datum = "epsg:3547"
[layer.columns]
code = "name"
dn = {{ from = "diameter", unit = "m" }}
length_m = "length"
network_level = {{ value = "secondary" }}
side = {{ value = "supply" }}
"""


def _ends(url: str) -> np.ndarray:
    shapes = list(_shapes(url, "pipe").values())
    return np.array([end for shape in shapes for end in (shape.coords[0], shape.coords[-1])])


def test_a_network_in_us_survey_feet_keeps_its_joints_and_lengths(bring_in, shared: Path, database_url: str) -> None:
    report = bring_in([-86.0, 37.5, -85.0, 38.5], KY4.format(file="ky4_pipes.geojson"), zone="America/New_York")
    assert sum(item.new for item in report.layers) == 1156
    source = json.loads((shared / "data/net-ky4-water/ky4_pipes.geojson").read_text())["features"]
    nodes = {tuple(line["geometry"]["coordinates"][end]) for line in source for end in (0, -1)}
    assert len(np.unique(_ends(database_url), axis=0)) == len(nodes)
    with connect(database_url) as connection:
        row = connection.execute(
            "select percentile_cont(0.5) within group (order by st_length(geom::geography) / (attributes ->> 'length_m')::float)"
            " from asset where kind = 'pipe'"
        ).fetchone()
    assert row is not None
    assert row[0] == pytest.approx(1, abs=0.01)


def test_ends_that_were_pulled_apart_meet_again_within_a_tolerance(bring_in, shared: Path, database_url: str) -> None:
    """The set moves each end by 2.9 m on average and 12 m at most; the file it was made from says which ends were one."""
    bring_in([-86.0, 37.5, -85.0, 38.5], KY4.format(file="ky4_disconnected_pipes.geojson"), zone="America/New_York")
    shapes = _shapes(database_url, "pipe")
    source = json.loads((shared / "data/net-ky4-water/ky4_pipes.geojson").read_text())["features"]
    ends = [
        (tuple(item["geometry"]["coordinates"][place]), shapes[item["properties"]["name"]].coords[place])
        for item in source
        for place in (0, -1)
    ]
    table = pandas.DataFrame({"node": pandas.factorize(pandas.Series([node for node, _ in ends]))[0]})
    joints = table.groupby("node").filter(lambda group: len(group) > 1).index

    def reunited(tolerance_m: float) -> float:
        table["end"] = join_ends(np.array([place for _, place in ends]), np.zeros(len(ends)), tolerance_m)
        return float((table.loc[joints].groupby("node")["end"].nunique() == 1).mean())

    assert reunited(1.0) < 0.05
    assert reunited(9.0) > 0.9


def test_pipes_mapped_in_helsinki_keep_their_medium(bring_in, database_url: str) -> None:
    layer = """
[[layer]]
file = "city-helsinki-osm-pbf/pipelines.geojson"
kind = "pipe"
key = "osm_id"
where = { medium = ["heat", "gas"] }
datum = "wgs84"
[layer.columns]
code = "osm_id"
medium = "medium"
"""
    report = bring_in([24.8, 60.1, 25.1, 60.3], layer, zone="Europe/Helsinki")
    assert [item.new for item in report.layers] == [30]
    with connect(database_url) as connection:
        rows = connection.execute(
            "select attributes ->> 'medium', count(*), round(sum(st_length(geom::geography))) from asset group by 1 order by 1"
        ).fetchall()
    assert [(medium, count) for medium, count, _ in rows] == [("gas", 10), ("heat", 20)]
    assert [int(length_m) for _, _, length_m in rows] == pytest.approx([844, 2318], abs=3)


def test_roofs_keep_their_heights(bring_in, database_url: str, shared: Path) -> None:
    layer = """
[[layer]]
file = "city-goerlitz-lod2/lod2_surfaces.geojson"
kind = "building"
where = { Geometr_3D = "Ground" }
datum = "epsg:25833"
[layer.columns]
code = "ID"
height_m = "H_Objekt"
storeys = "Stockwerke"
"""
    source = json.loads((shared / "data/city-goerlitz-lod2/lod2_surfaces.geojson").read_text())["features"]
    ground = [item for item in source if item["properties"]["Geometr_3D"] == "Ground"]
    report = bring_in([14.9, 51.1, 15.1, 51.2], layer, zone="Europe/Berlin")
    assert report.layers[0].read == len(ground) > 20
    stored = _shapes(database_url, "building")
    before = {item["properties"]["ID"]: shapely.geometry.shape(item["geometry"]) for item in ground}
    # a ring that crosses itself is repaired, with heights in between at the crossing
    sound = {code: shape for code, shape in stored.items() if before[code].is_valid}
    assert len(sound) > 500
    for code, shape in sound.items():
        heights = [set(shapely.get_coordinates(each, include_z=True)[:, 2]) for each in (shape, before[code])]
        assert heights[0] == heights[1], code


# ---------------------------------------------------------------- refused


def test_local_metres_without_a_datum_are_refused(bring_in, database_url: str) -> None:
    layer = """
[[layer]]
file = "net-destest/node_data.csv"
kind = "building"
[layer.geometry]
x = "X-Position [m]"
y = "Y-Position [m]"
[layer.columns]
code = "Node"
"""
    with pytest.raises((BadManifest, ImportFailed), match="datum"):
        bring_in([5, 50, 6, 51], layer)
    with connect(database_url) as connection:
        assert connection.execute("select count(*) from asset").fetchone() == (0,)


def _examples(shared: Path, group: str) -> list[Path]:
    return sorted((shared / "data/ogc-conformance/geojsonhint" / group).glob("*.geojson"))


def _reading(path: Path) -> str:
    """Return what the reader says against a file; empty when it reads it."""
    try:
        read_layer(path, encoding="utf-8")
    except GisError as error:
        return str(error)
    return ""


@pytest.mark.plain
def test_features_of_good_geojson_are_read(shared: Path) -> None:
    """A lone geometry is no layer, and a collection without features has no rows; both may be refused."""
    good = _examples(shared, "good")
    assert len(good) >= 10
    said = {path.name: _reading(path) for path in good}
    documents = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in good}
    layers = [name for name, document in documents.items() if document["type"] == "FeatureCollection" and document["features"]]
    assert layers
    assert {name: said[name] for name in layers if said[name]} == {}


@pytest.mark.plain
def test_bad_geojson_is_refused_in_one_line_or_read_for_what_is_left(shared: Path) -> None:
    bad = _examples(shared, "bad")
    assert len(bad) >= 20
    said = {path.name: _reading(path) for path in bad}
    refused = {name: text for name, text in said.items() if text}
    assert len(refused) >= 10
    assert [name for name, text in refused.items() if name not in text or "\n" in text] == []
