"""Passwords: argon2id hashes, the rule for new ones, one-time ones."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.errors import BadRequest

MIN_LENGTH = 10
MAX_LENGTH = 200
"""A bound, so that nobody makes the server hash megabytes."""

_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """Return the argon2id hash. Cost: tens of milliseconds and 64 MB; call it off the event loop."""
    return _HASHER.hash(password)


@cache
def _hash_of_nobody() -> str:
    return hash_password(secrets.token_urlsafe(16))


def verify_password(password: str, password_hash: str | None) -> bool:
    """Tell whether the password fits; without a hash it takes as long, so that the time does not tell which logins exist."""
    try:
        matches = _HASHER.verify(password_hash or _hash_of_nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def one_time_password() -> str:
    """Return a random password of 120 bits for a first sign-in."""
    return secrets.token_urlsafe(15)


def check_new_password(password: str, *, login: str, old: str) -> None:
    """Raise `BadRequest` unless the password may be the new one.

    Length counts, not kinds of characters (NIST SP 800-63B, 5.1.1).
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise BadRequest(f"the new password has {len(password)} characters; it must have {MIN_LENGTH} to {MAX_LENGTH}")
    if password == old:
        raise BadRequest("the new password is the old one; choose another")
    if login.lower() in password.lower():
        raise BadRequest("the new password holds the login; choose another")
