"""Balance (热量、流量平衡): what heat sources give out against what the substations of the same water take in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.arrays import Float64Array, Int64Array
from twin.quality import Quality
from twin.quality_rules.live import SILENT_PERIODS, Watch
from twin.quality_rules.model import QualityRule

LEAST_SHARE: Final = 0.9
"""Share of a zone's substations that must report before it is balanced; the sum stands for all of them."""


@dataclass(frozen=True)
class Side:
    """Assets on one side of the balances, each with its zone; shape (n,)."""

    asset_ids: Int64Array
    zone: Int64Array


def balance(
    watches: Sequence[Watch], asset_ids: Sequence[Int64Array], rule: QualityRule, sides: tuple[Side, Side], *, now_ms: int
) -> None:
    """Bring the balances of a rule up to date; rows are judged by them when their next frame comes.

    Parameters
    ----------
    asset_ids
        The asset of each source of each watch.
    rule
        Of kind `balance`: its first point is the sources', its second the substations'.
    sides
        Heat sources and substations.

    Notes
    -----
    Costs 3 ms for 3,500 substations.
    """
    outlets, taken = (
        _values(watches, asset_ids, rule, (point, side), now_ms=now_ms) for point, side in zip(rule.points, sides, strict=True)
    )
    zones = 1 + max((int(side.zone.max(initial=-1)) for side in sides), default=-1)
    # of no rows, numpy counts in whole numbers
    outlet = np.bincount(sides[0].zone, np.nan_to_num(outlets), zones).astype(np.float64)
    outlet[sides[0].zone[np.isnan(outlets)]] = np.nan  # a source that does not report: nothing is known of its zone
    count, known = np.bincount(sides[1].zone, minlength=zones), np.bincount(sides[1].zone, ~np.isnan(taken), zones)
    total = np.bincount(sides[1].zone, np.nan_to_num(taken), zones)
    with np.errstate(all="ignore"):
        total = np.where(known >= LEAST_SHARE * count, total * count / known, np.nan)
    figures = np.stack([outlet, total, count.astype(np.float64)], axis=1)
    _tell(watches, asset_ids, rule, sides, figures)


def _values(
    watches: Sequence[Watch], asset_ids: Sequence[Int64Array], rule: QualityRule, asked: tuple[str, Side], *, now_ms: int
) -> Float64Array:
    """Return the latest good value of a point at each member of a side; NaN where there is none."""
    point, side = asked
    found: dict[int, float] = {}
    for watch, ids in zip(watches, asset_ids, strict=True):
        column = watch.schema.column(point)
        if column is None or column not in rule.columns(watch.schema):
            continue
        fresh = now_ms - watch.received_ms <= SILENT_PERIODS * watch.period_ms
        good = np.flatnonzero(fresh & (watch.quality[:, column] < Quality.SUSPECT) & np.isin(ids, side.asset_ids))
        found |= dict(zip(ids[good].tolist(), watch.last[good, column].tolist(), strict=True))
    return np.array([found.get(asset_id, np.nan) for asset_id in side.asset_ids.tolist()], np.float64)


def _tell(
    watches: Sequence[Watch],
    asset_ids: Sequence[Int64Array],
    rule: QualityRule,
    sides: tuple[Side, Side],
    figures: Float64Array,
) -> None:
    zone_of: dict[int, int] = {}
    for side in sides:
        zone_of |= dict(zip(side.asset_ids.tolist(), side.zone.tolist(), strict=True))
    for watch, ids in zip(watches, asset_ids, strict=True):
        if not rule.columns(watch.schema):
            continue
        zones = np.array([zone_of.get(asset_id, -1) for asset_id in ids.tolist()], np.int64)
        told = np.full((len(ids), 3), np.nan)
        told[zones >= 0] = figures[zones[zones >= 0]]
        watch.balances[rule.code] = told


def balanced_rules(rules: Sequence[QualityRule]) -> list[QualityRule]:
    """Return the rules that need balances."""
    return [rule for rule in rules if rule.enabled and rule.kind == "balance"]
