"""The real sets of readings of the shared folder: how each comes in, and is compared with what it is written out as."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from data.pool import connect
from data.reading_files.exporting import ExportOrder, export_readings
from data.reading_files.gathering import AsideReport
from data.reading_files.importing import FileReport, import_readings
from data.reading_files.manifest import read_manifest

NOW = datetime(2026, 11, 22, tzinfo=UTC)
NIS = "telemetry-nis-substations"
DANISH = "telemetry-danish-heat-meters"
_TEMPERATURES = ("t_amb", "t_ref", "t_sup_prim", "t_ret_prim", "t_sup_sec", "t_ret_sec")


@dataclass(frozen=True)
class RealSet:
    """A file of one source: where it lies, its manifest, and which of its columns is which point."""

    file: str
    manifest: str
    source: str
    time: str
    zone: str
    time_format: str
    names: dict[str, str]
    units: dict[str, str]


def _manifest(source: str, schema: str, *, zone: str, time: str, points: list[str]) -> str:
    head = (
        f'[time]\ncolumn = "{time}"\nzone = "{zone}"\n'
        f'[source]\ncode = "{source}"\nschema = "{schema}"\nasset_kind = "substation"\nasset_code = "S1"\n'
    )
    return head + "".join(f"[[point]]\n{point}\n" for point in points)


def nis_scada(name: str) -> RealSet:
    """Newest first, local time over the end of summer time, MWh and kW, gaps, from an hour to three minutes."""
    points = [f'column = "{name}"\nname = "{name}_degc"\nquantity = "temperature"' for name in _TEMPERATURES]
    points += ['column = "e"\nname = "heat_total_gj"\nquantity = "heat"\nunit = "MWh"\nslot = "total"']
    points += ['column = "pe"\nname = "heat_power_mw"\nquantity = "heat_power"\nunit = "kW"']
    source, zone = f"substation:{name}", "Europe/Belgrade"
    names = {**{name: f"{name}_degc" for name in _TEMPERATURES}, "e": "heat_total_gj", "pe": "heat_power_mw"}
    return RealSet(
        f"{NIS}/xai4heat_scada_{name}.csv.gz",
        _manifest(source, "nis", zone=zone, time="datetime", points=points),
        *(source, "datetime", zone, "%Y-%m-%d %H:%M:%S", names, {"heat_total_gj": "MWh", "heat_power_mw": "kW"}),
    )


def nis_means() -> RealSet:
    """Means of a quarter of an hour with more digits than a 32-bit gauge holds, and values that are missing."""
    names = {name: f"{name}_degc" for name in (*_TEMPERATURES, "forecast_temp", "temperature_37_12")} | {
        "relative_humidity_37_12": "humidity_37_12_percent", "co2_37_12": "co2_37_12_ppm", "qizm": "interval_heat_kwh",
    }  # fmt: skip
    quantities = {"_degc": "temperature", "_percent": "humidity", "_ppm": "number", "_kwh": "energy"}
    points = [
        f'column = "{column}"\nname = "{name}"\nquantity = "{quantity}"'
        for column, name in names.items()
        for end, quantity in quantities.items()
        if name.endswith(end)
    ]
    source, zone = "substation:L4", "Europe/Belgrade"
    return RealSet(
        f"{NIS}/xai4heat_2024-25_L4.csv.gz",
        _manifest(source, "nis_means", zone=zone, time="datetime", points=points),
        *(source, "datetime", zone, "%Y-%m-%d %H:%M:%S", names, {}),
    )


def danish_meter() -> RealSet:
    """Registers of a heat meter with fifteen digits, an hour apart."""
    names = {
        "energy_heat_kwh": "energy_heat_kwh", "volume_flow_m3": "volume_total_m3",
        "inlet_flow_energy_m3xC": "inlet_flow_energy_m3xC", "back_flow_energy_m3xC": "back_flow_energy_m3xC",
    }  # fmt: skip
    quantities = ("energy", "volume", "number", "number")
    points = [
        f'column = "{column}"\nname = "{name}"\nquantity = "{quantity}"'
        for (column, name), quantity in zip(names.items(), quantities, strict=True)
    ]
    return RealSet(
        f"{DANISH}/processed_final_data_sample.csv",
        _manifest("meter:660", "danish", zone="UTC", time="time_rounded", points=points),
        *("meter:660", "time_rounded", "UTC", "%Y-%m-%dT%H:%M:%SZ", names, {}),
    )


def bring_in(url: str, folder: Path, real: RealSet, file: Path) -> FileReport:
    path = folder / "manifest.toml"
    path.write_text(real.manifest, encoding="utf-8")
    with AsideReport(folder / "aside.csv", file.name) as aside:
        return import_readings(
            url, folder, file, read_manifest(path), city_id=1, seat="tests", now=NOW, aside=aside, say=lambda *_: None
        )


def written_out(url: str, folder: Path, real: RealSet) -> list[dict[str, str]]:
    order = ExportOrder(
        1, [real.source], datetime(2015, 1, 1, tzinfo=UTC), NOW, units=real.units, zone=real.zone, time_format=real.time_format
    )
    with connect(url) as connection:
        export_readings(connection, folder, order, folder / "out.csv", form="csv")
    return list(rows_of(folder / "out.csv"))


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def some_rows(file: Path, folder: Path, wanted: re.Pattern[str]) -> tuple[Path, list[dict[str, str]]]:
    """Copy the head and the rows that a pattern finds: a file of one source on a thousand days takes half a minute."""
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as opened:
        lines = opened.readlines()
    part = folder / "part.csv"
    part.write_text("".join([lines[0], *(line for line in lines[1:] if wanted.search(line))]), encoding="utf-8")
    return part, list(rows_of(part))


def differing(real: RealSet, sent: list[dict[str, str]], shown: list[dict[str, str]]) -> list[object]:
    """Return the values whose digits did not come back; both lists are by time."""
    assert [row[real.time] for row in sent] == [row["observed_at"] for row in shown]
    return [
        (one[real.time], name, one[name], other[own])
        for one, other in zip(sent, shown, strict=True)
        for name, own in real.names.items()
        if not _same_digits(one[name], other[own])
    ]


def _same_digits(sent: str, shown: str) -> bool:
    return (sent == "") == (shown == "") and (sent == "" or Decimal(sent) == Decimal(shown))
