"""`heat-twin import`: what a person types and sees."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

from api.cli import build_app
from data.errors import ImportFailed
from data.pool import connect
from gis.datums import from_wgs84, parse_datum, to_wgs84
from tests.data.import_helpers import CITY, PIPES, table_dump, write_layer, write_manifest

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


def _chambers(folder: Path, *, datum: str, numbers: str) -> Path:
    places = np.random.default_rng(5).uniform((125.2, 43.7), (125.5, 44.0), (40, 2))
    xy = from_wgs84(places, parse_datum(numbers))
    columns = {"no": list(range(40))}
    write_layer(folder / "chambers.geojson", list(shapely.points(xy)), **columns)
    layer = f'[[layer]]\nfile = "chambers.geojson"\nkind = "chamber"\nkey = "no"\n{datum}\n'
    return write_manifest(folder, layer, city=CITY.replace('datum = "wgs84"', ""))


def test_detect_writes_nothing_and_needs_no_datum_and_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEAT_TWIN_VAR_DIR", str(tmp_path / "var"))
    manifest = _chambers(tmp_path, datum="", numbers="gk(cgcs2000,3,126,prefix)")
    result = CliRunner().invoke(build_app(), ["import", str(manifest), "--detect"])
    assert result.exit_code == 0, result.output
    assert "gk(cgcs2000,3,126,prefix)  " in result.output
    assert "undeclared" in result.output
    assert 'write: datum = "gk(cgcs2000,3,126,prefix)"' in result.output
    assert not (tmp_path / "var").exists()


def test_detect_tells_by_the_archive_that_a_declared_datum_is_wrong(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEAT_TWIN_DATABASE_URL", database_url)
    first = _chambers(tmp_path, datum='datum = "wgs84"', numbers="wgs84")
    assert CliRunner().invoke(build_app(), ["import", str(first)]).exit_code == 0
    before = table_dump(database_url)
    report = tmp_path / "report.json"
    manifest = _chambers(tmp_path, datum='datum = "wgs84"', numbers="gcj02")
    result = CliRunner().invoke(build_app(), ["import", str(manifest), "--detect", "--report", str(report)])
    assert result.exit_code == 1, result.output
    (layer,) = json.loads(report.read_text(encoding="utf-8"))["layers"]
    assert (layer["declared"], layer["proposed"], layer["verdict"]) == ("wgs84", "gcj02", "contradicts")
    assert layer["margin"] > 100
    assert layer["write"].startswith('datum = "gcj02"')
    # without a datum it is only proposed, and a bare file needs no manifest
    manifest = _chambers(tmp_path, datum="", numbers="gcj02")
    assert CliRunner().invoke(build_app(), ["import", str(manifest), "--detect"]).exit_code == 0
    bare = CliRunner().invoke(build_app(), ["import", str(tmp_path / "chambers.geojson"), "--detect", "--city", "7"])
    assert bare.exit_code == 0, bare.output
    assert "gcj02" in bare.output
    assert "the archive's assets" in bare.output
    assert table_dump(database_url) == before


def test_detect_names_a_file_that_cannot_be_read_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEAT_TWIN_VAR_DIR", str(tmp_path / "var"))
    manifest = _chambers(tmp_path, datum='datum = "gk(cgcs2000,3,126,plain)"', numbers="gk(cgcs2000,3,126,plain)")
    broken = '[[layer]]\nfile = "gone.gpkg"\nkind = "valve"\n'
    manifest.write_text(manifest.read_text(encoding="utf-8") + broken, encoding="utf-8")
    result = CliRunner().invoke(build_app(), ["import", str(manifest), "--detect"])
    assert result.exit_code == 1
    assert "there is no such file" in result.output
    assert "fits" in result.output


def test_a_double_conversion_is_undone_file_to_file(tmp_path: Path) -> None:
    places = np.random.default_rng(5).uniform((125.2, 43.7), (125.5, 44.0), (40, 2))
    write_layer(tmp_path / "twice.geojson", list(shapely.points(to_wgs84(places, parse_datum("gcj02")))), no=list(range(40)))
    out = tmp_path / "once.gpkg"
    command = ["datum", "undo", str(tmp_path / "twice.geojson"), "--datum", "gcj02", "-o", str(out)]
    result = CliRunner().invoke(build_app(), command)
    assert result.exit_code == 0, result.output
    assert "40 vertices in WGS-84" in result.output
    there = geopandas.read_file(out).get_coordinates().to_numpy()
    np.testing.assert_allclose(there, places, atol=1e-12)
    assert Path(f"{out}.ledger.json").is_file()
