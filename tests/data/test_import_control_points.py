"""A local grid given by control points in the manifest: fitted, reported, kept in the ledger, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.errors import BadManifest, ImportFailed
from data.imports.manifest import datum_of, read_manifest
from data.imports.run import run_import
from data.pool import connect
from gis.datums import CGCS2000_ACCURACY_M, from_wgs84, parse_datum
from gis.parameters import SevenParameters, Similarity, from_base_grid
from tests.data.import_helpers import CITY, asset_rows, write_manifest

BASE = "gk(cgcs2000,3,126,plain)"
TRUE = Similarity(BASE, 393_476.0, 4_807_729.0, 0.75, 1.000012)
GRID = f'\n[datums.city]\nbase = "{BASE}"\ncontrol_points = "points.csv"\ntolerance_m = 0.2\n'
LAYER = """
[[layer]]
file = "valves.csv"
kind = "valve"
datum = "local(city)"
[layer.columns]
code = "code"
[layer.geometry]
x = "east"
y = "north"
format = "metres"
"""
PLACES = np.array([[125.2, 43.8], [125.4, 43.9], [125.3, 44.0]])


def _deliver(folder: Path, *, off_m: float = 0.0, header: str = "name,x,y,x_base,y_base") -> Path:
    rng = np.random.default_rng(3)
    base = from_wgs84(rng.uniform([125.1, 43.7], [125.5, 44.1], (8, 2)), parse_datum(BASE))
    local = from_base_grid(base, TRUE) + rng.normal(0.0, 0.01, (8, 2))
    local[4, 0] += off_m
    rows = [f"K{n},{x:.4f},{y:.4f},{e:.4f},{m:.4f}" for n, ((x, y), (e, m)) in enumerate(zip(local, base, strict=True), 1)]
    (folder / "points.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    valves = from_base_grid(from_wgs84(PLACES, parse_datum(BASE)), TRUE)
    lines = [f"V{n},{x:.4f},{y:.4f}" for n, (x, y) in enumerate(valves, 1)]
    (folder / "valves.csv").write_text("\n".join(["code,east,north", *lines]) + "\n", encoding="utf-8")
    return write_manifest(folder, LAYER, GRID)


def test_a_layer_in_a_grid_of_control_points_lands_where_it_is(database_url: str, tmp_path: Path) -> None:
    report = run_import(_deliver(tmp_path), database_url, seat="test")
    placed = np.array(asset_rows(database_url, "st_x(geom), st_y(geom)"), dtype=float)
    assert np.abs(placed - PLACES).max() < 3e-7  # three centimetres
    (grid,) = report.grids
    assert (grid.datum, grid.file, grid.model, grid.suspect) == ("local(city)", "points.csv", "similarity", "")
    assert 0.005 < grid.rms_m < 0.03
    assert grid.max_m == pytest.approx(max(np.hypot(point.dx_m, point.dy_m) for point in grid.points))
    assert [point.name for point in grid.points] == [f"K{number}" for number in range(1, 9)]
    assert report.as_dict()["grids"][0]["points"][0]["name"] == "K1"
    assert f"local(city): similarity by 8 control points of points.csv, RMS {grid.rms_m:.3f} m" in report.as_text()
    with connect(database_url) as connection:
        row = connection.execute("select operation, accuracy_m from datum_conversion").fetchone()
    assert row is not None
    assert f"points.csv: 8 control points, four parameters, RMS {grid.rms_m:.3f} m" in row[0]
    assert row[1] == pytest.approx(np.hypot(grid.rms_m, CGCS2000_ACCURACY_M))


OLD_BASE = f'base = "{BASE}"\ncontrol_points = "points.csv"\n'
SEVEN = SevenParameters(12.0, -110.0, -60.0, 0.3, -0.2, 0.5, 1.5)


def _deliver_old(folder: Path, name: str, datum: str, *, header: str = "name,x,y,h,x_base,y_base,h_base", count: int = 8) -> Path:
    """Write a delivery whose old datum, or local system on it, is known by control points with heights."""
    old = parse_datum("gk(xian80,3,126,plain)", {"xian80": SEVEN})
    places = np.random.default_rng(3).uniform([125.1, 43.7], [125.5, 44.1], (count, 2))
    start, target = from_wgs84(places, old), from_wgs84(places, parse_datum(BASE))
    # the parameters hold heights, and move them by what the height of the ellipsoids differs: a few centimetres over a city
    rows = [
        f"K{n},{x:.4f},{y:.4f},0,{e:.4f},{m:.4f},{0}" for n, ((x, y), (e, m)) in enumerate(zip(start, target, strict=True), 1)
    ]
    (folder / "points.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    valves = from_wgs84(PLACES, old)
    lines = [f"V{n},{x:.4f},{y:.4f}" for n, (x, y) in enumerate(valves, 1)]
    (folder / "valves.csv").write_text("\n".join(["code,east,north", *lines]) + "\n", encoding="utf-8")
    table = f'\n[datums.{name}]\n{OLD_BASE}model = "helmert"\ngrid = "gk(xian80,3,126,plain)"\n'
    return write_manifest(folder, LAYER.replace("local(city)", datum), table)


@pytest.mark.parametrize(("name", "datum"), [("xian80", "gk(xian80,3,126,plain)"), ("east", "local(east)")])
def test_an_old_datum_is_known_by_its_control_points(database_url: str, tmp_path: Path, name: str, datum: str) -> None:
    report = run_import(_deliver_old(tmp_path, name, datum), database_url, seat="test")
    placed = np.array(asset_rows(database_url, "st_x(geom), st_y(geom)"), dtype=float)
    assert np.abs(placed - PLACES).max() < 3e-7
    (grid,) = report.grids
    assert (grid.datum, grid.model, grid.suspect) == ("xian80" if name == "xian80" else "local(east)", "helmert", "")
    assert grid.rms_m < 0.03
    with connect(database_url) as connection:
        row = connection.execute("select operation from datum_conversion").fetchone()
    assert row is not None
    assert "points.csv: 8 control points, seven parameters (Helmert), RMS" in row[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"header": "name,x,y,height,x_base,y_base,h_base"}, "there is no column 'h'"),
        ({"count": 4}, "4 control points (K1, K2, K3, K4); the model helmert needs 5 or more"),
    ],
)
def test_an_old_datum_without_what_it_needs_is_refused(tmp_path: Path, change, says: str) -> None:
    with pytest.raises(ImportFailed) as caught:
        run_import(_deliver_old(tmp_path, "xian80", "gk(xian80,3,126,plain)", **change), "postgresql://nowhere", seat="test")
    assert says in str(caught.value)
    assert "[datums.xian80]" in str(caught.value)


def test_an_old_datum_is_not_fitted_in_the_plane(tmp_path: Path) -> None:
    manifest = _deliver(tmp_path)
    manifest.write_text(manifest.read_text().replace("[datums.city]", "[datums.xian80]").replace("local(city)", "xian80"))
    with pytest.raises(ImportFailed, match=r"\[datums\.xian80\].*model = \"helmert\""):
        run_import(manifest, "postgresql://nowhere", seat="test")


def test_other_control_points_are_another_delivery(database_url: str, tmp_path: Path) -> None:
    manifest = _deliver(tmp_path)
    assert run_import(manifest, database_url, seat="test").changed
    again = run_import(manifest, database_url, seat="test")
    assert (again.changed, again.import_id) == (False, None)
    _deliver(tmp_path, off_m=0.15)
    assert run_import(manifest, database_url, seat="test").changed


def test_a_point_that_is_off_within_the_tolerance_is_reported(database_url: str, tmp_path: Path) -> None:
    report = run_import(_deliver(tmp_path, off_m=0.15), database_url, seat="test")
    assert report.grids[0].suspect == "K5"
    (problem,) = [item for item in report.problems if item.rule == "control_point"]
    assert (problem.file, problem.layer, problem.row, problem.severity) == ("points.csv", "datum city", 5, "warning")
    assert "K5 is 0.1" in problem.message


def test_a_point_above_the_tolerance_stops_the_import_once_and_other_layers_are_still_checked(tmp_path: Path) -> None:
    manifest = _deliver(tmp_path, off_m=1.0)
    other = '\n[[layer]]\nfile = "gone.csv"\nkind = "valve"\n'
    manifest.write_text(manifest.read_text(encoding="utf-8") + other + LAYER, encoding="utf-8")
    with pytest.raises(ImportFailed) as caught:
        run_import(manifest, "postgresql://nowhere", seat="test")
    message = str(caught.value)
    assert message.count("residuals above the tolerance of 0.2 m: K5 0.") == 1
    assert "Without K5 the RMS is 0.0" in message
    assert "gone.csv: there is no such file" in message


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda path: path.unlink(), "points.csv: there is no such file"),
        (
            lambda path: path.write_text("name,x,y,x_base,y_base\nA,1,2,3,4\n"),
            "1 control points (A); the model similarity needs 4",
        ),
        (lambda path: path.write_text(path.read_text().replace("K3,", "K3,east ")), "row 3 (K3): x = 'east "),
        (lambda path: path.write_text(path.read_text().replace("x_base", "X")), "there is no column 'x_base'"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path: Path, change, says: str) -> None:
    manifest = _deliver(tmp_path)
    change(tmp_path / "points.csv")
    with pytest.raises(ImportFailed) as caught:
        run_import(manifest, "postgresql://nowhere", seat="test")
    assert says in str(caught.value)
    assert "[datums.city]" in str(caught.value)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('control_points = "p.csv"', "needs `base`"),
        (f'base = "{BASE}"\ncontrol_points = "p.csv"\ndx_m = 1', "dx_m cannot stand beside `control_points`"),
        (f'base = "{BASE}"\ncontrol_points = "p.csv"\nmodel = "bursa"', "datums.city.model = 'bursa'"),
        (f'base = "{BASE}"\ncontrol_points = "p.csv"\nmodel = "helmert"', 'model = "helmert" and `grid`'),
        (f'base = "{BASE}"\ncontrol_points = "p.csv"\ngrid = "gk(xian80,3,126,plain)"', 'model = "helmert" and `grid`'),
        (f'base = "{BASE}"\ndx_m = 1\ndy_m = 1\ngrid = "gk(xian80,3,126,plain)"', "grid belongs to seven parameters"),
        (f'base = "{BASE}"\ndx_m = 1\ndy_m = 1\ntolerance_m = 1', "tolerance_m belongs to `control_points`"),
        (f'base = "{BASE}"', "needs `dx_m` and `dy_m`, or `control_points`"),
    ],
)
def test_a_table_of_the_manifest_has_one_form(tmp_path: Path, table: str, says: str) -> None:
    with pytest.raises(BadManifest) as caught:
        read_manifest(write_manifest(tmp_path, LAYER, f"\n[datums.city]\n{table}\n", city=CITY))
    assert says in str(caught.value)


def test_stated_seven_parameters_may_belong_to_a_local_system(tmp_path: Path) -> None:
    table = '[datums.city]\ndx_m = 12\ndy_m = -110\ndz_m = -60\ngrid = "gk(xian80,3,126,plain)"\n'
    manifest = read_manifest(write_manifest(tmp_path, LAYER, f"\n{table}", city=CITY))
    parameters = manifest.datums["city"].parameters()
    assert parameters == SevenParameters(12.0, -110.0, -60.0, grid="gk(xian80,3,126,plain)")
    datum, _ = datum_of(manifest, manifest.layer[0], {"city": parameters}, declared_epsg=None, where="here")
    assert datum.grid is not None
    assert datum.grid.base == "xian80"
