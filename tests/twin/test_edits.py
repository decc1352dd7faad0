"""What an edit may say: everything that does not fit is named, what fits is stored as an import would store it."""

from __future__ import annotations

import pytest
import shapely

from twin.edits import MOST_VERTICES, fitted_attributes, fitted_geometry, fitted_name, references_of
from twin.errors import BadEdit
from twin.kinds import KINDS

PIPE, BUILDING, VALVE = KINDS["pipe"], KINDS["building"], KINDS["valve"]
STORED = {"network_level": "primary", "side": "supply", "dn": 400}
EXTENT = (125.0, 43.5, 125.8, 44.2)


def test_values_are_stored_as_an_import_stores_them() -> None:
    patch = {"dn": 400.0, "wall_mm": 8, "material": " 钢 ", "side": "return", "burial_depth_m": None, "insulation_method": ""}
    fitted = fitted_attributes(PIPE, patch, STORED)
    assert fitted == {
        "dn": 400,
        "wall_mm": 8.0,
        "material": "钢",
        "side": "return",
        "burial_depth_m": None,
        "insulation_method": None,
    }
    assert isinstance(fitted["dn"], int)
    assert isinstance(fitted["wall_mm"], float)


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"colour": "red"}, "a pipe has no attribute 'colour'; it has network_level"),
        ({"dn": "400"}, r"dn \(公称直径 DN\) = '400' is not a number of mm"),
        ({"dn": 400.5}, "not a whole number of mm"),
        ({"dn": True}, "not a number"),
        ({"wall_mm": float("nan")}, "not a finite number"),
        ({"wall_mm": 1e300}, "not a finite number"),
        ({"wall_mm": [8]}, "not a number"),
        ({"dn": 10**400}, "not a finite number"),
        ({"material": "\ud800"}, "no NUL"),
        ({"side": "left"}, "is not one of supply"),
        ({"material": 7}, "is not a text"),
        ({"material": "a\x00b"}, "no NUL"),
        ({"material": "x" * 2001}, "1 to 2000 characters"),
        ({"side": None}, "is needed of a pipe and cannot be removed"),
        ({"dn": "x", "side": "left"}, "dn .*; side "),
    ],
)
def test_what_does_not_fit_is_named(patch: dict[str, object], message: str) -> None:
    with pytest.raises(BadEdit, match=message):
        fitted_attributes(PIPE, patch, STORED)


def test_a_gas_pipe_needs_neither_level_nor_side() -> None:
    assert fitted_attributes(PIPE, {"side": None, "medium": "gas"}, STORED) == {"side": None, "medium": "gas"}


def test_a_gap_that_the_import_left_does_not_refuse_another_edit() -> None:
    assert fitted_attributes(PIPE, {"dn": 500}, {}) == {"dn": 500}


@pytest.mark.parametrize("value", ["2024-13-01", "20241020x", 5, True])
def test_a_date_is_one_of_the_calendar(value: object) -> None:
    with pytest.raises(BadEdit, match="not a date like 2024-10-20"):
        fitted_attributes(KINDS["company"], {"licence_until": value}, {})


def test_references_are_named_with_their_kind() -> None:
    found = references_of(BUILDING, {"substation_code": "H1", "estate_code": None, "address": "x"})
    assert [(item.attribute, item.kind, item.code) for item in found] == [("substation_code", "substation", "H1")]


def test_names_are_trimmed_and_bounded() -> None:
    assert fitted_name("  一号站 ") == "一号站"
    assert fitted_name("") == ""
    for name in ("x" * 2001, "a\x00"):
        with pytest.raises(BadEdit, match="at most 2000"):
            fitted_name(name)


def test_a_geometry_keeps_its_heights_and_gets_its_srid() -> None:
    line = {"type": "LineString", "coordinates": [[125.3, 43.8, 210.5], [125.31, 43.8, 211]]}
    found = shapely.from_wkb(fitted_geometry(PIPE, line, EXTENT))
    assert shapely.get_srid(found) == 4326
    assert shapely.get_coordinates(found, include_z=True).tolist() == [[125.3, 43.8, 210.5], [125.31, 43.8, 211.0]]


_BOW = [[[125.3, 43.8], [125.4, 43.9], [125.4, 43.8], [125.3, 43.9], [125.3, 43.8]]]


@pytest.mark.parametrize(
    ("kind", "geojson", "message"),
    [
        ("pipe", {"type": "Point", "coordinates": [125.3, 43.8]}, "is a Point; a pipe"),
        ("valve", {"type": "MultiPoint", "coordinates": [[125.3, 43.8]]}, "is a MultiPoint; a valve"),
        ("building", {"type": "Polygon", "coordinates": _BOW}, "invalid: Self-intersection"),
        ("pipe", {"type": "LineString", "coordinates": [[125.3, 43.8], [125.3, 43.8]]}, "invalid|without length"),
        ("pipe", {"type": "LineString", "coordinates": [[125.3, 43.8], [125.3, 43.8 + 1e-9]]}, "without length"),
        ("pipe", {"type": "LineString", "coordinates": [[125.3, 43.8]]}, "cannot be read"),
        ("valve", {"type": "Point", "coordinates": [43.8, 125.3]}, "degrees, longitude first"),
        ("valve", {"type": "Point", "coordinates": [120.0, 43.8]}, "not inside the city's extent 125 43.5 125.8 44.2"),
        ("valve", {"type": "Point", "coordinates": []}, "empty|cannot be read"),
        ("valve", {"type": "Point", "coordinates": ["a", "b"]}, "cannot be read"),
        ("valve", {"type": "Point", "coordinates": None}, "cannot be read"),
        ("valve", {"type": "Point"}, "cannot be read"),
        ("valve", {"type": "Feature", "geometry": None}, "'Feature'; it must be one of"),
        ("valve", {}, "geometry.type is None"),
        ("valve", {"type": ["Point"]}, "must be one of"),
        ("pipe", {"type": "LineString", "coordinates": [[125.3, 43.8]] * (MOST_VERTICES + 1)}, "100001 vertices"),
    ],
)
def test_a_geometry_that_cannot_be_is_refused_with_the_reason(kind: str, geojson: dict[str, object], message: str) -> None:
    with pytest.raises(BadEdit, match=message):
        fitted_geometry(KINDS[kind], geojson, EXTENT)


def test_without_an_extent_a_geometry_may_lie_anywhere_on_the_globe() -> None:
    assert fitted_geometry(VALVE, {"type": "Point", "coordinates": [-3.0, 51.0]}, None)
