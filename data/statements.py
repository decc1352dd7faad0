"""Loads the SQL statements of `data/sql`, one per file, and expands the scope predicate.

Statements for asyncpg use `$1, $2, ...`; those for psycopg use `%(name)s`. A statement that reads assets for a caller holds
`{scope:ALIAS}`, which becomes the only audited text of a Scope. Its parameters are always the first four: `$1` city id,
`$2` kinds, `$3` area ids, `$4` company ids (NULL = all), as `ScopeParameters` gives them.

`{part:NAME}` becomes the text of `data/sql/parts/NAME.sql`: a predicate that several statements share to the letter.

`{valid:ALIAS=N}` becomes "current" by `sql(name)`, and "valid at the time in parameter `$N`" by `sql(name, past=True)`: two
statements, because the partial indexes of the current versions serve only a predicate that says so.

`{drawn:GEOMETRY}` in a tile statement becomes the geometry (EPSG:3857) rounded to the grid of the Scope in `$8` and moved to the
datum of the tile by the affine map in `$9`; `{part:tile_grid}` gives the tile's bounds and the reach of its rows. With
`sql(name, bent=True)` the formula of BD-09 then moves every vertex (`parts/drawn_bd09.sql`): a statement of its own, so that
others do not pay for it.

The predicate is explicit instead of a row-level policy, because PostGIS operators are not leakproof: behind a policy the
spatial index is not used and a tile of 5 ms takes 250 ms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from twin.scope import Scope

_SCOPE = re.compile(r"\{scope:(?P<alias>[a-z_]+)(?:=(?P<kind>[a-z_]+))?\}")
_PART = re.compile(r"\{part:(?P<name>[a-z_]+)\}")
_VALID = re.compile(r"\{valid:(?P<alias>[a-z_]+)=(?P<number>\d+)\}")
# the parameter must appear in both, or asyncpg cannot know its type
_VALID_NOW = "({a}.valid_to_at is null and ${n}::timestamptz is null)"
_VALID_THEN = "({a}.valid_from_at <= ${n}::timestamptz and ({a}.valid_to_at is null or {a}.valid_to_at > ${n}::timestamptz))"
_DRAWN = re.compile(r"\{drawn:(?P<geometry>[^{}]+)\}")
_ROUNDED = "case when $8::float8 is null then {g} else st_snaptogrid({g}, $8::float8) end"
_AFFINE = ", ".join(f"($9::float8[])[{number}]" for number in range(1, 7))
_MOVED = f"case when $9::float8[] is null then {_ROUNDED} else st_affine({_ROUNDED}, {_AFFINE}) end"
_OWN_PARAMETER = re.compile(r"\$([1-9]\d)\b")
_AREA_AND_OWNER = (
    "{a}.city_id = $1"
    " and ($3::int[] is null or {a}.area_id = any($3::int[]))"
    " and ($4::int[] is null or {a}.company_id is null or {a}.company_id = any($4::int[]))"
)
_KIND = " and ($2::text[] is null or {a}.kind = any($2::text[]))"
# $2 must appear in every statement, or asyncpg cannot know its type
_KIND_OF_TABLE = " and ($2::text[] is null or '{k}' = any($2::text[]))"


@dataclass(frozen=True, slots=True)
class ScopeParameters:
    """The first four parameters of every scoped statement."""

    city_id: int
    kinds: list[str] | None
    area_ids: list[int] | None
    company_ids: list[int] | None

    def as_tuple(self) -> tuple[int, list[str] | None, list[int] | None, list[int] | None]:
        """Return the parameters in the order `$1 .. $4`."""
        return (self.city_id, self.kinds, self.area_ids, self.company_ids)


def scope_parameters(scope: Scope, city_id: int) -> ScopeParameters:
    """Turn a Scope into statement parameters for one city.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city.
    """
    scope.require_city(city_id)
    return ScopeParameters(
        city_id,
        None if scope.layers is None else list(scope.layers),
        None if scope.areas is None else list(scope.areas),
        None if scope.company_ids is None else list(scope.company_ids),
    )


def expand_scope(statement: str, *, past: bool = False) -> str:
    """Replace each `{scope:ALIAS}` (or `{scope:ALIAS=KIND}` for a table of one kind) and `{valid:ALIAS=N}` by its predicate."""

    def predicate(match: re.Match[str]) -> str:
        alias, kind = match["alias"], match["kind"]
        kinds = _KIND.format(a=alias) if kind is None else _KIND_OF_TABLE.format(k=kind)
        return f"({_AREA_AND_OWNER.format(a=alias)}{kinds})"

    valid = _VALID_THEN if past else _VALID_NOW
    return _VALID.sub(lambda match: valid.format(a=match["alias"], n=match["number"]), _SCOPE.sub(predicate, statement))


@cache
def sql(name: str, *, past: bool = False, bent: bool = False) -> str:
    """Return the statement `data/sql/NAME.sql`, with the scope predicate expanded.

    Parameters
    ----------
    name
        Of the file.
    past
        For a time that is given.
    bent
        For a tile in BD-09.

    Cost: read once per process.
    """
    moved = _read("parts/drawn_bd09.sql").rstrip().replace("{moved}", _MOVED) if bent else _MOVED
    text = _DRAWN.sub(lambda match: moved.replace("{g}", match["geometry"]), _with_parts(_read(f"{name}.sql")))
    return expand_scope(text, past=past)


@cache
def joined_sql(statements: tuple[tuple[str, int], ...], *, bent: bool = False) -> str:
    """Return one statement that gives the bytes of several tile statements one after the other.

    Parameters
    ----------
    statements
        Names, each with how many parameters of its own it has: `$10` and up are numbered on, `$1` to `$9` are shared.
    bent
        For a tile in BD-09.
    """
    parts, before = [], 0
    for name, own_count in statements:
        parts.append(f"({_renumbered(sql(name, bent=bent), before)})")
        before += own_count
    return "select " + " || ".join(parts)


def _renumbered(statement: str, before: int) -> str:
    """Return a tile statement with its own parameters, `$10` and up, numbered `before` higher."""
    if before == 0:
        return statement
    return _OWN_PARAMETER.sub(lambda match: f"${int(match[1]) + before}", statement)


def _read(name: str) -> str:
    return files("data.sql").joinpath(name).read_text(encoding="utf-8")


def _with_parts(text: str) -> str:
    """Put in the parts, and the parts of these."""
    while _PART.search(text):
        text = _PART.sub(lambda match: _read(f"parts/{match['name']}.sql").rstrip(), text)
    return text
