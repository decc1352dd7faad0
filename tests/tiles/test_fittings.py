"""Fittings as instances: closed models, on their pipe and turned along it, read back whole; bad ones are named."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from py3dtiles.tileset import TileSet

from data.fitting_points import FittingPoints
from tests.conftest import ROOT
from tests.tiles.test_tiles3d import _VALIDATE, volume_m3
from tests.tiles.test_tubes import FRAME, LAT, LON, M_LAT, M_LON, pipes
from tiles.tiles3d.check import check_tileset, read_glb
from tiles.tiles3d.engine import build
from tiles.tiles3d.fitting_layer import FittingFeatures
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.ground import LevelGround
from tiles.tiles3d.models import MODELS, model


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_closed_and_faces_outward(name: str) -> None:
    mesh = model(name)
    a, b, c = (mesh.positions_m[mesh.triangles[:, corner]] for corner in range(3))
    assert (np.einsum("ij,ij->i", np.cross(b - a, c - a), mesh.normals[mesh.triangles[:, 0]]) > 0).all()
    _, place = np.unique(mesh.positions_m.round(6), axis=0, return_inverse=True)
    corners = place.ravel()[mesh.triangles]
    edges = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]).tolist()
    assert sorted(edges) == sorted([b, a] for a, b in edges)
    assert volume_m3(mesh.positions_m, mesh.triangles) > 0.3
    assert len(mesh.triangles) < 400


def points(places_m: Any, **given: Any) -> FittingPoints:
    """Return fittings at metres from LON, LAT."""
    n = len(places_m)
    known = {
        "asset_ids": np.arange(n, dtype=np.uint32) + 2**26,
        "codes": np.array([f"F{row}" for row in range(n)], dtype=object),
        "kinds": np.full(n, "valve"),
        "point_types": np.full(n, ""),
        "dn_mm": np.full(n, 200.0),
        "cover_m": np.full(n, np.nan),
        "lonlat_deg": np.array([(LON + x / M_LON, LAT + y / M_LAT) for x, y in places_m]),
    }
    return FittingPoints(**known | {name: np.asarray(value) for name, value in given.items()})


PIPES = pipes([[[0, 0], [30, 0]], [[30, 0], [30, 40]]], start_cover_m=[1.2, 2.0], end_cover_m=[1.2, 2.0])


def content(found: FittingFeatures, *, lifted: bool = False) -> Any:
    batch = found.batch(FRAME, LevelGround(200.0), far=False)
    return read_glb(batch.content(0, len(found.asset_ids), lifted=lifted).data)


def test_a_valve_sits_on_its_pipe_and_lies_along_it() -> None:
    found = FittingFeatures.of(points([(0, 0), (30, 40)]), PIPES)
    read = content(found)
    for row, (along, cover) in enumerate(((0, 1.2), (1, 2.0))):
        mine = read.positions_m[read.features == row]
        body = mine[np.abs(mine[:, 2] + cover + 0.309 / 2) < 0.309]  # round the axis, without the wheel
        size = body.max(axis=0) - body.min(axis=0)
        assert size[along] == pytest.approx(3.2 * 0.309 / 2, rel=0.02)
        assert (body.max(axis=0) + body.min(axis=0))[2] / 2 == pytest.approx(-cover - 0.309 / 2, abs=0.05)
    np.testing.assert_allclose(read.columns["depth"], [1.2, 2.0], rtol=1e-6)


def test_a_chamber_reaches_from_the_ground_to_its_depth_whatever_the_datum() -> None:
    found = FittingFeatures.of(points([(0, 0)], kinds=["chamber"], cover_m=[3.0]), PIPES)
    for lifted, ground in ((False, 0.0), (True, 200.0)):
        heights = content(found, lifted=lifted).positions_m[:, 2]
        assert (heights.min(), heights.max()) == pytest.approx((ground - 3.0, ground), abs=1e-3)


def test_without_a_pipe_beside_it_a_fitting_is_as_wide_as_its_dn() -> None:
    found = FittingFeatures.of(points([(500, 500)], kinds=["pipe_point"], point_types=["compensator"]), PIPES)
    read = content(found)
    assert read.columns["model"].tolist() == ["compensator"]
    assert np.ptp(read.positions_m[:, 0]) == pytest.approx(4.4 * 0.309 / 2, rel=0.01)
    assert read.columns["depth"].tolist() == pytest.approx([1.0])


def test_fittings_that_cannot_be_drawn_are_named() -> None:
    bad = points([(0, 0)] * 5, cover_m=[1, -1, 99, 1, np.nan], dn_mm=[200, 200, 200, 0, np.nan])
    found = FittingFeatures.of(bad, PIPES)
    told = {one.code: (one.reason, one.value) for one in found.left_out}
    assert told == {"F1": ("above_ground", "-1"), "F2": ("too_deep", "99"), "F3": ("bad_diameter", "0")}
    assert found.asset_ids.tolist() == [2**26, 2**26 + 4]


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FittingPoints]:
    """Return built fittings of all models over 6 km, more than a leaf holds."""
    random = np.random.default_rng(8)
    types = random.choice([name for name in MODELS if name not in {"valve", "chamber", "sleeve"}] + ["tee"], 2500)
    kinds = random.choice(["valve", "chamber", "pipe_point"], 2500)
    given = points(random.uniform(-3000, 3000, (2500, 2)), kinds=kinds, point_types=types)
    folder = tmp_path_factory.mktemp("fittings")
    published = build(folder, FittingFeatures.of(given, PIPES), LevelGround(200.0), "test")
    return folder / published.build, given


@pytest.mark.parametrize("datum", ["ground", "ellipsoid"])
def test_built_fittings_pass_the_check_and_py3dtiles_reads_them(net: tuple[Path, FittingPoints], datum: str) -> None:
    folder, given = net
    report = check_tileset(folder / datum)
    assert report.asset_ids.tolist() == given.asset_ids.tolist()
    tileset = TileSet.from_file(folder / datum / "tileset.json")
    assert sum(1 for _ in tileset.get_all_tile_contents()) == report.tiles > 2


def test_gltf_validator_finds_no_error(net: tuple[Path, FittingPoints]) -> None:
    validator = ROOT / "web" / "node_modules" / "gltf-validator" / "index.js"
    if shutil.which("node") is None or not validator.exists():
        pytest.skip("gltf-validator is not installed (npm ci in web/)")
    contents = sorted(net[0].rglob("*.glb"))
    done = subprocess.run(["node", "-e", _VALIDATE, validator, *contents], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"files": len(contents), "errors": 0, "warnings": 0}, done.stderr[:2000]


def test_the_same_fitting_has_the_same_place_in_every_batch() -> None:
    frame = Frame.at(LON, LAT)
    several = FittingFeatures.of(points([(0, 0), (30, 0), (30, 40)]), PIPES)
    whole = read_glb(several.batch(frame, LevelGround(), far=False).content(2, 3, lifted=False).data)
    alone = read_glb(several.take(np.array([2])).batch(frame, LevelGround(), far=False).content(0, 1, lifted=False).data)
    np.testing.assert_array_equal(whole.positions_m, alone.positions_m)
