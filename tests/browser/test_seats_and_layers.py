"""What a seat may see, the way in where nobody is trusted, and the layers and pages beside the main path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from tests.api.serving import serve
from tests.browser.conftest import OpenViewer
from tests.browser.pages import Viewer, open_viewer, wait_for

NEW_PASSWORD = "a long enough one"


def substations_of(program: httpx.Client, seat: dict[str, Any]) -> dict[str, Any]:
    """What the server lists for another seat; the program sits where it sat before afterwards."""
    with httpx.Client(base_url=program.base_url, timeout=60) as other:
        other.post("/session", json={"seat_id": seat["seat_id"]}).raise_for_status()
        found: dict[str, Any] = other.get("/assets", params={"city": 1, "kind": "substation", "limit": 1000}).json()
        return found


def smallest_company(program: httpx.Client, total: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A company's seat that sees some of the substations, and what it sees."""
    seats = [seat for seat in program.get("/seats").json() if seat["role"] == "company"]
    found = [(seat, substations_of(program, seat)["items"]) for seat in seats]
    seat, items = min((pair for pair in found if pair[1]), key=lambda pair: len(pair[1]))
    assert 0 < len(items) < total, "the sample has companies that own a part of the substations"
    return seat, items


def test_a_company_sees_its_own_assets_and_no_others(viewer: OpenViewer, program: httpx.Client) -> None:
    everything = program.get("/assets", params={"city": 1, "kind": "substation", "limit": 1000}).json()
    seat, own = smallest_company(program, everything["total"])
    own_ids = {item["asset_id"] for item in own}
    with viewer(1440, 900) as shown:
        shown.open("/?city=1")
        before = {asset_id for asset_id, _ in shown.look("[...window.__ht.status.entries()]")}
        assert before >= {item["asset_id"] for item in everything["items"]}
        drawn_before = drawn_stations(shown, everything["items"])
        choose_seat(shown, seat)
        after = {asset_id for asset_id, _ in shown.look("[...window.__ht.status.entries()]")}
        assert after & {item["asset_id"] for item in everything["items"]} == own_ids
        assert drawn_stations(shown, everything["items"]) == drawn_before & own_ids
        assert drawn_before & own_ids
        shown.assert_clean()


def choose_seat(shown: Viewer, seat: dict[str, Any]) -> None:
    """Take a seat in the switcher; the page loads anew."""
    shown.page.get_by_role("combobox", name="席位").click()
    shown.look("window.__ht.ready = false")
    label = f"{seat['person']} · {seat['organisation']} · {seat['role_zh']}"
    shown.page.locator(".ant-select-item-option").get_by_text(label, exact=True).click()
    shown.page.locator(".seat").get_by_text(label, exact=True).wait_for()
    wait_for(lambda: ready(shown), what="the page of the other seat")
    shown.still()


def ready(shown: Viewer) -> bool:
    """Tell whether the page is ready; a page that is being left answers nothing."""
    return bool(shown.look("window.__ht && window.__ht.ready"))


def drawn_stations(shown: Viewer, stations: list[dict[str, Any]]) -> set[int]:
    """Substations that the map has drawn."""
    shown.still()
    features = shown.look("window.__ht.map.queryRenderedFeatures({layers: ['stations-dot']}).map((one) => one.id)")
    return set(features) & {item["asset_id"] for item in stations}


def test_a_server_on_a_network_lets_in_by_password_only(
    browser: Browser, built_viewer: None, database_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with serve(database_url, tmp_path / "var", host="0.0.0.0") as url:
        printed = re.search(r"one-time password (\S+)", capfd.readouterr().err)
        assert printed is not None
        with open_viewer(browser, url, width=800, height=600) as shown:
            shown.page.goto(url)
            enter(shown, {"账号": "administrator", "密码": "wrong"}, "登录")
            shown.page.get_by_role("alert").wait_for()
            assert shown.page.get_by_label("账号").is_visible()
            enter(shown, {"密码": printed[1]}, "登录")
            shown.page.get_by_label("新密码").wait_for()
            enter(shown, {"密码": printed[1], "新密码": NEW_PASSWORD}, "保存")
            # signed in: the database of this test holds no city yet
            shown.page.get_by_text("还没有导入城市数据").wait_for()
            shown.page.reload()
            shown.page.get_by_text("还没有导入城市数据").wait_for()
            # the refused password is the only thing that went wrong
            assert [error for error in shown.watch.errors if "401" not in error] == []
            assert shown.watch.errors
            assert shown.watch.strangers == []
            assert shown.look("window.__ht.errors") == []


def enter(shown: Viewer, fields: dict[str, str], button: str) -> None:
    """Fill a form and send it."""
    for label, text in fields.items():
        shown.page.get_by_label(label, exact=True).fill(text)
    shown.page.get_by_role("button", name=button, exact=True).click()


def test_the_hillshade_is_switched_on_and_a_district_tells_its_rate(viewer: OpenViewer, program: httpx.Client) -> None:
    items = program.get("/rollout/districts", params={"city": 1}).json()["items"]
    with viewer(1024, 700) as shown:
        shown.open("/?city=1&lon=125.297&lat=43.853&z=13&layers=base,rollout")
        assert not any("/raster/ground/" in url for url in shown.watch.requests)
        shown.page.get_by_role("switch", name="地形阴影").click()
        shown.wait("window.__ht.map.getLayer('hillshade') !== undefined", what="the hillshade to be on the map")

        def is_asked() -> bool:
            shown.look("0")  # requests are only told while the page is asked something
            return any("/raster/ground/" in url for url in shown.watch.requests)

        wait_for(is_asked, what="a tile of the hillshade")
        shown.still()
        assert shown.look("window.__ht.map.isSourceLoaded('hillshade')")
        assert "hillshade" in shown.look("window.location.search")
        assert shown.page.get_by_role("region", name="各区清洁取暖率").is_visible()
        shown.page.mouse.move(500, 400)
        shown.page.mouse.move(504, 404)
        card = shown.page.locator(".hover-card")
        card.wait_for()
        text = card.inner_text()
        district = next(item for item in items if item["name"] in text)
        assert f"{round(district['rate'] * 100, 1):g} %" in text
        assert f"{district['target_rate'] * 100:g} %" in text
        shown.assert_clean()


def test_the_planner_traces_a_pipe(viewer: OpenViewer, program: httpx.Client) -> None:
    pipe = program.get("/assets", params={"city": 1, "kind": "pipe", "limit": 1}).json()["items"][0]
    answer = program.get(f"/assets/{pipe['asset_id']}/impact", params={"city": 1}).json()
    with viewer(1440, 900) as shown:
        shown.open(f"/plan?city=1&sel={pipe['asset_id']}")
        impact = shown.page.get_by_role("region", name="影响分析")
        reached = impact.get_by_test_id("set-reach")
        reached.get_by_text(f"{answer['reach']['counts'].get('building', 0):,} 栋").wait_for()
        expected = answer["reach"]["asset_ids"]
        shown.wait(f"window.__ht.impact.drawn.length === {len(expected)}", what="the trace to be drawn")
        assert shown.look("window.__ht.impact.drawn") == expected
        shown.assert_clean()


def test_the_first_camera_keeps_every_station_clear_of_the_panels(viewer: OpenViewer, program: httpx.Client) -> None:
    stations = program.get("/assets", params={"city": 1, "kind": "substation", "limit": 1000}).json()["items"]
    for path, size in (("/", (1440, 900)), ("/", (390, 844)), ("/wall/overview", (1200, 675))):
        with viewer(*size) as shown:
            shown.open(path)
            shown.still()
            map_box = shown.page.locator(".map").bounding_box()
            covers = shown.look(
                "[...document.querySelectorAll('.side > .panel, .wall-title, .map-frame .synthetic, .legend')]"
                ".map((one) => one.getBoundingClientRect()).map((b) => [b.left, b.top, b.right, b.bottom])"
            )
            assert map_box is not None
            for station in stations:
                x, y = shown.pixel_of(station["position"])
                assert map_box["x"] < x < map_box["x"] + map_box["width"], (path, station["name"])
                assert map_box["y"] < y < map_box["y"] + map_box["height"], (path, station["name"])
                hiding = [c for c in covers if c[0] <= x <= c[2] and c[1] <= y <= c[3]]
                assert hiding == [], (path, size, station["name"])
            shown.assert_clean()


def test_the_impact_is_whole_in_the_window_and_told_in_the_language_of_the_page(
    viewer: OpenViewer, program: httpx.Client
) -> None:
    station = program.get("/assets", params={"city": 1, "kind": "substation", "limit": 1}).json()["items"][0]
    with viewer(1440, 900) as shown:
        shown.open(f"/?city=1&sel={station['asset_id']}")
        panel = shown.page.get_by_role("region", name="影响范围")
        panel.get_by_text("管网版本").wait_for()
        box = panel.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900
        assert "dominator" not in panel.inner_text()
        assert "热源" in panel.inner_text()
        facts = shown.page.get_by_role("region", name=station["name"])
        assert facts.get_by_text("热力企业").count() == 0
        source = program.get(f"/assets/{station['asset_id']}", params={"city": 1}).json()
        code = next(item["value"] for item in source["attributes"] if item["name"] == "source_code")
        plant = program.get("/assets", params={"city": 1, "code": code}).json()["items"][0]
        facts.get_by_role("button", name=plant["name"]).click()
        shown.wait(f"window.__ht.selected === {plant['asset_id']}", what="the heat source to be selected")
        shown.assert_clean()
