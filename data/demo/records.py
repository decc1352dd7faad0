"""What the records of the standards ask beside the drawing: of sources, substations, buildings and companies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.unified_code import assigned_codes

_SOURCES, _STATIONS, _BUILDINGS, _COMPANIES = 70, 71, 72, 73
"""Streams."""
Texts = NDArray[np.str_]
_METERED_FROM: Final = 2010


def _drawn(rng: np.random.Generator, choices: Sequence[str], shares: Sequence[float], count: int) -> Texts:
    return np.asarray(choices)[rng.choice(len(choices), count, p=shares)]


def _or_none(texts: Texts) -> NDArray[np.object_]:
    return np.array([text or None for text in texts.tolist()], dtype=object)


def with_unified_codes(frame: pd.DataFrame, adcode: str, kind: str) -> pd.DataFrame:
    """Return rows with unified codes of our own, to be registered."""
    codes = assigned_codes(adcode, kind, len(frame))
    return frame.assign(unified_code=codes, unified_code_state="assigned")


def source_record(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return heat sources with their record (GB/T 38705-2020 5.2.1)."""
    rng = np.random.default_rng([seed, _SOURCES])
    is_plant = (frame["source_kind"] == "电厂").to_numpy()
    energy = np.where(is_plant, "燃煤", _drawn(rng, ("燃煤", "燃气", "生物质"), (0.3, 0.55, 0.15), len(frame)))
    years = rng.integers(1985, 2022, len(frame))
    units = np.maximum(1, np.ceil(frame["design_power_mw"].to_numpy() / np.where(is_plant, 350.0, 70.0))).astype(int)
    machine = np.where(is_plant, "抽凝式汽轮机", np.where(energy == "燃气", "燃气热水锅炉", "链条热水锅炉"))
    return frame.assign(
        owner=np.where(is_plant, "示例发电集团", "示例城投集团"),
        operator=np.where(is_plant, "示例发电集团", "示例供热运营公司"),
        started_on=[f"{year}-10-20" for year in years.tolist()],
        source_type=np.where(is_plant, "集中供热/热电联产(含多热源联网)", "集中供热/非热电联产"),
        energy_kind=energy,
        design_pressure_mpa=np.where(is_plant, 2.5, 1.6),
        design_supply_temperature_degc=np.where(is_plant, 130.0, 110.0),
        design_return_temperature_degc=np.where(is_plant, 60.0, 55.0),
        main_equipment=[f"{name}{count}台" for name, count in zip(machine.tolist(), units.tolist(), strict=True)],
    )


def station_record(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return substations with what GB/T 43097-2023 6.1.3 counts them by."""
    rng = np.random.default_rng([seed, _STATIONS])
    count = len(frame)
    new = frame["installed_year"].to_numpy() >= 2012
    special = _drawn(rng, ("", "楼宇热力站", "吸收式大温差热力站"), (0.94, 0.03, 0.03), count)
    return frame.assign(
        management=_drawn(rng, ("自管热力站", "其他"), (0.92, 0.08), count),
        exchange_form=_drawn(rng, ("水-水换热", "汽-水换热"), (0.98, 0.02), count),
        connection_form=_drawn(rng, ("间接连接", "混水或直接连接"), (0.96, 0.04), count),
        automation=np.where(
            new, "无人值守运行", _drawn(rng, ("无人值守运行", "有人值守自动化运行", "手动运行"), (0.5, 0.4, 0.1), count)
        ),
        special_type=_or_none(special),
    )


def building_record(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return buildings with what GB/T 43097-2023 6.1.4 asks of each: system, metering, control, terminals, charging."""
    rng = np.random.default_rng([seed, _BUILDINGS])
    count, year = len(frame), frame["year_built"].to_numpy()
    metered = (year >= _METERED_FROM) & (rng.random(count) < 0.4)
    old = _drawn(rng, ("垂直单管跨越", "水平单管串联", "垂直双管"), (0.6, 0.25, 0.15), count)
    floor = (year >= 2005) & (rng.random(count) < 0.7)
    metering = np.where(metered, _drawn(rng, ("户用热量表", "其他/通断时间面积法"), (0.7, 0.3), count), "")
    return frame.assign(
        heating_system=np.where(year < 2000, old, "分户独立循环"),
        metering_mode=_or_none(metering),
        control_mode=np.where(metered, "分户调控", np.where(year >= 2000, "楼栋调控", "无")),
        terminal_form=np.where(floor, "地板辐射", "散热器"),
        charging_mode=np.where(metered & (rng.random(count) < 0.3), "按热计量收费", "按面积收费"),
    )


def company_record(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return companies with their profile (GB/T 43097-2023 5.1)."""
    rng = np.random.default_rng([seed, _COMPANIES])
    count = len(frame)
    kinds = ("企业单位/国有企业", "企业单位/有限责任公司", "企业单位/私营企业", "企业单位/股份有限公司")
    return frame.assign(
        registration_type=_drawn(rng, kinds, (0.2, 0.5, 0.2, 0.1), count),
        heating_mode=_drawn(rng, ("集中供热/热电联产(含多热源联网)", "集中供热/非热电联产"), (0.6, 0.4), count),
        employee_count=rng.integers(20, 900, count),
    )
