"""The alarm desk in one page: a cold station listed, filtered, handled and seen in its curve; a warning; a drill; figures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.serving import wait_for
from tests.browser.conftest import OpenViewer

LOW = "secondary_supply_temperature_low"
POINT = "secondary_supply_temperature_degc"


@pytest.fixture
def cold(program: httpx.Client) -> Iterator[dict[str, Any]]:
    """Yield the alarm of a station that has gone cold; it is warm again afterwards."""
    schema = next(item for item in program.get("/schemas").json() if (item["code"], item["version"]) == ("substation", 2))
    names = [point["name"] for point in schema["points"]]
    listed = program.get("/sources", params={"city": 1}).json()
    sources = listed if isinstance(listed, list) else listed["items"]
    source = [item for item in sources if item["schema"] == "substation/2"][-2]  # the last one is that of the notices' test

    def send(degc: float, ago_s: int) -> None:
        values: list[float | None] = [None] * len(names)
        values[names.index(POINT)] = degc
        at = time.time_ns() // 1_000_000 - 1000 * ago_s
        frame = {"source": source["code"], "schema": source["schema"], "observed_at": at, "values": values}
        program.post("/readings", json={"frames": [frame]}).raise_for_status()

    for ago_s, degc in ((240, 52.0), (180, 45.0), (120, 30.0), (60, 22.0), (2, 21.0)):
        send(degc, ago_s)
    wanted = {"rule": LOW, "asset": source["asset_id"]}
    alarm = wait_for(lambda: program.get("/alarms", params=wanted).json()["items"], what="the alarm")[0]
    yield alarm
    send(50.0, 0)
    program.post(f"/alarms/{alarm['alarm_id']}/unshelve", json={})


def test_the_desk_leads_from_an_alarm_to_its_curve_a_warning_a_drill_and_the_figures(
    viewer: OpenViewer, cold: dict[str, Any], program: httpx.Client, pictures: Path
) -> None:
    asset = cold["asset_id"]
    with viewer(1440, 900) as shown:
        page = shown.page
        shown.open(f"/?city=1&panel=alarm-desk&rule={LOW}&level=1")
        rows = page.locator(".work-panel.alarms .row.alarm")
        rows.first.wait_for()
        listed = program.get("/alarms", params={"rule": LOW, "level": 1}).json()["total"]
        shown.wait(f"document.querySelectorAll('.work-panel.alarms .row.alarm').length === {min(listed, 50)}", what="the filter")
        row = rows.filter(has_text=cold["asset_name"]).first
        row.get_by_role("button", name="确认报警").click()
        row.get_by_text("已确认").wait_for()
        row.get_by_role("button", name="查看曲线").click()
        shown.wait("Number(document.querySelector('.curve .chart')?.dataset.alarms) >= 1", what="the alarm in the curve")
        row.get_by_role("button", name="处置报警").click()
        row.locator("textarea").fill("传感器检修")
        row.get_by_role("button", name="搁置", exact=True).click()
        row.get_by_text("搁置中").wait_for()
        shown.shoot(pictures / "alarm-desk.png")

        bench = page.locator(".bench-tabs")
        bench.get_by_role("button", name="预警", exact=True).click()
        page.get_by_text("发布预警").first.click()
        panel = page.locator(".work-panel")
        panel.get_by_label("名称").fill("疑似泄漏")
        panel.get_by_label("内容").fill("补水量升高")
        panel.get_by_role("button", name="发布预警").click()
        mine = panel.locator("[data-warning]").filter(has_text="疑似泄漏")
        mine.first.wait_for()
        assert program.get("/warnings").json()["items"][0]["asset_id"] == asset
        shown.wait(
            "window.__ht.map.querySourceFeatures('marks').some((one) => one.properties.sign === 'warning-3')", what="its sign"
        )
        mine.first.locator(".row-main").click()
        mine.first.locator("textarea").fill("已修复")
        shown.shoot(pictures / "warnings.png")
        mine.first.get_by_role("button", name="解除", exact=True).click()
        wait_for(lambda: program.get("/warnings").json()["total"] == 0, what="the warning to be lifted")

        ends_at = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
        drill = program.post("/drills", json={"name": "爆管演练", "ends_at": ends_at}).json()["drill_id"]
        bench.get_by_role("button", name="演练", exact=True).click()
        page.locator(".drill-banner").wait_for()
        program.post(f"/drills/{drill}/alarms", json={"asset_id": asset, "rule_code": LOW}).raise_for_status()
        panel.locator(".rows .row").first.wait_for()
        assert "演练" in panel.locator(".rows .row").first.inner_text()
        shown.shoot(pictures / "drills.png")
        panel.get_by_role("button", name="结束演练").click()
        page.locator(".drill-banner").wait_for(state="detached")

        bench.get_by_role("button", name="报警规则", exact=True).click()
        panel.get_by_label("按名称查找").fill("二次供水温度过低")
        # the rule that the desk was filtered by is open
        panel.get_by_text("仅在上游供热正常时").wait_for()
        assert panel.get_by_label("处置建议").is_disabled(), "a dispatcher reads rules and edits none"

        bench.get_by_role("button", name="报警考核", exact=True).click()
        page.locator("[data-grade]").wait_for()
        raised = program.get("/alarms/kpis").json()["raised"]
        assert str(raised) in panel.locator("dl.figures").inner_text().replace(",", "")
        shown.shoot(pictures / "alarm-kpis.png")
        shown.assert_clean()
