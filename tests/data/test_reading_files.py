from __future__ import annotations

import struct
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import BadReadingFile
from data.pool import connect
from data.reading_archive.manifest import list_parts
from data.reading_archive.restoring import restore_day
from data.reading_files.exporting import ExportOrder, export_readings
from data.reading_files.gathering import AsideReport
from data.reading_files.importing import FileReport, import_readings
from data.reading_files.manifest import read_manifest
from tests.data.archive_helpers import insert_frames, payload, seed, stored_frames

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCES = {"pump:1": 1, "room:1": 2, "pump:2": 1}
PUMP_POINTS = (
    '[[point]]\ncolumn = "流量"\nname = "flow_m3_per_h"\nunit = "L/s"\n'
    '[[point]]\ncolumn = "热量"\nname = "heat_total_gj"\nunit = "MWh"\n'
    '[[point]]\ncolumn = "压力"\nname = "supply_pressure_mpa"\nunit = "bar"\n'
)


class Desk:
    """A city, a folder, and what an import says."""

    def __init__(self, url: str, folder: Path) -> None:
        seed(url, SOURCES)
        self.url, self.folder = url, folder
        self.aside = ""

    def bring_in(self, manifest: str, content: bytes, *, name: str = "delivery.csv") -> FileReport:
        (self.folder / name).write_bytes(content)
        (self.folder / "m.toml").write_text(manifest, encoding="utf-8")
        aside = self.folder / "aside.csv"
        aside.unlink(missing_ok=True)
        with AsideReport(aside, name) as put_aside:
            report = import_readings(
                self.url, self.folder, self.folder / name, read_manifest(self.folder / "m.toml"),
                city_id=1, seat="tests", now=NOW, aside=put_aside, say=lambda *_: None,
            )  # fmt: skip
        self.aside = aside.read_text(encoding="utf-8") if aside.exists() else ""
        return report

    def frames(self, day: date, code: str = "pump") -> list[tuple[int, datetime, bytes]]:
        """Return the archived frames of a day, brought back by the other way."""
        with connect(self.url, autocommit=True) as connection:
            until = datetime(2027, 1, 1, tzinfo=UTC)
            restore_day(connection, self.folder, city_id=1, code=code, day=day, until=until, seat="tests")
        return [(frame[1], frame[2], frame[4]) for frame in stored_frames(self.url)]


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Desk:
    """Return a desk with an empty store."""
    return Desk(database_url, tmp_path)


def test_a_chinese_delivery_with_commas_and_units_becomes_our_points(desk: Desk) -> None:
    manifest = (
        '[file]\nencoding = "gb18030"\ndelimiter = ";"\ndecimal = ","\n'
        '[time]\ncolumn = "时间"\nformat = "%d.%m.%Y %H:%M"\nzone = "Asia/Shanghai"\n'
        f'[source]\ncolumn = "站"\nprefix = "pump:"\n{PUMP_POINTS}'
    )
    head = "站;时间;流量;热量;压力;备注\n"
    rows = "1;03.11.2025 08:00;12,5;18159,535;6,4;好\n2; 03.11.2025 08:00 ;;;6\n"
    report = desk.bring_in(manifest, (head + rows.replace(";6\n", ";6;\n")).encode("gb18030"))
    assert (report.frames, report.accepted, report.archived, desk.aside) == (2, 2, 2, "")
    one, other = desk.frames(date(2025, 11, 3))
    assert one == (1, datetime(2025, 11, 3, tzinfo=UTC), payload(1, 45.0, 65374.326, 0.64))
    assert other[2] == struct.pack("!ffd3B", float("nan"), 0.6, float("nan"), 9, 9, 1)


def test_each_bad_row_is_told_with_line_column_value_and_what_would_be_right(desk: Desk) -> None:
    manifest = f'[time]\ncolumn = "t"\nzone = "Europe/Belgrade"\n[source]\ncolumn = "s"\n{PUMP_POINTS}'
    lines = [
        "s,t,流量,热量,压力",
        "pump:1,2023-03-26 01:30:00,1,2,3",
        "pump:1,2023-03-26 02:30:00,1,2,3",  # clocks were put on
        "pump:1,2023-02-30 12:00:00,1,2,3",
        "pump:9,2023-03-26 12:00:00,1,2,3",
        "pump:1,2023-03-26 12:01",
        "pump:1,2023-03-26 12:02:00,eins,2,3",
        "",
        "pump:1,2099-03-26 12:03:00,1,2,3",
        "pump:1,1970-01-01 00:00:00,1,2,3",
        "pump:1,2023-03-26 12:04:00,inf,2,3",
        "pump:1,2023-03-26 12:05:00,1e39,2,3",
        "pump:1,2023-03-26T12:06:00+02:00,1,2,3",
    ]
    report = desk.bring_in(manifest, "\n".join(lines).encode())
    assert (report.rows, report.aside, report.accepted) == (12, 10, 2)
    told = sorted((row.split(",") for row in desk.aside.splitlines()[1:]), key=lambda row: int(row[1]))
    assert [(int(row[1]), row[2], row[3]) for row in told] == [
        (3, "t", "2023-03-26 02:30:00"),
        (4, "t", "2023-02-30 12:00:00"),
        (5, "s", "pump:9"),
        (6, "", '"pump:1'),
        (7, "流量", "eins"),
        (8, "t", ""),
        (9, "t", "2099-03-26 12:03:00"),
        (10, "t", "1970-01-01 00:00:00"),
        (11, "流量", "inf"),
        (12, "流量", "1e39"),
    ]
    assert "clocks were put on" in desk.aside
    assert [frame[1].isoformat() for frame in desk.frames(date(2023, 3, 26))] == [
        "2023-03-26T00:30:00+00:00",
        "2023-03-26T10:06:00+00:00",
    ]


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_hour_that_clocks_run_through_twice_is_told_apart_by_the_order_of_the_file(desk: Desk, newest_first: bool) -> None:
    manifest = (
        '[time]\ncolumn = "t"\nzone = "Europe/Belgrade"\n[source]\ncode = "room:1"\n'
        '[[point]]\ncolumn = "v"\nname = "room_temperature_degc"\nunit = "degF"\n'
    )
    times = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    rows = [f"2023-10-29 {text}:00,{70 + n}" for n, text in enumerate(times)]
    report = desk.bring_in(manifest, "\n".join(["t,v", *(rows[::-1] if newest_first else rows)]).encode())
    assert (report.accepted, report.duplicates, report.conflicts, report.repeated_hour) == (6, 0, 0, 2)
    found = desk.frames(date(2023, 10, 29), "room_sensor")
    assert found[0][1] == datetime(2023, 10, 28, 23, 30, tzinfo=UTC) or found[0][1].hour == 0
    values = [struct.unpack("!fB", frame[2])[0] for frame in found]
    assert values == [struct.unpack("!f", struct.pack("!f", (70 + n - 32) * 5 / 9))[0] for n in range(len(times))][-len(values) :]


def test_repeats_in_the_file_and_in_the_store_change_nothing_and_conflicts_are_kept_aside(desk: Desk) -> None:
    manifest = f'[time]\ncolumn = "t"\n[source]\ncode = "pump:1"\n{PUMP_POINTS}'
    rows = ["t,流量,热量,压力", "2023-03-26 12:00:00,1,2,3", "2023-03-26 12:00:00,1,2,3", "2023-03-26 12:00:00,5,2,3"]
    report = desk.bring_in(manifest, "\n".join(rows).encode())
    assert (report.accepted, report.duplicates, report.conflicts) == (1, 1, 1)
    with connect(desk.url) as connection:
        before = list_parts(connection)
    report = desk.bring_in(manifest, "\n".join(rows).encode())
    assert (report.accepted, report.duplicates, report.conflicts) == (0, 2, 1)
    changed = desk.bring_in(manifest, b"\n".join([rows[0].encode(), b"2023-03-26 12:00:00,7,2,3", b"2023-03-26 12:00:01,7,2,3"]))
    assert (changed.accepted, changed.conflicts) == (1, 1)
    with connect(desk.url) as connection:
        assert [part.path == before[0].path for part in list_parts(connection)] == [False]
        assert connection.execute("select count(*) from reading_conflict").fetchone() == (2,)
        # rolled up again where something came, not where all was known
        marks = connection.execute("select schema_id, source_id, start_at from rollup_mark").fetchall()
    assert marks == [(1, 0, datetime(2023, 3, 26, tzinfo=UTC))] * 2


def test_a_row_a_point_makes_frames_and_hot_days_go_where_live_readings_are(desk: Desk) -> None:
    insert_frames(desk.url, [(1, 1, datetime(2026, 11, 22, 10, tzinfo=UTC), 2, payload(1, 3.6, 7.2, 0.5))])
    manifest = (
        '[time]\ncolumn = "t"\nformat = "epoch_s"\n[source]\ncolumn = "s"\n[long]\npoint = "p"\nvalue = "v"\n'
        '[[point]]\ncolumn = "Q"\nname = "flow_m3_per_h"\n[[point]]\ncolumn = "E"\nname = "heat_total_gj"\n'
        '[[point]]\ncolumn = "P"\nname = "supply_pressure_mpa"\nunit = "kPa"\n'
    )
    at = int(datetime(2026, 11, 22, 10, tzinfo=UTC).timestamp())
    rows = [
        (at + 60, "pump:1", "P", 500.0), (at, "pump:1", "Q", 3.6), (at + 60, "pump:1", "E", 8.5),
        (at, "pump:1", "E", 7.2), (at, "pump:1", "P", 500.0), (at + 60, "pump:1", "E", 9.5), (at + 60, "pump:1", "X", 1.0),
    ]  # fmt: skip
    table = pa.table(dict(zip("tspv", map(list, zip(*rows, strict=True)), strict=True)))
    pq.write_table(table, desk.folder / "long.parquet")
    report = desk.bring_in(manifest, (desk.folder / "long.parquet").read_bytes(), name="l.parquet")
    assert (report.frames, report.accepted, report.hot, report.duplicates, report.aside) == (2, 1, 1, 1, 2)
    assert "line" in desk.aside
    assert "must be one of Q, E, P" in desk.aside
    assert [frame[4] for frame in stored_frames(desk.url)] == [
        payload(1, 3.6, 7.2, 0.5),
        struct.pack("!ffd3B", float("nan"), 0.5, 8.5, 9, 1, 1),
    ]


def test_digits_that_a_gauge_would_change_are_refused_unless_the_manifest_says_so(desk: Desk) -> None:
    manifest = '[time]\ncolumn = "t"\n[source]\ncode = "pump:1"\n[[point]]\ncolumn = "v"\nname = "flow_m3_per_h"\n'
    rows = b"t,v\n2023-03-26 12:00:00,93.03\n2023-03-26 12:01:00,49.620000000000005\n"
    with pytest.raises(BadReadingFile, match=r"line 3 has 49.620000000000005, which would come back as 49.62"):
        desk.bring_in(manifest, rows)
    assert desk.bring_in(manifest + 'digits = "32-bit"\n', rows).accepted == 2


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        ('[time]\ncolumn = "t"\nzone = "Mars/Base"\n', "zone is 'Mars/Base'"),
        ('[tiem]\ncolumn = "t"\n', "known are"),
        ('[time]\ncolumn = "t"\n[source]\ncode = "pump:1"\n', "no \\[\\[point\\]\\]"),
        (f'[time]\ncolumn = "t"\n{PUMP_POINTS}', "either `code`"),
        (f'[time]\ncolumn = "x"\n[source]\ncode = "pump:1"\n{PUMP_POINTS}', "no column 'x'"),
        (f'[time]\ncolumn = "t"\n[source]\ncode = "pump:7"\n{PUMP_POINTS}', "no source pump:7"),
        (f'[time]\ncolumn = "t"\n[source]\ncode = "pump:1"\n{PUMP_POINTS.replace("bar", "L")}', "one of MPa, kPa"),
        (f'[time]\ncolumn = "t"\n[source]\ncode = "room:1"\n{PUMP_POINTS}', "no point 'flow_m3_per_h'"),
    ],
)
def test_a_manifest_that_does_not_fit_is_told(desk: Desk, manifest: str, told: str) -> None:
    with pytest.raises(BadReadingFile, match=told):
        desk.bring_in(manifest, "t,流量,热量,压力\n2023-03-26 12:00:00,1,2,3\n".encode())


def test_an_export_holds_hot_and_archived_frames_in_the_wanted_units(desk: Desk) -> None:
    manifest = f'[time]\ncolumn = "t"\n[source]\ncode = "pump:1"\n{PUMP_POINTS}'
    rows = "t,流量,热量,压力\n2023-03-26 12:00:00,12.5,18159.535,6.4\n2026-11-22 01:00:00,0.1,0.2,0.3\n"
    assert desk.bring_in(manifest, rows.encode()).accepted == 2
    start = datetime(2020, 1, 1, tzinfo=UTC)
    units = {"flow_m3_per_h": "L/s", "heat_total_gj": "MWh", "supply_pressure_mpa": "bar"}
    order = ExportOrder(1, ["pump:1"], start, NOW, units=units, time_format="%Y-%m-%d %H:%M:%S", quality=True)
    with connect(desk.url) as connection:
        assert export_readings(connection, desk.folder, order, desk.folder / "o.csv", form="csv") == 2
        ours = ExportOrder(1, ["pump:1"], start, NOW, points=["heat_total_gj"])
        export_readings(connection, desk.folder, ours, desk.folder / "o.parquet", form="parquet")
    assert (desk.folder / "o.csv").read_text().splitlines()[1:] == [
        "pump:1,2023-03-26 12:00:00,12.5,18159.535,6.4,1,1,1",
        "pump:1,2026-11-22 01:00:00,0.1,0.2,0.3,1,1,1",
    ]
    assert pq.read_table(desk.folder / "o.parquet")["heat_total_gj"].to_pylist() == [65374.326, 0.2 * 18 / 5]
