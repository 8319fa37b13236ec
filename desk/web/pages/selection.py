"""Several readings decided together, with one reason for all."""

from __future__ import annotations

import re
from typing import Annotated, Final

from litestar import get, post
from litestar.params import FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template
from msgspec import Meta, Struct

from desk.database.filters import Filters
from desk.errors import SelectionChanged, UnusableInput
from desk.review.deciding.decide import TOGETHER_MAX, ReadDecision
from desk.review.reasons import reasons_for
from desk.review.selection import Selection
from desk.web.addresses import extended, filters_of, query_of
from desk.web.api import Asked, desk_of
from desk.web.pages.alert import MIRROR_OR_NOT
from desk.web.view import page
from report.waterfall.words import SIGNALS
from samehand.scoring.evidence import SENTENCES

_READINGS: Final = re.compile(r"\d{1,15}(\.\d{1,15})*")


class TogetherForm(Struct, frozen=True, kw_only=True):
    """Which readings, `chosen` (verdict and reason code of one button), and the queue's filters."""

    chosen: Annotated[str, Meta(pattern=r"^[a-z_]{1,16}/[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
    read: list[str] | str = ""
    filters: Annotated[str, Meta(max_length=1_024)] = ""


@get("/selection")
async def selection(
    request: Asked,
    read: FromQuery[list[str] | None] = None,
    everything: Annotated[str, QueryParameter(name="all", max_length=1)] = "",
) -> Template:
    """A preview: what is decided together, and what differs among it."""
    filters = filters_of(request)
    chosen = None if everything else _numbers(read or [])
    shown = await desk_of(request).selection(
        request.user.reader, filters if everything else Filters(), chosen
    )
    return await _preview(request, shown, query_of(filters))


@post("/selection")
async def decide_together(request: Asked, data: URLEncodedBody[TogetherForm]) -> Redirect | Template:
    """Decides all of them, and leads back to the queue; or shows again, with what has changed."""
    desk, reader = desk_of(request), request.user.reader
    chosen = _numbers(data.read)
    verdict, _, reason_code = data.chosen.partition("/")
    try:
        made = await desk.decide_together(reader, chosen, ReadDecision(verdict, reason_code))
    except SelectionChanged:
        return await _preview(
            request, await desk.selection(reader, Filters(), chosen), data.filters, status=409
        )
    return Redirect(extended(f"/queue?{data.filters}", undo=made.batch), status_code=303)


def _numbers(given: list[str] | str) -> list[int]:
    """Returns the readings that checkboxes named, each once, in their order. Raises `UnusableInput`."""
    together = ".".join(value for value in ([given] if isinstance(given, str) else given) if value)
    if together and not _READINGS.fullmatch(together):
        raise UnusableInput("read", "name readings by their numbers")
    numbers = [*dict.fromkeys(int(number) for number in together.split(".") if number)]
    if len(numbers) > TOGETHER_MAX:
        raise UnusableInput("read", f"at most {TOGETHER_MAX} are decided together")
    return numbers


async def _preview(request: Asked, shown: Selection, query: str, *, status: int = 200) -> Template:
    made = page(
        request,
        "selection.html",
        shown=shown,
        most=TOGETHER_MAX,
        changed=status == 409,
        signals=SIGNALS,
        levels=SENTENCES,
        choices=MIRROR_OR_NOT,
        reasons_for=reasons_for,
        query=query,
    )
    made.status_code = status
    return made
