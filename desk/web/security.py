"""Authentication, CSRF protection, rate limits, and the headers of every response."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException, TooManyRequestsException
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from desk.access.sessions import SESSION_SECONDS_MAX, Session
from desk.web.desk import Desk
from streams.serving.token_bucket import Rates

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # under `no-referrer` browsers call the origin of our own forms null
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Nothing but our own files runs or is fetched, nobody may frame a page, and no cache keeps one."""

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf"
PUBLIC: Final = "public"
"""The option of a handler that may be called without a session."""


def cookie_name(desk: Desk) -> str:
    """Returns the session cookie's name; under TLS with the prefix that binds it to this host."""
    return "__Host-samehand" if desk.settings.desk_base_url.startswith("https:") else "samehand"


def session_cookie(desk: Desk, token: str) -> Cookie:
    """What a browser keeps of a session; an empty token ends it."""
    return Cookie(
        key=cookie_name(desk),
        value=token,
        path="/",
        httponly=True,
        secure=desk.settings.desk_base_url.startswith("https:"),
        samesite="lax",  # a link from a ticket or a mail opens the alert that it names
        max_age=int(SESSION_SECONDS_MAX) if token else 0,
    )


class Authentication(AbstractAuthenticationMiddleware):
    """Puts the session beside the request; 401 where there is none."""

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        desk: Desk = connection.app.state.desk
        token = connection.cookies.get(cookie_name(desk), "")
        session = await desk.session(token)
        if session is None:
            raise NotAuthorizedException("sign in first")
        return AuthenticationResult(user=session, auth=token)


async def check(request: Request[Any, Any, Any]) -> None:
    """Refuses a change that one of our own pages did not send (403), and too many requests (429).

    Runs before every handler.
    """
    desk: Desk = request.app.state.desk
    rates: Rates = request.app.state.rates
    session = request.scope.get("user")
    if isinstance(session, Session) and not rates.allow(f"session:{session.digest}", desk.now()):
        raise TooManyRequestsException("more than ten requests a second: wait a moment")
    if request.method in SAFE:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise PermissionDeniedException("a change is asked for by the desk's own pages alone")
    origin, own, host = request.headers.get("Origin"), desk.settings.desk_url, request.headers.get("Host")
    if origin is not None and (origin != own if own else origin.partition("://")[2] != host):
        raise PermissionDeniedException("a change is asked for by the desk's own pages alone")
    if isinstance(session, Session):
        given = request.headers.get(CSRF_HEADER)
        if given is None and "form" in request.headers.get("Content-Type", ""):
            given = str((await request.form()).get(CSRF_FIELD, ""))
        if not hmac.compare_digest((given or "").encode(), session.csrf.encode()):
            raise PermissionDeniedException("the page is of another session: load it again")


def with_headers(response: Response[Any]) -> Response[Any]:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
