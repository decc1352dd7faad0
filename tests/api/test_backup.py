"""A backup of a serving city, restored elsewhere: the same answers."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.auth import vault
from api.auth.passwords import hash_password
from api.backups import back_up, restore
from api.settings import Settings
from data import accounts
from data.errors import Conflict
from data.pool import connect
from tests.api.live_helpers import frame, now_ms, post, substation_values
from tests.api.serving import free_port, serve, wait_for
from tests.api.test_seats import SECRET, signed
from tests.conftest import LoadedSample
from twin.seats import Organisation

COLD = substation_values(secondary_supply_temperature_degc=20.0)
PASSWORD = "a long enough one"


def quiet(_message: str, _fraction: float) -> None:
    pass


def answers(client: httpx.Client, asset_ids: list[int], first_ms: int) -> dict[str, Any]:
    """Return what a city answers of its assets, history, readings, alarms, seats and picture."""
    paths = {
        "cities": "/cities",
        "assets": "/assets?limit=500",
        "pipes": "/assets?kind=pipe&limit=50&offset=300",
        "changes": "/changes",
        "problems": "/problems?limit=200",
        "findings": "/network/findings?limit=1000",  # before the contents, which count them once the network has been read
        "contents": "/contents",
        "registers": "/registers",
        "users": "/registers/heat_user?limit=50",
        "alarms": "/alarms?state=all",
        "seats": "/seats",
        "rasters": "/raster",
        **{f"asset {n}": f"/assets/{n}" for n in asset_ids},
        **{f"history {n}": f"/assets/{n}/history" for n in asset_ids},
        **{f"impact {n}": f"/assets/{n}/impact" for n in asset_ids},
        **{f"readings {n}": f"/assets/{n}/readings?from={first_ms}&to={first_ms + 3_600_000}" for n in asset_ids},
    }
    found = {name: client.get(path).raise_for_status().json() for name, path in paths.items()}
    found["contents"].pop("counted_at")
    for asset_id in asset_ids:
        # it becomes stale with time
        found[f"asset {asset_id}"].pop("status")
    return found


@contextmanager
def posting(client: httpx.Client, source: str, first_ms: int) -> Iterator[list[int]]:
    """Post a frame after the other from another thread; yields the times of those that were acknowledged."""
    acknowledged: list[int] = []
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            at = first_ms + 1000 * (len(acknowledged) + 1)
            assert post(client, frame(source, at)) == ["accepted"]
            acknowledged.append(at)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_for(lambda: len(acknowledged) > 5, what="some readings")
        yield acknowledged
    finally:
        stop.set()
        thread.join(timeout=30)


def _is_refreshed(client: httpx.Client) -> bool:
    jobs = client.get("/jobs").raise_for_status().json()
    return not client.get("/refresh").json()["older"] and all(job["state"] not in {"queued", "running"} for job in jobs)


def settings_of(url: str, var_dir: Path) -> Settings:
    return Settings(var_dir=var_dir, database_url=url)


def tile_around(url: str, asset_id: int) -> str:
    with connect(url) as connection:
        row = connection.execute(
            "select st_x(geom), st_y(geom) from asset where asset_id = %s and valid_to_at is null", (asset_id,)
        ).fetchone()
    assert row is not None
    x = int((row[0] + 180) / 360 * 2**14)
    y = int((1 - math.asinh(math.tan(math.radians(row[1]))) / math.pi) / 2 * 2**14)
    return f"/tiles/network/14/{x}/{y}.mvt"


def observed(answer: dict[str, Any]) -> list[int]:
    times: list[int] = answer["series"][0]["observed_at"]
    return times


def test_the_restored_city_gives_the_same_answers(
    sample: LoadedSample, sample_copy_url: str, database_url: str, tmp_path: Path
) -> None:
    before = settings_of(sample_copy_url, sample.copy_var_dir(tmp_path))
    after = settings_of(database_url, tmp_path / "restored")
    first_ms, port = now_ms() - 3_000_000, free_port()
    with serve(before.database_url, before.var_dir, port=port) as url, httpx.Client(base_url=url, timeout=60) as client:
        one, two = client.get("/assets", params={"kind": "substation", "limit": 2}).json()["items"]
        ids = [one["asset_id"], two["asset_id"]]
        assert post(client, frame(f"substation:{one['code']}", first_ms, COLD)) == ["accepted"]
        valve = client.get("/assets", params={"kind": "valve", "limit": 1}).json()["items"][0]["asset_id"]
        name = {"name": "改名的热力站", "reason": "tests"}
        client.patch(f"/assets/{ids[0]}", json=name, params={"city": 1}).raise_for_status()
        client.post(f"/valves/{valve}/state", json={"state": "open", "origin": "reported"}).raise_for_status()
        with posting(client, f"substation:{two['code']}", first_ms) as acknowledged:
            earlier = len(acknowledged)
            back_up(before, tmp_path / "b.tar", seat="tests", progress=quiet)
            assert len(acknowledged) > earlier, "nobody waits for a backup"
        # after an edit the tiles and the problems follow by themselves
        wait_for(lambda: _is_refreshed(client), what="the pictures after the edit", limit_s=120)
        wanted = answers(client, ids, first_ms)
        around = tile_around(before.database_url, ids[0])
        tile = client.get(around).content

    report = restore(after, tmp_path / "b.tar", replace=False, seat="tests", progress=quiet)
    assert report.city_ids == [1]
    with serve(after.database_url, after.var_dir, port=port) as url, httpx.Client(base_url=url, timeout=60) as client:
        found = answers(client, ids, first_ms)
        assert client.get(around).content == tile
        assert client.get("/3dtiles/buildings/ground/tileset.json").status_code == 200
        jobs = client.get("/jobs").json()
    during = f"readings {ids[1]}"
    # readings that came while it ran are in it up to one moment
    times = observed(found[during])
    assert times == observed(wanted[during])[: len(times)]
    assert earlier <= len(times)
    assert wanted["alarms"]["items"]
    assert len(tile) > 1000
    for name in wanted.keys() - {during}:
        assert found[name] == wanted[name], name
    assert (jobs[0]["kind"], jobs[0]["state"]) == ("restore", "done")


def test_people_and_programs_come_in_as_before(database_url: str, sample_copy_url: str, tmp_path: Path) -> None:
    before, after = settings_of(database_url, tmp_path / "var"), settings_of(sample_copy_url, tmp_path / "restored")
    with connect(before.database_url) as connection:
        office = Organisation("office", "city")
        for login, password in (("anna", hash_password(PASSWORD)), ("gateway-sha256", None)):
            accounts.add_seat(
                connection, login=login, person=login, organisation=office, role="dispatcher", password_hash=password
            )
        connection.execute("update person set must_change_password = false")
        encrypted = vault.encrypt(vault.load_key(before.var_dir), SECRET, app_id="gateway")
        accounts.add_key(connection, login="gateway-sha256", app_id="gateway", secret_encrypted=encrypted, digest="sha256")
    vault.load_key(after.var_dir)
    with serve(before.database_url, before.var_dir, host="0.0.0.0") as url, httpx.Client(base_url=url, timeout=30) as client:
        assert client.post("/session", json={"login": "anna", "password": PASSWORD}).status_code == 200
        old_session = {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
    back_up(before, tmp_path / "b.tar", seat="tests", progress=quiet)

    restore(after, tmp_path / "b.tar", replace=True, seat="tests", progress=quiet)
    with serve(after.database_url, after.var_dir, host="0.0.0.0") as url, httpx.Client(base_url=url, timeout=30) as client:
        assert httpx.get(f"{url}/cities", headers=old_session, timeout=60).status_code == 401, (
            "a restore brings no old session back"
        )
        assert client.post("/session", json={"login": "anna", "password": PASSWORD}).status_code == 200
        assert httpx.get(f"{url}/cities", headers=signed("gateway"), timeout=60).status_code == 200


def test_a_city_that_is_served_is_not_replaced(sample: LoadedSample, sample_copy_url: str, tmp_path: Path) -> None:
    served = settings_of(sample_copy_url, tmp_path)
    back_up(served, tmp_path / "b.tar", seat="tests", progress=quiet)
    with serve(served.database_url, served.var_dir), pytest.raises(Conflict, match="stop `heat-twin serve`"):
        restore(served, tmp_path / "b.tar", replace=True, seat="tests", progress=quiet)


def test_marks_of_demo_cities_are_those_of_the_backup(database_url: str, tmp_path: Path) -> None:
    """With the mark of a city that is gone, or without that of one that is there, the next start would do the wrong thing."""
    marks = tmp_path / "var" / "demo"
    marks.mkdir(parents=True)
    (marks / "sample-1-1.loaded").write_text("m\n")
    settings = settings_of(database_url, tmp_path / "var")
    back_up(settings, tmp_path / "b.tar", seat="tests", progress=quiet)
    (marks / "sample-1-1.loaded").rename(marks / "city-1-1.loaded")
    restore(settings, tmp_path / "b.tar", replace=False, seat="tests", progress=quiet)
    assert [path.name for path in marks.iterdir()] == ["sample-1-1.loaded"]
