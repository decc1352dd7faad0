"""Two cities side by side: what is answered for one is what it would be alone, and a scope of one city sees one city."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import mapbox_vector_tile
import morecantile
import pytest

from api.loading import load_manifest
from api.settings import Settings
from data.demo.city import write_city
from tests.api.serving import serve, wait_for
from tests.conftest import LoadedSample, create_database, drop_database

GRID = morecantile.tms.get("WebMercatorQuad")
# the answers that may name versions or clocks of their own are compared without these
VOLATILE = {"epoch", "seq", "as_of_ms", "assets_version", "valid_from_at", "built_at", "tiles"}


def settled(answer: Any) -> Any:
    """Drop what may differ between two deployments with equal content."""
    if isinstance(answer, dict):
        return {key: settled(value) for key, value in answer.items() if key not in VOLATILE}
    if isinstance(answer, list):
        return [settled(value) for value in answer]
    return answer


@pytest.fixture(scope="module")
def pair(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Yield the addresses of a server with city 1 alone, and of one with cities 1 and 2."""
    folder = tmp_path_factory.mktemp("two-cities")
    alone = create_database(server_url, sample.template)
    both = create_database(server_url, sample.template)
    second = write_city(folder / "city", seed=2, city_id=2, clean=True)
    var_dir = sample.copy_var_dir(folder)
    load_manifest(second, Settings(var_dir=var_dir, database_url=both), seat="tests")
    with ExitStack() as stack:
        urls = [stack.enter_context(serve(url, var_dir)) for url in (alone, both)]
        for url in urls:
            wait_for(lambda url=url: live_ids(url, 1), what="live state of city 1")
        wait_for(lambda: live_ids(urls[1], 2), what="live state of city 2")
        yield urls[0], urls[1]
    drop_database(alone)
    drop_database(both)


def get(url: str, path: str, **query: Any) -> httpx.Response:
    answer = httpx.get(url + path, params=query, timeout=60)
    assert answer.status_code == 200, (path, query, answer.text)
    return answer


def live_ids(url: str, city: int) -> list[int]:
    answer = httpx.get(f"{url}/live/state", params={"city": city, "theme": "status"}, timeout=30)
    return [item[0] for item in answer.json()["items"]] if answer.status_code == 200 else []


def ids_of(url: str, kind: str, city: int, count: int) -> list[int]:
    items = get(url, "/assets", city=city, kind=kind, limit=count).json()["items"]
    return [item["asset_id"] for item in items]


def features(tile: bytes) -> list[str]:
    """Return the features of all layers in an order of their own; the rows of a tile come in none."""
    layers = mapbox_vector_tile.decode(tile) if tile else {}
    return sorted(f"{name} {sorted(item.items(), key=str)}" for name, layer in layers.items() for item in layer["features"])


def json_paths(url: str) -> list[str]:
    """Return paths whose answers must not change when another city is loaded beside."""
    chosen = [number for kind in ("plant", "substation", "valve", "pipe", "building") for number in ids_of(url, kind, 1, 3)]
    traced = [number for kind in ("plant", "substation", "valve", "pipe") for number in ids_of(url, kind, 1, 3)]
    return [
        *("/assets?limit=500", "/assets?q=1&limit=200", "/assets?bbox=125.2,43.8,125.4,43.95&limit=500"),
        *("/network/findings", "/rollout/districts", "/raster", "/alarms?state=all", "/live/state?theme=status"),
        *("/tiles/network.json", "/tiles/buildings.json", "/3dtiles/buildings/ground/tileset.json", "/scenes/overview.json"),
        *(f"/assets/{number}" for number in chosen),
        *(f"/assets/{number}/{trace}" for number in traced for trace in ("impact", "upstream", "downstream")),
    ]


def test_the_answers_for_a_city_are_those_it_gives_alone(pair: tuple[str, str]) -> None:
    alone, both = pair
    for path in json_paths(alone):
        separator = "&" if "?" in path else "?"
        expected, found = (get(url, f"{path}{separator}city=1").json() for url in (alone, both))
        here, there = (str(settled(answer)).replace(url, "") for answer, url in ((expected, alone), (found, both)))
        assert here == there, path


def test_tiles_hold_one_city_only(pair: tuple[str, str]) -> None:
    alone, both = pair
    lon, lat = get(alone, "/assets", city=1, kind="substation", limit=1).json()["items"][0]["position"]
    for tileset in ("base", "network", "buildings", "assets"):
        filled = 0
        lowest = get(alone, f"/tiles/{tileset}.json", city=1).json()["minzoom"]
        for zoom in {max(lowest, 10), max(lowest, 13), 14, 15}:
            tile = GRID.tile(lon, lat, zoom)
            path = f"/tiles/{tileset}/{zoom}/{tile.x}/{tile.y}.mvt?city=1"
            answers = [httpx.get(url + path, timeout=60) for url in (alone, both)]
            assert answers[0].status_code == answers[1].status_code in {200, 204}, path
            assert features(answers[0].content) == features(answers[1].content), path
            filled += len(features(answers[0].content))
        assert filled, tileset


def test_each_city_has_its_own_assets_under_the_same_ids(pair: tuple[str, str]) -> None:
    _, both = pair
    assert [city["city_id"] for city in get(both, "/cities").json()] == [1, 2]
    first, second = (get(both, "/assets", city=city, kind="substation", limit=500).json() for city in (1, 2))
    assert first["total"] == second["total"] == 60
    assert [item["position"] for item in first["items"]] != [item["position"] for item in second["items"]]


def test_a_reading_of_one_city_moves_only_that_city(pair: tuple[str, str]) -> None:
    _, both = pair
    before = get(both, "/live/state", city=1, theme="status").json()
    source = f"room_sensor:{get(both, '/assets', city=2, kind='room_sensor', limit=1).json()['items'][0]['code']}"
    now_ms = get(both, "/live/state", city=2, theme="status").json()["as_of_ms"]
    frame = {"source": source, "schema": "room_sensor", "observed_at": now_ms, "values": [21.5, 40.0, 95.0]}
    answer = httpx.post(f"{both}/readings", params={"city": 2}, json={"frames": [frame]}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert "accepted" in answer.text
    after = get(both, "/live/state", city=1, theme="status").json()
    assert (after["epoch"], after["items"]) == (before["epoch"], before["items"])


def test_an_unknown_city_is_named_in_the_error(pair: tuple[str, str]) -> None:
    _, both = pair
    answer = httpx.get(f"{both}/assets", params={"city": 7}, timeout=30)
    assert answer.status_code == 404
    assert "there is no city 7" in answer.json()["error"]["message"]
