"""How a pipe lies: its outer diameter with insulation, and the height of its axis over the ground where nobody surveyed it.

Pure rules on arrays. Diameters of steel pipes are those of GB/T 29047-2021; the cover that stands in for an unknown one follows
the order of the least covers under carriageways of CJJ/T 81 (0.8 m for small pipes to 1.3 m for the largest).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

DN_MM: Final = np.array(
    [25, 32, 40, 50, 65, 80, 100, 125, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 1200], dtype=np.float64
)
STEEL_OUTER_MM: Final = np.array(
    [34, 42, 48, 60, 76, 89, 108, 133, 159, 219, 273, 325, 377, 426, 478, 529, 630, 720, 820, 920, 1020, 1220], dtype=np.float64
)
"""Outer diameters of the steel pipe of each DN, GB/T 29047-2021."""
INSULATION_MM: Final = np.array(
    [30, 30, 31, 32, 30, 33, 41, 42, 40, 45, 57, 60, 60, 60, 60, 62, 70, 70, 70, 70, 70, 80], dtype=np.float64
)
"""Insulation a side of each DN, jacket included."""
COVER_FROM_DN_MM: Final = np.array([0, 150, 350, 600], dtype=np.float64)
COVER_M: Final = np.array([0.8, 1.0, 1.2, 1.3])
"""Cover that stands in for an unknown one, from each DN on."""
OVERHEAD_M: Final = 4.5
"""Height of the underside of an overhead pipe over the ground: that of high supports over roads (CJJ 34)."""
LARGEST_DIAMETER_MM: Final = 2500.0
"""A pipe with its insulation is not wider; the largest of GB/T 29047-2021 is DN 1600."""
DEEPEST_M: Final = 60.0
"""No pipe lies deeper; the deepest crossings of rivers and railways are about half of that."""
ON_THE_GROUND: Final = "5"
OVERHEAD: Final = "6"
SURVEYED, FROM_DEPTH, DEFAULT = 1, 2, 3
"""Where the depth of a pipe comes from."""


def outer_diameters_m(
    dn_mm: NDArray[np.float64], outer_mm: NDArray[np.float64], insulation_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return outer diameters with insulation in metres.

    Parameters
    ----------
    dn_mm, outer_mm, insulation_mm
        Nominal diameter, outer diameter of the steel pipe, insulation a side; NaN where not known. An unknown outer diameter or
        insulation is that of the next DN of the series; NaN comes back where nothing tells a diameter.
    """
    place = np.clip(np.searchsorted(DN_MM, np.where(np.isnan(dn_mm), outer_mm, dn_mm)), 0, len(DN_MM) - 1)
    larger = np.where(dn_mm > DN_MM[-1], dn_mm + 20.0, STEEL_OUTER_MM[place])
    outer = np.where(np.isnan(outer_mm), np.where(np.isnan(dn_mm), np.nan, larger), outer_mm)
    insulation = np.where(np.isnan(insulation_mm), INSULATION_MM[place], insulation_mm)
    whole: NDArray[np.float64] = (outer + 2.0 * insulation) / 1000.0
    return whole


def default_cover_m(dn_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cover (ground to crown, m) that stands in for an unknown one."""
    place = np.searchsorted(COVER_FROM_DN_MM, np.nan_to_num(dn_mm), "right") - 1
    cover: NDArray[np.float64] = COVER_M[np.clip(place, 0, len(COVER_M) - 1)]
    return cover


def axis_heights_m(
    cover_m: NDArray[np.float64], outer_diameter_m: NDArray[np.float64], burial_method: NDArray[np.str_]
) -> NDArray[np.float64]:
    """Return the height of the axis over the ground in metres, below 0 for what is buried.

    Parameters
    ----------
    cover_m
        Ground to crown; not looked at for pipes on or over the ground.
    outer_diameter_m
        With insulation.
    burial_method
        Codes of GB/T 36625.5-2019 0810008.
    """
    radius = outer_diameter_m / 2.0
    heights: NDArray[np.float64] = np.select(
        [burial_method == ON_THE_GROUND, burial_method == OVERHEAD], [radius, OVERHEAD_M + radius], -cover_m - radius
    )
    return heights
