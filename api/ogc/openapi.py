"""The definition of `/ogc` as OpenAPI 3.0, which the conformance class `oas30` and its clients want.

The server's own document is OpenAPI 3.1; what 3.0 writes differently is rewritten here. Paths are those below `/ogc`, which
is the server of this document: clients look a collection up by the path `/collections/{id}/items` (GDAL reads its page size
there), so each collection that the caller may see stands by its name, with its properties as parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from starlette.routing import BaseRoute

from api.answers import PRIVATE
from api.ogc.documents import schema_of
from api.ogc.links import OPENAPI, address
from api.ogc.pages import page
from api.ogc.requests import DEFAULT, MOST, wanted_format
from twin.features import properties_of
from twin.kinds import KINDS

_PREFIX = "/ogc"
_ITEMS = "/collections/{kind}/items"
_STANDARD: Mapping[str, Mapping[str, Any]] = {
    "limit": {"schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}},
    "bbox": {"schema": {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}},
    "datetime": {"schema": {"type": "string"}},
}


def definition(request: Request, routes: Sequence[BaseRoute], kinds: Iterable[str]) -> Response:
    """Return the definition as JSON, or as a page that lists the resources.

    Parameters
    ----------
    routes
        Routes of `/ogc`.
    kinds
        Collections that the caller may see.
    """
    made = get_openapi(title="heat twin OGC API", version=version("heat-twin"), openapi_version="3.0.3", routes=routes)
    document = as_30(made)
    document["servers"] = [{"url": address(request, "").partition("?")[0]}]
    paths = {path.removeprefix(_PREFIX) or "/": methods for path, methods in document["paths"].items()}
    headers = {"Cache-Control": PRIVATE, "Vary": "Accept, Cookie, X-App-Id"}
    if wanted_format(request) == "html":
        return HTMLResponse(page(request, "api", {"paths": paths}), headers=headers)
    document["paths"] = {f"/collections/{kind}/items": _items_of(paths[_ITEMS], kind) for kind in kinds} | paths
    return Response(orjson.dumps(document), media_type=OPENAPI, headers=headers)


def _items_of(methods: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the features of one collection as a path: without the collection's id, with its properties as parameters."""
    get = methods["get"]
    general = [each for each in get["parameters"] if each["in"] != "path"]
    own = [
        {"name": name, "in": "query", "required": False, "description": f"Equal to: {each.title_zh}", "schema": schema_of(each)}
        for name, each in properties_of(kind).items()
        if name not in {parameter["name"] for parameter in general}
    ]
    named = {"operationId": f"items_of_{kind}", "summary": f"Items of {kind}", "description": KINDS[kind].name_zh}
    return {"get": get | named | {"parameters": [_as_standard(each) for each in general] + own}}


def _as_standard(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parameter as the standard wants it written (OGC 17-069r4, 7.15): numbers of a box by commas, one value a name."""
    shape = _STANDARD.get(parameter["name"])
    return dict(parameter) if shape is None else {**parameter, "style": "form", "explode": False, "required": False, **shape}


def as_30(node: Any) -> Any:
    """Return a piece of OpenAPI 3.1 as 3.0 writes it: `nullable`, one `example`, limits that exclude by a flag."""
    if isinstance(node, list):
        return [as_30(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    found = {name: as_30(value) for name, value in node.items()}
    kinds = found.get("anyOf")
    if isinstance(kinds, list) and {"type": "null"} in kinds:
        rest = [each for each in kinds if each != {"type": "null"}]
        del found["anyOf"]
        found |= rest[0] if len(rest) == 1 else {"anyOf": rest}
        found["nullable"] = True
    if isinstance(found.get("examples"), list):
        found["example"] = found.pop("examples")[0]
    return found
