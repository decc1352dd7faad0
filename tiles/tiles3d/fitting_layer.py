"""Valves, chambers and located points as a layer of 3D Tiles: small models on their pipe, as instances.

A fitting takes direction, diameter and depth from the pipe vertex beside it (within 1.5 m); without one it is as wide as its DN
and lies under the stand-in cover. A chamber stands upright from the ground down to its depth. Models are in `models.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from data.fitting_points import FittingPoints
from data.pipe_lines import PipeLines
from tiles.tiles3d.columns import Column, Table, texts
from tiles.tiles3d.digests import row_digests
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.glb import Look
from tiles.tiles3d.instances import Instances, write_instances
from tiles.tiles3d.layer import Content, Ground, LeftOut
from tiles.tiles3d.mesh import Mesh
from tiles.tiles3d.models import MODELS, model
from tiles.tiles3d.pipe_layer import vertices
from twin import laying

_LOOK = Look(quantised=False, colour=(0.62, 0.66, 0.72))
_NEAR_M: Final = 1.5
_CHAMBER_WIDTH_M: Final = 2.4
_CHAMBER_DEPTH_M: Final = 2.4
_DEEPEST_CHAMBER_M: Final = 30.0
_M_PER_DEG: Final = 111_320.0


@dataclass(frozen=True, slots=True)
class _Placing:
    """How each fitting stands: model, direction of its pipe (east, north), radius of the pipe, depth of what it sits on."""

    models: NDArray[np.str_]
    directions: NDArray[np.float64]
    radii_m: NDArray[np.float64]
    covers_m: NDArray[np.float64]

    def take(self, rows: NDArray[np.int64]) -> _Placing:
        return _Placing(*(getattr(self, each.name)[rows] for each in fields(self)))


class FittingFeatures:
    """Features of a city's fittings; see `layer.Features`. They are drawn from near only."""

    name = "fittings"
    leaf_capacity = 1000
    far_capacity = 0
    far_error_m = 40.0
    shaped_by_ground = False

    def __init__(self, points: FittingPoints, placing: _Placing, left_out: tuple[LeftOut, ...] = ()) -> None:
        self._points, self._placing, self.left_out = points, placing, left_out
        self.asset_ids = points.asset_ids

    @classmethod
    def of(cls, points: FittingPoints, pipes: PipeLines) -> FittingFeatures:
        """Return the fittings that can be drawn, each placed on the pipe beside it."""
        left_out = _left_out(points)
        bad = np.isin(points.asset_ids, np.array([one.asset_id for one in left_out], dtype=np.uint32))
        kept = points.take(np.flatnonzero(~bad))
        return cls(kept, _place(kept, pipes), tuple(left_out))

    @property
    def bounds_wgs84(self) -> NDArray[np.float64]:
        """See `layer.Features`."""
        return np.hstack([self._points.lonlat_deg, self._points.lonlat_deg])

    @property
    def sizes_m(self) -> NDArray[np.float64]:
        """See `layer.Features`."""
        return self._placing.radii_m * 4

    @cached_property
    def digests(self) -> NDArray[Any]:
        """See `layer.Features`."""
        parts = (self._points, self._placing)
        return row_digests([getattr(part, each.name) for part in parts for each in fields(part)])

    def take(self, rows: NDArray[np.int64]) -> FittingFeatures:
        """See `layer.Features`."""
        return FittingFeatures(self._points.take(rows), self._placing.take(rows))

    def batch(self, frame: Frame, ground: Ground, *, far: bool) -> _Batch:
        """See `layer.Features`."""
        points, placing = self._points, self._placing
        chamber = placing.models == "chamber"
        heights = np.where(chamber, 0.0, -placing.covers_m - placing.radii_m)
        surface = frame.local(points.lonlat_deg, np.zeros(len(points)))
        up = frame.verticals(surface)
        width = np.full(len(points), _CHAMBER_WIDTH_M)
        stretched = np.column_stack([width, width, placing.covers_m])
        scales = np.where(chamber[:, None], stretched, placing.radii_m[:, None])
        lifts = np.nan_to_num(ground.at(points.lonlat_deg))
        turns = _turns(placing.directions, up)
        return _Batch(placing.models, surface + up * heights[:, None], up * lifts[:, None], turns, scales, self._table())

    def _table(self) -> Table:
        points, placing = self._points, self._placing
        columns = (
            Column("asset_id", "UINT32", points.asset_ids, "id of the asset in its city"),
            Column("code", "STRING", points.codes, "code of the asset"),
            Column("kind", "STRING", texts(points.kinds.tolist()), "kind of the asset"),
            Column("model", "STRING", texts(placing.models.tolist()), "what it is drawn as"),
            Column("dn", "UINT16", np.nan_to_num(points.dn_mm).clip(0, 65_535), "nominal diameter in mm, 0 unknown"),
            Column("depth", "FLOAT32", placing.covers_m, "ground to crown in metres; of a chamber, how deep it reaches"),
        )
        return Table("fitting", columns)


@dataclass(frozen=True, slots=True)
class _Batch:
    """See `layer.Batch`."""

    models: NDArray[np.str_]
    positions_m: NDArray[np.float64]
    lifts: NDArray[np.float64]
    turns: NDArray[np.float64]
    scales: NDArray[np.float64]
    table: Table

    def content(self, first: int, last: int, *, lifted: bool) -> Content:
        """See `layer.Batch`."""
        part = slice(first, last)
        positions = self.positions_m[part] + self.lifts[part] if lifted else self.positions_m[part]
        instances = Instances(self.models[part], positions, self.turns[part], self.scales[part])
        shapes = {name: _SHAPES.get(name) for name in set(instances.models.tolist())}
        data, low, high = write_instances(instances, shapes, self.table.part(first, last), _LOOK)
        triangles = sum(len(shapes[name].triangles) for name in instances.models.tolist())
        return Content(data, low, high, triangles)


class _Shapes:
    """Meshes of the models, made when first asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Mesh] = {}

    def get(self, name: str) -> Mesh:
        if name not in self._made:
            self._made[name] = model(name)
        return self._made[name]


_SHAPES = _Shapes()


def _turns(directions: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rotations whose columns are along the pipe, to its left, up."""
    along = np.column_stack([directions, np.zeros(len(directions))])
    along -= up * (along * up).sum(axis=1)[:, None]
    along /= np.linalg.norm(along, axis=1)[:, None]
    return np.stack([along, np.cross(up, along), up], axis=2)


def _left_out(points: FittingPoints) -> list[LeftOut]:
    chamber = points.kinds == "chamber"
    limit = np.where(chamber, _DEEPEST_CHAMBER_M, laying.DEEPEST_M)
    cover = np.nan_to_num(points.cover_m)
    rules = (
        ("no_place", ~np.isfinite(points.lonlat_deg).all(axis=1), points.cover_m, "coordinates that are numbers"),
        ("above_ground", (cover < 0) | (chamber & (points.cover_m <= 0)), points.cover_m, "a depth above 0 m"),
        ("too_deep", cover > limit, points.cover_m, "a depth in metres, up to 60, of a chamber up to 30"),
        (
            "bad_diameter",
            (points.dn_mm <= 0) | (points.dn_mm > laying.LARGEST_DIAMETER_MM),
            points.dn_mm,
            "a DN in mm up to 2500",
        ),
    )
    found: dict[int, LeftOut] = {}
    for reason, wrong, value, wanted in rules:
        for row in np.flatnonzero(wrong).tolist():
            found.setdefault(row, LeftOut(int(points.asset_ids[row]), str(points.codes[row]), reason, f"{value[row]:g}", wanted))
    return [found[row] for row in sorted(found)]


def _place(points: FittingPoints, pipes: PipeLines) -> _Placing:
    diameters = laying.outer_diameters_m(pipes.dn_mm, pipes.outer_mm, pipes.insulation_mm)
    covers = np.where(np.isnan(pipes.start_cover_m), pipes.end_cover_m, pipes.start_cover_m)
    found, row, directions = _nearest(points.lonlat_deg, pipes)
    unknown = np.full(len(points), np.nan)
    own = laying.outer_diameters_m(np.where(np.isnan(points.dn_mm), 100.0, points.dn_mm), unknown, unknown)
    diameter = np.where(found & (diameters[row] > 0), diameters[row], own) if len(pipes) else own
    beside = np.where(found, covers[row], np.nan) if len(pipes) else unknown
    stand_in = laying.default_cover_m(points.dn_mm)
    cover = np.where(np.isnan(points.cover_m), np.where(np.isnan(beside), stand_in, beside), points.cover_m)
    chamber = points.kinds == "chamber"
    cover = np.where(chamber & np.isnan(points.cover_m), _CHAMBER_DEPTH_M, cover)
    kinds = np.where(points.kinds == "pipe_point", points.point_types, points.kinds)
    models = np.where(np.isin(kinds, MODELS), kinds, "sleeve")
    return _Placing(models, directions, diameter / 2, cover)


def _nearest(lonlat: NDArray[np.float64], pipes: PipeLines) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.float64]]:
    """Return whether a pipe vertex lies beside each point, the row of that pipe, and its direction there (east, north)."""
    east = np.tile([1.0, 0.0], (len(lonlat), 1))
    if not len(pipes) or not len(lonlat):
        return np.zeros(len(lonlat), dtype=bool), np.zeros(len(lonlat), dtype=np.int64), east
    xyz, owner = vertices(pipes.lines_wgs84)
    metres = np.array([np.cos(np.radians(np.median(lonlat[:, 1]))) * _M_PER_DEG, _M_PER_DEG])
    places = xyz[:, :2] * metres
    distance, vertex = cKDTree(places).query(lonlat * metres, distance_upper_bound=_NEAR_M)
    found = np.isfinite(distance)
    vertex = np.where(found, vertex, 0)
    after = np.minimum(vertex + 1, len(owner) - 1)
    last = (after == vertex) | (owner[after] != owner[vertex])
    after = np.where(last, np.maximum(vertex - 1, 0), after)
    direction = places[after] - places[vertex]
    length = np.linalg.norm(direction, axis=1)
    known = found & (length > 0)
    direction = np.where(known[:, None], direction / np.maximum(length, 1e-9)[:, None], east)
    return found, owner[vertex], direction
