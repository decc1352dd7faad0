"""Seats as an administrator keeps them from the command line: list, add, keys, new passwords. Synchronous."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from data.errors import Conflict, NotFound
from data.pool import Connection
from data.statements import sql
from twin.seats import Organisation, OrganisationType, Role, check_organisation


@dataclass(frozen=True, slots=True)
class SeatRow:
    """One line of the list of seats."""

    seat_id: int
    login: str
    person: str
    role: str
    organisation_type: str
    organisation: str
    city_id: int | None
    asset_id: int | None
    demo: bool
    active: bool
    app_ids: str


def list_seats(connection: Connection) -> list[SeatRow]:
    """Return all seats by rising id."""
    return [SeatRow(*row) for row in connection.execute(sql("seat_list"))]


def find_organisation(connection: Connection, city_id: int, kind: OrganisationType, code: str) -> Organisation:
    """Return the organisation of a district or company of a city, named by the asset's code.

    Raises
    ------
    NotFound
        When the city has no such asset.
    """
    values = {"city_id": city_id, "kind": kind, "code": code}
    row = connection.execute(sql("seat_find_organisation_asset"), values).fetchone()
    if row is None:
        raise NotFound(f"city {city_id} has no {kind} with code {code!r}; `heat-twin import` or `heat-twin demo` brings them in")
    return Organisation(str(row[1]), kind, city_id, int(row[0]))


def add_seat(
    connection: Connection, *, login: str, person: str, organisation: Organisation, role: Role, password_hash: str | None
) -> int:
    """Add a person with one seat and return the seat's id. Without a password the seat is for a program with an API key.

    Raises
    ------
    BadSeat
        When organisation and role cannot go together.
    Conflict
        When the login is taken.
    """
    check_organisation(organisation, role)
    values = {
        "login": login,
        "person": person,
        "role": role,
        "password_hash": password_hash,
        "organisation": organisation.name,
        "type": organisation.type,
        "city_id": organisation.city_id,
        "asset_id": organisation.asset_id,
    }
    try:
        row = connection.execute(sql("seat_add"), values).fetchone()
    except psycopg.errors.UniqueViolation:
        raise Conflict(f"login {login!r} is taken; `heat-twin seats list` shows all") from None
    assert row is not None  # an insert without "on conflict" returns its row
    return int(row[0])


def add_key(connection: Connection, *, login: str, app_id: str, secret_encrypted: bytes, digest: str) -> None:
    """Store an API key of the first seat of a login.

    Raises
    ------
    NotFound
        When there is no such login (demo seats get no keys).
    """
    values = {"app_id": app_id, "secret_encrypted": secret_encrypted, "digest": digest, "login": login}
    if connection.execute(sql("seat_add_key"), values).fetchone() is None:
        raise NotFound(f"there is no seat with login {login!r}; `heat-twin seats add` makes one")


def revoke_key(connection: Connection, app_id: str) -> None:
    """Switch an API key off.

    Raises
    ------
    NotFound
        When no active key has that id.
    """
    if connection.execute(sql("seat_revoke_key"), {"app_id": app_id}).fetchone() is None:
        raise NotFound(f"there is no active key {app_id!r}; `heat-twin seats list` shows all")


def reset_password(connection: Connection, *, login: str, password_hash: str) -> None:
    """Give a person a one-time password and end their sessions.

    Raises
    ------
    NotFound
        When there is no such login.
    """
    values = {"login": login, "password_hash": password_hash}
    if connection.execute(sql("seat_reset_password"), values).fetchone() is None:
        raise NotFound(f"there is no person with login {login!r}; `heat-twin seats list` shows all")
