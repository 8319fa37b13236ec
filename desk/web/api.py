"""The JSON API. What it takes and gives is in `/schema/openapi.json`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

import litestar
from litestar import Request, Response
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter
from msgspec import Meta, Struct

from desk.access.sessions import Session
from desk.database.filters import DecidedFilters, DecidedPlace, Filters, Order, Place, WaveState
from desk.review.actions import ActionView
from desk.review.case import PURPOSE_CHARS_MAX
from desk.review.deciding.decide import TOGETHER_MAX, ReadDecision
from desk.review.deciding.notes import NOTE_CHARS_MAX
from desk.review.finding.decided import DecisionView
from desk.review.reasons import REASONS, OfferedReason
from desk.review.selection import Selection
from desk.review.views import Opened, RelatedAlert, Waiting
from desk.review.waves import WaveDecision, WaveLine, WaveView
from desk.web.addresses import key_at
from desk.web.desk import PAGE, PAGE_MAX, Desk
from desk.web.languages import language_of
from desk.web.security import PUBLIC
from desk.web.statement import as_html, as_text, sections
from schemas import fields
from schemas.appeals import AppealTaken, Refusal
from schemas.malformed import Malformed
from schemas.verdicts import EXCEPTIONS_MAX, Verdict
from schemas.wire import decode_appeal

Asked = Request[Session, str, Any]
Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_MAX, description="Rows at most.")]
Word = Annotated[str | None, QueryParameter(max_length=64)]
QueryRead = Annotated[int | None, QueryParameter(ge=1, le=2**53 - 1)]
AccountKey = Annotated[str, QueryParameter(max_length=289, description="`platform:account_id`.")]
EventId = Annotated[str, QueryParameter(max_length=128, description="The action's `event_id`.")]
LanguageCode = Annotated[str, QueryParameter(pattern="^(en|ur|ar)$")]
PathRead = Annotated[int, PathParameter(ge=1, le=2**53 - 1)]


class Me(Struct, frozen=True, kw_only=True):
    """Who asks. `csrf` goes into the header X-CSRF-Token of every change."""

    user_id: str
    initials: str
    role: str
    csrf: str


class Claimed(Struct, frozen=True, kw_only=True):
    """Until when a read is in one's hands, in Unix seconds."""

    read_id: int
    claimed_until: float


class DecisionGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody decides about a read."""

    read_id: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    verdict: Verdict
    reason_code: fields.Slug
    policy: fields.Slug
    note: Annotated[str, Meta(max_length=NOTE_CHARS_MAX)] = ""
    family: bool = False
    milder: Annotated[
        bool, Meta(description="Of an appeal: the verdict stands, and a milder action is asked for.")
    ] = False


_ReadIds = Annotated[
    frozenset[Annotated[int, Meta(ge=1, le=2**53 - 1)]], Meta(min_length=1, max_length=TOGETHER_MAX)
]


class DecisionTogether(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody decides about several readings at once."""

    read_ids: _ReadIds
    verdict: Verdict
    reason_code: fields.Slug


class WaveDecisionGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody decides about a wave as it stood at `revision`."""

    revision: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    verdict: Verdict
    reason_code: fields.Slug
    exceptions: Annotated[
        frozenset[fields.AccountKey],
        Meta(max_length=EXCEPTIONS_MAX, description="Members that the verdict is not about."),
    ] = frozenset()


class DecisionTaken(Struct, frozen=True, kw_only=True):
    """What came of it. `batch` names it for undoing until `undo_until` (Unix seconds)."""

    batch: str
    verdict_ids: tuple[str, ...]
    undo_until: float


class Undone(Struct, frozen=True, kw_only=True):
    """The reads that wait again, in one's own hands."""

    read_ids: tuple[int, ...]


class TakenBack(Struct, frozen=True, kw_only=True):
    """The read that somebody else is to make."""

    read_id: int


class TakeBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a verdict is taken back."""

    reason_code: fields.Slug


class NoteGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note that a person writes for colleagues."""

    text: Annotated[str, Meta(min_length=1, max_length=NOTE_CHARS_MAX)]


class Noted(Struct, frozen=True, kw_only=True):
    """The number of the note that was kept."""

    note_id: int


class CaseWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a case file is made for."""

    purpose: Annotated[str, Meta(min_length=1, max_length=PURPOSE_CHARS_MAX)]


class Statement(Struct, frozen=True, kw_only=True):
    """A statement of reasons to the holder of an account. `missing`: what it lacks, by code."""

    language: str
    text: str
    html: str
    missing: tuple[str, ...]


class Fault(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why something was not done. `code` is the same in every language.

    `initials`: whose hands it is in; `field`: which part of what was given cannot be used; `read_ids`:
    which of several readings cannot be decided.
    """

    code: str
    message: str
    initials: str = ""
    field: str = ""
    read_ids: tuple[int, ...] = ()


_FAULTS: Final = {
    status: ResponseSpec(Fault, description=text, generate_examples=False)
    for status, text in {
        400: "What was given cannot be used.",
        401: "Nobody is signed in.",
        403: "The role does not allow it, or the request does not come from the desk's own page.",
        404: "There is nothing of that name for this person.",
        405: "The address takes another method.",
        409: "Somebody else was faster, or has it in hand.",
        413: "The body is too large.",
        429: "Too many calls of one session.",
        503: "The database does not answer; nothing was changed.",
    }.items()
}
"""What any call may be answered instead of what it is for."""

get = partial(litestar.get, responses=_FAULTS)
post = partial(litestar.post, responses=_FAULTS)


def desk_of(request: Request[Any, Any, Any]) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


@get("/me", summary="Who asks")
async def me(request: Asked) -> Me:
    """Who is signed in, and the token that changes need."""
    session = request.user
    return Me(
        user_id=session.reader.user_id,
        initials=session.reader.initials,
        role=session.reader.role,
        csrf=session.csrf,
    )


@post("/me/uncovered", summary="Count that I looked at blurred words", status_code=204)
async def uncovered(request: Asked) -> None:
    """Counts for the day. Only the person who asks sees the number."""
    await desk_of(request).uncovered(request.user.reader)


@get("/queue", summary="What waits for me")
async def queue(
    request: Asked,
    band: Word = None,
    policy: Word = None,
    platform: Word = None,
    direction: Word = None,
    basis: Word = None,
    language: Word = None,
    kind: Word = None,
    order: FromQuery[Order | None] = None,
    limit: Limit = PAGE,
    after_rank: FromQuery[int | None] = None,
    after_since: FromQuery[float | None] = None,
    after_read: QueryRead = None,
) -> list[Waiting]:
    """Reads, the most pressing first unless `order` says otherwise. The three `after_` name the last line of
    the page before."""
    after = None
    if after_rank is not None and after_since is not None and after_read is not None:
        after = Place(after_rank, after_since, after_read)
    filters = Filters(band, policy, platform, direction, basis, language, kind, order)
    return await desk_of(request).queue(request.user.reader, filters, limit=limit, after=after)


@get("/alerts", summary="Alerts, the newest first")
async def alerts(
    request: Asked,
    status: Annotated[str | None, QueryParameter(pattern="^(open|withdrawn)$")] = None,
    before: FromQuery[float | None] = None,
    after_alert: Annotated[str, QueryParameter(max_length=128)] = "",
    limit: Limit = PAGE,
) -> list[RelatedAlert]:
    """Alerts by when they were detected. `before` is the last one's `detected_at`, `after_alert` its
    `alert_id`: without it a page leaves out further alerts of that moment."""
    return await desk_of(request).listed(
        request.user.reader, status=status, before=before, after_alert=after_alert, limit=limit
    )


@get("/alerts/{alert_id:str}", summary="One alert")
async def alert(request: Asked, alert_id: FromPath[str]) -> Opened:
    """As the person who asks may see it: blind where it is to be read blind. That they saw it is kept."""
    return await desk_of(request).open(request.user.reader, alert_id)


@post("/alerts/{alert_id:str}/take-back", summary="Take a verdict back")
async def take_back(request: Asked, alert_id: FromPath[str], data: JSONBody[TakeBack]) -> TakenBack:
    """The verdict that holds no longer does, and somebody who has not read it reads it anew."""
    read_id = await desk_of(request).take_back(request.user.reader, alert_id, data.reason_code)
    return TakenBack(read_id=read_id)


@post("/alerts/{alert_id:str}/restore", summary="Undo taking a verdict back", status_code=204)
async def restore(request: Asked, alert_id: FromPath[str]) -> None:
    """The verdict that was taken back last holds again, unless something was decided since (409)."""
    await desk_of(request).restore(request.user.reader, alert_id)


@post("/alerts/{alert_id:str}/notes", summary="Write a note")
async def write_note(request: Asked, alert_id: FromPath[str], data: JSONBody[NoteGiven]) -> Noted:
    """A note for colleagues; erased as quotes are."""
    return Noted(note_id=await desk_of(request).write_note(request.user.reader, alert_id, data.text))


@post("/alerts/{alert_id:str}/case", summary="Make a case file", status_code=200)
async def case(request: Asked, alert_id: FromPath[str], data: JSONBody[CaseWanted]) -> dict[str, Any]:
    """Everything known about one decision, for an appeal or an audit. What for and for whom is kept."""
    return await desk_of(request).case(request.user.reader, alert_id, data.purpose)


@get("/accounts/{platform:str}/{account_id:path}", summary="Alerts about an account")
async def account(request: Asked, platform: FromPath[str], account_id: FromPath[str]) -> list[RelatedAlert]:
    """Alerts in which an account is the new one or the banned one, the newest first."""
    key = key_at(request, platform, account_id)
    return await desk_of(request).account(request.user.reader, key)


@get("/actions/{platform:str}/{account_id:path}", summary="What the platform did about an account")
async def actions(request: Asked, platform: FromPath[str], account_id: FromPath[str]) -> list[ActionView]:
    """The newest first; none while somebody is to read an alert on the account whose verdicts are hidden."""
    return await desk_of(request).actions(request.user.reader, key_at(request, platform, account_id))


@get("/statement", summary="A statement of reasons to the holder")
async def statement(
    request: Asked, account: AccountKey, event: EventId, language: LanguageCode = "en"
) -> Statement:
    """The reasons for one action, for Article 17 of the DSA. That it was made is kept."""
    chosen = language_of(language)
    reasons = await desk_of(request).statement(request.user.reader, account, event, chosen.code)
    made = sections(reasons, chosen)
    return Statement(
        language=chosen.code,
        text=as_text(made, chosen),
        html=as_html(made, chosen),
        missing=reasons.missing,
    )


@get("/decided", summary="Decisions, the newest first")
async def decided(
    request: Asked,
    since: FromQuery[float | None] = None,
    until: FromQuery[float | None] = None,
    verdict: Word = None,
    reason: Word = None,
    policy: Word = None,
    taken_back: FromQuery[bool | None] = None,
    reviewer: Word = None,
    limit: Limit = PAGE,
    after_at: FromQuery[float | None] = None,
    after_verdict: Annotated[str | None, QueryParameter(max_length=128)] = None,
) -> list[DecisionView]:
    """One's own; leads and auditors see everybody's, but what they are still to read themselves. `since` and
    `until` in Unix seconds; the two `after_` name the last line of the page before."""
    after = None
    if after_at is not None and after_verdict is not None:
        after = DecidedPlace(after_at, after_verdict)
    filters = DecidedFilters(since, until, verdict, reason, policy, taken_back, reviewer)
    return await desk_of(request).decided(request.user.reader, filters, limit=limit, after=after)


@post("/reads/{read_id:int}/claim", summary="Take in hand, or keep there", status_code=200)
async def claim(request: Asked, read_id: PathRead) -> Claimed:
    """Nobody else can decide it meanwhile. 409 with the other's initials where somebody has it."""
    until = await desk_of(request).claim(request.user.reader, read_id)
    return Claimed(read_id=read_id, claimed_until=until)


@post("/reads/{read_id:int}/release", summary="Lay back", status_code=204)
async def release(request: Asked, read_id: PathRead) -> None:
    """Others can take it at once."""
    await desk_of(request).release(request.user.reader, read_id)


@post("/reads/{read_id:int}/skip", summary="Leave to others", status_code=204)
async def skip(request: Asked, read_id: PathRead) -> None:
    """It is not shown to who skipped it for half an hour."""
    await desk_of(request).skip(request.user.reader, read_id)


@post("/verdicts", summary="Decide")
async def decide(request: Asked, data: JSONBody[DecisionGiven]) -> DecisionTaken:
    """Published once it can no longer be undone. 409 with the other's initials on a double decision."""
    decision = ReadDecision(data.verdict, data.reason_code, data.policy, data.note, data.family, data.milder)
    taken = await desk_of(request).decide(request.user.reader, data.read_id, decision)
    return DecisionTaken(batch=taken.batch, verdict_ids=taken.verdict_ids, undo_until=taken.undo_until)


@get("/selection", summary="What can be decided together")
async def selection(
    request: Asked,
    read: Annotated[list[int] | None, QueryParameter(max_items=TOGETHER_MAX)] = None,
    band: Word = None,
    policy: Word = None,
    platform: Word = None,
    direction: Word = None,
    basis: Word = None,
    language: Word = None,
    order: FromQuery[Order | None] = None,
) -> Selection:
    """Of the readings that `read` names, or, without it, the first 200 of a view of the queue: first readings
    that show their score and are in nobody else's hands, and how they differ."""
    filters = Filters(band, policy, platform, direction, basis, language, None, order)
    return await desk_of(request).selection(request.user.reader, filters, read)


@post("/verdicts/together", summary="Decide several")
async def decide_together(request: Asked, data: JSONBody[DecisionTogether]) -> DecisionTaken:
    """All of them, each under the policy of its own ban, or none: 409 names in `read_ids` what has changed.
    One undo takes all back."""
    decision = ReadDecision(data.verdict, data.reason_code)
    taken = await desk_of(request).decide_together(request.user.reader, data.read_ids, decision)
    return DecisionTaken(batch=taken.batch, verdict_ids=taken.verdict_ids, undo_until=taken.undo_until)


@post("/verdicts/{batch:str}/undo", summary="Undo", status_code=200)
async def undo(request: Asked, batch: FromPath[str]) -> Undone:
    """Takes one's last key back while nothing of it is published."""
    return Undone(read_ids=await desk_of(request).undo(request.user.reader, batch))


@get("/waves", summary="Waves, the newest first")
async def waves(
    request: Asked,
    status: FromQuery[WaveState | None] = None,
    before: FromQuery[float | None] = None,
    after_wave: Annotated[str, QueryParameter(max_length=128)] = "",
    limit: Limit = PAGE,
) -> list[WaveLine]:
    """Accounts of a day that resemble each other. `before` is the last one's `began_at`, `after_wave` its
    `wave_id`. `waiting` leaves out what the person who asks has given a verdict on."""
    return await desk_of(request).waves(
        request.user.reader, status, limit=limit, before=before, after_wave=after_wave
    )


@get("/waves/{wave_id:str}", summary="One wave")
async def wave(request: Asked, wave_id: FromPath[str]) -> WaveView:
    """Its members, what they share and what differs, and what was said of it. That it was seen is kept."""
    return await desk_of(request).open_wave(request.user.reader, wave_id)


@post("/waves/{wave_id:str}/verdict", summary="Decide a wave")
async def decide_wave(
    request: Asked, wave_id: FromPath[str], data: JSONBody[WaveDecisionGiven]
) -> DecisionTaken:
    """As a whole, but for its exceptions. 409 if it was decided, withdrawn or changed meanwhile. It can be
    undone as other verdicts can."""
    decision = WaveDecision(data.revision, data.verdict, data.reason_code, data.exceptions)
    taken = await desk_of(request).decide_wave(request.user.reader, wave_id, decision)
    return DecisionTaken(batch=taken.batch, verdict_ids=taken.verdict_ids, undo_until=taken.undo_until)


@post("/waves/{wave_id:str}/take-back", summary="Take a verdict on a wave back", status_code=204)
async def take_wave_back(request: Asked, wave_id: FromPath[str], data: JSONBody[TakeBack]) -> None:
    """The wave waits again for people who have not read it."""
    await desk_of(request).take_wave_back(request.user.reader, wave_id, data.reason_code)


@post("/waves/{wave_id:str}/restore", summary="Undo taking it back", status_code=204)
async def restore_wave(request: Asked, wave_id: FromPath[str]) -> None:
    """The verdict that was taken back last holds again, unless something was decided since (409)."""
    await desk_of(request).restore_wave(request.user.reader, wave_id)


@get("/reasons", summary="Reason codes", cache=True)
async def reasons() -> list[OfferedReason]:
    """The codes that the desk offers, with their templates."""
    return list(REASONS)


_REFUSED: Final[dict[Refusal, tuple[int, str]]] = {
    "unknown-alert": (404, "no alert has this id, or is about this account"),
    "other-body": (409, "an appeal of this id was taken that says something else"),
    "open-appeal": (409, "another appeal on this alert waits for its decision"),
    "not-decided": (409, "no verdict that it is a mirror holds"),
    "evidence-erased": (409, "the evidence that the alert was decided on has been erased"),
    "too-many": (409, "the alert has been read anew too often"),
}


@litestar.post("/appeals", include_in_schema=False, opt={PUBLIC: True}, status_code=202)
async def appeal(request: Request[Any, Any, Any]) -> Response[AppealTaken | Fault]:
    """Takes an appeal that a gate relays, signed as Standard Webhooks are. Answers once it is stored."""
    desk = desk_of(request)
    if desk.appeals_secret is None:
        return Response(Fault(code="not-found", message="this desk takes no appeals"), status_code=404)
    raw = await request.body()
    fault = desk.appeals_secret.fault(dict(request.headers), raw, now=desk.now())
    if fault:
        return Response(Fault(code="signature", message=fault), status_code=401)
    made = decode_appeal(raw, now=desk.now())
    if isinstance(made, Malformed):
        return Response(Fault(code=made.reason, message=made.detail, field=made.path), status_code=400)
    taken = await desk.take_appeal(made.record)
    if isinstance(taken, AppealTaken):
        return Response(taken, status_code=202)
    status, message = _REFUSED[taken]
    return Response(Fault(code=taken, message=message), status_code=status)
