"""The web pages of `docs/how-to/use-it-in-your-gis.md` in Chromium, as pages of another site.

Each block `html FILE` is served as it stands by a server of the test's own (so the product is of another origin to it), with the
libraries of `web/node_modules` under `lib/`. A stand-in offers the part of AMap's interface that the page for AMap uses.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.api.serving import free_port, serve
from tests.api.test_how_to import blocks
from tests.browser.pages import LIMIT_S, Watch
from tests.conftest import ROOT, LoadedSample, create_database, drop_database, missing
from tiles.legends import COLOURINGS

GUIDE = ROOT / "docs" / "how-to" / "use-it-in-your-gis.md"
MODULES = ROOT / "web" / "node_modules"
AMAP = "https://webapi.amap.com/maps?v=2.0&key=YOUR_KEY"
AMAP_STAND_IN = Path(__file__).with_name("amap_stand_in.js")
Open = Callable[[str], Page]
OF_EACH_KIND = ("side", "year", "company", "criticality")
"""Colourings by codes, ranges and ids, and by what only a wanted attribute tells."""


class _Pages(SimpleHTTPRequestHandler):
    """Serves a folder; `lib/` is `web/node_modules`, those packages first that MapLibre brings."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}

    def translate_path(self, path: str) -> str:
        own = Path(super().translate_path(path))
        if not path.startswith("/lib/"):
            return str(own)
        rest = path.removeprefix("/lib/").partition("?")[0]
        newer = MODULES / "maplibre-gl" / "node_modules" / rest
        return str(newer if newer.is_file() else MODULES / rest)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def pages_of(folder: Path, port: int) -> Iterator[str]:
    """Serve a folder of pages and yield its origin."""
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Pages, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def site(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Yield the origins of a partner's site with the pages of the guide and of a product that lets it read."""
    if not (MODULES / "ol" / "dist" / "ol.js").is_file():
        missing("web/node_modules is not here: `npm ci` in web/ brings it")
    folder = tmp_path_factory.mktemp("partner")
    database_url = create_database(server_url, sample.template)
    port = free_port()
    partner = f"http://127.0.0.1:{port}"
    var_dir = sample.copy_var_dir(tmp_path_factory.mktemp("clients"))
    with serve(database_url, var_dir, allowed_origins=(partner,)) as heat, pages_of(folder, port):
        for block in blocks(GUIDE.read_text(encoding="utf-8")):
            if block.language == "html":
                (folder / block.file).write_text(block.text.replace("http://127.0.0.1:8000", heat), encoding="utf-8")
        yield partner, heat
    drop_database(database_url)


@pytest.fixture
def watch() -> Watch:
    """Return what notes errors of a page."""
    return Watch()


@pytest.fixture
def open_page(browser: Browser, site: tuple[str, str], watch: Watch) -> Iterator[Open]:
    """Yield a function that opens a page of the partner's site."""
    with browser.new_context(viewport={"width": 900, "height": 600}) as context:

        def opened(name: str) -> Page:
            page = context.new_page()
            page.set_default_timeout(LIMIT_S * 1000)
            page.route(AMAP, lambda route: route.fulfill(path=AMAP_STAND_IN, content_type="text/javascript"))
            watch.attach(page)
            page.goto(f"{site[0]}/{name}")
            return page

        yield opened


def picture(page: Page) -> np.ndarray:
    """Return the page as it looks, as numbers of shape (rows, columns, 3)."""
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)


def count_of(image: np.ndarray, colours: set[str], *, within: int = 12) -> int:
    """Return how many pixels have one of the colours, nearly."""
    wanted = [np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) for colour in colours]
    return int(np.any([np.abs(image - each).max(axis=2) <= within for each in wanted], axis=0).sum())


def legend_of(name: str) -> set[str]:
    colouring = COLOURINGS[name]
    return {item.colour for item in (*colouring.items, colouring.other)}


def no_troubles(watch: Watch) -> None:
    assert [error for error in watch.errors if "favicon" not in error] == []
    assert [address for address in watch.strangers if address != AMAP] == []


def when_idle(page: Page) -> None:
    """Wait until a page of MapLibre has drawn all it wants to."""
    page.wait_for_function("() => window.map?.loaded?.() && map.areTilesLoaded()")


def changed(page: Page, change: str) -> None:
    """Run a statement in a page of MapLibre and wait until all that follows from it is drawn."""
    page.evaluate(f"() => new Promise((done) => {{ map.once('idle', done); {change}; map.triggerRepaint(); }})")


def test_maplibre_draws_the_style_with_pipes_stations_and_chinese_names(open_page: Open, watch: Watch) -> None:
    page = open_page("maplibre.html")
    when_idle(page)
    drawn: dict[str, int] = page.evaluate(
        "() => Object.fromEntries(['pipe', 'substation', 'road', 'road-major'].map("
        "(id) => [id, map.queryRenderedFeatures({layers: [id]}).length]))"
    )
    assert min(drawn.values()) > 0, drawn
    assert count_of(picture(page), legend_of("dn")) > 500
    # closer: names of roads and stations
    changed(page, "map.jumpTo({zoom: 15.5})")
    named: list[str] = page.evaluate(
        "() => map.queryRenderedFeatures({layers: ['road-name', 'substation-name', 'source-name']}).map((f) => f.properties.name)"
    )
    assert any("\u4e00" <= letter <= "\u9fff" for letter in "".join(named))
    with_names = picture(page)
    changed(page, "map.getStyle().layers.filter((l) => l.type === 'symbol').forEach((l) => map.removeLayer(l.id))")
    assert (np.abs(with_names - picture(page)).max(axis=2) > 40).sum() > 200, "no letter was drawn"
    no_troubles(watch)


def test_a_style_of_each_kind_draws_pipes_in_colours_of_its_legend(open_page: Open, watch: Watch, site: tuple[str, str]) -> None:
    page = open_page("maplibre.html")
    # maps drawn by software: small ones are enough
    page.set_viewport_size({"width": 480, "height": 320})
    when_idle(page)
    for name in OF_EACH_KIND:
        address = f"{site[1]}/styles/network-{name}.json?city=1"
        changed(page, f"map.setStyle('{address}', {{diff: false}}); map.jumpTo({{zoom: 15}})")
        items: list[dict[str, Any]] = page.evaluate("() => map.getStyle().metadata['heat-twin:legend'].items")
        assert page.evaluate("() => map.queryRenderedFeatures({layers: ['pipe']}).length") > 0, name
        # every colour but that of the unknown: no pipe may be drawn by accident
        assert count_of(picture(page), {item["colour"] for item in items}) > 100, name
    no_troubles(watch)


def test_openlayers_draws_pipes_in_the_colours_of_the_legend(open_page: Open, watch: Watch) -> None:
    page = open_page("openlayers.html")
    page.wait_for_function("() => window.map?.getView")  # until then `map` is the element of that id
    page.evaluate("() => new Promise((done) => map.once('rendercomplete', done))")
    features = page.evaluate("() => map.getLayers().item(0).getFeaturesInExtent(map.getView().calculateExtent()).length")
    assert features > 0
    assert count_of(picture(page), legend_of("dn")) > 500
    no_troubles(watch)


def test_leaflet_draws_ground_and_substations(open_page: Open, watch: Watch) -> None:
    page = open_page("leaflet.html")
    page.wait_for_function("() => window.substations && document.querySelectorAll('img.leaflet-tile-loaded').length > 3")
    assert page.evaluate("() => substations.getLayers().length") == 60
    labels = page.locator(".leaflet-tooltip").all_inner_texts()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in "".join(labels))
    assert count_of(picture(page), {"#c2410c"}) > 300
    no_troubles(watch)


def test_the_page_for_amap_draws_tiles_of_amaps_grid(open_page: Open, watch: Watch, site: tuple[str, str]) -> None:
    page = open_page("amap.html")
    page.wait_for_function("() => window.AMap && AMap.waiting === 0 && AMap.drawn > 3")
    assert count_of(picture(page), legend_of("class")) > 300
    asked = [address for address in watch.requests if "/tiles/network/" in address]
    assert asked
    assert all("crs=gcj02" in address and address.startswith(site[1]) for address in asked)
    # beyond the last zoom the tile above is enlarged
    watch.requests.clear()
    page.evaluate("() => map.setZoom(18)")
    page.wait_for_function("() => AMap.waiting === 0 && AMap.drawn > 3")
    assert {address.split("/tiles/network/")[1].split("/")[0] for address in watch.requests if "/tiles/network/" in address} == {
        "16"
    }
    assert count_of(picture(page), legend_of("class")) > 100
    no_troubles(watch)


def test_a_page_of_a_site_that_is_not_named_reads_nothing(browser: Browser, site: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>stranger</title>")
    # the browser tells a page nothing more than this
    ask = "(address) => fetch(address).then((answer) => answer.status, (error) => String(error))"
    with pages_of(tmp_path, free_port()) as stranger, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{stranger}/index.html")
        assert page.evaluate(ask, f"{site[1]}/styles?city=1") == "TypeError: Failed to fetch"
        page.goto(f"{site[0]}/maplibre.html")
        assert page.evaluate(ask, f"{site[1]}/styles?city=1") == 200
