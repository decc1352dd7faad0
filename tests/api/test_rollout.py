"""The rollout over HTTP: figures, exports and factors; live figures, air and curves out of readings that were really sent."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
import statistics
from collections.abc import Iterator
from itertools import pairwise

import httpx
import openpyxl
import pyogrio
import pytest

from data.pool import connect, open_pool
from data.rollout import AreaFilter, list_areas, list_figures
from data.rollout_refresh import refresh
from tests.api.live_helpers import frame, now_ms, post
from tests.api.serving import serve, wait_for
from tests.conftest import create_database, drop_database
from tests.handmade_town import Row, lonlat
from tests.rollout_town import DISTRICT_OF, IN_ZONE, NORTH, SOUTH, VILLAGES, ZONE, areas, devices, insert_rollout, register_rows
from twin.points.reporting import device_schema
from twin.rollout import ELECTRIC_TYPES, FIGURES
from twin.rollout_live import GUARANTEE_DEGC
from twin.schemas import DEFAULT_SCHEMAS
from twin.scope import Scope

pytestmark = pytest.mark.in_order
DEVICES = devices(7)
STATIONS = (
    Row(2000, "air_station", f"POINT({lonlat(0, 500)})", "北一", area_id=NORTH, attributes={"adcode": f"district-{NORTH}"}),
    Row(2001, "air_station", f"POINT({lonlat(100, 500)})", "北二", area_id=NORTH, attributes={"adcode": f"district-{NORTH}"}),
    Row(2002, "air_station", f"POINT({lonlat(600, 50)})", "区站", area_id=NORTH, attributes={"adcode": f"zone-{ZONE}"}),
    Row(2003, "weather_station", f"POINT({lonlat(0, 900)})", "气象", area_id=NORTH),
)


@pytest.fixture(scope="module")
def url(server_url: str) -> Iterator[str]:
    database = create_database(server_url)
    rows = register_rows(3, dt.datetime.now(dt.UTC))
    insert_rollout(database, [*areas(), *DEVICES, *STATIONS], rows)
    with connect(database) as connection:
        connection.execute(
            "insert into asset_key (city_id, kind, code, asset_id) select city_id, kind, code, asset_id from asset"
        )
        refresh(connection, 1)
    yield database
    drop_database(database)


@pytest.fixture(scope="module")
def http(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serve(url, tmp_path_factory.mktemp("var")) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def get(http: httpx.Client, path: str, **query: object) -> dict:
    answer = http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


# ---------------------------------------------------------------- figures


def test_every_figure_comes_with_its_definition(http: httpx.Client) -> None:
    items = get(http, "/rollout/definitions")["items"]
    assert [item["name"] for item in items] == [figure.name for figure in FIGURES]
    assert all(item["formula"] and item["unit"] and item["source"] for item in items)


def test_figures_of_districts_add_up_to_the_city_and_zones_stand_beside(http: httpx.Client) -> None:
    city = get(http, "/rollout/figures", area=0)["items"][0]["figures"]
    districts = get(http, "/rollout/figures", kind="district")
    assert [each["area_id"] for each in districts["items"]] == [NORTH, SOUTH]
    assert districts["years"] == [2023, 2024, 2025]
    for name in ("finished_count", "device_count", "heated_area_m2", "ticket_count"):
        assert city[name] == pytest.approx(sum(each["figures"][name] for each in districts["items"]))
    zone = get(http, "/rollout/figures", area=ZONE)["items"][0]
    villages = get(http, "/rollout/figures", kind="village")["items"]
    own = [each["figures"]["household_count"] for each in villages if each["area_id"] in IN_ZONE]
    assert zone["figures"]["household_count"] == sum(own)
    assert zone["parent_id"] is None


def test_a_year_counts_what_was_installed_by_its_end(http: httpx.Client) -> None:
    finished = [
        get(http, "/rollout/figures", area=0, year=year)["items"][0]["figures"]["finished_count"] for year in (2023, 2024, 2025)
    ]
    assert all(before < after for before, after in pairwise(finished))
    assert get(http, "/rollout/figures", area=0, year=2024)["items"][0]["figures"]["ticket_count"] is None
    assert get(http, "/rollout/figures", area=0, year=1999)["items"] == []


def test_answers_are_not_sent_again_while_nothing_changed(http: httpx.Client) -> None:
    first = http.get("/rollout/figures", params={"kind": "village", "names": "stage, marker"})
    assert set(first.json()["items"][0]["figures"]) == {"stage", "marker"}
    again = http.get(
        "/rollout/figures", params={"kind": "village", "names": "stage, marker"}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/rollout/figures?names=nonsense", 404, "nonsense"),
        ("/rollout/figures?kind=street", 422, "kind"),
        ("/rollout/figures?parent=-1", 422, "parent"),
        ("/rollout/parts?dimension=colour", 422, "dimension"),
        ("/rollout/air/999/hours", 404, "999"),
        ("/rollout/air/21/hours", 404, "21"),
        ("/rollout/live/devices", 422, "village"),
        ("/rollout/temperatures?day=2026-02-30", 422, "day"),
    ],
)
def test_what_is_wrong_is_named(http: httpx.Client, path: str, status: int, words: str) -> None:
    answer = http.get(path)
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_parts_add_up_to_the_figures(http: httpx.Client) -> None:
    figures = get(http, "/rollout/figures", area=NORTH)["items"][0]["figures"]
    types = get(http, "/rollout/parts", area=NORTH, dimension="type")["items"]
    assert sum(each["row_count"] for each in types) == figures["finished_count"]
    assert sum(each["amount"] or 0 for each in types) == pytest.approx(figures["floor_area_m2"])
    faults = get(http, "/rollout/parts", area=NORTH, dimension="fault")["items"]
    assert sum(each["row_count"] for each in faults) == figures["ticket_count"]
    assert sum(each["done"] for each in faults) == figures["resolved_count"]
    projects = get(http, "/rollout/parts", area=0, dimension="technical_type")["items"]
    assert (
        sum(each["row_count"] for each in projects)
        == get(http, "/rollout/figures", area=0)["items"][0]["figures"]["project_count"]
    )


def test_exports_hold_the_same_numbers(http: httpx.Client, tmp_path: object) -> None:
    wanted = {each["name"]: each["figures"]["finished_count"] for each in get(http, "/rollout/figures", kind="village")["items"]}
    table = http.get("/rollout/export", params={"kind": "village", "format": "csv", "lang": "en"})
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    column = next(name for name in rows[0] if name.startswith("finished_count"))
    assert {row["name"]: float(row[column] or "nan") for row in rows if row[column]} == {
        k: v for k, v in wanted.items() if v is not None
    }
    book = openpyxl.load_workbook(io.BytesIO(http.get("/rollout/export", params={"kind": "village", "format": "xlsx"}).content))
    sheet = book.worksheets[0]
    assert sheet.max_row == len(wanted) + 1
    assert "完成户数 (户)" in [cell.value for cell in sheet[1]]
    package = tmp_path / "rollout.gpkg"  # type: ignore[operator]
    package.write_bytes(http.get("/rollout/export", params={"kind": "village", "format": "gpkg"}).content)
    frame_ = pyogrio.read_dataframe(package)
    assert {row["name"]: row.finished_count for _, row in frame_.iterrows() if row.finished_count == row.finished_count} == {
        k: v for k, v in wanted.items() if v is not None
    }
    assert frame_.crs.to_epsg() == 4326


def test_a_factor_of_the_city_changes_what_it_turns_coal_into(http: httpx.Client) -> None:
    def co2() -> float:
        figures = get(http, "/rollout/figures", area=0)["items"][0]["figures"]
        return figures["co2_avoided_t"] / figures["coal_replaced_tce"]

    assert co2() == pytest.approx(2.47)
    answer = http.put("/rollout/factors/co2_t_per_tce", json={"value": 2.66, "source": "排放清单"})
    assert answer.status_code == 200, answer.text
    mine = next(each for each in answer.json()["items"] if each["name"] == "co2_t_per_tce")
    assert (mine["own"], mine["source"], mine["value"]) == (True, "排放清单", 2.66)
    assert mine["seat"]
    assert co2() == pytest.approx(2.66)
    assert http.put("/rollout/factors/co2_t_per_tce", json={"value": -1, "source": "排放清单"}).status_code == 422
    assert http.put("/rollout/factors/unknown", json={"value": 1, "source": "排放清单"}).status_code == 404
    assert http.delete("/rollout/factors/co2_t_per_tce").status_code == 200
    assert co2() == pytest.approx(2.47)


def test_a_seat_of_one_district_sees_that_and_what_lies_in_it(url: str) -> None:
    async def ask() -> tuple[set[int], set[int]]:
        pool = await open_pool(url, size=1)
        try:
            scope = Scope(areas=(SOUTH,))
            found = await list_areas(pool, scope, 1, AreaFilter())
            figures = await list_figures(pool, scope, 1, AreaFilter())
            return {each.area_id for each in found}, {each.area_id for each in figures}
        finally:
            await pool.close()

    seen, counted = asyncio.run(ask())
    assert seen == counted == {SOUTH, 13, *(village for village, district in DISTRICT_OF.items() if district == SOUTH)}


# ---------------------------------------------------------------- readings


def values_of(schema: str, **given: float) -> list[float | None]:
    names = [point.name for point in DEFAULT_SCHEMAS[schema].points]
    assert set(given) <= set(names), set(given) - set(names)
    return [given.get(name) for name in names]


def measures(row: Row, point: str) -> bool:
    schema = DEFAULT_SCHEMAS[device_schema(row.attributes["device_type"])]
    return point in {each.name for each in schema.points}


def heard() -> dict[int, dict[str, float]]:
    """Return what devices say: every third is off, every fifth says nothing at all."""
    said = {}
    for number, row in enumerate(DEVICES):
        if number % 5 == 4:
            continue
        said[row.asset_id] = {
            "on_off_state": float(number % 3 != 0),
            "power_kw": 1.0 + number / 10,
            "room_temperature_degc": 15.0 + number % 7,
        }
    return said


def send_everything(http: httpx.Client) -> None:
    now = now_ms()
    frames = []
    for row in DEVICES:
        if row.asset_id in heard():
            schema = device_schema(row.attributes["device_type"])
            told = {
                name: value
                for name, value in heard()[row.asset_id].items()
                if name in {point.name for point in DEFAULT_SCHEMAS[schema].points}
            }
            source = f"heating_device:heating_device-{row.asset_id}"
            frames.append({**frame(source, now, values_of(schema, **told)), "schema": schema})
    for asset, pm25 in ((2000, 30.0), (2001, 80.0), (2002, 300.0)):
        pollutants = {"pm25_ug_per_m3": pm25, "pm10_ug_per_m3": 60.0, "so2_ug_per_m3": 20.0, "no2_ug_per_m3": 40.0}
        frames.append(frame(f"air_station:air_station-{asset}", now, values_of("air_station", **pollutants)))
    frames.append(
        frame("weather_station:weather_station-2003", now, values_of("weather_station", outdoor_temperature_degc=-15.0))
    )
    results = post(http, *frames)
    assert set(results) == {"accepted"}, results


def test_live_figures_are_those_of_the_devices_that_were_heard(http: httpx.Client) -> None:
    send_everything(http)

    def ready() -> dict | None:
        found = get(http, "/rollout/live", area=0)
        return found if found["items"][0]["online_count"] == len(heard()) else None

    city = wait_for(ready, what="the devices to be online")
    assert city["limit_degc"] == GUARANTEE_DEGC
    measuring = {row.asset_id for row in DEVICES if measures(row, "room_temperature_degc")}
    row_of = {row.asset_id: row for row in DEVICES}
    village_of = {row.asset_id: int(row.attributes["village_code"].removeprefix("village-")) for row in DEVICES}
    for item in [
        *city["items"],
        *get(http, "/rollout/live", kind="district")["items"],
        *get(http, "/rollout/live", kind="zone")["items"],
    ]:
        inside = {
            asset
            for asset, village in village_of.items()
            if item["area_id"] in {0, DISTRICT_OF[village], *([ZONE] if village in IN_ZONE else [])}
        }
        said = {asset: heard()[asset] for asset in inside if asset in heard()}
        used = [each for each in said.values() if each["on_off_state"]]
        rooms = [each["room_temperature_degc"] for asset, each in said.items() if asset in measuring]
        assert item["device_count"] == len(inside)
        assert (item["connected_count"], item["in_use_count"]) == (len(said), len(used))
        assert item["use_rate"] == pytest.approx(len(used) / len(said))
        assert item["mean_room_temperature_degc"] == pytest.approx(statistics.mean(rooms), abs=1e-4)
        warm = sum(room >= GUARANTEE_DEGC for room in rooms) / len(rooms)
        assert item["room_temperature_guarantee_rate"] == pytest.approx(warm)
        kinds = {row.asset_id: row.attributes["device_type"] for row in DEVICES}
        rated = {row.asset_id: row.attributes["power_kw"] for row in DEVICES}
        drawn = sum(
            each["power_kw"] if measures(row_of[asset], "power_kw") else rated[asset]
            for asset, each in said.items()
            if each["on_off_state"] and kinds[asset] in ELECTRIC_TYPES
        )
        assert item["live_load_mw"] == pytest.approx(drawn / 1000, rel=1e-5)
        assert item["online_rate"] == 1.0


def test_devices_of_a_village_tell_whether_they_are_on(http: httpx.Client) -> None:
    page = get(http, "/rollout/live/devices", village=21)
    mine = [row for row in DEVICES if row.attributes["village_code"] == "village-21"]
    assert page["total"] == len(mine) == len(page["items"])
    for item in page["items"]:
        said = heard().get(item["asset_id"])
        assert item["connected"] == (said is not None)
        assert item["on"] == (said is not None and said["on_off_state"] > 0)
        if said is not None and item["asset_id"] in {row.asset_id for row in mine if measures(row, "room_temperature_degc")}:
            assert item["room_temperature_degc"] == pytest.approx(said["room_temperature_degc"])
    assert get(http, "/rollout/live/devices", village=27) == {"total": 0, "items": []}


def test_air_of_areas_is_the_mean_of_the_stations_that_count_for_them(http: httpx.Client) -> None:
    items = {each["area_id"]: each for each in get(http, "/rollout/air", pollutant="pm25")["items"]}
    assert items[NORTH]["value"] == pytest.approx(55.0)
    assert (items[NORTH]["station_count"], items[NORTH]["left_out"]) == (2, 0)
    assert (items[NORTH]["iaqi"], items[NORTH]["aqi_class"]) == (pytest.approx(75.0), 2)
    assert (items[ZONE]["value"], items[ZONE]["aqi_class"]) == (pytest.approx(300.0), 6)
    assert (items[SOUTH]["value"], items[SOUTH]["aqi_class"]) == (None, None)
    hours = get(http, f"/rollout/air/{NORTH}/hours", pollutant="pm25", hours=2)["items"]
    assert [each["value"] for each in hours] == [pytest.approx(55.0)]
    assert hours[0]["station_count"] == 2


def test_samples_become_hours_of_use_and_curves_of_groups(http: httpx.Client, url: str) -> None:
    from data.rollout_hours import Sample, add_sample, take_turn  # noqa: PLC0415

    at = dt.datetime.now(dt.UTC)
    sample = Sample(
        at,
        [NORTH, NORTH, NORTH, 0],
        ["retrofitted", "control", "insulated", "outdoor"],
        ["颗粒炉+散热器"] * 3 + [""],
        [40.0, 12.0, 21.0, -15.0],
        [2.0, 1.0, 1.0, 1.0],
        [21, 25],
        [3.0, 1.0],
        [4.0, 4.0],
    )

    async def add() -> list[object]:
        pool = await open_pool(url, size=1)
        try:
            turns = [await take_turn(pool, 1, at + dt.timedelta(seconds=600 + s), every_s=300) for s in (0, 10, 400)]
            for _ in range(2):
                await add_sample(pool, 1, sample)
            return turns
        finally:
            await pool.close()

    turns = asyncio.run(add())
    assert [turn is None for turn in turns] == [False, True, False], "one sample in five minutes, whoever takes it"
    local = at.astimezone(dt.timezone(dt.timedelta(hours=8)))
    hours = get(http, "/rollout/temperatures", day=local.date().isoformat())["items"]
    assert len(hours) == 1
    assert {name: hours[0][f"{name}_degc"] for name in ("monitored", "control", "insulated", "outdoor")} == {
        "monitored": 20.0,
        "control": 12.0,
        "insulated": 21.0,
        "outdoor": -15.0,
    }
    assert get(http, "/rollout/temperatures", day=local.date().isoformat(), area=SOUTH)["items"][0]["monitored_degc"] is None
    assert (
        get(http, "/rollout/temperatures", day=local.date().isoformat(), energy="biomass")["items"][0]["monitored_degc"] == 20.0
    )
    assert get(http, "/rollout/temperatures", day=local.date().isoformat(), energy="solar")["items"][0]["monitored_degc"] is None
    season = {each["area_id"]: each["season_use_rate"] for each in get(http, "/rollout/live")["items"]}
    assert (season[21], season[25], season[0]) == (0.75, 0.25, 0.5)
    assert VILLAGES.keys() <= season.keys()
