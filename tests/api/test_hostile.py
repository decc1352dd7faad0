"""Hostile parameters: every reading route answers in the error format, never with 500 and never with a stack trace."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import httpx
import pytest

from tests.api.serving import serve, streams_of
from tests.conftest import LoadedSample, create_database, drop_database

NUMBERS = ("-1", "0", "2147483648", "9223372036854775808", "1e999", "NaN")
TEXTS = ("\x00", "'; drop table asset; --", "%", "../..", "长" * 2000)
VALUES = (*NUMBERS, *TEXTS)
HELD_BACK = 2
"""So many values are sent where the schema names what is right: nothing else comes as far as our code."""


@pytest.fixture(scope="module")
def sample_server(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield a server over a sample city of this module's own."""
    database_url = create_database(server_url, sample.template)
    with serve(database_url, sample.copy_var_dir(tmp_path_factory.mktemp("hostile"))) as url:
        yield url
    drop_database(database_url)


def values_for(schema: dict[str, Any], turns: Iterator[str]) -> list[str]:
    """Return the hostile values for a parameter: all that its route could see, and some of `turns` that the schema refuses.

    `turns` goes on from parameter to parameter, so that each value comes to each kind of parameter.
    """
    one = next((each for each in schema.get("anyOf", []) if each.get("type") != "null"), schema)
    kind = one.get("type")
    named = "enum" in one or "const" in one or "$ref" in one or kind == "boolean"
    if named or (kind in {"integer", "number"} and {"minimum", "maximum"} <= set(one)):
        low = [value for value in ("-1", "0") if not named and one["minimum"] <= float(value) <= one["maximum"]]
        return [*low, *islice((value for value in turns if value not in low), HELD_BACK)]
    if kind == "integer":
        return [*NUMBERS[:4], next(turns)]
    if kind == "number" or one.get("format") == "date-time":  # seconds since 1970 are a time, too
        return [*NUMBERS, next(turns)]
    return list(VALUES)


def requests_of(openapi: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield a path and a query for each parameter of each GET route and its hostile values."""
    turns, endless = cycle(VALUES), streams_of(openapi)
    for path, methods in openapi["paths"].items():
        if "get" not in methods or path in endless:
            continue
        parameters = methods["get"].get("parameters", [])
        fine = {item["name"]: "1" for item in parameters if item["in"] == "path"}
        for item in parameters:
            for value in values_for(item["schema"], turns):
                named = fine | {item["name"]: value} if item["in"] == "path" else fine
                address = path
                for name, text in named.items():
                    address = address.replace(f"{{{name}}}", str(httpx.QueryParams({"v": text}))[2:])
                yield address, {} if item["in"] != "query" else {item["name"]: value}


def test_no_parameter_makes_the_server_fail(sample_server: str) -> None:
    with httpx.Client(base_url=sample_server, timeout=60) as client:
        openapi = client.get("/openapi.json").json()
        wanted = list(requests_of(openapi))
        assert len(wanted) > 2000
        failed = []
        for path, query in wanted:
            answer = client.get(path, params=query)
            if answer.status_code >= 500 or b"Traceback" in answer.content[:5000]:
                failed.append((path[:80], {name: value[:30] for name, value in query.items()}, answer.status_code))
    assert not failed, f"{len(failed)} of {len(wanted)}: {failed[:20]}"


def test_errors_have_one_shape(sample_server: str) -> None:
    for path in ("/assets/99999999", "/assets?city=99999999999", "/tiles/nope/1/1/1.mvt", "/assets?bbox=1", "/assets?q=%00"):
        answer = httpx.get(sample_server + path, timeout=60)
        assert 400 <= answer.status_code < 500, path
        error = answer.json()["error"]
        assert error["kind"], path
        assert error["message"], path
