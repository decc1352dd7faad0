"""The registry of datums as a list to be shown: what may be written, what it does, how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gis.datums import Unit, describe, parse_datum

_NO_SHIFT: Final = (
    "seven parameters of the delivery, stated or fitted to control points with heights, to CGCS2000; refused without"
)
_PUBLISHED_ZH: Final = "按公开公式换算，往返一致不等于与地面一致，只有控制点能说明实际精度；内地以外不偏移。"
_PUBLISHED_EN: Final = (
    "The published formula: going there and back proves the code, not the ground, which only control points do. Nothing outside"
    " the mainland is shifted."
)
_CGCS_ZH: Final = "与 WGS-84 同一椭球，按约定视为相同；2000 年以来的板块运动未改正，差几分米。"
_CGCS_EN: Final = "Same ellipsoid as WGS-84 and taken as equal by decision; plate motion since 2000 is not modelled: decimetres."
_OLD_ZH: Final = "没有公开的转换参数，必须由测绘部门给出七参数，或用带高程的控制点求解；否则拒绝换算，绝不按零偏移处理。"
_OLD_EN: Final = (
    "No public parameters: the survey office's seven, or control points with heights; refused without, never a shift of nothing."
)


@dataclass(frozen=True, slots=True)
class DatumSummary:
    """One row of the registry.

    Attributes
    ----------
    name
        What a delivery writes; for a family of datums one example.
    unit
        Unit of its coordinates, `degree` or `metre`; of `epsg:N` that of its code, usually degrees.
    operation
        What leads to WGS-84.
    accuracy_m
        Stated accuracy in metres; None = unknown, or as the delivery or PROJ states.
    note_zh, note_en
        What to know about it.
    """

    name: str
    unit: Unit
    operation: str
    accuracy_m: float | None
    note_zh: str
    note_en: str


def list_datums() -> tuple[DatumSummary, ...]:
    """Return the registry in the order of `gis.datum_names`."""
    return (*(_described(name, *_NOTES[name]) for name in _NOTES), *_WITH_PARAMETERS)


def _described(name: str, note_zh: str, note_en: str) -> DatumSummary:
    datum = parse_datum(name)
    operation, accuracy_m = describe(datum)
    return DatumSummary(name, datum.unit, operation, accuracy_m, note_zh, note_en)


_NOTES: Final = {
    "wgs84": ("档案库的坐标系，不换算。", "What the archive is in; nothing is done."),
    "cgcs2000": (f"国家大地坐标系（经纬度）。{_CGCS_ZH}", f"National geodetic system, degrees. {_CGCS_EN}"),
    "gcj02": (f"国测局坐标，高德、腾讯地图使用。{_PUBLISHED_ZH}", f"Used by AMap and Tencent. {_PUBLISHED_EN}"),
    "bd09": (f"百度经纬度。{_PUBLISHED_ZH}", f"Baidu's degrees. {_PUBLISHED_EN}"),
    "bd09mc": (f"百度米制坐标（墨卡托）。{_PUBLISHED_ZH}", f"Baidu's metres (Mercator). {_PUBLISHED_EN}"),
    "gk(cgcs2000,3,126,plain)": (
        f"高斯-克吕格 3 度带，中央经线 75、78…135，东坐标不带带号。{_CGCS_ZH}",
        f"Gauss-Krueger, 3-degree zones, meridians 75, 78 ... 135, easting without zone number. {_CGCS_EN}",
    ),
    "gk(cgcs2000,3,126,prefix)": (
        f"同上，东坐标前加带号（42 带：42 500 000）。{_CGCS_ZH}",
        f"The same with the zone number in front of the easting (zone 42: 42,500,000). {_CGCS_EN}",
    ),
    "gk(cgcs2000,6,123,plain)": (
        f"高斯-克吕格 6 度带，中央经线 75、81…135；带号写 prefix。{_CGCS_ZH}",
        f"Gauss-Krueger, 6-degree zones, meridians 75, 81 ... 135; `prefix` with zone number. {_CGCS_EN}",
    ),
    "twice(gcj02)": (
        "被当作 GCJ-02 重复换算了一次的 WGS-84 数据：撤销多余的一次换算；百度数据写 twice(bd09)。",
        "WGS-84 that was taken for GCJ-02 and converted once more: the last conversion is undone; twice(bd09) for BD-09.",
    ),
}
"""By name: notes in Chinese and English; the operation is asked of the registry."""
_WITH_PARAMETERS: Final = (
    DatumSummary("xian80", "degree", _NO_SHIFT, None, f"1980 西安坐标系（经纬度）。{_OLD_ZH}", f"Xian 1980, degrees. {_OLD_EN}"),
    DatumSummary(
        "gk(xian80,3,126,plain)",
        "metre",
        _NO_SHIFT,
        None,
        f"1980 西安坐标系高斯-克吕格，3 或 6 度带，plain 或 prefix。{_OLD_ZH}",
        f"Xian 1980, Gauss-Krueger of 3 or 6 degrees, plain or prefix. {_OLD_EN}",
    ),
    DatumSummary(
        "beijing54", "degree", _NO_SHIFT, None, f"1954 北京坐标系（经纬度）。{_OLD_ZH}", f"Beijing 1954, degrees. {_OLD_EN}"
    ),
    DatumSummary(
        "gk(beijing54,3,126,plain)",
        "metre",
        _NO_SHIFT,
        None,
        f"1954 北京坐标系高斯-克吕格，3 或 6 度带，plain 或 prefix。{_OLD_ZH}",
        f"Beijing 1954, Gauss-Krueger of 3 or 6 degrees, plain or prefix. {_OLD_EN}",
    ),
    DatumSummary(
        "epsg:N",
        "degree",
        "the first operation of PROJ that is no ballpark and whose area of use holds the layer",
        None,
        "EPSG 代码；单位与精度随代码。PROJ 只有零偏移（ballpark）或适用范围不含该图层时拒绝。",
        "Any EPSG code, with its own unit and accuracy. Refused when PROJ knows only a ballpark, or for another area.",
    ),
    DatumSummary(
        "local(NAME)",
        "metre",
        "four, six or seven parameters, stated or fitted to control points",
        None,
        "城市独立坐标系：由交付方给参数，或由控制点求四参数、六参数、七参数；精度为控制点中误差。",
        "A city's own grid: parameters of the delivery, or fitted to control points; the accuracy is their mean error.",
    ),
)
