"""Announces what arrived since a queue was opened, by server-sent events; nothing moves under the reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from litestar import Request, get
from litestar.params import QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage
from markupsafe import Markup

from desk.database.errors import DatabaseRefused, DatabaseUnavailable
from desk.web.addresses import filters_of, query_of
from desk.web.api import desk_of
from desk.web.view import view_of

LOOK_SECONDS: Final = 2.0
"""Fifty people looking cost the database 25 counts a second."""

STREAM_SECONDS: Final = 300.0
"""Then the browser asks again, with a session that is looked up anew."""

Since = Annotated[int, QueryParameter(ge=0, le=2**53 - 1, description="0: where nothing has arrived yet.")]


@get("/queue/live", include_in_schema=False)
async def live(request: Request[Any, Any, Any], since: Since = 0) -> ServerSentEvent:
    """A line whenever the number of reads changes that came after `since` and pass the filters."""
    return ServerSentEvent(_lines(request, since), retry_duration=3_000)


async def _lines(request: Request[Any, Any, Any], since: int) -> AsyncIterator[ServerSentEventMessage]:
    desk, filters, language = desk_of(request), filters_of(request), view_of(request).language
    query = query_of(filters)
    shown, end = 0, asyncio.get_running_loop().time() + STREAM_SECONDS
    while asyncio.get_running_loop().time() < end and not request.app.state.get("stopping", lambda: False)():
        try:
            count = await desk.arrived(request.user.reader, filters, since=since)
        except (DatabaseUnavailable, DatabaseRefused):  # the second: a filter that no row can have, as of NUL
            count = shown
        if count != shown:
            shown = count
            words = language.ngettext("%(n)d arrived: show it", "%(n)d arrived: show them", count)
            where = f"/queue?{query}" if query else "/queue"
            line = Markup('<a href="{}">{}</a>').format(where, words % {"n": count}) if count else ""
            yield ServerSentEventMessage(event="arrived", data=str(line))
        else:
            yield ServerSentEventMessage(comment="here")
        await asyncio.sleep(LOOK_SECONDS)


HANDLERS: Final = (live,)
