"""Measures 3D Tiles at city size against py3dtiles' export.

    make bench-tiles3d   # builds the city once, prints one line

Progress goes to stderr; the only line on stdout holds the figures. Nothing of the kept city changes: files go to a folder of
their own, and the edit is rolled back.

| field | meaning |
|---|---|
| features_in, features_out | buildings of the city, buildings drawn; the rest is named with its reason in the build |
| read_s | all buildings from PostGIS as arrays |
| arrays_to_files_s | arrays in memory, outlines as WKB, judged, to files of **both** datums, not read back; code is compiled |
| arrays_to_files_cpu_s | the same in CPU seconds |
| postgis_to_published_s | `heat-twin tiles3d build --layer buildings`: both datums, every file read back by our own check |
| rebuild_one_edit_s | from one changed height in PostGIS to the new build published |
| mb, gzip_mb | files of the datum `ground` as they lie on disk, and as they are sent (gzip level 6) |
| tiles, triangles | content files and triangles of one datum |
| pipes_s, pipes_mb | all pipe pieces from PostGIS to published, both datums; files of one datum |
| pipes_files_s | of it, from features in memory to published |
| py3dtiles_s | `py3dtiles.export` from ready WKB of the triangles of walls and roofs, one datum; scaled from the sample |
| peer_sample | buildings that the peer drew, those nearest the middle: its search through cells of 2 km costs least there |
| ratio_py3dtiles | py3dtiles_s / arrays_to_files_s, the same buildings, the same minute |
| invalid | files of both datums in which gltf-validator finds an error |
| peak_mb | largest resident memory of this process; the database is another |
| load1 | load of the machine in the last minute at the start and at the end, the larger one |
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from py3dtiles.export import wkbs_to_tileset

from api.database import open_database
from api.settings import Settings
from api.solids import ground_of, rebuild_layer, rebuild_solids, solids_folder
from benchmarks.import_city import city_settings
from data.buildings import Buildings, read_buildings
from data.pool import connect
from tiles.tiles3d.building_layer import BuildingFeatures
from tiles.tiles3d.building_rules import drawable
from tiles.tiles3d.engine import build, unchecked
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.ground import LevelGround
from tiles.tiles3d.layer import Ground
from tiles.tiles3d.layers import solid_layer
from tiles.tiles3d.mesh import extrude
from tiles.tiles3d.shelf import Published
from twin.scope import EVERYTHING

CITY = 1
_VALIDATOR = Path("web/node_modules/gltf-validator/index.js")
_EDIT = "update asset set attributes = attributes || '{\"height_m\": 61.5}' where city_id = %s and asset_id = %s"
_Answer = TypeVar("_Answer")


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tiles3d")
    parser.add_argument("--peer-sample", type=int, default=0, help="buildings that the peer draws; 0 = all")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with open_database(city_settings(clean=True)) as opened, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "raster").symlink_to(opened.var_dir.resolve() / "raster")
        figures = _measure(replace(opened, var_dir=Path(folder)), options.peer_sample)
    figures["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
    figures["load1"] = round(max(load, os.getloadavg()[0]), 2)
    print(json.dumps(figures))  # noqa: T201 - the one line of figures


def _measure(settings: Settings, peer_sample: int) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    with connect(settings.database_url) as connection:
        ground = ground_of(settings, connection, CITY)
        buildings, figures["read_s"] = _timed("read", lambda: read_buildings(connection, CITY))
    _build(settings.var_dir / "warm", buildings.take(np.arange(2000)), LevelGround())
    cpu = time.process_time()
    arrays, figures["arrays_to_files_s"] = _timed(
        "arrays to files", lambda: _build(settings.var_dir / "arrays", buildings, ground)
    )
    figures["arrays_to_files_cpu_s"] = round(time.process_time() - cpu, 2)
    figures |= _peer(buildings, peer_sample, figures["arrays_to_files_s"])
    published, figures["postgis_to_published_s"] = _timed("PostGIS to published", lambda: _publish(settings, "buildings"))
    figures |= {"features_in": arrays.features_in, "features_out": published.features_out, "left_out": published.left_out}
    figures |= {"tiles": published.tiles, "triangles": published.triangles}
    served = solids_folder(settings, CITY, solid_layer("buildings")) / published.build
    figures |= _sizes(served / "ground") | {"invalid": _invalid(served)}
    _, figures["rebuild_one_edit_s"] = _timed("one edit", lambda: _edit(settings, int(buildings.asset_ids[1000])))
    return figures | _pipes(settings)


def _timed(name: str, work: Callable[[], _Answer]) -> tuple[_Answer, float]:
    started = time.perf_counter()
    answer = work()
    seconds = time.perf_counter() - started
    _say(f"{name}: {seconds:.2f} s")
    return answer, round(seconds, 2)


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - progress


def _build(folder: Path, buildings: Buildings, ground: Ground) -> Published:
    return build(folder, BuildingFeatures.of(buildings), ground, "bench", check=unchecked)


def _publish(settings: Settings, layer: str) -> Published:
    """Do what `heat-twin tiles3d build` does; it reads every new file back before it publishes."""
    return rebuild_solids(settings, CITY, layers=[layer])[layer][0]


def _edit(settings: Settings, asset_id: int) -> None:
    """Publish after one edit, seen through the transaction that made it and takes it back."""
    layer = solid_layer("buildings")
    with connect(settings.database_url) as connection:
        changed = connection.execute(_EDIT, (CITY, asset_id)).rowcount
        assert changed == 1
        started = time.perf_counter()
        rebuild_layer(settings, connection, CITY, layer, force=True)
        _say(f"without the update itself: {time.perf_counter() - started:.2f} s")
        connection.rollback()


def _sizes(folder: Path) -> dict[str, float]:
    contents = [path.read_bytes() for path in folder.iterdir()]
    size, packed = sum(map(len, contents)), sum(len(gzip.compress(content, 6)) for content in contents)
    return {"mb": round(size / 1e6, 1), "gzip_mb": round(packed / 1e6, 1)}


def _invalid(folder: Path) -> int:
    """Return how many files gltf-validator refuses; all that are on the disk are asked."""
    names = "\n".join(str(path) for path in sorted(folder.rglob("*.glb")))
    script = Path(__file__).with_name("tiles3d_validate.cjs")
    command = ["node", str(script), str(_VALIDATOR.resolve())]
    done = subprocess.run(command, input=names, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    _say(f"gltf-validator: {found}")
    return int(found["invalid"])


def _pipes(settings: Settings) -> dict[str, float]:
    layer = solid_layer("pipes")
    started = time.perf_counter()
    with connect(settings.database_url) as connection:
        ground = ground_of(settings, connection, CITY)
        features = layer.read(connection, CITY, EVERYTHING)
    folder = settings.var_dir / "pipes"
    published, files_s = _timed("pipes, features to files", lambda: build(folder, features, ground, "bench"))
    seconds = round(time.perf_counter() - started, 2)
    return {"pipes_s": seconds, "pipes_files_s": files_s, "pipes_mb": round(published.size_bytes / 1e6, 1)}


# ---------------------------------------------------------------- the peer


def _peer(buildings: Buildings, sample: int, ours_s: float) -> dict[str, Any]:
    """Let py3dtiles draw the same solids from ready WKB; walls and roofs are made before its clock starts."""
    wkbs, ids = _surfaces(buildings, sample)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        transform = np.eye(4, dtype=np.float32).flatten("F")
        _, seconds = _timed("py3dtiles", lambda: wkbs_to_tileset(wkbs, ids, transform, Path(folder)))
    whole = round(seconds * len(buildings) / len(wkbs), 1)
    return {"peer_sample": len(wkbs), "py3dtiles_s": whole, "ratio_py3dtiles": round(whole / ours_s, 1)}


def _surfaces(buildings: Buildings, sample: int) -> tuple[list[bytes], list[str]]:
    """Return each solid as a multipolygon of its walls and roof triangles (y up, as py3dtiles wants them), and its id."""
    solids, _ = drawable(buildings)
    if sample:
        middles = (solids.bounds_wgs84[:, :2] + solids.bounds_wgs84[:, 2:]) / 2
        near = np.argsort(np.hypot(*(middles - np.median(middles, axis=0)).T), kind="stable")
        solids = solids.take(near[:sample])
    west, south, east, north = shapely.total_bounds(solids.footprints_wgs84)
    frame = Frame.at((west + east) / 2, (south + north) / 2)
    lift = np.zeros(len(solids.heights_m))
    mesh = extrude(solids.footprints_wgs84, frame, lift_m=lift, height_m=solids.heights_m)
    y_up = mesh.positions_m[:, [0, 2, 1]] * [1.0, 1.0, -1.0]
    corners: NDArray[np.float64] = y_up[mesh.triangles[:, [0, 1, 2, 0]]]
    rings: NDArray[Any] = np.asarray(shapely.polygons(shapely.linearrings(corners)))
    owner = mesh.owners[mesh.triangles[:, 0]]
    several = shapely.multipolygons(rings, indices=owner)
    return list(shapely.to_wkb(several, output_dimension=3, byte_order=1, flavor="iso")), [
        str(one) for one in solids.buildings.asset_ids
    ]


if __name__ == "__main__":
    main()
