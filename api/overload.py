"""What is decided about `POST /readings` before its body is read: how fast a sender may send, and whether the queue has room."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from api.bodies import require_encoding, require_json
from api.errors import TooFast

REQUEST_FRAMES: Final = 50
"""A request counts as at least so many frames: that is what it costs."""
BURST_S: Final = 10
"""A sender that was quiet may send as much as in so many seconds at once."""
_LEAST_FRAME_BYTES: Final = 1_000
"""Bytes of an unpacked body that hold one frame at least, whatever its schema; a guess on the safe side."""
_SENDERS_MAX: Final = 10_000


class SenderRates:
    """How fast each sender sends: a bucket of frames a sender, filled at a fixed rate.

    A request passes while there is anything in the bucket and then takes what it holds, even into debt: only frames of
    signed and read requests count, so nobody can use up the rate of somebody else.

    Parameters
    ----------
    frames_per_s
        Filling of each bucket; 0 = no bound.
    """

    def __init__(self, frames_per_s: int, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._rate = frames_per_s
        self._now_s = now_s
        self._empty_at_s: OrderedDict[str, float] = OrderedDict()

    def require(self, sender: str) -> None:
        """Let a sender through.

        Raises
        ------
        TooFast
            When it has sent more than it may.
        """
        # the moment at which a bucket of one second's fill would be empty runs ahead of the clock when a sender is too fast
        ahead_s = self._empty_at_s.get(sender, 0.0) - self._now_s() - BURST_S
        if self._rate and ahead_s > 0:
            raise TooFast(
                f"{sender} sends more than {self._rate} frames a second; send again in {ahead_s:.1f} s",
                retry_after_s=max(1, math.ceil(ahead_s)),
            )

    def charge(self, sender: str, frames: int) -> None:
        """Count the frames of one request."""
        if not self._rate:
            return
        start_s = max(self._empty_at_s.pop(sender, 0.0), self._now_s())
        self._empty_at_s[sender] = start_s + max(frames, REQUEST_FRAMES) / self._rate
        while len(self._empty_at_s) > _SENDERS_MAX:
            self._empty_at_s.popitem(last=False)


def sender_of(scope: Scope) -> str:
    """Return who sends a request: its app id, else its address."""
    app_id = Headers(scope=scope).get("x-app-id")
    client = scope.get("client")
    return app_id or (client[0] if client else "")


def check_readings(scope: Scope, headers: Headers) -> None:
    """Refuse a batch before its body is read.

    Raises
    ------
    UnsupportedBody
        When it is no JSON, or packed in an unknown way.
    TooFast
        When the sender is over its rate.
    Busy
        When the queue is full.
    """
    require_json(headers.get("content-type", ""))
    packed = require_encoding(headers) != "identity"
    state = scope["app"].state
    state.sender_rates.require(sender_of(scope))
    length = headers.get("content-length", "")
    frames = int(length) // _LEAST_FRAME_BYTES if length.isdigit() and len(length) < 10 and not packed else 0
    state.live.intake.require_room(max(1, frames))
