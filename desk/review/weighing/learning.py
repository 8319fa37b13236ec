"""What the page of weights shows and does: learns from verdicts, tries a table in shadow, puts it in force.

Learning takes about a second of CPU, so it runs in a thread; callers let one run at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, reads, users, verdicts
from desk.database.decisions import weights as rows
from desk.database.decisions.weights import DecisionRow, SignedDecisionRow
from desk.database.engine import Database
from desk.errors import Conflict
from desk.readers import Reader
from desk.review.reports.figures import by_class
from desk.review.reports.statistics import Change
from desk.review.weighing import weights
from desk.review.weighing.adopted import in_force
from desk.review.weighing.proposal import (
    ALERTS_MAX,
    LABELS_MAX,
    JudgedBlind,
    Rescored,
    Trial,
    WeightsProposal,
    propose,
    try_out,
)
from desk.review.weighing.weights import WeightsReview, WeightsStatus, WeightTables, tables
from samehand.scoring.weights import Weights

DAYS: Final = 30
"""Alerts of so many days are weighed again before a table is tried."""

DAY_SECONDS: Final = 86_400.0
HISTORY_MAX: Final = 20

PAGE_SECONDS_MAX: Final = 3_600.0
"""The oldest page from which a person may decide: they are to have seen what is known now."""


@dataclass(frozen=True, slots=True)
class WeightsView:
    """What the page of weights shows.

    `alerts_named`: alerts detected since the live table holds (a day at most), and those that name it;
    `back_to`: the version to which rolling back leads; `whole`: whether `LABELS_MAX` left no verdict out;
    `people`: initials by opaque id.
    """

    held: WeightsStatus
    made: WeightTables
    proposal: WeightsProposal | None
    trial: Trial | None
    again: Rescored | None
    whole: bool
    back_to: str
    alerts_named: tuple[int, int]
    history: Sequence[SignedDecisionRow]
    people: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Learning:
    """Learns from the verdicts of a database. `base`: the table of weights that the settings name."""

    database: Database
    base: Weights
    blind_share: float

    async def view(self, *, now: float) -> WeightsView:
        """Without a trial, what learning proposes, else how the trial goes; and which alerts would change."""
        async with self.database.read() as connection:
            held = await WeightsStatus.read(connection)
            judged = await self._judged_blind(connection, until=now)
            former = await held.former(connection, self.base)
            day = max(now - DAY_SECONDS, held.live.decided_at if held.live is not None else 0.0)
            made = tables(self.base, held)
            named = await alerts.weighed_by(connection, made.live.version, since=day)
            history = await rows.history(connection, HISTORY_MAX)
            people = await users.initials(connection)
        proposal = trial = again = None
        if held.trial is None:
            proposal = await self._propose(made, judged)
            if proposal.learned is not None:
                since = now - DAYS * DAY_SECONDS
                again = await self._rescore(made.live, proposal.learned.weights, since=since)
        elif made.shadow is not None:
            trial = await self._try_out(held.trial, made.live, made.shadow, judged)
            again = await self._rescore(made.live, made.shadow, since=held.trial.decided_at)
        return WeightsView(
            held=held,
            made=made,
            proposal=proposal,
            trial=trial,
            again=again,
            whole=judged.whole,
            back_to=in_force(self.base, weights.adjustment_in(former)).version,
            alerts_named=named,
            history=history,
            people=people,
        )

    async def try_in_shadow(
        self, reader: Reader, version: str, *, as_of: float, reason: str, knowing: int, now: float
    ) -> None:
        """Tries in shadow what a page of `as_of` proposed, learnt anew from the verdicts of then.

        Raises `ReviewError`.
        """
        reader.need("weights")
        if not now - PAGE_SECONDS_MAX <= as_of <= now:
            raise Conflict("the page is old: look again")
        async with self.database.read() as connection:
            made = tables(self.base, await WeightsStatus.read(connection))
            judged = await self._judged_blind(connection, until=as_of)
        proposal = await self._propose(made, judged)
        learned = proposal.learned
        if learned is None or learned.weights.version != version:
            raise Conflict("what verdicts say has changed since the page was made: look again")
        if not learned.better:
            raise Conflict("it foretells verdicts no better than what is in force")
        figures = {
            "as_of": as_of,
            **_label_figures(proposal),
            "loss_before": learned.loss_before,
            "loss_after": learned.loss_after,
            **_change_figures(proposal.change),
        }
        async with self.database.begin() as connection:
            await WeightsReview(connection, reader, self.base, knowing, now).try_in_shadow(
                learned.weights, reason=reason, figures=figures
            )

    async def trial_figures(self, *, now: float) -> dict[str, Any]:
        """Returns how the trial goes, as it is kept with the decision to adopt; empty without a trial."""
        async with self.database.read() as connection:
            held = await WeightsStatus.read(connection)
            judged = await self._judged_blind(connection, until=now)
        made = tables(self.base, held)
        if held.trial is None or made.shadow is None:
            return {}
        trial = await self._try_out(held.trial, made.live, made.shadow, judged)
        losses = {"loss_before": trial.loss_before, "loss_after": trial.loss_after}
        return {**_label_figures(trial), **losses, **_change_figures(trial.change)}

    async def _judged_blind(self, connection: AsyncConnection, *, until: float) -> JudgedBlind:
        rows = await verdicts.of_judged_blind(connection, until=until, limit=LABELS_MAX)
        alert_ids = {row.alert_id for row in rows}
        whole = len(alert_ids) < LABELS_MAX
        # What is beyond the latest is as if before the first day.
        since = 0.0 if whole else rows[0].decided_at
        drawn = by_class(await reads.drawn_blind(connection, since=since))
        return JudgedBlind(rows, await alerts.payloads(connection, alert_ids), drawn, since, whole)

    async def _propose(self, made: WeightTables, judged: JudgedBlind) -> WeightsProposal:
        return await asyncio.to_thread(
            propose, judged, made.live, blind_share=self.blind_share, base=made.base
        )

    async def _try_out(
        self, tried: DecisionRow, live: Weights, shadow: Weights, judged: JudgedBlind
    ) -> Trial:
        after = (weights.figures_of(tried) or {}).get("as_of", tried.decided_at)
        return await asyncio.to_thread(
            try_out, judged, live, shadow, after=after, blind_share=self.blind_share
        )

    async def _rescore(self, live: Weights, other: Weights, *, since: float) -> Rescored:
        rescored = Rescored(live, other)
        async with self.database.read() as connection:
            for sampled in (False, True):
                async for batch in alerts.detected_since(
                    connection, since, sampled=sampled, limit=ALERTS_MAX
                ):
                    await asyncio.to_thread(rescored.take, batch)
        return rescored


def _label_figures(counted: WeightsProposal | Trial) -> Mapping[str, Any]:
    names = ("labels", "mirrors", "by_one", "elsewhere", "left_out")
    return {name: getattr(counted, name) for name in names}


def _change_figures(change: Change | None) -> Mapping[str, Any]:
    if change is None:
        return {}
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in change._asdict().items()
    }
