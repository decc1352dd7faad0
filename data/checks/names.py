"""Assets of one kind with one name and address, whatever their spelling."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from data.checks.context import Context, Found
from twin.naming import comparison_keys

_MOST_TOGETHER = 20
"""Assets of one name and address that are told one by one; a larger crowd has a name that tells nothing (自建房)."""


def find_same_names(context: Context) -> None:
    """Find assets of one kind with the same comparison key of name and address.

    Cost: 10 us for each distinct name or address.
    """
    frame = context.read("check_names", texts=("kind", "code", "name", "address"))
    frame["key"] = comparison_keys(frame["name"]).fillna("") + "|" + comparison_keys(frame["address"]).fillna("")
    known = frame[(frame["key"].str[0] != "|") & (frame["key"].str[-1:] != "|")]
    size = known.groupby(["kind", "key"])["asset_id"].transform("size")
    context.insert(_same(known[(size > 1) & (size <= _MOST_TOGETHER)]))


def _same(frame: pd.DataFrame) -> Iterator[Found]:
    for _, group in frame.groupby(["kind", "key"], sort=False):
        first = group.iloc[0]
        for _, row in group.iloc[1:].iterrows():
            detail = {"other": first["code"], "text": f"{row['name']} {row['address']}"}
            ids = (int(row["asset_id"]), int(first["asset_id"]))
            yield Found("same_name_address", f"{ids[1]}+{ids[0]}", ids, None, detail)
