"""The incident room: folds open alarms under the places that explain them, beside the intake and never in its way.

One server at a time folds the alarms of a city (it holds a row of `incident_watch`). It looks when alarms have moved, at most
once a second, and rests four times as long as its last look took. The search runs in a thread. What it decides is written in one
transaction, which fails as a whole when another server has taken over or a person has moved an alarm meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from api.cause_room import CauseRoom
from api.incident_leaks import LeakFinder
from api.live_room import LiveRoom
from api.settings import Settings
from api.tracing.facts import Facts, FactStore
from api.watching import Watcher
from data.errors import Conflict
from data.incidents import (
    Answer,
    Evidence,
    Opening,
    Writing,
    close_old,
    count_raised,
    put_flood,
    read_evidence,
    read_standing,
    take_watch,
    write_look,
)
from data.pool import Pool
from topology.assets import KINDS
from topology.causes.root_cause import Cause, CauseEngine, Diagnosis
from topology.network import Network
from twin.consumers import groups
from twin.incidents.affected import affected
from twin.incidents.evidence import explainable
from twin.incidents.flood import NO_FLOOD, Flood, flood_after
from twin.incidents.fold import Fold, Memory, OpenAlarm, Pace, Scene, Standing, Suspect, fold
from twin.live import LiveCity
from twin.scope import Scope
from twin.status import Status

logger = logging.getLogger(__name__)

LOOK_S: Final = 1.0
"""How often it looks whether alarms have moved."""
HOLD_S: Final = 10.0
"""A server that has not looked for so long has lost the right to fold."""
IDLE_S: Final = 15.0
"""It looks so often when nothing moves: another server may have gone."""
REST: Final = 4.0
"""It rests so many times as long as its last look took."""
FLOOD_S: Final = 5.0
"""How often alarms are counted for floods."""
PREPARE_FROM: Final = 5
"""Footprints of the solved network are prepared when so many assets ring."""
AGAIN_S: Final = 5.0
"""A new answer for an incident comes at most so often."""
_GROWN: Final = 1.1
"""An answer that explains so many times more alarms is worth a new version."""
_RETRY_S: Final = 2.0
PACE = Pace()
"""How fast incidents follow the search."""
_EVERYTHING: Final = Scope()


@dataclass
class Known:
    """What is remembered of a city between two looks."""

    city: LiveCity | None = None
    seq: int = -1
    memory: Memory = field(default_factory=Memory)
    waits: bool = False
    done_s: float = 0.0
    took_s: float = 0.0
    looked: tuple[int, float] = (0, 0.0)
    """Alarms of the last look, and how long it took: for the figures."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look is made on: open alarms that can be explained, incidents, and what the search says."""

    evidence: Sequence[Evidence]
    standing: Sequence[Mapping[str, Any]]
    found: Diagnosis
    network: Network
    facts: Facts
    prepared: bool


class IncidentRoom:
    """Incidents of all cities. One per process, as `app.state.incidents`; an async context manager."""

    def __init__(
        self, settings: Settings, pool: Pool, live: LiveRoom, *, causes: CauseRoom, facts: FactStore, leaks: LeakFinder
    ) -> None:
        self._settings, self._pool, self._live = settings, pool, live
        self._causes, self._facts, self._leaks = causes, facts, leaks
        self._known: dict[int, Known] = {}
        self._floods: dict[int, Flood] = {}
        self._counted_s = -FLOOD_S
        self._holder = secrets.token_hex(8)
        self._watcher = Watcher("fold alarms under incidents", self.look, every_s=LOOK_S, retry_s=_RETRY_S)

    async def __aenter__(self) -> IncidentRoom:
        self._watcher.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._watcher.stop()

    def flood_of(self, city_id: int) -> Flood:
        """Return whether alarms of a city come faster than its operators can follow, as of some seconds ago."""
        return self._floods.get(city_id, NO_FLOOD)

    def last_look(self, city_id: int) -> tuple[int, float]:
        """Return how many alarms the last look folded and how many seconds it took."""
        known = self._known.get(city_id)
        return (0, 0.0) if known is None else known.looked

    # ------------------------------------------------------------ looking

    async def look(self) -> None:
        """Look at every city once."""
        await self._count_floods()
        for city_id, city in list(self._live.cities.items()):
            known = self._known.setdefault(city_id, Known())
            if self._due(known, city):
                await self._look_at(city_id, city, known)

    def _due(self, known: Known, city: LiveCity) -> bool:
        since_s = time.monotonic() - known.done_s
        moved = known.city is not city or known.seq != city.alarm_seq or known.waits
        return (moved and since_s >= REST * known.took_s) or since_s >= IDLE_S

    async def _look_at(self, city_id: int, city: LiveCity, known: Known) -> None:
        started_s = time.monotonic()
        known.city, known.seq = city, city.alarm_seq
        try:
            if await take_watch(self._pool, city_id, self._holder, hold_s=HOLD_S):
                await self._fold(city_id, city, known)
            else:
                known.memory, known.waits = Memory(), False
        except Conflict as error:
            known.waits = True
            logger.info("a look at the alarms of city %d was in vain: %s", city_id, error)
        known.done_s = time.monotonic()
        known.took_s = known.done_s - started_s

    async def _fold(self, city_id: int, city: LiveCity, known: Known) -> None:
        started_s = time.monotonic()
        await close_old(self._pool, city_id)
        evidence, standing = await read_evidence(self._pool, city_id), await read_standing(self._pool, city_id)
        if not evidence and not standing:
            known.memory, known.waits = Memory(), False
            return
        seen = await self._search(city_id, city, evidence, standing)
        decided = await asyncio.to_thread(_decide, seen, known.memory, time.monotonic(), PACE)
        known.memory = decided.memory
        known.waits = decided.waits or (not seen.prepared and len(seen.evidence) >= PREPARE_FROM) or _waiting(decided, seen)
        writing = await self._writing(seen, decided)
        if writing is not None:
            opened = await write_look(self._pool, city_id, self._holder, writing, hold_s=HOLD_S)
            self._live.committed()
            if opened:
                logger.info("city %d: incidents %s opened", city_id, opened)
            await self._find_leaks(city_id, city, seen, opened, writing)
        known.looked = len(seen.evidence), time.monotonic() - started_s

    async def _search(
        self, city_id: int, city: LiveCity, evidence: Sequence[Evidence], standing: Sequence[Mapping[str, Any]]
    ) -> Seen:
        """Ask what the alarms that can be explained have in common."""
        rules = {rule.rule_id for block in city.blocks.values() for rule in block.rules if explainable(rule)}
        counted = [each for each in evidence if each.rule_id in rules and not each.passed_over]
        engine, prepared = await self._causes.engine(city_id)
        alarmed = {each.asset_id for each in counted}
        if not prepared and len(alarmed) >= PREPARE_FROM:
            self._causes.prepare(city_id)
        now = datetime.now(UTC)
        age_s: dict[int, float] = {}
        for each in counted:
            age_s[each.asset_id] = max(age_s.get(each.asset_id, 0.0), (now - each.raised_at).total_seconds())
        found = await asyncio.to_thread(_diagnose, engine, alarmed, _silent(city, standing), age_s)
        return Seen(counted, standing, found, engine.network, await self._facts.get(engine.network), prepared)

    # ------------------------------------------------------------ what is written

    async def _writing(self, seen: Seen, decided: Fold) -> Writing | None:
        """Return what is to be written; None = nothing."""
        answers, peaks = await asyncio.to_thread(_answers, seen, decided)
        if not decided.changes and not answers and not peaks:
            return None
        openings = await asyncio.to_thread(_openings, seen, decided)
        return Writing(
            joined=decided.joined,
            left=decided.left,
            opened=openings,
            restored=decided.restored,
            returned=decided.returned,
            merged=decided.merged,
            answers=answers,
            peaks=peaks,
        )

    async def _find_leaks(self, city_id: int, city: LiveCity, seen: Seen, opened: Sequence[int], writing: Writing) -> None:
        """Look for the leak of every burst that was answered anew; what cannot be located is left out."""
        fresh = dict(zip(opened, (each.answer for each in writing.opened), strict=True)) | dict(writing.answers)
        for incident_id, answer in fresh.items():
            if answer.hypothesis == "burst":
                await self._leaks.find(city_id, city, seen.network, incident_id, answer)

    # ------------------------------------------------------------ floods

    async def _count_floods(self) -> None:
        if time.monotonic() - self._counted_s < FLOOD_S:
            return
        self._counted_s = time.monotonic()
        now, settings = datetime.now(UTC), self._settings
        for city_id in list(self._live.cities):
            raised, since = await count_raised(self._pool, city_id, now)
            before = Flood(since is not None, since, raised, 0)
            after = flood_after(before, raised, now=now, per_operator=settings.flood_alarms, operators=settings.alarm_operators)
            self._floods[city_id] = after
            if after.since != since and await take_watch(self._pool, city_id, self._holder, hold_s=HOLD_S):
                await put_flood(self._pool, city_id, after.since)


# ------------------------------------------------------------ in threads


def _silent(city: LiveCity, standing: Sequence[Mapping[str, Any]]) -> NDArray[np.int64]:
    """Return the assets that report and do not ring; those that rang for an incident an hour ago are no witnesses against it."""
    if not city.status.size:
        return np.zeros(0, np.int64)
    lately = [asset for each in standing for asset in each["cleared_lately"] or ()]
    silent = city.asset_ids[city.status == Status.NORMAL]
    return np.asarray(np.setdiff1d(silent, np.array(lately, np.int64)), np.int64)


def _diagnose(engine: CauseEngine, alarmed: set[int], silent: NDArray[np.int64], age_s: Mapping[int, float]) -> Diagnosis:
    return engine.diagnose(np.array(sorted(alarmed), np.int64), silent, age_s)


def places_of(cause: Cause) -> list[int]:
    """Return the ids of the places that a cause may be, the most likely first: segments, else sources, substations, pumps."""
    return list(cause.segment_ids) if cause.kind == "segment" and cause.segment_ids else list(cause.tied_ids)


def _decide(seen: Seen, memory: Memory, now_s: float, pace: Pace) -> Fold:
    suspects = [
        Suspect(frozenset(cause.explained), frozenset({*cause.segment_ids, *cause.tied_ids})) for cause in seen.found.causes
    ]
    standing = [
        Standing(
            incident_id=each["incident_id"],
            places=frozenset({*(each["segment_ids"] or ()), *(each["tied_ids"] or ())}),
            assets=frozenset(each["assets"] or ()),
            peak=each["peak"],
            over=each["state"] == "restored",
        )
        for each in seen.standing
    ]
    alarms = [OpenAlarm(each.alarm_id, each.asset_id) for each in seen.evidence]
    holder = {each.alarm_id: each.incident_id for each in seen.evidence if each.incident_id is not None}
    return fold(Scene(alarms, suspects, standing, holder), memory, now_s=now_s, pace=pace)


def _waiting(decided: Fold, seen: Seen) -> bool:
    """Tell whether alarms of a cause wait for their incident to open."""
    held = {alarm for alarms in decided.members.values() for alarm in alarms}
    explained = {asset for cause in seen.found.causes for asset in cause.explained}
    return any(each.asset_id in explained and each.alarm_id not in held for each in seen.evidence)


def _openings(seen: Seen, decided: Fold) -> list[Opening]:
    by_alarm = {each.alarm_id: each for each in seen.evidence}
    now = datetime.now(UTC)
    found = []
    for number, alarms in decided.opened:
        members = [by_alarm[alarm] for alarm in alarms]
        assets = {each.asset_id for each in members}
        started_at = min(now, *(each.raised_at for each in members))
        answer = answer_of(seen.network, seen.facts, seen.found.causes[number], assets, prepared=seen.prepared)
        found.append(Opening(alarms, started_at, len(assets), answer))
    return found


def _answers(seen: Seen, decided: Fold) -> tuple[dict[int, Answer], dict[int, tuple[int, float]]]:
    """Return new answers of standing incidents, and their peaks where they have grown."""
    asset_of = {each.alarm_id: each.asset_id for each in seen.evidence}
    answers: dict[int, Answer] = {}
    peaks: dict[int, tuple[int, float]] = {}
    for each in seen.standing:
        incident_id = each["incident_id"]
        assets = {asset_of[alarm] for alarm in decided.members[incident_id]}
        number = decided.suspect_of.get(incident_id)
        if number is not None and _better(seen.found.causes[number], each, prepared=seen.prepared):
            cause = seen.found.causes[number]
            answers[incident_id] = answer_of(seen.network, seen.facts, cause, assets, prepared=seen.prepared)
        if len(assets) > each["peak"] or incident_id in answers:
            area = sum(answers[incident_id].building_area_m2) if incident_id in answers else 0.0
            peaks[incident_id] = len(assets), area
    return answers, peaks


def _better(cause: Cause, before: Mapping[str, Any], *, prepared: bool) -> bool:
    """Tell whether a cause says more of an incident than what is known: never by fewer alarms, and not every second."""
    if before["fixed"] or before["answered_at"] is None:
        return False
    if datetime.now(UTC) - before["answered_at"] < timedelta(seconds=AGAIN_S):
        return False
    explained = len(cause.explained)
    if explained < before["explained"]:
        return False
    hydraulics = prepared and not before["prepared"]
    same = sorted(cause.segment_ids) == sorted(before["segment_ids"]) and cause.hypothesis == before["hypothesis"]
    return hydraulics or not same or explained > _GROWN * before["explained"]


def answer_of(network: Network, facts: Facts, cause: Cause, assets: set[int], *, prepared: bool) -> Answer:
    """Return a cause with who is without heat by it, to be stored."""
    lists = affected(network, places_of(cause), cause.hypothesis, assets)
    estates = groups(network, facts.consumers, lists.rows, _EVERYTHING).estates
    lon, lat = cause.position if cause.position is not None else (None, None)
    return Answer(
        kind=cause.kind,
        hypothesis=cause.hypothesis,
        segment_ids=list(cause.segment_ids),
        tied_ids=list(cause.tied_ids),
        asset_ids=list(cause.asset_ids),
        silent_below=list(cause.silent_below),
        lon=lon,
        lat=lat,
        length_m=cause.length_m,
        explained=len(cause.explained),
        hit_rate=cause.hit_rate,
        score=cause.score,
        confidence=cause.confidence,
        prepared=prepared,
        network_version=network.network_version,
        valve_version=network.valve_version,
        station_ids=lists.station_ids.tolist(),
        building_ids=lists.building_ids.tolist(),
        building_area_m2=lists.heated_area_m2.tolist(),
        building_users=lists.heat_user_count.tolist(),
        building_load_mw=lists.heat_load_mw.tolist(),
        estates=[{"asset_id": each.asset_id, "name": each.name, "buildings": each.buildings} for each in estates],
    )


def person_answer(network: Network, facts: Facts, asset_id: int, ringing: set[int]) -> Answer:
    """Return the answer that stands when a person names the cause: what it cuts off, and what hangs on those who ring."""
    row = network.assets.row_of(asset_id)
    segment = int(facts.segment_id[row])
    known = math.isfinite(network.assets.lon[row]) and math.isfinite(network.assets.lat[row])
    cause = Cause(
        kind="segment" if segment else KINDS[network.assets.kind[row]],
        hypothesis="cut_off",
        segment_ids=(segment,) if segment else (),
        tied_ids=(segment or asset_id,),
        asset_ids=(asset_id,),
        position=(float(network.assets.lon[row]), float(network.assets.lat[row])) if known else None,
        length_m=0.0,
        explained=tuple(sorted(ringing)),
        silent_below=(),
        unmeasured_below=0,
        hit_rate=1.0,
        score=0.0,
        confidence=1.0,
        age_s=math.nan,
        runner_up=None,
    )
    return replace(answer_of(network, facts, cause, ringing, prepared=True), hypothesis="set")
