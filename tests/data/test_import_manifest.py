"""Manifests: what is refused, and that the message says what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import BadManifest, ImportFailed
from data.imports.manifest import locate_manifest, read_manifest, targets_of
from data.imports.run import run_import
from data.imports.units import factor, known_units
from gis.parameters import SevenParameters, Similarity
from tests.data.import_helpers import CITY, write_manifest
from twin.kinds import KINDS

pytestmark = pytest.mark.plain

LAYER = '\n[[layer]]\nfile = "a.csv"\nkind = "valve"\n'


def _refused(folder: Path, text: str) -> str:
    path = folder / "m.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadManifest) as caught:
        read_manifest(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[city", ["is not TOML"]),
        (LAYER, ["city is missing"]),
        (CITY, ["no [[layer]]"]),
        (CITY.replace("id = 7", "id = 0") + LAYER, ["city.id = 0", "greater than or equal to 1"]),
        (CITY.replace("id = 7", 'id = 7\nzone = "Mars/Olympus"') + LAYER, ["city.zone = 'Mars/Olympus'", "Asia/Shanghai"]),
        (CITY.replace("125.0,", "126.0,") + LAYER, ["city.extent", "[west, south, east, north]"]),
        (
            CITY.replace("id = 7", "id = 7\ngeoid_height_m = 212") + LAYER,
            ["city.geoid_height_m = 212", "less than or equal to 90"],
        ),
        (CITY + LAYER + 'colour = "red"', ["unknown key layer.0.colour", "'red'", "columns", "geometry", "where"]),
        (CITY + LAYER.replace("valve", "valves"), ["layer.0.kind = 'valves'", "is not an asset kind", "valve", "rollout_rate"]),
        (CITY + LAYER + '[layer.columns]\ncolour = "x"', ["colour is no target of kind valve", "normal_state"]),
        (CITY + LAYER + '[layer.columns]\ndn = { from = "x", unit = "inch" }', ["unit = 'inch'", "mm"]),
        (CITY + LAYER + '[layer.columns]\ndn = { from = "x", value = 3 }', ["exactly one of"]),
        (CITY + LAYER + '[layer.columns]\ndn = { unit = "m" }', ["exactly one of"]),
        (CITY + LAYER + '[layer.columns]\ndn = { from = "x", units = "m" }', ["unknown key layer.0.columns.dn.units", "unit"]),
        (CITY + LAYER + '[layer.geometry]\nx = "lon"', ["layer.0.geometry", "`x` and `y`, or `wkt`"]),
        (CITY + LAYER + "[datums.city]\ndx_m = 1\ndy_m = 2", ["datums.city", "`base`"]),
        (CITY + LAYER.replace("valve", "rollout_rate"), ["area_code", "is missing"]),
        (CITY + '[[raster]]\nlayer = "ground"\nfile = "g.tif"\nstyle = "pretty"', ["raster.0.style = 'pretty'", "hillshade"]),
    ],
)
def test_a_manifest_that_does_not_fit_says_what_would_be_right(tmp_path: Path, text: str, says: list[str]) -> None:
    message = _refused(tmp_path, text)
    for part in says:
        assert part in message


def test_a_missing_manifest_names_those_that_ship() -> None:
    with pytest.raises(BadManifest, match="changchun_districts, schutterwald, shanghai"):
        locate_manifest("atlantis")


def test_every_shipped_manifest_can_be_read() -> None:
    for name in ("schutterwald", "shanghai", "changchun_districts"):
        assert read_manifest(locate_manifest(name)).layer


def test_datum_parameters_are_four_or_seven(tmp_path: Path) -> None:
    text = (
        LAYER
        + '[datums.city]\nbase = "gk(cgcs2000,3,126,plain)"\ndx_m = 1\ndy_m = 2\nrotation_deg = 0.5\nscale = 1.00001\n'
        + "[datums.xian80]\ndx_m = 1\ndy_m = 2\ndz_m = 3\nscale_ppm = 4\n"
    )
    datums = read_manifest(write_manifest(tmp_path, text)).datums
    assert datums["city"].parameters() == Similarity("gk(cgcs2000,3,126,plain)", 1, 2, 0.5, 1.00001)
    assert datums["xian80"].parameters() == SevenParameters(1, 2, 3, scale_ppm=4)


@pytest.mark.parametrize(
    ("layer", "content", "says"),
    [
        (LAYER, None, "there is no such file"),
        (LAYER + '[layer.columns]\ncode = "nr"', "code,x\n1,2\n", "there is no column 'nr'; the columns are code, x"),
        (LAYER + 'key = "nr"', "code,x\n1,2\n", "there is no column 'nr'"),
        (LAYER + "where = { nr = 1 }", "code,x\n1,2\n", "there is no column 'nr'"),
        (LAYER + '[layer.geometry]\nx = "lon"\ny = "lat"', "code,x\n1,2\n", "there is no column 'lon', 'lat'"),
        (
            LAYER + '[layer.geometry]\nx = "x"\ny = "y"\n[layer.columns]\ndn = { from = "x", unit = "MW" }',
            "x,y\n125.3,43.8\n",
            "cannot become mm",
        ),
        (LAYER + 'datum = "mars"\n[layer.geometry]\nx = "x"\ny = "y"', "x,y\n1,2\n", "'mars' is not a datum; known are"),
        (LAYER + 'datum = "xian80"\n[layer.geometry]\nx = "x"\ny = "y"', "x,y\n125,43\n", "[datums.xian80]"),
        (LAYER + 'encoding = "gbk"', "编号\n一\n".encode() + b"\xff", "gbk"),
    ],
)
def test_a_file_that_does_not_fit_the_manifest_fails_with_a_clear_line(
    tmp_path: Path, layer: str, content: str | bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "a.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ImportFailed) as caught:
        run_import(write_manifest(tmp_path, layer), "postgresql://nowhere", seat="test")
    assert says in str(caught.value)
    assert "manifest.toml layer 1 (a.csv > valve)" in str(caught.value)


def test_a_layer_without_datum_is_refused_unless_it_has_no_geometry(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n125.3,43.8\n")
    city = CITY.replace('datum = "wgs84"', 'licence = "x"')
    with pytest.raises(ImportFailed, match="no datum; write datum ="):
        run_import(write_manifest(tmp_path, LAYER + '[layer.geometry]\nx = "x"\ny = "y"', city=city), "postgresql://no", seat="t")


def test_a_raster_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"raster 'ground': there is no file .*g\.tif"):
        run_import(write_manifest(tmp_path, '[[raster]]\nlayer = "ground"\nfile = "g.tif"'), "postgresql://no", seat="t")


def test_units_convert_within_a_quantity_only() -> None:
    assert factor("m", "mm") == 1000.0
    assert factor("W", "MW") == 1e-6
    assert factor("万m2", "m²") == 10_000.0
    assert factor("GJ/h", "MW") == pytest.approx(0.2777778)
    assert factor("MW", "mm") is None
    assert "kW" in known_units()


def test_every_number_attribute_with_a_unit_can_be_converted_from_it() -> None:
    for kind in KINDS.values():
        for attribute in kind.attributes:
            if attribute.unit:
                assert factor(attribute.unit, attribute.unit) == 1.0, (kind.name, attribute.name)
        assert set(targets_of(kind.name)) >= {"code", "name", "source_key"}
