"""The globe: the same 3D Tiles drawn by CesiumJS, which is an optional part of the viewer's build."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psycopg
import pytest

from api.static_files import VIEWER
from tests.browser.conftest import OpenViewer
from tests.browser.pages import Viewer
from tests.conftest import ROOT, LoadedSample, missing
from tiles.raster import sample_heights

CESIUM = VIEWER / "static" / f"cesium-{json.loads((ROOT / 'web/cesium.json').read_text())['version']}"
WINDOW = (720, 480)
MIDDLE = (125.297, 43.853)
GROUND_TOLERANCE_M = 1.5
"""The globe's surface is a net of a few metres; heights are sent in decimetres."""
ALARM, SELECTED = "#ff1744", "#ffffff"
HEIGHT_STEPS_M = (0, 10, 20, 40, 60, 100)
COLD_DEGC, WARM_DEGC = 20.0, 55.0
BUILDINGS = """
select asset_id, code, st_x(at), st_y(at), height_m
  from (select asset_id, code, geom, st_pointonsurface(geom) as at, (attributes ->> 'height_m')::float8 as height_m
          from asset where city_id = 1 and kind = 'building' and valid_to_at is null) building
 where height_m > 0
 order by geom <-> st_setsrid(st_makepoint(%s, %s), 4326)
 limit 60
"""


@dataclass(frozen=True, slots=True)
class Building:
    """A building as PostGIS has it, with a point of its roof."""

    asset_id: int
    code: str
    lon: float
    lat: float
    height_m: float

    @property
    def step(self) -> int:
        """Which step of the ramp its height is on."""
        return sum(self.height_m >= step for step in HEIGHT_STEPS_M)


@pytest.fixture(scope="module")
def cesium(built_viewer: None) -> None:
    """Skip (fail in CI) without Cesium's build."""
    if not (CESIUM / "Cesium.js").is_file():
        missing(f"Cesium is not beside the viewer ({CESIUM}); `npm run cesium` in web/ fetches it")


@pytest.fixture
def buildings(sample_database: str) -> list[Building]:
    """Return three buildings near the middle whose heights are on different steps of the ramp."""
    with psycopg.connect(sample_database) as connection:
        found = [Building(*row) for row in connection.execute(BUILDINGS, MIDDLE)]
    by_step = {building.step: building for building in reversed(found)}
    assert len(by_step) >= 3, by_step
    return list(by_step.values())[:3]


@pytest.fixture
def reporting(program: httpx.Client, buildings: list[Building]) -> Iterator[Any]:
    """Yield a function that sends a supply temperature of the first building, which is warm afterwards."""
    like = next(source for source in program.get("/sources").json() if source["asset_kind"] == "substation")
    code, version = like["schema"].split("/")
    schema = next(one for one in program.get("/schemas").json() if (one["code"], one["version"]) == (code, int(version)))
    source = {"code": "globe-test", "schema": like["schema"], "asset_id": buildings[0].asset_id}
    program.post("/sources", json=source).raise_for_status()

    def send(degc: float) -> None:
        values = [degc if point["name"] == "secondary_supply_temperature_degc" else None for point in schema["points"]]
        frame = {"source": "globe-test", "schema": like["schema"], "observed_at": time.time_ns() // 1_000_000, "values": values}
        answer = program.post("/readings", json={"frames": [frame]})
        assert answer.json()["results"] == ["accepted"], answer.text

    yield send
    send(WARM_DEGC)
    program.post("/sources/retire", json={"codes": ["globe-test"]}).raise_for_status()


def look_at(shown: Viewer, building: Building) -> None:
    """Stand over a building: its roof is in the middle of the window, whatever its height."""
    view = {"lon": building.lon, "lat": building.lat, "zoom": 18, "pitch": 0, "bearing": 0}
    shown.look(f"(window.__ht.globe.lookAt({json.dumps(view)}), true)")
    time.sleep(0.3)  # tiles are asked for by the next frame
    shown.wait("window.__ht.globe.settled", what="the tiles of a building to be drawn")


def middle(shown: Viewer) -> str:
    """Return the middle of the globe's canvas, as the page writes it."""
    size = "(({clientWidth, clientHeight}) => [clientWidth, clientHeight])(document.querySelector('.globe canvas'))"
    width, height = shown.look(size)
    return f"{{x: {width / 2}, y: {height / 2}}}"


def colours_over(shown: Viewer, buildings: list[Building]) -> list[str]:
    at = middle(shown)
    colours = []
    for building in buildings:
        look_at(shown, building)
        colours.append(str(shown.look(f"window.__ht.globe.colourAt({at})")))
    return colours


def ground_m(sample: LoadedSample, building: Building) -> float:
    """Return the height of the ground where a building stands, out of the delivered raster."""
    return float(sample_heights(sample.manifest.parent / "ground.tif", np.array([[building.lon, building.lat]]))[0])


def test_the_globe_stands_on_the_citys_ground_and_tells_buildings_apart(
    cesium: None, viewer: OpenViewer, sample: LoadedSample, buildings: list[Building], reporting: Any, pictures: Path
) -> None:
    first = buildings[0]
    with viewer(*WINDOW) as shown:
        shown.open(f"/globe?city=1&lon={first.lon}&lat={first.lat}&z=18")
        assert sorted(shown.look("window.__ht.globe.names")) == ["buildings", "fittings", "pipes"]
        at = middle(shown)
        for building in buildings:
            look_at(shown, building)
            picked = shown.look(f"window.__ht.globe.pickAt({at})")
            assert picked["assetId"] == building.asset_id
            assert shown.look(f"window.__ht.globe.heightAt({building.lon}, {building.lat})") == pytest.approx(
                ground_m(sample, building), abs=GROUND_TOLERANCE_M
            )
            assert picked["columns"]["height"] == pytest.approx(building.height_m, abs=0.01)

        shown.page.get_by_text("高度与埋深").click()
        shown.wait(f"window.__ht.globe.colourAt({at}) !== '#8ea6c0'", what="the colours of heights")
        assert len(set(colours_over(shown, buildings))) == len(buildings), "each height is on a step of its own"

        shown.page.get_by_text("运行状态", exact=True).click()
        look_at(shown, first)
        shown.wait(f"window.__ht.globe.colourAt({at}) === '#8ea6c0'", what="a building without a status to be plain")
        reporting(COLD_DEGC)
        shown.wait(f"window.__ht.globe.colourAt({at}) === '{ALARM}'", what="the building in alarm to be red")
        assert ALARM not in colours_over(shown, buildings[1:])

        look_at(shown, first)
        box = shown.page.locator(".globe canvas").bounding_box()
        assert box is not None
        shown.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        shown.wait(f"window.__ht.selected === {first.asset_id}", what="the clicked building to be selected")
        shown.page.get_by_role("region", name="所选对象").get_by_text(first.code).wait_for()
        shown.shoot(pictures / "globe-720x480.png")
        shown.assert_clean()
