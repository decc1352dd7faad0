"""Rows of a push: read one by one, each with what is wrong with it, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from api.exchange.answers import Code, ExchangeRefused
from api.exchange.tables import Table, read_value

MAX_ROWS: Final = 5_000
_MAX_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a push.

    Attributes
    ----------
    number
        Place in the array, from 1.
    values
        By field, as the fields' types have them; None for a field that is empty.
    problem
        What is wrong; empty = nothing.
    """

    number: int
    values: Mapping[str, Any]
    problem: str = ""

    @property
    def bsm(self) -> str:
        """The identifier; empty when it cannot be read."""
        return self.values.get("BSM") or ""


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What became of one row: 201 written, 200 known already, 400, 404, 409 refused; a word for it, and the reason."""

    number: int
    bsm: str
    code: Code
    result: str
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as sent."""
        shown = {"row": self.number, "BSM": self.bsm, "code": int(self.code), "result": self.result}
        return shown | {"error": self.problem} if self.problem else shown


def parse_rows(text: str, table: Table) -> list[Row]:
    """Read the rows of `data`.

    Raises
    ------
    ExchangeRefused
        10001 when it is no JSON array, empty, or too long.
    """
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ExchangeRefused(Code.PARAMETERS_INVALID, f"data is not JSON: {error}") from None
    if not isinstance(found, list) or not found:
        raise ExchangeRefused(Code.PARAMETERS_INVALID, "data must be a JSON array of at least one row")
    if len(found) > MAX_ROWS:
        raise ExchangeRefused(Code.PARAMETERS_INVALID, f"data has {len(found)} rows; at most {MAX_ROWS} are taken, send fewer")
    return [_read(number, item, table) for number, item in enumerate(found, 1)]


def _read(number: int, item: Any, table: Table) -> Row:
    if not isinstance(item, dict):
        return Row(number, {}, "a row must be an object of fields")
    values: dict[str, Any] = {}
    problems = []
    for field in table.fields:
        value, problem = read_value(field, item.get(field.code))
        values[field.code] = value
        if problem:
            problems.append(f"{field.code} ({field.label_zh}) is {str(item[field.code])[:_MAX_SHOWN]!r}: {problem}")
        elif value is None and field.required:
            problems.append(f"{field.code} ({field.label_zh}) is missing")
    unknown = [name for name in item if table.field(name) is None]
    if unknown:
        known = ", ".join(field.code for field in table.fields)
        problems.append(f"table {table.name} has no field {unknown[0][:_MAX_SHOWN]!r}; it has {known}")
    return Row(number, values, "; ".join(problems))


def refused(row: Row, code: Code, result: str, problem: str) -> RowAnswer:
    """Return the answer to a row that is refused."""
    return RowAnswer(row.number, row.bsm, code, result, problem)


def summary(answers: Sequence[RowAnswer]) -> dict[str, Any]:
    """Return the `data` of a push's answer: counts, and every row in its order."""
    ordered = sorted(answers, key=lambda one: one.number)
    return {
        "total": len(ordered),
        "stored": sum(one.code == Code.CREATED for one in ordered),
        "known": sum(one.code == Code.OK for one in ordered),
        "refused": sum(one.code not in {Code.CREATED, Code.OK} for one in ordered),
        "rows": [one.as_json() for one in ordered],
    }
