"""`GET /kinds`: forms are made from the catalogue, so it must be whole."""

from __future__ import annotations

import httpx

from twin.kinds import KINDS


def test_the_catalogue_lists_every_kind_with_types_units_and_codes(client: httpx.Client) -> None:
    listed = {kind["kind"]: kind for kind in client.get("/kinds").json()["kinds"]}
    assert set(listed) == set(KINDS)
    pipe = {attribute["name"]: attribute for attribute in listed["pipe"]["attributes"]}
    assert pipe["dn"]["unit"] == "mm"
    assert pipe["side"]["type"] == "code"
    assert pipe["side"]["codes"]["supply"].startswith("供水")
    assert client.get("/kinds/pipe").json() == listed["pipe"]


def test_an_unknown_kind_is_named(client: httpx.Client) -> None:
    answer = client.get("/kinds/teapot")
    assert 400 <= answer.status_code < 500
    assert "teapot" in answer.json()["error"]["message"]
