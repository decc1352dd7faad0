"""Lengths of the network as GB/T 43097-2023 6.1.2 counts them: what is a class, a band, a way of laying.

Only the supply pipe is counted, in kilometres along its axis on the ellipsoid (with heights where a pipe has them). Bands are
data (`BREAKDOWNS`): names, limits and the number that the row has in the table of its class. Where the standard asks nothing of
a class (materials of the primary network), the bands of another class stand in, without a number.

Three things the standard leaves open are decided here. A pipe in a casing lies in the ground (direct burial); a duct block
counts as trench, a pipe on the ground as overhead; a renewed pipe is as old as its renewal. Element 0810008 has no code for
utility tunnels, so that row stays empty until a delivery can say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Breakdown: TypeAlias = Literal["class", "laying", "dn_band", "material", "age"]
"""Into what lengths are broken down."""
BREAKDOWN_NAMES: tuple[Breakdown, ...] = get_args(Breakdown)

CLASSES: Mapping[int, str] = {1: "long_distance", 2: "primary", 3: "secondary", 4: "direct", 0: "unknown"}
"""Classes of network (管网类别) by their number in the tables and tiles, in the order of the standard; unknown comes last."""
CLASS_LABELS: Mapping[str, tuple[str, str]] = {
    "long_distance": ("长输管网", "long-distance network"),
    "primary": ("一级管网", "primary network"),
    "secondary": ("二级管网", "secondary network"),
    "direct": ("直接连接管网", "direct connection network"),
    "unknown": ("类别不明", "class unknown"),
}
LAYINGS: Mapping[int, str] = {1: "direct_burial", 2: "overhead", 3: "trench", 4: "utility_tunnel", 5: "other", 0: "unknown"}
"""Ways of laying (敷设方式) by number."""
LAYING_OF_BURIAL: Mapping[str, int] = {"1": 1, "2": 3, "3": 3, "4": 1, "5": 2, "6": 2, "9": 5}
"""Burial method (element 0810008) to way of laying."""
MATERIALS: Mapping[int, str] = {1: "steel", 2: "plastic", 3: "other", 0: "unknown"}
"""Materials of the carrier pipe (工作管材质) by number."""
MATERIAL_PATTERNS: tuple[tuple[str, int], ...] = (
    ("钢塑|塑钢|铝塑|钢骨架", 3),
    ("钢|steel|Q[0-9]{3}|20#|20g|无缝|螺旋缝", 1),
    ("塑|聚乙烯|聚丁烯|聚丙烯|PE|PP-?R|PVC|PB|plastic", 2),
)
"""Patterns of delivered words (case does not matter) and the material they mean; the first that fits counts, others are other.

Composites come first. Steel comes before plastic, because 聚乙烯外护管预制直埋保温钢管 is a steel pipe in a plastic jacket.
"""


@dataclass(frozen=True, slots=True)
class Band:
    """One row of a breakdown: values from `low` to `high`, each with or without the limit itself; None = no limit.

    Attributes
    ----------
    name
        Name in answers.
    label_zh, label_en
        As the standard prints it.
    no
        Number of the row in the table of its class; None where the standard does not ask.
    code
        Number of a laying or material; None for bands with limits.
    """

    name: str
    label_zh: str
    label_en: str
    no: int | None = None
    code: int | None = None
    low: float | None = None
    high: float | None = None
    with_low: bool = False
    with_high: bool = False

    def holds(self, value: float) -> bool:
        """Tell whether a value lies in the band."""
        if self.code is not None:
            return value == self.code
        above = self.low is None or value > self.low or (self.with_low and value == self.low)
        below = self.high is None or value < self.high or (self.with_high and value == self.high)
        return above and below


UNKNOWN_BAND = Band("unknown", "不明", "not given")
OTHER_LAYING = Band("other", "其他", "other", code=5)


_Words: TypeAlias = tuple[str, str, str]
"""What is banded: Chinese, English, unit behind the limit."""
_DN: _Words = ("DN", "DN", "")
_AGE: _Words = ("使用年限", "years in service", "年")


def _upto(limit: int, words: _Words, no: int | None) -> Band:
    zh, en, unit = words
    return Band(f"to_{limit}", f"{zh}≤{limit}{unit}", f"{en} up to {limit}", no, high=limit, with_high=True)


def _between(low: int, high: int, words: _Words, no: int | None, *, with_low: bool = False) -> Band:
    zh, en, unit = words
    sign = "≤" if with_low else "＜"
    text = f"{en} {'from' if with_low else 'over'} {low} to below {high}"
    return Band(f"{low}_{high}", f"{low}{unit}{sign}{zh}＜{high}{unit}", text, no, low=low, high=high, with_low=with_low)


def _from(limit: int, words: _Words, no: int | None) -> Band:
    zh, en, unit = words
    return Band(f"from_{limit}", f"{zh}≥{limit}{unit}", f"{en} from {limit}", no, low=limit, with_low=True)


def _layings(numbers: Mapping[int, int]) -> tuple[Band, ...]:
    labels = {
        1: ("直埋敷设", "direct burial"),
        2: ("架空敷设", "overhead"),
        3: ("管沟敷设", "trench"),
        4: ("综合管廊敷设", "utility tunnel"),
    }
    return tuple(Band(LAYINGS[code], *labels[code], numbers.get(code), code=code) for code in labels)


def _ages(upper: int, first_no: int | None) -> tuple[Band, ...]:
    no = (None, None, None) if first_no is None else (first_no, first_no + 1, first_no + 2)
    return (_upto(15, _AGE, no[0]), _between(15, upper, _AGE, no[1]), _from(upper, _AGE, no[2]))


def _materials(first_no: int | None) -> tuple[Band, ...]:
    rows = (("steel", "钢管", "steel", 1), ("plastic", "塑料管", "plastic", 2), ("other", "其他", "other", 3))
    return tuple(
        Band(name, zh, en, None if first_no is None else first_no + place, code=code)
        for place, (name, zh, en, code) in enumerate(rows)
    )


_DIRECT_DN = (
    _upto(300, _DN, 6),
    _between(300, 800, _DN, 7),
    _from(800, _DN, 8),
)
_PRIMARY_DN = (
    _upto(300, _DN, 6),
    _between(300, 800, _DN, 7),
    _between(800, 1200, _DN, 8, with_low=True),
    _from(1200, _DN, 9),
)
_LONG_DN = (
    _upto(1200, _DN, 6),
    Band("over_1200", "DN＞1200", "DN over 1200", 7, low=1200),
)


def _unnumbered(bands: Iterable[Band]) -> tuple[Band, ...]:
    return tuple(Band(b.name, b.label_zh, b.label_en, None, b.code, b.low, b.high, b.with_low, b.with_high) for b in bands)


BREAKDOWNS: Mapping[str, Mapping[str, tuple[Band, ...]]] = {
    "long_distance": {
        "laying": _layings({1: 2, 2: 3, 3: 4, 4: 5}),
        "dn_band": _LONG_DN,
        "material": _materials(None),
        "age": _ages(30, 8),
    },
    "primary": {
        "laying": _layings({2: 2, 3: 3, 1: 4, 4: 5}),
        "dn_band": _PRIMARY_DN,
        "material": _materials(None),
        "age": _ages(30, 10),
    },
    "secondary": {
        "laying": _layings({2: 5, 3: 6, 1: 7, 4: 8}),
        "dn_band": _unnumbered(_DIRECT_DN),
        "material": _materials(2),
        "age": _ages(30, 9),
    },
    "direct": {
        "laying": _layings({2: 2, 3: 3, 1: 4, 4: 5}),
        "dn_band": _DIRECT_DN,
        "material": _materials(None),
        "age": _ages(25, 9),
    },
    "unknown": {
        "laying": _layings({}),
        "dn_band": _unnumbered(_PRIMARY_DN),
        "material": _materials(None),
        "age": _ages(30, None),
    },
}
"""Bands by class and breakdown (tables 长输管网, 一级管网, 二级管网, 直接连接管网 of 6.1.2)."""

RENEWED_NO: Mapping[str, int | None] = {"long_distance": 11, "primary": 13, "secondary": 12, "direct": 12, "unknown": None}
"""Number of the row 上年度完成更新改造长度 in the table of each class."""


@dataclass(frozen=True, slots=True)
class LengthSum:
    """Supply pipes that are alike in everything a table asks.

    Attributes
    ----------
    network_class, laying, material
        Numbers of `CLASSES`, `LAYINGS`, `MATERIALS`.
    dn
        Nominal diameter in mm; None = unknown.
    since_year, renewed_year
        Year of the pipe that lies there now, year of the last renewal; None = unknown, none.
    pipe_count, length_m
        How many, and their length on the ellipsoid.
    stated_count, stated_m, stated_measured_m
        Those that came with a length: how many, their stated length, their length on the ellipsoid.
    """

    network_class: int
    laying: int
    material: int
    dn: int | None
    since_year: int | None
    renewed_year: int | None
    pipe_count: int
    length_m: float
    stated_count: int = 0
    stated_m: float = 0.0
    stated_measured_m: float = 0.0


@dataclass(frozen=True, slots=True)
class LengthRow:
    """One row of a table.

    Attributes
    ----------
    network_class, breakdown, band
        Names; the band of the breakdown `class` is `total` or `renewed`.
    no
        Number of the row in the standard's table of the class; None where it has none.
    label_zh, label_en
        Class and band for people.
    pipe_count, length_m
        What lies in it. The length renewed is None while no pipe of the class tells a year of renewal.
    stated_count, stated_m, stated_measured_m
        As in `LengthSum`.
    """

    network_class: str
    breakdown: Breakdown
    band: str
    no: int | None
    label_zh: str
    label_en: str
    pipe_count: int
    length_m: float | None
    stated_count: int = 0
    stated_m: float = 0.0
    stated_measured_m: float = 0.0


def tabulate(sums: Sequence[LengthSum], breakdowns: Sequence[Breakdown], *, year: int) -> list[LengthRow]:
    """Return the rows of some breakdowns, class after class; the bands of one breakdown add up to its class.

    Parameters
    ----------
    sums
        Any number; cost grows with it (a city has some hundred).
    breakdowns
        In the wanted order.
    year
        Year of the statistics: ages count to it, the year before it is that of renewals.
    """
    rows = []
    for number, name in CLASSES.items():
        own = [each for each in sums if each.network_class == number]
        if own or name != "unknown":
            rows += [row for breakdown in breakdowns for row in _of_class(name, own, breakdown, year)]
    return rows


def _of_class(name: str, own: Sequence[LengthSum], breakdown: Breakdown, year: int) -> Iterator[LengthRow]:
    if breakdown == "class":
        yield _row(name, breakdown, Band("total", "总长度", "total length", 1 if name != "unknown" else None), own)
        yield _renewed(name, own, year)
        return
    bands = BREAKDOWNS[name][breakdown]
    values = [(each, _value(each, breakdown, year)) for each in own]
    for band in bands:
        yield _row(name, breakdown, band, [each for each, value in values if value is not None and band.holds(value)])
    rest = [each for each, value in values if value is None or not any(band.holds(value) for band in bands)]
    others = [each for each in rest if breakdown == "laying" and each.laying == OTHER_LAYING.code]
    if others:
        yield _row(name, breakdown, OTHER_LAYING, others)
    unknown = [each for each in rest if each not in others]
    if unknown:
        yield _row(name, breakdown, UNKNOWN_BAND, unknown)


def _value(each: LengthSum, breakdown: Breakdown, year: int) -> float | None:
    if breakdown == "laying":
        return each.laying
    if breakdown == "material":
        return each.material
    if breakdown == "dn_band":
        return each.dn
    # a pipe that is not laid yet is as new as can be
    return None if each.since_year is None else max(0, year - each.since_year)


def _renewed(name: str, own: Sequence[LengthSum], year: int) -> LengthRow:
    band = Band("renewed", "上年度完成更新改造长度", "length renewed in the previous year", RENEWED_NO[name])
    row = _row(name, "class", band, [each for each in own if each.renewed_year == year - 1])
    if any(each.renewed_year is not None for each in own):
        return row
    return LengthRow(name, "class", band.name, band.no, row.label_zh, row.label_en, 0, None)


def _row(name: str, breakdown: Breakdown, band: Band, sums: Sequence[LengthSum]) -> LengthRow:
    zh, en = CLASS_LABELS[name]
    return LengthRow(
        network_class=name,
        breakdown=breakdown,
        band=band.name,
        no=band.no,
        label_zh=f"{zh}：{band.label_zh}",
        label_en=f"{en}: {band.label_en}",
        pipe_count=sum(each.pipe_count for each in sums),
        length_m=sum(each.length_m for each in sums),
        stated_count=sum(each.stated_count for each in sums),
        stated_m=sum(each.stated_m for each in sums),
        stated_measured_m=sum(each.stated_measured_m for each in sums),
    )
