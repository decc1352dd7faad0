"""An archive of tiles drawn by MapLibre through the `pmtiles` library, on a page of another site; its code is the docs' own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from tests.api.serving import free_port, serve, wait_for
from tests.browser.pages import LIMIT_S, Watch
from tests.browser.test_clients import MODULES, count_of, pages_of, picture
from tests.conftest import ROOT, LoadedSample, create_database, drop_database, missing

NAMES = "network,assets"
PAGE = """<!doctype html>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="lib/maplibre-gl/dist/maplibre-gl.css">
<div id="view" style="position: absolute; inset: 0"></div>
<script src="lib/pmtiles/dist/pmtiles.js"></script>
<script type="module">
import * as maplibregl from "./lib/maplibre-gl/dist/maplibre-gl.mjs";
const map = new maplibregl.Map({container: "view", center: CENTER, zoom: 14, style: {version: 8, sources: {}, layers: []}});
await map.once("load");
CODE
map.addLayer({
  id: "pipe", type: "line", source: "city", "source-layer": "pipe", paint: {"line-color": "#ff0000", "line-width": 3},
});
map.addLayer({id: "asset", type: "circle", source: "city", "source-layer": "asset", paint: {"circle-color": "#0000ff"}});
window.map = map;
map.once("idle", () => { window.drawn = true; });
window.header = await new pmtiles.PMTiles(address).getHeader();
window.metadata = await new pmtiles.PMTiles(address).getMetadata();
</script>
"""


@pytest.fixture
def server(sample: LoadedSample, server_url: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Yield the origins of another site with the page and of the server, which holds the archive."""
    if not (MODULES / "pmtiles" / "dist" / "pmtiles.js").is_file():
        missing("web/node_modules is not here: `npm ci` in web/ brings it")
    database_url = create_database(server_url, sample.template)
    port = free_port()
    partner = f"http://127.0.0.1:{port}"
    (tmp_path / "site").mkdir()
    with serve(database_url, tmp_path / "var", allowed_origins=(partner,)) as heat, pages_of(tmp_path / "site", port):
        address = f"{heat}/tiles/{NAMES}.pmtiles?city=1"
        wait_for(lambda: httpx.get(address, timeout=60).status_code == 200, what="the archive", limit_s=LIMIT_S)
        center = httpx.get(f"{heat}/styles/network-dn.json", params={"city": 1}).json()["center"][:2]
        code = re.search(r"```js\n(.+?)```", (ROOT / "docs" / "archives.md").read_text(encoding="utf-8"), re.DOTALL)
        assert code is not None
        text = re.sub(r'const address = ".+?";', f'const address = "{address}";', code[1])
        (tmp_path / "site" / "archive.html").write_text(
            PAGE.replace("CODE", text).replace("CENTER", str(center)), encoding="utf-8"
        )
        yield partner, heat
    drop_database(database_url)


def test_maplibre_draws_an_archive_by_ranges(browser: Browser, server: tuple[str, str]) -> None:
    watch = Watch()
    with browser.new_context(viewport={"width": 800, "height": 600}) as context:
        page = context.new_page()
        page.set_default_timeout(LIMIT_S * 1000)
        watch.attach(page)
        page.goto(f"{server[0]}/archive.html")
        page.wait_for_function("() => window.metadata && window.drawn")
        drawn = page.evaluate("() => map.queryRenderedFeatures({layers: ['pipe', 'asset']}).length")
        header, metadata = page.evaluate("() => [header, metadata]")
        image = picture(page)
    assert watch.errors == []
    assert drawn > 50
    assert count_of(image, {"#ff0000"}) > 300
    assert count_of(image, {"#0000ff"}) > 100
    assert (header["clustered"], header["minZoom"], header["maxZoom"]) == (True, 8, 16)
    assert {layer["id"] for layer in metadata["vector_layers"]} == {"pipe", "asset"}
    asked = [address for address in watch.requests if address.startswith(server[1])]
    assert asked
    assert all(".pmtiles" in address for address in asked)
