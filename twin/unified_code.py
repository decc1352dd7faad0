"""The unified identification code of the city's digital infrastructure (城市数字公共基础设施统一识别代码, CJ/T 553-2024).

It stands beside our own codes as the attribute `unified_code`. The standard itself was not at hand; what is known of it comes
from a public summary, and must be compared with the standard before codes are registered:

- 21 digits: 6 administrative division (GB/T 2260), 6 classification (2 major, 2 middle, 2 minor class), 9 of the user's own;
- no check digit is mentioned, and the classes of heating are not known; class 99 is said to be free for extensions.

So a code that comes with a delivery is held against the structure. Codes that we give ourselves (`unified_code_state` = assigned,
to be registered) have major class 99, as middle class the number of the kind in `OWN_CLASSES`, minor class 00, and of their own
nine digits the last is a check digit over the first twenty (ISO/IEC 7064, MOD 11,10). A code of class 99 with another check digit
is therefore wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pandas as pd

from twin.errors import TwinError

LENGTH: Final = 21
OWN_MAJOR: Final = "99"
OWN_CLASSES: Final[Mapping[str, str]] = {
    kind: f"{number:02d}"
    for number, kind in enumerate(
        (
            *("plant", "plant_branch", "boiler_house", "substation", "relay_pump_station", "relay_energy_station"),
            *("isolating_station", "accumulator", "water_tank", "pipe", "valve", "chamber", "building_inlet", "pressure_point"),
            *("network_line", "estate", "building", "room_sensor", "heating_device", "gas_pipe", "gas_station", "heat_user"),
        ),
        start=1,
    )
}
"""Middle class of the codes that we give, by kind; append only."""

_PROVINCES: Final = frozenset(
    map(
        str,
        (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82),
    )
)
"""First two digits of GB/T 2260."""
_DIGITS: Final = re.compile(r"\d+")
_MOST: Final = 10**8 - 1


def check_digit(digits: str) -> str:
    """Return the check digit of ISO/IEC 7064, MOD 11,10: finds every wrong digit and nearly every exchange of neighbours.

    >>> check_digit("0794")
    '5'
    """
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = 2 * total % 11
    return str((11 - product) % 10)


def problem_of(code: str) -> str | None:
    """Return what is wrong with a code, or None. Blanks and full-width digits are wrong too: clean the text first."""
    if len(code) != LENGTH:
        return f"has {len(code)} characters; a unified code has {LENGTH}"
    if not (code.isascii() and _DIGITS.fullmatch(code)):
        return "holds something else than digits"
    if code[:2] not in _PROVINCES or code[2:6] == "0000":
        return f"begins with {code[:6]}, which is no division of GB/T 2260 below a province"
    if code[6:8] == OWN_MAJOR and check_digit(code[:-1]) != code[-1]:
        return f"ends in {code[-1]}; the check digit of its class 99 is {check_digit(code[:-1])}"
    return None


def problems_of(codes: pd.Series) -> pd.Series:
    """Return what is wrong with each code, None where nothing is or there is no code."""
    found = {code: problem_of(code) for code in codes.dropna().unique()}
    return pd.Series([found.get(code) for code in codes], index=codes.index, dtype=object)


def assigned_codes(adcode: str, kind: str, count: int, taken: Iterable[str] = ()) -> list[str]:
    """Return new codes of ours for assets of one kind, numbered on from the highest that is taken.

    Parameters
    ----------
    adcode
        Division (GB/T 2260) where they stand.
    kind
        Kind of the assets.
    count
        How many are wanted.
    taken
        Codes there are already, of any kind and form.

    Raises
    ------
    TwinError
        When the division or kind has no such codes, or the numbers are used up.
    """
    if not (len(adcode) == 6 and adcode.isdigit() and adcode[:2] in _PROVINCES and adcode[2:] != "0000"):
        raise TwinError(f"{adcode!r} is no division of GB/T 2260 below a province; six digits like 220102 are")
    if kind not in OWN_CLASSES:
        raise TwinError(f"assets of kind {kind!r} get no unified code; those of {', '.join(OWN_CLASSES)} do")
    prefix = f"{adcode}{OWN_MAJOR}{OWN_CLASSES[kind]}00"
    last = max((int(code[12:20]) for code in taken if code.startswith(prefix) and problem_of(code) is None), default=0)
    if last + count > _MOST:
        raise TwinError(f"the unified codes {prefix}... are used up: {last} are taken, {count} more are wanted")
    return [_own(prefix, number) for number in range(last + 1, last + count + 1)]


def _own(prefix: str, number: int) -> str:
    body = f"{prefix}{number:08d}"
    return body + check_digit(body)


def parts_of(code: str) -> Sequence[str]:
    """Return division, major, middle and minor class, and own digits of a code."""
    return code[:6], code[6:8], code[8:10], code[10:12], code[12:]
