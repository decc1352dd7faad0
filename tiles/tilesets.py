"""Which vector tilesets there are and what their attributes mean.

A tile is one statement of `data/sql`; which one depends on the tileset and the zoom only, so the database prepares each once.
Codes are positions in the tuples below, from 1; they are append-only, because viewers and cached tiles hold them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from data.tile_tables import AREA_MINZOOM, COVERAGE_MINZOOM, POINT_MINZOOM, ROAD_MINZOOM
from tiles.errors import UnknownTileset
from topology.answers.pipe_facts import CRITICALITY_CLASSES
from twin.checks import RULES, SEVERITIES, STATES
from twin.kinds import KINDS
from twin.lengths import CLASSES, LAYINGS, MATERIALS
from twin.registers import REGISTERS

POINT_KINDS: Sequence[str] = (
    "plant",
    "boiler_house",
    "substation",
    "relay_pump_station",
    "isolating_station",
    "accumulator",
    "valve",
    "chamber",
    "building_inlet",
    "pipe_point",
    "pressure_point",
    "weather_station",
    "room_sensor",
    "heating_device",
    "camera",
    "company",
    "plant_branch",
    "village",
    "relay_energy_station",
    "water_tank",
    "gateway",
    "air_station",
    "crossing",
    "authority",
    "gas_station",
    "hazard",
    "hazard_source",
    "patrol_finding",
    "accident",
    "no_burn_zone",
    "object_point",
)
AREA_KINDS: Sequence[str] = ("district", "zone", "subdistrict", "community", "township", "village", "estate")
COVERED_KINDS: Sequence[str] = (
    "city",
    "licence",
    "company",
    "plant",
    "boiler_house",
    "substation",
    "estate",
    "plant_branch",
    "no_burn_planned",
    "no_burn_in_force",
    "no_burn_key_control",
    "no_burn_lifted",
)
ROAD_CLASSES: Sequence[str] = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "residential",
    "service",
    "path",
    "other",
)
LEVELS: Mapping[str, str] = {"0": "unknown", "1": "transmission", "2": "primary", "3": "secondary", "4": "direct"}
SIDES: Mapping[str, str] = {"0": "unknown", "1": "supply", "2": "return"}
MEDIA: Mapping[str, str] = {"1": "heat", "2": "gas"}

CRITICALITIES: Mapping[str, str] = {str(code): users for code, users in CRITICALITY_CLASSES.items()}

assert set(POINT_KINDS) == set(POINT_MINZOOM)
assert set(AREA_KINDS) == set(AREA_MINZOOM)
assert set(ROAD_CLASSES) == set(ROAD_MINZOOM)
assert set(COVERED_KINDS) == set(COVERAGE_MINZOOM)


def _codes(names: Sequence[str]) -> Mapping[str, str]:
    return {str(number): name for number, name in enumerate(names, start=1)}


def _numbered(names: Mapping[int, str]) -> Mapping[str, str]:
    """Return code texts to names, without the unknown that tiles leave out."""
    return {str(number): name for number, name in names.items() if number}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a layer.

    Attributes
    ----------
    name
        As in the tile.
    meaning
        One sentence with the unit.
    codes
        Code (as text) to name; empty when the value is not a code.
    zooms
        First and last zoom that carry it; None = all of the layer.
    optional
        True: in a tile only when the request names it.
    """

    name: str
    meaning: str
    codes: Mapping[str, str] = field(default_factory=dict)
    zooms: tuple[int, int] | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a tileset: its first zoom, its attributes, what its feature id is."""

    name: str
    description: str
    minzoom: int
    attributes: tuple[Attribute, ...]
    feature_id: str = "asset_id"


@dataclass(frozen=True, slots=True)
class Tileset:
    """One tileset: its layers, its zooms and the statement of each zoom band.

    Attributes
    ----------
    name
        As in the address.
    description
        One sentence.
    layers
        In drawing order, lowest first.
    statements
        First zoom of a band to the statement that makes its tiles.
    maxzoom
        Last zoom; clients enlarge it beyond (a unit is 0.15 m there).
    codes
        Code tables handed to the statement.
    kinds
        Asset kinds drawn; a seat that may see none of them may not see the tileset.
    """

    name: str
    description: str
    layers: tuple[Layer, ...]
    statements: Mapping[int, str]
    kinds: frozenset[str]
    maxzoom: int = 16
    codes: tuple[Sequence[str], ...] = ()

    @property
    def minzoom(self) -> int:
        """First zoom."""
        return min(self.statements)

    def statement(self, zoom: int) -> str:
        """Return the statement of a zoom inside the tileset's range."""
        return self.statements[max(first for first in self.statements if first <= zoom)]

    @property
    def optional(self) -> tuple[str, ...]:
        """Names of the attributes that a request may ask for; a statement of a tileset with any takes the asked ones in `$10`."""
        return tuple(attribute.name for layer in self.layers for attribute in layer.attributes if attribute.optional)


_NAME = Attribute("name", "name as imported; absent when there is none")
_PIPE_LAYER = Layer(
    "pipe",
    "Pipes. z10-z11: transmission and primary network, z12-z13: all levels, each merged per topology segment, company and"
    " area; z14: one line a trench (the supply pipe); z15-z16: supply and return. Feature id: segment_id below z14,"
    " asset_id from z14. A segment that crosses an area's or a company's border comes in several features with the same id.",
    10,
    (
        Attribute("pair_id", "smallest asset_id of the supply and return pipe of one trench", zooms=(14, 16)),
        Attribute("segment_id", "smallest asset_id of the pipes between the same valves; absent outside the heat network",
                  zooms=(14, 16)),
        Attribute("level", "network level", LEVELS),
        Attribute("side", "supply or return", SIDES, (15, 16)),
        Attribute("medium", "what flows in it", MEDIA),
        Attribute("dn", "nominal diameter in mm; the largest one of a merged row; absent when unknown"),
        Attribute("class", "network class by end nodes (GB/T 43097-2023 6.1.2); the most frequent one of a merged row; absent"
                  " when unknown", _numbered(CLASSES)),
        Attribute("laying", "way of laying; the most frequent one of a merged row; absent when unknown", _numbered(LAYINGS),
                  optional=True),
        Attribute("material", "material of the carrier pipe; the most frequent one of a merged row; absent when unknown",
                  _numbered(MATERIALS), optional=True),
        Attribute("year", "year of the pipe that lies there now; the oldest one of a merged row; absent when unknown",
                  optional=True),
        Attribute("company_id", "asset_id of the company that owns it; absent when none is known", optional=True),
        Attribute("source_id", "asset_id of the plant, boiler house or substation that feeds it in the normal valve state, the"
                  " strongest of several; the most frequent one of a merged row; absent when nothing feeds it", optional=True),
        Attribute("criticality", "heat users with no heat, or too little, when its segment is shut in the normal valve state (a"
                  " building counts as one at least); the highest one of a merged row", CRITICALITIES, optional=True),
        Attribute("temperature_degc", "of its water as solved, in whole degC; the mean of a merged row; absent where nothing"
                  " was solved or the water stands", optional=True),
    ),
    "segment_id below z14, asset_id from z14",
)  # fmt: skip
_BUILDING_LAYER = Layer(
    "building",
    "Buildings with their footprint.",
    14,
    (
        Attribute("height_dm", "height in decimetres: given, else 30 a storey, else 90"),
        Attribute("substation_id", "asset_id of the substation declared to heat it; absent when unknown"),
    ),
)
_ASSET_LAYER = Layer(
    "asset",
    "Assets drawn as points. First zoom by kind: "
    + ", ".join(f"{kind} {POINT_MINZOOM[kind]}" for kind in POINT_KINDS)
    + ". Live values are not in tiles.",
    min(POINT_MINZOOM.values()),
    (
        Attribute("kind", "asset kind", _codes(POINT_KINDS)),
        Attribute("name", "name as imported; from z12, of plants and boiler houses from z10; absent when there is none"),
    ),
)
_COVERAGE_LAYER = Layer(
    "coverage",
    "Areas that a company, plant, boiler house, substation or estate heats, that a company is licensed to heat, the urban"
    " extent, and no-burn zones. First zoom: "
    + ", ".join(f"{kind} {COVERAGE_MINZOOM[kind]}" for kind in COVERED_KINDS)
    + ", others 12.",
    min(COVERAGE_MINZOOM.values()),
    (
        Attribute(
            "of_kind",
            "what the area is of; licence: what a company is licensed to heat; city: urban extent; no_burn_:"
            " a no-burn zone of that state; absent for others",
            _codes(COVERED_KINDS),
        ),
        Attribute("of_id", "asset_id of what it is the area of; absent when that is not among the assets"),
        _NAME,
    ),
)
_COVERAGE_NAME_LAYER = Layer(
    "coverage_name",
    "Names of the areas of the layer coverage, each at one point inside, in one tile only.",
    _COVERAGE_LAYER.minzoom,
    _COVERAGE_LAYER.attributes,
)
_PROBLEM_RULES = tuple(RULES)
_PROBLEM_LAYER = Layer(
    "problem",
    "Problems of the archive, where they are; those that are gone are left out. Below z12 problems of one rule and state that"
    " share 1/256 of the tile are drawn as one.",
    8,
    (
        Attribute("rule", "rule that is broken", _codes(_PROBLEM_RULES)),
        Attribute("severity", "how grave", _codes(SEVERITIES)),
        Attribute("state", "what was decided", _codes(STATES)),
    ),
    "problem_id",
)
ROLLOUT_KINDS: Sequence[str] = ("district", "zone", "township", "village")
OUTLINES: Sequence[str] = ("delivered", "households", "none")
RETROFITS: Sequence[str] = ("electric", "biomass", "solar")
ENERGIES: Sequence[str] = ("heat", "electric", "air", "biomass", "gas", "solar")
ROLLOUT_STAGES: Sequence[str] = ("early", "construction", "acceptance")
MARKERS: Sequence[str] = ("not_finished", "finished_up_to_300_devices", "finished_over_300_devices")
_PER_MILLE = "in thousandths"


def _share(name: str, zh: str) -> Attribute:
    return Attribute(f"{name}_share", f"share of {zh} in the clean heated area, {_PER_MILLE}")


_ROLLOUT_LAYER = Layer(
    "area",
    "Areas of the clean-heating rollout with their present figures (GET /rollout/definitions says what each is). First zoom:"
    " district and zone 5, township 7, village 10. What is not known is absent. Use rates and room temperatures are live and not"
    " in tiles.",
    5,
    (
        Attribute("kind", "kind of area", _codes(ROLLOUT_KINDS)),
        Attribute("outline", "households: drawn round its households, no border; none: a point only", _codes(OUTLINES)),
        Attribute("district_id", "asset_id of its district; its own for a district, absent for a zone"),
        Attribute("township_id", "asset_id of a village's township"),
        _NAME,
        Attribute("type", "retrofit type of most finished households", _codes(RETROFITS)),
        Attribute("energy", "energy of most of the clean heated area", _codes(ENERGIES)),
        Attribute("stage", "figure stage", _codes(ROLLOUT_STAGES)),
        Attribute("marker", "figure marker; exactly 300 devices are up to 300", _codes(MARKERS)),
        Attribute("households", "figure household_count"),
        Attribute("target", "figure target_household_count"),
        Attribute("finished", "figure finished_count"),
        Attribute("permanent", "figure permanent_count"),
        Attribute("completion", f"figure completion_rate, {_PER_MILLE}"),
        Attribute("installation", f"figure installation_rate, {_PER_MILLE}"),
        Attribute("rate", f"figure clean_heating_rate, {_PER_MILLE}"),
        Attribute("target_rate", f"figure target_rate, {_PER_MILLE}"),
        _share("heat", "district heat"),
        _share("electric", "electricity"),
        _share("air", "air-source heat pumps"),
        _share("biomass", "biomass"),
        _share("gas", "gas"),
        _share("solar", "solar"),
        Attribute("devices", "figure device_count"),
        Attribute("tickets", "figure ticket_count"),
        Attribute("tickets_before", "figure ticket_last_season_count"),
        Attribute("open_tickets", "figure open_ticket_count"),
        Attribute("handling", "figure mean_handling_hours, in whole hours"),
        Attribute("satisfaction", "figure satisfaction, in hundredths of a point (100 to 500)"),
        Attribute("supplier_satisfaction", "figure supplier_satisfaction, in hundredths of a point"),
        Attribute("answers", "figure answer_count"),
    ),
    "area_id",
)
_ROLLOUT_NAME_LAYER = Layer(
    "area_name",
    "The same areas, each at one point inside, in one tile only; a village without an outline is only here.",
    5,
    _ROLLOUT_LAYER.attributes,
    "area_id",
)
_BASE_LAYERS = (
    Layer("green", "Green areas.", 11, ()),
    Layer("water", "Water areas.", 8, (_NAME,)),
    Layer(
        "area",
        "Administrative areas and estates. First zoom by kind: "
        + ", ".join(f"{kind} {AREA_MINZOOM[kind]}" for kind in AREA_KINDS)
        + ".",
        8,
        (Attribute("kind", "asset kind", _codes(AREA_KINDS)), _NAME),
    ),
    Layer(
        "road",
        "Roads. First zoom by class: " + ", ".join(f"{name} {ROAD_MINZOOM[name]}" for name in ROAD_CLASSES) + ".",
        8,
        (Attribute("class", "road class", _codes(ROAD_CLASSES)), _NAME),
    ),
    Layer(
        "area_name",
        "Names of the areas of the layer area, each at one point inside, in one tile only.",
        8,
        (Attribute("kind", "asset kind", _codes(AREA_KINDS)), _NAME),
    ),
)

TILESETS: Mapping[str, Tileset] = {
    tileset.name: tileset
    for tileset in (
        Tileset(
            "base",
            "Base map of the city: roads, water, green, administrative areas.",
            _BASE_LAYERS,
            {8: "tile_base"},
            frozenset({*AREA_KINDS, "road", "water", "green"}),
            codes=(AREA_KINDS, ROAD_CLASSES),
        ),
        Tileset(
            "network",
            "Heat (and gas) network.",
            (_PIPE_LAYER,),
            {10: "tile_network_z10", 14: "tile_network_z14", 15: "tile_network_z15"},
            frozenset({"pipe"}),
        ),
        Tileset("buildings", "Buildings.", (_BUILDING_LAYER,), {14: "tile_buildings"}, frozenset({"building"})),
        Tileset(
            "assets",
            "Plants, substations, valves, inlets, sensors.",
            (_ASSET_LAYER,),
            {8: "tile_assets"},
            frozenset(POINT_KINDS),
            codes=(POINT_KINDS,),
        ),
        Tileset(
            "coverage",
            "Coverage areas and licence areas.",
            (_COVERAGE_LAYER, _COVERAGE_NAME_LAYER),
            {8: "tile_coverage"},
            frozenset({"coverage_area", "licence_area", "no_burn_zone"}),
            codes=(COVERED_KINDS,),
        ),
        Tileset(
            "problems",
            "Problems of the archive.",
            (_PROBLEM_LAYER,),
            {8: "tile_problems"},
            frozenset({*KINDS, *REGISTERS}),
            codes=(_PROBLEM_RULES, SEVERITIES, STATES, tuple(rule.severity for rule in RULES.values())),
        ),
        Tileset(
            "rollout",
            "Areas of the clean-heating rollout.",
            (_ROLLOUT_LAYER, _ROLLOUT_NAME_LAYER),
            {5: "tile_rollout"},
            frozenset({"rollout"}),
            codes=(ROLLOUT_KINDS, OUTLINES, RETROFITS, ENERGIES),
        ),
    )
}
"""All vector tilesets by name."""


def tileset_of(name: str) -> Tileset:
    """Return the tileset of that name.

    Raises
    ------
    UnknownTileset
        When there is none; the message lists what there is.
    """
    try:
        return TILESETS[name]
    except KeyError:
        raise UnknownTileset(f"{name!r} is not a tileset; tilesets are {', '.join(TILESETS)}") from None
