"""What a kind and an attribute are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from twin.code_lists import CodeList

AttributeType: TypeAlias = Literal["text", "integer", "number", "boolean", "date", "datetime", "code"]
GeometryType: TypeAlias = Literal["point", "line", "polygon", "any", "none"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a kind.

    Attributes
    ----------
    name
        Key in `asset.attributes`; ends in its unit where it has one.
    type
        How the value is stored; `code` is text out of `codes`, `datetime` text like 2024-10-20T04:00:00Z.
    label_zh
        What the viewer writes before the value.
    unit
        Unit as shown to people; empty for none.
    codes
        Allowed values with their meaning, for `code`.
    source
        Standard and element or clause; empty where no standard names it.
    reference
        Kind that the value names by code (`company`, `substation`), for attributes that point at another asset.
    required
        True when a row without it is a problem.
    words
        Other words that deliveries write for a code.
    format
        Format as the standard prints it (`an..8`, `n..6,2`); told, not enforced.
    """

    name: str
    type: AttributeType
    label_zh: str
    unit: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    reference: str = ""
    required: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    format: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of asset: name, Chinese term, geometry, attributes."""

    name: str
    name_zh: str
    geometry: GeometryType
    attributes: tuple[Attribute, ...] = ()

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name, or None."""
        return next((a for a in self.attributes if a.name == name), None)


def coded(name: str, label_zh: str, codes: CodeList, *, required: bool = False, cjt545_format: str = "") -> Attribute:
    """Return an attribute whose values are those of a code list."""
    return Attribute(
        name, "code", label_zh, codes=codes.codes, source=codes.source, required=required, words=codes.words, format=cjt545_format
    )
