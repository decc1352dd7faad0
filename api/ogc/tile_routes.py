"""`/ogc`: OGC API Tiles 1 (OGC 20-057): the tiles of `/tiles` under the addresses of the standard, row before column.

A collection's tiles are those of its tilesets as a seat would see them that sees that kind alone. Tiles in GCJ-02 and BD-09 stay
on `/tiles`: the standard's matrix sets name a reference system, and these two have none.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import WithJsonSchema

from api.dependencies import CallerDep, CityDep, PoolDep
from api.ogc import tile_documents as documents
from api.ogc.answers import answer
from api.ogc.kept import KeptDep
from api.ogc.links import HTML, JSON
from api.ogc.requests import refuse_unknown, visible_kind, wanted_format
from api.ogc.tile_answers import answer_tile
from api.ogc.tilesets import Drawn, drawn_of, place_of, require_matrix_set, require_tiles, wanted_kinds
from data.tiles import read_tile_city, read_versions
from tiles.matrix_sets import WEB_MERCATOR_QUAD

router = APIRouter(prefix="/ogc", tags=["ogc"])

FormatQuery = Annotated[str | None, Query(description="json or html; default: what the client accepts.", examples=["json"])]
TileFormatQuery = Annotated[str | None, Query(description="mvt, the only format.", examples=["mvt"])]
MatrixSetPath = Annotated[str, Path(description="Id of a tile matrix set.", examples=[WEB_MERCATOR_QUAD])]
_WHOLE = WithJsonSchema({"type": "integer", "minimum": 0})
_PAGES: dict[int | str, dict[str, Any]] = {200: {"content": {JSON: {}, HTML: {}}}}
_TILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {documents.MVT: {}}},
    204: {"description": "Nothing is in this tile."},
    304: {"description": "Unchanged."},
}
_TILE = "/{matrix_set}/{matrix}/{row}/{column}"


async def get_dataset(
    *,
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    kept: KeptDep,
    city: CityDep,
    _chosen: Annotated[
        str | None,
        Query(alias="collections", description="Collections to draw, joined by commas; default: all.", examples=["pipe"]),
    ] = None,
) -> Drawn:
    """Return the dataset, or the collections of it that the request chooses, as tiles show it."""
    refuse_unknown(request, frozenset({"f", "city", "collections"}))
    extents = await kept.extents(pool, caller.scope, city)
    return drawn_of(await read_versions(pool, city), extents, caller.scope, wanted_kinds(request, caller.scope))


async def get_collection(
    *,
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    kept: KeptDep,
    city: CityDep,
    kind: Annotated[str, Path(description="Id of a collection: a kind of asset.", examples=["pipe"])],
) -> Drawn:
    """Return a collection as tiles show it."""
    refuse_unknown(request)
    extents = await kept.extents(pool, caller.scope, city)
    drawn = drawn_of(await read_versions(pool, city), extents, caller.scope, [visible_kind(kind, caller.scope)], of=kind)
    require_tiles(drawn)
    return drawn


async def get_place(
    matrix_set: MatrixSetPath,
    matrix: Annotated[str, Path(description="Zoom.", examples=["14"]), _WHOLE],
    row: Annotated[str, Path(description="Row; 0 is the north.", examples=["5978"]), _WHOLE],
    column: Annotated[str, Path(description="Column; 0 is the west.", examples=["13895"]), _WHOLE],
) -> tuple[int, int, int]:
    """Return zoom, x and y of the tile that the address names."""
    require_matrix_set(matrix_set)
    return place_of(matrix, row, column)


DatasetDep = Annotated[Drawn, Depends(get_dataset)]
CollectionDep = Annotated[Drawn, Depends(get_collection)]
PlaceDep = Annotated[tuple[int, int, int], Depends(get_place)]


@router.get("/tileMatrixSets", responses=_PAGES)
async def tile_matrix_sets(*, request: Request, caller: CallerDep, f: FormatQuery = None) -> Response:
    """List the tile matrix sets in which tiles come."""
    refuse_unknown(request)
    shown = wanted_format(request)
    return answer(request, shown, "tile_matrix_sets", documents.matrix_sets(request, shown))


@router.get("/tileMatrixSets/{matrix_set}", responses=_PAGES)
async def tile_matrix_set(*, request: Request, caller: CallerDep, matrix_set: MatrixSetPath, f: FormatQuery = None) -> Response:
    """Define a tile matrix set: origin, cell size and number of tiles of each matrix."""
    refuse_unknown(request)
    require_matrix_set(matrix_set)
    shown = wanted_format(request)
    return answer(request, shown, "tile_matrix_set", documents.matrix_set(request, shown))


@router.get("/tiles", responses=_PAGES)
async def dataset_tilesets(*, request: Request, drawn: DatasetDep, f: FormatQuery = None) -> Response:
    """List the tilesets of the dataset: all collections that the caller may see."""
    return _tilesets(request, drawn)


@router.get("/collections/{kind}/tiles", responses=_PAGES)
async def collection_tilesets(*, request: Request, drawn: CollectionDep, f: FormatQuery = None) -> Response:
    """List the tilesets of a collection."""
    return _tilesets(request, drawn)


@router.get("/tiles/{matrix_set}", responses=_PAGES)
async def dataset_tileset(
    *,
    request: Request,
    drawn: DatasetDep,
    pool: PoolDep,
    city: CityDep,
    matrix_set: MatrixSetPath,
    f: FormatQuery = None,
) -> Response:
    """Describe the tileset of the dataset: address of its tiles, layers, limits."""
    require_matrix_set(matrix_set)
    return _tileset(request, drawn, (await read_tile_city(pool, city)).attribution)


@router.get("/collections/{kind}/tiles/{matrix_set}", responses=_PAGES)
async def collection_tileset(
    *,
    request: Request,
    drawn: CollectionDep,
    pool: PoolDep,
    city: CityDep,
    matrix_set: MatrixSetPath,
    f: FormatQuery = None,
) -> Response:
    """Describe the tileset of a collection: address of its tiles, layers, limits."""
    require_matrix_set(matrix_set)
    return _tileset(request, drawn, (await read_tile_city(pool, city)).attribution)


@router.get("/tiles" + _TILE, response_class=Response, responses=_TILES)
async def dataset_tile(
    *,
    request: Request,
    place: PlaceDep,
    drawn: DatasetDep,
    city: CityDep,
    f: TileFormatQuery = None,
) -> Response:
    """Return one vector tile (MVT 2.1) of the dataset as the caller may see it; 204 when nothing is in it."""
    return await answer_tile(request, drawn, place, city)


@router.get("/collections/{kind}/tiles" + _TILE, response_class=Response, responses=_TILES)
async def collection_tile(
    *,
    request: Request,
    place: PlaceDep,
    drawn: CollectionDep,
    city: CityDep,
    f: TileFormatQuery = None,
) -> Response:
    """Return one vector tile (MVT 2.1) of a collection as the caller may see it; 204 when nothing is in it."""
    return await answer_tile(request, drawn, place, city)


def _tilesets(request: Request, drawn: Drawn) -> Response:
    shown = wanted_format(request)
    return answer(request, shown, "tilesets", documents.tilesets(request, shown, drawn))


def _tileset(request: Request, drawn: Drawn, attribution: str) -> Response:
    require_tiles(drawn)
    shown = wanted_format(request)
    return answer(request, shown, "tileset", documents.tileset(request, shown, drawn, attribution=attribution))
