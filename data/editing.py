"""Turns what somebody typed into an `Edit`: held against the catalogue, the city's extent and the assets that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from data.archive import Edit
from data.errors import NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.edits import Extent, Reference, fitted_attributes, fitted_geometry, fitted_name, references_of
from twin.errors import BadEdit
from twin.kinds import kind_of
from twin.scope import Scope


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants an asset to be; None and empty = as it is.

    Attributes
    ----------
    name
        New name.
    attributes
        Values by name; None removes one.
    geometry
        GeoJSON geometry in WGS-84 degrees.
    retire
        True: the asset is no longer there; nothing else may be wished then.
    """

    name: str | None = None
    attributes: Mapping[str, object] = field(default_factory=dict)
    geometry: Mapping[str, object] | None = None
    retire: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """An edit that fits, and the version of the asset that it was made for."""

    edit: Edit
    version: int


async def prepare_edit(pool: Pool, scope: Scope, city_id: int, asset_id: int, wish: Wish) -> Prepared:
    """Hold a wish against the catalogue and the store.

    Raises
    ------
    NotFound
        When the caller sees no such asset.
    BadEdit
        When it does not fit; the message names everything that is wrong.
    """
    if not wish.retire and wish.name is None and not wish.attributes and wish.geometry is None:
        raise BadEdit("the edit says nothing: give name, attributes or geometry")
    row = await pool.fetchrow(sql("archive_editable"), *scope_parameters(scope, city_id).as_tuple(), asset_id)
    if row is None:
        raise NotFound(f"there is no current asset {asset_id} in city {city_id}; it does not exist or is retired")
    if wish.retire:
        return Prepared(Edit(asset_id, retire=True), row["version"])
    kind = kind_of(row["kind"])
    attributes = fitted_attributes(kind, wish.attributes, row["attributes"])
    await require_references(pool, city_id, references_of(kind, attributes))
    name = None if wish.name is None else fitted_name(wish.name)
    extent = _extent(row["extent"]) or _extent(row["seen_extent"])
    geometry = None if wish.geometry is None else fitted_geometry(kind, wish.geometry, extent)
    return Prepared(Edit(asset_id, attributes, name, geometry), row["version"])


async def require_references(pool: Pool, city_id: int, references: list[Reference]) -> None:
    """Raise `BadEdit` naming the codes that name no current asset."""
    kinds, codes = [item.kind for item in references], [item.code for item in references]
    rows = await pool.fetch(sql("archive_missing_references"), city_id, kinds, codes) if references else []
    if rows:
        missing = (references[row["place"]] for row in rows)
        raise BadEdit("; ".join(f"{item.attribute} = {item.code[:80]!r} names no {item.kind}" for item in missing))


def _extent(values: list[float] | None) -> Extent | None:
    return (values[0], values[1], values[2], values[3]) if values else None
