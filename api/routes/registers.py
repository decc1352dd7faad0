"""Registers: heat users, rural households, retrofit projects; rows that hang on an asset."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.dependencies import CallerDep, CityDep, PoolDep
from data.assets import read_kind
from data.registers import RegisterRow, RowFilter, ValueCount, asked_values, count_registers, count_values, list_rows
from twin.kinds import Attribute
from twin.registers import Register, register_of

router = APIRouter(tags=["registers"])

Value = str | int | float | bool | None

_COLUMNS: list[JsonDict] = [
    {"name": "door", "label_zh": "门牌号", "type": "text", "unit": "", "codes": {}, "personal": True},
    {"name": "heated_area_m2", "label_zh": "供热面积", "type": "number", "unit": "m²", "codes": {}, "personal": False},
]
_ROW: JsonDict = {
    "row_id": 1,
    "code": "***",
    "name": "",
    "asset_id": 12,
    "area_id": 3,
    "company_id": 1,
    "position": None,
    "masked": True,
    "attributes": {"building_code": "LD0001", "door": "***", "heated_area_m2": 88.5, "connected": True, "heating": True},
}


class ColumnModel(BaseModel):
    """One attribute of a register's rows."""

    name: str
    label_zh: str
    type: str = Field(description="text, integer, number, boolean, date, code")
    unit: str
    codes: dict[str, str] = Field(description="For type code: each value with its meaning.")
    personal: bool = Field(description="True: only seats that may read personal data see it.")


class RegisterModel(BaseModel):
    """One register."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "heat_user",
                    "name_zh": "热用户",
                    "name_en": "heat users",
                    "parent_kinds": ["building"],
                    "row_count": 44_210,
                    "columns": [*_COLUMNS],
                }
            ]
        }
    )

    kind: str = Field(description="Name of the register.")
    name_zh: str
    name_en: str
    parent_kinds: list[str] = Field(description="Kinds of asset that a row hangs on.")
    row_count: int = Field(description="Rows that the caller may see.")
    columns: list[ColumnModel]


class RegistersAnswer(BaseModel):
    """The registers that the caller may read."""

    registers: list[RegisterModel]


class RowModel(BaseModel):
    """One row."""

    row_id: int = Field(description="Id within its register.")
    code: str
    name: str
    asset_id: int | None = Field(description="Asset that it hangs on; null where the delivery names none that is known.")
    area_id: int | None = Field(description="Asset id of the district.")
    company_id: int | None = Field(description="Asset id of the owner.")
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")
    masked: bool = Field(description="True: personal values were replaced by ***.")
    attributes: dict[str, Value]


class ValueCountModel(BaseModel):
    """So many rows have these values."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"values": {"connected": True, "heating": True, "resident": True}, "row_count": 96}]}
    )

    values: dict[str, Value]
    row_count: int


class RowsAnswer(BaseModel):
    """A page of a register by rising row id."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "heat_user",
                    "name_zh": "热用户",
                    "name_en": "heat users",
                    "total": 118,
                    "columns": [*_COLUMNS],
                    "items": [_ROW],
                    "counts": [{"values": {"connected": True, "heating": True, "resident": True}, "row_count": 96}],
                }
            ]
        }
    )

    kind: str = Field(description="Name of the register.")
    name_zh: str
    name_en: str
    total: int = Field(description="How many fit; the page may hold fewer.")
    columns: list[ColumnModel]
    items: list[RowModel]
    counts: list[ValueCountModel] = Field(description="All rows that fit, by the values that matter; empty unless asked for.")


@router.get("/registers")
async def get_registers(*, caller: CallerDep, city: CityDep, pool: PoolDep) -> RegistersAnswer:
    """Tell which registers there are, what their rows hold and how many the caller may see."""
    found = await count_registers(pool, caller.scope, city)
    return RegistersAnswer(registers=[_register(register, count) for register, count in found])


@router.get("/registers/{register}")
async def get_rows(
    *,
    register: Annotated[str, Path(max_length=100, description="Name of the register.", examples=["heat_user"])],
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    asset: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="Building, village, zone or district whose rows are wanted.")
    ] = None,
    q: Annotated[str | None, Query(max_length=100, description="Part of the code or name.", examples=["NH"])] = None,
    where: Annotated[
        list[str] | None,
        Query(max_length=10, description="name:value; rows that have it, all of several.", examples=[["installed_year:2024"]]),
    ] = None,
    counts: Annotated[bool, Query(description="True: also count the rows by the values that matter.")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> RowsAnswer:
    """List the rows of a register that the caller may see; personal values are masked for seats that may not read them."""
    chosen = register_of(register)
    wanted = RowFilter(asset_id=asset, search=q or None, values=asked_values(chosen, caller.scope, where or ()))
    if asset is not None:
        await read_kind(pool, caller.scope, city, asset)
    total, rows = await list_rows(pool, caller.scope, city, chosen, wanted, limit=limit, offset=offset)
    counted = await count_values(pool, caller.scope, city, chosen, wanted) if counts else []
    return RowsAnswer(
        kind=chosen.name,
        name_zh=chosen.kind.name_zh,
        name_en=chosen.name_en,
        total=total,
        columns=_columns(chosen),
        items=[_row(row) for row in rows],
        counts=[_count(count) for count in counted],
    )


def _register(register: Register, count: int) -> RegisterModel:
    return RegisterModel(
        kind=register.name,
        name_zh=register.kind.name_zh,
        name_en=register.name_en,
        parent_kinds=list(register.parent.kinds),
        row_count=count,
        columns=_columns(register),
    )


def _columns(register: Register) -> list[ColumnModel]:
    return [_column(attribute, personal=attribute.name in register.personal) for attribute in register.kind.attributes]


def _column(attribute: Attribute, *, personal: bool) -> ColumnModel:
    return ColumnModel(
        name=attribute.name,
        label_zh=attribute.label_zh,
        type=attribute.type,
        unit=attribute.unit,
        codes=dict(attribute.codes),
        personal=personal,
    )


def _row(row: RegisterRow) -> RowModel:
    return RowModel(
        row_id=row.row_id,
        code=row.code,
        name=row.name,
        asset_id=row.asset_id,
        area_id=row.area_id,
        company_id=row.company_id,
        position=row.position_wgs84,
        masked=row.is_masked,
        attributes={name: _value(value) for name, value in row.attributes.items()},
    )


def _count(count: ValueCount) -> ValueCountModel:
    return ValueCountModel(values={name: _value(value) for name, value in count.values.items()}, row_count=count.row_count)


def _value(value: object) -> Value:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
