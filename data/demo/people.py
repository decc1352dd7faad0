"""Heat users (热用户): one row for each door, whose count and area are those of the building."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.demo.buildings import Building
from data.demo.tables import DemoCity, building_code, substation_code

DISCONNECTED, STOPPED = 0.03, 0.08
"""Shares of users off the network (拆网), and of users on it who have heating stopped (停热)."""
SHOPS = 0.03
"""Share of users in residential buildings who do not live there."""
RESIDENTIAL = "居住建筑"


def largest_estates(city: DemoCity, count: int) -> tuple[int, ...]:
    """Return the estates with most heat users."""
    users = np.zeros(len(city.estates), dtype=np.int64)
    np.add.at(users, [each.estate for each in city.buildings], [each.heat_user_count for each in city.buildings])
    return tuple(int(place) for place in np.argsort(-users, kind="stable")[:count])


def draw_heat_users(city: DemoCity, estates: Sequence[int] | None = None) -> pd.DataFrame:
    """Return the heat users of all buildings, or of those in some estates.

    Doors are numbered as they are in life: the storey and the place on the landing (`1203`), landings are entrances (`unit`).

    Returns
    -------
    Columns `code`, `building_code`, `unit`, `door`, `heated_area_m2` (rounded so that the sum is the building's), `resident`,
    `connected`, `heating`, `substation_code`. Cost: one second for a million.
    """
    rng = np.random.default_rng([city.rng_seed, 42])
    chosen = [index for index, each in enumerate(city.buildings) if estates is None or each.estate in set(estates)]
    buildings = [city.buildings[index] for index in chosen]
    counts = np.array([each.heat_user_count for each in buildings], dtype=np.int64)
    of = np.repeat(np.arange(len(buildings)), counts)
    number = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    unit, door = _doors(buildings, of, number)
    names = np.array([building_code(index) for index in chosen])[of]
    # the account number of a user tells nothing about the door: other tables name it
    accounts = np.random.default_rng([city.rng_seed, 49]).permutation(len(of)) + 1
    connected = rng.random(len(of)) >= DISCONNECTED
    homes = np.array([each.use == RESIDENTIAL and not each.critical_use for each in buildings])[of]
    return pd.DataFrame(
        {
            "code": np.char.add("YH", np.char.zfill(accounts.astype(str), 7)),
            "building_code": names,
            "unit": unit,
            "door": door,
            "heated_area_m2": _areas(buildings, of, rng),
            "resident": homes & (rng.random(len(of)) >= SHOPS),
            "connected": connected,
            "heating": connected & (rng.random(len(of)) >= STOPPED),
            "substation_code": _substations(city)[chosen][of],
        }
    )


def _substations(city: DemoCity) -> NDArray[np.str_]:
    codes = np.full(len(city.buildings), "", dtype="U12")
    for index, station in enumerate(city.substations):
        codes[list(station.buildings)] = substation_code(index)
    return codes


def _doors(
    buildings: Sequence[Building], of: NDArray[np.int64], number: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return entrance and door of each user; a landing has two doors, in towers four."""
    counts = np.array([each.heat_user_count for each in buildings], dtype=np.int64)
    storeys = np.array([max(1, each.storeys) for each in buildings], dtype=np.int64)
    a_storey = -(-counts // storeys)
    landing = np.where(storeys > 18, 4, 2)
    storey, place = number // a_storey[of], number % a_storey[of]
    return place // landing[of] + 1, (storey + 1) * 100 + place % landing[of] + 1


def _areas(buildings: Sequence[Building], of: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Share each building's heated area among its users; the running sum is rounded, so the parts add up to the whole."""
    weight = rng.uniform(0.75, 1.25, len(of))
    last = np.r_[of[1:] != of[:-1], True]
    first = np.r_[True, last[:-1]]
    running = np.cumsum(weight)
    running -= (running - weight)[first][of]
    total = np.array([each.heated_area_m2 for each in buildings])
    share = running / running[last][of]
    upto = (share * total[of]).round(2)
    upto[last] = total.round(2)
    before = np.r_[0.0, upto[:-1]]
    before[first] = 0.0
    areas: NDArray[np.float64] = (upto - before).round(2)
    return areas


def with_sensors(users: pd.DataFrame, sensors: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tie room sensors to users: each sensor of a building stands with another user who is being heated, spread over the doors.

    Parameters
    ----------
    users
        Of `draw_heat_users`.
    sensors
        With `code` and `building_code`.

    Returns
    -------
    The users with `room_sensor_code` and the sensors with `heat_user_code`; None where a building has no rows of users, or
    more sensors than heated users.
    """
    heated = users.loc[users["heating"], ["code", "building_code"]]
    heated = heated.assign(place=heated.groupby("building_code").cumcount())
    asked = sensors[["code", "building_code"]]
    number, size = (getattr(asked.groupby("building_code")["code"], how) for how in ("cumcount", "transform"))
    there = asked["building_code"].map(heated.groupby("building_code").size()).fillna(0).astype(np.int64)
    wanted = asked.assign(place=np.floor((number() + 0.5) * there / size("size")).astype(np.int64))
    wanted = wanted[number() < there].drop_duplicates(["building_code", "place"])
    pairs = wanted.merge(heated, on=["building_code", "place"], suffixes=("_sensor", "_user"))
    of_user = pairs.set_index("code_user")["code_sensor"]
    of_sensor = pairs.set_index("code_sensor")["code_user"]
    tied = users.assign(room_sensor_code=_looked_up(users["code"], of_user))
    return tied, sensors.assign(heat_user_code=_looked_up(sensors["code"], of_sensor))


def _looked_up(codes: pd.Series, table: pd.Series) -> pd.Series:
    found = codes.map(table).astype(object)
    return found.where(found.notna(), None)
