"""Writes customer lists as jobs of the ledger: who took which customers out, how many."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi import Response

from api.answers import PRIVATE
from api.dependencies import Caller
from api.exports import one_of_few
from api.settings import Settings
from data.customers import ListFormat, customer_list
from data.jobs import job
from data.pool import connect

MEDIA: dict[ListFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def customers_answer(
    settings: Settings, caller: Caller, city_id: int, asset_ids: Sequence[int], form: ListFormat, *, plan_id: int | None = None
) -> Response:
    """Return the customers of buildings as a file.

    Raises
    ------
    Busy
        When as many exports are being written as one process writes at a time.
    OutsideScope, BadExport
        As `customer_list`.
    """
    content, rows = await asyncio.to_thread(_write, settings, caller, city_id, asset_ids, form=form, plan_id=plan_id)
    name = "customers" if plan_id is None else f"plan-{plan_id}-customers"
    headers = {
        "Cache-Control": PRIVATE,
        "X-Export-Rows": str(rows),
        "Content-Disposition": f'attachment; filename="{name}.{form}"',
    }
    return Response(content, media_type=MEDIA[form], headers=headers)


def _write(
    settings: Settings, caller: Caller, city_id: int, asset_ids: Sequence[int], *, form: ListFormat, plan_id: int | None
) -> tuple[bytes, int]:
    noted: dict[str, object] = {"layer": "customers", "format": form, "plan_id": plan_id, "assets": len(asset_ids)}
    with (
        one_of_few(),
        connect(settings.database_url, autocommit=True) as connection,
        job(settings.database_url, "export", city_id=city_id, seat=caller.seat, parameters=noted) as task,
    ):
        content, rows = customer_list(connection, caller.scope, city_id, asset_ids, form)
        task.result = {**noted, "rows": rows, "bytes": len(content)}
    return content, rows
