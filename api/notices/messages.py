"""A message ready to be sent, in the forms that its recipients take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from data.notices import AlarmLine
from data.quality_alarms import QualityAlarm
from twin.notices import Line
from twin.notices.model import Lang
from twin.quantities import unit_of_point

MOST_ALARMS: Final = 200
"""Most alarms that a webhook is told one by one; `count` says how many there are."""
_SYMBOLS: Final = {"degC": "°C", "m3": "m³", "m2": "m²"}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message with all that a channel may say of it. `key` is the same in every repeat; `level` 0 = a test."""

    key: str
    city_id: int
    level: int
    step: int
    made_at: datetime
    title: str
    body: str
    lines: tuple[AlarmLine, ...] = ()
    lang: Lang = "zh"
    quality: tuple[QualityAlarm, ...] = ()


def unit_of_line(line: AlarmLine) -> str:
    """Return the unit of an alarm's value."""
    unit = unit_of_point(line.point)
    return f"{unit}/h" if line.per_h else unit


def text_line(line: AlarmLine, lang: Lang) -> Line:
    """Return an alarm as texts tell it."""
    unit = unit_of_line(line)
    for word, symbol in _SYMBOLS.items():
        unit = unit.replace(word, symbol)
    return Line(
        alarm_id=line.alarm_id,
        asset_name=line.asset_name,
        rule_zh=line.rule_zh,
        rule_en=line.rule_en,
        level=line.level,
        value=f"{line.value:.6g} {unit}".strip(),
        limit=f"{line.limit_value:.6g} {unit}".strip(),
        raised_at=line.raised_at,
        active=line.active,
        advice=line.advice_zh if lang == "zh" else line.advice_en or line.advice_zh,
    )


def as_json(message: Outgoing) -> dict[str, Any]:
    """Return the body of a webhook."""
    return {
        "key": message.key,
        "city": message.city_id,
        "test": message.level == 0,
        "level": message.level,
        "step": message.step,
        "made_at": message.made_at.isoformat(),
        "title": message.title,
        "text": message.body,
        "count": len(message.lines) or len(message.quality),
        "alarms": [_alarm_json(line) for line in message.lines[:MOST_ALARMS]],
        "quality": [_quality_json(one) for one in message.quality[:MOST_ALARMS]],
    }


def _quality_json(alarm: QualityAlarm) -> dict[str, Any]:
    names = ("quality_alarm_id", "kind", "company_id", "asset_id", "check_id", "point", "rule", "why_zh", "why_en", "state")
    return {name: getattr(alarm, name) for name in names} | {"raised_at": alarm.raised_at.isoformat()}


def _alarm_json(line: AlarmLine) -> dict[str, Any]:
    names = (
        "alarm_id",
        "asset_id",
        "asset_name",
        "asset_kind",
        "rule_code",
        "rule_zh",
        "rule_en",
        "level",
        "value",
        "limit_value",
    )
    more = {"unit": unit_of_line(line), "raised_at": line.raised_at.isoformat(), "active": line.active}
    place = None if line.lon is None or line.lat is None else [line.lon, line.lat]
    return {name: getattr(line, name) for name in names} | more | {"advice": line.advice_zh, "position": place}


BOT_BYTES: Final = 2000
"""Group robots refuse longer texts (2,048 bytes of UTF-8)."""


def as_bot_text(message: Outgoing) -> dict[str, Any]:
    """Return a text message as group robots of enterprise messengers take it (企业微信、钉钉)."""
    return {"msgtype": "text", "text": {"content": cut(f"{message.title}\n{message.body}", BOT_BYTES)}}


def cut(text: str, most_bytes: int) -> str:
    """Return a text of at most so many bytes of UTF-8, with dots where something was left out."""
    raw = text.encode()
    return text if len(raw) <= most_bytes else raw[: most_bytes - 3].decode(errors="ignore") + "…"


def worst_level(lines: Sequence[AlarmLine]) -> int:
    """Return the most urgent level."""
    return min(line.level for line in lines)
