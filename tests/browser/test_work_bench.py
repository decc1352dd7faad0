"""The work bench on a dirty city: problems repaired, assets edited and restored, proposals approved, changes, figures, shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Route

from api.loading import load_manifest
from api.settings import Settings
from tests.api.serving import serve
from tests.browser.pages import LIMIT_S, Viewer, open_viewer, sit, wait_for
from tests.conftest import create_database, drop_database

LAYERS = "base,buildings,network,stations"
REASON = "现场复核无误"


@pytest.fixture(scope="session")
def dirty_server(
    built_viewer: None, dirty_manifest: Path, server_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Yield the address of a server over the sample city with its dirt; tests of this module change it."""
    url = create_database(server_url)
    var_dir = tmp_path_factory.mktemp("dirty")
    try:
        load_manifest(dirty_manifest, Settings(var_dir=var_dir, database_url=url), seat="test")
        with serve(url, var_dir) as address:
            yield address
    finally:
        drop_database(url)


@pytest.fixture
def office(dirty_server: str) -> Iterator[httpx.Client]:
    """Yield an HTTP client in the seat of the planner."""
    with httpx.Client(base_url=dirty_server, timeout=60) as client:
        seat = next(one for one in client.get("/seats").json() if one["role"] == "planner")
        client.post("/session", json={"seat_id": seat["seat_id"]}).raise_for_status()
        yield client


@pytest.fixture(scope="session")
def bench(browser: Browser, dirty_server: str) -> Any:
    """Return a function that opens the viewer in the seat of a role."""

    @contextmanager
    def opened(role: str = "planner", *, width: int = 1440, height: int = 900) -> Iterator[Viewer]:
        with open_viewer(browser, dirty_server, width=width, height=height) as shown:
            sit(shown, role)
            yield shown

    return opened


def get(client: httpx.Client, path: str, **query: str | float | bool) -> Any:
    answer = client.get(path, params={"city": 1, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def act(box: Locator, label: str, *, sure: bool = False) -> None:
    """Give a reason and do it."""
    box.get_by_role("textbox", name="理由").fill(REASON)
    box.get_by_role("button", name=label, exact=True).click()
    if sure:
        box.get_by_role("alertdialog").get_by_role("button", name="确定").click()


def open_rules(office: httpx.Client, **wanted: object) -> list[dict[str, Any]]:
    rules = get(office, "/problems/rules")["rules"]
    return [rule for rule in rules if rule["open"] and all(rule[name] == value for name, value in wanted.items())]


def repairable(office: httpx.Client, *, least: int = 1) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A rule all problems of which can be repaired, and those problems."""
    for rule in open_rules(office, repairable=True):
        problems = get(office, "/problems", rule=rule["rule"], state="open")["items"]
        if len(problems) >= least and all(problem["repair"] for problem in problems):
            return rule, problems
    raise AssertionError("the dirty sample has rules whose problems can be repaired")


def drawn_roles(shown: Viewer) -> set[str]:
    features = shown.look("window.__ht.map.querySourceFeatures('overlay').map((one) => one.properties.role)")
    return set(features)


# ---------------------------------------------------------------- problems


def test_every_rule_is_counted_and_an_accepted_repair_is_drawn_written_and_gone_from_the_list(
    bench: Any, office: httpx.Client, pictures: Path
) -> None:
    rules = open_rules(office)
    assert {rule["severity"] for rule in rules} == {"error", "warning", "notice"}
    with bench() as shown:
        shown.open(f"/plan?city=1&panel=problems&layers={LAYERS},problems")
        panel = shown.page.get_by_role("region", name="数据问题")
        panel.get_by_test_id("rule-groups").wait_for()
        told = panel.get_by_test_id("rule-groups").inner_text()
        for rule in rules:
            assert re.search(rf"{re.escape(rule['label_zh'])}\s+(可修复\s+)?{rule['open']:,}(\s|$)", told), rule["label_zh"]
        shown.shoot(pictures / "problems-1440x900.png")
        rule, problems = repairable(office, least=2)
        problem = problems[0]
        panel.get_by_test_id("rule-groups").get_by_role("button").filter(has_text=rule["label_zh"]).click()
        panel.get_by_text(f"共 {len(problems)} 条").wait_for()
        panel.get_by_role("list", name="数据问题").get_by_role("button").filter(has_text=problem["code"]).first.click()
        card = shown.page.get_by_role("region", name="问题详情")
        card.get_by_text(problem["repair"]["text_zh"]).wait_for()
        assert f"rule={rule['rule']}" in shown.look("window.location.search")
        detail = get(office, f"/problems/{problem['problem_id']}")
        if detail["geometry_before"] is not None:
            wait_for(lambda: "before" in drawn_roles(shown), what="the shape before to be drawn")
        shown.still()
        shown.shoot(pictures / "problem-repair-1440x900.png")
        assert card.get_by_role("button", name="接受修复").is_disabled(), "no decision goes without a reason"
        act(card, "接受修复")
        panel.get_by_text(f"共 {len(problems) - 1} 条").wait_for()
        after = get(office, f"/problems/{problem['problem_id']}")
        assert after["state"] in {"accepted", "gone"}
        assert after["reason"] == REASON
        change = get(office, f"/changes/{after['change_id']}")
        assert change["origin"] == "repair"
        assert "规划员" in change["seat"]
        shown.assert_clean()


def test_a_sign_on_the_map_opens_its_problem(bench: Any, office: httpx.Client) -> None:
    problem = next(one for one in get(office, "/problems", state="open", severity="error")["items"] if one["position"])
    lon, lat = problem["position"]
    with bench() as shown:
        shown.open(f"/plan?city=1&panel=problems&rule={problem['rule']}&layers=base,problems&lon={lon}&lat={lat}&z=18")
        drawn = "window.__ht.map.queryRenderedFeatures({layers: ['problems-error']}).map((one) => one.id)"
        wait_for(lambda: problem["problem_id"] in shown.look(drawn), what="the sign to be drawn")
        assert shown.look("window.__ht.map.queryRenderedFeatures({layers: ['problems-notice', 'problems-warning']})") == []
        shown.still()
        shown.page.mouse.click(*shown.pixel_of((lon, lat)))
        card = shown.page.get_by_role("region", name="问题详情")
        card.get_by_role("heading").first.wait_for()
        opened = int(shown.look("new URLSearchParams(window.location.search).get('problem')"))
        wait_for(lambda: opened in shown.look(drawn), what="the sign of the opened problem to be drawn")
        shown.assert_clean()


def test_a_link_opens_its_problem_which_is_dismissed_and_taken_back(bench: Any, office: httpx.Client) -> None:
    problem = get(office, "/problems", state="open", rule=open_rules(office, repairable=False)[0]["rule"])["items"][0]
    with bench(width=1024, height=700) as shown:
        shown.open(f"/plan?city=1&panel=problems&layers=base&rule={problem['rule']}&problem={problem['problem_id']}")
        card = shown.page.get_by_role("region", name="问题详情")
        card.get_by_text(problem["message_zh"]).first.wait_for()
        act(card, "忽略")
        card.get_by_text("已忽略").wait_for()
        assert get(office, f"/problems/{problem['problem_id']}")["state"] == "dismissed"
        act(card, "撤销处理")
        card.get_by_role("button", name="忽略", exact=True).wait_for()
        assert get(office, f"/problems/{problem['problem_id']}")["state"] in {"open", "reverted"}
        # the address of now restores what is open
        shown.page.reload()
        card.get_by_text(problem["message_zh"]).first.wait_for()
        shown.assert_clean()


def test_all_problems_of_a_rule_are_repaired_after_one_is_asked(bench: Any, office: httpx.Client) -> None:
    rule, problems = repairable(office, least=2)
    with bench(width=1024, height=700) as shown:
        shown.open(f"/plan?city=1&panel=problems&layers=base&rule={rule['rule']}")
        panel = shown.page.get_by_role("region", name="数据问题")
        panel.get_by_role("button", name=f"修复全部 {len(problems)} 条").click()
        panel.get_by_role("textbox", name="理由").fill(REASON)
        panel.get_by_role("button", name=f"修复全部 {len(problems)} 条").click()
        asked = panel.get_by_role("alertdialog")
        assert f"{len(problems)} 条问题" in asked.inner_text()
        asked.get_by_role("button", name="确定").click()
        wait_for(
            lambda: len(get(office, "/problems", rule=rule["rule"], state="open")["items"]) < len(problems),
            what="repairs to be written",
        )
        shown.assert_clean()


def test_who_may_not_decide_has_no_buttons(bench: Any, office: httpx.Client) -> None:
    problem = get(office, "/problems", state="open", limit=1)["items"][0]
    with bench("viewer", width=1024, height=700) as shown:
        shown.open(f"/plan?city=1&panel=problems&layers=base&rule={problem['rule']}&problem={problem['problem_id']}")
        card = shown.page.get_by_role("region", name="问题详情")
        card.get_by_text("当前席位只能查看").wait_for()
        assert card.get_by_role("button", name="忽略").count() == 0
        assert shown.page.get_by_role("button", name=re.compile("修复全部")).count() == 0
        shown.assert_clean()


def test_fifty_thousand_rows_are_a_window_of_rows(bench: Any, office: httpx.Client) -> None:
    total, sample = 50_000, get(office, "/problems", limit=1)["items"][0]

    def many(route: Route) -> None:
        query = dict(pair.split("=") for pair in route.request.url.split("?")[1].split("&"))
        first = int(query["offset"])
        items = [{**sample, "problem_id": first + n + 1, "code": f"行{first + n + 1}"} for n in range(int(query["limit"]))]
        route.fulfill(json={"total": total, "items": items[: total - first]})

    with bench(width=1024, height=700) as shown:
        shown.page.route(re.compile(r"/problems\?"), many)
        shown.open(f"/plan?city=1&panel=problems&layers=base&rule={sample['rule']}")
        listed = shown.page.get_by_role("list", name="数据问题")
        shown.page.get_by_text("共 50,000 条").wait_for()
        assert listed.get_by_role("listitem").count() < 60
        shown.look("(document.querySelector('.paged-box').scrollTop = 1e9) && null")
        listed.get_by_text("行50000").wait_for()
        assert listed.get_by_role("listitem").count() < 60
        shown.assert_clean()


# ---------------------------------------------------------------- the archive of an asset


def test_an_edit_with_a_reason_appears_in_the_history_and_is_restored(bench: Any, office: httpx.Client, pictures: Path) -> None:
    station = get(office, "/assets", kind="substation", limit=3)["items"][2]
    before = get(office, f"/assets/{station['asset_id']}")
    with bench() as shown:
        shown.open(f"/plan?city=1&panel=layers&layers={LAYERS}&sel={station['asset_id']}&tab=edit")
        form = shown.page.get_by_role("form", name="编辑资产")
        form.get_by_label("名称", exact=True).fill(before["name"] + "（改）")
        form.get_by_label("系统数").fill("four")
        form.get_by_text("内容不符合要求", exact=True).wait_for()
        form.get_by_label("系统数").fill("4")
        form.get_by_label("经度").fill(f"{station['position'][0] + 0.0005:.7f}")
        shown.shoot(pictures / "asset-edit-1440x900.png")
        act(form, "保存修改")
        versions = shown.page.get_by_role("list", name="历史版本")
        newest = versions.get_by_role("listitem").first
        newest.get_by_text(f"版本 {before['version'] + 1}").wait_for()
        text = newest.inner_text()
        for part in ("编辑", REASON, "规划员", before["name"] + "（改）", "系统数"):
            assert part in text, part
        now = get(office, f"/assets/{station['asset_id']}")
        assert now["position"][0] == pytest.approx(station["position"][0] + 0.0005, abs=1e-6)

        versions.get_by_role("listitem").nth(1).get_by_role("button", name="查看当时").click()
        shown.page.get_by_role("status").filter(has_text=f"（版本 {before['version']}）").wait_for()
        shown.page.get_by_role("region", name=before["name"], exact=True).wait_for()
        wait_for(lambda: "past" in drawn_roles(shown), what="where it was to be drawn")
        shown.shoot(pictures / "archive-1440x900.png")
        shown.page.get_by_role("button", name="回到现在").click()
        versions.get_by_role("listitem").nth(1).get_by_role("button", name="恢复此版本").click()
        restore(versions)
        versions.get_by_text(f"版本 {before['version'] + 2}").wait_for()
        assert get(office, f"/assets/{station['asset_id']}")["name"] == before["name"]
        shown.assert_clean()


def restore(versions: Locator) -> None:
    box = versions.get_by_role("listitem").nth(1)
    box.get_by_role("textbox", name="理由").fill(REASON)
    box.locator(".reason").get_by_role("button", name="恢复此版本").click()
    box.get_by_role("alertdialog").get_by_role("button", name="确定").click()


def test_a_proposal_is_approved_by_another_seat(bench: Any, office: httpx.Client) -> None:
    station = get(office, "/assets", kind="substation", limit=5)["items"][4]
    with bench("dispatcher", width=1024, height=700) as shown:
        shown.open(f"/plan?city=1&panel=layers&layers=base&sel={station['asset_id']}&tab=edit")
        form = shown.page.get_by_role("form", name="编辑资产")
        form.get_by_label("名称", exact=True).fill("建议的名称")
        assert form.get_by_role("button", name="保存修改").count() == 0
        act(form, "提交审批")
        shown.page.get_by_role("region", name="审核与批复").get_by_text(REASON).first.wait_for()
        assert get(office, f"/assets/{station['asset_id']}")["name"] == station["name"], (
            "nothing is changed before it is approved"
        )
        shown.assert_clean()
    with bench(width=1024, height=700) as shown:
        shown.open("/plan?city=1&panel=proposals&layers=base")
        panel = shown.page.get_by_role("region", name="审核与批复")
        panel.get_by_role("list").get_by_role("button").filter(has_text=station["code"]).click()
        act(panel.get_by_role("region", name="待审内容"), "批准")
        wait_for(
            lambda: get(office, f"/assets/{station['asset_id']}")["name"] == "建议的名称", what="the approved name to be written"
        )
        panel.get_by_text("没有待审内容").wait_for()
        shown.assert_clean()


def test_changes_are_listed_compared_and_taken_back(bench: Any, office: httpx.Client) -> None:
    station = get(office, "/assets", kind="substation", limit=8)["items"][7]
    body = {"name": "待撤销的名称", "reason": "改名试验"}
    made = office.patch(f"/assets/{station['asset_id']}", params={"city": 1}, json=body).json()
    at = get(office, f"/changes/{made['change_id']}")["made_at"]
    with bench(width=1024, height=700) as shown:
        shown.open("/plan?city=1&panel=changes&layers=base")
        panel = shown.page.get_by_role("region", name="变更记录")
        panel.get_by_role("list", name="变更").get_by_role("button").filter(has_text="改名试验").click()
        panel.get_by_role("list", name="涉及资产").get_by_text("待撤销的名称").first.wait_for()
        panel.get_by_text("撤销此变更").first.click()
        act(panel, "撤销此变更", sure=True)
        wait_for(
            lambda: get(office, f"/assets/{station['asset_id']}")["name"] == station["name"], what="the change to be taken back"
        )
        shown.page.goto(f"{shown.url}/plan?city=1&panel=changes&layers=base&difference=1&from={at}")
        difference = get(office, "/changes/difference", **{"from": at, "to": "2099-01-01T00:00:00Z"})
        total = difference["added"] + difference["changed"] + difference["retired"]
        panel.get_by_text(f"共 {total} 条").wait_for()
        shown.assert_clean()


# ---------------------------------------------------------------- statistics, coverage, datums, shapes


def test_lengths_are_told_and_painted_as_the_server_counts_them_and_saved(
    bench: Any, office: httpx.Client, pictures: Path
) -> None:
    with bench() as shown:
        shown.open(f"/plan?city=1&panel=statistics&layers={LAYERS}&by=dn_band&paint=1")
        panel = shown.page.get_by_role("region", name="管网统计")
        assert_told_and_painted(shown, panel, get(office, "/statistics/lengths", by="dn_band"), "dn")
        for by, label, field in (
            ("laying", "敷设", "laying"),
            ("material", "材质", "material"),
            ("age", "年限", "year"),
            ("class", "类别", "class"),
        ):
            panel.locator(".ant-segmented").get_by_text(label, exact=True).click()
            assert_told_and_painted(shown, panel, get(office, "/statistics/lengths", by=by), field)
            if by == "laying":
                shown.still()
                shown.shoot(pictures / "statistics-1440x900.png")
        assert_saved(shown, panel)
        shown.assert_clean()


def assert_told_and_painted(shown: Viewer, panel: Locator, lengths: dict[str, Any], field: str) -> None:
    """Every row stands in the panel with its pipes, and the pipes on the map are painted by the field."""
    panel.get_by_text(f"{lengths['total']:,.3f}".rstrip("0").rstrip(".") + " km").first.wait_for()
    for row in lengths["rows"]:
        if row["pipes"]:
            line = panel.get_by_role("row").filter(has_text=row["label_zh"]).filter(has_text=f"{row['pipes']:,}")
            line.first.wait_for()
    colour = "JSON.stringify(window.__ht.map.getPaintProperty('network-pipe', 'line-color'))"
    wait_for(lambda: f'"{field}"' in (shown.look(colour) or ""), what=f"pipes painted by {field}")


def assert_saved(shown: Viewer, panel: Locator) -> None:
    """The table and the layer come as files."""
    with shown.page.expect_download() as table:
        panel.get_by_role("button", name="CSV").first.click()
    assert table.value.suggested_filename.endswith(".csv")
    with shown.page.expect_download() as layer:
        panel.get_by_role("region", name="导出图层").get_by_role("button", name="GeoPackage").click()
    assert layer.value.suggested_filename.endswith(".gpkg")


def test_declared_and_served_ground_are_drawn_together(bench: Any, office: httpx.Client, pictures: Path) -> None:
    items = get(office, "/coverage", of_kind="substation", limit=1000)["items"]
    item = next(one for one in items if one["declared_m2"] is not None and one["served_buildings"] > 0)
    with bench() as shown:
        shown.open(f"/plan?city=1&panel=coverage&of=substation&layers={LAYERS}&object={item['asset_id']}")
        panel = shown.page.get_by_role("region", name="供热范围核对")
        panel.get_by_text("申报面积").wait_for()
        wait_for(lambda: {"declared", "derived"} <= drawn_roles(shown), what="both grounds to be drawn")
        panel.get_by_text(f"共 {len(items)} 条").wait_for()
        panel.get_by_text("各区").click()
        district = get(office, "/coverage/districts")["districts"][0]
        panel.get_by_text(f"供热楼栋 {district['heated_buildings']:,}").first.wait_for()
        shown.shoot(pictures / "coverage-1440x900.png")
        shown.assert_clean()


def test_the_ledger_the_registry_and_the_residuals_are_shown(bench: Any, office: httpx.Client, pictures: Path) -> None:
    conversions = get(office, "/conversions")
    grid = get(office, "/grids")["grids"][0]
    with bench() as shown:
        shown.open("/plan?city=1&panel=datums&layers=base")
        panel = shown.page.get_by_role("region", name="坐标基准")
        panel.get_by_text(f"共 {conversions['total']} 条").wait_for()
        panel.get_by_text(conversions["items"][0]["layer"]).first.wait_for()
        panel.get_by_text("基准登记").click()
        panel.get_by_text("gcj02", exact=True).wait_for()
        panel.get_by_text("控制点拟合").click()
        panel.get_by_text(grid["points"][0]["name"]).wait_for()
        assert panel.get_by_role("row").count() == len(grid["points"]) + 1
        wait_for(lambda: "residual" in drawn_roles(shown), what="residuals to be drawn")
        shown.still()
        shown.shoot(pictures / "residuals-1440x900.png")
        shown.assert_clean()


def test_a_drawn_rectangle_lists_what_lies_in_it(bench: Any, office: httpx.Client, pictures: Path) -> None:
    station = get(office, "/assets", kind="substation", limit=1)["items"][0]
    lon, lat = station["position"]
    with bench() as shown:
        shown.open(f"/plan?city=1&panel=selection&layers={LAYERS}&lon={lon}&lat={lat}&z=16")
        panel = shown.page.get_by_role("region", name="按范围查询")
        panel.get_by_role("button", name="矩形").click()
        for dx, dy in ((-0.001, -0.0006), (0.001, 0.0006)):
            shown.page.mouse.click(*shown.pixel_of((lon + dx, lat + dy)))
        panel.get_by_role("list", name="按种类").get_by_role("button").first.wait_for()
        assert "shape=rectangle:" in shown.look("window.location.search")
        text = shown.look("decodeURIComponent(window.location.search).match(/shape=rectangle:([^&]+)/)[1]")
        (west, south), (east, north) = ([float(value) for value in pair.split(",")] for pair in text.split(";"))
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        body = {"geometry": {"type": "Polygon", "coordinates": [ring]}, "limit": 1}
        expected = office.post("/assets/within", params={"city": 1}, json=body).json()
        panel.get_by_text(f"共 {expected['total']} 条").wait_for()
        chips = panel.get_by_role("list", name="按种类").get_by_role("button").all_inner_texts()
        assert sorted(int(chip.split()[-1].replace(",", "")) for chip in chips) == sorted(expected["counts"].values())
        assert shown.look("window.__ht.selected") is None, "a click that draws selects nothing"
        shown.shoot(pictures / "selection-1440x900.png")
        panel.get_by_role("button", name="最近").click()
        shown.page.mouse.click(*shown.pixel_of((lon, lat)))
        panel.get_by_role("list", name="最近的资产").get_by_text(station["name"]).first.wait_for()
        shown.assert_clean()


# ---------------------------------------------------------------- other windows


def test_the_phone_lists_problems_and_opens_one(bench: Any, office: httpx.Client, pictures: Path) -> None:
    rule = open_rules(office)[0]
    problem = get(office, "/problems", rule=rule["rule"], state="open")["items"][0]
    with bench(width=390, height=844) as shown:
        shown.open("/m?city=1")
        shown.page.get_by_text("问题", exact=True).click()
        shown.page.get_by_test_id("rule-groups").get_by_role("button").filter(has_text=rule["label_zh"]).click()
        shown.page.get_by_role("list", name="数据问题").get_by_role("button").filter(has_text=problem["code"]).first.click()
        shown.page.get_by_role("region", name="问题详情").wait_for()
        width, inner = shown.look("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width <= inner
        shown.shoot(pictures / "problems-390x844.png")
        shown.assert_clean()


def panels_of(shown: Viewer, tabs: Locator) -> Iterator[str]:
    """Open one panel after the other, group by group; yield the name of each."""
    tabs.get_by_role("tab").first.wait_for()
    for group in range(tabs.get_by_role("tab").count()):
        tabs.get_by_role("tab").nth(group).click()
        for place in range(tabs.get_by_role("button").count()):
            tabs.get_by_role("button").nth(place).click()
            tabs.locator(f"li:nth-child({place + 1}) [aria-current=page]").wait_for()
            yield shown.look("new URLSearchParams(window.location.search).get('panel')")


@pytest.mark.parametrize(("width", "height", "langs"), [(1200, 675, ("zh", "en")), (390, 844, ("en",))])
def test_every_panel_fits_its_window_and_speaks_both_languages(
    bench: Any, pictures: Path, width: int, height: int, langs: tuple[str, ...]
) -> None:
    """English words are the longer ones: a narrow window is tried with those."""
    with bench(width=width, height=height) as shown:
        shown.page.goto(f"{shown.url}/plan?city=1&layers=base", timeout=LIMIT_S * 1000)
        for lang in langs:
            if lang == "en":
                shown.page.get_by_role("button", name="切换语言").click()
            tabs = shown.page.get_by_role("navigation", name="工作台" if lang == "zh" else "Work bench")
            opened = []
            for panel in panels_of(shown, tabs):
                opened.append(panel)
                # the panel's own code may still be on its way
                box = wait_for(shown.page.locator(".bench > .panel:has(.panel-body)").bounding_box, what=f"{panel} to be shown")
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= width
                inner = shown.look("document.documentElement.scrollWidth")
                assert inner <= width, (panel, lang)
                wide = shown.look(
                    "[...document.querySelectorAll('.bench .panel-body')].every((one) => one.scrollWidth <= one.clientWidth + 1)"
                )
                assert wide, (panel, lang)
                if lang == langs[0] and panel in {"problems", "statistics"}:
                    shown.shoot(pictures / f"{panel}-{width}x{height}.png")
            assert len(set(opened)) == len(opened) >= 27
        shown.assert_clean()


def test_the_supervisor_opens_and_closes_the_bench(bench: Any) -> None:
    with bench("viewer", width=1024, height=700) as shown:
        shown.open("/?city=1&layers=base")
        shown.page.get_by_role("region", name="城市数据").get_by_role("button", name="数据问题").click()
        shown.page.get_by_role("region", name="数据问题").wait_for()
        shown.page.locator(".bench-close").click()
        shown.page.get_by_role("region", name="运行状态").wait_for()
        assert "panel" not in shown.look("window.location.search")
        shown.assert_clean()
