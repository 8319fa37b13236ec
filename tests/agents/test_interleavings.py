"""Write before you look: in whatever order the steps of a ban and of its mirror fall, one alert is told.

The agents are real and so is every call of theirs to the store; only whose turn it is, is decided here. Each
call is a step, and so is publishing. The first tests go through all orders, the last breaks workers off
in between and lets their events come again. Orders that lead to the same state (what the store holds, what
each agent has been answered, what was told) have the same future: one of them is followed.
"""

from __future__ import annotations

import asyncio
import hashlib
import pickle
import random
from collections.abc import Awaitable, Callable, Coroutine, Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from msgspec import structs

from agents.runtime.outbox import Relay
from samehand.alert_id import alert_id
from samehand.lineage import Descent
from samehand.showings import Showings
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.record import Record
from schemas.verdicts import Verdict
from schemas.wire import encode
from store.base import ALONE, Candidate, Companions, Query, Remembered
from store.memory.store import MemoryStore
from streams.clock import SystemClock
from streams.outcomes import Emit, Published
from tests.agents.conftest import Life, MakeLife
from tests.makers import NOON, a_ban, a_change, a_deletion, a_reinstatement, a_sign_up, a_verdict, arrival

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
        return bool(self._store._owed)

    def contents(self) -> bytes:
        """What the store holds."""
        kept = [
            one.name for one in fields(self._store) if one.name not in ("_addresses", "_counts", "_waves")
        ]
        packed = BytesIO()
        pickler = pickle.Pickler(packed)
        pickler.fast = True  # equal values are packed alike, whether they are one object or two
        pickler.dump({name: getattr(self._store, name) for name in kept})
        return packed.getvalue()

    def hold(self, contents: bytes) -> None:
        """Holds what it held when :meth:`contents` told it."""
        for name, value in pickle.loads(contents).items():
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
        taken = await self.relaying.taken()
        for it in taken:
            if it.alert is not None:
                await Turn()
                self._tell(it.alert)
        if taken:
            await self.relaying.settle([it.owed for it in taken])

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
def world(make_life: MakeLife) -> MakeWorld:
    """Makes a world in which nothing has happened."""
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
    assert seen > 10, f"{seen} orders are not all of them"


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


def test_workers_that_die_while_a_ban_is_lifted_and_set_again_leave_the_pair_open(world: MakeWorld) -> None:
    """Every event is delivered again until a worker lived through it; those that lost it finish late."""
    rng = random.Random(1)
    for _ in range(CRASHES):
        lived = world()
        deliver = [lived.mirror, lived.ban, lived.lifted, lived.again, lived.relay, lived.relay]
        jobs: dict[int, Job] = {which: make() for which, make in enumerate(deliver)}
        zombies: list[Job] = []
        broken = 0
        while jobs:
            which = rng.choice(sorted(jobs))
            if broken < 3 and rng.random() < 0.1:
                if rng.random() < 0.5:
                    zombies.append(jobs[which])
                else:
                    jobs[which].close()
                jobs[which] = deliver[which]()
                broken += 1
            elif zombies and rng.random() < 0.3:
                zombie = rng.choice(zombies)
                if not advance(zombie):
                    zombies.remove(zombie)
            elif not advance(jobs[which]):
                del jobs[which]
        for zombie in zombies:
            finish(zombie)
        assert ends_open(lived), said(lived)


def test_workers_that_die_in_between_lose_nothing(world: MakeWorld) -> None:
    """An event that was not acknowledged comes again: the pair is told, twice only if a worker died of it."""
    rng = random.Random(1)
    twice = 0
    for _ in range(CRASHES):
        lived = world()
        deliver = [lived.mirror, lived.ban]
        jobs: dict[int, Job] = {which: make() for which, make in enumerate(deliver)}
        crashes = 0
        while jobs:
            which = rng.choice(sorted(jobs))
            if crashes < 3 and rng.random() < 0.1:
                jobs[which].close()
                jobs[which] = deliver[which]()
                crashes += 1
            elif not advance(jobs[which]):
                del jobs[which]
        assert len(set(lived.told)) == 1
        assert len(lived.told) <= 1 + crashes
        twice += len(lived.told) > 1
    assert twice, "some worker should have died between publishing and confirming"
