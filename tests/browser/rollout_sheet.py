"""Takes the layers of the rollout of a served city into one picture: `make rollout-sheet [URL=...] [CITY=1]`.

City, district and village, themes, markers, energies, stages, a past year, projects; each with its legend. The places follow from
the figures: the district and the village with the most devices. A picture with nothing on it ends the run.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.contact_sheet import GROUND, LEAST_COLOURS, BlankPicture, Position, compose, write_png
from tests.browser.pages import CHROMIUM, FLAGS, Viewer, open_viewer

_AREAS = "base,rollout-areas"
_HIDDEN = (
    ".side, header.top, .maplibregl-ctrl-group, .maplibregl-ctrl-attrib, .notice-corner, .coordinates, .synthetic, .side.left"
)
LEAST_DRAWN = 0.03


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: title, the kind of area in whose middle it is taken, zoom, layers, what else its address holds."""

    title: str
    place: str
    zoom: float
    more: str
    layers: str = _AREAS


SHOTS = (
    Shot("全市：乡镇按改造类型", "city", 8.1, "&theme=type"),
    Shot("区县：村屯按改造类型", "district", 10.9, "&theme=type"),
    Shot("村屯：单台设备（空心：停用或无数据）", "village", 15.8, "&theme=monitoring"),
    Shot("项目实施：任务完成率（区县）", "city", 8.1, "&theme=implementation&tier=district"),
    Shot("工程标记：未完成、≤300 台、>300 台（村屯）", "district", 10.9, "&theme=marker&tier=village"),
    Shot("能源信息：生物质占清洁取暖面积（区县）", "city", 8.1, "&theme=energy&tier=district&energy=biomass"),
    Shot("实施阶段（乡镇），最早年份", "city", 8.1, "&theme=stage&tier=township&year={first_year}"),
    Shot("满意度（乡镇）", "city", 8.1, "&theme=satisfaction&tier=township"),
    Shot("项目：类别、阶段、规模", "city", 9.2, "&theme=rate&tier=district", f"{_AREAS},rollout-projects"),
)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the pictures are taken, and the first year that the figures are kept for."""

    by_kind: dict[str, Position]
    first_year: int


def main() -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.rollout_sheet")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="address of a running server in demo mode")
    parser.add_argument("--city", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/images/rollout-contact-sheet.png"))
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        picture = rollout_sheet(browser, options.url.rstrip("/"), options.city)
        browser.close()
    size = write_png(picture, options.out)
    print(f"{options.out}: {picture.width} x {picture.height}, {size / 1000:.0f} kB")  # noqa: T201 - what a recipe says


def rollout_sheet(browser: Browser, url: str, city: int, *, width: int = 780, height: int = 540) -> Image.Image:
    """Return the sheet of one city; see `contact_sheet.contact_sheet`.

    Raises
    ------
    BlankPicture
        When a picture shows nothing.
    """
    places = find_places(url, city)
    pictures = []
    # one page: a shot is an address, and legends need more room than a picture of the sheet has
    with open_viewer(browser, url, width=1170, height=810, sharpness=1.0) as shown:
        for shot in SHOTS:
            picture = take(shown, city, shot, places)
            require_drawn(picture, shot)
            pictures.append(picture.resize((width, height), Image.Resampling.LANCZOS))
        shown.assert_clean()
    return compose([shot.title for shot in SHOTS], pictures)


def find_places(url: str, city: int) -> Places:
    """Return the middle of the city, and of the district and the village with the most devices."""
    with httpx.Client(base_url=url, timeout=120) as program:
        seats = program.get("/seats").raise_for_status().json()
        program.post("/session", json={"seat_id": seats[0]["seat_id"]}).raise_for_status()

        def asked(path: str, **query: object) -> Any:
            return program.get(path, params={"city": city, **query}).raise_for_status().json()

        by_kind = {}
        for kind in ("city", "district", "village"):
            found = asked("/rollout/figures", kind=kind, names="device_count")["items"]
            most = max(found, key=lambda item: item["figures"]["device_count"] or 0)
            area = asked("/rollout/areas", area=most["area_id"])["items"][0]
            by_kind[kind] = (area["lon"], area["lat"])
        return Places(by_kind, asked("/rollout/figures", area=0)["years"][0])


def take(shown: Viewer, city: int, shot: Shot, places: Places) -> Image.Image:
    """Return one picture of the map with its legend."""
    lon, lat = places.by_kind[shot.place]
    more = shot.more.format(first_year=places.first_year)
    shown.open(f"/?city={city}&panel=rollout-map&lon={lon:.6f}&lat={lat:.6f}&z={shot.zoom}&layers={shot.layers}{more}")
    shown.look(
        f"(() => {{ for (const one of document.querySelectorAll('{_HIDDEN}')) one.style.visibility = 'hidden';"
        " const map = document.querySelector('.map-frame');"
        " Object.assign(map.style, {position: 'fixed', inset: '0', height: 'auto'}); window.__ht.map.resize(); })()"
    )
    if "year=" in more:
        shown.wait("document.querySelector('.theme-legend h3').textContent.includes('年末')", what="the legend of the year")
    # what comes beside the tiles (live values, a past year, projects) draws the map once more
    for _ in range(3):
        shown.page.wait_for_timeout(1200)
        shown.wait("window.__ht.map.areTilesLoaded()", what="all tiles to be there")
        shown.still()
    return Image.open(io.BytesIO(shown.page.screenshot())).convert("RGB")


def require_drawn(picture: Image.Image, shot: Shot) -> None:
    """Raise `BlankPicture` unless enough of a picture is drawn."""
    pixels = np.asarray(picture).astype(np.int32)
    drawn = float((np.abs(pixels - np.array(GROUND)).sum(axis=2) > 24).mean())
    colours = np.unique(pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]).size
    if drawn < LEAST_DRAWN or colours < LEAST_COLOURS:
        raise BlankPicture(f"{shot.title}: {drawn:.1%} drawn in {colours} colours")


if __name__ == "__main__":
    main()
