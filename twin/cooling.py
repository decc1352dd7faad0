"""How fast buildings cool down without heat: one heat store, one loss, `T(t) = T_out + (T_0 - T_out) exp(-t / tau)`.

The time constant is heat capacity over heat loss, both per m2 of heated floor:

1. Capacity: 260 kJ/(m2 K), the class *heavy* of ISO 13790:2008 table 12 (concrete and brick buildings).
2. Loss: the design heat load per m2 over the design temperature difference (18 degC indoors, -21.1 degC outdoors: GB 50736-2012,
   Changchun). The load per m2 is the middle of CJJ 34-2010 table 3.1.2-1 (采暖热指标推荐值): dwellings without saving 58 to
   64 W/m2, with it 40 to 45 W/m2 (taken for step 2); offices, schools and hospitals about 60 to 80 and 50 to 70 W/m2.
3. Steps 3 and 4 follow from step 2 by the savings that define them: 50, 65 and 75 % of the dwellings of 1980 (JGJ 26-1995, -2010,
   -2018).

Without an energy class the year decides by the standard in force: before 1996 none, 1996 JGJ 26-1995, 2010 JGJ 26-2010, 2019
JGJ 26-2018; without a year the building counts as not saving energy, which cools first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Float64Array

HEAT_CAPACITY_KJ_PER_M2_K: Final = 260.0
DESIGN_INDOOR_DEGC, DESIGN_OUTDOOR_DEGC = 18.0, -21.1
START_DEGC: Final = 20.0
_STEP_2_W_PER_M2: Final = 42.5
LOADS_W_PER_M2: Final = (
    ("非节能及一步节能", 61.0),
    ("二步节能", _STEP_2_W_PER_M2),
    ("三步节能", _STEP_2_W_PER_M2 * (1.0 - 0.65) / (1.0 - 0.50)),
    ("四步及以上节能", _STEP_2_W_PER_M2 * (1.0 - 0.75) / (1.0 - 0.50)),
    ("非节能", 70.0),
    ("节能", 60.0),
)
"""Energy class (`twin.code_lists.ENERGY_CLASS`) with the design load of its buildings; the last two are public buildings."""
_STANDARDS: Final = (1996, 2010, 2019)
"""First year of steps 2, 3 and 4."""

ASSUMPTIONS: Final = (
    "first-order model: one heat store, one loss, no sun, no people, no wind; rooms at the edge of a building cool faster",
    f"rooms begin at {START_DEGC:g} degC; heat stops at once and everywhere",
    "time constants by energy class, else by year of construction, from ISO 13790:2008 table 12 (heavy, 260 kJ/m2K), CJJ 34-2010 "
    "table 3.1.2-1 and the savings of JGJ 26; a building without either counts as not saving energy",
    "the outdoor temperature stays as it is; minimum, median and maximum are over buildings, each counting once",
)
"""What the answer rests on, to be shown beside it."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours over a set of buildings, each counting once; None where the rooms never get that cold, or there is no building."""

    min: float | None
    median: float | None
    max: float | None


@cache
def time_constants_h() -> Float64Array:
    """Return the time constant in hours of each class of `LOADS_W_PER_M2`."""
    loss = np.array([load for _, load in LOADS_W_PER_M2]) / (DESIGN_INDOOR_DEGC - DESIGN_OUTDOOR_DEGC)
    hours: Float64Array = HEAT_CAPACITY_KJ_PER_M2_K * 1000.0 / loss / 3600.0
    return hours


def classes_of(energy_class: NDArray[np.object_], year_built: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the class of each building as an index into `LOADS_W_PER_M2`.

    Parameters
    ----------
    energy_class
        Codes of GB/T 43097-2023 6.1.4; anything else counts as unknown.
    year_built
        Year; NaN = unknown.
    """
    of_year = np.searchsorted(_STANDARDS, year_built, side="right")
    found = np.where(np.isnan(year_built), 0, np.minimum(of_year, len(_STANDARDS)))
    for place, (name, _) in enumerate(LOADS_W_PER_M2):
        found = np.where(energy_class == name, place, found)
    return found.astype(np.uint8)


def hours_until(limit_degc: float, *, outdoor_degc: float, time_constant_h: Float64Array) -> Float64Array:
    """Return the hours until rooms have fallen to a temperature; infinite where they never get that cold.

    Parameters
    ----------
    limit_degc
        Below `START_DEGC`.
    outdoor_degc
        Stays as it is.
    time_constant_h
        Of each building.
    """
    if outdoor_degc >= limit_degc:
        return np.full(time_constant_h.shape, np.inf)
    return np.asarray(time_constant_h * math.log((START_DEGC - outdoor_degc) / (limit_degc - outdoor_degc)), np.float64)


def spread(limit_degc: float, *, outdoor_degc: float, classes: NDArray[np.uint8]) -> Hours:
    """Return the least, median and greatest hours until rooms have fallen to a temperature.

    Parameters
    ----------
    limit_degc, outdoor_degc
        As `hours_until`.
    classes
        Class of each building, index into `LOADS_W_PER_M2`.

    Notes
    -----
    Cost: a count of the classes, microseconds for a city.
    """
    if not classes.size or outdoor_degc >= limit_degc:
        return Hours(None, None, None)
    hours = hours_until(limit_degc, outdoor_degc=outdoor_degc, time_constant_h=time_constants_h()).tolist()
    ranked = sorted(zip(hours, np.bincount(classes, minlength=len(hours)).tolist(), strict=True))
    counted = [(each, number) for each, number in ranked if number]
    # the median of a sorted list with repeats: the mean of the two middle ones
    middle = [_at(counted, place) for place in ((classes.size - 1) // 2, classes.size // 2)]
    return Hours(counted[0][0], sum(middle) / 2.0, counted[-1][0])


def _at(counted: list[tuple[float, int]], place: int) -> float:
    """Return the value at a place of a sorted list that is given by values and how often each stands there."""
    upto = 0
    for value, number in counted:
        upto += number
        if place < upto:
            return value
    raise IndexError(place)
