"""Two server processes over one database: what is operated through one counts in the next answer of the other."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from api.cli import build_app
from data.pool import connect
from tests.api.serving import free_port, serve_process, wait_for
from tests.ring_town import PIPE_OF, PLANT, N, insert_ring

TRUNK = PIPE_OF["V", "A"]


def lost(client: httpx.Client, asset_id: int) -> tuple[int, list[int]]:
    answer = client.get(f"/assets/{asset_id}/impact")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["valve_version"], [i for i in found["lost"]["asset_ids"] if 200 < i < 205]


def sent(client: httpx.Client, path: str, **body: object) -> dict:
    answer = client.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


def test_both_agree_at_once_and_the_store_follows(database_url: str, client: httpx.Client, tmp_path: Path) -> None:
    insert_ring(database_url)
    client.timeout = httpx.Timeout(120)
    port = free_port()
    with (
        serve_process(database_url, tmp_path / "other", port=port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as other,
    ):
        assert lost(client, PIPE_OF["A", "11"]) == lost(other, PIPE_OF["A", "11"]) == (0, [201, 202, 203, 204])
        # operated here, asked there, without a pause, back and forth
        for version in range(1, 21, 2):
            sent(client, "/valves/states", valves=[{"asset_id": v, "state": "closed"} for v in (11, 12)])
            assert lost(other, TRUNK) == (version, [203, 204])
            sent(other, "/valves/states", valves=[{"asset_id": v, "state": "open"} for v in (11, 12)])
            assert lost(client, TRUNK) == (version + 1, [201, 202, 203, 204])
        sent(other, f"/sources/{PLANT}/state", running=False, note="停炉")
        assert lost(client, TRUNK) == (21, [])
        sent(client, f"/sources/{PLANT}/state", running=True)
        stale = other.post("/valves/11/state", json={"state": "closed", "expected_valve_version": 21})
        assert stale.status_code == 409
        assert [item["running"] for item in other.get("/sources/states").json()["items"]] == [True, False]

        day = {"planned_from_at": "2031-05-10T00:00:00Z", "planned_to_at": "2031-05-11T00:00:00Z"}
        plan = sent(client, "/plans", title="a", asset_ids=[N], valves=[{"asset_id": 11, "action": "close"}], **day)
        assert other.get("/plans").json()["items"][0]["lost"]["buildings"] == 2
        sent(other, f"/plans/{plan['plan_id']}/start")
        assert [item["asset_id"] for item in client.get("/valves/off-normal").json()["items"]] == [11]

        with connect(database_url, autocommit=True) as connection:
            query = "select array_agg(asset_id order by asset_id) from lost_buildings_of(1, %s) having not bool_or(stale)"
            found = wait_for(lambda: connection.execute(query, (PIPE_OF["21", "S"],)).fetchone(), what="new intervals")
            # valve 11 is shut, so everything but S itself hangs on the way over S
            assert found == ([201, 202, 203, 204],)


def test_the_command_lists_plans(database_url: str, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    insert_ring(database_url)
    day = {"planned_from_at": "2031-05-10T00:00:00Z", "planned_to_at": "2031-05-11T00:00:00Z"}
    sent(client, "/plans", title="换阀", asset_ids=[N], valves=[{"asset_id": 11, "action": "close"}], crew="二班", **day)
    monkeypatch.setenv("HEAT_TWIN_DATABASE_URL", database_url)
    said = CliRunner().invoke(build_app(), ["plans", "--state", "planned"])
    assert said.exit_code == 0, said.output
    assert "    1 planned   2031-05-10 08:00 - 2031-05-11 08:00  二班  close 11  2 buildings, 23 heat users" in said.output
    assert CliRunner().invoke(build_app(), ["plans", "--state", "running"]).output == "0 plans\n"
    assert CliRunner().invoke(build_app(), ["plans", "--state", "over"]).exit_code != 0
