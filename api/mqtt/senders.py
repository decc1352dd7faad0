"""Who sent a message, and for which sources: its topic names city and company, a signature names a program.

A signature is that of `POST /readings`, in user properties. Its time may lie as far back as the broker keeps messages, and its
nonce is not remembered: a message waits in the broker while the server is away and is delivered again when it was not
acknowledged, both by design. Sending the same bytes again is harmless, because a frame that is stored already changes nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from api.auth import signatures
from api.auth.identity import Identity
from api.errors import BadRequest, MessageRefused, NotSignedIn
from api.mqtt.courier import SESSION_S, Delivery
from data.companies import find_company
from data.pool import Pool
from twin.errors import NotPermitted, OutsideScope
from twin.scope import Scope
from twin.seats import permissions_of, require_permission, scope_of

NOT_AUTHORIZED: Final = 0x87
TOPIC_NAME_INVALID: Final = 0x90
QUOTA_EXCEEDED: Final = 0x97
PAYLOAD_FORMAT_INVALID: Final = 0x99
IMPLEMENTATION_SPECIFIC: Final = 0x83
_KNOWN_S: Final = 30.0
_KNOWN_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a message: name for the records, city, company, and what it may report for."""

    name: str
    city_id: int
    company_id: int
    scope: Scope


class Senders:
    """Finds out who sent a message.

    Parameters
    ----------
    pool, identity
        Companies and API keys.
    trust_unsigned
        The broker's own authentication is enough.
    """

    def __init__(self, pool: Pool, identity: Identity, *, trust_unsigned: bool) -> None:
        self._pool = pool
        self._identity = identity
        self._trust_unsigned = trust_unsigned
        self._companies: dict[tuple[int, str], tuple[float, int]] = {}

    async def find(self, delivery: Delivery) -> Sender:
        """Return who sent a message.

        Raises
        ------
        MessageRefused
            When its topic names no company, its signature does not hold, or it has none and must.
        DatabaseUnavailable
            When that cannot be found out now.
        """
        city_id, code = parse_topic(delivery.topic)
        company_id = await self._company(city_id, code)
        bound = Scope(cities=(city_id,), company_ids=(company_id,))
        if "x-app-id" in delivery.properties or "x-signature" in delivery.properties:
            return await self._signed(delivery, bound)
        if not self._trust_unsigned:
            raise MessageRefused(
                "unsigned",
                NOT_AUTHORIZED,
                "the message has no user properties X-App-Id, X-Timestamp, X-Nonce, X-Signature;"
                " without them it is taken only where the broker's own authentication is trusted (HEAT_TWIN_MQTT_UNSIGNED)",
            )
        return Sender(f"mqtt:{code}", city_id, company_id, bound)

    async def _company(self, city_id: int, code: str) -> int:
        known = self._companies.get((city_id, code))
        if known is not None and known[0] > time.monotonic():
            return known[1]
        found = await find_company(self._pool, city_id, code)
        if found is None:
            raise MessageRefused("unknown_company", TOPIC_NAME_INVALID, f"city {city_id} has no company {code!r}")
        if len(self._companies) >= _KNOWN_MAX:
            self._companies.clear()
        self._companies[city_id, code] = (time.monotonic() + _KNOWN_S, found)
        return found

    async def _signed(self, delivery: Delivery, bound: Scope) -> Sender:
        try:
            app_id, seat = await self._identity.by_lasting_signature(
                self._pool, delivery.properties, delivery.payload, oldest_s=SESSION_S + signatures.WINDOW_S
            )
            role = seat.seat.role
            require_permission(permissions_of(role), "send_readings", role=role)
            scope = scope_of(seat.seat.organisation, role)
            scope.require_layer("readings")
            assert bound.cities is not None
            assert bound.company_ids is not None
            scope.require_city(bound.cities[0])
        except (NotSignedIn, BadRequest) as error:
            raise MessageRefused("bad_signature", NOT_AUTHORIZED, str(error)) from None
        except (NotPermitted, OutsideScope) as error:
            raise MessageRefused("not_permitted", NOT_AUTHORIZED, str(error)) from None
        own = bound.company_ids if scope.company_ids is None else tuple(set(bound.company_ids) & set(scope.company_ids))
        if not own:
            raise MessageRefused(
                "not_permitted",
                NOT_AUTHORIZED,
                f"the key {app_id!r} belongs to another company than the topic {delivery.topic!r}",
            )
        return Sender(app_id, bound.cities[0], own[0], replace(scope, cities=bound.cities, company_ids=own))


def parse_topic(topic: str) -> tuple[int, str]:
    """Return city id and company code of `heat/{city}/{company}/frames`; the code may be percent-encoded.

    Raises
    ------
    MessageRefused
        When the topic is another one.
    """
    parts = topic.split("/")
    right = len(parts) == 4 and parts[0] == "heat" and parts[3] == "frames"
    if not right or not (parts[1].isascii() and parts[1].isdigit() and len(parts[1]) <= 5) or int(parts[1]) > 32767:
        raise MessageRefused(
            "bad_topic", TOPIC_NAME_INVALID, f"the topic is {topic[:100]!r}; it must be heat/CITY_ID/COMPANY_CODE/frames"
        )
    code = unquote(parts[2])
    if not code or "\x00" in code:
        raise MessageRefused("bad_topic", TOPIC_NAME_INVALID, f"the topic is {topic[:100]!r}; it names no company")
    return int(parts[1]), code


def answer_topic(delivery: Delivery) -> str:
    """Return where the results of a message go.

    A sender's own choice counts below its company only: this client may publish where the sender may not, and the results of one
    must not become the frames of another.
    """
    base = delivery.topic.removesuffix("frames")
    asked = delivery.response_topic
    fits = asked.startswith(base) and not asked.endswith("/frames") and not set(asked) & set("+#\x00")
    return asked if fits else f"{base}results"
