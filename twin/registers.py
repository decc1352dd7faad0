"""The catalogue of registers (台账): rows that are no assets but hang on one, with ids of their own.

A register row is described like an asset (`twin.kinds`): code, name, attributes with type, unit and codes, a position where it
has one. It has a parent asset (a building, a village, an area) and no history. Some of it is about persons: only a Scope with
`personal` reads that, everybody else gets it masked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
            Attribute("village_code", "text", "村屯", reference="village", required=True),
            Attribute("retrofit_type", "text", "改造方式"),
            Attribute("energy_type", "code", "能源类型", codes=ENERGY_TYPES),
            Attribute("supplier", "text", "供应商"),
            Attribute("floor_area_m2", "number", "建筑面积", "m²"),
            Attribute("storeys", "integer", "层数"),
            Attribute("installed_year", "integer", "改造年份"),
            Attribute("phone", "text", "联系电话"),
        ),
    ),
    "rural households",
    Parent("village_code", ("village",)),
    personal=frozenset({"name", "phone"}),
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
        ),
    ),
    "retrofit projects",
    Parent("area_code", ("district", "zone")),
    personal=frozenset(),
    counted=("project_kind", "stage", "region"),
)

REGISTERS: Mapping[str, Register] = {register.name: register for register in (_HEAT_USER, _HOUSEHOLD, _PROJECT)}
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
