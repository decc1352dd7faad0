"""PMTiles: the file by the specification, read back by the `pmtiles` package; what holds something; what is left of a failure."""

from __future__ import annotations

import asyncio
import fcntl
import gzip
import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pmtiles.reader import MemorySource, Reader, all_tiles
from pmtiles.tile import Compression, TileType, deserialize_directory, deserialize_header

from data.pool import connect
from data.snapshots import open_snapshot
from data.tile_tables import rebuild
from tests.conftest import create_database, drop_database
from tests.handmade_town import COMPANY_A, COVERS, DISTRICT_EAST, LAT, LON, TOWN, insert_town, tile_of
from tests.tiles.test_vector import SEGMENTS
from tiles.archives import ArchiveHead, new_archive, sweep
from tiles.errors import BadArchive, NoRoom
from tiles.held_tiles import Drawing, along_the_curve, tiles_that_hold
from tiles.selections import selection_of
from tiles.tilesets import TILESETS
from tiles.vector import draw_tile
from twin.scope import EVERYTHING, Scope

HEAD = ArchiveHead({"vector_layers": []}, (125.0, 43.5, 125.5, 44.0), TileType.MVT)


def written(path: Path, tiles: dict[tuple[int, int, int], bytes], **more: Any) -> bytes:
    with new_archive(path, compress=True, **more) as writer:
        for address in along_the_curve(tiles):
            writer.add(address, tiles[address])
        writer.finish(HEAD)
    return path.read_bytes()


def read_back(content: bytes) -> dict[tuple[int, int, int], bytes]:
    return {address: gzip.decompress(body) for address, body in all_tiles(MemorySource(content))}


CONTENTS = (b"a", b"bb" * 400, b"water", bytes(range(256)))


@st.composite
def pyramids(draw: st.DrawFn) -> dict[tuple[int, int, int], bytes]:
    zooms = st.integers(0, 12)
    addresses = zooms.flatmap(lambda z: st.tuples(st.just(z), st.integers(0, 2**z - 1), st.integers(0, 2**z - 1)))
    return draw(st.dictionaries(addresses, st.sampled_from(CONTENTS), min_size=1, max_size=60))


@settings(max_examples=40, deadline=None)
@given(tiles=pyramids())
def test_what_is_written_is_read_back_by_the_pmtiles_package(
    tiles: dict[tuple[int, int, int], bytes], tmp_path_factory: Any
) -> None:
    content = written(tmp_path_factory.mktemp("a") / "a.pmtiles", tiles)
    assert read_back(content) == tiles
    header = deserialize_header(content[:127])
    assert header["addressed_tiles_count"] == len(tiles)
    assert header["tile_contents_count"] == len(set(tiles.values()))
    assert (header["min_zoom"], header["max_zoom"]) == (min(z for z, _, _ in tiles), max(z for z, _, _ in tiles))


def test_a_large_archive_has_leaves_and_its_root_in_the_first_16_kb(tmp_path: Path) -> None:
    chance = random.Random(1)
    # lengths and gaps that do not repeat: the directory does not pack
    tiles = {
        (12, x, y): chance.randbytes(chance.randrange(20, 90))
        for x in range(0, 150, 3)
        for y in range(chance.randrange(2), 260, 2)
    }
    content = written(tmp_path / "a.pmtiles", tiles)
    header = deserialize_header(content[:127])
    assert header["root_offset"] == 127
    assert header["root_offset"] + header["root_length"] <= 16_384
    assert header["leaf_directory_length"] > 0
    assert header["clustered"]
    assert header["internal_compression"] == header["tile_compression"] == Compression.GZIP
    # the sections fill the file: what verifiers of the format ask for
    lengths = ("metadata_length", "leaf_directory_length", "tile_data_length")
    assert 16_384 + sum(header[name] for name in lengths) == len(content)  # type: ignore[literal-required]
    reader = Reader(MemorySource(content))
    for address in chance.sample(sorted(tiles), 30):
        assert gzip.decompress(reader.get(*address)) == tiles[address]
    assert reader.get(12, 1, 1) is None


def test_offsets_rise_or_point_back_and_runs_join_equal_neighbours(tmp_path: Path) -> None:
    tiles = {(6, x, y): b"sea" if x < 40 else bytes([x, y]) for x, y in itertools.product(range(64), range(64))}
    content = written(tmp_path / "a.pmtiles", tiles)
    header = deserialize_header(content[:127])
    entries = deserialize_directory(content[127 : 127 + header["root_length"]])
    end = 0
    for entry in entries:
        assert entry.offset <= end
        end = max(end, entry.offset + entry.length)
    assert sum(entry.run_length for entry in entries) == 64 * 64 == header["addressed_tiles_count"]
    assert len(entries) == header["tile_entries_count"] < 64 * 64
    assert header["tile_contents_count"] == 24 * 64 + 1


def test_nothing_is_left_of_an_archive_that_fails(tmp_path: Path) -> None:
    before = written(tmp_path / "a.pmtiles", {(0, 0, 0): b"old"})
    chance = random.Random(2)
    with pytest.raises(NoRoom, match="larger than the 0"):
        written(tmp_path / "a.pmtiles", {(5, x, 0): chance.randbytes(2000) for x in range(30)}, max_bytes=40_000)
    with pytest.raises(BadArchive, match="no tile"):
        written(tmp_path / "b.pmtiles", {})
    with pytest.raises(BadArchive, match="cannot write"):
        written(tmp_path / "nowhere" / "b.pmtiles", {(0, 0, 0): b"a"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.pmtiles"]
    assert (tmp_path / "a.pmtiles").read_bytes() == before


def test_what_a_killed_writer_left_is_swept_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    (tmp_path / "dead.pmtiles.part").write_bytes(b"half")
    living = tmp_path / "living.pmtiles.part"
    with living.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert [path.name for path in sweep(tmp_path)] == ["dead.pmtiles.part"]
        with pytest.raises(BadArchive, match="by another process"):
            written(tmp_path / "living.pmtiles", {(0, 0, 0): b"a"})
    assert [path.name for path in tmp_path.iterdir()] == ["living.pmtiles.part"]


# ---------------------------------------------------------------- which tiles hold something


ALL = "base,network,buildings,assets,coverage"


@pytest.fixture(scope="module")
def town_url(server_url: str) -> Iterator[str]:
    """Yield the handmade town with its tiles built."""
    url = create_database(server_url)
    insert_town(url, [*TOWN, *COVERS])
    with connect(url) as connection:
        rebuild(connection, 1, SEGMENTS)
    yield url
    drop_database(url)


def around_the_town(minzoom: int, maxzoom: int) -> list[tuple[int, int, int]]:
    """Return every tile that the town may touch, and those around them."""
    found = []
    for zoom in range(minzoom, maxzoom + 1):
        west, north = tile_of(zoom, LON - 0.02, LAT + 0.024)
        east, south = tile_of(zoom, LON + 0.036, LAT - 0.014)  # maps in BD-09 show it 1 km further east
        found += [(zoom, x, y) for x in range(west, east + 1) for y in range(north, south + 1)]
    return found


@pytest.mark.parametrize(
    ("scope", "crs"),
    [
        (EVERYTHING, "wgs84"),
        (Scope(areas=(DISTRICT_EAST,), precision_m=40.0), "wgs84"),
        (Scope(company_ids=(COMPANY_A,)), "gcj02"),
        (EVERYTHING, "bd09"),
    ],
    ids=str,
)
def test_the_list_has_every_tile_that_is_not_empty_and_no_other_but_beside_one(town_url: str, scope: Scope, crs: str) -> None:
    drawing = Drawing(selection_of(ALL, crs), scope, 1)

    async def look() -> tuple[set[tuple[int, int, int]], set[tuple[int, int, int]]]:
        async with open_snapshot(town_url, connections=2) as snapshot:
            listed = set(await tiles_that_hold(snapshot, drawing, zooms=(10, 16)))
            drawn = {zxy for zxy in around_the_town(10, 16) if await draw_tile(snapshot, drawing.selection, scope, 1, zxy)}
        return listed, drawn

    listed, drawn = asyncio.run(look())
    assert drawn <= listed
    beside = {(z, x + right, y + down) for z, x, y in drawn for right in (-1, 0, 1) for down in (-1, 0, 1)}
    assert listed <= beside


def test_every_tileset_can_be_listed(town_url: str) -> None:
    async def look() -> dict[str, int]:
        async with open_snapshot(town_url) as snapshot:
            drawings = {name: Drawing(selection_of(name), EVERYTHING, 1) for name in TILESETS}
            return {name: len(await tiles_that_hold(snapshot, drawing, zooms=(8, 14))) for name, drawing in drawings.items()}

    counts = asyncio.run(look())
    assert [name for name in counts if not counts[name]] == ["problems", "rollout"]  # a town that nobody has checked or summed up


def test_an_edit_meanwhile_is_not_seen(town_url: str) -> None:
    async def look() -> tuple[int, int]:
        async with open_snapshot(town_url, connections=2) as snapshot:
            before = await snapshot.fetchval("select count(*) from tile_building")
            with connect(town_url) as connection:
                connection.execute("update tile_building set height_dm = 1 where asset_id = 32")
            heights = await asyncio.gather(
                *(snapshot.fetchval("select height_dm from tile_building where asset_id = 32") for _ in range(4))
            )
        return before, min(heights)

    assert asyncio.run(look()) == (3, 90)
