"""The geoid height of a city: from the manifest to the ground that 3D Tiles for globes stand on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from api.settings import read_settings
from api.solids import ground_of
from data.cities import city_geoid_height_m
from data.imports.run import run_import
from data.pool import connect
from tests.data.import_helpers import CITY, write_manifest

COMPANIES = """
[[layer]]
file = "companies.csv"
kind = "company"
[layer.columns]
code = "code"
name = "name"
"""
STATED = CITY.replace("id = 7", "id = 7\ngeoid_height_m = 11.5")


def test_the_stated_geoid_height_lifts_the_ground_and_a_delivery_without_one_leaves_it(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "companies.csv").write_text("code,name\nC1,第一热力\n", encoding="utf-8")
    settings = replace(read_settings(), var_dir=tmp_path, database_url=database_url)
    place = np.array([[125.3, 43.8]])
    for city, expected_m in ((CITY, None), (STATED, 11.5), (CITY, 11.5)):
        run_import(write_manifest(tmp_path, COMPANIES, city=city), database_url, seat="test")
        with connect(database_url) as connection:
            assert city_geoid_height_m(connection, 7) == expected_m
            assert ground_of(settings, connection, 7).at(place).tolist() == [expected_m or 0.0]
