"""Figures: of the mind and of pairs withheld, and of a team, or of the reader alone."""

from __future__ import annotations

from typing import Final

from litestar import get
from litestar.response import Template

from desk.review.figures import DAYS
from desk.review.statistics import VERDICTS_MIN
from desk.review.team import PAUSE_SECONDS, PERIODS
from desk.web.api import Asked, Days, desk_of
from desk.web.sentences import SIGNALS
from desk.web.view import page

BANS_MAX: Final = 100
"""Bans with withheld pairs on their page, of which the first matter most: nobody reads on."""


@get("/figures", include_in_schema=False)
async def figures(request: Asked) -> Template:
    """Figures of the last 90 days; none that rests on fewer than 30 verdicts. Raises `Forbidden`."""
    lead = await desk_of(request).figures(request.user.reader)
    return page(request, "figures.html", lead=lead, signals=SIGNALS, days=DAYS, least=VERDICTS_MIN)


@get("/withheld", include_in_schema=False)
async def withheld(request: Asked) -> Template:
    """Counts of withheld pairs, by ban: they name no other account, so that every reader may see them."""
    return page(request, "withheld.html", summaries=await desk_of(request).withheld(BANS_MAX))


@get("/team", include_in_schema=False)
async def team(request: Asked, days: Days = PERIODS[1]) -> Template:
    """Decisions and pace by reader, agreement with exercises, and what waits in which queue."""
    return page(
        request,
        "team.html",
        team=await desk_of(request).team(request.user.reader, days),
        days=days,
        periods=PERIODS,
        least=VERDICTS_MIN,
        pause=PAUSE_SECONDS,
    )


HANDLERS: Final = (figures, withheld, team)
