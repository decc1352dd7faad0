"""Hears what the database tells by NOTIFY, over a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from data.errors import DatabaseUnavailable
from data.pool import translate_errors

_QUESTION_S: Final = 5.0
"""A connection that does not answer for so long counts as lost: nobody tells when a network fell silent."""


class Ear:
    """A connection that listens, and may ask between two notices."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def fetch(self, statement: str, *parameters: object) -> list[asyncpg.Record]:
        """Return all rows.

        Raises
        ------
        DatabaseUnavailable
            When the connection is lost; notices may have been missed then.
        """
        if self._connection.is_closed():
            raise DatabaseUnavailable("the connection that listens is closed")
        with translate_errors():
            rows: list[asyncpg.Record] = await self._connection.fetch(statement, *parameters, timeout=_QUESTION_S)
        return rows


@asynccontextmanager
async def listening(database_url: str, channel: str, hear: Callable[[str], None], lost: asyncio.Event) -> AsyncIterator[Ear]:
    """Listen on a channel: `hear` gets every payload that is sent from now on, on the event loop.

    Parameters
    ----------
    database_url
        `postgresql://...`.
    channel
        Name of the channel.
    hear
        Called with each payload; must not wait.
    lost
        Is set when the connection ends.

    Raises
    ------
    DatabaseUnavailable
        When no connection can be opened.
    """
    with translate_errors():
        connection = await asyncpg.connect(database_url, server_settings={"application_name": "heat-twin tile news"})
    try:
        connection.add_termination_listener(lambda _: lost.set())
        with translate_errors():
            await connection.add_listener(channel, lambda _connection, _pid, _channel, payload: hear(payload))
        yield Ear(connection)
    finally:
        connection.terminate()
