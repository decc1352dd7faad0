"""Pages of other sites: which may read, that none may change anything, and that no cookie counts for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.errors import BadSetting
from api.settings import read_settings
from tests.api.serving import serve
from tests.conftest import create_database, drop_database

PARTNER = "https://map.example.cn"
STRANGER = "https://elsewhere.example"
SIGNED = "x-app-id, x-timestamp, x-nonce, x-signature"


@pytest.fixture(scope="module")
def http(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server that lets one partner's pages read, and has no demo seat."""
    database_url = create_database(server_url)
    with (
        serve(database_url, tmp_path_factory.mktemp("origins"), host="0.0.0.0", allowed_origins=(PARTNER,)) as url,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        yield client
    drop_database(database_url)


def preflight(http: httpx.Client, origin: str, *, method: str = "GET", headers: str = SIGNED) -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return http.options("/tiles/network/14/13894/5969.mvt", headers=asked)


def test_a_partners_page_may_send_signed_questions(http: httpx.Client) -> None:
    answer = preflight(http, PARTNER)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PARTNER
    assert set(SIGNED.split(", ")) <= set(answer.headers["access-control-allow-headers"].lower().split(", "))


def test_strangers_changes_and_other_headers_are_refused_before_they_are_sent(http: httpx.Client) -> None:
    assert "access-control-allow-origin" not in preflight(http, STRANGER).headers
    assert preflight(http, PARTNER, method="DELETE").status_code == 400
    assert preflight(http, PARTNER, headers="authorization").status_code == 400


def test_an_answer_says_whose_page_may_read_it_refusals_too(http: httpx.Client) -> None:
    refused = http.get("/tiles", headers={"Origin": PARTNER})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == PARTNER
    assert "origin" in refused.headers["vary"].lower()
    assert "access-control-allow-origin" not in http.get("/health", headers={"Origin": STRANGER}).headers


def test_no_cookie_counts_for_a_page_of_another_site(http: httpx.Client) -> None:
    for answer in (preflight(http, PARTNER), http.get("/health", headers={"Origin": PARTNER})):
        assert "access-control-allow-credentials" not in answer.headers


def test_a_partners_page_changes_nothing(http: httpx.Client) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {}):
        answer = http.post("/session", json={"login": "li", "password": "x" * 12}, headers={"Origin": PARTNER, **headers})
        assert (answer.status_code, answer.json()["error"]["kind"]) == (403, "CrossSite")


def test_without_the_setting_no_page_of_another_site_reads(database_url: str, tmp_path: Path) -> None:
    with serve(database_url, tmp_path) as url:
        answer = httpx.get(f"{url}/health", headers={"Origin": PARTNER}, timeout=60)
        asked = httpx.options(f"{url}/tiles", headers={"Origin": PARTNER, "Access-Control-Request-Method": "GET"})
    assert not [name for response in (answer, asked) for name in response.headers if name.startswith("access-control")]


@pytest.mark.plain
def test_origins_are_a_list_of_what_browsers_send() -> None:
    settings = read_settings({"HEAT_TWIN_ALLOWED_ORIGINS": " https://a.example , http://10.0.0.5:8080,"})
    assert settings.allowed_origins == ("https://a.example", "http://10.0.0.5:8080")
    assert read_settings({"HEAT_TWIN_ALLOWED_ORIGINS": ""}).allowed_origins == ()


@pytest.mark.plain
@pytest.mark.parametrize(
    "text", ["*", "null", "map.example.cn", "https://a.example/", "https://A.example", "ftp://a.example", "https://a.example:443",
             "https://me@a.example", "https://a.example:x", "https://"]
)  # fmt: skip
def test_what_no_browser_sends_is_refused(text: str) -> None:
    with pytest.raises(BadSetting, match=r"HEAT_TWIN_ALLOWED_ORIGINS .* it must be origins as browsers send them"):
        read_settings({"HEAT_TWIN_ALLOWED_ORIGINS": text})
