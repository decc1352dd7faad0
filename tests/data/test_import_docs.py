"""The page of the manifest documents every key, kind of problem and datum."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.imports.manifest import CityEntry, ColumnEntry, DatumEntry, GeometryEntry, Inherited, LayerEntry, RasterEntry
from data.imports.problems import RULES
from data.imports.units import known_units

pytestmark = pytest.mark.plain

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


@pytest.mark.parametrize("model", [CityEntry, ColumnEntry, DatumEntry, GeometryEntry, Inherited, LayerEntry, RasterEntry])
def test_every_key_is_documented(model) -> None:
    page = (DOCS / "manifest.md").read_text(encoding="utf-8") + (DOCS / "datums.md").read_text(encoding="utf-8")
    for name, field in model.model_fields.items():
        assert f"`{field.alias or name}`" in page, name


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_documented(rule: str) -> None:
    assert f"`{rule}`" in (DOCS / "manifest.md").read_text(encoding="utf-8")


def test_every_unit_is_documented() -> None:
    page = (DOCS / "manifest.md").read_text(encoding="utf-8")
    assert [unit for unit in known_units() if f"`{unit}`" not in page] == []
