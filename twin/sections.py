"""A vertical section: what a plane along a line on the map cuts, and how deep it lies.

1. A pipe that crosses the plane at more than 10 degrees is cut in an ellipse: as high as the pipe is wide, and wider by the sine
   of the angle.
2. A pipe that runs within its own radius of the plane, so flatly that such an ellipse would be longer than at 10 degrees, is cut
   along: a stretch with the course of its depth.
3. Valves, chambers and pipe points stand in the section when they are no farther from the line than the reach.
4. Buildings and waters are cut from one place to another, roads in a place.

Depths follow `twin/laying.py`, as the solids of the pipes do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.local_plane import LocalPlane
from twin.laying import axis_heights_m, default_cover_m, outer_diameters_m

PIPE_KINDS: Final = ("pipe", "gas_pipe")
FITTING_KINDS: Final = ("valve", "chamber", "pipe_point")
AREA_KINDS: Final = ("building", "water")
KINDS: Final = (*PIPE_KINDS, *FITTING_KINDS, *AREA_KINDS, "road")
FLATTEST_DEG: Final = 10.0
"""A pipe that crosses more flatly is told as a stretch."""
THINNEST_M: Final = 0.05
"""Radius of a pipe of which no diameter is known."""
GROUND_POINTS: Final = 400
"""Points of the ground's profile."""
_LEVELS: Final = {"transmission": 1, "primary": 2, "secondary": 3, "direct": 4}
_SIDES: Final = {"supply": 1, "return": 2}

Heights: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Ground heights in metres at (lon, lat); NaN where unknown."""
DepthSource: TypeAlias = Literal["surveyed", "from_depth", "default"]


@dataclass(frozen=True, slots=True)
class SectionAsset:
    """An asset that may stand in a section; `pair_id` 0 is none, `shape_wgs84` has heights where the archive has them."""

    asset_id: int
    kind: str
    code: str
    name: str
    pair_id: int
    attributes: Mapping[str, Any]
    shape_wgs84: BaseGeometry


@dataclass(frozen=True, slots=True)
class Course:
    """A place of a pipe in the section.

    Attributes
    ----------
    distance_m
        Along the section.
    crown_depth_m, axis_depth_m
        Below the ground; below 0 for what stands over it.
    ground_m, axis_m
        Heights of the ground and of the axis; None where the ground is unknown and nobody surveyed the axis.
    position_wgs84
        lon, lat in degrees.
    """

    distance_m: float
    crown_depth_m: float
    axis_depth_m: float
    ground_m: float | None
    axis_m: float | None
    position_wgs84: tuple[float, float]


@dataclass(frozen=True, slots=True)
class PipeCut:
    """A pipe that the plane cuts, across (`course` has one place) or along (`course` has several and `angle_deg` is 0).

    Attributes
    ----------
    level, side
        0 unknown, 1 transmission, 2 primary, 3 secondary, 4 direct; 0 unknown, 1 supply, 2 return.
    outer_diameter_m
        With insulation; None where nothing tells it.
    angle_deg
        Between pipe and plane, 0 to 90.
    width_m
        Of the ellipse, along the section; None for a stretch.
    """

    asset_id: int
    kind: str
    code: str
    pair_id: int
    dn: int | None
    outer_diameter_m: float | None
    level: int
    side: int
    burial_method: str
    depth_source: DepthSource
    angle_deg: float
    width_m: float | None
    course: tuple[Course, ...]


@dataclass(frozen=True, slots=True)
class FittingCut:
    """A fitting near the plane; `offset_m` is how far to the left of the line it is, `depth_m` ground to its top or None."""

    asset_id: int
    kind: str
    code: str
    distance_m: float
    offset_m: float
    depth_m: float | None
    ground_m: float | None


@dataclass(frozen=True, slots=True)
class AreaCut:
    """A building, water or road that the plane cuts; `height_m` of a building, None where it is not recorded."""

    asset_id: int
    kind: str
    code: str
    name: str
    from_m: float
    to_m: float
    height_m: float | None


@dataclass(frozen=True, slots=True)
class Section:
    """A section.

    Attributes
    ----------
    length_m
        Of its line.
    turns_m
        Where the line turns.
    step_m
        Between two points of the profile.
    ground
        (distance, height) of the ground's profile; the height is None where it is unknown.
    """

    length_m: float
    turns_m: tuple[float, ...]
    step_m: float
    ground: tuple[tuple[float, float | None], ...]
    pipes: tuple[PipeCut, ...]
    fittings: tuple[FittingCut, ...]
    areas: tuple[AreaCut, ...]


def length_of(line_wgs84: shapely.LineString) -> float:
    """Return the length of a line in metres."""
    return float(_plane(line_wgs84).metres(line_wgs84).length)


def cut_section(line_wgs84: shapely.LineString, assets: Sequence[SectionAsset], ground: Heights, reach_m: float) -> Section:
    """Return what a vertical plane along a line cuts, each list by rising distance.

    Parameters
    ----------
    reach_m
        How far from the line a fitting may be.

    Cost: linear in the assets near the line.
    """
    plane = _plane(line_wgs84)
    line = plane.metres(line_wgs84)
    cutter = _Cutter(plane, line, ground, reach_m)
    shapes = plane.metres(np.array([asset.shape_wgs84 for asset in assets], dtype=object))
    pipes: list[PipeCut] = []
    fittings: list[FittingCut] = []
    areas: list[AreaCut] = []
    for asset, shape in zip(assets, shapes, strict=True):
        if asset.kind in PIPE_KINDS:
            pipes += cutter.pipe(asset, shape)
        elif asset.kind in FITTING_KINDS:
            fittings += cutter.fitting(asset, shape)
        else:
            areas += cutter.area(asset, shape)
    step_m = max(line.length / GROUND_POINTS, 0.25)
    return Section(
        float(line.length),
        tuple(float(line.project(shapely.Point(at))) for at in line.coords[1:-1]),
        step_m,
        cutter.profile(step_m),
        tuple(sorted(pipes, key=lambda cut: (cut.course[0].distance_m, cut.asset_id))),
        tuple(sorted(fittings, key=lambda cut: (cut.distance_m, cut.asset_id))),
        tuple(sorted(areas, key=lambda cut: (cut.from_m, cut.asset_id))),
    )


def _plane(line_wgs84: shapely.LineString) -> LocalPlane:
    west, south, east, north = line_wgs84.bounds
    return LocalPlane.at((west + east) / 2, (south + north) / 2)


@dataclass(frozen=True, slots=True)
class _Laying:
    """How one pipe lies: covers at its ends, metres; `diameter_m` NaN where unknown."""

    diameter_m: float
    start_cover_m: float
    end_cover_m: float
    method: str
    source: DepthSource

    @classmethod
    def of(cls, attributes: Mapping[str, Any], *, has_heights: bool) -> _Laying:
        dn, outer, insulation = (number(attributes, name) for name in ("dn", "outer_diameter_mm", "insulation_mm"))
        diameter = float(outer_diameters_m(np.array([dn]), np.array([outer]), np.array([insulation]))[0])
        both = number(attributes, "burial_depth_m")
        start, end = number(attributes, "start_burial_depth_m", both), number(attributes, "end_burial_depth_m", both)
        start, end = (end if math.isnan(start) else start), (start if math.isnan(end) else end)
        source: DepthSource = "default" if math.isnan(start) else "from_depth"
        if source == "default":
            start = end = float(default_cover_m(np.array([dn]))[0])
        if has_heights and attributes.get("z_source") == "surveyed":
            source = "surveyed"
        return cls(diameter, start, end, str(attributes.get("burial_method") or ""), source)

    @property
    def radius_m(self) -> float:
        return THINNEST_M if math.isnan(self.diameter_m) else self.diameter_m / 2

    def axis_over_ground(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return heights of the axis over the ground at shares of the pipe's length."""
        covers = self.start_cover_m + (self.end_cover_m - self.start_cover_m) * share
        return axis_heights_m(covers, np.full(len(share), 2 * self.radius_m), np.full(len(share), self.method))


def number(attributes: Mapping[str, Any], name: str, otherwise: float = math.nan) -> float:
    """Return a number of an asset; `otherwise` where it has none."""
    value = attributes.get(name)
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable and value is not None else otherwise


@dataclass(frozen=True, slots=True)
class _Cutter:
    plane: LocalPlane
    line: shapely.LineString
    ground: Heights
    reach_m: float

    def profile(self, step_m: float) -> tuple[tuple[float, float | None], ...]:
        count = max(math.ceil(self.line.length / step_m - 1e-9), 1)
        distances = np.linspace(0.0, self.line.length, count + 1)
        places = shapely.get_coordinates(shapely.line_interpolate_point(self.line, distances))
        heights = self.ground(self.plane.degrees(places))
        return tuple(zip(distances.tolist(), (_known(height) for height in heights), strict=True))

    def pipe(self, asset: SectionAsset, shape: BaseGeometry) -> list[PipeCut]:
        laying = _Laying.of(asset.attributes, has_heights=bool(shape.has_z))
        if shapely.distance(shape, self.line) > laying.radius_m:
            return []
        parts = [part for part in shapely.get_parts(shape) if part.geom_type == "LineString" and part.length > 0]
        return [cut for part in parts for cut in self._part(asset, part, laying)]

    def _part(self, asset: SectionAsset, part: shapely.LineString, laying: _Laying) -> list[PipeCut]:
        flat = shapely.force_2d(part)
        runs = self._runs(flat, laying.radius_m)
        cuts = [self._cut(asset, part, laying, shapely.get_coordinates(run), angle_deg=0.0) for run in runs]
        for place in _points(shapely.intersection(flat, self.line)):
            if any(shapely.distance(run, place) < laying.radius_m for run in runs):
                continue  # the stretch tells it
            angle = _angle_deg(_direction(flat, place), _direction(self.line, place))
            cuts.append(self._cut(asset, part, laying, shapely.get_coordinates(place), angle_deg=max(angle, FLATTEST_DEG)))
        return cuts

    def _runs(self, flat: shapely.LineString, radius_m: float) -> list[shapely.LineString]:
        strip = shapely.buffer(self.line, radius_m, cap_style="flat", join_style="mitre")
        pieces = shapely.get_parts(shapely.line_merge(shapely.intersection(flat, strip)))
        shortest = 2 * radius_m / math.sin(math.radians(FLATTEST_DEG))
        return [piece for piece in pieces if piece.geom_type == "LineString" and piece.length > shortest]

    def _cut(
        self, asset: SectionAsset, part: shapely.LineString, laying: _Laying, xy: NDArray[np.float64], *, angle_deg: float
    ) -> PipeCut:
        attributes = asset.attributes
        dn = number(attributes, "dn")
        known = not math.isnan(laying.diameter_m)
        width = laying.diameter_m / math.sin(math.radians(angle_deg)) if known and angle_deg > 0 else None
        return PipeCut(
            asset.asset_id,
            asset.kind,
            asset.code,
            asset.pair_id,
            None if math.isnan(dn) else int(dn),
            laying.diameter_m if known else None,
            _LEVELS.get(str(attributes.get("network_level")), 0),
            _SIDES.get(str(attributes.get("side")), 0),
            laying.method,
            laying.source,
            angle_deg,
            width,
            self._course(part, laying, xy),
        )

    def _course(self, part: shapely.LineString, laying: _Laying, xy: NDArray[np.float64]) -> tuple[Course, ...]:
        flat = shapely.force_2d(part)
        places = shapely.points(xy)
        lonlat = self.plane.degrees(xy)
        ground = self.ground(lonlat)
        along = np.atleast_1d(shapely.line_locate_point(flat, places))
        over_ground = laying.axis_over_ground(along / flat.length)
        axis = ground + over_ground
        if laying.source == "surveyed":
            surveyed = np.interp(along, _chainage(flat), shapely.get_coordinates(part, include_z=True)[:, 2])
            usable = ~np.isnan(surveyed)
            axis = np.where(usable, surveyed, axis)
            over_ground = np.where(usable & ~np.isnan(ground), surveyed - ground, over_ground)
        distances = np.atleast_1d(shapely.line_locate_point(self.line, places))
        order = np.argsort(distances, kind="stable")
        return tuple(
            Course(
                float(distances[at]),
                float(-over_ground[at] - laying.radius_m),
                float(-over_ground[at]),
                _known(ground[at]),
                _known(axis[at]),
                (float(lonlat[at, 0]), float(lonlat[at, 1])),
            )
            for at in order
        )

    def fitting(self, asset: SectionAsset, shape: BaseGeometry) -> list[FittingCut]:
        place = shapely.force_2d(shape).centroid
        if place.is_empty or self.line.distance(place) > self.reach_m:
            return []
        distance = float(self.line.project(place))
        foot = self.line.interpolate(distance)
        forward = _direction(self.line, foot)
        offset = forward[0] * (place.y - foot.y) - forward[1] * (place.x - foot.x)
        side = 1.0 if offset >= 0 else -1.0
        depth = _known(number(asset.attributes, "burial_depth_m"))
        ground = self.ground(self.plane.degrees(np.array([[place.x, place.y]])))
        away = side * float(self.line.distance(place))
        return [FittingCut(asset.asset_id, asset.kind, asset.code, distance, away, depth, _known(ground[0]))]

    def area(self, asset: SectionAsset, shape: BaseGeometry) -> list[AreaCut]:
        flat = shapely.force_2d(shape)
        met = shapely.intersection(flat if flat.is_valid else shapely.make_valid(flat), self.line)
        height = _known(number(asset.attributes, "height_m")) if asset.kind == "building" else None
        cuts = []
        for piece in shapely.get_parts(shapely.line_merge(met) if met.geom_type == "MultiLineString" else met):
            if piece.is_empty:
                continue
            ends = shapely.line_locate_point(self.line, shapely.points(shapely.get_coordinates(piece)))
            cuts.append(AreaCut(asset.asset_id, asset.kind, asset.code, asset.name, float(ends.min()), float(ends.max()), height))
        return cuts


def _points(met: BaseGeometry) -> list[shapely.Point]:
    """Return the points of an intersection; a short piece along the line counts as its middle."""
    parts = [part for part in shapely.get_parts(met) if not part.is_empty]
    return [part if part.geom_type == "Point" else part.interpolate(0.5, normalized=True) for part in parts]


def _direction(line: shapely.LineString, place: shapely.Point) -> NDArray[np.float64]:
    """Return the unit vector of the segment of a line that a place lies on."""
    chainage = _chainage(line)
    segment = int(np.clip(np.searchsorted(chainage, line.project(place), "right") - 1, 0, len(chainage) - 2))
    xy = shapely.get_coordinates(line)
    forward: NDArray[np.float64] = xy[segment + 1] - xy[segment]
    size = float(np.hypot(*forward))
    return forward / size if size > 0 else np.array([1.0, 0.0])


def _chainage(line: shapely.LineString) -> NDArray[np.float64]:
    lengths = np.hypot(*np.diff(shapely.get_coordinates(line), axis=0).T)
    chainage: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(lengths)])
    return chainage


def _angle_deg(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return math.degrees(math.asin(min(1.0, abs(float(one[0] * other[1] - one[1] * other[0])))))


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
