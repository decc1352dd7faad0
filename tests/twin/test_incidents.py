"""Alarms folded under causes, what persons do with an incident, floods, and the table of heating faults."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology.test_root_cause import comb
from topology.network import build_network
from twin.alarms import shipped_rules
from twin.errors import BadIncidentAction
from twin.incidents.affected import affected
from twin.incidents.evidence import explainable
from twin.incidents.flood import NO_FLOOD, flood_after
from twin.incidents.fold import Fold, Memory, OpenAlarm, Pace, Scene, Standing, Suspect, fold
from twin.incidents.states import STATES, act
from twin.incidents.statistics import Stop, fault_table, labels

PACE = Pace(wait_s=3.0, hold_s=20.0, calm_s=60.0)


@dataclass
class Book:
    """A store of incidents in memory: it does what each look decides."""

    standing: dict[int, Standing] = field(default_factory=dict)
    holder: dict[int, int] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    closed: dict[int, int] = field(default_factory=dict)
    alarm_of: dict[int, int] = field(default_factory=dict)
    raised: int = 0
    now_s: float = 0.0

    def look(self, ringing: Iterable[int], causes: Sequence[Iterable[int]], after_s: float = 1.0) -> Fold:
        """Look at assets that ring and at causes, given by the assets that they explain; who rings again has a new alarm."""
        self.now_s += after_s
        ringing = list(ringing)
        self.alarm_of = {asset: self.alarm_of.get(asset) or self._new_alarm(asset) for asset in ringing}
        alarms = [OpenAlarm(self.alarm_of[asset], asset) for asset in ringing]
        suspects = [Suspect(frozenset(assets), frozenset({min(assets)})) for assets in map(set, causes)]
        scene = Scene(alarms, suspects, list(self.standing.values()), self.holder)
        done = fold(scene, self.memory, now_s=self.now_s, pace=PACE)
        self._apply(done, suspects)
        return done

    def _new_alarm(self, asset: int) -> int:
        self.raised += 1
        return 1000 * self.raised + asset

    def _apply(self, done: Fold, suspects: Sequence[Suspect]) -> None:
        self.memory = done.memory
        for incident, alarms in done.left.items():
            assert all(self.holder.pop(alarm) == incident for alarm in alarms)
        for incident, alarms in done.joined.items():
            assert not set(alarms) & set(self.holder)
            self.holder.update(dict.fromkeys(alarms, incident))
        for number, (suspect, alarms) in enumerate(done.opened):
            incident = 1 + len(self.standing) + len(self.closed)
            assert not set(alarms) & set(self.holder)
            self.holder.update(dict.fromkeys(alarms, incident))
            assets = frozenset(alarm % 1000 for alarm in alarms)
            self.standing[incident] = Standing(incident, suspects[suspect].places, assets, len(assets))
            assert number <= suspect
        for incident in done.merged:
            self.closed[incident] = done.merged[incident]
            del self.standing[incident]
        for incident in done.restored | done.returned:
            self.standing[incident] = replace(self.standing[incident], over=incident in done.restored)
        for incident, each in self.standing.items():
            mine = frozenset(alarm % 1000 for alarm, holder in self.holder.items() if holder == incident)
            now = frozenset(alarm % 1000 for alarm in done.members.get(incident, frozenset()))
            self.standing[incident] = replace(each, assets=each.assets | mine, peak=max(each.peak, len(now)))

    def of(self, asset: int) -> int | None:
        """Return the incident that holds the alarm of an asset."""
        return self.holder.get(self.alarm_of.get(asset, 0))


def opened(ringing: Iterable[int], causes: Sequence[Iterable[int]]) -> Book:
    """Return a book after the causes have had their time to open incidents."""
    book = Book()
    ringing = list(ringing)
    book.look(ringing, causes)
    assert not book.standing, "an incident waits for more alarms"
    book.look(ringing, causes, after_s=PACE.wait_s)
    return book


# ------------------------------------------------------------ folding


def test_one_incident_a_cause_and_what_no_cause_explains_stays_visible() -> None:
    book = opened([1, 2, 3, 11, 12, 99], [[1, 2, 3], [11, 12]])
    assert len(book.standing) == 2
    assert book.of(1) == book.of(2) == book.of(3) != book.of(11) == book.of(12)
    assert book.of(99) is None


def test_one_asset_alone_opens_nothing() -> None:
    assert not opened([1], [[1]]).standing


@given(
    groups=st.lists(st.sets(st.integers(0, 40), min_size=2, max_size=8), min_size=1, max_size=3),
    change=st.integers(0, 40),
    gone=st.booleans(),
)
def test_one_alarm_more_or_less_changes_no_identity(groups: list[set[int]], change: int, gone: bool) -> None:
    disjoint: list[set[int]] = []
    taken: set[int] = set()
    for group in groups:
        own = group - taken
        taken |= own
        if len(own) >= 3:
            disjoint.append(own)
    if not disjoint:
        return
    book = opened(sorted(taken), disjoint)
    before = {asset: book.of(asset) for group in disjoint for asset in group}
    moved = [group - {change} if gone else group | ({change} - taken) for group in disjoint[:1]] + disjoint[1:]
    ringing = taken - {change} if gone else taken | {change}
    book.look(sorted(ringing), moved)
    kept = {asset: book.of(asset) for asset in before if asset in ringing}
    assert kept == {asset: incident for asset, incident in before.items() if asset in ringing}


@settings(max_examples=60)
@given(
    looks=st.lists(
        st.tuples(
            st.sets(st.integers(0, 12), max_size=13),
            st.lists(st.integers(0, 3), min_size=13, max_size=13),
            st.sampled_from([1.0, 5.0, 25.0, 70.0]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_no_alarm_is_ever_lost_or_in_two_incidents(looks: list[tuple[set[int], list[int], float]]) -> None:
    book = Book()
    for ringing, group_of, after_s in looks:
        causes = [[asset for asset in ringing if group_of[asset] == number] for number in range(3)]
        done = book.look(sorted(ringing), [cause for cause in causes if cause], after_s)
        folded = [alarm for alarms in done.members.values() for alarm in alarms]
        folded += [alarm for _, alarms in done.opened for alarm in alarms]
        assert len(folded) == len(set(folded))
        assert set(folded) <= set(book.alarm_of.values())
        for incident, alarms in done.members.items():
            if incident not in done.merged:
                assert all(book.holder[alarm] == incident for alarm in alarms)
        assert set(book.holder.values()) <= set(book.standing) | set(book.closed)
        assert all(
            book.holder.get(alarm, min(book.standing, default=0)) in {*book.standing, 0} for alarm in book.alarm_of.values()
        )


def test_a_search_that_says_otherwise_for_a_moment_moves_nothing_and_one_that_insists_does() -> None:
    book = opened([1, 2, 3, 4, 11, 12, 13], [[1, 2, 3, 4], [11, 12, 13]])
    first, second = book.of(1), book.of(11)
    for _ in range(3):
        book.look([1, 2, 3, 4, 11, 12, 13], [[1, 2, 3], [4, 11, 12, 13]])
        assert book.of(4) == first
    book.look([1, 2, 3, 4, 11, 12, 13], [[1, 2, 3, 4], [11, 12, 13]])
    book.look([1, 2, 3, 4, 11, 12, 13], [[1, 2, 3], [4, 11, 12, 13]], after_s=15)
    assert book.of(4) == first, "the time astray begins anew"
    book.look([1, 2, 3, 4, 11, 12, 13], [[1, 2, 3], [4, 11, 12, 13]], after_s=PACE.hold_s)
    assert book.of(4) == second


def test_two_incidents_with_one_cause_become_one_that_keeps_the_larger_ones_number() -> None:
    book = opened([1, 2, 3, 4, 11, 12], [[1, 2, 3, 4], [11, 12]])
    large, small = book.of(1), book.of(11)
    everything = [1, 2, 3, 4, 11, 12]
    book.look(everything, [everything])
    done = book.look(everything, [everything], after_s=PACE.hold_s)
    assert done.merged == {small: large}
    assert {book.of(asset) for asset in everything} == {large}


def test_a_cause_that_turns_out_to_be_two_becomes_two_incidents() -> None:
    everything = [1, 2, 3, 11, 12]
    book = opened(everything, [everything])
    first = book.of(1)
    book.look(everything, [[1, 2, 3], [11, 12]])
    assert book.of(11) == first
    book.look(everything, [[1, 2, 3], [11, 12]], after_s=PACE.hold_s)
    assert book.of(1) == first
    assert book.of(11) == book.of(12) not in {first, None}


def test_while_alarms_clear_an_incident_keeps_what_still_rings_and_is_over_after_a_while() -> None:
    book = opened(range(1, 9), [range(1, 9)])
    number = book.of(1)
    book.look([7, 8], [])
    book.look([7, 8], [], after_s=10 * PACE.hold_s)
    assert book.of(7) == book.of(8) == number
    assert not book.look([], []).restored
    assert book.look([], [], after_s=PACE.calm_s).restored == {number}
    done = book.look([2, 3], [[2, 3]])
    assert done.returned == {number}, "it comes back under its own number"


def test_only_what_is_missing_can_be_explained_by_something_upstream() -> None:
    rules = {rule.code: explainable(rule) for rule in shipped_rules()}
    assert rules["secondary_supply_temperature_low"]
    refused = [code for code, fits in rules.items() if not fits]
    for word in ("silence", "leak", "water_loss", "smoke", "_high", "secondary_supply_pressure", "constant_pressure"):
        assert any(word in code for code in refused)
        assert not any(word in code for code, fits in rules.items() if fits)


# ------------------------------------------------------------ who is without heat


def test_a_cut_takes_what_hangs_on_it_and_a_shortage_only_those_who_ring() -> None:
    network = build_network(comb().tables())
    trunk = int(network.segments.segment_id[0])
    stations = [20, 21]
    short = affected(network, [], "shut", stations)
    assert (short.station_ids.tolist(), short.building_ids.tolist()) == ([20, 21], [40, 41])
    first = next(
        int(each)
        for each in np.unique(network.segments.segment_id)
        if {20, 31} <= set(affected(network, [int(each)], "cut_off", []).station_ids.tolist())
    )
    cut = affected(network, [first], "cut_off", stations)
    assert set(cut.station_ids.tolist()) == set(range(20, 32))
    assert set(cut.building_ids.tolist()) == set(range(40, 52))
    assert affected(network, [trunk], "shut", [10**6]).building_ids.size == 0


# ------------------------------------------------------------ states


def test_an_incident_goes_from_open_to_closed_and_back() -> None:
    assert act("open", "take") == "repairing"
    assert act("repairing", "restore", note="valve changed") == "restored"
    assert act("restored", "close") == "closed"
    assert act("closed", "reopen", note="cold again") == "open"
    assert act("repairing", "dismiss", note="test of the sensors") == "closed"
    assert [act(state, "note", note="x") for state in STATES] == list(STATES)


@pytest.mark.parametrize(
    ("state", "action", "note", "merged"),
    [
        ("open", "close", "x", False),
        ("closed", "take", "", False),
        ("open", "reopen", "x", False),
        ("closed", "split", "x", False),
        ("open", "restore", " ", False),
        ("open", "note", "", False),
        ("closed", "reopen", "x", True),
    ],
)
def test_what_does_not_fit_its_state_is_refused(state: str, action: str, note: str, merged: bool) -> None:
    with pytest.raises(BadIncidentAction):
        act(state, action, note=note, merged=merged)  # type: ignore[arg-type]


# ------------------------------------------------------------ floods and faults

NOW = datetime(2026, 1, 15, tzinfo=UTC)


def test_a_flood_begins_above_ten_an_operator_and_ends_at_half() -> None:
    def after(before: object, raised: int, operators: int = 1) -> bool:
        return flood_after(before, raised, now=NOW, per_operator=10, operators=operators).flood  # type: ignore[arg-type]

    assert not after(NO_FLOOD, 10)
    assert after(NO_FLOOD, 11)
    assert not after(NO_FLOOD, 11, operators=2)
    running = flood_after(NO_FLOOD, 40, now=NOW, per_operator=10, operators=1)
    assert (running.since, running.limit) == (NOW, 10)
    assert flood_after(running, 6, now=NOW + timedelta(hours=1), per_operator=10, operators=1).since == NOW
    assert not after(running, 5)


def stop(area_m2: float, hours: float | None, ago_h: float = 100.0) -> Stop:
    started_at = NOW - timedelta(hours=ago_h)
    return Stop(area_m2, started_at, None if hours is None else started_at + timedelta(hours=hours))


def table(*stops: Stop) -> dict[int, float | None]:
    found = fault_table(stops, now=NOW, since=NOW - timedelta(days=10), until=NOW, total_area_m2=20e6)
    return found.rows


@pytest.mark.parametrize(
    ("area_m2", "hours", "row"),
    [
        (1e7, 24.0, 3),
        (1e7, 24.1, 2),
        (9_999_999.0, 24.0, 5),
        (5_000_001.0, 30.0, 4),
        (5e6, 24.0, 7),
        (1_000_001.0, 24.5, 6),
        (1e6, 12.0, 9),
        (1.0, 12.1, 8),
    ],
)
def test_a_fault_counts_in_one_row_of_its_band(area_m2: float, hours: float, row: int) -> None:
    rows = table(stop(area_m2, hours))
    assert [number for number in range(2, 10) if rows[number]] == [row]
    assert (rows[1], rows[10], rows[11]) == (1, float(hours >= 24.0), round(hours, 1))


def test_area_hours_mean_time_and_rate_are_those_of_all_faults() -> None:
    rows = table(stop(1e6, 10.0), stop(2e6, 25.0), stop(5e5, None, ago_h=6.0), stop(0.0, 3.0))
    assert rows[1] == 3, "a stop of nobody's heat is no fault"
    assert (rows[9], rows[6]) == (1, 1)
    assert rows[11] == 17.5
    assert rows[12] == 1e6 * 10 + 2e6 * 25 + 5e5 * 6
    assert rows[13] == pytest.approx(100 * rows[12] / (20e6 * 240), abs=1e-4)
    open_one = fault_table([stop(5e5, None, 6.0)], now=NOW, since=NOW - timedelta(days=1), until=NOW, total_area_m2=0)
    assert (open_one.undecided, open_one.rows[8], open_one.rows[11], open_one.rows[13]) == (1, 0, None, None)
    assert table(stop(5e5, None, ago_h=13.0))[8] == 1, "not restored within twelve hours, open or not"


def test_the_rows_are_those_of_the_standard(shared: Path) -> None:
    with (shared / "domain" / "gbt43097-statistics.csv").open(encoding="utf-8") as file:
        printed = {int(row["no"]): row for row in csv.DictReader(file) if row["table_en"] == "heating_fault"}
    assert {number: (zh, unit) for number, (zh, _, unit) in labels().items()} == {
        number: (row["indicator_zh"], row["unit"]) for number, row in printed.items()
    }
