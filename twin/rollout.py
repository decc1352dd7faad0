"""Figures of the clean-heating rollout (清洁取暖推广): what each means, in what unit, by whose definition.

The statements of `data/sql` compute the same figures set-based; a test pairs the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it is defined.

    Attributes
    ----------
    name, name_zh
        What it is called.
    formula
        In the names of the columns it is computed from.
    unit
        Unit of the value; `1` for a share.
    source
        Document that defines it.
    """

    name: str
    name_zh: str
    formula: str
    unit: str
    source: str


CLEAN_HEATING_RATE: Final = Figure(
    "clean_heating_rate",
    "清洁取暖率",
    "clean_area_m2 / heated_area_m2",
    "1",
    "北方地区冬季清洁取暖规划（2017-2021年），发改能源〔2017〕2100号: 清洁取暖面积占取暖总面积的比例",
)


def clean_heating_rate(clean_area_m2: float, heated_area_m2: float) -> float | None:
    """Return the share of the heated area that is heated cleanly, 0..1; None where nothing is heated.

    See `CLEAN_HEATING_RATE`.

    >>> clean_heating_rate(80.0, 100.0)
    0.8
    """
    return clean_area_m2 / heated_area_m2 if heated_area_m2 > 0 else None
