"""The states of one alarm (OPC UA Part 9, ISA-18.2) and what persons and the program may do with it.

An alarm is one row from the moment it is raised: active or not, acknowledged, confirmed, shelved until a time, suppressed by the
program, out of service by a person, judged true or false. States are independent of each other, except that only an
acknowledged alarm can be confirmed. Nothing here knows a clock or a database: the time comes in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias, get_args

from twin.errors import BadAlarmAction

Action: TypeAlias = Literal[
    "acknowledge", "confirm", "comment", "shelve", "unshelve", "out_of_service", "return_to_service", "judge_true", "judge_false"
]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
MAX_SHELVED: Final = timedelta(days=7)
"""Longest time an alarm may be shelved: a shelf without an end is where alarms are forgotten."""
TRANSITIONS: Final[dict[Action, str]] = {
    "acknowledge": "acknowledged",
    "confirm": "confirmed",
    "comment": "commented",
    "shelve": "shelved",
    "unshelve": "unshelved",
    "out_of_service": "out_of_service",
    "return_to_service": "in_service",
    "judge_true": "judged_true",
    "judge_false": "judged_false",
}
"""Word of each action in the transition log."""


@dataclass(frozen=True, slots=True)
class AlarmState:
    """States of one alarm.

    Attributes
    ----------
    active, acknowledged, confirmed
        Whether the condition holds; whether somebody has seen it; whether somebody has confirmed what was done.
    shelved_until
        End of the shelf; None = not shelved.
    suppressed
        Kept off the list by the program, as a child of a greater alarm.
    out_of_service
        Kept off the list by a person, for maintenance.
    false_alarm
        Verdict: True = false alarm (误报), False = true, None = nobody has judged.
    """

    active: bool = True
    acknowledged: bool = False
    confirmed: bool = False
    shelved_until: datetime | None = None
    suppressed: bool = False
    out_of_service: bool = False
    false_alarm: bool | None = None

    def shelved(self, now: datetime) -> bool:
        """Tell whether it lies on the shelf at a time."""
        return self.shelved_until is not None and self.shelved_until > now

    def quiet(self, now: datetime) -> bool:
        """Tell whether it is kept from ringing: shelved, suppressed or out of service."""
        return self.shelved(now) or self.suppressed or self.out_of_service


def act(state: AlarmState, action: Action, *, now: datetime, until: datetime | None = None, note: str = "") -> AlarmState | None:
    """Return the state after a person's action; None when it changes nothing (a second acknowledgement, a second unshelving).

    Parameters
    ----------
    until
        End of the shelf, of `shelve` only.
    note
        What the person says. A comment, a verdict, a shelf and taking out of service need one.

    Raises
    ------
    BadAlarmAction
        When the alarm is not in a state for it, the end of the shelf is missing or out of range, or a reason is missing.
    """
    if action in _NEED_REASON and not note.strip():
        raise BadAlarmAction(f"{action} needs a note that says why")
    if (until is not None) != (action == "shelve"):
        raise BadAlarmAction("shelve needs until, the end of the shelf; no other action has one")
    if action == "comment":
        return state
    after = _after(state, action, now, until)
    return None if after == state else after


_NEED_REASON: Final = frozenset({"comment", "shelve", "out_of_service", "judge_true", "judge_false"})


def _after(state: AlarmState, action: Action, now: datetime, until: datetime | None) -> AlarmState:
    if action == "confirm" and not state.acknowledged:
        raise BadAlarmAction("only an acknowledged alarm can be confirmed; acknowledge it first")
    if action == "shelve":
        if until is None or until.tzinfo is None or not now < until <= now + MAX_SHELVED:
            raise BadAlarmAction(
                f"until is {until}; a shelf ends within {MAX_SHELVED.days} days from now, at a time with its zone"
            )
        return replace(state, shelved_until=until)
    changed: dict[str, AlarmState] = {
        "acknowledge": replace(state, acknowledged=True),
        "confirm": replace(state, confirmed=True),
        "unshelve": replace(state, shelved_until=None),
        "out_of_service": replace(state, out_of_service=True),
        "return_to_service": replace(state, out_of_service=False),
        "judge_true": replace(state, false_alarm=False),
        "judge_false": replace(state, false_alarm=True),
    }
    return changed[action]
