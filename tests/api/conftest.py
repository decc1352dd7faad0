"""Fixtures of the edge ring: a running server over a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from data.pool import connect
from data.tile_tables import rebuild
from tests.api.live_helpers import TINY_CITY
from tests.api.serving import serve
from tests.cities import insert_city
from tests.conftest import create_database, drop_database
from tests.handmade_town import COVERS, TOWN, insert_town

TOWN_SEGMENTS = (np.array([20, 21, 22, 23, 24, 25, 26]), np.array([20, 21, 20, 21, 24, 25, 26]))
"""Pipes of the handmade town and the segment of each."""


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[str]:
    """Yield the base address of a server over the empty, migrated `database_url`."""
    with serve(database_url, tmp_path / "var") as url:
        yield url


@pytest.fixture
def client(server: str) -> Iterator[httpx.Client]:
    """Yield an HTTP client of that server; it keeps cookies."""
    with httpx.Client(base_url=server, timeout=30) as http:
        yield http


@pytest.fixture
def city_server(database_url: str, tmp_path: Path) -> Iterator[str]:
    """Yield the base address of a server over the tiny heated city of `live_helpers`."""
    insert_city(database_url, TINY_CITY)
    with serve(database_url, tmp_path / "var") as url:
        yield url


@pytest.fixture
def http(city_server: str) -> Iterator[httpx.Client]:
    """Yield an HTTP client of the server over the tiny heated city."""
    with httpx.Client(base_url=city_server, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def unchanged(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over the tiny heated city for tests that only read or are refused: all share it."""
    database_url = create_database(server_url)
    insert_city(database_url, TINY_CITY)
    with serve(database_url, tmp_path_factory.mktemp("unchanged")) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client
    drop_database(database_url)


@pytest.fixture(scope="session")
def ogc_town(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over the handmade town with its tiles; tests only read."""
    database_url = create_database(server_url)
    insert_town(database_url, [*TOWN, *COVERS])
    with connect(database_url) as connection:
        rebuild(connection, 1, TOWN_SEGMENTS)
    with serve(database_url, tmp_path_factory.mktemp("ogc")) as url, httpx.Client(base_url=url, timeout=60) as town:
        yield town
    drop_database(database_url)
