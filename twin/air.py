"""Air of the simulator's city: how warm and how dirty it is at a place, by season, hour and distance from the middle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from twin.arrays import Float64Array
from twin.physics import DAY_S

URBAN_RADIUS_M: Final = 9_000.0
"""Where the share of the city has fallen to 1/e."""
HEAT_ISLAND_K: Final = 2.4
"""How much warmer the middle is than the country (heat islands of northern cities in winter nights are 2 to 4 K)."""
UNKNOWN_SHARE: Final = 0.5
_METRES_PER_DEGREE: Final = 111_320.0


def urban_shares(lonlat: Sequence[tuple[float, float] | None], seed: int) -> Float64Array:
    """Return how much of the city there is at each place: 1 in the middle of all places, 0 far out, and lopsided downwind.

    Parameters
    ----------
    lonlat
        WGS-84 degrees; None where it is unknown, which gives `UNKNOWN_SHARE`.
    seed
        Decides the wind.
    """
    shares = np.full(len(lonlat), UNKNOWN_SHARE)
    known = [number for number, place in enumerate(lonlat) if place is not None]
    if not known:
        return shares
    places = np.array([lonlat[number] for number in known], np.float64)
    middle = np.median(places, axis=0)
    metres = (places - middle) * _METRES_PER_DEGREE * [math.cos(math.radians(float(middle[1]))), 1.0]
    wind = np.random.default_rng([seed, 41]).uniform(0.0, 2 * math.pi)
    along = metres @ [math.cos(wind), math.sin(wind)]
    reach = np.where(along > 0, 1.5 * URBAN_RADIUS_M, URBAN_RADIUS_M)
    shares[known] = np.exp(-((np.hypot(*metres.T) / reach) ** 2))
    return shares


def warmer_k(share: float) -> float:
    """Return how much warmer it is at a place than the weather of the city."""
    return HEAT_ISLAND_K * (share - UNKNOWN_SHARE)


def pollution_ug_per_m3(clock_s: float, outdoor_degc: float, share: float, phases: Float64Array) -> dict[str, float]:
    """Return the concentrations at a place by point.

    Calm fronts collect smoke, cold days burn more coal, traffic has two peaks a day; all of it is denser in the city. The size of
    the figures is that of the hourly winter values of Shenyang 2010-2015 (UCI, Liang et al. 2016: mean PM2.5 about 90).
    """
    local_h = (clock_s / 3600.0 + 8.0) % 24.0
    calm = 1.0 + 0.6 * math.sin(2 * math.pi * clock_s / DAY_S / 5.3 + float(phases[1]))
    cold = 1.0 + min(1.0, max(0.0, (5.0 - outdoor_degc) / 30.0))
    rush = math.exp(-(((local_h - 8.0) / 1.8) ** 2)) + math.exp(-(((local_h - 18.5) / 2.2) ** 2))
    place = 0.35 + share
    pm25 = 34.0 * calm * cold * place
    return {
        "pm25_ug_per_m3": pm25,
        "pm10_ug_per_m3": 1.45 * pm25 + 12.0 * rush * share,
        "so2_ug_per_m3": 16.0 * calm * cold * cold * place,
        "no2_ug_per_m3": (18.0 + 30.0 * rush) * calm * place,
    }
