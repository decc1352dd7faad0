"""One tile of the OGC API: drawn, kept and answered by the room of `/tiles`."""

from __future__ import annotations

from fastapi import Request, Response

from api.answers import preferred_encoding
from api.errors import BadRequest
from api.ogc.tilesets import Drawn, require_tiles
from api.tile_room import TileAddress, TileRoom, Visitor, tile_answer
from tiles.selections import selection_of


async def answer_tile(request: Request, drawn: Drawn, place: tuple[int, int, int], city_id: int) -> Response:
    """Answer with the tile at `place` (zoom, x, y).

    Raises
    ------
    BadRequest
        When another format than MVT is asked for.
    NotFound
        When nothing is drawn.
    BadTile
        When the tile lies outside the zooms or the grid.
    """
    if request.query_params.get("f", "mvt") != "mvt":
        raise BadRequest(f"f is {request.query_params['f'][:60]!r}; tiles come as mvt")
    require_tiles(drawn)
    room: TileRoom = request.app.state.tile_room
    visitor = Visitor(drawn.scope, drawn.scope.rights_class)
    prepared = await room.prepare(visitor, TileAddress(selection_of(drawn.name), place, city_id))
    entry = await room.entry(prepared, preferred_encoding(request))
    status, headers, body = tile_answer(prepared, entry, request.headers.get("if-none-match", ""))
    answer = Response(body, status)
    answer.raw_headers = headers
    return answer
