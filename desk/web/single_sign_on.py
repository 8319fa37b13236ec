"""Signing in with an OpenID Connect provider: the redirect to it, and its callback."""

from __future__ import annotations

from typing import Annotated, Any, Final

import structlog
from litestar import Request, get
from litestar.datastructures import Cookie
from litestar.params import QueryParameter
from litestar.response import Redirect, Template

from desk.access import oidc, sign_in
from desk.access.oidc import (
    PENDING_SECONDS,
    Configured,
    IdentityProvider,
    NotSignedIn,
    PendingSignIn,
    ProviderUnavailable,
)
from desk.settings import DeskSettings
from desk.web import browsers
from desk.web.addresses import local
from desk.web.api import desk_of
from desk.web.desk import Desk
from desk.web.security import PUBLIC, session_cookie
from desk.web.view import context
from streams.serving.token_bucket import Rates

log = structlog.get_logger("samehand.desk")

CALLBACK: Final = "/sign-in/oidc/callback"
_AT_ONCE: Final = 30
"""From one network, or from one browser in which somebody signed in before; then one a second. Each asks the
provider thrice; a team may be behind one address."""

_STATUS: Final = {"unavailable": 503, "no-role": 403, "begin-again": 403, "busy": 429}
Asking = Request[Any, Any, Any]


def provider_of(settings: DeskSettings) -> IdentityProvider | None:
    """The provider of the settings, None where people sign in by passwords and links alone.

    Raises `SettingsError` and `OSError` where a file cannot be read.
    """
    if not settings.desk_oidc_issuer:
        return None
    here = settings.desk_base_url
    return IdentityProvider(
        Configured(
            issuer=settings.desk_oidc_issuer,
            client_id=settings.desk_oidc_client_id,
            client_secret=settings.desk_oidc_secret(),
            callback=f"{here}{CALLBACK}",
            scopes=settings.desk_oidc_scopes,
            roles_claim=settings.desk_oidc_roles_claim,
            roles=settings.desk_oidc_roles,
            ca_file=settings.desk_oidc_ca_file,
        )
    )


def rates() -> Rates:
    """How often one caller may set out for the provider or come back."""
    return Rates(burst=_AT_ONCE, per_second=1.0)


@get("/sign-in/oidc", opt={PUBLIC: True})
async def begin(
    request: Asking, next_: Annotated[str, QueryParameter(name="next", max_length=2_048)] = "/queue"
) -> Redirect | Template:
    provider: IdentityProvider | None = request.app.state.provider
    if provider is None:
        return Redirect("/sign-in", status_code=303)
    if not _allowed(request):
        return _form(request, "busy")
    try:
        where, pending = await provider.begin(local(next_))
    except ProviderUnavailable as fault:
        log.warning("the provider of sign-ins cannot be used", why=str(fault))
        return _form(request, "unavailable")
    return Redirect(where, status_code=303, cookies=[_cookie(desk_of(request), pending.cookie_value())])


@get(CALLBACK, opt={PUBLIC: True})
async def finish(
    request: Asking,
    code: Annotated[str, QueryParameter(max_length=oidc.CODE_CHARS_MAX)] = "",
    state_: Annotated[str, QueryParameter(name="state", max_length=256)] = "",
    iss: Annotated[str | None, QueryParameter(max_length=1_024)] = None,
) -> Redirect | Template:
    """Back from the provider. What it says of a fault is anybody's text, and is shown to nobody."""
    provider: IdentityProvider | None = request.app.state.provider
    if provider is None:
        return Redirect("/sign-in", status_code=303)
    desk = desk_of(request)
    pending = PendingSignIn.from_cookie(request.cookies.get(_cookie_name(desk), ""))
    if pending is None or not code:
        return _form(request, "begin-again")
    if not _allowed(request):
        return _form(request, "busy")
    try:
        person = await provider.finish(pending, state=state_, code=code, issuer=iss, now=desk.now())
    except ProviderUnavailable as fault:
        log.warning("the provider of sign-ins cannot be used", why=str(fault))
        return _form(request, "unavailable")
    except NotSignedIn as fault:
        log.warning("a sign-in was refused", why=str(fault))
        return _form(request, "begin-again")
    token = await sign_in.with_provider(desk.database, person, now=desk.now())
    if token is None:
        log.warning("a sign-in was refused", why="no role, or let out", user_id=person.user_id)
        return _form(request, "no-role")
    known = await browsers.known_cookie(request, token)
    return Redirect(
        local(pending.next), status_code=303, cookies=[session_cookie(desk, token), _cookie(desk, ""), known]
    )


def _allowed(request: Asking) -> bool:
    limits: Rates = request.app.state.single_sign_ons
    return limits.allow(browsers.caller(request), desk_of(request).now())


def _form(request: Asking, fault: str) -> Template:
    known = {"next": "/queue", "wrong": False, "oidc": True, "fault": fault, **context(request)}
    return Template(
        "sign_in.html",
        context=known,
        status_code=_STATUS[fault],
        cookies=[_cookie(desk_of(request), "")],  # the pending sign-in ends here, well or not
    )


def _cookie_name(desk: Desk) -> str:
    return f"{'__Host-' if desk.settings.desk_base_url.startswith('https:') else ''}samehand-sign-in"


def _cookie(desk: Desk, kept: str) -> Cookie:
    """What the browser that set out has, and no other."""
    return Cookie(
        key=_cookie_name(desk),
        value=kept,
        path="/",
        httponly=True,
        secure=desk.settings.desk_base_url.startswith("https:"),
        samesite="lax",  # the provider's page leads back to ours
        max_age=PENDING_SECONDS if kept else 0,
    )
