"""The monthly report of a district: a sheet with a fault is refused cell by cell, the mended one is brought in and counts."""

from __future__ import annotations

import csv
import io

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import OpenViewer
from tests.browser.pages import sit


def report(area: str, month: str, heated_m2: float) -> bytes:
    buffer = io.StringIO()
    rows = csv.writer(buffer)
    rows.writerow(["序号", "区域代码*", "月份*", "区域*", "取暖总面积（m²）", "清洁取暖面积：热力（m²）"])
    rows.writerow(["1", area, month, "农村", heated_m2, heated_m2 / 2])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def test_a_district_reports_its_month(viewer: OpenViewer, program: httpx.Client) -> None:
    districts = program.get("/rollout/areas", params={"city": 1, "kind": "district"}).json()["items"]
    district = next(each for each in districts if each["code"] == "220182")
    asked = {"city": 1, "kind": "district", "area": district["area_id"]}
    figures = lambda: program.get("/rollout/figures", params=asked).json()["items"][0]["figures"]  # noqa: E731
    before = figures()["heated_area_m2"]
    file = lambda month: {"name": "十一月.csv", "mimeType": "text/csv", "buffer": report("220182", month, 1e6)}  # noqa: E731
    with viewer(1440, 900) as shown:
        sit(shown, "administrator")
        shown.open("/?city=1&panel=rollout-report")
        panel = shown.page.locator(".rollout-report")
        with shown.page.expect_download() as download:
            panel.get_by_role("button", name="XLSX").click()
        assert download.value.suggested_filename == "推广月报模板.xlsx"

        panel.locator("input[type=file]").set_input_files(file("2026-13"))
        row = panel.locator(".sheet-remarks tbody tr")
        expect(row).to_have_count(1)
        assert row.locator("th, td").all_inner_texts()[:3] == ["2", "月份", "2026-13"]
        expect(row).to_contain_text("应为 YYYY-MM")
        assert panel.get_by_role("button", name="导入").count() == 0
        assert figures()["heated_area_m2"] == before

        panel.locator("input[type=file]").set_input_files(file("2026-11"))
        expect(panel.locator(".said")).to_contain_text("新增 1")
        expect(panel.locator(".sheet-changes li")).to_contain_text("220182-2026-11-农村")
        panel.get_by_role("textbox").fill("11 月月报")
        panel.get_by_role("button", name="导入").click()
        expect(panel.locator(".said")).to_contain_text("已导入：新增 1")
        shown.assert_clean()
    # the town's newest report is of October, the country's is the new one
    rows = program.get("/registers/rollout_report", params={"city": 1, "q": "220182-2026-1", "limit": 100}).json()["items"]
    heated = {each["code"]: each["attributes"]["heated_area_m2"] for each in rows}
    town = next(area for code, area in heated.items() if code.startswith("220182-2026-10") and not code.endswith("农村"))
    assert figures()["heated_area_m2"] == town + 1e6
    code = "220182-2026-11-农村"
    versions = program.get("/rollout/sheets/rollout_report/versions", params={"city": 1, "code": code}).json()["versions"]
    assert [each["reason"] for each in versions] == ["11 月月报"]
