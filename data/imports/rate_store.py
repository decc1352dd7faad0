"""Writes the rows of `rollout_rate` layers: clean-heating rates by district and month."""

from __future__ import annotations

from typing import Any

from data.imports.staging import Staged, StagedRates
from data.imports.transaction import Progress, Transaction
from data.statements import sql


class RateStore:
    """Brings `StagedRates` into `rollout_rate`; a few thousand rows at most, so they wait in memory."""

    def __init__(self) -> None:
        self._layers: list[tuple[int, StagedRates]] = []

    def open(self, transaction: Transaction) -> None:
        """Do nothing: there is no temporary table."""

    def take(self, transaction: Transaction, number: int, layer: Staged) -> None:
        """Keep the rows until the districts are written."""
        assert isinstance(layer, StagedRates)
        self._layers.append((number, layer))

    def write(self, transaction: Transaction, say: Progress) -> bool:
        """Write rates that differ; those of an unknown district are reported."""
        return sum(_write(transaction, number, layer) for number, layer in self._layers) > 0


def _write(transaction: Transaction, number: int, layer: StagedRates) -> bool:
    values = _values(transaction.city_id, layer)
    unknown = transaction.connection.execute(sql("import_rates_unknown"), values).fetchall()
    transaction.report("bad_row", [(number, row, f"area_code = {code!r} names no district") for row, code in unknown])
    written = [bool(row[0]) for row in transaction.connection.execute(sql("import_rates"), values).fetchall()]
    transaction.counts[number, "new"] = sum(written)
    transaction.counts[number, "changed"] = len(written) - sum(written)
    transaction.counts[number, "unchanged"] = len(layer.table) - len(unknown) - len(written)
    return bool(written)


def _values(city_id: int, layer: StagedRates) -> dict[str, Any]:
    table = layer.table.drop_duplicates(["area_code", "month"], keep="last")
    return {
        "city_id": city_id,
        "rows": [int(row) for row in table.index],
        "area_codes": table["area_code"].tolist(),
        "months": table["month"].tolist(),
        "heated": table["heated_area_m2"].tolist(),
        "clean": table["clean_area_m2"].tolist(),
        "target": table["target_rate"].tolist(),
    }
