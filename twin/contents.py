"""What a city holds, in the order in which people ask for it: the groups of asset kinds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """A group of asset kinds that are shown together.

    Attributes
    ----------
    name, name_zh, name_en
        Name for programs, and for people in either language.
    kinds
        Kinds of the catalogue, the most wanted first.
    """

    name: str
    name_zh: str
    name_en: str
    kinds: tuple[str, ...]


GROUPS: tuple[Group, ...] = (
    Group("sources", "热源", "Heat sources", ("plant", "plant_branch", "boiler_house", "accumulator", "water_tank")),
    Group(
        "network",
        "管网",
        "Network",
        (
            "pipe",
            "substation",
            "relay_pump_station",
            "relay_energy_station",
            "isolating_station",
            "valve",
            "chamber",
            "pipe_point",
            "building_inlet",
            "network_line",
        ),
    ),
    Group("users", "用热", "Heat use", ("estate", "building", "village", "heating_device")),
    Group(
        "monitoring",
        "监测",
        "Monitoring",
        ("room_sensor", "pressure_point", "gateway", "camera", "weather_station", "air_station"),
    ),
    Group(
        "organisation",
        "组织与范围",
        "Organisation and extents",
        ("authority", "company", "licence_area", "coverage_area", "object_point"),
    ),
    Group("gas", "燃气", "City gas", ("gas_pipe", "gas_station")),
    Group(
        "safety",
        "安全与环保",
        "Safety and clean air",
        ("hazard", "hazard_source", "patrol_finding", "accident", "no_burn_zone"),
    ),
    Group("areas", "行政", "Administrative areas", ("district", "zone", "subdistrict", "community", "township")),
    Group("base", "底图", "Base map", ("road", "crossing", "water", "green")),
)
"""Every kind of the catalogue is in exactly one group."""
