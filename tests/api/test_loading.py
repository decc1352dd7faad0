"""Loading a delivery: one job, derived copies only when they are stale; and the commands of this room."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import build_app
from api.loading import load_manifest
from api.settings import Settings
from api.solids import published_solids, rebuild_solids
from data.errors import ImportFailed, NotFound
from data.pool import connect
from data.rasters import raster_path
from tests.conftest import LoadedSample
from tiles.errors import BadRaster
from tiles.scenes import check_scene
from tiles.tiles3d.check import check_tileset
from tiles.tiles3d.shelf import read_published, tileset_folder
from twin.scope import Scope


@pytest.fixture
def settings(sample: LoadedSample, sample_copy_url: str, tmp_path: Path) -> Settings:
    """Return settings of a loaded sample city that the test may change."""
    return Settings(var_dir=sample.copy_var_dir(tmp_path), database_url=sample_copy_url)


def test_loading_the_same_again_builds_nothing(sample: LoadedSample, settings: Settings) -> None:
    with connect(settings.database_url) as connection:
        before = connection.execute("select * from tile_version order by tileset").fetchall()
    report = load_manifest(sample.manifest, settings, seat="tests")
    assert (report.imported.changed, report.built, report.tiles) == (False, (), None)
    with connect(settings.database_url) as connection:
        assert connection.execute("select * from tile_version order by tileset").fetchall() == before


def test_what_a_crash_left_behind_is_built_by_the_next_load(sample: LoadedSample, settings: Settings) -> None:
    with connect(settings.database_url) as connection:
        connection.execute("delete from tile_version")
    shutil.rmtree(settings.var_dir / "tiles3d")
    report = load_manifest(sample.manifest, settings, seat="tests")
    assert (report.imported.changed, report.built) == (False, ("tiles", "tiles3d", "problems"))


def test_a_changed_building_changes_tiles_and_solids(settings: Settings) -> None:
    before = read_published(tileset_folder(settings.var_dir, 1, "buildings"))
    with connect(settings.database_url) as connection:
        connection.execute(
            "update asset set attributes = attributes || '{\"height_m\": 99}'"
            " where asset_id = (select min(asset_id) from asset where kind = 'building')"
        )
        connection.execute("update city set assets_version = assets_version + 1")
    after, fresh = rebuild_solids(settings, 1)["buildings"]
    assert before is not None
    assert fresh
    assert after.build != before.build == after.previous


def test_progress_rises_to_the_end_and_is_in_the_ledger(sample: LoadedSample, settings: Settings) -> None:
    seen: list[float] = []
    report = load_manifest(sample.manifest, settings, seat="tests", progress=lambda _, fraction: seen.append(fraction))
    assert seen == sorted(seen)
    with connect(settings.database_url) as connection:
        row = connection.execute("select state, progress, city_id, seat from job where job_id = %s", (report.job_id,)).fetchone()
    assert row == ("done", 1.0, 1, "tests")


def test_a_failed_import_is_in_the_ledger_with_its_reason(sample: LoadedSample, settings: Settings, tmp_path: Path) -> None:
    shutil.copy(sample.manifest, tmp_path / "manifest.toml")
    with pytest.raises(ImportFailed):
        load_manifest(tmp_path / "manifest.toml", settings, seat="tests")
    with connect(settings.database_url) as connection:
        row = connection.execute("select state, error from job order by job_id desc limit 1").fetchone()
    assert row is not None
    assert row[0] == "failed"
    assert row[1].startswith("ImportFailed: ")


def test_files_from_another_folder_than_the_manifest(sample: LoadedSample, settings: Settings, tmp_path: Path) -> None:
    shutil.copy(sample.manifest, tmp_path / "manifest.toml")
    report = load_manifest(tmp_path / "manifest.toml", settings, seat="tests", data_root=sample.manifest.parent)
    assert not report.imported.changed


def test_a_restricted_scope_gets_solids_of_its_own_that_follow_the_city(settings: Settings) -> None:
    with connect(settings.database_url) as connection:
        rows = connection.execute(
            "select area_id, array_agg(asset_id order by asset_id) from asset where kind = 'building' group by 1 order by 1"
        ).fetchall()
    area, expected = rows[0]
    scope = Scope(areas=(area,))
    folder, published = published_solids(settings, 1, "buildings", scope)
    assert check_tileset(folder / published.build / "ground").asset_ids.tolist() == expected
    assert published_solids(settings, 1, "buildings", scope) == (folder, published)
    with connect(settings.database_url) as connection:
        connection.execute("update city set assets_version = assets_version + 1")
        connection.execute("delete from asset where asset_id = %s", (expected[0],))
    rebuild_solids(settings, 1)
    _, fresh = published_solids(settings, 1, "buildings", scope)
    assert check_tileset(folder / fresh.build / "ground").asset_ids.tolist() == expected[1:]
    with pytest.raises(NotFound, match="no buildings to show"):
        published_solids(settings, 1, "buildings", Scope(areas=()))


def test_rounded_scopes_get_rounded_solids(settings: Settings) -> None:
    scope = Scope(precision_m=20.0)
    folder, published = published_solids(settings, 1, "buildings", scope)
    _, everything = published_solids(settings, 1, "buildings", Scope())
    assert published.build != everything.build
    check_tileset(folder / published.build / "ellipsoid")


# ---------------------------------------------------------------- commands


def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.setenv("HEAT_TWIN_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HEAT_TWIN_VAR_DIR", str(settings.var_dir))
    result = CliRunner().invoke(build_app(), arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands_rebuild_tiles_and_solids(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "tile_building 1006" in run(settings, monkeypatch, "tiles", "rebuild", "--city", "1")
    assert "1006 buildings in" in run(settings, monkeypatch, "tiles3d", "build")
    with connect(settings.database_url) as connection:
        rows = connection.execute("select kind, state from job order by job_id desc limit 2").fetchall()
    assert rows == [("tiles3d", "done"), ("tiles", "done")]


def test_served_solids_are_read_back_by_three_readers(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    told = run(settings, monkeypatch, "tiles3d", "check", "--layer", "buildings")
    good = r"city 1: buildings/ground: 1006 features, (\d+) tiles, \d+ triangles: good; py3dtiles read \1; gltf-validator "
    assert re.search(good + r"(read \1: 0 errors, 0 warnings|was not run)", told), told
    folder = tileset_folder(settings.var_dir, 1, "buildings")
    published = read_published(folder)
    assert published is not None
    content = next((folder / published.build / "ground").glob("*.glb"))
    data = content.read_bytes()
    content.unlink()  # the copy of the sample shares its files
    content.write_bytes(data[: len(data) // 2])
    (folder / "notes.txt").write_text("of somebody else")
    result = CliRunner().invoke(build_app(), ("tiles3d", "check"), catch_exceptions=False)
    assert result.exit_code == 1
    assert f"ground/{content.name}: the header says {len(data)} bytes, the file has {len(data) // 2}; remove" in result.output
    assert "1 files or folders are not ours and are left alone: notes.txt" in result.output
    assert "pipes/ground" in result.output
    assert "1006 buildings in" in run(settings, monkeypatch, "tiles3d", "build", "--layer", "buildings")
    assert content.read_bytes() == data


def test_raster_add_registers_a_layer_once(settings: Settings, sample: LoadedSample, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("raster", "add", str(sample.manifest.parent / "ground.tif"), "--layer", "hills", "--style", "terrain")
    assert "added" in run(settings, monkeypatch, *arguments)
    assert "unchanged" in run(settings, monkeypatch, *arguments)
    with connect(settings.database_url) as connection:
        path = raster_path(connection, 1, "hills")
    assert path is not None
    assert (settings.var_dir / path).is_file()


def test_raster_add_refuses_what_is_no_raster(settings: Settings, sample: LoadedSample, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRaster, match=r"cannot read raster manifest\.toml"):
        run(settings, monkeypatch, "raster", "add", str(sample.manifest), "--layer", "ground")


def test_scene_export_writes_a_scene_for_the_named_server(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "scene.json"
    run(settings, monkeypatch, "scene", "export", "--base-url", "https://twin.example/", "--out", str(out))
    document = check_scene(out.read_bytes())
    assert all(layer["data"].startswith("https://twin.example/") for layer in document["layers"])
    assert json.loads(run(settings, monkeypatch, "scene", "export")) != document


def test_a_city_that_does_not_exist_is_named_with_those_that_do(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match="there is no city 7; cities are 1"):
        run(settings, monkeypatch, "tiles", "rebuild", "--city", "7")
    with pytest.raises(NotFound, match="there is no city 7"):
        run(settings, monkeypatch, "scene", "export", "--city", "7")
