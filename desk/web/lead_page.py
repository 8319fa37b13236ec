"""The lead's page: how right samehand and its readers are, and what waits."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from litestar import Request, get
from litestar.response import Template

from desk.database import golden, reads, verdicts
from desk.review.figures import LeadFigures, lead_figures
from desk.review.statistics import VERDICTS_MIN, Answer
from desk.web.api import desk_of
from desk.web.view import context

DAYS: Final = 90
VERDICTS_MAX: Final = 20_000
"""The latest: more change a share of it by less than its interval is wide."""

WAITING_MAX: Final = 100_000


@get("/figures", include_in_schema=False)
async def figures(request: Request[Any, Any, Any]) -> Template:
    """Of the last 90 days. Nothing that rests on fewer than 30 verdicts is told. Raises `Forbidden`."""
    request.user.reader.need("figures")
    desk = desk_of(request)
    now = desk.now()
    async with desk.database.read() as connection:
        rows = await verdicts.latest(connection, since=now - DAYS * 86_400, limit=VERDICTS_MAX)
        answers = {row.alert_id: cast(Answer, row.verdict) for row in await golden.everything(connection)}
        since = await reads.waiting_since(connection, WAITING_MAX)
    # Intervals are simulated: seconds, in which others are served.
    told: LeadFigures = await asyncio.to_thread(
        lead_figures, rows, answers, since, blind_share=desk.policy.blind_share, now=now
    )
    return Template(
        "figures.html",
        context={
            "session": request.user,
            **context(request),
            "told": told,
            "days": DAYS,
            "least": VERDICTS_MIN,
        },
    )


HANDLERS: Final = (figures,)
