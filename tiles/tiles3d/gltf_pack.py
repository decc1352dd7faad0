"""Packs a glTF and all that it points to into one .glb; the same input gives the same bytes."""

from __future__ import annotations

import copy
import json
import mimetypes
from typing import Any

from tiles.errors import BadTileset3D
from tiles.tiles3d.glb import pack_glb
from tiles.tiles3d.gltf_file import Fetch, GltfFile, read_gltf, read_uri

_METADATA = "EXT_structural_metadata"


def packed(content: bytes, fetch: Fetch) -> tuple[bytes, GltfFile]:
    """Return a glTF as one .glb, and what it holds; a .glb that points to nothing is returned as it is.

    Parameters
    ----------
    content
        Bytes of a .glb or .gltf.
    fetch
        Gives buffers, images and schemas that it points to.

    Raises
    ------
    BadTileset3D
        As `read_gltf`; and when what it points to cannot be had.
    """
    file = read_gltf(content, fetch)
    whole = content[:4] == b"glTF" and len(file.buffers) <= 1 and not _pointers(file)
    if whole:
        return content, file
    document, data = _merged_buffers(file)
    for image in document.get("images", []):
        if "uri" in image:
            _embed_image(document, data, image, fetch)
    metadata = document.get("extensions", {}).get(_METADATA, {})
    if "schemaUri" in metadata:
        metadata["schema"] = _schema(read_uri(metadata.pop("schemaUri"), fetch))
    if data:
        document["buffers"] = [{"byteLength": len(data)}]
    packed_bytes = pack_glb(document, data)
    return packed_bytes, read_gltf(packed_bytes)


def _pointers(file: GltfFile) -> bool:
    metadata = file.document.get("extensions", {}).get(_METADATA, {})
    return "schemaUri" in metadata or any("uri" in entry for name in ("buffers", "images") for entry in file.items(name))


def _merged_buffers(file: GltfFile) -> tuple[dict[str, Any], bytearray]:
    document, data, starts = copy.deepcopy(file.document), bytearray(), []
    for buffer in file.buffers:
        data.extend(bytes(-len(data) % 8))
        starts.append(len(data))
        data.extend(buffer)
    for view in document.get("bufferViews", []):
        view["byteOffset"] = view.get("byteOffset", 0) + starts[view["buffer"]]
        view["buffer"] = 0
    return document, data


def _embed_image(document: dict[str, Any], data: bytearray, image: dict[str, Any], fetch: Fetch) -> None:
    uri = str(image.pop("uri"))
    content = read_uri(uri, fetch)
    kind = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp", b"\xabKTX": "image/ktx2"}
    known = next((name for start, name in kind.items() if content.startswith(start)), mimetypes.guess_type(uri)[0])
    if known is None:
        raise BadTileset3D(f"the picture {uri[:80]!r} is neither PNG, JPEG, WebP nor KTX2")
    data.extend(bytes(-len(data) % 8))
    views = document.setdefault("bufferViews", [])
    views.append({"buffer": 0, "byteOffset": len(data), "byteLength": len(content)})
    data.extend(content)
    image |= {"bufferView": len(views) - 1, "mimeType": image.get("mimeType", known)}


def _schema(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise BadTileset3D("its metadata schema is not JSON") from None
