"""History in ClickHouse, for a deployment that has outgrown one machine (`data.history.contract.History`).

The statements hold on a cluster and on chDB, the same engine inside a process, which the tests run. Frames go in and out as
RowBinary: all of a schema have the same length, so numpy writes and reads them as one array. Sources and schemas stay in
PostgreSQL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

import numpy as np

from data.history.contract import SchemaLookup
from data.history.levels import bucket_end, bucket_start
from data.statements import sql
from twin.frames import Frames, as_stored
from twin.history import Curve, curve_of_frames, curve_of_rollups
from twin.readings import Batch, Result
from twin.rollups import DAY_S, Rollups, coarser, no_rollups
from twin.schemas import FrameSchema, Point

Parameters: TypeAlias = Mapping[str, int | str | Sequence[int]]
_ALL: Final = 2**62
_STRUCTURE: Final = (
    "city_id UInt16, source_id UInt32, observed_at DateTime64(3, 'UTC'), schema_id UInt16, delay_s Int32, "
    "gauges Array(Float32), totals Array(Float64), quality Array(UInt8), precedence UInt64"
)


class ClickHouseEngine(Protocol):
    """What carries statements to ClickHouse: its HTTP interface, or chDB."""

    async def query(self, statement: str, parameters: Parameters) -> bytes:
        """Return the answer of a statement in the format that it names; parameters stand in it as `{name:Type}`."""

    async def insert(self, table: str, structure: str, rows: bytes) -> None:
        """Insert rows (RowBinary of the columns of `structure`); returns when they are stored."""


class ClickHouseHistory:
    """Readings in ClickHouse.

    Parameters
    ----------
    engine
        A connection.
    schemas
        Looks the schemas of a city up.
    """

    def __init__(self, engine: ClickHouseEngine, schemas: SchemaLookup) -> None:
        self._engine = engine
        self._schemas = schemas

    async def prepare(self) -> None:
        """Make the tables that are missing."""
        for name in ("history_clickhouse_frames", "history_clickhouse_conflicts"):
            await self._engine.query(sql(name), {})

    # ------------------------------------------------------------ writing

    async def append(self, city_id: int, batches: Sequence[Batch], *, received_ms: int) -> list[list[Result]]:
        """Store frames.

        What is there already is asked for first. Two writers of the same new key at once: the frame that arrived first stays, the
        other is gone when ClickHouse merges, without being kept aside; let one writer have a source.
        """
        results: list[list[Result]] = []
        before: list[Batch] = []
        for batch in batches:
            known = await self._known(city_id, [batch, *before])
            results.append(_compare(batch, known, before))
            for wanted, table in ((Result.ACCEPTED, "reading_frame"), (Result.CONFLICT, "reading_conflict")):
                rows = np.flatnonzero([result is wanted for result in results[-1]])
                if rows.size:
                    await self._engine.insert(table, _STRUCTURE, _rows(city_id, batch.take(rows), received_ms))
            before.append(batch.take(np.flatnonzero([result is Result.ACCEPTED for result in results[-1]])))
        return results

    async def _known(self, city_id: int, batches: Sequence[Batch]) -> list[Frames]:
        """Return stored frames around the keys of the first batch."""
        batch = batches[0]
        if not len(batch):
            return []
        sources = np.unique(batch.source_ids).tolist()
        span = int(batch.observed_ms.min()), int(batch.observed_ms.max()) + 1
        return await self._frames(city_id, sources, *span)

    # ------------------------------------------------------------ frames

    async def latest(self, city_id: int, source_ids: Sequence[int]) -> list[Frames]:
        """Return the newest frame of each source that has one."""
        if not source_ids:
            return []
        answer = await self._engine.query(sql("history_clickhouse_newest"), {"city": city_id, "sources": list(source_ids)})
        keys = np.frombuffer(answer, np.dtype([("schema_id", "<u2"), ("source_id", "<u4"), ("at", "<i8")]))
        schemas, found = await self._schemas(city_id), []
        for schema_id in np.unique(keys["schema_id"]).tolist():
            own = keys[keys["schema_id"] == schema_id]
            parameters: Parameters = {
                "city": city_id,
                "schema": schema_id,
                "sources": own["source_id"].tolist(),
                "times": own["at"].tolist(),
            }
            rows = await self._engine.query(sql("history_clickhouse_latest"), parameters)
            found.append(_frames(schema_id, schemas[schema_id], rows))
        return found

    async def _frames(
        self, city_id: int, source_ids: Sequence[int] | None, start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[Frames]:
        schemas, found = await self._schemas(city_id), []
        for parameters in await self._spans(city_id, source_ids, start_ms, end_ms):
            most = _ALL if limit is None else limit
            rows = await self._engine.query(sql("history_clickhouse_read"), {**parameters, "limit": most})
            found.append(_frames(int(str(parameters["schema"])), schemas[int(str(parameters["schema"]))], rows))
        return found

    async def _spans(self, city_id: int, source_ids: Sequence[int] | None, start_ms: int, end_ms: int) -> list[Parameters]:
        """Return the parameters that name a time and some sources, once for each schema of their frames."""
        if source_ids is not None and not source_ids:
            return []
        base: dict[str, int | str | Sequence[int]] = {
            "city": city_id,
            "sources": list(source_ids or ()),
            "start": start_ms,
            "end": end_ms,
        }
        answer = await self._engine.query(sql("history_clickhouse_schemas"), base)
        return [{**base, "schema": schema_id} for schema_id in np.frombuffer(answer, "<u2").tolist()]

    async def export(self, city_id: int, source_ids: Sequence[int], start_ms: int, end_ms: int) -> AsyncIterator[Frames]:
        """Yield all frames of some sources: day after day (UTC), one schema at a time, by source and time."""
        day = 1000 * DAY_S
        for day_ms in range(start_ms // day * day, end_ms, day):
            for frames in await self._frames(city_id, source_ids, max(day_ms, start_ms), min(day_ms + day, end_ms)):
                yield frames

    # ------------------------------------------------------------ curves and buckets

    async def curve(
        self,
        city_id: int,
        source_id: int,
        points: Sequence[Point],
        start_ms: int,
        end_ms: int,
        *,
        every_s: int = 0,
        zone: str = "UTC",
        limit: int | None = None,
    ) -> Curve:
        """Return one source over time; buckets are made from the frames by ClickHouse."""
        if every_s == 0:
            most = None if limit is None else limit + 1
            frames = await self._frames(city_id, [source_id], start_ms, end_ms, most)
            return curve_of_frames(frames, points, limit=limit)
        first_ms = bucket_start(start_ms, every_s, zone)
        before_ms = bucket_start(first_ms - 1, every_s, zone)
        last_ms = bucket_end(end_ms, every_s, zone)
        parts = await self._buckets(city_id, [source_id], before_ms, last_ms, every_s, zone=zone)
        return curve_of_rollups(parts, points, every_s=every_s, zone=zone, from_ms=first_ms)

    async def rollup(
        self,
        city_id: int,
        schema_id: int,
        start_ms: int,
        end_ms: int,
        every_s: int,
        *,
        zone: str = "UTC",
        source_ids: Sequence[int] | None = None,
    ) -> Rollups:
        """Return the buckets of the sources of one schema, by source and time; None = all sources."""
        span = bucket_start(start_ms, every_s, zone), bucket_end(end_ms, every_s, zone)
        parts = await self._buckets(city_id, source_ids, *span, every_s, zone=zone, schema_id=schema_id)
        schemas = await self._schemas(city_id)
        return parts[0] if parts else no_rollups(schemas[schema_id])

    async def _buckets(
        self,
        city_id: int,
        source_ids: Sequence[int] | None,
        start_ms: int,
        end_ms: int,
        every_s: int,
        *,
        zone: str,
        schema_id: int | None = None,
    ) -> list[Rollups]:
        schemas, found = await self._schemas(city_id), []
        for span in await self._spans(city_id, source_ids, start_ms, end_ms):
            if schema_id in (None, span["schema"]):
                schema = schemas[int(str(span["schema"]))]
                places = {
                    "gauge_places": [column + 1 for column in schema.gauge_columns],
                    "total_places": [column + 1 for column in schema.total_columns],
                }
                parameters: Parameters = {**span, **places, "every": every_s, "zone": zone}
                found.append(_rollups(schema, await self._engine.query(sql("history_clickhouse_rollup"), parameters)))
        return [coarser(each, every_s, zone) for each in found]


# ---------------------------------------------------------------- RowBinary


def _array(name: str, kind: str, count: int) -> list[tuple[Any, ...]]:
    """Return the fields of an array of fixed length: its length as a varint, then its values."""
    return [(f"{name}_size", "u1", (1 if count < 128 else 2,)), (name, kind, (count,))]


def _put_sizes(rows: np.ndarray, sizes: Mapping[str, int]) -> None:
    for name, count in sizes.items():
        rows[f"{name}_size"] = [count] if count < 128 else [count & 127 | 128, count >> 7]


def _sizes(schema: FrameSchema) -> dict[str, int]:
    return {"gauges": len(schema.gauge_columns), "totals": len(schema.total_columns), "quality": len(schema.points)}


def _payload(schema: FrameSchema) -> list[tuple[Any, ...]]:
    sizes = _sizes(schema)
    return [
        *_array("gauges", "<f4", sizes["gauges"]),
        *_array("totals", "<f8", sizes["totals"]),
        *_array("quality", "u1", sizes["quality"]),
    ]


def _rows(city_id: int, batch: Batch, received_ms: int) -> bytes:
    head = [("city_id", "<u2"), ("source_id", "<u4"), ("at", "<i8"), ("schema_id", "<u2"), ("delay_s", "<i4")]
    rows = np.zeros(len(batch), np.dtype([*head, *_payload(batch.schema), ("precedence", "<u8")]))
    rows["city_id"], rows["source_id"], rows["schema_id"] = city_id, batch.source_ids, batch.schema_id
    rows["at"], rows["delay_s"] = batch.observed_ms, (received_ms - batch.observed_ms) // 1000
    rows["gauges"], rows["totals"], rows["quality"] = batch.gauges, batch.totals, batch.quality
    # the greatest stays: that of the frame that came first
    rows["precedence"] = 2**63 - received_ms
    _put_sizes(rows, _sizes(batch.schema))
    return rows.tobytes()


def _frames(schema_id: int, schema: FrameSchema, answer: bytes) -> Frames:
    rows = np.frombuffer(answer, np.dtype([("source_id", "<u4"), ("at", "<i8"), ("delay_s", "<i4"), *_payload(schema)]))
    values = np.empty((len(rows), len(schema.points)))
    values[:, schema.gauge_columns], values[:, schema.total_columns] = rows["gauges"], rows["totals"]
    sources, times, delay_s = rows["source_id"].astype(np.int32), rows["at"].astype(np.int64), rows["delay_s"].astype(np.int32)
    return Frames(schema_id, schema, sources, times, delay_s, values, np.ascontiguousarray(rows["quality"]))


def _rollups(schema: FrameSchema, answer: bytes) -> Rollups:
    gauges, totals, points = len(schema.gauge_columns), len(schema.total_columns), len(schema.points)
    head: list[tuple[Any, ...]] = [("source_id", "<u4"), ("start_ms", "<i8"), ("frames", "<i4")]
    gauge = [field for name in ("least", "greatest", "mean") for field in _array(name, "<f4", gauges)]
    gauge += _array("gauge_count", "<i4", gauges)
    total = [*_array("last", "<f8", totals), *_array("total_count", "<i4", totals)]
    rows = np.frombuffer(answer, np.dtype([*head, *gauge, *total, *_array("worst", "u1", points)]))
    good = np.empty((len(rows), points), np.int32)
    good[:, schema.gauge_columns], good[:, schema.total_columns] = rows["gauge_count"], rows["total_count"]
    return Rollups(
        schema,
        rows["source_id"].astype(np.int32),
        rows["start_ms"].astype(np.int64),
        rows["frames"].astype(np.int32),
        rows["least"].astype(np.float32),
        rows["greatest"].astype(np.float32),
        rows["mean"].astype(np.float32),
        rows["last"].astype(np.float64),
        good,
        rows["worst"].astype(np.uint8),
    )


# ---------------------------------------------------------------- what is there already


def _compare(batch: Batch, known: Sequence[Frames], before: Sequence[Batch]) -> list[Result]:
    """Return the result of each frame against those stored, those of earlier batches, and those before it in its batch."""
    stored: dict[tuple[int, int], tuple[int, bytes]] = {}
    for part in known:
        stored |= dict(zip(_keys(part), _contents(part.schema_id, part.values, part.quality), strict=True))
    for each in before:
        contents = _contents(each.schema_id, as_stored(each.schema, each.values), each.quality)
        stored |= dict(zip(_keys(each), contents, strict=True))
    results = []
    contents = _contents(batch.schema_id, as_stored(batch.schema, batch.values), batch.quality)
    for key, content in zip(_keys(batch), contents, strict=True):
        found = stored.setdefault(key, content) if key not in stored else stored[key]
        results.append(Result.ACCEPTED if found is content else Result.DUPLICATE if found == content else Result.CONFLICT)
    return results


def _keys(frames: Frames | Batch) -> list[tuple[int, int]]:
    return list(zip(frames.source_ids.tolist(), frames.observed_ms.tolist(), strict=True))


def _contents(schema_id: int, values: np.ndarray, quality: np.ndarray) -> list[tuple[int, bytes]]:
    return [(schema_id, value.tobytes() + flags.tobytes()) for value, flags in zip(values, quality, strict=True)]
