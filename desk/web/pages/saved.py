"""Views of the queue that readers save for themselves, and leads for their team or for all."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import post
from litestar.params import URLEncodedBody
from litestar.response import Redirect
from msgspec import Meta, Struct

from desk.database.filters import SLUG_CHARS, VIEW_NAME_CHARS
from desk.web.addresses import filters_of, query_of
from desk.web.api import Asked, desk_of
from desk.web.desk import Audience

_Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=VIEW_NAME_CHARS,
        pattern=r"^[^\S\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$",
    ),
]


class SaveForm(Struct, frozen=True, kw_only=True):
    """The name of a view, and whom it is for. What it shows is in the form's address, as in the queue's."""

    name: _Name
    shared: Audience = "me"
    csrf: str = ""


class DeleteForm(SaveForm, frozen=True, kw_only=True):
    """The view, and the team with which it is shared."""

    team: Annotated[str, Meta(max_length=SLUG_CHARS)] = ""


@post("/queue/views", include_in_schema=False)
async def save(request: Asked, data: URLEncodedBody[SaveForm]) -> Redirect:
    """Saves the queue as it is narrowed and ordered, over a view of that name.

    Raises `UnusableInput` and `Forbidden`.
    """
    query = query_of(filters_of(request))
    await desk_of(request).save_view(request.user.reader, data.name.strip(), query, data.shared)
    return _back(query)


@post("/queue/views/delete", include_in_schema=False)
async def delete(request: Asked, data: URLEncodedBody[DeleteForm]) -> Redirect:
    await desk_of(request).drop_view(request.user.reader, data.name.strip(), data.shared, data.team)
    return _back("")


def _back(query: str) -> Redirect:
    return Redirect(f"/queue?{query}" if query else "/queue", status_code=303)


HANDLERS: Final[tuple[Any, ...]] = (save, delete)
