"""A dry run: the agents of a worker over a store of its own, each event in its turn, on the events' clock.

Bans and sign-ups come as they occurred, hour by hour; within an hour in batches, as a worker takes what has
arrived of each topic, and what happens to one account in its own order. Verdicts change what is alerted
after them, and nothing before. A pair is found whichever of the two comes first. What is shown is counted
each hour, expired bans are swept, and withdrawals are taken from the outbox, as by a worker that had been
there. Nothing is read of the machine's clock and nothing is drawn at random, so that the same events have
the same outcome.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby
from typing import Final, Literal, Protocol, TypeVar

from prometheus_client import CollectorRegistry

from agents.common.again import look_again
from agents.common.alerts.propose import confirm
from agents.common.alerts.withdrawal import record_of
from agents.common.context import AgentContext, AlertPolicy
from agents.common.distil import Keyers, remembered_of
from agents.common.weighing import Weighing
from agents.enrol import Enrol
from agents.expunge import Expunge
from agents.forget import Forget
from agents.judge import Judge
from agents.lookback import Lookback
from agents.remember import Remember
from agents.runtime.outbox import confirmed_entry
from agents.screen import Screen
from samehand.elapsed import DAY_SECONDS
from samehand.pictures.stock import NO_STOCK, StockPictures
from samehand.scoring.weights import Weights
from schemas.accounts import AccountCreated, AccountEvent
from schemas.alerts import AlertSummary, MirrorAlert, WithdrawnReason
from schemas.mapping.fields import Kind
from schemas.wire import Decoded, decode_alert, decode_created
from store.base import Remembered, Store
from store.bounds import Bounds
from store.pepper.pepper import Pepper
from store.rules.pairs import KNOWN_ON
from streams.kafka.topics import Names
from streams.outcomes import BATCH_RECORDS, Arrival, Dead, Emit, Outcome, Published, batches, contained
from streams.telemetry.metrics import Metrics

T = TypeVar("T")

FAULTS_KEPT_MAX: Final = 1_000
"""Addresses of records on which the agents failed that are kept; all are counted."""

# A ban is known before who signs up is looked up, as among events of one moment.
ORDER: Final[tuple[ReplayKind, ...]] = (
    *("remembered", "banned", "created", "updated"),
    *("reinstated", "deleted"),
    "verdict",
)
_PHASES: Final[dict[ReplayKind, int]] = {"reinstated": 1, "deleted": 1, "verdict": 2}
"""All others: 0. Events of two phases share no batch: an end or a verdict changes nothing before it."""
_HOLDER: Final = "dry-run"
_EVER: Final = float("inf")  # our own records: their dates were judged when they came in


ReplayKind = Kind | Literal["verdict"]
"""Verdicts change what is alerted after them; no mapping makes any."""

_COUNTED_SECONDS: Final = Bounds().freeze_seconds
"""As often as a worker's counts are frozen."""


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """A record of ours and when it occurred (Unix seconds). `arrival` holds it as it would come to a worker.

    ``dated``: whether it says when; rows of some lists do not.
    """

    at: float
    kind: ReplayKind
    arrival: Arrival
    address: str
    dated: bool = True


class PairWatch(Protocol):
    """Looks into pairs as their events come."""

    def note(self, keys: Iterable[str]) -> None: ...

    async def after(self, keys: Iterable[str], context: AgentContext, *, bans: bool) -> None: ...

    async def finish(self, context: AgentContext) -> None: ...


@dataclass(slots=True)
class Outcomes:
    """What came of a run. ``alerts`` by id as a person would have read them last.

    ``taken_back``: why some were withdrawn afterwards. Of an account that is to be forgotten (reinstated,
    deleted) the alert quotes nothing any more, as on the topic.
    """

    counts: Counter[ReplayKind] = field(default_factory=Counter)
    alerts: dict[str, MirrorAlert] = field(default_factory=dict)
    summaries: dict[str, AlertSummary] = field(default_factory=dict)
    taken_back: dict[str, WithdrawnReason] = field(default_factory=dict)
    faults: list[tuple[str, Dead]] = field(default_factory=list)
    bad: int = 0

    @property
    def raised(self) -> list[MirrorAlert]:
        """Alerts that a person would have read, the best first."""
        return sorted(self.alerts.values(), key=lambda alert: (-alert.log_odds, alert.alert_id))


def secret_of(events: Sequence[SourceEvent]) -> bytes:
    """The pepper of a run: of the records themselves.

    The same events have the same one, and nobody can prepare a table for it who has not got the events.
    """
    digest = blake2b(digest_size=32, person=b"samehand-try")
    for event in events:
        value = event.arrival.value or b""
        digest.update(len(value).to_bytes(8, "big"))
        digest.update(value)
    return digest.digest()


def sign_ups_a_day_of(moments: Collection[float]) -> int | None:
    """How many accounts sign up a day where these did, at the given Unix seconds; ``None`` without any.

    What was made within a day counts as that day's. A twentieth at each end is left out: one row of another
    year would make a small platform of a large one.
    """
    if not moments:
        return None
    beyond = len(moments) // 20
    kept = sorted(moments)[beyond : len(moments) - beyond]
    return max(round(len(kept) / max((kept[-1] - kept[0]) / DAY_SECONDS, 1.0)), 1)


def in_batches(events: Sequence[SourceEvent]) -> Iterator[list[SourceEvent]]:
    """Events of one kind each, in few batches.

    Those of one account stay in the order in which they are given, and nobody is held against a ban of which
    an earlier event said that it has ended.
    """
    waiting: dict[ReplayKind, list[SourceEvent]] = {}
    kind_of: dict[bytes | None, ReplayKind] = {}
    present = 0
    for event in events:
        key, phase = event.arrival.key, _PHASES.get(event.kind, 0)
        full = len(waiting.get(event.kind, ())) >= BATCH_RECORDS
        if full or phase != present or kind_of.get(key, event.kind) != event.kind:
            yield from (waiting[kind] for kind in ORDER if kind in waiting)
            waiting, kind_of, present = {}, {}, phase
        waiting.setdefault(event.kind, []).append(event)
        kind_of[key] = event.kind
    yield from (waiting[kind] for kind in ORDER if kind in waiting)


class Replay:
    """One run of events over an empty store that is open."""

    def __init__(
        self,
        store: Store,
        secret: bytes,
        weights: Weights,
        alert_policy: AlertPolicy,
        watch: PairWatch | None = None,
        shown: Callable[[MirrorAlert], MirrorAlert] = lambda alert: alert,
        sign_ups_a_day: int | None = None,
    ) -> None:
        """``watch`` looks into pairs as their events come; alerts are noted as ``shown`` writes them.

        ``sign_ups_a_day``: of the platform; ``None``: as many as the events say.
        """
        self._sign_ups_a_day = sign_ups_a_day
        pepper = Pepper(1, secret)
        self._now = 0.0
        self._remembering = False  # until the first account comes, no ban has anybody to look back on
        self._store = store
        self._context = AgentContext(
            store=store,
            keyers=((pepper.pepper_id, pepper.digest),),
            weighing=Weighing.by(weights),
            topics=Names(),
            metrics=Metrics(CollectorRegistry()),
            now=lambda: self._now,
            alert_policy=dataclasses.replace(alert_policy, logged=False),
            sign_ups_a_day=lambda: self._sign_ups_a_day,
        )
        self._watch, self._shown = watch, shown
        self._context_undated = dataclasses.replace(
            self._context, alert_policy=dataclasses.replace(self._context.alert_policy, dated=False)
        )
        self._lookback = Lookback(self._context)
        self._screen = Screen(self._context)
        self._undated = Screen(self._context_undated)
        self._update = Screen(self._context, "update")
        self._enrol = Enrol(self._context)
        self._expunge, self._forget = Expunge(self._context), Forget(self._context)
        self._remember = Remember(self._context)
        self._judge = Judge(self._context)
        self.outcomes = Outcomes()

    async def run(
        self, events: Sequence[SourceEvent], hear: Callable[[int], None] = lambda done: None
    ) -> Outcomes:
        """Takes all events, which are in order; to be called once. Tells how many are done."""
        if self._sign_ups_a_day is None:
            self._sign_ups_a_day = sign_ups_a_day_of(
                [event.at for event in events if event.dated and event.kind == "created"]
            )
        dated = [event for event in events if event.dated or event.kind == "banned"]
        rest = events[len(dated) :]
        done, nobody = 0, 0
        while nobody < len(dated) and dated[nobody].kind == "banned":
            nobody += 1
        for batch in batches(dated[:nobody]):  # there is nobody yet to hold against them
            self._now = max(self._now, batch[-1].at)
            await self._take("banned", batch)
            done += len(batch)
            hear(done)
        await self._end_of_hour(counts=False)
        for hour in by_hour(dated[nobody:], lambda event: event.at):
            for batch in in_batches(hour):
                self._now = max(self._now, batch[-1].at)
                await self._take(batch[0].kind, batch)
                done += len(batch)
                hear(done)
            await self._end_of_hour(counts=any(event.kind != "banned" for event in hour))
        if rest:
            await self._take_undated(rest, done, hear)
        if self._watch is not None:
            await self._watch.finish(self._context_undated if rest else self._context)
        return self.outcomes

    async def _take(self, kind: ReplayKind, batch: Sequence[SourceEvent]) -> None:
        arrivals = [event.arrival for event in batch]
        self._remembering = self._remembering or kind in ("created", "updated", "remembered")
        match kind:
            case "created":
                await self._screened(self._screen, batch, arrivals)
            case "updated":
                await self._screened(self._update, batch, arrivals)
            case "banned":
                emits = self._noted(kind, batch, await self._enrol(arrivals))
                if self._remembering:
                    await self._look_back(
                        [emit for emit in emits if emit.topic == self._context.topics.enrolled]
                    )
            case "reinstated":
                self._noted(kind, batch, await self._expunge(arrivals))
            case "deleted":
                self._noted(kind, batch, await self._forget(arrivals))
            case "remembered":
                self._noted(kind, batch, await self._remember(arrivals))
            case "verdict":
                await self._screened(self._judge, batch, arrivals)
        await self._watched(kind, batch, self._context)

    async def _watched(self, kind: ReplayKind, batch: Sequence[SourceEvent], context: AgentContext) -> None:
        if self._watch is None:
            return
        keys = [event.arrival.key.decode() for event in batch if event.arrival.key and event.arrival.value]
        if kind == "remembered":
            self._watch.note(keys)
        elif kind in ("created", "updated", "banned"):
            await self._watch.after(keys, context, bans=kind == "banned")

    async def _screened(
        self, agent: Screen | Judge, batch: Sequence[SourceEvent], arrivals: Sequence[Arrival]
    ) -> None:
        emits = self._noted(batch[0].kind, batch, await agent(arrivals))
        self._note_alerts(emits)
        await agent.confirm(emits)

    async def _look_back(self, words: Sequence[Emit]) -> None:
        for some in batches(words):
            arrivals = [Arrival(emit.topic, 0, 0, emit.key, emit.value, (), self._now) for emit in some]
            emits = [
                emit
                for outcome in await self._lookback(arrivals)
                if isinstance(outcome, Published)
                for emit in outcome.emits
            ]
            self._note_alerts(emits)
            await self._lookback.confirm(emits)

    async def _take_undated(
        self, rest: Sequence[SourceEvent], done: int, hear: Callable[[int], None]
    ) -> None:
        """Sign-ups of which nobody knows which came first: each is judged by what all of them show."""
        self._now = max(self._now, rest[-1].at)
        for batch in batches(rest):
            read = [decode_created(event.arrival.value, now=_EVER) for event in batch]
            accounts: list[AccountCreated] = [
                decoded.record for decoded in read if isinstance(decoded, Decoded)
            ]
            distilled = remembered(accounts, self._context.keyers, self._context.alert_policy.stock)
            await self._store.remember(
                [account for account in distilled if not isinstance(account, Dead)], now=self._now
            )
        await self._store.freeze(now=self._now)
        for batch in batches(rest):
            await self._screened(self._undated, batch, [event.arrival for event in batch])
            await self._watched("created", batch, self._context_undated)
            done += len(batch)
            hear(done)
        await self._end_of_hour(counts=False)

    async def _end_of_hour(self, *, counts: bool) -> None:
        if counts:
            await self._store.freeze(now=self._now)
        while await self._store.sweep(now=self._now):
            pass
        while owed := await self._store.owed(_HOLDER, now=self._now):
            for entry in owed:
                record = record_of(entry)
                if isinstance(record, AlertSummary):
                    self.outcomes.summaries[record.alert_id] = record
                elif record is not None and record.withdrawn_reason is None:
                    self.outcomes.taken_back.pop(record.alert_id, None)  # a later verdict opened it again
                elif record is not None and record.withdrawn_reason is not None:
                    self.outcomes.taken_back[record.alert_id] = record.withdrawn_reason
                    if record.withdrawn_reason not in KNOWN_ON:
                        self.outcomes.alerts[record.alert_id] = self._shown(record)
            emits = await look_again(owed, self._context)
            enrolled = self._context.topics.enrolled
            self._note_alerts([emit for emit in emits if emit.topic != enrolled])
            await confirm(emits, self._context)
            await self._store.settle([confirmed_entry(debt) for debt in owed])
            await self._look_back([emit for emit in emits if emit.topic == enrolled])

    def _noted(
        self, kind: ReplayKind, batch: Sequence[SourceEvent], outcomes: Sequence[Outcome]
    ) -> list[Emit]:
        emits: list[Emit] = []
        for event, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Dead):
                self.outcomes.bad += 1
                if len(self.outcomes.faults) < FAULTS_KEPT_MAX:
                    self.outcomes.faults.append((event.address, outcome))
                continue
            if event.arrival.value is not None:
                self.outcomes.counts[kind] += 1
            if isinstance(outcome, Published):
                emits += outcome.emits
        return emits

    def _note_alerts(self, emits: Sequence[Emit]) -> None:
        for emit in emits:
            if emit.last:
                continue  # its state
            read = decode_alert(emit.value, now=_EVER)
            if not isinstance(read, Decoded) or not isinstance(read.record, MirrorAlert):
                raise ValueError("an alert of ours does not read back")
            self.outcomes.alerts[read.record.alert_id] = self._shown(read.record)
            self.outcomes.taken_back.pop(read.record.alert_id, None)


def remembered(
    events: Iterable[AccountEvent], keyers: Keyers, stock: StockPictures = NO_STOCK
) -> list[Remembered | Dead]:
    """Each account as a store remembers it; one on which our own logic fails is a fault, not the end."""
    nowhere = Arrival("", 0, 0, None, None)

    def one(event: AccountEvent) -> Remembered | Dead:
        return contained(lambda _: remembered_of(event, keyers, stock), nowhere)

    return [one(event) for event in events]


def by_hour(items: Iterable[T], at: Callable[[T], float]) -> Iterator[list[T]]:
    """``items`` in the order of their moments (Unix seconds), those between two freezes together."""
    for _, some in groupby(sorted(items, key=at), key=lambda item: at(item) // _COUNTED_SECONDS):
        yield list(some)
