"""Takes the map of a served city at six zooms into one picture: `make contact-sheet [URL=...] [CITY=1]`.

The places follow from what the city holds: its middle, the middle of its substations, a main station, a substation, a building
with devices. Each picture waits until the map has drawn everything, and a picture with nothing on it ends the run.
"""

from __future__ import annotations

import argparse
import io
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, sync_playwright

from tests.browser.pages import CHROMIUM, FLAGS, Viewer, open_viewer

Position = tuple[float, float]
"""Longitude and latitude in degrees."""

COLUMNS = 3
CAPTION_PX, GAP_PX = 34, 6
MOST_BYTES = 1_500_000
GROUND = (11, 22, 36)
"""Colour of the map where nothing is drawn."""
LEAST_COLOURS, LEAST_DRAWN = 40, 0.01
_SEEN = 24
"""A pixel is drawn when its channels differ from the ground by more than this together."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the sheet: zoom, what it shows, which layers, and the kinds at the first of which it is taken."""

    zoom: float
    title: str
    layers: str
    places: tuple[str, ...] = ()


FRAMES = (
    Frame(8, "全市：区县、热源、电厂供热范围", "base,areas,coverage-plant,stations,mains"),
    Frame(10, "城区：长输与一次网、企业供热范围", "base,coverage-company,network,stations,mains", ("substations",)),
    Frame(12, "片区：街道、管网、换热站", "base,areas,coverage-boiler-house,network,stations,mains", ("substations",)),
    Frame(
        14,
        "干线：主干站、阀门、气象站",
        "base,coverage-substation,buildings,network,stations,mains,weather",
        ("isolating_station", "accumulator", "relay_pump_station", "boiler_house"),
    ),
    Frame(16, "小区：楼栋、供回水、热力入口", "base,coverage-estate,buildings,network,stations,mains,fittings", ("substations",)),
    Frame(
        17.5,
        "楼栋：室温、网关、摄像头、测压点",
        "base,buildings,network,stations,mains,fittings,devices",
        ("room_sensor", "substations"),
    ),
)


class BlankPicture(AssertionError):
    """A picture of the sheet shows nothing."""


def main() -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.contact_sheet")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="address of a running server in demo mode")
    parser.add_argument("--city", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/images/city-contact-sheet.png"))
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        picture = contact_sheet(browser, options.url.rstrip("/"), options.city)
        browser.close()
    size = write_png(picture, options.out)
    print(f"{options.out}: {picture.width} x {picture.height}, {size / 1000:.0f} kB")  # noqa: T201 - what a recipe says


def contact_sheet(browser: Browser, url: str, city: int, *, width: int = 780, height: int = 540) -> Image.Image:
    """Return the sheet of one city.

    Parameters
    ----------
    browser
        Chromium.
    url
        Address of the server, without a slash at its end.
    city
        City id.
    width, height
        Of one picture, in pixels.

    Raises
    ------
    BlankPicture
        When a picture shows nothing.
    """
    with httpx.Client(base_url=url, timeout=120) as program:
        seats = program.get("/seats").raise_for_status().json()
        program.post("/session", json={"seat_id": seats[0]["seat_id"]}).raise_for_status()
        places = [place_of(program, city, frame) for frame in FRAMES]
    pictures = []
    with open_viewer(browser, url, width=width, height=height, sharpness=1.0) as shown:
        for frame, place in zip(FRAMES, places, strict=True):
            picture = take(shown, city, frame, place)
            require_content(picture, frame)
            pictures.append(picture)
        shown.assert_clean()
    return compose([f"z{frame.zoom:g}  {frame.title}" for frame in FRAMES], pictures)


def place_of(program: httpx.Client, city: int, frame: Frame) -> Position:
    """Return where a picture is taken: at the first of its kinds that the city holds, else in the middle of the city."""
    return place_among(program, city, frame.places)


def place_among(program: httpx.Client, city: int, kinds: Sequence[str]) -> Position:
    """Return the place of the first of some kinds that the city holds, else the middle of the city."""
    for kind in kinds:
        if kind == "substations":
            return _middle_substation(program, city)
        items = program.get("/assets", params={"city": city, "kind": kind, "limit": 1}).raise_for_status().json()["items"]
        if items and items[0]["position"]:
            lon, lat = items[0]["position"]
            return lon, lat
    cities = program.get("/cities").raise_for_status().json()
    west, south, east, north = next(item["bbox"] for item in cities if item["city_id"] == city)
    return (west + east) / 2, (south + north) / 2


def _middle_substation(program: httpx.Client, city: int) -> Position:
    """Return the substation nearest to the middle of all of them, so that something is there."""
    first = program.get("/assets", params={"city": city, "kind": "substation", "limit": 1000}).raise_for_status().json()
    items = list(first["items"])
    while len(items) < first["total"]:
        query = {"city": city, "kind": "substation", "limit": 1000, "offset": len(items)}
        items += program.get("/assets", params=query).raise_for_status().json()["items"]
    lonlat = np.array([item["position"] for item in items if item["position"]])
    away = lonlat - np.median(lonlat, axis=0)
    lon, lat = lonlat[np.argmin((away**2).sum(axis=1))]
    return float(lon), float(lat)


def take(shown: Viewer, city: int, frame: Frame, place: Position) -> Image.Image:
    """Return the map at a place, without the panels over it."""
    shown.open(f"/?city={city}&lon={place[0]:.6f}&lat={place[1]:.6f}&z={frame.zoom}&layers={frame.layers}")
    # the map takes the whole window
    shown.look(
        "(() => { const over = document.querySelectorAll('.side, header.top, .legend, .maplibregl-ctrl-group');"
        " for (const one of over) one.style.display = 'none';"
        " const map = document.querySelector('.map-frame');"
        " Object.assign(map.style, {position: 'fixed', inset: '0', height: 'auto'}); window.__ht.map.resize(); })()"
    )
    shown.wait("window.__ht.map.areTilesLoaded()", what="all tiles to be there")
    shown.still()
    return Image.open(io.BytesIO(shown.page.screenshot())).convert("RGB")


def require_content(picture: Image.Image, frame: Frame) -> None:
    """Raise `BlankPicture` unless enough of a picture is drawn."""
    pixels = np.asarray(picture).astype(np.int32)
    drawn = float((np.abs(pixels - np.array(GROUND)).sum(axis=2) > _SEEN).mean())
    colours = np.unique(pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]).size
    if drawn < LEAST_DRAWN or colours < LEAST_COLOURS:
        raise BlankPicture(f"zoom {frame.zoom} ({frame.layers}): {drawn:.1%} drawn in {colours} colours")


def compose(titles: Sequence[str], pictures: Sequence[Image.Image]) -> Image.Image:
    """Lay the pictures out in rows, each under its caption."""
    width, height = pictures[0].size
    rows = -(-len(pictures) // COLUMNS)
    step_x, step_y = width + GAP_PX, height + CAPTION_PX + GAP_PX
    sheet = Image.new("RGB", (COLUMNS * step_x - GAP_PX, rows * step_y - GAP_PX), GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(chinese_font(), 18)
    for number, (title, picture) in enumerate(zip(titles, pictures, strict=True)):
        x, y = number % COLUMNS * step_x, number // COLUMNS * step_y
        draw.text((x + 8, y + 5), title, font=font, fill=(165, 243, 252))
        sheet.paste(picture, (x, y + CAPTION_PX))
    return sheet


def chinese_font() -> str:
    """Return the file of the machine's font for Chinese."""
    found = subprocess.run(
        ["fc-match", "-f", "%{file}", "Noto Sans CJK SC:lang=zh-cn"], capture_output=True, text=True, check=True
    )
    return found.stdout


def write_png(picture: Image.Image, path: Path) -> int:
    """Write a picture with as many colours as fit into `MOST_BYTES`; returns its size in bytes."""
    for colours in (256, 192, 128, 64):
        body = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(body, "PNG", optimize=True)
        if body.tell() < MOST_BYTES:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body.getvalue())
            return body.tell()
    raise AssertionError(f"the picture does not fit into {MOST_BYTES} bytes")


if __name__ == "__main__":
    main()
