"""Between rows of an exchange and the records of what measures where: the same fields under their names there and here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from data.measuring import StoredDevice, StoredPoint, StoredThreshold
from twin.measuring import (
    DEVICE_FIELDS,
    POINT_FIELDS,
    AssetName,
    DeviceRecord,
    PointRecord,
    ThresholdRecord,
    read_limits,
    write_limits,
)

PERIOD_S: Final = 300
"""Expected seconds between readings where the upload frequency (SCPL) cannot be read."""
_LONGEST_S: Final = 86_400
_PERIOD = re.compile(r"(?P<number>\d{1,4})\s*(?P<unit>秒|s|分钟|分|min|小时|时|h)(/次)?", re.IGNORECASE)
_SECONDS: Final = {"秒": 1, "s": 1, "分钟": 60, "分": 60, "min": 60, "小时": 3600, "时": 3600, "h": 3600}
_DEGREES: Final = frozenset({"longitude_deg", "latitude_deg"})
_LEVELS: Final = ("YJBJYZ", "EJBJYZ", "SJBJYZ")
_SAME_DEG: Final = 1e-6
"""A tenth of a metre: coordinates that are rounded for a seat are still the same."""

Values = Mapping[str, Any]


def point_record(values: Values, asset_id: int) -> PointRecord:
    """Return a row of `monitoring_point` as a record of a measuring point at an asset."""
    given = {field.name: values[field.code] or "" for field in POINT_FIELDS if field.name not in _DEGREES}
    lon, lat = values["ZBX"], values["ZBY"]
    place = None if lon is None or lat is None else (lon, lat)
    return PointRecord(**given, asset=AssetName(asset_id=asset_id), lonlat_wgs84=place)


def point_values(stored: StoredPoint) -> dict[str, Any]:
    """Return a measuring point as a row."""
    row = {field.code: getattr(stored, field.name) or None for field in POINT_FIELDS if field.name not in _DEGREES}
    lon, lat = stored.lonlat_wgs84 or (None, None)
    return row | {"ZBX": lon, "ZBY": lat, "SZSSDM": stored.asset_code}


def device_record(values: Values) -> DeviceRecord:
    """Return a row of `monitoring_device` as a record; its values come as frames of their own."""
    given: dict[str, Any] = {field.name: values[field.code] or "" for field in DEVICE_FIELDS}
    return DeviceRecord(**given, period_s=period_s(values["SCPL"]))


def device_values(stored: StoredDevice) -> dict[str, Any]:
    """Return a measuring device as a row."""
    return {field.code: getattr(stored, field.name) or None for field in DEVICE_FIELDS}


def threshold_record(values: Values) -> ThresholdRecord:
    """Return a row of `monitoring_item_threshold` as a record.

    Raises
    ------
    BadRecord
        When a threshold cannot be read.
    """
    first, second, third = (read_limits("" if values[code] == "-" else values[code]) for code in _LEVELS)
    return ThresholdRecord(values["BSM"], values["JCSBDM"], (first, second, third))


def threshold_values(stored: StoredThreshold) -> dict[str, Any]:
    """Return the thresholds of a device as a row."""
    texts = {code: write_limits(limits) or "-" for code, limits in zip(_LEVELS, stored.levels, strict=True)}
    return {"BSM": stored.bsm, "JCSBLX": stored.device_type, "JCSBDM": stored.device_code, "JCXDM": stored.item} | texts


def same(given: Values, stored: Values) -> bool:
    """Tell whether a pushed row says what is stored; what it leaves out of its place or facility is not compared."""
    for name, value in given.items():
        there = stored.get(name)
        if value is None and name in {"ZBX", "ZBY", "SZSSDM"}:
            continue
        if isinstance(value, float) and isinstance(there, float):
            if abs(value - there) > _SAME_DEG:
                return False
        elif value != there:
            return False
    return True


def normal_thresholds(values: Values) -> dict[str, Any]:
    """Return a row of thresholds with its limits as they are written here, to compare it."""
    read = {code: write_limits(read_limits("" if values[code] == "-" else values[code])) or "-" for code in _LEVELS}
    return dict(values) | read


def period_s(text: str) -> int:
    """Return the seconds of an upload frequency such as 5分钟, 30s or 1h; `PERIOD_S` for any other text."""
    match = _PERIOD.fullmatch(text.strip())
    if match is None:
        return PERIOD_S
    return min(_LONGEST_S, max(1, int(match["number"]) * _SECONDS[match["unit"].lower()]))
