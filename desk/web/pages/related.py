"""Who is like an account: a lead asks, a gate answers, and nothing is kept but a line of the audit."""

from __future__ import annotations

from typing import Any

from litestar import post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Template
from msgspec import Struct

from desk.related import GateAway, GateBusy
from desk.review.people import Person
from desk.web.addresses import key_at
from desk.web.api import Asked, desk_of
from desk.web.screen import account_of
from desk.web.view import page
from report.waterfall.words import SIGNALS
from schemas.internal.related import PURPOSES, Purpose


class RelatedForm(Struct, frozen=True, kw_only=True):
    """What the form of the question sends."""

    purpose: Purpose


@post("/related/accounts/{platform:str}/{account_id:path}", status_code=200)
async def related(
    request: Asked, platform: FromPath[str], account_id: FromPath[str], data: URLEncodedBody[RelatedForm]
) -> Template:
    """Asks the gate, and shows the answer on this page alone."""
    desk, urls = desk_of(request), desk_of(request).settings.desk_profile_urls
    key = key_at(request, platform, account_id)
    person, answer, hidden = await desk.related(request.user.reader, key, data.purpose)
    more: dict[str, Any] = {"answer": None, "wait_minutes": 0, "rows": ()}
    made = 200
    if isinstance(answer, GateAway):
        made = 503
    elif isinstance(answer, GateBusy):
        more["wait_minutes"], made = -(-answer.wait_seconds // 60), 429
    else:
        more["answer"] = answer
        more["rows"] = [
            (account_of(Person(relative.platform, relative.account_id), urls), relative)
            for relative in answer.related
        ]
    template = page(
        request,
        "related.html",
        side=account_of(person, urls),
        purpose=data.purpose,
        purposes=PURPOSES,
        hidden=hidden,
        signals=SIGNALS,
        **more,
    )
    template.status_code = made
    if isinstance(answer, GateBusy):
        template.headers["Retry-After"] = str(answer.wait_seconds)
    return template
