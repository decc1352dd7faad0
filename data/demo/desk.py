"""The desk on which the tables of a delivery are spoiled: rows that are still sound, edits, answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.demo.answers import Answer
from data.demo.files import Layer, Sheet

FIRST_STREAM = 60
"""Every fault draws from a stream of its own: (seed, FIRST_STREAM, number of the fault)."""


@dataclass(slots=True)
class Table:
    """One sheet on the desk; its index are labels that stay with a row whatever is added or taken away."""

    layer: Layer
    sheet: Sheet
    frame: pd.DataFrame

    def row_of(self, label: int) -> int | None:
        """Return the row of a label in the file, from 1; None when it was taken away."""
        place = self.frame.index.get_indexer(pd.Index([label]))[0]
        return None if place < 0 else int(place) + 1


@dataclass(frozen=True, slots=True)
class Mark:
    """One spoiled row: its fault, kind and label (None: the whole file, or a row left out), words for the sheet."""

    dirt: str
    kind: str
    label: int | None
    done: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class _Note:
    """An answer whose row is not known before all rows are added and taken away."""

    answer: Answer
    label: int | None


_OF_ONE = ("unified_code", "unified_code_state")
"""Columns that a copied row leaves empty."""


class Desk:
    """The tables of a delivery while they are spoiled.

    A fault takes the codes of everything that its consequences touch; what is taken is no candidate for another fault. So each
    fault has exactly the consequences it would have alone.
    """

    def __init__(self, layers: Sequence[Layer], seed: int) -> None:
        self.seed = seed
        self._layers = tuple(layers)
        self._tables: dict[int, Table] = {}
        for layer in layers:
            if layer.sheet is not None and id(layer.sheet) not in self._tables:
                frame = layer.sheet.frame.reset_index(drop=True)
                self._tables[id(layer.sheet)] = Table(layer, layer.sheet, frame)
        self._taken: set[str] = set()
        self._notes: list[_Note] = []

    # ------------------------------------------------------------ rows

    def table(self, kind: str, file: str = "") -> Table | None:
        """Return the first table of a kind (in a file); None when the delivery has none."""
        for layer in self._layers:
            if layer.sheet is not None and layer.kind == kind and file in {"", layer.file}:
                return self._tables[id(layer.sheet)]
        return None

    def frame(self, kind: str) -> pd.DataFrame:
        """Return the rows of a kind as they are now; an empty frame when the delivery has none."""
        table = self.table(kind)
        return pd.DataFrame({"code": []}) if table is None else table.frame

    def is_free(self, codes: Iterable[str]) -> bool:
        """Tell whether none of the codes is taken."""
        return self._taken.isdisjoint(codes)

    def take(self, codes: Iterable[str]) -> None:
        """Keep the codes from other faults."""
        self._taken.update(code for code in codes if code)

    def stream(self, number: int) -> np.random.Generator:
        """Return the random numbers of a fault."""
        return np.random.default_rng([self.seed, FIRST_STREAM, number])

    def pick(self, kind: str, mask: NDArray[np.bool_], count: int, rng: np.random.Generator) -> Iterator[pd.Series]:
        """Yield up to so many rows of a mask whose codes are free, in random order, and take their codes."""
        frame = self.frame(kind)
        for label in rng.permutation(frame.index.to_numpy()[mask]):
            if count <= 0:
                return
            row = frame.loc[label]
            if self.is_free([row["code"]]):
                self.take([row["code"]])
                count -= 1
                yield row

    # ------------------------------------------------------------ edits

    def set(self, kind: str, column: str, values: Mapping[int, object]) -> None:
        """Change one column of some rows, given by label."""
        table = self._of(kind)
        changed = table.frame[column].astype(object) if column != "geometry" else table.frame.geometry.astype(object)
        array = changed.to_numpy(copy=True)
        places = table.frame.index.get_indexer(pd.Index(list(values)))
        for place, value in zip(places, values.values(), strict=True):
            array[place] = value
        table.frame = _with(table.frame, column, array)

    def append(self, kind: str, rows: Sequence[pd.Series]) -> list[int]:
        """Add rows at the end and return their labels."""
        table = self._of(kind)
        if not rows:
            return []
        first = int(table.frame.index.max()) + 1
        labels = list(range(first, first + len(rows)))
        added = pd.DataFrame([row.to_dict() for row in rows], index=labels, columns=table.frame.columns)
        # what is copied by hand has no code of its own in the register
        added = added.assign(**{name: None for name in _OF_ONE if name in added})
        frame = pd.concat([pd.DataFrame(table.frame).astype(object), added.astype(object)])
        table.frame = _as(frame, table.frame)
        return labels

    def drop(self, kind: str, labels: Sequence[int]) -> None:
        """Take rows away."""
        table = self._of(kind)
        table.frame = table.frame.drop(index=list(labels))

    def _of(self, kind: str) -> Table:
        table = self.table(kind)
        if table is None:
            raise KeyError(kind)
        return table

    # ------------------------------------------------------------ answers

    def note(self, mark: Mark, where: str, rule: str, codes: Sequence[str]) -> None:
        """Put an answer on the sheet; `codes` are what the check names."""
        table = self.table(mark.kind, mark.file)
        name = mark.file or ("" if table is None else table.layer.file)
        answer = Answer(mark.dirt, where, rule, name, mark.kind, tuple(sorted(codes)), None, mark.done)
        self._notes.append(_Note(answer, mark.label))

    def finish(self) -> tuple[tuple[Layer, ...], tuple[Answer, ...]]:
        """Return the layers with their spoiled sheets, and the answers with the rows of the files."""
        sheets = {key: replace(table.sheet, frame=table.frame.reset_index(drop=True)) for key, table in self._tables.items()}
        layers = tuple(layer if layer.sheet is None else replace(layer, sheet=sheets[id(layer.sheet)]) for layer in self._layers)
        return layers, tuple(self._answer(note) for note in self._notes)

    def _answer(self, note: _Note) -> Answer:
        table = self.table(note.answer.kind, note.answer.file)
        if note.label is None or table is None:
            return note.answer
        return replace(note.answer, row=table.row_of(note.label))


def _with(frame: pd.DataFrame, column: str, array: NDArray[np.object_]) -> pd.DataFrame:
    """Return a frame with one column replaced; numbers stay numbers where all values still are."""
    if column == "geometry":
        moved: pd.DataFrame = geopandas.GeoDataFrame(frame).set_geometry(geopandas.GeoSeries(array, index=frame.index))
        return moved
    values = pd.Series(array, index=frame.index, dtype=object)
    changed = frame.copy()
    changed[column] = values.astype(frame[column].dtype) if _fits(array, frame[column]) else values
    return changed


def _fits(array: NDArray[np.object_], column: pd.Series) -> bool:
    if not pd.api.types.is_numeric_dtype(column):
        return False
    return all(isinstance(value, (int, float, np.number)) for value in array)


def _as(frame: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of objects with the types of another one, where its values allow."""
    types = {}
    for name in before.columns:
        if name != "geometry" and pd.api.types.is_numeric_dtype(before[name]) and frame[name].notna().all():
            types[name] = before[name].dtype
    typed = frame.astype(types)
    return geopandas.GeoDataFrame(typed, geometry="geometry") if "geometry" in before.columns else typed
