"""Figures of the clean-heating rollout (清洁取暖推广): what each means, in what unit, by whose definition.

A **sum** is added up over villages, projects and reports and kept in `rollout_sum`; a **figure** is a sum or a formula over
sums. `data/sql/parts/rollout_figures.sql` computes the same formulas set-based; a test pairs the two. The factors that turn coal
into emissions are data (`rollout_factors.csv`), and a city may have its own.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

Sums = Mapping[str, float | None]

MARKER_DEVICES: Final = 300
"""Finished villages are marked by whether they have more devices than this (tender XC-01; exactly so many count as "up to")."""
ELECTRIC_TYPES: Final = (
    "热泵风机4P",
    "热泵风机5P",
    "热泵风机6P",
    "热泵风机其他",
    "热泵水机4P",
    "热泵水机5P",
    "热泵水机6P",
    "热泵水机其他",
    "蓄热式电暖气",
    "太阳能+热泵",
    "太阳能+蓄热式电暖气",
)
"""Device types of the tender whose rated power is drawn from the grid: nine electric ones, and solar ones with electric help."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A number that turns one quantity into another: name, value, unit, where it is from."""

    name: str
    value: float
    unit: str
    source: str


@cache
def default_factors() -> Mapping[str, Factor]:
    """Return the factors that count where a city has none of its own, by name."""
    text = files("twin").joinpath("rollout_factors.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["name"]: Factor(row["name"], float(row["value"]), row["unit"], row["source"]) for row in rows}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it is defined.

    Attributes
    ----------
    name, name_zh
        What it is called.
    formula
        In the names of the sums it is computed from; a plain sum says what is added up.
    unit
        Unit of the value; `1` for a share.
    source
        Document that defines it, or `definition` where the product does.
    decimals
        Digits behind the point that are worth showing; of a share, in percent.
    compute
        The formula; None for a plain sum.
    """

    name: str
    name_zh: str
    formula: str
    unit: str
    source: str
    decimals: int = 0
    compute: Callable[[Sums], float | None] | None = None


def share(part: float | None, whole: float | None) -> float | None:
    """Return part / whole; None where either is unknown or the whole is not above 0.

    >>> share(3.0, 4.0), share(1.0, 0.0), share(None, 2.0)
    (0.75, None, None)
    """
    return None if part is None or whole is None or whole <= 0 else part / whole


def clean_heating_rate(clean_area_m2: float, heated_area_m2: float) -> float | None:
    """Return the share of the heated area that is heated cleanly, 0..1; None where nothing is heated.

    See `CLEAN_HEATING_RATE`.

    >>> clean_heating_rate(80.0, 100.0)
    0.8
    """
    return share(clean_area_m2, heated_area_m2)


def stage(sums: Sums) -> float | None:
    """Return 1 early (nothing delivered), 2 under construction, 3 acceptance (all households in use); None without households."""
    planned, finished = sums["household_count"] or 0.0, sums["finished_count"] or 0.0
    if planned <= 0:
        return None
    if finished >= planned:
        return 3.0
    return 2.0 if finished + (sums["delivered_count"] or 0.0) + (sums["installing_count"] or 0.0) > 0 else 1.0


def marker(sums: Sums) -> float | None:
    """Return 1 not finished, 2 finished with up to 300 devices, 3 finished with more; None without households (XC-01)."""
    at = stage(sums)
    if at is None or at < 3.0:
        return None if at is None else 1.0
    return 3.0 if (sums["device_count"] or 0.0) > MARKER_DEVICES else 2.0


def _ratio(part: str, whole: str) -> Callable[[Sums], float | None]:
    return lambda sums: share(sums[part], sums[whole])


def _paid(sums: Sums) -> float | None:
    parts = ("central", "local", "company")
    paid, planned = (sum(sums[f"{step}_{name}_cny"] or 0.0 for name in parts) for step in ("paid", "planned"))
    return share(paid, planned)


def _reports_paid(sums: Sums) -> float | None:
    return share(sums["report_paid_cny"], sums["allocated_cny"])


CLEAN_HEATING_RATE: Final = Figure(
    "clean_heating_rate",
    "清洁取暖率",
    "clean_area_m2 / heated_area_m2",
    "1",
    "北方地区冬季清洁取暖规划（2017-2021年），发改能源〔2017〕2100号: 清洁取暖面积占取暖总面积的比例",
    1,
    _ratio("clean_area_m2", "heated_area_m2"),
)
_REGISTER: Final = "register of households"
_REPORTS: Final = "newest monthly report of the area, else those of the areas below it"
_PROJECTS: Final = "register of projects"
_TICKETS: Final = "register of repairs and complaints"
_TENDER: Final = "Changchun tender, part 2.10"


def _households(name: str, name_zh: str, formula: str, unit: str = "户", source: str = _REGISTER) -> Figure:
    return Figure(name, name_zh, formula, unit, source)


def _reported(name: str, name_zh: str, formula: str) -> Figure:
    return Figure(name, name_zh, formula, "m²", _REPORTS)


SUMS: Final[tuple[Figure, ...]] = (
    _households("household_count", "计划改造户数", "households of the register that are no controls"),
    _households("finished_count", "完成户数", "of these, install_state in_use (or none and a year of installation)"),
    _households("delivered_count", "设备到位户数", "of these, install_state delivered"),
    _households("installing_count", "安装调试户数", "of these, install_state installing"),
    _households("permanent_count", "常住户数（台账）", "of these, permanent"),
    _households("insulated_count", "同步节能改造户数", "of these, insulated and finished"),
    _households("control_count", "未改造对照户数", "households of the group control"),
    _households("electric_count", "分散式电采暖户数", "finished, energy_type electric"),
    _households("biomass_count", "分散式生物质户数", "finished, energy_type biomass"),
    _households("solar_count", "太阳能+取暖户数", "finished, energy_type solar"),
    _households("floor_area_m2", "改造建筑面积", "floor area of finished households", "m²"),
    _households("electric_area_m2", "电采暖建筑面积", "finished, energy_type electric", "m²"),
    _households("biomass_area_m2", "生物质建筑面积", "finished, energy_type biomass", "m²"),
    _households("solar_area_m2", "太阳能建筑面积", "finished, energy_type solar", "m²"),
    _households(
        "target_household_count", "目标户数", "own target of the newest year, else those of the areas below", source="targets"
    ),
    Figure("target_area_m2", "目标面积", "as target_household_count", "m²", "targets"),
    Figure(
        "target_rate",
        "目标清洁取暖率",
        "own target of the newest year; of the city, weighted by heated_area_m2",
        "1",
        "targets",
        1,
    ),
    _reported("heated_area_m2", "取暖总面积", "heated_area_m2 of all regions"),
    _reported("central_area_m2", "集中供热面积", "central_area_m2 of all regions"),
    _reported("clean_heat_m2", "热力清洁取暖面积", "clean_heat_m2"),
    _reported("clean_electric_m2", "电清洁取暖面积", "clean_electric_m2"),
    _reported("clean_air_m2", "空气能清洁取暖面积", "clean_air_m2"),
    _reported("clean_biomass_m2", "生物质清洁取暖面积", "clean_biomass_m2"),
    _reported("clean_gas_m2", "燃气清洁取暖面积", "clean_gas_m2"),
    _reported("clean_solar_m2", "太阳能清洁取暖面积", "clean_solar_m2"),
    _reported("clean_area_m2", "清洁取暖面积", "sum of the six energies"),
    _households("resident_household_count", "农村常住户数", "household_count of the report", source=_REPORTS),
    _households("clean_household_count", "清洁取暖户数", "clean_household_count of the report", source=_REPORTS),
    Figure("allocated_cny", "资金分配额度", "allocated_*_cny of the report", "元", _REPORTS),
    Figure("report_paid_cny", "资金已拨付（月报）", "paid_*_cny of the report", "元", _REPORTS),
    Figure("device_count", "清洁取暖设施数", "heating devices of its villages", "台", "assets"),
    Figure("device_power_kw", "设施额定功率", "rated power of these", "kW", "assets"),
    Figure("rural_load_mw", "农村电采暖装机负荷", "rated power of devices that draw from the grid / 1000", "MW", "XC-23", 1),
    Figure("project_count", "项目数", "projects", "个", _PROJECTS),
    Figure("early_count", "前期项目", "stage 前期", "个", _PROJECTS),
    Figure("construction_count", "施工项目", "stage 施工", "个", _PROJECTS),
    Figure("completed_count", "竣工项目", "stage 竣工", "个", _PROJECTS),
    Figure("accepted_count", "验收项目", "stage 验收", "个", _PROJECTS),
    Figure("scale_m2", "项目规模", "scale_m2", "m²", _PROJECTS),
    Figure("done_m2", "项目已完成规模", "done_m2", "m²", _PROJECTS),
    *(
        Figure(f"{step}_{name}_cny", f"{zh}{step_zh}", f"{step}_{name}_cny", "元", _PROJECTS)
        for step, step_zh in (("planned", "计划"), ("paid", "已拨付"))
        for name, zh in (("central", "中央资金"), ("local", "地方资金"), ("company", "企业自筹"))
    ),
    Figure("coal_replaced_tce", "替代标煤", "coal_saved_t x done_m2 / scale_m2 of each project, a year", "tce", _PROJECTS),
    Figure("co2_avoided_t", "减排二氧化碳", "coal_replaced_tce x co2_t_per_tce", "t", "rollout_factors.csv"),
    Figure("so2_avoided_t", "减排二氧化硫", "coal_replaced_tce x so2_t_per_tce", "t", "rollout_factors.csv"),
    Figure("nox_avoided_t", "减排氮氧化物", "coal_replaced_tce x nox_t_per_tce", "t", "rollout_factors.csv"),
    Figure("dust_avoided_t", "减排烟粉尘", "coal_replaced_tce x dust_t_per_tce", "t", "rollout_factors.csv"),
    Figure(
        "rural_coal_replaced_tce",
        "农村散煤替代（估算）",
        "floor_area_m2 x rural_coal_kgce_per_m2 / 1000; an estimate beside coal_replaced_tce, never added to it",
        "tce",
        "rollout_factors.csv",
    ),
    Figure("ticket_count", "本采暖年故障频次", "repairs and complaints since 1 July of the running heating year", "次", _TICKETS),
    Figure("ticket_last_season_count", "上一采暖年故障频次", "the twelve months before", "次", _TICKETS),
    Figure("open_ticket_count", "未办结", "of both, without resolved_at", "件", _TICKETS),
    Figure("resolved_count", "已办结", "of both, with resolved_at", "件", _TICKETS),
    Figure("handling_hours", "处理时长合计", "resolved_at - reported_at of these", "h", _TICKETS),
    Figure("answer_count", "问卷数", "answers", "份", "answers about satisfaction"),
    Figure(
        "retrofit_score", "改造满意度得分合计", "retrofit_score of all answers that give one", "分", "answers about satisfaction"
    ),
    Figure("retrofit_answer_count", "改造满意度问卷数", "answers with retrofit_score", "份", "answers about satisfaction"),
    Figure(
        "supplier_score",
        "供应商满意度得分合计",
        "supplier_score of all answers that give one",
        "分",
        "answers about satisfaction",
    ),
    Figure("supplier_answer_count", "供应商满意度问卷数", "answers with supplier_score", "份", "answers about satisfaction"),
    Figure(
        "energy_kgce",
        "取暖用能（标煤）",
        "quantity x factor of the fuel, newest season, retrofitted households",
        "kgce",
        "GB/T 2589-2020",
    ),
    Figure("energy_cost_cny", "取暖费用", "cost_cny of these", "元", "register of energy"),
    Figure("energy_household_count", "用能统计户数", "households of these", "户", "register of energy"),
)
"""Columns of `rollout_sum`, in order; all but the target rate are added up from village to township, district and city."""

RATIOS: Final[tuple[Figure, ...]] = (
    CLEAN_HEATING_RATE,
    Figure(
        "dispersed_area_m2",
        "分散供热面积",
        "heated_area_m2 - central_area_m2",
        "m²",
        _REPORTS,
        0,
        lambda s: (
            None if s["heated_area_m2"] is None or s["central_area_m2"] is None else s["heated_area_m2"] - s["central_area_m2"]
        ),
    ),
    Figure(
        "completion_rate",
        "任务完成率",
        "finished_count / target_household_count",
        "1",
        _TENDER,
        1,
        _ratio("finished_count", "target_household_count"),
    ),
    Figure(
        "installation_rate",
        "安装完成率",
        "finished_count / household_count",
        "1",
        "XC-02",
        1,
        _ratio("finished_count", "household_count"),
    ),
    Figure(
        "household_coverage_rate",
        "清洁取暖覆盖率",
        "clean_household_count / resident_household_count",
        "1",
        _TENDER,
        1,
        _ratio("clean_household_count", "resident_household_count"),
    ),
    Figure("project_completion_rate", "项目完成率", "done_m2 / scale_m2", "1", _PROJECTS, 1, _ratio("done_m2", "scale_m2")),
    Figure("payment_rate", "资金拨付率", "paid / planned, three sources together", "1", _PROJECTS, 1, _paid),
    Figure("allocation_paid_rate", "额度拨付率", "report_paid_cny / allocated_cny", "1", _REPORTS, 1, _reports_paid),
    Figure(
        "mean_handling_hours",
        "平均处理时长",
        "handling_hours / resolved_count",
        "h",
        _TENDER,
        1,
        _ratio("handling_hours", "resolved_count"),
    ),
    Figure(
        "satisfaction",
        "改造满意度",
        "retrofit_score / retrofit_answer_count",
        "分",
        _TENDER,
        2,
        _ratio("retrofit_score", "retrofit_answer_count"),
    ),
    Figure(
        "supplier_satisfaction",
        "供应商满意度",
        "supplier_score / supplier_answer_count",
        "分",
        _TENDER,
        2,
        _ratio("supplier_score", "supplier_answer_count"),
    ),
    Figure(
        "energy_kgce_per_household",
        "户均取暖用能（标煤）",
        "energy_kgce / energy_household_count",
        "kgce",
        _TENDER,
        0,
        _ratio("energy_kgce", "energy_household_count"),
    ),
    Figure(
        "stage",
        "实施阶段",
        "1 early, 2 construction, 3 acceptance, by install states",
        "1",
        "Changchun tender, part 2.14",
        0,
        stage,
    ),
    Figure(
        "marker", "工程标记", "1 not finished, 2 finished with up to 300 devices, 3 finished with more", "1", "XC-01", 0, marker
    ),
)

FIGURES: Final[tuple[Figure, ...]] = (*SUMS, *RATIOS)
"""Every figure, sums first."""


def figures(sums: Sums) -> dict[str, float | None]:
    """Return every figure of an area by name.

    Parameters
    ----------
    sums
        Value of every one of SUMS, None where nothing is known.
    """
    return {each.name: sums[each.name] if each.compute is None else each.compute(sums) for each in FIGURES}
