"""Whatever a client sends, the server answers below 500: schemathesis makes requests out of the OpenAPI document.

Every route takes part, those that change the city included: the server runs over a copy of the sample, and an administrator
asks. An answer 503 is allowed: it says `Retry-After` (one archive at a time, a full queue). `make fuzz`
(`HEAT_TWIN_TEST_FUZZ=1`) sends some hundred times as many requests, or as many as fit into `MINUTES`; `ROUTES` is a regular
expression of the paths that take part.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.serving import serve, streams_of
from tests.conftest import LoadedSample, create_database, drop_database

WHOLE = os.environ.get("HEAT_TWIN_TEST_FUZZ", "") not in {"", "0"}
BOUNDS = ("--phases=examples,coverage,fuzzing", "--max-examples=60") if WHOLE else ("--phases=fuzzing", "--max-examples=1")
if WHOLE and (minutes := os.environ.get("HEAT_TWIN_TEST_FUZZ_MINUTES", "")):
    BOUNDS = ("--phases=coverage,fuzzing", f"--max-time={int(float(minutes) * 60)}")
ROUTES = os.environ.get("HEAT_TWIN_TEST_FUZZ_ROUTES", "")
LIMIT_S = 7200 if WHOLE else 600
SESSIONS = r"^/session"
"""Would sign the administrator out; these are asked apart."""
CONFIG = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "503"]
"""


@pytest.fixture(scope="module")
def server(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield a server over a sample city of this module's own."""
    database_url = create_database(server_url, sample.template)
    with serve(database_url, sample.copy_var_dir(tmp_path_factory.mktemp("fuzz"))) as url:
        yield url
    drop_database(database_url)


def administrator(url: str) -> str:
    """Return the cookie of the demo's administrator."""
    seats = httpx.get(f"{url}/seats", params={"city": 1}, timeout=30).json()
    seat = next(each["seat_id"] for each in seats if each["role"] == "administrator")
    answer = httpx.post(f"{url}/session", json={"seat_id": seat}, timeout=30)
    assert answer.status_code == 200, answer.text
    return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())


def run(url: str, folder: Path, *more: str) -> None:
    """Let schemathesis ask in a process of its own; fail with what it reports."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG, encoding="utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", f"--config-file={config}", "run", f"{url}/openapi.json"]
    options = [
        "--checks=not_a_server_error",
        "--request-timeout=60",
        "--generation-deterministic",
        "--no-color",
        "--warnings=off",
    ]
    done = subprocess.run(
        [*command, *options, *BOUNDS, *more],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "passed" in done.stdout, done.stdout[-2000:]


def test_no_request_makes_the_server_fail(server: str, tmp_path: Path) -> None:
    cookie = administrator(server)
    only = [f"--include-path-regex={ROUTES}"] if ROUTES else []
    streams = streams_of(httpx.get(f"{server}/openapi.json", timeout=60).json())
    assert streams
    left_out = "|".join([SESSIONS, *(f"^{path}$" for path in streams)])
    run(server, tmp_path, f"--exclude-path-regex={left_out}", *only, "--header", f"Cookie: {cookie}")


def test_no_sign_in_makes_the_server_fail(server: str, tmp_path: Path) -> None:
    run(server, tmp_path, f"--include-path-regex={SESSIONS}")
