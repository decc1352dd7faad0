"""Substations counted as GB/T 43097-2023 6.1.3 asks: by size, and by every attribute of the catalogue that names that clause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twin.kinds import KINDS, Attribute
from twin.lengths import UNKNOWN_BAND, Band

CLAUSE = "GB/T 43097-2023 6.1.3"
SIZES: tuple[Band, ...] = (
    Band("to_10000", "供热面积≤1万m²", "heated area up to 10,000 m2", 11, high=1e4, with_high=True),
    Band("10000_50000", "1万m²＜供热面积≤5万m²", "over 10,000 up to 50,000 m2", 12, low=1e4, high=5e4, with_high=True),
    Band("50000_100000", "5万m²＜供热面积＜10万m²", "over 50,000 to below 100,000 m2", 13, low=5e4, high=1e5),
    Band("from_100000", "供热面积≥10万m²", "from 100,000 m2", 14, low=1e5, with_low=True),
)
"""Sizes (规模) with their row in the table 热力站数量统计."""


@dataclass(frozen=True, slots=True)
class StationCount:
    """One row: so many substations have this value of an attribute.

    Attributes
    ----------
    group
        `total`, `size` or the attribute.
    value
        Band, code or `true`; `unknown` where a substation gives none.
    label_zh, label_en
        For people.
    """

    group: str
    value: str
    label_zh: str
    label_en: str
    station_count: int


def count_stations(areas_m2: Sequence[float | None], attributes: Sequence[Mapping[str, object]]) -> list[StationCount]:
    """Count substations.

    Parameters
    ----------
    areas_m2
        Heated area of each; None = unknown.
    attributes
        Attributes of each, in the same order.
    """
    rows = [StationCount("total", "total", "热力站总数量", "substations", len(areas_m2))]
    rows += _sizes(areas_m2)
    for attribute in asked_attributes():
        rows += _values(attribute, [each.get(attribute.name) for each in attributes])
    return rows


def asked_attributes() -> list[Attribute]:
    """Return the attributes of substations that the clause asks for, as the catalogue has them."""
    return [each for each in KINDS["substation"].attributes if CLAUSE in each.source and each.type in {"code", "boolean"}]


def _sizes(areas_m2: Sequence[float | None]) -> list[StationCount]:
    rows = [
        StationCount("size", band.name, band.label_zh, band.label_en, sum(1 for area in areas_m2 if area and band.holds(area)))
        for band in SIZES
    ]
    # an area of nothing is no size
    unknown = sum(1 for area in areas_m2 if not area)
    return [*rows, StationCount("size", "unknown", UNKNOWN_BAND.label_zh, UNKNOWN_BAND.label_en, unknown)] if unknown else rows


def _values(attribute: Attribute, values: Sequence[object]) -> list[StationCount]:
    counts = Counter("unknown" if value is None else str(value).lower() for value in values)
    meanings = dict(attribute.codes) if attribute.type == "code" else {"true": "是 yes", "false": "否 no"}
    rows = []
    for code, meaning in meanings.items():
        zh, _, en = meaning.partition(" ")
        labels = (f"{attribute.label_zh}：{zh}", f"{attribute.name}: {en or zh}")
        rows.append(StationCount(attribute.name, code, *labels, counts.pop(code.lower(), 0)))
    if counts:
        labels = (f"{attribute.label_zh}：{UNKNOWN_BAND.label_zh}", f"{attribute.name}: {UNKNOWN_BAND.label_en}")
        rows.append(StationCount(attribute.name, "unknown", *labels, counts.total()))
    return rows
