"""Errors of the pictures.

TilesError
├── UnknownTileset   no vector tileset, raster layer, 3D tileset, datum or scene of that name
├── BadTile          a tile address outside the tileset's zooms or the world's grid
├── BadRaster        a raster file that cannot be read or does not fit its style
├── BadScene         a scene document that is not what the viewer may draw
└── BadTileset3D     a 3D tileset on disk that contradicts itself
"""

from __future__ import annotations


class TilesError(Exception):
    """Base of all errors raised by `tiles`."""


class UnknownTileset(TilesError):
    """Raised when a name is not a tileset, layer, datum or scene; the message lists what there is."""


class BadTile(TilesError):
    """Raised when z, x, y do not name a tile of the tileset."""


class BadRaster(TilesError):
    """Raised when a raster file cannot be read or does not fit the wanted style."""


class BadScene(TilesError):
    """Raised when a scene document holds a class or a value that the viewer may not draw."""


class BadTileset3D(TilesError):
    """Raised when written 3D Tiles do not agree with themselves (feature rows, offsets, counts)."""
