"""What the steps of staging one layer share: the delivery, the layer, and where its problems go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.imports.manifest import LayerEntry, Manifest
from data.imports.problems import Problems
from gis.parameters import Parameters


@dataclass(frozen=True, slots=True)
class LayerContext:
    """One layer of a delivery while it is staged.

    Attributes
    ----------
    manifest, entry
        The delivery and the layer of it.
    path
        Its file.
    datums
        Parameters of the delivery's datums, by name.
    name
        Name of the layer in the report.
    where
        How messages name the layer.
    problems
        Collects what is wrong with rows.
    points
        Places of points that may lie on the lines of this layer, shape (n, 2), in its own datum.
    """

    manifest: Manifest
    entry: LayerEntry
    path: Path
    datums: Mapping[str, Parameters]
    name: str
    where: str
    problems: Problems
    points: NDArray[np.float64]

    def report(self, rule: str, rows: pd.Index, details: pd.Series | str = "") -> None:
        """Report rows that break a rule; details are one text for all or one a row."""
        texts = [details] * len(rows) if isinstance(details, str) else details.loc[rows]
        self.problems.add(self.entry.file, self.name, rule, zip((int(row) for row in rows), texts, strict=True))

    def report_layer(self, rule: str, detail: str) -> None:
        """Report the layer as a whole."""
        self.problems.add(self.entry.file, self.name, rule, [(None, detail)])

    def reject(self, rule: str, broken: pd.Series, details: pd.Series) -> None:
        """Report the rows of a mask."""
        if broken.any():
            self.report(rule, broken.index[broken], details)
