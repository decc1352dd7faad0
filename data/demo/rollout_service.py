"""Who answers for the rollout (责任单位), what people complain about and think of it (报修、满意度), what heating took (用能)."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.demo.countryside import Area, codes
from data.demo.projects import HEADERS

FAULTS = ("heating_quality", "construction_quality", "service", "communication", "device")
_FAULT_SHARES = (0.3, 0.12, 0.15, 0.18, 0.25)
_URGENCIES = ("red", "orange", "yellow", "blue")
_SEASONS = ("2024-2025", "2025-2026")
_TICKETS = (("2025-10-20", 169), ("2026-07-05", 118))
_THIS_YEAR = 0.4
_OPEN = 0.05
_KWH_PER_M2, _PV_KWH_PER_M2, _KG_PER_M2, _COAL_KG_PER_M2 = 38.0, 16.0, 24.0, 26.0
_PRICES = {"grid_electricity": 0.35, "pv_electricity": 0.0, "pellet": 0.9, "straw": 0.4, "coal": 0.75}
"""Yuan for a kWh or a kg."""
_SUPPLIER_KINDS = {
    "electric": ("电采暖设备", 7, 9800.0),
    "biomass": ("生物质炉具", 70, 4200.0),
    "solar": ("太阳能设备", 3, 13500.0),
}
_BUILDERS = 40
assert "construction_unit" in HEADERS


def draw_suppliers(seed: int, counted: Sequence[Area]) -> pd.DataFrame:
    """Return the 80 suppliers; `name` is what households name, prices are in yuan."""
    rng = np.random.default_rng([seed, 73])
    rows = [
        (f"示例{title}{index + 1}厂", energy, price)
        for energy, (title, count, price) in _SUPPLIER_KINDS.items()
        for index in range(count)
    ]
    return pd.DataFrame(
        {
            "code": codes("GYS", len(rows), 3),
            "name": [name for name, _, _ in rows],
            "area_code": [counted[place].code for place in rng.integers(0, len(counted), len(rows))],
            "energy_type": [energy for _, energy, _ in rows],
            "brand": [f"示例{number + 1}牌" for number in range(len(rows))],
            "device_model": [f"SL-{number + 1:03d}" for number in range(len(rows))],
            "unit_price_cny": [
                round(price * factor, -1) for (_, _, price), factor in zip(rows, rng.uniform(0.8, 1.3, len(rows)), strict=True)
            ],
        }
    )


def draw_units(
    seed: int, counted: Sequence[Area], townships: Sequence[tuple[str, str]], villages: geopandas.GeoDataFrame
) -> pd.DataFrame:
    """Return the responsible units of three levels, and the construction units of the areas; telephone numbers are none."""
    rng = np.random.default_rng([seed, 74])
    rows: list[tuple[str, str, str, str]] = []
    for area in counted:
        rows.append((area.code, "county", "responsible", f"{area.name}清洁取暖办公室"))
        rows.append((area.code, "county", "construction", f"示例第{rng.integers(1, _BUILDERS + 1)}建设工程公司"))
    rows += [(code, "township", "responsible", f"{name}人民政府") for code, name in townships]
    rows += [
        (code, "village", "responsible", f"{name}村民委员会")
        for code, name in zip(villages["code"], villages["name"], strict=True)
    ]
    number = np.char.zfill(np.arange(1, len(rows) + 1).astype(str), 5)
    return pd.DataFrame(
        {
            "code": np.char.add("ZR", number),
            "name": [row[3] for row in rows],
            "area_code": [row[0] for row in rows],
            "unit_level": [row[1] for row in rows],
            "unit_role": [row[2] for row in rows],
            "unit": [row[3] for row in rows],
            "person": np.char.add("示例负责人", number),
            "phone": np.char.add("000-000", number),
        }
    )


def draw_tickets(seed: int, households: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return repairs and complaints of the last season and since this summer's checks; one in twenty is still open."""
    rng = np.random.default_rng([seed, 75])
    chosen = _some_in_use(households, count, rng)
    fault = rng.choice(len(FAULTS), count, p=_FAULT_SHARES)
    start, days = (np.array(column) for column in zip(*_TICKETS, strict=True))
    season = (rng.random(count) < _THIS_YEAR).astype(np.int64)
    reported = start.astype("datetime64[m]")[season] + (rng.random(count) * days[season] * 24 * 60).astype("timedelta64[m]")
    resolved = reported + (rng.gamma(1.6, 14.0, count) * 60.0 + 20.0).astype(np.int64).astype("timedelta64[m]")
    number = np.char.zfill(np.arange(1, count + 1).astype(str), 6)
    return pd.DataFrame(
        {
            "code": np.char.add("GD", number),
            "village_code": chosen["village_code"].to_numpy(),
            "household_code": chosen["code"].to_numpy(),
            "ticket_kind": np.where(rng.random(count) < 0.72, "repair", "complaint"),
            "fault_kind": np.array(FAULTS)[fault],
            "urgency": rng.choice(_URGENCIES, count, p=[0.05, 0.15, 0.3, 0.5]),
            "reported_at": _local(reported),
            "resolved_at": np.where(rng.random(count) < _OPEN, "", _local(resolved)),
            "supplier": chosen["supplier"].to_numpy(),
            "construction_unit": [f"示例第{each}建设工程公司" for each in rng.integers(1, _BUILDERS + 1, count)],
            "device_type": chosen["retrofit_type"].to_numpy(),
            "reporter": np.char.add("示例报修人", number),
            "phone": np.char.add("000-00", number),
            "description": "示例问题描述",
        }
    )


def _local(moment: NDArray[np.datetime64]) -> NDArray[np.str_]:
    """Return local times as `2025-01-05 08:30:00`."""
    text = np.datetime_as_string(moment, unit="s")
    return np.char.replace(text, "T", " ")


def draw_answers(seed: int, households: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return answers about satisfaction, 1 to 5; a supplier's answers keep around a mean of its own."""
    rng = np.random.default_rng([seed, 76])
    chosen = _some_in_use(households, count, rng)
    names, supplier = np.unique(chosen["supplier"].to_numpy(dtype=str), return_inverse=True)
    mean = rng.uniform(3.2, 4.7, len(names))[supplier]
    day = np.datetime64("2026-03-20") + rng.integers(0, 60, count).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "code": codes("WJ", count),
            "village_code": chosen["village_code"].to_numpy(),
            "supplier": chosen["supplier"].to_numpy(),
            "device_type": chosen["retrofit_type"].to_numpy(),
            "asked_on": np.datetime_as_string(day, unit="D"),
            "retrofit_score": np.clip((mean + rng.normal(0.1, 0.8, count)).round(), 1, 5).astype(np.int64),
            "supplier_score": np.clip((mean + rng.normal(0.0, 0.8, count)).round(), 1, 5).astype(np.int64),
        }
    )


def _some_in_use(households: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    in_use = np.flatnonzero((households["install_state"] == "in_use").to_numpy())
    return households.iloc[in_use[rng.integers(0, len(in_use), count)]]


def draw_energy_use(seed: int, households: pd.DataFrame) -> pd.DataFrame:
    """Return what heating took by village, season, fuel and group, all households together: kWh or kg, and its cost in yuan."""
    rng = np.random.default_rng([seed, 77])
    control = (households["household_group"] == "control").to_numpy()
    used = households[control | (households["install_state"] == "in_use").to_numpy()]
    kind = used["retrofit_type"].fillna("").to_numpy(dtype=str)
    energy = np.where(used["household_group"] == "control", "coal", used["energy_type"].fillna("").to_numpy(dtype=str))
    straw = np.char.startswith(kind, "秸秆")
    fuel = np.select(
        [energy == "electric", energy == "solar", energy == "coal", straw], ["grid_electricity"] * 2 + ["coal", "straw"], "pellet"
    )
    frame = pd.DataFrame(
        {
            "village_code": used["village_code"].to_numpy(),
            "household_group": used["household_group"].to_numpy(),
            "fuel": fuel,
            "m2": used["floor_area_m2"].to_numpy(),
        }
    )
    solar = frame[energy == "solar"].assign(fuel="pv_electricity")
    groups = (
        pd.concat([frame, solar]).groupby(["village_code", "household_group", "fuel"])["m2"].agg(["sum", "size"]).reset_index()
    )
    return pd.concat([_of_season(groups, season, rng) for season in _SEASONS], ignore_index=True)


def _of_season(groups: pd.DataFrame, season: str, rng: np.random.Generator) -> pd.DataFrame:
    each = {"grid_electricity": _KWH_PER_M2, "pv_electricity": _PV_KWH_PER_M2, "coal": _COAL_KG_PER_M2}
    need = groups["fuel"].map(each).fillna(_KG_PER_M2).to_numpy(dtype=np.float64)
    quantity = (groups["sum"].to_numpy() * need * rng.uniform(0.85, 1.15, len(groups))).round(0)
    return pd.DataFrame(
        {
            "code": groups["village_code"] + "-" + season + "-" + groups["fuel"] + "-" + groups["household_group"],
            "village_code": groups["village_code"],
            "season": season,
            "fuel": groups["fuel"],
            "household_group": groups["household_group"],
            "quantity": quantity,
            "household_count": groups["size"],
            "cost_cny": (quantity * groups["fuel"].map(_PRICES).to_numpy()).round(0),
        }
    )
