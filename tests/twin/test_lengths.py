"""Lengths by the bands of GB/T 43097: the rows are those that are printed, and the bands of a class share it out without rest."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.build import network_class
from twin.kinds import KINDS
from twin.lengths import (
    BREAKDOWN_NAMES,
    CLASSES,
    LAYING_OF_BURIAL,
    LAYINGS,
    MATERIAL_PATTERNS,
    MATERIALS,
    LengthRow,
    LengthSum,
    tabulate,
)

TABLES = {
    "long_distance": "long_distance_network_length",
    "primary": "primary_network_length",
    "secondary": "secondary_network_length",
    "direct": "direct_connection_network_length",
}
PIPE = LengthSum(2, 1, 1, 500, 2010, None, pipe_count=1, length_m=1000.0)


def banded(*sums: LengthSum, by: str, year: int = 2026) -> dict[tuple[str, str], float]:
    return {(row.network_class, row.band): row.length_m or 0.0 for row in tabulate(sums, [by], year=year) if row.length_m}


@pytest.mark.parametrize("name", TABLES)
def test_every_printed_row_of_pipes_is_there_under_its_number(shared: Path, name: str) -> None:
    with (shared / "domain" / "gbt43097-statistics.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["table_en"] == TABLES[name]]
    printed = {int(row["no"]): row["indicator_zh"] for row in rows if not row["group"].startswith("厂站")}
    ours = {
        row.no: row.label_zh.partition("：")[2]
        for row in tabulate([], BREAKDOWN_NAMES, year=2026)
        if row.network_class == name and row.no
    }
    assert ours == printed


@pytest.mark.parametrize(
    ("network_class", "dn", "band"),
    [
        (1, 1200, "to_1200"),
        (1, 1201, "over_1200"),
        (2, 300, "to_300"),
        (2, 301, "300_800"),
        (2, 800, "800_1200"),
        (2, 1199, "800_1200"),
        (2, 1200, "from_1200"),
        (4, 799, "300_800"),
        (4, 800, "from_800"),
        (2, None, "unknown"),
    ],
)
def test_a_diameter_on_a_limit_falls_where_the_standard_says(network_class: int, dn: int | None, band: str) -> None:
    assert banded(replace(PIPE, network_class=network_class, dn=dn), by="dn_band") == {(CLASSES[network_class], band): 1000.0}


@pytest.mark.parametrize(
    ("network_class", "age", "band"),
    [
        (2, 15, "to_15"),
        (2, 16, "15_30"),
        (2, 29, "15_30"),
        (2, 30, "from_30"),
        (4, 24, "15_25"),
        (4, 25, "from_25"),
        (3, -2, "to_15"),
    ],
)
def test_an_age_on_a_limit_falls_where_the_standard_says(network_class: int, age: int, band: str) -> None:
    pipe = replace(PIPE, network_class=network_class, since_year=2026 - age)
    assert banded(pipe, by="age") == {(CLASSES[network_class], band): 1000.0}


def test_only_what_was_renewed_the_year_before_counts_as_renewed() -> None:
    rows = tabulate([replace(PIPE, renewed_year=2025), replace(PIPE, renewed_year=2024)], ["class"], year=2026)
    found = {row.band: row.length_m for row in rows if row.network_class == "primary"}
    assert found == {"total": 2000.0, "renewed": 1000.0}


def test_where_no_pipe_tells_of_renewal_the_length_renewed_is_not_nothing_but_unknown() -> None:
    found = {row.band: row.length_m for row in tabulate([PIPE], ["class"], year=2026) if row.network_class == "primary"}
    assert found["renewed"] is None


def test_an_unknown_class_gets_rows_only_when_something_is_in_it() -> None:
    assert "unknown" not in {row.network_class for row in tabulate([PIPE], BREAKDOWN_NAMES, year=2026)}
    assert banded(replace(PIPE, network_class=0), by="class") == {("unknown", "total"): 1000.0}


@given(
    st.lists(
        st.builds(
            LengthSum,
            network_class=st.sampled_from(list(CLASSES)),
            laying=st.sampled_from(list(LAYINGS)),
            material=st.sampled_from(list(MATERIALS)),
            dn=st.none() | st.integers(1, 2000),
            since_year=st.none() | st.integers(1950, 2040),
            renewed_year=st.none() | st.integers(1950, 2040),
            pipe_count=st.integers(1, 1000),
            length_m=st.integers(1, 10**6).map(float),
        ),
        max_size=30,
    ),
    st.sampled_from([name for name in BREAKDOWN_NAMES if name != "class"]),
)
def test_the_bands_of_a_breakdown_add_up_to_each_class(sums: list[LengthSum], by: str) -> None:
    totals: dict[str, list[LengthRow]] = {}
    for row in tabulate(sums, [by], year=2026):
        totals.setdefault(row.network_class, []).append(row)
    for number, name in CLASSES.items():
        own = [each for each in sums if each.network_class == number]
        rows = totals.get(name, [])
        assert sum(row.length_m or 0.0 for row in rows) == sum(each.length_m for each in own)
        assert sum(row.pipe_count for row in rows) == sum(each.pipe_count for each in own)


def test_classes_have_the_numbers_that_the_topology_gives_them() -> None:
    assert network_class.CLASSES.keys() == CLASSES.keys()
    assert (network_class.LONG_DISTANCE, network_class.PRIMARY, network_class.SECONDARY, network_class.DIRECT) == (1, 2, 3, 4)


def test_every_burial_method_has_a_way_of_laying() -> None:
    attribute = KINDS["pipe"].attribute("burial_method")
    assert attribute is not None
    assert LAYING_OF_BURIAL.keys() == attribute.codes.keys()
    assert set(LAYING_OF_BURIAL.values()) <= set(LAYINGS)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Q235B 螺旋缝焊接钢管", "steel"),
        ("20# 无缝钢管", "steel"),
        ("聚乙烯外护管预制直埋保温钢管", "steel"),
        ("Steel", "steel"),
        ("PE-RT II", "plastic"),
        ("聚丁烯", "plastic"),
        ("钢塑复合管", "other"),
        ("铸铁", "other"),
    ],
)
def test_words_for_materials_mean_what_they_say(word: str, name: str) -> None:
    found = next((code for pattern, code in MATERIAL_PATTERNS if re.search(pattern, word, re.IGNORECASE)), 3)
    assert MATERIALS[found] == name
