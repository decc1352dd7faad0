"""`Found`: what a question found, before it is written as JSON, GeoJSON or ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from api.tracing.asking import Asked
from api.tracing.findings import Answer, visible_findings
from api.tracing.lists import Rows, seen_rows
from topology.findings import Finding

MOST_FINDINGS = 100
Sets: TypeAlias = tuple[tuple[str, NDArray[np.int32]], ...]
"""Names with asset ids that the caller may see. An asset that stands in several counts to the first."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a question found: the members of the answer after its head, and the sets to be drawn."""

    body: Answer
    sets: Sets


def sets_shown(asked: Asked, **rows: Rows) -> Sets:
    """Return rows by name as asset ids that the caller may see."""
    return tuple((name, asked.network.assets.asset_id[seen_rows(asked, part)]) for name, part in rows.items())


def findings_shown(asked: Asked, findings: Iterable[Finding]) -> list[Answer]:
    """Return the first findings that the caller may see."""
    return visible_findings(asked.network, asked.scope, asked.visible, findings, limit=MOST_FINDINGS)
