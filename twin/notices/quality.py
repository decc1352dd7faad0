"""What a message about quality alarms (数据质量告警) says: the company, and one line an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from twin.notices.model import Lang
from twin.notices.texts import MOST_LINES, Message

_WORDS: Final = {
    "zh": {
        "title": "数据质量告警：{company} {count} 项",
        "nobody": "无归属企业",
        "upload_stopped": "{name} 上传中断，自 {at}{state}",
        "upload_invalid": "{name} 上传数据无效，自 {at}{state}",
        "line": "{name} {point} {why}，{at}{state}",
        "frame": "整帧",
        "doubt": "人工质疑",
        "sent": "，核查工单待企业答复",
        "answered": "，企业已答复",
        "closed": "，已办结",
        "more": "……另有 {count} 项，请在数据质量面板中查看。",
    },
    "en": {
        "title": "Data quality: {count} of {company}",
        "nobody": "no company",
        "upload_stopped": "{name} has stopped uploading, since {at}{state}",
        "upload_invalid": "{name} uploads invalid data, since {at}{state}",
        "line": "{name} {point}: {why}, {at}{state}",
        "frame": "whole frame",
        "doubt": "doubted by a person",
        "sent": ", the work order waits for the company",
        "answered": ", the company has answered",
        "closed": ", closed",
        "more": "... and {count} more; the panel of data quality has them.",
    },
}


@dataclass(frozen=True, slots=True)
class QualityLine:
    """One quality alarm in a message: `kind` and `state` as stored, `point` empty = the whole frame or an upload."""

    kind: str
    company: str
    name: str
    point: str
    why_zh: str
    why_en: str
    state: str
    raised_at: datetime


def compose_quality(lines: Sequence[QualityLine], *, zone: str, lang: Lang) -> Message:
    """Return the message about some quality alarms of one company, at least one; times by the city's clock."""
    words = _WORDS[lang]
    title = words["title"].format(company=lines[0].company or words["nobody"], count=len(lines))
    told = [_line(line, zone, lang) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        told.append(words["more"].format(count=len(lines) - MOST_LINES))
    return Message(title, "\n".join(told))


def _line(line: QualityLine, zone: str, lang: Lang) -> str:
    words = _WORDS[lang]
    why = line.why_zh if lang == "zh" else line.why_en or line.why_zh
    return words[line.kind if line.kind.startswith("upload_") else "line"].format(
        name=line.name,
        point=line.point.replace("_", " ") or words["frame"],
        why=why or words["doubt"],
        at=line.raised_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S"),
        state=words.get(line.state, ""),
    )
