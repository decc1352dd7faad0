"""A private Mosquitto on loopback, for `heat-twin serve --broker` where it is installed and no other broker is named.

Its configuration, its queue of messages and its log live in the var dir. It takes anonymous clients, and only from this machine:
in demo mode they may send without a signature, as they may by HTTP.
"""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from api.database import held_signals
from api.mqtt.courier import MAX_PACKET_BYTES
from api.settings import Settings

logger = logging.getLogger(__name__)

FIRST_PORT: Final = 18883
"""Not 1883: a broker of the machine may be there."""
_UNPRIVILEGED: Final = ("mosquitto", "nobody")
_START_S: Final = 15.0
_STOP_S: Final = 5.0
_HOST: Final = "127.0.0.1"

_CONFIGURATION: Final = """\
# written by heat twin at every start
listener {port} {host}
allow_anonymous true
persistence true
persistence_location {folder}/
# a kill loses at most what came in these seconds
autosave_interval 2
max_queued_messages 100000
max_queued_bytes {queued_bytes}
max_inflight_messages 1000
max_packet_size {packet_bytes}
memory_limit {memory_bytes}
persistent_client_expiration 8d
log_dest stderr
log_type error
log_type warning
log_type notice
connection_messages false
"""


@dataclass(frozen=True, slots=True)
class PrivateBroker:
    """A Mosquitto of this program: its folder below the var dir and its port on loopback."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Address for the server and for gateways on this machine."""
        return f"mqtt://{_HOST}:{self.port}"


def find_mosquitto() -> str | None:
    """Return Mosquitto's program; None where it is not installed. Debian keeps it outside the PATH of users."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


@contextmanager
def private_broker(settings: Settings) -> Iterator[Settings]:
    """Run a private Mosquitto and yield settings that name it; the given ones where there is none to run.

    A broker that the settings name is left alone. One that cannot be started is a warning: readings come by HTTP as well.
    """
    program = find_mosquitto()
    if settings.mqtt_url or program is None:
        if not settings.mqtt_url:
            logger.info("no MQTT: mosquitto is not installed (as root: apt-get install mosquitto)")
        yield settings
        return
    folder = settings.var_dir / "mqtt"
    _end_left_over(folder)
    broker = PrivateBroker(folder, _free_port(folder))
    process = _start(program, broker)
    if process is None:
        yield settings
        return
    try:
        logger.info("MQTT broker at %s (this machine only)", broker.url)
        unsigned = "trust" if settings.demo_mode else settings.mqtt_unsigned
        yield replace(settings, mqtt_url=broker.url, mqtt_unsigned=unsigned)
    finally:
        with held_signals():
            stop(process)


def _free_port(folder: Path) -> int:
    """Return the port of the last time when it is free, else another one: gateways keep their address over a restart."""
    wanted = FIRST_PORT
    with suppress(OSError, ValueError):
        wanted = int((folder / "port").read_text())
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError, OverflowError):
                probe.bind((_HOST, port))
                return int(probe.getsockname()[1])
    raise AssertionError("no free port on loopback")


def _start(program: str, broker: PrivateBroker) -> subprocess.Popen[bytes] | None:
    log_path = broker.folder / "mosquitto.log"
    try:
        user = _prepare(broker)
        with log_path.open("wb") as log:
            process = start_mosquitto(program, broker.folder / "mosquitto.conf", user=user, log=log)
        (broker.folder / "pid").write_text(str(process.pid))
    except OSError as error:
        logger.warning("the private MQTT broker cannot be started: %s", error)
        return None
    if not _listens(process, broker.port):
        stop(process)
        logger.warning("the private MQTT broker did not start; its log is %s", log_path)
        return None
    (broker.folder / "port").write_text(str(broker.port))
    return process


def _prepare(broker: PrivateBroker) -> pwd.struct_passwd | None:
    """Write the configuration; returns the user to run as, None for the present one."""
    broker.folder.mkdir(parents=True, exist_ok=True)
    data = broker.folder / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    text = configuration(data.absolute(), broker.port)
    (broker.folder / "mosquitto.conf").write_text(text)
    user = _unprivileged() if os.getuid() == 0 else None
    if user is not None:
        for path in (data, *data.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
    return user


def configuration(folder: Path, port: int) -> str:
    """Return Mosquitto's configuration for a folder of its data and a port on loopback."""
    return _CONFIGURATION.format(
        port=port,
        host=_HOST,
        folder=folder,
        queued_bytes=256 * 2**20,
        packet_bytes=MAX_PACKET_BYTES,
        memory_bytes=512 * 2**20,
    )


def _unprivileged() -> pwd.struct_passwd | None:
    for name in _UNPRIVILEGED:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    return None


def start_mosquitto(
    program: str, configuration_path: Path, *, user: pwd.struct_passwd | None, log: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start Mosquitto in its own process group, so that Ctrl-C reaches it through us only; the kernel ends it with us."""
    setpriv = shutil.which("setpriv")
    guard = [] if setpriv is None else [setpriv, "--pdeathsig", "TERM"]
    if setpriv is not None and user is not None:
        # before Mosquitto starts: a change of user would undo the guard
        guard += ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
    return subprocess.Popen(
        [*guard, program, "-c", str(configuration_path)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection((_HOST, port), timeout=1):
            return True
        time.sleep(0.02)
    return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a Mosquitto, which saves its queue."""
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_left_over(folder: Path) -> None:
    """End the Mosquitto of a server that was killed, where the kernel did not: two must not share a queue."""
    with suppress(OSError, ValueError):
        pid = int((folder / "pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if str(folder / "mosquitto.conf").encode() in command.split(b"\0"):
            os.kill(pid, signal.SIGTERM)
            end = time.monotonic() + _STOP_S
            while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
                time.sleep(0.02)
