"""Customer lists (用户清单): who is to be told that heat will stop, as a table under Chinese headings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import orjson
import psycopg
from psycopg.types.json import set_json_loads

from data.pool import Connection
from data.sheets import Cell, write_csv, write_xlsx
from data.statements import scope_parameters, sql
from twin.registers import REGISTERS, masked
from twin.scope import Scope

ListFormat: TypeAlias = Literal["csv", "xlsx"]
HEAD = (
    *("企业", "换热站", "小区", "楼栋", "楼栋编码", "地址", "重点保障", "单元", "门牌号", "用户编码", "用户", "联系电话"),
    *("用户数（户）", "供热面积（m²）", "资产编号"),
)
_SHEET = "用户清单"
_BATCH = 5000


def write_customers(
    connection: Connection, scope: Scope, city_id: int, asset_ids: Sequence[int], path: Path, *, form: ListFormat
) -> int:
    """Write the table of the customers in buildings to a file, and return how many rows it has.

    Parameters
    ----------
    connection
        Outside a transaction.
    scope
        What the caller may read: buildings outside it are left out, names, doors and phones masked unless it holds `personal`.
    city_id
        The city.
    asset_ids
        Buildings; assets of other kinds are passed over.
    path, form
        The file; one that was not finished is for the caller to remove.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city or its buildings.
    BadExport
        When there are more rows than a sheet holds.

    Notes
    -----
    A row is a heat user where the register knows them (then the area is theirs), else a building with its number of users. Rows
    are written as the database hands them over, so memory does not grow with them.
    """
    scope.require_layer("building")
    rows = _rows(connection, scope, city_id, asset_ids)
    return write_csv(path, HEAD, rows) if form == "csv" else write_xlsx(path, _SHEET, HEAD, rows)


def _rows(connection: Connection, scope: Scope, city_id: int, asset_ids: Sequence[int]) -> Iterator[tuple[Cell, ...]]:
    parameters = (*scope_parameters(scope, city_id).as_tuple(), list(asset_ids), scope.personal)
    with connection.transaction(), psycopg.RawServerCursor(connection, "customers") as cursor:
        set_json_loads(orjson.loads, cursor)
        cursor.execute(sql("customer_list"), parameters)
        while batch := cursor.fetchmany(_BATCH):
            yield from (_row(values, scope) for values in batch)


def _row(values: tuple[Any, ...], scope: Scope) -> tuple[Cell, ...]:
    asset_id, code, name, estate, substation, company, address, critical, users, area, user_code, user_name, more = values
    where = (company, substation, estate, name, code, address, critical)
    if user_code is None:
        return (*where, None, None, None, None, None, users, area, asset_id)
    stored = {**(more or {}), "code": user_code, "name": user_name}
    shown = masked(REGISTERS["heat_user"], stored, personal=scope.personal)
    own_area = shown.get("heated_area_m2")
    texts = tuple(_text(shown.get(key)) for key in ("unit", "door", "code", "name", "phone"))
    return (*where, *texts, 1, own_area if isinstance(own_area, int | float) else None, asset_id)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
