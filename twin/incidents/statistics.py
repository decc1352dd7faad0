"""The table of heating faults of GB/T 43097-2023 (供热故障数据统计, 2.15.4.8), counted from incidents.

A fault is an incident that stops the heat of some heated area. It counts as not restored in time as soon as the hours of its band
have passed; one that is still open and has hours left is in the total and in neither row yet, and named as undecided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from twin.faults import BANDS, fault_band

_DAY_H = 24.0


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of heat.

    Attributes
    ----------
    heated_area_m2
        Greatest area that was without heat.
    started_at, restored_at
        Its beginning and end; None = heat is not back.
    """

    heated_area_m2: float
    started_at: datetime
    restored_at: datetime | None


@dataclass(frozen=True, slots=True)
class FaultTable:
    """The thirteen figures of the table by number of row, and what stands beside them.

    Attributes
    ----------
    rows
        1 total; 2 to 9 by band, restored in time or not; 10 stops from 24 h on; 11 mean repair time in h (one decimal, None
        without a restored fault); 12 area-hours without heat in m2 h; 13 their share of all area-hours in % (None without area).
    undecided
        Open faults whose hours have not passed.
    """

    rows: dict[int, float | None]
    undecided: int


def fault_table(stops: Sequence[Stop], *, now: datetime, since: datetime, until: datetime, total_area_m2: float) -> FaultTable:
    """Count stops that began within a period.

    Parameters
    ----------
    stops
        Those that stopped nobody's heat are passed over.
    now
        Until when open ones are counted, at most to the end of the period.
    since, until
        The period.
    total_area_m2
        Heated area of all, for row 13.
    """
    rows: dict[int, float | None] = dict.fromkeys(range(1, 14), 0)
    end = min(now, until)
    area_hours, repair_h, undecided, total, long = 0.0, [], 0, 0, 0
    counts = dict.fromkeys(range(2, 10), 0)
    for stop in stops:
        band = fault_band(stop.heated_area_m2)
        if band is None:
            continue
        total += 1
        hours = max(0.0, ((stop.restored_at or end) - stop.started_at).total_seconds() / 3600.0)
        area_hours += stop.heated_area_m2 * hours
        long += hours >= _DAY_H
        if stop.restored_at is not None:
            repair_h.append(hours)
        if hours > band.restore_within_h:
            counts[band.row_not_restored] += 1
        elif stop.restored_at is not None:
            counts[band.row_restored] += 1
        else:
            undecided += 1
    whole = total_area_m2 * max(0.0, (end - since).total_seconds() / 3600.0)
    rows |= {number: float(count) for number, count in counts.items()}
    rows |= {1: float(total), 10: float(long)}
    rows[11] = round(sum(repair_h) / len(repair_h), 1) if repair_h else None
    rows[12] = float(round(area_hours))
    rows[13] = round(100.0 * area_hours / whole, 4) if whole > 0 else None
    return FaultTable(rows, undecided)


def labels() -> dict[int, tuple[str, str, str]]:
    """Return Chinese name, English name and unit of each row, as the standard prints them."""
    found = {1: ("故障总次数", "faults: total", "次")}
    for band in BANDS:
        hours = f"{band.restore_within_h:g}"
        found[band.row_not_restored] = (
            f"{band.label_zh},{hours}h内无法恢复的",
            f"faults affecting {band.label_en}, not restored within {hours} h",
            "次",
        )
        found[band.row_restored] = (
            f"{band.label_zh},{hours}h内恢复的",
            f"faults affecting {band.label_en}, restored within {hours} h",
            "次",
        )
    return dict(sorted(found.items())) | {
        10: ("停止供热时间≥24h的故障总数", "faults with heating stopped for 24 h or more: total", "次"),
        11: ("平均抢修时间", "mean emergency repair time", "h"),
        12: ("停止供热面积小时数", "heating stoppage area-hours", "m²·h"),
        13: ("停止供热率", "heating stoppage rate", "%"),
    }
