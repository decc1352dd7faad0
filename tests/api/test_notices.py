"""Notification over real channels: a web server, a mail server, a push service, and pages that listen."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from py_vapid import Vapid02

from api.auth.signatures import Digest, verify
from tests.api.live_helpers import S1, S2, TINY_CITY, frame, now_ms, post, substation_values
from tests.api.notice_helpers import Browser, Mailbox, Receiver, mailbox, receiver
from tests.api.serving import free_port, serve, serve_process, wait_for
from tests.cities import insert_city
from tests.conftest import create_database, drop_database

LOW = "secondary_supply_temperature_low"
COLD = substation_values(secondary_supply_temperature_degc=20.0)


@dataclass
class House:
    """A server with everything it may reach."""

    http: httpx.Client
    url: str
    database_url: str
    hooks: Receiver
    mails: Mailbox


@pytest.fixture(scope="module")
def house(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Yield one server over a tiny city, its receivers beside it, for all tests of this module."""
    database_url = create_database(server_url)
    insert_city(database_url, TINY_CITY)
    with receiver() as hooks, mailbox() as mails:
        outside: dict[str, Any] = {
            "notice_hosts": (f"127.0.0.1:{hooks.port}",),
            "smtp_host": "127.0.0.1",
            "smtp_port": mails.port,
            "smtp_tls": "none",
            "smtp_sender": "twin@heat.example",
        }
        with serve(database_url, tmp_path_factory.mktemp("notices"), **outside) as url, sitting(url, "administrator") as http:
            yield House(http, url, database_url, hooks, mails)
    drop_database(database_url)


@contextmanager
def sitting(url: str, role: str, *, organisation: str = "") -> Iterator[httpx.Client]:
    """Yield a client in the seat of a role."""
    with httpx.Client(base_url=url, timeout=30) as client:
        seats = client.get("/seats").json()
        seat = next(one for one in seats if one["role"] == role and organisation in one["organisation"])
        client.post("/session", json={"seat_id": seat["seat_id"]}).raise_for_status()
        yield client


def subscribe(client: httpx.Client, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"name": "test", "steps": list(steps), "wanted": {"rules": [LOW]}} | more
    answer = client.post("/notices/subscriptions", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def end(client: httpx.Client, subscription: dict[str, Any]) -> None:
    assert client.delete(f"/notices/subscriptions/{subscription['subscription_id']}").status_code == 204


def ring(client: httpx.Client, source: str = "substation:S1") -> int:
    """Let a substation go cold and return the number of its alarm."""
    assert post(client, frame(source, now_ms(), COLD)) == ["accepted"]
    found = client.get("/alarms", params={"rule": LOW, "asset": {"S1": S1, "S2": S2}[source[-2:]]}).json()["items"]
    number: int = found[0]["alarm_id"]
    return number


def calm(client: httpx.Client, *sources: str) -> None:
    for source in sources or ("substation:S1",):
        assert post(client, frame(source, now_ms())) == ["accepted"]


def deliveries(client: httpx.Client, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/notices/deliveries", params=parameters).json()["items"]
    return found


@pytest.mark.parametrize("digest", ["sha256", "sm3"])
def test_an_alarm_reaches_a_webhook_signed_and_once(house: House, digest: Digest) -> None:
    hook = {"channel": "webhook", "to": f"{house.hooks.url}/{digest}", "secret": "between-us", "digest": digest}
    made = subscribe(house.http, hook)
    assert "secret" not in made["steps"][0]
    assert made["steps"][0]["signed"] is True
    number = ring(house.http)
    came = wait_for(lambda: house.hooks.at(f"/{digest}"), what="the webhook")[0]
    stamp, nonce = came.headers["x-timestamp"], came.headers["x-nonce"]
    verify(b"between-us", digest, came.headers["x-signature"], timestamp=stamp, nonce=nonce, body=came.body)
    assert came.headers["idempotency-key"] == f"1-{made['subscription_id']}-0-{number}" == came.json["key"]
    assert [alarm["alarm_id"] for alarm in came.json["alarms"]] == [number]
    assert (came.json["count"], came.json["level"], came.json["alarms"][0]["unit"]) == (1, 1, "degC")
    assert "substation S1" in came.json["title"]
    sent = wait_for(lambda: deliveries(house.http, state="sent"), what="the delivery to be known as sent")[0]
    assert (sent["attempts"], sent["to"], sent["error"]) == (1, hook["to"], "")
    calm(house.http)
    end(house.http, made)
    assert len(house.hooks.at(f"/{digest}")) == 1


def test_a_secret_is_kept_when_its_address_stays_and_lost_when_it_changes(house: House) -> None:
    hook = {"channel": "webhook", "to": f"{house.hooks.url}/kept", "secret": "between-us"}
    made = subscribe(house.http, hook)
    path = f"/notices/subscriptions/{made['subscription_id']}"
    body = {"name": "again", "steps": [{"channel": "webhook", "to": hook["to"]}]}
    assert house.http.put(path, json=body).json()["steps"][0]["signed"] is True
    body["steps"] = [{"channel": "webhook", "to": f"{house.hooks.url}/other"}]
    assert house.http.put(path, json=body).json()["steps"][0]["signed"] is False
    end(house.http, made)


def test_a_mail_has_a_subject_in_chinese_and_a_repeatable_number(house: House) -> None:
    made = subscribe(house.http, {"channel": "email", "to": "duty@heat.example"})
    rule = {"popup": True, "advice_zh": "检查一次侧供水"}
    assert house.http.put(f"/notices/rules/{LOW}", json=rule).json()["advice_zh"] == "检查一次侧供水"
    number = ring(house.http)
    key = f"<1-{made['subscription_id']}-0-{number}@heat-twin>"
    (mail,) = wait_for(lambda: [each for each in house.mails.mails if each["Message-ID"] == key], what="the mail")
    assert mail["Subject"] == "1级报警：substation S1 二次供水温度过低"
    assert (mail["To"], mail["From"]) == ("duty@heat.example", "twin@heat.example")
    assert "20 °C（限值 35 °C）" in mail.get_content()
    assert "处置建议：检查一次侧供水" in mail.get_content()
    calm(house.http)
    end(house.http, made)


def test_a_refused_recipient_is_given_up_and_listed_as_a_failure(house: House) -> None:
    house.mails.refuse = "550 no such box"
    try:
        step = {"channel": "email", "to": "nobody@heat.example"}
        tested = house.http.post("/notices/test", json={"step": step}).json()["notice_id"]
        (found,) = wait_for(
            lambda: [each for each in deliveries(house.http, state="given_up") if each["notice_id"] == tested], what="the failure"
        )
    finally:
        house.mails.refuse = ""
    assert "550 no such box" in found["error"]


def test_a_browser_reads_a_push_that_only_it_can_open(house: House) -> None:
    browser = Browser(f"{house.hooks.url}/push")
    subscription = browser.subscription
    assert house.http.put("/notices/push", json=subscription).status_code == 204
    channels = house.http.get("/notices/channels").json()
    assert channels["browsers"] == 1
    assert house.http.post("/notices/test", json={"step": {"channel": "push"}}).status_code == 202
    came = wait_for(lambda: house.hooks.at("/push"), what="the push")[0]
    assert (came.headers["content-encoding"], came.headers["urgency"]) == ("aes128gcm", "high")
    assert Vapid02.verify(came.headers["authorization"])
    assert f"k={channels['push_key']}" in came.headers["authorization"]
    shown = browser.read(came.body)
    assert shown["title"] == "测试通知"
    assert shown["url"] == "/?city=1"
    house.hooks.answers.append((410, b"gone"))
    house.http.post("/notices/test", json={"step": {"channel": "push"}})
    wait_for(lambda: house.http.get("/notices/channels").json()["browsers"] == 0, what="the browser that left to be forgotten")


def test_a_robot_gets_plain_text_and_its_no_is_heard(house: House) -> None:
    house.hooks.answers.append((200, json.dumps({"errcode": 93000, "errmsg": "invalid webhook url"}).encode()))
    step = {"channel": "webhook", "to": f"{house.hooks.url}/bot", "format": "bot"}
    tested = house.http.post("/notices/test", json={"step": step}).json()["notice_id"]

    def failed() -> dict[str, Any] | None:
        row = next(one for one in deliveries(house.http) if one["notice_id"] == tested)
        return row if row["error"] else None

    row = wait_for(failed, what="the robot's no")
    assert (row["state"], "93000" in row["error"]) == ("queued", True)
    assert house.hooks.at("/bot")[0].json["text"]["content"].startswith("测试通知\n")


def test_a_redirection_is_not_followed(house: House) -> None:
    house.hooks.answers.append((307, b""))
    step = {"channel": "webhook", "to": f"{house.hooks.url}/moved"}
    tested = house.http.post("/notices/test", json={"step": step}).json()["notice_id"]
    wait_for(lambda: next(one for one in deliveries(house.http) if one["notice_id"] == tested)["error"], what="the failure")
    assert house.hooks.at("/elsewhere") == []


@pytest.mark.parametrize(
    ("step", "status", "says"),
    [
        ({"channel": "webhook", "to": "http://127.0.0.1:1/x"}, 409, "HEAT_TWIN_NOTICE_HOSTS names"),
        ({"channel": "webhook", "to": "http://localhost/x"}, 409, "may not go to localhost"),
        ({"channel": "webhook", "to": "http://169.254.169.254/latest"}, 409, "may not go to"),
        ({"channel": "webhook", "to": "file:///etc/passwd"}, 409, "no address"),
        ({"channel": "webhook", "to": "http://a:b@127.0.0.1/"}, 409, "password"),
        ({"channel": "webhook"}, 422, "needs address"),
        ({"channel": "email", "to": "a@b.cn\r\nBcc: c@d.cn"}, 422, "no address of e-mail"),
        ({"channel": "email", "to": "a@b.cn, c@d.cn"}, 422, "no address of e-mail"),
        ({"channel": "push", "seat_id": 99999}, 404, "no seat 99999"),
        ({"channel": "pigeon"}, 422, "channel"),
        ({"channel": "web"}, 422, "sound"),
    ],
)
def test_where_a_message_may_not_go_is_said_before_it_is_stored(
    house: House, step: dict[str, Any], status: int, says: str
) -> None:
    answer = house.http.post("/notices/test", json={"step": step})
    assert answer.status_code == status, answer.text
    assert says in answer.json()["error"]["message"]


def test_a_seat_reads_and_changes_only_its_own_and_viewers_send_nothing_outside(house: House) -> None:
    made = subscribe(house.http, {"channel": "web"})
    path = f"/notices/subscriptions/{made['subscription_id']}"
    with sitting(house.url, "viewer") as viewer:
        assert viewer.get("/notices/subscriptions").json()["items"] == []
        assert viewer.delete(path).status_code == 404
        assert viewer.put(path, json={"name": "x", "steps": [{"channel": "web"}]}).status_code == 404
        mail = {"channel": "email", "to": "a@b.cn"}
        assert viewer.post("/notices/test", json={"step": mail}).status_code == 403
        assert viewer.post("/notices/subscriptions", json={"name": "x", "steps": [mail]}).status_code == 403
        other = {"name": "x", "steps": [{"channel": "web"}], "seat_id": made["seat_id"]}
        assert viewer.post("/notices/subscriptions", json=other).status_code == 403
        assert viewer.put(f"/notices/rules/{LOW}", json={"popup": False}).status_code == 403
        assert deliveries(viewer) == []
    everybody = next(one for one in house.http.get("/notices/subscriptions").json()["items"] if one["seat_id"] is None)
    assert house.http.delete(f"/notices/subscriptions/{everybody['subscription_id']}").status_code == 422
    end(house.http, made)


class Page(threading.Thread):
    """A page that listens to a stream until the server ends it."""

    def __init__(self, client: httpx.Client, path: str = "/notices/stream") -> None:
        super().__init__(daemon=True)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._base, self._cookies, self._path = client.base_url, dict(client.cookies), path
        self._open = threading.Event()
        self.start()
        assert self._open.wait(30)

    def run(self) -> None:
        name = ""
        with (
            httpx.Client(base_url=self._base, cookies=self._cookies, timeout=None) as client,
            client.stream("GET", self._path) as answer,
        ):
            self._open.set()
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                if line.startswith("data: "):
                    self.events.append((name, json.loads(line[6:])))

    def alarms(self, wanted: str = "notice") -> list[int]:
        return [alarm["alarm_id"] for name, event in self.events if name == wanted for alarm in event["alarms"]]


def test_an_alarm_pops_up_for_who_may_see_it_and_not_again_for_who_said_so(house: House) -> None:
    with sitting(house.url, "company", organisation="C1") as mine, sitting(house.url, "company", organisation="C2") as theirs:
        pages = [Page(mine), Page(theirs)]
        numbers = [ring(house.http, "substation:S1"), ring(house.http, "substation:S2")]
        for page, number in zip(pages, numbers, strict=True):
            wait_for(page.alarms, what="the pop-up")
            assert page.alarms() == [number]
        told = mine.get("/notices").json()["items"]
        assert {alarm["alarm_id"] for item in told for alarm in item["alarms"]} >= {numbers[0]}
        assert numbers[1] not in {alarm["alarm_id"] for item in told for alarm in item["alarms"]}
        seen = pages[0].events[0][1]["notice_id"]
        assert theirs.post(f"/notices/{seen}/seen", json={"alarms": [999]}).status_code == 404
        assert mine.post(f"/notices/{seen}/seen").status_code == 200
        still = Page(theirs)
        wait_for(lambda: still.events, what="what is still open")
        assert still.alarms("open") == [numbers[1]]
        assert Page(mine).alarms("open") == []
    calm(house.http, "substation:S1", "substation:S2")


def test_a_seat_with_a_web_subscription_sees_what_it_wants_and_a_silent_rule_pops_up_for_nobody(house: House) -> None:
    with sitting(house.url, "planner") as planner:
        made = subscribe(planner, {"channel": "web"}, wanted={"areas": [12345]})
        page = Page(planner)
        other = Page(house.http)
        number = ring(house.http)
        wait_for(lambda: number in other.alarms(), what="the pop-up of the others")
        assert page.events == []
        calm(house.http)
        end(planner, made)
    house.http.put(f"/notices/rules/{LOW}", json={"popup": False}).raise_for_status()
    last = other.events[-1][1]["notice_id"]
    hook = subscribe(house.http, {"channel": "webhook", "to": f"{house.hooks.url}/silent"})
    ring(house.http)
    wait_for(lambda: house.hooks.at("/silent"), what="the other channel")
    assert other.events[-1][1]["notice_id"] == last
    house.http.put(f"/notices/rules/{LOW}", json={"popup": True}).raise_for_status()
    calm(house.http)
    end(house.http, hook)


def test_a_stopping_server_waits_for_no_stream(server_url: str, tmp_path: Path) -> None:
    url = create_database(server_url)
    insert_city(url, TINY_CITY)
    with serve(url, tmp_path) as base, httpx.Client(base_url=base, timeout=30) as client:
        pages = [Page(client), Page(client, "/alarms/stream")]
    for page in pages:
        page.join(30)
        assert not page.is_alive()
    drop_database(url)


def test_a_server_killed_before_it_sent_tells_after_its_return_and_once(server_url: str, tmp_path: Path) -> None:
    url = create_database(server_url)
    insert_city(url, TINY_CITY)
    with receiver() as hooks:
        settings = {"notice_hosts": f"127.0.0.1:{hooks.port}"}
        port = free_port()
        with (
            serve_process(url, tmp_path, port=port, **settings) as process,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http,
        ):
            made = subscribe(http, {"channel": "webhook", "to": f"{hooks.url}/after"})
            assert post(http, frame("substation:S1", now_ms(), COLD)) == ["accepted"]
            process.kill()  # the first second is for others that come with it
            process.wait()
        assert hooks.posts == []
        with (
            serve(url, tmp_path, notice_hosts=(f"127.0.0.1:{hooks.port}",)) as base,
            httpx.Client(base_url=base, timeout=30) as http,
        ):
            wait_for(lambda: hooks.posts, what="the webhook after the return")
            assert hooks.posts[0].json["key"].startswith(f"1-{made['subscription_id']}-0-")
            wait_for(lambda: deliveries(http, state="sent"), what="the delivery to be known as sent")
        assert len(hooks.posts) == 1
    drop_database(url)
