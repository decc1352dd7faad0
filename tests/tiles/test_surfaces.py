"""LoD2 surfaces as they are: planes of any slope with holes, buildings inside out, and a real quarter with its volumes."""

from __future__ import annotations

from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from shapely.geometry import Polygon

from tests.conftest import ROOT
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.mesh import Mesh
from tiles.tiles3d.surfaces import Surfaces, base_heights_m, surface_mesh

GOERLITZ = ROOT.parent / "shared" / "data" / "city-goerlitz-lod2" / "lod2_surfaces.geojson"
LON, LAT = 14.99, 51.14
FRAME = Frame.at(LON, LAT)
M_LAT = 111_250.0
M_LON = 69_980.0


def place(points: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    return [(LON + x / M_LON, LAT + y / M_LAT, z) for x, y, z in points]


def face(points: list[tuple[float, float, float]], *holes: list[tuple[float, float, float]]) -> Polygon:
    return Polygon(place(points), [place(hole) for hole in holes])


def gabled(x: float = 0.0, base: float = 200.0) -> list[Polygon]:
    """Return a house of 10 by 8 m: eaves at 4 m, ridge at 7 m, all rings counter-clockwise from outside."""
    low, eaves, ridge = base, base + 4, base + 7
    a, b, c, d = (x, 0), (x + 10, 0), (x + 10, 8), (x, 8)
    e, f = (x, 4), (x + 10, 4)
    return [
        face([(*a, eaves), (*b, eaves), (*f, ridge), (*e, ridge)]),
        face([(*c, eaves), (*d, eaves), (*e, ridge), (*f, ridge)]),
        face([(*a, low), (*b, low), (*b, eaves), (*a, eaves)]),
        face([(*c, low), (*d, low), (*d, eaves), (*c, eaves)]),
        face([(*b, low), (*c, low), (*c, eaves), (*f, ridge), (*b, eaves)]),
        face([(*d, low), (*a, low), (*a, eaves), (*e, ridge), (*d, eaves)]),
        face([(*d, low), (*c, low), (*b, low), (*a, low)]),
    ]


def mesh_of(houses: list[list[Polygon]], frame: Frame = FRAME) -> Mesh:
    owners = np.repeat(np.arange(len(houses)), [len(house) for house in houses])
    surfaces = Surfaces(np.array([polygon for house in houses for polygon in house], dtype=object), owners)
    return surface_mesh(surfaces, frame, base_m=base_heights_m(surfaces, len(houses)))


def volumes_m3(mesh: Mesh, count: int) -> np.ndarray:
    owner = mesh.owners[mesh.triangles[:, 0]]
    middle = np.array([mesh.positions_m[mesh.owners == number].mean(axis=0) for number in range(count)])
    a, b, c = (mesh.positions_m[mesh.triangles[:, corner]] - middle[owner] for corner in range(3))
    return np.bincount(owner, np.einsum("ij,ij->i", a, np.cross(b, c)) / 6, count)


def test_a_house_keeps_its_slopes_and_stands_on_0() -> None:
    mesh = mesh_of([gabled()])
    assert volumes_m3(mesh, 1)[0] == pytest.approx(10 * 8 * 4 + 10 * 8 * 3 / 2, rel=2e-3)
    np.testing.assert_allclose([mesh.positions_m[:, 2].min(), mesh.positions_m[:, 2].max()], [0, 7], atol=1e-3)
    slopes = np.unique(mesh.normals[:, 2].round(3))
    assert slopes.tolist() == [-1.0, 0.0, 0.8]  # floor, walls, roofs of 3 in 4
    a, b, c = (mesh.positions_m[mesh.triangles[:, corner]] for corner in range(3))
    outward = np.cross(b - a, c - a)
    assert (np.einsum("ij,ij->i", outward, mesh.normals[mesh.triangles[:, 0]]) > 0).all()


def test_a_house_that_is_inside_out_is_turned_over_and_its_neighbour_is_not() -> None:
    other = [polygon.reverse() for polygon in gabled(30.0)]
    mesh = mesh_of([gabled(), other, gabled(60.0)])
    np.testing.assert_allclose(volumes_m3(mesh, 3), 440, rtol=2e-3)
    alone = mesh_of([gabled()])
    first = mesh.owners == 0
    np.testing.assert_array_equal(mesh.positions_m[first], alone.positions_m)
    np.testing.assert_array_equal(mesh.normals[first], alone.normals)


def test_a_wall_keeps_its_hole() -> None:
    wall = face([(0, 0, 0), (10, 0, 0), (10, 0, 6), (0, 0, 6)], [(4, 0, 1), (4, 0, 3), (6, 0, 3), (6, 0, 1)])
    mesh = mesh_of([[wall, *gabled(base=0.0)[:1]]])
    vertical = np.abs(mesh.normals[mesh.triangles[:, 0], 2]) < 1e-6
    a, b, c = (mesh.positions_m[mesh.triangles[vertical, corner]] for corner in range(3))
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 == pytest.approx(60 - 4, rel=2e-3)


def test_polygons_without_an_area_are_left_out() -> None:
    line = face([(0, 0, 200), (5, 0, 200), (9, 0, 200), (0, 0, 200)])
    np.testing.assert_allclose(volumes_m3(mesh_of([[line, *gabled()]]), 1), 440, rtol=2e-3)
    assert len(mesh_of([[line]]).triangles) == 0


@cache
def quarter() -> tuple[Any, Surfaces, list[str]]:
    rows = gpd.read_file(GOERLITZ).set_crs("EPSG:25833", allow_override=True)
    names = sorted(rows["ID"].unique())
    number = {name: index for index, name in enumerate(names)}
    parts, row = shapely.get_parts(rows.geometry.to_numpy(), return_index=True)
    owners = rows["ID"].map(number).to_numpy()[row]
    order = np.argsort(owners, kind="stable")
    to_wgs84 = pyproj.Transformer.from_crs("EPSG:25833", "EPSG:4326", always_xy=True)

    def moved(xyz: np.ndarray) -> np.ndarray:
        return np.column_stack([*to_wgs84.transform(xyz[:, 0], xyz[:, 1]), xyz[:, 2]])

    placed = shapely.transform(parts[order], moved, include_z=True)
    return rows, Surfaces(placed, owners[order].astype(np.int64)), names


@pytest.mark.skipif(not GOERLITZ.exists(), reason="the surfaces of Görlitz are not beside the checkout")
def test_a_real_quarter_has_plausible_volumes() -> None:
    """589 buildings and parts; a building's volume lies between half of and the whole of its ground times its height."""
    rows, surfaces, names = quarter()
    assert len(names) == 589
    lon, lat = np.mean(shapely.bounds(surfaces.polygons_z)[:, [0, 1]], axis=0)
    base = base_heights_m(surfaces, 589)
    mesh = surface_mesh(surfaces, Frame.at(float(lon), float(lat)), base_m=base)
    assert len(np.unique(mesh.owners)) == 589
    stated = rows.drop_duplicates("ID").set_index("ID").loc[names]
    told = stated["H_Boden"].to_numpy() > 0
    assert told.sum() == 587
    np.testing.assert_allclose(base[told], stated["H_Boden"].to_numpy()[told], atol=0.5)
    low = np.minimum.reduceat(mesh.positions_m[:, 2], np.searchsorted(mesh.owners, np.arange(589)))
    assert np.abs(low).max() < 0.05
    ground = rows[rows["Geometr_3D"] == "Ground"].set_index("ID").geometry.area.reindex(names).to_numpy()
    share = volumes_m3(mesh, 589) / (ground * stated["H_Objekt"].to_numpy())
    share = share[np.isfinite(share)]
    assert len(share) == 588
    assert (share > 0.5).mean() > 0.995
    assert (share < 1.05).mean() > 0.98  # the others are open to a neighbouring part
    assert np.median(share) == pytest.approx(1.0, abs=0.1)
