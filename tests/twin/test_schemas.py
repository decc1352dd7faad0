from __future__ import annotations

import csv
from pathlib import Path

import pytest

from twin.errors import BadFrame
from twin.kinds import KINDS
from twin.quantities import QUANTITIES, unit_of_point
from twin.schemas import DEFAULT_SCHEMAS, schema_from_json

GAUGE = {"name": "flow_m3_per_h", "quantity": "flow"}


def test_every_shipped_schema_comes_back_from_its_json() -> None:
    for schema in DEFAULT_SCHEMAS.values():
        assert schema_from_json(schema.code, schema.version, [point.as_json() for point in schema.points]) == schema


def test_shipped_schemas_are_named_after_asset_kinds() -> None:
    assert set(DEFAULT_SCHEMAS) <= set(KINDS)


def test_every_point_names_the_one_unit_of_its_quantity() -> None:
    for schema in DEFAULT_SCHEMAS.values():
        for point in schema.points:
            assert point.unit == QUANTITIES[point.quantity].unit == unit_of_point(point.name), point.name


def test_registers_are_64_bit_and_the_rest_is_not() -> None:
    totals = {p.name for s in DEFAULT_SCHEMAS.values() for p in s.points if p.slot == "total"}
    assert totals == {name for s in DEFAULT_SCHEMAS.values() for name in (p.name for p in s.points) if "total" in name}
    assert "primary_heat_total_gj" in totals


def test_the_substation_has_every_point_that_the_standard_asks_for(shared: Path) -> None:
    with (shared / "domain" / "telemetry-points.csv").open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["facility_en"] == "heat_station" and "5.6.1" in row["source_clause"]]
    # branches and single systems of a station are sources of their own
    wanted = {row["point_en"] for row in rows if "branch" not in row["point_en"] and "per_system" not in row["point_en"]}
    assert len(wanted) > 10
    names = {point.name.removesuffix(QUANTITIES[point.quantity].suffix) for point in DEFAULT_SCHEMAS["substation"].points}
    assert wanted <= names


@pytest.mark.parametrize(
    ("point", "problem"),
    [
        ({**GAUGE, "quantity": "weight"}, "is not a quantity"),
        ({**GAUGE, "name": "flow_kg_per_s"}, "_m3_per_h"),
        ({**GAUGE, "name": "main flow_m3_per_h"}, "identifier"),
        ({**GAUGE, "unit": "t/h"}, "m3/h"),
        ({**GAUGE, "slot": "register"}, "gauge"),
        ({**GAUGE, "min": 5, "max": 5}, "min must be below max"),
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
