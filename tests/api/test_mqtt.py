"""Readings over a real Mosquitto: acknowledged after the commit, never lost, never for ever."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import random
import signal
import threading
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import brotli
import httpx
import orjson
import pytest
import zstandard

from api import intake
from api.auth import vault
from api.errors import BadSetting, MessageRefused, Refused
from api.mqtt import courier
from api.mqtt.address import parse_address, require_address
from api.mqtt.broker import find_mosquitto
from api.mqtt.courier import Delivery
from api.mqtt.room import parse, unpacked
from api.mqtt.senders import answer_topic, parse_topic
from api.simulator import SimulatorOptions, run_simulator
from api.simulator_broker import BrokerOptions
from api.simulator_server import ApiKey
from data import accounts
from data.pool import connect
from tests.api.live_helpers import TINY_CITY, frame, now_ms
from tests.api.mqtt_helpers import Broker, gateway, run_broker, until
from tests.api.serving import free_port, serve, serve_process
from tests.api.wire_broker import wire_broker
from tests.cities import insert_city
from tests.conftest import create_database, drop_database, missing
from twin.seats import Organisation
from twin.simulator.faults import FaultShares

SECRET = b"the secret of the gateway"
PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "br": lambda data: brotli.compress(data, quality=3),
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Yield one Mosquitto for the tests of one server that leave it alive."""
    with run_broker(tmp_path_factory.mktemp("mosquitto")) as found:
        yield found


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    """Yield a Mosquitto for a test with a server of its own: at the shared one two servers would answer each message."""
    with run_broker(tmp_path / "mosquitto") as found:
        yield found


@pytest.fixture(scope="module")
def city(server_url: str) -> Iterator[str]:
    """Yield a database with the tiny city for the tests that leave it as it is."""
    url = create_database(server_url)
    insert_city(url, TINY_CITY)
    yield url
    drop_database(url)


@pytest.fixture(scope="module")
def served(city: str, tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[httpx.Client]:
    """Yield a client of one server over that city that trusts the broker."""
    with (
        serve(city, tmp_path_factory.mktemp("var"), mqtt_url=broker.url, mqtt_unsigned="trust") as url,
        httpx.Client(base_url=url, timeout=30) as http,
    ):
        until(lambda: is_there(http), "the server at the broker")
        yield http


def mqtt(http: httpx.Client) -> dict[str, Any]:
    channels: list[dict[str, Any]] = http.get("/intake/channels").json()["channels"]
    return next(channel for channel in channels if channel["name"] == "mqtt")


def is_there(http: httpx.Client) -> bool:
    """Tell whether the server has its subscription at the broker."""
    return mqtt(http)["connected"] and not mqtt(http)["problem"]


class Since:
    """What has come in since it was made."""

    def __init__(self, http: httpx.Client) -> None:
        self._http, self._before = http, mqtt(http)

    def of(self, kind: str) -> dict[str, int]:
        now, before = mqtt(self._http)[kind], self._before[kind]
        return {name: count - before.get(name, 0) for name, count in now.items() if count != before.get(name, 0)}


TIMES = count(now_ms() - 50_000_000, 200_000)
"""Times for the frames of one test each: they share a city."""


def stored(database_url: str, since_ms: int = 0, until_ms: int = 2**50) -> list[tuple[str, int]]:
    with connect(database_url) as connection:
        rows = connection.execute(
            "select s.code, (extract(epoch from f.observed_at) * 1000)::bigint"
            " from reading_frame f join source s using (city_id, source_id) order by 1, 2"
        ).fetchall()
    return [(row[0], row[1]) for row in rows if since_ms <= row[1] < until_ms]


def signed(body: bytes, *, app_id: str = "gateway-1", secret: bytes = SECRET, at: float | None = None) -> dict[str, str]:
    timestamp, nonce = str(int(time.time() if at is None else at)), uuid.uuid4().hex
    made = hmac.new(secret, f"{timestamp}\n{nonce}\n".encode() + body, hashlib.sha256).hexdigest()
    return {"X-App-Id": app_id, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": made}


def test_each_message_is_answered_with_the_results_of_its_frames(served: httpx.Client, broker: Broker, city: str) -> None:
    at, began, since = next(TIMES), now_ms(), Since(served)
    with gateway(broker) as sender:
        assert sender.ask([frame("substation:S1", at)]) == {"results": ["accepted"], "counts": {"accepted": 1}}
        assert sender.ask([frame("substation:S1", at)])["results"] == ["duplicate"]
        # another company's substation is none of this one's, and weather belongs to nobody
        mixed = sender.ask([frame("substation:S2", at), frame("weather_station:W1", at, [-3.5])])
        assert mixed["results"] == ["unknown_source", "accepted"]
        own = sender.ask([frame("substation:S1", at + 1)], response_topic="heat/1/C1/answers/7")
        assert own["results"] == ["accepted"]
        assert sender.everything[-1][0] == "heat/1/C1/answers/7"
        # an answer never becomes somebody's frames
        sender.ask([frame("substation:S1", at + 2)], response_topic="heat/1/C2/frames")
        assert sender.everything[-1][0] == "heat/1/C1/results"
    assert stored(city, at, at + 9) == [
        ("substation:S1", at), ("substation:S1", at + 1), ("substation:S1", at + 2), ("weather_station:W1", at),
    ]  # fmt: skip
    assert since.of("messages") == {"taken": 5}
    assert since.of("frames") == {"accepted": 4, "duplicate": 1, "unknown_source": 1}
    channel = mqtt(served)
    assert channel["last_message_at"] >= began
    assert channel["address"] == broker.url
    metrics = served.get("/metrics").text
    assert f'heat_twin_intake_frames_total{{channel="mqtt",result="accepted"}} {channel["frames"]["accepted"]}.0' in metrics
    assert "heat_twin_mqtt_connected 1.0" in metrics
    # a moment after the answer everything is acknowledged
    until(lambda: mqtt(served)["in_flight_messages"] == 0, "the acknowledgements")


def test_what_cannot_be_taken_is_written_down_and_gone(served: httpx.Client, broker: Broker, city: str) -> None:
    at, since = next(TIMES), Since(served)
    good = [frame("substation:S1", at)]
    with gateway(broker) as sender:
        refused = [
            sender.ask(b'{"frames": [')["error"]["reason"],
            sender.ask(b"\x00\xff\xfe")["error"]["reason"],
            sender.ask(orjson.dumps({"frames": [{}] * 5001}))["error"]["reason"],
            sender.ask(b"{}", headers={"Content-Encoding": "lzma"})["error"]["reason"],
            sender.ask(good, content_type="text/csv")["error"]["reason"],
            sender.ask(b"{}", headers=signed(b"{}"))["error"]["reason"],
        ]
        assert refused == ["malformed", "malformed", "too_large", "malformed", "malformed", "bad_signature"]
        # where no sender can be found there is nobody to answer
        for company, number in (("C9", 1), ("C1", 7), ("C1", "x")):
            sender.publish(good, company=company, city=number)
        until(lambda: sum(since.of("messages").values()) == 9, "all refusals")
        assert sender.ask(good, content_type="application/json; charset=utf-8")["results"] == ["accepted"]
    items = served.get("/intake/refusals").json()["items"]
    # those of one moment come in any order
    assert sorted(item["reason"] for item in items[:3]) == ["bad_topic", "unknown_company", "unknown_company"]
    assert [item["reason"] for item in items[3:9]] == [*reversed(refused)]
    assert items[8]["topic"] == "heat/1/C1/frames"
    assert bytes.fromhex(items[8]["first_bytes"]) == b'{"frames": ['
    assert {item["sender"] for item in items[:9]} == {"", "mqtt:C1"}
    until(lambda: mqtt(served)["in_flight_messages"] == 0, "the acknowledgements")
    assert stored(city, at, at + 9) == [("substation:S1", at)]


def test_a_packed_message_is_read_and_a_bomb_or_half_a_one_is_not(served: httpx.Client, broker: Broker) -> None:
    at, since = next(TIMES), Since(served)
    with gateway(broker) as sender:
        for number, (name, pack) in enumerate(PACKERS.items()):
            packed = {"Content-Encoding": name}
            body = pack(orjson.dumps({"frames": [frame("substation:S1", at + number)]}))
            assert sender.ask(body, headers=packed)["results"] == ["accepted"], name
            assert sender.ask(body[:-9], headers=packed)["error"]["reason"] == "malformed", name
            assert sender.ask(pack(b" " * 9_000_000), headers=packed)["error"]["reason"] == "too_large", name
    assert since.of("messages") == {"taken": 4, "malformed": 4, "too_large": 4}


def test_a_publisher_sees_the_acknowledgement_of_the_broker_and_then_the_results(served: httpx.Client, broker: Broker) -> None:
    with gateway(broker) as sender:
        taken = sender.publish([frame("substation:S1", next(TIMES))])
        wrong = sender.publish(b"{")
        assert sender.answer(taken)["counts"] == {"accepted": 1}
        assert sender.answer(wrong)["error"]["reason"] == "malformed"
        # the broker has both; what became of them is said by the results alone
        assert [sender.reason(mark) for mark in (taken, wrong)] == [0x00, 0x00]
        # nobody listens to such a topic, and the broker says so
        assert sender.reason(sender.publish(b"{}", company="C1/x")) == 0x10


def test_a_signature_is_held_to_its_key_company_and_body(database_url: str, tmp_path: Path, own_broker: Broker) -> None:
    insert_city(database_url, TINY_CITY)
    var_dir, at = tmp_path / "var", now_ms()
    of_c1 = Organisation("C1", "company", 1, 1)
    with (
        serve(database_url, var_dir, mqtt_url=own_broker.url) as url,
        httpx.Client(base_url=url) as http,
        gateway(own_broker) as sender,
        gateway(own_broker, "C2") as other,
    ):
        _add_key(database_url, var_dir, of_c1)
        until(lambda: mqtt(http)["connected"], "the server at the broker")
        body = orjson.dumps({"frames": [frame("substation:S1", at), frame("substation:S2", at)]})
        assert sender.ask(body)["error"]["reason"] == "unsigned"
        first = sender.ask(body, headers=signed(body))
        assert first.get("results") == ["accepted", "unknown_source"], first
        # it may have waited in the broker for days, and may come twice
        waited = signed(body, at=time.time() - 6 * 86_400)
        assert sender.ask(body, headers=waited)["results"] == ["duplicate", "unknown_source"]
        assert sender.ask(body, headers=waited)["results"] == ["duplicate", "unknown_source"]
        for wrong in (
            signed(body, at=time.time() - 9 * 86_400),
            signed(body, at=time.time() + 900),
            signed(body, secret=b"another"),
            signed(body + b" "),
            signed(body, app_id="nobody"),
            {name: text for name, text in signed(body).items() if name != "X-Nonce"},
        ):
            assert sender.ask(body, headers=wrong)["error"]["reason"] == "bad_signature"
        assert other.ask(body, headers=signed(body))["error"]["reason"] == "not_permitted"
        assert SECRET.decode() not in http.get("/intake/refusals").text


def _add_key(database_url: str, var_dir: Path, organisation: Organisation) -> None:
    with connect(database_url) as connection:
        accounts.add_seat(
            connection, login="gateway", person="Gateway", role="company", organisation=organisation, password_hash=None
        )
        encrypted = vault.encrypt(vault.load_key(var_dir), SECRET, app_id="gateway-1")
        accounts.add_key(connection, login="gateway", app_id="gateway-1", secret_encrypted=encrypted, digest="sha256")


def test_a_server_killed_before_the_commit_gets_the_message_again_and_stores_it_once(
    database_url: str, tmp_path: Path, own_broker: Broker
) -> None:
    insert_city(database_url, TINY_CITY)
    port, at = free_port(), now_ms()
    url = f"http://127.0.0.1:{port}"
    settings = {"mqtt_url": own_broker.url.replace("//", "//user:hidden-word@"), "mqtt_unsigned": "trust"}
    with gateway(own_broker) as sender:
        with serve_process(database_url, tmp_path / "var", port=port, **settings) as process, httpx.Client(base_url=url) as http:
            until(lambda: mqtt(http)["connected"] and not mqtt(http)["problem"], "the server at the broker")
            assert sender.ask([frame("substation:S1", at)])["results"] == ["accepted"]
            with connect(database_url) as holding:
                holding.execute("lock table reading_frame in access exclusive mode")
                sender.publish([frame("substation:S1", at + 1)])
                until(lambda: mqtt(http)["in_flight_messages"] == 1, "the message in the server")
                process.send_signal(signal.SIGKILL)
                process.wait()
                holding.rollback()
        assert stored(database_url) == [("substation:S1", at)]
        # and this one waits in the broker
        sender.publish([frame("substation:S1", at + 2)])
        with serve(database_url, tmp_path / "var", **settings) as url, httpx.Client(base_url=url) as http:
            until(lambda: len(stored(database_url)) == 3, "what waited")
            until(lambda: mqtt(http)["in_flight_messages"] == 0, "the acknowledgements")
            assert mqtt(http)["frames"] == {"accepted": 2}
    assert stored(database_url) == [("substation:S1", at + i) for i in range(3)]
    assert "hidden-word" not in (tmp_path / "var" / "server.log").read_text()


def test_a_commit_that_fails_is_tried_again_and_not_acknowledged_before(served: httpx.Client, broker: Broker, city: str) -> None:
    since = Since(served)
    with gateway(broker) as sender:
        with connect(city, autocommit=True) as connection:
            connection.execute("alter table reading_frame rename to reading_frame_away")
            mark = sender.publish([frame("substation:S1", next(TIMES))])
            until(lambda: "put_off" in since.of("messages"), "a failed commit")
            assert mqtt(served)["in_flight_messages"] == 1
            assert not sender.answers
            connection.execute("alter table reading_frame_away rename to reading_frame")
        assert sender.answer(mark)["results"] == ["accepted"]
    until(lambda: mqtt(served)["in_flight_messages"] == 0, "the acknowledgement")


def test_a_broker_with_passwords_over_tls_that_goes_and_comes_back_is_found_again(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(courier, "FIRST_PAUSE_S", 0.2)
    insert_city(database_url, TINY_CITY)
    at = now_ms()
    with run_broker(tmp_path / "mosquitto", ("heat", "of the broker")) as broker:
        url = f"mqtts://heat:another-word@127.0.0.1:{broker.port}"
        with (
            serve(database_url, tmp_path / "var", mqtt_url=url, mqtt_unsigned="trust", mqtt_ca_file=broker.ca_file) as address,
            httpx.Client(base_url=address) as http,
        ):
            until(lambda: "refuses the connection" in mqtt(http)["problem"], "the refusal")
            channel = mqtt(http)
            assert "look at user and password in HEAT_TWIN_MQTT_URL" in channel["problem"]
            assert channel["address"] == f"mqtts://heat@127.0.0.1:{broker.port}"
            assert not channel["connected"]
            assert [record.levelname for record in caplog.records if "refuses" in record.message] == ["WARNING"]
            # the server needs no new start when the broker takes the password after all
            broker.set_password("another-word")
            broker.login = ("heat", "another-word")
            until(lambda: is_there(http), "the server at the broker")
            with gateway(broker) as sender:
                assert sender.ask([frame("substation:S1", at)])["results"] == ["accepted"]
                broker.kill()
                until(lambda: not mqtt(http)["connected"], "the loss")
                assert "lost" in mqtt(http)["problem"] or "cannot be reached" in mqtt(http)["problem"]
                # the server itself goes on
                assert http.get("/cities").status_code == 200
                broker.start()
                until(lambda: is_there(http), "the connection")
                until(sender.client.is_connected, "the gateway at the broker")
                assert sender.ask([frame("substation:S1", at + 1)])["results"] == ["accepted"]
            assert mqtt(http)["reconnects"] >= 1
            assert "another-word" not in caplog.text + http.get("/intake/channels").text
        # without the certificates of its authority nobody is spoken to
        plain = courier.Courier(parse_address(url), "stranger", lambda _: None)
        plain.start()
        until(lambda: bool(plain.problem), "the refusal of the certificate")
        plain.stop()
        assert "the certificate of the broker does not hold" in plain.problem
        assert "HEAT_TWIN_MQTT_CA_FILE" in plain.problem


def test_a_flood_is_held_back_by_the_broker_and_nothing_of_it_is_lost(
    served: httpx.Client, broker: Broker, city: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is stopped from committing while far more arrives than it may hold."""
    monkeypatch.setattr(courier, "IN_FLIGHT_BYTES", 400_000)
    start, messages, size = next(TIMES), 120, 100
    with gateway(broker) as sender:
        with connect(city) as holding:
            holding.execute("lock table reading_frame in access exclusive mode")
            marks = [
                sender.publish([frame("weather_station:W1", start + number * size + i, [1.5]) for i in range(size)])
                for number in range(messages)
            ]
            until(sender.settled, "the broker to take the flood")
            until(lambda: mqtt(served)["in_flight_bytes"] > 300_000, "a full server")
            held = mqtt(served)
            assert held["in_flight_bytes"] <= 400_000
            assert held["in_flight_messages"] < messages
            holding.rollback()
        for mark in marks:
            assert sender.answer(mark)["counts"] == {"accepted": size}
    assert stored(city, start, start + 200_000) == [("weather_station:W1", start + i) for i in range(messages * size)]


def test_the_simulator_sends_by_the_broker_what_it_sends_by_http_and_labels_it_alike(
    served: httpx.Client, broker: Broker, city: str, tmp_path: Path
) -> None:
    # days before the frames of all other tests: what it sends must not lie among them
    start_s, since, rounds = now_ms() / 1000 - 10 * 86_400, Since(served), 12
    shares = FaultShares(0, 0.2, 0.2, 0.2, 0, 0, 0, 0.5, 0)

    def run(name: str, by: BrokerOptions | None) -> tuple[list[str], list[Any]]:
        said: list[str] = []
        options = SimulatorOptions(
            city=1, station_period_s=10.0, seed=1, faults=shares, labels=tmp_path / name, connections=1, broker=by
        )
        clock = count(start_s, 10).__next__
        run_simulator(str(served.base_url), options, stop=threading.Event(), say=said.append, clock=clock, rounds=rounds)
        return said, [orjson.loads(line) for line in (tmp_path / name).read_bytes().splitlines()]

    _, told = run("mqtt", BrokerOptions(parse_address(broker.url)))
    assert {label["fault"] for label in told} == {"duplicate", "conflict", "bad", "unregistered"}
    counts = since.of("frames")
    assert {"accepted", "duplicate", "conflict", "unknown_source"} <= set(counts)
    here = stored(city, int(start_s * 1000) - 400_000, int(start_s * 1000) + 10**6)
    assert len(here) == counts["accepted"]
    # of both companies, and the weather of nobody
    assert {"substation:S1", "substation:S2", "weather_station:W1"} <= {code for code, _ in here}
    # over HTTP the same frames come with the same faults, and all of them are there
    assert run("http", None)[1] == told
    assert len(stored(city, int(start_s * 1000) - 400_000, int(start_s * 1000) + 10**6)) == len(here)
    assert since.of("frames") == counts


def test_the_simulator_ends_when_the_server_refuses_its_messages(served: httpx.Client, broker: Broker) -> None:
    key = ApiKey("nobody", b"x")
    options = SimulatorOptions(city=1, broker=BrokerOptions(parse_address(broker.url), key=key))
    with pytest.raises(Refused, match="bad_signature"):
        run_simulator(str(served.base_url), options, stop=threading.Event(), say=print, rounds=1)


# ---------------------------------------------------------------- on the wire


def test_each_acknowledgement_says_on_the_wire_what_became_of_its_message(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # as much as one frame of a substation weighs: the queue is full while another one waits for its commit
    monkeypatch.setattr(intake, "MAX_QUEUED_BYTES", 700)
    insert_city(database_url, TINY_CITY)
    good = orjson.dumps({"frames": [frame("substation:S1", now_ms())]})
    topic = "heat/1/C1/frames"
    cases = [
        (topic, good, {}, 0x00),
        (topic, orjson.dumps({"frames": [{}]}), {}, 0x00),
        (topic, b"{", {}, 0x99),
        (topic, good, {"Content-Encoding": "lzma"}, 0x99),
        (topic, gzip.compress(b" " * 9_000_000), {"Content-Encoding": "gzip"}, 0x97),
        (topic, good, signed(good), 0x87),
        ("heat/1/C9/frames", good, {}, 0x90),
        ("heat/x/C1/frames", good, {}, 0x90),
    ]
    with wire_broker() as wire, serve(database_url, tmp_path / "var", mqtt_url=wire.url, mqtt_unsigned="trust") as url:
        assert wire.subscribed.wait(30)
        # session expiry, receive maximum, maximum packet size
        assert wire.properties == [{0x11: 7 * 86_400, 0x21: 1000, 0x27: 9 * 2**20}]
        for mid, (name, payload, user, _) in enumerate(cases, 1):
            wire.deliver(mid, name, payload, user)
        until(lambda: len(wire.acknowledged) == len(cases), "all acknowledgements")
        assert wire.acknowledged == {mid: case[3] for mid, case in enumerate(cases, 1)}
        assert {name for name, _ in wire.published} == {"heat/1/C1/results"}
        with httpx.Client(base_url=url) as http, connect(database_url) as holding:
            since = Since(http)
            holding.execute("lock table reading_frame in access exclusive mode")
            for mid in (21, 22):
                wire.deliver(mid, topic, orjson.dumps({"frames": [frame("substation:S1", now_ms() + mid)]}))
            # neither what waits for its commit nor what the full queue refused is acknowledged
            until(lambda: "put_off" in since.of("messages"), "a full queue")
            assert not {21, 22} & set(wire.acknowledged)
            holding.rollback()
            until(lambda: {21, 22} <= set(wire.acknowledged), "the acknowledgements")
        assert wire.acknowledged[21] == wire.acknowledged[22] == 0
    assert len(stored(database_url)) == 3


def test_whatever_a_broker_says_the_courier_tries_again_with_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "FIRST_PAUSE_S", 0.1)
    http = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
    # a web server; cut short; properties that end nowhere; a refused login; a server that is busy; and at last a success
    greetings = [http, b"\x20\x00", b"\x20\x05\x00\x00\x7f\x26\x00", 0x86, 0x88]
    with wire_broker(greetings) as wire:
        address = parse_address(wire.url.replace("//", "//heat:of%20the%20broker@"))
        visitor = courier.Courier(address, "visitor", lambda _: None)
        visitor.start()
        assert wire.subscribed.wait(30)
        until(lambda: visitor.connected and not visitor.problem, "the success")
        visitor.stop()
    assert set(wire.credentials) == {("heat", "of the broker")}
    pauses = [later - earlier for earlier, later in pairwise(wire.connected_s)]
    assert len(pauses) == len(greetings)
    assert all(pause >= 0.09 * 2**number for number, pause in enumerate(pauses)), pauses


# ---------------------------------------------------------------- without a server


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mqtt://broker", "mqtt://broker:1883"),
        ("mqtts://u%40v:p%2Fw@10.0.0.5", "mqtts://u@v@10.0.0.5:8883"),
        ("mqtt://[::1]:1999", "mqtt://[::1]:1999"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    address = parse_address(url)
    assert str(address) == shown
    assert "p/w" not in repr(address)


@pytest.mark.parametrize("url", ["http://x", "mqtt://", "mqtt://x:0y", "mqtt://:secret@x", "mqtt://x/topic", "mqtt://x:99999"])
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadSetting) as caught:
        parse_address(url)
    assert "secret" not in str(caught.value)


def test_a_file_of_certificates_is_read_at_the_start_and_counts_over_tls_only(tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    empty.touch()
    for url, says in (("mqtts://x", "a file of certificates"), ("mqtt://x", "begin with mqtts"), ("", "begin with mqtts")):
        with pytest.raises(BadSetting, match=says):
            require_address(url, empty)
    with pytest.raises(BadSetting, match="No such file"):
        require_address("mqtts://x", tmp_path / "none.pem")


def test_a_topic_names_city_and_company() -> None:
    assert parse_topic("heat/1/HC%2F01/frames") == (1, "HC/01")
    for wrong in (
        "heat/1/frames",
        "heat/x/C/frames",
        "heat/99999/C/frames",
        "heat/1//frames",
        "heat/1/C/results",
        "",
        "a/1/C/frames",
    ):
        with pytest.raises(MessageRefused):
            parse_topic(wrong)


def _delivery(payload: bytes, *, encoding: str = "", response_topic: str = "") -> Delivery:
    return Delivery(1, 1, 1, "heat/1/C1/frames", payload, encoding, {}, response_topic, None)


@pytest.mark.parametrize("asked", ["", "heat/1/C2/results", "heat/1/C1/x/frames", "heat/1/C1/#", "$SYS/x", "heat/1/C1"])
def test_answers_stay_below_the_company(asked: str) -> None:
    assert answer_topic(_delivery(b"", response_topic=asked)) == "heat/1/C1/results"


def test_no_bytes_break_the_decoder() -> None:
    dice = random.Random(7)
    whole = orjson.dumps({"frames": [frame("substation:S1", 1795255200000, quality=[1] * 14)] * 3})
    for turn in range(3000):
        data = bytearray(whole if turn % 2 else gzip.compress(whole, 1))
        for _ in range(dice.randint(1, 6)):
            place = dice.randrange(len(data))
            data[place : place + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 4))
        # whatever it is, it is frames or a refusal
        with suppress(MessageRefused):
            assert isinstance(parse(unpacked(_delivery(bytes(data), encoding="" if turn % 2 else "gzip"))), list)


def test_mosquitto_is_there_in_ci() -> None:
    if find_mosquitto() is None:
        missing("mosquitto is not installed")
