"""Faults of the rollout's registers: what would be counted twice, nowhere or by the wrong area."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import shapely

from data.demo.desk import Desk, Mark
from data.demo.faults import Fault, commit

_NO_AREA = "220199"
_TOWN_DISTRICTS = ("220102", "220103", "220104", "220105", "220106")
_FAR_DISTRICT = "220182"
"""A county that none of the town's districts touches."""
_FIRST_STREAM = 160
_BESIDE_M = np.array([150.0, 90.0])

_FAULTS = (
    Fault(
        "project_without_target",
        "retrofit_project",
        "started_on",
        lambda _, __: dt.date(2035, 4, 1),
        where="check",
        rule="project_without_target",
    ),
    Fault(
        "project_off_area",
        "retrofit_project",
        "area_code",
        lambda _, __: _FAR_DISTRICT,
        where="check",
        rule="project_off_area",
        only=lambda frame: frame["area_code"].isin(_TOWN_DISTRICTS),
    ),
    Fault(
        "project_of_no_area",
        "retrofit_project",
        "area_code",
        lambda _, __: _NO_AREA,
        count=1,
        rule="missing_reference",
        checks=("rollout_area_unknown",),
    ),
    Fault(
        "project_overpaid",
        "retrofit_project",
        "paid_company_cny",
        lambda row, _: float(row["planned_company_cny"]) + 1000.0,
        where="check",
        rule="paid_above_plan",
    ),
    Fault(
        "report_overpaid",
        "rollout_report",
        "paid_local_cny",
        lambda row, _: float(row["allocated_local_cny"]) * 1.25 + 1.0,
        where="check",
        rule="paid_above_plan",
    ),
)


def spoil_rollout(desk: Desk) -> None:
    """Put the faults of the rollout into the tables, a few of each whatever the size."""
    for stream, fault in enumerate(_FAULTS, start=_FIRST_STREAM):
        commit(desk, fault, 1, stream)
    for number, kind in enumerate(("rollout_report", "rollout_target")):
        _add(desk, kind, 1, _FIRST_STREAM + 10 + number, _of_no_area)
    _reports_twice(desk)
    _households_twice(desk)
    _village_without_households(desk)
    _zones(desk)


def _add(
    desk: Desk, kind: str, count: int, stream: int, change: Callable[[pd.Series], tuple[str, str, tuple[tuple[str, str], ...]]]
) -> None:
    """Add changed copies of rows; `change` edits one and returns its fault, words, and who must notice by which rule."""
    frame = desk.frame(kind)
    if "area_code" not in frame and "village_code" not in frame:
        return
    for row in list(desk.pick(kind, np.ones(len(frame), dtype=np.bool_), count, desk.stream(stream))):
        copy = row.copy()
        dirt, done, answers = change(copy)
        (label,) = desk.append(kind, [copy])
        for where, rule in answers:
            desk.note(Mark(dirt, kind, label, done), where, rule, [copy["code"]])


def _of_no_area(row: pd.Series) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    row["code"] = row["code"].replace(row["area_code"], _NO_AREA)
    row["area_code"] = _NO_AREA
    answers = (("import", "missing_reference"), ("check", "rollout_area_unknown"))
    return "area_of_no_city", "a row of an area that the city does not have", answers


def _reports_twice(desk: Desk) -> None:
    def again(row: pd.Series) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        done = f"{row['code']} told again under another code"
        row["code"] = f"{row['code']}-重"
        return "report_twice", done, (("check", "report_twice"),)

    _add(desk, "rollout_report", 2, _FIRST_STREAM + 12, again)


def _households_twice(desk: Desk) -> None:
    """Let another village tell a household too: once with the identity number, once with place and resident only."""
    villages = desk.frame("village")["code"].tolist()
    seen: list[str] = []

    def elsewhere(row: pd.Series) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        done = f"{row['code']} of {row['village_code']} told again by another village"
        row["code"] = f"NH9{len(seen) + 1:06d}"
        row["village_code"] = next(code for code in villages if code != row["village_code"])
        if seen:
            row["id_number"] = None
        else:
            row["geometry"] = shapely.transform(row["geometry"], lambda xy: xy + _BESIDE_M)
        seen.append(str(row["code"]))
        return "household_twice", done, (("check", "household_twice"),)

    _add(desk, "household", 2, _FIRST_STREAM + 13, elsewhere)


def _village_without_households(desk: Desk) -> None:
    frame = desk.frame("village")
    if "geometry" not in frame:
        return
    (row,) = desk.pick("village", np.ones(len(frame), dtype=np.bool_), 1, desk.stream(_FIRST_STREAM + 14))
    copy = row.copy()
    copy["code"], copy["name"] = "CT90001", f"{row['name']}新屯"
    copy["geometry"] = shapely.transform(row["geometry"], lambda xy: xy + _BESIDE_M)
    (label,) = desk.append("village", [copy])
    mark = Mark("village_without_households", "village", label, "a village added that no household names")
    desk.note(mark, "check", "village_without_households", [copy["code"]])


def _zones(desk: Desk) -> None:
    """Tell which zones report households, as the districts under them do: no fault, but it must be said how they count."""
    zones, reports = desk.frame("zone"), desk.frame("rollout_report")
    if "household_count" not in reports:
        return
    newest = reports[reports["month"] == reports["month"].max()]
    telling = newest.loc[pd.to_numeric(newest["household_count"], errors="coerce") > 0, "area_code"]
    for label, code in zones["code"].items():
        if code in set(telling):
            mark = Mark("zone_counts_apart", "zone", int(str(label)), "no fault: a zone that reports households of its districts")
            desk.note(mark, "check", "zone_counts_apart", [code])
