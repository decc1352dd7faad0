"""What an import does to the store: versions, ids, links, all or nothing."""

from __future__ import annotations

import gc
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import shapely

from data.errors import ImportFailed
from data.imports.run import run_import
from data.imports.staging import StagedLayer
from data.pool import connect
from tests.data.import_helpers import CITY, PIPES, asset_rows, table_dump, write_layer, write_manifest

ROOT = Path(__file__).resolve().parent.parent.parent
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
RATES = """
[[layer]]
file = "rates.csv"
kind = "rollout_rate"
[layer.columns]
area_code = "area"
month = "month"
heated_area_m2 = "heated"
clean_area_m2 = "clean"
target_rate = "target"
"""
A_LINE = [(125.30, 43.80), (125.31, 43.80)]
B_LINE = [
    (125.50, 43.80),
    (
        125.51,
        43.80,
    ),
]


def _pipes(folder: Path, *, dn: tuple[int, ...] = (500, 500, 300), codes: tuple[str, ...] = ("P-2", "P-1", "P-3")) -> None:
    lines = [shapely.LineString(A_LINE), shapely.LineString(A_LINE), shapely.LineString(B_LINE)]
    write_layer(
        folder / "pipes.geojson",
        lines,
        no=[11, 12, 13],
        code=list(codes),
        side=["supply", "return", "supply"],
        dn=list(dn),
        pair=["T1", "T1", None],
        owner=["C1", "C1", "C9"],
    )


def _companies(folder: Path) -> None:
    (folder / "companies.csv").write_text("code,name\nC1,第一热力\n", encoding="utf-8")


def _districts(folder: Path, *, split: float = 125.4) -> None:
    boxes = [shapely.box(125.0, 43.5, split, 44.2), shapely.box(split, 43.5, 125.8, 44.2)]
    write_layer(folder / "districts.geojson", boxes, code=["220101", "220102"], name=["甲区", "乙区"])


def _version(url: str) -> tuple[object, ...]:
    with connect(url) as connection:
        row = connection.execute("select assets_version, network_version from city where city_id = 7").fetchone()
    assert row is not None
    return row


def test_ids_are_dense_in_sorted_key_order_and_links_are_resolved(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    _companies(tmp_path)
    _districts(tmp_path)
    report = run_import(write_manifest(tmp_path, PIPES, COMPANIES, DISTRICTS), database_url, seat="test")
    rows = asset_rows(database_url, "asset_id, kind, code, source_key, company_id, area_id, pair_id, version")
    assert rows == [
        (1, "company", "C1", "", None, None, None, 1),
        (2, "district", "220101", "", None, 2, None, 1),
        (3, "district", "220102", "", None, 3, None, 1),
        (4, "pipe", "P-1", "12", 1, 2, 4, 1),
        (5, "pipe", "P-2", "11", 1, 2, 4, 1),
        (6, "pipe", "P-3", "13", None, 3, None, 1),
    ]
    assert report.count("missing_reference") == 1
    assert report.problems[0].row == 3
    assert "C9" in report.problems[0].message


def test_the_same_delivery_twice_equals_once(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    manifest = write_manifest(tmp_path, PIPES)
    first = run_import(manifest, database_url, seat="test")
    before = table_dump(database_url)
    second = run_import(manifest, database_url, seat="test")
    assert first.changed
    assert not second.changed
    assert [layer.unchanged for layer in second.layers] == [3]
    assert table_dump(database_url) == before


def test_a_changed_row_gets_a_version_and_the_others_keep_theirs(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    manifest = write_manifest(tmp_path, PIPES)
    run_import(manifest, database_url, seat="test")
    before = _version(database_url)
    _pipes(tmp_path, dn=(500, 600, 300))
    report = run_import(manifest, database_url, seat="test")
    assert [(layer.new, layer.changed, layer.unchanged) for layer in report.layers] == [(0, 1, 2)]
    rows = asset_rows(
        database_url,
        "code, version, (attributes ->> 'dn')::int, valid_to_at is null, pair_id",
        condition="code in ('P-1', 'P-2')",
    )
    assert rows == [("P-1", 1, 500, False, 1), ("P-1", 2, 600, True, 1), ("P-2", 1, 500, True, 1)]
    assert _version(database_url) == tuple(number + 1 for number in before)


def test_closing_and_opening_a_version_leave_no_gap_in_time(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    manifest = write_manifest(tmp_path, PIPES)
    run_import(manifest, database_url, seat="test")
    _pipes(tmp_path, dn=(700, 700, 700))
    run_import(manifest, database_url, seat="test")
    with connect(database_url) as connection:
        gaps = connection.execute(
            "select count(*) from asset a join asset b using (city_id, asset_id)"
            " where a.version = 1 and b.version = 2 and a.valid_to_at = b.valid_from_at"
        ).fetchone()
    assert gaps == (3,)


def test_new_keys_get_the_next_ids_and_absent_rows_stay(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    manifest = write_manifest(tmp_path, PIPES)
    run_import(manifest, database_url, seat="test")
    _pipes(tmp_path, codes=("P-0", "P-1", "P-9"))
    run_import(manifest, database_url, seat="test")
    assert asset_rows(database_url, "asset_id, code") == [(1, "P-1"), (2, "P-2"), (3, "P-3"), (4, "P-0"), (5, "P-9")]


def test_stored_rows_are_linked_when_company_and_district_come_later(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    run_import(write_manifest(tmp_path, PIPES), database_url, seat="test")
    assert asset_rows(database_url, "company_id, area_id, version") == [(None, None, 1)] * 3
    _companies(tmp_path)
    _districts(tmp_path)
    report = run_import(write_manifest(tmp_path, COMPANIES, DISTRICTS), database_url, seat="test")
    assert report.relinked == 5  # two pipes to their company, three to their district
    assert asset_rows(database_url, "company_id, area_id, version", condition="kind = 'pipe'") == [
        (4, 5, 1),
        (4, 5, 1),
        (None, 6, 1),
    ]


def test_a_moved_border_moves_the_assets_to_the_other_district(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    _districts(tmp_path)
    manifest = write_manifest(tmp_path, PIPES, DISTRICTS)
    run_import(manifest, database_url, seat="test")
    _districts(tmp_path, split=125.6)
    report = run_import(manifest, database_url, seat="test")
    assert report.relinked == 1
    assert asset_rows(database_url, "area_id", condition="kind = 'pipe' and valid_to_at is null") == [(1,), (1,), (1,)]


def test_points_do_not_change_the_network_version(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    _companies(tmp_path)
    run_import(write_manifest(tmp_path, PIPES), database_url, seat="test")
    before = _version(database_url)
    run_import(write_manifest(tmp_path, PIPES, COMPANIES), database_url, seat="test")
    after = _version(database_url)
    assert after[0] == before[0] + 1
    assert after[1] == before[1]


def test_heights_are_kept_beside_flat_geometry(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    lines = [shapely.LineString([(*xy, 201.25) for xy in A_LINE]), shapely.LineString(A_LINE), shapely.LineString(B_LINE)]
    write_layer(
        tmp_path / "pipes.geojson",
        lines,
        no=[1, 2, 3],
        code=["a", "b", "c"],
        side=["supply"] * 3,
        dn=[1] * 3,
        pair=[None] * 3,
        owner=[None] * 3,
    )
    run_import(write_manifest(tmp_path, PIPES), database_url, seat="test")
    assert asset_rows(database_url, "st_ndims(geom), st_z(st_startpoint(geom)), st_srid(geom)") == [
        (3, 201.25, 4326),
        (2, None, 4326),
        (2, None, 4326),
    ]


def test_rates_are_written_updated_and_checked(database_url: str, tmp_path: Path) -> None:
    _districts(tmp_path)
    rates = tmp_path / "rates.csv"
    rates.write_text(
        "area,month,heated,clean,target\n220101,2026-10,1000,600,0.7\n220102,2026-10,500,100,0.5\n"
        "999999,2026-10,1,1,1\n220101,2026-13,1,1,1\n220101,2026-11,x,1,1\n"
    )
    manifest = write_manifest(tmp_path, DISTRICTS, RATES)
    report = run_import(manifest, database_url, seat="test")
    assert report.layers[1].new == 2
    assert report.layers[1].rejected == 3
    assert sorted(problem.row or 0 for problem in report.problems if problem.rule == "bad_row") == [3, 4, 5]
    before = table_dump(database_url)
    assert not run_import(manifest, database_url, seat="test").changed
    assert table_dump(database_url) == before
    rates.write_text("area,month,heated,clean,target\n220101,2026-10,1000,650,0.7\n220102,2026-10,500,100,0.5\n")
    again = run_import(manifest, database_url, seat="test").layers[1]
    assert (again.new, again.changed, again.unchanged) == (0, 1, 1)


def test_a_delivery_for_another_city_id_stands_beside_the_first(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    manifest = write_manifest(tmp_path, PIPES)
    run_import(manifest, database_url, seat="test")
    first = asset_rows(database_url, "*", condition="city_id = 7")
    run_import(manifest, database_url, seat="test", city_id=8)
    assert asset_rows(database_url, "*", condition="city_id = 7") == first
    assert asset_rows(database_url, "asset_id, code", condition="city_id = 8") == [(1, "P-1"), (2, "P-2"), (3, "P-3")]


def test_who_imported_and_how_it_was_converted_is_stored(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    gcj02 = CITY.replace('datum = "wgs84"', 'datum = "gcj02"\ndatum_evidence = "letter of the mapping office"')
    report = run_import(write_manifest(tmp_path, PIPES, city=gcj02), database_url, seat="person 3")
    with connect(database_url) as connection:
        run = connection.execute("select import_id, seat, report -> 'layers' -> 0 ->> 'new' from import_run").fetchone()
        ledger = connection.execute(
            "select import_id, datum, evidence, vertex_count, round_trip_max_m, input_sha256 <> output_sha256"
            " from datum_conversion"
        ).fetchone()
    assert run == (report.import_id, "person 3", "3")
    assert ledger is not None
    assert ledger[:4] == (report.import_id, "gcj02", "letter of the mapping office", 6 + 3 * 4)  # 0.8 km each, cut into fifths
    assert ledger[4] < 1e-6
    assert ledger[5]


def test_a_file_that_fails_leaves_everything_as_it_was_and_all_are_named(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    run_import(write_manifest(tmp_path, PIPES), database_url, seat="test")
    before = table_dump(database_url)
    (tmp_path / "districts.geojson").write_text("{ not json")
    _pipes(tmp_path, dn=(1, 2, 3))
    with pytest.raises(ImportFailed) as caught:
        run_import(write_manifest(tmp_path, PIPES, COMPANIES, DISTRICTS), database_url, seat="test")
    assert "companies.csv: there is no such file" in str(caught.value)
    assert "districts.geojson: cannot be read as geojson" in str(caught.value)
    assert table_dump(database_url) == before


def test_a_layer_is_dropped_before_the_next_one_is_read(database_url: str, tmp_path: Path) -> None:
    """So the memory of an import is that of its largest layer, not of them all."""
    _pipes(tmp_path)
    alive: list[int] = []

    def count(message: str, _: float) -> None:
        if message.startswith("reading") or message == "comparing rows":
            alive.append(sum(type(item) is StagedLayer for item in gc.get_objects()))

    other = PIPES.replace('"pipes.geojson"', '"more.geojson"')
    (tmp_path / "more.geojson").write_bytes((tmp_path / "pipes.geojson").read_bytes())
    gc.collect()  # what failing imports of other tests left in their tracebacks
    run_import(write_manifest(tmp_path, PIPES, other, other), database_url, seat="test", progress=count)
    assert alive == [0, 0, 0, 0]


def test_rows_are_dated_after_everything_that_was_committed_while_their_files_were_read(
    database_url: str, tmp_path: Path
) -> None:
    _pipes(tmp_path)
    times: list[object] = []

    def note(message: str, _: float) -> None:
        if message == "comparing rows":
            with connect(database_url) as connection:
                times.extend(connection.execute("select clock_timestamp()").fetchone() or ())

    run_import(write_manifest(tmp_path, PIPES), database_url, seat="test", progress=note)
    written = asset_rows(database_url, "valid_from_at")
    assert len({row[0] for row in written}) == 1
    assert written[0][0] > times[0]  # type: ignore[operator]
    with connect(database_url) as connection:
        assert connection.execute("select finished_at from import_run").fetchone() > written[0]  # type: ignore[operator]


KILLED = """
import sys, time
from pathlib import Path
from data.imports.run import run_import

def stop_at(message, fraction):
    if message == sys.argv[3]:
        print("there", flush=True)
        time.sleep(600)

run_import(Path(sys.argv[1]), sys.argv[2], seat="test", progress=stop_at)
"""


@pytest.mark.parametrize("step", ["staging rows", "comparing rows", "writing assets", "closing"])
def test_a_killed_import_leaves_the_database_as_it_was(database_url: str, tmp_path: Path, step: str) -> None:
    _pipes(tmp_path)
    manifest = write_manifest(tmp_path, PIPES)
    run_import(manifest, database_url, seat="test")
    before = table_dump(database_url)
    _pipes(tmp_path, dn=(1, 2, 3), codes=("P-1", "P-7", "P-8"))
    command = [sys.executable, "-c", KILLED, str(manifest), database_url, step]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert table_dump(database_url) == before
    # the lock of the dead import is gone too: the next one goes through
    assert run_import(manifest, database_url, seat="test").changed


def test_two_imports_of_one_city_wait_for_each_other(database_url: str, tmp_path: Path) -> None:
    """The second starts while the first holds the lock, and still gets dense ids."""
    _pipes(tmp_path)
    manifest = write_manifest(tmp_path, PIPES)
    other = tmp_path / "other"
    other.mkdir()
    _pipes(other, codes=("A-1", "A-2", "A-3"))
    code = "import sys; from pathlib import Path; from data.imports.run import run_import as go\n"
    code += "go(Path(sys.argv[1]), sys.argv[2], seat='b')"
    command = [sys.executable, "-c", code, str(write_manifest(other, PIPES)), database_url]
    started: list[subprocess.Popen[bytes]] = []

    def start_other(message: str, _: float) -> None:
        if message == "comparing rows":
            started.append(subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}))

    run_import(manifest, database_url, seat="a", progress=start_other)
    assert started[0].wait() == 0
    assert [row[0] for row in asset_rows(database_url, "asset_id")] == [1, 2, 3, 4, 5, 6]


def test_the_hash_of_a_row_is_that_of_its_content(database_url: str, tmp_path: Path) -> None:
    _pipes(tmp_path)
    run_import(write_manifest(tmp_path, PIPES), database_url, seat="test")
    with connect(database_url) as connection:
        rows = connection.execute("select name, source_key, attributes::text, geom::bytea, row_sha256 from asset").fetchall()
    for name, key, attributes, geom, digest in rows:
        content = f"{name}\x1f{key}\x1f{attributes}\x1f".encode() + bytes(geom)
        assert hashlib.sha256(content).digest() == bytes(digest)
