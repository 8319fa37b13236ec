"""The reference index: postings, and what is listed in them, as plain dictionaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from samehand.keys import Key, KeyKind, kind_of
from store.base import Candidate, Query
from store.hashing import first_bytes
from store.limits import shard_posting_cap
from store.listed import another_picture
from store.ranking import STEPS_A_BIT, rarity_steps, read_at_all
from store.records import Frame, keys_of, read_frame


@dataclass(frozen=True, slots=True)
class Entry:
    """One account: its stored forms."""

    account: str
    frame: bytes
    quote: bytes


@dataclass(slots=True)
class Index:
    """The accounts of one shard (of one generation), and for each key the accounts listed under it."""

    shards: int
    entries: dict[str, Entry] = field(default_factory=dict)
    postings: dict[Key, dict[str, None]] = field(default_factory=dict)
    turned_away: Counter[Key] = field(default_factory=Counter)
    """How often an account was not listed under a key, since its posting was full."""
    full: Counter[KeyKind] = field(default_factory=Counter)
    """The same by kind of key, for as long as the store is there."""

    def put(self, entry: Entry) -> None:
        """Lists an account in place of what was known of it; a posting at its cap takes no more."""
        self.remove(entry.account)
        self.entries[entry.account] = entry
        for key in keys_of(read_frame(entry.frame).records):
            posting = self.postings.setdefault(key, {})
            if len(posting) < shard_posting_cap(kind_of(key), self.shards):
                posting[entry.account] = None
            else:
                self.turned_away[key] += 1
                self.full[kind_of(key)] += 1

    def remove(self, account: str) -> Entry | None:
        """Takes an account out of everything; answers what was known of it."""
        entry = self.entries.pop(account, None)
        if entry is not None:
            for key in keys_of(read_frame(entry.frame).records):
                posting = self.postings.get(key, {})  # none, if it was full without this account
                posting.pop(account, None)
                if not posting:
                    self.postings.pop(key, None)
        return entry


def ranked(
    indexes: Sequence[Index],
    query: Query,
    keep: int,
    now: float,
    ref: Callable[[str], str],
) -> list[Candidate]:
    """The accounts of several indexes that share keys, best first, cut to ``keep``."""
    total = sum(len(index.entries) for index in indexes)
    steps: dict[str, int] = {}
    by: dict[str, Key | None] = {}  # the key that found it, if only one did
    for key, listed in _read(indexes, query.keys, keep):
        rarity = rarity_steps(total, len(listed))
        for other in listed:
            by[other] = None if other in steps else key
            steps[other] = steps.get(other, 0) + rarity
    frames = {other: _frame(indexes, other) for other in steps if other != query.account}
    order = sorted(
        (
            other
            for other, frame in frames.items()
            if not frame.expired(now) and not _by_chance(frame, by[other], query)
        ),
        key=lambda other: (-steps[other], frames[other].tag),
    )
    return [
        Candidate(ref(other), frames[other].records, steps[other] / STEPS_A_BIT) for other in order[:keep]
    ]


def _by_chance(frame: Frame, key: Key | None, query: Query) -> bool:
    return key is not None and another_picture(frame.records, key, query.pictures)


def _read(indexes: Sequence[Index], keys: Iterable[Key], keep: int) -> list[tuple[Key, list[str]]]:
    """The postings that are read, by their keys: see :func:`store.ranking.read_at_all`."""
    asked = list(dict.fromkeys(keys))
    found = [[other for index in indexes for other in index.postings.get(key, ())] for key in asked]
    chosen = read_at_all(
        np.zeros(len(asked), np.int64),
        first_bytes(asked),
        np.array([len(listed) for listed in found], np.int64),
        keep,
    )
    return [
        (key, listed)
        for key, listed, reads in zip(asked, found, chosen.tolist(), strict=True)
        if reads and listed
    ]


def _frame(indexes: Sequence[Index], account: str) -> Frame:
    return next(read_frame(index.entries[account].frame) for index in indexes if account in index.entries)
