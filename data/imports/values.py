"""Columns of a delivery into attributes of the catalogue: units, codes, types, checked column by column.

Cost: a few vectorised passes over each column; nearly all of it the JSON text.
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

from data.errors import BadManifest
from data.imports.manifest import ColumnEntry, Scalar
from data.imports.units import factor
from twin.kinds import Attribute, Kind
from twin.naming import FULL_WIDTH, comparison_keys, normalised, normalised_texts
from twin.unified_code import problems_of

Reject: TypeAlias = Callable[[str, "pd.Series[bool]", "pd.Series[str]"], None]
"""Takes a rule, a mask of the broken rows, and a text for each of them."""

_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
_DATE = r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$"
_DAY = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]?")
_CLOCK = re.compile(r"[时点分](?=\d)|[时点分秒]$")
_TRUE = {"true", "t", "1", "yes", "y", "是", "有"}
_FALSE = {"false", "f", "0", "no", "n", "否", "无"}


def source_column(entry: ColumnEntry, frame: pd.DataFrame) -> pd.Series:
    """Return the raw values of a target as objects, None where there is none, with codes, patterns and prefix applied."""
    if entry.source is None:
        return pd.Series([entry.value] * len(frame), index=frame.index, dtype=object)
    column = frame[entry.source]
    if entry.codes is not None:
        codes = entry.codes
        column = _series([codes.get(value, value) for value in as_text(column)], column.index)
    if entry.match is not None:
        column = _match(as_text(column), entry.match)
    if entry.prefix:
        column = _series([None if value is None else entry.prefix + value for value in as_text(column)], column.index)
    return column


def no_values(index: pd.Index) -> pd.Series:
    """Return a column of None (`pd.Series(None)` would hold NaN)."""
    return pd.Series([None] * len(index), index=index, dtype=object)


def _match(column: pd.Series, patterns: Mapping[str, Scalar]) -> pd.Series:
    result = no_values(column.index)
    open_ = column.notna()
    for pattern, value in patterns.items():
        fits = open_ & column.fillna("").str.fullmatch(re.compile(fnmatch.translate(pattern)))
        result[fits] = value
        open_ &= ~fits
    return result


def as_text(column: pd.Series) -> pd.Series:
    """Return texts without blanks around them, None for missing and empty; whole floats lose their `.0` (keys read as floats)."""
    if column.dtype == object:
        return _series([value.strip() or None if type(value) is str else _object_text(value) for value in column], column.index)
    if pd.api.types.is_float_dtype(column):
        return _series(
            [_float_text(value) for value in column.to_numpy(dtype=np.float64, na_value=np.nan).tolist()], column.index
        )
    texts = column.astype(str).str.strip()
    return texts.where(column.notna() & (texts != ""), None).astype(object)


def _series(values: list[Any], index: pd.Index) -> pd.Series:
    """Return objects as they are (pandas would make NaN of None)."""
    return pd.Series(np.fromiter(values, dtype=object, count=len(values)), index=index, dtype=object)


def _float_text(value: float) -> str | None:
    if math.isnan(value):
        return None
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else str(value)


def half_width(texts: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return codes with full-width letters and digits (`ＨＲＺ０１`) written as usual ones, and a mask of those that had some."""
    distinct = [text for text in texts.unique() if isinstance(text, str)]
    usual = {text: text.translate(FULL_WIDTH) for text in distinct if not text.isascii()}
    changed = texts.isin([text for text, other in usual.items() if text != other])
    return (texts.map(lambda text: usual.get(text, text), na_action="ignore") if changed.any() else texts), changed


def _object_text(value: object) -> str | None:
    """Return the text of what is no `str`: an empty cell, a number of a mixed column, a list of a GeoJSON."""
    if isinstance(value, (list, dict, np.ndarray)):
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    if value is None or pd.isna(value):  # type: ignore[call-overload]  # any scalar
        return None
    return _float_text(value) if isinstance(value, float) else str(value).strip() or None


def attribute_values(
    attribute: Attribute, entry: ColumnEntry, column: pd.Series, *, where: str, reject: Reject, zone: str = "Asia/Shanghai"
) -> pd.Series:
    """Return the values of one attribute as Python objects (None = no value); what does not fit is rejected and left out.

    `zone` is that of times without one.

    Raises
    ------
    BadManifest
        When the stated unit does not measure what the attribute does.
    """
    scale = _scale(attribute, entry, where)
    if attribute.type in {"number", "integer"}:
        return _numbers(attribute, column, scale, reject)
    texts = as_text(column)
    if attribute.type == "boolean":
        return _booleans(attribute, texts, reject)
    if attribute.type == "date":
        return _dates(attribute, texts, reject)
    if attribute.type == "datetime":
        return _times(attribute, texts, zone, reject)
    return _texts(attribute, texts, reject)


def _booleans(attribute: Attribute, texts: pd.Series, reject: Reject) -> pd.Series:
    lower = texts.str.lower()
    result = no_values(texts.index)
    result[lower.isin(_TRUE)] = True
    result[lower.isin(_FALSE)] = False
    _refuse(reject, "bad_value", texts.notna() & result.isna(), of=attribute, column=texts, why="is neither true nor false")
    return result


def _dates(attribute: Attribute, texts: pd.Series, reject: Reject) -> pd.Series:
    dates = pd.to_datetime(_iso_dates(texts), errors="coerce", format="ISO8601")
    _refuse(reject, "bad_value", texts.notna() & dates.isna(), of=attribute, column=texts, why="is not a date like 2024-10-20")
    return dates.dt.strftime("%Y-%m-%d").astype(object).where(dates.notna(), None)


def _texts(attribute: Attribute, texts: pd.Series, reject: Reject) -> pd.Series:
    """Return texts and codes; those that must be exact lose full-width forms, and codes must be in their list."""
    if attribute.type == "code" or attribute.name.endswith("_code"):
        written, (texts, changed) = texts, half_width(texts)
        _refuse(reject, "full_width", changed, of=attribute, column=written, why="has full-width characters")
    if attribute.name == "unified_code":
        problems = problems_of(texts)
        _refuse(reject, "bad_unified_code", problems.notna(), of=attribute, column=texts, why=problems)
        return texts.where(problems.isna(), None)
    if attribute.type == "code":
        texts = _codes_of_words(attribute, texts, reject)
        bad = texts.notna() & ~texts.isin(list(attribute.codes))
        _refuse(reject, "unknown_code", bad, of=attribute, column=texts, why=f"is not one of {', '.join(attribute.codes)}")
        return texts.where(~bad, None)
    return texts


def _codes_of_words(attribute: Attribute, texts: pd.Series, reject: Reject) -> pd.Series:
    """Return texts with the words that mean a code (直埋, 三层聚乙烯) replaced by it, each with a note.

    A column of `01` and `02` comes out of a table as 1 and 2: zeros that were lost are put back without a word.
    """
    odd = texts.notna() & ~texts.isin(list(attribute.codes))
    if not odd.any():
        return texts
    words, distinct = _words(attribute), texts[odd].unique()
    meant = {text: words.get(normalised(text).casefold()) for text in distinct}
    codes = texts.map({text: code for text, code in meant.items() if code})
    _refuse(reject, "word_for_code", codes.notna(), of=attribute, column=texts, why="is a word for a code")
    padded = texts.map({text: code for text in distinct if (code := _padded(attribute, text))})
    return texts.where(codes.isna(), codes).where(padded.isna(), padded)


def _padded(attribute: Attribute, text: str) -> str | None:
    """Return the code that a number without its leading zeros is; None for any other text."""
    if not (text.isascii() and text.isdigit()):
        return None
    lengths = {len(code) for code in attribute.codes}
    code = text.zfill(lengths.pop()) if len(lengths) == 1 else ""
    return code if code in attribute.codes else None


def _words(attribute: Attribute) -> dict[str, str]:
    """Return the code of each word: those of the catalogue, and the Chinese of each meaning that only one code has."""
    meanings = [(meaning.partition(" ")[0], code) for code, meaning in attribute.codes.items()]
    counted = Counter(word for word, _ in meanings)
    words = {word: code for word, code in meanings if counted[word] == 1} | dict(attribute.words)
    return {normalised(word).casefold(): code for word, code in words.items()}


def _times(attribute: Attribute, texts: pd.Series, zone: str, reject: Reject) -> pd.Series:
    """Return times as `2024-10-20T04:00:00Z`; each distinct text is read once."""
    distinct = {text: _time(text, zone) for text in texts.dropna().unique()}
    result = _series([distinct.get(text) for text in texts], texts.index)
    _refuse(
        reject, "bad_value", texts.notna() & result.isna(), of=attribute, column=texts, why="is not a time like 2024-10-20 08:30"
    )
    return result


def _time(text: str, zone: str) -> str | None:
    usual = _CLOCK.sub(":", _DAY.sub(r"\1-\2-\3 ", text.translate(FULL_WIDTH))).strip().rstrip(":").replace("分", "")
    moment = pd.to_datetime(usual, errors="coerce", format="mixed")
    if not isinstance(moment, pd.Timestamp) or pd.isna(moment):
        return None
    aware = moment.tz_localize(zone, ambiguous=False, nonexistent="shift_forward") if moment.tzinfo is None else moment
    return aware.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ")


def in_one_form(
    kind: Kind, names: pd.Series, values: Mapping[str, pd.Series], reject: Reject
) -> tuple[pd.Series, dict[str, pd.Series]]:
    """Return names in one form (`twin.naming`), and what keeps the delivered text and compares addresses.

    Where a name changes, the delivered one becomes the attribute `name_delivered` and a note counts it. Addresses stay as they
    were delivered; `address_key` is what they are compared by.
    """
    added: dict[str, pd.Series] = {}
    if "address" in values and kind.attribute("address_key") is not None and "address_key" not in values:
        added["address_key"] = comparison_keys(values["address"])
    if kind.attribute("name_delivered") is None:
        return names, added
    stored = normalised_texts(names)
    changed = names.notna() & (names != stored)
    if changed.any():
        reject("normalised", changed, "name '" + names[changed].astype(str).str.slice(0, 60) + "' is stored in its usual form")
        added.setdefault("name_delivered", names.where(changed, None))
    return stored, added


def _scale(attribute: Attribute, entry: ColumnEntry, where: str) -> float:
    if entry.unit is None:
        return 1.0
    scale = factor(entry.unit, attribute.unit)
    if scale is None:
        ours = attribute.unit or "no unit"
        raise BadManifest(
            f"{where}: columns.{attribute.name}.unit = {entry.unit!r} cannot become {ours}; leave it out or correct it"
        )
    return scale


def _numbers(attribute: Attribute, column: pd.Series, scale: float, reject: Reject) -> pd.Series:
    given = column.notna() & (column.astype(str).str.strip() != "") if column.dtype == object else column.notna()
    numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
    if (odd := given & numbers.isna()).any():
        numbers[odd] = pd.to_numeric(column[odd].map(_usual_number), errors="coerce").astype(np.float64)
    finite = pd.Series(np.isfinite(numbers), index=column.index)
    _refuse(reject, "not_a_number", given & ~finite, of=attribute, column=column, why="is not a number")
    numbers = numbers * scale
    if attribute.type == "number":
        return numbers.astype(object).where(finite, None)
    rounded = numbers.round()
    whole = finite & ((numbers - rounded).abs() < 1e-6) & (rounded.abs() < 2**53)
    _refuse(reject, "bad_value", finite & ~whole, of=attribute, column=column, why="is not a whole number")
    return rounded.where(whole, 0.0).astype("int64").astype(object).where(whole, None)


def _usual_number(value: object) -> object:
    """Return a number's text without full-width digits, blanks and separators of thousands."""
    text = str(value).translate(FULL_WIDTH).strip()
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text


def _iso_dates(texts: pd.Series) -> pd.Series:
    """Return dates as 2024-10-20 where they are 2024/10/20, 2024.10.20 or 2024年10月20日, also in full-width digits."""
    usual, _ = half_width(texts)
    parts = usual.str.strip().str.extract(_DATE)
    dates = parts[0] + "-" + parts[1].str.zfill(2) + "-" + parts[2].str.zfill(2)
    return dates.where(dates.notna(), usual)


def _refuse(reject: Reject, rule: str, broken: pd.Series, *, of: Attribute, column: pd.Series, why: str | pd.Series) -> None:
    """Report broken rows with their values; texts are made for those rows only."""
    if broken.any():
        reason = why if isinstance(why, str) else why[broken].astype(str)
        reject(rule, broken, f"{of.name} = '" + column[broken].astype(str).str.slice(0, 60) + "' " + reason)


def attributes_json(columns: Mapping[str, pd.Series], count: int) -> NDArray[np.object_]:
    """Return one JSON text (bytes) a row, keys sorted, None left out; equal values give equal bytes.

    Cost: 5 s of processor time for a million rows of ten attributes.
    """
    names = sorted(columns)
    result = np.full(count, b"{}", dtype=object)
    if not names:
        return result
    rows = zip(*(columns[name].to_numpy(dtype=object) for name in names), strict=True)
    for place, row in enumerate(rows):
        text = orjson.dumps({name: value for name, value in zip(names, row, strict=True) if value is not None})
        # a copy: what orjson returns keeps its working buffer, some 7 kB a row
        result[place] = memoryview(text).tobytes()
    return result
