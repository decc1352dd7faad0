"""Which permission each changing route needs. A changing route that is not listed needs an administrator.

One list in one place: what a role may change is read here and in `twin/seats.py`, and a new route is closed until listed.
"""

from __future__ import annotations

import re

from twin.seats import Permission

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

WRITES: tuple[tuple[str, str, Permission | None], ...] = (
    # method, path, permission (None: every seat)
    ("POST", r"/session(/password|/ticket)?", None),
    ("DELETE", r"/session", None),
    ("POST", r"/readings", "send_readings"),
    ("POST", r"/eUrbanMIS/api/v1/pushdata", None),  # the seat is that of its signature, and the route asks for its rights
    ("PUT", r"/readings/retention", "set_retention"),
    ("POST", r"/sources(/retire)?", "register_sources"),
    ("POST", r"/schemas", "register_sources"),
    ("POST", r"/quality/rules", "set_quality_rules"),
    ("PUT", r"/quality/rules/[^/]+", "set_quality_rules"),
    ("POST", r"/quality/rules/try", None),  # a question; it writes nothing
    ("POST", r"/quality/checks(/[^/]+/(verdict|send))?", "judge_quality"),
    ("POST", r"/quality/checks/[^/]+/answer", "answer_quality"),
    ("POST", r"/measuring-(points|devices|thresholds)", "register_sources"),
    ("POST", r"/alarms/[^/]+/(acknowledge|confirm|comment|shelve|unshelve)", "acknowledge_alarms"),
    ("POST", r"/alarms/[^/]+/(out-of-service|return-to-service|verdict)", "acknowledge_alarms"),
    ("POST", r"/warnings(/[^/]+/(handle|lift))?", "issue_warnings"),
    ("POST", r"/drills(/[^/]+/(end|alarms))?", "run_drills"),
    ("POST", r"/drills/[^/]+/alarms/[^/]+/(acknowledge|clear)", "acknowledge_alarms"),
    ("PUT", r"/alarms/rules/[^/]+(/limits)?", "edit_alarm_rules"),
    ("POST", r"/notices/subscriptions", None),  # one's own; others' with manage_seats, addresses with notify_outside
    ("PUT", r"/notices/subscriptions/[^/]+", None),
    ("DELETE", r"/notices/subscriptions/[^/]+", None),
    ("POST", r"/notices/test", None),  # as a subscription
    ("POST", r"/notices/[^/]+/seen", None),
    ("PUT", r"/notices/push", None),
    ("DELETE", r"/notices/push", None),
    ("PUT", r"/notices/rules/[^/]+", "edit_alarm_rules"),
    ("POST", r"/incidents/[^/]+/(take|log|restore|close|dismiss|reopen|cause|split)", "acknowledge_alarms"),
    ("POST", r"/valves/([^/]+/state|states)", "switch_valves"),
    ("POST", r"/sources/[^/]+/state", "switch_valves"),
    ("POST", r"/plans", "plan"),
    ("PATCH", r"/plans/[^/]+", "plan"),
    ("POST", r"/plans/[^/]+/cancel", "plan"),
    ("POST", r"/plans/[^/]+/(start|finish)", "switch_valves"),
    ("POST", r"/whatif", "plan"),
    ("POST", r"/customers\.(csv|xlsx)", None),  # a question about a set that does not fit an address
    ("POST", r"/jobs/[^/]+/cancel", "manage_jobs"),
    ("POST", r"/rollout/sheets/[^/]+", "edit_archive"),
    ("PATCH", r"/assets/[^/]+", "edit_archive"),
    ("POST", r"/assets/[^/]+/(retire|restore)", "edit_archive"),
    ("POST", r"/changes/[^/]+/revert", "edit_archive"),
    ("POST", r"/assets/[^/]+/proposals", "propose_changes"),
    ("POST", r"/proposals/[^/]+/(approve|reject)", "review_archive"),
    ("POST", r"/proposals/[^/]+/withdraw", "propose_changes"),
    ("POST", r"/problems/accept", "decide_problems"),
    ("POST", r"/problems/[^/]+/(accept|dismiss|revert)", "decide_problems"),
    ("PUT", r"/rollout/factors/[^/]+", "edit_archive"),
    ("DELETE", r"/rollout/factors/[^/]+", "edit_archive"),
    ("POST", r"/archives", None),  # what the seat may read anyway, in one file
    ("DELETE", r"/archives/[^/]+", None),  # its own; others' with manage_jobs, which the route asks for
    ("POST", r"/causes", None),  # a question whose alarms do not fit an address
    ("POST", r"/leaks/locate", None),  # a question with readings; it writes nothing
    ("POST", r"/trace", None),  # a question with a sandbox; it writes nothing
    ("POST", r"/assets/within", None),  # a question whose shape does not fit an address
)
_COMPILED = tuple((method, re.compile(path), permission) for method, path, permission in WRITES)


def permission_for(method: str, path: str) -> Permission | None:
    """Return the permission that a request needs; None when every seat may send it."""
    if method in READING_METHODS:
        return None
    for listed, pattern, permission in _COMPILED:
        if listed == method and pattern.fullmatch(path):
            return permission
    return "manage_seats"
