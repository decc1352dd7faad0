"""The map of the rollout: from the city down to one device, themes, a past year, projects."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import OpenViewer
from tests.browser.pages import Viewer

RENDERED = "window.__ht.map.queryRenderedFeatures({{layers: ['{layer}']}})"


def drawn(shown: Viewer, layer: str) -> dict[int, dict[str, Any]]:
    """Return what a layer draws now: properties by id."""
    expression = f"(() => {RENDERED.format(layer=layer)}.map((one) => [one.id, one.properties]))()"
    return {int(number): properties for number, properties in shown.look(expression)}


def asked(program: httpx.Client, path: str, **query: object) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = program.get(path, params={"city": 1, **query}).raise_for_status().json()["items"]
    return items


def test_the_way_from_the_city_to_one_device_tells_the_figures_of_the_api(viewer: OpenViewer, program: httpx.Client) -> None:
    areas = {area["area_id"]: area for area in asked(program, "/rollout/areas")}
    village = next(area for area in areas.values() if area["kind"] == "village")
    township, district = areas[village["parent_id"]], areas[village["district_id"]]
    figures = {item["area_id"]: item["figures"] for item in asked(program, "/rollout/figures")}
    devices = asked(program, "/rollout/live/devices", village=village["area_id"])
    with viewer(1440, 900) as shown:
        page = shown.page
        shown.open("/?city=1&panel=rollout-map&lon=125.3&lat=43.87&z=9&layers=base,rollout-areas,rollout-projects")
        card, finished = page.locator(".area-card"), page.locator("[data-row=finished] dd")

        # the city, then down: every step is a click in the list of what lies below
        expect(finished).to_have_text(f"{figures[0]['finished_count']:,.0f} 户")
        assert {one["district_id"] for one in drawn(shown, "rollout-areas-township").values()} == {district["area_id"]}
        for area in (district, township, village):
            page.locator(".area-card .children button", has_text=area["name"]).first.click()
            expect(card).to_have_attribute("data-area", str(area["area_id"]))
            expect(finished).to_have_text(f"{figures[area['area_id']]['finished_count']:,.0f} 户")
        shown.still()
        expect(page.locator(".crumbs button")).to_have_text(["全市 ›", f"{district['name']} ›", f"{township['name']} ›"])
        shown.wait(f"{RENDERED.format(layer='rollout-areas-village')}.length > 0", what="the village's ground")
        properties = drawn(shown, "rollout-areas-village")[village["area_id"]]
        assert properties["finished"] == figures[village["area_id"]]["finished_count"]

        # its devices stand on the map as they are listed, and one of them opens
        shown.wait(f"{RENDERED.format(layer='rollout-areas-device')}.length > 0", what="the village's devices")
        assert set(drawn(shown, "rollout-areas-device")) & {device["asset_id"] for device in devices}
        page.locator(".area-card .devices button").first.click()
        expect(page.locator(".side.right")).to_contain_text(devices[0]["name"])
        assert shown.look("new URL(location.href).searchParams.get('sel')") == str(devices[0]["asset_id"])

        # back by the path; a theme changes the rows, a past year the numbers, by the keyboard
        page.locator(".crumbs button").nth(1).click()
        expect(card).to_have_attribute("data-area", str(district["area_id"]))
        page.get_by_role("button", name="工程标记").click()
        expect(page.locator(".theme-legend").first).to_contain_text("恰好 300 台")
        page.locator(".year-slider .ant-slider-handle").focus()
        page.keyboard.press("ArrowLeft")
        years = program.get("/rollout/figures", params={"city": 1, "area": 0}).json()["years"]
        past = asked(program, "/rollout/figures", area=district["area_id"], year=years[-1])[0]["figures"]
        expect(page.locator(".theme-legend").first).to_contain_text(f"{years[-1]} 年末")
        expect(finished).to_have_text(f"{past['finished_count']:,.0f} 户")

        # projects: the list, the card with its money, the sign on the map
        page.get_by_text("项目", exact=True).click()
        largest = asked(program, "/rollout/projects", limit=1)[0]
        page.locator(".rollout-map .row-main").first.click()
        one = page.locator(".rollout-map .one-object")
        expect(one).to_contain_text(largest["name"])
        planned = f"{largest['planned_cny'] / 10_000:,.1f}".removesuffix(".0")
        expect(one).to_contain_text(f"/ {planned} 万元")
        shown.still()
        shown.wait(f"{RENDERED.format(layer='rollout-projects-sign')}.length > 0", what="the project's sign")
        assert largest["row_id"] in drawn(shown, "rollout-projects-sign")
        shown.assert_clean()
