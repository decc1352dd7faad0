"""Which companies have stopped uploading or send invalid data (上传中断或数据无效)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from api.quality_answers import ScoreRow
from api.quality_check_answers import CompanyState, QualityCompany
from api.quality_figures import score_rows
from api.quality_room import CityQuality, QualityRoom
from data.arrivals import asset_names
from data.pool import Pool
from data.quality_alarms import Upload
from data.quality_checks import open_by_company
from twin.quality import Quality
from twin.quality_rules.checks import NO_RULE
from twin.quality_rules.live import Watch
from twin.quality_rules.rows import NEVER, overdue_ms
from twin.scope import EVERYTHING, Scope

PARTLY = 0.1
"""Share of silent sources from which on a company's upload is called partly stopped."""
INVALID = 0.05
"""Share of failed values from which on a company's data is called invalid."""
_ORDER: tuple[CompanyState, ...] = ("stopped", "invalid", "partly", "good")


@dataclass
class _Tally:
    """What is added up of one company."""

    sources: int = 0
    never: int = 0
    silent: int = 0
    last_ms: int = NEVER
    values: int = 0
    failed: int = 0
    suspect: int = 0


async def company_rows(pool: Pool, room: QualityRoom, scope: Scope, city_id: int, *, now_ms: int) -> list[QualityCompany]:
    """Return every company that has sources, those that stopped first. Cost: 10 ms for 230,000 sources."""
    known = room.city(city_id)
    tallies = {} if known is None else _tallies(known, scope, now_ms)
    scores = await score_rows(pool, room, scope, city_id, by="company", first=None, last=None, company_id=None, kind=None)
    by_company = {row.key or 0: row for row in scores.items}
    checks = await open_by_company(pool, scope, city_id)
    names = await asset_names(pool, scope, city_id, sorted(key for key in tallies if key))
    rows = [
        _row(key, names.get(key, str(key)) if key else "无企业", tally, by_company.get(key), checks.get(key, (0, 0)))
        for key, tally in tallies.items()
    ]
    rows.sort(key=lambda row: (_ORDER.index(row.state), row.score if row.score is not None else 101.0, row.name))
    return rows


def uploads_of(known: CityQuality, now_ms: int) -> dict[Upload, bool]:
    """Tell of each company of which anything was ever heard whether its upload has stopped, and whether it is invalid."""
    found: dict[Upload, bool] = {}
    for key, tally in _tallies(known, EVERYTHING, now_ms).items():
        if key and tally.sources > tally.never:
            state = _state(tally)
            found |= {(key, "upload_stopped"): state == "stopped", (key, "upload_invalid"): state == "invalid"}
    return found


def _tallies(known: CityQuality, scope: Scope, now_ms: int) -> dict[int, _Tally]:
    found: dict[int, _Tally] = {}
    for schema_id, watch in known.watches.items():
        rows = known.block(schema_id).asset_rows
        companies = np.where(known.seen(schema_id, scope), known.city.company_ids[rows], -1)
        for company in np.unique(companies).tolist():
            if company != -1:
                _add(found.setdefault(max(int(company), 0), _Tally()), watch, np.flatnonzero(companies == company), now_ms)
    return found


def _add(tally: _Tally, watch: Watch, at: np.ndarray, now_ms: int) -> None:
    heard = watch.received_ms[at] != NEVER
    late = overdue_ms(watch.received_ms[at], watch.period_ms[at], now_ms=now_ms, periods=watch.patience) > 0
    told = watch.flags[at][heard][(watch.by[at][heard] != NO_RULE)]
    tally.sources += len(at)
    tally.never += int(np.count_nonzero(~heard))
    tally.silent += int(np.count_nonzero(late))
    tally.last_ms = max(tally.last_ms, int(watch.received_ms[at].max(initial=NEVER)))
    tally.values += int(watch.checked[at][heard].sum())
    tally.failed += int(np.count_nonzero((told == Quality.FAIL) | (told == Quality.MISSING)))
    tally.suspect += int(np.count_nonzero(told == Quality.SUSPECT))


def _state(tally: _Tally) -> CompanyState:
    heard = tally.sources - tally.never
    if tally.silent == heard:  # also of a company of which nothing was ever heard
        return "stopped"
    if tally.values and tally.failed / tally.values >= INVALID:
        return "invalid"
    return "partly" if tally.silent / heard >= PARTLY else "good"


def _row(key: int, name: str, tally: _Tally, score: ScoreRow | None, checks: tuple[int, int]) -> QualityCompany:
    reason = score.reasons[0] if score is not None and score.reasons else None
    return QualityCompany(
        company_id=key or None,
        name=name,
        state=_state(tally),
        sources=tally.sources,
        never=tally.never,
        silent=tally.silent,
        last_received_at=None if tally.last_ms == NEVER else tally.last_ms,
        values=tally.values,
        failed=tally.failed,
        suspect=tally.suspect,
        score=None if score is None else score.score,
        reason_zh="" if reason is None else reason.name_zh,
        reason_en="" if reason is None else reason.name_en,
        unfinished_checks=checks[0],
        waiting_checks=checks[1],
    )
