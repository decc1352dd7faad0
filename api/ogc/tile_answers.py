"""One tile of the OGC API: the same drawing, cache and encodings as under `/tiles`."""

from __future__ import annotations

from fastapi import Request, Response

from api.answers import encoded_answer, preferred_encoding
from api.errors import BadRequest
from api.ogc.tile_documents import MVT
from api.ogc.tilesets import Drawn
from data.pool import Pool
from data.tiles import read_versions
from tiles.cache import TileCache
from tiles.selections import selection_of
from tiles.vector import check_tile, draw_tile


async def answer_tile(
    request: Request, drawn: Drawn, place: tuple[int, int, int], *, pool: Pool, cache: TileCache, city_id: int
) -> Response:
    """Answer with the tile at `place` (zoom, x, y).

    Raises
    ------
    BadRequest
        When another format than MVT is asked for.
    BadTile
        When the tile lies outside the zooms or the grid.
    """
    if request.query_params.get("f", "mvt") != "mvt":
        raise BadRequest(f"f is {request.query_params['f'][:60]!r}; tiles come as mvt")
    selection = selection_of(drawn.name)
    check_tile(*place, minzoom=selection.minzoom, maxzoom=selection.maxzoom, what=f"the tilesets {drawn.name}")
    versions = await read_versions(pool, city_id)
    key = ("tiles", drawn.name, city_id, drawn.scope.rights_class, *place, *(versions[name].text for name in selection.names))
    entry = await cache.get(key, preferred_encoding(request), lambda: draw_tile(pool, selection, drawn.scope, city_id, place))
    return encoded_answer(request, entry, MVT)
