"""The network of a city as a file: GraphML for graph tools, a pandapipes net for the solver."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from api.answers import PRIVATE
from api.dependencies import Caller, CallerDep, CityDep, SettingsDep
from api.exports import spool_folder
from api.network_exports import NetworkOrder, require_whole_view, write_apart
from api.settings import Settings

router = APIRouter(tags=["network"])

_GRAPHML: dict[int | str, dict[str, Any]] = {200: {"content": {"application/graphml+xml": {}}}}
_JSON: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}}}}


@router.get("/network/export.graphml", response_class=FileResponse, responses=_GRAPHML)
async def get_graphml(
    caller: CallerDep,
    city: CityDep,
    settings: SettingsDep,
    whole: Annotated[bool, Query(description="True: the whole drawing, pipe by pipe, instead of the graph of segments.")] = False,
) -> FileResponse:
    """Write the network as GraphML in its present state; docs/trace.md names the attributes."""
    return await _file(caller, settings, NetworkOrder(city, "graphml", whole), "application/graphml+xml")


@router.get("/network/export.json", response_class=FileResponse, responses=_JSON)
async def get_pandapipes(
    caller: CallerDep,
    city: CityDep,
    settings: SettingsDep,
    source_id: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="Running source of the zone; default: the first running plant.")
    ] = None,
) -> FileResponse:
    """Write the primary network of a source as a pandapipes net: load it with pandapipes.from_json."""
    return await _file(caller, settings, NetworkOrder(city, "json", source_id=source_id), "application/json")


async def _file(caller: Caller, settings: Settings, order: NetworkOrder, media: str) -> FileResponse:
    require_whole_view(caller.scope)
    folder = spool_folder(settings)
    path = Path(folder) / f"network-{order.city_id}.{order.format}"
    try:
        await write_apart(settings.database_url, order, path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    cleaning = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(path, media_type=media, filename=path.name, headers={"Cache-Control": PRIVATE}, background=cleaning)
