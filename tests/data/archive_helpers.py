"""A city with two kinds of sources and frames written by plain SQL, which know nothing of how the archive encodes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from data.pool import connect
from tests.cities import TinyAsset, insert_city
from twin.schemas import FrameSchema, Point

PUMP = FrameSchema(
    "pump",
    1,
    (
        Point("flow_m3_per_h", "flow", "m3/h", low=0, high=500),
        Point("heat_total_gj", "heat", "GJ", slot="total"),
        Point("supply_pressure_mpa", "pressure", "MPa", low=0, high=2.5),
    ),
)
ROOM = FrameSchema("room_sensor", 1, (Point("room_temperature_degc", "temperature", "degC", low=-20, high=50),))
SCHEMAS = {1: PUMP, 2: ROOM}
DAY = date(2026, 11, 2)

Frame = tuple[int, int, datetime, int, bytes]
"""Schema, source, time, delay, payload."""


def seed(url: str, sources: dict[str, int], *, city_id: int = 1) -> None:
    """Insert a city with two schemas and sources `code -> schema`, numbered 1, 2, ..."""
    insert_city(url, [TinyAsset("substation", code) for code in sources], city_id=city_id)
    with connect(url) as connection:
        for number, schema in SCHEMAS.items():
            points = Jsonb([point.as_json() for point in schema.points])
            connection.execute(
                "insert into frame_schema values (%s, %s, %s, %s, %s)", (city_id, number, schema.code, schema.version, points)
            )
        for number, (code, schema_id) in enumerate(sources.items(), 1):
            connection.execute("insert into source values (%s, %s, %s, %s, %s, 60)", (city_id, number, code, number, schema_id))


def payload(schema_id: int, *values: float) -> bytes:
    """Pack the values of a frame in schema order as the store does: gauges, totals, flags."""
    if schema_id == 2:
        return struct.pack("!fB", values[0], 1)
    flow, heat, pressure = values
    return struct.pack("!ffd3B", flow, pressure, heat, 1, 1, 1)


def minute_frames(schema_id: int, source_id: int, count: int, *, day: date = DAY, step: float = 0.25) -> list[Frame]:
    """One frame a minute of a day."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    found = []
    for n in range(count):
        values = (20.0 + step * (n % 7),) if schema_id == 2 else (80.0 + step * n, 1e5 + 0.001 * n, 0.6)
        found.append((schema_id, source_id, start + timedelta(minutes=n), 2, payload(schema_id, *values)))
    return found


def insert_frames(url: str, frames: Sequence[Frame], *, city_id: int = 1) -> None:
    """Insert frames by plain SQL, with the partitions of their days."""
    with connect(url) as connection:
        for day in sorted({frame[2].date() for frame in frames}):
            make_partition(connection, day)
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into reading_frame (city_id, schema_id, source_id, observed_at, delay_s, payload)"
                " values (%s, %s, %s, %s, %s, %s)",
                [(city_id, *frame) for frame in frames],
            )


def make_partition(connection: Any, day: date) -> None:
    connection.execute(
        f"create table if not exists reading_frame_{day:%Y%m%d} partition of reading_frame"
        f" for values from ('{day} 00:00:00+00') to ('{day + timedelta(days=1)} 00:00:00+00')"
    )


def stored_frames(url: str) -> list[Frame]:
    with connect(url) as connection:
        return connection.execute(
            "select schema_id, source_id, observed_at, delay_s, payload from reading_frame order by 2, 3"
        ).fetchall()
