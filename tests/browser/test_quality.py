"""The panel of data quality: a station that sends nonsense, which rule says so, and its curve with the value marked."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest

from tests.api.serving import wait_for
from tests.browser.conftest import OpenViewer
from tests.browser.pages import Viewer, sit

POINT = "primary_supply_temperature_degc"


@pytest.fixture
def nonsense(program: httpx.Client) -> dict[str, Any]:
    """Return a station whose last frame has a sentinel among good ones, one of which is missing."""
    schema = next(item for item in program.get("/schemas").json() if (item["code"], item["version"]) == ("substation", 2))
    names = [point["name"] for point in schema["points"]]
    listed = program.get("/sources", params={"city": 1}).json()
    sources = listed if isinstance(listed, list) else listed["items"]
    source: dict[str, Any] = next(item for item in sources if item["schema"] == "substation/2")
    now, values = time.time_ns() // 1_000_000, [None] * len(names)
    frames = [
        {"source": source["code"], "schema": source["schema"], "observed_at": now - 1000 * i, "values": [*values]}
        for i in range(30)
    ]
    for number, frame in enumerate(frames):
        shown = None if number == 10 else 80.0 + 0.1 * number  # a hole among good values
        frame["values"][names.index(POINT)] = -9999.0 if number == 0 else shown
    program.post("/readings", json={"frames": frames}).raise_for_status()

    def flagged() -> bool:
        found = program.get("/quality/flags", params={"asset": source["asset_id"]}).json()
        return any(item["rule"] == "sentinel_numbers" for item in found["flags"])

    wait_for(flagged, what="the rule to flag the value")
    return source


def test_a_bad_value_leads_to_its_curve_its_check_and_a_rule(
    viewer: OpenViewer, program: httpx.Client, nonsense: dict[str, Any]
) -> None:
    with viewer(1440, 900) as shown:
        sit(shown, "administrator")
        shown.open("/?city=1&panel=quality")
        panel = shown.page.locator(".work-panel.quality")
        panel.locator(".arrival-head").wait_for()
        assert len(panel.locator(".arrival-head dd").all_inner_texts()) == 3
        panel.locator(".quality-rules").get_by_text("占位值", exact=False).first.click()
        row = panel.locator(".quality-assets .row-main")
        row.first.wait_for()
        shown.wait("document.querySelectorAll('.quality-assets .row').length === 1", what="only what the rule flags")
        row.first.click()
        shown.wait(f"window.__ht.selected === {nonsense['asset_id']}", what="the flagged source to be selected")
        flags = panel.locator(".quality-flags .row-main")
        flags.first.wait_for()
        assert "是占位值" in panel.locator(".quality-flags").inner_text()
        flags.first.click()
        shown.page.locator(".curve .chart").wait_for()
        shown.wait("Number(document.querySelector('.curve .chart')?.dataset.flagged) >= 1", what="the bad value to be marked")
        worst = shown.page.locator(".curve .bad-value").inner_text()
        assert nonsense["code"] in worst
        assert "-9,999" in worst or "-9999" in worst
        _fill(shown)
        _edit_a_rule(shown)
        _check_by_hand(shown, program)
        now = time.time_ns() // 1_000_000
        again = {"asset_id": nonsense["asset_id"], "observed_at": now - 60_000, "until": now, "note": "请补传", "send": True}
        program.post("/quality/checks", params={"city": 1}, json=again).raise_for_status()
        panel.get_by_text("质量告警", exact=True).first.click()
        panel.locator(".quality-alarms .row-main").first.wait_for()
        assert "告警" in panel.locator(".quality-alarm-totals .row").first.inner_text()
        panel.get_by_text("企业上传", exact=True).click()
        panel.locator(".quality-companies .row").first.wait_for()
        shown.assert_clean()


def _fill(shown: Viewer) -> None:
    """The hole of the curve is filled by the last value, in dashes."""
    shown.page.get_by_label("填补", exact=True).click()
    shown.page.get_by_text("前值", exact=True).click()
    shown.wait("Number(document.querySelector('.curve .chart')?.dataset.filled) >= 1", what="the hole to be filled")


def _edit_a_rule(shown: Viewer) -> None:
    """A formula that is none is refused where it is written; a good one is tried on live state and history, and kept."""
    panel = shown.page.locator(".work-panel.quality")
    panel.get_by_role("button", name="新建规则").click()
    editor = panel.locator(".rule-editor")
    formula = editor.get_by_label("公式", exact=False)
    formula.fill("primary_supply_temperature_degc >")
    editor.get_by_role("button", name=re.compile("试 ?算")).click()
    editor.locator(".failed").wait_for()
    formula.fill("primary_supply_temperature_degc <= 81")
    editor.get_by_role("button", name=re.compile("试 ?算")).click()
    editor.locator(".trial").wait_for()
    assert "近 7 天" in editor.locator(".trial").inner_text()
    shown.watch.errors[:] = [error for error in shown.watch.errors if "422" not in str(error)]  # the refusal, and no other
    editor.get_by_role("button", name=re.compile("取 ?消")).click()


def _check_by_hand(shown: Viewer, program: httpx.Client) -> None:
    """A flagged value goes into the queue, a person says that it is wrong, and the curve shows the correction beside it."""
    panel = shown.page.locator(".work-panel.quality")
    panel.locator(".quality-flags .row").filter(has_text="占位值").get_by_role("button", name="请人核查").click()
    panel.get_by_text("已列入核查").wait_for()
    panel.get_by_text("人工核查", exact=True).click()
    panel.locator(".quality-checks .row-main").filter(has_text="人工提出").click()
    one = panel.locator(".one-check")
    one.get_by_label("更正值").fill("82.5")
    one.get_by_label("理由").fill("现场核对")
    one.get_by_role("button", name="数据有误").click()
    panel.locator(".quality-checks .row-main").filter(has_text="人工提出").wait_for(state="detached")
    closed = program.get("/quality/checks", params={"city": 1, "state": "closed"}).json()["items"]
    assert [(item["value"], item["corrected"], item["verdict"]) for item in closed] == [(-9999.0, 82.5, "wrong")]
