"""Figures for the Digital Services Act's transparency report, by the names of its Annex I.

Measures are the platform's own actions (`accounts.actioned`), complaints are appeals at the desk. What the
desk cannot know is absent. No alert removes an account, so the accuracy of means that do is not given.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database.counts import period
from desk.database.counts.period import ComplaintRow
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

TOTAL: Final = "TOTAL"

_NOTICES: Final = "Part_4_notices"
_PARTS: Final[Mapping[Ground, str]] = {
    "illegal": "Part_5_own_initiative_illegal",
    "terms": "Part_6_own_initiative_TC",
}
_APPEALS: Final = "Part_7_appeals_and_recidivism"
_MEANS: Final = "Part_8_automated_means"
_BASIS: Final[Mapping[Ground, str]] = {
    "illegal": "Number of actions taken on the basis of the law",
    "terms": "Number of actions taken on the basis of the terms and conditions of the service",
}
_TRUSTED: Final = " (Trusted Flagger notices)"
_MEASURES: Final = "Number of measures taken at the provider's own initiative"
_DETECTED: Final = "Number of measures taken after detection with solely automated means"
_COLUMN: Final = {
    "suspended": "Account restriction Suspension",
    "terminated": "Account restriction Termination",
}
_SOLELY: Final = "Number of measures solely taken by automated means"
_NOT: Final = "Number of measures not taken by automated means"
_SCOPES: Final = ("Total number", "Own-initiative")
_COMPLAINTS: Final = "Number of complaints submitted to the internal-complaints mechanism"
_COMPLAINTS_ON_ACCOUNTS: Final = "Complaint regarding a decision to suspend or terminate an account"
_OUTCOMES: Final = {
    "upheld": "Decisions upheld",
    "partly": "Decisions partially reversed",
    "reversed": "Decisions reversed",
}


Parts = dict[str, dict[str, dict[str, float]]]
"""Values by part of the annex, row and column, or by part, indicator and scope."""


@dataclass(frozen=True, slots=True)
class TransparencyFigures:
    """Figures of a period, how many actions and complaints they rest on, and actions that no figure counts.

    A row is TOTAL, a category, or a category and a keyword (`CATEGORY/KEYWORD`).
    """

    actions: int
    complaints: int
    left_out: dict[LeftOut, int]
    parts: Parts


@dataclass(slots=True)
class _Counts:
    cells: Counter[tuple[str, str, str]] = field(default_factory=Counter)
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
                self.cells[_MEANS, indicator, scope] += 1
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
            self._in_rows(_NOTICES, category, [column, *trusted])

    def _in_rows(self, part: str, category: Category, columns: Sequence[str]) -> None:
        if not category:
            self.left_out["without-category"] += 1
        rows = [TOTAL, *("/".join(category[:depth]) for depth in range(1, len(category) + 1))]
        for row in rows:
            for column in columns:
                self.cells[part, row, column] += 1


async def transparency_figures(
    connection: AsyncConnection, *, since: float, until: float, categories: Mapping[str, Category]
) -> TransparencyFigures:
    """Counts the measures and complaints of a period (Unix seconds).

    ``categories``: by policy of the alert that led to an action, the category that it is counted in.
    """
    counts = _Counts()
    async for payload, policy in period.actions_between(connection, since=since, until=until):
        action = decode_actioned(payload, now=math.inf)
        if isinstance(action, Malformed):
            counts.left_out["unreadable"] += 1
        else:
            counts.add(action.record, categories.get(policy or "", ()))
    parts: Parts = {}
    for (part, row, column), count in sorted(counts.cells.items()):
        parts.setdefault(part, {}).setdefault(row, {})[column] = count
    complaints = await period.complaints(connection, since=since, until=until, limit=COMPLAINTS_MAX)
    on_accounts = [row for row in complaints if row.account_ended]
    parts[_APPEALS] = {
        _COMPLAINTS: {
            **dict(_outcomes(complaints)),
            "Decision omitted": sum(row.outcome == "lapsed" for row in complaints),
        },
        _COMPLAINTS_ON_ACCOUNTS: dict(_outcomes(on_accounts)),
    }
    return TransparencyFigures(counts.actions, len(complaints), dict(counts.left_out), parts)


def _outcomes(rows: Sequence[ComplaintRow]) -> Iterator[tuple[str, float]]:
    """Yields how many complaints there are, by outcome, and their median time (hours)."""
    yield "Total number", len(rows)
    for outcome, scope in _OUTCOMES.items():
        yield scope, sum(row.outcome == outcome for row in rows)
    if decided := [row.seconds for row in rows if row.outcome in _OUTCOMES and row.seconds is not None]:
        yield "Median time", max(0.0, median(decided)) / 3_600
