"""Archives of tiles over HTTP and from the command line: content, rights, end, ranges, room, records."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pmtiles.reader import MemorySource, MmapSource, Reader, all_tiles

from api.tile_archive_shelf import ArchiveShelf
from data.pool import connect
from data.tile_tables import rebuild
from tests.api.serving import serve, wait_for
from tests.api.test_tiles import SEGMENTS
from tests.conftest import LoadedSample, create_database, drop_database
from tests.handmade_town import COVERS, TOWN, insert_town

NAMES = "base,network"
END = datetime.now(UTC).replace(hour=16, minute=0, second=0, microsecond=0) + timedelta(days=90)


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the var dir of the server."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="module")
def database(server_url: str) -> Iterator[str]:
    """Yield the handmade town with its tiles built."""
    url = create_database(server_url)
    insert_town(url, [*TOWN, *COVERS])
    with connect(url) as connection:
        rebuild(connection, 1, SEGMENTS)
    yield url
    drop_database(url)


@pytest.fixture(scope="module")
def http(database: str, var_dir: Path) -> Iterator[httpx.Client]:
    """Yield a client in the seat of the planner."""
    with serve(database, var_dir) as url, httpx.Client(base_url=url, timeout=60) as client:
        sit(client, "planner")
        yield client


def sit(client: httpx.Client, role: str, place: int = 0) -> dict[str, Any]:
    seats = [seat for seat in client.get("/seats").json() if seat["role"] == role]
    client.post("/session", json={"seat_id": seats[place]["seat_id"]}).raise_for_status()
    seat: dict[str, Any] = seats[place]
    return seat


def made(client: httpx.Client, **order: Any) -> dict[str, Any]:
    """Order an archive and wait until it is there, or was not made."""
    answer = client.post("/archives", params={"city": 1}, json=order)
    while answer.status_code == 503:
        time.sleep(0.05)
        answer = client.post("/archives", params={"city": 1}, json=order)
    assert answer.status_code == 202, answer.text

    def ended() -> dict[str, Any] | None:
        state: dict[str, Any] = client.get(answer.headers["location"]).json()
        return state if state["state"] not in {"queued", "running"} else None

    return wait_for(ended, what="the archive", limit_s=120)


def ranges_of(client: httpx.Client, url: str) -> Callable[[int, int], bytes]:
    """Read a file by ranges, as the maps do."""

    def read(offset: int, length: int) -> bytes:
        answer = client.get(url, headers={"Range": f"bytes={offset}-{offset + length - 1}"})
        assert answer.status_code == 206
        assert answer.headers["content-range"].startswith(f"bytes {offset}-")
        return answer.content

    return read


def records(database: str, kind: str) -> list[tuple[str, str, str | None]]:
    with connect(database) as connection:
        rows = connection.execute("select state, seat, error from job where kind = %s order by job_id", (kind,)).fetchall()
    return [(str(row[0]), str(row[1]), row[2]) for row in rows]


def left_in(var_dir: Path) -> list[str]:
    return sorted(path.name for path in (var_dir / "archives").rglob("*") if path.is_file())


# ---------------------------------------------------------------- content


def test_an_address_starts_an_archive_and_then_serves_its_ranges(http: httpx.Client, database: str) -> None:
    address = f"/tiles/{NAMES}.pmtiles"
    query = {"city": 1, "with": "laying", "expires_at": END.isoformat()}
    first = http.get(address, params=query)
    assert first.status_code == 202
    assert first.json()["with"] == ["laying"]
    assert int(first.headers["retry-after"]) > 0
    ready = wait_for(
        lambda: (found := http.get(address, params=query)).status_code != 202 and found, what="the archive", limit_s=120
    )
    assert ready.status_code == 200
    assert ready.headers["content-type"] == "application/vnd.pmtiles"
    assert ready.headers["accept-ranges"] == "bytes"
    assert ready.headers["etag"].startswith('"')
    assert len(ready.content) == int(ready.headers["content-length"])
    again = http.get(address, params=query, headers={"If-None-Match": ready.headers["etag"]})
    assert again.status_code == 304
    whole = http.get(address, params={"city": 1, "with": "laying"}, headers={"Range": "bytes=127-200", "Accept-Encoding": "gzip"})
    assert (whole.status_code, whole.content) == (206, ready.content[127:201])
    assert http.get(address, params=query, headers={"Range": "bytes=99999999-"}).status_code == 416
    head = http.head(address, params=query)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(ready.content)))
    stale = http.get(address, params=query, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert stale.status_code == 200
    assert "planner" in records(database, "archive_download")[-1][1]


def test_every_tile_is_the_servers_tile_and_the_metadata_is_the_tilejson(http: httpx.Client) -> None:
    archive = made(http, tilesets=["base", "network"], maxzoom=15, expires_at=END.isoformat())
    assert archive["state"] == "ready"
    reader = Reader(ranges_of(http, archive["url"]))
    header, metadata = reader.header(), reader.metadata()
    document = http.get(f"/tiles/{NAMES}.json", params={"city": 1}).json()
    assert metadata["vector_layers"] == document["vector_layers"]
    assert (metadata["name"], metadata["attribution"]) == (document["name"], document["attribution"])
    assert metadata["crs"] == "wgs84"
    assert metadata["city"]["name_zh"] == "手工镇"
    assert metadata["expires_at"] == END.strftime("%Y-%m-%dT%H:%M:%SZ")
    mark = metadata["watermark"]
    assert (mark["archive_id"], mark["seat"]) == (archive["archive_id"], archive["seat"])
    assert len(mark["rights_class"]) == 64
    assert mark["organisation"]
    box = [header[name] / 1e7 for name in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")]  # type: ignore[literal-required]
    assert box == pytest.approx(document["bounds"], abs=1e-6)
    assert (header["min_zoom"], header["max_zoom"]) == (8, 15)
    whole = MemorySource(http.get(archive["url"]).content)
    tiles = {zxy: gzip.decompress(tile) for zxy, tile in all_tiles(whole)}
    assert len(tiles) == archive["tiles"] > 30
    for (z, x, y), tile in tiles.items():
        assert http.get(f"/tiles/{NAMES}/{z}/{x}/{y}.mvt", params={"city": 1}).content == tile, (z, x, y)


def test_another_rights_class_has_archives_of_its_own(http: httpx.Client) -> None:
    mine = made(http, tilesets=["network"], crs="gcj02")
    with httpx.Client(base_url=http.base_url, timeout=60) as other:
        sit(other, "company")
        assert mine["archive_id"] not in other.get("/archives", params={"city": 1}).text
        for path in (f"/archives/{mine['archive_id']}", f"/archives/{mine['archive_id']}.pmtiles"):
            assert other.get(path, params={"city": 1}).status_code == 404
        assert other.delete(f"/archives/{mine['archive_id']}", params={"city": 1}).status_code == 404
        theirs = made(other, tilesets=["network"], crs="gcj02")
        contents = [
            dict(all_tiles(MemorySource(client.get(archive["url"]).content)))
            for client, archive in ((http, mine), (other, theirs))
        ]
        assert contents[1]
        assert contents[0] != contents[1]
        for (z, x, y), tile in contents[1].items():
            asked = other.get(f"/tiles/network/{z}/{x}/{y}.mvt", params={"city": 1, "crs": "gcj02"})
            assert asked.content == gzip.decompress(tile)


# ---------------------------------------------------------------- end, refusals, room


def test_an_archive_whose_time_is_over_is_gone_and_deleted(http: httpx.Client, var_dir: Path) -> None:
    archive = made(http, tilesets=["assets"])
    described = next((var_dir / "archives").rglob(f"{archive['archive_id']}.json"))
    record = json.loads(described.read_text())
    over = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    described.write_text(json.dumps(record | {"expires_at": over.isoformat()}))
    gone = http.get(archive["url"], headers={"Range": "bytes=0-16383"})
    assert (gone.status_code, gone.json()["error"]["kind"]) == (410, "ArchiveExpired")
    assert not described.with_suffix(".pmtiles").exists()
    assert http.get(f"/archives/{archive['archive_id']}", params={"city": 1}).json()["state"] == "expired"
    by_name = http.get("/tiles/assets.pmtiles", params={"city": 1, "expires_at": over.isoformat()})
    assert by_name.status_code == 410


@pytest.mark.parametrize(
    ("order", "status", "said"),
    [
        ({"tilesets": ["base"], "expires_at": "2020-01-01T00:00:00Z"}, 422, "must lie after now"),
        ({"tilesets": ["base"], "expires_at": "2999-01-01T00:00:00Z"}, 422, "within 366 days"),
        ({"tilesets": ["base"], "expires_at": "2027-01-01T00:00:00"}, 422, "timezone"),
        ({"tilesets": ["nix"]}, 404, "'nix' is not a tileset"),
        ({"tilesets": ["base", "base"]}, 404, "twice"),
        ({"tilesets": ["base"], "minzoom": 3}, 422, "has 8-16"),
        ({"tilesets": ["base"], "crs": "mars"}, 422, "mars"),
        ({"tilesets": ["network"], "with": ["phone"]}, 422, "phone"),
        ({"tilesets": ["base"], "raster": "ground"}, 422, "name either"),
        ({"raster": "../../etc"}, 404, "no raster layer"),
        ({}, 422, "name either"),
    ],
)
def test_an_order_that_cannot_be_is_refused_in_words(http: httpx.Client, order: dict[str, Any], status: int, said: str) -> None:
    answer = http.post("/archives", params={"city": 1}, json=order)
    assert answer.status_code == status
    assert said in answer.text


def test_addresses_that_name_nothing_are_refused(http: httpx.Client) -> None:
    for path, status in (
        ("/tiles/nix.pmtiles", 404),
        ("/tiles/base.pmtiles?expires_at=2020-01-01T00:00:00Z", 422),
        ("/tiles/base.pmtiles?expires_at=soon", 422),
        ("/archives/0000000000000000.pmtiles", 404),
        ("/archives/..%2f..%2fx.pmtiles", 404),
        ("/archives/0000000000000000", 404),
    ):
        assert http.get(path).status_code == status, path


def test_a_page_of_another_site_starts_nothing(http: httpx.Client, database: str) -> None:
    before = len(records(database, "archive"))
    asked = http.get("/tiles/coverage.pmtiles", params={"city": 1}, headers={"Sec-Fetch-Site": "cross-site"})
    assert asked.status_code == 403
    assert len(records(database, "archive")) == before


def test_its_maker_deletes_an_archive_and_the_ledger_says_so(http: httpx.Client, database: str, var_dir: Path) -> None:
    archive = made(http, tilesets=["buildings"])
    with httpx.Client(base_url=http.base_url, timeout=60) as other:
        sit(other, "viewer")
        assert other.delete(f"/archives/{archive['archive_id']}", params={"city": 1}).status_code in {403, 404}
    assert http.delete(f"/archives/{archive['archive_id']}", params={"city": 1}).status_code == 204
    assert not [name for name in left_in(var_dir) if archive["archive_id"] in name]
    assert records(database, "archive_delete")[-1][1] == archive["seat"]
    assert http.get(archive["url"]).status_code == 404


def test_without_room_nothing_is_left_and_the_answer_says_so(database: str, tmp_path: Path) -> None:
    with serve(database, tmp_path, archive_mb=0) as url, httpx.Client(base_url=url, timeout=60) as client:
        answer = client.get(f"/tiles/{NAMES}.pmtiles", params={"city": 1})
        assert (answer.status_code, answer.json()["error"]["kind"]) == (507, "NoRoom")
        assert "HEAT_TWIN_ARCHIVE_MB" in answer.text
    assert not (tmp_path / "archives").exists() or left_in(tmp_path) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    # the kernel refuses what is larger than the limit, as a full disk does
    program = (
        "import os, resource, sys\n"
        "from pathlib import Path\n"
        "from tiles.archives import new_archive\n"
        "from tiles.errors import NoRoom\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    with new_archive(Path(sys.argv[1]), compress=False) as writer:\n"
        "        for zoom in range(20): writer.add((zoom, 0, 0), os.urandom(9000))\n"
        "except NoRoom as error: print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(tmp_path / "a.pmtiles")], capture_output=True, text=True, check=True)
    assert "no room" in ran.stdout
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the command line


def heat_twin(database: str, var_dir: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEAT_TWIN_")}
    environment |= {"HEAT_TWIN_DATABASE_URL": database, "HEAT_TWIN_VAR_DIR": str(var_dir)}
    command = [sys.executable, "-m", "api.cli", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_killed_export_leaves_no_archive_and_its_job_is_failed(
    sample: LoadedSample, sample_copy_url: str, tmp_path: Path
) -> None:
    out = tmp_path / "a.pmtiles"
    process = heat_twin(sample_copy_url, tmp_path, "tiles", "export", "base", "--out", str(out))
    wait_for(lambda: records(sample_copy_url, "archive") or process.poll() is not None, what="the job", limit_s=120)
    part = wait_for(lambda: next(tmp_path.glob("*.part"), None) or process.poll() is not None, what="its file", limit_s=120)
    assert process.poll() is None, process.communicate()
    assert isinstance(part, Path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not out.exists()
    with serve(sample_copy_url, tmp_path / "var") as url:
        jobs = httpx.get(f"{url}/jobs", params={"city": 1}, timeout=60).json()
    assert next(job["state"] for job in jobs if job["kind"] == "archive") == "failed"


def test_an_archive_that_is_done_between_two_looks_is_found(http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = made(http, tilesets=["network"], maxzoom=11)
    find, looks = ArchiveShelf.find, []

    def late(shelf: ArchiveShelf, *where: Any) -> Any:
        looks.append(where)
        return None if len(looks) == 1 else find(shelf, *where)

    # the first look comes before the shelf has it, the job is read after it has ended
    monkeypatch.setattr(ArchiveShelf, "find", late)
    answer = http.get(f"/archives/{archive['archive_id']}", params={"city": 1})
    assert (answer.status_code, answer.json()["state"]) == (200, "ready")
    assert len(looks) == 2


def test_the_command_line_writes_an_archive_and_warms_a_server(http: httpx.Client, database: str, tmp_path: Path) -> None:
    out = tmp_path / "a.pmtiles"
    narrowed = '{"areas": [2], "precision_m": 40}'
    writing = heat_twin(
        database, tmp_path, "tiles", "export", "network", "--zooms", "10-14", "--out", str(out), "--scope", narrowed
    )
    warming = heat_twin(database, tmp_path, "tiles", "warm", "network", "--url", str(http.base_url), "--seat", "planner")
    said, complained = writing.communicate(timeout=120)
    assert writing.returncode == 0, complained
    assert "network to" in said
    with out.open("rb") as file:
        reader = Reader(MmapSource(file))
        assert reader.header()["max_zoom"] == 14
        assert reader.metadata()["watermark"]["seat"].startswith("command line")
    said, complained = warming.communicate(timeout=120)
    assert warming.returncode == 0, complained
    count = int(said.split(": ")[1].split(" ")[0])
    assert count == made(http, tilesets=["network"], maxzoom=14)["tiles"]
    assert "failed" not in said
