"""Making a database beside another one and letting the two change places."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.sql import SQL, Identifier

from data import server_programs as programs
from data.errors import Conflict, DatabaseUnavailable
from data.pool import Connection, connect
from data.statements import sql

_MAINTENANCE: Final = "postgres"


@contextmanager
def maintained(database_url: str) -> Iterator[tuple[Connection, str]]:
    """Yield a connection to the server, outside the database, and the database's name; one caller at a time for each.

    Raises
    ------
    Conflict
        When another restore of this database runs.
    """
    name = urlsplit(database_url).path.removeprefix("/")
    with connect(_named(database_url, _MAINTENANCE), autocommit=True) as server:
        row = server.execute(sql("restore_lock"), {"name": name}).fetchone()
        if row is None or not row[0]:
            raise Conflict(f"another restore of the database {name!r} is running; wait for it")
        yield server, name


def require_free(server: Connection, name: str) -> None:
    """Raise `Conflict` when somebody is connected to the database."""
    row = server.execute(sql("restore_sessions"), {"name": name}).fetchone()
    if row is not None and row[0]:
        raise Conflict(
            f"the database {name!r} is in use by {row[0]} connection{'s' if row[0] > 1 else ''};"
            " stop `heat-twin serve` and every other program that reads it, then restore"
        )


@contextmanager
def database_beside(server: Connection, database_url: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the name and address of a new database with PostGIS; it is dropped at the end, unless `swap` gave it a name.

    What a killed caller left is removed first.

    Raises
    ------
    DatabaseUnavailable
        When the role may not make it, or the disk is full.
    """
    prefix = f"{name}_restore_"
    for row in server.execute(sql("restore_left_over"), {"prefix": prefix}).fetchall():
        _run(server, "restore_drop", name=row[0])
    beside = prefix + secrets.token_hex(4)
    url = _named(database_url, beside)
    try:
        _create(server, name, beside)
        with connect(url) as connection:
            _create_postgis(connection)
        yield beside, url
    finally:
        with suppress(psycopg.Error):
            _run(server, "restore_drop", name=beside)


def swap(server: Connection, name: str, beside: str) -> None:
    """Let the databases change places in one transaction, then drop the old one.

    Raises
    ------
    Conflict
        When somebody is connected; nothing was changed.
    """
    old = f"{name}_restore_{secrets.token_hex(4)}_old"
    try:
        with server.transaction():
            _run(server, "restore_rename", name=name, new_name=old)
            _run(server, "restore_rename", name=beside, new_name=name)
    except psycopg.errors.ObjectInUse:
        raise Conflict(
            f"somebody connected to {name!r} while the backup was restored; nothing was changed:"
            " stop `heat-twin serve` and try again"
        ) from None
    _run(server, "restore_drop", name=old)


def _named(database_url: str, name: str) -> str:
    return urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))


def _run(connection: Connection, statement: str, **names: str) -> None:
    """Run a statement of `data/sql` that names databases."""
    text: Any = sql(statement)
    connection.execute(SQL(text).format(**{key: Identifier(name) for key, name in names.items()}))


def _create(server: Connection, name: str, beside: str) -> None:
    try:
        _run(server, "restore_create", name=beside)
    except psycopg.errors.InsufficientPrivilege:
        raise DatabaseUnavailable(
            f"the database role may not make a database beside {name!r};"
            " as an administrator of the server: alter role .. createdb"
        ) from None
    except psycopg.Error as error:
        raise programs.explain("making a database to restore into", str(error)) from None


def _create_postgis(connection: Connection) -> None:
    try:
        connection.execute(sql("restore_postgis"))
    except psycopg.errors.InsufficientPrivilege:
        raise DatabaseUnavailable(
            "the database role may not make the PostGIS extension in a new database; as an administrator of the server:"
            " psql -d template1 -c 'create extension postgis'"
        ) from None
