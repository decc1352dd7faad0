"""The 389 clean-heating projects of a whole city, and the workbook they come in."""

from __future__ import annotations

import datetime as dt
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from data.demo import countryside, outlines
from data.demo.countryside import lonlat, metres
from data.demo.files import DELIVERY_DATE, write_workbook
from data.demo.people_delivery import Land, project_sites
from data.demo.projects import HEADERS, REGIONS, STAGES, draw_projects
from gis.reading import GeometryColumns, read_layer


@pytest.fixture(scope="module")
def land() -> Land:
    districts = outlines.read_districts("220100")
    covered = shapely.transform(shapely.union_all([each.outline for each in districts]), metres)
    urban = shapely.union_all([shapely.box(-15e3, -15e3, 15e3, 15e3), shapely.box(20e3, 20e3, 24e3, 24e3)])
    return Land(
        districts=districts,
        areas=countryside.areas(districts, countryside.zones(1, covered)),
        villages=countryside.villages(1, covered, urban, districts),
        weather=countryside.weather_stations(1, covered),
        urban=urban,
    )


@pytest.fixture(scope="module")
def projects(land):
    return draw_projects(1, project_sites(1, land))


write = partial(write_workbook, heads=HEADERS, name="项目库")


def test_regions_kinds_and_types_add_up_to_389_as_the_sources_count_them(projects):
    assert len(projects) == 389
    assert projects["region"].value_counts().to_dict() == dict(zip(REGIONS, (247, 73, 69), strict=True))
    assert projects["project_kind"].value_counts().to_dict() == {"热源清洁化": 368, "建筑能效提升": 18, "能力建设": 3}
    by_region = projects.groupby(["project_kind", "region"]).size()
    assert [by_region["热源清洁化", region] for region in REGIONS] == [239, 71, 58]
    assert [by_region["建筑能效提升", region] for region in REGIONS] == [5, 2, 11]
    types = projects["technical_type"].value_counts()
    heat_source = ("工业余热", "燃煤", "生物质", "燃气", "热泵", "热电联产", "电采暖", "超低排放改造", "燃煤锅炉淘汰改造")
    assert [types[name] for name in heat_source] == [2, 8, 41, 12, 9, 9, 8, 200, 57]
    assert types["农村分散式清洁取暖改造"] == 22
    assert [types[name] for name in ("建筑综合改造", "农房节能改造", "管网改造")] == [2, 11, 4]
    assert len(types) == 15


def test_money_comes_from_the_state_for_321_and_from_local_budgets_for_325(projects):
    assert (projects["planned_central_cny"] > 0).sum() == 321
    assert (projects["planned_local_cny"] > 0).sum() == 325
    for payer in ("central", "local", "company"):
        assert (projects[f"paid_{payer}_cny"] <= projects[f"planned_{payer}_cny"]).all()


def test_the_stage_follows_from_the_dates(projects):
    today = dt.date.fromisoformat(DELIVERY_DATE)
    start, finish = projects["started_on"], projects["finished_on"]
    assert (start < finish).all()
    assert set(projects["stage"]) == set(STAGES)
    assert ((projects["stage"] == "前期") == (start > today)).all()
    assert (finish[projects["stage"] == "施工"] >= today - dt.timedelta(days=1)).all()
    assert (finish[projects["stage"].isin(["竣工", "验收"])] <= today).all()
    assert (projects.loc[projects["stage"] == "前期", ["done_m2", "paid_central_cny"]] == 0).all(axis=None)
    completed = projects["stage"].isin(["竣工", "验收"])
    assert (projects.loc[completed, "done_m2"] == projects.loc[completed, "scale_m2"]).all()


def test_all_17_areas_have_projects_which_stand_in_their_area(projects, land):
    outline = {area.code: area.outline for area in land.areas}
    assert set(projects["area_code"]) == set(outline)
    kind = projects["area_code"].map({area.code: area.kind for area in land.areas})
    assert set(kind[projects["region"] == "城区"]) == {"district", "zone"}
    assert set(kind[projects["region"] == "县城"]) == {"county"}
    at = shapely.points(lonlat(shapely.get_coordinates(projects.geometry.to_numpy())))
    apart_deg = shapely.distance(projects["area_code"].map(outline).to_numpy(), at)
    assert apart_deg.max() < 0.001  # a site lies inside; the project up to 57 m from it
    assert projects["code"].is_unique
    assert projects["name"].is_unique


def test_a_workbook_is_the_same_byte_for_byte_and_states_no_clock(projects, tmp_path: Path):
    first, second = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    write(projects, first)
    write(projects, second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as book:
        assert {entry.date_time[0] for entry in book.infolist()} == {1980}
        core = book.read("docProps/core.xml").decode()
    assert core.count(f"{DELIVERY_DATE}T00:00:00Z") == 2


def test_the_ordinary_reader_gets_back_what_was_written(projects, tmp_path: Path):
    write(projects, tmp_path / "projects.xlsx")
    columns = GeometryColumns(x="东坐标", y="北坐标", format="metres")
    read = read_layer(tmp_path / "projects.xlsx", layer="项目库", geometry=columns)
    assert read.unreadable == ()
    assert read.frame.columns.tolist() == [*HEADERS.values(), "东坐标", "北坐标", "geometry"]
    assert read.frame["项目名称"].tolist() == projects["name"].tolist()
    assert pd.to_datetime(read.frame["开工日期"]).dt.date.tolist() == projects["started_on"].tolist()
    np.testing.assert_array_equal(read.frame["年减煤量（吨）"].to_numpy(float), projects["coal_saved_t"].to_numpy())
    there = shapely.get_coordinates(read.frame.geometry.to_numpy())
    np.testing.assert_allclose(there, shapely.get_coordinates(projects.geometry.to_numpy()), atol=1e-6)
