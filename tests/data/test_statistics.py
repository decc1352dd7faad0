"""Lengths of the sample city against its delivery and against a geodesic of another program."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import replace
from typing import TypeVar

import numpy as np
import openpyxl
import pytest
from pyproj import Geod

from data.pool import Pool, connect, open_pool
from data.sheets import csv_bytes, xlsx_bytes
from data.statistics import Lengths, Part, count_buildings, count_users, read_lengths, read_substations, statistics_version
from tests.conftest import LoadedSample
from tests.data.demo_files import Delivery
from twin.errors import OutsideScope
from twin.lengths import BREAKDOWN_NAMES, tabulate
from twin.scope import EVERYTHING, Scope

T = TypeVar("T")


def ask(url: str, question) -> T:  # type: ignore[type-var]
    async def run() -> T:
        pool: Pool = await open_pool(url, size=1)
        try:
            return await question(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


def lengths(url: str, scope: Scope = EVERYTHING, part: Part | None = None) -> Lengths:
    return ask(url, lambda pool: read_lengths(pool, scope, 1, part or Part()))


def total_m(found: Lengths) -> float:
    return sum(each.length_m for each in found.sums)


@pytest.fixture(scope="module")
def delivery(sample: LoadedSample) -> Delivery:
    return Delivery(sample.manifest.parent)


def test_the_length_is_the_sum_of_geodesics_over_the_supply_pipes(sample_url: str) -> None:
    with connect(sample_url) as connection:
        rows = connection.execute(
            "select array_agg(st_x(p.geom) order by p.path), array_agg(st_y(p.geom) order by p.path),"
            " array_agg(coalesce(st_z(p.geom), 0) order by p.path)"
            " from asset a cross join lateral st_dumppoints(a.geom) p"
            " where a.kind = 'pipe' and a.attributes ->> 'side' = 'supply' and a.valid_to_at is null group by a.asset_id"
        ).fetchall()
    geod = Geod(ellps="WGS84")
    # heights count: a pipe is as long as its axis
    brute_m = sum(float(np.hypot(geod.line_lengths(lon, lat), np.diff(z)).sum()) for lon, lat, z in rows)
    found = lengths(sample_url)
    assert sum(each.pipe_count for each in found.sums) == len(rows) > 1000
    assert total_m(found) == pytest.approx(brute_m, abs=0.01)


def test_classes_are_those_the_city_was_drawn_with_and_lengths_those_of_the_files(sample_url: str, delivery: Delivery) -> None:
    pipes = delivery.pipes[delivery.pipes["side"] == "supply"]
    drawn = pipes.geometry.length.groupby(pipes["network_level"]).sum()
    rows = tabulate(lengths(sample_url).sums, ["class"], year=2026)
    found = {row.network_class: row.length_m for row in rows if row.band == "total"}
    for level in ("primary", "secondary"):
        # a plane length in a 3-degree zone is longer or shorter by its scale: 4 parts in 10,000 at most
        assert found[level] == pytest.approx(drawn[level], rel=4e-4)
    assert found["direct"] == found["long_distance"] == 0


def test_stated_lengths_stand_beside_the_measured_ones(sample_url: str, delivery: Delivery) -> None:
    pipes = delivery.pipes[delivery.pipes["side"] == "supply"]
    found = lengths(sample_url)
    assert sum(each.stated_count for each in found.sums) == len(pipes)
    assert sum(each.stated_m for each in found.sums) == pytest.approx(pipes["length_m"].sum(), abs=0.01)
    assert sum(each.stated_measured_m for each in found.sums) == pytest.approx(total_m(found), abs=1e-6)


@pytest.mark.parametrize("by", [name for name in BREAKDOWN_NAMES if name != "class"])
def test_every_breakdown_adds_up_to_the_whole(sample_url: str, by: str) -> None:
    found = lengths(sample_url)
    rows = tabulate(found.sums, [by], year=2026)
    assert sum(row.length_m or 0.0 for row in rows) == pytest.approx(total_m(found))
    assert "unknown" not in {row.band for row in rows if row.pipe_count}


def test_ways_of_laying_are_those_of_the_files(sample_url: str, delivery: Delivery) -> None:
    pipes = delivery.pipes[delivery.pipes["side"] == "supply"]
    drawn = pipes.groupby("burial_method").size()
    rows = tabulate(lengths(sample_url).sums, ["laying"], year=2026)
    count = {name: sum(row.pipe_count for row in rows if row.band == name) for name in ("trench", "direct_burial")}
    assert count["trench"] == drawn.get("2", 0) > 0
    assert count["direct_burial"] == drawn["1"] + drawn.get("4", 0)


def test_companies_share_the_network_without_rest(sample_url: str) -> None:
    with connect(sample_url) as connection:
        owners = [row[0] for row in connection.execute("select distinct company_id from tile_pipe where side = 1").fetchall()]
    assert len(owners) > 1
    parts = [total_m(lengths(sample_url, part=Part(company_id=owner))) for owner in owners]
    assert sum(parts) == pytest.approx(total_m(lengths(sample_url)))
    seen = [total_m(lengths(sample_url, Scope(company_ids=(owner,)))) for owner in owners]
    assert seen == pytest.approx(parts)


def test_a_seat_without_pipes_counts_none(sample_url: str) -> None:
    assert lengths(sample_url, Scope(layers=("building",))).sums == []


def test_pipes_of_unknown_side_are_told_apart_and_gas_is_left_out(sample_copy_url: str) -> None:
    before = lengths(sample_copy_url)
    with connect(sample_copy_url) as connection:
        [one, two] = connection.execute("select asset_id, length_m from tile_pipe where side = 1 order by 1 limit 2").fetchall()
        connection.execute("update tile_pipe set side = 0 where asset_id = %s", (one[0],))
        connection.execute("update tile_pipe set medium = 2 where asset_id = %s", (two[0],))
    after = lengths(sample_copy_url)
    assert (after.without_side_count, after.without_side_m) == (1, pytest.approx(one[1]))
    assert total_m(after) == pytest.approx(total_m(before) - one[1] - two[1])


def test_renewals_and_odd_words_reach_the_tables(sample_copy_url: str) -> None:
    from api.loading import rebuild_tiles  # noqa: PLC0415 - only this test rebuilds
    from api.settings import Settings  # noqa: PLC0415

    with connect(sample_copy_url) as connection:
        ids = [
            row[0] for row in connection.execute("select asset_id from tile_pipe where side = 1 order by 1 limit 4").fetchall()
        ]
        changes = (
            '{"renewed_year": 2025}',
            '{"material": "PE-RT II 型管", "burial_method": "6"}',
            '{"installed_year": 99999, "burial_method": "9"}',
            '{"material": "", "installed_year": -5}',
        )
        for asset_id, change in zip(ids, changes, strict=True):
            connection.execute(
                "update asset set attributes = attributes || %s::jsonb where asset_id = %s and valid_to_at is null",
                (change, asset_id),
            )
        connection.execute("update city set assets_version = assets_version + 1")
    rebuild_tiles(Settings(database_url=sample_copy_url), 1)
    with connect(sample_copy_url) as connection:
        stored = connection.execute(
            "select since_year, renewed_year, laying, material from tile_pipe where asset_id = any(%s) order by asset_id", (ids,)
        ).fetchall()
    assert stored[0][:2] == (2025, 2025)
    assert stored[1][2:] == (2, 2)
    assert stored[2][0] is None
    assert stored[2][2] == 5
    assert (stored[3][0], stored[3][3]) == (None, 0)
    rows = tabulate(lengths(sample_copy_url).sums, ["class", "laying", "age"], year=2026)
    assert {row.band for row in rows if row.pipe_count} >= {"renewed", "overhead", "other", "unknown"}


def test_the_version_says_what_was_counted(sample_url: str) -> None:
    version = ask(sample_url, lambda pool: statistics_version(pool, 1))
    assert version.assets_version == version.counted_version > 0


# ---------------------------------------------------------------- substations, users, buildings


def test_substations_serve_the_area_that_their_buildings_have(sample_url: str) -> None:
    found = ask(sample_url, lambda pool: read_substations(pool, EVERYTHING, 1, Part()))
    buildings = ask(sample_url, lambda pool: count_buildings(pool, EVERYTHING, 1, Part()))
    assert len(found) == 60
    assert sum(each.served_area_m2 for each in found) == pytest.approx(sum(each.heated_area_m2 for each in buildings))
    assert sum(each.stated_area_m2 for each in found) == pytest.approx(sum(each.served_area_m2 for each in found), rel=1e-3)


def test_users_are_counted_by_use_connection_and_heating(sample_url: str, delivery: Delivery) -> None:
    with (delivery.folder / "heat_users.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    found = ask(sample_url, lambda pool: count_users(pool, EVERYTHING, 1, Part()))
    assert sum(each.user_count for each in found) == len(rows)
    assert sum(each.heated_area_m2 for each in found) == pytest.approx(sum(float(row["heated_area_m2"]) for row in rows))
    assert not [each for each in found if each.heating and not each.connected]


def test_a_seat_that_may_not_see_users_may_not_count_them(sample_url: str) -> None:
    with pytest.raises(OutsideScope, match="heat_user"):
        ask(sample_url, lambda pool: count_users(pool, replace(EVERYTHING, layers=("pipe",)), 1, Part()))


# ---------------------------------------------------------------- tables as files

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", '=HYPERLINK("http://x")']


def test_no_cell_of_a_csv_begins_like_a_formula() -> None:
    text = csv_bytes(["=head"], [[cell] for cell in HOSTILE] + [[-1.5], [None]]).decode("utf-8-sig")
    cells = [row[0] if row else "" for row in csv.reader(io.StringIO(text))]
    assert cells == ["'=head", *(f"'{cell}" for cell in HOSTILE), "-1.5", ""]


def test_no_cell_of_a_workbook_is_a_formula() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes("a" * 40, ["head"], [[cell] for cell in HOSTILE] + [[1.5], [True]])))
    cells = [row[0] for row in book.active.iter_rows(min_row=2)]
    assert [cell.data_type for cell in cells] == ["s"] * len(HOSTILE) + ["n", "b"]
    assert [cell.value for cell in cells[: len(HOSTILE)]] == HOSTILE
