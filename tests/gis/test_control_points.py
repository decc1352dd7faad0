"""Control points: known maps come back within the noise, the point that is off is named, useless points are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod, Transformer

from gis.control_points import (
    LEAST_POINTS,
    ControlFit,
    ControlPoints,
    Model,
    fit_control_points,
    read_control_points,
    require_within,
)
from gis.datums import CGCS2000_ACCURACY_M, describe, from_wgs84, parse_datum, to_wgs84
from gis.errors import BadControlPoints, UnknownColumn
from gis.parameters import Affine, PlaneParameters, SevenParameters, Similarity, from_base_grid, to_base_grid

BASE = "gk(cgcs2000,3,126,plain)"
SIMILAR = Similarity(BASE, 393_476.0, 4_807_729.0, 0.75, 1.000012)
SKEWED = Affine(BASE, 393_476.0, 4_807_729.0, 1.00002, -0.0131, 0.0129, 0.99997)


def _points(count: int, *, seed: int, noise_m: float = 0.0, truth: PlaneParameters = SIMILAR) -> ControlPoints:
    rng = np.random.default_rng(seed)
    local = rng.uniform(0.0, 20_000.0, (count, 2))
    base = to_base_grid(local, truth) + rng.normal(0.0, noise_m, (count, 2))
    return ControlPoints(tuple(f"CP{number:02d}" for number in range(1, count + 1)), local, base)


def _moved(points: ControlPoints, place: int, step: tuple[float, float]) -> ControlPoints:
    base = points.base_m.copy()
    base[place] += step
    return ControlPoints(points.names, points.local_m, base)


def test_four_parameters_come_back_exactly_from_points_without_noise() -> None:
    fit = fit_control_points(_points(6, seed=1), BASE)
    assert isinstance(fit.parameters, Similarity)
    assert fit.parameters.dx_m == pytest.approx(SIMILAR.dx_m, abs=1e-6)
    assert fit.parameters.dy_m == pytest.approx(SIMILAR.dy_m, abs=1e-6)
    assert fit.parameters.rotation_deg == pytest.approx(0.75, abs=1e-10)
    assert fit.parameters.scale == pytest.approx(1.000012, abs=1e-12)
    assert fit.rms_m < 1e-6
    assert fit.suspect == ""


@pytest.mark.parametrize(("model", "truth"), [("similarity", SIMILAR), ("affine", SKEWED)])
def test_a_fitted_map_agrees_with_the_true_one_within_the_noise(model: Model, truth: PlaneParameters) -> None:
    inside = np.random.default_rng(5).uniform(2_000.0, 18_000.0, (500, 2))
    off_m, rms_m = [], []
    for seed in range(40):
        fit = fit_control_points(_points(12, seed=seed, noise_m=0.02, truth=truth), BASE, model=model)
        off_m.append(np.hypot(*(to_base_grid(inside, fit.parameters) - to_base_grid(inside, truth)).T).max())
        rms_m.append(fit.rms_m)
    assert np.mean(off_m) < 0.04  # worst place of each survey
    # 20 mm in each of two coordinates
    assert np.mean(rms_m) == pytest.approx(0.02 * np.sqrt(2.0), rel=0.08)


def test_an_affine_map_and_its_inverse_belong_together() -> None:
    local = np.random.default_rng(2).uniform(0.0, 20_000.0, (50, 2))
    assert np.abs(from_base_grid(to_base_grid(local, SKEWED), SKEWED) - local).max() < 1e-8


def test_a_skewed_grid_needs_the_affine_model() -> None:
    points = _points(10, seed=3, truth=SKEWED)
    assert fit_control_points(points, BASE).rms_m > 0.5
    assert fit_control_points(points, BASE, model="affine").rms_m < 1e-6


@pytest.mark.parametrize("count", [6, 8, 12])
def test_a_point_that_is_a_metre_off_is_named(count: int) -> None:
    for seed in range(30):
        points = _moved(_points(count, seed=seed, noise_m=0.02), 2, (0.8, -0.6))
        fit = fit_control_points(points, BASE)
        assert fit.suspect == "CP03"
        assert fit.rms_without_suspect_m < fit.rms_m / 3
        left_out = next(residual.left_out_m for residual in fit.residuals if residual.name == "CP03")
        assert left_out == pytest.approx(1.0, abs=0.2)


def test_noise_alone_names_nobody() -> None:
    named = [fit_control_points(_points(n, seed=s, noise_m=0.02), BASE).suspect for n in (4, 6, 10) for s in range(100)]
    assert sum(name != "" for name in named) <= 9  # one of 100 by the test's own level


def test_residuals_above_the_tolerance_are_listed_with_the_probable_cause() -> None:
    points = _moved(_points(8, seed=4, noise_m=0.02), 2, (0.8, -0.6))
    fit = fit_control_points(points, BASE)
    require_within(fit, points, 5.0, where="table")
    with pytest.raises(
        BadControlPoints, match=r"table: residuals above the tolerance of 0\.3 m: CP03 0\.\d+ m.*Without CP03 the RMS is 0\.0"
    ):
        require_within(fit, points, 0.3, where="table")


def test_exchanged_axes_are_recognised() -> None:
    good = _points(8, seed=6, noise_m=0.02)
    points = ControlPoints(good.names, good.local_m[:, ::-1].copy(), good.base_m)
    # an affine map may mirror, so it fits; a similarity may not
    assert fit_control_points(points, BASE, model="affine").rms_m < 0.1
    with pytest.raises(BadControlPoints, match="x east in both"):
        fit_control_points(points, BASE)


def test_residuals_are_metres_on_the_ground_at_a_place_on_the_map() -> None:
    points = _moved(_points(8, seed=11), 2, (1.5, 0.0))
    fit = fit_control_points(points, BASE)
    off = fit.residuals[2]
    given = to_wgs84(points.base_m, parse_datum(BASE))
    assert np.abs(np.array([residual.position for residual in fit.residuals]) - given).max() < 1e-12
    # there the grid's north is 0.9 degrees off true north, so a step along its axis has a part across
    computed = to_wgs84(to_base_grid(points.local_m[2:3], fit.parameters), parse_datum(BASE))[0]
    azimuth, _, distance_m = Geod(ellps="GRS80").inv(*computed, *off.position)
    assert off.dx_m == pytest.approx(distance_m * np.sin(np.radians(azimuth)), abs=1e-4)
    assert off.dy_m == pytest.approx(distance_m * np.cos(np.radians(azimuth)), abs=1e-4)
    assert abs(off.dy_m) > 0.005


GRID = "gk(xian80,3,126,plain)"
SEVEN = SevenParameters(12.0, -110.0, -60.0, 0.3, -0.2, 0.5, 1.5)
HELMERT = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +a=6378140 +rf=298.257"
    " +step +proj=helmert +x=12 +y=-110 +z=-60 +rx=0.3 +ry=-0.2 +rz=0.5 +s=1.5 +convention=position_vector"
    " +step +inv +proj=cart +ellps=GRS80 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
)


def _old_points(count: int, *, seed: int, noise_m: float = 0.0) -> ControlPoints:
    """Return points with heights whose seven parameters are known; PROJ computes them in space."""
    random = np.random.default_rng(seed)
    lonlat = random.uniform((125.0, 43.6), (125.7, 44.2), (count, 2))
    height_m = random.uniform(150.0, 350.0, count)
    lon, lat, base_height_m = Transformer.from_pipeline(HELMERT).transform(*lonlat.T, height_m)
    plane = Transformer.from_pipeline("+proj=tmerc +lat_0=0 +lon_0=126 +k=1 +x_0=500000 +y_0=0 +a=6378140 +rf=298.257")
    local = np.column_stack(plane.transform(*lonlat.T))
    base = from_wgs84(np.column_stack((lon, lat)), parse_datum(BASE)) + random.normal(0.0, noise_m, (count, 2))
    heights = np.column_stack((height_m, base_height_m + random.normal(0.0, 2.0 * noise_m, count)))
    return ControlPoints(tuple(f"CP{number:02d}" for number in range(1, count + 1)), local, base, heights)


def _fit_old(points: ControlPoints, **changes) -> ControlFit:
    return fit_control_points(points, **({"base": BASE, "model": "helmert", "grid": GRID} | changes))


def test_seven_parameters_come_back_from_points_without_noise() -> None:
    fit = _fit_old(_old_points(6, seed=1))
    found = fit.parameters
    assert isinstance(found, SevenParameters)
    for name in ("dx_m", "dy_m", "dz_m", "rx_arcsec", "ry_arcsec", "rz_arcsec", "scale_ppm"):
        assert getattr(found, name) == pytest.approx(getattr(SEVEN, name), abs=1e-4)
    assert fit.rms_m < 1e-6


def test_fitted_seven_parameters_place_a_layer_within_the_noise() -> None:
    inside = np.random.default_rng(5).uniform((125.1, 43.7), (125.6, 44.1), (500, 2))
    truth = parse_datum(GRID, {"xian80": SEVEN})
    metres = from_wgs84(inside, truth)
    off_m, rms_m = [], []
    for seed in range(40):
        fit = _fit_old(_old_points(12, seed=seed, noise_m=0.02))
        placed = to_wgs84(metres, parse_datum(GRID, {"xian80": fit.parameters}))
        off_m.append((np.abs(placed - inside) * (80_000.0, 111_320.0)).max())
        rms_m.append(fit.rms_m)
    assert np.mean(off_m) < 0.04
    assert np.mean(rms_m) == pytest.approx(0.02 * np.sqrt(2.0), rel=0.1)


def test_seven_parameters_name_the_point_that_is_a_metre_off_and_nobody_else() -> None:
    for seed in range(20):
        good = _old_points(8, seed=seed, noise_m=0.02)
        assert _fit_old(good).suspect == ""
        bad = ControlPoints(good.names, good.local_m, _moved(good, 2, (0.8, -0.6)).base_m, good.heights_m)
        assert _fit_old(bad).suspect == "CP03"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"grid": ""}, "grid = ''"),
        ({"grid": "gk(cgcs2000,3,126,plain)"}, "old datum"),
        ({"base": "gk(beijing54,3,126,plain)"}, "lead to CGCS2000"),
        ({"grid": "gk(xian80,3,123,plain)"}, "seconds of arc"),
        ({"grid": "gk(xian80,3,126,prefix)"}, "CP01, CP02.*no place of gk.xian80,3,126,prefix.*prefix"),
    ],
)
def test_seven_parameters_that_no_datum_shift_has_are_refused(changes, says: str) -> None:
    with pytest.raises(BadControlPoints, match=says):
        _fit_old(_old_points(8, seed=1), **changes)


def test_base_coordinates_of_another_form_are_refused() -> None:
    with pytest.raises(BadControlPoints, match=r"CP01.*no place of gk\(cgcs2000,3,126,prefix\)"):
        fit_control_points(_points(8, seed=1), "gk(cgcs2000,3,126,prefix)")


def test_seven_parameters_need_heights() -> None:
    points = _old_points(8, seed=1)
    with pytest.raises(BadControlPoints, match="the columns h and h_base"):
        _fit_old(ControlPoints(points.names, points.local_m, points.base_m))
    with pytest.raises(BadControlPoints, match=r"4 control points \(CP01, .*needs 5 or more"):
        _fit_old(_old_points(4, seed=1))


@pytest.mark.parametrize("model", ["similarity", "affine"])
def test_too_few_points_are_refused(model: Model) -> None:
    least = LEAST_POINTS[model]
    fit_control_points(_points(least, seed=7), BASE, model=model)
    with pytest.raises(BadControlPoints, match=rf"{least - 1} control points \(CP01, .*needs {least} or more"):
        fit_control_points(_points(least - 1, seed=7), BASE, model=model)


def test_points_near_one_line_are_refused() -> None:
    points = _points(8, seed=8)
    along = points.local_m[:, :1]
    local = np.column_stack((along, 0.3 * along + points.local_m[:, 1:] / 200.0))
    with pytest.raises(BadControlPoints, match="nearly on one line"):
        fit_control_points(ControlPoints(points.names, local, to_base_grid(local, SIMILAR)), BASE)


def test_another_unit_is_refused() -> None:
    points = _points(8, seed=9)
    with pytest.raises(BadControlPoints, match="are both systems in metres"):
        fit_control_points(ControlPoints(points.names, points.local_m * 1000.0, points.base_m), BASE)


def test_the_registry_takes_a_fitted_grid_and_says_how_well_it_fits() -> None:
    points = _points(9, seed=10, noise_m=0.02)
    fit = fit_control_points(points, BASE, source="survey")
    datum = parse_datum("local(city)", {"city": fit.parameters})
    lonlat = to_wgs84(points.local_m, datum)
    expected = to_wgs84(points.base_m, parse_datum(BASE))
    assert np.abs(lonlat - expected).max() < 1e-6
    assert np.abs(from_wgs84(lonlat, datum) - points.local_m).max() < 1e-4
    text, accuracy_m = describe(datum)
    assert f"survey: 9 control points, four parameters, RMS {fit.rms_m:.3f} m, largest {fit.worst.distance_m:.3f} m" in text
    assert accuracy_m == pytest.approx(np.hypot(fit.rms_m, CGCS2000_ACCURACY_M))


HEADER = "name,x,y,x_base,y_base\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (HEADER + "A,1,2,3,4\nB,1,two,3,4\n", r"row 2 \(B\): y = 'two' is not a number"),
        (HEADER + "A,1,2,3,4\nB,1,2,,4\n", r"row 2 \(B\): x_base = 'nan' is not a number"),
        (HEADER + "A,1,2,3,4\nA,1,2,3,4\n", "row 2: the name 'A' occurs twice"),
        (HEADER + "A,1,2,3,4\n,1,2,3,4\n", "row 2 has no name"),
    ],
)
def test_bad_values_are_named(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "points.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadControlPoints, match=says):
        read_control_points(path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("name,x,y,east,north\nA,1,2,3,4\n", encoding="utf-8")
    with pytest.raises(UnknownColumn, match="'x_base', 'y_base'; the columns are name, x, y, east, north"):
        read_control_points(path)
