"""Derives the sums of the clean-heating rollout from registers, devices and areas; `twin/rollout.py` says what they are.

Villages carry the sums of what hangs on them; townships, districts, zones and the city are added up from those, with what they
state themselves (targets, monthly reports, projects). So a change costs its own villages and the upper areas, not the city.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from data.pool import Connection, connect
from data.statements import sql
from twin.registers import FUELS
from twin.rollout import ELECTRIC_TYPES, default_factors

_OF_VILLAGES: Final = ("household", "service_ticket", "satisfaction_answer", "energy_use")
_OF_AREAS: Final = ("rollout_target", "rollout_report", "retrofit_project")
_AREAS_AND_DEVICES: Final = frozenset({"district", "zone", "township", "village", "heating_device"})
_HEATING_YEAR_STARTS: Final = (7, 1)
"""Month and day; tickets of the summer's preparation count for the winter that follows."""


@dataclass(frozen=True, slots=True)
class RolloutReport:
    """What a refresh did: villages counted anew (None = all of the city), seconds it took."""

    village_count: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class _Change:
    """What has changed since the sums were derived: everything, some villages, or only what areas state."""

    newest: int
    everything: bool
    villages: Sequence[int]
    households: bool = False
    projects: bool = False


def refresh(connection: Connection, city_id: int, *, force: bool = False) -> RolloutReport | None:
    """Bring the sums of a city up to date in one transaction; None when they were.

    Parameters
    ----------
    connection
        Outside a transaction, or inside the caller's (then the caller commits).
    city_id
        The city.
    force
        Count everything anew.

    Notes
    -----
    Cost: see docs/rollout.md. A reader sees the old sums or the new ones.
    """
    started = time.monotonic()
    with connection.transaction():
        connection.execute(sql("rollout_lock"), {"city_id": city_id})
        change = _changed(connection, city_id, force=force)
        if change is None:
            return None
        _refresh(connection, city_id, change)
        connection.execute(sql("rollout_write_version"), {"city_id": city_id, "change_id": change.newest})
        if change.everything:
            connection.execute(sql("rollout_analyze"))
    return RolloutReport(None if change.everything else len(change.villages), time.monotonic() - started)


def refresh_city(database_url: str, city_id: int) -> RolloutReport | None:
    """Do `refresh` over a connection of its own."""
    with connect(database_url) as connection:
        return refresh(connection, city_id)


def _changed(connection: Connection, city_id: int, *, force: bool) -> _Change | None:
    row = connection.execute(sql("rollout_changed"), {"city_id": city_id}).fetchone()
    if row is None:
        return None
    counted, newest = row
    if force or counted < 0:
        return _Change(newest, everything=True, villages=())
    if newest == counted:
        return None
    touched = {kind for (kind,) in connection.execute(sql("rollout_changed_kinds"), {"city_id": city_id, "counted": counted})}
    if touched & _AREAS_AND_DEVICES:
        return _Change(newest, everything=True, villages=())
    if not touched & {*_OF_VILLAGES, *_OF_AREAS}:
        connection.execute(sql("rollout_write_version"), {"city_id": city_id, "change_id": newest})
        return None
    values = {"city_id": city_id, "change_id": counted, "kinds": list(_OF_VILLAGES)}
    villages = (
        [int(each) for (each,) in connection.execute(sql("rollout_villages_of"), values)] if touched & {*_OF_VILLAGES} else []
    )
    return _Change(
        newest,
        everything=False,
        villages=sorted(villages),
        households="household" in touched,
        projects="retrofit_project" in touched,
    )


def _refresh(connection: Connection, city_id: int, change: _Change) -> None:
    values: dict[str, Any] = {
        "city_id": city_id,
        "villages": None if change.everything else list(change.villages),
        "electric_types": list(ELECTRIC_TYPES),
        **_times(connection, city_id),
        **_factors(connection, city_id),
    }
    if change.everything:
        connection.execute(sql("rollout_sums_clear"), values)
    if change.everything or change.households:  # outlines are drawn around households
        for name in ("rollout_areas_clear", "rollout_areas", "rollout_areas_analyze"):
            connection.execute(sql(name), values)
    counts = change.everything or bool(change.villages)
    for name in ("rollout_homes", "rollout_devices") if counts else ():
        connection.execute(sql(name), values)
    values["years"] = _years(connection, values, homes=counts)
    if not change.everything and values["years"] != _kept_years(connection, values):  # every village needs a row of a new year
        if counts:
            connection.execute(sql("rollout_homes_drop"))
        _refresh(connection, city_id, replace(change, everything=True))
        return
    for name in ("rollout_targets", "rollout_reports", "rollout_project_sums"):
        connection.execute(sql(name), values)
    if counts:
        for name in ("rollout_told", "rollout_homes_analyze", "rollout_villages_clear", "rollout_villages"):
            connection.execute(sql(name), values)
    for name in ("rollout_village_targets", "rollout_uppers_clear", "rollout_uppers"):
        connection.execute(sql(name), values)
    if not (counts or change.projects):
        return  # targets and reports have no parts
    connection.execute(sql("rollout_parts_clear"), values)
    if counts:
        connection.execute(sql("rollout_village_parts"), values)
    connection.execute(sql("rollout_upper_parts"), values)


def _times(connection: Connection, city_id: int) -> Mapping[str, Any]:
    """Return the present year, the starts of this heating year and of the one before, and the newest season of energy."""
    values = {"city_id": city_id}
    row = connection.execute(sql("rollout_zone"), values).fetchone()
    now = dt.datetime.now(ZoneInfo(row[0] if row is not None else "Asia/Shanghai"))
    month, day = _HEATING_YEAR_STARTS
    first = now.year if (now.month, now.day) >= _HEATING_YEAR_STARTS else now.year - 1
    season = connection.execute(sql("rollout_energy_season"), values).fetchone()
    return {
        "this_year": now.year,
        "season_at": dt.datetime(first, month, day, tzinfo=now.tzinfo),
        "last_season_at": dt.datetime(first - 1, month, day, tzinfo=now.tzinfo),
        "energy_season": None if season is None else season[0],
    }


def _factors(connection: Connection, city_id: int) -> Mapping[str, Any]:
    own: dict[str, float] = dict(connection.execute(sql("rollout_factor_values"), {"city_id": city_id}).fetchall())
    values = {name: float(own.get(name, factor.value)) for name, factor in default_factors().items()}
    return {**values, "fuels": list(FUELS), "fuel_kgce": [values[f"{fuel}_kgce_per_unit"] for fuel in FUELS]}


def _years(connection: Connection, values: Mapping[str, Any], *, homes: bool) -> list[int]:
    """Return 0 (now) and the years that something is known of."""
    names = ("rollout_years", "rollout_home_years") if homes else ("rollout_years",)
    return [0, *sorted({int(year) for name in names for (year,) in connection.execute(sql(name), values) if year})]


def _kept_years(connection: Connection, values: Mapping[str, Any]) -> list[int]:
    return [int(year) for (year,) in connection.execute(sql("rollout_years_kept"), values)]
