"""Writes records of what measures where. A list is one transaction: all of it or nothing; the same list again changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg

from data.errors import Conflict, NotFound
from data.pool import Pool
from data.sources import find_schema
from data.statements import scope_parameters, sql
from twin.errors import BadRecord
from twin.measuring import (
    DEVICE_FIELDS,
    ID_LENGTH,
    POINT_FIELDS,
    SCRAPPED,
    THRESHOLD_FIELDS,
    AssetName,
    DeviceRecord,
    PointRecord,
    ThresholdRecord,
    check_codes,
    check_levels,
    check_place,
    check_texts,
    item_schema,
    write_limits,
)
from twin.schemas import DEFAULT_SCHEMAS, Point, point_from_json
from twin.scope import Scope

_LETTERS = {"point": "JCD", "device": "JCS", "threshold": "JCY"}
"""Of codes that the program gives: `HT`, four digits of the city, these letters, eleven digits counted up."""


@dataclass(frozen=True, slots=True)
class _Writer:
    """One write: the transaction, whom it is for and who does it."""

    connection: asyncpg.Connection
    scope: Scope
    city_id: int
    seat: str

    async def fetch(self, name: str, *parameters: object) -> list[asyncpg.Record]:
        """Run a scoped statement."""
        head = scope_parameters(self.scope, self.city_id).as_tuple()
        rows: list[asyncpg.Record] = await self.connection.fetch(sql(name), *head, *parameters)
        return rows

    async def store(self, name: str, rows: Sequence[Mapping[str, Any]]) -> list[asyncpg.Record]:
        """Run a storing statement on rows."""
        stored: list[asyncpg.Record] = await self.connection.fetch(sql(name), self.city_id, rows, self.seat)
        return stored

    async def identities(self, table: str, wanted: Sequence[tuple[str | None, str]]) -> list[str]:
        """Return the identification code of each record, given as (its own or None, natural key); new ones count up."""
        _require_once(f"{table} code", [code for _, code in wanted])
        _require_once(f"{table} bsm", [bsm for bsm, _ in wanted if bsm is not None])
        given = [bsm for bsm, _ in wanted if bsm is not None]
        rows = await self.fetch(f"measuring_{table}_known", given, [code for _, code in wanted])
        by_code, by_bsm = {row["code"]: row for row in rows}, {row["bsm"]: row for row in rows}
        prefix = f"HT{self.city_id:04d}{_LETTERS[table]}"
        last = int(await self.connection.fetchval(sql(f"measuring_{table}_last"), self.city_id, prefix))
        found = []
        for bsm, code in wanted:
            known = by_code.get(code) or (None if bsm is None else by_bsm.get(bsm))
            if known is not None:
                found.append(_own(table, bsm, code, known))
                continue
            last += bsm is None
            found.append(bsm or f"{prefix}{last:0{ID_LENGTH - len(prefix)}d}")
        return found


def _own(table: str, bsm: str | None, code: str, known: asyncpg.Record) -> str:
    """Return the code of a record that is there already, if it is this one and the seat may change it."""
    if not known["visible"]:
        raise Conflict(f"measuring {table} {code!r} is taken by one that this seat may not see; take another code")
    if known["code"] != code or bsm not in (None, known["bsm"]):
        there = f"bsm {known['bsm']} belongs to measuring {table} {known['code']!r}"
        raise Conflict(f"measuring {table} {code!r} comes with bsm {bsm}, but {there}")
    return str(known["bsm"])


def _require_once(what: str, values: Sequence[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1}) if len(set(values)) < len(values) else []
    if twice:
        raise BadRecord(f"{what} {twice[0]!r} comes more than once in this list")


async def store_points(pool: Pool, scope: Scope, city_id: int, records: Sequence[PointRecord], *, seat: str) -> list[str]:
    """Register measuring points, or change those of the same point code; return the identification code of each.

    Raises
    ------
    BadRecord
        When a text is too long, a code unknown, or a boundary joint cannot be there.
    NotFound
        When an asset is not there, or not for this seat.
    Conflict
        When an identification code or point code belongs to another point.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("source_lock"), city_id)
        writer = _Writer(connection, scope, city_id, seat)
        places = await _places(writer, [record.asset for record in records])
        codes = await writer.identities("point", [(record.bsm, record.point_code) for record in records])
        rows = []
        for record, (asset_id, kind), bsm in zip(records, places, codes, strict=True):
            name = f"measuring point {record.point_code!r}"
            row = asdict(record) | {"bsm": bsm, "asset_id": asset_id}
            check_texts(name, POINT_FIELDS, row)
            check_place(name, facility_type=record.facility_type, boundary=record.boundary, asset_kind=kind)
            lon, lat = record.lonlat_wgs84 or (None, None)
            rows.append(row | {"lon": lon, "lat": lat})
        await writer.store("measuring_point_store", rows)
    return codes


async def _places(writer: _Writer, names: Sequence[AssetName]) -> list[tuple[int, str]]:
    """Return id and kind of each asset that is named."""
    asked = [{"place": place, **asdict(name)} for place, name in enumerate(names)]
    found = {row["place"]: (row["asset_id"], row["kind"]) for row in await writer.fetch("measuring_places", asked)}
    for place, name in enumerate(names):
        if place not in found:
            raise NotFound(f"there is no {name} in city {writer.city_id}")
    return [found[place] for place in range(len(names))]


async def store_devices(pool: Pool, scope: Scope, city_id: int, records: Sequence[DeviceRecord], *, seat: str) -> list[str]:
    """Register measuring devices, or change those of the same device code; return the identification code of each.

    A device whose record names no source gets one of its own, `measuring_device:<bsm>`, by the schema of its item.

    Raises
    ------
    BadRecord
        When a text is too long, a code unknown, or the values cannot be where the record says.
    NotFound
        When a measuring point or source is not there, or not for this seat.
    Conflict
        When a code belongs to another device, or the point has another device in use for the item.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("source_lock"), city_id)
        writer = _Writer(connection, scope, city_id, seat)
        for record in records:
            name = f"measuring device {record.device_code!r}"
            check_texts(name, DEVICE_FIELDS, asdict(record))
            check_codes(name, device_type=record.device_type, item=record.item, state=record.state)
        assets = await _assets_of_points(writer, records)
        codes = await writer.identities("device", [(record.bsm, record.device_code) for record in records])
        await _require_free_items(writer, records, codes)
        bindings = await _bindings(writer, records, codes, assets)
        rows = [
            asdict(record) | {"bsm": bsm, "source_id": source_id, "point": point}
            for record, bsm, (source_id, point) in zip(records, codes, bindings, strict=True)
        ]
        # who is scrapped frees its item before the next one takes it
        ordered = sorted(rows, key=lambda row: row["state"] != SCRAPPED)
        await writer.store("measuring_device_store", [_jsonable(row) | {"place": i} for i, row in enumerate(ordered)])
    return codes


def _jsonable(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}


async def _assets_of_points(writer: _Writer, records: Sequence[DeviceRecord]) -> list[int]:
    rows = await writer.fetch("measuring_points_of", list({record.point_bsm for record in records}))
    assets = {row["bsm"]: row["asset_id"] for row in rows}
    for record in records:
        if record.point_bsm not in assets:
            raise NotFound(f"device {record.device_code!r}: there is no measuring point {record.point_bsm!r}")
    return [assets[record.point_bsm] for record in records]


async def _require_free_items(writer: _Writer, records: Sequence[DeviceRecord], codes: Sequence[str]) -> None:
    """Refuse a second device for one item at one point: a reading names only point and item."""
    used = [(record.point_bsm, record.item, record.device_code) for record in records if record.item and record.state != SCRAPPED]
    _require_once("point and item", [f"{point} {item}" for point, item, _ in used])
    points, items = [point for point, _, _ in used], [item for _, item, _ in used]
    taken = await writer.connection.fetch(sql("measuring_item_taken"), writer.city_id, points, items, list(codes))
    for row in taken:
        raise Conflict(
            f"measuring point {row['point_bsm']} has device {row['device_code']!r} in use for item {row['item']}; scrap it first"
        )


async def _bindings(
    writer: _Writer, records: Sequence[DeviceRecord], codes: Sequence[str], assets: Sequence[int]
) -> list[tuple[int, str]]:
    """Return the number of the source and the point of its schema where each device's values are."""
    named = {record.source for record in records if record.source is not None}
    known = {row["code"]: row for row in await writer.fetch("measuring_sources", list(named))}
    own = await _own_sources(writer, records, codes, assets)
    found = []
    for record, bsm in zip(records, codes, strict=True):
        if record.source is None:
            assert record.item is not None  # _own_sources has refused it
            found.append((own[_own_code(bsm)], DEFAULT_SCHEMAS[item_schema(record.item)].points[0].name))
        elif record.source not in known:
            raise NotFound(f"device {record.device_code!r}: there is no source {record.source!r} in city {writer.city_id}")
        else:
            found.append((known[record.source]["source_id"], _point_of(record, known[record.source])))
    return found


def _own_code(bsm: str) -> str:
    return f"measuring_device:{bsm}"


async def _own_sources(
    writer: _Writer, records: Sequence[DeviceRecord], codes: Sequence[str], assets: Sequence[int]
) -> dict[str, int]:
    """Make the sources of devices that have frames of their own; return their numbers by code."""
    rows = []
    schemas: dict[str, int] = {}
    for record, bsm, asset_id in zip(records, codes, assets, strict=True):
        if record.source is not None:
            continue
        if record.item is None:
            raise BadRecord(f"device {record.device_code!r} has neither an item nor a source; give one of the two")
        if record.item not in schemas:
            schemas[record.item] = (await find_schema(writer.connection, writer.city_id, item_schema(record.item))).schema_id
        source = {"code": _own_code(bsm), "asset_id": asset_id, "schema_id": schemas[record.item], "period_s": record.period_s}
        rows.append(source)
    stored = await writer.store("measuring_source_store", rows) if rows else []
    return {row["code"]: row["source_id"] for row in stored}


def _point_of(record: DeviceRecord, source: asyncpg.Record) -> str:
    """Return the point of a source's schema where a device's values are, checked against the unit of its item."""
    device, schema = f"device {record.device_code!r}", f"{source['schema_code']}/{source['schema_version']}"
    points: dict[str, Point] = {point["name"]: point_from_json(point) for point in source["points"]}
    if record.point not in points:
        known = ", ".join(points)
        raise BadRecord(f"{device}: point is {record.point!r}; schema {schema} of source {source['code']!r} has {known}")
    if record.item is not None:
        unit = DEFAULT_SCHEMAS[item_schema(record.item)].points[0].unit
        if unit and unit != points[record.point].unit:
            raise BadRecord(f"{device}: item {record.item} is in {unit}, point {record.point!r} in {points[record.point].unit}")
    return record.point


async def store_thresholds(pool: Pool, scope: Scope, city_id: int, records: Sequence[ThresholdRecord], *, seat: str) -> list[str]:
    """Set the thresholds of devices, by device code; return the identification code of each device.

    Raises
    ------
    BadRecord
        When a level has its limits crossed, or a higher level would alarm before a lower one.
    NotFound
        When a device is not there, or not for this seat.
    Conflict
        When an identification code belongs to the thresholds of another device.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(sql("source_lock"), city_id)
        writer = _Writer(connection, scope, city_id, seat)
        names = [record.device_code for record in records]
        known = {row["code"]: row for row in await writer.fetch("measuring_device_known", [], names)}
        for name in names:
            if name not in known or not known[name]["visible"]:
                raise NotFound(f"there is no measuring device {name!r} in city {city_id}")
        devices = [str(known[name]["bsm"]) for name in names]
        pairs = zip(records, devices, strict=True)
        codes = await writer.identities("threshold", [(record.bsm, device) for record, device in pairs])
        rows = [_threshold_row(*each) for each in zip(records, devices, codes, strict=True)]
        await writer.store("measuring_threshold_store", rows)
    return devices


def _threshold_row(record: ThresholdRecord, device_bsm: str, bsm: str) -> dict[str, Any]:
    name = f"thresholds of device {record.device_code!r}"
    try:
        check_levels(record.levels)
    except BadRecord as error:
        raise BadRecord(f"{name}: {error}") from None
    texts = {f"level_{level}": write_limits(limits) or "-" for level, limits in enumerate(record.levels, 1)}
    check_texts(name, THRESHOLD_FIELDS, texts)
    row: dict[str, Any] = {"device_bsm": device_bsm, "bsm": bsm}
    for level, limits in enumerate(record.levels, 1):
        row |= {f"level_{level}_below": limits.below, f"level_{level}_above": limits.above}
    return row
