"""Lists of assets in an answer: ids, figures, and whom they concern. Arrays up to the last step: half a city is one list."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from api.tracing.asking import Asked, Ids
from topology.answers.impact import Figures, figures
from topology.assets import KIND_CODE, KINDS
from twin.consumers import Groups, groups

Rows: TypeAlias = NDArray[np.int32]
Answer: TypeAlias = dict[str, Any]
_EMPTY = np.zeros(0, np.int32)


def listed(asked: Asked, rows: Rows) -> Answer:
    """Return a list as an answer holds it.

    Parameters
    ----------
    asked
        Decides what the caller may see and what `asset_ids` holds.
    rows
        Rows of the network, rising.

    Notes
    -----
    Cost: linear in the list; 3 ms for 100,000 assets with 20,000 buildings (docs/trace.md).
    """
    seen = seen_rows(asked, rows)
    part = figures(asked.network.assets, seen)
    return {
        **_figures(part, outside_scope=len(rows) - len(seen)),
        "asset_ids": part.asset_ids if asked.question.ids == "assets" else ids_of(asked, seen),
        **_groups(groups(asked.network, asked.facts.consumers, seen, asked.scope)),
    }


def seen_rows(asked: Asked, rows: Rows) -> Rows:
    """Return the rows that the caller may see."""
    seen: Rows = rows if asked.visible is None else rows[asked.visible[rows]]
    return seen


def ids_of(asked: Asked, seen: Rows, ids: Ids | None = None) -> Rows:
    """Return what `asset_ids` holds of rows that the caller may see: all of them, buildings, segments or nothing; rising."""
    assets, wanted = asked.network.assets, asked.question.ids if ids is None else ids
    if wanted == "none":
        return _EMPTY
    if wanted == "segments":
        found: Rows = np.unique(asked.facts.segment_id[seen])
        return found[found > 0]
    if wanted == "buildings":
        seen = seen[assets.kind[seen] == KIND_CODE["building"]]
    return assets.asset_id[seen]


def _figures(part: Figures, *, outside_scope: int) -> Answer:
    return {
        "counts": dict(part.counts),
        "substations": [{"asset_id": asset_id, "name": name} for asset_id, name in part.substations],
        "heat_user_count": part.heat_user_count,
        "heated_area_m2": round(part.heated_area_m2, 1),
        "heat_load_mw": round(part.heat_load_mw, 4),
        "pipe_length_m": round(part.pipe_length_m, 2),
        "outside_scope": outside_scope,
    }


def _groups(part: Groups) -> Answer:
    return {
        "estates": [{"asset_id": each.asset_id, "name": each.name, "buildings": each.buildings} for each in part.estates],
        "companies": [{"asset_id": each.asset_id, "name": each.name, "buildings": each.buildings} for each in part.companies],
        "hospitals": [{"asset_id": asset_id, "name": name} for asset_id, name in part.hospitals],
        "schools": [{"asset_id": asset_id, "name": name} for asset_id, name in part.schools],
    }


def named(asked: Asked, row: int) -> Answer:
    """Return an asset of the network by id, kind and name; the name is empty for what has none."""
    assets = asked.network.assets
    return {"asset_id": int(assets.asset_id[row]), "kind": KINDS[assets.kind[row]], "name": assets.names.get(row, "")}


def named_visible(asked: Asked, rows: Rows) -> list[Answer]:
    """Return those of some rows that the caller may see, in their order."""
    return [named(asked, row) for row in seen_rows(asked, rows).tolist()]
