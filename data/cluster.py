"""The private PostGIS cluster under the var dir.

`heat-twin` needs no database server set up by hand: it runs a cluster of its own from Debian's binaries, reachable by a
unix socket in a short path and a free loopback port. Started by root, the server runs as the unprivileged user
`postgres`. Started for a command, it lives until the last command or server that uses it ends (`take`, `leave`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from data import server_programs as programs
from data.cluster_settings import configuration, memory_bytes
from data.errors import DatabaseUnavailable

DATABASE: Final = "heat_twin"
ROLE: Final = "heat_twin"

_CONFIGURATION: Final = "heat_twin.conf"
_START_LIMIT_S: Final = 300
"""After a crash the server first replays its log."""
_TRIES: Final = 20
_LOG_KEPT: Final = 16 * 2**20
_STILL_IN_USE: Final = "pre-existing shared memory block"
_PORT_TAKEN: Final = "Address already in use"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a private cluster lives. Immutable; all state is on disk.

    Attributes
    ----------
    folder
        Data folder of the server.
    socket_folder
        Short folder of the unix socket (a socket path may have 107 bytes only).
    """

    folder: Path
    socket_folder: Path

    @property
    def log_path(self) -> Path:
        """Log file of the server."""
        return self.folder.parent / "postgres.log"

    @property
    def password_path(self) -> Path:
        """File with the password of the database role; readable by its owner only."""
        return self.folder.parent / "password"

    @property
    def users_path(self) -> Path:
        """File that every process that uses the server holds a shared lock of."""
        return self.folder.parent / "users"

    @property
    def passing_path(self) -> Path:
        """File that is there while the server lives only as long as somebody uses it."""
        return self.folder.parent / "passing"

    @property
    def exists(self) -> bool:
        """True when the cluster was made, even if it is stopped."""
        return (self.folder / "PG_VERSION").exists()

    @property
    def port(self) -> int | None:
        """Port of the running server; None when it is stopped."""
        lines = self._pid_file()
        return int(lines[3]) if len(lines) > 3 and lines[3].strip().isdigit() else None

    @property
    def pid(self) -> int | None:
        """Process id that the server wrote down; it may be gone."""
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else None

    @property
    def url(self) -> str:
        """Connection address by the unix socket.

        Raises
        ------
        DatabaseUnavailable
            When the server is stopped.
        """
        port = self.port
        if port is None:
            raise DatabaseUnavailable("the private database is stopped; start it with `heat-twin db start`")
        password = self.password_path.read_text().strip()
        return f"postgresql://{ROLE}:{password}@/{DATABASE}?host={self.socket_folder}&port={port}"

    def _pid_file(self) -> list[str]:
        try:
            return (self.folder / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []
        except PermissionError:
            raise DatabaseUnavailable(
                f"the private database in {self.folder} belongs to another user; start heat twin as that user"
                " or set HEAT_TWIN_VAR_DIR to a folder of your own"
            ) from None


def private_cluster(var_dir: Path) -> Cluster:
    """Name the private cluster of a var dir. Nothing is created."""
    folder = (var_dir / "postgres" / "data").absolute()
    mark = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Cluster(folder, Path("/tmp") / f"heat-twin-{os.getuid()}-{mark}")  # noqa: S108 - short by need, owner checked


def is_running(cluster: Cluster) -> bool:
    """Tell whether the server of this cluster answers."""
    if cluster.port is None:
        return False
    ready = _binaries(cluster) / "pg_isready"
    return programs.run([ready, "-h", cluster.socket_folder, "-p", str(cluster.port), "-q"]).returncode == 0


def start(cluster: Cluster, *, durable: bool = True) -> bool:
    """Start the private cluster, creating it first when needed; it then runs until `stop`.

    Parameters
    ----------
    cluster
        From `private_cluster`.
    durable
        False (tests only) switches fsync off.

    Returns
    -------
    True when this call started it, False when it was running.

    Raises
    ------
    DatabaseUnavailable
        With the reason and what to do.
    """
    with _locked(cluster):
        started = _start(cluster, durable=durable)
        cluster.passing_path.unlink(missing_ok=True)
    return started


def take(cluster: Cluster) -> TextIO:
    """Start the private cluster when it does not run, and use it until `leave`.

    Returns
    -------
    What `leave` wants. It holds a lock of the operating system, so a killed process has left, too.

    Raises
    ------
    DatabaseUnavailable
        With the reason and what to do.
    """
    with _locked(cluster), ExitStack() as undo:
        mine = undo.enter_context(cluster.users_path.open("a"))
        fcntl.flock(mine, fcntl.LOCK_SH)
        if _start(cluster, durable=True):
            cluster.passing_path.touch()
        undo.pop_all()
    return mine


def leave(cluster: Cluster, mine: TextIO) -> bool:
    """Use the private cluster no longer; the last one to leave stops a cluster that `take` started.

    Returns
    -------
    True when it was stopped.

    Raises
    ------
    DatabaseUnavailable
        When it does not stop within a minute.
    """
    with _locked(cluster), mine:
        try:
            fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if not cluster.passing_path.exists():
            return False
        cluster.passing_path.unlink()
        return stop(cluster)


def _start(cluster: Cluster, *, durable: bool) -> bool:
    binaries = _binaries(cluster)
    if is_running(cluster):
        return False
    if not cluster.exists:
        _create(cluster, binaries, durable=durable)
    programs.require_reachable(cluster.folder)
    _prepare_socket_folder(cluster.socket_folder)
    _write_configuration(cluster, durable=durable)
    _start_server(cluster, binaries)
    _create_database(cluster, binaries)
    return True


def stop(cluster: Cluster) -> bool:
    """Stop the private cluster, ending its connections; returns False when it was not running.

    Raises
    ------
    DatabaseUnavailable
        When it does not stop within a minute.
    """
    if not _server_lives(cluster):
        return False
    result = programs.run([_binaries(cluster) / "pg_ctl", "-D", cluster.folder, "-w", "-m", "fast", "stop"])
    if result.returncode != 0 and _server_lives(cluster):
        raise programs.explain("stopping the private database", result.stderr)
    return True


def _binaries(cluster: Cluster) -> Path:
    try:
        major = int((cluster.folder / "PG_VERSION").read_text())
    except (FileNotFoundError, NotADirectoryError):
        major = None
    except PermissionError:
        raise DatabaseUnavailable(
            f"the private database in {cluster.folder} belongs to another user; start heat twin as that user"
        ) from None
    return programs.find_binaries(major)


@contextmanager
def _locked(cluster: Cluster) -> Iterator[None]:
    """Let one process at a time create or start the cluster; also the place where a folder that cannot be written shows."""
    folder = cluster.folder.parent
    try:
        _make_folders(folder)
        programs.require_reachable(cluster.folder)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise DatabaseUnavailable(
            f"cannot write to {folder}: {(error.strerror or '').lower()}; set HEAT_TWIN_VAR_DIR to a folder that can be written"
        ) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_folders(folder: Path) -> None:
    """Make the folder and its parents, open to the server's account whatever the umask says."""
    for path in (*reversed(folder.parents), folder):
        if not path.exists():
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
    programs.give_to_server(folder)


def _create(cluster: Cluster, binaries: Path, *, durable: bool) -> None:
    """Make the cluster in a draft folder and move it into place, so that a killed attempt leaves nothing half-made."""
    draft = cluster.folder.with_name("data.new")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(mode=0o700)
        programs.give_to_server(draft)
        cluster.password_path.unlink(missing_ok=True)
        cluster.password_path.touch(mode=0o600)
        cluster.password_path.write_text(secrets.token_urlsafe(24))
        programs.give_to_server(cluster.password_path)
    except OSError as error:
        raise programs.explain("creating the private database", str(error)) from None
    made = programs.run(
        [
            *(binaries / "initdb", "-D", draft, "-U", ROLE, "--pwfile", cluster.password_path),
            *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", *([] if durable else ["--no-sync"])),
        ]
    )
    if made.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise programs.explain("creating the private database", made.stderr)
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write(f"\ninclude '{_CONFIGURATION}'\n")
    draft.rename(cluster.folder)


def _write_configuration(cluster: Cluster, *, durable: bool) -> None:
    path = cluster.folder / _CONFIGURATION
    try:
        path.write_text(configuration(cluster.socket_folder, memory_bytes=memory_bytes(), durable=durable), encoding="utf-8")
        path.chmod(0o644)
    except OSError as error:
        raise programs.explain(f"writing {path}", str(error)) from None


def _prepare_socket_folder(folder: Path) -> None:
    """Make the folder of the socket. In a folder that all may write, only a folder of our own is trusted."""
    user = programs.server_user()
    trusted = {os.getuid()} if user is None else {0, user.pw_uid}
    try:
        folder.mkdir(mode=0o755)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in trusted:
            raise DatabaseUnavailable(f"{folder} is not a folder of this user (owner: uid {status.st_uid}); remove it") from None
    programs.give_to_server(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start_server(cluster: Cluster, binaries: Path) -> None:
    """Start the server on a free port; tries again when another program was faster or a killed server is not quite gone."""
    _forget_foreign_pid(cluster)
    _turn_log(cluster.log_path)
    for attempt in range(1, _TRIES + 1):
        before = cluster.log_path.stat().st_size if cluster.log_path.exists() else 0
        result = programs.run(
            [
                *(binaries / "pg_ctl", "-D", cluster.folder, "-l", cluster.log_path),
                *("-w", "-t", str(_START_LIMIT_S), "-o", f"-p {_free_port()}", "start"),
            ]
        )
        if result.returncode == 0:
            return
        said = _log_since(cluster.log_path, before)
        if attempt == _TRIES or not (_STILL_IN_USE in said or _PORT_TAKEN in said):
            raise programs.explain(f"starting the private database (log: {cluster.log_path})", said or result.stderr)
        time.sleep(0.5)


def _log_since(path: Path, offset: int) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as log:
        log.seek(offset)
        return log.read().decode(errors="replace")


def _turn_log(path: Path) -> None:
    if path.exists() and path.stat().st_size > _LOG_KEPT:
        path.replace(path.with_suffix(".log.1"))


def _server_lives(cluster: Cluster) -> bool:
    """Tell whether the process that the pid file names is a PostgreSQL server."""
    pid = cluster.pid
    return pid is not None and _is_postgres(pid)


def _is_postgres(pid: int) -> bool:
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return False


def _forget_foreign_pid(cluster: Cluster) -> None:
    """Remove a pid file left by a killed server when its number now belongs to another program.

    The server itself removes the file when the number belongs to nobody. When it belongs to another process it refuses to
    start, which after a power cut or in a container happens with low numbers.
    """
    pid = cluster.pid
    if pid is not None and Path(f"/proc/{pid}").exists() and not _is_postgres(pid):
        (cluster.folder / "postmaster.pid").unlink()


def _create_database(cluster: Cluster, binaries: Path) -> None:
    base: list[str | Path] = ["-h", cluster.socket_folder, "-p", str(cluster.port), "-U", ROLE]
    environment = {"PGPASSWORD": cluster.password_path.read_text().strip()}
    listed = programs.run([binaries / "psql", *base, "-d", DATABASE, "-Atc", "select 1"], environment=environment)
    if listed.stdout.strip() == "1":
        return
    made = programs.run([binaries / "createdb", *base, DATABASE], environment=environment)
    if made.returncode != 0:
        raise programs.explain("creating the database", made.stderr)
