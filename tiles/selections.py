"""What a tile address asks for: several tilesets in one tile, optional attributes, a datum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from data.statements import joined_sql
from tiles.datums import TileDatum, datum_named
from tiles.errors import UnknownAttribute, UnknownTileset
from tiles.tilesets import TILESETS, Tileset, tileset_of

ALL: Final = "all"
"""The value of `with` that names every optional attribute."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to draw, apart from where and for whom.

    Attributes
    ----------
    tilesets
        In drawing order, lowest first; no tileset twice.
    datum
        Of the tile's grid.
    wanted
        Optional attributes to carry, in the order of their declaration.
    """

    tilesets: tuple[Tileset, ...]
    datum: TileDatum = "wgs84"
    wanted: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tilesets."""
        return tuple(tileset.name for tileset in self.tilesets)

    @property
    def name(self) -> str:
        """The names as an address has them."""
        return ",".join(self.names)

    @property
    def minzoom(self) -> int:
        """First zoom that any of the tilesets has."""
        return min(tileset.minzoom for tileset in self.tilesets)

    @property
    def maxzoom(self) -> int:
        """Last zoom that any of the tilesets has."""
        return max(tileset.maxzoom for tileset in self.tilesets)

    def at(self, zoom: int) -> tuple[Tileset, ...]:
        """Return the tilesets that have the zoom."""
        return tuple(tileset for tileset in self.tilesets if tileset.minzoom <= zoom <= tileset.maxzoom)

    def statement(self, zoom: int, *, bent: bool) -> str:
        """Return the statement of a zoom: one text for all tiles of it, so that the database prepares it once."""
        parts = ((tileset.statement(zoom), len(tileset.codes) + bool(tileset.optional)) for tileset in self.at(zoom))
        return joined_sql(tuple(parts), bent=bent)

    def codes(self, zoom: int) -> list[Sequence[str]]:
        """Return the statement's own parameters."""
        return [
            table for tileset in self.at(zoom) for table in ((self.wanted, *tileset.codes) if tileset.optional else tileset.codes)
        ]


@lru_cache(maxsize=2_000)
def selection_of(names: str, crs: str = "wgs84", wanted: str = "") -> Selection:
    """Read what an address asks for.

    Parameters
    ----------
    names
        Tilesets joined by commas.
    crs
        Datum.
    wanted
        Optional attributes joined by commas, `all`, or nothing.

    Raises
    ------
    UnknownTileset
        When a name is no tileset, or comes twice.
    UnknownAttribute
        When the tilesets have no such optional attribute.
    UnknownDatum
        When tiles do not come in the datum.
    """
    given = names.split(",")
    tilesets = tuple(tileset_of(name[:60]) for name in given)
    if len(set(given)) < len(given):
        raise UnknownTileset(f"{names[:200]!r} names a tileset twice; once each, joined by commas, of {', '.join(TILESETS)}")
    return Selection(tilesets, datum_named(crs), _wanted_of(tilesets, wanted))


def _wanted_of(tilesets: tuple[Tileset, ...], wanted: str) -> tuple[str, ...]:
    known = tuple(dict.fromkeys(name for tileset in tilesets for name in tileset.optional))
    if wanted == ALL:
        return known
    given = set(wanted.split(",")) if wanted else set()
    unknown = sorted(given - set(known))
    if unknown:
        names = ",".join(tileset.name for tileset in tilesets)
        right = f"{', '.join(known)} or {ALL}" if known else "nothing: they have no optional attributes"
        raise UnknownAttribute(f"with={unknown[0][:60]!r} is no optional attribute of {names}; `with` may name {right}")
    return tuple(name for name in known if name in given)
