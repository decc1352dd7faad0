"""What `make bench-tiles` measures against: tipg on the full source layer, a bare ASGI app, and wrk as the client of both."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from benchmarks.serving import free_port, wait_for
from benchmarks.tiles_list import ZoomXY
from data.pool import Connection

SCHEMA = "bench_source"
_SOURCE = """
create schema bench_source;
create table bench_source.pipe as
select asset_id, code, name, attributes ->> 'network_level' as network_level, attributes ->> 'side' as side,
       attributes ->> 'medium' as medium, (attributes ->> 'dn')::float8 as dn, attributes ->> 'material' as material,
       attributes ->> 'burial_method' as burial_method, attributes ->> 'installed_year' as installed_year,
       (attributes ->> 'length_m')::float8 as length_m, pair_id, company_id, area_id,
       st_force2d(geom)::geometry(geometry, 4326) as geom
  from asset
 where city_id = %(city_id)s and kind = 'pipe' and valid_to_at is null
 order by geom;
alter table bench_source.pipe add primary key (asset_id);
create index on bench_source.pipe using gist (geom)
"""
_REQUESTS = re.compile(r"Requests/sec:\s+([\d.]+)")
_FAILURES = re.compile(r"(Socket errors.*|Non-2xx or 3xx responses: \d+)")


def fill_source(connection: Connection, city_id: int) -> None:
    """Make the layer that a user of tipg would publish: every pipe in WGS-84 with 14 attributes and a spatial index."""
    drop_source(connection)
    for statement in (_SOURCE % {"city_id": city_id}).split(";"):
        connection.execute(statement.encode())
    connection.commit()
    connection.autocommit = True
    connection.execute(f"vacuum analyze {SCHEMA}.pipe".encode())
    connection.autocommit = False


def drop_source(connection: Connection) -> None:
    """Remove it."""
    connection.execute(f"drop schema if exists {SCHEMA} cascade".encode())
    connection.commit()


def tipg_paths(tiles: Sequence[ZoomXY]) -> list[str]:
    """Return the targets of tipg for tiles."""
    return [f"/collections/{SCHEMA}.pipe/tiles/WebMercatorQuad/{z}/{x}/{y}" for z, x, y in tiles]


@contextmanager
def tipg(database_url: str) -> Iterator[tuple[str, int]]:
    """Serve the source layer by tipg in one process, its limit of features a tile raised so that it cuts nothing."""
    environment = {
        "DATABASE_URL": _with_host(database_url),
        "DB_MIN_CONN_SIZE": "4",
        "DB_MAX_CONN_SIZE": "4",
        "TIPG_DB_SCHEMAS": f'["{SCHEMA}"]',
        "TIPG_MAX_FEATURES_PER_TILE": "1000000",
        "TIPG_TILE_BUFFER": "64",
    }
    with _uvicorn("tipg.main:app", environment, "healthz") as served:
        yield served


def _with_host(database_url: str) -> str:
    """Return an address of the same database by loopback: that of tipg must name a host, which a socket has not."""
    place = urlsplit(database_url)
    port = parse_qs(place.query).get("port", ["5432"])[0]
    if place.hostname:
        return database_url
    return f"postgresql://{place.username}:{place.password}@127.0.0.1:{port}{place.path}"


@contextmanager
def echo(answers: Mapping[str, tuple[Mapping[str, str], bytes]], folder: Path) -> Iterator[tuple[str, int]]:
    """Serve ready answers by a bare ASGI app."""
    ready = {
        target.encode(): ([(name.encode(), value.encode()) for name, value in headers.items()], body)
        for target, (headers, body) in answers.items()
    }
    path = folder / "echo.pickle"
    path.write_bytes(pickle.dumps(ready))
    with _uvicorn("benchmarks.tiles_echo:app", {"ECHO_ANSWERS": str(path)}, "") as served:
        yield served


@contextmanager
def _uvicorn(app: str, named: Mapping[str, str], health: str) -> Iterator[tuple[str, int]]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen(
        command, env=os.environ | dict(named), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sys.stderr
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/{health}", process)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def wrk(address: str, targets: Sequence[tuple[str, Mapping[str, str]]], folder: Path, *, seconds: int) -> float:
    """Return the requests per second that one thread of wrk gets over 8 connections.

    Parameters
    ----------
    address
        As `http://127.0.0.1:8000`.
    targets
        Path with query, and headers; asked in turn.
    folder
        For the script.
    seconds
        How long.
    """
    script = folder / "targets.lua"
    requests = "\n".join(
        f"requests[#requests + 1] = wrk.format('GET', {_lua(path)}, {_table(headers)})" for path, headers in targets
    )
    # formatted once: the client has to be quicker than the server
    script.write_text(
        f"local requests, place = {{}}, 0\nfunction init()\n{requests}\nend\n"
        "function request()\n  place = place % #requests + 1\n  return requests[place]\nend\n",
        encoding="utf-8",
    )
    command = ["wrk", "-t1", "-c8", f"-d{seconds}s", "-s", str(script), address]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    found, failed = _REQUESTS.search(said.stdout), _FAILURES.search(said.stdout)
    # an error in the script is told there only, and wrk asks for / then
    if found is None or failed is not None or said.stderr.strip():
        raise SystemExit(f"tiles: wrk at {address} says {said.stdout} {said.stderr}")
    return float(found[1])


def _lua(text: str) -> str:
    """Return a Lua literal; those of JSON are the same for printable ASCII."""
    return json.dumps(text)


def _table(headers: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"[{_lua(name)}] = {_lua(value)}" for name, value in headers.items()) + "}"
