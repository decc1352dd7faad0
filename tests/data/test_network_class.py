"""The class of pipes of the drawn city, out of PostGIS."""

from collections import Counter

from data.network import read_network_tables
from data.pool import connect
from topology.build.network_class import PRIMARY, SECONDARY, derived_classes, differing


def test_the_clean_sample_declares_what_its_ends_say(sample_url: str) -> None:
    with connect(sample_url) as connection:
        tables = read_network_tables(connection, 1)
    derived = derived_classes(tables)
    assert not differing(tables, derived).any()
    found = Counter(derived.tolist())
    assert set(found) >= {PRIMARY, SECONDARY}
    assert found == Counter(tables.pipes["level"].tolist())
