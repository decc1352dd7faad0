"""Which layers of a city are drawn as 3D Tiles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from data.buildings import read_buildings
from data.fitting_points import read_fitting_points
from data.pipe_lines import read_pipe_lines
from data.pool import Connection
from data.surfaces import read_surfaces
from tiles.errors import UnknownTileset
from tiles.tiles3d.building_layer import BuildingFeatures
from tiles.tiles3d.building_memory import Recalled, recall_buildings
from tiles.tiles3d.fitting_layer import FittingFeatures
from tiles.tiles3d.layer import Features
from tiles.tiles3d.pipe_layer import PipeFeatures
from tiles.tiles3d.shelf import EVERYBODY
from tiles.tiles3d.surface_layer import SurveyedFeatures
from twin.scope import Scope


@dataclass(frozen=True, slots=True)
class SolidLayer:
    """A layer of 3D Tiles.

    Attributes
    ----------
    name
        Of the tileset.
    title_zh, title_en
        For people.
    kinds
        Kinds of assets in it; a Scope that sees none of them does not see the tileset.
    read
        Reads what a Scope holds of a city.
    recall
        Reads everything, as far as it was written since the last build in a folder; None = only `read` does it.
    """

    name: str
    title_zh: str
    title_en: str
    kinds: tuple[str, ...]
    read: Callable[[Connection, int, Scope], Features]
    recall: Callable[[Connection, int, Path], Recalled] | None = None

    def seen_by(self, scope: Scope) -> tuple[str, ...]:
        """Return the kinds that a Scope sees."""
        return tuple(kind for kind in self.kinds if scope.allows_layer(kind))

    def rights(self, scope: Scope) -> str:
        """Return the folder of a Scope: `all`, or a mark of what it restricts."""
        seen = self.seen_by(scope)
        whole = seen == self.kinds and scope.areas is None and scope.company_ids is None and scope.precision_m is None
        if whole:
            return EVERYBODY
        text = json.dumps([scope.areas, scope.company_ids, scope.precision_m, None if seen == self.kinds else seen])
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def _buildings(connection: Connection, city_id: int, scope: Scope) -> Features:
    features = BuildingFeatures.of(read_buildings(connection, city_id, scope))
    surveyed, shapes_z = read_surfaces(connection, city_id, scope)
    return SurveyedFeatures(features, surveyed, shapes_z) if len(surveyed) else features


def _pipes(connection: Connection, city_id: int, scope: Scope) -> Features:
    return PipeFeatures.of(read_pipe_lines(connection, city_id, scope))


def _fittings(connection: Connection, city_id: int, scope: Scope) -> Features:
    points = read_fitting_points(connection, city_id, scope)
    pipes = read_pipe_lines(connection, city_id, scope)
    return FittingFeatures.of(points, pipes)


SOLID_LAYERS: Final[Mapping[str, SolidLayer]] = {
    layer.name: layer
    for layer in (
        SolidLayer("buildings", "楼栋", "Buildings", ("building",), _buildings, recall_buildings),
        SolidLayer("pipes", "热力管道", "Heat pipes", ("pipe",), _pipes),
        SolidLayer("fittings", "阀门、小室、管点", "Valves, chambers, fittings", ("valve", "chamber", "pipe_point"), _fittings),
    )
}
"""By name of the tileset."""


def solid_layer(name: str) -> SolidLayer:
    """Return a layer by the name of its tileset.

    Raises
    ------
    UnknownTileset
        When there is none of that name.
    """
    if name not in SOLID_LAYERS:
        raise UnknownTileset(f"{name!r} is no 3D tileset of a city; there are {', '.join(SOLID_LAYERS)}")
    return SOLID_LAYERS[name]
