"""LoD2 of a real quarter from the file to valid 3D Tiles: by the manifest the buildings, by their codes the surfaces."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from data.errors import NotFound, UnfitValue
from data.imports.run import run_import
from data.pool import connect
from data.surfaces import put_surfaces, read_surface_file, read_surfaces
from tests.tiles.test_foreign import validate
from tiles.tiles3d.check import check_tileset
from tiles.tiles3d.engine import build
from tiles.tiles3d.gltf_file import read_gltf
from tiles.tiles3d.ground import LevelGround
from tiles.tiles3d.layers import solid_layer
from twin.scope import EVERYTHING, Scope

pytestmark = pytest.mark.store

MANIFEST = """
[city]
id = 1
name = "Görlitz"
zone = "Europe/Berlin"
extent = [14.9, 51.1, 15.1, 51.2]
[defaults]
licence = "dl-de/by-2-0"
[[layer]]
file = "lod2_surfaces.geojson"
kind = "building"
where = { Geometr_3D = "Ground" }
datum = "epsg:25833"
[layer.columns]
code = "ID"
height_m = "H_Objekt"
storeys = "Stockwerke"
"""


def test_surveyed_buildings_are_drawn_by_their_surfaces(shared: Path, database_url: str, tmp_path: Path) -> None:
    source = shared / "data" / "city-goerlitz-lod2" / "lod2_surfaces.geojson"
    (tmp_path / "manifest.toml").write_text(MANIFEST, encoding="utf-8")
    run_import(tmp_path / "manifest.toml", database_url, seat="tests", data_root=source.parent)
    with connect(database_url) as connection:
        plain = solid_layer("buildings").read(connection, 1, EVERYTHING)
        surfaces = read_surface_file(source, key="ID", kind="Geometr_3D", left_out=("Closure",))
        version = "select assets_version from city"
        before = connection.execute(version).fetchone()
        report = put_surfaces(connection, 1, surfaces, file=source.name, seat="tests")
        # one part has no ground, so the manifest brings 588
        assert (report.buildings, report.changed, len(report.unknown_codes)) == (588, 588, 1)
        assert connection.execute(version).fetchone() > before
        assert put_surfaces(connection, 1, surfaces, file=source.name, seat="tests").changed == 0
        features = solid_layer("buildings").read(connection, 1, EVERYTHING)
        assert len(read_surfaces(connection, 1, Scope(precision_m=50.0))[0]) == 0
        codes = dict(connection.execute("select asset_id, code from asset where kind = 'building'").fetchall())
    assert (features.digests != plain.digests).sum() > 580

    published = build(tmp_path / "out", features, LevelGround(), "test")
    folder = tmp_path / "out" / published.build
    assert published.features_out > 580
    for datum in ("ellipsoid", "ground"):
        assert check_tileset(folder / datum).features == published.features_out
    validate(sorted(folder.rglob("*.glb")))

    # the tops are those of the survey: its height above its own ground
    rows = geopandas.read_file(source)
    drawn = rows[rows["Geometr_3D"] != "Closure"]
    low, high = (drawn.groupby("ID").geometry.agg(lambda shapes, find=find: find(_heights(shapes))) for find in (np.min, np.max))
    found = _tops(folder / "ground")
    assert len(found) > 580
    difference = [found[asset] - (high[codes[asset]] - low[codes[asset]]) for asset in found]
    assert np.abs(difference).max() < 0.1
    # and above the ellipsoid they stand at their own heights, with a geoid of 0
    tops = _tops(folder / "ellipsoid")
    assert np.abs([tops[asset] - high[codes[asset]] for asset in tops]).max() < 0.15


def _heights(shapes: geopandas.GeoSeries) -> np.ndarray:
    heights: np.ndarray = shapely.get_coordinates(shapes.to_numpy(), include_z=True)[:, 2]
    return heights


def _tops(folder: Path) -> dict[int, float]:
    """Return the highest point of each building over its leaves, above the ellipsoid's curve."""
    document = json.loads((folder / "tileset.json").read_bytes())
    tops: dict[int, float] = {}

    def walk(tile: dict[str, object]) -> None:
        children = tile.get("children", [])
        if not children and "content" in tile:
            _add_tops(folder / tile["content"]["uri"], tops)
        for child in children:
            walk(child)

    walk(document["root"])
    return tops


def _add_tops(path: Path, tops: dict[int, float]) -> None:
    file = read_gltf(path.read_bytes())
    (mesh, matrix), *_ = file.placed_meshes()
    attributes = mesh["primitives"][0]["attributes"]
    stored = file.accessor(attributes["POSITION"]).astype(float)
    up = stored @ matrix[:3, :3].T + matrix[:3, 3]
    features = file.accessor(attributes["_FEATURE_ID_0"]).ravel()
    table = file.document["extensions"]["EXT_structural_metadata"]["propertyTables"][0]["properties"]
    assets = np.frombuffer(file.view(table["asset_id"]["values"]), "<u4")
    # away from the middle the horizon of the frame rises over the ground
    fall = (up[:, 0] ** 2 + up[:, 2] ** 2) / (2 * 6_380_000)
    for row in np.unique(features):
        tops[int(assets[row])] = float((up[:, 1] + fall)[features == row].max())


def test_a_bad_file_of_surfaces_is_named(shared: Path, database_url: str, tmp_path: Path) -> None:
    source = shared / "data" / "city-goerlitz-lod2" / "lod2_surfaces.geojson"
    with pytest.raises(UnfitValue, match=r"has no column 'code'; there are ID,"):
        read_surface_file(source, key="code")
    with pytest.raises(UnfitValue, match="EPSG:0 is no reference system"):
        read_surface_file(source, key="ID", crs="EPSG:0")
    flat = tmp_path / "flat.geojson"
    geopandas.GeoDataFrame({"ID": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326").to_file(flat)
    with pytest.raises(UnfitValue, match="has no polygons with heights"):
        read_surface_file(flat, key="ID")
    (tmp_path / "no.geojson").write_text("nothing")
    with pytest.raises(UnfitValue, match=r"no\.geojson cannot be read"):
        read_surface_file(tmp_path / "no.geojson", key="ID")
    with connect(database_url) as connection, pytest.raises(NotFound, match="has no building of any of the 589 codes"):
        put_surfaces(connection, 1, read_surface_file(source, key="ID"), file=source.name, seat="tests")
