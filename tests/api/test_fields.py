"""Live fields over HTTP: what is listed, who sees it, what is left out, and the past."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.api.serving import serve
from tests.cities import TinyAsset, insert_city
from tests.conftest import create_database, drop_database
from tests.handmade_town import tile_of

LON, LAT = 125.32, 43.88
AIR = [40.0, 80.0, 30.0, 50.0]
CITY = (
    *(TinyAsset("weather_station", f"W{i}", wkt=f"POINT({LON + 0.01 * i} {LAT})") for i in range(3)),
    *(TinyAsset("air_station", f"A{i}", wkt=f"POINT({LON + 0.02 * i} {LAT})") for i in range(2)),
    *(TinyAsset("room_sensor", f"R{i}", wkt=f"POINT({LON + 0.0004 * i} {LAT + 0.0003 * i})") for i in range(12)),
)


def now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def frame(source: str, values: list, at: int, quality: list[int] | None = None) -> dict:
    body = {"source": source, "schema": source.partition(":")[0], "observed_at": at, "values": values}
    return body if quality is None else {**body, "quality": quality}


@pytest.fixture(scope="module")
def town(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over two equal cities, one a test."""
    database_url = create_database(server_url)
    for city_id in (1, 2):
        insert_city(database_url, CITY, city_id=city_id)
    with serve(database_url, tmp_path_factory.mktemp("fields")) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client
    drop_database(database_url)


def send(town: httpx.Client, frames: list[dict], city: int = 1) -> None:
    answer = town.post("/readings", params={"city": city}, json={"frames": frames}).raise_for_status().json()
    assert answer["counts"] == {"accepted": len(frames)}


def test_fields_show_what_is_good_and_fresh_and_rooms_as_means_only(town: httpx.Client) -> None:
    assert town.get("/fields").json() == []
    past, now = now_ms() - 7_200_000, now_ms()
    send(town, [frame("weather_station:W0", [-20.0], past), frame("weather_station:W1", [-18.0], past)])
    send(
        town,
        [
            frame("weather_station:W0", [-12.0], now),
            frame("weather_station:W1", [-8.0], now, [4]),  # failed by its sender; W2 is silent
            frame("air_station:A0", AIR, now),
            *(frame(f"room_sensor:R{i}", [18.0 + i / 4, None, None], now) for i in range(12)),
        ],
    )
    # the list of this minute may have been asked before
    stations = town.get("/fields/outdoor_temperature_degc/stations.geojson", params={"at": datetime.now(UTC).isoformat()}).json()
    assert [feature["properties"]["value"] for feature in stations["features"]] == [-12.0]
    rooms = town.get("/fields/room_temperature_degc/stations.geojson", params={"at": datetime.now(UTC).isoformat()}).json()
    properties = [feature["properties"] for feature in rooms["features"]]
    assert sum(each["households"] for each in properties) == 12
    assert min(each["households"] for each in properties) >= 5
    assert {each["asset_id"] for each in properties} == {None}
    then = {"at": datetime.fromtimestamp((past + 1000) / 1000, UTC).isoformat()}
    earlier = town.get("/fields/outdoor_temperature_degc/stations.geojson", params=then).json()
    assert sorted(feature["properties"]["value"] for feature in earlier["features"]) == [-20.0, -18.0]
    assert town.get("/fields/pm25_ug_per_m3/stations.geojson", params=then).json()["features"] == []


def test_the_list_the_value_and_the_tile_agree(town: httpx.Client) -> None:
    now = now_ms()
    send(
        town,
        [frame("weather_station:W0", [-12.0], now), frame("air_station:A0", AIR, now), frame("air_station:A1", AIR, now)],
        city=2,
    )
    listed = {field["field"]: field for field in town.get("/fields?city=2").json()}
    air = ["pm25_ug_per_m3", "pm10_ug_per_m3", "so2_ug_per_m3", "no2_ug_per_m3"]
    assert set(listed) == {"outdoor_temperature_degc", *air}  # no room reports: not listed
    assert listed["pm25_ug_per_m3"]["stations"] == 2
    value = town.get("/fields/pm25_ug_per_m3/value", params={"city": 2, "lon": LON, "lat": LAT}).json()
    assert (value["value"], value["nearest_station_m"], value["unit"]) == (40.0, pytest.approx(0, abs=1), "µg/m3")
    assert town.get("/fields/pm25_ug_per_m3/value", params={"city": 2, "lon": 120, "lat": 40}).json()["value"] is None
    x, y = tile_of(14, LON, LAT)
    tile = town.get(listed["pm25_ug_per_m3"]["tiles"].format(z=14, x=x, y=y))
    with Image.open(BytesIO(tile.content)) as image:
        colour = "#{:02x}{:02x}{:02x}".format(*np.asarray(image)[128, 128, :3].tolist())
    legend = [item for item in listed["pm25_ug_per_m3"]["legend"] if item["value"] < 40.0]
    assert colour == legend[-1]["colour"]
    again = town.get(str(tile.url), headers={"If-None-Match": tile.headers["etag"]})
    assert again.status_code == 304


def test_hostile_questions_get_a_clear_no(town: httpx.Client) -> None:
    for path, status in {
        "/fields/ozone/14/1/1.png": 404,
        "/fields/pm25_ug_per_m3/19/1/1.png": 404,
        "/fields/pm25_ug_per_m3/12/9999/1.png": 404,
        "/fields/pm25_ug_per_m3/12/1/1.png?at=2999-01-01T00:00:00Z": 400,
        "/fields/pm25_ug_per_m3/12/1/1.png?at=yesterday": 422,
        "/fields/pm25_ug_per_m3/12/1/1.png?crs=mars": 422,
        "/fields/pm25_ug_per_m3/value?lon=nan&lat=1": 422,
        "/fields/pm25_ug_per_m3/value": 422,
        "/raster/absent/12/1/1.png": 404,
        "/raster/absent.json": 404,
        "/raster/absent/12/1/1.gif": 422,
    }.items():
        answer = town.get(path)
        assert answer.status_code == status, path
        assert answer.json()["error"]["message"]
