"""Sources that the program makes: one an asset that reports, by the schema of its kind, moved on when a new version ships."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from psycopg.types.json import Jsonb

from data.errors import Conflict, NotFound
from data.pool import Pool, connect, open_pool
from data.sources import (
    ensure_sources,
    list_schemas,
    list_source_assets,
    list_sources,
    register_schema,
    register_source,
    sources_of_asset,
)
from tests.cities import TinyAsset, insert_city
from twin.schemas import DEFAULT_SCHEMAS, SCHEMA_OF_KIND, SHIPPED_SCHEMAS
from twin.scope import Scope

FULL = Scope()
DEVICES = {"D1": "热泵风机4P", "D2": "颗粒炉+地暖", "D3": "太阳能+热泵", "D4": "蓄热式电暖气", "D5": "燃气壁挂炉", "D6": None}
ASSETS = (
    TinyAsset("company", "C1"),
    TinyAsset("company", "C2"),
    TinyAsset("substation", "S1", company_id=1),
    TinyAsset("substation", "S2", company_id=2),
    TinyAsset("building", "B1", attributes={"substation_code": "S1"}),
    *(TinyAsset("heating_device", code, attributes={"device_type": type_} if type_ else {}) for code, type_ in DEVICES.items()),
    *(TinyAsset(kind, f"X-{kind}") for kind in SCHEMA_OF_KIND if kind not in {"substation", "heating_device"}),
)
S1, S2 = 3, 4


def run(url: str, work: Callable[[Pool], Awaitable[None]]) -> None:
    async def whole() -> None:
        pool = await open_pool(url, size=2)
        try:
            await work(pool)
        finally:
            await pool.close()

    asyncio.run(whole())


@pytest.fixture
def city_url(database_url: str) -> str:
    insert_city(database_url, ASSETS)
    return database_url


def test_every_asset_that_reports_has_a_source_by_the_schema_of_its_kind(city_url: str) -> None:
    async def work(pool: Pool) -> None:
        await ensure_sources(pool, 1)
        schemas = {source.code: source.schema.code for source in await list_sources(pool, 1)}
        for kind, schema in SCHEMA_OF_KIND.items():
            if kind not in {"substation", "heating_device"}:
                assert schemas.pop(f"{kind}:X-{kind}") == schema
        assert schemas == {
            "substation:S1": "substation",
            "substation:S2": "substation",
            "heating_device:D1": "air_source_heater",
            "heating_device:D2": "biomass_stove",
            "heating_device:D3": "solar_heating_set",
            "heating_device:D4": "electric_heating_set",
            "heating_device:D5": "heating_device",
            "heating_device:D6": "heating_device",
        }
        before = await list_sources(pool, 1)
        await ensure_sources(pool, 1)
        assert await list_sources(pool, 1) == before

    run(city_url, work)


def test_shipped_schemas_keep_their_version_numbers(city_url: str) -> None:
    async def work(pool: Pool) -> None:
        await ensure_sources(pool, 1)
        stored = [each.schema for each in await list_schemas(pool, 1)]
        assert stored == list(SHIPPED_SCHEMAS)

    run(city_url, work)


def test_sources_of_an_older_program_move_and_those_registered_by_hand_stay(city_url: str) -> None:
    first = next(schema for schema in SHIPPED_SCHEMAS if (schema.code, schema.version) == ("substation", 1))
    # as an older program wrote it: names, slots and ranges, no more
    kept = {"name", "quantity", "unit", "side", "slot", "min", "max", "label_zh"}
    points = [{name: value for name, value in point.as_json().items() if name in kept} for point in first.points]
    with connect(city_url) as connection:
        connection.execute(
            "insert into frame_schema values (1, 7, 'substation', 1, %s)",
            (Jsonb(points),),
        )
        for number, code, asset_id, seat in ((1, "substation:S1", S1, ""), (2, "substation:S2", S2, "someone")):
            connection.execute("insert into source values (1, %s, %s, %s, 7, 60, %s)", (number, code, asset_id, seat))

    async def work(pool: Pool) -> None:
        await ensure_sources(pool, 1)
        sources = {source.code: source for source in await list_sources(pool, 1)}
        assert (sources["substation:S1"].source_id, sources["substation:S1"].schema) == (1, DEFAULT_SCHEMAS["substation"])
        assert (sources["substation:S2"].schema_id, sources["substation:S2"].schema) == (7, first)

    run(city_url, work)


def test_a_shipped_version_gives_way_to_one_that_was_registered_before(city_url: str) -> None:
    async def work(pool: Pool) -> None:
        own = [{"name": "flow_m3_per_h", "quantity": "flow"}]
        for name in ("substation", "substation", "room_sensor"):
            await register_schema(pool, 1, name, own)
        await ensure_sources(pool, 1)
        versions = [(s.schema.code, s.schema.version, len(s.schema.points)) for s in await list_schemas(pool, 1)]
        assert [each for each in versions if each[0] == "substation"] == [
            ("substation", 1, 1),
            ("substation", 2, 14),
            ("substation", 3, 60),
        ]
        assert next(s for s in await list_sources(pool, 1) if s.code == "substation:S1").schema.version == 3

    run(city_url, work)


def test_a_company_sees_and_registers_the_sources_of_its_own_assets_only(city_url: str) -> None:
    async def work(pool: Pool) -> None:
        await ensure_sources(pool, 1)
        own = Scope(company_ids=(2,))
        codes = {source.source_id: source.code for source in await list_sources(pool, 1)}
        seen = {codes[asset.source_id] for asset in await list_source_assets(pool, own, 1)}
        assert "substation:S2" in seen
        assert "substation:S1" not in seen
        assert await sources_of_asset(pool, own, 1, S1) == []
        assert [source.code for source in await sources_of_asset(pool, own, 1, S2)] == ["substation:S2"]
        with pytest.raises(Conflict, match="'substation:S1' reports on an asset that this seat may not see"):
            await register_source(pool, own, 1, "substation:S1", schema="substation", period_s=60, seat="c2", asset_id=S2)
        with pytest.raises(NotFound, match=f"there is no asset {S1}"):
            await register_source(pool, own, 1, "pump:1", schema="substation", period_s=60, seat="c2", asset_id=S1)
        await register_source(pool, own, 1, "pump:1", schema="substation/1", period_s=30, seat="c2", asset_id=S2)
        await ensure_sources(pool, 1)
        pump = next(source for source in await sources_of_asset(pool, FULL, 1, S2) if source.code == "pump:1")
        assert (pump.schema.version, pump.period_s) == (1, 30)

    run(city_url, work)
