"""Flagged values as sent: of live state, of history, and of a rule that is tried out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from api.live_room import now_ms
from api.quality_answers import FlaggedAnswer, FlaggedAsset, FlagsAnswer, MarkModel, MarksAnswer, TriedHistory, TriedNow
from api.quality_room import CityQuality, flagged_rows, numbers_of
from data.arrivals import asset_names
from data.history.postgres import PostgresHistory
from data.pool import Pool
from twin.arrays import Int64Array
from twin.quality import Quality
from twin.quality_rules.checks import INTAKE, NO_RULE, Check, assess, make_checks
from twin.quality_rules.live import Watch, compare_neighbours
from twin.quality_rules.model import QualityRule
from twin.quality_rules.reasons import reason
from twin.quality_rules.rows import NEVER, Rows, overdue_ms
from twin.quality_rules.trial import INTAKE_CODE, ONLY_NOW, Mark, Trial, try_rules
from twin.readings import Source
from twin.scope import Scope

MAX_FRAMES = 45_000
"""Frames of one source that are looked at: a month of minutes."""
MAX_MARKS = 5_000
MAX_EXAMPLES = 50
_INTAKE_WHY = ("接收时已标记", "flagged when it came")


# ---------------------------------------------------------------- now


def live_flags(known: CityQuality | None, asset_id: int, sources: Sequence[Source]) -> FlagsAnswer:
    """Return every rule that flags a value of the latest frames of an asset, each with its reason."""
    flags: list[MarkModel] = []
    scores: list[float] = []
    for source in sources:
        watch = None if known is None else known.watches.get(source.schema_id)
        row = None if watch is None else _row_of(watch, source.source_id)
        if watch is None or row is None or watch.seen_ms[row] == NEVER:
            continue
        scores.append(float(watch.score[row]))
        flags += _flags_of(source, watch, row)
    found = [score for score in scores if not np.isnan(score)]
    return FlagsAnswer(asset_id=asset_id, score=round(min(found), 2) if found else None, flags=flags)


def _row_of(watch: Watch, source_id: int) -> int | None:
    row = int(np.searchsorted(watch.source_ids, source_id))
    return row if row < len(watch.source_ids) and watch.source_ids[row] == source_id else None


def _flags_of(source: Source, watch: Watch, row: int) -> list[MarkModel]:
    rows = present_rows(watch, np.array([row]))
    found: list[tuple[Check | None, int]] = [
        (check, int(check.columns[place])) for check in watch.checks for place in np.flatnonzero(check.hits(rows)[0]).tolist()
    ]
    found += [(None, column) for column in np.flatnonzero(watch.by[row] == INTAKE).tolist()]
    return [flag_model(source, watch, rows, check, (0, column)) for check, column in found]


def present_rows(watch: Watch, at: Int64Array) -> Rows:
    """Return the latest frames of some sources with their past, and for how long nothing has come."""
    overdue = overdue_ms(watch.received_ms[at], watch.period_ms[at], now_ms=now_ms(), periods=watch.patience)
    return watch.rows(at, overdue)


def flag_model(source: Source, watch: Watch, rows: Rows, check: Check | None, place: tuple[int, int]) -> MarkModel:
    """Return one value of `rows` that a check flags (None: flagged when it came); `place` is its row and column."""
    row, column = place
    value, given = float(rows.values[row, column]), int(rows.quality[row, column])
    why = _INTAKE_WHY if check is None else reason(check, watch.schema, rows, row, column)
    missing = np.isnan(value)
    flag = int(Quality.MISSING) if missing else max(given, 0 if check is None else check.rule.severity)
    point = watch.schema.points[column]
    return MarkModel(
        asset_id=source.asset_id,
        source=source.code,
        point=point.name,
        unit=point.unit,
        observed_at=int(rows.observed_ms[row]),
        value=None if missing else _digits(value, point.slot),
        flag=flag,
        rule=INTAKE_CODE if check is None else check.rule.code,
        why_zh=why[0],
        why_en=why[1],
    )


def _digits(value: float, slot: str) -> float:
    """Return a value with the digits that were sent."""
    return float(str(np.float32(value))) if slot == "gauge" else value


async def list_flagged(
    pool: Pool,
    known: CityQuality | None,
    scope: Scope,
    *,
    rule: str | None,
    company_id: int | None,
    kind: str | None,
    limit: int,
) -> FlaggedAnswer:
    """Return the sources that have flagged values, the lowest score first."""
    if known is None:
        return FlaggedAnswer(total=0, items=[])
    found: list[tuple[float, int, int]] = []
    for schema_id, watch in known.watches.items():
        numbers = [None] if rule is None else [*numbers_of(watch, rule)]
        masks = [flagged_rows(watch, number) for number in numbers]
        if not masks:
            continue
        wanted = np.logical_or.reduce(masks) & known.seen(schema_id, scope)
        rows = known.block(schema_id).asset_rows
        if company_id is not None:
            wanted &= known.city.company_ids[rows] == company_id
        if kind is not None:
            wanted &= np.array([source.kind == kind for source in known.block(schema_id).sources], np.bool_)
        found += [(float(np.nan_to_num(watch.score[row], nan=101.0)), schema_id, row) for row in np.flatnonzero(wanted).tolist()]
    found.sort()
    page = [(schema_id, row, known.block(schema_id).sources[row]) for _, schema_id, row in found[:limit]]
    names = await asset_names(pool, scope, known.city.city_id, sorted({source.asset_id for *_, source in page}))
    return FlaggedAnswer(total=len(found), items=[_flagged(known, *one, names) for one in page])


def _flagged(known: CityQuality, schema_id: int, row: int, source: Source, names: dict[int, str]) -> FlaggedAsset:
    watch = known.watches[schema_id]
    by = watch.by[row]
    score = float(watch.score[row])
    return FlaggedAsset(
        asset_id=source.asset_id,
        name=names.get(source.asset_id, source.code),
        kind=source.kind,
        company_id=source.company_id,
        source=source.code,
        score=None if np.isnan(score) else round(score, 2),
        flagged=int(np.count_nonzero(by != NO_RULE)),
        rules=[known.code_of(schema_id, number) for number in np.unique(by[by != NO_RULE]).tolist()],
    )


# ---------------------------------------------------------------- trials


async def try_now(known: CityQuality | None, scope: Scope, rule: QualityRule) -> TriedNow:
    """Return what a rule would flag at this moment."""
    if known is None:
        return TriedNow(sources=0, flagged_sources=0, values=0, flagged_values=0, examples=[])
    if rule.kind == "neighbour":
        areas = [known.areas(schema_id) for schema_id in known.watches]
        await asyncio.to_thread(compare_neighbours, list(known.watches.values()), areas, [rule], now_ms=now_ms())
    return await asyncio.to_thread(_try_now, known, scope, rule)


def _try_now(known: CityQuality, scope: Scope, rule: QualityRule) -> TriedNow:
    sources = flagged_sources = values = flagged_values = 0
    examples: list[MarkModel] = []
    for schema_id, watch in known.watches.items():
        checks = make_checks(watch.schema, [rule])
        at = np.flatnonzero(known.seen(schema_id, scope) & (watch.seen_ms != NEVER))
        if not checks or not at.size:
            continue
        rows = present_rows(watch, at)
        by = assess(rows, checks).by == 1
        sources, values = sources + len(at), values + by.shape[0] * len(checks[0].columns)
        flagged_sources += int(by.any(axis=1).sum())
        flagged_values += int(by.sum())
        block = known.block(schema_id)
        for row, column in np.argwhere(by)[: MAX_EXAMPLES - len(examples)].tolist():
            examples.append(flag_model(block.sources[int(at[row])], watch, rows, checks[0], (row, column)))
    return TriedNow(
        sources=sources, flagged_sources=flagged_sources, values=values, flagged_values=flagged_values, examples=examples
    )


async def try_on_history(
    history: PostgresHistory, city_id: int, sources: Sequence[Source], rule: QualityRule, span: tuple[int, int]
) -> TriedHistory | None:
    """Return what a rule would have flagged; None for a kind that has no history."""
    if rule.kind in ONLY_NOW:
        return None
    examples: list[MarkModel] = []
    frames = values = flagged = 0
    truncated = False
    for source in sources:
        trial, cut = await _trial(history, city_id, source, [rule], span, most=MAX_EXAMPLES)
        frames, values, flagged = frames + trial.frames, values + trial.values, flagged + trial.flagged
        truncated |= cut
        examples += [_mark(source, mark) for mark in trial.marks]
    return TriedHistory(
        frames=frames, values=values, flagged_values=flagged, truncated=truncated, examples=examples[:MAX_EXAMPLES]
    )


async def marks_of(
    history: PostgresHistory, city_id: int, sources: Sequence[Source], rules: Sequence[QualityRule], span: tuple[int, int]
) -> MarksAnswer:
    """Return the values of the history of an asset's sources that rules flag."""
    marks: list[MarkModel] = []
    truncated = False
    for source in sources:
        trial, cut = await _trial(history, city_id, source, rules, span, most=MAX_MARKS, intake=True)
        marks += [_mark(source, mark) for mark in trial.marks]
        truncated |= cut or trial.flagged > len(trial.marks)
    return MarksAnswer(asset_id=sources[0].asset_id, marks=marks[:MAX_MARKS], truncated=truncated or len(marks) > MAX_MARKS)


async def _trial(
    history: PostgresHistory,
    city_id: int,
    source: Source,
    rules: Sequence[QualityRule],
    span: tuple[int, int],
    *,
    most: int,
    intake: bool = False,
) -> tuple[Trial, bool]:
    curve = await history.curve(city_id, source.source_id, source.schema.points, *span, limit=MAX_FRAMES)
    period_ms = source.period_s * 1000
    trial = await asyncio.to_thread(try_rules, source.schema, curve, rules, period_ms=period_ms, most=most, intake=intake)
    return trial, curve.truncated


def _mark(source: Source, mark: Mark) -> MarkModel:
    point = source.schema.points[source.schema.column(mark.point) or 0]
    return MarkModel(
        asset_id=source.asset_id,
        source=source.code,
        point=mark.point,
        unit=point.unit,
        observed_at=mark.observed_ms,
        value=None if mark.value is None else _digits(mark.value, point.slot),
        flag=mark.flag,
        rule=mark.code,
        why_zh=mark.why_zh,
        why_en=mark.why_en,
    )
