"""The page of weights: what is in force and in shadow, what learning would change, and who decided so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Annotated, Final

from litestar import get, post
from litestar.exceptions import TooManyRequestsException
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template
from msgspec import Meta, Struct

from desk.review.reports.statistics import VERDICTS_MIN
from desk.review.weighing import weights
from desk.review.weighing.adopted import STAGES
from desk.review.weighing.learning import DAYS
from desk.review.weighing.proposal import ALERTS_MAX, LABELS_MAX, factors, rate_changes
from desk.review.weighing.weights import REASON_CHARS_MAX
from desk.web.api import Asked, desk_of
from desk.web.desk import Desk
from desk.web.sentences import LEVELS, SIGNALS
from desk.web.view import page
from samehand.scoring.learn import LABELS_A_KIND_MIN
from samehand.scoring.rivals import RIVALS

TURN_SECONDS_MAX: Final = 10.0
"""A person who has waited for longer has left, or will ask again."""

ARRIVED: Final[dict[str, str]] = {
    "undecided": "nothing was decided here",
    "on-its-way": "on its way: it is published as soon as Kafka takes it",
    "published": "published: workers and gates follow it",
    "elsewhere": "the topic says something later, unknown to this desk: workers and gates follow that",
}
ACTIONS: Final[dict[str, str]] = {
    "tried": "tried in shadow",
    "adopted": "put in force",
    "trial-ended": "trial ended",
    "rolled-back": "rolled back",
    "said-again": "said again",
}
LEFT_OUT: Final[dict[str, str]] = {
    "unsure": "Unsure",
    "overruled": "Overruled later",
    "other weights": "Weighed by another table",
    "held by a rule": "Held back by a rule",
    "no such alert": "No longer known as it was judged",
    "too many": "More than are learnt from",
}


class ButtonForm(Struct, frozen=True, kw_only=True):
    """What a button alone sends."""

    knowing: Annotated[int, Meta(ge=0, le=weights.NUMBER_MAX)]


class ReasonForm(ButtonForm, frozen=True, kw_only=True):
    """What the form of putting in force sends."""

    # A little more than is kept, so that the refusal is ours and says why.
    reason: Annotated[str, Meta(max_length=2 * REASON_CHARS_MAX)] = ""


class TryForm(ReasonForm, frozen=True, kw_only=True):
    """What the form of a trial sends: what was seen, and why. Of the weights themselves nothing."""

    version: Annotated[str, Meta(max_length=64)]
    as_of: Annotated[float, Meta(ge=0.0, le=1e11)]


@get("/weights")
async def weights_page(request: Asked) -> Template:
    """What is in force, what would change, and the forms. Raises `Forbidden`."""
    request.user.reader.need("figures")
    desk = desk_of(request)
    now = desk.now()
    async with _in_turn(desk):
        view = await desk.weights.view(now=now)
    held, made = view.held, view.made
    return page(
        request,
        "weights.html",
        may_decide=request.user.reader.may("weights"),
        **{field.name: getattr(view, field.name) for field in fields(view)},
        arrived={stage: held.arrived(stage) for stage in STAGES},
        factors=() if made.shadow is None else factors(made.live, made.shadow),
        rates=() if made.shadow is None else rate_changes(made.live, made.shadow),
        rivals={rival.name: rival.who for rival in RIVALS},
        ready_at=0.0 if held.trial is None else weights.ready_at(held.trial, desk.settings.desk_shadow_hours),
        as_of=now,
        signals=SIGNALS,
        levels=LEVELS,
        arrived_words=ARRIVED,
        actions=ACTIONS,
        left_out_words=LEFT_OUT,
        days=DAYS,
        least=VERDICTS_MIN,
        least_labels=LABELS_A_KIND_MIN,
        labels_max=LABELS_MAX,
        alerts_max=ALERTS_MAX,
        reason_chars_max=REASON_CHARS_MAX,
    )


@asynccontextmanager
async def _in_turn(desk: Desk) -> AsyncIterator[None]:
    """One page learns at a time, and few wait for it: learning takes a second of the processor that serves
    everybody, and reloading the page again and again must not fill the desk with it.

    Raises 429.
    """
    try:
        async with asyncio.timeout(TURN_SECONDS_MAX):
            await desk.learning.acquire()
    except TimeoutError:
        raise TooManyRequestsException("others look at the weights just now: wait a moment") from None
    try:
        yield
    finally:
        desk.learning.release()


@post("/weights/try")
async def try_(request: Asked, data: URLEncodedBody[TryForm]) -> Redirect:
    """Tries in shadow what the page proposed, learnt anew from the verdicts of then."""
    reader, desk = request.user.reader, desk_of(request)
    reader.need("weights")
    async with _in_turn(desk):
        await desk.weights.try_in_shadow(
            reader,
            data.version,
            as_of=data.as_of,
            reason=data.reason,
            knowing=data.knowing,
            now=desk.now(),
        )
    return _back()


@post("/weights/adopt")
async def adopt(request: Asked, data: URLEncodedBody[ReasonForm]) -> Redirect:
    """Puts in force what is in shadow."""
    reader, desk = request.user.reader, desk_of(request)
    reader.need("weights")
    async with _in_turn(desk):
        figures = await desk.weights.trial_figures(now=desk.now())
    async with desk.deciding(reader, knowing=data.knowing) as review:
        await review.put_in_force(
            reason=data.reason, figures=figures, shadow_hours=desk.settings.desk_shadow_hours
        )
    return _back()


@post("/weights/end")
async def end(request: Asked, data: URLEncodedBody[ButtonForm]) -> Redirect:
    async with desk_of(request).deciding(request.user.reader, knowing=data.knowing) as review:
        await review.end_trial()
    return _back()


@post("/weights/back")
async def back(request: Asked, data: URLEncodedBody[ButtonForm]) -> Redirect:
    """Puts in force what was before."""
    async with desk_of(request).deciding(request.user.reader, knowing=data.knowing) as review:
        await review.roll_back()
    return _back()


@post("/weights/again")
async def again(request: Asked, data: URLEncodedBody[ButtonForm]) -> Redirect:
    """Puts in force again what this desk knows."""
    async with desk_of(request).deciding(request.user.reader, knowing=data.knowing) as review:
        await review.say_again()
    return _back()


def _back() -> Redirect:
    return Redirect("/weights", status_code=303)
