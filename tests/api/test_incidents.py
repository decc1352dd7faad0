"""Incidents over HTTP: a cut makes one incident, its alarms fold and come back, persons act, the past stays as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api import incident_room
from tests.api.live_helpers import frame, now_ms, post, substation_values
from tests.api.serving import serve, wait_for
from tests.api.test_causes import stations_below_one_pipe
from tests.conftest import LoadedSample, create_database, drop_database
from twin.faults import BANDS
from twin.incidents.fold import Pace

pytestmark = pytest.mark.in_order
LOW = "secondary_supply_temperature_low"
COLD = substation_values(secondary_supply_temperature_degc=20.0)


@pytest.fixture(scope="module")
def client(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of one server over the sample city, whose incidents follow quickly."""
    database_url = create_database(server_url, sample.template)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incident_room, "PACE", Pace(wait_s=1.0, hold_s=3.0, calm_s=1.0))
        with (
            serve(database_url, sample.copy_var_dir(tmp_path_factory.mktemp("incidents"))) as url,
            httpx.Client(base_url=url, timeout=60) as made,
        ):
            yield made
    drop_database(database_url)


class Town:
    """The substations of the sample city: those below one pipe, and all others."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        sources = client.get("/sources", params={"kind": "substation", "limit": 5000}).json()
        items = sources if isinstance(sources, list) else sources["items"]
        self.source_of = {each["asset_id"]: each["code"] for each in items if each["code"].startswith("substation:")}
        self.below = [each for each in stations_below_one_pipe(client) if each in self.source_of]
        self.others = [each for each in self.source_of if each not in self.below]

    def report(self, stations: list[int], values: list[float | None] | None = None) -> None:
        """Let stations report: healthy, or as given."""
        results = post(self.client, *(frame(self.source_of[each], now_ms(), values) for each in stations))
        assert set(results) <= {"accepted"}, results

    def incidents(self, **query: Any) -> list[dict[str, Any]]:
        """Return incidents as listed."""
        found: list[dict[str, Any]] = self.client.get("/incidents", params=query).json()["items"]
        return found

    def act(self, incident_id: int, action: str, status: int = 200, **body: Any) -> dict[str, Any]:
        """Do something with an incident."""
        answer = self.client.post(f"/incidents/{incident_id}/{action}", json=body)
        assert answer.status_code == status, answer.text
        done: dict[str, Any] = answer.json()
        return done


@pytest.fixture(scope="module")
def town(client: httpx.Client) -> Town:
    made = Town(client)
    made.report(list(made.source_of))
    return made


@pytest.fixture(scope="module")
def cut(town: Town) -> dict[str, Any]:
    """Return the incident of a pipe whose stations have gone cold, with one station elsewhere that has a reason of its own."""
    town.report([*town.below, town.others[0]], COLD)
    wait_for(lambda: [each for each in town.incidents() if each["open_alarms"] == len(town.below)], what="the incident")
    return town.incidents()[0]


def test_one_cut_is_one_incident_and_an_alarm_elsewhere_stays_beside_it(town: Town, cut: dict[str, Any]) -> None:
    assert (cut["state"], cut["level"], cut["alarms"], cut["rule_code"]) == ("open", 1, len(town.below), LOW)
    assert cut["cause"]["hypothesis"] == "cut_off"
    assert cut["cause"]["segment_ids"]
    assert cut["cause"]["position"] is not None
    listed = town.client.get("/incidents").json()
    assert (listed["total"], listed["outside_scope"], listed["unfolded"]) == (1, 0, 1)
    free = town.client.get("/alarms", params={"folded": False}).json()["items"]
    assert [(each["asset_id"], each["incident_id"], each["suppressed"]) for each in free] == [(town.others[0], None, False)]
    folded = town.client.get("/alarms", params={"incident": cut["incident_id"]}).json()["items"]
    assert {each["asset_id"] for each in folded} == set(town.below)
    assert all(each["active"] for each in folded)
    assert sum(not each["suppressed"] for each in folded) == 1, "one rings for all"


def test_who_is_without_heat_is_what_the_trace_says_of_these_stations(town: Town, cut: dict[str, Any]) -> None:
    traced = town.client.post("/trace", json={"question": "impact", "asset_ids": town.below}).json()
    lost = traced["lost"]
    figures = cut["affected"]
    assert figures["substations"] == len(town.below)
    assert figures["buildings"] == lost["counts"]["building"]
    assert figures["heat_user_count"] == lost["heat_user_count"]
    assert figures["heated_area_m2"] == pytest.approx(lost["heated_area_m2"], abs=0.2)
    assert figures["heat_gj_per_h"] == pytest.approx(3.6 * lost["heat_load_mw"], rel=1e-3)
    assert figures["band"] == traced["fault"]["band"]
    detail = town.client.get(f"/incidents/{cut['incident_id']}").json()
    assert set(detail["station_ids"]) == set(town.below) == set(detail["explained"])
    assert {each["asset_id"] for each in detail["estate_list"]} == {each["asset_id"] for each in lost["estates"]}


def test_folded_alarms_still_colour_the_map(town: Town, cut: dict[str, Any]) -> None:
    rows = town.client.get("/live/state", params={"theme": "status"}, headers={"Accept": "application/json"}).json()["items"]
    status = {row[0]: row[2] for row in rows}
    assert {status[each] for each in town.below} == {7}


def test_an_alarm_that_a_person_takes_out_rings_for_itself_and_stays_out(town: Town, cut: dict[str, Any]) -> None:
    number = cut["incident_id"]
    held = town.client.get("/alarms", params={"incident": number}).json()["items"]
    alarm = next(each for each in held if each["suppressed"])
    town.act(number, "split", 422, alarm_id=alarm["alarm_id"])
    town.act(number, "split", 404, alarm_id=999_999, note="x")
    done = town.act(number, "split", alarm_id=alarm["alarm_id"], note="own pump")
    assert done["open_alarms"] == len(town.below) - 1
    alone = town.client.get("/alarms", params={"folded": False}).json()["items"]
    assert alarm["alarm_id"] in {each["alarm_id"] for each in alone if not each["suppressed"]}
    log = town.client.get(f"/alarms/{alarm['alarm_id']}/transitions").json()["items"]
    assert [line["transition"] for line in log] == ["raised", "suppressed", "unsuppressed"]


def test_a_person_takes_it_corrects_the_cause_and_the_past_keeps_the_answer_of_then(town: Town, cut: dict[str, Any]) -> None:
    number, before = cut["incident_id"], datetime.now(UTC)
    assert town.act(number, "close", 409, note="x")["error"]["kind"] == "BadIncidentAction"
    taken = town.act(number, "take", note="crew 3 is on its way")
    assert (taken["state"], bool(taken["taken_by"])) == ("repairing", True)
    town.act(number, "log", note="pit is open")
    named = town.act(number, "cause", asset_id=town.below[0], note="found on site")
    assert (named["fixed"], named["cause"]["hypothesis"], named["cause"]["asset_ids"]) == (True, "set", [town.below[0]])
    assert named["cause"]["answered_by"] != "rules"
    town.act(number, "cause", 404, asset_id=2**31 - 1, note="x")
    then = town.client.get(f"/incidents/{number}", params={"at": before.isoformat()}).json()
    assert (then["state"], then["cause"]["version"]) == ("open", cut["cause"]["version"])
    assert then["affected"] == cut["affected"]
    assert [line["word"] for line in then["log"]] == ["opened", "split"]
    early = (datetime.fromisoformat(cut["opened_at"]) - timedelta(seconds=1)).isoformat()
    assert town.client.get("/incidents", params={"at": early}).json()["items"] == []
    assert town.client.get(f"/incidents/{number}", params={"at": early}).status_code == 404
    past = town.client.get("/alarms", params={"at": before.isoformat()}).json()["items"]
    assert {each["incident_id"] for each in past} == {None, number}


def test_when_its_alarms_are_over_it_is_restored_and_counts_in_the_statistics(town: Town, cut: dict[str, Any]) -> None:
    number = cut["incident_id"]
    town.report([*town.below, town.others[0]])
    wait_for(lambda: town.incidents(state="restored"), what="the incident to be over")
    town.report(town.below, COLD)
    wait_for(lambda: town.incidents(state="open"), what="the same incident to ring again")
    assert [each["incident_id"] for each in town.incidents(state="all")] == [number]
    town.report(town.below)
    wait_for(lambda: town.incidents(state="restored"), what="the incident to be over again")
    done = town.act(number, "close")
    words = [line["word"] for line in done["log"]]
    assert words[-4:] == ["restored", "reopened", "restored", "closed"]
    assert town.incidents() == []
    rows = {row["no"]: row["value"] for row in town.client.get("/incidents/statistics").json()["rows"]}
    band = next(each for each in BANDS if each.band == done["affected"]["band"])
    assert (rows[1], rows[band.row_restored], sum(rows[number] for number in range(2, 10)), rows[10]) == (1, 1, 1, 0)
    hours = datetime.fromisoformat(done["restored_at"]) - datetime.fromisoformat(done["started_at"])
    area_m2 = done["affected"]["heated_area_m2"]
    assert rows[12] == pytest.approx(area_m2 * (hours / timedelta(hours=1)), rel=0.01, abs=1)
    town.act(number, "reopen", note="who knows")
    town.act(number, "dismiss", note="an exercise of the sensors")
    assert town.client.get("/incidents/statistics").json()["rows"][0]["value"] == 0


def test_a_seat_sees_the_alarms_of_its_own_and_counts_the_rest(town: Town, client: httpx.Client) -> None:
    town.report(town.below, COLD)
    wait_for(town.incidents, what="a new incident")
    seats = client.get("/seats").json()
    mine = next(seat for seat in seats if seat["role"] == "administrator")
    hidden = 0
    try:
        for seat in seats:
            client.post("/session", json={"seat_id": seat["seat_id"]}).raise_for_status()
            answer = client.get("/incidents").json()
            assert len(answer["items"]) + answer["outside_scope"] == 1
            hidden += answer["outside_scope"]
            for item in answer["items"]:
                shown = client.get("/alarms", params={"incident": item["incident_id"], "limit": 1000}).json()["total"]
                assert item["alarms"] == shown
                assert item["alarms"] + item["outside_scope"] == len(town.below)
                hidden += item["outside_scope"]
    finally:
        client.post("/session", json={"seat_id": mine["seat_id"]}).raise_for_status()
    assert hidden, "some seat sees less than all of it"
    assert client.get("/incidents", params={"kind": "plant"}).json()["total"] == 0
    assert client.get("/incidents", params={"kind": "substation", "hypothesis": "cut_off", "level": 1}).json()["total"] == 1
    assert client.get("/incidents/999999").status_code == 404


def test_more_than_ten_alarms_in_ten_minutes_are_a_flood(town: Town, client: httpx.Client) -> None:
    town.report(town.others[:20], COLD)
    wait_for(lambda: client.get("/alarms/flood").json()["flood"], what="the flood to be seen")
    flood = client.get("/incidents").json()["flood"]
    assert flood["raised"] > flood["limit"] == 10
    assert flood["since"] is not None
