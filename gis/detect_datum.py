"""Which system is this layer in: every reading of its numbers, held against places that are known.

1. Readings (`gis/detect_readings.py`) that the size of the numbers allows: WGS-84, GCJ-02, BD-09, those converted twice, plane
   grids with and without zone number, seconds, each with its axes turned round.
2. With trusted assets: the distance of every point to the nearest one; a reading's distance is the quantile of 30 %, so that it
   holds with 70 % unrelated or wrong features. Without: how far the points lie outside the city's extent.
3. The best reading is proposed when the next best is at least twice as far (`LEAST_MARGIN`), else nothing is, with the reason.

The declared datum plays no part in the ranking. With 20 features, 12 m of scatter and 40 % of them unrelated the answer is right
in 400 of 400 random cities (`tests/gis/test_detect_datum.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gis.datums import Datum
from gis.detect_readings import METRES_PER_DEGREE, Reading, readings_of
from gis.geometry import Geometries
from gis.parameters import Parameters

Floats: TypeAlias = NDArray[np.float64]
Extent: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""

SAMPLE: Final = 2000
"""Points of a layer that are looked at."""
QUANTILE: Final = 0.3
LEAST_MARGIN: Final = 2.0
"""Next best over best distance below which nothing is proposed."""
LEAST_POINTS: Final = 8
NEAR_M: Final = 100.0
"""A reading whose distance to the trusted assets is larger fits none of them."""
_RANK: Final = {"wgs84": 0, "epsg": 2, "local": 2}
_FLOOR_M: Final = 1.0
_CAP: Final = 999.0
_FARTHEST_M: Final = 1e6
_SAME_M: Final = 0.05
_SHIFT_M: Final = 300.0
_SHIFT_BIN_M: Final = 5.0


@dataclass(frozen=True, slots=True)
class Trusted:
    """Places whose position is known.

    Attributes
    ----------
    lonlat
        Shape (n, 2), WGS-84 degrees: of points the point, of lines both ends, of polygons the centroid (`anchors_of`).
    what
        For the evidence: `412 substations of the archive`.
    """

    lonlat: Floats
    what: str


@dataclass(frozen=True, slots=True)
class Scored:
    """How well one reading fits: `distance_m` is to the trusted assets, or beyond the city's extent where there are none."""

    reading: Reading
    distance_m: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What the numbers of a layer say.

    Attributes
    ----------
    proposed
        The reading; None when nothing can be said.
    margin
        Distance of the next best reading over that of the best; 1 = no difference, at most 999.
    refusal
        Why nothing is proposed; empty when something is.
    seen
        Sentences with the evidence.
    scored
        All readings, the best first; those that land within 5 cm of one another are one.
    point_count
        Points that were looked at.
    by_trusted
        True when trusted assets were the evidence, False when it was the extent.
    """

    proposed: Reading | None
    margin: float
    refusal: str = ""
    seen: tuple[str, ...] = ()
    scored: tuple[Scored, ...] = ()
    point_count: int = 0
    by_trusted: bool = False
    same: Mapping[str, str] = field(default_factory=dict)
    """Readings that are one with another: text of each = text of that one."""

    def distance_of(self, reading: Reading) -> float | None:
        """Return the distance of a reading, or None when it was not scored."""
        text = self.same.get(reading.text, reading.text)
        return next((item.distance_m for item in self.scored if item.reading.text == text), None)

    def against(self, datum: Datum, *, turned: bool = False) -> float:
        """Return how many times farther off a declared datum is than the proposed one, axes as they stand or turned round.

        1 when it is the proposed one, when nothing is proposed, or when it was not scored.
        """
        declared = self.distance_of(Reading(datum, turned))
        if self.proposed is None or declared is None:
            return 1.0
        return _ratio(declared, self.scored[0].distance_m)


def anchors_of(geometries: Geometries) -> tuple[Floats, NDArray[np.int64]]:
    """Return places by which geometries are known, shape (n, 2), and the geometry that each belongs to.

    A point is its own place, a line gives its two ends, a polygon its centroid. Missing and empty ones give none.
    """
    there = np.flatnonzero(~shapely.is_missing(geometries) & ~shapely.is_empty(geometries))
    shapes = geometries[there]
    dimension = shapely.get_dimensions(shapes)
    lines = there[dimension == 1]
    first = shapely.get_geometry(geometries[lines], 0)
    last = shapely.get_geometry(geometries[lines], -1)
    others = there[dimension != 1]
    with np.errstate(invalid="ignore"):  # coordinates that are no numbers
        middles = shapely.centroid(geometries[others])
    places = np.concatenate((middles, shapely.get_point(first, 0), shapely.get_point(last, -1)))
    owner = np.concatenate((others, lines, lines))
    there = ~shapely.is_empty(places)  # the centroid of what is no place
    xy = np.column_stack((shapely.get_x(places[there]), shapely.get_y(places[there])))
    good = np.isfinite(xy).all(axis=1)
    return xy[good], owner[there][good]


def detect_datum(
    xy: Floats,
    *,
    trusted: Trusted | None = None,
    extent: Extent | None = None,
    known: Mapping[str, Parameters] | None = None,
    declared: Datum | None = None,
) -> Finding:
    """Find the system that a layer is in.

    Parameters
    ----------
    xy
        Places of the layer as delivered (`anchors_of`), shape (n, 2); at most 2,000, evenly chosen, are looked at.
    trusted
        Places of the city that are known; None or fewer than 8 = the extent is the evidence.
    extent
        Of the city; None = unknown.
    known
        Parameters of the delivery's datums, by name.
    declared
        What the manifest says; it is scored, and plays no part in the ranking.

    Returns
    -------
    The finding. Cost: 10 ms for degrees, 20 ms for metres (and 65 ms for each grid that is used for the first time), beside the
    k-d tree of the trusted places: 0.1 s for 100,000.
    """
    points = sampled(xy)
    if len(points) < LEAST_POINTS:
        return Finding(None, 1.0, f"{len(points)} places are too few to tell; {LEAST_POINTS} are needed", point_count=len(points))
    tree = _tree(trusted)
    near = _centre(trusted, extent) if tree is not None else _centre(None, extent)
    readings = readings_of(points, near=near, known=known or {}, declared=declared)
    if tree is None and extent is None:
        return _without_evidence(points, readings)
    scored, same = _scored(points, readings, tree, extent)
    if tree is not None and trusted is not None:
        verdict = _by_trusted(points, scored, tree, trusted.what)
    else:
        assert extent is not None
        verdict = _by_extent(points, scored, extent)
    return replace(verdict, scored=tuple(scored), same=same, point_count=len(points), by_trusted=tree is not None)


def sampled(xy: Floats) -> Floats:
    """Return at most 2,000 finite points, evenly chosen."""
    finite = xy[np.isfinite(xy).all(axis=1)]
    return finite[:: max(1, -(-len(finite) // SAMPLE))]


# ---------------------------------------------------------------- scores


class _Tree:
    """Trusted places in metres around their middle."""

    def __init__(self, lonlat: Floats) -> None:
        self.middle = np.median(lonlat, axis=0)
        self.xy_m = self.metres(lonlat)
        self._tree = cKDTree(self.xy_m)

    def metres(self, lonlat: Floats) -> Floats:
        """Return metres east and north of the middle."""
        step = (lonlat - self.middle) * METRES_PER_DEGREE
        step[:, 0] *= np.cos(np.radians(self.middle[1]))
        result: Floats = step
        return result

    def distances_m(self, lonlat: Floats) -> Floats:
        """Return the distance of each point to the nearest place; 1,000 km at most, also for what is no number."""
        distance = np.full(len(lonlat), _FARTHEST_M)
        finite = np.isfinite(lonlat).all(axis=1)
        if finite.any():
            distance[finite] = np.minimum(self._tree.query(self.metres(lonlat[finite]))[0], _FARTHEST_M)
        return distance

    def pairs_m(self, lonlat: Floats, within_m: float) -> tuple[NDArray[np.int64], Floats]:
        """Return points and the steps (east, north) from each to the 16 nearest places within a distance."""
        points = self.metres(lonlat[np.isfinite(lonlat).all(axis=1)])
        distance, place = self._tree.query(points, k=min(16, len(self.xy_m)), distance_upper_bound=within_m)
        row, column = np.nonzero(np.isfinite(distance))
        steps: Floats = self.xy_m[place[row, column]] - points[row]
        return row, steps


def _tree(trusted: Trusted | None) -> _Tree | None:
    if trusted is None:
        return None
    lonlat = trusted.lonlat[np.isfinite(trusted.lonlat).all(axis=1)]
    return _Tree(lonlat) if len(lonlat) >= LEAST_POINTS else None


def _centre(trusted: Trusted | None, extent: Extent | None) -> tuple[float, float] | None:
    if trusted is not None:
        lon, lat = np.nanmedian(trusted.lonlat, axis=0).tolist()
        return lon, lat
    return None if extent is None else ((extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2)


def _scored(
    points: Floats, readings: list[Reading], tree: _Tree | None, extent: Extent | None
) -> tuple[list[Scored], dict[str, str]]:
    """Return each distinct reading with its distance, the best first, and which readings are one."""
    kept: list[tuple[Reading, Floats]] = []
    same: dict[str, str] = {}
    # a group of readings that are one goes by `wgs84`, and not by `epsg:4326` or, outside the mainland, `gcj02`
    for reading in sorted(readings, key=lambda item: (item.turned, _RANK.get(item.datum.family, 1))):
        lonlat = reading.lonlat(points)
        twin = next((other for other, there in kept if _is_same(lonlat, there)), None)
        if twin is not None:
            same[reading.text] = twin.text
        elif np.isfinite(lonlat).any():
            kept.append((reading, lonlat))
    scored = [Scored(reading, _distance_m(lonlat, tree, extent)) for reading, lonlat in kept]
    return sorted(scored, key=lambda item: item.distance_m), same


def _is_same(one: Floats, other: Floats) -> bool:
    with np.errstate(invalid="ignore"):
        apart = np.abs(one - other)
    return bool(np.isfinite(apart).any() and np.nanmax(apart) * METRES_PER_DEGREE < _SAME_M)


def _distance_m(lonlat: Floats, tree: _Tree | None, extent: Extent | None) -> float:
    if tree is not None:
        return float(np.quantile(tree.distances_m(lonlat), QUANTILE))
    assert extent is not None
    west, south, east, north = extent
    box = np.array([[west, south], [east, north]])
    away = np.maximum(np.maximum(box[0] - lonlat, lonlat - box[1]), 0.0) * METRES_PER_DEGREE
    away[:, 0] *= np.cos(np.radians((south + north) / 2))
    distance = np.nan_to_num(np.hypot(away[:, 0], away[:, 1]), nan=_FARTHEST_M, posinf=_FARTHEST_M)
    # most points must lie in the city: the middle one, not the best third
    return float(np.minimum(np.quantile(distance, 0.7), _FARTHEST_M))


def _ratio(worse_m: float, better_m: float) -> float:
    return min(_CAP, max(worse_m, _FLOOR_M) / max(better_m, _FLOOR_M))


# ---------------------------------------------------------------- verdicts


def _by_trusted(points: Floats, scored: list[Scored], tree: _Tree, what: str) -> Finding:
    if not scored:
        return Finding(None, 1.0, "no system of the registry can have such numbers")
    best = scored[0]
    margin = _ratio(scored[1].distance_m, best.distance_m) if len(scored) > 1 else _CAP
    seen = [_compared(item, what, len(points)) for item in scored[:3]]
    refusal = ""
    if best.distance_m > NEAR_M:
        refusal = f"no reading brings the layer near {what}: the best, {best.reading.text}, is {best.distance_m:,.0f} m off"
    elif margin < LEAST_MARGIN:
        refusal = (
            f"{best.reading.text} fits only {margin:.1f} times better than {scored[1].reading.text};"
            f" {LEAST_MARGIN:g} times are asked"
        )
    if (refusal or best.distance_m > 2.0) and (shift := _shift(points, scored, tree)):
        seen.append(shift)
    return Finding(None if refusal else best.reading, margin, refusal, tuple(seen))


def _compared(item: Scored, what: str, count: int) -> str:
    if item.distance_m >= _FARTHEST_M:
        return f"as {item.reading.text}, the places lie more than 1,000 km from {what}"
    return f"as {item.reading.text}, 30 % of {count:,} places lie within {item.distance_m:,.1f} m of {what}"


def _by_extent(points: Floats, scored: list[Scored], extent: Extent) -> Finding:
    """Judge by the city's extent: half its diagonal is the unit, so that a wide extent tells less."""
    if not scored:
        return Finding(None, 1.0, "no system of the registry can have such numbers")
    half_m = METRES_PER_DEGREE * np.hypot(
        (extent[2] - extent[0]) / 2 * np.cos(np.radians((extent[1] + extent[3]) / 2)), (extent[3] - extent[1]) / 2
    )
    best = scored[0]
    margin = _ratio(scored[1].distance_m + half_m, best.distance_m + half_m) if len(scored) > 1 else _CAP
    seen = [_beyond(item, len(points), extent) for item in scored[:3]]
    refusal = ""
    if best.distance_m > half_m:
        refusal = (
            f"no reading brings the layer near the city: the best, {best.reading.text}, is {best.distance_m / 1000:,.0f} km off"
        )
    elif margin < LEAST_MARGIN:
        equal = ", ".join(item.reading.text for item in scored if _ratio(item.distance_m + half_m, half_m) < LEAST_MARGIN)
        refusal = f"the city's extent alone cannot tell {equal} apart; a layer whose datum is known is needed"
    return Finding(None if refusal else best.reading, margin, refusal, tuple(seen))


def _beyond(item: Scored, count: int, extent: Extent) -> str:
    start = f"as {item.reading.text}, 70 % of {count:,} places lie"
    if item.distance_m == 0.0:
        return f"{start} in the city's extent {list(extent)}"
    far = "more than 1,000" if item.distance_m >= _FARTHEST_M else f"up to {item.distance_m / 1000:,.1f}"
    return f"{start} {far} km beyond the city's extent"


def _without_evidence(points: Floats, readings: list[Reading]) -> Finding:
    """Say what the size of the numbers says: the only reading there is, or that nothing is known of the city."""
    middle = np.median(points, axis=0)
    seen = (f"the values are around {middle[0]:,.4f}, {middle[1]:,.4f}",)
    prefixed = [item for item in readings if item.datum.prefix]
    if len({item.text for item in prefixed}) == 1 and len(readings) <= 2:
        zone = f"the zone number in front of the easting names {prefixed[0].text}"
        return Finding(prefixed[0], _CAP, "", (*seen, zone), point_count=len(points))
    names = ", ".join(item.text for item in readings) or "no system of the registry without a zone number or a place"
    return Finding(
        None,
        1.0,
        f"neither an extent of the city nor a trusted layer is known; the numbers could be {names}",
        seen,
        point_count=len(points),
    )


def _shift(points: Floats, scored: list[Scored], tree: _Tree) -> str:
    """Say that a layer fits after a constant shift, which no datum of the registry explains; empty when it does not.

    The steps from each place to the trusted ones around it are counted in cells of 5 m: a shift heaps them up in one.
    """
    for item in scored[:3]:
        if item.distance_m > _SHIFT_M or item.reading.turned:
            continue
        point, steps = tree.pairs_m(item.reading.lonlat(points), _SHIFT_M)
        if not len(steps):
            continue
        cell, count = np.unique(np.rint(steps / _SHIFT_BIN_M), axis=0, return_counts=True)
        peak = cell[np.argmax(count)]
        others = count[np.abs(cell - peak).max(axis=1) > 2]
        close = np.hypot(*(steps - peak * _SHIFT_BIN_M).T) < 1.5 * _SHIFT_BIN_M
        east, north = np.median(steps[close], axis=0)
        size = float(np.hypot(east, north))
        # a heap that chance makes among many neighbours has others of its size beside it
        alone = not len(others) or count.max() >= 3 * others.max()
        if size < 1.5 or not alone or len(np.unique(point[close])) < 0.4 * len(points):
            continue
        return f"as {item.reading.text} it fits after a shift of {east:+.1f} m east, {north:+.1f} m north{_old_datum(item, size)}"
    return ""


def _old_datum(item: Scored, size_m: float) -> str:
    """Return which old datum a shift of plane coordinates hints at."""
    if item.reading.datum.family != "gk":
        return "; a local grid needs control points"
    if size_m >= 50:
        return "; Beijing 1954 numbers read as CGCS2000 are off by some 80 to 130 m: give [datums.beijing54] or control points"
    return "; Xian 1980 numbers read as CGCS2000 are off by metres: give [datums.xian80] or control points"
