"""The rollout out of live state: sums of heating devices by area, and samples of them for curves and hours of use.

Sums are made when somebody asks, at most once in a few seconds, from the arrays of the live room. Every few minutes one process
of the deployment adds a sample of each city to the hour and the day that it lies in.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Final

import numpy as np

from api.live_room import LiveRoom
from api.watching import Watcher
from data.pool import Pool
from data.rollout_hours import Sample, add_sample, take_turn
from data.rollout_live import GROUPS, DevicePlaces, read_places, read_stamp
from twin.arrays import BoolArray, Float64Array, Int64Array
from twin.live import LiveCity
from twin.live_blocks import NEVER, SourceBlock
from twin.rollout_live import DeviceStates, LiveSums, live_sums
from twin.status import Status

SAMPLE_S: Final = 300.0
"""Seconds between two samples; a longer pause counts as this long, because nobody looked."""
SUMS_S: Final = 3.0
"""Sums are kept so long."""
_BAD_FLAG: Final = 4
_DISTRICT = 2


@dataclass(frozen=True)
class LiveRollout:
    """Devices of a city now: where they belong, what they do, and the sums; `as_of` is the time of the live state."""

    places: DevicePlaces
    states: DeviceStates
    sums: LiveSums
    as_of: datetime


class RolloutRoom:
    """Live sums of all cities. One per process, as `app.state.rollout`; use it as an async context manager."""

    def __init__(self, pool: Pool, live: LiveRoom) -> None:
        self._pool, self._live = pool, live
        self._places: dict[int, tuple[object, DevicePlaces]] = {}
        self._kept: dict[int, tuple[float, LiveRollout]] = {}
        self._making = asyncio.Lock()
        self._watcher = Watcher("sample the rollout", self.sample, every_s=SAMPLE_S, retry_s=SAMPLE_S)

    async def __aenter__(self) -> RolloutRoom:
        self._watcher.start()
        return self

    async def __aexit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        await self._watcher.stop()

    async def now(self, city_id: int) -> LiveRollout:
        """Return the devices and sums of a city, at most `SUMS_S` old.

        Raises
        ------
        NotFound
            When the city has no live state.
        """
        async with self._making:
            kept = self._kept.get(city_id)
            clock = asyncio.get_running_loop().time()
            if kept is not None and clock - kept[0] < SUMS_S:
                return kept[1]
            city = self._live.require_city(city_id)
            made = _made(city, await self._placed(city_id))
            self._kept[city_id] = (clock, made)
            return made

    async def sample(self) -> None:
        """Add a sample of every city whose turn has come, in whichever process looks first."""
        for city_id in list(self._live.cities):
            at = datetime.now(UTC)
            before = await take_turn(self._pool, city_id, at, every_s=0.9 * SAMPLE_S)
            if before is None:
                continue
            hours = min((at - before) / timedelta(hours=1), SAMPLE_S / 3600.0)
            now = await self.now(city_id)
            if len(now.states):
                await add_sample(self._pool, city_id, _sample(now, at, hours, self._outdoor(city_id)))

    def _outdoor(self, city_id: int) -> float | None:
        """Return the mean of the weather stations that were heard lately."""
        city = self._live.require_city(city_id)
        _, values = newest_of(city, "weather_station", "outdoor_temperature_degc")
        return float(np.mean(values)) if len(values) else None

    async def _placed(self, city_id: int) -> DevicePlaces:
        stamp = await read_stamp(self._pool, city_id)
        known = self._places.get(city_id)
        if known is None or known[0] != stamp:
            known = (stamp, await read_places(self._pool, city_id))
            self._places[city_id] = known
        return known[1]


def newest_of(city: LiveCity, kind: str, point: str) -> tuple[Int64Array, Float64Array]:
    """Return assets of a kind that were heard lately and their newest good value of a point."""
    assets, values = [np.zeros(0, np.int64)], [np.zeros(0)]
    for block in city.blocks.values():
        column = block.column((point,))
        if column is None or block.sources[0].kind != kind:
            continue
        good = _heard_lately(city, block) & (block.quality[:, column] < _BAD_FLAG) & np.isfinite(block.values[:, column])
        assets.append(city.asset_ids[block.asset_rows[good]])
        values.append(block.values[good, column])
    return np.concatenate(assets), np.concatenate(values)


def _heard_lately(city: LiveCity, block: SourceBlock) -> BoolArray:
    if not city.status.size:
        return np.zeros(len(block.source_ids), np.bool_)
    status = city.status[block.asset_rows]
    lately: BoolArray = (block.observed_ms != NEVER) & (status != Status.STALE) & (status != Status.NO_DATA)
    return lately


def _made(city: LiveCity, places: DevicePlaces) -> LiveRollout:
    states = _states(city, places)
    levels = places.levels
    as_of = datetime.fromtimestamp(city.as_of_ms / 1000.0, UTC)
    return LiveRollout(places, states, live_sums(states, levels, len(places.area_ids)), as_of)


def _states(city: LiveCity, places: DevicePlaces) -> DeviceStates:
    count = len(places.asset_ids)
    heard, on = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    online, damaged = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    room, power = np.full(count, np.nan), np.full(count, np.nan)
    for block in city.blocks.values():
        if block.sources[0].kind != "heating_device":
            continue
        ids = city.asset_ids[block.asset_rows]
        at = np.minimum(np.searchsorted(places.asset_ids, ids), count - 1)
        here = places.asset_ids[at] == ids if count else np.zeros(len(ids), np.bool_)
        rows = at[here]
        heard[rows] |= block.observed_ms[here] != NEVER
        online[rows] |= _heard_lately(city, block)[here]
        status = city.status[block.asset_rows][here] if city.status.size else np.zeros(len(rows), np.uint8)
        damaged[rows] |= (status == Status.MAINTENANCE) | np.isin(status, [5, 6, 7])
        for values, name in ((room, "room_temperature_degc"), (power, "power_kw")):
            column = block.column((name,))
            if column is not None:
                good = block.quality[here, column] < _BAD_FLAG
                values[rows] = np.where(good, block.values[here, column], np.nan)
        state = block.column(("on_off_state",))
        if state is not None:
            on[rows] |= block.values[here, state] > 0
    load = np.where(places.draws_power, np.where(np.isfinite(power), power, np.nan_to_num(places.rated_kw)), 0.0)
    return DeviceStates(heard, online, online & on, damaged, room, load)


def _sample(now: LiveRollout, at: datetime, hours: float, outdoor_degc: float | None) -> Sample:
    places, states = now.places, now.states
    measured = states.online & np.isfinite(states.room_degc)
    district = np.where(places.levels[_DISTRICT] < 0, 0, places.area_ids[places.levels[_DISTRICT]])
    key = (district * len(GROUPS) + places.group) * max(1, len(places.types)) + places.type_index
    keys, inverse = np.unique(key[measured], return_inverse=True)
    rooms = np.bincount(inverse, weights=states.room_degc[measured], minlength=len(keys))
    counts = np.bincount(inverse, minlength=len(keys)).astype(np.float64)
    rest, types = np.divmod(keys, max(1, len(places.types)))
    districts, groups = np.divmod(rest, len(GROUPS))
    villages = np.unique(places.levels[0])
    return Sample(
        at=at,
        districts=[*districts.tolist(), *([] if outdoor_degc is None else [0])],
        groups=[*(GROUPS[each] for each in groups.tolist()), *([] if outdoor_degc is None else ["outdoor"])],
        types=[*(places.types[each] for each in types.tolist()), *([] if outdoor_degc is None else [""])],
        room_degc=[*rooms.tolist(), *([] if outdoor_degc is None else [outdoor_degc])],
        room_count=[*counts.tolist(), *([] if outdoor_degc is None else [1.0])],
        villages=places.area_ids[villages].tolist(),
        in_use_hours=(now.sums.in_use[villages] * hours).tolist(),
        heating_hours=(now.sums.connected[villages] * hours).tolist(),
    )
