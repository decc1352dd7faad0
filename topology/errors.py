"""Errors of the network core.

TopologyError
├── BadTables       a table of `NetworkTables` without a column that the builder needs
└── NotTraceable    an asset that is not part of the heat network
"""

from __future__ import annotations


class TopologyError(Exception):
    """Base of all errors raised by `topology`."""


class BadTables(TopologyError):
    """Raised when a table of `NetworkTables` lacks a column; the message names table, column and what it holds."""


class NotTraceable(TopologyError):
    """Raised when a question is asked about an asset that the network does not hold (a weather station, a road)."""


class NotSolvable(TopologyError):
    """Raised when pressures are asked of what has none: no such heat source, one that does not run, pipes without diameters."""
