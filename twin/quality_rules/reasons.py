"""Why a rule flags a value, in words of both languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import numpy as np

from twin.points.model import FrameSchema
from twin.quality_rules.checks import Check
from twin.quality_rules.rows import NEVER, OUTLET, STATIONS, TAKEN, Rows, missing_share

Words = tuple[str, str]
"""Chinese and English."""


def reason(check: Check, schema: FrameSchema, rows: Rows, row: int, column: int) -> Words:
    """Return why a check flags one value: what was found and what would be right."""
    return _REASONS[check.rule.kind](check, schema, rows, row, column)


def _number(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.6g}"


def _boundary(check: Check, schema: FrameSchema, rows: Rows, row: int, column: int) -> Words:
    point, rule = schema.points[column], check.rule
    low, high = rule.number("low"), rule.number("high")
    if low is None and high is None:
        low, high = point.low, point.high
    value = _number(rows.values[row, column])
    least, most = ("-∞" if low is None else f"{low:g}"), ("∞" if high is None else f"{high:g}")
    return f"{value} 超出 {least}～{most} {point.unit}", f"{value} is outside {least} to {most} {point.unit}"


def _jump(_check: Check, schema: FrameSchema, rows: Rows, row: int, column: int) -> Words:
    one, other = _number(rows.before[row, column]), _number(rows.values[row, column])
    seconds, unit = (rows.observed_ms[row] - rows.before_ms[row]) / 1000, schema.points[column].unit
    return f"{seconds:.0f} 秒内由 {one} 变为 {other} {unit}", f"from {one} to {other} {unit} in {seconds:.0f} s"


def _related(check: Check, schema: FrameSchema, rows: Rows, row: int, _column: int) -> Words:
    expression = check.rule.expression
    assert expression is not None  # a rule of this kind has one
    values = [(name, schema.column(name)) for name in expression.names]
    shown = ", ".join(f"{name} = {_number(rows.values[row, place])}" for name, place in values if place is not None)
    return f"不满足 {expression.text}（{shown}）", f"{expression.text} does not hold ({shown})"


def _format(_check: Check, _schema: FrameSchema, rows: Rows, row: int, column: int) -> Words:
    value = _number(rows.values[row, column])
    return f"{value} 不是该测点可有的值", f"{value} is no value of this point"


def _completeness(_check: Check, _schema: FrameSchema, _rows: Rows, _row: int, _column: int) -> Words:
    return "缺测", "the value is missing"


def _timeliness(_check: Check, _schema: FrameSchema, rows: Rows, row: int, _column: int) -> Words:
    if rows.overdue_ms[row] > 0:
        seconds = rows.overdue_ms[row] / 1000
        return f"已 {seconds:.0f} 秒无数据", f"nothing has come for {seconds:.0f} s"
    delay = (rows.received_ms[row] - rows.observed_ms[row]) / 1000
    return f"到达比采集晚 {delay:.0f} 秒", f"came {delay:.0f} s after it was observed"


def _flat(_check: Check, _schema: FrameSchema, rows: Rows, row: int, column: int) -> Words:
    since, value = rows.since_ms[row, column], _number(rows.values[row, column])
    if since == NEVER:
        return f"{value} 长时间不变", f"{value} for too long"
    at = datetime.fromtimestamp(since / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")
    return f"自 {at} 起一直为 {value}", f"{value} ever since {at}"


def _duplicate(_check: Check, _schema: FrameSchema, rows: Rows, row: int, _column: int) -> Words:
    count = int(rows.repeats[row]) + 1
    return f"连续 {count} 帧完全相同", f"{count} frames in a row are the same"


def _unit(check: Check, schema: FrameSchema, rows: Rows, row: int, column: int) -> Words:
    point, value, rule = schema.points[column], rows.values[row, column], check.rule
    changed = [value * factor for factor in rule.numbers("factors")] + [value + offset for offset in rule.numbers("offsets")]
    low, high = schema.low[column], schema.high[column]
    shown = next((_number(one) for one in changed if low <= one <= high), "-")
    return (
        f"{_number(value)} 疑为其他单位（{shown} {point.unit}）",
        f"{_number(value)} may be in another unit ({shown} {point.unit})",
    )


def _sentinel(_check: Check, _schema: FrameSchema, rows: Rows, row: int, column: int) -> Words:
    value = _number(rows.values[row, column])
    return f"{value} 是占位值", f"{value} stands for no value"


def _neighbour(_check: Check, schema: FrameSchema, rows: Rows, row: int, column: int) -> Words:
    value, unit = _number(rows.values[row, column]), schema.points[column].unit
    near = _number(rows.near[column][row]) if column in rows.near else "-"
    return f"{value} {unit}，邻近中位数 {near} {unit}", f"{value} {unit}; the median around is {near} {unit}"


def _balance(check: Check, schema: FrameSchema, rows: Rows, row: int, column: int) -> Words:
    figures, unit = rows.balances[check.rule.code], schema.points[column].unit
    outlet, taken = _number(figures[row, OUTLET]), _number(figures[row, TAKEN])
    stations, share = f"{figures[row, STATIONS]:.0f}", 100 * float(missing_share(figures)[row])
    zh = f"热源供出 {outlet} {unit}，所带 {stations} 座换热站合计 {taken} {unit}，相差 {share:.0f}%"
    return zh, f"sources give out {outlet} {unit}, their {stations} substations take in {taken} {unit}: {share:.0f} % missing"


_REASONS: Final[dict[str, Callable[[Check, FrameSchema, Rows, int, int], Words]]] = {
    "boundary": _boundary,
    "jump": _jump,
    "related": _related,
    "format": _format,
    "completeness": _completeness,
    "timeliness": _timeliness,
    "flat": _flat,
    "duplicate": _duplicate,
    "unit": _unit,
    "sentinel": _sentinel,
    "neighbour": _neighbour,
    "balance": _balance,
}
