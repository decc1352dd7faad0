"""Dirt: spoils the tables of a delivery as real deliveries are spoiled, and writes down what was done and who must notice.

Every fault sits where its consequences can be told from the drawing alone, and no two faults touch the same things, so the
answer sheet names every problem of the import and every finding of the network's checks. The sheet is derived from the codes in
the tables; no check is run to make it.
"""

from __future__ import annotations

from collections.abc import Sequence

from data.demo.answers import Answer
from data.demo.desk import Desk
from data.demo.dirt_chains import spoil_chains
from data.demo.dirt_network import spoil_network
from data.demo.dirt_rows import spoil_rows
from data.demo.drawn import read_drawn
from data.demo.files import Layer

BUILDINGS_A_HANDFUL = 1000
"""Each kind of fault comes a handful of times for so many buildings."""


def spoil(layers: Sequence[Layer], seed: int) -> tuple[tuple[Layer, ...], tuple[Answer, ...]]:
    """Return the layers of a delivery with every kind of fault in them, and the answer sheet.

    Parameters
    ----------
    layers
        Those with a sheet are spoiled, before they are written.
    seed
        Same seed, same faults; the streams are the faults' own.

    Notes
    -----
    Cost: 5 s for 200,000 pipes and 50,000 buildings.
    """
    desk = Desk(layers, seed)
    scale = max(1, round(len(desk.frame("building")) / BUILDINGS_A_HANDFUL))
    drawn = read_drawn(desk)
    spoil_chains(desk, drawn, scale)
    spoil_network(desk, drawn, scale)
    spoil_rows(desk, scale)
    return desk.finish()
