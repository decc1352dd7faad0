"""The real sets of the shared folder: brought in, and written out again digit for digit."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from data.pool import connect
from data.reading_files.exporting import ExportOrder, export_readings
from data.reading_files.gathering import AsideReport
from data.reading_files.importing import FileReport, import_readings
from data.reading_files.manifest import read_manifest
from tests.cities import TinyAsset, insert_city

NOW = datetime(2026, 11, 22, tzinfo=UTC)
NIS = "telemetry-nis-substations"
_TEMPERATURES = ("t_amb", "t_ref", "t_sup_prim", "t_ret_prim", "t_sup_sec", "t_ret_sec")


def manifest_text(source: str, schema: str, *, zone: str, time: str, points: list[str]) -> str:
    head = (
        f'[time]\ncolumn = "{time}"\nzone = "{zone}"\n'
        f'[source]\ncode = "{source}"\nschema = "{schema}"\nasset_kind = "substation"\nasset_code = "S1"\n'
    )
    return head + "".join(f"[[point]]\n{point}\n" for point in points)


def bring_in(url: str, folder: Path, file: Path, text: str) -> FileReport:
    path = folder / "manifest.toml"
    path.write_text(text, encoding="utf-8")
    with AsideReport(folder / "aside.csv", file.name) as aside:
        return import_readings(
            url, folder, file, read_manifest(path), city_id=1, seat="tests", now=NOW, aside=aside, say=lambda *_: None
        )


def written_out(url: str, folder: Path, order: ExportOrder) -> list[dict[str, str]]:
    with connect(url) as connection:
        export_readings(connection, folder, order, folder / "out.csv", form="csv")
    return list(rows_of(folder / "out.csv"))


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def same_digits(sent: str, shown: str) -> bool:
    return (sent == "") == (shown == "") and (sent == "" or Decimal(sent) == Decimal(shown))


def some_rows(file: Path, folder: Path, wanted: re.Pattern[str]) -> tuple[Path, list[dict[str, str]]]:
    """Copy the head and the rows that a pattern finds: a file of one source on a thousand days takes half a minute."""
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as opened:
        lines = opened.readlines()
    part = folder / "part.csv"
    part.write_text("".join([lines[0], *(line for line in lines[1:] if wanted.search(line))]), encoding="utf-8")
    return part, list(rows_of(part))


def differing(sent: list[dict[str, str]], shown: list[dict[str, str]], time: str, names: dict[str, str]) -> list[object]:
    """Return the values whose digits did not come back; both lists are by time."""
    assert [row[time] for row in sent] == [row["observed_at"] for row in shown]
    return [
        (one[time], name, one[name], other[own])
        for one, other in zip(sent, shown, strict=True)
        for name, own in names.items()
        if not same_digits(one[name], other[own])
    ]


def test_a_substation_of_nis_comes_back_digit_for_digit(database_url: str, shared: Path, tmp_path: Path) -> None:
    """Newest first, local time over the end of summer time, MWh and kW, gaps, from an hour to three minutes."""
    insert_city(database_url, [TinyAsset("substation", "S1")])
    wanted = re.compile("^(2021-05-2[5-7]|2021-10-(30|31)|2023-10-(29|30)|2024-03-31|2024-04-04)")
    file, sent = some_rows(shared / "data" / NIS / "xai4heat_scada_L8.csv.gz", tmp_path, wanted)
    points = [f'column = "{name}"\nname = "{name}_degc"\nquantity = "temperature"' for name in _TEMPERATURES]
    points += ['column = "e"\nname = "heat_total_gj"\nquantity = "heat"\nunit = "MWh"\nslot = "total"']
    points += ['column = "pe"\nname = "heat_power_mw"\nquantity = "heat_power"\nunit = "kW"']
    text = manifest_text("substation:L8", "nis", zone="Europe/Belgrade", time="datetime", points=points)
    report = bring_in(database_url, tmp_path, file, text)
    assert (report.accepted, report.aside, report.conflicts) == (len(sent), 0, 0)
    assert bring_in(database_url, tmp_path, file, text).accepted == 0
    order = ExportOrder(
        1, ["substation:L8"], datetime(2015, 1, 1, tzinfo=UTC), NOW,
        units={"heat_total_gj": "MWh", "heat_power_mw": "kW"}, zone="Europe/Belgrade", time_format="%Y-%m-%d %H:%M:%S",
    )  # fmt: skip
    names = {**{name: f"{name}_degc" for name in _TEMPERATURES}, "e": "heat_total_gj", "pe": "heat_power_mw"}
    assert differing(sent[::-1], written_out(database_url, tmp_path, order), "datetime", names) == []


def test_means_with_more_digits_than_a_gauge_get_64_bit_slots(database_url: str, shared: Path, tmp_path: Path) -> None:
    insert_city(database_url, [TinyAsset("substation", "S1")])
    file, sent = some_rows(
        shared / "data" / NIS / "xai4heat_2024-25_L4.csv.gz", tmp_path, re.compile("^(2024-12-2[45]|2025-03-31)")
    )
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
    text = manifest_text("substation:L4", "nis_means", zone="Europe/Belgrade", time="datetime", points=points)
    report = bring_in(database_url, tmp_path, file, text)
    assert report.accepted == len(sent)
    with connect(database_url) as connection:
        slots = {
            point["name"]: point["slot"] for (found,) in connection.execute("select points from frame_schema") for point in found
        }
    assert (slots["t_ref_degc"], slots["forecast_temp_degc"]) == ("total", "gauge")
    assert any("point t_ref_degc is a 64-bit slot" in remark for remark in report.remarks)
    order = ExportOrder(
        1, ["substation:L4"], datetime(2015, 1, 1, tzinfo=UTC), NOW, zone="Europe/Belgrade", time_format="%Y-%m-%d %H:%M:%S"
    )
    assert differing(sent, written_out(database_url, tmp_path, order), "datetime", names) == []


def test_the_registers_of_a_danish_meter_come_back_digit_for_digit(database_url: str, shared: Path, tmp_path: Path) -> None:
    insert_city(database_url, [TinyAsset("substation", "S1")])
    whole = shared / "data" / "telemetry-danish-heat-meters" / "processed_final_data_sample.csv"
    file, sent = some_rows(whole, tmp_path, re.compile(",(2018-01-0|2020-12-3)"))
    names = {
        "energy_heat_kwh": "energy_heat_kwh", "volume_flow_m3": "volume_total_m3",
        "inlet_flow_energy_m3xC": "inlet_flow_energy_m3xC", "back_flow_energy_m3xC": "back_flow_energy_m3xC",
    }  # fmt: skip
    quantities = ("energy", "volume", "number", "number")
    points = [
        f'column = "{column}"\nname = "{name}"\nquantity = "{quantity}"'
        for (column, name), quantity in zip(names.items(), quantities, strict=True)
    ]
    text = manifest_text("meter:660", "danish", zone="UTC", time="time_rounded", points=points)
    assert bring_in(database_url, tmp_path, file, text).accepted == len(sent)
    order = ExportOrder(1, ["meter:660"], datetime(2015, 1, 1, tzinfo=UTC), NOW, time_format="%Y-%m-%dT%H:%M:%SZ")
    assert differing(sent, written_out(database_url, tmp_path, order), "time_rounded", names) == []
