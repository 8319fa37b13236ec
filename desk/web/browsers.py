"""Cookies beside the session: names that signed in from a browser, and when it may try again."""

from __future__ import annotations

import secrets
from typing import Any, Final

from litestar import Request
from litestar.datastructures import Cookie

from desk.access import sessions
from desk.access.throttle import (
    KNOWN_SECONDS,
    MAY_TRY_SECONDS,
    WAIT_SECONDS_MAX,
    Throttle,
    TriedTooOften,
    Try,
)
from desk.web.desk import Desk
from streams.serving.forwarded import network_of

_KNOWN: Final = "samehand-known-"
_MOMENT: Final = "samehand-moment-"

Asking = Request[Any, Any, Any]


def network(request: Asking) -> str:
    """Returns the network of the caller's address."""
    return network_of(request.client.host if request.client else "")


def admit(request: Asking, name: str) -> Try:
    """Lets a try to sign in through. Raises `TriedTooOften`."""
    desk: Desk = request.app.state.desk
    throttle: Throttle = request.app.state.throttle
    digest = throttle.signer.digest(name)
    return throttle.admit(
        name,
        network(request),
        known=request.cookies.get(_name(desk, _KNOWN, digest), ""),
        moment=request.cookies.get(_name(desk, _MOMENT, digest), ""),
        nonce=secrets.token_urlsafe(9),
        now=desk.now(),
    )


def caller(request: Asking) -> str:
    """Returns the key of rate limits before a name is known: a known browser, or the network."""
    desk: Desk = request.app.state.desk
    throttle: Throttle = request.app.state.throttle
    prefix = _name(desk, _KNOWN, "")
    cookies = (
        (key.removeprefix(prefix), value) for key, value in request.cookies.items() if key.startswith(prefix)
    )
    known = throttle.knows(cookies, desk.now())
    return f"browser:{known}" if known else f"network:{network(request)}"


async def known_cookie(request: Asking, token: str) -> Cookie:
    """Returns the cookie that makes this browser known to the name of a new session."""
    desk: Desk = request.app.state.desk
    throttle: Throttle = request.app.state.throttle
    async with desk.database.read() as connection:
        known = await sessions.find(connection, token, idle_seconds=KNOWN_SECONDS, now=desk.now())
    digest = throttle.signer.digest(known[0].name if known else "")
    value = throttle.signer.signed("known", digest, desk.now() + KNOWN_SECONDS, secrets.token_urlsafe(9))
    return _cookie(desk, _name(desk, _KNOWN, digest), value, KNOWN_SECONDS)


def moment_cookies(request: Asking, name: str, fault: TriedTooOften) -> list[Cookie]:
    """Returns the cookies of a browser that has to wait."""
    if not fault.moment:
        return []
    desk: Desk = request.app.state.desk
    throttle: Throttle = request.app.state.throttle
    key = _name(desk, _MOMENT, throttle.signer.digest(name))
    return [_cookie(desk, key, fault.moment, WAIT_SECONDS_MAX + MAY_TRY_SECONDS)]


def _name(desk: Desk, kind: str, digest: str) -> str:
    return f"{'__Host-' if desk.settings.desk_base_url.startswith('https:') else ''}{kind}{digest}"


def _cookie(desk: Desk, key: str, value: str, seconds: float) -> Cookie:
    return Cookie(
        key=key,
        value=value,
        path="/",
        httponly=True,
        secure=desk.settings.desk_base_url.startswith("https:"),
        samesite="lax",
        max_age=int(seconds),
    )
