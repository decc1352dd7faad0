"""Frame schemas: which points a reading frame of a source holds, in which order; and those that ship with the program.

A frame is one line of values that a device sends together. Storing frames instead of single values is 13 times smaller and
15 times faster in plain PostgreSQL. Gauges are 32-bit; registers and totals are 64-bit slots, because a 32-bit float changes
the digits that a meter printed.

The shipped points are those that CJJ/T 241-2016 5.6.1 asks of a substation (换热站, 热力站) and CJJ/T 185-2012 3.8.3 of a
heat source (热源), with one room temperature per sensor (CJJ/T 34-2022 13.5.5), one outdoor temperature per weather station, and
PM2.5, PM10, SO2 and NO2 (HJ 633-2012 table 1) per air station.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from twin.arrays import Float64Array
from twin.errors import BadFrame
from twin.quantities import quantity_of

Slot: TypeAlias = Literal["gauge", "total"]
MAX_POINTS = 512
_SLOTS: Mapping[str, Slot] = {"gauge": "gauge", "total": "total"}


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a frame.

    Attributes
    ----------
    name
        Ends in its unit, for example `primary_flow_m3_per_h`.
    quantity
        Name out of `twin.quantities`.
    unit
        The unit of that quantity.
    side
        Where it is measured: `primary`, `secondary`, `makeup`, `ambient`, `source`, `indoor` or empty.
    slot
        `gauge` = 32-bit float; `total` = 64-bit float (registers).
    low, high
        Range outside which a value is flagged as failed; None = no limit.
    label_zh
        Chinese term.
    """

    name: str
    quantity: str
    unit: str
    side: str = ""
    slot: Slot = "gauge"
    low: float | None = None
    high: float | None = None
    label_zh: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the point as stored in `frame_schema.points` and as sent."""
        return {
            "name": self.name,
            "quantity": self.quantity,
            "unit": self.unit,
            "side": self.side,
            "slot": self.slot,
            "min": self.low,
            "max": self.high,
            "label_zh": self.label_zh,
        }


@dataclass(frozen=True)
class FrameSchema:
    """An ordered list of points under a code and version; never changed once used (a change is a new version)."""

    code: str
    version: int
    points: tuple[Point, ...]

    @cached_property
    def gauge_columns(self) -> list[int]:
        """Positions of the 32-bit points."""
        return [i for i, point in enumerate(self.points) if point.slot == "gauge"]

    @cached_property
    def total_columns(self) -> list[int]:
        """Positions of the 64-bit points."""
        return [i for i, point in enumerate(self.points) if point.slot == "total"]

    @cached_property
    def low(self) -> Float64Array:
        """Lower range of each point, -inf where there is none."""
        return np.array([-np.inf if point.low is None else point.low for point in self.points])

    @cached_property
    def high(self) -> Float64Array:
        """Upper range of each point, inf where there is none."""
        return np.array([np.inf if point.high is None else point.high for point in self.points])

    def column(self, name: str) -> int | None:
        """Return the position of a point, None when the schema has no such point."""
        return next((i for i, point in enumerate(self.points) if point.name == name), None)


def point_from_json(data: Mapping[str, Any]) -> Point:
    """Read a point as stored or sent, checked against the catalogue of quantities.

    Raises
    ------
    BadFrame
        When the name does not end in the unit, the quantity or slot is unknown, or the range is empty.
    """
    name, quantity = str(data["name"]), quantity_of(str(data["quantity"]))
    if not name.isidentifier() or not name.endswith(quantity.suffix):
        raise BadFrame(f"point {name!r} of quantity {quantity.name!r} must be an identifier that ends in {quantity.suffix!r}")
    unit = str(data.get("unit") or quantity.unit)
    if unit != quantity.unit:
        raise BadFrame(f"point {name!r} has unit {unit!r}; {quantity.name} is in {quantity.unit!r} everywhere")
    slot = _slot(name, str(data.get("slot") or "gauge"))
    low, high = data.get("min"), data.get("max")
    if low is not None and high is not None and low >= high:
        raise BadFrame(f"point {name!r} has min {low:g} and max {high:g}; min must be below max")
    return Point(name, quantity.name, unit, str(data.get("side") or ""), slot, low, high, str(data.get("label_zh") or ""))


def _slot(point: str, text: str) -> Slot:
    if text not in _SLOTS:
        raise BadFrame(f"point {point!r} has slot {text!r}; it must be 'gauge' or 'total'")
    return _SLOTS[text]


def schema_from_json(code: str, version: int, points: Sequence[Mapping[str, Any]]) -> FrameSchema:
    """Read a schema as stored or sent.

    Raises
    ------
    BadFrame
        When a point does not fit, a name comes twice, or there are none or too many.
    """
    read = tuple(point_from_json(point) for point in points)
    names = [point.name for point in read]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadFrame(f"schema {code!r} names {', '.join(twice)} more than once")
    if not 1 <= len(read) <= MAX_POINTS:
        raise BadFrame(f"schema {code!r} has {len(read)} points; it must have 1 to {MAX_POINTS}")
    return FrameSchema(code, version, read)


def _point(name: str, quantity: str, side: str, label_zh: str, *, low: float | None = 0.0, high: float | None = None) -> Point:
    # a register counts up without an end; everything else has a range
    slot: Slot = "gauge" if high is not None else "total"
    return Point(name, quantity, quantity_of(quantity).unit, side, slot, low, high, label_zh)


_OUTDOOR = _point("outdoor_temperature_degc", "temperature", "ambient", "室外温度", low=-50, high=50)

_SUBSTATION = (
    _point("primary_supply_temperature_degc", "temperature", "primary", "一次侧总供水温度", high=150),
    _point("primary_return_temperature_degc", "temperature", "primary", "一次侧总回水温度", high=130),
    _point("primary_supply_pressure_mpa", "pressure", "primary", "一次侧总供水压力", high=2.5),
    _point("primary_return_pressure_mpa", "pressure", "primary", "一次侧总回水压力", high=2.5),
    _point("primary_flow_m3_per_h", "flow", "primary", "一次侧总瞬时流量", high=5000),
    _point("primary_flow_total_m3", "volume", "primary", "一次侧总累计流量"),
    _point("primary_heat_power_mw", "heat_power", "primary", "一次侧总瞬时热量", high=200),
    _point("primary_heat_total_gj", "heat", "primary", "一次侧总累计热量"),
    _point("secondary_supply_temperature_degc", "temperature", "secondary", "二次侧总供水温度", high=100),
    _point("secondary_return_temperature_degc", "temperature", "secondary", "二次侧总回水温度", high=95),
    _point("secondary_supply_pressure_mpa", "pressure", "secondary", "二次侧总供水压力", high=1.6),
    _point("secondary_return_pressure_mpa", "pressure", "secondary", "二次侧总回水压力", high=1.6),
    _point("makeup_volume_total_m3", "volume", "makeup", "总补水量"),
    _OUTDOOR,
)

_HEAT_SOURCE = (
    _point("supply_temperature_degc", "temperature", "source", "供水温度", high=180),
    _point("return_temperature_degc", "temperature", "source", "回水温度", high=130),
    _point("supply_pressure_mpa", "pressure", "source", "供水压力", high=2.5),
    _point("return_pressure_mpa", "pressure", "source", "回水压力", high=2.5),
    _point("flow_m3_per_h", "flow", "source", "供热介质流量", high=50000),
    _point("heat_power_mw", "heat_power", "source", "热源瞬时供热量", high=5000),
    _point("heat_total_gj", "heat", "source", "热源累计供热量"),
    _point("makeup_volume_total_m3", "volume", "makeup", "补水量"),
    _OUTDOOR,
)

_AIR = (
    _point("pm25_ug_per_m3", "concentration", "ambient", "细颗粒物", high=1000),
    _point("pm10_ug_per_m3", "concentration", "ambient", "可吸入颗粒物", high=2000),
    _point("so2_ug_per_m3", "concentration", "ambient", "二氧化硫", high=3000),
    _point("no2_ug_per_m3", "concentration", "ambient", "二氧化氮", high=4000),
)

DEFAULT_SCHEMAS: Mapping[str, FrameSchema] = {
    schema.code: schema
    for schema in (
        FrameSchema("substation", 1, _SUBSTATION),
        FrameSchema("plant", 1, _HEAT_SOURCE),
        FrameSchema("boiler_house", 1, _HEAT_SOURCE),
        FrameSchema("room_sensor", 1, (_point("room_temperature_degc", "temperature", "indoor", "室内温度", low=-20, high=50),)),
        FrameSchema("weather_station", 1, (_OUTDOOR,)),
        FrameSchema("air_station", 1, _AIR),
    )
}
"""Shipped schemas by code; the code is the asset kind whose sources use it."""
