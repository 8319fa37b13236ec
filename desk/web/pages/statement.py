"""The statement of reasons of one action: a page for the person who sends it, and the files to send."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Response, Template

from desk.review.reports.statement import MISSING
from desk.web.api import AccountKey, Asked, EventId, LanguageCode, desk_of
from desk.web.languages import LANGUAGES, language_of
from desk.web.statement import as_html, as_text, sections
from desk.web.view import page, view_of


@get("/statement")
async def statement(
    request: Asked,
    account: AccountKey,
    event: EventId,
    language: Annotated[str, QueryParameter(pattern="^(en|ur|ar)?$")] = "",
) -> Template:
    """By default in the reader's own language."""
    chosen = language_of(language) if language else view_of(request).language
    reasons = await desk_of(request).statement(request.user.reader, account, event, chosen.code)
    return page(
        request,
        "statement.html",
        reasons=reasons,
        sections=sections(reasons, chosen),
        language=chosen,
        languages=LANGUAGES.values(),
        missing=MISSING,
        asked=urlencode({"account": account, "event": event}),
    )


@get("/statement/file")
async def file(
    request: Asked,
    account: AccountKey,
    event: EventId,
    language: LanguageCode = "en",
    form: Annotated[str, QueryParameter(pattern="^(text|html)$")] = "text",
) -> Response[str]:
    chosen = language_of(language)
    reasons = await desk_of(request).statement(request.user.reader, account, event, chosen.code)
    made, text = sections(reasons, chosen), form == "text"
    return Response(
        as_text(made, chosen) if text else as_html(made, chosen),
        media_type=f"text/{'plain' if text else 'html'}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="statement.{"txt" if text else "html"}"'},
    )
