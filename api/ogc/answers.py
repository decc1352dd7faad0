"""Features as GeoJSON: rows of the store become bytes; geometries and attributes are not parsed on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from api.answers import PRIVATE
from api.ogc.links import GEOJSON, JSON, Link
from api.ogc.pages import page
from data.features import Crs
from twin.features import properties_of


def answer(request: Request, shown: str, template: str, document: Mapping[str, Any], *, media: str = JSON) -> Response:
    """Return a document as JSON, or as the HTML page of that template."""
    headers = {"Cache-Control": PRIVATE, "Vary": "Accept, Cookie, X-App-Id"}
    if shown == "html":
        return HTMLResponse(page(request, template, document), headers=headers)
    return Response(orjson.dumps(document), media_type=media, headers=headers)


def utc_text(moment: datetime) -> str:
    """Return a moment as UTC text of whole seconds, as filters compare it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def feature(row: asyncpg.Record, kind: str) -> dict[str, Any]:
    """Return a row as a GeoJSON feature; attributes that the catalogue does not name are left out."""
    attributes = row["attributes"]
    values = {name: row[name] if each.column else attributes.get(name) for name, each in properties_of(kind).items()}
    values["valid_from_at"] = utc_text(row["valid_from_at"])
    geometry = row["geometry"]
    return {
        "type": "Feature",
        "id": row["asset_id"],
        "geometry": None if geometry is None else orjson.Fragment(geometry),
        "properties": {name: value for name, value in values.items() if value is not None},
    }


def feature_page(rows: Sequence[asyncpg.Record], kind: str, links: Sequence[Link], *, matched: int | None) -> dict[str, Any]:
    """Return a page of features as a FeatureCollection; without `numberMatched` when nobody knows how many there are."""
    return {
        "type": "FeatureCollection",
        "timeStamp": utc_text(datetime.now(UTC)),
        **({} if matched is None else {"numberMatched": matched}),
        "numberReturned": len(rows),
        "links": list(links),
        "features": [feature(row, kind) for row in rows],
    }


def as_geojson(document: Mapping[str, Any], crs: Crs) -> Response:
    """Answer with GeoJSON and the name of its reference system (OGC 18-058r1)."""
    headers = {"Content-Crs": f"<{crs.uri}>", "Cache-Control": PRIVATE, "Vary": "Accept, Cookie, X-App-Id"}
    return Response(orjson.dumps(document), media_type=GEOJSON, headers=headers)
