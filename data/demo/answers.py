"""The answer sheet of a spoiled delivery: what was done to which row, and which check must say so.

It lies beside the manifest, and the import knows nothing of it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from data.errors import BadDemo

ANSWER_SHEET = "answer_sheet.csv"
"""Name of the file."""
WHERES = ("import", "network", "check", "none")
"""Where a fault is to be found: a problem of the import, a finding of the network's checks (and so a problem of the archive), a
problem of the archive alone, or nowhere, because the row must come through as if it were sound."""
_COLUMNS = ("dirt", "where", "rule", "file", "kind", "codes", "row", "done")
_BETWEEN = ";"


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that one check must say; a fault with several consequences has several.

    Attributes
    ----------
    dirt
        Kind of fault.
    where
        One of `WHERES`.
    rule
        Rule of the import, of the network's checks or of those of the archive; empty for `none`.
    file, kind
        Where the spoiled row is.
    codes
        Of a finding or problem all assets that it names, in rising order; else the code of the spoiled row (empty: the whole
        layer).
    row
        Feature or data row in the file, from 1; None = the whole layer, or a row that was left out.
    done
        What was done.
    """

    dirt: str
    where: str
    rule: str
    file: str
    kind: str
    codes: tuple[str, ...]
    row: int | None
    done: str


def write_answers(answers: Iterable[Answer], path: Path) -> None:
    """Write the answer sheet."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(_COLUMNS)
        for answer in answers:
            row = "" if answer.row is None else answer.row
            codes = _BETWEEN.join(answer.codes)
            rows.writerow([answer.dirt, answer.where, answer.rule, answer.file, answer.kind, codes, row, answer.done])


def read_answers(path: Path) -> tuple[Answer, ...]:
    """Read an answer sheet.

    Raises
    ------
    BadDemo
        When the file cannot be read or is no answer sheet.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ()) != _COLUMNS:
                raise BadDemo(f"{path} is no answer sheet: its first line must be {','.join(_COLUMNS)}")
            return tuple(_answer(row) for row in rows)
    except (OSError, UnicodeDecodeError) as error:
        raise BadDemo(f"cannot read the answer sheet {path}: {error}") from None


def _answer(row: dict[str, str]) -> Answer:
    codes = tuple(row["codes"].split(_BETWEEN)) if row["codes"] else ()
    number = int(row["row"]) if row["row"] else None
    return Answer(row["dirt"], row["where"], row["rule"], row["file"], row["kind"], codes, number, row["done"])
