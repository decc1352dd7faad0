"""`heat-twin db`: the private PostGIS."""

from __future__ import annotations

import typer

from api.settings import read_settings
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
