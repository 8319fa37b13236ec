"""What a request may do, each in one transaction. `desk.review` has the rules: see `Review` there."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.access import sessions
from desk.access.sessions import Session
from desk.database import users, verdicts
from desk.database.counts import exposures
from desk.database.engine import Database
from desk.database.filters import DecidedFilters, DecidedPlace, Filters, Place, WaveState
from desk.database.queue import waiting
from desk.database.topics import summaries
from desk.database.topics.summaries import SummaryRow
from desk.errors import NotFound
from desk.profiles.kept import KeptPictures
from desk.readers import Reader
from desk.related import GateAway, GateBusy, GateClient
from desk.review import requests, views, waves
from desk.review.actions import ActionView, action_views, reversed_actions
from desk.review.appeals import AppealIntake
from desk.review.case import case_file
from desk.review.deciding import claim, decide, leads, notes, undo
from desk.review.deciding.decide import DecisionMade, ReadDecision
from desk.review.deciding.review import Review
from desk.review.finding import account, search
from desk.review.finding import decided as decisions
from desk.review.finding.account import AccountView
from desk.review.finding.decided import AuditLine, DecisionView
from desk.review.finding.family import FamilyView, family_view
from desk.review.finding.search import SearchResult
from desk.review.people import Person
from desk.review.policy import Policy
from desk.review.reader_policies import CHOICES_MAX, ReaderPolicies, name_policies, reader_policies
from desk.review.reports.figures import DAYS, LeadView, lead_view
from desk.review.reports.statement import Reasons, reasons_of
from desk.review.reports.statistics import VERDICTS_MIN
from desk.review.requests import RequestLine, RequestView
from desk.review.selection import Selection, selection
from desk.review.views import Opened, QueueRow, Waiting
from desk.review.waves import WaveDecision, WaveLine, WaveView
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
"""Of what readers agreed on: a verdict more changes it little, and to count it takes milliseconds."""

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

    def _review(self, connection: AsyncConnection, reader: Reader) -> Review:
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
        reader.need("read")
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
        reader.need("read")
        async with self.database.read() as connection:
            # First: what arrives in between is announced, perhaps twice.
            newest = await waiting.newest(connection, reader.user_id, leads=reader.sees_disputes)
            review = self._review(connection, reader)
            rows = await views.queue_rows(review, filters, limit=PAGE, after=after)
            known = await waiting.known_values(connection, _CHOSEN_BY, CHOICES_MAX, user_id=reader.user_id)
            withheld = bool(await summaries.withheld(connection, 1, user_id=reader.user_id))
            shown = await views.pictured(review, rows) if self.profiles else {}
        return QueueView(rows, newest, known, withheld, self.profiles.pairs(shown) if self.profiles else {})

    async def reader_policies(self, reader: Reader) -> tuple[list[ReaderPolicies], list[str]]:
        """Returns which policies people read, and those to choose from. Raises `Forbidden`."""
        async with self.database.read() as connection:
            return await reader_policies(self._review(connection, reader))

    async def name_policies(self, reader: Reader, user_id: str, policies: Collection[str] | None) -> None:
        """Names the policies that a person reads; None: all. Raises `ReviewError`."""
        async with self.database.begin() as connection:
            await name_policies(self._review(connection, reader), user_id, policies)

    async def open(self, reader: Reader, alert_id: str) -> Opened:
        """One alert, and that this person saw it. Raises `NotFound` and `Forbidden`."""
        reader.need("read")
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

    async def sealed_alert(self, reader: Reader, alert_id: str) -> tuple[MirrorAlert, bool]:
        """Returns an alert as a person may see it, and whether what became of it is hidden from them.

        Raises `NotFound` and `Forbidden`.
        """
        reader.need("read")
        async with self.database.read() as connection:
            return await views.sealed_alert(self._review(connection, reader), alert_id)

    async def uncovered(self, reader: Reader) -> None:
        """Counts that somebody looked at the blurred words of an alert."""
        reader.need("read")
        async with self.database.begin() as connection:
            await exposures.add(connection, reader.user_id, now=self.now(), uncovered=1)

    async def days(self, reader: Reader) -> list[Day]:
        """Returns how much this person read on each day, the newest first. Nobody else sees it."""
        async with self.database.read() as connection:
            rows = await exposures.of(connection, reader.user_id, DAYS_MAX)
        return [Day(row.day * exposures.DAY_SECONDS, row.opened, row.uncovered) for row in rows]

    async def alert_of(self, reader: Reader, read_id: int) -> str:
        """Which alert a read is of. Raises `NotFound` and `Forbidden`."""
        reader.need("read")
        async with self.database.read() as connection:
            return (await claim.known_read(self._review(connection, reader), read_id)).alert_id

    async def claim(self, reader: Reader, read_id: int) -> float:
        async with self.database.begin() as connection:
            return await claim.claim(self._review(connection, reader), read_id)

    async def skip(self, reader: Reader, read_id: int) -> None:
        async with self.database.begin() as connection:
            await claim.skip(self._review(connection, reader), read_id)

    async def decide(self, reader: Reader, read_id: int, decision: ReadDecision) -> DecisionMade:
        async with self.database.begin() as connection:
            made = await decide.decide(self._review(connection, reader), read_id, decision)
        self.metrics.decided(decision.verdict, made.decided)
        return made

    async def selection(
        self, reader: Reader, filters: Filters, read_ids: Sequence[int] | None = None
    ) -> Selection:
        """What of some readings, or of a view of the queue, can be decided together."""
        async with self.database.read() as connection:
            return await selection(self._review(connection, reader), filters, read_ids)

    async def decide_together(
        self, reader: Reader, read_ids: Collection[int], decision: ReadDecision
    ) -> DecisionMade:
        """Decides several readings, or none. Raises `SelectionChanged`."""
        async with self.database.begin() as connection:
            made = await decide.decide_together(self._review(connection, reader), read_ids, decision)
        self.metrics.decided(decision.verdict, made.decided)
        return made

    async def undo(self, reader: Reader, batch: str) -> tuple[int, ...]:
        async with self.database.begin() as connection:
            opened = await undo.undo(self._review(connection, reader), batch)
        self.metrics.undone.inc(max(1, len(opened)))  # undoing a verdict on a wave opens no reading
        return opened

    async def take_back(self, reader: Reader, alert_id: str, reason_code: str) -> int:
        async with self.database.begin() as connection:
            return await leads.take_back(self._review(connection, reader), alert_id, reason_code)

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
        reader.need("read")
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
        reader.need("read")
        async with self.database.begin() as connection:
            review = self._review(connection, reader)
            view = await waves.wave_view(review, wave_id)
            await exposures.add(connection, reader.user_id, now=review.now, opened=1)
            await review.note("opened", wave_id, revision=view.wave.revision)
        return view

    async def wave_accounts(self, reader: Reader, wave_id: str) -> list[str]:
        """Returns the members of a wave whose profiles may be looked at. Raises `ReviewError`."""
        reader.need("read")
        async with self.database.read() as connection:
            view = await waves.wave_view(self._review(connection, reader), wave_id)
        return [] if view.hides else [member.account for member in view.wave.members]

    async def decide_wave(self, reader: Reader, wave_id: str, decision: WaveDecision) -> DecisionMade:
        async with self.database.begin() as connection:
            made = await waves.decide(self._review(connection, reader), wave_id, decision)
        self.metrics.decided(decision.verdict, made.decided)
        return made

    async def take_wave_back(self, reader: Reader, wave_id: str, reason_code: str) -> None:
        async with self.database.begin() as connection:
            await waves.take_back(self._review(connection, reader), wave_id, reason_code)

    async def restore_wave(self, reader: Reader, wave_id: str) -> None:
        async with self.database.begin() as connection:
            await waves.restore(self._review(connection, reader), wave_id)

    async def take_appeal(self, appeal: AppealMade) -> AppealTaken | Refusal:
        return await self.appeals.take(self.database, self.policy, appeal, self.now)

    async def restore(self, reader: Reader, alert_id: str) -> None:
        async with self.database.begin() as connection:
            await leads.restore(self._review(connection, reader), alert_id)

    async def write_note(self, reader: Reader, alert_id: str, text: str) -> int:
        async with self.database.begin() as connection:
            return await notes.write_note(self._review(connection, reader), alert_id, text)

    async def case(self, reader: Reader, alert_id: str, purpose: str) -> dict[str, Any]:
        """The case file of one alert. Raises `ReviewError`."""
        async with self.database.begin() as connection:
            return await case_file(self._review(connection, reader), alert_id, purpose=purpose)

    async def actions(self, reader: Reader, key: str) -> list[ActionView]:
        """What the platform did about an account, as this person may see it, the newest first."""
        reader.need("read")
        async with self.database.read() as connection:
            return await action_views(self._review(connection, reader), key)

    async def reversed_actions(self, reader: Reader) -> list[ActionView]:
        """Returns actions in force whose verdict was reversed. Raises `Forbidden`."""
        async with self.database.read() as connection:
            return await reversed_actions(self._review(connection, reader))

    async def statement(self, reader: Reader, key: str, event_id: str, language: str) -> Reasons:
        """The reasons for one action, to be stated in a language. Raises `ReviewError`."""
        async with self.database.begin() as connection:
            return await reasons_of(self._review(connection, reader), key, event_id, language)

    async def find(self, reader: Reader, query: str) -> SearchResult:
        """The accounts and alerts of which an id, a handle or a name begins with a query."""
        reader.need("read")
        async with self.database.read() as connection:
            return await search.search(self._review(connection, reader), query)

    async def account_view(self, reader: Reader, key: str) -> AccountView:
        """An account's page. Raises `NotFound` where no alert names it."""
        reader.need("read")
        async with self.database.read() as connection:
            return await account.account_view(self._review(connection, reader), key)

    async def family(self, reader: Reader, key: str) -> FamilyView:
        """The family of an account. Raises `NotFound` where no alert names it."""
        reader.need("read")
        async with self.database.read() as connection:
            return await family_view(self._review(connection, reader), key)

    async def request_lines(
        self, reader: Reader, before: float | None
    ) -> tuple[list[RequestLine], list[RequestLine]]:
        """Returns requests that wait for an answer, and those answered before a moment."""
        async with self.database.read() as connection:
            review = self._review(connection, reader)
            waiting = await requests.lines(review, is_open=True)
            return waiting, await requests.lines(review, is_open=False, before=before)

    async def request_view(self, reader: Reader, request_id: int) -> RequestView:
        async with self.database.read() as connection:
            return await requests.request_view(self._review(connection, reader), request_id)

    @asynccontextmanager
    async def requesting(self, reader: Reader) -> AsyncIterator[Review]:
        """Yields what a person may do about lawful requests, in one transaction."""
        async with self.database.begin() as connection:
            yield self._review(connection, reader)

    async def named_account(self, reader: Reader, key: str) -> tuple[Person, bool]:
        """Returns an account that an alert names, and whether this person must not know what became of it.

        Raises `NotFound` where no alert names it.
        """
        reader.need("read")
        async with self.database.read() as connection:
            return await account.named_account(self._review(connection, reader), key)

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
        reader.need("read")
        async with self.database.read() as connection:
            return await decisions.decided(
                self._review(connection, reader), filters, limit=min(limit, PAGE_MAX), after=after
            )

    async def audit_lines(self, reader: Reader, before: int) -> tuple[list[AuditLine], int]:
        """Returns lines of the audit below a number and the number to go on from. Raises `Forbidden`."""
        async with self.database.read() as connection:
            return await decisions.audit_lines(self._review(connection, reader), before)

    async def decided_by(self, reader: Reader) -> tuple[dict[str, str], list[str]]:
        """Returns what decisions are narrowed by: the names of readers by id, for who sees figures, and
        policies."""
        reader.need("read")
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
