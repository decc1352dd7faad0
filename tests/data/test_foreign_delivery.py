"""A delivery that another program wrote, through the import: every vertex comes back to where OpenStreetMap has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely

from data.errors import ImportFailed
from data.imports.report import ImportReport
from data.imports.run import run_import
from data.pool import connect
from gis.snapping import local_metres
from tests.conftest import create_database, drop_database
from tests.foreign_delivery import write_control_points, write_foreign_delivery

pytestmark = pytest.mark.store

MANIFEST = """
reason = "first delivery, by four offices"

[city]
id = 9
name = "上海"
extent = [121.46, 31.21, 121.54, 31.27]

[defaults]
licence = "ODbL 1.0"
attribution = "© OpenStreetMap contributors"

[datums.city]
base = "gk(cgcs2000,3,120,plain)"
control_points = "控制点.csv"
encoding = "gbk"

[[layer]]
file = "楼栋.shp"
kind = "building"
key = "楼栋编号"
datum = "gk(cgcs2000,3,120,prefix)"
datum_evidence = ".prj of the Shapefile"
[layer.columns]
code = "楼栋编号"
name = "名称"
height_m = "高度"
address = "街道"

[[layer]]
file = "基础.gpkg"
layer = "道路"
kind = "road"
key = "编号"
datum = "cgcs2000"
[layer.columns]
code = "编号"
name = "名称"
road_class = "等级"

[[layer]]
file = "路口.csv"
kind = "crossing"
key = "编号"
datum = "gcj02"
datum_evidence = "letter of the traffic office"
[layer.columns]
code = "编号"
[layer.geometry]
x = "经度"
y = "纬度"

[[layer]]
file = "绿地.dxf"
kind = "green"
key = "EntityHandle"
datum = "local(city)"
datum_evidence = "survey office, eight control points"
where = { Layer = "公园" }
"""


@pytest.fixture(scope="module")
def delivery(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the delivery with its manifest."""
    folder = write_foreign_delivery(shared, tmp_path_factory.mktemp("foreign"))
    (folder / "manifest.toml").write_text(MANIFEST, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def imported(delivery: Path, server_url: str) -> Iterator[tuple[str, ImportReport]]:
    """Yield a database with the delivery, and the report."""
    url = create_database(server_url)
    yield url, run_import(delivery / "manifest.toml", url, seat="tests")
    drop_database(url)


def _source(shared: Path, name: str) -> dict[str, shapely.Geometry]:
    features = json.loads((shared / "data/city-shanghai-osm" / f"{name}.geojson").read_text())["features"]
    return {str(item["properties"]["id"]): shapely.geometry.shape(item["geometry"]) for item in features}


def _stored(url: str, kind: str) -> dict[str, shapely.Geometry]:
    with connect(url) as connection:
        rows = connection.execute(
            "select code, st_asbinary(geom) from asset where kind = %s and geom is not null", (kind,)
        ).fetchall()
    return {row[0]: shapely.from_wkb(bytes(row[1])) for row in rows}


def _distance_m(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """Return how far the two are apart where they are farthest, both brought to metres around one place."""
    parts = [shapely.normalize(shape) for shape in (one, other)]
    degrees = np.concatenate([shapely.get_coordinates(part) for part in parts])
    metres = local_metres(degrees)
    count = len(shapely.get_coordinates(parts[0]))
    first, second = (
        shapely.set_coordinates(part, values) for part, values in zip(parts, (metres[:count], metres[count:]), strict=True)
    )
    return float(shapely.hausdorff_distance(first, second))


def test_every_row_is_there(imported: tuple[str, ImportReport]) -> None:
    layers = {layer.kind: (layer.read, layer.new, layer.rejected) for layer in imported[1].layers}
    assert layers == {"building": (1321, 1321, 0), "road": (1094, 1094, 0), "crossing": (77, 77, 0), "green": (20, 20, 0)}


@pytest.mark.parametrize(
    ("kind", "source", "within_m"),
    [("building", "buildings", 0.001), ("road", "roads", 0.001), ("crossing", "pois", 0.001)],
)
def test_every_vertex_is_where_openstreetmap_has_it(imported, shared: Path, kind: str, source: str, within_m: float) -> None:
    stored, wanted = _stored(imported[0], kind), _source(shared, source)
    assert len(stored) > 70
    # shapefiles wind their rings the other way, and GeoPackage makes multi-parts: compared as shapes
    assert max(_distance_m(shape, wanted[code]) for code, shape in stored.items()) < within_m


def test_a_drawing_in_the_city_grid_falls_on_its_parks(imported, shared: Path) -> None:
    """The control points lie in the west, to a millimetre; two kilometres east of them that is two centimetres."""
    parks = shapely.STRtree([*_source(shared, "landuse").values()])
    shapes = list(parks.geometries)
    for shape in _stored(imported[0], "green").values():
        nearest = [
            shapes[row] for row in parks.query(shape) if shapely.get_num_coordinates(shapes[row]) == len(shape.exterior.coords)
        ]
        assert min(_distance_m(shape, other) for other in nearest) < 0.05


def test_chinese_texts_in_gbk_and_utf8_come_through(imported) -> None:
    with connect(imported[0]) as connection:
        names = {row[0] for row in connection.execute("select name from asset").fetchall()}
    assert "上海国际会议中心" in names
    assert any("复兴东路隧道" in name for name in names)


def test_the_residuals_of_the_control_points_are_millimetres(imported) -> None:
    grid = imported[1].grids[0]
    assert len(grid.points) == 8
    assert 0 < grid.rms_m < 0.005


def test_a_control_point_that_is_three_metres_off_is_named(delivery: Path, shared: Path, server_url: str, tmp_path: Path) -> None:
    for file in delivery.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "控制点.csv").unlink()
    write_control_points(shared / "data/city-shanghai-osm/pois.geojson", tmp_path / "控制点.csv", wrong_m=3.0)
    url = create_database(server_url)
    try:
        with pytest.raises(ImportFailed, match="控5"):
            run_import(tmp_path / "manifest.toml", url, seat="tests")
        with connect(url) as connection:
            assert connection.execute("select count(*) from asset").fetchone() == (0,)
    finally:
        drop_database(url)
