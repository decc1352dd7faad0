"""Links between the resources of the OGC API; each keeps the city of the request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import urlencode

from fastapi import Request

Link: TypeAlias = dict[str, Any]
"""RFC 8288 in JSON; `templated` says that `href` holds variables in braces."""
JSON, GEOJSON, HTML, SCHEMA, OPENAPI = (
    "application/json",
    "application/geo+json",
    "text/html",
    "application/schema+json",
    "application/vnd.oai.openapi+json;version=3.0",
)


def address(request: Request, path: str, query: Mapping[str, Any] | None = None) -> str:
    """Return the full address of a path under `/ogc`, with the city of the request."""
    city = request.query_params.get("city")
    given = {**({} if city is None else {"city": city}), **(query or {})}
    tail = f"?{urlencode(given)}" if given else ""
    return f"{str(request.base_url).rstrip('/')}/ogc{path}{tail}"


def link(href: str, rel: str, media: str, title: str = "") -> Link:
    """Return a link object (RFC 8288 in JSON)."""
    return {"href": href, "rel": rel, "type": media, **({"title": title} if title else {})}


def both(request: Request, path: str, *, shown: str, media: str = JSON, query: Mapping[str, Any] | None = None) -> list[Link]:
    """Return the links to this resource and to its other format."""
    given = query or {}
    as_json = link(address(request, path, {**given, "f": "json"}), "self" if shown == "json" else "alternate", media)
    as_html = link(address(request, path, {**given, "f": "html"}), "self" if shown == "html" else "alternate", HTML)
    return [as_json, as_html] if shown == "json" else [as_html, as_json]
