"""`/ogc`: OGC API Features 1 (core), 2 (reference systems), 3 (filters in CQL2)."""

from __future__ import annotations

from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import WithJsonSchema

from api.dependencies import CallerDep, CityDep, PoolDep
from api.ogc import documents
from api.ogc.answers import answer, as_geojson, feature, feature_page
from api.ogc.kept import KeptDep
from api.ogc.links import GEOJSON, HTML, JSON, SCHEMA, Link, address, both, link
from api.ogc.openapi import definition
from api.ogc.requests import DEFAULT, MOST, read_page, read_query, refuse_unknown, visible_kind, wanted_format
from api.ogc.tile_routes import router as tile_router
from api.ogc.tilesets import tiled_kinds
from data.errors import NotFound
from data.features import Matched, read_features
from data.tiles import read_tile_city, read_versions
from twin.features import collections, properties_of
from twin.kinds import KINDS

router = APIRouter(prefix="/ogc", tags=["ogc"])

FormatQuery = Annotated[str | None, Query(description="json or html; default: what the client accepts.", examples=["json"])]
KindPath = Annotated[str, Path(description="Id of a collection: a kind of asset.", examples=["substation"])]
_PAGES: dict[int | str, dict[str, Any]] = {200: {"content": {JSON: {}, HTML: {}}}}
_FEATURES: dict[int | str, dict[str, Any]] = {200: {"content": {GEOJSON: {}, HTML: {}}}}


@router.get("/", include_in_schema=False)  # some clients (OWSLib) put a slash behind every address
@router.get("", responses=_PAGES)
async def landing(*, request: Request, caller: CallerDep, pool: PoolDep, city: CityDep, f: FormatQuery = None) -> Response:
    """Show the landing page: where the collections, the conformance classes and the definition are."""
    refuse_unknown(request)
    shown = wanted_format(request)
    place = await read_tile_city(pool, city)
    title = f"{place.name_zh} {place.name_en}".strip()
    return answer(request, shown, "landing", documents.landing(request, shown, title=title, attribution=place.attribution))


@router.get("/conformance", responses=_PAGES)
async def conformance(*, request: Request, caller: CallerDep, f: FormatQuery = None) -> Response:
    """List the conformance classes."""
    refuse_unknown(request)
    shown = wanted_format(request)
    return answer(request, shown, "conformance", documents.conformance(request, shown))


@router.get("/collections", responses=_PAGES)
async def get_collections(
    *, request: Request, caller: CallerDep, pool: PoolDep, kept: KeptDep, city: CityDep, f: FormatQuery = None
) -> Response:
    """List the collections that the caller may see: one a kind of asset of which the city has some."""
    refuse_unknown(request)
    shown = wanted_format(request)
    extents = await kept.extents(pool, caller.scope, city)
    kinds = tuple(kind for kind in collections() if kind.name in extents)
    tiled = tiled_kinds(await read_versions(pool, city), extents)
    return answer(request, shown, "collections", documents.collections_of(request, shown, extents, kinds, tiled))


@router.get("/collections/{kind}", responses=_PAGES)
async def get_collection(
    *, request: Request, caller: CallerDep, pool: PoolDep, kept: KeptDep, city: CityDep, kind: KindPath, f: FormatQuery = None
) -> Response:
    """Describe a collection: extent, reference systems, links."""
    refuse_unknown(request)
    shown = wanted_format(request)
    found = KINDS[visible_kind(kind, caller.scope)]
    extents = await kept.extents(pool, caller.scope, city)
    tiled = kind in tiled_kinds(await read_versions(pool, city), extents)
    return answer(request, shown, "collection", documents.collection(request, shown, found, extents.get(kind), tiled=tiled))


@router.get("/collections/{kind}/queryables", responses={200: {"content": {SCHEMA: {}, HTML: {}}}})
async def queryables(*, request: Request, caller: CallerDep, kind: KindPath, f: FormatQuery = None) -> Response:
    """List the properties that filters and parameters may ask for, as a JSON schema."""
    refuse_unknown(request)
    document = documents.queryables(request, visible_kind(kind, caller.scope))
    return answer(request, wanted_format(request), "queryables", document, media=SCHEMA)


@router.get("/collections/{kind}/items", responses=_FEATURES)
async def items(
    *,
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    kept: KeptDep,
    city: CityDep,
    kind: KindPath,
    f: FormatQuery = None,
    limit: Annotated[
        str | None,
        Query(description=f"Features of a page; more than {MOST} means {MOST}."),
        WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}),
    ] = None,
    after: Annotated[str | None, Query(description="Id after which the page begins; links to the next page hold it.")] = None,
    bbox: Annotated[
        str | None, Query(description="Lower and upper corner in `bbox-crs`.", examples=["125.2,43.8,125.4,43.9"])
    ] = None,
    bbox_crs: Annotated[str | None, Query(alias="bbox-crs", description="System of `bbox`; default CRS84.")] = None,
    crs: Annotated[str | None, Query(description="System of the answer; default CRS84.")] = None,
    datetime: Annotated[
        str | None,
        Query(description="Time or START/END: versions valid then; default: now.", examples=["2026-11-01T00:00:00Z/.."]),
    ] = None,
    filter_: Annotated[
        str | None, Query(alias="filter", description="Filter in CQL2.", examples=["dn >= 400 AND name LIKE '%路%'"])
    ] = None,
    filter_lang: Annotated[str | None, Query(alias="filter-lang", description="cql2-text (default) or cql2-json.")] = None,
    filter_crs: Annotated[
        str | None, Query(alias="filter-crs", description="System of the filter's geometries; default CRS84.")
    ] = None,
) -> Response:
    """Return a page of features by rising id. Every property of the collection is a parameter, too (`?dn=400`)."""
    shown = wanted_format(request)
    wanted = read_query(request, visible_kind(kind, caller.scope))
    first, most = read_page(request)
    matched = await kept.matched(request, pool, caller.scope, city, wanted)
    rows = await read_features(pool, caller.scope, city, wanted, **_between(first, matched), limit=most + 1)
    links = _page_links(request, shown, kind, rows[most - 1]["asset_id"] if len(rows) > most else None)
    document = feature_page(rows[:most], kind, links, matched=None if matched is None else matched.count)
    if shown == "html":
        told = _told(kind)
        filled = {name for each in document["features"] for name in each["properties"]}
        told["columns"] = {name: title for name, title in told["columns"].items() if name in filled}
        return answer(request, shown, "items", document | told)
    return as_geojson(document, wanted.crs)


@router.get("/collections/{kind}/items/{feature_id}", responses=_FEATURES)
async def item(
    *,
    request: Request,
    caller: CallerDep,
    pool: PoolDep,
    city: CityDep,
    kind: KindPath,
    feature_id: Annotated[int, Path(ge=1, le=2**31 - 1, description="Asset id.", examples=[12])],
    f: FormatQuery = None,
    crs: Annotated[str | None, Query(description="System of the answer; default CRS84.")] = None,
) -> Response:
    """Return one feature."""
    refuse_unknown(request, frozenset({"f", "city", "crs"}))
    shown = wanted_format(request)
    name = visible_kind(kind, caller.scope)
    wanted = read_query(request, name)
    rows = await read_features(pool, caller.scope, city, wanted, after=feature_id - 1, last=feature_id, limit=1)
    row = _only(rows, kind, feature_id)
    path = f"/collections/{kind}"
    own = both(request, f"{path}/items/{feature_id}", shown=shown, media=GEOJSON, query=_given_crs(request))
    links = [*own, link(address(request, path), "collection", JSON)]
    document = feature(row, kind) | {"links": links}
    if shown == "html":
        return answer(request, shown, "item", document | _told(kind))
    return as_geojson(document, wanted.crs)


@router.get("/api", responses={200: {"content": {JSON: {}}}})
async def api_definition(
    *, request: Request, caller: CallerDep, pool: PoolDep, kept: KeptDep, city: CityDep, f: FormatQuery = None
) -> Response:
    """Return the OpenAPI 3.0 definition of `/ogc` with the caller's collections; that of the whole server is `/openapi.json`."""
    refuse_unknown(request)
    extents = await kept.extents(pool, caller.scope, city)
    return definition(
        request, [*router.routes, *tile_router.routes], [kind.name for kind in collections() if kind.name in extents]
    )


def _between(after: int, matched: Matched | None) -> dict[str, int]:
    """Return the ids between which a page lies: a count in hand spares it looking among the rows of other kinds."""
    return {"after": after} if matched is None else {"after": max(after, matched.first_id - 1), "last": matched.last_id}


def _only(rows: list[asyncpg.Record], kind: str, feature_id: int) -> asyncpg.Record:
    if not rows:
        raise NotFound(f"collection {kind} has no feature {feature_id}")
    return rows[0]


def _given_crs(request: Request) -> dict[str, str]:
    given = request.query_params.get("crs")
    return {} if given is None else {"crs": given}


def _told(kind: str) -> dict[str, Any]:
    """Return what the HTML views of features say beside them."""
    columns = {name: each.title_zh + (f" {each.unit}" if each.unit else "") for name, each in properties_of(kind).items()}
    return {"kind": kind, "title": KINDS[kind].name_zh, "columns": columns}


def _page_links(request: Request, shown: str, kind: str, last: int | None) -> list[Link]:
    given = {name: value for name, value in request.query_params.items() if name != "f"}
    path = f"/collections/{kind}/items"
    links = [
        link(address(request, path, given | {"f": "json"}), "self" if shown == "json" else "alternate", GEOJSON),
        link(address(request, path, given | {"f": "html"}), "self" if shown == "html" else "alternate", HTML),
        link(address(request, f"/collections/{kind}"), "collection", JSON),
    ]
    if last is not None:
        after = given | {"after": str(last)}
        links.append(link(address(request, path, after | {"f": "json"}), "next", GEOJSON))
        links.append(link(address(request, path, after | {"f": "html"}), "next", HTML))
    return links
