"""Rules of what is there twice."""

from __future__ import annotations

from twin.checks.model import Rule

RULES = (
    Rule(
        "same_place",
        "duplicates",
        "warning",
        "同类对象位置重合",
        "same kind at one place",
        "两个同类对象位于同一点（同侧、同级），可能录入了两次",
        "two assets of one kind (and side, and level) at the same point; one was probably entered twice",
        "{code} 与 {other} 位于同一点",
        "{code} and {other} are at the same point",
        ("retire",),
    ),
    Rule(
        "building_twice",
        "duplicates",
        "error",
        "楼栋重复",
        "building drawn twice",
        "两栋楼的轮廓重合 80 % 以上，同一栋楼录入了两次，热负荷被重复计算",
        "two outlines cover each other by more than 80 %: one building entered twice, its heat load counted twice",
        "楼栋 {code} 与 {other} 重合 {percent} %",
        "building {code} and {other} cover each other by {percent} %",
        ("retire",),
    ),
    Rule(
        "same_name_address",
        "duplicates",
        "warning",
        "名称和地址相同",
        "same name and address",
        "同类对象的名称和地址归一化后相同（全半角、空格、繁简、号楼写法不计）",
        "two assets of one kind with the same name and address, whatever their spelling (width, blanks, traditional forms)",
        "{code} 与 {other} 名称和地址相同：{text}",
        "{code} and {other} have the same name and address: {text}",
        ("retire",),
    ),
)
