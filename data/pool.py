"""Connections: one asyncpg pool for the API process, psycopg for everything synchronous."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias

import asyncpg
import orjson
import psycopg

from data.errors import DatabaseUnavailable, UnfitValue

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
_AWAY = (asyncpg.CannotConnectNowError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.TooManyConnectionsError)


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_to_json, decoder=orjson.loads, format="text")


async def _leave(_connection: asyncpg.Connection) -> None:
    """Ask nothing of the database when a connection is given back.

    asyncpg itself ends an open transaction. What its own query resets besides, no statement of this pool leaves behind: settings
    are `set local`, advisory locks those of a transaction, nobody listens. It would cost every statement a second round trip.
    """


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()


class Pool:
    """The connections of the API process; what the driver raises leaves here as an error of `data.errors`.

    A thin front of `asyncpg.Pool`: the methods are those, with the same arguments.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def fetch(self, statement: str, *parameters: object, timeout: float | None = None) -> list[asyncpg.Record]:
        """Return all rows."""
        with translate_errors():
            rows: list[asyncpg.Record] = await self._pool.fetch(statement, *parameters, timeout=timeout)
        return rows

    async def fetch_planned(self, statement: str, *parameters: object) -> list[asyncpg.Record]:
        """Return all rows of a statement that is planned anew for these parameters.

        For filters that are mostly not given: after five calls PostgreSQL would keep one plan for all of them, which reads every
        row to look at each condition. Cost: planning, and two short round trips.
        """
        with translate_errors():
            async with self._pool.acquire() as connection, connection.transaction(readonly=True):
                await connection.execute("set local plan_cache_mode = force_custom_plan")
                rows: list[asyncpg.Record] = await connection.fetch(statement, *parameters)
        return rows

    async def fetchrow(self, statement: str, *parameters: object, timeout: float | None = None) -> asyncpg.Record | None:
        """Return the first row, or None."""
        with translate_errors():
            return await self._pool.fetchrow(statement, *parameters, timeout=timeout)

    async def fetchval(self, statement: str, *parameters: object, timeout: float | None = None) -> Any:
        """Return the first value of the first row, or None."""
        with translate_errors():
            return await self._pool.fetchval(statement, *parameters, timeout=timeout)

    async def execute(self, statement: str, *parameters: object, timeout: float | None = None) -> str:
        """Run a statement and return its command tag."""
        with translate_errors():
            tag: str = await self._pool.execute(statement, *parameters, timeout=timeout)
        return tag

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend one connection, for transactions and COPY."""
        with translate_errors():
            async with self._pool.acquire() as connection:
                yield connection

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()


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
    settings = {"jit": "off", "statement_timeout": str(int(statement_timeout_s * 1000)), "timezone": "UTC"}
    try:
        pool = await asyncpg.create_pool(
            database_url, min_size=1, max_size=size, init=_prepare, reset=_leave, server_settings=settings
        )
    except (OSError, asyncpg.PostgresError) as error:
        raise DatabaseUnavailable(f"cannot connect to the database: {error}; try `heat-twin db status`") from error
    return Pool(pool)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn what the driver raises into errors of ours: the database is away, or a value does not fit a column.

    Raises
    ------
    DatabaseUnavailable
        When the database does not answer, or not within the time of a statement.
    UnfitValue
        When a number is out of range or a text holds what the database cannot store.
    """
    try:
        yield
    except asyncpg.DataError as error:
        raise UnfitValue(f"a value does not fit: {error}") from error
    except asyncpg.QueryCanceledError as error:
        raise DatabaseUnavailable(f"the database took too long: {error}") from error
    except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, *_AWAY) as error:
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
