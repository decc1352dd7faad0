"""What an office writes about a rural household: who lives there, in which group it is, how far its installation has come.

No person is meant: names are made of a number, and the number of the identity card begins with ten zeros, as no card does.
"""

from __future__ import annotations

import geopandas
import numpy as np
import pandas as pd
from numpy.typing import NDArray

CONTROL = 0.02
"""Share of households that were not retrofitted and are watched for comparison (对照户)."""
STATES = ("planned", "delivered", "installing", "in_use")
STATE_SHARES = (0.01, 0.02, 0.03, 0.94)
PERMANENT, INSULATED = 0.9, 0.25
CAPACITY_KW = (6.0, 18.0)
_STREAM = 70
_OF_RETROFIT = ("retrofit_type", "energy_type", "supplier")


def with_records(seed: int, households: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Return drawn households with a record each; those of the control group lose everything that belongs to a retrofit.

    Returns
    -------
    The columns given, and `resident_name`, `id_number`, `door`, `permanent`, `household_group`, `insulated`, `install_state`,
    `finished_on`, `capacity_kw`. `installed_year` is empty where nothing is in use yet. Cost: one second for 325,000.
    """
    rng = np.random.default_rng([seed, _STREAM])
    count = len(households)
    control = rng.random(count) < CONTROL
    state = rng.choice(len(STATES), count, p=STATE_SHARES)
    in_use = (state == len(STATES) - 1) & ~control
    year = households["installed_year"].to_numpy(dtype=np.int64)
    number = np.char.zfill(np.arange(1, count + 1).astype(str), 7)
    records = {
        "installed_year": pd.array(np.where(in_use, year, 0), dtype="Int64"),
        "resident_name": np.char.add("示例户主", number),
        "id_number": np.char.add(np.char.add("0000000000", number), "X"),
        "door": np.char.add(_door_numbers(households), "号"),
        "permanent": rng.random(count) < PERMANENT,
        "household_group": np.where(control, "control", "retrofitted"),
        "insulated": (rng.random(count) < INSULATED) & ~control,
        "install_state": np.where(control, "", np.array(STATES)[state]),
        "finished_on": np.where(in_use, _days(year, rng), ""),
        "capacity_kw": np.where(control, np.nan, rng.uniform(*CAPACITY_KW, count).round(1)),
    }
    told = households.assign(**records)
    told.loc[~in_use, "installed_year"] = pd.NA
    for column in _OF_RETROFIT:
        told[column] = told[column].astype(object).where(~control, None)
    return told


def _door_numbers(households: geopandas.GeoDataFrame) -> NDArray[np.str_]:
    """Return the number of each house in its village, from 1."""
    numbers: NDArray[np.str_] = (households.groupby("village_code").cumcount() + 1).to_numpy().astype(str)
    return numbers


def _days(year: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.str_]:
    """Return a day of the building season, April to November, of each year."""
    day = rng.integers(0, 240, len(year))
    first = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + np.timedelta64(90, "D")
    days: NDArray[np.str_] = np.datetime_as_string(first + day.astype("timedelta64[D]"), unit="D")
    return days
