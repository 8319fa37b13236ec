"""Redis and the reference answer the same, whatever happens in whatever order."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from samehand.frequency.rates import NothingCounted
from samehand.keys import SHORT_POSTING_CAP, Key, KeyKind, kind_of, value_of
from samehand.lineage import Descent, founder
from samehand.scoring.upper_bound import UpperBound
from samehand.scoring.weights import default_weights
from samehand.showings import Showings
from schemas.verdicts import Verdict
from store.base import Ban, ConfirmedEntry, Decision, OpenAlert, Owed, Query, Store, Summary
from store.bounds import Bounds
from store.common import ranking
from store.common.counted_values import CROWDS
from store.limits import SILENT_LISTS
from store.memory.store import MemoryStore
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.rules.pairs import KNOWN_ON
from tests.store.conftest import SMALL
from tests.store.makers import DAY, IDENTITY, NOW, a_ban, a_claim, a_member, a_proposal, a_query, a_remembered

# Whatever happens in whatever order, Redis and the reference answer the same.


EXAMPLES = settings().max_examples // 3  # each fills two stores

HANDLES = ["umar_media", "um4r.media2", "media_umar", "salma_khan", "salmakhan99", "umarmediaofficial", "zz"]
PLACES = ["39.40.1.2", "39.40.1.9", "103.12.9.1"]
IDS = st.sampled_from(["1", "2", "3", "4", "5", "6"])
MOMENTS = st.integers(-3, 3).map(lambda n: NOW + n)
BOUNDS = {"retention_seconds": 800.0, "remembered_bytes": 9_000, "freeze_seconds": 50.0, "lag_seconds": 2.0}

ENROL = st.tuples(
    st.just("enrol"),
    IDS,
    st.sampled_from(HANDLES),
    MOMENTS,
    st.none() | st.sampled_from([NOW + 40.0, NOW + 400.0]),
    st.none() | IDS,
    st.none() | st.sampled_from([NOW, NOW - 59.0, NOW - 3 * DAY, NOW - 40 * DAY, NOW - NOW % DAY]),
    st.none() | st.sampled_from(["spam", "violent-extremism"]),
    st.none() | st.sampled_from(PLACES),
)
REMEMBER = st.tuples(st.just("remember"), IDS, st.sampled_from(HANDLES), MOMENTS, st.sampled_from(PLACES))
EXPUNGE = st.tuples(st.just("expunge"), IDS, MOMENTS)
FORGET = st.tuples(st.just("forget"), IDS, MOMENTS)
CLAIMANTS = st.sampled_from(["forward:1", "lookback:1"])
PROPOSE = st.tuples(
    st.just("propose"), IDS, IDS, st.sampled_from(["possible", "likely"]), CLAIMANTS, st.booleans()
)
CONFIRM = st.tuples(st.just("confirm"), IDS, IDS, CLAIMANTS, st.integers(1, 3))
PAIR = st.tuples(st.sampled_from(["settle", "withdraw", "dismiss", "reopen", "leave", "delete"]), IDS, IDS)
DECIDE = st.tuples(
    st.just("decide"),
    IDS,
    IDS,
    st.sampled_from(["mirror", "not_mirror", "unsure"]),
    MOMENTS,
    st.integers(1, 4),
)
JOIN = st.tuples(st.just("join"), IDS, IDS, MOMENTS)
OTHER = st.tuples(st.sampled_from(["sweep", "freeze"]))
WAIT = st.tuples(st.just("wait"), st.sampled_from([1.0, 30.0, 120.0, 500.0, 3_600.0, 3 * DAY]))
STEPS = st.lists(
    st.one_of(
        ENROL,
        ENROL,
        REMEMBER,
        REMEMBER,
        EXPUNGE,
        FORGET,
        PROPOSE,
        CONFIRM,
        PAIR,
        PAIR,
        DECIDE,
        JOIN,
        OTHER,
        WAIT,
    ),
    min_size=5,
    max_size=40,
)

QUERIES: list[Query] = [a_query("9", handle=handle) for handle in HANDLES] + [a_query("1"), a_query("2")]
# The same with what they may add: with so many mirrors a name alone is enough, and a moment decides.
BOUND = UpperBound(structs.replace(default_weights(), mirrors_a_ban=1_000.0))


def bounded(place: int, handle: str) -> Query:
    """A look-up of an account that signed up so many thousand seconds later."""
    several = a_remembered("9", handle=handle).fingerprints
    ours = [replace(one, at=NOW + place * 1_000.0) for one in several]
    return Query.by(f"x:9{place}", BOUND.table(ours, NothingCounted(5, 100)))


BOUNDED = [bounded(place, handle) for place, handle in enumerate(HANDLES)]
ACCOUNTS = [f"x:{n}" for n in range(1, 7)]


@dataclass(slots=True)
class Story:
    """Does the same to a store as to another, and tells what was answered."""

    store: Store
    now: float = NOW
    asked: int = 0
    answers: list[object] = field(default_factory=list)

    async def step(self, step: tuple[object, ...]) -> object:
        """One step; what the store answered."""
        match step:
            case ("enrol", str(one), str(handle), float(moment), expires, root, at, policy, place):
                traits: dict[str, Any] = {"ip": place} if isinstance(place, str) else {}
                ban = a_ban(
                    one,
                    handle=handle,
                    occurred_at=moment,
                    expires_at=expires if isinstance(expires, float) else None,
                    descent=founder(f"x:{one}") if root is None else Descent(f"x:{root}", 1),
                    at=at if isinstance(at, float) else None,
                    policy=policy if isinstance(policy, str) else None,
                    **traits,
                )
                return await self.store.enrol([ban], now=self.now)
            case ("remember", str(one), str(handle), float(moment), str(place)):
                account = a_remembered(one, handle=handle, seen_at=moment, ip=place)
                made = int(moment) if place == PLACES[0] else None
                account = replace(account, shown=Showings(made, int(moment)))
                return await self.store.remember([account, account], now=self.now)
            case ("expunge", str(one), float(moment)):
                return await self.store.expunge([(f"x:{one}", moment)], now=self.now)
            case ("forget", str(one), float(moment)):
                return await self.store.forget([(f"x:{one}", moment)], now=self.now)
            case ("propose", str(one), str(other), str(band), str(claimant), bool(counted)):
                proposal = a_proposal(f"x:{one}", f"x:{other}", band=band, claimant=claimant)
                summary = Summary(f"summary of {other}", b"summary")
                proposal = replace(proposal, again_only=counted, counted=counted, summary=summary)
                return await self.store.propose([proposal], now=self.now)
            case ("confirm", str(one), str(other), str(claimant), int(revision)):
                claimed = a_proposal(f"x:{one}", f"x:{other}", claimant=claimant)
                await self.store.confirm([a_claim(claimed, revision)], now=self.now)
            case ("decide", str(one), str(other), str(verdict), float(moment), int(number)):
                alert = a_proposal(f"x:{one}", f"x:{other}").alert_id
                decision = Decision(alert, cast(Verdict, verdict), moment, f"v{number}")
                return await self.store.decide([decision], now=self.now)
            case ("join", str(one), str(other), float(moment)):
                member = a_member(f"x:{one}", Descent(f"x:{other}", 1), at=moment)
                await self.store.join([member], now=self.now)
            case (str(verb), str(one), str(other)):
                return await self._pair(verb, one, other)
            case ("sweep",):
                return await self.store.sweep(now=self.now)
            case ("freeze",):
                return await self.store.freeze(now=self.now)
            case ("wait", float(seconds)):
                self.now += seconds
        return "done"

    async def _pair(self, verb: str, one: str, other: str) -> object:
        alert, banned = a_proposal(f"x:{one}", f"x:{other}").alert_id, f"x:{other}"
        if verb == "settle":
            owed = await self.store.owed("holder", now=self.now)
            mine = [it for it in owed if it.alert.alert_id == alert]
            several = [ConfirmedEntry(alert, banned, it.revision, _known(it)) for it in mine]
            await self.store.settle([*several, ConfirmedEntry(alert, banned, 1)])
        elif verb == "withdraw":
            (about,) = await self.store.alerts_about([f"x:{one}"])
            await self.store.withdraw(about, reason="account-banned", now=self.now)
        elif verb == "delete":
            (about,) = await self.store.alerts_about([f"x:{one}"])
            await self.store.withdraw(about, reason="account-deleted", now=self.now)
        elif verb == "leave":
            await self.store.leave([alert])
        elif verb == "dismiss":
            found = [it for it in await self.store.pairs([alert]) if it is not None]
            await self.store.withdraw(found, reason="verdict", now=self.now)
        else:
            found = [it for it in await self.store.pairs([alert]) if it is not None]
            await self.store.reopen(found, now=self.now)
        return "done"

    async def everything(self) -> list[object]:
        """All that a store answers to questions."""
        store, now = self.store, self.now
        likes = await store.bans_like(QUERIES, now=now, keep=3)
        near = await store.bans_like(BOUNDED, now=now, keep=3)
        recalled = await store.remembered_like(QUERIES, now=now, keep=3)
        pairs = [a_proposal(one, other).alert_id for one in ACCOUNTS for other in ACCOUNTS]
        figures = await store.figures()
        self.asked += 2  # a snapshot may be as old as a second
        frequencies = await store.frequencies(at=now, now=now + self.asked)
        return [
            [[(one.fingerprints, one.rank) for one in several] for several in likes],
            [[(one.fingerprints, one.rank, one.bearers) for one in several] for several in near],
            await store.facts([one.ref for several in likes for one in several]),
            [[(one.fingerprints, one.rank) for one in several] for several in recalled],
            await store.remembered_facts([one.ref for several in recalled for one in several]),
            await store.remembered(ACCOUNTS, now=now),
            await store.bans(ACCOUNTS),
            await store.bans(ACCOUNTS, now=now),
            await store.alerts_on(ACCOUNTS),
            await store.alerts_about(ACCOUNTS),
            sorted(repr(it) for it in await store.owed("holder", now=now) if it.counts is None),
            await store.pairs(pairs),
            await store.descents(ACCOUNTS),
            await store.decided(pairs),
            (figures.fingerprints, figures.remembered_evicted, frequencies.bans, frequencies.accounts("")),
            frequencies.sign_ups,
        ]

    async def counts(self) -> dict[Key, int]:
        """How common it calls what is looked up."""
        told = await self.store.frequencies(at=self.now, now=self.now)
        return {key: told.count(kind_of(key), value_of(key), "") for query in QUERIES for key in query.keys}


def _known(owed: Owed) -> OpenAlert | None:
    """What is kept of a withdrawal that was told, as the relay does it."""
    if owed.reason not in KNOWN_ON:
        return None
    return replace(owed.alert, revision=owed.revision, open=False, withdrawn=owed.reason)


def as_common(told: int, truth: int, kind: KeyKind) -> bool:
    """Whether Redis says what is true: of what crowds bear perhaps one more, and of a single one nothing."""
    if kind not in CROWDS:
        return told == truth
    return told - truth in (0, 1) or (told == 0 and truth == 1)


async def compared(url: str, steps: list[tuple[object, ...]]) -> None:
    """Tells the story to both and compares after each chapter."""
    bounds = Bounds(**BOUNDS)  # type: ignore[arg-type]  # numbers of either kind
    mine = RedisStore(
        RedisEndpoint(url=url, deadline_seconds=10.0),
        prefix=f"samehand-{uuid.uuid4().hex[:8]}:",
        identity=IDENTITY,
        sizes=Sizes(**SMALL),
        bounds=bounds,
    )
    await mine.open()
    one, other = Story(mine), Story(MemoryStore(bounds, IDENTITY))
    for place, step in enumerate(steps):
        assert await one.step(step) == await other.step(step), step
        if place % 8 == 0:
            assert await one.everything() == await other.everything(), step
            truth = await other.counts()
            assert all(
                as_common(told, truth[key], kind_of(key)) for key, told in (await one.counts()).items()
            )
    assert await one.everything() == await other.everything()
    await mine.close()


@pytest.mark.parametrize("entries", [ranking.READ_AT_LEAST, 5])
def test_redis_and_the_reference_answer_the_same(
    redis_url: str, entries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "READ_AT_LEAST", entries)
    monkeypatch.setattr(ranking, "READ_A_KEPT", 1)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def told(steps: list[tuple[object, ...]]) -> None:
        asyncio.run(compared(redis_url, steps))

    told()


# What a store answers follows from who is banned, not from who was banned first.


ORDERS = settings().max_examples // 10  # each fills two stores

ENDS = [f"{one}{other}" for one in "bcdfghjklmnpqr" for other in "klmnpqrstv"]
# As many as a run of letters may propose, one more, one less, and more than a store lists.
BEARERS = {
    "umarmedia": SHORT_POSTING_CAP,
    "salmanoor": SHORT_POSTING_CAP + 1,
    "tariqnews": SHORT_POSTING_CAP - 1,
    "nadiashop": SILENT_LISTS * SHORT_POSTING_CAP + 5,
}
PASSING = SHORT_POSTING_CAP - 4  # with those who were reinstated a run has more bearers than it may propose


ROOMY = Sizes(**{**SMALL, "bans": 200_000})
"""Buckets for a hundred times as many: prints of two bytes do not agree by chance then."""


Told = tuple[Ban, bool]
"""A ban, and whether it is lifted."""


def handles(word: str, count: int) -> list[str]:
    """So many handles that share a word."""
    return [f"{word}{end}" for end in ENDS[:count]]


STAY = [
    a_ban(name, handle=name, display_name=f"{name[:5]} {name[5:9]}")
    for word, count in BEARERS.items()
    for name in handles(word, count)
]
GONE = [a_ban(f"gone {end}", handle=f"umarmedia{end}") for end in reversed(ENDS[-PASSING:])]
ASKED = [
    a_query("asks", handle=f"{word}{end}", display_name=word[:5]) for word in BEARERS for end in ("bk", "zz9")
]
ASKED += [a_query("asks", handle=word[:7]) for word in BEARERS]
TOLD: list[Told] = [*((ban, False) for ban in STAY), *((ban, True) for ban in GONE)]


async def filled(store: Store, order: Sequence[Told], at_once: int) -> list[object]:
    """Fills a store, lifts what is lifted, and tells what it answers."""
    await store.open()
    for start in range(0, len(order), at_once):
        some = order[start : start + at_once]
        await store.enrol([ban for ban, _ in some], now=NOW)
        await store.expunge([(ban.account, NOW) for ban, lifted in some[::2] if lifted], now=NOW)
    await store.expunge([(ban.account, NOW) for ban, lifted in order if lifted], now=NOW)
    answers: list[object] = []
    for keep in (3, 64, 1_000):
        for several in await store.bans_like(ASKED, now=NOW, keep=keep):
            facts = await store.facts([one.ref for one in several])
            answers.append(
                [(fact and fact.account_id, one.rank) for fact, one in zip(facts, several, strict=True)]
            )
    await store.close()
    return answers


def test_answers_do_not_hang_on_the_order_of_arrival(redis_url: str) -> None:
    bounds = Bounds()
    expected = asyncio.run(filled(MemoryStore(bounds, IDENTITY), [(ban, False) for ban in STAY], 50))
    assert any(expected)

    @settings(max_examples=ORDERS, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.permutations(range(len(TOLD))), st.sampled_from([7, 50, 300]))
    def filled_anyhow(places: list[int], at_once: int) -> None:
        order = [TOLD[place] for place in places]
        redis = RedisStore(
            RedisEndpoint(url=redis_url, deadline_seconds=10.0),
            prefix=f"samehand-{uuid.uuid4().hex[:8]}:",
            identity=IDENTITY,
            sizes=ROOMY,
            bounds=bounds,
        )
        for store in (MemoryStore(bounds, IDENTITY), redis):
            assert asyncio.run(filled(store, order, at_once)) == expected

    filled_anyhow()
