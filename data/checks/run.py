"""Runs the checks of a city and brings the table of problems up to date, in one transaction.

A problem is known by its rule and a key made of what it is about (assets or register row, and a detail): found again it keeps its
id, its state and what was decided; not found any more it is gone. A second run of an unchanged city writes nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from data.checks.catalogue import parameters
from data.checks.context import Context, local_scale
from data.checks.steps import REPAIRS, STEPS, Step
from data.errors import NotFound
from data.pool import Connection
from data.statements import sql
from twin.checks import RULES

logger = logging.getLogger(__name__)

Progress: TypeAlias = Callable[[str, float], None]
LISTED_ASSETS = 1000
"""Assets of one problem that are stored; it says how many there are."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a run found.

    Attributes
    ----------
    found
        Problems by rule, those without any included.
    added, changed, gone
        Rows of the table of problems that are new, that say something else now, and that are not found any more.
    seconds
        Duration by step (named by its first rule), and of writing (`problems`).
    """

    city_id: int
    found: Mapping[str, int]
    added: int
    changed: int
    gone: int
    seconds: Mapping[str, float]

    @property
    def total(self) -> int:
        """Number of problems found."""
        return sum(self.found.values())


def run_checks(
    connection: Connection,
    city_id: int,
    *,
    rules: Sequence[str] | None = None,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> CheckReport:
    """Check a city and update its problems.

    Parameters
    ----------
    connection
        Outside a transaction, or inside the caller's (then the caller commits).
    city_id
        The city.
    rules
        Only these; None = all. Rules that one statement finds together are run together, and `converted_already` with those of
        places.
    progress
        Called with a message and the done share 0..1.
    now
        Time of the run (years in the future are counted from it); None = now.

    Raises
    ------
    NotFound
        When there is no such rule; the message lists the rules.

    Notes
    -----
    Cost: see docs/checks.md. Two runs of one city wait for each other.
    """
    steps = _steps(rules)
    seconds: dict[str, float] = {}
    with connection.transaction():
        connection.execute(sql("check_lock"), {"city_id": city_id})
        values = {**parameters((now or datetime.now(UTC)).date()), **local_scale(connection, city_id)}
        context = Context(connection, city_id, values)
        context.execute("check_begin")
        context.execute("check_found_key")
        for number, step in enumerate(steps):
            if progress is not None:
                progress(f"checking {step.rules[0]}", number / len(steps))
            started = time.perf_counter()
            step.run(context)
            seconds[step.rules[0]] = round(seconds.get(step.rules[0], 0.0) + time.perf_counter() - started, 3)
        started = time.perf_counter()
        names = {name for step in steps for name in step.rules}
        context.execute("check_found_analyze")
        for step in REPAIRS:
            if not names.isdisjoint(step.rules):
                step.run(context)
        seconds["repairs"] = round(time.perf_counter() - started, 3)
        started = time.perf_counter()
        report = _write(context, [name for step in steps for name in step.rules], seconds)
        seconds["problems"] = round(time.perf_counter() - started, 3)
    logger.info("checks of city %d: %d problems, %d new, %d gone", city_id, report.total, report.added, report.gone)
    return report


def _steps(rules: Sequence[str] | None) -> Sequence[Step]:
    if rules is None:
        return STEPS
    unknown = sorted(set(rules) - set(RULES))
    if unknown:
        raise NotFound(f"there is no rule {unknown[0]!r}; rules are {', '.join(RULES)}")
    wanted = set(rules)
    if any(RULES[name].group == "place" or name == "building_twice" for name in rules):
        wanted.add("converted_already")  # says nothing of places where a whole layer lies wrong
    return [step for step in STEPS if not wanted.isdisjoint(step.rules)]


def _write(context: Context, rules: Sequence[str], seconds: Mapping[str, float]) -> CheckReport:
    """Compare what was found with the table of problems and write the difference."""
    context.execute("check_versions")
    context.execute("check_placed", {"listed": LISTED_ASSETS})
    for name in ("check_placed_index", "check_placed_analyze"):
        context.execute(name)
    changed = context.execute("problem_update")
    gone = context.execute("problem_gone", {"rules": list(rules)})
    added = context.execute("problem_insert")
    if changed or gone or added:
        context.execute("problem_bump")
    counts = dict.fromkeys(rules, 0) | dict(context.connection.execute(sql("check_rule_counts")).fetchall())
    context.execute("check_end")
    return CheckReport(context.city_id, counts, added, changed, gone, seconds)
