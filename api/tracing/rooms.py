"""`Rooms`: what the process keeps for questions: networks, facts, the last sandboxes, the weather."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from fastapi import FastAPI

from api.live_room import LiveRoom, now_ms
from api.networks import NetworkStore
from api.tracing.facts import FactStore
from topology.network import Network
from twin.cooling import DESIGN_OUTDOOR_DEGC
from twin.live import NEVER, LiveCity, SourceBlock
from twin.quality import Quality

Place: TypeAlias = tuple[SourceBlock, int, int]
"""Block, row and column of a reading."""
FRESH_MS: Final = 3 * 3_600_000
"""How old a reading of a weather station may be to count as the present outdoor temperature."""
_POINT: Final = "outdoor_temperature_degc"
_KEPT_SANDBOXES: Final = 8


class Sandboxes:
    """The last few copies of networks in other states: a planner asks several questions about one."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], tuple[Network, Network]] = OrderedDict()

    async def get(self, network: Network, valves: Mapping[int, str], sources: Mapping[int, bool]) -> Network:
        """Return the network in other states; derived in a thread where it is not one of the last."""
        key = (id(network), tuple(sorted(valves.items())), tuple(sorted(sources.items())))
        kept = self._kept.get(key)
        if kept is not None and kept[0] is network:
            self._kept.move_to_end(key)
            return kept[1]
        changed = await asyncio.to_thread(network.with_states, valves, sources, valve_version=network.valve_version)
        self._kept[key] = (network, changed)
        while len(self._kept) > _KEPT_SANDBOXES:
            self._kept.popitem(last=False)
        return changed


class Outdoor:
    """Outdoor temperature of cities.

    Parameters
    ----------
    live
        Where the weather stations report; None = nowhere.
    """

    def __init__(self, live: LiveRoom | None) -> None:
        self._live = live
        self._places: dict[int, tuple[LiveCity, list[Place]]] = {}

    def degc(self, city_id: int, given_degc: float | None = None) -> tuple[float, str]:
        """Return the outdoor temperature and where it comes from: `parameter`, `weather_station` or `design`.

        The mean of the weather stations that reported within `FRESH_MS`; without any the design temperature of the city.
        """
        if given_degc is not None:
            return given_degc, "parameter"
        city = None if self._live is None else self._live.city(city_id)
        readings = [] if city is None else self._readings(city, now_ms())
        return (sum(readings) / len(readings), "weather_station") if readings else (DESIGN_OUTDOOR_DEGC, "design")

    def _readings(self, city: LiveCity, at_ms: int) -> list[float]:
        """Return what the weather stations of a city have sent lately."""
        kept = self._places.get(city.city_id)
        if kept is None or kept[0] is not city:
            kept = self._places[city.city_id] = (city, _weather_stations(city))
        found = []
        for block, row, column in kept[1]:
            value = float(block.values[row, column])
            good = block.observed_ms[row] != NEVER and block.quality[row, column] <= Quality.NOT_EVALUATED
            if good and math.isfinite(value) and at_ms - block.observed_ms[row] <= FRESH_MS:
                found.append(value)
        return found


def _weather_stations(city: LiveCity) -> list[Place]:
    """Return where the readings of weather stations stand; they stay there until the city is loaded anew."""
    return [
        (block, row, column)
        for block in city.blocks.values()
        for row, source in enumerate(block.sources)
        if source.kind == "weather_station" and (column := source.schema.column(_POINT)) is not None
    ]


@dataclass(frozen=True, slots=True)
class Rooms:
    """What questions are answered from; one per process, as `app.state.rooms`."""

    networks: NetworkStore
    facts: FactStore
    outdoor: Outdoor
    sandboxes: Sandboxes = field(default_factory=Sandboxes)


def rooms_of(app: FastAPI) -> Rooms:
    """Return the rooms of the process."""
    rooms: Rooms = app.state.rooms
    return rooms
