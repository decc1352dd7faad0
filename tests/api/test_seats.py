"""Who is asking: demo seats, accounts, sessions, API keys, tickets, and what is refused."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import stat
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import websockets

from api.app import create_app
from api.auth import signatures, vault
from api.auth.identity import COOKIE
from api.auth.passwords import hash_password
from api.auth.writes import WRITES, permission_for
from api.settings import Settings
from data import accounts
from data.pool import connect
from tests.api.serving import serve
from tests.conftest import create_database, drop_database
from twin.seats import Organisation, permissions_of

OFFICE = Organisation("office", "city")
PASSWORD = "a long enough one"
SECRET = b"the secret of the gateway"


@pytest.fixture(scope="module")
def demo(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of one demo server for all tests that leave nothing behind."""
    url = create_database(server_url)
    with serve(url, tmp_path_factory.mktemp("var")) as address:
        yield address
    drop_database(url)


@pytest.fixture
def visitor(demo: str) -> Iterator[httpx.Client]:
    """Yield a client of that server without cookies."""
    with httpx.Client(base_url=demo, timeout=30) as http:
        yield http


@pytest.fixture
def closed(database_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[tuple[httpx.Client, str]]:
    """Yield a client of a server outside demo mode, and the one-time password that it printed."""
    with serve(database_url, tmp_path / "var", host="0.0.0.0") as url, httpx.Client(base_url=url, timeout=30) as http:
        found = re.search(r"one-time password (\S+)", capfd.readouterr().err)
        yield http, found[1] if found else ""


def add_person(database_url: str, login: str, *, role: str = "dispatcher", organisation: Organisation = OFFICE) -> None:
    with connect(database_url) as connection:
        accounts.add_seat(
            connection,
            login=login,
            person=login,
            organisation=organisation,
            role=role,  # type: ignore[arg-type]
            password_hash=hash_password(PASSWORD),
        )
        connection.execute("update person set must_change_password = false")


def sign_in(http: httpx.Client, login: str, password: str = PASSWORD) -> httpx.Response:
    return http.post("/session", json={"login": login, "password": password})


# ---------------------------------------------------------------- demo mode


def test_demo_mode_answers_without_a_cookie_as_the_dispatcher(visitor: httpx.Client) -> None:
    session = visitor.get("/session").json()
    assert session["demo_mode"] is True
    assert session["seat"]["role"] == "dispatcher"
    assert session["seat"]["role_zh"] == "调度员"
    assert session["permissions"] == sorted(permissions_of("dispatcher"))


def test_the_switcher_lists_the_office_and_the_companies_of_a_city(client: httpx.Client, database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("insert into city (city_id, name_zh, name_en, zone) values (3, '城', 'City', 'Asia/Shanghai')")
        connection.execute(
            "insert into asset (city_id, asset_id, version, kind, code, name, row_sha256)"
            " values (3, 5, 1, 'company', 'C1', '甲公司', ''), (3, 6, 1, 'district', 'D1', '南关区', '')"
        )
    listed = client.get("/seats").json()
    assert [seat["role"] for seat in listed[:4]] == ["dispatcher", "viewer", "planner", "administrator"]
    assert [seat["organisation"] for seat in listed[4:]] == ["甲公司", "南关区"]
    assert client.get("/seats").json() == listed


def test_taking_a_seat_changes_what_one_may_do(visitor: httpx.Client) -> None:
    viewer = next(seat for seat in visitor.get("/seats").json() if seat["role"] == "viewer")
    answer = visitor.post("/session", json={"seat_id": viewer["seat_id"]})
    assert answer.json()["seat"] == viewer
    assert answer.json()["permissions"] == []
    assert visitor.get("/session").json()["seat"] == viewer
    refused = visitor.post("/alarms/1/acknowledge")
    assert refused.status_code == 403
    assert refused.json()["error"]["kind"] == "NotPermitted"
    visitor.delete("/session")
    assert visitor.get("/session").json()["seat"]["role"] == "dispatcher"


def test_the_cookie_cannot_be_read_by_pages_nor_sent_by_other_sites(visitor: httpx.Client) -> None:
    cookie = visitor.post("/session", json={"seat_id": visitor.get("/seats").json()[0]["seat_id"]}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


def test_an_unknown_demo_seat_is_not_found(visitor: httpx.Client) -> None:
    assert visitor.post("/session", json={"seat_id": 999999}).status_code == 404


@pytest.mark.parametrize("body", [{}, {"login": "a"}, {"password": "b"}, {"seat_id": 1, "admin": True}])
def test_a_half_sign_in_is_refused(visitor: httpx.Client, body: dict[str, object]) -> None:
    assert visitor.post("/session", json=body).status_code == 422


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::"])
def test_demo_mode_refuses_a_name_that_merely_resolves_to_this_machine(visitor: httpx.Client, host: str) -> None:
    answer = visitor.get("/cities", headers={"Host": host})
    assert answer.status_code == 400


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8000"])
def test_demo_mode_knows_the_names_of_this_machine(visitor: httpx.Client, host: str) -> None:
    assert visitor.get("/cities", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_a_page_of_another_site_changes_nothing(visitor: httpx.Client, headers: dict[str, str]) -> None:
    answer = visitor.delete("/session", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["kind"] == "CrossSite"


def test_our_own_page_may_change_things(visitor: httpx.Client, demo: str) -> None:
    assert visitor.delete("/session", headers={"Origin": demo}).status_code == 200
    assert (
        visitor.delete("/session", headers={"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:5173"}).status_code
        == 200
    )


# ---------------------------------------------------------------- outside demo mode


def every_route() -> list[tuple[str, str]]:
    paths = create_app(Settings()).openapi()["paths"]
    return [(method.upper(), re.sub(r"\{[^}]*\}", "1", path)) for path, methods in paths.items() for method in methods]


def test_outside_demo_mode_nothing_but_health_and_sign_in_answers_without_a_seat(closed: tuple[httpx.Client, str]) -> None:
    http, _ = closed
    routes = [*every_route(), ("GET", "/docs"), ("GET", "/openapi.json")]
    answered = {(method, path) for method, path in routes if http.request(method, path).status_code != 401}
    assert answered == {("GET", "/health"), ("GET", "/session"), ("POST", "/session"), ("DELETE", "/session")}


def test_the_viewer_itself_is_served_without_a_seat(closed: tuple[httpx.Client, str]) -> None:
    http, _ = closed
    assert http.get("/", headers={"Accept": "text/html"}).status_code in {200, 404}  # 404: the page that tells how to build it
    assert http.get("/session").json() == {"demo_mode": False, "seat": None, "must_change_password": False, "permissions": []}


def test_the_one_time_password_opens_nothing_but_the_way_to_a_new_one(closed: tuple[httpx.Client, str]) -> None:
    http, one_time = closed
    assert sign_in(http, "administrator", one_time).json()["must_change_password"] is True
    assert http.get("/cities").json()["error"]["kind"] == "PasswordMustChange"
    changed = http.post("/session/password", json={"password": one_time, "new_password": PASSWORD})
    assert changed.json()["must_change_password"] is False
    assert http.get("/cities").status_code == 200
    http.delete("/session")
    assert http.get("/cities").status_code == 401
    assert sign_in(http, "administrator", one_time).status_code == 401
    assert sign_in(http, "administrator").status_code == 200


@pytest.mark.parametrize("new", ["short", "x" * 201, "my-administrator-password"])
def test_a_weak_new_password_is_refused(closed: tuple[httpx.Client, str], new: str) -> None:
    http, one_time = closed
    sign_in(http, "administrator", one_time)
    assert http.post("/session/password", json={"password": one_time, "new_password": new}).status_code in {400, 422}
    assert http.get("/session").json()["must_change_password"] is True


def test_the_second_start_prints_no_password(database_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for expected in (True, False):
        with serve(database_url, tmp_path / "var", host="0.0.0.0"):
            pass
        assert ("one-time password" in capfd.readouterr().err) is expected


def test_wrong_login_and_wrong_password_answer_alike(closed: tuple[httpx.Client, str]) -> None:
    http, _ = closed
    unknown, wrong = sign_in(http, "nobody"), sign_in(http, "administrator", "wrong")
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())
    assert unknown.status_code == 401


def test_guessing_is_slowed_down(closed: tuple[httpx.Client, str]) -> None:
    http, _ = closed
    answers = [sign_in(http, "nobody") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert sign_in(http, "somebody-else").status_code == 401


def test_a_new_password_ends_the_other_sessions(closed: tuple[httpx.Client, str], database_url: str) -> None:
    http, _ = closed
    add_person(database_url, "li")
    with httpx.Client(base_url=http.base_url, timeout=60) as other:
        assert sign_in(other, "li").status_code == 200
        assert other.get("/cities").status_code == 200
        sign_in(http, "li")
        assert http.post("/session/password", json={"password": PASSWORD, "new_password": "another long one"}).status_code == 200
        assert http.get("/cities").status_code == 200
        assert other.get("/cities").status_code == 401


def test_a_session_ends_when_its_time_is_over(closed: tuple[httpx.Client, str], database_url: str) -> None:
    http, _ = closed
    add_person(database_url, "li")
    sign_in(http, "li")
    with connect(database_url) as connection:
        connection.execute("update session set expires_at = now() - interval '1 second'")
    assert http.get("/cities").status_code == 401


def test_a_session_of_the_demo_is_worth_nothing_on_a_network(database_url: str, tmp_path: Path) -> None:
    with serve(database_url, tmp_path / "var") as url, httpx.Client(base_url=url, timeout=60) as http:
        http.post("/session", json={"seat_id": http.get("/seats").json()[3]["seat_id"]})
        token = http.cookies[COOKIE]
    with serve(database_url, tmp_path / "var", host="0.0.0.0") as url, httpx.Client(base_url=url, timeout=60) as http:
        assert http.get("/cities", headers={"Cookie": f"{COOKIE}={token}"}).status_code == 401
        assert http.post("/session", json={"seat_id": 1}).status_code == 400


def test_a_company_sees_only_what_is_its_own(closed: tuple[httpx.Client, str], database_url: str) -> None:
    http, _ = closed
    with connect(database_url) as connection:
        for city in (1, 2):
            connection.execute("insert into city (city_id, name_zh, name_en, zone) values (%s, '城', 'C', 'UTC')", [city])
    add_person(database_url, "heatco", role="company", organisation=Organisation("Heat Co", "company", 2, 7))
    sign_in(http, "heatco")
    assert [city["city_id"] for city in http.get("/cities").json()] == [2]


# ---------------------------------------------------------------- programs


def add_gateway(database_url: str, var_dir: Path, *, digest: str) -> str:
    add_person(database_url, f"gateway-{digest}", role="administrator")
    app_id = f"app-{digest}"
    encrypted = vault.encrypt(vault.load_key(var_dir), SECRET, app_id=app_id)
    with connect(database_url) as connection:
        accounts.add_key(connection, login=f"gateway-{digest}", app_id=app_id, secret_encrypted=encrypted, digest=digest)
    return app_id


def signed(
    app_id: str, body: bytes = b"", *, digest: str = "sha256", at_s: float | None = None, nonce: str = ""
) -> dict[str, str]:
    timestamp, nonce = str(int(time.time() if at_s is None else at_s)), nonce or uuid.uuid4().hex
    signature = signatures.sign(SECRET, digest, timestamp=timestamp, nonce=nonce, body=body)  # type: ignore[arg-type]
    return {"X-App-Id": app_id, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature}


@pytest.mark.parametrize("digest", ["sm3", "sha256"])
def test_a_program_signs_its_requests(closed: tuple[httpx.Client, str], database_url: str, tmp_path: Path, digest: str) -> None:
    http, _ = closed
    app_id = add_gateway(database_url, tmp_path / "var", digest=digest)
    assert http.get("/cities", headers=signed(app_id, digest=digest)).status_code == 200
    body = b'{"frames": []}'
    assert http.post("/readings", content=body, headers=signed(app_id, body, digest=digest)).status_code not in {401, 403}


def test_a_changed_body_an_old_time_and_a_used_nonce_are_refused(
    closed: tuple[httpx.Client, str], database_url: str, tmp_path: Path
) -> None:
    http, _ = closed
    app_id = add_gateway(database_url, tmp_path / "var", digest="sha256")
    assert http.post("/readings", content=b"{}", headers=signed(app_id, b"{ }")).status_code == 401
    assert http.get("/cities", headers=signed(app_id, at_s=time.time() - 400)).status_code == 401
    assert http.get("/cities", headers=signed(app_id, at_s=time.time() + 400)).status_code == 401
    once = signed(app_id)
    assert http.get("/cities", headers=once).status_code == 200
    again = http.get("/cities", headers=once)
    assert again.status_code == 401
    assert "nonce" in again.json()["error"]["message"].lower()


def test_a_wrong_signature_uses_no_nonce_up(closed: tuple[httpx.Client, str], database_url: str, tmp_path: Path) -> None:
    http, _ = closed
    app_id = add_gateway(database_url, tmp_path / "var", digest="sha256")
    assert http.get("/cities", headers=signed(app_id, nonce="n1") | {"X-Signature": "00"}).status_code == 401
    assert http.get("/cities", headers=signed(app_id, nonce="n1")).status_code == 200


def test_unknown_revoked_and_incomplete_keys_are_refused(
    closed: tuple[httpx.Client, str], database_url: str, tmp_path: Path
) -> None:
    http, _ = closed
    app_id = add_gateway(database_url, tmp_path / "var", digest="sha256")
    assert http.get("/cities", headers=signed("app-none")).status_code == 401
    assert http.get("/cities", headers={"X-App-Id": app_id}).status_code == 401
    with connect(database_url) as connection:
        accounts.revoke_key(connection, app_id)
    assert http.get("/cities", headers=signed(app_id)).status_code == 401


def test_a_signature_by_hand_is_what_the_documentation_says() -> None:
    by_hand = hmac.new(SECRET, b"1700000000\nabc\n{}", hashlib.sha256).hexdigest()
    assert signatures.sign(SECRET, "sha256", timestamp="1700000000", nonce="abc", body=b"{}") == by_hand


def test_the_key_file_is_private_and_the_database_holds_no_secret(database_url: str, tmp_path: Path) -> None:
    app_id = add_gateway(database_url, tmp_path, digest="sm3")
    assert stat.S_IMODE(vault.key_path(tmp_path).stat().st_mode) == 0o600
    with connect(database_url) as connection:
        stored = connection.execute("select secret_encrypted from api_key").fetchone()
    assert stored is not None
    assert SECRET not in stored[0]
    assert vault.decrypt(vault.load_key(tmp_path), stored[0], app_id=app_id) == SECRET


# ---------------------------------------------------------------- WebSocket


async def live(url: str, path: str, **headers: str) -> int | None:
    """Open the live socket; returns None when something arrives, else the close code (or the HTTP status)."""
    try:
        async with websockets.connect(f"ws://{urlsplit(url).netloc}{path}", additional_headers=headers) as socket:
            await asyncio.wait_for(socket.recv(), 60)
    except websockets.exceptions.ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else 0
    except websockets.exceptions.InvalidStatus as error:
        return error.response.status_code
    return None


def test_a_socket_needs_a_seat_and_a_ticket_opens_one_once(closed: tuple[httpx.Client, str], database_url: str) -> None:
    http, _ = closed
    url = str(http.base_url)
    with connect(database_url) as connection:
        connection.execute("insert into city (city_id, name_zh, name_en, zone) values (1, '城', 'C', 'UTC')")
    assert asyncio.run(live(url, "/live")) == 4401
    add_person(database_url, "li")
    sign_in(http, "li")
    path = f"/live?ticket={http.post('/session/ticket').json()['ticket']}"
    assert asyncio.run(live(url, path)) != 4401
    assert asyncio.run(live(url, path)) == 4401


def test_a_page_of_another_site_opens_no_socket(demo: str) -> None:
    assert asyncio.run(live(demo, "/live", Origin="http://evil.example")) == 403


# ---------------------------------------------------------------- the list of changes


def test_every_changing_route_names_its_permission() -> None:
    paths = create_app(Settings()).openapi()["paths"]
    changing = [
        (method.upper(), re.sub(r"\{[^}]*\}", "1", path))
        for path, methods in paths.items()
        for method in methods
        if method.upper() not in {"GET", "HEAD"}
    ]
    assert changing
    unlisted = [
        (method, path)
        for method, path in changing
        if not any(method == listed and re.fullmatch(pattern, path) for listed, pattern, _ in WRITES)
    ]
    assert unlisted == []


def test_a_route_that_is_not_listed_is_for_administrators() -> None:
    assert permission_for("DELETE", "/assets/1") == "manage_seats"
    assert permission_for("GET", "/assets/1") is None
