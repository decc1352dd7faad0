"""Writes staged assets: compared with the store in set-based SQL, so that equal rows stay untouched.

1. ids: new (kind, code) keys get the next dense ids in sorted order; keys are never deleted.
2. rows whose content hash equals that of the last delivery are left alone, also where an edit has changed or retired the asset
   since; others close the old version and write the next, and are reported where that overrides an edit.
3. links: company by code, district by a point inside the geometry, pair by pair code.
4. rows that a later delivery no longer holds stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from data.imports.copying import copy_columns, documents, integers, texts
from data.imports.staging import Staged, StagedLayer
from data.imports.transaction import Progress, Transaction
from data.statements import sql
from twin.kinds import KINDS

NETWORK_KINDS: Final = frozenset(
    {
        *("pipe", "valve", "substation", "plant", "plant_branch", "boiler_house", "relay_pump_station", "isolating_station"),
        *("relay_energy_station", "accumulator", "building_inlet", "building"),
    }
)
"""Kinds whose change makes the network's arrays stale."""

_RELINKS: Final = {
    "import_relink_company": {"company"},
    "import_relink_area": {"district"},
    "import_relink_pair": {"pipe", "valve"},
}
"""Statement that links stored rows anew, and the kinds whose change calls for it."""


class AssetStore:
    """Brings `StagedLayer` into `asset_key` and `asset`."""

    def open(self, transaction: Transaction) -> None:
        """Make the table that rows are staged in."""
        transaction.connection.execute(sql("import_stage_create"))

    def take(self, transaction: Transaction, number: int, layer: Staged) -> None:
        """Copy a layer's rows into the stage."""
        assert isinstance(layer, StagedLayer)
        if len(layer.rows):
            with transaction.connection.cursor() as cursor:
                copy_columns(cursor, sql("import_stage_copy"), stage_columns(number, layer))

    def write(self, transaction: Transaction, say: Progress) -> bool:
        """Compare, link and write all staged rows."""
        connection, city = transaction.connection, {"city_id": transaction.city_id}
        connection.execute(sql("import_stage_analyze"))
        transaction.report("duplicate_code", connection.execute(sql("import_duplicates")).fetchall())
        transaction.report("unified_code_twice", connection.execute(sql("import_unified_twice"), city).fetchall())
        say("comparing rows", 0.7)
        if connection.execute(sql("import_keys"), city).rowcount:
            connection.execute(sql("import_key_analyze"))
        connection.execute(sql("import_rows"), city)
        connection.execute(sql("import_row_analyze"))
        _check_references(transaction)
        transaction.report("overrides_edit", connection.execute(sql("import_overrides")).fetchall())
        connection.execute(sql("import_agree"), city)
        kinds = _count(transaction)
        say("writing assets", 0.8)
        if kinds:
            _write_changes(transaction, kinds)
        return bool(kinds) or transaction.relinked > 0


def stage_columns(number: int, layer: StagedLayer) -> list[Sequence[bytes | None]]:
    """Return a layer as the columns of a stage table, in the binary form of COPY."""
    count = len(layer.rows)
    return [
        [number.to_bytes(4, "big")] * count,
        integers(layer.rows),
        [layer.entry.kind.encode()] * count,
        texts(layer.codes),
        texts(layer.names),
        texts(layer.source_keys),
        list(layer.wkb),
        documents(layer.attributes),
    ]


def _check_references(transaction: Transaction) -> None:
    references = [(kind.name, a.name, a.reference) for kind in KINDS.values() for a in kind.attributes if a.reference]
    values: dict[str, Any] = {"city_id": transaction.city_id}
    for place, name in enumerate(("kinds", "attributes", "references")):
        values[name] = [reference[place] for reference in references]
    transaction.report("missing_reference", transaction.connection.execute(sql("import_references"), values).fetchall())


def _count(transaction: Transaction) -> set[str]:
    """Count rows by layer and status, and return the kinds that something is written of."""
    kinds: set[str] = set()
    for number, status, kind, rows in transaction.connection.execute(sql("import_counts")).fetchall():
        transaction.counts[number, status] += rows
        if status != "unchanged":
            kinds.add(kind)
    transaction.network_changed |= bool(kinds & NETWORK_KINDS)
    return kinds


def _write_changes(transaction: Transaction, kinds: set[str]) -> None:
    """Link what is stored already, then write new versions."""
    connection = transaction.connection
    values = {
        "city_id": transaction.city_id,
        "import_id": transaction.import_id(),
        "change_id": transaction.change_id(),
        "at": transaction.at(),
    }
    for name in (
        "import_areas",
        "import_areas_index",
        "import_area_analyze",
        "import_pairs",
        "import_pair_analyze",
        "import_close",
    ):
        connection.execute(sql(name), values)
    for name, needs in _RELINKS.items():
        transaction.relinked += connection.execute(sql(name), values).rowcount if needs & kinds else 0
    connection.execute(sql("import_insert"), values)
    # the planner must not believe that the tables are still empty: the network and the tiles read them next
    connection.execute(sql("import_asset_analyze"))
