"""Units that files of readings come in: exact fractions to and from ours (one unit a quantity inside)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from data.errors import BadReadingFile
from twin.arrays import Float64Array


@dataclass(frozen=True, slots=True)
class Conversion:
    """`ours = (theirs + offset) * numerator / denominator`: whole numbers, because a decimal factor is not exact in binary."""

    numerator: float = 1.0
    denominator: float = 1.0
    offset: float = 0.0

    @property
    def is_identity(self) -> bool:
        """True when values stay as they are."""
        return (self.numerator, self.denominator, self.offset) == (1.0, 1.0, 0.0)

    def to_ours(self, values: Float64Array) -> Float64Array:
        """Convert from the file's unit."""
        return values if self.is_identity else (values + self.offset) * self.numerator / self.denominator

    def to_theirs(self, values: Float64Array) -> Float64Array:
        """Convert to the file's unit."""
        return values if self.is_identity else values * self.denominator / self.numerator - self.offset


_CONVERSIONS: Final[Mapping[str, Mapping[str, Conversion]]] = {
    "degC": {"℃": Conversion(), "degF": Conversion(5, 9, -32), "°F": Conversion(5, 9, -32), "K": Conversion(offset=-273.15)},
    "MPa": {
        "kPa": Conversion(1, 1000),
        "Pa": Conversion(1, 1_000_000),
        "bar": Conversion(1, 10),
        "mbar": Conversion(1, 10_000),
        "kgf/cm2": Conversion(980_665, 10_000_000),
    },
    "m3/h": {
        "m³/h": Conversion(),
        "L/h": Conversion(1, 1000),
        "L/min": Conversion(6, 100),
        "L/s": Conversion(18, 5),
        "m3/s": Conversion(3600),
    },
    "MW": {
        "kW": Conversion(1, 1000),
        "W": Conversion(1, 1_000_000),
        "GJ/h": Conversion(5, 18),
        "Gcal/h": Conversion(1163, 1000),
    },
    "GJ": {
        "MWh": Conversion(18, 5),
        "kWh": Conversion(9, 2500),
        "MJ": Conversion(1, 1000),
        "Gcal": Conversion(41_868, 10_000),
        "万GJ": Conversion(10_000),
    },
    "kWh": {"MWh": Conversion(1000), "Wh": Conversion(1, 1000), "MJ": Conversion(5, 18)},
    "kW": {"W": Conversion(1, 1000), "MW": Conversion(1000)},
    "m3": {"m³": Conversion(), "L": Conversion(1, 1000)},
    "m": {"mm": Conversion(1, 1000), "cm": Conversion(1, 100)},
    "%": {"1": Conversion(100)},
    "µg/m3": {"ug/m3": Conversion(), "μg/m3": Conversion(), "mg/m3": Conversion(1000)},
}


def conversion(unit: str | None, ours: str, *, point: str) -> Conversion:
    """Return how values in a unit become ours.

    Raises
    ------
    BadReadingFile
        When the unit does not measure the same.
    """
    if unit is None or unit == ours:
        return Conversion()
    known = _CONVERSIONS.get(ours, {})
    if unit not in known:
        able = ", ".join([ours or "no unit", *known])
        raise BadReadingFile(
            f"point {point!r} is stored in {ours or 'no unit'}; its column says {unit!r}, it must be one of {able}"
        )
    return known[unit]
