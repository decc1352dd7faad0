"""Registering sources and schemas in bulk, retiring them, paging through them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from data.pool import connect
from tests.api.gateway import Gateway, add_gateway
from tests.api.live_helpers import R1, S1, S2, TINY_CITY, W1, frame, now_ms
from tests.api.serving import serve
from tests.cities import insert_city
from tests.conftest import create_database, drop_database
from twin.seats import Organisation

POINTS = [{"name": "room_temperature_degc", "quantity": "temperature"}]


@pytest.fixture(scope="module")
def gateways(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Gateway, str]]:
    """Yield a gateway of the office and one of the first company, and the address of the database."""
    database_url, var_dir = create_database(server_url), tmp_path_factory.mktemp("sources")
    insert_city(database_url, TINY_CITY)
    with serve(database_url, var_dir, host="0.0.0.0") as url, httpx.Client(base_url=url, timeout=60) as http:
        office = add_gateway(database_url, var_dir, http, "office")
        own = Organisation("C1", "company", 1, 1)
        company = add_gateway(database_url, var_dir, http, "company", organisation=own, role="company")
        assert post(office, "/schemas", {"code": "thermometer", "points": POINTS}).status_code == 200
        yield office, company, database_url
    drop_database(database_url)


def post(gateway: Gateway, path: str, body: Any) -> httpx.Response:
    return gateway.post(orjson.dumps(body), path)


def listed(gateway: Gateway, **query: Any) -> list[dict[str, Any]]:
    answer = gateway.http.get("/sources", params=query, headers=gateway.signed(b""))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def source(code: str, asset_id: int = R1, **more: Any) -> dict[str, Any]:
    return {"code": code, "schema": "thermometer", "asset_id": asset_id} | more


def test_a_thousand_sources_are_registered_in_one_request_and_the_misfits_are_told(
    gateways: tuple[Gateway, Gateway, str],
) -> None:
    office, _, database_url = gateways
    entries = [source(f"bulk:{number:04}") for number in range(1000)]
    entries[3] = source("bulk:0002")
    entries[7] |= {"asset_id": 99}
    entries[8] |= {"schema": "nothing/7"}
    entries[9] = {"code": "bulk:0009", "period_s": 0}
    entries[11] |= {"asset_kind": "room_sensor", "asset_code": "R1"}
    entries[12] = {"code": "bulk:0012", "schema": "thermometer/1", "asset_kind": "substation", "asset_code": "S1"}
    entries[13] = None  # type: ignore[call-overload]
    answer = post(office, "/sources", {"sources": entries}).json()
    told = {place: entry["result"] for place, entry in enumerate(answer["results"]) if entry["result"] != "registered"}
    assert told == {3: "twice", 7: "no_asset", 8: "no_schema", 9: "bad_entry", 11: "bad_entry", 13: "bad_entry"}
    assert all(entry["message"] for entry in answer["results"] if entry["result"] != "registered")
    assert answer["counts"]["registered"] == 994
    with connect(database_url) as connection:
        rows = connection.execute(
            "select count(*), count(distinct source_id), min(seat), max(seat) from source where code like 'bulk:%'"
        ).fetchone()
    assert rows is not None
    assert rows[:2] == (994, 994)
    assert rows[2] == rows[3] != ""
    again = post(office, "/sources", {"sources": [*entries[:2], entries[4] | {"period_s": 30}]}).json()
    assert [entry["result"] for entry in again["results"]] == ["unchanged", "unchanged", "changed"]
    assert office.send([{"source": "bulk:0000", "schema": "thermometer", "observed_at": now_ms(), "values": [20.5]}]) == [
        "accepted"
    ]


def test_a_company_cannot_take_over_the_source_of_another(gateways: tuple[Gateway, Gateway, str]) -> None:
    _, company, _ = gateways
    body = {"sources": [source("substation:S2", S1), source("mine:1", S1), source("mine:2", S2)]}
    answer = post(company, "/sources", body).json()
    assert [entry["result"] for entry in answer["results"]] == ["taken", "registered", "no_asset"]
    assert post(company, "/sources", body["sources"][0]).status_code == 409
    assert [entry["code"] for entry in listed(company, q="mine")] == ["mine:1"]
    assert listed(company, q="substation:S2") == []


def test_a_retired_source_takes_no_frames_keeps_its_history_and_comes_back(gateways: tuple[Gateway, Gateway, str]) -> None:
    office, company, _ = gateways
    assert post(office, "/sources", source("old:1", S2)).status_code == 200
    at = now_ms()
    reading = {"source": "old:1", "schema": "thermometer", "observed_at": at - 1, "values": [19.5]}
    assert office.send([reading]) == ["accepted"]
    answer = post(company, "/sources/retire", {"codes": ["old:1"]}).json()
    assert [entry["result"] for entry in answer["results"]] == ["unknown_source"]
    answer = post(office, "/sources/retire", {"codes": ["old:1", "no such"]}).json()
    assert [entry["result"] for entry in answer["results"]] == ["retired", "unknown_source"]
    assert office.send([reading | {"observed_at": at}]) == ["unknown_source"]
    assert listed(office, q="old:1") == []
    assert [entry["code"] for entry in listed(office, retired=True)] == ["old:1"]
    assert post(office, "/sources", source("old:1", S2)).json()["retired"] is False
    assert office.send([reading, reading | {"observed_at": at}]) == ["duplicate", "accepted"]


def test_pages_together_are_the_whole_list_and_filters_choose(gateways: tuple[Gateway, Gateway, str]) -> None:
    office, _, _ = gateways
    post(office, "/sources", {"sources": [source(f"page:{number}") for number in range(25)]})
    everything = listed(office)
    assert [entry["source_id"] for entry in everything] == sorted({entry["source_id"] for entry in everything})
    found: list[dict[str, Any]] = []
    address: str | None = "/sources?limit=10"
    while address:
        answer = office.http.get(address, headers=office.signed(b""))
        assert len(answer.json()) <= 10
        found += answer.json()
        address = answer.links.get("next", {}).get("url")
    assert found == everything
    assert {entry["code"] for entry in listed(office, kind="weather_station")} == {"weather_station:W1"}
    assert {entry["asset_id"] for entry in listed(office, asset_id=W1)} == {W1}
    assert {entry["asset_id"] for entry in listed(office, company=2)} == {S2}
    assert len(listed(office, q="page:")) == 25
    assert listed(office, q="%") == []
    assert next(entry for entry in everything if entry["code"] == "room_sensor:R1")["substation_id"] == S1
    for hostile in ({"limit": 0}, {"limit": 10_001}, {"after": -1}, {"after": 2**31}):
        answer = office.http.get("/sources", params=hostile, headers=office.signed(b""))
        assert answer.status_code == 422


def test_schemas_are_registered_together_and_the_misfits_are_told(gateways: tuple[Gateway, Gateway, str]) -> None:
    office, _, _ = gateways
    wider = [*POINTS, {"name": "room_humidity_percent", "quantity": "humidity"}]
    body = {
        "schemas": [
            {"code": "one", "points": POINTS},
            {"code": "one", "points": wider},
            {"code": "one", "points": wider},
            {"code": "two", "points": [{"name": "flow_kg", "quantity": "flow"}]},
            {"code": "Two!", "points": POINTS},
            7,
        ]
    }
    answer = post(office, "/schemas", body).json()
    assert [entry["result"] for entry in answer["results"]] == [*["registered"] * 3, *["bad_entry"] * 3]
    assert [entry["message"] for entry in answer["results"][:3]] == ["one/1", "one/2", "one/2"]


def test_a_frame_of_a_schema_version_that_is_not_the_sources_is_refused(gateways: tuple[Gateway, Gateway, str]) -> None:
    office, _, _ = gateways
    wrong = [frame("weather_station:W1", now_ms(), [1.0], schema=name) for name in ("weather_station/9", "nothing", 7)]
    assert office.send(wrong) == ["bad_schema"] * 3
