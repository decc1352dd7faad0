"""Where heat comes from: plants, boiler houses, stations of long-distance mains, stores."""

from __future__ import annotations

from typing import Final

from twin.code_lists import (
    ENERGY_KIND,
    HEATING_MODE,
    STATION_AUTOMATION,
    STATION_CONNECTION,
    STATION_EXCHANGE,
    STATION_MANAGEMENT,
    STATION_SPECIAL,
)
from twin.kinds.codes import PUMPED_SIDES
from twin.kinds.model import Attribute, Kind, coded
from twin.kinds.shared import (
    ADDRESS,
    AREA_M2,
    BRANCH,
    COMPANY,
    DESIGN_MEDIUM,
    OPERATOR,
    OWNER,
    POWER,
    SOURCE,
    SOURCE_RECORD,
    STARTED_ON,
    UNIFIED,
    VOLUME_M3,
    YEAR,
)

_RUNNING: Final = Attribute("running", "boolean", "运行中")
_RECORD: Final = (
    OWNER,
    OPERATOR,
    STARTED_ON,
    coded("source_type", "热源类型", HEATING_MODE),
    coded("energy_kind", "能源类型", ENERGY_KIND),
    *DESIGN_MEDIUM,
    Attribute("main_equipment", "text", "主要设备规格及设计参数", source=SOURCE_RECORD),
)
"""What a heat source record asks beside number, name, address and capacity."""

KINDS: Final = (
    Kind("plant", "电厂", "point", (POWER, COMPANY, ADDRESS, _RUNNING, *_RECORD, *UNIFIED)),
    Kind(
        "plant_branch", "电厂支线", "any", (Attribute("plant_code", "text", "电厂", reference="plant"), POWER, COMPANY, *UNIFIED)
    ),
    Kind(
        "boiler_house",
        "锅炉房",
        "point",
        (POWER, COMPANY, ADDRESS, _RUNNING, Attribute("peak_only", "boolean", "调峰"), *_RECORD, *UNIFIED),
    ),
    Kind(
        "substation",
        "换热站",
        "point",
        (
            SOURCE,
            BRANCH,
            Attribute("system_count", "integer", "系统数"),
            POWER,
            AREA_M2,
            COMPANY,
            ADDRESS,
            YEAR,
            coded("management", "管理权限", STATION_MANAGEMENT),
            coded("exchange_form", "换热形式", STATION_EXCHANGE),
            coded("connection_form", "连接形式", STATION_CONNECTION),
            coded("automation", "自动化程度", STATION_AUTOMATION),
            coded("special_type", "特殊类型", STATION_SPECIAL),
            *UNIFIED,
        ),
    ),
    Kind(
        "relay_pump_station",
        "中继泵站",
        "point",
        (
            BRANCH,
            Attribute("pump_count", "integer", "水泵台数", "台"),
            Attribute("head_mpa", "number", "扬程", "MPa"),
            Attribute("pumped_side", "code", "加压侧", codes=PUMPED_SIDES),
            Attribute("design_flow_t_per_h", "number", "设计流量", "t/h", source="GB/T 43097-2023 6.1.2"),
            COMPANY,
            YEAR,
            *UNIFIED,
        ),
    ),
    Kind("relay_energy_station", "中继能源站", "point", (BRANCH, POWER, COMPANY, YEAR, *UNIFIED)),
    Kind("isolating_station", "隔压站", "point", (BRANCH, POWER, COMPANY, YEAR, *UNIFIED)),
    Kind("accumulator", "储热器", "point", (SOURCE, VOLUME_M3, COMPANY, YEAR, *UNIFIED)),
    Kind("water_tank", "储水罐", "point", (SOURCE, VOLUME_M3, COMPANY, YEAR, *UNIFIED)),
)
