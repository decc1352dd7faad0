"""The ledger of conversions: what it keeps, what it refuses to convert again, and how a double conversion is undone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas
import numpy as np
import orjson
import pandas as pd
import pytest
import shapely

from data.errors import Conflict, ImportFailed
from data.imports.run import run_import
from data.ledger import ENTRY_SUFFIX, ledger_entry
from data.pool import connect
from data.undoing import undo_conversion
from gis.datums import from_wgs84, parse_datum, to_wgs84
from gis.errors import UnreadableFile
from gis.geometry import coordinates_of, with_coordinates
from tests.data.import_helpers import CITY, asset_rows, table_dump, write_manifest

NOW = dt.datetime(2026, 11, 1, 4, tzinfo=dt.UTC)
GCJ02 = parse_datum("gcj02")
PLACES = np.random.default_rng(4).uniform((125.2, 43.7), (125.5, 44.0), (60, 2)).round(7)
DELIVERED = from_wgs84(PLACES, GCJ02).round(9)
MM_PER_DEGREE = 1.1132e8


def _layer(file: str, datum: str, more: str = "") -> str:
    return f'[[layer]]\nfile = "{file}"\nkind = "chamber"\nkey = "no"\ndatum = "{datum}"\n{more}\n[layer.columns]\ncode = "no"\n'


def _frame(xy: np.ndarray) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame({"no": [f"C-{n}" for n in range(len(xy))]}, geometry=shapely.points(xy), crs=4326)


def _write(folder: Path, name: str, xy: np.ndarray) -> None:
    _frame(xy).to_file(folder / name, engine="pyogrio")


def _import(folder: Path, url: str, *layers: str, city: str = CITY) -> None:
    run_import(write_manifest(folder, *layers, city=city), url, seat="person 3")


def _first_import(folder: Path, url: str) -> None:
    _write(folder, "first.geojson", DELIVERED)
    _import(folder, url, _layer("first.geojson", "gcj02", 'datum_evidence = "letter"'))


def _archived(url: str) -> np.ndarray:
    rows = asset_rows(url, "st_x(geom), st_y(geom)")
    return np.array(rows, dtype=np.float64)


def test_every_conversion_is_entered_with_what_was_done_to_what(database_url: str, tmp_path: Path) -> None:
    _first_import(tmp_path, database_url)
    with connect(database_url) as connection:
        names = "layer, file, datum, datum_out, evidence, vertex_count, seat, program_version, bounds_in, bounds_out, seconds"
        (row,) = connection.execute(
            f"select {names}, cardinality(sketch), made_at > now() - interval '1 minute' from datum_conversion"
        ).fetchall()
    assert row[:7] == ("first.geojson > chamber", "first.geojson", "gcj02", "wgs84", "letter", 60, "person 3")
    assert row[7]
    assert row[8] == [*DELIVERED.min(axis=0), *DELIVERED.max(axis=0)]
    np.testing.assert_allclose(row[9], [*PLACES.min(axis=0), *PLACES.max(axis=0)], atol=1e-8)
    assert row[10] > 0
    assert row[11:] == (60, True)


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "shp", "csv"])
def test_what_was_converted_is_not_converted_again_whatever_the_file_order_and_city(
    database_url: str, tmp_path: Path, suffix: str
) -> None:
    _first_import(tmp_path, database_url)
    result = np.random.default_rng(1).permutation(_archived(database_url))
    more = ""
    if suffix == "csv":
        pd.DataFrame({"no": range(60), "x": result[:, 0].round(8), "y": result[:, 1].round(8)}).to_csv(tmp_path / "again.csv")
        more = '[layer.geometry]\nx = "x"\ny = "y"'
    else:
        _write(tmp_path, f"again.{suffix}", result)
    before = table_dump(database_url)
    other_city = CITY.replace("id = 7", "id = 8")
    with pytest.raises(
        ImportFailed,
        match=r"already converted on 20\d\d-\d\d-\d\d .* by person 3 \(first.geojson > chamber, import 1 of city 7\)",
    ) as caught:
        _import(tmp_path, database_url, _layer(f"again.{suffix}", "gcj02", more), city=other_city)
    assert 'Write datum = "wgs84"' in str(caught.value)
    assert "layer 1 (again." in str(caught.value)
    assert table_dump(database_url) == before
    # as what it is, it is taken; and who knows better may insist
    _import(tmp_path, database_url, _layer(f"again.{suffix}", "wgs84", more), city=other_city)
    _import(tmp_path, database_url, _layer(f"again.{suffix}", "gcj02", f"trust_datum = true\n{more}"), city=other_city)


def test_the_same_delivery_and_one_that_moved_nothing_are_no_second_conversion(database_url: str, tmp_path: Path) -> None:
    _first_import(tmp_path, database_url)
    _first_import(tmp_path, database_url)
    # taken for WGS-84 at first, corrected to GCJ-02 later: nothing was converted
    places = PLACES + 0.01
    _write(tmp_path, "plain.geojson", places)
    other_city = CITY.replace("id = 7", "id = 9")
    _import(tmp_path, database_url, _layer("plain.geojson", "wgs84"), city=other_city)
    _import(tmp_path, database_url, _layer("plain.geojson", "gcj02", "trust_datum = true"), city=other_city)


def test_a_layer_that_the_archive_contradicts_is_refused_with_the_evidence(database_url: str, tmp_path: Path) -> None:
    _first_import(tmp_path, database_url)
    _write(tmp_path, "survey.geojson", PLACES + np.random.default_rng(2).normal(0, 3e-5, PLACES.shape))
    before = table_dump(database_url)
    with pytest.raises(ImportFailed, match="declared gcj02, but the numbers are wgs84: as wgs84, 30 % of 60 places lie within"):
        _import(tmp_path, database_url, _layer("survey.geojson", "gcj02"))
    assert table_dump(database_url) == before
    _import(tmp_path, database_url, _layer("survey.geojson", "wgs84"))


def test_rows_in_two_datums_are_refused_with_their_numbers(database_url: str, tmp_path: Path) -> None:
    _first_import(tmp_path, database_url)
    mixed = DELIVERED.copy()
    mixed[40:] = PLACES[40:] + 2e-6
    _write(tmp_path, "mixed.geojson", mixed)
    with pytest.raises(
        ImportFailed, match=r"in two systems: 20 of 60 rows are wgs84 \(row 41, 42, 43, .* and 10 more\), the others gcj02"
    ):
        _import(tmp_path, database_url, _layer("mixed.geojson", "gcj02"))


def test_other_assets_of_the_kind_are_taken_without_a_word(database_url: str, tmp_path: Path) -> None:
    _first_import(tmp_path, database_url)
    others = np.random.default_rng(9).uniform((125.2, 43.7), (125.5, 44.0), (60, 2))
    _write(tmp_path, "others.geojson", from_wgs84(others, GCJ02))
    manifest = _layer("others.geojson", "gcj02", "").replace('code = "no"', 'code = { from = "no", prefix = "N" }')
    _import(tmp_path, database_url, manifest)
    assert len(_archived(database_url)) == 120


# ---------------------------------------------------------------- undoing


def test_a_double_conversion_is_undone_by_its_name_to_a_millionth_of_a_millimetre(database_url: str, tmp_path: Path) -> None:
    once = to_wgs84(from_wgs84(PLACES, GCJ02), GCJ02)
    twice = to_wgs84(once, GCJ02)
    _write(tmp_path, "twice.gpkg", twice)
    _import(tmp_path, database_url, _layer("twice.gpkg", "twice(gcj02)"))
    apart = np.abs(np.sort(_archived(database_url), axis=0) - np.sort(PLACES, axis=0)).max()
    assert apart * MM_PER_DEGREE < 1e-4


def test_a_conversion_that_went_wrong_here_is_undone_from_its_own_result(database_url: str, tmp_path: Path) -> None:
    """WGS-84 imported as GCJ-02, exported, and delivered again as what it is: the ledger has nothing against that."""
    _write(tmp_path, "wrong.geojson", PLACES)
    _import(tmp_path, database_url, _layer("wrong.geojson", "gcj02"))
    _write(tmp_path, "back.gpkg", _archived(database_url))
    _import(tmp_path, database_url, _layer("back.gpkg", "twice(gcj02)", "trust_datum = true"))
    apart = np.abs(np.sort(_archived(database_url), axis=0) - np.sort(PLACES, axis=0)).max()
    assert apart * MM_PER_DEGREE < 1e-4


def test_a_file_is_undone_without_a_database_and_gets_its_entry(tmp_path: Path) -> None:
    _write(tmp_path, "twice.gpkg", to_wgs84(PLACES, GCJ02))
    out = tmp_path / "once.gpkg"
    undo_conversion(tmp_path / "twice.gpkg", out, "gcj02", layer=None, encoding=None, seat="person 3", now=NOW)
    there = coordinates_of(geopandas.read_file(out).geometry.to_numpy())
    assert np.abs(there - PLACES).max() * MM_PER_DEGREE < 1e-4
    entry = orjson.loads((tmp_path / f"once.gpkg{ENTRY_SUFFIX}").read_bytes())
    assert (entry["datum_in"], entry["datum_out"], entry["seat"], entry["made_at"]) == (
        "twice(gcj02)",
        "wgs84",
        "person 3",
        "2026-11-01T04:00:00Z",
    )
    with pytest.raises(Conflict, match="exists; name another file"):
        undo_conversion(tmp_path / "twice.gpkg", out, "gcj02", layer=None, encoding=None, seat="p", now=NOW)
    with pytest.raises(UnreadableFile, match=r"'\.dwg' is not one of"):
        undo_conversion(tmp_path / "twice.gpkg", tmp_path / "a.dwg", "gcj02", layer=None, encoding=None, seat="p", now=NOW)


# ---------------------------------------------------------------- beside a file


def _exported(folder: Path, name: str) -> None:
    before = shapely.points(PLACES)
    after = with_coordinates(before, from_wgs84(PLACES, GCJ02))
    _frame(shapely.get_coordinates(after)).to_file(folder / name, engine="pyogrio")
    entry = ledger_entry(
        file=name,
        layer="chamber",
        datum_in=parse_datum("wgs84"),
        datum_out=GCJ02,
        before=before,
        after=after,
        evidence="archive of city 7, version 3",
        seat="person 3",
        made_at=NOW,
        seconds=0.1,
    )
    (folder / f"{name}{ENTRY_SUFFIX}").write_bytes(orjson.dumps(entry))


@pytest.mark.parametrize("name", ["out.gpkg", "out.geojson"])
def test_an_exported_file_comes_back_by_the_entry_beside_it(database_url: str, tmp_path: Path, name: str) -> None:
    _exported(tmp_path, name)
    _import(
        tmp_path, database_url, _layer(name, "gcj02").replace('datum = "gcj02"\n', ""), city=CITY.replace('datum = "wgs84"', "")
    )
    assert np.abs(np.sort(_archived(database_url), axis=0) - np.sort(PLACES, axis=0)).max() < 1e-9
    with connect(database_url) as connection:
        (evidence,) = connection.execute("select evidence from datum_conversion").fetchall()[0]
    assert evidence == "the ledger entry beside the file: 2026-11-01T04:00:00Z by person 3"


def test_a_manifest_that_contradicts_the_entry_beside_a_file_is_refused(tmp_path: Path) -> None:
    _exported(tmp_path, "out.gpkg")
    with pytest.raises(
        ImportFailed, match=r"datum = 'bd09', but the ledger entry beside the file.* says that these coordinates are gcj02"
    ):
        run_import(write_manifest(tmp_path, _layer("out.gpkg", "bd09")), "postgresql://nowhere", seat="t")
    (tmp_path / f"out.gpkg{ENTRY_SUFFIX}").write_text("{}")
    with pytest.raises(ImportFailed, match="is no ledger entry of this program"):
        run_import(write_manifest(tmp_path, _layer("out.gpkg", "bd09")), "postgresql://nowhere", seat="t")


def test_an_entry_of_a_file_that_was_changed_says_nothing(database_url: str, tmp_path: Path) -> None:
    _exported(tmp_path, "out.gpkg")
    (tmp_path / "out.gpkg").unlink()
    _write(tmp_path, "out.gpkg", PLACES)
    _import(tmp_path, database_url, _layer("out.gpkg", "wgs84"))
    np.testing.assert_array_equal(np.sort(_archived(database_url), axis=0), np.sort(PLACES, axis=0))
