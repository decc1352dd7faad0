"""States of an incident, what persons do with it, and the words of its log.

    open -> repairing -> restored -> closed

The program opens an incident, and restores it when its alarms have been over for a while; it rings again when one comes back.
Persons take it (somebody is on the way), write what is done, restore it, close it, and open it again.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

from twin.errors import BadIncidentAction

IncidentState: TypeAlias = Literal["open", "repairing", "restored", "closed"]
IncidentAction: TypeAlias = Literal["take", "note", "restore", "close", "dismiss", "reopen", "cause", "split"]
STATES: Final[tuple[IncidentState, ...]] = get_args(IncidentState)

WORDS: Final[dict[IncidentAction, str]] = {
    "take": "taken",
    "note": "noted",
    "restore": "restored",
    "close": "closed",
    "dismiss": "dismissed",
    "reopen": "reopened",
    "cause": "cause_set",
    "split": "split",
}
"""Word of each action in the log; the program's own are opened, restored, reopened, merged and closed."""

_FROM: Final[dict[IncidentAction, tuple[IncidentState, ...]]] = {
    "take": ("open", "repairing"),
    "note": STATES,
    "restore": ("open", "repairing"),
    "close": ("restored",),
    "dismiss": ("open", "repairing", "restored"),
    "reopen": ("restored", "closed"),
    "cause": ("open", "repairing", "restored"),
    "split": ("open", "repairing", "restored"),
}
_TO: Final[dict[IncidentAction, IncidentState]] = {
    "take": "repairing",
    "restore": "restored",
    "close": "closed",
    "dismiss": "closed",
    "reopen": "open",
}
_NEED_NOTE: Final = frozenset({"note", "restore", "dismiss", "reopen", "cause", "split"})


def act(state: IncidentState, action: IncidentAction, *, note: str = "", merged: bool = False) -> IncidentState:
    """Return the state after a person's action.

    Parameters
    ----------
    note
        What the person says; all but `take` and `close` need it.
    merged
        Whether the incident was merged into another: nothing but a note can be written then.

    Raises
    ------
    BadIncidentAction
        When the incident is not in a state for it, or the note is missing.
    """
    if action in _NEED_NOTE and not note.strip():
        raise BadIncidentAction(f"{action} needs a note that says what was done or why")
    if merged and action != "note":
        raise BadIncidentAction(f"this incident was merged into another one; {action} that one")
    if state not in _FROM[action]:
        raise BadIncidentAction(f"the incident is {state}; {action} is for one that is {' or '.join(_FROM[action])}")
    return _TO.get(action, state)
