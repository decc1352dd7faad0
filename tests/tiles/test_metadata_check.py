"""Metadata of any glTF: columns of every type are read, and every kind of damage is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.tiles.gltf_writing import GltfWriter, cube
from tiles.errors import BadTileset3D
from tiles.tiles3d.gltf_file import read_gltf
from tiles.tiles3d.metadata_check import check_metadata

ROWS = np.array([0, 0, 0, 1, 1, 1, 2, 2])
NUMBERS = ("INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64", "FLOAT32", "FLOAT64")
DTYPES = dict(zip(NUMBERS, ("i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8"), strict=True))

Change = Callable[[dict[str, Any]], object]


def texts(writer: GltfWriter, values: list[str], kind: str = "<u4") -> dict[str, int]:
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *(len(value) for value in encoded)]).astype(kind)
    return {"values": writer.view(b"".join(encoded)), "stringOffsets": writer.view(ends.tobytes())}


def add(document: dict[str, Any], name: str, definition: dict[str, Any], entry: dict[str, Any]) -> None:
    metadata = document["extensions"]["EXT_structural_metadata"]
    metadata["schema"]["classes"]["part"]["properties"][name] = definition
    metadata["propertyTables"][0]["properties"][name] = entry


def full() -> GltfWriter:
    """Return a cube whose table of three rows has a column of every type."""
    writer = cube(features=ROWS)
    enums = {"state": {"valueType": "UINT8", "values": [{"name": "open", "value": 1}, {"name": "shut", "value": 2}]}}
    schema = {"classes": {"part": {"properties": {}}}, "enums": enums}
    table = {"class": "part", "count": 3, "properties": {}}
    document = writer.document
    document["extensions"] = {"EXT_structural_metadata": {"schema": schema, "propertyTables": [table]}}
    document["extensionsUsed"] = ["EXT_structural_metadata", "EXT_mesh_features"]
    for name in NUMBERS:
        values = writer.view(np.array([1, 2, 100], DTYPES[name]).tobytes())
        add(document, name, {"type": "SCALAR", "componentType": name}, {"values": values})
    vector = writer.view(np.arange(9, dtype="<f4").tobytes())
    add(document, "vector", {"type": "VEC3", "componentType": "FLOAT32"}, {"values": vector})
    matrix = writer.view(np.arange(12, dtype="<i2").tobytes())
    add(document, "matrix", {"type": "MAT2", "componentType": "INT16"}, {"values": matrix})
    add(document, "name", {"type": "STRING", "required": True, "noData": ""}, texts(writer, ["一号换热站", "", "c"]))
    add(document, "flag", {"type": "BOOLEAN"}, {"values": writer.view(bytes([0b101]))})
    add(document, "state", {"type": "ENUM", "enumType": "state"}, {"values": writer.view(bytes([1, 2, 1]))})
    pair = {"type": "SCALAR", "componentType": "UINT16", "array": True, "count": 2}
    add(document, "pair", pair, {"values": writer.view(np.arange(6, dtype="<u2").tobytes())})
    ends = {"arrayOffsets": writer.view(np.array([0, 2, 2, 3], "<u2").tobytes()), "arrayOffsetType": "UINT16"}
    values = writer.view(np.array([7, 8, 9], "<f8").tobytes())
    add(document, "many", {"type": "SCALAR", "componentType": "FLOAT64", "array": True}, {"values": values, **ends})
    words = texts(writer, ["a", "bc", "德"], "u1") | {"stringOffsetType": "UINT8"}
    add(document, "words", {"type": "STRING", "array": True}, words | ends)
    add(document, "flags", {"type": "BOOLEAN", "array": True}, {"values": writer.view(bytes([0b110])), **ends})
    scaled = {"type": "SCALAR", "componentType": "INT16", "scale": 0.1, "offset": 20.0, "noData": -32768}
    add(document, "scaled", scaled, {"values": writer.view(np.array([10, 20, -10], "<i2").tobytes()), "min": 19.0, "max": 22.0})
    share = {"type": "SCALAR", "componentType": "UINT8", "normalized": True}
    add(document, "share", share, {"values": writer.view(bytes([0, 255, 51]))})
    limits = {"min": 3, "max": 5}
    add(document, "level", {"type": "SCALAR", "componentType": "UINT8"}, {"values": writer.view(bytes([3, 4, 5])), **limits})
    return writer


def test_columns_of_every_type_are_read() -> None:
    report = check_metadata(read_gltf(full().glb()))
    columns = report.tables[0].columns
    for name in NUMBERS:
        assert columns[name] == [1, 2, 100], name
    assert columns["vector"] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert columns["matrix"] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert columns["name"] == ["一号换热站", None, "c"]
    assert columns["flag"] == [True, False, True]
    assert columns["state"] == ["open", "shut", "open"]
    assert columns["pair"] == [[0, 1], [2, 3], [4, 5]]
    assert columns["many"] == [[7, 8], [], [9]]
    assert columns["words"] == [["a", "bc"], [], ["德"]]
    assert columns["flags"] == [[False, True], [], [True]]
    assert columns["scaled"] == [21.0, 22.0, 19.0]
    assert columns["share"] == [0.0, 1.0, 0.2]
    assert report.feature_sets == 1
    # a text file with its buffer inside says the same
    assert check_metadata(read_gltf(full().text())).tables == report.tables


def table_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["extensions"]["EXT_structural_metadata"]["propertyTables"][0]
    return found


def column(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = table_of(document)["properties"][name]
    return found


def kind(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["extensions"]["EXT_structural_metadata"]["schema"]["classes"]["part"]["properties"][name]
    return found


def feature_ids(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["meshes"][0]["primitives"][0]["extensions"]["EXT_mesh_features"]["featureIds"][0]
    return found


def shorten(document: dict[str, Any], view: int, length: int) -> None:
    document["bufferViews"][view]["byteLength"] = length


DAMAGES: list[tuple[Change, str]] = [
    (lambda d: table_of(d).update({"class": "pump"}), "is of class 'pump'; there are part"),
    (lambda d: table_of(d).update({"count": 0}), "property table 0 has 0 rows"),
    (lambda d: table_of(d).update({"count": 4}), "its 4 values need"),
    (lambda d: table_of(d)["properties"].update({"x": {"values": 0}}), "column 'x', which its class part does not know"),
    (lambda d: table_of(d)["properties"].pop("name"), "lacks the required column name"),
    (lambda d: kind(d, "INT8").update({"type": "NUMBER"}), "unknown type 'NUMBER'"),
    (lambda d: kind(d, "INT8").update({"componentType": "INT12"}), "unknown component type 'INT12'"),
    (lambda d: kind(d, "state").update({"enumType": "colour"}), "names enumeration 'colour'; there are state"),
    (lambda d: column(d, "INT8").update({"values": 999}), "it names bufferViews 999"),
    (lambda d: shorten(d, column(d, "FLOAT64")["values"], 23), "column FLOAT64 of property table 0 has 23 bytes"),
    (lambda d: column(d, "name").pop("stringOffsets"), "has no stringOffsets"),
    (lambda d: shorten(d, column(d, "name")["stringOffsets"], 8), "has 2 stringOffsets, its 3 rows need 4"),
    (lambda d: shorten(d, column(d, "name")["values"], 5), "end at 16, the values have 5 bytes"),
    (lambda d: column(d, "name").update({"stringOffsets": column(d, "INT64")["values"]}), "do not start at 0 or fall"),
    (lambda d: column(d, "name").update({"stringOffsetType": "INT32"}), "offsets of the unknown type 'INT32'"),
    (lambda d: column(d, "many").pop("arrayOffsets"), "has no arrayOffsets"),
    (lambda d: column(d, "state").update({"values": column(d, "INT8")["values"]}), "which enumeration state does not name"),
    (lambda d: column(d, "level").update({"max": 4}), "beyond its max 4"),
    (lambda d: feature_ids(d).update({"featureCount": 2}), "declare 2 features, 3 are used"),
    (lambda d: feature_ids(d).update({"propertyTable": 1}), "name property table 1, there are 1"),
    (lambda d: feature_ids(d).update({"attribute": 3}), "_FEATURE_ID_3, which it lacks"),
    (lambda d: d["accessors"][0].update({"count": 999}), "accessor 0 ends at"),
    (lambda d: d["bufferViews"][0].update({"byteLength": 10**6}), "buffer view 0 ends at"),
    (lambda d: d["nodes"][0].update({"children": [0]}), "node 0 is below itself"),
    (lambda d: d["nodes"][0].pop("mesh"), "its scene has no mesh"),
    (lambda d: d["asset"].update({"version": "1.0"}), "it is glTF 1.0, only 2.0 is read"),
]


@pytest.mark.parametrize(("damage", "problem"), DAMAGES, ids=[problem for _, problem in DAMAGES])
def test_every_damage_is_named(damage: Change, problem: str) -> None:
    writer = full()
    damage(writer.document)
    with pytest.raises(BadTileset3D, match=re.escape(problem)):
        _whole_check(writer.glb())


def test_a_row_that_the_table_does_not_have_is_named() -> None:
    writer = full()
    feature_ids(writer.document)["featureCount"] = 9
    writer.data[writer.document["bufferViews"][2]["byteOffset"]] = 8
    with pytest.raises(BadTileset3D, match="use row 8, property table 0 has 3 rows"):
        _whole_check(writer.glb())


def test_a_text_that_is_not_utf8_is_named() -> None:
    writer = full()
    view = writer.document["bufferViews"][column(writer.document, "name")["values"]]
    writer.data[view["byteOffset"]] = 0xFF
    with pytest.raises(BadTileset3D, match="column name of property table 0 holds a text that is not UTF-8"):
        _whole_check(writer.glb())


@pytest.mark.parametrize("length", [0, 3, 11, 19, 40, 400, -1])
def test_a_file_that_is_cut_off_is_refused(length: int) -> None:
    with pytest.raises(BadTileset3D):
        read_gltf(full().glb()[:length])


def _whole_check(content: bytes) -> None:
    file = read_gltf(content)
    check_metadata(file)
    file.corners_m()
