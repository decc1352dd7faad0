"""The panel of data quality: a station that sends nonsense, which rule says so, and its curve with the value marked."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.api.serving import wait_for
from tests.browser.conftest import OpenViewer

POINT = "primary_supply_temperature_degc"


@pytest.fixture
def nonsense(program: httpx.Client) -> dict[str, Any]:
    """Return a station whose last frame has a sentinel among 30 good ones."""
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
        frame["values"][names.index(POINT)] = -9999.0 if number == 0 else 80.0 + 0.1 * number
    program.post("/readings", json={"frames": frames}).raise_for_status()

    def flagged() -> bool:
        found = program.get("/quality/flags", params={"asset": source["asset_id"]}).json()
        return any(item["rule"] == "sentinel_numbers" for item in found["flags"])

    wait_for(flagged, what="the rule to flag the value")
    return source


def test_a_bad_value_leads_from_its_rule_to_its_curve(viewer: OpenViewer, nonsense: dict[str, Any]) -> None:
    with viewer(1440, 900) as shown:
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
        shown.assert_clean()
