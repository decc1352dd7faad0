"""A delivery written by another program than ours: real places of Shanghai, through GDAL's tools, in the datums of four offices.

What ours has to undo was done by ogr2ogr and PROJ, and for GCJ-02 by the published formula written in SQL.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import missing

CITY_GRID = "+proj=tmerc +lat_0=31.2333333 +lon_0=121.4666667 +k=1 +x_0=-2000 +y_0=500 +ellps=GRS80 +units=m +no_defs"
"""A grid through the middle of the city, as cities have them; EPSG knows no name for it."""
GK_PREFIX = "EPSG:4528"
"""CGCS2000 Gauss-Krueger, 3 degrees, zone 40 in front of the easting."""
GK_PLAIN = "EPSG:4549"
"""The same meridian (120 E) without the zone number."""

GCJ02 = """
with p as (select *, ST_X(geometry) as lon, ST_Y(geometry) as lat, ST_X(geometry) - 105.0 as x, ST_Y(geometry) - 35.0 as y,
                  3.14159265358979323846 as pi from pois where kind = 'traffic_signals'),
     d as (select *,
       -100.0 + 2.0*x + 3.0*y + 0.2*y*y + 0.1*x*y + 0.2*sqrt(abs(x))
         + (20.0*sin(6.0*x*pi) + 20.0*sin(2.0*x*pi)) * 2.0/3.0 + (20.0*sin(y*pi) + 40.0*sin(y/3.0*pi)) * 2.0/3.0
         + (160.0*sin(y/12.0*pi) + 320.0*sin(y*pi/30.0)) * 2.0/3.0 as north,
       300.0 + x + 2.0*y + 0.1*x*x + 0.1*x*y + 0.1*sqrt(abs(x))
         + (20.0*sin(6.0*x*pi) + 20.0*sin(2.0*x*pi)) * 2.0/3.0 + (20.0*sin(x*pi) + 40.0*sin(x/3.0*pi)) * 2.0/3.0
         + (150.0*sin(x/12.0*pi) + 300.0*sin(x/30.0*pi)) * 2.0/3.0 as east,
       1.0 - 0.00669342162296594323*sin(lat/180.0*pi)*sin(lat/180.0*pi) as magic from p)
select id as 编号, kind as 类别,
       lon + east*180.0 / (6378245.0/sqrt(magic)*cos(lat/180.0*pi)*pi) as 经度,
       lat + north*180.0 / ((6378245.0*(1.0 - 0.00669342162296594323))/(magic*sqrt(magic))*pi) as 纬度
  from d
"""


def ogr2ogr(*words: str | Path) -> None:
    """Run GDAL's converter."""
    subprocess.run(["ogr2ogr", *map(str, words)], check=True, capture_output=True, text=True)


def _to_grid(points: list[tuple[float, float]], grid: str) -> list[tuple[float, float]]:
    """Bring lon/lat into a grid, by GDAL's program."""
    text = "".join(f"{lon!r} {lat!r}\n" for lon, lat in points)
    command = ["gdaltransform", "-s_srs", "OGC:CRS84", "-t_srs", grid, "-output_xy"]
    printed = subprocess.run(command, input=text, check=True, capture_output=True, text=True).stdout
    return [(float(x), float(y)) for x, y in (line.split() for line in printed.splitlines())]


def write_control_points(source: Path, path: Path, *, wrong_m: float = 0.0) -> None:
    """Write eight places in the city's grid and in the national one; the fifth is off to the east by `wrong_m`."""
    places = [
        feature for feature in json.loads(source.read_text())["features"] if feature["properties"]["kind"] == "traffic_signals"
    ][::9][:8]
    positions = [tuple(place["geometry"]["coordinates"]) for place in places]
    with path.open("w", newline="", encoding="gbk") as file:
        table = csv.writer(file)
        table.writerow(["name", "x", "y", "x_base", "y_base"])
        rows = zip(_to_grid(positions, CITY_GRID), _to_grid(positions, GK_PLAIN), strict=True)
        for number, ((x, y), (x_base, y_base)) in enumerate(rows, 1):
            shift = wrong_m if number == 5 else 0.0
            table.writerow([f"控{number}", f"{x + shift:.3f}", f"{y:.3f}", f"{x_base:.3f}", f"{y_base:.3f}"])


def write_foreign_delivery(shared: Path, folder: Path) -> Path:
    """Write the files and return the folder; skips where GDAL's programs are missing."""
    if shutil.which("ogr2ogr") is None or shutil.which("gdaltransform") is None:
        missing("ogr2ogr and gdaltransform are needed: apt-get install gdal-bin")
    source = shared / "data" / "city-shanghai-osm"
    if not source.is_dir():
        pytest.skip(f"{source} is not here")
    folder.mkdir(parents=True, exist_ok=True)
    buildings = (
        'select cast(id as character(14)) as "楼栋编号", name as "名称", height as "高度", addr_street as "街道" from buildings'
        " where kind = 'building'"
    )
    ogr2ogr("-t_srs", GK_PREFIX, "-lco", "ENCODING=GBK", "-sql", buildings, folder / "楼栋.shp", source / "buildings.geojson")
    roads = ("-t_srs", "EPSG:4490", "-nln", "道路", "-nlt", "MULTILINESTRING")
    columns = 'select cast(id as character(14)) as "编号", name as "名称", kind_detail as "等级" from roads'
    ogr2ogr("-f", "GPKG", *roads, "-sql", columns, folder / "基础.gpkg", source / "roads.geojson")
    ogr2ogr("-f", "CSV", "-dialect", "SQLite", "-sql", GCJ02, folder / "路口.csv", source / "pois.geojson")
    outlines = (
        "select '公园' as Layer, ST_ExteriorRing(geometry) as geometry from landuse"
        " where kind in ('park', 'garden') and ST_GeometryType(geometry) = 'POLYGON'"
    )
    grid = ("-s_srs", "OGC:CRS84", "-t_srs", CITY_GRID)
    ogr2ogr("-f", "DXF", *grid, "-dialect", "SQLite", "-sql", outlines, folder / "绿地.dxf", source / "landuse.geojson")
    write_control_points(source / "pois.geojson", folder / "控制点.csv")
    return folder
