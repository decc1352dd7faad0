"""Readings from a broker: each message is acknowledged after its frames are committed, and answered with their results.

What fails for now (queue full, database away) is tried again while the message stays unacknowledged; a crash leaves it to the
broker, which delivers it again, and what was stored already is a duplicate. What can never be taken is acknowledged with its
reason, after it was written down: a broken message must not come back for ever.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final

import orjson
from starlette.datastructures import Headers

from api.auth.identity import Identity
from api.bodies import require_encoding, require_json, unpack_bytes
from api.channels import TAKEN, Channel
from api.errors import Busy, MessageRefused, PayloadTooLarge, UnsupportedBody
from api.live_room import LiveRoom
from api.mqtt.address import parse_address
from api.mqtt.courier import Courier, Delivery
from api.mqtt.senders import (
    IMPLEMENTATION_SPECIFIC,
    PAYLOAD_FORMAT_INVALID,
    QUOTA_EXCEEDED,
    TOPIC_NAME_INVALID,
    Sender,
    Senders,
    answer_topic,
)
from api.receipts import receipt
from api.routes.readings import MAX_BODY_BYTES, parse_frames
from api.settings import Settings
from data.errors import DatabaseUnavailable, NotFound
from data.pool import Pool
from data.readings import DATABASE_ERRORS
from data.refusals import keep_refusal
from twin.errors import BadFrame
from twin.readings import Result

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 15.0
_LAST_CHANCE_S: Final = 4.0
"""How long a server that stops waits for the commits of what it has taken."""
_MAX_FAILURES: Final = 5
"""Tries after which a message that fails for an unknown reason is given up."""
_FOR_NOW: Final = (Busy, DatabaseUnavailable, *DATABASE_ERRORS)


class MqttRoom:
    """Takes readings from the broker of the settings while it is entered; without one it does nothing.

    Parameters
    ----------
    settings
        Broker, and whether unsigned messages are trusted.
    pool, live, identity
        Where frames go, and who may send them.
    channel
        Is kept up to date with what comes in.
    """

    def __init__(self, settings: Settings, pool: Pool, live: LiveRoom, identity: Identity, channel: Channel) -> None:
        self._settings = settings
        self._pool = pool
        self._live = live
        self._channel = channel
        self._senders = Senders(pool, identity, trust_unsigned=settings.mqtt_unsigned == "trust")
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._courier: Courier | None = None
        self._stopping = False

    async def __aenter__(self) -> MqttRoom:
        if self._settings.mqtt_url:
            self._loop = asyncio.get_running_loop()
            address = parse_address(self._settings.mqtt_url)
            self._courier = Courier(address, client_id(self._settings), self._deliver, ca_file=self._settings.mqtt_ca_file)
            self._channel.address = str(address)
            self._courier.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._courier is None:
            return
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST_CHANCE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._courier.stop)

    def refresh(self) -> None:
        """Bring the channel's figures of the connection up to date."""
        if self._courier is not None:
            self._channel.connected = self._courier.connected
            self._channel.problem = self._courier.problem or ("" if self._courier.connected else "not connected yet")
            self._channel.reconnects = max(0, self._courier.connection - 1)
            self._channel.in_flight_messages = self._courier.in_flight_messages
            self._channel.in_flight_bytes = self._courier.in_flight_bytes

    # ------------------------------------------------------------ one message

    def _deliver(self, delivery: Delivery) -> None:
        """Hand a message over to the event loop. Called in the thread of the client."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._begin, delivery)

    def _begin(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._process(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _process(self, delivery: Delivery) -> None:
        """Take a message, trying again while that fails for now, then acknowledge it."""
        assert self._courier is not None
        reason: int | None = None
        try:
            reason = await self._until_settled(delivery)
        finally:
            self._courier.settle(delivery, reason)

    async def _until_settled(self, delivery: Delivery) -> int | None:
        failures, pause = 0, _FIRST_PAUSE_S
        while not self._stopping:
            try:
                return await self._take(delivery)
            except _FOR_NOW as error:
                self._channel.note("put_off")
                logger.info("MQTT: message %d is put off: %s", delivery.mid, error)
            except Exception:  # whatever it is, it must neither be lost at once nor come back for ever
                failures += 1
                logger.exception("MQTT: message %d failed", delivery.mid)
                if failures == _MAX_FAILURES:
                    failed = MessageRefused(
                        "failed", IMPLEMENTATION_SPECIFIC, "the server failed on this message; its log says why"
                    )
                    return await self._refuse(delivery, None, failed)
            # not all at once: the queue that was full would be full again
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        return None

    async def _take(self, delivery: Delivery) -> int:
        """Store a message or refuse it; returns the reason code of its acknowledgement."""
        sender: Sender | None = None
        try:
            sender = await self._senders.find(delivery)
            frames = await _frames(delivery)
            results = await self._submit(sender, frames)
        except MessageRefused as error:
            return await self._refuse(delivery, sender, error)
        made = receipt(self._live.refused, sender.city_id, sender.name, frames, results)
        self._channel.note(TAKEN, made.counts)
        self._answer(delivery, made.as_json())
        return 0

    async def _submit(self, sender: Sender, frames: Sequence[Any]) -> list[Result]:
        try:
            return await self._live.submit(sender.city_id, frames, sender.scope, sender=sender.name)
        except NotFound as error:
            raise MessageRefused("unknown_city", TOPIC_NAME_INVALID, str(error)) from None

    async def _refuse(self, delivery: Delivery, sender: Sender | None, error: MessageRefused) -> int:
        """Write a refusal down, answer it, and return the reason code of the acknowledgement."""
        await keep_refusal(
            self._pool,
            city_id=None if sender is None else sender.city_id,
            company_id=None if sender is None else sender.company_id,
            channel=self._channel.name,
            sender="" if sender is None else sender.name,
            topic=delivery.topic,
            reason=error.reason,
            detail=str(error),
            message=delivery.payload,
        )
        self._channel.note(error.reason)
        if error.code != TOPIC_NAME_INVALID:
            self._answer(delivery, orjson.dumps({"error": {"reason": error.reason, "message": str(error)}}))
        return error.code

    def _answer(self, delivery: Delivery, answer: bytes) -> None:
        assert self._courier is not None
        self._courier.publish(answer_topic(delivery), answer, correlation=delivery.correlation)


def client_id(settings: Settings) -> str:
    """Return the name of the session in the broker: the same after every start, another one for every installation."""
    place = f"{socket.gethostname()}\n{settings.var_dir}".encode()
    return f"heat-twin-{hashlib.sha256(place).hexdigest()[:12]}"


async def _frames(delivery: Delivery) -> list[Any]:
    """Return the frames of a message; what is compressed is unpacked in a thread, since a small message can grow large."""
    try:
        require_json(delivery.content_type)
    except UnsupportedBody as error:
        raise MessageRefused("malformed", PAYLOAD_FORMAT_INVALID, str(error)) from None
    return parse(await asyncio.to_thread(unpacked, delivery) if delivery.encoding else delivery.payload)


def unpacked(delivery: Delivery) -> bytes:
    """Undo the encoding that the user property `Content-Encoding` names.

    Raises
    ------
    MessageRefused
        When it is none that can be undone, is not whole, or comes out too large.
    """
    try:
        encoding = require_encoding(Headers({"content-encoding": delivery.encoding}))
        return unpack_bytes(delivery.payload, encoding, limit=MAX_BODY_BYTES) if encoding != "identity" else delivery.payload
    except PayloadTooLarge as error:
        raise MessageRefused("too_large", QUOTA_EXCEEDED, str(error)) from None
    except (UnsupportedBody, BadFrame) as error:
        raise MessageRefused("malformed", PAYLOAD_FORMAT_INVALID, str(error)) from None


def parse(body: bytes) -> list[Any]:
    """Return the frames of an unpacked message.

    Raises
    ------
    MessageRefused
        When they cannot be read.
    """
    try:
        return parse_frames(body)
    except PayloadTooLarge as error:
        raise MessageRefused("too_large", QUOTA_EXCEEDED, str(error)) from None
    except BadFrame as error:
        raise MessageRefused("malformed", PAYLOAD_FORMAT_INVALID, str(error)) from None
