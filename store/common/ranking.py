"""Chooses the postings to read, and ranks and cuts candidates: the same in every store."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samehand.keys import KeyKind, falls_silent, posting_cap
from samehand.scoring.key_table import SHARE_WHOLE, KeyTable

Ints = npt.NDArray[np.int64]
Kinds = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Tags = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]

# Rarity is summed in whole 1/1024 bits: integer sums do not depend on the order of keys, so two stores never
# break a tie differently because of the last digit of a float.
STEPS_A_BIT = 1024

# How many posting entries a look-up reads for a handle's keys, and as many again for a name's and for a
# picture's: 512, or 8 for each candidate that it may keep, if that is more. The shortest postings are read
# first; the others are long and find strangers (measured at a million bans, tuning edits: reading all brings
# 1.5 to 2 times as many candidates, and after the cut it costs .03 of the recall where many names are alike,
# nothing where they are not).
READ_AT_LEAST = 512
READ_A_KEPT = 8

_UNLIMITED = (1 << 40,)  # steps
_HANDLE, _NAME, _PICTURE, _UNBOUNDED = range(4)


def rarity_steps(total: int, length: int) -> int:
    """log2(N / posting length) in 1/1024 bits, never negative; ``length`` is at least 1."""
    return max(0, round(math.log2(max(total, 1) / length) * STEPS_A_BIT))


def allotment(kind: int) -> int:
    """The budget of entries that a kind's postings count against: handle, name, picture, or no budget.

    Postings of whole handles and of personal values are always read; their caps bound them. Pictures have a
    budget, since one is looked up in ten views of thirteen blocks, and each block of a popular picture lists
    sixty accounts.
    """
    if kind == KeyKind.AVATAR_BLOCK:
        return _PICTURE
    if kind >= KeyKind.EMAIL or kind == KeyKind.HANDLE_FULL:
        return _UNBOUNDED
    return _HANDLE if kind < KeyKind.NAME_TOKENS else _NAME


_CAPS = {int(kind): posting_cap(kind) for kind in KeyKind if falls_silent(kind)}
# Indexed by the number of a kind, whether that is in use or not.
_ALLOTMENTS: Ints = np.array([allotment(kind) for kind in range(256)], np.int64)
SILENT_ABOVE: Ints = np.array([_CAPS.get(kind, np.iinfo(np.int64).max) for kind in range(256)], np.int64)
"""By the number of a kind: the greatest length of a posting that is still read."""


def read_at_all(query: Ints, kinds: Kinds, lengths: Ints, keep: int) -> Bools:
    """Returns for each question (a key of a query, in the query's order) whether its posting is read.

    ``query``, ``kinds`` (the first bytes of keys) and ``lengths`` (of the postings, summed over all indexes)
    have one element per question. A value that fell silent (:func:`samehand.keys.falls_silent`) is not read.
    Of the others, for each query and allotment, the shortest are read, ties in the order given, while their
    entries together number no more than :data:`READ_AT_LEAST` or :data:`READ_A_KEPT` times ``keep``,
    whichever is more.
    """
    allotments = _ALLOTMENTS[kinds]
    purse = query * _UNBOUNDED + allotments
    bounded = np.flatnonzero((allotments < _UNBOUNDED) & (lengths <= SILENT_ABOVE[kinds]))
    order = bounded[np.lexsort((lengths[bounded], purse[bounded]))]
    spent = np.cumsum(lengths[order])
    first = np.flatnonzero(np.diff(purse[order], prepend=-1))
    before = np.repeat((spent - lengths[order])[first], np.diff(first, append=len(order)))
    chosen: Bools = allotments == _UNBOUNDED
    chosen[order] = spent - before <= max(READ_AT_LEAST, READ_A_KEPT * keep)
    return chosen


@dataclass(frozen=True, slots=True)
class Tables:
    """The key tables of a batch, side by side.

    For each question (a key of a query, in the query's order) its facts and the steps that sharing the key
    may add: one row for the first fact of each key, one for the second, and so on. The other fields have an
    element for each query, or are common to all.
    """

    facts: Ints
    steps: Ints
    floors: Ints  # a row for each query, a column for each fact
    by_number: dict[int, Ints]  # by fact: a row for each query, a column for how many of its keys are shared
    groups: tuple[tuple[tuple[int, ...], int], ...]
    beyond: tuple[tuple[int, tuple[int, ...]], ...]
    ends: list[Floats]
    moments: list[Ints]
    at: Floats  # not a number where it is unknown
    at_best: Ints  # the most of any moment
    least: Ints
    offsets: Ints  # a row for each query, a column for each rival
    limits: Ints  # a row for each rival, a column for each fact
    timed: tuple[bool, ...]  # for each rival

    @classmethod
    def of(cls, tables: Sequence[KeyTable]) -> Tables:
        """Lays out tables that were made with the same weights, at least one."""
        first, given = tables[0], [dict(table.by_number) for table in tables]
        # The most of facts by the number of shared keys, from none on; without limit where a table has none.
        by_number: dict[int, Ints] = {}
        for fact in sorted({fact for some in given for fact in some}):
            size = max(len(some[fact]) for some in given if fact in some)
            rows = [
                (steps := some.get(fact, _UNLIMITED)) + steps[-1:] * (size - len(steps)) for some in given
            ]
            by_number[fact] = np.array([steps[:1] + steps for steps in rows], np.int64)
        moments = [np.array([steps for _, steps in each.moments], np.int64) for each in tables]
        return cls(
            facts=_side_by_side([table.facts for table in tables]),
            steps=_side_by_side([table.steps for table in tables]),
            floors=np.array([table.floors for table in tables], np.int64),
            by_number=by_number,
            groups=first.groups,
            beyond=first.beyond,
            ends=[np.array([end for end, _ in each.moments]) for each in tables],
            moments=moments,
            at=np.array([math.nan if each.at is None else each.at for each in tables]),
            at_best=np.array([steps.max() for steps in moments], np.int64),
            least=np.array([each.least for each in tables], np.int64),
            offsets=np.array([[rival.offset for rival in each.rivals] for each in tables], np.int64),
            limits=np.array([rival.limits for rival in first.rivals], np.int64),
            timed=tuple(rival.timed for rival in first.rivals),
        )

    def sums(
        self, query: Ints, row: Ints, question: Ints, banned_at: Callable[[Ints], Floats]
    ) -> tuple[Ints, Bools]:
        """The upper bound of each candidate's score (steps), and whether that is enough to read its record.

        ``query`` has a row for each candidate; ``row`` and ``question`` pair candidates with the keys that
        they share. ``banned_at`` returns the ban moments (Unix seconds) of the candidates in given rows, NaN
        where unknown.
        """
        columns = self.floors.shape[1]
        values = self.floors[query]
        for facts, steps in zip(self.facts, self.steps, strict=True):
            np.maximum.at(values.reshape(-1), row * columns + facts[question], steps[question])
        for fact, most in self.by_number.items():
            shared = np.bincount(row[self.facts[0, question] == fact], minlength=len(query))
            held = most[query, np.minimum(shared, most.shape[1] - 1)]
            values[:, fact] = np.maximum(np.minimum(values[:, fact], held), self.floors[query, fact])
        # Most candidates stay below against a stranger, the first rival, whatever their moment is.
        sums = self._against(0, values) + self.offsets[query, 0]
        left = np.flatnonzero(sums + self.at_best[query] >= self.least[query])
        enough = np.zeros(len(query), np.bool_)
        if len(left):
            near, asked = values[left], query[left]
            moments = self._moments(asked, banned_at(left))
            sums[left] = np.minimum.reduce(
                [
                    self._against(rival, near) + self.offsets[asked, rival] + (moments if timed else 0)
                    for rival, timed in enumerate(self.timed)
                ]
            )
            enough[left] = sums[left] >= self.least[asked]
        return sums, enough

    def _against(self, rival: int, values: Ints) -> Ints:
        """The sum of facts against one rival: each up to its limit, less the discounts of lesser facts in a
        group, and of facts counted beyond others.
        """
        held = np.minimum(values, self.limits[rival])
        totals: Ints = held.sum(axis=1)
        for fact, others in self.beyond:
            totals -= np.minimum(held[:, fact], held[:, others].max(axis=1))
        for facts, share in self.groups:
            own = held[:, facts]
            totals -= (own.sum(axis=1) - own.max(axis=1)) * (SHARE_WHOLE - share) // SHARE_WHOLE
        return totals

    def _moments(self, query: Ints, banned_at: Floats) -> Ints:
        """The steps that the moment adds for some candidates."""
        added = np.zeros(len(query), np.int64)
        since = self.at[query] - banned_at
        known = ~np.isnan(since)
        for number in np.unique(query[known]).tolist():
            places = np.flatnonzero(known & (query == number))
            # The last span that begins before; the first one has no beginning.
            at = np.searchsorted(self.ends[number], since[places]) - 1
            added[places] = self.moments[number][np.maximum(at, 0)]
        unasked = np.isnan(self.at[query])
        added[unasked] = self.at_best[query[unasked]]
        return added


def _side_by_side(several: Sequence[tuple[tuple[int, ...], ...]]) -> Ints:
    """The rows of tables beside each other; a table with fewer rows is filled up with zeros."""
    merged = np.zeros((max(map(len, several)), sum(len(rows[0]) for rows in several if rows)), np.int64)
    at = 0
    for rows in several:
        end = at + (len(rows[0]) if rows else 0)
        merged[: len(rows), at:end] = rows
        at = end
    return merged
