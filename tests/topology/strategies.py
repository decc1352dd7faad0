"""Random small networks: rings, several sources, closed and one-sided valves, undrawn sides, shared secondary networks."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.topology.builders import Sketch

SIDES = st.sampled_from([(1, 2)] * 8 + [(1,), (2,)])
STATE = st.sampled_from(["open"] * 6 + ["closed", "unknown"])


@st.composite
def sketches(draw: st.DrawFn) -> Sketch:
    sketch = Sketch()
    places = draw(st.integers(3, 7))
    stations = draw(st.integers(1, 4))
    leaves = draw(st.integers(1, 4))
    counter = iter(range(100, 10_000))
    middle = iter(range(1000, 2000))

    def line(start: float, end: float, level: int) -> None:
        sides = draw(SIDES)
        if not draw(st.booleans()):
            sketch.pipe(next(counter), start, end, level=level, sides=sides)
            return
        at = float(next(middle))
        sketch.pipe(next(counter), start, at, level=level, sides=sides)
        state = draw(STATE)
        other = draw(st.sampled_from([None, None, None, "open", "closed"]))
        sketch.valve(next(counter), at, level=level, sides=sides, state=state, return_state=other)
        sketch.pipe(next(counter), at, end, level=level, sides=sides)

    trunk = st.tuples(st.integers(0, places - 1), st.integers(0, places - 1))
    for start, end in draw(st.lists(trunk, min_size=places - 1, max_size=2 * places)):
        line(start, end, 2)
    for i in range(draw(st.integers(1, 2))):
        sketch.source(1 + i, draw(st.integers(0, places - 1)), running=draw(st.sampled_from([True, True, True, False])))
    for i in range(stations):
        sketch.substation(20 + i, 100.0 + i)
        line(draw(st.integers(0, places - 1)), 100.0 + i, 2)
        for leaf in draw(st.lists(st.integers(0, leaves - 1), max_size=2)):
            line(100.0 + i, 200.0 + leaf, 3)
    for i in range(draw(st.integers(1, 5))):
        sketch.building(40 + i, substation=draw(st.sampled_from([0, *range(20, 20 + stations)])))
    inlet_places = st.sampled_from([200.0 + i for i in range(leaves)] * 3 + [float(i) for i in range(places)])
    for i in range(draw(st.integers(0, 5))):
        sketch.inlet(60 + i, draw(inlet_places), draw(st.integers(40, 45)))
    return sketch
