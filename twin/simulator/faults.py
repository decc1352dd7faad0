"""What goes wrong between an instrument and the server, as gateways and their operators know it; every fault is labelled.

Of the frames: 2 % come 1 to 60 minutes late, 1 % twice, 0.1 % again with another value under the same time, 0.5 % with a bad
value. Of the sources: some never report, some run by a wrong clock, some hang on one value, and some senders are registered
nowhere. Once a day the line of one vendor is down for half an hour; afterwards its gateway sends what it kept at twenty times the
usual rate. One vendor of data loggers sends nothing all day and uploads everything they stored at a fixed hour, all at once.

Shares and times are drawn from seed, source and time, like everything in the simulated city: same seed, same faults.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from twin.arrays import BoolArray, Float64Array, Int64Array
from twin.physics import DAY_S
from twin.quality import Quality
from twin.simulator.bodies import Reports
from twin.simulator.chance import Keys, at_times, keys_of, uniform
from twin.simulator.sources import Group

DUPLICATE_AFTER_S: Final = 5.0
CONFLICT_AFTER_S: Final = 10.0
_LATE_S: Final = (60.0, 3600.0)
_SKEW_S: Final = (30.0, 900.0)
UPLOAD_HOUR_UTC: Final = 18
"""When data loggers upload what they stored: 2 o'clock at night in the city's zone."""
_MADE_UP_VENDORS: Final = 5
"""Where the companies of the sources are not known, gateways of so many vendors share them."""


@dataclass(frozen=True, slots=True)
class FaultShares:
    """How often what goes wrong: shares of frames, then of sources; then the daily outage.

    Attributes
    ----------
    late, duplicate, conflict, bad
        Of frames.
    silent, skewed, stuck, unregistered
        Of sources; unregistered ones are senders beside the registered.
    logger
        Of sources; they are data loggers of one vendor, which upload once a day what they stored.
    outage_s
        How long the line of one vendor is down each day; 0 = never.
    backfill_rate
        How much faster than usual it sends afterwards.
    """

    late: float = 0.02
    duplicate: float = 0.01
    conflict: float = 0.001
    bad: float = 0.005
    silent: float = 0.005
    skewed: float = 0.01
    stuck: float = 0.002
    unregistered: float = 0.001
    outage_s: float = 1800.0
    backfill_rate: float = 20.0
    logger: float = 0.001


@dataclass(frozen=True, slots=True)
class Label:
    """One fault that was made: what, of which source, the frame's time by the device (None: not of one frame), and more."""

    fault: str
    source: str
    observed_ms: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the label as a line of the file of labels."""
        frame = {} if self.observed_ms is None else {"observed_at": self.observed_ms}
        return {"fault": self.fault, "source": self.source, **frame, **self.detail}


@dataclass(frozen=True)
class _Waiting:
    """Frames that will be sent at these epoch seconds."""

    send_s: Float64Array
    reports: Reports


class FaultyLine:
    """The line from the instruments to the server. Give it what is due; it gives what arrives, and keeps what waits.

    Parameters
    ----------
    groups
        Whom it carries for.
    seed
        Of the draws.
    shares
        How often what goes wrong.
    """

    def __init__(self, groups: Sequence[Group], *, seed: int, shares: FaultShares) -> None:
        self._seed = seed
        self._shares = shares
        self._waiting: list[_Waiting] = []
        self._labels: list[Label] = []
        self._owners = {(group.name, group.kind): vendors(group) for group in groups}
        self._vendors = np.unique(np.concatenate([*self._owners.values(), np.full(0 if groups else 1, -1)]))
        self._held: dict[tuple[str, str], tuple[BoolArray, Int64Array, Float64Array]] = {}
        self._outage_told: tuple[int, int] | None = None
        self._stored: list[Reports] = []
        self._upload_s: float | None = None
        for group in groups:
            self._label_sources(group)

    def labels(self) -> list[Label]:
        """Return the faults made since the last call."""
        found, self._labels = self._labels, []
        return found

    def carry(self, group: Group, rows: Int64Array, observed_ms: Int64Array, values: Float64Array) -> list[Reports]:
        """Take frames of a group that are due and return those that are sent at once, faults in them."""
        kept = ~self._chosen(group.keys[rows], "silent", self._shares.silent)
        rows, observed_ms, values = self._without_loggers(group, rows[kept], observed_ms[kept], values[kept])
        keys = group.keys[rows]
        values = self._stuck(group, rows, values)
        reports = self._reports(group, rows, observed_ms + self._skew_ms(keys), values)
        drawn = at_times(keys, observed_ms)
        reports = self._spoiled(group, drawn, reports)
        send_s = observed_ms / 1000.0
        found = [*self._strangers(group, reports, keys)]
        wait_s = np.where(self._chosen(drawn, "late", self._shares.late), uniform(drawn, self._seed, "late by", *_LATE_S), 0.0)
        self._tell("late", reports, wait_s > 0, delay_s=wait_s)
        wait_s = np.maximum(wait_s, self._outage_wait_s(self._owners[group.name, group.kind][rows], send_s))
        self._again(group, drawn, reports, send_s + wait_s)
        later = np.flatnonzero(wait_s > 0)
        if later.size:
            self._waiting.append(_Waiting((send_s + wait_s)[later], reports.take(later)))
        return [*found, reports.take(np.flatnonzero(wait_s == 0))]

    def _without_loggers(
        self, group: Group, rows: Int64Array, observed_ms: Int64Array, values: Float64Array
    ) -> tuple[Int64Array, Int64Array, Float64Array]:
        """Keep the frames of data loggers until they upload; returns those of all others."""
        stores = self._chosen(group.keys[rows], "logger", self._shares.logger)
        if not stores.any():
            return rows, observed_ms, values
        kept = self._reports(group, rows[stores], observed_ms[stores], values[stores])
        self._stored.append(kept)
        if self._upload_s is None:
            self._upload_s = _next_upload_s(float(kept.observed_ms.min()) / 1000.0)
        return rows[~stores], observed_ms[~stores], values[~stores]

    def _upload(self, until_s: float) -> list[Reports]:
        """Return everything that data loggers stored, when its hour has come."""
        if self._upload_s is None or self._upload_s >= until_s:
            return []
        found, self._stored, at_ms, self._upload_s = self._stored, [], int(self._upload_s * 1000), None
        times = np.concatenate([one.observed_ms for one in found])
        sources = len({code for one in found for code in one.codes})
        detail = {"from": int(times.min()), "to": int(times.max()), "at": at_ms, "frames": len(times), "sources": sources}
        self._labels.append(Label("upload", "vendor:data loggers", None, detail))
        return found

    def take_over(self, other: FaultyLine) -> None:
        """Carry on with what another line holds back, when the city has changed meanwhile."""
        self._waiting, self._stored, self._upload_s = other._waiting, other._stored, other._upload_s

    def arrivals(self, until_s: float) -> Iterator[Reports]:
        """Yield frames that had to wait and are sent before `until_s`."""
        yield from self._upload(until_s)
        waiting = []
        for item in self._waiting:
            now = item.send_s < until_s
            if now.any():
                yield item.reports.take(np.flatnonzero(now))
            if not now.all():
                rest = np.flatnonzero(~now)
                waiting.append(_Waiting(item.send_s[rest], item.reports.take(rest)) if now.any() else item)
        self._waiting = waiting

    # ------------------------------------------------------------ frames

    def _chosen(self, keys: Keys, purpose: str, share: float) -> BoolArray:
        return np.asarray(uniform(keys, self._seed, purpose) < share, np.bool_)

    @staticmethod
    def _reports(group: Group, rows: Int64Array, observed_ms: Int64Array, values: Float64Array) -> Reports:
        codes = [group.codes[row] for row in rows.tolist()]
        return Reports(group.name, codes, group.company_ids[rows], observed_ms, values)

    def _spoiled(self, group: Group, drawn: Keys, reports: Reports) -> Reports:
        """Give some frames a value that is no measurement; half of the senders know and say so."""
        rows = np.flatnonzero(self._chosen(drawn, "bad", self._shares.bad))
        if not rows.size:
            return reports
        count = reports.values.shape[1]
        place = np.floor(uniform(drawn[rows], self._seed, "bad point") * count).astype(np.int64)
        how = uniform(drawn[rows], self._seed, "bad how")
        values = reports.values.copy()
        quality = np.full(values.shape, int(Quality.NOT_EVALUATED), np.uint8)
        # a value beyond its range, as a broken wire gives; nothing at all; or one that the sender itself doubts
        values[rows, place] = np.where(how < 0.4, -9999.0, np.where(how < 0.6, np.nan, values[rows, place]))
        doubted = how >= 0.6
        quality[rows[doubted], place[doubted]] = int(Quality.SUSPECT)
        names = [group.schema.points[i].name for i in place.tolist()]
        for row, name in zip(rows.tolist(), names, strict=True):
            self._labels.append(Label("bad", reports.codes[row], int(reports.observed_ms[row]), {"point": name}))
        return replace(reports, values=values, quality=quality)

    def _again(self, group: Group, drawn: Keys, reports: Reports, sent_s: Float64Array) -> None:
        """Send some frames a second time, and some with another value, a little after the first."""
        twice = self._chosen(drawn, "duplicate", self._shares.duplicate)
        differs = self._chosen(drawn, "conflict", self._shares.conflict) & ~twice
        for name, mask, after_s in (("duplicate", twice, DUPLICATE_AFTER_S), ("conflict", differs, CONFLICT_AFTER_S)):
            rows = np.flatnonzero(mask)
            if rows.size:
                again = reports.take(rows)
                if name == "conflict":
                    again = replace(again, values=_changed(group, again.values))
                self._waiting.append(_Waiting(sent_s[rows] + after_s, again))
                self._tell(name, reports, mask)

    def _tell(self, fault: str, reports: Reports, mask: BoolArray, **columns: Float64Array) -> None:
        for row in np.flatnonzero(mask).tolist():
            detail = {name: round(float(column[row]), 1) for name, column in columns.items()}
            self._labels.append(Label(fault, reports.codes[row], int(reports.observed_ms[row]), detail))

    # ------------------------------------------------------------ sources

    def _skew_ms(self, keys: Keys) -> Int64Array:
        skew_s = uniform(keys, self._seed, "skew", *_SKEW_S) * np.where(uniform(keys, self._seed, "ahead") < 0.5, 1.0, -1.0)
        return np.where(self._chosen(keys, "skewed", self._shares.skewed), np.rint(skew_s * 1000.0), 0.0).astype(np.int64)

    def _stuck(self, group: Group, rows: Int64Array, values: Float64Array) -> Float64Array:
        """Let the first gauge of some sources stay at what it showed first."""
        key = group.name, group.kind
        if key not in self._held:
            stuck = self._chosen(group.keys, "stuck", self._shares.stuck)
            self._held[key] = stuck, self._stuck_points(group), np.full(len(group), np.nan)
        stuck, points, held = self._held[key]
        mine = np.flatnonzero(stuck[rows])
        if not mine.size:
            return values
        values = values.copy()
        sources = rows[mine]
        fresh = np.isnan(held[sources])
        # the first of several frames of a source stays: written last
        held[sources[fresh][::-1]] = values[mine[fresh], points[sources[fresh]]][::-1]
        values[mine, points[sources]] = held[sources]
        return values

    def _stuck_points(self, group: Group) -> Int64Array:
        gauges = np.array(group.schema.gauge_columns or [0], np.int64)
        return gauges[np.floor(uniform(group.keys, self._seed, "stuck point") * len(gauges)).astype(np.int64)]

    def _strangers(self, group: Group, reports: Reports, keys: Keys) -> list[Reports]:
        """Return frames of senders that nobody has registered: some devices have a neighbour of the same make."""
        rows = np.flatnonzero(self._chosen(keys, "unregistered", self._shares.unregistered))
        if not rows.size:
            return []
        found = reports.take(rows)
        return [replace(found, codes=[stranger(code) for code in found.codes], quality=None)]

    def _label_sources(self, group: Group) -> None:
        points, skew_ms = self._stuck_points(group), self._skew_ms(group.keys)
        for fault in ("silent", "skewed", "stuck", "unregistered", "logger"):
            share = getattr(self._shares, fault)
            for row in np.flatnonzero(self._chosen(group.keys, fault, share)).tolist():
                code = group.codes[row]
                detail: dict[str, Any] = {}
                if fault == "skewed":
                    detail = {"skew_s": float(skew_ms[row]) / 1000.0}
                if fault == "logger":
                    detail = {"hour_utc": UPLOAD_HOUR_UTC}
                if fault == "stuck":
                    detail = {"point": group.schema.points[int(points[row])].name}
                self._labels.append(Label(fault, stranger(code) if fault == "unregistered" else code, None, detail))

    # ------------------------------------------------------------ outage of a vendor

    def outage(self, day: int) -> tuple[int, float, float]:
        """Return the vendor whose line is down on a day since 1970 (UTC), and from when to when in epoch seconds."""
        keys = keys_of([f"outage {day}"])
        vendor = int(self._vendors[int(uniform(keys, self._seed, "vendor")[0] * len(self._vendors))])
        # over before midnight, with its back-fill
        latest_s = DAY_S - self._shares.outage_s * (1.0 + 2.0 / self._shares.backfill_rate)
        start_s = day * DAY_S + float(uniform(keys, self._seed, "outage at", 0.0, latest_s)[0])
        return vendor, start_s, start_s + self._shares.outage_s

    def _outage_wait_s(self, owners: Int64Array, send_s: Float64Array) -> Float64Array:
        """Return how long frames wait for the line of their vendor."""
        if not send_s.size or self._shares.outage_s <= 0:
            return np.zeros(len(send_s))
        vendor, start_s, end_s = self.outage(int(send_s[0] // DAY_S))
        down = (owners == vendor) & (send_s >= start_s) & (send_s < end_s)
        if down.any() and self._outage_told != (vendor, int(start_s)):
            self._outage_told = vendor, int(start_s)
            detail = {"from": int(start_s * 1000), "to": int(end_s * 1000)}
            self._labels.append(Label("outage", f"company:{vendor}", None, detail))
        return np.where(down, end_s + (send_s - start_s) / self._shares.backfill_rate - send_s, 0.0)


def _next_upload_s(now_s: float) -> float:
    """Return when data loggers upload next, epoch seconds."""
    at_s = now_s // DAY_S * DAY_S + UPLOAD_HOUR_UTC * 3600.0
    return at_s if at_s > now_s else at_s + DAY_S


def vendors(group: Group) -> Int64Array:
    """Return whose gateway carries each source: that of its company, else of one of some made-up ones (-1 and below)."""
    drawn = -1 - np.floor(uniform(group.keys, 0, "gateway") * _MADE_UP_VENDORS).astype(np.int64)
    return np.where(group.company_ids > 0, group.company_ids, drawn)


def stranger(code: str) -> str:
    """Return the code under which the unregistered neighbour of a source sends."""
    return f"{code}-NEW"


def _changed(group: Group, values: Float64Array) -> Float64Array:
    """Return values of which one differs in a digit that the instrument prints, and stays in its range."""
    place = (group.schema.total_columns or group.schema.gauge_columns)[0]
    found = values.copy()
    value = np.nan_to_num(found[:, place])
    found[:, place] = np.where(value > 1.0, value - 1.0, value + 1.0)
    return found
