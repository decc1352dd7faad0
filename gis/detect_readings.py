"""How the numbers of a layer can be read: units, axes, zones and datums that their size allows.

Nothing is decided here. A reading is kept when its numbers are possible, and, for plane grids of unknown central meridian, when
it lands within 150 km of the place where the city is known to be; the next grid over is 240 km away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gis.datums import Datum, parse_datum, to_wgs84
from gis.errors import GisError
from gis.parameters import Parameters

Floats: TypeAlias = NDArray[np.float64]
NumberFormat: TypeAlias = Literal["degrees", "metres", "seconds", "packed"]

METRES_PER_DEGREE: Final = 111_320.0
_NEAR_M: Final = 150_000.0
_LONGITUDES: Final = (70.0, 137.0)
_LATITUDES: Final = (2.0, 55.0)
_NORTHINGS: Final = (2e5, 6.1e6)
_DEGREE_NAMES: Final = ("wgs84", "gcj02", "bd09", "twice(gcj02)", "twice(bd09)")
_PACKED_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the numbers of a layer.

    Attributes
    ----------
    datum
        The system.
    turned
        Latitude (northing) stands first.
    number_format
        `seconds` are seconds of arc (450,792.3), `packed` is 125.1912 for 125°19'12"; both become degrees first.
    """

    datum: Datum
    turned: bool = False
    number_format: NumberFormat = "degrees"

    def lonlat(self, xy: Floats) -> Floats:
        """Return the points as WGS-84 by this reading; NaN throughout when the datum cannot convert them."""
        ordered = xy[:, ::-1] if self.turned else xy
        if self.number_format == "seconds":
            ordered = ordered / 3600.0
        elif self.number_format == "packed":
            ordered = unpacked(ordered)
        try:
            return to_wgs84(np.ascontiguousarray(ordered), self.datum)
        except GisError:
            return np.full(xy.shape, np.nan)

    @property
    def text(self) -> str:
        """What a person reads."""
        more = [] if self.number_format in {"degrees", "metres"} else [_FORMATS[self.number_format]]
        more += ["axes turned round"] if self.turned else []
        return self.datum.text + (f" ({', '.join(more)})" if more else "")


_FORMATS: Final = {"seconds": "seconds of arc", "packed": "degrees.minutesseconds, 125.1912 = 125°19'12\""}


def readings_of(
    xy: Floats, *, near: tuple[float, float] | None, known: Mapping[str, Parameters], declared: Datum | None
) -> list[Reading]:
    """Return the readings that the size of the numbers allows, the declared one first.

    Parameters
    ----------
    xy
        Finite points, shape (n, 2), as delivered.
    near
        Longitude and latitude of the city; None = unknown: then plane grids without zone number are left out.
    known
        Parameters of the delivery by name; each local grid among them is tried.
    declared
        What the manifest says; tried whatever the numbers are.
    """
    found = [] if declared is None else [Reading(declared, turned) for turned in (False, True)]
    for turned in (False, True):
        first, second = (xy[:, 1], xy[:, 0]) if turned else (xy[:, 0], xy[:, 1])
        found += _degrees(first, second, turned=turned)
        found += _plane(first, second, near, turned=turned)
        found += [Reading(datum, turned, "metres") for datum in _grids_of(known) if not _is_degrees(first, second)]
    return _distinct(found)


def unpacked(values: Floats) -> Floats:
    """Return degrees of numbers written as degrees.minutesseconds."""
    tenthousandths = np.rint(np.abs(values) * 1e8) / 1e4
    whole = np.floor(tenthousandths / 1e4)
    minutes = np.floor((tenthousandths - whole * 1e4) / 100)
    seconds = tenthousandths - whole * 1e4 - minutes * 100
    degrees: Floats = np.copysign(whole + minutes / 60 + seconds / 3600, values)
    return degrees


def looks_packed(values: Floats) -> bool:
    """Tell whether no minute and no second of numbers read as degrees.minutesseconds is 60 or more.

    Of decimal degrees 36 % would pass, each; from 20 distinct values on that is no chance.
    """
    distinct = np.unique(values[np.isfinite(values)])
    if len(distinct) < _PACKED_ROWS:
        return False
    tenthousandths = np.rint(np.abs(distinct) * 1e8) / 1e4
    minutes, seconds = (tenthousandths % 1e4) // 100, tenthousandths % 100
    return bool(((minutes < 60) & (seconds < 60)).all() and np.ptp(tenthousandths) > 100)


def _is_degrees(first: Floats, second: Floats) -> bool:
    return bool(np.median(np.abs(first)) <= 180 and np.median(np.abs(second)) <= 180)


def _degrees(first: Floats, second: Floats, *, turned: bool) -> Iterator[Reading]:
    lon, lat = np.median(np.abs(first)), np.median(np.abs(second))
    if lon <= 180 and lat <= 90:
        yield from (Reading(parse_datum(name), turned) for name in _DEGREE_NAMES)
        if looks_packed(first) and looks_packed(second):
            yield from (Reading(parse_datum(name), turned, "packed") for name in _DEGREE_NAMES[:3])
    if _LONGITUDES[0] <= lon / 3600 <= _LONGITUDES[1] and _LATITUDES[0] <= lat / 3600 <= _LATITUDES[1]:
        yield from (Reading(parse_datum(name), turned, "seconds") for name in _DEGREE_NAMES[:3])


def _plane(east: Floats, north: Floats, near: tuple[float, float] | None, *, turned: bool) -> Iterator[Reading]:
    easting, northing = float(np.median(east)), float(np.median(north))
    if not _NORTHINGS[0] <= northing <= _NORTHINGS[1] + 1.1e6:
        return
    if easting >= 1e7 and (prefixed := _prefixed(easting)):
        yield Reading(parse_datum(prefixed), turned, "metres")
    if _LONGITUDES[0] <= easting / METRES_PER_DEGREE <= _LONGITUDES[1]:
        names = ("epsg:3857", *(("bd09mc",) if _is_registered("bd09mc") else ()))
        yield from (Reading(parse_datum(name), turned, "metres") for name in names)
    if 0 < easting < 1e6 and near is not None:
        yield from (Reading(parse_datum(name), turned, "metres") for name in _grids_near(easting, northing, near))


def _prefixed(easting: float) -> str | None:
    """Return the grid that a zone number in front of an easting names: 13-23 are 6-degree zones, 25-45 those of 3 degrees."""
    zone, rest = divmod(easting, 1e6)
    if abs(rest - 5e5) > 3.6e5:
        return None
    if 25 <= zone <= 45:
        return f"gk(cgcs2000,3,{3 * int(zone)},prefix)"
    return f"gk(cgcs2000,6,{6 * int(zone) - 3},prefix)" if 13 <= zone <= 23 else None


def _grids_near(easting: float, northing: float, near: tuple[float, float]) -> Iterator[str]:
    """Return the grids without zone number, and the UTM zones, that bring a point near the city."""
    for meridian in range(75, 136, 3):
        if _off_m(easting, northing, meridian, near) > _NEAR_M:
            continue
        # beyond a degree and a half from its meridian a point belongs to another 3-degree zone
        wide = (meridian - 75) % 6 == 0 and abs(easting - 5e5) > 1.7 * METRES_PER_DEGREE * np.cos(np.radians(near[1]))
        yield f"gk(cgcs2000,{6 if wide else 3},{meridian},plain)"
        if (meridian - 75) % 6 == 0:
            yield f"epsg:{32600 + 30 + (meridian + 3) // 6}"


def _off_m(easting: float, northing: float, meridian: float, near: tuple[float, float]) -> float:
    lat = northing / METRES_PER_DEGREE
    lon = meridian + (easting - 5e5) / (METRES_PER_DEGREE * np.cos(np.radians(min(lat, 80.0))))
    return float(METRES_PER_DEGREE * np.hypot((lon - near[0]) * np.cos(np.radians(near[1])), lat - near[1]))


def _grids_of(known: Mapping[str, Parameters]) -> list[Datum]:
    return [parse_datum(f"local({name})", known) for name in known if name not in {"xian80", "beijing54"}]


def _is_registered(name: str) -> bool:
    try:
        parse_datum(name)
    except GisError:
        return False
    return True


def _distinct(readings: list[Reading]) -> list[Reading]:
    kept: dict[tuple[str, bool, bool], Reading] = {}
    for reading in readings:
        plain = reading.number_format in {"degrees", "metres"}
        kept.setdefault((reading.datum.text, reading.turned, plain), reading)
    return list(kept.values())
