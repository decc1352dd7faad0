"""The dirt of the demo cities: the checks find what the answer sheet says, all of it and nothing else."""

from __future__ import annotations

import filecmp
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from api.cli import build_app
from data.checks.run import run_checks
from data.checks.telling import read_told
from data.demo import dirt_rows
from data.demo.answers import ANSWER_SHEET, WHERES, Answer, read_answers, write_answers
from data.demo.city import write_city
from data.demo.score import Told, as_text, score_import, score_network, score_problems
from data.demo.stored import codes_of, last_problems
from data.demo.whole_delivery import write_whole
from data.errors import BadDemo
from data.imports.problems import RULES as IMPORT_RULES
from data.imports.problems import Problem
from data.imports.run import run_import
from data.network import read_network
from data.pool import connect
from tests.conftest import LoadedSample, create_database, drop_database
from tests.data.demo_files import Delivery
from tests.data.test_demo_whole import THIN
from topology.findings import RULES as NETWORK_RULES
from topology.findings import Finding
from twin.checks import RULES as CHECK_RULES


@dataclass(frozen=True)
class Spoiled:
    """A spoiled delivery in a database of its own, which the tests only read."""

    delivery: Delivery
    answers: tuple[Answer, ...]
    url: str

    def told(self, dirt: str) -> list[Answer]:
        found = [answer for answer in self.answers if answer.dirt == dirt]
        assert found, dirt
        return found


@pytest.fixture(scope="module")
def spoiled(dirty_manifest: Path, dirty_template: str, server_url: str) -> Iterator[Spoiled]:
    folder = dirty_manifest.parent
    url = create_database(server_url, dirty_template)
    yield Spoiled(Delivery(folder), read_answers(folder / ANSWER_SHEET), url)
    drop_database(url)


def wrong_scores(answers: tuple[Answer, ...], url: str) -> list[str]:
    """Return what the checks of an imported delivery missed or made up."""
    with connect(url) as connection:
        network = read_network(connection, 1)
        named = [asset_id for item in network.findings for asset_id in item.asset_ids]
        problems, codes = last_problems(connection, 1), codes_of(connection, 1, named)
        run_checks(connection, 1)
        told = read_told(connection, 1)
    scores = [*score_import(answers, problems), *score_network(answers, network.findings, codes)]
    scores += score_problems(answers, told)
    assert sum(score.found for score in scores) > 80
    wrong = [score for score in scores if score.missed or score.false]
    return [f"{score.where} {score.rule}: missed {score.missed}, false {score.false}" for score in wrong]


def rows(url: str, statement: str) -> list[tuple]:
    with connect(url) as connection:
        return connection.execute(statement).fetchall()


# ---------------------------------------------------------------- the checks


def test_the_checks_find_the_whole_answer_sheet_of_the_sample_and_nothing_else(spoiled):
    assert wrong_scores(spoiled.answers, spoiled.url) == []


@pytest.fixture(scope="module")
def another_seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the manifest of a spoiled city of seed 3."""
    return write_city(tmp_path_factory.mktemp("third"), seed=3)


def test_so_they_do_with_another_seed(another_seed, database_url):
    run_import(another_seed, database_url, seat="test")
    assert wrong_scores(read_answers(another_seed.parent / ANSWER_SHEET), database_url) == []


def test_so_they_do_in_a_whole_city(database_url, tmp_path):
    manifest = write_whole(tmp_path, THIN, seed=1, city_id=1, clean=False, report=lambda _message, _fraction: None)
    run_import(manifest, database_url, seat="test")
    answers = read_answers(tmp_path / ANSWER_SHEET)
    assert wrong_scores(answers, database_url) == []
    counts = Counter(answer.dirt for answer in answers)
    assert min(counts[dirt] for dirt in ("main_end_off_node", "tree_end_off_node", "substation_of_another_source")) >= 3


def test_every_sort_of_fault_is_in_the_sample_and_names_rules_that_exist(spoiled):
    assert {answer.where for answer in spoiled.answers} == set(WHERES)
    rules = {where: {answer.rule for answer in spoiled.answers if answer.where == where} for where in WHERES}
    assert rules["import"] <= IMPORT_RULES.keys()
    assert rules["network"] <= NETWORK_RULES.keys()
    assert rules["check"] <= CHECK_RULES.keys()
    assert all(answer.done and answer.file for answer in spoiled.answers)
    wanted = {
        *("loose_end", "part_without_source", "part_not_fed", "pair_missing", "pair_of_one_side", "duplicate_pipe"),
        *("valve_not_between_two_pipes", "inlet_off_network", "inlet_without_building", "building_without_inlet"),
        *("pipe_without_geometry", "pipe_without_side", "source_off_network"),
        *("declared_substation_differs", "declared_source_differs"),
    }
    assert rules["network"] == wanted


def test_rows_of_the_sheet_are_rows_of_the_files(spoiled):
    pipes = spoiled.delivery.pipes
    for answer in spoiled.told("burial_method_unknown"):
        assert pipes["code"].iloc[answer.row - 1] == answer.codes[0]
        assert pipes["burial_method"].iloc[answer.row - 1] in {"7", "12", "埋"}
    buildings = spoiled.delivery.geojson("buildings")
    for answer in spoiled.told("storeys_negative"):
        assert buildings["code"].iloc[answer.row - 1] == answer.codes[0]
        assert buildings["storeys"].iloc[answer.row - 1] < 0


# ---------------------------------------------------------------- nothing is lost


def test_nothing_of_a_clean_city_is_lost_that_the_sheet_does_not_name(spoiled, sample: LoadedSample):
    keys = "select kind, code from asset where valid_to_at is null"
    lost = set(rows(sample.url, keys)) - set(rows(spoiled.url, keys))
    named = " ".join(answer.done for answer in spoiled.answers)
    assert lost
    assert [code for _, code in lost if code not in named] == []
    added = set(rows(spoiled.url, keys)) - set(rows(sample.url, keys))
    codes = {code for answer in spoiled.answers for code in answer.codes}
    assert [code for _, code in added if code not in codes] == []


def test_codes_in_full_width_or_with_blanks_still_match(spoiled):
    linked = "select attributes->>'{}' from asset where kind = '{}' and code = '{}' and valid_to_at is null"
    for dirt in ("full_width_digits", "trailing_blank"):
        for answer in spoiled.told(dirt):
            column, before = answer.done.split(" became ")[0].split(" ")
            assert rows(spoiled.url, linked.format(column, answer.kind, answer.codes[0])) == [(before,)]


def test_the_swapped_file_lands_where_it_belongs(spoiled, sample: LoadedSample):
    (answer,) = spoiled.told("axes_swapped")
    first = shapely.get_coordinates(spoiled.delivery.geojson(Path(answer.file).stem).geometry.to_numpy())[0]
    assert first[0] < 90 < first[1]
    places = f"select code, st_asewkb(geom) from asset where kind = '{dirt_rows.SWAPPED_KIND}' order by code"
    assert rows(spoiled.url, places) == rows(sample.url, places)


def test_the_file_that_was_converted_already_lands_half_a_kilometre_away(spoiled, sample: LoadedSample):
    (answer,) = spoiled.told("converted_already")
    codes = spoiled.delivery.geojson(Path(answer.file).stem)["code"].tolist()
    centre = "select st_x(st_centroid(geom)), st_y(st_centroid(geom)) from asset where code = '{}'"
    for code in codes:
        (here,), (there,) = rows(spoiled.url, centre.format(code)), rows(sample.url, centre.format(code))
        away_m = np.hypot((here[0] - there[0]) * 80_000, (here[1] - there[1]) * 111_000)
        assert 300 < away_m < 900


def test_buildings_on_the_river_are_on_the_river(spoiled):
    buildings = spoiled.delivery.geojson("buildings").set_index("code").geometry
    river = shapely.union_all(spoiled.delivery.geojson("water").geometry.to_numpy())
    assert all(buildings[answer.codes[0]].intersects(river) for answer in spoiled.told("building_on_river"))


# ---------------------------------------------------------------- files


def test_the_same_seed_gives_the_same_dirt_and_another_one_other_dirt(spoiled, another_seed, tmp_path):
    again = write_city(tmp_path / "again").parent
    names = sorted(path.name for path in again.iterdir())
    assert ANSWER_SHEET in names
    match, mismatch, errors = filecmp.cmpfiles(spoiled.delivery.folder, again, names, shallow=False)
    assert (mismatch, errors, len(match)) == ([], [], len(names))
    assert (another_seed.parent / ANSWER_SHEET).read_bytes() != (again / ANSWER_SHEET).read_bytes()


def test_a_clean_city_has_no_sheet_even_where_a_spoiled_one_was(spoiled, tmp_path):
    folder = shutil.copytree(spoiled.delivery.folder, tmp_path / "city")
    assert (folder / ANSWER_SHEET).exists()
    manifest = write_city(folder, clean=True)
    assert not (folder / ANSWER_SHEET).exists()
    assert ANSWER_SHEET not in manifest.read_text(encoding="utf-8")


def test_the_sheet_is_read_as_it_was_written(spoiled, tmp_path):
    write_answers(spoiled.answers, tmp_path / "sheet.csv")
    assert read_answers(tmp_path / "sheet.csv") == spoiled.answers
    table = pd.read_csv(tmp_path / "sheet.csv")
    assert table.columns.tolist() == ["dirt", "where", "rule", "file", "kind", "codes", "row", "done"]
    assert len(table) == len(spoiled.answers)


@pytest.mark.parametrize("content", ["code,name\n1,a\n", "", "\x00\x01"])
def test_a_file_that_is_no_sheet_is_refused(content, tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadDemo, match="is no answer sheet"):
        read_answers(path)


# ---------------------------------------------------------------- scores

ANSWER = Answer("dirt", "network", "loose_end", "network.gpkg", "pipe", ("A",), 7, "moved")


def test_a_finding_of_the_sheet_is_found_another_is_false_and_one_that_is_not_there_is_missed():
    answers = [ANSWER, replace(ANSWER, codes=("B",)), replace(ANSWER, where="check", rule="odd")]
    findings = [Finding("loose_end", (1,), None, ""), Finding("pair_missing", (3, 1), None, "")]
    scores = score_network(answers, findings, {1: "A", 2: "B", 3: "C"})
    assert [(score.rule, score.found, score.missed, score.false) for score in scores] == [
        ("loose_end", 1, ("B",), ()),
        ("pair_missing", 0, (), ("A C",)),
    ]
    assert "missed: B" in as_text(scores)


def test_a_problem_of_the_archive_is_known_by_all_its_codes_and_one_of_a_layer_by_its_file():
    layer = replace(ANSWER, where="check", rule="converted_already", codes=(), file="halls.geojson")
    answers = [ANSWER, replace(ANSWER, where="check", rule="building_twice", codes=("A", "B")), layer]
    told = [Told("building_twice", ("B", "A")), Told("converted_already", ("X", "Y"), "halls.geojson > building")]
    scores = score_problems(answers, [*told, Told("loose_end", ("C",))])
    assert [(score.rule, score.found, score.missed, score.false) for score in scores] == [
        ("building_twice", 1, (), ()),
        ("converted_already", 1, (), ()),
        ("loose_end", 0, ("A",), ("C",)),
    ]
    assert [score.rule for score in score_problems(answers, told, {"building_twice"})] == ["building_twice"]


def test_a_problem_is_known_by_its_row():
    answers = [replace(ANSWER, where="import", rule="no_geometry")]
    problem = Problem("network.gpkg", "network.gpkg:pipe > pipe #2", 7, "no_geometry", "", "warning")
    (right,) = score_import(answers, [problem])
    (wrong,) = score_import(answers, [replace(problem, row=8)])
    assert (right.found, right.missed, right.false) == (1, (), ())
    assert (wrong.found, wrong.missed, wrong.false) == (0, ("network.gpkg pipe row 7",), ("network.gpkg pipe row 8",))


def test_the_command_scores_a_loaded_city(spoiled, monkeypatch, tmp_path):
    monkeypatch.setenv("HEAT_TWIN_DATABASE_URL", spoiled.url)
    monkeypatch.setenv("HEAT_TWIN_VAR_DIR", str(tmp_path / "var"))
    sheet = spoiled.delivery.folder / ANSWER_SHEET
    told = CliRunner().invoke(build_app(), ["network", "check", "--answers", str(sheet)], catch_exceptions=False)
    assert told.exit_code == 0
    assert "network: duplicate_pipe" in told.output
    lines = sheet.read_text(encoding="utf-8").splitlines(keepends=True)
    short = tmp_path / "short.csv"
    short.write_text("".join(line for line in lines if "duplicate_pipe" not in line), encoding="utf-8")
    told = CliRunner().invoke(build_app(), ["network", "check", "--answers", str(short)], catch_exceptions=False)
    assert told.exit_code == 1
    assert told.output.count("false: ") == len([line for line in lines if "duplicate_pipe" in line])
