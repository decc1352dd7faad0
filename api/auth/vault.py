"""The key file of the var dir, which encrypts the secrets of API keys in the database.

A copy of the database alone then gives no secret away. Losing the file means new API keys, nothing else.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.errors import BadKeyFile

_KEY_BYTES = 32
_NONCE_BYTES = 12


def key_path(var_dir: Path) -> Path:
    """Return the place of the key file."""
    return var_dir / "secret.key"


def load_key(var_dir: Path) -> bytes:
    """Return the key; makes the file (mode 0600) when there is none.

    Raises
    ------
    BadKeyFile
        When the file is readable by others, has another size or cannot be made.
    """
    path = key_path(var_dir)
    try:
        key = read_secret(path, lambda: secrets.token_bytes(_KEY_BYTES))
    except OSError as error:
        raise BadKeyFile(f"cannot read or make the key file {path}: {error.strerror}") from None
    if len(key) != _KEY_BYTES:
        raise BadKeyFile(f"the key file {path} has {len(key)} bytes; it must have {_KEY_BYTES}. Move it away to get a new one")
    return key


def read_secret(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return what a file with a secret holds; makes the file (mode 0600) with what `make` gives when there is none.

    Raises
    ------
    BadKeyFile
        When others may read it.
    OSError
        When it cannot be read or made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _make(path, make())
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise BadKeyFile(f"the key file {path} has mode {mode:04o}; others must not read it: chmod 600 {path}")
    return path.read_bytes()


def _make(path: Path, content: bytes) -> None:
    # written under another name and linked: two processes starting together end up with one whole key
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()


def encrypt(key: bytes, secret: bytes, *, app_id: str) -> bytes:
    """Encrypt a secret with AES-256-GCM, bound to its app id."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, app_id.encode())


def decrypt(key: bytes, encrypted: bytes, *, app_id: str) -> bytes:
    """Decrypt a secret.

    Raises
    ------
    BadKeyFile
        When it was encrypted under another key or for another app id.
    """
    try:
        return AESGCM(key).decrypt(encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:], app_id.encode())
    except InvalidTag:
        raise BadKeyFile(
            f"the secret of API key {app_id!r} was stored under another key file; make a new one: `heat-twin seats add-key`"
        ) from None
