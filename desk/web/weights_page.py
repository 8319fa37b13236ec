"""The page of weights: what is in force and in shadow, what learning would change, and who decided so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from litestar import get, post
from litestar.exceptions import TooManyRequestsException
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import alerts, reads, users, verdicts
from desk.database import weights as rows
from desk.errors import Conflict
from desk.review import weights
from desk.review.adopted import STAGES, in_force
from desk.review.figures import class_of
from desk.review.proposal import (
    ALERTS_MAX,
    LABELS_MAX,
    JudgedBlind,
    Proposal,
    Rescored,
    Trial,
    factors,
    propose,
    rate_changes,
    try_out,
)
from desk.review.statistics import VERDICTS_MIN, Change
from desk.review.weights import REASON_CHARS_MAX, Standing, Tables, standing, tables
from desk.web.api import Asked, desk_of
from desk.web.desk import Desk
from desk.web.sentences import SIGNALS
from desk.web.view import context
from samehand.scoring.intervals import Estimate
from samehand.scoring.learn import LABELS_A_KIND_MIN
from samehand.scoring.rivals import RIVALS
from samehand.scoring.weights import Weights

DAYS: Final = 30
"""Of the alerts that are weighed again before anything is tried."""

DAY_SECONDS: Final = 86_400.0
HISTORY_MAX: Final = 20
TURN_SECONDS_MAX: Final = 10.0
"""Whoever waited for longer has left, or will ask again."""

PAGE_SECONDS_MAX: Final = 3_600.0
"""So old a page may be from which somebody decides: they are to have seen what is known now."""

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


class TryForm(Struct, frozen=True, kw_only=True):
    """What the form of a trial sends: what was seen, and why. Of the weights themselves nothing."""

    version: Annotated[str, Meta(max_length=64)]
    as_of: Annotated[float, Meta(ge=0.0, le=1e11)]
    knowing: Annotated[int, Meta(ge=0, le=weights.NUMBER_MAX)]
    # A little more than is kept, so that the refusal is ours and says why.
    reason: Annotated[str, Meta(max_length=2 * REASON_CHARS_MAX)] = ""
    csrf: str = ""


class ReasonForm(Struct, frozen=True, kw_only=True):
    """What the form of putting in force sends."""

    knowing: Annotated[int, Meta(ge=0, le=weights.NUMBER_MAX)]
    reason: Annotated[str, Meta(max_length=2 * REASON_CHARS_MAX)] = ""
    csrf: str = ""


class ButtonForm(Struct, frozen=True, kw_only=True):
    """What a button alone sends."""

    knowing: Annotated[int, Meta(ge=0, le=weights.NUMBER_MAX)]
    csrf: str = ""


@get("/weights", include_in_schema=False)
async def weights_page(request: Asked) -> Template:
    """What is in force, what would change, and the forms. Raises `Forbidden`."""
    request.user.reader.need("figures")
    desk = desk_of(request)
    now = desk.now()
    async with _in_turn(desk):
        async with desk.database.read() as connection:
            held = await standing(connection)
            said = await _judged_blind(connection, until=now)
            former = await weights.former_of(connection, held, desk.base)
            day = max(now - DAY_SECONDS, held.live.decided_at if held.live is not None else 0.0)
            made = tables(desk.base, held)
            named = await alerts.weighed_by(connection, made.live.version, since=day)
            history = await rows.history(connection, HISTORY_MAX)
            people = {user.user_id: user.initials for user in await users.everybody(connection)}
        proposal, trial, again = await _figures(desk, held, made, said, now=now)
    return Template(
        "weights.html",
        context={
            "session": request.user,
            **context(request),
            "may_decide": request.user.reader.may("weights"),
            "held": held,
            "made": made,
            "arrived": {stage: held.arrived(stage) for stage in STAGES},
            "proposal": proposal,
            "trial": trial,
            "factors": () if made.shadow is None else factors(made.live, made.shadow),
            "rates": () if made.shadow is None else rate_changes(made.live, made.shadow),
            "rivals": {one.name: one.who for one in RIVALS},
            "again": again,
            "whole": said.whole,
            "ready_at": 0.0 if held.trial is None else weights.ready_at(held.trial, _hours(desk)),
            "back_to": in_force(desk.base, weights.adjustment_in(former)).version,
            "alerts_named": named,
            "as_of": now,
            "now": now,
            "people": people,
            "history": history,
            "signals": SIGNALS,
            "arrived_words": ARRIVED,
            "actions": ACTIONS,
            "left_out_words": LEFT_OUT,
            "days": DAYS,
            "least": VERDICTS_MIN,
            "least_labels": LABELS_A_KIND_MIN,
            "labels_max": LABELS_MAX,
            "alerts_max": ALERTS_MAX,
            "reason_chars_max": REASON_CHARS_MAX,
        },
    )


@asynccontextmanager
async def _in_turn(desk: Desk) -> AsyncIterator[None]:
    """One page learns at a time, and few wait for it: learning takes a second of the processor that serves
    everybody, and whoever loads the page again and again must not fill the desk with it.

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


def _hours(desk: Desk) -> float:
    return desk.settings.desk_shadow_hours


async def _judged_blind(connection: AsyncConnection, *, until: float) -> JudgedBlind:
    said = await verdicts.of_judged_blind(connection, until=until, limit=LABELS_MAX)
    ids = {row.alert_id for row in said}
    whole = len(ids) < LABELS_MAX
    # What is beyond the latest is as if before the first day.
    since = 0.0 if whole else said[0].decided_at
    drawn = {
        class_of(one.band, one.stratum, below=one.below): one.drawn
        for one in await reads.drawn_blind(connection, since=since)
    }
    return JudgedBlind(said, await alerts.payloads(connection, ids), drawn, since, whole)


async def _figures(
    desk: Desk, held: Standing, made: Tables, said: JudgedBlind, *, now: float
) -> tuple[Proposal | None, Trial | None, Rescored | None]:
    """Without a trial what learning proposes, else how the trial goes; and which alerts it would change."""
    if held.trial is None:
        proposal = await _proposed(desk, made, said)
        if proposal.learned is None:
            return proposal, None, None
        since = now - DAYS * DAY_SECONDS
        return proposal, None, await _again(desk, made.live, proposal.learned.weights, since=since)
    if made.shadow is None:
        return None, None, None
    trial = await _tried(desk, held, made.live, made.shadow, said)
    return None, trial, await _again(desk, made.live, made.shadow, since=held.trial.decided_at)


async def _proposed(desk: Desk, made: Tables, said: JudgedBlind) -> Proposal:
    return await asyncio.to_thread(
        propose, said, made.live, blind_share=desk.policy.blind_share, base=made.base
    )


async def _tried(desk: Desk, held: Standing, live: Weights, shadow: Weights, said: JudgedBlind) -> Trial:
    after = (weights.figures_of(held.trial) or {}).get("as_of", held.trial.decided_at)
    return await asyncio.to_thread(
        try_out, said, live, shadow, after=after, blind_share=desk.policy.blind_share
    )


async def _again(desk: Desk, live: Weights, other: Weights, *, since: float) -> Rescored:
    found = Rescored(live, other)
    async with desk.database.read() as connection:
        for sampled in (False, True):
            async for several in alerts.detected_since(connection, since, sampled=sampled, limit=ALERTS_MAX):
                await asyncio.to_thread(found.take, several)
    return found


@post("/weights/try", include_in_schema=False)
async def try_(request: Asked, data: URLEncodedBody[TryForm]) -> Redirect:
    """Tries in shadow what the page proposed, learnt anew from the verdicts of then."""
    reader, desk = request.user.reader, desk_of(request)
    reader.need("weights")
    now = desk.now()
    if not now - PAGE_SECONDS_MAX <= data.as_of <= now:
        raise Conflict("the page is old: look again")
    async with _in_turn(desk):
        async with desk.database.read() as connection:
            made = tables(desk.base, await standing(connection))
            said = await _judged_blind(connection, until=data.as_of)
        proposal = await _proposed(desk, made, said)
    learned = proposal.learned
    if learned is None or learned.weights.version != data.version:
        raise Conflict("what verdicts say has changed since the page was made: look again")
    if not learned.better:
        raise Conflict("it foretells verdicts no better than what is in force")
    figures = {
        "as_of": data.as_of,
        **_of_labels(proposal),
        "loss_before": learned.loss_before,
        "loss_after": learned.loss_after,
        **_of_change(proposal.change),
    }
    async with desk.database.begin() as connection:
        await weights.try_in_shadow(
            connection,
            reader,
            learned.weights,
            desk.base,
            reason=data.reason,
            knowing=data.knowing,
            figures=figures,
            now=now,
        )
    return _back()


@post("/weights/adopt", include_in_schema=False)
async def adopt(request: Asked, data: URLEncodedBody[ReasonForm]) -> Redirect:
    """Puts in force what is in shadow."""
    reader, desk = request.user.reader, desk_of(request)
    reader.need("weights")
    figures: dict[str, Any] = {}
    async with _in_turn(desk):
        async with desk.database.read() as connection:
            held = await standing(connection)
            said = await _judged_blind(connection, until=desk.now())
        made = tables(desk.base, held)
        if held.trial is not None and made.shadow is not None:
            trial = await _tried(desk, held, made.live, made.shadow, said)
            losses = {"loss_before": trial.loss_before, "loss_after": trial.loss_after}
            figures = {**_of_labels(trial), **losses, **_of_change(trial.change)}
    async with desk.database.begin() as connection:
        await weights.put_in_force(
            connection,
            reader,
            desk.base,
            reason=data.reason,
            knowing=data.knowing,
            figures=figures,
            shadow_hours=_hours(desk),
            now=desk.now(),
        )
    return _back()


@post("/weights/end", include_in_schema=False)
async def end(request: Asked, data: URLEncodedBody[ButtonForm]) -> Redirect:
    """Ends the trial."""
    desk = desk_of(request)
    async with desk.database.begin() as connection:
        await weights.end_trial(connection, request.user.reader, knowing=data.knowing, now=desk.now())
    return _back()


@post("/weights/back", include_in_schema=False)
async def back(request: Asked, data: URLEncodedBody[ButtonForm]) -> Redirect:
    """Puts in force what was before."""
    desk = desk_of(request)
    async with desk.database.begin() as connection:
        await weights.roll_back(
            connection, request.user.reader, desk.base, knowing=data.knowing, now=desk.now()
        )
    return _back()


@post("/weights/again", include_in_schema=False)
async def again(request: Asked, data: URLEncodedBody[ButtonForm]) -> Redirect:
    """Says again what this desk knows."""
    desk = desk_of(request)
    async with desk.database.begin() as connection:
        await weights.say_again(
            connection, request.user.reader, desk.base, knowing=data.knowing, now=desk.now()
        )
    return _back()


def _back() -> Redirect:
    return Redirect("/weights", status_code=303)


def _of_labels(told: Proposal | Trial) -> Mapping[str, Any]:
    names = ("labels", "mirrors", "by_one", "elsewhere", "left_out")
    return {name: getattr(told, name) for name in names}


def _of_change(change: Change | None) -> Mapping[str, Any]:
    if change is None:
        return {}
    told: dict[str, Estimate | int | None] = change._asdict()
    return {name: list(it) if isinstance(it, tuple) else it for name, it in told.items()}


HANDLERS: Final = (weights_page, try_, adopt, end, back, again)
