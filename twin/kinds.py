"""The catalogue of asset kinds and their attributes.

One place says what a kind is called in the field, which geometry it has and which attributes it may carry, with unit,
codes and the standard they come from. The import checks rows against it, the API documents it, the viewer labels with it.

Codes are those of GB/T 36625.5-2019 7.8 (elements 0810001-0820006) where the standard has them. Elements 0810012 and
0810013 print some codes twice; they are accepted as given and not interpreted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from twin.errors import UnknownKind

AttributeType: TypeAlias = Literal["text", "integer", "number", "boolean", "date", "code"]
GeometryType: TypeAlias = Literal["point", "line", "polygon", "any", "none"]

BURIAL_METHODS: Mapping[str, str] = {
    "1": "直埋 direct burial",
    "2": "管沟 trench",
    "3": "管块 duct block",
    "4": "套管 casing",
    "5": "地表 on the ground",
    "6": "架空 overhead",
    "9": "其他 other",
}
"""Element 0810008, burial method (埋设方式)."""

FLOW_DIRECTIONS: Mapping[str, str] = {
    "0": "由起点流向终点 start to end",
    "1": "由终点流向起点 end to start",
    "2": "动态平衡或不确定 changing or unknown",
}
"""Element 0820002, heat flow direction (热力流向)."""

NETWORK_LEVELS: Mapping[str, str] = {
    "transmission": "长输管网 transmission",
    "primary": "一次网 primary network",
    "secondary": "二次网 secondary network",
}
SIDES: Mapping[str, str] = {"supply": "供水 supply", "return": "回水 return"}
MEDIA: Mapping[str, str] = {"heat": "热水 hot water", "gas": "燃气 gas"}
Z_SOURCES: Mapping[str, str] = {
    "surveyed": "实测 surveyed",
    "from_depth": "由埋深推算 from burial depth",
    "default": "默认 default",
}
HEIGHT_SOURCES: Mapping[str, str] = {
    "attribute": "实测 given",
    "storeys": "由层数推算 from storeys",
    "default": "默认 default",
}
VALVE_STATES: Mapping[str, str] = {"open": "开 open", "closed": "关 closed", "unknown": "未知 unknown"}
OPERABILITIES: Mapping[str, str] = {
    "usable": "可操作 usable",
    "stuck": "卡死 stuck",
    "no_access": "无法到达 no access",
    "tagged_out": "挂牌禁动 tagged out",
}
AUTHORITY_LEVELS: Mapping[str, str] = {"city": "市 city", "district": "区县 district"}
PUMPED_SIDES: Mapping[str, str] = {"supply": "供水 supply", "return": "回水 return", "both": "供回水 both"}
PRESSURE_PLACES: Mapping[str, str] = {
    "section_valve": "分段阀门 section valve",
    "strainer": "除污器前后 strainer",
    "branch_node": "重要分支节点 important branch node",
}
"""Where trunk pressure is watched (platform requirements 2.8.3)."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a kind.

    Attributes
    ----------
    name
        Key in `asset.attributes`; ends in its unit where it has one.
    type
        How the value is stored; `code` is text out of `codes`.
    label_zh
        What the viewer writes before the value.
    unit
        Unit as shown to people; empty for none.
    codes
        Allowed values with their meaning, for `code`.
    source
        Standard and element or clause; empty where no standard names it.
    reference
        Kind that the value names by code (`company`, `substation`), for attributes that point at another asset.
    required
        True when a row without it is a problem.
    """

    name: str
    type: AttributeType
    label_zh: str
    unit: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    reference: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of asset: name, Chinese term, geometry, attributes."""

    name: str
    name_zh: str
    geometry: GeometryType
    attributes: tuple[Attribute, ...] = ()

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name, or None."""
        return next((a for a in self.attributes if a.name == name), None)


_COMPANY = Attribute("company_code", "text", "热力企业", reference="company")
_YEAR = Attribute("installed_year", "integer", "投运年份")
_ADDRESS = Attribute("address", "text", "地址")
_SUBSTATION = Attribute("substation_code", "text", "换热站", reference="substation")
_AREA_M2 = Attribute("heated_area_m2", "number", "供热面积", "m²")
_USERS = Attribute("heat_user_count", "integer", "热用户数", "户")
_POWER = Attribute("design_power_mw", "number", "设计供热能力", "MW")
_BRANCH = Attribute("branch_code", "text", "电厂支线", reference="plant_branch")
_SOURCE = Attribute("source_code", "text", "热源")
_VOLUME_M3 = Attribute("volume_m3", "number", "容积", "m³")
_GATEWAY = Attribute("gateway_code", "text", "采集网关", reference="gateway")
_VILLAGE = Attribute("village_code", "text", "村屯", reference="village")
_ADCODE = Attribute("adcode", "text", "行政区划代码", source="GB/T 2260")
_PARENT = Attribute("parent_code", "text", "上级区域")

_PIPE = (
    Attribute("network_level", "code", "管网级别", codes=NETWORK_LEVELS, source="GB/T 43097-2023 6.1.2", required=True),
    Attribute("side", "code", "供回水", codes=SIDES, required=True),
    Attribute("medium", "code", "介质", codes=MEDIA),
    Attribute("pair_code", "text", "同沟管对"),
    Attribute("dn", "integer", "公称直径 DN", "mm", source="GB/T 36625.5-2019 0810010"),
    Attribute("outer_diameter_mm", "number", "外径", "mm"),
    Attribute("wall_mm", "number", "壁厚", "mm", source="GB/T 36625.5-2019 0810011"),
    Attribute("insulation_mm", "number", "保温层厚度", "mm"),
    Attribute("burial_depth_m", "number", "埋深", "m", source="GB/T 36625.5-2019 0810006, 0810007"),
    Attribute("burial_method", "code", "敷设方式", codes=BURIAL_METHODS, source="GB/T 36625.5-2019 0810008"),
    Attribute("material", "text", "材质", source="GB/T 36625.5-2019 0810009"),
    Attribute("insulation_method", "text", "保温方式", source="GB/T 36625.5-2019 0810012"),
    Attribute("anticorrosion_method", "text", "防腐方式", source="GB/T 36625.5-2019 0810013"),
    Attribute("flow_direction", "code", "热力流向", codes=FLOW_DIRECTIONS, source="GB/T 36625.5-2019 0820002"),
    Attribute("start_code", "text", "起点编号", source="GB/T 36625.5-2019 0810004"),
    Attribute("end_code", "text", "终点编号", source="GB/T 36625.5-2019 0810005"),
    Attribute("z_source", "code", "高程来源", codes=Z_SOURCES),
    Attribute("length_m", "number", "长度", "m"),
    _YEAR,
    _COMPANY,
)

_ALL = (
    Kind(
        "authority",
        "供热主管部门",
        "any",
        (Attribute("authority_level", "code", "层级", codes=AUTHORITY_LEVELS), _ADCODE, _ADDRESS),
    ),
    Kind(
        "company",
        "热力企业",
        "any",
        (
            Attribute("licence", "text", "经营许可"),
            Attribute("licence_until", "date", "许可有效期至"),
            Attribute("authority_code", "text", "主管部门", reference="authority"),
            _ADDRESS,
        ),
    ),
    Kind("plant", "电厂", "point", (_POWER, _COMPANY, _ADDRESS, Attribute("running", "boolean", "运行中"))),
    Kind("plant_branch", "电厂支线", "any", (Attribute("plant_code", "text", "电厂", reference="plant"), _POWER, _COMPANY)),
    Kind(
        "boiler_house",
        "锅炉房",
        "point",
        (_POWER, _COMPANY, _ADDRESS, Attribute("running", "boolean", "运行中"), Attribute("peak_only", "boolean", "调峰")),
    ),
    Kind(
        "substation",
        "换热站",
        "point",
        (
            _SOURCE,
            _BRANCH,
            Attribute("system_count", "integer", "系统数"),
            _POWER,
            _AREA_M2,
            _COMPANY,
            _ADDRESS,
            _YEAR,
        ),
    ),
    Kind(
        "relay_pump_station",
        "中继泵站",
        "point",
        (
            _BRANCH,
            Attribute("pump_count", "integer", "水泵台数", "台"),
            Attribute("head_mpa", "number", "扬程", "MPa"),
            Attribute("pumped_side", "code", "加压侧", codes=PUMPED_SIDES),
            _COMPANY,
            _YEAR,
        ),
    ),
    Kind("relay_energy_station", "中继能源站", "point", (_BRANCH, _POWER, _COMPANY, _YEAR)),
    Kind("isolating_station", "隔压站", "point", (_BRANCH, _POWER, _COMPANY, _YEAR)),
    Kind("accumulator", "储热器", "point", (_SOURCE, _VOLUME_M3, _COMPANY, _YEAR)),
    Kind("water_tank", "储水罐", "point", (_SOURCE, _VOLUME_M3, _COMPANY, _YEAR)),
    Kind("pipe", "管线", "line", _PIPE),
    Kind("pipe_point", "管点", "point", (Attribute("point_type", "text", "管点类型"), _COMPANY)),
    Kind(
        "valve",
        "阀门",
        "point",
        (
            Attribute("side", "code", "供回水", codes=SIDES),
            Attribute("network_level", "code", "管网级别", codes=NETWORK_LEVELS),
            Attribute("pair_code", "text", "同沟阀对"),
            Attribute("normal_state", "code", "常态", codes=VALVE_STATES),
            Attribute("operability", "code", "可操作性", codes=OPERABILITIES),
            Attribute("dn", "integer", "公称直径 DN", "mm"),
            Attribute("tie", "boolean", "联络阀"),
            Attribute("burial_depth_m", "number", "埋深", "m"),
            _COMPANY,
        ),
    ),
    Kind("chamber", "小室", "point", (Attribute("burial_depth_m", "number", "埋深", "m"), _COMPANY)),
    Kind(
        "building_inlet",
        "热力入口",
        "point",
        (
            Attribute("building_code", "text", "楼栋", reference="building"),
            Attribute("system_number", "integer", "系统编号"),
            _SUBSTATION,
        ),
    ),
    Kind(
        "pressure_point",
        "测压点",
        "point",
        (
            Attribute("side", "code", "供回水", codes=SIDES),
            Attribute("pipe_code", "text", "管线", reference="pipe"),
            Attribute("place", "code", "位置", codes=PRESSURE_PLACES, source="2.8.3 供热管网"),
            _COMPANY,
        ),
    ),
    Kind("estate", "小区", "polygon", (_SUBSTATION, _ADDRESS, _YEAR, _COMPANY)),
    Kind(
        "building",
        "楼栋",
        "polygon",
        (
            Attribute("storeys", "integer", "层数"),
            Attribute("height_m", "number", "高度", "m"),
            Attribute("height_source", "code", "高度来源", codes=HEIGHT_SOURCES),
            Attribute("building_type", "text", "建筑类型"),
            Attribute("year_built", "integer", "建成年份"),
            Attribute("estate_code", "text", "小区", reference="estate"),
            Attribute("energy_class", "text", "节能等级"),
            Attribute("critical_use", "text", "重点保障"),
            _SUBSTATION,
            _AREA_M2,
            _USERS,
            Attribute("heat_load_mw", "number", "热负荷", "MW"),
            _ADDRESS,
        ),
    ),
    Kind("district", "区县", "polygon", (_ADCODE, _PARENT)),
    Kind("zone", "开发区", "polygon", (_ADCODE, _PARENT)),
    Kind("subdistrict", "街道", "polygon", (_ADCODE, _PARENT)),
    Kind("community", "社区", "polygon", (_ADCODE, _PARENT)),
    Kind("township", "乡镇", "polygon", (_ADCODE, _PARENT)),
    Kind("village", "村屯", "any", (_ADCODE, _PARENT)),
    Kind(
        "licence_area",
        "企业许可范围",
        "polygon",
        (Attribute("company_code", "text", "热力企业", reference="company"), Attribute("licence", "text", "经营许可")),
    ),
    Kind(
        "coverage_area",
        "供热范围",
        "polygon",
        (Attribute("of_kind", "text", "对象类型"), Attribute("of_code", "text", "对象编号")),
    ),
    Kind("weather_station", "气象站", "point", ()),
    Kind("air_station", "空气质量站", "point", (Attribute("adcode", "text", "行政区划代码", source="GB/T 2260"),)),
    Kind(
        "room_sensor",
        "室温测点",
        "point",
        (
            Attribute("building_code", "text", "楼栋", reference="building"),
            Attribute("heat_user_code", "text", "热用户"),
            _GATEWAY,
        ),
    ),
    Kind(
        "heating_device",
        "清洁取暖设施",
        "point",
        (
            Attribute("device_type", "text", "设施类型"),
            Attribute("household_code", "text", "农户"),
            Attribute("power_kw", "number", "额定功率", "kW"),
            _VILLAGE,
            _GATEWAY,
            _YEAR,
            _COMPANY,
        ),
    ),
    Kind("gateway", "采集网关", "point", (Attribute("of_kind", "text", "对象类型"), Attribute("of_code", "text", "对象编号"))),
    Kind("camera", "摄像头", "point", (Attribute("of_kind", "text", "对象类型"), Attribute("of_code", "text", "对象编号"))),
    Kind("road", "道路", "line", (Attribute("road_class", "text", "道路等级"),)),
    Kind("crossing", "道路交叉口", "point", ()),
    Kind("water", "水系", "polygon", ()),
    Kind("green", "绿地", "polygon", ()),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
"""All kinds by name."""


def kind_of(name: str) -> Kind:
    """Return the kind of that name.

    Raises
    ------
    UnknownKind
        When the catalogue does not hold it; the message lists what it holds.
    """
    try:
        return KINDS[name]
    except KeyError:
        known = ", ".join(sorted(KINDS))
        raise UnknownKind(f"{name!r} is not an asset kind; known kinds are {known}") from None
