"""What a message says, in Chinese or English: the worst alarms first, the rest as a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from twin.notices.model import Lang

MOST_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One alarm in a message. `value` and `limit` come with their unit; `advice` is that of its rule (处置建议), often empty."""

    alarm_id: int
    asset_name: str
    rule_zh: str
    rule_en: str
    level: int
    value: str
    limit: str
    raised_at: datetime
    active: bool = True
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A title of one line, and a body of one line an alarm."""

    title: str
    body: str


_WORDS: Final = {
    "zh": {
        "one": "{level}级报警：{name} {rule}",
        "many": "{count} 条报警（最高 {level} 级）：{name} {rule} 等",
        "late": "【{minutes:g} 分钟未确认】",
        "line": "[{level}级] {name} {rule}，{value}（限值 {limit}），{at}{state}",
        "over": "，已恢复",
        "advice": "  处置建议：{advice}",
        "more": "……另有 {count} 条，请在报警列表中查看。",
        "test": "测试通知",
        "tested": "这是一条测试通知，没有报警。由 {seat} 于 {at} 发出。",
    },
    "en": {
        "one": "Level {level} alarm: {name} {rule}",
        "many": "{count} alarms (highest level {level}): {name} {rule} and more",
        "late": "[not acknowledged for {minutes:g} min] ",
        "line": "[level {level}] {name} {rule}: {value} (limit {limit}), {at}{state}",
        "over": ", over",
        "advice": "  Advice: {advice}",
        "more": "... and {count} more; the list of alarms has them.",
        "test": "Test notification",
        "tested": "This is a test; there is no alarm. Sent by {seat} at {at}.",
    },
}


def compose(lines: Sequence[Line], *, zone: str, lang: Lang, after_min: float = 0.0) -> Message:
    """Return the message about some alarms, at least one.

    Parameters
    ----------
    zone
        Of the city: times are told by its clock.
    after_min
        Of an escalation: minutes without acknowledgement.
    """
    words = _WORDS[lang]
    ordered = sorted(lines, key=lambda line: (line.level, line.raised_at, line.alarm_id))
    worst = ordered[0]
    rule = worst.rule_zh if lang == "zh" else worst.rule_en
    title = words["one" if len(ordered) == 1 else "many"].format(
        level=worst.level, name=worst.asset_name, rule=rule, count=len(ordered)
    )
    late = words["late"].format(minutes=after_min) if after_min else ""
    told = [_line(line, zone, lang) for line in ordered[:MOST_LINES]]
    if len(ordered) > MOST_LINES:
        told.append(words["more"].format(count=len(ordered) - MOST_LINES))
    return Message(late + title, "\n".join(told))


def compose_test(seat: str, at: datetime, *, zone: str, lang: Lang) -> Message:
    """Return the message of a test."""
    words = _WORDS[lang]
    return Message(words["test"], words["tested"].format(seat=seat, at=_clock(at, zone)))


def _line(line: Line, zone: str, lang: Lang) -> str:
    words = _WORDS[lang]
    text = words["line"].format(
        level=line.level,
        name=line.asset_name,
        rule=line.rule_zh if lang == "zh" else line.rule_en,
        value=line.value,
        limit=line.limit,
        at=_clock(line.raised_at, zone),
        state="" if line.active else words["over"],
    )
    return text if not line.advice else f"{text}\n{words['advice'].format(advice=line.advice)}"


def _clock(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
