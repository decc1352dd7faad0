"""Puts the gate into the application and prepares the seats when it starts."""

from __future__ import annotations

import asyncio
import sys

from fastapi import FastAPI

from api.auth.gate import Admission, SeatGate
from api.auth.identity import DEMO_SEATS, Identity
from api.auth.passwords import hash_password, one_time_password
from api.auth.tries import Tries
from api.settings import Settings
from data import seats
from data.pool import Pool

FIRST_LOGIN = "administrator"


def install(app: FastAPI, settings: Settings, paths: list[str]) -> Admission:
    """Add the gate and return what decides in it.

    Parameters
    ----------
    app
        Gets `state.identity` and `state.tries`.
    settings
        Say whether it is demo mode.
    paths
        Paths of all API routes; their first segments are closed without a seat.
    """
    app.state.identity = Identity(settings)
    app.state.tries = Tries()
    admission = Admission(app.state.identity, {path.split("/")[1] for path in paths})
    app.add_middleware(SeatGate, admission=admission)
    return admission


async def prepare_seats(settings: Settings, pool: Pool) -> None:
    """Make the demo seats in demo mode; elsewhere, when nobody can sign in yet, the first administrator.

    The one-time password is written to stderr and nowhere else.
    """
    if settings.demo_mode:
        await seats.fill_demo_seats(pool, DEMO_SEATS)
        return
    password = one_time_password()
    hashed = await asyncio.to_thread(hash_password, password)
    if await seats.make_first_administrator(
        pool, login=FIRST_LOGIN, person="管理员", organisation=DEMO_SEATS[0].organisation, password_hash=hashed
    ):
        sys.stderr.write(f"\nFirst start: sign in as {FIRST_LOGIN!r} with the one-time password {password}\n\n")
