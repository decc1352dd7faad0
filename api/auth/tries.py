"""Slows down guessing: a few failed tries, then a pause.

Counts live in the process and are bounded; with N API workers a guesser has N times as many tries, which argon2 makes slow
all the same.
"""

from __future__ import annotations

from collections import OrderedDict

from api.errors import TooManyTries

FREE_TRIES = 5
FREE_TRIES_OF_ADDRESS = 30
"""An address may be a whole office behind one router."""
PAUSE_S = 60.0
_MAX_KEYS = 10_000


class Tries:
    """Failed tries per key (an address with a login). After the free ones each failure costs a pause of `PAUSE_S`."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def check(self, key: str, *, now_s: float, free: int = FREE_TRIES) -> None:
        """Raise `TooManyTries` while the key has to pause; `free` failures cost nothing."""
        count, until_s = self._failed.get(key, (0, 0.0))
        if count >= free and now_s < until_s:
            raise TooManyTries(
                f"too many failed tries; come again in {until_s - now_s:.0f} s", retry_after_s=max(1, round(until_s - now_s))
            )

    def fail(self, key: str, *, now_s: float) -> None:
        """Count a failure."""
        count, until_s = self._failed.pop(key, (0, 0.0))
        # a quarter of an hour of quiet is forgiven
        count = 0 if now_s > until_s + 14 * PAUSE_S else count
        self._failed[key] = (count + 1, now_s + PAUSE_S)
        while len(self._failed) > _MAX_KEYS:
            self._failed.popitem(last=False)

    def forget(self, key: str) -> None:
        """Forget the failures of a key after it got through."""
        self._failed.pop(key, None)
