"""Rules of the clean-heating rollout: what would be counted twice, nowhere, or by the wrong area."""

from __future__ import annotations

from twin.checks.model import Rule

OFF_AREA_M = 100.0
"""A project may stand so far outside the outline of its area: outlines are simplified."""

RULES = (
    Rule(
        "report_twice",
        "duplicates",
        "error",
        "月报重复",
        "month reported twice",
        "同一区域、同一月份、同一区域类型有两份编号不同的月报，面积和资金会被重复统计",
        "two reports with different codes for one area, month and region: areas and money are told twice",
        "月报 {code} 与 {other} 是同一区域 {area} 的同一月份 {month}（{region}）",
        "report {code} is of the same area {area} and month {month} ({region}) as {other}",
    ),
    Rule(
        "household_twice",
        "duplicates",
        "error",
        "农户重复",
        "household counted twice",
        "身份证号相同，或位置和户主相同的两条农户记录，会被两个村屯重复统计",
        "two rows of households with the same identity number, or the same place and resident: two villages count them",
        "农户 {code}（村屯 {village}）与 {other}（村屯 {other_village}）是同一户",
        "household {code} (village {village}) is the same as {other} (village {other_village})",
    ),
    Rule(
        "project_off_area",
        "place",
        "warning",
        "项目位于所属区域之外",
        "project outside its area",
        "项目位置在其登记的区县（开发区）范围之外 100 米以上",
        "a project stands more than 100 m outside the district or zone that it names",
        "项目 {code} 登记在 {area}，位置在其范围外 {metres} 米",
        "project {code} names {area} and stands {metres} m outside it",
    ),
    Rule(
        "paid_above_plan",
        "attributes",
        "error",
        "拨付超过计划",
        "paid above plan",
        "项目或月报的已拨付资金大于计划（分配额度）",
        "a project or report with more money paid than planned or allocated",
        "{code} 的“{label_zh}”为 {value} 元，计划 {planned} 元",
        "{attribute} of {code} is {value} CNY, {planned} CNY are planned",
    ),
    Rule(
        "rollout_area_unknown",
        "relations",
        "error",
        "区域不属于本城市",
        "area not of this city",
        "目标、月报、项目、责任单位或供应商登记的区域在本城市不存在（或已划出），不计入任何区域",
        "a target, report, project, unit or supplier names an area that is not, or no longer, of this city: no area counts it",
        "{code} 登记的区域 {value} 不属于本城市",
        "{code} names area {value}, which is not of this city",
    ),
    Rule(
        "village_without_households",
        "relations",
        "notice",
        "村屯没有农户",
        "village without households",
        "村屯没有登记任何农户，各项户数指标按零统计",
        "a village that no household names: it counts as zero everywhere",
        "村屯 {code} 没有农户",
        "village {code} has no households",
    ),
    Rule(
        "project_without_target",
        "relations",
        "warning",
        "项目没有对应目标",
        "project without target",
        "项目所属区域在其开工年份没有推广目标，完成率无从对比",
        "the area of a project has no target for the year in which the project starts: nothing to hold it against",
        "项目 {code}：区域 {area} 没有 {year} 年的目标",
        "project {code}: area {area} has no target for {year}",
    ),
    Rule(
        "zone_counts_apart",
        "relations",
        "notice",
        "开发区与区县同时上报农户",
        "zone and district report the same households",
        "开发区与其重叠的区县都上报农户：开发区的数只作“其中”，不计入全市合计",
        "a zone reports households that the districts under it report too: an 'of which', never added to the city",
        "开发区 {code} 上报 {value} 户，与 {others} 重叠，不计入全市合计",
        "zone {code} reports {value} households of {others}; they are not added to the city's",
    ),
)
