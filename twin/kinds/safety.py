"""City gas, hazards, findings of patrols, accidents, zones without burning.

Names and telephone numbers of persons, which CJ/T 545 asks of hazards and findings, are no part of the archive of assets: every
seat that may see an asset reads all its attributes.
"""

from __future__ import annotations

from typing import Final

from twin.code_lists import (
    BURIAL_METHOD,
    DRAWN_BY,
    FINDING_STATUS,
    GAS_STATION_TYPE,
    HAZARD_SOURCE_MAJOR_CLASS,
    HAZARD_SOURCE_MINOR_CLASS,
    NO_BURN_STATE,
    RISK_HAZARD_LEVEL,
    RISK_HAZARD_MAJOR_CLASS,
    RISK_HAZARD_MINOR_CLASS,
    RISK_HAZARD_THIRD_CLASS,
)
from twin.kinds.model import Attribute, Kind, coded
from twin.kinds.shared import ADDRESS, COMPANY, OF_CODE, OF_KIND, UNIFIED, YEAR

_HAZARD: Final = "CJ/T 545-2021 5.4.2.2 "
_SOURCE: Final = "CJ/T 545-2021 5.4.2.3 "
_FINDING: Final = "CJ/T 545-2021 5.3.3 "
_ACCIDENT: Final = "DB3306/T 046-2022 6.2.8 table 8"
_GAS: Final = "DB3306/T 046-2022 6.2.2 table 2"
_FAULT: Final = "GB/T 43097-2023 8.8"

KINDS: Final = (
    Kind(
        "gas_pipe",
        "燃气管线",
        "line",
        (
            Attribute("dn", "integer", "公称直径 DN", "mm", source=_GAS),
            Attribute("pressure_mpa", "number", "管道压力", "MPa", source=_GAS),
            Attribute("pressure_class", "text", "压力级制"),
            Attribute("outer_diameter_mm", "number", "外径", "mm"),
            Attribute("wall_mm", "number", "壁厚", "mm"),
            Attribute("material", "text", "材质"),
            Attribute("burial_depth_m", "number", "埋深", "m"),
            coded("burial_method", "敷设方式", BURIAL_METHOD),
            Attribute("start_code", "text", "起点编号"),
            Attribute("end_code", "text", "终点编号"),
            Attribute("length_m", "number", "长度", "m"),
            Attribute("operator", "text", "燃气企业"),
            YEAR,
            coded("drawn_by", "绘制来源", DRAWN_BY),
            *UNIFIED,
        ),
    ),
    Kind(
        "gas_station",
        "燃气场站",
        "point",
        (
            coded("station_type", "场站类型", GAS_STATION_TYPE),
            Attribute("inlet_pressure_mpa", "number", "进口压力", "MPa"),
            Attribute("outlet_pressure_mpa", "number", "出口压力", "MPa"),
            Attribute("capacity_m3_per_h", "number", "设计供气能力", "m³/h"),
            Attribute("daily_supply_m3", "number", "日供气量", "m³", source=_GAS),
            Attribute("operator", "text", "燃气企业"),
            ADDRESS,
            YEAR,
            *UNIFIED,
        ),
    ),
    Kind(
        "hazard",
        "风险隐患",
        "point",
        (
            coded("major_class", "风险隐患大类", RISK_HAZARD_MAJOR_CLASS, required=True),
            coded("minor_class", "风险隐患细类", RISK_HAZARD_MINOR_CLASS, required=True),
            coded("third_class", "风险隐患三级类别", RISK_HAZARD_THIRD_CLASS),
            coded("level", "风险隐患等级", RISK_HAZARD_LEVEL, required=True),
            Attribute("description", "text", "风险隐患描述", source=_HAZARD + "FXYHMS"),
            Attribute("state", "text", "风险隐患状态", source=_HAZARD + "FXYHZT"),
            Attribute("reported_at", "datetime", "上报时间", source=_HAZARD + "FXYHSBSJ"),
            Attribute("accepted_at", "datetime", "受理时间", source=_HAZARD + "FXYHSLSJ"),
            Attribute("closed_at", "datetime", "处置完成时间", source=_HAZARD + "FXYHCZWCSJ"),
            Attribute("handling_unit", "text", "处置单位", source=_HAZARD + "FXYHCZDW"),
            Attribute("handling", "text", "处置简述", source=_HAZARD + "FXYHCZJS"),
            Attribute("handling_report", "text", "处置报告", source=_HAZARD + "FXYHCZBG"),
            Attribute("site_file", "text", "现场文件", source=_HAZARD + "FXYHXCWJ"),
            OF_KIND,
            OF_CODE,
            ADDRESS,
            COMPANY,
        ),
    ),
    Kind(
        "hazard_source",
        "危险源",
        "point",
        (
            Attribute("hazard_code", "text", "危险源代码", source=_SOURCE + "WXYDM"),
            coded("major_class", "危险源大类", HAZARD_SOURCE_MAJOR_CLASS, required=True),
            coded("minor_class", "危险源细类", HAZARD_SOURCE_MINOR_CLASS, required=True),
            Attribute("danger_level", "integer", "危险等级", source=_SOURCE + "WXDJ"),
            Attribute("description", "text", "危险源描述", source=_SOURCE + "WXYMS"),
            Attribute("competent_unit", "text", "主管单位", source=_SOURCE + "ZGDW"),
            Attribute("competent_unit_address", "text", "主管单位地址", source=_SOURCE + "ZGDWDZ"),
            # printed without a unit beside an extent in km²
            Attribute("influence_area_km2", "number", "影响范围", "km²", source=_SOURCE + "YXFW"),
            Attribute("service_life_a", "integer", "设计使用年限", "年", source=_SOURCE + "SJSYNX"),
            Attribute("started_at", "datetime", "投入使用时间", source=_SOURCE + "TRSYSJ"),
            Attribute("disaster_forms", "text", "可能灾害形式", source=_SOURCE + "KNZHXS"),
            ADDRESS,
            COMPANY,
        ),
    ),
    Kind(
        "patrol_finding",
        "巡查发现问题",
        "point",
        (
            Attribute("inspection_item", "text", "巡查事项", source=_FINDING + "XCSXBSM"),
            Attribute("record", "text", "问题记录", source=_FINDING + "WTJL"),
            Attribute("found_at", "datetime", "发现时间", source=_FINDING + "FXSJ"),
            Attribute("sent_at", "datetime", "发送时间", source=_FINDING + "FSSJ"),
            Attribute("due_at", "datetime", "截止时间", source=_FINDING + "JZSJ"),
            Attribute("closed_at", "datetime", "办结时间", source=_FINDING + "BJSJ"),
            coded("status", "状态", FINDING_STATUS),
            Attribute("handling", "text", "处置结果", source=_FINDING + "CZJG"),
            Attribute("inspection_result", "text", "检查结果", source=_FINDING + "JCJG"),
            OF_KIND,
            OF_CODE,
            ADDRESS,
            COMPANY,
        ),
    ),
    Kind(
        "accident",
        "事故",
        "point",
        (
            Attribute("accident_kind", "text", "事故种类", source=_ACCIDENT),
            Attribute("accident_source", "text", "事故来源", source=_ACCIDENT),
            Attribute("occurred_at", "datetime", "发生时间", source=_ACCIDENT),
            Attribute("restored_at", "datetime", "恢复时间", source=_FAULT),
            Attribute("affected_area_m2", "number", "影响供热面积", "m²", source=_FAULT),
            Attribute("description", "text", "事故描述"),
            OF_KIND,
            OF_CODE,
            ADDRESS,
            COMPANY,
        ),
    ),
    Kind(
        "no_burn_zone",
        "高污染燃料禁燃区",
        "any",
        (
            coded("state", "状态", NO_BURN_STATE, required=True),
            Attribute("effective_from", "date", "生效日期"),
            Attribute("effective_until", "date", "失效日期"),
            Attribute("document", "text", "划定文件"),
            Attribute("progress_percent", "number", "推进进度", "%"),
            Attribute("parent_code", "text", "所属区域"),
        ),
    ),
)
