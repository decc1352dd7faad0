"""Filters of features: an expression in CQL2 (OGC 21-065r2) becomes a predicate of SQL with parameters.

The package `cql2` reads both encodings, text and JSON; this module checks types against the properties of the collection and
writes the predicate. Nothing that a client sends becomes SQL text: names come from the catalogue, values are parameters.

Times are compared as UTC texts of whole seconds, a date as the interval from its first to its last second.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Literal, TypeAlias

import cql2
import shapely
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from data.errors import BadFilter
from twin.features import GEOMETRY, Property

Language: TypeAlias = Literal["cql2-text", "cql2-json"]
TermType: TypeAlias = Literal["text", "number", "boolean", "date", "datetime", "interval", "geometry"]

LONGEST = 8000
"""Characters of a filter."""
DEEPEST = 50
"""Expressions within expressions."""
_SIGNS = re.compile(r"(?:-\s*){10,}")
_VERTICES = 20_000
_COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">="})
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "^", "div"})
_ORDERED: frozenset[TermType] = frozenset({"text", "number", "date", "datetime"})
_SPATIAL = {
    "s_intersects": "st_intersects",
    "s_equals": "st_equals",
    "s_disjoint": "st_disjoint",
    "s_touches": "st_touches",
    "s_within": "st_within",
    "s_overlaps": "st_overlaps",
    "s_crosses": "st_crosses",
    "s_contains": "st_contains",
}
# start and end of the first interval: a, b; of the second: c, d
_TEMPORAL = {
    "t_after": "{a} > {d}",
    "t_before": "{b} < {c}",
    "t_contains": "{a} < {c} and {b} > {d}",
    "t_disjoint": "({a} > {d} or {b} < {c})",
    "t_during": "{a} > {c} and {b} < {d}",
    "t_equals": "{a} = {c} and {b} = {d}",
    "t_finishedby": "{a} < {c} and {b} = {d}",
    "t_finishes": "{a} > {c} and {b} = {d}",
    "t_intersects": "{a} <= {d} and {b} >= {c}",
    "t_meets": "{b} = {c}",
    "t_metby": "{a} = {d}",
    "t_overlappedby": "{a} > {c} and {a} < {d} and {b} > {d}",
    "t_overlaps": "{a} < {c} and {b} > {c} and {b} < {d}",
    "t_startedby": "{a} = {c} and {b} > {d}",
    "t_starts": "{a} = {c} and {b} < {d}",
}
_UTC_TEXT = """to_char({column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""
_CASTS = {"integer": ("double precision", "number"), "number": ("double precision", "number"), "boolean": ("boolean", "boolean")}
_GROUPS = {"comparison": _COMPARISONS, "spatial": _SPATIAL, "temporal": _TEMPORAL}
_ALWAYS, _NEVER_ENDS = "", "~"  # before and after every time, compared byte by byte
_TYPES: Mapping[str, TermType] = {"integer": "number", "number": "number", "text": "text", "boolean": "boolean"}


@dataclass(frozen=True, slots=True)
class Predicate:
    """A predicate of SQL, and the values of its parameters in order."""

    sql: str
    parameters: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Term:
    """A value in SQL; times have a start and an end."""

    type: TermType
    sql: str
    end: str = ""


def parse_filter(text: str, language: Language = "cql2-text") -> object:
    """Read a filter.

    Returns
    -------
    The expression as CQL2 JSON.

    Raises
    ------
    BadFilter
        When it is too long or does not parse; the message shows where.
    """
    if len(text) > LONGEST:
        raise BadFilter(f"the filter has {len(text):,} characters; at most {LONGEST:,} are read")
    _check_depth(text)
    try:
        return cql2.parse_text(text).to_json() if language == "cql2-text" else cql2.parse_json(text).to_json()
    except BaseException as error:  # the parser raises its own kind, not derived from what its documentation says
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise BadFilter(f"the filter is not {language}: {str(error).strip()[:500]}") from None


def _check_depth(text: str) -> None:
    """Refuse what would exhaust the stack of the parser, which ends the process."""
    if _SIGNS.search(text):
        raise BadFilter("the filter has ten minus signs in a row")
    depth = deepest = 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise BadFilter(f"the filter nests {deepest} brackets; at most {DEEPEST} are read")


def predicate(
    expression: object,
    properties: Mapping[str, Property],
    *,
    first: int,
    geometry: str = "a.geom",
    indexed: bool = True,
    to_wgs84: Callable[[BaseGeometry], BaseGeometry] = lambda given: given,
) -> Predicate:
    """Turn an expression into SQL over the asset with alias `a`.

    Parameters
    ----------
    expression
        CQL2 JSON, as from `parse_filter`.
    properties
        What may be asked for, by name.
    first
        Number of the first parameter.
    geometry
        SQL of the geometry as the caller may see it (rounded, where a Scope rounds), without what makes GEOS fail.
    indexed
        True: `geometry` lies inside the box of `a.geom`, which an index knows.
    to_wgs84
        Takes coordinates of the filter to longitude and latitude in WGS-84.

    Raises
    ------
    BadFilter
        Naming the property, operator or value, and what would be right.
    """
    writer = _Writer(properties, first, geometry, to_wgs84, indexed=indexed)
    text = writer.boolean(expression)
    return Predicate(text, tuple(writer.parameters))


class _Writer:
    """Writes one predicate and gathers its parameters."""

    def __init__(
        self,
        properties: Mapping[str, Property],
        first: int,
        geometry: str,
        to_wgs84: Callable[[BaseGeometry], BaseGeometry],
        *,
        indexed: bool,
    ) -> None:
        self._properties = properties
        self._first = first
        self._geometry = geometry
        self._to_wgs84 = to_wgs84
        self._indexed = indexed
        self.parameters: list[object] = []

    # ------------------------------------------------------------ predicates

    def boolean(self, node: object) -> str:
        """Write what is true or false."""
        if isinstance(node, bool):
            return "true" if node else "false"
        if isinstance(node, Mapping) and "op" in node:
            return self._predicate(str(node["op"]).lower(), _arguments(node), node)
        term = self._term(node)
        if term.type != "boolean":
            raise BadFilter(f"{_told(node)} is {term.type}; true or false is wanted here")
        return term.sql

    def _predicate(self, op: str, args: Sequence[object], node: Mapping[str, Any]) -> str:
        if op in {"and", "or"}:
            return "(" + f" {op} ".join(self.boolean(arg) for arg in args) + ")"
        kind = next((name for name, ops in _GROUPS.items() if op in ops), op)
        writers: Mapping[str, tuple[int, Callable[..., str]]] = {
            "not": (1, lambda one: f"(not {self.boolean(one)})"),
            "isnull": (1, lambda one: f"({self._any(one).sql} is null)"),
            "comparison": (2, partial(self._compare, op)),
            "like": (2, self._like),
            "between": (3, self._between),
            "in": (2, self._in),
            "spatial": (2, partial(self._spatial, op)),
            "temporal": (2, partial(self._temporal, op)),
        }
        if kind not in writers:
            raise BadFilter(f"the filter has no operator or function {str(node['op'])[:60]!r} that gives true or false")
        count, write = writers[kind]
        return write(*_exactly(count, op, args))

    def _compare(self, op: str, left: object, right: object) -> str:
        a, b = self._pair(op, left, right)
        if a.type == "boolean" and op not in {"=", "<>"}:
            raise BadFilter(f"true and false have no order; {op} cannot compare {_told(left)}")
        return f"({a.sql} {op} {b.sql})"

    def _pair(self, op: str, left: object, right: object) -> tuple[_Term, _Term]:
        a, b = self._term(left), self._term(right)
        if a.type != b.type or a.type in {"geometry", "interval"}:
            raise BadFilter(f"{op} cannot compare {_told(left)} ({a.type}) with {_told(right)} ({b.type})")
        return a, b

    def _like(self, value: object, pattern: object) -> str:
        a, b = self._pair("like", value, pattern)
        if a.type != "text":
            raise BadFilter(f"like compares texts; {_told(value)} is {a.type}")
        return f"({a.sql} like {b.sql})"

    def _between(self, value: object, low: object, high: object) -> str:
        a, b = self._pair("between", value, low)
        _, c = self._pair("between", value, high)
        if a.type not in _ORDERED:
            raise BadFilter(f"between needs an order; {_told(value)} is {a.type}")
        return f"({a.sql} between {b.sql} and {c.sql})"

    def _in(self, value: object, values: object) -> str:
        if not isinstance(values, Sequence) or isinstance(values, str) or not values:
            raise BadFilter(f"in needs a list of values, not {_told(values)}")
        pairs = [self._pair("in", value, each) for each in values]
        return f"({pairs[0][0].sql} in (" + ", ".join(b.sql for _, b in pairs) + "))"

    def _spatial(self, op: str, left: object, right: object) -> str:
        a, b = self._geometry_term(op, left), self._geometry_term(op, right)
        holds = f"{_SPATIAL[op]}({a}, {b})"
        given = [sql for sql in (a, b) if sql != self._geometry]
        if not self._indexed or op == "s_disjoint" or len(given) != 1:
            return holds
        return f"(a.geom && {given[0]} and {holds})"

    def _temporal(self, op: str, left: object, right: object) -> str:
        a, b = self._instant(op, left), self._instant(op, right)
        return "(" + _TEMPORAL[op].format(a=a.sql, b=a.end, c=b.sql, d=b.end) + ")"

    # ------------------------------------------------------------ values

    def _any(self, node: object) -> _Term:
        return _Term("geometry", self._geometry) if _is_geometry_property(node) else self._term(node)

    def _term(self, node: object) -> _Term:
        if isinstance(node, bool):
            return _Term("boolean", self._parameter(node, "boolean"))
        if isinstance(node, int | float):
            return _Term("number", self._parameter(float(node), "double precision"))
        if isinstance(node, str):
            return _Term("text", self._parameter(node, "text"))
        if isinstance(node, Mapping):
            return self._object(node)
        raise BadFilter(f"the filter has {_told(node)} where a value is wanted")

    def _object(self, node: Mapping[str, Any]) -> _Term:
        if "property" in node:
            return self._property(str(node["property"]))
        if "op" in node:
            return self._function(str(node["op"]).lower(), _arguments(node), node)
        if "date" in node:
            return self._instant_of(_date(node["date"]), "date")
        if "timestamp" in node:
            return self._instant_of(_timestamp(node["timestamp"]), "datetime")
        if "interval" in node:
            return self._interval(node["interval"])
        raise BadFilter(f"the filter has {_told(node)} where a value is wanted")

    def _property(self, name: str) -> _Term:
        found = self._properties.get(name)
        if found is None:
            known = ", ".join([GEOMETRY, *self._properties])
            raise BadFilter(f"{name[:100]!r} is no property of this collection; it has {known}")
        if found.type in _TYPES:
            return _Term(_TYPES[found.type], _column(found))
        return _instant(_column(found), "date" if found.type == "date" else "datetime")

    def _function(self, op: str, args: Sequence[object], node: Mapping[str, Any]) -> _Term:
        if op == "casei":
            (arg,) = _exactly(1, op, args)
            term = self._term(arg)
            if term.type != "text":
                raise BadFilter(f"casei takes a text; {_told(arg)} is {term.type}")
            return _Term("text", f"lower({term.sql})")
        if op in _ARITHMETIC:
            return self._arithmetic(op, args)
        if op == "accenti":
            raise BadFilter("accenti is not offered: names are Chinese; casei is")
        return _Term("boolean", self._predicate(op, args, node))

    def _arithmetic(self, op: str, args: Sequence[object]) -> _Term:
        terms = [self._term(arg) for arg in args]
        for arg, term in zip(args, terms, strict=True):
            if term.type != "number":
                raise BadFilter(f"{op} calculates with numbers; {_told(arg)} is {term.type}")
        if op == "-" and len(terms) == 1:
            return _Term("number", f"(- {terms[0].sql})")
        a, b = (term.sql for term in _exactly(2, op, terms))
        if op in {"/", "div", "%"}:
            b = f"nullif({b}, 0)"
        if op == "div":
            return _Term("number", f"trunc({a} / {b})")
        if op == "%":
            return _Term("number", f"mod(({a})::numeric, ({b})::numeric)::double precision")
        return _Term("number", f"({a} {op} {b})")

    def _instant(self, op: str, node: object) -> _Term:
        if isinstance(node, str):
            node = {"timestamp" if "T" in node.upper() else "date": node}
        term = self._term(node)
        if term.type not in {"date", "datetime", "interval"}:
            raise BadFilter(f"{op} compares times; {_told(node)} is {term.type}")
        return term

    def _instant_of(self, text: str, kind: Literal["date", "datetime"]) -> _Term:
        return _instant(self._parameter(text, "text"), kind)

    def _interval(self, ends: object) -> _Term:
        if not isinstance(ends, Sequence) or isinstance(ends, str) or len(ends) != 2:
            raise BadFilter(f"an interval has a start and an end, not {_told(ends)}")
        start, end = (self._end(each, open_end) for each, open_end in zip(ends, (_ALWAYS, _NEVER_ENDS), strict=True))
        return _Term("interval", start.sql, end.end)

    def _end(self, node: object, open_end: str) -> _Term:
        if node == "..":
            text = _bytewise(self._parameter(open_end, "text"))
            return _Term("datetime", text, text)
        return self._instant("interval", node)

    def _geometry_term(self, op: str, node: object) -> str:
        if _is_geometry_property(node):
            return self._geometry
        if not isinstance(node, Mapping) or not ({"bbox", "type"} & node.keys()):
            raise BadFilter(f"{op} compares geometries; {_told(node)} is none, and the property is called {GEOMETRY!r}")
        given = self._to_wgs84(_geometry_of(node))
        return f"st_geomfromwkb({self._parameter(shapely.to_wkb(given), 'bytea')}, 4326)"

    def _parameter(self, value: object, sql_type: str) -> str:
        if isinstance(value, str) and "\0" in value:
            raise BadFilter("the filter holds a NUL character")
        self.parameters.append(value)
        return f"${self._first + len(self.parameters) - 1}::{sql_type}"


# ---------------------------------------------------------------- pieces


def _arguments(node: Mapping[str, Any]) -> Sequence[object]:
    args = node.get("args", [])
    return args if isinstance(args, list) else [args]


def _exactly(count: int, op: str, args: Sequence[Any]) -> Sequence[Any]:
    if len(args) != count:
        raise BadFilter(f"{op} takes {count} arguments, not {len(args)}")
    return args


def _told(node: object) -> str:
    if isinstance(node, Mapping) and "property" in node:
        return repr(str(node["property"])[:100])
    return json.dumps(node, ensure_ascii=False, default=str)[:100]


def _is_geometry_property(node: object) -> bool:
    return isinstance(node, Mapping) and node.get("property") == GEOMETRY


def _column(found: Property) -> str:
    """Return the SQL of a property; an attribute of another type than the catalogue says counts as missing."""
    if found.column:
        text = {"datetime": _UTC_TEXT, "integer": "{column}::double precision"}.get(found.type, "{column}")
        return text.format(column=f"a.{found.name}")
    cast, json_type = _CASTS.get(found.type, ("", ""))
    value = f"(a.attributes ->> '{found.name}')"
    return f"(case when jsonb_typeof(a.attributes -> '{found.name}') = '{json_type}' then {value}::{cast} end)" if cast else value


def _instant(sql: str, kind: Literal["date", "datetime"]) -> _Term:
    if kind == "datetime":
        return _Term("datetime", _bytewise(sql), _bytewise(sql))
    return _Term("date", _bytewise(f"({sql} || 'T00:00:00Z')"), _bytewise(f"({sql} || 'T23:59:59Z')"))


def _bytewise(sql: str) -> str:
    return f'{sql} collate "C"'


def _date(text: object) -> str:
    try:
        return date.fromisoformat(str(text)).isoformat()
    except ValueError:
        raise BadFilter(f"{str(text)[:60]!r} is no date like 2026-11-01") from None


def _timestamp(text: object) -> str:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadFilter(f"{str(text)[:60]!r} is no time like 2026-11-01T00:00:00Z")
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _geometry_of(node: Mapping[str, Any]) -> BaseGeometry:
    try:
        found = _box(node["bbox"]) if "bbox" in node else shape(dict(node))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.errors.ShapelyError):
        raise BadFilter(f"{_told(node)} is no geometry") from None
    if found.geom_type == "GeometryCollection" or found.is_empty:
        raise BadFilter("a geometry of a filter must be a point, line or polygon (or several of one of them), and not empty")
    if shapely.get_num_coordinates(found) > _VERTICES:
        raise BadFilter(f"a geometry of a filter may have {_VERTICES:,} vertices")
    if not all(math.isfinite(each) for each in found.bounds):
        raise BadFilter("a geometry of a filter has a coordinate that is no number")
    if not found.is_valid:
        raise BadFilter(f"a geometry of the filter is not valid: {shapely.is_valid_reason(found)}")
    return found


def _box(values: Sequence[Any]) -> BaseGeometry:
    """Return a box; one whose west is east of its east spans the 180th meridian."""
    numbers = [float(value) for value in values]
    if len(numbers) not in {4, 6}:
        raise ValueError
    half = len(numbers) // 2
    west, south, east, north = numbers[0], numbers[1], numbers[half], numbers[half + 1]
    if west <= east:
        return box(west, south, east, north)
    return shapely.union(box(west, south, 180.0, north), box(-180.0, south, east, north))
