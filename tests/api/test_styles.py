"""Styles and legends over HTTP: valid by MapLibre's own specification, absolute, and no wider than the seat's sight."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import numpy as np
import pytest

from gis.gcj02 import gcj02_from_wgs84
from tests.api.serving import serve
from tests.conftest import ROOT, LoadedSample, create_database, drop_database, missing
from tiles.legends import COLOURINGS
from tiles.styles import LEGEND, STYLE_NAMES

SPECIFICATION = ROOT / "web" / "node_modules" / "@maplibre" / "maplibre-gl-style-spec" / "dist" / "index.mjs"
_VALIDATE = """
import { readFileSync } from "node:fs";
const { validateStyleMin } = await import(process.argv[1]);
const styles = JSON.parse(readFileSync(0, "utf8"));
const found = Object.entries(styles).map(([name, style]) => [name, validateStyleMin(style).map((error) => error.message)]);
console.log(JSON.stringify(Object.fromEntries(found)));
"""


@pytest.fixture(scope="module")
def http(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over the sample city; tests only read."""
    database_url = create_database(server_url, sample.template)
    with (
        serve(database_url, tmp_path_factory.mktemp("styles")) as url,
        httpx.Client(base_url=url, timeout=60, params={"city": 1}) as client,
    ):
        yield client
    drop_database(database_url)


def every_style(http: httpx.Client, **params: str) -> dict[str, dict[str, Any]]:
    return {name: http.get(f"/styles/{name}.json", params={"city": "1", **params}).json() for name in STYLE_NAMES}


def test_the_list_names_every_style_with_an_address_that_answers(http: httpx.Client) -> None:
    listed = http.get("/styles").json()
    assert tuple(item["style"] for item in listed) == STYLE_NAMES
    assert [httpx.get(item["url"], timeout=60).status_code for item in listed] == [200] * len(listed)


@pytest.mark.parametrize("params", [{}, {"crs": "gcj02", "lang": "en"}], ids=["plain", "gcj02-en"])
def test_every_style_is_valid_by_the_specification(http: httpx.Client, params: dict[str, str]) -> None:
    node = shutil.which("node")
    if node is None or not SPECIFICATION.exists():
        missing("node or web/node_modules is not here")
    styles = every_style(http, **params)
    told = subprocess.run(
        [str(node), "--input-type=module", "-e", _VALIDATE, SPECIFICATION.as_uri()],
        input=json.dumps(styles | {"broken": {"version": 8, "sources": {}, "layers": [{"id": "x", "type": "lines"}]}}),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(told.stdout)
    assert found.pop("broken") != [], "the validator finds nothing at all"
    assert found == {name: [] for name in STYLE_NAMES}


def test_a_style_uses_only_what_qgis_reads_too(http: httpx.Client) -> None:
    """`make check-qgis` shows it in QGIS itself; this holds what was found: other expressions are dropped without a word."""
    for name, style in every_style(http).items():
        for layer in style["layers"]:
            assert not {"in", "!in", "step", "case", "coalesce", "literal"} & set(operators(layer)), (name, layer["id"])


def operators(value: Any) -> Iterator[str]:
    """Yield every text that stands first in a list."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from operators(inner)
    if isinstance(value, list):
        yield from (first for first in value[:1] if isinstance(first, str))
        for inner in value:
            yield from operators(inner)


def test_a_style_needs_nothing_but_this_server(http: httpx.Client) -> None:
    for name, style in every_style(http).items():
        assert not {"glyphs", "sprite"} & set(style), name
        addresses = [address for source in style["sources"].values() for address in source["tiles"]]
        assert addresses
        assert all(address.startswith(f"{http.base_url}/tiles/") for address in addresses)
        assert {layer["source"] for layer in style["layers"] if "source" in layer} == set(style["sources"])


@pytest.mark.parametrize("name", [name for name in STYLE_NAMES if name != "base"])
def test_a_style_asks_for_what_it_colours_and_every_pipe_gets_a_colour(http: httpx.Client, name: str) -> None:
    style = http.get(f"/styles/{name}.json").json()
    legend = style["metadata"][LEGEND]
    query = parse_qs(urlsplit(style["sources"]["network"]["tiles"][0]).query)
    assert query.get("with", []) == ([",".join(legend["with"])] if legend["with"] else [])
    pipes = [layer for layer in style["layers"] if layer.get("source") == "network"]
    assert pipes[0]["id"] == "pipe"
    said = json.dumps([layer["paint"]["line-color"] for layer in pipes])
    assert all(item["colour"] in said for item in (*legend["items"], legend["other"]))
    assert legend == next(each for each in http.get("/styles/colourings").json() if each["colouring"] == legend["colouring"])


def test_legends_of_ids_name_what_pipes_hold(http: httpx.Client) -> None:
    legends = {each["colouring"]: each for each in http.get("/styles/colourings").json()}
    assert list(legends) == list(COLOURINGS)
    companies = {item["asset_id"]: item["name"] for item in http.get("/assets", params={"kind": "company"}).json()["items"]}
    owners = {item["value"]: item["label_zh"] for item in legends["company"]["items"]}
    assert len(owners) >= 3
    assert owners.items() <= companies.items()
    feeders = {item["value"] for item in legends["source"]["items"]}
    kinds = {http.get(f"/assets/{feeder}").json()["kind"] for feeder in feeders}
    assert kinds <= {"plant", "boiler_house", "substation"}
    assert "plant" in kinds


def test_a_datum_moves_the_tiles_and_the_camera(http: httpx.Client) -> None:
    here, there = (http.get("/styles/base.json", params={"city": "1", "crs": crs}).json() for crs in ("wgs84", "gcj02"))
    assert parse_qs(urlsplit(there["sources"]["base"]["tiles"][0]).query)["crs"] == ["gcj02"]
    assert there["center"] == pytest.approx(gcj02_from_wgs84(np.array([here["center"]]))[0].tolist(), abs=2e-6)
    assert there["metadata"]["heat-twin:crs"] == "gcj02"


def test_the_language_changes_words_only(http: httpx.Client) -> None:
    zh, en = (http.get("/styles/network-dn.json", params={"city": "1", "lang": lang}).json() for lang in ("zh", "en"))
    assert (zh["name"], en["name"]) == ("供热管网：公称直径", "Heat network: Nominal diameter")
    assert zh["layers"] == en["layers"]


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/styles/network-owner.json?city=1", 404, "styles are base, network-class"),
        ("/styles/class.json?city=1", 404, "is not a style"),
        ("/styles/base.json?city=1&crs=wgs72", 422, "wgs84"),
        ("/styles/base.json?city=1&lang=fr", 422, "'zh' or 'en'"),
        ("/styles/base.json?city=99", 404, "99"),
    ],
)
def test_what_does_not_exist_is_named(http: httpx.Client, path: str, status: int, says: str) -> None:
    answer = http.get(path, params=httpx.URL(path).params)
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]


def test_a_company_sees_only_itself_in_the_legend(http: httpx.Client, tmp_path: Path) -> None:
    legends = http.get("/styles/colourings").json()
    owners = [item["value"] for each in legends if each["colouring"] == "company" for item in each["items"]]
    seat = next((s for s in http.get("/seats").json() if s["role"] == "company"), None)
    if seat is None:
        pytest.skip("the demo has no seat of a company")
    with httpx.Client(base_url=http.base_url, params={"city": 1}, timeout=60) as company:
        company.post("/session", json={"seat_id": seat["seat_id"]}).raise_for_status()
        own = [item["value"] for each in company.get("/styles/colourings").json() for item in each["items"]
               if each["colouring"] == "company"]  # fmt: skip
    assert len(own) <= 1 < len(owners)
