"""The reference index: postings, and the accounts listed in them, as plain dictionaries."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from samehand.fingerprint.distil import moment_of
from samehand.keys import Key, KeyKind, falls_silent, is_personal, kind_of
from samehand.scoring.key_table import STEPS_A_NAT, KeyTable
from store.base import Candidate, Query
from store.common.crowd import Crowd, cluster_tag
from store.common.hashing import first_bytes
from store.common.ranking import STEPS_A_BIT, Floats, Ints, Tables, rarity_steps, read_at_all
from store.common.records import Frame, keys_of, read_frame
from store.limits import NAMING_KINDS, listed_at_most


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One account with its stored formats."""

    account: str
    frame: bytes
    quote: bytes


@dataclass(slots=True)
class Index:
    """Accounts (all bans, or those of one generation), and for each key the accounts listed under it."""

    entries: dict[str, IndexEntry] = field(default_factory=dict)
    postings: dict[Key, dict[str, None]] = field(default_factory=dict)
    crowds: dict[Key, Crowd] = field(default_factory=dict)
    """For keys that name a person or a machine: the accounts that came after the posting was full."""
    full: Counter[KeyKind] = field(default_factory=Counter)
    """How often a full posting turned an account away, by kind of key, since the store was made."""

    def put(self, entry: IndexEntry) -> None:
        """Lists an account, and replaces its former state.

        With the same keys as before it keeps its places in postings, and is also listed where it was turned
        away before, if there is room by now.
        """
        keys, known = keys_of(read_frame(entry.frame).records), self.entries.get(entry.account)
        stays = known is not None and keys == keys_of(read_frame(known.frame).records)
        if not stays:
            self.remove(entry.account)
        self.entries[entry.account] = entry
        cluster = cluster_tag(keys, read_frame(entry.frame).tag)
        for key in keys:
            if self._turns_away(key, entry.account, cluster, again=stays) and not stays:
                self.full[kind_of(key)] += 1

    def _turns_away(self, key: Key, account: str, cluster: bytes, *, again: bool) -> bool:
        """Lists an account under a key; returns whether that turned some account away."""
        posting, kind = self.postings.setdefault(key, {}), kind_of(key)
        cap = listed_at_most(kind)
        if account in posting:
            return False
        if len(posting) < cap:
            posting[account] = None
            return False
        if kind in NAMING_KINDS:
            return self.crowds.setdefault(key, Crowd()).come(account, cluster, posting, cap, again=again)
        if not again and not falls_silent(kind):
            del posting[next(islice(posting, cap // 2, None))]
            posting[account] = None
        return True

    def remove(self, account: str) -> IndexEntry | None:
        """Removes an account and all its entries; returns what was known of it."""
        entry = self.entries.pop(account, None)
        if entry is not None:
            for key in keys_of(read_frame(entry.frame).records):
                posting = self.postings.get(key, {})  # there is none if only others filled it and have gone
                posting.pop(account, None)
                if (crowd := self.crowds.get(key)) is not None:
                    crowd.leave(account, posting, listed_at_most(kind_of(key)))
                    if not (crowd.listed or crowd.gone):
                        del self.crowds[key]
                if not posting:
                    self.postings.pop(key, None)
        return entry


def ranked(
    indexes: Sequence[Index], query: Query, keep: int, now: float, ref: Callable[[str], str]
) -> list[Candidate]:
    """The accounts of several indexes that share keys with a query, best first, cut to ``keep``."""
    sharers = [[other for index in indexes for other in index.postings.get(key, ())] for key in query.keys]
    lengths = [len(listed) for listed in sharers]
    bearers = {
        key: count for key, count in zip(query.keys, lengths, strict=True) if count and is_personal(key[0])
    }
    read = read_at_all(
        np.zeros(len(sharers), np.int64), first_bytes(query.keys), np.array(lengths, np.int64), keep
    )
    shared = [
        (other, question)
        for question in np.flatnonzero(read).tolist()
        for other in sharers[question]
        if other != query.account
    ]
    if query.table is None:
        total = sum(len(index.entries) for index in indexes)
        steps: dict[str, int] = {}
        for other, question in shared:
            steps[other] = steps.get(other, 0) + rarity_steps(total, lengths[question])
        a_unit = STEPS_A_BIT
    else:
        steps, a_unit = _within_reach(indexes, query.table, shared), STEPS_A_NAT
    frames = {other: _frame(indexes, other) for other in steps}
    order = sorted(
        (other for other, frame in frames.items() if not frame.expired(now)),
        key=lambda other: (-steps[other], frames[other].tag),
    )
    return [
        Candidate(ref(other), frames[other].records, steps[other] / a_unit, bearers) for other in order[:keep]
    ]


def _within_reach(
    indexes: Sequence[Index], table: KeyTable, shared: Sequence[tuple[str, int]]
) -> dict[str, int]:
    """The upper bounds (steps) of the candidates that reach the table's threshold."""
    others = list(dict.fromkeys(other for other, _ in shared))
    place = {other: at for at, other in enumerate(others)}

    def banned_at(rows: Ints) -> Floats:
        moments = [moment_of(_frame(indexes, others[at]).records[0]) for at in rows.tolist()]
        return np.array([math.nan if at is None else at for at in moments])

    sums, enough = Tables.of([table]).sums(
        np.zeros(len(others), np.int64),
        np.array([place[other] for other, _ in shared], np.int64),
        np.array([question for _, question in shared], np.int64),
        banned_at,
    )
    return {others[at]: int(sums[at]) for at in np.flatnonzero(enough).tolist()}


def _frame(indexes: Sequence[Index], account: str) -> Frame:
    return read_frame(next(index for index in indexes if account in index.entries).entries[account].frame)
