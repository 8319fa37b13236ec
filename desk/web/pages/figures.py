"""Figures, pairs withheld, the audit, and who reads which policies."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import get, post
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template
from msgspec import Meta, Struct

from desk.review.reports.figures import DAYS
from desk.review.reports.statistics import VERDICTS_MIN
from desk.web.addresses import NO_QUEUE, QUEUE
from desk.web.api import Asked, desk_of
from desk.web.view import page
from report.waterfall.words import SIGNALS

BANS_MAX: Final = 100
"""Bans with withheld pairs on their page, of which the first matter most: nobody reads on."""


@get("/figures")
async def figures(request: Asked) -> Template:
    """Figures of the last 90 days; none that rests on fewer than 30 verdicts. Raises `Forbidden`."""
    lead = await desk_of(request).figures(request.user.reader)
    return page(request, "figures.html", lead=lead, signals=SIGNALS, days=DAYS, least=VERDICTS_MIN)


@get("/withheld")
async def withheld(request: Asked) -> Template:
    """Counts of withheld pairs, by ban: they name no other account."""
    summaries = await desk_of(request).withheld(request.user.reader, BANS_MAX)
    return page(request, "withheld.html", summaries=summaries)


@get("/audit")
async def audit(
    request: Asked, before: Annotated[int, QueryParameter(ge=1, le=2**53 - 1)] = 2**53 - 1
) -> Template:
    """Lines of the audit, and whether its chain holds. Raises `Forbidden`."""
    lines, more = await desk_of(request).audit_lines(request.user.reader, before)
    watch = desk_of(request).metrics.audit
    return page(request, "audit.html", lines=lines, more=more, watch=watch)


_Policy = Annotated[str, Meta(pattern=QUEUE)]


class PoliciesForm(Struct, frozen=True, kw_only=True):
    """What the form of one person's policies sends."""

    policy: list[_Policy] | _Policy | None = None
    everything: Annotated[str, Meta(max_length=1)] = ""


@get("/readers")
async def readers(request: Asked) -> Template:
    """Who reads which policies. Raises `Forbidden`."""
    people, choices = await desk_of(request).reader_policies(request.user.reader)
    return page(request, "readers.html", people=people, choices=choices, no_policy=NO_QUEUE)


@post("/readers/{user_id:str}/policies")
async def name_policies(
    request: Asked, user_id: FromPath[str], data: URLEncodedBody[PoliciesForm]
) -> Redirect:
    """Names the policies that a person reads, or that they read all. Raises `ReviewError`."""
    chosen = [data.policy] if isinstance(data.policy, str) else data.policy or []
    policies = ["" if policy == NO_QUEUE else policy for policy in chosen]
    await desk_of(request).name_policies(request.user.reader, user_id, None if data.everything else policies)
    return Redirect("/readers", status_code=303)
