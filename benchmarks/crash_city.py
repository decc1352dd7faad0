"""The city of the crash benchmark: a private cluster that can be killed and started on the same port, and what must be in it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pyarrow.parquet as pq

from api.auth import vault
from api.settings import Settings
from benchmarks.serving import START_S, free_port
from data import accounts, cluster, server_programs
from data.migrate import migrate
from data.pool import connect, open_pool
from data.sources import ensure_sources, list_sources
from twin.readings import Source
from twin.seats import Organisation

COUNTS = {"substation": 300, "heating_device": 3_000, "room_sensor": 3_000}
SECRET = b"known to this benchmark only"
_CITY = """
insert into city (city_id, name_zh, name_en, zone, synthetic, assets_version)
values (1, '断电城', 'Crash', 'Asia/Shanghai', true, 1)
"""
_KEYS = """
insert into asset_key (city_id, kind, code, asset_id)
select 1, %(kind)s, to_char(n, 'FM000000'), %(first)s + n from generate_series(1, %(count)s) n
"""
_ASSETS = """
insert into asset (city_id, asset_id, version, kind, code, name, geom, attributes, row_sha256)
select 1, asset_id, 1, kind, code, code, st_setsrid(st_makepoint(125.3, 43.8), 4326), '{}'::jsonb, sha256(code::bytea)
  from asset_key
 where city_id = 1
"""


def app_id(number: int) -> str:
    """Return the API key of a sender."""
    return f"crash-gateway-{number}"


@dataclass
class Victims:
    """The cluster and the server, and how to kill and start them."""

    settings: Settings
    cluster: cluster.Cluster
    sources: Mapping[str, list[Source]]
    db_port: int
    port: int
    server: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the environment of the program's processes."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HEAT_TWIN_")}
        return kept | {
            "HEAT_TWIN_DATABASE_URL": self.settings.database_url,
            "HEAT_TWIN_VAR_DIR": str(self.settings.var_dir),
            "HEAT_TWIN_PORT": str(self.port),
            "HEAT_TWIN_LOG_FORMAT": "text",
            "HEAT_TWIN_ZONE_SOLVE_MINUTES": "0",
        }

    def start_server(self) -> None:
        """Start the server and return once it answers."""
        with (self.settings.var_dir / "server.log").open("ab") as log:
            self.server = self._program(log, "serve")
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.server.poll() is None:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.address}/health", timeout=5).status_code == 200:
                    return
            time.sleep(0.05)
        raise SystemExit(f"benchmarks.crash: the server did not start; see {self.settings.var_dir / 'server.log'}")

    def start_archive(self) -> subprocess.Popen[bytes]:
        """Start `heat-twin readings archive`."""
        with (self.settings.var_dir / "archive.log").open("ab") as log:
            return self._program(log, "readings", "archive")

    def _program(self, log: object, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "api.cli", *words]
        return subprocess.Popen(command, env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # type: ignore[call-overload, no-any-return]

    def kill_server(self) -> None:
        """Kill the server process."""
        assert self.server is not None
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()
        self.server = None

    def kill_database(self) -> None:
        """Kill all processes of the cluster at once, the first one before those that it would start anew."""
        first = self.cluster.pid
        assert first is not None
        children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii").split()
        for pid in (first, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def start_database(self) -> None:
        """Start the cluster on its port; it first replays its log."""
        binaries = server_programs.find_binaries(int((self.cluster.folder / "PG_VERSION").read_text(encoding="ascii")))
        words: list[str | Path] = [
            "-D",
            self.cluster.folder,
            "-l",
            self.cluster.log_path,
            "-w",
            "-t",
            "300",
            "-o",
            f"-p {self.db_port}",
            "start",
        ]
        for _ in range(60):
            if server_programs.run([binaries / "pg_ctl", *words]).returncode == 0:
                return
            time.sleep(0.2)  # shared memory of the killed processes is not quite gone
        raise SystemExit(f"benchmarks.crash: the database did not start; see {self.cluster.log_path}")

    def wait_for_quiet(self) -> None:
        """Wait until the statements of a killed server have ended, one way or the other."""
        with connect(self.settings.database_url, autocommit=True) as connection:
            for _ in range(600):
                busy = connection.execute(
                    "select count(*) from pg_stat_activity"
                    " where backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'"
                ).fetchone()
                if busy == (0,):
                    return
                time.sleep(0.05)


@contextmanager
def victims(base: Settings, *, senders: int) -> Iterator[Victims]:
    """Make the city in a new private cluster below the var dir and serve it; everything is removed at the end."""
    var_dir = base.var_dir / "bench" / "crash"
    shutil.rmtree(var_dir, ignore_errors=True)
    var_dir.mkdir(parents=True)
    made = cluster.private_cluster(var_dir)
    cluster.start(made)
    try:
        migrate(made.url)
        _insert(made.url, var_dir, senders)
        found = asyncio.run(_register(made.url))
        port = made.port
        assert port is not None
        settings = Settings(var_dir=var_dir, database_url=made.url)
        these = Victims(settings, made, found, port, free_port())
        these.start_server()
        try:
            yield these
        finally:
            if these.server is not None:
                these.server.terminate()
                these.server.wait(timeout=300)  # a thread that compiles kernels is waited for
    finally:
        cluster.stop(made)
    shutil.rmtree(var_dir)


def _insert(url: str, var_dir: Path, senders: int) -> None:
    with connect(url) as connection:
        connection.execute(_CITY)
        for first, (kind, count) in enumerate(COUNTS.items()):
            connection.execute(_KEYS, {"kind": kind, "first": first * 100_000, "count": count})
        connection.execute(_ASSETS)
        office = Organisation("市供热管理办公室", "city", None, None)
        accounts.add_seat(
            connection, login="bench", person="Benchmark", organisation=office, role="administrator", password_hash=None
        )
        for number in range(senders):
            name = app_id(number)
            encrypted = vault.encrypt(vault.load_key(var_dir), SECRET, app_id=name)
            accounts.add_key(connection, login="bench", app_id=name, secret_encrypted=encrypted, digest="sm3")


async def _register(url: str) -> dict[str, list[Source]]:
    pool = await open_pool(url, size=1)
    try:
        await ensure_sources(pool, 1)
        sources = await list_sources(pool, 1)
    finally:
        await pool.close()
    return {kind: [source for source in sources if source.kind == kind] for kind in COUNTS}


# ---------------------------------------------------------------- what is stored


Stored = dict[tuple[int, int], bytes]
"""Values of frames (32-bit gauges, then 64-bit totals, network byte order) by source_id and observed_at in milliseconds."""


@dataclass(frozen=True)
class Found:
    """All stored frames as one moment shows them; how many keys came twice; how many frames were in files."""

    frames: Stored
    twice: int
    archived: int


def read_stored(these: Victims) -> Found:
    """Return all stored frames of table and archive.

    Read by psycopg and pyarrow; a frame that is in the table and, equal, in a file that a drop has not finished with counts once.
    """
    schemas = {source.schema_id: source.schema for kind in these.sources.values() for source in kind}
    stored: Stored = {}
    twice = 0
    with connect(these.settings.database_url) as connection:
        connection.execute("set transaction isolation level repeatable read")
        rows = connection.execute(
            "select schema_id, source_id, (extract(epoch from observed_at) * 1000)::bigint, payload from reading_frame"
        )
        for schema_id, source_id, observed_ms, payload in rows:
            twice += (source_id, observed_ms) in stored
            stored[source_id, observed_ms] = payload[: -len(schemas[schema_id].points)]
        parts = connection.execute("select schema_id, path from reading_archive").fetchall()
        archived: Stored = {}
        for schema_id, path in parts:
            for key, values in _read_part(these.settings.var_dir / path, schemas[schema_id]):
                twice += key in archived or stored.get(key, values) != values
                archived[key] = values
    return Found(archived | stored, twice, len(archived))


def _read_part(path: Path, schema: object) -> Iterator[tuple[tuple[int, int], bytes]]:
    columns = pq.read_table(path).to_pydict()
    gauges = [point.name for point in schema.points if point.slot == "gauge"]  # type: ignore[attr-defined]
    totals = [point.name for point in schema.points if point.slot == "total"]  # type: ignore[attr-defined]
    blocks = [np.array([columns[name] for name in names], kind).T for names, kind in ((gauges, ">f4"), (totals, ">f8")) if names]
    for row, (source_id, at) in enumerate(zip(columns["source_id"], columns["observed_at"], strict=True)):
        yield (source_id, round(at.timestamp() * 1000)), b"".join(block[row].tobytes() for block in blocks)
