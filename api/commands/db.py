"""`heat-twin db`: the private PostGIS."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from api.database import open_database
from api.settings import read_settings
from api.terminal import progress_bar
from data import cluster as clusters
from data.migrate import current_revision, head_revision, migrate

db = typer.Typer(name="db", help="The private PostGIS under the var dir.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(db)


@db.command()
def start() -> None:
    """Start the private database, creating it first when there is none; it keeps running until `db stop`."""
    settings = read_settings()
    cluster = clusters.private_cluster(settings.var_dir)
    started = clusters.start(cluster)
    revision = migrate(cluster.url)
    typer.echo(
        f"{'started' if started else 'running already'}: {cluster.folder}, port {cluster.port}, schema revision {revision}"
    )


@db.command()
def stop() -> None:
    """Stop the private database. The data stays."""
    cluster = clusters.private_cluster(read_settings().var_dir)
    typer.echo("stopped" if clusters.stop(cluster) else "was not running")


@db.command()
def status() -> None:
    """Tell whether the database runs, where it is and which schema it has. Exit code 1 when it does not run."""
    settings = read_settings()
    cluster = clusters.private_cluster(settings.var_dir)
    if not settings.database_url and not clusters.is_running(cluster):
        typer.echo(f"stopped: {cluster.folder}")
        raise typer.Exit(1)
    url = settings.database_url or cluster.url
    place = "HEAT_TWIN_DATABASE_URL" if settings.database_url else f"{cluster.folder}, port {cluster.port}"
    typer.echo(f"running: {place}, schema revision {current_revision(url) or 'none'} (this program: {head_revision()})")


@db.command(name="migrate")
def migrate_() -> None:
    """Bring the schema of the database to this program's revision."""
    settings = read_settings()
    cluster = clusters.private_cluster(settings.var_dir)
    typer.echo(f"schema revision {migrate(settings.database_url or cluster.url)}")


@db.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A new file, or a folder: it gets heat-twin-YYYYMMDDTHHMMSSZ.tar.")],
) -> None:
    """Write everything that cannot be computed again into one file; nobody has to stop."""
    from api.backups import back_up  # noqa: PLC0415 - 2 s that `db start` and `db status` need not wait

    with open_database(read_settings(), migrated=False) as settings, progress_bar() as step:
        report = back_up(settings, target, seat=_seat(), progress=step)
    files = len(report.parts) - 1
    size_mb = sum(part.bytes for part in report.parts) / 1e6
    typer.echo(f"{report.path}: {sum(report.rows.values()):,} rows, {files} file{'s' * (files != 1)}, {size_mb:,.1f} MB")
    for path in report.missing_files:
        typer.echo(f"warning: {path} is named by the database and is not in the var dir; the backup lacks it", err=True)


@db.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `heat-twin db backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of a database that holds something; that is gone then.")
    ] = False,
) -> None:
    """Check a backup and bring it into an empty database, or in the place of the present one (--replace)."""
    from api.backups import restore as restore_into  # noqa: PLC0415 - as for `backup`

    with open_database(read_settings(), migrated=False) as settings, progress_bar() as step:
        report = restore_into(settings, file, replace=replace, seat=_seat(), progress=step)
    older = "" if report.from_revision == report.revision else f", brought from schema revision {report.from_revision}"
    cities = ", ".join(map(str, report.city_ids)) or "none"
    typer.echo(f"restored {sum(report.rows.values()):,} rows; cities: {cities}; schema revision {report.revision}{older}")


def _seat() -> str:
    return f"command line: {getpass.getuser()}"
