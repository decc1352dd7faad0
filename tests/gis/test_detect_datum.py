"""Which system a layer is in: held against trusted places and against the extent of the city."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from gis.datums import from_wgs84, parse_datum, to_wgs84
from gis.detect_claims import Claim, claims_of, contradictions
from gis.detect_datum import LEAST_MARGIN, Finding, Trusted, anchors_of, detect_datum
from gis.detect_mixed import LEAST_ROWS, mixed_datums, mixed_units
from gis.detect_readings import Reading, looks_packed, unpacked
from gis.mainland import inside_mainland
from gis.parameters import Similarity

Floats = NDArray[np.float64]
NAMES = ("wgs84", "gcj02", "bd09", "twice(gcj02)")
METRES = 111_320.0
CHANGCHUN = (125.32, 43.85)
EXTENT = (125.0, 43.5, 125.8, 44.2)


def _city(rng: np.random.Generator, middle: tuple[float, float], count: int = 400) -> Floats:
    return rng.uniform(-0.1, 0.1, (count, 2)) + middle


def _layer(rng: np.random.Generator, city: Floats, count: int, *, related: float, scatter_m: float) -> Floats:
    """Return places of a layer in WGS-84: a share of them beside known places, the others anywhere in the city."""
    known = rng.choice(len(city), round(count * related), replace=False)
    beside = city[known] + rng.normal(0.0, scatter_m, (len(known), 2)) / (METRES * np.cos(np.radians(city[known, 1:])))
    elsewhere = rng.uniform(city.min(axis=0), city.max(axis=0), (count - len(known), 2))
    return rng.permutation(np.concatenate((beside, elsewhere)))


def _proposed(finding: Finding) -> str:
    return "" if finding.proposed is None else finding.proposed.text


def test_four_hundred_cities_are_told_from_twenty_scattered_features_with_forty_per_cent_unrelated() -> None:
    rng = np.random.default_rng(20261121)
    cities = 0
    while cities < 400:
        middle = (float(rng.uniform(98.0, 125.0)), float(rng.uniform(24.0, 46.0)))
        if not inside_mainland(_city(rng, middle, 50)).all():
            continue
        name = NAMES[cities % len(NAMES)]
        city = _city(rng, middle)
        layer = from_wgs84(_layer(rng, city, 20, related=0.6, scatter_m=12.0), parse_datum(name))
        finding = detect_datum(layer, trusted=Trusted(city, "the archive"))
        assert _proposed(finding) == name, (middle, finding)
        cities += 1


@pytest.mark.parametrize("name", [*NAMES, "twice(bd09)", "gk(cgcs2000,3,126,plain)", "gk(cgcs2000,3,126,prefix)", "epsg:3857"])
@pytest.mark.parametrize("turned", [False, True])
def test_systems_and_axes_are_found_among_trusted_places(name: str, turned: bool) -> None:
    rng = np.random.default_rng(3)
    city = _city(rng, CHANGCHUN)
    layer = from_wgs84(_layer(rng, city, 100, related=0.8, scatter_m=3.0), parse_datum(name))
    finding = detect_datum(layer[:, ::-1] if turned else layer, trusted=Trusted(city, "400 chambers"))
    assert finding.proposed == Reading(parse_datum(name), turned, "metres" if "gk" in name or "epsg" in name else "degrees")
    assert finding.margin >= LEAST_MARGIN
    assert "within" in finding.seen[0]
    assert "400 chambers" in finding.seen[0]


def test_a_wrong_meridian_and_a_missing_zone_number_contradict_by_the_extent() -> None:
    xy = from_wgs84(_city(np.random.default_rng(4), CHANGCHUN), parse_datum("gk(cgcs2000,3,126,plain)"))
    declared = parse_datum("gk(cgcs2000,3,123,plain)")
    finding = detect_datum(xy, extent=EXTENT, declared=declared)
    assert _proposed(finding) == "gk(cgcs2000,3,126,plain)"
    assert finding.against(declared) > LEAST_MARGIN
    assert finding.against(parse_datum("gk(cgcs2000,3,126,plain)")) == 1.0
    # three and six degrees are the same numbers where both have the meridian
    assert finding.against(parse_datum("gk(cgcs2000,3,126,prefix)")) == 1.0  # not scored: nothing is said


def test_the_extent_alone_cannot_tell_shifted_degrees_apart_and_says_so() -> None:
    for name in NAMES:
        finding = detect_datum(from_wgs84(_city(np.random.default_rng(5), CHANGCHUN), parse_datum(name)), extent=EXTENT)
        assert finding.proposed is None
        assert finding.margin < LEAST_MARGIN
        assert "wgs84, " in finding.refusal
        assert "gcj02" in finding.refusal


def test_nothing_is_proposed_below_a_margin_of_two() -> None:
    """A dense city: 12 m of scatter where a neighbour is never farther than that fits every reading."""
    rng = np.random.default_rng(6)
    city = rng.uniform(-0.02, 0.02, (60_000, 2)) + CHANGCHUN
    layer = from_wgs84(_layer(rng, city, 200, related=0.6, scatter_m=12.0), parse_datum("gcj02"))
    finding = detect_datum(layer, trusted=Trusted(city, "the archive"))
    assert finding.proposed is None
    assert finding.margin < LEAST_MARGIN
    assert "2 times are asked" in finding.refusal


@pytest.mark.parametrize("seed", range(20))
def test_unrelated_features_prove_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    finding = detect_datum(_city(rng, CHANGCHUN, 60), trusted=Trusted(_city(rng, CHANGCHUN, 60), "60 substations"))
    assert finding.proposed is None
    assert finding.refusal


def test_few_places_and_no_evidence_are_reasons_to_say_nothing() -> None:
    rng = np.random.default_rng(7)
    city = _city(rng, CHANGCHUN)
    assert "3 places are too few" in detect_datum(city[:3], trusted=Trusted(city, "x")).refusal
    assert "neither an extent of the city nor a trusted layer" in detect_datum(city).refusal
    assert detect_datum(np.full((30, 2), np.nan), extent=EXTENT).proposed is None


def test_a_zone_number_needs_no_other_evidence() -> None:
    xy = from_wgs84(_city(np.random.default_rng(8), CHANGCHUN), parse_datum("gk(cgcs2000,6,123,prefix)"))
    assert _proposed(detect_datum(xy)) == "gk(cgcs2000,6,123,prefix)"


def test_seconds_of_arc_and_packed_degrees_are_read_as_such() -> None:
    city = _city(np.random.default_rng(9), CHANGCHUN).round(5)
    seconds = detect_datum(city * 3600, extent=EXTENT)
    assert seconds.proposed is None  # which of the shifted systems the extent cannot tell
    assert "seconds of arc" in seconds.refusal
    trusted = detect_datum(city * 3600, trusted=Trusted(city, "x"))
    assert trusted.proposed == Reading(parse_datum("wgs84"), number_format="seconds")
    degrees = np.floor(city)
    minutes = np.floor((city - degrees) * 60)
    packed = degrees + minutes / 100 + ((city - degrees) * 60 - minutes) * 60 / 10_000
    assert looks_packed(packed)
    assert not looks_packed(city)
    np.testing.assert_allclose(unpacked(packed), city, atol=1e-8)
    assert detect_datum(packed, trusted=Trusted(city, "x")).proposed == Reading(parse_datum("wgs84"), number_format="packed")


def test_a_local_grid_of_the_delivery_is_tried() -> None:
    known = {"city": Similarity("gk(cgcs2000,3,126,plain)", 393_476.0, 4_807_729.0, 0.75, 1.000012)}
    city = _city(np.random.default_rng(10), CHANGCHUN)
    xy = from_wgs84(city, parse_datum("local(city)", known))
    assert _proposed(detect_datum(xy, trusted=Trusted(city, "x"), known=known)) == "local(city)"


def test_an_old_datum_read_as_the_new_one_shows_as_a_constant_shift() -> None:
    city = _city(np.random.default_rng(11), CHANGCHUN)
    xy = np.add(from_wgs84(city, parse_datum("gk(cgcs2000,3,126,plain)")), (-41.0, 72.0))
    finding = detect_datum(xy, trusted=Trusted(city, "the survey"))
    said = " ".join(finding.seen)
    assert "shift of +4" in said
    assert "Beijing 1954" in said


def test_swapped_double_and_declared_play_no_part_in_one_another() -> None:
    rng = np.random.default_rng(12)
    city = _city(rng, CHANGCHUN)
    layer = from_wgs84(_layer(rng, city, 50, related=0.9, scatter_m=1.0), parse_datum("twice(gcj02)"))
    for name in NAMES:
        finding = detect_datum(layer, trusted=Trusted(city, "x"), declared=parse_datum(name))
        assert _proposed(finding) == "twice(gcj02)"
        assert (finding.against(parse_datum(name)) > 50) == (name != "twice(gcj02)")


def test_outside_the_mainland_shifted_systems_are_one_with_wgs84() -> None:
    germany = _city(np.random.default_rng(13), (7.95, 48.45))
    finding = detect_datum(germany, trusted=Trusted(germany, "x"), declared=parse_datum("gcj02"))
    assert _proposed(finding) == "wgs84"
    assert finding.against(parse_datum("gcj02")) == 1.0


def test_anchors_are_points_both_ends_and_centroids() -> None:
    shapes = np.array(
        [
            shapely.Point(1, 2),
            None,
            shapely.LineString([(0, 0), (5, 5), (9, 1)]),
            shapely.Polygon(),
            shapely.box(0, 0, 2, 2),
            shapely.MultiLineString([[(0, 0), (1, 0)], [(2, 0), (3, 3)]]),
        ],
        dtype=object,
    )
    xy, owner = anchors_of(shapes)
    found = sorted(zip(owner.tolist(), map(tuple, xy.tolist()), strict=True))
    assert found == [(0, (1, 2)), (2, (0, 0)), (2, (9, 1)), (4, (1, 1)), (5, (0, 0)), (5, (3, 3))]


# ---------------------------------------------------------------- what files say


def test_words_in_names_and_codes_in_files_are_claims(tmp_path) -> None:
    assert claims_of(tmp_path / "换热站_火星坐标.shp", 4549) == (Claim("file name", "gcj02"), Claim(".prj", "epsg:4549"))
    assert claims_of(tmp_path / "BD-09 export.geojson", 4326) == (Claim("file name", "bd09"),)
    assert claims_of(tmp_path / "valves.csv", None) == ()


def test_claims_that_the_numbers_contradict_are_named() -> None:
    city = _city(np.random.default_rng(14), CHANGCHUN)
    gcj02 = Reading(parse_datum("gcj02"))
    assert contradictions([Claim("file name", "gcj02")], city, gcj02) == ()
    (said,) = contradictions([Claim("file name", "wgs84")], city, gcj02)
    assert said == "the file name says wgs84, but the numbers are gcj02"
    (said,) = contradictions([Claim(".prj", "epsg:4549")], city, None)
    assert "says epsg:4549 (metres), but the values around 125." in said
    assert said.endswith("are degrees")
    assert contradictions([Claim("file name", "xian80")], city, Reading(parse_datum("gk(xian80,3,126,plain)"), False)) == ()


# ---------------------------------------------------------------- two systems in one layer


def test_degrees_among_metres_are_found_with_their_rows() -> None:
    city = _city(np.random.default_rng(15), CHANGCHUN, 40)
    xy = from_wgs84(city, parse_datum("gk(cgcs2000,3,126,plain)"))
    xy[[3, 7, 20]] = city[[3, 7, 20]]
    mixture = mixed_units(xy, np.arange(40))
    assert mixture is not None
    assert (mixture.smaller, mixture.rows.tolist(), mixture.row_count) == ("degrees", [3, 7, 20], 40)
    # below the least number it is a fault of single rows; 0, 0 and a forgotten point are no system
    xy[20] = 0.0
    xy[21] = (1253.2, 43.8)
    assert LEAST_ROWS == 3
    assert mixed_units(xy, np.arange(40)) is None


def test_zone_numbers_on_some_rows_only_are_found() -> None:
    xy = from_wgs84(_city(np.random.default_rng(16), CHANGCHUN, 40), parse_datum("gk(cgcs2000,3,126,plain)"))
    xy[:5, 0] += 42_000_000
    mixture = mixed_units(xy, np.arange(40))
    assert mixture is not None
    assert mixture.smaller == "eastings with zone number"
    assert mixture.rows.tolist() == [0, 1, 2, 3, 4]
    assert mixed_units(xy[:5], np.arange(5)) is None


def test_rows_of_another_datum_are_found_among_trusted_places() -> None:
    rng = np.random.default_rng(17)
    city = _city(rng, CHANGCHUN)
    gcj02 = parse_datum("gcj02")
    xy = from_wgs84(city, gcj02)
    xy[100:180] = city[100:180]
    mixture = mixed_datums(xy, np.arange(400), gcj02, Trusted(city, "x"))
    assert mixture is not None
    assert (mixture.first, mixture.second, mixture.smaller) == ("gcj02", "wgs84", "wgs84")
    # a row that chance puts near a known place in the declared datum too is not named
    assert set(mixture.rows.tolist()) <= set(range(100, 180))
    assert len(mixture.rows) > 75
    assert mixed_datums(from_wgs84(city, gcj02), np.arange(400), gcj02, Trusted(city, "x")) is None
    # all in the wrong datum is not a mixture, nor is an honest delivery of other places
    assert mixed_datums(city, np.arange(400), gcj02, Trusted(city, "x")) is None
    assert mixed_datums(_city(rng, CHANGCHUN), np.arange(400), gcj02, Trusted(city, "x")) is None


def test_a_conversion_made_twice_is_proposed_and_undone() -> None:
    rng = np.random.default_rng(18)
    city = _city(rng, CHANGCHUN)
    gcj02 = parse_datum("gcj02")
    delivered = to_wgs84(to_wgs84(from_wgs84(city, gcj02), gcj02), gcj02)
    finding = detect_datum(delivered, trusted=Trusted(city, "x"))
    assert finding.proposed is not None
    np.testing.assert_allclose(finding.proposed.lonlat(delivered), city, atol=1e-12)
