"""The checks of a whole city: every rule finds what it is for, a second run changes nothing, repairs go and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

import pytest

from data.archive import Edit, apply_edits
from data.checks.deciding import accept, accept_rule, dismiss, revert
from data.checks.reading import ProblemFilter, count_problems, list_problems, read_problem
from data.checks.run import run_checks
from data.checks.steps import REPAIRS, STEPS
from data.errors import Conflict, NotFound
from data.pool import Connection, Pool, connect, open_pool
from tests.conftest import LoadedSample, create_database, drop_database
from twin.checks import RULES
from twin.errors import OutsideScope
from twin.registers import MASK
from twin.scope import EVERYTHING, Scope

T = TypeVar("T")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
_SET = "update asset set attributes = attributes || '{}' where city_id = 1 and kind = '{}' and asset_id = {}"
_FIRST = "(select min(asset_id) from asset where kind = '{}' and attributes ? '{}')"
_SHAPE = "update asset set geom = {} where city_id = 1 and kind = '{}' and asset_id = {}"
_ANY = "(select min(asset_id) from asset where kind = '{}' and geom is not null)"


def value(kind: str, name: str, text: str) -> str:
    """Return the statement that sets one attribute of the first asset of a kind that has it."""
    return _SET.format(f'{{"{name}": {text}}}', kind, _FIRST.format(kind, name))


def shape(kind: str, expression: str) -> str:
    """Return the statement that changes the shape of the first asset of a kind."""
    return _SHAPE.format(expression, kind, _ANY.format(kind))


def lacking(kind: str, name: str) -> str:
    """Return the statement that takes an attribute away from the first asset that has it."""
    return f"update asset set attributes = attributes - '{name}' where asset_id = {_FIRST.format(kind, name)}"


_RING = "st_setsrid(st_geomfromtext('POLYGON((125.3 43.8, 125.31 43.81, 125.31 43.8, 125.3 43.81, 125.3 43.8))'), 4326)"
_COPY = """
insert into asset (city_id, asset_id, version, kind, code, name, geom, attributes, row_sha256, area_id, company_id)
select city_id, 900000, 1, kind, 'COPY', name, {}, attributes, row_sha256, area_id, company_id from asset where asset_id = {}
"""
_PIPE_OVER_BUILDING = """
update asset p
   set geom = st_setsrid(st_makeline(st_makepoint(st_xmin(b.geom) - 0.0005, st_y(st_centroid(b.geom))),
                                     st_makepoint(st_xmax(b.geom) + 0.0005, st_y(st_centroid(b.geom)))), 4326)
  from (select geom from asset where kind = 'building' order by st_area(geom) desc limit 1) b
 where p.asset_id = (select min(asset_id) from asset where kind = 'pipe')
"""


def row(register: str, attribute: str, text: str) -> str:
    """Return a statement that changes one value of the first row of a register."""
    return (
        f"update register_row set attributes = attributes || '{{\"{attribute}\": {text}}}'"
        f" where kind = '{register}' and row_id = 1"
    )


_STATION_IN_BUILDING = """
update asset s
   set geom = st_pointonsurface(b.geom)
  from (select geom, attributes from asset where kind = 'building' and attributes ? 'substation_code' order by asset_id limit 1) b
 where s.asset_id = (select max(asset_id) from asset where kind = 'substation')
"""
_AWAY = "st_translate(geom, 0.02, 0.0)"

BROKEN: tuple[tuple[str, str], ...] = (
    ("geometry_missing", shape("chamber", "null")),
    ("geometry_invalid", shape("building", _RING)),
    ("geometry_empty", shape("estate", "st_setsrid('POLYGON EMPTY'::geometry, 4326)")),
    ("geometry_zero_size", shape("pipe", "st_setsrid(st_makeline(st_startpoint(geom), st_startpoint(geom)), 4326)")),
    ("line_crosses_itself", shape("pipe", "st_exteriorring(" + _RING + ")")),
    (
        "duplicate_vertices",
        shape("pipe", "st_addpoint(geom, st_startpoint(geom), 0)"),
    ),
    ("z_implausible", shape("pipe", "st_force3dz(st_force2d(geom), 0)")),
    (
        "same_place",
        "update asset set geom = (select geom from asset where kind = 'chamber' order by asset_id limit 1)"
        " where asset_id = (select max(asset_id) from asset where kind = 'chamber')",
    ),
    ("building_twice", _COPY.format("geom", _ANY.format("building"))),
    (
        "buildings_overlap",
        _COPY.format("st_translate(geom, (st_xmax(geom) - st_xmin(geom)) / 2, 0)", _ANY.format("building")),
    ),
    ("same_name_address", _COPY.format("null", _ANY.format("substation"))),
    ("outside_city", "update asset set area_id = null, geom = st_translate(geom, 3, 0) where asset_id = " + _ANY.format("plant")),
    ("outside_parent_area", shape("community", "st_translate(geom, 0.2, 0)")),
    (
        "district_of_code",
        "update asset set code = '220199' || substr(code, 7)"
        " where asset_id = (select min(asset_id) from asset where kind = 'pipe')",
    ),
    (
        "building_on_water",
        "update asset set geom = (select st_buffer(st_pointonsurface(geom), 0.0001) from asset where kind = 'water' limit 1)"
        " where asset_id = " + _ANY.format("building"),
    ),
    ("pipe_through_building", _PIPE_OVER_BUILDING),
    ("building_outside_estate", shape("estate", _AWAY)),
    ("station_in_other_building", _STATION_IN_BUILDING),
    ("sensor_off_building", shape("room_sensor", _AWAY)),
    ("device_off_village", shape("heating_device", _AWAY)),
    (
        "estates_overlap",
        "update asset set geom = (select geom from asset where kind = 'estate' order by asset_id limit 1)"
        " where asset_id = (select max(asset_id) from asset where kind = 'estate')",
    ),
    ("areas_overlap", shape("subdistrict", "st_expand(geom, 0.02)")),
    ("areas_gap", "update asset set valid_to_at = now() where asset_id = " + _ANY.format("community")),
    (
        "converted_already",
        "update asset set geom = st_translate(geom, -0.0064, -0.0024) where kind = 'building' and layer_no ="
        " (select max(layer_no) from asset where kind = 'building')",
    ),
    ("required_missing", lacking("pipe", "network_level")),
    ("storeys_impossible", value("building", "storeys", "-6")),
    ("storeys_impossible", value("building", "storeys", "121")),
    ("year_impossible", value("estate", "installed_year", "2027")),
    (
        "year_impossible",
        "update register_row set attributes = attributes || '{\"installed_year\": 1899}' where kind = 'household'",
    ),
    ("dn_not_standard", value("pipe", "dn", "333")),
    ("diameter_contradicts", value("pipe", "outer_diameter_mm", "9")),
    ("diameter_contradicts", value("pipe", "wall_mm", "2000")),
    ("number_negative", value("substation", "design_power_mw", "-1")),
    ("burial_depth_impossible", value("pipe", "burial_depth_m", "-0.5")),
    ("heated_area_contradicts", value("building", "heated_area_m2", "9999999")),
    ("heat_load_implausible", value("building", "heat_load_mw", "99")),
    ("height_contradicts_storeys", value("building", "height_m", "400")),
    ("length_contradicts", value("pipe", "length_m", "99999")),
    ("user_count_implausible", value("building", "heat_user_count", "999999")),
    (
        "user_area_implausible",
        "update register_row set attributes = attributes || '{\"heated_area_m2\": 1}' where kind = 'heat_user' and row_id = 1",
    ),
    ("code_unknown", value("pipe", "burial_method", '"７"')),
    ("reference_unknown", value("building", "estate_code", '"XQ9999"')),
    ("reference_unknown", value("substation", "source_code", '"GLF999"')),
    (
        "reference_unknown",
        'update register_row set attributes = attributes || \'{"building_code": "LD9"}\''
        " where kind = 'heat_user' and row_id = 1",
    ),
    ("reference_not_normal", value("building", "estate_code", '"ＸＱ０００１ "')),
    ("chain_incomplete", lacking("substation", "source_code")),
    (
        "user_substation_differs",
        "update register_row set attributes = attributes || '{\"substation_code\": \"HRZ0060\"}' where kind = 'heat_user'"
        " and row_id = 1",
    ),
    ("user_sensor_differs", value("room_sensor", "heat_user_code", '"YH9"')),
    ("estate_company_differs", value("estate", "company_code", '"QY01"')),
    ("inlet_substation_differs", value("building", "substation_code", '"HRZ0060"')),
    ("device_household_differs", value("heating_device", "household_code", '"NH9"')),
    ("object_unknown", value("camera", "of_code", '"HRZ9"')),
    ("object_far", shape("camera", _AWAY)),
    ("company_without_authority", lacking("company", "authority_code")),
    (
        "coverage_object_unknown",
        'update asset set attributes = attributes || \'{"of_code": "NN"}\''
        " where kind = 'coverage_area' and attributes ->> 'of_kind' = 'substation'",
    ),
    (
        "building_outside_licence",
        'update asset set attributes = attributes || \'{"company_code": "QY03"}\''
        " where kind = 'substation' and attributes ->> 'company_code' = 'QY02'",
    ),
    ("rollout_area_unknown", "update asset set valid_to_at = now() where kind = 'district' and code = '220104'"),
    ("rollout_area_unknown", row("retrofit_project", "area_code", '"220199"')),
    (
        "report_twice",
        "update register_row r set attributes = r.attributes || jsonb_build_object('month', o.attributes ->> 'month')"
        " from register_row o where r.kind = 'rollout_report' and o.kind = r.kind and r.code = '220104-2026-10-农村'"
        " and o.code = '220104-2026-09-农村'",
    ),
    (
        "household_twice",
        "update register_row r set attributes = r.attributes || jsonb_build_object('id_number', o.attributes ->> 'id_number')"
        " from register_row o where r.kind = 'household' and o.kind = r.kind and r.row_id = 9 and o.row_id = 250",
    ),
    (
        "household_twice",
        "update register_row r set geom = o.geom, attributes ="
        " r.attributes || jsonb_build_object('resident_name', o.attributes ->> 'resident_name')"
        " from register_row o where r.kind = 'household' and o.kind = r.kind and r.row_id = 9 and o.row_id = 250",
    ),
    (
        "village_without_households",
        "update register_row set asset_id = (select max(asset_id) from asset where kind = 'village') where kind = 'household'",
    ),
    ("project_without_target", row("retrofit_project", "started_on", '"2035-04-01"')),
    ("project_off_area", row("retrofit_project", "area_code", '"220182"')),
    ("paid_above_plan", row("retrofit_project", "paid_local_cny", "1e12")),
    ("paid_above_plan", row("rollout_report", "paid_company_cny", "1e12")),
    (
        "zone_counts_apart",
        "with moved as (update asset set kind = 'zone',"
        " geom = (select geom from asset where kind = 'district' and code = '220104')"
        " where kind = 'district' and code = '220102' returning asset_id)"
        " update register_row set attributes = attributes || '{\"household_count\": 5}'"
        " where kind = 'rollout_report' and asset_id = (select asset_id from moved)",
    ),
    ("class_differs", value("pipe", "network_level", '"secondary"')),
    ("ends_apart", shape("pipe", "st_setpoint(geom, 0, st_translate(st_startpoint(geom), 0.0000002, 0))")),
    ("loose_end", shape("pipe", "st_setpoint(geom, 0, st_translate(st_startpoint(geom), 0.00001, 0))")),
)


@pytest.fixture(scope="module")
def sample_connection(sample: LoadedSample, server_url: str) -> Iterator[Connection]:
    url = create_database(server_url, sample.template)
    with connect(url) as connection:
        yield connection
        connection.rollback()
    drop_database(url)


def test_every_rule_has_a_step_and_is_tried_here() -> None:
    assert {name for step in STEPS for name in step.rules} == set(RULES)
    assert all(any(RULES[name].repairable for name in step.rules) for step in REPAIRS)
    tried = {rule for rule, _ in BROKEN} | {name for name, rule in RULES.items() if rule.group == "network"}
    assert set(RULES) == tried


def test_a_clean_city_has_no_problem(sample_connection: Connection) -> None:
    report = run_checks(sample_connection, 1, now=NOW)
    assert report.total == 0, {name: number for name, number in report.found.items() if number}
    assert (report.added, report.changed, report.gone) == (0, 0, 0)


@pytest.mark.parametrize(("rule", "broken"), BROKEN, ids=[f"{number}-{rule}" for number, (rule, _) in enumerate(BROKEN)])
def test_each_rule_finds_what_it_is_for(sample_connection: Connection, rule: str, broken: str) -> None:
    with sample_connection.transaction(force_rollback=True):
        assert sample_connection.execute(broken).rowcount > 0
        report = run_checks(sample_connection, 1, rules=[rule], now=NOW)
        assert report.found[rule] > 0
        rows = sample_connection.execute("select detail, repair from problem where rule = %s", (rule,)).fetchall()
        for detail, repair in rows:
            names = {**detail, "code": "", "name": "", "label_zh": ""}
            assert RULES[rule].message_zh.format(**names)
            assert RULES[rule].message_en.format(**names)
            assert repair is None or repair["action"] in RULES[rule].repairs
            assert repair is None or set(repair["versions"]) == {str(each["asset_id"]) for each in repair["edits"]}


def test_an_unknown_rule_is_named(sample_connection: Connection) -> None:
    with pytest.raises(NotFound, match="there is no rule 'nonsense'; rules are geometry_missing"):
        run_checks(sample_connection, 1, rules=["nonsense"])


# ---------------------------------------------------------------- the table of problems, decisions


@dataclass
class Archive:
    """The dirty sample, checked, with a connection pool."""

    url: str

    def run(self, work: Callable[[Pool], Awaitable[T]]) -> T:
        async def inside() -> T:
            pool = await open_pool(self.url, size=2)
            try:
                return await work(pool)
            finally:
                await pool.close()

        return asyncio.run(inside())

    def check(self) -> tuple[int, int, int]:
        with connect(self.url) as connection:
            report = run_checks(connection, 1, now=NOW)
        return report.added, report.changed, report.gone

    def rows(self, statement: str) -> list[tuple]:
        with connect(self.url) as connection:
            return connection.execute(statement).fetchall()

    def one(self, rule: str, state: str = "open") -> int:
        return int(self.rows(f"select min(problem_id) from problem where rule = '{rule}' and state = '{state}'")[0][0])


@pytest.fixture(scope="module")
def checked_template(dirty_template: str, server_url: str) -> Iterator[str]:
    """Yield a database with the dirty sample, imported and checked, that nobody connects to."""
    url = create_database(server_url, dirty_template)
    with connect(url) as connection:
        run_checks(connection, 1, now=NOW)
    yield url
    drop_database(url)


@pytest.fixture
def archive(checked_template: str, server_url: str) -> Iterator[Archive]:
    url = create_database(server_url, urlsplit(checked_template).path.removeprefix("/"))
    yield Archive(url)
    drop_database(url)


_HASHES = (
    "select asset_id, code, name, company_id, area_id, pair_id, st_asewkb(geom), attributes::text, row_sha256 from asset"
    " where valid_to_at is null order by asset_id"
)
ROUNDS = 4
_PROBLEMS = "select problem_id, rule, key, xmin::text, state, found_at from problem order by problem_id"


def test_a_second_run_writes_nothing(archive: Archive) -> None:
    before = archive.rows(_PROBLEMS)
    assert len(before) > 80
    assert archive.check() == (0, 0, 0)
    assert archive.rows(_PROBLEMS) == before


def test_accepting_all_repairs_leaves_what_has_none_and_taking_them_back_restores_every_byte(archive: Archive) -> None:
    before, problems = archive.rows(_HASHES), archive.rows(_PROBLEMS)
    waiting = "select distinct rule from problem where state = 'open' and repair is not null order by rule"
    changes: list[int] = []
    # a repair is refused while another one of the same asset was written since the last check, which proposes it anew
    for _ in range(ROUNDS):
        for (rule,) in archive.rows(waiting):
            done = archive.run(lambda pool, rule=rule: accept_rule(pool, EVERYTHING, 1, rule, seat="S", reason="all"))
            changes += [] if done.change_id is None else [done.change_id]
        archive.check()
        if not archive.rows(waiting):
            break
    assert archive.rows(waiting) == []
    found = archive.rows("select count(*) from problem where present")[0][0]
    assert found < 0.5 * len(problems)
    assert archive.rows(_HASHES) != before
    assert archive.check() == (0, 0, 0)
    for change in reversed(changes):
        archive.run(lambda pool, change=change: _take_back(pool, change))
    archive.check()
    assert archive.rows(_HASHES) == before
    kept = archive.rows("select problem_id, rule, key from problem where present order by 1")
    assert kept == [row[:3] for row in problems]


async def _take_back(pool: Pool, change: int) -> None:
    from data.archive import revert_change  # noqa: PLC0415

    async with pool.acquire() as connection:
        await revert_change(connection, 1, change, seat="S", reason="back")


def test_one_repair_is_written_with_who_and_why_and_taken_back_alone(archive: Archive) -> None:
    before = archive.rows(_HASHES)
    problem = archive.one("storeys_impossible")
    change = archive.run(lambda pool: accept(pool, EVERYTHING, 1, problem, seat="李", reason="现场核实"))
    state = f"select state, decided_by, reason, change_id from problem where problem_id = {problem}"
    assert archive.rows(state) == [("accepted", "李", "现场核实", change)]
    made = archive.rows(f"select seat, reason, origin, source from archive_change where change_id = {change}")
    assert made == [("李", "现场核实", "repair", "check storeys_impossible")]
    archive.check()
    assert archive.rows(state) == [("accepted", "李", "现场核实", change)]
    archive.run(lambda pool: revert(pool, EVERYTHING, 1, problem, seat="王", reason="误判"))
    archive.check()
    assert archive.rows(state)[0][:3] == ("reverted", "王", "误判")
    assert archive.rows(_HASHES) == before
    decisions = f"select decision, seat, reason from problem_decision where problem_id = {problem} order by decision_id"
    assert archive.rows(decisions) == [("accepted", "李", "现场核实"), ("reverted", "王", "误判")]


def test_of_repairs_written_together_one_can_be_taken_back(archive: Archive) -> None:
    retired = (
        "select code from asset_key k"
        " where not exists (select from asset a where a.asset_id = k.asset_id and a.valid_to_at is null)"
    )
    done = archive.run(lambda pool: accept_rule(pool, EVERYTHING, 1, "building_twice", seat="S", reason="r"))
    assert (done.accepted, done.refused) == (3, 0)
    assert len(archive.rows(retired)) == 3
    for left in (2, 1, 0):
        problem = archive.one("building_twice", "accepted")
        archive.run(lambda pool, problem=problem: revert(pool, EVERYTHING, 1, problem, seat="S", reason="r"))
        assert len(archive.rows(retired)) == left


def test_a_repair_whose_asset_has_changed_since_is_refused_by_name(archive: Archive) -> None:
    problem = archive.one("storeys_impossible")
    ((asset_id, code),) = archive.rows(f"select asset_id, code from problem where problem_id = {problem}")

    async def edit(pool: Pool) -> None:
        async with pool.acquire() as connection:
            await apply_edits(connection, 1, [Edit(asset_id, name="new")], seat="E", reason="r", origin="edit")

    archive.run(edit)
    with pytest.raises(Conflict, match=code):
        archive.run(lambda pool: accept(pool, EVERYTHING, 1, problem, seat="S", reason="r"))
    done = archive.run(lambda pool: accept_rule(pool, EVERYTHING, 1, "storeys_impossible", seat="S", reason="r"))
    assert (done.accepted, done.refused) == (1, 1)
    archive.check()
    assert archive.run(lambda pool: accept(pool, EVERYTHING, 1, problem, seat="S", reason="r"))


def test_a_dismissed_problem_stays_dismissed_until_that_is_taken_back(archive: Archive) -> None:
    problem = archive.one("building_on_water")
    state = f"select state, reason from problem where problem_id = {problem}"
    archive.run(lambda pool: dismiss(pool, EVERYTHING, 1, problem, seat="S", reason="houseboat"))
    archive.check()
    assert archive.rows(state) == [("dismissed", "houseboat")]
    assert archive.run(lambda pool: revert(pool, EVERYTHING, 1, problem, seat="S", reason="no")) is None
    assert archive.rows(state) == [("reverted", "no")]


def test_what_is_gone_is_told_so_and_keeps_its_number_when_it_comes_again(archive: Archive) -> None:
    problem = archive.one("year_impossible")
    state = f"select state from problem where problem_id = {problem}"
    with connect(archive.url) as connection:
        connection.execute(
            "update asset set attributes = attributes || '{\"year_built\": 2010}' where asset_id ="
            f" (select asset_id from problem where problem_id = {problem})"
        )
    assert archive.check()[2] == 1
    assert archive.rows(state) == [("gone",)]
    with pytest.raises(Conflict, match="gone"):
        archive.run(lambda pool: dismiss(pool, EVERYTHING, 1, problem, seat="S", reason="r"))
    with connect(archive.url) as connection:
        connection.execute(
            "update asset set attributes = attributes || '{\"year_built\": 2910}' where asset_id ="
            f" (select asset_id from problem where problem_id = {problem})"
        )
    archive.check()
    assert archive.rows(state) == [("open",)]


def test_what_has_no_repair_or_is_no_problem_is_refused(archive: Archive) -> None:
    problem = archive.one("building_on_water")
    with pytest.raises(Conflict, match="has no proposed repair"):
        archive.run(lambda pool: accept(pool, EVERYTHING, 1, problem, seat="S", reason="r"))
    with pytest.raises(Conflict, match="only an accepted or dismissed one"):
        archive.run(lambda pool: revert(pool, EVERYTHING, 1, problem, seat="S", reason="r"))
    with pytest.raises(NotFound, match="there is no problem 99999"):
        archive.run(lambda pool: accept(pool, EVERYTHING, 1, 99999, seat="S", reason="r"))


def test_a_company_sees_problems_of_its_own_assets_only_and_repairs_no_others(archive: Archive) -> None:
    owners = archive.rows("select distinct company_id from asset where kind = 'pipe' and company_id is not null order by 1")
    own = Scope(cities=(1,), company_ids=(owners[0][0],))
    total, items = archive.run(lambda pool: list_problems(pool, own, 1, ProblemFilter(), limit=1000, offset=0))
    everything = archive.run(lambda pool: list_problems(pool, EVERYTHING, 1, ProblemFilter(), limit=1000, offset=0))[0]
    assert 0 < total < everything
    for item in items:
        theirs = f"select count(*) from asset where valid_to_at is null and asset_id = any(array{list(item.asset_ids)}::int[])"
        assert archive.rows(f"{theirs} and company_id <> {owners[0][0]}") == [(0,)]
    counts = archive.run(lambda pool: count_problems(pool, own, 1))
    assert sum(sum(states.values()) for states in counts.values()) == total
    (other,) = archive.rows(
        f"select min(problem_id) from problem where rule = 'loose_end' and company_id <> {owners[0][0]} and repair is not null"
    )[0]
    with pytest.raises(NotFound):
        archive.run(lambda pool: accept(pool, own, 1, other, seat="S", reason="r"))
    # what nobody owns is visible, and not the company's to repair
    building = archive.one("storeys_impossible")
    with pytest.raises(OutsideScope):
        archive.run(lambda pool: accept(pool, own, 1, building, seat="S", reason="r"))
    refused = archive.run(lambda pool: accept_rule(pool, own, 1, "storeys_impossible", seat="S", reason="r"))
    assert (refused.accepted, refused.refused, refused.change_id) == (0, 2, None)


def test_a_row_about_a_person_is_masked(archive: Archive) -> None:
    with connect(archive.url) as connection:
        connection.execute(
            "update register_row set attributes = attributes || '{\"heated_area_m2\": 1}' where kind = 'heat_user' and row_id = 1"
        )
    archive.check()
    wanted = ProblemFilter(rules=("user_area_implausible",))
    code = archive.rows("select code from register_row where kind = 'heat_user' and row_id = 1")[0][0]
    _, (open_,) = archive.run(lambda pool: list_problems(pool, EVERYTHING, 1, wanted, limit=1, offset=0))
    _, (masked,) = archive.run(lambda pool: list_problems(pool, Scope(), 1, wanted, limit=1, offset=0))
    assert (open_.code, masked.code) == (code, MASK)
    assert code in open_.message_zh
    assert code not in masked.message_zh
    search = ProblemFilter(rules=("user_area_implausible",), search=code)
    assert archive.run(lambda pool: list_problems(pool, Scope(), 1, search, limit=1, offset=0))[0] == 0


def test_a_problem_shows_what_its_repair_changes(archive: Archive) -> None:
    _, shapes = archive.run(lambda pool: read_problem(pool, EVERYTHING, 1, archive.one("storeys_impossible")))
    assert shapes.attributes_before is not None
    assert shapes.attributes_after is not None
    assert shapes.attributes_before["storeys"] == -shapes.attributes_after["storeys"]
    moved = archive.rows("select min(problem_id) from problem where rule = 'loose_end' and repair is not null")[0][0]
    _, shapes = archive.run(lambda pool: read_problem(pool, EVERYTHING, 1, moved))
    assert shapes.geometry_before != shapes.geometry_after
    _, shapes = archive.run(lambda pool: read_problem(pool, EVERYTHING, 1, archive.one("building_twice")))
    assert shapes.geometry_after is None
    assert shapes.geometry_before is not None


def test_a_layer_moved_back_lies_where_it_was_drawn(archive: Archive, sample: LoadedSample) -> None:
    problem = archive.one("converted_already")
    archive.run(lambda pool: accept(pool, EVERYTHING, 1, problem, seat="S", reason="r"))
    archive.check()
    places = (
        "select code, st_x(st_centroid(geom)), st_y(st_centroid(geom)) from asset"
        " where valid_to_at is null and code like 'LD9%' order by 1"
    )
    with connect(sample.url) as connection:
        drawn = connection.execute(places).fetchall()
    moved = archive.rows(places)
    assert [row[0] for row in moved] == [row[0] for row in drawn]
    assert [row[1:] for row in moved] == [pytest.approx(row[1:], abs=1e-8) for row in drawn]
    assert archive.rows("select count(*) from problem where present and rule = 'buildings_overlap'") == [(0,)]
