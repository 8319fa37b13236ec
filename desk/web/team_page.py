"""How a team does, for leads and auditors; a reader sees their own figures."""

from __future__ import annotations

from typing import Final

from litestar import get
from litestar.response import Template

from desk.review.statistics import VERDICTS_MIN
from desk.review.team import PAUSE_SECONDS, PERIODS
from desk.web.api import Asked, Days, desk_of
from desk.web.pages import page


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


HANDLERS: Final = (team,)
