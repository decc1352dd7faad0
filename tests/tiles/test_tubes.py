"""Pipes as tubes: closed solids of the right volume, mitred, at their depth, never through one another; bad pipes are named."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from py3dtiles.tileset import TileSet

from data.pipe_lines import PipeLines
from tests.conftest import ROOT
from tests.tiles.test_tiles3d import _VALIDATE, volume_m3
from tiles.tiles3d.check import check_tileset, read_glb
from tiles.tiles3d.engine import build
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.ground import LevelGround
from tiles.tiles3d.pipe_layer import PipeFeatures
from tiles.tiles3d.tubes import Axes, tubes

LON, LAT = 125.3, 43.9
FRAME = Frame.at(LON, LAT)
M_LON, M_LAT = 80_280.0, 111_100.0


def axes(points: Any, *, radius_m: float = 0.5, corners: int = 8, ends: Any = "cones") -> Axes:
    p = np.array(points, dtype=float)
    up = np.tile([0.0, 0.0, 1.0], (len(p), 1))
    return Axes(p, up, np.zeros(len(p)), np.array([0, len(p)]), np.array([radius_m]), np.array([corners]), ends)


BENDS = {
    "straight": [[0, 0, 0], [10, 0, 0]],
    "elbow": [[0, 0, 0], [10, 0, 0], [10, 10, 0]],
    "riser": [[0, 0, 0], [10, 0, 0], [10, 0, 5], [10, 10, 5]],
    "expansion loop": [[0, 0, 0], [10, 0, 0], [10, 5, 0], [15, 5, 0], [15, 0, 0], [25, 0, 0]],
    "first a riser": [[0, 0, 0], [0, 0, 6], [6, 0, 6]],
    "arc": [[0, 0, 0], [10, 0, 0], [11.5, 0.4, 0], [12.6, 1.5, 0], [13, 3, 0], [13, 10, 0]],
    "bend on a slope": [[0, 0, 0], [10, 0, 1], [12, 8, 3], [20, 8, 2]],
}


@pytest.mark.parametrize("name", BENDS)
def test_a_tube_is_a_closed_solid_of_its_volume(name: str) -> None:
    axis = axes(BENDS[name])
    mesh = tubes(axis)
    length = np.linalg.norm(np.diff(axis.positions_m, axis=0), axis=1).sum()
    # a mitre takes from one side of a bend what it adds to the other; the cones at both ends are a radius long
    section_m2 = 4 * np.sin(np.pi / 4) * 0.25
    assert volume_m3(mesh.positions_m, mesh.triangles) == pytest.approx(section_m2 * (length + 2 * 0.5 / 3))
    a, b, c = (mesh.positions_m[mesh.triangles[:, corner]] for corner in range(3))
    assert (np.einsum("ij,ij->i", np.cross(b - a, c - a), mesh.normals[mesh.triangles[:, 0]]) > 0).all()


@pytest.mark.parametrize("name", BENDS)
def test_every_edge_of_a_closed_tube_has_two_sides(name: str) -> None:
    mesh = tubes(axes(BENDS[name]))
    _, place = np.unique(mesh.positions_m.round(6), axis=0, return_inverse=True)
    corners = place.ravel()[mesh.triangles]
    edges = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    forward, back = {tuple(edge) for edge in edges.tolist()}, {tuple(edge) for edge in edges[:, ::-1].tolist()}
    assert len(forward) == len(edges)
    assert forward == back


def test_corners_lie_at_the_radius_from_their_segment() -> None:
    mesh = tubes(axes(BENDS["elbow"], radius_m=0.3))
    to_first = np.hypot(mesh.positions_m[:16, 1], mesh.positions_m[:16, 2])
    np.testing.assert_allclose(to_first, 0.3)


def test_the_segments_of_an_arc_share_their_rings_and_look_round() -> None:
    arc = [[0, 0, 0], [10, 0, 0], [11.5, 0.4, 0], [12.6, 1.5, 0], [13, 3, 0], [13, 10, 0]]
    mesh = tubes(axes(arc, radius_m=0.2))
    assert len(mesh.positions_m) == 8 * len(arc) + 2
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1)
    second = mesh.normals[8:16]
    before, after = (np.subtract(arc[n + 1], arc[n]) / np.linalg.norm(np.subtract(arc[n + 1], arc[n])) for n in (0, 1))
    np.testing.assert_allclose(second @ before, -(second @ after), atol=1e-9)


def test_two_pipes_that_meet_at_a_right_angle_leave_no_gap() -> None:
    """The outer edge between their ends is filled up to the chamfer: the points on it lie in or on a cone."""
    first, second = tubes(axes([[-10, 0, 0], [0, 0, 0]])), tubes(axes([[0, 0, 0], [0, 10, 0]]))
    corners = np.vstack([first.positions_m, second.positions_m])
    assert corners[:, 0].max() == pytest.approx(0.5)
    assert corners[:, 1].min() == pytest.approx(-0.5)
    tips = [first.positions_m[-1], second.positions_m[-2]]
    np.testing.assert_allclose(tips, [[0.5, 0, 0], [0, -0.5, 0]], atol=1e-12)


def test_a_bend_too_sharp_to_mitre_stays_within_the_radius_of_its_vertex() -> None:
    mesh = tubes(axes([[0, 0, 0], [10, 0, 0], [0, 0.5, 0]], radius_m=0.2))
    assert mesh.positions_m[:, 0].max() < 10.21


def pipes(lines_m: Any, **given: Any) -> PipeLines:
    """Return pipes whose lines are given in metres from LON, LAT, and by height where three numbers stand."""
    n = len(lines_m)
    lines = np.array([shapely.LineString([(LON + p[0] / M_LON, LAT + p[1] / M_LAT, *p[2:]) for p in line]) for line in lines_m])
    known = {
        "asset_ids": np.arange(n, dtype=np.uint32) + 2**25,
        "codes": np.array([f"RS{row}" for row in range(n)], dtype=object),
        "pair_ids": np.zeros(n, dtype=np.int64),
        "dn_mm": np.full(n, 200.0),
        "outer_mm": np.full(n, 219.0),
        "insulation_mm": np.full(n, 45.0),
        "start_cover_m": np.full(n, 1.2),
        "end_cover_m": np.full(n, 1.2),
        "burial_methods": np.full(n, "1"),
        "surveyed": np.zeros(n, dtype=bool),
        "levels": np.full(n, 2, dtype=np.uint8),
        "sides": np.ones(n, dtype=np.uint8),
        "lines_wgs84": lines,
    }
    return PipeLines(**known | {name: np.asarray(value) for name, value in given.items()})


def middles(found: PipeFeatures, ground: Any = None) -> np.ndarray:
    """Return the middle of the box of each tube, east, north and height over the ground."""
    axis = found._axes(FRAME, ground or LevelGround(), far=False)[0]
    starts = axis.starts
    return np.array([axis.positions_m[a:b].mean(axis=0) for a, b in pairwise(starts)])


def test_the_axis_lies_its_cover_and_its_radius_under_the_ground() -> None:
    two = pipes([[[0, 0], [20, 0]], [[0, 5], [20, 5]]], burial_methods=["1", "6"])
    heights = middles(PipeFeatures.of(two))[:, 2]
    np.testing.assert_allclose(heights, [-1.2 - 0.309 / 2, 4.5 + 0.309 / 2], atol=1e-3)


def test_a_surveyed_height_counts_where_the_ground_is_known() -> None:
    class Hill:
        token = "hill"
        known = True
        geoid_height_m = 10.0

        def at(self, lonlat_deg: np.ndarray) -> np.ndarray:
            return np.full(len(lonlat_deg), 210.0)

    surveyed = pipes([[[0, 0, 197.0], [20, 0, 198.0]]], surveyed=[True])
    assert middles(PipeFeatures.of(surveyed), Hill())[0, 2] == pytest.approx(-2.5, abs=1e-3)


def test_an_unknown_cover_is_stood_in_for_and_said() -> None:
    found = PipeFeatures.of(pipes([[[0, 0], [20, 0]]], start_cover_m=[np.nan], end_cover_m=[np.nan]))
    assert middles(found)[0, 2] == pytest.approx(-1.0 - 0.309 / 2, abs=1e-3)
    columns = read_glb(found.batch(FRAME, LevelGround(), far=False).content(0, 1, lifted=False).data).columns
    assert (columns["depth_source"].tolist(), columns["depth"].tolist()) == ([3], [pytest.approx(1.0)])


def test_a_pipe_looks_the_same_whatever_it_is_drawn_with() -> None:
    bent = [[0.0, 0.0], [20.0, 0.0], [20.0, 30.0]]
    alone = PipeFeatures.of(pipes([bent], end_cover_m=[3.0]))
    among = PipeFeatures.of(pipes([[[9.0, 30_000.0], [30.0, 30_000.0]], bent], end_cover_m=[1.0, 3.0]))
    first = alone.batch(FRAME, LevelGround(200.0), far=False).content(0, 1, lifted=True)
    second = among.take(np.array([0, 1])).batch(FRAME, LevelGround(200.0), far=False).content(1, 2, lifted=True)
    np.testing.assert_array_equal(read_glb(first.data).positions_m, read_glb(second.data).positions_m)


@pytest.mark.parametrize("apart_m", [0.0, 0.2, -0.2, 0.46])
@pytest.mark.parametrize("turned", [False, True])
def test_the_two_pipes_of_a_trench_never_meet(apart_m: float, turned: bool) -> None:
    back = [[0.0, apart_m], [20.0 - apart_m, apart_m], [20.0 - apart_m, 30.0]]
    two = pipes([[[0, 0], [20, 0], [20, 30]], back[::-1] if turned else back], pair_ids=[9, 9], sides=[1, 2])
    axis = PipeFeatures.of(two)._axes(FRAME, LevelGround(), far=False)[0]
    supply, other = shapely.LineString(axis.positions_m[:3, :2]), shapely.LineString(axis.positions_m[3:, :2])
    assert shapely.distance(supply, other) >= 0.309 + 0.15 - 0.02
    if apart_m == 0:  # to the right of the way east is south
        assert axis.positions_m[0, 1] < -0.2


def test_pipes_that_cannot_be_drawn_are_named_with_what_would_be_right() -> None:
    lines = [[[0, 10 * row], [20, 10 * row]] for row in range(7)]
    lines[1] = [[0, 0], [0, 0]]
    bad = pipes(
        lines,
        dn_mm=[200, 200, 0, np.nan, 200, 200, 200],
        outer_mm=[219, 219, np.nan, np.nan, 9000, 219, 219],
        start_cover_m=[1, 1, 1, 1, 1, -2, 900],
    )
    found = PipeFeatures.of(bad)
    assert len(found.asset_ids) == 1
    told = {one.code: (one.reason, one.value) for one in found.left_out}
    assert told == {
        "RS1": ("zero_length", "1"),
        "RS2": ("bad_diameter", "0"),
        "RS3": ("no_diameter", "nan"),
        "RS4": ("bad_diameter", "9000"),
        "RS5": ("above_ground", "-2"),
        "RS6": ("too_deep", "900"),
    }
    assert all(one.wanted for one in found.left_out)


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PipeLines]:
    """Return a built net of seeded pipes: pieces of different diameters that meet end to end."""
    random = np.random.default_rng(4)
    corners = np.cumsum(random.uniform(-60, 60, (1200, 2)), axis=0)
    lines = [[corners[n].tolist(), corners[n + 1].tolist()] for n in range(1199)]
    dn = random.choice([50.0, 100.0, 300.0, 800.0], 1199)
    given = pipes(lines, dn_mm=dn, outer_mm=np.full(1199, np.nan), insulation_mm=np.full(1199, np.nan))
    folder = tmp_path_factory.mktemp("pipes")
    published = build(folder, PipeFeatures.of(given), LevelGround(200.0), "test")
    return folder / published.build, given


@pytest.mark.parametrize("datum", ["ground", "ellipsoid"])
def test_a_net_passes_the_check_and_py3dtiles_reads_it(net: tuple[Path, PipeLines], datum: str) -> None:
    folder, given = net
    report = check_tileset(folder / datum)
    assert report.asset_ids.tolist() == given.asset_ids.tolist()
    tileset = TileSet.from_file(folder / datum / "tileset.json")
    assert sum(1 for _ in tileset.get_all_tile_contents()) == report.tiles > 2


def test_contents_tell_diameter_depth_level_and_side(net: tuple[Path, PipeLines]) -> None:
    folder, given = net
    leaf = max((folder / "ground").glob("*.glb"), key=lambda path: len(path.name))
    columns = read_glb(leaf.read_bytes()).columns
    rows = np.searchsorted(given.asset_ids, columns["asset_id"])
    assert columns["dn"].tolist() == given.dn_mm[rows].tolist()
    assert columns["code"].tolist() == given.codes[rows].tolist()
    np.testing.assert_allclose(columns["depth"], 1.2, atol=1e-6)
    assert set(columns["level"].tolist()) == {2}
    assert set(columns["depth_source"].tolist()) == {2}


def test_gltf_validator_finds_no_error(net: tuple[Path, PipeLines]) -> None:
    validator = ROOT / "web" / "node_modules" / "gltf-validator" / "index.js"
    if shutil.which("node") is None or not validator.exists():
        pytest.skip("gltf-validator is not installed (npm ci in web/)")
    contents = sorted(net[0].rglob("*.glb"))
    done = subprocess.run(["node", "-e", _VALIDATE, validator, *contents], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"files": len(contents), "errors": 0, "warnings": 0}, done.stderr


def test_a_pipe_that_changes_touches_its_leaf_and_what_is_above(tmp_path: Path, net: tuple[Path, PipeLines]) -> None:
    given = net[1]
    before = build(tmp_path, PipeFeatures.of(given), LevelGround(200.0), "test")
    depths = given.start_cover_m.copy()
    depths[700] = 2.0
    after = build(tmp_path, PipeFeatures.of(replace(given, start_cover_m=depths)), LevelGround(200.0), "again")
    old, new = ({path.name for path in (tmp_path / one.build / "ground").glob("*.glb")} for one in (before, after))
    assert 1 <= len(new - old) <= 5 < len(new)
