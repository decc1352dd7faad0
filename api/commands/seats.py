"""`heat-twin seats`: who may sign in, and with which API keys programs come."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from api.auth import vault
from api.auth.passwords import hash_password, one_time_password
from api.database import open_database
from api.errors import BadRequest
from api.settings import Settings, read_settings
from data import accounts
from data.pool import Connection, connect
from twin.seats import Organisation, role_of

seats = typer.Typer(name="seats", help="Persons, programs and their keys.", no_args_is_help=True)

LoginOption = Annotated[str, typer.Option("--login", help="Name to sign in with.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(seats)


@contextmanager
def _store() -> Iterator[tuple[Settings, Connection]]:
    with open_database(read_settings()) as settings, connect(settings.database_url) as connection:
        yield settings, connection


@seats.command(name="list")
def list_() -> None:
    """List all seats, one a line."""
    with _store() as (_, connection):
        for row in accounts.list_seats(connection):
            marks = " (demo)" * row.demo + " (inactive)" * (not row.active)
            keys = f" keys: {row.app_ids}" if row.app_ids else ""
            typer.echo(f"{row.seat_id:>4} {row.login} ({row.person}) {row.role} of {row.organisation}{marks}{keys}")


@seats.command()
def add(
    *,
    login: LoginOption,
    role: Annotated[str, typer.Option("--role", help="viewer, dispatcher, planner, company or administrator.")],
    person: Annotated[str, typer.Option("--person", help="Name of the person or program; default: the login.")] = "",
    organisation: Annotated[str, typer.Option("--organisation", help="Name of the city's office.")] = "市供热管理办公室",
    city: Annotated[int | None, typer.Option("--city", help="City id; without it, all cities.")] = None,
    district: Annotated[str, typer.Option("--district", help="Code of the district the person works for.")] = "",
    company: Annotated[str, typer.Option("--company", help="Code of the company the person works for.")] = "",
    program: Annotated[bool, typer.Option("--program", help="No password: a program that signs with an API key.")] = False,
) -> None:
    """Add a person (prints a one-time password) or a program."""
    password = None if program else one_time_password()
    with _store() as (_, connection):
        works_for = _organisation(connection, organisation, city, district, company)
        accounts.add_seat(
            connection,
            login=login,
            person=person or login,
            organisation=works_for,
            role=role_of(role),
            password_hash=None if password is None else hash_password(password),
        )
    typer.echo(f"added {login}" + ("" if password is None else f"; one-time password: {password}"))


def _organisation(connection: Connection, name: str, city: int | None, district: str, company: str) -> Organisation:
    if not district and not company:
        return Organisation(name, "city", city)
    if district and company:
        raise BadRequest("--district and --company are given; a person works for one of them")
    return accounts.find_organisation(connection, city or 1, "district" if district else "company", district or company)


@seats.command(name="add-key")
def add_key(
    *,
    login: LoginOption,
    digest: Annotated[str, typer.Option("--digest", help="sm3 or sha256.")] = "sm3",
) -> None:
    """Add an API key to a seat. The secret is shown once and stored encrypted."""
    if digest not in {"sm3", "sha256"}:
        raise BadRequest(f"--digest is {digest!r}; it must be sm3 or sha256")
    app_id, secret = f"ht-{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    with _store() as (settings, connection):
        encrypted = vault.encrypt(vault.load_key(settings.var_dir), secret.encode(), app_id=app_id)
        accounts.add_key(connection, login=login, app_id=app_id, secret_encrypted=encrypted, digest=digest)
    typer.echo(f"X-App-Id: {app_id}\nsecret:   {secret}\ndigest:   {digest}")


@seats.command(name="revoke-key")
def revoke_key(app_id: Annotated[str, typer.Argument(help="The key's X-App-Id.")]) -> None:
    """Switch an API key off."""
    with _store() as (_, connection):
        accounts.revoke_key(connection, app_id)
    typer.echo(f"revoked {app_id}")


@seats.command(name="reset-password")
def reset_password(*, login: LoginOption) -> None:
    """Give a person a new one-time password and end their sessions."""
    password = one_time_password()
    with _store() as (_, connection):
        accounts.reset_password(connection, login=login, password_hash=hash_password(password))
    typer.echo(f"one-time password of {login}: {password}")
