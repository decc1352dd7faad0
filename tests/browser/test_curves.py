"""The curve of an asset's readings: drawn, named in Chinese, bad values marked, coarser when more time is looked at."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator

from tests.browser.conftest import OpenViewer
from tests.browser.pages import Viewer, wait_for

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
SHOWN, REGISTER = "secondary_supply_temperature_degc", "primary_heat_total_gj"
NAME_ZH = "二次侧总供水温度"
BAD_DEGC, FAILED = 95.0, 4
LINE_COLOUR, FLAGGED_COLOUR = (0x22, 0xD3, 0xEE), (0xEF, 0x44, 0x44)


def frames(program: httpx.Client, source: dict[str, Any]) -> list[dict[str, Any]]:
    """Frames of a substation: every 10 min of the last hours with a failed value, and every 3 h of the days before."""
    code, version = source["schema"].split("/")
    schema = next(one for one in program.get("/schemas").json() if (one["code"], one["version"]) == (code, int(version)))
    names = [point["name"] for point in schema["points"]]
    now = time.time_ns() // 1_000_000 // MINUTE_MS * MINUTE_MS
    recent = [now - n * 10 * MINUTE_MS for n in range(33)]
    earlier = [now - n * 3 * HOUR_MS for n in range(2, 48)]
    made = []
    for n, observed_at in enumerate(sorted({*recent, *earlier})):
        bad = observed_at == recent[9]
        told: dict[str, float] = {
            SHOWN: BAD_DEGC if bad else 50 + 5 * np.sin(observed_at / (2 * HOUR_MS)),
            REGISTER: 8000 + 2.5 * n,
        }
        values = [told.get(name) for name in names]
        quality = [
            9 if value is None else FAILED if bad and name == SHOWN else 1 for name, value in zip(names, values, strict=True)
        ]
        made.append(
            {
                "source": source["code"],
                "schema": source["schema"],
                "observed_at": observed_at,
                "values": values,
                "quality": quality,
            }
        )
    return made


@pytest.fixture
def station(program: httpx.Client) -> dict[str, Any]:
    """Return the source of a substation that has reported for days."""
    sources = [one for one in program.get("/sources", params={"city": 1}).json() if one["asset_kind"] == "substation"]
    spoken: dict[str, Any] = sources[len(sources) // 2]
    answer = program.post("/readings", json={"frames": frames(program, spoken)})
    assert set(answer.json()["results"]) <= {"accepted", "duplicate"}, answer.text
    return spoken


def plot(chart: Locator) -> np.ndarray:
    """Return the pixels of the upper half between the axes: no letter of the chart lies there."""
    image = np.asarray(Image.open(io.BytesIO(chart.screenshot())).convert("RGB")).astype(int)
    return image[30 : image.shape[0] // 2, 60:-14]


def count_of(pixels: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(pixels - np.array(colour)).max(axis=2) <= 14).sum())


def test_readings_of_an_asset_are_drawn_named_marked_and_zoomed(
    sharp: OpenViewer, station: dict[str, Any], pictures: Path
) -> None:
    with sharp(1440, 900) as shown:
        shown.open(f"/?city=1&layers=base&sel={station['asset_id']}")
        panel = shown.page.get_by_role("region", name="曲线")
        panel.get_by_role("combobox", name="测点").click()
        shown.page.locator(".ant-select-item-option").get_by_text(NAME_ZH, exact=True).click()
        panel.locator(".point-select").get_by_text(NAME_ZH, exact=True).wait_for()
        chart = panel.locator(".chart")
        chart.locator("canvas").wait_for()
        assert "逐帧读数" in panel.inner_text()
        panel.locator(".chart[data-flagged='1']").wait_for()
        assert count_of(plot(chart), FLAGGED_COLOUR) >= 8, "the failed value, far above all others, is a red dot of its own"
        assert "95" in panel.locator(".bad-value").inner_text(), "and it is told why"
        assert count_of(plot(chart), LINE_COLOUR) == 0, "the line does not climb to a value that failed"
        for size in ((2400, 1350), (390, 844), (1440, 900)):
            assert_fits(shown, panel, size, pictures)
        every = zoomed(shown, panel, "7 天")
        assert every > 0, "a week is drawn from buckets"
        step = f"{every // 60} 分" if every < 3600 else f"{every // 3600} 小时"
        assert f"每 {step} 一段" in panel.inner_text()
        shown.shoot(pictures / "curve-week-1440x900.png")
        shown.assert_clean()


def zoomed(shown: Viewer, panel: Locator, label: str) -> int:
    """Choose a span; return the length of a bucket of the answer that is then drawn, in seconds."""
    before = panel.locator(".chart").get_attribute("data-every")
    panel.locator(".curve-spans").get_by_text(label, exact=True).click()
    changed = panel.locator(f".chart:not([data-every='{before}'])")
    changed.wait_for()
    return int(changed.get_attribute("data-every") or 0)


def assert_fits(shown: Viewer, panel: Locator, size: tuple[int, int], pictures: Path) -> None:
    """In a window of a size the panel and its curve lie inside, and the curve is drawn."""
    shown.page.set_viewport_size({"width": size[0], "height": size[1]})
    panel.scroll_into_view_if_needed()
    wait_for(lambda: drawn_width(shown) > 0, what="the curve to fit its panel")
    box = panel.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]
    assert shown.look("document.documentElement.scrollWidth") <= size[0]
    shown.shoot(pictures / f"curve-{size[0]}x{size[1]}.png")


def drawn_width(shown: Viewer) -> int:
    """Width of the canvas once it is that of its box, else 0."""
    return int(
        shown.look(
            "(() => { const box = document.querySelector('.curve .chart'); const canvas = box.querySelector('canvas');"
            " return canvas.clientWidth === box.clientWidth ? box.clientWidth : 0; })()"
        )
    )
