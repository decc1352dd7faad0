"""Who may see what: the `Scope` that follows from a seat.

Every read carries a Scope. `None` in a field means "all". The rights class (a hash of the scope) is part of every
cache key, so that two callers share a cached answer exactly when they may see the same.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from twin.errors import OutsideScope


@dataclass(frozen=True, slots=True)
class Scope:
    """What one seat may read.

    Attributes
    ----------
    cities
        City ids; None = all.
    layers
        Asset kinds (`twin.kinds.KINDS`), registers (`twin.registers.REGISTERS`) and the layer names `alarms`, `readings`,
        `rollout`, `raster`, `model`; None = all.
    areas
        Asset ids of administrative areas; an asset is inside when its `area_id` is listed; None = all.
    company_ids
        Asset ids of owner companies; assets without an owner stay visible; None = all.
    precision_m
        Grid to which coordinates are rounded, in metres; None = as stored.
    personal
        True when names, phones and doors of persons may be shown.
    """

    cities: tuple[int, ...] | None = None
    layers: tuple[str, ...] | None = None
    areas: tuple[int, ...] | None = None
    company_ids: tuple[int, ...] | None = None
    precision_m: float | None = None
    personal: bool = False

    @property
    def rights_class(self) -> str:
        """SHA-256 of the sorted JSON of the scope, as hexadecimal digits."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def require_city(self, city_id: int) -> None:
        """Raise `OutsideScope` unless the city is visible."""
        if self.cities is not None and city_id not in self.cities:
            raise OutsideScope(f"city {city_id} is not visible from this seat")

    def allows_layer(self, layer: str) -> bool:
        """Tell whether a kind or layer may be read."""
        return self.layers is None or layer in self.layers

    def sees_models(self) -> bool:
        """Tell whether 3D models that somebody brought may be read: they are whole files, which cannot be cut or rounded."""
        whole = self.areas is None and self.company_ids is None and self.precision_m is None
        return whole and self.allows_layer(MODEL)

    def require_layer(self, layer: str) -> None:
        """Raise `OutsideScope` unless the layer is visible."""
        if not self.allows_layer(layer):
            raise OutsideScope(f"layer {layer!r} is not visible from this seat")


RASTER = "raster"
"""Layer name of all raster layers: pictures and heights belong to no kind of assets."""

MODEL = "model"
"""Layer name of all 3D models that somebody brought (`Scope.sees_models`)."""

EVERYTHING = Scope(personal=True)
"""The scope of the program itself: imports, jobs, tests of the core."""
