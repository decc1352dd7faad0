"""The documents of OGC API Tiles (OGC 20-057): tile matrix sets, lists of tilesets, tilesets."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from api.ogc.links import HTML, JSON, Link, address, both, link
from api.ogc.tilesets import Drawn, title_of
from data.features import CRS84
from tiles.matrix_sets import CRS, URI, WEB_MERCATOR_QUAD, cell_size_m, tile_limits, tile_matrix_set
from tiles.tilesets import Attribute, Layer, Tileset

_TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
_TMS = "http://www.opengis.net/spec/tms/2.0/conf/"
CONFORMS_TO = (
    *(
        _TILES + name
        for name in ("core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "collections-selection", "mvt")
    ),
    *(
        _TMS + name
        for name in (
            "tilematrixset",
            "json-tilematrixset",
            "tilematrixsetlimits",
            "json-tilematrixsetlimits",
            "tilesetmetadata",
            "json-tilesetmetadata",
        )
    ),
)
MVT = "application/vnd.mapbox-vector-tile"
_REL = "http://www.opengis.net/def/rel/ogc/1.0/"
TILESETS_REL, SCHEME_REL, SCHEMES_REL, GEODATA_REL = (
    _REL + name for name in ("tilesets-vector", "tiling-scheme", "tiling-schemes", "geodata")
)
_MATRIX_SET_PATH = f"/tileMatrixSets/{WEB_MERCATOR_QUAD}"


def matrix_sets(request: Request, shown: str) -> dict[str, Any]:
    """Return the list of tile matrix sets."""
    full = tile_matrix_set()
    listed = {name: full[name] for name in ("id", "title", "uri", "crs")}
    listed["links"] = [
        link(address(request, _MATRIX_SET_PATH, {"f": "json"}), "self", JSON),
        link(address(request, _MATRIX_SET_PATH, {"f": "html"}), "alternate", HTML),
    ]
    return {"links": both(request, "/tileMatrixSets", shown=shown), "tileMatrixSets": [listed]}


def matrix_set(request: Request, shown: str) -> dict[str, Any]:
    """Return the definition of the tile matrix set."""
    return tile_matrix_set() | {"links": both(request, _MATRIX_SET_PATH, shown=shown)}


def tilesets(request: Request, shown: str, drawn: Drawn) -> dict[str, Any]:
    """Return the list of tilesets of a collection, or of the dataset: one, in WebMercatorQuad; none where nothing is built."""
    path = _path(drawn.kind)
    chosen = _chosen(request)
    own = address(request, f"{path}/{WEB_MERCATOR_QUAD}", chosen | {"f": "json"})
    if not drawn.tilesets:
        return {"links": both(request, path, shown=shown, query=chosen), "tilesets": []}
    listed = _minimal(drawn) | {"links": [link(own, "self", JSON), *_scheme(request), *_geodata(request, drawn.kind)]}
    return {"links": both(request, path, shown=shown, query=chosen), "tilesets": [listed]}


def tileset(request: Request, shown: str, drawn: Drawn, *, attribution: str) -> dict[str, Any]:
    """Return what a tileset is: where its tiles are, which layers, zooms and places they have."""
    path = f"{_path(drawn.kind)}/{WEB_MERCATOR_QUAD}"
    chosen = _chosen(request)
    query = address(request, "", chosen).partition("?")[2]
    template = address(request, f"{path}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}").partition("?")[0]
    item = link(template + (f"?{query}" if query else ""), "item", MVT, "Tiles")
    made: dict[str, Any] = _minimal(drawn) | {
        "links": [
            *both(request, path, shown=shown, query=chosen),
            item | {"templated": True},
            *_scheme(request),
            *_geodata(request, drawn.kind),
        ],
        "layers": [_layer(layer, tileset) for layer, tileset in drawn.layers()],
    }
    if attribution:
        made["attribution"] = attribution
    if drawn.box is not None:
        west, south, east, north = drawn.box
        made["boundingBox"] = {"lowerLeft": [west, south], "upperRight": [east, north], "crs": CRS84.uri}
        made["tileMatrixSetLimits"] = tile_limits(drawn.box, drawn.zooms)
        centre = {"coordinates": [(west + east) / 2, (south + north) / 2], "crs": CRS84.uri}
        made["centerPoint"] = centre | {"tileMatrix": str(max(drawn.zooms[0], 13))}
    return made


def _path(kind: str | None) -> str:
    return "/tiles" if kind is None else f"/collections/{kind}/tiles"


def _minimal(drawn: Drawn) -> dict[str, Any]:
    return {
        "title": title_of(drawn.kind),
        "description": " ".join(tileset.description for tileset in drawn.tilesets),
        "dataType": "vector",
        "crs": CRS,
        "tileMatrixSetURI": URI,
    }


def _layer(layer: Layer, tileset: Tileset) -> dict[str, Any]:
    return {
        "id": layer.name,
        "description": layer.description,
        "dataType": "vector",
        "minTileMatrix": str(layer.minzoom),
        "maxTileMatrix": str(tileset.maxzoom),
        "maxCellSize": cell_size_m(layer.minzoom),
        "minCellSize": cell_size_m(tileset.maxzoom),
        "propertiesSchema": {
            "type": "object",
            "properties": {each.name: _property(each) for each in layer.attributes if not each.optional},
        },
    }


def _property(attribute: Attribute) -> dict[str, Any]:
    codes = "; ".join(f"{code} {name}" for code, name in attribute.codes.items())
    found: dict[str, Any] = {"description": attribute.meaning + (f": {codes}" if codes else "")}
    return found | ({"type": "integer", "enum": [int(code) for code in attribute.codes]} if attribute.codes else {})


def _scheme(request: Request) -> list[Link]:
    return [link(address(request, _MATRIX_SET_PATH), SCHEME_REL, JSON, WEB_MERCATOR_QUAD)]


def _geodata(request: Request, kind: str | None) -> list[Link]:
    return [] if kind is None else [link(address(request, f"/collections/{kind}"), GEODATA_REL, JSON)]


def _chosen(request: Request) -> dict[str, str]:
    given = request.query_params.get("collections")
    return {} if given is None else {"collections": given}
