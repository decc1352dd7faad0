"""What a sender is told of its frames, and who else hears of it: the figures, and the listeners of refused frames.

Whoever answers a sender (HTTP, MQTT, exchange) calls `receipt` once for all its frames.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeAlias

import orjson

from api.routes.metrics import FRAMES
from twin.readings import Result

STORED: Final = frozenset({Result.ACCEPTED, Result.DUPLICATE, Result.CONFLICT})
"""Results of frames that were looked at in the store; all others are refusals."""
_UNKNOWN_MAX: Final = 100
_CODE_MAX: Final = 200
_BY_VALUE: Final = {result.value: result for result in Result}
_COUNTERS: Final = {result.value: FRAMES.labels(result.value) for result in Result}

Refused: TypeAlias = Callable[[int, str, Mapping[Result, int], Sequence[str]], None]
"""`LiveRoom.refused`."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the frames of one sender: one result a frame in order, and how many of each."""

    results: Sequence[str]
    counts: Mapping[str, int]

    def as_json(self) -> bytes:
        """Return the answer of `POST /readings`."""
        return orjson.dumps({"results": self.results, "counts": self.counts})


def receipt(refused: Refused, city_id: int, sender: str, frames: Sequence[Any], results: Sequence[Result]) -> Receipt:
    """Count the results of frames, tell the listeners of refused ones, and return what the sender is told.

    Parameters
    ----------
    refused
        `LiveRoom.refused`.
    sender
        App id, seat, or `mqtt:<company>`.
    frames, results
        As sent, and what became of each.
    """
    values = [result._value_ for result in results]  # `value` is a descriptor and costs sixteen times as much
    counts = Counter(values)
    for value, count in counts.items():
        _COUNTERS[value].inc(count)
    lost = {_BY_VALUE[value]: count for value, count in counts.items() if _BY_VALUE[value] not in STORED}
    if lost:
        refused(city_id, sender, lost, list(islice(_unknown(frames, results), _UNKNOWN_MAX)))
    return Receipt(values, {value: counts[value] for value in _BY_VALUE if value in counts})


def _unknown(frames: Iterable[Any], results: Iterable[Result]) -> Iterator[str]:
    """Yield each code that no source has, once."""
    seen = set()
    for frame, result in zip(frames, results, strict=True):
        code = frame.get("source") if result is Result.UNKNOWN_SOURCE and isinstance(frame, dict) else None
        if isinstance(code, str) and code not in seen:
            seen.add(code)
            yield code[:_CODE_MAX]
