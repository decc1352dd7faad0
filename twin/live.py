"""Live state of one city: the latest frame of every source, open alarms, and what each theme shows of them.

"Latest" is a structure of its own and never a query of history. Each asset remembers the sequence number at which it last
changed in each theme, so that "what changed since n" is one mask, and a slow client needs no backlog: it gets one merged
delta. A refresh looks at the assets that have moved; of the others it only asks whether they have fallen silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from twin import delta
from twin.alarms.engine import IDLE, SteadyClock
from twin.alarms.rules import Limits, ThresholdRule
from twin.arrays import BoolArray, Float64Array, Int16Array, Int32Array, Int64Array, UInt8Array
from twin.frames import as_stored
from twin.live_blocks import NEVER, AlarmChange, Decision, LatestFrames, SourceBlock, Step, Watch, make_block, newest_of_each
from twin.quality import Quality
from twin.readings import Batch, Source, rounds
from twin.scope import Scope
from twin.status import NO_LEVEL, AlarmLevel, status_codes

__all__ = [
    "LIVE_THEMES",
    "NEVER",
    "STALE_PERIODS",
    "AlarmChange",
    "AlarmPass",
    "LatestFrames",
    "LiveCity",
    "Plan",
    "SourceBlock",
    "Step",
    "build_city",
    "live_rights",
    "unheard_city",
]

STALE_PERIODS = 3
"""Missed periods after which an asset is stale."""
_HIGH_LEVEL = 99
_MASKS_KEPT = 256
"""Scopes whose masks are remembered."""

THEME_POINTS: Mapping[str, tuple[str, ...]] = {
    delta.SECONDARY_SUPPLY_TEMPERATURE.name: ("secondary_supply_temperature_degc",),
    delta.ROOM_TEMPERATURE.name: ("room_temperature_degc",),
    delta.FLOW.name: ("flow_m3_per_h", "primary_flow_m3_per_h"),
}
"""Points that a theme shows; the first one that a schema has counts."""
LIVE_THEMES = (delta.STATUS.name, *THEME_POINTS, delta.QUALITY_SCORE.name, delta.OPEN_ALARMS.name)
"""Themes that are filled now."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch will do to live state, computed without doing it; `LiveCity.apply` does it after the commit."""

    batch: Batch
    steps: tuple[Step, ...]

    @property
    def changes(self) -> int:
        """Number of alarms that open or close."""
        return sum(len(step.changes) for step in self.steps)

    def moved(self) -> tuple[Int32Array, Int64Array]:
        """Return the sources that move and the time of the frame that each moves to."""
        frames = np.concatenate([np.zeros(0, np.int64), *(step.frames for step in self.steps)])
        last = newest_of_each(self.batch.source_ids[frames], self.batch.observed_ms[frames])
        return self.batch.source_ids[frames[last]], self.batch.observed_ms[frames[last]]


@dataclass(frozen=True, slots=True)
class AlarmPass:
    """What the clock decides on the alarms of a city, by schema; `LiveCity.apply_pass` does it after the commit."""

    decisions: Mapping[int, Decision]

    @property
    def changes(self) -> list[AlarmChange]:
        """All alarms that open and close."""
        return [change for decision in self.decisions.values() for change in decision.changes]


@dataclass
class ThemeState:
    """What one theme shows; arrays have one row a member, by rising asset_id. `places`: row of each asset, -1 = none."""

    theme: delta.Theme
    asset_rows: Int64Array
    places: Int64Array
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
    alarm_seq
        Rises when alarms open, close or change their states.
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
    alarm_seq: int = 0
    clock: SteadyClock = field(default_factory=SteadyClock)
    _masks: dict[Scope, BoolArray] = field(default_factory=dict)

    # ------------------------------------------------------------ readings and alarms

    def newest_ms(self, batch: Batch) -> Int64Array:
        """Return, for each frame, the time of the newest known frame of its source; `NEVER` where none is known.

        A frame with a later time cannot be stored yet, as far as this process knows.
        """
        block = self.blocks.get(batch.schema_id)
        if block is None:
            return np.full(len(batch), NEVER, np.int64)
        rows = block.rows_of(batch.source_ids)
        return np.where(rows >= 0, block.observed_ms[rows], NEVER)

    def plan(self, batch: Batch) -> Plan:
        """Work out what accepted frames do to live state and alarms, without doing it.

        Frames older than what is live are stored history only: they move nothing. Where no rule watches, only the newest
        frame of each source counts.
        """
        block = self.blocks.get(batch.schema_id)
        if block is None:
            return Plan(batch, ())
        rows = block.rows_of(batch.source_ids)
        moving = np.flatnonzero((rows >= 0) & (batch.observed_ms > block.observed_ms[rows]))
        if not block.frames_decide:
            moving = moving[newest_of_each(batch.source_ids[moving], batch.observed_ms[moving])]
            return Plan(batch, (Step(rows[moving], moving, ()),) if moving.size else ())
        steps = []
        members, places = np.unique(rows[moving], return_inverse=True)
        watch = Watch(block, batch, members, block.active[:, members])
        for chosen in rounds(batch.source_ids[moving], batch.observed_ms[moving]):
            frames = moving[chosen]
            steps.append(Step(rows[frames], frames, tuple(watch.changes(places[chosen], frames))))
        return Plan(batch, tuple(steps))

    def apply(self, plan: Plan, *, received_ms: int) -> None:
        """Make the planned frames and alarms live. Call it after the commit."""
        block = self.blocks.get(plan.batch.schema_id)
        if block is None:
            return
        places = {rule.rule_id: i for i, rule in enumerate(block.rules)} if plan.changes else {}
        steady_ms = self.clock.steady_ms
        self.alarm_seq += plan.changes > 0
        for step in plan.steps:
            batch = plan.batch.take(step.frames)
            received = np.full(len(batch), received_ms, np.int64)
            values = as_stored(batch.schema, batch.values)
            frames = LatestFrames(batch.source_ids, batch.observed_ms, received, values, batch.quality)
            block.put(step.rows, frames, steady_ms=steady_ms, fresh=True)
            block.stop_timers(step.rows, steady_ms)
            for change in step.changes:
                row = int(np.searchsorted(block.source_ids, change.source.source_id))
                place = places[change.rule.rule_id]
                block.active[place, row], block.quiet[place, row] = change.raised, False

    def alarm_pass(self, now_ms: int, day: date) -> AlarmPass:
        """Let the clock decide on all alarms: delays that are over, silence, several points, seasons. Changes nothing.

        Parameters
        ----------
        now_ms
            The wall clock; delays are measured by the city's steady clock, which follows it without its jumps.
        day
            Today in the city's zone.

        Cost: 5 ms for the sources of a city.
        """
        steady_ms = self.clock.at(now_ms)
        return AlarmPass(
            {
                schema_id: block.decide([rule.in_season(day) for rule in block.rules], steady_ms, now_ms)
                for schema_id, block in self.blocks.items()
                if block.rules
            }
        )

    def apply_pass(self, done: AlarmPass) -> None:
        """Make a pass live. Call it after the commit of its changes."""
        self.alarm_seq += len(done.changes) > 0
        for schema_id, decision in done.decisions.items():
            block = self.blocks[schema_id]
            block.since_ms = decision.since_ms
            places = {rule.rule_id: place for place, rule in enumerate(block.rules)}
            for change in decision.changes:
                row = int(np.searchsorted(block.source_ids, change.source.source_id))
                place = places[change.rule.rule_id]
                block.active[place, row], block.quiet[place, row] = change.raised, False
                block.touched[row] = True

    def set_rules(self, rules: Sequence[ThresholdRule], limits: Limits | None = None) -> None:
        """Take these rules and limits of single sources instead of the present ones; `set_alarms` puts the open alarms back."""
        for block in self.blocks.values():
            block.set_rules(rules, limits or {})

    def set_upstream(self, without: Int64Array) -> None:
        """Tell which assets no healthy heat source feeds; all others are fed."""
        for block in self.blocks.values():
            block.upstream = ~np.isin(self.asset_ids[block.asset_rows], without)

    @property
    def needs_upstream(self) -> bool:
        """Whether any rule asks who is fed by a healthy source."""
        return any(rule.upstream_healthy for block in self.blocks.values() for rule in block.rules)

    def failing_assets(self) -> list[int]:
        """Return the assets with an open alarm of the highest level that is about heat and not kept quiet, by rising id."""
        failing = np.zeros(len(self.asset_ids), np.bool_)
        for block in self.blocks.values():
            for place, rule in enumerate(block.rules):
                if rule.level is AlarmLevel.FIRST and not rule.about_data:
                    failing[block.asset_rows[block.active[place] & ~block.quiet[place]]] = True
        return [int(asset_id) for asset_id in self.asset_ids[failing]]

    def alarm_values(self) -> list[tuple[int, int, float, int]]:
        """Return (rule_id, source_id, value, its time as epoch milliseconds) of the open alarms whose latest value is good.

        The value is that of the first condition; alarms about missing data have none.
        """
        found: list[tuple[int, int, float, int]] = []
        for block in self.blocks.values():
            for place, rule in enumerate(block.rules):
                rows = np.flatnonzero(block.active[place])
                if not rows.size or rule.about_data:
                    continue
                looked, values = block.look_at(place, self.clock.steady_ms)
                good = rows[looked.counts[rows] & ~np.isnan(values[rows])]
                columns = block.source_ids[good].tolist(), values[good].tolist(), block.observed_ms[good].tolist()
                found += [(rule.rule_id, source, value, at) for source, value, at in zip(*columns, strict=True)]
        return found

    def restore(self, schema_id: int, frames: LatestFrames, *, fresh: bool = False) -> int:
        """Put back stored frames that are newer than what is live; returns how many were.

        `fresh`: another server has just heard them, else they are old.

        Frames of a schema or source that is not here (any more) are passed over. Alarms are put back by `set_alarms`.
        """
        block = self.blocks.get(schema_id)
        if block is None or not len(frames):
            return 0
        rows = block.rows_of(frames.source_ids)
        newer = np.flatnonzero((rows >= 0) & (frames.observed_ms > block.observed_ms[rows]))
        block.put(rows[newer], frames.take(newer), steady_ms=self.clock.steady_ms, fresh=fresh)
        block.stop_timers(rows[newer], self.clock.steady_ms)
        return len(newer)

    def heard(self) -> dict[int, LatestFrames]:
        """Return a copy of the latest frames of all sources that have one, by schema."""
        return {schema_id: block.heard() for schema_id, block in self.blocks.items()}

    def set_alarms(self, open_alarms: Sequence[tuple[int, int, bool]]) -> None:
        """Make exactly these the open alarms; those whose rule or source is gone are left alone.

        Parameters
        ----------
        open_alarms
            (rule_id, source_id, whether it is shelved or out of service).
        """
        self.alarm_seq += 1
        by_rule: dict[int, list[tuple[int, bool]]] = {}
        for rule_id, source_id, quiet in open_alarms:
            by_rule.setdefault(rule_id, []).append((source_id, quiet))
        for block in self.blocks.values():
            active, silent = np.zeros_like(block.active), np.zeros_like(block.quiet)
            for place, rule in enumerate(block.rules):
                mine = by_rule.get(rule.rule_id, [])
                rows = block.rows_of(np.array([source_id for source_id, _ in mine], np.int32))
                held = rows >= 0
                active[place, rows[held]] = True
                silent[place, rows[held]] = np.array([quiet for _, quiet in mine], np.bool_)[held]
            moved = active != block.active
            block.touched |= (moved | (silent != block.quiet)).any(axis=0)
            block.since_ms[moved] = IDLE
            block.active, block.quiet = active, silent

    def keep_quiet(self, alarms: Iterable[tuple[int, int]]) -> None:
        """Mark open alarms (rule_id, source_id) as kept from ringing."""
        for rule_id, source_id in alarms:
            for block in self.blocks.values():
                row = int(block.rows_of(np.array([source_id], np.int32))[0])
                for place, rule in enumerate(block.rules):
                    if row >= 0 and rule.rule_id == rule_id:
                        block.quiet[place, row] = True

    # ------------------------------------------------------------ what is shown

    def refresh(self, now_ms: int) -> bool:
        """Bring status and themes up to date with frames, alarms and the clock; True when something shown changed.

        Cost: 1 ms for 240,000 sources, and 1 us for each asset that has moved.
        """
        self.as_of_ms = now_ms
        dirty = np.zeros(len(self.asset_ids), np.bool_)
        for block in self.blocks.values():
            dirty[block.asset_rows[block.take_touched(now_ms, STALE_PERIODS)]] = True
        rows = np.flatnonzero(dirty)
        if not rows.size:
            return False
        shown = self._statuses(dirty, rows)
        self.status[rows] = shown.status
        changed = False
        for state in self.themes.values():
            members = state.places[rows]
            chosen = np.flatnonzero(members >= 0)
            units, packed = self._show(state, shown, chosen)
            members = members[chosen]
            moved = (units != state.units[members]) | (packed != state.packed[members])
            if moved.any():
                members = members[moved]
                state.units[members], state.packed[members] = units[moved], packed[moved]
                state.changed_seq[members] = self.seq + 1
                changed = True
        self.seq += changed
        return changed

    def _statuses(self, dirty: BoolArray, rows: Int64Array) -> _Shown:
        """Look at all sources of the assets in `rows` (True in `dirty`)."""
        count = len(rows)
        level, alarms = np.full(count, _HIGH_LEVEL, np.int64), np.zeros(count, np.int64)
        score = np.full(count, np.nan)
        heard, stale, quality = np.zeros(count, np.bool_), np.zeros(count, np.bool_), np.zeros(count, np.uint8)
        places = np.zeros(len(dirty), np.int64)
        places[rows] = np.arange(count)
        members: dict[int, tuple[Int64Array, Int64Array]] = {}
        for schema_id, block in self.blocks.items():
            mine = np.flatnonzero(dirty[block.asset_rows])
            at = places[block.asset_rows[mine]]
            members[schema_id] = mine, at
            known = block.received_ms[mine] != NEVER
            np.logical_or.at(heard, at, known)
            np.logical_or.at(stale, at, block.late[mine])
            worst = np.maximum(block.worst[mine], block.flagged[mine])
            np.maximum.at(quality, at, np.where(known, worst, np.uint8(Quality.MISSING)).astype(np.uint8))
            np.fmin.at(score, at, block.score[mine])
            open_now, ringing = block.active[:, mine], block.active[:, mine] & ~block.quiet[:, mine]
            # few assets have any, and a city has forty rules
            for place in np.flatnonzero(open_now.any(axis=1)).tolist():
                rule = block.rules[place]
                np.add.at(alarms, at, open_now[place])
                if not rule.about_data:
                    np.minimum.at(level, at, np.where(ringing[place], rule.level.value, _HIGH_LEVEL))
        levels = np.where(level == _HIGH_LEVEL, NO_LEVEL, level).astype(np.uint8)
        return _Shown(status_codes(levels, heard, stale), quality, alarms, score, members)

    def _show(self, state: ThemeState, shown: _Shown, chosen: Int64Array) -> tuple[Int16Array, UInt8Array]:
        name = state.theme.name
        values, quality = np.full(len(shown.status), np.nan), shown.quality
        if name == delta.OPEN_ALARMS.name:
            values, quality = shown.alarms.astype(np.float64), np.full(len(values), Quality.GOOD, np.uint8)
        elif name == delta.QUALITY_SCORE.name:
            values = shown.score
        elif name in THEME_POINTS:
            values, quality = self._points(THEME_POINTS[name], shown)
        packed = (shown.status[chosen] << 4 | quality[chosen]).astype(np.uint8)
        return delta.to_units(values[chosen], state.theme.scale), packed

    def _points(self, names: Sequence[str], shown: _Shown) -> tuple[Float64Array, UInt8Array]:
        values = np.full(len(shown.status), np.nan)
        quality = np.full(len(shown.status), Quality.MISSING, np.uint8)
        for schema_id, (mine, at) in shown.members.items():
            block = self.blocks[schema_id]
            column = block.column(names)
            if column is not None:
                heard = block.observed_ms[mine] != NEVER
                values[at[heard]] = block.values[mine[heard], column]
                quality[at[heard]] = block.quality[mine[heard], column]
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

    def snapshot(self, theme: str, scope: Scope) -> delta.Message:
        """Return all that a scope sees of a theme."""
        message = self.message(theme, scope, since=None)
        assert message is not None  # only a delta may be none
        return message

    def _mask(self, scope: Scope) -> BoolArray | None:
        """Return which assets a scope holds; None = all of them (the fast path)."""
        if _is_whole(scope):
            return None
        key = live_rights(scope)
        if key not in self._masks:
            if len(self._masks) >= _MASKS_KEPT:
                self._masks.clear()
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

    def seen_rows(self, scope: Scope) -> BoolArray:
        """Return which assets with a source a scope holds, by rising id."""
        mask = self._mask(scope)
        return np.ones(len(self.asset_ids), np.bool_) if mask is None else mask

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
        return sum(int(np.count_nonzero(block.active)) for block in self.blocks.values())


def live_rights(scope: Scope) -> Scope:
    """Return the part of a scope on which live state depends, so that more seats share one message."""
    return Scope(layers=scope.layers, areas=scope.areas, company_ids=scope.company_ids)


def _is_whole(scope: Scope) -> bool:
    return scope.layers is None and scope.areas is None and scope.company_ids is None


@dataclass(frozen=True, slots=True)
class _Shown:
    """Per asset that moved: status code, worst flag of the last frame, number of open alarms, lowest quality score.

    `members`: by schema, the rows of the sources of these assets in their block, and the place of the asset of each.
    """

    status: UInt8Array
    quality: UInt8Array
    alarms: Int64Array
    score: Float64Array
    members: Mapping[int, tuple[Int64Array, Int64Array]]


def build_city(
    city_id: int, epoch: int, sources: Sequence[Source], rules: Sequence[ThresholdRule], limits: Limits | None = None
) -> LiveCity:
    """Make the empty live state of a city: nobody heard, no alarm open.

    Parameters
    ----------
    sources
        All sources of existing assets.
    rules
        The enabled rules; each is evaluated on the blocks of its schema's code.
    limits
        Limits of single sources.
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
        {schema_id: make_block(members, asset_ids, rules, limits) for schema_id, members in by_schema.items()},
        status=np.zeros(len(asset_ids), np.uint8),
    )
    city.themes = {name: _theme(city, name) for name in LIVE_THEMES}
    return city


def unheard_city(city: LiveCity, epoch: int) -> LiveCity:
    """Return a city of the same sources and rules in which nobody has been heard; nothing that changes is shared.

    Cost: 0.1 s and 20 MB for 233,500 sources.
    """
    blocks = {
        schema_id: make_block(block.sources, city.asset_ids, block.rules, block.given_limits)
        for schema_id, block in city.blocks.items()
    }
    status = np.zeros(len(city.asset_ids), np.uint8)
    unheard = replace(city, epoch=epoch, blocks=blocks, themes={}, seq=0, as_of_ms=0, status=status, _masks={})
    unheard.themes = {name: _theme(unheard, name) for name in LIVE_THEMES}
    return unheard


def _theme(city: LiveCity, name: str) -> ThemeState:
    theme = delta.THEMES[name]
    if name in THEME_POINTS:
        blocks = [block for block in city.blocks.values() if block.column(THEME_POINTS[name]) is not None]
        rows = np.unique(np.concatenate([np.zeros(0, np.int64), *(block.asset_rows for block in blocks)]))
    else:
        rows = np.arange(len(city.asset_ids))
    count = len(rows)
    places = np.full(len(city.asset_ids), -1, np.int64)
    places[rows] = np.arange(count)
    never_shown = np.full(count, 0xFF, np.uint8)
    return ThemeState(theme, rows, places, np.full(count, delta.NO_VALUE, np.int16), never_shown, np.zeros(count, np.int64))
