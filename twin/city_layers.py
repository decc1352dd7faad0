"""The 23 layers that a city hands over for conversion (CC-21), by name, and what each becomes here.

A manifest may write these names as `kind` of a `[[layer]]`; `GET /contents` counts what came of each. Things that are points for
us (plants, companies, boiler houses, substations) have their extent as a `coverage_area` beside them. Things that are areas for
us (buildings, estates, communities, subdistricts, districts) *are* their extent, and the delivered point stands beside as an
`object_point`. Pipes tell who drew them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class CityLayer:
    """One layer of CC-21.

    Attributes
    ----------
    name
        Name in a manifest.
    name_zh, name_en
        For people.
    kind
        Kind that its rows become.
    constants
        Attributes that tell its rows from others of the kind.
    """

    name: str
    name_zh: str
    name_en: str
    kind: str
    constants: Mapping[str, str] = field(default_factory=dict)


def _with_extent(kind: str, name_zh: str, name_en: str) -> tuple[CityLayer, CityLayer]:
    """Return the layers of something that is a point."""
    return (
        CityLayer(kind, name_zh, name_en, kind),
        CityLayer(f"{kind}_extent", f"{name_zh}范围", f"{name_en}, extent", "coverage_area", {"of_kind": kind}),
    )


def _as_extent(kind: str, name_zh: str, name_en: str) -> tuple[CityLayer, CityLayer]:
    """Return the layers of something that is an area."""
    return (
        CityLayer(f"{kind}_point", name_zh, name_en, "object_point", {"of_kind": kind}),
        CityLayer(f"{kind}_extent", f"{name_zh}范围", f"{name_en}, extent", kind),
    )


CITY_LAYERS: Final[tuple[CityLayer, ...]] = (
    *_with_extent("plant", "电厂", "plant"),
    *_with_extent("company", "供热企业", "heating company"),
    *_with_extent("boiler_house", "锅炉房", "boiler house"),
    *_with_extent("substation", "换热站", "substation"),
    *_as_extent("subdistrict", "街道", "street (subdistrict)"),
    *_as_extent("community", "社区", "community"),
    *_as_extent("estate", "小区", "estate"),
    *_as_extent("building", "楼栋", "building"),
    *_as_extent("district", "行政区", "administrative district"),
    CityLayer("company_pipe", "热企绘制管线", "pipes drawn by heating companies", "pipe", {"drawn_by": "company"}),
    CityLayer("plant_pipe", "电厂管线", "plant pipes", "pipe", {"drawn_by": "plant"}),
    CityLayer("licence_area", "企业许可范围", "company licence areas", "licence_area"),
    CityLayer("road", "道路中心线", "road centre lines", "road"),
    CityLayer("crossing", "道路路口", "road crossings", "crossing"),
)
"""All 23, in the order of CC-21."""

LAYER_OF_NAME: Final[Mapping[str, CityLayer]] = {layer.name: layer for layer in CITY_LAYERS}

PARTS: Final[Mapping[str, str]] = {"pipe": "drawn_by", "coverage_area": "of_kind", "object_point": "of_kind"}
"""Attribute that tells the layers of a kind apart, for kinds that several layers become."""


def layer_key(layer: CityLayer) -> tuple[str, str]:
    """Return kind and part (value of the attribute in `PARTS`, or empty) by which rows of the layer are counted."""
    return layer.kind, layer.constants.get(PARTS.get(layer.kind, ""), "")
