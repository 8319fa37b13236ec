"""What the pages' script and gates call, and what handlers of pages share."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, post
from litestar.params import PathParameter, QueryParameter
from msgspec import Struct

from desk.access.sessions import Session
from desk.web.desk import Desk
from desk.web.security import PUBLIC
from schemas.appeals import AppealTaken, Refusal
from schemas.malformed import Malformed
from schemas.wire import decode_appeal

Asked = Request[Session, str, Any]
Word = Annotated[str | None, QueryParameter(max_length=64)]
QueryRead = Annotated[int | None, QueryParameter(ge=1, le=2**53 - 1)]
AccountKey = Annotated[str, QueryParameter(max_length=289, description="`platform:account_id`.")]
EventId = Annotated[str, QueryParameter(max_length=128, description="The action's `event_id`.")]
LanguageCode = Annotated[str, QueryParameter(pattern="^(en|ur|ar)$")]
PathRead = Annotated[int, PathParameter(ge=1, le=2**53 - 1)]


class Claimed(Struct, frozen=True, kw_only=True):
    """Until when a read is in one's hands, in Unix seconds."""

    read_id: int
    claimed_until: float


class Fault(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an appeal was not taken. `field`: which part of it cannot be used."""

    code: str
    message: str
    field: str = ""


def desk_of(request: Request[Any, Any, Any]) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


@post("/me/uncovered", status_code=204)
async def uncovered(request: Asked) -> None:
    """Counts for the day. Only the person who asks sees the number."""
    await desk_of(request).uncovered(request.user.reader)


@post("/reads/{read_id:int}/claim", status_code=200)
async def claim(request: Asked, read_id: PathRead) -> Claimed:
    """Nobody else can decide it meanwhile. 409 with the other's initials where somebody has it."""
    until = await desk_of(request).claim(request.user.reader, read_id)
    return Claimed(read_id=read_id, claimed_until=until)


_REFUSED: Final[dict[Refusal, tuple[int, str]]] = {
    "unknown-alert": (404, "no alert has this id, or is about this account"),
    "other-body": (409, "an appeal of this id was taken that says something else"),
    "open-appeal": (409, "another appeal on this alert waits for its decision"),
    "not-decided": (409, "no verdict that it is a mirror holds"),
    "evidence-erased": (409, "the evidence that the alert was decided on has been erased"),
    "too-many": (409, "the alert has been read anew too often"),
}


@post("/appeals", opt={PUBLIC: True}, status_code=202)
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
