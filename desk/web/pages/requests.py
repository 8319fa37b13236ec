"""Lawful requests: what waits for an answer, and the page on which one is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

from litestar import get, post
from litestar.params import FromPath, FromQuery, PathParameter, URLEncodedBody
from litestar.response import Redirect, Response, Template
from msgspec import Meta, Struct
from msgspec.structs import asdict

from desk.errors import UnusableInput
from desk.review import requests as rules
from desk.review.requests import HOLD_DAYS, HOLD_DAYS_MAX, REFUSALS, RequestEntry
from desk.web.api import Asked, desk_of
from desk.web.pages.case import POLICY, case_page
from desk.web.view import page
from schemas import fields

KINDS: Final = {
    "e-evidence": "e-Evidence: ten days",
    "e-evidence-emergency": "e-Evidence, emergency: eight hours",
    "other": "another law: by the date given",
}
STATES: Final = {
    "entered": "waits for approval",
    "approved": "approved, waits for an answer",
    "refused": "refused",
    "disclosed": "answered: case files were handed over",
    "withdrawn": "withdrawn by the authority",
}
HOLD_ENDS: Final = {
    "date": "its date had come",
    "released": "it was released",
    "refused": "the request was refused",
    "withdrawn": "the request was withdrawn",
}

Step = Literal["approve", "refuse", "withdraw", "disclose", "extend", "release"]
RequestId = Annotated[int, PathParameter(ge=1, le=2**53 - 1)]
_Days = Annotated[int, Meta(ge=0, le=10_000)]
# A little more than is kept, so that the refusal is ours and says why.
_Words = Annotated[str, Meta(max_length=512)]
_Moment = Annotated[str, Meta(max_length=32)]


class EntryForm(Struct, frozen=True, kw_only=True):
    """What the form of a new request sends; `accounts`: one a line."""

    authority: _Words
    reference: _Words
    legal_basis: _Words
    jurisdiction: Annotated[str, Meta(max_length=64)]
    kind: fields.Slug
    received_at: _Moment
    accounts: Annotated[str, Meta(max_length=8_192)]
    deadline: _Moment = ""
    hold_days: _Days = HOLD_DAYS


class StepForm(Struct, frozen=True, kw_only=True):
    """What the forms of a request's page send: each what its step needs."""

    reason_code: Annotated[str, Meta(max_length=64)] = ""
    alert_id: Annotated[str, Meta(max_length=128)] = ""
    hold_days: _Days = 0
    digest: list[str] | str = ""


@get("/requests")
async def requests(request: Asked, before: FromQuery[float | None] = None) -> Template:
    """Requests that wait, and those answered last, or `before` a moment. Raises `Forbidden`."""
    waiting, answered = await desk_of(request).request_lines(request.user.reader, before)
    return page(
        request,
        "requests.html",
        waiting=waiting,
        answered=answered,
        more=len(answered) == rules.CLOSED_MAX,
        may_enter=request.user.reader.may("request"),
        kinds=KINDS,
        states=STATES,
        hold_days=HOLD_DAYS,
        hold_days_max=HOLD_DAYS_MAX,
        accounts_max=rules.ACCOUNTS_MAX,
    )


@get("/requests/{request_id:int}")
async def one(request: Asked, request_id: RequestId) -> Template:
    """A request's page. Raises `Forbidden` and `NotFound`."""
    reader = request.user.reader
    return page(
        request,
        "request.html",
        shown=await desk_of(request).request_view(reader, request_id),
        may_answer=reader.may("request"),
        may_approve=reader.may("approve"),
        kinds=KINDS,
        states=STATES,
        hold_ends=HOLD_ENDS,
        refusals=REFUSALS,
        hold_days=HOLD_DAYS,
        hold_days_max=HOLD_DAYS_MAX,
    )


@post("/requests")
async def enter(request: Asked, data: URLEncodedBody[EntryForm]) -> Redirect:
    read = {
        "received_at": _moment("received_at", data.received_at),
        "deadline": _moment("deadline", data.deadline) if data.deadline.strip() else None,
        "accounts": data.accounts.splitlines(),
    }
    entry = RequestEntry(**asdict(data) | read)
    async with desk_of(request).requesting(request.user.reader) as review:
        request_id = await rules.enter(review, entry)
    return _back(request_id)


@post("/requests/{request_id:int}/{step:str}")
async def take_step(
    request: Asked, request_id: RequestId, step: FromPath[Step], data: URLEncodedBody[StepForm]
) -> Redirect:
    async with desk_of(request).requesting(request.user.reader) as review:
        match step:
            case "approve":
                await rules.approve(review, request_id)
            case "refuse":
                await rules.refuse(review, request_id, data.reason_code)
            case "withdraw":
                await rules.withdraw(review, request_id)
            case "disclose":
                digests = [data.digest] if isinstance(data.digest, str) else data.digest  # one box is no list
                await rules.disclose(review, request_id, [digest for digest in digests if digest])
            case "extend":
                await rules.extend(review, request_id, data.hold_days)
            case "release":
                await rules.release(review, request_id)
    return _back(request_id)


@post("/requests/{request_id:int}/files", status_code=200)
async def make_file(request: Asked, request_id: RequestId, data: URLEncodedBody[StepForm]) -> Response[bytes]:
    """The case file of an alert as a page to keep: the bytes whose digest is stored."""

    def render(case: dict[str, Any]) -> bytes:
        return case_page(case).encode()

    async with desk_of(request).requesting(request.user.reader) as review:
        content = await rules.make_file(review, request_id, data.alert_id, render)
    digest = sha256(content).hexdigest()
    headers = {
        "Content-Disposition": f'attachment; filename="request-{request_id}-{digest[:8]}.html"',
        "Content-Security-Policy": POLICY,
    }
    return Response(content, media_type="text/html; charset=utf-8", headers=headers)


def _moment(field: str, text: str) -> float:
    """Returns a moment of UTC as Unix seconds. Raises `UnusableInput`."""
    try:
        given = datetime.fromisoformat(text.strip())
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise UnusableInput(field, "give a date and a time of UTC, such as 2026-11-30T09:30") from None


def _back(request_id: int) -> Redirect:
    return Redirect(f"/requests/{request_id}", status_code=303)
