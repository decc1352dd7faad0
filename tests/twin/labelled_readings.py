"""Real readings held against the rules of data quality: labelled faults of an air handling unit, substations, a heat meter.

Run as a program (`make check-faults`) it prints one line a set.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from tests.conftest import SHARED
from twin.arrays import BoolArray, Float64Array
from twin.points.model import FrameSchema, Point
from twin.quality import Quality, flag_values
from twin.quality_rules.checks import INTAKE, assess, make_checks
from twin.quality_rules.model import QualityRule, rule_from_json
from twin.quality_rules.rows import rows_of_frames
from twin.quality_rules.shipped import SHIPPED_RULES

DATA = SHARED / "data"
FAULTY_SHARE = 0.1
"""A day counts as found when so large a share of the minutes with the fan on is flagged."""
_AIR = {
    "supply_air_temperature_degc": "AHU: Supply Air Temperature",
    "outdoor_temperature_degc": "AHU: Outdoor Air Temperature",
    "mixed_air_temperature_degc": "AHU: Mixed Air Temperature",
    "return_air_temperature_degc": "AHU: Return Air Temperature",
}
_SIGNALS = {
    "fan_state": "AHU: Supply Air Fan Status",
    "cooling_valve_share": "AHU: Cooling Coil Valve Control Signal",
    "heating_valve_share": "AHU: Heating Coil Valve Control Signal",
}
_RISE = "supply_air_temperature_degc - mixed_air_temperature_degc"
AIR_RULES = {
    "heating_leaks": f"fan_state < 0.5 or heating_valve_share > 0 or {_RISE} <= 2",
    "cooling_leaks": f"fan_state < 0.5 or cooling_valve_share > 0 or {_RISE} >= -1.5",
    "heating_stuck": f"fan_state < 0.5 or heating_valve_share < 0.99 or {_RISE} >= 3",
    "cooling_stuck": f"fan_state < 0.5 or cooling_valve_share < 0.99 or {_RISE} <= -3",
}
"""A coil whose valve is shut neither warms nor cools the air; one whose valve is open does."""


def _degc(name: str, low: float, high: float) -> Point:
    return Point(name, "temperature", "degC", low=low, high=high)


AIR_UNIT = FrameSchema(
    "air_unit", 1, (*(_degc(name, -40, 90) for name in _AIR), *(Point(name, "share", "1", low=0, high=1) for name in _SIGNALS))
)
SUBSTATION = FrameSchema(
    "substation",
    90,
    (
        _degc("outdoor_temperature_degc", -50, 50),
        _degc("primary_supply_temperature_degc", 0, 150),
        _degc("primary_return_temperature_degc", 0, 150),
        _degc("secondary_supply_temperature_degc", 0, 150),
        _degc("secondary_return_temperature_degc", 0, 150),
        Point("primary_heat_total_gj", "heat", "GJ", slot="total", low=0),
        Point("primary_heat_power_mw", "power", "MW", low=0, high=500),
    ),
)
METER = FrameSchema(
    "heat_meter",
    1,
    (Point("heat_total_kwh", "energy", "kWh", slot="total"), Point("volume_total_m3", "volume", "m3", slot="total")),
)


def air_rules() -> list[QualityRule]:
    """Return the rules for the air handling unit."""
    rules = [
        {"code": code, "kind": "related", "name_zh": code, "severity": 3, "parameters": {"expression": text}}
        for code, text in AIR_RULES.items()
    ]
    return [rule_from_json(rule) for rule in rules]


def _flagged(
    schema: FrameSchema, at_ms: Float64Array, values: Float64Array, rules: list[QualityRule]
) -> tuple[BoolArray, dict[str, int]]:
    """Return which frames have a flagged value, and how many values each rule flags."""
    none = np.full(values.shape, Quality.NOT_EVALUATED, np.uint8)
    quality = flag_values(values, none, schema.low, schema.high)
    period_ms = int(np.median(np.diff(at_ms)))
    rows = rows_of_frames(at_ms.astype(np.int64), values, quality, period_ms=period_ms)
    checks = make_checks(schema, [rule for rule in rules if rule.kind not in ("timeliness", "neighbour", "balance")])
    assessed = assess(rows, checks)
    numbers, counts = np.unique(assessed.by[assessed.by > 0], return_counts=True)
    codes = {INTAKE: "intake"} | {number: check.rule.code for number, check in enumerate(checks, 1)}
    return (assessed.by > 0).any(axis=1), {
        codes[number]: int(n) for number, n in zip(numbers.tolist(), counts.tolist(), strict=True)
    }


def air_unit_scores(rules: list[QualityRule]) -> dict[str, object]:
    """Score rules on the 15 labelled days of an air handling unit: fifteen events, fourteen of them faulty."""
    table = pd.read_csv(DATA / "telemetry-labelled-faults" / "SZCAV.csv.gz", low_memory=False)
    table.columns = [str(name).strip() for name in table.columns]
    at = pd.to_datetime(table["Datetime"], format="%m/%d/%Y %H:%M")
    columns = [(pd.to_numeric(table[name], errors="coerce") - 32) / 1.8 for name in _AIR.values()]
    columns += [pd.to_numeric(table[name], errors="coerce") for name in _SIGNALS.values()]
    values = np.stack([column.to_numpy(np.float64) for column in columns], axis=1)
    flagged, by_rule = _flagged(AIR_UNIT, at.to_numpy("datetime64[ms]").astype(np.float64), values, rules)
    fan = values[:, 4] > 0.5
    days = pd.DataFrame({"day": at.dt.date, "flagged": flagged, "label": table["Fault Detection Ground Truth"]})[fan].groupby(
        "day"
    )
    found, faulty = (days["flagged"].mean() >= FAULTY_SHARE).to_numpy(), (days["label"].mean() > 0.5).to_numpy()
    hits, false, missed = int((found & faulty).sum()), int((found & ~faulty).sum()), int((~found & faulty).sum())
    f_half = 1.25 * hits / (1.25 * hits + false + 0.25 * missed) if hits else 0.0
    return {
        "days": len(found),
        "faulty": int(faulty.sum()),
        "found": hits,
        "false": false,
        "accuracy": round(float((found == faulty).mean()), 3),
        "event_f_half": round(f_half, 3),
        "by_rule": by_rule,
    }


def substation_flags(name: str = "xai4heat_scada_L4.csv.gz") -> dict[str, object]:
    """Return what the shipped rules flag in years of a real substation, and the falls of its register counted by hand."""
    table = pd.read_csv(DATA / "telemetry-nis-substations" / name).iloc[::-1].drop_duplicates("datetime")
    at = pd.to_datetime(table["datetime"]).to_numpy("datetime64[ms]").astype(np.float64)
    order = np.argsort(at, kind="stable")
    given = [table[column].to_numpy(np.float64) for column in ("t_amb", "t_sup_prim", "t_ret_prim", "t_sup_sec", "t_ret_sec")]
    values = np.stack([*given, table["e"].to_numpy(np.float64) * 3.6, table["pe"].to_numpy(np.float64) / 1000], axis=1)[order]
    _, by_rule = _flagged(SUBSTATION, at[order], values, list(SHIPPED_RULES))
    register = values[:, 5]
    falls = int(np.count_nonzero(np.diff(register) < 0))
    return {"frames": len(values), "values": int(np.count_nonzero(~np.isnan(values))), "falls": falls, "by_rule": by_rule}


def meter_flags() -> dict[str, object]:
    """Return what the shipped rules flag in three years of a real heat meter."""
    table = pd.read_csv(DATA / "telemetry-danish-heat-meters" / "processed_final_data_sample.csv")
    at = pd.to_datetime(table["time_rounded"]).dt.tz_localize(None).to_numpy("datetime64[ms]").astype(np.float64)
    values = table[["energy_heat_kwh", "volume_flow_m3"]].to_numpy(np.float64)
    _, by_rule = _flagged(METER, at, values, list(SHIPPED_RULES))
    return {"frames": len(values), "values": int(values.size), "by_rule": by_rule}


def main() -> None:
    """Print every set as one line of JSON."""
    sets = {
        "air unit, shipped rules": air_unit_scores(list(SHIPPED_RULES)),
        "air unit, four formulas": air_unit_scores(air_rules()),
        "substation L4": substation_flags(),
        "substation L8": substation_flags("xai4heat_scada_L8.csv.gz"),
        "heat meter": meter_flags(),
    }
    for name, figures in sets.items():
        print(json.dumps({"set": name, **figures}))  # noqa: T201 - a program's answer


if __name__ == "__main__":
    main()
