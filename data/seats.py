"""Seats in the store: whose session, ticket, API key or login is this; demo seats; the first administrator.

Tokens and tickets are stored as SHA-256, passwords as argon2id hashes, secrets of API keys encrypted; this module never
sees any of them in the clear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from data.pool import Pool
from data.statements import sql
from twin.seats import Organisation, Role, Seat, role_of

NONCE_KEPT_S = 660
"""How long a nonce is remembered; more than twice the window in which a signature is good."""


@dataclass(frozen=True, slots=True)
class StoredSeat:
    """A seat with what the server needs to know of its person."""

    seat: Seat
    person_id: int
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class Account:
    """A person who can sign in, with all their seats by rising id; `password_hash` None: not by password."""

    person_id: int
    password_hash: str | None
    seats: tuple[StoredSeat, ...]


@dataclass(frozen=True, slots=True)
class ProgramKey:
    """An API key of a program: its seat, its encrypted secret, and the digest of its signatures (`sm3` or `sha256`)."""

    seat: StoredSeat
    secret_encrypted: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class DemoSeat:
    """A seat of the demo switcher that exists in every city."""

    login: str
    person: str
    role: Role
    organisation: str


def _seat(row: asyncpg.Record) -> StoredSeat:
    organisation = Organisation(row["organisation"], row["organisation_type"], row["city_id"], row["asset_id"])
    seat = Seat(row["seat_id"], row["person"], row["login"], organisation, role_of(row["role"]), row["demo"])
    return StoredSeat(seat, row["person_id"], row["must_change_password"])


async def find_session(pool: Pool, token_sha256: bytes, *, demo_mode: bool) -> StoredSeat | None:
    """Return the seat of a session that has not ended; demo seats count in demo mode only."""
    row = await pool.fetchrow(sql("seat_by_session"), token_sha256, demo_mode)
    return None if row is None else _seat(row)


async def open_session(pool: Pool, token_sha256: bytes, seat_id: int, *, lifetime_s: float) -> None:
    """Store a session; sessions that have ended are removed on the way."""
    await pool.execute(sql("session_open"), token_sha256, seat_id, lifetime_s)


async def close_session(pool: Pool, token_sha256: bytes) -> None:
    """End a session; one that does not exist is no error."""
    await pool.execute(sql("session_close"), token_sha256)


async def open_ticket(pool: Pool, ticket_sha256: bytes, seat_id: int, *, lifetime_s: float) -> None:
    """Store a ticket that opens one WebSocket."""
    await pool.execute(sql("session_open_ticket"), ticket_sha256, seat_id, lifetime_s)


async def take_ticket(pool: Pool, ticket_sha256: bytes, *, demo_mode: bool) -> StoredSeat | None:
    """Return the seat of a ticket and use the ticket up."""
    row = await pool.fetchrow(sql("seat_take_ticket"), ticket_sha256, demo_mode)
    return None if row is None else _seat(row)


async def find_account(pool: Pool, login: str) -> Account | None:
    """Return the person of that login with all seats; None when there is none, or only a demo one."""
    rows = await pool.fetch(sql("seat_by_login"), login)
    return Account(rows[0]["person_id"], rows[0]["password_hash"], tuple(_seat(row) for row in rows)) if rows else None


async def set_password(pool: Pool, person_id: int, password_hash: str, *, keep_token_sha256: bytes) -> None:
    """Store a new password and end every other session of the person."""
    await pool.execute(sql("seat_set_password"), person_id, password_hash, keep_token_sha256)


async def find_key(pool: Pool, app_id: str) -> ProgramKey | None:
    """Return the active API key of that id."""
    row = await pool.fetchrow(sql("seat_by_key"), app_id)
    return None if row is None else ProgramKey(_seat(row), row["secret_encrypted"], row["digest"])


async def remember_nonces(pool: Pool, used: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Remember nonces of good signatures, each with its app id; returns those that no process of the deployment saw before."""
    rows = await pool.fetch(sql("seat_nonce"), [app_id for app_id, _ in used], [nonce for _, nonce in used])
    return {(row["app_id"], row["nonce"]) for row in rows}


async def forget_nonces(pool: Pool) -> None:
    """Forget nonces older than `NONCE_KEPT_S`."""
    await pool.execute(sql("seat_nonce_forget"), float(NONCE_KEPT_S))


async def fill_demo_seats(pool: Pool, everywhere: Sequence[DemoSeat]) -> None:
    """Make the demo seats that are missing: the given ones, and one for each of the first companies and districts."""
    await pool.execute(
        sql("seat_demo_fill"),
        [seat.login for seat in everywhere],
        [seat.person for seat in everywhere],
        [seat.role for seat in everywhere],
        [seat.organisation for seat in everywhere],
    )


async def list_demo_seats(pool: Pool, seat_id: int | None = None) -> list[StoredSeat]:
    """Return the demo seats, or the one with that id."""
    return [_seat(row) for row in await pool.fetch(sql("seat_demo_list"), seat_id)]


async def make_first_administrator(pool: Pool, *, login: str, person: str, organisation: str, password_hash: str) -> bool:
    """Make an administrator with a one-time password when nobody can sign in yet; tells whether it did."""
    return await pool.fetchval(sql("seat_first_administrator"), login, person, organisation, password_hash) is not None


async def find_seat(pool: Pool | asyncpg.Connection, seat_id: int, *, demo_mode: bool) -> StoredSeat | None:
    """Return a seat whose person may still sign in; None when there is none. Demo seats count in demo mode only."""
    row = await pool.fetchrow(sql("seat_by_id"), seat_id, demo_mode)
    return None if row is None else _seat(row)
