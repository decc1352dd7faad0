"""Runs the server: the private database under it, the port before it, the simulator beside it."""

from __future__ import annotations

import logging
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType

import uvicorn

from api import logs
from api.app import create_app
from api.database import held_signals, open_database
from api.errors import BadSetting, CannotListen
from api.listening import end_streams
from api.mqtt.broker import private_broker
from api.settings import Settings

logger = logging.getLogger(__name__)

_SHUTDOWN_S = 5


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address, so that a taken port is known before anything is started.

    Raises
    ------
    CannotListen
        When the port is taken or the address is not one of this machine.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CannotListen(f"HEAT_TWIN_HOST is {host!r}, which is no address of this machine: {error.strerror}") from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"cannot listen on {host}:{port}: {(error.strerror or str(error)).lower()};"
            f" stop the program that holds it or choose another port: HEAT_TWIN_PORT={port + 1}"
        ) from None
    return listener


def base_url(settings: Settings) -> str:
    """Return the address that a browser on this machine opens."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - compared
    return f"http://{host}:{settings.port}"


class _Server(uvicorn.Server):
    """Uvicorn that tells its address once it answers."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self.greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then greet."""
        await super().startup(sockets)
        if self.started:
            logger.info("%s", self.greeting)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams that would never end by themselves, then stop."""
        end_streams(self.config.app)
        await super().shutdown(sockets)


@contextmanager
def _simulator(settings: Settings) -> Iterator[None]:
    """Run `heat-twin simulate` beside the server. It leads its own process group, so that Ctrl-C reaches it through us only."""
    command = [sys.executable, "-m", "api.cli", "simulate", "--url", base_url(settings), "--period", "10"]
    setpriv = shutil.which("setpriv")
    # the kernel ends it when this process is killed without a chance to do so
    guard = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
    process = subprocess.Popen([*guard, *command], stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        with held_signals():
            process.terminate()
            try:
                process.wait(_SHUTDOWN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def serve(settings: Settings, *, simulate: bool = False, broker: bool = False) -> None:
    """Serve until Ctrl-C or SIGTERM, then put away everything that this call started.

    Raises
    ------
    CannotListen
        When the port is taken.
    BadSetting
        When the simulator is asked for outside demo mode.
    DatabaseUnavailable, SchemaMismatch
        When there is no usable database.
    """
    if simulate and not settings.demo_mode:
        raise BadSetting(
            f"--simulate needs demo mode, but HEAT_TWIN_HOST is {settings.host!r}: there readings must be signed with an API key"
        )
    as_text = logs.configure(settings.log_format)
    signal.signal(signal.SIGTERM, _leave)
    try:
        with listen(settings.host, settings.port) as listener, open_database(settings) as ready:
            with (
                private_broker(ready) if broker else nullcontext(ready) as named,
                _simulator(named) if simulate else nullcontext(),
            ):
                server = _Server(_configuration(named, access_log=not as_text), _greeting(named))
                server.run(sockets=[listener])
            if not server.started:
                raise SystemExit(1)
    except KeyboardInterrupt:
        logger.info("stopped")


def _greeting(settings: Settings) -> str:
    mode = "demo mode, this machine only" if settings.demo_mode else "with accounts"
    return f"heat twin is at {base_url(settings)} ({mode}; Ctrl-C stops it)"


def _configuration(settings: Settings, *, access_log: bool) -> uvicorn.Config:
    """Return uvicorn's settings; a person at a terminal gets no line for every tile."""
    return uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
        access_log=access_log,
        lifespan="on",
        timeout_graceful_shutdown=_SHUTDOWN_S,
        server_header=False,
    )
