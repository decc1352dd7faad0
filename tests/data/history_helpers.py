"""What the tests of history share: a small city with two schemas, its frames, and plain sums over them as an oracle."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg.types.json import Jsonb

from data.pool import connect
from twin.frames import Frames
from twin.readings import Batch
from twin.schemas import FrameSchema, Point

CITY = 7
ZONE = "Asia/Shanghai"
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
START_MS = 1_795_219_200_000  # 2026-11-21 00:00 UTC

SUPPLY = Point("supply_temperature_degc", "temperature", "degC", low=0, high=150)
PRESSURE = Point("supply_pressure_mpa", "pressure", "MPa")
HEAT = Point("heat_total_gj", "heat", "GJ", slot="total")
FLOW = Point("flow_m3_per_h", "flow", "m3/h")
OLD = FrameSchema("station", 1, (SUPPLY, HEAT, PRESSURE))
NEW = FrameSchema("station", 2, (SUPPLY, HEAT, PRESSURE, FLOW))
SCHEMAS = {1: OLD, 2: NEW}
POINTS = (FLOW, HEAT, SUPPLY)


@dataclass(frozen=True)
class Row:
    """One frame as a test writes it."""

    source_id: int
    at_ms: int
    values: tuple[float, ...]
    quality: tuple[int, ...]
    schema_id: int = 1


def insert_history_city(url: str, periods: Mapping[int, int] | None = None) -> None:
    """Insert the city with its two schemas, and sources of the first one by number with their seconds between two frames."""
    with connect(url) as connection:
        connection.execute(
            "insert into city (city_id, name_zh, name_en, zone, synthetic) values (%s, '城', 'city', %s, true)", (CITY, ZONE)
        )
        for number, schema in SCHEMAS.items():
            points = Jsonb([point.as_json() for point in schema.points])
            connection.execute(
                "insert into frame_schema values (%s, %s, %s, %s, %s)", (CITY, number, schema.code, schema.version, points)
            )
        for source_id, period_s in (periods or {}).items():
            connection.execute("insert into source values (%s, %s, %s, 1, 1, %s)", (CITY, source_id, f"s:{source_id}", period_s))


def row(source_id: int, at_ms: int, *values: float, quality: Sequence[int] | None = None, schema_id: int = 1) -> Row:
    flags = tuple(9 if math.isnan(value) else 1 for value in values) if quality is None else tuple(quality)
    return Row(source_id, at_ms, values, flags, schema_id)


def batches(rows: Iterable[Row]) -> list[Batch]:
    """Return rows as batches, one a schema, in their order."""
    found = []
    for schema_id, schema in SCHEMAS.items():
        own = [each for each in rows if each.schema_id == schema_id]
        if own:
            found.append(
                Batch(
                    schema_id,
                    schema,
                    np.arange(len(own)),
                    np.array([each.source_id for each in own], np.int32),
                    np.array([each.at_ms for each in own], np.int64),
                    np.array([each.values for each in own], np.float64),
                    np.array([each.quality for each in own], np.uint8),
                )
            )
    return found


def season(days: int = 2, period_s: int = 300, sources: Sequence[int] = (1, 2, 70)) -> list[Row]:
    """Return frames of some days: walks with holes, bad values, missing ones, a meter that is changed, a schema that changes."""
    chance = np.random.default_rng(11)
    rows = []
    for source_id in sources:
        heat, supply = 90_000_000.125 + source_id, 60.0
        for step in range(days * 86_400 // period_s):
            at_ms = START_MS + step * period_s * 1000 + int(chance.integers(0, period_s * 900))
            supply += float(chance.normal(0, 0.3))
            heat = 0.5 if source_id == 2 and step == 400 else round(heat + float(chance.uniform(0, 0.05)), 3)
            if chance.random() < 0.02 or 100 <= step % 288 < 120:
                continue
            values = [float(np.float32(round(supply, 2))), heat, float(np.float32(round(float(chance.uniform(0.3, 0.9)), 3)))]
            flags = [1, 2, 1]
            if chance.random() < 0.05:
                flags[int(chance.integers(0, 3))] = int(chance.choice([3, 4]))
            for place in np.flatnonzero(chance.random(3) < 0.03).tolist():
                values[place], flags[place] = math.nan, 9
            newer = source_id != 1 and step >= 250
            if newer:
                values, flags = [*values, float(np.float32(40 + step / 100))], [*flags, 1]
            rows.append(Row(source_id, at_ms, tuple(values), tuple(flags), 2 if newer else 1))
    return rows


# ---------------------------------------------------------------- the oracle: plain sums over the rows


@dataclass(frozen=True)
class Bucket:
    frames: int
    least: float
    greatest: float
    mean: float
    last: float
    good: int
    worst: int


def bucket_of(at_ms: int, every_s: int) -> int:
    if every_s < 86_400:
        return at_ms // (every_s * 1000) * every_s * 1000
    local = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(ZONE))
    midnight = datetime(local.year, local.month, local.day, tzinfo=ZoneInfo(ZONE))
    return round(midnight.astimezone(UTC).timestamp() * 1000)


def expected(rows: Sequence[Row], source_id: int, point: Point, every_s: int) -> dict[int, Bucket]:
    gathered: dict[int, list[tuple[int, float, int]]] = {}
    for each in sorted(rows, key=lambda item: item.at_ms):
        if each.source_id == source_id:
            names = [item.name for item in SCHEMAS[each.schema_id].points]
            place = names.index(point.name) if point.name in names else None
            value, flag = (math.nan, 9) if place is None else (each.values[place], each.quality[place])
            gathered.setdefault(bucket_of(each.at_ms, every_s), []).append((each.at_ms, value, flag))
    return {start: _bucket(found) for start, found in gathered.items()}


def _bucket(found: Sequence[tuple[int, float, int]]) -> Bucket:
    good = [value for _, value, flag in found if flag <= 2 and not math.isnan(value)]
    worst = max(flag for _, _, flag in found)
    if not good:
        return Bucket(len(found), math.nan, math.nan, math.nan, math.nan, 0, worst)
    return Bucket(len(found), min(good), max(good), math.fsum(good) / len(good), good[-1], len(good), worst)


# ---------------------------------------------------------------- the archive


def write_archive(url: str, var_dir: Path, frames: Frames, *, part: int = 0) -> None:
    """Write frames of one schema and day to Parquet by pyarrow, name them in the manifest, and take them out of the hot one."""
    day = datetime.fromtimestamp(int(frames.observed_ms[0]) / 1000, UTC).date()
    schema = frames.schema
    folder = Path("readings") / f"city={CITY}" / f"schema={schema.code}-{schema.version}" / f"day={day}"
    columns = {
        "source_id": pa.array(frames.source_ids, pa.int32()),
        "observed_at": pa.array(frames.observed_ms, pa.timestamp("ms", "UTC")),
        "delay_s": pa.array(frames.delay_s, pa.int32()),
    }
    for number, point in enumerate(schema.points):
        kind = pa.float64() if point.slot == "total" else pa.float32()
        columns[point.name] = pa.array(frames.values[:, number], pa.float64(), from_pandas=True).cast(kind)
        columns[f"{point.name}__quality"] = pa.array(frames.quality[:, number], pa.uint8())
    (var_dir / folder).mkdir(parents=True, exist_ok=True)
    path = folder / f"part-{part}.parquet"
    pq.write_table(pa.table(columns), var_dir / path, compression="zstd")
    times = [datetime.fromtimestamp(int(each) / 1000, UTC) for each in (frames.observed_ms.min(), frames.observed_ms.max())]
    with connect(url) as connection:
        connection.execute(
            "insert into reading_archive values (%s, %s, %s, %s, %s, %s, %s, 1, 'none', %s, %s, %s, %s, 1, now(), now())",
            (
                CITY,
                frames.schema_id,
                day,
                part,
                str(path),
                len(frames),
                frames.values.size,
                int(frames.source_ids.min()),
                int(frames.source_ids.max()),
                *times,
            ),
        )
        connection.execute(
            "delete from reading_frame f using unnest(%s::int[], %s::timestamptz[]) as gone (source_id, observed_at)"
            " where f.city_id = %s and f.source_id = gone.source_id and f.observed_at = gone.observed_at",
            (
                frames.source_ids.tolist(),
                [datetime.fromtimestamp(each / 1000, UTC) for each in frames.observed_ms.tolist()],
                CITY,
            ),
        )
