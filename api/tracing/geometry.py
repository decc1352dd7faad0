"""Geometries of an answer: a collection inside it, or streamed as GeoJSON in pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from api.tracing.asking import Asked
from data.assets import AssetGeometry, read_geometries

Answer: TypeAlias = dict[str, Any]
SetOf: TypeAlias = Callable[[int], str]
"""Which list an asset belongs to."""
_PIECE = 2000


async def collection(asked: Asked, asset_ids: NDArray[np.int32], set_of: SetOf) -> Answer:
    """Return a FeatureCollection of visible assets; the GeoJSON of the database is put in without parsing it."""
    rows = await read_geometries(asked.pool, asked.scope, asked.network.city_id, asset_ids.tolist())
    return {"type": "FeatureCollection", "features": [_feature(row, set_of) for row in rows]}


async def streamed(asked: Asked, asset_ids: NDArray[np.int32], set_of: SetOf) -> AsyncIterator[bytes]:
    """Yield a FeatureCollection of visible assets in pieces of a few thousand features.

    The members of the answer's head stand before `features` (foreign members of RFC 7946 6.1). Memory: one piece.
    """
    yield orjson.dumps({"type": "FeatureCollection", **asked.head()})[:-1] + b',"features":['
    comma = b""
    for first in range(0, len(asset_ids), _PIECE):
        piece = asset_ids[first : first + _PIECE].tolist()
        rows = await read_geometries(asked.pool, asked.scope, asked.network.city_id, piece)
        if rows:
            yield comma + b",".join(orjson.dumps(_feature(row, set_of)) for row in rows)
            comma = b","
    yield b"]}"


def _feature(row: AssetGeometry, set_of: SetOf) -> Answer:
    return {
        "type": "Feature",
        "id": row.asset_id,
        "properties": {"asset_id": row.asset_id, "kind": row.kind, "set": set_of(row.asset_id)},
        "geometry": None if row.geometry is None else orjson.Fragment(row.geometry),
    }
