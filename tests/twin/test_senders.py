from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twin.live import build_city
from twin.readings import Source
from twin.schemas import FrameSchema, Point
from twin.scope import Scope
from twin.senders import SenderSources, sources_of

SCHEMA = FrameSchema("meter", 1, (Point("flow_m3_per_h", "flow", "m3/h"),))
_FEW = st.one_of(st.none(), st.lists(st.integers(1, 4), max_size=3).map(tuple))
_KINDS = ("substation", "room_sensor", "plant")


def _source(number: int, kind: str, company_id: int | None, area_id: int | None) -> Source:
    return Source(number, f"meter:{number}", 10 * number, kind, company_id, area_id, 1, SCHEMA, 60)


@given(
    st.lists(st.tuples(st.sampled_from(_KINDS), st.none() | st.integers(1, 4), st.none() | st.integers(1, 4)), max_size=12),
    st.builds(
        Scope,
        layers=st.none() | st.lists(st.sampled_from(_KINDS), max_size=2).map(tuple),
        areas=_FEW,
        company_ids=_FEW,
    ),
)
def test_a_seat_may_report_for_what_it_sees(rows: list[tuple[str, int | None, int | None]], scope: Scope) -> None:
    sources = [_source(number, *row) for number, row in enumerate(rows, start=1)]
    city = build_city(1, 1, sources, [])
    seen = {source.code for source in sources if city.sees(scope, source.asset_id)}
    assert set(sources_of(city.sources, scope)) == seen


def test_the_sources_of_a_scope_are_found_once_and_anew_after_a_change() -> None:
    own, other = _source(1, "plant", 1, None), _source(2, "plant", 2, None)
    kept, sources = SenderSources(), {own.code: own, other.code: other}
    scope = Scope(company_ids=(1,), precision_m=10)
    first = kept.of(1, sources, scope)
    assert set(first) == {own.code}
    assert kept.of(1, sources, Scope(company_ids=(1,))) is first
    assert kept.of(2, {}, scope) == {}
    assert kept.of(1, sources, scope) is first
    assert kept.of(1, sources, Scope()) is sources
    changed = _source(2, "plant", 1, None)
    assert set(kept.of(1, {own.code: own, other.code: changed}, scope)) == {own.code, other.code}
