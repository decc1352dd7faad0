"""Faults on the line from the instruments: as often as said, labelled, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from twin.quality import Quality
from twin.schemas import SHIPPED_SCHEMAS
from twin.simulator.bodies import Reports
from twin.simulator.city import Simulation, start
from twin.simulator.faults import UPLOAD_HOUR_UTC, FaultShares, FaultyLine, Label, stranger, vendors
from twin.simulator.instruments import look, values
from twin.simulator.schedule import due, periods_s, phases
from twin.simulator.sources import SimulatedSource

DAY_S = 1_795_219_200.0  # midnight UTC
SCHEMAS = {f"{schema.code}/{schema.version}": schema for schema in SHIPPED_SCHEMAS}
DEVICES = tuple(
    SimulatedSource(f"heating_device:{i}", "heating_device/1", "heating_device", i, company_id=1 + i % 3) for i in range(1, 1501)
)
NOTHING = FaultShares(0, 0, 0, 0, 0, 0, 0, 0, 0, logger=0)


@dataclass
class Sent:
    """What a line sent: (code, time by the device) with the second it was sent, and the labels."""

    frames: list[tuple[str, int, float, tuple[float, ...]]] = field(default_factory=list)
    flags: list[tuple[str, int, tuple[int, ...]]] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def add(self, reports: Reports, sent_s: float) -> None:
        rows = zip(reports.codes, reports.observed_ms.tolist(), reports.values.tolist(), strict=True)
        self.frames += [(code, at, sent_s, tuple(row)) for code, at, row in rows]
        if reports.quality is not None:
            flags = zip(reports.codes, reports.observed_ms.tolist(), reports.quality.tolist(), strict=True)
            self.flags += [(code, at, tuple(row)) for code, at, row in flags]

    def of(self, fault: str) -> list[Label]:
        return [label for label in self.labels if label.fault == fault]


def _city(seed: int = 5) -> Simulation:
    return start(DEVICES, SCHEMAS, seed=seed, clock_s=DAY_S)


def _send(shares: FaultShares, *, seed: int = 5, start_s: float = DAY_S, minutes: int = 10, tick_s: float = 10.0) -> Sent:
    simulation = _city(seed)
    moment, (group,) = look(simulation), simulation.groups
    line, sent = FaultyLine(simulation.groups, seed=seed, shares=shares), Sent()
    period, phase = periods_s(group, scale=1.0, station_period_s=None), phases(group, "spread")
    for step in range(int(minutes * 60 / tick_s)):
        now_s = start_s + step * tick_s
        rows, observed_ms = due(period, phase, now_s, now_s + tick_s)
        for reports in line.carry(group, rows, observed_ms, values(moment, group, rows, observed_ms)):
            sent.add(reports, now_s + tick_s)
        for reports in line.arrivals(now_s + tick_s):
            sent.add(reports, now_s + tick_s)
        sent.labels += line.labels()
    return sent


def test_a_line_without_faults_sends_every_frame_once_and_unchanged() -> None:
    sent = _send(NOTHING, minutes=3)
    assert len(sent.frames) == 3 * len(DEVICES)
    assert not sent.labels
    assert max(at_s - at / 1000 for _, at, at_s, _ in sent.frames) <= 10.0


def test_the_same_seed_makes_the_same_faults_and_another_seed_others() -> None:
    first, again, other = (
        _send(FaultShares(), minutes=4),
        _send(FaultShares(), minutes=4),
        _send(FaultShares(), seed=6, minutes=4),
    )
    assert repr(first) == repr(again)
    assert first.labels != other.labels


@pytest.mark.parametrize(("fault", "share"), [("late", 0.02), ("duplicate", 0.01), ("conflict", 0.001), ("bad", 0.005)])
def test_so_many_frames_are_late_double_conflicting_or_bad(fault: str, share: float) -> None:
    sent = _send(replace(NOTHING, **{fault: getattr(FaultShares(), fault)}), minutes=12)
    expected = share * 12 * len(DEVICES)
    assert len(sent.of(fault)) == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert set(Counter(label.fault for label in sent.labels)) == {fault}


def test_a_late_frame_comes_by_its_delay_later_and_only_then() -> None:
    sent = _send(replace(NOTHING, late=0.05), minutes=70, tick_s=30.0)
    arrived = {(code, at): at_s for code, at, at_s, _ in sent.frames}
    end_s = DAY_S + 70 * 60
    for label in sent.of("late"):
        assert label.observed_ms is not None
        wanted_s = label.observed_ms / 1000 + label.detail["delay_s"]
        assert 60.0 <= label.detail["delay_s"] <= 3600.0
        if wanted_s < end_s - 60:
            assert 0.0 <= arrived[label.source, label.observed_ms] - wanted_s + 0.1 <= 30.2
        elif wanted_s > end_s:
            assert (label.source, label.observed_ms) not in arrived


def test_a_duplicate_is_the_same_frame_and_a_conflict_another_under_the_same_key() -> None:
    sent = _send(replace(NOTHING, duplicate=0.02, conflict=0.02), minutes=5)
    rows: dict[tuple[str, int], list[tuple[float, ...]]] = {}
    for code, at, _, row in sent.frames:
        rows.setdefault((code, at), []).append(row)
    last_ms = int((DAY_S + 5 * 60 - 30) * 1000)
    for fault, kinds in (("duplicate", 1), ("conflict", 2)):
        keys = [(label.source, label.observed_ms or 0) for label in sent.of(fault) if (label.observed_ms or 0) < last_ms]
        assert keys
        assert all(len(rows[key]) == 2 and len(set(rows[key])) == kinds for key in keys)


def test_a_bad_frame_has_its_bad_point_and_no_other() -> None:
    clean = {(code, at): row for code, at, _, row in _send(NOTHING, minutes=4).frames}
    sent = _send(replace(NOTHING, bad=0.05), minutes=4)
    schema = SCHEMAS["heating_device/1"]
    told = {(code, at): row for code, at, row in sent.flags}
    labelled = {(label.source, label.observed_ms): label.detail["point"] for label in sent.of("bad")}
    for code, at, _, row in sent.frames:
        differing = {
            schema.points[i].name
            for i, value in enumerate(row)
            if value != clean[code, at][i] or told.get((code, at), (2,) * len(row))[i] == Quality.SUSPECT
        }
        assert differing == ({labelled[code, at]} if (code, at) in labelled else set())


def test_silent_sources_send_nothing_skewed_ones_by_a_wrong_clock_and_strangers_under_an_unknown_code() -> None:
    sent = _send(replace(NOTHING, silent=0.05, skewed=0.05, unregistered=0.05), minutes=2)
    seen = {code for code, *_ in sent.frames}
    silent = {label.source for label in sent.of("silent")}
    assert silent
    assert not silent & seen
    strangers = {label.source for label in sent.of("unregistered")}
    registered = {source.code for source in DEVICES}
    assert seen - registered == {code for code in strangers if code.removesuffix("-NEW") not in silent}
    assert strangers == {stranger(code.removesuffix("-NEW")) for code in strangers}
    skew_s = {label.source: label.detail["skew_s"] for label in sent.of("skewed")}
    for code, at, at_s, _ in sent.frames:
        assert 0.0 <= at_s - at / 1000 + skew_s.get(code.removesuffix("-NEW"), 0.0) <= 10.1


def test_a_stuck_point_stays_and_all_others_move() -> None:
    sent = _send(replace(NOTHING, stuck=0.1), minutes=60, tick_s=60.0)
    names = [point.name for point in SCHEMAS["heating_device/1"].points]
    rows: dict[str, list[tuple[float, ...]]] = {}
    for code, _, _, row in sent.frames:
        rows.setdefault(code, []).append(row)
    labels = sent.of("stuck")
    assert len(labels) > 100
    for label in labels:
        place = names.index(label.detail["point"])
        assert len({row[place] for row in rows[label.source]}) == 1
        runs = rows[label.source][0][names.index("on_off_state")]
        assert len({row[names.index("energy_total_kwh")] for row in rows[label.source]}) > 30 * runs


def test_once_a_day_one_vendor_is_silent_for_half_an_hour_and_then_sends_all_of_it_at_twenty_times_the_rate() -> None:
    shares = replace(NOTHING, outage_s=1800.0)
    line = FaultyLine(_city().groups, seed=5, shares=shares)
    vendor, from_s, to_s = line.outage(int(DAY_S // 86400))
    assert to_s - from_s == 1800.0
    assert {line.outage(day)[0] for day in range(20_000, 20_020)} == {1, 2, 3}
    sent = _send(shares, start_s=from_s - 120.0, minutes=36)
    (group,) = _city().groups
    owners = dict(zip(group.codes, vendors(group).tolist(), strict=True))
    count = Counter((code, at) for code, at, *_ in sent.frames)
    assert set(count.values()) == {1}
    assert len(count) == 36 * len(DEVICES)
    late = [(code, at, at_s) for code, at, at_s, _ in sent.frames if at_s - at / 1000 > 10.1]
    assert {owners[code] for code, *_ in late} == {vendor}
    assert all(from_s <= at / 1000 < to_s for _, at, _ in late)
    assert all(to_s <= at_s <= to_s + 1800.0 / 20 + 10 for _, _, at_s in late)
    assert not any(owners[code] == vendor and from_s + 10 < at_s < to_s for code, _, at_s, _ in sent.frames)
    assert [label.source for label in sent.of("outage")] == [f"company:{vendor}"]


def test_data_loggers_upload_once_a_day_at_their_hour_all_they_stored() -> None:
    before_s = DAY_S + UPLOAD_HOUR_UTC * 3600.0 - 300.0
    sent = _send(replace(NOTHING, logger=0.05), start_s=before_s, minutes=10, tick_s=20.0)
    clean = _send(NOTHING, start_s=before_s, minutes=10, tick_s=20.0)
    loggers = {label.source for label in sent.of("logger")}
    assert 0.02 * len(DEVICES) < len(loggers) < 0.08 * len(DEVICES)
    (upload,) = sent.of("upload")
    arrived = [(code, at, at_s) for code, at, at_s, _ in sent.frames if code in loggers]
    # what they measured in five minutes comes within one round after the hour, and what came later waits for the next day
    assert {at_s for *_, at_s in arrived} == {upload.detail["at"] / 1000 + 20.0}
    assert upload.detail["at"] == int((before_s + 300.0) * 1000)
    first, last = min(at for _, at, _ in arrived), max(at for _, at, _ in arrived)
    assert (upload.detail["from"], upload.detail["to"]) == (first, last)
    assert upload.detail["frames"] == len(arrived) == len(set(arrived))
    assert upload.detail["sources"] == len(loggers)
    wanted = {frame[:2] for frame in clean.frames if frame[0] not in loggers or frame[1] <= last}
    assert {frame[:2] for frame in sent.frames} == wanted


def test_what_a_line_holds_back_goes_on_with_the_next_line() -> None:
    simulation, hour_s = _city(), DAY_S + UPLOAD_HOUR_UTC * 3600.0
    moment, (group,) = look(simulation), simulation.groups
    first, then = (FaultyLine(simulation.groups, seed=5, shares=replace(NOTHING, logger=1.0)) for _ in range(2))
    rows, observed_ms = due(periods_s(group, scale=1.0, station_period_s=None), phases(group, "spread"), hour_s - 60, hour_s)
    assert sum(map(len, first.carry(group, rows, observed_ms, values(moment, group, rows, observed_ms)))) == 0
    then.take_over(first)
    assert sum(map(len, then.arrivals(hour_s))) == 0
    assert sum(map(len, then.arrivals(hour_s + 1))) == len(DEVICES)
