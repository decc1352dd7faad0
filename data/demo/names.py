"""Plausible Chinese names, put together from short word lists; none is meant to be a real place."""

from __future__ import annotations

import numpy as np

_STREET_FIRST = "春夏晨景锦瑞祥安康宁和丰泰永兴文德明华新融盛"
_STREET_SECOND = "阳光晖园林泉溪桥岭原城庆达茂昌平远翔湖松柏"
_ESTATE_FIRST = (
    "锦绣",
    "金色",
    "阳光",
    "绿地",
    "翡翠",
    "御景",
    "春城",
    "北国",
    "松江",
    "雪域",
    "和谐",
    "万福",
    "嘉禾",
    "长青",
    "紫荆",
    "丁香",
)
_ESTATE_LAST = ("花园", "家园", "新村", "名苑", "小区", "华庭", "嘉园", "雅居")
_COMPANIES = ("示例热力集团", "示例东城供热公司", "示例西城供热公司", "示例惠民供热公司")
SCHOOL = "示例实验学校"
HOSPITAL = "示例人民医院"


def street_names(count: int, rng: np.random.Generator) -> list[str]:
    """Return `count` different two-character stems of street names."""
    width = len(_STREET_SECOND)
    picks = rng.choice(len(_STREET_FIRST) * width, count, replace=False)
    return [_STREET_FIRST[pick // width] + _STREET_SECOND[pick % width] for pick in picks]


def estate_names(count: int, rng: np.random.Generator) -> list[str]:
    """Return `count` different names of estates; beyond the lists' 128 a number of the phase is added."""
    width = len(_ESTATE_LAST)
    order = rng.permutation(len(_ESTATE_FIRST) * width)
    picks = [int(order[index % len(order)]) for index in range(count)]
    phases = [index // len(order) for index in range(count)]
    stems = [_ESTATE_FIRST[pick // width] + _ESTATE_LAST[pick % width] for pick in picks]
    return [stem if phase == 0 else f"{stem}{phase + 1}期" for stem, phase in zip(stems, phases, strict=True)]


def company_names() -> tuple[str, ...]:
    """Return the names of the heating companies."""
    return _COMPANIES
