"""What files say about their system: EPSG codes where there are any, else a name that nothing transforms."""

from __future__ import annotations

import pytest
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from gis.datum_names import parse_datum
from gis.parameters import Similarity
from gis.srs import srs_of

GRID = {"city": Similarity("gk(cgcs2000,3,126,plain)", 1.0, 2.0)}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("wgs84", 4326),
        ("cgcs2000", 4490),
        ("xian80", 4610),
        ("beijing54", 4214),
        ("gk(cgcs2000,3,126,plain)", 4551),
        ("gk(cgcs2000,3,126,prefix)", 4530),
        ("gk(xian80,3,126,plain)", 2387),
        ("epsg:32651", 32651),
    ],
)
def test_a_system_with_a_code_is_labelled_with_it(text: str, code: int) -> None:
    assert srs_of(parse_datum(text)).to_epsg() == code


@pytest.mark.parametrize(
    ("text", "unit"), [("gcj02", "degree"), ("bd09", "degree"), ("bd09mc", "metre"), ("local(city)", "metre")]
)
def test_a_system_without_a_code_has_a_name_and_cannot_be_transformed(text: str, unit: str) -> None:
    srs = srs_of(parse_datum(text, GRID))
    assert srs.to_epsg() is None
    assert text in srs.name
    assert {axis.unit_name for axis in srs.axis_info} == {unit}
    with pytest.raises(ProjError):
        Transformer.from_crs(srs, CRS.from_epsg(4326))


def test_a_quote_in_the_name_of_a_grid_stays_inside_it() -> None:
    datum = parse_datum('local(a"b)', {'a"b': GRID["city"]})
    assert srs_of(datum).name.startswith('local(a"b)')
