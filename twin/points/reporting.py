"""Which schema the sources of each kind of asset report by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SCHEMA_OF_KIND: Final[Mapping[str, str]] = {
    "substation": "substation",
    "plant": "plant",
    "plant_branch": "source_network_boundary",
    "boiler_house": "boiler_house",
    "relay_pump_station": "relay_pump_station",
    "relay_energy_station": "relay_pump_station",
    "isolating_station": "isolating_station",
    "accumulator": "accumulator",
    "water_tank": "water_tank",
    "room_sensor": "room_sensor",
    "heating_device": "heating_device",
    "weather_station": "weather_station",
    "air_station": "air_station",
    "pressure_point": "pressure_point",
    "building_inlet": "building_inlet",
    "gas_station": "gas_station",
}
"""Kinds of asset whose assets each get a source `<kind>:<code>`, with the code of its schema."""

DEVICE_SCHEMAS: Final[tuple[tuple[str, str], ...]] = (
    # solar first: 太阳能+热泵 is a solar set with an auxiliary heat source
    ("太阳能", "solar_heating_set"),
    ("solar", "solar_heating_set"),
    ("颗粒", "biomass_stove"),
    ("秸秆", "biomass_stove"),
    ("生物质", "biomass_stove"),
    ("柴", "biomass_stove"),
    ("biomass", "biomass_stove"),
    ("热风机", "air_source_heater"),
    ("热泵风机", "air_source_heater"),
    ("air_source", "air_source_heater"),
    ("热泵", "electric_heating_set"),
    ("电", "electric_heating_set"),
    ("electric", "electric_heating_set"),
)
"""Schema of a clean-heating device (清洁取暖设施) by the first of these words that its `device_type` holds.

A device whose type holds none of them, such as a gas boiler, reports by the common `heating_device`.
"""


def device_schema(device_type: str) -> str:
    """Return the code of the schema of a clean-heating device of that type, for example 颗粒炉+地暖."""
    return next((schema for word, schema in DEVICE_SCHEMAS if word in device_type), SCHEMA_OF_KIND["heating_device"])
