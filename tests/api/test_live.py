from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from data.pool import connect
from tests.api.live_helpers import R1, S1, S2, W1, frame, now_ms, post, substation_values, watch
from tests.api.serving import told, wait_for
from tests.cities import TinyAsset, insert_city
from twin import delta
from twin.status import Status


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


def test_each_theme_shows_its_values_and_the_same_state_by_get(city_server: str, http: httpx.Client) -> None:
    at = now_ms() - 1000
    post(
        http, frame("substation:S1", at), frame("room_sensor:R1", at, [21.37, 38.5, 91]), frame("weather_station:W1", at, [-12.0])
    )
    expected: dict[str, dict[int, float | None]] = {
        "status": {S1: None, S2: None, R1: None, W1: None},
        "secondary_supply_temperature_degc": {S1: 52.3, S2: None},
        "room_temperature_degc": {R1: 21.4},
        "flow_m3_per_h": {S1: 61.2, S2: None},
        "open_alarms": {S1: 0, S2: 0, R1: 0, W1: 0},
    }
    for theme, values in expected.items():
        with watch(city_server, f"city=1&theme={theme}") as viewer:
            viewer.receive()
            viewer.until(lambda state: next(iter(state.values()))[1] == Status.NORMAL)
            assert {asset_id: value for asset_id, (value, _, _) in viewer.state.items()} == values
            answer = http.get("/live/state", params={"city": 1, "theme": theme}).json()
            assert {item[0]: tuple(item[1:]) for item in answer["items"]} == viewer.state
            binary = http.get("/live/state", params={"theme": theme}, headers={"Accept": "application/octet-stream"})
            message = delta.decode(delta.inflate(binary.content))
            assert message.asset_ids.tolist() == sorted(viewer.state)
            assert (message.kind, message.epoch) == (delta.MessageKind.SNAPSHOT, viewer.messages[0].epoch)


def test_a_viewer_resumes_where_it_left_and_gets_one_merged_delta(city_server: str, http: httpx.Client) -> None:
    start = now_ms() - 60_000
    with watch(city_server) as viewer:
        first = viewer.receive()
    for second in range(3):
        post(http, frame("substation:S1", start + second * 1000))
        post(http, frame("weather_station:W1", start + second * 1000, [-12.0]))

    def both_normal() -> bool:
        state = told(http, "/live/state")
        return state is not None and state["items"][0][2] == state["items"][3][2] == Status.NORMAL

    wait_for(both_normal, what="substation S1 and weather station W1 to be normal")
    with watch(city_server, f"theme=status&since={first.epoch}:{first.seq}") as viewer:
        missed = viewer.receive()
    assert missed.kind is delta.MessageKind.DELTA
    assert missed.asset_ids.tolist() == [S1, W1]
    assert missed.seq > first.seq


@pytest.mark.parametrize("since", ["1:0", "{epoch}:999999"])
def test_a_strange_epoch_or_a_number_from_the_future_gets_a_snapshot(city_server: str, http: httpx.Client, since: str) -> None:
    epoch = http.get("/live/state").json()["epoch"]
    with watch(city_server, "since=" + since.format(epoch=epoch)) as viewer:
        assert viewer.receive().kind is delta.MessageKind.SNAPSHOT


@pytest.mark.parametrize(
    ("query", "code", "reason"),
    [
        ("ids=streets", 4400, "must be one of assets or segments"),
        ("ids=segments&theme=flow_m3_per_h", 4400, "status only"),
        ("theme=colour", 4400, "theme is 'colour'"),
        ("theme=beauty", 4400, "must be one of"),
        ("since=now", 4400, "EPOCH:SEQ"),
        ("city=one", 4400, "must be a number"),
        ("city=9", 4404, "no city 9"),
        ("bbox=1,2,3,4", 4400, "bbox"),
    ],
)
def test_a_subscription_that_makes_no_sense_is_closed_with_its_reason(
    city_server: str, query: str, code: int, reason: str
) -> None:
    with watch(city_server, query) as viewer, pytest.raises(ConnectionClosed) as closed:
        viewer.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code
    assert reason in closed.value.rcvd.reason


def test_a_viewer_that_does_not_read_gets_the_newest_state_and_holds_up_nobody(city_server: str, http: httpx.Client) -> None:
    start = now_ms() - 600_000
    with watch(city_server, max_queue=1) as slow, watch(city_server) as quick:
        slow.receive()
        quick.receive()
        for second in range(40):
            value = 20.0 if second % 2 else 50.0
            post(http, frame("substation:S1", start + second * 1000, substation_values(secondary_supply_temperature_degc=value)))
        quick.until(lambda state: state[S1][1] == Status.ALARM_LEVEL_1)
        slow.until(lambda state: state[S1][1] == Status.ALARM_LEVEL_1)
        assert slow.messages[-1].seq <= quick.messages[-1].seq or slow.state == quick.state


def test_an_import_while_the_server_runs_is_picked_up(server: str, client: httpx.Client, database_url: str) -> None:
    assert client.get("/live/state").status_code == 404
    insert_city(database_url, [TinyAsset("substation", "S1")])
    wait_for(lambda: client.get("/live/state").status_code == 200, what="the city to come alive")
    assert post(client, frame("substation:S1", now_ms())) == ["accepted"]
    with connect(database_url) as connection:
        connection.execute(
            "insert into asset (city_id, asset_id, version, kind, code, geom, row_sha256)"
            " select city_id, 2, version, kind, 'S2', geom, row_sha256 from asset where asset_id = 1"
        )
        connection.execute("update city set assets_version = assets_version + 1")
    with watch(server) as viewer:
        viewer.until(lambda state: set(state) == {1, 2})
        assert viewer.state[1][1] == Status.NORMAL
        assert viewer.state[2][1] == Status.NO_DATA


def test_figures_for_prometheus_count_frames_requests_alarms_and_subscribers(city_server: str, http: httpx.Client) -> None:
    with watch(city_server) as viewer:
        viewer.receive()
        post(http, frame("substation:S1", now_ms(), substation_values(secondary_supply_temperature_degc=20.0)))
        text = http.get("/metrics").text
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(figures['heat_twin_frames_total{result="accepted"}']) >= 1
    assert float(figures['heat_twin_requests_total{method="POST",route="/readings",status="200"}']) >= 1
    assert float(figures['heat_twin_active_alarms{city="1"}']) == 1
    assert float(figures["heat_twin_subscribers"]) == 1
    assert float(figures["heat_twin_queued_frames"]) == 0
