"""DXF drawings as CAD programs write them: R12 text typed by hand, and files of GDAL's own writer."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pytest
import shapely

from gis.errors import UnknownLayer, UnreadableFile, WrongEncoding
from gis.geometry import closed_lines_as_polygons
from gis.reading import read_layer


def _pairs(*items: tuple[int, object]) -> str:
    return "".join(f"{code:>3}\r\n{value}\r\n" for code, value in items)


HEADER = _pairs((9, "$ACADVER"), (1, "AC1009"), (9, "$DWGCODEPAGE"), (3, "ANSI_936"))
TEXT = _pairs((0, "TEXT"), (5, "2C"), (8, "小室"), (10, 445718.25), (20, 4857301.5), (30, 0), (40, 2.5), (1, "XS-1"))
LINE = _pairs((0, "LINE"), (5, "2E"), (8, "管线"), (10, 5), (20, 6), (30, 201.5), (11, 15), (21, 16), (31, 202.5))
PAPER = _pairs((0, "TEXT"), (5, "2F"), (8, "图框"), (67, 1), (10, 0), (20, 0), (40, 9), (1, "平面图"))
CORNERS = ((0, 0), (10, 0), (10, 8), (0, 8))
OUTLINE = (
    _pairs((0, "POLYLINE"), (5, "2B"), (8, "建筑"), (66, 1), (10, 0), (20, 0), (30, 0), (70, 1))
    + "".join(_pairs((0, "VERTEX"), (8, "建筑"), (10, x), (20, y), (30, 0)) for x, y in CORNERS)
    + _pairs((0, "SEQEND"), (8, "建筑"))
)
BLOCK = _pairs(
    *((0, "BLOCK"), (8, "0"), (2, "阀门"), (70, 2), (10, 0), (20, 0), (30, 0), (3, "阀门")),
    *((0, "LINE"), (8, "0"), (10, -1), (20, -1), (11, 1), (21, 1)),
    *((0, "ATTDEF"), (8, "0"), (10, 0), (20, 0), (40, 1), (1, "x"), (3, "?"), (2, "编号"), (70, 0)),
    *((0, "ENDBLK"), (8, "0")),
)
INSERT = _pairs(
    *((0, "INSERT"), (5, "2A"), (8, "阀门"), (66, 1), (2, "阀门"), (10, 100.5), (20, 200.5), (30, 210.25), (50, 90)),
    *((0, "ATTRIB"), (8, "阀门"), (10, 101), (20, 201), (40, 1), (1, "V-01 旧"), (2, "编号"), (70, 0)),
    *((0, "SEQEND"), (8, "阀门")),
)


def _drawing(*entities: str, header: str = HEADER) -> str:
    def section(name: str, content: str) -> str:
        return _pairs((0, "SECTION"), (2, name)) + content + _pairs((0, "ENDSEC"))

    return section("HEADER", header) + section("BLOCKS", BLOCK) + section("ENTITIES", "".join(entities)) + _pairs((0, "EOF"))


def _write(folder: Path, *entities: str, encoding: str = "gbk", header: str = HEADER) -> Path:
    path = folder / "a.dxf"
    path.write_bytes(_drawing(*entities, header=header).encode(encoding))
    return path


@pytest.mark.parametrize(
    ("written", "header", "stated"),
    [
        ("gbk", HEADER, None),
        ("gbk", HEADER, "utf-8"),
        ("gbk", "", "gbk"),
        ("utf-8", "", None),
        ("utf-8", HEADER, "gbk"),
        ("utf-8", HEADER.replace("ANSI_936", "ANSI_1252"), None),
    ],
)
def test_text_is_read_whatever_the_drawing_says_about_itself(
    tmp_path: Path, written: str, header: str, stated: str | None
) -> None:
    frame = read_layer(_write(tmp_path, TEXT, INSERT, encoding=written, header=header), encoding=stated).frame
    assert frame["Layer"].tolist() == ["小室", "阀门"]
    assert frame["Text"].tolist() == ["XS-1", None]
    assert frame["BlockName"].tolist() == [None, "阀门"]


def test_text_in_no_known_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongEncoding, match=r"not utf-8; it states no code page\. State another encoding"):
        read_layer(_write(tmp_path, TEXT, header=""))
    with pytest.raises(WrongEncoding, match="nor ascii"):
        read_layer(_write(tmp_path, TEXT, header=""), encoding="ascii")
    with pytest.raises(WrongEncoding, match="'klingon' is not a known encoding"):
        read_layer(_write(tmp_path, TEXT, header=""), encoding="klingon")


def test_text_is_a_point_and_a_flat_drawing_has_no_heights(tmp_path: Path) -> None:
    read = read_layer(_write(tmp_path, TEXT, LINE))
    text, line = read.frame.geometry
    assert text.equals_exact(shapely.Point(445718.25, 4857301.5), 0.0)
    assert not text.has_z
    assert line.wkt == "LINESTRING Z (5 6 201.5, 15 16 202.5)"
    assert read.frame["EntityHandle"].tolist() == ["2C", "2E"]
    assert read.frame.crs is None
    assert read.declared_epsg is None


def test_a_block_reference_is_its_point_with_its_attributes(tmp_path: Path) -> None:
    frame = read_layer(_write(tmp_path, INSERT, TEXT)).frame
    assert frame.geometry.iloc[0].wkt == "POINT Z (100.5 200.5 210.25)"
    assert frame["编号"].tolist() == ["V-01 旧", None]
    assert frame["BlockAngle"].iloc[0] == 90.0
    assert len(frame) == 2


def test_paper_space_is_left_out(tmp_path: Path) -> None:
    assert read_layer(_write(tmp_path, PAPER, TEXT)).frame["Layer"].tolist() == ["小室"]


def test_a_closed_polyline_can_become_a_polygon_and_an_open_line_not(tmp_path: Path) -> None:
    frame = read_layer(_write(tmp_path, OUTLINE, LINE, TEXT)).frame
    assert frame.geometry.geom_type.tolist() == ["LineString", "LineString", "Point"]
    outline, line, point = closed_lines_as_polygons(frame.geometry.to_numpy())
    assert outline.equals(shapely.box(0, 0, 10, 8))
    assert (line.geom_type, point.geom_type) == ("LineString", "Point")


def test_a_closed_line_in_three_dimensions_keeps_its_heights() -> None:
    ring = shapely.LineString([(0, 0, 5), (1, 0, 6), (1, 1, 7), (0, 0, 5)])
    (polygon,) = closed_lines_as_polygons([ring])  # type: ignore[arg-type]
    assert polygon.wkt == "POLYGON Z ((0 0 5, 1 0 6, 1 1 7, 0 0 5))"


def test_a_drawing_of_another_program(tmp_path: Path) -> None:
    geometry = [shapely.Point(1, 2), shapely.LineString([(0, 0), (3, 4)]), shapely.box(0, 0, 2, 2)]
    layers = ["小室", "管线", "建筑"]
    geopandas.GeoDataFrame({"Layer": layers}, geometry=geometry, crs=4551).to_file(
        tmp_path / "a.dxf", driver="DXF", engine="pyogrio"
    )
    frame = read_layer(tmp_path / "a.dxf").frame
    assert frame["Layer"].tolist() == layers
    for read, written in zip(closed_lines_as_polygons(frame.geometry.to_numpy()), geometry, strict=True):
        assert read.equals(written)


def test_layers_are_chosen_by_where(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayer, match=r'where = \{ Layer = "小室" \}, not by layer; it has 小室, 管线'):
        read_layer(_write(tmp_path, TEXT, LINE), layer="小室")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", r"the file is empty \(0 bytes\)"),
        (b"AC1032\x00\x00", "this is a DWG drawing .*save it as DXF"),
        (b"hello", "cannot be read as DXF: it has no section that GDAL knows"),
        (b"AutoCAD Binary DXF\r\n\x1a\x00abc", "cannot be read as DXF"),
        (_drawing(OUTLINE).encode("gbk")[:-60], r"cannot be read as DXF: error at line \d+ \(is the file complete\?\)"),
    ],
)
def test_a_drawing_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "a.dxf").write_bytes(content)
    with pytest.raises(UnreadableFile, match=says):
        read_layer(tmp_path / "a.dxf")
