"""The door before the application: the same answers and rights as behind it, and tiles that follow the database."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import mapbox_vector_tile
import numpy as np
import psycopg
import pytest

from api.auth.identity import hash_token, new_token
from api.routes import metrics
from api.tile_door import TileDoor, address_of
from data.pool import connect
from data.tile_tables import rebuild
from tests.api.serving import serve, wait_for
from tests.conftest import create_database, drop_database
from tests.handmade_town import COVERS, TOWN, insert_town, tile_of

SEGMENTS = (np.array([20, 21, 22, 23, 24, 25, 26]), np.array([20, 21, 20, 21, 24, 25, 26]))
# no certificates to read: a client a request would pay for them each time
get = partial(httpx.get, timeout=30, verify=False)
ENCODINGS = ("identity", "gzip", "br", "zstd")


@dataclass(frozen=True)
class Town:
    """A database with the handmade town, and two servers over it: `behind` has no door."""

    database_url: str
    door: str
    behind: str


@pytest.fixture(scope="module")
def town(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Yield the town; tests put back what they change."""
    database_url = create_database(server_url)
    insert_town(database_url, [*TOWN, *COVERS])
    with connect(database_url) as connection:
        rebuild(connection, 1, SEGMENTS)
    with (
        serve(database_url, tmp_path_factory.mktemp("door")) as door,
        serve(database_url, tmp_path_factory.mktemp("behind"), without=TileDoor) as behind,
    ):
        yield Town(database_url, door, behind)
    drop_database(database_url)


def path_of(names: str = "network", zoom: int = 14, **query: str) -> str:
    x, y = tile_of(zoom)
    return f"/tiles/{names}/{zoom}/{x}/{y}.mvt?{httpx.QueryParams({'city': '1', **query})}"


def raw(url: str, method: str = "GET", **headers: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return status, headers in their order (but for the time) and the body as it went over the wire."""
    with (
        httpx.Client(timeout=30, verify=False) as http,
        http.stream(method, url, headers={"Accept-Encoding": "identity", **headers}) as answer,
    ):
        return answer.status_code, [item for item in answer.headers.items() if item[0] != "date"], b"".join(answer.iter_raw())


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_hit_at_the_door_is_the_routed_answer_byte_for_byte(town: Town, encoding: str) -> None:
    paths = [path_of(), path_of("base,network,assets", 15, crs="gcj02"), path_of("network", 12, **{"with": "all"})]
    for path, method in itertools.product([*paths, "/tiles/network/16/0/0.mvt?city=1"], ("GET", "HEAD")):
        raw(town.door + path)
        here = raw(town.door + path, method, **{"Accept-Encoding": encoding})
        if method == "GET":
            assert here == raw(town.behind + path, method, **{"Accept-Encoding": encoding})
        else:
            assert (here[:2], here[2]) == (raw(town.door + path, **{"Accept-Encoding": encoding})[:2], b"")
        held = {"If-None-Match": dict(here[1])["etag"], "Accept-Encoding": encoding}
        unchanged = raw(town.door + path, method, **held)
        assert (unchanged[0], unchanged[2]) == (304, b"")


def test_errors_at_the_door_are_those_behind_it(town: Town) -> None:
    for path in (
        "/tiles/network/9/436/186.mvt",
        "/tiles/network/10/1024/0.mvt",
        "/tiles/network,pipes/10/0/0.mvt",
        "/tiles/network,network/10/0/0.mvt",
        "/tiles/network/10/0/0.mvt?crs=mars",
        "/tiles/network/10/0/0.mvt?with=colour",
        "/tiles/base/10/0/0.mvt?with=year",
        "/tiles/network/10/0/0.mvt?city=77",
        "/tiles/network/10/0/0.mvt?city=x",
        "/tiles/network/10/0/999999999999999.mvt",
    ):
        here, there = raw(town.door + path), raw(town.behind + path)
        assert 400 <= here[0] < 500
        assert (here[0], sorted(here[1]), here[2]) == (there[0], sorted(there[1]), there[2]), path


def test_one_answer_holds_several_tilesets(town: Town) -> None:
    joint = get(town.door + path_of("base,network,assets", 15)).content
    apart = [get(town.door + path_of(name, 15)).content for name in ("base", "network", "assets")]
    assert joint == b"".join(apart)
    # z9 is below the zooms of the network and of the buildings
    assert set(mapbox_vector_tile.decode(get(town.door + path_of("base,network,buildings", 9)).content)) <= {
        "green", "water", "area", "road", "area_name",
    }  # fmt: skip


def test_tilejson_names_the_tiles_with_the_same_question(town: Town) -> None:
    answer = get(f"{town.door}/tiles/base,network.json", params={"city": 1, "crs": "gcj02", "with": "year,dn_unknown"})
    assert answer.status_code == 422
    document = get(f"{town.door}/tiles/base,network.json", params={"city": 1, "crs": "gcj02", "with": "year"}).json()
    assert document["crs"] == "gcj02"
    assert "not the truth" in document["attribution"]
    pipe = next(layer for layer in document["vector_layers"] if layer["id"] == "pipe")
    assert "year" in pipe["fields"]
    assert {"laying", "material", "company_id"} <= set(pipe["optional"])
    x, y = tile_of(14)
    tile = get(document["tiles"][0].format(z=14, x=x, y=y))
    assert "city=1&crs=gcj02&with=year" in str(tile.url)
    assert tile.status_code == 200


def test_the_door_counts_what_it_answers(town: Town) -> None:
    counter = metrics.REQUESTS.labels("GET", "/tiles/{names}/{z}/{x}/{y}.mvt", "200")
    before = counter._value.get()
    for _ in range(3):
        get(town.door + path_of("assets", 15))
    assert counter._value.get() == before + 3


def test_only_what_is_understood_to_the_letter_is_answered_at_the_door() -> None:
    assert address_of("/tiles/network/14/1/2.mvt", b"city=1&crs=bd09&with=all") is not None
    for path, query in (
        ("/tiles/network/x/1/2.mvt", b""),
        ("/tiles/network/14/-1/2.mvt", b""),
        ("/tiles/nothing/14/1/2.mvt", b""),
        ("/tiles/a/network/14/1/2.mvt", b""),
        ("/tiles/network/14/1/2.mvt", b"city="),
        ("/tiles/network/14/1/2.mvt", b"crs=mars"),
    ):
        assert address_of(path, query) is None, path


# ---------------------------------------------------------------- rights


def cookie_of(url: str, role: str) -> dict[str, str]:
    """Take a demo seat of that role and return the header of its session."""
    seat = next(one for one in get(f"{url}/seats").json() if one["role"] == role)
    answer = httpx.post(f"{url}/session", json={"seat_id": seat["seat_id"]}, timeout=30)
    return {"Cookie": f"heat_twin_session={answer.cookies['heat_twin_session']}"}


def test_a_seat_with_less_rights_never_gets_the_bytes_of_another(town: Town) -> None:
    seats = [cookie_of(town.door, role) for role in ("administrator", "company")]
    tiles = [[get(town.door + path_of("network", 15), headers=seat).content for seat in seats] for _ in range(3)]
    assert tiles[0] == tiles[1] == tiles[2]
    everything, company = ({one["id"] for one in mapbox_vector_tile.decode(tile)["pipe"]["features"]} for tile in tiles[0])
    assert company < everything


def test_a_signed_out_seat_gets_401_at_once(town: Town, tmp_path: Path) -> None:
    with serve(town.database_url, tmp_path / "closed", host="0.0.0.0") as url:
        token, other = open_session(town.database_url), open_session(town.database_url)
        cookie = {"Cookie": f"heat_twin_session={token}"}
        assert get(url + path_of()).status_code == 401
        assert get(url + path_of(), headers=cookie).status_code == 200
        assert get(url + path_of(), headers=cookie).status_code == 200
        assert httpx.delete(f"{url}/session", headers=cookie, timeout=30).status_code == 200
        assert get(url + path_of(), headers=cookie).status_code == 401
        assert get(url + path_of(), headers={"Cookie": f"heat_twin_session={other}"}).status_code == 200


def open_session(database_url: str) -> str:
    """Open a session of an administrator who needs no new password, as signing in does, and return its token."""
    token = new_token()
    with connect(database_url) as connection:
        connection.execute("update person set must_change_password = false")
        row = connection.execute("select seat_id from seat where role = 'administrator' and not demo").fetchone()
        assert row is not None
        connection.execute(
            "insert into session (token_sha256, seat_id, expires_at) values (%s, %s, now() + interval '1 hour')",
            (hash_token(token), row[0]),
        )
    return token


# ---------------------------------------------------------------- news


def dn_of(url: str, asset_id: int = 22) -> int | None:
    tile = mapbox_vector_tile.decode(get(url + path_of("network", 15)).content)
    return next((one["properties"].get("dn") for one in tile["pipe"]["features"] if one["id"] == asset_id), None)


def test_what_is_written_is_seen_by_every_server_within_a_second(town: Town) -> None:
    assert (dn_of(town.door), dn_of(town.behind)) == (400, 400)
    with connect(town.database_url) as connection:
        connection.execute("update tile_pipe set dn = 500 where city_id = 1 and asset_id = 22")
    wait_for(lambda: (dn_of(town.door), dn_of(town.behind)) == (500, 500), what="the edit in both servers")
    with connect(town.database_url) as connection:
        connection.execute("update tile_pipe set dn = 400 where city_id = 1 and asset_id = 22")
    wait_for(lambda: (dn_of(town.door), dn_of(town.behind)) == (400, 400), what="the edit in both servers")


LISTENERS = "from pg_stat_activity where application_name = 'heat-twin tile news' and datname = current_database()"


def test_a_lost_connection_forgets_everything_and_listens_again(town: Town) -> None:
    assert dn_of(town.door, 23) == 400
    with connect(town.database_url, autocommit=True) as connection:
        assert len(connection.execute(f"select pg_terminate_backend(pid) {LISTENERS}".encode()).fetchall()) == 2
        with connection.transaction():
            connection.execute("update tile_pipe set dn = 450 where city_id = 1 and asset_id = 23")
    wait_for(lambda: dn_of(town.door, 23) == 450, what="the edit that nobody heard of")
    wait_for(lambda: count(town, f"select count(*) {LISTENERS}") == 2, what="servers that listen again")


def count(town: Town, statement: str) -> int:
    with connect(town.database_url, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])


# ---------------------------------------------------------------- clients that leave, tiles that take too long

RUNNING = "select count(*) from pg_stat_activity where state = 'active' and query like '%st_asmvt%' and pid <> pg_backend_pid()"


def test_a_tile_whose_last_client_left_is_not_drawn(town: Town) -> None:
    with psycopg.connect(town.database_url) as holder:
        holder.execute("lock table tile_building in access exclusive mode")
        for timeout_s in (0.4, 0.4):
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(town.door + path_of("buildings", 15, n="left"), timeout=timeout_s)
        wait_for(lambda: count(town, RUNNING) == 0, what="the query to be gone")
    assert get(town.door + path_of("buildings", 15, n="left")).status_code == 200


def test_a_tile_over_its_time_is_503_and_its_query_is_cancelled(town: Town, tmp_path: Path) -> None:
    with (
        serve(town.database_url, tmp_path / "var", tile_seconds=1) as url,
        psycopg.connect(town.database_url) as holder,
    ):
        holder.execute("lock table tile_building in access exclusive mode")
        answer = get(url + path_of("buildings", 15))
        wait_for(lambda: count(town, RUNNING) == 0, what="the query to be gone")
    error: dict[str, Any] = json.loads(answer.content)["error"]
    assert (answer.status_code, error["kind"]) == (503, "Busy")
    assert int(answer.headers["retry-after"]) > 0
    assert "HEAT_TWIN_TILE_SECONDS" in error["message"]
