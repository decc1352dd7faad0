"""The offset of map datums over HTTP."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.api.serving import serve
from tests.conftest import LoadedSample


def test_a_place_and_where_maps_show_it(http: httpx.Client) -> None:
    answer = http.get("/datums/offset", params={"lon": 125.32, "lat": 43.88}).raise_for_status().json()
    assert answer["position"] == [125.32, 43.88]
    assert answer["shifted"] is True
    assert [item["datum"] for item in answer["offsets"]] == ["gcj02", "bd09"]
    gcj02 = answer["offsets"][0]
    assert gcj02["distance_m"] == pytest.approx((gcj02["east_m"] ** 2 + gcj02["north_m"] ** 2) ** 0.5, abs=1e-3)
    back = http.get("/datums/offset", params={"lon": gcj02["position"][0], "lat": gcj02["position"][1], "datum": "gcj02"}).json()
    assert back["position"] == pytest.approx([125.32, 43.88], abs=2e-9)
    assert back["offsets"][0]["distance_m"] == pytest.approx(gcj02["distance_m"], abs=1e-3)


def test_seoul_is_where_it_is(http: httpx.Client) -> None:
    answer = http.get("/datums/offset", params={"lon": 126.98, "lat": 37.57}).json()
    assert answer["shifted"] is False
    assert [item["distance_m"] for item in answer["offsets"]] == [0, 0]


@pytest.mark.parametrize(
    "parameters", [{"lon": 125}, {"lon": 999, "lat": 1}, {"lon": "nan", "lat": 1}, {"lon": 1, "lat": 1, "datum": "x"}]
)
def test_half_a_place_is_refused(http: httpx.Client, parameters) -> None:
    assert http.get("/datums/offset", params=parameters).status_code == 422


def test_the_offset_over_a_city_is_a_layer(sample: LoadedSample, sample_copy_url: str, tmp_path: Path) -> None:
    with serve(sample_copy_url, sample.copy_var_dir(tmp_path)) as url:
        answer = httpx.get(f"{url}/datums/offsets.geojson", params={"count": 3, "datum": "bd09"}, timeout=60)
    features = answer.raise_for_status().json()["features"]
    assert len(features) == 9
    for feature in features:
        (lon, lat), (shown_lon, shown_lat) = feature["geometry"]["coordinates"]
        assert 124 < lon < 128
        assert 43 < lat < 46
        assert 0 < shown_lon - lon < 0.03
        assert 0 < shown_lat - lat < 0.02
        assert 800 < feature["properties"]["distance_m"] < 1600


def test_a_city_without_places_has_no_such_layer(http: httpx.Client) -> None:
    answer = http.get("/datums/offsets.geojson")
    assert answer.status_code == 404
    assert "no extent yet" in answer.json()["error"]["message"]
