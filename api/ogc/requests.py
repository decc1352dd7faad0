"""Reads what an OGC API request asks: format, reference systems, box, time, filter. Unknown parameters are refused."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from fastapi import Request

from api.errors import BadRequest
from data.errors import NotFound
from data.features import CRS84, CRSS, Crs, Query
from data.filters import Language, parse_filter
from twin.features import Property, collections, properties_of
from twin.scope import Scope

Format: TypeAlias = Literal["json", "html"]
MOST = 10_000
"""Features a page may hold; a request for more gets so many, and a link to the next page."""
DEFAULT = 1000
"""Features of a page where the request says nothing."""
_DEFAULT_HTML = 100
_LANGUAGES: tuple[Language, ...] = ("cql2-text", "cql2-json")
_OF_ALL = frozenset({"f", "city"})
_OF_ITEMS = _OF_ALL | {"limit", "after", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang", "filter-crs"}
_NUMBERS_OF_A_BOX = frozenset({4, 6})


def wanted_format(request: Request) -> Format:
    """Return the format: `f=json` or `f=html`, else what the client prefers, else JSON.

    Raises
    ------
    BadRequest
        When `f` is anything else.
    """
    given = request.query_params.get("f")
    if given is not None:
        if given not in {"json", "html"}:
            raise BadRequest(f"f is {given[:60]!r}; it must be json or html")
        return "html" if given == "html" else "json"
    for part in request.headers.get("accept", "").split(","):
        media = part.partition(";")[0].strip()
        if media in {"text/html", "application/xhtml+xml"}:
            return "html"
        if media.endswith("json") or media == "*/*":
            return "json"
    return "json"


def refuse_unknown(request: Request, allowed: frozenset[str] = _OF_ALL) -> None:
    """Raise `BadRequest` for a parameter that the resource does not have (OGC 17-069r4, requirement 8)."""
    unknown = sorted(set(request.query_params) - allowed)
    if unknown:
        raise BadRequest(f"there is no parameter {unknown[0][:60]!r} here; there are {', '.join(sorted(allowed))}")


def visible_kind(name: str, scope: Scope) -> str:
    """Return the kind that a collection shows.

    Raises
    ------
    NotFound
        When there is no such collection.
    OutsideScope
        When the caller may not see it.
    """
    if name not in {kind.name for kind in collections()}:
        raise NotFound(f"there is no collection {name[:60]!r}; GET /ogc/collections lists them")
    scope.require_layer(name)
    return name


def read_query(request: Request, kind: str) -> Query:
    """Read box, time, filter and reference systems of a request for features.

    Raises
    ------
    BadRequest, BadFilter
        Naming the parameter, its value and what would be right.
    """
    properties = properties_of(kind)
    refuse_unknown(request, _OF_ITEMS | properties.keys())
    given = request.query_params
    parts: list[object] = [
        _equal(properties[name], given[name]) for name in given if name in properties and name not in _OF_ITEMS
    ]
    if given.get("filter"):
        parts.append(parse_filter(given["filter"], _language(given.get("filter-lang"))))
    return Query(
        kind=kind,
        expression=None if not parts else parts[0] if len(parts) == 1 else {"op": "and", "args": parts},
        filter_crs=_crs(given.get("filter-crs"), "filter-crs"),
        bbox=_bbox(given["bbox"]) if given.get("bbox") else None,
        bbox_crs=_crs(given.get("bbox-crs"), "bbox-crs"),
        during=_times(given["datetime"]) if given.get("datetime") else None,
        crs=_crs(given.get("crs"), "crs"),
    )


def read_page(request: Request) -> tuple[int, int]:
    """Return the id after which the page begins (0 = the first), and how many features it may hold, at most `MOST`."""
    first = _whole("after", request.query_params.get("after", "0"), least=0)
    usual = _DEFAULT_HTML if wanted_format(request) == "html" else DEFAULT
    return first, min(MOST, _whole("limit", request.query_params.get("limit", str(usual)), least=1))


def _whole(name: str, text: str, *, least: int) -> int:
    if not text.isdecimal() or len(text) > 10 or not least <= int(text) < 2**31:
        raise BadRequest(f"{name} is {text[:60]!r}; it must be a whole number from {least} on")
    return int(text)


def _language(text: str | None) -> Language:
    found = next((each for each in _LANGUAGES if each == (text or _LANGUAGES[0])), None)
    if found is None:
        raise BadRequest(f"filter-lang is {str(text)[:60]!r}; it must be {' or '.join(_LANGUAGES)}")
    return found


def _crs(uri: str | None, name: str) -> Crs:
    found = CRS84 if uri is None else CRSS.get(uri)
    if found is None:
        raise BadRequest(f"{name} is {str(uri)[:100]!r}; it must be one of {', '.join(CRSS)}")
    return found


def _bbox(text: str) -> dict[str, list[float]]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in _NUMBERS_OF_A_BOX or not all(math.isfinite(number) for number in numbers):
        raise BadRequest(f"bbox is {text[:100]!r}; it must be four (or, with heights, six) numbers: lower corner, upper corner")
    return {"bbox": numbers}


def _times(text: str) -> tuple[datetime | None, datetime | None]:
    """Read an instant, or an interval whose open ends are `..` or empty."""
    parts = text.split("/")
    if len(parts) > 2 or set(parts) <= {"", ".."}:
        raise BadRequest(f"datetime is {text[:100]!r}; it must be a time like 2026-11-01T00:00:00Z or START/END with .. for open")
    ends = [None if part in {"", ".."} else _time(part) for part in parts]
    start, end = ends[0], ends[-1]
    if start is not None and end is not None and start > end:
        raise BadRequest(f"datetime is {text[:100]!r}; its end lies before its start")
    return start, end


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"datetime holds {text[:60]!r}; times look like 2026-11-01T00:00:00Z or 2026-11-01") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _equal(wanted: Property, text: str) -> dict[str, object]:
    """Return the filter `property = value` of a parameter that is named like a property."""
    return {"op": "=", "args": [{"property": wanted.name}, _value(wanted, text)]}


def _value(wanted: Property, text: str) -> object:
    try:
        match wanted.type:
            case "integer" | "number":
                return float(text)
            case "boolean":
                return {"true": True, "false": False}[text]
            case "date":
                return {"date": text}
            case "datetime":
                return {"timestamp": text}
            case "text":
                return text
    except (ValueError, KeyError):
        raise BadRequest(f"{wanted.name} is {text[:60]!r}; a {wanted.type} is wanted") from None
