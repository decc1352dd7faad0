"""Classes of heating faults by the heated area they affect (供热故障数据统计), as GB/T 43097-2023 8.8 counts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FaultBand:
    """A band of affected heated area.

    Attributes
    ----------
    band
        Short name.
    label_zh, label_en
        The area in words.
    from_m2, over_m2
        The area is at least the first and more than the second; the bands cover every area above 0.
    restore_within_h
        Faults restored within so many hours are counted apart from the others.
    row_restored, row_not_restored
        Rows of the table `heating_fault` (2.15.4.8) in which such a fault is counted.
    """

    band: str
    label_zh: str
    label_en: str
    from_m2: float
    over_m2: float
    restore_within_h: float
    row_restored: int
    row_not_restored: int


BANDS: Final = (
    FaultBand("from_10_million_m2", "影响供热面积≥1000万m²", "10 million m2 or more", 1e7, 0.0, 24.0, 3, 2),
    FaultBand("5_to_10_million_m2", "500万m²＜影响供热面积＜1000万m²", "over 5 and under 10 million m2", 0.0, 5e6, 24.0, 5, 4),
    FaultBand("1_to_5_million_m2", "100万m²＜影响供热面积≤500万m²", "over 1 and up to 5 million m2", 0.0, 1e6, 24.0, 7, 6),
    FaultBand("to_1_million_m2", "影响供热面积≤100万m²", "up to 1 million m2", 0.0, 0.0, 12.0, 9, 8),
)
"""The bands, largest first; the first one that fits counts."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a stop of heat counts as.

    Attributes
    ----------
    band
        None where no heated area is affected.
    affected_area_m2
        Heated area that is cut off.
    repair_h
        Hours until heat is back: as asked for, else the limit of the band.
    stopped_area_hours_m2_h
        Area times hours (停止供热面积小时数, row 12).
    row
        Row of the table `heating_fault` in which it is counted, None without a band.
    """

    band: FaultBand | None
    affected_area_m2: float
    repair_h: float
    stopped_area_hours_m2_h: float
    row: int | None


def fault_band(affected_area_m2: float) -> FaultBand | None:
    """Return the band of an affected heated area; None for nothing.

    Raises
    ------
    ValueError
        When the area is negative or not a number.
    """
    if not affected_area_m2 >= 0.0:
        raise ValueError(f"the affected area is {affected_area_m2} m2; it must be 0 or more")
    if affected_area_m2 == 0.0:
        return None
    return next(band for band in BANDS if affected_area_m2 >= band.from_m2 and affected_area_m2 > band.over_m2)


def fault(affected_area_m2: float, *, repair_h: float | None = None) -> Fault:
    """Tell what a stop of heat counts as.

    Parameters
    ----------
    affected_area_m2
        Heated area that is cut off.
    repair_h
        Hours until heat is back; None: the limit of the band, the longest that still counts as restored in time.

    Raises
    ------
    ValueError
        When the area is negative or not a number.
    """
    band = fault_band(affected_area_m2)
    hours = repair_h if repair_h is not None else 0.0 if band is None else band.restore_within_h
    row = None if band is None else band.row_restored if hours <= band.restore_within_h else band.row_not_restored
    return Fault(band, affected_area_m2, hours, affected_area_m2 * hours, row)
