"""Our code lists against the data dictionary, value by value; skipped where the dictionary is not at hand."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from twin.code_lists import CODE_LISTS, CodeList
from twin.kinds import KINDS

STATISTICS = "heat_station_count/"


def rows(shared: Path, name: str) -> list[dict[str, str]]:
    with (shared / "domain" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def printed(shared: Path) -> dict[str, dict[str, str]]:
    """Return every printed list: Chinese meaning by code; statistics by their word."""
    lists: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows(shared, "code-lists.csv"):
        lists[row["list"]][row["code"]] = row["meaning_zh"]
    for row in rows(shared, "gbt43097-statistics.csv"):
        if row["table_en"] == "heat_station_count":
            lists[STATISTICS + row["group"]][row["indicator_zh"]] = row["indicator_zh"]
    return lists


def of_standard() -> list[CodeList]:
    return [one for one in CODE_LISTS if one.name]


@pytest.mark.parametrize("ours", of_standard(), ids=lambda one: one.name)
def test_a_list_is_the_printed_one(ours: CodeList, printed: dict[str, dict[str, str]]) -> None:
    wanted: dict[str, str] = {}
    for name in ours.name.split(" + "):
        wanted |= printed[name]
    assert wanted, ours.name
    assert {code: meaning.partition(" ")[0] for code, meaning in ours.codes.items()} == wanted


def test_the_19_heating_elements_are_attributes_with_their_formats(shared: Path) -> None:
    sources = {a.source: a for kind in ("pipe", "pipe_point") for a in KINDS[kind].attributes if a.source}
    for element in rows(shared, "gbt36625-heating-elements.csv"):
        if element["id"] in {"0810001", "0810003"}:
            continue  # the numbers of points and pipes are our `code`
        attribute = sources[f"GB/T 36625.5-2019 {element['id']}"]
        assert attribute.format == element["format"], element["id"]
        if element["values"]:
            assert list(attribute.codes) == [value.partition("=")[0] for value in element["values"].split(";")]


@pytest.mark.parametrize(
    ("kind", "table"),
    [("hazard", "risk_hazard_detail"), ("hazard_source", "hazard_source"), ("patrol_finding", "inspection_suspected_issue")],
)
def test_fields_named_by_an_attribute_are_fields_of_the_table(shared: Path, kind: str, table: str) -> None:
    fields = {row["field_code"]: row for row in rows(shared, "cjt545-tables.csv") if row["table_en"] == table}
    named = [a for a in KINDS[kind].attributes if a.source.startswith("CJ/T 545") and a.source.rpartition(" ")[2] in fields]
    assert len(named) >= 7
    types = {"str": {"text"}, "int": {"integer"}, "float": {"number"}, "datetime": {"datetime"}}
    for attribute in named:
        assert attribute.type in types[fields[attribute.source.rpartition(" ")[2]]["type"]], attribute.name


def test_every_word_means_a_code_of_its_list() -> None:
    for ours in CODE_LISTS:
        assert set(ours.words.values()) <= set(ours.codes), ours.source
        assert not set(ours.words) & set(ours.codes), ours.source


def test_a_meaning_is_chinese_then_english() -> None:
    for kind in KINDS.values():
        for attribute in kind.attributes:
            assert (attribute.type == "code") == bool(attribute.codes), (kind.name, attribute.name)
            for code, meaning in attribute.codes.items():
                chinese, _, english = meaning.partition(" ")
                assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese), (attribute.name, code)
                assert english, (attribute.name, code)
                assert english.isascii(), (attribute.name, code)
