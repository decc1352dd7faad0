"""`/problems` through the server: lists, one with shapes, decisions with their permission, the tileset."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import mapbox_vector_tile
import pytest

from data.checks.run import run_checks
from data.pool import connect
from tests.api.serving import serve
from tests.conftest import LoadedSample, create_database, drop_database
from tests.tiles.test_vector import tile_of
from twin.checks import RULES
from twin.seats import ROLES, permissions_of

_FAULTS = (
    "update asset set attributes = attributes || '{\"storeys\": -6, \"height_m\": 18}' where kind = 'building' and asset_id in"
    " (select asset_id from asset where kind = 'building' and attributes ? 'storeys' order by asset_id limit 2)",
    "update asset set attributes = attributes || '{\"dn\": 333}'"
    " where asset_id = (select min(asset_id) from asset where kind = 'pipe')",
)


@pytest.fixture(scope="module")
def http(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over the sample with two buildings below ground and a pipe of no standard size."""
    url = create_database(server_url, sample.template)
    with connect(url) as connection:
        for fault in _FAULTS:
            connection.execute(fault)
        run_checks(connection, 1)
    var_dir: Path = tmp_path_factory.mktemp("problems") / "var"
    with serve(url, var_dir) as base, httpx.Client(base_url=base, timeout=60) as client:
        yield client
    drop_database(url)


def problems(http: httpx.Client, **query: object) -> dict:
    answer = http.get("/problems", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_list_is_filtered_and_the_gravest_come_first(http: httpx.Client) -> None:
    whole = problems(http)
    rules = [item["rule"] for item in whole["items"]]
    assert whole["total"] == len(rules) >= 3
    severities = [("error", "warning", "notice").index(item["severity"]) for item in whole["items"]]
    assert severities == sorted(severities)
    (pipe,) = problems(http, rule="dn_not_standard")["items"]
    assert (pipe["group"], pipe["kind"], pipe["repair"]) == ("attributes", "pipe", None)
    assert "DN333" in pipe["message_zh"]
    assert problems(http, asset_id=pipe["asset_ids"][0])["total"] >= 1
    assert problems(http, q=pipe["code"])["total"] >= 1
    lon, lat = pipe["position"]
    box = f"{lon - 0.001},{lat - 0.001},{lon + 0.001},{lat + 0.001}"
    assert pipe["problem_id"] in {item["problem_id"] for item in problems(http, bbox=box)["items"]}
    assert problems(http, bbox="0,0,1,1")["total"] == 0
    assert problems(http, group="network", severity="error")["total"] == 0
    assert problems(http, kind="building", rule="storeys_impossible")["total"] == 2


def test_every_rule_is_listed_with_its_counts(http: httpx.Client) -> None:
    rules = http.get("/problems/rules").json()["rules"]
    assert {rule["rule"] for rule in rules} == set(RULES)
    assert next(rule for rule in rules if rule["rule"] == "dn_not_standard")["open"] == 1


def test_what_is_unknown_is_refused_by_name(http: httpx.Client) -> None:
    for query in ({"rule": "nonsense"}, {"kind": "nonsense"}, {"bbox": "1,2"}):
        answer = http.get("/problems", params=query)
        assert answer.status_code == 400, answer.text
    assert http.get("/problems/99999").status_code == 404
    assert http.post("/problems/99999/accept", json={"reason": "r"}).status_code == 404
    assert http.post("/problems/accept", json={"rule": "nonsense", "reason": "r"}).status_code == 404
    assert http.post("/problems/1/accept", json={"reason": ""}).status_code == 422


def test_a_repair_is_accepted_once_taken_back_and_dismissed(http: httpx.Client) -> None:
    first, second = problems(http, rule="storeys_impossible")["items"]
    address = f"/problems/{first['problem_id']}"
    shown = http.get(address).json()
    assert (shown["attributes_before"]["storeys"], shown["attributes_after"]["storeys"]) == (-6, 6)
    assert shown["geometry_before"]["type"] == "Polygon"
    done = http.post(f"{address}/accept", json={"reason": "现场核实"}).json()
    assert (done["state"], done["reason"]) == ("accepted", "现场核实")
    assert done["decided_by"]
    assert http.post(f"{address}/accept", json={"reason": "again"}).status_code == 409
    assert http.post(f"{address}/revert", json={"reason": "误判"}).json()["state"] == "reverted"
    assert http.post(f"/problems/{second['problem_id']}/dismiss", json={"reason": "地下建筑"}).json()["state"] == "dismissed"
    answer = http.post("/problems/accept", json={"rule": "storeys_impossible", "reason": "all"}).json()
    assert (answer["accepted"], answer["refused"]) in {(1, 0), (0, 1)}  # refused: the checks have not run since it was taken back


def test_the_tileset_draws_them_with_documented_codes(http: httpx.Client) -> None:
    document = http.get("/tiles/problems.json").json()
    (layer,) = document["vector_layers"]
    (pipe,) = problems(http, rule="dn_not_standard")["items"]
    for zoom in (9, 14):
        x, y = tile_of(zoom, *pipe["position"])
        tile = http.get(f"/tiles/problems/{zoom}/{x}/{y}.mvt")
        assert tile.status_code == 200
        features = mapbox_vector_tile.decode(tile.content)["problem"]["features"]
        (drawn,) = [each for each in features if each["id"] == pipe["problem_id"]]
        meaning = {name: layer["codes"][name][str(code)] for name, code in drawn["properties"].items()}
        assert meaning == {"rule": "dn_not_standard", "severity": "warning", "state": "open"}


def test_planners_and_administrators_decide() -> None:
    assert [role for role in ROLES if "decide_problems" in permissions_of(role)] == ["planner", "administrator"]
