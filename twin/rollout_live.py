"""Figures of the rollout out of the latest readings: devices in use, room temperatures, network state, electric load.

Pure sums over arrays with one row a device. Cost: linear; 110,000 devices into 2,300 areas take a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.arrays import BoolArray, Float64Array, Int64Array
from twin.rollout import Figure, share

GUARANTEE_DEGC: Final = 18.0
"""A room at or above this is warm enough: GB 50736-2012 3.0.1, main rooms of cold regions 18 to 24 °C."""

_TENDER: Final = "Changchun tender, part 2.10"
LIVE_FIGURES: Final[tuple[Figure, ...]] = (
    Figure("device_count", "清洁取暖设施数", "heating devices of the area's villages", "台", "assets"),
    Figure("connected_count", "接入设备数", "of these, heard at least once", "台", _TENDER),
    Figure("online_count", "在线设备数", "of these, heard within three periods", "台", _TENDER),
    Figure("in_use_count", "运行设备数", "of these, on_off_state above 0", "台", _TENDER),
    Figure("use_rate", "设备使用率", "in_use_count / connected_count", "1", _TENDER, 1),
    Figure(
        "mean_room_temperature_degc", "平均室温", "mean room_temperature_degc of online devices that measure it", "℃", _TENDER, 1
    ),
    Figure("mean_room_temperature_in_use_degc", "使用期间平均室温", "the same of devices in use", "℃", _TENDER, 1),
    Figure(
        "room_temperature_guarantee_rate",
        "室温保证率",
        f"online devices with a room of {GUARANTEE_DEGC:g} °C or more / online devices that measure it",
        "1",
        "GB 50736-2012 3.0.1",
        1,
    ),
    Figure("online_rate", "在线率", "online_count / connected_count", "1", "XC-10", 1),
    Figure("offline_rate", "离线率", "1 - online_rate", "1", "XC-10", 1),
    Figure("damage_rate", "损坏率", "devices in maintenance or with an open alarm / device_count", "1", "XC-10", 1),
    Figure(
        "live_load_mw",
        "农村电采暖实时负荷",
        "power_kw of devices in use that draw from the grid (rated power where they do not measure it) / 1000",
        "MW",
        "XC-23",
        2,
    ),
)
"""What `live_figures` gives, in order."""


@dataclass(frozen=True, slots=True)
class DeviceStates:
    """The latest of each device; arrays of one length.

    Attributes
    ----------
    connected, online, in_use, damaged
        Heard ever; heard lately; on as well; in maintenance or alarmed.
    room_degc
        Of the latest frame; NaN = not measured.
    load_kw
        What it draws from the grid now; 0 for one that draws nothing.
    """

    connected: BoolArray
    online: BoolArray
    in_use: BoolArray
    damaged: BoolArray
    room_degc: Float64Array
    load_kw: Float64Array

    def __len__(self) -> int:
        return len(self.connected)


@dataclass(frozen=True, slots=True)
class LiveSums:
    """Sums by area; arrays with one value an area."""

    device_count: Float64Array
    connected: Float64Array
    online: Float64Array
    in_use: Float64Array
    damaged: Float64Array
    measured: Float64Array
    room_degc: Float64Array
    measured_in_use: Float64Array
    room_in_use_degc: Float64Array
    warm: Float64Array
    load_kw: Float64Array

    def figures(self, area: int) -> dict[str, float | None]:
        """Return every figure of LIVE_FIGURES of one area, None where it has no device to tell it."""
        connected, online = float(self.connected[area]), float(self.online[area])
        measured = float(self.measured[area])
        online_rate = share(online, connected)
        return {
            "device_count": float(self.device_count[area]),
            "connected_count": connected,
            "online_count": online,
            "in_use_count": float(self.in_use[area]),
            "use_rate": share(float(self.in_use[area]), connected),
            "mean_room_temperature_degc": share(float(self.room_degc[area]), measured),
            "mean_room_temperature_in_use_degc": share(float(self.room_in_use_degc[area]), float(self.measured_in_use[area])),
            "room_temperature_guarantee_rate": share(float(self.warm[area]), measured),
            "online_rate": online_rate,
            "offline_rate": None if online_rate is None else 1.0 - online_rate,
            "damage_rate": share(float(self.damaged[area]), float(self.device_count[area])),
            "live_load_mw": float(self.load_kw[area]) / 1000.0,
        }


def live_sums(states: DeviceStates, levels: Sequence[Int64Array], area_count: int) -> LiveSums:
    """Add up the devices by area.

    Parameters
    ----------
    states
        Of all devices.
    levels
        For each level of the tree the row of each device's area; -1 = none at that level.
    area_count
        Number of areas.
    """
    measured = states.online & np.isfinite(states.room_degc)
    room = np.where(measured, states.room_degc, 0.0)
    columns: Mapping[str, Float64Array] = {
        "device_count": np.ones(len(states)),
        "connected": states.connected.astype(np.float64),
        "online": states.online.astype(np.float64),
        "in_use": states.in_use.astype(np.float64),
        "damaged": states.damaged.astype(np.float64),
        "measured": measured.astype(np.float64),
        "room_degc": room,
        "measured_in_use": (measured & states.in_use).astype(np.float64),
        "room_in_use_degc": np.where(states.in_use, room, 0.0),
        "warm": (measured & (states.room_degc >= GUARANTEE_DEGC)).astype(np.float64),
        "load_kw": np.where(states.in_use, states.load_kw, 0.0),
    }
    return LiveSums(**{name: _by_area(column, levels, area_count) for name, column in columns.items()})


def _by_area(column: Float64Array, levels: Sequence[Int64Array], area_count: int) -> Float64Array:
    total = np.zeros(area_count)
    for rows in levels:
        # the last bin takes devices without an area at this level
        total += np.bincount(np.where(rows < 0, area_count, rows), weights=column, minlength=area_count + 1)[:area_count]
    return total
