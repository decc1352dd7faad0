"""From arrays to the bodies of `POST /readings`: batches of a gateway, never one frame a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import orjson

from twin.arrays import Float64Array, Int64Array, UInt8Array
from twin.simulator.city import Simulation
from twin.simulator.instruments import look, values


@dataclass(frozen=True)
class Reports:
    """Frames on their way out, of one schema; row i of each belongs together.

    Attributes
    ----------
    schema
        `CODE/VERSION`.
    codes
        Of the sources, as they will be sent.
    companies
        Company ids, 0 = unknown.
    observed_ms
        Epoch milliseconds by the device's clock.
    values
        NaN = missing, shape (n, points).
    quality
        QARTOD flags that the sender gives, shape (n, points); None = none.
    """

    schema: str
    codes: list[str]
    companies: Int64Array
    observed_ms: Int64Array
    values: Float64Array
    quality: UInt8Array | None = None

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def owners(self) -> list[int]:
        """The companies that are among them, each once."""
        found: list[int] = np.unique(self.companies).tolist()
        return found

    def take(self, rows: Int64Array) -> Reports:
        """Return some of the frames."""
        return Reports(
            self.schema,
            [self.codes[row] for row in rows.tolist()],
            self.companies[rows],
            self.observed_ms[rows],
            self.values[rows],
            None if self.quality is None else self.quality[rows],
        )


def as_json(reports: Reports) -> list[dict[str, Any]]:
    """Return the frames as JSON values; `null` for a missing one."""
    columns = zip(reports.codes, reports.observed_ms.tolist(), reports.values.tolist(), strict=True)
    rows = [{"source": code, "schema": reports.schema, "observed_at": at, "values": row} for code, at, row in columns]
    if reports.quality is not None:
        for frame, flags in zip(rows, reports.quality.tolist(), strict=True):
            if any(flag != 2 for flag in flags):
                frame["quality"] = flags
    return rows


def bodies(reports: Iterable[Reports], batch_frames: int) -> Iterator[tuple[bytes, int]]:
    """Yield bodies of at most so many frames each, and how many they hold; an upload of a day is never held as JSON at once."""
    frames = chain.from_iterable(as_json(one) for one in reports)
    while batch := list(islice(frames, batch_frames)):
        yield orjson.dumps({"frames": batch}), len(batch)


def bodies_by_company(reports: Iterable[Reports], batch_frames: int, senders: Mapping[int, int]) -> Iterator[tuple[int, bytes]]:
    """Yield bodies with the company that sends them; `senders` says which that is, by company id of the frames."""
    parts: dict[int, list[Reports]] = {}
    for one in reports:
        for company in one.owners:
            parts.setdefault(senders[company], []).append(one.take(np.flatnonzero(one.companies == company)))
    for sender, own in parts.items():
        for body, _ in bodies(own, batch_frames):
            yield sender, body


def reports_at(simulation: Simulation, observed_ms: int) -> list[Reports]:
    """Return one frame of every source at one time."""
    moment = look(simulation)
    found = []
    for group in simulation.groups:
        rows = np.arange(len(group))
        times = np.full(len(group), observed_ms, np.int64)
        shown = values(moment, group, rows, times)
        found.append(Reports(group.name, list(group.codes), group.company_ids, times, shown))
    return found
