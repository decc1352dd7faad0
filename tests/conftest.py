"""Fixtures of all rings: a private PostGIS for the session, a fresh migrated database per test, the shared folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import settings

from data import cluster as clusters
from data.errors import DatabaseUnavailable
from data.migrate import migrate
from data.pool import connect

if TYPE_CHECKING:
    from data.imports.report import ImportReport

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("HEAT_TWIN_TEST_SHARED", ROOT.parent / "shared"))
RINGS = {
    "gis": "plain",
    "topology": "plain",
    "twin": "plain",
    "data": "store",
    "tiles": "store",
    "api": "edge",
    "browser": "browser",
}
# Servers, workers and commands that tests start find the kernels that this run or an earlier one compiled: each has a var dir
# of its own, which is where they would compile all of them anew. Numba reads the name when it is imported, which is later.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / "build" / "numba"))


# A loaded machine is no reason to fail: nothing here is held against a clock.
settings.register_profile("untimed", deadline=None)
if settings.get_current_profile_name() == "default":
    settings.load_profile("untimed")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test with the ring of its folder, unless it names its own; run file after file, ring after ring.

    The browser comes last: Playwright keeps an event loop running in the thread of the tests. In a ring the files with most tests
    come first, so that processes that share them (`scripts/test.sh`) end together; those with as many, and tests in a file, come
    in random order, unless the file is marked `in_order`: its tests are the steps of one story.
    """
    order = list(dict.fromkeys(RINGS.values()))
    files: dict[Path, list[int]] = {}
    for item in items:
        if not any(item.get_closest_marker(ring) for ring in order):
            folder = Path(item.path).relative_to(ROOT / "tests").parts[0]
            item.add_marker(RINGS.get(folder, "plain"))
        files.setdefault(item.path, []).append(min(order.index(mark.name) for mark in item.iter_markers() if mark.name in order))
    place = {path: number for number, path in enumerate(sorted(files, key=lambda path: (max(files[path]), -len(files[path]))))}
    items.sort(key=lambda item: (place[item.path], item.location[1] or 0 if item.get_closest_marker("in_order") else 0))


def missing(reason: str) -> None:
    """Skip on a laptop; fail in CI, where every service must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with the real data sets; tests that need it skip where it does not exist."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"the real data sets are not here ({SHARED / 'data'})")
    return SHARED


def _database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Yield the address of a migrated template database in a private cluster (or in HEAT_TWIN_TEST_DATABASE_URL)."""
    folder = Path(tempfile.mkdtemp(prefix="heat-twin-test-"))
    folder.chmod(0o755)
    cluster = clusters.private_cluster(folder)
    try:
        clusters.start(cluster, durable=False)
    except DatabaseUnavailable as error:
        shutil.rmtree(folder, ignore_errors=True)
        missing(str(error))
    try:
        migrate(cluster.url)
        yield cluster.url
    finally:
        clusters.stop(cluster)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(cluster.socket_folder, ignore_errors=True)


def create_database(server_url: str, template: str = clusters.DATABASE) -> str:
    """Create a database from a template and return its address; copied as files, which without fsync is the quicker way."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    with connect(_database(server_url, "postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {template} strategy file_copy")
    return _database(server_url, name)


def drop_database(url: str) -> None:
    """Drop a database made by `create_database`."""
    name = urlsplit(url).path.removeprefix("/")
    with connect(_database(url, "postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def database_url(server_url: str) -> Iterator[str]:
    """Yield the address of an empty, migrated database of its own."""
    url = create_database(server_url)
    yield url
    drop_database(url)


@dataclass(frozen=True)
class LoadedSample:
    """The sample city as `heat-twin demo` loads it.

    `template_url` names a database nobody connects to, for `create_database`; `url` is read-only; `var_dir` holds the
    raster and the 3D Tiles; `manifest` is the delivery, `imported` the report of its import.
    """

    template_url: str
    url: str
    var_dir: Path
    manifest: Path
    imported: ImportReport

    @property
    def template(self) -> str:
        """Name of the template database."""
        return urlsplit(self.template_url).path.removeprefix("/")

    def copy_var_dir(self, folder: Path) -> Path:
        """Return a var dir of the caller's own in a folder: a server that sees an edit writes into it."""
        copied: Path = shutil.copytree(self.var_dir, folder / "var")
        return copied


def drawn_once(tmp_path_factory: pytest.TempPathFactory, name: str, draw: Callable[[Path], Path]) -> Path:
    """Return the manifest of a city that one process of the run draws while the others that want it wait."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    with (folder.parent / f"{name}.lock").open("a+") as done:
        fcntl.flock(done, fcntl.LOCK_EX)
        done.seek(0)
        if not done.read():
            done.write(str(draw(folder)))
    return folder / "manifest.toml"


@pytest.fixture(scope="session")
def sample_manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the manifest of the sample city, drawn once in the run; tests only read it."""
    from data.demo.city import write_city  # noqa: PLC0415 - only tests of the sample pay for what this pulls in

    return drawn_once(tmp_path_factory, "sample_city", lambda folder: write_city(folder, clean=True))


@pytest.fixture(scope="session")
def dirty_manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the manifest of the sample city with its dirt, drawn once in the run; tests only read it."""
    from data.demo.city import write_city  # noqa: PLC0415 - as above

    return drawn_once(tmp_path_factory, "dirty_city", write_city)


@pytest.fixture(scope="session")
def dirty_template(dirty_manifest: Path, server_url: str) -> Iterator[str]:
    """Yield the name of a database with the dirty sample, imported and not yet checked, that nobody connects to."""
    from data.imports.run import run_import  # noqa: PLC0415 - as above

    url = create_database(server_url)
    run_import(dirty_manifest, url, seat="test")
    yield urlsplit(url).path.removeprefix("/")
    drop_database(url)


@pytest.fixture(scope="session")
def sample(sample_manifest: Path, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedSample]:
    """Yield the sample city, loaded once in the session (about 6 s)."""
    from api.loading import load_manifest  # noqa: PLC0415 - as above
    from api.settings import Settings  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("sample")
    template_url = create_database(server_url)
    loaded = load_manifest(sample_manifest, Settings(var_dir=folder / "var", database_url=template_url), seat="tests")
    url = create_database(server_url, urlsplit(template_url).path.removeprefix("/"))
    with connect(url, autocommit=True) as connection:
        connection.execute(f"alter database {urlsplit(url).path.removeprefix('/')} set default_transaction_read_only = on")
    before = _files(folder / "var")
    yield LoadedSample(template_url, url, folder / "var", sample_manifest, loaded.imported)
    assert _files(folder / "var") == before, "a test wrote into the var dir that all tests share: take copy_var_dir"
    drop_database(url)
    drop_database(template_url)


def _files(folder: Path) -> dict[Path, int]:
    """Return every raster and 3D Tiles file with the time it was written."""
    return {
        file: file.stat().st_mtime_ns for part in ("raster", "tiles3d") for file in (folder / part).rglob("*") if file.is_file()
    }


@pytest.fixture(scope="session")
def sample_url(sample: LoadedSample) -> str:
    """Return the address of the loaded sample city; the database is read-only."""
    return sample.url


@pytest.fixture
def sample_copy_url(sample: LoadedSample, server_url: str) -> Iterator[str]:
    """Yield the address of a loaded sample city of the test's own, which it may write to."""
    url = create_database(server_url, sample.template)
    yield url
    drop_database(url)
