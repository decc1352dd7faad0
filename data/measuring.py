"""Reads records of what measures where: measuring points, devices and thresholds of CJ/T 545."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from data.assets import Position, grid_deg
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.measuring import Limits
from twin.scope import Scope

BBox = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PointFilter:
    """Which measuring points; None = any.

    Attributes
    ----------
    asset_id
        What they stand at.
    bbox
        West, south, east, north: points whose (rounded) place lies in it.
    boundary
        Boundary joint they stand at.
    bsm
        Identification codes.
    """

    asset_id: int | None = None
    bbox: BBox | None = None
    boundary: str | None = None
    bsm: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """Which measuring devices, or the thresholds of which; None = any. `point` is the code of a measuring point."""

    asset_id: int | None = None
    point: str | None = None
    item: str | None = None
    bsm: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """A measuring point; texts are those of `twin.measuring.POINT_FIELDS`."""

    bsm: str
    facility_type: str
    facility_name: str
    street: str
    point_type: str
    point_code: str
    name: str
    position: str
    elevation: str
    elevation_datum: str
    asset_id: int
    asset_kind: str
    asset_code: str
    boundary: str | None
    seat: str
    changed_at: datetime
    lonlat_wgs84: Position | None
    device_count: int


@dataclass(frozen=True, slots=True)
class StoredDevice:
    """A measuring device; texts are those of `twin.measuring.DEVICE_FIELDS`.

    Attributes
    ----------
    asset_id
        What its measuring point stands at.
    source, schema, point, unit
        Where its values are: code of the source, `CODE/VERSION` of its schema, point and unit in it.
    """

    bsm: str
    point_bsm: str
    device_type: str | None
    device_code: str
    name: str
    maker: str
    model: str
    position: str
    area: str
    street: str
    relative_height: str
    installed_at: datetime
    origin: str
    item: str | None
    sampling_frequency: str
    upload_frequency: str
    power_supply: str
    online_at: datetime
    state: str
    point: str
    seat: str
    changed_at: datetime
    asset_id: int
    source: str
    schema: str
    unit: str


@dataclass(frozen=True, slots=True)
class StoredThreshold:
    """Thresholds of alarm levels 1 (highest), 2, 3 of a device's item, in the unit of its point."""

    bsm: str
    device_bsm: str
    device_type: str | None
    device_code: str
    item: str | None
    unit: str
    levels: tuple[Limits, Limits, Limits]
    seat: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Binding:
    """Where the values of one item at one measuring point are.

    Attributes
    ----------
    source
        Code of the source.
    schema
        `CODE/VERSION` of its frame schema.
    point, unit
        The point of that schema, and its unit.
    single
        True: the schema has this one point, so a value makes a whole frame. False: the value is one of a wider frame and
        comes with that frame.
    """

    source: str
    schema: str
    point: str
    unit: str
    single: bool


async def list_points(
    pool: Pool, scope: Scope, city_id: int, wanted: PointFilter, *, limit: int, offset: int
) -> tuple[int, list[StoredPoint]]:
    """Return how many visible measuring points fit, and a page of them by rising code; places are rounded as the scope asks."""
    asked = (wanted.asset_id, wanted.bbox, wanted.boundary, wanted.bsm, *grid_deg(scope))
    parameters = (*scope_parameters(scope, city_id).as_tuple(), *asked)
    total = int(await pool.fetchval(sql("measuring_point_count"), *parameters))
    rows = await pool.fetch(sql("measuring_point_list"), *parameters, limit, offset)
    return total, [_point(row) for row in rows]


def _point(row: asyncpg.Record) -> StoredPoint:
    given = dict(row)
    lon, lat, devices = given.pop("lon"), given.pop("lat"), given.pop("devices")
    return StoredPoint(**given, lonlat_wgs84=None if lon is None else (lon, lat), device_count=devices)


async def list_devices(
    pool: Pool, scope: Scope, city_id: int, wanted: DeviceFilter, *, limit: int, offset: int
) -> tuple[int, list[StoredDevice]]:
    """Return how many visible measuring devices fit, and a page of them by rising code."""
    parameters = _asked(scope, city_id, wanted)
    total = int(await pool.fetchval(sql("measuring_device_count"), *parameters))
    rows = await pool.fetch(sql("measuring_device_list"), *parameters, limit, offset)
    return total, [_device(row) for row in rows]


def _device(row: asyncpg.Record) -> StoredDevice:
    given = dict(row)
    schema = f"{given.pop('schema_code')}/{given.pop('schema_version')}"
    return StoredDevice(**given | {"schema": schema, "unit": given["unit"] or ""})


async def list_thresholds(
    pool: Pool, scope: Scope, city_id: int, wanted: DeviceFilter, *, limit: int, offset: int
) -> tuple[int, list[StoredThreshold]]:
    """Return how many thresholds of visible devices fit, and a page of them by rising code."""
    parameters = _asked(scope, city_id, wanted)
    total = int(await pool.fetchval(sql("measuring_threshold_count"), *parameters))
    rows = await pool.fetch(sql("measuring_threshold_list"), *parameters, limit, offset)
    return total, [_threshold(row) for row in rows]


def _threshold(row: asyncpg.Record) -> StoredThreshold:
    first, second, third = (Limits(row[f"level_{level}_below"], row[f"level_{level}_above"]) for level in (1, 2, 3))
    return StoredThreshold(
        bsm=row["bsm"],
        device_bsm=row["device_bsm"],
        device_type=row["device_type"],
        device_code=row["device_code"],
        item=row["item"],
        unit=row["unit"] or "",
        levels=(first, second, third),
        seat=row["seat"],
        changed_at=row["changed_at"],
    )


def _asked(scope: Scope, city_id: int, wanted: DeviceFilter) -> tuple[object, ...]:
    return (*scope_parameters(scope, city_id).as_tuple(), wanted.asset_id, wanted.point, wanted.item, wanted.bsm)


async def find_measuring_points(pool: Pool, scope: Scope, city_id: int, bsm: Sequence[str]) -> Mapping[tuple[str, str], Binding]:
    """Find where the values of measuring points or devices go, for rows of `device_realtime_reading` (设备实时监测).

    Parameters
    ----------
    bsm
        Identification codes of measuring points (DWBSM) or measuring devices (BSM), in any mixture.

    Returns
    -------
    By (code as given, item JCX_00nn). What the scope does not hold, scrapped devices and unknown codes are missing.
    A point measures an item with at most one device in use. Cost: some milliseconds for 1,000 codes.
    """
    rows = await pool.fetch(sql("measuring_find"), *scope_parameters(scope, city_id).as_tuple(), list(set(bsm)))
    found: dict[tuple[str, str], Binding] = {}
    for row in rows:
        schema = f"{row['schema_code']}/{row['schema_version']}"
        binding = Binding(row["source"], schema, row["point"], row["unit"] or "", row["single"])
        found[row["bsm"], row["item"]] = found[row["point_bsm"], row["item"]] = binding
    return found
