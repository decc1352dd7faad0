"""Sending to a server that serves a network: signatures, packed and hostile bodies, overload."""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import brotli
import httpx
import orjson
import pytest
import zstandard

from data.pool import connect
from tests.api.gateway import Gateway, add_gateway
from tests.api.live_helpers import TINY_CITY, frame, now_ms
from tests.api.serving import serve
from tests.cities import insert_city
from tests.conftest import create_database, drop_database
from twin.seats import Organisation

BODY_SECONDS = 3
FRAMES_PER_S = 500
MEGABYTE = 2**20
PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "br": partial(brotli.compress, quality=1),
}


@pytest.fixture(scope="module")
def gateways(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Gateway]]:
    """Yield gateways of the office and of the first company, at one server for the module."""
    database_url, var_dir = create_database(server_url), tmp_path_factory.mktemp("sending")
    insert_city(database_url, TINY_CITY)
    company = Organisation("C1", "company", 1, 1)
    with (
        serve(database_url, var_dir, host="0.0.0.0", body_seconds=BODY_SECONDS, sender_frames_per_s=FRAMES_PER_S) as url,
        httpx.Client(base_url=url, timeout=30) as http,
    ):
        yield {
            "office": add_gateway(database_url, var_dir, http, "office-1"),
            "sha256": add_gateway(database_url, var_dir, http, "office-2", digest="sha256"),
            "company": add_gateway(database_url, var_dir, http, "company-1", organisation=company, role="company"),
            "fast": add_gateway(database_url, var_dir, http, "fast-1"),
        }
    with connect(database_url) as connection:
        assert connection.execute("select count(*) from api_nonce").fetchone() != (0,)
    drop_database(database_url)


@pytest.fixture
def office(gateways: dict[str, Gateway]) -> Gateway:
    return gateways["office"]


_BACK_MS = itertools.count(1000)


def outdoor(value: float | None = -12.5, **more: Any) -> dict[str, Any]:
    """Return a frame of the weather station with a time of its own."""
    return frame("weather_station:W1", now_ms() - next(_BACK_MS) * 1000, [value]) | more


def body_of(*frames: Any) -> bytes:
    return orjson.dumps({"frames": frames})


def kind_of(answer: httpx.Response) -> str:
    kind: str = answer.json()["error"]["kind"]
    return kind


# ---------------------------------------------------------------- signatures


@pytest.mark.parametrize("name", ["office", "sha256"])
def test_a_signed_batch_is_taken(gateways: dict[str, Gateway], name: str) -> None:
    assert gateways[name].send([outdoor(), outdoor()]) == ["accepted", "accepted"]


def test_a_long_body_is_verified_like_a_short_one(office: Gateway) -> None:
    body = body_of(outdoor()) + b" " * MEGABYTE
    assert office.post(body).status_code == 200
    assert office.post(body, X_Signature="00" * 32).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"X_Signature": "0" * 64},
        {"X_Signature": "no hexadecimal digits"},
        {"X_Signature": "00"},
        {"X_Nonce": "another"},
        {"X_Timestamp": str(int(time.time()) + 1)},
        {"X_Timestamp": "0"},
        {"X_Timestamp": "4070908800"},
        {"X_Timestamp": "-1"},
        {"X_Timestamp": "1e9"},
        {"X_Timestamp": "9" * 400},
        {"X_App_Id": "office-2"},
        {"X_App_Id": "nobody"},
        {"X_Nonce": "n" * 129},
    ],
)
def test_a_request_whose_signature_does_not_fit_is_refused(office: Gateway, change: dict[str, str]) -> None:
    answer = office.post(body_of(outdoor()), **change)
    assert (answer.status_code, kind_of(answer)) == (401, "NotSignedIn"), change


def test_a_nonce_counts_once_even_when_it_comes_many_times_at_once(office: Gateway) -> None:
    body = body_of(outdoor())
    headers = office.signed(body)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: office.http.post("/readings", content=body, headers=headers).status_code, range(16)))
    assert sorted(answers) == [200, *[401] * 15]


def test_a_key_of_a_company_sends_only_for_its_sources_and_learns_nothing_of_others(gateways: dict[str, Gateway]) -> None:
    at = now_ms()
    frames = [frame("substation:S1", at), frame("substation:S2", at), frame("substation:S9", at)]
    assert gateways["company"].send(frames) == ["accepted", "unknown_source", "unknown_source"]
    assert gateways["office"].send(frames[1:2]) == ["accepted"]


def _figures(gateway: Gateway, ahead_s: float) -> dict[str, float]:
    """Return the figures of the server, asked with a clock that is ahead."""
    text = gateway.http.get("/metrics", headers=gateway.signed(b"", timestamp=time.time() + ahead_s)).text
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def test_the_skew_of_a_senders_clock_is_in_the_figures(office: Gateway) -> None:
    figures = _figures(office, ahead_s=120)
    assert 60 < figures['heat_twin_sender_clock_skew_s{app_id="office-1"}'] <= 120


def test_every_frame_is_counted_by_its_result(office: Gateway) -> None:
    expected = {"accepted": 1, "unknown_source": 1, "bad_quality": 1, "too_old": 1}
    before = _figures(office, ahead_s=0)
    body = body_of(outdoor(), outdoor(observed_at=0), {"source": "no"}, outdoor(quality=[7]))
    assert office.post(body).json()["counts"] == expected
    after = _figures(office, ahead_s=0)
    for result in expected:
        name = f'heat_twin_frames_total{{result="{result}"}}'
        assert after[name] == before.get(name, 0.0) + 1


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize("encoding", sorted(PACKERS))
def test_a_packed_body_is_signed_as_sent_and_unpacked(office: Gateway, encoding: str) -> None:
    plain = body_of(*(outdoor() for _ in range(20)))
    packed = PACKERS[encoding](plain)
    assert office.post(packed, Content_Encoding=encoding).json()["counts"] == {"accepted": 20}
    headers = office.signed(plain) | {"Content-Encoding": encoding}
    assert office.http.post("/readings", content=packed, headers=headers).status_code == 401
    assert office.post(packed[:-3], Content_Encoding=encoding).status_code == 422
    assert office.post(plain, Content_Encoding=encoding).status_code == 422


@pytest.mark.parametrize(
    "headers", [{"Content_Encoding": "compress"}, {"Content_Encoding": "gzip, br"}, {"Content_Type": "text/xml"}]
)
def test_another_type_or_encoding_is_refused_with_those_that_are_read(office: Gateway, headers: dict[str, str]) -> None:
    answer = office.post(body_of(outdoor()), **headers)
    assert (answer.status_code, kind_of(answer)) == (415, "UnsupportedBody")
    assert answer.headers["Accept-Encoding"] == "gzip, zstd, br, deflate"


@pytest.mark.parametrize("encoding", sorted(PACKERS))
def test_a_bomb_is_refused_at_the_bound(office: Gateway, encoding: str) -> None:
    answer = office.post(PACKERS[encoding](bytes(40 * MEGABYTE)), Content_Encoding=encoding)
    assert (answer.status_code, kind_of(answer)) == (413, "PayloadTooLarge")


def test_a_body_in_chunks_is_taken(office: Gateway) -> None:
    body = body_of(outdoor(), outdoor())
    answer = office.http.post("/readings", content=(body[i : i + 7] for i in range(0, len(body), 7)), headers=office.signed(body))
    assert answer.json()["counts"] == {"accepted": 2}


def _talk(gateway: Gateway, head: str, parts: Iterator[bytes], *, limit_s: float = 60) -> tuple[bytes, int]:
    """Send a request by hand; returns the answer and how many bytes of the body the server took before it hung up."""
    address = urlsplit(str(gateway.http.base_url))
    with socket.create_connection((address.hostname, address.port), timeout=limit_s) as wire:
        wire.sendall(f"POST /readings HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        taken = 0
        try:
            for part in parts:
                wire.sendall(part)
                taken += len(part)
        except OSError:
            pass  # the server has hung up
        answer = b""
        try:
            while more := wire.recv(65536):
                answer += more
        except ConnectionResetError:
            pass
        return answer, taken


def test_500_megabytes_are_refused_before_they_are_sent(office: Gateway) -> None:
    signed = "".join(f"{name}: {value}\r\n" for name, value in office.signed(b"").items())
    answer, _ = _talk(office, f"Content-Length: {500 * MEGABYTE}\r\n{signed}", iter(()))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()


def test_500_megabytes_without_a_length_are_cut_off(office: Gateway) -> None:
    signed = "".join(f"{name}: {value}\r\n" for name, value in office.signed(b"").items())
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    answer, taken = _talk(office, f"Transfer-Encoding: chunked\r\n{signed}", (chunk for _ in range(8000)))
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413 ")  # the kernel may drop an answer that nobody was reading
    assert taken < 64 * MEGABYTE


def test_a_body_that_does_not_come_is_not_waited_for(office: Gateway) -> None:
    body = body_of(outdoor())
    signed = "".join(f"{name}: {value}\r\n" for name, value in office.signed(body).items())
    answer, _ = _talk(office, f"Content-Length: {len(body)}\r\n{signed}", iter([body[:10]]))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"TooSlow" in answer


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "1" * 400])
def test_what_programs_write_for_no_number_spoils_its_frame_only(office: Gateway, number: str) -> None:
    text = body_of(outdoor(), outdoor(123456)).decode().replace("123456", number)
    assert office.post(text.encode()).json()["results"] == ["accepted", "bad_value"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"frames": 1}',
        b'{"frames": [NaN}',
        b"[" * 100_000,
        b"NaN" * 1000,
        b'{"frames": [1e400,]}',
        b"\xff",
    ],
)
def test_a_body_that_is_no_batch_is_refused_whole(office: Gateway, body: bytes) -> None:
    assert office.post(body).status_code == 422


# ---------------------------------------------------------------- overload


def test_a_sender_over_its_rate_waits_and_disturbs_nobody(gateways: dict[str, Gateway]) -> None:
    fast, batch = gateways["fast"], body_of(*[{}] * 5000)
    answers = [fast.post(batch) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert kind_of(answers[-1]) == "TooFast"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 11
    assert gateways["sha256"].send([outdoor()]) == ["accepted"]


def test_nobody_uses_up_the_rate_of_another_without_its_key(gateways: dict[str, Gateway]) -> None:
    forger = replace(gateways["office"], secret=b"a guess")
    batch = body_of(*[{}] * 5000)
    assert {forger.post(batch).status_code for _ in range(4)} == {401}
    assert gateways["office"].send([outdoor()]) == ["accepted"]


def test_the_answer_has_the_documented_shape(office: Gateway) -> None:
    openapi = office.http.get("/openapi.json", headers=office.signed(b"")).json()
    shape = openapi["components"]["schemas"]["ReadingsAnswer"]
    answer = office.post(body_of(outdoor(), {}))
    assert set(answer.json()) == set(shape["properties"])
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.content)["results"] == ["accepted", "unknown_source"]
