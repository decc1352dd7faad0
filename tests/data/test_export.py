"""Exports: every format is opened by another program, says its system, comes back to the millimetre, and hides what it must."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import openpyxl
import orjson
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from data import export_files
from data.errors import BadExport, BadManifest, ImportFailed
from data.export import ExportPlan, ExportReport, export_datum, known_layers, write_export
from data.imports.run import run_import
from data.ledger import entry_beside
from data.pool import connect
from gis.errors import DatumNeedsParameters, UnknownDatum
from gis.geometry import geometry_sha256
from tests.cities import TinyAsset, insert_city
from twin.errors import OutsideScope
from twin.registers import MASK
from twin.scope import EVERYTHING, Scope

AT = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
LINE_Z = "LINESTRING Z (125.3 43.88 210.5, 125.301 43.8805 211)"
SHIFTED = ("gcj02", "bd09", "bd09mc", "local(demo_grid)")


def export(
    url: str,
    folder: Path,
    layer: str,
    name: str,
    *,
    datum: str = "wgs84",
    scope: Scope = EVERYTHING,
    city_id: int = 1,
    area_id: int | None = None,
    company_id: int | None = None,
) -> tuple[Path, ExportReport]:
    path = folder / name
    with connect(url) as connection:
        system = export_datum(connection, city_id, datum)
        connection.rollback()
        plan = ExportPlan(city_id, layer, path.suffix[1:], system, area_id, company_id)  # type: ignore[arg-type]
        report = write_export(connection, scope, plan, path, seat="tests", made_at=AT)
    return path, report


def stored(url: str, kind: str, city_id: int = 1) -> geopandas.GeoDataFrame:
    """Return code and geometry of the archive, read without the program."""
    with connect(url) as connection:
        rows = connection.execute(
            "select code, st_asbinary(geom) from asset"
            " where kind = %s and city_id = %s and valid_to_at is null order by asset_id",
            (kind, city_id),
        ).fetchall()
    return geopandas.GeoDataFrame({"code": [row[0] for row in rows]}, geometry=shapely.from_wkb([row[1] for row in rows]))


def of_table(path: Path, *, first: int | None = None) -> list[dict[str, Any]]:
    """Read all rows of a table, or the first ones: a book of 70,000 rows takes half a minute."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(islice(csv.DictReader(file), first))
    book = openpyxl.load_workbook(path, read_only=True)
    head, *rows = book.active.iter_rows(values_only=True, max_row=None if first is None else first + 1)
    book.close()
    return [dict(zip(head, row, strict=True)) for row in rows]


def geometries(path: Path, layer: str) -> np.ndarray:
    """Read the geometries of a file by means other than those that wrote it."""
    if path.suffix == ".gpkg":
        return pyogrio.read_dataframe(path, layer=layer).geometry.to_numpy()
    if path.suffix == ".parquet":
        return geopandas.read_parquet(path).geometry.to_numpy()
    rows = of_table(path)
    if "wkt" in rows[0]:
        return shapely.from_wkt([row["wkt"] or None for row in rows])
    return shapely.points([[float(row["x"]), float(row["y"])] for row in rows])


# ---------------------------------------------------------------- every format


@pytest.mark.parametrize("suffix", ["gpkg", "parquet", "csv", "xlsx"])
@pytest.mark.parametrize("layer", ["pipe", "building", "substation"])
def test_every_format_holds_every_row_where_the_archive_has_it(sample_url: str, tmp_path: Path, layer: str, suffix: str) -> None:
    path, report = export(sample_url, tmp_path, layer, f"a.{suffix}")
    expected = stored(sample_url, layer)
    assert report.rows == len(expected) > 50
    found = geometries(path, layer)
    if suffix != "xlsx":  # a workbook keeps 16 digits
        assert shapely.equals_exact(found, expected.geometry.to_numpy(), tolerance=0).all()
    assert shapely.equals_exact(found, expected.geometry.to_numpy(), tolerance=1e-12).all()


@pytest.mark.parametrize("suffix", ["gpkg", "parquet", "csv"])
def test_the_hash_of_the_file_is_the_one_in_its_ledger(sample_url: str, tmp_path: Path, suffix: str) -> None:
    path, report = export(sample_url, tmp_path, "building", f"a.{suffix}", datum="gcj02")
    entry = json.loads(path.with_name(path.name + ".ledger.json").read_bytes())
    assert entry == json.loads(orjson.dumps(report.entry))
    assert geometry_sha256(geometries(path, "building")).hex() == entry["output_sha256"]
    assert (entry["datum_in"], entry["datum_out"], entry["seat"]) == ("wgs84", "gcj02", "tests")
    assert entry["made_at"] == "2026-11-21T12:00:00Z"
    assert "version" in entry["evidence"]
    assert entry["round_trip_max_m"] < 1e-6
    beside = entry_beside(path)
    assert beside is not None
    assert beside.datum == "gcj02"
    assert beside.fits(geometries(path, "building"))


def test_attributes_keep_their_types(sample_url: str, tmp_path: Path) -> None:
    path, _ = export(sample_url, tmp_path, "pipe", "a.gpkg")
    frame = pyogrio.read_dataframe(path)
    assert frame["dn"].dtype == np.int64
    assert frame["burial_depth_m"].dtype == np.float64
    assert set(frame["side"]) == {"supply", "return"}
    assert frame["renewed_year"].isna().all(), "none is given, and none is not 0"
    assert frame["other_attributes"].isna().all()
    schema = pq.read_schema(export(sample_url, tmp_path, "valve", "a.parquet")[0])
    assert str(schema.field("tie").type) == "bool"
    assert str(schema.field("dn").type) == "int64"


def test_what_the_catalogue_does_not_know_is_not_lost(database_url: str, tmp_path: Path) -> None:
    insert_city(database_url, [TinyAsset("chamber", "X", attributes={"burial_depth_m": 2.4, "mystery": [1, "二"]})])
    path, _ = export(database_url, tmp_path, "chamber", "a.csv")
    [row] = of_table(path)
    assert json.loads(row["other_attributes"]) == {"mystery": [1, "二"]}
    assert float(row["burial_depth_m"]) == 2.4


def test_z_missing_and_mixed_geometries_come_back(database_url: str, tmp_path: Path) -> None:
    multi = "MULTILINESTRING((125.3 43.8,125.31 43.8),(125.32 43.8,125.33 43.8))"
    insert_city(database_url, [TinyAsset("pipe", "A", wkt=LINE_Z), TinyAsset("pipe", "B", wkt=multi), TinyAsset("pipe", "C")])
    with connect(database_url) as connection:
        connection.execute("update asset set geom = null where code = 'C'")
    for suffix in ("gpkg", "parquet", "csv"):
        found = geometries(export(database_url, tmp_path, "pipe", f"a.{suffix}", datum="gcj02")[0], "pipe")
        assert found[2] is None, suffix
        assert shapely.get_type_id(found[:2]).tolist() == [1, 5], suffix
        assert shapely.get_coordinates(found[0], include_z=True)[:, 2].tolist() == [210.5, 211.0], suffix


@pytest.mark.parametrize("suffix", ["gpkg", "parquet", "csv", "xlsx"])
def test_a_layer_without_rows_is_a_file_without_rows(database_url: str, tmp_path: Path, suffix: str) -> None:
    insert_city(database_url, [])
    path, report = export(database_url, tmp_path, "valve", f"a.{suffix}", datum="gcj02")
    assert report.rows == 0
    if suffix == "gpkg":
        assert len(pyogrio.read_dataframe(path)) == 0
    elif suffix == "parquet":
        assert len(geopandas.read_parquet(path)) == 0
    else:
        assert of_table(path) == []


# ---------------------------------------------------------------- what a file says of its system


@pytest.mark.parametrize("datum", SHIFTED)
def test_a_shifted_geopackage_never_claims_to_be_wgs84(sample_url: str, tmp_path: Path, datum: str) -> None:
    path, _ = export(sample_url, tmp_path, "substation", "a.gpkg", datum=datum)
    with sqlite3.connect(path) as base:
        [(srs_id,)] = base.execute("select srs_id from gpkg_geometry_columns").fetchall()
        [(name, organisation, definition, description)] = base.execute(
            "select srs_name, organization, definition, description from gpkg_spatial_ref_sys where srs_id = ?", (srs_id,)
        ).fetchall()
        blob = base.execute("select geom from substation limit 1").fetchone()[0]
    base.close()
    assert srs_id >= 100000
    assert datum in name
    assert organisation == "NONE"
    assert definition.startswith("LOCAL_CS")
    assert datum in description
    assert int.from_bytes(blob[4:8], "little") == srs_id, "the geometries say so too"
    assert pyogrio.read_dataframe(path).crs.to_epsg() is None


@pytest.mark.parametrize("datum", SHIFTED)
def test_a_shifted_geoparquet_never_claims_to_be_wgs84(sample_url: str, tmp_path: Path, datum: str) -> None:
    path, _ = export(sample_url, tmp_path, "substation", "a.parquet", datum=datum)
    geo = json.loads(pq.read_schema(path).metadata[b"geo"])
    assert geo["columns"]["geometry"]["crs"]["type"] == "EngineeringCRS"
    assert datum in geo["columns"]["geometry"]["crs"]["name"]
    crs = geopandas.read_parquet(path).crs
    assert crs.to_epsg() is None
    assert not crs.is_geographic


@pytest.mark.parametrize(("datum", "code"), [("wgs84", 4326), ("cgcs2000", 4490), ("gk(cgcs2000,3,126,plain)", 4551)])
def test_a_national_system_is_labelled_with_its_code(sample_url: str, tmp_path: Path, datum: str, code: int) -> None:
    for suffix in ("gpkg", "parquet"):
        path, _ = export(sample_url, tmp_path, "substation", f"a.{suffix}", datum=datum)
        frame = pyogrio.read_dataframe(path) if suffix == "gpkg" else geopandas.read_parquet(path)
        assert frame.crs.to_epsg() == code
        # PROJ's own way back, and not ours
        back = shapely.get_coordinates(frame.to_crs(4326).geometry)
        assert np.abs(back - shapely.get_coordinates(stored(sample_url, "substation").geometry)).max() < 1e-8


def test_a_local_grid_is_that_of_the_deliveries(sample_url: str, tmp_path: Path) -> None:
    path, report = export(sample_url, tmp_path, "building", "a.gpkg", datum="local(demo_grid)")
    x = shapely.get_coordinates(pyogrio.read_dataframe(path).geometry.to_numpy())[:, 0]
    assert 1e3 < np.abs(x).max() < 1e6
    assert np.ptp(x) < 2e4
    assert report.entry is not None
    assert report.entry["parameters"]["base"].startswith("gk(")
    with connect(sample_url) as connection, pytest.raises(DatumNeedsParameters, match="elsewhere"):
        export_datum(connection, 1, "local(elsewhere)")


@pytest.mark.parametrize("text", ["", "wgs72", "gk(cgcs2000,3,127,plain)", "local(", "'; drop table asset", "长" * 500])
def test_a_datum_that_there_is_not_is_refused(sample_url: str, text: str) -> None:
    with connect(sample_url) as connection, pytest.raises(UnknownDatum):
        export_datum(connection, 1, text)


def test_nobody_can_make_a_double_conversion_on_purpose(sample_url: str) -> None:
    with connect(sample_url) as connection, pytest.raises(BadExport, match="mistake"):
        export_datum(connection, 1, "twice(gcj02)")


# ---------------------------------------------------------------- there and back

MANIFEST = """
[city]
id = 9
name = "归来"
[[layer]]
file = "{file}"
kind = "{kind}"
key = "code"
datum = "{datum}"
[layer.columns]
{columns}
{geometry}
"""


def reimport(url: str, path: Path, kind: str, columns: Sequence[str], *, datum: str, geometry: str = "") -> Any:
    lines = "\n".join(f'{name} = "{name}"' for name in columns)
    manifest = path.parent / "manifest.toml"
    text = MANIFEST.format(file=path.name, kind=kind, datum=datum, columns=lines, geometry=geometry)
    manifest.write_text(text, encoding="utf-8")
    return run_import(manifest, url, seat="tests")


@pytest.mark.parametrize("datum", ["gcj02", "bd09", "cgcs2000", "gk(cgcs2000,3,126,plain)"])
def test_an_export_comes_back_by_manifest_to_where_it_was(sample_copy_url: str, tmp_path: Path, datum: str) -> None:
    path, _ = export(sample_copy_url, tmp_path, "pipe", "pipe.gpkg", datum=datum)
    reimport(sample_copy_url, path, "pipe", ["code", "name", "network_level", "side", "dn", "material"], datum=datum)
    before, after = stored(sample_copy_url, "pipe"), stored(sample_copy_url, "pipe", 9)
    both = before.merge(after, on="code", suffixes=("", "_after"))
    assert len(both) == len(before)
    one, two = (shapely.get_coordinates(both[name], include_z=True) for name in ("geometry", "geometry_after"))
    assert np.abs(one - two).max() < 1e-9


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_table_of_points_comes_back_by_its_x_and_y(sample_copy_url: str, tmp_path: Path, suffix: str) -> None:
    path, _ = export(sample_copy_url, tmp_path, "substation", f"s.{suffix}", datum="gcj02")
    place = '[layer.geometry]\nx = "x"\ny = "y"\nformat = "degrees"'
    reimport(sample_copy_url, path, "substation", ["code", "name"], datum="gcj02", geometry=place)
    one, two = (shapely.get_coordinates(stored(sample_copy_url, "substation", city).geometry) for city in (1, 9))
    assert len(one) == 60
    assert np.abs(one - two).max() < 1e-9


def test_the_entry_beside_the_file_tells_the_datum_and_stops_a_second_conversion(sample_copy_url: str, tmp_path: Path) -> None:
    path, _ = export(sample_copy_url, tmp_path, "substation", "s.csv", datum="gcj02")
    place = '[layer.geometry]\nx = "x"\ny = "y"\nformat = "degrees"'
    with pytest.raises((BadManifest, ImportFailed), match="gcj02"):
        reimport(sample_copy_url, path, "substation", ["code", "name"], datum="wgs84", geometry=place)
    manifest = path.parent / "manifest.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('datum = "wgs84"', ""), encoding="utf-8")
    run_import(manifest, sample_copy_url, seat="tests")
    one, two = (shapely.get_coordinates(stored(sample_copy_url, "substation", city).geometry) for city in (1, 9))
    assert np.abs(one - two).max() < 1e-9


# ---------------------------------------------------------------- who may see what


def test_a_company_exports_its_own_and_no_more(sample_url: str, tmp_path: Path) -> None:
    with connect(sample_url) as connection:
        rows = connection.execute(
            "select company_id, count(*) from asset where kind = 'substation' and valid_to_at is null group by 1 order by 1"
        ).fetchall()
    company, count = rows[0]
    path, report = export(sample_url, tmp_path, "substation", "a.csv", scope=Scope(company_ids=(company,)))
    assert report.rows == count < 60
    assert {row["company_id"] for row in of_table(path)} == {str(company)}
    assert export(sample_url, tmp_path, "substation", "b.csv", company_id=company)[1].rows == count


def test_a_layer_outside_the_scope_is_refused(sample_url: str, tmp_path: Path) -> None:
    with pytest.raises(OutsideScope, match="pipe"):
        export(sample_url, tmp_path, "pipe", "a.csv", scope=Scope(layers=("building",)))
    with pytest.raises(OutsideScope, match="city 1"):
        export(sample_url, tmp_path, "pipe", "b.csv", scope=Scope(cities=(2,)))


def test_coordinates_are_as_coarse_as_the_scope(sample_url: str, tmp_path: Path) -> None:
    path, _ = export(sample_url, tmp_path, "substation", "a.csv", scope=Scope(precision_m=100.0))
    fine = shapely.get_coordinates(stored(sample_url, "substation").geometry)
    coarse = geometries(path, "substation")
    step = 100.0 / 111_195.0
    y = shapely.get_y(coarse)
    assert np.abs(np.rint(y / step) * step - y).max() < 1e-9
    assert np.abs(y - fine[:, 1]).max() > step / 10


def small_company(url: str) -> int:
    """Return the company with the fewest heat users of those with more than 500."""
    with connect(url) as connection:
        rows = connection.execute(
            "select company_id from register_row where kind = 'heat_user' and company_id is not null"
            " group by 1 having count(*) > 500 order by count(*) limit 1"
        ).fetchall()
    return rows[0][0]


@pytest.mark.parametrize("suffix", ["gpkg", "parquet", "csv", "xlsx"])
def test_personal_texts_are_masked_for_seats_that_call_nobody(sample_url: str, tmp_path: Path, suffix: str) -> None:
    # a workbook of all 70,000 users takes half a minute to write: one company's will do
    company = small_company(sample_url) if suffix == "xlsx" else None
    scope = replace(EVERYTHING, personal=False)
    path, report = export(sample_url, tmp_path, "heat_user", f"a.{suffix}", scope=scope, company_id=company)
    assert report.rows > 500
    assert report.entry is None, "users have no place of their own"
    if suffix == "gpkg":
        doors = pyogrio.read_dataframe(path, max_features=500)["door"]
    elif suffix == "parquet":
        doors = pq.read_table(path, columns=["door"]).to_pandas()["door"]
    else:
        doors = [row["door"] for row in of_table(path, first=500)]
    assert set(doors) == {MASK}
    if suffix == "csv":
        shown = of_table(export(sample_url, tmp_path, "heat_user", "b.csv")[0])
        assert MASK not in {row["door"] for row in shown}
        assert len(shown) == report.rows


# ---------------------------------------------------------------- spreadsheets

HOSTILE = ('=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1+1")


def hostile_city(url: str) -> None:
    insert_city(url, [TinyAsset("chamber", f"{text} {number}") for number, text in enumerate(HOSTILE)])


def test_a_csv_holds_no_formula_and_says_how_many_were_made_harmless(database_url: str, tmp_path: Path) -> None:
    hostile_city(database_url)
    path, report = export(database_url, tmp_path, "chamber", "a.csv")
    assert [row["code"] for row in of_table(path)] == [f"'{text} {number}" for number, text in enumerate(HOSTILE)]
    assert report.guarded == len(HOSTILE)


def test_a_workbook_holds_texts_and_no_formula(database_url: str, tmp_path: Path) -> None:
    hostile_city(database_url)
    path, _ = export(database_url, tmp_path, "chamber", "a.xlsx")
    sheet = openpyxl.load_workbook(path).active
    types = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "f" not in types
    assert [row["code"] for row in of_table(path)] == [f"{text} {number}" for number, text in enumerate(HOSTILE)]


def test_a_geometry_too_long_for_a_cell_is_left_out_and_counted(database_url: str, tmp_path: Path) -> None:
    circle = shapely.to_wkt(shapely.buffer(shapely.Point(125.3, 43.8), 0.1, quad_segs=512), rounding_precision=12)
    insert_city(database_url, [TinyAsset("estate", "A", wkt=circle), TinyAsset("estate", "B", wkt="POLYGON((0 0,1 0,1 1,0 0))")])
    path, report = export(database_url, tmp_path, "estate", "a.xlsx")
    assert report.left_out == 1
    assert [row["wkt"] is None for row in of_table(path)] == [True, False]


def test_more_rows_than_a_sheet_holds_are_refused(sample_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_files, "MAX_ROWS", 50)
    with pytest.raises(BadExport, match="60 rows; an XLSX sheet holds 49"):
        export(sample_url, tmp_path, "substation", "a.xlsx")


def test_an_unknown_layer_is_refused_with_those_there_are(sample_url: str, tmp_path: Path) -> None:
    with pytest.raises(BadExport, match="substation"):
        export(sample_url, tmp_path, "asset; drop table asset", "a.csv")


@pytest.mark.parametrize("layer", known_layers())
def test_every_layer_can_be_written(sample_url: str, tmp_path: Path, layer: str) -> None:
    path, report = export(sample_url, tmp_path, layer, "a.gpkg", datum="gcj02")
    assert len(pyogrio.read_dataframe(path)) == report.rows
