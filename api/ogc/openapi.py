"""The definition of `/ogc` as OpenAPI 3.0, which the conformance class `oas30` and its clients want.

The server's own document is OpenAPI 3.1; what 3.0 writes differently is rewritten here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from starlette.routing import BaseRoute

from api.ogc.links import OPENAPI
from api.ogc.pages import page
from api.ogc.requests import wanted_format


def definition(request: Request, routes: Sequence[BaseRoute]) -> Response:
    """Return the definition as JSON, or as a page that lists the resources."""
    made = get_openapi(title="heat twin OGC API", version=version("heat-twin"), openapi_version="3.0.3", routes=routes)
    document = as_30(made)
    document["servers"] = [{"url": str(request.base_url).rstrip("/")}]
    if wanted_format(request) == "html":
        return HTMLResponse(page(request, "api", {"paths": document["paths"]}))
    return Response(orjson.dumps(document), media_type=OPENAPI)


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
