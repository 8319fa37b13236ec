"""Agents in all orders of their calls to a store, on a real Redis at once, and after the store was lost."""

from __future__ import annotations

import asyncio
import hashlib
import os
import pickle
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Generator, Hashable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from itertools import islice
from math import inf
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs

from agents.common.alerts.recall import recall
from agents.runtime.outbox import Relay
from samehand.alert_id import alert_id
from samehand.lineage import Descent
from samehand.showings import Showings
from schemas.accounts import AccountBanned, AccountCreated
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.record import Record
from schemas.verdicts import Verdict, VerdictGiven
from schemas.wire import Decoded, decode_alert_state, encode
from store.base import ALONE, Candidate, Companions, Query, Remembered, Store
from store.bounds import Bounds
from store.memory.store import MemoryStore
from store.redis import RedisEndpoint, RedisStore
from streams.clock import SystemClock
from streams.outcomes import Arrival, Emit, Published
from tests.agents.conftest import Life, MakeLife
from tests.makers import NOON, a_ban, a_change, a_deletion, a_reinstatement, a_sign_up, a_verdict, arrival
from tests.schemas.makers import as_json

# Write before you look: in whatever order the steps of a ban and of its mirror fall, one alert is told.


DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
BAN = a_ban("77", handle="umar_media", device_id=DEVICE)
MIRROR = a_sign_up("99", handle="umar_media_2", device_id=DEVICE)
PLAIN = a_sign_up("99", handle="salma_kitchen")
TURNED = a_change("99", handle="umar_media_2", device_id=DEVICE)
LIFTED = a_reinstatement("77")
CLEARED = a_reinstatement("99", at=NOON + timedelta(minutes=95))
OWN = a_ban("99", handle="umar_media_2", device_id=DEVICE, at=NOON + timedelta(minutes=90))
DELETED = a_deletion("99", at=NOON + timedelta(minutes=90))
AGAIN = a_ban("77", handle="umar_media", device_id=DEVICE, at=NOON + timedelta(minutes=90))
# What these read is written by nobody here, or before anybody could ask: when they are asked tells nothing.
# `uncount` has nothing to change, since of one pair none is withheld, and there are no waves.
ALIKE = frozenset(
    {
        *("frequencies", "descents", "facts", "remembered_facts", "uncount", "mark_banned", "leave_waves"),
        "judged",  # a figure alone
    }
)
NOBODY_ABOUT = ALIKE | {"alerts_about"}
"""Where no account of the bans is one that somebody alerted about."""
NOBODY_BANS = ALIKE | {"bans"}
"""Where nobody is banned, lifted or deleted meanwhile."""
CRASHES = 100
Answer = tuple[str, Any]
"""An answer in words, and itself."""


class Turn:
    """Where an agent waits until it is its turn."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class Stepping:
    """A store of which each call is a step; ``late``: it looks an account up before it writes it."""

    def __init__(self, store: MemoryStore, *, late: bool = False, alike: frozenset[str] = ALIKE) -> None:
        self._store = store
        self._alike = alike
        self._late = late
        self.job = ""
        self.answers: dict[
            str, list[Answer]
        ] = {}  # what each job was answered: its own state follows from it
        self.again: Iterator[Answer] | None = None
        """What a job is answered once more, while it is brought to where it was."""

    def __getattr__(self, name: str) -> Any:
        call: Callable[..., Awaitable[Any]] = getattr(self._store, name)

        async def step(*given: Any, **named: Any) -> Any:
            if name not in self._alike:
                await Turn()
            if name == "frequencies":  # nothing was counted yet: always the same
                return await call(*given, **named)
            if self.again is not None:
                return next(self.again)[1]
            answer = await call(*given, **named)
            self.answers.setdefault(self.job, []).append((repr((name, answer)), answer))
            return answer

        step.__name__ = name
        return step

    async def remember_then_look(
        self, accounts: Sequence[Remembered], queries: Sequence[Query], *, now: float, keep: int, notes: bool
    ) -> tuple[list[Showings], list[list[Candidate]], list[Companions]]:
        """Two steps, since each is a trip to Redis; ``late``: in the wrong order."""
        found = await self.bans_like(queries, now=now, keep=keep) if self._late else None
        shown = await self.remember(accounts, now=now)
        if found is None:
            found = await self.bans_like(queries, now=now, keep=keep)
        return shown, found, [ALONE] * len(accounts)

    def owes(self) -> bool:
        """Whether the store owes a withdrawal."""
        return "due" in self._store._dictionary.values

    def contents(self) -> bytes:
        """What the store holds."""
        apart = ("_addresses", "_counts", "_noted", "_dictionary")
        kept = {it.name: getattr(self._store, it.name) for it in fields(self._store) if it.name not in apart}
        values = self._store._dictionary.values
        kept["values"] = {
            name: (dict(sorted(held.items())) if isinstance(held, dict) else held, until)
            for name, (held, until) in sorted(values.items())
        }
        packed = BytesIO()
        pickler = pickle.Pickler(packed)
        pickler.fast = True  # equal values are packed alike, whether they are one object or two
        pickler.dump(kept)
        return packed.getvalue()

    def hold(self, contents: bytes) -> None:
        """Holds what it held when :meth:`contents` told it."""
        kept = pickle.loads(contents)
        self._store._dictionary.values = kept.pop("values")
        for name, value in kept.items():
            setattr(self._store, name, value)


@dataclass
class World:
    """A ban and its mirror on their way through the agents; ``told`` is what the broker has of alerts."""

    life: Life
    stepping: Stepping
    told: list[tuple[str, int, str]] = field(default_factory=list)
    words: dict[bytes, list[bytes]] = field(default_factory=dict)
    """What was told of each ban: it comes again to look-back, whatever becomes of its enrolment."""

    def __post_init__(self) -> None:
        # Of one name: a worker that lost the shard while it was held up, and the next one, ask alike.
        self.relaying = Relay(self.life.context, self.life, SystemClock(), holder="relay")

    async def mirror(self) -> None:
        """The new account's event, from its delivery to its acknowledgement."""
        await self._deliver(self.life.screen, MIRROR)

    async def ban(self) -> None:
        """The ban's event, and then the word of it to look-back."""
        await self._banned(BAN)

    async def again(self) -> None:
        """The same for a ban after the reinstatement."""
        await self._banned(AGAIN)

    async def dismissed(self) -> None:
        """A verdict on the alert."""
        await self._judged("not_mirror", 1)

    async def confirmed(self) -> None:
        """A later one, which takes it back."""
        await self._judged("mirror", 2)

    async def _judged(self, verdict: Verdict, minute: int) -> None:
        given = a_verdict(alert_id("telegram:99", "telegram:77"), verdict)
        moment = given.decided_at + timedelta(minutes=minute)
        await self._deliver(self.life.judge, structs.replace(given, decided_at=moment))

    async def own(self) -> None:
        """The new account's own ban."""
        await self._banned(OWN)

    async def deleted(self) -> None:
        """The new account's end."""
        await self._deliver(self.life.forget, DELETED)

    async def relay(self) -> None:
        """Whatever is owed, some steps of which may come before others of the rest."""
        await self._relay()

    async def late_relay(self) -> None:
        """The same by a worker that has lost the shard and goes on."""
        await self._relay()

    async def _relay(self) -> None:
        due = await self.relaying.publications()
        for it in due:
            if it.alert is not None:
                await Turn()
                self._tell(it.alert)
        if due:
            await self.relaying.settle([it.owed for it in due])

    async def _banned(self, ban: Record) -> None:
        words = self.words.setdefault(encode(ban), [])
        for emit in await self._deliver(self.life.enrol, ban):
            if emit.value is not None and emit.value not in words:
                words.append(emit.value)
        for word in words:
            await self._deliver(self.life.lookback, word)

    async def plain(self) -> None:
        """The new account's event while it resembled nobody, and then that of its change into the mirror."""
        await self._deliver(self.life.screen, PLAIN)
        await self._deliver(self.life.changed, TURNED)

    async def turned(self) -> None:
        """The event of its change alone."""
        await self._deliver(self.life.changed, TURNED)

    async def lifted(self) -> None:
        """The reinstatement of the ban, and the word of it on the topic of bans."""
        await self._lifted(LIFTED)

    async def cleared(self) -> None:
        """The same of the new account's own ban."""
        await self._lifted(CLEARED)

    async def _lifted(self, record: Record) -> None:
        for emit in await self._deliver(self.life.expunge, record):
            if emit.value is None:
                headers = dict(emit.headers)
                await self.life.enrol([arrival(None, key=emit.key, headers=headers)])

    def tell_what_is_owed(self) -> None:
        """The relay, until nothing is owed any more."""
        while self.stepping.owes():
            finish(self.relay())

    def _tell(self, emit: Emit) -> None:
        if (alert := self.life.alert(emit)) is not None:
            self.life.heard.append(alert)
            self.told.append((alert.alert_id, self.life.number(alert), alert.status))

    async def _deliver(self, agent: Any, record: Record | bytes | None) -> list[Emit]:
        (outcome,) = await agent([arrival(record)])
        emits = list(outcome.emits) if isinstance(outcome, Published) else []
        for emit in emits:
            if self.life.alert(emit) is not None:
                await Turn()
                self._tell(emit)
        if emits and hasattr(agent, "confirm"):
            await agent.confirm(emits)
        return emits


Job = Coroutine[None, None, None]


def advance(job: Job) -> bool:
    """Takes one step; whether there is another."""
    try:
        job.send(None)
    except StopIteration:
        return False
    return True


def finish(job: Job) -> None:
    """Takes all its steps."""
    while advance(job):
        pass


MakeWorld = Callable[..., World]


@pytest.fixture
def world(make_life: MakeLife, monkeypatch: pytest.MonkeyPatch) -> MakeWorld:
    """Makes a world in which nothing has happened; equal states are equal, whichever step wrote them."""
    monkeypatch.setattr("store.rules.keyspace.token_bytes", bytes)
    context = make_life(logged=False).context

    def fresh(*, late: bool = False, alike: frozenset[str] = ALIKE) -> World:
        life: Life
        stepping = Stepping(MemoryStore(), late=late, alike=alike)
        acting: Any = stepping
        life = Life(replace(context, store=acting, now=lambda: life.seconds))
        return World(life, stepping)

    return fresh


@dataclass(frozen=True)
class Moment:
    """A state of a world and of jobs in it: how many steps each took, if it is over, what it was answered."""

    held: bytes
    told: list[tuple[str, int, str]]
    heard: list[MirrorAlert | AlertSummary]
    steps: tuple[int, ...]
    over: tuple[bool, ...]
    answers: tuple[tuple[Answer, ...], ...]

    def digest(self) -> bytes:
        """Two moments of one digest have one future: what a job was answered matters while it goes on."""
        going_on = [
            None if over else [said for said, _ in answers]
            for over, answers in zip(self.over, self.answers, strict=True)
        ]
        parts = (self.steps, self.over, going_on, self.told, [encode(alert) for alert in self.heard])
        return hashlib.blake2b(repr(parts).encode() + self.held, digest_size=16).digest()


class Jobs:
    """Some jobs of a world, which can be brought back to a moment.

    A job cannot be copied. It is begun anew and answered what it was answered, unless one that was left waits
    just there.
    """

    def __init__(self, lived: World, names: Sequence[str]) -> None:
        self.lived = lived
        self._names = [f"{which} {name}" for which, name in enumerate(names)]
        self._steps = [0] * len(names)
        self._running: list[Job | None] = [getattr(lived, name)() for name in names]
        self._waiting: dict[Hashable, list[Job]] = {}

    @property
    def able(self) -> list[int]:
        return [which for which, job in enumerate(self._running) if job is not None]

    def moment(self) -> Moment:
        lived = self.lived
        return Moment(
            lived.stepping.contents(),
            list(lived.told),
            list(lived.life.heard),
            tuple(self._steps),
            tuple(job is None for job in self._running),
            tuple(tuple(lived.stepping.answers.get(name, ())) for name in self._names),
        )

    def step(self, which: int) -> None:
        job = self._running[which]
        assert job is not None
        self.lived.stepping.job = self._names[which]
        self._steps[which] += 1
        if not advance(job):
            self._running[which] = None

    def go_back(self, past: Moment) -> None:
        lived, now = self.lived, self.moment()
        for which, job in enumerate(self._running):
            if job is not None:
                self._waiting.setdefault(self._place(which, now), []).append(job)
        lived.words = {}
        self._running = [None if over else self._job(which, past) for which, over in enumerate(past.over)]
        self._steps = list(past.steps)
        lived.stepping.hold(past.held)
        lived.told, lived.life.heard = list(past.told), list(past.heard)
        lived.stepping.answers = dict(zip(self._names, map(list, past.answers), strict=True))

    def close(self) -> None:
        for job in (*self._running, *(one for several in self._waiting.values() for one in several)):
            if job is not None:
                job.close()

    @staticmethod
    def _place(which: int, at: Moment) -> Hashable:
        return which, at.steps[which], tuple(said for said, _ in at.answers[which])

    def _job(self, which: int, past: Moment) -> Job:
        if waiting := self._waiting.get(self._place(which, past)):
            return waiting.pop()
        job: Job = getattr(self.lived, self._names[which].partition(" ")[2])()
        self.lived.stepping.again = iter(past.answers[which])
        for _ in range(past.steps[which]):
            advance(job)
        self.lived.stepping.again = None
        return job


def orders(
    fresh: Callable[[], World], *names: str, before: Sequence[str] = (), prune: bool = True
) -> Iterator[World]:
    """Every order there is of the steps of some jobs of a world, each told to its end.

    ``before``: jobs that are over by then, one after the other. ``prune``: where two orders have led to the
    same state, only the first is followed.
    """
    lived = fresh()
    for name in before:
        finish(getattr(lived, name)())
    jobs, seen = Jobs(lived, names), set[bytes]()
    ahead: list[tuple[Moment, int]] = [(jobs.moment(), which) for which in jobs.able]
    while ahead:
        past, which = ahead.pop()
        jobs.go_back(past)
        jobs.step(which)
        while able := jobs.able:
            now = jobs.moment()
            if prune:
                if (digest := now.digest()) in seen:
                    break
                seen.add(digest)
            ahead += [(now, other) for other in able[1:]]
            jobs.step(able[0])
        else:
            yield lived
    jobs.close()


OPEN = [("open", 1)]


def said(lived: World) -> list[tuple[str, int]]:
    """What was told of the one pair: status and revision, in order."""
    assert len({alert for alert, _, _ in lived.told}) <= 1
    return [(status, revision) for _, revision, status in lived.told]


def ends_open(lived: World) -> bool:
    """Whether the pair is open to consumers, who upsert by revision, once all that is owed was told."""
    lived.tell_what_is_owed()
    assert len(dict.fromkeys(said(lived))) == len({revision for _, revision in said(lived)})
    return max(said(lived), key=lambda told: told[1])[0] == "open"


def test_in_every_order_the_pair_is_told_once(world: MakeWorld) -> None:
    seen = 0
    for lived in orders(partial(world, alike=NOBODY_ABOUT), "mirror", "ban"):
        seen += 1
        assert said(lived) == OPEN, f"order {seen}"
    assert seen >= 10, f"{seen} orders are not all of them"


def test_orders_that_are_not_followed_end_no_other_way(world: MakeWorld) -> None:
    """Of a story with two ends: all orders against those that are left by their states."""
    every, followed = (
        [tuple(said(lived)) for lived in orders(world, "mirror", "deleted", before=("ban",), prune=prune)]
        for prune in (False, True)
    )
    assert {*every} == {*followed}
    assert len({*every}) > 1
    assert len(every) > 5 * len(followed)


def test_whoever_turns_into_a_mirror_is_told_once(world: MakeWorld) -> None:
    """An account that resembled nobody when it was made, its change, and the ban."""
    ends = {tuple(said(lived)) for lived in orders(world, "plain", "ban")}
    assert ends == {tuple(OPEN)}


def test_who_looks_before_writing_is_found_out(world: MakeWorld) -> None:
    """The first test could fail: with `remember` after the look-up there is an order that tells nothing."""
    late = orders(lambda: world(late=True), "mirror", "ban")
    assert any(lived.told == [] for lived in late)


def test_lifted_and_banned_again_in_every_order_the_pair_ends_open(world: MakeWorld) -> None:
    """The ban and its mirror were told before; whatever is late finds another revision than it knows."""
    seen = 0
    fresh = partial(world, alike=NOBODY_ABOUT)
    for lived in orders(fresh, "lifted", "again", "relay", before=("ban", "mirror")):
        seen += 1
        assert ends_open(lived), f"order {seen}: {said(lived)}"
    assert seen > 10, f"{seen} orders are not all of them"


def test_in_every_order_the_later_verdict_holds(world: MakeWorld) -> None:
    """Two workers have a verdict each in hand; what is owed of the first may be told in between."""
    seen = 0
    fresh = partial(world, alike=NOBODY_BANS)
    for lived in orders(fresh, "confirmed", "dismissed", "relay", before=("ban", "mirror")):
        seen += 1
        assert ends_open(lived), f"order {seen}: {said(lived)}"
        assert families(lived) == [Descent("telegram:77", 1)], f"order {seen}"
    assert seen > 10, f"{seen} orders are not all of them"


def test_an_alert_on_who_is_banned_is_not_open_whenever_its_dismissal_is_taken_back(world: MakeWorld) -> None:
    for lived in orders(world, "confirmed", "own", before=("ban", "mirror", "dismissed")):
        assert not ends_open(lived), said(lived)


def test_whose_own_ban_is_lifted_is_quoted_by_nobody_for_it(world: MakeWorld) -> None:
    seen = 0
    for lived in orders(world, "own", "cleared", "relay", before=("ban", "mirror")):
        seen += 1
        lived.tell_what_is_owed()
        last = max(lived.life.heard, key=lambda alert: alert.revision)
        assert last.withdrawn_reason != "account-banned", f"order {seen}: {said(lived)}"
    assert seen > 10, f"{seen} orders are not all of them"


def families(lived: World) -> list[Descent | None]:
    """From whom the new account descends."""
    return asyncio.run(lived.life.context.store._store.descents(["telegram:99"]))  # type: ignore[attr-defined]  # without a step


def test_lifted_in_every_order_the_pair_ends_withdrawn(world: MakeWorld) -> None:
    for lived in orders(world, "lifted", "relay", "late_relay", before=("ban", "mirror")):
        assert not ends_open(lived), said(lived)


@pytest.mark.parametrize("end", ["own", "deleted"])
def test_whoever_is_banned_or_deleted_in_every_order_is_left_in_no_open_alert(
    world: MakeWorld, end: str
) -> None:
    seen = 0
    # Orders of a deletion are few, and soon in one state: all are followed.
    for lived in orders(world, "mirror", end, before=("ban",), prune=end == "own"):
        seen += 1
        lived.tell_what_is_owed()
        assert not lived.told or max(lived.told, key=lambda told: told[1])[2] == "withdrawn", said(lived)
    assert seen > 5, f"{seen} orders are not all of them"


def delivered(rng: random.Random, deliver: Sequence[Callable[[], Job]], *, finish_late: float) -> int:
    """Delivers events until a worker lived through each; how many died, of which a share finishes late."""
    jobs: dict[int, Job] = {which: make() for which, make in enumerate(deliver)}
    zombies: list[Job] = []
    crashes = 0
    while jobs:
        which = rng.choice(sorted(jobs))
        if crashes < 3 and rng.random() < 0.1:
            if rng.random() < finish_late:
                zombies.append(jobs[which])
            else:
                jobs[which].close()
            jobs[which] = deliver[which]()
            crashes += 1
        elif zombies and rng.random() < 0.3:
            zombie = rng.choice(zombies)
            if not advance(zombie):
                zombies.remove(zombie)
        elif not advance(jobs[which]):
            del jobs[which]
    for zombie in zombies:
        finish(zombie)
    return crashes


def test_workers_that_die_while_a_ban_is_lifted_and_set_again_leave_the_pair_open(world: MakeWorld) -> None:
    """Every event is delivered again until a worker lived through it; those that lost it finish late."""
    rng = random.Random(1)
    for _ in range(CRASHES):
        lived = world()
        deliver = [lived.mirror, lived.ban, lived.lifted, lived.again, lived.relay, lived.relay]
        delivered(rng, deliver, finish_late=0.5)
        assert ends_open(lived), said(lived)


def test_workers_that_die_in_between_lose_nothing(world: MakeWorld) -> None:
    """An event that was not acknowledged comes again: the pair is told, twice only if a worker died of it."""
    rng = random.Random(1)
    twice = 0
    for _ in range(CRASHES):
        lived = world()
        crashes = delivered(rng, [lived.mirror, lived.ban], finish_late=0.0)
        assert len(set(lived.told)) == 1
        assert len(lived.told) <= 1 + crashes
        twice += len(lived.told) > 1
    assert twice, "some worker should have died between publishing and confirming"


# Bans and their mirrors that arrive at the same time, on a real Redis: one alert each.


RACES = int(os.environ.get("SAMEHAND_RACES", "400"))
BATCH = 25
BATCHES_AT_ONCE = 4  # of each side: a ban meets its mirror in any of as many batches as there are
APART_SECONDS = 0.1
"""About as long as a batch takes, so that every step of one falls on every step of another; on a busy machine
it takes longer, and so do the races after the first."""


def races(rng: random.Random) -> Iterator[tuple[AccountBanned, AccountCreated]]:
    """A ban and its mirror, over and over."""
    number = 0
    while True:
        number += 1
        handle = "".join(rng.choices("bdfghklmnprstvz", k=9))
        device = str(UUID(int=rng.getrandbits(128), version=4))
        yield (
            a_ban(f"b{number}", handle=handle, device_id=device),
            a_sign_up(f"n{number}", handle=f"{handle}_2", device_id=device),
        )


async def raced(
    life: Life,
    bans: Sequence[AccountBanned],
    mirrors: Sequence[AccountCreated],
    rng: random.Random,
    apart_seconds: float,
) -> None:
    """Batches of both at once, each through its agents as delivery would take it."""

    async def banned(batch: Sequence[AccountBanned], start: float) -> None:
        await asyncio.sleep(start)
        outcomes = await life.enrol([arrival(ban) for ban in batch])
        emits = [emit for it in outcomes if isinstance(it, Published) for emit in it.emits]
        assert len(emits) == len(batch)
        await life.tell(life.lookback, *(emit.value for emit in emits))

    async def created(batch: Sequence[AccountCreated], start: float) -> None:
        await asyncio.sleep(start)
        await life.tell(life.screen, *batch)

    jobs = [
        job
        for at in range(0, len(bans), BATCH)
        for job in (
            banned(bans[at : at + BATCH], rng.uniform(0, apart_seconds)),
            created(mirrors[at : at + BATCH], rng.uniform(0, apart_seconds)),
        )
    ]
    await asyncio.gather(*jobs)


async def race_all(life: Life, count: int, redis_url: str, store_prefix: str) -> None:
    """So many races on a Redis; fails unless each pair was told once and either side won some."""
    store = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=20.0), prefix=store_prefix, identity=b"i" * 32
    )
    await store.open()
    lived = Life(replace(life.context, store=store))
    rng = random.Random(7)
    source, apart_seconds = races(rng), APART_SECONDS
    for first in range(0, count, BATCH * BATCHES_AT_ONCE):
        several = list(islice(source, min(BATCH * BATCHES_AT_ONCE, count - first)))
        mirrors = [mirror for _, mirror in several]
        rng.shuffle(mirrors)  # so that those of one batch of bans are in several batches of accounts
        began = time.monotonic()
        await raced(lived, [ban for ban, _ in several], mirrors, rng, apart_seconds)
        apart_seconds = max(APART_SECONDS, (time.monotonic() - began) / BATCHES_AT_ONCE)
    told = Counter((alert.account_id, alert.matched.account_id) for alert in lived.alerts)
    assert told == Counter({(f"n{number}", f"b{number}"): 1 for number in range(1, count + 1)})
    assert {alert.direction for alert in lived.alerts} == {"forward", "lookback"}, "each should win sometimes"
    assert lived.context.metrics.duplicates_suppressed._value.get() > 0, "some should have met"
    await store.close()


@pytest.mark.journey
async def test_whoever_wins_the_pair_is_told_once(life: Life, redis_url: str, store_prefix: str) -> None:
    await race_all(life, RACES, redis_url, store_prefix)


# A store that was lost: what was told before is withdrawn, silenced and numbered as if it had not been.


DAY = 86_400.0


def dumped(store: Store) -> Store:
    """A copy of what the store holds now."""
    assert isinstance(store, MemoryStore)
    return deepcopy(store, {id(store._addresses): store._addresses})  # which no copy can be made of


class Platform:
    """The topics that are kept, and a store that may be lost under them."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.bans: list[Arrival] = []  # the last record of each account
        self.verdicts: list[VerdictGiven] = []
        self.dump = dumped(life.context.store)

    def moment(self) -> datetime:
        """Each later than the one before."""
        self.life.seconds += 60
        return NOON + timedelta(seconds=self.life.seconds - NOON.timestamp())

    async def banned(self) -> None:
        ban = a_ban("77", handle="umar_media", device_id=DEVICE, at=self.moment())
        self.bans = [arrival(ban)]
        await self.life.ban(ban)

    async def alerted(self) -> MirrorAlert:
        """An open alert."""
        await self.banned()
        self.dump = dumped(self.life.context.store)
        created = a_sign_up("99", handle="umar_media2", device_id=DEVICE, at=self.moment())
        await self.life.tell(self.life.screen, created)
        return self.life.alerts[-1]

    async def lifted(self, *, relayed: bool = True) -> None:
        """With its tombstone."""
        (outcome,) = await self.life.tell(self.life.expunge, a_reinstatement("77", at=self.moment()))
        assert isinstance(outcome, Published)
        (emit,) = outcome.emits
        self.bans = [arrival(None, key=emit.key, headers=dict(emit.headers))]
        if relayed:
            await self.life.relay()

    async def dismissed(self, verdict: Verdict = "not_mirror") -> None:
        given = a_verdict(self.life.alerts[0].alert_id, verdict)
        self.verdicts.append(structs.replace(given, decided_at=self.moment()))
        await self.life.tell(self.life.judge, self.verdicts[-1])
        await self.life.relay()

    async def deleted(self) -> None:
        await self.life.tell(self.life.forget, a_deletion("99", at=self.moment()))
        await self.life.relay()

    async def banned_again(self) -> None:
        """Lifted, banned again, and the account changes while it is as alike as before."""
        await self.lifted()
        await self.banned()
        await self.seen()

    async def seen(self) -> None:
        """An event after which the account is as alike as before."""
        change = a_change("99", handle="umar_media2", device_id=DEVICE, at=self.moment())
        await self.life.tell(self.life.changed, change)
        await self.life.relay()

    async def quiet(self) -> None:
        """36 days, in which the relay goes on and nothing else happens."""
        self.life.seconds += 36 * DAY
        await self.life.relay()

    async def flushed(self) -> None:
        """Nothing is left of it, as when its layout was upgraded; `samehand rebuild` fills it."""
        await self._rebuilt(MemoryStore(Bounds()))

    async def restored(self) -> None:
        """A dump of before the first alert, and `samehand rebuild`."""
        await self._rebuilt(self.dump)

    async def kept(self) -> None:
        """The control: nothing is lost."""

    async def _rebuilt(self, store: Store) -> None:
        past, life = self.life, self.life
        life = Life(
            replace(past.context, store=store, now=lambda: life.seconds),
            past.seconds + 3_600,
            past.heard,
            states=past.states,
        )
        self.life = life
        await life.enrol(self.bans)
        read = [decode_alert_state(value, now=inf) for value in life.states.values()]
        states = [it.record for it in read if isinstance(it, Decoded)]
        assert len(states) == len(read)
        for given in self.verdicts:
            await life.judge.hold([arrival(given)])
        await recall(states, life.context)
        for given in self.verdicts:
            await life.judge([arrival(given)])
        await life.relay()

    @property
    def taken(self) -> list[MirrorAlert]:
        """What consumers take, who drop whatever is not above the revision that they know."""
        found: list[MirrorAlert] = []
        for alert in self.life.alerts:
            if not found or alert.revision > found[-1].revision:
                found.append(alert)
        return found

    @property
    def summaries(self) -> list[AlertSummary]:
        """As they were published."""
        return [it for it in self.life.heard if isinstance(it, AlertSummary)]

    @property
    def ends(self) -> tuple[str, str | None, int]:
        """How the alert stands to consumers, and how many records they took of it."""
        taken = self.taken
        return taken[-1].status, taken[-1].withdrawn_reason, len(taken)

    @property
    def quotes(self) -> bool:
        lines = as_json(self.taken[-1])["evidence"]
        return any(it["ours"] or it["theirs"] for it in lines)


Step = Callable[[Platform], Awaitable[None]]

LOSSES = [Platform.kept, Platform.flushed, Platform.restored, Platform.quiet]


@pytest.fixture(params=LOSSES, ids=lambda it: it.__name__)
def lost(request: pytest.FixtureRequest) -> Step:
    """How the store is lost."""
    found: Step = request.param
    return found


@pytest.fixture
def platform(life: Life) -> Platform:
    return Platform(life)


async def unsure(platform: Platform) -> None:
    await platform.dismissed("unsure")


async def long_ago(platform: Platform) -> None:
    """Dismissed longer ago than verdicts are kept."""
    await platform.dismissed()
    platform.verdicts.clear()


LIFT, DISMISS, DELETE, SEE = Platform.lifted, Platform.dismissed, Platform.deleted, Platform.seen
OPENED = ("open", None, 3)


@pytest.mark.parametrize(
    ("before", "after", "ends"),
    [
        ([], [LIFT], ("withdrawn", "reinstated", 2)),
        ([LIFT], [SEE], ("withdrawn", "reinstated", 2)),
        ([], [SEE], ("open", None, 1)),
        ([DISMISS], [SEE], ("withdrawn", "verdict", 2)),
        ([long_ago], [SEE], ("withdrawn", "verdict", 2)),
        ([], [DISMISS, SEE], ("withdrawn", "verdict", 2)),
        ([DISMISS], [unsure], OPENED),
        ([DISMISS, unsure], [SEE], OPENED),
        ([DISMISS, unsure], [SEE, LIFT], ("withdrawn", "reinstated", 4)),
        ([], [DELETE], ("withdrawn", "account-deleted", 2)),
        ([DELETE], [], ("withdrawn", "account-deleted", 2)),
        ([DISMISS], [DELETE], ("withdrawn", "account-deleted", 3)),
        ([], [Platform.banned_again], OPENED),
        ([Platform.banned_again], [SEE], OPENED),
        ([LIFT], [Platform.banned, SEE], OPENED),
    ],
    ids=lambda value: "-".join(it if isinstance(it, str) else it.__name__ for it in value if callable(it)),
)
async def test_an_alert_ends_as_if_the_store_had_not_been_lost(
    platform: Platform, lost: Step, before: list[Step], after: list[Step], ends: tuple[str, str | None, int]
) -> None:
    await platform.alerted()
    for step in (*before, lost, *after):
        await step(platform)
    assert platform.ends == ends
    assert len(platform.life.alerts) == ends[2], "nothing is told twice"
    if LIFT in after[-1:] or DELETE in (*before, *after):
        assert platform.life.states == {}
    if ends[1] in ("reinstated", "account-deleted"):
        assert not platform.quotes


async def test_ban_that_ends_after_it_withdraws(platform: Platform, lost: Step) -> None:
    await platform.alerted()
    ends = NOON + timedelta(days=60)
    ban = a_ban("77", handle="umar_media", device_id=DEVICE, at=platform.moment(), expires_at=ends)
    await platform.life.ban(ban)
    platform.bans = [arrival(ban)]
    await lost(platform)
    platform.life.seconds += 60 * DAY
    await platform.life.context.store.sweep(now=platform.life.seconds)
    await platform.life.relay()
    assert platform.ends == ("withdrawn", "ban-expired", 2)


async def test_withdrawal_that_was_lost_with_the_store_is_made_good(platform: Platform) -> None:
    """The ban was lifted, and the store was lost before the relay came round."""
    await platform.alerted()
    await platform.lifted(relayed=False)
    await platform.flushed()
    assert platform.ends == ("withdrawn", "ban-forgotten", 2)
    assert not platform.quotes


async def test_account_banned_itself_while_the_store_was_lost_is_withdrawn(platform: Platform) -> None:
    await platform.alerted()
    own = a_ban("99", handle="umar_media2", device_id=DEVICE, at=platform.moment())
    platform.bans.append(arrival(own))
    await platform.flushed()
    assert platform.ends == ("withdrawn", "account-banned", 2)


async def test_closed_alert_is_forgotten_by_its_readers_whenever_its_ban_is_lifted(
    platform: Platform, lost: Step
) -> None:
    await platform.alerted()
    change = a_change("99", handle="salma_kitchen", at=platform.moment())
    await platform.life.tell(platform.life.changed, change)
    await platform.life.relay()
    await lost(platform)
    await platform.lifted()
    assert platform.ends == ("withdrawn", "reinstated", 3)
    assert not platform.quotes
    assert platform.life.states == {}


async def capped(life: Life) -> Platform:
    """Four alike accounts and then their ban, of which alerts on two alone are published."""
    alert_policy = replace(life.context.alert_policy, alerts_a_cluster=2)
    life = Life(replace(life.context, alert_policy=alert_policy, now=lambda: life.seconds))
    platform = Platform(life)
    several = [
        a_sign_up(str(n), handle="umar_media", device_id=DEVICE, at=platform.moment()) for n in range(4)
    ]
    await life.tell(life.screen, *several)
    await platform.banned()
    await life.relay()
    return platform


async def test_summary_stands_after_it_until_its_ban_is_lifted(life: Life, lost: Step) -> None:
    """Accounts of one cluster that a cap withholds; with the store their accounts are lost."""
    platform = await capped(life)
    before = platform.summaries
    assert [(it.status, it.withheld) for it in before[-1:]] == [("open", 2)]
    platform.dump = dumped(platform.life.context.store)
    await lost(platform)
    assert platform.summaries == before
    await platform.lifted()
    assert [it.withdrawn_reason for it in platform.summaries[len(before) :]] == ["reinstated"]


async def test_withheld_account_is_looked_at_again_with_its_next_event_after_the_store_was_lost(
    life: Life,
) -> None:
    """Which accounts were withheld is lost with the accounts: only their events bring them back."""
    platform = await capped(life)
    alerted = {it.account_id for it in platform.life.alerts}
    banned = platform.life.alerts[0].matched.key
    assert await platform.life.context.store.withheld([banned]) == [True]
    await platform.flushed()
    assert await platform.life.context.store.withheld([banned]) == [False]
    withheld = next(str(n) for n in range(4) if str(n) not in alerted)
    change = a_change(withheld, handle="umar_media", device_id=DEVICE, at=platform.moment())
    await platform.life.tell(platform.life.changed, change)
    await platform.life.relay()
    assert withheld in {it.account_id for it in platform.life.alerts}
