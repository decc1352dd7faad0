"""How long readings are kept where (保存期限): days in the store of every day, years in the archive, by kind.

The defaults are the longest that the documents of the tender ask of each kind: the monitoring centre, heat sources, relay pumps
and accumulators keep three heating seasons (a season runs over the turn of the year, so three whole ones and the running
one lie within four calendar years); room temperatures and PM2.5 five years; rural devices are judged over five years.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from twin.errors import BadRetention

MAX_HOT_DAYS: Final = 400
MAX_ARCHIVE_YEARS: Final = 100


@dataclass(frozen=True, slots=True)
class Retention:
    """How long frames of a kind are kept.

    Attributes
    ----------
    hot_days
        Days in `reading_frame` after the UTC day they belong to.
    archive_years
        Years in the archive; None = for ever.
    """

    hot_days: int
    archive_years: int | None


_STATION: Final = Retention(hot_days=14, archive_years=4)
_DEVICE: Final = Retention(hot_days=3, archive_years=5)
_WEATHER: Final = Retention(hot_days=14, archive_years=5)
OTHERS: Final = _STATION
"""Kinds that are not named below."""

DEFAULTS: Final[Mapping[str, Retention]] = {
    "plant": _STATION,
    "boiler_house": _STATION,
    "substation": _STATION,
    "pressure_point": _STATION,
    "gas_station": _STATION,
    "heating_device": _DEVICE,
    "electric_heating_set": _DEVICE,
    "biomass_stove": _DEVICE,
    "solar_heating_set": _DEVICE,
    "air_source_heater": _DEVICE,
    "room_sensor": _DEVICE,
    "weather_station": _WEATHER,
    "air_station": _WEATHER,
}
"""By kind, which is the code of the frame schemas."""


def default_retention(kind: str) -> Retention:
    """Return how long frames of a kind are kept where nobody has said otherwise."""
    return DEFAULTS.get(kind, OTHERS)


def check_retention(kind: str, retention: Retention) -> None:
    """Raise `BadRetention` when the days or years make no sense."""
    if not 1 <= retention.hot_days <= MAX_HOT_DAYS:
        raise BadRetention(f"hot_days of {kind!r} is {retention.hot_days}; it must be 1 to {MAX_HOT_DAYS}")
    years = retention.archive_years
    if years is not None and not 1 <= years <= MAX_ARCHIVE_YEARS:
        raise BadRetention(f"archive_years of {kind!r} is {years}; it must be 1 to {MAX_ARCHIVE_YEARS}, or null for ever")
