"""Takes the solids of a served city into one picture: `make solid-sheet [URL=...] [CITY=1]`.

It shows the city, a street, the underground, a section and the globe.

Each picture waits until nothing in it changes any more; one with nothing on it ends the run.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.contact_sheet import GROUND, LEAST_COLOURS, BlankPicture, Position, compose, place_among, write_png
from tests.browser.pages import CHROMIUM, FLAGS, Viewer, open_viewer, wait_for

HALF_LINE_M = 40.0
_LAYERS = "base,buildings,network,stations,mains,fittings"
_CALM_MS = 2500
_PANELS = ".side, header.top, .legend, .maplibregl-ctrl-group, .maplibregl-ctrl-attrib, .notice-corner, .coordinates"
LEAST_SOLID = 0.02


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: title, page, camera, what else its address holds, and the kinds at the first of which it is taken."""

    title: str
    page: str
    zoom: float
    pitch: float
    bearing: float
    more: str
    places: tuple[str, ...]
    panels: bool = False


SHOTS = (
    Shot("全市三维：楼栋与管网", "/", 14.4, 58, 20, "&mode=3d", ("substations",)),
    Shot("街道：楼栋、换热站、管网", "/", 17.2, 62, -30, "&mode=3d", ("substations",)),
    Shot("地下透视：供回水管、阀门、小室", "/", 19, 62, -30, "&mode=3d&xray=1&cover=15", ("chamber",)),
    Shot(
        "剖面：埋深、管径、间距",
        "/",
        18.4,
        55,
        -30,
        "&mode=3d&xray=1&cover=15&panel=section&line={line}",
        ("chamber",),
        panels=True,
    ),
    Shot("地球：同一组 3D Tiles", "/globe", 17, 50, 30, "", ("substations",)),
)


def main() -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.solid_sheet")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="address of a running server in demo mode")
    parser.add_argument("--city", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/images/solids-contact-sheet.png"))
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        picture = solid_sheet(browser, options.url.rstrip("/"), options.city)
        browser.close()
    size = write_png(picture, options.out)
    print(f"{options.out}: {picture.width} x {picture.height}, {size / 1000:.0f} kB")  # noqa: T201 - what a recipe says


def solid_sheet(browser: Browser, url: str, city: int, *, width: int = 780, height: int = 540) -> Image.Image:
    """Return the sheet of one city; see `contact_sheet.contact_sheet`.

    Raises
    ------
    BlankPicture
        When a picture shows nothing.
    """
    with httpx.Client(base_url=url, timeout=120) as program:
        seats = program.get("/seats").raise_for_status().json()
        program.post("/session", json={"seat_id": seats[0]["seat_id"]}).raise_for_status()
        places = [place_among(program, city, shot.places) for shot in SHOTS]
    pictures = []
    for shot, place in zip(SHOTS, places, strict=True):
        # the panel of a section stands beside its map
        wide = width + 620 if shot.panels else width
        tall = height + 260 if shot.panels else height
        with open_viewer(browser, url, width=wide, height=tall, sharpness=1.0) as shown:
            picture = take(shown, city, shot, place)
            shown.assert_clean()
        require_solids(picture, shot)
        pictures.append(picture.resize((width, height), Image.Resampling.LANCZOS) if shot.panels else picture)
    return compose([shot.title for shot in SHOTS], pictures)


def take(shown: Viewer, city: int, shot: Shot, place: Position) -> Image.Image:
    """Return one picture of the view, without the panels over it where it needs none."""
    lon, lat = place
    camera = f"lon={lon:.6f}&lat={lat:.6f}&z={shot.zoom}&pitch={shot.pitch}&bearing={shot.bearing}"
    layers = f"&layers={_LAYERS}" if shot.page == "/" else ""
    shown.open(f"{shot.page}?city={city}&{camera}{layers}{shot.more.format(line=line_across(place))}")
    if shot.page == "/":
        shown.wait("window.__ht.three !== null", what="the 3D view")
        shown.wait("window.__ht.three.size().features > 0", what="the first solids")
    if not shot.panels:
        shown.look(
            f"(() => {{ for (const one of document.querySelectorAll('{_PANELS}')) one.style.visibility = 'hidden';"
            " const map = document.querySelector('.map-frame'); if (map === null) return;"
            " Object.assign(map.style, {position: 'fixed', inset: '0', height: 'auto'}); window.__ht.map?.resize(); })()"
        )
    return steady(shown)


def line_across(place: Position) -> str:
    """Return a line of the address through a place, from south-west to north-east."""
    lon, lat = place
    north = HALF_LINE_M / 111_100
    east = north / np.cos(np.radians(lat))
    return f"{lon - east / 3:.6f},{lat - north:.6f};{lon + east / 3:.6f},{lat + north:.6f}"


def steady(shown: Viewer) -> Image.Image:
    """Return a picture that the next one equals: tiles have come in and are drawn."""
    last: list[bytes] = [b""]

    def same() -> bytes:
        shown.page.wait_for_timeout(_CALM_MS)
        before, last[0] = last[0], shown.page.screenshot()
        return last[0] if _near(before, last[0]) else b""

    return Image.open(io.BytesIO(wait_for(same, what="the picture to come to rest"))).convert("RGB")


def _near(before: bytes, after: bytes) -> bool:
    """Tell whether two pictures are alike but for a clock or a pulse."""
    if not before:
        return False
    a, b = (np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=np.int16) for data in (before, after))
    return a.shape == b.shape and float((np.abs(a - b) > 8).mean()) < 1e-3


def require_solids(picture: Image.Image, shot: Shot) -> None:
    """Raise `BlankPicture` unless enough of a picture is drawn."""
    pixels = np.asarray(picture).astype(np.int32)
    drawn = float((np.abs(pixels - np.array(GROUND)).sum(axis=2) > 60).mean())
    colours = np.unique(pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]).size
    if drawn < LEAST_SOLID or colours < LEAST_COLOURS:
        raise BlankPicture(f"{shot.title}: {drawn:.1%} drawn in {colours} colours")


if __name__ == "__main__":
    main()
