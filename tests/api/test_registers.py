"""`GET /registers`: what a seat sees is what its Scope holds, personal data is masked, totals are those of all pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.exports import ExportOrder, run_export
from api.routes.registers import RowsAnswer
from api.settings import Settings
from data.errors import BadFilter
from data.pool import Pool, connect, open_pool
from data.registers import RegisterRow, RowFilter, asked_values, count_registers, count_values, list_rows
from tests.api.serving import serve
from tests.conftest import create_database, drop_database
from tests.handmade_town import COMPANY_A, COMPANY_B, DISTRICT_EAST, DISTRICT_WEST, insert_town
from twin.errors import OutsideScope
from twin.registers import MASK, REGISTERS
from twin.scope import EVERYTHING, Scope
from twin.seats import ROLES, Organisation, scope_of

T = TypeVar("T")
HEAT_USER, HOUSEHOLD, PROJECT, *_ = REGISTERS.values()
BUILDING, OTHER_BUILDING = 30, 31
ANY = RowFilter()


@dataclass(frozen=True)
class Stored:
    """A row written by hand."""

    kind: str
    row_id: int
    area_id: int | None
    company_id: int | None
    asset_id: int | None
    heating: bool = True


ROWS = (
    Stored("heat_user", 1, DISTRICT_EAST, COMPANY_A, BUILDING),
    Stored("heat_user", 2, DISTRICT_EAST, COMPANY_A, BUILDING, heating=False),
    Stored("heat_user", 3, DISTRICT_EAST, COMPANY_B, BUILDING),
    Stored("heat_user", 4, DISTRICT_WEST, COMPANY_B, OTHER_BUILDING),
    Stored("heat_user", 5, DISTRICT_WEST, None, OTHER_BUILDING),
    Stored("heat_user", 6, None, COMPANY_A, None),
    Stored("household", 1, DISTRICT_WEST, None, None),
    Stored("household", 2, DISTRICT_EAST, None, None),
    Stored("retrofit_project", 1, DISTRICT_WEST, None, DISTRICT_WEST),
)


def insert_rows(url: str) -> None:
    insert_town(url)
    with connect(url) as connection:
        for row in ROWS:
            attributes = {"unit": "2", "door": "1203", "phone": "000", "connected": True, "heating": row.heating}
            connection.execute(
                "insert into register_row (city_id, kind, row_id, code, name, area_id, company_id, asset_id, geom, attributes,"
                " row_sha256, import_id) values (1, %s, %s, %s, %s, %s, %s, %s, st_setsrid(st_point(125.3213, 43.8817), 4326),"
                " %s, '', 1)",
                (
                    *(row.kind, row.row_id, f"{row.kind}-{row.row_id}", f"第{row.row_id}户"),
                    *(row.area_id, row.company_id, row.asset_id, orjson.dumps(attributes).decode()),
                ),
            )


@pytest.fixture(scope="module")
def rows_url(server_url: str) -> Iterator[str]:
    """Yield a town with register rows; tests only read."""
    url = create_database(server_url)
    insert_rows(url)
    yield url
    drop_database(url)


def asked(url: str, question: Callable[[Pool], Awaitable[T]]) -> T:
    async def ask() -> T:
        pool = await open_pool(url, size=1)
        try:
            return await question(pool)
        finally:
            await pool.close()

    return asyncio.run(ask())


def page(url: str, scope: Scope, kind: str, wanted: RowFilter = ANY, **more: int) -> tuple[int, list[RegisterRow]]:
    options = {"limit": 100, "offset": 0} | more
    return asked(url, lambda pool: list_rows(pool, scope, 1, REGISTERS[kind], wanted, **options))


def kept(scope: Scope, row: Stored) -> bool:
    """Tell whether a row is inside a Scope, by the rule written down once more."""
    return (scope.areas is None or row.area_id in scope.areas) and (
        scope.company_ids is None or row.company_id is None or row.company_id in scope.company_ids
    )


def subset(values: tuple[int, ...]) -> st.SearchStrategy[tuple[int, ...] | None]:
    return st.none() | st.lists(st.sampled_from(values), unique=True).map(tuple)


SCOPES = st.builds(
    Scope, areas=subset((DISTRICT_WEST, DISTRICT_EAST)), company_ids=subset((COMPANY_A, COMPANY_B)), personal=st.booleans()
)


@given(scope=SCOPES, kind=st.sampled_from(sorted(REGISTERS)))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_restricted_seat_sees_exactly_the_rows_of_its_scope(rows_url: str, scope: Scope, kind: str) -> None:
    expected = [row.row_id for row in ROWS if row.kind == kind and kept(scope, row)]
    total, rows = page(rows_url, scope, kind)
    assert [row.row_id for row in rows] == expected
    assert total == len(expected)
    counted = asked(rows_url, lambda pool: count_values(pool, scope, 1, REGISTERS[kind], RowFilter()))
    assert sum(count.row_count for count in counted) == total
    totals = asked(rows_url, lambda pool: count_registers(pool, scope, 1))
    assert {register.name: count for register, count in totals}[kind] == total


@pytest.mark.parametrize("role", ROLES)
def test_only_roles_that_call_people_read_personal_data(rows_url: str, role: str) -> None:
    organisation = Organisation("甲热力", "company", 1, COMPANY_A) if role == "company" else Organisation("办公室", "city")
    scope = scope_of(organisation, role)  # type: ignore[arg-type]
    _, users = page(rows_url, scope, "heat_user")
    _, households = page(rows_url, scope, "household")
    reads = role in {"dispatcher", "company", "administrator"}
    hidden = [(row.code, row.name, *(row.attributes[name] for name in ("unit", "door", "phone"))) for row in users]
    assert all(value == MASK for row in hidden for value in row) != reads
    assert all(row.is_masked != reads for row in (*users, *households))
    assert all((row.name == MASK) != reads for row in households)
    assert {row.code for row in households} == {"household-1", "household-2"}
    # what is not about a person is never hidden
    assert {row.attributes["heating"] for row in users} == {True, False}


def test_a_search_does_not_tell_what_is_masked(rows_url: str) -> None:
    blind = Scope(personal=False)
    with pytest.raises(OutsideScope, match="personal"):
        page(rows_url, blind, "heat_user", RowFilter(search="heat_user-1"))
    assert page(rows_url, blind, "household", RowFilter(search="第1户"))[0] == 0
    assert page(rows_url, blind, "household", RowFilter(search="HOLD-1"))[0] == 1
    assert page(rows_url, EVERYTHING, "household", RowFilter(search="第1户"))[0] == 1
    assert page(rows_url, EVERYTHING, "heat_user", RowFilter(search="r_1"))[0] == 0
    assert page(rows_url, EVERYTHING, "heat_user", RowFilter(search="r-1"))[0] == 1


def test_rows_are_found_by_what_they_hang_on_and_by_district(rows_url: str) -> None:
    assert [row.row_id for row in page(rows_url, EVERYTHING, "heat_user", RowFilter(asset_id=BUILDING))[1]] == [1, 2, 3]
    assert [row.row_id for row in page(rows_url, EVERYTHING, "heat_user", RowFilter(asset_id=DISTRICT_WEST))[1]] == [4, 5]


def test_rows_are_filtered_by_values_in_lists_counts_and_files_alike(rows_url: str, tmp_path: Path) -> None:
    users = REGISTERS["heat_user"]
    heating = [row.row_id for row in ROWS if row.kind == "heat_user" and row.heating]
    wanted = RowFilter(values=asked_values(users, EVERYTHING, ["heating:true", "connected:true"]))
    total, rows = page(rows_url, EVERYTHING, "heat_user", wanted)
    assert [row.row_id for row in rows] == heating
    assert 0 < total == len(heating) < len([row for row in ROWS if row.kind == "heat_user"])
    counted = asked(rows_url, lambda pool: count_values(pool, EVERYTHING, 1, users, wanted))
    assert sum(count.row_count for count in counted) == total
    order = ExportOrder(1, "heat_user", "csv", "wgs84", where=["heating:true"])
    path, report = run_export(Settings(database_url=rows_url), EVERYTHING, order, seat="tests", folder=tmp_path)
    assert report.rows == total
    assert len(path.read_text(encoding="utf-8-sig").splitlines()) == total + 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *(("height:3", "attributes of household are"), ("storeys:two", "type integer"), ("insulated:1", "true or false")),
        *(("install_state:done", "planned, delivered"), ("floor_area_m2:nan", "type number"), ("storeys", "name:value")),
    ],
)
def test_a_filter_that_fits_nothing_says_what_would(text: str, told: str) -> None:
    with pytest.raises(BadFilter, match=told):
        asked_values(REGISTERS["household"], EVERYTHING, [text])


def test_a_filter_does_not_tell_what_is_masked() -> None:
    with pytest.raises(OutsideScope, match="personal"):
        asked_values(REGISTERS["household"], Scope(personal=False), ["door:12"])
    assert asked_values(REGISTERS["household"], Scope(personal=False), ["storeys:2"]) == {"storeys": 2}


def test_pages_hold_every_row_once(rows_url: str) -> None:
    pages = [page(rows_url, EVERYTHING, "heat_user", limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [row.row_id for _, rows in pages for row in rows] == [1, 2, 3, 4, 5, 6]
    assert {total for total, _ in pages} == {6}


def test_positions_are_as_coarse_as_the_scope(rows_url: str) -> None:
    (exact,) = {row.position_wgs84 for row in page(rows_url, EVERYTHING, "household")[1]}
    (coarse,) = {row.position_wgs84 for row in page(rows_url, replace(EVERYTHING, precision_m=1000.0), "household")[1]}
    assert exact == (125.3213, 43.8817)
    assert coarse is not None
    assert coarse != pytest.approx(exact, abs=1e-4)
    assert coarse == pytest.approx(exact, abs=0.02)


def test_a_seat_without_the_register_does_not_see_it(rows_url: str) -> None:
    scope = Scope(layers=("building", "household"))
    assert [register.name for register, _ in asked(rows_url, lambda pool: count_registers(pool, scope, 1))] == ["household"]
    assert page(rows_url, scope, "household")[0] == 2
    with pytest.raises(OutsideScope, match="heat_user"):
        page(rows_url, scope, "heat_user")


# ---------------------------------------------------------------- over HTTP


@pytest.fixture(scope="module")
def http(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over that town, in the demo's first seat: a dispatcher."""
    url = create_database(server_url)
    insert_rows(url)
    with serve(url, tmp_path_factory.mktemp("var")) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client
    drop_database(url)


def test_the_list_of_registers_names_what_rows_hold(http: httpx.Client) -> None:
    registers = {each["kind"]: each for each in http.get("/registers").json()["registers"]}
    assert list(registers) == list(REGISTERS)
    assert {name: each["row_count"] for name, each in registers.items() if each["row_count"]} == {
        "heat_user": 6,
        "household": 2,
        "retrofit_project": 1,
    }
    assert {each["name"] for each in registers["heat_user"]["columns"] if each["personal"]} == {"unit", "door", "phone"}
    assert registers["retrofit_project"]["parent_kinds"] == ["district", "zone"]


def test_a_dispatcher_reads_doors_and_a_viewer_reads_masks(http: httpx.Client) -> None:
    query = {"asset": BUILDING, "counts": True}
    found = RowsAnswer.model_validate_json(http.get("/registers/heat_user", params=query).content)
    assert [(row.attributes["door"], row.masked) for row in found.items] == [("1203", False)] * 3
    assert [(count.values["heating"], count.row_count) for count in found.counts] == [(True, 2), (False, 1)]
    viewer = next(seat for seat in http.get("/seats").json() if seat["role"] == "viewer")
    http.post("/session", json={"seat_id": viewer["seat_id"]})
    try:
        answer = http.get("/registers/heat_user", params=query).json()
        assert [(row["attributes"]["door"], row["code"], row["masked"]) for row in answer["items"]] == [(MASK, MASK, True)] * 3
        assert answer["counts"] == found.model_dump()["counts"]
        refused = http.get("/registers/heat_user", params={"q": "1203"})
        assert (refused.status_code, refused.json()["error"]["kind"]) == (403, "OutsideScope")
    finally:
        http.delete("/session")


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/registers/asset", 422, "registers are heat_user, household, retrofit_project"),
        ("/registers/heat_user?asset=999999", 404, "there is no asset 999999"),
        ("/registers/heat_user?city=9", 404, "9"),
        ("/registers/heat_user?limit=0", 422, "limit"),
    ],
)
def test_what_cannot_be_answered_is_told_clearly(http: httpx.Client, path: str, status: int, text: str) -> None:
    answer = http.get(path)
    assert answer.status_code == status, answer.text
    assert text in answer.json()["error"]["message"]
