"""Every source of a city with what it has sent: the table behind the lists of silent, late, incomplete and skewed sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from api.arrival_totals import Part, Window, source_window
from api.arrivals_room import ArrivalsRoom
from twin.arrays import BoolArray, Int64Array
from twin.arrivals import GROUP_ROW, LATE_PERIODS, Roster, visible_groups
from twin.live import NEVER, LiveCity, SourceBlock
from twin.readings import Source
from twin.scope import Scope

SourceState: TypeAlias = Literal["never", "silent", "late", "incomplete", "skewed"]
STATES: Final[tuple[SourceState, ...]] = ("never", "silent", "late", "incomplete", "skewed")
SourceOrder: TypeAlias = Literal["arrival_rate", "last", "delay", "late", "code"]


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """Which sources somebody asks for; None = all."""

    state: SourceState | Literal["any"] | None = None
    company_id: int | None = None
    area_id: int | None = None
    kind: str | None = None
    schema: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source of the list; `rows` is one row of `twin.arrivals.SOURCE_ROW`."""

    source: Source
    observed_ms: int | None
    received_ms: int | None
    expected: float
    received: float
    rows: np.void
    states: tuple[SourceState, ...]


@dataclass(frozen=True, eq=False)
class _Chunk:
    """The sources of one schema: a row of each array belongs to one source."""

    block: SourceBlock
    roster: Roster
    rows: NDArray[np.void]
    expected: NDArray[np.float64]
    received: NDArray[np.float64]
    flags: NDArray[np.bool_]


def silence(block: SourceBlock, at_ms: int) -> tuple[BoolArray, BoolArray]:
    """Return which sources were never heard, and which have been silent for more than `LATE_PERIODS` periods."""
    never = block.received_ms == NEVER
    return never, ~never & (at_ms - block.received_ms > LATE_PERIODS * block.period_ms)


def silent_parts(room: ArrivalsRoom, city: LiveCity, at_ms: int) -> list[Part]:
    """Return by schema and group how many sources there are, are silent (in `late`) and were never heard (in `conflict`)."""
    parts = []
    for schema_id, block in city.blocks.items():
        roster = room.roster(city.city_id, schema_id)
        if roster is not None:
            never, silent = silence(block, at_ms)
            rows = np.zeros(len(roster.groups), GROUP_ROW)
            rows["key"] = roster.groups
            rows["sources"] = np.bincount(roster.group_of, minlength=len(rows))
            rows["late"] = np.bincount(roster.group_of, silent, len(rows))
            rows["conflict"] = np.bincount(roster.group_of, never, len(rows))
            parts.append(Part(schema_id, 0, 0, rows))
    return parts


async def list_source_lines(
    room: ArrivalsRoom, scope: Scope, window: Window, asked: SourceFilter, *, order: SourceOrder, limit: int | None, offset: int
) -> tuple[int, list[SourceLine]]:
    """Return how many sources fit, and a page of them, the worst first.

    Parameters
    ----------
    limit
        None = all of them.

    Cost: 0.1 s for 233,695 sources once their past hours are summed.
    """
    city = room.live.require_city(window.city_id)
    chunks: list[_Chunk] = []
    places: list[Int64Array] = []
    for schema_id, block in city.blocks.items():
        if asked.schema is not None and asked.schema not in _names(block.sources[0]):
            continue
        chunk = await _chunk(room, window, schema_id, block)
        if chunk is not None:
            rows = np.flatnonzero(_wanted(chunk, scope, asked))
            places.append(np.column_stack([np.full(len(rows), len(chunks)), rows]))
            chunks.append(chunk)
    found = np.concatenate([np.zeros((0, 2), np.int64), *places])
    total, found = len(found), _ordered(chunks, found, order)
    page = found[offset:] if limit is None else found[offset : offset + limit]
    return total, [_line(chunks[place], row) for place, row in page.tolist()]


def _names(source: Source) -> tuple[str, str]:
    return source.schema.code, f"{source.schema.code}/{source.schema.version}"


async def _chunk(room: ArrivalsRoom, window: Window, schema_id: int, block: SourceBlock) -> _Chunk | None:
    sums = await source_window(room, window, schema_id)
    if sums is None or len(sums.roster.source_ids) != len(block.source_ids):
        return None  # the sources were read anew in between
    never, silent = silence(block, window.at_ms)
    flags = np.column_stack([never, silent, sums.late, sums.incomplete, sums.skewed])
    return _Chunk(block, sums.roster, sums.rows, sums.expected, sums.received, flags)


def _wanted(chunk: _Chunk, scope: Scope, asked: SourceFilter) -> BoolArray:
    groups = chunk.roster.groups
    mask = visible_groups(groups, scope)
    if asked.company_id is not None:
        mask &= groups["company_id"] == asked.company_id
    if asked.area_id is not None:
        mask &= groups["area_id"] == asked.area_id
    if asked.kind is not None:
        mask &= groups["kind"] == asked.kind.encode()[:48]
    wanted: BoolArray = mask[chunk.roster.group_of]
    if asked.state == "any":
        wanted &= chunk.flags.any(axis=1)
    elif asked.state is not None:
        wanted &= chunk.flags[:, STATES.index(asked.state)]
    if asked.text:
        text = asked.text.casefold()
        sources = chunk.block.sources
        for row in np.flatnonzero(wanted).tolist():
            wanted[row] = text in sources[row].code.casefold()
    return wanted


def _ordered(chunks: list[_Chunk], places: Int64Array, order: SourceOrder) -> Int64Array:
    keys = [_KEYS[order](chunk) for chunk in chunks]
    if not len(places):
        return places
    values = np.concatenate([keys[i][places[places[:, 0] == i, 1]] for i in range(len(chunks))])
    # chunk after chunk and row after row: equal ones stay in order of kind and source
    return places[np.argsort(values, kind="stable")]


def _rates(chunk: _Chunk) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num(chunk.received / chunk.expected, nan=2.0, posinf=2.0)


def _mean_delay(rows: NDArray[np.void]) -> NDArray[Any]:
    mean: NDArray[Any] = rows["delay_sum_s"] / np.maximum(rows["accepted"], 1)
    return mean


_KEYS: Final[dict[SourceOrder, Callable[[_Chunk], NDArray[Any]]]] = {
    "arrival_rate": _rates,
    "last": lambda chunk: chunk.block.received_ms,
    "delay": lambda chunk: -np.abs(_mean_delay(chunk.rows)),
    "late": lambda chunk: -chunk.rows["late"].astype(np.int64),
    "code": lambda chunk: np.zeros(len(chunk.rows)),
}


def _line(chunk: _Chunk, row: int) -> SourceLine:
    block = chunk.block
    observed, received = int(block.observed_ms[row]), int(block.received_ms[row])
    return SourceLine(
        block.sources[row],
        None if observed == NEVER else observed,
        None if received == NEVER else received,
        float(chunk.expected[row]),
        float(chunk.received[row]),
        chunk.rows[row],
        tuple(state for state, flag in zip(STATES, chunk.flags[row].tolist(), strict=True) if flag),
    )
