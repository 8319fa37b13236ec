"""Waves: what waits, and the page on which one is decided as a whole."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Annotated, Final, get_args
from urllib.parse import urlencode

from litestar import get, post
from litestar.params import FromPath, FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template
from msgspec import Meta, Struct

from desk.database.filters import WaveState
from desk.profiles.kept import data_url
from desk.review.people import person_of
from desk.review.reasons import TEMPLATES, wave_reasons_for
from desk.review.waves import WaveDecision
from desk.web.addresses import wave_page
from desk.web.api import Asked, desk_of
from desk.web.desk import PAGE
from desk.web.pages.alert import MIRROR_OR_NOT, TakeBackForm
from desk.web.pages.queue import Undoing
from desk.web.screen import account_of
from desk.web.view import page
from report.waterfall.words import SIGNALS
from samehand.scoring.evidence import SENTENCES

VERDICTS: Final = {"mirror": "coordinated", "not_mirror": "not coordinated", "unsure": "unsure"}
"""What a verdict says of a wave, whose accounts are the mirror of nobody."""

WITHDRAWN: Final[dict[str, str]] = {
    "merged": "its accounts are in another wave",
    "no-longer-resembles": "fewer than five still resemble each other",
    "account-deleted": "accounts were deleted, and fewer than five are left",
    "reinstated": "accounts were reinstated, and fewer than five are left",
    "verdict": "it was decided",
}
"""Why a wave was withdrawn."""

LOOKED_AT: Final = 12
"""Members whose profiles are asked for: who has seen a dozen knows what the others are."""


class WaveForm(Struct, frozen=True, kw_only=True):
    """Which wave as it stood when, `chosen` (verdict and reason code of one button), and who is left out."""

    chosen: Annotated[str, Meta(pattern=r"^[a-z_]{1,16}/[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
    revision: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    exception: list[str] | str = ""


@get("/waves")
async def waves(
    request: Asked,
    status: FromQuery[WaveState] = "waiting",
    before: FromQuery[float | None] = None,
    after_wave: Annotated[str, QueryParameter(max_length=128)] = "",
    undo: Undoing = None,
) -> Template:
    desk = desk_of(request)
    rows = await desk.waves(request.user.reader, status, before=before, after_wave=after_wave)
    more = ""  # the query of the page that follows a full one
    if len(rows) >= PAGE:
        last = rows[-1]
        more = urlencode({"status": status, "before": repr(last.began_at), "after_wave": last.wave_id})
    return page(
        request,
        "waves.html",
        rows=rows,
        status=status,
        states=get_args(WaveState),
        more=more,
        undo=undo,
        undo_seconds=desk.policy.undo_seconds,
        templates=TEMPLATES,
        verdicts=VERDICTS,
        withdrawn=WITHDRAWN,
        signals=SIGNALS,
    )


@get("/waves/{wave_id:str}")
async def wave(request: Asked, wave_id: FromPath[str]) -> Template:
    desk = desk_of(request)
    shown = await desk.open_wave(request.user.reader, wave_id)
    members, urls = shown.wave.members, desk.settings.desk_profile_urls
    return page(
        request,
        "wave.html",
        shown=shown,
        wave=shown.wave,
        members=[
            (
                member,
                account_of(replace(person_of(member.account), handle=member.handle), urls),
                "" if shown.hides or desk.profiles is None else desk.profiles.find(member.account),
            )
            for member in members
        ],
        live_profiles=desk.profiles is not None and not shown.hides,
        signals=SIGNALS,
        levels=SENTENCES,
        templates=TEMPLATES,
        verdicts=VERDICTS,
        withdrawn=WITHDRAWN,
        choices=MIRROR_OR_NOT,
        reasons_for=wave_reasons_for,
        may_take_back=request.user.reader.may("take-back"),
    )


@get("/waves/{wave_id:str}/profiles")
async def wave_profiles(request: Asked, wave_id: FromPath[str]) -> Template:
    """Asks the source for some members, and shows what text and pictures they share."""
    desk = desk_of(request)
    accounts = (await desk.wave_accounts(request.user.reader, wave_id))[:LOOKED_AT]
    profiles = [] if desk.profiles is None else await asyncio.gather(*map(desk.profiles.of, accounts))
    texts = Counter(profile.bio for profile in profiles if profile.bio).most_common(2)
    return page(
        request,
        "wave_profiles.html",
        texts=texts,
        pictures=[data_url(profile.picture) for profile in profiles],
    )


@post("/waves/{wave_id:str}/decide")
async def decide(request: Asked, wave_id: FromPath[str], data: URLEncodedBody[WaveForm]) -> Redirect:
    """Back to what waits; the batch that can be undone goes along."""
    verdict, _, reason_code = data.chosen.partition("/")
    named = [data.exception] if isinstance(data.exception, str) else data.exception
    decision = WaveDecision(data.revision, verdict, reason_code, [key for key in named if key])
    made = await desk_of(request).decide_wave(request.user.reader, wave_id, decision)
    return Redirect(f"/waves?undo={made.batch}", status_code=303)


@post("/waves/{wave_id:str}/take-back")
async def take_back(request: Asked, wave_id: FromPath[str], data: URLEncodedBody[TakeBackForm]) -> Redirect:
    await desk_of(request).take_wave_back(request.user.reader, wave_id, data.reason_code)
    return Redirect(wave_page(wave_id), status_code=303)


@post("/waves/{wave_id:str}/restore")
async def restore(request: Asked, wave_id: FromPath[str]) -> Redirect:
    await desk_of(request).restore_wave(request.user.reader, wave_id)
    return Redirect(wave_page(wave_id), status_code=303)
