"""What the tests of readings and live state share: a tiny heated city, frames, and a reader of WS /live."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.cities import TinyAsset
from twin import delta
from twin.schemas import DEFAULT_SCHEMAS

TINY_CITY = (
    TinyAsset("company", "C1"),
    TinyAsset("company", "C2"),
    TinyAsset("substation", "S1", company_id=1),
    TinyAsset("substation", "S2", company_id=2),
    TinyAsset("building", "B1", attributes={"substation_code": "S1"}),
    TinyAsset("room_sensor", "R1", attributes={"building_code": "B1"}),
    TinyAsset("weather_station", "W1"),
)
S1, S2, R1, W1 = 3, 4, 6, 7


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def substation_values(**given: float | None) -> list[float | None]:
    """Return the values of a healthy substation that measures what it must and no more, some of them replaced by name."""
    healthy: dict[str, float | None] = {
        "primary_supply_temperature_degc": 95.0,
        "primary_return_temperature_degc": 48.5,
        "primary_supply_pressure_mpa": 0.85,
        "primary_return_pressure_mpa": 0.42,
        "primary_flow_m3_per_h": 61.2,
        "primary_flow_total_m3": 1234567.25,
        "primary_heat_power_mw": 3.2,
        "primary_heat_total_gj": 98765432.125,
        "secondary_supply_temperature_degc": 52.3,
        "secondary_return_temperature_degc": 41.0,
        "secondary_supply_pressure_mpa": 0.5,
        "secondary_return_pressure_mpa": 0.3,
        "makeup_volume_total_m3": 77.5,
        "outdoor_temperature_degc": -12.0,
    }
    assert set(given) <= set(healthy)
    return [(healthy | given).get(point.name) for point in DEFAULT_SCHEMAS["substation"].points]


def frame(source: str, observed_at: int, values: list[float | None] | None = None, **more: Any) -> dict[str, Any]:
    """Return a frame of a source `kind:code`."""
    kind = source.split(":", maxsplit=1)[0]
    shown = substation_values() if values is None else values
    return {"source": source, "schema": kind, "observed_at": observed_at, "values": shown, **more}


def post(client: httpx.Client, *frames: Mapping[str, Any], **parameters: Any) -> list[str]:
    """Send frames and return their results."""
    answer = client.post("/readings", json={"frames": frames}, params=parameters)
    assert answer.status_code == 200, answer.text
    results: list[str] = answer.json()["results"]
    return results


class Viewer:
    """A subscriber that keeps the state as a map of asset_id to (value or None, status, quality)."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.state: dict[int, tuple[float | None, int, int]] = {}
        self.messages: list[delta.Message] = []

    def receive(self, limit_s: float = 60) -> delta.Message:
        data = self.socket.recv(timeout=limit_s)
        assert isinstance(data, bytes)
        message = delta.decode(delta.inflate(data))
        if message.kind is delta.MessageKind.SNAPSHOT:
            self.state.clear()
        scale = next(theme.scale for theme in delta.THEMES.values() if theme.code == message.theme)
        for asset_id, units, packed in zip(
            message.asset_ids.tolist(), message.units.tolist(), message.packed.tolist(), strict=True
        ):
            value = None if units == delta.NO_VALUE else round(units * scale, 6)
            self.state[asset_id] = (value, packed >> 4, packed & 15)
        self.messages.append(message)
        return message

    def until(self, holds: Callable[[dict[int, tuple[float | None, int, int]]], bool], limit: int = 50) -> None:
        """Receive until the state is so; fail after `limit` messages."""
        for _ in range(limit):
            if holds(self.state):
                return
            self.receive()
        assert holds(self.state), self.state


@contextmanager
def watch(url: str, query: str = "city=1&theme=status", **options: Any) -> Iterator[Viewer]:
    """Subscribe to WS /live."""
    with connect(f"{url.replace('http', 'ws', 1)}/live?{query}", compression=None, **options) as socket:
        yield Viewer(socket)
