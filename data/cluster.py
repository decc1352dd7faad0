"""The private PostGIS cluster under the var dir.

`heat-twin` needs no database server set up by hand: it runs a cluster of its own from Debian's binaries, reachable by a
unix socket in a short path and a free loopback port. Started by root, the server runs as the unprivileged user
`postgres`. The settings are those measured for tiles on a small machine: parallel workers and jit cost more than they give.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import DatabaseTooOld, DatabaseUnavailable

DATABASE = "heat_twin"
ROLE = "heat_twin"
_UNPRIVILEGED = "postgres"
_MIN_MAJOR = 15


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
    def port(self) -> int | None:
        """Port of the running server; None when it is stopped."""
        pid_file = self.folder / "postmaster.pid"
        if not pid_file.exists():
            return None
        lines = pid_file.read_text().splitlines()
        return int(lines[3]) if len(lines) > 3 and lines[3].strip() else None

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


def private_cluster(var_dir: Path) -> Cluster:
    """Name the private cluster of a var dir. Nothing is created."""
    folder = (var_dir / "postgres" / "data").absolute()
    mark = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Cluster(folder, Path("/tmp") / f"heat-twin-{os.getuid()}-{mark}")  # noqa: S108 - short by need, owner checked


def find_binaries() -> Path:
    """Return the folder of the newest PostgreSQL server binaries.

    Raises
    ------
    DatabaseUnavailable
        When there are none.
    DatabaseTooOld
        When the newest is older than 15.
    """
    folders = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    on_path = shutil.which("initdb")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    if not folders:
        raise DatabaseUnavailable(
            "no PostgreSQL server found under /usr/lib/postgresql or on PATH;"
            " install it (as root: apt-get install postgresql-15-postgis-3) or set HEAT_TWIN_DATABASE_URL"
        )
    best = max(folders, key=_major)
    if _major(best) < _MIN_MAJOR:
        raise DatabaseTooOld(f"PostgreSQL {_major(best)} in {best} is too old; heat twin needs 15 or newer")
    return best


def _major(folder: Path) -> int:
    text = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    digits = text.rsplit(" ", maxsplit=1)[0] if "Debian" in text else text
    numbers = [part for part in digits.replace("(", " ").split() if part[0].isdigit()]
    return int(numbers[0].split(".")[0]) if numbers else 0


def _user() -> str | None:
    """Return the account the server runs as; None for the present one."""
    return _UNPRIVILEGED if os.getuid() == 0 else None


def _environment(cluster: Cluster | None = None) -> dict[str, str]:
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
    if cluster is not None:
        environment["PGPASSWORD"] = cluster.password_path.read_text().strip()
    return environment


def _run(command: Sequence[str | Path], *, what: str, environment: Mapping[str, str] | None = None) -> None:
    result = subprocess.run(
        [str(part) for part in command],
        user=_user(),
        group=_user(),
        extra_groups=[] if _user() else None,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        env=_environment() if environment is None else environment,
    )
    if result.returncode != 0:
        raise DatabaseUnavailable(f"{what} failed: {(result.stderr or result.stdout).strip()}")


def _require_reachable(folder: Path) -> None:
    """Raise when the server's account may not pass one of the parent folders."""
    user = _user()
    if user is None:
        return
    account = pwd.getpwnam(user)
    for parent in reversed(folder.parents):
        if not parent.exists():
            continue
        status = parent.stat()
        shift = 6 if status.st_uid == account.pw_uid else 3 if status.st_gid == account.pw_gid else 0
        if not (status.st_mode >> shift) & 1:
            raise DatabaseUnavailable(
                f"the database runs as user {user!r}, which may not enter {parent} (mode {status.st_mode & 0o7777:04o});"
                f" allow it (chmod o+x {parent}) or set HEAT_TWIN_VAR_DIR to a folder it can reach"
            )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _configuration(cluster: Cluster, *, durable: bool) -> str:
    lines = {
        "listen_addresses": "'127.0.0.1'",
        "unix_socket_directories": f"'{cluster.socket_folder}'",
        "max_connections": 60,
        "shared_buffers": "512MB" if durable else "128MB",
        "work_mem": "64MB",
        "maintenance_work_mem": "256MB",
        "effective_cache_size": "4GB",
        "random_page_cost": 1.1,
        "max_parallel_workers_per_gather": 0,
        "jit": "off",
        "max_wal_size": "2GB",
        "checkpoint_completion_target": 0.9,
        "synchronous_commit": "on",
        "fsync": "on" if durable else "off",
        "full_page_writes": "on" if durable else "off",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
    }
    return "\n" + "".join(f"{name} = {value}\n" for name, value in lines.items())


def _create(cluster: Cluster, binaries: Path, *, durable: bool) -> None:
    cluster.folder.parent.mkdir(parents=True, exist_ok=True)
    _require_reachable(cluster.folder)
    cluster.folder.mkdir(exist_ok=True)
    if (user := _user()) is not None:
        shutil.chown(cluster.folder, user, user)
        shutil.chown(cluster.folder.parent, user, user)
    cluster.password_path.touch(mode=0o600)
    cluster.password_path.write_text(secrets.token_urlsafe(24))
    if user is not None:
        shutil.chown(cluster.password_path, user, user)
    _run(
        [
            *(binaries / "initdb", "-D", cluster.folder, "-U", ROLE, "--pwfile", cluster.password_path),
            *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
        ],
        what="creating the private database",
    )
    with (cluster.folder / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write(_configuration(cluster, durable=durable))


def is_running(cluster: Cluster) -> bool:
    """Tell whether the server of this cluster answers."""
    if cluster.port is None:
        return False
    result = subprocess.run(
        [find_binaries() / "pg_isready", "-h", cluster.socket_folder, "-p", str(cluster.port), "-q"], check=False
    )
    return result.returncode == 0


def start(cluster: Cluster, *, durable: bool = True) -> bool:
    """Start the private cluster, creating it first when needed.

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
    binaries = find_binaries()
    if is_running(cluster):
        return False
    if not (cluster.folder / "PG_VERSION").exists():
        _create(cluster, binaries, durable=durable)
    _require_reachable(cluster.folder)
    _prepare_socket_folder(cluster)
    port = _free_port()
    _run(
        [binaries / "pg_ctl", "-D", cluster.folder, "-l", cluster.log_path, "-w", "-t", "60", "-o", f"-p {port}", "start"],
        what=f"starting the private database (its log is {cluster.log_path})",
    )
    _create_database(cluster, binaries)
    return True


def _prepare_socket_folder(cluster: Cluster) -> None:
    cluster.socket_folder.mkdir(mode=0o755, exist_ok=True)
    owner = cluster.socket_folder.stat().st_uid
    user = _user()
    if user is not None:
        shutil.chown(cluster.socket_folder, user, user)
    elif owner != os.getuid():
        raise DatabaseUnavailable(f"{cluster.socket_folder} belongs to another user (uid {owner}); remove it")


def _create_database(cluster: Cluster, binaries: Path) -> None:
    base: list[str | Path] = ["-h", cluster.socket_folder, "-p", str(cluster.port), "-U", ROLE]
    listed = subprocess.run(
        [binaries / "psql", *base, "-d", DATABASE, "-Atc", "select 1"],
        capture_output=True,
        text=True,
        check=False,
        env=_environment(cluster),
    )
    if listed.stdout.strip() != "1":
        _run([binaries / "createdb", *base, DATABASE], what="creating the database", environment=_environment(cluster))


def stop(cluster: Cluster, *, fast: bool = True) -> bool:
    """Stop the private cluster; returns False when it was not running."""
    if not is_running(cluster):
        return False
    mode = "fast" if fast else "smart"
    _run([find_binaries() / "pg_ctl", "-D", cluster.folder, "-w", "-m", mode, "stop"], what="stopping the private database")
    return True
