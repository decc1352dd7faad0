"""Writes customer lists as jobs of the ledger: who took which customers out, how many."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from api.answers import PRIVATE
from api.dependencies import Caller
from api.exports import one_of_few, spool_folder
from api.settings import Settings
from data.customers import ListFormat, write_customers
from data.jobs import job
from data.pool import connect

MEDIA: dict[ListFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def customers_answer(
    settings: Settings, caller: Caller, city_id: int, asset_ids: Sequence[int], form: ListFormat, *, plan_id: int | None = None
) -> FileResponse:
    """Return the customers of buildings as a file, which is removed once it was sent.

    Raises
    ------
    Busy
        When as many exports are being written as one process writes at a time.
    OutsideScope, BadExport
        As `write_customers`.
    """
    path, rows = await asyncio.to_thread(_write, settings, caller, city_id, asset_ids, form=form, plan_id=plan_id)
    name = "customers" if plan_id is None else f"plan-{plan_id}-customers"
    headers = {"Cache-Control": PRIVATE, "X-Export-Rows": str(rows)}
    cleaning = BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True)
    return FileResponse(path, media_type=MEDIA[form], filename=f"{name}.{form}", headers=headers, background=cleaning)


def _write(
    settings: Settings, caller: Caller, city_id: int, asset_ids: Sequence[int], *, form: ListFormat, plan_id: int | None
) -> tuple[Path, int]:
    noted: dict[str, object] = {"layer": "customers", "format": form, "plan_id": plan_id, "assets": len(asset_ids)}
    with (
        one_of_few(),
        connect(settings.database_url, autocommit=True) as connection,
        job(settings.database_url, "export", city_id=city_id, seat=caller.seat, parameters=noted) as task,
    ):
        folder = spool_folder(settings)
        path = folder / f"customers.{form}"
        try:
            rows = write_customers(connection, caller.scope, city_id, asset_ids, path, form=form)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        task.result = {**noted, "rows": rows, "bytes": path.stat().st_size}
    return path, rows
