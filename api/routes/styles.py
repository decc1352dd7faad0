"""Map styles that a plain MapLibre page can load, and the legends of pipes as data."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from data.legends import read_named, read_network_centre
from data.pool import Pool
from data.tiles import TileVersion, read_tile_city, read_versions
from tiles.datums import TileDatum
from tiles.legends import COLOURINGS, Colouring
from tiles.selections import Selection
from tiles.styles import (
    STYLE_NAMES,
    Lang,
    StyleSource,
    build_style,
    colouring_of_style,
    place_in_datum,
    tilesets_of_style,
    title_of_style,
)
from tiles.tilesets import TILESETS
from tiles.vector import describe, require_visible
from twin.scope import Scope

router = APIRouter(prefix="/styles", tags=["styles"])
CrsQuery = Annotated[
    TileDatum,
    Query(description="Datum of the tiles: gcj02 fits the grids of AMap and Tencent.", examples=["wgs84"]),
]
LangQuery = Annotated[Lang, Query(description="Language of the headline; legends carry both.", examples=["zh"])]


class StyleModel(BaseModel):
    """A style that the seat can load."""

    style: str = Field(examples=["network-dn"])
    title_zh: str
    title_en: str
    colouring: str | None = Field(description="Its legend among the colourings; null: the base map.", examples=["dn"])
    url: str = Field(description="The style.", examples=["http://127.0.0.1:8000/styles/network-dn.json?city=1"])


class LegendItemModel(BaseModel):
    """One colour: of a code or an asset (`value`), or of numbers from `from` to below `to`; a missing limit is none."""

    model_config = ConfigDict(populate_by_name=True)
    value: int | None = None
    low: int | None = Field(None, alias="from")
    high: int | None = Field(None, alias="to")
    colour: str = Field(examples=["#22d3ee"])
    label_zh: str
    label_en: str


class ColouringModel(BaseModel):
    """A legend of the layer `pipe` of the tileset `network`."""

    model_config = ConfigDict(populate_by_name=True)
    colouring: str = Field(examples=["dn"])
    attribute: str = Field(description="Attribute that decides.", examples=["dn"])
    optional: list[str] = Field(alias="with", description="What the tile address must ask for: `with=`.")
    title_zh: str
    title_en: str
    unit: str | None
    kind: Literal["codes", "ranges", "ids"]
    minzoom: int = Field(description="First zoom whose tiles carry the attribute.")
    note_zh: str
    note_en: str
    items: list[LegendItemModel]
    other: LegendItemModel


@router.get("")
async def styles(request: Request, caller: CallerDep, pool: PoolDep, city: CityDep) -> list[StyleModel]:
    """List the styles whose tiles are built for the city and that the seat may see."""
    visible = _visible(await read_versions(pool, city), caller.scope)
    return [
        StyleModel(
            style=name,
            title_zh=title_of_style(name, "zh"),
            title_en=title_of_style(name, "en"),
            colouring=colouring.name if (colouring := colouring_of_style(name)) else None,
            url=f"{request.base_url}styles/{name}.json?city={city}",
        )
        for name in STYLE_NAMES
        if ("network" if colouring_of_style(name) else "base") in visible
    ]


@router.get("/colourings", response_model_exclude_unset=True)
async def colourings(caller: CallerDep, pool: PoolDep, city: CityDep) -> list[ColouringModel]:
    """List the legends of pipes: attribute, colours, labels. Owners and sources are those that the seat may see."""
    return [
        ColouringModel.model_validate((await _filled(each, pool, caller.scope, city)).document()) for each in COLOURINGS.values()
    ]


@router.get("/{name}.json")
async def style(
    *,
    request: Request,
    response: Response,
    caller: CallerDep,
    pool: PoolDep,
    city: CityDep,
    name: str,
    crs: CrsQuery = "wgs84",
    lang: LangQuery = "zh",
) -> dict[str, Any]:
    """Return a style of the MapLibre specification with absolute addresses; its legend is in `metadata`."""
    colouring = colouring_of_style(name)
    require_visible(TILESETS["network" if colouring else "base"], caller.scope)
    legend = None if colouring is None else await _filled(colouring, pool, caller.scope, city)
    versions = _visible(await read_versions(pool, city), caller.scope)
    tile_city = await read_tile_city(pool, city)
    optional = () if legend is None else legend.optional
    sources = []
    for each in tilesets_of_style(name):
        if each in versions:
            selection = Selection((TILESETS[each],), crs, optional if each == "network" else ())
            template = _template(request, selection, city)
            sources.append(StyleSource(each, describe(selection, tile_city, versions[each].assets_version, template)))
    response.headers["Cache-Control"] = "private, no-cache"
    centre = await read_network_centre(pool, caller.scope, city)
    return build_style(
        name,
        sources,
        legend=legend,
        centre=None if centre is None else place_in_datum(centre, crs),
        lang=lang,
        facts={"city": city, "crs": crs},
    )


def _visible(versions: dict[str, TileVersion], scope: Scope) -> dict[str, TileVersion]:
    """Return the built tilesets of which the seat may see a kind."""
    return {
        name: version
        for name, version in versions.items()
        if name in TILESETS and any(scope.allows_layer(kind) for kind in TILESETS[name].kinds)
    }


async def _filled(colouring: Colouring, pool: Pool, scope: Scope, city_id: int) -> Colouring:
    if colouring.kind == "ids":
        return colouring.with_ids(await read_named(pool, scope, city_id, colouring.attribute))
    return colouring


def _template(request: Request, selection: Selection, city_id: int) -> str:
    """Return the address of the tiles."""
    query: dict[str, int | str] = {"city": city_id}
    if selection.datum != "wgs84":
        query["crs"] = selection.datum
    if selection.wanted:
        query["with"] = ",".join(selection.wanted)
    return f"{request.base_url}tiles/{selection.name}/{{z}}/{{x}}/{{y}}.mvt?{urlencode(query, safe=',')}"
