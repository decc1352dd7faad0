"""What the scheduled solves of the zones found: written by the worker, read for a caller.

The last solve of every zone is kept, until a sweep finds that the zone is no more. Versions tell what is stale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from io import BytesIO
from typing import Any

import numpy as np
import orjson

from data import tile_tables
from data.assets import Position, round_position
from data.errors import NotFound
from data.pool import Connection, Pool
from data.statements import scope_parameters, sql
from topology.hydraulics.pressure_line import HeadNet, head_net
from topology.hydraulics.what_if import MOVING_M_PER_S, HeatedZone
from topology.hydraulics.what_if_answer import problem_figures, summary_of
from twin.scope import Scope

START_TO_END, END_TO_START, UNKNOWN_DIRECTION = 0, 1, 2
"""Codes of the flow direction of a pipe, tender TB-08."""


@dataclass(frozen=True, slots=True)
class ZoneState:
    """Versions of a city and of its last sweep; `moved_on` where they differ."""

    city_id: int
    network_version: int
    valve_version: int
    swept_at: datetime | None
    moved_on: bool


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """The last solve of one zone; `source_id` holds its pressure."""

    source_id: int
    name: str
    code: str
    solved_at: datetime
    converged: bool
    stale: bool
    summary: Mapping[str, Any]
    problems: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ZoneHeads:
    """Heads of the last solve of a zone, with its time and versions."""

    net: HeadNet
    solved_at: datetime
    network_version: int
    valve_version: int
    stale: bool


@dataclass(frozen=True, slots=True)
class StationRow:
    """What the last solve of a zone says of one of its substations; None = unknown."""

    asset_id: int
    supply_mpa: float
    return_mpa: float
    flow_m3_per_h: float
    flow_share: float
    supply_degc: float | None


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Ends of an asset on a pressure line (WGS-84), and metres from its axis up to the ground; None = unknown."""

    start: Position
    end: Position
    cover_m: float | None


@dataclass(frozen=True, slots=True)
class SolvedAsset:
    """What the last solve of its zone says of one pipe or substation; None = not of this kind, or unknown."""

    source_id: int
    solved_at: datetime
    network_version: int
    valve_version: int
    stale: bool
    flow_direction: int | None
    flow_m3_per_h: float | None
    velocity_m_per_s: float | None
    supply_mpa: float | None
    return_mpa: float | None
    flow_share: float | None
    supply_degc: float | None


def put_zone(connection: Connection, city_id: int, zone: HeatedZone) -> None:
    """Replace what is stored of a zone, in one transaction.

    Notes
    -----
    Cost: 50 ms for a zone of 4,000 pipes.
    """
    result = zone.solved.result
    values = {
        "city_id": city_id,
        "source_id": result.source_id,
        "network_version": result.network_version,
        "valve_version": result.valve_version,
        "converged": result.converged,
        "summary": orjson.dumps(summary_of((zone,))).decode(),
        "problems": orjson.dumps([problem_figures(each) for each in zone.problems]).decode(),
        "heads": pack_heads(head_net(zone.solved)) if result.converged else None,
    }
    with connection.transaction():
        connection.execute(sql("zone_solution_put"), values)
        _put_rows(connection, "zone_pipe", city_id, result.source_id, _pipe_rows(zone))
        _put_rows(connection, "zone_station", city_id, result.source_id, _station_rows(zone))


def _put_rows(connection: Connection, table: str, city_id: int, source_id: int, rows: list[tuple[Any, ...]]) -> None:
    ids = [row[0] for row in rows]
    connection.execute(sql(f"{table}_clear"), {"city_id": city_id, "source_id": source_id, "asset_ids": ids})
    with connection.cursor() as cursor, cursor.copy(sql(f"{table}_copy")) as copy:
        for asset_id, *more in rows:
            copy.write_row((city_id, asset_id, source_id, *more))


def _pipe_rows(zone: HeatedZone) -> list[tuple[Any, ...]]:
    pipes = zone.solved.result.pipes
    if not zone.solved.result.converged:
        return [(int(asset_id), UNKNOWN_DIRECTION, None, None, None) for asset_id in np.unique(pipes.asset_id)]
    code = np.where(pipes.flow_m3_per_h >= 0, START_TO_END, END_TO_START)
    code[~(pipes.velocity_m_per_s > MOVING_M_PER_S)] = UNKNOWN_DIRECTION
    _, first = np.unique(pipes.asset_id, return_index=True)
    node = zone.temperatures.node_degc
    degc = (node[pipes.u] + node[pipes.v]) / 2.0
    known = np.where(np.isfinite(degc), degc, None)  # type: ignore[call-overload]  # None becomes NULL
    columns = (pipes.asset_id, code, pipes.flow_m3_per_h, pipes.velocity_m_per_s, known)
    return list(zip(*(column[first].tolist() for column in columns), strict=True))


def _station_rows(zone: HeatedZone) -> list[tuple[Any, ...]]:
    if not zone.solved.result.converged:
        return []
    stations, degc = zone.solved.result.stations, zone.temperatures.station_supply_degc
    _, first = np.unique(stations.asset_id, return_index=True)
    columns = (stations.asset_id, stations.supply_mpa, stations.return_mpa, stations.flow_m3_per_h, stations.flow_share)
    known = np.where(np.isfinite(degc), degc, None)  # type: ignore[call-overload]  # None becomes NULL
    return list(zip(*(column[first].tolist() for column in (*columns, known)), strict=True))


def end_sweep(connection: Connection, city_id: int, source_ids: Sequence[int], versions: tuple[int, int]) -> None:
    """Record that all zones of a city are solved at these versions, and drop zones that are no more.

    Tiles get the temperatures of the first sweep of a drawing; what a valve changes later travels otherwise.
    """
    values = {"city_id": city_id, "source_ids": list(source_ids), "network_version": versions[0], "valve_version": versions[1]}
    with connection.transaction():
        swept = connection.execute(sql("zone_swept"), values).fetchone()
        connection.execute(sql("zone_sweep_end"), values)
        if swept is None or swept[0] != versions[0]:
            tile_tables.put_temperatures(connection, city_id)


def try_lock_zones(connection: Connection, city_id: int) -> bool:
    """Take the right to solve the zones of a city for as long as the connection lives; False = another process has it."""
    row = connection.execute(sql("zone_try_lock"), {"city_id": city_id}).fetchone()
    return row is not None and bool(row[0])


def pack_heads(net: HeadNet) -> bytes:
    """Return the arrays as compressed bytes of numpy's own format."""
    buffer = BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **{item.name: getattr(net, item.name) for item in fields(HeadNet)})
    return buffer.getvalue()


def unpack_heads(data: bytes) -> HeadNet:
    """Read what `pack_heads` wrote."""
    with np.load(BytesIO(data), allow_pickle=False) as arrays:
        return HeadNet(**{item.name: arrays[item.name] for item in fields(HeadNet)})


async def zone_states(pool: Pool) -> list[ZoneState]:
    """Return, for every city, whether its zones were solved at its present versions."""
    return [ZoneState(**row) for row in await pool.fetch(sql("zone_due"))]


async def list_zones(pool: Pool, scope: Scope, city_id: int, *, source_id: int | None = None) -> list[ZoneRow]:
    """Return the last solve of every zone whose source the scope holds, by rising source."""
    parameters = scope_parameters(scope, city_id).as_tuple()
    return [ZoneRow(**row) for row in await pool.fetch(sql("zone_list"), *parameters, source_id)]


async def read_heads(pool: Pool, scope: Scope, city_id: int, source_id: int) -> ZoneHeads:
    """Return the heads of the last solve of a zone.

    Raises
    ------
    NotFound
        When the zone was not solved yet, did not converge, or the scope does not hold its source.
    """
    row = await pool.fetchrow(sql("zone_heads"), *scope_parameters(scope, city_id).as_tuple(), source_id)
    if row is None:
        raise NotFound(f"there is no solved zone of source {source_id} in city {city_id}; GET /zones lists them")
    if row["heads"] is None:
        raise NotFound(f"the zone of source {source_id} has no state: the solver found none; GET /zones tells its problems")
    net = unpack_heads(row["heads"])
    return ZoneHeads(net, row["solved_at"], row["network_version"], row["valve_version"], row["stale"])


async def list_stations(pool: Pool, scope: Scope, city_id: int, source_id: int) -> list[StationRow]:
    """Return the visible substations of a solved zone, by rising id."""
    parameters = scope_parameters(scope, city_id).as_tuple()
    return [StationRow(**row) for row in await pool.fetch(sql("zone_stations"), *parameters, source_id)]


async def read_line_places(pool: Pool, scope: Scope, city_id: int, asset_ids: Sequence[int]) -> dict[int, LinePlace]:
    """Return where the assets of a pressure line lie, as far as the scope holds them."""
    rows = await pool.fetch(sql("zone_line_places"), *scope_parameters(scope, city_id).as_tuple(), sorted(set(asset_ids)))
    found = {}
    for row in rows:
        ends = [round_position((row[f"{end}_lon"], row[f"{end}_lat"]), scope) for end in ("start", "end")]
        assert ends[0] is not None
        assert ends[1] is not None
        found[int(row["asset_id"])] = LinePlace(ends[0], ends[1], row["cover_m"])
    return found


async def read_solved_asset(pool: Pool, scope: Scope, city_id: int, asset_id: int) -> SolvedAsset | None:
    """Return what the last solve says of an asset; None where it lies in no solved zone or the scope does not hold it."""
    row = await pool.fetchrow(sql("zone_of_asset"), *scope_parameters(scope, city_id).as_tuple(), asset_id)
    return None if row is None else SolvedAsset(**row)
