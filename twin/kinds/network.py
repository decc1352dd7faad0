"""The heat network: pipes, what sits on them, and the record of a line."""

from __future__ import annotations

from typing import Final

from twin.code_lists import (
    ANTICORROSION_METHOD,
    BURIAL_METHOD,
    DRAWN_BY,
    FLOW_DIRECTION,
    HEAT_USER_CLASS,
    INSULATION_METHOD,
    POINT_TYPE,
)
from twin.kinds.codes import (
    LEVEL_WORDS,
    MEDIA,
    NETWORK_LEVELS,
    OPERABILITIES,
    PRESSURE_PLACES,
    SIDE_WORDS,
    SIDES,
    VALVE_STATES,
    Z_SOURCES,
)
from twin.kinds.model import Attribute, Kind, coded
from twin.kinds.shared import COMPANY, DESIGN_MEDIUM, LINE_RECORD, OPERATOR, OWNER, STARTED_ON, SUBSTATION, UNIFIED, YEAR

_ELEMENT: Final = "GB/T 36625.5-2019 "
_CLASS: Final = "GB/T 43097-2023 6.1.2"
_SIDE: Final = Attribute("side", "code", "供回水", codes=SIDES, words=SIDE_WORDS)
_LEVEL: Final = Attribute("network_level", "code", "管网级别", codes=NETWORK_LEVELS, source=_CLASS, words=LEVEL_WORDS)

_PIPE: Final = (
    Attribute("network_level", "code", "管网级别", codes=NETWORK_LEVELS, source=_CLASS, words=LEVEL_WORDS, required=True),
    Attribute("side", "code", "供回水", codes=SIDES, words=SIDE_WORDS, required=True),
    Attribute("medium", "code", "介质", codes=MEDIA),
    Attribute("pair_code", "text", "同沟管对"),
    Attribute("dn", "integer", "公称直径 DN", "mm", source=_ELEMENT + "0810010", format="an..20"),
    Attribute("outer_diameter_mm", "number", "外径", "mm"),
    Attribute("wall_mm", "number", "壁厚", "mm", source=_ELEMENT + "0810011", format="n..6,2"),
    Attribute("insulation_mm", "number", "保温层厚度", "mm"),
    Attribute("burial_depth_m", "number", "埋深", "m", source=_ELEMENT + "0810006, 0810007"),
    Attribute("start_burial_depth_m", "number", "起点埋深", "m", source=_ELEMENT + "0810006", format="an..8,3"),
    Attribute("end_burial_depth_m", "number", "终点埋深", "m", source=_ELEMENT + "0810007", format="an..8,3"),
    coded("burial_method", "敷设方式", BURIAL_METHOD, cjt545_format="a1"),
    Attribute("material", "text", "材质", source=_ELEMENT + "0810009", format="a..30"),
    coded("insulation_method", "保温方式", INSULATION_METHOD, cjt545_format="n1"),
    coded("anticorrosion_method", "防腐方式", ANTICORROSION_METHOD, cjt545_format="n2"),
    coded("flow_direction", "热力流向", FLOW_DIRECTION, cjt545_format="n1"),
    Attribute("start_code", "text", "起点编号", source=_ELEMENT + "0810004", format="an..8"),
    Attribute("end_code", "text", "终点编号", source=_ELEMENT + "0810005", format="an..8"),
    coded("user_class", "热力用户分类", HEAT_USER_CLASS, cjt545_format="n1"),
    Attribute("working_pressure_mpa", "number", "热力压力", "MPa", source=_ELEMENT + "0820003", format="n..8,2"),
    # printed as m³; a flow is a rate
    Attribute("flow_m3_per_h", "number", "热力流量", "m³/h", source=_ELEMENT + "0820004", format="n..16,3"),
    Attribute("supply_temperature_degc", "number", "供水温度", "℃", source=_ELEMENT + "0820005", format="n..5,2"),
    Attribute("return_temperature_degc", "number", "回水温度", "℃", source=_ELEMENT + "0820006", format="n..5,2"),
    Attribute("z_source", "code", "高程来源", codes=Z_SOURCES),
    Attribute("length_m", "number", "长度", "m"),
    YEAR,
    Attribute("renewed_year", "integer", "更新改造年份", source=_CLASS),
    coded("drawn_by", "绘制来源", DRAWN_BY),
    Attribute("line_code", "text", "所属管线", reference="network_line"),
    COMPANY,
    *UNIFIED,
)

KINDS: Final = (
    Kind("pipe", "管线", "line", _PIPE),
    Kind(
        "network_line",
        "管线档案",
        "any",
        (
            OWNER,
            OPERATOR,
            STARTED_ON,
            _LEVEL,
            *DESIGN_MEDIUM,
            Attribute("length_m", "number", "总长度", "m", source=LINE_RECORD),
            Attribute("laying", "text", "敷设形式及长度", source=LINE_RECORD),
            Attribute("dn_min", "integer", "最小公称直径", "mm", source=LINE_RECORD),
            Attribute("dn_max", "integer", "最大公称直径", "mm", source=LINE_RECORD),
            Attribute("material", "text", "管道材质", source=LINE_RECORD),
            Attribute("accessories", "text", "管路附件", source=LINE_RECORD),
            Attribute("position", "text", "地理位置", source=LINE_RECORD),
            COMPANY,
            *UNIFIED,
        ),
    ),
    Kind(
        "pipe_point",
        "管点",
        "point",
        (
            coded("point_type", "管点类型", POINT_TYPE),
            Attribute("point_class_code", "text", "管点分类代码", source=_ELEMENT + "0810002", format="an..10"),
            Attribute("ground_elevation_m", "number", "地面高程", "m"),
            Attribute("burial_depth_m", "number", "埋深", "m"),
            COMPANY,
        ),
    ),
    Kind(
        "valve",
        "阀门",
        "point",
        (
            _SIDE,
            _LEVEL,
            Attribute("pair_code", "text", "同沟阀对"),
            Attribute("normal_state", "code", "常态", codes=VALVE_STATES),
            Attribute("operability", "code", "可操作性", codes=OPERABILITIES),
            Attribute("dn", "integer", "公称直径 DN", "mm"),
            Attribute("tie", "boolean", "联络阀"),
            Attribute("burial_depth_m", "number", "埋深", "m"),
            COMPANY,
            *UNIFIED,
        ),
    ),
    Kind("chamber", "小室", "point", (Attribute("burial_depth_m", "number", "埋深", "m"), COMPANY, *UNIFIED)),
    Kind(
        "building_inlet",
        "热力入口",
        "point",
        (
            Attribute("building_code", "text", "楼栋", reference="building"),
            Attribute("system_number", "integer", "系统编号"),
            SUBSTATION,
            *UNIFIED,
        ),
    ),
    Kind(
        "pressure_point",
        "测压点",
        "point",
        (
            _SIDE,
            Attribute("pipe_code", "text", "管线", reference="pipe"),
            Attribute("place", "code", "位置", codes=PRESSURE_PLACES, source="2.8.3 供热管网"),
            COMPANY,
            *UNIFIED,
        ),
    ),
)
