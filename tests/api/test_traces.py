"""Questions to the network over HTTP: every one of them on a small town drawn by hand, with sandbox, past time and Scope."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import networkx as nx
import orjson
import pytest
from typer.testing import CliRunner

from api.cli import build_app
from api.networks import NetworkStore
from api.tracing.answering import answer
from api.tracing.asking import Question
from api.tracing.facts import FactStore
from api.tracing.models import (
    DeclaredAnswer,
    Head,
    ImpactAnswer,
    IsolationAnswer,
    PathAnswer,
    SourcesAnswer,
    SupplyAreaAnswer,
    TraceAnswer,
)
from api.tracing.rooms import Outdoor, Rooms
from data.assets import grid_deg
from data.errors import NotFound
from data.pool import connect, open_pool
from tests.api.serving import serve
from tests.conftest import create_database, drop_database
from tests.handmade_town import (
    COMPANY_A,
    COMPANY_B,
    DISTRICT_EAST,
    DISTRICT_WEST,
    SUBSTATION,
    TOWN,
    Row,
    box,
    insert_town,
    line,
    lonlat,
    pipe,
)
from twin.scope import Scope

PLANT, VALVE, INLET, BRANCH, BUILDING, ESTATE, HOSPITAL, SPARE, TIE, TIE_RETURN = 13, 11, 12, 14, 30, 60, 61, 62, 63, 69
WEST = {"company_id": COMPANY_A, "area_id": DISTRICT_WEST}
REPLACED: dict[int, Row] = {
    # here both sides meet at the valve and are shut by it
    21: pipe(21, line((-1200, 900), (-700, 450), (-300, 0)), pair_id=20, side="return", **WEST),
    BRANCH: Row(BRANCH, "plant_branch", line((-1200, 901), (-300, 1)), "一号支线", attributes={"plant_code": "plant-13"}, **WEST),
    SUBSTATION: Row(
        SUBSTATION,
        "substation",
        f"POINT({lonlat(0, 0)})",
        "一号站",
        attributes={"source_code": f"boiler_house-{SPARE}", "branch_code": f"plant_branch-{BRANCH}"},
        **WEST,
    ),
    INLET: Row(
        INLET,
        "building_inlet",
        f"POINT({lonlat(120, 40)})",
        company_id=COMPANY_B,
        area_id=DISTRICT_EAST,
        attributes={"building_code": f"building-{BUILDING}"},
    ),
    BUILDING: Row(
        BUILDING,
        "building",
        box(120, 40, 60, 40),
        "回字楼",
        area_id=DISTRICT_EAST,
        attributes={
            "substation_code": f"substation-{SUBSTATION}",
            "estate_code": f"estate-{ESTATE}",
            "heated_area_m2": 1000,
            "heat_user_count": 12,
            "heat_load_mw": 0.05,
            "year_built": 1990,
        },
    ),
}
MORE = (
    Row(ESTATE, "estate", box(100, 20, 120, 90), "和平小区", company_id=COMPANY_B, area_id=DISTRICT_EAST),
    Row(
        HOSPITAL,
        "building",
        box(-60, 60, 20, 12),
        "一医院",
        area_id=DISTRICT_EAST,
        attributes={
            "substation_code": f"substation-{SUBSTATION}",
            "critical_use": "医院",
            "energy_class": "四步及以上节能",
            "heated_area_m2": 500,
            "heat_user_count": 1,
        },
    ),
    # a boiler house that stands still behind a closed tie
    Row(SPARE, "boiler_house", f"POINT({lonlat(400, -300)})", "备用锅炉房", attributes={"peak_only": True}, **WEST),
    *(
        Row(
            asset_id,
            "valve",
            f"POINT({lonlat(200, -150)})",
            pair_id=TIE,
            attributes={"normal_state": "closed", "network_level": "primary", "side": side},
            **WEST,
        )
        for asset_id, side in ((TIE, "supply"), (TIE_RETURN, "return"))
    ),
    pipe(64, line((0, 0), (200, -150)), pair_id=64, **WEST),
    pipe(65, line((0, 0), (100, -76), (200, -150)), pair_id=64, side="return", **WEST),
    pipe(66, line((200, -150), (400, -300)), pair_id=66, **WEST),
    pipe(67, line((200, -150), (300, -226), (400, -300)), pair_id=66, side="return", **WEST),
    Row(68, "substation", f"POINT({lonlat(900, 900)})", "孤站", **WEST),
)
ROWS = (*(REPLACED.get(row.asset_id, row) for row in TOWN), *MORE)


def insert_keys(database_url: str) -> None:
    """Give every asset its natural key, as an import does."""
    with connect(database_url) as connection:
        connection.execute(
            "insert into asset_key (city_id, kind, code, asset_id) select city_id, kind, code, asset_id from asset"
        )


@pytest.fixture(scope="module")
def town_url(server_url: str) -> Iterator[str]:
    """Yield the address of a database with the town; no test writes to it."""
    url = create_database(server_url)
    insert_town(url, ROWS)
    insert_keys(url)
    yield url
    drop_database(url)


@pytest.fixture(scope="module")
def town(town_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over the town, asking as the demo seat."""
    with serve(town_url, tmp_path_factory.mktemp("traces") / "var") as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


def get(client: httpx.Client, path: str, **query: object) -> dict[str, Any]:
    answered = client.get(path, params={"city": 1, **query})
    assert answered.status_code == 200, answered.text
    return answered.json()


def post(client: httpx.Client, question: str, *asset_ids: int, **more: object) -> dict[str, Any]:
    answered = client.post("/trace", params={"city": 1}, json={"question": question, "asset_ids": asset_ids, **more})
    assert answered.status_code == 200, answered.text
    return answered.json()


def refused(client: httpx.Client, question: str, *asset_ids: int, **more: object) -> tuple[int, str]:
    answered = client.post("/trace", params={"city": 1}, json={"question": question, "asset_ids": asset_ids, **more})
    return answered.status_code, answered.json()["error"]["message"]


# ---------------------------------------------------------------- impact


def test_impact_lists_what_is_lost_and_draws_it(town: httpx.Client) -> None:
    found = get(town, "/assets/20/impact", geometry=True)
    ImpactAnswer.model_validate(found)
    assert (found["asset_ids"], found["sandbox"], found["as_of"]) == ([20], False, None)
    assert SUBSTATION in found["lost"]["asset_ids"]
    assert found["lost"]["substations"] == [{"asset_id": SUBSTATION, "name": "一号站"}]
    assert found["lost"]["outside_scope"] == 0
    drawn = {feature["id"]: feature["properties"]["set"] for feature in found["geometry"]["features"]}
    assert set(drawn) == set(found["reach"]["asset_ids"])
    assert {asset_id for asset_id, of in drawn.items() if of == "lost"} == set(found["lost"]["asset_ids"])
    assert get(town, "/assets/20/impact")["geometry"] is None


def test_impact_names_estates_companies_hospitals(town: httpx.Client) -> None:
    lost = get(town, "/assets/20/impact")["lost"]
    assert lost["estates"] == [{"asset_id": ESTATE, "name": "和平小区", "buildings": 1}]
    # the estate's company, and for the hospital without an estate that of its substation
    assert {(item["asset_id"], item["buildings"]) for item in lost["companies"]} == {(COMPANY_A, 1), (COMPANY_B, 1)}
    assert lost["hospitals"] == [{"asset_id": HOSPITAL, "name": "一医院"}]
    assert lost["schools"] == []


def test_impact_tells_the_class_of_the_fault_and_when_rooms_are_cold(town: httpx.Client) -> None:
    found = get(town, "/assets/20/impact", repair_h=5, outdoor_degc=-20)
    assert found["fault"]["band"] == "to_1_million_m2"
    assert (found["fault"]["restore_within_h"], found["fault"]["affected_area_m2"]) == (12, 1500)
    assert found["fault"]["stopped_area_hours_m2_h"] == 7500
    assert get(town, "/assets/20/impact")["fault"]["stopped_area_hours_m2_h"] == 1500 * 12
    cooling = found["cooling"]
    assert (cooling["outdoor_degc"], cooling["outdoor_source"]) == (-20, "parameter")
    # one building without saving and one of step 4
    assert cooling["to_18_degc_h"]["min"] < cooling["to_18_degc_h"]["median"] < cooling["to_18_degc_h"]["max"]
    assert cooling["to_0_degc_h"]["min"] > cooling["to_18_degc_h"]["min"]
    assert cooling["assumptions"]
    assert get(town, "/assets/20/impact")["cooling"]["outdoor_source"] == "design"
    mild = get(town, "/assets/20/impact", outdoor_degc=5)["cooling"]
    assert mild["to_0_degc_h"] == {"min": None, "median": None, "max": None}


def test_several_cuts_are_one_flood(town: httpx.Client) -> None:
    both = post(town, "impact", 20, 24)
    assert "flood" in both["methods"]["lost"]
    alone = [get(town, f"/assets/{asset_id}/impact") for asset_id in (20, 24)]
    assert set(both["lost"]["asset_ids"]) >= {i for each in alone for i in each["lost"]["asset_ids"]}


def test_ids_are_as_asked(town: httpx.Client) -> None:
    assert set(post(town, "impact", 20, ids="buildings")["lost"]["asset_ids"]) == {BUILDING, HOSPITAL}
    assert post(town, "impact", 20, ids="none")["lost"]["asset_ids"] == []
    assert 20 in post(town, "impact", 20, ids="segments")["lost"]["asset_ids"]
    compact = get(town, "/assets/20/impact", format="ids")
    assert set(compact["ids"]) == {"lost", "degraded"}
    assert SUBSTATION in compact["ids"]["lost"]


def test_geojson_is_streamed_whole(town: httpx.Client) -> None:
    answered = town.get("/assets/20/impact", params={"city": 1, "format": "geojson"})
    assert answered.headers["content-type"].startswith("application/geo+json")
    collection = answered.json()
    assert collection["type"] == "FeatureCollection"
    assert collection["network_version"] == 0
    assert {feature["id"] for feature in collection["features"]} == set(get(town, "/assets/20/impact")["reach"]["asset_ids"])


# ---------------------------------------------------------------- sandbox and past


def test_a_sandbox_changes_this_answer_only(town: httpx.Client) -> None:
    before = get(town, "/assets/20/impact")
    tried = post(town, "impact", 20, valves={str(VALVE): "closed"})
    Head.model_validate(tried)
    assert tried["sandbox"] is True
    assert "sandbox" in tried["states"]
    assert tried["valve_version"] == before["valve_version"]
    assert SUBSTATION not in tried["reach"]["asset_ids"]
    assert get(town, "/assets/20/impact") == before


def test_a_source_started_in_a_sandbox_takes_over(town: httpx.Client) -> None:
    assert SUBSTATION in post(town, "impact", 20)["lost"]["asset_ids"]
    helped = post(town, "impact", 20, valves={str(TIE): "open", str(TIE_RETURN): "open"}, sources={str(SPARE): True})
    assert SUBSTATION not in helped["lost"]["asset_ids"]
    assert SUBSTATION in helped["degraded"]["asset_ids"]


def test_no_running_source_is_said(town: httpx.Client) -> None:
    dark = post(town, "impact", SUBSTATION, sources={str(PLANT): False})
    assert dark["reach"]["asset_ids"] == []
    assert dark["findings"][0]["rule"] == "not_fed"
    assert post(town, "sources", SUBSTATION, sources={str(PLANT): False})["now"] == []


def test_a_past_time_counts_its_states_on_the_present_drawing(town: httpx.Client) -> None:
    past = get(town, "/assets/20/impact", as_of="2026-01-01T00:00:00Z")
    assert past["as_of"] == "2026-01-01T00:00:00Z"
    assert "present drawing" in past["states"]
    assert past["lost"]["counts"] == get(town, "/assets/20/impact")["lost"]["counts"]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    later = town.get("/assets/20/impact", params={"city": 1, "as_of": tomorrow})
    assert later.status_code == 400
    assert "future" in later.json()["error"]["message"]


# ---------------------------------------------------------------- traces


def test_traces_lead_up_to_the_plant_and_down_to_the_inlet(town: httpx.Client) -> None:
    up = get(town, f"/assets/{SUBSTATION}/upstream", geometry=True)
    TraceAnswer.model_validate(up)
    assert {PLANT, VALVE, 20, 22} <= set(up["found"]["asset_ids"])
    assert {feature["id"] for feature in up["geometry"]["features"]} == set(up["found"]["asset_ids"])
    assert {24, 25} <= set(get(town, f"/assets/{SUBSTATION}/downstream")["found"]["asset_ids"])


def test_connected_is_the_water_around(town: httpx.Client) -> None:
    found = get(town, "/assets/24/connected")["found"]["asset_ids"]
    assert {24, 25, INLET, BUILDING} <= set(found)
    assert not {20, 22} & set(found)


def test_sources_now_and_after_opening(town: httpx.Client) -> None:
    found = get(town, f"/assets/{BUILDING}/sources")
    SourcesAnswer.model_validate(found)
    (now,) = found["now"]
    assert (now["asset_id"], now["running"], now["valves_to_open"]) == (PLANT, True, [])
    assert now["substation"]["asset_id"] == SUBSTATION
    (spare,) = found["could"]
    assert (spare["asset_id"], spare["running"], spare["valves_to_open"]) == (SPARE, False, [TIE])
    # both ways share the secondary pipe; 500 m of primary pipe lead to the spare one
    assert spare["length_m"] < now["length_m"]
    opened = post(town, "sources", BUILDING, valves={str(TIE): "open", str(TIE_RETURN): "open"}, sources={str(SPARE): True})
    assert [item["asset_id"] for item in opened["now"]] == [SPARE, PLANT]


def test_a_path_names_pipes_in_order_and_valves(town: httpx.Client) -> None:
    found = get(town, f"/assets/{PLANT}/path", to=BUILDING, geometry=True)
    PathAnswer.model_validate(found)
    assert (found["found"], found["side"]) == (True, "supply")
    assert found["pipes"] == [20, 22, 24]
    assert found["valves"] == [VALVE]
    assert [item["asset_id"] for item in found["substations"]] == [SUBSTATION]
    assert found["length_m"] == pytest.approx(1273 + 300 + 126, rel=0.01)
    back = get(town, f"/assets/{BUILDING}/path", to=PLANT)
    assert back["pipes"] == [24, 22, 20]
    assert back["length_m"] == found["length_m"]
    shut = get(town, f"/assets/{SPARE}/path", to=BUILDING)
    assert (shut["found"], shut["closed_valves"]) == (False, [TIE])
    assert shut["findings"][0]["rule"] == "no_open_way"


def test_supply_area_of_a_branch_beside_what_is_declared(town: httpx.Client) -> None:
    found = get(town, f"/assets/{BRANCH}/supply_area")
    SupplyAreaAnswer.model_validate(found)
    assert found["pipes"] == [20, 21]
    assert {SUBSTATION, BUILDING} <= set(found["traced"]["asset_ids"])
    assert found["declared"]["asset_ids"] == [SUBSTATION, BUILDING, HOSPITAL]
    assert found["only_declared"]["asset_ids"] == []


def test_supply_area_lists_the_differences(town: httpx.Client) -> None:
    plant = get(town, f"/assets/{PLANT}/supply_area")
    assert plant["declared"]["counts"] == {}
    assert set(plant["only_traced"]["asset_ids"]) == {SUBSTATION, BUILDING, HOSPITAL}
    spare = get(town, f"/assets/{SPARE}/supply_area")
    assert set(spare["only_declared"]["asset_ids"]) == {SUBSTATION, BUILDING, HOSPITAL}
    assert spare["findings"][0]["rule"] == "not_fed"
    assert get(town, "/assets/24/supply_area")["declared"] is None


def test_the_declared_chain_beside_the_traced_one(town: httpx.Client) -> None:
    found = get(town, f"/assets/{BUILDING}/declared")
    DeclaredAnswer.model_validate(found)
    assert [(item["role"], item["asset_id"]) for item in found["declared"]] == [
        ("user", BUILDING),
        ("substation", SUBSTATION),
        ("source", SPARE),
        ("branch", BRANCH),
        ("company", COMPANY_B),
    ]
    assert [(item["role"], item["asset_id"]) for item in found["traced"]] == [
        ("user", BUILDING),
        ("substation", SUBSTATION),
        ("source", PLANT),
    ]
    assert found["differences"] == [{"role": "source", "declared": SPARE, "traced": [PLANT]}]
    branch = get(town, f"/assets/{BRANCH}/declared")["declared"]
    assert [(item["role"], item["asset_id"]) for item in branch] == [
        ("branch", BRANCH),
        ("source", PLANT),
        ("company", COMPANY_A),
    ]


def test_an_isolation_names_valves_order_and_loss(town: httpx.Client) -> None:
    found = get(town, "/assets/22/isolation", geometry=True)
    IsolationAnswer.model_validate(found)
    assert found["segments"] == [22, 23]
    closing = {valve["asset_id"]: valve["role"] for valve in found["valves"]}
    assert closing[VALVE] == "close"
    assert set(found["order"]) <= set(closing)
    assert {SUBSTATION, BUILDING, HOSPITAL} <= set(found["lost"]["asset_ids"])
    assert {feature["properties"]["set"] for feature in found["geometry"]["features"]} <= {"valves", "shut", "lost"}
    grown = get(town, "/assets/22/isolation", stuck=VALVE)
    assert VALVE in grown["grown_through"]
    assert 20 in grown["segments"]


def test_an_alternative_gives_heat_back(town: httpx.Client) -> None:
    found = post(town, "isolation", 20, sources={str(SPARE): True})
    best = found["alternatives"][0]
    assert {valve["asset_id"] for valve in best["valves"]} == {TIE, TIE_RETURN}
    assert best["gives_back"]["buildings"] == 2
    assert set(best["capacity"]) == {"running_mw", "load_mw", "enough"}
    assert best["bound"]["by"] == "sources"
    IsolationAnswer.model_validate(found)


def test_an_isolation_in_a_sandbox_says_what_both_lose_against_the_real_state(town: httpx.Client) -> None:
    real = get(town, "/assets/22/isolation")
    assert real["lost_with_sandbox"] is None
    supposed = post(town, "isolation", 22, valves={str(VALVE): "closed"})
    assert supposed["lost"]["counts"].get("building", 0) == 0
    assert supposed["lost_with_sandbox"]["counts"]["building"] == real["lost"]["counts"]["building"] > 0


def test_critical_segments_come_worst_first_whatever_is_operated(town: httpx.Client) -> None:
    found = get(town, "/network/criticality", limit=2)
    assert found["total"] > 2
    worst, next_one = found["items"]
    assert worst["users_lost"] == 13
    assert worst["users_lost"] >= next_one["users_lost"]
    assert get(town, "/network/criticality", limit=1, offset=1)["items"] == [next_one]


def test_the_network_is_a_graphml_file(town: httpx.Client) -> None:
    answered = town.get("/network/export.graphml", params={"city": 1, "whole": True})
    assert answered.status_code == 200, answered.text
    graph = nx.parse_graphml(answered.text, node_type=int, force_multigraph=True)
    assert {20, 21, VALVE, SUBSTATION} <= {data["asset_id"] for _, _, data in graph.edges(data=True)}


@pytest.mark.parametrize("question", ["impact", "isolation", "sources", "supply_area", "declared", "upstream"])
def test_the_command_asks_without_a_server(town_url: str, question: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEAT_TWIN_DATABASE_URL", town_url)
    monkeypatch.setenv("HEAT_TWIN_VAR_DIR", str(tmp_path))
    ran = CliRunner().invoke(build_app(), ["trace", "pipe-20", "--question", question, "--json"])
    assert ran.exit_code == 0, ran.output
    found = orjson.loads(ran.stdout)
    assert (found["question"], found["asset_ids"]) == (question, [20])
    text = CliRunner().invoke(build_app(), ["trace", "20", "--question", question, "--close", "valve-11"])
    assert text.exit_code == 0, text.output
    assert "pipe 20" in text.stdout
    assert "sandbox" in text.stdout


# ---------------------------------------------------------------- errors


def test_what_no_question_can_answer_is_said(town: httpx.Client) -> None:
    assert refused(town, "impact", 40) == (422, refused(town, "impact", 40)[1])
    assert "asset 40 is a road" in refused(town, "impact", 40)[1]
    assert refused(town, "impact", 999)[0] == 404
    assert "same" in refused(town, "path", 20, to=20)[1] or "both ends" in refused(town, "path", 20, to=20)[1]
    assert refused(town, "path", 20)[0] == 400
    status, message = refused(town, "path", PLANT, to=68)
    assert (status, "68 is drawn off the network" in message) == (422, True)
    assert "68 is drawn off the network" in refused(town, "sources", 68)[1]
    assert refused(town, "sources", 20, 22)[0] == 400
    assert refused(town, "impact", 20, valves={"20": "closed"})[0] == 400
    assert refused(town, "impact", 20, valves={"999": "closed"})[0] == 404
    assert refused(town, "impact", 20, sources={str(VALVE): True})[0] == 400
    assert refused(town, "impact", 20, valves={"11": "ajar"})[0] == 422
    assert refused(town, "impact", 20, planet="mars")[0] == 422
    assert refused(town, "impact", BRANCH)[0] == 422
    off = get(town, "/assets/68/impact")
    assert off["findings"][0]["rule"] == "not_fed"
    assert town.get("/assets/0/impact", params={"city": 1}).status_code == 422


# ---------------------------------------------------------------- scope


def asked(database_url: str, scope: Scope, question: Question) -> dict[str, Any]:
    """Ask as a seat of that scope would."""

    async def run() -> bytes:
        pool = await open_pool(database_url)
        try:
            rooms = Rooms(NetworkStore(database_url, pool), FactStore(database_url), Outdoor(None))
            return bytes((await answer(rooms, pool, scope, 1, question)).body)
        finally:
            await pool.close()

    return orjson.loads(asyncio.run(run()))


def test_a_district_sees_its_own_part_and_a_number_for_the_rest(town_url: str) -> None:
    question = Question("impact", (20,), geometry=True)
    whole = asked(town_url, Scope(), question)
    west = asked(town_url, Scope(areas=(DISTRICT_WEST,)), question)
    assert whole["lost"]["outside_scope"] == 0
    hidden = set(whole["lost"]["asset_ids"]) - set(west["lost"]["asset_ids"])
    assert hidden == {INLET, 24, 25, BUILDING, HOSPITAL}
    assert west["lost"]["outside_scope"] == len(hidden)
    assert west["fault"]["band"] == "none"
    assert west["lost"]["estates"] == west["lost"]["hospitals"] == west["lost"]["companies"] == []
    assert {feature["id"] for feature in west["geometry"]["features"]} == set(west["reach"]["asset_ids"])
    with pytest.raises(NotFound):
        asked(town_url, Scope(areas=(DISTRICT_EAST,)), question)


def test_a_company_does_not_read_the_names_of_another(town_url: str) -> None:
    mine = asked(town_url, Scope(company_ids=(COMPANY_A,)), Question("impact", (20,)))
    assert {item["asset_id"] for item in mine["lost"]["companies"]} <= {COMPANY_A}
    assert mine["lost"]["estates"] == []
    with pytest.raises(NotFound):
        asked(town_url, Scope(company_ids=(COMPANY_B,)), Question("impact", (24,), valves={VALVE: "closed"}))


def test_geometry_is_rounded_to_the_scope(town_url: str) -> None:
    scope = Scope(precision_m=100.0)
    dx, dy = grid_deg(scope)
    assert dx is not None
    assert dy is not None
    for feature in asked(town_url, scope, Question("impact", (20,), geometry=True))["geometry"]["features"]:
        if feature["properties"]["kind"] == "pipe" and feature["geometry"] is not None:
            for lon, lat in feature["geometry"]["coordinates"]:
                assert lon / dx == pytest.approx(round(lon / dx), abs=1e-3)
                assert lat / dy == pytest.approx(round(lat / dy), abs=1e-3)
