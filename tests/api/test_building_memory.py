"""After an edit only what was written is read, and the 3D Tiles are those that reading everything gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from api.settings import Settings
from api.solids import ground_of, rebuild_layer, solids_folder
from data.pool import Connection, connect
from tests.conftest import LoadedSample
from tiles.tiles3d.building_memory import ChangedMeanwhile, KnownBuildings
from tiles.tiles3d.engine import build
from tiles.tiles3d.layers import solid_layer
from tiles.tiles3d.shelf import Published, read_left_out
from twin.scope import EVERYTHING

LAYER = solid_layer("buildings")
EDITS = {
    "a height": (1, "update asset set attributes = attributes || '{\"height_m\": 61.5}' where asset_id = %(one)s"),
    "a place": (1, "update asset set geom = st_translate(geom, 0.002, 0) where asset_id = %(two)s"),
    "a name": (1, "update asset set name = '新楼' where asset_id = %(two)s"),
    "an impossible height": (1, "update asset set attributes = attributes || '{\"height_m\": -4}' where asset_id = %(three)s"),
    "a possible one again": (1, "update asset set attributes = attributes || '{\"height_m\": 14}' where asset_id = %(three)s"),
    "a removal": (0, "update asset set valid_to_at = now() where asset_id = %(one)s and valid_to_at is null"),
    "a new building": (
        1,
        "insert into asset (city_id, asset_id, version, kind, code, name, area_id, geom, attributes, row_sha256)"
        " select city_id, 2000000000, 1, kind, 'NEW', '', area_id, st_translate(geom, 0, 0.001), attributes, row_sha256"
        " from asset where asset_id = %(two)s and valid_to_at is null",
    ),
    "another substation": (
        1,
        "update asset set attributes = attributes || jsonb_build_object('substation_code',"
        " (select max(code) from asset where kind = 'substation')) where asset_id = %(two)s",
    ),
    "an estate that closed": (
        None,
        "update asset set valid_to_at = now() where kind = 'estate' and valid_to_at is null and code ="
        " (select attributes ->> 'estate_code' from asset where asset_id = %(two)s and valid_to_at is null)",
    ),
    "nothing": (0, "select 1"),
}


@pytest.fixture
def settings(sample: LoadedSample, tmp_path: Path) -> Settings:
    """Return settings of the sample city with a var dir of the test's own; what is written to the database is taken back."""
    return Settings(var_dir=sample.copy_var_dir(tmp_path), database_url=sample.url)


@pytest.fixture
def connection(settings: Settings) -> Iterator[Connection]:
    with connect(settings.database_url) as connection:
        connection.execute("set transaction read write")
        yield connection
        connection.rollback()


def buildings_of(connection: Connection) -> dict[str, int]:
    ids = connection.execute("select asset_id from asset where kind = 'building' order by asset_id limit 3").fetchall()
    return dict(zip(("one", "two", "three"), (row[0] for row in ids), strict=True))


def files(folder: Path, published: Published) -> dict[str, bytes]:
    made = folder / published.build
    return {path.relative_to(made).as_posix(): path.read_bytes() for path in made.rglob("*") if path.is_file()}


def test_an_edit_gives_what_reading_everything_gives(settings: Settings, connection: Connection, tmp_path: Path) -> None:
    folder = solids_folder(settings, 1, LAYER)
    ids = buildings_of(connection)
    assert LAYER.recall is not None
    rebuild_layer(settings, connection, 1, LAYER, force=True)
    builds = set()
    for number, (edit, (read, statement)) in enumerate(EDITS.items()):
        assert connection.execute(statement, ids).rowcount == 1, edit
        recalled = LAYER.recall(connection, 1, folder)
        assert recalled.read == (read if read is not None else len(recalled.features.asset_ids)), edit
        published, _ = rebuild_layer(settings, connection, 1, LAYER, force=True)
        other = tmp_path / f"whole{number}"
        features, ground = LAYER.read(connection, 1, EVERYTHING), ground_of(settings, connection, 1)
        whole = build(other, features, ground, published.made_from)
        assert files(folder, published) == files(other, whole), edit
        assert [one["reason"] for one in read_left_out(folder, published)] == (
            ["height_negative"] if edit == "an impossible height" else []
        )
        builds.add(published.build)
    assert len(builds) == len(EDITS) - 1


def test_a_building_that_is_written_while_files_are_drawn_is_noticed(settings: Settings, connection: Connection) -> None:
    folder = solids_folder(settings, 1, LAYER)
    rebuild_layer(settings, connection, 1, LAYER, force=True)
    assert LAYER.recall is not None
    features = LAYER.recall(connection, 1, folder).features
    assert isinstance(features, KnownBuildings)
    rows = np.array([2, 0, 1, 0])
    assert features.take(rows).asset_ids.tolist() == features.asset_ids[rows].tolist()
    connection.execute("update asset set name = '新楼' where asset_id = %(one)s", buildings_of(connection))
    with pytest.raises(ChangedMeanwhile, match="buildings of city 1 were written while"):
        features.take(rows)
    connection.execute("delete from asset where asset_id = %(one)s", buildings_of(connection))
    with pytest.raises(ChangedMeanwhile):
        features.take(rows)


@pytest.mark.parametrize("damage", ["cut", "turned", "gone"])
def test_a_damaged_memory_is_not_used(settings: Settings, connection: Connection, damage: str) -> None:
    folder = solids_folder(settings, 1, LAYER)
    published, _ = rebuild_layer(settings, connection, 1, LAYER, force=True)
    memory = folder / "buildings.npz"
    content = bytearray(memory.read_bytes())
    if damage == "cut":
        memory.write_bytes(content[: len(content) // 2])
    elif damage == "turned":
        content[len(content) // 2] ^= 1
        memory.write_bytes(content)
    else:
        memory.unlink()
    assert LAYER.recall is not None
    assert LAYER.recall(connection, 1, folder).read == published.features_in
    assert rebuild_layer(settings, connection, 1, LAYER, force=True)[0].build == published.build
    assert LAYER.recall(connection, 1, folder).read == 0
