"""What differs between two contents of an asset, in the words of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from twin.kinds import KINDS

LABELS_ZH: Final[Mapping[str, str]] = {"name": "名称", "source_key": "原始编号", "geometry": "几何"}
"""Labels of the fields that are no attributes."""


@dataclass(frozen=True, slots=True)
class Content:
    """What one version of an asset says.

    Attributes
    ----------
    name, source_key
        Texts.
    attributes
        As stored.
    geometry
        For people and maps; None where it has none.
    geometry_key
        Equal exactly when the stored geometries are, also where `geometry` is rounded.
    """

    name: str
    source_key: str
    attributes: Mapping[str, object]
    geometry: object
    geometry_key: bytes | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs; `before` or `after` is None where it has no value there."""

    field: str
    label_zh: str
    before: object
    after: object


def differences(kind: str, before: Content | None, after: Content | None) -> tuple[Difference, ...]:
    """Return the fields that differ: name, key, attributes in the order of the catalogue, geometry; none when one is missing."""
    if before is None or after is None:
        return ()
    found = [
        Difference(name, LABELS_ZH[name], old, new)
        for name, old, new in (("name", before.name, after.name), ("source_key", before.source_key, after.source_key))
        if old != new
    ]
    for name in _names(kind, before, after):
        old, new = before.attributes.get(name), after.attributes.get(name)
        # true is 1 for Python, and 400 is 400.0: what is stored differs all the same
        if (type(old), old) != (type(new), new):
            found.append(Difference(name, label_of(kind, name), old, new))
    if before.geometry_key != after.geometry_key:
        found.append(Difference("geometry", LABELS_ZH["geometry"], before.geometry, after.geometry))
    return tuple(found)


def label_of(kind: str, field: str) -> str:
    """Return the label of a field; its own name where the catalogue has none."""
    attribute = KINDS[kind].attribute(field) if kind in KINDS else None
    return attribute.label_zh if attribute is not None else LABELS_ZH.get(field, field)


def _names(kind: str, before: Content, after: Content) -> list[str]:
    """Return the attributes of both in the order of the catalogue, those it does not know last."""
    given = {*before.attributes, *after.attributes}
    known = [attribute.name for attribute in KINDS[kind].attributes if attribute.name in given] if kind in KINDS else []
    return known + sorted(given.difference(known))
