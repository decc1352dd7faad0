"""Reads features: pages of the assets of one kind as a Scope shows them, filtered, in the reference system that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from data.assets import grid_deg
from data.filters import Predicate, predicate
from data.pool import Pool
from data.statements import scope_parameters, sql
from gis.datum_names import parse_datum
from gis.datums import to_wgs84
from twin.features import GEOMETRY, properties_of
from twin.kinds import KINDS
from twin.scope import Scope

_STORED = "a.geom"
_WEB_MERCATOR = parse_datum("epsg:3857")
LAST_ID = 2**31 - 1
"""Asset ids are 32-bit numbers with a sign."""
_FIRST_OF_COUNT, _FIRST_OF_PAGE = 6, 9


@dataclass(frozen=True, slots=True)
class Crs:
    """A coordinate reference system in which features are asked for and answered.

    Attributes
    ----------
    uri
        Its name in OGC APIs.
    sql
        What takes a geometry of the store to it.
    decimals
        Decimals of its coordinates: about a centimetre.
    to_wgs84
        What takes a geometry in it to longitude and latitude in WGS-84.
    """

    uri: str
    sql: str
    decimals: int
    to_wgs84: Callable[[BaseGeometry], BaseGeometry]


def _swapped(given: BaseGeometry) -> BaseGeometry:
    found: BaseGeometry = shapely.transform(given, lambda at: at[:, ::-1])
    return found


def _from_web_mercator(given: BaseGeometry) -> BaseGeometry:
    found: BaseGeometry = shapely.transform(given, lambda at: to_wgs84(np.ascontiguousarray(at), _WEB_MERCATOR))
    return found


_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = Crs("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "{g}", 7, lambda given: given)
CRSS: Mapping[str, Crs] = {
    each.uri: each
    for each in (
        CRS84,
        Crs(_EPSG + "4326", "st_flipcoordinates({g})", 7, _swapped),
        # CGCS2000 and WGS-84 differ by less than a delivery can tell; both have latitude first
        Crs(_EPSG + "4490", "st_flipcoordinates({g})", 7, _swapped),
        Crs(_EPSG + "3857", "st_transform({g}, 3857)", 2, _from_web_mercator),
    )
}
"""Reference systems by name; the first is that of the store."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a caller may see of a kind: how many features, where (west, south, east, north in degrees), changed when."""

    count: int
    bbox_wgs84: tuple[float, float, float, float] | None
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Matched:
    """How many features a query finds, and the first and last asset id among them (0 for none).

    Ids of a kind lie together, so a page that knows both does not look for its rows among those of other kinds.
    """

    count: int
    first_id: int
    last_id: int


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a collection.

    Attributes
    ----------
    kind
        Kind of the assets.
    expression
        CQL2 JSON with coordinates in `filter_crs`; None = all.
    bbox, bbox_crs
        Box as CQL2 JSON and the system of its numbers; None = everywhere.
    during
        First and last moment: each asset in its last version that was valid within; None = as it is now.
    crs
        System of the answer.
    """

    kind: str
    expression: object = None
    filter_crs: Crs = CRS84
    bbox: object = None
    bbox_crs: Crs = CRS84
    during: tuple[datetime | None, datetime | None] | None = None
    crs: Crs = CRS84


async def read_assets_version(pool: Pool, city_id: int) -> int:
    """Return the version of the assets of a city: it rises with every import and every edit."""
    return int(await pool.fetchval(sql("feature_version"), city_id) or 0)


async def read_extents(pool: Pool, scope: Scope, city_id: int) -> dict[str, Extent]:
    """Return the extent of each kind of which the caller may see something: the box around the rows as the Scope rounds them.

    Cost: reads every current asset of the city, so callers keep it by `read_assets_version`.
    """
    statement = sql("feature_kinds").replace("{geometry}", _geometry(scope))
    rows = await pool.fetch(statement, *scope_parameters(scope, city_id).as_tuple())
    return {row["kind"]: _extent(row) for row in rows}


def _extent(row: asyncpg.Record) -> Extent:
    bbox = None if row["west"] is None else (row["west"], row["south"], row["east"], row["north"])
    return Extent(row["count"], bbox, row["first_at"], row["last_at"])


async def count_features(pool: Pool, scope: Scope, city_id: int, query: Query) -> Matched:
    """Return how many features the query finds on all pages. Cost: what reading all pages costs the database.

    Raises
    ------
    BadFilter
        When the query does not fit the collection.
    """
    statement, parameters = _statement("feature_count", scope, query, _FIRST_OF_COUNT)
    fixed = (*scope_parameters(scope, city_id).as_tuple(), query.kind)
    row = await pool.fetchrow(statement, *fixed, *parameters)
    assert row is not None
    return Matched(row["count"], row["first_id"] or 0, row["last_id"] or 0)


async def read_features(
    pool: Pool, scope: Scope, city_id: int, query: Query, *, after: int = 0, last: int = LAST_ID, limit: int
) -> list[asyncpg.Record]:
    """Return a page of features by rising asset id.

    Parameters
    ----------
    after, last
        Ids between which the page lies: above `after` (the last id of the page before) and up to `last`.
    limit
        Features it may hold.

    Raises
    ------
    BadFilter
        When the query does not fit the collection.
    """
    statement, parameters = _statement("feature_page", scope, query, _FIRST_OF_PAGE)
    fixed = (*scope_parameters(scope, city_id).as_tuple(), query.kind, after, last, limit)
    return await pool.fetch(statement, *fixed, *parameters)


def _statement(name: str, scope: Scope, query: Query, first: int) -> tuple[str, tuple[object, ...]]:
    """Return a statement with its holes filled, and the parameters of what fills them."""
    geometry = _geometry(scope)
    time = _time(query, first)
    wanted = _filter(query, geometry, first + len(time.parameters))
    text = sql(name)
    for hole, piece in {
        "{crs}": query.crs.sql.format(g=geometry),
        "{digits}": str(query.crs.decimals),
        "{time}": time.sql,
        "{filter}": wanted.sql,
    }.items():
        text = text.replace(hole, piece)
    return text, (*time.parameters, *wanted.parameters)


def _geometry(scope: Scope) -> str:
    """Return the SQL of the geometry as the Scope shows it."""
    dx, dy = grid_deg(scope)
    return _STORED if dx is None else f"st_snaptogrid(a.geom, 0, 0, {dx!r}, {dy!r})"


def _time(query: Query, first: int) -> Predicate:
    if query.during is None:
        return Predicate("a.valid_to_at is null", ())
    start, end = f"${first}::timestamptz", f"${first + 1}::timestamptz"
    begun = f"({end} is null or a.valid_from_at <= {end})"
    not_over = f"(a.valid_to_at is null or {start} is null or a.valid_to_at > {start})"
    last = (
        "not exists (select from asset b where b.city_id = a.city_id and b.asset_id = a.asset_id and b.version > a.version"
        f" and ({end} is null or b.valid_from_at <= {end}))"
    )
    return Predicate(f"{begun} and {not_over} and {last}", query.during)


def _filter(query: Query, geometry: str, first: int) -> Predicate:
    properties = properties_of(query.kind)
    indexed = geometry == _STORED
    if KINDS[query.kind].geometry not in {"point", "line"}:
        # an area that crosses itself, as stored or by rounding, makes the functions of GEOS fail
        geometry = f"st_makevalid({geometry})"
    pieces: list[Predicate] = []
    box = None if query.bbox is None else {"op": "s_intersects", "args": [{"property": GEOMETRY}, query.bbox]}
    for expression, crs in ((box, query.bbox_crs), (query.expression, query.filter_crs)):
        if expression is not None:
            begin = first + sum(len(piece.parameters) for piece in pieces)
            found = predicate(expression, properties, first=begin, geometry=geometry, indexed=indexed, to_wgs84=crs.to_wgs84)
            pieces.append(found)
    values = tuple(value for piece in pieces for value in piece.parameters)
    return Predicate(" and ".join(piece.sql for piece in pieces) or "true", values)
