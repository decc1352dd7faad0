"""Pipe colourings, imagery, live fields, coordinates and data services: in pixels, in the legend, in the address."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.browser.conftest import OpenViewer
from tests.browser.pages import Viewer, wait_for

SIZES = ((1440, 900), (390, 844))
PLACE = "lon=125.297&lat=43.853&z=15"
NEAR = 40
"""Sum over the channels by which a drawn pixel may differ from its colour: lines are drawn at 95 % over the ground."""


def legend_of(program: httpx.Client, name: str) -> dict[str, Any]:
    """Return one colouring as the server tells it."""
    found = program.get("/styles/colourings", params={"city": 1}).raise_for_status().json()
    return next(dict(each) for each in found if each["colouring"] == name)


def picture(shown: Viewer) -> NDArray[np.int32]:
    """Return the pixels of the map, without what lies over it; red, green, blue by row and column."""
    shown.still()
    shown.look("document.querySelectorAll('.side, .legend').forEach((one) => { one.style.visibility = 'hidden'; })")
    body = shown.page.locator(".map").screenshot()
    shown.look("document.querySelectorAll('.side, .legend').forEach((one) => { one.style.visibility = ''; })")
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGB")).astype(np.int32)


def count_of(pixels: NDArray[np.int32], colour: str) -> int:
    """Return how many pixels have about a colour (`#rrggbb`)."""
    wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return int((np.abs(pixels - wanted).sum(axis=2) <= NEAR).sum())


def drawn_values(shown: Viewer, attribute: str) -> set[int]:
    """Return the values that the drawn pipes have."""
    features = "window.__ht.map.queryRenderedFeatures({layers: ['network-pipe']})"
    return set(
        shown.look(f"[...new Set({features}.map((one) => one.properties['{attribute}']).filter((one) => one !== undefined))]")
    )


def choose(shown: Viewer, label: str, option: str, part: str) -> None:
    """Choose an option of a box in the layer panel, and wait until the address holds `part`."""
    box = shown.page.get_by_role("combobox", name=label, exact=True)
    listed = shown.page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option")

    def chosen() -> bool:
        if part in shown.look("window.location.search"):
            return True
        if listed.count() == 0:
            box.click()
        listed.get_by_text(option, exact=True).click()
        return False

    wait_for(chosen, what=f"{option} to be chosen")


def test_a_colouring_is_chosen_drawn_told_and_kept(sharp: OpenViewer, program: httpx.Client) -> None:
    legend = legend_of(program, "laying")
    with sharp(1024, 700) as shown:
        shown.open(f"/?city=1&{PLACE}&layers=network")
        assert not any(".mvt" in url and "with=" in url for url in shown.watch.requests)
        before = picture(shown)
        choose(shown, "管网着色", legend["title_zh"], "colouring=laying")
        values = wait_for(lambda: drawn_values(shown, "laying"), what="tiles that tell the laying")
        after = picture(shown)
        # only the tiles of pipes carry the wish
        asked = [url for url in shown.watch.requests if ".mvt" in url and "with=" in url]
        assert asked
        assert all("/tiles/network/" in url and "with=laying" in url for url in asked)
        for item in legend["items"]:
            if item["value"] in values:
                assert count_of(after, item["colour"]) > count_of(before, item["colour"]) + 100, item
        rows = shown.page.get_by_role("region", name="管网着色").locator("li")
        assert rows.all_inner_texts() == [one["label_zh"] for one in [*legend["items"], legend["other"]]]
        assert "colouring=laying" in shown.look("window.location.search")
        assert_every_colouring_draws_what_its_legend_says(shown, program)
        choose(shown, "管网着色", legend["title_zh"], "colouring=laying")
        # a fresh visit of the page is coloured as it was; another page is not asked what this one had
        shown.page.goto(shown.url + "/?city=1")
        shown.wait("window.__ht && window.__ht.ready", what="the page to be there again")
        assert "colouring=laying" in shown.look("window.location.search")
        shown.assert_clean()


def assert_every_colouring_draws_what_its_legend_says(shown: Viewer, program: httpx.Client) -> None:
    """Choose each in turn; the colours of its legend are on the map."""
    for legend in program.get("/styles/colourings", params={"city": 1}).raise_for_status().json():
        choose(shown, "管网着色", legend["title_zh"], "colouring=" + legend["colouring"])
        rows = shown.page.get_by_role("region", name="管网着色").locator("li")
        rows.get_by_text(legend["other"]["label_zh"], exact=True).wait_for()
        pixels = picture(shown)
        colours = {item["colour"] for item in [*legend["items"], legend["other"]]}
        assert max(count_of(pixels, colour) for colour in colours) > 250, legend["colouring"]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_imagery_is_switched_on_by_hand_and_lies_below_the_pipes(
    sharp: OpenViewer, program: httpx.Client, width: int, height: int
) -> None:
    layers = program.get("/raster", params={"city": 1}).json()
    if not any(layer["layer"] == "satellite" for layer in layers):
        pytest.skip("the sample of this run has no imagery")
    with sharp(width, height) as shown:
        shown.open(f"/?city=1&{PLACE}&layers=base,network,stations&colouring=dn")
        shown.page.get_by_text("卫星影像", exact=True).click()
        shown.wait("window.__ht.map.getLayer('satellite') !== undefined", what="the imagery to be on the map")
        assert "mode=satellite" in shown.look("window.location.search")
        pixels = picture(shown)
        # the ground is a picture, not the one colour of an empty map
        assert np.unique(pixels // 16 @ np.array([256, 16, 1])).size > 60
        assert count_of(pixels, "#0b1624") < 0.5 * pixels.shape[0] * pixels.shape[1]
        assert shown.look("window.__ht.map.getLayer('network-casing') !== undefined")
        box = shown.page.get_by_role("combobox", name="管网着色", exact=True).locator(
            "xpath=ancestor::div[contains(@class,'ant-select')][last()]"
        )
        size = box.bounding_box()
        assert size is not None
        if width < 820:
            assert size["height"] >= 36
        shown.assert_clean()


def test_fields_coordinates_and_services_are_those_of_the_server(viewer: OpenViewer, program: httpx.Client) -> None:
    fields = program.get("/fields", params={"city": 1}).raise_for_status().json()
    with viewer(1024, 700) as shown:
        shown.open(f"/?city=1&{PLACE}")
        bar = shown.page.locator(".coordinates")
        assert "WGS-84" in bar.inner_text()
        assert "125.297000, 43.853000" in bar.inner_text()
        chooser = shown.page.get_by_role("combobox", name="实况场", exact=True)
        if not fields:
            assert chooser.count() == 0
        else:
            choose(shown, "实况场", fields[0]["title_zh"], "field=" + fields[0]["field"])
            shown.wait("window.__ht.map.getLayer('field') !== undefined", what="the field to be on the map")
            legend = shown.page.get_by_role("region", name="实况场")
            assert f"{fields[0]['stations']} 个测点" in legend.inner_text()
            shown.still()
        assert_in_gcj02(shown, program)
        shown.assert_clean()


def assert_in_gcj02(shown: Viewer, program: httpx.Client) -> None:
    """Coordinates stand with their datum, and the addresses of services in it answer."""
    answer = program.get("/datums/offset", params={"lon": 125.297, "lat": 43.853}).json()
    lon, lat = next(one["position"] for one in answer["offsets"] if one["datum"] == "gcj02")
    shown.page.goto(f"{shown.url}/?city=1&{PLACE}&datum=gcj02&panel=services&crs=gcj02")
    bar = shown.page.locator(".coordinates")
    bar.get_by_text(f"{lon:.6f}, {lat:.6f}").wait_for()
    assert "GCJ-02" in bar.inner_text()
    assert "WGS-84" not in bar.inner_text()
    inputs = shown.page.locator(".services-list input")
    wait_for(lambda: inputs.count() >= 4, what="the addresses")
    found = [one.input_value() for one in inputs.all()]
    assert any("/tiles/base,network" in address and "crs=gcj02" in address for address in found)
    for address in found:
        if "{z}" not in address:
            program.get(address).raise_for_status()
