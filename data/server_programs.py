"""Debian's PostgreSQL programs: which ones, as which user, and what their failures mean."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import psycopg

from data.errors import DatabaseTooOld, DatabaseUnavailable

MIN_MAJOR: Final = 15
_DEBIAN: Final = Path("/usr/lib/postgresql")
_INSTALL: Final = "install it (as root: apt-get install postgresql-15-postgis-3) or set HEAT_TWIN_DATABASE_URL"
_UNPRIVILEGED: Final = "postgres"

_CAUSES: Final = (
    # text in a log or on stderr, what it means, what to do
    ("No space left on device", "the disk is full", "make room, then start again"),
    ("Disk quota exceeded", "the disk quota is used up", "make room, then start again"),
    ("Address already in use", "its port is taken", "start again to get another one"),
    ("Read-only file system", "the disk is read-only", "set HEAT_TWIN_VAR_DIR to a folder that can be written"),
    (
        "Permission denied",
        "a file or folder of it may not be read or written",
        "see who owns the folder; it must be the database's user",
    ),
    ("could not map anonymous shared memory", "there is too little memory", "close other programs"),
)


def find_binaries(major: int | None = None, *, root: Path = _DEBIAN) -> Path:
    """Return the folder of PostgreSQL's server programs.

    Parameters
    ----------
    major
        Major version of an existing cluster, which no other version can open; None: the newest.
    root
        Folder in which Debian keeps one folder per major version; `PATH` is looked through as well.

    Raises
    ------
    DatabaseUnavailable
        When there are none, or none of the wanted version.
    DatabaseTooOld
        When the newest is older than 15.
    """
    folders = [path for path in root.glob("*/bin") if (path / "initdb").exists()]
    on_path = shutil.which("initdb")
    if on_path is not None and root == _DEBIAN:
        folders.append(Path(on_path).resolve().parent)
    if not folders:
        raise DatabaseUnavailable(f"no PostgreSQL server found under {root} or on PATH; {_INSTALL}")
    versions = {major_of(folder): folder for folder in folders}
    if max(versions) < MIN_MAJOR:
        raise DatabaseTooOld(
            f"PostgreSQL {max(versions)} in {versions[max(versions)]} is too old; heat twin needs {MIN_MAJOR} or newer"
        )
    if major is not None and major not in versions:
        raise DatabaseUnavailable(
            f"the private database was made by PostgreSQL {major}, but only {', '.join(map(str, sorted(versions)))} is installed;"
            f" install it again: apt-get install postgresql-{major}-postgis-3"
        )
    return versions[max(versions) if major is None else major]


def find_clients(server_major: int, *, root: Path = _DEBIAN) -> Path:
    """Return the folder of `pg_dump` and `pg_restore` that fit a server: its own version, else the nearest newer one.

    Parameters
    ----------
    server_major
        Major version of the server; an older `pg_dump` refuses it.
    root
        As in `find_binaries`.

    Raises
    ------
    DatabaseUnavailable
        When there are none that fit.
    """
    folders = [path for path in root.glob("*/bin") if (path / "pg_dump").exists()]
    on_path = shutil.which("pg_dump")
    # Debian's wrapper on PATH picks a version by itself; the programs behind it are under root
    if on_path is not None and root == _DEBIAN and Path(on_path).resolve().name == "pg_dump":
        folders.append(Path(on_path).resolve().parent)
    versions = {major_of(folder, "pg_dump"): folder for folder in folders}
    fitting = [major for major in versions if major >= server_major]
    if not fitting:
        there = f"only {', '.join(map(str, sorted(versions)))} is installed" if versions else "none is installed"
        raise DatabaseUnavailable(
            f"pg_dump and pg_restore of PostgreSQL {server_major} or newer are needed, {there};"
            f" as root: apt-get install postgresql-client-{server_major}"
        )
    return versions[min(fitting)]


def major_of(folder: Path, program: str = "postgres") -> int:
    """Return the major version that a program tells: `postgres (PostgreSQL) 15.18 (Debian ...)`; 0 when it cannot be run."""
    try:
        text = subprocess.run([folder / program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    words = text.partition("(PostgreSQL)")[2].split()
    digits = words[0].split(".")[0] if words else ""
    return int(digits) if digits.isdigit() else 0


def server_user() -> pwd.struct_passwd | None:
    """Return the account that the server runs as when root starts it; None when the present user is not root.

    Raises
    ------
    DatabaseUnavailable
        When the account does not exist.
    """
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        raise DatabaseUnavailable(
            f"PostgreSQL does not run as root and there is no user {_UNPRIVILEGED!r}; {_INSTALL},"
            " or start heat twin as another user"
        ) from None


def give_to_server(path: Path) -> None:
    """Make the server's account the owner of a path; nothing happens when that is the present user."""
    user = server_user()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def require_reachable(folder: Path) -> None:
    """Raise `DatabaseUnavailable` when the server's account may not pass one of the parent folders; names folder and mode."""
    account = server_user()
    if account is None:
        return
    for parent in reversed(folder.parents):
        if not parent.exists():
            continue
        status = parent.stat()
        shift = 6 if status.st_uid == account.pw_uid else 3 if status.st_gid == account.pw_gid else 0
        if not (status.st_mode >> shift) & 1:
            raise DatabaseUnavailable(
                f"the database runs as user {account.pw_name!r}, which may not enter {parent}"
                f" (mode {status.st_mode & 0o7777:04o});"
                f" allow it (chmod o+x {parent}) or set HEAT_TWIN_VAR_DIR to a folder it can reach"
            )


def run(command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's account, with messages in English; never raises for its exit code."""
    user = server_user()
    return subprocess.run(
        [str(part) for part in command],
        user=None if user is None else user.pw_uid,
        group=None if user is None else user.pw_gid,
        extra_groups=None if user is None else [],
        cwd="/",
        # Ctrl-C at the terminal must not end pg_ctl half-way
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", **(environment or {})},
    )


def open_program(
    command: Sequence[str | Path], *, environment: Mapping[str, str], stdin: int, stdout: int, stderr: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a program of the database's clients as the present user, with messages in English."""
    return subprocess.Popen(
        [str(part) for part in command],
        cwd="/",
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", **environment},
    )


def client_environment(database_url: str) -> dict[str, str]:
    """Return what libpq's programs need to reach a database, as their environment: a command line is open to every user."""
    options = psycopg.pq.Conninfo.parse(database_url.encode())
    return {item.envvar.decode(): item.val.decode() for item in options if item.envvar and item.val}


def explain(what: str, text: str) -> DatabaseUnavailable:
    """Return the error for what a program or a log said: the known cause in one line, else the last line that tells most."""
    for sign, cause, advice in _CAUSES:
        if sign in text:
            return DatabaseUnavailable(f"{what} failed: {cause} ({_line_with(text, sign)}); {advice}")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error:" in line]
    return DatabaseUnavailable(f"{what} failed: {(telling or lines or ['it gave no reason'])[-1]}")


def _line_with(text: str, sign: str) -> str:
    return next(line.strip() for line in text.splitlines() if sign in line)[:200]
