"""Writes the dominator tree into the store, so that plain SQL answers what falls with what (`impact_of`, docs/intervals.md)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from data.imports.copying import HEADER, TRAILER
from data.pool import Connection, Pool
from data.statements import sql
from topology.answers.interval_rows import SEGMENT, IntervalRows, SegmentRows, interval_rows, segment_rows
from topology.assets import KINDS
from topology.network import Network

Columns: TypeAlias = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class IntervalReport:
    """What was written; `written` is False when the store had these versions, or later ones, already."""

    rows: int
    written: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class StaleCity:
    """A city whose intervals are older than its network, and the present versions."""

    city_id: int
    network_version: int
    valve_version: int


async def stale_cities(pool: Pool) -> list[StaleCity]:
    """Return the cities whose intervals are to be written anew."""
    return [StaleCity(**row) for row in await pool.fetch(sql("interval_stale"))]


def write_intervals(connection: Connection, network: Network) -> IntervalReport:
    """Replace the intervals of a city in one transaction; readers see the old ones until it commits.

    The segments of pipes are written only when the drawing has changed. Two writers of one city wait for each other, and the
    later versions stay.

    Notes
    -----
    Cost: see docs/intervals.md.
    """
    started = time.perf_counter()
    city = {"city_id": network.city_id}
    versions = (network.network_version, network.valve_version)
    rows = 0
    with connection.transaction():
        connection.execute(sql("interval_lock"), city)
        stored = connection.execute(sql("interval_stored"), city).fetchone()
        if stored is not None and stored >= versions:
            return IntervalReport(0, False, time.perf_counter() - started)
        connection.execute(sql("interval_clear"), city)
        if stored is None or stored[0] != network.network_version:
            connection.execute(sql("interval_clear_pipes"), city)
            rows += _copy(connection, "interval_copy_pipes", network.city_id, segment_rows(network))
        rows += _copy(connection, "interval_copy", network.city_id, interval_rows(network))
        connection.execute(sql("interval_write_version"), city | {"network_version": versions[0], "valve_version": versions[1]})
    return IntervalReport(rows, True, time.perf_counter() - started)


def _copy(connection: Connection, statement: str, city_id: int, rows: IntervalRows | SegmentRows) -> int:
    with connection.cursor() as cursor, cursor.copy(sql(statement)) as copy:
        copy.write(HEADER)
        for block in _encoded(city_id, rows):
            copy.write(block)
        copy.write(TRAILER)
    return len(rows.asset_id)


def _encoded(city_id: int, rows: IntervalRows | SegmentRows) -> Iterator[bytes]:
    """Encode rows for a binary COPY: a block for each kind, with and without a pair, so that all of its rows are alike."""
    for code in np.unique(rows.kind):
        kind = ("segment" if code == SEGMENT else KINDS[code]).encode()
        for paired in (False, True):
            chosen = np.flatnonzero((rows.kind == code) & ((rows.pair_id > 0) == paired))
            if isinstance(rows, IntervalRows):
                # in the order of the index that is asked most: its pages fill one after another
                chosen = chosen[np.argsort(rows.tin[chosen], kind="stable")]
            if len(chosen):
                yield _block(_columns(city_id, kind, rows, chosen), "" if paired else "pair_id")


def _columns(city_id: int, kind: bytes, rows: IntervalRows | SegmentRows, chosen: NDArray[np.intp]) -> Columns:
    """Return the columns in the order of the statements, in the form that PostgreSQL takes."""
    columns: Columns = {
        "city_id": np.full(len(chosen), city_id, ">i2"),
        "asset_id": rows.asset_id[chosen].astype(">i4"),
        "kind": np.full(len(chosen), kind, f"S{len(kind)}"),
        "pair_id": rows.pair_id[chosen].astype(">i4"),
    }
    if isinstance(rows, SegmentRows):
        return columns | {"segment_id": rows.segment_id[chosen].astype(">i4")}
    numbers = {"tin": rows.tin[chosen].astype(">i4"), "tout": rows.tout[chosen].astype(">i4")}
    return columns | numbers | {"exact": rows.exact[chosen].astype("u1")}


def _block(columns: Columns, null: str) -> bytes:
    """Lay columns out as rows of the binary format; the column named `null` is NULL in all of them."""
    layout: list[tuple[str, Any]] = [("columns", ">i2")]
    for name, values in columns.items():
        layout.append((f"{name}_size", ">i4"))
        if name != null:
            layout.append((name, values.dtype))
    block = np.zeros(len(columns["asset_id"]), dtype=layout)
    block["columns"] = len(columns)
    for name, values in columns.items():
        block[f"{name}_size"] = -1 if name == null else values.dtype.itemsize
        if name != null:
            block[name] = values
    return block.tobytes()
