"""What the city holds, as a person meets it: figures, the sheet over the map, the list of a kind, layers of the new kinds."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.conftest import OpenViewer
from tests.browser.contact_sheet import FRAMES, MOST_BYTES, BlankPicture, contact_sheet, require_content, write_png
from tests.browser.pages import Viewer, wait_for


def open_sheet(shown: Viewer) -> None:
    shown.page.get_by_role("region", name="城市数据").get_by_role("button", name="查看明细").click()
    shown.page.get_by_role("dialog", name="城市数据明细").wait_for()


def test_the_sheet_tells_counts_and_sources_and_a_kind_is_fitted_and_listed(
    viewer: OpenViewer, program: httpx.Client, pictures: Path
) -> None:
    contents = program.get("/contents", params={"city": 1}).json()
    with viewer(1440, 900) as shown:
        shown.open("/?city=1&layers=base")
        panel = shown.page.get_by_role("region", name="城市数据")
        panel.get_by_text(f"{contents['asset_count']:,}", exact=True).wait_for()
        panel.get_by_text(f"{contents['heat_user_count']:,} 户").wait_for()
        findings = program.get("/network/findings", params={"city": 1}).json()
        panel.locator(".figure").filter(has_text="管网检查问题").get_by_text(str(len(findings["items"])), exact=True).wait_for()
        open_sheet(shown)
        sheet = shown.page.get_by_role("dialog", name="城市数据明细")
        for group in contents["groups"]:
            rows = sheet.get_by_role("region", name=group["name_zh"], exact=True).get_by_role("button").all_inner_texts()
            assert [row.split() for row in rows] == [[kind["name_zh"], f"{kind['count']:,}"] for kind in group["kinds"]]
        table = sheet.get_by_role("region", name="数据来源").get_by_role("row").all_inner_texts()[1:]
        assert len(table) == len(contents["sources"]) + len(contents["rasters"])
        for source in contents["sources"]:
            row = next(text for text in table if source["file"] in text and source["kind_zh"] in text)
            assert f"{source['row_count']:,}" in row
            assert source["datum"] is None or source["datum"] in row
        assert sheet.get_by_text("模拟数据 Synthetic data").is_visible()
        shown.shoot(pictures / "contents-1440x900.png")
        shown.page.keyboard.press("Escape")
        assert sheet.count() == 0
        assert_a_kind_is_fitted_and_listed(shown, program)
        shown.assert_clean()


def assert_a_kind_is_fitted_and_listed(shown: Viewer, program: httpx.Client) -> None:
    """Chosen in the sheet, a kind is switched on, listed, found and selected."""
    listed = program.get("/assets", params={"city": 1, "kind": "weather_station", "limit": 100}).json()
    open_sheet(shown)
    shown.page.get_by_role("button", name="气象站").click()
    shown.wait("window.__ht.map.getLayer('weather-weather_station') !== undefined", what="the layer of the kind to be on")
    assert "weather" in shown.look("window.location.search")
    panel = shown.page.get_by_role("region", name="气象站", exact=True)
    panel.get_by_text(f"共 {listed['total']} 项").wait_for()
    assert panel.get_by_role("listitem").count() == listed["total"]
    chosen = listed["items"][0]
    panel.get_by_role("textbox", name="在列表中查找").fill(chosen["code"])
    panel.get_by_text("共 1 项").wait_for()
    panel.get_by_role("listitem").get_by_role("button").click()
    shown.wait(f"window.__ht.selected === {chosen['asset_id']}", what="the chosen station to be selected")
    shown.still()
    drawn = shown.look("window.__ht.map.queryRenderedFeatures({layers: ['weather-weather_station']}).map((one) => one.id)")
    assert chosen["asset_id"] in drawn
    impact = shown.page.get_by_role("region", name="影响范围")
    wait_for(lambda: impact.count() == 0, what="the panel of the impact to be gone: a weather station cuts nothing off")
    panel.get_by_role("button", name="返回").click()
    shown.page.get_by_role("region", name="城市数据").wait_for()


def test_the_sheet_speaks_english_and_fits_a_phone(viewer: OpenViewer, pictures: Path) -> None:
    with viewer(390, 844) as shown:
        shown.open("/?city=1&lang=en&layers=base")
        shown.page.get_by_role("region", name="City data").get_by_role("button", name="All of it").click()
        sheet = shown.page.get_by_role("dialog", name="What this city holds")
        sheet.get_by_role("button", name="substation").wait_for()
        width, inner = shown.look(
            "[Math.max(document.documentElement.scrollWidth, document.querySelector('.sheet .panel-body').scrollWidth),"
            " window.innerWidth]"
        )
        assert width <= inner
        shown.shoot(pictures / "contents-390x844.png")
        sheet.get_by_role("button", name="Close").click()
        shown.assert_clean()


def test_every_layer_can_be_on_at_once(viewer: OpenViewer) -> None:
    layers = (
        "hillshade,base,rollout,areas,licence,coverage-company,coverage-plant,coverage-boiler-house,coverage-substation,"
        "coverage-estate,buildings,network,devices,weather,stations,mains,fittings,alarms"
    )
    with viewer(1024, 700) as shown:
        shown.open(f"/?city=1&lon=125.297&lat=43.853&z=16.5&layers={layers}")
        shown.still()
        legend = shown.page.get_by_role("region", name="图例")
        for label in ("供水", "热源", "小区范围", "室温测点"):
            assert legend.get_by_text(label, exact=True).is_visible(), label
        rooms = shown.look("window.__ht.map.queryRenderedFeatures({layers: ['devices-room_sensor']}).length")
        estates = shown.look("window.__ht.map.queryRenderedFeatures({layers: ['estates-fill']}).length")
        assert rooms > 0
        assert estates > 0
        shown.assert_clean()


def test_the_wall_has_the_size_of_the_city_in_one_line(viewer: OpenViewer, program: httpx.Client) -> None:
    contents = program.get("/contents", params={"city": 1}).json()
    with viewer(1200, 675) as shown:
        shown.open("/wall/overview")
        strip = shown.page.get_by_role("region", name="城市数据")
        strip.get_by_text(f"{contents['heat_user_count']:,} 户").wait_for()
        box = strip.bounding_box()
        assert box is not None
        others = shown.look(
            "[...document.querySelectorAll('.wall .side')].map((one) => one.getBoundingClientRect())"
            ".map((b) => [b.left, b.right])"
        )
        assert all(box["x"] + box["width"] <= left or box["x"] >= right for left, right in others)
        assert strip.locator("dl").evaluate("(one) => one.scrollWidth <= one.clientWidth")
        shown.assert_clean()


def test_the_contact_sheet_has_six_filled_pictures(browser: Browser, sample_server: str, tmp_path: Path) -> None:
    picture = contact_sheet(browser, sample_server, 1, width=400, height=280)
    size = write_png(picture, tmp_path / "sheet.png")
    assert size == (tmp_path / "sheet.png").stat().st_size < MOST_BYTES
    with Image.open(tmp_path / "sheet.png") as stored:
        assert stored.size == picture.size
        assert stored.width > 3 * 400
        assert stored.height > 2 * 280


def test_a_blank_picture_ends_the_contact_sheet() -> None:
    blank = io.BytesIO()
    Image.new("RGB", (400, 280), (11, 22, 36)).save(blank, "PNG")
    with Image.open(blank) as picture, pytest.raises(BlankPicture, match="zoom 8"):
        require_content(picture.convert("RGB"), FRAMES[0])
