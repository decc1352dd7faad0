"""The state of segments for subscribers of `ids=segments`: live state and the present valves, by seat.

Each rights class has a state with numbers of its own, which follows live state when somebody asks. A new drawing, a changed city
or a state that was put away begins a new epoch, so that its viewers get a snapshot.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from api.live_room import LiveRoom
from api.networks import NetworkStore
from data.errors import DataError
from data.network import visible_rows
from data.pool import Pool
from data.readings import DATABASE_ERRORS, from_ms
from data.valves import states_at
from topology.errors import TopologyError
from topology.network import Network
from twin import delta
from twin.arrays import BoolArray
from twin.live import LiveCity, live_rights
from twin.scope import Scope
from twin.segments import (
    SegmentPlaces,
    SegmentState,
    SegmentView,
    cut_off,
    packed_of,
    segment_places,
    segment_state,
    segment_view,
)

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often the valves are looked at while somebody watches segments."""
_STATES_KEPT = 64
"""Cities and rights classes whose segments are kept; 0.5 MB each for a city."""


@dataclass(frozen=True, eq=False)
class DrawnSegments:
    """The segments of a network in one state of its valves."""

    network: Network
    places: SegmentPlaces
    cut: BoolArray


@dataclass
class _Kept:
    """What one rights class sees of a city, and of which live state and network it was made."""

    city: LiveCity
    places: SegmentPlaces
    view: SegmentView
    state: SegmentState
    seen: tuple[int, DrawnSegments] | None = None


class SegmentRoom:
    """Segments of all cities that are watched. One per process, as `app.state.segments`; use it as an async context manager."""

    def __init__(self, live: LiveRoom, networks: NetworkStore) -> None:
        self._live, self._networks = live, networks
        self._drawn: dict[int, DrawnSegments] = {}
        self._kept: OrderedDict[tuple[int, Scope], _Kept] = OrderedDict()
        self._messages: dict[tuple[int, int, int | None], bytes | None] = {}
        self._watchers: dict[int, int] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> SegmentRoom:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def watch(self, city_id: int, step: int) -> None:
        """Count a viewer of a city in (1) or out (-1); valves are followed while there are any."""
        self._watchers[city_id] = self._watchers.get(city_id, 0) + step

    async def look(self, city_id: int) -> DrawnSegments:
        """Bring the segments of a city to its present drawing and valves; wakes the viewers when they differ.

        Cost: one small query; after a valve was operated what the network store derives and 2 ms more.

        Raises
        ------
        NotFound
            When there is no such city.
        """
        network = await self._networks.get(city_id)
        drawn = self._drawn.get(city_id)
        if drawn is None or drawn.network is not network:
            drawn = self._drawn[city_id] = await asyncio.to_thread(drawn_segments, network, drawn)
            self._live.announce()
        return drawn

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            for city_id in [city_id for city_id, count in self._watchers.items() if count > 0]:
                try:
                    await self.look(city_id)
                except (*DATABASE_ERRORS, DataError, TopologyError) as error:
                    logger.warning("segments of city %d do not follow its valves now: %s", city_id, error)

    def message(self, city_id: int, scope: Scope, since: tuple[int, int] | None) -> tuple[bytes | None, tuple[int, int]]:
        """Return the deflated message that brings a subscriber up to date, and what to remember; as `LiveRoom.message`.

        `look` must have been called for the city. Cost: 0.3 ms after live state has moved.
        """
        city, state = self._state(city_id, scope)
        known = since is not None and since[0] == state.epoch and since[1] <= state.seq
        start = since[1] if since is not None and known else None
        key = (state.epoch, state.seq, start)
        if key not in self._messages:
            self._messages = {each: data for each, data in self._messages.items() if each[:2] == key[:2] or each[0] != key[0]}
            found = state.message(since=start, as_of_ms=city.as_of_ms)
            self._messages[key] = None if found is None else delta.deflate(delta.encode(found))
        return self._messages[key], (state.epoch, state.seq)

    def snapshot(self, city_id: int, scope: Scope) -> delta.Message:
        """Return all segments of a seat as they are now; `look` must have been called."""
        city, state = self._state(city_id, scope)
        message = state.message(since=None, as_of_ms=city.as_of_ms)
        assert message is not None  # a snapshot always is
        return message

    def _state(self, city_id: int, scope: Scope) -> tuple[LiveCity, SegmentState]:
        """Return the state of a seat, brought up to date."""
        city, drawn, rights = self._live.require_city(city_id), self._drawn[city_id], live_rights(scope)
        kept = self._kept.get((city_id, rights))
        if kept is None or kept.city is not city or kept.places is not drawn.places:
            kept = self._kept[city_id, rights] = self._begin(city, drawn, rights)
            self._forget()
        self._kept.move_to_end((city_id, rights))
        seen = (city.seq, drawn)
        if kept.seen != seen:
            kept.state.put(packed_of(kept.view, city.themes[delta.STATUS.name].packed, drawn.cut))
            kept.seen = seen
        return city, kept.state

    def _begin(self, city: LiveCity, drawn: DrawnSegments, rights: Scope) -> _Kept:
        view = seen_segments(city, drawn, rights)
        return _Kept(city, drawn.places, view, segment_state(drawn.places, view, secrets.randbits(32)))

    def _forget(self) -> None:
        while len(self._kept) > _STATES_KEPT:
            self._kept.popitem(last=False)
        epochs = {kept.state.epoch for kept in self._kept.values()}
        self._messages = {key: data for key, data in self._messages.items() if key[0] in epochs}


@dataclass
class PastSegments:
    """The segments of one replay: its live state, and the valves and sources as they were, on the present drawing."""

    pool: Pool
    networks: NetworkStore
    scope: Scope
    _drawn: DrawnSegments | None = None
    _of: tuple[object, ...] = ()
    _city: LiveCity | None = None
    _view: SegmentView | None = None
    _state: SegmentState | None = None
    _begun: SegmentPlaces | None = None

    async def message(self, city: LiveCity, at_ms: int) -> delta.Message | None:
        """Return what has changed since the last message: all of it at first and after a seek, None when nothing has.

        Cost: one query of the records of valves and sources up to that time; 5 ms more for a city when they have changed.
        """
        drawn = await self._at(city.city_id, at_ms)
        begins = self._state is None or self._city is not city or self._view is None or self._begun is not drawn.places
        if begins:
            self._city, self._begun = city, drawn.places
            self._view = seen_segments(city, drawn, self.scope)
            self._state = segment_state(drawn.places, self._view, secrets.randbits(32))
        assert self._state is not None  # begun
        assert self._view is not None
        before = self._state.seq
        self._state.put(packed_of(self._view, city.themes[delta.STATUS.name].packed, drawn.cut))
        return self._state.message(since=None if begins else before, as_of_ms=at_ms, past=True)

    async def _at(self, city_id: int, at_ms: int) -> DrawnSegments:
        network = await self.networks.get(city_id)
        valves, sources = await states_at(self.pool, city_id, from_ms(at_ms))
        of = (network, tuple(sorted(valves.items())), tuple(sorted(sources.items())))
        if self._drawn is None or self._of != of:
            past = await asyncio.to_thread(network.with_states, valves, sources, valve_version=network.valve_version)
            self._drawn, self._of = await asyncio.to_thread(drawn_segments, past, self._drawn), of
        return self._drawn


def drawn_segments(network: Network, before: DrawnSegments | None) -> DrawnSegments:
    """Return the segments of a network; where they are is taken over from an earlier state of the same drawing."""
    same = before is not None and before.network.net is network.net
    places = before.places if before is not None and same else segment_places(network)
    return DrawnSegments(network, places, cut_off(network, places))


def seen_segments(city: LiveCity, drawn: DrawnSegments, scope: Scope) -> SegmentView:
    """Return the segments that a seat sees, with its own reporting assets on them."""
    rights = live_rights(scope)
    visible = None if rights == Scope() else visible_rows(drawn.network, rights)
    return segment_view(drawn.network, drawn.places, city.asset_ids, seen=city.seen_rows(scope), visible=visible)
