"""Drives the built viewer in Debian's Chromium: start it, watch what it asks for, wait for facts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # WebGL2 without a GPU
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # the page around the map is put together without GL: half the work of drawing a window
    "--disable-gpu-compositing",
)
QUICK_SHARPNESS = 0.5
"""Drawn pixels by CSS pixels: layout and map are the same at a half, and drawing without a GPU costs half as much."""
LIMIT_S = 120.0
"""Bound of every wait: software rendering on a busy machine is slow, and a test must end."""


@dataclass
class Watch:
    """What went wrong in a page: errors on its console, answers with an error, requests that left the machine."""

    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._request)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)
        where = urlsplit(request.url)
        if where.scheme not in {"data", "blob"} and where.hostname != "127.0.0.1":
            self.strangers.append(request.url)

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url}")


@dataclass
class Viewer:
    """One page of the viewer."""

    page: Page
    watch: Watch
    url: str

    def open(self, path: str) -> None:
        """Load a page of the viewer and wait until its map is drawn and its feed has spoken."""
        self.page.goto(self.url + path, timeout=LIMIT_S * 1000)
        self.wait("window.__ht && window.__ht.ready", what=f"{path} to be ready")

    def look(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        return self.page.evaluate(f"() => {{ const value = {expression}; return value === undefined ? null : value; }}")

    def wait(self, expression: str, *, what: str, limit_s: float = LIMIT_S) -> Any:
        """Return the first true value of an expression.

        Playwright's own wait needs `eval` inside the page, which the server's content policy refuses.
        """
        return wait_for(lambda: self.look(expression), what=f"{what} ({expression})", limit_s=limit_s)

    def pixel_of(self, position: tuple[float, float]) -> tuple[float, float]:
        """Return where a lon/lat lies in the page now."""
        point = self.look(
            f"(() => {{ const p = window.__ht.map.project([{position[0]}, {position[1]}]);"
            " const box = window.__ht.map.getContainer().getBoundingClientRect();"
            " return [p.x + box.left, p.y + box.top]; })()"
        )
        return float(point[0]), float(point[1])

    def still(self) -> None:
        """Wait until the map neither moves nor loads."""
        self.wait("window.__ht.map.loaded() && !window.__ht.map.isMoving()", what="the map to come to rest")

    def shoot(self, path: Path) -> bytes:
        path.parent.mkdir(parents=True, exist_ok=True)
        return self.page.screenshot(path=path, timeout=LIMIT_S * 1000)

    def assert_clean(self) -> None:
        """Nothing failed in the page and nothing was asked from anybody else."""
        assert self.watch.strangers == []
        assert self.watch.errors == [], self.watch.errors
        assert self.look("window.__ht.errors") == []


def sit(shown: Viewer, role: str) -> None:
    """Take the first seat of a role before the page is opened."""
    seats = shown.page.request.get(f"{shown.url}/seats").json()
    seat = next(one for one in seats if one["role"] == role)
    body = json.dumps({"seat_id": seat["seat_id"]})
    taken = shown.page.request.post(f"{shown.url}/session", data=body, headers={"Content-Type": "application/json"})
    assert taken.ok, taken.text()


def wait_for(found: Callable[[], Any], *, what: str, limit_s: float = LIMIT_S) -> Any:
    """Call `found` until it gives something true; fail with `what` when the bound has passed."""
    end = time.monotonic() + limit_s
    while True:
        value = found()
        if value:
            return value
        assert time.monotonic() < end, f"waited {limit_s:g} s in vain for {what}"
        time.sleep(0.1)


@contextmanager
def open_viewer(browser: Browser, url: str, *, width: int, height: int, sharpness: float = QUICK_SHARPNESS) -> Iterator[Viewer]:
    """Yield a fresh page of a size (CSS pixels), without animations, with a watch on it; `sharpness` = drawn by CSS pixels."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=sharpness,
        reduced_motion="reduce",
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    page = context.new_page()
    page.set_default_timeout(LIMIT_S * 1000)
    watch = Watch()
    watch.attach(page)
    try:
        yield Viewer(page, watch, url)
    finally:
        context.close()
