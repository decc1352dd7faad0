"""Vector tiles: how one tile is made, and how a tileset describes itself (TileJSON 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data.pool import Pool
from data.tiles import TileCity, TileVersion, read_tile
from tiles.errors import BadTile
from tiles.tilesets import Attribute, Layer, Tileset
from twin.kinds import kind_of
from twin.scope import Scope


def check_tile(z: int, x: int, y: int, *, minzoom: int, maxzoom: int, what: str) -> None:
    """Raise `BadTile` unless z is inside the zooms and x, y are inside the world's grid of that zoom."""
    if not minzoom <= z <= maxzoom:
        raise BadTile(f"zoom {z} is outside {minzoom}..{maxzoom} of {what}")
    last = 2**z - 1
    if not (0 <= x <= last and 0 <= y <= last):
        raise BadTile(f"tile {z}/{x}/{y} is outside the grid: at zoom {z}, x and y go from 0 to {last}")


def require_visible(tileset: Tileset, scope: Scope) -> None:
    """Raise `OutsideScope` when the scope holds none of the kinds that the tileset draws."""
    if not any(scope.allows_layer(kind) for kind in tileset.kinds):
        scope.require_layer(min(tileset.kinds))


async def make_tile(
    pool: Pool, tileset: Tileset, scope: Scope, city_id: int, zxy: tuple[int, int, int], *, wanted: Sequence[str] = ()
) -> bytes:
    """Return the encoded MVT of one tile as the scope may see it; empty bytes when nothing is in it.

    `wanted` names the optional attributes that the tile shall carry.

    A restricted tile equals the tile made from the filtered rows, rounded to the scope's grid. A building smaller than
    the grid has no area left and is not drawn.
    """
    codes = (wanted, *tileset.codes) if tileset.optional else tileset.codes
    return await read_tile(pool, tileset.statement(zxy[0]), scope, city_id, zxy, codes=codes)


def tilejson(tileset: Tileset, city: TileCity, version: TileVersion, url_template: str) -> dict[str, Any]:
    """Describe a tileset of a city as TileJSON 3.0.0.

    Parameters
    ----------
    tileset
        What to describe.
    city
        Names, attribution and extent.
    version
        Of the built tiles.
    url_template
        Absolute address with `{z}`, `{x}`, `{y}`.

    Returns
    -------
    The document; beyond the specification each vector layer has `feature_id` and `codes` (attribute to code to name,
    with the Chinese names of asset kinds in `names_zh`).
    """
    document: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": tileset.name,
        "description": tileset.description,
        "version": f"1.0.{version.assets_version}",
        "attribution": city.attribution,
        "scheme": "xyz",
        "tiles": [url_template],
        "minzoom": tileset.minzoom,
        "maxzoom": tileset.maxzoom,
        "vector_layers": [_vector_layer(layer, tileset.maxzoom) for layer in tileset.layers],
    }
    if city.bbox_wgs84 is not None:
        west, south, east, north = (round(value, 6) for value in city.bbox_wgs84)
        document["bounds"] = [west, south, east, north]
        document["center"] = [round((west + east) / 2, 6), round((south + north) / 2, 6), max(tileset.minzoom, 13)]
    return document


def _vector_layer(layer: Layer, maxzoom: int) -> dict[str, Any]:
    return {
        "id": layer.name,
        "description": layer.description,
        "minzoom": layer.minzoom,
        "maxzoom": maxzoom,
        "fields": {attribute.name: _field(attribute) for attribute in layer.attributes},
        "feature_id": layer.feature_id,
        "codes": {attribute.name: dict(attribute.codes) for attribute in layer.attributes if attribute.codes},
        "names_zh": {
            code: kind_of(name).name_zh
            for attribute in layer.attributes
            if attribute.name == "kind"
            for code, name in attribute.codes.items()
        },
    }


def _field(attribute: Attribute) -> str:
    codes = ", ".join(f"{code} {name}" for code, name in attribute.codes.items())
    zooms = "" if attribute.zooms is None else f" (z{attribute.zooms[0]}-z{attribute.zooms[1]})"
    return attribute.meaning + (f": {codes}" if codes else "") + zooms
