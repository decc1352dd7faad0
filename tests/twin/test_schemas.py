from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import pytest

from twin.alarms import DEFAULT_RULE
from twin.errors import BadFrame
from twin.kinds import KINDS
from twin.live import THEME_POINTS
from twin.points.reporting import DEVICE_SCHEMAS
from twin.points.table import read_table
from twin.quantities import QUANTITIES, unit_of_point
from twin.schemas import DEFAULT_SCHEMAS, SCHEMA_OF_KIND, SHIPPED_SCHEMAS, Point, device_schema, schema_from_json

GAUGE = {"name": "flow_m3_per_h", "quantity": "flow"}


def test_every_shipped_schema_comes_back_from_its_json() -> None:
    for schema in SHIPPED_SCHEMAS:
        assert schema_from_json(schema.code, schema.version, [point.as_json() for point in schema.points]) == schema


def test_every_kind_that_reports_has_a_schema() -> None:
    assert set(SCHEMA_OF_KIND) <= set(KINDS)
    assert set(SCHEMA_OF_KIND.values()) | {schema for _, schema in DEVICE_SCHEMAS} <= set(DEFAULT_SCHEMAS)


def test_every_point_names_the_one_unit_of_its_quantity_and_itself_in_both_languages() -> None:
    for schema in SHIPPED_SCHEMAS:
        for point in schema.points:
            assert point.unit == QUANTITIES[point.quantity].unit == unit_of_point(point.name), point.name
            assert point.label_zh.strip(), point.name
            assert point.label_en.strip(), point.name


def test_registers_are_64_bit_and_the_rest_is_not() -> None:
    counted = {"heat", "volume", "energy", "irradiation", "mass", "time"}
    for schema in SHIPPED_SCHEMAS:
        for point in schema.points:
            assert (point.slot == "total") == (point.quantity in counted), point.name


def test_a_later_version_begins_with_the_points_of_the_earlier_one() -> None:
    for earlier, later in pairwise(SHIPPED_SCHEMAS):
        if earlier.code == later.code:
            assert later.version == earlier.version + 1
            assert later.layout[: len(earlier.points)] == earlier.layout
    assert [len(schema.points) for schema in SHIPPED_SCHEMAS if schema.code == "substation"] == [14, 60]
    assert [len(schema.points) for schema in SHIPPED_SCHEMAS if schema.code == "room_sensor"] == [1, 3]


def test_the_default_alarm_and_the_live_themes_find_their_points() -> None:
    assert DEFAULT_SCHEMAS[DEFAULT_RULE.schema_code].column(DEFAULT_RULE.point) is not None
    names = {point.name for schema in DEFAULT_SCHEMAS.values() for point in schema.points}
    assert {name for points in THEME_POINTS.values() for name in points} <= names


@pytest.mark.parametrize(
    ("device_type", "schema"),
    [
        ("热泵风机4P", "air_source_heater"),
        ("热泵水机其他", "electric_heating_set"),
        ("蓄热式电暖气", "electric_heating_set"),
        ("颗粒炉+地暖", "biomass_stove"),
        ("秸秆炉+散热器", "biomass_stove"),
        ("太阳能+热泵", "solar_heating_set"),
        ("太阳能(无辅助热源)", "solar_heating_set"),
        ("燃气壁挂炉", "heating_device"),
    ],
)
def test_a_rural_device_reports_by_its_energy(device_type: str, schema: str) -> None:
    assert device_schema(device_type) == schema


def test_rural_devices_tell_what_the_tender_asks_for() -> None:
    asked = {"on_off_state", "supply_temperature_degc", "return_temperature_degc", "power_kw"}
    for code in ("electric_heating_set", "biomass_stove", "solar_heating_set"):
        names = {point.name for point in DEFAULT_SCHEMAS[code].points}
        assert asked <= names
        assert len(names) == 8
    assert {"auxiliary_source_state", "auxiliary_power_kw"} <= {p.name for p in DEFAULT_SCHEMAS["solar_heating_set"].points}


# ---------------------------------------------------------------- against the data dictionary

_UNITS = {"℃": "degC", "m³/h": "m3/h", "m³": "m3", "kW·h": "kWh", "W/m²": "W/m2", "MJ/m²": "MJ/m2"}
_SPLIT = {"switchboard_electrical_parameters", "three_phase_voltage", "circuit_values"}
"""Rows of the dictionary that stand for several numbers."""
_WORDED = {"fuel_or_clean_energy_consumption", "video_surveillance"}
"""Rows whose quantity or unit the dictionary leaves open."""


def _dictionary(shared: Path) -> list[dict[str, str]]:
    with (shared / "domain" / "telemetry-points.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_point_of_the_data_dictionary_has_its_place_in_a_schema(shared: Path) -> None:
    places: dict[tuple[str, str], list[Point]] = {}
    for row in read_table():
        places.setdefault((row.facility, row.facility_point), []).append(row.point)
    for row in _dictionary(shared):
        assert places.get((row["facility_en"], row["point_en"])), row


def test_points_are_what_the_data_dictionary_says(shared: Path) -> None:
    rows = {(row["facility_en"], row["point_en"]): row for row in _dictionary(shared)}
    exact = 0
    for ours in read_table():
        if not ours.facility:
            continue
        row, point = rows[ours.facility, ours.facility_point], ours.point
        assert row["source_clause"] == point.clause
        if point.name.removesuffix(QUANTITIES[point.quantity].suffix) != ours.facility_point:
            continue  # one of several points that a row became, or the name it had before
        exact += 1
        assert (row["side"], row["mandatory"] == "must", row["alarm"]) == (point.side, point.mandatory, point.alarm), row
        assert row["point_zh"] == point.label_zh
        if row["point_en"] not in _SPLIT | _WORDED:
            assert row["quantity"] == point.quantity
            assert _UNITS.get(row["unit"], row["unit"]) == point.unit
    assert exact >= len(rows) - len(_SPLIT) - 4


def test_only_what_is_tested_now_and_then_has_no_period(shared: Path) -> None:
    rows = {(row["facility_en"], row["point_en"]): row for row in _dictionary(shared)}
    for ours in read_table():
        if ours.facility and ours.facility not in {"water_quality", "heat_station_or_pressure_isolation_station_test"}:
            row = rows[ours.facility, ours.facility_point]
            at_times = "periodic" in row["source_clause"] or "节能检测" in row["point_zh"]
            assert (ours.point.period_s == 0) == at_times, row
    assert [code for code, schema in DEFAULT_SCHEMAS.items() if not schema.continuous] == ["water_quality", "station_energy_test"]


@pytest.mark.parametrize(
    ("point", "problem"),
    [
        ({**GAUGE, "quantity": "weight"}, "is not a quantity"),
        ({**GAUGE, "name": "flow_kg_per_s"}, "_m3_per_h"),
        ({**GAUGE, "name": "main flow_m3_per_h"}, "identifier"),
        ({**GAUGE, "unit": "t/h"}, "m3/h"),
        ({**GAUGE, "slot": "register"}, "gauge"),
        ({**GAUGE, "min": 5, "max": 5}, "min must be below max"),
        ({**GAUGE, "period_s": -1}, "period_s -1"),
    ],
)
def test_a_point_that_does_not_fit_is_named(point: dict[str, object], problem: str) -> None:
    with pytest.raises(BadFrame, match=problem):
        schema_from_json("pump", 1, [point])


def test_a_schema_needs_points_and_no_name_twice() -> None:
    with pytest.raises(BadFrame, match="0 points"):
        schema_from_json("pump", 1, [])
    with pytest.raises(BadFrame, match="more than once"):
        schema_from_json("pump", 1, [GAUGE, GAUGE])
