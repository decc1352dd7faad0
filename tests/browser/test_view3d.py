"""The 3D view: solids are picked and coloured by asset, each by itself; one page load for all of it."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import psycopg
import pytest
import shapely
from PIL import Image
from playwright.sync_api import Browser

from tests.api.serving import wait_for as told
from tests.browser.pages import QUICK_SHARPNESS, Viewer, open_viewer, wait_for

CLICKS = 20
WINDOW = (1100, 700)
MIDDLE = (125.297, 43.853)
RULE = "inlet_supply_cold"
COLD_DEGC, WARM_DEGC = 12.0, 60.0
FEATURES = 500
NEAR_PX = 6.0
STRAY = 0.02
"""How far from its outline a pixel of a building may lie, and the share that may lie further (boxes of the far level)."""
BUILDINGS = """
select b.asset_id, b.lon, b.lat, b.height_m, st_asbinary(b.geom)
  from (select a.asset_id, a.geom, st_x(p.at) as lon, st_y(p.at) as lat,
               coalesce(nullif((a.attributes ->> 'height_m')::float8, 0),
                        nullif((a.attributes ->> 'storeys')::float8, 0) * 3.0, 9.0) as height_m
          from asset a cross join lateral (select st_pointonsurface(a.geom) as at) p
         where a.city_id = 1 and a.kind = 'building' and a.valid_to_at is null) b
 order by b.geom <-> st_setsrid(st_makepoint(%s, %s), 4326)
 limit 120
"""
INLET = """
select i.asset_id
  from asset i
  join asset b on b.city_id = 1 and b.kind = 'building' and b.valid_to_at is null and b.code = i.attributes ->> 'building_code'
 where i.city_id = 1 and i.kind = 'building_inlet' and i.valid_to_at is null and b.asset_id = %s
 limit 1
"""
Building = tuple[int, float, float, float, bytes]
Spot = tuple[Building, float, float]


@pytest.fixture(scope="module")
def archive(sample_database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(sample_database, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def near(archive: psycopg.Connection[Any]) -> list[Building]:
    """Return buildings near the middle: id, a point of the roof as PostGIS has it, and the outline; nearest first."""
    return [(*row,) for row in archive.execute(BUILDINGS, MIDDLE).fetchall()]


@pytest.fixture(scope="module")
def shown(browser: Browser, sample_server: str) -> Iterator[Viewer]:
    """Yield the page in 3D, straight from above."""
    with open_viewer(browser, sample_server, width=WINDOW[0], height=WINDOW[1]) as viewer:
        camera = f"lon={MIDDLE[0]}&lat={MIDDLE[1]}&z=16.3&pitch=0"
        viewer.open(f"/?city=1&{camera}&mode=3d&layers=base,buildings")
        viewer.wait(f"window.__ht.three && window.__ht.three.size().features > {FEATURES}", what="the solids to be read")
        viewer.still()
        yield viewer


def corner(shown: Viewer) -> tuple[float, float]:
    """Return where the map begins in the page."""
    box = "(() => { const box = window.__ht.map.getCanvas().getBoundingClientRect(); return [box.left, box.top]; })()"
    left, top = shown.look(box)
    return left, top


def free_spots(shown: Viewer, near: list[Building]) -> list[Spot]:
    """Return the buildings with the pixels of their roofs, those only that no panel of the page covers."""
    left, top = corner(shown)
    roofs = [[lon, lat, height] for _, lon, lat, height, _ in near]
    spots = f"{roofs}.map(([lon, lat, height]) => window.__ht.three.project(lon, lat, height))"
    canvas = "window.__ht.map.getCanvas()"
    over = f"document.elementFromPoint(x + {left}, y + {top}) === {canvas}"
    found = shown.look(f"{spots}.map(([x, y]) => [x + {left}, y + {top}, {over}])")
    return [(building, x, y) for building, (x, y, free) in zip(near, found, strict=True) if free]


def tilt(shown: Viewer, pitch: int) -> None:
    shown.look(f"window.__ht.map.jumpTo({{pitch: {pitch}}})")
    shown.still()


def test_twenty_clicks_on_roofs_select_the_buildings_that_postgis_has_there(shown: Viewer, near: list[Building]) -> None:
    clicked = 0
    for pitch, wanted in ((0, 12), (45, CLICKS)):
        tilt(shown, pitch)
        spots = free_spots(shown, near)[: wanted - clicked]
        assert len(spots) == wanted - clicked, "the window shows enough roofs"
        for (asset_id, *_), x, y in spots:
            shown.page.mouse.click(x, y)
            shown.wait(f"window.__ht.selected === {asset_id}", what=f"the roof of {asset_id} to select it at pitch {pitch}")
            clicked += 1
    assert clicked == CLICKS
    shown.assert_clean()


def send(program: httpx.Client, inlet: int, supply_degc: float) -> None:
    """Send one frame of a heat inlet: everything missing but the supply temperature."""
    source = next(item for item in program.get("/sources").json() if item["asset_id"] == inlet)
    code, version = source["schema"].split("/")
    schema = next(item for item in program.get("/schemas").json() if (item["code"], item["version"]) == (code, int(version)))
    values = [supply_degc if point["name"] == "supply_temperature_degc" else None for point in schema["points"]]
    frame = {"source": source["code"], "schema": source["schema"], "observed_at": time.time_ns() // 1_000_000, "values": values}
    assert program.post("/readings", json={"frames": [frame]}).json()["results"] == ["accepted"]


@pytest.fixture
def watched(program: httpx.Client) -> Iterator[None]:
    """Watch the supply temperature of heat inlets while the test runs."""
    rule = {
        "name_zh": "热力入口供水温度过低",
        "name_en": "Supply temperature of an inlet low",
        "schema_code": "building_inlet",
        "point": "supply_temperature_degc",
        "above": None,
        "below": 30.0,
        "level": 1,
        "note": "3D test",
    }
    program.put(f"/alarms/rules/{RULE}", json=rule).raise_for_status()
    yield
    program.put(f"/alarms/rules/{RULE}", json=rule | {"enabled": False}).raise_for_status()


def red_pixels(shown: Viewer) -> Any:
    """Return x and y (CSS pixels of the page) of the map's pixels in the colour of an alarm, lit or in the shade."""
    shown.still()
    shown.look("document.querySelectorAll('.side, .legend').forEach((one) => { one.style.visibility = 'hidden'; })")
    pixels = np.asarray(Image.open(io.BytesIO(shown.page.screenshot())).convert("RGB")).astype(np.int32)
    shown.look("document.querySelectorAll('.side, .legend').forEach((one) => { one.style.visibility = ''; })")
    red, green, blue = np.moveaxis(pixels, 2, 0)
    y, x = np.nonzero((red > 120) & (4 * green < red) & (5 * blue < 2 * red))
    return np.column_stack([x, y]) / QUICK_SHARPNESS


def outline(shown: Viewer, building: Building) -> Any:
    """Return the hull of a building in the page: its foot and its roof."""
    left, top = corner(shown)
    corners = shapely.get_coordinates(shapely.from_wkb(building[4])).tolist()
    points = [[lon, lat, height] for lon, lat in corners for height in (0.0, building[3])]
    found = shown.look(f"{points}.map(([lon, lat, height]) => window.__ht.three.project(lon, lat, height))")
    return shapely.MultiPoint([(x + left, y + top) for x, y in found]).convex_hull


def test_an_alarm_in_a_building_recolours_exactly_that_building(
    shown: Viewer, near: list[Building], program: httpx.Client, archive: psycopg.Connection[Any], watched: None
) -> None:
    tilt(shown, 45)
    selected = shown.look("window.__ht.selected")
    houses = ((building, archive.execute(INLET, (building[0],)).fetchone()) for building, *_ in free_spots(shown, near))
    building, inlet = next((one, found[0]) for one, found in houses if found is not None and one[0] != selected)
    tiles = shown.watch.requests.copy()
    assert shown.look("window.__ht.three.alarmed()") == []
    assert len(red_pixels(shown)) == 0
    try:
        send(program, inlet, COLD_DEGC)
        wait_for(lambda: shown.look("window.__ht.three.alarmed()"), what="the building to turn red")
        assert shown.look("window.__ht.three.alarmed()") == [building[0]]
        red = red_pixels(shown)
        assert len(red) > 20, "the alarm is seen"
        hull = outline(shown, building).buffer(NEAR_PX)
        outside = ~shapely.contains_xy(hull, red[:, 0], red[:, 1])
        assert outside.mean() <= STRAY, f"{outside.sum()} of {len(red)} red pixels lie beside building {building[0]}"
        assert [url for url in shown.watch.requests[len(tiles) :] if ".glb" in url] == [], "no tile is loaded again"
    finally:
        send(program, inlet, WARM_DEGC)
    told(lambda: not shown.look("window.__ht.three.alarmed()"), what="the building to be plain again")
    shown.assert_clean()
