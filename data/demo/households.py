"""Rural households with their retrofits (农户清洁取暖改造), and the devices of those that are monitored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.countryside import codes, lonlat
from data.demo.household_records import with_records
from data.demo.outlines import District

ENERGIES = ("electric", "biomass", "solar")


@dataclass(frozen=True, slots=True)
class DeviceType:
    """One kind of device: its energy, its share within that energy, its usual rated power."""

    name: str
    energy: str
    share: float
    power_kw: float


DEVICE_TYPES = (
    DeviceType("热泵风机4P", "electric", 0.16, 10.0),
    DeviceType("热泵风机5P", "electric", 0.18, 12.5),
    DeviceType("热泵风机6P", "electric", 0.12, 15.0),
    DeviceType("热泵风机其他", "electric", 0.06, 8.0),
    DeviceType("热泵水机4P", "electric", 0.12, 10.5),
    DeviceType("热泵水机5P", "electric", 0.12, 13.0),
    DeviceType("热泵水机6P", "electric", 0.1, 16.0),
    DeviceType("热泵水机其他", "electric", 0.06, 20.0),
    DeviceType("蓄热式电暖气", "electric", 0.08, 9.6),
    DeviceType("颗粒炉+地暖", "biomass", 0.22, 14.0),
    DeviceType("颗粒炉+散热器", "biomass", 0.4, 12.0),
    DeviceType("秸秆炉+地暖", "biomass", 0.12, 18.0),
    DeviceType("秸秆炉+散热器", "biomass", 0.26, 16.0),
    DeviceType("太阳能+热泵", "solar", 0.4, 11.0),
    DeviceType("太阳能+蓄热式电暖气", "solar", 0.25, 9.0),
    DeviceType("太阳能+锅炉", "solar", 0.2, 14.0),
    DeviceType("太阳能(无辅助热源)", "solar", 0.15, 7.0),
)
"""The seventeen kinds of the tender: electric 9 (fan and water heat pumps of four sizes, storage heaters), biomass 4, solar 4."""
SUPPLIERS = {"electric": 7, "biomass": 70, "solar": 3}
"""Suppliers of each energy, 80 together (the sources say 6 + 70 + 3 and about 80)."""
CONTROLS_MONITORED, ROOM_TERMINAL = 0.02, "室温终端"
"""Share of the devices that only measure the room of a control household, and how they are called; they have no power."""
REACH_M = 500.0
"""No house stands farther from the middle of its village; the usual distance is a third of it."""
_DOMINANCE = 5.0
"""The smaller, the more a village keeps to one energy."""


@dataclass(frozen=True, slots=True)
class EnergyMix:
    """Shares of ENERGIES among all households and among the monitored ones."""

    households: tuple[float, float, float]
    monitored: tuple[float, float, float]


CITY_MIX = EnergyMix((0.1, 0.82, 0.08), (0.05, 0.9, 0.05))
SAMPLE_MIX = EnergyMix((0.35, 0.4, 0.25), (0.3, 0.45, 0.25))
"""More even than life, so that a hundred devices show the seventeen kinds."""


def draw_households(
    seed: int,
    villages: geopandas.GeoDataFrame,
    districts: Sequence[District],
    count: int,
    mix: EnergyMix,
    *,
    reach_m: float = REACH_M,
) -> geopandas.GeoDataFrame:
    """Return households, around their village and inside its district; one in fifty is a control that was not retrofitted.

    Parameters
    ----------
    villages
        With `code`, `name`, `adcode`; metres of the quarter.

    Returns
    -------
    Columns `code`, `name` (village and house number: no person), `village_code`, `retrofit_type`, `energy_type`, `supplier`,
    `floor_area_m2`, `storeys`, `installed_year`, and those of `with_records`. Cost: three seconds for 325,000.
    """
    rng = np.random.default_rng([seed, 40])
    size = rng.gamma(2.0, 1.0, len(villages))
    # where there are enough, no village stays without
    one = int(count >= len(villages))
    village = np.repeat(np.arange(len(villages)), one + rng.multinomial(count - one * len(villages), size / size.sum()))
    energy = _energies(village, len(villages), mix, rng)
    kind = _kinds(energy, rng)
    year = rng.choice([2022, 2023, 2024, 2025], len(villages), p=[0.2, 0.35, 0.3, 0.15])[village]
    number = np.arange(count) - np.searchsorted(village, village) + 1
    names = np.char.add(villages["name"].to_numpy(dtype=str)[village], np.char.add(number.astype(str), "号"))
    columns = {
        "code": codes("NH", count),
        "name": names,
        "village_code": villages["code"].to_numpy(dtype=str)[village],
        "retrofit_type": np.array([each.name for each in DEVICE_TYPES])[kind],
        "energy_type": np.array(ENERGIES)[energy],
        "supplier": _suppliers(village, energy, len(villages), rng),
        "floor_area_m2": np.clip(rng.gamma(9.0, 10.5, count), 40.0, 260.0).round(1),
        "storeys": np.where(rng.random(count) < 0.04, 2, 1),
        "installed_year": np.minimum(year + (rng.random(count) < 0.12), 2025),
    }
    xy = _scattered_homes(villages, village, districts, reach_m, rng)
    return with_records(seed, geopandas.GeoDataFrame(columns, geometry=shapely.points(xy)))


def _energies(village: NDArray[np.int64], villages: int, mix: EnergyMix, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the energy of each household; a village mostly keeps to one."""
    own = np.cumsum(rng.dirichlet(np.array(mix.households) * _DOMINANCE, villages), axis=1)
    energy: NDArray[np.int64] = (rng.random(len(village))[:, None] > own[village, :2]).sum(axis=1)
    return energy


def _kinds(energy: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the place in DEVICE_TYPES of each household."""
    kind = np.empty(len(energy), dtype=np.int64)
    for number, name in enumerate(ENERGIES):
        at = np.flatnonzero(energy == number)
        places = [place for place, each in enumerate(DEVICE_TYPES) if each.energy == name]
        share = np.array([DEVICE_TYPES[place].share for place in places])
        kind[at] = rng.choice(places, len(at), p=share / share.sum())
    return kind


def _suppliers(
    village: NDArray[np.int64], energy: NDArray[np.int64], villages: int, rng: np.random.Generator
) -> NDArray[np.str_]:
    """Return the supplier of each household: one for each energy in a village."""
    titles = {"electric": "电采暖设备", "biomass": "生物质炉具", "solar": "太阳能设备"}
    won = [[f"示例{titles[name]}{index + 1}厂" for index in rng.integers(0, SUPPLIERS[name], villages)] for name in ENERGIES]
    names: NDArray[np.str_] = np.array(won)[energy, village]
    return names


def _scattered_homes(
    villages: geopandas.GeoDataFrame,
    village: NDArray[np.int64],
    districts: Sequence[District],
    reach_m: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return positions (n, 2) around the village; those beyond the border of its district move towards its middle."""
    middle = shapely.get_coordinates(villages.geometry.to_numpy())[village]
    offset = rng.normal(0.0, reach_m / 3.0, (len(village), 2))
    offset *= np.minimum(1.0, reach_m / np.maximum(np.hypot(*offset.T), 1.0))[:, None]
    adcode = villages["adcode"].to_numpy(dtype=str)[village]
    outside = np.ones(len(village), dtype=bool)
    for factor in (1.0, 0.5, 0.2, 0.0):
        offset[outside] *= factor
        at = np.flatnonzero(outside)
        place = lonlat((middle + offset)[at])
        outside[at] = False
        for district in districts:
            mine = adcode[at] == district.adcode
            shapely.prepare(district.outline)
            outside[at[mine]] = ~shapely.contains_xy(district.outline, place[mine])
        if not outside.any():
            break
    xy: NDArray[np.float64] = (middle + offset).round(2)
    return xy


def draw_devices(seed: int, households: geopandas.GeoDataFrame, count: int, mix: EnergyMix) -> geopandas.GeoDataFrame:
    """Return the devices of the monitored households, one each; of one in fifty the household is a control.

    Returns
    -------
    Columns `code`, `name`, `device_type`, `household_code`, `village_code`, `power_kw`, `installed_year`, at the household.
    """
    rng = np.random.default_rng([seed, 41])
    control = np.flatnonzero(households["household_group"].to_numpy(dtype=str) == "control")
    watched = control[: round(CONTROLS_MONITORED * count)]
    in_use = np.flatnonzero(households["install_state"].to_numpy(dtype=str) == "in_use")
    energy = households["energy_type"].to_numpy(dtype=str)[in_use]
    at = np.sort(np.concatenate([in_use[_monitored(energy, count - len(watched), mix, rng)], watched]))
    chosen = households.iloc[at]
    kind = chosen["retrofit_type"].fillna(ROOM_TERMINAL).to_numpy(dtype=str)
    rated = {each.name: each.power_kw for each in DEVICE_TYPES}
    power = chosen["retrofit_type"].map(rated).fillna(0.0).to_numpy(dtype=np.float64)
    columns = {
        "code": codes("QJ", len(at), 6),
        "name": np.char.add(chosen["name"].to_numpy(dtype=str), kind),
        "device_type": kind,
        "household_code": chosen["code"].to_numpy(dtype=str),
        "village_code": chosen["village_code"].to_numpy(dtype=str),
        "power_kw": (power * rng.choice([0.9, 1.0, 1.1], len(at), p=[0.2, 0.6, 0.2])).round(1),
        "installed_year": chosen["installed_year"].to_numpy(),
    }
    return geopandas.GeoDataFrame(columns, geometry=chosen.geometry.to_numpy())


def _monitored(energy: NDArray[np.str_], count: int, mix: EnergyMix, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the rows of the monitored households: so many of each energy, others where one has too few."""
    shuffled = rng.permutation(len(energy))
    wanted = dict(zip(ENERGIES, np.round(np.array(mix.monitored) * count).astype(int), strict=True))
    first = np.concatenate([shuffled[energy[shuffled] == name][: wanted[name]] for name in ENERGIES])
    rest = shuffled[~np.isin(shuffled, first)]
    return np.sort(np.concatenate([first, rest])[:count])
