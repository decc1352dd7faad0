"""Which sources and substations are two sides of one balance: by the state of a tie, and only where stations take all."""

from __future__ import annotations

from tests.topology.test_supply import two_plants
from topology.answers.balance_zones import BalanceZones, balance_zones
from topology.network import build_network


def _sides(zones: BalanceZones) -> set[tuple[frozenset[int], frozenset[int]]]:
    """Return the sources and the substations of each zone."""
    return {
        (
            frozenset(zones.source_ids[zones.source_zone == zone].tolist()),
            frozenset(zones.station_ids[zones.station_zone == zone].tolist()),
        )
        for zone in set(zones.source_zone.tolist())
    }


def test_a_closed_tie_makes_two_balances_and_an_open_one_makes_one() -> None:
    closed, joined = build_network(two_plants().tables()), build_network(two_plants(tie="open").tables())
    assert _sides(balance_zones(closed)) == {(frozenset({1}), frozenset({20})), (frozenset({2}), frozenset({21}))}
    assert _sides(balance_zones(joined)) == {(frozenset({1, 2}), frozenset({20, 21}))}


def test_a_zone_that_feeds_a_building_directly_is_not_balanced() -> None:
    sketch = two_plants()
    sketch.building(32)
    sketch.inlet(42, 1, 32)
    assert _sides(balance_zones(build_network(sketch.tables()))) == {(frozenset({2}), frozenset({21}))}
