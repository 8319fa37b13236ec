"""Pages on which something is found again: a search, an account, and what was decided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, get_args
from urllib.parse import quote, urlencode

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template

from desk.database.filters import DecidedFilters, DecidedPlace
from desk.errors import UnusableInput
from desk.review.finding.decided import DecisionView
from desk.review.finding.search import FOUND_MAX
from desk.review.reasons import REASONS, TEMPLATES
from desk.web.addresses import account_page, key_at
from desk.web.api import Asked, Word, desk_of
from desk.web.desk import PAGE
from desk.web.screen import account_of
from desk.web.view import page
from samehand.elapsed import DAY_SECONDS
from schemas.internal.related import PURPOSES
from schemas.verdicts import Verdict

QUERY_CHARS_MAX: Final = 512
"""More than the longest account key has."""

Query = Annotated[str, QueryParameter(max_length=QUERY_CHARS_MAX)]
Date = Annotated[str, QueryParameter(max_length=10)]
DateFrom = Annotated[str, QueryParameter(name="from", max_length=10)]


@get("/find")
async def find(request: Asked, q: Query = "") -> Template | Redirect:
    """What an id, a handle or a name begins with; an id in full leads to its page at once."""
    query = "".join(char for char in q if char.isprintable()).strip()
    if not query:
        return page(request, "find.html", query="", found=None, most=FOUND_MAX)
    matches = await desk_of(request).find(request.user.reader, query)
    if matches.alert_id is not None:
        return Redirect(f"/alerts/{quote(matches.alert_id, safe='')}", status_code=303)
    if matches.account is not None:
        return Redirect(account_page(matches.account), status_code=303)
    return page(request, "find.html", query=query, found=matches, most=FOUND_MAX)


@get("/accounts/{platform:str}/{account_id:path}")
async def account(request: Asked, platform: FromPath[str], account_id: FromPath[str]) -> Template:
    """Its alerts on either side, its family and its timeline."""
    desk = desk_of(request)
    key = key_at(request, platform, account_id)
    view = await desk.account_view(request.user.reader, key)
    return page(
        request,
        "account.html",
        side=account_of(view.person, desk.settings.desk_profile_urls),
        shown=view,
        actions=await desk.actions(request.user.reader, key),
        live_profiles=desk.profiles is not None,
        purposes=PURPOSES if desk.gate is not None and request.user.reader.may("related") else (),
        templates=TEMPLATES,
    )


@get("/decided")
async def decided(
    request: Asked,
    from_: DateFrom = "",
    to: Date = "",
    verdict: Word = None,
    reason: Word = None,
    policy: Word = None,
    taken: Annotated[str, QueryParameter(pattern="^(yes|no)?$")] = "",
    by: Word = None,
    after_at: FromQuery[float | None] = None,
    after_verdict: Annotated[str | None, QueryParameter(max_length=128)] = None,
) -> Template:
    """Decisions, the newest first. `to` is the last day that is shown."""
    desk, reader = desk_of(request), request.user.reader
    until = _day("to", to)
    filters = DecidedFilters(
        since=_day("from", from_),
        until=None if until is None else until + DAY_SECONDS,
        verdict=verdict or None,
        reason=reason or None,
        policy=policy or None,
        taken_back=(taken == "yes") if taken else None,
        reviewer=by or None,
    )
    after = None
    if after_at is not None and after_verdict is not None:
        after = DecidedPlace(after_at, after_verdict)
    names, policies = await desk.decided_by(reader)
    rows = await desk.decided(reader, filters, after=after)
    chosen = {
        "from": from_,
        "to": to,
        "verdict": verdict or "",
        "reason": reason or "",
        "policy": policy or "",
        "taken": taken,
        "by": by or "",
    }
    return page(
        request,
        "decided.html",
        decided=rows,
        chosen=chosen,
        readers=names,
        everybody=reader.may("figures"),
        reversed=await desk.reversed_actions(reader) if reader.may("figures") else [],
        policies=policies,
        reasons=REASONS,
        verdicts=get_args(Verdict),
        templates=TEMPLATES,
        more=_more(chosen, rows),
    )


def _day(name: str, text: str) -> float | None:
    """Returns when a day begins, in UTC. Raises `UnusableInput`."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise UnusableInput(name, "write the day as 2026-11-24") from None


def _more(chosen: dict[str, str], rows: list[DecisionView]) -> str:
    """The address of the page that follows a full one."""
    if len(rows) < PAGE:
        return ""
    kept = {name: value for name, value in chosen.items() if value}
    last = rows[-1]
    return urlencode({**kept, "after_at": repr(last.decided_at), "after_verdict": last.verdict_id})
