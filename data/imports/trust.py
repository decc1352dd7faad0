"""Holds a layer against what the archive knows: whether it was converted already, and whether its places fit trusted assets.

Trusted are the current assets of the same kind in the same city. A layer is refused when another reading of its numbers fits
them `REFUSED_MARGIN` times better than the declared datum and at least `NEAR_M` close, while the declared one leaves it `AWAY_M`
off; an honest delivery of other assets of the kind fits no reading, so nothing is said about it. `trust_datum = true` in the
manifest switches both off for a layer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from data.imports.placing import Sample, mixture_sentence
from data.imports.staging import Staged
from data.ledger import find_converted
from data.pool import Connection
from data.statements import sql
from gis.datums import parse_datum
from gis.detect_claims import same_system
from gis.detect_datum import LEAST_POINTS, Trusted, detect_datum
from gis.detect_mixed import mixed_datums
from gis.detect_readings import Reading
from twin.kinds import KINDS

REFUSED_MARGIN: Final = 5.0
"""The declared datum must fit this many times worse than the best reading before a layer is refused."""
NEAR_M: Final = 30.0
"""The best reading must bring 30 % of the places this close to trusted assets."""
AWAY_M: Final = 100.0
"""And the declared one must leave them this far off: less is a matter of survey, not of datum."""
MOST_TRUSTED: Final = 200_000
"""Places of trusted assets that are read; of a larger kind an even part, with which nothing is refused by mistake."""


@dataclass(slots=True)
class Archive:
    """The stored assets of a city as evidence, read once a kind."""

    connection: Connection
    city_id: int
    _trusted: dict[str | None, Trusted | None] = field(default_factory=dict)

    def trusted(self, kind: str | None) -> Trusted | None:
        """Return places of the current assets of a kind (None = of all), or None when there are too few.

        Cost: 0.5 s for 200,000 places.
        """
        if kind not in self._trusted:
            rows = self.connection.execute(
                sql("trusted_places"), {"city_id": self.city_id, "kind": kind, "most": MOST_TRUSTED}
            ).fetchall()
            what = "assets" if kind is None else f"assets of kind {kind}"
            places = np.array(rows, dtype=np.float64).reshape(-1, 2)
            self._trusted[kind] = Trusted(places, f"the archive's {what}") if len(places) >= LEAST_POINTS else None
        return self._trusted[kind]


def objection(archive: Archive, layer: Staged) -> str:
    """Return why a staged layer must not be taken as it is, or an empty text."""
    if layer.ledger is None or layer.sample is None:
        return ""
    return _converted_already(archive, layer) or _fits_otherwise(archive, layer, layer.sample)


def _converted_already(archive: Archive, layer: Staged) -> str:
    entry, sample = layer.ledger, layer.sample
    assert entry is not None
    assert sample is not None
    if sample.datum.family == "twice" or entry.input_sha256 == entry.output_sha256:
        return ""  # undoing is what the entry is for; what moves nothing converts nothing
    known = find_converted(archive.connection, entry.input_sha256, layer.input_sketch)
    if known is None or same_system(sample.xy, sample.datum, parse_datum(known.datum_out)):
        return ""
    return known.sentence(sample.datum.text)


def _fits_otherwise(archive: Archive, layer: Staged, sample: Sample) -> str:
    kind = layer.entry.kind
    trusted = archive.trusted(kind) if kind in KINDS and len(sample.xy) >= LEAST_POINTS else None
    if trusted is None:
        return ""
    finite = np.isfinite(sample.xy).all(axis=1)
    mixture = mixed_datums(sample.xy[finite], sample.rows[finite], sample.datum, trusted)
    if mixture is not None:
        return mixture_sentence(mixture, np.unique(mixture.rows).tolist())
    finding = detect_datum(sample.xy, trusted=trusted, declared=sample.datum)
    declared = finding.distance_of(Reading(sample.datum))
    if finding.proposed is None or declared is None or declared < AWAY_M or finding.against(sample.datum) < REFUSED_MARGIN:
        return ""
    if finding.scored[0].distance_m > NEAR_M or finding.margin < REFUSED_MARGIN:
        return ""
    times = finding.against(sample.datum)
    return (
        f"declared {sample.datum.text}, but the numbers are {finding.proposed.text}: {finding.seen[0]}, as declared within"
        f' {declared:,.0f} m ({times:,.0f} times farther). Write datum = "{finding.proposed.datum.text}", or trust_datum = true'
        " if the manifest is right and the archive is wrong"
    )
