"""The manifests that ship, run on the real data sets with a real PostGIS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from data.imports.manifest import locate_manifest
from data.imports.report import ImportReport
from data.imports.run import run_import
from data.pool import connect
from gis.snapping import local_metres
from tests.conftest import create_database, drop_database
from tests.data.import_helpers import table_dump

pytestmark = pytest.mark.store


@pytest.fixture(scope="module")
def cities(server_url: str, shared: Path) -> Iterator[tuple[str, dict[str, ImportReport]]]:
    """Yield one database with the three shipped cities side by side, and their reports."""
    url = create_database(server_url)
    names = ("schutterwald", "shanghai", "changchun_districts")
    yield url, {name: run_import(locate_manifest(name), url, seat="test", data_root=shared / "data") for name in names}
    drop_database(url)


def _frame(url: str, statement: str) -> geopandas.GeoDataFrame:
    with connect(url) as connection:
        rows = connection.execute(statement).fetchall()  # type: ignore[arg-type]
    geometry = shapely.from_wkb([None if row[-1] is None else bytes(row[-1]) for row in rows])
    return geopandas.GeoDataFrame({"code": [row[0] for row in rows]}, geometry=geometry)


def _kind(url: str, city_id: int, kind: str, condition: str = "true") -> geopandas.GeoDataFrame:
    return _frame(
        url, f"select code, st_asbinary(geom) from asset where city_id = {city_id} and kind = '{kind}' and {condition} order by 1"
    )


def test_schutterwald_reports_its_dirt_and_imports_every_row(cities) -> None:
    report = cities[1]["schutterwald"]
    assert report.count("zero_length", "pipe") == 68
    assert report.count("no_geometry", "junction") == 6
    assert [layer.new for layer in report.layers] == [488, 482, 4, 44, 1, 2559]
    assert sum(layer.rejected for layer in report.layers) == 0
    zero = [problem for problem in report.problems if problem.rule == "zero_length"]
    assert zero[0].file == "net-schutterwald/sw_heat.json"
    assert zero[0].row == 89


def test_the_swapped_axes_of_the_net_are_found_and_turned_round(cities, shared: Path) -> None:
    url, reports = cities
    swapped = [problem for problem in reports["schutterwald"].problems if problem.rule == "swapped_axes"]
    assert {problem.layer.split(" ")[0] for problem in swapped} >= {"sw_heat.json:junction", "sw_heat.json:pipe"}
    assert all("100% when turned round" in problem.message for problem in swapped)
    right = geopandas.read_file(shared / "data/net-schutterwald/heat_junctions.geojson").dropna(subset="geometry")
    expected = dict(zip("J" + right["junction"].astype(str), right.geometry, strict=True))
    stored = _kind(url, 101, "pipe_point", "geom is not null")
    assert len(stored) == len(expected) == 482
    for code, point in zip(stored["code"], stored.geometry, strict=True):
        assert point.distance(expected[code]) < 1e-6


def test_the_gas_pipes_lie_in_the_streets_of_the_heat_network(cities) -> None:
    """Without the DHDN datum shift the median would be over 100 m."""
    url, reports = cities
    gas = _kind(url, 101, "pipe", "attributes ->> 'medium' = 'gas'")
    junctions = _kind(url, 101, "pipe_point", "geom is not null")
    everything = np.concatenate((gas.geometry.to_numpy(), junctions.geometry.to_numpy()))
    metres = shapely.set_coordinates(everything.copy(), local_metres(shapely.get_coordinates(everything)))
    lines, points = metres[: len(gas)], metres[len(gas) :]
    _, distance_m = shapely.STRtree(lines).query_nearest(points, return_distance=True, all_matches=False)
    assert len(distance_m) == 482
    assert np.median(distance_m) < 1.0
    assert np.quantile(distance_m, 0.95) < 1.2
    record = next(item for item in reports["schutterwald"].conversions if "gas" in item.layer)
    assert "DHDN to WGS 84" in record.operation


def test_the_ends_of_the_heat_network_meet_its_stations(cities) -> None:
    url, _ = cities
    stations = np.concatenate([_kind(url, 101, kind).geometry.to_numpy() for kind in ("substation", "boiler_house")])
    assert len(stations) == 45
    for side in ("supply", "return"):
        pipes = _kind(url, 101, "pipe", f"geom is not null and attributes ->> 'side' = '{side}'").geometry.to_numpy()
        ends = {tuple(end) for pipe in pipes for end in (pipe.coords[0], pipe.coords[-1])}
        assert all((point.x, point.y) in ends for point in stations)


def test_shanghai_has_its_buildings_roads_water_and_parks(cities) -> None:
    url, reports = cities
    assert {layer.kind: layer.new for layer in reports["shanghai"].layers} == {
        "building": 1321,
        "road": 1094,
        "water": 16,
        "green": 78,
    }
    with connect(url) as connection:
        row = connection.execute(
            "select count(*) filter (where attributes ? 'height_m'), bool_and(st_isvalid(geom)) from asset"
            " where city_id = 102 and kind = 'building'"
        ).fetchone()
        attribution = connection.execute("select attribution from city where city_id = 102").fetchone()
    assert row is not None
    assert row[0] > 500
    assert row[1] is True
    assert attribution == ("© OpenStreetMap contributors",)


@pytest.mark.parametrize(
    ("name", "before_m", "after_m"), [("双阳区", 411.0, 99.0), ("九台区", 349.0, 110.0), ("农安县", 371.0, 120.0)]
)
def test_changchun_falls_on_the_outlines_of_tianditu(cities, shared: Path, name: str, before_m: float, after_m: float) -> None:
    url, _ = cities
    delivered = geopandas.read_file(shared / "data/admin-changchun-gcj02/220100_districts.geojson").set_index("name")
    trusted = geopandas.read_file(shared / "data/admin-cn-tianditu/changchun_districts.geojson").set_index("district_name")
    stored = _frame(url, "select name, st_asbinary(geom) from asset where city_id = 103").set_index("code")
    outline = trusted.geometry.loc[name]
    assert _median_distance_m(delivered.geometry.loc[name], outline) == pytest.approx(before_m, abs=3.0)
    assert _median_distance_m(stored.geometry.loc[name], outline) == pytest.approx(after_m, abs=3.0)


def _median_distance_m(shape: shapely.Geometry, outline: shapely.Geometry) -> float:
    projected = geopandas.GeoSeries([shape, outline.boundary], crs=4326).to_crs(4551)
    vertices = shapely.points(shapely.get_coordinates(projected.iloc[0]))
    return float(np.median(shapely.distance(vertices, projected.iloc[1])))


def test_the_invalid_districts_are_reported_and_repaired(cities) -> None:
    url, reports = cities
    report = reports["changchun_districts"]
    invalid = [problem for problem in report.problems if problem.rule == "invalid_geometry"]
    assert len(invalid) == report.count("invalid_geometry") == 2
    assert all("Self-intersection" in problem.message for problem in invalid)
    with connect(url) as connection:
        row = connection.execute("select count(*), bool_and(st_isvalid(geom)) from asset where city_id = 103").fetchone()
    assert row == (10, True)


def test_cities_side_by_side_have_ids_of_their_own(cities) -> None:
    url, reports = cities
    with connect(url) as connection:
        rows = connection.execute(
            "select city_id, count(*), min(asset_id), max(asset_id), count(distinct asset_id) from asset group by 1 order by 1"
        ).fetchall()
    totals = {report.city_id: sum(layer.new for layer in report.layers) for report in reports.values()}
    assert rows == [(city_id, total, 1, total, total) for city_id, total in sorted(totals.items())]


def test_the_same_delivery_again_changes_no_table(cities, shared: Path) -> None:
    url, _ = cities
    before = table_dump(url)
    for name in ("schutterwald", "shanghai", "changchun_districts"):
        again = run_import(locate_manifest(name), url, seat="somebody else", data_root=shared / "data")
        assert not again.changed
        assert again.import_id is None
        assert "unchanged" in again.as_text().splitlines()[0]
    assert table_dump(url) == before
