"""How a team does: decisions and pace by reader, agreement with exercises, and what waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Final, cast

from desk.database import users, verdicts
from desk.database.decisions import golden
from desk.database.filters import ASSIGNED_TO_ME, ASSIGNED_TO_NOBODY, Filters
from desk.database.queue import waiting
from desk.database.queue.waiting import WaitingCount
from desk.database.verdicts import GivenRow
from desk.readers import may
from desk.review.deciding.review import Review
from desk.review.reports.statistics import Accuracy, Answer, Waits, accuracy, waits
from samehand.elapsed import DAY_SECONDS

PERIODS: Final = (7, 30, 90)
"""Days that the page offers."""

DAYS_MAX: Final = PERIODS[-1]

VERDICTS_MAX: Final = 20_000
"""The latest of a team: more take longer to read than somebody waits for a page."""

GROUPS_MAX: Final = 5_000
"""Of what waits, by everything that the queue is narrowed by: a desk has some hundred."""

PAUSE_SECONDS: Final = 900.0
"""A decision so long after the one before was not worked on all the time."""


@dataclass(frozen=True, slots=True)
class ReaderFigures:
    """What one person did. Their exercises are among `decisions`, as everywhere.

    `together`: decisions that one key made with others; `days`: on which they decided; `pace`: seconds from
    one key to the next, without pauses.
    """

    user_id: str
    name: str
    decisions: int
    together: int
    days: int
    pace: Waits
    exercises: Accuracy


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """What waits in one queue: of a policy (None: of none), or a saved view with its `query`."""

    name: str | None
    waiting: int
    oldest_seconds: float | None
    query: str = ""


@dataclass(frozen=True, slots=True)
class TeamView:
    """Whole days (UTC) from `since` to `until`, Unix seconds. A moderator gets their own figures alone in
    `readers`, and None in `policies` and `views`."""

    since: float
    until: float
    readers: tuple[ReaderFigures, ...]
    policies: tuple[QueueFigures, ...] | None = None
    views: tuple[QueueFigures, ...] | None = None


async def team_view(review: Review, days: int, views: Mapping[str, tuple[str, Filters]]) -> TeamView:
    """Returns figures of the last days. `views`: saved ones by name, each with its address and filters.

    The day that is not over yet does not count: a person with a reading open would see who gave the verdict
    that they must not know, and a reader which of the alerts just decided was an exercise.
    """
    connection, reader = review.connection, review.reader
    reader.need("read")
    everybody = reader.may("figures")
    until = review.now // DAY_SECONDS * DAY_SECONDS
    since = until - days * DAY_SECONDS
    rows = await verdicts.given_here(
        connection,
        since=since,
        until=until,
        limit=VERDICTS_MAX,
        reviewer=None if everybody else reader.user_id,
    )
    if len(rows) == VERDICTS_MAX:  # the days that are whole
        since = (rows[-1].decided_at // DAY_SECONDS + 1) * DAY_SECONDS
        rows = [row for row in rows if row.decided_at >= since]
    by_reader = defaultdict[str, list[GivenRow]](list)
    for row in rows:
        by_reader[row.reviewer].append(row)
    answers = cast("dict[str, Answer]", await golden.answers(connection))
    shown = [
        _figures(user.user_id, user.name, by_reader[user.user_id], answers)
        for user in await users.everybody(connection)
        if (everybody or user.user_id == reader.user_id)
        and (user.user_id in by_reader or (user.disabled_at is None and may(user.role, "decide")))
    ]
    shown.sort(key=lambda figures: figures.name.casefold())
    if not everybody:
        return TeamView(since, until, tuple(shown))
    wanted = {}
    for name, (query, filters) in views.items():
        named = {field: value for field, value in asdict(filters).items() if value and field != "order"}
        wanted[name] = query, named
    names = {"policy"}.union(*(named for _, named in wanted.values()))
    groups = await waiting.counts(
        connection, reader.user_id, names, leads=reader.sees_disputes, limit=GROUPS_MAX
    )
    by_policy = defaultdict[str | None, list[WaitingCount]](list)
    for group in groups:
        by_policy[group.values["policy"]].append(group)
    return TeamView(
        since,
        until,
        tuple(shown),
        policies=tuple(
            _queue(policy, by_policy[policy], review.now)
            for policy in sorted(by_policy, key=lambda policy: policy or "")
        ),
        views=tuple(
            _queue(
                name,
                [group for group in groups if _passes(group, named, reader.user_id)],
                review.now,
                query,
            )
            for name, (query, named) in wanted.items()
        ),
    )


def _figures(
    user_id: str, name: str, rows: Sequence[GivenRow], answers: Mapping[str, Answer]
) -> ReaderFigures:
    batches = defaultdict[str, list[GivenRow]](list)
    for row in rows:
        batches[row.batch].append(row)
    keys = sorted(several[0].decided_at for several in batches.values())
    gaps = [later - earlier for earlier, later in pairwise(keys)]
    exercises = [row for row in rows if row.golden and row.alert_id in answers]
    return ReaderFigures(
        user_id,
        name,
        decisions=len(rows),
        together=sum(len(several) for several in batches.values() if len(several) > 1),
        days=len({row.decided_at // DAY_SECONDS for row in rows}),
        pace=waits(gap for gap in gaps if gap <= PAUSE_SECONDS),
        exercises=accuracy(sum(row.verdict == answers[row.alert_id] for row in exercises), len(exercises)),
    )


def _queue(name: str | None, groups: Sequence[WaitingCount], now: float, query: str = "") -> QueueFigures:
    oldest = min((group.oldest for group in groups), default=None)
    return QueueFigures(
        name,
        sum(group.waiting for group in groups),
        None if oldest is None else max(0.0, now - oldest),
        query,
    )


def _passes(group: WaitingCount, named: Mapping[str, str], user_id: str) -> bool:
    """Whether a view shows a group to a person; a band leaves out what is read blind."""
    hidden = group.values["blind"] and "band" in named
    wanted: dict[str, str | None] = {**named}
    if "assigned" in named:
        people = {ASSIGNED_TO_ME: user_id, ASSIGNED_TO_NOBODY: None}
        wanted["assigned"] = people.get(named["assigned"], named["assigned"])
    return not hidden and all(group.values[name] == value for name, value in wanted.items())
