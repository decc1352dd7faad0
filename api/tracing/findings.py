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
    shown: list[Answer] = []
    for item in findings:
        if limit is not None and len(shown) >= limit:
            break
        rows = network.assets.rows_of(np.array(item.asset_ids, np.int32))
        if visible is None or visible[rows[rows >= 0]].all():
            shown.append(
                {
                    "rule": item.rule,
                    "asset_ids": list(item.asset_ids),
                    "kinds": [KINDS[network.assets.kind[row]] if row >= 0 else "" for row in rows],
                    "position": round_position(item.position, scope),
                    "message": item.message,
                }
            )
    return shown
