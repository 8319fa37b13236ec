"""The reference index: postings, and the accounts listed in them, as plain dictionaries."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field

import numpy as np

from samehand.fingerprint.distil import moment_of
from samehand.keys import Key, is_personal, kind_of
from samehand.scoring.key_table import STEPS_A_NAT, KeyTable
from store.base import Candidate, Query
from store.common.crowd import cluster_tag, considered
from store.common.hashing import first_bytes
from store.common.ranking import STEPS_A_BIT, Floats, Ints, Tables, rarity_steps, read_at_all
from store.common.records import Frame, keys_of, read_frame


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One account with its stored formats."""

    account: str
    frame: bytes
    quote: bytes


@dataclass(slots=True)
class Index:
    """Accounts (all bans, or those of one generation), and for each key those listed under it, as they came.

    ``clusters``: of each listed account, kept for remembered ones.
    """

    entries: dict[str, IndexEntry] = field(default_factory=dict)
    postings: dict[Key, dict[str, int]] = field(default_factory=dict)
    of_bans: bool = False

    def put(self, entry: IndexEntry) -> None:
        """Lists an account in place of its former state; under a key of both it keeps its place."""
        keys, known = keys_of(read_frame(entry.frame).records), self.entries.get(entry.account)
        cluster = int.from_bytes(cluster_tag(keys, read_frame(entry.frame).tag), "big")
        if known is not None:
            stays = _moment(entry.frame) == _moment(known.frame) and (
                self.of_bans or cluster == self._cluster(known)
            )
            self._unlist(known, but=set(keys) if stays else set())
        self.entries[entry.account] = entry
        for key in keys:
            self.postings.setdefault(key, {}).setdefault(entry.account, cluster)

    def remove(self, account: str) -> IndexEntry | None:
        """Removes an account and all its entries; returns what was known of it."""
        entry = self.entries.pop(account, None)
        if entry is not None:
            self._unlist(entry, but=set())
        return entry

    def _cluster(self, entry: IndexEntry) -> int:
        frame = read_frame(entry.frame)
        return int.from_bytes(cluster_tag(keys_of(frame.records), frame.tag), "big")

    def _unlist(self, entry: IndexEntry, but: Set[Key]) -> None:
        for key in keys_of(read_frame(entry.frame).records):
            if key not in but:
                self.postings[key].pop(entry.account, None)
                if not self.postings[key]:
                    del self.postings[key]

    def listed(self, key: Key) -> list[str]:
        """The accounts of a key that a look-up considers."""
        posting = self.postings.get(key, {})
        accounts, clusters = list(posting), None if self.of_bans else list(posting.values())
        return [accounts[at] for at in considered(kind_of(key), len(accounts), clusters).tolist()]


def ranked(
    indexes: Sequence[Index], query: Query, keep: int, now: float, ref: Callable[[str], str]
) -> list[Candidate]:
    """The accounts of several indexes that share keys with a query, best first, cut to ``keep``."""
    sharers = [[other for index in indexes for other in index.listed(key)] for key in query.keys]
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


def _moment(raw: bytes) -> float | None:
    return moment_of(read_frame(raw).records[0])
