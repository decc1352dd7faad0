"""A strict reader of vector tiles after the Mapbox Vector Tile Specification 2.1; it reads the bytes themselves.

Decoders forgive much. This one names every breach, with the section of the specification, so that tiles can be held to all of it:
`breaches` is empty for a tile that keeps the rules. It shares nothing with what makes the tiles (PostGIS) and is itself held
against the fixtures of `@mapbox/mvt-fixtures`.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_WIDTHS = {FIXED64: 8, FIXED32: 4}
_LAYER_FIELDS = {15: VARINT, 1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT}
_FEATURE_FIELDS = {1: VARINT, 2: BYTES, 3: VARINT, 4: BYTES}
_VALUE_FIELDS = {1: BYTES, 2: FIXED32, 3: FIXED64, 4: VARINT, 5: VARINT, 6: VARINT, 7: VARINT}
_POINT, _LINE, _POLYGON = 1, 2, 3
_MOVE, _DRAW, _CLOSE = 1, 2, 7


class Broken(Exception):
    """The bytes cannot be read any further."""


@dataclass
class Feature:
    """A feature as written: its id, tags, type, and its parts in tile units (rings without their closing point)."""

    id: int | None = None
    tags: list[int] = field(default_factory=list)
    type: int = 0
    parts: list[list[tuple[int, int]]] = field(default_factory=list)


@dataclass
class Layer:
    """A layer as written."""

    name: str = ""
    version: int | None = None
    extent: int = 4096
    keys: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)
    features: list[Feature] = field(default_factory=list)

    def attributes(self, feature: Feature) -> dict[str, object]:
        """Return the attributes of a feature whose tags keep the rules."""
        pairs = zip(feature.tags[::2], feature.tags[1::2], strict=True)
        return {self.keys[key]: self.values[value] for key, value in pairs}


def breaches(tile: bytes) -> list[str]:
    """Return every breach of the specification in a tile."""
    return read(tile)[1]


def read(tile: bytes) -> tuple[list[Layer], list[str]]:
    """Return the layers of a tile and every breach of the specification."""
    layers: list[Layer] = []
    said: list[str] = []
    try:
        for number, wire, value in _fields(tile):
            if (number, wire) != (3, BYTES) or not isinstance(value, bytes):
                said.append(f"4.1: field {number} of a tile is not a layer")
                continue
            layers.append(_layer(value, said))
    except (Broken, UnicodeDecodeError) as error:
        said.append(f"cannot be read: {error}")
    twice = [name for name, times in Counter(layer.name for layer in layers).items() if times > 1]
    said += [f"4.1: two layers are named {name!r}" for name in twice]
    return layers, said


def _fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Yield number, wire type and value of the fields of a protobuf message."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        value: int | bytes
        if wire == VARINT:
            value, at = _varint(data, at)
        elif wire in _WIDTHS:
            value, at = data[at : at + _WIDTHS[wire]], at + _WIDTHS[wire]
        elif wire == BYTES:
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            raise Broken(f"wire type {wire}")
        if at > len(data):
            raise Broken(f"field {number} ends behind its message")
        yield number, wire, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Broken("a number does not end")
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def _layer(data: bytes, said: list[str]) -> Layer:
    layer = Layer()
    raw_features: list[bytes] = []
    seen: Counter[int] = Counter()
    for number, wire, value in _fields(data):
        seen[number] += 1
        if _LAYER_FIELDS.get(number) != wire:
            said.append(f"4.1: field {number} of a layer has wire type {wire}")
        elif isinstance(value, int):
            if number == 15:
                layer.version = value
            else:
                layer.extent = value
        elif number == 1:
            layer.name = value.decode()
        elif number == 3:
            layer.keys.append(value.decode())
        else:
            (raw_features if number == 2 else layer.values).append(value)
    layer.values = [_value(value, said) for value in layer.values if isinstance(value, bytes)]
    layer.features = [_feature(value, layer, said) for value in raw_features]
    if seen[15] != 1 or layer.version != 2:
        said.append(f"4.1: the version of layer {layer.name!r} is {layer.version}, not 2")
    if seen[1] != 1 or not layer.name:
        said.append("4.1: a layer has no name")
    said += [f"4.1: field {number} of layer {layer.name!r} comes {seen[number]} times" for number in (5,) if seen[number] > 1]
    if layer.extent < 1:
        said.append(f"4.1: the extent of layer {layer.name!r} is {layer.extent}")
    said += [f"4.1: key {key!r} comes twice" for key, times in Counter(layer.keys).items() if times > 1]
    return layer


def _value(data: bytes, said: list[str]) -> object:
    found = list(_fields(data))
    if len(found) != 1 or any(_VALUE_FIELDS.get(number) != wire for number, wire, _ in found):
        said.append(f"4.1: a value has fields {[(number, wire) for number, wire, _ in found]}, not one of the seven")
        return None
    number, _, value = found[0]
    if isinstance(value, bytes):
        return value.decode() if number == 1 else struct.unpack("<f" if number == 2 else "<d", value)[0]
    if number == 6:
        return (value >> 1) ^ -(value & 1)
    if number == 7:
        return bool(value)
    return value - (1 << 64) if number == 4 and value >> 63 else value


def _packed(data: bytes) -> list[int]:
    numbers = []
    at = 0
    while at < len(data):
        number, at = _varint(data, at)
        numbers.append(number)
    return numbers


def _feature(data: bytes, layer: Layer, said: list[str]) -> Feature:
    feature = Feature()
    geometry: list[int] = []
    seen: Counter[int] = Counter()
    for number, wire, value in _fields(data):
        seen[number] += 1
        if _FEATURE_FIELDS.get(number) != wire:
            said.append(f"4.2: field {number} of a feature has wire type {wire}")
        elif isinstance(value, int):
            if number == 1:
                feature.id = value
            else:
                feature.type = value
        elif number == 2:
            feature.tags = _packed(value)
        else:
            geometry = _packed(value)
    said += [f"4.2: field {number} of a feature comes {times} times" for number, times in seen.items() if times > 1]
    if not seen[3] or feature.type > _POLYGON:
        said.append(f"4.3.4: a feature has no type of the four ({feature.type})")
    if not geometry:
        said.append("4.2: a feature has no geometry")
    _check_tags(feature, layer, said)
    if _POINT <= feature.type <= _POLYGON:
        feature.parts = _parts(geometry, feature.type, said)
    return feature


def _check_tags(feature: Feature, layer: Layer, said: list[str]) -> None:
    keys, values = feature.tags[::2], feature.tags[1::2]
    if len(keys) != len(values):
        said.append(f"4.4: {len(feature.tags)} tags are no pairs")
    if any(key >= len(layer.keys) for key in keys) or any(value >= len(layer.values) for value in values):
        said.append("4.4: a tag points to no key or no value")
    if len(set(keys)) != len(keys):
        said.append("4.4: a feature has a key twice")


def _commands(geometry: list[int]) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Yield command, count and relative positions."""
    at = 0
    while at < len(geometry):
        command, count = geometry[at] & 7, geometry[at] >> 3
        at += 1
        wanted = 0 if command == _CLOSE else 2 * count
        given = [(number >> 1) ^ -(number & 1) for number in geometry[at : at + wanted]]
        if len(given) != wanted:
            raise Broken(f"4.3.1: command {command} wants {wanted} numbers and has {len(given)}")
        at += wanted
        yield command, count, list(zip(given[::2], given[1::2], strict=True))


def _parts(geometry: list[int], kind: int, said: list[str]) -> list[list[tuple[int, int]]]:
    parts: list[list[tuple[int, int]]] = []
    order: list[tuple[int, int]] = []
    x = y = 0
    for command, count, steps in _commands(geometry):
        order.append((command, count))
        if command == _DRAW and (0, 0) in steps:
            said.append("4.3.3.2: a line does not move")
        for dx, dy in steps:
            x, y = x + dx, y + dy
            if command == _MOVE:
                parts.append([(x, y)])
            elif parts:
                parts[-1].append((x, y))
    wanted = {_POINT: [_MOVE], _LINE: [_MOVE, _DRAW], _POLYGON: [_MOVE, _DRAW, _CLOSE]}[kind]
    commands = [command for command, _ in order]
    if not commands or commands != wanted * (len(commands) // len(wanted)) or (kind == _POINT and len(commands) != 1):
        said.append(f"4.3.4: commands {commands[:6]} are not those of type {kind}")
    least = {_MOVE: 1, _DRAW: 2 if kind == _POLYGON else 1, _CLOSE: 1}
    exact = {_CLOSE} if kind == _POINT else {_MOVE, _CLOSE}
    wrong = [(c, n) for c, n in order if n < least.get(c, 0) or (c in exact and n != 1)]
    said += [f"4.3.3: command {command} has the count {count}" for command, count in wrong]
    if kind == _POLYGON and parts and area(parts[0]) <= 0:
        said.append("4.3.4.4: the first ring of a polygon is not an exterior one")
    said += ["4.3.4.4: a ring has no area" for part in parts if kind == _POLYGON and area(part) == 0]
    return parts


def area(ring: list[tuple[int, int]]) -> float:
    """Return the area of a ring by the surveyor's formula in tile units: above zero for an exterior ring."""
    ends = [*ring[1:], ring[0]]
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(ring, ends, strict=True)) / 2
