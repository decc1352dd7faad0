"""Which tiles a request of the OGC API means: the tilesets, the kinds that they show, where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from fastapi import Request

from api.errors import BadRequest
from data.errors import NotFound
from data.features import Extent
from tiles.errors import BadTile
from tiles.matrix_sets import MATRICES, WEB_MERCATOR_QUAD, Box
from tiles.tilesets import TILESETS, Layer, Tileset
from twin.features import collections
from twin.kinds import KINDS, Kind
from twin.scope import Scope

DRAWN = ("base", "network", "buildings", "assets", "coverage")
"""Tilesets that draw the features of collections, lowest first."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a tileset of the OGC API shows.

    Attributes
    ----------
    tilesets
        In drawing order, lowest first.
    kinds
        Collections that it shows.
    scope
        What the caller may see of these kinds.
    box
        Around them, west, south, east, north in degrees; None when they have no place.
    kind
        Collection whose tileset it is; None = the dataset.
    """

    tilesets: tuple[Tileset, ...]
    kinds: tuple[Kind, ...]
    scope: Scope
    box: Box | None
    kind: str | None = None

    @property
    def name(self) -> str:
        """Names of the tilesets as an address has them."""
        return ",".join(tileset.name for tileset in self.tilesets)

    @property
    def zooms(self) -> range:
        """Zooms that any of the tilesets has."""
        first = min(tileset.minzoom for tileset in self.tilesets)
        return range(first, max(tileset.maxzoom for tileset in self.tilesets) + 1)

    def layers(self) -> list[tuple[Layer, Tileset]]:
        """Return the layers that hold the kinds. A layer named like a kind holds that kind alone."""
        names = {kind.name for kind in self.kinds}
        return [
            (layer, tileset)
            for tileset in self.tilesets
            for layer in tileset.layers
            if layer.name in names or (layer.name not in tileset.kinds and _has_others(tileset, names))
        ]


def _has_others(tileset: Tileset, names: set[str]) -> bool:
    return bool((tileset.kinds & names) - {layer.name for layer in tileset.layers})


def tiled_kinds(built: Iterable[str], extents: Iterable[str]) -> set[str]:
    """Return the kinds, of those in `extents`, that the built tilesets draw."""
    return {kind for name in set(built) & set(DRAWN) for kind in TILESETS[name].kinds} & set(extents)


def drawn_of(
    built: Iterable[str], extents: Mapping[str, Extent], scope: Scope, wanted: Iterable[str] | None, *, of: str | None = None
) -> Drawn:
    """Return what to draw.

    Parameters
    ----------
    built
        Tilesets that the city has.
    extents
        Of the kinds of which the caller may see something.
    wanted
        Kinds; None = the whole dataset.
    of
        Collection whose tileset it is; None = the dataset.

    Returns
    -------
    Without tilesets where nothing of it is drawn; see `require_tiles`.
    """
    names = set(extents) if wanted is None else set(wanted) & set(extents)
    tilesets = tuple(TILESETS[name] for name in DRAWN if name in set(built) and TILESETS[name].kinds & names)
    kinds = tuple(kind for kind in collections() if any(kind.name in tileset.kinds & names for tileset in tilesets))
    narrowed = scope if wanted is None else replace(scope, layers=tuple(kind.name for kind in kinds))
    return Drawn(tilesets, kinds, narrowed, _around(extents[kind.name].bbox_wgs84 for kind in kinds), of)


def require_tiles(drawn: Drawn) -> None:
    """Raise `NotFound` when nothing is drawn."""
    if not drawn.tilesets:
        what = "tiles" if drawn.kind is None else f"tiles of {drawn.kind}"
        raise NotFound(f"there are no {what} here; the links of /ogc/collections tell what has tiles")


def _around(boxes: Iterable[Box | None]) -> Box | None:
    there = [box for box in boxes if box is not None]
    if not there:
        return None
    west, south, east, north = zip(*there, strict=True)
    return min(west), min(south), max(east), max(north)


def wanted_kinds(request: Request, scope: Scope) -> list[str] | None:
    """Return the collections that the parameter `collections` chooses (OGC 20-057, 11); None = all.

    Raises
    ------
    BadRequest
        When one does not exist.
    OutsideScope
        When the caller may not see one.
    """
    given = request.query_params.get("collections")
    if given is None:
        return None
    names = given.split(",")
    known = {kind.name for kind in collections()}
    for name in names:
        if name not in known:
            raise BadRequest(f"collections names {name[:60]!r}; there is no such collection, GET /ogc/collections lists them")
        scope.require_layer(name)
    return names


def require_matrix_set(name: str) -> None:
    """Raise `NotFound` unless tiles come in that tile matrix set."""
    if name != WEB_MERCATOR_QUAD:
        raise NotFound(f"there is no tile matrix set {name[:60]!r}; tiles come in {WEB_MERCATOR_QUAD}")


def place_of(matrix: str, row: str, column: str) -> tuple[int, int, int]:
    """Return zoom, x and y of a tile that is addressed by matrix, row and column.

    Raises
    ------
    BadTile
        When one is no whole number, or the matrix does not exist.
    """
    for name, text in (("tileMatrix", matrix), ("tileRow", row), ("tileCol", column)):
        if not (text.isascii() and text.isdecimal()) or len(text) > 9:
            raise BadTile(f"{name} is {text[:60]!r}; it must be a whole number")
    if int(matrix) not in MATRICES:
        raise BadTile(f"tileMatrix is {matrix}; {WEB_MERCATOR_QUAD} has {MATRICES[0]} to {MATRICES[-1]}")
    return int(matrix), int(column), int(row)


def title_of(kind: str | None) -> str:
    """Return the title of a tileset: that of the collection, or of the dataset."""
    return "全部数据 All collections" if kind is None else f"{KINDS[kind].name_zh} {kind.replace('_', ' ')}"
