"""Preferences of a browser (language, blurring, single keys, columns), kept in a cookie without secrets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.datastructures import Cookie
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template
from msgspec import Meta, Struct

from desk.web.addresses import local
from desk.web.api import Asked, desk_of
from desk.web.languages import ENGLISH, LANGUAGES, Language, language_of, wanted

COOKIE: Final = "samehand-view"
PAUSE_MAX: Final = 1_000
"""Alerts, or minutes: more than anybody reads at one sitting."""

_YEAR_SECONDS: Final = 365 * 86_400

Asking = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class View:
    """What somebody chose. `keys`: whether single keys decide; `pause_…`: after how many alerts, or minutes,
    they want to be reminded to pause, 0 for never; `covered`: whether pictures are blurred until `v` is held.
    """

    language: Language = ENGLISH
    blurred: bool = False
    keys: bool = True
    pause_alerts: int = 0
    pause_minutes: int = 0
    covered: bool = True


def view_of(request: Asking) -> View:
    """Returns the cookie's choices; without one, the browser's first language that the desk speaks."""
    chosen = request.cookies.get(COOKIE, "").split(".")
    if len(chosen) not in (3, 5, 6, 7):  # versions before had no reminder or pictures, or columns beside them
        return View(language=wanted(request.headers.get("Accept-Language", "")))
    language, blurred, keys, alerts, minutes, covered = [*chosen, *("0", "0", "1")[len(chosen) - 3 :]][:6]
    return View(
        language_of(language), blurred == "1", keys == "1", _number(alerts), _number(minutes), covered != "0"
    )


def _number(text: str) -> int:
    """Returns a number that the form accepts, else 0."""
    known = text.isascii() and text.isdigit() and len(text) <= len(str(PAUSE_MAX))
    return int(text) if known and int(text) <= PAUSE_MAX else 0


def context(request: Asking) -> dict[str, Any]:
    """What every page is drawn with."""
    view = view_of(request)
    gettext: Callable[[str], str] = view.language.gettext
    return {
        "view": view,
        "_": gettext,
        "gettext": gettext,
        "ngettext": view.language.ngettext,
        "path": request.url.path,
    }


def page(request: Asked, name: str, **more: Any) -> Template:
    """A page with what every page knows."""
    known = {"session": request.user, "now": desk_of(request).now()}
    return Template(name, context={**known, **context(request), **more})


class ViewForm(Struct, frozen=True, kw_only=True):
    """What the form of choices sends."""

    language: Annotated[str, Meta(max_length=8)] = "en"
    blurred: Annotated[str, Meta(max_length=1)] = "0"
    keys: Annotated[str, Meta(max_length=1)] = "0"
    covered: Annotated[str, Meta(max_length=1)] = "0"
    pause_alerts: Annotated[int, Meta(ge=0, le=PAUSE_MAX)] = 0
    pause_minutes: Annotated[int, Meta(ge=0, le=PAUSE_MAX)] = 0
    next: Annotated[str, Meta(max_length=2_048)] = "/queue"


@get("/view")
async def view_page(
    request: Asked, next_: Annotated[str, QueryParameter(name="next", max_length=2_048)] = "/queue"
) -> Template:
    return page(
        request,
        "view.html",
        next=local(next_),
        languages=LANGUAGES.values(),
        days=await desk_of(request).days(request.user.reader),
        pause_max=PAUSE_MAX,
    )


@post("/view")
async def choose(request: Asking, data: URLEncodedBody[ViewForm]) -> Redirect:
    """Keeps the choices, and goes back to where one was."""
    language = language_of(data.language)
    kept = Cookie(
        key=COOKIE,
        value=f"{language.code}.{'1' if data.blurred == '1' else '0'}.{'1' if data.keys == '1' else '0'}"
        f".{data.pause_alerts}.{data.pause_minutes}.{'1' if data.covered == '1' else '0'}",
        path="/",
        httponly=True,
        secure=request.app.state.desk.settings.desk_base_url.startswith("https:"),
        samesite="lax",
        max_age=_YEAR_SECONDS,
    )
    return Redirect(local(data.next), status_code=303, cookies=[kept])
