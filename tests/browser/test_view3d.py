"""The 3D view: solids are picked and coloured by asset, each by itself."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.browser.conftest import OpenViewer
from tests.browser.pages import Viewer

CLICKS = 20
WINDOW = (1100, 700)
MIDDLE = (125.297, 43.853)
ROOFS = """
select b.asset_id, b.lon, b.lat, b.height_m
  from (select a.asset_id, a.geom, st_x(p.at) as lon, st_y(p.at) as lat,
               coalesce(nullif((a.attributes ->> 'height_m')::float8, 0),
                        nullif((a.attributes ->> 'storeys')::float8, 0) * 3.0, 9.0) as height_m
          from asset a cross join lateral (select st_pointonsurface(a.geom) as at) p
         where a.city_id = 1 and a.kind = 'building' and a.valid_to_at is null) b
 order by b.geom <-> st_setsrid(st_makepoint(%s, %s), 4326)
 limit 120
"""


@pytest.fixture
def roofs(sample_database: str) -> Iterator[list[tuple[int, float, float, float]]]:
    """Yield buildings near the middle: id, and a point of the roof as PostGIS has it, nearest first."""
    with psycopg.connect(sample_database) as connection:
        yield connection.execute(ROOFS, MIDDLE).fetchall()


def open_scene(shown: Viewer, pitch: int) -> None:
    shown.open(f"/?city=1&lon={MIDDLE[0]}&lat={MIDDLE[1]}&z=16.3&pitch={pitch}&mode=3d&layers=base,buildings")
    shown.wait("window.__ht.three && window.__ht.three.size().features > 500", what="the solids to be read")
    shown.still()


def free_spots(shown: Viewer, roofs: list[tuple[int, float, float, float]]) -> list[tuple[int, float, float]]:
    """Return the ids of buildings and the pixels of their roofs that no panel of the page covers."""
    box = shown.look("(() => { const b = window.__ht.map.getCanvas().getBoundingClientRect(); return [b.left, b.top]; })()")
    spots = []
    for asset_id, lon, lat, height_m in roofs:
        x, y = shown.look(f"window.__ht.three.project({lon}, {lat}, {height_m})")
        at = (x + box[0], y + box[1])
        on_top = shown.look(f"document.elementFromPoint({at[0]}, {at[1]}) === window.__ht.map.getCanvas()")
        if on_top:
            spots.append((asset_id, *at))
    return spots


def test_twenty_clicks_on_roofs_select_the_buildings_that_postgis_has_there(
    viewer: OpenViewer, roofs: list[tuple[int, float, float, float]]
) -> None:
    with viewer(*WINDOW) as shown:
        open_scene(shown, pitch=0)
        clicked = 0
        for pitch, wanted in ((0, 12), (45, CLICKS)):
            shown.look(f"window.__ht.map.jumpTo({{pitch: {pitch}}})")
            shown.still()
            spots = free_spots(shown, roofs)[: wanted - clicked]
            assert len(spots) == wanted - clicked, "the window shows enough roofs"
            for asset_id, x, y in spots:
                shown.page.mouse.click(x, y)
                shown.wait(f"window.__ht.selected === {asset_id}", what=f"the roof of {asset_id} to select at pitch {pitch}")
                clicked += 1
        assert clicked == CLICKS
        shown.assert_clean()
