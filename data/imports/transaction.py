"""What the stores of an import share while its transaction is open.

Each layer is staged, handed to the store of its class, and dropped before the next one is read, so that the memory of an import
is that of its largest layer. What stays of a layer is its summary; SQL reports problems by the layer's number.

Another class of rows is one more class of `Staged` in `data.imports.staging` and one more `Store` in `data.imports.run`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from data.imports.problems import Problems
from data.imports.staging import Staged
from data.pool import Connection
from data.statements import sql

Progress: TypeAlias = Callable[[str, float], None]


@dataclass(slots=True)
class Transaction:
    """One import inside its transaction.

    Attributes
    ----------
    connection
        In the transaction that commits or rolls back all of it.
    city_id
        The city.
    problems
        Collects what is wrong with rows.
    layers
        Summaries by layer number, which is the place in the manifest; without counts until the layer was handed to a store.
    counts
        Rows by (layer number, `new` | `changed` | `unchanged`); what is in none of the three was rejected.
    network_changed
        Set by a store when rows changed that the network is built of.
    relinked
        Stored rows linked anew.
    """

    connection: Connection
    city_id: int
    problems: Problems
    layers: list[Staged] = field(default_factory=list)
    counts: Counter[tuple[int, str]] = field(default_factory=Counter)
    network_changed: bool = False
    relinked: int = 0
    _import_id: int | None = None
    _change_id: int | None = None
    _at: dt.datetime | None = None

    def import_id(self) -> int:
        """Return the key of this import in `import_run`, taken when the first row needs it: a repeated import uses none up."""
        if self._import_id is None:
            self._import_id = int(self._value("import_next_id"))
        return self._import_id

    def change_id(self) -> int:
        """Return the key of this import in `archive_change`: an import is a change of the archive like any other."""
        if self._change_id is None:
            self._change_id = int(self._value("import_next_change"))
        return self._change_id

    def at(self) -> dt.datetime:
        """Return the time that every row of this import is written at, taken when the first row needs it."""
        if self._at is None:
            self._at = self._value("import_now")
        return self._at

    def put_layer(self, number: int, layer: Staged) -> None:
        """Keep a layer's summary."""
        self.layers[number] = layer.summary()

    def report(self, rule: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Report rows that break a rule, each as layer number, row in the file, detail."""
        for number, row, detail in rows:
            layer = self.layers[number]
            self.problems.add(layer.entry.file, layer.name, rule, [(row, detail)])

    def _value(self, statement: str) -> Any:
        row = self.connection.execute(sql(statement), {"city_id": self.city_id}).fetchone()
        assert row is not None
        return row[0]


class Store(Protocol):
    """Brings one class of staged layers into its tables; a new object for each import."""

    def open(self, transaction: Transaction) -> None:
        """Make the temporary tables; called once, before the first layer."""

    def take(self, transaction: Transaction, number: int, layer: Staged) -> None:
        """Move a layer's rows into the temporary tables, and keep nothing large of it."""

    def write(self, transaction: Transaction, say: Progress) -> bool:
        """Write what differs, fill `transaction.counts`, and tell whether anything did; called once, after the last layer.

        Called in the order of the stores, so assets and their keys are there when tables that refer to them are written.
        """
