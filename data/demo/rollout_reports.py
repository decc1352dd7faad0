"""Targets and monthly reports of the rollout (推广目标、推广月报), by area, region and month.

The reports agree with the rates of `data.demo.rollout`: over the regions of a district, heated and clean area of a month add up
to those of its rate, to the square metre. A zone overlaps districts and reports for itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.demo.countryside import Area
from data.demo.projects import REGIONS
from data.demo.rollout import MONTHS

ALL_MONTHS = tuple(f"{year}-{month:02d}" for year in range(2023, 2027) for month in range(1, 13))[:-2]
"""The months of the rollout until the delivery, 46."""
SAMPLE_MONTHS = ("2023-12", "2024-12", "2025-12", *MONTHS)
"""Ends of years and the months of the rates: enough for a small city."""
TARGET_YEARS = tuple(range(2022, 2028))
CLEAN = ("clean_heat_m2", "clean_electric_m2", "clean_air_m2", "clean_biomass_m2", "clean_gas_m2", "clean_solar_m2")
_TOWN, _COUNTY_TOWN, _RURAL = REGIONS
_TOWN_MIX = np.array([0.86, 0.05, 0.04, 0.01, 0.03, 0.01])
_RURAL_MIX = np.array([0.05, 0.1, 0.2, 0.55, 0.05, 0.05])
_RURAL_SHARE = {"district": 0.15, "county": 0.55, "zone": 0.1}
_FIRST_RATE = 0.6
"""Share of the clean-heating rate of today that was there in the first month."""
_GROWTH = 0.004
_LIVING_THERE = 1.12
"""Permanent rural households for each that is in the register: the others have not been asked yet."""
_MONEY_CNY_PER_M2 = (("central", 9.0), ("local", 7.0), ("company", 11.0))


@dataclass(frozen=True, slots=True)
class Counted:
    """Rural households of an area.

    Attributes
    ----------
    permanent
        Households that live there all the year.
    finished_on
        Day (YYYY-MM-DD) of each that is finished, sorted.
    """

    permanent: int
    finished_on: NDArray[np.str_]

    def finished_by(self, month: str) -> int:
        """Return how many were finished at the end of a month (YYYY-MM) or year (YYYY)."""
        return int(np.searchsorted(self.finished_on, f"{month}-99"))


def region_names(area: Area) -> tuple[str, str]:
    """Return the town and the rural region of an area."""
    return (_COUNTY_TOWN if area.kind == "county" else _TOWN, _RURAL)


def draw_reports(
    seed: int, counted: Sequence[Area], rates: pd.DataFrame, homes: Mapping[str, Counted], months: Sequence[str]
) -> pd.DataFrame:
    """Return a report for each area, month and region.

    Parameters
    ----------
    counted
        Districts and zones.
    rates
        Of `data.demo.rollout.draw_rates`: what the districts' reports of its months add up to.
    homes
        Households by area code.
    months
        YYYY-MM, rising.

    Returns
    -------
    Columns of the register `rollout_report` with `code` (AREA-YYYY-MM-REGION). Areas in m², money in yuan; money counts from the
    beginning.
    """
    rng = np.random.default_rng([seed, 71])
    rows: list[dict[str, object]] = []
    for area in counted:
        known = rates[rates["area_code"] == area.code].set_index("month")
        here = homes.get(area.code, Counted(0, np.array([], dtype=str)))
        course = _Course.of(area, known, rng)
        for month in months:
            rows += course.reports(month, here)
    return pd.DataFrame(rows)


@dataclass(frozen=True, slots=True)
class _Course:
    """How an area comes along: its figures in the first month of the rates, and what is known of those months."""

    area: Area
    heated_m2: float
    rate: float
    known: pd.DataFrame
    paid_share: float

    @classmethod
    def of(cls, area: Area, known: pd.DataFrame, rng: np.random.Generator) -> _Course:
        heated, rate, paid = rng.uniform(1.0e6, 6.0e6), rng.uniform(0.6, 0.95), rng.uniform(0.7, 0.95)
        if len(known):
            first = known.iloc[0]
            heated, rate = float(first["heated_area_m2"]), float(first["clean_area_m2"] / first["heated_area_m2"])
        return cls(area, heated, rate, known, paid)

    def reports(self, month: str, homes: Counted) -> list[dict[str, object]]:
        """Return the reports of one month, the town's first."""
        heated, clean = self._areas(month)
        rural = round(heated * _RURAL_SHARE[self.area.kind])
        rural_clean = round(clean * rural / heated)
        town, country = region_names(self.area)
        return [
            self._report(month, town, (heated - rural, clean - rural_clean), None),
            self._report(month, country, (rural, rural_clean), homes),
        ]

    def _areas(self, month: str) -> tuple[int, int]:
        """Return heated and clean area: those of the rate, else from how many months lie between."""
        if month in self.known.index:
            heated_m2, clean_m2 = (
                self.known.loc[[month], ["heated_area_m2", "clean_area_m2"]].to_numpy(dtype=np.int64)[0].tolist()
            )
            return heated_m2, clean_m2
        apart = _number(month) - _number(MONTHS[0])
        share = 1.0 + (1.0 - _FIRST_RATE) * apart / (_number(MONTHS[0]) - _number(ALL_MONTHS[0]))
        heated = self.heated_m2 * (1.0 + _GROWTH * apart)
        return round(heated), round(heated * min(self.rate * share, 0.99))

    def _report(self, month: str, region: str, heated_clean: tuple[int, int], homes: Counted | None) -> dict[str, object]:
        """Return one report; only a rural one (`homes` given) counts households."""
        heated, clean = heated_clean
        mix = _TOWN_MIX if homes is None else _RURAL_MIX
        parts = [round(clean * share) for share in mix[:0:-1]][::-1]
        kinds = [clean - sum(parts), *parts]
        central = kinds[0] if homes is not None else kinds[0] + (heated - clean) // 2
        progress = (_number(month) - _number(ALL_MONTHS[0]) + 1) / len(ALL_MONTHS)
        allocated = {name: round(heated * each * progress, -4) for name, each in _MONEY_CNY_PER_M2}
        return {
            "code": f"{self.area.code}-{month}-{region}",
            "name": f"{self.area.name}{month}{region}",
            "area_code": self.area.code,
            "month": month,
            "region": region,
            "heated_area_m2": heated,
            "central_area_m2": central,
            **dict(zip(CLEAN, kinds, strict=True)),
            "household_count": round(homes.permanent * _LIVING_THERE) if homes is not None and homes.permanent else None,
            "clean_household_count": homes.finished_by(month) if homes is not None and homes.permanent else None,
            **{f"allocated_{name}_cny": money for name, money in allocated.items()},
            **{f"paid_{name}_cny": round(money * self.paid_share, -3) for name, money in allocated.items()},
        }


def _number(month: str) -> int:
    return 12 * int(month[:4]) + int(month[5:])


def draw_targets(
    seed: int, counted: Sequence[Area], rates: pd.DataFrame, homes: Mapping[str, Counted], reports: pd.DataFrame
) -> pd.DataFrame:
    """Return the targets of each area, year and region: what is to be reached by the end of the year, from the beginning."""
    rng = np.random.default_rng([seed, 72])
    newest = reports[reports["month"] == MONTHS[-1]].set_index(["area_code", "region"])["heated_area_m2"]
    wanted = rates.drop_duplicates("area_code", keep="last").set_index("area_code")["target_rate"]
    rows = []
    for area in counted:
        rate = float(wanted.get(area.code, rng.choice([0.75, 0.8, 0.85])))
        more = rng.uniform(1.0, 1.12)
        for year in TARGET_YEARS:
            of_year = round(min(rate, rate - 0.05 * (2026 - year)), 3)
            town, country = region_names(area)
            wanted_homes = round(homes[area.code].finished_by(str(year)) * more) if area.code in homes else None
            rows.append(_target(area, year, town, of_year) | {"target_area_m2": _hundreds(newest[area.code, town] * of_year)})
            rural = {"target_household_count": wanted_homes, "target_area_m2": _hundreds(newest[area.code, country] * of_year)}
            rows.append(_target(area, year, country, of_year) | rural)
    return pd.DataFrame(rows)


def _hundreds(area_m2: float) -> float:
    return float(round(area_m2, -2))


def _target(area: Area, year: int, region: str, rate: float) -> dict[str, object]:
    return {
        "code": f"{area.code}-{year}-{region}",
        "name": f"{area.name}{year}年{region}目标",
        "area_code": area.code,
        "year": year,
        "region": region,
        "energy_type": None,
        "target_household_count": None,
        "target_area_m2": None,
        "target_rate": rate,
    }
