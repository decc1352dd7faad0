"""Records of what measures where: monitoring points, devices and thresholds of CJ/T 545-2021 7.3.1.2.

A **measuring point** (监测点位) is a place on an asset, or at a boundary joint (分界处) where a plant, the network and a
station or building meet. A **measuring device** (监测设备) stands at a point and measures one item. Its values are one point
of the frames of one source: a source of its own with the one-point schema `cjt545_jcx_00nn` of its item, or a point of a wider
frame, such as the supply temperature in the frames of a substation. Items that the standard has no code for (flow, heat, level)
are always the latter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

import numpy as np

from twin.code_lists import FACILITY_TYPE, MEASURING_DEVICE_STATE, MEASURING_DEVICE_TYPE, MONITORED_ITEM
from twin.errors import BadRecord

HEATING_NETWORK: Final = "SZSSLX_GRGW"
"""Facility type of everything that heats."""
SCRAPPED: Final = "报废"
"""State in which a device measures nothing any more; another may take its item over."""
ID_LENGTH: Final = 20
"""Characters of an identification code (标识码, BSM)."""

BOUNDARIES: Final[Mapping[str, frozenset[str]]] = {
    "source_network": frozenset({"plant", "plant_branch", "boiler_house", "accumulator", "pipe_point", "valve", "chamber"}),
    "network_station": frozenset(
        {"substation", "isolating_station", "relay_pump_station", "relay_energy_station", "pipe_point", "valve", "chamber"}
    ),
    "network_building": frozenset({"building_inlet", "building", "pipe_point", "valve", "chamber"}),
}
"""Joints where two owners' works meet (requirements 2.8.1, 2.8.5 3), with the kinds of asset that stand there.

Source and network (热源与供热管网分界处), network and station (管网与热力站分界处), network and building (建筑热力入口).
"""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a table of the standard: our name, its code there, its greatest length in bytes (0 = no text)."""

    name: str
    code: str
    length: int
    mandatory: bool = True


POINT_FIELDS: Final = (
    Field("bsm", "BSM", 20),
    Field("facility_type", "SSLXDM", 64),
    Field("facility_name", "SSMC", 128),
    Field("street", "SZJD", 256),
    Field("point_type", "DWLX", 40),
    Field("point_code", "DWDM", 20),
    Field("name", "DWMC", 64),
    Field("position", "JCWZ", 200, mandatory=False),
    Field("elevation", "GC", 64, mandatory=False),
    Field("elevation_datum", "GCJZ", 64, mandatory=False),
    Field("longitude_deg", "ZBX", 0, mandatory=False),
    Field("latitude_deg", "ZBY", 0, mandatory=False),
)
"""Fields of a measuring point. The standard leaves the coordinate system open; ours is WGS-84."""

DEVICE_FIELDS: Final = (
    Field("bsm", "BSM", 20),
    Field("point_bsm", "DWBSM", 20),
    Field("device_type", "SBLX", 64),
    Field("device_code", "SBDM", 32),
    Field("name", "SBMC", 64),
    Field("maker", "SBCSXX", 256, mandatory=False),
    Field("model", "SBXH", 128, mandatory=False),
    Field("position", "AZWZ", 200),
    Field("area", "SZQY", 64),
    Field("street", "SZJD", 64),
    Field("relative_height", "XDGD", 64, mandatory=False),
    Field("installed_at", "AZSJ", 0),
    Field("origin", "SBLY", 64, mandatory=False),
    Field("item", "JCX", 128),
    Field("sampling_frequency", "CJPL", 64),
    Field("upload_frequency", "SCPL", 64),
    Field("power_supply", "GDFS", 64),
    Field("online_at", "ZCSXSJ", 0),
    Field("state", "SBZT", 16),
)
"""Fields of a measuring device."""

THRESHOLD_FIELDS: Final = (
    Field("bsm", "BSM", 20),
    Field("device_type", "JCSBLX", 64),
    Field("device_code", "JCSBDM", 32),
    Field("item", "JCXDM", 32),
    Field("level_1", "YJBJYZ", 128),
    Field("level_2", "EJBJYZ", 128),
    Field("level_3", "SJBJYZ", 128),
)
"""Fields of the thresholds of a device's item."""


def check_texts(record: str, fields: tuple[Field, ...], values: Mapping[str, object]) -> None:
    """Refuse texts that are empty where the standard needs one, or longer than it allows (bytes of GB 18030).

    Raises
    ------
    BadRecord
        Which names the field, what it holds and what would be right.
    """
    for field in fields:
        value = values.get(field.name)
        if not isinstance(value, str) or not field.length:
            continue
        if field.mandatory and not value.strip():
            raise BadRecord(f"{record}: {field.name} ({field.code}) is empty; CJ/T 545 needs it")
        size = len(value.encode("gb18030", "replace"))
        if size > field.length:
            raise BadRecord(f"{record}: {field.name} ({field.code}) takes {size} bytes in GB 18030; at most {field.length} fit")


def check_codes(record: str, *, device_type: str | None, item: str | None, state: str) -> None:
    """Refuse codes that the standard does not have, and an item that the type of device does not measure.

    Raises
    ------
    BadRecord
        Which names the code and what would be right.
    """
    _require_code(record, "state (SBZT)", state, MEASURING_DEVICE_STATE.codes)
    if (device_type is None) != (item is None):
        raise BadRecord(f"{record}: device_type is {device_type!r} and item is {item!r}; give both, or neither")
    if device_type is None or item is None:
        return
    _require_code(record, "device_type (SBLX)", device_type, MEASURING_DEVICE_TYPE.codes)
    _require_code(record, "item (JCX)", item, MONITORED_ITEM.codes)
    if device_type.removeprefix("SBLX_") != item.removeprefix("JCX_"):
        right = f"JCX_{device_type.removeprefix('SBLX_')}"
        raise BadRecord(f"{record}: a device of type {device_type} measures {right}, not {item}")


def check_place(record: str, *, facility_type: str, boundary: str | None, asset_kind: str) -> None:
    """Refuse a facility type that the standard does not have, and a boundary joint where there is none.

    Raises
    ------
    BadRecord
        Which names the value and what would be right.
    """
    _require_code(record, "facility_type (SSLXDM)", facility_type, FACILITY_TYPE.codes)
    if boundary is None:
        return
    _require_code(record, "boundary", boundary, BOUNDARIES)
    if asset_kind not in BOUNDARIES[boundary]:
        kinds = ", ".join(sorted(BOUNDARIES[boundary]))
        raise BadRecord(f"{record}: there is no boundary {boundary} at a {asset_kind}; it lies at one of {kinds}")


def _require_code(record: str, what: str, code: str, known: Mapping[str, object]) -> None:
    if code not in known:
        raise BadRecord(f"{record}: {what} is {code!r}; it must be one of {', '.join(known)}")


def item_schema(item: str) -> str:
    """Return the code of the one-point schema of a monitored item: `JCX_0014` gives `cjt545_jcx_0014`."""
    return f"cjt545_{item.lower()}"


# ---------------------------------------------------------------- thresholds


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one alarm level in the unit of the item: alarm below `below`, above `above`; None = none on that side."""

    below: float | None = None
    above: float | None = None


_BOUND = re.compile(r"(?P<sign>[<>＜＞])\s*(?P<number>[-+]?\d+(?:\.\d+)?)")
_RANGE = re.compile(r"(?P<low>[-+]?\d+(?:\.\d+)?)\s*[~～]\s*(?P<high>[-+]?\d+(?:\.\d+)?)")


def read_limits(text: str) -> Limits:
    """Read a threshold as text (YJBJYZ ...). The standard leaves its format open; we read and write this one.

    `<0.2` alarm below, `>1.6` alarm above, `<0.2;>1.6` both, `0.2~1.6` the range without alarm; empty = none.

    Raises
    ------
    BadRecord
        When it is anything else.
    """
    if span := _RANGE.fullmatch(text.strip()):
        return _checked(text, Limits(float(span["low"]), float(span["high"])))
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in re.split("[;；]", text))):
        bound = _BOUND.fullmatch(part)
        sign = bound["sign"].translate({0xFF1C: "<", 0xFF1E: ">"}) if bound else ""
        if bound is None or sign in found:
            raise BadRecord(f"threshold is {text[:100]!r}; it must be like <0.2, >1.6, <0.2;>1.6 or 0.2~1.6")
        found[sign] = float(bound["number"])
    return _checked(text, Limits(found.get("<"), found.get(">")))


def _checked(text: str, limits: Limits) -> Limits:
    if limits.below is not None and limits.above is not None and limits.below >= limits.above:
        raise BadRecord(f"threshold is {text[:100]!r}; the lower limit must lie below the upper one")
    return limits


def write_limits(limits: Limits) -> str:
    """Return limits as text; `read_limits` reads it back."""
    parts = [] if limits.below is None else [f"<{_digits(limits.below)}"]
    return ";".join(parts if limits.above is None else [*parts, f">{_digits(limits.above)}"])


def _digits(value: float) -> str:
    return np.format_float_positional(value, trim="-")


def check_levels(levels: tuple[Limits, Limits, Limits]) -> None:
    """Refuse thresholds of level 1 (highest), 2, 3 of which a higher level would alarm before a lower one.

    Raises
    ------
    BadRecord
        Which names the two levels.
    """
    for limits in levels:
        _checked(write_limits(limits), limits)
    for side, sign in (("above", 1.0), ("below", -1.0)):
        given = [(number, getattr(limits, side)) for number, limits in enumerate(levels, 1)]
        known = [(number, value) for number, value in given if value is not None]
        for (higher, outer), (lower, inner) in pairwise(known):
            if sign * outer < sign * inner:
                raise BadRecord(f"level {higher} alarms {side} {outer:g}, level {lower} {side} {inner:g}; {_ORDER[side]}")


_ORDER: Final = {
    "above": "a higher level must not have the lower limit",
    "below": "a higher level must not have the higher limit",
}


# ---------------------------------------------------------------- records


@dataclass(frozen=True, slots=True)
class AssetName:
    """An asset, by its id or by kind and code."""

    asset_id: int | None = None
    kind: str | None = None
    code: str | None = None

    def __str__(self) -> str:
        return f"asset {self.asset_id}" if self.asset_id is not None else f"{self.kind} {self.code!r}"


@dataclass(frozen=True, slots=True)
class PointRecord:
    """One measuring point as registered; names are those of `POINT_FIELDS`.

    Attributes
    ----------
    bsm
        None = the program gives one.
    asset
        What it stands at.
    boundary
        Key of `BOUNDARIES` where it stands at a boundary joint.
    lonlat_wgs84
        Longitude and latitude in degrees; None = where the asset is.
    """

    bsm: str | None
    facility_type: str
    facility_name: str
    street: str
    point_type: str
    point_code: str
    name: str
    asset: AssetName
    boundary: str | None = None
    position: str = ""
    elevation: str = ""
    elevation_datum: str = ""
    lonlat_wgs84: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """One measuring device as registered; names are those of `DEVICE_FIELDS`.

    Attributes
    ----------
    bsm
        None = the program gives one.
    point_bsm
        The measuring point it stands at.
    source, point
        Where its values are: code of a source and point of its schema; None = a source of its own by the item's schema.
    period_s
        Expected seconds between its values, of a source of its own.
    """

    bsm: str | None
    point_bsm: str
    device_type: str | None
    device_code: str
    name: str
    position: str
    area: str
    street: str
    installed_at: datetime
    item: str | None
    sampling_frequency: str
    upload_frequency: str
    power_supply: str
    online_at: datetime
    state: str
    maker: str = ""
    model: str = ""
    relative_height: str = ""
    origin: str = ""
    source: str | None = None
    point: str | None = None
    period_s: int = 60


@dataclass(frozen=True, slots=True)
class ThresholdRecord:
    """Thresholds of alarm levels 1 (highest), 2 and 3 of one device's item."""

    bsm: str | None
    device_code: str
    levels: tuple[Limits, Limits, Limits]
