"""3D models that somebody brought, as tilesets of their own name."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from api.answers import encoded_answer, preferred_encoding
from api.dependencies import CallerDep, CityDep, PoolDep, SettingsDep
from api.models3d import export_tileset
from api.routes.tiles import TileCacheDep
from api.routes.tiles3d import HeightDatum
from api.settings import Settings
from data.models3d import read_model
from data.pool import Pool
from tiles.tiles3d.foreign import NAME, model_content, model_tileset
from twin.errors import OutsideScope
from twin.scope import Scope

router = APIRouter(prefix="/3dtiles", tags=["3D tiles"])
ModelName = Annotated[str, Path(description="Name of the model.", examples=["plant-3"], pattern=f"^{NAME.pattern}$")]
TilesetName = Annotated[
    str, Path(description="Name of the tileset or model.", examples=["buildings"], pattern=f"^{NAME.pattern}$")
]
_ONE_AT_A_TIME = asyncio.Semaphore(1)
"""Archives are written one after the other: each takes a processor for seconds."""
MEDIA_TYPES = {"glb": "model/gltf-binary"}
"""Of contents by their ending; formats of 3D Tiles 1.0 have none of their own."""


async def model_of(pool: Pool, settings: Settings, scope: Scope, city: int, name: str) -> FilePath:
    """Return the folder of a model that a seat may see.

    Raises
    ------
    OutsideScope
        When the seat's rights do not hold whole models.
    NotFound
        When the city has none of that name.
    """
    if not scope.sees_models():
        raise OutsideScope(f"the 3D model {name!r} is not visible from this seat")
    return settings.var_dir / (await read_model(pool, city, name)).folder


@router.get("/{name}/{datum}/tileset.json", response_class=Response, responses={200: {"content": {"application/json": {}}}})
async def model_tree(
    *,
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    settings: SettingsDep,
    cache: TileCacheDep,
    city: CityDep,
    name: ModelName,
    datum: HeightDatum,
) -> Response:
    """Return the tile tree of a 3D model; content addresses carry the city."""
    folder = await model_of(pool, settings, caller.scope, city, name)
    key = ("tiles3d", str(folder), datum.value, "tileset.json")
    query = f"?city={city}"
    make = lambda: asyncio.to_thread(model_tileset, folder, datum.value, query)  # noqa: E731
    return encoded_answer(request, await cache.get(key, preferred_encoding(request), make), "application/json")


@router.get("/{name}/{datum}/{file}", response_class=Response, responses={200: {"content": {"model/gltf-binary": {}}}})
async def model_file(
    *,
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    settings: SettingsDep,
    cache: TileCacheDep,
    city: CityDep,
    name: ModelName,
    datum: HeightDatum,
    file: Annotated[str, Path(examples=["m-0123456789ab.glb"])],
) -> Response:
    """Return one content file of a 3D model; both height datums have the same ones. Its name holds a hash of its bytes."""
    folder = await model_of(pool, settings, caller.scope, city, name)
    make = lambda: asyncio.to_thread(model_content, folder, file)  # noqa: E731
    entry = await cache.get(("tiles3d", str(folder), datum.value, file), preferred_encoding(request), make)
    return encoded_answer(request, entry, MEDIA_TYPES.get(file.rpartition(".")[2], "application/octet-stream"))


@router.get(
    "/{name}/{datum}.3tz", response_class=Response, responses={200: {"content": {"application/vnd.maxar.archive.3tz+zip": {}}}}
)
async def one_file(
    *, caller: CallerDep, settings: SettingsDep, city: CityDep, name: TilesetName, datum: HeightDatum
) -> FileResponse:
    """Return a tileset as one file (.3tz), as far as the seat may see it: a layer of the city or a model."""
    folder = FilePath(tempfile.mkdtemp(prefix="heat-twin-3tz-"))
    remove = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    path = folder / f"{datum.value}.3tz"
    try:
        async with _ONE_AT_A_TIME:
            make = partial(export_tileset, settings, city, name, datum.value, path, scope=caller.scope)
            await asyncio.to_thread(make)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    media_type = "application/vnd.maxar.archive.3tz+zip"
    return FileResponse(path, media_type=media_type, filename=f"{name}-{datum.value}.3tz", background=remove)
