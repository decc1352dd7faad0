"""Clean-heating rates of the districts for the last months, made up and labelled so."""

from __future__ import annotations

import numpy as np
import pandas as pd

MONTHS = ("2026-08", "2026-09", "2026-10")
"""Fixed, so that the same seed gives the same bytes on every day."""


def draw_rates(adcodes: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
    """Return heated and clean-heated area by district and month.

    Returns
    -------
    Columns `area_code`, `month` (YYYY-MM), `heated_area_m2`, `clean_area_m2`, `target_rate` (share 0..1). Within a
    district both areas grow from month to month and the clean area stays below the heated one.
    """
    count, months = len(adcodes), len(MONTHS)
    heated = rng.uniform(4e6, 4e7, count)[:, None] * (1.0 + 0.004 * np.arange(months))
    rate = rng.uniform(0.52, 0.95, count)[:, None] + np.cumsum(rng.uniform(0.0, 0.012, (count, months)), axis=1)
    return pd.DataFrame(
        {
            "area_code": np.repeat(adcodes, months),
            "month": np.tile(MONTHS, count),
            "heated_area_m2": heated.round(0).ravel(),
            "clean_area_m2": (heated * np.minimum(rate, 0.99)).round(0).ravel(),
            "target_rate": np.repeat(rng.choice([0.75, 0.8, 0.85, 0.9], count), months),
        }
    )
