"""Readings of devices: a row is one value of a monitored item at a monitoring point, which becomes a frame of one value.

The device in use for that item at that point says which source it is. Each has a source of its own, so that a row never stands
against another row of the same second, nor against the frame that a station itself sends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.channels import Channel
from api.dependencies import Caller
from api.exchange.answers import Code
from api.exchange.rows import Row, RowAnswer, refused
from api.live_room import LiveRoom
from api.receipts import STORED
from api.routes.metrics import FRAMES
from data.measuring import Binding, find_measuring_points
from data.pool import Pool
from twin.readings import Result

_CODES: Final[Mapping[Result, tuple[Code, str]]] = {
    Result.ACCEPTED: (Code.CREATED, "stored"),
    Result.DUPLICATE: (Code.OK, "known"),
    Result.CONFLICT: (Code.CONFLICT, "conflict"),
    Result.UNKNOWN_SOURCE: (Code.NOT_FOUND, "unknown"),
}
_PROBLEMS: Final[Mapping[Result, str]] = {
    Result.CONFLICT: "another value of this point, item and time is stored; this one is kept aside",
    Result.UNKNOWN_SOURCE: "the point belongs to a facility that this appID may not report for",
    Result.TOO_OLD: "JCSBSJ is more than 400 days back",
    Result.FUTURE: "JCSBSJ is more than a day ahead",
}
_MAX_UNKNOWN: Final = 100


@dataclass(frozen=True)
class RealtimePush:
    """What a push of readings needs: the store, live state, who sends, the city, and the channel's counts."""

    pool: Pool
    live: LiveRoom
    caller: Caller
    city_id: int
    app_id: str
    channel: Channel

    async def store(self, rows: Sequence[Row]) -> list[RowAnswer]:
        """Store rows and return what became of each, after the commit."""
        self.caller.require("send_readings")
        self.caller.scope.require_layer("readings")
        answers = [refused(row, Code.BAD_REQUEST, "bad_row", row.problem) for row in rows if row.problem]
        fitting = [row for row in rows if not row.problem]
        bindings = await find_measuring_points(
            self.pool, self.caller.scope, self.city_id, [row.values["DWBSM"] for row in fitting]
        )
        bound: list[tuple[Row, Binding]] = []
        for row in fitting:
            binding = bindings.get((row.values["DWBSM"], row.values["JCXDM"]))
            if binding is None or not binding.single:
                answers.append(_unbound(row, binding))
            else:
                bound.append((row, binding))
        frames = [_frame(row, binding) for row, binding in bound]
        submit = self.live.submit
        results = await submit(self.city_id, frames, self.caller.scope, sender=self.app_id) if frames else []
        answers += [_answer(row, result) for (row, _), result in zip(bound, results, strict=True)]
        self._tell(rows, answers, results)
        return answers

    def _tell(self, rows: Sequence[Row], answers: Sequence[RowAnswer], results: Sequence[Result]) -> None:
        """Count what became of the rows, and tell the listeners what was refused."""
        unknown = {one.number for one in answers if one.code == Code.NOT_FOUND}
        counts: Counter[Result] = Counter(result for result in results if result is not Result.UNKNOWN_SOURCE)
        counts[Result.UNKNOWN_SOURCE] = len(unknown)
        counts[Result.BAD_VALUE] += len(answers) - len(results) - len(unknown) + results.count(Result.UNKNOWN_SOURCE)
        counts = +counts
        for result, count in counts.items():
            FRAMES.labels(result.value).inc(count)
        self.channel.frames.update({result.value: count for result, count in counts.items()})
        lost: dict[Result, int] = {result: count for result, count in counts.items() if result not in STORED}
        if lost:
            codes = dict.fromkeys(f"{row.values['DWBSM']}/{row.values['JCXDM']}" for row in rows if row.number in unknown)
            self.live.refused(self.city_id, self.app_id, lost, list(codes)[:_MAX_UNKNOWN])


def _frame(row: Row, binding: Binding) -> dict[str, Any]:
    observed_ms = int(row.values["JCSBSJ"].timestamp() * 1000)
    return {"source": binding.source, "schema": binding.schema, "observed_at": observed_ms, "values": [row.values["JCXZ"]]}


def _unbound(row: Row, binding: Binding | None) -> RowAnswer:
    point, item = row.values["DWBSM"], row.values["JCXDM"]
    if binding is None:
        problem = f"point {point!r} has no device in use for item {item}, or is not of this appID; push monitoring_device first"
        return refused(row, Code.NOT_FOUND, "unknown", problem)
    problem = (
        f"values of {item} at point {point!r} come with the frames of source {binding.source!r}; send those (POST /readings)"
    )
    return refused(row, Code.CONFLICT, "conflict", problem)


def _answer(row: Row, result: Result) -> RowAnswer:
    code, word = _CODES.get(result, (Code.BAD_REQUEST, result.value))
    problem = "" if code in {Code.CREATED, Code.OK} else _PROBLEMS.get(result, f"the value does not fit: {result.value}")
    return RowAnswer(row.number, row.bsm, code, word, problem)
