"""Problems found in a delivery: which file, which row, which rule, what it means.

A layer of a million rows may break one rule a million times, so each rule lists its first rows of a layer and counts all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "note"]

LISTED_ROWS: Final = 1000
"""Rows of one rule in one layer that are listed one by one; the count is always complete."""

RULES: Final[Mapping[str, tuple[Severity, str]]] = {
    "no_geometry": ("warning", "the row has no position; it is imported without geometry"),
    "empty_geometry": ("warning", "the geometry is empty; the row is imported without geometry"),
    "zero_length": ("warning", "the line has no length; the row is imported without geometry"),
    "not_finite": ("warning", "a coordinate is not a finite number; the row is imported without geometry"),
    "unreadable_position": ("warning", "the position cannot be read; the row is imported without geometry"),
    "wrong_geometry": ("warning", "the geometry is not of the kind's type"),
    "invalid_geometry": ("warning", "the polygon was invalid and has been repaired"),
    "outside_city": ("warning", "the geometry lies outside the city's extent; the row is imported without geometry"),
    "swapped_axes": ("warning", "the layer has latitude first; it was turned round because of the evidence named"),
    "control_point": ("warning", "the control point fits far worse than the others; check it"),
    "crs_differs": ("warning", "the file states another coordinate system than the manifest; the manifest counts"),
    "codes_from_key": ("note", "the layer has no codes; they were made from its key"),
    "codes_from_content": ("warning", "the row has neither code nor key; its code was made from its content"),
    "duplicate_code": ("error", "the code occurs more than once in its kind; only the first row is imported"),
    "full_width": ("note", "they were read as the usual letters and digits"),
    "word_for_code": ("note", "the value is a word for one of the codes; it was read as that code"),
    "normalised": ("note", "the name was written in its usual form; the delivered text is kept as name_delivered"),
    "bad_unified_code": ("warning", "the unified code is not one of CJ/T 553; it is left out"),
    "unified_code_twice": ("error", "another asset has this unified code; it is left out"),
    "unknown_code": ("warning", "the value is not one of the codes; it is left out"),
    "not_a_number": ("warning", "the value is not a number; it is left out"),
    "bad_value": ("warning", "the value does not fit the attribute; it is left out"),
    "missing_value": ("warning", "a value that the kind needs is missing"),
    "missing_reference": ("warning", "the asset that the value names does not exist"),
    "overrides_edit": (
        "warning",
        "it was edited or retired after the last delivery, and this delivery differs from that one: the delivery is written,"
        " the edit stays among the versions",
    ),
    "bad_row": ("error", "the row cannot be used and is not imported"),
}
"""Every rule: its severity, and what it means."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule in one row.

    Attributes
    ----------
    file
        File as the manifest names it.
    layer
        Name of the layer in the report.
    row
        Feature or data row in the file, from 1; None = the layer as a whole.
    rule
        Key of `RULES`.
    message
        What is wrong, with the value.
    severity
        `error`: the row is not imported; `warning`: something was left out or changed; `note`: for information.
    """

    file: str
    layer: str
    row: int | None
    rule: str
    message: str
    severity: Severity

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


@dataclass(slots=True)
class Problems:
    """Collects problems of all layers; lists the first of each rule and layer, counts all."""

    listed: list[Problem] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, file: str, layer: str, rule: str, rows: Iterable[tuple[int | None, str]]) -> None:
        """Add rows (number, detail) that break one rule."""
        severity, meaning = RULES[rule]
        for row, detail in rows:
            self.counts[layer, rule] += 1
            if self.counts[layer, rule] <= LISTED_ROWS:
                message = f"{detail}: {meaning}" if detail else meaning
                self.listed.append(Problem(file, layer, row, rule, message, severity))

    def count(self, rule: str) -> int:
        """Return how often a rule was broken."""
        return sum(number for (_, name), number in self.counts.items() if name == rule)
