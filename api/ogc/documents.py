"""The documents of the OGC API: landing page, conformance, collections, queryables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fastapi import Request

from api.ogc import tile_documents
from api.ogc.links import GEOJSON, HTML, JSON, OPENAPI, SCHEMA, Link, address, both, link
from data.features import CRS84, CRSS, Extent
from twin.features import GEOMETRY, Property, properties_of
from twin.kinds import KINDS, Kind

_FEATURES1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
_FEATURES2 = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/"
_FEATURES3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"
CONFORMS_TO = (
    *(_FEATURES1 + name for name in ("core", "geojson", "html", "oas30")),
    _FEATURES2 + "crs",
    *(_FEATURES3 + name for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")),
    *(
        _CQL2 + name
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "temporal-functions",
            "arithmetic",
            "property-property",
        )
    ),
    *tile_documents.CONFORMS_TO,
)
_SCHEMA_TYPES: Mapping[str, dict[str, str]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}
_GEOMETRY_FORMATS = {
    "point": "geometry-point",
    "line": "geometry-linestring",
    "polygon": "geometry-polygon",
    "any": "geometry-any",
}


def landing(request: Request, shown: str, *, title: str, attribution: str) -> dict[str, Any]:
    """Return the landing page (OGC 17-069r4, 7.2)."""
    links = [
        *both(request, "", shown=shown),
        link(address(request, "/api"), "service-desc", OPENAPI, "API definition"),
        link(address(request, "/api", {"f": "html"}), "service-doc", HTML, "API documentation"),
        link(address(request, "/conformance"), "conformance", JSON, "Conformance classes"),
        link(address(request, "/collections"), "data", JSON, "Collections"),
        link(address(request, "/tiles"), tile_documents.TILESETS_REL, JSON, "Tiles"),
        link(address(request, "/tileMatrixSets"), tile_documents.SCHEMES_REL, JSON, "Tile matrix sets"),
    ]
    return {
        "title": title,
        "description": "Assets of a city's heating network by kind.",
        "attribution": attribution,
        "links": links,
    }


def conformance(request: Request, shown: str) -> dict[str, Any]:
    """Return what the API conforms to."""
    return {"conformsTo": list(CONFORMS_TO), "links": both(request, "/conformance", shown=shown)}


def collections_of(
    request: Request, shown: str, extents: Mapping[str, Extent], kinds: tuple[Kind, ...], tiled: Collection[str]
) -> dict[str, Any]:
    """Return the list of collections; `tiled` names those that have tiles."""
    listed = [collection(request, shown, kind, extents.get(kind.name), tiled=kind.name in tiled, inside=True) for kind in kinds]
    return {"links": both(request, "/collections", shown=shown), "crs": list(CRSS), "collections": listed}


def collection(
    request: Request, shown: str, kind: Kind, extent: Extent | None, *, tiled: bool, inside: bool = False
) -> dict[str, Any]:
    """Return one collection: title, extent, reference systems, links; `inside` the list of them; `tiled`: it has tiles."""
    path = f"/collections/{kind.name}"
    links: list[Link] = [
        *([link(address(request, path), "self", JSON)] if inside else both(request, path, shown=shown)),
        link(address(request, f"{path}/items"), "items", GEOJSON, kind.name_zh),
        link(address(request, f"{path}/items", {"f": "html"}), "items", HTML, kind.name_zh),
        link(address(request, f"{path}/queryables"), "http://www.opengis.net/def/rel/ogc/1.0/queryables", SCHEMA),
        *([link(address(request, f"{path}/tiles"), tile_documents.TILESETS_REL, JSON)] if tiled else []),
    ]
    found: dict[str, Any] = {
        "id": kind.name,
        "title": kind.name_zh,
        "description": kind.name.replace("_", " "),
        "itemType": "feature",
        "crs": ["#/crs"] if inside else list(CRSS),
        "storageCrs": CRS84.uri,
        "links": links,
    }
    if extent is not None and extent.bbox_wgs84 is not None:
        found["extent"] = {
            "spatial": {"bbox": [list(extent.bbox_wgs84)], "crs": CRS84.uri},
            "temporal": {
                "interval": [[extent.first_at.isoformat(), None]],
                "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
            },
        }
    return found


def queryables(request: Request, kind: str) -> dict[str, Any]:
    """Return the properties that a filter may ask for, as a JSON schema (OGC 19-079r2, 6)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address(request, f"/collections/{kind}/queryables"),
        "type": "object",
        "title": KINDS[kind].name_zh,
        "properties": {
            GEOMETRY: {"format": _GEOMETRY_FORMATS[KINDS[kind].geometry], "x-ogc-role": "primary-geometry"},
            **{name: schema_of(each) for name, each in properties_of(kind).items()},
        },
        "additionalProperties": False,
    }


def schema_of(each: Property) -> dict[str, Any]:
    """Return a property as a JSON schema: type, unit, codes, source."""
    schema: dict[str, Any] = {"title": each.title_zh, **_SCHEMA_TYPES[each.type]}
    if each.unit:
        schema["x-ogc-unit"] = each.unit
    if each.codes:
        schema["enum"] = list(each.codes)
        schema["description"] = "; ".join(
            meaning if meaning.startswith(code) else f"{code} {meaning}" for code, meaning in each.codes.items()
        )
    if each.source:
        schema["x-source"] = each.source
    return schema
