"""The history of the archive: what differs between two times, who sees what, a writer that is killed."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest

from data.archive import Edit, apply_edits, restore_version, revert_change
from data.changes import ChangeFilter, assets_of_change, difference_between, list_changes, read_history
from data.errors import Conflict
from data.imports.run import run_import
from data.pool import Pool, connect, open_pool
from tests.data.import_helpers import asset_rows, table_dump
from tests.data.test_archive import COMPANY_1, EAST, PIPE_1, PIPE_3, VILLAGE, WHO, deliver, edit, line
from twin.scope import EVERYTHING, Scope

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def town(database_url: str, tmp_path: Path) -> str:
    run_import(deliver(tmp_path), database_url, seat="importer")
    return database_url


def ask(url: str, question: Callable[[Pool], Awaitable[T]]) -> T:
    """Ask through a pool, as the API does."""

    async def task() -> T:
        pool = await open_pool(url)
        try:
            return await question(pool)
        finally:
            await pool.close()

    return asyncio.run(task())


def _dump(url: str) -> dict[int, tuple[object, ...]]:
    rows = asset_rows(url, "asset_id, kind, code, name, source_key, geom, attributes")
    return {int(str(row[0])): row for row in rows}


def _compared(old: dict[int, tuple[object, ...]], new: dict[int, tuple[object, ...]]) -> dict[int, str]:
    """Compare two dumps by brute force: status by asset id."""
    found = dict.fromkeys(new.keys() - old.keys(), "added")
    found |= dict.fromkeys(old.keys() - new.keys(), "retired")
    return found | {asset_id: "changed" for asset_id in old.keys() & new.keys() if old[asset_id] != new[asset_id]}


async def _some_change(connection: asyncpg.Connection, choice: random.Random) -> None:
    """Do one change at random; one that is refused changes nothing."""
    ids = choice.sample(range(1, 9), choice.randint(1, 3))
    who = {"seat": "s", "reason": "r"}
    try:
        match choice.choice(("name", "dn", "move", "retire", "restore", "restore", "revert")):
            case "name":
                await apply_edits(connection, 7, [Edit(i, name=choice.choice("ab")) for i in ids], **WHO)
            case "dn":
                await apply_edits(connection, 7, [Edit(PIPE_1, {"dn": choice.choice([500, 600, None])})], **WHO)
            case "move":
                place = choice.choice([125.3, 125.5])
                await apply_edits(connection, 7, [Edit(PIPE_3, geometry=line((place, 43.8), (place + 0.01, 43.8)))], **WHO)
            case "retire":
                await apply_edits(connection, 7, [Edit(i, retire=True) for i in ids], **WHO)
            case "restore":
                await restore_version(connection, 7, ids[0], 1, **who)
            case "revert":
                await revert_change(connection, 7, choice.randint(2, 12), **who)
    except Exception as error:
        if type(error).__module__ != "data.errors":
            raise


@pytest.mark.parametrize("seed", [1, 2])
def test_a_difference_equals_the_comparison_of_two_dumps(town: str, tmp_path: Path, seed: int) -> None:
    choice, dumps = random.Random(seed), [(datetime(2020, 1, 1, tzinfo=UTC), {}), (datetime.now(UTC), _dump(town))]

    async def change() -> None:
        connection = await asyncpg.connect(town)
        for _ in range(4):
            await _some_change(connection, choice)
        await connection.close()

    for step in range(5):
        if step == 3:
            run_import(deliver(tmp_path, dn=(700, 500, 300)), town, seat="importer")
        asyncio.run(change())
        dumps.append((datetime.now(UTC), _dump(town)))

    async def compare(pool: Pool) -> None:
        for (from_at, old), (to_at, new) in itertools.combinations(dumps, 2):
            found = await difference_between(pool, EVERYTHING, 7, from_at, to_at, limit=100, offset=0)
            expected = _compared(old, new)
            assert {item.asset_id: item.status for item in found.items} == expected
            assert [item.asset_id for item in found.items] == sorted(expected)
            counts = [found.added, found.changed, found.retired]
            assert counts == [list(expected.values()).count(name) for name in ("added", "changed", "retired")]
            assert all(item.differences for item in found.items if item.status == "changed")

    ask(town, compare)
    assert len({len(dump) for _, dump in dumps}) > 1, "the changes should retire something"


def test_one_change_is_the_difference_to_what_was_before(town: str) -> None:
    change = edit(town, Edit(PIPE_1, {"dn": 600}), Edit(VILLAGE, retire=True))
    found = ask(town, lambda pool: assets_of_change(pool, EVERYTHING, 7, change, limit=10, offset=0))
    assert [(item.code, item.status) for item in found.items] == [("P-1", "changed"), ("V1", "retired")]
    assert [(item.field, item.before, item.after) for item in found.items[0].differences] == [("dn", 500, 600)]
    page = ask(town, lambda pool: assets_of_change(pool, EVERYTHING, 7, change, limit=1, offset=1))
    assert [item.code for item in page.items] == ["V1"]
    only = ask(town, lambda pool: assets_of_change(pool, EVERYTHING, 7, change, kinds=("village",), limit=9, offset=0))
    assert (only.changed, only.retired) == (0, 1)


def test_changes_are_filtered(town: str) -> None:
    before = datetime.now(UTC)
    edit(town, Edit(PIPE_1, {"dn": 600}))
    edit(town, Edit(VILLAGE, retire=True), origin="repair", seat="100%_sure")

    def found(**wanted: Any) -> list[int]:
        _, changes = ask(town, lambda pool: list_changes(pool, EVERYTHING, 7, ChangeFilter(**wanted), limit=10, offset=0))
        return [change.note.change_id for change in changes]

    assert found() == [3, 2, 1]
    assert found(from_at=before) == [3, 2]
    assert found(to_at=before) == [1]
    assert found(origin="repair") == [3]
    assert found(seat="0%_s") == [3]
    assert found(seat="%") == [3]
    assert found(kinds=("pipe",)) == [2, 1]
    assert found(from_at=before + timedelta(days=1)) == []


def test_a_company_sees_the_versions_that_were_its_own(town: str) -> None:
    edit(town, Edit(PIPE_3, {"company_code": "C1"}))
    edit(town, Edit(PIPE_3, name="x"))
    scope = Scope(company_ids=(COMPANY_1,))
    versions = ask(town, lambda pool: read_history(pool, scope, 7, PIPE_3))
    assert [version.version for version in versions] == [3, 2]
    assert versions[1].differences == (), "what it was with another owner is not told"
    total, changes = ask(town, lambda pool: list_changes(pool, scope, 7, ChangeFilter(), limit=10, offset=0))
    assert total == 3
    # what nobody owns is everybody's to see: two companies, two districts, the village; and its own two pipes
    assert [(change.added, change.changed) for change in changes] == [(0, 1), (0, 1), (7, 0)]


def test_a_district_sees_an_asset_that_moved_in_as_added(town: str) -> None:
    change = edit(town, Edit(PIPE_1, geometry=line((125.5, 43.9), (125.51, 43.9))))
    found = ask(town, lambda pool: assets_of_change(pool, Scope(areas=(EAST,)), 7, change, limit=10, offset=0))
    assert [(item.code, item.status) for item in found.items] == [("P-1", "added")]


def test_the_page_of_a_history_compares_its_last_version_too(town: str) -> None:
    for dn in (600, 700, 800):
        edit(town, Edit(PIPE_1, {"dn": dn}))
    page = ask(town, lambda pool: read_history(pool, EVERYTHING, 7, PIPE_1, limit=2, offset=1))
    assert [(version.version, version.differences[0].before) for version in page] == [(3, 600), (2, 500)]
    assert page[0].change is not None
    assert page[0].change.source == ""
    first = ask(town, lambda pool: read_history(pool, EVERYTHING, 7, PIPE_1))[-1]
    assert first.change is not None
    assert (first.change.origin, first.change.source) == ("import", "pipes.geojson > pipe")


_WRITER = """
import asyncio, sys
import asyncpg
from data.archive import Edit, apply_edits

async def main():
    connection = await asyncpg.connect(sys.argv[1])
    async with connection.transaction():
        await apply_edits(connection, 7, [Edit(5, {"dn": 600}), Edit(6, retire=True)], seat="s", reason="r", origin="edit")
        print("written", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def test_a_writer_killed_in_the_middle_leaves_nothing(town: str) -> None:
    dump = table_dump(town)
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, town], cwd=ROOT, stdout=subprocess.PIPE, env=dict(os.environ))
    assert writer.stdout is not None
    with writer.stdout:
        assert writer.stdout.readline() == b"written\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    with connect(town) as connection:
        # the lock is free as soon as the server has noticed
        connection.execute("set statement_timeout = '30s'")
        connection.execute("select pg_advisory_xact_lock(hashtext('heat-twin archive'), 7)")
    assert table_dump(town) == dump
    assert edit(town, Edit(PIPE_1, {"dn": 600})) == 2
    with pytest.raises(Conflict, match="nothing would change"):
        edit(town, Edit(PIPE_1, {"dn": 600}))
