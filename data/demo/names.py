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
_TOWNSHIP_FIRST = "双大长永万太三四五新红合兴小榆柳山龙朝前"
_TOWNSHIP_LAST = "河山岭沟泉家城台龙树林营甸川湾塘桥庙屯坡"
_COMPANIES = ("示例热力集团", "示例东城供热公司", "示例西城供热公司", "示例惠民供热公司")
_PARTS = ("东", "西", "南", "北", "中", "新", "上", "下", "前", "后")
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


def township_stems(count: int, rng: np.random.Generator) -> list[str]:
    """Return `count` different two-character stems of township names."""
    width = len(_TOWNSHIP_LAST)
    picks = rng.choice(len(_TOWNSHIP_FIRST) * width, count, replace=False)
    return [_TOWNSHIP_FIRST[pick // width] + _TOWNSHIP_LAST[pick % width] for pick in picks]


def large_company_name(index: int) -> str:
    """Return the name of a company of a large city; 0 is the one that runs the plants' mains."""
    if index == 0:
        return _COMPANIES[0]
    round_ = index // len(_STREET_FIRST)  # each time the first characters come round again, others follow them
    first, second = _STREET_FIRST[index % len(_STREET_FIRST)], _STREET_SECOND[(index * 7 + round_) % len(_STREET_SECOND)]
    return f"示例{first}{second}{'热力' if index % 3 else '供热'}公司"


class AreaNames:
    """Gives names that stand once in a large city: a second street of the same name gets a part of the city in front."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """Return the name itself the first time, then with 东, 西 and so on in front."""
        times = self._seen[name] = self._seen.get(name, 0) + 1
        if times == 1:
            return name
        place = times - 2
        prefix = _PARTS[place] if place < len(_PARTS) else f"{_PARTS[place % len(_PARTS)]}{place // len(_PARTS)}"
        return prefix + name

    def estate(self, street: str) -> str:
        """Return a name for an estate in a street; later ones of the same kind are numbered areas."""
        count = self._seen[f"小区 {street}"] = self._seen.get(f"小区 {street}", 0) + 1
        number, kind = divmod(count - 1, len(_ESTATE_LAST))
        stem = street.removesuffix("大街").removesuffix("路")
        return f"{stem}{_ESTATE_LAST[kind]}" + (f"{number + 1}期" if number else "")


def company_names() -> tuple[str, ...]:
    """Return the names of the heating companies."""
    return _COMPANIES
