"""An alarm pops up on the page: seen within seconds, whether it can be heard is visible, and confirmed it never comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.browser.conftest import OpenViewer
from tests.browser.pages import sit

POINT = "secondary_supply_temperature_degc"


@pytest.fixture
def station(program: httpx.Client) -> Iterator[Callable[[float], dict[str, Any]]]:
    """Yield what sends a frame of a substation with a supply temperature; it is warm again in the end."""
    schema = next(item for item in program.get("/schemas").json() if (item["code"], item["version"]) == ("substation", 2))
    names = [point["name"] for point in schema["points"]]
    listed = program.get("/sources", params={"city": 1}).json()
    sources = listed if isinstance(listed, list) else listed["items"]
    source: dict[str, Any] = [item for item in sources if item["schema"] == "substation/2"][-1]

    def report(degc: float) -> dict[str, Any]:
        values: list[float | None] = [None] * len(names)
        values[names.index(POINT)] = degc
        frame = {"source": source["code"], "schema": source["schema"], "observed_at": time.time_ns() // 10**6, "values": values}
        program.post("/readings", json={"frames": [frame]}).raise_for_status()
        return source

    yield report
    report(50.0)


def test_an_alarm_pops_up_and_is_gone_for_good_when_it_is_confirmed(
    viewer: OpenViewer, station: Callable[[float], dict[str, Any]]
) -> None:
    with viewer(1440, 900) as shown:
        sit(shown, "dispatcher")
        shown.open("/?city=1&panel=notices")
        panel = shown.page.locator(".work-panel.notices")
        panel.get_by_text("全员弹窗").or_(panel.get_by_text("新增订阅")).first.wait_for()
        mark = shown.page.locator(".notice-corner .sound-mark")
        mark.wait_for()
        if mark.get_attribute("data-sound") == "on":
            mark.click()
        assert "声音已关闭" in mark.inner_text()
        panel.get_by_role("button", name="试听 1 级").click()
        source = station(20.0)
        name = f".notice-corner .popup[data-asset='{source['asset_id']}']"
        shown.page.locator(name).wait_for()
        card = shown.page.locator(name)
        assert "二次供水温度过低" in card.inner_text()
        card.get_by_role("button", name="查看详情").click()
        shown.wait(f"window.__ht.selected === {source['asset_id']}", what="the station of the alarm to be selected")
        with shown.page.expect_response("**/notices/*/seen*") as seen:
            card.get_by_role("button", name="确认并不再显示").click()
        assert seen.value.ok
        shown.wait(f'document.querySelector("{name}") === null', what="the card to go")
        with shown.page.expect_request("**/notices/stream*"):
            shown.page.reload()
        mark.wait_for()
        still = shown.page.request.get(f"{shown.url}/notices/popups", params={"city": 1}).json()["items"]
        assert source["asset_id"] not in {alarm["asset_id"] for item in still for alarm in item["alarms"]}
        shown.wait("window.__ht && window.__ht.ready", what="the page again")
        assert shown.look(f'document.querySelector("{name}")') is None
        shown.assert_clean()
