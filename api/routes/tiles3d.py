"""3D Tiles: what there is, tileset.json and its content files, in two height datums."""

from __future__ import annotations

import asyncio
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathName
from pydantic import BaseModel, Field

from api.answers import encoded_answer, preferred_encoding
from api.dependencies import CallerDep, CityDep, PoolDep, SettingsDep
from api.routes.tiles import TileCacheDep
from api.solids import all_published_solids, published_solids
from data.models3d import Model3d, list_models
from tiles.tiles3d.layers import SOLID_LAYERS, solid_layer
from tiles.tiles3d.shelf import DATUMS, Published, read_content, read_left_out, read_tileset

router = APIRouter(prefix="/3dtiles", tags=["3D tiles"])


class HeightDatum(StrEnum):
    """What height 0 is: the ellipsoid (globes) or the ground (flat maps)."""

    ELLIPSOID = "ellipsoid"
    GROUND = "ground"


class Tileset3D(BaseModel):
    """A 3D tileset of a city."""

    name: str = Field(description="Name in addresses.", examples=["buildings"])
    title_zh: str = Field(examples=["楼栋"])
    title_en: str = Field(examples=["Buildings"])
    addresses: dict[str, str] = Field(
        description="tileset.json by height datum.", examples=[{"ground": "/3dtiles/buildings/ground/tileset.json?city=1"}]
    )
    bbox_wgs84: tuple[float, ...] | None = Field(
        description="west, south, east, north in degrees.", examples=[(125.1, 43.7, 125.5, 44.0)]
    )
    features_in: int = Field(description="Assets of the layer that the caller may see.", examples=[50_000])
    features_out: int = Field(description="Assets that are drawn.", examples=[49_988])
    left_out: dict[str, int] = Field(description="Assets that are not drawn, by reason.", examples=[{"zero_area": 12}])
    tiles: int = Field(description="Content files of one datum.", examples=[180])
    triangles: int = Field(examples=[729_000])
    size_bytes: int = Field(description="Bytes of one datum, not compressed.", examples=[27_800_000])
    made_from: str = Field(description="What it was built from.", examples=["format 2, assets 7, ground 1/ground-5a.tif"])


class Model3dEntry(BaseModel):
    """A 3D model that somebody brought, as a tileset of its own name."""

    name: str = Field(description="Name in addresses.", examples=["plant-3"])
    title: str = Field(examples=["三号锅炉房"])
    kind: str = Field(description="What it was: gltf, ifc, las or tileset.", examples=["ifc"])
    addresses: dict[str, str] = Field(
        description="tileset.json by height datum.", examples=[{"ground": "/3dtiles/plant-3/ground/tileset.json?city=1"}]
    )
    bbox_wgs84: tuple[float, float, float, float] = Field(
        description="west, south, east, north in degrees.", examples=[(125.31, 43.87, 125.32, 43.88)]
    )
    facts: dict[str, Any] = Field(
        description="Counts, as far as its kind has them, and notes for people.",
        examples=[{"tiles": 5, "contents": 1, "triangles": 36, "notes": ["placed by the IfcSite of the file"]}],
    )
    attribution: str = Field(description="Whose data it is.", examples=["设计院"])
    licence: str = Field(description="What may be done with it.", examples=["internal"])
    added_at: datetime | None = Field(description="When it was brought.", examples=["2026-11-22T08:00:00Z"])


class Tilesets3D(BaseModel):
    """3D tilesets of a city."""

    datums: dict[str, str] = Field(description="What height 0 is, by height datum.", examples=[DATUMS])
    tilesets: list[Tileset3D]
    models: list[Model3dEntry] = Field(description="Models that somebody brought; none for a seat that may not see them.")


class LeftOutFeature(BaseModel):
    """An asset that a 3D tileset does not draw."""

    asset_id: int = Field(examples=[1280])
    code: str = Field(examples=["LD000412"])
    reason: str = Field(description="Short name of the rule.", examples=["zero_area"])
    value: str = Field(description="What was found.", examples=["0 m2"])
    wanted: str = Field(description="What would be right.", examples=["an outline of at least 1 m2"])


class LeftOutPage(BaseModel):
    """Assets that a 3D tileset does not draw."""

    total: int = Field(examples=[12])
    items: list[LeftOutFeature]


@router.get("")
async def list_tilesets(caller: CallerDep, pool: PoolDep, settings: SettingsDep, city: CityDep) -> Tilesets3D:
    """Tell which 3D tilesets the caller may see, how many assets each draws and how many it leaves out."""
    found = await asyncio.to_thread(all_published_solids, settings, city, caller.scope)
    models = await list_models(pool, city) if caller.scope.sees_models() else []
    return Tilesets3D(
        datums=DATUMS,
        tilesets=[_told(name, city, published) for name, (_, published) in found.items()],
        models=[_model_told(model, city) for model in models],
    )


def _model_told(model: Model3d, city: int) -> Model3dEntry:
    return Model3dEntry(
        name=model.name,
        title=model.title,
        kind=model.kind,
        addresses={datum: f"/3dtiles/{model.name}/{datum}/tileset.json?city={city}" for datum in DATUMS},
        bbox_wgs84=model.bounds,
        facts=dict(model.facts),
        attribution=model.attribution,
        licence=model.licence,
        added_at=model.added_at,
    )


def _told(name: str, city: int, published: Published) -> Tileset3D:
    layer = solid_layer(name)
    return Tileset3D(
        name=name,
        title_zh=layer.title_zh,
        title_en=layer.title_en,
        addresses={datum: f"/3dtiles/{name}/{datum}/tileset.json?city={city}" for datum in DATUMS},
        bbox_wgs84=published.bbox_wgs84 or None,
        features_in=published.features_in,
        features_out=published.features_out,
        left_out=published.left_out,
        tiles=published.tiles,
        triangles=published.triangles,
        size_bytes=published.size_bytes,
        made_from=published.made_from,
    )


async def _published(caller: CallerDep, settings: SettingsDep, city: int, tileset: str) -> tuple[Path, Published]:
    return await asyncio.to_thread(published_solids, settings, city, tileset, caller.scope)


def _add_routes(tileset: str) -> None:
    """Add the routes of one layer; other names are those of models (`models3d.py`)."""

    @router.get(f"/{tileset}/left-out")
    async def left_out(
        *,
        caller: CallerDep,
        settings: SettingsDep,
        city: CityDep,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    ) -> LeftOutPage:
        """List the assets that a tileset does not draw, each with its reason and what would be right."""
        found = await asyncio.to_thread(read_left_out, *await _published(caller, settings, city, tileset))
        items = [LeftOutFeature(**one) for one in found[offset : offset + limit]]
        return LeftOutPage(total=len(found), items=items)

    @router.get(
        f"/{tileset}/{{datum}}/tileset.json", response_class=Response, responses={200: {"content": {"application/json": {}}}}
    )
    async def tileset_document(
        *, request: Request, caller: CallerDep, settings: SettingsDep, cache: TileCacheDep, city: CityDep, datum: HeightDatum
    ) -> Response:
        """Return the tile tree of a layer (3D Tiles 1.1); content addresses carry the city."""
        folder, published = await _published(caller, settings, city, tileset)
        key = ("tiles3d", str(folder), published.build, datum.value, "tileset.json")
        entry = await cache.get(
            key,
            preferred_encoding(request),
            lambda: asyncio.to_thread(read_tileset, folder, published, datum.value, f"?city={city}"),
        )
        return encoded_answer(request, entry, "application/json")

    @router.get(
        f"/{tileset}/{{datum}}/{{name}}", response_class=Response, responses={200: {"content": {"model/gltf-binary": {}}}}
    )
    async def content(
        *,
        request: Request,
        caller: CallerDep,
        settings: SettingsDep,
        cache: TileCacheDep,
        city: CityDep,
        datum: HeightDatum,
        name: Annotated[str, PathName(description="As tileset.json names it.", examples=["c130332030-0123456789abcdef.glb"])],
    ) -> Response:
        """Return one content file (glb). Its name is a digest of all that it was drawn from."""
        folder, published = await _published(caller, settings, city, tileset)
        key = ("tiles3d", str(folder), published.build, datum.value, name)
        entry = await cache.get(
            key, preferred_encoding(request), lambda: asyncio.to_thread(read_content, folder, published, datum.value, name)
        )
        return encoded_answer(request, entry, "model/gltf-binary")


for _name in SOLID_LAYERS:
    _add_routes(_name)
