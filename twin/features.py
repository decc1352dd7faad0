"""What a kind of asset is as a collection of features: its properties, their types, codes and units.

The properties are what an OGC API feature carries and what a filter may ask for; both follow from the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Literal, TypeAlias

from twin.kinds import KINDS, Attribute, Kind

PropertyType: TypeAlias = Literal["text", "integer", "number", "boolean", "date", "datetime"]

GEOMETRY = "geometry"
"""Name under which filters speak of the geometry."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a feature.

    Attributes
    ----------
    name
        As in the feature.
    type
        Type of the value; `datetime` is a UTC text like 2024-10-20T04:00:00Z.
    title_zh
        What people read before the value.
    unit
        Empty for none.
    codes
        Value to meaning, where the value is a code.
    column
        True: a column of the asset; False: one of its attributes.
    source
        Standard and clause; empty where no standard names it.
    """

    name: str
    type: PropertyType
    title_zh: str
    unit: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    column: bool = False
    source: str = ""


_COLUMNS = (
    Property("asset_id", "integer", "编号", column=True),
    Property("code", "text", "编码", column=True),
    Property("name", "text", "名称", column=True),
    Property("company_id", "integer", "热力企业编号", column=True),
    Property("area_id", "integer", "行政区编号", column=True),
    Property("pair_id", "integer", "供回水对编号", column=True),
    Property("version", "integer", "版本", column=True),
    Property("valid_from_at", "datetime", "生效时间", column=True),
)


@cache
def properties_of(kind: str) -> Mapping[str, Property]:
    """Return the properties of a kind by name, in the order in which features carry them."""
    found = {each.name: each for each in _COLUMNS}
    for attribute in KINDS[kind].attributes:
        found.setdefault(attribute.name, _of_attribute(attribute))
    return MappingProxyType(found)


def collections() -> tuple[Kind, ...]:
    """Return the kinds that are collections of features: all that may have a geometry."""
    return tuple(kind for kind in KINDS.values() if kind.geometry != "none")


def _of_attribute(attribute: Attribute) -> Property:
    return Property(
        attribute.name,
        "text" if attribute.type == "code" else attribute.type,
        attribute.label_zh,
        attribute.unit,
        attribute.codes,
        source=attribute.source,
    )
