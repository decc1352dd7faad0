"""How fast a replay can go, measured as it goes: whether it reads every frame, or passes some over and hops."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")

_NEW_SHARE = 0.3
"""Weight of a new measurement."""
_BUSY, _IDLE = 1.0, 0.8
"""Share of the time that reading and playing every frame would take: above the first it hops, below the second no more."""
_SHORTEST_S = 5.0
"""A shorter stretch of the past tells nothing: what each step costs anyway outweighs it."""
_MARGIN = 1.15
"""A hop is planned for so much longer than the last ones took."""
_LONGEST_HOP_S = 10.0
"""A hop is never planned to take longer: one that does makes the replay slower than it was asked to be."""


@dataclass
class Pace:
    """What the past has cost so far: seconds of this server for a second of it, and for a hop; 0 = not known yet."""

    _reading: float = 0.0
    _playing: float = 0.0
    _hop_s: float = 0.0

    @property
    def whole(self) -> float:
        """Seconds that a second of the past takes when all its frames are read and played."""
        return self._reading + self._playing

    def read(self, spent_s: float, past_s: float) -> None:
        """Take in how long the reading of all frames of a stretch took."""
        if past_s >= _SHORTEST_S:
            self._reading = _mixed(self._reading, spent_s / past_s)

    def played(self, spent_s: float, past_s: float) -> None:
        """Take in how long playing a stretch took."""
        if past_s >= _SHORTEST_S:
            self._playing = _mixed(self._playing, spent_s / past_s)

    def hopped(self, spent_s: float, read_s: float) -> None:
        """Take in how long a hop took that read all frames of so many seconds, and more besides: all frames cost less."""
        self._hop_s = _mixed(self._hop_s, spent_s)
        if read_s >= _SHORTEST_S and spent_s / read_s < self.whole:
            self._reading, self._playing = _mixed(self.whole, spent_s / read_s), 0.0

    def must_hop(self, speed: float, *, hopping: bool) -> bool:
        """Tell whether a speed is more than reading every frame can keep up with."""
        return self.whole * speed > (_IDLE if hopping else _BUSY)

    def hop_s(self, read_s: float) -> float:
        """Return how long a hop is going to take that reads all frames of so many seconds."""
        return min(_MARGIN * (self._hop_s or self.whole * read_s), _LONGEST_HOP_S)


async def timed(begin: Callable[[], Awaitable[_T]]) -> tuple[_T, float]:
    """Return what something gives that is begun now, and how many seconds it took."""
    began_s = time.monotonic()
    found = await begin()
    return found, time.monotonic() - began_s


def _mixed(known: float, new: float) -> float:
    return new if not known else known + _NEW_SHARE * (new - known)
