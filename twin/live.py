"""Live state of one city: the latest frame of every source, open alarms, and what each theme shows of them.

"Latest" is a structure of its own and never a query of history. Each asset remembers the sequence number at which it last
changed in each theme, so that "what changed since n" is one mask, and a slow client needs no backlog: it gets one merged
delta.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin import delta
from twin.alarms import Changes, ThresholdRule, evaluate
from twin.arrays import BoolArray, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array, UInt8Array
from twin.quality import Quality
from twin.readings import Batch, Source, rounds
from twin.scope import Scope
from twin.status import NO_LEVEL, status_codes

STALE_PERIODS = 3
"""Missed periods after which an asset is stale."""
NEVER = -1
_HIGH_LEVEL = 99

THEME_POINTS: Mapping[str, tuple[str, ...]] = {
    delta.SECONDARY_SUPPLY_TEMPERATURE.name: ("secondary_supply_temperature_degc",),
    delta.ROOM_TEMPERATURE.name: ("room_temperature_degc",),
    delta.FLOW.name: ("flow_m3_per_h", "primary_flow_m3_per_h"),
}
"""Points that a theme shows; the first one that a schema has counts."""
LIVE_THEMES = (delta.STATUS.name, *THEME_POINTS, delta.OPEN_ALARMS.name)
"""Themes that are filled now."""


@dataclass
class SourceBlock:
    """Latest frames of all sources of one schema; arrays have one row a source, by rising source_id."""

    sources: Sequence[Source]
    source_ids: Int32Array
    asset_rows: Int64Array
    period_ms: Int64Array
    observed_ms: Int64Array
    received_ms: Int64Array
    values: Float64Array
    quality: UInt8Array
    rules: tuple[ThresholdRule, ...]
    active: BoolArray

    def rows_of(self, source_ids: Int32Array) -> Int64Array:
        """Return the row of each source; -1 for those that are not here."""
        rows = np.minimum(np.searchsorted(self.source_ids, source_ids), len(self.source_ids) - 1)
        return np.where(self.source_ids[rows] == source_ids, rows, -1)


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """One alarm that opens or closes.

    Attributes
    ----------
    rule, source
        Which alarm.
    raised
        True = opens, False = closes.
    value
        The value that did it, in the point's unit.
    observed_ms
        When, by the device's clock.
    """

    rule: ThresholdRule
    source: Source
    raised: bool
    value: float
    observed_ms: int


@dataclass(frozen=True, slots=True)
class Step:
    """One round of frames that are newer than what is live, with the alarm changes they bring."""

    rows: Int64Array
    frames: Int64Array
    changes: tuple[AlarmChange, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch will do to live state, computed without doing it; `LiveCity.apply` does it after the commit."""

    batch: Batch
    steps: tuple[Step, ...]


@dataclass
class ThemeState:
    """What one theme shows; arrays have one row a member, by rising asset_id."""

    theme: delta.Theme
    asset_rows: Int64Array
    units: Int16Array
    packed: UInt8Array
    changed_seq: Int64Array


@dataclass
class LiveCity:
    """Live state of one city. Mutable; only its owner (one task) changes it.

    Attributes
    ----------
    city_id, epoch, seq
        Identity of the state; `seq` rises with every change that a theme shows.
    as_of_ms
        Time of the last refresh.
    sources
        By code.
    asset_ids
        Rising ids of all assets that have a source.
    """

    city_id: int
    epoch: int
    sources: Mapping[str, Source]
    asset_ids: Int64Array
    kinds: tuple[str, ...]
    company_ids: Int64Array
    area_ids: Int64Array
    blocks: dict[int, SourceBlock]
    themes: dict[str, ThemeState] = field(default_factory=dict)
    seq: int = 0
    as_of_ms: int = 0
    status: UInt8Array = field(default_factory=lambda: np.zeros(0, np.uint8))
    _masks: dict[Scope, BoolArray] = field(default_factory=dict)

    # ------------------------------------------------------------ readings and alarms

    def plan(self, batch: Batch) -> Plan:
        """Work out what accepted frames do to live state and alarms, without doing it.

        Frames older than what is live are stored history only: they move nothing.
        """
        block = self.blocks.get(batch.schema_id)
        if block is None:
            return Plan(batch, ())
        steps = []
        observed, active = block.observed_ms.copy(), block.active.copy()
        for frames in rounds(batch.source_ids, batch.observed_ms):
            rows = block.rows_of(batch.source_ids[frames])
            newer = (rows >= 0) & (batch.observed_ms[frames] > observed[rows])
            frames, rows = frames[newer], rows[newer]  # noqa: PLW2901 - the round without its late frames
            if rows.size:
                observed[rows] = batch.observed_ms[frames]
                steps.append(Step(rows, frames, tuple(_alarm_changes(block, batch, rows, frames, active))))
        return Plan(batch, tuple(steps))

    def apply(self, plan: Plan, *, received_ms: int) -> None:
        """Make the planned frames and alarms live. Call it after the commit."""
        block = self.blocks.get(plan.batch.schema_id)
        if block is None:
            return
        places = {rule.rule_id: i for i, rule in enumerate(block.rules)}
        for step in plan.steps:
            block.observed_ms[step.rows] = plan.batch.observed_ms[step.frames]
            block.received_ms[step.rows] = received_ms
            block.values[step.rows] = plan.batch.values[step.frames]
            block.quality[step.rows] = plan.batch.quality[step.frames]
            for change in step.changes:
                row = int(np.searchsorted(block.source_ids, change.source.source_id))
                block.active[places[change.rule.rule_id], row] = change.raised

    def open_alarm(self, rule_id: int, source_id: int) -> None:
        """Put back an alarm that the store holds as open; one whose rule or source is gone is left alone."""
        for block in self.blocks.values():
            row = int(block.rows_of(np.array([source_id], np.int32))[0])
            for place, rule in enumerate(block.rules):
                if row >= 0 and rule.rule_id == rule_id:
                    block.active[place, row] = True

    # ------------------------------------------------------------ what is shown

    def refresh(self, now_ms: int) -> bool:
        """Bring status and themes up to date with frames, alarms and the clock; True when something shown changed."""
        shown = self._statuses(now_ms)
        self.as_of_ms, self.status = now_ms, shown.status
        changed = {name: self._show(state, shown) for name, state in self.themes.items()}
        moved = {name: (units, packed, mask) for name, (units, packed, mask) in changed.items() if mask.any()}
        if not moved:
            return False
        self.seq += 1
        for name, (units, packed, mask) in moved.items():
            state = self.themes[name]
            state.units, state.packed = units, packed
            state.changed_seq[mask] = self.seq
        return True

    def _statuses(self, now_ms: int) -> _Shown:
        count = len(self.asset_ids)
        level, alarms = np.full(count, _HIGH_LEVEL, np.int64), np.zeros(count, np.int64)
        heard, stale, quality = np.zeros(count, np.bool_), np.zeros(count, np.bool_), np.zeros(count, np.uint8)
        for block in self.blocks.values():
            known = block.received_ms != NEVER
            late = known & (now_ms - block.received_ms > STALE_PERIODS * block.period_ms)
            np.logical_or.at(heard, block.asset_rows, known)
            np.logical_or.at(stale, block.asset_rows, late)
            worst = np.where(known, block.quality.max(axis=1, initial=0), Quality.MISSING)
            np.maximum.at(quality, block.asset_rows, worst.astype(np.uint8))
            for rule, active in zip(block.rules, block.active, strict=True):
                np.add.at(alarms, block.asset_rows, active)
                np.minimum.at(level, block.asset_rows, np.where(active, rule.level.value, _HIGH_LEVEL))
        levels = np.where(level == _HIGH_LEVEL, NO_LEVEL, level).astype(np.uint8)
        return _Shown(status_codes(levels, heard, stale), quality, alarms)

    def _show(self, state: ThemeState, shown: _Shown) -> tuple[Int16Array, UInt8Array, BoolArray]:
        name, rows = state.theme.name, state.asset_rows
        values = np.full(len(self.asset_ids), np.nan)
        quality = shown.quality
        if name == delta.OPEN_ALARMS.name:
            values, quality = shown.alarms.astype(np.float64), np.full(len(values), Quality.GOOD, np.uint8)
        elif name in THEME_POINTS:
            values, quality = self._points(THEME_POINTS[name])
        units = delta.to_units(values[rows], state.theme.scale)
        packed = (shown.status[rows] << 4 | quality[rows]).astype(np.uint8)
        return units, packed, (units != state.units) | (packed != state.packed)

    def _points(self, names: Sequence[str]) -> tuple[Float64Array, UInt8Array]:
        values = np.full(len(self.asset_ids), np.nan)
        quality = np.full(len(self.asset_ids), Quality.MISSING, np.uint8)
        for block in self.blocks.values():
            column = _column(block, names)
            if column is not None:
                heard = block.observed_ms != NEVER
                values[block.asset_rows] = block.values[:, column]
                quality[block.asset_rows] = np.where(heard, block.quality[:, column], Quality.MISSING)
        return values, quality

    # ------------------------------------------------------------ what is sent

    def message(self, theme: str, scope: Scope, *, since: int | None) -> delta.Message | None:
        """Return a snapshot (`since` None) or the delta since a sequence number; None when nothing changed.

        Cost: one comparison over the theme's assets; 0.4 ms for 700,000.
        """
        state = self.themes[theme]
        mask = self._mask(scope)
        take = np.ones(len(state.asset_rows), np.bool_) if since is None else state.changed_seq > since
        if mask is not None:
            take &= mask[state.asset_rows]
        if since is not None and not take.any():
            return None
        return delta.Message(
            delta.MessageKind.SNAPSHOT if since is None else delta.MessageKind.DELTA,
            state.theme.code,
            self.epoch,
            self.seq,
            self.as_of_ms,
            self.asset_ids[state.asset_rows[take]],
            state.units[take],
            state.packed[take],
        )

    def _mask(self, scope: Scope) -> BoolArray | None:
        """Return which assets a scope holds; None = all of them (the fast path)."""
        if scope.layers is None and scope.areas is None and scope.company_ids is None:
            return None
        key = live_rights(scope)
        if key not in self._masks:
            self._masks[key] = self._visible(key)
        return self._masks[key]

    def _visible(self, scope: Scope) -> BoolArray:
        mask = np.ones(len(self.asset_ids), np.bool_)
        if scope.layers is not None:
            mask &= np.array([kind in scope.layers for kind in self.kinds], np.bool_)
        if scope.areas is not None:
            mask &= np.isin(self.area_ids, scope.areas)
        if scope.company_ids is not None:
            # an asset without an owner stays visible, as in the SQL predicate
            mask &= (self.company_ids == 0) | np.isin(self.company_ids, scope.company_ids)
        return mask

    def sees(self, scope: Scope, asset_id: int) -> bool:
        """Tell whether a scope holds an asset that has a source."""
        mask = self._mask(scope)
        row = self.row_of(asset_id)
        return row is not None and (mask is None or bool(mask[row]))

    def row_of(self, asset_id: int) -> int | None:
        """Return the row of an asset; None when it has no source."""
        row = int(np.searchsorted(self.asset_ids, asset_id))
        return row if row < len(self.asset_ids) and self.asset_ids[row] == asset_id else None

    def status_of(self, asset_id: int) -> int:
        """Return the status code of an asset; 0 (no data) for one without a source."""
        row = self.row_of(asset_id)
        return 0 if row is None or not self.status.size else int(self.status[row])

    @property
    def active_alarms(self) -> int:
        """Number of open alarms."""
        return sum(int(block.active.sum()) for block in self.blocks.values())


def live_rights(scope: Scope) -> Scope:
    """Return the part of a scope on which live state depends, so that more seats share one message."""
    return Scope(layers=scope.layers, areas=scope.areas, company_ids=scope.company_ids)


@dataclass(frozen=True, slots=True)
class _Shown:
    """Per asset: status code, worst flag of the last frame, number of open alarms."""

    status: UInt8Array
    quality: UInt8Array
    alarms: Int64Array


def _column(block: SourceBlock, names: Sequence[str]) -> int | None:
    columns = (block.sources[0].schema.column(name) for name in names)
    return next((column for column in columns if column is not None), None)


def _alarm_changes(
    block: SourceBlock, batch: Batch, rows: Int64Array, frames: Int64Array, active: BoolArray
) -> list[AlarmChange]:
    """Evaluate every rule on one round; `active` (the plan's own copy) follows."""
    found = []
    for place, rule in enumerate(block.rules):
        column = batch.schema.column(rule.point)
        if column is None:
            continue
        values = batch.values[frames, column]
        changes: Changes = evaluate(rule, values, batch.quality[frames, column], active[place, rows])
        for i in np.flatnonzero(changes.raised | changes.cleared).tolist():
            raised = bool(changes.raised[i])
            active[place, rows[i]] = raised
            source = block.sources[int(rows[i])]
            found.append(AlarmChange(rule, source, raised, float(values[i]), int(batch.observed_ms[frames[i]])))
    return found


def build_city(city_id: int, epoch: int, sources: Sequence[Source], rules: Sequence[ThresholdRule]) -> LiveCity:
    """Make the empty live state of a city: nobody heard, no alarm open.

    Parameters
    ----------
    sources
        All sources of existing assets.
    rules
        The enabled rules; each is evaluated on the blocks of its schema's code.
    """
    assets = {source.asset_id: source for source in sources}
    asset_ids = np.array(sorted(assets), np.int64)
    ordered = [assets[asset_id] for asset_id in asset_ids.tolist()]
    by_schema: dict[int, list[Source]] = {}
    for source in sorted(sources, key=lambda item: item.source_id):
        by_schema.setdefault(source.schema_id, []).append(source)
    city = LiveCity(
        city_id,
        epoch,
        {source.code: source for source in sources},
        asset_ids,
        tuple(source.kind for source in ordered),
        np.array([source.company_id or 0 for source in ordered], np.int64),
        np.array([source.area_id or 0 for source in ordered], np.int64),
        {schema_id: _block(members, asset_ids, rules) for schema_id, members in by_schema.items()},
        status=np.zeros(len(asset_ids), np.uint8),
    )
    city.themes = {name: _theme(city, name) for name in LIVE_THEMES}
    return city


def _block(sources: Sequence[Source], asset_ids: Int64Array, rules: Sequence[ThresholdRule]) -> SourceBlock:
    schema, count = sources[0].schema, len(sources)
    own = tuple(rule for rule in rules if rule.schema_code == schema.code and schema.column(rule.point) is not None)
    return SourceBlock(
        sources=sources,
        source_ids=np.array([source.source_id for source in sources], np.int32),
        asset_rows=np.searchsorted(asset_ids, [source.asset_id for source in sources]),
        period_ms=np.array([source.period_s * 1000 for source in sources], np.int64),
        observed_ms=np.full(count, NEVER, np.int64),
        received_ms=np.full(count, NEVER, np.int64),
        values=np.full((count, len(schema.points)), np.nan),
        quality=np.full((count, len(schema.points)), Quality.MISSING, np.uint8),
        rules=own,
        active=np.zeros((len(own), count), np.bool_),
    )


def _theme(city: LiveCity, name: str) -> ThemeState:
    theme = delta.THEMES[name]
    if name in THEME_POINTS:
        blocks = [block for block in city.blocks.values() if _column(block, THEME_POINTS[name]) is not None]
        rows = np.unique(np.concatenate([np.zeros(0, np.int64), *(block.asset_rows for block in blocks)]))
    else:
        rows = np.arange(len(city.asset_ids))
    count = len(rows)
    never_shown = np.full(count, 0xFF, np.uint8)
    return ThemeState(theme, rows, np.full(count, delta.NO_VALUE, np.int16), never_shown, np.zeros(count, np.int64))


def restore_frames(
    block: SourceBlock, source_id: int, observed_ms: int, *, gauges: Float32Array, totals: Float64Array, quality: UInt8Array
) -> bool:
    """Put back the last stored frame of a source; False when it is of another schema or the source is unknown."""
    schema = block.sources[0].schema
    row = int(block.rows_of(np.array([source_id], np.int32))[0])
    fits = len(gauges) == len(schema.gauge_columns) and len(totals) == len(schema.total_columns)
    if row < 0 or not fits or len(quality) != len(schema.points):
        return False
    block.observed_ms[row] = observed_ms
    block.received_ms[row] = observed_ms
    block.values[row, schema.gauge_columns] = gauges
    block.values[row, schema.total_columns] = totals
    block.quality[row] = quality
    return True
