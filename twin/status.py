"""Status codes of an asset, alarm levels and warning levels.

Red on a screen means status 5 to 7 and nothing else; stale is grey. Alarm levels (报警, 3 of them) and warning levels
(预警, 4 of them) of CJ/T 545-2021 are different scales and therefore different types: an `AlarmLevel` never equals a
`WarningLevel`.
"""

from __future__ import annotations

from enum import Enum, IntEnum

import numpy as np

from twin.arrays import BoolArray, UInt8Array


class Status(IntEnum):
    """Status of an asset, as sent to screens (4 bits)."""

    NO_DATA = 0
    NORMAL = 1
    OFF = 2
    MAINTENANCE = 3
    STALE = 4
    ALARM_LEVEL_3 = 5
    ALARM_LEVEL_2 = 6
    ALARM_LEVEL_1 = 7
    CUT_OFF = 8


class AlarmLevel(Enum):
    """Alarm level (报警等级) of CJ/T 545-2021; 1 is the highest."""

    FIRST = 1
    SECOND = 2
    THIRD = 3


class WarningLevel(Enum):
    """Warning level (预警等级) of CJ/T 545-2021: red, orange, yellow, blue; 1 is the highest."""

    RED = 1
    ORANGE = 2
    YELLOW = 3
    BLUE = 4


NO_LEVEL = 0
"""Stands for "no open alarm" in an array of alarm levels."""


def status_of_level(level: AlarmLevel) -> Status:
    """Return the status that an open alarm of this level gives its asset."""
    return Status(8 - level.value)


def status_codes(level: UInt8Array, heard: BoolArray, stale: BoolArray) -> UInt8Array:
    """Return the status of each asset from its worst open alarm and its last frame.

    Parameters
    ----------
    level
        Smallest level number of the open alarms, `NO_LEVEL` where none is open.
    heard
        True where a frame has ever come.
    stale
        True where a frame is overdue.

    Returns
    -------
    `Status` codes. An open alarm counts more than silence: it stays until good data clears it.
    """
    quiet = np.where(stale, Status.STALE, np.where(heard, Status.NORMAL, Status.NO_DATA))
    return np.where(level != NO_LEVEL, 8 - level, quiet).astype(np.uint8)
