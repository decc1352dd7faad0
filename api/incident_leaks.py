"""Where the leak of a burst is likely, by the last pressures of the stations of its zone; best effort, once an answer."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from api.errors import ApiError
from api.leak_room import Found, LeakRoom, Question, last_readings
from data.incidents import Answer, put_leak
from data.pool import Pool
from topology.answers.supply import sources
from topology.errors import TopologyError
from topology.network import Network
from twin.live import LiveCity

logger = logging.getLogger(__name__)


class LeakFinder:
    """Locates leaks of incidents."""

    def __init__(self, pool: Pool, room: LeakRoom) -> None:
        self._pool, self._room = pool, room

    async def find(self, city_id: int, live: LiveCity, network: Network, incident_id: int, answer: Answer) -> None:
        """Write where the leak of an incident is likely; nothing where too few stations have readings."""
        try:
            source_id = _source(network, answer)
            if source_id is None:
                return
            stations = frozenset(network.assets.asset_id.tolist())
            last = last_readings(live, stations)
            readings = {each: value for each, value in last.items() if each != source_id}
            question = Question(source_id, readings, last.get(source_id), {}, None, None)
            found = await self._room.find(network, question)
        except (ApiError, TopologyError) as error:
            logger.info("the leak of incident %d of city %d cannot be located: %s", incident_id, city_id, error)
            return
        await put_leak(self._pool, city_id, incident_id, _leak(found, source_id))


def _source(network: Network, answer: Answer) -> int | None:
    """Return the running source that feeds the first station of an incident; None = none does."""
    if not answer.station_ids:
        return None
    feeding = sources(network, answer.station_ids[0]).now
    return int(network.assets.asset_id[feeding[0].row]) if feeding else None


def _leak(found: Found, source_id: int) -> dict[str, Any]:
    pieces, places = found.search.pieces, found.places
    pipe = int(pieces.pipe[places.best])
    share, ends = float(pieces.share[places.best]), found.ends[pipe]
    lon, lat = (1.0 - share) * ends[:2] + share * ends[2:]
    likelihood = np.bincount(pieces.pipe, places.likelihood, len(found.zone.pipe_id))
    return {
        "source_id": source_id,
        "pipe_id": int(found.zone.pipe_id[pipe]),
        "position": [round(float(lon), 6), round(float(lat), 6)],
        "within_m": round(places.within_m, 1),
        "likelihood": round(float(likelihood[pipe]), 4),
        "residual_mpa": round(places.residual_mpa, 4),
        "stations": len(found.search.metered),
    }
