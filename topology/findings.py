"""What is wrong with a network: a list with places, never a crash."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

RULES: Mapping[str, str] = {
    "part_without_source": "a connected part that no heat source feeds, whatever valves are opened",
    "part_not_fed": "a connected part that no running source feeds in the present valve state",
    "not_fed": "an asset through which nothing is fed in the present valve state",
    "loose_end": "a pipe end that meets no other pipe, substation, source, inlet or valve",
    "valve_not_between_two_pipes": "a valve that does not sit between exactly two pipe ends of its side",
    "one_sided_valve": "a valve pair of which one is open and the other closed",
    "pair_missing": "a supply pipe without its return pipe, or the other way round",
    "pair_of_one_side": "a pair whose pipes are of the same side, or more than two",
    "duplicate_pipe": "pipes of one side between the same two nodes and of the same length, in different pairs: one drawn twice",
    "supply_joined_to_return": "a loose end of a supply pipe on a node of return pipes, or the other way round",
    "near_nodes": "two nodes of one side 5 to 10 cm apart, each of which meets something: probably one",
    "pipe_longer_than_ends": "a pipe more than three times as long as its ends are apart",
    "ring_without_valve": "a ring of pipes between valves: none of them can open it",
    "zero_length_pipe": "a pipe both ends of which are the same node",
    "pipe_without_geometry": "a pipe without positions; it is kept, joined to nothing",
    "pipe_without_side": "a pipe that names neither supply nor return; traced as supply",
    "station_off_network": "a pump, isolating station or accumulator that no pipe meets",
    "source_off_network": "a heat source that no pipe meets",
    "source_without_return": "a heat source that meets pipes of one side only",
    "substation_without_primary": "a substation that no primary pipe meets",
    "substation_without_secondary": "a substation that no secondary pipe meets",
    "substation_one_sided": "a substation that meets supply or return pipes only, on the primary or the secondary side",
    "inlet_off_network": "a building inlet that no pipe meets",
    "inlet_without_building": "a building inlet that names no known building",
    "building_without_inlet": "a heated building without an inlet on the network; traced through its declared substation",
    "building_not_connected": "a heated building without inlet and without substation",
    "declared_substation_differs": "a building declared to another substation than those that feed its inlets in the drawing",
    "declared_source_differs": "a substation declared to a heat source that does not run in the part that feeds it",
}
"""Rules of the checks with their meaning."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes
    ----------
    rule
        Key of `RULES`.
    asset_ids
        Assets concerned.
    position
        Longitude and latitude (WGS-84 degrees), None where unknown.
    message
        What was found and what it means for answers.
    instead
        For a declared chain that the drawing contradicts: the assets that the drawing names instead, by rising id.
    """

    rule: str
    asset_ids: tuple[int, ...]
    position: tuple[float, float] | None
    message: str
    instead: tuple[int, ...] = ()


def finding(rule: str, asset_ids: Iterable[int], lon: float, lat: float, message: str, *, instead: Iterable[int] = ()) -> Finding:
    """Make a finding; positions that are not numbers become None."""
    if rule not in RULES:
        raise KeyError(rule)
    position = (float(lon), float(lat)) if math.isfinite(lon) and math.isfinite(lat) else None
    return Finding(rule, tuple(int(i) for i in asset_ids), position, message, tuple(sorted(int(i) for i in instead)))
