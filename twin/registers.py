"""The catalogue of registers (台账): rows that are no assets but hang on one, with ids of their own.

A register row is described like an asset (`twin.kinds`): code, name, attributes with type, unit and codes, a position where it
has one. It has a parent asset (a building, a village, an area) and no history. Some of it is about persons: only a Scope with
`personal` reads that, everybody else gets it masked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from twin.code_lists import HEAT_USER_CLASS
from twin.errors import UnknownKind
from twin.kinds import KINDS, Attribute, Kind
from twin.kinds.model import coded
from twin.kinds.shared import UNIFIED

MASK = "***"
"""What stands in place of a personal text."""

ENERGY_TYPES: Mapping[str, str] = {"electric": "电 electric", "biomass": "生物质 biomass", "solar": "太阳能 solar"}
REGIONS: Mapping[str, str] = {"城区": "城区 town", "县城": "县城 county town", "农村": "农村 rural"}
PROJECT_KINDS: Mapping[str, str] = {
    "热源清洁化": "热源清洁化 heat source",
    "建筑能效提升": "建筑能效提升 building efficiency",
    "能力建设": "能力建设 capacity building",
}
STAGES: Mapping[str, str] = {
    "前期": "前期 in preparation",
    "施工": "施工 under construction",
    "竣工": "竣工 completed",
    "验收": "验收 accepted",
}
HOUSEHOLD_GROUPS: Mapping[str, str] = {
    "retrofitted": "已改造 retrofitted",
    "control": "未改造对照 not retrofitted (control)",
}
INSTALL_STATES: Mapping[str, str] = {
    "planned": "计划 planned",
    "delivered": "设备到位 delivered",
    "installing": "安装调试 installing",
    "in_use": "投运 in use",
}
UNIT_LEVELS: Mapping[str, str] = {"county": "区县 county", "township": "乡镇 township", "village": "村 village"}
UNIT_ROLES: Mapping[str, str] = {"responsible": "责任单位 responsible", "construction": "施工单位 construction"}
TICKET_KINDS: Mapping[str, str] = {"repair": "报修 repair", "complaint": "投诉 complaint"}
FAULT_KINDS: Mapping[str, str] = {
    "heating_quality": "供热质量 heating quality",
    "construction_quality": "施工质量 construction quality",
    "service": "运维服务 service",
    "communication": "通讯传输 communication",
    "device": "设备故障 device",
}
URGENCIES: Mapping[str, str] = {"red": "红 red", "orange": "橙 orange", "yellow": "黄 yellow", "blue": "蓝 blue"}
FUELS: Mapping[str, str] = {
    "grid_electricity": "市政电 grid electricity, kWh",
    "pv_electricity": "光伏电 solar electricity, kWh",
    "pellet": "生物质颗粒 biomass pellets, kg",
    "straw": "秸秆 straw, kg",
    "coal": "散煤 coal, kg",
    "gas": "燃气 gas, m³",
}


@dataclass(frozen=True, slots=True)
class Parent:
    """What a row hangs on: the attribute with its code, and the asset kinds it may be of, the first that has the code counts."""

    attribute: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """One register.

    Attributes
    ----------
    kind
        Name, Chinese term, geometry and attributes of its rows.
    name_en
        Term in English.
    parent
        What a row hangs on.
    personal
        `code`, `name` and attributes that only a Scope with `personal` reads.
    counted
        Up to three attributes whose values are counted together.
    """

    kind: Kind
    name_en: str
    parent: Parent
    personal: frozenset[str]
    counted: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name in the manifest and in addresses."""
        return self.kind.name

    def references(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return each attribute that names an asset, with the kinds it may be of."""
        others = tuple((a.name, (a.reference,)) for a in self.kind.attributes if a.reference and a.name != self.parent.attribute)
        return ((self.parent.attribute, self.parent.kinds), *others)


_COUNTING_AREAS: Final = ("district", "zone")
_TOWN_AREAS: Final = (*_COUNTING_AREAS, "township")
_ANY_AREA: Final = (*_TOWN_AREAS, "village")
_AREA: Final = Attribute("area_code", "text", "区域代码", required=True)
_VILLAGE: Final = Attribute("village_code", "text", "村屯", reference="village", required=True)
_REGION: Final = Attribute("region", "code", "区域", codes=REGIONS)
_SUPPLIER: Final = Attribute("supplier", "text", "供应商")
_DEVICE_TYPE: Final = Attribute("device_type", "text", "设备类型")
_HEAT_USER = Register(
    Kind(
        "heat_user",
        "热用户",
        "none",
        (
            Attribute("building_code", "text", "楼栋", reference="building", required=True),
            Attribute("unit", "text", "单元"),
            Attribute("door", "text", "门牌号"),
            Attribute("phone", "text", "联系电话"),
            Attribute("heated_area_m2", "number", "供热面积", "m²"),
            Attribute("resident", "boolean", "居民"),
            Attribute("connected", "boolean", "在网"),
            Attribute("heating", "boolean", "用热"),
            Attribute("room_sensor_code", "text", "室温测点", reference="room_sensor"),
            Attribute("substation_code", "text", "换热站", reference="substation"),
            coded("user_class", "热力用户分类", HEAT_USER_CLASS),
            *UNIFIED,
        ),
    ),
    "heat users",
    Parent("building_code", ("building",)),
    # codes and names are often made of unit and door
    personal=frozenset({"code", "name", "unit", "door", "phone"}),
    counted=("connected", "heating", "resident"),
)
_HOUSEHOLD = Register(
    Kind(
        "household",
        "农户",
        "point",
        (
            _VILLAGE,
            Attribute("retrofit_type", "text", "改造方式"),
            Attribute("energy_type", "code", "能源类型", codes=ENERGY_TYPES),
            Attribute("supplier", "text", "供应商"),
            Attribute("floor_area_m2", "number", "建筑面积", "m²"),
            Attribute("storeys", "integer", "层数"),
            Attribute("installed_year", "integer", "改造年份"),
            Attribute("resident_name", "text", "户主"),
            Attribute("id_number", "text", "身份证号"),
            Attribute("door", "text", "门牌号"),
            Attribute("phone", "text", "联系电话"),
            Attribute("permanent", "boolean", "常住"),
            Attribute("household_group", "code", "对照组别", codes=HOUSEHOLD_GROUPS),
            Attribute("insulated", "boolean", "同步节能改造"),
            Attribute("install_state", "code", "安装状态", codes=INSTALL_STATES),
            Attribute("finished_on", "date", "改造完成日期"),
            Attribute("capacity_kw", "number", "设备容量", "kW"),
            Attribute("project_code", "text", "改造项目"),
        ),
    ),
    "rural households",
    Parent("village_code", ("village",)),
    personal=frozenset({"name", "phone", "resident_name", "id_number", "door"}),
    counted=("energy_type", "retrofit_type"),
)
_PROJECT = Register(
    Kind(
        "retrofit_project",
        "改造项目",
        "point",
        (
            Attribute("area_code", "text", "区县（开发区）", required=True),
            Attribute("region", "code", "区域", codes=REGIONS),
            Attribute("project_kind", "code", "项目类别", codes=PROJECT_KINDS),
            Attribute("technical_type", "text", "技术类型"),
            Attribute("stage", "code", "建设状态", codes=STAGES),
            Attribute("started_on", "date", "开工日期"),
            Attribute("finished_on", "date", "竣工日期"),
            Attribute("planned_central_cny", "number", "中央资金计划", "元"),
            Attribute("planned_local_cny", "number", "地方资金计划", "元"),
            Attribute("planned_company_cny", "number", "企业自筹计划", "元"),
            Attribute("paid_central_cny", "number", "中央资金已拨付", "元"),
            Attribute("paid_local_cny", "number", "地方资金已拨付", "元"),
            Attribute("paid_company_cny", "number", "企业自筹已到位", "元"),
            Attribute("scale_m2", "number", "规模", "m²"),
            Attribute("done_m2", "number", "已完成规模", "m²"),
            Attribute("coal_saved_t", "number", "年减煤量（标准煤）", "t"),
            Attribute("construction_unit", "text", "施工单位"),
            Attribute("responsible_unit", "text", "责任单位"),
            Attribute("centralised", "boolean", "集中供热"),
        ),
    ),
    "retrofit projects",
    Parent("area_code", _COUNTING_AREAS),
    personal=frozenset(),
    counted=("project_kind", "stage", "region"),
)

_TARGET = Register(
    Kind(
        "rollout_target",
        "推广目标",
        "none",
        (
            _AREA,
            Attribute("year", "integer", "年度", required=True),
            _REGION,
            Attribute("energy_type", "code", "能源类型", codes=ENERGY_TYPES),
            Attribute("target_household_count", "integer", "目标户数", "户"),
            Attribute("target_area_m2", "number", "目标面积", "m²"),
            Attribute("target_rate", "number", "目标清洁取暖率"),
        ),
    ),
    "targets of the rollout",
    Parent("area_code", _ANY_AREA),
    personal=frozenset(),
    counted=("year", "region"),
)
_REPORT = Register(
    Kind(
        "rollout_report",
        "推广月报",
        "none",
        (
            _AREA,
            Attribute("month", "text", "月份", required=True),
            Attribute("region", "code", "区域", codes=REGIONS),
            Attribute("heated_area_m2", "number", "取暖总面积", "m²"),
            Attribute("central_area_m2", "number", "集中供热面积", "m²"),
            Attribute("clean_heat_m2", "number", "清洁取暖面积：热力", "m²"),
            Attribute("clean_electric_m2", "number", "清洁取暖面积：电", "m²"),
            Attribute("clean_air_m2", "number", "清洁取暖面积：空气能", "m²"),
            Attribute("clean_biomass_m2", "number", "清洁取暖面积：生物质", "m²"),
            Attribute("clean_gas_m2", "number", "清洁取暖面积：燃气", "m²"),
            Attribute("clean_solar_m2", "number", "清洁取暖面积：太阳能", "m²"),
            Attribute("household_count", "integer", "常住户数", "户"),
            Attribute("clean_household_count", "integer", "清洁取暖户数", "户"),
            *(
                Attribute(f"{step}_{source}_cny", "number", f"{source_zh}{step_zh}", "元")
                for step, step_zh in (("allocated", "分配额度"), ("paid", "已拨付"))
                for source, source_zh in (("central", "中央资金"), ("local", "地方资金"), ("company", "企业自筹"))
            ),
        ),
    ),
    "monthly reports of the rollout",
    Parent("area_code", _TOWN_AREAS),
    personal=frozenset(),
    counted=("month", "region"),
)
_UNIT = Register(
    Kind(
        "responsible_unit",
        "责任单位",
        "none",
        (
            _AREA,
            Attribute("unit_level", "code", "级别", codes=UNIT_LEVELS),
            Attribute("unit_role", "code", "职责", codes=UNIT_ROLES),
            Attribute("unit", "text", "单位"),
            Attribute("person", "text", "负责人"),
            Attribute("phone", "text", "联系电话"),
        ),
    ),
    "responsible units",
    Parent("area_code", _ANY_AREA),
    personal=frozenset({"person", "phone"}),
    counted=("unit_level", "unit_role"),
)
_TICKET = Register(
    Kind(
        "service_ticket",
        "报修投诉",
        "none",
        (
            _VILLAGE,
            Attribute("household_code", "text", "农户"),
            Attribute("ticket_kind", "code", "类别", codes=TICKET_KINDS),
            Attribute("fault_kind", "code", "故障类型", codes=FAULT_KINDS),
            Attribute("urgency", "code", "紧急程度", codes=URGENCIES),
            Attribute("reported_at", "datetime", "报修时间", required=True),
            Attribute("resolved_at", "datetime", "办结时间"),
            _SUPPLIER,
            Attribute("construction_unit", "text", "施工单位"),
            _DEVICE_TYPE,
            Attribute("reporter", "text", "报修人"),
            Attribute("phone", "text", "联系电话"),
            Attribute("description", "text", "问题"),
        ),
    ),
    "repairs and complaints",
    Parent("village_code", ("village",)),
    # what people write may name themselves
    personal=frozenset({"name", "reporter", "phone", "description"}),
    counted=("ticket_kind", "fault_kind", "urgency"),
)
_ANSWER = Register(
    Kind(
        "satisfaction_answer",
        "满意度问卷",
        "none",
        (
            _VILLAGE,
            _SUPPLIER,
            _DEVICE_TYPE,
            Attribute("asked_on", "date", "填写日期"),
            Attribute("retrofit_score", "number", "改造满意度（1-5）"),
            Attribute("supplier_score", "number", "供应商满意度（1-5）"),
        ),
    ),
    "answers about satisfaction",
    Parent("village_code", ("village",)),
    personal=frozenset({"name"}),
    counted=("retrofit_score", "supplier_score"),
)
_ENERGY_USE = Register(
    Kind(
        "energy_use",
        "取暖用能",
        "none",
        (
            _VILLAGE,
            Attribute("season", "text", "采暖季", required=True),
            Attribute("fuel", "code", "用能种类", codes=FUELS, required=True),
            Attribute("household_group", "code", "对照组别", codes=HOUSEHOLD_GROUPS),
            Attribute("quantity", "number", "耗量（电 kWh，燃料 kg，燃气 m³）"),
            Attribute("household_count", "integer", "户数", "户"),
            Attribute("cost_cny", "number", "费用", "元"),
        ),
    ),
    "energy used for heating",
    Parent("village_code", ("village",)),
    personal=frozenset(),
    counted=("season", "fuel", "household_group"),
)
_DEVICE_SUPPLIER = Register(
    Kind(
        "device_supplier",
        "设备供应商",
        "none",
        (
            _AREA,
            Attribute("energy_type", "code", "能源类型", codes=ENERGY_TYPES),
            Attribute("brand", "text", "品牌"),
            Attribute("device_model", "text", "型号"),
            Attribute("unit_price_cny", "number", "单价", "元"),
        ),
    ),
    "suppliers of devices",
    Parent("area_code", _COUNTING_AREAS),
    personal=frozenset(),
    counted=("energy_type",),
)

_ALL: Final = (
    _HEAT_USER,
    _HOUSEHOLD,
    _PROJECT,
    _TARGET,
    _REPORT,
    _UNIT,
    _TICKET,
    _ANSWER,
    _ENERGY_USE,
    _DEVICE_SUPPLIER,
)
REGISTERS: Mapping[str, Register] = {register.name: register for register in _ALL}
"""All registers by name."""


def register_of(name: str) -> Register:
    """Return the register of that name.

    Raises
    ------
    UnknownKind
        When there is none; the message lists those there are.
    """
    try:
        return REGISTERS[name]
    except KeyError:
        raise UnknownKind(f"{name!r} is not a register; registers are {', '.join(REGISTERS)}") from None


def row_kind(name: str) -> Kind:
    """Return how the rows of an asset kind or register are described."""
    return KINDS[name] if name in KINDS else REGISTERS[name].kind


def masked(register: Register, values: Mapping[str, object], *, personal: bool) -> dict[str, object]:
    """Return the values of a row (`code`, `name`, attributes) as a caller may read them; empty ones have nothing to hide."""
    hidden = frozenset() if personal else register.personal
    return {name: MASK if name in hidden and value not in {None, ""} else value for name, value in values.items()}
