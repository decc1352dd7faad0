"""`heat-twin demo` against a real store."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import build_app
from data.demo.city import write_city
from data.errors import BadDemo
from data.pool import connect
from tests.conftest import create_database, drop_database


@pytest.fixture(scope="module")
def loaded(server_url, tmp_path_factory):
    """Yield the command, its database and its var dir after it loaded the city; every test leaves it loaded."""
    url, var_dir = create_database(server_url), tmp_path_factory.mktemp("demo") / "var"

    def run(*options):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HEAT_TWIN_DATABASE_URL", url)
            patch.setenv("HEAT_TWIN_VAR_DIR", str(var_dir))
            return CliRunner().invoke(build_app(), ["demo", *options], catch_exceptions=False).output

    assert "示例城区, synthetic) loaded" in run()
    yield run, url, var_dir
    drop_database(url)


@pytest.fixture
def run(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("HEAT_TWIN_DATABASE_URL", database_url)
    monkeypatch.setenv("HEAT_TWIN_VAR_DIR", str(tmp_path / "var"))
    return lambda *options: CliRunner().invoke(build_app(), ["demo", *options], catch_exceptions=False).output


def count(url: str, table: str) -> int:
    with connect(url) as connection:
        return connection.execute(f"select count(*) from {table}").fetchone()[0]


def test_the_city_is_loaded_once_and_left_alone_after_that(loaded):
    run, url, var_dir = loaded
    assert (var_dir / "demo" / "sample-1-1" / "manifest.toml").is_file()
    assert count(url, "asset") > 8500
    assert count(url, "tile_pipe") > 0
    assert run("--if-absent") == "city 1 is there already\n"


def test_a_load_that_was_interrupted_is_taken_up_again(loaded):
    run, _, var_dir = loaded
    (var_dir / "demo" / "sample-1-1.loaded").unlink()
    assert "was loaded already" in run("--if-absent"), "it goes through the whole load again and finds nothing to do"
    assert (var_dir / "demo" / "sample-1-1.loaded").is_file()


def test_a_city_that_is_no_demo_is_never_overwritten(run, database_url):
    with connect(database_url) as connection:
        connection.execute("insert into city (city_id, name_zh, name_en, zone) values (1, '真城', '', 'Asia/Shanghai')")
    with pytest.raises(BadDemo, match="city 1 is '真城', which is no demo city; choose another id with --city-id"):
        run()
    assert run("--if-absent") == "city 1 is there already\n"
    assert count(database_url, "asset") == 0


def test_files_alone_go_where_they_are_wanted_and_need_no_database(tmp_path: Path):
    target = tmp_path / "files"
    environment = {"PATH": "/usr/bin:/bin", "HEAT_TWIN_VAR_DIR": str(tmp_path / "var"), "LC_ALL": "C.UTF-8"}
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "api.cli", "demo", "--files-only", "--folder", str(target), "--city-id", "7"]
    told = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout == f"{target / 'manifest.toml'}\n"
    assert "id = 7" in (target / "manifest.toml").read_text(encoding="utf-8")
    # compiled kernels are kept there; nothing else may be
    assert [path.name for path in (tmp_path / "var").glob("*") if path.name != "numba"] == []


def test_an_unknown_size_is_one_line_and_exit_code_1(tmp_path: Path):
    root = Path(__file__).resolve().parents[2]
    environment = {"PATH": "/usr/bin:/bin", "HEAT_TWIN_VAR_DIR": str(tmp_path / "var"), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "api.cli", "demo", "--size", "village"]
    told = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert told.stderr == "heat-twin: 'village' is not a size of the demo city; sizes are city, sample\n"


def test_a_city_of_trees_has_a_folder_of_its_own_and_an_unknown_preset_is_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HEAT_TWIN_VAR_DIR", str(tmp_path / "var"))
    run = partial(CliRunner().invoke, build_app(), catch_exceptions=False)
    told = run(["demo", "--files-only", "--network", "tree", "--clean"]).output
    assert told == f"{tmp_path / 'var' / 'demo' / 'sample-tree-clean-1-1' / 'manifest.toml'}\n"
    with pytest.raises(BadDemo, match=r"'star' is not a preset .* rings, tree"):
        run(["demo", "--network", "star"])


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(BadDemo, match=r"cannot make the folder .*file/city of the demo city: .*--folder"):
        write_city(tmp_path / "file" / "city")
