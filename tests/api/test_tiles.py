"""Vector tiles over HTTP: what is in them, for whom, and how they are cached."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import httpx
import mapbox_vector_tile
import numpy as np
import pytest

from data.pool import connect
from data.tile_tables import rebuild
from tests.api.serving import serve
from tests.conftest import create_database, drop_database
from tests.handmade_town import COVERS, TOWN, insert_town, tile_of

SEGMENTS = (np.array([20, 21, 22, 23, 24, 25, 26]), np.array([20, 21, 20, 21, 24, 25, 26]))


@pytest.fixture(scope="module")
def http(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over the handmade town; tests only read."""
    database_url = create_database(server_url)
    insert_town(database_url, [*TOWN, *COVERS])
    with connect(database_url) as connection:
        rebuild(connection, 1, SEGMENTS)
    with serve(database_url, tmp_path_factory.mktemp("var")) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client
    drop_database(database_url)


def get_tile(http: httpx.Client, tileset: str, zoom: int, **headers: str) -> httpx.Response:
    x, y = tile_of(zoom)
    return http.get(f"/tiles/{tileset}/{zoom}/{x}/{y}.mvt", params={"city": 1}, headers=headers)


def features(response: httpx.Response, layer: str) -> dict[int, dict[str, Any]]:
    assert response.status_code == 200, response.text
    decoded = mapbox_vector_tile.decode(response.content)
    return {feature["id"]: feature["properties"] for feature in decoded[layer]["features"]}


def test_z14_shows_the_trench_and_z15_both_pipes(http: httpx.Client) -> None:
    assert set(features(get_tile(http, "network", 14), "pipe")) == {20, 22, 24, 26, 27}
    both = features(get_tile(http, "network", 15), "pipe")
    assert {22, 23, 24, 25} <= set(both)
    assert both[23] == {"pair_id": 22, "segment_id": 21, "level": 2, "side": 2, "medium": 1, "dn": 400, "class": 2}


def test_every_tileset_and_layer_of_the_list_answers(http: httpx.Client) -> None:
    listed = http.get("/tiles", params={"city": 1}).json()
    assert [item["tileset"] for item in listed] == ["assets", "base", "buildings", "coverage", "network", "problems"]
    for item in listed:
        document = httpx.get(item["url"], timeout=60).json()
        zoom = document["maxzoom"] - 1
        decoded = mapbox_vector_tile.decode(get_tile(http, item["tileset"], zoom).content)
        assert set(decoded) <= {layer["id"] for layer in document["vector_layers"]}
        assert decoded or item["tileset"] == "problems"  # nothing need be wrong at this place


def test_the_second_request_is_a_304(http: httpx.Client) -> None:
    first = get_tile(http, "network", 14)
    assert first.headers["cache-control"] == "private, no-cache"
    again = get_tile(http, "network", 14, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


def test_gzip_and_plain_are_the_same_tile_with_tags_of_their_own(http: httpx.Client) -> None:
    plain = get_tile(http, "base", 14, **{"Accept-Encoding": "identity"})
    x, y = tile_of(14)
    with http.stream("GET", f"/tiles/base/14/{x}/{y}.mvt", headers={"Accept-Encoding": "gzip"}) as zipped:
        raw = b"".join(zipped.iter_raw())
        assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert zipped.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("network/9/436/186", 404, "zoom 9 is outside 10..16 of tileset 'network'"),
        ("network/10/1024/0", 404, "x and y go from 0 to 1023"),
        ("network/10/0/-1", 404, "x and y go from 0 to 1023"),
        ("pipes/10/0/0", 404, "tilesets are base, network, buildings, assets"),
        ("network/10/a/0", 422, "path.x"),
    ],
)
def test_a_bad_address_says_what_would_be_right(http: httpx.Client, path: str, status: int, message: str) -> None:
    answer = http.get(f"/tiles/{path}.mvt")
    assert answer.status_code == status
    assert message in answer.json()["error"]["message"]


def test_a_tile_without_features_is_a_204_that_can_be_kept(http: httpx.Client) -> None:
    answer = http.get("/tiles/network/16/0/0.mvt")
    assert (answer.status_code, answer.content) == (204, b"")
    assert http.get("/tiles/network/16/0/0.mvt", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_a_city_that_does_not_exist_is_a_404(http: httpx.Client) -> None:
    assert http.get("/tiles/network/16/0/0.mvt", params={"city": 77}).status_code == 404
