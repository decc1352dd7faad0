"""Attributes that several kinds have."""

from __future__ import annotations

from typing import Final

from twin.code_lists import UNIFIED_CODE_STATE
from twin.kinds.model import Attribute, coded

SOURCE_RECORD: Final = "GB/T 38705-2020 5.2.1"
"""Heat source record (TB-12)."""
LINE_RECORD: Final = "GB/T 38705-2020 5.2.2"
"""Network line record (TB-11)."""

COMPANY: Final = Attribute("company_code", "text", "热力企业", reference="company")
YEAR: Final = Attribute("installed_year", "integer", "投运年份")
ADDRESS: Final = Attribute("address", "text", "地址")
ADDRESS_KEY: Final = Attribute("address_key", "text", "地址比对码")
"""What addresses are compared by (`twin.naming.comparison_key`); the import fills it."""
NAME_DELIVERED: Final = Attribute("name_delivered", "text", "原始名称")
"""The name as delivered, where the stored one is written differently; the import fills it."""
SUBSTATION: Final = Attribute("substation_code", "text", "换热站", reference="substation")
AREA_M2: Final = Attribute("heated_area_m2", "number", "供热面积", "m²")
USERS: Final = Attribute("heat_user_count", "integer", "热用户数", "户")
POWER: Final = Attribute("design_power_mw", "number", "设计供热能力", "MW", source=SOURCE_RECORD)
BRANCH: Final = Attribute("branch_code", "text", "电厂支线", reference="plant_branch")
SOURCE: Final = Attribute("source_code", "text", "热源")
VOLUME_M3: Final = Attribute("volume_m3", "number", "容积", "m³")
GATEWAY: Final = Attribute("gateway_code", "text", "采集网关", reference="gateway")
VILLAGE: Final = Attribute("village_code", "text", "村屯", reference="village")
ADCODE: Final = Attribute("adcode", "text", "行政区划代码", source="GB/T 2260")
PARENT: Final = Attribute("parent_code", "text", "上级区域")
OF_KIND: Final = Attribute("of_kind", "text", "对象类型")
OF_CODE: Final = Attribute("of_code", "text", "对象编号")
OWNER: Final = Attribute("owner", "text", "产权单位", source="GB/T 38705-2020 5.2")
OPERATOR: Final = Attribute("operator", "text", "运行单位", source="GB/T 38705-2020 5.2")
STARTED_ON: Final = Attribute("started_on", "date", "投运日期", source="GB/T 38705-2020 5.2")
DESIGN_PRESSURE: Final = Attribute("design_pressure_mpa", "number", "设计压力", "MPa", source="GB/T 38705-2020 5.2")
DESIGN_SUPPLY: Final = Attribute("design_supply_temperature_degc", "number", "设计供水温度", "℃", source="GB/T 38705-2020 5.2")
DESIGN_RETURN: Final = Attribute("design_return_temperature_degc", "number", "设计回水温度", "℃", source="GB/T 38705-2020 5.2")
DESIGN_MEDIUM: Final = (DESIGN_PRESSURE, DESIGN_SUPPLY, DESIGN_RETURN)
UNIFIED: Final = (
    Attribute("unified_code", "text", "统一识别代码", source="CJ/T 553-2024"),
    coded("unified_code_state", "统一识别代码状态", UNIFIED_CODE_STATE),
)
"""The code of the city's digital infrastructure beside ours, see `twin.unified_code`."""
