"""Errors of the pictures.

TilesError
├── UnknownTileset   no vector tileset, raster layer, 3D tileset, datum or scene of that name
├── UnknownAttribute an optional attribute that the tilesets of an address do not have
├── BadTile          a tile address outside the tileset's zooms or the world's grid
├── BadRaster        a raster file that cannot be read or does not fit its style
├── LayerGone        a raster layer's file was replaced or cannot be read any more
├── BadArchive       an archive of tiles that cannot be made as asked
├── NoRoom           an archive or a 3D tileset that does not fit into the room that is left
├── ArchiveExpired   an archive of tiles whose time is over
├── BadScene         a scene document that is not what the viewer may draw
├── BadTileset3D     a 3D tileset on disk that contradicts itself
└── BadModel         a 3D model that somebody brings and that cannot become a tileset of the city
"""

from __future__ import annotations


class TilesError(Exception):
    """Base of all errors raised by `tiles`."""


class UnknownTileset(TilesError):
    """Raised when a name is not a tileset, layer, datum or scene; the message lists what there is."""


class UnknownAttribute(TilesError):
    """Raised when `with` of a tile address names no optional attribute of its tilesets; the message lists those there are."""


class BadTile(TilesError):
    """Raised when z, x, y do not name a tile of the tileset."""


class BadRaster(TilesError):
    """Raised when a raster file cannot be read or does not fit the wanted style."""


class LayerGone(TilesError):
    """Raised when the file of a raster layer was replaced while it was read, or is not there any more."""


class BadArchive(TilesError):
    """Raised when an archive of tiles cannot be made as asked; the message says what is wrong."""


class NoRoom(TilesError):
    """Raised when an archive of tiles is larger than its bound, or the disk is full for it or 3D Tiles; nothing of it is left."""


class ArchiveExpired(TilesError):
    """Raised when an archive of tiles is asked for after its time; its file is deleted."""


class BadScene(TilesError):
    """Raised when a scene document holds a class or a value that the viewer may not draw."""


class BadTileset3D(TilesError):
    """Raised when written 3D Tiles do not agree with themselves (feature rows, offsets, counts)."""


class BadModel(TilesError):
    """Raised when a 3D model cannot be read, is not valid, or does not say where in the city it stands."""


class NoWorkers(TilesError):
    """Raised when those who should draw 3D Tiles cannot: nobody answers at the address, no worker is there, or they die."""


class DamagedTileset(BadTileset3D):
    """Raised when somebody changed or removed files of 3D Tiles that are served; the next build mends them."""
