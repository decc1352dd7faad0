"""Connections that all see the database as it was at one moment, for work of minutes that an edit must not tear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg

from data.errors import DatabaseUnavailable
from data.pool import Pool, translate_errors
from data.statements import sql

_SETTINGS = {"jit": "off", "statement_timeout": "120000", "timezone": "UTC"}


class Snapshot(Pool):
    """A pool of few connections with one read-only view (`repeatable read`); statements wait for a free one."""

    def __init__(self, connections: list[asyncpg.Connection]) -> None:
        self._free: asyncio.Queue[asyncpg.Connection] = asyncio.Queue()
        for connection in connections:
            self._free.put_nowait(connection)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend one connection, inside its transaction."""
        connection = await self._free.get()
        try:
            with translate_errors():
                yield connection
        finally:
            self._free.put_nowait(connection)

    async def fetch(self, statement: str, *parameters: object, timeout: float | None = None) -> list[asyncpg.Record]:
        """Return all rows."""
        async with self.acquire() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(statement, *parameters, timeout=timeout)
        return rows

    async def fetchrow(self, statement: str, *parameters: object, timeout: float | None = None) -> asyncpg.Record | None:
        """Return the first row, or None."""
        async with self.acquire() as connection:
            return await connection.fetchrow(statement, *parameters, timeout=timeout)

    async def fetchval(self, statement: str, *parameters: object, timeout: float | None = None) -> Any:
        """Return the first value of the first row, or None."""
        async with self.acquire() as connection:
            return await connection.fetchval(statement, *parameters, timeout=timeout)


@asynccontextmanager
async def open_snapshot(database_url: str, *, connections: int = 1) -> AsyncIterator[Snapshot]:
    """Open connections that see one state of the database, and close them at the end.

    Parameters
    ----------
    database_url
        `postgresql://...` of a migrated PostGIS.
    connections
        How many; each keeps one core of the database busy.

    Raises
    ------
    DatabaseUnavailable
        When no connection can be opened.

    Cost: while it is open the database keeps rows that were changed since; minutes do no harm, days would.
    """
    async with AsyncExitStack() as stack:
        opened = [await _connect(stack, database_url) for _ in range(connections)]
        await opened[0].execute(sql("snapshot_begin"))
        name = await opened[0].fetchval(sql("snapshot_export"))
        for connection in opened[1:]:
            await connection.execute(sql("snapshot_begin"))
            # a name that the database itself gave; this command takes no parameter
            await connection.execute(f"set transaction snapshot '{name}'")
        yield Snapshot(opened)


async def _connect(stack: AsyncExitStack, database_url: str) -> asyncpg.Connection:
    try:
        connection = await asyncpg.connect(database_url, server_settings=_SETTINGS)
    except (OSError, asyncpg.PostgresError) as error:
        raise DatabaseUnavailable(f"cannot connect to the database: {error}; try `heat-twin db status`") from error
    stack.push_async_callback(connection.close, timeout=10)
    return connection
