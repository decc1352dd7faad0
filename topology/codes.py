"""Small integers of the arrays."""

from __future__ import annotations

from collections.abc import Mapping

PIPE, VALVE, EXCHANGER, SOURCE = 1, 2, 3, 4
"""Kind of an edge."""

SUPPLY, RETURN = 1, 2
"""Side of an edge."""

CLOSED, OPEN, UNKNOWN = 0, 1, 2
"""State of an edge. An unknown valve passes: *lost* must be certain, and *reach* is an upper bound."""
STATES: Mapping[str, int] = {"closed": CLOSED, "open": OPEN, "unknown": UNKNOWN}

OPERABILITIES: Mapping[str, int] = {"usable": 0, "stuck": 1, "no_access": 2, "tagged_out": 3}
"""Operability of a valve; never its state."""

ORIGINS: Mapping[str, int] = {"assumed": 0, "reported": 1, "measured": 2}
"""Origin of a valve's state: nobody has said anything, reported by hand, measured."""

ROOT = 0
"""The element above all running sources."""
