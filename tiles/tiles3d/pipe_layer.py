"""Heat pipes as a layer of 3D Tiles: tubes at their depth and outer diameter with insulation.

The axis lies where it was surveyed; else as deep as the archive says (ground to crown); else under a stand-in cover, which
column `depth_source` tells. Supply and return of a trench are drawn where the archive has them, but never through one another:
two pipes of a pair that lie closer than their diameters are set apart to both sides, with 0.15 m between them; of two on one
line the supply pipe lies to the right of the direction in which it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

from data.pipe_lines import PipeLines
from tiles.tiles3d.columns import Column, Table
from tiles.tiles3d.digests import row_digests
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.glb import Look
from tiles.tiles3d.layer import Ground, LeftOut, MeshBatch
from tiles.tiles3d.tubes import SHORTEST_M, Axes, tubes
from twin import laying

_LOOK = Look(quantised=False, colour=(0.85, 0.45, 0.25))
_GAP_M = 0.15
_FAR_CORNERS = 4
_FAR_TOLERANCE_M = 5.0
_SAGITTA_M = 0.025
_FEWEST_CORNERS, _MOST_CORNERS = 5, 12
_SIZE_FACTOR = 100.0
"""A pipe of DN 1000 matters from afar as much as a building of 100 m."""
_M_PER_DEG = 111_320.0
_SOURCES = {1: "surveyed height", 2: "depth of the archive", 3: "stand-in cover"}
_LEVELS = {0: "unknown", 1: "transmission", 2: "primary", 3: "secondary", 4: "direct"}
_SIDES = {0: "unknown", 1: "supply", 2: "return"}


@dataclass(frozen=True, slots=True)
class _Derived:
    """What follows from the archive for each pipe: diameter, heights of the axis at both ends, their source, sideways shift."""

    diameters_m: NDArray[np.float64]
    start_heights_m: NDArray[np.float64]
    end_heights_m: NDArray[np.float64]
    depth_sources: NDArray[np.uint8]
    shifts_m: NDArray[np.float64]

    def take(self, rows: NDArray[np.int64]) -> _Derived:
        return _Derived(*(getattr(self, each.name)[rows] for each in fields(self)))


class PipeFeatures:
    """Features of a city's heat pipes; see `layer.Features`."""

    name = "pipes"
    leaf_capacity = 800
    far_capacity = 800
    far_error_m = 15.0

    def __init__(self, pipes: PipeLines, derived: _Derived, left_out: tuple[LeftOut, ...] = ()) -> None:
        self._pipes, self._derived, self.left_out = pipes, derived, left_out
        self.asset_ids = pipes.asset_ids

    @classmethod
    def of(cls, pipes: PipeLines) -> PipeFeatures:
        """Return the pipes that can be drawn; the others are left out with their reason."""
        lines = pipes.lines_wgs84
        joined = lines.copy()
        several = np.flatnonzero(shapely.get_type_id(lines) != shapely.GeometryType.LINESTRING)
        joined[several] = shapely.line_merge(lines[several])
        pipes = replace(pipes, lines_wgs84=joined, surveyed=pipes.surveyed & shapely.has_z(lines))
        left_out = _left_out(pipes)
        bad = np.isin(pipes.asset_ids, np.array([one.asset_id for one in left_out], dtype=np.uint32))
        kept = pipes.take(np.flatnonzero(~bad))
        return cls(kept, _derive(kept), tuple(left_out))

    @cached_property
    def bounds_wgs84(self) -> NDArray[np.float64]:
        """See `layer.Features`."""
        bounds: NDArray[np.float64] = shapely.bounds(self._pipes.lines_wgs84)
        return bounds

    @property
    def sizes_m(self) -> NDArray[np.float64]:
        """See `layer.Features`."""
        return self._derived.diameters_m * _SIZE_FACTOR

    @cached_property
    def digests(self) -> NDArray[Any]:
        """See `layer.Features`."""
        parts = (self._pipes, self._derived)
        columns = [getattr(part, each.name) for part in parts for each in fields(part) if each.name != "lines_wgs84"]
        lines = shapely.to_wkb(self._pipes.lines_wgs84, output_dimension=3, byte_order=1)
        return row_digests(columns, lines)

    def take(self, rows: NDArray[np.int64]) -> PipeFeatures:
        """See `layer.Features`."""
        return PipeFeatures(self._pipes.take(rows), self._derived.take(rows))

    @property
    def shaped_by_ground(self) -> bool:
        """See `layer.Features`: a surveyed pipe lies as deep as the ground is high."""
        return bool((self._derived.depth_sources == laying.SURVEYED).any())

    def batch(self, frame: Frame, ground: Ground, *, far: bool) -> MeshBatch:
        """See `layer.Features`."""
        axes, heights, surveyed = self._axes(frame, ground, far=far)
        return MeshBatch(tubes(axes), self._table(axes.starts, heights, surveyed, far=far), frame, _LOOK)

    def _axes(self, frame: Frame, ground: Ground, *, far: bool) -> tuple[Axes, NDArray[np.float64], NDArray[np.bool_]]:
        """Return the axes, and for each vertex its height over the ground and whether it was surveyed."""
        derived = self._derived
        lines = self._pipes.lines_wgs84
        xyz, owner = vertices(shapely.simplify(lines, _FAR_TOLERANCE_M / _M_PER_DEG, preserve_topology=False) if far else lines)
        starts = np.searchsorted(owner, np.arange(len(self.asset_ids) + 1))
        lifts = ground.at(xyz[:, :2])
        along = np.empty(len(xyz))
        _shares(xyz, starts, along)
        heights = derived.start_heights_m[owner] * (1 - along) + derived.end_heights_m[owner] * along
        # a surveyed height is that of the national datum, as the ground raster's is
        surveyed = (derived.depth_sources == laying.SURVEYED)[owner] & np.isfinite(xyz[:, 2] + lifts) & ground.known
        heights = np.where(surveyed, xyz[:, 2] + ground.geoid_height_m - lifts, heights)
        positions = frame.local(xyz[:, :2], np.zeros(len(xyz)))
        verticals = frame.verticals(positions)
        positions += verticals * heights[:, None]
        _move_sideways(positions, verticals, starts, derived.shifts_m)
        corners = np.full(len(derived.diameters_m), _FAR_CORNERS) if far else _corners(derived.diameters_m)
        axes = Axes(
            positions, verticals, np.nan_to_num(lifts), starts, derived.diameters_m / 2, corners, "open" if far else "cones"
        )
        return axes, heights, surveyed

    def _table(self, starts: NDArray[np.int64], heights: NDArray[np.float64], surveyed: NDArray[np.bool_], *, far: bool) -> Table:
        pipes, derived = self._pipes, self._derived
        columns = [
            Column("asset_id", "UINT32", pipes.asset_ids, "id of the asset in its city"),
            Column("level", "UINT8", pipes.levels, "network level", _LEVELS),
            Column("side", "UINT8", pipes.sides, "side", _SIDES),
        ]
        if not far:
            first, last = starts[:-1], starts[1:] - 1
            depth = -(heights[first] + heights[last]) / 2 - derived.diameters_m / 2
            stated = np.where(np.isnan(pipes.start_cover_m + pipes.end_cover_m), laying.DEFAULT, laying.FROM_DEPTH)
            known = derived.depth_sources != laying.SURVEYED
            source = np.where(known, derived.depth_sources, np.where(surveyed[first], laying.SURVEYED, stated))
            columns += [
                Column("code", "STRING", pipes.codes, "code of the asset"),
                Column("dn", "UINT16", np.nan_to_num(pipes.dn_mm), "nominal diameter in mm, 0 unknown"),
                Column("depth", "FLOAT32", depth, "ground to crown in metres, mean of both ends, below 0 over the ground"),
                Column("depth_source", "UINT8", source, "where the depth comes from", _SOURCES),
                Column("outer_diameter", "FLOAT32", derived.diameters_m * 1000, "outer diameter with insulation in mm"),
            ]
        return Table("pipe", tuple(columns))


def vertices(lines: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return lon, lat, height of the vertices of lines and the row of each, without vertices on the one before."""
    xyz, owner = shapely.get_coordinates(lines, include_z=True, return_index=True)
    step = np.diff(xyz[:, :2], axis=0) * _M_PER_DEG
    moved = ~(np.hypot(step[:, 0], step[:, 1]) <= SHORTEST_M)
    keep = np.concatenate([[True], moved | (owner[1:] != owner[:-1])]) if len(xyz) else np.empty(0, dtype=bool)
    return xyz[keep], owner[keep]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _shares(xyz: NDArray[np.float64], starts: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    """Write how far along its line each vertex lies, 0 to 1; line by line, so that none depends on another."""
    for line in range(len(starts) - 1):
        first, end = starts[line], starts[line + 1]
        east = np.cos(np.radians(xyz[first, 1])) if end > first else 1.0
        run = 0.0
        for place in range(first, end):
            if place > first:
                run += np.hypot((xyz[place, 0] - xyz[place - 1, 0]) * east, xyz[place, 1] - xyz[place - 1, 1])
            shares[place] = run
        for place in range(first, end):
            shares[place] /= max(run, 1e-12)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _move_sideways(
    positions: NDArray[np.float64], verticals: NDArray[np.float64], starts: NDArray[np.int64], shifts: NDArray[np.float64]
) -> None:
    """Move each line to its right, in place: across its own direction, further at bends, so that both segments move alike.

    An offset by 2 (b + a) / |b + a|2 of the rights before and after a bend keeps both segments at the distance; 3 times at most.
    """
    for line in range(len(shifts)):
        if shifts[line] == 0.0:
            continue
        bx, by, bz = 0.0, 0.0, 0.0
        for at in range(starts[line], starts[line + 1]):
            ax, ay, az = 0.0, 0.0, 0.0
            if at + 1 < starts[line + 1]:
                x, y, z = (
                    positions[at + 1, 0] - positions[at, 0],
                    positions[at + 1, 1] - positions[at, 1],
                    positions[at + 1, 2] - positions[at, 2],
                )
                length = max(np.sqrt(x * x + y * y + z * z), 1e-9)
                ux, uy, uz = verticals[at, 0], verticals[at, 1], verticals[at, 2]
                ax, ay, az = (y * uz - z * uy) / length, (z * ux - x * uz) / length, (x * uy - y * ux) / length
            sx, sy, sz = bx + ax, by + ay, bz + az
            is_end = (bx * bx + by * by + bz * bz) * (ax * ax + ay * ay + az * az) < 1e-6
            scale = shifts[line] if is_end else shifts[line] * 2.0 / max(sx * sx + sy * sy + sz * sz, 2.0 / 3.0)
            positions[at, 0] += sx * scale
            positions[at, 1] += sy * scale
            positions[at, 2] += sz * scale
            bx, by, bz = ax, ay, az


def _corners(diameters_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many corners a ring has: as few as keep its sides within 2.5 cm of the round pipe."""
    half_angles = np.arccos(1 - _SAGITTA_M / np.maximum(diameters_m / 2, 2 * _SAGITTA_M))
    corners: NDArray[np.int64] = np.clip(np.ceil(np.pi / half_angles), _FEWEST_CORNERS, _MOST_CORNERS).astype(np.int64)
    return corners


def _left_out(pipes: PipeLines) -> list[LeftOut]:
    """Name the pipes that cannot be drawn, each with the first thing that is wrong."""
    xyz, owner = vertices(pipes.lines_wgs84)
    points = np.bincount(owner, minlength=len(pipes))
    finite = np.bincount(owner, weights=~np.isfinite(xyz[:, :2]).all(axis=1), minlength=len(pipes)) == 0
    diameter_mm = laying.outer_diameters_m(pipes.dn_mm, pipes.outer_mm, pipes.insulation_mm) * 1000
    stated = np.where(np.isnan(pipes.outer_mm), pipes.dn_mm, pipes.outer_mm)
    buried = ~np.isin(pipes.burial_methods, (laying.ON_THE_GROUND, laying.OVERHEAD))
    covers = np.stack([pipes.start_cover_m, pipes.end_cover_m])
    above = buried & (np.nan_to_num(covers) < 0).any(axis=0)
    deep = (np.nan_to_num(covers) > laying.DEEPEST_M).any(axis=0)
    widest, deepest = laying.LARGEST_DIAMETER_MM, laying.DEEPEST_M
    parts = shapely.get_num_geometries(pipes.lines_wgs84)
    rules = (
        ("no_place", ~finite, points, "coordinates that are numbers"),
        ("several_parts", parts != 1, parts, "one line without a gap"),
        ("zero_length", points < 2, points, "a line of two points at least, 1 mm apart"),
        ("no_diameter", np.isnan(stated), stated, "a nominal or an outer diameter in mm"),
        ("bad_diameter", ~(stated > 0) | ~(diameter_mm <= widest), stated, f"a diameter above 0 and up to {widest:g} mm"),
        ("above_ground", above, covers.min(axis=0), "a depth of 0 m or more, or a burial method on or over the ground (5, 6)"),
        ("too_deep", deep, covers.max(axis=0), f"a depth in metres, up to {deepest:g}"),
    )
    found: dict[int, LeftOut] = {}
    for reason, wrong, value, wanted in rules:
        for row in np.flatnonzero(wrong).tolist():
            found.setdefault(row, LeftOut(int(pipes.asset_ids[row]), str(pipes.codes[row]), reason, f"{value[row]:g}", wanted))
    return [found[row] for row in sorted(found)]


def _derive(pipes: PipeLines) -> _Derived:
    diameters = laying.outer_diameters_m(pipes.dn_mm, pipes.outer_mm, pipes.insulation_mm)
    start = np.where(np.isnan(pipes.start_cover_m), pipes.end_cover_m, pipes.start_cover_m)
    end = np.where(np.isnan(pipes.end_cover_m), start, pipes.end_cover_m)
    over = np.isin(pipes.burial_methods, (laying.ON_THE_GROUND, laying.OVERHEAD))
    unknown = np.isnan(start) & ~over
    stand_in = laying.default_cover_m(np.where(np.isnan(pipes.dn_mm), pipes.outer_mm, pipes.dn_mm))
    start, end = np.where(np.isnan(start), stand_in, start), np.where(np.isnan(end), stand_in, end)
    sources = np.select([pipes.surveyed, unknown | over], [laying.SURVEYED, laying.DEFAULT], laying.FROM_DEPTH).astype(np.uint8)
    return _Derived(
        diameters,
        laying.axis_heights_m(start, diameters, pipes.burial_methods),
        laying.axis_heights_m(end, diameters, pipes.burial_methods),
        sources,
        _pair_shifts(pipes, diameters),
    )


def _ends(lines: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return first, second and last vertex of each line, lon/lat."""
    xyz, owner = vertices(lines)
    edges = np.searchsorted(owner, np.arange(len(lines) + 1))
    return xyz[edges[:-1], :2], xyz[edges[:-1] + 1, :2], xyz[edges[1:] - 1, :2]


def _pair_shifts(pipes: PipeLines, diameters_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each pipe moves to its right so that the two of a pair do not meet."""
    shifts = np.zeros(len(pipes))
    paired = np.flatnonzero((pipes.pair_ids > 0) & (pipes.sides > 0))
    order = paired[np.lexsort((pipes.sides[paired], pipes.pair_ids[paired]))]
    ids = pipes.pair_ids[order]
    first = np.flatnonzero((ids[:-1] == ids[1:]) & (pipes.sides[order[:-1]] == 1) & (pipes.sides[order[1:]] == 2))
    supply, back = order[first], order[first + 1]
    if not len(supply):
        return shifts
    start, second, end = _ends(pipes.lines_wgs84)
    east = np.cos(np.radians(start[:, 1])) * _M_PER_DEG
    metres = np.column_stack([east, np.full(len(east), _M_PER_DEG)])
    along = (second - start) * metres
    along /= np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    gap = [np.linalg.norm((place[back] - start[supply]) * metres[supply], axis=1) for place in (start, end)]
    ahead = gap[0] <= gap[1]
    other = np.where(ahead[:, None], start[back], end[back])
    across = (other - start[supply]) * metres[supply]
    to_right = across[:, 0] * along[supply, 1] - across[:, 1] * along[supply, 0]
    missing = (diameters_m[supply] + diameters_m[back]) / 2 + _GAP_M - np.abs(to_right)
    # where both were surveyed they lie as they lie
    half = np.where(pipes.surveyed[supply] & pipes.surveyed[back], 0.0, np.maximum(missing, 0) / 2)
    # on one line the supply pipe moves to its right, else each moves away from the other
    sign = np.where(to_right > 0.01, -1.0, 1.0)
    shifts[supply] = sign * half
    shifts[back] = np.where(ahead, -1.0, 1.0) * sign * half
    return shifts
