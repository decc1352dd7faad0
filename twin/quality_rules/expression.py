"""The formulas of rules: what must hold between the points of a frame, written by a person and computed on whole columns.

    abs(heat_power_mw - flow_m3_per_h * 0.001163 * (supply_temperature_degc - return_temperature_degc)) <= 0.2 * heat_power_mw

A formula is true or false of each frame, or unknown where a value is missing or something is divided by zero; then it flags
nothing (Kleene's three-valued logic: `false and unknown` is false). Python's parser reads it, a list of allowed nodes decides
what it may hold, and nothing of it is ever run by Python: no names but points, no calls but `abs`, `min`, `max`, no loops, no
powers, no texts. Length, depth and number of nodes are bounded, so that cost is too.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from twin.arrays import BoolArray, Float64Array
from twin.errors import BadQualityRule

MAX_LENGTH: Final = 500
MAX_NODES: Final = 100
MAX_DEPTH: Final = 20
_MAX_ARGUMENTS: Final = 8

Columns: TypeAlias = Mapping[str, Float64Array]
"""Values of points by name, all of one shape; NaN = missing."""
_Number: TypeAlias = Callable[[Columns], Any]
_Truth: TypeAlias = Callable[[Columns], tuple[Any, Any]]
"""Gives where it is true and where it is false; neither = unknown."""

# a number followed by a letter is not for Python's reader: it warns of `1or x`
_TOKENS = re.compile(r"(?:\s+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])|[A-Za-z_][A-Za-z0-9_]*|[<>=!]=|[-+*/()<>,])*")
_ARITHMETIC: Mapping[type[ast.operator], Any] = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply}
_COMPARISONS: Mapping[type[ast.cmpop], Any] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_FUNCTIONS = ("abs", "min", "max")


@dataclass(frozen=True, eq=False)
class Expression:
    """A formula that was read.

    Attributes
    ----------
    text
        As it was written.
    names
        The points that it names, in order; at least one.
    """

    text: str
    names: tuple[str, ...]
    _truth: _Truth

    def broken(self, columns: Columns) -> BoolArray:
        """Return where the formula is known not to hold; `columns` hold at least `names`. Never raises, never warns."""
        with np.errstate(all="ignore"):
            _, false = self._truth(columns)
        return np.asarray(false, np.bool_)


def read_expression(text: str) -> Expression:
    """Read a formula.

    Raises
    ------
    BadQualityRule
        When it is no formula, too long or too deep, or holds anything but points, numbers, `+ - * /`, comparisons, `and`,
        `or`, `not`, `abs`, `min` and `max`; the message names the first such thing.
    """
    if len(text) > MAX_LENGTH:
        raise BadQualityRule(f"the formula has {len(text)} characters; it must have at most {MAX_LENGTH}")
    plain = " ".join(text.split())
    match = _TOKENS.match(plain)
    if match is None or match.end() != len(plain):
        place = 0 if match is None else match.end()
        raise BadQualityRule(f"the formula cannot hold {plain[place : place + 20]!r}")
    try:
        tree = ast.parse(plain, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise BadQualityRule(f"{plain[:80]!r} is no formula: it must be a comparison such as 'flow_m3_per_h >= 0'") from None
    reader = _Reader()
    truth = reader.truth(tree, 1)
    if not reader.names:
        raise BadQualityRule("the formula names no point")
    return Expression(plain, tuple(dict.fromkeys(reader.names)), truth)


class _Reader:
    """Turns allowed nodes into functions of columns, and refuses all others."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._nodes = 0

    def _enter(self, depth: int) -> None:
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise BadQualityRule(f"the formula is nested deeper than {MAX_DEPTH}")
        if self._nodes > MAX_NODES:
            raise BadQualityRule(f"the formula has more than {MAX_NODES} parts")

    # ------------------------------------------------------------ true or false

    def truth(self, node: ast.expr, depth: int) -> _Truth:
        """Read what is true or false."""
        self._enter(depth)
        match node:
            case ast.Compare(left=left, ops=operators, comparators=others):
                return self._comparison([left, *others], operators, depth)
            case ast.BoolOp(op=ast.And(), values=parts):
                return _all([self.truth(part, depth + 1) for part in parts])
            case ast.BoolOp(op=ast.Or(), values=parts):
                return _negated(_all([_negated(self.truth(part, depth + 1)) for part in parts]))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return _negated(self.truth(operand, depth + 1))
        raise BadQualityRule(f"{_told(node)} is neither true nor false: the formula must be a comparison, or several of them")

    def _comparison(self, sides: Sequence[ast.expr], operators: Sequence[ast.cmpop], depth: int) -> _Truth:
        numbers = [self.number(side, depth + 1) for side in sides]
        parts = []
        for operator, left, right in zip(operators, numbers[:-1], numbers[1:], strict=True):
            if type(operator) not in _COMPARISONS:
                raise BadQualityRule("the formula may compare by <, <=, >, >=, == and != only")
            parts.append(_compared(_COMPARISONS[type(operator)], left, right))
        return _all(parts)

    # ------------------------------------------------------------ numbers

    def number(self, node: ast.expr, depth: int) -> _Number:
        """Read what is a number."""
        self._enter(depth)
        match node:
            case ast.Name(id=name) if name not in _FUNCTIONS:
                self.names.append(name)
                return lambda columns: columns[name]
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return _constant(value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.number(operand, depth + 1)
                return lambda columns: -inner(columns)
            case ast.BinOp(left=left, op=operator, right=right):
                return self._arithmetic(left, operator, right, depth)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
                return self._call(name, arguments, depth)
        raise BadQualityRule(f"the formula cannot hold {_told(node)} as a number")

    def _arithmetic(self, left: ast.expr, operator: ast.operator, right: ast.expr, depth: int) -> _Number:
        one, other = self.number(left, depth + 1), self.number(right, depth + 1)
        if isinstance(operator, ast.Div):
            return lambda columns: _divided(one(columns), other(columns))
        if type(operator) not in _ARITHMETIC:
            raise BadQualityRule("the formula may compute by +, -, * and / only")
        function = _ARITHMETIC[type(operator)]
        return lambda columns: function(one(columns), other(columns))

    def _call(self, name: str, arguments: Sequence[ast.expr], depth: int) -> _Number:
        least = 1 if name == "abs" else 2
        most = 1 if name == "abs" else _MAX_ARGUMENTS
        if not least <= len(arguments) <= most:
            raise BadQualityRule(f"{name}() has {len(arguments)} arguments; it must have {least} to {most}")
        numbers = [self.number(argument, depth + 1) for argument in arguments]
        if name == "abs":
            return lambda columns: np.abs(numbers[0](columns))
        function = np.minimum if name == "min" else np.maximum

        def folded(columns: Columns) -> Any:
            found = numbers[0](columns)
            for number in numbers[1:]:
                found = function(found, number(columns))
            return found

        return folded


def _constant(value: float) -> _Number:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise BadQualityRule("a number of the formula is too large")
    return lambda _: np.float64(number)


def _divided(one: Any, other: Any) -> Any:
    """Divide; by zero it is unknown, not infinite."""
    return np.where(np.equal(other, 0.0), np.nan, np.divide(one, other))


def _compared(function: Any, left: _Number, right: _Number) -> _Truth:
    def truth(columns: Columns) -> tuple[Any, Any]:
        one, other = left(columns), right(columns)
        # infinite = beyond what a number holds: as little known as a missing value
        known = np.isfinite(one) & np.isfinite(other)
        found = function(one, other)
        return known & found, known & ~found

    return truth


def _all(parts: Sequence[_Truth]) -> _Truth:
    def truth(columns: Columns) -> tuple[Any, Any]:
        true, false = parts[0](columns)
        for part in parts[1:]:
            also_true, also_false = part(columns)
            true, false = true & also_true, false | also_false
        return true, false

    return parts[0] if len(parts) == 1 else truth


def _negated(part: _Truth) -> _Truth:
    def truth(columns: Columns) -> tuple[Any, Any]:
        true, false = part(columns)
        return false, true

    return truth


def _told(node: ast.expr) -> str:
    return repr(ast.unparse(node)[:60])
