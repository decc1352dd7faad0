"""The panels beside the map of the rollout: what stands on the screen is what the server answers."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.browser.conftest import OpenViewer
from tests.browser.pages import Viewer


@pytest.fixture
def city_figures(program: httpx.Client) -> dict[str, float | None]:
    """Return the figures of the whole sample city."""
    answer = program.get("/rollout/figures", params={"city": 1, "area": 0}).raise_for_status().json()
    figures: dict[str, float | None] = answer["items"][0]["figures"]
    return figures


def _number(text: str) -> float:
    """Return the number at the head of a text of the screen."""
    found = re.match(r"-?[\d,]+(\.\d+)?", text)
    assert found is not None, text
    return float(found.group().replace(",", ""))


def _figures(shown: Viewer, panel: str) -> dict[str, str]:
    """Return the figures on the screen by name."""
    found: list[tuple[str, str]] = shown.look(
        f"[...document.querySelectorAll('{panel} [data-figure]')].map(e => [e.dataset.figure, e.querySelector('dd').innerText])"
    )
    return dict(found)


def _agrees(texts: dict[str, str], figures: dict[str, float | None]) -> None:
    for name in ("target_household_count", "finished_count", "project_count", "coal_replaced_tce", "co2_avoided_t"):
        assert _number(texts[name]) == pytest.approx(figures[name], abs=0.5), name
    for name in ("clean_heating_rate", "target_rate", "installation_rate", "project_completion_rate"):
        value = figures[name]
        assert value is not None
        assert _number(texts[name]) == pytest.approx(100 * value, abs=0.051), name
    missing = [name for name, text in texts.items() if figures[name] is None]
    assert [texts[name] for name in missing] == ["无数据"] * len(missing)


def _rows(program: httpx.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = program.get(path, params={"city": 1, **query}).raise_for_status().json()["items"]
    return items


def test_the_bench_shows_the_figures_of_the_city_down_to_the_households_of_a_district(
    viewer: OpenViewer, program: httpx.Client, city_figures: dict[str, float | None]
) -> None:
    with viewer(1440, 900) as shown:
        shown.open("/?city=1&panel=rollout-overview")
        panel = shown.page.locator(".rollout-panel")
        panel.locator("[data-figure=finished_count]").wait_for()
        texts = _figures(shown, ".rollout-panel")
        _agrees(texts, city_figures)
        # how a figure is reckoned comes under the keyboard's focus
        panel.locator("[data-figure=completion_rate] .told").focus()
        shown.page.get_by_role("tooltip").get_by_text("完成户数 ÷ 目标户数").wait_for()

        # the ranking, highest first; those that nothing is known of last
        shown.page.get_by_role("button", name="排名").click()
        panel.locator(".rollout-ranks[data-by=completion_rate] li").first.wait_for()
        districts = _rows(program, "/rollout/figures", kind="district")
        known = [one for one in districts if one["figures"]["completion_rate"] is not None]
        known.sort(key=lambda one: (-one["figures"]["completion_rate"], one["area_id"]))
        listed = panel.locator(".rollout-ranks").first.locator("li")
        order = [int(one.get_attribute("data-area") or 0) for one in listed.all()]
        assert order[: len(known)] == [one["area_id"] for one in known]
        assert len(order) == len(districts)
        first = known[0]
        assert _number(listed.first.locator("b").inner_text()) == pytest.approx(
            100 * first["figures"]["completion_rate"], abs=0.051
        )

        # a click opens its page; the page leads to the township and from there to the village
        listed.first.locator("button").click()
        panel.get_by_role("heading", name=first["name"]).wait_for()
        for kind in ("township", "village"):
            inside = panel.get_by_label({"township": "乡镇", "village": "村屯"}[kind], exact=True).locator("button").first
            name = inside.locator("span").first.inner_text()
            inside.click()
            panel.get_by_role("heading", name=name, exact=True).wait_for()
        village = int(shown.look("new URLSearchParams(location.search).get('place')"))
        panel.locator("[data-figure=finished_count]").wait_for()
        (of_village,) = _rows(program, "/rollout/figures", area=village)
        assert _number(_figures(shown, ".rollout-panel")["finished_count"]) == of_village["figures"]["finished_count"]

        # its households, as many as the register has, then only those of one energy
        panel.get_by_role("button", name="改造户", exact=True).click()
        total = panel.get_by_test_id("list-total")
        for where in ([], ["energy_type:solar"]):
            if where:
                panel.get_by_label("能源类型").click()
                shown.page.get_by_title("太阳能", exact=True).click()
            answer = program.get("/registers/household", params={"city": 1, "asset": village, "where": where}).json()
            total.get_by_text(re.compile(rf"共 {answer['total']:,} ")).wait_for()

        # rings and radars are drawn by names that stand beside them
        shown.page.get_by_role("button", name="构成").click()
        shown.page.locator(".rollout-chart canvas").first.wait_for()
        shown.assert_clean()


def test_the_wall_shows_the_same_figures_around_the_map(
    viewer: OpenViewer, program: httpx.Client, city_figures: dict[str, float | None]
) -> None:
    with viewer(1200, 675) as shown:
        shown.open("/wall/rollout?city=1")
        shown.page.locator(".rollout-wall [data-figure=project_completion_rate]").wait_for()
        _agrees(_figures(shown, ".rollout-wall"), city_figures)
        shown.wait(
            "document.querySelectorAll('.rollout-wall .rollout-chart canvas').length === 4", what="ring, pie, radar, money"
        )
        assert shown.page.locator(".rollout-ranks li").count() == len(_rows(program, "/rollout/areas", kind="district"))
        paid = shown.page.locator("[data-source=central] td").nth(1).inner_text()
        central = city_figures["paid_central_cny"]
        assert central is not None
        assert _number(paid) == pytest.approx(central / 1e8, abs=0.0051)
        # nothing stands outside the wall
        outside = shown.look(
            "[...document.querySelectorAll('.rollout-wall .panel')].filter(e => {const b = e.getBoundingClientRect();"
            " return b.bottom > innerHeight || b.right > innerWidth || b.left < 0;}).length"
        )
        assert outside == 0
        shown.assert_clean()
