"""The pages. Each is whole without a script; what scripts add is `desk/web/static`'s."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Final, get_args
from urllib.parse import quote

import structlog
from litestar import MediaType, Request, get, post
from litestar.params import FromPath, FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response, Template
from markupsafe import Markup, escape
from msgspec import Meta, Struct

from desk.access import sign_in
from desk.access.throttle import TriedTooOften
from desk.database.filters import ORDERS, Filters, Place
from desk.review.case import PURPOSE_CHARS_MAX
from desk.review.decisions import NOTE_CHARS_MAX, ReadDecision
from desk.review.figures import DAYS
from desk.review.reasons import TEMPLATES, reasons_for
from desk.review.statistics import VERDICTS_MIN
from desk.review.views import Waiting
from desk.web import browsers
from desk.web.addresses import NAMES, extended, filters_of, joined, local, query_of
from desk.web.api import Asked, PathRead, QueryRead, desk_of
from desk.web.case_page import POLICY, case_page
from desk.web.desk import PAGE
from desk.web.languages import ENGLISH, Language
from desk.web.screen import screen, sides
from desk.web.security import PUBLIC, session_cookie
from desk.web.sentences import LEVELS, RIVALS, SIGNALS
from desk.web.view import COLUMNS, context, view_of
from report.text import visible_sentence
from schemas import fields
from schemas.alerts import Direction

log = structlog.get_logger("samehand.desk")

Undoing = Annotated[str | None, QueryParameter(max_length=64)]
"""The batch of the last decision, which can be undone for some seconds."""


BANS_MAX: Final = 100
"""Bans with withheld pairs on their page, of which the first matter most: nobody reads on."""


class SignIn(Struct, frozen=True, kw_only=True):
    """What the form of signing in sends."""

    name: Annotated[str, Meta(max_length=128)] = ""
    password: Annotated[str, Meta(max_length=1_024)] = ""
    next: Annotated[str, Meta(max_length=2_048)] = "/queue"


class DecisionForm(Struct, frozen=True, kw_only=True):
    """What the form of a decision sends. `chosen` is verdict and reason code of one button,
    `mirror/same-contact`; the address of the queue that it came from is in `filters`.
    """

    chosen: Annotated[str, Meta(pattern=r"^([a-z_]{1,16}/[A-Za-z0-9][A-Za-z0-9_.\-]{0,63})?$")] = ""
    verdict: Annotated[str, Meta(max_length=16)] = ""
    reason_code: fields.Slug | None = None
    policy: fields.Slug
    note: Annotated[str, Meta(max_length=NOTE_CHARS_MAX)] = ""
    family: str = ""
    filters: Annotated[str, Meta(max_length=1_024)] = ""
    csrf: str = ""


class NothingForm(Struct, frozen=True, kw_only=True):
    """A form with nothing but its token in it."""

    filters: Annotated[str, Meta(max_length=1_024)] = ""
    csrf: str = ""


class RestoreForm(Struct, frozen=True, kw_only=True):
    """What the form of restoring sends. `next`: the page to come back to, by default the alert's."""

    next: Annotated[str, Meta(max_length=2_048)] = ""
    csrf: str = ""


class TakeBackForm(RestoreForm, frozen=True, kw_only=True):
    """What the form of taking back sends."""

    reason_code: fields.Slug


class NoteForm(Struct, frozen=True, kw_only=True):
    """What the form of a note sends."""

    text: Annotated[str, Meta(max_length=NOTE_CHARS_MAX)]
    csrf: str = ""


def page(request: Asked, name: str, **more: Any) -> Template:
    """A page with what every page knows."""
    known = {"session": request.user, "now": desk_of(request).now()}
    return Template(name, context={**known, **context(request), **more})


@get("/", include_in_schema=False)
async def home() -> Redirect:
    """The queue is where one begins."""
    return Redirect("/queue", status_code=303)


@get("/queue", include_in_schema=False)
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
        waiting=folded(waiting),
        choices=[(name, label, values[name]) for name, label in _LABELS.items() if values[name]],
        orders=_ORDERS,
        columns=COLUMNS,
        signals=SIGNALS,
        levels=LEVELS,
        rivals=RIVALS,
        filters=asdict(filters),
        since=newest,
        more=_more(filters, waiting),
        undo=undo,
        undo_seconds=desk.policy.undo_seconds,
        query=query_of(filters),
        saved=await desk.saved_views(request.user.reader),
    )


_ORDERS: Final = {
    "pressing": "most pressing first",
    "oldest": "oldest first",
    "newest": "newest first",
}
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


def folded(waiting: list[Waiting]) -> list[list[Waiting]]:
    """Returns rows of the queue, in their order; readings of one sign-up and one family stand in one row.

    Only first readings that show their score: of others it would tell that they belong together.
    """
    rows: dict[tuple[str, ...], list[Waiting]] = {}
    for one in waiting:
        together = one.kind == "first" and not one.blind
        key = (one.root, one.account) if together else (str(one.read_id),)
        rows.setdefault(key, []).append(one)
    return list(rows.values())


def _more(filters: Filters, waiting: list[Waiting]) -> str:
    """The address of the page that follows a full one."""
    if len(waiting) < PAGE:
        return ""
    last = waiting[-1]
    return query_of(
        filters,
        after_rank=str(last.rank),
        after_since=repr(last.waits_since),
        after_read=str(last.read_id),
    )


@get("/next", include_in_schema=False)
async def next_(request: Asked, undo: Undoing = None) -> Redirect:
    """The first that nobody else has in hand, or the queue where there is none."""
    filters = filters_of(request)
    waiting = await desk_of(request).queue(request.user.reader, filters, limit=1, free=True)
    query = query_of(filters, **({"undo": undo} if undo else {}))
    where = f"/alerts/{quote(waiting[0].alert_id, safe='')}" if waiting else "/queue"
    return Redirect(f"{where}?{query}" if query else where, status_code=303)


@get("/alerts/{alert_id:str}", include_in_schema=False)
async def alert(request: Asked, alert_id: FromPath[str], undo: Undoing = None) -> Template:
    desk = desk_of(request)
    opened = await desk.open(request.user.reader, alert_id)
    return page(
        request,
        "alert.html",
        opened=opened,
        alert=opened.alert,
        shown=screen(opened.alert, blind=opened.sealed),
        sides=sides(opened.alert, desk.settings.desk_profile_urls),
        live_profiles=desk.profiles is not None,
        signals=SIGNALS,
        levels=LEVELS,
        rivals=RIVALS,
        sentence=_sentences(view_of(request).language),
        choices=_UPHELD_OR_NOT if any(it.outcome is None for it in opened.appeals) else MIRROR_OR_NOT,
        reasons_for=reasons_for,
        templates=TEMPLATES,
        claim_seconds=desk.policy.claim_seconds,
        undo_seconds=desk.policy.undo_seconds,
        may_make_case=request.user.reader.may("case"),
        may_take_back=request.user.reader.may("take-back"),
        undo=undo,
        query=query_of(filters_of(request)),
    )


MIRROR_OR_NOT: Final = (
    ("mirror", "mirror", "c", "Confirm"),
    ("not_mirror", "not_mirror", "d", "Dismiss"),
    ("unsure", "unsure", "u", "Unsure"),
)
"""What is chosen, the verdict whose reasons it takes, its key and its label."""

_UPHELD_OR_NOT: Final = (
    ("mirror", "mirror", "c", "Uphold"),
    ("partly", "mirror", "u", "Uphold, and ask for a milder action"),
    ("not_mirror", "not_mirror", "d", "Reverse"),
)
"""The same of an appeal."""


def _sentences(language: Language) -> Callable[[str, str, str, bool], Markup]:
    """How a reason is said in a language: in English by the alert's own sentence, which may tell more."""

    def sentence(signal: str, level: str, because: str, explained: bool) -> Markup:
        known = LEVELS.get((signal, level))
        if known is not None and language is not ENGLISH:
            also = language.gettext("The strongest other explanation explains it.") if explained else ""
            return escape(f"{language.gettext(known)} {also}".rstrip())
        return Markup('<span lang="en" dir="ltr">{}</span>').format(visible_sentence(because, 1_024))

    return sentence


@post("/reads/{read_id:int}/decide", include_in_schema=False)
async def decide(request: Asked, read_id: PathRead, data: URLEncodedBody[DecisionForm]) -> Redirect:
    """Submit and next; the batch that can be undone goes along."""
    verdict, _, reason_code = data.chosen.partition("/")
    if not data.chosen:
        verdict, reason_code = data.verdict, data.reason_code or ""
    milder = verdict == "partly"
    decision = ReadDecision(
        "mirror" if milder else verdict, reason_code, data.policy, data.note, bool(data.family), milder
    )
    taken = await desk_of(request).decide(request.user.reader, read_id, decision)
    return Redirect(extended(f"/next?{data.filters}", undo=taken.batch), status_code=303)


@post("/reads/{read_id:int}/skip", include_in_schema=False)
async def skip(request: Asked, read_id: PathRead, data: URLEncodedBody[NothingForm]) -> Redirect:
    """Left to others, and on to the next."""
    await desk_of(request).skip(request.user.reader, read_id)
    return Redirect(extended(f"/next?{data.filters}"), status_code=303)


@post("/undo/{batch:str}", include_in_schema=False)
async def undo(request: Asked, batch: FromPath[str], data: URLEncodedBody[NothingForm]) -> Redirect:
    """Back to what was decided last."""
    desk = desk_of(request)
    opened = await desk.undo(request.user.reader, batch)
    where = f"/reads/{opened[0]}" if len(opened) == 1 else f"/selection?read={joined(opened)}"
    return Redirect(where, status_code=303)


@get("/reads/{read_id:int}", include_in_schema=False)
async def read(request: Asked, read_id: PathRead) -> Redirect:
    """The alert that a read is of."""
    alert_id = await desk_of(request).alert_of(request.user.reader, read_id)
    return Redirect(f"/alerts/{quote(alert_id, safe='')}", status_code=303)


@post("/alerts/{alert_id:str}/take-back", include_in_schema=False)
async def take_back(request: Asked, alert_id: FromPath[str], data: URLEncodedBody[TakeBackForm]) -> Redirect:
    await desk_of(request).take_back(request.user.reader, alert_id, data.reason_code)
    return _back(alert_id, data)


@post("/alerts/{alert_id:str}/restore", include_in_schema=False)
async def restore(request: Asked, alert_id: FromPath[str], data: URLEncodedBody[RestoreForm]) -> Redirect:
    await desk_of(request).restore(request.user.reader, alert_id)
    return _back(alert_id, data)


def _back(alert_id: str, data: RestoreForm) -> Redirect:
    where = local(data.next) if data.next else f"/alerts/{quote(alert_id, safe='')}"
    return Redirect(where, status_code=303)


@post("/alerts/{alert_id:str}/notes", include_in_schema=False)
async def write_note(request: Asked, alert_id: FromPath[str], data: URLEncodedBody[NoteForm]) -> Redirect:
    await desk_of(request).write_note(request.user.reader, alert_id, data.text)
    return Redirect(f"/alerts/{quote(alert_id, safe='')}", status_code=303)


class CaseForm(Struct, frozen=True, kw_only=True):
    """What the form of a case file sends."""

    purpose: Annotated[str, Meta(max_length=PURPOSE_CHARS_MAX)] = ""
    csrf: str = ""


@post("/alerts/{alert_id:str}/case", include_in_schema=False, status_code=200)
async def case(request: Asked, alert_id: FromPath[str], data: URLEncodedBody[CaseForm]) -> Response[str]:
    """The case file as a page to print."""
    made = await desk_of(request).case(request.user.reader, alert_id, data.purpose)
    return Response(case_page(made), media_type=MediaType.HTML, headers={"Content-Security-Policy": POLICY})


@get("/figures", include_in_schema=False)
async def figures(request: Asked) -> Template:
    """Figures of the last 90 days; none that rests on fewer than 30 verdicts. Raises `Forbidden`."""
    lead = await desk_of(request).figures(request.user.reader)
    return page(request, "figures.html", lead=lead, signals=SIGNALS, days=DAYS, least=VERDICTS_MIN)


@get("/withheld", include_in_schema=False)
async def withheld(request: Asked) -> Template:
    """Counts of withheld pairs, by ban: they name no other account."""
    return page(
        request, "withheld.html", summaries=await desk_of(request).withheld(request.user.reader, BANS_MAX)
    )


@get("/sign-in", include_in_schema=False, opt={PUBLIC: True})
async def sign_in_page(
    request: Request[Any, Any, Any],
    next_: Annotated[str, QueryParameter(name="next", max_length=2_048)] = "/queue",
    ended: Annotated[str, QueryParameter(max_length=1)] = "",
) -> Template:
    known = _form(request, local(next_), wrong=False)
    return Template("sign_in.html", context={**known, "ended": bool(ended)})


def _form(request: Request[Any, Any, Any], next_: str, *, wrong: bool) -> dict[str, Any]:
    there = request.app.state.provider is not None
    return {"next": next_, "wrong": wrong, "oidc": there, "fault": "", **context(request)}


@post("/sign-in", include_in_schema=False, opt={PUBLIC: True})
async def sign_in_(
    request: Request[Any, Any, Any], data: URLEncodedBody[SignIn]
) -> Redirect | Template | Response[str]:
    """With a name and a password."""
    desk, throttle = desk_of(request), request.app.state.throttle
    again = _form(request, local(data.next), wrong=False)
    try:
        admitted = browsers.admit(request, data.name)
        async with throttle.turn(admitted):
            token = await sign_in.with_password(desk.database, data.name, data.password, now=desk.now())
    except TriedTooOften as fault:
        return Template(
            "sign_in.html",
            context={**again, "fault": "wait" if fault.moment else "busy"},
            status_code=429,
            headers={"Retry-After": str(math.ceil(fault.wait_seconds))},
            cookies=browsers.moment_cookies(request, data.name, fault),
        )
    if token is None:
        if throttle.failed(admitted, desk.now()):
            log.warning("many wrong passwords at one name: browsers that it is not known to use wait")
            await sign_in.note_guesses(desk.database, data.name, now=desk.now())
        return Template("sign_in.html", context={**again, "wrong": True}, status_code=403)
    known = await browsers.known_cookie(request, token)
    return Redirect(local(data.next), status_code=303, cookies=[session_cookie(desk, token), known])


@get("/link/{token:str}", include_in_schema=False, opt={PUBLIC: True})
async def link_page(request: Request[Any, Any, Any], token: FromPath[str]) -> Template:
    """Asks for one press of a key: what opens links to look at them must not use this one up."""
    return Template("link.html", context={"token": token, **context(request)})


@post("/link/{token:str}", include_in_schema=False, opt={PUBLIC: True})
async def link(request: Request[Any, Any, Any], token: FromPath[str]) -> Redirect | Template:
    desk = desk_of(request)
    made = await sign_in.with_link(desk.database, token, now=desk.now())
    if made is None:
        again = _form(request, "/queue", wrong=True)
        return Template("sign_in.html", context=again, status_code=403)
    known = await browsers.known_cookie(request, made)
    return Redirect("/queue", status_code=303, cookies=[session_cookie(desk, made), known])


@post("/sign-out", include_in_schema=False)
async def sign_out(request: Asked) -> Redirect:
    desk = desk_of(request)
    await desk.sign_out(request.user)
    return Redirect("/sign-in", status_code=303, cookies=[session_cookie(desk, "")])


HANDLERS: Final = (
    home,
    queue,
    next_,
    alert,
    decide,
    skip,
    undo,
    read,
    take_back,
    restore,
    write_note,
    case,
    figures,
    withheld,
    sign_in_page,
    sign_in_,
    link_page,
    link,
    sign_out,
)
