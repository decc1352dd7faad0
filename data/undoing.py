"""Takes a conversion back that was made once too often, file to file."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Final

import orjson
import pyogrio

from data.errors import Conflict
from data.ledger import ENTRY_SUFFIX, ledger_entry
from gis.datums import ConversionRecord, convert_frame, parse_datum
from gis.errors import UnreadableFile
from gis.reading import read_layer

_DRIVERS: Final = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".shp": "ESRI Shapefile"}


def undo_conversion(
    file: Path, out: Path, datum: str, *, layer: str | None, encoding: str | None, seat: str, now: dt.datetime
) -> ConversionRecord:
    """Undo the last conversion of a file that was converted twice, and write it with its ledger entry.

    Parameters
    ----------
    file
        Vector file in what somebody takes for WGS-84.
    out
        File to write; the ending names the format.
    datum
        `gcj02` or `bd09`: what the file was taken for the second time.
    layer, encoding
        As `gis.reading.read_layer`.
    seat, now
        Who and when, for the entry.

    Returns
    -------
    What was done.

    Raises
    ------
    Conflict
        When `out` exists: nothing is written over.
    gis.errors.ReadingError
        When the file cannot be read, or the ending of `out` is unknown.
    """
    driver = _DRIVERS.get(out.suffix.lower())
    if driver is None:
        raise UnreadableFile(f"{out}: the ending {out.suffix!r} is not one of {', '.join(_DRIVERS)}")
    if out.exists():
        raise Conflict(f"{out} exists; name another file, nothing is written over")
    read = read_layer(file, layer=layer, encoding=encoding)
    twice = parse_datum(f"twice({datum})")
    started = time.perf_counter()
    frame, record = convert_frame(read.frame, twice)
    entry = ledger_entry(
        file=out.name,
        layer=layer or out.stem,
        datum_in=twice,
        datum_out=parse_datum("wgs84"),
        before=read.frame.geometry.to_numpy(dtype=object),
        after=frame.geometry.to_numpy(dtype=object),
        evidence=f"{file.name} was converted from {datum} twice, as the person says",
        seat=seat,
        made_at=now,
        seconds=round(time.perf_counter() - started, 6),
        round_trip_max_m=record.round_trip_max_m,
    )
    pyogrio.write_dataframe(frame, out, layer=layer or out.stem, driver=driver, encoding="utf-8")
    out.with_name(out.name + ENTRY_SUFFIX).write_bytes(orjson.dumps(entry, option=orjson.OPT_INDENT_2))
    return record
