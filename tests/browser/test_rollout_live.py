"""Running devices, rooms and air of the rollout in the page: what was sent is what stands there, down to one device."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx

from tests.browser.conftest import OpenViewer
from tests.browser.pages import wait_for

PM25 = {"优": 20.0, "良": 60.0}


def told_of(source: dict[str, Any], schemas: dict[str, list[str]], said: dict[str, float]) -> dict[str, Any]:
    names = schemas[source["schema"]]
    return {
        "source": source["code"],
        "schema": source["schema"],
        "observed_at": time.time_ns() // 1_000_000,
        "values": [said.get(name) for name in names],
    }


def send(program: httpx.Client) -> tuple[int, int]:
    """Send one frame of every device and air station; returns how many devices there are, and how many are on."""
    schemas = {
        f"{one['code']}/{one['version']}": [point["name"] for point in one["points"]] for one in program.get("/schemas").json()
    }
    sources = program.get("/sources", params={"city": 1}).json()
    frames, on = [], 0
    devices = [one for one in sources if one["asset_kind"] == "heating_device"]
    for number, source in enumerate(devices):
        runs = number % 4 != 0
        on += runs
        said = {"on_off_state": float(runs), "room_temperature_degc": 19.0, "power_kw": 3.0}
        frames.append(told_of(source, schemas, said))
    stations = [one for one in sources if one["asset_kind"] == "air_station"]
    frames += [told_of(source, schemas, {"pm25_ug_per_m3": PM25["良"], "so2_ug_per_m3": PM25["优"]}) for source in stations]
    answer = program.post("/readings", json={"frames": frames})
    assert set(answer.json()["results"]) <= {"accepted", "duplicate"}, answer.text
    return len(devices), on


def test_devices_and_air_of_the_rollout(viewer: OpenViewer, program: httpx.Client) -> None:
    devices, on = send(program)

    def heard() -> bool:
        item = program.get("/rollout/live", params={"city": 1, "area": 0}).json()["items"][0]
        return bool(item["online_count"] == devices)

    wait_for(heard, what="the devices to be online")
    with viewer(1440, 900) as session:
        page = session.page
        session.open("/?panel=rollout-live&part=devices")
        panel = page.locator(".rollout-live")
        panel.get_by_text("接入设备").first.wait_for()
        figures = {
            row.locator("dt").inner_text(): row.locator("dd").inner_text() for row in panel.locator(".live-figures > div").all()
        }
        assert (figures["接入设备"], figures["运行中"]) == (str(devices), str(on))
        assert figures["使用率"].replace(" ", "") == f"{round(100 * on / devices)}%"
        assert figures["平均室温"] == "19 ℃" or figures["平均室温"].startswith("19")
        # down from the district with the devices to one of its villages, and to a device of it
        rows = panel.locator(".live-table tbody tr")
        for _ in range(3):
            rows.filter(has_text=re.compile(r"[1-9]\d*\s+\d+ ?%|%")).first.get_by_role("button").click()
            page.wait_for_timeout(300)
        device = panel.locator(".device-list li").first
        device.wait_for()
        assert device.get_by_text(re.compile("^(开|关)$")).count() == 1
        panel.get_by_text("空气质量").click()
        measured = panel.locator(".air-list li").filter(has_text="60 µg/m³")
        measured.first.wait_for()
        assert "良" in measured.first.inner_text()
        assert "清洁取暖率" in measured.first.inner_text()
        measured.first.get_by_role("button").click()
        panel.locator(".rollout-curve canvas").wait_for()
        wait_for(lambda: page.locator(".legend").get_by_text("空气：良").count() == 1, what="the legend to tell the class")
        panel.get_by_text("SO₂", exact=True).click()
        panel.locator(".air-list li").filter(has_text="20 µg/m³").first.wait_for()
        session.assert_clean()
