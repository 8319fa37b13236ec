"""Addresses of the desk's own pages."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

from litestar import Request

from desk.database.filters import ORDERS, Filters
from schemas.keys import account_key

NAMES: Final = (*Filters.__dataclass_fields__,)
"""What a queue can be narrowed and ordered by, as its address says it."""

_VALUE_CHARS_MAX: Final = 64


def filters_of(request: Request[Any, Any, Any]) -> Filters:
    """Returns the filters that an address names; an empty field of its form filters nothing."""
    given = {name: str(request.query_params.get(name) or "")[:_VALUE_CHARS_MAX] for name in NAMES}
    if given["order"] not in ORDERS:
        given["order"] = ""
    return Filters(**{name: value or None for name, value in given.items()})  # type: ignore[arg-type]  # an order is one of those just looked for


def query_of(filters: Filters, **more: str) -> str:
    """Returns filters as the query string that links between pages carry."""
    kept = {name: value for name in NAMES if (value := getattr(filters, name))}
    return urlencode({**kept, **more}, quote_via=quote)


def account_page(key: str, folder: str = "accounts") -> str:
    """Returns the address of an account's page, or, of the folder `families`, of its family's."""
    platform, _, account_id = key.partition(":")
    return f"/{folder}/{quote(platform, safe='')}/{quote(account_id, safe='')}"


def key_at(platform: str, path: str) -> str:
    """Returns the key of the account that an address names; its id is the rest of the path."""
    return account_key(platform, path.removeprefix("/"))


def local(where: str) -> str:
    """Returns an address if it is one of the desk's own, else the queue's."""
    plain = where.startswith("/") and not where.startswith(("//", "/\\"))
    return where if plain and where.isprintable() and "\\" not in where else "/queue"
