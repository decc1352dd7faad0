"""What a point and a frame schema are, and how they are read from JSON.

A frame is one line of values that a device sends together. Storing frames instead of single values is 13 times smaller and
15 times faster in plain PostgreSQL. Gauges are 32-bit; registers and totals are 64-bit slots, because a 32-bit float changes
the digits that a meter printed.
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
DEFAULT_PERIOD_S = 60
"""Expected seconds between two frames where nothing else is said: every class of a city reports once a minute."""
MAX_PERIOD_S = 366 * 86_400
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
    label_zh, label_en
        Chinese and English term.
    period_s
        Expected seconds between two values; 0 = measured in tests at times, not continuously.
    mandatory
        True: the source asks for it (shall, 应); False: it recommends it (should, 宜), or the point is our own.
    clause
        Where it is asked for: section of the platform requirements, standard and clause; empty for a point of our own.
    alarm
        What the source wants alarmed: `limit`, `fault`, `power_failure` ..., or a requirement such as `requirement <= 5.0`.
    """

    name: str
    quantity: str
    unit: str
    side: str = ""
    slot: Slot = "gauge"
    low: float | None = None
    high: float | None = None
    label_zh: str = ""
    label_en: str = ""
    period_s: int = DEFAULT_PERIOD_S
    mandatory: bool = False
    clause: str = ""
    alarm: str = ""

    @property
    def layout(self) -> tuple[object, ...]:
        """What makes it this point: all but its labels, period, clause and alarm, which say something about it."""
        return (self.name, self.quantity, self.unit, self.side, self.slot, self.low, self.high)

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
            "label_en": self.label_en,
            "period_s": self.period_s,
            "mandatory": self.mandatory,
            "clause": self.clause,
            "alarm": self.alarm,
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

    @property
    def layout(self) -> tuple[tuple[object, ...], ...]:
        """What makes it this version: frames of equal layouts mean the same."""
        return tuple(point.layout for point in self.points)

    @property
    def continuous(self) -> bool:
        """Whether any of its points is measured all the time; False for tests that are made now and then."""
        return any(point.period_s for point in self.points)

    @property
    def period_s(self) -> int:
        """Expected seconds between its frames: those of its quickest point; of a test that of any source."""
        return min((point.period_s for point in self.points if point.period_s), default=DEFAULT_PERIOD_S)

    def column(self, name: str) -> int | None:
        """Return the position of a point, None when the schema has no such point."""
        return next((i for i, point in enumerate(self.points) if point.name == name), None)


def point_from_json(data: Mapping[str, Any]) -> Point:
    """Read a point as stored or sent, checked against the catalogue of quantities.

    Raises
    ------
    BadFrame
        When the name does not end in the unit, the quantity or slot is unknown, the range is empty, or the period is none.
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
    return Point(
        name,
        quantity.name,
        unit,
        str(data.get("side") or ""),
        slot,
        low,
        high,
        label_zh=str(data.get("label_zh") or ""),
        label_en=str(data.get("label_en") or ""),
        period_s=_period(name, data.get("period_s")),
        mandatory=bool(data.get("mandatory")),
        clause=str(data.get("clause") or ""),
        alarm=str(data.get("alarm") or ""),
    )


def _period(point: str, given: Any) -> int:
    seconds = DEFAULT_PERIOD_S if given is None else int(given)
    if not 0 <= seconds <= MAX_PERIOD_S:
        raise BadFrame(f"point {point!r} has period_s {seconds}; it must be 0 (not continuous) to {MAX_PERIOD_S}")
    return seconds


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
