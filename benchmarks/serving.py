"""Servers of the benchmarks: started in processes of their own, with their CPU time told by the process tables (Linux)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from api.settings import Settings

START_S = 180
"""A server is given so long to start, and to stop."""
_CALM_S, _CALM_SHARE = 5, 0.1
"""A server rests when it has used less than this share of a core in each of so many seconds."""


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(settings: Settings, **named: str) -> Iterator[tuple[str, int]]:
    """Run `heat-twin serve` over a running database and yield its address and process id once it is ready.

    Parameters
    ----------
    settings
        With the `database_url` and the var dir.
    named
        Further settings by their environment names without `HEAT_TWIN_`.
    """
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEAT_TWIN_")}
    environment |= {
        "HEAT_TWIN_DATABASE_URL": settings.database_url,
        "HEAT_TWIN_VAR_DIR": str(settings.var_dir),
        "HEAT_TWIN_PORT": str(port),
        "HEAT_TWIN_LOG_FORMAT": "text",
    }
    environment |= {f"HEAT_TWIN_{name}": value for name, value in named.items()}
    command = [sys.executable, "-m", "api.cli", "serve"]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/health", process)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(timeout=START_S)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until an address answers 200; ends the run when the process has ended or takes too long."""
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit(f"benchmarks: {url} did not become ready within {START_S} s")


def cpu_s(pid: int | None) -> float:
    """Return the CPU seconds that a process has used, its threads together; 0 without a process. Resolution: nanoseconds."""
    if pid is None:
        return 0.0
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text(encoding="ascii").split()[0]) for thread in threads) / 1e9


def tree_cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and of all below it that live; of those that have ended, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return cpu_s(pid) + ended + sum(tree_cpu_s(int(child)) for child in children if Path(f"/proc/{child}").exists())


def settle(pid: int, *, limit_s: float = START_S) -> None:
    """Wait until a server has done its work of the start in the background, so that it rests; not longer than `limit_s`."""
    end, calm = time.monotonic() + limit_s, 0
    while time.monotonic() < end and calm < _CALM_S:
        before = tree_cpu_s(pid)
        time.sleep(1.0)
        calm = calm + 1 if tree_cpu_s(pid) - before < _CALM_SHARE else 0
