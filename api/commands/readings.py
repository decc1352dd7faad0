"""`heat-twin readings`: the archive of readings, files of readings in and out, how long readings are kept."""

from __future__ import annotations

import asyncio
import getpass
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from api.database import open_database
from api.errors import BadRequest
from api.reading_keeper import keep_archive
from api.settings import read_settings
from api.terminal import progress_bar
from data.cities import city_ids
from data.jobs import job
from data.pool import Connection, connect, open_pool
from data.reading_archive.keeping import archive_lock
from data.reading_archive.manifest import Part, list_parts
from data.reading_archive.restoring import restore_day, verify_parts
from data.reading_archive.retention import KindRetention, list_retention, set_retention
from data.reading_archive.schemas import read_schemas
from data.reading_files.exporting import ExportOrder, export_readings
from data.reading_files.gathering import AsideReport
from data.reading_files.importing import FileReport, import_readings
from data.reading_files.manifest import read_manifest
from twin.retention import Retention

readings = typer.Typer(
    name="readings", help="Readings: their archive, their files, how long they are kept.", no_args_is_help=True
)

CityOption = Annotated[int | None, typer.Option("--city", help="City id; default: the lowest one.")]
KindOption = Annotated[
    str | None, typer.Option("--kind", help="Code of the frame schemas, for instance substation; default: all.")
]
DayOption = Annotated[str | None, typer.Option("--day", help="UTC day, YYYY-MM-DD; default: all.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(readings)


@readings.command()
def archive() -> None:
    """Repack closed days and move kinds whose hot days are over into the archive, now; the server does it by itself."""
    with open_database(read_settings()) as settings, progress_bar() as step:
        report = keep_archive(settings, seat=_seat(), wait=True, say=step)
    assert report is not None  # it has waited
    for what, frames in report.archived.items():
        typer.echo(f"archived {what}: {frames:,} frames")
    typer.echo(
        f"{len(report.repacked)} days repacked, {len(report.dropped)} dropped, {report.bytes_written / 1e6:,.1f} MB written, "
        f"{report.forgotten} files too old, {report.swept} files removed"
    )


@readings.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV (also .gz) or Parquet file.", exists=True, dir_okay=False)],
    *,
    manifest: Annotated[Path, typer.Option("--manifest", help="TOML: which column is what.", exists=True, dir_okay=False)],
    city: CityOption = None,
    aside: Annotated[
        Path | None, typer.Option("--aside", help="Report of rows put aside; default: FILE.aside.csv in this folder.")
    ] = None,
) -> None:
    """Bring a file of readings in, whole or not at all; the same file again changes nothing."""
    described = read_manifest(manifest)
    with (
        open_database(read_settings()) as settings,
        progress_bar() as step,
        archive_lock(settings.database_url, wait=True),
        AsideReport(aside or Path(f"{file.name}.aside.csv"), file.name) as put_aside,
    ):
        with connect(settings.database_url) as connection:
            city_id = _city(connection, city)
        named = {"file": file.name, "manifest": manifest.name}
        with job(settings.database_url, "import_readings", city_id=city_id, seat=_seat(), parameters=named) as task:

            def say(message: str, share: float) -> None:
                task.progress(share, message)
                step(message, share)

            report = import_readings(
                settings.database_url, settings.var_dir, file, described,
                city_id=city_id, seat=_seat(), now=datetime.now(UTC), aside=put_aside, say=say,
            )  # fmt: skip
            task.result = asdict(report)
    _tell(report, put_aside)


def _tell(report: FileReport, aside: AsideReport) -> None:
    for remark in [*report.remarks, *aside.first]:
        typer.echo(remark, err=True)
    if aside.count:
        typer.echo(f"{aside.count:,} rows were put aside: {aside.path}", err=True)
    typer.echo(
        f"{report.rows:,} rows, {report.frames:,} frames on {report.days:,} days: {report.accepted:,} accepted "
        f"({report.archived:,} into the archive, {report.hot:,} hot), {report.duplicates:,} duplicates, "
        f"{report.conflicts:,} conflicts kept aside"
    )
    typer.echo(
        f"{report.gaps:,} gaps, the longest {report.longest_gap_s / 3600:,.1f} h; registers fell {report.registers_back:,} "
        f"times; {report.repeated_hour:,} rows of a repeated hour taken for its first time"
    )


@readings.command()
def export(
    target: Annotated[Path, typer.Argument(help="A new file.")],
    *,
    source: Annotated[list[str], typer.Option("--source", help="Code of a source; may be given more than once.")],
    from_: Annotated[datetime, typer.Option("--from", help="From, in the zone.")],
    to: Annotated[datetime, typer.Option("--to", help="Up to, not with, in the zone.")],
    form: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    city: CityOption = None,
    points: Annotated[str | None, typer.Option("--points", help="Names separated by commas; default: all.")] = None,
    unit: Annotated[list[str] | None, typer.Option("--unit", help="POINT=UNIT, another unit than ours; more than once.")] = None,
    zone: Annotated[str, typer.Option("--zone", help="Time zone of --from, --to and of the times in a CSV.")] = "UTC",
    time_format: Annotated[
        str | None, typer.Option("--time-format", help="As strftime, local time; default: ISO 8601 with offset.")
    ] = None,
    quality: Annotated[bool, typer.Option("--quality", help="Write the quality flags too.")] = False,
) -> None:
    """Write readings of sources to a file, digit for digit: hot days and archive together."""
    with open_database(read_settings()) as settings, connect(settings.database_url) as connection:
        order = ExportOrder(
            city_id=_city(connection, city),
            sources=source,
            start=from_.replace(tzinfo=_zone(zone)),
            end=to.replace(tzinfo=_zone(zone)),
            points=None if points is None else [name.strip() for name in points.split(",") if name.strip()],
            units=dict(_unit(text) for text in unit or []),
            zone=zone,
            time_format=time_format,
            quality=quality,
        )
        count = export_readings(connection, settings.var_dir, order, target, form=form)
    typer.echo(f"{target}: {count:,} frames")


def _unit(text: str) -> tuple[str, str]:
    name, equals, unit = text.partition("=")
    if not (name and equals and unit):
        raise BadRequest(f"--unit is {text!r}; it must be POINT=UNIT, for instance primary_heat_total_gj=MWh")
    return name, unit


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadRequest(f"--zone is {name!r}; it must be a time zone, for instance Asia/Shanghai") from None


@readings.command(name="list")
def list_(*, city: CityOption = None, kind: KindOption = None, day: DayOption = None) -> None:
    """List the archived days, one a line: day, schema, files, frames, values, bytes, bytes a value, generation."""
    with open_database(read_settings()) as settings, connect(settings.database_url) as connection:
        days: dict[tuple[int, date, str], list[Part]] = {}
        for part, name in _parts(connection, city, kind, day):
            days.setdefault((part.city_id, part.day, name), []).append(part)
    for (_, on, name), parts in sorted(days.items()):
        size, values = sum(part.bytes for part in parts), sum(part.values_count for part in parts)
        typer.echo(
            f"{on} {name} {len(parts)} files, {sum(part.frames for part in parts):,} frames, {values:,} values, {size:,} bytes, "
            f"{size / max(values, 1):.2f} a value, generation {max(part.generation for part in parts)}"
        )


@readings.command()
def verify(*, city: CityOption = None, kind: KindOption = None, day: DayOption = None) -> None:
    """Read archived files whole and hold them against the manifest; exit code 1 when one is missing or damaged."""
    with open_database(read_settings()) as settings, connect(settings.database_url) as connection:
        parts = [part for part, _ in _parts(connection, city, kind, day)]
        found = verify_parts(connection, settings.var_dir, parts)
    for message in found.wrong:
        typer.echo(message, err=True)
    typer.echo(f"{found.files:,} files are as the manifest says: {found.frames:,} frames, {found.bytes / 1e6:,.1f} MB")
    if found.wrong:
        raise typer.Exit(1)


@readings.command()
def restore(
    *,
    day: Annotated[str, typer.Option("--day", help="UTC day, YYYY-MM-DD.")],
    kind: Annotated[str, typer.Option("--kind", help="Code of the frame schemas, for instance substation.")],
    city: CityOption = None,
    days: Annotated[int, typer.Option("--days", min=1, help="So many days they stay.")] = 7,
) -> None:
    """Bring the archived frames of a day back into the store of every day, exactly as they were."""
    on = _day(day)
    until = datetime.now(UTC) + timedelta(days=days)
    with (
        open_database(read_settings()) as settings,
        archive_lock(settings.database_url, wait=True),
        connect(settings.database_url, autocommit=True) as connection,
    ):
        city_id = _city(connection, city)
        named = {"day": day, "kind": kind, "days": days}
        with job(settings.database_url, "restore_readings", city_id=city_id, seat=_seat(), parameters=named) as task:
            found = restore_day(connection, settings.var_dir, city_id=city_id, code=kind, day=on, until=until, seat=_seat())
            task.result = {"frames": sum(each.stored for each in found)}
    for each in found:
        there = each.archived - each.stored
        typer.echo(f"{each.kind}: {each.stored:,} frames brought back, {there:,} were there; they stay until {until:%Y-%m-%d}")
        if each.differing:
            typer.echo(f"warning: {each.differing:,} of those that were there have other values than the archive", err=True)


@readings.command()
def retention(
    *,
    city: CityOption = None,
    kind: KindOption = None,
    hot_days: Annotated[int | None, typer.Option("--hot-days", help="Set: days in the store of every day.")] = None,
    archive_years: Annotated[int | None, typer.Option("--archive-years", help="Set: years in the archive; 0 = for ever.")] = None,
) -> None:
    """List how long the readings of each kind are kept, or set it for one kind (--kind)."""
    with open_database(read_settings()) as settings:
        with connect(settings.database_url) as connection:
            city_id = _city(connection, city)
        found = asyncio.run(_retention(settings.database_url, city_id, kind, hot_days, archive_years))
    for each in found:
        years = each.retention.archive_years
        kept = "for ever" if years is None else f"{years} years"
        typer.echo(f"{each.kind}: {each.retention.hot_days} days hot, archive {kept} ({each.seat or 'default'})")


async def _retention(
    url: str, city_id: int, kind: str | None, hot_days: int | None, archive_years: int | None
) -> list[KindRetention]:
    pool = await open_pool(url, size=1)
    try:
        found = [each for each in await list_retention(pool, city_id) if kind is None or each.kind == kind]
        if hot_days is None and archive_years is None:
            return found
        if kind is None or not found:
            raise BadRequest(f"--kind is {kind!r}; it must name a kind of readings, see `heat-twin readings retention`")
        present = found[0].retention
        years = present.archive_years if archive_years is None else archive_years or None
        wanted = Retention(present.hot_days if hot_days is None else hot_days, years)
        return [await set_retention(pool, city_id, kind, wanted, seat=_seat())]
    finally:
        await pool.close()


def _parts(connection: Connection, city: int | None, kind: str | None, day: str | None) -> list[tuple[Part, str]]:
    """Return the wanted files with the name of their schema."""
    city_id, schemas = _city(connection, city), read_schemas(connection)
    on = None if day is None else _day(day)
    found = []
    for part in list_parts(connection, city_id=city_id, first_day=on, last_day=on):
        schema = schemas[part.city_id, part.schema_id]
        if kind in (None, schema.code):
            found.append((part, f"{schema.code}/{schema.version}"))
    return found


def _city(connection: Connection, city: int | None) -> int:
    known = city_ids(connection)
    if not known or (city is not None and city not in known):
        raise BadRequest(f"there is no city {city if city is not None else ''}; there are {known or 'none: import one'}")
    return known[0] if city is None else city


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"the day is {text!r}; it must be YYYY-MM-DD, for instance 2026-11-20") from None


def _seat() -> str:
    return f"command line: {getpass.getuser()}"
