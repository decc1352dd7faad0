"""Checks metadata that stands in a tileset.json: entities of a tileset, a group, a tile or a content (3D Tiles 1.1, 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tiles.tiles3d.gltf_file import require
from tiles.tiles3d.metadata_check import Schema


def check_entity(schema: Schema, entity: Mapping[str, Any], where: str) -> None:
    """Check an entity against its class.

    Raises
    ------
    BadTileset3D
        When its class or a property does not exist, a required one lacks, or a value has another type than its property.
    """
    known = schema.properties(entity.get("class"), where)
    given = entity.get("properties", {})
    for name, value in given.items():
        require(name in known, f"{where} has property {name!r}, which its class {entity['class']} does not know")
        require(_fits(schema, known[name], value), f"property {name} of {where} is {value!r}, not what its type says")
    for name, definition in known.items():
        require(name in given or not definition.get("required"), f"{where} lacks the required property {name}")


def _fits(schema: Schema, definition: Mapping[str, Any], value: Any) -> bool:
    if not definition.get("array"):
        return _fits_one(schema, definition, value)
    count = definition.get("count")
    return (
        isinstance(value, list)
        and (count is None or len(value) == count)
        and all(_fits_one(schema, definition, item) for item in value)
    )


def _fits_one(schema: Schema, definition: Mapping[str, Any], value: Any) -> bool:
    kind = definition["type"]
    if kind == "STRING":
        return isinstance(value, str)
    if kind == "BOOLEAN":
        return isinstance(value, bool)
    if kind == "ENUM":
        return value in [entry["name"] for entry in schema.enums[definition["enumType"]]["values"]]
    stored, length = schema.item_type(definition)
    numbers = [value] if kind == "SCALAR" else value
    whole = np.dtype(stored).kind in "iu" and not definition.get("normalized") and "scale" not in definition
    return isinstance(numbers, list) and len(numbers) == length and all(_is_number(number, stored, whole) for number in numbers)


def _is_number(value: Any, stored: str, whole: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if not whole:
        return True
    limits = np.iinfo(np.dtype(stored))
    return float(value).is_integer() and limits.min <= value <= limits.max
