"""Whatever comes as a body: read, or refused with an error that has a status below 500; never garbage taken for frames.

Short here; `make fuzz` (`HEAT_TWIN_TEST_FUZZ=1`) tries some hundred times as many bodies, fewer in `MINUTES`.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from api.auth import signatures
from api.bodies import unpack_bytes
from api.errors import KNOWN_ERRORS, NotSignedIn, status_of
from api.routes.readings import parse_frames
from twin.readings import Source, prepare, prepare_singly
from twin.schemas import FrameSchema, Point

WHOLE = os.environ.get("HEAT_TWIN_TEST_FUZZ", "") not in {"", "0"}
MINUTES = float(os.environ.get("HEAT_TWIN_TEST_FUZZ_MINUTES", "") or 40)
EXAMPLES = round(500 * MINUTES) if WHOLE else 60
NOW = 1_795_255_200_000
METER = FrameSchema("meter", 1, (Point("flow_m3_per_h", "flow", "m3/h"), Point("heat_total_gj", "heat", "GJ", slot="total")))
SOURCES = {"meter:1": Source(1, "meter:1", 10, "substation", None, None, 1, METER, 60)}
SOUND = {"source": "meter:1", "schema": "meter", "observed_at": NOW, "values": [1.5, 2.5], "quality": [1, 1]}
PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "br": brotli.compress,
}
LIMIT = 4_000

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["meter:1", "meter", NOW]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(SOUND)), inner, max_size=5),
    max_leaves=8,
)
_frame = st.dictionaries(st.sampled_from(sorted(SOUND)), _json, max_size=2).map(lambda change: SOUND | change)


@st.composite
def _mutated(draw: st.DrawFn, sound: bytes) -> bytes:
    """Return bytes with pieces cut out, doubled or replaced."""
    body = bytearray(sound)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 8)))
        body[start:end] = draw(st.binary(max_size=8) | st.just(bytes(body[start:end] * 2)))
    return bytes(body)


def _require_refusal(error: Exception) -> None:
    assert 400 <= status_of(error) < 500


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.one_of(
        _mutated(json.dumps({"frames": [SOUND]}).encode()), st.binary(max_size=60), _json.map(lambda v: json.dumps(v).encode())
    )
)
def test_a_body_is_read_or_refused(body: bytes) -> None:
    try:
        frames = parse_frames(body)
    except KNOWN_ERRORS as error:
        _require_refusal(error)
        return
    prepared = prepare(frames, SOURCES, now_ms=NOW)
    assert len(prepared.results) == len(frames)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(_frame | _json, max_size=4))
def test_only_sound_frames_pass(frames: list[Any]) -> None:
    prepared = prepare(parse_frames(json.dumps({"frames": frames}).encode()), SOURCES, now_ms=NOW)
    singly = prepare_singly(frames, SOURCES, now_ms=NOW)
    assert prepared.results == singly.results
    for frame, result in zip(frames, prepared.results, strict=True):
        if result is None:
            assert frame["source"] == "meter:1"
            assert frame["schema"] in {"meter", "meter/1"}
            assert type(frame["observed_at"]) is int
            assert [type(value) in {int, float, type(None)} for value in frame["values"]] == [True, True]
            assert "Infinity" not in (text := json.dumps(frame["values"]))
            assert "NaN" not in text


@pytest.mark.parametrize("encoding", sorted(PACKERS))
def test_unpacking_is_bounded_and_gives_back_what_was_packed_or_refuses(encoding: str) -> None:
    plain = json.dumps({"frames": [SOUND] * 3}).encode()

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(
        st.one_of(
            st.binary(max_size=80), _mutated(PACKERS[encoding](plain)), st.binary(max_size=2 * LIMIT).map(PACKERS[encoding])
        )
    )
    def unpacked(body: bytes) -> None:
        try:
            assert len(unpack_bytes(body, encoding, limit=LIMIT)) <= LIMIT
        except KNOWN_ERRORS as error:
            _require_refusal(error)

    unpacked()
    assert unpack_bytes(PACKERS[encoding](plain), encoding, limit=LIMIT) == plain
    assert unpack_bytes(PACKERS[encoding](bytes(LIMIT)), encoding, limit=LIMIT) == bytes(LIMIT)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.text(max_size=70), st.text(max_size=20), st.text(max_size=140), st.binary(max_size=20))
def test_no_made_up_signature_holds(signature: str, timestamp: str, nonce: str, body: bytes) -> None:
    with pytest.raises(NotSignedIn):
        signatures.verify(b"secret", "sm3", signature, timestamp=timestamp, nonce=nonce, body=body)
    try:
        signatures.check_time(timestamp, nonce, now_s=NOW / 1000)
    except NotSignedIn:
        return
    assert timestamp.isdigit()
    assert 1 <= len(nonce) <= 128
