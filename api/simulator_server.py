"""The server as the simulator sees it: its sources, zones, places, what a burst cuts off; a client of the public interface."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson

from api.auth.signatures import Digest, sign
from api.errors import BadRequest, Refused
from twin.arrays import Float64Array
from twin.schemas import FrameSchema, schema_from_json
from twin.simulator.bodies import Reports, bodies
from twin.simulator.network import ZoneFeed, ZoneSolution
from twin.simulator.sources import AMBIENT_KINDS, SimulatedSource

_PAGE = 1000
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0
_EMPTY_S = 2.0


class Stopped(Exception):
    """Raised inside the simulator when it was asked to stop."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What a program signs with."""

    app_id: str
    secret: bytes
    digest: Digest = "sm3"

    def headers(self, body: bytes) -> dict[str, str]:
        """Return the headers of a request with this body, signed now."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(12)
        signature = sign(self.secret, self.digest, timestamp=timestamp, nonce=nonce, body=body)
        return {"X-App-Id": self.app_id, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature}


def read_key(app_id: str, secret_file: Path, digest: Digest) -> ApiKey:
    """Return an API key whose secret stands in a file, as `heat-twin seats add-key` printed it.

    Raises
    ------
    BadRequest
        When the file is not there or empty.
    """
    try:
        secret = secret_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"the file of the secret is {str(secret_file)!r}: {error}") from None
    if not secret:
        raise BadRequest(f"the file of the secret, {str(secret_file)!r}, is empty")
    return ApiKey(app_id, secret.encode(), digest)


class Server:
    """One server; every call is repeated until it is answered or the simulator is stopped. Safe for several threads."""

    def __init__(
        self,
        client: httpx.Client,
        city: int | None,
        stop: threading.Event,
        say: Callable[[str], None],
        key: ApiKey | None = None,
    ) -> None:
        self._client = client
        self._parameters: dict[str, Any] = {} if city is None else {"city": city}
        self._stop = stop
        self._say = say
        self._key = key

    def call(self, method: str, path: str, *, body: bytes = b"", **parameters: Any) -> Any:
        """Return the JSON answer of one request.

        Raises
        ------
        Refused
            When the server says that the request is wrong (4xx), which repeating cannot mend.
        Stopped
            When the simulator was stopped while waiting.
        """
        pause, told = _FIRST_PAUSE_S, False
        while not self._stop.is_set():
            reason, asked = self._try(method, path, body, self._parameters | parameters)
            if not isinstance(reason, str):
                return orjson.loads(reason.content)
            if not told:
                self._say(f"{method} {path}: {reason}; trying again")
                told = True
            self._stop.wait(max(pause, asked))
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        raise Stopped

    def _try(self, method: str, path: str, body: bytes, parameters: dict[str, Any]) -> tuple[httpx.Response | str, float]:
        """Return the answer, or why there is none and how long the server wants to be left alone."""
        headers = {"Content-Type": "application/json"} if body else {}
        if self._key is not None:
            headers |= self._key.headers(body)
        try:
            answer = self._client.request(method, path, content=body or None, params=parameters, headers=headers)
        except httpx.TransportError as error:
            return f"{type(error).__name__} {error}".strip(), 0.0
        if answer.status_code >= 500 or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            given = answer.headers.get("retry-after", "")
            return f"answered {answer.status_code}", float(given) if given.isdigit() else 0.0
        if answer.is_error:
            raise Refused(f"{method} {path} was refused with {answer.status_code}: {answer.text[:300]}")
        return answer, 0.0

    def send(self, body: bytes) -> dict[str, int]:
        """Send frames and return how many had which result."""
        counts: dict[str, int] = self.call("POST", "/readings", body=body)["counts"]
        return counts

    def parcels(self, reports: Iterable[Reports], batch_frames: int) -> Iterator[Callable[[], dict[str, int]]]:
        """Yield a call for each request; it sends it and returns the counts of its results."""
        for body, _ in bodies(reports, batch_frames):
            yield partial(self.send, body)

    # ------------------------------------------------------------ what there is

    def city_id(self) -> int:
        """Return the id of the city that is simulated: the one asked for, else the lowest."""
        wanted = self._parameters.get("city")
        found: int = wanted if wanted is not None else min(city["city_id"] for city in self.call("GET", "/cities"))
        return found

    def companies(self) -> dict[int, str]:
        """Return the codes of the city's companies by asset id."""
        items = self.call("GET", "/assets", kind="company", limit=_PAGE)["items"]
        return {item["asset_id"]: item["code"] for item in items}

    def version(self) -> int | None:
        """Return the version of the city's assets; None while there is no city."""
        cities = self.call("GET", "/cities")
        wanted = self._parameters.get("city")
        found = [city["assets_version"] for city in cities if wanted in (None, city["city_id"])]
        return found[0] if found else None

    def sources(self) -> tuple[list[SimulatedSource], Mapping[str, FrameSchema]]:
        """Return the sources of the city and their schemas by `CODE/VERSION`; waits while there is no city or nothing in it."""
        while not self._stop.is_set():
            try:
                found = self._sources()
            except Refused as error:
                # 404 before the first import; anything else is for the user to see
                if " 404" not in str(error):
                    raise
                found = [], {}
            if found[0]:
                return found
            self._stop.wait(_EMPTY_S)
        raise Stopped

    def _sources(self) -> tuple[list[SimulatedSource], Mapping[str, FrameSchema]]:
        listed = self.call("GET", "/schemas")
        schemas = {
            f"{one['code']}/{one['version']}": schema_from_json(one["code"], one["version"], one["points"]) for one in listed
        }
        places = self._places()
        sources = [
            SimulatedSource(
                code=item["code"],
                schema=item["schema"],
                kind=item["asset_kind"],
                asset_id=item["asset_id"],
                period_s=float(item["period_s"]),
                substation_id=item["substation_id"],
                company_id=item.get("company_id"),
                lonlat=places.get(item["asset_id"]),
            )
            for item in self.call("GET", "/sources")
        ]
        return sources, schemas

    def _places(self) -> dict[int, tuple[float, float]]:
        """Return where the stations of weather and air stand; what a seat sees rounded or not at all stays so."""
        found: dict[int, tuple[float, float]] = {}
        offset = 0
        while True:
            items = self.call("GET", "/assets", kind=list(AMBIENT_KINDS), limit=_PAGE, offset=offset)["items"]
            found |= {item["asset_id"]: tuple(item["position"]) for item in items if item["position"] is not None}
            offset += len(items)
            if len(items) < _PAGE:
                return found

    def zones(self) -> list[ZoneSolution]:
        """Return the last solves of the city's zones; none where nothing was solved or the seat may not see it."""
        try:
            listed = [zone for zone in self.call("GET", "/zones")["zones"] if zone["converged"]]
            return [_zone(zone, self.call("GET", f"/zones/{zone['source_id']}/stations")["stations"]) for zone in listed]
        except Refused:
            return []

    def solved_zones(self) -> int:
        """Return how many zones of the city have a solve."""
        try:
            return sum(zone["converged"] for zone in self.call("GET", "/zones")["zones"])
        except Refused:
            return 0

    def cut_off_by(self, pipe: str) -> set[int]:
        """Return the ids of the assets that the burst of a pipe cuts off.

        Raises
        ------
        Refused
            When there is no such pipe, or it cuts off nothing.
        """
        found = self.call("GET", "/assets", kind="pipe", code=pipe)["items"]
        if not found:
            raise Refused(f"there is no pipe {pipe!r}; GET /assets?kind=pipe lists them")
        lost = self.call("GET", f"/assets/{found[0]['asset_id']}/impact")["lost"]
        if not lost["substations"]:
            raise Refused(f"a burst of pipe {pipe!r} cuts off no substation; choose one nearer to the heat source")
        return set(lost["asset_ids"])


def _zone(zone: Mapping[str, Any], stations: list[Mapping[str, Any]]) -> ZoneSolution:
    known = [each for each in stations if None not in (each["supply_mpa"], each["return_mpa"], each["flow_m3_per_h"])]
    feeds = tuple(
        ZoneFeed(each["asset_id"], each["supply_mpa"], each["return_mpa"], each["flow_m3_per_h"])
        for each in zone["summary"]["sources"]
        if None not in (each["supply_mpa"], each["return_mpa"], each["flow_m3_per_h"])
    )
    return ZoneSolution(
        source_id=zone["source_id"],
        supply_degc=float(zone["summary"]["supply_degc"]),
        feeds=feeds,
        station_ids=np.array([each["asset_id"] for each in known], np.int64),
        supply_mpa=_column(known, "supply_mpa"),
        return_mpa=_column(known, "return_mpa"),
        supply_loss_m=_column(known, "supply_loss_m", unknown=0.0),
        return_loss_m=_column(known, "return_loss_m", unknown=0.0),
        flow_m3_per_h=_column(known, "flow_m3_per_h"),
        station_degc=_column(known, "supply_degc"),
    )


def _column(rows: list[Mapping[str, Any]], name: str, *, unknown: float = np.nan) -> Float64Array:
    return np.array([unknown if row[name] is None else row[name] for row in rows], np.float64)
