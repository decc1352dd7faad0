"""What a file says about its own system, and whether its numbers agree: name, `.prj`, GeoPackage, GeoJSON `crs`.

A claim is evidence to look at, never a reason to convert: exports carry whatever system a program had open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gis.datums import Datum, parse_datum, to_wgs84
from gis.detect_readings import Reading
from gis.errors import GisError

Floats: TypeAlias = NDArray[np.float64]

AGREE_M: Final = 1.0
"""Readings that land this close to one another are not told apart."""

_METRES_PER_DEGREE: Final = 111_320.0
_LARGEST_DEGREE: Final = 400.0
_NAMES: Final[Sequence[tuple[str, str]]] = (
    (r"gcj[-_ ]?0?2|火星|高德|腾讯|gaode|amap", "gcj02"),
    (r"bd[-_ ]?0?9|百度|baidu", "bd09"),
    (r"wgs[-_ ]?(?:19)?84", "wgs84"),
    (r"cgcs[-_ ]?2000|国家2000|2000坐标", "cgcs2000"),
    (r"xi[’']?an[-_ ]?(?:19)?80|西安[-_ ]?80|80坐标", "xian80"),
    (r"(?:beijing|bj)[-_ ]?(?:19)?54|北京[-_ ]?54|54坐标", "beijing54"),
)
"""Words in file names, and the datum each of them means."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a file says.

    Attributes
    ----------
    source
        `file name`, `.prj`, `GeoPackage`, `GeoJSON crs`.
    datum
        In the registry's words.
    """

    source: str
    datum: str

    @property
    def text(self) -> str:
        """What a person reads."""
        return f"the {self.source} says {self.datum}"


def claims_of(path: Path, declared_epsg: int | None) -> tuple[Claim, ...]:
    """Return what the name of a file and the file itself say.

    A GeoJSON file without `crs` is WGS-84 by definition (RFC 7946, 4) and says nothing by that.
    """
    name = path.stem.lower()
    found = [Claim("file name", datum) for pattern, datum in _NAMES if re.search(pattern, name)]
    source = {".shp": ".prj", ".gpkg": "GeoPackage", ".geojson": "GeoJSON crs"}.get(path.suffix.lower(), "file")
    if declared_epsg is not None and (source != "GeoJSON crs" or declared_epsg != 4326):
        found.append(Claim(source, f"epsg:{declared_epsg}"))
    return tuple(found)


def contradictions(claims: Sequence[Claim], points: Floats, reading: Reading | None) -> tuple[str, ...]:
    """Return a sentence for each claim that the numbers contradict.

    Parameters
    ----------
    claims
        From `claims_of`.
    points
        Finite places as delivered, shape (n, 2).
    reading
        What the layer was found (or is declared) to be in; None = nothing, then only units are compared.
    """
    if not len(points):
        return ()
    found = (_contradiction(claim, points, reading) for claim in claims)
    return tuple(sentence for sentence in found if sentence)


def _contradiction(claim: Claim, points: Floats, reading: Reading | None) -> str:
    try:
        claimed = parse_datum(claim.datum)
        in_degrees = float(np.median(np.abs(points).max(axis=1))) <= _LARGEST_DEGREE
        if claim.source != "file name" and (claimed.unit == "degree") != in_degrees:
            actual = "degrees" if in_degrees else "metres"
            return f"{claim.text} ({claimed.unit}s), but the values around {np.median(points[:, 0]):,.4f} are {actual}"
        if reading is None or same_place(points, reading, Reading(claimed)):
            return ""
    except GisError:  # Xian 1980 without parameters and the like: nothing can be compared but the name
        if reading is None or claim.datum in reading.datum.text:
            return ""
    # a word for the frame is no word for the projection on it
    if claim.source == "file name" and reading.datum.base == claim.datum:
        return ""
    return f"{claim.text}, but the numbers are {reading.text}"


def same_place(points: Floats, one: Reading, other: Reading) -> bool:
    """Tell whether two readings put points within a metre of each other."""
    apart = np.abs(one.lonlat(points) - other.lonlat(points)) * _METRES_PER_DEGREE
    return bool(np.isfinite(apart).all(axis=1).any() and np.nanmax(apart) < AGREE_M)


def same_system(points: Floats, one: Datum, other: Datum) -> bool:
    """Tell whether two datums put points within a metre of each other."""
    try:
        apart = np.abs(to_wgs84(points, one) - to_wgs84(points, other)) * _METRES_PER_DEGREE
    except GisError:
        return one.text == other.text
    return bool(np.isfinite(apart).all(axis=1).any() and np.nanmax(apart) < AGREE_M)
