"""`GET /contents`: the counts are those of the assets, for every Scope; sources are those of the import."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import numpy as np
import pytest

from api.routes.contents import ContentsAnswer
from data.contents import count_kinds, read_delivered, read_version
from data.errors import NotFound
from data.pool import connect, open_pool
from data.tile_tables import rebuild
from tests.api.serving import serve
from tests.conftest import LoadedSample, create_database, drop_database
from tests.handmade_town import COMPANY_A, COVERS, DISTRICT_EAST, DISTRICT_WEST, SUBSTATION, TOWN, Row, insert_town, lonlat
from twin.contents import GROUPS
from twin.errors import OutsideScope
from twin.kinds import KINDS
from twin.scope import EVERYTHING, Scope

ROWS = (*TOWN, *COVERS)


def kept(scope: Scope, row: Row) -> bool:
    """Tell whether a row is inside a Scope, by the rule written down once more."""
    return (
        (scope.layers is None or row.kind in scope.layers)
        and (scope.areas is None or row.area_id in scope.areas)
        and (scope.company_ids is None or row.company_id is None or row.company_id in scope.company_ids)
    )


@pytest.fixture
def town_url(database_url: str) -> str:
    insert_town(database_url, ROWS)
    with connect(database_url) as connection:
        rebuild(connection, 1, None)
    return database_url


def counted(url: str, scope: Scope) -> dict[str, int]:
    async def ask() -> dict[str, int]:
        pool = await open_pool(url, size=1)
        try:
            found: Counter[str] = Counter()
            for count in await count_kinds(pool, scope, 1):
                found[count.kind] += count.asset_count
            return dict(found)
        finally:
            await pool.close()

    return asyncio.run(ask())


SCOPES = (
    EVERYTHING,
    Scope(areas=(DISTRICT_EAST,)),
    Scope(areas=(DISTRICT_WEST, DISTRICT_EAST)),
    Scope(company_ids=(COMPANY_A,)),
    Scope(company_ids=(COMPANY_A,), areas=(DISTRICT_EAST,)),
    Scope(layers=("pipe", "road")),
    Scope(areas=()),
)


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_the_counts_are_those_of_the_visible_rows(town_url: str, scope: Scope) -> None:
    assert counted(town_url, scope) == dict(Counter(row.kind for row in ROWS if kept(scope, row)))


def test_a_city_outside_the_scope_is_not_counted(town_url: str) -> None:
    with pytest.raises(OutsideScope):
        counted(town_url, Scope(cities=(2,)))


def test_the_box_of_a_single_asset_is_as_coarse_as_its_position(town_url: str) -> None:
    async def box(scope: Scope) -> object:
        pool = await open_pool(town_url, size=1)
        try:
            counts = await count_kinds(pool, scope, 1)
            return next(count.box_wgs84 for count in counts if count.kind == "substation")
        finally:
            await pool.close()

    lon, lat = map(float, lonlat(0, 0).split())
    assert asyncio.run(box(EVERYTHING)) == pytest.approx((lon, lat, lon, lat), abs=1e-7)
    coarse = asyncio.run(box(Scope(precision_m=1000.0)))
    assert coarse != pytest.approx((lon, lat, lon, lat), abs=1e-4)
    assert coarse == pytest.approx((lon, lat, lon, lat), abs=0.02)


def test_assets_that_were_never_counted_are_said_to_be_so(database_url: str) -> None:
    insert_town(database_url, ROWS)

    async def ask() -> None:
        pool = await open_pool(database_url, size=1)
        try:
            await read_version(pool, 1)
        finally:
            await pool.close()

    with pytest.raises(NotFound, match="tiles rebuild"):
        asyncio.run(ask())


def test_rows_of_registers_are_counted_beside_the_assets(town_url: str) -> None:
    rows = [("household", 1, DISTRICT_WEST), ("household", 2, DISTRICT_EAST), ("heat_user", 1, DISTRICT_EAST)]
    with connect(town_url) as connection:
        for kind, row_id, area_id in rows:
            connection.execute(
                "insert into register_row (city_id, kind, row_id, code, area_id, row_sha256, import_id)"
                " values (1, %s, %s, %s, %s, '', 1)",
                (kind, row_id, f"{kind}-{row_id}", area_id),
            )
        rebuild(connection, 1, None)
    assets = dict(Counter(row.kind for row in ROWS))
    assert counted(town_url, EVERYTHING) == assets | {"household": 2, "heat_user": 1}
    assert counted(town_url, Scope(areas=(DISTRICT_WEST,), layers=("household",))) == {"household": 1}


def test_every_kind_of_the_catalogue_is_in_one_group() -> None:
    assert sorted(kind for group in GROUPS for kind in group.kinds) == sorted(KINDS)


@pytest.fixture(scope="module")
def http(sample: LoadedSample, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over the sample city; tests only read."""
    database_url = create_database(server_url, sample.template)
    var_dir = sample.copy_var_dir(tmp_path_factory.mktemp("contents"))
    with serve(database_url, var_dir) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client
    drop_database(database_url)


def test_the_answer_for_the_sample_agrees_with_the_other_routes(http: httpx.Client) -> None:
    answer = http.get("/contents", params={"city": 1})
    assert answer.status_code == 200, answer.text
    found = ContentsAnswer.model_validate_json(answer.content)
    assert found.synthetic
    assert found.asset_count == http.get("/assets", params={"city": 1, "limit": 1}).json()["total"]
    for group in found.groups:
        for kind in group.kinds:
            listed = http.get("/assets", params={"city": 1, "kind": kind.kind, "limit": 1}).json()
            assert kind.count == listed["total"], kind.kind
            assert kind.count > 0
    assert found.counted_version == found.assets_version
    for register in found.registers:
        listed = http.get("/contents").json()["sources"]
        assert register.count == sum(
            source["row_count"] - source["rejected_count"] for source in listed if source["kind"] == register.kind
        )
    assert {level.level for level in found.levels} >= {"primary", "secondary"}
    assert found.supply_length_m == pytest.approx(sum(level.supply_length_m for level in found.levels))


def test_the_length_of_the_network_is_that_of_its_pipes(http: httpx.Client, sample: LoadedSample) -> None:
    with connect(sample.url) as connection:
        rows = connection.execute(
            "select attributes ->> 'network_level', sum(st_length(geom::geography)) from asset"
            " where kind = 'pipe' and attributes ->> 'side' = 'supply' and valid_to_at is null group by 1"
        ).fetchall()
    found = {level["level"]: level["supply_length_m"] for level in http.get("/contents").json()["levels"]}
    assert found == pytest.approx(dict(rows))


def test_findings_are_told_once_the_network_has_been_read(sample: LoadedSample, sample_copy_url: str, tmp_path: Path) -> None:
    with serve(sample_copy_url, sample.copy_var_dir(tmp_path)) as url, httpx.Client(base_url=url, timeout=60) as client:
        before = client.get("/contents").json()["finding_count"]
        items = client.get("/network/findings", params={"limit": 10_000}).json()["items"]
        assert before in {None, len(items)}  # the server reads networks by itself soon after its start
        assert client.get("/contents").json()["finding_count"] == len(items)


def test_sources_name_file_datum_operation_and_rows(http: httpx.Client, sample: LoadedSample) -> None:
    with connect(sample.url) as connection:
        ((report,),) = connection.execute("select report from import_run").fetchall()
    sources = {source["layer"]: source for source in http.get("/contents").json()["sources"]}
    assert {name: source["row_count"] for name, source in sources.items()} == {
        layer["name"]: layer["read"] for layer in report["layers"]
    }
    for conversion in report["conversions"]:
        source = sources[conversion["layer"]]
        for name in ("datum", "evidence", "operation", "accuracy_m", "vertex_count"):
            assert source[name] == conversion[name]
        assert datetime.fromisoformat(source["imported_at"]).tzinfo is not None
    assert [raster["layer"] for raster in http.get("/contents").json()["rasters"]] == ["ground", "satellite"]


def test_an_unchanged_answer_is_not_sent_again(http: httpx.Client) -> None:
    first = http.get("/contents", params={"city": 1})
    again = http.get("/contents", params={"city": 1}, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_seat_of_some_layers_hears_nothing_of_the_others_files(sample: LoadedSample) -> None:
    async def ask() -> set[str]:
        pool = await open_pool(sample.url, size=1)
        try:
            return {layer.kind for layer in await read_delivered(pool, Scope(layers=("pipe", "rollout")), 1)}
        finally:
            await pool.close()

    assert asyncio.run(ask()) == {"pipe", "rollout_rate"}


def test_counts_follow_a_rebuild(town_url: str) -> None:
    before = counted(town_url, EVERYTHING)
    insert_town(town_url, [Row(900, "substation", f"POINT({lonlat(50, 50)})", company_id=COMPANY_A)])
    assert counted(town_url, EVERYTHING) == before
    with connect(town_url) as connection:
        rebuild(connection, 1, (np.array([20]), np.array([20])))
    assert counted(town_url, EVERYTHING) == before | {"substation": before["substation"] + 1}
    assert SUBSTATION == 10
