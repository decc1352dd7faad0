"""Whom the simulator sends for: sources gathered by schema, with what of each does not change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin.arrays import Float64Array, Int64Array
from twin.schemas import FrameSchema
from twin.simulator.chance import Keys, keys_of, uniform

AMBIENT_KINDS = ("weather_station", "air_station")
"""Kinds whose readings depend on where they stand."""
STATION_KINDS = ("substation", "plant", "boiler_house", "pressure_point", "gas_station", *AMBIENT_KINDS)
"""Kinds with a line of their own; all others report through gateways."""


@dataclass(frozen=True, slots=True)
class SimulatedSource:
    """A source to send for.

    Attributes
    ----------
    code
        Its own.
    schema
        `CODE/VERSION`.
    kind, asset_id
        What it stands at.
    period_s
        Seconds between two frames.
    substation_id
        The substation that serves it, where one does.
    company_id
        Whose it is; None = unknown.
    lonlat
        Where it stands, WGS-84 degrees, of `AMBIENT_KINDS`.
    """

    code: str
    schema: str
    kind: str
    asset_id: int
    period_s: float = 60.0
    substation_id: int | None = None
    company_id: int | None = None
    lonlat: tuple[float, float] | None = None


@dataclass(frozen=True)
class Group:
    """Sources of one schema as arrays, by rising code; row i of each belongs together.

    Attributes
    ----------
    name, schema, kind
        `CODE/VERSION`, what the columns mean, and the kind of the assets.
    codes
        Of the sources.
    keys
        What their draws depend on.
    asset_ids, substation_ids, company_ids
        0 = none.
    period_s
        Seconds between two frames.
    phase
        Share of the period at which a source reports, 0 to 1.
    lonlat
        Where known.
    """

    name: str
    schema: FrameSchema
    kind: str
    codes: tuple[str, ...]
    keys: Keys
    asset_ids: Int64Array
    substation_ids: Int64Array
    company_ids: Int64Array
    period_s: Float64Array
    phase: Float64Array
    lonlat: tuple[tuple[float, float] | None, ...]

    def __len__(self) -> int:
        return len(self.codes)


def gather(sources: Sequence[SimulatedSource], schemas: Mapping[str, FrameSchema], *, seed: int) -> tuple[Group, ...]:
    """Return the sources by schema and kind; sources of a schema that is not in `schemas` (`CODE/VERSION`) are left out."""
    found: dict[tuple[str, str], list[SimulatedSource]] = {}
    for source in sources:
        if source.schema in schemas:
            found.setdefault((source.schema, source.kind), []).append(source)
    return tuple(_group(members, schemas[name], seed) for (name, _), members in sorted(found.items()))


def _group(members: Sequence[SimulatedSource], schema: FrameSchema, seed: int) -> Group:
    ordered = sorted(members, key=lambda source: source.code)
    keys = keys_of([source.code for source in ordered])
    return Group(
        name=ordered[0].schema,
        schema=schema,
        kind=ordered[0].kind,
        codes=tuple(source.code for source in ordered),
        keys=keys,
        asset_ids=np.array([source.asset_id for source in ordered], np.int64),
        substation_ids=np.array([source.substation_id or 0 for source in ordered], np.int64),
        company_ids=np.array([source.company_id or 0 for source in ordered], np.int64),
        period_s=np.array([source.period_s for source in ordered], np.float64),
        phase=uniform(keys, seed, "phase"),
        lonlat=tuple(source.lonlat for source in ordered),
    )
