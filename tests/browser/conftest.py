"""Fixtures of the browser ring: the sample city behind a real server, and Debian's Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from api.static_files import VIEWER
from tests.api.serving import serve
from tests.browser.pages import CHROMIUM, FLAGS, Viewer, open_viewer
from tests.conftest import ROOT, LoadedSample, create_database, drop_database, missing

OpenViewer = Callable[[int, int], AbstractContextManager[Viewer]]


@pytest.fixture(scope="session")
def built_viewer() -> None:
    """Skip (fail in CI) without the production build of the viewer."""
    if not (VIEWER / "index.html").is_file():
        missing(f"the viewer is not built ({VIEWER}); `npm run build` in web/ builds it")


@pytest.fixture(scope="session")
def sample_database(built_viewer: None, sample: LoadedSample, server_url: str) -> Iterator[str]:
    """Yield the address of a database with a sample city of the browser's own."""
    url = create_database(server_url, sample.template)
    yield url
    drop_database(url)


@pytest.fixture(scope="session")
def sample_server(sample_database: str, sample: LoadedSample, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a server over the sample city."""
    with serve(sample_database, sample.copy_var_dir(tmp_path_factory.mktemp("viewer"))) as address:
        yield address


@pytest.fixture
def program(sample_server: str) -> Iterator[httpx.Client]:
    """Yield an HTTP client that sits in the seat of the administrator."""
    with httpx.Client(base_url=sample_server, timeout=60) as client:
        seats = client.get("/seats").json()
        seat = next(seat for seat in seats if seat["role"] == "administrator")
        client.post("/session", json={"seat_id": seat["seat_id"]}).raise_for_status()
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield Debian's Chromium; nothing is downloaded."""
    if not CHROMIUM.exists():
        missing(f"{CHROMIUM} is not installed (apt install chromium fonts-noto-cjk)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def viewer(browser: Browser, sample_server: str) -> OpenViewer:
    """Return a function that opens the viewer in a window of a size."""
    return lambda width, height: open_viewer(browser, sample_server, width=width, height=height)


@pytest.fixture
def sharp(browser: Browser, sample_server: str) -> OpenViewer:
    """Return a function that opens the viewer with every pixel of a window drawn, for tests that count them."""
    return lambda width, height: open_viewer(browser, sample_server, width=width, height=height, sharpness=1.0)


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Return the folder for screenshots; it is not committed."""
    return ROOT / "test-results"
