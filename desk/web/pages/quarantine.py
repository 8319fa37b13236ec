"""The page of quarantine: which values readers agree about, and what leads decided."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import get, post
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template
from msgspec import Meta, Struct

from desk.review.quarantine import DAYS_MAX, REASON_CHARS_MAX, view
from desk.web.api import Asked, desk_of
from desk.web.view import page
from report.waterfall.words import SIGNALS

ACTIONS: Final[dict[str, str]] = {"put": "put in quarantine", "refused": "refused", "ended": "ended"}
DAYS_OFFERED: Final = 30
NUMBER_MAX: Final = 2**31 - 1  # as `schemas.internal.quarantine` has revisions


class ValueForm(Struct, frozen=True, kw_only=True):
    """What each form sends; `days` of a value that is put in quarantine."""

    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{20}$")]
    knowing: Annotated[int, Meta(ge=0, le=NUMBER_MAX)]
    # A little more than is kept, so that the refusal is ours and says why.
    reason: Annotated[str, Meta(max_length=2 * REASON_CHARS_MAX)] = ""
    days: Annotated[int, Meta(ge=0, le=10_000)] = DAYS_OFFERED


@get("/quarantine")
async def quarantine_page(request: Asked) -> Template:
    """What is proposed, what lasts, and what was decided. Raises `Forbidden`."""
    request.user.reader.need("figures")
    desk = desk_of(request)
    async with desk.database.read() as connection:
        shown = await view(connection, now=desk.now())
    return page(
        request,
        "quarantine.html",
        found=shown,
        may_decide=request.user.reader.may("quarantine"),
        signals=SIGNALS,
        actions=ACTIONS,
        days_offered=DAYS_OFFERED,
        days_max=DAYS_MAX,
        reason_chars_max=REASON_CHARS_MAX,
    )


@post("/quarantine/put")
async def put(request: Asked, data: URLEncodedBody[ValueForm]) -> Redirect:
    async with desk_of(request).quarantining(request.user.reader, knowing=data.knowing) as review:
        await review.put(data.digest, reason=data.reason, days=data.days)
    return _back()


@post("/quarantine/refuse")
async def refuse(request: Asked, data: URLEncodedBody[ValueForm]) -> Redirect:
    async with desk_of(request).quarantining(request.user.reader, knowing=data.knowing) as review:
        await review.refuse(data.digest, reason=data.reason)
    return _back()


@post("/quarantine/end")
async def end(request: Asked, data: URLEncodedBody[ValueForm]) -> Redirect:
    async with desk_of(request).quarantining(request.user.reader, knowing=data.knowing) as review:
        await review.end(data.digest, reason=data.reason)
    return _back()


def _back() -> Redirect:
    return Redirect("/quarantine", status_code=303)
