"""Records of what measures where: against the tables of the standard, and thresholds as text."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.code_lists import MEASURING_DEVICE_STATE, MEASURING_DEVICE_TYPE, MONITORED_ITEM
from twin.errors import BadRecord
from twin.kinds import KINDS
from twin.measuring import (
    BOUNDARIES,
    DEVICE_FIELDS,
    POINT_FIELDS,
    THRESHOLD_FIELDS,
    Limits,
    check_codes,
    check_levels,
    check_place,
    check_texts,
    item_schema,
    read_limits,
    write_limits,
)
from twin.schemas import DEFAULT_SCHEMAS

TABLES = {
    "monitoring_point": POINT_FIELDS,
    "monitoring_device": DEVICE_FIELDS,
    "monitoring_item_threshold": THRESHOLD_FIELDS,
}


def test_our_fields_are_those_of_the_standards_tables(shared: Path) -> None:
    with (shared / "domain" / "cjt545-tables.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for table, fields in TABLES.items():
        printed = [
            (row["field_code"], int(row["length"] or 0), row["constraint"] == "M") for row in rows if row["table_en"] == table
        ]
        assert [(field.code, field.length, field.mandatory) for field in fields] == printed
    states = next(row["values"] for row in rows if (row["table_en"], row["field_code"]) == ("monitoring_device", "SBZT"))
    assert [state.partition("=")[0] for state in states.split(";")] == list(MEASURING_DEVICE_STATE.codes)


def test_every_item_has_a_schema_of_one_point_in_its_unit(shared: Path) -> None:
    units = {"℃": "degC", "MPa": "MPa", "VOL%": "%", "": ""}
    with (shared / "domain" / "code-lists.csv").open(encoding="utf-8", newline="") as file:
        printed = {row["code"]: row["unit"] for row in csv.DictReader(file) if row["list"] == "monitored_item"}
    assert printed.keys() == MONITORED_ITEM.codes.keys()
    for item, unit in printed.items():
        (point,) = DEFAULT_SCHEMAS[item_schema(item)].points
        assert point.unit == units[unit], item
    assert {code[-4:] for code in MEASURING_DEVICE_TYPE.codes} == {code[-4:] for code in printed}


def test_boundary_joints_lie_at_kinds_that_exist() -> None:
    assert set().union(*BOUNDARIES.values()) <= set(KINDS)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("<0.2;>1.6", Limits(0.2, 1.6)),
        ("＞95", Limits(None, 95.0)),
        ("< -12.5", Limits(-12.5, None)),
        ("0.2~1.6", Limits(0.2, 1.6)),
        ("", Limits()),
    ],
)
def test_thresholds_are_read(text: str, limits: Limits) -> None:
    assert read_limits(text) == limits


@pytest.mark.parametrize("text", ["95", "<1;<2", ">1;<2", "a~b", ">=3", "2~1", "<nan", ">1e5"])
def test_a_threshold_that_is_none_is_named(text: str) -> None:
    with pytest.raises(BadRecord, match="threshold is"):
        read_limits(text)


NUMBERS = st.none() | st.floats(-1e9, 1e9)


@given(st.tuples(NUMBERS, NUMBERS).filter(lambda pair: None in pair or pair[0] < pair[1]))
def test_written_thresholds_are_read_back(pair: tuple[float | None, float | None]) -> None:
    assert read_limits(write_limits(Limits(*pair))) == Limits(*pair)


def test_a_higher_level_alarms_later_than_a_lower_one() -> None:
    check_levels((Limits(30, 110), Limits(), Limits(35, 95)))
    with pytest.raises(BadRecord, match="level 1 alarms above 90, level 3 above 95"):
        check_levels((Limits(None, 90), Limits(), Limits(None, 95)))
    with pytest.raises(BadRecord, match="level 1 alarms below 40, level 2 below 35"):
        check_levels((Limits(40, None), Limits(35, None), Limits()))


def test_what_the_standard_does_not_allow_is_named() -> None:
    with pytest.raises(BadRecord, match=r"measures JCX_0014, not JCX_0015"):
        check_codes("device 'a'", device_type="SBLX_0014", item="JCX_0015", state="正常")
    with pytest.raises(BadRecord, match=r"item is None; give both, or neither"):
        check_codes("device 'a'", device_type="SBLX_0014", item=None, state="正常")
    with pytest.raises(BadRecord, match=r"state \(SBZT\) is 'ok'; it must be one of 未使用"):
        check_codes("device 'a'", device_type=None, item=None, state="ok")
    with pytest.raises(BadRecord, match="there is no boundary source_network at a substation"):
        check_place("point 'a'", facility_type="SZSSLX_GRGW", boundary="source_network", asset_kind="substation")
    with pytest.raises(BadRecord, match="facility_type"):
        check_place("point 'a'", facility_type="SZSSLX_X", boundary=None, asset_kind="substation")


def test_texts_are_measured_in_the_bytes_of_the_standard() -> None:
    check_texts("point 'a'", POINT_FIELDS, {"name": "测" * 32})
    with pytest.raises(BadRecord, match=r"name \(DWMC\) takes 66 bytes in GB 18030; at most 64 fit"):
        check_texts("point 'a'", POINT_FIELDS, {"name": "测" * 33})
    with pytest.raises(BadRecord, match=r"street \(SZJD\) is empty"):
        check_texts("point 'a'", POINT_FIELDS, {"street": " "})
