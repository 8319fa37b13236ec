"""What the mind costs an event, on the candidates that the index really brings up.

Whole simulated accounts sign up against whole simulated bans in a Redis of their own, none of them a mirror.
What the store does is not timed here (see :mod:`bench.lookup`); each step of the mind is, in processor time.
Every event is met once, so that nothing is warm but what a worker's caches hold from the events before.
Counts of sign-ups before them are frozen, as in a worker, which asks for some of an account's values in them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypeVar

from agents.common.converters import remembered_of
from bench.page import in_words, machine
from bench.running.crowd import BANNED_AT
from bench.store.bans import KEYERS, a_store, enrol, whole
from bench.store.server import server
from samehand.frequency.rates import CountsWithoutCandidates, Frequencies
from samehand.scoring.score import score
from samehand.scoring.upper_bound import UpperBound
from samehand.scoring.weights import Weights, default_weights
from schemas.accounts import AccountCreated
from schemas.malformed import Malformed
from schemas.wire import decode_created, encode
from simulate.population.people import Population
from simulate.sampling import seeded
from simulate.timeline.records import created
from store.base import Candidate, Query, Remembered
from store.common.counted_values import counted as values_of
from store.redis import RedisStore
from streams.supervision.gc_tuning import collect_seldom

KEEP: Final = 64  # candidates an event, as a worker keeps them unless told otherwise
_BATCH: Final = 100
_UNSPARED: Final = 5  # of each so many sign-ups one meets all its pairs in full, too
_SEED: Final = 11
_CREATED_AFTER_SECONDS: Final = 86_400.0
_NOW: Final = BANNED_AT + 2 * 86_400.0
_COUNTED: Final = 1_000  # sign-ups before the first event

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mind:
    """One run. ``seconds`` of processor time by step; ``pairs`` met (the best of an event), ``spared``: those
    of them that the bound leaves unread.

    ``unspared`` pairs were compared in full whatever the bound had said, beside the event's steps: those
    that it leaves share the most and take the longest, so that their rate says little of pairs.
    """

    bans: int
    events: int
    pairs: int
    spared: int
    unspared: int
    seconds: dict[str, float]
    machine: dict[str, str | int | float]

    @property
    def full(self) -> int:
        """Pairs that were compared in full."""
        return self.pairs - self.spared

    @property
    def distilled_a_second(self) -> float:
        """Accounts, from the record to the fingerprint."""
        return self.events / self.seconds[DISTIL]

    @property
    def scored_a_second(self) -> float:
        """Pairs that the bound left, compared in full; their records were read before."""
        return self.full / self.seconds[SCORE]

    @property
    def unspared_a_second(self) -> float:
        """Pairs of all that were met, compared in full; their records were read before."""
        return self.unspared / self.seconds[UNSPARED]

    @property
    def told_a_second(self) -> float:
        """Pairs met, each told from its record to its end, of which the bound left few to be read."""
        return self.pairs / sum(self.seconds[step] for step in (READ, SCORE))


DISTIL, COUNTS, KEYS, READ, SCORE, UNSPARED = "distil", "counts", "keys", "read", "score", "unspared"
_WORDS: Final = {
    DISTIL: "a new account distilled",
    COUNTS: "the counts of all its values asked for",
    KEYS: "its blocking keys made, and what each may add",
    READ: "the candidates that the bound leaves read",
    SCORE: "and compared in full",
}


class _Clock:
    """Adds up what steps take."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys((*_WORDS, UNSPARED), 0.0)

    def timed(self, step: str, work: Callable[[], T]) -> T:
        before = time.process_time()
        answer = work()
        self.seconds[step] += time.process_time() - before
        return answer


async def measured(bans: int, events: int) -> Mind:
    """Enrols the bans, then lets so many accounts sign up."""
    collect_seldom()  # as a worker does, or rounds of the collector land in whichever step makes objects
    with server() as own:
        store = a_store(own, bans, counting=True)
        await store.open()
        await enrol(store, own, whole(bans, avatar=True, everything=False))
        crowd = [remembered_of(event, KEYERS) for event in _sign_ups(bans, -_COUNTED, _COUNTED)]
        await store.remember(crowd, now=BANNED_AT)
        await store.freeze(now=BANNED_AT + 86_400.0)
        clock, pairs, spared, unspared = _Clock(), 0, 0, 0
        for start in range(0, events, _BATCH):
            arrived = _sign_ups(bans, start, min(_BATCH, events - start))
            met, set_aside, in_full = await _met(store, arrived, clock)
            pairs, spared, unspared = pairs + met, spared + set_aside, unspared + in_full
        await store.close()
    return Mind(bans, events, pairs, spared, unspared, clock.seconds, machine())


def _sign_ups(bans: int, start: int, count: int) -> list[AccountCreated]:
    """Accounts of the same population as the banned ones, as they come over the wire."""
    rng, people = seeded(_SEED, f"bench mind {start}"), Population(7, bans)
    at = BANNED_AT + _CREATED_AFTER_SECONDS
    read = [decode_created(encode(created(people.person(rng), at)), now=_NOW) for _ in range(count)]
    return [one.record for one in read if not isinstance(one, Malformed)]


async def _met(store: RedisStore, arrived: list[AccountCreated], clock: _Clock) -> tuple[int, int, int]:
    """One batch through all steps: how many pairs it met, were not read, and were compared anyway."""
    weights = default_weights()
    bound = UpperBound(weights)
    counted = await store.frequencies(at=_NOW, now=_NOW)
    accounts = clock.timed(DISTIL, lambda: [remembered_of(event, KEYERS) for event in arrived])
    values = [value for one in accounts for value in values_of(one.fingerprints[0], b"\0").values]
    clock.timed(COUNTS, lambda: [counted.count(one.kind, one.value, one.stratum) for one in values])
    tables = clock.timed(KEYS, lambda: [bound.table(one.fingerprints, counted) for one in accounts])
    asked = [Query.by(one.account, table) for one, table in zip(accounts, tables, strict=True)]
    left = await store.bans_like(asked, now=_NOW, keep=KEEP)
    found = await store.bans_like([Query(one.account, one.keys) for one in asked], now=_NOW, keep=KEEP)
    contexts: list[Frequencies] = [
        CountsWithoutCandidates(counted, met[0].bearers if met else {}) for met in found
    ]
    clock.timed(READ, lambda: [candidate.fingerprint for several in left for candidate in several])
    clock.timed(SCORE, lambda: _scored(accounts, left, weights, contexts))
    some = slice(None, None, _UNSPARED)
    everyone = [list(met) for met in found[some]]
    _ = [candidate.fingerprint for candidate in chain.from_iterable(everyone)]  # comparing alone is timed
    clock.timed(UNSPARED, lambda: _scored(accounts[some], everyone, weights, contexts[some]))
    pairs = sum(map(len, found))
    return pairs, pairs - sum(map(len, left)), sum(map(len, everyone))


def _scored(
    accounts: Sequence[Remembered],
    several: Sequence[Sequence[Candidate]],
    weights: Weights,
    contexts: Sequence[Frequencies],
) -> None:
    for one, candidates, context in zip(accounts, several, contexts, strict=True):
        for candidate in candidates:
            score(one.fingerprints[0], candidate.fingerprint, weights, context)


def table(one: Mind) -> str:
    rates = {
        DISTIL: f"{one.distilled_a_second:,.0f} accounts",
        SCORE: f"{one.scored_a_second:,.0f} pairs",
    }
    lines = ["| step | µs an event | a second of a core |", "|---|---|---|"]
    lines += [
        f"| {words} | {one.seconds[step] / one.events * 1e6:,.0f} | {rates.get(step, '')} |"
        for step, words in _WORDS.items()
    ]
    return "\n".join(
        (
            *lines,
            f"| all candidates compared in full, beside that |  | {one.unspared_a_second:,.0f} pairs |",
            f"| any pair, by the bound or in full |  | {one.told_a_second:,.0f} pairs |",
            "",
            f"* {one.events:,} sign-ups met {one.pairs:,} of {one.bans:,} bans, "
            f"{one.pairs / one.events:.1f} each; the bound set {one.spared / max(one.pairs, 1):.1%} aside "
            f"and left {one.full / one.events:.1f}",
            f"* on {in_words(one.machine)}",
        )
    )
