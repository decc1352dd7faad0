"""Reading files: each format, and each way a file can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import pandas as pd
import pytest
import shapely

from gis.errors import FileMissing, UnknownColumn, UnknownLayer, UnreadableFile, WrongEncoding
from gis.reading import GeometryColumns, read_layer, require_columns

POINTS = [shapely.Point(125.3, 43.8), shapely.Point(125.4, 43.9, 210.5)]


def _frame(**columns: list[object]) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(columns or {"名称": ["甲", "乙"]}, geometry=POINTS, crs=4551)


def _net(folder: Path, **tables: pd.DataFrame) -> Path:
    items = {
        name: {"_module": "pandas.core.frame", "_class": "DataFrame", "_object": table.to_json(orient="split"), "orient": "split"}
        for name, table in tables.items()
    }
    path = folder / "net.json"
    path.write_text(json.dumps({"_module": "pandapipes", "_class": "pandapipesNet", "_object": {**items, "fluid": None}}))
    return path


def _point(x: float, y: float) -> dict[str, object]:
    return {"type": "Point", "coordinates": [x, y]}


def test_a_frame_comes_without_crs_and_the_files_own_claim_beside_it(tmp_path: Path) -> None:
    _frame().to_file(tmp_path / "a.gpkg", layer="points", driver="GPKG")
    read = read_layer(tmp_path / "a.gpkg", layer="points")
    assert read.frame.crs is None
    assert read.declared_epsg == 4551
    assert read.frame.index.tolist() == [1, 2]
    assert read.frame["名称"].tolist() == ["甲", "乙"]
    assert shapely.has_z(read.frame.geometry.to_numpy()).any()


def test_a_gbk_shapefile_is_read_with_its_encoding(tmp_path: Path) -> None:
    _frame(名称=["换热站", "锅炉房"]).set_geometry(shapely.force_2d(POINTS)).to_file(
        tmp_path / "a.shp", encoding="gbk", engine="pyogrio"
    )
    (tmp_path / "a.cpg").unlink()
    assert read_layer(tmp_path / "a.shp", encoding="gbk").frame["名称"].tolist() == ["换热站", "锅炉房"]
    with pytest.raises(WrongEncoding, match=r"row 1: byte \d+ .* is not utf-8"):
        read_layer(tmp_path / "a.shp", encoding="utf-8")


def test_a_character_cut_in_two_does_not_refuse_a_shapefile(tmp_path: Path) -> None:
    names = ["换热站"] * 30
    frame = geopandas.GeoDataFrame({"名称": names}, geometry=[shapely.Point(125, 43)] * 30, crs=4551)
    frame.to_file(tmp_path / "a.shp", encoding="gbk", engine="pyogrio")
    dbf = bytearray((tmp_path / "a.dbf").read_bytes())
    dbf[dbf.index("站".encode("gbk")) + 1] = 0x20
    (tmp_path / "a.dbf").write_bytes(dbf)
    assert read_layer(tmp_path / "a.shp", encoding="gbk").frame["名称"].tolist()[1:] == names[1:]


def test_a_gbk_table_is_read_with_its_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("编号,名称\n1,换热站\n".encode("gbk"))
    assert read_layer(tmp_path / "a.csv", encoding="gbk").frame["名称"].tolist() == ["换热站"]
    with pytest.raises(WrongEncoding, match="is not utf-8; state the encoding"):
        read_layer(tmp_path / "a.csv")
    with pytest.raises(WrongEncoding, match="is not a known encoding"):
        read_layer(tmp_path / "a.csv", encoding="klingon")


def test_a_mark_of_byte_order_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("编号,x\n1,2\n".encode("utf-8-sig"))
    assert read_layer(tmp_path / "a.csv", encoding="utf-8").frame.columns[0] == "编号"


def test_positions_of_a_table_are_numbers_sexagesimal_or_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "x,y,e,n,w\n125.5,43.25,125°30'00.0\",43°15'N,POINT (1 2)\nfar,43,125d,43°75',POLYGON ((1 2\n,,,,\n", encoding="utf-8"
    )
    plain = read_layer(tmp_path / "a.csv", geometry=GeometryColumns(x="x", y="y"))
    sexagesimal = read_layer(tmp_path / "a.csv", geometry=GeometryColumns(x="e", y="n", format="sexagesimal"))
    text = read_layer(tmp_path / "a.csv", geometry=GeometryColumns(wkt="w"))
    assert plain.frame.geometry.iloc[0].equals(shapely.Point(125.5, 43.25))
    assert sexagesimal.frame.geometry.iloc[0].equals(shapely.Point(125.5, 43.25))
    assert text.frame.geometry.iloc[0].equals(shapely.Point(1, 2))
    for read in (plain, sexagesimal, text):
        assert [row for row, _ in read.unreadable] == [2]
        assert read.frame.geometry.isna().tolist() == [False, True, True]


def test_a_table_without_position_columns_has_no_geometry(tmp_path: Path) -> None:
    pd.DataFrame({"code": ["a"], "x": [1.0]}).to_excel(tmp_path / "a.xlsx", sheet_name="企业", index=False)
    read = read_layer(tmp_path / "a.xlsx", layer="企业")
    assert read.frame["code"].tolist() == ["a"]
    assert read.frame.geometry.isna().all()
    with pytest.raises(UnknownLayer, match="no sheet 'x'; the sheets are 企业"):
        read_layer(tmp_path / "a.xlsx", layer="x")


@pytest.mark.parametrize(
    ("name", "content", "error", "says"),
    [
        ("a.geojson", b"{ no", UnreadableFile, "cannot be read as geojson"),
        ("a.gpkg", b"no database", UnreadableFile, "cannot be read as gpkg"),
        ("a.json", b'{"type": "FeatureCollection"}', UnreadableFile, "must end in .geojson"),
        ("a.json", b"{ no", UnreadableFile, "not a pandapipes net"),
        ("a.xlsx", b"no workbook", UnreadableFile, "cannot be read as a workbook"),
        ("a.csv", b"", UnreadableFile, "cannot be read as CSV"),
        ("a.dwg", b"AC1032", UnreadableFile, "'.dwg' is not one of .*save it as DXF"),
        ("a.geojson", b"", UnreadableFile, r"the file is empty \(0 bytes\)"),
    ],
)
def test_a_broken_file_is_named_with_what_it_should_be(
    tmp_path: Path, name: str, content: bytes, error: type[Exception], says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=says) as caught:
        read_layer(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_what_does_not_exist_is_named_with_what_does(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"a\.gpkg: there is no such file"):
        read_layer(tmp_path / "a.gpkg")
    _frame().to_file(tmp_path / "a.gpkg", layer="points", driver="GPKG")
    with pytest.raises(UnknownLayer, match="no layer 'lines'; the layers are points"):
        read_layer(tmp_path / "a.gpkg", layer="lines")
    with pytest.raises(UnknownColumn, match="no column 'dn'; the columns are 名称"):
        require_columns(_frame(), ["名称", "dn"], where="a")


def test_a_net_gives_each_table_its_positions(tmp_path: Path) -> None:
    junctions = pd.DataFrame({"name": ["a", "b", "c"], "geo": [_point(1, 2), _point(3, 4), None]}, index=[10, 11, 12])
    own = {"type": "LineString", "coordinates": [[1, 2], [9, 9], [3, 4]]}
    pipes = pd.DataFrame(
        {"from_junction": [10, 10, 10], "to_junction": [11, 11, 12], "length_km": [1.0, 1.0, 1.0], "geo": [own, None, None]},
        index=[5, 6, 7],
    )
    consumers = pd.DataFrame({"from_junction": [12, 12], "to_junction": [11, 12], "qext_w": [1.0, 2.0]})
    path = _net(tmp_path, junction=junctions, pipe=pipes, heat_consumer=consumers)
    pipe = read_layer(path, layer="pipe").frame
    assert pipe["index"].tolist() == [5, 6, 7]
    assert [None if g is None else g.wkt for g in pipe.geometry] == ["LINESTRING (1 2, 9 9, 3 4)", "LINESTRING (1 2, 3 4)", None]
    consumer = read_layer(path, layer="heat_consumer").frame
    assert [None if g is None else g.wkt for g in consumer.geometry] == ["POINT (3 4)", None]
    assert len(read_layer(path).frame) == 3
    with pytest.raises(UnknownLayer, match="its tables are heat_consumer, junction, pipe"):
        read_layer(path, layer="valve")
