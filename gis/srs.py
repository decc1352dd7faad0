"""What a file says about the system of its coordinates, so that no program takes shifted or local ones for WGS-84.

A datum with an EPSG code is labelled with it. GCJ-02, BD-09 and local grids have none: they are labelled as *engineering* systems
(ISO 19111), which have a name and a unit and nothing that could be transformed. QGIS and PROJ refuse to move such a layer over
another one instead of moving it by nothing.
"""

from __future__ import annotations

from pyproj import CRS

from gis.datum_names import Datum, epsg_of
from gis.projections import crs_of_epsg

_DEGREES = (
    'CS[spherical,2],AXIS["longitude (X)",east,ORDER[1],ANGLEUNIT["degree",0.0174532925199433]],'
    'AXIS["latitude (Y)",north,ORDER[2],ANGLEUNIT["degree",0.0174532925199433]]'
)
_METRES = (
    'CS[Cartesian,2],AXIS["easting (X)",east,ORDER[1],LENGTHUNIT["metre",1]],'
    'AXIS["northing (Y)",north,ORDER[2],LENGTHUNIT["metre",1]]'
)


def srs_of(datum: Datum) -> CRS:
    """Return the system that a file in a datum is labelled with.

    Examples
    --------
    >>> from gis.datum_names import parse_datum
    >>> srs_of(parse_datum("gcj02")).name, srs_of(parse_datum("cgcs2000")).to_epsg()
    ('gcj02 (shifted, not WGS-84)', 4490)
    """
    code = epsg_of(datum)
    if code is not None:
        return crs_of_epsg(code)
    name = label_of(datum)
    axes = _DEGREES if datum.unit == "degree" else _METRES
    return CRS.from_wkt(f'ENGCRS["{_quoted(name)}",EDATUM["{_quoted(datum.text)}"],{axes}]')


def label_of(datum: Datum) -> str:
    """Return the name of a system without an EPSG code."""
    what = "local grid, not a national system" if datum.family == "local" else "shifted, not WGS-84"
    return f"{datum.text} ({what})"


def _quoted(text: str) -> str:
    return text.replace('"', '""')
