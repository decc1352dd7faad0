"""Declared chains that the drawing contradicts: building to substation, substation to source, estate to company."""

from __future__ import annotations

import pandas as pd
import shapely

from data.demo.desk import Desk, Mark
from data.demo.drawn import Drawn, PrimaryParts
from data.demo.faults import Fault, commit

_AWAY_M = (700.0, -450.0)
"""From a source that runs to the one that stands still: far from every pipe end by chance alone, which is looked at."""


def spoil_chains(desk: Desk, drawn: Drawn, scale: int) -> None:
    """Put the wrong chains into the tables while everything else is still sound."""
    _add_idle_source(desk, drawn)
    for stream, fault in enumerate((_buildings(desk), _substations(desk, drawn), _estates(desk)), start=50):
        if fault is not None:
            for row in commit(desk, fault, scale, stream):
                if fault.kind == "estate":  # its substation must keep its company
                    desk.take([row["substation_code"]])


def _add_idle_source(desk: Desk, drawn: Drawn) -> None:
    """Add a boiler house of old that no pipe meets and that does not run."""
    sources = desk.frame("boiler_house")
    if "running" not in sources or not len(sources):
        return
    row = sources.iloc[-1].copy()
    xy = shapely.get_coordinates(row["geometry"])[0] + _AWAY_M
    while not drawn.is_clear(xy, 5.0):
        xy += (7.0, 3.0)
    row["code"], row["name"], row["running"] = "GLF901", "停用锅炉房", "false"
    row["geometry"] = shapely.Point(xy.round(3))
    (label,) = desk.append("boiler_house", [row])
    desk.take(["GLF901"])
    mark = Mark("source_off_network", "boiler_house", label, "a boiler house added that no pipe meets")
    desk.note(mark, "network", "source_off_network", ["GLF901"])


def _buildings(desk: Desk) -> Fault:
    """Declare buildings to the next substation; the drawing feeds them from the one that their inlets name."""
    feeds = desk.frame("building_inlet").groupby("building_code")["substation_code"].agg(["nunique", "first"])
    fed_by = feeds["first"][feeds["nunique"] == 1]
    stations = desk.frame("substation")
    following: dict[str, str] = {}
    # of the same company: a substation of another one would put the building outside the licence area as well
    for _, group in stations.groupby("company_code", sort=False) if "company_code" in stations else [("", stations)]:
        codes = group["code"].tolist()
        following |= dict(zip(codes, [*codes[1:], *codes[:1]], strict=True)) if len(codes) > 1 else {}
    return Fault(
        "building_of_another_substation",
        "building",
        "substation_code",
        lambda row, _: following[row["substation_code"]],
        count=3,
        where="network",
        rule="declared_substation_differs",
        only=lambda frame: (frame["code"].map(fed_by) == frame["substation_code"]) & frame["substation_code"].isin(following),
        names=lambda row, value: [row["code"], str(value)],
        checks=("inlet_substation_differs",),
    )


def _substations(desk: Desk, drawn: Drawn) -> Fault:
    """Declare substations to a source that does not run in the part of the network that feeds them."""
    stations = desk.frame("substation")["code"].tolist()
    running = PrimaryParts(desk, drawn, "supply").sources_of(stations)
    sources = desk.frame("plant")["code"].tolist()

    def others(code: str) -> list[str]:
        fed_by = running.get(code, set())
        return [source for source in sources if source not in fed_by] if fed_by else []

    def worse(row: pd.Series, place: int) -> str:
        found = others(row["code"])
        return found[(place * 7) % len(found)]

    return Fault(
        "substation_of_another_source",
        "substation",
        "source_code",
        worse,
        where="network",
        rule="declared_source_differs",
        only=lambda frame: frame["code"].map(lambda code: bool(others(code))),
        names=lambda row, value: [row["code"], str(value)],
    )


def _estates(desk: Desk) -> Fault | None:
    """Give estates to another company than that of their substation."""
    companies = desk.frame("company")["code"].tolist()
    if len(companies) < 2:
        return None
    following = dict(zip(companies, [*companies[1:], *companies[:1]], strict=True))
    return Fault(
        "estate_of_another_company",
        "estate",
        "company_code",
        lambda row, _: following[row["company_code"]],
        where="check",
        rule="estate_company_differs",
        only=lambda frame: frame["company_code"].isin(companies),
        names=lambda row, _: [row["code"], row["substation_code"]],
    )
