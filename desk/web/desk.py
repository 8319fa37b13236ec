"""What a request may do, each in one transaction. `desk.review` has the rules: see `Review` there."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec, TypeVar

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.access import sessions
from desk.access.sessions import Session
from desk.database import users, verdicts
from desk.database.counts import exposures
from desk.database.engine import Database
from desk.database.filters import DecidedFilters, DecidedPlace, Filters, Place, WaveState
from desk.database.queue import waiting
from desk.database.schema import SummaryRow
from desk.database.topics import summaries
from desk.errors import NotFound
from desk.profiles.kept import KeptPictures
from desk.readers import Reader
from desk.related import GateAway, GateBusy, GateClient
from desk.review import requests, views, waves
from desk.review.actions import action_views, reversed_actions
from desk.review.appeals import AppealIntake
from desk.review.case import case_file
from desk.review.deciding import claim, decide, leads, notes, undo
from desk.review.deciding.decide import DecisionMade
from desk.review.deciding.review import Review
from desk.review.finding import account, search
from desk.review.finding import decided as decisions
from desk.review.finding.decided import DecisionView
from desk.review.finding.family import family_view
from desk.review.people import Person
from desk.review.policy import Policy
from desk.review.reader_policies import CHOICES_MAX, name_policies, reader_policies
from desk.review.reports.figures import DAYS, LeadView, lead_view
from desk.review.reports.statement import reasons_of
from desk.review.reports.statistics import VERDICTS_MIN
from desk.review.requests import RequestLine
from desk.review.selection import selection
from desk.review.views import Opened, QueueRow, Waiting
from desk.review.waves import WaveLine, WaveView
from desk.settings import DeskSettings
from desk.telemetry import DeskMetrics
from samehand.elapsed import DAY_SECONDS
from schemas.alerts import MirrorAlert
from schemas.appeals import AppealMade, AppealTaken, Refusal
from schemas.internal.related import Purpose, RelatedAnswer
from streams.standard_webhooks import Secret

PAGE: Final = 50
"""Rows of a page: more than fit on a screen, fewer than take long to draw."""

PAGE_MAX: Final = 200
_CHOSEN_BY: Final = ("policy", "platform", "basis", "language")

AGREED_SECONDS: Final = 60.0
"""How long the count of agreements is kept: one more verdict changes it little."""

DAYS_MAX: Final = 14
"""Of one's own reading that are shown."""


@dataclass(frozen=True, slots=True)
class Day:
    """How many alerts somebody opened on a day, and looked at the blurred words of; `began`: Unix seconds."""

    began: int
    opened: int
    uncovered: int


class QueueView(NamedTuple):
    """A page of the queue. `newest`: number of the reading opened last; `known`: values to filter by, at most
    `CHOICES_MAX` of each kind; `withheld`: some pairs are; `faces`: both pictures by reading."""

    rows: list[QueueRow]
    newest: int
    known: dict[str, list[str]]
    withheld: bool
    faces: dict[int, tuple[str, str]]


P = ParamSpec("P")
T = TypeVar("T")
Rule = Callable[Concatenate[Review, P], Awaitable[T]]
Act = Callable[Concatenate["Desk", Reader, P], Coroutine[Any, Any, T]]


def _reading(rule: Rule[P, T]) -> Act[P, T]:
    """Returns a rule as what a reader asks a desk, in a transaction that only reads."""

    async def ask(desk: Desk, reader: Reader, /, *args: P.args, **more: P.kwargs) -> T:
        async with desk.database.read() as connection:
            return await rule(desk._review(connection, reader), *args, **more)

    return ask


def _writing(rule: Rule[P, T]) -> Act[P, T]:
    """Returns a rule as what a reader does at a desk: all of it holds, or nothing."""

    async def act(desk: Desk, reader: Reader, /, *args: P.args, **more: P.kwargs) -> T:
        async with desk.database.begin() as connection:
            return await rule(desk._review(connection, reader), *args, **more)

    return act


def _deciding(rule: Rule[P, DecisionMade]) -> Act[P, DecisionMade]:
    """Returns a rule that decides as what a reader does at a desk, counted."""
    writing = _writing(rule)

    async def act(desk: Desk, reader: Reader, /, *args: P.args, **more: P.kwargs) -> DecisionMade:
        made = await writing(desk, reader, *args, **more)
        desk.metrics.decided(made.verdict, made.decided)
        return made

    return act


@dataclass(frozen=True, slots=True)
class Desk:
    """The open desk. `now` in Unix seconds.

    `appeals_secret`: gates sign appeals with it; without it none is taken.
    """

    database: Database
    settings: DeskSettings
    policy: Policy
    now: Callable[[], float]
    metrics: DeskMetrics
    profiles: KeptPictures | None = None
    appeals_secret: Secret | None = None
    gate: GateClient | None = None
    appeals: AppealIntake = field(default_factory=AppealIntake)
    _agreed: dict[tuple[str, str | None], tuple[float, int, int]] = field(default_factory=dict)

    skip = _writing(claim.skip)
    decide_together = _deciding(decide.decide_together)
    reader_policies = _reading(reader_policies)
    name_policies = _writing(name_policies)
    sealed_alert = _reading(views.sealed_alert)
    claim = _writing(claim.claim)
    decide = _deciding(decide.decide)
    selection = _reading(selection)
    take_back = _writing(leads.take_back)
    decide_wave = _deciding(waves.decide)
    take_wave_back = _writing(waves.take_back)
    restore_wave = _writing(waves.restore)
    restore = _writing(leads.restore)
    write_note = _writing(notes.write_note)
    case = _writing(case_file)
    actions = _reading(action_views)
    reversed_actions = _reading(reversed_actions)
    statement = _writing(reasons_of)
    find = _reading(search.search)
    account_view = _reading(account.account_view)
    family = _reading(family_view)
    request_view = _reading(requests.request_view)
    named_account = _reading(account.named_account)
    audit_lines = _reading(decisions.audit_lines)

    def _review(self, connection: AsyncConnection, reader: Reader) -> Review:
        reader.need("read")
        return Review(connection, reader, self.policy, self.now())

    async def session(self, token: str) -> Session | None:
        """Returns the session of a token, whose use is noted now and then; None if it has ended."""
        now = self.now()
        async with self.database.read() as reading:
            known = await sessions.find(
                reading, token, idle_seconds=self.settings.desk_session_minutes * 60.0, now=now
            )
        if known is None:
            return None
        session, stale = known
        if stale:
            async with self.database.begin() as writing:
                await users.see_session(writing, session.digest, now=now)
        return session

    async def sign_out(self, session: Session) -> None:
        async with self.database.begin() as connection:
            await users.end_session(connection, session.digest)

    async def queue(
        self,
        reader: Reader,
        filters: Filters,
        *,
        limit: int = PAGE,
        after: Place | None = None,
        free: bool = False,
    ) -> list[Waiting]:
        """What waits for this person, in the order that the filters name."""
        async with self.database.read() as connection:
            return await views.queue(
                self._review(connection, reader), filters, limit=min(limit, PAGE_MAX), after=after, free=free
            )

    async def arrived(self, reader: Reader, filters: Filters, *, since: int) -> int:
        """How many reads wait for this person that were opened after one."""
        async with self.database.read() as connection:
            return await waiting.arrived(
                connection, reader.user_id, filters, since=since, now=self.now(), leads=reader.sees_disputes
            )

    async def overview(self, reader: Reader, filters: Filters, *, after: Place | None = None) -> QueueView:
        """A page of the queue. It begins to fetch the pictures that are missing."""
        async with self.database.read() as connection:
            # First: what arrives in between is announced, perhaps twice.
            newest = await waiting.newest(connection, reader.user_id, leads=reader.sees_disputes)
            review = self._review(connection, reader)
            rows = await views.queue_rows(review, filters, limit=PAGE, after=after)
            known = await waiting.known_values(connection, _CHOSEN_BY, CHOICES_MAX, user_id=reader.user_id)
            withheld = bool(await summaries.withheld(connection, 1, user_id=reader.user_id))
            shown = await views.pictured(review, rows) if self.profiles else {}
        return QueueView(rows, newest, known, withheld, self.profiles.pairs(shown) if self.profiles else {})

    async def open(self, reader: Reader, alert_id: str) -> Opened:
        """One alert, and that this person saw it. Raises `NotFound` and `Forbidden`."""
        async with self.database.read() as connection:
            opened = await views.opened(self._review(connection, reader), alert_id)
        async with self.database.begin() as connection:
            await exposures.add(connection, reader.user_id, now=self.now(), opened=1)
            await self._review(connection, reader).note(
                "opened",
                alert_id,
                revision=opened.alert.revision,
                blind=opened.sealed,
                words_hidden=opened.words_hidden,
            )
        return opened

    async def blind_agreement(self, alert: MirrorAlert) -> tuple[int, int] | None:
        """Returns how many alerts of this band and policy readers blind to the score held to be mirrors, and
        how many they read; None of fewer than `VERDICTS_MIN`. Counted anew each `AGREED_SECONDS`."""
        now, key = self.now(), (alert.band, alert.matched.policy)
        at, agreed, read = self._agreed.get(key, (-math.inf, 0, 0))
        if not at <= now < at + AGREED_SECONDS:
            since, before = now - DAYS * DAY_SECONDS, now - self.policy.undo_seconds
            async with self.database.read() as connection:
                agreed, read = await verdicts.blind_agreement(connection, *key, since=since, before=before)
            if len(self._agreed) > PAGE_MAX:
                self._agreed.clear()
            self._agreed[key] = now, agreed, read
        return (agreed, read) if read >= VERDICTS_MIN else None

    async def uncovered(self, reader: Reader) -> None:
        """Counts that somebody looked at the blurred words of an alert."""
        async with self.database.begin() as connection:
            await exposures.add(connection, reader.user_id, now=self.now(), uncovered=1)

    async def days(self, reader: Reader) -> list[Day]:
        """Returns how much this person read on each day, the newest first. Nobody else sees it."""
        async with self.database.read() as connection:
            rows = await exposures.of(connection, reader.user_id, DAYS_MAX)
        return [Day(row.day * exposures.DAY_SECONDS, row.opened, row.uncovered) for row in rows]

    async def alert_of(self, reader: Reader, read_id: int) -> str:
        """Which alert a read is of. Raises `NotFound` and `Forbidden`."""
        async with self.database.read() as connection:
            return (await claim.known_read(self._review(connection, reader), read_id)).alert_id

    async def undo(self, reader: Reader, batch: str) -> tuple[int, ...]:
        async with self.database.begin() as connection:
            opened = await undo.undo(self._review(connection, reader), batch)
        self.metrics.undone.inc(max(1, len(opened)))  # undoing a verdict on a wave opens no reading
        return opened

    async def waves(
        self,
        reader: Reader,
        state: WaveState | None,
        *,
        limit: int = PAGE,
        before: float | None = None,
        after_wave: str = "",
    ) -> list[WaveLine]:
        """Waves that this person reads, the newest first."""
        async with self.database.read() as connection:
            return await waves.listed(
                self._review(connection, reader),
                state,
                limit=min(limit, PAGE_MAX),
                before=before,
                after_wave=after_wave,
            )

    async def open_wave(self, reader: Reader, wave_id: str) -> WaveView:
        """One wave, and that this person saw it. Raises `NotFound` and `Forbidden`."""
        async with self.database.begin() as connection:
            review = self._review(connection, reader)
            view = await waves.wave_view(review, wave_id)
            await exposures.add(connection, reader.user_id, now=review.now, opened=1)
            await review.note("opened", wave_id, revision=view.wave.revision)
        return view

    async def wave_accounts(self, reader: Reader, wave_id: str) -> list[str]:
        """Returns the members of a wave whose profiles may be looked at. Raises `ReviewError`."""
        async with self.database.read() as connection:
            view = await waves.wave_view(self._review(connection, reader), wave_id)
        return [] if view.hides else [member.account for member in view.wave.members]

    async def take_appeal(self, appeal: AppealMade) -> AppealTaken | Refusal:
        return await self.appeals.take(self.database, self.policy, appeal, self.now)

    async def request_lines(
        self, reader: Reader, before: float | None
    ) -> tuple[list[RequestLine], list[RequestLine]]:
        """Returns requests that wait for an answer, and those answered before a moment."""
        async with self.database.read() as connection:
            review = self._review(connection, reader)
            waiting = await requests.lines(review, is_open=True)
            return waiting, await requests.lines(review, is_open=False, before=before)

    @asynccontextmanager
    async def requesting(self, reader: Reader) -> AsyncIterator[Review]:
        """Yields what a person may do about lawful requests, in one transaction."""
        async with self.database.begin() as connection:
            yield self._review(connection, reader)

    async def related(
        self, reader: Reader, key: str, purpose: Purpose
    ) -> tuple[Person, RelatedAnswer | GateBusy | GateAway, int]:
        """Asks the gate who is like an account that an alert names, and adds a line to the audit beforehand.

        Returns the account, the answer and how many accounts it is shown without: those of alerts that this
        person has yet to read. Raises `NotFound` and `Forbidden`.
        """
        reader.need("related")
        if self.gate is None:
            raise NotFound("this desk has no gate to ask")
        async with self.database.begin() as connection:
            review = self._review(connection, reader)
            person = await account.asked_account(review, key)
            await review.note("asked-related", key, purpose=purpose)
        answer = await self.gate.related(person.platform, person.account_id, purpose, reader.user_id)
        if not isinstance(answer, RelatedAnswer):
            return person, answer, 0
        async with self.database.read() as connection:
            review = self._review(connection, reader)
            hidden = await review.hidden_accounts([relative.key for relative in answer.related])
        seen = tuple(relative for relative in answer.related if relative.key not in hidden)
        return person, replace(answer, related=seen), len(hidden)

    async def decided(
        self, reader: Reader, filters: DecidedFilters, *, after: DecidedPlace | None = None, limit: int = PAGE
    ) -> list[DecisionView]:
        """Decisions, the newest first: one's own, and everybody's for who sees figures."""
        async with self.database.read() as connection:
            return await decisions.decided(
                self._review(connection, reader), filters, limit=min(limit, PAGE_MAX), after=after
            )

    async def decided_by(self, reader: Reader) -> tuple[dict[str, str], list[str]]:
        """Returns what decisions are narrowed by: the names of readers by id, for who sees figures, and
        policies."""
        async with self.database.read() as connection:
            names = {}
            if reader.may("figures"):
                names = {user.user_id: user.name for user in await users.everybody(connection)}
            known = await waiting.known_values(connection, ["policy"], CHOICES_MAX, user_id=reader.user_id)
            return names, known["policy"]

    async def withheld(self, reader: Reader, limit: int) -> Sequence[SummaryRow]:
        """Open summaries of bans that withheld a pair, of the policies that this person reads. They count,
        and name no account but the banned one."""
        async with self.database.read() as connection:
            return await summaries.withheld(connection, limit, user_id=reader.user_id)

    async def figures(self, reader: Reader) -> LeadView:
        """What the lead's page shows. Raises `Forbidden`."""
        reader.need("figures")
        return await lead_view(self.database, blind_share=self.policy.blind_share, now=self.now())
