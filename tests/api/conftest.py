"""Fixtures of the edge ring: a running server over a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.serving import serve


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
