"""What the statements ask of the catalogues `twin.kinds` and `twin.registers`, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from twin.checks import RULES
from twin.checks import attributes as limits
from twin.checks.rollout import OFF_AREA_M
from twin.kinds import KINDS, Kind
from twin.registers import REGISTERS

_LINKED_KINDS = ("substation", "accumulator", "water_tank")
"""Kinds whose `source_code` names a plant or a boiler house."""
_SHARE_A_PLACE = frozenset(
    {"crossing", "pipe_point", "coverage_area", "camera", "gateway", "room_sensor", "heating_device", "company"}
)
"""Kinds of which several may stand at one point, as the pipe points of supply and return do."""
_AREA = "area_code"
_LENGTHS = ("_mm", "_m", "_m2", "_m3", "_mw", "_kw", "_cny", "_t", "_count", "_mpa")


def parameters(today: date) -> dict[str, Any]:
    """Return the values of the statements that come from the catalogues and the rules."""
    numbers = [(k.name, a.name) for k in KINDS.values() for a in k.attributes if _is_amount(a.name, a.type)]
    years = [(k.name, a.name) for k in _described() for a in k.attributes if _is_past_year(a.name, a.type)]
    required = [(k.name, a.name) for k in KINDS.values() for a in k.attributes if a.required]
    codes = [(k.name, a.name, c) for k in KINDS.values() for a in k.attributes if a.type == "code" for c in a.codes]
    return {
        "placed_kinds": [k.name for k in KINDS.values() if k.geometry in {"point", "line", "polygon"}],
        "point_kinds": [k.name for k in KINDS.values() if k.geometry == "point" and k.name not in _SHARE_A_PLACE],
        "known_kinds": list(KINDS),
        "place_rules": [r.name for r in RULES.values() if r.group == "place" and r.name != "converted_already"]
        + ["building_twice"],
        **_columns(required, "required_kinds", "required_attributes"),
        **_columns(numbers, "number_kinds", "number_attributes"),
        **_columns(years, "year_kinds", "year_attributes"),
        **_columns(codes, "code_kinds", "code_attributes", "codes"),
        **_columns(_references(), "reference_kinds", "reference_attributes", "reference_named"),
        **_columns(_area_references(), "counted_kinds", "counted_named"),
        **_columns(_row_references(), "row_kinds", "row_attributes", "row_named"),
        **_limits(today),
    }


def _described() -> Iterable[Kind]:
    return (*KINDS.values(), *(register.kind for register in REGISTERS.values()))


def _is_amount(name: str, type_: str) -> bool:
    """Tell whether a number below zero is none: amounts, not coordinates or temperatures."""
    return type_ in {"number", "integer"} and (name.endswith(_LENGTHS) or name in {"storeys", "dn"})


def _is_past_year(name: str, type_: str) -> bool:
    """Tell whether it is the year of something that was done: the plain `year` of a target may be one to come."""
    return type_ == "integer" and "year" in name and name != "year"


def _references() -> list[tuple[str, str, str]]:
    named = [(k.name, a.name, a.reference) for k in KINDS.values() for a in k.attributes if a.reference]
    sources = [
        (kind, "source_code", source)
        for kind in _LINKED_KINDS
        if KINDS[kind].attribute("source_code") is not None and not any(n[:2] == (kind, "source_code") for n in named)
        for source in ("plant", "boiler_house")
    ]
    return named + sources


def _row_references() -> list[tuple[str, str, str]]:
    """Return what rows name, without the areas they are counted by: those have a rule of their own."""
    named = [(r, name, kind) for r in REGISTERS.values() for name, kinds in r.references() for kind in kinds]
    return [(register.name, name, kind) for register, name, kind in named if name != _AREA]


def _area_references() -> list[tuple[str, str]]:
    return [(r.name, kind) for r in REGISTERS.values() if r.parent.attribute == _AREA for kind in r.parent.kinds]


def _columns(rows: Sequence[tuple[str, ...]], *names: str) -> dict[str, list[str]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _limits(today: date) -> dict[str, Any]:
    return {
        "most_storeys": limits.MOST_STOREYS,
        "first_year": limits.FIRST_YEAR,
        "this_year": today.year,
        "deepest_m": limits.DEEPEST_M,
        "off_area_m": OFF_AREA_M,
        "standard_dn": list(limits.STANDARD_DN),
        "least_w_per_m2": limits.HEAT_LOAD_W_PER_M2[0],
        "most_w_per_m2": limits.HEAT_LOAD_W_PER_M2[1],
        "least_storey_m": limits.STOREY_HEIGHT_M[0],
        "most_storey_m": limits.STOREY_HEIGHT_M[1],
    }
