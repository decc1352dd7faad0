"""Checks the metadata of any glTF: EXT_structural_metadata, EXT_mesh_features and EXT_instance_features.

gltf-validator does not know these extensions. What is held against their text (3D Metadata of OGC 22-025r4, and the extensions'
own pages): classes have known types, columns are as long as their table, offsets rise and end inside their values, texts are
UTF-8, enumerations hold only what they name, limits hold, and feature rows exist. Every message names the table and the column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tiles.errors import BadTileset3D
from tiles.tiles3d.gltf_file import GltfFile, require

_SIZES: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_NUMBERS: Final = {
    **{f"INT{bits}": f"<i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": f"<u{bits // 8}" for bits in (8, 16, 32, 64)},
    **{"FLOAT32": "<f4", "FLOAT64": "<f8"},
}
_OFFSETS: Final = ("UINT8", "UINT16", "UINT32", "UINT64")
_EXTENSION: Final = "EXT_structural_metadata"


@dataclass(frozen=True, slots=True)
class Schema:
    """Classes and enumerations of a metadata schema, checked.

    Attributes
    ----------
    classes
        Name of a class to its properties.
    enums
        Name of an enumeration to its definition.
    """

    classes: Mapping[str, Mapping[str, Any]]
    enums: Mapping[str, Mapping[str, Any]]

    def properties(self, name: Any, where: str) -> Mapping[str, Any]:
        """Return the properties of a class.

        Raises
        ------
        BadTileset3D
            When the schema has no such class.
        """
        require(name in self.classes, f"{where} is of class {name!r}; there are {', '.join(self.classes) or 'none'}")
        found: Mapping[str, Any] = self.classes[name].get("properties", {})
        return found

    def item_type(self, definition: Mapping[str, Any]) -> tuple[str, int]:
        """Return the numpy type and the length of one value of a property; ("", 0) for texts and booleans."""
        if definition["type"] == "ENUM":
            return _NUMBERS[self.enums[definition["enumType"]].get("valueType", "UINT16")], 1
        if definition["type"] in _SIZES:
            return _NUMBERS[definition["componentType"]], _SIZES[definition["type"]]
        return "", 0


def read_schema(document: Mapping[str, Any]) -> Schema:
    """Check a metadata schema.

    Raises
    ------
    BadTileset3D
        When a property has an unknown type, or names an enumeration that does not exist.
    """
    schema = Schema(document.get("classes", {}), document.get("enums", {}))
    for name, enum in schema.enums.items():
        require(enum.get("valueType", "UINT16") in _NUMBERS, f"enumeration {name} has an unknown type of values")
        values = [entry.get("value") for entry in enum.get("values", [])]
        require(bool(values) and len(set(values)) == len(values), f"enumeration {name} has no values, or one twice")
    for class_name, entry in schema.classes.items():
        for name, definition in entry.get("properties", {}).items():
            _check_definition(f"property {class_name}.{name}", definition, schema)
    return schema


def _check_definition(where: str, definition: Mapping[str, Any], schema: Schema) -> None:
    kind = definition.get("type")
    require(kind in ("STRING", "BOOLEAN", "ENUM", *_SIZES), f"{where} has the unknown type {kind!r}")
    if kind == "ENUM":
        enum = definition.get("enumType")
        require(enum in schema.enums, f"{where} names enumeration {enum!r}; there are {', '.join(schema.enums) or 'none'}")
    if kind in _SIZES:
        component = definition.get("componentType")
        require(component in _NUMBERS, f"{where} has the unknown component type {component!r}")
    count = definition.get("count")
    require(count is None or (bool(definition.get("array")) and count >= 2), f"{where} has a count of {count} without an array")


@dataclass(frozen=True, slots=True)
class TableFound:
    """A property table: class, rows and its decoded columns (one value a row; absent for rows without data)."""

    class_name: str
    count: int
    columns: Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True)
class MetadataReport:
    """What a glTF says about its features.

    Attributes
    ----------
    tables
        Property tables with their values.
    feature_sets
        Sets of feature ids of primitives and instances.
    property_textures, property_attributes
        How many there are; their references are checked, their values are not read.
    """

    tables: tuple[TableFound, ...]
    feature_sets: int
    property_textures: int
    property_attributes: int


def check_metadata(file: GltfFile) -> MetadataReport:
    """Check the metadata of a glTF and return what it holds.

    Raises
    ------
    BadTileset3D
        With the first fault; the message names table, column or mesh, and the numbers that disagree.
    """
    given = file.document.get("extensions", {}).get(_EXTENSION)
    metadata: dict[str, Any] = given or {}
    if "schemaUri" in metadata:
        raise BadTileset3D("its metadata schema is another file (schemaUri); put it into the glTF")
    schema = read_schema(metadata.get("schema", {}))
    tables = tuple(_read_table(file, schema, number, table) for number, table in enumerate(metadata.get("propertyTables", [])))
    textures, attributes = metadata.get("propertyTextures", []), metadata.get("propertyAttributes", [])
    for number, texture in enumerate(textures):
        _check_property_texture(file, schema, number, texture)
    for number, entry in enumerate(attributes):
        _known_columns(schema, entry, f"property attribute {number}")
    sets = sum(_check_primitive(file, tables, primitive, len(textures), attributes) for primitive in file.primitives())
    sets += sum(_check_instances(file, tables, node) for node in file.items("nodes"))
    return MetadataReport(tables, sets, len(textures), len(attributes))


def _known_columns(schema: Schema, entry: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    known, given = schema.properties(entry.get("class"), where), entry.get("properties", {})
    for name in given:
        require(name in known, f"{where} has column {name!r}, which its class {entry['class']} does not know")
    return known


# property tables


def _read_table(file: GltfFile, schema: Schema, number: int, table: Mapping[str, Any]) -> TableFound:
    where = f"property table {number}"
    known, count = _known_columns(schema, table, where), table.get("count")
    require(isinstance(count, int) and count >= 1, f"{where} has {count} rows")
    assert isinstance(count, int)
    columns = {
        name: _Column(file, schema, known[name], entry, f"column {name} of {where}").values(count)
        for name, entry in table.get("properties", {}).items()
    }
    for name, definition in known.items():
        require(name in columns or not definition.get("required"), f"{where} lacks the required column {name}")
    return TableFound(str(table["class"]), count, columns)


@dataclass(frozen=True, slots=True)
class _Column:
    """One column: its definition in the class and its views in the table."""

    file: GltfFile
    schema: Schema
    definition: Mapping[str, Any]
    entry: Mapping[str, Any]
    where: str

    def values(self, rows: int) -> list[Any]:
        """Return one value a row, None where the property says that there is no data."""
        ends = self._array_ends(rows)
        items = rows if ends is None else int(ends[-1])
        found = self._items(items)
        self._check_limits(found)
        empty = self.definition.get("noData")
        plain = self._listed(found)
        listed = plain if ends is None else [plain[start:end] for start, end in pairwise(ends.tolist())]
        return listed if empty is None else [None if value == empty else value for value in listed]

    def _listed(self, found: Any) -> list[Any]:
        if isinstance(found, list):
            return found
        as_stored = self.definition["type"] != "ENUM" and not self._is_scaled()
        return list(found.tolist()) if as_stored else [self._plain(value) for value in found]

    def _array_ends(self, rows: int) -> NDArray[np.int64] | None:
        """Return where the arrays of the rows begin and end among the items; None where a row is one value."""
        if not self.definition.get("array"):
            return None
        if "count" in self.definition:
            return np.arange(rows + 1) * int(self.definition["count"])
        return self._offsets("arrayOffsets", "arrayOffsetType", rows)

    def _offsets(self, name: str, type_name: str, rows: int) -> NDArray[np.int64]:
        require(name in self.entry, f"{self.where} has no {name}")
        kind = self.entry.get(type_name, "UINT32")
        require(kind in _OFFSETS, f"{self.where} has offsets of the unknown type {kind!r}")
        data, item = self._view(name), np.dtype(_NUMBERS[kind])
        needed = (rows + 1) * item.itemsize
        require(len(data) >= needed, f"{self.where} has {len(data) // item.itemsize} {name}, its {rows} rows need {rows + 1}")
        ends = np.frombuffer(data[:needed], item).astype(np.int64)
        require(ends[0] == 0 and bool((np.diff(ends) >= 0).all()), f"{name} of {self.where} do not start at 0 or fall")
        return ends

    def _view(self, name: str) -> bytes:
        number = self.entry.get(name)
        try:
            return self.file.view(number)
        except BadTileset3D as error:
            raise BadTileset3D(f"{name} of {self.where}: {error}") from None

    def _items(self, count: int) -> Any:
        if count == 0:
            return []
        data = self._view("values")
        if self.definition["type"] == "STRING":
            return self._texts(data, count)
        if self.definition["type"] == "BOOLEAN":
            self._check_length(data, -(-count // 8), count)
            return np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[:count].astype(bool)
        kind, length = self.schema.item_type(self.definition)
        size = np.dtype(kind).itemsize * length
        self._check_length(data, count * size, count)
        numbers = np.frombuffer(data[: count * size], kind).reshape(count, length)
        return numbers if length > 1 else numbers.ravel()

    def _check_length(self, data: bytes, needed: int, count: int) -> None:
        require(len(data) >= needed, f"{self.where} has {len(data)} bytes, its {count} values need {needed}")

    def _texts(self, data: bytes, count: int) -> list[str]:
        ends = self._offsets("stringOffsets", "stringOffsetType", count)
        end = int(ends[-1])
        require(end <= len(data), f"string offsets of {self.where} end at {end}, the values have {len(data)} bytes")
        try:
            whole = data[:end].decode()
        except UnicodeDecodeError:
            raise BadTileset3D(f"{self.where} holds a text that is not UTF-8") from None
        if len(whole) == end:  # a byte each
            return [whole[start:stop] for start, stop in pairwise(ends.tolist())]
        starts = np.frombuffer(data, np.uint8)[ends[ends < end]]
        # what is cut between characters is UTF-8 as well; a byte 10xxxxxx is the middle of one
        require(bool((starts & 0xC0 != 0x80).all()), f"{self.where} holds a text that is not UTF-8")
        return [data[start:stop].decode() for start, stop in pairwise(ends.tolist())]

    def _check_limits(self, found: Any) -> None:
        if self.definition["type"] == "ENUM":
            self._check_enum(found)
        for name, compare in (("min", np.less), ("max", np.greater)):
            limit = self.entry.get(name)
            # a limit is of the values as they are meant: only stored ones without scale are compared
            if limit is None or self._is_scaled() or not isinstance(found, np.ndarray) or isinstance(limit, list):
                continue
            kept = found[found != self.definition["noData"]] if "noData" in self.definition else found
            beyond = compare(kept, np.asarray(limit).astype(found.dtype))
            require(not bool(beyond.any()), f"{self.where} has {kept[beyond][:1]}, beyond its {name} {limit}")

    def _is_scaled(self) -> bool:
        names = ("scale", "offset")
        return bool(self.definition.get("normalized")) or any(name in self.definition or name in self.entry for name in names)

    def _check_enum(self, found: Any) -> None:
        enum = self.schema.enums[self.definition["enumType"]]
        names = {entry["value"]: entry["name"] for entry in enum["values"]}
        allowed = {*names, *(value for value, name in names.items() if name == self.definition.get("noData"))}
        unknown = sorted({int(value) for value in np.unique(found)} - allowed) if len(found) else []
        require(not unknown, f"{self.where} holds {unknown[:1]}, which enumeration {self.definition['enumType']} does not name")

    def _plain(self, value: Any) -> Any:
        """Return a value as Python has it; an enumerated one by its name, a scaled one as it is meant."""
        plain = value.tolist() if isinstance(value, np.generic | np.ndarray) else value
        if self.definition["type"] == "ENUM":
            enum = self.schema.enums[self.definition["enumType"]]
            return next(entry["name"] for entry in enum["values"] if entry["value"] == plain)
        if not self._is_scaled() or self.definition["type"] not in _SIZES:
            return plain
        return self._scaled(np.asarray(value, dtype=np.float64))

    def _scaled(self, stored: NDArray[np.float64]) -> Any:
        if self.definition.get("normalized"):
            stored = np.maximum(stored / float(np.iinfo(_NUMBERS[self.definition["componentType"]]).max), -1.0)
        for name, combine in (("scale", np.multiply), ("offset", np.add)):
            factor = self.entry.get(name, self.definition.get(name))
            if factor is not None and not self.definition.get("array"):
                stored = combine(stored, np.asarray(factor, dtype=np.float64))
        return stored.tolist()


# references to features


def distinct(rows: NDArray[Any]) -> NDArray[np.int64]:
    """Return the distinct values, rising; whole numbers of 16 bits are counted, which is quicker than sorting them."""
    if rows.dtype.kind == "u" and rows.dtype.itemsize <= 2:
        return np.flatnonzero(np.bincount(rows))
    return np.unique(rows.astype(np.int64))


def _check_property_texture(file: GltfFile, schema: Schema, number: int, texture: Mapping[str, Any]) -> None:
    where = f"property texture {number}"
    known = _known_columns(schema, texture, where)
    for name, entry in texture.get("properties", {}).items():
        _check_texture(file, entry, f"column {name} of {where}")
        kind, length = schema.item_type(known[name])
        wanted = np.dtype(kind).itemsize * length * int(known[name].get("count", 1)) if kind else 1
        channels = entry.get("channels", [0])
        require(len(channels) == wanted, f"column {name} of {where} has {len(channels)} channels, its type needs {wanted}")


def _check_texture(file: GltfFile, entry: Mapping[str, Any], where: str) -> None:
    texture = file.item("textures", entry.get("index"))
    require("source" in texture or bool(texture.get("extensions")), f"the texture of {where} has no image")
    if "source" in texture:
        file.item("images", texture["source"])
    channels = entry.get("channels", [0])
    good = bool(channels) and all(isinstance(channel, int) and 0 <= channel <= 3 for channel in channels)
    require(good, f"{where} reads the channels {channels}; there are 0 to 3")


def _check_primitive(
    file: GltfFile, tables: tuple[TableFound, ...], primitive: Mapping[str, Any], textures: int, attributes: list[Any]
) -> int:
    extensions, given = primitive.get("extensions", {}), primitive.get("attributes", {})
    metadata = extensions.get(_EXTENSION, {})
    for number in metadata.get("propertyTextures", []):
        require(0 <= number < textures, f"a mesh names property texture {number}, there are {textures}")
    for number in metadata.get("propertyAttributes", []):
        require(0 <= number < len(attributes), f"a mesh names property attribute {number}, there are {len(attributes)}")
        for name, entry in attributes[number].get("properties", {}).items():
            require(entry.get("attribute") in given, f"column {name} is read from {entry.get('attribute')}, which a mesh lacks")
    sets = extensions.get("EXT_mesh_features", {}).get("featureIds", [])
    for number, feature_set in enumerate(sets):
        _check_feature_set(file, tables, feature_set, given, f"feature ids {number} of a mesh")
    return len(sets)


def _check_instances(file: GltfFile, tables: tuple[TableFound, ...], node: Mapping[str, Any]) -> int:
    extensions = node.get("extensions", {})
    given = extensions.get("EXT_mesh_gpu_instancing", {}).get("attributes", {})
    sets = extensions.get("EXT_instance_features", {}).get("featureIds", [])
    for number, feature_set in enumerate(sets):
        _check_feature_set(file, tables, feature_set, given, f"feature ids {number} of instances")
    return len(sets)


def _check_feature_set(
    file: GltfFile, tables: tuple[TableFound, ...], entry: Mapping[str, Any], given: Mapping[str, Any], where: str
) -> None:
    count = entry.get("featureCount")
    require(isinstance(count, int) and count >= 1, f"{where} declare {count} features")
    assert isinstance(count, int)
    table = entry.get("propertyTable")
    if table is not None:
        require(0 <= table < len(tables), f"{where} name property table {table}, there are {len(tables)}")
    if "texture" in entry:
        _check_texture(file, entry["texture"], where)
        return
    used = _feature_rows(file, entry, given, where)
    require(len(used) <= count, f"{where} declare {count} features, {len(used)} are used")
    if table is not None and len(used):
        rows = tables[table].count
        require(int(used[-1]) < rows, f"{where} use row {used[-1]}, property table {table} has {rows} rows")


def _feature_rows(file: GltfFile, entry: Mapping[str, Any], given: Mapping[str, Any], where: str) -> NDArray[np.int64]:
    """Return the distinct rows that a set names, rising; without an attribute each vertex is a feature of its own."""
    if "attribute" in entry:
        name = f"_FEATURE_ID_{entry['attribute']}"
        require(name in given, f"{where} are read from {name}, which it lacks")
        stored = file.accessor(given[name])
        require(stored.shape[1] == 1, f"{name} is no column of single numbers")
        rows = distinct(stored.ravel())
    else:
        counts = [int(file.item("accessors", number).get("count", 0)) for number in given.values()]
        rows = np.arange(min(counts, default=0))
    empty = entry.get("nullFeatureId")
    return rows if empty is None else rows[rows != empty]
