from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.live_helpers import S1, S2, TINY_CITY, frame, now_ms, post, substation_values, watch
from tests.api.serving import serve
from tests.cities import insert_city
from twin import delta
from twin.status import Status


@pytest.fixture
def city_server(database_url: str, tmp_path: Path) -> Iterator[str]:
    """Yield a server over the tiny city."""
    insert_city(database_url, TINY_CITY)
    with serve(database_url, tmp_path / "var") as url:
        yield url


@pytest.fixture
def http(city_server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=city_server, timeout=30) as client:
        yield client


def test_a_reading_below_its_limit_glows_is_acknowledged_and_clears_past_the_deadband(
    city_server: str, http: httpx.Client
) -> None:
    start = now_ms() - 60_000
    with watch(city_server) as viewer:
        snapshot = viewer.receive()
        assert snapshot.kind is delta.MessageKind.SNAPSHOT
        assert viewer.state[S1] == (None, Status.NO_DATA, 9)

        assert post(http, frame("substation:S1", start)) == ["accepted"]
        viewer.until(lambda state: state[S1][1] == Status.NORMAL)
        cold = substation_values(secondary_supply_temperature_degc=31.5)
        assert post(http, frame("substation:S1", start + 10_000, cold)) == ["accepted"]
        viewer.until(lambda state: state[S1][1] == Status.ALARM_LEVEL_1)
        assert viewer.messages[-1].kind is delta.MessageKind.DELTA
        assert viewer.state[S2][1] == Status.NO_DATA

        alarms = http.get("/alarms").json()["items"]
        assert [(a["asset_id"], a["level"], a["value"], a["limit_value"], a["unit"]) for a in alarms] == [
            (S1, 1, 31.5, 35.0, "degC")
        ]
        acknowledged = http.post(f"/alarms/{alarms[0]['alarm_id']}/acknowledge", json={"note": "crew on its way"})
        assert acknowledged.status_code == 200
        assert acknowledged.json()["acknowledged"] is True
        assert acknowledged.json()["acknowledged_by"]

        # back above the limit but inside the deadband: still an alarm
        lukewarm = substation_values(secondary_supply_temperature_degc=36.0)
        post(http, frame("substation:S1", start + 20_000, lukewarm))
        assert len(http.get("/alarms").json()["items"]) == 1
        post(http, frame("substation:S1", start + 30_000))
        viewer.until(lambda state: state[S1][1] == Status.NORMAL)
    assert http.get("/alarms").json()["items"] == []
    closed = http.get("/alarms", params={"state": "all"}).json()["items"]
    assert [alarm["active"] for alarm in closed] == [False]
    assert closed[0]["cleared_at"] is not None
