"""Queries of basic data: a page of the rows within the Scope that fit the parsed `where`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from api.dependencies import Caller
from api.exchange.answers import Code, ExchangeRefused
from api.exchange.records import device_values, point_values, threshold_values
from api.exchange.tables import Table, shown_time
from api.exchange.where import Where
from data.measuring import DeviceFilter, PointFilter, list_devices, list_points, list_thresholds
from data.pool import Pool

MAX_LOOKED_AT: Final = 20_000
"""Rows that are looked at for conditions which the store has no index for."""


async def query_basic(pool: Pool, caller: Caller, city_id: int, table: Table, where: Where) -> dict[str, Any]:
    """Return a page of rows as `data` of the answer."""
    caller.scope.require_layer("readings")
    first = (where.page - 1) * where.size
    if not where.conditions:
        total, rows = await _read(pool, caller, city_id, table, where, limit=where.size, offset=first)
    else:
        total, rows = await _read(pool, caller, city_id, table, where, limit=MAX_LOOKED_AT, offset=0)
        if total > MAX_LOOKED_AT:
            raise ExchangeRefused(
                Code.PARAMETERS_INVALID,
                f"where leaves {total} rows to look at; at most {MAX_LOOKED_AT} are looked at: name BSM, DWBSM or JCX by =",
            )
        fitting = [row for row in rows if all(condition.holds(row) for condition in where.conditions)]
        total, rows = len(fitting), fitting[first : first + where.size]
    return {"total": total, "page": where.page, "size": where.size, "rows": [_shown(table, row) for row in rows]}


async def _read(
    pool: Pool, caller: Caller, city_id: int, table: Table, where: Where, *, limit: int, offset: int
) -> tuple[int, Sequence[Mapping[str, Any]]]:
    """Return how many rows there are and some of them, narrowed by what the store can tell apart."""
    equal = {one.field.code: one.value for one in where.conditions if one.operator == "="}
    own = [equal["BSM"]] if "BSM" in equal else None
    page = {"limit": limit, "offset": offset}
    if table.name == "monitoring_point":
        total, points = await list_points(pool, caller.scope, city_id, PointFilter(bsm=own), **page)
        return total, [point_values(one) for one in points]
    if table.name == "monitoring_device":
        wanted = DeviceFilter(point=equal.get("DWBSM"), item=equal.get("JCX"), bsm=own)
        total, devices = await list_devices(pool, caller.scope, city_id, wanted, **page)
        return total, [device_values(one) for one in devices]
    total, thresholds = await list_thresholds(pool, caller.scope, city_id, DeviceFilter(item=equal.get("JCXDM")), **page)
    return total, [threshold_values(one) for one in thresholds]


def _shown(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with all fields of its table: null where there is nothing, times in Beijing time."""
    values = {field.code: row.get(field.code) for field in table.fields}
    return {code: shown_time(value) if isinstance(value, datetime) else value for code, value in values.items()}
