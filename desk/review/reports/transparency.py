"""The Digital Services Act's transparency report: what the desk knows of a period, in the regulation's cells.

Measures are the platform's own actions (`accounts.actioned`), complaints are appeals at the desk. A cell that
the desk cannot know stays empty. No alert removes an account, so the accuracy of means that do is not given;
the precision and recall of alerts stand in the contextual information beside it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database.counts import period
from desk.database.counts.period import ComplaintRow
from desk.review.reports.figures import judged_period
from report.dsa import TOTAL, Annex
from samehand.scoring.intervals import Estimate
from schemas.actions import AccountActioned, Ground
from schemas.malformed import Malformed
from schemas.wire import decode_actioned

COMPLAINTS_MAX: Final = 1_000_000
"""Complaints of a period: a row of each is read, for the median."""

Category = tuple[str, ...]
"""A category of Annex I, or a category and its keyword."""

LeftOut = Literal[
    "order",
    "without-source",
    "other-notice",
    "without-ground",
    "restricted",
    "without-category",
    "unreadable",
]

LEFT_OUT: Final[Mapping[LeftOut, str]] = {
    "order": "ordered by an authority (part 3 asks for the orders, which the desk does not know)",
    "without-source": "without `source`: neither own initiative nor notice",
    "other-notice": "after another kind of notification than Article 16 names",
    "without-ground": "without `ground`: neither illegal nor against the terms",
    "restricted": "restricted in a way that no column names: in the number of measures alone",
    "without-category": "without an alert, or whose alert names no policy of --category: in TOTAL alone",
    "unreadable": "that a later version stored, and this one cannot read",
}
"""Actions that a cell leaves out, and why."""

_PARTS: Final[Mapping[Ground, int]] = {"illegal": 5, "terms": 6}
_BASIS: Final[Mapping[Ground, str]] = {
    "illegal": "Number of actions taken on the basis of the law",
    "terms": "Number of actions taken on the basis of the terms and conditions of the service",
}
_TRUSTED: Final = " (Trusted Flagger notices)"
_MEASURES: Final = "Number of measures taken at the provider's own initiative "
_DETECTED: Final = "Number of measures taken after detection with solely automated means "
_COLUMN: Final = {
    "suspended": "Account restriction Suspension",
    "terminated": "Account restriction Termination",
}
_SOLELY: Final = "Number of measures solely taken by automated means "
_NOT: Final = "Number of measures not taken by automated means"
_SCOPES: Final = ("Total number", "Own-initiative ")
_COMPLAINTS: Final = "Number of complaints submitted to the internal-complaints mechanism"
_COMPLAINTS_ON_ACCOUNTS: Final = "Complaint regarding a decision to suspend or terminate an account "
_OUTCOMES: Final = {
    "upheld": "Decisions upheld",
    "partly": "Decisions partially reversed",
    "reversed": "Decisions reversed",
}


@dataclass(slots=True)
class _Counts:
    cells: Counter[tuple[int, Category, str]] = field(default_factory=Counter)
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    actions: int = 0

    def add(self, action: AccountActioned, category: Category) -> None:
        """Counts one action of the platform."""
        if action.action == "nothing":
            return
        self.actions += 1
        if action.source is None or action.source == "order" or action.source == "other-notice":
            self.left_out[action.source or "without-source"] += 1
            return
        own = action.source == "own-initiative"
        if action.automated_decision is not None:
            indicator = _SOLELY if action.automated_decision == "fully" else _NOT
            for scope in _SCOPES if own else _SCOPES[:1]:
                self.cells[8, (indicator, scope), "Value"] += 1
        if action.ground is None:
            self.left_out["without-ground"] += 1
        elif own:
            columns = [_MEASURES]
            if action.automated_detection == "yes":
                columns.append(_DETECTED)
            if action.action in _COLUMN:
                columns.append(_COLUMN[action.action])
            else:
                self.left_out["restricted"] += 1
            self._in_rows(_PARTS[action.ground], category, columns)
        else:
            column = _BASIS[action.ground]
            trusted = [column + _TRUSTED] if action.source == "trusted-flagger" else []
            self._in_rows(4, category, [column, *trusted])

    def _in_rows(self, part: int, category: Category, columns: Sequence[str]) -> None:
        if not category:
            self.left_out["without-category"] += 1
        rows = [(TOTAL,), *(category[:depth] for depth in range(1, len(category) + 1))]
        for row in rows:
            for column in columns:
                self.cells[part, row, column] += 1


@dataclass(frozen=True, slots=True)
class Transparency:
    """The filled annex, how many actions and complaints it rests on, and actions that cells leave out."""

    annex: Annex
    actions: int
    complaints: int
    left_out: dict[LeftOut, int]


async def transparency_report(
    connection: AsyncConnection,
    *,
    provider: str,
    service: str,
    first: date,
    last: date,
    since: float,
    until: float,
    published: date,
    blind_share: float,
    categories: Mapping[str, Category],
    now: float,
) -> Transparency:
    """Fills the annex for the days from ``first`` to ``last``, which begin at ``since`` and end at ``until``.

    ``categories``: by policy of the alert that led to an action, the category that it is counted in.
    """
    annex = Annex(service, first, last)
    for indicator, value in (
        ("Name of the service provider", provider),
        ("Date of the publication of the report", published.isoformat()),
        ("Starting date of reporting period", first.isoformat()),
        ("Ending date of reporting period", last.isoformat()),
    ):
        annex.put(1, (indicator,), "Value", value)
    counts = _Counts()
    async for payload, policy in period.actions_between(connection, since=since, until=until):
        action = decode_actioned(payload, now=math.inf)
        if isinstance(action, Malformed):
            counts.left_out["unreadable"] += 1
        else:
            counts.add(action.record, categories.get(policy or "", ()))
    for (part, where, column), count in counts.cells.items():
        annex.put(part, where, column, count)
    complaints = await period.complaints(connection, since=since, until=until, limit=COMPLAINTS_MAX)
    _put_complaints(annex, _COMPLAINTS, complaints)
    _put_complaints(annex, _COMPLAINTS_ON_ACCOUNTS, [row for row in complaints if row.account_ended])
    verdicts = await judged_period(connection, since=since, until=until)
    figures = verdicts.figures(blind_share=blind_share, now=now).all
    for name, share in (("Precision", figures.precision), ("Recall", figures.recall)):
        for scope in _SCOPES:
            annex.put(
                8,
                (f"Accuracy of the automated means - {name}", scope),
                "Contextual Information",
                f"samehand takes no measure by itself. {name} of its alerts to people: {_words(share)}.",
            )
    return Transparency(annex, counts.actions, len(complaints), dict(counts.left_out))


def _put_complaints(annex: Annex, indicator: str, rows: Sequence[ComplaintRow]) -> None:
    annex.put(7, (indicator, "Total number"), "Value", len(rows))
    for outcome, scope in _OUTCOMES.items():
        annex.put(7, (indicator, scope), "Value", sum(row.outcome == outcome for row in rows))
    if decided := [row.seconds for row in rows if row.outcome in _OUTCOMES and row.seconds is not None]:
        annex.put(7, (indicator, "Median time"), "Value", max(0.0, median(decided)) / 3_600)
    if indicator == _COMPLAINTS:
        omitted = sum(row.outcome == "lapsed" for row in rows)
        annex.put(7, (indicator, "Decision omitted"), "Value", omitted)


def _words(share: Estimate | None) -> str:
    if share is None:
        return "too few blind verdicts to tell"
    return f"{share.value:.3f}, 95 % interval {share.low:.3f} to {share.high:.3f}, from blind verdicts"
