"""Sorted streams of records brought together in bounded memory: the first stream that has a key wins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data.reading_archive.records import Records, joined, same_payload, sort_keys
from twin.arrays import BoolArray, Int64Array


@dataclass(frozen=True)
class Merged:
    """One block of the result.

    Attributes
    ----------
    records
        Sorted, each key once.
    stream
        Number of the stream that each came from.
    lost
        Records whose key another stream (or an earlier record of the same one) had.
    lost_stream
        Number of the stream of each lost record.
    lost_differs
        True where its values are others than the winner's.
    """

    records: Records
    stream: Int64Array
    lost: Records
    lost_stream: Int64Array
    lost_differs: BoolArray


def merge(streams: Sequence[Iterator[Records]]) -> Iterator[Merged]:
    """Merge sorted streams of one day; memory: one block of each.

    Parameters
    ----------
    streams
        Blocks of records sorted by (source, time), the most trusted stream first. Within a stream a key may come again; the
        first one wins.
    """
    heads = [_next(stream) for stream in streams]
    while any(head is not None for head in heads):
        keys = [None if head is None else sort_keys(head) for head in heads]
        bound = min(int(each[-1]) for each in keys if each is not None)
        taken, numbers = [], []
        for number, (head, own) in enumerate(zip(heads, keys, strict=True)):
            if head is None or own is None:
                continue
            cut = int(np.searchsorted(own, bound, side="right"))
            taken.append(head[:cut])
            numbers.append(np.full(cut, number))
            heads[number] = head[cut:] if cut < len(head) else _next(streams[number])
        yield _merge_blocks(taken, np.concatenate(numbers))


def _next(stream: Iterator[Records]) -> Records | None:
    """Return the next block that is not empty."""
    return next((block for block in stream if len(block)), None)


def _merge_blocks(blocks: Sequence[Records], numbers: Int64Array) -> Merged:
    records = joined([block for block in blocks if len(block)])
    keys = sort_keys(records)
    if (keys[1:] > keys[:-1]).all():
        none = np.zeros(0, np.int64)
        return Merged(records, numbers, records[:0], none, none.astype(np.bool_))
    order = np.argsort(keys, kind="stable")
    records, keys, numbers = records[order], keys[order], numbers[order]
    first = np.r_[True, keys[1:] != keys[:-1]]
    winner = np.flatnonzero(first)[np.cumsum(first) - 1]
    lost = np.flatnonzero(~first)
    return Merged(
        records[first], numbers[first], records[lost], numbers[lost], ~same_payload(records[lost], records[winner[lost]])
    )
