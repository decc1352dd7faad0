"""Formulas of quality rules: what they compute, what they refuse, and that nothing a person types breaks them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import BadQualityRule
from twin.quality_rules.expression import MAX_DEPTH, MAX_LENGTH, read_expression

A, B = "a_degc", "b_degc"
NAN = float("nan")


def _broken(text: str, a: list[float], b: list[float] | None = None) -> list[bool]:
    columns = {A: np.array(a), B: np.array(b if b is not None else a)}
    return read_expression(text).broken(columns).tolist()


def test_a_formula_is_broken_where_it_is_false_and_not_where_a_value_is_missing() -> None:
    assert _broken("a_degc >= b_degc - 1", [5.0, 3.0, NAN], [4.0, 9.0, 9.0]) == [False, True, False]


def test_a_chain_of_comparisons_holds_as_in_mathematics() -> None:
    assert _broken("0 <= a_degc < 10", [-1.0, 0.0, 9.9, 10.0]) == [True, False, False, True]


def test_what_is_divided_by_zero_is_unknown() -> None:
    assert _broken("a_degc / b_degc < 1", [1.0, 1.0, 0.0, 3.0], [0.0, 2.0, 0.0, 1.0]) == [False, False, False, True]


def test_what_overflows_is_unknown() -> None:
    assert _broken("a_degc * 1e300 * 1e300 < 1", [1.0]) == [False]


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("a_degc > 0 and b_degc > 0", [False, True, False]),
        ("a_degc > 0 or b_degc > 0", [False, False, False]),
        ("not (a_degc > 0 and b_degc > 0)", [True, False, False]),
    ],
)
def test_an_unknown_part_decides_only_where_the_other_does_not(text: str, broken: list[bool]) -> None:
    # both true; one true, one false; one true, one unknown
    assert _broken(text, [1.0, 1.0, 1.0], [1.0, -1.0, NAN]) == broken


def test_abs_min_and_max_are_those_of_numpy() -> None:
    a, b = [-3.0, 2.0], [1.0, 5.0]
    assert _broken("abs(a_degc) <= max(2, min(a_degc, b_degc))", a, b) == [True, False]


HOSTILE = [
    "",
    " ",
    "a_degc",
    "1 < 2",
    "a_degc +",
    "a_degc < 'x'",
    "a_degc ** 2 < 1",
    "a_degc // 2 < 1",
    "a_degc % 2 < 1",
    "a_degc & 1",
    "__import__('os').system('true')",
    "().__class__.__bases__[0] < 1",
    "a_degc.real < 1",
    "a_degc[0] < 1",
    "[a_degc for a_degc in a_degc] < 1",
    "lambda: a_degc",
    "exec(a_degc) < 1",
    "abs(a_degc, 1) < 1",
    "abs(*a_degc) < 1",
    "max(a_degc) < 1",
    "max(a_degc, default=1) < 1",
    "abs < a_degc",
    "True < a_degc",
    "a_degc is None",
    "a_degc in (1, 2)",
    "a_degc if a_degc else 1",
    "(b := a_degc) < 1",
    "a_degc < 1e999",
    "a_degc < 1j",
    "a_degc < 0x10",
    "a_degc < 1_000",
    "1or a_degc < 2",
    "a_degc < 1\x00",
    "a_degc < 1 # so",
    "a_degc\\\n < 1",
    "温度 < 1",
    "a_degc < " + "9" * 400,
    "(" * 240 + "a_degc" + ")" * 239 + " < 1",
    "not " * 60 + "a_degc < 1",
    "-" * 100 + "a_degc < 1",
    "+".join(["a_degc"] * 80) + " < 1",
    "a_degc < 1" + " " * MAX_LENGTH,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_formula_is_refused_with_a_message_and_no_warning(text: str) -> None:
    # warnings are errors in tests: one of Python's reader would be no BadQualityRule
    with pytest.raises(BadQualityRule) as refused:
        read_expression(text)
    assert 10 < len(str(refused.value)) < 300


def test_depth_is_bounded() -> None:
    text = "abs(" * (MAX_DEPTH - 3) + "a_degc" + ")" * (MAX_DEPTH - 3)
    assert read_expression(f"{text} < 1").names == (A,)
    with pytest.raises(BadQualityRule, match="deeper"):
        read_expression("abs(" * MAX_DEPTH + "a_degc" + ")" * MAX_DEPTH + " < 1")


PIECES = st.sampled_from(
    [
        A,
        B,
        "1",
        "0.5",
        "1e3",
        "+",
        "-",
        "*",
        "/",
        "<",
        "<=",
        ">",
        "==",
        "!=",
        "(",
        ")",
        ",",
        "and",
        "or",
        "not",
        "abs",
        "min",
        "max",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map(" ".join)))
def test_any_text_is_a_formula_or_refused_and_a_formula_never_fails(text: str) -> None:
    columns = {A: np.array([0.0, 1.0, NAN, 1e308, -1e308]), B: np.array([0.0, NAN, 2.0, 1e308, 1e-308])}
    try:
        expression = read_expression(text)
    except BadQualityRule:
        return
    if set(expression.names) <= set(columns):
        broken = expression.broken(columns)
        assert broken.dtype == np.bool_
        assert broken.shape == (5,)


NUMBERS = st.recursive(
    st.one_of(st.sampled_from([A, B]), st.floats(0, 99).map(lambda value: f"{value:.3f}")),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda part: f"abs({part})"),
        inner.map(lambda part: f"(-{part})"),
        st.tuples(inner, inner).map(lambda parts: f"max({', '.join(parts)})"),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS, st.floats(-50, 50), st.floats(-50, 50))
def test_a_formula_says_what_python_says(left: str, operator: str, right: str, a: float, b: float) -> None:
    text = f"{A} == {A} and {left} {operator} {right}"
    said = eval(text, {"__builtins__": {}, "abs": abs, "max": max}, {A: a, B: b})
    assert _broken(text, [a], [b]) == [not said]
