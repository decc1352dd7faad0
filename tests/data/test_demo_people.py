"""People of the demo cities and what watches them: heat users, rural households, devices, gateways, cameras, air stations."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

from data.demo import countryside, households, outlines, tables
from data.demo.city import draw_city
from data.demo.countryside import lonlat, metres
from data.demo.equipment import CAMERA_VIEWS, DEVICES_A_GATEWAY, bind_gateways
from data.demo.households import CITY_MIX, DEVICE_TYPES, ENERGIES
from data.demo.people import draw_heat_users, largest_estates, with_sensors
from data.demo.people_delivery import land_of_sample, people_layers
from data.demo.sizes import size_of

PLAN = size_of("sample")
CITY = size_of("city")


@pytest.fixture(scope="module")
def districts():
    return outlines.read_districts("220100")


@pytest.fixture(scope="module")
def city():
    return draw_city(PLAN, 1, "220104")


@pytest.fixture(scope="module")
def sheets(city, districts) -> dict[str, pd.DataFrame]:
    """Tables of the sample by kind, in metres of the quarter."""
    land = land_of_sample(city, districts, tables.weather_stations(city))
    return {layer.kind: layer.sheet.frame for layer in people_layers(Path(), city, PLAN, land)}


@pytest.fixture(scope="module")
def villages(districts) -> geopandas.GeoDataFrame:
    covered = shapely.transform(shapely.union_all([each.outline for each in districts]), metres)
    return countryside.villages(1, covered, shapely.box(-15e3, -15e3, 15e3, 15e3), districts)


@pytest.fixture(scope="module")
def homes(villages, districts) -> geopandas.GeoDataFrame:
    """All households of a whole city."""
    return households.draw_households(1, villages, districts, CITY.quarters * CITY.households, CITY_MIX)


@pytest.fixture(scope="module")
def devices(homes) -> geopandas.GeoDataFrame:
    return households.draw_devices(1, homes, CITY.quarters * CITY.heating_devices, CITY_MIX)


# ---------------------------------------------------------------- heat users


def test_every_building_has_a_row_for_each_heat_user_and_their_areas_add_up(city, sheets):
    users = sheets["heat_user"]
    counts, areas = users.groupby("building_code").size(), users.groupby("building_code")["heated_area_m2"].sum()
    drawn = tables.buildings(city).set_index("code")
    assert (counts == drawn["heat_user_count"]).all()
    assert len(counts) == len(drawn)
    assert (areas - drawn["heated_area_m2"]).abs().max() < 0.01
    assert users["heated_area_m2"].min() > 20.0
    assert 50_000 < len(users) < 100_000


def test_a_door_stands_once_in_its_building_on_a_storey_that_there_is(city, sheets):
    users = sheets["heat_user"]
    assert users["code"].is_unique
    assert not users.duplicated(["building_code", "unit", "door"]).any()
    storeys = tables.buildings(city).set_index("code").loc[users["building_code"], "storeys"].to_numpy()
    assert (users["door"] // 100).between(1, storeys).all()
    assert users["unit"].between(1, 30).all()


def test_shares_of_disconnected_stopped_and_not_resident_users_are_as_stated(city, sheets):
    users = sheets["heat_user"]
    assert (~users["connected"]).mean() == pytest.approx(0.03, abs=0.004)
    assert (~users.loc[users["connected"], "heating"]).mean() == pytest.approx(0.08, abs=0.006)
    assert not users.loc[~users["connected"], "heating"].any()
    use = tables.buildings(city).set_index("code").loc[users["building_code"], "building_type"].to_numpy()
    assert not users.loc[use == "公共建筑", "resident"].any()
    assert users.loc[use == "居住建筑", "resident"].mean() == pytest.approx(0.97, abs=0.006)


def test_a_user_hangs_on_the_substation_of_the_building(city, sheets):
    of = tables.buildings(city).set_index("code")["substation_code"]
    users = sheets["heat_user"]
    assert (of.loc[users["building_code"]].to_numpy() == users["substation_code"]).all()


def test_sensors_and_users_name_each_other(sheets):
    users, sensors = sheets["heat_user"].set_index("code"), sheets["room_sensor"].set_index("code")
    tied = sensors.dropna(subset="heat_user_code")
    assert len(tied) == PLAN.room_sensors
    assert users.loc[tied["heat_user_code"], "room_sensor_code"].tolist() == tied.index.tolist()
    assert users["room_sensor_code"].notna().sum() == len(tied)
    assert users.loc[tied["heat_user_code"], "building_code"].tolist() == tied["building_code"].tolist()
    assert users.loc[tied["heat_user_code"], "heating"].all()


def test_more_sensors_than_heated_users_leave_the_rest_without_a_user(city):
    building = int(np.argmin([each.heat_user_count for each in city.buildings]))
    users = draw_heat_users(city, [city.buildings[building].estate])
    code = tables.building_code(building)
    there = int(users.loc[users["building_code"] == code, "heating"].sum())
    sensors = pd.DataFrame({"code": [f"S{n}" for n in range(there + 2)], "building_code": code})
    tied, back = with_sensors(users, sensors)
    assert back["heat_user_code"].notna().sum() == tied["room_sensor_code"].notna().sum() == there
    assert back["heat_user_code"].dropna().is_unique


def test_some_estates_have_all_their_users(city):
    chosen = largest_estates(city, 2)
    users = draw_heat_users(city, chosen)
    expected = sum(each.heat_user_count for each in city.buildings if each.estate in chosen)
    assert len(chosen) == 2
    assert len(users) == expected


# ---------------------------------------------------------------- rural households


def test_a_city_has_325000_households_of_seventeen_kinds_by_eighty_suppliers(homes):
    assert len(homes) == 325_000
    assert homes["code"].is_unique
    kinds = {name: {each.name for each in DEVICE_TYPES if each.energy == name} for name in ENERGIES}
    assert [len(kinds[name]) for name in ENERGIES] == [9, 4, 4]
    assert homes.groupby("energy_type")["retrofit_type"].unique().map(set).to_dict() == kinds
    assert homes["supplier"].nunique() == 80
    assert homes["supplier"].dropna().str.startswith("示例").all()
    assert homes.groupby("supplier")["energy_type"].nunique().max() == 1
    in_use = homes["install_state"] == "in_use"
    assert homes.loc[in_use, "installed_year"].between(2022, 2025).all()
    assert (homes.loc[in_use, "finished_on"].str[:4].astype(int) == homes.loc[in_use, "installed_year"]).all()
    assert homes.loc[~in_use, "installed_year"].isna().all()
    assert (homes.loc[~in_use, "finished_on"] == "").all()
    assert homes["floor_area_m2"].between(40, 260).all()


def test_one_household_in_fifty_is_a_control_without_anything_of_a_retrofit(homes):
    control = homes[homes["household_group"] == "control"]
    assert len(control) == pytest.approx(6_500, abs=300)
    assert control[["retrofit_type", "energy_type", "supplier", "installed_year", "capacity_kw"]].isna().all(axis=None)
    assert (control[["install_state", "finished_on"]] == "").all(axis=None)
    assert not control["insulated"].any()


def test_no_household_is_a_person_that_lives(homes):
    assert homes["id_number"].str.fullmatch(r"0{10}\d{7}X").all()
    assert homes["id_number"].is_unique
    assert homes["resident_name"].str.fullmatch(r"示例户主\d{7}").all()
    assert not homes.duplicated(["village_code", "door"]).any()


def test_a_household_lives_in_its_village_and_in_the_villages_district(homes, villages, districts):
    of = villages.set_index("code").loc[homes["village_code"]]
    xy = shapely.get_coordinates(homes.geometry.to_numpy())
    assert np.hypot(*(xy - shapely.get_coordinates(of.geometry.to_numpy())).T).max() <= households.REACH_M + 0.1
    found = countryside.adcodes_at(lonlat(xy), districts, "none")
    assert (found == of["adcode"].to_numpy()).all()
    assert villages["adcode"].nunique() == 11
    assert homes["village_code"].nunique() > 2_150


def test_110000_households_are_monitored_nine_in_ten_with_biomass(homes, devices):
    assert len(devices) == 110_000
    assert devices["household_code"].is_unique
    home = homes.set_index("code").loc[devices["household_code"]]
    assert home["energy_type"].value_counts().to_dict() == {"biomass": 97_020, "electric": 5_390, "solar": 5_390}
    control = (home["household_group"] == "control").to_numpy()
    assert control.sum() == 2_200
    assert (devices.loc[control, "device_type"] == households.ROOM_TERMINAL).all()
    assert (devices.loc[control, "power_kw"] == 0.0).all()
    assert (home.loc[~control, "install_state"] == "in_use").all()
    devices, home = devices[~control], home[~control]
    for ours, theirs in (
        ("device_type", "retrofit_type"),
        ("village_code", "village_code"),
        ("installed_year", "installed_year"),
    ):
        assert (devices[ours].to_numpy() == home[theirs].to_numpy()).all()
    assert set(devices["device_type"]) == {each.name for each in DEVICE_TYPES}
    assert devices["power_kw"].between(6.0, 22.0).all()


def test_the_same_seed_draws_the_same_households_and_another_one_others(villages, districts):
    first, again, other = (households.draw_households(seed, villages, districts, 500, CITY_MIX) for seed in (3, 3, 4))
    assert first.equals(again)
    assert not first.equals(other)


def test_the_sample_shows_every_energy_in_its_own_district(sheets, districts):
    homes, settled = sheets["household"], sheets["village"]
    assert (len(homes), len(sheets["heating_device"]), len(settled)) == (300, 100, 4)
    assert set(homes["energy_type"].dropna()) == set(ENERGIES)
    xy = shapely.get_coordinates(homes.geometry.to_numpy())
    assert (countryside.adcodes_at(lonlat(xy), districts, "none") == "220104").all()
    assert set(sheets["heating_device"]["village_code"]) <= set(settled["code"])


# ---------------------------------------------------------------- what watches them


def test_every_gateway_collects_and_stands_for_what_it_collects_from(city, sheets):
    gateways, sensors, devices = (sheets[kind] for kind in ("gateway", "room_sensor", "heating_device"))
    of = gateways.set_index("code")
    assert of.index.is_unique
    assert set(of.index) == set(sensors["gateway_code"]) | set(devices["gateway_code"])
    assert (of.loc[devices["gateway_code"], "of_code"].to_numpy() == devices["village_code"]).all()
    station = tables.buildings(city).set_index("code").loc[sensors["building_code"], "substation_code"]
    assert (of.loc[sensors["gateway_code"], "of_code"].to_numpy() == station.to_numpy()).all()
    assert set(of["of_kind"]) == {"substation", "village"}


def test_no_gateway_of_a_village_takes_more_than_its_limit(city, sheets, devices, villages):
    building = np.zeros(len(sheets["room_sensor"]), dtype=np.int64)
    _, bound, gateways = bind_gateways(sheets["room_sensor"], devices, city=city, building=building, villages=villages)
    load = bound.groupby("gateway_code").size()
    assert load.max() <= DEVICES_A_GATEWAY
    per_village = gateways[gateways["of_kind"] == "village"].groupby("of_code").size()
    assert (per_village == np.ceil(devices.groupby("village_code").size() / DEVICES_A_GATEWAY)).all()


def test_boiler_houses_and_substations_have_three_cameras_each(city, sheets):
    cameras = sheets["camera"]
    watched = {tables.substation_code(index) for index in range(len(city.substations))} | {"GLF02"}
    assert (cameras.groupby("of_code").size() == len(CAMERA_VIEWS)).all()
    assert set(cameras["of_code"]) == watched
    assert cameras["code"].is_unique
    per_city = 160 + CITY.quarters * CITY.substations
    assert len(CAMERA_VIEWS) * per_city == 10_980


def test_air_is_measured_beside_every_weather_station_and_once_in_each_of_17_areas(districts):
    covered = shapely.transform(shapely.union_all([each.outline for each in districts]), metres)
    weather, zones = countryside.weather_stations(1, covered), countryside.zones(1, covered)
    areas = countryside.areas(districts, zones)
    air = countryside.air_stations(weather, areas, districts)
    assert (len(areas), len(air)) == (17, 167)
    assert sum(area.kind == "county" for area in areas) == 4
    own = air.iloc[len(weather) :]
    assert own["adcode"].tolist() == [area.code for area in areas]
    at = lonlat(shapely.get_coordinates(own.geometry.to_numpy()))
    assert shapely.contains_xy([area.outline for area in areas], at).all()
