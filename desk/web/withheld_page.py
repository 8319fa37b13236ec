"""The page of withheld pairs: bans that so many accounts resemble that some wait for a place in the queue."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, get
from litestar.response import Template

from desk.web.api import desk_of
from desk.web.view import context

BANS_MAX: Final = 100
"""Bans on the page, of which the first matter most: nobody reads on."""


@get("/withheld", include_in_schema=False)
async def withheld(request: Request[Any, Any, Any]) -> Template:
    """Counts alone, of bans and of nobody else, so that every reader may see them."""
    summaries = await desk_of(request).withheld(BANS_MAX)
    return Template(
        "withheld.html", context={"session": request.user, **context(request), "summaries": summaries}
    )


HANDLERS: Final = (withheld,)
