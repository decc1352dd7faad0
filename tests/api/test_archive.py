"""The archive through the server: history, changes, edits, proposals; who may do what; what is refused and how."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from data.pool import connect
from tests.api.serving import serve, told, wait_for
from tests.cities import TinyAsset, insert_city
from tests.conftest import LoadedSample, create_database, drop_database

DISTRICT, COMPANY, OTHER, PIPE, VALVE, STATION, BUILDING, FOREIGN = range(1, 9)
_BOX = "POLYGON((125.30 43.86,125.34 43.86,125.34 43.90,125.30 43.90,125.30 43.86))"
TOWN = (
    TinyAsset("district", "D1", area_id=DISTRICT, wkt=_BOX),
    TinyAsset("company", "C1"),
    TinyAsset("company", "C2"),
    TinyAsset("pipe", "P1", COMPANY, DISTRICT, {"network_level": "primary", "side": "supply", "dn": 400, "company_code": "C1"},
              "LINESTRING(125.31 43.88,125.32 43.88)"),
    TinyAsset("valve", "V1", None, DISTRICT, {"dn": 400}, "POINT(125.315 43.88)"),
    TinyAsset("substation", "S1", COMPANY, DISTRICT, {"company_code": "C1"}, "POINT(125.32 43.88)"),
    TinyAsset("building", "B1", COMPANY, DISTRICT, {"substation_code": "S1"},
              "POLYGON((125.321 43.881,125.322 43.881,125.322 43.882,125.321 43.882,125.321 43.881))"),
    TinyAsset("pipe", "P2", OTHER, None, {"network_level": "primary", "side": "supply", "company_code": "C2"},
              "LINESTRING(125.35 43.88,125.36 43.88)"),
)  # fmt: skip
"""District D1 holds everything but P2; C1 owns P1, S1, B1; C2 owns P2; nobody owns V1."""

SEATS = {
    "planner": ("planner", "city", None),
    "district": ("planner", "district", DISTRICT),
    "company": ("company", "company", COMPANY),
}


_ADD_SEAT = """
with o as (insert into organisation (city_id, type, asset_id, name) values (1, %s, %s, %s) returning organisation_id),
     p as (insert into person (login, name) values (%s, %s) returning person_id)
insert into seat (person_id, organisation_id, role, demo) select person_id, organisation_id, %s, true from o, p
"""
_HASH = """
update asset set row_sha256 = sha256(
    convert_to(name || E'\\x1f' || source_key || E'\\x1f' || attributes::text || E'\\x1f', 'UTF8') || geom::bytea)
"""


@contextmanager
def town(database_url: str, var_dir: Path) -> Iterator[str]:
    """Yield a server over the town, in demo mode, with a seat of each role."""
    insert_city(database_url, TOWN)
    with connect(database_url) as connection:
        connection.execute("update city set extent = array[125.2, 43.8, 125.5, 44.0]")
        connection.execute(_HASH)
    with serve(database_url, var_dir) as address:
        with connect(database_url) as connection:
            for login, (role, kind, asset_id) in SEATS.items():
                connection.execute(_ADD_SEAT, (kind, asset_id, f"org {login}", login, login, role))
        yield address


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> Iterator[str]:
    """Yield a server over a town of the test's own."""
    with town(database_url, tmp_path / "var") as address:
        yield address


@pytest.fixture(scope="module")
def as_it_was(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over a town that tests of refusals share: nothing of it changes."""
    database_url = create_database(server_url)
    with town(database_url, tmp_path_factory.mktemp("town")) as address, sit(address) as client:
        yield client
    drop_database(database_url)


@contextmanager
def sit(url: str, login: str | None = None) -> Iterator[httpx.Client]:
    """Yield a client in that seat; None = the seat of the demo, which may do everything."""
    with httpx.Client(base_url=url, timeout=30) as client:
        if login is not None:
            seat = next(item for item in client.get("/seats").json() if item["person"] == login)
            assert client.post("/session", json={"seat_id": seat["seat_id"]}).is_success
        yield client


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with sit(url) as client:
        yield client


def edit(client: httpx.Client, asset_id: int, **body: Any) -> httpx.Response:
    return client.patch(f"/assets/{asset_id}", json={"reason": "现场复测", **body})


def message(answer: httpx.Response) -> str:
    assert answer.status_code < 500, answer.text
    return f"{answer.status_code} {answer.json()['error']['message']}"


def test_an_edit_shows_in_the_asset_and_its_history(http: httpx.Client) -> None:
    answer = edit(http, PIPE, name="北干线", attributes={"dn": 500, "material": "钢"}, version=1)
    assert answer.json() == {"change_id": 1, "asset_id": PIPE, "version": 2}
    asset = http.get(f"/assets/{PIPE}").json()
    assert (asset["name"], asset["version"]) == ("北干线", 2)
    history = http.get(f"/assets/{PIPE}/history").json()
    newest, oldest = history["versions"]
    assert [(item["field"], item["label_zh"], item["before"], item["after"]) for item in newest["differences"]] == [
        ("name", "名称", "pipe P1", "北干线"),
        ("dn", "公称直径 DN", 400, 500),
        ("material", "材质", None, "钢"),
    ]
    assert newest["change"]["reason"] == "现场复测"
    assert newest["change"]["origin"] == "edit"
    assert newest["change"]["seat"]
    assert newest["valid_from_at"] == newest["change"]["made_at"] == oldest["valid_to_at"]
    assert (oldest["change"], oldest["differences"], oldest["ended_by"]) == (None, [], None)


def test_what_was_valid_at_a_time_is_shown(http: httpx.Client) -> None:
    before = http.get(f"/assets/{PIPE}").json()["valid_from_at"]
    edit(http, PIPE, attributes={"dn": 500})
    http.post(f"/assets/{VALVE}/retire", json={"reason": "拆除"})
    then = {"as_of": before}
    assert http.get(f"/assets/{PIPE}", params=then).json()["version"] == 1
    assert http.get("/assets", params={"kind": "valve"}).json()["total"] == 0
    assert [item["asset_id"] for item in http.get("/assets", params={"kind": "valve", **then}).json()["items"]] == [VALVE]
    near = {"lon": 125.315, "lat": 43.88, "kind": "valve"}
    assert http.get("/assets/nearest", params=near).json()["items"] == []
    assert http.get("/assets/nearest", params={**near, **then}).json()["items"][0]["asset_id"] == VALVE
    inside = {"asset_id": DISTRICT, "kind": "valve"}
    assert http.get("/assets/within", params=inside).json()["total"] == 0
    assert http.get("/assets/within", params={**inside, **then}).json()["counts"] == {"valve": 1}
    gone = http.get(f"/assets/{VALVE}")
    assert "valve V1 was retired at" in message(gone)
    assert "拆除" in message(gone)
    assert http.get(f"/assets/{VALVE}/history").json()["versions"][0]["ended_by"]["reason"] == "拆除"


def test_a_retired_asset_is_restored(http: httpx.Client) -> None:
    retired = http.post(f"/assets/{VALVE}/retire", json={"reason": "拆除", "version": 1}).json()
    assert retired == {"change_id": 1, "asset_id": VALVE, "version": None}
    assert message(edit(http, VALVE, name="x")).startswith("404 there is no current asset 5")
    restored = http.post(f"/assets/{VALVE}/restore", json={"version": 1, "reason": "误拆"}).json()
    assert restored == {"change_id": 2, "asset_id": VALVE, "version": 2}
    assert http.get(f"/assets/{VALVE}").json()["attributes"][0]["value"] == 400
    assert message(http.post(f"/assets/{VALVE}/restore", json={"version": 7, "reason": "x"})).startswith("404")


def test_changes_are_listed_filtered_and_taken_back(http: httpx.Client) -> None:
    edit(http, PIPE, attributes={"dn": 500})
    http.post(f"/assets/{VALVE}/retire", json={"reason": "拆除"})
    changes = http.get("/changes").json()
    assert [(item["change_id"], item["added"], item["changed"], item["retired"]) for item in changes["items"]] == [
        (2, 0, 0, 1),
        (1, 0, 1, 0),
    ]
    assert http.get("/changes", params={"kind": "valve"}).json()["total"] == 1
    assert http.get("/changes", params={"origin": "import"}).json()["total"] == 0
    assert http.get("/changes", params={"from": changes["items"][0]["made_at"]}).json()["total"] == 1
    detail = http.get("/changes/1").json()
    assert [(item["code"], item["status"], item["differences"][0]["after"]) for item in detail["items"]] == [
        ("P1", "changed", 500)
    ]
    taken = http.post("/changes/1/revert", json={"reason": "看错"})
    assert taken.json()["change_id"] == 3
    assert message(http.post("/changes/1/revert", json={"reason": "again"})) == (
        "409 change 1 cannot be taken back: 1 of its assets have changed since: pipe P1"
    )
    assert http.get("/changes/3").json()["reverts"] == 1
    between = http.get("/changes/difference", params={"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}).json()
    assert [(item["code"], item["status"]) for item in between["items"]] == [("V1", "retired")], "what came back is no difference"


def test_the_faster_of_two_editors_wins_and_the_other_is_told_by_whom(url: str) -> None:
    answers: list[httpx.Response] = []

    def work(dn: int) -> None:
        with sit(url, "planner") as client:
            answers.append(edit(client, PIPE, attributes={"dn": dn}, version=1))

    threads = [threading.Thread(target=work, args=(dn,)) for dn in (500, 600, 700)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert "is at version 2, not 1: planner (org planner, planner) changed it at" in message(loser)


def test_a_proposal_is_approved_by_another_seat(url: str) -> None:
    with sit(url, "company") as company, sit(url, "planner") as planner:
        body = {"attributes": {"dn": 500}, "reason": "换管"}
        proposal = company.post(f"/assets/{PIPE}/proposals", json=body)
        assert proposal.status_code == 201, proposal.text
        assert proposal.json()["differences"] == [{"field": "dn", "label_zh": "公称直径 DN", "before": 400, "after": 500}]
        assert message(company.post("/proposals/1/approve", json={"reason": "x"})).startswith("403 role 'company'")
        assert planner.get("/proposals", params={"state": "open"}).json()["total"] == 1
        decided = planner.post("/proposals/1/approve", json={"reason": "同意"}).json()
        assert (decided["state"], decided["change_id"], decided["decision_reason"]) == ("approved", 1, "同意")
        change = planner.get("/changes/1").json()
        assert change["origin"] == "approval"
        assert change["source"] == "proposal 1 by company (org company, company): 换管"
        assert message(planner.post("/proposals/1/reject", json={"reason": "x"})) == "409 proposal 1 is approved already"


def test_a_proposal_for_an_asset_that_moved_on_is_not_approved(url: str) -> None:
    with sit(url, "company") as company, sit(url, "planner") as planner:
        company.post(f"/assets/{PIPE}/proposals", json={"attributes": {"dn": 500}, "reason": "换管"})
        edit(planner, PIPE, name="北干线")
        assert "is at version 2, not 1" in message(planner.post("/proposals/1/approve", json={"reason": "同意"}))
        shown = planner.get("/proposals").json()["items"][0]
        assert (shown["state"], shown["version"], shown["present_version"]) == ("open", 1, 2)
        assert planner.post("/proposals/1/reject", json={"reason": "重提"}).json()["state"] == "rejected"


def test_a_proposal_is_withdrawn_by_its_maker_only(url: str) -> None:
    with sit(url, "company") as company, sit(url, "planner") as planner:
        company.post(f"/assets/{PIPE}/proposals", json={"retire": True, "reason": "拆除"})
        assert message(planner.post("/proposals/1/withdraw", json={"reason": "x"})).startswith("403 proposal 1 is of company")
        assert company.post("/proposals/1/withdraw", json={"reason": "x"}).json()["state"] == "withdrawn"
        planner.post(f"/assets/{PIPE}/proposals", json={"retire": True, "reason": "拆除"})
        assert message(planner.post("/proposals/2/approve", json={"reason": "x"})).startswith("403 proposal 2 is your own")


def test_who_may_change_what(url: str) -> None:
    with sit(url, "company") as company, sit(url, "district") as district:
        assert message(edit(company, PIPE, name="x")).startswith("403 role 'company' may not edit archive")
        assert message(company.post(f"/assets/{FOREIGN}/proposals", json={"name": "x", "reason": "x"})).startswith("404")
        unowned = company.post(f"/assets/{VALVE}/proposals", json={"name": "x", "reason": "x"})
        assert message(unowned).startswith("403 this seat may not propose changes of asset 5")
        assert edit(district, PIPE, name="x").status_code == 200
        assert message(edit(district, FOREIGN, name="x")).startswith("404")
        away = {"type": "LineString", "coordinates": [[125.35, 43.88], [125.36, 43.88]]}
        assert message(edit(district, PIPE, geometry=away)) == "403 this seat may not change, or move out of its reach: pipe P1"
        assert district.get("/changes").json()["total"] == 1
        assert company.get("/changes").json()["items"][0]["changed"] == 1


def test_a_restricted_seat_sees_its_part_of_a_change(url: str) -> None:
    with sit(url) as everybody, sit(url, "company") as company:
        edit(everybody, FOREIGN, name="x")
        assert company.get("/changes").json()["total"] == 0
        assert message(company.get("/changes/1")).startswith("404")
        assert message(company.get(f"/assets/{FOREIGN}/history")).startswith("404")
        span = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
        assert company.get("/changes/difference", params=span).json()["items"] == []
        assert everybody.get("/changes/difference", params=span).json()["changed"] == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, "422 the edit says nothing"),
        ({"attributes": {"dn": "four hundred"}}, "422 dn (公称直径 DN) = 'four hundred' is not a number of mm"),
        ({"attributes": {"colour": 1}}, "422 a pipe has no attribute 'colour'"),
        ({"attributes": {"company_code": "C9"}}, "422 company_code = 'C9' names no company"),
        ({"attributes": {"side": None}}, "422 side (供回水) is needed of a pipe"),
        ({"geometry": {"type": "Point", "coordinates": [125.3, 43.88]}}, "422 geometry is a Point; a pipe"),
        ({"geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}}, "422 geometry spans"),
        ({"geometry": {"type": "LineString", "coordinates": [[1e308, 1e308], [1, 1]]}}, "422 geometry spans"),
        ({"geometry": {"type": "GeometryCollection", "geometries": []}}, "422 geometry is empty"),
        ({"name": "a\x00b"}, "422 name = "),
        ({"attributes": {"material": "x" * 5000}}, "422 material"),
        ({"attributes": {"dn": 500}, "version": 9}, "409 pipe P1 (asset 4) is at version 1, not 9"),
        ({"attributes": {"dn": 400}}, "409 nothing would change"),
        ({"attributes": {"dn": [1]}}, "422 "),
        ({"reason": ""}, "422 body.reason"),
        ({"reason": "x\x00", "name": "y"}, "422 a value does not fit"),
        ({"mistyped": 1}, "422 body.mistyped"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_with_words(as_it_was: httpx.Client, body: dict[str, Any], expected: str) -> None:
    assert message(edit(as_it_was, PIPE, **body)).startswith(expected)
    assert as_it_was.get("/changes").json()["total"] == 0


def test_hostile_bodies_get_an_answer(as_it_was: httpx.Client) -> None:
    deep: Any = []
    for _ in range(600):
        deep = [deep]
    shapes: list[Any] = [None, 7, "x", [], {}, {"type": "Polygon"}, {"type": "Polygon", "coordinates": deep}, {"type": ["Point"]}]
    for geometry in shapes:
        answer = as_it_was.post("/assets/within", json={"geometry": geometry})
        assert 400 <= answer.status_code < 500, (str(geometry)[:60], answer.text[:200])
    for text in (
        '{"reason": "x", "attributes": {"dn": NaN}}',
        '{"reason": "x", "attributes": {"dn": 1e999}}',
        "{",
        "[]",
        '"\\ud800"',
    ):
        answer = as_it_was.patch(f"/assets/{PIPE}", content=text, headers={"Content-Type": "application/json"})
        assert 400 <= answer.status_code < 500, (text, answer.text[:200])


def test_tiles_follow_an_edit_by_themselves(sample_copy_url: str, sample: LoadedSample, tmp_path: Path) -> None:
    with serve(sample_copy_url, sample.copy_var_dir(tmp_path)) as address, httpx.Client(base_url=address, timeout=30) as http:
        pipe = http.get("/assets", params={"kind": "substation", "limit": 1}).json()["items"][0]["asset_id"]
        shown = http.get("/refresh").json()
        assert not shown["older"]
        edit(http, pipe, name="改过的站")
        older = http.get("/refresh").json()
        assert older["older"]
        assert older["edited_at"]
        assert all(item["older"] for item in http.get("/tiles").json() if item["tileset"] == "network")
        started = time.monotonic()
        assert http.get("/health").is_success
        assert time.monotonic() - started < 20
        shown = wait_for(lambda: _refreshed(http), what="the tiles to follow", limit_s=200)
        assert not shown["older"]
        with connect(sample_copy_url) as connection:
            row = connection.execute("select name from tile_point where asset_id = %s", (pipe,)).fetchone()
        assert row == ("改过的站",)
        job = next(item for item in http.get("/jobs").json() if item["kind"] == "refresh")
        assert (job["state"], job["result"]["built"]) == ("done", ["tiles", "tiles3d", "problems"])
        with connect(sample_copy_url) as connection:
            # as a migration leaves the copies of an older program
            connection.execute("update tile_version set assets_version = 0")
        wait_for(
            lambda: (told(http, "/refresh") or {}).get("older") is False,
            what="copies of an older program to be built anew",
            limit_s=200,
        )


def _refreshed(http: httpx.Client) -> dict[str, Any] | None:
    shown: dict[str, Any] = http.get("/refresh").json()
    return shown if shown["edited_at"] is None else None
