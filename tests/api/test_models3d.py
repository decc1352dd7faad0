"""3D models from the command line to the served tileset: once, replaced, removed, as one file, and who may see them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from api.cli import build_app
from api.models3d import Papers, add_model, registered_models
from api.routes.models3d import model_of
from api.settings import Settings
from data.errors import Conflict, NotFound
from data.pool import connect, open_pool
from tests.api.serving import serve
from tests.conftest import LoadedSample, create_database, drop_database
from tests.tiles.gltf_writing import cube
from tiles.errors import BadArchive, BadModel, UnknownTileset
from tiles.tiles3d.archive3tz import Archive
from tiles.tiles3d.foreign import Wish, model_tileset
from tiles.tiles3d.foreign_tree import read_tree
from tiles.tiles3d.gltf_file import read_gltf
from tiles.tiles3d.shelf import read_published, tileset_folder
from twin.errors import OutsideScope
from twin.scope import EVERYTHING, Scope


@pytest.fixture(scope="module")
def city(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Yield settings of a sample city of this module's own."""
    url = create_database(server_url, sample.template)
    yield Settings(var_dir=sample.copy_var_dir(tmp_path_factory.mktemp("models3d")), database_url=url)
    drop_database(url)


@pytest.fixture(scope="module")
def place(city: Settings) -> tuple[str, str]:
    """Return a place in the city."""
    with connect(city.database_url) as connection:
        row = connection.execute(
            "select st_x(p), st_y(p) from (select st_pointonsurface(geom) p from asset where kind = 'building' limit 1) b"
        ).fetchone()
    assert row is not None
    return str(row[0]), str(row[1])


@pytest.fixture
def glb(tmp_path: Path) -> Path:
    path = tmp_path / "pump.glb"
    path.write_bytes(cube(3.0).glb())
    return path


def run(city: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.setenv("HEAT_TWIN_VAR_DIR", str(city.var_dir))
    monkeypatch.setenv("HEAT_TWIN_DATABASE_URL", city.database_url)
    result = CliRunner().invoke(build_app(), arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def jobs(city: Settings) -> list[tuple[str, str]]:
    with connect(city.database_url) as connection:
        return connection.execute("select state, coalesce(error, '') from job where kind = 'model3d' order by job_id").fetchall()


def test_a_model_is_added_served_exported_and_removed(
    city: Settings, place: tuple[str, str], glb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ("--lon", place[0], "--lat", place[1])
    named = ("--name", "plant-3", "--title", "三号锅炉房", "--attribution", "设计院")
    assert "added: gltf, 1 tiles" in run(city, monkeypatch, "tiles3d", "add", str(glb), *named, *where)
    assert "unchanged" in run(city, monkeypatch, "tiles3d", "add", str(glb), *named, *where)
    assert "plant-3: gltf, 三号锅炉房, at" in run(city, monkeypatch, "tiles3d", "list")
    with pytest.raises(Conflict, match=r"has a 3D model 'plant-3' already \(pump\.glb\); give --replace"):
        run(city, monkeypatch, "tiles3d", "add", str(glb), *named, *where, "--height", "2")
    run(city, monkeypatch, "tiles3d", "add", str(glb), *named, *where, "--height", "2", "--replace")
    folders = list((city.var_dir / "models3d" / "1" / "plant-3").iterdir())
    assert len(folders) == 1
    assert jobs(city)[-2:] == [("done", "")] * 2

    out = tmp_path / "plant.3tz"
    assert "plant-3 (ground) to" in run(city, monkeypatch, "tiles3d", "export", "plant-3", "--datum", "ground", "-o", str(out))
    with pytest.raises(BadArchive, match="exists; name another file or give --force"):
        run(city, monkeypatch, "tiles3d", "export", "plant-3", "-o", str(out))
    with pytest.raises(BadArchive, match="cannot write"):
        run(city, monkeypatch, "tiles3d", "export", "plant-3", "-o", str(tmp_path / "nowhere" / "a.3tz"))
    again = tmp_path / "globe.3tz"
    run(city, monkeypatch, "tiles3d", "export", "plant-3", "-o", str(again))
    assert "added: tileset, 1 tiles" in run(city, monkeypatch, "tiles3d", "add", str(again), "--name", "copy")

    with serve(city.database_url, city.var_dir) as address, httpx.Client(base_url=address, timeout=60) as http:
        tree = http.get("/3dtiles/plant-3/ground/tileset.json", params={"city": 1})
        assert tree.status_code == 200
        uri = tree.json()["root"]["content"]["uri"]
        content = http.get(f"/3dtiles/plant-3/ground/{uri}")
        assert content.headers["content-type"] == "model/gltf-binary"
        assert content.content == glb.read_bytes()
        assert read_gltf(content.content).corners_m()[1][2] == pytest.approx(3.0)
        tag = {"If-None-Match": content.headers["etag"]}
        assert http.get(f"/3dtiles/plant-3/ground/{uri}", headers=tag).status_code == 304
        ellipsoid = http.get("/3dtiles/plant-3/ellipsoid/tileset.json").json()
        listed = {model["name"]: model for model in http.get("/3dtiles", params={"city": 1}).json()["models"]}
        assert listed["plant-3"]["addresses"]["ground"] == "/3dtiles/plant-3/ground/tileset.json?city=1"
        assert (listed["plant-3"]["title"], listed["plant-3"]["attribution"]) == ("三号锅炉房", "设计院")
        assert listed["copy"]["kind"] == "tileset"
        # the copy was placed by what the archive says: on the globe it stands where it stood
        copy = http.get("/3dtiles/copy/ellipsoid/tileset.json").json()
        assert copy["root"] == ellipsoid["root"]
        whole = http.get("/3dtiles/plant-3/ground.3tz", params={"city": 1})
        assert (whole.status_code, whole.content) == (200, out.read_bytes())
        # our own layers go the same way, and pass the check of anybody's tilesets
        (tmp_path / "buildings.3tz").write_bytes(http.get("/3dtiles/buildings/ellipsoid.3tz").content)
        tree_report = read_tree(Archive(tmp_path / "buildings.3tz"), lambda _name, _data: None).report
        assert tree_report.rows >= 1006
        assert http.get("/3dtiles/nothing/ground.3tz").status_code == 404
        for path in ("/3dtiles/nothing/ground/tileset.json", "/3dtiles/plant-3/ground/ground.json"):
            assert http.get(path).status_code == 404
        for path in ("/3dtiles/plant-3/sea/tileset.json", "/3dtiles/plant%003/ground/tileset.json", "/3dtiles/X/ground.3tz"):
            assert http.get(path).status_code == 422

    run(city, monkeypatch, "tiles3d", "remove", "plant-3")
    run(city, monkeypatch, "tiles3d", "remove", "copy")
    assert "plant-3" not in run(city, monkeypatch, "tiles3d", "list")
    assert not (city.var_dir / "models3d" / "1" / "plant-3").exists()
    with pytest.raises(NotFound, match="has no 3D model 'plant-3'"):
        run(city, monkeypatch, "tiles3d", "remove", "plant-3")


def test_a_model_stands_on_the_sea_level_that_the_city_states(
    city: Settings, place: tuple[str, str], glb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lon, lat = place
    at = ("tiles3d", "add", str(glb), "--name", "tank", "--lon", lon, "--lat", lat, "--altitude", "230")
    told = {}
    for stated_m, given in ((None, ()), (11.5, ("--replace",)), (11.5, ("--replace", "--geoid", "4"))):
        with connect(city.database_url) as connection:
            connection.execute("update city set geoid_height_m = %s where city_id = 1", (stated_m,))
        run(city, monkeypatch, *at, *given)
        model = next(model for model in registered_models(city, 1) if model.name == "tank")
        told[model.wish["geoid_m"]] = model_tileset(city.var_dir / model.folder, "ellipsoid", "")
    run(city, monkeypatch, "tiles3d", "remove", "tank")
    assert list(told) == [0.0, 11.5, 4.0]
    middles = {geoid_m: np.array(json.loads(tree)["root"]["transform"])[12:15] for geoid_m, tree in told.items()}
    assert np.linalg.norm(middles[11.5] - middles[0.0]) == pytest.approx(11.5, abs=0.01)
    assert np.linalg.norm(middles[4.0] - middles[0.0]) == pytest.approx(4.0, abs=0.01)


def test_damaged_layers_are_told_and_never_an_error_of_the_server(city: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tileset_folder(city.var_dir, 1, "buildings")
    paths = [
        "/3dtiles", "/scenes/overview.json", "/3dtiles/buildings/ground/tileset.json", "/3dtiles/buildings/left-out",
        "/3dtiles/buildings/ground.3tz", "/3dtiles/pipes/ground/tileset.json",
    ]  # fmt: skip
    with serve(city.database_url, city.var_dir) as address, httpx.Client(base_url=address, timeout=60) as http:
        for name, hurt in (
            ("{build}/ground/tileset.json", {2}),  # before the server has it in its cache
            ("current.json", {2, 3, 4}),
            ("{build}/left_out.json", {3}),
        ):
            published = read_published(folder)
            assert published is not None
            path = folder / name.format(build=published.build)
            path.unlink()  # the copy of the sample shares its files
            path.write_bytes(b'{"build"')
            answers = [http.get(each, params={"city": 1}) for each in paths]
            assert [answer.status_code for answer in answers] == [503 if n in hurt else 200 for n in range(len(paths))], name
            error = answers[min(hurt)].json()["error"]
            assert error["kind"] == "DamagedTileset"
            assert "build them again with `heat-twin tiles3d build`" in error["message"]
            assert str(city.var_dir) not in error["message"]
            run(city, monkeypatch, "tiles3d", "build", "--layer", "buildings")
            assert {http.get(each, params={"city": 1}).status_code for each in paths} == {200}


def test_a_bad_model_is_in_the_ledger_and_nowhere_else(city: Settings, tmp_path: Path) -> None:
    path = tmp_path / "broken.glb"
    path.write_bytes(cube().glb()[:-4])
    with pytest.raises(BadModel, match=r"broken\.glb: the header says"):
        _add(city, path, "broken", Wish(125.3, 43.9))
    assert jobs(city)[-1][0] == "failed"
    assert not (city.var_dir / "models3d" / "1" / "broken").exists()
    with pytest.raises(BadModel, match="km from the city"):
        _add(city, _good(tmp_path), "far", Wish(8.0, 51.0))
    with pytest.raises(NotFound, match="there is no city 77"):
        _add(city, _good(tmp_path), "far", Wish(8.0, 51.0), city_id=77)
    with pytest.raises(BadModel, match="is no name of a model"):
        _add(city, _good(tmp_path), "Far Away", Wish(8.0, 51.0))


def _good(tmp_path: Path) -> Path:
    path = tmp_path / "good.glb"
    path.write_bytes(cube().glb())
    return path


def _add(city: Settings, path: Path, name: str, wish: Wish, *, city_id: int = 1) -> None:
    add_model(city, city_id, path, name, wish, papers=Papers(), geoid_m=0.0, replace=False, seat="tests")


def test_only_seats_that_see_the_whole_city_see_models(city: Settings, place: tuple[str, str], tmp_path: Path) -> None:
    _add(city, _good(tmp_path), "seen", Wish(float(place[0]), float(place[1])))
    hidden = [{"layers": ("building",)}, {"areas": (1,)}, {"company_ids": (1,)}, {"precision_m": 50.0}]

    async def ask() -> None:
        pool = await open_pool(city.database_url, size=1)
        try:
            assert (await model_of(pool, city, EVERYTHING, 1, "seen")).is_dir()
            assert (await model_of(pool, city, Scope(layers=("model",)), 1, "seen")).is_dir()
            for limits in hidden:
                with pytest.raises(OutsideScope, match="'seen' is not visible"):
                    await model_of(pool, city, replace(EVERYTHING, **limits), 1, "seen")
        finally:
            await pool.close()

    asyncio.run(ask())


def test_a_model_whose_files_are_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownTileset, match="the files of this model are gone; add it again"):
        model_tileset(tmp_path, "ground")
