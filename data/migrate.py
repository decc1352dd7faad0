"""Brings the schema of a database to the one of this program, with Alembic."""

from __future__ import annotations

from pathlib import Path

import psycopg

from data.errors import DatabaseTooOld, SchemaMismatch
from data.pool import connect
from data.statements import sql

MIN_POSTGRESQL = 150000
MIN_POSTGIS = (3, 3)
_MIGRATIONS = Path(__file__).parent / "migrations"


def known_revisions() -> list[str]:
    """Return the revisions that this program knows, oldest first: a migration's file begins with its revision."""
    return sorted(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def head_revision() -> str:
    """Return the newest revision that this program knows."""
    return known_revisions()[-1]


def current_revision(database_url: str) -> str | None:
    """Return the revision of the database; None when it was never migrated."""
    with connect(database_url) as connection:
        try:
            row = connection.execute(sql("migration_current")).fetchone()
        except psycopg.errors.UndefinedTable:
            connection.rollback()
            return None
    return None if row is None else str(row[0])


def migrate(database_url: str) -> str:
    """Bring the schema to this program's revision and return it. Running it again changes nothing.

    Raises
    ------
    DatabaseTooOld
        When PostgreSQL < 15 or PostGIS < 3.3.
    SchemaMismatch
        When the database was migrated by a newer program.
    """
    check_versions(database_url)
    revision = current_revision(database_url)
    require_known(revision)
    head = head_revision()
    if revision != head:
        upgrade(database_url, head)
    return head


def upgrade(database_url: str, revision: str) -> None:
    """Run the migrations up to a revision, in one transaction."""
    # imported here: with SQLAlchemy it takes half a second, and every command opens a database that mostly is up to date
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["database_url"] = database_url
    command.upgrade(config, revision)


def require_known(revision: str | None) -> None:
    """Raise `SchemaMismatch` when the revision is not one of this program's."""
    if revision is None:
        return
    if revision not in known_revisions():
        raise SchemaMismatch(
            f"the database has schema revision {revision!r}, which this program (newest {head_revision()!r}) does not know:"
            " the database is newer than the program; install the newer heat-twin"
        )


def check_versions(database_url: str) -> tuple[int, str]:
    """Return the server version number and the PostGIS version that is installed or can be.

    Raises
    ------
    DatabaseTooOld
        When one of them is too old or PostGIS is missing.
    """
    with connect(database_url) as connection:
        server = connection.info.server_version
        row = connection.execute(sql("postgis_available")).fetchone()
    if server < MIN_POSTGRESQL:
        raise DatabaseTooOld(f"PostgreSQL {server // 10000} is too old; heat twin needs PostgreSQL 15 or newer")
    if row is None or row[0] is None:
        raise DatabaseTooOld("the database server has no PostGIS; install it (Debian: apt-get install postgresql-15-postgis-3)")
    version = str(row[0])
    if tuple(int(part) for part in version.split(".")[:2]) < MIN_POSTGIS:
        raise DatabaseTooOld(f"PostGIS {version} is too old; heat twin needs PostGIS 3.3 or newer")
    return server, version
