"""The house: docs are complete, generated files are current, the wheel works away from the checkout."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from pkgutil import iter_modules
from typing import Any
from zipfile import ZipFile

import pytest
import yaml
from typer.main import get_command

from api import commands as rooms_of_commands
from api.app import create_app
from api.cli import build_app
from api.commands import COMMANDS
from api.errors import KNOWN_ERRORS
from api.openapi import openapi_text
from api.settings import PREFIX, Settings
from topology.findings import RULES as FINDING_RULES
from twin.checks import RULES

ROOT = Path(__file__).resolve().parent.parent


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# ---------------------------------------------------------------- docs


def test_every_finding_of_the_network_is_a_rule_of_the_checks_with_a_name_in_both_languages() -> None:
    of_answers_only = {"not_fed"}  # said with the impact of one asset, never by a check of the city
    assert set(FINDING_RULES) - of_answers_only <= set(RULES)
    unnamed = [rule.name for rule in RULES.values() if not (rule.label_zh.strip() and rule.label_en.strip())]
    assert unnamed == []


def test_every_setting_is_documented_with_its_default() -> None:
    text = read("docs/settings.md")
    missing = [item.name for item in fields(Settings) if f"`{PREFIX}{item.name.upper()}`" not in text]
    assert missing == []


def test_no_setting_is_documented_that_does_not_exist() -> None:
    named = set(re.findall(r"^\| `(HEAT_TWIN_[A-Z_]+)`", read("docs/settings.md"), re.MULTILINE))
    assert named == {PREFIX + item.name.upper() for item in fields(Settings)}


def commands() -> Iterator[tuple[str, str, Any]]:
    """Yield every command of the first level with the line that the list of commands shows for it."""
    front = get_command(build_app())
    context = front.make_context("heat-twin", ["check"])
    for word, shown in front.commands.items():
        yield word, shown.get_short_help_str(1000), front.resolve_command(context, [word])[1]


def leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for word, item in below.items():
        yield from leaves(item, f"{name} {word}")


def test_the_list_of_commands_is_whole_and_says_what_the_commands_say() -> None:
    assert {word: said for word, said, _ in commands()} == {
        word: command.get_short_help_str(1000) for word, _, command in commands()
    }
    rooms = {entry.module for entry in COMMANDS.values()}
    assert rooms == {f"api.commands.{found.name}" for found in iter_modules(rooms_of_commands.__path__)}


def test_the_list_of_commands_imports_none_of_them() -> None:
    code = "import sys; from api.cli import main; sys.argv = ['heat-twin', '--help']\ntry: main()\nfinally: print(*sys.modules)"
    said = (
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.splitlines()[-1].split()
    )
    heavy = {"fastapi", "numpy", "pandas", "numba", "alembic", "asyncpg", "psycopg", "shapely", "rasterio"}
    assert "api.cli" in said
    assert [name for name in said if name in heavy or name.startswith("api.commands.")] == []


def test_every_command_and_option_is_documented() -> None:
    lines = {line.split("`")[1]: line for line in read("docs/commands.md").splitlines() if line.startswith("| `heat-twin")}
    for name, command in (leaf for word, _, top in commands() for leaf in leaves(top, f"heat-twin {word}")):
        line = next((line for start, line in lines.items() if start == name or start.startswith(f"{name} ")), None)
        assert line is not None, name
        assert (command.help or "").strip(), name
        missing = [
            item.opts[-1] for item in command.params if item.param_type_name == "option" and f"`{item.opts[-1]}`" not in line
        ]
        assert [option for option in missing if option != "--help"] == [], name


def classes(base: type[Exception]) -> Iterator[type[Exception]]:
    yield base
    for below in base.__subclasses__():
        yield from classes(below)


def test_every_error_is_documented_and_says_when_it_is_raised() -> None:
    text = read("docs/errors.md")
    create_app(Settings())
    found = [item for base in KNOWN_ERRORS for item in classes(base) if item.__module__.endswith(".errors")]
    assert len(found) > len(KNOWN_ERRORS)
    assert [item.__name__ for item in found if f"`{item.__name__}`" not in text] == []
    assert [item.__name__ for item in found if not re.match(r"Raised |Base of", item.__doc__ or "")] == []


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in create_app(Settings()).openapi()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_route_has_a_summary_and_a_description() -> None:
    assert [name for name, operation in operations() if not (operation.get("summary") and operation.get("description"))] == []


def test_the_openapi_document_is_current() -> None:
    assert read("docs/openapi.json") == openapi_text(), "write it again with: make generate"


# ---------------------------------------------------------------- packaging files


def test_locks_have_hashes_and_no_addresses() -> None:
    for name in ("requirements/run.txt", "requirements/test.txt"):
        text = read(name)
        pinned = re.findall(r"^\S+==\S+ \\$", text, re.MULTILINE)
        assert len(pinned) > 100, name
        assert "://" not in text, name
        assert text.count("--hash=sha256:") >= len(pinned), name
    assert "resolved" not in read("web/package-lock.json")


def test_the_compose_file_starts_the_app_after_its_database() -> None:
    services = yaml.safe_load(read("docker-compose.yml"))["services"]
    assert services["database"]["image"] == "postgis/postgis:16-3.4"
    assert services["app"]["depends_on"]["database"]["condition"] == "service_healthy"
    known = {PREFIX + item.name.upper() for item in fields(Settings)}
    assert set(services["app"]["environment"]) <= known


def test_the_dockerfile_copies_what_exists() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+)", read("Dockerfile"), re.MULTILINE)
    assert copied
    for line in copied:
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "scripts").glob("*.sh")))
def test_scripts_are_sound_shell(script: str) -> None:
    subprocess.run(["bash", "-n", str(ROOT / "scripts" / script)], check=True)


# ---------------------------------------------------------------- the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return next(folder.glob("heat_twin-*.whl"))


@pytest.mark.edge
def test_the_wheel_carries_types_statements_migrations_and_the_viewer(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    assert {f"{package}/py.typed" for package in ("gis", "topology", "twin", "data", "tiles", "api")} <= names
    statements = {path.relative_to(ROOT).as_posix() for path in (ROOT / "data" / "sql").rglob("*.sql")}
    assert statements <= names
    assert "data/migrations/versions/0001_foundation.py" in names
    if (ROOT / "api/static/viewer/index.html").exists():
        assert "api/static/viewer/index.html" in names
    assert not [name for name in names if name.startswith(("tests/", "web/", "scripts/", "var/"))]


@pytest.mark.edge
def test_the_installed_wheel_runs_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(tmp_path / "venv")}))
    install = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(packages), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True)
    # the libraries come from here, without the editable install that would bring the checkout in
    libraries = sysconfig.get_path("purelib")
    program = (
        f"import sys; sys.path.append({libraries!r}); import api.cli, data.statements, data.migrate;"
        "print(api.cli.__file__); print(len(data.statements.sql('city_list'))); print(data.migrate.head_revision());"
        "[api.cli.load_command(name) for name in api.cli.COMMANDS]; sys.argv = ['heat-twin', '--help']; api.cli.main()"
    )
    ran = subprocess.run([python, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(str(packages))
    assert "serve" in ran.stdout
