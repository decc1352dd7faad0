"""Individual air quality index and its class (HJ 633-2012, table 1 and 2).

Particles are held against the limits of 24 hours, because the standard has none of an hour for them; SO2 and NO2 against
those of an hour, and SO2 above the last of these against those of 24 hours, as the table's note says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import numpy as np

Pollutant: TypeAlias = Literal["pm25", "pm10", "so2", "no2"]

POINTS: Final[Mapping[Pollutant, str]] = {
    "pm25": "pm25_ug_per_m3",
    "pm10": "pm10_ug_per_m3",
    "so2": "so2_ug_per_m3",
    "no2": "no2_ug_per_m3",
}
"""Point of an air station for each pollutant."""
_INDEX: Final = (0.0, 50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 500.0)
LIMITS_UG_PER_M3: Final[Mapping[Pollutant, tuple[float, ...]]] = {
    "pm25": (0.0, 35.0, 75.0, 115.0, 150.0, 250.0, 350.0, 500.0),
    "pm10": (0.0, 50.0, 150.0, 250.0, 350.0, 420.0, 500.0, 600.0),
    "so2": (0.0, 150.0, 500.0, 650.0, 800.0, 1600.0, 2100.0, 2620.0),
    "no2": (0.0, 100.0, 200.0, 700.0, 1200.0, 2340.0, 3090.0, 3840.0),
}
CLASSES_ZH: Final = ("优", "良", "轻度污染", "中度污染", "重度污染", "严重污染")
"""Classes 1 to 6 (table 2): up to 50, 100, 150, 200, 300, above."""
_CLASS_TOPS: Final = (50.0, 100.0, 150.0, 200.0, 300.0)


def index_of(pollutant: Pollutant, ug_per_m3: float) -> float:
    """Return the individual index of a concentration, 0 to 500; concentrations beyond the table stay at 500.

    >>> index_of("pm25", 55.0), index_of("so2", 9999.0)
    (75.0, 500.0)
    """
    return float(np.interp(ug_per_m3, LIMITS_UG_PER_M3[pollutant], _INDEX))


def class_of(index: float) -> int:
    """Return the class of an index, 1 (excellent) to 6 (severely polluted).

    >>> class_of(50.0), class_of(50.1), class_of(301.0)
    (1, 2, 6)
    """
    return 1 + int(np.searchsorted(_CLASS_TOPS, index, side="left"))
