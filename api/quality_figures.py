"""Scores with their reasons, and rules with what they flag now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from api.quality_answers import QualityGroupBy, QualityRuleModel, QualityRulesAnswer, Reason, ScoreRow, ScoresAnswer
from api.quality_room import CityQuality, QualityRoom, counts_of
from data.arrivals import asset_names, zone_of
from data.pool import Pool
from data.quality_rules import Count, DayCount, StoredRule, list_days
from twin.kinds import KINDS
from twin.quality_rules.trial import INTAKE_CODE
from twin.scope import Scope

_MOST_BACK = timedelta(days=400)
_NAMES: dict[str, tuple[str, str]] = {INTAKE_CODE: ("接收时已标记", "Flagged when it came")}


# ---------------------------------------------------------------- rules


def rule_models(
    stored: Sequence[StoredRule],
    known: CityQuality | None,
    scope: Scope,
    *,
    judged: Mapping[str, tuple[int, int]] | None = None,
) -> QualityRulesAnswer:
    """Return rules as sent, with the sources and values that each flags now. Cost: 5 ms for 2 million values.

    Parameters
    ----------
    judged
        By rule: flags that persons have judged, and how many of those were false.
    """
    sources, values = _flagged_now(known, scope)
    verdicts = judged or {}
    models = [
        QualityRuleModel(
            **one.rule.as_json(),
            version=one.rule.version,
            seat=one.seat,
            note=one.note,
            written_at=one.written_at,
            sources=sources.get(one.rule.code, 0),
            values=values.get(one.rule.code, 0),
            judged=verdicts.get(one.rule.code, (0, 0))[0],
            false_flags=verdicts.get(one.rule.code, (0, 0))[1],
        )
        for one in stored
    ]
    return QualityRulesAnswer(rules=models, intake=values.get(INTAKE_CODE, 0))


def _flagged_now(known: CityQuality | None, scope: Scope) -> tuple[dict[str, int], dict[str, int]]:
    """Return by rule how many sources and values are flagged."""
    sources: dict[str, int] = {}
    values: dict[str, int] = {}
    if known is None:
        return sources, values
    for schema_id, watch in known.watches.items():
        by = watch.by[known.seen(schema_id, scope)]
        rows, columns = np.nonzero(by)
        numbers = by[rows, columns]
        for number in np.unique(numbers).tolist():
            code, mine = known.code_of(schema_id, number), numbers == number
            sources[code] = sources.get(code, 0) + len(np.unique(rows[mine]))
            values[code] = values.get(code, 0) + int(np.count_nonzero(mine))
    return sources, values


# ---------------------------------------------------------------- scores


@dataclass(frozen=True, slots=True)
class _Asked:
    """Days, and the company and kind that are wanted; None = all."""

    first: date
    last: date
    company_id: int | None
    kind: str | None


async def score_rows(
    pool: Pool,
    room: QualityRoom,
    scope: Scope,
    city_id: int,
    *,
    by: QualityGroupBy,
    first: date | None,
    last: date | None,
    company_id: int | None,
    kind: str | None,
) -> ScoresAnswer:
    """Return scores by company, kind or day, of what is written and of the running minute."""
    today = datetime.now(UTC).astimezone(ZoneInfo(await zone_of(pool, city_id))).date()
    end = last or max(today, first or today)
    asked = _Asked(max(first or end, end - _MOST_BACK), end, company_id, kind)
    rows = [*await list_days(pool, scope, city_id, asked.first, asked.last)]
    known = room.city(city_id)
    if known is not None and asked.first <= today <= asked.last:
        rows += [_of_day(count, today) for count in counts_of(known.costs) if _sees(scope, count)]
    rows = [row for row in rows if _wanted(row, asked)]
    names = {stored.rule.code: (stored.rule.name_zh, stored.rule.name_en) for stored in await room.rules(city_id)} | _NAMES
    companies = await asset_names(pool, scope, city_id, sorted({row.company_id for row in rows if row.company_id}))
    items = [_row(key, _name(by, key, companies), group, names, by=by) for key, group in _grouped(rows, by).items()]
    items.sort(key=(lambda row: row.day) if by == "day" else _lowest_first)
    return ScoresAnswer(by=by, total=_row(None, "合计", rows, names, by="kind"), items=items)


def _lowest_first(row: ScoreRow) -> tuple[bool, float, str]:
    return row.score is None, row.score or 0.0, row.name


def _of_day(count: Count, day: date) -> DayCount:
    return DayCount(day, count.company_id, count.kind, count.code, count.counted, count.lost)


def _sees(scope: Scope, count: Count) -> bool:
    """Tell whether a scope holds a group; as `quality_day_list.sql`."""
    return (
        (scope.layers is None or count.kind in scope.layers)
        and (scope.areas is None or count.area_id in scope.areas)
        and (scope.company_ids is None or count.company_id == 0 or count.company_id in scope.company_ids)
    )


def _wanted(row: DayCount, asked: _Asked) -> bool:
    return asked.company_id in (None, row.company_id) and asked.kind in (None, row.kind)


def _grouped(rows: Iterable[DayCount], by: QualityGroupBy) -> dict[int | str, list[DayCount]]:
    keys: Mapping[QualityGroupBy, Callable[[DayCount], int | str]] = {
        "company": lambda row: row.company_id,
        "kind": lambda row: row.kind,
        "day": lambda row: row.day.isoformat(),
    }
    groups: dict[int | str, list[DayCount]] = {}
    for row in rows:
        groups.setdefault(keys[by](row), []).append(row)
    return groups


def _name(by: QualityGroupBy, key: int | str, companies: Mapping[int, str]) -> str:
    if isinstance(key, int):
        return companies.get(key, str(key)) if key else "无企业"
    return KINDS[key].name_zh if by == "kind" and key in KINDS else key


def _row(
    key: int | str | None, name: str, rows: Sequence[DayCount], names: Mapping[str, tuple[str, str]], *, by: QualityGroupBy
) -> ScoreRow:
    checked = sum(row.counted for row in rows if row.code == "")
    costs: dict[str, tuple[int, float]] = {}
    for row in rows:
        if row.code:
            before = costs.get(row.code, (0, 0.0))
            costs[row.code] = (before[0] + row.counted, before[1] + row.lost)
    lost = sum(cost for _, cost in costs.values())
    reasons = [
        Reason(
            rule=code,
            name_zh=names.get(code, (code, code))[0],
            name_en=names.get(code, (code, code))[1],
            values=counted,
            points=round(100.0 * cost / checked, 4) if checked else 0.0,
        )
        for code, (counted, cost) in sorted(costs.items(), key=lambda item: (-item[1][1], item[0]))
    ]
    return ScoreRow(
        key=None if key == 0 or by == "day" else key,
        name=name,
        day=str(key) if by == "day" else "",
        score=round(100.0 * (1.0 - lost / checked), 4) if checked else None,
        checked=checked,
        reasons=reasons,
    )
