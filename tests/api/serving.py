"""A real server for tests: uvicorn on a free loopback port over a given database."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.routing import BaseRoute

from api.app import create_app
from api.listening import end_streams
from api.settings import Settings

T = TypeVar("T")
STOP_S = 90
# Every client of httpx reads the authorities anew, 60 ms for all that a system knows; ours ask http:// only and need none.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)
_LAID_OUT: dict[int, BaseRoute] = {}


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(found: Callable[[], T | None], *, what: str, limit_s: float = 120.0) -> T:
    """Call `found` until it gives something true; fail with `what` when the bound has passed."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {limit_s:g} s in vain for {what}")


def told(client: httpx.Client, path: str) -> Any:
    """Return what a route answers, None while the server is too busy to."""
    answer = client.get(path)
    assert answer.status_code in {200, 503}, answer.text
    return answer.json() if answer.status_code == 200 else None


def streams_of(openapi: dict[str, Any]) -> set[str]:
    """Return the paths that answer with events until the client leaves."""
    ends = {
        path: methods["get"]["responses"].get("200", {}).get("content", {})
        for path, methods in openapi["paths"].items()
        if "get" in methods
    }
    return {path for path, kinds in ends.items() if "text/event-stream" in kinds}


def answers(url: str) -> bool:
    """Tell whether a server answers at all (ready or not)."""
    try:
        httpx.get(f"{url}/health", timeout=5)
    except httpx.TransportError:
        return False
    return True


def share_routes(app: FastAPI) -> None:
    """Give an application the routers that an earlier one has laid out.

    FastAPI reads the signatures of a router's routes at the first request that passes it, for every application anew: half a
    second for ours. They depend on nothing that an application is given.
    """
    routes = app.router.routes
    for index, route in enumerate(routes):
        router = getattr(route, "original_router", None)
        if router is not None:
            routes[index] = _LAID_OUT.setdefault(id(router), route)


class _Server(uvicorn.Server):
    """A server that can tell what it does when it does not end."""

    loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        end_streams(self.config.app)
        await super().shutdown(sockets)

    def doings(self) -> str:
        """Return the stacks of its tasks and of all threads."""
        text = io.StringIO()
        for task in asyncio.all_tasks(self.loop) if self.loop is not None else ():
            text.write(f"{task}\n")
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        for number, frame in sys._current_frames().items():
            text.write(f"thread {names.get(number)}\n{''.join(traceback.format_stack(frame)[-6:])}")
        return text.getvalue()


@contextmanager
def serve(
    database_url: str,
    var_dir: Path,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    zone_solve_minutes: int = 0,
    allowed_origins: tuple[str, ...] = (),
    tile_seconds: int = 10,
    archive_mb: int = 100,
    mqtt_url: str = "",
    mqtt_unsigned: str = "refuse",
    mqtt_ca_file: Path | None = None,
    body_seconds: int = 60,
    sender_frames_per_s: int = 50_000,
    quality_check_minutes: int = 10,
    without: type | None = None,
    **more: Any,
) -> Iterator[str]:
    """Run the whole application in a thread and yield its base address.

    Another `host` than loopback makes it believe that it serves a network (no demo mode); it listens on loopback all the same.
    `without` names a middleware to leave out; `more` are further settings by name.
    """
    settings = Settings(
        var_dir=var_dir,
        database_url=database_url,
        host=host,
        port=port or free_port(),
        zone_solve_minutes=zone_solve_minutes,
        allowed_origins=allowed_origins,
        archive_mb=archive_mb,
        tile_seconds=tile_seconds,
        mqtt_url=mqtt_url,
        mqtt_unsigned=mqtt_unsigned,
        mqtt_ca_file=mqtt_ca_file,
        body_seconds=body_seconds,
        sender_frames_per_s=sender_frames_per_s,
        quality_check_minutes=quality_check_minutes,
        **more,
    )
    app = create_app(settings)
    share_routes(app)
    app.user_middleware = [one for one in app.user_middleware if one.cls is not without]
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=settings.port,
        log_level="warning",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="on",
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, name="uvicorn", daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{settings.port}"
    try:
        wait_for(lambda: answers(url) or not thread.is_alive(), what=f"the server at {url}")
        assert thread.is_alive(), "the server stopped while starting; see its log above"
        yield url
    finally:
        server.should_exit = True
        thread.join(timeout=STOP_S)  # a thread that compiles kernels is waited for; on a new machine the first ones take a while
        assert not thread.is_alive(), f"the server did not stop within {STOP_S} s; it does:\n{server.doings()}"


@contextmanager
def serve_process(database_url: str, var_dir: Path, *, port: int, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `heat-twin serve` as a process of its own and yield it once it answers; a test may kill it.

    `settings` are further ones by name: `mqtt_url="mqtt://..."`.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEAT_TWIN_")}
    environment |= {
        "HEAT_TWIN_DATABASE_URL": database_url,
        "HEAT_TWIN_PORT": str(port),
        "HEAT_TWIN_VAR_DIR": str(var_dir),
        "HEAT_TWIN_ZONE_SOLVE_MINUTES": "0",
        "HEAT_TWIN_LOG_FORMAT": "text",
    }
    environment |= {f"HEAT_TWIN_{name.upper()}": value for name, value in settings.items()}
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve"], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        # a cold start of every library takes its time on a busy machine
        wait_for(lambda: answers(url) or process.poll() is not None, what=f"the server at {url}", limit_s=120)
        assert process.poll() is None, (var_dir / "server.log").read_text()
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
