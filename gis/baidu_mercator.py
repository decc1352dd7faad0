"""Baidu's metres (BD-09 Mercator): BD-09 degrees through piecewise polynomials of degree six in the latitude.

The numbers are those of Baidu's own map API in JavaScript, as published in gcoord (github.com/hujiulong/gcoord,
`src/crs/BD09MC.ts`). There are two sets, one for each direction, and they do not undo each other; the set from degrees to
metres is taken as the definition, and its inverse is found by Newton's method, so that the way back is exact.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
"""Coordinates of shape (n, 2)."""

NORTHMOST_DEG: Final = 75.0
"""Latitudes beyond (either side) have no place on Baidu's map."""
_ROUNDS: Final = 6
_BAND_DEG: Final = 15.0
_EDGES_DEG: Final = np.arange(0.0, NORTHMOST_DEG + _BAND_DEG, _BAND_DEG, dtype=np.float64)
# one row for each 15 degrees of latitude from the equator on: metres at longitude 0, metres for each degree of longitude, then
# the factors of (latitude / last column) to the power 0, 1, ... 6
_BANDS: Final = np.array((
    (-0.0003218135878613132, 111320.7020701615, 0.00369383431289, 823725.6402795718, 0.46104986909093, 2351.343141331292,
     1.58060784298199, 8.77738589078284, 0.37238884252424, 7.45),
    (-0.0003441963504368392, 111320.7020576856, 278.2353980772752, 2485758.690035394, 6070.750963243378, 54821.18345352118,
     9540.606633304236, -2710.55326746645, 1405.483844121726, 22.5),
    (0.00220636496208, 111320.7020209128, 51751.86112841131, 3796837.749470245, 992013.7397791013, -1221952.21711287,
     1340652.697009075, -620943.6990984312, 144416.9293806241, 37.5),
    (0.00337398766765, 111320.7020202162, 4481351.045890365, -23393751.19931662, 79682215.47186455, -115964993.2797253,
     97236711.15602145, -43661946.33752821, 8477230.501135234, 52.5),
    (0.0008277824516172526, 111320.7020463578, 647795574.6671607, -4082003173.641316, 10774905663.51142, -15171875531.51559,
     12053065338.62167, -5124939663.577472, 913311935.9512032, 67.5),
))  # fmt: skip


def metres_from_bd09(lonlat_bd09: Floats) -> Floats:
    """Return Baidu's metres of BD-09 degrees; infinite beyond 75 degrees of latitude, NaN stays NaN."""
    lon, lat = lonlat_bd09[:, 0], lonlat_bd09[:, 1]
    band = _band(np.abs(lat), _EDGES_DEG[1:-1])
    terms = _BANDS[band].T
    north_m = np.copysign(_polynomial(terms, np.abs(lat) / terms[9]), lat)
    east_m = np.copysign(terms[0] + terms[1] * np.abs(lon), lon)
    return _outside(np.column_stack((east_m, north_m)), np.abs(lat) > NORTHMOST_DEG)


def bd09_from_metres(xy_bd09mc: Floats) -> Floats:
    """Undo `metres_from_bd09` in six rounds of Newton's method; infinite for what is no place on Baidu's map.

    At the seams (15, 30, 45 and 60 degrees) the published polynomials leave gaps of 0.01, 0.04, 0.41 and 14.6 m, in which no
    BD-09 degrees lie; a value there takes the band south of it.
    """
    east_m, north_m = xy_bd09mc[:, 0], np.abs(xy_bd09mc[:, 1])
    band = _band(north_m, _EDGES_M[1:-1])
    terms = _BANDS[band].T
    share = (north_m - _EDGES_M[band]) / (_EDGES_M[band + 1] - _EDGES_M[band])
    part = _BAND_DEG * (band + share) / terms[9]
    for _ in range(_ROUNDS):
        part = part - (_polynomial(terms, part) - north_m) / _slope(terms, part)
    lat = np.copysign(part * terms[9], xy_bd09mc[:, 1])
    lon = np.copysign((np.abs(east_m) - terms[0]) / terms[1], east_m)
    return _outside(np.column_stack((lon, lat)), north_m > _EDGES_M[-1])


def _band(value: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.minimum(np.searchsorted(edges, value, side="right"), len(_BANDS) - 1)


def _polynomial(terms: NDArray[np.float64], part: NDArray[np.float64]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = terms[8] * part + terms[7]
    for place in range(6, 1, -1):
        total = total * part + terms[place]
    return total


def _slope(terms: NDArray[np.float64], part: NDArray[np.float64]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = 6.0 * terms[8] * part + 5.0 * terms[7]
    for place in range(6, 2, -1):
        total = total * part + (place - 2.0) * terms[place]
    return total


def _outside(xy: Floats, mask: NDArray[np.bool_]) -> Floats:
    xy[mask] = np.inf
    return xy


_EDGES_M: Final = np.concatenate((
    _polynomial(_BANDS.T, _EDGES_DEG[:-1] / _BANDS[:, 9]),
    _polynomial(_BANDS[-1:].T, np.array([NORTHMOST_DEG]) / _BANDS[-1:, 9]),
))  # fmt: skip
"""Metres north at which each band begins, and where the last one ends."""
