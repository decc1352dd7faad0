"""What a stop of heat means for people: the class of the fault, and hours until rooms are cold."""

from __future__ import annotations

from typing import Any, TypeAlias

from api.tracing.asking import Asked
from api.tracing.lists import Rows, seen_rows
from topology.assets import KIND_CODE
from twin.cooling import ASSUMPTIONS, Hours, spread
from twin.faults import fault

Answer: TypeAlias = dict[str, Any]


def consequences(asked: Asked, lost: Rows) -> Answer:
    """Return `fault` and `cooling` for what is lost, as far as the caller may see it."""
    assets, seen = asked.network.assets, seen_rows(asked, lost)
    buildings = seen[assets.kind[seen] == KIND_CODE["building"]]
    counted = fault(float(assets.heated_area_m2[buildings].sum()), repair_h=asked.question.repair_h)
    band = counted.band
    outdoor, source = asked.rooms.outdoor.degc(asked.network.city_id, asked.question.outdoor_degc)
    classes = asked.facts.consumers.cooling[buildings]
    return {
        "fault": {
            "band": "none" if band is None else band.band,
            "label_zh": "不影响供热面积" if band is None else band.label_zh,
            "label_en": "no heated area is cut off" if band is None else band.label_en,
            "restore_within_h": None if band is None else band.restore_within_h,
            "affected_area_m2": round(counted.affected_area_m2, 1),
            "repair_h": counted.repair_h,
            "stopped_area_hours_m2_h": round(counted.stopped_area_hours_m2_h),
            "row": counted.row,
        },
        "cooling": {
            "outdoor_degc": round(outdoor, 1),
            "outdoor_source": source,
            "to_18_degc_h": _hours(spread(18.0, outdoor_degc=outdoor, classes=classes)),
            "to_0_degc_h": _hours(spread(0.0, outdoor_degc=outdoor, classes=classes)),
            "assumptions": list(ASSUMPTIONS),
        },
    }


def _hours(found: Hours) -> Answer:
    return {"min": found.min, "median": found.median, "max": found.max}
