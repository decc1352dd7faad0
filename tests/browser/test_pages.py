"""The pages as a person meets them: languages, phones, the wall, 3D, the address, a lost feed."""

from __future__ import annotations

import warnings
from pathlib import Path

import httpx
import numpy as np
import pytest
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from tests.browser.conftest import OpenViewer
from tests.browser.pages import Viewer


def colours_in_the_middle(png: bytes) -> int:
    """Number of different colours in the middle half of a picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a screenshot lies nowhere on earth
        with MemoryFile(png) as file, file.open(driver="PNG") as picture:
            bands = picture.read([1, 2, 3])
    height, width = bands.shape[1:]
    middle = bands[:, height // 4 : -height // 4, width // 4 : -width // 4].astype(np.int64)
    return int(np.unique(middle[0] << 16 | middle[1] << 8 | middle[2]).size)


def assert_fits(shown: Viewer) -> None:
    """Nothing hangs out of the window to the side."""
    width, inner = shown.look("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= inner


def test_the_first_page_shows_the_city_in_chinese_and_says_that_it_is_made_up(viewer: OpenViewer, pictures: Path) -> None:
    with viewer(1440, 900) as shown:
        shown.open("/")
        assert shown.page.get_by_role("heading", name="城市供热数字孪生").is_visible()
        assert shown.page.get_by_text("模拟数据 Synthetic data").is_visible()
        shown.still()
        assert shown.look("window.__ht.map.queryRenderedFeatures({layers: ['stations-dot']}).length") > 20
        assert colours_in_the_middle(shown.shoot(pictures / "first-page-1440x900.png")) > 50
        assert_fits(shown)
        shown.assert_clean()


def test_the_language_is_switched_and_stays_in_the_address(viewer: OpenViewer) -> None:
    with viewer(1024, 700) as shown:
        shown.open("/?layers=base")
        shown.page.get_by_role("button", name="切换语言").click()
        shown.page.get_by_role("heading", name="City heating twin").wait_for()
        assert shown.page.get_by_role("region", name="Alarms").is_visible()
        assert shown.look("document.documentElement.lang") == "en"
        assert "lang=en" in shown.look("window.location.search")
        shown.page.reload()
        shown.page.get_by_role("heading", name="City heating twin").wait_for()
        shown.assert_clean()


def test_the_address_holds_the_whole_view(viewer: OpenViewer) -> None:
    with viewer(1024, 700) as shown:
        shown.open("/?city=1&lon=125.29700&lat=43.85300&z=14.50&bearing=20&layers=base,network")
        assert shown.look("window.__ht.map.getBearing()") == pytest.approx(20)
        assert shown.look("window.__ht.map.getZoom()") == pytest.approx(14.5)
        assert shown.look("window.__ht.map.getLayer('buildings-fill') === undefined")
        shown.page.get_by_role("switch", name="楼栋").click()
        shown.wait("window.location.search.includes('buildings')", what="the switched layer to be in the address")
        shown.wait("window.__ht.map.getLayer('buildings-fill') !== undefined", what="the layer to be on the map")
        shown.assert_clean()


def test_search_finds_an_asset_by_name_and_selects_it(viewer: OpenViewer, program: httpx.Client) -> None:
    wanted = program.get("/assets", params={"kind": "substation", "limit": 1}).json()["items"][0]
    with viewer(1440, 900) as shown:
        shown.open("/?layers=base")
        shown.page.get_by_role("combobox", name="搜索名称或编号").fill(wanted["code"])
        shown.page.get_by_text(wanted["code"]).last.click()
        shown.wait(f"window.__ht.selected === {wanted['asset_id']}", what="the found asset to be selected")
        shown.page.get_by_role("region", name=wanted["name"]).wait_for()
        shown.assert_clean()


def test_the_heat_users_of_a_building_are_listed_page_by_page(viewer: OpenViewer, program: httpx.Client) -> None:
    building_id = program.get("/registers/heat_user", params={"limit": 1}).json()["items"][0]["asset_id"]
    rows = program.get("/registers/heat_user", params={"asset": building_id, "counts": True}).json()
    assert rows["total"] > 10
    doors = [(int(row["attributes"]["unit"]), int(row["attributes"]["door"])) for row in rows["items"]]
    assert doors == sorted(doors)
    heated = sum(count["row_count"] for count in rows["counts"] if count["values"]["heating"])
    with viewer(1024, 700) as shown:
        shown.open(f"/?layers=base&sel={building_id}")
        listed = shown.page.get_by_test_id("register")
        listed.get_by_role("heading", name=f"热用户 {rows['total']}").wait_for()
        assert f"用热 {heated}" in listed.get_by_test_id("register-states").inner_text()
        listed.get_by_text(f"1–10，共 {rows['total']}").wait_for()
        eleventh = rows["items"][10]["attributes"]
        listed.get_by_role("button", name="下一页").click()
        listed.get_by_text(f"{eleventh['unit']}单元 {eleventh['door']}", exact=True).wait_for()
        shown.assert_clean()


@pytest.mark.parametrize("path", ["/", "/m"])
def test_a_phone_shows_everything_inside_its_width(viewer: OpenViewer, pictures: Path, path: str) -> None:
    with viewer(390, 844) as shown:
        shown.page.goto(shown.url + path)
        shown.page.get_by_role("region", name="报警").wait_for()
        shown.page.get_by_text("模拟数据 Synthetic data").first.wait_for()
        header = shown.page.locator("header").first.bounding_box()
        assert header is not None
        assert header["height"] <= 90, "two rows at most"
        if path == "/":
            assert shown.page.get_by_role("button", name="图例").get_attribute("aria-expanded") == "false"
        assert_fits(shown)
        shown.shoot(pictures / f"phone{path.replace('/', '-')}390x844.png")
        shown.assert_clean()


def test_the_phone_page_lists_substations_and_opens_one(viewer: OpenViewer, program: httpx.Client) -> None:
    total = program.get("/assets", params={"kind": "substation", "limit": 1}).json()["total"]
    with viewer(390, 844) as shown:
        shown.open("/m")
        assert shown.look("window.__ht.map") is None, "a phone draws no map before it is asked for"
        shown.page.get_by_text("换热站", exact=True).first.click()
        rows = shown.page.get_by_role("region", name="换热站").get_by_role("listitem")
        assert rows.count() == total, "ready means that the lists are here"
        rows.first.get_by_role("button").click()
        shown.page.get_by_role("region", name="影响范围").wait_for()
        assert_fits(shown)
        shown.assert_clean()


def test_the_wall_is_laid_out_on_its_true_pixels_and_only_scaled(viewer: OpenViewer, pictures: Path) -> None:
    with viewer(1200, 675) as shown:
        shown.open("/wall/overview")
        assert shown.look("document.querySelector('.wall-canvas').style.transform") == "scale(0.5)"
        assert shown.look("document.querySelector('.wall-canvas').offsetWidth") == 2400
        assert shown.look("window.__ht.map.getCanvas().clientWidth") == 1200
        assert shown.page.get_by_role("region", name="各区清洁取暖率").is_visible()
        shown.shoot(pictures / "wall-1200x675.png")
        shown.assert_clean()


def test_three_dimensions_draw_the_servers_scene(viewer: OpenViewer) -> None:
    with viewer(800, 600) as shown:
        shown.open("/?city=1&lon=125.297&lat=43.853&z=16&pitch=50&mode=3d&layers=base,buildings,rollout")
        shown.wait("window.__ht.scene.includes('buildings')", what="3D tiles of buildings to arrive")
        assert any("/3dtiles/buildings/ground/" in url and ".glb" in url for url in shown.watch.requests)
        assert shown.page.get_by_text("加载失败").count() == 0
        shown.assert_clean()


def test_a_lost_feed_is_said_in_the_middle_of_the_map(viewer: OpenViewer) -> None:
    with viewer(1024, 700) as shown:
        shown.page.route_web_socket("**/live*", lambda socket: socket.close())
        shown.page.goto(f"{shown.url}/?layers=base")
        banner = shown.page.get_by_role("alert").filter(has_text="实时数据中断")
        banner.wait_for()
        box = banner.bounding_box()
        assert box is not None
        assert box["x"] < 512 < box["x"] + box["width"]
        shown.assert_clean()


def test_an_unknown_page_says_so(viewer: OpenViewer) -> None:
    with viewer(800, 600) as shown:
        shown.page.goto(f"{shown.url}/nowhere")
        shown.page.get_by_text("没有这个页面：/nowhere").wait_for()
        shown.assert_clean()
