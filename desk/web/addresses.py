"""Addresses of the desk's own pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

from litestar import Request

from desk.database.filters import ORDERS, Filters
from schemas.keys import account_key

NAMES: Final = (*Filters.__dataclass_fields__,)
"""What a queue can be narrowed and ordered by, as its address says it."""

_VALUE_CHARS_MAX: Final = 64

_DOTS: Final = {"=.": ".", "=..": ".."}
"""Segments that `_segment` wrote; it percent-encodes every other `=`."""

NO_QUEUE: Final = "-"
"""In forms, for the queue of bans without a policy; no slug begins so."""

QUEUE: Final = r"^(-|[A-Za-z0-9][A-Za-z0-9_.-]{0,63})$(?!\n)"
"""How forms name a queue."""


def filters_of(request: Request[Any, Any, Any]) -> Filters:
    """Returns the filters that an address names; an empty field of its form filters nothing."""
    named = {name: str(request.query_params.get(name) or "")[:_VALUE_CHARS_MAX] for name in NAMES}
    if named["order"] not in ORDERS:
        named["order"] = ""
    return Filters(**{name: value or None for name, value in named.items()})  # type: ignore[arg-type]  # an order is one of those just looked for


def query_of(filters: Filters, **more: str) -> str:
    """Returns filters as the query string that links between pages carry."""
    kept = {name: value for name in NAMES if (value := getattr(filters, name))}
    return urlencode({**kept, **more}, quote_via=quote)


def extended(where: str, **more: str) -> str:
    """Returns an address with more in its query."""
    path, _, query = where.partition("?")
    parts = [part for part in query.split("&") if part]
    parts += [f"{name}={quote(value, safe='')}" for name, value in more.items()]
    return f"{path}?{'&'.join(parts)}" if parts else path


def joined(read_ids: Iterable[int]) -> str:
    """Returns readings as one value of an address or of a form."""
    return ".".join(map(str, read_ids))


def account_page(key: str, folder: str = "accounts") -> str:
    """Returns the address of an account's page, or, of the folder `families`, of its family's."""
    platform, _, account_id = key.partition(":")
    return f"/{folder}/{_segment(platform)}/{_segment(account_id)}"


def _segment(text: str) -> str:
    """Returns a segment of a path. Browsers and proxies follow `.` and `..`, percent-encoded too."""
    return f"={text}" if text in (".", "..") else quote(text, safe="")


def wave_page(wave_id: str) -> str:
    """Returns the address of a wave's page."""
    return f"/waves/{quote(wave_id, safe='')}"


def key_at(request: Request[Any, Any, Any], platform: str, path: str) -> str:
    """Returns the key of the account that an address names; its id is the rest of the path.

    `path`: that rest as the router gives it, whose slashes it has merged. An id such as
    `https://a.example/b` is read from the address as it was sent.
    """
    sent = request.scope["raw_path"].partition(b"?")[0].decode("ascii", "replace").split("/")
    before = len([part for part in request.scope["path"].removesuffix(path).split("/") if part])
    account_id = "/".join([part for part in sent if part][before:])
    return account_key(_DOTS.get(platform, platform), _DOTS.get(account_id) or unquote(account_id))


def local(where: str) -> str:
    """Returns an address if it is one of the desk's own, else the queue's."""
    plain = where.startswith("/") and not where.startswith(("//", "/\\"))
    return where if plain and where.isprintable() and "\\" not in where else "/queue"
