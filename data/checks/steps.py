"""The steps of a run: which statement or function finds the problems of which rules."""

from __future__ import annotations

from dataclasses import dataclass

from data.checks.context import Context, Finder
from data.checks.converted import find_converted_layers
from data.checks.names import find_same_names
from data.checks.network_repairs import propose_network_repairs, propose_traced_references
from data.checks.network_rules import find_class_differences, find_gaps, find_network_problems
from topology.findings import RULES as FINDINGS
from twin.checks import RULES

_FINDINGS = tuple(name for name in FINDINGS if name in RULES)
_HANGS = ("check_hangs", "check_hangs_analyze")
_SHAPES = ("check_shapes", "check_shapes_index", "check_shapes_analyze")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run.

    Attributes
    ----------
    rules
        Keys of `twin.checks.RULES` that it finds.
    statement
        Statement of `data/sql` that inserts into `check_found`; empty when `finder` finds.
    finder
        Function that finds by arrays.
    needs
        Statements that make what it reads; each runs once in a run.
    """

    rules: tuple[str, ...]
    statement: str = ""
    finder: Finder | None = None
    needs: tuple[str, ...] = ()

    def run(self, context: Context) -> None:
        """Find the problems of the rules."""
        context.once(self.needs)
        if self.statement:
            context.execute(self.statement)
        if self.finder is not None:
            self.finder(context)


STEPS: tuple[Step, ...] = (
    Step(("geometry_missing",), "check_geometry_missing"),
    Step(
        ("geometry_empty", "geometry_invalid", "geometry_zero_size", "line_crosses_itself", "duplicate_vertices"),
        "check_geometry_shape",
    ),
    Step(("z_implausible",), "check_z"),
    Step(("same_place",), "check_same_place"),
    Step(("building_twice", "buildings_overlap"), "check_buildings_overlap", needs=(*_SHAPES, *_HANGS)),
    Step(("same_name_address",), finder=find_same_names),
    Step(("outside_city",), "check_outside_city", needs=_SHAPES),
    Step(("outside_parent_area",), "check_outside_parent", needs=_SHAPES),
    Step(("district_of_code",), "check_district_of_code"),
    Step(("building_on_water",), "check_building_on_water", needs=_SHAPES),
    Step(("pipe_through_building",), "check_pipe_through_building", needs=_SHAPES),
    Step(("building_outside_estate",), "check_building_outside_estate", needs=_SHAPES),
    Step(("station_in_other_building",), "check_station_in_building", needs=_SHAPES),
    Step(("sensor_off_building",), "check_sensor_off_building", needs=_SHAPES),
    Step(("device_off_village",), "check_device_off_village"),
    Step(("estates_overlap", "areas_overlap"), "check_areas_overlap", needs=_SHAPES),
    Step(("areas_gap",), "check_areas_gap", needs=_SHAPES),
    Step(("required_missing",), "check_required"),
    Step(("storeys_impossible", "burial_depth_impossible", "number_negative"), "check_numbers"),
    Step(("year_impossible",), "check_years"),
    Step(("dn_not_standard", "diameter_contradicts", "length_contradicts"), "check_pipe_sizes"),
    Step(
        ("heated_area_contradicts", "heat_load_implausible", "height_contradicts_storeys", "user_count_implausible"),
        "check_building_values",
        needs=_SHAPES,
    ),
    Step(("user_area_implausible",), "check_register_values"),
    Step(("code_unknown",), "check_codes"),
    Step(("reference_unknown", "reference_not_normal"), "check_references"),
    Step(("reference_unknown",), "check_register_references"),
    Step(("chain_incomplete",), "check_chain"),
    Step(("user_substation_differs",), "check_user_substation"),
    Step(("user_sensor_differs",), "check_user_sensor"),
    Step(("estate_company_differs",), "check_estate_company"),
    Step(("inlet_substation_differs",), "check_inlet_substation"),
    Step(("device_household_differs",), "check_device_household"),
    Step(("rollout_area_unknown",), "check_rollout_areas"),
    Step(("report_twice",), "check_rollout_reports"),
    Step(("household_twice",), "check_rollout_households"),
    Step(("village_without_households",), "check_rollout_villages"),
    Step(("project_without_target",), "check_rollout_targets"),
    Step(("project_off_area",), "check_rollout_places"),
    Step(("paid_above_plan",), "check_rollout_money"),
    Step(("zone_counts_apart",), "check_rollout_zones"),
    Step(("object_unknown", "object_far", "coverage_object_unknown"), "check_objects"),
    Step(("company_without_authority",), "check_company_authority"),
    Step(("building_outside_licence",), "check_licence", needs=_SHAPES),
    Step(_FINDINGS, finder=find_network_problems),
    Step(("ends_apart",), finder=find_gaps),
    Step(("class_differs",), finder=find_class_differences),
    # last: it takes back what others have said about the places of a layer that lies wrong as a whole
    Step(("converted_already",), finder=find_converted_layers, needs=_SHAPES),
)
"""All steps that find, in the order in which they run."""

REPAIRS: tuple[Step, ...] = (
    Step(_FINDINGS, finder=propose_network_repairs),
    Step(("reference_unknown",), finder=propose_traced_references),
    Step(("reference_unknown",), "check_repair_estate", needs=_SHAPES),
    Step(("reference_unknown", "inlet_without_building"), "check_repair_building", needs=_SHAPES),
    Step(("reference_unknown",), "check_repair_company"),
    Step(("building_without_inlet", "same_name_address"), "check_repair_same"),
)
"""Steps that propose repairs, after all that find."""
