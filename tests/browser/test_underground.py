"""Under the ground: a section drawn by clicks, its list, its diagram, and the view through the ground; one page load."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import numpy as np
import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.pages import Viewer, open_viewer, wait_for

WINDOW = (1100, 700)
LONG_PIPE = """
select st_x(m.at), st_y(m.at), st_x(e.at) - st_x(s.at), st_y(e.at) - st_y(s.at)
  from asset a
 cross join lateral (select st_lineinterpolatepoint(st_geometryn(st_force2d(a.geom), 1), 0.5) as at) m
 cross join lateral (select st_lineinterpolatepoint(st_geometryn(st_force2d(a.geom), 1), 0.51) as at) e
 cross join lateral (select st_lineinterpolatepoint(st_geometryn(st_force2d(a.geom), 1), 0.49) as at) s
 where a.city_id = 1 and a.kind = 'pipe' and a.valid_to_at is null
 order by (a.attributes ->> 'network_level' = 'primary') desc, st_length(a.geom) desc, a.asset_id
 limit 1
"""
HALF_M = 40.0
SUPPLY_PIXELS = 30


@pytest.fixture
def across(sample_database: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a place on a primary pipe and the two ends of a line across it, lon and lat."""
    with psycopg.connect(sample_database) as connection:
        found = connection.execute(LONG_PIPE).fetchone()
    assert found is not None
    lon, lat, dx, dy = found
    east, north = dx * np.cos(np.radians(lat)), dy
    left = np.array([-north, east]) / np.hypot(east, north) * HALF_M / 111_100 / np.array([np.cos(np.radians(lat)), 1.0])
    middle = np.array([lon, lat])
    return middle, middle - left, middle + left


def rows(shown: Viewer, selector: str) -> list[int]:
    found: list[int] = shown.look(f"[...document.querySelectorAll('{selector}')].map((one) => Number(one.dataset.asset))")
    return found


def test_a_section_drawn_by_clicks_is_that_of_the_server_and_is_seen_through_the_ground(
    browser: Browser,
    sample_server: str,
    program: httpx.Client,
    across: tuple[np.ndarray, np.ndarray, np.ndarray],
    pictures: Path,
) -> None:
    middle, first, last = across
    with open_viewer(browser, sample_server, width=WINDOW[0], height=WINDOW[1]) as shown:
        shown.open(f"/?city=1&lon={middle[0]}&lat={middle[1]}&z=17.5&panel=section")
        shown.still()
        shown.page.get_by_role("button", name="画剖面线").click()
        for place in (first, last):
            shown.page.mouse.click(*shown.pixel_of((float(place[0]), float(place[1]))))
        shown.page.keyboard.press("Enter")
        shown.page.get_by_role("list", name="剖面内容").wait_for()
        drawn = str(shown.look("new URLSearchParams(location.search).get('line')"))
        wanted = program.get("/sections", params={"city": 1, "line": drawn, "reach_m": 2}).json()
        ids = [pipe["asset_id"] for pipe in wanted["pipes"]]
        assert ids
        assert rows(shown, ".section-rows li") == ids
        assert rows(shown, ".section-diagram g[data-asset]") == ids

        shown.page.get_by_role("switch", name="地下透视").click()
        shown.wait("window.__ht.three !== null", what="the 3D view")
        shown.wait("window.__ht.map.getCanvas().style.opacity === '0.25'", what="the ground to fade")
        drawn_under = "['pipes', 'fittings'].every((one) => window.__ht.scene.includes(one))"
        shown.wait(drawn_under, what="the tubes and the fittings to be drawn")
        shown.still()
        assert "xray=1" in shown.page.url
        wait_for(lambda: supply_pixels(shown) > SUPPLY_PIXELS, what="tubes of the supply to be seen where the line crosses them")
        shown.shoot(pictures / "underground.png")
        shown.page.get_by_role("switch", name="地下透视").click()
        wait_for(lambda: shown.look("window.__ht.map.getCanvas().style.opacity") == "", what="the ground to be whole again")
        shown.assert_clean()


def supply_pixels(shown: Viewer) -> int:
    """Return how many pixels have the colour of the supply, lit or in the shade, with the flat map hidden."""
    canvas = "window.__ht.map.getCanvas().style"
    shown.look(f"{canvas}.visibility = 'hidden'")
    data = shown.page.screenshot(clip={"x": 420, "y": 330, "width": 240, "height": 260})
    shown.look(f"{canvas}.visibility = ''")
    red, green, blue = np.moveaxis(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int), 2, 0)
    return int(((red > 120) & (red > 1.3 * green) & (green > 1.3 * blue)).sum())
