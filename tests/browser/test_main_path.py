"""The main path: a reading crosses its threshold, the station glows, a click shows what hangs on it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.conftest import OpenViewer
from tests.browser.pages import Viewer, wait_for

ALARM_CODES = range(5, 8)
GLOW_LIMIT_S = 60.0
COLD_DEGC, WARM_DEGC = 20.0, 55.0


def some_substation(program: httpx.Client) -> dict[str, Any]:
    items: list[dict[str, Any]] = program.get("/assets", params={"kind": "substation", "limit": 1000}).json()["items"]
    return min(items, key=lambda item: item["code"])


def send(program: httpx.Client, asset: dict[str, Any], supply_degc: float) -> None:
    """Send one frame of a substation: everything missing but the secondary supply temperature."""
    source = next(item for item in program.get("/sources").json() if item["asset_id"] == asset["asset_id"])
    code, version = source["schema"].split("/")
    schema = next(item for item in program.get("/schemas").json() if (item["code"], item["version"]) == (code, int(version)))
    values = [supply_degc if point["name"] == "secondary_supply_temperature_degc" else None for point in schema["points"]]
    frame = {"source": source["code"], "schema": source["schema"], "observed_at": time.time_ns() // 1_000_000, "values": values}
    answer = program.post("/readings", json={"frames": [frame]})
    assert answer.json()["results"] == ["accepted"], answer.text


def status(viewer: Viewer, asset: dict[str, Any]) -> int:
    return int(viewer.look(f"window.__ht.status.get({asset['asset_id']})") or 0)


@pytest.fixture
def asset(program: httpx.Client) -> Any:
    """Yield a substation that is warm before and after the test."""
    found = some_substation(program)
    send(program, found, WARM_DEGC)
    yield found
    send(program, found, WARM_DEGC)


def test_a_cold_substation_glows_and_shows_exactly_what_hangs_on_it(
    viewer: OpenViewer, program: httpx.Client, asset: dict[str, Any], pictures: Path
) -> None:
    with viewer(1440, 900) as shown:
        lon, lat = asset["position"]
        shown.open(f"/?city=1&lon={lon}&lat={lat}&z=15.5")
        assert status(shown, asset) not in ALARM_CODES

        send(program, asset, COLD_DEGC)
        wait_for(lambda: status(shown, asset) in ALARM_CODES, what="the status to become an alarm", limit_s=GLOW_LIMIT_S)
        feature = f"{{source: 'assets', sourceLayer: 'asset', id: {asset['asset_id']}}}"
        glow = f"window.__ht.map.getFeatureState({feature}).status"
        shown.wait(f"{glow} >= 5 && {glow} <= 7", what="the station to glow", limit_s=GLOW_LIMIT_S)
        shown.page.get_by_role("button", name=f"定位：{asset['name']}").wait_for()
        shown.still()

        shown.page.mouse.click(*shown.pixel_of((lon, lat)))
        shown.wait(f"window.__ht.selected === {asset['asset_id']}", what="the clicked station to be selected")
        answer = program.get(f"/assets/{asset['asset_id']}/impact", params={"geometry": True}).json()
        assert answer["reach"]["asset_ids"], "a substation of the sample feeds something"
        assert_lists(shown, answer)
        assert_drawing(shown, answer)
        shown.shoot(pictures / "main-path-1440x900.png")
        shown.assert_clean()


def assert_lists(shown: Viewer, answer: dict[str, Any]) -> None:
    """The panel names the ids of all three lists, and no other."""
    panel = shown.page.get_by_role("region", name="影响范围")
    panel.get_by_text("管网版本").wait_for()
    for name, label in (("reach", "影响"), ("lost", "停供"), ("degraded", "受限")):
        panel.get_by_text(f"{label} {len(answer[name]['asset_ids'])}", exact=True).click()
        listed = panel.get_by_test_id(f"ids-{name}")
        listed.wait_for(state="attached")
        assert [int(text) for text in (listed.text_content() or "").split()] == answer[name]["asset_ids"]


def assert_drawing(shown: Viewer, answer: dict[str, Any]) -> None:
    """The map's source, and the features MapLibre made of it, are the answer's assets, each in its set."""
    reach = answer["reach"]["asset_ids"]
    shown.wait(f"window.__ht.impact.drawn.length === {len(reach)}", what="the answer to be drawn")
    assert shown.look("window.__ht.impact.drawn") == reach
    assert shown.look("window.__ht.impact.lost") == answer["lost"]["asset_ids"]
    assert shown.look("window.__ht.impact.degraded") == answer["degraded"]["asset_ids"]
    shown.page.get_by_role("button", name="显示全部").click()
    shown.still()
    features = shown.look("window.__ht.map.querySourceFeatures('impact').map((one) => [one.id, one.properties.set])")
    drawn = {"lost": {i for i, kind in features if kind == "lost"}, "degraded": {i for i, kind in features if kind == "degraded"}}
    assert drawn["lost"] == set(answer["lost"]["asset_ids"])
    assert drawn["degraded"] == set(answer["degraded"]["asset_ids"])


def test_an_alarm_is_acknowledged_from_the_list(viewer: OpenViewer, program: httpx.Client, asset: dict[str, Any]) -> None:
    send(program, asset, COLD_DEGC)
    with viewer(1440, 900) as shown:
        shown.open("/?city=1&layers=base")
        shown.page.get_by_role("button", name=f"确认报警：{asset['name']}").click()
        shown.page.get_by_text("已确认").first.wait_for()
        alarms = program.get("/alarms").json()["items"]
        assert [alarm["acknowledged"] for alarm in alarms if alarm["asset_id"] == asset["asset_id"]] == [True]
        shown.assert_clean()


def test_the_wall_tells_who_is_cold_because_of_the_first_alarm(
    viewer: OpenViewer, program: httpx.Client, asset: dict[str, Any]
) -> None:
    send(program, asset, COLD_DEGC)
    lost = program.get(f"/assets/{asset['asset_id']}/impact").json()["lost"]
    wait_for(lambda: program.get("/alarms").json()["items"], what="the alarm to be raised", limit_s=GLOW_LIMIT_S)
    with viewer(1200, 675) as shown:
        shown.open("/wall/overview")
        alarm = sorted(program.get("/alarms").json()["items"], key=lambda one: (one["acknowledged"], one["level"]))[0]
        assert alarm["asset_id"] == asset["asset_id"], "this test's alarm is the only one"
        box = shown.page.get_by_role("region", name="影响范围")
        box.get_by_text(asset["name"]).wait_for()
        figures = box.locator(".figure").all_inner_texts()
        assert f"{lost['heat_user_count']:,}" in figures[1]
        assert "停供 · 热用户" in figures[1]
        place = box.bounding_box()
        assert place is not None
        assert place["y"] + place["height"] <= 675
        shown.assert_clean()
