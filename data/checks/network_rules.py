"""The findings of the network's checks as problems, and the checks of the drawing that need its nodes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from data.checks.context import Context, Found
from topology.findings import Finding

_SPELT_OUT = 20
"""Asset ids that a key spells out; of more it holds a digest."""


def find_network_problems(context: Context) -> None:
    """Take over every finding of `topology.checks`."""
    context.insert(_problems(context, context.network.findings))
    context.execute("check_network_codes")


def _problems(context: Context, findings: Sequence[Finding]) -> Iterator[Found]:
    ends = _starts(context)
    seen: Counter[tuple[str, str]] = Counter()
    for item in findings:
        key = key_of(item.asset_ids)
        if item.rule == "loose_end":
            key += end_of(item, ends)
        seen[item.rule, key] += 1
        if seen[item.rule, key] == 1:
            yield Found(item.rule, key, item.asset_ids, item.position, {"text": item.message})


def key_of(asset_ids: Sequence[int]) -> str:
    """Return what tells a set of assets from others of its rule, the same in every run."""
    spelt = "+".join(map(str, asset_ids))
    if len(asset_ids) <= _SPELT_OUT:
        return spelt
    return f"{asset_ids[0]} and {len(asset_ids) - 1} more {hashlib.sha256(spelt.encode()).hexdigest()[:16]}"


def end_of(item: Finding, starts: dict[int, tuple[float, float]]) -> str:
    """Return which end of a pipe a finding is about."""
    return ":start" if starts.get(item.asset_ids[0]) == item.position else ":end"


def _starts(context: Context) -> dict[int, tuple[float, float]]:
    """Return the start of each pipe that has a loose end."""
    loose = np.array([item.asset_ids[0] for item in context.network.findings if item.rule == "loose_end"], np.int64)
    pipes = context.tables.pipes
    rows: NDArray[np.intp] = np.flatnonzero(pipes["asset_id"].isin(loose).to_numpy())
    chosen = pipes.iloc[rows]
    return {
        int(asset_id): (float(lon), float(lat))
        for asset_id, lon, lat in zip(chosen["asset_id"], chosen["start_lon"], chosen["start_lat"], strict=True)
    }
