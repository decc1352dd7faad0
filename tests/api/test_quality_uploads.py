"""When the upload of a company counts as stopped, and when as come back."""

from __future__ import annotations

from api.quality_uploads import Steady

STOPPED = (1, "upload_stopped")


def _run(steady: Steady, states: str) -> str:
    """Play one look every 10 s; `x` = stopped. Returns what each look says: `r`aised, `b`ack or nothing."""
    said = ""
    for state in states:
        raised, back = steady.note({STOPPED: state == "x"}, 10.0)
        steady.done(raised, back)
        said += "r" if raised else "b" if back else "."
    return said


def test_an_upload_that_stops_is_told_once_and_again_only_after_it_had_come_back() -> None:
    steady = Steady(20.0)
    assert _run(steady, "ooo" + "xxxxxx" + "oo" + "xxxx" + "oooo" + "xxxx") == "..b" + "..r..." + ".." + "...." + "..b." + "..r."


def test_without_a_delay_it_is_told_at_the_first_look() -> None:
    assert _run(Steady(0.0), "xxo") == "r.b"


def test_what_could_not_be_stored_is_said_again() -> None:
    steady = Steady(0.0)
    assert steady.note({STOPPED: True}, 10.0) == ([STOPPED], [])
    assert steady.note({STOPPED: True}, 10.0) == ([STOPPED], [])
