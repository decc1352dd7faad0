"""What is wrong with a file before a parser sees it: empty, cut off, not what its name says, an archive that would fill the disk.

Parsers of others say such things late, in their own words, or not at all: a Shapefile without its table is read as one without
attributes, and a workbook is unpacked before anybody asks how large it becomes.
"""

from __future__ import annotations

import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from gis.errors import UnreadableFile

LARGEST_UNPACKED_BYTES: Final = 4 * 2**30
"""Sum of what the members of an archive say they become."""
LARGEST_RATIO: Final = 200
"""Unpacked over packed size of an archive above `RATIO_FROM_BYTES`; workbooks of numbers reach 10 to 60."""
RATIO_FROM_BYTES: Final = 64 * 2**20
MOST_MEMBERS: Final = 5_000

_HEAD: Final = 4096
_MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"SQLite format 3\x00", "a GeoPackage (SQLite)"),
    (b"PK\x03\x04", "a ZIP archive or a workbook (XLSX)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (XLS, DOC)"),
    (b"\x00\x00\x27\x0a", "a Shapefile"),
    (b"fgb\x03", "a FlatGeobuf"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
)
_DWG: Final = re.compile(rb"AC10\d\d|AC1\.\d")
_WANTED: Final[Mapping[str, str]] = {
    ".gpkg": "a GeoPackage (SQLite)",
    ".xlsx": "a ZIP archive or a workbook (XLSX)",
    ".xlsm": "a ZIP archive or a workbook (XLSX)",
    ".zip": "a ZIP archive or a workbook (XLSX)",
    ".shp": "a Shapefile",
    ".fgb": "a FlatGeobuf",
    ".geojson": "JSON",
    ".json": "JSON",
    ".csv": "text",
    ".txt": "text",
    ".kml": "XML",
    ".gml": "XML",
    ".dxf": "a DXF drawing",
}
_ARCHIVES: Final = {".zip", ".rar", ".7z", ".gz", ".tar", ".bz2", ".xz"}


def require_fit(path: Path) -> None:
    """Check that a file holds something, and what its ending says.

    Raises
    ------
    UnreadableFile
        Naming what it is instead.
    """
    if not path.stat().st_size:
        raise UnreadableFile(f"{path}: cannot be read as {_said(path)}: the file is empty (0 bytes)")
    wanted = _WANTED.get(path.suffix.lower())
    with path.open("rb") as file:
        found = content_of(file.read(_HEAD))
    if wanted is None or found in {"", wanted} or (wanted == "text" and found == "JSON"):
        return
    if wanted == "a DXF drawing":
        return  # `gis.dxf` knows more: binary drawings, DWG
    raise UnreadableFile(
        f"{path}: cannot be read as {_said(path)}: its content is {found}, not {wanted}; give it its right ending, or export it"
        " again"
    )


def _said(path: Path) -> str:
    """Return the format that an ending names, in words."""
    ending = path.suffix.lstrip(".").lower()
    return {"csv": "CSV", "txt": "CSV", "xlsx": "a workbook", "xlsm": "a workbook", "zip": "a ZIP archive"}.get(ending, ending)


def content_of(head: bytes) -> str:
    """Return what the first bytes of a file say it is; empty when they say nothing."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if _DWG.match(head):
        return "a DWG drawing"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ""  # UTF-16: the reader of tables says so
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"{", b"[")):
        return "JSON"
    if text.startswith(b"<"):
        return "a web page (HTML)" if text.startswith((b"<html", b"<!doc")) or b"<table" in text else "XML"
    # a stray NUL in a text is a fault of that line, which its reader names
    return "binary data" if head.count(0) > len(head) // 50 and not head.startswith(b"AutoCAD Binary DXF") else "text"


# ---------------------------------------------------------------- Shapefiles


def require_whole_shapefile(path: Path) -> None:
    """Check that the parts of a Shapefile are there, whole, and of one layer (ESRI, "Shapefile Technical Description", 1998).

    Raises
    ------
    UnreadableFile
        Naming the part that is missing, cut off, or of another layer.
    """
    index, table = (_part(path, suffix) for suffix in (".shx", ".dbf"))
    for part in (path, index):
        _require_declared_length(path, part)
    shapes = (index.stat().st_size - 100) // 8
    rows = _rows_of_table(path, table)
    if shapes != rows:
        raise UnreadableFile(
            f"{path}: cannot be read as shp: {index.name} has {shapes:,} shapes and {table.name} {rows:,} rows; a part was cut"
            " off or belongs to another layer, copy all of them again"
        )


def _part(path: Path, suffix: str) -> Path:
    for name in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if name.is_file():
            if not name.stat().st_size:
                raise UnreadableFile(f"{path}: cannot be read as shp: {name.name} is empty (0 bytes); copy all parts again")
            return name
    raise UnreadableFile(
        f"{path}: cannot be read as shp: {path.with_suffix(suffix).name} is missing; a Shapefile is .shp, .shx and .dbf together"
    )


def _require_declared_length(path: Path, part: Path) -> None:
    with part.open("rb") as file:
        header = file.read(100)
    if len(header) < 100 or header[:4] != b"\x00\x00\x27\x0a":
        raise UnreadableFile(f"{path}: cannot be read as shp: {part.name} does not begin like a part of a Shapefile")
    declared, size = 2 * int(struct.unpack(">i", header[24:28])[0]), part.stat().st_size
    if size < declared:
        raise UnreadableFile(
            f"{path}: cannot be read as shp: {part.name} is cut off after {size:,} of {declared:,} bytes; copy it again"
        )


def _rows_of_table(path: Path, table: Path) -> int:
    with table.open("rb") as file:
        header = file.read(32)
    if len(header) < 32:
        raise UnreadableFile(f"{path}: cannot be read as shp: {table.name} is cut off in its header; copy it again")
    rows, start, width = struct.unpack("<IHH", header[4:12])
    size = table.stat().st_size
    if size < start + rows * width:
        raise UnreadableFile(
            f"{path}: cannot be read as shp: {table.name} is cut off after row {max(0, size - start) // max(width, 1):,} of"
            f" {rows:,}; copy it again"
        )
    return int(rows)


# ---------------------------------------------------------------- archives


def require_safe_archive(path: Path, *, workbook: bool) -> None:
    """Check what an archive says of itself before anything of it is unpacked.

    1. It can be listed, no member needs a password, and there are at most `MOST_MEMBERS`.
    2. What it becomes is at most `LARGEST_UNPACKED_BYTES` and, above 64 MB, `LARGEST_RATIO` times its size.
    3. No member leads out of the folder that it would be unpacked into, or is a link.
    4. No archive within a delivery's archive (a workbook may hold what it likes: nothing of it is unpacked to disk).

    Raises
    ------
    UnreadableFile
        With the member and the numbers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        kind = "a workbook" if workbook else "a ZIP archive"
        raise UnreadableFile(f"{path}: cannot be read as {kind}: {error}; is the file complete?") from None
    _require_modest(path, members)
    for member in members:
        if member.flag_bits & 1:
            raise UnreadableFile(f"{path}: {member.filename!r} needs a password; deliver it without one")
        if not workbook:
            _require_inside(path, member)


def _require_modest(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise UnreadableFile(f"{path}: the archive has {len(members):,} members; {MOST_MEMBERS:,} are taken")
    unpacked, packed = sum(member.file_size for member in members), max(1, path.stat().st_size)
    if unpacked > LARGEST_UNPACKED_BYTES or (unpacked > RATIO_FROM_BYTES and unpacked > LARGEST_RATIO * packed):
        raise UnreadableFile(
            f"{path}: the archive of {packed:,} bytes would become {unpacked:,} bytes ({unpacked // packed:,} times as many); it"
            f" was not unpacked (a zip bomb?). {LARGEST_UNPACKED_BYTES:,} bytes and {LARGEST_RATIO} times are taken"
        )


def _require_inside(path: Path, member: zipfile.ZipInfo) -> None:
    name = member.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or (parts and parts[0].endswith(":")):
        raise UnreadableFile(f"{path}: {member.filename!r} leads out of the archive's folder; it was not unpacked")
    if (member.external_attr >> 16) & 0o170000 == 0o120000:
        raise UnreadableFile(f"{path}: {member.filename!r} is a link; deliver the file itself")
    if PurePosixPath(name).suffix.lower() in _ARCHIVES:
        raise UnreadableFile(f"{path}: {member.filename!r} is an archive within the archive; unpack it and deliver its files")


def unpack(path: Path, folder: Path) -> list[Path]:
    """Unpack a checked archive into an empty folder and return its files in the order of their names.

    Names that are not marked as UTF-8 are taken for GBK where they can be, as Chinese programs write them.

    Raises
    ------
    UnreadableFile
        When a member is not what the archive says it is.
    """
    require_safe_archive(path, workbook=False)
    files = []
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            target = folder / _name_of(member)
            if not target.resolve().is_relative_to(folder.resolve()):
                raise UnreadableFile(f"{path}: {member.filename!r} leads out of the archive's folder; it was not unpacked")
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                # zipfile stops at the size that the member declares, and fails when the rest does not fit
                with archive.open(member) as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file)
            except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, EOFError) as error:
                raise UnreadableFile(f"{path}: {member.filename!r} cannot be unpacked: {error}; is the file complete?") from None
            files.append(target)
    return sorted(files)


def _name_of(member: zipfile.ZipInfo) -> str:
    name = member.filename.replace("\\", "/")
    if member.flag_bits & 0x800 or name.isascii():
        return name
    try:
        return name.encode("cp437").decode("gbk")
    except UnicodeError:
        return name
