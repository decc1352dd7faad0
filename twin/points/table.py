"""The points that ship with the program: `telemetry.csv` beside this module, one row a point.

The table follows the data dictionary of district heating (`facility` and `point` name its row there), which is drawn from the
platform requirements (their section stands first in `clause`) and the standards they cite; units are ours. What the
dictionary lacks (rural devices, rooms, gas, weather, air, monitored items of CJ/T 545) follows at the end. Points of a range
without an end are registers: they count up, in 64-bit slots.

Three rows of the dictionary are no single numbers and become several points: the electrical parameters of a switchboard, the
voltages of three phases, and the values of each heating circuit. Its water qualities are 1 where the water meets 2.6, else 0.
Its fuel has no unit and is counted by its heat in kWh.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby

from twin.points.model import FrameSchema, Point
from twin.quantities import quantity_of

_EARLIER: Mapping[str, int] = {"substation": 14, "plant": 9, "boiler_house": 9, "room_sensor": 1}
"""Schemas whose first version had only so many of the points; the later one begins with these."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: a point of a schema, and which row of the data dictionary it answers (empty for points of our own)."""

    schema: str
    version: int
    point: Point
    facility: str
    facility_point: str


def read_table() -> tuple[TableRow, ...]:
    """Return all rows. Cost: 5 ms."""
    lines = files("twin.points").joinpath("telemetry.csv").read_text(encoding="utf-8").splitlines()
    return tuple(_row(row) for row in csv.DictReader(lines))


def _row(row: Mapping[str, str]) -> TableRow:
    schema, _, version = row["schema"].partition("/")
    quantity = quantity_of(row["quantity"])
    high = _number(row["high"])
    point = Point(
        row["name"],
        quantity.name,
        quantity.unit,
        row["side"],
        "total" if high is None else "gauge",
        _number(row["low"]),
        high,
        label_zh=row["label_zh"],
        label_en=row["label_en"],
        period_s=int(row["period_s"]),
        mandatory=row["mandatory"] == "must",
        clause=row["clause"],
        alarm=row["alarm"],
    )
    return TableRow(schema, int(version), point, row["facility"], row["point"])


def _number(text: str) -> float | None:
    return float(text) if text else None


def shipped_schemas() -> Iterator[FrameSchema]:
    """Yield every schema that ships, earlier versions before later ones."""
    for (code, version), rows in groupby(read_table(), key=lambda row: (row.schema, row.version)):
        points = tuple(row.point for row in rows)
        if code in _EARLIER:
            yield FrameSchema(code, version - 1, points[: _EARLIER[code]])
        yield FrameSchema(code, version, points)
