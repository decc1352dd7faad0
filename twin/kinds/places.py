"""Areas of administration, the base map, and stations that measure weather and air."""

from __future__ import annotations

from typing import Final

from twin.kinds.model import Attribute, Kind
from twin.kinds.shared import ADCODE, PARENT

_AREA: Final = (ADCODE, PARENT)

KINDS: Final = (
    Kind("district", "区县", "polygon", _AREA),
    Kind("zone", "开发区", "polygon", _AREA),
    Kind("subdistrict", "街道", "polygon", _AREA),
    Kind("community", "社区", "polygon", _AREA),
    Kind("township", "乡镇", "polygon", _AREA),
    Kind("village", "村屯", "any", _AREA),
    Kind("weather_station", "气象站", "point", ()),
    Kind("air_station", "空气质量站", "point", (ADCODE,)),
    Kind("road", "道路", "line", (Attribute("road_class", "text", "道路等级"),)),
    Kind("crossing", "道路交叉口", "point", ()),
    Kind("water", "水系", "polygon", ()),
    Kind("green", "绿地", "polygon", ()),
)
