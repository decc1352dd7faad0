"""The scratch city of the intake's benchmark: a database of its own with 3,500 substations, 110,000 devices and 120,000 rooms.

The assets are made by a few statements, in the counts of the city and with the tables' own constraints; sources and schemas
are then registered by the product itself. What they say is simulated by `twin.simulator`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from api.auth import vault
from api.database import open_database
from api.settings import Settings
from data import accounts
from data import cluster as clusters
from data.pool import connect, open_pool
from data.readings import CityBatch
from data.sources import ensure_sources, list_sources
from twin.arrays import Float64Array, Int32Array, Int64Array
from twin.quality import Quality, flag_values
from twin.readings import Batch, Source
from twin.schemas import FrameSchema
from twin.seats import Organisation
from twin.simulator.city import Simulation, start
from twin.simulator.instruments import Moment, values
from twin.simulator.schedule import due
from twin.simulator.sources import Group, SimulatedSource

CITY_ID = 1
COUNTS: Mapping[str, int] = {"substation": 3_500, "heating_device": 110_000, "room_sensor": 120_000}
"""Sources of the city by kind."""
APP_IDS = tuple(f"bench-gateway-{number}" for number in range(10))
"""API keys: one a gateway."""
SECRET = b"known to this benchmark only"
REST_S = 30.0
"""A server gets so long to come to rest after its start; a live city never rests quite."""
_SEED = 1

_CITY = """
insert into city (city_id, name_zh, name_en, zone, synthetic, assets_version)
values (1, '基准城', 'Benchmark', 'Asia/Shanghai', true, 1)
"""
_KEYS = """
insert into asset_key (city_id, kind, code, asset_id)
select 1, 'substation', 'HRZ' || to_char(n, 'FM0000'), n from generate_series(1, %(substation)s) n
union all
select 1, 'heating_device', 'D' || to_char(n, 'FM000000'), 10000 + n from generate_series(1, %(heating_device)s) n
union all
select 1, 'room_sensor', 'R' || to_char(n, 'FM000000'), 200000 + n from generate_series(1, %(room_sensor)s) n
"""
_ASSETS = """
insert into asset (city_id, asset_id, version, kind, code, name, geom, attributes, row_sha256)
select 1, asset_id, 1, kind, code, code,
       st_setsrid(st_makepoint(125.2 + (asset_id % 500) * 5e-4, 43.8 + (asset_id / 500 % 500) * 4e-4), 4326),
       case when kind = 'heating_device'
            then jsonb_build_object('device_type', (array['电采暖', '颗粒炉+地暖', '太阳能+热泵'])[1 + asset_id % 3])
            else '{}'::jsonb end,
       sha256(code::bytea)
  from asset_key
 where city_id = 1
"""


@dataclass(frozen=True)
class BenchCity:
    """The city with its sources.

    Attributes
    ----------
    base
        With the var dir.
    counts
        Sources by kind.
    sources
        As registered by the product, by code.
    secret_file
        Secret of the API keys `APP_IDS`.
    """

    base: Settings
    counts: Mapping[str, int]
    sources: Mapping[str, Source]
    secret_file: Path

    @property
    def settings(self) -> Settings:
        """Settings with the address of the database, which has another port after each of its starts."""
        return replace(self.base, database_url=clusters.private_cluster(self.base.var_dir).url)

    @cached_property
    def schemas(self) -> Mapping[str, FrameSchema]:
        """Schemas in use by `CODE/VERSION`."""
        return {_name(source): source.schema for source in self.sources.values()}

    def simulation(self, clock_s: float) -> Simulation:
        """Return the city at a time."""
        simulated = [
            SimulatedSource(
                source.code,
                _name(source),
                source.kind,
                source.asset_id,
                substation_id=1 + source.asset_id % self.counts["substation"] if source.kind == "room_sensor" else None,
            )
            for source in self.sources.values()
        ]
        return start(simulated, self.schemas, seed=_SEED, clock_s=clock_s)

    def source_ids(self, group: Group) -> Int32Array:
        """Return the numbers of the sources of a group."""
        return np.array([self.sources[code].source_id for code in group.codes], np.int32)

    def batch(self, group: Group, ids: Int32Array, rows: Int64Array, observed_ms: Int64Array, shown: Float64Array) -> CityBatch:
        """Return frames as the intake has them before the store."""
        schema, unknown = group.schema, np.full(shown.shape, int(Quality.NOT_EVALUATED), np.uint8)
        first = self.sources[group.codes[0]]
        flags = flag_values(shown, unknown, schema.low, schema.high)
        batch = Batch(first.schema_id, schema, np.arange(len(rows)), ids[rows], observed_ms, shown, flags)
        return CityBatch(CITY_ID, batch)


def _name(source: Source) -> str:
    return f"{source.schema.code}/{source.schema.version}"


@contextmanager
def scratch_city(base: Settings, *, share: float = 1.0) -> Iterator[BenchCity]:
    """Make the city, or a share of it, in a new private cluster below the var dir, and remove it at the end."""
    counts = {kind: int(count * share) for kind, count in COUNTS.items()}
    var_dir = base.var_dir / "bench" / "ingest"
    # of a run that was killed
    clusters.stop(clusters.private_cluster(var_dir))
    shutil.rmtree(var_dir, ignore_errors=True)
    var_dir.mkdir(parents=True)
    with open_database(replace(base, var_dir=var_dir, database_url="")) as settings:
        with connect(settings.database_url) as connection:
            connection.execute(_CITY)
            connection.execute(_KEYS, counts)
            connection.execute(_ASSETS)
            office = Organisation("市供热管理办公室", "city", None, None)
            accounts.add_seat(
                connection, login="bench", person="Benchmark", organisation=office, role="administrator", password_hash=None
            )
            for app_id in APP_IDS:
                encrypted = vault.encrypt(vault.load_key(var_dir), SECRET, app_id=app_id)
                accounts.add_key(connection, login="bench", app_id=app_id, secret_encrypted=encrypted, digest="sm3")
        with connect(settings.database_url, autocommit=True) as connection:
            # no other table: an empty one that was vacuumed counts as empty for ever, and the planner scans it in a loop
            connection.execute("vacuum analyze asset, asset_key")
        secret_file = var_dir / "secret"
        secret_file.write_bytes(SECRET)
        try:
            yield BenchCity(settings, counts, {}, secret_file)
        finally:
            # also when it was started anew meanwhile
            clusters.stop(clusters.private_cluster(var_dir))
    shutil.rmtree(var_dir)


async def register(city: BenchCity) -> BenchCity:
    """Let the product register the sources of the assets."""
    pool = await open_pool(city.settings.database_url, size=2)
    try:
        await ensure_sources(pool, CITY_ID)
        found = {source.code: source for source in await list_sources(pool, CITY_ID)}
    finally:
        await pool.close()
    counts = {kind: sum(source.kind == kind for source in found.values()) for kind in city.counts}
    if counts != city.counts:
        raise SystemExit(f"benchmarks.ingest: the city has {counts} sources; it must have {city.counts}")
    return replace(city, sources=found)


def due_batches(
    city: BenchCity, moment: Moment, ids: Mapping[str, Int32Array], start_s: float, end_s: float, *, period_s: float = 60.0
) -> list[CityBatch]:
    """Return the frames of all groups that are due in a span, everybody reporting each `period_s`, in order of time."""
    found = []
    for group in moment.simulation.groups:
        rows, observed_ms = due(np.full(len(group), period_s), group.phase, start_s, end_s)
        order = np.argsort(observed_ms, kind="stable")
        rows, observed_ms = rows[order], observed_ms[order]
        if rows.size:
            found.append(city.batch(group, ids[group.name], rows, observed_ms, values(moment, group, rows, observed_ms)))
    return found
