"""The server as a program: address, files of the viewer, headers, logs, and a clean end."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from api import logs, serving
from api.errors import BadSetting, CannotListen
from api.settings import Settings
from api.static_files import FOREVER, ViewerFiles
from data.cluster import private_cluster
from tests.api.serving import answers, free_port, serve, wait_for
from tests.conftest import create_database, drop_database


@pytest.fixture(scope="module")
def served(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of one server for all tests that only read."""
    url = create_database(server_url)
    with serve(url, tmp_path_factory.mktemp("var")) as address:
        yield address
    drop_database(url)


def heat_twin(*words: str, **variables: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEAT_TWIN_")} | variables
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


# ---------------------------------------------------------------- the process


def ended(pid: int) -> bool:
    """Tell whether a process is gone, or ended and waits for the machine's first process to collect it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_starts_its_database_and_leaves_nothing_behind(number: signal.Signals) -> None:
    var_dir = Path(tempfile.mkdtemp(prefix="heat-twin-serve-"))
    var_dir.chmod(0o755)
    port = free_port()
    process = heat_twin("serve", "--simulate", HEAT_TWIN_VAR_DIR=str(var_dir), HEAT_TWIN_PORT=str(port))
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}"), what="the server", limit_s=180)
        server_pid = private_cluster(var_dir).pid
        process.send_signal(number)
        _, said = process.communicate(timeout=120)
        assert process.returncode in {0, 130}, said
        assert server_pid is not None
        wait_for(lambda: ended(server_pid), what="the end of the private database")
        group = subprocess.run(["pgrep", "-f", f"127.0.0.1:{port}"], capture_output=True, text=True, check=False)
        assert group.stdout == "", "the simulator was left running"
    finally:
        process.kill()
        process.communicate()
        shutil.rmtree(var_dir, ignore_errors=True)


def test_a_taken_port_is_one_line_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        process = heat_twin("serve", HEAT_TWIN_VAR_DIR=str(tmp_path / "var"), HEAT_TWIN_PORT=str(port))
        _, said = process.communicate(timeout=180)
    assert process.returncode == 1
    assert said.strip() == (
        f"heat-twin: cannot listen on 127.0.0.1:{port}: address already in use;"
        f" stop the program that holds it or choose another port: HEAT_TWIN_PORT={port + 1}"
    )
    assert not (tmp_path / "var" / "postgres").exists()


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1"):
        serving.listen("192.0.2.1", 8000)


def test_the_simulator_is_for_demo_mode() -> None:
    with pytest.raises(BadSetting, match="API key"):
        serving.serve(Settings(host="0.0.0.0"), simulate=True)


# ---------------------------------------------------------------- answers


def test_every_answer_says_what_a_page_may_load(served: str) -> None:
    for path in ("/health", "/cities", "/nothing", "/docs"):
        headers = httpx.get(f"{served}{path}", timeout=60).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_reference_loads_nothing_from_elsewhere_and_names_every_path(served: str) -> None:
    page = httpx.get(f"{served}/docs", timeout=60).text
    assert not re.search(r"(src|href)=.?https?:", page)
    for path in httpx.get(f"{served}/openapi.json", timeout=60).json()["paths"]:
        assert path.replace("&", "&amp;") in page


def test_long_answers_are_compressed_once(served: str) -> None:
    answer = httpx.get(f"{served}/openapi.json", headers={"Accept-Encoding": "gzip"}, timeout=60)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()["info"]["title"] == "heat twin"


def test_an_unknown_path_is_json_for_programs(served: str) -> None:
    answer = httpx.get(f"{served}/nothing/here", timeout=60)
    assert answer.status_code == 404
    assert answer.json()["error"]["kind"] == "HttpError"


# ---------------------------------------------------------------- the viewer's files


@pytest.fixture
def viewer(tmp_path: Path) -> TestClient:
    """Return a client of the file server over a small built viewer."""
    (tmp_path / "static").mkdir()
    (tmp_path / "index.html").write_text("<title>the viewer</title>")
    (tmp_path / "static" / "index-3f2a.js").write_text("1")
    app = Starlette()
    app.mount("/", ViewerFiles(tmp_path))
    return TestClient(app)


PAGE = {"Accept": "text/html,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/", "/plan", "/m", "/wall/overview", "/wall/rollout"])
def test_pages_of_the_viewer_are_its_index_and_asked_again(viewer: TestClient, path: str) -> None:
    answer = viewer.get(path, headers=PAGE)
    assert answer.text == "<title>the viewer</title>"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_files_with_a_hash_are_kept_forever(viewer: TestClient) -> None:
    assert viewer.get("/static/index-3f2a.js").headers["Cache-Control"] == FOREVER


@pytest.mark.parametrize("path", ["/static/gone.js", "/gone.png", "/../pyproject.toml"])
def test_a_missing_file_is_not_the_index(viewer: TestClient, path: str) -> None:
    assert viewer.get(path, headers=PAGE).status_code == 404


def test_without_a_built_viewer_the_page_tells_what_to_do(tmp_path: Path) -> None:
    app = Starlette()
    app.mount("/", ViewerFiles(tmp_path / "none"))
    answer = TestClient(app).get("/", headers=PAGE)
    assert answer.status_code == 404
    assert "make web" in answer.text


# ---------------------------------------------------------------- logs


def record(message: str, **extra: object) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, "levelno": logging.INFO, "levelname": "INFO", "name": "here", **extra})


def test_a_log_line_is_one_json_object_with_its_extra_fields() -> None:
    entry = json.loads(logs.JsonFormatter().format(record("read\nit", city_id=3)))
    assert entry["message"] == "read\nit"
    assert (entry["level"], entry["logger"], entry["city_id"]) == ("info", "here", 3)
    assert entry["at"].endswith("Z")


@pytest.mark.parametrize("formatter", [logs.JsonFormatter(), logs.TextFormatter()])
def test_secrets_of_a_query_are_not_logged(formatter: logging.Formatter) -> None:
    line = formatter.format(record('"GET /live?city=1&ticket=hush&theme=status HTTP/1.1" 101'))
    assert "hush" not in line
    assert "theme=status" in line
