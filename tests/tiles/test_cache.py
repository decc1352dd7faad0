"""The tile cache: one computation a key, bounded, exact tags."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from tiles.cache import TileCache, encode


def test_many_callers_of_one_key_share_one_computation() -> None:
    async def run() -> tuple[int, int]:
        cache, calls, gate = TileCache(10_000), 0, asyncio.Event()

        async def compute() -> bytes:
            nonlocal calls
            calls += 1
            await gate.wait()
            return b"x" * 300

        waiting = [asyncio.create_task(cache.get("tile", "gzip", compute)) for _ in range(20)]
        await asyncio.sleep(0)
        gate.set()
        entries = await asyncio.gather(*waiting)
        return calls, len({entry.etag for entry in entries})

    assert asyncio.run(run()) == (1, 1)


def test_a_caller_that_leaves_does_not_take_the_answer_from_the_others() -> None:
    async def run() -> bytes:
        cache, gate = TileCache(10_000), asyncio.Event()

        async def compute() -> bytes:
            await gate.wait()
            return b"tile"

        first = asyncio.create_task(cache.get("tile", "identity", compute))
        second = asyncio.create_task(cache.get("tile", "identity", compute))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        gate.set()
        return (await second).body

    assert asyncio.run(run()) == b"tile"


def test_a_failure_reaches_every_caller_and_is_tried_again_next_time() -> None:
    async def run() -> bytes:
        cache, answers = TileCache(10_000), iter([ValueError("database away"), b"tile"])

        async def compute() -> bytes:
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        failed = await asyncio.gather(*(cache.get("t", "identity", compute) for _ in range(3)), return_exceptions=True)
        assert [str(error) for error in failed] == ["database away"] * 3
        return (await cache.get("t", "identity", compute)).body

    assert asyncio.run(run()) == b"tile"


def test_the_bound_in_bytes_holds_and_the_least_used_leaves_first() -> None:
    async def run() -> tuple[TileCache, list[str]]:
        cache, computed = TileCache(5 * 1512), []

        async def ask(key: str) -> None:
            async def compute() -> bytes:
                computed.append(key)
                return bytes(1000)

            await cache.get(key, "identity", compute)

        for key in "abcde":
            await ask(key)
        await ask("a")
        await ask("f")
        computed.clear()
        for key in "ab":
            await ask(key)
        return cache, computed

    cache, computed = asyncio.run(run())
    assert computed == ["b"]
    assert cache.size_bytes <= 5 * 1512


def test_an_answer_larger_than_the_cache_is_given_but_not_kept() -> None:
    async def run() -> tuple[int, int]:
        cache = TileCache(1000)

        async def compute() -> bytes:
            return bytes(5000)

        entry = await cache.get("big", "identity", compute)
        return len(entry.body), len(cache)

    assert asyncio.run(run()) == (5000, 0)


@pytest.mark.parametrize("size", [0, 50, 100_000])
def test_gzip_is_repeatable_and_has_a_tag_of_its_own(size: int) -> None:
    body = b"tile " * (size // 5)
    plain, zipped = encode(body, "identity"), encode(body, "gzip")
    assert zipped == encode(body, "gzip")
    assert (gzip.decompress(zipped.body) if zipped.encoding == "gzip" else zipped.body) == plain.body
    assert (zipped.etag == plain.etag) == (zipped.body == plain.body)
