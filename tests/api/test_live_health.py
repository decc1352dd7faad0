from __future__ import annotations

import httpx


def test_a_server_over_an_empty_database_is_alive_and_not_ready(client: httpx.Client) -> None:
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["alive"] is True
    assert answer.json()["ready"] is False
