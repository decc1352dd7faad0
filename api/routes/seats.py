"""The session of a person: who am I, sign in, sign out, new password, a ticket for a WebSocket; the demo seats."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.auth import identity as ids
from api.auth.identity import Identity
from api.auth.passwords import MAX_LENGTH, check_new_password, hash_password, verify_password
from api.auth.tries import FREE_TRIES_OF_ADDRESS, Tries
from api.dependencies import Caller, CallerDep, PoolDep
from api.errors import BadRequest, NotSignedIn
from data import seats
from data.errors import NotFound
from data.pool import Pool
from data.seats import StoredSeat
from twin.seats import ROLE_NAMES_ZH, permissions_of

router = APIRouter(tags=["seats"])

_HASHING = asyncio.Semaphore(2)
"""argon2 takes 64 MB each: sign-ins wait for one another rather than fill the memory."""


class SeatModel(BaseModel):
    """A seat: a person in an organisation with a role."""

    seat_id: int = Field(examples=[1])
    person: str = Field(examples=["调度员"])
    organisation: str = Field(examples=["市供热管理办公室"])
    role: str = Field(examples=["dispatcher"])
    role_zh: str = Field(examples=["调度员"])


class SessionModel(BaseModel):
    """Who is sitting here."""

    demo_mode: bool = Field(description="A seat switcher stands in for passwords (this machine only).", examples=[True])
    seat: SeatModel | None = Field(description="null: not signed in")
    must_change_password: bool = Field(description="Nothing else answers before POST /session/password.", examples=[False])
    permissions: list[str] = Field(description="What the seat may change, sorted by name.", examples=[["acknowledge_alarms"]])


class SignIn(BaseModel):
    """In demo mode `seat_id`; else `login` and `password` (`seat_id` chooses among several seats of the person)."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"seat_id": 1}]})

    seat_id: int | None = Field(default=None, examples=[1])
    login: str | None = Field(default=None, max_length=100, examples=["administrator"])
    password: str | None = Field(default=None, max_length=MAX_LENGTH, examples=["korrekt-pferd-batterie"])

    @model_validator(mode="after")
    def _complete(self) -> SignIn:
        if (self.login is None) != (self.password is None) or (self.login is None and self.seat_id is None):
            raise ValueError("give seat_id (demo mode), or login and password")
        return self


class NewPassword(BaseModel):
    """The old and the new password."""

    model_config = ConfigDict(extra="forbid")

    password: str = Field(max_length=MAX_LENGTH, examples=["the-one-time-password"])
    new_password: str = Field(max_length=MAX_LENGTH, examples=["korrekt-pferd-batterie"])


class TicketModel(BaseModel):
    """A ticket that opens one WebSocket: `/live?ticket=...`."""

    ticket: str = Field(examples=["hZ0h3rC6"])
    expires_in_s: float = Field(examples=[30.0])


def get_identity(request: Request) -> Identity:
    """Return the finder of seats of this process."""
    return cast(Identity, request.app.state.identity)


IdentityDep = Annotated[Identity, Depends(get_identity)]


def _model(stored: StoredSeat) -> SeatModel:
    seat = stored.seat
    assert seat.seat_id is not None  # it comes from a row
    return SeatModel(
        seat_id=seat.seat_id,
        person=seat.person,
        organisation=seat.organisation.name,
        role=seat.role,
        role_zh=ROLE_NAMES_ZH[seat.role],
    )


def _session(identity: Identity, stored: StoredSeat | None) -> SessionModel:
    return SessionModel(
        demo_mode=identity.demo_mode,
        seat=None if stored is None else _model(stored),
        must_change_password=stored is not None and stored.must_change_password,
        permissions=[] if stored is None else sorted(permissions_of(stored.seat.role)),
    )


@router.get("/session")
async def get_session(request: Request, identity: IdentityDep) -> SessionModel:
    """Tell who is sitting here; answers without a seat too."""
    caller: Caller | None = request.state.caller
    return _session(identity, None if caller is None else caller.stored)


@router.post("/session")
async def sign_in(request: Request, response: Response, identity: IdentityDep, pool: PoolDep, body: SignIn) -> SessionModel:
    """Take a seat: in demo mode by its id, else by login and password (401 when they do not fit, 429 after several tries)."""
    stored = await (_by_password(request, pool, body) if body.login is not None else _by_switcher(identity, pool, body))
    assert stored.seat.seat_id is not None  # it comes from a row
    await _end_session(request, identity, pool)
    token = ids.new_token()
    await seats.open_session(pool, ids.hash_token(token), stored.seat.seat_id, lifetime_s=ids.SESSION_LIFETIME_S)
    response.set_cookie(
        ids.COOKIE,
        token,
        max_age=int(ids.SESSION_LIFETIME_S),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return _session(identity, stored)


async def _by_switcher(identity: Identity, pool: Pool, body: SignIn) -> StoredSeat:
    if not identity.demo_mode:
        raise BadRequest("seat_id alone is for demo mode; here give login and password")
    found = await seats.list_demo_seats(pool, body.seat_id)
    if not found:
        raise NotFound(f"there is no demo seat {body.seat_id}; GET /seats lists them")
    return found[0]


async def _by_password(request: Request, pool: Pool, body: SignIn) -> StoredSeat:
    """Check login and password; wrong login, wrong password and no password answer alike and take as long."""
    assert body.login is not None  # the caller asked
    assert body.password is not None  # SignIn checks that they come together
    tries: Tries = request.app.state.tries
    address = "" if request.client is None else request.client.host
    key, now_s = f"{address} {body.login}", time.monotonic()
    tries.check(key, now_s=now_s)
    tries.check(address, now_s=now_s, free=FREE_TRIES_OF_ADDRESS)
    account = await seats.find_account(pool, body.login)
    async with _HASHING:
        fits = await asyncio.to_thread(verify_password, body.password, None if account is None else account.password_hash)
    if account is None or not fits:
        tries.fail(key, now_s=now_s)
        tries.fail(address, now_s=now_s)
        raise NotSignedIn("login and password do not fit together")
    tries.forget(key)
    chosen = [one for one in account.seats if body.seat_id in (None, one.seat.seat_id)]
    if not chosen:
        raise NotFound(f"{body.login!r} has no seat {body.seat_id}")
    return chosen[0]


@router.delete("/session")
async def sign_out(request: Request, response: Response, identity: IdentityDep, pool: PoolDep) -> SessionModel:
    """Leave the seat."""
    await _end_session(request, identity, pool)
    response.delete_cookie(ids.COOKIE, httponly=True, samesite="lax")
    return _session(identity, await identity.by_default(pool))


async def _end_session(request: Request, identity: Identity, pool: Pool) -> None:
    token = request.cookies.get(ids.COOKIE)
    if token is not None:
        await seats.close_session(pool, ids.hash_token(token))
        # not before: a request that comes in between would remember it for seconds
        identity.forget_session(token)


@router.post("/session/password")
async def change_password(
    request: Request, caller: CallerDep, identity: IdentityDep, pool: PoolDep, body: NewPassword
) -> SessionModel:
    """Change the own password; every other session of the person ends."""
    token = request.cookies.get(ids.COOKIE)
    account = None if caller.stored is None else await seats.find_account(pool, caller.stored.seat.login)
    if account is None or token is None:
        raise BadRequest("a password belongs to a person who signed in with login and password")
    tries: Tries = request.app.state.tries
    key, now_s = f"password {account.person_id}", time.monotonic()
    tries.check(key, now_s=now_s)
    async with _HASHING:
        fits = await asyncio.to_thread(verify_password, body.password, account.password_hash)
    if not fits:
        tries.fail(key, now_s=now_s)
        raise NotSignedIn("the old password does not fit")
    check_new_password(body.new_password, login=account.seats[0].seat.login, old=body.password)
    async with _HASHING:
        hashed = await asyncio.to_thread(hash_password, body.new_password)
    await seats.set_password(pool, account.person_id, hashed, keep_token_sha256=ids.hash_token(token))
    identity.forget_sessions()
    return _session(identity, await identity.by_cookie(pool, token))


@router.post("/session/ticket")
async def make_ticket(caller: CallerDep, pool: PoolDep) -> TicketModel:
    """Make a ticket that opens one WebSocket within 30 s, for programs and pages that cannot send the cookie there."""
    assert caller.seat_id is not None  # the gate gives stored seats
    ticket = ids.new_token()
    await seats.open_ticket(pool, ids.hash_token(ticket), caller.seat_id, lifetime_s=ids.TICKET_LIFETIME_S)
    return TicketModel(ticket=ticket, expires_in_s=ids.TICKET_LIFETIME_S)


@router.get("/seats")
async def list_seats(_: CallerDep, identity: IdentityDep, pool: PoolDep) -> list[SeatModel]:
    """List the seats of the demo switcher; empty outside demo mode."""
    if not identity.demo_mode:
        return []
    # cities may have been loaded since the start
    await seats.fill_demo_seats(pool, ids.DEMO_SEATS)
    return [_model(stored) for stored in await seats.list_demo_seats(pool)]
