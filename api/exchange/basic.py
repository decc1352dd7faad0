"""Basic data: monitoring points, devices and thresholds are registered once, and read back.

They become the records of `data.measuring`. Basic data may not be changed or deleted (platform requirements 4.3.3, 4.3.4): a row
that is there with another content stays as it was; a correction is made by a person with `POST /measuring-...`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

from api.dependencies import Caller
from api.exchange.answers import Code
from api.exchange.records import (
    Values,
    device_record,
    device_values,
    normal_thresholds,
    point_record,
    point_values,
    same,
    threshold_record,
    threshold_values,
)
from api.exchange.rows import Row, RowAnswer, refused
from api.exchange.tables import Table
from api.live_room import LiveRoom
from data.errors import Conflict, DatabaseUnavailable, DataError, NotFound
from data.exchange import Facility, find_devices, find_facilities
from data.measuring import DeviceFilter, PointFilter, list_devices, list_points, list_thresholds
from data.measuring_records import store_devices, store_points, store_thresholds
from data.pool import Pool
from twin.errors import BadRecord, TwinError

_CHANGED: Final = (
    "a row with this {key} and another content is there; basic data may not be changed or deleted, it stays as it was"
)
_CODES: Final[tuple[tuple[type[Exception], Code, str], ...]] = (
    (Conflict, Code.CONFLICT, "conflict"),
    (NotFound, Code.NOT_FOUND, "unknown"),
)

Make: TypeAlias = Callable[[Values], Any]
"""Makes the record of a row."""


@dataclass(frozen=True)
class BasicPush:
    """What a push of basic data needs: the store, live state, who sends, the city, and the lock of all such pushes."""

    pool: Pool
    live: LiveRoom
    caller: Caller
    city_id: int
    lock: asyncio.Lock

    async def store(self, table: Table, rows: Sequence[Row]) -> list[RowAnswer]:
        """Write the rows that are new; returns what became of each, after the commit."""
        self.caller.require("register_sources")
        answers = [refused(row, Code.BAD_REQUEST, "bad_row", row.problem) for row in rows if row.problem]
        fitting = [row for row in rows if not row.problem]
        once, again = _first_ones(fitting)
        # what is not there must still not be there when it is written
        async with self.lock:
            answers += await _STORES[table.name](self, once)
        return answers + [_repeated(row, first, answers) for row, first in again]

    async def _new(self, rows: Sequence[Row], known: Mapping[str, Values], key: str) -> tuple[list[RowAnswer], list[Row]]:
        """Return the answers to rows that are there already, and the rows that are not."""
        answers = []
        for row in rows:
            there = known.get(row.values[key])
            if there is not None and same(row.values, there):
                answers.append(RowAnswer(row.number, row.bsm, Code.OK, "known"))
            elif there is not None:
                answers.append(refused(row, Code.CONFLICT, "conflict", _CHANGED.format(key=key)))
        return answers, [row for row in rows if row.values[key] not in known]

    async def points(self, rows: Sequence[Row]) -> list[RowAnswer]:
        """Register measuring points."""
        asked = PointFilter(bsm=[row.bsm for row in rows])
        _, stored = await list_points(self.pool, self.caller.scope, self.city_id, asked, limit=len(rows) + 1, offset=0)
        answers, new = await self._new(rows, {one.bsm: point_values(one) for one in stored}, "BSM")
        words = [row.values["SZSSDM"] or row.values["SSMC"] for row in new]
        facilities = await find_facilities(self.pool, self.caller.scope, self.city_id, words) if new else {}
        problems = {row.number: _facility_problem(row, facilities) for row in new}
        answers += [refused(row, Code.NOT_FOUND, "unknown", problems[row.number]) for row in new if problems[row.number]]
        placed = {
            row.number: facilities[word][0].asset_id for row, word in zip(new, words, strict=True) if not problems[row.number]
        }
        records = [(row, partial(point_record, asset_id=placed[row.number])) for row in new if row.number in placed]
        return answers + await self._write(store_points, records)

    async def devices(self, rows: Sequence[Row]) -> list[RowAnswer]:
        """Register measuring devices, each with a source of its own."""
        asked = DeviceFilter(bsm=[row.bsm for row in rows])
        _, stored = await list_devices(self.pool, self.caller.scope, self.city_id, asked, limit=len(rows) + 1, offset=0)
        answers, new = await self._new(rows, {one.bsm: device_values(one) for one in stored}, "BSM")
        written = await self._write(store_devices, [(row, device_record) for row in new])
        if any(one.code == Code.CREATED for one in written):
            await self.live.reload(self.city_id)
        return answers + written

    async def thresholds(self, rows: Sequence[Row]) -> list[RowAnswer]:
        """Set the thresholds of devices that have none."""
        answers, fitting = [], []
        for row in rows:
            try:
                fitting.append(Row(row.number, normal_thresholds(row.values)))
            except BadRecord as error:
                answers.append(refused(row, Code.BAD_REQUEST, "bad_row", str(error)))
        devices = await find_devices(self.pool, self.caller.scope, self.city_id, [row.values["JCSBDM"] for row in fitting])
        asked = DeviceFilter(bsm=list(devices.values()))
        _, stored = await list_thresholds(self.pool, self.caller.scope, self.city_id, asked, limit=len(rows) + 1, offset=0)
        told, new = await self._new(fitting, {one.device_code: threshold_values(one) for one in stored}, "JCSBDM")
        return answers + told + await self._write(store_thresholds, [(row, threshold_record) for row in new])

    async def _write(self, store: Any, rows: Sequence[tuple[Row, Make]]) -> list[RowAnswer]:
        """Write rows together; where one of them does not fit, by halves until it stands alone."""
        if not rows:
            return []
        try:
            records = [make(row.values) for row, make in rows]
            await store(self.pool, self.caller.scope, self.city_id, records, seat=self.caller.seat)
        except DatabaseUnavailable:
            raise
        except (DataError, TwinError) as error:
            if len(rows) == 1:
                return [_row_refusal(rows[0][0], error)]
            middle = len(rows) // 2
            return await self._write(store, rows[:middle]) + await self._write(store, rows[middle:])
        return [RowAnswer(row.number, row.bsm, Code.CREATED, "stored") for row, _ in rows]


_STORES: Final = {
    "monitoring_point": BasicPush.points,
    "monitoring_device": BasicPush.devices,
    "monitoring_item_threshold": BasicPush.thresholds,
}


def _row_refusal(row: Row, error: Exception) -> RowAnswer:
    code, word = next(((code, word) for kind, code, word in _CODES if isinstance(error, kind)), (Code.BAD_REQUEST, "bad_row"))
    return refused(row, code, word, str(error))


def _first_ones(rows: Sequence[Row]) -> tuple[list[Row], list[tuple[Row, Row]]]:
    """Return the first row of each identifier, and the others each with that first one."""
    first: dict[str, Row] = {}
    again = []
    for row in rows:
        if row.bsm in first:
            again.append((row, first[row.bsm]))
        else:
            first[row.bsm] = row
    return list(first.values()), again


def _repeated(row: Row, first: Row, answers: Sequence[RowAnswer]) -> RowAnswer:
    """Return the answer to a row whose identifier came before in the same push."""
    before = next(one for one in answers if one.number == first.number)
    if row.values != first.values:
        return refused(row, Code.CONFLICT, "conflict", _CHANGED.format(key="BSM"))
    known = before.code in {Code.CREATED, Code.OK}
    return RowAnswer(row.number, row.bsm, Code.OK, "known") if known else refused(row, before.code, before.result, before.problem)


def _facility_problem(row: Row, facilities: Mapping[str, Sequence[Facility]]) -> str:
    field = "SZSSDM" if row.values["SZSSDM"] else "SSMC"
    word = row.values[field]
    found = facilities.get(word, ())
    if not found:
        return f"{field} is {word!r}, but this appID sees no facility with that code or name; SZSSDM may name it by its code"
    if len(found) > 1:
        several = ", ".join(f"{one.kind} {one.code}" for one in found[:5])
        return f"{field} is {word!r}, which {len(found)} facilities have ({several}); name one by its code in SZSSDM"
    return ""
