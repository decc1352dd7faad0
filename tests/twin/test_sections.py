"""Vertical sections: crossings, ellipses, stretches, depths, fittings, buildings."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from gis.local_plane import LocalPlane
from twin.sections import Section, SectionAsset, cut_section, length_of

PLANE = LocalPlane.at(125.32, 43.88)
BURIED = {"dn": 200, "outer_diameter_mm": 219, "insulation_mm": 50, "burial_depth_m": 1.0, "network_level": "primary"}


def degrees(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, lambda at: np.column_stack([PLANE.degrees(at[:, :2]), *at[:, 2:].T]), include_z=shape.has_z)


LINE = degrees(shapely.LineString([(-50, 0), (50, 0)]))


def asset(shape: shapely.Geometry, kind: str = "pipe", asset_id: int = 1, **attributes: object) -> SectionAsset:
    return SectionAsset(asset_id, kind, f"{kind}-{asset_id}", "", 0, attributes, degrees(shape))


def slope(lonlat: np.ndarray) -> np.ndarray:
    """Return ground that rises 1 m in 10 m eastward from 200 m."""
    return 200.0 + shapely.get_coordinates(PLANE.metres(shapely.points(lonlat)))[:, 0] / 10


def cut(*assets: SectionAsset, reach_m: float = 2.0) -> Section:
    return cut_section(LINE, assets, slope, reach_m)


def test_a_square_crossing_is_a_circle_at_its_depth() -> None:
    (pipe,) = cut(asset(shapely.LineString([(10, -30), (10, 30)]), **BURIED)).pipes
    (at,) = pipe.course
    assert (pipe.width_m, pipe.outer_diameter_m) == (pytest.approx(0.319), pytest.approx(0.319))
    assert pipe.angle_deg == pytest.approx(90)
    assert (at.distance_m, at.crown_depth_m, at.axis_depth_m) == pytest.approx((60.0, 1.0, 1.1595), abs=1e-4)
    assert (at.ground_m, at.axis_m) == pytest.approx((201.0, 199.8405), abs=1e-3)


@pytest.mark.parametrize("angle", [15.0, 30.0, 75.0])
def test_a_slanting_crossing_is_an_ellipse(angle: float) -> None:
    x, y = 40 * math.cos(math.radians(angle)), 40 * math.sin(math.radians(angle))
    (pipe,) = cut(asset(shapely.LineString([(-x, -y), (x, y)]), **BURIED)).pipes
    assert pipe.angle_deg == pytest.approx(angle, abs=1e-3)
    assert pipe.width_m == pytest.approx(0.319 / math.sin(math.radians(angle)), rel=1e-4)


def test_a_pipe_along_the_plane_is_a_stretch_with_its_course() -> None:
    attributes = {**BURIED, "start_burial_depth_m": 1.0, "end_burial_depth_m": 2.0}
    (pipe,) = cut(asset(shapely.LineString([(40, 0.05), (-20, 0.05)]), **attributes)).pipes
    assert pipe.angle_deg == 0
    assert pipe.width_m is None
    assert [at.distance_m for at in pipe.course] == pytest.approx([30.0, 90.0], abs=1e-3)
    assert [at.crown_depth_m for at in pipe.course] == pytest.approx([2.0, 1.0], abs=1e-3)


def test_a_pipe_beside_the_plane_is_not_cut() -> None:
    assert cut(asset(shapely.LineString([(-40, 0.2), (40, 0.2)]), **BURIED)).pipes == ()


def test_a_pipe_that_crosses_twice_is_told_twice() -> None:
    pipes = cut(asset(shapely.LineString([(-20, -10), (-20, 10), (20, 10), (20, -10)]), **BURIED)).pipes
    assert [pipe.course[0].distance_m for pipe in pipes] == pytest.approx([30.0, 70.0], abs=1e-3)


def test_surveyed_heights_come_before_burial_depths() -> None:
    shape = shapely.LineString([(0, -10, 198.0), (0, 10, 199.0)])
    (pipe,) = cut(asset(shape, **BURIED, z_source="surveyed")).pipes
    assert pipe.depth_source == "surveyed"
    assert pipe.course[0].axis_m == pytest.approx(198.5, abs=1e-3)
    assert pipe.course[0].axis_depth_m == pytest.approx(1.5, abs=1e-3)
    (from_depth,) = cut(asset(shape, **BURIED, z_source="from_depth")).pipes
    assert from_depth.depth_source == "from_depth"


def test_an_unknown_depth_is_a_default_that_says_so() -> None:
    (pipe,) = cut(asset(shapely.LineString([(0, -10), (0, 10)]), dn=400)).pipes
    assert pipe.depth_source == "default"
    assert pipe.course[0].crown_depth_m == pytest.approx(1.2)


def test_an_overhead_pipe_is_over_the_ground() -> None:
    (pipe,) = cut(asset(shapely.LineString([(0, -10), (0, 10)]), **BURIED, burial_method="6")).pipes
    assert pipe.course[0].axis_depth_m < -4


def test_a_pipe_of_no_known_size_has_no_ellipse() -> None:
    (pipe,) = cut(asset(shapely.LineString([(0, -10), (0, 10)]), burial_depth_m=1.0)).pipes
    assert pipe.outer_diameter_m is None
    assert pipe.width_m is None


def test_fittings_stand_in_the_section_within_reach() -> None:
    near, far = shapely.Point(10, 1.5), shapely.Point(20, -2.5)
    assets = (asset(near, "valve", 2, burial_depth_m=0.9), asset(far, "chamber", 3))
    (valve,) = cut(*assets).fittings
    assert (valve.distance_m, valve.offset_m, valve.depth_m) == pytest.approx((60.0, 1.5, 0.9), abs=1e-3)
    assert [fitting.offset_m for fitting in cut(*assets, reach_m=3).fittings] == pytest.approx([1.5, -2.5], abs=1e-3)


def test_buildings_are_cut_from_place_to_place() -> None:
    court = shapely.Polygon([(-10, -10), (10, -10), (10, 10), (-10, 10)], [[(-4, -4), (4, -4), (4, 4), (-4, 4)]])
    found = cut(asset(court, "building", 4, height_m=18.0)).areas
    assert [(area.from_m, area.to_m, area.height_m) for area in found] == [
        pytest.approx((40.0, 46.0, 18.0), abs=1e-3),
        pytest.approx((54.0, 60.0, 18.0), abs=1e-3),
    ]


def test_the_profile_follows_the_ground_to_both_ends() -> None:
    section = cut()
    assert section.ground[0] == pytest.approx((0.0, 195.0), abs=1e-3)
    assert section.ground[-1] == pytest.approx((100.0, 205.0), abs=1e-3)
    assert length_of(LINE) == pytest.approx(100.0, abs=1e-3)


def test_a_line_of_three_points_goes_round_its_corner() -> None:
    bent = degrees(shapely.LineString([(-50, 0), (0, 0), (0, 50)]))
    pipe = asset(shapely.LineString([(-5, 20), (5, 20)]), **BURIED)
    section = cut_section(bent, [pipe], slope, 2.0)
    assert section.turns_m == pytest.approx((50.0,), abs=1e-3)
    assert section.pipes[0].course[0].distance_m == pytest.approx(70.0, abs=1e-3)
    assert section.pipes[0].angle_deg == pytest.approx(90, abs=1e-3)
