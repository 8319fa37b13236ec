"""Signing in with a password or by a link, and signing out."""

from __future__ import annotations

import math
from typing import Annotated, Any

import structlog
from litestar import Request, get, post
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response, Template
from msgspec import Meta, Struct

from desk.access import sign_in
from desk.access.throttle import TriedTooOften
from desk.web import browsers
from desk.web.addresses import local
from desk.web.api import Asked, desk_of
from desk.web.security import PUBLIC, session_cookie
from desk.web.view import context

log = structlog.get_logger("samehand.desk")


class SignIn(Struct, frozen=True, kw_only=True):
    """What the form of signing in sends."""

    name: Annotated[str, Meta(max_length=128)] = ""
    password: Annotated[str, Meta(max_length=1_024)] = ""
    next: Annotated[str, Meta(max_length=2_048)] = "/queue"


@get("/sign-in", opt={PUBLIC: True})
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


@post("/sign-in", opt={PUBLIC: True})
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


@get("/link/{token:str}", opt={PUBLIC: True})
async def link_page(request: Request[Any, Any, Any], token: FromPath[str]) -> Template:
    """Asks for one press of a key: what opens links to look at them must not use this one up."""
    return Template("sign_in.html", context={"token": token, **context(request)})


@post("/link/{token:str}", opt={PUBLIC: True})
async def link(request: Request[Any, Any, Any], token: FromPath[str]) -> Redirect | Template:
    desk = desk_of(request)
    made = await sign_in.with_link(desk.database, token, now=desk.now())
    if made is None:
        again = _form(request, "/queue", wrong=True)
        return Template("sign_in.html", context=again, status_code=403)
    known = await browsers.known_cookie(request, made)
    return Redirect("/queue", status_code=303, cookies=[session_cookie(desk, made), known])


@post("/sign-out")
async def sign_out(request: Asked) -> Redirect:
    desk = desk_of(request)
    await desk.sign_out(request.user)
    return Redirect("/sign-in", status_code=303, cookies=[session_cookie(desk, "")])
