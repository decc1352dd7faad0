"""Turns what a question found into bytes: JSON with arrays, a stream of GeoJSON, or compact lists of ids."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import orjson
from fastapi import Response
from fastapi.responses import StreamingResponse
from numpy.typing import NDArray

from api.tracing.asking import Asked, Question, ask
from api.tracing.found import Found
from api.tracing.geometry import collection, streamed
from api.tracing.lists import ids_of
from api.tracing.questions import find
from api.tracing.rooms import Rooms
from data.pool import Pool
from twin.scope import Scope

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY


async def answer(rooms: Rooms, pool: Pool, scope: Scope, city_id: int, question: Question) -> Response:
    """Answer a question as far as a scope goes; see `ask` and `find` for what may be raised."""
    asked = await ask(rooms, pool, scope, city_id, question)
    found = await find(asked)
    if question.format == "geojson":
        asset_ids, set_of = _drawn(found)
        return StreamingResponse(streamed(asked, asset_ids, set_of), media_type="application/geo+json")
    if question.format == "ids":
        return _json(asked.head() | {"ids": {name: _compact(asked, ids) for name, ids in found.sets}})
    geometry = await collection(asked, *_drawn(found)) if question.geometry else None
    return _json(asked.head() | found.body | {"geometry": geometry})


def _json(body: dict[str, object]) -> Response:
    # thousands of ids and geometries: encoded once, not validated again on the way out
    return Response(orjson.dumps(body, option=_OPTIONS), media_type="application/json")


def _compact(asked: Asked, asset_ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return a set's ids as `ids=` wants them; `none` makes no sense here and gives all."""
    wanted = "assets" if asked.question.ids == "none" else asked.question.ids
    return ids_of(asked, asked.network.assets.rows_of(asset_ids), wanted) if wanted != "assets" else asset_ids


def _drawn(found: Found) -> tuple[NDArray[np.int32], Callable[[int], str]]:
    """Return all assets to be drawn, rising, and which set each belongs to: the first that holds it."""
    if not found.sets:
        return np.zeros(0, np.int32), lambda _: ""
    every = np.concatenate([ids for _, ids in found.sets])
    number = np.repeat(np.arange(len(found.sets)), [len(ids) for _, ids in found.sets])
    asset_ids, first = np.unique(every, return_index=True)
    names = [name for name, _ in found.sets]
    place = number[first]

    def set_of(asset_id: int) -> str:
        return names[int(place[np.searchsorted(asset_ids, asset_id)])]

    return asset_ids.astype(np.int32), set_of
