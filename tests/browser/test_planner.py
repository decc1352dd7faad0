"""The planner's path: search a pipe, see what it cuts off, isolate it, suppose, save a plan, export the customers, cancel."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Locator

from tests.browser.conftest import OpenViewer
from tests.browser.pages import Viewer, sit, wait_for

LAYERS = "base,buildings,network,stations,fittings"
TITLE = "一次网抢修演练"


@pytest.fixture
def office(sample_server: str) -> Iterator[httpx.Client]:
    """Yield an HTTP client in the seat of the planner."""
    with httpx.Client(base_url=sample_server, timeout=60, params={"city": 1}) as client:
        seat = next(one for one in client.get("/seats").json() if one["role"] == "planner")
        client.post("/session", json={"seat_id": seat["seat_id"]}).raise_for_status()
        yield client


def get(client: httpx.Client, path: str, **query: str | float | bool) -> Any:
    answer = client.get(path, params={"city": 1, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def trace(client: httpx.Client, question: str, asset_id: int, **more: object) -> Any:
    answer = client.post("/trace", params={"city": 1}, json={"question": question, "asset_ids": [asset_id], **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def pipe_with_a_way_out(office: httpx.Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """A pipe whose isolation cuts buildings off that a closed valve gives back; with that isolation."""
    for segment in get(office, "/network/criticality", limit=500)["items"]:
        isolation = trace(office, "isolation", segment["segment_id"])
        if isolation["order"] and isolation["alternatives"]:
            return get(office, f"/assets/{segment['segment_id']}"), isolation
    raise AssertionError("the sample has a segment that a closed valve helps")


def buildings(ring: dict[str, Any]) -> str:
    return f"{ring['counts'].get('building', 0):,} 栋"


def open_tool(shown: Viewer, name: str) -> None:
    shown.page.get_by_role("navigation", name="工作台").get_by_role("button", name=name, exact=True).click()


def lost_now(panel: Locator) -> str:
    return panel.get_by_test_id("isolation-lost").locator("b").inner_text()


def test_the_planners_path(viewer: OpenViewer, office: httpx.Client, pictures: Path, tmp_path: Path) -> None:
    pipe, isolation = pipe_with_a_way_out(office)
    with viewer(1440, 900) as shown:
        sit(shown, "planner")
        shown.open(f"/plan?city=1&layers={LAYERS}")
        find(shown, pipe)
        see_the_impact(shown, office, pipe["asset_id"], pictures)
        shown.page.get_by_role("button", name="关阀分析 ›").click()
        see_the_isolation(shown, isolation, pictures)
        suppose_a_valve_by_a_click(shown, isolation)
        open_an_alternative(shown, office, isolation)
        plan = save(shown, office, isolation, pictures)
        export(shown, office, plan, tmp_path)
        cancel(shown, office, plan)
        shown.assert_clean()


def find(shown: Viewer, pipe: dict[str, Any]) -> None:
    """Search by code and choose the answer."""
    box = shown.page.get_by_role("combobox", name="搜索名称或编号")
    box.fill(pipe["code"])
    shown.page.locator(".ant-select-item-option").filter(has_text=pipe["code"]).first.click()
    shown.wait(f"window.__ht.selected === {pipe['asset_id']}", what="the pipe to be selected")


def see_the_impact(shown: Viewer, office: httpx.Client, asset_id: int, pictures: Path) -> None:
    """Reach, lost and degraded as the server counts them, with fault band and cooling, drawn as they came."""
    answer = get(office, f"/assets/{asset_id}/impact")
    panel = shown.page.get_by_role("region", name="影响分析")
    for name in ("reach", "lost", "degraded"):
        label = panel.get_by_test_id(f"set-{name}")
        label.get_by_text(buildings(answer[name])).wait_for()
        label.click()
        panel.locator(".figure").filter(has_text="热用户").get_by_text(f"{answer[name]['heat_user_count']:,} 户").wait_for()
    panel.get_by_text(answer["fault"]["label_zh"]).wait_for()
    assert "室温降至 18 °C" in panel.inner_text()
    shown.wait(f"window.__ht.impact.drawn.length === {len(answer['reach']['asset_ids'])}", what="the impact to be drawn")
    shown.still()
    shown.shoot(pictures / "planner-impact-1440x900.png")


def see_the_isolation(shown: Viewer, isolation: dict[str, Any], pictures: Path) -> None:
    """Every valve in its order, drawn with its sign; what drains and who loses heat."""
    panel = shown.page.get_by_role("region", name="关阀分析")
    rows = panel.get_by_role("region", name="关阀顺序").get_by_role("listitem")
    rows.first.wait_for()
    # a long list is folded
    more = panel.get_by_role("region", name="关阀顺序").get_by_role("button", name="更多")
    if more.count():
        more.click()
    assert rows.count() == len(isolation["valves"])
    assert lost_now(panel) == buildings(isolation["lost"])
    assert f"{round(isolation['drained_m3'], 1):,} m³" in panel.inner_text()
    signs = "window.__ht.map.querySourceFeatures('marks').filter((one) => one.properties.sign === 'valve-close')"
    shown.wait(f"new Set({signs}.map((one) => one.properties.asset_id)).size > 0", what="valves to be drawn")
    shown.still()
    shown.shoot(pictures / "planner-isolation-1440x900.png")


def suppose_a_valve_by_a_click(shown: Viewer, isolation: dict[str, Any]) -> None:
    """A click on a valve supposes it closed, the lists follow, a banner says so, and reset takes it back."""
    panel = shown.page.get_by_role("region", name="关阀分析")
    valve = next(one for one in isolation["valves"] if one["asset_id"] == isolation["order"][0])
    panel.get_by_text("沙盘", exact=True).click()
    panel.get_by_role("button", name="点选阀门、热源").click()
    shown.still()
    shown.page.mouse.click(*shown.pixel_of(valve["position"]))
    banner = shown.page.get_by_role("status").filter(has_text="沙盘（不影响实际状态）")
    banner.wait_for()
    assert f"valves={valve['asset_id']}:closed" in shown.look("window.location.search")
    row = panel.get_by_role("region", name="关阀顺序").get_by_role("listitem").filter(has_text="已关闭")
    row.first.wait_for()
    banner.get_by_role("button", name="重置").click()
    banner.wait_for(state="hidden")
    assert "valves=" not in shown.look("window.location.search")
    panel.get_by_role("button", name="结束点选").click()


def open_an_alternative(shown: Viewer, office: httpx.Client, isolation: dict[str, Any]) -> None:
    """Opened in the sandbox, the first alternative gives back what it promised; the real state stays, and so does the loss."""
    panel = shown.page.get_by_role("region", name="关阀分析")
    best = isolation["alternatives"][0]
    opened = {str(valve["asset_id"]): "open" for valve in best["valves"]}
    expected = trace(office, "isolation", isolation["asset_ids"][0], valves=opened)
    before, after = isolation["lost"]["counts"].get("building", 0), expected["lost"]["counts"].get("building", 0)
    assert 0 < best["gives_back"]["buildings"] == before - after
    panel.get_by_role("region", name="替代供热").get_by_role("button", name="沙盘开启").first.click()
    wait_for(lambda: lost_now(panel) == buildings(expected["lost"]), what="the loss to shrink")
    assert panel.get_by_test_id("isolation-lost").locator("del").inner_text() == buildings(isolation["lost"])
    off_normal = {one["asset_id"] for one in get(office, "/valves/off-normal", limit=500)["items"]}
    assert off_normal.isdisjoint(int(valve) for valve in opened), "a sandbox operates nothing"
    shown.page.get_by_role("status").get_by_role("button", name="重置").click()
    wait_for(lambda: lost_now(panel) == buildings(isolation["lost"]), what="the loss to be as before")


def save(shown: Viewer, office: httpx.Client, isolation: dict[str, Any], pictures: Path) -> dict[str, Any]:
    """The plan holds the valves to close in the order of the isolation, and who loses heat."""
    panel = shown.page.get_by_role("region", name="关阀分析")
    panel.get_by_role("button", name="保存为检修计划").click()
    form = panel.get_by_role("form", name="保存为检修计划")
    form.get_by_label("计划名称").fill(TITLE)
    form.get_by_label("作业班组").fill("抢修一班")
    form.get_by_role("button", name="保存计划").click()
    plans = shown.page.get_by_role("region", name="检修计划")
    plans.get_by_role("heading", name=TITLE).wait_for()
    plan: dict[str, Any] = next(
        one for one in get(office, "/plans")["items"] if one["title"] == TITLE and one["state"] == "planned"
    )
    ordered = sorted(plan["valves"], key=lambda one: one["order"])
    assert [(one["asset_id"], one["action"]) for one in ordered] == [(valve, "close") for valve in isolation["order"]]
    assert plan["lost"]["buildings"] == isolation["lost"]["counts"]["building"]
    shown.still()
    shown.shoot(pictures / "planner-plan-1440x900.png")
    return plan


def export(shown: Viewer, office: httpx.Client, plan: dict[str, Any], tmp_path: Path) -> None:
    """The file holds one row a customer, as many as the server tells."""
    plans = shown.page.get_by_role("region", name="检修计划")
    with shown.page.expect_download() as saved:
        plans.get_by_role("button", name="CSV").click()
    path = tmp_path / saved.value.suggested_filename
    saved.value.save_as(path)
    assert path.suffix == ".csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) > 1
    assert all(len(row) == len(rows[0]) for row in rows)
    lost = {row[rows[0].index("楼栋编码")] for row in rows[1:]}
    assert len(lost) == plan["lost"]["buildings"], "every building that loses heat is in the list"
    served = office.get(f"/plans/{plan['plan_id']}/customers.csv").text
    assert len(rows) == len(list(csv.reader(served.splitlines())))


def cancel(shown: Viewer, office: httpx.Client, plan: dict[str, Any]) -> None:
    plans = shown.page.get_by_role("region", name="检修计划")
    plans.get_by_role("textbox", name="理由").fill("演练结束")
    plans.get_by_role("button", name="取消计划").click()
    plans.get_by_text("已取消").wait_for()
    assert get(office, f"/plans/{plan['plan_id']}")["state"] == "cancelled"
    plans.get_by_role("button", name="全部计划").click()
    plans.get_by_role("list", name="检修计划").get_by_role("button").filter(has_text=TITLE).wait_for()


def test_a_what_if_is_solved_and_drawn_as_a_pressure_line(viewer: OpenViewer, office: httpx.Client, pictures: Path) -> None:
    _, isolation = pipe_with_a_way_out(office)
    with viewer(1440, 900) as shown:
        sit(shown, "planner")
        shown.open(f"/plan?city=1&panel=whatif&close={isolation['order'][0]}&outdoor=-15&layers={LAYERS}")
        panel = shown.page.get_by_role("region", name="工况模拟")
        panel.get_by_test_id("whatif-run").click()
        line = panel.get_by_role("region", name="水压图")
        line.locator("canvas").first.wait_for()
        panel.get_by_role("row").filter(has_text="最小资用压差").wait_for()
        shown.still()
        shown.shoot(pictures / "planner-whatif-1440x900.png")
        shown.assert_clean()


def test_the_panels_of_causes_and_leaks_open(viewer: OpenViewer, office: httpx.Client) -> None:
    with viewer(1440, 900) as shown:
        sit(shown, "planner")
        shown.open(f"/plan?city=1&layers={LAYERS}")
        for name, title in (("定位", "故障定位"), ("泄漏", "泄漏定位"), ("异位", "异位阀门"), ("关键", "关键管段")):
            open_tool(shown, name)
            shown.page.get_by_role("region", name=title).wait_for()
        total = get(office, "/network/criticality", limit=1)["total"]
        shown.page.get_by_text(f"共 {total:,} 条").wait_for()
        shown.still()
        shown.assert_clean()


def test_a_repair_and_a_past_time_are_told_and_kept_by_the_address(viewer: OpenViewer, office: httpx.Client) -> None:
    pipe, isolation = pipe_with_a_way_out(office)
    ties = [valve["asset_id"] for valve in isolation["alternatives"][0]["valves"]]
    at = datetime.now(UTC).isoformat()
    operate(office, ties, "open")
    with viewer(1440, 900) as shown:
        sit(shown, "planner")
        shown.open(f"/plan?city=1&sel={pipe['asset_id']}&layers={LAYERS}")
        panel = shown.page.get_by_role("region", name="影响分析")
        panel.get_by_label("修复时长").fill("7.5")
        told = get(office, f"/assets/{pipe['asset_id']}/impact", repair_h=7.5)["fault"]
        line = panel.locator(".fault > div").filter(has_text="按抢修 7.5 h").locator("dd")
        line.wait_for()
        shown_h = float(line.inner_text().split(" ")[0].replace(",", ""))
        assert abs(shown_h - told["stopped_area_hours_m2_h"] / 10_000) <= 0.5
        wait_for(lambda: "repair_h=7.5" in shown.look("window.location.search"), what="the hours to stand in the address")
        lost = {as_of: lost_of(office, pipe["asset_id"], as_of) for as_of in (None, at)}
        assert lost[None] != lost[at], "the valve was opened in between"
        shown.open(f"/plan?city=1&panel=isolation&sel={pipe['asset_id']}&states_as_of={quote(at)}&layers={LAYERS}")
        banner = shown.page.get_by_role("status").filter(has_text="的阀门、热源状态")
        panel = shown.page.get_by_role("region", name="关阀分析")
        wait_for(lambda: lost_now(panel) == lost[at], what="the isolation to count with the states of then")
        panel.get_by_text("查看历史时不能写入").wait_for()
        assert panel.get_by_role("button", name="保存为检修计划").count() == 0
        banner.get_by_role("button", name="回到现在").click()
        wait_for(lambda: lost_now(panel) == lost[None], what="the isolation to count with the present states")
        panel.get_by_role("button", name="保存为检修计划").wait_for()
        assert "states_as_of" not in shown.look("window.location.search")
        # off its normal position: drawn at every zoom
        astray = "window.__ht.map.queryRenderedFeatures({layers: ['marks-sign']}).map((one) => one.properties.asset_id)"
        shown.look("(window.__ht.map.jumpTo({zoom: 11}), true)")
        wait_for(lambda: not set(ties).isdisjoint(shown.look(astray)), what="the valve that stands off normal to be drawn")
        shown.assert_clean()
    operate(office, ties, "closed")


def lost_of(office: httpx.Client, asset_id: int, as_of: str | None) -> str:
    more = {} if as_of is None else {"as_of": as_of}
    return buildings(trace(office, "isolation", asset_id, **more)["lost"])


def operate(office: httpx.Client, valves: list[int], state: str) -> None:
    """Record the state of valves in the seat of the administrator."""
    with httpx.Client(base_url=office.base_url, timeout=60, params={"city": 1}) as other:
        seat = next(one for one in other.get("/seats").json() if one["role"] == "administrator")
        other.post("/session", json={"seat_id": seat["seat_id"]}).raise_for_status()
        body = {"valves": [{"asset_id": valve, "state": state} for valve in valves], "note": "演练"}
        other.post("/valves/states", json=body).raise_for_status()


def test_plans_that_meet_are_drawn_together(viewer: OpenViewer, office: httpx.Client, pictures: Path) -> None:
    first, second = (save_by_hand(office, title, place) for title, place in (("东段换阀", 0), ("支线换管", 8)))
    detail = get(office, f"/plans/{second['plan_id']}")
    (conflict,) = (one for one in detail["conflicts"] if one["plan_id"] == first["plan_id"])
    area = get(office, f"/plans/{second['plan_id']}/area")["features"]
    drawn = {one["id"] for one in area if one["properties"]["set"] in {"plan", "other", "both", "only_together"}}
    assert len(drawn) == conflict["joint"]["buildings"] > detail["lost"]["buildings"] > 0
    with viewer(1440, 900) as shown:
        sit(shown, "planner")
        shown.open(f"/plan?city=1&panel=plans&layers={LAYERS}")
        plans = shown.page.get_by_role("region", name="检修计划")
        row = plans.get_by_role("button").filter(has_text="支线换管")
        row.get_by_text(f"同时执行停供 {conflict['joint']['buildings']:,} 栋").wait_for()
        row.click()
        plans.get_by_role("region", name="时间冲突的计划").get_by_text("东段换阀").wait_for()
        marked = "window.__ht.map.getSource('marks').serialize().data.features.map((one) => one.properties.asset_id)"
        wait_for(lambda: drawn <= set(shown.look(marked)), what="the buildings of both plans to be drawn")
        shown.still()
        shown.shoot(pictures / "planner-conflict-1440x900.png")
        # the seat plans; valves are operated by others
        assert plans.get_by_role("button", name="开始执行").count() == 0
        shown.assert_clean()
    for one in (first, second):
        office.post(f"/plans/{one['plan_id']}/cancel", json={"note": "演练结束"}).raise_for_status()


def save_by_hand(office: httpx.Client, title: str, place: int) -> dict[str, Any]:
    """Save a plan for the segment at a place of the list of critical ones, for the same day as all others made here."""
    segment = get(office, "/network/criticality", limit=50)["items"][place]["segment_id"]
    order = trace(office, "isolation", segment)["order"]
    body = {
        "title": title,
        "asset_ids": [segment],
        "valves": [{"asset_id": valve, "action": "close", "order": i + 1} for i, valve in enumerate(order)],
        "planned_from_at": "2031-05-10T08:00:00+08:00",
        "planned_to_at": "2031-05-10T16:00:00+08:00",
    }
    answer = office.post("/plans", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
