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
    Quantity("differential_pressure", "MPa", "_mpa", "压差"),
    Quantity("valve_position", "%", "_percent", "阀位"),
    Quantity("percent", "%", "_percent", "百分比"),
    Quantity("load_rate", "%", "_percent", "负载率"),
    Quantity("irradiance", "W/m2", "_w_per_m2", "辐照度"),
    Quantity("irradiation", "MJ/m2", "_mj_per_m2", "辐照量"),
    Quantity("voltage", "V", "_v", "电压"),
    Quantity("current", "A", "_a", "电流"),
    Quantity("power", "kW", "_kw", "功率"),
    Quantity("power_factor", "", "", "功率因数"),
    Quantity("mass", "kg", "_kg", "质量"),
    Quantity("time", "s", "_s", "时间"),
    Quantity("turbidity", "FTU", "_ftu", "浊度"),
    Quantity("hardness", "mmol/L", "_mmol_per_l", "硬度"),
    Quantity("dissolved_oxygen", "mg/L", "_mg_per_l", "溶解氧"),
    Quantity("iron", "mg/L", "_mg_per_l", "铁"),
    Quantity("chloride", "mg/L", "_mg_per_l", "氯离子"),
    Quantity("ph", "", "", "酸碱度"),
    Quantity("gas_concentration", "%", "_percent", "可燃气体浓度(体积分数)"),
    # 1 = the water meets the requirement, 0 = it does not
    Quantity("water_quality", "", "", "水质合格"),
    # 0 = off, closed, normal; 1 = on, open, alarm; 2 = fault; further numbers as the sender's document says
    Quantity("state", "", "", "状态"),
    # of items whose unit the standard does not give
    Quantity("number", "", "", "数值"),
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
