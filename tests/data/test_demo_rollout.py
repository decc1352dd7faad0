"""Rows of the rollout in the demo cities: they agree with one another and with the rates by district and month."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from data.demo import countryside, households, outlines, rollout
from data.demo.countryside import lonlat, metres
from data.demo.households import CITY_MIX
from data.demo.rollout_delivery import ANSWERS, rollout_layers
from data.demo.rollout_reports import ALL_MONTHS, CLEAN
from twin.registers import REGISTERS

HOMES = 20_000


@pytest.fixture(scope="module")
def districts():
    return outlines.read_districts("220100")


@pytest.fixture(scope="module")
def areas(districts):
    covered = shapely.transform(shapely.union_all([each.outline for each in districts]), metres)
    return countryside.areas(districts, countryside.zones(1, covered))


@pytest.fixture(scope="module")
def villages(districts):
    covered = shapely.transform(shapely.union_all([each.outline for each in districts]), metres)
    return countryside.villages(1, covered, shapely.box(-15e3, -15e3, 15e3, 15e3), districts)


@pytest.fixture(scope="module")
def homes(villages, districts):
    return households.draw_households(1, villages, districts, HOMES, CITY_MIX)


@pytest.fixture(scope="module")
def tables(districts, areas, villages, homes) -> dict[str, pd.DataFrame]:
    layers = rollout_layers(Path(), 1, districts=districts, counted=areas, villages=villages, households=homes)
    return {layer.kind: layer.sheet.frame for layer in layers}


def test_every_column_is_one_of_its_register_and_every_code_one_of_its_list(tables):
    for kind, frame in tables.items():
        attributes = {each.name: each for each in REGISTERS[kind].kind.attributes}
        assert set(frame.columns) <= {"code", "name", *attributes}
        assert frame["code"].is_unique
        for name, attribute in attributes.items():
            if attribute.required:
                assert frame[name].notna().all(), (kind, name)
            if attribute.codes and name in frame:
                assert set(frame[name].dropna()) <= set(attribute.codes), (kind, name)


def test_regions_of_a_district_add_up_to_its_rate_in_every_month_of_the_rates(tables, districts):
    rates = rollout.draw_rates(tuple(each.adcode for each in districts), np.random.default_rng([1, 11]))
    reports = tables["rollout_report"].copy()
    reports["clean_area_m2"] = reports[list(CLEAN)].sum(axis=1)
    summed = reports.groupby(["area_code", "month"])[["heated_area_m2", "clean_area_m2"]].sum()
    for row in rates.itertuples():
        told = summed.loc[(row.area_code, row.month)]
        assert told["heated_area_m2"] == row.heated_area_m2
        assert told["clean_area_m2"] == row.clean_area_m2


def test_seventeen_areas_report_two_regions_in_every_month(tables, areas):
    reports = tables["rollout_report"]
    assert len(areas) == 17
    assert (reports.groupby(["area_code", "month"])["region"].nunique() == 2).all()
    assert set(reports["month"]) == set(ALL_MONTHS)
    assert len(reports) == 17 * 2 * len(ALL_MONTHS) == 1_564


def test_a_report_is_possible_clean_within_heated_paid_within_allocated_counts_within_counts(tables):
    reports = tables["rollout_report"]
    clean = reports[list(CLEAN)].sum(axis=1)
    assert (reports[list(CLEAN)] >= 0).all(axis=None)
    assert (clean <= reports["heated_area_m2"]).all()
    assert reports["central_area_m2"].between(reports["clean_heat_m2"], reports["heated_area_m2"]).all()
    for name in ("central", "local", "company"):
        assert (reports[f"paid_{name}_cny"] <= reports[f"allocated_{name}_cny"]).all()
    rural = reports[reports["region"] == "农村"].dropna(subset="household_count")
    assert (rural["clean_household_count"] <= rural["household_count"]).all()
    assert (rural.sort_values("month").groupby("area_code")["clean_household_count"].diff().dropna() >= 0).all()


def test_finished_households_of_the_reports_are_those_of_the_register(tables, homes, villages, districts, areas):
    newest = tables["rollout_report"].query("month == '2024-12' and region == '农村'").set_index("area_code")
    finished = homes[(homes["finished_on"] != "") & (homes["finished_on"] <= "2024-12-31")]
    adcode = villages.set_index("code").loc[finished["village_code"], "adcode"].value_counts()
    for district in districts:
        assert newest.loc[district.adcode, "clean_household_count"] == adcode.get(district.adcode, 0)
    at = lonlat(shapely.get_coordinates(villages.geometry.to_numpy()))
    zone = next(area for area in areas if area.kind == "zone" and newest["household_count"].notna()[area.code])
    inside = villages["code"][shapely.contains_xy(zone.outline, at)]
    assert newest.loc[zone.code, "clean_household_count"] == finished["village_code"].isin(inside).sum()


def test_targets_are_there_for_every_area_and_year_of_a_project(tables, areas):
    targets = tables["rollout_target"]
    assert set(zip(targets["area_code"], targets["year"], strict=True)) == {(a.code, y) for a in areas for y in range(2022, 2028)}
    assert targets["target_rate"].between(0.0, 1.0).all()


def test_what_people_ask_and_answer_is_of_households_in_use(tables, homes):
    in_use = homes[homes["install_state"] == "in_use"].set_index("code")
    tickets, answers = tables["service_ticket"], tables["satisfaction_answer"]
    assert (in_use.loc[tickets["household_code"], "village_code"].to_numpy() == tickets["village_code"].to_numpy()).all()
    closed = tickets[tickets["resolved_at"] != ""]
    assert (closed["resolved_at"] > closed["reported_at"]).all()
    assert 0 < len(tickets) - len(closed) < len(tickets) / 10
    assert len(answers) == ANSWERS
    assert answers[["retrofit_score", "supplier_score"]].isin([1, 2, 3, 4, 5]).all(axis=None)
    assert set(answers["supplier"]) <= set(tables["device_supplier"]["name"])
    assert len(tables["device_supplier"]) == 80


def test_energy_is_told_for_every_household_that_heats(tables, homes):
    use: Mapping[str, pd.DataFrame] = dict(iter(tables["energy_use"].groupby("season")))
    heats = (homes["install_state"] == "in_use") | (homes["household_group"] == "control")
    for season in use.values():
        counted = season[season["fuel"] != "pv_electricity"]
        assert counted["household_count"].sum() == heats.sum()
        assert (season.loc[season["fuel"] == "coal", "household_group"] == "control").all()
        assert (season["quantity"] > 0).all()


def test_units_answer_on_three_levels_and_no_telephone_can_be_called(tables, villages):
    units = tables["responsible_unit"]
    assert (units["unit_level"] == "village").sum() == len(villages)
    assert {"county", "village"} <= set(units["unit_level"])
    assert units["phone"].str.startswith("000-").all()
    assert tables["service_ticket"]["phone"].str.startswith("000-").all()


def test_the_same_seed_draws_the_same_rows(districts, areas, villages, homes, tables):
    again = rollout_layers(Path(), 1, districts=districts, counted=areas, villages=villages, households=homes)
    other = rollout_layers(Path(), 2, districts=districts, counted=areas, villages=villages, households=homes)
    for layer, changed in zip(again, other, strict=True):
        pd.testing.assert_frame_equal(layer.sheet.frame, tables[layer.kind])
        assert not changed.sheet.frame.equals(tables[layer.kind])
