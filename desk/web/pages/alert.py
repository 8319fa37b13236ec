"""An alert, and what is decided about it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import quote

from litestar import MediaType, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Response, Template
from markupsafe import Markup, escape
from msgspec import Meta, Struct

from desk.profiles.kept import KeptPictures
from desk.review.case import PURPOSE_CHARS_MAX
from desk.review.deciding.decide import ReadDecision
from desk.review.deciding.notes import NOTE_CHARS_MAX
from desk.review.reasons import TEMPLATES, reasons_for
from desk.review.views import Opened
from desk.web.addresses import extended, filters_of, joined, local, query_of
from desk.web.api import Asked, PathRead, desk_of
from desk.web.languages import ENGLISH, Language
from desk.web.pages.case import POLICY, case_page
from desk.web.pages.queue import Undoing
from desk.web.screen import screen, sides
from desk.web.sentences import CROWD_COUNT, RIVALS
from desk.web.view import page, view_of
from report.text import visible_sentence
from report.waterfall.words import SIGNALS
from samehand.scoring.evidence import CROWD, SENTENCES, SHARED
from schemas import fields


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


class SkipForm(Struct, frozen=True, kw_only=True):
    """A form of a button; the address of the queue that it came from is in `filters`."""

    filters: Annotated[str, Meta(max_length=1_024)] = ""


class RestoreForm(Struct, frozen=True, kw_only=True):
    """What the form of restoring sends. `next`: the page to come back to, by default the alert's."""

    next: Annotated[str, Meta(max_length=2_048)] = ""


class TakeBackForm(RestoreForm, frozen=True, kw_only=True):
    """What the form of taking back sends."""

    reason_code: fields.Slug


class NoteForm(Struct, frozen=True, kw_only=True):
    """What the form of a note sends."""

    text: Annotated[str, Meta(max_length=NOTE_CHARS_MAX)]


@get("/alerts/{alert_id:str}")
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
        faces=_faces(desk.profiles, opened),
        signals=SIGNALS,
        levels=SENTENCES,
        rivals=RIVALS,
        sentence=_sentences(view_of(request).language),
        choices=_UPHELD_OR_NOT if any(appeal.outcome is None for appeal in opened.appeals) else MIRROR_OR_NOT,
        reasons_for=reasons_for,
        templates=TEMPLATES,
        claim_seconds=desk.policy.claim_seconds,
        undo_seconds=desk.policy.undo_seconds,
        may_make_case=request.user.reader.may("case"),
        actions=await desk.actions(request.user.reader, opened.alert.key),
        may_take_back=request.user.reader.may("take-back"),
        agreement=None if opened.sealed else await desk.blind_agreement(opened.alert),
        undo=undo,
        query=query_of(filters_of(request)),
    )


def _faces(kept: KeptPictures | None, opened: Opened) -> tuple[str, str]:
    if kept is None:
        return "", ""
    ours, theirs = opened.alert.key, opened.alert.matched.key
    before = opened.judged_at if opened.words_hidden else math.inf
    return kept.find(ours, before=before), kept.find(theirs, before=before)


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


def _sentences(language: Language) -> Callable[[str, str, str], Markup]:
    """Returns how a reason is said in a language: in English by the alert's own sentence, which may say more,
    unless it is a percentage more."""

    def sentence(signal: str, level: str, because: str) -> Markup:
        known = SENTENCES.get((signal, level))
        if level == SHARED and language is not ENGLISH and (count := CROWD_COUNT.search(because)):
            return escape(language.gettext(CROWD) % {"n": count[0]})
        if known is not None and (language is not ENGLISH or "%" in because):
            return escape(language.gettext(known))
        return Markup('<span lang="en" dir="ltr">{}</span>').format(visible_sentence(because, 1_024))

    return sentence


@post("/reads/{read_id:int}/decide")
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


@post("/reads/{read_id:int}/skip")
async def skip(request: Asked, read_id: PathRead, data: URLEncodedBody[SkipForm]) -> Redirect:
    """Left to others, and on to the next."""
    await desk_of(request).skip(request.user.reader, read_id)
    return Redirect(extended(f"/next?{data.filters}"), status_code=303)


@post("/undo/{batch:str}")
async def undo(request: Asked, batch: FromPath[str]) -> Redirect:
    """Back to what was decided last."""
    desk = desk_of(request)
    opened = await desk.undo(request.user.reader, batch)
    if not opened:  # a wave, which no reading is of
        return Redirect("/waves", status_code=303)
    where = f"/reads/{opened[0]}" if len(opened) == 1 else f"/selection?read={joined(opened)}"
    return Redirect(where, status_code=303)


@get("/reads/{read_id:int}")
async def read(request: Asked, read_id: PathRead) -> Redirect:
    """The alert that a read is of."""
    alert_id = await desk_of(request).alert_of(request.user.reader, read_id)
    return Redirect(f"/alerts/{quote(alert_id, safe='')}", status_code=303)


@post("/alerts/{alert_id:str}/take-back")
async def take_back(request: Asked, alert_id: FromPath[str], data: URLEncodedBody[TakeBackForm]) -> Redirect:
    await desk_of(request).take_back(request.user.reader, alert_id, data.reason_code)
    return _back(alert_id, data)


@post("/alerts/{alert_id:str}/restore")
async def restore(request: Asked, alert_id: FromPath[str], data: URLEncodedBody[RestoreForm]) -> Redirect:
    await desk_of(request).restore(request.user.reader, alert_id)
    return _back(alert_id, data)


def _back(alert_id: str, data: RestoreForm) -> Redirect:
    where = local(data.next) if data.next else f"/alerts/{quote(alert_id, safe='')}"
    return Redirect(where, status_code=303)


@post("/alerts/{alert_id:str}/notes")
async def write_note(request: Asked, alert_id: FromPath[str], data: URLEncodedBody[NoteForm]) -> Redirect:
    await desk_of(request).write_note(request.user.reader, alert_id, data.text)
    return Redirect(f"/alerts/{quote(alert_id, safe='')}", status_code=303)


class CaseForm(Struct, frozen=True, kw_only=True):
    """What the form of a case file sends."""

    purpose: Annotated[str, Meta(max_length=PURPOSE_CHARS_MAX)] = ""


@post("/alerts/{alert_id:str}/case", status_code=200)
async def case(request: Asked, alert_id: FromPath[str], data: URLEncodedBody[CaseForm]) -> Response[str]:
    """The case file as a page to print."""
    made = await desk_of(request).case(request.user.reader, alert_id, data.purpose)
    return Response(case_page(made), media_type=MediaType.HTML, headers={"Content-Security-Policy": POLICY})
