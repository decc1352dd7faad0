"""Layers of the rollout: targets, monthly reports, units, tickets, answers, energy, suppliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import shapely

from data.demo import rollout, rollout_reports, rollout_service
from data.demo.countryside import Area, areas, lonlat
from data.demo.delivery import plain_layer
from data.demo.files import Layer
from data.demo.outlines import District
from data.demo.rollout_reports import Counted

TICKETS, ANSWERS = 12_000, 50_000
SAMPLE_TICKETS, SAMPLE_ANSWERS = 60, 80


def rollout_layers(
    folder: Path,
    seed: int,
    *,
    districts: Sequence[District],
    counted: Sequence[Area] | None,
    villages: geopandas.GeoDataFrame,
    households: geopandas.GeoDataFrame,
) -> list[Layer]:
    """Return the registers of the rollout.

    Parameters
    ----------
    counted
        The areas of a whole city; None = a sample: its districts, a few months, a few answers.
    villages, households
        In metres of the quarter; villages name their township.
    """
    of = areas(districts) if counted is None else counted
    rates = rollout.draw_rates(tuple(each.adcode for each in districts), np.random.default_rng([seed, 11]))
    homes = count_homes(of, villages, households)
    months = rollout_reports.SAMPLE_MONTHS if counted is None else rollout_reports.ALL_MONTHS
    reports = rollout_reports.draw_reports(seed, of, rates, homes, months)
    targets = rollout_reports.draw_targets(seed, of, rates, homes, reports)
    tickets, answers = (SAMPLE_TICKETS, SAMPLE_ANSWERS) if counted is None else (TICKETS, ANSWERS)
    towns = [
        (code, f"示例乡镇{code[-3:]}") for code in sorted(set(villages["parent_code"]) - {each.adcode for each in districts})
    ]
    tables = {
        "rollout_target": targets,
        "rollout_report": reports,
        "responsible_unit": rollout_service.draw_units(seed, of, towns, villages),
        "service_ticket": rollout_service.draw_tickets(seed, households, tickets),
        "satisfaction_answer": rollout_service.draw_answers(seed, households, answers),
        "energy_use": rollout_service.draw_energy_use(seed, households),
        "device_supplier": rollout_service.draw_suppliers(seed, of),
    }
    return [plain_layer(folder, f"{kind}s", kind, _whole_numbers(frame)) for kind, frame in tables.items()]


def _whole_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose counts stay whole where some are empty."""
    counts = [name for name in frame.columns if name.endswith("_count")]
    return frame.astype(dict.fromkeys(counts, "Int64"))


def count_homes(
    counted: Sequence[Area], villages: geopandas.GeoDataFrame, households: geopandas.GeoDataFrame
) -> Mapping[str, Counted]:
    """Return the households of each area: of a district by the village's district, of a zone by where the village lies."""
    frame = pd.DataFrame(
        {
            "village": households["village_code"].to_numpy(),
            "permanent": households["permanent"].to_numpy(),
            "finished": households["finished_on"].to_numpy(),
        }
    )
    by_village = dict(iter(frame.groupby("village", sort=True)))
    at = lonlat(shapely.get_coordinates(villages.geometry.to_numpy()))
    found = {}
    for area in counted:
        here = villages["adcode"].to_numpy() == area.code
        if area.kind == "zone":
            shapely.prepare(area.outline)
            here = shapely.contains_xy(area.outline, at)
        parts = [by_village[code] for code in villages["code"].to_numpy()[here] if code in by_village]
        found[area.code] = _counted(pd.concat(parts) if parts else frame.iloc[:0])
    return found


def _counted(homes: pd.DataFrame) -> Counted:
    days = homes["finished"].to_numpy(dtype=str)
    return Counted(int(homes["permanent"].sum()), np.sort(days[days != ""]))
