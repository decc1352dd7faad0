"""Sums and figures of the rollout, reckoned once more from the raw rows by plain loops."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import pytest

from data.pool import connect
from data.rollout_refresh import refresh
from tests.conftest import create_database, drop_database
from tests.handmade_town import Row
from tests.rollout_town import (
    DISTRICT_OF,
    IN_ZONE,
    NORTH,
    SOUTH,
    TOWNSHIPS,
    VILLAGES,
    ZONE,
    RegisterRow,
    areas,
    devices,
    insert_rollout,
    put_rows,
    register_rows,
)
from twin.registers import FUELS
from twin.rollout import ELECTRIC_TYPES, FIGURES, SUMS, default_factors, figures

NOW = dt.datetime.now(ZoneInfo("Asia/Shanghai"))
SEASON_AT = dt.datetime(NOW.year if NOW.month >= 7 else NOW.year - 1, 7, 1, tzinfo=NOW.tzinfo)
LAST_SEASON_AT = SEASON_AT.replace(year=SEASON_AT.year - 1)
SEED = 5
_MONEY = [f"{step}_{name}_cny" for step in ("planned", "paid") for name in ("central", "local", "company")]
_ENERGIES = [f"clean_{name}_m2" for name in ("heat", "electric", "air", "biomass", "gas", "solar")]

Sums = dict[tuple[int, int], dict[str, float | None]]


@pytest.fixture(scope="module")
def assets() -> list[Row]:
    return [*areas(), *devices(SEED)]


@pytest.fixture(scope="module")
def rows() -> list[RegisterRow]:
    return register_rows(SEED, NOW)


@pytest.fixture
def url(server_url: str, assets: list[Row], rows: list[RegisterRow]) -> Iterator[str]:
    database = create_database(server_url)
    insert_rollout(database, assets, rows)
    yield database
    drop_database(database)


def stored(url: str) -> Sums:
    names = [figure.name for figure in SUMS]
    with connect(url) as connection:
        found = connection.execute(f"select area_id, year, {', '.join(names)} from rollout_sum").fetchall()
    return {(area, year): dict(zip(names, values, strict=True)) for area, year, *values in found}


def above(village: int) -> list[int]:
    """Return what a village is counted into, itself first, by the map of the town."""
    return [village, VILLAGES[village], DISTRICT_OF[village], 0, *([ZONE] if village in IN_ZONE else [])]


def reckoned(assets: Sequence[Row], rows: Sequence[RegisterRow], years: Sequence[int]) -> Sums:
    """Return the sums by the definitions' words, row by row."""
    found: Sums = defaultdict(lambda: {figure.name: None for figure in SUMS})

    def add(area: int, year: int, name: str, value: float | None) -> None:
        if value is not None:
            sums = found[area, year]
            sums[name] = (sums[name] or 0.0) + value

    for year in years:
        _add_households(rows, year, add)
        _add_devices(assets, year, add)
        _add_reports(rows, year, add)
        _add_targets(rows, year, add)
    _add_tickets(rows, add)
    _add_answers(rows, add)
    _add_energy(rows, add)
    _add_projects(rows, add)
    factors = default_factors()
    for sums in found.values():
        if sums["floor_area_m2"] is not None:
            sums["rural_coal_replaced_tce"] = sums["floor_area_m2"] * factors["rural_coal_kgce_per_m2"].value / 1000
        for gas in ("co2", "so2", "nox", "dust"):
            if sums["coal_replaced_tce"] is not None:
                sums[f"{gas}_avoided_t"] = sums["coal_replaced_tce"] * factors[f"{gas}_t_per_tce"].value
    return found


def _add_households(rows, year, add) -> None:
    for row in rows:
        if row.kind != "household":
            continue
        values = row.values
        control = values.get("household_group") == "control"
        state = values.get("install_state", "in_use" if "installed_year" in values else "planned")
        done = not control and state == "in_use" and (year == 0 or values.get("installed_year", 0) <= year)
        area = values["floor_area_m2"]
        counts = {
            "household_count": not control,
            "finished_count": done,
            "delivered_count": not control and state == "delivered",
            "installing_count": not control and state == "installing",
            "permanent_count": not control and values.get("permanent", False),
            "insulated_count": done and values.get("insulated", False),
            "control_count": control,
        }
        counts |= {f"{name}_count": done and values["energy_type"] == name for name in ("electric", "biomass", "solar")}
        for place in above(row.asset_id):
            for name, yes in counts.items():
                add(place, year, name, float(yes))
            add(place, year, "floor_area_m2", area if done else 0.0)
            for name in ("electric", "biomass", "solar"):
                add(place, year, f"{name}_area_m2", area if done and values["energy_type"] == name else 0.0)


def _add_devices(assets, year, add) -> None:
    for row in assets:
        if row.kind != "heating_device" or (year and row.attributes["installed_year"] > year):
            continue
        village = int(row.attributes["village_code"].removeprefix("village-"))
        for place in above(village):
            add(place, year, "device_count", 1.0)
            add(place, year, "device_power_kw", row.attributes["power_kw"])
            if row.attributes["device_type"] in ELECTRIC_TYPES:
                add(place, year, "rural_load_mw", row.attributes["power_kw"] / 1000)


def _newest_reports(rows, year):
    newest = {}
    for row in rows:
        if row.kind == "rollout_report" and (year == 0 or int(row.values["month"][:4]) <= year):
            key = (row.asset_id, row.values["region"])
            if key not in newest or newest[key]["month"] < row.values["month"]:
                newest[key] = row.values
    return newest


def _add_reports(rows, year, add) -> None:
    for (area, _), values in _newest_reports(rows, year).items():
        # the north reports itself, so what its township says is no part of it; the south has its township only
        places = {NORTH: [NORTH, 0], ZONE: [ZONE], 13: [13, SOUTH, 0], 11: [11]}[area]
        for place in places:
            for name in ("heated_area_m2", "central_area_m2", *_ENERGIES):
                add(place, year, name, values.get(name))
            add(place, year, "clean_area_m2", sum(values.get(name, 0.0) for name in _ENERGIES))
            add(place, year, "resident_household_count", values["household_count"])
            add(place, year, "clean_household_count", values["clean_household_count"])
            for step, name in (("allocated", "allocated_cny"), ("paid", "report_paid_cny")):
                add(place, year, name, sum(values[f"{step}_{source}_cny"] for source in ("central", "local", "company")))


def _add_targets(rows, year, add) -> None:
    last = year or NOW.year
    for area, places in ((NORTH, [NORTH, 0]), (ZONE, [ZONE]), (13, [13, SOUTH, 0])):
        known = [
            row.values for row in rows if row.kind == "rollout_target" and row.asset_id == area and row.values["year"] <= last
        ]
        if not known:
            continue
        newest = max(known, key=lambda values: values["year"])
        for place in places:
            for name in ("target_household_count", "target_area_m2"):
                add(place, year, name, newest[name])
        add(area, year, "target_rate", newest["target_rate"])
    reports = _newest_reports(rows, year)
    weights = {NORTH: sum(v["heated_area_m2"] for (a, _), v in reports.items() if a == NORTH)}
    north = [row.values for row in rows if row.kind == "rollout_target" and row.asset_id == NORTH and row.values["year"] <= last]
    if north and weights[NORTH]:  # the south states no rate of its own
        add(0, year, "target_rate", max(north, key=lambda values: values["year"])["target_rate"])


def _add_tickets(rows, add) -> None:
    for row in rows:
        if row.kind != "service_ticket":
            continue
        reported = dt.datetime.fromisoformat(row.values["reported_at"])
        if reported < LAST_SEASON_AT:
            continue
        resolved = row.values.get("resolved_at")
        for place in above(row.asset_id):
            add(place, 0, "ticket_count", float(reported >= SEASON_AT))
            add(place, 0, "ticket_last_season_count", float(reported < SEASON_AT))
            add(place, 0, "open_ticket_count", float(resolved is None))
            add(place, 0, "resolved_count", float(resolved is not None))
            if resolved is not None:
                add(place, 0, "handling_hours", (dt.datetime.fromisoformat(resolved) - reported).total_seconds() / 3600)


def _add_answers(rows, add) -> None:
    for row in rows:
        if row.kind != "satisfaction_answer":
            continue
        for place in above(row.asset_id):
            add(place, 0, "answer_count", 1.0)
            for name in ("retrofit", "supplier"):
                score = row.values.get(f"{name}_score")
                add(place, 0, f"{name}_score", score)
                add(place, 0, f"{name}_answer_count", float(score is not None))


def _add_energy(rows, add) -> None:
    factors = default_factors()
    for row in rows:
        if row.kind != "energy_use" or row.values["season"] != "2025-2026" or row.values["household_group"] == "control":
            continue
        assert row.values["fuel"] in FUELS
        for place in above(row.asset_id):
            add(place, 0, "energy_kgce", row.values["quantity"] * factors[f"{row.values['fuel']}_kgce_per_unit"].value)
            add(place, 0, "energy_cost_cny", row.values["cost_cny"])
            add(place, 0, "energy_household_count", row.values["household_count"])


def _add_projects(rows, add) -> None:
    stages = {"前期": "early_count", "施工": "construction_count", "竣工": "completed_count", "验收": "accepted_count"}
    for row in rows:
        if row.kind != "retrofit_project" or row.asset_id is None:
            continue
        for place in {NORTH: [NORTH, 0], SOUTH: [SOUTH, 0], ZONE: [ZONE, row.area_id, 0]}[row.asset_id]:
            add(place, 0, "project_count", 1.0)
            for stage, name in stages.items():
                add(place, 0, name, float(row.values["stage"] == stage))
            for name in ("scale_m2", "done_m2", *_MONEY):
                add(place, 0, name, row.values[name])
            add(
                place,
                0,
                "coal_replaced_tce",
                row.values["coal_saved_t"] * min(1.0, row.values["done_m2"] / row.values["scale_m2"]),
            )


def assert_equal_sums(found: Sums, wanted: Sums) -> None:
    for key, sums in wanted.items():
        for name, value in sums.items():
            got = found[key][name]
            assert (got or 0.0) == pytest.approx(value or 0.0, rel=1e-9), f"area {key[0]}, year {key[1]}: {name}"
    assert {area for area, _ in found} == {0, NORTH, SOUTH, ZONE, *TOWNSHIPS, *VILLAGES}


def years_of(url: str) -> list[int]:
    return sorted({year for _, year in stored(url)})


def test_sums_are_those_of_the_raw_rows(url: str, assets: list[Row], rows: list[RegisterRow]) -> None:
    with connect(url) as connection:
        report = refresh(connection, 1)
    assert report is not None
    assert report.village_count is None
    found = stored(url)
    assert years_of(url) == [0, 2023, 2024, 2025]
    assert_equal_sums(found, reckoned(assets, rows, years_of(url)))
    assert found[0, 0]["household_count"] == found[NORTH, 0]["household_count"] + found[SOUTH, 0]["household_count"]
    assert found[0, 0]["project_count"] == len([row for row in rows if row.kind == "retrofit_project" and row.asset_id])


def test_one_monthly_report_gives_the_same_sums_as_counting_anew(url: str, assets: list[Row], rows: list[RegisterRow]) -> None:
    with connect(url) as connection:
        refresh(connection, 1)
        assert refresh(connection, 1) is None
    new = RegisterRow(
        "rollout_report", "YB1-2025-12-农村", NORTH, NORTH, {**_last_report(rows), "month": "2025-12", "heated_area_m2": 777.0}
    )
    moved = next(row for row in rows if row.kind == "household" and row.asset_id == 21)
    moved = RegisterRow(
        "household", moved.code, 25, SOUTH, {**moved.values, "install_state": "in_use", "installed_year": 2025}, moved.place
    )
    put_rows(url, [new], change_id=2)
    with connect(url) as connection:
        report = refresh(connection, 1)
    assert report is not None
    assert report.village_count == 0, "what an area reports touches no village"
    with_report = [*rows, new]
    assert_equal_sums(stored(url), reckoned(assets, with_report, years_of(url)))
    with connect(url) as connection:  # as an import keeps what a row was
        connection.execute(
            "insert into register_version (city_id, kind, row_id, valid_from_at, valid_to_at, code, name, source_key, asset_id,"
            " area_id, attributes, row_sha256, import_id, ended_by)"
            " select city_id, kind, row_id, now(), now(), code, name, source_key, asset_id,"
            " area_id, attributes, row_sha256, 1, 3 from register_row where kind = 'household' and code = %s",
            (moved.code,),
        )
    put_rows(url, [moved], change_id=3)
    with connect(url) as connection:
        report = refresh(connection, 1)
    assert report is not None
    assert report.village_count == 2, "the village that it left, and the one it came to"
    changed = [moved if row.code == moved.code else row for row in with_report]
    assert_equal_sums(stored(url), reckoned(assets, changed, years_of(url)))


def test_a_report_of_a_new_year_gives_every_area_that_year(url: str, assets: list[Row], rows: list[RegisterRow]) -> None:
    with connect(url) as connection:
        refresh(connection, 1)
    new = RegisterRow("rollout_report", "YB1-2026-01-农村", NORTH, NORTH, {**_last_report(rows), "month": "2026-01"})
    put_rows(url, [new], change_id=2)
    with connect(url) as connection:
        refresh(connection, 1)
    assert years_of(url) == [0, 2023, 2024, 2025, 2026]
    assert_equal_sums(stored(url), reckoned(assets, [*rows, new], years_of(url)))


def _last_report(rows: Sequence[RegisterRow]) -> dict[str, object]:
    return next(row.values for row in rows if row.code == "YB1-2025-11-农村")


def test_of_two_reports_for_one_month_one_counts(url: str, rows: list[RegisterRow]) -> None:
    again = RegisterRow("rollout_report", "又报一次", NORTH, NORTH, {**_last_report(rows), "household_count": 1})
    put_rows(url, [again], change_id=2)
    with connect(url) as connection:
        refresh(connection, 1)
    town = next(row.values for row in rows if row.code == "YB1-2025-11-县城")
    assert stored(url)[NORTH, 0]["resident_household_count"] == 1 + town["household_count"]


def test_every_figure_is_what_its_definition_computes(url: str) -> None:
    with connect(url) as connection:
        refresh(connection, 1)
        from data.statements import sql  # noqa: PLC0415

        text = sql("rollout_figure_list")
        for number, value in ((8, "0"), (7, "null"), (6, "null"), (5, "null"), (4, "null"), (3, "null"), (2, "null"), (1, "1")):
            text = text.replace(f"${number}", value)
        cursor = connection.execute(text)
        columns = [each.name for each in cursor.description or ()]
        found = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    sums = stored(url)
    assert len(found) == len(VILLAGES) + len(TOWNSHIPS) + 4
    for row in found:
        wanted = figures(sums[row["area_id"], 0])
        assert set(wanted) == {figure.name for figure in FIGURES}
        for name, value in wanted.items():
            assert row[name] == pytest.approx(value, nan_ok=True), f"{row['name']}: {name}"
    stages = {row["stage"] for row in found}
    assert {2.0, None} <= stages


def test_villages_without_outline_get_one_from_their_households(url: str) -> None:
    with connect(url) as connection:
        refresh(connection, 1)
        found = dict(connection.execute("select area_id, outline from rollout_area where kind = 'village'").fetchall())
        inside = connection.execute(
            "select count(*) from register_row r join rollout_area a on a.area_id = r.asset_id"
            " where r.kind = 'household' and st_contains(a.geom, r.geom)"
        ).fetchone()
        parents = dict(connection.execute("select area_id, parent_id from rollout_area where kind = 'village'").fetchall())
        zones = [
            area for (area,) in connection.execute("select area_id from rollout_area where zone_id = %s order by 1", (ZONE,))
        ]
    assert found == dict.fromkeys(VILLAGES, "households") | {27: "none"}
    assert inside == (240,)
    assert parents == VILLAGES
    assert zones == sorted(IN_ZONE)
