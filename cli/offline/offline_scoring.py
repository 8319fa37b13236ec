"""Scoring without servers: the agents of the worker over the store in memory, fed from lists.

Bans are enrolled before the first account is looked at. Accounts come in the order of their moments, whatever
their order in the file, and what they show is counted each hour: so each is judged by what a worker would
have counted before it (docs/adr/0014-counting.md), and none by those that came after it.

Rows that do not say when come last and all at once: they see what the dated ones counted, and of one another
what others hand out (addresses, pictures), which they may have met the same day. So do rows of one date
without a time, at the beginning of their day.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import click
from prometheus_client import CollectorRegistry

from agents.common.context import AgentContext, AlertPolicy
from agents.common.unusable_fields import UnusableFields
from agents.common.weighing import Weighing
from agents.enrol import Enrol
from agents.runtime.dry_run import by_hour, remembered, sign_ups_a_day_of
from agents.screen import Screen
from cli import output
from cli.inputs.event_files import EventFiles
from cli.inputs.input_files import InputLine, size
from cli.inputs.input_source import shown_path
from cli.inputs.row_ids import ROW_OF_ACCOUNTS, ROW_OF_BANS, by_number, within_run
from cli.offline.pair_watch import Watch
from samehand.fingerprint.distil import is_day
from samehand.scoring.weights import Weights, default_weights
from schemas.accounts import AccountBanned, AccountCreated, AccountEvent
from schemas.alerts import MirrorAlert
from schemas.malformed import Malformed
from schemas.wire import Decoded, decode_alert, encode
from store.bounds import Bounds
from store.memory.store import MemoryStore
from store.pepper.pepper import SECRET_BYTES_MIN, Pepper
from streams.kafka.topics import Names
from streams.outcomes import Arrival, Dead, Emit, Published, batches
from streams.telemetry.metrics import Metrics

T = TypeVar("T")
E = TypeVar("E", bound=AccountEvent)

_NEVER_SECONDS: Final = 100 * 365 * 86_400.0
"""Nothing that a file lists is forgotten for its age."""

Fault = tuple[str, Malformed | Dead]
"""The address of a bad line, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the accounts that could be read, and its place among all."""

    place: int
    line: InputLine[AccountCreated]
    event: AccountCreated


@dataclass(slots=True)
class Scored:
    """What came of a run. ``alerts`` in the order of the accounts, the best of each first."""

    bans: int = 0
    accounts: int = 0
    banned: set[str] = field(default_factory=set)
    """The accounts that the file of bans lists."""
    alerts: list[MirrorAlert] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unusable: UnusableFields = field(default_factory=UnusableFields)


class Offline:
    """One run over a store of its own. ``now`` (Unix seconds) is the clock of all of it.

    ``candidates``: so many of the best below the bands are given an account, too. ``first_day``: values are
    as common as shipped figures say, nothing is counted. ``watch`` looks into pairs as they come.
    ``sign_ups_a_day``: of the platform; ``None``: as many as the dated accounts say.
    """

    def __init__(
        self,
        *,
        now: float,
        weights: Weights | None = None,
        candidates: int = 0,
        first_day: bool = False,
        watch: Watch | None = None,
        sign_ups_a_day: int | None = None,
    ) -> None:
        # Nothing is kept, so nobody needs to know the secret again.
        pepper = Pepper(1, secrets.token_bytes(SECRET_BYTES_MIN))
        self._now = now
        self._first_day = first_day
        self._sign_ups_a_day = sign_ups_a_day
        self._store = MemoryStore(Bounds(retention_seconds=_NEVER_SECONDS, freeze_seconds=0.0))
        self._context = AgentContext(
            store=self._store,
            keyers=((pepper.pepper_id, pepper.digest),),
            weighing=Weighing.by(weights or default_weights()),
            topics=Names(),
            metrics=Metrics(CollectorRegistry()),
            now=lambda: self._now,
            alert_policy=AlertPolicy(candidates_below=candidates, logged=False),
            sign_ups_a_day=lambda: self._sign_ups_a_day,
        )
        undated = AlertPolicy(candidates_below=candidates, dated=False, logged=False)
        self._context_undated = dataclasses.replace(self._context, alert_policy=undated)
        self._watch = watch
        self._enrol = Enrol(self._context)
        self._dated = Screen(self._context)
        self._undated = Screen(self._context_undated)
        self._alerts: list[tuple[int, MirrorAlert]] = []
        self._dead: list[tuple[int, Fault]] = []
        self._done = 0
        self.scored = Scored()

    async def compare(self, bans: Path, accounts: Path, files: EventFiles) -> None:
        """Enrols one file and screens the other, with a progress bar for each step."""
        with output.progress("enrolling bans", size([bans])) as hear:
            await self.enrol(files.bans(bans, hear))
        with output.progress("reading accounts", size([accounts])) as hear:
            lines = list(files.accounts(accounts, hear))
        with output.progress("looking up accounts", len(lines)) as hear:
            await self.screen(lines, hear)

    async def enrol(self, lines: Iterable[InputLine[AccountBanned]]) -> None:
        """Enrols bans; to be called before any account is screened."""
        for batch in batches(self._readable(lines)):
            events = [within_run(event, ROW_OF_BANS, named=line.named) for line, event in batch]
            outcomes = await self._enrol(_arrivals(events))
            dead = [
                (line.address, outcome)
                for (line, _), outcome in zip(batch, outcomes, strict=True)
                if isinstance(outcome, Dead)
            ]
            self.scored.faults += dead
            self.scored.bans += len(batch) - len(dead)
            self.scored.banned.update(event.key for event in events)
            await self._watched(events, self._context, bans=True)

    async def screen(
        self, lines: Iterable[InputLine[AccountCreated]], hear: Callable[[int], None] = lambda done: None
    ) -> None:
        """Looks accounts up among the bans; to be called once. Tells how many rows are done."""
        rows = [
            _Row(place, line, within_run(event, ROW_OF_ACCOUNTS, named=line.named))
            for place, (line, event) in enumerate(self._readable(lines))
        ]
        self._alerts, self._dead = [], []
        dated = [row for row in rows if row.line.dated]
        undated = [row for row in rows if not row.line.dated]
        if self._sign_ups_a_day is None:
            self._sign_ups_a_day = sign_ups_a_day_of([row.event.at for row in dated])
        for hour in by_hour(dated, lambda row: row.event.at):
            await self._at_once(self._dated, [row for row in hour if is_day(row.event.at)], hear)
            await self._screen(self._dated, [row for row in hour if not is_day(row.event.at)], hear)
            await self._freeze()
        await self._at_once(self._undated, undated, hear)
        if self._watch is not None:
            await self._watch.finish(self._context)
        self.scored.alerts += _in_order(self._alerts)
        self.scored.faults += _in_order(self._dead)

    async def _at_once(self, screen: Screen, rows: Sequence[_Row], hear: Callable[[int], None]) -> None:
        """Looks rows up of which nobody knows which came first."""
        if not rows:
            return
        if not self._first_day:
            # Counts what rows show. On which our own logic fails, `_screen` tells.
            for batch in batches(rows):
                distilled = remembered([row.event for row in batch], self._context.keyers)
                accounts = [account for account in distilled if not isinstance(account, Dead)]
                await self._store.remember(accounts, now=self._now)
            await self._freeze()
        await self._screen(screen, rows, hear)

    async def _freeze(self) -> None:
        if not self._first_day:
            await self._store.freeze(now=self._now)

    async def _screen(self, screen: Screen, rows: Sequence[_Row], hear: Callable[[int], None]) -> None:
        for batch in batches(rows):
            outcomes = await screen(_arrivals([row.event for row in batch]))
            emits: list[Emit] = []
            for row, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, Dead):
                    self._dead.append((row.place, (row.line.address, outcome)))
                    continue
                self.scored.accounts += 1
                if isinstance(outcome, Published):
                    emits += outcome.emits
                    alerts = _alerts(outcome.emits, self._now)
                    self._alerts += [(row.place, by_number(alert)) for alert in alerts]
            await screen.confirm(emits)
            context = self._context_undated if screen is self._undated else self._context
            await self._watched([row.event for row in batch], context, bans=False)
            self._done += len(batch)
            hear(self._done)

    async def _watched(self, events: Sequence[AccountEvent], context: AgentContext, *, bans: bool) -> None:
        if self._watch is not None:
            await self._watch.after([event.key for event in events], context, bans=bans)

    def _readable(self, lines: Iterable[InputLine[E]]) -> Iterator[tuple[InputLine[E], E]]:
        for line in lines:
            if isinstance(line.outcome, Malformed):
                self.scored.faults.append((line.address, line.outcome))
            else:
                self.scored.unusable.add(line.outcome, line.unusable)
                yield line, line.outcome


def refuse_nothing(scored: Scored, bans: Path, accounts: Path) -> None:
    """Raises ``click.ClickException`` for a file of which not one line could be read."""
    for count, path in ((scored.bans, bans), (scored.accounts, accounts)):
        if count == 0 and any(address.startswith(f"{shown_path(path)}:") for address, _ in scored.faults):
            raise click.ClickException(f"{shown_path(path)}: no line of it could be read")


def _in_order(placed: Iterable[tuple[int, T]]) -> list[T]:
    return [item for _, item in sorted(placed, key=lambda pair: pair[0])]


def _arrivals(events: Sequence[AccountEvent]) -> list[Arrival]:
    """Records as they would come from a topic: the agents decode and check them as they do in a worker."""
    return [
        Arrival("file", 0, place, event.key.encode(), encode(event), timestamp=event.at)
        for place, event in enumerate(events)
    ]


def _alerts(emits: Sequence[Emit], now: float) -> Iterator[MirrorAlert]:
    for emit in emits:
        if emit.last:
            continue  # its state
        read = decode_alert(emit.value, now=now)
        if not isinstance(read, Decoded) or not isinstance(read.record, MirrorAlert):
            raise ValueError("an alert cannot be decoded again")
        yield read.record
