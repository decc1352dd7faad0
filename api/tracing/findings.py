"""Findings of the network as a caller may see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from data.assets import round_position
from topology.assets import KINDS
from topology.findings import Finding
from topology.network import Network
from twin.scope import Scope

Answer: TypeAlias = dict[str, Any]


class FindingModel(BaseModel):
    """Something wrong in the network."""

    rule: str = Field(examples=["pair_missing"])
    asset_ids: list[int]
    kinds: list[str] = Field(description="Kind of each asset, in the same order.", examples=[["pipe"]])
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")
    message: str


def visible_findings(
    network: Network, scope: Scope, visible: NDArray[np.bool_] | None, findings: Iterable[Finding], *, limit: int | None = None
) -> list[Answer]:
    """Return the findings all assets of which the caller may see, positions rounded to the scope.

    Parameters
    ----------
    visible
        True for rows that the caller may see, shape (assets,); None = all.
    limit
        How many at most; None = all.
    """
    chosen = list(findings)
    if visible is None and limit is not None:
        chosen = chosen[:limit]
    number = np.repeat(np.arange(len(chosen)), [len(item.asset_ids) for item in chosen])
    rows = network.assets.rows_of(np.fromiter((i for item in chosen for i in item.asset_ids), np.int64, len(number)))
    if visible is not None:
        hidden = np.bincount(number[(rows >= 0) & ~visible[rows]], minlength=len(chosen)) > 0
        chosen = [item for item, out in zip(chosen, hidden.tolist(), strict=True) if not out][:limit]
        rows = rows[~hidden[number]]
    # a row of -1 takes the name after the last kind: none
    kind = iter(np.where(rows >= 0, network.assets.kind[rows], len(KINDS)).tolist())
    names = (*KINDS, "")
    return [
        {
            "rule": item.rule,
            "asset_ids": list(item.asset_ids),
            "kinds": [names[next(kind)] for _ in item.asset_ids],
            "position": round_position(item.position, scope),
            "message": item.message,
        }
        for item in chosen
    ]
