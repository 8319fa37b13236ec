"""Tries weights in shadow, puts them in force and takes them back, each in the caller's transaction.

A decision is a row that is never changed. Of a stage the highest number holds, and the topic of weights is
kept equal to that (:mod:`desk.feed.weights`). So taking back is a decision as well, of what was there before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import audit, users
from desk.database.decisions import weights as rows
from desk.database.decisions.weights import DecisionRow, TopicRow
from desk.errors import Conflict, UnusableInput
from desk.readers import Reader
from desk.review.weighing.adopted import STAGES, as_sent, can_travel, in_force, table_of
from samehand.scoring.adjust import adjustment_of
from samehand.scoring.weights import Weights
from schemas.internal.weights import Stage, WeightsAdjustment, WeightsAdopted

REASON_CHARS_MAX: Final = 500
"""As much as a colleague reads before deciding again."""

NUMBER_MAX: Final = 2**53 - 1
"""As `schemas.internal.weights` has it. No desk counts so far, but any writer to the topic can send it."""

AHEAD_MAX: Final = 1_000_000
"""More decisions than a restored backup can have lost. Without it any writer to the topic could raise our
numbers to their maximum, after which no decision would be possible."""

HOUR_SECONDS: Final = 3_600.0

Arrived = Literal["undecided", "on-its-way", "published", "elsewhere"]
"""How far a decision has come: whether the topic says it. `elsewhere`: the topic says what this database does
not know of, since a backup of it was restored."""


@dataclass(frozen=True, slots=True)
class WeightsStatus:
    """What holds: of each stage the decision and what the topic said last.

    ``newest``: the highest number of any decision here, 0 for none; deciding takes having seen it.
    """

    live: DecisionRow | None
    shadow: DecisionRow | None
    newest: int
    seen: Mapping[str, TopicRow]

    @classmethod
    async def read(cls, connection: AsyncConnection) -> Self:
        current = await rows.current(connection)
        return cls(
            live=current.get("live"),
            shadow=current.get("shadow"),
            newest=max((decision.number for decision in current.values()), default=0),
            seen=await rows.seen(connection),
        )

    def decision(self, stage: str) -> DecisionRow | None:
        """The decision that holds of a stage, or None."""
        return self.live if stage == "live" else self.shadow

    def arrived(self, stage: str) -> Arrived:
        """How far the decision of a stage has come."""
        decision, row = self.decision(stage), self.seen.get(stage)
        ours = (0, "") if decision is None else (decision.number, version_on_topic(decision))
        theirs = (0, "") if row is None else (row.number, row.version)
        if theirs == ours:
            return "published" if decision is not None else "undecided"
        return "on-its-way" if theirs[0] < ours[0] else "elsewhere"

    @property
    def elsewhere(self) -> tuple[Stage, ...]:
        """The stages of which the topic says what is not known here."""
        return tuple(stage for stage in STAGES if self.arrived(stage) == "elsewhere")

    @property
    def trial(self) -> DecisionRow | None:
        """The decision by which a table is in shadow, or None."""
        return None if self.shadow is None or self.shadow.adjustment is None else self.shadow

    async def former(self, connection: AsyncConnection, base: Weights) -> DecisionRow | None:
        """Returns the decision to which rolling back leads; None for the base, also if the earlier table was
        learnt on another base, since workers would refuse it."""
        if self.adopted is None or self.adopted.former is None:
            return None
        former = await rows.find(connection, self.adopted.former)
        adjustment = adjustment_in(former)
        return None if adjustment is None or table_of(base, adjustment) is None else former

    @property
    def adopted(self) -> DecisionRow | None:
        """The decision by which something else than the base is to be in force, or None."""
        return None if self.live is None or self.live.adjustment is None else self.live


@dataclass(frozen=True, slots=True)
class WeightTables:
    """The tables that the decisions make of a base. ``shadow``: None without a trial, and where what is tried
    was learnt on another base, or on what is in force no more."""

    base: Weights
    live: Weights
    shadow: Weights | None


def tables(base: Weights, now: WeightsStatus) -> WeightTables:
    """The tables of what holds."""
    live = in_force(base, adjustment_in(now.live))
    tried = adjustment_in(now.trial)
    if tried is None or now.trial is None or now.trial.learnt_on != live.version:
        return WeightTables(base, live, None)
    return WeightTables(base, live, table_of(base, tried))


def adjustment_in(decision: DecisionRow | None) -> WeightsAdjustment | None:
    """Returns the adjustment of a decision, or None."""
    if decision is None or decision.adjustment is None:
        return None
    return msgspec.json.decode(decision.adjustment, type=WeightsAdjustment)


def figures_of(decision: DecisionRow) -> dict[str, Any] | None:
    """Returns the figures that the page showed when a decision was made, or None."""
    if decision.figures is None:
        return None
    figures: dict[str, Any] = msgspec.json.decode(decision.figures)
    return figures


def record_of(decision: DecisionRow) -> WeightsAdopted:
    """A decision as it stands on the topic."""
    adjustment = adjustment_in(decision)
    return WeightsAdopted(
        stage=decision.stage,
        number=decision.number,
        adjustment=adjustment,
        version=1 if adjustment is None else 2,
    )


def version_on_topic(decision: DecisionRow) -> str:
    """Returns the version that the topic has of a decision; "" if the decision adjusts nothing."""
    return decision.version if decision.adjustment is not None else ""


def ready_at(tried: DecisionRow, shadow_hours: float) -> float:
    """Returns when a table in shadow can be put in force (Unix seconds)."""
    return tried.decided_at + shadow_hours * HOUR_SECONDS


@dataclass(frozen=True, slots=True)
class WeightsReview:
    """What a person may decide about weights, in the caller's transaction. Each method raises `ReviewError`.

    `knowing`: the highest decision that they saw: nobody decides past a colleague. `now`: Unix seconds.
    """

    connection: AsyncConnection
    reader: Reader
    base: Weights
    knowing: int
    now: float

    async def try_in_shadow(self, proposed: Weights, *, reason: str, figures: Mapping[str, Any]) -> None:
        """Has a table counted beside the one in force; nobody is alerted by it."""
        before = await self._known()
        if before.trial is not None:
            raise Conflict("a table is in shadow already: end its trial first")
        await self._decide(
            before,
            stage="shadow",
            action="tried",
            reason=_checked(reason),
            version=proposed.version,
            adjustment=as_sent(adjustment_of(proposed, self.base)),
            learnt_on=tables(self.base, before).live.version,
            figures=figures,
        )

    async def put_in_force(self, *, reason: str, figures: Mapping[str, Any], shadow_hours: float) -> None:
        """Lets the table that is in shadow make alerts, and ends its trial."""
        before = await self._known()
        tried = before.trial
        made = tables(self.base, before)
        if tried is None:
            raise Conflict("no table is in shadow")
        if made.shadow is None:
            raise Conflict("it was learnt on a table that is in force no more: end its trial and learn again")
        if before.arrived("shadow") != "published":
            raise Conflict("it is not on the topic yet, so that no worker has counted by it")
        if self.now < ready_at(tried, shadow_hours):
            raise Conflict("it has not been in shadow for long enough")
        number = await self._decide(
            before,
            stage="live",
            action="adopted",
            reason=_checked(reason),
            version=tried.version,
            adjustment=adjustment_in(tried),
            former=None if before.live is None or made.live is self.base else before.live.number,
            figures=figures,
        )
        await self._decide(before, stage="shadow", action="trial-ended", number=number + 1)

    async def end_trial(self) -> None:
        """Takes the table out of the shadow."""
        before = await self._known()
        if before.trial is None:
            raise Conflict("no table is in shadow")
        await self._decide(before, stage="shadow", action="trial-ended")

    async def roll_back(self) -> None:
        """Puts in force what was before. Pressed again it goes a step further, to the base in the end."""
        before = await self._known()
        if before.adopted is None:
            raise Conflict("nothing adopted is in force")
        former = await before.former(self.connection, self.base)
        await self._decide(
            before,
            stage="live",
            action="rolled-back",
            version=self.base.version if former is None else former.version,
            adjustment=adjustment_in(former),
            former=None if former is None else former.former,
        )

    async def say_again(self) -> None:
        """Puts in force again what this database knows, where the topic says something later."""
        before = await self._known()
        if not before.elsewhere:
            raise Conflict("the topic says nothing that this desk does not know")
        number = None
        for stage in before.elsewhere:
            held = before.decision(stage)
            plain = self.base.version if stage == "live" else ""
            number = await self._decide(
                before,
                stage=stage,
                action="said-again",
                version=plain if held is None else held.version,
                adjustment=adjustment_in(held),
                learnt_on=None if held is None else held.learnt_on,
                former=None if held is None else held.former,
                figures=None if held is None else figures_of(held),
                number=None if number is None else number + 1,
            )

    async def _known(self) -> WeightsStatus:
        """Locks decisions and returns what holds, if this person may decide and saw every decision."""
        self.reader.need("weights")
        await rows.lock(self.connection)
        now = await WeightsStatus.read(self.connection)
        if now.newest != self.knowing:
            last = await rows.find(self.connection, now.newest)
            person = None if last is None else await users.find(self.connection, last.user_id)
            raise Conflict(
                "somebody has decided about weights meanwhile: look again",
                "" if person is None else person.initials,
            )
        return now

    async def _decide(
        self,
        before: WeightsStatus,
        *,
        stage: Stage,
        action: str,
        reason: str = "",
        version: str = "",
        adjustment: WeightsAdjustment | None = None,
        learnt_on: str | None = None,
        former: int | None = None,
        figures: Mapping[str, Any] | None = None,
        number: int | None = None,
    ) -> int:
        """Keeps a decision, numbered after the highest that is known here or was seen on the topic."""
        if number is None:
            number = max([before.newest, *(row.number for row in before.seen.values())]) + 1
        if number > before.newest + AHEAD_MAX:
            raise Conflict("the topic of weights has a number that no desk counted to: it must be made anew")
        if not can_travel(WeightsAdopted(stage=stage, number=number, adjustment=adjustment)):
            raise Conflict("what was learnt is beyond what workers take: it cannot be tried")
        decision = DecisionRow(
            number=number,
            stage=stage,
            decided_at=self.now,
            user_id=self.reader.user_id,
            action=action,
            reason=reason,
            version=version,
            adjustment=None if adjustment is None else msgspec.json.encode(adjustment).decode(),
            learnt_on=learnt_on,
            former=former,
            figures=None if figures is None else msgspec.json.encode(figures).decode(),
        )
        await rows.add(self.connection, decision)
        held = before.decision(stage)
        await audit.note(
            self.connection,
            self.reader.user_id,
            f"weights-{action}",
            # What leaves nothing in shadow is about the table that was there.
            version or ("" if held is None else held.version) or stage,
            now=self.now,
            number=number,
            stage=stage,
            base=None if adjustment is None else adjustment.base_version,
            reason=audit.digest_of(reason),
            labels=None if figures is None else figures.get("labels"),
        )
        return number


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not reason or "\0" in reason:
        raise UnusableInput("reason", "say why")
    if len(reason) > REASON_CHARS_MAX:
        raise UnusableInput("reason", "say it in 500 characters or fewer")
    return reason
