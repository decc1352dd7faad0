"""The rules that ship: every city starts with them, and may change or switch off each (`docs/quality.md` lists them)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from twin.quality_rules.model import Parameter, QualityRule, RuleKind

_OUTDOOR: Final = "outdoor_temperature_degc"
_ROOMS: Final = ("room_temperature_degc", "indoor_temperature_degc")
_PIPES: Final = ("*supply_temperature_degc", "*return_temperature_degc")
HEAT_MW: Final = 0.001163
"""Power in MW of 1 m3/h of water that loses 1 K: 1000 kg/m3 x 4186.8 J/(kg K) / 3600 s / 1e6."""


def _rule(
    code: str,
    kind: RuleKind,
    names: tuple[str, str],
    severity: int,
    parameters: Mapping[str, Parameter],
    *,
    points: Sequence[str] = (),
    schemas: Sequence[str] = (),
) -> QualityRule:
    return QualityRule(code, kind, *names, severity, tuple(schemas), tuple(points), dict(parameters))


def _heat(code: str, names: tuple[str, str], text: str, schemas: Sequence[str], points: Sequence[str]) -> QualityRule:
    return _rule(code, "related", names, 3, {"expression": text}, schemas=schemas, points=points)


SHIPPED_RULES: Final[tuple[QualityRule, ...]] = (
    _rule(
        "sentinel_numbers",
        "sentinel",
        ("占位值", "Numbers that stand for no value"),
        4,
        {"values": (-9999.0, -999.0, -999.9, -99.0, -327.68, -32768.0, 3276.7, 6553.5, 9999.0, 65535.0)},
    ),
    _rule(
        "sentinel_sensor",
        "sentinel",
        ("温度传感器占位值", "Power-on and error values of temperature sensors"),
        4,
        {"values": (85.0, 127.0, -127.0)},
        points=(*_ROOMS, _OUTDOOR),
    ),
    _rule(
        "sentinel_zero",
        "sentinel",
        ("供回水温度恰为零", "Supply or return temperature of exactly zero"),
        3,
        {"values": (0.0,)},
        points=_PIPES,
    ),
    _rule(
        "unit_pressure",
        "unit",
        ("压力单位（kPa、bar）", "Pressure in kPa or bar"),
        4,
        {"factors": (0.001, 0.1)},
        points=("*_pressure_mpa",),
    ),
    _rule(
        "unit_temperature",
        "unit",
        ("温度单位（0.1 ℃、K）", "Temperature in tenths of a degree or in kelvin"),
        4,
        {"factors": (0.1,), "offsets": (-273.15,)},
        points=("*_temperature_degc",),
    ),
    _rule("format_state", "format", ("状态量不是整数", "State that is no whole number"), 4, {"whole": True}, points=("*_state",)),
    _rule("range", "boundary", ("超出量程", "Outside the range of the point"), 4, {}),
    _rule(
        "mandatory", "completeness", ("必报测点缺测", "Value that every station must send is missing"), 4, {"mandatory": True},
        points=("primary_supply_temperature_degc", "primary_return_temperature_degc", "primary_supply_pressure_mpa",
                "primary_return_pressure_mpa", "primary_flow_m3_per_h", "secondary_supply_temperature_degc",
                "secondary_return_temperature_degc", "supply_temperature_degc", "return_temperature_degc"),
        schemas=("substation", "plant", "boiler_house"),
    ),
    _rule("dropped", "completeness", ("曾上报的测点缺测", "Value that was sent before is missing"), 4, {}),
    _rule("repeated_frame", "duplicate", ("整帧重复", "Whole frame repeated"), 3, {"frames": 120},
          schemas=("substation", "plant")),
    _rule("flat_station", "flat", ("站内温度、流量不变", "Temperature or flow of a station stands still"), 3,
          {"minutes": 120.0}, points=(*_PIPES, "*flow_m3_per_h", "!secondary_*flow_m3_per_h"),
          schemas=("substation", "plant", "boiler_house")),
    _rule("flat_room", "flat", ("室温不变", "Room temperature stands still"), 3, {"minutes": 2880.0}, points=_ROOMS),
    _rule("jump_pipe", "jump", ("水温跳变", "Jump of a water temperature"), 3,
          {"rise_per_min": 15.0, "fall_per_min": 15.0}, points=_PIPES),
    _rule("jump_room", "jump", ("室温跳变", "Jump of a room temperature"), 3,
          {"rise_per_min": 3.0, "fall_per_min": 3.0}, points=_ROOMS),
    _rule("jump_outdoor", "jump", ("室外温度跳变", "Jump of the outdoor temperature"), 3,
          {"rise_per_min": 3.0, "fall_per_min": 3.0}, points=(_OUTDOOR,)),
    _rule("jump_pressure", "jump", ("压力跳变", "Jump of a pressure"), 3,
          {"rise_per_min": 0.5, "fall_per_min": 0.5}, points=("*_pressure_mpa",)),
    _rule("register_back", "jump", ("累计量倒退", "Register that goes back"), 3,
          {"fall_per_min": 0.0}, points=("*_total_gj", "*_total_m3", "*_total_kwh")),
    _heat("supply_above_return_primary", ("一次供水低于回水", "Primary supply colder than return"),
          "primary_supply_temperature_degc >= primary_return_temperature_degc - 1", ("substation",), ()),
    _heat("supply_above_return_secondary", ("二次供水低于回水", "Secondary supply colder than return"),
          "secondary_supply_temperature_degc >= secondary_return_temperature_degc - 1", ("substation",), ()),
    _heat("supply_above_return", ("供水低于回水", "Supply colder than return"),
          "supply_temperature_degc >= return_temperature_degc - 1",
          ("plant", "boiler_house", "building_inlet", "source_network_boundary"), ()),
    _heat("secondary_below_primary", ("二次供水高于一次供水", "Secondary supply hotter than primary"),
          "primary_heat_power_mw <= 0.01 or secondary_supply_temperature_degc <= primary_supply_temperature_degc + 1",
          ("substation",), ("secondary_supply_temperature_degc", "primary_supply_temperature_degc")),
    _heat("pressure_drop_primary", ("一次供水压力低于回水", "Primary supply pressure below return"),
          "primary_supply_pressure_mpa >= primary_return_pressure_mpa - 0.02", ("substation",), ()),
    _heat("heat_balance_primary", ("一次热量与流量温差不符", "Primary power is not flow times drop of temperature"),
          f"abs(primary_heat_power_mw - primary_flow_m3_per_h * {HEAT_MW} * (primary_supply_temperature_degc"
          " - primary_return_temperature_degc)) <= max(0.2 * primary_heat_power_mw, 0.05)",
          ("substation",), ("primary_heat_power_mw", "primary_flow_m3_per_h")),
    _heat("heat_balance", ("热量与流量温差不符", "Power is not flow times drop of temperature"),
          f"abs(heat_power_mw - flow_m3_per_h * {HEAT_MW} * (supply_temperature_degc - return_temperature_degc))"
          " <= max(0.2 * heat_power_mw, 0.5)",
          ("plant", "boiler_house"), ("heat_power_mw", "flow_m3_per_h")),
    _rule("outdoor_neighbours", "neighbour", ("室外温度与邻近不符", "Outdoor temperature unlike the neighbours'"), 3,
          {"difference": 8.0, "least": 5.0}, points=(_OUTDOOR,)),
    _rule("balance_heat", "balance", ("热源与换热站热量不平衡", "Heat of sources and substations does not balance"), 3,
          {"loss": 0.25, "gain": 0.1}, points=("heat_power_mw", "primary_heat_power_mw"),
          schemas=("plant", "boiler_house", "substation")),
    _rule("balance_flow", "balance", ("热源与换热站流量不平衡", "Flow of sources and substations does not balance"), 3,
          {"loss": 0.15, "gain": 0.1}, points=("flow_m3_per_h", "primary_flow_m3_per_h"),
          schemas=("plant", "boiler_house", "substation")),
    _rule("timeliness", "timeliness", ("迟报、中断、时钟超前", "Late, silent, or clock ahead"), 3,
          {"periods": 3.0, "ahead_s": 20.0}),
)  # fmt: skip
"""In the order in which they are listed."""
