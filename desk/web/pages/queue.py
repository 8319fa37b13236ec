"""The queue, what of it comes next, and news of what arrives meanwhile."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final, get_args
from urllib.parse import quote

from litestar import MediaType, get
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect, Template
from markupsafe import Markup

from desk.database.filters import ORDERS, Filters, Place
from desk.review.views import QueueRow
from desk.web.addresses import NAMES, filters_of, query_of
from desk.web.api import Asked, QueryRead, desk_of
from desk.web.desk import PAGE
from desk.web.view import page, view_of
from report.waterfall.words import SIGNALS
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
    waiting, newest, known, withheld, faces = await desk.overview(request.user.reader, filters, after=after)
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
        signals=SIGNALS,
        withheld=withheld,
        faces=faces,
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


Since = Annotated[int, QueryParameter(ge=0, le=2**53 - 1, description="0: where nothing has arrived yet.")]


@get("/queue/live", media_type=MediaType.HTML)
async def live(request: Asked, since: Since = 0) -> str:
    """Returns a line with the number of readings that came after `since` and pass the filters, if any."""
    filters = filters_of(request)
    count = await desk_of(request).arrived(request.user.reader, filters, since=since)
    words = view_of(request).language.ngettext("%(n)d arrived: show it", "%(n)d arrived: show them", count)
    query = query_of(filters)
    where = f"/queue?{query}" if query else "/queue"
    return str(Markup('<a href="{}">{}</a>').format(where, words % {"n": count})) if count else ""
