"""Sheets of the rollout's registers: templates to fill in, filled ones tried and brought in, versions of a row."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import CallerDep, CityDep, PoolDep, SettingsDep
from api.errors import BadRequest, PayloadTooLarge
from data.rollout_refresh import refresh_city
from data.rollout_sheets import (
    CellRemark,
    RowChange,
    RowVersion,
    SheetReport,
    read_versions,
    sheet_register,
    take_sheet,
    template_csv,
    template_xlsx,
)
from data.sheet_reading import MOST_BYTES
from twin.rollout_sheets import SHEETS

router = APIRouter(prefix="/rollout", tags=["rollout"])

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RegisterPath = Annotated[
    str, Path(max_length=100, description=f"Register with a sheet: {', '.join(SHEETS)}.", examples=["rollout_report"])
]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}, "example": "序号,区域代码*"}},
    }
}


class CellRemarkModel(BaseModel):
    """What is said of one cell."""

    row: int = Field(description="Row as the spreadsheet program shows it.", examples=[3])
    column: str = Field(description="Head of the column.", examples=["月份"])
    value: str = Field(description="What stands there, the first 80 characters.", examples=["2026-13"])
    rule: str = Field(description="Stable name of what it is about.", examples=["wrong_month"])
    message_zh: str = Field(examples=["不是有效月份；应为 YYYY-MM，如 2026-10"])
    message_en: str = Field(examples=["is no month; write YYYY-MM, for instance 2026-10"])


class CellChangeModel(BaseModel):
    """One column that differs."""

    column: str = Field(examples=["取暖总面积（m²）"])
    before: str | int | float | bool | None = Field(examples=[1000])
    after: str | int | float | bool | None = Field(examples=[1200])


class RowChangeModel(BaseModel):
    """What a row does to the register."""

    row: int = Field(examples=[3])
    code: str = Field(examples=["220104-2026-10-农村"])
    status: Literal["new", "changed"]
    differences: list[CellChangeModel] = Field(description="Personal values are *** for seats that may not read them.")


class SheetAnswer(BaseModel):
    """What became of a sheet."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "register": "rollout_report",
                    "name_zh": "推广月报",
                    "dry_run": True,
                    "rows": 2,
                    "new": 0,
                    "changed": 0,
                    "unchanged": 0,
                    "written": False,
                    "change_id": None,
                    "error_count": 1,
                    "note_count": 0,
                    "changes": [],
                    "errors": [
                        {
                            "row": 3,
                            "column": "月份",
                            "value": "2026-13",
                            "rule": "wrong_month",
                            "message_zh": "不是有效月份；应为 YYYY-MM，如 2026-10",
                            "message_en": "is no month; write YYYY-MM, for instance 2026-10",
                        }
                    ],
                    "notes": [],
                }
            ]
        }
    )

    register_: str = Field(alias="register", examples=["rollout_report"])
    name_zh: str = Field(examples=["推广月报"])
    dry_run: bool
    rows: int = Field(description="Rows with content, without the example.")
    new: int
    changed: int
    unchanged: int
    written: bool = Field(description="False also where nothing differs from the archive.")
    change_id: int | None = Field(description="The change of the archive; null when nothing was written.")
    error_count: int
    note_count: int
    changes: list[RowChangeModel] = Field(description="The first 100 rows that are new or differ.")
    errors: list[CellRemarkModel] = Field(description="Why nothing is brought in, at most 500; all or nothing.")
    notes: list[CellRemarkModel] = Field(description="What was mended: blanks, full-width digits, dates as numbers.")


class RowVersionModel(BaseModel):
    """A row as it was at a time, with the change that wrote it."""

    model_config = ConfigDict(from_attributes=True)

    valid_from_at: datetime
    valid_to_at: datetime | None = Field(description="null = current")
    name: str
    attributes: dict[str, Any]
    change_id: int | None
    seat: str = Field(examples=["王工 (市供热办, wang)"])
    reason: str = Field(examples=["10 月月报更正"])
    source: str = Field(examples=["sheet-rollout_report.toml"])


class RowVersionsAnswer(BaseModel):
    """The versions of one row, newest first."""

    register_: str = Field(alias="register", examples=["rollout_report"])
    code: str = Field(examples=["220104-2026-10-农村"])
    versions: list[RowVersionModel]


@router.get(
    "/templates/{register}.{form}",
    response_class=Response,
    responses={200: {"description": "The template.", "content": {_XLSX: {}, "text/csv": {}}}},
)
async def template(
    *, caller: CallerDep, register: RegisterPath, form: Annotated[Literal["xlsx", "csv"], Path(examples=["xlsx"])]
) -> Response:
    """Return the template of a register (填报模板): heads with units, an example row, lists of codes, a sheet that explains."""
    chosen = sheet_register(register)
    caller.scope.require_layer(chosen.name)
    content = await asyncio.to_thread(template_xlsx if form == "xlsx" else template_csv, chosen)
    name = quote(f"{chosen.kind.name_zh}模板.{form}")
    head = f"attachment; filename=\"{register}.{form}\"; filename*=UTF-8''{name}"
    media = _XLSX if form == "xlsx" else "text/csv; charset=utf-8"
    return Response(content, media_type=media, headers={"Content-Disposition": head})


@router.post(
    "/sheets/{register}",
    responses={422: {"description": "The sheet has faults, or cannot be read; nothing was written.", "model": SheetAnswer}},
    openapi_extra=_BODY,
)
async def take(
    *,
    request: Request,
    response: Response,
    caller: CallerDep,
    city: CityDep,
    settings: SettingsDep,
    register: RegisterPath,
    dry_run: Annotated[bool, Query(description="True: only tell what would happen.")] = True,
    reason: Annotated[str, Query(max_length=2000, description="Why; needed to bring it in.", examples=["10 月月报"])] = "",
) -> SheetAnswer:
    """Try or bring in a filled sheet (XLSX, or CSV in UTF-8 or GBK), all or nothing, as a change of the archive.

    A trial answers 200 with the faults of rows; bringing in a sheet with faults is 422 with the same list.
    """
    chosen = sheet_register(register)
    if not dry_run and not reason.strip():
        raise BadRequest("reason is empty; say why the sheet is brought in 请填写原因")
    content = await request.body()
    if len(content) > MOST_BYTES:
        raise PayloadTooLarge(f"the sheet has {len(content)} bytes; at most {MOST_BYTES} are taken")
    work = partial(take_sheet, settings.database_url, caller.scope, city, chosen, content, seat=caller.seat)
    async with request.app.state.sheet_turn:
        report = await asyncio.to_thread(work, reason=reason.strip(), dry_run=dry_run)
        if report.written:  # figures at once, tiles and checks as after every change
            await asyncio.to_thread(refresh_city, settings.database_url, city)
    if report.written:
        request.app.state.refresher.wake(city)
    if report.error_count and not dry_run:
        response.status_code = 422
    return _answer(chosen.name, chosen.kind.name_zh, report, dry_run=dry_run)


@router.get("/sheets/{register}/versions")
async def versions(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    register: RegisterPath,
    code: Annotated[str, Query(min_length=1, max_length=200, description="Code of the row.", examples=["220104-2026-10-农村"])],
) -> RowVersionsAnswer:
    """Return what a row of a register is and was, with who changed it and why."""
    found = await read_versions(pool, caller.scope, city, sheet_register(register), code)
    return RowVersionsAnswer(register=register, code=code, versions=[_version(each) for each in found])


def _version(version: RowVersion) -> RowVersionModel:
    return RowVersionModel.model_validate(version)


def _answer(register: str, name_zh: str, report: SheetReport, *, dry_run: bool) -> SheetAnswer:
    return SheetAnswer(
        register=register,
        name_zh=name_zh,
        dry_run=dry_run,
        rows=report.rows,
        new=report.new,
        changed=report.changed,
        unchanged=report.unchanged,
        written=report.written,
        change_id=report.change_id,
        error_count=report.error_count,
        note_count=report.note_count,
        changes=[_change(each) for each in report.changes],
        errors=[_remark(each) for each in report.errors],
        notes=[_remark(each) for each in report.notes],
    )


def _change(change: RowChange) -> RowChangeModel:
    differences = [CellChangeModel(column=head, before=old, after=new) for head, old, new in change.differences]
    status: Literal["new", "changed"] = "new" if change.status == "new" else "changed"
    return RowChangeModel(row=change.row, code=change.code, status=status, differences=differences)


def _remark(said: CellRemark) -> CellRemarkModel:
    return CellRemarkModel(
        row=said.row,
        column=said.column,
        value=said.value,
        rule=said.remark.rule,
        message_zh=said.remark.zh,
        message_en=said.remark.en,
    )
