"""Export: a layer of the archive as a file in any datum."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from api.answers import PRIVATE
from api.dependencies import Caller, CallerDep, CityDep, SettingsDep
from api.exports import ExportOrder, bundled, one_of_few, run_export, spool_folder
from api.settings import Settings
from data.export import ExportReport, Format

router = APIRouter(tags=["export"])

MEDIA: dict[str, str] = {
    "gpkg": "application/geopackage+sqlite3",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file. `X-Export-Rows` counts its rows, `X-Export-Sha256` is the hash of its geometries.",
        "content": {media: {} for media in MEDIA.values()},
    }
}


@router.get("/export/{layer}.{format}", response_class=FileResponse, responses=_FILES)
async def get_export(
    *,
    caller: CallerDep,
    city: CityDep,
    settings: SettingsDep,
    layer: Annotated[str, PathParameter(max_length=60, description="Asset kind or register.", examples=["pipe"])],
    file_format: Annotated[Format, PathParameter(alias="format", examples=["gpkg"])],
    datum: Annotated[
        str,
        Query(max_length=60, description="Any name of GET /datums: wgs84, gcj02, bd09, gk(cgcs2000,3,126,plain), local(NAME)."),
    ] = "wgs84",
    area_id: Annotated[
        int | None,
        Query(ge=1, le=2**31 - 1, description="Only assets of this district; rows of a register: of this district or parent."),
    ] = None,
    company_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only assets of this company.")] = None,
    where: Annotated[
        list[str] | None,
        Query(max_length=10, description="name:value; rows of a register that have it.", examples=[["installed_year:2024"]]),
    ] = None,
    bundle: Annotated[bool, Query(description="True: a ZIP of the file and its ledger entry, FILE.ledger.json.")] = False,
) -> FileResponse:
    """Write a layer out in any datum: GeoPackage, GeoParquet, CSV or XLSX, as far as the caller may see it."""
    order = ExportOrder(city, layer, file_format, datum, area_id, company_id, where or ())
    folder, path, report = await asyncio.to_thread(_write, settings, caller, order, bundle)
    headers = {"Cache-Control": PRIVATE, "X-Export-Rows": str(report.rows)}
    if report.entry is not None:
        headers["X-Export-Sha256"] = str(report.entry["output_sha256"])
    media = MEDIA["zip" if bundle else file_format]
    cleaning = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(path, media_type=media, filename=path.name, headers=headers, background=cleaning)


def _write(settings: Settings, caller: Caller, order: ExportOrder, bundle: bool) -> tuple[Path, Path, ExportReport]:
    with one_of_few():
        folder = spool_folder(settings)
        try:
            path, report = run_export(settings, caller.scope, order, seat=caller.seat, folder=folder)
            return folder, bundled(path) if bundle else path, report
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
