"""The web application, over an open desk."""

from __future__ import annotations

import hmac
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import quote, urlsplit

from jinja2 import Environment
from litestar import Litestar, MediaType, Request, Response, Router
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotAuthorizedException, NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect
from litestar.static_files import create_static_files_router
from litestar.template.config import TemplateConfig

import report
from desk.access.oidc import IdentityProvider
from desk.access.throttle import Throttle
from desk.database.errors import DatabaseFull, DatabaseRefused, DatabaseUnavailable
from desk.errors import Conflict, Forbidden, NotFound, ReviewError, SelectionChanged, TooLate, UnusableInput
from desk.web import api, single_sign_on, view
from desk.web.desk import Desk
from desk.web.environment import environment
from desk.web.pages import (
    alert,
    family,
    figures,
    find,
    profiles,
    queue,
    related,
    requests,
    selection,
    sign_in,
    statement,
    waves,
)
from desk.web.security import PUBLIC, SAFE, Authentication, check, cookie_name, with_headers
from desk.web.sentences import FAULTS
from streams.serving.token_bucket import Rates

_HERE: Final = Path(__file__).parent

_PATH_CHARS_MAX: Final = 128
"""Of a file of ours; a file system takes 255 a name."""

BODY_BYTES_MAX: Final = 64 * 1024
"""The longest note, in the longest encoding, with room."""

_STATUS: Final[dict[type[ReviewError], int]] = {
    NotFound: 404,
    Forbidden: 403,
    Conflict: 409,
    SelectionChanged: 409,
    TooLate: 409,
    UnusableInput: 400,
}


_PAGES: Final = (
    queue,
    alert,
    sign_in,
    figures,
    find,
    family,
    profiles,
    related,
    requests,
    selection,
    single_sign_on,
    statement,
    waves,
    view,
)


def handlers_of(module: ModuleType) -> list[HTTPRouteHandler]:
    """Returns what a module answers requests with, in the order in which it stands there."""
    return [value for value in vars(module).values() if isinstance(value, HTTPRouteHandler)]


def create_app(desk: Desk, provider: IdentityProvider | None = None) -> Litestar:
    """The application. It neither opens nor closes the desk. `provider`: whom people may sign in with."""
    return Litestar(
        route_handlers=[
            *(handler for module in _PAGES for handler in handlers_of(module)),
            Router("/api/v1", route_handlers=handlers_of(api)),
            create_static_files_router(
                path="/static",
                directories=[_HERE / "static", Path(report.__file__).with_name("static")],
                opt={PUBLIC: True},
                after_request=with_headers,
                before_request=_may_name_a_file,
            ),
        ],
        middleware=[DefineMiddleware(Authentication, exclude_from_auth_key=PUBLIC)],
        before_request=check,
        after_request=with_headers,
        exception_handlers={
            ReviewError: _refused,
            NotAuthorizedException: _sign_in_first,
            DatabaseUnavailable: _unavailable,
            DatabaseRefused: lambda request, fault: _answer(request, 400, "unusable", str(fault)),
            HTTPException: _http,
        },
        template_config=TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment())),
        openapi_config=None,
        state=state_of(desk, provider),
        request_max_body_size=BODY_BYTES_MAX,
        logging_config=None,
        debug=False,
    )


def state_of(desk: Desk, provider: IdentityProvider | None = None) -> State:
    """Returns what an application keeps of its desk and of who calls; all else is the same for every desk."""
    return State(
        {
            "desk": desk,
            "provider": provider,
            "rates": Rates(),
            "throttle": Throttle(hmac.digest(desk.policy.key, b"browsers", "sha256")),
            "single_sign_ons": single_sign_on.rates(),
        }
    )


async def _may_name_a_file(request: Request[Any, Any, Any]) -> None:
    """Answers 404 to a NUL or a long name, which the file system would refuse with an error (500)."""
    if "\0" in request.url.path or len(request.url.path) > _PATH_CHARS_MAX:
        raise NotFoundException
    await check(request)


def _wants_page(request: Request[Any, Any, Any]) -> bool:
    return not request.url.path.startswith("/api/")


def _answer(
    request: Request[Any, Any, Any], status: int, code: str, message: str, **more: Any
) -> Response[Any]:
    if _wants_page(request):
        content = (
            environment_of(request)
            .get_template("fault.html")
            .render(
                status=status,
                heading=FAULTS.get(code, FAULTS["refused"]),
                message=message,
                **{"initials": "", **more},
                **view.context(request),
            )
        )
        return with_headers(Response(content, status_code=status, media_type=MediaType.HTML))
    body = {"code": code, "message": message, **{name: value for name, value in more.items() if value}}
    return with_headers(Response(body, status_code=status))


def environment_of(request: Request[Any, Any, Any]) -> Environment:
    engine: Any = request.app.template_engine
    made: Environment = engine.engine
    return made


def _refused(request: Request[Any, Any, Any], fault: ReviewError) -> Response[Any]:
    more: dict[str, Any] = {}
    if isinstance(fault, Conflict):
        more["initials"] = fault.initials
    return _answer(request, _STATUS.get(type(fault), 400), fault.code, str(fault), **more)


def _sign_in_first(request: Request[Any, Any, Any], fault: NotAuthorizedException) -> Response[Any]:
    if _wants_page(request):
        ended = "&ended=1" if cookie_name(request.app.state.desk) in request.cookies else ""
        where = quote(_page_of(request), safe="")
        return with_headers(Redirect(f"/sign-in?next={where}{ended}", status_code=303))
    return _answer(request, 401, "sign-in", "sign in first")


def _page_of(request: Request[Any, Any, Any]) -> str:
    """Returns the page to come back to after signing in: of a change the page with its form, since an address
    cannot repeat what a form sent."""
    if request.method in SAFE:
        return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return "/queue"
    if page.netloc != request.headers.get("Host"):
        return "/queue"
    return f"{page.path}?{page.query}" if page.query else page.path or "/queue"


def _unavailable(request: Request[Any, Any, Any], fault: DatabaseUnavailable) -> Response[Any]:
    code = "full" if isinstance(fault, DatabaseFull) else "unavailable"
    response = _answer(request, 503, code, f"{fault}; nothing was changed: try again")
    response.headers["Retry-After"] = "5"
    return response


def _http(request: Request[Any, Any, Any], fault: HTTPException) -> Response[Any]:
    # By the fields' names alone: values may be personal.
    extra = fault.extra if isinstance(fault.extra, list) else []
    named = [
        f"{field.get('key', '')}: {field.get('message', '')}" for field in extra if isinstance(field, dict)
    ]
    response = _answer(request, fault.status_code, "refused", "; ".join(named) or fault.detail)
    response.headers.update(fault.headers or {})
    return response
