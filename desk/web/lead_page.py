"""The lead's page: how right samehand and its readers are, and what waits."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, get
from litestar.response import Template

from desk.review.figures import DAYS
from desk.review.statistics import VERDICTS_MIN
from desk.web.api import desk_of
from desk.web.sentences import SIGNALS
from desk.web.view import context


@get("/figures", include_in_schema=False)
async def figures(request: Request[Any, Any, Any]) -> Template:
    """Shows figures of the last 90 days; none that rests on fewer than 30 verdicts. Raises `Forbidden`."""
    return Template(
        "figures.html",
        context={
            "session": request.user,
            **context(request),
            "lead": await desk_of(request).figures(request.user.reader),
            "signals": SIGNALS,
            "days": DAYS,
            "least": VERDICTS_MIN,
        },
    )


HANDLERS: Final = (figures,)
