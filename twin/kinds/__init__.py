"""The catalogue of asset kinds and their attributes.

One place says what a kind is called in the field, which geometry it has and which attributes it may carry, with unit, codes and
the standard they come from. The import checks rows against it, the API documents it, the viewer labels with it; `docs/schema.md`
is written from it.

Codes of standards stand in `twin/code_lists.py`. Modules: `organisations`, `sources`, `network`, `users`, `places`, `safety`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from twin.errors import UnknownKind
from twin.kinds import network, organisations, places, safety, sources, users
from twin.kinds.codes import NETWORK_LEVELS
from twin.kinds.model import Attribute, AttributeType, GeometryType, Kind
from twin.kinds.shared import ADDRESS_KEY, NAME_DELIVERED

__all__ = ["KINDS", "NETWORK_LEVELS", "Attribute", "AttributeType", "GeometryType", "Kind", "kind_of"]


def _complete(kind: Kind) -> Kind:
    """Add what the import fills in: the delivered name, and the key that addresses are compared by."""
    added = [NAME_DELIVERED] + ([ADDRESS_KEY] if kind.attribute("address") is not None else [])
    return replace(kind, attributes=(*kind.attributes, *added))


_MODULES = (organisations, sources, network, users, places, safety)

KINDS: Mapping[str, Kind] = {kind.name: _complete(kind) for module in _MODULES for kind in module.KINDS}
"""All kinds by name."""


def kind_of(name: str) -> Kind:
    """Return the kind of that name.

    Raises
    ------
    UnknownKind
        When the catalogue does not hold it; the message lists what it holds.
    """
    try:
        return KINDS[name]
    except KeyError:
        known = ", ".join(sorted(KINDS))
        raise UnknownKind(f"{name!r} is not an asset kind; known kinds are {known}") from None
