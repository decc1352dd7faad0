"""Legends of pipes: their colours are the viewer's, readable on the map's ground, told apart by colour-blind readers."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from typing import Final

import numpy as np
import pytest

from tests.conftest import ROOT
from tiles.legends import COLOURINGS, ID_COLOURS, RAMP, Colouring, LegendItem, colour_of_id
from tiles.styles import COLOURS
from tiles.tilesets import TILESETS
from twin.lengths import BREAKDOWNS

pytestmark = pytest.mark.plain

PALETTE = (ROOT / "web" / "src" / "layers" / "palette.ts").read_text(encoding="utf-8")
PIPE = {attribute.name: attribute for attribute in TILESETS["network"].layers[0].attributes}
LISTED = [colouring for colouring in COLOURINGS.values() if colouring.kind != "ids"]

VISIONS: Final = {
    "usual": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
"""How linear RGB is seen: Machado, Oliveira, Fernandes 2009, severity 1."""
XYZ: Final = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
TOLD_APART: Final = 10.0
"""Least distance of two colours in CIE Lab; 2.3 is just noticeable side by side."""
LEAST_CONTRAST: Final = 3.0
"""Of graphical objects (WCAG 2.1, 1.4.11)."""


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    ratio = XYZ @ np.clip(rgb, 0, 1) / (XYZ @ np.ones(3))
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("colouring", LISTED, ids=lambda colouring: colouring.name)
@pytest.mark.parametrize("vision", VISIONS)
def test_colours_of_a_legend_are_told_apart(colouring: Colouring, vision: str) -> None:
    colours = [item.colour for item in (*colouring.items, colouring.other)]
    seen = {colour: lab(VISIONS[vision] @ linear(colour)) for colour in colours}
    near = {(a, b): distance for a, b in combinations(colours, 2) if (distance := np.linalg.norm(seen[a] - seen[b])) < TOLD_APART}
    assert near == {}


def test_every_colour_stands_out_from_the_ground() -> None:
    used = {item.colour for each in LISTED for item in (*each.items, each.other)} | set(ID_COLOURS)
    luminance = {colour: float(XYZ[1] @ linear(colour)) for colour in (*used, COLOURS["ground"])}
    contrast = {colour: (luminance[colour] + 0.05) / (luminance[COLOURS["ground"]] + 0.05) for colour in used}
    assert {colour: ratio for colour, ratio in contrast.items() if ratio < LEAST_CONTRAST} == {}


def test_colours_are_those_of_the_viewer() -> None:
    named = dict(re.findall(r'^  (\w+): "(#[0-9a-f]{6})"', PALETTE, re.MULTILINE))
    assert {name: named.get(name) for name in COLOURS} == COLOURS
    areas = re.search(r"AREA_COLOURS[^=]*= \[(.*?)\]", PALETTE, re.DOTALL)
    ramp = re.search(r"RATE_RAMP[^=]*= \[(.*?)\n\]", PALETTE, re.DOTALL)
    assert areas is not None
    assert ramp is not None
    assert tuple(re.findall(r"#[0-9a-f]{6}", areas[1])) == ID_COLOURS
    assert tuple(re.findall(r"#[0-9a-f]{6}", ramp[1]))[::-1] == RAMP
    own = {item.label_en: item.colour for name in ("side", "class") for item in COLOURINGS[name].items}
    assert own["supply"] == named["supply"]
    assert own["return"] == named["return"]
    assert own["long-distance network"] == named["transmission"]
    assert own["primary network"] == named["primary"]
    assert own["secondary network"] == named["secondary"]


@pytest.mark.parametrize("colouring", COLOURINGS.values(), ids=COLOURINGS)
def test_a_legend_means_what_the_tiles_carry(colouring: Colouring) -> None:
    attribute = PIPE[colouring.attribute]
    assert colouring.optional == ((attribute.name,) if attribute.optional else ())
    assert colouring.minzoom == (attribute.zooms[0] if attribute.zooms else TILESETS["network"].minzoom)
    if colouring.kind == "codes":
        codes = {int(code) for code, name in attribute.codes.items() if name != "unknown"}
        assert [item.value for item in colouring.items] == sorted(codes)
    else:
        assert not attribute.codes


@pytest.mark.parametrize("colouring", [each for each in LISTED if each.kind == "ranges"], ids=lambda colouring: colouring.name)
def test_ranges_meet_without_gap_or_overlap(colouring: Colouring) -> None:
    assert colouring.items[0].low is None
    assert colouring.items[-1].high is None
    assert all(below.high == above.low is not None for below, above in pairwise(colouring.items))
    assert [item.low for item in colouring.items[1:]] == sorted(item.low or 0 for item in colouring.items[1:])


def test_diameters_fall_into_the_bands_of_the_standard() -> None:
    items = COLOURINGS["dn"].items

    def label(dn: int) -> str:
        return next(i.label_zh for i in items if (i.low is None or dn >= i.low) and (i.high is None or dn < i.high))

    for dn in (150, 300, 301, 350, 799, 800, 1199, 1200, 1400):
        band = next(band for band in BREAKDOWNS["primary"]["dn_band"] if band.holds(dn))
        assert label(dn) == (band.label_zh if dn > 300 else "100＜DN≤300"), dn
    assert (label(25), label(100)) == ("DN≤100", "DN≤100")


def test_an_asset_has_its_colour_by_id_whoever_asks() -> None:
    few = COLOURINGS["company"].with_ids([(7, "甲"), (12, "乙")])
    many = COLOURINGS["company"].with_ids([(12, "乙"), (1, "丙"), (7, "甲")])
    assert {i.value: i.colour for i in few.items} == {i.value: i.colour for i in many.items if i.value != 1}
    assert few.items[0] == LegendItem(colour_of_id(7), "甲", "甲", 7)
    assert COLOURINGS["company"].items == ()
