"""The panel of incidents: a cut folds its alarms, a click flies there, a person takes it, and what is alone stays below."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.api.live_helpers import substation_values
from tests.api.serving import wait_for
from tests.api.test_incidents import Town
from tests.browser.conftest import OpenViewer


@pytest.fixture
def town(program: httpx.Client) -> Iterator[Town]:
    """Yield the city with the stations of one pipe and one elsewhere gone cold; afterwards they are warm again."""
    made = Town(program)
    made.report(list(made.source_of))
    made.report([*made.below, made.others[0]], substation_values(secondary_supply_temperature_degc=20.0))
    wait_for(lambda: [each for each in made.incidents() if each["open_alarms"] >= len(made.below)], what="the incident")
    yield made
    made.report(list(made.source_of))


def test_a_cut_is_one_row_that_leads_to_its_place_its_alarms_and_its_repair(viewer: OpenViewer, town: Town) -> None:
    with viewer(1440, 900) as shown:
        shown.open("/?city=1&panel=incidents")
        panel = shown.page.locator(".work-panel.incidents")
        row = panel.locator(".incident-rows > .row")
        row.first.wait_for()
        assert "断供" in row.first.inner_text()
        listed = town.client.get("/incidents").json()
        folded, alone = listed["items"][0]["open_alarms"], listed["unfolded"]
        row.first.get_by_text(f"{folded} 条报警 · {len(town.below)} 座换热站").wait_for()
        assert panel.locator(".incident-alone .row").count() == alone
        row.first.locator(".row-main").first.click()
        panel.locator(".incident-log li").first.wait_for()
        panel.locator(".incident-children summary").click()
        assert panel.locator(".incident-children .row").count() == min(60, folded)
        panel.get_by_role("button", name="开始抢修").click()
        shown.wait("document.querySelector('.incident-state.is-repairing') !== null", what="the incident to be taken")
        assert town.incidents()[0]["state"] == "repairing"
        alarms = shown.page.locator(".alarms")
        alarms.get_by_text("按事件", exact=True).click()
        alarms.locator(".alarm-group summary").wait_for()
        assert alarms.locator("ul.rows > .alarm").count() == alone
        shown.assert_clean()
