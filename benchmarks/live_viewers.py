"""Viewers of the live channel: so many WebSockets that inflate and decode every message, as a browser does.

    python -m benchmarks.live_viewers ADDRESS WATCHED OUT --viewers 50 --seconds 60

WATCHED holds asset ids; OUT gets one row for each time that a message names one of them: viewer, theme, asset, value in steps,
status and quality, and when it was decoded, in seconds of the epoch. A process of its own, as the load generator.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path

import numpy as np
import uvloop
from websockets.asyncio.client import connect

from twin import delta

THEMES = (delta.STATUS, delta.SECONDARY_SUPPLY_TEMPERATURE, delta.ROOM_TEMPERATURE)
"""Viewers take these in turn."""
_LARGEST = 64 * 2**20


async def _watch(url: str, number: int, watched: np.ndarray, seen: list[np.ndarray]) -> None:
    theme = THEMES[number % len(THEMES)]
    async with connect(f"{url}/live?city=1&theme={theme.name}", compression=None, max_size=_LARGEST) as socket:
        async for data in socket:
            message = delta.decode(delta.inflate(data if isinstance(data, bytes) else data.encode()))
            now = time.time()
            rows = np.flatnonzero(np.isin(message.asset_ids, watched))
            if rows.size and message.kind is delta.MessageKind.DELTA:
                head = np.full((len(rows), 2), (number, theme.code), np.float64)
                tail = (message.asset_ids[rows], message.units[rows], message.packed[rows], np.full(len(rows), now))
                seen.append(np.column_stack([head, *tail]))


async def _run(address: str, watched: np.ndarray, viewers: int, seconds: float) -> list[np.ndarray]:
    seen: list[np.ndarray] = []
    url = address.replace("http", "ws", 1)
    tasks = [asyncio.create_task(_watch(url, number, watched, seen)) for number in range(viewers)]
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
        raise SystemExit("benchmarks.live_viewers: a viewer was sent away")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return seen


def main() -> None:
    """Watch for some time and write down what was seen."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live_viewers")
    parser.add_argument("address")
    parser.add_argument("watched", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    seen = uvloop.run(_run(options.address, np.load(options.watched), options.viewers, options.seconds))
    np.save(options.out, np.concatenate([np.zeros((0, 6)), *seen]))


if __name__ == "__main__":
    main()
