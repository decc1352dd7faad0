"""`docs/how-to/use-it-in-your-gis.md`: its commands and programs run against a closed server, as a partner's would.

Blocks `python FILE` are files, blocks `sh` run one after the other in one shell, a block `text` is what the `sh` block before it
prints. The pages (`html FILE`) run in Chromium: `tests/browser/test_clients.py`; QGIS: `make check-qgis`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import mapbox_vector_tile
import morecantile
import numpy as np
import pytest

from api.auth import vault
from api.auth.passwords import hash_password
from data import accounts
from data.pool import connect
from tests.api.serving import serve
from tests.api.test_how_to import ROOT, blocks, expected, printed_by, script
from tests.conftest import LoadedSample, create_database, drop_database, missing
from tests.gis.published_formulas import gcj02_from_wgs84
from twin.seats import Organisation

PAGE = ROOT / "docs" / "how-to" / "use-it-in-your-gis.md"
LOGIN, PASSWORD, APP_ID, SECRET = "partner", "a long pass phrase", "ht-partner", "a-secret-of-some-length"
GRID = morecantile.tms.get("WebMercatorQuad")
PIXELS = 256
NEAREST_PX = 1.0
"""Greatest distance from AMap's grid, in pixels of zoom 18."""


@pytest.fixture(scope="module")
def closed(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a server of the sample city that asks for a seat, with one partner who has a key and a password."""
    database_url = create_database(server_url, sample.template)
    var_dir = tmp_path_factory.mktemp("gis")
    with serve(database_url, var_dir, host="0.0.0.0") as url:
        with connect(database_url) as connection:
            accounts.add_seat(
                connection,
                login=LOGIN,
                person="partner",
                organisation=Organisation("partner", "city"),
                role="viewer",
                password_hash=hash_password(PASSWORD),
            )
            connection.execute("update person set must_change_password = false")
            secret = vault.encrypt(vault.load_key(var_dir), SECRET.encode(), app_id=APP_ID)
            accounts.add_key(connection, login=LOGIN, app_id=APP_ID, secret_encrypted=secret, digest="sha256")
        yield url
    drop_database(database_url)


def test_the_commands_and_programs_of_the_page_run_as_they_stand(closed: str, tmp_path: Path) -> None:
    if shutil.which("ogr2ogr") is None or shutil.which("curl") is None:
        missing("ogr2ogr (gdal-bin) or curl is not installed")
    port = httpx.URL(closed).port
    assert port is not None
    found = [block for block in blocks(PAGE.read_text(encoding="utf-8")) if block.language in {"sh", "python", "text"}]
    assert sum(block.language == "sh" for block in found) >= 5
    for block in found:
        if block.language == "python":
            (tmp_path / block.file).write_text(block.text.replace("127.0.0.1:8000", f"127.0.0.1:{port}"))
    (tmp_path / "page.sh").write_text(script(found, port))
    names = {"LOGIN": LOGIN, "PASSWORD": PASSWORD, "APP_ID": APP_ID, "SECRET": SECRET}
    environment = os.environ | names | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    ran = subprocess.run(
        ["bash", "page.sh"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert ran.returncode == 0, f"{ran.stderr[-3000:]}\n{ran.stdout[-2000:]}"
    printed = printed_by(ran.stdout)
    for block, after in pairwise(found):
        if after.language == "text":
            assert expected(after.text).fullmatch(printed[block.line]), f"line {after.line} of the page:\n{printed[block.line]}"


def test_without_a_seat_nothing_answers(closed: str) -> None:
    for path in ("/ogc/collections", "/styles", "/tiles/network/14/13894/5966.mvt"):
        assert httpx.get(closed + path, timeout=60).status_code == 401


def test_tiles_in_gcj02_lie_on_the_grid_of_amap(closed: str) -> None:
    """Places converted by the published formula, against where the tiles have them."""
    with httpx.Client(base_url=closed, params={"city": 1}, timeout=60) as http:
        http.post("/session", json={"login": LOGIN, "password": PASSWORD}).raise_for_status()
        page = http.get("/ogc/collections/substation/items", params={"city": 1, "limit": 1000, "f": "json"}).json()
        places = {feature["id"]: feature["geometry"]["coordinates"][:2] for feature in page["features"]}
        distances = []
        for asset_id, lonlat in places.items():
            lon, lat = map(float, gcj02_from_wgs84(np.array([lonlat]))[0])
            tile = GRID.tile(lon, lat, 16)
            address = f"/tiles/assets/16/{tile.x}/{tile.y}.mvt"
            body = http.get(address, params={"city": 1, "crs": "gcj02"}).content
            found = next(each for each in mapbox_vector_tile.decode(body)["asset"]["features"] if each["id"] == int(asset_id))
            # units of the tile, from its upper left corner
            x, y = found["geometry"]["coordinates"][0], 4096 - found["geometry"]["coordinates"][1]
            drawn = (tile.x + x / 4096, tile.y + y / 4096)
            wanted = _tile_units(lon, lat, 16)
            distances.append(np.hypot(drawn[0] - wanted[0], drawn[1] - wanted[1]) * PIXELS * 4)
    assert len(distances) == 60
    assert max(distances) < NEAREST_PX


def _tile_units(lon: float, lat: float, zoom: int) -> tuple[float, float]:
    """Return where a place lies in the world's grid of tiles, in tiles from the upper left corner."""
    count = 2**zoom
    across = (lon + 180) / 360 * count
    down = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * count
    return across, float(down)


def test_every_link_of_the_page_leads_somewhere() -> None:
    prose = re.sub(r"^```.*?^```$", "", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)#]+)\)", prose)
    assert len(links) >= 5
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
