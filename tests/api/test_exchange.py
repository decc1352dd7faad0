"""The exchange interface over a real server: its codes, its signature, its rows, and forms that make no sense."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import os
import random
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from api.auth import vault
from api.exchange.answers import ExchangeRefused
from api.exchange.tables import TABLES
from api.exchange.where import parse_where
from api.intake import Intake
from data import accounts
from data.pool import connect
from tests.api.live_helpers import TINY_CITY
from tests.api.serving import serve, wait_for
from tests.cities import insert_city
from tests.conftest import create_database, drop_database
from twin.seats import Organisation, Role

PUSH, GET = "/eUrbanMIS/api/v1/pushdata", "/eUrbanMIS/api/v1/getdata"
SECRET = b"the secret of the platform"


@dataclass
class Platform:
    """An operator's platform that signs its calls as docs/exchange.md tells, with nothing of our own code."""

    http: httpx.Client
    app_id: str = "c1"
    digest: str = "sha256"

    def signed(self, **given: Any) -> dict[str, str]:
        parameters = {"appID": self.app_id, "timestamp": str(int(time.time())), "version": "1.0"}
        parameters |= {name: str(value) for name, value in given.items()}
        lines = []
        for name in sorted(parameters):
            value = parameters[name]
            lines.append(f"{name}={self._hash(value.encode()) if name == 'data' else value}")
        return parameters | {"sign": self._hmac("\n".join(lines).encode())}

    def _hash(self, data: bytes) -> str:
        if self.digest == "sha256":
            return hashlib.sha256(data).hexdigest()
        hashing = hashes.Hash(hashes.SM3())
        hashing.update(data)
        return hashing.finalize().hex()

    def _hmac(self, data: bytes) -> str:
        if self.digest == "sha256":
            return hmac.new(SECRET, data, hashlib.sha256).hexdigest()
        code = HMAC(SECRET, hashes.SM3())
        code.update(data)
        return code.finalize().hex()

    def push(self, table: str, rows: Any, *, group: str = "basic", **more: Any) -> httpx.Response:
        text = rows if isinstance(rows, str) else orjson.dumps(rows).decode()
        return self.send(self.signed(group=group, table=table, data=text, **more))

    def send(self, form: dict[str, str]) -> httpx.Response:
        return self.http.post(PUSH, data=form)

    def get(self, table: str, where: str = "", **more: Any) -> httpx.Response:
        return self.http.get(GET, params=self.signed(**{"group": "basic", "table": table, "where": where} | more))


def point(bsm: str, **more: Any) -> dict[str, Any]:
    return {
        "BSM": bsm, "SSLXDM": "SZSSLX_GRGW", "SSMC": "substation S1", "SZJD": "永昌街道", "DWLX": "二次侧", "DWDM": bsm,
        "DWMC": "二次供水", "ZBX": 125.32, "ZBY": 43.88,
    } | more  # fmt: skip


def device(bsm: str, of: str, **more: Any) -> dict[str, Any]:
    return {
        "BSM": bsm, "DWBSM": of, "SBLX": "SBLX_0014", "SBDM": f"T{bsm}", "SBMC": "温度传感器", "AZWZ": "站内", "SZQY": "朝阳区",
        "SZJD": "永昌街道", "AZSJ": "2024-09-01 08:00:00", "JCX": "JCX_0014", "CJPL": "1分钟", "SCPL": "5分钟",
        "GDFS": "市电", "ZCSXSJ": "2024-10-01 00:00:00", "SBZT": "正常",
    } | more  # fmt: skip


def limits(bsm: str, of: str, **more: Any) -> dict[str, Any]:
    shown = {"BSM": bsm, "JCSBLX": "SBLX_0014", "JCSBDM": f"T{of}", "JCXDM": "JCX_0014"}
    return shown | {"YJBJYZ": "<35", "EJBJYZ": "<38", "SJBJYZ": "<40"} | more


def reading(bsm: str, of: str, value: Any, **more: Any) -> dict[str, Any]:
    return {
        "BSM": bsm, "SSLXDM": "SZSSLX_GRGW", "SZSSDM": "S1", "SSMC": "substation S1", "DWBSM": of, "JCXDM": "JCX_0014",
        "JCXZ": value, "JCSBSJ": beijing(), "JCXMS": "二次供水温度",
    } | more  # fmt: skip


def beijing(ago_s: int = 60) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - ago_s + 8 * 3600))


@pytest.fixture(scope="module")
def exchange(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str]]:
    """Yield a client of one server outside demo mode with API keys of two companies, and its database."""
    url, var_dir = create_database(server_url), tmp_path_factory.mktemp("var")
    insert_city(url, TINY_CITY)
    _add_key(url, var_dir, "c1", Organisation("C1", "company", 1, 1), "company", "sha256")
    _add_key(url, var_dir, "c2", Organisation("C2", "company", 1, 2), "company", "sm3")
    _add_key(url, var_dir, "office", Organisation("office", "city", 1), "viewer", "sha256")
    with serve(url, var_dir, host="0.0.0.0") as address, httpx.Client(base_url=address, timeout=30) as http:
        yield http, url
    drop_database(url)


def _add_key(url: str, var_dir: Path, app_id: str, organisation: Organisation, role: Role, digest: str) -> None:
    with connect(url) as connection:
        accounts.add_seat(connection, login=app_id, person=app_id, role=role, organisation=organisation, password_hash=None)
        encrypted = vault.encrypt(vault.load_key(var_dir), SECRET, app_id=app_id)
        accounts.add_key(connection, login=app_id, app_id=app_id, secret_encrypted=encrypted, digest=digest)


@pytest.fixture
def platform(exchange: tuple[httpx.Client, str]) -> Platform:
    """Yield the platform of the first company."""
    return Platform(exchange[0])


def names() -> Iterator[str]:
    """Yield identifiers of 20 characters."""
    while True:
        yield f"{random.getrandbits(64):020d}"[:20]


NAMES = names()


def codes(answer: httpx.Response) -> list[int]:
    return [row["code"] for row in answer.json()["data"]["rows"]]


def measured(platform: Platform, **more: Any) -> tuple[str, str]:
    """Register a point with a thermometer; returns their identifiers."""
    p, d = next(NAMES), next(NAMES)
    assert platform.push("monitoring_point", [point(p)]).status_code == 201
    assert platform.push("monitoring_device", [device(d, p, **more)]).status_code == 201
    return p, d


def frames(url: str, device_bsm: str) -> list[tuple[int, float]]:
    """Return second and value of every stored frame of a device, read from the bytes in the table."""
    with connect(url) as connection:
        rows = connection.execute(
            "select extract(epoch from f.observed_at)::bigint, f.payload from reading_frame f"
            " join source s using (city_id, source_id) where s.code = %s order by 1",
            [f"measuring_device:{device_bsm}"],
        ).fetchall()
    return [(row[0], round(struct.unpack_from(">f", row[1])[0], 4)) for row in rows]


# ---------------------------------------------------------------- basic data


def test_points_devices_and_thresholds_are_registered_once_and_read_back(platform: Platform) -> None:
    p, d, t = next(NAMES), next(NAMES), next(NAMES)
    answer = platform.push("monitoring_point", [point(p)])
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (201, 201, "Created"), answer.text
    assert answer.json()["data"]["rows"] == [{"row": 1, "BSM": p, "code": 201, "result": "stored"}]
    assert platform.push("monitoring_device", [device(d, p)]).status_code == 201
    assert platform.push("monitoring_item_threshold", [limits(t, d)]).status_code == 201
    found = platform.get("monitoring_point", f"BSM={p}").json()
    assert found["code"] == 200
    assert found["data"]["rows"] == [point(p) | {"JCWZ": None, "GC": None, "GCJZ": None, "SZSSDM": "S1"}]
    sensors = platform.get("monitoring_device", f"DWBSM={p} and SBZT='正常'").json()["data"]["rows"]
    assert sensors == [device(d, p) | dict.fromkeys(("SBCSXX", "SBXH", "XDGD", "SBLY"))]
    assert platform.get("monitoring_item_threshold", f"BSM={t}").json()["data"]["rows"] == [limits(t, d)]


def test_basic_data_may_not_be_changed_and_every_row_is_answered(platform: Platform) -> None:
    p, new = next(NAMES), next(NAMES)
    platform.push("monitoring_point", [point(p)])
    rows = [
        point(p), point(p, SZJD="另一街道"), point(new), point(new), point(new, GC="210"), point("x" * 21), {"BSM": "1"}, 7,
        point(next(NAMES), colour="red"), point(next(NAMES), SSLXDM="SZSSLX_XX"), point(next(NAMES), ZBX="far"),
        point(next(NAMES), SSMC="没有的站"), point(next(NAMES), SZSSDM="S1", SSMC="任何名称"), point(next(NAMES), DWDM=p),
    ]  # fmt: skip
    answer = platform.push("monitoring_point", rows)
    assert (answer.status_code, answer.json()["code"]) == (400, 10001)
    assert codes(answer) == [200, 409, 201, 200, 409, 400, 400, 400, 400, 400, 400, 404, 201, 409], answer.text
    assert [row["row"] for row in answer.json()["data"]["rows"]] == list(range(1, 15))
    assert "may not be changed or deleted" in answer.json()["data"]["rows"][1]["error"]
    assert platform.get("monitoring_point", f"BSM={p}").json()["data"]["rows"][0]["SZJD"] == "永昌街道"
    d = next(NAMES)
    sensors = [device(d, p), device(next(NAMES), "0" * 20), device(next(NAMES), p), device(next(NAMES), p, SBLX="SBLX_0015")]
    assert codes(platform.push("monitoring_device", sensors)) == [201, 404, 409, 400]
    three = [limits(next(NAMES), d, YJBJYZ="hot"), limits(next(NAMES), "x"), limits(next(NAMES), d)]
    assert codes(platform.push("monitoring_item_threshold", three)) == [400, 404, 201]
    assert codes(platform.push("monitoring_item_threshold", [limits(next(NAMES), d)])) == [409]


def test_a_page_of_rows_is_asked_for_in_where(platform: Platform) -> None:
    rows = [point(next(NAMES), SZJD="分页街道", ZBX=number) for number in range(25)]
    assert platform.push("monitoring_point", rows).status_code == 201
    page = platform.get("monitoring_point", "SZJD=分页街道 AND ZBX>=5 and ZBX<20 and PAGE_SIZE=10 and PAGE_NO=2").json()["data"]
    assert (page["total"], page["page"], page["size"], len(page["rows"])) == (15, 2, 10, 5)
    wanted = sorted(row["BSM"] for row in rows if 5 <= row["ZBX"] < 20)[10:]
    assert [row["BSM"] for row in page["rows"]] == wanted
    everything = platform.get("monitoring_point", "PAGE_SIZE=7 and PAGE_NO=2").json()["data"]
    assert everything["total"] >= 25
    assert len(everything["rows"]) == 7
    when = platform.get("monitoring_device", "AZSJ>='2024-01-01 00:00:00' and AZSJ<'2024-01-02 00:00:00'").json()
    assert when["data"]["total"] == 0


def test_another_company_neither_reads_nor_takes_over_a_row(platform: Platform, exchange: tuple[httpx.Client, str]) -> None:
    other = Platform(exchange[0], "c2", "sm3")
    p, _ = measured(platform)
    assert other.get("monitoring_point", f"BSM={p}").json()["data"]["total"] == 0
    answer = other.push("monitoring_point", [point(p, SZSSDM="S2"), point(next(NAMES), SZSSDM="S1")])
    assert codes(answer) == [409, 404]
    assert "永昌街道" not in answer.text
    assert codes(other.push("device_realtime_reading", [reading("1", p, 50)], group="realtime")) == [404]
    office = Platform(exchange[0], "office")
    assert office.get("monitoring_point", f"BSM={p}").json()["data"]["total"] == 1
    refused = office.push("monitoring_point", [point(next(NAMES))])
    assert (refused.status_code, refused.json()["code"]) == (403, 403)


# ---------------------------------------------------------------- readings


def test_readings_are_frames_of_their_point_and_item_after_the_answer(
    platform: Platform, exchange: tuple[httpx.Client, str]
) -> None:
    (p, d), at = measured(platform), beijing()
    pressure = next(NAMES)
    sensor = device(pressure, p, SBLX="SBLX_0015", JCX="JCX_0015")
    assert platform.push("monitoring_device", [sensor]).status_code == 201
    rows = [
        reading("1", p, 52.25, JCSBSJ=at), reading("2", p, "0.5", JCXDM="JCX_0015", JCSBSJ=at), reading("3", "nowhere", 1),
        reading("4", p, 1, JCXDM="JCX_0016"), reading("6", p, None), reading("7", p, 1, JCSBSJ="2026-02-30 00:00:00"),
        reading("8", p, 1, JCSBSJ="2099-01-01 00:00:00"), reading("9", p, 53.0, JCSBSJ=at),
    ]  # fmt: skip
    answer = platform.push("device_realtime_reading", rows, group="realtime")
    assert (answer.status_code, answer.json()["code"]) == (400, 10001)
    assert codes(answer) == [201, 201, 404, 404, 400, 400, 400, 409], answer.text
    stored = frames(exchange[1], d)
    assert [value for _, value in stored] == [52.25]
    assert time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(stored[0][0] + 8 * 3600)) == at
    assert [value for _, value in frames(exchange[1], pressure)] == [0.5]


def test_a_call_that_is_repeated_within_its_time_changes_nothing(platform: Platform, exchange: tuple[httpx.Client, str]) -> None:
    p, d = next(NAMES), next(NAMES)
    rows = [reading(str(i), p, 50 + i, JCSBSJ=beijing(60 + i)) for i in range(5)]
    calls = [
        platform.signed(group=group, table=table, data=orjson.dumps(data).decode())
        for group, table, data in (
            ("basic", "monitoring_point", [point(p)]),
            ("basic", "monitoring_device", [device(d, p)]),
            ("realtime", "device_realtime_reading", rows),
        )
    ]
    assert [platform.send(call).json()["data"]["stored"] for call in calls] == [1, 1, 5]
    before = frames(exchange[1], d), platform.get("monitoring_point", f"BSM={p}").json()["data"]["rows"]
    with ThreadPoolExecutor(4) as several:
        again = list(several.map(platform.send, calls * 4))
    assert {answer.status_code for answer in again} == {201}
    assert {answer.json()["data"]["stored"] for answer in again} == {0}
    assert (frames(exchange[1], d), platform.get("monitoring_point", f"BSM={p}").json()["data"]["rows"]) == before


# ---------------------------------------------------------------- who may call


def test_each_failure_has_its_code(platform: Platform, exchange: tuple[httpx.Client, str]) -> None:
    good = {"group": "basic", "table": "monitoring_point", "data": "[]"}
    signed = platform.signed(**good)
    cases = [
        (platform.send(signed | {"sign": "00" * 32}), 401, 10002),
        (platform.send(signed | {"data": "[1]"}), 401, 10002),
        (platform.send(signed | {"sign": "zz"}), 401, 10002),
        (platform.send({name: value for name, value in signed.items() if name != "sign"}), 401, 10002),
        (exchange[0].post(PUSH), 401, 10002),
        (platform.send(platform.signed(**good, timestamp=int(time.time()) - 400)), 401, 10003),
        (platform.send(platform.signed(**good, timestamp=int(time.time()) + 400)), 401, 10003),
        (platform.send(platform.signed(**good, timestamp="soon")), 400, 10001),
        (platform.send(platform.signed(**good, appID="nobody")), 403, 10004),
        (platform.send(platform.signed(**good, version="2.0")), 400, 10001),
        (platform.send(platform.signed(**good, colour="red")), 400, 10001),
        (platform.send(platform.signed(**good)), 400, 10001),
        (platform.push("part", [{}]), 400, 10001),
        (platform.push("monitoring_point", [{}], group="realtime"), 400, 10001),
        (platform.push("monitoring_point", "{"), 400, 10001),
        (platform.push("monitoring_point", [{}] * 5001), 400, 10001),
        (exchange[0].post(PUSH, content=orjson.dumps(signed), headers={"Content-Type": "application/json"}), 401, 10002),
        (exchange[0].post(PUSH, content=urlencode(signed), headers={"Content-Type": "text/plain"}), 400, 10001),
        (platform.get("device_realtime_reading", group="realtime"), 400, 10001),
        (platform.get("monitoring_point", "BSM=1 or BSM=2"), 400, 10001),
    ]  # fmt: skip
    assert [(answer.status_code, answer.json()["code"]) for answer, *_ in cases] == [(status, code) for _, status, code in cases]
    assert all(answer.json()["error"] for answer, *_ in cases)
    assert "monitoring_item_threshold" in cases[12][0].json()["error"]


def test_a_full_queue_and_a_database_that_is_away_are_10005_and_the_same_call_is_taken_later(
    platform: Platform, exchange: tuple[httpx.Client, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (p, d), url = measured(platform), exchange[1]
    monkeypatch.setattr(Intake, "room_frames", 1)
    first, second, third = (
        platform.signed(
            group="realtime",
            table="device_realtime_reading",
            data=orjson.dumps([reading("1", p, 50 + number, JCSBSJ=beijing(90 - number))]).decode(),
        )
        for number in range(3)
    )
    with ThreadPoolExecutor(1) as aside, connect(url) as holding:
        holding.execute("lock table reading_frame in access exclusive mode")
        waiting = aside.submit(platform.send, first)
        wait_for(lambda: "reading_frame" in waited_for(url), what="a commit that waits")
        full = platform.send(second)
        holding.rollback()
        assert waiting.result().status_code == 201
    with connect(url, autocommit=True) as connection:
        connection.execute("alter table reading_frame rename to reading_frame_away")
        away = platform.send(third)
        connection.execute("alter table reading_frame_away rename to reading_frame")
        connection.execute("alter table measuring_point rename to measuring_point_away")
        unread = platform.get("monitoring_point", f"BSM={p}")
        connection.execute("alter table measuring_point_away rename to measuring_point")
    for refused in (full, away, unread):
        assert (refused.status_code, refused.json()["code"]) == (503, 10005), refused.text
        assert refused.json()["message"] == "Interface Server Error"
        assert int(refused.headers["Retry-After"]) >= 1
        assert "data" not in refused.json()
        assert "reading_frame" not in refused.text + unread.text
    assert "wait for their commit" in full.json()["error"]
    assert [platform.send(call).json()["code"] for call in (second, third)] == [201, 201]
    assert [value for _, value in frames(url, d)] == [50, 51, 52]


def waited_for(url: str) -> str:
    """Return the statements that wait for a lock now."""
    with connect(url) as connection:
        rows = connection.execute("select query from pg_stat_activity where wait_event_type = 'Lock'").fetchall()
    return " ".join(row[0] for row in rows)


def test_a_fault_of_the_server_is_10005_with_a_number_of_the_log_and_nothing_else(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("inner matters")

    monkeypatch.setattr("api.routes.exchange.parse_where", broken)
    answer = platform.get("monitoring_point", "BSM=1")
    assert (answer.status_code, answer.json()["code"]) == (500, 10005)
    number = answer.json()["error"].split("number ")[1].split()[0]
    assert answer.json().keys() == {"code", "message", "error"}
    assert "inner matters" not in answer.text
    logged = [record for record in caplog.records if number in record.getMessage()]
    assert [str(record.exc_info[1]) for record in logged if record.exc_info] == ["inner matters"]


def test_a_key_of_sm3_signs_with_sm3(exchange: tuple[httpx.Client, str]) -> None:
    other = Platform(exchange[0], "c2", "sm3")
    assert other.push("monitoring_point", [point(next(NAMES), SZSSDM="S2")]).status_code == 201
    assert Platform(exchange[0], "c2", "sha256").push("monitoring_point", [point(next(NAMES))]).json()["code"] == 10002


# ---------------------------------------------------------------- where, forms, tables


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        ("BSM=1;drop table x", "character"),
        ("BSM='1", "character"),
        ("COLOUR=red", "COLOUR"),
        ("SSMC>a", "compared by = only"),
        ("ZBX=east", "number"),
        ("BSM=1 AND", "character"),
        ("BSM=1 BSM=2", "and"),
        ("PAGE_SIZE=1001", "PAGE_SIZE"),
        ("PAGE_NO>1", "PAGE_NO"),
        ("ZBX=nan", "finite"),
        ("BSM=1 and " * 30 + "BSM=1", "conditions"),
        ("x" * 3000, "characters"),
    ],
)
def test_a_where_that_cannot_be_read_is_told(where: str, wrong: str) -> None:
    with pytest.raises(ExchangeRefused, match=wrong):
        parse_where(where, TABLES["monitoring_point"])


def test_quotes_in_where_are_doubled_and_nothing_else_is_special() -> None:
    parsed = parse_where("SSMC='it''s = \"x\" and y%'", TABLES["monitoring_point"])
    assert [condition.value for condition in parsed.conditions] == ['it\'s = "x" and y%']


def test_no_form_breaks_the_interface(platform: Platform) -> None:
    """Signed nonsense: values of any kind in any field, tables that are cut off, conditions of any characters."""
    dice = random.Random(11)
    odd = ["", " ", "\x00", "'", "''--", "\ud800", "9" * 400, "1e999", "NaN", "😀" * 30, "2026-13-01 00:00:00", "-0"]
    strange: list[Any] = [*odd, None, True, -1, 10**30, 1e308, [], {}, [[]], {"a": 1}]
    for turn in range(2000 if os.environ.get("HEAT_TWIN_TEST_FUZZ", "") not in {"", "0"} else 30):
        table = dice.choice(list(TABLES.values()))
        makers = {
            "monitoring_point": point("F" * 20),
            "monitoring_device": device("E" * 20, "F" * 20),
            "device_realtime_reading": reading("1", "F" * 20, 3),
        }
        row = dict(makers.get(table.name, limits("D" * 20, "E" * 20)))
        for _ in range(dice.randint(1, 4)):
            row[dice.choice([*row, "BSM", "x"])] = dice.choice(strange)
        text = json.dumps([row, row])
        if turn % 5 == 0:
            text = text[: dice.randrange(len(text))]
        answer = platform.push(table.name, text, group=table.group)
        assert answer.status_code in {201, 400}, (text, answer.text)
        where = "".join(
            dice.choice(["BSM", "=", "'", " and ", ">", "1", "ZBX", "%", "\\", "$1", "(", "PAGE_NO"]) for _ in range(8)
        )
        found = platform.get("monitoring_point", where)
        assert found.status_code in {200, 400}, (where, found.text)
    for body in (b"%ff%fe=1&sign=1&appID=2", b"sign=1&appID=%00", b"&&&&", b"a=1&" * 60, b"sign=%E4%BD&appID=c1", b"\xff\xfe"):
        answer = platform.http.post(PUSH, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code in {400, 401, 403}, body


def test_the_tables_are_those_of_the_data_dictionary(shared: Path) -> None:
    with (shared / "domain" / "cjt545-tables.csv").open(encoding="utf-8", newline="") as file:
        printed = [row for row in csv.DictReader(file) if row["table_en"] in TABLES]
    ours = [
        (
            table.name,
            table.label_zh,
            str(number),
            field.label_zh,
            field.code,
            field.kind,
            str(field.length or ""),
            "M" if field.required else "O",
        )
        for table in TABLES.values()
        for number, field in enumerate((field for field in table.fields if not field.extension), 1)
    ]
    columns = ("table_en", "table_zh", "no", "field_zh", "field_code", "type", "length", "constraint")
    assert sorted(ours) == sorted(tuple(row[column] for column in columns) for row in printed)
    with (shared / "domain" / "code-lists.csv").open(encoding="utf-8", newline="") as file:
        lists: dict[str, list[str]] = {}
        for row in csv.DictReader(file):
            lists.setdefault(row["list"], []).append(row["code"])
    named = {row["field_code"]: row["note"] for row in printed if "list " in row["note"]}
    for table in TABLES.values():
        for field in table.fields:
            wanted = next((codes for name, codes in lists.items() if f"list {name}" in named.get(field.code, "")), None)
            if wanted is not None and field.kind == "str":
                assert list(field.codes) == wanted, field
