"""The reporting panel: a company whose source fell silent, a sender nobody knows, and a refusal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.browser.conftest import OpenViewer


def _frame(source: dict[str, Any], schemas: dict[str, int]) -> dict[str, Any]:
    now = time.time_ns() // 1_000_000
    return {"source": source["code"], "schema": source["schema"], "observed_at": now, "values": [1.0] * schemas[source["schema"]]}


@pytest.fixture
def silent(program: httpx.Client) -> Iterator[dict[str, Any]]:
    """Yield a source of a company that should report every second, and has spoken once."""
    schemas = {f"{item['code']}/{item['version']}": len(item["points"]) for item in program.get("/schemas").json()}
    listed = program.get("/sources", params={"city": 1}).json()
    sources = listed if isinstance(listed, list) else listed["items"]
    source: dict[str, Any] = [item for item in sources if item["asset_kind"] == "substation"][-1]
    registered = {"code": source["code"], "schema": source["schema"], "asset_id": source["asset_id"]}
    program.post("/sources", json={**registered, "period_s": 1}).raise_for_status()
    frame = _frame(source, schemas)
    strange = {**frame, "source": "substation:NOBODY-7"}
    results = program.post("/readings", json={"frames": [frame, strange, {**frame, "observed_at": 5}]}).json()["results"]
    assert results[:2] == ["accepted", "unknown_source"]
    yield source
    program.post("/sources", json={**registered, "period_s": source["period_s"]}).raise_for_status()


def test_a_silent_source_a_stranger_and_a_refusal_are_shown(viewer: OpenViewer, silent: dict[str, Any]) -> None:
    time.sleep(4)  # more than three periods of a second
    with viewer(1440, 900) as shown:
        shown.open("/?city=1&panel=arrivals&list=silent")
        panel = shown.page.locator(".work-panel.arrivals")
        panel.locator(".arrival-head").wait_for()
        figures = panel.locator(".arrival-head dd").all_inner_texts()
        assert len(figures) == 6
        assert figures[0].endswith("%")
        row = panel.locator(".arrival-lists").get_by_text(silent["asset_name"])
        row.first.wait_for()
        assert panel.locator(".arrival-rows em").count() > 0  # a company with silent sources
        row.first.click()
        shown.wait(f"window.__ht.selected === {silent['asset_id']}", what="the map to fly to the silent one")
        shown.page.goto(shown.url + "/?city=1&panel=arrivals&list=unregistered")
        shown.page.locator(".arrival-lists").get_by_text("substation:NOBODY-7").wait_for()
        shown.page.goto(shown.url + "/?city=1&panel=arrivals&list=refused")
        shown.page.locator(".refused").get_by_text("未注册的数据源").first.wait_for()
        shown.assert_clean()
