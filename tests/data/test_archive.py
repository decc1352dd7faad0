"""Changes of assets: what an edit, a retirement, a restored version and a change taken back do to the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
import shapely

from data.archive import Edit, apply_edits, restore_version, revert_change
from data.errors import Conflict, NotFound
from data.imports.run import run_import
from data.pool import connect
from tests.data.import_helpers import PIPES, asset_rows, table_dump, write_layer, write_manifest
from twin.errors import OutsideScope
from twin.scope import Scope

T = TypeVar("T")
COMPANIES = """
[[layer]]
file = "companies.csv"
kind = "company"
[layer.columns]
code = "code"
name = "name"
"""
DISTRICTS = """
[[layer]]
file = "districts.geojson"
kind = "district"
[layer.columns]
code = "code"
name = "name"
"""
VILLAGES = """
[[layer]]
file = "villages.geojson"
kind = "village"
[layer.columns]
code = "code"
[[layer]]
file = "households.csv"
kind = "household"
[layer.columns]
code = "code"
village_code = "village"
storeys = "storeys"
"""
WHO: dict[str, Any] = {"seat": "测试", "reason": "survey", "origin": "edit"}
COMPANY_1, COMPANY_2, WEST, EAST, PIPE_1, PIPE_2, PIPE_3, VILLAGE = range(1, 9)
"""Asset ids of the town: dense in the order of kind and code."""


def point(lon: float, lat: float) -> bytes:
    return bytes(shapely.to_wkb(shapely.set_srid(shapely.Point(lon, lat), 4326), include_srid=True))


def line(*places: tuple[float, float]) -> bytes:
    return bytes(shapely.to_wkb(shapely.set_srid(shapely.LineString(places), 4326), include_srid=True))


def deliver(folder: Path, *, dn: tuple[int, int, int] = (500, 500, 300), storeys: int = 1) -> Path:
    """Write a delivery of two companies, two districts, three pipes, a village and a household."""
    lines = [shapely.LineString([(125.30, 43.80), (125.31, 43.80)])] * 2 + [
        shapely.LineString([(125.50, 43.80), (125.51, 43.80)])
    ]
    columns: dict[str, list[Any]] = {"code": ["P-1", "P-2", "P-3"], "side": ["supply", "return", "supply"], "dn": list(dn)}
    write_layer(folder / "pipes.geojson", lines, no=[11, 12, 13], pair=["T1", "T1", None], owner=["C1", "C1", "C2"], **columns)
    (folder / "companies.csv").write_text("code,name\nC1,第一热力\nC2,第二热力\n", encoding="utf-8")
    boxes = [shapely.box(125.0, 43.5, 125.4, 44.2), shapely.box(125.4, 43.5, 125.8, 44.2)]
    write_layer(folder / "districts.geojson", boxes, code=["220101", "220102"], name=["甲区", "乙区"])
    write_layer(folder / "villages.geojson", [shapely.Point(125.2, 43.9)], code=["V1"])
    (folder / "households.csv").write_text(f"code,village,storeys\nH1,V1,{storeys}\n", encoding="utf-8")
    return write_manifest(folder, PIPES, COMPANIES, DISTRICTS, VILLAGES)


@pytest.fixture
def town(database_url: str, tmp_path: Path) -> str:
    """Return the address of a database with that delivery as city 7."""
    run_import(deliver(tmp_path), database_url, seat="importer")
    return database_url


def run(url: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Run a piece of work on a connection of its own."""

    async def task() -> T:
        connection = await asyncpg.connect(url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(task())


def edit(url: str, *edits: Edit, **more: Any) -> int:
    return run(url, lambda connection: apply_edits(connection, 7, edits, **{**WHO, **more}))


def current(url: str, asset_id: int, columns: str) -> tuple[object, ...] | None:
    rows = asset_rows(url, columns, condition=f"valid_to_at is null and asset_id = {asset_id}")
    return rows[0] if rows else None


def versions(url: str) -> tuple[int, int]:
    with connect(url) as connection:
        row = connection.execute("select assets_version, network_version from city where city_id = 7").fetchone()
    assert row is not None
    return row


def test_an_edit_writes_a_new_version_and_keeps_the_old_one(town: str) -> None:
    before = versions(town)
    change = edit(town, Edit(PIPE_1, {"dn": 600, "pair_code": None, "material": "钢"}, name="北干线"))
    rows = asset_rows(
        town, "version, name, attributes, valid_to_at is null, change_id, ended_by", condition=f"asset_id = {PIPE_1}"
    )
    old = {"dn": 500, "side": "supply", "pair_code": "T1", "company_code": "C1", "network_level": "primary"}
    new = {"dn": 600, "side": "supply", "material": "钢", "company_code": "C1", "network_level": "primary"}
    assert rows == [(1, "", old, False, 1, change), (2, "北干线", new, True, change, None)]
    assert versions(town) == (before[0] + 1, before[1] + 1)


def test_a_change_says_who_when_why_and_how_much(town: str) -> None:
    change = edit(town, Edit(PIPE_1, {"dn": 600}), Edit(PIPE_2, retire=True), source="drawing 12")
    with connect(town) as connection:
        row = connection.execute(
            "select c.seat, c.reason, c.origin, c.source, c.counts, c.made_at = a.valid_from_at from archive_change c"
            " join asset a using (city_id, change_id) where c.city_id = 7 and c.change_id = %s",
            (change,),
        ).fetchone()
    assert row == ("测试", "survey", "edit", "drawing 12", {"added": 0, "changed": 1, "retired": 1}, True)


def test_an_import_is_a_change_with_its_layers(town: str) -> None:
    with connect(town) as connection:
        row = connection.execute(
            "select c.seat, c.reason, c.origin, c.source, c.counts, c.layers[a.layer_no] from archive_change c"
            f" join asset a using (city_id, change_id) where a.asset_id = {PIPE_1}"
        ).fetchone()
    counts = {"added": 8, "changed": 0, "retired": 0, "register_added": 1, "register_changed": 0}
    assert row == ("importer", "import", "import", "manifest.toml", counts, "pipes.geojson > pipe")


def test_the_hash_of_an_edit_is_the_one_that_an_import_computes(town: str, tmp_path: Path) -> None:
    change = edit(town, Edit(PIPE_1, {"dn": 600}))
    edited = current(town, PIPE_1, "row_sha256")
    run(town, lambda connection: revert_change(connection, 7, change, seat="a", reason="b"))
    run_import(deliver(tmp_path, dn=(600, 500, 300)), town, seat="importer")
    assert current(town, PIPE_1, "row_sha256") == edited


def test_links_follow_an_edit(town: str) -> None:
    moved = line((125.5, 43.9), (125.51, 43.9))
    edit(town, Edit(PIPE_1, {"company_code": "C2"}, geometry=moved), Edit(PIPE_3, {"pair_code": "T1"}))
    assert current(town, PIPE_1, "company_id, area_id, pair_id") == (COMPANY_2, EAST, PIPE_1)
    assert current(town, PIPE_3, "pair_id") == (PIPE_1,)
    edit(town, Edit(PIPE_1, {"pair_code": None}))
    assert current(town, PIPE_1, "pair_id") == (None,)
    assert current(town, PIPE_2, "pair_id") == (PIPE_2,)
    assert current(town, PIPE_3, "pair_id") == (PIPE_2,)
    edit(town, Edit(PIPE_2, retire=True))
    assert current(town, PIPE_3, "pair_id") == (PIPE_3,)


def test_a_register_row_follows_its_village(town: str) -> None:
    def row() -> tuple[object, ...] | None:
        with connect(town) as connection:
            return connection.execute("select area_id from register_row").fetchone()

    assert row() == (WEST,)
    change = edit(town, Edit(VILLAGE, geometry=point(125.6, 43.9)))
    assert row() == (EAST,)
    edit(town, Edit(VILLAGE, retire=True))
    assert row() == (EAST,), "a row of a retired village must not become everybody's"
    assert change == 2


def test_a_district_that_moves_takes_everything_along(town: str) -> None:
    box = shapely.set_srid(shapely.box(125.0, 43.5, 125.25, 44.2), 4326)
    edit(town, Edit(WEST, geometry=bytes(shapely.to_wkb(box, include_srid=True))))
    assert current(town, PIPE_1, "area_id, version") == (None, 1)
    assert current(town, PIPE_3, "area_id") == (EAST,)
    assert current(town, WEST, "area_id, version") == (WEST, 2)


def test_a_change_taken_back_restores_byte_for_byte(town: str) -> None:
    content = "asset_id, kind, code, name, source_key, geom, attributes, row_sha256, company_id, area_id, pair_id"
    before = asset_rows(town, content)
    edits = (
        Edit(PIPE_1, {"dn": 600, "pair_code": None}, name="x", geometry=line((125.5, 43.9), (125.51, 43.9))),
        Edit(PIPE_2, retire=True),
        Edit(COMPANY_1, name="新热力"),
    )
    change = edit(town, *edits)
    assert asset_rows(town, content) != before
    back = run(town, lambda connection: revert_change(connection, 7, change, seat="a", reason="b"))
    assert asset_rows(town, content) == before
    again = run(town, lambda connection: revert_change(connection, 7, back, seat="a", reason="b"))
    assert current(town, PIPE_2, "1") is None
    assert (back, again) == (change + 1, change + 2)


def test_what_an_import_brought_is_retired_when_it_is_taken_back(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "companies.csv").write_text("code,name\nC1,a\nC2,b\n", encoding="utf-8")
    manifest = write_manifest(tmp_path, COMPANIES)
    run_import(manifest, database_url, seat="importer")
    (tmp_path / "companies.csv").write_text("code,name\nC1,aa\nC3,c\n", encoding="utf-8")
    run_import(manifest, database_url, seat="importer")
    run(database_url, lambda connection: revert_change(connection, 7, 2, seat="a", reason="b"))
    assert asset_rows(database_url, "code, name") == [("C1", "a"), ("C2", "b")]
    assert not run_import(manifest, database_url, seat="importer").changed, "the delivery that was taken back must not return"


def test_a_change_is_not_taken_back_over_a_later_one(town: str) -> None:
    first = edit(town, Edit(PIPE_1, {"dn": 600}), Edit(PIPE_2, retire=True))
    edit(town, Edit(PIPE_1, {"dn": 700}))
    dump = table_dump(town)
    with pytest.raises(Conflict, match=r"1 of its assets have changed since: pipe P-1$"):
        run(town, lambda connection: revert_change(connection, 7, first, seat="a", reason="b"))
    with pytest.raises(Conflict, match="1 rows of registers"):
        run(town, lambda connection: revert_change(connection, 7, 1, seat="a", reason="b"))
    with pytest.raises(NotFound, match="no change 99"):
        run(town, lambda connection: revert_change(connection, 7, 99, seat="a", reason="b"))
    assert table_dump(town) == dump


def test_a_retired_asset_comes_back_as_a_former_version(town: str) -> None:
    edit(town, Edit(PIPE_1, {"dn": 600}))
    edit(town, Edit(PIPE_1, retire=True))
    run(town, lambda connection: restore_version(connection, 7, PIPE_1, 1, seat="a", reason="b"))
    assert current(town, PIPE_1, "version, attributes ->> 'dn', pair_id, company_id, area_id") == (
        3,
        "500",
        PIPE_1,
        COMPANY_1,
        WEST,
    )
    assert current(town, PIPE_2, "pair_id") == (PIPE_1,)
    with pytest.raises(NotFound, match="no version 9"):
        run(town, lambda connection: restore_version(connection, 7, PIPE_1, 9, seat="a", reason="b"))
    with pytest.raises(Conflict, match="nothing would change"):
        run(town, lambda connection: restore_version(connection, 7, PIPE_1, 1, seat="a", reason="b"))


@pytest.mark.parametrize(
    ("edits", "more", "error", "message"),
    [
        ([Edit(99, {"dn": 1})], {}, NotFound, "no current asset 99"),
        ([Edit(PIPE_1, {"dn": 1}), Edit(PIPE_1, {"dn": 2})], {}, Conflict, "more than once"),
        ([Edit(PIPE_1, {"dn": 500})], {}, Conflict, "nothing would change"),
        (
            [Edit(PIPE_1, {"dn": 1})],
            {"versions": {PIPE_1: 7}},
            Conflict,
            r"pipe P-1 .* at version 1, not 7: importer changed it at",
        ),
        ([Edit(PIPE_3, {"dn": 1})], {"scope": Scope(company_ids=(COMPANY_1,))}, OutsideScope, "pipe P-3"),
        ([Edit(WEST, name="x")], {"scope": Scope(company_ids=(COMPANY_1,))}, OutsideScope, "district 220101"),
        ([Edit(PIPE_1, {"company_code": "C2"})], {"scope": Scope(company_ids=(COMPANY_1,))}, OutsideScope, "pipe P-1"),
        (
            [Edit(PIPE_1, geometry=line((125.5, 43.9), (125.51, 43.9)))],
            {"scope": Scope(areas=(WEST,))},
            OutsideScope,
            "out of its reach: pipe P-1",
        ),
    ],
)
def test_what_cannot_be_changed_is_refused_and_nothing_is_written(
    town: str, edits: list[Edit], more: dict[str, Any], error: type[Exception], message: str
) -> None:
    dump = table_dump(town)
    with pytest.raises(error, match=message):
        edit(town, *edits, **more)
    assert table_dump(town) == dump


def test_the_same_delivery_again_leaves_edits_alone(town: str, tmp_path: Path) -> None:
    edit(town, Edit(PIPE_1, {"dn": 600}), Edit(PIPE_2, retire=True), Edit(WEST, name="新区"))
    before = table_dump(town)
    report = run_import(deliver(tmp_path), town, seat="importer")
    assert not report.changed
    assert report.count("overrides_edit") == 0
    assert table_dump(town) == before


def test_a_delivery_that_changed_an_edited_asset_is_written_and_reported(town: str, tmp_path: Path) -> None:
    edit(town, Edit(PIPE_1, {"dn": 600}), Edit(PIPE_2, retire=True))
    report = run_import(deliver(tmp_path, dn=(700, 700, 300)), town, seat="importer")
    assert report.count("overrides_edit") == 2
    assert {problem.message.split(":")[0] for problem in report.problems if problem.rule == "overrides_edit"} == {
        "pipe P-1",
        "pipe P-2",
    }
    dns = asset_rows(town, "code, version, attributes ->> 'dn', pair_id", condition="kind = 'pipe' and valid_to_at is null")
    assert dns == [("P-1", 3, "700", PIPE_1), ("P-2", 2, "700", PIPE_1), ("P-3", 1, "300", None)]


def test_a_delivery_that_brings_what_was_edited_agrees(town: str, tmp_path: Path) -> None:
    edit(town, Edit(PIPE_1, {"dn": 600}))
    assert not run_import(deliver(tmp_path, dn=(600, 500, 300)), town, seat="importer").changed
    report = run_import(deliver(tmp_path, dn=(500, 500, 300)), town, seat="importer")
    assert report.count("overrides_edit") == 0
    assert current(town, PIPE_1, "version, attributes ->> 'dn'") == (3, "500")


def test_a_register_row_that_changes_keeps_what_it_was(town: str, tmp_path: Path) -> None:
    run_import(deliver(tmp_path, storeys=2), town, seat="importer")
    with connect(town) as connection:
        rows = connection.execute(
            "select v.code, v.attributes -> 'storeys', v.valid_to_at = r.changed_at, v.ended_by"
            " from register_version v join register_row r using (city_id, kind, row_id)"
        ).fetchall()
        now = connection.execute("select attributes -> 'storeys', change_id from register_row").fetchall()
    assert (rows, now) == ([("H1", 1, True, 2)], [(2, 2)])


def test_an_edit_inside_a_transaction_of_the_caller_rolls_back_with_it(town: str) -> None:
    dump = table_dump(town)

    async def work(connection: asyncpg.Connection) -> None:
        outer = connection.transaction()
        await outer.start()
        await apply_edits(connection, 7, [Edit(PIPE_1, {"dn": 600})], **WHO)
        await apply_edits(connection, 7, [Edit(PIPE_1, {"dn": 700})], **WHO)
        await outer.rollback()

    run(town, work)
    assert table_dump(town) == dump


def test_two_editors_at_once_do_not_lose_each_others_work(town: str) -> None:
    async def work() -> list[object]:
        connections = [await asyncpg.connect(town) for _ in range(4)]
        tasks = [
            apply_edits(connection, 7, [Edit(PIPE_1, {"dn": 600 + number})], versions={PIPE_1: 1}, **WHO)
            for number, connection in enumerate(connections)
        ]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for connection in connections:
            await connection.close()
        return list(results)

    results = asyncio.run(work())
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, Conflict) and "at version 2, not 1" in str(result) for result in results) == 3
    assert [row[0] for row in asset_rows(town, "version", condition=f"asset_id = {PIPE_1}")] == [1, 2]


def test_an_import_that_runs_is_not_edited_into(town: str) -> None:
    with connect(town) as importer:
        importer.execute("select pg_advisory_xact_lock(hashtext('heat-twin import'), 7)")
        with pytest.raises(Conflict, match="import of city 7 is being written"):
            edit(town, Edit(PIPE_1, {"dn": 600}))
    edit(town, Edit(PIPE_1, {"dn": 600}))


def test_a_district_that_is_retired_and_comes_back_links_its_ground(town: str) -> None:
    change = edit(town, Edit(WEST, retire=True))
    assert (current(town, PIPE_1, "area_id"), current(town, PIPE_3, "area_id")) == ((None,), (EAST,))
    run(town, lambda connection: revert_change(connection, 7, change, seat="a", reason="b"))
    assert current(town, PIPE_1, "area_id") == (WEST,)
    assert current(town, VILLAGE, "area_id") == (WEST,)
