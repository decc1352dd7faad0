"""Small code lists of our own, which no standard has."""

from __future__ import annotations

from collections.abc import Mapping

NETWORK_LEVELS: Mapping[str, str] = {
    "transmission": "长输管网 transmission",
    "primary": "一次网 primary network",
    "secondary": "二次网 secondary network",
    "direct": "直接连接管网 direct connection",
}
"""Classes of network; what a pipe should declare follows from its ends (`topology.build.network_class`)."""
LEVEL_WORDS: Mapping[str, str] = {
    **{"长输": "transmission", "长输管线": "transmission", "长输网": "transmission"},
    **{"一网": "primary", "一级网": "primary", "一级管网": "primary", "一次管网": "primary"},
    **{"二网": "secondary", "二级网": "secondary", "二级管网": "secondary", "二次管网": "secondary"},
    **{"直连": "direct", "直供": "direct"},
}
SIDES: Mapping[str, str] = {"supply": "供水 supply", "return": "回水 return"}
SIDE_WORDS: Mapping[str, str] = {"供": "supply", "回": "return", "供水管": "supply", "回水管": "return"}
MEDIA: Mapping[str, str] = {"heat": "热水 hot water", "gas": "燃气 gas"}
Z_SOURCES: Mapping[str, str] = {
    "surveyed": "实测 surveyed",
    "from_depth": "由埋深推算 from burial depth",
    "default": "默认 default",
}
HEIGHT_SOURCES: Mapping[str, str] = {
    "attribute": "实测 given",
    "storeys": "由层数推算 from storeys",
    "default": "默认 default",
}
VALVE_STATES: Mapping[str, str] = {"open": "开 open", "closed": "关 closed", "unknown": "未知 unknown"}
OPERABILITIES: Mapping[str, str] = {
    "usable": "可操作 usable",
    "stuck": "卡死 stuck",
    "no_access": "无法到达 no access",
    "tagged_out": "挂牌禁动 tagged out",
}
AUTHORITY_LEVELS: Mapping[str, str] = {"city": "市 city", "district": "区县 district"}
PUMPED_SIDES: Mapping[str, str] = {"supply": "供水 supply", "return": "回水 return", "both": "供回水 both"}
PRESSURE_PLACES: Mapping[str, str] = {
    "section_valve": "分段阀门 section valve",
    "strainer": "除污器前后 strainer",
    "branch_node": "重要分支节点 important branch node",
}
"""Where trunk pressure is watched (platform requirements 2.8.3)."""
