"""Named, typed columns of the property table that a glb carries (EXT_structural_metadata)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

ColumnKind: TypeAlias = Literal["UINT8", "UINT16", "UINT32", "FLOAT32", "STRING"]
DTYPES: Mapping[str, str] = {"UINT8": "<u1", "UINT16": "<u2", "UINT32": "<u4", "FLOAT32": "<f4"}
"""Little-endian numpy types of the numeric kinds."""


@dataclass(frozen=True, slots=True)
class Column:
    """One property of every feature.

    Attributes
    ----------
    name
        As clients ask for it; units are told in the description.
    kind
        Component type; STRING is UTF-8.
    values
        One a feature: an array of numbers, or an object array of texts (empty text for none).
    description
        What it means, with its unit.
    meanings
        What each small integer stands for.
    """

    name: str
    kind: ColumnKind
    values: NDArray[Any]
    description: str
    meanings: Mapping[int, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """The description with the meanings of codes."""
        codes = ", ".join(f"{code} {meaning}" for code, meaning in self.meanings.items())
        return f"{self.description}: {codes}" if codes else self.description

    def schema(self) -> dict[str, Any]:
        """Return the property as the schema of EXT_structural_metadata writes it."""
        if self.kind == "STRING":
            return {"type": "STRING", "description": self.told}
        return {"type": "SCALAR", "componentType": self.kind, "required": True, "description": self.told}


def texts(values: Sequence[str]) -> NDArray[Any]:
    """Return texts as the values of a STRING column."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of one length; the first is `asset_id`.

    Attributes
    ----------
    class_name
        Name of the metadata class, which is also the name of the material.
    columns
        In the order of the file.
    """

    class_name: str
    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.columns[0].values)

    def part(self, first: int, last: int) -> Table:
        """Return rows `first` to `last - 1`."""
        columns = (Column(c.name, c.kind, c.values[first:last], c.description, c.meanings) for c in self.columns)
        return Table(self.class_name, tuple(columns))
