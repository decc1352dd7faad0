"""Vector tiles: how one tile is made, and how a tileset describes itself (TileJSON 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data.pool import Pool
from data.tiles import TileCity, TileVersion, read_tile
from tiles.datums import NOTES, shifted_bounds, tile_map
from tiles.errors import BadTile
from tiles.selections import Selection
from tiles.tilesets import Attribute, Layer, Tileset
from twin.errors import OutsideScope
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
    """Raise `OutsideScope` when the scope holds none of the kinds that the tileset draws; the message names the tileset."""
    if not any(scope.allows_layer(kind) for kind in tileset.kinds):
        raise OutsideScope(
            f"tileset {tileset.name!r} is not visible from this seat; it draws {', '.join(sorted(tileset.kinds)[:5])}"
        )


async def make_tile(
    pool: Pool, tileset: Tileset, scope: Scope, city_id: int, zxy: tuple[int, int, int], *, wanted: Sequence[str] = ()
) -> bytes:
    """Return one tile of one tileset in WGS-84; `wanted` names the optional attributes that it shall carry."""
    return await draw_tile(pool, Selection((tileset,), wanted=tuple(wanted)), scope, city_id, zxy)


async def draw_tile(pool: Pool, selection: Selection, scope: Scope, city_id: int, zxy: tuple[int, int, int]) -> bytes:
    """Return the encoded MVT of one tile as the scope may see it, by one statement; empty bytes when nothing is in it.

    A restricted tile equals the tile made from the filtered rows, rounded to the scope's grid and then moved to the datum. A
    building smaller than the grid has no area left and is not drawn.
    """
    moved = tile_map(selection.datum, *zxy)
    statement = selection.statement(zxy[0], bent=moved is not None and moved.bent)
    numbers = None if moved is None else moved.numbers
    return await read_tile(pool, statement, scope, city_id, zxy, codes=selection.codes(zxy[0]), moved=numbers)


def tilejson(tileset: Tileset, city: TileCity, version: TileVersion, url_template: str) -> dict[str, Any]:
    """Describe one tileset in WGS-84; see `describe`."""
    return describe(Selection((tileset,)), city, version.assets_version, url_template)


def describe(selection: Selection, city: TileCity, assets_version: int, url_template: str) -> dict[str, Any]:
    """Describe tilesets of a city as TileJSON 3.0.0.

    Parameters
    ----------
    selection
        What to describe. An optional attribute is among the fields only when it is asked for.
    city
        Names, attribution and extent.
    assets_version
        Of the built tiles, the oldest.
    url_template
        Absolute address with `{z}`, `{x}`, `{y}`.

    Returns
    -------
    The document; `crs` is the datum, and `bounds` are degrees of it. Beyond the specification each vector layer has
    `feature_id`, `codes` (attribute to code to name, with the Chinese names of asset kinds in `names_zh`) and `optional` (the
    attributes that `with` may name).
    """
    shifted = selection.datum != "wgs84"
    document: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": selection.name + (f" ({selection.datum})" if shifted else ""),
        "description": " ".join(tileset.description for tileset in selection.tilesets),
        "version": f"1.0.{assets_version}",
        "attribution": " · ".join(filter(None, [city.attribution, NOTES.get(selection.datum)])),
        "crs": selection.datum,
        "scheme": "xyz",
        "tiles": [url_template],
        "minzoom": selection.minzoom,
        "maxzoom": selection.maxzoom,
        "vector_layers": [
            _vector_layer(layer, tileset.maxzoom, selection.wanted) for tileset in selection.tilesets for layer in tileset.layers
        ],
    }
    if city.bbox_wgs84 is not None:
        bounds = shifted_bounds(city.bbox_wgs84, selection.datum)
        west, south, east, north = (round(value, 6) for value in bounds)
        document["bounds"] = [west, south, east, north]
        document["center"] = [round((west + east) / 2, 6), round((south + north) / 2, 6), max(selection.minzoom, 13)]
    return document


def _vector_layer(layer: Layer, maxzoom: int, wanted: Sequence[str]) -> dict[str, Any]:
    carried = [attribute for attribute in layer.attributes if not attribute.optional or attribute.name in wanted]
    optional = [attribute for attribute in layer.attributes if attribute.optional]
    described: dict[str, Any] = {
        "id": layer.name,
        "description": layer.description,
        "minzoom": layer.minzoom,
        "maxzoom": maxzoom,
        "fields": {attribute.name: _field(attribute) for attribute in carried},
        "feature_id": layer.feature_id,
        "codes": {attribute.name: dict(attribute.codes) for attribute in carried if attribute.codes},
        "names_zh": {
            code: kind_of(name).name_zh
            for attribute in layer.attributes
            if attribute.name == "kind"
            for code, name in attribute.codes.items()
        },
    }
    if optional:
        described["optional"] = {attribute.name: _field(attribute) for attribute in optional}
    return described


def _field(attribute: Attribute) -> str:
    codes = ", ".join(f"{code} {name}" for code, name in attribute.codes.items())
    zooms = "" if attribute.zooms is None else f" (z{attribute.zooms[0]}-z{attribute.zooms[1]})"
    return attribute.meaning + (f": {codes}" if codes else "") + zooms
