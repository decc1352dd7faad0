"""Writes staged rows of registers: heat users, rural households, projects (`twin/registers.py`).

Like assets they are compared by content, and equal rows stay untouched; a changed row is written over, and what it was goes to
`register_version`, with the change that ended it. Rows that a later delivery no longer holds stay. Parent, owner and district
become ids after the assets are written, and anew when one of those has changed.

Cost: linear in rows; 325,000 households took 17 to 25 s of processor time in PostgreSQL, the same rows again 9 s.
"""

from __future__ import annotations

from typing import Any, Final

from data.imports.asset_store import stage_columns
from data.imports.copying import copy_columns
from data.imports.staging import Staged, StagedRegister
from data.imports.transaction import Progress, Transaction
from data.statements import sql
from twin.registers import REGISTERS

_LINKED_KINDS: Final = sorted(
    {"district", "company", "substation", *(kind for r in REGISTERS.values() for kind in r.parent.kinds)}
)
"""Kinds of assets that a row's parent, owner and district come from."""


class RegisterStore:
    """Brings `StagedRegister` into `register_row`."""

    def open(self, transaction: Transaction) -> None:
        """Make the table that rows are staged in."""
        transaction.connection.execute(sql("register_stage_create"))

    def take(self, transaction: Transaction, number: int, layer: Staged) -> None:
        """Copy a layer's rows into the stage."""
        assert isinstance(layer, StagedRegister)
        if len(layer.rows):
            with transaction.connection.cursor() as cursor:
                copy_columns(cursor, sql("register_stage_copy"), stage_columns(number, layer))

    def write(self, transaction: Transaction, say: Progress) -> bool:
        """Compare, link and write all staged rows; the assets must be written."""
        say("writing registers", 0.9)
        connection, city = transaction.connection, {"city_id": transaction.city_id}
        connection.execute(sql("register_stage_analyze"))
        transaction.report("duplicate_code", connection.execute(sql("register_duplicates")).fetchall())
        connection.execute(sql("register_compare"), city)
        connection.execute(sql("register_new_analyze"))
        _check_references(transaction)
        changed = _count(transaction)
        relinked = _write_changes(transaction, changed=changed, stale=_is_stale(transaction))
        transaction.relinked += relinked
        return changed or relinked > 0


def _check_references(transaction: Transaction) -> None:
    references = [
        (register.name, attribute, kind)
        for register in REGISTERS.values()
        for attribute, kinds in register.references()
        for kind in kinds
    ]
    values: dict[str, Any] = {"city_id": transaction.city_id}
    for place, name in enumerate(("kinds", "attributes", "references")):
        values[name] = [reference[place] for reference in references]
    transaction.report("missing_reference", transaction.connection.execute(sql("register_references"), values).fetchall())


def _count(transaction: Transaction) -> bool:
    """Count rows by layer and status, and tell whether any is written."""
    changed = False
    for number, status, rows in transaction.connection.execute(sql("register_counts")).fetchall():
        transaction.counts[number, status] += rows
        changed |= status != "unchanged"
    return changed


def _is_stale(transaction: Transaction) -> bool:
    row = transaction.connection.execute(sql("register_stale"), {"kinds": _LINKED_KINDS}).fetchone()
    assert row is not None
    return bool(row[0])


def _write_changes(transaction: Transaction, *, changed: bool, stale: bool) -> int:
    """Write what differs and link what is stored anew; returns how many stored rows were."""
    if not changed and not stale:
        return 0
    parents = [(r.name, r.parent.attribute, kind) for r in REGISTERS.values() for kind in r.parent.kinds]
    values: dict[str, Any] = {"city_id": transaction.city_id, "stale": stale}
    for place, name in enumerate(("kinds", "attributes", "references")):
        values[name] = [parent[place] for parent in parents]
    connection = transaction.connection
    for name in ("register_areas", "register_areas_index", "register_areas_analyze", "register_links", "register_link_analyze"):
        connection.execute(sql(name), values)
    if changed:
        values |= {"import_id": transaction.import_id(), "change_id": transaction.change_id(), "at": transaction.at()}
        connection.execute(sql("register_keep"), values)
        connection.execute(sql("register_write"), values)
    relinked = connection.execute(sql("register_relink"), values).rowcount if stale else 0
    connection.execute(sql("register_analyze"))
    return relinked
