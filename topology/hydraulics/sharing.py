"""Shares the load of a part of the network among its sources; stations at which heat passes are consumers and sources."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology.hydraulics.drawing import Floats


def depth_of(part: NDArray[np.int32], running: pd.DataFrame, passages: pd.DataFrame) -> NDArray[np.int64]:
    """Tell how many passages lie between a running source and what each passage feeds, itself included; 0 = none feeds it.

    Fed is what is fed on both sides.
    """
    fed = set(part[running[["supply", "return"]].to_numpy(np.int64)].ravel().tolist())
    before, beyond = (
        part[passages[list(columns)].to_numpy(np.int64)] for columns in (("supply_from", "return_from"), ("supply", "return"))
    )
    depth: NDArray[np.int64] = np.zeros(len(passages), np.int64)
    for turn in range(1, len(passages) + 1):
        met = np.isin(before, list(fed))
        found = met[:, 0] & met[:, 1] & (depth == 0)
        if not found.any():
            break
        depth[found] = turn
        fed |= set(beyond[found].ravel().tolist())
    return depth


def share_loads(
    part: NDArray[np.int32], feeds: pd.DataFrame, passages: pd.DataFrame, stations: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Share the load of the stations of each part among its sources by the power that they give to it directly.

    What passages take from a part its giver gives on top of its share (`_givers`). Returns the sources with `load`, and all
    consumers: the stations, and the passages with what they must take.
    """
    usable = stations[(stations[["supply", "return"]] >= 0).all(axis=1)]
    load = np.bincount(part[usable["supply"]], weights=usable["load"], minlength=int(part.max(initial=0)) + 1)
    own = part[feeds["supply"].to_numpy(np.int64)]
    givers = _givers(feeds, own, part)
    power = _direct_power(feeds, givers)
    share = power / power.groupby(own).transform("sum")
    feeds = feeds.assign(load=_passed_on(feeds, givers, load[own] * share.to_numpy()))
    through = feeds[feeds["asset_id"].isin(passages["asset_id"])]
    taking = through[["asset_id", "supply_from", "return_from", "load"]] if len(through) else stations.iloc[:0]
    taking = taking.rename(columns={"supply_from": "supply", "return_from": "return"})
    taking = taking.astype({"asset_id": np.int64, "supply": np.int64, "return": np.int64})
    return feeds, pd.concat([stations, taking], ignore_index=True) if len(taking) else stations


def _known_power(feeds: pd.DataFrame) -> pd.Series[float]:
    """Return the power of each source, an unknown one counting as the median."""
    known = feeds["power"].where(feeds["power"] > 0)
    return known.fillna(known.median() if known.notna().any() else 1.0).astype(float)


def _givers(feeds: pd.DataFrame, own: NDArray[np.int32], part: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return for each passage the row of the source that gives what it takes; -1 for a source that is none.

    It is the strongest one of the part before it, plants and boiler houses before passages.
    """
    giver: NDArray[np.int64] = np.full(len(feeds), -1, np.int64)
    if "supply_from" not in feeds:
        return giver
    order = np.lexsort((-_known_power(feeds).to_numpy(), feeds["depth"].to_numpy()))
    parts, first = np.unique(own[order], return_index=True)
    passes = np.flatnonzero(feeds["supply_from"].notna())
    before = part[feeds["supply_from"].to_numpy()[passes].astype(np.int64)]
    giver[passes] = order[first[np.searchsorted(parts, before)]]
    return giver


def _direct_power(feeds: pd.DataFrame, givers: NDArray[np.int64]) -> pd.Series[float]:
    """Return the power of each source less what passages take from it; at least a tenth stays."""
    power = _known_power(feeds)
    passes = givers >= 0
    taken = np.bincount(givers[passes], weights=power[passes], minlength=len(feeds))
    return power.where(taken == 0.0, np.maximum(power - taken, 0.1 * power))


def _passed_on(feeds: pd.DataFrame, givers: NDArray[np.int64], share_mw: Floats) -> Floats:
    """Return what each source gives: its share, and what passages take from it, the last passage first."""
    load = share_mw.copy()
    for row in np.argsort(-feeds["depth"].to_numpy(), kind="stable"):
        if givers[row] >= 0:
            load[givers[row]] += load[row]
    return load
