"""A fault that changes one column of some rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.demo.desk import Desk, Mark


@dataclass(frozen=True, slots=True)
class Fault:
    """One column made worse.

    Attributes
    ----------
    dirt
        Name of the fault on the answer sheet.
    kind, column
        Where.
    worse
        Returns the spoiled value, given the row and the number of the row among those of this fault.
    count
        How often in a small delivery.
    where, rule
        Who must notice (`data.demo.answers`).
    only
        Returns which rows may be taken; None = all with a value.
    names
        Returns the codes that the finding names; None = the code of the row.
    done
        Words for the sheet; empty = the old and the new value.
    checks
        Rules of the checks of the archive that name the row too, when the fault is first told by others.
    """

    dirt: str
    kind: str
    column: str
    worse: Callable[[pd.Series, int], object]
    count: int = 2
    where: str = "import"
    rule: str = ""
    only: Callable[[pd.DataFrame], pd.Series] | None = None
    names: Callable[[pd.Series, object], Sequence[str]] | None = None
    done: str = ""
    checks: Sequence[str] = ()


def label_of(row: pd.Series) -> int:
    """Return the label of a row of the desk."""
    return int(str(row.name))


def commit(desk: Desk, fault: Fault, scale: int, stream: int) -> list[pd.Series]:
    """Put a fault into the tables, `scale` times a handful; returns the rows as they were."""
    frame = desk.frame(fault.kind)
    if fault.column not in frame:
        return []
    mask = frame[fault.column].notna()
    if fault.only is not None:
        mask &= fault.only(frame)
    rows = list(desk.pick(fault.kind, mask.to_numpy(np.bool_), fault.count * scale, desk.stream(stream)))
    values = {label_of(row): fault.worse(row, place) for place, row in enumerate(rows)}
    for row, (label, value) in zip(rows, values.items(), strict=True):
        done = fault.done or f"{fault.column} {row[fault.column]!s} became {'empty' if value is None else repr(value)}"
        code = str(value if fault.column == "code" else row["code"])
        codes = [code] if fault.names is None else fault.names(row, value)
        mark = Mark(fault.dirt, fault.kind, label, done)
        desk.note(mark, fault.where, fault.rule, codes)
        for rule in fault.checks:
            desk.note(mark, "check", rule, [code])
    desk.set(fault.kind, fault.column, values)
    return rows
