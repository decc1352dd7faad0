"""The quality room: rules of data quality on live state, beside the intake and never in its way.

Once a second it looks at the frames that have come, flags them, gives live state their score and worst flag (theme
`quality_score`, quality of `status`), and counts what was checked and what it cost. Counts of a minute are written by one
server: the first that takes the minute.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

import numpy as np

from api.live_room import LiveRoom, now_ms
from api.networks import NetworkStore
from api.watching import Watcher
from data.pool import Pool
from data.quality_rules import Count, StoredRule, add_counts, list_quality_rules, seed_rules
from data.sources import list_schemas
from topology.answers.balance_zones import balance_zones
from twin.arrays import BoolArray, Int64Array, UInt8Array
from twin.live import LiveCity, SourceBlock
from twin.points.model import FrameSchema
from twin.quality import Quality
from twin.quality_rules.balance import Side, balance, balanced_rules
from twin.quality_rules.checks import INTAKE, NO_RULE
from twin.quality_rules.live import Latest, Look, Watch, compare_neighbours, make_watch
from twin.quality_rules.model import QualityRule
from twin.quality_rules.rows import NEVER
from twin.quality_rules.trial import INTAKE_CODE
from twin.readings import Source
from twin.scope import Scope

logger = logging.getLogger(__name__)

LOOK_S: Final = 1.0
"""How often live state is looked at."""
RULES_S: Final = 5.0
"""How often rules of other servers are looked for."""
NEAR_S: Final = 10.0
"""How often the medians of neighbours are computed."""
BALANCE_S: Final = 60.0
"""How often heat sources are held against their substations."""
SLOT_MS: Final = 60_000
_RETRY_S: Final = 10.0

GroupKey = tuple[int, int, str]
"""Company, district (0 = none) and kind."""
Costs = dict[tuple[GroupKey, str], tuple[int, float]]
"""Values and what they cost by group and rule; rule "" = checked."""


@dataclass
class CityQuality:
    """What is known of one city; its arrays follow those of the live state it was made for."""

    city: LiveCity
    rules: tuple[StoredRule, ...]
    watches: dict[int, Watch] = field(default_factory=dict)
    group_of: dict[int, Int64Array] = field(default_factory=dict)
    groups: tuple[GroupKey, ...] = ()
    costs: Costs = field(default_factory=dict)
    slot: int = 0
    rules_s: float = 0.0
    near_s: float = -NEAR_S
    balance_s: float = -BALANCE_S

    @property
    def plain_rules(self) -> list[QualityRule]:
        """The rules without their authors."""
        return [stored.rule for stored in self.rules]

    def block(self, schema_id: int) -> SourceBlock:
        """Return the block of live state that a watch follows."""
        return self.city.blocks[schema_id]

    def areas(self, schema_id: int) -> Int64Array:
        """Return the district of each source of a schema; 0 = none."""
        return self.city.area_ids[self.block(schema_id).asset_rows]

    def seen(self, schema_id: int, scope: Scope) -> BoolArray:
        """Return which sources of a schema a scope holds."""
        return self.city.seen_rows(scope)[self.block(schema_id).asset_rows]

    def code_of(self, schema_id: int, number: int) -> str:
        """Return the code of the rule behind a number of `Assessed.by`."""
        return INTAKE_CODE if number == INTAKE else self.watches[schema_id].checks[number - 1].rule.code


class QualityRoom:
    """Data quality of all cities. One per process, as `app.state.quality`; an async context manager."""

    def __init__(self, pool: Pool, live: LiveRoom, networks: NetworkStore) -> None:
        self._pool, self._live, self._networks = pool, live, networks
        self._cities: dict[int, CityQuality] = {}
        self._started_ms = now_ms()
        self._watcher = Watcher("judge the quality of readings", self.look, every_s=LOOK_S, retry_s=_RETRY_S)

    async def __aenter__(self) -> QualityRoom:
        self._watcher.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._watcher.stop()

    @property
    def cities(self) -> Mapping[int, CityQuality]:
        """What is known of every city."""
        return self._cities

    def city(self, city_id: int) -> CityQuality | None:
        """Return what is known of a city; None before the first look at it."""
        return self._cities.get(city_id)

    async def rules(self, city_id: int) -> list[StoredRule]:
        """Return the newest version of every rule of a city, the shipped ones among them."""
        found = await list_quality_rules(self._pool, city_id)
        if not found:
            await seed_rules(self._pool, city_id)
            found = await list_quality_rules(self._pool, city_id)
        return found

    async def schemas(self, city_id: int) -> list[FrameSchema]:
        """Return the frame schemas of a city, in all versions."""
        return [stored.schema for stored in await list_schemas(self._pool, city_id)]

    def rules_changed(self, city_id: int) -> None:
        """Take the rules in at the next look, which comes at once."""
        known = self._cities.get(city_id)
        if known is not None:
            known.rules_s = 0.0
        self._watcher.wake()

    # ------------------------------------------------------------ looking

    async def look(self) -> None:
        """Look at every city once."""
        for city_id, city in list(self._live.cities.items()):
            known = self._cities.get(city_id)
            if known is None or known.city is not city:
                known = self._cities[city_id] = await self._known(city, known)
            if time.monotonic() - known.rules_s > RULES_S:
                await self._take_rules(city_id, known)
            if await self._look_at(known):
                self._live.committed()
            await self._write(city_id, known)

    async def _known(self, city: LiveCity, before: CityQuality | None) -> CityQuality:
        """Return the watches of live state that was loaded, with the past that is known of its sources."""
        if before is None:
            await seed_rules(self._pool, city.city_id)
            before = CityQuality(city, tuple(await list_quality_rules(self._pool, city.city_id)))
        known = CityQuality(city, before.rules, costs=before.costs, slot=before.slot, rules_s=time.monotonic())
        keys: dict[GroupKey, int] = {}
        for schema_id, block in city.blocks.items():
            watch = make_watch(block.sources[0].schema, block.source_ids, block.period_ms, known.plain_rules)
            if schema_id in before.watches:
                watch.taken_over(before.watches[schema_id])
                block.judge(np.arange(len(block.source_ids)), watch.score, _shown(watch.worst))
            known.watches[schema_id] = watch
            known.group_of[schema_id] = np.array(
                [keys.setdefault(_group(source), len(keys)) for source in block.sources], np.int64
            )
        known.groups = tuple(keys)
        return known

    async def _take_rules(self, city_id: int, known: CityQuality) -> None:
        """Read the rules; where any has changed, look at everything again."""
        rules = tuple(await list_quality_rules(self._pool, city_id))
        known.rules_s = time.monotonic()
        if [(one.rule.code, one.rule.version) for one in rules] == [(one.rule.code, one.rule.version) for one in known.rules]:
            return
        known.rules = rules
        for schema_id, watch in known.watches.items():
            watch.with_rules(known.plain_rules)
            await asyncio.to_thread(watch.flags_all, now_ms=now_ms())
            heard = np.flatnonzero(watch.seen_ms != NEVER)
            known.block(schema_id).judge(heard, watch.score[heard], _shown(watch.worst[heard]))
        self._live.committed()

    async def _look_at(self, known: CityQuality) -> bool:
        """Assess what has come; tells whether anything has."""
        if time.monotonic() - known.near_s > NEAR_S:
            known.near_s = time.monotonic()
            areas = [known.areas(schema_id) for schema_id in known.watches]
            await asyncio.to_thread(compare_neighbours, list(known.watches.values()), areas, known.plain_rules, now_ms=now_ms())
        if time.monotonic() - known.balance_s > BALANCE_S:
            known.balance_s = time.monotonic()
            await self._balance(known)
        moved = False
        for schema_id, watch in known.watches.items():
            block, at_ms = known.block(schema_id), now_ms()
            rows = watch.due(block.observed_ms, block.received_ms, now_ms=at_ms)
            if not rows.size:
                continue
            # copies: frames go on coming while a thread looks at these
            latest = Latest(rows, block.values[rows], block.quality[rows], block.observed_ms[rows], block.received_ms[rows])
            look = await asyncio.to_thread(watch.look, latest, now_ms=at_ms)
            block.judge(rows, look.assessed.score, _shown(look.assessed.worst))
            self._count(known, schema_id, look)
            moved = True
        return moved

    async def _balance(self, known: CityQuality) -> None:
        """Hold heat sources against the substations that the network says they feed; nothing while it is not built yet."""
        rules, city = balanced_rules(known.plain_rules), known.city
        network = await self._networks.held(city.city_id) if rules else None
        if network is None:
            return
        zones = await asyncio.to_thread(balance_zones, network)
        sides = (
            Side(zones.source_ids.astype(np.int64), zones.source_zone.astype(np.int64)),
            Side(zones.station_ids.astype(np.int64), zones.station_zone.astype(np.int64)),
        )
        asset_ids = [city.asset_ids[known.block(schema_id).asset_rows].astype(np.int64) for schema_id in known.watches]
        for rule in rules:
            await asyncio.to_thread(balance, list(known.watches.values()), asset_ids, rule, sides, now_ms=now_ms())

    # ------------------------------------------------------------ counting

    def _count(self, known: CityQuality, schema_id: int, look: Look) -> None:
        """Count new frames; not those that were live before this server was."""
        counts = look.fresh & (look.frames.received_ms >= self._started_ms)
        group = known.group_of[schema_id][look.rows]
        checked = np.bincount(group, np.where(counts, look.assessed.checked, 0), len(known.groups))
        for number in np.flatnonzero(checked).tolist():
            _add(known.costs, (known.groups[number], ""), int(checked[number]), 0.0)
        rows, by, costs = look.assessed.costs()
        kept = counts[rows]
        rows, by, costs = rows[kept], by[kept], costs[kept]
        pairs, places = np.unique(group[rows] * 256 + by, return_inverse=True)
        hits, lost = np.bincount(places, minlength=len(pairs)), np.bincount(places, costs, len(pairs))
        for place, pair in enumerate(pairs.tolist()):
            key = (known.groups[pair // 256], known.code_of(schema_id, pair % 256))
            _add(known.costs, key, int(hits[place]), float(lost[place]))

    def _count_silence(self, known: CityQuality) -> None:
        """Count what silent sources should have sent in a minute as missing, under the rule of timeliness that says so."""
        for schema_id, watch in known.watches.items():
            rule = next((one.rule for one in watch.checks if one.rule.kind == "timeliness" and one.rule.number("periods")), None)
            if rule is None or not watch.silent.any():
                continue
            values = np.where(watch.silent, watch.seen.sum(axis=1) * SLOT_MS / watch.period_ms, 0.0)
            missing = np.rint(np.bincount(known.group_of[schema_id], values, len(known.groups))).astype(np.int64)
            for number in np.flatnonzero(missing).tolist():
                count = int(missing[number])
                _add(known.costs, (known.groups[number], ""), count, 0.0)
                _add(known.costs, (known.groups[number], rule.code), count, float(count))

    async def _write(self, city_id: int, known: CityQuality) -> None:
        """Write the counts of the minute that is over."""
        slot = now_ms() // SLOT_MS
        if slot == known.slot:
            return
        first, known.slot = known.slot == 0, slot
        if first:
            return
        self._count_silence(known)
        costs, known.costs = known.costs, {}
        if not costs:
            return
        try:
            await add_counts(self._pool, city_id, slot * SLOT_MS, counts_of(costs))
        except BaseException:
            for key, (counted, lost) in costs.items():
                _add(known.costs, key, counted, lost)
            raise


def counts_of(costs: Mapping[tuple[GroupKey, str], tuple[int, float]]) -> list[Count]:
    """Return counts as rows."""
    return [Count(*group, code, counted, lost) for (group, code), (counted, lost) in costs.items()]


def flagged_rows(watch: Watch, number: int | None = None) -> BoolArray:
    """Return which sources have a value that is flagged now, by any rule or by the one of that number."""
    mask = watch.by != NO_RULE if number is None else watch.by == number
    found: BoolArray = mask.any(axis=1) & (watch.seen_ms != NEVER)
    return found


def numbers_of(watch: Watch, code: str) -> Iterable[int]:
    """Return the numbers under which a rule stands in `Assessed.by`: one, or none."""
    if code == INTAKE_CODE:
        return (INTAKE,)
    return (number for number, check in enumerate(watch.checks, start=1) if check.rule.code == code)


def _add(costs: Costs, key: tuple[GroupKey, str], counted: int, lost: float) -> None:
    before = costs.get(key, (0, 0.0))
    costs[key] = (before[0] + counted, before[1] + lost)


def _group(source: Source) -> GroupKey:
    return source.company_id or 0, source.area_id or 0, source.kind


def _shown(worst: UInt8Array) -> UInt8Array:
    """Return the worst flag as live state takes it: 0 where rules have nothing to say."""
    return np.where(worst >= Quality.SUSPECT, worst, 0).astype(np.uint8)
