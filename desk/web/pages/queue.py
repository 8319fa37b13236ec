"""The queue, what of it comes next, and news of what arrives meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, Final, get_args
from urllib.parse import quote

from litestar import Request, get
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect, ServerSentEvent, ServerSentEventMessage, Template
from markupsafe import Markup

from desk.database.errors import DatabaseRefused, DatabaseUnavailable
from desk.database.filters import ORDERS, Filters, Place
from desk.review.views import QueueRow
from desk.web.addresses import NAMES, filters_of, query_of
from desk.web.api import Asked, QueryRead, desk_of
from desk.web.desk import PAGE
from desk.web.sentences import RIVALS
from desk.web.view import COLUMNS, page, view_of
from report.waterfall.words import SIGNALS
from samehand.scoring.evidence import SENTENCES
from schemas.alerts import Direction

Undoing = Annotated[str | None, QueryParameter(pattern="^[0-9a-f]{1,64}$")]
"""The batch of the last decision, which can be undone for some seconds. Nothing else may stand in the address
of its form: a link with `../` would send the form, with its token, elsewhere."""


@get("/")
async def home() -> Redirect:
    """The queue is where one begins."""
    return Redirect("/queue", status_code=303)


@get("/queue")
async def queue(
    request: Asked,
    after_rank: FromQuery[int | None] = None,
    after_since: FromQuery[float | None] = None,
    after_read: QueryRead = None,
    undo: Undoing = None,
) -> Template:
    """What waits, the most pressing first unless another order is chosen."""
    after = None
    if after_rank is not None and after_since is not None and after_read is not None:
        after = Place(after_rank, after_since, after_read)
    filters, desk = filters_of(request), desk_of(request)
    waiting, newest, known = await desk.overview(request.user.reader, filters, after=after)
    fixed = {
        "band": ["likely", "possible"],
        "direction": list(get_args(Direction)),
        "kind": ["first", "second", "appeal", "dispute"],
        "order": list(ORDERS),
    }
    values = {**known, **fixed}
    for name in NAMES:
        chosen = getattr(filters, name)
        if chosen and chosen not in values[name]:
            values[name].append(chosen)
    return page(
        request,
        "queue.html",
        waiting=waiting,
        choices=[(name, label, values[name]) for name, label in _LABELS.items() if values[name]],
        orders=_ORDERS,
        columns=COLUMNS,
        signals=SIGNALS,
        levels=SENTENCES,
        rivals=RIVALS,
        filters=asdict(filters),
        since=newest,
        more=_more(filters, waiting),
        undo=undo,
        undo_seconds=desk.policy.undo_seconds,
        query=query_of(filters),
    )


_ORDERS: Final = {"pressing": "most pressing first", "oldest": "oldest first", "newest": "newest first"}
_LABELS: Final = {
    "band": "Band",
    "policy": "Policy",
    "platform": "Platform",
    "direction": "Direction",
    "basis": "Basis",
    "language": "Language",
    "kind": "Reading",
    "order": "Order",
}


def _more(filters: Filters, waiting: list[QueueRow]) -> str:
    """The address of the page that follows a full one."""
    if len(waiting) < PAGE:
        return ""
    last = waiting[-1].head
    return query_of(
        filters, after_rank=str(last.rank), after_since=repr(last.waits_since), after_read=str(last.read_id)
    )


@get("/next")
async def next_(request: Asked, undo: Undoing = None) -> Redirect:
    """The first that nobody else has in hand, or the queue where there is none."""
    filters = filters_of(request)
    waiting = await desk_of(request).queue(request.user.reader, filters, limit=1, free=True)
    query = query_of(filters, **({"undo": undo} if undo else {}))
    where = f"/alerts/{quote(waiting[0].alert_id, safe='')}" if waiting else "/queue"
    return Redirect(f"{where}?{query}" if query else where, status_code=303)


LOOK_SECONDS: Final = 2.0
"""Fifty people looking cost the database 25 counts a second."""

STREAM_SECONDS: Final = 300.0
"""Then the browser asks again, with a session that is looked up anew."""

Since = Annotated[int, QueryParameter(ge=0, le=2**53 - 1, description="0: where nothing has arrived yet.")]


@get("/queue/live")
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
