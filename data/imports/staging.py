"""One layer of a delivery: read, converted, checked, and turned into rows ready for the store.

The rows are columns of equal length; nothing here loops over rows but the JSON text of the attributes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.errors import ImportFailed
from data.imports.context import LayerContext
from data.imports.local_grids import stated
from data.imports.manifest import ROLLOUT_RATE, LayerEntry, Manifest, inherited
from data.imports.placing import Sample, place
from data.imports.problems import Problems
from data.imports.values import as_text, attribute_values, attributes_json, half_width, in_one_form, no_values, source_column
from data.ledger import Entry
from gis.datums import ConversionRecord
from gis.fingerprints import NO_SKETCH, Sketch
from gis.parameters import Parameters
from gis.reading import ReadLayer, read_layer, require_columns, within
from twin.kinds import Kind
from twin.registers import REGISTERS, row_kind

Objects: TypeAlias = NDArray[np.object_]
Floats: TypeAlias = NDArray[np.float64]

LONGEST_CODE: Final = 200
"""Characters of a code or key: what an index of the database takes, and several times what a code has."""
LONGEST_NAME: Final = 2_000
_CHUNK: Final = 50_000

_HEAT_ONLY: Final = {"network_level", "side"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """One layer, ready for the store of its class; this base is also what stays of it once its rows are in the database.

    Attributes
    ----------
    name
        Name of the layer in the report, unique in the delivery.
    entry
        Its `[[layer]]`.
    read
        Rows in the file after `where`.
    conversion, evidence
        What was done to the coordinates and why; None and empty for a layer without any.
    ledger
        The same as an entry of the ledger.
    sample, points
        Places of the layer as delivered, and
    input_sketch
        a sketch of its vertices, until it has been held against what is known (`data/imports/placing.py`).
    """

    name: str
    entry: LayerEntry
    read: int
    conversion: ConversionRecord | None = None
    evidence: str = ""
    ledger: Entry | None = None
    sample: Sample | None = None
    points: Floats | None = None
    input_sketch: Sketch = NO_SKETCH

    def summary(self) -> Staged:
        """Return the layer without its rows."""
        return Staged(
            name=self.name,
            entry=self.entry,
            read=self.read,
            conversion=self.conversion,
            evidence=self.evidence,
            ledger=self.ledger,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedLayer(Staged):
    """Rows of a layer of assets, column by column.

    Attributes
    ----------
    rows
        Row number in the file.
    codes, names, source_keys
        Texts.
    wkb
        EWKB with SRID 4326, or None.
    attributes
        JSON as bytes.
    """

    rows: NDArray[np.int64]
    codes: Objects
    names: Objects
    source_keys: Objects
    wkb: Objects
    attributes: Objects


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRegister(StagedLayer):
    """Rows of a register (`twin/registers.py`), column by column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRates(Staged):
    """Rows of a `rollout_rate` layer."""

    table: pd.DataFrame


def layer_names(manifest: Manifest) -> list[str]:
    """Return a name for each layer: file, inner layer and kind, made unique by a number."""
    names: list[str] = []
    for entry in manifest.layer:
        inner = f":{entry.layer}" if entry.layer else ""
        name = base = f"{Path(entry.file).name}{inner} > {entry.kind}"
        number = 1
        while name in names:
            number += 1
            name = f"{base} #{number}"
        names.append(name)
    return names


def stage_layer(
    manifest: Manifest,
    entry: LayerEntry,
    *,
    name: str,
    folder: Path,
    where: str,
    problems: Problems,
    datums: Mapping[str, Parameters] | None = None,
    points: Floats | None = None,
) -> Staged:
    """Read one layer and make it ready.

    Parameters
    ----------
    manifest, entry
        The delivery and the layer of it.
    name
        From `layer_names`.
    folder
        What file names are relative to.
    where
        How messages name the layer.
    problems
        Collects what is wrong with rows.
    datums
        Parameters by name of the datum; None = those that stand in the manifest.
    points
        Places in the layer's own datum that may lie on its lines, shape (n, 2).

    Raises
    ------
    gis.errors.GisError
        When the file cannot be read or converted.
    BadManifest
        When a column or datum of the manifest does not fit the file.
    ImportFailed
        When no geometry of the layer lies in the city, or it is in two systems.
    """
    context = LayerContext(
        manifest,
        entry,
        within(folder, entry.file),
        stated(manifest) if datums is None else datums,
        name,
        where,
        problems,
        np.zeros((0, 2)) if points is None else points,
    )
    delivered = read_layer(
        context.path,
        layer=entry.layer,
        encoding=inherited(manifest, entry).encoding,
        geometry=None if entry.geometry is None else entry.geometry.columns(),
    )
    wanted = [column.source for column in entry.columns.values() if column.source is not None]
    require_columns(delivered.frame, [*wanted, *entry.where, *([entry.key] if entry.key else [])], where=where)
    frame = _filtered(delivered.frame, entry)
    if entry.kind == ROLLOUT_RATE:
        return StagedRates(name=name, entry=entry, read=len(frame), table=_rates(context, frame))
    return _assets(context, delivered, frame)


def _filtered(frame: geopandas.GeoDataFrame, entry: LayerEntry) -> geopandas.GeoDataFrame:
    keep = pd.Series(True, index=frame.index)
    for column, wanted in entry.where.items():
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        keep &= as_text(frame[column]).isin([str(value) for value in values])
    return frame[keep]


def _assets(context: LayerContext, delivered: ReadLayer, frame: geopandas.GeoDataFrame) -> StagedLayer:
    kind = row_kind(context.entry.kind)
    placed = place(context, kind, delivered, frame)
    values = _values(context, kind, frame)
    names, in_form = in_one_form(kind, _text_of(context, frame, "name"), values, context.reject)
    values |= {name: column for name, column in in_form.items() if name not in values}
    _check_required(context, kind, values)
    attributes = attributes_json(values, len(frame))
    wkb: Objects = np.asarray(shapely.to_wkb(shapely.set_srid(placed.geometry, 4326), include_srid=True), dtype=object)
    keys = _keys(context, frame)
    codes = _codes(context, frame, keys, wkb, attributes)
    _require_storable(context, frame.index, {"code": codes, "source_key": keys, "name": names}, attributes)
    staged = StagedRegister if context.entry.kind in REGISTERS else StagedLayer
    return staged(
        name=context.name,
        entry=context.entry,
        read=len(frame),
        rows=frame.index.to_numpy(dtype=np.int64),
        codes=codes.to_numpy(dtype=object),
        names=names.fillna("").to_numpy(dtype=object),
        source_keys=keys.fillna("").to_numpy(dtype=object),
        wkb=wkb,
        attributes=attributes,
        conversion=placed.conversion,
        evidence=placed.evidence,
        ledger=placed.ledger,
        sample=placed.sample,
        points=placed.points,
        input_sketch=placed.input_sketch,
    )


def _require_storable(context: LayerContext, index: pd.Index, texts: Mapping[str, pd.Series], attributes: Objects) -> None:
    """Raise when a text is what the database cannot hold: a NUL character, or a code or key too long for its index.

    Raises
    ------
    ImportFailed
        With the row and the beginning of the text.
    """
    for name, column in texts.items():
        known = column.dropna()
        values = known.tolist()
        most = LONGEST_NAME if name == "name" else LONGEST_CODE
        if max(map(len, values), default=0) > most:
            place = int(np.argmax([len(value) for value in values]))
            raise ImportFailed(
                f"{context.where}: row {known.index[place]}: {name} = {values[place][:40]!r}... has {len(values[place]):,}"
                f" characters; {most:,} are taken. Is it the right column?"
            )
        if "\x00" in "\n".join(values):
            _refuse_nul(context, known.index, [value.encode() for value in values], name, b"\x00")
    _refuse_nul(context, index, attributes, "an attribute", b"\\u0000")


def _refuse_nul(context: LayerContext, index: pd.Index, texts: Sequence[bytes] | Objects, name: str, nul: bytes) -> None:
    for start in range(0, len(texts), _CHUNK):
        chunk = list(texts[start : start + _CHUNK])
        if nul in b"\n".join(chunk):  # a hundred times faster than row by row
            row = index[start + next(place for place, text in enumerate(chunk) if nul in text)]
            raise ImportFailed(f"{context.where}: row {row}: {name} holds a NUL character; export the layer again as text")


# ---------------------------------------------------------------- texts, codes, attributes


def _text_of(context: LayerContext, frame: pd.DataFrame, target: str) -> pd.Series:
    entry = context.entry.columns.get(target)
    if entry is None:
        return no_values(frame.index)
    return as_text(source_column(entry, frame))


def _keys(context: LayerContext, frame: pd.DataFrame) -> pd.Series:
    if "source_key" in context.entry.columns:
        return _text_of(context, frame, "source_key")
    if context.entry.key:
        return as_text(frame[context.entry.key])
    return no_values(frame.index)


def _codes(context: LayerContext, frame: pd.DataFrame, keys: pd.Series, wkb: Objects, attributes: Objects) -> pd.Series:
    """Return codes: the delivered ones, else made from the key, else from the content (stable as long as the row is)."""
    written = _text_of(context, frame, "code")
    codes, changed = half_width(written)
    context.reject("full_width", changed, "code = '" + written[changed] + "' has full-width characters")
    if "code" not in context.entry.columns:
        codes = keys.copy()
        if keys.notna().any():
            context.report_layer("codes_from_key", f"{int(keys.notna().sum())} codes")
    else:
        from_key = codes.isna() & keys.notna()
        codes[from_key] = keys[from_key]
        context.report("codes_from_key", frame.index[from_key])
    bare = codes.isna().to_numpy()
    if bare.any():
        codes[bare] = [_content_code(g, a) for g, a in zip(wkb[bare], attributes[bare], strict=True)]
        context.report("codes_from_content", frame.index[bare])
    return codes


def _content_code(wkb: bytes | None, attributes: bytes) -> str:
    return "x" + hashlib.sha256((wkb or b"") + b"\x00" + attributes).hexdigest()[:16]


def _values(context: LayerContext, kind: Kind, frame: pd.DataFrame) -> dict[str, pd.Series]:
    values: dict[str, pd.Series] = {}
    for attribute in kind.attributes:
        entry = context.entry.columns.get(attribute.name)
        if entry is not None:
            column = source_column(entry, frame)
            values[attribute.name] = attribute_values(
                attribute, entry, column, where=context.where, reject=context.reject, zone=context.manifest.city.zone
            )
    return values


def _check_required(context: LayerContext, kind: Kind, values: Mapping[str, pd.Series]) -> None:
    """Report rows without a value the kind needs; level and side are needed of heat pipes only."""
    for attribute in kind.attributes:
        if not attribute.required:
            continue
        present = values.get(attribute.name)
        if present is None:
            if not _is_gas(values):
                context.report_layer("missing_value", f"{attribute.name} has no column")
            continue
        lacking = present.isna()
        if attribute.name in _HEAT_ONLY and "medium" in values:
            lacking &= values["medium"] != "gas"
        context.report("missing_value", lacking.index[lacking], attribute.name)


def _is_gas(values: Mapping[str, pd.Series]) -> bool:
    return "medium" in values and bool((values["medium"] == "gas").all())


def _rates(context: LayerContext, frame: pd.DataFrame) -> pd.DataFrame:
    """Return area_code, month and the three figures; rows that lack one are reported and left out."""
    columns = context.entry.columns
    table = pd.DataFrame({name: as_text(source_column(columns[name], frame)) for name in ("area_code", "month")})
    for name in ("heated_area_m2", "clean_area_m2", "target_rate"):
        table[name] = pd.to_numeric(source_column(columns[name], frame), errors="coerce").astype(np.float64)
    good = table.notna().all(axis=1) & table["month"].str.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", na=False)
    good &= (table["target_rate"].between(0, 1)) & (table["heated_area_m2"] >= 0) & (table["clean_area_m2"] >= 0)
    context.report("bad_row", table.index[~good], "area_code, month YYYY-MM, areas >= 0 and a target_rate of 0..1 are needed")
    return table[good]
