"""The grammar of `where`: comparisons of fields joined by `and`, with paging. It is read here and never given to the database.

    where      = [ condition *( "and" condition ) ]
    condition  = FIELD operator value
    operator   = "=" / ">=" / "<=" / ">" / "<"
    value      = bare / "'" text "'"            a quote within quotes is doubled

`=` is for every field, the others are for numbers and times. `PAGE_NO` (from 1) and `PAGE_SIZE` (up to 1,000) are fields of the
same kind; rows come in the order of `BSM`.
"""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.exchange.answers import Code, ExchangeRefused
from api.exchange.tables import Field, Table, read_value

MAX_TEXT: Final = 2_000
MAX_CONDITIONS: Final = 20
PAGE_SIZE: Final = 100
MAX_PAGE_SIZE: Final = 1_000
MAX_PAGE: Final = 1_000_000
_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": operators.eq,
    ">=": operators.ge,
    "<=": operators.le,
    ">": operators.gt,
    "<": operators.lt,
}
_ORDERED: Final = frozenset({"int", "float", "datetime"})
_CONDITION: Final = re.compile(
    r"\s*(?P<field>[A-Za-z_]{1,40})\s*(?P<operator>>=|<=|=|>|<)\s*(?:'(?P<quoted>(?:[^']|'')*)'|(?P<bare>[^\s'=<>]+))"
)
_AND: Final = re.compile(r"\s+and\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: field, operator, and the value as the field's type has it."""

    field: Field
    operator: str
    value: Any

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a row fits; a row without a value fits nothing."""
        value = row.get(self.field.code)
        return value is not None and bool(_COMPARE[self.operator](value, self.value))


@dataclass(frozen=True, slots=True)
class Where:
    """A parsed `where`: conditions that must all hold, and the page."""

    conditions: tuple[Condition, ...]
    page: int
    size: int


def parse_where(text: str, table: Table) -> Where:
    """Parse the `where` of a query; an empty one asks for everything.

    Raises
    ------
    ExchangeRefused
        10001, with the place where the text cannot be read.
    """
    if len(text) > MAX_TEXT:
        raise _bad(f"where has {len(text)} characters; at most {MAX_TEXT} are read")
    conditions: list[Condition] = []
    paging = {"PAGE_NO": 1, "PAGE_SIZE": PAGE_SIZE}
    for name, operator, value in _comparisons(text):
        if name in paging:
            paging[name] = _page(name, operator, value)
        else:
            conditions.append(_condition(table, name, operator, value))
    if len(conditions) > MAX_CONDITIONS:
        raise _bad(f"where has {len(conditions)} conditions; at most {MAX_CONDITIONS} are taken")
    return Where(tuple(conditions), paging["PAGE_NO"], paging["PAGE_SIZE"])


def _comparisons(text: str) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    place = 0
    while text[place:].strip():
        if found:
            joint = _AND.match(text, place)
            if joint is None:
                raise _unreadable(text, place, "and")
            place = joint.end()
        match = _CONDITION.match(text, place)
        if match is None:
            raise _unreadable(text, place, "FIELD=value, with quotes ' around a value that holds blanks")
        quoted = match["quoted"]
        found.append((match["field"], match["operator"], match["bare"] if quoted is None else quoted.replace("''", "'")))
        place = match.end()
    return found


def _condition(table: Table, name: str, operator: str, text: str) -> Condition:
    field = table.field(name)
    if field is None:
        raise _bad(f"where names {name!r}; table {table.name} has {', '.join(item.code for item in table.fields)}")
    if operator != "=" and field.kind not in _ORDERED:
        raise _bad(f"where compares {name} by {operator}; a text is compared by = only")
    # a text that cannot be there is no mistake of a question: nothing is found
    value, problem = (text, "") if field.kind == "str" and text else read_value(field, text)
    if problem or value is None:
        raise _bad(f"where compares {name} with {text[:50]!r}; {problem or 'a value is needed'}")
    return Condition(field, operator, value)


def _page(name: str, operator: str, text: str) -> int:
    largest = MAX_PAGE_SIZE if name == "PAGE_SIZE" else MAX_PAGE
    fits = operator == "=" and text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= largest
    if not fits:
        raise _bad(f"where has {name}{operator}{text[:20]}; it must be {name}=1 to {largest}")
    return int(text)


def _unreadable(text: str, place: int, wanted: str) -> ExchangeRefused:
    return _bad(f"where cannot be read at character {place + 1}, {text[place : place + 20]!r}; there should be {wanted}")


def _bad(message: str) -> ExchangeRefused:
    return ExchangeRefused(Code.PARAMETERS_INVALID, message)
