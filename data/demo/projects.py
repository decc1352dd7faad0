"""Clean-heating projects (清洁取暖项目): how many of which kind stand where, their stage, money and coal saved.

The sources count 389 in all, 247 in town, 73 in county towns, 69 rural, and 368 + 18 by kind. The three that are missing are in
town (247 - 239 - 5) and belong to neither kind: they are drawn as capacity building (能力建设). Of the 18 building projects the
sources name the type of 17; the one left is in town and has the type "other". So the fifteen types, the kinds and the regions
all add up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.demo.files import DELIVERY_DATE

REGIONS = ("城区", "县城", "农村")
HEAT_SOURCE, BUILDING, CAPACITY = "热源清洁化", "建筑能效提升", "能力建设"


@dataclass(frozen=True, slots=True)
class ProjectType:
    """A technical type with the number of its projects in each region, its cost, usual size and coal that it saves in a year."""

    kind: str
    name: str
    counts: tuple[int, int, int]
    cost_cny_per_m2: float
    scale_m2: float
    coal_kg_per_m2: float


TYPES = (
    ProjectType(HEAT_SOURCE, "工业余热", (2, 0, 0), 45.0, 3.2e6, 22.0),
    ProjectType(HEAT_SOURCE, "燃煤", (5, 3, 0), 38.0, 2.6e6, 4.0),
    ProjectType(HEAT_SOURCE, "生物质", (8, 12, 21), 62.0, 0.45e6, 21.0),
    ProjectType(HEAT_SOURCE, "燃气", (9, 2, 1), 55.0, 0.6e6, 21.0),
    ProjectType(HEAT_SOURCE, "热泵", (6, 1, 2), 120.0, 0.25e6, 21.0),
    ProjectType(HEAT_SOURCE, "热电联产", (6, 3, 0), 70.0, 6.5e6, 12.0),
    ProjectType(HEAT_SOURCE, "电采暖", (4, 1, 3), 95.0, 0.12e6, 21.0),
    ProjectType(HEAT_SOURCE, "超低排放改造", (160, 36, 4), 9.0, 1.1e6, 1.0),
    ProjectType(HEAT_SOURCE, "燃煤锅炉淘汰改造", (39, 13, 5), 34.0, 0.5e6, 9.0),
    ProjectType(HEAT_SOURCE, "农村分散式清洁取暖改造", (0, 0, 22), 110.0, 1.5e6, 24.0),
    ProjectType(BUILDING, "建筑综合改造", (2, 0, 0), 210.0, 0.09e6, 8.0),
    ProjectType(BUILDING, "农房节能改造", (0, 0, 11), 160.0, 0.06e6, 9.0),
    ProjectType(BUILDING, "管网改造", (2, 2, 0), 26.0, 1.8e6, 2.0),
    ProjectType(BUILDING, "其他建筑能效提升", (1, 0, 0), 120.0, 0.05e6, 6.0),
    ProjectType(CAPACITY, "监测与监管平台", (3, 0, 0), 0.0, 0.0, 0.0),
)
"""Ten types of the 368 heat source projects (239, 71, 58), four of the 18 building projects (5, 2, 11), one of the 3 others."""
WITHOUT_CENTRAL, WITHOUT_LOCAL = 68, 64
"""Projects without money of the state (321 have it) and of province, city and district (325 have it)."""
STAGES = ("前期", "施工", "竣工", "验收")
HEADERS: Mapping[str, str] = {
    "code": "项目编号",
    "name": "项目名称",
    "area_code": "区县（开发区）代码",
    "region": "区域",
    "project_kind": "项目类别",
    "technical_type": "技术类型",
    "stage": "建设状态",
    "started_on": "开工日期",
    "finished_on": "竣工日期",
    "planned_central_cny": "中央资金计划（元）",
    "planned_local_cny": "地方资金计划（元）",
    "planned_company_cny": "企业自筹计划（元）",
    "paid_central_cny": "中央资金已拨付（元）",
    "paid_local_cny": "地方资金已拨付（元）",
    "paid_company_cny": "企业自筹已到位（元）",
    "scale_m2": "规模（㎡）",
    "done_m2": "已完成规模（㎡）",
    "coal_saved_t": "年减煤量（吨）",
    "construction_unit": "施工单位",
}
"""Columns and their heads in the workbook; `x` and `y` follow."""
_AS_OF = dt.date.fromisoformat(DELIVERY_DATE)
_FIRST_START = dt.date(2023, 4, 1)
_BUILDERS = 40
_PLATFORM_CNY = 2.4e7


@dataclass(frozen=True, slots=True)
class Site:
    """Where projects of a region may stand: the area they are counted by and a position in metres."""

    area_code: str
    area_name: str
    xy: NDArray[np.float64]


def draw_projects(seed: int, sites: Sequence[Sequence[Site]], count: int | None = None) -> geopandas.GeoDataFrame:
    """Return the projects.

    Parameters
    ----------
    sites
        For each of REGIONS the places to choose from; every area of a region comes before one gets a second project.
    count
        None = all 389; else the first ones of so many types.

    Returns
    -------
    Columns of HEADERS, positions in metres of the quarter. Money in yuan, `coal_saved_t` in tonnes of standard coal a year.
    """
    rng = np.random.default_rng([seed, 46])
    rows = [(kind, region) for kind in TYPES for region, number in enumerate(kind.counts) for _ in range(number)]
    if count is not None:
        firsts = [next(row for row in rows if row[0] is kind) for kind in TYPES]
        rows = [firsts[place] for place in np.linspace(0, len(firsts) - 1, count).round().astype(int)]
    chosen = _sites_of([region for _, region in rows], sites, rng)
    columns = _identity(rows, chosen) | _course(rows, rng)
    columns |= {"construction_unit": [f"示例第{number}建设工程公司" for number in rng.integers(1, _BUILDERS + 1, len(rows))]}
    frame = pd.DataFrame(columns)[list(HEADERS)]
    xy = np.array([site.xy for site in chosen]) + rng.uniform(-40.0, 40.0, (len(rows), 2))
    return geopandas.GeoDataFrame(frame, geometry=shapely.points(xy.round(2)))


def _sites_of(regions: Sequence[int], sites: Sequence[Sequence[Site]], rng: np.random.Generator) -> list[Site]:
    """Choose a site for each project, area by area in turn."""
    queues: list[list[Site]] = []
    for places in sites:
        by_area: dict[str, list[Site]] = {}
        for site in places:
            by_area.setdefault(site.area_code, []).append(site)
        shuffled = [[group[place] for place in rng.permutation(len(group))] for group in by_area.values()]
        longest = max(len(group) for group in shuffled)
        queues.append([group[turn] for turn in range(longest) for group in shuffled if turn < len(group)])
    used = [0] * len(queues)
    chosen = []
    for region in regions:
        chosen.append(queues[region][used[region] % len(queues[region])])
        used[region] += 1
    return chosen


def _identity(rows: Sequence[tuple[ProjectType, int]], sites: Sequence[Site]) -> dict[str, object]:
    counted: dict[tuple[str, str], int] = {}
    names = []
    for (kind, _), site in zip(rows, sites, strict=True):
        number = counted[site.area_code, kind.name] = counted.get((site.area_code, kind.name), 0) + 1
        names.append(f"示例{site.area_name.removeprefix('示例')}{kind.name}项目{number}")
    return {
        "code": [f"XM{index + 1:04d}" for index in range(len(rows))],
        "name": names,
        "area_code": [site.area_code for site in sites],
        "region": [REGIONS[region] for _, region in rows],
        "project_kind": [kind.kind for kind, _ in rows],
        "technical_type": [kind.name for kind, _ in rows],
    }


def _course(rows: Sequence[tuple[ProjectType, int]], rng: np.random.Generator) -> dict[str, object]:
    """Return dates, stage, scale and money; what is done and paid follows from the dates."""
    start = rng.integers(0, 1400, len(rows))
    months = rng.integers(6, 26, len(rows))
    elapsed = (_AS_OF - _FIRST_START).days - start
    done = np.clip(elapsed / (30.4 * months), 0.0, 1.0)
    since_end = elapsed - 30.4 * months
    stage = np.select([elapsed < 0, done < 1.0, since_end < 240], STAGES[:3], STAGES[3])
    scale = (np.array([kind.scale_m2 for kind, _ in rows]) * rng.lognormal(0.0, 0.55, len(rows))).round(-2)
    coal = scale * np.array([kind.coal_kg_per_m2 for kind, _ in rows]) / 1000.0
    columns: dict[str, object] = {
        "stage": stage,
        "started_on": [_FIRST_START + dt.timedelta(days=int(days)) for days in start],
        "finished_on": [
            _FIRST_START + dt.timedelta(days=int(days + 30.4 * length)) for days, length in zip(start, months, strict=True)
        ],
        "scale_m2": scale,
        "done_m2": (scale * done).round(0),
        "coal_saved_t": coal.round(0),
    }
    cost = scale * np.array([kind.cost_cny_per_m2 for kind, _ in rows]) * rng.uniform(0.8, 1.25, len(rows))
    return columns | _money(np.where(cost == 0.0, _PLATFORM_CNY, cost), done, rng)


def _money(cost_cny: NDArray[np.float64], done: NDArray[np.float64], rng: np.random.Generator) -> dict[str, object]:
    """Share the cost between the state, local budgets and the company; payments lag behind what is done."""
    count = len(cost_cny)
    central, local = rng.uniform(0.15, 0.4, count), rng.uniform(0.1, 0.3, count)
    total = sum(sum(kind.counts) for kind in TYPES)
    without = rng.permutation(count)
    central[without[: round(count * WITHOUT_CENTRAL / total)]] = 0.0
    local[without[: round(count * WITHOUT_LOCAL / total)]] = 0.0
    columns: dict[str, object] = {}
    for name, share in (("central", central), ("local", local), ("company", 1.0 - central - local)):
        planned = (cost_cny * share).round(-3)
        columns[f"planned_{name}_cny"] = planned
        columns[f"paid_{name}_cny"] = (planned * done * rng.uniform(0.75, 1.0, count)).round(-2)
    return columns
