"""The lead's page: how right samehand and its readers are, and what waits."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from litestar import Request, get
from litestar.response import Template

from desk.database import golden, reads, users, verdicts
from desk.review.figures import LeadFigures, class_of, lead_figures
from desk.review.statistics import VERDICTS_MIN, Answer
from desk.web.api import desk_of
from desk.web.sentences import SIGNALS
from desk.web.view import context

DAYS: Final = 90
VERDICTS_MAX: Final = 20_000
"""The latest: more change a share of it by less than its interval is wide."""

WAITING_MAX: Final = 100_000
READERS_MAX: Final = 100
"""Who has something in hand: more than sit in one shift."""


@get("/figures", include_in_schema=False)
async def figures(request: Request[Any, Any, Any]) -> Template:
    """Of the last 90 days. Nothing that rests on fewer than 30 verdicts is told. Raises `Forbidden`."""
    request.user.reader.need("figures")
    desk = desk_of(request)
    now = desk.now()
    async with desk.database.read() as connection:
        rows = await verdicts.latest(connection, since=now - DAYS * 86_400, limit=VERDICTS_MAX)
        answers = {row.alert_id: cast(Answer, row.verdict) for row in await golden.everything(connection)}
        waiting = await reads.waiting_since(connection, WAITING_MAX)
        # What is beyond the latest verdicts is as if before the first day.
        since = rows[-1].decided_at if len(rows) == VERDICTS_MAX else now - DAYS * 86_400
        drawn = {
            class_of(one.band, one.stratum, below=one.below): one.drawn
            for one in await reads.drawn_blind(connection, since=since)
        }
        hands = await reads.in_hand(connection, now=now, limit=READERS_MAX)
        people = {user.user_id: user.initials for user in await users.everybody(connection)}
    # Intervals are simulated: seconds, in which others are served.
    told: LeadFigures = await asyncio.to_thread(
        lead_figures,
        rows,
        answers,
        waiting,
        blind_share=desk.policy.blind_share,
        now=now,
        drawn=drawn,
        since=since,
    )
    return Template(
        "figures.html",
        context={
            "session": request.user,
            **context(request),
            "told": told,
            "hands": [(people.get(one.user_id, "–"), one.claims, now - one.oldest) for one in hands],
            "oldest": now - min(waiting) if waiting else None,
            "signals": SIGNALS,
            "days": DAYS,
            "least": VERDICTS_MIN,
        },
    )


HANDLERS: Final = (figures,)
