"""A file of readings brought into the store: closed days straight into the archive, hot days into `reading_frame`.

All of it is one transaction at the end: new files of the archive are written and verified first, then their manifest rows, the
hot frames and the conflicts commit together. A second import of the same file changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from data.errors import BadReadingFile
from data.pool import Connection, connect, open_pool
from data.reading_archive.copies import ALL_SOURCES, DayKind, ensure_partition, read_hot, store_hot
from data.reading_archive.manifest import list_parts
from data.reading_archive.merging import merge
from data.reading_archive.parquet_files import read_file
from data.reading_archive.records import DAY_MS, Records, from_arrays, joined
from data.reading_archive.retention import read_retention
from data.reading_archive.schemas import read_schemas
from data.reading_archive.writing import INCOMING, DaySwap, store_conflicts, write_day
from data.reading_files.gathering import AsideReport, Gathered, gather_rows, settle_repeated_hours, temporary_file
from data.reading_files.manifest import FileManifest, PointColumn
from data.reading_files.units import Conversion, conversion
from data.sources import register_schema, register_source
from data.statements import sql
from twin.arrays import Float64Array, Int64Array, UInt8Array
from twin.quality import Quality, flag_values
from twin.quantities import quantity_of
from twin.schemas import FrameSchema
from twin.scope import EVERYTHING

_EPOCH: Final = date(1970, 1, 1)
_REGISTERS: Final = frozenset({"heat", "volume", "energy"})
"""Quantities whose totals only count up."""


@dataclass
class FileReport:
    """What an import found and did.

    Attributes
    ----------
    rows
        Rows of the file.
    aside
        Rows put aside, because they do not fit.
    frames
        Frames that the others make.
    accepted, duplicates, conflicts
        Of the frames: new, stored already (or twice in the file), with other values than those stored (kept aside).
    days
        UTC days they lie on.
    archived, hot
        Of the accepted: in the archive, in `reading_frame`.
    repeated_hour
        Rows of an hour that clocks ran through twice, taken for its first time.
    registers_back
        Times that a register fell.
    gaps, longest_gap_s
        Pauses of more than three periods, and the longest.
    remarks
        What a person should know.
    """

    rows: int = 0
    aside: int = 0
    frames: int = 0
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    days: int = 0
    archived: int = 0
    hot: int = 0
    repeated_hour: int = 0
    registers_back: int = 0
    gaps: int = 0
    longest_gap_s: int = 0
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Target:
    """Where the frames of a file belong."""

    city_id: int
    schema_id: int
    schema: FrameSchema
    source_ids: Mapping[str, int]
    columns: Sequence[tuple[int, Conversion]]
    """Of each column of the file: the point's place in the schema, and how its unit is converted."""


@dataclass(frozen=True)
class _Ordered:
    """Frames in the order of (source, time, line): which rows of the file make each."""

    source_ids: Int64Array
    ms: Int64Array
    values: Callable[[Int64Array], Float64Array]
    """Returns the values of some frames, shape (n, columns of the file)."""


def import_readings(
    database_url: str,
    var_dir: Path,
    path: Path,
    manifest: FileManifest,
    *,
    city_id: int,
    seat: str,
    now: datetime,
    aside: AsideReport,
    say: Callable[[str, float], None],
) -> FileReport:
    """Bring a file in; the caller holds the lock of the archive.

    Parameters
    ----------
    city_id, seat
        City of the sources, and who imports.
    now
        The present time: the arrival of the frames.
    aside
        Gets the rows that do not fit.
    say
        Told what is done now, and the done share 0..1.

    Raises
    ------
    BadReadingFile
        When the file or manifest cannot be used as it is; then nothing was changed.

    Notes
    -----
    Memory: 60 bytes a row of the file and the frames of its longest day. The file's numbers lie in a temporary file meanwhile.
    """
    with connect(database_url, autocommit=True) as connection, temporary_file(var_dir) as folder:
        say("reading the file", 0.0)
        known = _source_schemas(connection, city_id)
        gathered = gather_rows(
            path, manifest, folder, aside=aside, known=lambda code: code in known, now_ms=int(now.timestamp() * 1000)
        )
        report = FileReport(rows=gathered.count, aside=aside.count)
        if not len(gathered.rows):
            report.remarks.append("no row fits, so nothing was changed")
            return report
        target = _target(database_url, connection, manifest, gathered, city_id=city_id, seat=seat, report=report)
        times, report.repeated_hour = settle_repeated_hours(gathered.rows, manifest.repeated_hour)
        ordered = _order(manifest, gathered, target, times, aside)
        report.aside = aside.count
        _note_series(target, ordered, report)
        _write(connection, var_dir, target, ordered, report, now=now, say=say)
    return report


# ---------------------------------------------------------------- where it belongs


def _source_schemas(connection: Connection, city_id: int) -> dict[str, tuple[int, int]]:
    rows = connection.execute(sql("reading_source_list"), {"city_id": city_id}).fetchall()
    return {code: (source_id, schema_id) for code, source_id, schema_id in rows}


def _target(
    database_url: str,
    connection: Connection,
    manifest: FileManifest,
    gathered: Gathered,
    *,
    city_id: int,
    seat: str,
    report: FileReport,
) -> _Target:
    known = _source_schemas(connection, city_id)
    if manifest.source_code is not None and manifest.schema is not None:
        present = [schema for schema in read_schemas(connection, city_id).values() if schema.code == manifest.schema]
        newest = present[-1] if present else None
        asyncio.run(_register(database_url, city_id, manifest, gathered, present=newest, seat=seat, report=report))
        known = _source_schemas(connection, city_id)
    lacking = [code for code in gathered.codes if code not in known]
    if lacking:
        raise BadReadingFile(
            f"no source {', '.join(lacking[:5])} is registered in city {city_id}; register it by POST /sources, "
            f"or let the manifest do it: [source] with schema, asset_kind and asset_code"
        )
    numbers = sorted({known[code][1] for code in gathered.codes})
    schemas = read_schemas(connection, city_id)
    if len(numbers) > 1:
        named = ", ".join(f"{schemas[city_id, number].code}/{schemas[city_id, number].version}" for number in numbers)
        raise BadReadingFile(f"the sources of the file have the schemas {named}; one file must have one")
    schema = schemas[city_id, numbers[0]]
    columns = [_column(manifest, schema, point) for point in manifest.points]
    _require_digits(schema, manifest, gathered)
    return _Target(city_id, numbers[0], schema, {code: known[code][0] for code in gathered.codes}, columns)


def _column(manifest: FileManifest, schema: FrameSchema, point: PointColumn) -> tuple[int, Conversion]:
    place = schema.column(point.name)
    if place is None:
        names = ", ".join(each.name for each in schema.points)
        raise BadReadingFile(
            f"{manifest.path.name}: schema {schema.code}/{schema.version} has no point {point.name!r}; it has {names}"
        )
    return place, conversion(point.unit, schema.points[place].unit, point=point.name)


async def _register(
    database_url: str,
    city_id: int,
    manifest: FileManifest,
    gathered: Gathered,
    *,
    present: FrameSchema | None,
    seat: str,
    report: FileReport,
) -> None:
    """Register the schema and the source that the manifest describes; again it changes nothing.

    A point that is 64-bit in the present version stays so: the next file may have fewer digits.
    """
    wide = {point.name for point in present.points if point.slot == "total"} if present is not None else set()
    points = []
    for point, facts in zip(manifest.points, gathered.facts, strict=True):
        if point.quantity is None:
            return
        slot = point.slot or ("total" if facts.more_digits or point.name in wide else "gauge")
        if facts.more_digits and point.slot is None:
            report.remarks.append(
                f"point {point.name} is a 64-bit slot: {facts.more_digits} of {facts.values} values of column "
                f"{point.column!r} have more digits than a 32-bit gauge holds, the first in line {facts.first_line}: "
                f"{facts.first_value!r}"
            )
        unit = quantity_of(point.quantity).unit
        points.append(
            {"name": point.name, "quantity": point.quantity, "unit": unit, "side": point.side, "slot": slot,
             "min": point.low, "max": point.high, "label_zh": point.label_zh}
        )  # fmt: skip
    pool = await open_pool(database_url, size=1)
    try:
        stored = await register_schema(pool, city_id, str(manifest.schema), points)
        await register_source(
            pool, EVERYTHING, city_id, str(manifest.source_code),
            schema=f"{stored.schema.code}/{stored.schema.version}", period_s=manifest.period_s,
            asset_kind=manifest.asset_kind, asset_code=manifest.asset_code, seat=seat,
        )  # fmt: skip
    finally:
        await pool.close()


def _require_digits(schema: FrameSchema, manifest: FileManifest, gathered: Gathered) -> None:
    """Refuse a file whose digits a 32-bit gauge would change, unless the manifest says that they may be."""
    for point, facts in zip(manifest.points, gathered.facts, strict=True):
        place = schema.column(point.name)
        if place is None or schema.points[place].slot == "total" or point.rounded or not facts.more_digits:
            continue
        shown = float(str(np.float32(facts.first_value)))
        raise BadReadingFile(
            f"column {point.column!r}: {facts.more_digits} of {facts.values} values have more digits than the 32-bit gauge "
            f"{point.name!r} holds; line {facts.first_line} has {facts.first_value!r}, which would come back as {shown!r}. "
            f'Make the point a total (slot = "total") in a new version of schema {schema.code}, or accept it: digits = "32-bit"'
        )


# ---------------------------------------------------------------- order


def _order(manifest: FileManifest, gathered: Gathered, target: _Target, times: Int64Array, aside: AsideReport) -> _Ordered:
    rows = gathered.rows
    ids = np.array([target.source_ids[code] for code in gathered.codes], np.int64)[rows["number"]]
    order = np.lexsort((rows["line"], times, ids))
    if not manifest.is_long:
        return _Ordered(ids[order], times[order], lambda frames: np.asarray(rows["values"][order[frames]]))
    return _pivot(manifest, rows, ids=ids, times=times, order=order, aside=aside)


def _pivot(
    manifest: FileManifest,
    rows: np.ndarray[Any, Any],
    *,
    ids: Int64Array,
    times: Int64Array,
    order: Int64Array,
    aside: AsideReport,
) -> _Ordered:
    """Make one frame of all rows of a source and time; of two values of one point the first in the file counts."""
    own_ids, own_times = ids[order], times[order]
    first = np.r_[True, (own_ids[1:] != own_ids[:-1]) | (own_times[1:] != own_times[:-1])]
    starts = np.r_[np.flatnonzero(first), len(order)]
    frame = np.cumsum(first) - 1
    points = np.asarray(rows["point"])[order]
    _put_repeats_aside(manifest, rows, order=order, frame=frame, points=points, aside=aside)

    def values(frames: Int64Array) -> Float64Array:
        found = np.full((len(frames), len(manifest.points)), np.nan)
        counts = starts[frames + 1] - starts[frames]
        places = np.repeat(starts[frames], counts) + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        which = np.repeat(np.arange(len(frames)), counts)
        # backwards, so that the first of two is written last
        found[which[::-1], points[places[::-1]]] = rows["values"][order[places[::-1]], 0]
        return found

    return _Ordered(own_ids[first], own_times[first], values)


def _put_repeats_aside(
    manifest: FileManifest,
    rows: np.ndarray[Any, Any],
    *,
    order: Int64Array,
    frame: Int64Array,
    points: Int64Array,
    aside: AsideReport,
) -> None:
    """Put rows aside whose point has another value in the same frame already."""
    keys = frame * len(manifest.points) + points
    by_key = np.argsort(keys, kind="stable")
    again = np.flatnonzero(keys[by_key][1:] == keys[by_key][:-1]) + 1
    for place in again.tolist():
        one, other = rows[order[by_key[place - 1]]], rows[order[by_key[place]]]
        if one["values"][0] != other["values"][0]:
            right = f"line {one['line']} has {float(one['values'][0])!r} for the same source, time and point"
            aside.put(int(other["line"]), str(manifest.value_column), repr(float(other["values"][0])), right)


def _note_series(target: _Target, ordered: _Ordered, report: FileReport) -> None:
    """Count gaps and falling registers."""
    same = ordered.source_ids[1:] == ordered.source_ids[:-1]
    steps = np.diff(ordered.ms)[same]
    steps = steps[steps > 0]
    if len(steps):
        report.gaps = int(np.count_nonzero(steps > 3 * np.median(steps)))
        report.longest_gap_s = int(steps.max() // 1000)
    registers = [
        column
        for column, (place, _) in enumerate(target.columns)
        if target.schema.points[place].slot == "total" and target.schema.points[place].quantity in _REGISTERS
    ]
    if not registers:
        return
    for start in range(0, len(ordered.ms), 500_000):
        frames = np.arange(start, min(start + 500_001, len(ordered.ms)))
        values = ordered.values(frames)[:, registers]
        with np.errstate(invalid="ignore"):
            falls = (np.diff(values, axis=0) < 0) & (np.diff(ordered.source_ids[frames]) == 0)[:, None]
        report.registers_back += int(np.count_nonzero(falls))


# ---------------------------------------------------------------- writing


def _write(
    connection: Connection,
    var_dir: Path,
    target: _Target,
    ordered: _Ordered,
    report: FileReport,
    *,
    now: datetime,
    say: Callable[[str, float], None],
) -> None:
    days = ordered.ms // DAY_MS
    hot_days = read_retention(connection).of(target.city_id, target.schema.code).hot_days
    swaps: list[DaySwap] = []
    hot: list[tuple[DayKind, Records]] = []
    conflicts: list[tuple[DayKind, Sequence[Records]]] = []
    touched: list[DayKind] = []
    unique = np.unique(days)
    report.days = len(unique)
    by_day = np.argsort(days, kind="stable")
    ends = np.searchsorted(days[by_day], unique, side="right")
    try:
        for number, (day, start, end) in enumerate(zip(unique.tolist(), [0, *ends[:-1].tolist()], ends.tolist(), strict=True)):
            say(f"day {number + 1} of {len(unique)}", number / len(unique))
            kind = DayKind(target.city_id, target.schema_id, target.schema, _EPOCH + timedelta(days=day))
            records, differing = _frames_of_day(target, ordered, np.sort(by_day[start:end]), report, now=now)
            conflicts.append((kind, [differing]))
            if kind.end + timedelta(days=hot_days) > now:
                new, lost = _new_hot_frames(connection, var_dir, kind, records, report)
                conflicts.append((kind, lost))
                hot.append((kind, new))
                changed = len(new) > 0
            else:
                swap = write_day(connection, var_dir, kind, incoming=records)
                _count(report, swap, len(records))
                swaps.append(swap)
                changed = len(records) > swap.duplicates + swap.incoming_conflicts
            if changed:
                touched.append(kind)
        _commit(connection, var_dir, swaps, hot=hot, conflicts=conflicts, touched=touched, report=report)
    except BaseException:
        for swap in swaps:
            swap.discard(var_dir)
        raise


def _commit(
    connection: Connection,
    var_dir: Path,
    swaps: Sequence[DaySwap],
    *,
    hot: Sequence[tuple[DayKind, Records]],
    conflicts: Sequence[tuple[DayKind, Sequence[Records]]],
    touched: Sequence[DayKind],
    report: FileReport,
) -> None:
    for kind, records in hot:
        if len(records):
            with connection.transaction():
                ensure_partition(connection, kind.day)
    with connection.transaction():
        for kind, records in hot:
            stored = store_hot(connection, kind, lambda records=records: iter((records,)))  # type: ignore[misc]
            report.hot += stored
            report.accepted += stored
            report.duplicates += len(records) - stored
        for swap in swaps:
            swap.commit(connection, var_dir)
        for kind, lost in conflicts:
            store_conflicts(connection, kind, lost)
        for kind in touched:
            values = {"city_id": kind.city_id, "schema_id": kind.schema_id, "start_at": kind.start}
            connection.execute(sql("rollup_mark_day"), values)


def _count(report: FileReport, swap: DaySwap, frames: int) -> None:
    accepted = frames - swap.duplicates - swap.incoming_conflicts
    report.accepted += accepted
    report.archived += accepted
    report.duplicates += swap.duplicates
    report.conflicts += swap.incoming_conflicts


def _frames_of_day(
    target: _Target, ordered: _Ordered, frames: Int64Array, report: FileReport, *, now: datetime
) -> tuple[Records, Records]:
    """Return the frames of a day as records, each key once, and those of a key that differ from its first."""
    schema = target.schema
    read = ordered.values(frames)
    values = _as_points(target, read)
    given: UInt8Array = np.full(values.shape, int(Quality.NOT_EVALUATED), np.uint8)
    ms = ordered.ms[frames]
    records = from_arrays(
        schema,
        source_ids=ordered.source_ids[frames].astype(np.int32),
        observed_ms=ms,
        delay_s=((int(now.timestamp() * 1000) - ms) // 1000).astype(np.int32),
        values=values,
        quality=flag_values(values, given, schema.low, schema.high),
    )
    report.frames += len(records)
    differing = [records[:0]]
    kept = [records[:0]]
    for block in merge([iter((records,))]):
        kept.append(block.records)
        differing.append(block.lost[block.lost_differs])
        report.conflicts += int(block.lost_differs.sum())
        report.duplicates += int((~block.lost_differs).sum())
    return joined(kept), joined(differing)


def _as_points(target: _Target, read: Float64Array) -> Float64Array:
    """Return the columns of a file as the points of the schema, in our units; NaN where the file has no such point."""
    places = [place for place, _ in target.columns]
    if all(units.is_identity for _, units in target.columns) and places == list(range(len(target.schema.points))):
        return read
    values = np.full((len(read), len(target.schema.points)), np.nan)
    for column, (place, units) in enumerate(target.columns):
        values[:, place] = units.to_ours(read[:, column])
    return values


def _new_hot_frames(
    connection: Connection, var_dir: Path, kind: DayKind, records: Records, report: FileReport
) -> tuple[Records, list[Records]]:
    """Return the frames that neither `reading_frame` nor the archive has, and those that differ from what they have."""
    first, last = ALL_SOURCES
    parts = list_parts(connection, city_id=kind.city_id, schema_id=kind.schema_id, first_day=kind.day, last_day=kind.day)
    archived = _chained(read_file(var_dir / part.path, kind.schema) for part in parts)
    new, lost = [records[:0]], []
    for block in merge([read_hot(connection, kind, first=first, last=last), archived, iter((records,))]):
        new.append(block.records[block.stream == INCOMING])
        incoming = block.lost_stream == INCOMING
        lost.append(block.lost[incoming & block.lost_differs])
        report.conflicts += int(np.count_nonzero(incoming & block.lost_differs))
        report.duplicates += int(np.count_nonzero(incoming & ~block.lost_differs))
    return joined(new), lost


def _chained(streams: Iterator[Iterator[Records]]) -> Iterator[Records]:
    for stream in streams:
        yield from stream
