"""The findings of the network's checks as problems, and the checks of the drawing that need its nodes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from data.checks.context import Context, Found, set_value
from topology.build.near_ends import gaps
from topology.build.network_class import CLASSES, derived_classes, differing
from topology.findings import Finding

END_NAMES: Final = ("start", "end")
"""How keys name the ends of a pipe."""
_SPELT_OUT: Final = 20
"""Asset ids that a key spells out; of more it holds a digest."""


def find_network_problems(context: Context) -> None:
    """Take over every finding of `topology.build.checks`."""
    context.insert(_problems(context, context.network.findings))
    context.execute("check_found_analyze")
    context.execute("check_network_codes")


def _problems(context: Context, findings: Sequence[Finding]) -> Iterator[Found]:
    starts = _starts(context)
    seen: Counter[tuple[str, str]] = Counter()
    for item in findings:
        key = key_of(item.asset_ids)
        if item.rule == "loose_end":
            key += f":{END_NAMES[starts.get(item.asset_ids[0]) != item.position]}"
        seen[item.rule, key] += 1
        if seen[item.rule, key] == 1:
            yield Found(item.rule, key, item.asset_ids, item.position, {"text": item.message})


def key_of(asset_ids: Sequence[int]) -> str:
    """Return what tells a set of assets from others of its rule, the same in every run."""
    spelt = "+".join(map(str, asset_ids))
    if len(asset_ids) <= _SPELT_OUT:
        return spelt
    return f"{asset_ids[0]} and {len(asset_ids) - 1} more {hashlib.sha256(spelt.encode()).hexdigest()[:16]}"


def _starts(context: Context) -> dict[int, tuple[float, float]]:
    """Return the start of each pipe that has a loose end."""
    loose = [item.asset_ids[0] for item in context.network.findings if item.rule == "loose_end"]
    pipes = context.tables.pipes
    chosen = pipes[pipes["asset_id"].isin(loose)]
    return {
        int(asset_id): (float(lon), float(lat))
        for asset_id, lon, lat in zip(chosen["asset_id"], chosen["start_lon"], chosen["start_lat"], strict=True)
    }


def find_gaps(context: Context) -> None:
    """Find ends that the tolerance joins and the drawing leaves apart."""
    context.insert(
        Found(
            "ends_apart",
            f"{move.asset_id}:{END_NAMES[move.end]}",
            (move.asset_id, move.target_id),
            None,
            {
                "codes": f"{context.codes.get(move.asset_id, '')}, {context.codes.get(move.target_id, '')}",
                "text": f"an end of pipe {move.asset_id} is {1000 * move.metres:.0f} mm off that of pipe {move.target_id}",
                "end": move.end,
                "target_end": move.target_end,
                "metres": round(move.metres, 4),
            },
        )
        for move in gaps(context.tables, context.joined)
    )


def find_class_differences(context: Context) -> None:
    """Find pipes that declare another class than what their run ends at; a level that is missing gets the derived one."""
    tables = context.tables
    derived = derived_classes(tables)
    pipes = tables.pipes
    chosen = np.flatnonzero(differing(tables, derived))
    context.insert(_difference(context, pipes.iloc[int(row)], int(derived[row])) for row in chosen)
    lacking = np.flatnonzero((pipes["level"].to_numpy() == 0) & (derived > 0))
    context.propose(
        {
            ("required_missing", f"{asset_id}:network_level"): set_value(asset_id, "network_level", CLASSES[int(value)])
            for asset_id, value in zip(pipes["asset_id"].to_numpy()[lacking].tolist(), derived[lacking].tolist(), strict=True)
        }
    )


def _difference(context: Context, pipe: pd.Series, derived: int) -> Found:
    asset_id = int(pipe["asset_id"])
    text = f"pipe {asset_id} declares {CLASSES.get(int(pipe['level']), '')}; what its run ends at makes it {CLASSES[derived]}"
    detail = {"codes": str(context.codes.get(asset_id, "")), "text": text}
    repair = set_value(asset_id, "network_level", CLASSES[derived])
    return Found("class_differs", str(asset_id), (asset_id,), None, detail, repair)
