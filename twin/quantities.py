"""Quantities and their one unit each; values are converted where they enter or leave, never inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twin.errors import BadFrame


@dataclass(frozen=True, slots=True)
class Quantity:
    """One physical quantity.

    Attributes
    ----------
    name
        As in schemas of reading frames.
    unit
        The one unit, as written in answers.
    suffix
        End of every point name of this quantity; empty where a name needs none.
    name_zh
        Chinese term.
    """

    name: str
    unit: str
    suffix: str
    name_zh: str


_ALL = (
    Quantity("temperature", "degC", "_degc", "温度"),
    Quantity("pressure", "MPa", "_mpa", "压力"),
    Quantity("flow", "m3/h", "_m3_per_h", "瞬时流量"),
    Quantity("heat_power", "MW", "_mw", "瞬时热量"),
    Quantity("heat", "GJ", "_gj", "累计热量"),
    Quantity("volume", "m3", "_m3", "水量"),
    Quantity("energy", "kWh", "_kwh", "电量"),
    Quantity("level", "m", "_m", "液位"),
    Quantity("humidity", "%", "_percent", "相对湿度"),
    Quantity("concentration", "µg/m3", "_ug_per_m3", "质量浓度"),
    Quantity("state", "", "", "状态"),
)

QUANTITIES: Mapping[str, Quantity] = {quantity.name: quantity for quantity in _ALL}
"""All quantities by name."""


def quantity_of(name: str) -> Quantity:
    """Return the quantity of that name.

    Raises
    ------
    BadFrame
        When there is none; the message lists what there is.
    """
    try:
        return QUANTITIES[name]
    except KeyError:
        raise BadFrame(f"{name!r} is not a quantity; known quantities are {', '.join(sorted(QUANTITIES))}") from None


def unit_of_point(name: str) -> str:
    """Return the unit that a point's name ends in; empty where it names none."""
    fitting = [quantity for quantity in _ALL if quantity.suffix and name.endswith(quantity.suffix)]
    return max(fitting, key=lambda quantity: len(quantity.suffix)).unit if fitting else ""
