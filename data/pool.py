"""Connections: one asyncpg pool for the API process, psycopg for everything synchronous."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import asyncpg
import orjson
import psycopg

from data.errors import DatabaseUnavailable

Pool: TypeAlias = asyncpg.Pool
Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_to_json, decoder=orjson.loads, format="text")


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()


async def open_pool(database_url: str, *, size: int = 4, statement_timeout_s: float = 30.0) -> Pool:
    """Open the pool of the API process.

    Parameters
    ----------
    database_url
        `postgresql://...` of a migrated PostGIS.
    size
        Connections; twice the cores of the database machine serves best.
    statement_timeout_s
        Longest time of one statement.

    Raises
    ------
    DatabaseUnavailable
        When no connection can be opened.
    """
    try:
        return await asyncpg.create_pool(
            database_url,
            min_size=1,
            max_size=size,
            init=_prepare,
            server_settings={"jit": "off", "statement_timeout": str(int(statement_timeout_s * 1000)), "timezone": "UTC"},
        )
    except (OSError, asyncpg.PostgresError) as error:
        raise DatabaseUnavailable(f"cannot connect to the database: {error}; try `heat-twin db status`") from error


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn what the driver raises when the database is away into `DatabaseUnavailable`."""
    try:
        yield
    except (
        OSError,
        TimeoutError,
        asyncpg.PostgresConnectionError,
        asyncpg.InterfaceError,
        asyncpg.CannotConnectNowError,
    ) as error:
        raise DatabaseUnavailable(f"the database does not answer: {error}; try `heat-twin db status`") from error


@contextmanager
def connect(database_url: str, *, autocommit: bool = False) -> Iterator[Connection]:
    """Open one synchronous connection; commits at the end unless an exception passes, then it rolls back."""
    try:
        connection = psycopg.connect(database_url, autocommit=autocommit, options="-c timezone=UTC -c jit=off")
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"cannot connect to the database: {error}; try `heat-twin db status`") from error
    with connection:
        yield connection
