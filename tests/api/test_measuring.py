"""Measuring points, devices and thresholds by HTTP: registered, found again, bound to sources, held apart by Scope."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, TypeVar

import httpx
import pytest

from data.errors import Conflict
from data.measuring import Binding, DeviceFilter, PointFilter, find_measuring_points, list_devices, list_points
from data.measuring_records import store_points
from data.pool import Pool, open_pool
from tests.api.live_helpers import now_ms
from tests.api.serving import serve
from tests.cities import TinyAsset, insert_city
from tests.conftest import create_database, drop_database
from twin.measuring import AssetName, PointRecord
from twin.scope import Scope

T = TypeVar("T")
KINDS = {"joint": "valve"} | dict.fromkeys(("wide", "west", "east", "levels", "bad", "one", "mine", "theirs"), "substation")
"""Each test has assets of its own in one city, so that their order does not matter."""


@pytest.fixture(scope="module")
def database(server_url: str) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield the address of a database with the city, and the asset ids by code."""
    url = create_database(server_url)
    assets = [TinyAsset(kind, code, company_id=2 if code == "theirs" else 1) for code, kind in KINDS.items()]
    yield url, insert_city(url, [TinyAsset("company", "C1"), TinyAsset("company", "C2"), *assets])
    drop_database(url)


@pytest.fixture(scope="module")
def ids(database: tuple[str, dict[str, int]]) -> dict[str, int]:
    return database[1]


@pytest.fixture(scope="module")
def http(database: tuple[str, dict[str, int]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serve(database[0], tmp_path_factory.mktemp("var")) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


@pytest.fixture
def url(database: tuple[str, dict[str, int]]) -> str:
    return database[0]


def point(code: str, asset_id: int, **more: Any) -> dict[str, Any]:
    named = {"facility_name": "一号站", "street": "南湖街道", "point_type": "管道", "name": f"测点 {code}"}
    return {"point_code": code, "asset_id": asset_id, **named, **more}


def device(code: str, point_bsm: str, kind: int | None = 14, **more: Any) -> dict[str, Any]:
    coded = {} if kind is None else {"device_type": f"SBLX_{kind:04}", "item": f"JCX_{kind:04}"}
    placed = {"name": f"传感器 {code}", "position": "供水总管", "area": "南关区", "street": "南湖街道", "power_supply": "市电"}
    often = {"sampling_frequency": "1次/分钟", "upload_frequency": "1次/分钟"}
    since = {"installed_at": "2025-09-01T00:00:00+08:00", "online_at": "2025-10-01T00:00:00+08:00"}
    return {"point_bsm": point_bsm, "device_code": code, **coded, **placed, **often, **since, **more}


def add(http: httpx.Client, what: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    """Register records and return what is stored, in their order."""
    answer = http.post(f"/measuring-{what}", json={what: records})
    assert answer.status_code == 200, answer.text
    key = "point_code" if what == "points" else "device_code"
    items = {item[key]: item for item in answer.json()["items"]}
    assert len(items) == answer.json()["total"] == len(records)
    return [items[record[key]] for record in records]


def refused(http: httpx.Client, what: str, *records: dict[str, Any]) -> tuple[int, str]:
    answer = http.post(f"/measuring-{what}", json={what: records})
    return answer.status_code, answer.json()["error"]["message"]


def ask(url: str, work: Callable[[Pool], Awaitable[T]]) -> T:
    async def whole() -> T:
        pool = await open_pool(url, size=1)
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(whole())


def find(url: str, bsm: list[str], scope: Scope | None = None) -> Mapping[tuple[str, str], Binding]:
    return ask(url, lambda pool: find_measuring_points(pool, scope or Scope(), 1, bsm))


def test_codes_that_the_program_gives_have_20_characters_and_count_up(http: httpx.Client, ids: dict[str, int]) -> None:
    first, second = add(http, "points", point("N-1", ids["bad"]), point("N-2", ids["bad"]))
    assert len(first["bsm"]) == len(second["bsm"]) == 20
    assert first["bsm"].startswith("HT0001JCD0")
    assert int(second["bsm"][9:]) == int(first["bsm"][9:]) + 1


def test_a_device_reports_from_its_point_at_a_boundary_joint(http: httpx.Client, url: str, ids: dict[str, int]) -> None:
    joint = point(
        "J-1", ids["joint"], boundary="source_network", bsm="HEAT-JOINT-000000001", longitude_deg=125.35, latitude_deg=43.9
    )
    (stored,) = add(http, "points", joint)
    assert (stored["bsm"], stored["asset_kind"]) == ("HEAT-JOINT-000000001", "valve")
    assert stored["position_wgs84"] == [125.35, 43.9]
    assert add(http, "points", joint)[0]["bsm"] == stored["bsm"]
    own = {"bsm": "HEAT-GAUGE-000000001", "period_s": 300}
    sensor, gauge = add(http, "devices", device("J-WD", stored["bsm"]), device("J-YL", stored["bsm"], 15, **own))
    assert gauge["bsm"] == "HEAT-GAUGE-000000001"
    assert (sensor["schema"], sensor["point"], sensor["unit"]) == ("cjt545_jcx_0014/1", "temperature_degc", "degC")
    # one row of the standard's table of live values becomes a frame by what the function says
    here, warm, tight = stored["bsm"], sensor["bsm"], gauge["bsm"]
    found = find(url, [here, warm, tight, "HEAT-NOWHERE-0000001"])
    assert set(found) == {(here, "JCX_0014"), (here, "JCX_0015"), (warm, "JCX_0014"), (tight, "JCX_0015")}
    bound = found[here, "JCX_0015"]
    assert bound == Binding("measuring_device:HEAT-GAUGE-000000001", "cjt545_jcx_0015/1", "pressure_mpa", "MPa", single=True)
    frame = {"source": bound.source, "schema": bound.schema, "observed_at": now_ms(), "values": [0.84]}
    assert http.post("/readings", json={"frames": [frame]}).json()["results"] == ["accepted"]


def test_a_device_may_be_a_point_of_a_wider_frame(http: httpx.Client, url: str, ids: dict[str, int]) -> None:
    (stored,) = add(http, "points", point("W-1", ids["wide"]))
    supply = {"source": "substation:wide", "point": "primary_supply_temperature_degc"}
    flow = {"source": "substation:wide", "point": "primary_flow_m3_per_h"}
    warm, _ = add(http, "devices", device("W-WD", stored["bsm"], **supply), device("W-LL", stored["bsm"], None, **flow))
    binding = Binding("substation:wide", "substation/2", supply["point"], "degC", single=False)
    assert find(url, [stored["bsm"]]) == {(stored["bsm"], "JCX_0014"): binding, (warm["bsm"], "JCX_0014"): binding}
    listed = http.get("/measuring-devices", params={"asset_id": ids["wide"]}).json()["items"]
    assert [each["unit"] for each in listed] == ["degC", "m3/h"]


def test_points_are_found_by_asset_box_and_boundary(http: httpx.Client, ids: dict[str, int]) -> None:
    add(
        http,
        "points",
        point("P-1", ids["west"], boundary="network_station"),
        point("P-2", ids["west"], longitude_deg=125.4, latitude_deg=43.95),
        {**point("P-3", ids["east"]), "asset_id": None, "asset_kind": "substation", "asset_code": "east"},
    )

    def codes(**asked: Any) -> list[str]:
        return [item["point_code"] for item in http.get("/measuring-points", params=asked).json()["items"]]

    assert {"P-1", "P-2", "P-3"} <= set(codes(limit=1000))
    assert codes(asset_id=ids["west"]) == ["P-1", "P-2"]
    assert codes(bbox="125.39,43.9,125.41,44") == ["P-2"]
    assert codes(boundary="network_station") == ["P-1"]
    assert codes(asset_id=ids["west"], limit=1, offset=1) == ["P-2"]
    assert http.get("/measuring-points", params={"limit": 1, "asset_id": ids["west"]}).json()["total"] == 2
    assert http.get("/measuring-points", params={"bbox": "1,2,3"}).status_code == 400


def test_thresholds_have_three_levels(http: httpx.Client, ids: dict[str, int]) -> None:
    (stored,) = add(http, "points", point("T-1", ids["levels"]))
    add(http, "devices", device("T-WD", stored["bsm"]))
    levels = {"level_1": ">110", "level_2": {"above": 100, "below": 20}, "level_3": "35~95"}
    (threshold,) = add(http, "thresholds", {"device_code": "T-WD", **levels})
    assert [(each["level"], each["text"]) for each in threshold["levels"]] == [(1, ">110"), (2, "<20;>100"), (3, "<35;>95")]
    assert (threshold["item"], threshold["unit"]) == ("JCX_0014", "degC")
    (again,) = add(http, "thresholds", {"device_code": "T-WD", "level_3": {"above": 96.5}})
    assert (again["bsm"], again["levels"][0]["text"], again["levels"][2]["text"]) == (threshold["bsm"], "", ">96.5")
    assert http.get("/measuring-thresholds", params={"point": stored["bsm"]}).json()["total"] == 1
    status, message = refused(http, "thresholds", {"device_code": "T-WD", "level_1": ">90", "level_3": ">95"})
    assert (status, "level 1 alarms above 90" in message) == (422, True)
    assert refused(http, "thresholds", {"device_code": "nothing", "level_1": ">90"})[0] == 404


def test_what_does_not_fit_is_refused_by_name_and_nothing_is_stored(http: httpx.Client, ids: dict[str, int]) -> None:
    asset = ids["bad"]
    (stored,) = add(http, "points", point("B-1", asset))
    bsm, before = stored["bsm"], http.get("/measuring-points", params={"asset_id": asset}).json()["total"]
    for what, records, status, said in (
        ("points", (point("B-2", asset), point("B-3", 99)), 404, "there is no asset 99"),
        ("points", (point("B-2", asset, boundary="source_network"),), 422, "no boundary source_network at a substation"),
        ("points", (point("B-2", asset, name="测" * 33),), 422, "66 bytes in GB 18030"),
        ("points", (point("B-2", asset), point("B-2", asset)), 422, "'B-2' comes more than once"),
        ("points", (point("B-2", asset, bsm=bsm),), 409, "belongs to measuring point 'B-1'"),
        ("points", (point("B-2", asset, bsm="short"),), 422, "bsm"),
        ("points", ({**point("B-2", asset), "asset_id": None},), 400, "either by asset_id or by"),
        ("points", (point("B-2", asset, name="a\u0000b"),), 422, "does not fit"),
        ("devices", (device("B-WD", bsm), device("B-WX", bsm)), 422, "comes more than once"),
        ("devices", (device("B-WD", "HT0001JCD99999999999"),), 404, "no measuring point"),
        ("devices", (device("B-WD", bsm, item="JCX_0015"),), 422, "measures JCX_0014, not JCX_0015"),
        ("devices", (device("B-WD", bsm, None),), 422, "neither an item nor a source"),
        ("devices", (device("B-WD", bsm, source="pump:1", point="x"),), 404, "there is no source 'pump:1'"),
        ("devices", (device("B-WD", bsm, source="substation:bad", point="x"),), 422, "schema substation/2"),
        ("devices", (device("B-WD", bsm, source="substation:bad", point="primary_supply_pressure_mpa"),), 422, "is in degC"),
    ):
        found = refused(http, what, *records)
        assert (found[0], said in found[1]) == (status, True), found
    assert http.get("/measuring-points", params={"asset_id": asset}).json()["total"] == before
    assert http.get("/measuring-devices", params={"asset_id": asset}).json()["total"] == 0


def test_a_point_measures_an_item_with_one_device_in_use(http: httpx.Client, url: str, ids: dict[str, int]) -> None:
    (stored,) = add(http, "points", point("O-1", ids["one"]))
    add(http, "devices", device("O-WD", stored["bsm"]))
    status, message = refused(http, "devices", device("O-WX", stored["bsm"]))
    assert (status, "has device 'O-WD' in use for item JCX_0014" in message) == (409, True)
    newer, _ = add(http, "devices", device("O-WX", stored["bsm"]), device("O-WD", stored["bsm"], state="报废"))
    assert find(url, [stored["bsm"]])[stored["bsm"], "JCX_0014"].source == newer["source"] == f"measuring_device:{newer['bsm']}"


def test_a_company_finds_and_changes_its_own_only(http: httpx.Client, url: str, ids: dict[str, int]) -> None:
    mine, theirs = add(http, "points", point("M-1", ids["mine"]), point("M-2", ids["theirs"]))
    _, sensor = add(http, "devices", device("M-WD", mine["bsm"]), device("M-WX", theirs["bsm"]))
    own = Scope(company_ids=(2,), precision_m=1000.0)
    assert {bsm for bsm, _ in find(url, [mine["bsm"], theirs["bsm"]], own)} == {theirs["bsm"], sensor["bsm"]}
    total, points = ask(url, lambda pool: list_points(pool, own, 1, PointFilter(), limit=10, offset=0))
    assert (total, [each.point_code for each in points]) == (1, ["M-2"])
    assert points[0].lonlat_wgs84 != pytest.approx(tuple(theirs["position_wgs84"]), abs=1e-6)
    assert ask(url, lambda pool: list_devices(pool, own, 1, DeviceFilter(), limit=10, offset=0))[0] == 1
    record = PointRecord(None, "SZSSLX_GRGW", "x", "x", "x", "M-1", "x", AssetName(asset_id=ids["theirs"]))
    with pytest.raises(Conflict, match="'M-1' is taken by one that this seat may not see"):
        ask(url, lambda pool: store_points(pool, own, 1, [record], seat="c2"))
