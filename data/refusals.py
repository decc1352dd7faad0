"""What the intake could not read or would not take as a whole: kept with reason, sender and first bytes, the newest ones only.

Single frames that do not fit are answered by their result and counted elsewhere; a refusal is about a message, whose sender
may never hear of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope

KEPT: Final = 10_000
"""Refusals that are kept; older ones are forgotten."""
FIRST_BYTES: Final = 200
_MAX_TEXT: Final = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused message.

    Attributes
    ----------
    city_id, company_id
        None where it could not be found out.
    channel
        `mqtt`, `http` or `exchange`.
    sender
        App id, `mqtt:<company>` or empty.
    topic
        Topic or path it came by.
    reason, detail
        Short code, and what was wrong.
    size
        Bytes of the message.
    first_bytes
        Its beginning.
    refused_at
        When.
    """

    city_id: int | None
    company_id: int | None
    channel: str
    sender: str
    topic: str
    reason: str
    detail: str
    size: int
    first_bytes: bytes
    refused_at: datetime


async def keep_refusal(
    pool: Pool,
    *,
    city_id: int | None,
    company_id: int | None,
    channel: str,
    sender: str,
    topic: str,
    reason: str,
    detail: str,
    message: bytes,
) -> None:
    """Store one refusal; every hundredth forgets the oldest beyond `KEPT`."""
    number: int = await pool.fetchval(
        sql("intake_refusal_add"),
        city_id,
        company_id,
        channel,
        _text(sender),
        _text(topic),
        reason,
        _text(detail),
        len(message),
        message[:FIRST_BYTES],
    )
    if number % 100 == 0:
        await pool.execute(sql("intake_refusal_forget"), number - KEPT)


def _text(text: str) -> str:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()[:_MAX_TEXT]


async def list_refusals(pool: Pool, scope: Scope, city_id: int, *, limit: int) -> list[Refusal]:
    """Return the newest refusals of a city, newest first; those without a company only to a seat that sees all companies."""
    parameters = scope_parameters(scope, city_id)
    everything = scope.cities is None and parameters.company_ids is None and parameters.area_ids is None
    whole_city = parameters.company_ids is None and parameters.area_ids is None
    rows = await pool.fetch(
        sql("intake_refusal_list"), city_id, parameters.company_ids, parameters.area_ids is None, everything, whole_city, limit
    )
    return [Refusal(**dict(row)) for row in rows]
