"""The unified identification code beside ours."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import TwinError
from twin.kinds import KINDS
from twin.registers import REGISTERS
from twin.unified_code import OWN_CLASSES, assigned_codes, check_digit, parts_of, problem_of, problems_of

SOUND = assigned_codes("220102", "valve", 1)[0]


def test_the_check_digit_is_that_of_the_published_example() -> None:
    # ISO/IEC 7064, MOD 11,10: 0794 has 5
    assert check_digit("0794") == "5"


def test_a_code_of_ours_has_the_documented_parts() -> None:
    assert parts_of(SOUND) == ("220102", "99", "11", "00", SOUND[12:])
    assert len(SOUND) == 21
    assert problem_of(SOUND) is None


@given(st.integers(0, 20), st.integers(1, 9))
def test_any_wrong_digit_is_found(place: int, shift: int) -> None:
    wrong = SOUND[:place] + str((int(SOUND[place]) + shift) % 10) + SOUND[place + 1 :]
    if wrong[6:8] == "99":
        assert problem_of(wrong) is not None


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (SOUND[:-1], "has 20 characters"),
        (SOUND + "0", "has 22 characters"),
        ("A" + SOUND[1:], "something else than digits"),
        ("２" + SOUND[1:], "something else than digits"),
        ("990102010100000000001", "no division"),
        ("220000010100000000001", "no division"),
    ],
)
def test_what_is_wrong_is_named(code: str, says: str) -> None:
    problem = problem_of(code)
    assert problem is not None
    assert says in problem


def test_codes_of_others_are_held_against_the_structure_only() -> None:
    assert problem_of("220102010203123456789") is None
    assert problem_of("220102010203123456780") is None


def test_numbers_go_on_after_those_taken() -> None:
    first = assigned_codes("220102", "pipe", 3)
    more = assigned_codes("220102", "pipe", 2, [*first, SOUND, "rubbish"])
    assert len({*first, *more}) == 5
    assert more[0][12:20] == "00000004"
    assert assigned_codes("220104", "pipe", 1)[0] not in first


@pytest.mark.parametrize(("adcode", "kind"), [("22", "pipe"), ("220000", "pipe"), ("220102", "road")])
def test_what_gets_no_code_is_refused(adcode: str, kind: str) -> None:
    with pytest.raises(TwinError, match=r"220102|road|220000"):
        assigned_codes(adcode, kind, 1)


def test_every_kind_that_carries_the_attribute_has_a_class_and_the_other_way_round() -> None:
    carry = {kind.name for kind in KINDS.values() if kind.attribute("unified_code")}
    carry |= {name for name, register in REGISTERS.items() if register.kind.attribute("unified_code")}
    assert carry == set(OWN_CLASSES)


def test_columns_are_checked_at_once() -> None:
    found = problems_of(pd.Series([SOUND, None, "1", SOUND]))
    assert found.isna().tolist() == [True, True, False, True]
