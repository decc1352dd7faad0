"""Nonces of signed requests, remembered in the database for all processes of a deployment.

Nonces that come while a statement runs share the next one: a request that comes alone waits for nobody, and thousands a second
cost some hundred statements.
"""

from __future__ import annotations

import asyncio
from typing import Final

from data import seats
from data.errors import DataError
from data.pool import Pool

_TOGETHER_MAX: Final = 1_000


class NonceBook:
    """Remembers nonces of good signatures."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def remember(self, pool: Pool, app_id: str, nonce: str) -> bool:
        """Remember a nonce; False when it was seen before.

        Raises
        ------
        DatabaseUnavailable, UnfitValue
            When it could not be remembered; the request must not pass.
        """
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((app_id, nonce, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(pool))
        return await done

    async def _write(self, pool: Pool) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:_TOGETHER_MAX], self._waiting[_TOGETHER_MAX:]
            try:
                new = await seats.remember_nonces(pool, [(app_id, nonce) for app_id, nonce, _ in taken])
            except DataError as error:
                for _, _, done in taken:
                    if not done.done():
                        done.set_exception(error)
                continue
            for app_id, nonce, done in taken:
                # of two that came together the first one counts
                if not done.done():
                    done.set_result((app_id, nonce) in new)
                new.discard((app_id, nonce))
