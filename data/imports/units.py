"""Units that files come in, and the factor to ours (one unit per quantity inside)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_FACTORS: Final[Mapping[str, Mapping[str, float]]] = {
    "m": {"m": 1.0, "mm": 1e-3, "cm": 1e-2, "dm": 1e-1, "km": 1e3},
    "mm": {"mm": 1.0, "cm": 10.0, "dm": 100.0, "m": 1e3},
    "m²": {"m2": 1.0, "m²": 1.0, "ha": 1e4, "km2": 1e6, "km²": 1e6, "万m2": 1e4, "万m²": 1e4},
    "MW": {"MW": 1.0, "kW": 1e-3, "W": 1e-6, "GW": 1e3, "GJ/h": 1.0 / 3.6},
    "kW": {"kW": 1.0, "W": 1e-3, "MW": 1e3},
    "m³": {"m3": 1.0, "m³": 1.0, "L": 1e-3},
    "MPa": {"MPa": 1.0, "kPa": 1e-3, "bar": 0.1},
    "m³/h": {"m3/h": 1.0, "m³/h": 1.0, "L/s": 3.6, "m3/s": 3600.0, "m³/s": 3600.0},
    "t/h": {"t/h": 1.0, "kg/s": 3.6},
    "t": {"t": 1.0, "kg": 1e-3},
    "GJ": {"GJ": 1.0, "MJ": 1e-3, "MWh": 3.6, "kWh": 3.6e-3, "万GJ": 1e4},
    "GJ/m²": {"GJ/m2": 1.0, "GJ/m²": 1.0},
    "km²": {"km2": 1.0, "km²": 1.0, "m2": 1e-6, "m²": 1e-6, "ha": 1e-2},
    "元": {"元": 1.0, "万元": 1e4, "CNY": 1.0},
    "℃": {"℃": 1.0, "degC": 1.0},
    "%": {"%": 1.0},
    "年": {"年": 1.0},
    "人": {"人": 1.0},
    "户": {"户": 1.0},
    "台": {"台": 1.0},
}


def known_units() -> list[str]:
    """Return every unit a manifest may name, sorted."""
    return sorted({unit for units in _FACTORS.values() for unit in units})


def factor(source: str, target: str) -> float | None:
    """Return the number to multiply by to get from one unit to another; None when they measure different things."""
    return _FACTORS.get(target, {}).get(source)
