"""Who is heated, and what measures there."""

from __future__ import annotations

from typing import Final

from twin.code_lists import (
    BUILDING_TYPE,
    CHARGING_MODE,
    ENERGY_CLASS,
    HEAT_CONTROL_MODE,
    HEAT_METERING_MODE,
    HEATING_SYSTEM_FORM,
    HEATING_TERMINAL_FORM,
)
from twin.kinds.codes import HEIGHT_SOURCES
from twin.kinds.model import Attribute, Kind, coded
from twin.kinds.shared import (
    ADDRESS,
    AREA_M2,
    COMPANY,
    GATEWAY,
    OF_CODE,
    OF_KIND,
    SUBSTATION,
    UNIFIED,
    USERS,
    VILLAGE,
    YEAR,
)

_RECORD: Final = "GB/T 43097-2023 6.1.4"
_SEASON: Final = "GB/T 43097-2023 8.6"

_BUILDING_RECORD: Final = (
    coded("building_type", "建筑类型", BUILDING_TYPE),
    Attribute("building_use", "text", "建筑用途"),
    Attribute("year_built", "integer", "建成年份", source=_RECORD),
    coded("energy_class", "节能等级", ENERGY_CLASS),
    coded("heating_system", "供暖系统制式", HEATING_SYSTEM_FORM),
    coded("metering_mode", "热计量方式", HEAT_METERING_MODE),
    coded("control_mode", "调控方式", HEAT_CONTROL_MODE),
    coded("terminal_form", "供暖末端形式", HEATING_TERMINAL_FORM),
    Attribute("radiator_area_m2", "number", "散热器供热面积", "m²", source=_RECORD),
    Attribute("radiant_floor_area_m2", "number", "地板辐射供热面积", "m²", source=_RECORD),
    Attribute("fan_coil_area_m2", "number", "风机盘管供热面积", "m²", source=_RECORD),
    coded("charging_mode", "收费方式", CHARGING_MODE),
)
_BUILDING_SEASON: Final = (
    Attribute("season", "text", "采暖季", source=_SEASON),
    Attribute("paying_user_count", "integer", "实际缴纳热费用户数", "户", source=_SEASON),
    Attribute("actual_heated_area_m2", "number", "实际供热面积", "m²", source=_SEASON),
    Attribute("monitored_household_count", "integer", "室温监测户数", "户", source=_SEASON),
    Attribute("mean_room_temperature_degc", "number", "平均室内温度", "℃", source=_SEASON),
    Attribute("room_temperature_in_range_percent", "number", "室温达标率", "%", source=_SEASON),
    Attribute("room_temperature_high_percent", "number", "室温超高率", "%", source=_SEASON),
    Attribute("season_heat_gj", "number", "总供热量", "GJ", source=_SEASON),
    Attribute("season_heat_gj_per_m2", "number", "单位面积供热量", "GJ/m²", source=_SEASON),
)
"""Figures of the last full heating season."""

KINDS: Final = (
    Kind("estate", "小区", "polygon", (SUBSTATION, ADDRESS, YEAR, COMPANY, *UNIFIED)),
    Kind(
        "building",
        "楼栋",
        "polygon",
        (
            Attribute("storeys", "integer", "层数"),
            Attribute("height_m", "number", "高度", "m"),
            Attribute("height_source", "code", "高度来源", codes=HEIGHT_SOURCES),
            Attribute("estate_code", "text", "小区", reference="estate"),
            Attribute("critical_use", "text", "重点保障"),
            SUBSTATION,
            AREA_M2,
            USERS,
            Attribute("heat_load_mw", "number", "热负荷", "MW"),
            ADDRESS,
            *_BUILDING_RECORD,
            *_BUILDING_SEASON,
            *UNIFIED,
        ),
    ),
    Kind(
        "room_sensor",
        "室温测点",
        "point",
        (
            Attribute("building_code", "text", "楼栋", reference="building"),
            Attribute("heat_user_code", "text", "热用户"),
            GATEWAY,
            *UNIFIED,
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
            VILLAGE,
            GATEWAY,
            YEAR,
            COMPANY,
            *UNIFIED,
        ),
    ),
    Kind("gateway", "采集网关", "point", (OF_KIND, OF_CODE)),
    Kind("camera", "摄像头", "point", (OF_KIND, OF_CODE)),
)
