"""Fixtures of the edge ring: a running server over a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.live_helpers import TINY_CITY
from tests.api.serving import serve
from tests.cities import insert_city


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
