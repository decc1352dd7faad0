"""`heat-twin import`: what a person types and sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely
from typer.testing import CliRunner

from api.cli import build_app
from data.errors import ImportFailed
from data.pool import connect
from tests.data.import_helpers import PIPES, write_layer, write_manifest

pytestmark = pytest.mark.store


@pytest.fixture
def delivery(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a delivery whose files lie in a folder `files`, and point the program to an empty database."""
    monkeypatch.setenv("HEAT_TWIN_DATABASE_URL", database_url)
    monkeypatch.setenv("HEAT_TWIN_VAR_DIR", str(tmp_path / "var"))
    (tmp_path / "files").mkdir()
    line = shapely.LineString([(125.3, 43.8), (125.31, 43.8)])
    columns = {"no": [1], "code": ["P-1"], "side": ["supply"], "dn": [500], "pair": ["T"], "owner": ["C"]}
    write_layer(tmp_path / "files" / "pipes.geojson", [line], **columns)
    return write_manifest(tmp_path, PIPES)


def test_a_delivery_is_imported_and_reported(delivery: Path, database_url: str) -> None:
    files, report = delivery.parent / "files", delivery.parent / "report.json"
    result = CliRunner().invoke(
        build_app(), ["import", str(delivery), "--data-root", str(files), "--city-id", "12", "--report", str(report)]
    )
    assert result.exit_code == 0, result.output
    assert "city 12 测试城, import 1" in result.output
    assert "1 x missing_reference" in result.output
    content = json.loads(report.read_text(encoding="utf-8"))
    assert content["layers"][0]["new"] == 1
    assert content["problems"][0]["row"] == 1
    with connect(database_url) as connection:
        assert connection.execute("select city_id, code from asset").fetchall() == [(12, "P-1")]
        seat = connection.execute("select seat from import_run").fetchone()
    assert seat is not None
    assert seat[0].startswith("command line: ")


def test_the_same_again_says_unchanged(delivery: Path) -> None:
    command = ["import", str(delivery), "--data-root", str(delivery.parent / "files")]
    CliRunner().invoke(build_app(), command)
    assert "unchanged" in CliRunner().invoke(build_app(), command).output.splitlines()[0]


def test_missing_files_say_where_they_were_looked_for(delivery: Path) -> None:
    result = CliRunner().invoke(build_app(), ["import", str(delivery)])
    assert isinstance(result.exception, ImportFailed)
    assert f"files are looked for in {delivery.parent}; --data-root" in str(result.exception)


def test_a_report_into_a_folder_that_is_not_there_is_refused_before_anything_is_written(
    delivery: Path, database_url: str
) -> None:
    result = CliRunner().invoke(build_app(), ["import", str(delivery), "--report", str(delivery.parent / "no" / "r.json")])
    assert result.exit_code == 2
    with connect(database_url) as connection:
        assert connection.execute("select count(*) from city").fetchone() == (0,)
