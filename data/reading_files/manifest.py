"""The manifest of a file of readings (TOML): which column is what, in which unit, zone and decimal mark."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data.errors import BadReadingFile

MISSING: Final = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-", "--")
REPEATED: Final = ("order", "first", "second")
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "file": frozenset({"format", "encoding", "delimiter", "decimal", "missing"}),
    "time": frozenset({"column", "format", "zone", "repeated_hour"}),
    "source": frozenset({"code", "column", "prefix", "schema", "asset_kind", "asset_code", "period_s"}),
    "long": frozenset({"point", "value"}),
    "point": frozenset({"column", "name", "unit", "quantity", "slot", "side", "min", "max", "digits", "label_zh"}),
}


@dataclass(frozen=True, slots=True)
class PointColumn:
    """A column (wide form) or a text in the point column (long form), and the point it is.

    Attributes
    ----------
    column
        In the file.
    name
        Of the point.
    unit
        Of the file; None = ours.
    quantity, slot, side, low, high, label_zh
        For a schema that the manifest registers; slot None = by the data.
    rounded
        True when a 32-bit gauge may drop digits that the file has.
    """

    column: str
    name: str
    unit: str | None = None
    quantity: str | None = None
    slot: str | None = None
    side: str = ""
    low: float | None = None
    high: float | None = None
    label_zh: str = ""
    rounded: bool = False

    @property
    def asks_for_digits(self) -> bool:
        """True when it matters whether a 32-bit gauge gives the digits back: they may not be dropped, or decide on the slot."""
        return not self.rounded or (self.quantity is not None and self.slot is None)


@dataclass(frozen=True, slots=True)
class FileManifest:
    """How a file is read; the fields are those of docs/archive-of-readings.md."""

    path: Path
    points: Sequence[PointColumn]
    time_column: str
    time_format: str | None = None
    zone: str = "UTC"
    repeated_hour: str = "order"
    format: str | None = None
    encoding: str = "utf8"
    delimiter: str = ","
    decimal: str = "."
    missing: Sequence[str] = MISSING
    source_code: str | None = None
    source_column: str | None = None
    source_prefix: str = ""
    schema: str | None = None
    asset_kind: str | None = None
    asset_code: str | None = None
    period_s: int = 60
    point_column: str | None = None
    value_column: str | None = None

    @property
    def is_long(self) -> bool:
        """True when a row holds one point."""
        return self.point_column is not None

    @property
    def columns(self) -> list[str]:
        """Columns of the file that are read."""
        own = [self.time_column, *([self.source_column] if self.source_column else [])]
        if self.point_column is not None and self.value_column is not None:
            return [*own, self.point_column, self.value_column]
        return [*own, *(point.column for point in self.points)]


def read_manifest(path: Path) -> FileManifest:
    """Read a manifest.

    Raises
    ------
    BadReadingFile
        When it cannot be read, names what does not exist or lacks something; the message says what would be right.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadReadingFile(f"the manifest {path} cannot be read: {error}") from None
    unknown = sorted(set(data) - set(_KEYS))
    if unknown:
        raise _bad(path, f"it has {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}")
    file, time, source, long = (_table(path, data, name) for name in ("file", "time", "source", "long"))
    manifest = FileManifest(
        path=path,
        points=[_point(path, entry) for entry in data.get("point", [])],
        time_column=_text(path, time, "column", "time"),
        time_format=time.get("format"),
        zone=_zone(path, time.get("zone", "UTC")),
        repeated_hour=time.get("repeated_hour", "order"),
        format=file.get("format"),
        encoding=file.get("encoding", "utf8"),
        delimiter=file.get("delimiter", ","),
        decimal=file.get("decimal", "."),
        missing=tuple(file.get("missing", MISSING)),
        source_code=source.get("code"),
        source_column=source.get("column"),
        source_prefix=source.get("prefix", ""),
        schema=source.get("schema"),
        asset_kind=source.get("asset_kind"),
        asset_code=source.get("asset_code"),
        period_s=int(source.get("period_s", 60)),
        point_column=_text(path, long, "point", "long") if long else None,
        value_column=_text(path, long, "value", "long") if long else None,
    )
    _check(manifest)
    return manifest


def _check(manifest: FileManifest) -> None:
    path = manifest.path
    if not manifest.points:
        raise _bad(path, "it has no [[point]]; one is needed for each column that is read")
    for what, texts in (
        ("column", [point.column for point in manifest.points]),
        ("name", [point.name for point in manifest.points]),
    ):
        twice = sorted({text for text in texts if texts.count(text) > 1})
        if twice:
            raise _bad(path, f"{what} {', '.join(twice)} comes in more than one [[point]]")
    if (manifest.source_code is None) == (manifest.source_column is None):
        raise _bad(path, "[source] must have either `code` (one source) or `column` (its code is in the rows)")
    if manifest.repeated_hour not in REPEATED:
        raise _bad(path, f"repeated_hour is {manifest.repeated_hour!r}; it must be {', '.join(REPEATED)}")
    if manifest.decimal not in (".", ","):
        raise _bad(path, f"decimal is {manifest.decimal!r}; it must be '.' or ','")
    if manifest.format not in (None, "csv", "parquet"):
        raise _bad(path, f"format is {manifest.format!r}; it must be 'csv' or 'parquet'")


def _table(path: Path, data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise _bad(path, f"{name} must be a table, [{name}]")
    _known(path, table, name)
    return table


def _known(path: Path, table: Mapping[str, Any], name: str) -> None:
    unknown = sorted(set(table) - _KEYS[name])
    if unknown:
        raise _bad(path, f"[{name}] has {', '.join(unknown)}; known are {', '.join(sorted(_KEYS[name]))}")


def _point(path: Path, entry: Mapping[str, Any]) -> PointColumn:
    _known(path, entry, "point")
    digits = entry.get("digits", "all")
    if digits not in ("all", "32-bit"):
        raise _bad(path, f"digits of point {entry.get('name')!r} is {digits!r}; it must be 'all' or '32-bit'")
    return PointColumn(
        column=_text(path, entry, "column", "point"),
        name=_text(path, entry, "name", "point"),
        unit=entry.get("unit"),
        quantity=entry.get("quantity"),
        slot=entry.get("slot"),
        side=entry.get("side", ""),
        low=entry.get("min"),
        high=entry.get("max"),
        label_zh=entry.get("label_zh", ""),
        rounded=digits == "32-bit",
    )


def _text(path: Path, table: Mapping[str, Any], key: str, name: str) -> str:
    text = table.get(key)
    if not isinstance(text, str) or not text:
        raise _bad(path, f"[{name}] must have `{key}`, a text")
    return text


def _zone(path: Path, name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise _bad(path, f"zone is {name!r}; it must be a name of the time zone database, for instance Asia/Shanghai") from None
    return name


def _bad(path: Path, problem: str) -> BadReadingFile:
    return BadReadingFile(f"the manifest {path.name} does not fit: {problem}")
