"""The examples of docs/readings.md run as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.gateway import Gateway, add_gateway
from tests.api.live_helpers import TINY_CITY, frame, now_ms
from tests.api.serving import serve
from tests.cities import insert_city
from twin.readings import Result

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "readings.md").read_text(encoding="utf-8")


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, language
    return found[1]


@pytest.fixture
def gateway(database_url: str, tmp_path: Path) -> Iterator[Gateway]:
    insert_city(database_url, TINY_CITY)
    with serve(database_url, tmp_path / "var", host="0.0.0.0") as url, httpx.Client(base_url=url, timeout=30) as http:
        yield add_gateway(database_url, tmp_path / "var", http, "example")


def test_the_examples_in_python_and_on_the_command_line_are_taken(gateway: Gateway) -> None:
    url, secret, at = str(gateway.http.base_url).rstrip("/"), gateway.secret.decode(), now_ms()
    names: dict[str, Any] = {}
    exec(compile(example("python"), "docs/readings.md", "exec"), names)
    frames = [frame("weather_station:W1", at, [-12.5]), frame("weather_station:W1", at, [-12.5])]
    assert names["send"](url, gateway.app_id, secret, frames) == ["accepted", "duplicate"]
    if shutil.which("curl") is None or shutil.which("openssl") is None:
        pytest.skip("curl or openssl is not installed")
    script = example("bash").replace("weather_station:QX01", "weather_station:W1").replace("1795255200000", str(at + 1))
    assert str(at + 1) in script
    environment = {**os.environ, "URL": url, "APP_ID": gateway.app_id, "SECRET": secret, "no_proxy": "*"}
    done = subprocess.run(["bash", "-euc", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == '{"results":["accepted"],"counts":{"accepted":1}}'


def test_every_result_is_explained() -> None:
    assert [result.value for result in Result if f"`{result.value}`" not in PAGE] == []
