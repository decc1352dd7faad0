"""Colourings of pipes: which attribute is coloured how, and what its colours mean in Chinese and English. Pure data.

Every client draws the same legend: the styles of `tiles/styles.py`, our viewer and partner systems all take it from here. What
has an order (diameter, year, criticality, temperature) runs over one ramp from blue to orange; what has none takes colours that
readers with a colour vision deficiency tell apart. Red is not used: it is an alarm's. The colours are those of
`web/src/layers/palette.ts`, and a test holds them together.

Assets that are many (companies, heat sources) take the colour that their id decides, so a company has the same colour for every
seat, at every zoom and after every edit; ten colours repeat, so the legend names each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, Literal, TypeAlias

from tiles.tilesets import SIDES
from topology.answers.pipe_facts import CRITICALITY_LIMITS
from twin.lengths import BREAKDOWNS, CLASS_LABELS, CLASSES, OTHER_LAYING

LegendKind: TypeAlias = Literal["codes", "ranges", "ids"]
"""Whether an item is one code, a range of numbers, or one asset."""

OTHER: Final = "#64748b"
"""Colour of what is unknown."""
ID_COLOURS: Final = (
    "#38bdf8",
    "#fbbf24",
    "#a78bfa",
    "#34d399",
    "#f472b6",
    "#94a3b8",
    "#22d3ee",
    "#fdba74",
    "#a3e635",
    "#818cf8",
)
"""`AREA_COLOURS` of the viewer: the colour of an asset is that of its id modulo their number."""
RAMP: Final = ("#1f77d0", "#6fa8dc", "#c9d6df", "#f2c28b", "#f28e2b")
"""`RATE_RAMP` of the viewer from its end: from little to much."""
_CLASS_COLOURS: Final = {"long_distance": "#a5f3fc", "primary": "#22d3ee", "secondary": "#2f8fb3", "direct": "#fbbf24"}
_SIDE_COLOURS: Final = {"supply": "#fb923c", "return": "#38bdf8"}
_SIDE_LABELS: Final = {"supply": ("供水管", "supply"), "return": ("回水管", "return")}


@dataclass(frozen=True, slots=True)
class LegendItem:
    """One colour and what it stands for.

    Attributes
    ----------
    colour
        `#rrggbb`.
    label_zh, label_en
        For people.
    value
        Code or asset_id; None for a range.
    low, high
        A range begins at `low` and ends below `high`; None = no limit on that side.
    """

    colour: str
    label_zh: str
    label_en: str
    value: int | None = None
    low: int | None = None
    high: int | None = None

    def document(self) -> dict[str, Any]:
        """Return the item as the API says it: `value`, or `from` and `to` where there is such a limit."""
        limits = {"value": self.value, "from": self.low, "to": self.high}
        labels = {"colour": self.colour, "label_zh": self.label_zh, "label_en": self.label_en}
        return {name: number for name, number in limits.items() if number is not None} | labels


UNKNOWN: Final = LegendItem(OTHER, "不明", "unknown")
_REST: Final = LegendItem(OTHER, "其他或不明", "other or unknown")


@dataclass(frozen=True, slots=True)
class Colouring:
    """One way to colour pipes.

    Attributes
    ----------
    name
        As in the addresses of styles.
    attribute
        Attribute of the layer `pipe` that decides.
    title_zh, title_en
        Headline of the legend.
    kind
        What its items are.
    items
        In the order of the legend; those of kind `ids` are filled in for a seat by `with_ids`.
    optional
        Optional attributes that the tile address must ask for (`with`).
    unit
        Of ranges.
    other
        What fits no item.
    minzoom
        First zoom whose tiles carry the attribute.
    note_zh, note_en
        What a reader of the map must know; empty when nothing.
    """

    name: str
    attribute: str
    title_zh: str
    title_en: str
    kind: LegendKind
    items: tuple[LegendItem, ...]
    optional: tuple[str, ...] = ()
    unit: str | None = None
    other: LegendItem = UNKNOWN
    minzoom: int = 10
    note_zh: str = ""
    note_en: str = ""

    def with_ids(self, named: Iterable[tuple[int, str]]) -> Colouring:
        """Return the colouring with one item an asset, in the given order; other kinds return themselves.

        Parameters
        ----------
        named
            asset_id and name of what the seat may see.
        """
        if self.kind != "ids":
            return self
        return replace(self, items=tuple(LegendItem(colour_of_id(number), name, name, number) for number, name in named))

    def document(self) -> dict[str, Any]:
        """Return the legend as the API says it."""
        return {
            "colouring": self.name,
            "attribute": self.attribute,
            "with": list(self.optional),
            "title_zh": self.title_zh,
            "title_en": self.title_en,
            "unit": self.unit,
            "kind": self.kind,
            "minzoom": self.minzoom,
            "note_zh": self.note_zh,
            "note_en": self.note_en,
            "items": [item.document() for item in self.items],
            "other": self.other.document(),
        }


def colour_of_id(asset_id: int) -> str:
    """Return the colour that an asset has wherever it is coloured by itself."""
    return ID_COLOURS[asset_id % len(ID_COLOURS)]


def _sides() -> tuple[LegendItem, ...]:
    named = [(int(code), name) for code, name in SIDES.items() if name in _SIDE_COLOURS]
    return tuple(LegendItem(_SIDE_COLOURS[name], *_SIDE_LABELS[name], code) for code, name in named)


def _classes() -> tuple[LegendItem, ...]:
    return tuple(LegendItem(_CLASS_COLOURS[name], *CLASS_LABELS[name], code) for code, name in CLASSES.items() if code)


def _layings() -> tuple[LegendItem, ...]:
    bands = (*BREAKDOWNS["primary"]["laying"], OTHER_LAYING)
    ordered = sorted((band for band in bands if band.code is not None), key=lambda band: band.code or 0)
    return tuple(LegendItem(ID_COLOURS[place], band.label_zh, band.label_en, band.code) for place, band in enumerate(ordered))


def _steps(limits: Sequence[int], labels: Sequence[tuple[str, str]], colours: Sequence[str] = RAMP) -> tuple[LegendItem, ...]:
    """Return the ranges between limits: one more than there are limits."""
    lows: list[int | None] = [None, *limits]
    highs: list[int | None] = [*limits, None]
    return tuple(
        LegendItem(colour, *label, low=low, high=high)
        for colour, label, low, high in zip(colours, labels, lows, highs, strict=True)
    )


def _diameters() -> tuple[LegendItem, ...]:
    """Return the bands that GB/T 43097-2023 asks of the primary network, the smallest one split at DN 100.

    Nominal diameters are whole numbers, so what comes after DN 300 begins at 301.
    """
    upto, below, above, over = BREAKDOWNS["primary"]["dn_band"]
    labels = [("DN≤100", "DN up to 100"), ("100＜DN≤300", "DN over 100 to 300")]
    labels += [(band.label_zh, band.label_en) for band in (below, above, over)]
    limits = [101] + [int(band.low or 0) + (not band.with_low) for band in (below, above, over)]
    assert upto.high == 300
    return _steps(limits, labels)


_YEARS: Final = (1990, 2000, 2010, 2020)
_TEMPERATURES_DEGC: Final = (40, 60, 80, 100)


def _years() -> tuple[LegendItem, ...]:
    between = [(f"{low}–{high - 1}年", f"{low} to {high - 1}") for low, high in pairwise(_YEARS)]
    labels = [(f"{_YEARS[0]}年以前", f"before {_YEARS[0]}"), *between, (f"{_YEARS[-1]}年以后", f"{_YEARS[-1]} and later")]
    # the oldest pipe is what one looks for
    return _steps(_YEARS, labels, RAMP[::-1])


def _temperatures() -> tuple[LegendItem, ...]:
    limits = _TEMPERATURES_DEGC
    between = [(f"{low}–{high} ℃", f"{low} to below {high} °C") for low, high in pairwise(limits)]
    first = (f"＜{limits[0]} ℃", f"below {limits[0]} °C")
    return _steps(limits, [first, *between, (f"≥{limits[-1]} ℃", f"{limits[-1]} °C and above")])


def _criticalities() -> tuple[LegendItem, ...]:
    """Return the classes by heat users who lose heat when the segment is shut; class 1 is what nobody misses."""
    first, *others = CRITICALITY_LIMITS
    assert first == 1
    between = [(f"{low:,}–{high - 1:,}户", f"{low:,} to {high - 1:,} heat users") for low, high in pairwise(CRITICALITY_LIMITS)]
    labels = [("无用户受影响", "nobody"), *between, (f"{others[-1]:,}户以上", f"{others[-1]:,} heat users and more")]
    return tuple(LegendItem(colour, *label, code) for code, (colour, label) in enumerate(zip(RAMP, labels, strict=True), 1))


COLOURINGS: Final[Mapping[str, Colouring]] = {
    each.name: each
    for each in (
        Colouring("class", "class", "管网类别", "Network class", "codes", _classes()),
        Colouring(
            "side",
            "side",
            "供回水",
            "Supply and return",
            "codes",
            _sides(),
            minzoom=15,
            note_zh="供水管与回水管自15级起分别绘制；以下各级一条管沟一条线，以“不明”色绘制。",
            note_en="Supply and return are drawn apart from zoom 15; below, one line stands for a trench, coloured as unknown.",
        ),
        Colouring(
            "company",
            "company_id",
            "权属企业",
            "Owner",
            "ids",
            (),
            ("company_id",),
            other=_REST,
            note_zh="颜色由编号决定，可能重复。",
            note_en="The id decides the colour; colours may repeat.",
        ),
        Colouring("dn", "dn", "公称直径", "Nominal diameter", "ranges", _diameters(), unit="mm"),
        Colouring("year", "year", "敷设或更新年份", "Year laid or renewed", "ranges", _years(), ("year",)),
        Colouring("laying", "laying", "敷设方式", "Way of laying", "codes", _layings(), ("laying",)),
        Colouring(
            "source",
            "source_id",
            "供热来源",
            "Feeding source",
            "ids",
            (),
            ("source_id",),
            other=_REST,
            note_zh="阀门处于常态时供热的电厂、锅炉房或换热站；颜色由编号决定，可能重复。",
            note_en="The plant, boiler house or substation that feeds the pipe with valves in their normal state; the id decides"
            " the colour, colours may repeat.",
        ),
        Colouring(
            "criticality",
            "criticality",
            "重要程度",
            "Criticality",
            "codes",
            _criticalities(),
            ("criticality",),
            note_zh="阀门处于常态时，关闭该管段后停热或供热不足的用户数。",
            note_en="Heat users with no heat, or too little, when the segment is shut, with valves in their normal state.",
        ),
        Colouring(
            "temperature",
            "temperature_degc",
            "计算水温",
            "Solved temperature",
            "ranges",
            _temperatures(),
            ("temperature_degc",),
            unit="degC",
            note_zh="最近一次水力计算的结果。",
            note_en="As solved last.",
        ),
    )
}
"""All colourings by name, in the order of lists."""
