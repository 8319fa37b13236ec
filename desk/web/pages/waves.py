"""Waves: what waits, and the page on which one is decided as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final, get_args
from urllib.parse import urlencode

from litestar import get, post
from litestar.params import FromPath, FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template
from msgspec import Meta, Struct

from desk.database.filters import WaveState
from desk.review.people import person_of
from desk.review.reasons import TEMPLATES, wave_reasons_for
from desk.review.waves import WaveDecision
from desk.web.addresses import wave_page
from desk.web.api import Asked, desk_of
from desk.web.desk import PAGE
from desk.web.pages.alert import MIRROR_OR_NOT, TakeBackForm
from desk.web.pages.queue import Undoing
from desk.web.screen import account_of
from desk.web.view import page, view_of
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

_COLUMNS: Final = 60
"""Columns of the timeline: of a day each is 24 minutes."""

_COLUMN: Final = (10, 80)
"""Width of a column with the gap beside it, and height of the highest."""


@dataclass(frozen=True, slots=True)
class SignUpBar:
    """A column of the timeline: its corner, its height, and how many accounts it stands for."""

    left: float
    top: float
    height: float
    count: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """When the accounts of a wave were seen. `first`, `last`: Unix seconds; `column_seconds`: of a column."""

    width: float
    height: float
    bars: tuple[SignUpBar, ...]
    first: float
    last: float
    column_seconds: float
    most: int


def timeline(moments: Sequence[float], *, mirrored: bool) -> Timeline | None:
    """Returns the moments as columns from the first to the last, from the right if `mirrored`; None without
    any."""
    if not moments:
        return None
    width, height = _COLUMN
    first, last = min(moments), max(moments)
    seconds = max((last - first) / _COLUMNS, 1.0)
    counts = Counter(min(int((moment - first) / seconds), _COLUMNS - 1) for moment in moments)
    most = max(counts.values())
    bars = tuple(
        SignUpBar(
            left=float(width * (_COLUMNS - 1 - place if mirrored else place)),
            top=height - height * count / most,
            height=height * count / most,
            count=count,
        )
        for place, count in sorted(counts.items())
    )
    return Timeline(float(width * _COLUMNS), float(height), bars, first, last, seconds, most)


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
            (member, account_of(replace(person_of(member.account), handle=member.handle), urls))
            for member in members
        ],
        timeline=timeline(
            [member.seen_at.timestamp() for member in members],
            mirrored=view_of(request).language.direction == "rtl",
        ),
        signals=SIGNALS,
        levels=SENTENCES,
        templates=TEMPLATES,
        verdicts=VERDICTS,
        withdrawn=WITHDRAWN,
        choices=MIRROR_OR_NOT,
        reasons_for=wave_reasons_for,
        may_take_back=request.user.reader.may("take-back"),
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
