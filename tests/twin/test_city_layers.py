"""The 23 layers of CC-21."""

from twin.city_layers import CITY_LAYERS, LAYER_OF_NAME, layer_key
from twin.kinds import KINDS


def test_there_are_23_and_each_has_a_name_of_its_own() -> None:
    assert len(CITY_LAYERS) == len(LAYER_OF_NAME) == 23
    assert len({layer.name_zh for layer in CITY_LAYERS}) == 23
    assert len({layer_key(layer) for layer in CITY_LAYERS}) == 23


def test_each_becomes_a_kind_that_takes_its_constants() -> None:
    for layer in CITY_LAYERS:
        kind = KINDS[layer.kind]
        for name, value in layer.constants.items():
            attribute = kind.attribute(name)
            assert attribute is not None
            assert not attribute.codes or value in attribute.codes
            assert name != "of_kind" or value in KINDS


def test_a_name_that_is_a_kind_means_that_kind() -> None:
    assert all(layer.kind == layer.name for layer in CITY_LAYERS if layer.name in KINDS)


def test_extents_are_areas_and_points_are_points() -> None:
    for layer in CITY_LAYERS:
        if layer.name.endswith("_extent"):
            assert KINDS[layer.kind].geometry == "polygon"
        if layer.name.endswith("_point"):
            assert KINDS[layer.kind].geometry == "point"
